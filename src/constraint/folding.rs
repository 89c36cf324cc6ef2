//! Which values a database takes for equal in a key: their bytes decide, or a collation that passes over letter case.

use std::borrow::Cow;

/// Which values are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// The same bytes.
    Exact,
    /// The same but for the case of the letters of ASCII (`NOCASE` of SQLite).
    Ascii,
    /// The same but for the case of letters (`citext`).
    Case,
    /// The same but for the case of letters and spaces at the end (`_ci` of MySQL and MariaDB).
    Padded,
    /// A collation decides of which nothing is known here.
    Unknown,
}

impl Folding {
    /// What stands for `value` and for all values that are equal to it. Marks on letters are left to the database.
    pub(crate) fn fold(self, value: &[u8]) -> Cow<'_, [u8]> {
        let value = match self {
            Folding::Exact | Folding::Unknown => return Cow::Borrowed(value),
            Folding::Ascii | Folding::Case => value,
            Folding::Padded => without_spaces(value),
        };
        if value.is_ascii() || self == Folding::Ascii {
            if value.iter().any(u8::is_ascii_uppercase) {
                return Cow::Owned(value.to_ascii_lowercase());
            }
            return Cow::Borrowed(value);
        }
        match std::str::from_utf8(value) {
            Ok(text) => Cow::Owned(text.to_lowercase().into_bytes()),
            Err(_) => Cow::Owned(value.to_ascii_lowercase()),
        }
    }
}

/// `value` without the spaces at its end.
fn without_spaces(value: &[u8]) -> &[u8] {
    let kept = value.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    value.get(..kept).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_a_database_takes_for_equal_are_one() {
        let equal =
            |folding: Folding, one: &str, other: &str| folding.fold(one.as_bytes()) == folding.fold(other.as_bytes());
        for (one, other, ascii, case, padded) in [
            ("a***@x.com", "A***@X.COM", true, true, true),
            ("Ж***", "ж***", false, true, true),
            ("a", "a  ", false, false, true),
            ("a", "a\t", false, false, false),
            ("a", "b", false, false, false),
        ] {
            let found =
                [Folding::Exact, Folding::Ascii, Folding::Case, Folding::Padded].map(|all| equal(all, one, other));
            assert_eq!(found, [false, ascii, case, padded], "{one} {other}");
        }
    }
}
