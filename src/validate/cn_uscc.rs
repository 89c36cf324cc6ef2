//! Unified social credit codes (GB 32100-2015): 18 characters with the registering department, the class of the
//! organization, a GB/T 2260 area, the organization code of GB 11714, and a check character.
//!
//! Codes are public and not personal by themselves, save those of individual businesses, which stand for one person.

use super::cn_org_code;
use super::cn_resident_id::{self, AreaKnown, ResidentId, area_known, is_province};
use super::{Candidate, Evidence, number};
use crate::finding::Traits;

/// The characters by their value: no I, O, S, V, Z.
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Credit codes. Without a label only with a department and class of the standard, a known area, and a check character
/// that holds; a wrong one beside a label only.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let code = candidate.compact;
    let kind = known_class(code);
    if code.len() != 18 || !(kind || candidate.labelled) {
        return None;
    }
    let area = code.get(2..8)?;
    let placed = area == b"100000" || number(area).is_some_and(|area| is_place(area as u32));
    let holds = check_holds(code);
    if !(holds || candidate.labelled && kind) {
        return None;
    }
    // The resident ID of a sole trader in the place of a code.
    let is_resident_id = cn_resident_id::check_holds(code) && ResidentId::parse(code).is_some();
    let organization = code.get(8..17).is_some_and(cn_org_code::check_holds);
    let registry = if placed { 10 } else { 0 } + if organization { 10 } else { 0 };
    Some(Evidence {
        checksum: if holds { 30 } else { 0 },
        registry: if holds { registry } else { 0 },
        label_required: !(holds && placed),
        traits: Traits {
            non_personal: !is_individual(code) && !is_resident_id,
            organization: true,
            checksum_fails: !holds,
            ..Traits::default()
        },
    })
}

/// Whether a code may name the area: of a county or prefecture that is known, or of a whole province.
fn is_place(area: u32) -> bool {
    is_province(area / 10_000) && (area.is_multiple_of(10_000) || area_known(area) > AreaKnown::No)
}

/// Whether the code is of an individual business: commerce department, class 2.
pub fn is_individual(code: &[u8]) -> bool {
    code.starts_with(b"92")
}

/// Whether the last of 18 characters is the check character of the 17 before it: weights 3ⁱ modulo 31.
pub fn check_holds(code: &[u8]) -> bool {
    let Some((body, [check])) = code.split_first_chunk::<17>() else { return false };
    let (mut sum, mut weight) = (0, 1);
    for byte in body {
        let Some(value) = value(*byte) else { return false };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    value(*check) == Some((31 - sum % 31) % 31)
}

fn value(byte: u8) -> Option<u32> {
    CHARACTERS.iter().position(|known| *known == byte).map(|at| at as u32)
}

/// Whether department and class are a pair of the standard (and its amendment of 2016).
fn known_class(code: &[u8]) -> bool {
    let [department, class, ..] = code else { return false };
    let classes: &[u8] = match department {
        b'1' | b'5' => b"1239",
        b'2' | b'4' | b'8' | b'A' => b"19",
        b'3' => b"123459",
        b'6' | b'7' => b"129",
        b'9' => b"123",
        b'N' => b"1239",
        b'Y' => b"1",
        _ => return false,
    };
    classes.contains(class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::{Random, check};

    #[test]
    fn worked_examples() {
        for code in ["91110000600037341L", "91350100M000100Y43"] {
            let found = check(validate, code, false).unwrap();
            assert_eq!((found.checksum, found.label_required), (30, false), "{code}");
            assert!(found.traits.non_personal);
        }
        assert_eq!(check(validate, "91110000600037341L", false).map(|found| found.registry), Some(20));
    }

    #[test]
    fn a_wrong_check_character_needs_a_label() {
        assert_eq!(check(validate, "91110000600037341A", false), None);
        let found = check(validate, "91110000600037341A", true).unwrap();
        assert!(found.label_required && found.traits.checksum_fails);
    }

    #[test]
    fn what_cannot_be_one_is_rejected() {
        for code in [
            "94110000600037341L",
            "91110000600037341",
            "91110000600037341LL",
            "20220906101446934",
            "9111000060003734IL",
        ] {
            assert_eq!(check(validate, code, false), None, "{code}");
        }
        let found = check(validate, "11010519491231002X", true).unwrap();
        assert!(found.checksum == 0 && !found.traits.non_personal, "the resident ID of a sole trader");
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let code = b"91350100M000100Y43";
        for at in 0..17 {
            for other in CHARACTERS {
                let mut changed = *code;
                changed[at] = *other;
                assert_eq!(check_holds(&changed), changed == *code, "{at}");
            }
        }
    }

    #[test]
    fn an_individual_business_stands_for_a_person() {
        let body = b"92330106MA2CABCD1";
        let code = CHARACTERS.iter().map(|last| [&body[..], &[*last]].concat()).find(|code| check_holds(code)).unwrap();
        let found = check(validate, std::str::from_utf8(&code).unwrap(), false).unwrap();
        assert!(!found.traits.non_personal);
    }

    #[test]
    fn random_numbers_seldom_pass_without_a_label() {
        let mut random = Random::new(31);
        let hits = (0..100_000)
            .filter(|_| {
                let digits = random.digits::<18>();
                validate(&Candidate { compact: &digits, original: &digits, labelled: false })
                    .is_some_and(|found| !found.label_required)
            })
            .count();
        assert!(hits < 120, "{hits}");
    }
}
