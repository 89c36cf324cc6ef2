//! What the first three digits of a value may be, worked out from a rule's pattern: one bit decides what the pattern
//! itself would decide at a hundred times the cost.
//!
//! May admit what the pattern refuses; must never refuse what it takes.

use regex_syntax::hir::literal::{ExtractKind, Extractor};

/// Most beginnings that are worked out; a pattern with more has none.
const MOST: usize = 4096;

/// One bit for each of the numbers 000 to 999.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefixes([u64; 16]);

impl Prefixes {
    /// The beginnings of what `pattern` takes; `None` when it says nothing about them.
    pub fn of(pattern: &str) -> Option<Prefixes> {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
        let mut extractor = Extractor::new();
        extractor.kind(ExtractKind::Prefix).limit_class(10).limit_repeat(3).limit_literal_len(3).limit_total(MOST);
        let found = extractor.extract(&hir);
        let mut prefixes = Prefixes([0; 16]);
        for literal in found.literals()? {
            let digits: Vec<u32> = literal
                .as_bytes()
                .iter()
                .take(3)
                .map(|b| b.is_ascii_digit().then(|| u32::from(b - b'0')))
                .collect::<Option<_>>()?;
            // A literal that is the whole value is shorter than any value with three digits that begins with it.
            let (from, to) = match digits.as_slice() {
                [] => return None,
                [a] => (a * 100, a * 100 + 99),
                [a, b] => (a * 100 + b * 10, a * 100 + b * 10 + 9),
                [a, b, c, ..] => (a * 100 + b * 10 + c, a * 100 + b * 10 + c),
            };
            for number in from..=to {
                if let Some(word) = prefixes.0.get_mut((number >> 6) as usize) {
                    *word |= 1 << (number & 63);
                }
            }
        }
        Some(prefixes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn beginnings_are_those_of_the_pattern() {
        let mobile = Prefixes::of(r"(?:(?:00)?86|0)?1[3-9]\d{9}|14[014]\d{10}|1064\d{9}").unwrap();
        for digits in ["13800138000", "8613800138000", "008613800138000", "013800138000", "1064000000000"] {
            assert!(mobile.admit(digits.as_bytes()), "{digits}");
        }
        for digits in ["2026", "1669"] {
            assert_eq!(mobile.admit(digits.as_bytes()), digits == "1669", "{digits}");
        }
        assert_eq!(Prefixes::of(r"\d+"), Prefixes::of(r"\d{4}"));
        assert!(Prefixes::of(r"[A-Z]\d{4}").is_none());
        assert!(Prefixes::of("").is_none());
    }

    proptest! {
        #[test]
        fn nothing_that_the_pattern_takes_is_refused(
            pattern in prop::sample::select(vec![
                r"(?:(?:00)?86|0)?1[3-9]\d{9}|14[014]\d{10}|1064\d{9}", r"[1-8]\d{16}[\dX]", r"9\d{16}[\dX]",
                r"[48]00\d{7}|9[56]\d{3,6}|100\d{2,3}|101\d{2}|1[12]\d{1,3}|106\d{5,11}|0\d{2,3}96\d{3,4}",
                r"6\d?|12", r"(?:\d\d)?7\d*"]),
            digits in "[0-9]{1,19}X?",
        ) {
            let whole = regex::bytes::Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap();
            if let Some(prefixes) = Prefixes::of(pattern) && whole.is_match(digits.as_bytes()) {
                prop_assert!(prefixes.admit(digits.as_bytes()), "{} {}", pattern, digits);
            }
        }
    }
}
