//! Taxpayer numbers: a credit code (18 characters), before it an area and an organization code (15), and for persons
//! their resident ID, sometimes with two digits more (17 or 20).
//!
//! Must never take a resident ID itself: that is found as one. Numbers of organizations are not personal; those made of
//! a person's ID are.

use super::cn_resident_id::{ResidentId, check_holds, is_province};
use super::{Candidate, Evidence, all_same, cn_org_code, cn_uscc, number};
use crate::finding::Traits;

/// Taxpayer numbers, only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let compact = candidate.compact;
    if !matches!(compact.len(), 15 | 17 | 18 | 20)
        || all_same(compact)
        || compact.iter().filter(|b| b.is_ascii_digit()).count() < 6
    {
        return None;
    }
    if compact.len() == 18 && ResidentId::parse(compact).is_some() && check_holds(compact) {
        return None;
    }
    let is_organization = match compact.len() {
        // An old resident ID, one in eleven of which ends as an organization code does.
        15 if ResidentId::parse(compact).is_some() => false,
        15 => compact.split_at_checked(6).is_some_and(|(_, code)| cn_org_code::check_holds(code)),
        18 => cn_uscc::check_holds(compact) && !cn_uscc::is_individual(compact),
        _ => false,
    };
    let province = compact.get(..2).and_then(number).is_some_and(|code| is_province(code as u32));
    let area = province || compact.get(2..4).and_then(number).is_some_and(|code| is_province(code as u32));
    Some(Evidence {
        checksum: if is_organization { 20 } else { 0 },
        registry: if area { 10 } else { 0 },
        label_required: true,
        traits: Traits { non_personal: is_organization, organization: is_organization, ..Traits::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn organizations_are_not_personal() {
        for value in ["91110000600037341L", "110105600037341", "110105D2143569X"] {
            let found = check(validate, value, true).unwrap();
            assert!(found.traits.non_personal && found.label_required && found.checksum == 20, "{value}");
        }
    }

    #[test]
    fn numbers_made_of_a_resident_id_are_personal() {
        for value in ["11010519491231002X01", "11010549123100201", "110105491231002"] {
            let found = check(validate, value, true).unwrap();
            assert!(!found.traits.non_personal && found.label_required, "{value}");
        }
    }

    #[test]
    fn an_old_resident_id_is_personal_whatever_its_check_digit() {
        for sequence in 0..1000 {
            let found = check(validate, &format!("110105491231{sequence:03}"), true).unwrap();
            assert!(!found.traits.non_personal, "{sequence}");
        }
    }

    #[test]
    fn a_resident_id_is_left_to_its_own_rule() {
        for value in ["11010519491231002X", "000000000000000", "ABCDEFGHJKLMNPQ", "11010549123100"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
