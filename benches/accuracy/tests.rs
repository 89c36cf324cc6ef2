use std::collections::BTreeSet;
use std::path::Path;

use crate::documents::{Document, Span};
use crate::reading::Seen;
use crate::score::{Fate, Tally, Verdict, fate, verdict};
use crate::template::{Author, KINDS, Kind, pieces, templates};
use crate::values::{GROUPS, Group, VALUES, Value};

use super::*;

fn value(name: &str) -> &'static Value {
    VALUES.iter().find(|value| value.name == name).unwrap()
}

fn span(start: usize, end: usize, name: &str) -> Span {
    Span { start, end, value: value(name), is_optional: false, template: "t" }
}

fn seen(start: usize, end: usize, entity: &str, score: f32) -> Seen {
    Seen { entity: entity.to_owned(), score, points: (score * 100.0).round() as u8, start, end, level: 3 }
}

#[test]
fn the_same_seed_gives_the_same_documents() {
    let texts = |seed| -> Vec<String> {
        of_kinds((&KINDS, Author::Ours), seed, 2, |_| true).unwrap().into_iter().map(|one| one.text).collect()
    };
    assert_eq!(texts(7), texts(7));
    assert_ne!(texts(7), texts(8));
}

#[test]
fn spans_hold_values_of_their_type() {
    let mut kinds = BTreeSet::new();
    let of = |author| of_kinds((&KINDS, author), 7, 3, |_| true).unwrap();
    for document in of(Author::Ours).into_iter().chain(of(Author::Others)) {
        let mut last = 0;
        for one in &document.spans {
            let text = document.text.get(one.start..one.end).unwrap();
            assert!(!text.is_empty() && !text.contains(['"', '\\', '\n', '\t', '\'']), "{text}");
            assert!(last <= one.start, "spans of {} overlap", document.kind.name());
            last = one.end;
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            match one.value.name {
                "mobile" => assert!(text.len() == 11 && digits == 11, "{text}"),
                "id" => assert!(text.len() == 18 && digits >= 17, "{text}"),
                "imei" | "imsi" | "id_old" => assert!(digits == 15 && text.len() == 15, "{text}"),
                "uscc" => assert!(text.len() == 18 && text.starts_with('9'), "{text}"),
                "vin" => assert_eq!(text.len(), 17, "{text}"),
                "name" | "name_bare" => assert!((2..=5).contains(&text.chars().count()), "{text}"),
                "email" => assert!(text.contains('@'), "{text}"),
                "address" => assert!(text.chars().count() >= 6, "{text}"),
                _ => {}
            }
            kinds.insert(one.value.name);
        }
    }
    // A value that no template has is not measured.
    let unused: Vec<&str> = VALUES.iter().map(|value| value.name).filter(|name| !kinds.contains(name)).collect();
    assert_eq!(unused, Vec::<&str>::new());
}

#[test]
fn checksummed_values_are_valid() {
    let mut checked = 0;
    let remainder = |text: &str| {
        let values = |character: char| u64::from(if character == 'X' { 10 } else { character.to_digit(10).unwrap() });
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
        text.chars().zip(weights).map(|(character, weight)| values(character) * weight).sum::<u64>() % 11
    };
    for document in of_kinds((&KINDS, Author::Ours), 9, 5, |_| true).unwrap() {
        for one in &document.spans {
            let text = document.text.get(one.start..one.end).unwrap();
            match one.value.name {
                "id" | "id2" | "permanent_id" => assert_eq!(remainder(text), 1, "{text}"),
                "iccid" => assert_eq!(luhn(text), 0, "{text}"),
                _ => continue,
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
    // The example of GB 32100, in its own words.
    let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1];
    let code = |text: &str| -> u64 {
        let of = |character| "0123456789ABCDEFGHJKLMNPQRTUWXY".find(character).unwrap() as u64;
        text.chars().zip(weights).map(|(character, weight)| of(character) * weight).sum::<u64>() % 31
    };
    assert_eq!(code("91110000600037341L"), 0);
    for document in of_kinds((&KINDS, Author::Ours), 9, 5, |_| true).unwrap() {
        for one in document.spans.iter().filter(|one| one.value.name == "uscc") {
            assert_eq!(code(document.text.get(one.start..one.end).unwrap()), 0);
        }
    }
}

fn luhn(number: &str) -> u32 {
    let doubled = |(place, digit): (usize, u8)| {
        let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
        if value > 9 { value - 9 } else { value }
    };
    number.bytes().rev().enumerate().map(doubled).sum::<u32>() % 10
}

#[test]
fn halves_share_no_template() {
    for kind in KINDS.into_iter().chain(template::STRAYS) {
        let of = |half| -> BTreeSet<&str> {
            templates(kind, Author::Ours).filter(|one| one.half == half).map(|one| one.source).collect()
        };
        let (tuning, judging) = (of(Half::Tuning), of(Half::Judging));
        assert!(tuning.is_disjoint(&judging));
        assert_eq!(
            tuning.len() + judging.len(),
            templates(kind, Author::Ours).count(),
            "a template of {} twice",
            kind.name()
        );
        let fewest = if kind == Kind::StrayTable { 24 } else { 40 };
        assert!(tuning.len() + judging.len() >= fewest, "{} has few templates", kind.name());
        assert!(tuning.len() >= fewest / 4 && judging.len() >= fewest / 4, "{} is split unevenly", kind.name());
    }
    // A template stays in its half for good.
    assert_eq!((Half::of("a"), Half::of("姓名=[[name]]")), (Half::of("a"), Half::of("姓名=[[name]]")));
}

#[test]
fn brackets_of_the_text_itself_stay() {
    let parts = pieces("a [[[~module]]] [[mobile]]!").unwrap();
    let texts: Vec<&str> = parts
        .iter()
        .filter_map(|piece| if let template::Piece::Text(text) = piece { Some(*text) } else { None })
        .collect();
    assert_eq!(texts, ["a [", "] ", "!"]);
    assert!(pieces("[[nothing]]").is_err());
    assert!(pieces("[[mobile").is_err());
}

#[test]
fn fates_of_planted_values() {
    let one = span(10, 20, "mobile");
    let fate_of = |all: &[Seen]| fate(&one, &all.iter().collect::<Vec<_>>());
    assert_eq!(fate_of(&[seen(10, 20, "CN_MOBILE_PHONE", 0.9)]), (Fate::Exact, 0));
    assert_eq!(fate_of(&[seen(12, 20, "CN_MOBILE_PHONE", 0.9)]), (Fate::Found, 2));
    assert_eq!(fate_of(&[seen(17, 20, "CN_MOBILE_PHONE", 0.9)]), (Fate::Missed, 7));
    assert_eq!(fate_of(&[seen(5, 25, "BANK_CARD", 0.9)]), (Fate::WrongType, 0));
    assert_eq!(fate_of(&[]), (Fate::Missed, 10));
}

#[test]
fn verdicts_of_matches() {
    let (mobile, serial) = (span(10, 20, "mobile"), span(30, 40, "serial"));
    let optional = Span { is_optional: true, ..span(50, 60, "hotline") };
    assert_eq!(verdict(&seen(10, 20, "CN_MOBILE_PHONE", 0.9), &[&mobile]), Verdict::Right);
    assert_eq!(verdict(&seen(10, 20, "BANK_CARD", 0.9), &[&mobile]), Verdict::Wrong);
    // Far too long is not right.
    assert_eq!(verdict(&seen(0, 40, "CN_MOBILE_PHONE", 0.9), &[&mobile, &serial]), Verdict::Wrong);
    assert_eq!(verdict(&seen(30, 40, "DEVICE_ID", 0.9), &[&serial]), Verdict::Right);
    assert_eq!(verdict(&seen(50, 60, "SERVICE_PHONE", 0.9), &[&optional]), Verdict::Optional);
    assert_eq!(verdict(&seen(50, 60, "CN_LANDLINE_PHONE", 0.9), &[&optional]), Verdict::False);
    assert_eq!(verdict(&seen(70, 80, "IMEI", 0.9), &[]), Verdict::False);
}

#[test]
fn counts_of_a_small_document() {
    let document = Document {
        kind: Kind::Log,
        half: Half::Judging,
        format: "text",
        text: "x".repeat(100),
        spans: vec![span(0, 10, "mobile"), span(20, 30, "mobile"), span(40, 50, "name"), span(60, 70, "card")],
        records: vec![(0, "t")],
    };
    let found = [
        seen(0, 10, "CN_MOBILE_PHONE", 0.9),
        seen(20, 30, "CN_MOBILE_PHONE", 0.5),
        seen(40, 50, "NICKNAME", 0.7),
        seen(60, 65, "BANK_CARD", 0.8),
        seen(80, 90, "CN_MOBILE_PHONE", 0.65),
    ];
    let mut score = Score::default();
    score.enter(&document, &found, 0.6);
    let all = score.sum(|_| true);
    let wanted = Tally {
        planted: 4,
        found: 2,
        exact: 1,
        wrong_type: 1,
        right: 2,
        wrong: 1,
        false_matches: 1,
        bytes: 40,
        leaked: 15,
    };
    assert_eq!(all, wanted);
    let mobile = score.sum(|key| key.entity == "CN_MOBILE_PHONE");
    assert_eq!((mobile.precision(), mobile.recall(), mobile.exact(), mobile.leaked()), (0.5, 0.5, 1.0, 0.5));
    // 0.5 is below what counts as a match, and tells how well scores are calibrated all the same.
    let mut report = String::new();
    reliability::report(&score.reliability, Half::Judging, &mut report);
    assert!(report.contains("| 0.50 to 0.55 | 1 | 0.500 | 1.000 | 1 | 1.000 |"), "{report}");
    assert!(report.contains("| 0.65 to 0.70 | 1 | 0.650 | 0.000 | 1 | 0.000 |"), "{report}");
    // Of five matches 0.1, 0.5, 0.3 (not right: 0.7), 0.2 and 0.65 off.
    assert!(report.contains("| judging half, all | 5 | 0.600 | 0.4300 | 0.4300 | 0.2425 | 0.2425 |"), "{report}");
    assert_eq!(score.sum(|key| key.group() == Group::NamesLabelled).wrong_type, 1);
    assert_eq!(GROUPS.len(), 5);
}

#[test]
fn every_document_is_read_in_its_format() {
    let mut reader = Reader::new().unwrap();
    for document in of_kinds((&KINDS, Author::Ours), 11, 2, |_| true)
        .unwrap()
        .into_iter()
        .chain(of_kinds((&template::STRAYS, Author::Ours), 11, 2, |_| true).unwrap())
    {
        let sniffed = tuomin::format::sniff(document.text.as_bytes()).unwrap().name();
        let seen = reader.read(document.format, document.text.as_bytes()).unwrap();
        assert!(seen.iter().all(|one| document.text.get(one.start..one.end).is_some()), "{}", document.format);
        if matches!(document.kind, Kind::Sql | Kind::Ndjson) {
            assert_eq!(sniffed, document.format);
        }
    }
}

#[test]
fn places_in_escaped_strings_are_mapped_back() {
    let text = r#"{"raw":"\u59d3\u540d\uff1a\u5f20\u4f1f","payload":"{\"mobile\":\"13800138000\"}"}"#;
    let mut reader = Reader::new().unwrap();
    let seen = reader.read("ndjson", format!("{text}\n").as_bytes()).unwrap();
    let texts: Vec<&str> = seen.iter().map(|one| text.get(one.start..one.end).unwrap()).collect();
    assert_eq!(texts, [r"\u5f20\u4f1f", "13800138000"]);
}

/// The values of `fixtures/labelled` are found, with their very spans, and nothing else.
#[test]
fn labelled_texts_are_found_exactly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/labelled");
    let mut reader = Reader::new().unwrap();
    for (name, format) in
        [("service.txt", "text"), ("customers.csv", "csv"), ("events.ndjson", "ndjson"), ("shop.sql", "pgdump")]
    {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let stem = name.split_once('.').unwrap().0;
        let wanted: Vec<(usize, usize, String)> = std::fs::read_to_string(folder.join(format!("{stem}.spans.tsv")))
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                let [start, end, entity, value] = fields[..] else { panic!("{line}") };
                let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
                assert_eq!(text.get(start..end), Some(value), "{name}: the span of {entity}");
                (start, end, entity.to_owned())
            })
            .collect();
        let seen = reader.read(format, text.as_bytes()).unwrap();
        let found: Vec<(usize, usize, String)> =
            seen.into_iter().filter(|one| one.score >= 0.6).map(|one| (one.start, one.end, one.entity)).collect();
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn scores_are_the_shares_that_were_counted() {
    let document = |half, kind| Document {
        kind,
        half,
        format: "text",
        text: "x".repeat(4000),
        spans: (0..100).map(|at| span(at * 20, at * 20 + 10, "mobile")).collect(),
        records: vec![(0, "t")],
    };
    let mut score = Score::default();
    let found = |points: f32, right: usize| -> Vec<Seen> {
        let place = |at: usize| if at < right { at * 20 } else { at * 20 + 2000 };
        (0..100).map(|at| seen(place(at), place(at) + 10, "CN_MOBILE_PHONE", points)).collect()
    };
    // Of ten records of each template; the judging half is not looked at.
    for (points, right) in [(0.5, 10), (0.55, 5), (0.6, 40), (0.65, 90), (1.0, 100)] {
        score.enter_stray(&document(Half::Tuning, Kind::Stray), &found(points, right), 0.6);
    }
    score.enter_stray(&document(Half::Judging, Kind::Stray), &found(0.6, 0), 0.6);
    let table = score.reliability.calibration(10);
    let rows: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    let wanted =
        ["formed\t40\t0.085", "formed\t59\t0.085", "formed\t60\t0.600", "formed\t65\t0.881", "formed\t100\t0.976"];
    assert_eq!(rows, wanted);
}

#[test]
fn scores_are_near_the_share_of_the_right_in_both_halves() {
    let (rounds, mut score, mut reader) = (10, Score::default(), Reader::new().unwrap());
    let strays = of_kinds((&template::STRAYS, Author::Ours), 20_261_122, rounds * STRAY_ROUNDS, |_| true).unwrap();
    for document in of_kinds((&KINDS, Author::Ours), 20_261_122, rounds, |_| true).unwrap() {
        score.enter(&document, &reader.read(document.format, document.text.as_bytes()).unwrap(), 0.6);
    }
    for document in strays {
        score.enter_stray(&document, &reader.read(document.format, document.text.as_bytes()).unwrap(), 0.6);
    }
    for half in [Half::Tuning, Half::Judging] {
        let error = reliability::error(&score.reliability, half);
        assert!(error < 0.05, "{}: scores are {error:.3} off", half.name());
    }
}
