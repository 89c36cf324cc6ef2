//! Identifiers of devices and of advertising on them: refuses what platforms give in the place of one.

use super::{Candidate, Evidence, all_same};
use crate::finding::Traits;

/// Any identifier that is no placeholder. All zeros say that the user opted out.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let value = candidate.compact;
    let placeholder =
        matches!(value, b"UNKNOWN" | b"0123456789ABCDEF" | b"123456789ABCDEF" | b"1234567890ABCDEF" | b"0123456789");
    if value.is_empty() || all_same(value) || placeholder {
        return None;
    }
    // One value that a fault gave to many phones.
    let traits = Traits { test_value: value == b"9774D56D682E549C", ..Traits::default() };
    Some(Evidence { label_required: true, traits, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn placeholders_are_no_identifiers() {
        for value in ["00000000-0000-0000-0000-000000000000", "unknown", "0123456789ABCDEF", "ffffffffffffffff"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        assert!(!check(validate, "3f8a9c0d1e2b4a57", true).unwrap().traits.test_value);
        assert!(check(validate, "9774d56d682e549c", true).unwrap().traits.test_value);
    }
}
