//! Values of PostgreSQL's hstore, `"key"=>"value", "other"=>NULL`, which are examined and rewritten as the JSON documents
//! that they are like: a key names the value behind it.
//!
//! Reads exactly what the server writes; must never change a key, the order of pairs, or a NULL.

use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};

use super::{array, composite};
use crate::error::DataError;

/// A pair as it stands in the text: what stands between the quotes of its key and of its value.
struct Pair {
    key: Range<usize>,
    /// `None` is NULL.
    value: Option<Range<usize>>,
}

/// Reads the pairs of a value one by one.
struct Pairs<'a> {
    text: &'a [u8],
    at: usize,
}

impl Pairs<'_> {
    /// The next pair; `None` at the end of the value, and `Err` where this is none that the server writes.
    fn next(&mut self) -> Result<Option<Pair>, ()> {
        let rest = self.text.get(self.at..).ok_or(())?;
        if rest.is_empty() && self.at == 0 {
            return Ok(None);
        }
        let rest = match (rest, self.at) {
            ([], _) => return Ok(None),
            (rest, 0) => rest,
            (rest, _) => rest.strip_prefix(b", ").ok_or(())?,
        };
        let start = self.text.len() - rest.len();
        let key = quoted(rest).ok_or(())?;
        let after = rest.get(key.end + 1..).and_then(|after| after.strip_prefix(b"=>")).ok_or(())?;
        let behind = self.text.len() - after.len();
        let at = |range: Range<usize>, start: usize| range.start + start..range.end + start;
        let value = match quoted(after) {
            Some(value) => Some(at(value, behind)),
            None if after.starts_with(b"NULL") => None,
            None => return Err(()),
        };
        self.at = value.as_ref().map_or(behind + 4, |value| value.end + 1);
        Ok(Some(Pair { key: at(key, start), value }))
    }
}

/// What stands between the quotes that `rest` starts with.
fn quoted(rest: &[u8]) -> Option<Range<usize>> {
    let mut at = 1;
    rest.first().filter(|first| **first == b'"')?;
    loop {
        at += memchr::memchr2(b'"', b'\\', rest.get(at..)?)?;
        match rest.get(at)? {
            b'"' => return Some(1..at),
            _ => at += 2,
        }
    }
}

/// Puts the JSON document that the value from `start` on is like in its place; what is no hstore stays.
pub(super) fn unpack(values: &mut Vec<u8>, start: usize, scratch: &mut Vec<u8>) {
    scratch.clear();
    if values.get(start..).is_some_and(|text| document(text, scratch).is_some()) {
        values.truncate(start);
        values.extend_from_slice(scratch);
    }
}

/// Appends the document that `text` is like; `None` where that is no hstore.
fn document(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut pairs = Pairs { text, at: 0 };
    out.push(b'{');
    let mut is_first = true;
    while let Some(pair) = pairs.next().ok()? {
        out.extend_from_slice(if is_first { b"" } else { b", " });
        is_first = false;
        string(text.get(pair.key)?, out);
        out.extend_from_slice(b": ");
        match pair.value {
            Some(value) => string(text.get(value)?, out),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
    Some(())
}

/// Appends what stands between quotes as a string of JSON: backslashes before quotes and backslashes are written alike.
fn string(content: &[u8], out: &mut Vec<u8>) {
    const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut is_escaped = false;
    for byte in content {
        match byte {
            b'\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0..0x20 => {
                let digit = |digit: u8| HEXADECIMAL.get(usize::from(digit)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xF)]);
            }
            byte => out.push(*byte),
        }
        is_escaped = false;
    }
    out.push(b'"');
}

/// The hstore that was `old` and whose document is `document` now.
///
/// # Errors
/// When there are other keys, or values that an hstore cannot hold.
pub(super) fn pack(old: &[u8], document: &[u8]) -> Result<Vec<u8>, DataError> {
    let other = || {
        DataError::new("an hstore that is not written as the server writes it")
            .advise("dump again with pg_dump, or use keep for the entity type that was found there in the policy")
    };
    let changed =
        || DataError::new("a new value would change the keys of an hstore, or what kind of value is behind one");
    let document = std::str::from_utf8(document).map_err(|_| changed())?;
    let new = serde_json::Deserializer::from_str(document).deserialize_map(Members).map_err(|_| changed())?;
    let mut new = new.into_iter();
    let mut pairs = Pairs { text: old, at: 0 };
    let (mut out, mut copied, mut plain) = (Vec::with_capacity(old.len()), 0, Vec::new());
    while let Some(pair) = pairs.next().map_err(|()| other())? {
        let (key, value) = new.next().ok_or_else(changed)?;
        plain.clear();
        composite::unescape(old.get(pair.key.clone()).ok_or_else(other)?, &mut plain);
        if plain != key.as_bytes() {
            return Err(changed());
        }
        let span = match (&pair.value, &value) {
            (None, None) => continue,
            (None, Some(_)) => return Err(changed()),
            (Some(span), value) => {
                plain.clear();
                composite::unescape(old.get(span.clone()).ok_or_else(other)?, &mut plain);
                if value.as_ref().is_some_and(|value| plain == value.as_bytes()) {
                    continue;
                }
                span.start - 1..span.end + 1
            }
        };
        out.extend_from_slice(old.get(copied..span.start).ok_or_else(other)?);
        match value {
            None => out.extend_from_slice(b"NULL"),
            Some(value) => array::quote(value.as_bytes(), &mut out),
        }
        copied = span.end;
    }
    if new.next().is_some() {
        return Err(changed());
    }
    out.extend_from_slice(old.get(copied..).ok_or_else(other)?);
    Ok(out)
}

/// Reads an object of strings and nulls, in their order.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Option<String>)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unpacked(text: &str) -> String {
        let mut values = [b"before", text.as_bytes()].concat();
        unpack(&mut values, 6, &mut Vec::new());
        String::from_utf8(values.split_off(6)).unwrap()
    }

    fn packed(old: &str, document: &str) -> Option<String> {
        pack(old.as_bytes(), document.as_bytes()).ok().map(|new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn pairs_are_read_as_a_document() {
        let text = "\"a\\\"b\"=>\"x\\\\y\n\", \"手机\"=>NULL, \"n\"=>\"NULL\"";
        assert_eq!(unpacked(text), r#"{"a\"b": "x\\y\u000a", "手机": null, "n": "NULL"}"#);
        assert_eq!(unpacked(""), "{}");
        for other in [
            "a=>b",
            "\"a\"",
            "\"a\"=>",
            "\"a\"=>1",
            "\"a\"=>\"b\",",
            "\"a\"=>\"b\",\"c\"=>\"d\"",
            "\"a\"=>NULLx",
            "\"a",
        ] {
            assert_eq!(unpacked(other), other);
        }
    }

    #[test]
    fn only_values_change() {
        let old = r#""a\"b"=>"1", "c"=>NULL, "d"=>"2""#;
        let new = r#"{"a\"b": "x\"\\y", "c": null, "d": "2"}"#;
        assert_eq!(packed(old, new).unwrap(), r#""a\"b"=>"x\"\\y", "c"=>NULL, "d"=>"2""#);
        assert_eq!(packed(old, r#"{"a\"b":null,"c":null,"d":"3"}"#).unwrap(), r#""a\"b"=>NULL, "c"=>NULL, "d"=>"3""#);
        for other in [
            r#"{"x":"1","c":null,"d":"2"}"#,
            r#"{"a\"b":"1","c":null}"#,
            r#"{"a\"b":"1","c":"3","d":"2"}"#,
            r#"{"a\"b":1,"c":null,"d":"2"}"#,
            r#"{"a\"b":"1","c":null,"d":"2","e":"3"}"#,
            "[]",
        ] {
            assert_eq!(packed(old, other), None, "{other}");
        }
        assert_eq!(packed("no hstore", "{}"), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(
            pairs in prop::collection::vec(("[a张\"\\\\ =>,]{0,5}", prop::option::of("[a张\"\\\\ \n=>,\u{1}]{0,6}")), 0..5),
        ) {
            let mut text = Vec::new();
            for (index, (key, value)) in pairs.iter().enumerate() {
                text.extend_from_slice(if index > 0 { b", " } else { b"" });
                array::quote(key.as_bytes(), &mut text);
                text.extend_from_slice(b"=>");
                match value {
                    Some(value) => array::quote(value.as_bytes(), &mut text),
                    None => text.extend_from_slice(b"NULL"),
                }
            }
            let mut read = Vec::new();
            prop_assert!(document(&text, &mut read).is_some());
            let members = serde_json::Deserializer::from_slice(&read).deserialize_map(Members).unwrap();
            prop_assert_eq!(&members, &pairs);
            prop_assert_eq!(pack(&text, &read).unwrap(), text);
        }

        #[test]
        fn any_text_is_read_or_left(text in "[\"\\\\=>, aNUL]{0,20}") {
            unpacked(&text);
        }
    }
}
