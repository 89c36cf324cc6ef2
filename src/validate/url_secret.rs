//! Passwords in URLs: refuses what examples write there, and the access methods of CVS.

use super::{Candidate, Evidence, secret};

/// What a [`secret`] is, but for the `pass` of `user:pass@host` and the `pserver:name` of `:pserver:name@host`.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let value = candidate.original;
    let method = [&b"pserver:"[..], b"gserver:", b"kserver:", b"ext:"].iter().any(|method| value.starts_with(method));
    if method || value.eq_ignore_ascii_case(b"pass") {
        return None;
    }
    secret::validate(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn examples_and_methods_are_refused() {
        for value in ["pass", "password", "pserver:anoncvs", "ext:tom", "${PASS}"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        for value in ["Kx9_2q7L", "s3cr3t-pw", "passion", "external:1"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }
}
