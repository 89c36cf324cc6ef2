//! `mask`: part of the value stays readable, the rest becomes stars.
//!
//! Counts characters, never bytes. A mask is never longer than the value it hides, so it fits wherever the value did,
//! and it never shows a value that is too short to hide anything.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use super::{Operator, Replacement, Subject};
use crate::detect::address::places_at;
use crate::error::DataError;
use crate::rule::canonical::fold;
use crate::rule::{Mask, embedded};

pub(super) static OPERATOR: Operator =
    Operator { name: "mask", about: "the entity type's mask: part readable, the rest stars", same_shape: true, apply };

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let original = String::from_utf8_lossy(subject.original);
    let canonical = String::from_utf8_lossy(subject.canonical);
    Ok(Replacement::Value(masked(&subject.entity.mask, &original, &canonical).into_bytes()))
}

/// `canonical` as `mask` shows it; where the spelling of `original` differs only in separators, these are kept.
pub(crate) fn masked(mask: &Mask, original: &str, canonical: &str) -> String {
    let length = canonical.chars().count();
    match mask {
        Mask::Keep { first, last } => {
            let (first, last) = (*first as usize, *last as usize);
            let enough = first + last < length;
            starred(original, canonical, |index| enough && (index < first || index >= length - last))
        }
        Mask::Mac => {
            // Index 8 is the colon behind the vendor's three bytes.
            starred(original, canonical, |index| index < 8)
        }
        Mask::Email => email(canonical),
        Mask::PersonName => person_name(canonical),
        Mask::Address => address(canonical),
        Mask::Ip => ip(canonical),
    }
}

/// Stars for the characters of `canonical` whose index is not `kept`. The spelling of `original` is kept when it is
/// the same characters with separators between.
fn starred(original: &str, canonical: &str, kept: impl Fn(usize) -> bool) -> String {
    let is_separator = |character: char| !character.is_alphanumeric();
    let mut out = String::with_capacity(original.len());
    let mut rest = canonical.chars().enumerate().filter(|(_, character)| !is_separator(*character)).peekable();
    for character in original.chars().filter_map(fold) {
        match rest.peek() {
            Some((index, wanted)) if wanted.eq_ignore_ascii_case(&character) => {
                out.push(if kept(*index) { character } else { '*' });
                rest.next();
            }
            _ if is_separator(character) => out.push(character),
            _ => return plain_starred(canonical, kept),
        }
    }
    if rest.peek().is_some() { plain_starred(canonical, kept) } else { out }
}

fn plain_starred(canonical: &str, kept: impl Fn(usize) -> bool) -> String {
    let star = |(index, character): (usize, char)| if kept(index) { character } else { '*' };
    canonical.chars().enumerate().map(star).collect()
}

/// At most three stars for `count` hidden characters.
fn stars(count: usize) -> &'static str {
    match count {
        0 => "",
        1 => "*",
        2 => "**",
        _ => "***",
    }
}

/// `z***@example.com`; of a single character nothing stays.
fn email(canonical: &str) -> String {
    let Some((local, domain)) = canonical.rsplit_once('@') else { return stars(canonical.chars().count()).to_owned() };
    let mut characters = local.chars();
    match (characters.next(), characters.count()) {
        (Some(first), hidden @ 1..) => format!("{first}{}@{domain}", stars(hidden)),
        (first, _) => format!("{}@{domain}", stars(first.iter().count())),
    }
}

static COMPOUND_SURNAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    embedded::rows("surnames.tsv")
        .filter_map(|mut row| {
            let name = row.next()?;
            (row.nth(1)? == "compound").then_some(name)
        })
        .collect()
});

/// `张*`, `张*伟`, `欧阳*`; the first character and stars for names of other kinds.
fn person_name(canonical: &str) -> String {
    let is_han = |character: &char| matches!(character, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}');
    let characters: Vec<char> = canonical.chars().collect();
    if !characters.iter().all(is_han) || characters.len() > 5 {
        return starred(canonical, canonical, |index| index == 0 && characters.len() > 1);
    }
    let pair: String = characters.iter().take(2).collect();
    let surname = if characters.len() > 2 && COMPOUND_SURNAMES.contains(pair.as_str()) { 2 } else { 1 };
    let length = characters.len();
    let given = length.saturating_sub(surname);
    plain_starred(canonical, |index| given > 0 && (index < surname || (given > 1 && index + 1 == length)))
}

/// Province to district, then `***`; nothing of an address that does not start with a known place.
fn address(canonical: &str) -> String {
    let mut shown = 0;
    let mut level = 0;
    loop {
        let rest = canonical.get(shown..).unwrap_or_default();
        let deeper = places_at(rest.as_bytes()).filter(|(_, found)| *found > level);
        let longest = deeper.min_by_key(|(end, found)| (std::cmp::Reverse(*end), *found));
        match longest {
            // A place without anything behind it is the whole value: it is hidden too.
            Some((end, found)) if end < rest.len() => {
                shown += end;
                level = found;
            }
            _ => break,
        }
    }
    let (shown, hidden) = canonical.split_at_checked(shown).unwrap_or(("", canonical));
    format!("{shown}{}", stars(hidden.chars().count()))
}

/// Last octet 0, or zero behind the first 48 bits.
fn ip(canonical: &str) -> String {
    match canonical.parse() {
        Ok(IpAddr::V4(address)) => (std::net::Ipv4Addr::from_bits(address.to_bits() & !0xFF)).to_string(),
        Ok(IpAddr::V6(address)) => (std::net::Ipv6Addr::from_bits(address.to_bits() >> 80 << 80)).to_string(),
        Err(_) => stars(canonical.chars().count()).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rule::Canonical;

    fn mask(mask: &Mask, kind: Canonical, value: &str) -> String {
        let canonical = kind.of(value.as_bytes()).into_owned();
        masked(mask, value, std::str::from_utf8(&canonical).unwrap())
    }

    #[test]
    fn keep_masks() {
        let mobile = |value| mask(&Mask::Keep { first: 3, last: 4 }, Canonical::CnMobile, value);
        assert_eq!(mobile("13800138000"), "138****8000");
        assert_eq!(mobile("138-0013-8000"), "138-****-8000");
        assert_eq!(mobile("１３８００１３８０００"), "138****8000");
        assert_eq!(mobile("+86 138 0013 8000"), "138****8000");
        for spelled in ["一三八〇〇一三八〇〇〇", "1三8〇〇一三8000", "幺三八-零零幺三-八零零零"]
        {
            assert_eq!(mobile(spelled), "138****8000", "{spelled}");
        }
        let id = |value| mask(&Mask::Keep { first: 1, last: 1 }, Canonical::UpperAlphanumeric, value);
        assert_eq!(id("11010519491231002X"), "1****************X");
        assert_eq!(id("110105 19491231 002x"), "1***** ******** ***x");
        assert_eq!(
            mask(&Mask::Keep { first: 6, last: 4 }, Canonical::Digits, "6222021234567890128"),
            "622202*********0128"
        );
    }

    #[test]
    fn a_value_too_short_for_its_mask_is_hidden_whole() {
        for value in ["1234567", "123", "1"] {
            let shown = mask(&Mask::Keep { first: 3, last: 4 }, Canonical::Digits, value);
            assert_eq!(shown, "*".repeat(value.len()));
        }
    }

    #[test]
    fn mac_masks_keep_the_spelling() {
        for (value, shown) in [
            ("f4:5c:89:ab:cd:ef", "f4:5c:89:**:**:**"),
            ("F4-5C-89-AB-CD-EF", "F4-5C-89-**-**-**"),
            ("f45c.89ab.cdef", "f45c.89**.****"),
            ("f45c89abcdef", "f45c89******"),
        ] {
            assert_eq!(mask(&Mask::Mac, Canonical::Mac, value), shown);
        }
    }

    #[test]
    fn email_masks() {
        for (value, shown) in [
            ("zhang.san@example.com", "z***@example.com"),
            ("Li@Example.com", "l*@example.com"),
            ("a@example.com", "*@example.com"),
            ("张伟@例子.中国", "张*@例子.中国"),
            ("lee@例子.公司", "l**@例子.公司"),
            ("Zhang.Wei[at]qq.com", "z***@qq.com"),
            ("lisi（at）163.com", "l***@163.com"),
            ("li#qq.com", "l*@qq.com"),
            ("a#qq.com", "*@qq.com"),
            ("name [at] qq [dot] com", "n***@qq.com"),
            ("name [at qq.com", "***"),
        ] {
            assert_eq!(mask(&Mask::Email, Canonical::Email, value), shown);
        }
    }

    #[test]
    fn name_masks() {
        for (value, shown) in [
            ("张伟", "张*"),
            ("张小伟", "张*伟"),
            ("欧阳修", "欧阳*"),
            ("欧阳娜娜", "欧阳*娜"),
            ("欧阳", "欧*"),
            ("古丽娜扎尔·买买提", "古****·***"),
            ("张", "*"),
            ("Zhang Wei", "Z*******"),
        ] {
            assert_eq!(mask(&Mask::PersonName, Canonical::Text, value), shown);
        }
    }

    #[test]
    fn address_masks() {
        for (value, shown) in [
            ("浙江省杭州市西湖区转塘科技经济区块12号", "浙江省杭州市西湖区***"),
            ("武汉市江汉区中央商务区泛海国际SOHO城(一期)2栋4层6室-2", "武汉市江汉区***"),
            ("杭州西湖区文三路5号", "杭州西湖区***"),
            ("文三路5号1单元502", "***"),
            ("浙江省", "***"),
        ] {
            assert_eq!(mask(&Mask::Address, Canonical::Text, value), shown);
        }
    }

    #[test]
    fn ip_masks() {
        for (value, shown) in
            [("203.0.113.77", "203.0.113.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("::1", "::"), ("x.y", "***")]
        {
            assert_eq!(mask(&Mask::Ip, Canonical::Ip, value), shown);
        }
    }

    #[test]
    fn a_letter_with_a_longer_small_form_makes_no_mask_longer() {
        assert_eq!(mask(&Mask::Mac, Canonical::Mac, "İ").chars().count(), 1);
    }

    proptest! {
        #[test]
        fn a_mask_is_never_longer_than_its_value(value in "\\PC{1,30}", first in 0u32..6, last in 0u32..6) {
            for style in [
                Mask::Keep { first, last }, Mask::Email, Mask::PersonName, Mask::Address, Mask::Mac,
            ] {
                for kind in [Canonical::Text, Canonical::Digits, Canonical::UpperAlphanumeric, Canonical::Mac] {
                    let shown = mask(&style, kind, &value);
                    prop_assert!(shown.chars().count() <= value.chars().count(), "{:?} {:?} {}", style, kind, shown);
                }
            }
        }
    }
}
