//! Numbered elements of an address: 12号, 甲5号, 2栋, A座, 1单元, 502室, 12-3-401, 附3号, 6室-2. Must not take dates,
//! amounts, line numbers (2号线) or digit runs such as phone numbers for house numbers.

use super::character::Character;
use super::word::{Unit, is_measure, unit_at};
use crate::detect::han::{char_at, fold, is_han, is_numeral};

/// A numbered element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) end: usize,
    pub(super) unit: Unit,
    /// Numbers joined by dashes.
    pub(super) parts: u8,
    /// Arabic digits of its first number.
    pub(super) digits: usize,
}

impl Number {
    /// Whether the element marks an address by itself: 2栋, 3单元, 502室, 123弄, 5号楼.
    pub(super) fn is_strong(&self) -> bool {
        matches!(self.unit, Unit::Building | Unit::Entrance | Unit::Room | Unit::Lane)
    }

    /// The element at `at`.
    pub(super) fn at(text: &[u8], at: usize) -> Option<Number> {
        Number::beginning(text, at, Character::at(text, at)?)
    }

    /// The element at `at`, where the character `first` stands.
    #[inline]
    pub(super) fn beginning(text: &[u8], at: usize, first: Character) -> Option<Number> {
        if !first.may_begin_number() {
            return None;
        }
        if first.character.is_ascii_digit()
            && let digits = digits_at(text, at)
            && digits <= MOST_DIGITS
            && let end = at + digits
            && !text.get(end).is_some_and(|b| b.is_ascii_alphabetic() || *b == 0xEF)
            && let behind = Character::at(text, end).unwrap_or(Character::NONE)
            && !behind.is_dash()
        {
            return Number::plain(text, end, digits, behind);
        }
        Number::composed(text, at, first)
    }

    /// Nearly all numbers: a few plain digits up to `end`, and neither a letter nor a dash behind them.
    fn plain(text: &[u8], end: usize, digits: usize, behind: Character) -> Option<Number> {
        match unit_at(text, end, behind) {
            Some((end, unit)) => Some(Number { end: suffix_number(text, end), unit, parts: 1, digits }),
            None => (!behind.clings()).then_some(Number { end, unit: Unit::Bare, parts: 1, digits }),
        }
    }

    /// Any other number that the character `first` may begin.
    fn composed(text: &[u8], at: usize, first: Character) -> Option<Number> {
        let length = first.length;
        let prefixed = match first.character {
            '\0'..='\x7F' => at,
            '甲' | '乙' | '丙' | '丁' | '附' | '副' | '临' | '第' => at + length,
            // 西8号 is a house number too, but 西区 is not.
            '东' | '西' | '南' | '北' if char_at(text, at + length).is_some_and(|(c, _)| fold(c).is_ascii_digit()) => {
                at + length
            }
            _ => at,
        };
        let mut atom = Atom::at(text, prefixed)?;
        let mut parts = 1;
        let mut behind = Character::at(text, atom.end).unwrap_or(Character::NONE);
        while behind.is_dash()
            && let Some(next) = Atom::at(text, atom.end + behind.length).filter(|next| next.kind != AtomKind::Side)
        {
            atom = Atom { end: next.end, ..atom };
            behind = Character::at(text, atom.end).unwrap_or(Character::NONE);
            parts += 1;
            if parts > 5 {
                return None;
            }
        }
        let digits = atom.digits;
        match unit_at(text, atom.end, behind) {
            Some((end, unit)) if atom.allows(unit) => {
                Some(Number { end: suffix_number(text, end), unit, parts, digits })
            }
            _ if (parts > 1 || prefixed == at) && atom.digits > 0 && !behind.clings() => {
                Some(Number { end: atom.end, unit: Unit::Bare, parts, digits })
            }
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtomKind {
    /// 12, 12A
    Digits,
    /// A, B1
    Letters,
    /// 十二
    Numerals,
    /// 东 in 东区, 东楼
    Side,
}

/// Most Arabic digits of one number.
const MOST_DIGITS: usize = 5;

/// One number, before its unit.
#[derive(Debug, Clone, Copy)]
struct Atom {
    end: usize,
    kind: AtomKind,
    /// Arabic digits in it.
    digits: usize,
}

impl Atom {
    fn at(text: &[u8], at: usize) -> Option<Atom> {
        let (c, length) = char_at(text, at)?;
        let first = fold(c);
        if c.is_ascii_digit() {
            // Nearly all numbers: a few plain digits, and neither a letter nor something full-width behind them.
            let digits = digits_at(text, at);
            if digits > MOST_DIGITS {
                return None;
            }
            let end = at + digits;
            if !text.get(end).is_some_and(|b| b.is_ascii_alphabetic() || *b == 0xEF) {
                return Some(Atom { end, kind: AtomKind::Digits, digits });
            }
        }
        if first.is_ascii_digit() {
            let (end, digits) = run(text, at, |c| c.is_ascii_digit());
            let (end, letters) = match char_at(text, end) {
                // Storeys: F is their unit.
                Some((c, _)) if fold(c) == 'F' => (end, 0),
                _ => run(text, end, |c| c.is_ascii_alphabetic()),
            };
            return (digits <= MOST_DIGITS && letters <= 1).then_some(Atom { end, kind: AtomKind::Digits, digits });
        }
        if first.is_ascii_alphabetic() {
            let (end, letters) = run(text, at, |c| c.is_ascii_alphabetic());
            let (end, digits) = run(text, end, |c| c.is_ascii_digit());
            return (letters <= 2 && digits <= 4).then_some(Atom { end, kind: AtomKind::Letters, digits });
        }
        if is_numeral(first) {
            let (end, numerals) = run(text, at, is_numeral);
            return (numerals <= 5).then_some(Atom { end, kind: AtomKind::Numerals, digits: 0 });
        }
        let is_side = matches!(first, '东' | '西' | '南' | '北' | '中');
        is_side.then_some(Atom { end: at + length, kind: AtomKind::Side, digits: 0 })
    }

    /// Whether this kind of number goes with `unit`.
    fn allows(&self, unit: Unit) -> bool {
        match self.kind {
            AtomKind::Digits => true,
            AtomKind::Letters => !matches!(unit, Unit::Group | Unit::Lane),
            AtomKind::Numerals => true,
            AtomKind::Side => matches!(unit, Unit::Section | Unit::Building),
        }
    }
}

/// How many ASCII digits stand at `at`; more than [`MOST_DIGITS`] are as good as one more.
#[inline]
fn digits_at(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let Some(eight) = rest.first_chunk::<8>() else {
        return rest.iter().take_while(|b| b.is_ascii_digit()).count();
    };
    // A byte is a digit when it is 0x30 and nine more at most: adding 0x76 to what is left does not reach its top bit.
    let spread = u64::from_le_bytes(*eight) ^ 0x3030_3030_3030_3030;
    let others = (((spread & 0x7F7F_7F7F_7F7F_7F7F) + 0x7676_7676_7676_7676) | spread) & 0x8080_8080_8080_8080;
    others.trailing_zeros() as usize / 8
}

/// The end of the run of characters that `accept` (after folding) takes, and its length in characters.
fn run(text: &[u8], at: usize, accept: impl Fn(char) -> bool) -> (usize, usize) {
    let (mut end, mut count) = (at, 0);
    while let Some((c, length)) = char_at(text, end) {
        if !accept(fold(c)) || count > 64 {
            break;
        }
        end += length;
        count += 1;
    }
    (end, count)
}

/// Past a run of letters and digits inside a name (SOHO, 798, 104国道); nothing when it is a date, an amount or
/// too long to be a name.
pub(super) fn past_letters(text: &[u8], at: usize) -> Option<usize> {
    let (mut p, mut count) = (at, 0);
    let mut digit = false;
    while let Some((c, length)) = char_at(text, p) {
        let c = fold(c);
        if !c.is_ascii_alphanumeric() {
            if digit && (is_measure(c) || c == '.' || c == '号') {
                return None;
            }
            break;
        }
        digit = c.is_ascii_digit();
        p += length;
        count += 1;
        if count > 12 {
            return None;
        }
    }
    Some(p)
}

/// The `-2` of `6室-2`, the `E` of `24楼E`: the end after it, or `end`.
fn suffix_number(text: &[u8], end: usize) -> usize {
    // What folds to a letter or a dash: ASCII, long dashes, full-width forms.
    if !matches!(text.get(end), Some(b'-' | b'A'..=b'Z' | 0xE2 | 0xEF)) {
        return end;
    }
    let Some((dash, length)) = char_at(text, end) else { return end };
    let is_boundary = |at| char_at(text, at).is_none_or(|(c, _)| !fold(c).is_ascii_alphanumeric() && !is_han(c));
    if fold(dash).is_ascii_uppercase() && is_boundary(end + length) {
        return end + length;
    }
    if fold(dash) != '-' {
        return end;
    }
    let (last, digits) = run(text, end + length, |c| c.is_ascii_digit());
    let bounded = char_at(text, last).is_none_or(|(c, _)| {
        let c = fold(c);
        !(c.is_ascii_alphanumeric() || is_measure(c) || c == '-' || c == '.')
    });
    if !(1..=4).contains(&digits) || !bounded {
        return end;
    }
    let unit = Character::at(text, last).and_then(|first| unit_at(text, last, first));
    match unit {
        Some((_, Unit::Section)) | None => last,
        Some(_) => end,
    }
}
