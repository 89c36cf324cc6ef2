use super::key::tests::known;
use super::*;
use crate::rule::{Canonical, Mask, Shape};

pub(super) const PHONE: EntityId = EntityId(0);
pub(super) const NAME: EntityId = EntityId(1);
pub(super) const CARD: EntityId = EntityId(2);
pub(super) const ID: EntityId = EntityId(3);
pub(super) const IP: EntityId = EntityId(4);
pub(super) const MAC: EntityId = EntityId(5);
/// Without a shape, and its mask shows too much to stand in for a token.
pub(super) const PLATE: EntityId = EntityId(6);

pub(super) fn rules() -> Arc<RuleSet> {
    let entity = |id: EntityId, name: &str, canonical, mask, shape| EntityType {
        id,
        name: name.to_owned(),
        zh: String::new(),
        en: String::new(),
        canonical,
        mask,
        shape,
        is_date: name == "BIRTHDAY",
    };
    Arc::new(RuleSet::of_entities(vec![
        entity(PHONE, "CN_MOBILE_PHONE", Canonical::CnMobile, Mask::Keep { first: 3, last: 4 }, Some(Shape::CnMobile)),
        entity(NAME, "PERSON_NAME", Canonical::Text, Mask::PersonName, None),
        entity(CARD, "BANK_CARD", Canonical::Digits, Mask::Keep { first: 6, last: 4 }, Some(Shape::Card)),
        entity(
            ID,
            "CN_RESIDENT_ID",
            Canonical::UpperAlphanumeric,
            Mask::Keep { first: 1, last: 1 },
            Some(Shape::CnResidentId),
        ),
        entity(IP, "IP_ADDRESS", Canonical::Ip, Mask::Ip, None),
        entity(MAC, "MAC_ADDRESS", Canonical::Mac, Mask::Mac, Some(Shape::Mac)),
        entity(PLATE, "PLATE", Canonical::Text, Mask::Keep { first: 1, last: 1 }, None),
    ]))
}

pub(super) fn deidentify(spec: OperatorSpec) -> Transformer {
    Transformer::new(rules(), Arc::new(Policy::uniform(spec)), Purpose::Deidentify, Some(known())).unwrap()
}

fn anonymize(spec: OperatorSpec) -> Transformer {
    Transformer::new(rules(), Arc::new(Policy::uniform(spec)), Purpose::Anonymize, None).unwrap()
}

fn template() -> OperatorSpec {
    OperatorSpec::Replace("<{entity}>".to_owned())
}

fn replaced(transformer: &Transformer, entity: EntityId, value: &str, kind: &ColumnKind) -> String {
    match transformer.replace(entity, Traits::default(), value.as_bytes(), kind, true).unwrap() {
        Replacement::Value(value) => String::from_utf8(value).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn varchar(max_chars: u32) -> ColumnKind {
    ColumnKind::Text { max_chars: Some(max_chars), nullable: true }
}

const BIGINT: ColumnKind = ColumnKind::Number { digits: 18, nullable: true };

/// Computed independently with Python's hmac module, for the key of the bytes 0..32:
/// ```python
/// import hmac, hashlib, base64
/// h = lambda key, data: hmac.new(key, data, hashlib.sha256).digest()
/// extracted = h(bytes(32), bytes(range(32)))                                    # HKDF-Extract, no salt
/// key = h(extracted, b"tuomin-v1\0hash\0CN_MOBILE_PHONE\0default" + b"\x01")    # HKDF-Expand, first block
/// base64.b32encode(h(key, b"13800138000")).decode().lower()[:20]
/// ```
#[test]
fn known_token_for_every_spelling() {
    let transformer = deidentify(OperatorSpec::Hash);
    for spelling in [
        "13800138000",
        "138-0013-8000",
        "+86 138 0013 8000",
        "１３８００１３８０００",
        "一三八〇〇一三八〇〇〇",
        "1三8零零幺三 8000",
    ] {
        assert_eq!(replaced(&transformer, PHONE, spelling, &ColumnKind::FREE_TEXT), "6ncji5psbjk2apctzjz6");
    }
    assert_eq!(transformer.key_id(), Some("c2lgqiqp"));
}

#[test]
fn tokens_differ_by_entity_and_key() {
    let transformer = deidentify(OperatorSpec::Hash);
    let phone = replaced(&transformer, PHONE, "13800138000", &ColumnKind::FREE_TEXT);
    assert_ne!(phone, replaced(&transformer, CARD, "13800138000", &ColumnKind::FREE_TEXT));
    let (one, other) = (anonymize(OperatorSpec::Hash), anonymize(OperatorSpec::Hash));
    let token = replaced(&one, PHONE, "13800138000", &ColumnKind::FREE_TEXT);
    assert_eq!(token, replaced(&one, PHONE, "138 0013 8000", &ColumnKind::FREE_TEXT));
    assert_ne!(token, replaced(&other, PHONE, "13800138000", &ColumnKind::FREE_TEXT));
    assert_eq!(one.key_id(), None);
}

#[test]
fn keys_belong_to_their_purpose() {
    let new = |purpose, key| Transformer::new(rules(), Arc::new(Policy::default()), purpose, key);
    assert!(matches!(new(Purpose::Deidentify, None), Err(Error::Key(_))));
    assert!(matches!(new(Purpose::Anonymize, Some(known())), Err(Error::Key(_))));
}

#[test]
fn a_number_in_chinese_numerals_keeps_its_shape_and_fits_its_column() {
    let fpe = replaced(&deidentify(OperatorSpec::Fpe), PHONE, "13800138000", &BIGINT);
    for spec in [OperatorSpec::Fpe, OperatorSpec::Hash] {
        let transformer = deidentify(spec);
        for spelled in ["一三八〇〇一三八〇〇〇", "1三8〇〇一三8000"] {
            assert_eq!(replaced(&transformer, PHONE, spelled, &varchar(11)), fpe);
        }
    }
    assert_eq!(replaced(&deidentify(OperatorSpec::Mask), PHONE, "一三八〇〇一三八〇〇〇", &varchar(11)), "138****8000");
}

#[test]
fn text_and_number_columns_agree() {
    let transformer = deidentify(OperatorSpec::Fpe);
    for (entity, value) in
        [(PHONE, "13800138000"), (CARD, "6222021234567890128"), (ID, "440524199001010012"), (ID, "110105491231002")]
    {
        let text = replaced(&transformer, entity, value, &varchar(19));
        assert_eq!(text, replaced(&transformer, entity, value, &BIGINT));
        assert_eq!(text.len(), value.len());
        assert!(text.parse::<i64>().is_ok() && text != value);
    }
}

/// What the fit of operator, place and purpose comes to: an operator's name, or a part of the refusal.
#[test]
fn numbers_and_dates_without_a_shape_become_nothing() {
    let number = ColumnKind::Number { digits: 18, nullable: true };
    let strict = ColumnKind::Number { digits: 18, nullable: false };
    let date = ColumnKind::Date { time: true, nullable: true };
    for (transformer, entity, kind, expected) in [
        (deidentify(OperatorSpec::Mask), NAME, &number, Ok("null")),
        (deidentify(OperatorSpec::Replace("x".to_owned())), NAME, &number, Ok("null")),
        (deidentify(OperatorSpec::Mask), NAME, &strict, Err("cannot hold what mask writes")),
        (deidentify(OperatorSpec::Null), PHONE, &date, Ok("null")),
        (deidentify(OperatorSpec::Mask), PHONE, &date, Err("cannot hold what mask writes")),
        (anonymize(OperatorSpec::Mask), PHONE, &date, Ok("null")),
    ] {
        match (transformer.plan(entity, kind), expected) {
            (Ok(plan), Ok(expected)) => assert_eq!(plan.operator.name(), expected, "{kind:?}"),
            (Err(error), Err(expected)) => assert!(error.reason.contains(expected), "{kind:?}: {error}"),
            (plan, expected) => panic!("{kind:?}: {plan:?}, not {expected:?}"),
        }
    }
}

#[test]
fn fit_matrix() {
    let narrow = varchar(11);
    let strict = ColumnKind::Text { max_chars: Some(11), nullable: false };
    let exact = varchar(20);
    let number = BIGINT;
    let strict_number = ColumnKind::Number { digits: 18, nullable: false };
    let date = ColumnKind::Date { time: false, nullable: true };
    let free = ColumnKind::FREE_TEXT;
    let [inet, strict_inet] = [true, false].map(|nullable| ColumnKind::IpAddress { nullable });
    let hardware = ColumnKind::MacAddress { nullable: false };
    let (json, array) = (ColumnKind::Json, ColumnKind::Array(Box::new(varchar(11))));
    use OperatorSpec::{Fpe, Hash, Keep, Mask, Null, Redact};
    for (purpose, entity, spec, kind, expected) in [
        ("d", PHONE, Hash, &free, "hash"),
        ("d", PHONE, Hash, &exact, "hash"),
        ("d", PHONE, Hash, &narrow, "fpe"),
        ("d", NAME, Hash, &narrow, "mask"),
        ("a", NAME, template(), &narrow, "mask"),
        ("d", PLATE, Hash, &narrow, "a text of at most 11 characters cannot hold a 20-character token"),
        ("d", IP, Hash, &varchar(15), "mask"),
        ("d", IP, Hash, &inet, "mask"),
        ("d", IP, Mask, &inet, "mask"),
        ("d", IP, Keep, &inet, "keep"),
        ("d", IP, Fpe, &inet, "no same-shape form"),
        ("d", IP, Null, &inet, "null"),
        ("d", IP, Redact, &inet, "null"),
        ("d", IP, Redact, &strict_inet, "must not be NULL"),
        ("a", IP, template(), &strict_inet, "mask"),
        ("d", PHONE, Hash, &inet, "type an IP address"),
        ("d", MAC, Hash, &varchar(17), "fpe"),
        ("d", MAC, Hash, &free, "hash"),
        ("d", MAC, Hash, &hardware, "fpe"),
        ("d", MAC, Mask, &hardware, "fpe"),
        ("d", MAC, Fpe, &hardware, "fpe"),
        ("d", MAC, Null, &hardware, "must not be NULL"),
        ("d", PHONE, Hash, &hardware, "type a hardware address"),
        ("d", PHONE, Hash, &json, "hash"),
        ("d", PHONE, Hash, &array, "fpe"),
        ("d", PHONE, Hash, &number, "fpe"),
        ("d", NAME, Hash, &number, "fpe"),
        ("d", PHONE, Hash, &date, "a date cannot hold what hash writes"),
        ("d", PHONE, Keep, &date, "keep"),
        ("d", PHONE, Keep, &number, "keep"),
        ("d", PHONE, Mask, &narrow, "mask"),
        ("d", PHONE, Mask, &number, "fpe"),
        ("d", PHONE, template(), &narrow, "fpe"),
        ("d", PLATE, OperatorSpec::Replace("x".repeat(13)), &narrow, "13-character replacement"),
        ("d", NAME, template(), &exact, "replace"),
        ("d", PHONE, template(), &number, "fpe"),
        ("d", PHONE, Redact, &narrow, "redact"),
        ("d", PHONE, Redact, &number, "null"),
        ("d", PHONE, Redact, &strict_number, "must not be NULL"),
        ("d", PHONE, OperatorSpec::Drop, &number, "null"),
        ("d", PHONE, OperatorSpec::Drop, &strict_number, "must not be NULL"),
        ("d", PHONE, Null, &narrow, "null"),
        ("d", PHONE, Null, &strict, "must not be NULL"),
        ("d", PHONE, Null, &strict_number, "must not be NULL"),
        ("d", PHONE, Fpe, &narrow, "fpe"),
        ("d", NAME, Fpe, &free, "no same-shape form"),
        ("d", NAME, Fpe, &number, "no same-shape form"),
        ("a", PHONE, template(), &free, "replace"),
        ("a", PHONE, template(), &number, "null"),
        ("a", PHONE, template(), &strict_number, "fpe"),
        ("a", NAME, template(), &strict_number, "cannot hold what replace writes"),
        ("a", PHONE, Mask, &number, "null"),
        ("a", PHONE, Hash, &number, "fpe"),
    ] {
        let name = spec.name();
        let transformer = if purpose == "d" { deidentify(spec) } else { anonymize(spec) };
        match transformer.plan(entity, kind) {
            Ok(plan) => {
                assert_eq!(plan.operator.name(), expected, "{purpose} {name} in {kind:?}");
                assert_eq!(plan.reason.is_some(), expected != name);
            }
            Err(error) => {
                assert!(error.reason.contains(expected), "{purpose} {name} in {kind:?}: {error}");
                assert!(error.advice.is_some());
            }
        }
    }
}

#[test]
fn a_number_that_does_not_fit_is_refused() {
    let int = ColumnKind::Number { digits: 9, nullable: true };
    let error =
        deidentify(OperatorSpec::Fpe).replace(PHONE, Traits::default(), b"13800138000", &int, true).unwrap_err();
    assert!(error.reason.contains("a number of 9 digits") && !error.to_string().contains("138"), "{error}");
}

#[test]
fn null_for_part_of_a_text_is_nothing() {
    let transformer = deidentify(OperatorSpec::Null);
    let of = |whole| transformer.replace(PHONE, Traits::default(), b"13800138000", &ColumnKind::FREE_TEXT, whole);
    assert_eq!(of(true), Ok(Replacement::Null));
    assert_eq!(of(false), Ok(Replacement::Value(Vec::new())));
}

/// Only values within them may be replaced: the whole has a syntax.
#[test]
fn a_document_is_not_replaced_by_a_token() {
    for kind in [ColumnKind::Json, ColumnKind::Array(Box::new(ColumnKind::FREE_TEXT))] {
        for spec in [OperatorSpec::Hash, OperatorSpec::Mask, OperatorSpec::Null] {
            let outcome = deidentify(spec).replace(PHONE, Traits::default(), b"13800138000", &kind, true);
            assert!(outcome.unwrap_err().reason.contains("CN_MOBILE_PHONE stands in a value of type"));
        }
    }
}

#[test]
fn hardware_addresses_fit_where_they_stood() {
    let transformer = deidentify(OperatorSpec::Hash);
    let hardware = ColumnKind::MacAddress { nullable: true };
    let colons = replaced(&transformer, MAC, "f4:5c:89:ab:cd:ef", &hardware);
    assert_eq!(colons.replace(':', ""), replaced(&transformer, MAC, "f45c89abcdef", &varchar(12)));
    assert_eq!(colons.replace(':', "-").to_uppercase(), replaced(&transformer, MAC, "F4-5C-89-AB-CD-EF", &varchar(17)));
    assert!(colons.starts_with("f4:5c:89:") && colons != "f4:5c:89:ab:cd:ef");
}

#[test]
fn what_is_not_personal_is_kept() {
    let traits = Traits { non_personal: true, ..Traits::default() };
    let outcome = deidentify(OperatorSpec::Hash).replace(PHONE, traits, b"13800138000", &BIGINT, true);
    assert_eq!(outcome, Ok(Replacement::Keep));
}

#[test]
fn misshapen_value_in_a_number_is_refused_and_not_shown() {
    let error = deidentify(OperatorSpec::Hash).replace(CARD, Traits::default(), b"4567891", &BIGINT, true).unwrap_err();
    assert!(error.reason.contains("7 characters") && !error.to_string().contains("4567891"), "{error}");
}

#[test]
fn every_operator_file_is_registered() {
    let stages = ["described", "edits", "fit", "key", "ledger", "mod", "reverse", "subjects", "tests", "watch"];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/transform");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !stages.contains(&name.as_str()))
        .collect();
    files.sort();
    let mut registered: Vec<_> = OPERATORS.iter().map(|operator| operator.name).collect();
    registered.sort_unstable();
    assert_eq!(files, registered);
    for operator in OPERATORS {
        let written = match operator.name {
            "sha256" => "{sha256: {unkeyed: accepted, reason: test}}".to_owned(),
            "date_shift" => "{date_shift: {subject: [user_id]}}".to_owned(),
            name => format!("\"{name}\""),
        };
        let text = format!(
            "policy: p\ntitle: t\nversion: v\nsource: s\nentries: []\notherwise: {{level: 1, deidentify: {written}, anonymize: {written}}}\n",
        );
        let policy = Policy::parse(&text, "p.yml").unwrap();
        assert_eq!(policy.otherwise().operators.deidentify.name(), operator.name);
    }
}
