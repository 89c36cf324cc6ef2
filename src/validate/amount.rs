//! Amounts of money: refuses the first part of longer numbers, of days, times and versions.

use super::{Candidate, Evidence};

/// Amounts in digits. A number that goes on is another thing, and one that begins with several zeros is a code.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let amount = candidate.original;
    // What goes on behind the digits (a day, a time, a version, a unit) belongs to what the pattern takes.
    let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b',' | b'.');
    let is_more = !amount.iter().skip(1).all(is_number) || amount.iter().filter(|byte| **byte == b'.').count() > 1;
    let is_code = amount.starts_with(b"00") && !amount.contains(&b'.');
    (!is_more && !is_code).then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn groups_and_codes_are_no_amounts() {
        for value in ["6217 0012 3456 7893", "6217-0012-3456", "000128", "2024-", "3.2.1", "12:", "50%", "3天", "10 MB"]
        {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        for value in ["128.50", "-128.50", "1,280.00", "0.00", "00.50", "0"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }
}
