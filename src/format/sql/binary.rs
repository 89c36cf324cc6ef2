//! Binary columns (bytea, BLOB): looked into and rewritten where they hold text, in UTF-8 or GBK, and refused where they
//! hold anything else, of which nobody knows what a new value would break.

use super::literal::number;
use crate::error::DataError;

/// How PostgreSQL writes a bytea, where nothing else was asked for.
const MARK: &[u8] = b"\\x";
/// How many of 100 double-byte characters must be common ones for bytes to be GBK: random ones hardly ever are.
const LEAST_COMMON: usize = 80;

/// How a bytea is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `\x` and hexadecimal digits.
    Hexadecimal,
    /// ASCII, with backslashes before three octal digits (`bytea_output = escape`).
    Escaped,
}

/// Fills `bytes` with those that a bytea stands for; `None` where it is none. `declared` says that it must be one.
fn bytes_of(value: &[u8], declared: bool, bytes: &mut Vec<u8>) -> Option<Form> {
    bytes.clear();
    if let Some(digits) = value.strip_prefix(MARK) {
        for pair in digits.chunks(2) {
            let [high, low] = pair else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(*high)? << 4 | digit(*low)?);
        }
        return Some(Form::Hexadecimal);
    }
    let mut rest = Some(value).filter(|_| declared)?;
    while let Some(found) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(found)?;
        bytes.extend_from_slice(plain);
        rest = match escape {
            [_, b'\\', after @ ..] => {
                bytes.push(b'\\');
                after
            }
            [_, digits @ ..] => {
                let (byte, count) = number(digits, 8, 3, 0);
                bytes.push(u8::try_from(byte).ok().filter(|_| count == 3)?);
                digits.get(3..)?
            }
            [] => return None,
        };
    }
    bytes.extend_from_slice(rest);
    Some(Form::Escaped)
}

/// Whether the bytes are text and nothing else: in many binary formats, such as Protocol Buffers, lengths and tags are
/// control characters.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    !has_control(bytes) && simdutf8::basic::from_utf8(bytes).is_ok()
}

fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// The Chinese text in GBK that the bytes are, which are not UTF-8.
fn text_in_gbk(bytes: &[u8]) -> Option<String> {
    let (mut common_han, mut common, mut all) = (0_usize, 0_usize, 0_usize);
    let mut rest = bytes;
    while let Some((lead, after)) = rest.split_first() {
        rest = after;
        if lead.is_ascii() {
            continue;
        }
        let (trail, after) = after.split_first()?;
        rest = after;
        // The first level of GB 2312, and its symbols and full-width letters.
        let in_plane = *trail >= 0xA1;
        let is_han = in_plane && (0xB0..=0xD7).contains(lead);
        common_han += usize::from(is_han);
        common += usize::from(is_han || in_plane && matches!(lead, 0xA1 | 0xA3));
        all += 1;
    }
    if common_han < 2 || common * 100 < all * LEAST_COMMON || has_control(bytes) {
        return None;
    }
    let text = encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(bytes)?;
    let (again, _, lost) = encoding_rs::GBK.encode(&text);
    (!lost && *again == *bytes).then(|| text.into_owned())
}

/// Puts the text that the bytea from `start` on stands for in its place.
pub(super) fn unpack(values: &mut Vec<u8>, start: usize, declared: bool, scratch: &mut Vec<u8>) {
    let Some(value) = values.get(start..) else { return };
    let is_written = value.starts_with(MARK) || declared && memchr::memchr(b'\\', value).is_some();
    if !is_written || bytes_of(value, declared, scratch).is_none() || scratch.is_empty() {
        return;
    }
    if is_text(scratch) {
        values.truncate(start);
        values.extend_from_slice(scratch);
    } else if let Some(text) = text_in_gbk(scratch) {
        values.truncate(start);
        values.extend_from_slice(text.as_bytes());
    }
}

/// The new value of a bytea that was written as `old`; `None` when it is written as it is.
///
/// # Errors
/// When what is there is no text.
pub(super) fn pack(old: &[u8], value: &[u8], declared: bool) -> Result<Option<Vec<u8>>, DataError> {
    let mut bytes = Vec::new();
    let Some(form) = bytes_of(old, declared, &mut bytes) else {
        return if declared { Err(no_text()) } else { Ok(None) };
    };
    let new = if is_text(&bytes) {
        value.to_vec()
    } else if text_in_gbk(&bytes).is_some() {
        let text = std::str::from_utf8(value).map_err(|_| no_text())?;
        let (new, _, lost) = encoding_rs::GBK.encode(text);
        if lost {
            return Err(DataError::new("the new value has a character that GBK has not, in which the binary data is")
                .advise("choose an operator that writes none"));
        }
        new.into_owned()
    } else {
        return Err(no_text());
    };
    Ok(Some(match form {
        Form::Hexadecimal => [MARK, data_encoding::HEXLOWER.encode(&new).as_bytes()].concat(),
        Form::Escaped => escaped(&new),
    }))
}

/// Bytes with the escapes that the server writes.
fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x20..=0x7E => out.push(*byte),
            _ => out.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]),
        }
    }
    out
}

/// What is said of bytes that are no text, where something in them must be replaced.
pub(super) fn no_text() -> DataError {
    DataError::new("a value to be replaced stands in binary data that is no text").advise(
        "use keep for this entity type in the policy, or leave the column out: nobody knows what a new value would break",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unpacked(value: &[u8], declared: bool) -> Vec<u8> {
        let mut values = [b"before", value].concat();
        unpack(&mut values, 6, declared, &mut Vec::new());
        assert!(values.starts_with(b"before"));
        values.split_off(6)
    }

    #[test]
    fn text_in_hexadecimal_is_looked_into_and_nothing_else() {
        assert_eq!(unpacked(b"\\x70686F6e65", false), b"phone");
        for other in
            [&b"\\x"[..], b"\\x7", b"\\x7g", b"\\xff00", b"70", b"", b"\\x0a0b3133383132333435363738", b"\\x3100"]
        {
            assert_eq!(unpacked(other, true), other);
        }
    }

    #[test]
    fn text_with_escapes_is_looked_into_where_it_must_be_a_bytea() {
        assert_eq!(unpacked(br"a\\b \346\211\213", true), r"a\b 手".replace("\\\\", "\\").as_bytes());
        for other in [&br"a\b"[..], br"\377\000", br"\40", br"\999", br"\"] {
            assert_eq!(unpacked(other, true), other);
        }
        assert_eq!(unpacked(br"\101", false), br"\101");
    }

    #[test]
    fn chinese_in_gbk_is_looked_into_and_random_bytes_are_not() {
        let gbk = |text: &str| data_encoding::HEXLOWER.encode(&encoding_rs::GBK.encode(text).0);
        assert_eq!(
            unpacked(format!("\\x{}", gbk("手机：13800138000")).as_bytes(), true),
            "手机：13800138000".as_bytes()
        );
        for other in [
            "\\xd5c5".to_owned(),
            "\\xd5c5ff".to_owned(),
            format!("\\x{}00", gbk("手机")),
            "\\x8140824183428443b0a1b0a2".to_owned(),
        ] {
            assert_eq!(unpacked(other.as_bytes(), true), other.as_bytes(), "{other}");
        }
        let old = format!("\\x{}", gbk("姓名张三"));
        assert_eq!(
            pack(old.as_bytes(), "姓名李四".as_bytes(), true).unwrap().unwrap(),
            format!("\\x{}", gbk("姓名李四")).as_bytes()
        );
        assert!(pack(old.as_bytes(), "😀".as_bytes(), true).is_err());
    }

    #[test]
    fn new_text_is_written_as_the_old_one() {
        assert_eq!(pack(b"\\x41", "中".as_bytes(), true).unwrap().unwrap(), b"\\xe4b8ad");
        assert_eq!(pack(br"a\\b", "c\\b中".as_bytes(), true).unwrap().unwrap(), br"c\\b\344\270\255");
        assert_eq!(pack(b"ab", b"c\\b", true).unwrap().unwrap(), br"c\\b");
        assert!(pack(br"a\b", b"c", true).is_err());
        assert!(pack(b"\\xff13", b"c", true).is_err());
        assert!(pack(b"\\xff13", b"c", false).is_err());
        assert_eq!(pack(b"ab", b"c\\b", false).unwrap(), None);
    }

    proptest! {
        #[test]
        fn escapes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut read = Vec::new();
            prop_assert_eq!(bytes_of(&escaped(&bytes), true, &mut read), Some(Form::Escaped));
            prop_assert_eq!(read, bytes);
        }

        #[test]
        fn what_is_unpacked_is_packed_again(text in "[a-c手机张三，：0-9]{1,12}", escape: bool, gbk: bool) {
            let bytes = if gbk { encoding_rs::GBK.encode(&text).0.into_owned() } else { text.clone().into_bytes() };
            let old = if escape { escaped(&bytes) } else { [MARK, data_encoding::HEXLOWER.encode(&bytes).as_bytes()].concat() };
            let read = unpacked(&old, true);
            if read != old || bytes.is_ascii() {
                prop_assert_eq!(String::from_utf8(read).unwrap(), text.clone());
                prop_assert_eq!(pack(&old, text.as_bytes(), true).unwrap().unwrap(), old);
            }
        }
    }
}
