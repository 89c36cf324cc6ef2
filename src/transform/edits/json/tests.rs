use proptest::prelude::*;

use super::*;
use crate::finding::{EntityId, Traits};
use crate::policy::OperatorSpec;
use crate::transform::tests::{NAME, PHONE, deidentify};

const TOKEN: &str = "6ncji5psbjk2apctzjz6";

/// The document after `needle` in it was found as a value of `entity` wherever it stands.
fn after(spec: OperatorSpec, text: &str, entity: EntityId, needle: &str) -> Result<Option<String>, DataError> {
    let found = |(start, _): (usize, &str)| Match {
        entity,
        score: 0.9,
        place: Place::Cell { column: 0, row: 0 },
        start: start as u32,
        end: (start + needle.len()) as u32,
        traits: Traits::default(),
    };
    let matches: Vec<Match> = text.match_indices(needle).map(found).collect();
    assert!(!matches.is_empty());
    let new = rewritten(&deidentify(spec), text.as_bytes(), &matches, &mut Ledger::default())?;
    Ok(new.map(|value| String::from_utf8(value.unwrap()).unwrap()))
}

fn phone(spec: OperatorSpec, text: &str) -> String {
    after(spec, text, PHONE, "13800138000").unwrap().unwrap()
}

#[test]
fn strings_are_replaced_in_place() {
    for text in [
        r#"{"p": "13800138000", "q": [1.50, "x 13800138000 y"], "p": null}"#,
        r#""13800138000""#,
        r#"["a\"13800138000\"", "\n13800138000\\", "\ud83d\ude0013800138000\/13800138000"]"#,
    ] {
        assert_eq!(phone(OperatorSpec::Hash, text), text.replace("13800138000", TOKEN));
    }
}

#[test]
fn numbers_stay_numbers() {
    let new = phone(OperatorSpec::Hash, r#"{"p": 13800138000, "n": 1}"#);
    let document: serde_json::Value = serde_json::from_str(&new).unwrap();
    let number = document["p"].as_u64().unwrap();
    assert!(number != 13_800_138_000 && number.to_string().len() == 11, "{new}");
    assert_eq!(phone(OperatorSpec::Null, r#"{"p": 13800138000}"#), r#"{"p": null}"#);
    assert!(after(OperatorSpec::Hash, "[-13800138000]", PHONE, "13800138000").is_err());
    assert!(after(OperatorSpec::Hash, "[13800138000.5]", PHONE, "13800138000").is_err());
}

#[test]
fn null_and_new_text_are_written_as_json() {
    assert_eq!(phone(OperatorSpec::Null, r#"{"p":"13800138000"}"#), r#"{"p":null}"#);
    assert_eq!(phone(OperatorSpec::Null, r#"["\t13800138000"]"#), r#"["\t"]"#);
    let quoted = OperatorSpec::Replace("\"\\\n".to_owned());
    assert_eq!(phone(quoted, r#"["13800138000"]"#), r#"["\"\\\n"]"#);
    assert_eq!(after(OperatorSpec::Keep, r#"["13800138000"]"#, PHONE, "13800138000").unwrap(), None);
}

#[test]
fn a_letter_of_an_escape_is_no_part_of_a_value() {
    let text = r#"["\n张伟"]"#;
    let new = after(OperatorSpec::Mask, text, NAME, "n张伟").unwrap().unwrap();
    assert_eq!(new, r#"["\n张*"]"#);
    let mut ledger = Ledger::default();
    let found = Match {
        entity: NAME,
        score: 0.9,
        place: Place::Cell { column: 0, row: 0 },
        start: 2,
        end: 14,
        traits: Traits::default(),
    };
    let text = r#"["\u5f20\u4f1f"]"#;
    let new = rewritten(&deidentify(OperatorSpec::Mask), text.as_bytes(), &[found], &mut ledger).unwrap();
    assert_eq!(new.unwrap().unwrap(), br#"["\u5f20*"]"#);
    assert!(ledger.is_original(NAME, "张伟".as_bytes()));
}

#[test]
fn keys_structure_and_broken_documents_are_refused() {
    for (text, needle) in [
        (r#"{"13800138000": 1}"#, "13800138000"),
        (r#"{"a13800138000\n": 1}"#, "13800138000"),
        (r#"["13800138000", 5]"#, "13800138000\", 5"),
        (r#"["13800138000\n"]"#, "13800138000\\"),
        ("{13800138000", "13800138000"),
        ("tel 13800138000", "13800138000"),
    ] {
        let error = after(OperatorSpec::Hash, text, PHONE, needle).unwrap_err();
        assert!(!error.to_string().contains("13800138000"), "{error}");
    }
}

proptest! {
    /// Whatever stands around the values: the document says the same but for them.
    #[test]
    fn documents_come_back(
        parts in prop::collection::vec(
            prop::sample::select(vec!["13800138000", "a", "\"", "\\", "\n", "张", "😀", " ", "\u{1}"]), 1..8),
        ascii in any::<bool>(),
        nested in any::<bool>(),
    ) {
        let document = |phone: &str| {
            let value = parts.join("|").replace("13800138000", phone);
            serde_json::json!({"键": value, "list": [value, 1.5, null]})
        };
        let text = document("13800138000").to_string();
        let escaped: String = text.chars().map(|character| match character {
            _ if !ascii || character.is_ascii() => character.to_string(),
            other => other.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        }).collect();
        let text = if nested { serde_json::json!([escaped]).to_string() } else { escaped };
        if text.contains("13800138000") {
            let new: serde_json::Value = serde_json::from_str(&phone(OperatorSpec::Hash, &text)).unwrap();
            let new = match new[0].as_str() {
                Some(inner) if nested => serde_json::from_str(inner).unwrap(),
                _ => new,
            };
            prop_assert_eq!(new, document(TOKEN));
        }
    }
}
