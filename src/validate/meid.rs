//! Mobile equipment identifiers of CDMA devices (MEID, 3GPP2 S.R0048): 14 hexadecimal digits.
//!
//! Found beside a label only: nothing in them can be checked.

use super::{Candidate, Evidence, all_same};

/// MEIDs: the first two digits are A0 to FF, or 99 where the number serves as an IMEI too.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let value = candidate.compact;
    let of_meid = matches!(value, [b'A'..=b'F', b'0'..=b'9' | b'A'..=b'F', ..] | [b'9', b'9', ..]);
    let well_formed = value.len() == 14 && value.iter().all(u8::is_ascii_hexdigit);
    if !of_meid || !well_formed || all_same(value.split_at_checked(2)?.1) {
        return None;
    }
    Some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn the_first_digits_decide() {
        for value in ["AF0123450ABCDE", "a1000012345678", "99000012345678"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
        for value in ["12000012345678", "AF012345", "A0000000000000", "G0000012345678"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
