//! Objects of a block and the member that tells whose they are.
//!
//! What is not wholly in the block, or is there twice, is called unclear: nothing is guessed.

use std::ops::Range;

use super::lexer::{Container, Kind, Lexer, Start};
use super::path::key_of;
use crate::format::{Member, Object};

/// An object that is open.
struct Level {
    /// Where it stands in the list; none for an array.
    at: Option<usize>,
    /// The lowest rank so far.
    best: Option<usize>,
    /// The rank of the key last seen.
    key: Option<usize>,
}

/// The objects of `text`, which starts at `start` of the grammar; see [`crate::format::Codec::objects`].
pub(super) fn objects(text: &[u8], first: usize, start: &Start, rank: &dyn Fn(&str) -> Option<usize>) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    let open = |opened: Container, from: usize, member: Member, objects: &mut Vec<Object>| {
        let is_object = opened == Container::Object;
        if is_object {
            objects.push(Object { span: from..text.len(), member });
        }
        Level { at: is_object.then(|| objects.len() - 1), best: None, key: None }
    };
    for opened in &start.stack {
        let level = open(*opened, 0, Member::Unclear, &mut objects);
        levels.push(level);
    }
    let outer = levels.len();
    let mut lexer = Lexer::new(text, first, start.clone());
    while let Ok(Some(token)) = lexer.next() {
        match token.kind {
            Kind::Open(opened) => {
                let level = open(opened, token.span.start, Member::Absent, &mut objects);
                levels.push(level);
            }
            Kind::Close => {
                let closed = levels.pop().and_then(|level| level.at);
                if let Some(object) = closed.and_then(|at| objects.get_mut(at)) {
                    object.span.end = token.span.end;
                }
            }
            Kind::Key { .. } => {
                if let Some(level) = levels.last_mut() {
                    level.key = rank(&key_of(text.get(token.span).unwrap_or_default()));
                }
            }
            Kind::String { .. } | Kind::Number if !token.span.is_empty() => {
                if let Some(level) = levels.last_mut() {
                    enter(level, token.span, &mut objects);
                }
            }
            _ => {}
        }
    }
    // What is still open goes on in the next block, and so may its members.
    for level in levels.iter().skip(outer.min(levels.len())) {
        if let Some(object) = level.at.and_then(|at| objects.get_mut(at)) {
            object.member = Member::Unclear;
        }
    }
    objects
}

/// Enters the value of the key last seen.
fn enter(level: &mut Level, value: Range<usize>, objects: &mut [Object]) {
    let Some(rank) = level.key.take() else { return };
    let Some(object) = level.at.and_then(|at| objects.get_mut(at)) else { return };
    // Opened before the block: a member with a lower rank may stand there.
    if object.member == Member::Unclear && level.best.is_none() {
        return;
    }
    match level.best {
        Some(best) if best < rank => {}
        Some(best) if best == rank => object.member = Member::Unclear,
        _ => {
            object.member = Member::Value(value);
            level.best = Some(rank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str, start: &Start) -> Vec<String> {
        let rank = |name: &str| ["uid", "id"].iter().position(|one| *one == name);
        let shown = |object: Object| match object.member {
            Member::Absent => "-".to_owned(),
            Member::Value(span) => text.get(span).unwrap().to_owned(),
            Member::Unclear => "?".to_owned(),
        };
        objects(text.as_bytes(), 0, start, &rank).into_iter().map(shown).collect()
    }

    #[test]
    fn the_member_of_each_object_is_told() {
        let top = Start::top(true);
        for (text, expected) in [
            (r#"{"id":5,"a":{"b":1},"uid":"x"}"#, &["x", "-"][..]),
            (r#"{"uid":"x","uid":"y"}"#, &["?"]),
            (r#"{"uid":null,"id":"","x":{"\u0075id":7}}"#, &["-", "7"]),
            (r#"{"uid":[1,2],"id":{"uid":3}}"#, &["-", "3"]),
            (r#"[{"id":1},{"id":2}] {"id":3"#, &["1", "2", "?"]),
        ] {
            assert_eq!(members(text, &top), expected, "{text}");
        }
        let inside = Start { stack: vec![Container::Object], expect: super::super::lexer::Expect::Key, lines: false };
        assert_eq!(members(r#""id":1,"x":{"id":2}} "#, &inside), ["?", "2"]);
    }
}
