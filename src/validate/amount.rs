//! Amounts of money: refuses the first groups of longer numbers.

use super::{Candidate, Evidence};

/// Amounts in digits. A number in groups of four is that of a card, and one that begins with several zeros is a code.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let amount = candidate.original;
    let is_grouped = amount.iter().skip(1).any(|byte| matches!(byte, b' ' | b'-'));
    let is_code = amount.starts_with(b"00") && !amount.contains(&b'.');
    (!is_grouped && !is_code).then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn groups_and_codes_are_no_amounts() {
        for value in ["6217 0012 3456 7893", "6217-0012-3456", "000128"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        for value in ["128.50", "-128.50", "1,280.00", "0.00", "00.50", "0"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }
}
