//! Which whole numbers may be of an entity type at all: by the number of their digits, and by what the name of their
//! column says. The others are neither read, where statistics tell of them, nor laid out as text.
//!
//! It must never refuse a number that some rule could find: in doubt all are admitted.

use super::Detector;
use super::column_name::said_by;
use super::program::{At, Program};
use crate::policy::parameters::Generalization;
use crate::rule::compile::{Anchor, MAX_DIGITS};
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::scalar::Typed;

/// Numbers of digits, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DigitCounts(u64);

impl Default for DigitCounts {
    fn default() -> Self {
        DigitCounts::ALL
    }
}

impl DigitCounts {
    /// Every number.
    pub(super) const ALL: DigitCounts = DigitCounts(u64::MAX);

    /// Whether numbers of so many digits are admitted.
    #[inline]
    pub(super) fn admit(self, digits: u32) -> bool {
        self.0 >> digits.min(63) & 1 == 1
    }

    fn admit_any(self, mut digits: std::ops::RangeInclusive<u32>) -> bool {
        digits.any(|digits| self.admit(digits))
    }
}

/// Which values of a column that is not of text may be of an entity type; by default all whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Admitted {
    /// Whole numbers, by their digits.
    pub(super) digits: DigitCounts,
    dates: bool,
    fractions: bool,
}

impl Admitted {
    /// Every value.
    #[cfg(test)]
    pub(super) const ALL: Admitted = Admitted { digits: DigitCounts::ALL, dates: true, fractions: true };

    /// Whether all values of that kind are admitted.
    pub(super) fn typed(self, typed: Typed) -> bool {
        match typed {
            Typed::Date => self.dates,
            Typed::Fraction => self.fractions,
        }
    }
}

/// The values that may be found in a column of which the name `says` this.
pub(super) fn admitted(program: &Program, says: &[Says]) -> Admitted {
    // Of days and fractions there are too many kinds: a name says which they are. Of one's own rules nobody knows.
    let mut admitted = Admitted { digits: digit_counts(program, says), ..Admitted::default() };
    for said in says {
        let (Says::Positive(id) | Says::Weak(id) | Says::Abbreviated(id)) = said else { continue };
        let Some(entity) = program.rules.entity(*id) else { continue };
        let is_own = program.rules.is_own(*id);
        admitted.dates |= entity.is_date || is_own;
        admitted.fractions |= Generalization::of(entity) == Some(Generalization::Position) || is_own;
    }
    admitted.dates |= !program.regex.is_empty();
    admitted.fractions |= !program.regex.is_empty();
    admitted
}

/// The numbers of digits that a whole number must have to be found in a column of which the name `says` this.
fn digit_counts(program: &Program, says: &[Says]) -> DigitCounts {
    let starts = says.iter().any(|said| {
        let (Says::Positive(entity) | Says::Weak(entity) | Says::Abbreviated(entity)) = said else { return false };
        program.from_label.get(usize::from(entity.0)).is_some_and(|list| !list.is_empty())
    });
    // Patterns of their own, and what a column's name alone makes a value, go by more than the number of digits.
    if starts || by_more_than_digits(program) {
        return DigitCounts::ALL;
    }
    let may_take = |at: &At| {
        program.recognizer(*at).is_none_or(|recognizer| {
            // Whole numbers have no `+`.
            !recognizer.plus && !recognizer.label_required
                || LabelIndex::standing(says, recognizer.entity) >= Standing::Abbreviated
        })
    };
    // Numbers longer than any rule's hold none; those are the places past the end.
    let counts = program.singles.iter().enumerate().filter(|(_, list)| list.iter().any(may_take));
    DigitCounts(counts.fold(0, |bits, (digits, _)| bits | 1_u64.checked_shl(digits as u32).unwrap_or_default()))
}

/// Whether a number may be found, without a label, by something else than how many digits it has: a literal in it, or a
/// pattern of its own.
pub(super) fn by_more_than_digits(program: &Program) -> bool {
    let is_number = |literal: &String| literal.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let of_number = |at: &At| match program.recognizer(*at).map(|recognizer| &recognizer.anchor) {
        Some(Anchor::Literal(literals)) => literals.iter().any(is_number),
        Some(Anchor::Label(_) | Anchor::JsonWebToken) => false,
        _ => true,
    };
    !program.regex.is_empty() || program.literals.any(of_number)
}

// Every number of digits has its bit.
const _: () = assert!(MAX_DIGITS < 63);

impl Detector {
    /// Whether some whole number from `least` to `most` in a column called `column` may be of an entity type.
    pub fn may_hold(&self, column: &str, least: i128, most: i128) -> bool {
        let says = said_by(self.program.rules.labels(), column);
        let digits = |number: i128| number.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
        let (one, other) = (digits(least), digits(most));
        let fewest = if (least < 0) == (most < 0) { one.min(other) } else { 1 };
        digit_counts(&self.program, says).admit_any(fewest..=one.max(other))
    }

    /// Whether days and moments, or fractions, in a column called `column` may be of an entity type.
    pub fn may_hold_typed(&self, column: &str, typed: Typed) -> bool {
        admitted(&self.program, said_by(self.program.rules.labels(), column)).typed(typed)
    }
}

/// Decimal digits of `number`.
#[inline]
pub(super) fn digits(number: u64) -> u32 {
    number.checked_ilog10().unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn only_numbers_as_long_as_identifiers_may_be_some() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        assert!(!detector.may_hold("quantity", 1, 9));
        assert!(!detector.may_hold("delta", -999, 0));
        assert!(detector.may_hold("delta", -13_800_138_000, -999));
        assert!(detector.may_hold("id", 1, 13_800_138_000));
        assert!(detector.may_hold("mobile", 13_800_138_000, 13_800_138_000));
        assert!(!detector.may_hold("sum", 10_i128.pow(30), 10_i128.pow(31)));
        let may_hold = |column, typed| detector.may_hold_typed(column, typed);
        assert!(may_hold("user.birthday", Typed::Date) && may_hold("lat.double", Typed::Fraction));
        for other in ["score", "created_at", "user_id", "expire_date", "token", "address"] {
            assert!(!may_hold(other, Typed::Date) && !may_hold(other, Typed::Fraction), "{other}");
        }
    }

    #[test]
    fn digits_are_counted() {
        assert_eq!([0, 9, 10, 99_999, u64::MAX].map(digits), [1, 1, 2, 5, 20]);
    }
}
