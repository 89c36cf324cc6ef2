//! Verdicts on matches in texts without personal data (`reviewed.tsv`): each was looked at in its line.
//!
//! A line is an entity type, the first 16 hex digits of the SHA-256 of the matched bytes, `right` or `false`, and a word
//! of reason. Digests stand for the values so that those are not written down here; whoever has the texts has the values.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// The verdicts of this repository.
const TABLE: &str = include_str!("reviewed.tsv");
/// The reason of what is right by form and label and was invented to show it: `"username": "john_doe"`.
const EXAMPLE: &str = "example";

/// What somebody who looked at a match says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is what its type says: of a person, an office or a device.
    Right,
    /// It is what its type says, and was invented.
    Example,
    /// It is something else.
    False,
}

/// Verdicts by entity type and digest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reviewed {
    verdicts: HashMap<(String, String), Verdict>,
}

impl Reviewed {
    /// The verdicts that this program was built with.
    ///
    /// # Errors
    /// When a line is not as said above.
    pub(crate) fn new() -> Result<Reviewed, String> {
        Reviewed::parse(TABLE)
    }

    /// Reads lines; those that begin with `#` are comments.
    fn parse(table: &str) -> Result<Reviewed, String> {
        let mut verdicts = HashMap::new();
        for (number, line) in table.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let wrong = |what: &str| format!("reviewed.tsv, line {}: {what}", number + 1);
            let fields: Vec<&str> = line.split('\t').collect();
            let [entity, digest, verdict, reason] = fields.as_slice() else { return Err(wrong("not four fields")) };
            let is_type = !entity.is_empty() && entity.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            if !is_type {
                return Err(wrong("no entity type"));
            }
            if digest.len() != 16 || !digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(wrong("no digest of 16 hex digits"));
            }
            if reason.is_empty() || !reason.bytes().all(|b| b.is_ascii_lowercase()) {
                return Err(wrong("the reason is no single word"));
            }
            let verdict = match (*verdict, *reason) {
                ("right", EXAMPLE) => Verdict::Example,
                ("right", _) => Verdict::Right,
                ("false", _) => Verdict::False,
                _ => return Err(wrong("neither right nor false")),
            };
            if verdicts.insert(((*entity).to_owned(), (*digest).to_owned()), verdict).is_some() {
                return Err(wrong("a second verdict on one value"));
            }
        }
        Ok(Reviewed { verdicts })
    }

    /// The verdict on `value` as a match of `entity`, where there is one.
    pub(crate) fn verdict(&self, entity: &str, value: &[u8]) -> Option<Verdict> {
        self.verdicts.get(&(entity.to_owned(), digest(value))).copied()
    }
}

/// How `value` is called in the table.
pub(crate) fn digest(value: &[u8]) -> String {
    let hash = Sha256::digest(value);
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_sha256sum() {
        // printf 13800138000 | sha256sum
        assert_eq!(digest(b"13800138000"), "a6942f9771d67f34");
    }

    #[test]
    fn verdicts_are_of_one_value_of_one_type() {
        let table = format!(
            "# a comment\nCN_MOBILE_PHONE\t{0}\tright\toffice\nACCOUNT_NAME\t{0}\tfalse\tcode\nPASSWORD\t{0}\tright\texample\n",
            digest(b"13800138000")
        );
        let reviewed = Reviewed::parse(&table).unwrap();
        assert_eq!(reviewed.verdict("CN_MOBILE_PHONE", b"13800138000"), Some(Verdict::Right));
        assert_eq!(reviewed.verdict("ACCOUNT_NAME", b"13800138000"), Some(Verdict::False));
        assert_eq!(reviewed.verdict("PASSWORD", b"13800138000"), Some(Verdict::Example));
        assert_eq!(reviewed.verdict("FAX", b"13800138000"), None);
        assert_eq!(reviewed.verdict("CN_MOBILE_PHONE", b"13800138001"), None);
    }

    #[test]
    fn lines_that_are_not_as_they_should_be_are_refused() {
        let good = "FAX\t0123456789abcdef\tfalse\tcode";
        assert!(Reviewed::parse(good).is_ok());
        for (line, reason) in [
            ("FAX\t0123456789abcdef\tfalse", "line 1: not four fields"),
            ("FAX\t0123456789abcdef\tfalse\tcode\tx", "line 1: not four fields"),
            ("\n", "line 1: not four fields"),
            ("fax\t0123456789abcdef\tfalse\tcode", "line 1: no entity type"),
            ("FAX\t0123456789ABCDEF\tfalse\tcode", "line 1: no digest"),
            ("FAX\t0123456789abcde\tfalse\tcode", "line 1: no digest"),
            ("FAX\t0123456789abcdef\tmaybe\tcode", "line 1: neither"),
            ("FAX\t0123456789abcdef\tfalse\ttwo words", "line 1: the reason"),
            ("FAX\t0123456789abcdef\tfalse\t", "line 1: the reason"),
            (&format!("{good}\n{good}"), "line 2: a second verdict"),
        ] {
            let error = Reviewed::parse(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }

    #[test]
    fn the_table_of_this_repository_is_read() {
        let reviewed = Reviewed::new().unwrap();
        let reader = crate::reading::Reader::new().unwrap();
        for (entity, _) in reviewed.verdicts.keys() {
            assert!(reader.knows(entity), "{entity}");
            assert_ne!(entity, "EMAIL_ADDRESS", "those are right by form, and not reviewed");
        }
        assert!(reviewed.verdicts.values().any(|verdict| *verdict == Verdict::Right));
        assert!(reviewed.verdicts.values().any(|verdict| *verdict == Verdict::False));
    }
}
