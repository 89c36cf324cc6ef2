//! Codes of bank branches in the payment system (CNAPS): bank, city, branch, and a check digit whose rule is not public.
//! Not personal.

use super::{Candidate, Evidence, all_same, number};
use crate::finding::Traits;

/// Codes of bank branches, only beside a label; of a bank that is not known, only beside one that names them.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let digits = candidate.compact;
    if digits.len() != 12 || !digits.iter().all(u8::is_ascii_digit) || all_same(digits) {
        return None;
    }
    let bank = number(digits.get(..3)?)?;
    // The central bank, state and policy banks, joint-stock, city, rural and postal ones, foreign ones.
    let known =
        matches!(bank, 1 | 11 | 102..=105 | 201..=203 | 301..=310 | 313..=322 | 401..=403 | 501..=799 | 901..=909);
    if !known && !candidate.labelled {
        return None;
    }
    Some(Evidence {
        registry: if known { 10 } else { 0 },
        checksum: 0,
        label_required: true,
        traits: Traits { non_personal: true, organization: true, ..Traits::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn banks_decide_without_a_strong_label() {
        let found = check(validate, "102331002023", false).unwrap();
        assert!(found.traits.non_personal && found.label_required && found.registry == 10);
        assert_eq!(check(validate, "888331002023", false), None);
        assert_eq!(check(validate, "888331002023", true).map(|found| found.registry), Some(0));
        for value in ["10233100202", "1023310020233", "111111111111", "10233100202A"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
