//! GB18030 (and its subsets GBK and GB 2312) byte by byte: where characters end, decoding, encoding.
//!
//! Never guesses: what does not decode without error is not GB18030.

use std::borrow::Cow;

use encoding_rs::GB18030;

/// Length in bytes of the character that `bytes` starts with: 1, 2 or 4 (GB 18030-2022, 5.2). 0 when empty.
pub(crate) fn character_length(bytes: &[u8]) -> usize {
    match bytes {
        [] => 0,
        [0x81..=0xFE, 0x30..=0x39, _, _, ..] => 4,
        [0x81..=0xFE, _, ..] => 2,
        _ => 1,
    }
}

/// The text that `bytes` stand for, or nothing when they are not GB18030.
pub(crate) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes)
}

/// The bytes of `text`, or nothing when some character has none or would be read back as another one.
pub(crate) fn encode(text: &str) -> Option<Vec<u8>> {
    let (bytes, _, unmappable) = GB18030.encode(text);
    let same = !unmappable && decode(&bytes).as_deref() == Some(text);
    same.then(|| bytes.into_owned())
}

/// The last character boundary of `bytes` at or before `at`, whichever of UTF-8 and GB18030 they are in;
/// `at` itself when there is none after the start. `bytes` must start on a boundary.
pub(crate) fn boundary_at_or_before(bytes: &[u8], at: usize) -> usize {
    let head = bytes.get(..at).unwrap_or(bytes);
    // Below 0x30 no byte is part of a longer character in either encoding.
    let anchor = head.iter().rposition(|byte| *byte < 0x30).map_or(0, |place| place + 1);
    let tail = head.get(anchor..).unwrap_or_default();
    let length = match std::str::from_utf8(tail) {
        Ok(_) => tail.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => {
            let mut walked = 0;
            let mut rest = bytes.get(anchor..).unwrap_or_default();
            loop {
                let step = character_length(rest);
                if step == 0 || walked + step > tail.len() {
                    break walked;
                }
                walked += step;
                rest = rest.get(step..).unwrap_or_default();
            }
        }
    };
    if anchor + length == 0 { head.len() } else { anchor + length }
}

/// Whether the ASCII byte at `at` of `bytes` is part of a longer GB18030 character. False for UTF-8.
/// `bytes` must start on a boundary.
pub(crate) fn is_trail(bytes: &[u8], at: usize) -> bool {
    let before_is_high = at > 0 && bytes.get(at - 1).is_some_and(|byte| *byte >= 0x80);
    if !before_is_high || bytes.get(..at).is_some_and(|head| std::str::from_utf8(head).is_ok()) {
        return false;
    }
    let mut start = 0;
    while start < at {
        start += character_length(bytes.get(start..).unwrap_or_default()).max(1);
    }
    start > at
}
