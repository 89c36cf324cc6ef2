//! Canonical values: the one spelling of a value that every operator works on, so that `138-0013-8000` in a log and
//! the integer 13800138000 in Parquet give one token.
//!
//! Must never change for a value once released: every keyed token of that value would change with it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::disguise;

/// How values of an entity type are brought to canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Canonical {
    /// ASCII digits only; full-width digits folded; everything else dropped.
    Digits,
    /// A mainland mobile number: as `digits`, country code 86/0086/+86 and trunk 0 dropped when 11 digits remain; 11
    /// digits some of which are Chinese numerals read as digits.
    CnMobile,
    /// As `digits`, but letters are kept in upper case (resident IDs: `x`, `Ｘ`, `×`, Cyrillic `Х` become `X`).
    UpperAlphanumeric,
    /// Twelve lower-case hex digits joined by `:`.
    Mac,
    /// RFC 5952 text of the address, without zone, port or prefix length.
    Ip,
    /// Trimmed, full-width folded to half-width, the whole in lower case; `name[at]qq.com` read as `name@qq.com`.
    Email,
    /// Trimmed, full-width folded to half-width, inner white space dropped, middle dots unified to U+00B7.
    Text,
}

impl Canonical {
    /// The canonical form of `value` (UTF-8; bytes that are not are kept as they are by the kinds that keep text,
    /// and dropped by those that keep only digits or letters). Borrows when the value is canonical already.
    pub fn of<'a>(self, value: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Canonical::Digits => digits(value),
            Canonical::CnMobile => cn_mobile(value),
            Canonical::UpperAlphanumeric => upper_alphanumeric(value),
            Canonical::Mac => mac(value),
            Canonical::Ip => ip(value),
            Canonical::Email => address(value),
            Canonical::Text => text(value),
        }
    }
}

/// The half-width form of a character as matching sees it: full-width forms folded to ASCII, every dash to `-`,
/// every space to an ASCII space. `None` for characters without width, which count as absent.
pub(crate) fn fold(character: char) -> Option<char> {
    match character {
        '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => Some('-'),
        '\u{00A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Some(' '),
        _ => Some(character),
    }
}

/// Folds `value` and hands each character to `keep`; bytes that are not UTF-8 go to `stray`.
fn build(value: &[u8], mut keep: impl FnMut(char, &mut Vec<u8>), stray: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars().filter_map(fold) {
            keep(character, &mut out);
        }
        if stray {
            out.extend_from_slice(chunk.invalid());
        }
    }
    out
}

fn push(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn digits(value: &[u8]) -> Cow<'_, [u8]> {
    if value.iter().all(u8::is_ascii_digit) {
        return Cow::Borrowed(value);
    }
    let keep = |character: char, out: &mut Vec<u8>| {
        if character.is_ascii_digit() {
            push(character, out);
        }
    };
    Cow::Owned(build(value, keep, false))
}

fn cn_mobile(value: &[u8]) -> Cow<'_, [u8]> {
    match disguise::spelled_digits::<11>(value) {
        Some(digits) => Cow::Owned(digits.to_vec()),
        None => without_country_code(digits(value)),
    }
}

fn without_country_code(digits: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    // The shortest prefix has one digit, the longest five.
    if !(12..=16).contains(&digits.len()) {
        return digits;
    }
    let is_mobile = |rest: &[u8]| rest.len() == 11 && rest.first() == Some(&b'1');
    let dropped = [&b"0086"[..], b"86", b"0", b"00860", b"860"]
        .iter()
        .find(|prefix| digits.strip_prefix(**prefix).is_some_and(is_mobile))
        .map_or(0, |prefix| prefix.len());
    if dropped == 0 {
        return digits;
    }
    match digits {
        Cow::Borrowed(all) => Cow::Borrowed(all.get(dropped..).unwrap_or(all)),
        Cow::Owned(mut all) => {
            all.drain(..dropped);
            Cow::Owned(all)
        }
    }
}

fn upper_alphanumeric(value: &[u8]) -> Cow<'_, [u8]> {
    if value.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(value);
    }
    let keep = |character: char, out: &mut Vec<u8>| match character {
        '×' | 'Х' | 'х' => out.push(b'X'),
        _ if character.is_ascii_alphanumeric() => push(character.to_ascii_uppercase(), out),
        _ => {}
    };
    Cow::Owned(build(value, keep, false))
}

fn mac(value: &[u8]) -> Cow<'_, [u8]> {
    let is_canonical = matches!(value.len(), 17 | 23)
        && value.iter().enumerate().all(|(index, byte)| {
            if index % 3 == 2 { *byte == b':' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') }
        });
    if is_canonical {
        return Cow::Borrowed(value);
    }
    let keep = |character: char, out: &mut Vec<u8>| {
        if character.is_ascii_hexdigit() {
            push(character.to_ascii_lowercase(), out);
        }
    };
    let hex = build(value, keep, false);
    if !matches!(hex.len(), 12 | 16) {
        return email(value);
    }
    let mut out = Vec::with_capacity(hex.len() * 3 / 2);
    for pair in hex.chunks(2) {
        if !out.is_empty() {
            out.push(b':');
        }
        out.extend_from_slice(pair);
    }
    Cow::Owned(out)
}

fn ip(value: &[u8]) -> Cow<'_, [u8]> {
    // An address of four decimal numbers has one spelling only: leading zeros are not read.
    if std::str::from_utf8(value).is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok()) {
        return Cow::Borrowed(value);
    }
    let folded = email(value);
    let Some(address) = std::str::from_utf8(&folded).ok().and_then(parse_ip) else { return folded };
    let canonical = address.to_string();
    if canonical.as_bytes() == value { Cow::Borrowed(value) } else { Cow::Owned(canonical.into_bytes()) }
}

/// Reads `1.2.3.4`, `1.2.3.4:80`, `1.2.3.4/24`, `fe80::1%eth0`, `[::1]:443`.
fn parse_ip(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None => text,
    };
    let bare = bare.split(['%', '/']).next()?;
    if let Ok(address) = bare.parse::<Ipv6Addr>() {
        return Some(IpAddr::V6(address));
    }
    let host = bare.split(':').next()?;
    host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

fn address(value: &[u8]) -> Cow<'_, [u8]> {
    let is_plain = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'@' | b'.' | b'_' | b'-' | b'+' | b'%');
    if value.iter().all(is_plain) {
        return Cow::Borrowed(value);
    }
    let folded = email(value);
    let Some(text) = std::str::from_utf8(&folded).ok().filter(|text| disguise::plain_address(text, |_| ())) else {
        return folded;
    };
    let mut plain = String::with_capacity(text.len());
    disguise::plain_address(text, |part| plain.push_str(part));
    Cow::Owned(plain.into_bytes())
}

fn email(value: &[u8]) -> Cow<'_, [u8]> {
    let trimmed = value.trim_ascii();
    if trimmed.is_ascii() {
        if trimmed.iter().any(u8::is_ascii_uppercase) {
            return Cow::Owned(trimmed.to_ascii_lowercase());
        }
        return Cow::Borrowed(trimmed);
    }
    // A letter whose small form is of two characters (`İ`) is kept: nothing gets longer.
    let keep = |character: char, out: &mut Vec<u8>| {
        let mut small = character.to_lowercase();
        push(small.next().filter(|_| small.next().is_none()).unwrap_or(character), out);
    };
    Cow::Owned(build(trimmed, keep, true).trim_ascii().to_vec())
}

/// The character that stands for `character` in canonical text; nothing for white space and what has no width.
fn unified(character: char) -> Option<char> {
    match character {
        '\u{4E00}'..='\u{9FFF}' => Some(character),
        // A full-width full stop is the middle dot of a transliterated name, not an ASCII full stop.
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' | '\u{FF0E}' | '\u{FF65}' => Some('\u{B7}'),
        other => fold(other).filter(|folded| !folded.is_whitespace()),
    }
}

/// Whether `value` is of ideographs and ASCII that is no white space only; nearly all names and addresses are.
fn is_plain_text(value: &[u8]) -> bool {
    let mut rest = value;
    loop {
        rest = match rest {
            [] => return true,
            [0xE4..=0xE9, 0x80..=0xBF, 0x80..=0xBF, rest @ ..] => rest,
            [0x21..=0x7E, behind @ ..] => match rest.split_first_chunk() {
                Some((eight, behind)) if is_graphic(*eight) => behind,
                _ => behind,
            },
            _ => return false,
        };
    }
}

/// Whether all are ASCII, and neither white space nor controls.
#[inline]
fn is_graphic(eight: [u8; 8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const TOP: u64 = EACH * 0x80;
    let bytes = u64::from_le_bytes(eight);
    // Below 0x80 no sum reaches the next byte: 0x21 and more gets its top bit by the first one, 0x7F by the second.
    bytes & TOP == 0 && (bytes + EACH * 0x5F) & !(bytes + EACH) & TOP == TOP
}

fn text(value: &[u8]) -> Cow<'_, [u8]> {
    if is_plain_text(value) {
        return Cow::Borrowed(value);
    }
    let is_canonical = |text: &str| text.chars().all(|character| unified(character) == Some(character));
    if std::str::from_utf8(value).is_ok_and(is_canonical) {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut canonical = true;
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            let Some(unified) = unified(character) else {
                canonical = false;
                continue;
            };
            canonical &= unified == character;
            push(unified, &mut out);
        }
        out.extend_from_slice(chunk.invalid());
    }
    if canonical { Cow::Borrowed(value) } else { Cow::Owned(out) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(kind: Canonical, value: &str) -> String {
        String::from_utf8(kind.of(value.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn graphic_bytes_are_told_eight_at_a_time() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                for filler in [b'!', b'a', b'~', b'0'] {
                    let mut eight = [filler; 8];
                    eight[at] = byte;
                    assert_eq!(is_graphic(eight), byte.is_ascii_graphic(), "{byte} at {at}");
                }
            }
        }
    }

    #[test]
    fn one_form_for_all_spellings_of_a_mobile_number() {
        for spelling in [
            "13800138000",
            "138-0013-8000",
            "138 0013 8000",
            "138.0013.8000",
            "+86 138 0013 8000",
            "+86-138-0013-8000",
            "(86)13800138000",
            "008613800138000",
            "8613800138000",
            "013800138000",
            "１３８００１３８０００",
            "＋８６　138\u{2011}0013\u{2212}8000",
            "138\u{200B}0013\u{00A0}8000\u{FEFF}",
            "tel:13800138000",
        ] {
            assert_eq!(of(Canonical::CnMobile, spelling), "13800138000", "{spelling:?}");
        }
    }

    #[test]
    fn chinese_numerals_are_read_where_they_are_all_there_is() {
        for spelling in ["一三八〇〇一三八〇〇〇", "幺三八零零幺三八零零零", "1三8００一三-8000"]
        {
            assert_eq!(of(Canonical::CnMobile, spelling), "13800138000", "{spelling:?}");
        }
        for (spelling, canonical) in
            [("第二手机13800138000", "13800138000"), ("13800138000一", "13800138000"), ("一三八", "")]
        {
            assert_eq!(of(Canonical::CnMobile, spelling), canonical, "{spelling:?}");
        }
        assert_eq!(of(Canonical::Digits, "一三八〇〇一三八〇〇〇"), "");
    }

    #[test]
    fn disguised_addresses_have_the_plain_form() {
        for spelling in
            ["Zhang.Wei[at]qq.com", "zhang.wei（AT）qq.com", "zhang.wei＃qq.com", " zhang.wei [at] qq [dot] com"]
        {
            assert_eq!(of(Canonical::Email, spelling), "zhang.wei@qq.com", "{spelling:?}");
        }
        for spelling in ["o#neil@qq.com", "a%b+c@qq.com", "lee@例子.公司", "[at]", "(at)@qq.com"] {
            assert_eq!(of(Canonical::Email, spelling), spelling);
        }
        assert_eq!(of(Canonical::Ip, "a#b.cn"), "a#b.cn");
    }

    #[test]
    fn digits_that_are_no_country_code_stay() {
        assert_eq!(of(Canonical::CnMobile, "8612345"), "8612345");
        assert_eq!(of(Canonical::CnMobile, "1400138000086"), "1400138000086");
        assert_eq!(of(Canonical::Digits, "0086 10"), "008610");
        assert_eq!(of(Canonical::Digits, "6222 0212 3456 7890 128"), "6222021234567890128");
    }

    #[test]
    fn resident_id_spellings() {
        for spelling in [
            "11010519491231002X",
            "11010519491231002x",
            "110105 19491231 002Ｘ",
            "110105-1949-1231-002ｘ",
            "11010519491231002×",
            "11010519491231002\u{0425}",
            "11010519491231002\u{0445}",
        ] {
            assert_eq!(of(Canonical::UpperAlphanumeric, spelling), "11010519491231002X", "{spelling:?}");
        }
    }

    #[test]
    fn mac_spellings() {
        for spelling in [
            "f4:5c:89:ab:cd:ef",
            "F4-5C-89-AB-CD-EF",
            "f45c.89ab.cdef",
            "F45C89ABCDEF",
            "f4:5c:89:ab:cd:ｅｆ",
            "f4\u{2010}5c\u{2010}89\u{2010}ab\u{2010}cd\u{2010}ef",
        ] {
            assert_eq!(of(Canonical::Mac, spelling), "f4:5c:89:ab:cd:ef", "{spelling:?}");
        }
        assert_eq!(of(Canonical::Mac, "0011223344556677"), "00:11:22:33:44:55:66:77");
    }

    #[test]
    fn ip_spellings() {
        for (spelling, canonical) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:8080", "203.0.113.7"),
            ("203.0.113.7/24", "203.0.113.7"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("２０３．０．１１３．７", "203.0.113.7"),
            ("Not.An.Address", "not.an.address"),
        ] {
            assert_eq!(of(Canonical::Ip, spelling), canonical);
        }
    }

    #[test]
    fn email_and_text() {
        assert_eq!(of(Canonical::Email, " Zhang.San＠Example．COM "), "zhang.san@example.com");
        assert_eq!(of(Canonical::Text, " 张 伟\u{3000}"), "张伟");
        for dot in ['·', '•', '．', '・', '‧', '∙'] {
            assert_eq!(of(Canonical::Text, &format!("古丽娜扎尔{dot}买买提")), "古丽娜扎尔·买买提");
        }
        assert_eq!(of(Canonical::Text, "１２号\u{FF0D}３"), "12号-3");
    }

    #[test]
    fn canonical_values_are_borrowed() {
        for (kind, value) in [
            (Canonical::Digits, "0571"),
            (Canonical::CnMobile, "13800138000"),
            (Canonical::UpperAlphanumeric, "11010519491231002X"),
            (Canonical::Mac, "f4:5c:89:ab:cd:ef"),
            (Canonical::Ip, "2001:db8::1"),
            (Canonical::Email, "a@example.com"),
            (Canonical::Text, "张伟"),
            (Canonical::Text, "古丽·买买提"),
            (Canonical::Text, "一龥鿿䀀~!12号-3室"),
        ] {
            assert!(matches!(kind.of(value.as_bytes()), Cow::Borrowed(_)), "{value}");
        }
    }

    #[test]
    fn stray_bytes_are_kept_by_text_kinds_only() {
        assert_eq!(Canonical::Text.of(b"a\xff b").as_ref(), b"a\xffb");
        assert_eq!(Canonical::Digits.of(b"1\xff2").as_ref(), b"12");
    }

    proptest! {
        #[test]
        fn canonical_of_canonical_is_itself(text in "\\PC{0,40}", spelling in "[+0-9 ０-９－a-fA-FxX×·.:@\u{200B}一〇#]{0,30}", disguised in "[a-c.]{1,3}( ?\\[at\\] ?|#|@|（a）)[a-c@#]{1,3}(\\.| ?\\[dot\\])[a-c@.]{1,3}") {
            for kind in KINDS {
                for value in [&text, &spelling, &disguised] {
                    let once = kind.of(value.as_bytes()).into_owned();
                    let twice = kind.of(&once).into_owned();
                    prop_assert_eq!(&once, &twice, "{:?}", kind);
                }
            }
        }

        #[test]
        fn any_bytes_are_taken(value in any::<Vec<u8>>()) {
            for kind in KINDS {
                let canonical = kind.of(&value);
                if matches!(kind, Canonical::Digits | Canonical::CnMobile) {
                    prop_assert!(canonical.iter().all(u8::is_ascii_digit));
                }
            }
        }
    }

    const KINDS: [Canonical; 7] = [
        Canonical::Digits,
        Canonical::CnMobile,
        Canonical::UpperAlphanumeric,
        Canonical::Mac,
        Canonical::Ip,
        Canonical::Email,
        Canonical::Text,
    ];
}
