use super::*;
use crate::error::Error;
use crate::finding::{EntityId, Traits};
use crate::rule::{Canonical, EntityType, Mask, RuleSet, Shape};

const KNOWN: [&str; 38] = [
    "CN_MOBILE_PHONE",
    "CN_RESIDENT_ID",
    "CN_PERMANENT_RESIDENT_ID",
    "BANK_CARD",
    "BANK_ACCOUNT",
    "IMEI",
    "MAC_ADDRESS",
    "IP_ADDRESS",
    "EMAIL_ADDRESS",
    "CN_ADDRESS",
    "PERSON_NAME",
    "CN_LANDLINE_PHONE",
    "SERVICE_PHONE",
    "CN_PASSPORT",
    "HK_MACAU_TRAVEL_PERMIT",
    "TAIWAN_TRAVEL_PERMIT",
    "MAINLAND_TRAVEL_PERMIT",
    "TAIWAN_COMPATRIOT_PERMIT",
    "HK_ID_CARD",
    "MACAU_ID_CARD",
    "TAIWAN_ID_CARD",
    "CN_MILITARY_ID",
    "CN_SOCIAL_SECURITY_NO",
    "CN_BIRTH_CERTIFICATE",
    "CN_DRIVER_FILE_NO",
    "CN_USCC",
    "TAXPAYER_ID",
    "BIZ_REG_NO",
    "ORG_CODE",
    "CN_LICENSE_PLATE",
    "VIN",
    "POSTAL_CODE",
    "CARD_EXPIRY",
    "CARD_CVV",
    "IBAN",
    "CNAPS_CODE",
    "FAX",
    "FOREIGN_PHONE",
];

fn rules(names: &[&str]) -> RuleSet {
    let entity = |(id, name): (usize, &&str)| EntityType {
        id: EntityId(id as u16),
        name: (*name).to_owned(),
        zh: String::new(),
        en: String::new(),
        canonical: Canonical::Digits,
        mask: Mask::Keep { first: 3, last: 4 },
        shape: (*name == "CN_MOBILE_PHONE").then_some(Shape::CnMobile),
    };
    RuleSet::of_entities(names.iter().enumerate().map(entity).collect())
}

const SMALL: &str = "policy: small
title: Small
version: '1'
source: made up
entries:
  - category: 手机
    clause: '1.1'
    entities: [CN_MOBILE_PHONE]
    level: 3
    deidentify: hash
    anonymize: {replace: '[{entity}]'}
    display: mask
    retention: a year
  - category: IP
    clause: '1.2'
    entities: [IP_ADDRESS]
    level: 2
    deidentify: \"null\"
    anonymize: redact
    include_non_personal: true
  - category: 照片
    clause: '1.3'
    undetected: not in text
    level: 4
otherwise: {level: 2, deidentify: mask, anonymize: replace}
";

fn fails(text: &str) -> (Option<u64>, String) {
    match Policy::parse(text, "x.yml") {
        Err(Error::Policy { file, line, reason }) => {
            assert_eq!(file, "x.yml");
            (line, reason)
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("taken"),
    }
}

#[test]
fn decisions_follow_entry_purpose_and_traits() {
    let policy = Policy::parse(SMALL, "x.yml").unwrap();
    policy.check(&rules(&KNOWN)).unwrap();
    let personal = Traits::default();
    let non_personal = Traits { non_personal: true, ..personal };
    let phone = policy.decide("CN_MOBILE_PHONE", personal, Purpose::Deidentify);
    assert_eq!((phone.level, phone.operator), (3, OperatorSpec::Hash));
    assert_eq!((phone.category.as_str(), phone.clause.as_str()), ("手机", "1.1"));
    let anonymous = policy.decide("CN_MOBILE_PHONE", personal, Purpose::Anonymize);
    assert_eq!(anonymous.operator, OperatorSpec::Replace("[{entity}]".to_owned()));
    let kept = policy.decide("CN_MOBILE_PHONE", non_personal, Purpose::Deidentify);
    assert_eq!((kept.level, kept.operator), (1, OperatorSpec::Keep));
    let included = policy.decide("IP_ADDRESS", non_personal, Purpose::Deidentify);
    assert_eq!((included.level, included.operator), (2, OperatorSpec::Null));
    let unnamed = policy.decide("IMEI", personal, Purpose::Deidentify);
    assert_eq!((unnamed.level, unnamed.operator), (2, OperatorSpec::Mask));
    assert_eq!(policy.decide("IMEI", non_personal, Purpose::Anonymize).operator, OperatorSpec::Keep);
    assert_eq!(policy.entries().len(), 3);
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (from, to, at, reason) in [
        ("level: 3", "level: 5", Some(6), "level 5"),
        ("level: 2\n", "levle: 2\n", Some(17), "levle"),
        ("[IP_ADDRESS]", "[CN_MOBILE_PHONE]", Some(14), "line 6 already"),
        ("    undetected: not in text\n", "", Some(21), "undetected"),
        ("deidentify: hash", "deidentify: sha256", Some(10), "sha256"),
        ("\"null\"", "null", Some(14), "in quotes"),
        ("    anonymize: redact\n", "", Some(14), "needs deidentify and anonymize"),
        ("otherwise: {level: 2", "otherwise: {level: 0", Some(25), "level 0"),
        ("{replace: '[{entity}]'}", "{swap: 'x'}", Some(11), "replace"),
    ] {
        assert!(SMALL.contains(from));
        let (line, message) = fails(&SMALL.replacen(from, to, 1));
        assert!(message.contains(reason), "{message}");
        assert_eq!(line, at, "{message}");
    }
}

#[test]
fn a_policy_is_bound_to_rules() {
    let policy = Policy::parse(SMALL, "x.yml").unwrap();
    let error = policy.check(&rules(&["CN_MOBILE_PHONE"])).unwrap_err().to_string();
    assert!(error.starts_with("x.yml:14: ") && error.contains("IP_ADDRESS"), "{error}");
    let fpe = Policy::parse(&SMALL.replace("\"null\"", "fpe"), "x.yml").unwrap();
    let error = fpe.check(&rules(&KNOWN)).unwrap_err().to_string();
    assert!(error.contains("no same-shape form"), "{error}");
}

#[test]
fn built_in_policies_hold_together() {
    let rules = RuleSet::load(&[]).unwrap();
    let names: Vec<_> = Policy::builtin_names().collect();
    assert_eq!(names, ["default", "huanjie-cloud", "ziyun"]);
    for name in names {
        let policy = Policy::load(name).unwrap();
        assert_eq!(policy.name, name);
        policy.check(&rules).unwrap();
        for entity in KNOWN {
            for purpose in [Purpose::Deidentify, Purpose::Anonymize] {
                let decision = policy.decide(entity, Traits::default(), purpose);
                let kept = matches!(entity, "SERVICE_PHONE" | "ORG_CODE" | "CNAPS_CODE" | "POSTAL_CODE");
                assert_eq!(decision.operator == OperatorSpec::Keep, kept, "{name} {entity}");
            }
        }
        let level = |entity| policy.decide(entity, Traits::default(), Purpose::Deidentify).level;
        assert_eq!((level("CN_RESIDENT_ID"), level("BANK_CARD"), level("SERVICE_PHONE")), (4, 4, 1));
        for entry in policy.entries() {
            assert!(!entry.clause.is_empty() && !entry.category.is_empty());
            assert!(entry.clause.chars().count() < 160, "a clause in short terms: {}", entry.clause);
        }
    }
    assert!(Policy::load("ziyun").unwrap().entries().len() > 45);
    assert!(Policy::load("huanjie-cloud").unwrap().entries().len() > 40);
}

#[test]
fn policies_load_by_path_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.yml");
    std::fs::write(&path, SMALL).unwrap();
    assert_eq!(Policy::load(path.to_str().unwrap()).unwrap().name, "small");
    assert!(Policy::load("nothing").unwrap_err().to_string().contains("default, huanjie-cloud, ziyun"));
    assert!(matches!(Policy::load("./none.yml"), Err(Error::Io { .. })));
    assert!(matches!(Policy::load(folder.path().to_str().unwrap()), Err(Error::Policy { .. })));
}

#[test]
fn the_empty_policy_keeps_everything() {
    let decision = Policy::default().decide("CN_RESIDENT_ID", Traits::default(), Purpose::Anonymize);
    assert_eq!((decision.level, decision.operator), (1, OperatorSpec::Keep));
    let uniform = Policy::uniform(OperatorSpec::Hash).decide("X", Traits::default(), Purpose::Deidentify);
    assert_eq!(uniform.operator, OperatorSpec::Hash);
}
