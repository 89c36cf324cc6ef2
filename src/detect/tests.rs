use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use proptest::prelude::*;

use super::*;
use crate::block::{Column, ColumnContext, ColumnKind, TableBlock, TableContext};
use crate::rule::self_test;

fn rules() -> Arc<RuleSet> {
    Arc::new(RuleSet::load(&[]).unwrap())
}

fn detector_with(rule: &str) -> Detector {
    let files = vec![("mine.yml".to_owned(), rule.to_owned())];
    Detector::new(Arc::new(RuleSet::from_files(&files).unwrap()))
}

fn found(detector: &Detector, text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut out);
    out.iter()
        .filter(|m| m.score >= resolve::MATCH_SCORE)
        .map(|m| (detector.rules().entity(m.entity).unwrap().name.clone(), text.get(m.span()).unwrap().to_owned()))
        .collect()
}

fn column_matches(detector: &Detector, name: &str, kind: ColumnKind, values: ArrayRef) -> Vec<Match> {
    let table = TableContext { name: None, columns: vec![ColumnContext { name: name.to_owned(), kind }] };
    let rows = values.len();
    let columns = vec![Column { index: 0, values, records: None }];
    let block = TableBlock { table: Arc::new(table), columns, rows, first_row: 1, text: None };
    let mut out = Vec::new();
    detector.detect(&Block::Table(block), &mut Scratch::default(), &mut out);
    out
}

#[test]
fn every_example_and_counterexample_of_the_built_in_rules_holds() {
    let outcome = self_test::run(&rules());
    assert!(outcome.rules > 0 && outcome.cases > 0);
    let failures: Vec<_> = outcome.failures.iter().map(|f| format!("{} {}: {}", f.file, f.entity, f.reason)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_failing_example_is_reported() {
    let rule = CUSTOM.replace("match: EMP-1042", "match: EMP-9999");
    let rules = RuleSet::from_files(&[("mine.yml".to_owned(), rule)]).unwrap();
    let outcome = self_test::run(&Arc::new(rules));
    assert_eq!(outcome.failures.len(), 1, "{:?}", outcome.failures);
}

#[test]
fn full_width_values_are_found_in_columns() {
    let detector = Detector::new(rules());
    let text = ColumnKind::Text { max_chars: None, nullable: true };
    let two_lines = "备注\n手机１３８００１３８０００";
    let cells = vec![Some("13800138000"), None, Some("１３８００１３８０００"), Some("x"), Some(two_lines)];
    let values: ArrayRef = Arc::new(StringArray::from(cells.clone()));
    for name in ["mobile", "t1"] {
        let found = column_matches(&detector, name, text.clone(), values.clone());
        let places: Vec<Place> = found.iter().map(|m| m.place).collect();
        assert_eq!(places, [0, 2, 4].map(|row| Place::Cell { column: 0, row }), "{name}");
        assert_eq!(found[1].span(), 0..33);
        assert_eq!(two_lines.get(found[2].span()), Some("１３８００１３８０００"));
        assert!(found[1].traits.whole && !found[2].traits.whole);
    }
    let account: ArrayRef = Arc::new(StringArray::from(vec!["６２２２０２１２３４５６７８９０１２８"]));
    let found = column_matches(&detector, "card_no", text, account);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].span(), 0..57);
}

#[test]
fn words_of_a_label_may_stand_apart_anywhere_in_a_line() {
    let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
    for label in ["in hospitalNo", "in hospital no", "medical record_no", "frequent flyerNo"] {
        for before in ["", "some words of a line that go before it, and then "] {
            let text = format!("{before}{label}: 12345678");
            let mut out = Vec::new();
            detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut out);
            assert!(
                out.iter().any(|m| m.score >= resolve::MATCH_SCORE && text.get(m.span()) == Some("12345678")),
                "{text}"
            );
        }
    }
}

#[test]
fn labels_that_start_disguised_values_leave_the_others_alone() {
    let detector = Detector::new(rules());
    for (text, expected) in [
        ("邮箱地址：浙江省杭州市西湖区文三路5号", &[("CN_ADDRESS", "浙江省杭州市西湖区文三路5号")][..]),
        ("联系人电话：13800138000，姓名：张伟", &[("CN_MOBILE_PHONE", "13800138000"), ("PERSON_NAME", "张伟")]),
        ("手机号姓名：张伟", &[("PERSON_NAME", "张伟")]),
        (
            "电话 一三八〇〇一三八〇〇〇 邮箱 wang#qq.com",
            &[("CN_MOBILE_PHONE", "一三八〇〇一三八〇〇〇"), ("EMAIL_ADDRESS", "wang#qq.com")],
        ),
        ("订单号：一三八〇〇一三八〇〇〇", &[]),
        ("姓名：张伟，地址：wang[at]qq.com", &[("PERSON_NAME", "张伟")]),
    ] {
        let expected: Vec<_> = expected.iter().map(|(e, v)| ((*e).to_owned(), (*v).to_owned())).collect();
        assert_eq!(found(&detector, text), expected, "{text}");
    }
}

#[test]
fn disguised_values_are_found_in_columns_whole() {
    let detector = Detector::new(rules());
    for (name, value) in [
        ("email", "zhangwei[at]qq.com"),
        ("邮箱", "name（at）qq.com"),
        ("手机", "一三八〇〇一三八〇〇〇"),
        ("user_phone", "1三8-〇〇一三-8000"),
    ] {
        let values: ArrayRef = Arc::new(StringArray::from(vec![value]));
        let found = column_matches(&detector, name, ColumnKind::FREE_TEXT, values.clone());
        assert_eq!(found.len(), 1, "{name}");
        assert!(found[0].span() == (0..value.len()) && found[0].traits.whole && found[0].score >= 0.9, "{name}");
        assert_eq!(column_matches(&detector, "remark", ColumnKind::FREE_TEXT, values), [], "{name}");
    }
}

#[test]
fn the_nearest_label_decides() {
    let detector = Detector::new(rules());
    let line = "订单号：13900001111，手机：13800138000，traceId=13700002222 contact 13600003333";
    let is_phone = |(entity, _): &(String, String)| entity == "CN_MOBILE_PHONE";
    let phones: Vec<_> = found(&detector, line).into_iter().filter(is_phone).map(|(_, value)| value).collect();
    assert_eq!(phones, ["13800138000", "13600003333"]);
}

#[test]
fn a_number_column_without_a_name_counts_only_when_most_values_agree() {
    let detector = Detector::new(rules());
    let number = ColumnKind::Number { digits: 18, nullable: true };
    let phones: ArrayRef = Arc::new(Int64Array::from_iter_values((0..20).map(|i| 13_800_138_000 + i * 7)));
    assert_eq!(column_matches(&detector, "c1", number.clone(), phones).len(), 20);
    let mixed: ArrayRef = Arc::new(Int64Array::from_iter_values((0..20).map(|i| 13_800_138_000 + i * 900_000_000)));
    assert!(column_matches(&detector, "c1", number.clone(), mixed.clone()).is_empty());
    assert!(!column_matches(&detector, "phone", number, mixed).is_empty());
}

#[test]
fn a_column_of_names_is_treated_whole() {
    let detector = Detector::new(rules());
    let mut values =
        vec!["张伟", "李娜", "王芳", "欧阳建国", "陈静", "刘洋", "赵磊", "张敏", "李军", "王磊", "陈涛", "刘艳"];
    values.extend(["高强", "", "123", "王子"]);
    let cell = |values: &[&str]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let rows = |matches: Vec<Match>| matches.len();
    assert_eq!(rows(column_matches(&detector, "姓名", ColumnKind::FREE_TEXT, cell(&values))), 14);
    // Half of them, where the name of the column leaves no doubt.
    values.truncate(4);
    values.extend(["高强"; 3]);
    assert_eq!(rows(column_matches(&detector, "姓名", ColumnKind::FREE_TEXT, cell(&values))), 7);
    values.truncate(3);
    values.extend(["高强"; 4]);
    assert_eq!(rows(column_matches(&detector, "姓名", ColumnKind::FREE_TEXT, cell(&values))), 3);
}

#[test]
fn cells_do_not_leak_into_each_other() {
    let detector = Detector::new(rules());
    let values: ArrayRef =
        Arc::new(StringArray::from(vec![Some("手机："), None, Some("85699449"), Some("13800138000 ")]));
    let matches = column_matches(&detector, "remark", ColumnKind::FREE_TEXT, values);
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0].place, Place::Cell { column: 0, row: 3 });
    assert!(matches[0].traits.whole && matches[0].span() == (0..11));
}

const CUSTOM: &str = "
entity: EMPLOYEE_NUMBER
zh: 工号
en: Employee number
source: staff handbook
canonical: text
mask: {style: keep, first: 4, last: 0}
labels: {positive: [工号, staff_no]}
recognize:
  - anchor: literal
    literals: [EMP-]
    pattern: 'EMP-\\d{4}'
    structure: 60
  - anchor: label
    pattern: '[A-Z]\\d{5}'
    structure: 30
examples:
  - {text: see EMP-1042 for details, match: EMP-1042}
counterexamples:
  - {text: EMP-12, why: too short}
";

#[test]
fn a_users_rule_may_use_literals_and_labels() {
    let detector = detector_with(CUSTOM);
    let expect = |text: &str, value: &str| {
        assert_eq!(found(&detector, text), [("EMPLOYEE_NUMBER".to_owned(), value.to_owned())], "{text}");
    };
    expect("x EMP-1042, y", "EMP-1042");
    expect("工号：A12345 入职", "A12345");
    expect("{\"staffNo\":\"B54321\"}", "B54321");
    assert!(found(&detector, "A12345").is_empty());
}

#[test]
fn known_values_are_found_whatever_stands_around_them() {
    let detector = Detector::new(rules());
    let name = |entity: &str| detector.rules().entity_named(entity).unwrap().id;
    let (person, phone) = (name("PERSON_NAME"), name("CN_MOBILE_PHONE"));
    let is_known = |entity: crate::finding::EntityId, value: &[u8]| {
        (entity == person && ["张伟".as_bytes(), "高兴".as_bytes()].contains(&value))
            || (entity == phone && value == b"13800138000")
    };
    let text = "他说张伟明天来。很高兴！高兴，订单号 138-0013-8000 与 113800138000";
    let slab = crate::source::slab::Slab::new(text.as_bytes().to_vec(), 0, 1).unwrap();
    let block = Block::Text(TextBlock { slab, syntax: Syntax::Plain, asides: Vec::new() });
    let mut out = Vec::new();
    let profile = |_| known::Profile { lengths: [1; 32], beginnings: [u64::MAX; 64] };
    let known = known::Known::new(detector.rules(), profile, &is_known);
    detector.detect_known(&block, &known, &mut Scratch::default(), &mut out);
    let values: Vec<_> = out.iter().map(|m| text.get(m.span()).unwrap()).collect();
    assert_eq!(values, ["张伟", "高兴", "138-0013-8000", "13800138000"]);
}

#[test]
fn a_pattern_without_an_anchor_gets_one_from_its_literals_or_runs_over_everything() {
    let with = |pattern: &str| {
        let from = CUSTOM.find("recognize:").unwrap();
        let to = CUSTOM.find("examples:").unwrap();
        let (head, tail) = (CUSTOM.get(..from).unwrap(), CUSTOM.get(to..).unwrap());
        detector_with(&format!("{head}recognize:\n  - pattern: '{pattern}'\n    structure: 60\n{tail}"))
    };
    let anchor = |detector: &Detector| detector.rules().rules()[0].recognizers[0].anchor.describe();
    let literal = with(r"(?:EMP|STAFF)-\d{4}");
    assert!(anchor(&literal).contains("EMP-") && anchor(&literal).contains("STAFF-"), "{}", anchor(&literal));
    assert_eq!(found(&literal, "a STAFF-1234 b EMP-5678").len(), 2);
    let suffix = with(r"\d{4}@staff");
    assert!(anchor(&suffix).contains("@staff"), "{}", anchor(&suffix));
    assert_eq!(found(&suffix, "x 1234@staff y").len(), 1);
    let plain = with(r"[A-Z]{2}\d{6}");
    assert!(anchor(&plain).starts_with("none"), "{}", anchor(&plain));
    assert_eq!(found(&plain, "x AB123456 y\nCD654321").len(), 2);
}

#[test]
fn a_broken_rule_names_file_line_and_reason() {
    let broken = |rule: String| RuleSet::from_files(&[("mine.yml".to_owned(), rule)]).unwrap_err().to_string();
    let message = broken(CUSTOM.replace("canonical: text", "canonical: nonsense"));
    assert!(message.starts_with("mine.yml:6: "), "{message}");
    let message = broken(CUSTOM.replace("'EMP-\\d{4}'", "'EMP-('"));
    assert!(message.starts_with("mine.yml:10: recognize[0]: pattern:"), "{message}");
    let message = broken(CUSTOM.replace("structure: 30", "structure: 30\n    validators: [nope]"));
    assert!(message.contains("no validator `nope`"), "{message}");
}

/// Pieces that anchors, labels and grammars react to, and bytes that are not UTF-8.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "13800138000",
        "手机号",
        "：",
        "=",
        "\"phone\":\"",
        "11010519491231002X",
        "6222 0212 3456 7890 128",
        "@",
        "a.b",
        "example.com",
        "f4:5c:89:aa:bb:cd",
        "aabb.ccdd.eeff",
        "1.2.3.4",
        "::",
        "fe80::1",
        "浙江省杭州市西湖区",
        "文三路90号",
        "姓名",
        "张伟",
        "，",
        "\n",
        " ",
        "-",
        ".",
        "１３８",
        "－",
        "\u{200b}",
        "(0571)",
        "X",
        "ｘ",
        "账号",
        "开户行",
        "🙂",
    ]);
    let piece = prop_oneof![
        8 => known.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
        2 => "[0-9]{1,20}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn matches_are_sorted_disjoint_and_on_character_boundaries(text in pieces()) {
        let detector = Detector::new(rules());
        let mut out = Vec::new();
        detector.detect_bytes(&text, &mut Scratch::default(), &mut out);
        for pair in out.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        for found in &out {
            prop_assert!(found.start < found.end && found.end as usize <= text.len());
            prop_assert!((0.0..=1.0).contains(&found.score));
            if let Ok(text) = std::str::from_utf8(&text) {
                prop_assert!(text.is_char_boundary(found.start as usize) && text.is_char_boundary(found.end as usize));
            }
        }
    }

    #[test]
    fn a_line_is_judged_alone(before in pieces(), after in pieces()) {
        let detector = Detector::new(rules());
        let line = "手机号：13800138000，身份证 11010519491231002X";
        let text = [&before[..], b"\n", line.as_bytes(), b"\n", &after[..]].concat();
        let mut out = Vec::new();
        detector.detect_bytes(&text, &mut Scratch::default(), &mut out);
        let start = before.len() as u32 + 1;
        let inside: Vec<_> = out.iter().filter(|m| m.start >= start && m.end <= start + line.len() as u32).collect();
        prop_assert_eq!(inside.len(), 2);
    }
}

/// The golden positives and negatives of the two policies: their own contact data and nothing else.
#[test]
fn the_policies_own_contact_data_is_found_and_nothing_else() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/policies");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let detector = Detector::new(rules());
    let mut all: Vec<(String, String)> = Vec::new();
    for entry in entries {
        all.extend(found(&detector, &std::fs::read_to_string(entry.unwrap().path()).unwrap()));
    }
    all.sort();
    let owned = |entity: &str, value: &str| (entity.to_owned(), value.to_owned());
    let office = "武汉市江汉区中央商务区泛海国际SOHO城(一期)2栋4层6室-2";
    assert_eq!(
        all,
        [
            owned("CN_ADDRESS", office),
            owned("CN_ADDRESS", office),
            owned("CN_ADDRESS", "浙江省杭州市西湖区转塘科技经济区块12号"),
            owned("CN_LANDLINE_PHONE", "85699449"),
            owned("EMAIL_ADDRESS", "wuhanzh@11ziyun.com"),
            owned("SERVICE_PHONE", "400-80-13260"),
            owned("SERVICE_PHONE", "400-80-13260"),
        ]
    );
}

/// The matches that both detectors find in `text`, after they were found equal.
fn equally(fast: &Detector, plain: &Detector, text: &[u8]) -> usize {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    fast.detect_bytes(text, &mut Scratch::default(), &mut one);
    plain.detect_bytes(text, &mut Scratch::default(), &mut other);
    assert_eq!(one, other);
    one.len()
}

#[test]
fn shortcuts_lose_and_add_nothing() {
    let (fast, plain) = (Detector::new(rules()), Detector::plain(rules()));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            found += equally(&fast, &plain, String::from_utf8_lossy(&bytes).as_bytes());
        }
    }
    assert!(found > 1_000, "{found}");
    // Every example of every rule, at every offset from a word of the bitmaps.
    for rule in fast.rules().rules() {
        let texts = rule.syntax.examples.iter().map(|example| &example.value.text);
        for text in texts.chain(rule.syntax.counterexamples.iter().map(|example| &example.value.text)) {
            for shift in [0, 1, 7, 50, 58, 59, 60, 61, 62, 63, 64, 65, 4090, 4095] {
                equally(&fast, &plain, format!("{}\n{text}\n{text} {text}", " ".repeat(shift)).as_bytes());
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn shortcuts_lose_and_add_nothing_in_arbitrary_text(parts in proptest::collection::vec(proptest::sample::select(vec![
        "138", "0013", "8000", "13800138000", "400", "80", "13260", "11010519491231002X", "6222021234567890128", "012",
        "f4:5c:89:aa:bb:cd", "f45c.89aa.bbcd", "2001:db8::1", "10.0.0.1", "1", "22", "333333", "010", "85699449", "86",
        " ", "-", ".", ":", "=", "(", ")", ",", "\n", "_", "x", "a", "@", "qq.com", "\"", "：", "，", "１３８", "+",
        "手机", "电话", "姓名", "联系人", "张伟", "地址", "浙江省杭州市西湖区", "文三路", "号", "栋", "2单元", "账号", "开户行",
        "name", "phone", "tel", "mac", "id_card", "IMEI", "mobileNo", "service", "orderNo", "3", "室", "#", "F",
        "京A", "12345", "学", "91110000600037341L", "DE89370400440532013000", "B", "91350100", "M000100Y43", "+852", "9123",
        "4567", "+1", "415", "555", "0123", "护照号", "E12345678", "证件号码", "A123456(3)", "香港", "传真", "fax", "邮编", "310012",
    ]), 0..24)) {
        let (fast, plain) = DETECTORS.with(std::rc::Rc::clone).as_ref().clone();
        equally(&fast, &plain, parts.concat().as_bytes());
    }
}

thread_local! {
    static DETECTORS: std::rc::Rc<(std::rc::Rc<Detector>, std::rc::Rc<Detector>)> = std::rc::Rc::new((
        std::rc::Rc::new(Detector::new(rules())),
        std::rc::Rc::new(Detector::plain(rules())),
    ));
}

/// The identifiers that look alike: the label, then the stronger structure, decides.
#[test]
fn look_alikes_are_told_apart() {
    let detector = Detector::new(rules());
    for (text, expected) in [
        ("税号：11010519491231002X", &[("CN_RESIDENT_ID", "11010519491231002X")][..]),
        ("社保号：11010519491231002X", &[("CN_RESIDENT_ID", "11010519491231002X")]),
        ("统一社会信用代码：911101051000000080", &[("CN_USCC", "911101051000000080")]),
        ("纳税人识别号：911101051000000080", &[("TAXPAYER_ID", "911101051000000080")]),
        ("id 110105194912310021 uscc 911101051000000080", &[("CN_USCC", "911101051000000080")]),
        (
            "护照号：H12345678，回乡证：H12345678",
            &[("CN_PASSPORT", "H12345678"), ("MAINLAND_TRAVEL_PERMIT", "H12345678")],
        ),
        ("电话：010-85699449，传真：010-85699448", &[("CN_LANDLINE_PHONE", "010-85699449"), ("FAX", "010-85699448")]),
        ("手机：+8613800138000", &[("CN_MOBILE_PHONE", "+8613800138000")]),
        ("手机：+85291234567", &[("FOREIGN_PHONE", "+85291234567")]),
        ("手机：13800138000 邮编：310012", &[("CN_MOBILE_PHONE", "13800138000"), ("POSTAL_CODE", "310012")]),
        ("银行卡号 6222021234567890128 cvv 123", &[("BANK_CARD", "6222021234567890128"), ("CARD_CVV", "123")]),
        ("IMEI: 352099001761481", &[("IMEI", "352099001761481")]),
        (
            "org=91110000600037341L;mac=f4:5c:89:ab:cd:ef",
            &[("CN_USCC", "91110000600037341L"), ("MAC_ADDRESS", "f4:5c:89:ab:cd:ef")],
        ),
        (
            "北京市朝阳区建国路88号 王小明 13812345678",
            &[("CN_ADDRESS", "北京市朝阳区建国路88号"), ("PERSON_NAME", "王小明"), ("CN_MOBILE_PHONE", "13812345678")],
        ),
        ("京A12345与粤BD12345", &[("CN_LICENSE_PLATE", "京A12345"), ("CN_LICENSE_PLATE", "粤BD12345")]),
    ] {
        let expected: Vec<_> = expected.iter().map(|(e, v)| ((*e).to_owned(), (*v).to_owned())).collect();
        assert_eq!(found(&detector, text), expected, "{text}");
    }
}

#[test]
fn companions_in_other_columns_make_weak_labels_count() {
    let detector = Detector::new(rules());
    let column = |name: &str| ColumnContext { name: name.to_owned(), kind: ColumnKind::FREE_TEXT };
    let found = |others: &str, table: Option<&str>| {
        let columns = vec![column("exp_date"), column(others)];
        let table = Arc::new(TableContext { name: table.map(str::to_owned), columns });
        let values: ArrayRef = Arc::new(StringArray::from(vec!["12/29", "01/30"]));
        let columns = vec![Column { index: 0, values, records: None }];
        let block = Block::Table(TableBlock { table, columns, rows: 2, first_row: 1, text: None });
        let mut out = Vec::new();
        detector.detect(&block, &mut Scratch::default(), &mut out);
        out.len()
    };
    assert_eq!((found("credit_card", None), found("remark", None)), (2, 0));
    // So does what the table is called.
    assert_eq!((found("remark", Some("credit_card_log")), found("remark", Some("goods"))), (2, 0));
}

#[test]
fn what_an_element_holds_is_read_by_its_name() {
    let detector = Detector::new(rules());
    let password = |text: &str| {
        let found = found(&detector, text);
        found.into_iter().find(|(entity, _)| entity == "PASSWORD").map(|(_, value)| value)
    };
    for text in [
        "<password>Kx9_2q7L</password>",
        "<a:Password><![CDATA[Kx9_2q7L]]></a:Password>",
        "<密码>Kx9_2q7L</密码>",
        "<r><user>tom</user><password>Kx9_2q7L</password></r>",
    ] {
        assert_eq!(password(text).as_deref(), Some("Kx9_2q7L"), "{text}");
    }
    assert_eq!(password("<password>Kx9_2q 7L</password>").as_deref(), Some("Kx9_2q 7L"));
    for text in
        ["<password> Kx9_2q7L", "a->password>Kx9_2q7L", "<password>Kx9_2q7L</user>", "<password><a>Kx9_2q7L</a>"]
    {
        assert_eq!(password(text), None, "{text}");
    }
}

#[test]
fn brackets_behind_the_name_of_a_column_are_no_part_of_it() {
    let detector = Detector::new(rules());
    let text = || ColumnKind::Text { max_chars: None, nullable: true };
    let values: ArrayRef = Arc::new(StringArray::from(vec!["010-62770001", "高强"]));
    for name in ["tel[]", "user.tel[]", "user[tel]", "tel[0]"] {
        let plain = column_matches(&detector, "tel", text(), values.clone());
        assert_eq!(column_matches(&detector, name, text(), values.clone()), plain, "{name}");
    }
    let values: ArrayRef = Arc::new(StringArray::from(vec!["62770001"]));
    assert!(column_matches(&detector, "n[]", text(), values.clone()).iter().all(|m| m.score < resolve::MATCH_SCORE));
    for name in ["tel", "tel[]", "user.tel[]", "user[tel]", "tel[0]"] {
        let found = column_matches(&detector, name, text(), values.clone());
        assert!(found.iter().any(|m| m.score >= resolve::MATCH_SCORE), "{name}");
    }
}

#[test]
fn a_line_of_documents_amid_many_fillers_is_found() {
    let detector = Detector::new(rules());
    let fillers = "<".repeat(5_000);
    let line = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let text = format!("{fillers} {line} {fillers} {line}\n{fillers}\n{line}");
    let expected = ("FOREIGN_PASSPORT".to_owned(), line.to_owned());
    assert_eq!(found(&detector, &text), vec![expected; 3]);
}
