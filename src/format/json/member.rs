//! Members of objects: their paths, told apart exactly, and how to take some of them out so that the rest is JSON.
//!
//! The path of a member is the keys that lead to it; elements of an array are all at one place.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::FixedState;

use super::escape;
use super::lexer::{Container, Kind, Lexer, Start};
use super::path::{key_of, push_key};
use crate::error::DataError;
use crate::format::removal::Cuts;
use crate::format::{MemberPath, MemberSpan, Members};

/// A place in the tree of keys.
#[derive(Default)]
struct Node {
    children: HashMap<Box<[u8]>, usize, FixedState>,
    /// The place of the elements, where it is an array.
    elements: Option<usize>,
    /// Where its path stands in the list, once a member was met there.
    path: Option<usize>,
}

/// The keys that were met.
struct Tree {
    nodes: Vec<Node>,
    /// Of each node: the one above, and its key as it stands in the text; none for the elements of an array.
    above: Vec<(usize, Option<Box<[u8]>>)>,
}

impl Tree {
    fn child(&mut self, parent: usize, key: &[u8]) -> usize {
        let known = self.nodes.get(parent).and_then(|node| node.children.get(key).copied());
        known.unwrap_or_else(|| {
            let child = self.add(parent, Some(key.into()));
            if let Some(node) = self.nodes.get_mut(parent) {
                node.children.insert(key.into(), child);
            }
            child
        })
    }

    fn elements(&mut self, parent: usize) -> usize {
        let known = self.nodes.get(parent).and_then(|node| node.elements);
        known.unwrap_or_else(|| {
            let child = self.add(parent, None);
            if let Some(node) = self.nodes.get_mut(parent) {
                node.elements = Some(child);
            }
            child
        })
    }

    fn add(&mut self, parent: usize, key: Option<Box<[u8]>>) -> usize {
        self.nodes.push(Node::default());
        self.above.push((parent, key));
        self.nodes.len() - 1
    }

    /// The keys that lead to `node`.
    fn path(&self, mut node: usize) -> MemberPath {
        let mut keys = Vec::new();
        while node != 0 {
            let Some((parent, key)) = self.above.get(node) else { break };
            keys.push(key.as_deref());
            node = *parent;
        }
        let (mut exact, mut shown) = (String::new(), String::new());
        for key in keys.into_iter().rev() {
            match key {
                Some(key) => {
                    exact.push_str(&serde_json::Value::String(key_of(key)).to_string());
                    push_key(&mut shown, key);
                }
                None => {
                    exact.push_str("[]");
                    shown.push_str("[]");
                }
            }
        }
        MemberPath { exact, shown }
    }
}

/// An array or object that is open.
struct Level {
    node: usize,
    is_object: bool,
    /// The place of the key last seen, and where in the list its member stands.
    member: Option<(usize, usize)>,
}

/// The members of `text`, which starts at `start` of the grammar; see [`crate::format::Codec::members`].
pub(super) fn members(text: &[u8], first: usize, start: &Start) -> Members {
    let mut tree = Tree { nodes: vec![Node::default()], above: vec![(0, None)] };
    let mut found = Members { starts_inside: start.stack.contains(&Container::Object), ..Members::default() };
    let mut levels: Vec<Level> = Vec::new();
    for opened in &start.stack {
        let node = levels.last().map_or(0, |level| level.node);
        let is_object = *opened == Container::Object;
        let node = if is_object { tree.child(node, b"*") } else { tree.elements(node) };
        levels.push(Level { node, is_object, member: None });
    }
    let mut lexer = Lexer::new(text, first, start.clone());
    let mut decoded = Vec::new();
    while let Ok(Some(token)) = lexer.next() {
        match token.kind {
            Kind::Key { escaped } => {
                let Some(level) = levels.last_mut() else { continue };
                let content = text.get(token.span.clone()).unwrap_or_default();
                decoded.clear();
                let key = if escaped { written(content, &mut decoded) } else { content };
                let node = tree.child(level.node, key);
                level.member = Some((node, found.members.len()));
                let path = path_at(&mut tree, node, &mut found.paths);
                let span = token.span.start - 1..token.span.end;
                found.members.push(MemberSpan { path, span, is_scalar: false, is_filled: false });
            }
            Kind::Open(opened) => {
                let above = levels.last();
                let node = match above {
                    Some(Level { is_object: true, member: Some((node, _)), .. }) => *node,
                    Some(level) => level.node,
                    None => 0,
                };
                let is_object = opened == Container::Object;
                let node = if is_object { node } else { tree.elements(node) };
                levels.push(Level { node, is_object, member: None });
            }
            Kind::Close => {
                levels.pop();
                end_member(&mut levels, &mut found, token.span.end, None);
            }
            Kind::String { .. } => {
                end_member(&mut levels, &mut found, token.span.end + 1, Some(!token.span.is_empty()));
            }
            Kind::Number => end_member(&mut levels, &mut found, token.span.end, Some(true)),
            Kind::Literal => {
                let is_filled = text.get(token.span.clone()) != Some(b"null");
                end_member(&mut levels, &mut found, token.span.end, Some(is_filled));
            }
            Kind::Comma | Kind::Colon => {}
        }
    }
    // What is still open ends in another block: nobody can take that out of this one.
    for level in levels {
        if let Some((_, at)) = level.member
            && let Some(member) = found.members.get_mut(at)
        {
            member.span.end = text.len() + 1;
        }
    }
    found
}

/// An escaped key with as few escapes as there can be, so that equal keys are equal.
fn written<'a>(content: &[u8], decoded: &'a mut Vec<u8>) -> &'a [u8] {
    let mut plain = Vec::with_capacity(content.len());
    escape::decode(content, &mut plain);
    if escape::encode(&plain, false, decoded).is_err() {
        decoded.clear();
        decoded.extend_from_slice(content);
    }
    decoded
}

/// Where the path of `node` stands in the list.
fn path_at(tree: &mut Tree, node: usize, paths: &mut Vec<MemberPath>) -> usize {
    if let Some(path) = tree.nodes.get(node).and_then(|node| node.path) {
        return path;
    }
    paths.push(tree.path(node));
    if let Some(node) = tree.nodes.get_mut(node) {
        node.path = Some(paths.len() - 1);
    }
    paths.len() - 1
}

/// A value has ended; a scalar says whether it is filled.
fn end_member(levels: &mut [Level], found: &mut Members, end: usize, scalar: Option<bool>) {
    let Some((_, at)) = levels.last_mut().and_then(|level| level.member.take()) else { return };
    if let Some(member) = found.members.get_mut(at) {
        member.span.end = end;
        (member.is_scalar, member.is_filled) = (scalar.is_some(), scalar.unwrap_or(false));
    }
}

/// An object that is open, while members are taken out.
struct Object {
    cuts: Cuts,
    /// Where the member that is under way starts, and whether it goes.
    member: Option<(usize, bool)>,
    is_object: bool,
    /// It stands in a member that goes.
    is_gone: bool,
    /// It was open before the block.
    is_cut: bool,
}

/// What to cut out of `text` so that the members that start as `removed` (sorted) do are gone. Sorted and disjoint.
///
/// # Errors
/// Where an object that loses a member is not wholly in the text.
pub(super) fn cuts(
    text: &[u8],
    first: usize,
    start: &Start,
    removed: &[Range<usize>],
) -> Result<Vec<Range<usize>>, usize> {
    let object = |opened: Container, is_gone, is_cut| Object {
        cuts: Cuts::default(),
        member: None,
        is_object: opened == Container::Object,
        is_gone,
        is_cut,
    };
    let mut levels: Vec<Object> = start.stack.iter().map(|opened| object(*opened, false, true)).collect();
    let mut lexer = Lexer::new(text, first, start.clone());
    let mut out = Vec::new();
    while let Ok(Some(token)) = lexer.next() {
        let end = match token.kind {
            Kind::Key { .. } => {
                let at = token.span.start - 1;
                let goes = removed.binary_search_by_key(&at, |span| span.start).is_ok();
                let Some(level) = levels.last_mut() else { continue };
                if goes && level.is_cut {
                    return Err(at);
                }
                level.member = Some((at, goes));
                continue;
            }
            Kind::Open(opened) => {
                let goes = |level: &Object| level.is_gone || level.member.is_some_and(|(_, goes)| goes);
                let is_gone = levels.last().is_some_and(goes);
                levels.push(object(opened, is_gone, false));
                continue;
            }
            Kind::Close => {
                if let Some(closed) = levels.pop().filter(|closed| closed.is_object && !closed.is_gone) {
                    out.extend(closed.cuts.end());
                }
                token.span.end
            }
            Kind::String { .. } => token.span.end + 1,
            Kind::Number | Kind::Literal => token.span.end,
            Kind::Comma | Kind::Colon => continue,
        };
        if let Some(level) = levels.last_mut().filter(|level| level.is_object && !level.is_gone)
            && let Some((start, goes)) = level.member.take()
        {
            out.extend(level.cuts.item(start..end, goes));
        }
    }
    let is_open = |level: &&Object| level.cuts.is_open() || level.member.is_some_and(|(_, goes)| goes);
    if levels.iter().any(|level| is_open(&level)) {
        return Err(text.len().saturating_sub(1));
    }
    out.sort_by_key(|cut| cut.start);
    Ok(out)
}

/// Why a member cannot be taken out.
pub(super) fn unknown() -> DataError {
    DataError::new("a key that is to be dropped stands in an object that goes on over more than one block")
        .advise("write the records as JSON lines, give it more room with --max-memory, or use null in the policy")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// `text` without the members at these paths.
    fn without(text: &str, paths: &[&str]) -> String {
        let top = Start::top(false);
        let found = members(text.as_bytes(), 0, &top);
        let goes = |member: &&MemberSpan| paths.contains(&found.paths[member.path].shown.as_str());
        let mut removed: Vec<Range<usize>> = Vec::new();
        for member in found.members.iter().filter(goes) {
            if removed.last().is_none_or(|last| last.end <= member.span.start) {
                removed.push(member.span.clone());
            }
        }
        let mut out = text.to_owned();
        for cut in cuts(text.as_bytes(), 0, &top, &removed).unwrap().into_iter().rev() {
            out.replace_range(cut, "");
        }
        out
    }

    #[test]
    fn members_go_with_one_comma() {
        for (text, paths, expected) in [
            (r#"{"a":1,"b":2,"c":3}"#, &["b"][..], r#"{"a":1,"c":3}"#),
            (r#"{ "a" : 1, "b" : 2 }"#, &["a"], r#"{ "b" : 2 }"#),
            (r#"{ "a" : 1, "b" : "x" }"#, &["b"], r#"{ "a" : 1 }"#),
            (r#"{"a":1,"b":2,"c":3}"#, &["b", "c"], r#"{"a":1}"#),
            (r#"{"a":1,"b":2}"#, &["a", "b"], "{}"),
            (
                r#"[{"a":{"b":"x","c":[1]}},{"a":{"c":0}},{"a":5}]"#,
                &["[].a.b"],
                r#"[{"a":{"c":[1]}},{"a":{"c":0}},{"a":5}]"#,
            ),
            (r#"{"a":{"a":1,"x":{"a":2}},"b":0}"#, &["a", "a.a"], r#"{"b":0}"#),
            (r#"{"u":[{"p":1},{"p":"","q":2},3]}"#, &["u[].p"], r#"{"u":[{},{"q":2},3]}"#),
            (r#"{"\u0061":1,"b":2} {"a":3}"#, &["a"], r#"{"b":2} {}"#),
            (r#"{"a":1,"a":2,"b":3}"#, &["a"], r#"{"b":3}"#),
            ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", &["b"], "{\n  \"a\": 1\n}\n"),
        ] {
            assert_eq!(without(text, paths), expected, "{text} without {paths:?}");
        }
    }

    #[test]
    fn scalars_are_told_from_what_holds_others() {
        let text = r#"{"a":"","b":null,"c":false,"d":[1],"e":{"f":"x"}}"#;
        let found = members(text.as_bytes(), 0, &Start::top(true));
        let shown = |member: &MemberSpan| {
            let path = found.paths[member.path].shown.as_str();
            (path.to_owned(), text.get(member.span.clone()).unwrap().to_owned(), member.is_scalar, member.is_filled)
        };
        let expected = [
            ("a", r#""a":"""#, true, false),
            ("b", r#""b":null"#, true, false),
            ("c", r#""c":false"#, true, true),
            ("d", r#""d":[1]"#, false, false),
            ("e", r#""e":{"f":"x"}"#, false, false),
            ("e.f", r#""f":"x""#, true, true),
        ];
        let expected = expected.map(|(path, text, scalar, filled)| (path.to_owned(), text.to_owned(), scalar, filled));
        assert_eq!(found.members.iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_object_over_two_blocks_is_refused() {
        let inside = Start { stack: vec![Container::Object], expect: super::super::lexer::Expect::Key, lines: false };
        let text = br#""a":1,"b":2} "#;
        assert!(members(text, 0, &inside).starts_inside);
        let one = |span: Range<usize>| vec![span];
        assert_eq!(cuts(text, 0, &inside, &one(0..5)), Err(0));
        let top = Start::top(false);
        assert!(cuts(br#"{"b":2,"a":1,"#, 0, &top, &one(7..12)).is_err());
        assert_eq!(cuts(br#"{"a":1,"b":2,"#, 0, &top, &one(1..6)), Ok(one(1..7)));
    }

    /// A value, written with some white space, of objects with the keys a to c.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![Just("1".to_owned()), Just("null".to_owned()), Just(r#""x,\"}""#.to_owned())];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let member = (prop::sample::select(vec!["a", "b", "c", "\\u0061"]), inner.clone(), " {0,2}");
            let members = prop::collection::vec(member, 0..4).prop_map(|members| {
                let mut seen = Vec::new();
                let members = members.into_iter().filter(|(key, ..)| {
                    let key = key.replace("\\u0061", "a");
                    let is_new = !seen.contains(&key);
                    seen.push(key);
                    is_new
                });
                let members =
                    members.map(|(key, value, space)| format!("{space}\"{key}\"{space}:{space}{value}{space}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            });
            prop_oneof![members, prop::collection::vec(inner, 0..3).prop_map(|all| format!("[{}]", all.join(" , ")))]
        })
    }

    fn parsed_without(value: &mut Value, path: &str, gone: &[&str]) {
        match value {
            Value::Object(map) => {
                let under = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                map.retain(|key, _| !gone.contains(&under(key).as_str()));
                map.iter_mut().for_each(|(key, value)| parsed_without(value, &under(key), gone));
            }
            Value::Array(all) => all.iter_mut().for_each(|one| parsed_without(one, &format!("{path}[]"), gone)),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn taking_out_is_the_same_before_and_after_parsing(
            text in value(),
            gone in prop::sample::subsequence(vec!["a", "b", "a.b", "b.c", "c.a.b", "a[].b", "[].a", "[].b.c"], 1..5),
        ) {
            let mut expected: Value = serde_json::from_str(&text).unwrap();
            parsed_without(&mut expected, "", &gone);
            let written = without(&text, &gone);
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), expected, "{} {}", text, written);
        }
    }
}
