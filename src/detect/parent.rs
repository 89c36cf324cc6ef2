//! What a key says together with the one of the object that it stands in: `{"user":{"id":64418692}}` is a `user_id`, and
//! `{"product":{"name":"…"}}` the name of no person. Columns of nested tables are called so in full.
//!
//! Asked only of keys that say little by themselves, in a bounded window on their line.

use std::ops::Range;

use super::context::{byte_before, word_before};
use super::label_memo::LabelMemo;
use crate::rule::label::{GENERAL, KEY_WINDOW, LabelIndex, Says};

/// How far back the object begins at most.
const OBJECT: usize = 256;

/// What the longest label says that ends the key at `key` of `text` with the key of its object before it, and begins in
/// that; nothing where there is none. `alone`: what it says by itself.
pub(super) fn says<'l>(
    labels: &'l LabelIndex,
    memo: &LabelMemo,
    text: &[u8],
    key: Range<usize>,
    alone: &[Says],
) -> &'l [Says] {
    let word = text.get(key.clone()).unwrap_or_default();
    if !is_general(word) {
        return &[];
    }
    let Some(parent) = of(text, key.start).and_then(|parent| text.get(parent)) else { return &[] };
    let joined = |parent: &[u8]| {
        let mut buffer = [b'_'; KEY_WINDOW];
        let middle = KEY_WINDOW.checked_sub(word.len() + 1)?;
        let start = middle.checked_sub(parent.len())?;
        buffer.get_mut(start..middle)?.copy_from_slice(parent);
        buffer.get_mut(middle + 1..)?.copy_from_slice(word);
        let said = memo.look_up(labels, &buffer, start..KEY_WINDOW);
        (!said.is_empty() && !std::ptr::eq(said, alone)).then_some(said)
    };
    // An object in a list is one of several: `"users":[{"id":…}]`.
    joined(parent).or_else(|| joined(parent.strip_suffix(b"s")?)).unwrap_or_default()
}

/// Whether the value at `start` stands right behind a general key in quotation marks: what that says, the key of its
/// object decides.
#[inline]
pub(super) fn is_behind_general(text: &[u8], start: usize) -> bool {
    let at = start - usize::from(matches!(byte_before(text, start), b'"' | b'\''));
    let at = at - usize::from(byte_before(text, at) == b' ');
    byte_before(text, at) == b':' && ends_general(text, at - 1)
}

/// Whether a general key in quotation marks ends at `end`.
fn ends_general(text: &[u8], end: usize) -> bool {
    let Some(close) = end.checked_sub(1).filter(|at| text.get(*at) == Some(&b'"')) else { return false };
    let close = close - usize::from(byte_before(text, close) == b'\\');
    let word = word_before(text, close);
    let key = text.get(word..close).unwrap_or_default();
    byte_before(text, word) == b'"' && is_general(key)
}

/// Whether `word` is a general key, in any letter case.
fn is_general(word: &[u8]) -> bool {
    GENERAL.iter().any(|general| general.as_bytes().eq_ignore_ascii_case(word))
}

/// The key of the object, or of the list of objects, in which the key that begins at `key` stands in quotation marks.
fn of(text: &[u8], key: usize) -> Option<Range<usize>> {
    let lowest = key.saturating_sub(OBJECT);
    let quote = key.checked_sub(1).filter(|at| text.get(*at) == Some(&b'"'))?;
    let mut at = opening(text, lowest..quote, b'{')?;
    at = spaces_before(text, at);
    if byte_before(text, at) == b',' {
        at = opening(text, lowest..at, b'[')?;
    } else if byte_before(text, at) == b'[' {
        at -= 1;
    }
    at = spaces_before(text, at);
    at = at.checked_sub(1).filter(|at| text.get(*at) == Some(&b':'))?;
    at = spaces_before(text, at);
    at = at.checked_sub(1).filter(|at| text.get(*at) == Some(&b'"'))?;
    at -= usize::from(byte_before(text, at) == b'\\');
    let start = word_before(text, at);
    (start < at).then_some(start..at)
}

/// Where the bracket of this kind stands that is still open at the end of `within`, on the same line.
fn opening(text: &[u8], within: Range<usize>, bracket: u8) -> Option<usize> {
    let mut closed = 0_u32;
    for at in within.rev() {
        match text.get(at)? {
            b'}' | b']' => closed += 1,
            b'{' | b'[' if closed > 0 => closed -= 1,
            other @ (b'{' | b'[') => return (*other == bracket).then_some(at),
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

fn spaces_before(text: &[u8], mut at: usize) -> usize {
    while byte_before(text, at) == b' ' {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::detect::resolve::MATCH_SCORE;
    use crate::detect::{Detector, Scratch};
    use crate::rule::RuleSet;

    #[test]
    fn the_object_around_a_key_is_found() {
        let parent = |text: &str| {
            let key = text.find('^').unwrap();
            let text = text.replace('^', "");
            of(text.as_bytes(), key).map(|parent| text.get(parent).unwrap().to_owned())
        };
        let found = |name: &str| Some(name.to_owned());
        assert_eq!(parent(r#"{"user":{"^id":1}}"#), found("user"));
        assert_eq!(parent(r#"{"user": { "x": {"y": [1, {}]}, "^id":1}}"#), found("user"));
        assert_eq!(parent(r#"{"users":[{"^id":1}]}"#), found("users"));
        assert_eq!(parent(r#"{"users":[{"id":1},{"^id":1}]}"#), found("users"));
        assert_eq!(parent(r#"body={\"user\":{\"^id\":1}}"#), found("user"));
        assert_eq!(parent(r#"{"^id":1}"#), None);
        assert_eq!(parent(r#"{"user":{"x":1},"^id":1}"#), None);
        assert_eq!(parent(r#"{"ids":[1,"^id"]}"#), None);
        assert_eq!(parent("{\"user\":{\n\"^id\":1}}"), None);
    }

    #[test]
    fn digits_behind_general_keys_are_looked_at() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        let found = |text: &str| {
            let mut out = Vec::new();
            detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut out);
            out.retain(|found| found.score >= MATCH_SCORE);
            out.iter().map(|found| text.get(found.span()).unwrap().to_owned()).collect::<Vec<_>>()
        };
        for text in [
            r#"{"x":1,"tel":{"no":"87654321"}}"#,
            r#"{"x":1,"tel":{"num": 87654321}}"#,
            r#"{"x":1,"bankAccount":{"no":"1202026209900012345"}}"#,
            r#"{"x":1,"idCard":{"no":"110105491231002"}}"#,
        ] {
            assert_eq!(found(text).len(), 1, "{text}");
        }
        assert_eq!(found(r#"{"x":1,"batch":{"no":"87654321"}}"#), [""; 0]);
    }

    #[test]
    fn labels_begin_in_the_object() {
        let mut labels = LabelIndex::default();
        let (name, account) = (Says::Weak(crate::finding::EntityId(1)), Says::Positive(crate::finding::EntityId(2)));
        labels.insert("name", name);
        labels.insert("user_id", account);
        let said = |text: &str, word: &str| {
            let key = text.rfind(word).unwrap();
            let memo = LabelMemo::default();
            memo.serve(&labels);
            let key = key..key + word.len();
            let alone = labels.look_up_word(text.as_bytes(), key.clone());
            says(&labels, &memo, text.as_bytes(), key, alone).to_vec()
        };
        assert_eq!(said(r#"{"user":{"id":1}}"#, "id"), [account]);
        assert_eq!(said(r#"{"mainUsers":[{"id":1}]}"#, "id"), [account]);
        assert_eq!(said(r#"{"user":{"name":1}}"#, "name"), []);
        assert_eq!(said(r#"{"goods":{"id":1}}"#, "id"), []);
    }
}
