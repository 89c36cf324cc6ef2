use std::sync::Arc;

use crate::detect::resolve::MATCH_SCORE;
use crate::detect::{Detector, Scratch};
use crate::rule::RuleSet;

/// The values in `text` that are in the list of their own kinds, with their kind.
fn found(detector: &Detector, text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut out);
    let name = |id| detector.rules().entity(id).unwrap().name.clone();
    out.iter()
        .filter(|m| m.score >= MATCH_SCORE)
        .map(|m| (name(m.entity), text.get(m.span()).unwrap().to_owned()))
        .filter(|(entity, _)| {
            matches!(entity.as_str(), "GENDER" | "BIRTHDAY" | "POSTAL_CODE" | "ACCOUNT_NAME" | "CN_RESIDENT_ID")
        })
        .collect()
}

fn check(cases: &[(&str, &[(&str, &str)])]) {
    let rules = Arc::new(RuleSet::load(&[]).unwrap());
    let (fast, plain) = (Detector::new(Arc::clone(&rules)), Detector::plain(rules));
    for (text, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        for detector in [&fast, &plain] {
            assert_eq!(found(detector, text), expected, "{text}");
        }
    }
}

#[test]
fn fields_beside_somebody_are_what_they_look_like() {
    let (man, day) = (("GENDER", "男"), ("BIRTHDAY", "1990-03-07"));
    check(&[
        ("data: 张伟|男|1990-03-07|13800138000", &[man, day]),
        ("INFO import [张伟, 男, 110105491231002, 13800138000] failed", &[man, ("CN_RESIDENT_ID", "110105491231002")]),
        ("<==        Row: 12, 张伟, 男, 1990-03-07, null", &[man, day]),
        ("==> Parameters: 张伟(String), 男(String), 1990-03-07(Date), 13800138000(String)", &[man, day]),
        ("x 张伟\t男\t19900307\t13800138000", &[man, ("BIRTHDAY", "19900307")]),
        ("13800138000^F^19900307^x", &[("GENDER", "F"), ("BIRTHDAY", "19900307")]),
        (r#"{"row":["张伟","男","1990-03-07","13800138000"]}"#, &[man, day]),
        // The day that the resident ID holds.
        (
            "11010519491231002X,1949-12-31,13800138000",
            &[("CN_RESIDENT_ID", "11010519491231002X"), ("BIRTHDAY", "1949-12-31")],
        ),
        ("raw=张伟，13800138000，浙江省杭州市西湖区文三路5号，310012 | n=3", &[("POSTAL_CODE", "310012")]),
    ]);
}

#[test]
fn other_fields_are_left_alone() {
    check(&[
        ("11010519491231002X,1990-03-07,13800138000", &[("CN_RESIDENT_ID", "11010519491231002X")]),
        // Not somebody's day of birth, or not for sure.
        ("张伟, 1990-03-07, 修订初稿", &[]),
        ("13800138000,2024-05-01,已发货", &[]),
        ("13800138000,1990-03-07 10:00:00,已发货", &[]),
        ("张伟|13800138000|482913|2019-01-02", &[]),
        // Nobody beside them.
        ("尺码|男|1990-03-07|x", &[]),
        ("a,F,19900307,b", &[]),
        ("张伟，M，L", &[]),
        // Longer than the value.
        ("张伟,男装,13800138000", &[]),
        // An IMEI, whose check digit is right.
        ("13800138000,351234901231001,x", &[]),
    ]);
}

#[test]
fn of_a_long_line_no_part_of_a_field_is_taken_for_one() {
    let rules = Arc::new(RuleSet::load(&[]).unwrap());
    let detector = Detector::new(rules);
    let man = ("GENDER".to_owned(), "男".to_owned());
    // The window ends behind the character, wherever it ends.
    for length in 150..190 {
        let text = format!("13800138000,{},男{}", "一".repeat(length), "装".repeat(300));
        assert_eq!(found(&detector, &text), [], "{length}");
    }
    let text = format!("{}张伟,男,13800138000,{}", "x1,".repeat(900), "y1,".repeat(900));
    assert_eq!(found(&detector, &text), [man]);
}

#[test]
fn a_patient_is_told_of_by_the_places_of_fields() {
    check(&[(
        "MSH|^~\\&|HIS|A|LIS|B|20240501||ORM^O01|1|P|2.4\rPID|1||80012345^^^HIS^PI||张伟||19900307|1|||浙江省杭州市西湖区文三路5号||13800138000\r",
        &[("ACCOUNT_NAME", "80012345"), ("BIRTHDAY", "19900307"), ("GENDER", "1")],
    )]);
}

#[test]
fn tags_and_keys_that_end_in_digits_are_labels() {
    check(&[
        (
            "<zipcode>310012</zipcode><sex>M</sex><birthday>1990-03-07</birthday>",
            &[("POSTAL_CODE", "310012"), ("GENDER", "M"), ("BIRTHDAY", "1990-03-07")],
        ),
        ("<birthday><value>1990-03-07</value></birthday>", &[("BIRTHDAY", "1990-03-07")]),
        ("'birthday' => '1990-03-07', birthday => 1990-03-07", &[("BIRTHDAY", "1990-03-07")]),
        ("<birthday>1990-03-07 <br> <birthday>1990-03-07", &[]),
        ("</birthday>1990-03-07 a->birthday>1990-03-07", &[]),
    ]);
}
