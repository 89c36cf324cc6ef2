//! Fixed-line (and fax) numbers of mainland China: area code, local number, extension.
//!
//! Works on the value as it stands, because the separators tell area code, number and extension apart. Must never
//! take a date for a number.

use std::sync::LazyLock;

use super::{Candidate, Evidence, fold};
use crate::rule::embedded;

/// Which lengths local numbers have behind an area code.
#[derive(Debug, Clone, Copy)]
struct AreaCode {
    seven: bool,
    eight: bool,
    current: bool,
}

/// By the area code without its trunk 0: 10 to 29 and 310 to 999.
static AREA_CODES: LazyLock<Vec<Option<AreaCode>>> = LazyLock::new(|| {
    let mut table = vec![None; 1_000];
    for mut row in embedded::rows("cn_dial_codes.tsv") {
        let (Some(code), Some(_city), Some(digits)) = (row.next(), row.next(), row.next()) else { continue };
        let Ok(number) = code.parse::<usize>() else { continue };
        if let Some(entry) = table.get_mut(number) {
            let current = row.next() == Some("current");
            *entry = Some(AreaCode { seven: digits.contains('7'), eight: digits.contains('8'), current });
        }
    }
    table
});

/// The area code that `digits` (without trunk 0) begin with, and the digits behind it.
fn split_area(digits: &[u8]) -> Option<(AreaCode, &[u8])> {
    // 10 and 2x have two digits, all others three.
    let length = if matches!(digits, [b'1', b'0', ..] | [b'2', ..]) { 2 } else { 3 };
    let (code, local) = digits.split_at_checked(length)?;
    let area = AREA_CODES.get(super::number(code)? as usize).copied().flatten()?;
    Some((area, local))
}

fn is_local(digits: &[u8]) -> bool {
    matches!(digits.len(), 7 | 8) && matches!(digits.first(), Some(b'2'..=b'8'))
}

/// The digit groups of a value.
#[derive(Default)]
struct Groups {
    digits: [u8; 24],
    length: usize,
    /// Where each group ends in `digits`.
    ends: [usize; 6],
    count: usize,
    /// The value begins with `+`.
    plus: bool,
    /// How many groups stand before `转`, `ext`, `#`…: one more, the extension, must follow.
    extension: Option<usize>,
    /// The last group follows a hyphen, as extensions do.
    hyphen_last: bool,
    dots: bool,
}

impl Groups {
    /// Takes a value apart; `None` when there is anything but digits, separators and extension marks in it.
    fn of(original: &[u8]) -> Option<Groups> {
        let mut buffer = [0; 48];
        let mut rest = fold(original, &mut buffer)?.trim_ascii();
        let mut groups = Groups::default();
        if let Some(after) = rest.strip_prefix(b"+") {
            groups.plus = true;
            rest = after;
        }
        let mut in_group = false;
        while let [byte, tail @ ..] = rest {
            rest = tail;
            if byte.is_ascii_digit() {
                groups.count += usize::from(!in_group);
                in_group = true;
                *groups.digits.get_mut(groups.length)? = *byte;
                groups.length += 1;
                *groups.ends.get_mut(groups.count.checked_sub(1)?)? = groups.length;
                continue;
            }
            in_group = false;
            groups.hyphen_last = *byte == b'-';
            let mark = match (byte, tail) {
                (b'-' | b' ' | b'(' | b')', _) => continue,
                (b'.', _) => {
                    groups.dots = true;
                    continue;
                }
                (b'#' | b'x' | b'X', _) => tail,
                (b'e' | b'E', [b'x' | b'X', b't' | b'T', after @ ..]) => after.strip_prefix(b".").unwrap_or(after),
                // 转
                (0xE8, [0xBD, 0xAC, after @ ..]) => after,
                _ => return None,
            };
            if groups.extension.is_some() {
                return None;
            }
            groups.extension = Some(groups.count);
            rest = mark;
        }
        (groups.count > 0).then_some(groups)
    }

    fn group(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = if index < self.count { self.ends.get(index).copied().unwrap_or(start) } else { start };
        self.digits.get(start..end).unwrap_or_default()
    }

    /// The digits of the first `count` groups.
    fn digits(&self, count: usize) -> &[u8] {
        let end = count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        self.digits.get(..end).unwrap_or_default()
    }

    fn is_date(&self) -> bool {
        self.count == 3
            && matches!(self.group(0), [b'1', b'9', _, _] | [b'2', b'0', _, _])
            && (1..3).all(|index| matches!(self.group(index).len(), 1 | 2))
    }
}

/// Fixed-line numbers. Without area code, or with one but without any separator, only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let groups = Groups::of(candidate.original)?;
    if groups.is_date() || groups.dots && groups.count > 2 {
        return None;
    }
    if let Some(before) = groups.extension {
        let marked = groups.count == before + 1 && is_extension(groups.group(before));
        return marked.then(|| number(&groups, before)).flatten();
    }
    number(&groups, groups.count).or_else(|| {
        let last = groups.count.checked_sub(1)?;
        (groups.hyphen_last && is_extension(groups.group(last))).then(|| number(&groups, last)).flatten()
    })
}

fn is_extension(digits: &[u8]) -> bool {
    (1..=6).contains(&digits.len())
}

/// What the first `count` groups say, taken as one number.
fn number(groups: &Groups, count: usize) -> Option<Evidence> {
    let all = groups.digits(count);
    let country = match groups.group(0) {
        b"0086" => all.strip_prefix(b"0086"),
        b"86" => all.strip_prefix(b"86"),
        _ if groups.plus => Some(all.strip_prefix(b"86")?),
        _ => None,
    };
    let national = country.unwrap_or(all);
    let with_area = match national.strip_prefix(b"0") {
        Some(rest) => split_area(rest),
        None => country.and_then(|_| split_area(national)),
    };
    let Some((area, local)) = with_area else {
        // 85022088, 8502 2088, 502 2088: no area code, nor can the country's stand without one.
        let grouped = count == 1 || count == 2 && groups.group(1).len() == 4;
        return (country.is_none() && is_local(all) && grouped)
            .then_some(Evidence { label_required: true, ..Evidence::default() });
    };
    if !is_local(local) || !(local.len() == 7 && area.seven || local.len() == 8 && area.eight) {
        return None;
    }
    // The area code must be a group of its own: 0571-85022088, not 057 185 022088.
    let area_end = all.len() - local.len();
    let split = (0..count).any(|index| groups.ends.get(index) == Some(&area_end));
    if !split && count > 1 + usize::from(country.is_some()) {
        return None;
    }
    Some(Evidence { registry: if area.current { 20 } else { 15 }, label_required: !split, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn with_area_code_and_separator_no_label_is_needed() {
        for value in [
            "0571-85022088",
            "(0571)85022088",
            "（0571）85022088",
            "0571 8502 2088",
            "+86-571-85022088",
            "+86 571 8502 2088",
            "86-571-85022088",
            "0086-571-85022088",
            "010-85699449",
            "010-85699449-8001",
            "010-85699449转8001",
            "010-85699449 ext.8001",
            "010-85699449#12",
            "０２１－６２３４５６７８",
            "021—62345678",
            "010.85699449",
            "0994-2345678",
        ] {
            let found = check(validate, value, false);
            assert!(found.is_some_and(|found| !found.label_required && found.registry == 20), "{value} {found:?}");
        }
    }

    #[test]
    fn without_area_code_or_separator_a_label_is_needed() {
        for value in ["85699449", "8569 9449", "8569-9449", "85699449-8001", "057185022088", "01085699449", "2345678"] {
            assert!(check(validate, value, false).is_some_and(|found| found.label_required), "{value}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_rejected_even_beside_a_label() {
        for value in [
            "2023-01-05",
            "2023-1-5",
            "2023.01.05",
            "0571-15022088",
            "0571-95022088",
            "0571-8502208", // Hangzhou has 8 digits
            "010-8569944",  // Beijing too
            "026-85699449", // no such area code
            "0999999-85022088",
            "057 185 022088",
            "192.168.12.34",
            "13800138000",
            "400-80-13260",
            "12345678",
            "85699449转",
            "85699449转1转2",
            "v85699449",
            "",
            "+85699449",
            "123456789012345678901234567890",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn historical_area_codes_are_accepted() {
        // Tieling, merged into 024 in 2011; Zhuzhou into 0731.
        for value in ["0410-2345678", "0733-2345678"] {
            assert!(check(validate, value, false).is_some_and(|found| !found.label_required), "{value}");
        }
    }
}
