//! Validators: code that checks the structure of a candidate against a standard or a register. One file each.
//!
//! To add a validator: write its file, called as rules call it, and add its `mod` line and one line to
//! [`VALIDATORS`]. A validator must never allocate per candidate, and never reject for want of a register entry
//! what a label beside it would make plausible: registers are always behind the times.

pub mod account_name;
pub mod amount;
pub mod bank_account;
pub mod bank_card;
pub mod calendar_date;
pub mod card_expiry;
pub mod cn_biz_reg_no;
pub mod cn_landline;
pub mod cn_license_plate;
pub mod cn_mobile;
pub mod cn_org_code;
pub mod cn_permanent_resident_id;
pub mod cn_postal_code;
pub mod cn_resident_id;
pub mod cn_service_number;
pub mod cn_uscc;
pub mod cnaps_code;
pub mod device_id;
pub mod email;
pub mod foreign_phone;
pub mod gps_coordinate;
pub mod hk_id_card;
pub mod iban;
pub mod iccid;
pub mod imei;
pub mod imsi;
pub mod ip_address;
pub mod json_web_token;
pub mod letters_and_digits;
pub mod luhn;
pub mod mac_address;
pub mod machine_readable_zone;
pub mod meid;
pub mod not_placeholder;
pub mod not_repeated;
pub mod secret;
pub mod spelled_digits;
pub mod taiwan_id_card;
pub mod taxpayer_id;
pub mod upu_s10;
pub mod url_secret;
pub mod vin;
pub mod wechat_id;

#[cfg(test)]
mod tests;

use crate::finding::Traits;

/// A candidate as a validator sees it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The value without separators; full-width folded to ASCII; letters in upper case.
    pub compact: &'a [u8],
    /// The value as it stands in the text.
    pub original: &'a [u8],
    /// A label, key or column name says that the value is of this entity type.
    pub labelled: bool,
}

/// What a validator found out. Points are those of the score model: checksum 0 to 30, registry 0 to 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Points for a checksum that holds.
    pub checksum: i16,
    /// Points for a hit in a register.
    pub registry: i16,
    /// The candidate counts only beside a label.
    pub label_required: bool,
    /// What else is known.
    pub traits: Traits,
}

impl Evidence {
    /// Most points for a checksum.
    pub const MOST_CHECKSUM: i16 = 30;
    /// Most points for a hit in a register.
    pub const MOST_REGISTRY: i16 = 20;
}

/// Checks a candidate: `None` rejects it.
pub type Validator = fn(&Candidate<'_>) -> Option<Evidence>;

/// The validators by name, as rules call them.
pub static VALIDATORS: &[(&str, Validator)] = &[
    ("account_name", account_name::validate),
    ("amount", amount::validate),
    ("bank_account", bank_account::validate),
    ("bank_card", bank_card::validate),
    ("calendar_date", calendar_date::validate),
    ("card_expiry", card_expiry::validate),
    ("cn_biz_reg_no", cn_biz_reg_no::validate),
    ("cn_landline", cn_landline::validate),
    ("cn_license_plate", cn_license_plate::validate),
    ("cn_mobile", cn_mobile::validate),
    ("cn_org_code", cn_org_code::validate),
    ("cn_permanent_resident_id", cn_permanent_resident_id::validate),
    ("cn_postal_code", cn_postal_code::validate),
    ("cn_resident_id", cn_resident_id::validate),
    ("cn_service_number", cn_service_number::validate),
    ("cn_uscc", cn_uscc::validate),
    ("cnaps_code", cnaps_code::validate),
    ("device_id", device_id::validate),
    ("email", email::validate),
    ("foreign_phone", foreign_phone::validate),
    ("gps_coordinate", gps_coordinate::validate),
    ("hk_id_card", hk_id_card::validate),
    ("iban", iban::validate),
    ("iccid", iccid::validate),
    ("imei", imei::validate),
    ("imsi", imsi::validate),
    ("ip_address", ip_address::validate),
    ("json_web_token", json_web_token::validate),
    ("letters_and_digits", letters_and_digits::validate),
    ("luhn", luhn::validate),
    ("mac_address", mac_address::validate),
    ("machine_readable_zone", machine_readable_zone::validate),
    ("meid", meid::validate),
    ("not_placeholder", not_placeholder::validate),
    ("not_repeated", not_repeated::validate),
    ("secret", secret::validate),
    ("spelled_digits", spelled_digits::validate),
    ("taiwan_id_card", taiwan_id_card::validate),
    ("taxpayer_id", taxpayer_id::validate),
    ("upu_s10", upu_s10::validate),
    ("url_secret", url_secret::validate),
    ("vin", vin::validate),
    ("wechat_id", wechat_id::validate),
];

/// The validator called `name`.
pub fn by_name(name: &str) -> Option<Validator> {
    VALIDATORS.iter().find(|(known, _)| *known == name).map(|(_, validator)| *validator)
}

/// The number that ASCII digits spell; `None` when there is another byte, no digit, or more than 18 digits.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// Whether all bytes are the same one: placeholders such as `000000000000000` satisfy many checksums.
pub(crate) fn all_same(bytes: &[u8]) -> bool {
    bytes.windows(2).all(|pair| matches!(pair, [left, right] if left == right))
}

/// Writes `original` to `buffer` with full-width forms folded to ASCII, all dashes to `-`, all spaces to a space and
/// zero-width characters dropped. Other bytes are copied. `None` when the buffer is too short, so a buffer of the
/// longest legal length refuses longer values.
pub(crate) fn fold<'b>(original: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    if original.is_ascii() {
        let copy = buffer.get_mut(..original.len())?;
        copy.copy_from_slice(original);
        return Some(copy);
    }
    let mut rest = original;
    let mut length = 0;
    while let [first, tail @ ..] = rest {
        let (folded, after) = match rest {
            [0..0x80, ..] => (Some(*first), tail),
            // U+FF01..U+FF3F and U+FF40..U+FF5E: the full-width forms of `!`..`?`..`~`.
            [0xEF, 0xBC, third @ 0x81..=0xBF, after @ ..] => (Some(third - 0x60), after),
            [0xEF, 0xBD, third @ 0x80..=0x9E, after @ ..] => (Some(third - 0x20), after),
            // U+2010..U+2015 and U+2212.
            [0xE2, 0x80, 0x90..=0x95, after @ ..] | [0xE2, 0x88, 0x92, after @ ..] => (Some(b'-'), after),
            // U+3000 and U+00A0.
            [0xE3, 0x80, 0x80, after @ ..] | [0xC2, 0xA0, after @ ..] => (Some(b' '), after),
            // U+200B..U+200D, U+FEFF, U+00AD.
            [0xE2, 0x80, 0x8B..=0x8D, after @ ..] | [0xEF, 0xBB, 0xBF, after @ ..] | [0xC2, 0xAD, after @ ..] => {
                (None, after)
            }
            _ => (Some(*first), tail),
        };
        if let Some(byte) = folded {
            *buffer.get_mut(length)? = byte;
            length += 1;
        }
        rest = after;
    }
    buffer.get(..length)
}
