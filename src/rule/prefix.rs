//! What the first three digits of a value may be, worked out from a rule's pattern: one bit decides what the pattern
//! itself would decide at a hundred times the cost.
//!
//! May admit what the pattern refuses; must never refuse what it takes.

use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Most beginnings that are worked out; a pattern with more has none.
const MOST: usize = 4096;
/// Most ways to read a pattern that are told apart.
const WAYS: usize = 64;

/// One bit for each of the numbers 000 to 999.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefixes([u64; 16]);

impl Prefixes {
    /// Those that [`Prefixes::bits`] tells of.
    pub(crate) const fn of_bits(bits: [u64; 16]) -> Prefixes {
        Prefixes(bits)
    }

    /// Bit n: a value may begin with number n.
    #[allow(dead_code, reason = "for the build script")]
    pub(crate) fn bits(&self) -> [u64; 16] {
        self.0
    }

    /// By their length, the beginnings of what `pattern` takes of values as long as one of `lengths`; `None` where it says
    /// nothing about them.
    pub fn by_length(pattern: &str, lengths: &[usize]) -> Vec<Option<Prefixes>> {
        let longest = lengths.last().copied().unwrap_or_default();
        let mut all = vec![None; longest + 1];
        // Values are ASCII: a digit is one byte.
        let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern);
        let Ok(hir) = hir else { return all };
        let ways = ways(&hir);
        // Lengths that the same ways fit begin alike.
        let mut known: Vec<(u64, Option<Prefixes>)> = Vec::new();
        for length in lengths {
            let fits = |way: &Hir| {
                let properties = way.properties();
                properties.minimum_len().is_none_or(|least| least <= *length)
                    && properties.maximum_len().is_none_or(|most| most >= *length)
            };
            let fitting =
                ways.iter().enumerate().filter(|(_, way)| fits(way)).fold(0, |fitting, (at, _)| fitting | 1_u64 << at);
            let prefixes = match known.iter().find(|(known, _)| *known == fitting) {
                Some((_, prefixes)) => prefixes.clone(),
                None => {
                    let chosen = ways.iter().enumerate().filter(|(at, _)| fitting >> at & 1 == 1).map(|(_, way)| way);
                    let prefixes = Prefixes::of_ways(chosen);
                    known.push((fitting, prefixes.clone()));
                    prefixes
                }
            };
            if let Some(slot) = all.get_mut(*length) {
                *slot = prefixes;
            }
        }
        all
    }

    fn of_ways<'h>(ways: impl Iterator<Item = &'h Hir>) -> Option<Prefixes> {
        let mut extractor = Extractor::new();
        extractor.kind(ExtractKind::Prefix).limit_class(10).limit_repeat(3).limit_literal_len(3).limit_total(MOST);
        let mut prefixes = Prefixes([0; 16]);
        for way in ways {
            for literal in extractor.extract(way).literals()? {
                prefixes.enter(literal.as_bytes())?;
            }
        }
        Some(prefixes)
    }

    /// Adds the numbers that begin with `literal`; `None` when they are all, or not of digits.
    fn enter(&mut self, literal: &[u8]) -> Option<()> {
        let digit = |b: &u8| b.is_ascii_digit().then(|| u32::from(b - b'0'));
        let digits: Vec<u32> = literal.iter().take(3).map(digit).collect::<Option<_>>()?;
        let (from, to) = match digits.as_slice() {
            [] => return None,
            [a] => (a * 100, a * 100 + 99),
            [a, b] => (a * 100 + b * 10, a * 100 + b * 10 + 9),
            [a, b, c, ..] => (a * 100 + b * 10 + c, a * 100 + b * 10 + c),
        };
        for number in from..=to {
            if let Some(word) = self.0.get_mut((number >> 6) as usize) {
                *word |= 1 << (number & 63);
            }
        }
        Some(())
    }

    /// Adds the beginnings of `others`.
    pub fn join(&mut self, others: &Prefixes) {
        self.0.iter_mut().zip(others.0).for_each(|(word, other)| *word |= other);
    }

    /// Whether a value may begin with the first three of `digits`; shorter ones, and other bytes, always.
    pub fn admit(&self, digits: &[u8]) -> bool {
        match digits {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
                let number = u32::from(a - b'0') * 100 + u32::from(b - b'0') * 10 + u32::from(c - b'0');
                self.0.get((number >> 6) as usize).is_some_and(|word| word >> (number & 63) & 1 == 1)
            }
            _ => true,
        }
    }
}

/// One bit for each byte that a value may begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstBytes([u64; 4]);

impl FirstBytes {
    /// Those that [`FirstBytes::bits`] tells of.
    pub(crate) const fn of_bits(bits: [u64; 4]) -> FirstBytes {
        FirstBytes(bits)
    }

    /// Bit n: a value may begin with byte n.
    #[allow(dead_code, reason = "for the build script")]
    pub(crate) fn bits(&self) -> [u64; 4] {
        self.0
    }

    /// The first bytes of what `pattern` takes; `None` when it says nothing about them.
    pub fn of(pattern: &str) -> Option<FirstBytes> {
        let unicode = !pattern.is_ascii();
        let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(unicode).build().parse(pattern).ok()?;
        let mut bytes = FirstBytes([0; 4]);
        let may_be_empty = bytes.enter(&hir);
        (!may_be_empty).then_some(bytes)
    }

    /// Adds the first bytes of what `hir` takes; whether that may be nothing at all.
    fn enter(&mut self, hir: &Hir) -> bool {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => true,
            HirKind::Literal(literal) => match literal.0.first() {
                Some(first) => self.range(*first, *first),
                None => true,
            },
            HirKind::Class(Class::Bytes(class)) => {
                class.ranges().iter().for_each(|range| _ = self.range(range.start(), range.end()));
                false
            }
            HirKind::Class(Class::Unicode(class)) => {
                let lead = |character: char| character.encode_utf8(&mut [0; 4]).bytes().next().unwrap_or_default();
                // The lead bytes of a range of characters are a range.
                class.ranges().iter().for_each(|range| _ = self.range(lead(range.start()), lead(range.end())));
                false
            }
            HirKind::Repetition(repetition) => self.enter(&repetition.sub) || repetition.min == 0,
            HirKind::Capture(capture) => self.enter(&capture.sub),
            HirKind::Concat(parts) => parts.iter().all(|part| self.enter(part)),
            HirKind::Alternation(branches) => branches.iter().filter(|branch| self.enter(branch)).count() > 0,
        }
    }

    /// Adds the bytes from `first` to `last`; never may they be nothing.
    fn range(&mut self, first: u8, last: u8) -> bool {
        for byte in first..=last {
            if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
                *word |= 1 << (byte & 63);
            }
        }
        false
    }

    /// Whether a value may begin with `byte`.
    pub fn admit(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }
}

/// The ways in which `hir` may begin, as far as alternatives and what may be absent tell them apart.
fn ways(hir: &Hir) -> Vec<Hir> {
    let all = match hir.kind() {
        HirKind::Capture(capture) => ways(&capture.sub),
        HirKind::Alternation(branches) => branches.iter().flat_map(ways).collect(),
        HirKind::Repetition(repetition) if (repetition.min, repetition.max) == (0, Some(1)) => {
            let mut all = ways(&repetition.sub);
            all.push(Hir::empty());
            all
        }
        HirKind::Concat(parts) => match parts.split_first() {
            Some((first, rest)) => {
                let rest = Hir::concat(rest.to_vec());
                let join = |first: Hir| match first.kind() {
                    HirKind::Empty => ways(&rest),
                    _ => vec![Hir::concat(vec![first, rest.clone()])],
                };
                ways(first).into_iter().flat_map(join).collect()
            }
            None => vec![hir.clone()],
        },
        _ => vec![hir.clone()],
    };
    if all.len() > WAYS { vec![hir.clone()] } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(pattern: &str, length: usize) -> Option<Prefixes> {
        Prefixes::by_length(pattern, &[1, length]).remove(length)
    }

    #[test]
    fn beginnings_are_those_of_the_pattern_at_that_length() {
        let mobile = r"(?:(?:00)?86|0)?1[3-9]\d{9}|14[014]\d{10}|1064\d{9}";
        let admits = |digits: &str| of(mobile, digits.len()).unwrap().admit(digits.as_bytes());
        for digits in
            ["13800138000", "8613800138000", "008613800138000", "013800138000", "1064000000000", "1440000000000"]
        {
            assert!(admits(digits), "{digits}");
        }
        for digits in ["20260312000", "1669000000000", "12800138000", "8613800138", "86138001380001"] {
            assert!(!admits(digits), "{digits}");
        }
        assert!(of(r"[A-Z]\d{4}", 5).is_none());
        assert!(of(r"\d{4}", 4).unwrap().admit(b"0000"));
        assert!(of("", 0).is_none());
    }

    #[test]
    fn first_bytes_are_those_of_the_pattern() {
        let bytes = FirstBytes::of("(?:9[56]|1[12])[0-9]|[〇一]x?").unwrap();
        let admitted: Vec<u8> = (0..=255).filter(|byte| bytes.admit(*byte)).collect();
        assert_eq!(admitted, [b'1', b'9', 0xE3, 0xE4]);
        assert!(FirstBytes::of("a?").is_none() && FirstBytes::of("").is_none());
    }

    proptest! {
        #[test]
        fn nothing_that_the_pattern_takes_is_refused(
            pattern in prop::sample::select(vec![
                r"(?:(?:00)?86|0)?1[3-9]\d{9}|14[014]\d{10}|1064\d{9}", r"[1-8]\d{16}[\dX]", r"9\d{16}[\dX]",
                r"[48]00\d{7}|9[56]\d{3,6}|100\d{2,3}|101\d{2}|1[12]\d{1,3}|106\d{5,11}|0\d{2,3}96\d{3,4}",
                r"6\d?|12", r"(?:\d\d)?7\d*", r"(1|2(3|4)?)?5+", r"0?0?0?9\d+"]),
            digits in "[0-9]{1,19}X?",
        ) {
            let whole = regex::bytes::Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap();
            if let Some(prefixes) = of(pattern, digits.len()) && whole.is_match(digits.as_bytes()) {
                prop_assert!(prefixes.admit(digits.as_bytes()), "{} {}", pattern, digits);
            }
        }
    }
}
