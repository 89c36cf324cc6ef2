use std::collections::BTreeSet;
use std::path::Path;

use super::*;

/// A small deterministic generator (xorshift64*), so that statistics do not depend on the day.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    pub(super) fn digits<const N: usize>(&mut self) -> [u8; N] {
        let mut digits = [b'0'; N];
        for digit in &mut digits {
            *digit = b'0' + self.below(10) as u8;
        }
        digits
    }
}

/// Runs a validator on a value as the detector would: separators dropped, upper case, full-width folded.
pub(super) fn check(validator: Validator, original: &str, labelled: bool) -> Option<Evidence> {
    let mut buffer = vec![0; original.len()];
    let folded = fold(original.as_bytes(), &mut buffer).unwrap();
    let compact: Vec<u8> = folded
        .iter()
        .filter(|byte| !matches!(byte, b' ' | b'-' | b'.' | b':' | b'(' | b')' | b'+'))
        .map(u8::to_ascii_uppercase)
        .collect();
    validator(&Candidate { compact: &compact, original: original.as_bytes(), labelled })
}

#[test]
fn every_file_of_the_folder_is_registered_under_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/validate");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "mod" && name != "tests")
        .collect();
    let registered: BTreeSet<String> = VALIDATORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, registered);
    assert_eq!(VALIDATORS.len(), registered.len(), "a name is registered twice");
    assert!(VALIDATORS.is_sorted_by_key(|(name, _)| *name));
    assert!(by_name("luhn").is_some() && by_name("tests").is_none());
}

#[test]
fn points_stay_within_the_score_model_and_nothing_panics_on_arbitrary_bytes() {
    let mut random = Random::new(3);
    let alphabet: Vec<char> = "0123456789ABCFXabx@.:-+()%/[] 转８＠．×Х王".chars().collect();
    for round in 0..40_000_u64 {
        let length = random.below(36);
        let value: String = (0..length).map(|_| alphabet[random.below(alphabet.len() as u64) as usize]).collect();
        for (name, validator) in VALIDATORS {
            for labelled in [false, true] {
                let raw = validator(&Candidate { compact: value.as_bytes(), original: value.as_bytes(), labelled });
                for evidence in [raw, check(*validator, &value, labelled)].into_iter().flatten() {
                    assert!((0..=30).contains(&evidence.checksum), "{name} {round}");
                    assert!((0..=20).contains(&evidence.registry), "{name} {round}");
                }
            }
        }
    }
}

#[test]
fn fold_makes_full_width_text_ascii() {
    let mut buffer = [0; 32];
    assert_eq!(fold("１３８－Ａｂ＠．～".as_bytes(), &mut buffer), Some(&b"138-Ab@.~"[..]));
    assert_eq!(fold("1\u{3000}2\u{200B}3\u{2014}4".as_bytes(), &mut buffer), Some(&b"1 23-4"[..]));
    assert_eq!(fold("转1".as_bytes(), &mut buffer), Some("转1".as_bytes()));
    assert_eq!(fold(&[b'1'; 33], &mut buffer), None);
}

#[test]
fn numbers_are_only_digits() {
    assert_eq!(number(b"0042"), Some(42));
    for value in [&b""[..], b"4x", b"-1", b"1234567890123456789"] {
        assert_eq!(number(value), None);
    }
}

/// The values that `fixtures/make_demo.py` made by its own reading of the standards: a second opinion on every validator.
fn planted() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo-planted.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| line.split_once('\t').map(|(entity, rest)| (entity.to_owned(), rest.to_owned()));
    let first = |rest: &str| rest.split('\t').next().map(str::to_owned).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| row(line).unwrap())
        .map(|(e, r)| (e, first(&r)))
        .collect()
}

#[test]
fn planted_values_pass_without_a_label() {
    let mut checked = 0;
    for (entity, value) in planted() {
        let name = match entity.as_str() {
            "BANK_CARD" => "bank_card",
            "CN_LANDLINE_PHONE" => "cn_landline",
            "CN_MOBILE_PHONE" => "cn_mobile",
            "CN_RESIDENT_ID" => "cn_resident_id",
            "EMAIL_ADDRESS" => "email",
            "IMEI" => "imei",
            "IP_ADDRESS" => "ip_address",
            "MAC_ADDRESS" => "mac_address",
            // Grammars and traps.
            _ => continue,
        };
        let found = check(by_name(name).unwrap(), &value, false);
        assert!(found.is_some_and(|found| !found.label_required), "{entity} {value} {found:?}");
        checked += 1;
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn planted_traps_need_a_label_or_are_nobodys() {
    let mut checked = 0;
    for (_, value) in planted().into_iter().filter(|(entity, _)| entity == "-") {
        // Luhn by itself claims no type.
        for (name, validator) in VALIDATORS.iter().filter(|(name, _)| *name != "luhn") {
            let found = check(*validator, &value, false);
            let harmless = found.is_none_or(|found| found.label_required || found.traits.non_personal);
            assert!(harmless, "{name} {value} {found:?}");
        }
        checked += 1;
    }
    assert!(checked > 300, "{checked}");
}
