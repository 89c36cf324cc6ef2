use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};

use crate::block::{Aside, Block, Column, ColumnContext, ColumnKind, Syntax, TableBlock, TableContext, TextBlock};
use crate::detect::resolve::MATCH_SCORE;
use crate::detect::{Detector, Scratch};
use crate::finding::{Match, Place};
use crate::rule::RuleSet;
use crate::source::slab::Slab;

fn detector() -> Detector {
    Detector::new(Arc::new(RuleSet::load(&[]).unwrap()))
}

fn is_name(detector: &Detector, found: &Match) -> bool {
    found.score >= MATCH_SCORE && detector.rules().entity(found.entity).unwrap().name == "PERSON_NAME"
}

/// The names in `text` and where they begin.
fn names(text: &str) -> Vec<(usize, &str)> {
    let detector = detector();
    let mut out = Vec::new();
    detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut out);
    assert!(out.windows(2).all(|pair| pair[0].end <= pair[1].start), "{text}");
    out.retain(|found| is_name(&detector, found));
    out.iter().map(|found| (found.start as usize, text.get(found.span()).unwrap())).collect()
}

fn values(text: &str) -> Vec<&str> {
    names(text).into_iter().map(|(_, name)| name).collect()
}

#[test]
fn who_was_named_is_meant_again_in_the_line() {
    for (text, expected) in [
        (r#"{"name":"张虫","remark":"上月张虫的"}"#, &["张虫", "张虫"][..]),
        (r#"{"real_name":"闫叉","remark":"有闫叉字样的箱子"}"#, &["闫叉", "闫叉"]),
        ("姓名：闫叉，备注：有闫叉字样的箱子", &["闫叉", "闫叉"]),
        ("有闫叉字样的箱子，姓名：闫叉", &["闫叉", "闫叉"]),
        (r#"{"real_name":"Zhang Wei","note":"call Zhang Wei back"}"#, &["Zhang Wei", "Zhang Wei"]),
        ("联系人古丽娜扎尔·买买提，备注古丽娜扎尔·买买提已签", &["古丽娜扎尔·买买提", "古丽娜扎尔·买买提"]),
        // A line of its own is a record of its own.
        ("姓名：闫叉\n有闫叉字样的箱子", &["闫叉"]),
        // Words go on in other words.
        (r#"{"real_name":"高峰","note":"早高峰不送"}"#, &["高峰"]),
        (r#"{"real_name":"Zhang Wei","note":"of Zhang Weiming"}"#, &["Zhang Wei"]),
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn a_surname_and_a_title_mean_who_was_named() {
    for (text, expected) in [
        ("姓名：束二，请束先生回电", &["束二", "束先生"][..]),
        ("请束先生回电，姓名：束二", &["束先生", "束二"]),
        ("姓名：李娜，请束先生回电", &["李娜"]),
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn the_same_in_strings_that_are_decoded() {
    let text = "{\"name\":\"闫叉\",\"note\":\"有闫叉字样\\n的箱子\"}\n{\"note\":\"有闫叉字样\\n的箱子\"}\n";
    let detector = detector();
    let start = text.find("有").unwrap();
    let end = text.find("\"}").unwrap();
    let aside = |from: usize| Aside {
        span: from + start..from + end,
        key: "note".to_owned(),
        decoded: "有闫叉字样\n的箱子".as_bytes().to_vec(),
    };
    let second = text.find('\n').unwrap() + 1;
    let behind = text.get(second..).unwrap().find("有").unwrap();
    let asides = vec![aside(0), aside(second + behind - start)];
    assert_eq!(text.get(asides[1].span.clone()), text.get(asides[0].span.clone()));
    let slab = Slab::new(text.as_bytes().to_vec(), 0, 1).unwrap();
    let block = TextBlock { slab, syntax: Syntax::Json, asides };
    let mut out = Vec::new();
    detector.detect(&Block::Text(block), &mut Scratch::default(), &mut out);
    out.retain(|found| is_name(&detector, found));
    let places: Vec<Place> = out.iter().map(|found| found.place).collect();
    assert_eq!(places, [Place::Text, Place::Aside(0)]);
}

fn in_table(columns: &[(&str, &[&str])]) -> Vec<(u32, u32, String)> {
    let detector = detector();
    let context = |name: &str| ColumnContext { name: name.to_owned(), kind: ColumnKind::FREE_TEXT };
    let table = Arc::new(TableContext { name: None, columns: columns.iter().map(|(name, _)| context(name)).collect() });
    let array = |values: &[&str]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let rows = columns[0].1.len();
    let arrays = columns.iter().enumerate();
    let arrays = arrays.map(|(index, (_, values))| Column { index, values: array(values), records: None }).collect();
    let block = Block::Table(TableBlock { table, columns: arrays, rows, first_row: 1, text: None });
    let mut out = Vec::new();
    detector.detect(&block, &mut Scratch::default(), &mut out);
    assert!(out.is_sorted_by_key(|found| (found.place, found.start)));
    out.retain(|found| is_name(&detector, found));
    let value = |found: &Match| match found.place {
        Place::Cell { column, row } => {
            (column, row, columns[column as usize].1[row as usize].get(found.span()).unwrap().to_owned())
        }
        _ => unreachable!(),
    };
    out.iter().map(value).collect()
}

#[test]
fn who_was_named_is_meant_again_in_the_row() {
    let found = in_table(&[
        ("备注", &["有闫叉字样的箱子", "有闫叉字样的箱子", "束先生不在"]),
        ("姓名", &["闫叉", "李娜", "束二"]),
    ]);
    let found: Vec<_> = found.iter().map(|(column, row, value)| (*column, *row, value.as_str())).collect();
    assert_eq!(found, [(0, 0, "闫叉"), (0, 2, "束先生"), (1, 0, "闫叉"), (1, 1, "李娜"), (1, 2, "束二")]);
}

#[test]
fn far_off_in_a_long_line_nobody_is_sought() {
    let far = "x ".repeat(super::WINDOW);
    assert_eq!(values(&format!("姓名：闫叉，{far}有闫叉字样")), ["闫叉"]);
    assert_eq!(values(&format!("姓名：闫叉，{}有闫叉字样", "x ".repeat(super::WINDOW / 3))), ["闫叉", "闫叉"]);
    // A line of a name after another costs what it is long.
    let line = "姓名：闫叉，".repeat(20_000);
    let started = std::time::Instant::now();
    assert_eq!(values(&line).len(), 20_000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn beside_a_name_stands_a_name() {
    for (text, expected) in [
        ("同行的还有张建国、高峰和三名实习生", &["张建国", "高峰"][..]),
        ("参会人员：海洋、张建国、高峰、白雪。", &["海洋", "张建国", "高峰", "白雪"]),
        // Neither places nor what is no name.
        ("姓名：张建国、江苏、高级工程师", &["张建国"]),
        ("江山、白雪、高峰", &[]),
    ] {
        let found = values(text);
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(
        in_table(&[("备注", &["同行的还有张建国、高峰和三名实习生"])])
            .into_iter()
            .map(|found| found.2)
            .collect::<Vec<_>>(),
        ["张建国", "高峰"]
    );
}
