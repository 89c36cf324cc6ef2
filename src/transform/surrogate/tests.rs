use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;

use crate::block::ColumnKind;
use crate::finding::{EntityId, Traits};
use crate::policy::{Policy, Purpose};
use crate::rule::{Canonical, EntityType, Mask, RuleSet, Shape};
use crate::transform::key::tests::known;
use crate::transform::{Replacement, Transformer};
use crate::validate::{cn_resident_id, cn_uscc};

const TYPES: [&str; 12] = [
    "CN_MOBILE_PHONE",
    "CN_LANDLINE_PHONE",
    "CN_RESIDENT_ID",
    "BANK_CARD",
    "IMEI",
    "MAC_ADDRESS",
    "CN_USCC",
    "EMAIL_ADDRESS",
    "PERSON_NAME",
    "CN_ADDRESS",
    "BIRTHDAY",
    "AGE",
];

fn rules() -> Arc<RuleSet> {
    let keep = Mask::Keep { first: 1, last: 1 };
    let of = |(at, name): (usize, &&str)| {
        let (canonical, mask, shape) = match *name {
            "CN_MOBILE_PHONE" => (Canonical::CnMobile, keep.clone(), Some(Shape::CnMobile)),
            "CN_LANDLINE_PHONE" => (Canonical::Digits, keep.clone(), Some(Shape::Digits)),
            "CN_RESIDENT_ID" => (Canonical::UpperAlphanumeric, keep.clone(), Some(Shape::CnResidentId)),
            "BANK_CARD" => (Canonical::Digits, keep.clone(), Some(Shape::Card)),
            "IMEI" => (Canonical::Digits, keep.clone(), Some(Shape::Imei)),
            "MAC_ADDRESS" => (Canonical::Mac, Mask::Mac, Some(Shape::Mac)),
            "CN_USCC" => (Canonical::UpperAlphanumeric, keep.clone(), None),
            "BIRTHDAY" => (Canonical::Digits, Mask::Keep { first: 4, last: 0 }, None),
            "AGE" => (Canonical::Digits, keep.clone(), None),
            "EMAIL_ADDRESS" => (Canonical::Email, Mask::Email, None),
            "PERSON_NAME" => (Canonical::Text, Mask::PersonName, None),
            _ => (Canonical::Text, Mask::Address, None),
        };
        let id = EntityId(at as u16);
        EntityType {
            id,
            name: (*name).to_owned(),
            zh: String::new(),
            en: String::new(),
            canonical,
            mask,
            shape,
            is_date: *name == "BIRTHDAY",
        }
    };
    Arc::new(RuleSet::of_entities(TYPES.iter().enumerate().map(of).collect()))
}

fn policy(operator: &str, entities: &str) -> Result<Arc<Policy>, String> {
    let text = format!(
        "policy: p\ntitle: t\nversion: v\nsource: s\nentries:\n  - {{category: c, clause: c, entities: [{entities}], \
         level: 3, deidentify: {operator}, anonymize: mask}}\notherwise: {{level: 1, deidentify: mask, anonymize: mask}}\n"
    );
    let policy = Policy::parse(&text, "p.yml").map_err(|error| error.to_string())?;
    policy.check(&rules()).map_err(|error| error.to_string())?;
    // What is written is the same policy again.
    let again = Policy::parse(&policy.to_yaml().unwrap(), "p.yml").unwrap();
    assert_eq!(again.entries()[0].operators, policy.entries()[0].operators);
    Ok(Arc::new(policy))
}

struct Ways {
    there: Transformer,
    back: Transformer,
    entity: EntityId,
}

fn ways(operator: &str, entity: &str) -> Ways {
    let policy = policy(operator, entity).unwrap();
    let of = |purpose| Transformer::new(rules(), policy.clone(), purpose, Some(known())).unwrap();
    let id = TYPES.iter().position(|name| *name == entity).unwrap();
    Ways { there: of(Purpose::Deidentify), back: of(Purpose::Reidentify), entity: EntityId(id as u16) }
}

fn one(transformer: &Transformer, entity: EntityId, value: &str, kind: &ColumnKind) -> Result<String, String> {
    match transformer.replace(entity, Traits::default(), value.as_bytes(), kind, true) {
        Ok(Replacement::Value(value)) => Ok(String::from_utf8(value).unwrap()),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

impl Ways {
    fn there(&self, value: &str) -> String {
        one(&self.there, self.entity, value, &ColumnKind::FREE_TEXT).unwrap()
    }

    /// The surrogate, after a look at the way back.
    fn both(&self, value: &str) -> String {
        let there = self.there(value);
        assert_eq!(one(&self.back, self.entity, &there, &ColumnKind::FREE_TEXT).as_deref(), Ok(value), "{there}");
        there
    }
}

fn luhn_holds(number: &str) -> bool {
    let (body, check) = number.split_at(number.len() - 1);
    crate::transform::fpe::luhn(body.bytes()) == check.as_bytes()[0] - b'0'
}

#[test]
fn realistic_surrogates_are_valid_and_lead_back() {
    let mobile = ways("surrogate", "CN_MOBILE_PHONE").both("13800138000");
    assert!(mobile.len() == 11 && mobile.starts_with('1') && mobile != "13800138000");
    let landline = ways("surrogate", "CN_LANDLINE_PHONE").both("057185022088");
    assert!(
        landline.starts_with("0571") && landline.len() == 12 && ('2'..='8').contains(&landline.chars().nth(4).unwrap())
    );
    let imei = ways("surrogate", "IMEI").both("490154203237518");
    assert!(imei.starts_with("49015420") && luhn_holds(&imei));
    for (operator, head) in [("surrogate", "622202"), ("{surrogate: {bin: drop}}", "6")] {
        let card = ways(operator, "BANK_CARD").both("6222021234567890128");
        assert!(card.starts_with(head) && card.len() == 19 && luhn_holds(&card), "{card}");
    }
    for code in ["91110000600037341L", "91350100M000100Y43"] {
        let surrogate = ways("surrogate", "CN_USCC").both(code);
        assert!(surrogate.starts_with(code.get(..8).unwrap()) && surrogate != code, "{surrogate}");
        assert!(cn_uscc::check_holds(surrogate.as_bytes()), "{surrogate}");
    }
    for (operator, vendor) in [("surrogate", true), ("{surrogate: {oui: drop}}", false)] {
        let address = ways(operator, "MAC_ADDRESS").both("f4:5c:89:ab:cd:ef");
        assert_eq!(address.starts_with("f4:5c:89:"), vendor, "{address}");
    }
    let dashed = ways("{surrogate: {oui: drop}}", "MAC_ADDRESS").there("F4-5C-89-AB-CD-EF");
    assert!(dashed.len() == 17 && dashed.matches('-').count() == 5 && dashed.to_uppercase() == dashed, "{dashed}");
    for address in ["zhang.san@example.com", "a@qq.com", "li8@163.com", "very.long.name.of_somebody-1990+x@example.com"]
    {
        let surrogate = ways("surrogate", "EMAIL_ADDRESS").both(address);
        let (local, domain) = surrogate.split_once('@').unwrap();
        assert!(address.ends_with(&format!("@{domain}")) && surrogate.len() == address.len());
        assert_eq!(local.find('.'), address.split_once('@').unwrap().0.find('.'));
    }
}

#[test]
fn parts_of_a_resident_id_stay_as_the_policy_says() {
    for id in ["11010519491231002X", "440524199001010012", "110105491231002", "110105190001010015"] {
        let (area, year, date) = match id.len() {
            18 => (id.get(..6).unwrap(), id.get(6..10).unwrap(), id.get(6..14).unwrap()),
            _ => (id.get(..6).unwrap(), id.get(6..8).unwrap(), id.get(6..12).unwrap()),
        };
        for (operator, keeps) in [
            ("surrogate", ["", "", ""]),
            ("{surrogate: {region: keep}}", [area, "", ""]),
            ("{surrogate: {birth_date: year}}", ["", year, ""]),
            ("{surrogate: {birth_date: keep}}", ["", "", date]),
        ] {
            let surrogate = ways(operator, "CN_RESIDENT_ID").both(id);
            assert!(surrogate.len() == id.len() && surrogate != id, "{operator} {surrogate}");
            assert_eq!(surrogate.ends_with('X'), id.ends_with('X'));
            assert!(
                surrogate.starts_with(keeps[0]) && surrogate.get(6..).unwrap().starts_with(keeps[1]),
                "{operator} {surrogate}"
            );
            assert!(surrogate.get(6..).unwrap().starts_with(keeps[2]), "{operator} {surrogate}");
            if id.len() == 18 {
                let holds = |id: &str| cn_resident_id::check_holds(id.as_bytes());
                assert_eq!(holds(&surrogate), holds(id), "{operator} {surrogate}");
            }
        }
    }
}

#[test]
fn marked_surrogates_are_nobody_s() {
    let marked = |entity: &str, value: &str| ways("{surrogate: {range: marked}}", entity).there(value);
    let mobile = marked("CN_MOBILE_PHONE", "13800138000");
    assert!(mobile.len() == 11 && ["10", "11", "12"].contains(&mobile.get(..2).unwrap()), "{mobile}");
    for id in ["11010519491231002X", "440524199001010012", "110105491231002"] {
        let surrogate = marked("CN_RESIDENT_ID", id);
        assert!(surrogate.len() == id.len() && surrogate.starts_with("99") && !surrogate.ends_with('X'), "{surrogate}");
        assert!(id.len() == 15 || cn_resident_id::check_holds(surrogate.as_bytes()), "{surrogate}");
    }
    let card = marked("BANK_CARD", "6222021234567890128");
    assert!(card.len() == 19 && card.starts_with("99") && luhn_holds(&card), "{card}");
    let imei = marked("IMEI", "490154203237518");
    assert!(imei.len() == 15 && imei.starts_with("00") && luhn_holds(&imei), "{imei}");
    let mac = marked("MAC_ADDRESS", "F4-5C-89-AB-CD-EF");
    assert_eq!(u8::from_str_radix(mac.get(..2).unwrap(), 16).unwrap() & 3, 2, "{mac}");
    assert!(mac.len() == 17 && mac.contains('-'));
    let code = marked("CN_USCC", "91350100M000100Y43");
    assert!(code.get(..4).unwrap() == "9199" && cn_uscc::check_holds(code.as_bytes()), "{code}");
    for (address, top) in [("zhang.san@example.com", ".invalid"), ("li@qq.com", ".test"), ("张伟@例子.中国", ".test")]
    {
        let surrogate = marked("EMAIL_ADDRESS", address);
        assert!(surrogate.ends_with(top), "{surrogate}");
        assert!(surrogate.is_ascii());
    }
    assert_eq!(marked("EMAIL_ADDRESS", "zhang.san@example.com").len(), "zhang.san@example.com".len());
    assert!(marked("PERSON_NAME", "张小伟").starts_with('某'));
    assert!(marked("CN_ADDRESS", "浙江省杭州市西湖区文三路5号").starts_with("某"));
    let error = one(
        &ways("{surrogate: {range: marked}}", "CN_MOBILE_PHONE").back,
        EntityId(0),
        "11234567890",
        &ColumnKind::FREE_TEXT,
    );
    assert!(error.unwrap_err().contains("CN_MOBILE_PHONE cannot be restored"));
}

#[test]
fn names_and_addresses_are_as_wide_and_stay_what_they_are() {
    let name = ways("surrogate", "PERSON_NAME");
    for original in ["张伟", "张小伟", "欧阳娜娜", "古丽娜扎尔·买买提", "Zhang Wei", "张"] {
        let surrogate = name.there(original);
        assert_eq!(surrogate.chars().count(), original.chars().count(), "{surrogate}");
        assert!(surrogate != original && surrogate.contains('·') == original.contains('·'));
        assert_eq!(surrogate.contains(' '), original.contains(' '));
    }
    for (operator, head) in [("surrogate", ""), ("{surrogate: {region: keep}}", "浙江省杭州市西湖区")] {
        let address = ways(operator, "CN_ADDRESS");
        for original in ["浙江省杭州市西湖区转塘科技经济区块12号", "浙江省杭州市西湖区文三路5号"]
        {
            let surrogate = address.there(original);
            assert!(surrogate.chars().count() <= original.chars().count(), "{surrogate}");
            assert!(surrogate.starts_with(head) && surrogate != original, "{surrogate}");
        }
    }
    assert!(one(&name.back, name.entity, "张伟", &ColumnKind::FREE_TEXT).is_err(), "drawn names lead nowhere");
}

#[test]
fn places_of_other_types_get_what_they_hold() {
    let number = ColumnKind::Number { digits: 18, nullable: true };
    let (date, narrow) =
        (ColumnKind::Date { time: false, nullable: true }, ColumnKind::Text { max_chars: Some(3), nullable: false });
    let filled = ColumnKind::Date { time: true, nullable: false };
    for (operator, entity, value, kind, expected) in [
        ("generalize", "BIRTHDAY", "1990-11-23", &date, Ok("1990-11-01")),
        ("{generalize: {date: year}}", "BIRTHDAY", "1990-11-23", &date, Ok("1990-01-01")),
        ("generalize", "BIRTHDAY", "19901123", &number, Ok("199011")),
        ("generalize", "BIRTHDAY", "1990", &date, Err("cannot be read")),
        ("mask", "BIRTHDAY", "1990-11-23", &date, Ok("1990-01-01")),
        ("mask", "BIRTHDAY", "1990-11-23", &filled, Ok("1990-01-01")),
        ("mask", "BIRTHDAY", "19901123", &number, Ok("1990")),
        ("\"null\"", "BIRTHDAY", "1990-11-23", &date, Err("Null")),
        ("\"null\"", "BIRTHDAY", "1990-11-23", &filled, Err("cannot hold what null writes")),
        ("hash", "BIRTHDAY", "1990-11-23", &date, Err("cannot hold what hash writes")),
        ("mask", "PERSON_NAME", "张伟", &date, Err("cannot hold what mask writes")),
        ("generalize", "AGE", "34", &number, Ok("30")),
        ("generalize", "AGE", "34", &narrow, Ok("30")),
        ("generalize", "CN_ADDRESS", "浙江省杭州市西湖区文三路5号", &narrow, Err("at most 3 characters")),
        ("surrogate", "PERSON_NAME", "张伟", &number, Err("cannot hold what surrogate writes")),
        ("surrogate", "BIRTHDAY", "1990-11-23", &number, Err("has no surrogate")),
        ("{surrogate: {range: marked}}", "IMEI", "490154203237518", &number, Err("cannot hold what replaces IMEI")),
    ] {
        let made = policy(operator, entity)
            .map(|policy| Transformer::new(rules(), policy, Purpose::Deidentify, Some(known())).unwrap());
        let id = EntityId(TYPES.iter().position(|name| *name == entity).unwrap() as u16);
        let outcome = made.and_then(|transformer| one(&transformer, id, value, kind));
        match (outcome, expected) {
            (Ok(outcome), Ok(expected)) => assert_eq!(outcome, expected, "{operator} {entity}"),
            (Err(error), Err(reason)) => assert!(error.contains(reason), "{operator} {entity}: {error}"),
            (outcome, expected) => panic!("{operator} {entity}: {outcome:?}, not {expected:?}"),
        }
    }
    for range in ["realistic", "marked"] {
        for (entity, value) in [
            ("CN_MOBILE_PHONE", "13800138000"),
            ("CN_RESIDENT_ID", "440524199001010012"),
            ("BANK_CARD", "6222021234567890128"),
        ] {
            let ways = ways(&format!("{{surrogate: {{range: {range}}}}}"), entity);
            if (range, entity) == ("marked", "BANK_CARD") {
                // 19 digits from 99 are more than 64 bits hold, and no digit may go.
                let refused = one(&ways.there, ways.entity, value, &number).unwrap_err();
                assert!(refused.contains("a number of 18 digits"), "{refused}");
                continue;
            }
            assert_eq!(one(&ways.there, ways.entity, value, &number), Ok(ways.there(value)), "text and numbers agree");
        }
    }
}

#[test]
fn policies_ask_for_what_there_is() {
    for (operator, entity, reason) in [
        ("{surrogate: {range: marked}}", "CN_LANDLINE_PHONE", "no range"),
        ("{surrogate: {range: marked, region: keep}}", "CN_RESIDENT_ID", "cannot keep its region"),
        ("{surrogate: {region: keep, birth_date: year}}", "CN_RESIDENT_ID", "fewer than a million"),
        ("{surrogate: {colour: red}}", "BANK_CARD", "colour"),
        ("{surrogate: {range: somewhere}}", "BANK_CARD", "somewhere"),
        ("generalize", "BANK_CARD", "BANK_CARD has no generalization; these have: CN_ADDRESS"),
        ("{generalize: {amount: 1}}", "CN_ADDRESS", "larger than 1"),
        ("sha256", "BANK_CARD", "2^33"),
        ("{sha256: {unkeyed: accepted}}", "BANK_CARD", "reason"),
        ("{sha256: {unkeyed: accepted, reason: ' '}}", "BANK_CARD", "reason"),
        ("{sha256: {unkeyed: yes, reason: joined}}", "BANK_CARD", ""),
    ] {
        let error = policy(operator, entity).unwrap_err();
        assert!(error.contains(reason) && error.starts_with("p.yml:"), "{operator}: {error}");
    }
    for operator in [
        "surrogate",
        "{surrogate: {region: keep, range: realistic}}",
        "{generalize: {address: district}}",
        "{sha256: {unkeyed: accepted, reason: joined with a partner's list}}",
        "generalize",
    ] {
        policy(operator, "CN_ADDRESS").unwrap();
    }
    let text = policy("surrogate", "CN_ADDRESS").unwrap().to_yaml().unwrap();
    let refused = Policy::parse(&text.replace("deidentify: mask", "deidentify: generalize"), "p.yml").unwrap();
    assert!(refused.check(&rules()).unwrap_err().to_string().contains("has no generalization"));
}

#[test]
fn the_bare_digest_is_that_of_other_tools() {
    let digest = ways("{sha256: {unkeyed: accepted, reason: test}}", "CN_MOBILE_PHONE").there("138-0013-8000");
    // printf 13800138000 | sha256sum
    assert_eq!(digest, "a6942f9771d67f34034d2f1926988ed3fad3bf1b4e7cedb9a31f31398dea43bc");
}

/// Whether a name with this character has another one as its surrogate.
fn is_other(character: char) -> bool {
    character.is_ascii_alphanumeric() || ('\u{4E00}'..'\u{9FA5}').contains(&character)
}

#[test]
fn every_address_of_a_small_domain_is_another_and_leads_back() {
    let ways = ways("surrogate", "EMAIL_ADDRESS");
    for domain in 0..30 {
        let addresses: HashSet<String> = ('a'..='z').map(|local| format!("{local}@corp{domain}.com")).collect();
        let surrogates: HashSet<String> = addresses.iter().map(|address| ways.both(address)).collect();
        assert_eq!(surrogates, addresses, "as many, and of the same shape");
        assert!(addresses.iter().all(|address| ways.there(address) != *address));
    }
}

#[test]
fn what_has_no_other_surrogate_is_refused_and_not_left() {
    let ways = ways("surrogate", "PERSON_NAME");
    let error = one(&ways.there, ways.entity, "（…）", &ColumnKind::FREE_TEXT).unwrap_err();
    assert!(error.contains("PERSON_NAME would stay as it is") && !error.contains('…'), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn distinct_values_have_distinct_surrogates(
        mobiles in prop::collection::hash_set("1(3[0-9]|5[0-35-9]|8[0-9])[0-9]{8}", 2..10),
        codes in prop::collection::hash_set("9[12]33010[0-9][0-9A-HJ-NPQRTUWXY]{10}", 2..10),
        addresses in prop::collection::hash_set("[a-z0-9]{1,12}@(qq|163)\\.com", 2..10),
        macs in prop::collection::hash_set("([0-9a-f]{2}:){5}[0-9a-f]{2}", 2..10),
        cards in prop::collection::hash_set("62220[0-9]{10,13}", 2..10),
    ) {
        for (operator, entity, values) in [
            ("surrogate", "CN_MOBILE_PHONE", mobiles),
            ("surrogate", "CN_USCC", codes.into_iter().filter(|code| code.bytes().skip(8).take(8).any(|b| b.is_ascii_alphanumeric())).collect()),
            ("surrogate", "EMAIL_ADDRESS", addresses),
            ("{surrogate: {oui: drop}}", "MAC_ADDRESS", macs),
            ("{surrogate: {bin: drop}}", "BANK_CARD", cards),
        ] {
            let ways = ways(operator, entity);
            let mut seen = HashSet::new();
            for value in values {
                let surrogate = ways.both(&value);
                prop_assert_eq!(surrogate.chars().count(), value.chars().count());
                prop_assert_eq!(&surrogate, &ways.there(&value));
                prop_assert!(seen.insert(surrogate));
            }
        }
    }

    #[test]
    fn any_text_has_a_name_as_wide(name in "\\PC{1,12}") {
        for operator in ["surrogate", "{surrogate: {range: marked}}"] {
            let canonical = Canonical::Text.of(name.as_bytes()).into_owned();
            let canonical = String::from_utf8(canonical).unwrap();
            if !canonical.is_empty() {
                let ways = ways(operator, "PERSON_NAME");
                // Signs alone, and a marked name, have no other.
                let surrogate = match one(&ways.there, ways.entity, &name, &ColumnKind::FREE_TEXT) {
                    Ok(surrogate) => surrogate,
                    Err(error) => {
                        prop_assert!(error.contains("would stay as it is"), "{}", error);
                        prop_assert!(!canonical.contains(is_other) || name.chars().count() == 1);
                        continue;
                    }
                };
                prop_assert!(surrogate.chars().count() <= name.chars().count(), "{}", surrogate);
            }
        }
    }
}
