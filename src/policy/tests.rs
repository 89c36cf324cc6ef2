use super::*;
use crate::error::Error;
use crate::finding::{EntityId, Traits};
use crate::policy::catalogue::categories;
use crate::policy::profile::Profile;
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
        is_date: *name == "BIRTHDAY",
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
    not_in_text: a picture
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
        ("    not_in_text: a picture\n", "", Some(21), "not_in_text"),
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

/// [`SMALL`] with a combination and children.
fn raised() -> Policy {
    let more = "combinations:
  - clause: '2.1'
    about: [IP]
    with: [手机, EMAIL_ADDRESS]
    becomes: {level: 3, deidentify: hash, export: redact}
  - clause: '2.2'
    about: [IP_ADDRESS, CN_MOBILE_PHONE]
    with: [PERSON_NAME]
    becomes: {level: 1}
minors: {clause: '3', under: 14, entities: [CN_RESIDENT_ID], becomes: {level: 4, anonymize: redact}}
otherwise:";
    Policy::parse(&SMALL.replace("otherwise:", more), "x.yml").unwrap()
}

#[test]
fn each_purpose_has_its_operator() {
    let text = SMALL.replace("    retention: a year", "    export: keep");
    let policy = Policy::parse(&text, "x.yml").unwrap();
    let of = |entity, purpose| policy.decide(entity, Traits::default(), purpose).operator;
    assert_eq!(of("CN_MOBILE_PHONE", Purpose::Display), OperatorSpec::Mask);
    assert_eq!(of("CN_MOBILE_PHONE", Purpose::Export), OperatorSpec::Keep);
    // What says nothing of it is shown masked, and handed out as it is anonymized.
    assert_eq!(of("IP_ADDRESS", Purpose::Display), OperatorSpec::Mask);
    assert_eq!(of("IP_ADDRESS", Purpose::Export), OperatorSpec::Redact);
    assert_eq!(of("IMEI", Purpose::Export), OperatorSpec::Replace("<{entity}>".to_owned()));
}

#[test]
fn combinations_and_children_raise_levels_and_never_lower_them() {
    let policy = raised();
    policy.check(&rules(&KNOWN)).unwrap();
    assert_eq!(policy.combinations().first().unwrap().with, ["CN_MOBILE_PHONE", "EMAIL_ADDRESS"]);
    let decide = |entity, traits, purpose| {
        let decision = policy.decide(entity, traits, purpose);
        (decision.level, decision.operator)
    };
    let combined = |combination| Traits { raised: combination, ..Traits::default() };
    let alone = Traits::default();
    assert_eq!(decide("IP_ADDRESS", alone, Purpose::Deidentify), (2, OperatorSpec::Null));
    assert_eq!(decide("IP_ADDRESS", combined(1), Purpose::Deidentify), (3, OperatorSpec::Hash));
    assert_eq!(decide("IP_ADDRESS", combined(1), Purpose::Anonymize), (3, OperatorSpec::Redact), "the entry's own");
    assert_eq!(
        decide("IP_ADDRESS", combined(2), Purpose::Deidentify),
        (2, OperatorSpec::Null),
        "not below the entry's"
    );
    let child = Traits { raised: Traits::MINOR, ..Traits::default() };
    assert_eq!(decide("CN_MOBILE_PHONE", child, Purpose::Anonymize), (4, OperatorSpec::Redact));
    let hotline = Traits { non_personal: true, ..child };
    assert_eq!(decide("CN_MOBILE_PHONE", hotline, Purpose::Anonymize), (1, OperatorSpec::Keep));
    let standings: Vec<usize> = Traits::standings(2).map(Traits::standing).collect();
    assert_eq!(standings, [0, 1, 2, 3, 4, 5], "what is prepared is what is looked up");
    let holder = Traits { raised: Traits::HOLDER, ..Traits::default() };
    for purpose in [Purpose::Deidentify, Purpose::Anonymize, Purpose::Display, Purpose::Export] {
        let (level, operator) = decide("IP_ADDRESS", holder, purpose);
        assert!(level >= decide("IP_ADDRESS", Traits::default(), purpose).0 && operator != OperatorSpec::Keep);
    }
}

#[test]
fn mistakes_in_combinations_are_named() {
    for (from, to, reason) in [
        ("about: [IP]", "about: [照片]", "has no entity types"),
        ("about: [IP]", "about: []", "needs `about` and `with`"),
        ("{level: 3, deidentify", "{level: 9, deidentify", "level 9"),
        ("[CN_RESIDENT_ID], becomes", "[CN_PASSPORT], becomes", "no age follows"),
    ] {
        let small = format!(
            "{}{}",
            SMALL.replace("otherwise: {level: 2, deidentify: mask, anonymize: replace}\n", ""),
            "combinations:
  - {clause: a, about: [IP], with: [手机], becomes: {level: 3, deidentify: hash}}
minors: {clause: '3', under: 14, entities: [CN_RESIDENT_ID], becomes: {level: 4}}
otherwise: {level: 2, deidentify: mask, anonymize: replace}
"
        );
        assert!(small.contains(from), "{from}");
        let (line, message) = fails(&small.replacen(from, to, 1));
        assert!(line.is_some() && message.contains(reason), "{message}");
    }
    let unknown = raised();
    let names: Vec<&str> = KNOWN.iter().copied().filter(|name| *name != "EMAIL_ADDRESS").collect();
    let error = unknown.check(&rules(&names)).unwrap_err().to_string();
    assert!(error.contains("EMAIL_ADDRESS"), "{error}");
}

#[test]
fn what_is_shown_is_a_policy_again() {
    let mut policies = vec![raised(), Policy::parse(SMALL, "x.yml").unwrap()];
    policies.extend(Policy::builtin_names().map(|name| Policy::load(name).unwrap()));
    for policy in policies {
        for text in [policy.to_yaml().unwrap(), policy.to_json().unwrap()] {
            let again = Policy::parse(&text, "again.yml").unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again.name, policy.name);
            let plain = |policy: &Policy| {
                let mut policy = policy.clone();
                policy.file.clear();
                policy.entries.iter_mut().for_each(|entry| entry.line = 0);
                policy.combinations.iter_mut().for_each(|combination| combination.line = 0);
                policy.minors.iter_mut().for_each(|minors| minors.line = 0);
                format!("{policy:?}")
            };
            assert_eq!(plain(&again), plain(&policy));
        }
    }
}

#[test]
fn a_profile_changes_levels_and_nothing_else() {
    let own = Policy::load("ziyun").unwrap();
    let profile = Profile::named("gbt35273-2020").unwrap().unwrap();
    let profiled = own.clone().with_profile(profile);
    let both = |entity: &str| {
        let [a, b] = [&own, &profiled].map(|policy| policy.decide(entity, Traits::default(), Purpose::Deidentify));
        assert_eq!((a.operator, a.category), (b.operator, b.category));
        (a.level, b.level)
    };
    assert_eq!(both("TRANSACTION_AMOUNT"), (3, 4));
    assert_eq!(both("CN_MOBILE_PHONE"), (3, 3));
    assert_eq!(both("ORDER_ID"), (3, 3), "not classified: the policy's own");
}

/// Every category of the catalogue is in the policy of each document that names it, and where it can be found in text,
/// an entity type that exists stands for it.
#[test]
fn policies_cover_the_catalogue() {
    let rules = RuleSet::load_without_examples(&[]).unwrap();
    assert!(categories().len() >= 63);
    for category in categories() {
        for name in &category.entities {
            assert!(rules.entity_named(name).is_some(), "category {}: no rule has {name}", category.id);
        }
        assert_eq!(category.is_in_text(), !category.entities.is_empty(), "category {}", category.id);
        assert!(!category.policies.is_empty(), "category {}", category.id);
        for name in &category.policies {
            let policy = Policy::load(name).unwrap();
            let entry = policy.entries().iter().find(|entry| entry.covers.contains(&category.id));
            let entry = entry.unwrap_or_else(|| panic!("{name} leaves out {} {}", category.id, category.name));
            let is_held = category.entities.iter().any(|entity| entry.entities.iter().any(|held| held == entity));
            assert_eq!(is_held, category.is_in_text(), "{name}: {} {}", category.id, category.name);
            assert!(is_held || entry.not_in_text.is_some(), "{name}: {}", category.name);
        }
    }
    for name in ["huanjie-cloud", "ziyun"] {
        let policy = Policy::load(name).unwrap();
        for entry in policy.entries() {
            let reason = entry.not_in_text.as_deref().unwrap_or_default();
            assert!(!reason.contains("no rule yet"), "{name}: {}", entry.category);
        }
        for entity in rules.entities() {
            assert!(policy.entry(&entity.name).is_some(), "{name} does not name {}", entity.name);
        }
        assert!(!policy.combinations().is_empty() && policy.minors().is_some());
    }
    let default = Policy::load("default").unwrap();
    for entity in rules.entities() {
        assert!(default.entry(&entity.name).is_some(), "default does not name {}", entity.name);
    }
}

/// The catalogue holds what the reference of identifiers has read out of the documents, where that is at hand.
#[test]
fn the_catalogue_is_that_of_the_reference() {
    let reference = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/identifiers.md");
    let Ok(text) = std::fs::read_to_string(reference) else {
        return;
    };
    let table = text.split_once("## A1. ").unwrap().1.split_once("## A2. ").unwrap().0;
    let mut count = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let Ok(id) = cells[0].parse::<u16>() else { continue };
        count += 1;
        let category = catalogue::category(id).unwrap_or_else(|| panic!("the catalogue lacks {id} {}", cells[1]));
        for (document, policy) in [("D1", "huanjie-cloud"), ("D2", "ziyun")] {
            let is_named = category.policies.contains(&policy);
            assert_eq!(cells[4].contains(document), is_named, "{id} {}: {document}", cells[1]);
        }
        // A picture's EXIF data is no text.
        let letters =
            cells[5].split([',', ';', '/', ' ', ')']).filter(|word| id != 53 && matches!(*word, "a" | "b" | "c" | "d"));
        assert_eq!(letters.count() > 0, category.is_in_text() && category.found_by != "derived", "{id} {}", cells[5]);
    }
    assert_eq!(count, categories().len());
}
