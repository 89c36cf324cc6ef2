use std::ops::Range;
use std::sync::Arc;

use arrow::array::{BinaryArray, Decimal128Array, DictionaryArray, Int64Array, StringArray};
use arrow::datatypes::Int32Type;

use super::super::CarriedOut;
use super::super::tests::{CARD, IP, NAME, PHONE, PLATE, deidentify, rules};
use super::*;
use crate::block::{Aside, TableContext, TableText};
use crate::finding::{EntityId, Traits};
use crate::format::Site;
use crate::policy::{OperatorSpec, Policy, Purpose};
use crate::source::slab::Slab;

const TOKEN: &str = "6ncji5psbjk2apctzjz6";

fn found(entity: EntityId, place: Place, span: Range<usize>) -> Match {
    Match { entity, score: 0.9, place, start: span.start as u32, end: span.end as u32, traits: Traits::default() }
}

fn text_block(text: &str, syntax: Syntax) -> Block {
    Block::Text(TextBlock { slab: Slab::new(text.as_bytes().to_vec(), 0, 1).unwrap(), syntax, asides: Vec::new() })
}

fn table(kind: ColumnKind, values: ArrayRef) -> TableBlock {
    TableBlock {
        rows: values.len(),
        table: Arc::new(TableContext {
            name: Some("users".to_owned()),
            columns: vec![ColumnContext { name: "phone".to_owned(), kind }],
        }),
        columns: vec![Column { index: 0, values, records: None }],
        first_row: 101,
        text: None,
    }
}

fn cell(row: u32) -> Place {
    Place::Cell { column: 0, row }
}

/// The new values of a one-column table; `None` in the outer option for an untouched cell.
fn values(edits: &Edits, rows: usize) -> Vec<Option<Option<String>>> {
    let mut out = vec![None; rows];
    for edit in &edits.cells {
        out[edit.row as usize] = Some(edit.value.clone().map(|value| String::from_utf8(value).unwrap()));
    }
    out
}

/// A codec that calls every site a value of `.0`, a whole one when `.1`.
struct Sites(ColumnKind, bool);

impl Codec for Sites {
    fn lex(&self, _slab: Slab) -> Result<Block, DataError> {
        Err(DataError::new("not used"))
    }

    fn site(&self, _block: &TextBlock, _found: &Match) -> Site {
        Site { path: None, kind: self.0.clone(), whole: self.1 }
    }

    fn render(&self, _block: &Block, _edits: &Edits, _out: &mut Vec<u8>) -> Result<(), DataError> {
        Ok(())
    }
}

#[test]
fn text_edits_replace_exactly_the_spans() {
    let text = "联系 13800138000，或 138-0013-8000\n";
    let block = text_block(text, Syntax::Plain);
    let (one, two) = (text.find("13800138000").unwrap(), text.find("138-").unwrap());
    let matches = [found(PHONE, Place::Text, one..one + 11), found(PHONE, Place::Text, two..two + 13)];
    let mut ledger = Ledger::default();
    let edits = deidentify(OperatorSpec::Hash).edits(&block, None, &matches, &mut ledger).unwrap();
    let of = |edit: &TextEdit| (edit.span.clone(), String::from_utf8(edit.replacement.clone().unwrap()).unwrap());
    assert_eq!(
        edits.text.iter().map(of).collect::<Vec<_>>(),
        [(one..one + 11, TOKEN.to_owned()), (two..two + 13, TOKEN.to_owned())]
    );
    assert_eq!((ledger.counts(PHONE).replaced, ledger.distinct(PHONE)), (2, 1));
    assert!(ledger.is_leftover(PHONE, b"13800138000"));
}

#[test]
fn asides_and_sites_decide_what_is_written() {
    let block = Block::Text(TextBlock {
        slab: Slab::new(br#"{"p":"138\u0030013800","n":13800138000}"#.to_vec(), 0, 1).unwrap(),
        syntax: Syntax::Json,
        asides: vec![Aside { span: 6..21, key: "p".to_owned(), decoded: b"13800013800".to_vec() }],
    });
    let matches = [found(PHONE, Place::Text, 27..38), found(PHONE, Place::Aside(0), 0..11)];
    let number = Sites(ColumnKind::Number { digits: 18, nullable: true }, true);
    let mut ledger = Ledger::default();
    let edits = deidentify(OperatorSpec::Hash).edits(&block, Some(&number), &matches, &mut ledger).unwrap();
    assert_eq!((edits.text[0].aside, edits.text[1].aside), (None, Some(0)));
    for edit in &edits.text {
        let digits = edit.replacement.as_deref().unwrap();
        assert!(digits.len() == 11 && digits.iter().all(u8::is_ascii_digit));
    }
    let nothing = deidentify(OperatorSpec::Null).edits(&block, Some(&number), &matches, &mut ledger).unwrap();
    assert!(nothing.text.iter().all(|edit| edit.replacement.is_none()));
    // `-13800138000` must not become `-null`.
    let part = Sites(number.0, false);
    assert!(deidentify(OperatorSpec::Null).edits(&block, Some(&part), &matches, &mut ledger).is_err());
}

#[test]
fn statements_are_never_rewritten_but_counted() {
    let block = text_block("COMMENT ON TABLE t IS '13800138000';\n", Syntax::Statements);
    let mut ledger = Ledger::default();
    let matches = [found(PHONE, Place::Text, 23..34)];
    let edits = deidentify(OperatorSpec::Hash).edits(&block, None, &matches, &mut ledger).unwrap();
    assert!(edits.text.is_empty());
    assert_eq!(ledger.counts(PHONE).left_in_statements, 1);
    assert_eq!(ledger.counts(PHONE).replaced, 0);
}

#[test]
fn several_matches_in_one_cell_make_one_value() {
    let array: ArrayRef = Arc::new(StringArray::from(vec![Some("张伟 13800138000 收"), None, Some("13800138000")]));
    let block = Block::Table(table(ColumnKind::FREE_TEXT, array));
    let matches = [found(NAME, cell(0), 0..6), found(PHONE, cell(0), 7..18), found(PHONE, cell(2), 0..11)];
    let mut ledger = Ledger::default();
    let edits = deidentify(OperatorSpec::Mask).edits(&block, None, &matches, &mut ledger).unwrap();
    assert_eq!(
        values(&edits, 3),
        [Some(Some("张* 138****8000 收".to_owned())), None, Some(Some("138****8000".to_owned()))]
    );
}

#[test]
fn every_array_type_gives_the_same_value() {
    let text = Some("13800138000");
    let dictionary: DictionaryArray<Int32Type> = vec![None, text].into_iter().collect();
    let decimal = Decimal128Array::from(vec![None, Some(13_800_138_000)]).with_precision_and_scale(20, 0).unwrap();
    let number = ColumnKind::Number { digits: 18, nullable: true };
    let mut results = Vec::new();
    for (kind, array) in [
        (ColumnKind::FREE_TEXT, Arc::new(StringArray::from(vec![None, text])) as ArrayRef),
        (ColumnKind::FREE_TEXT, Arc::new(BinaryArray::from(vec![None, text.map(str::as_bytes)]))),
        (ColumnKind::FREE_TEXT, Arc::new(dictionary)),
        (number.clone(), Arc::new(Int64Array::from(vec![None, Some(13_800_138_000)]))),
        (number, Arc::new(decimal)),
    ] {
        let block = Block::Table(table(kind, array));
        let one = found(PHONE, cell(1), 0..11);
        assert_eq!(value_of(&block, &one).unwrap().as_ref(), b"13800138000");
        let mut ledger = Ledger::default();
        let edits = deidentify(OperatorSpec::Fpe).edits(&block, None, &[one], &mut ledger).unwrap();
        results.push(values(&edits, 2));
        assert!(ledger.is_original(PHONE, b"13800138000"));
    }
    assert!(results.iter().all(|result| *result == results[0] && result[1].is_some()));
}

#[test]
fn null_empties_a_part_and_nulls_a_whole() {
    let array: ArrayRef = Arc::new(StringArray::from(vec!["tel 13800138000", "13800138000"]));
    let block = Block::Table(table(ColumnKind::FREE_TEXT, array));
    let matches = [found(PHONE, cell(0), 4..15), found(PHONE, cell(1), 0..11)];
    let edits = deidentify(OperatorSpec::Null).edits(&block, None, &matches, &mut Ledger::default()).unwrap();
    assert_eq!(values(&edits, 2), [Some(Some("tel ".to_owned())), Some(None)]);
}

#[test]
fn the_rest_of_a_cell_counts_for_its_width() {
    let kind = |max_chars| ColumnKind::Text { max_chars: Some(max_chars), nullable: true };
    let array: ArrayRef = Arc::new(StringArray::from(vec!["电话 13800138000"]));
    let one = [found(PHONE, cell(0), 7..18)];
    let new = |max_chars| {
        let block = Block::Table(table(kind(max_chars), array.clone()));
        let edits = deidentify(OperatorSpec::Hash).edits(&block, None, &one, &mut Ledger::default()).unwrap();
        values(&edits, 1)[0].clone().unwrap().unwrap()
    };
    assert_eq!(new(23), format!("电话 {TOKEN}"));
    let narrow = new(22);
    assert!(narrow.chars().count() == 14 && narrow.starts_with("电话 1"), "{narrow}");
}

#[test]
fn values_are_replaced_in_the_syntax_of_their_column() {
    let inet = ColumnKind::IpAddress { nullable: true };
    let texts = ColumnKind::Array(Box::new(ColumnKind::FREE_TEXT));
    for (kind, entity, text, span, expected) in [
        (&inet, IP, "203.0.113.77", 0..12, "203.0.113.0"),
        (&inet, IP, "203.0.113.77/24", 0..12, "203.0.113.0/24"),
        (&inet, IP, "203.0.113.77/24", 0..15, "203.0.113.0/24"),
        (&inet, IP, "2001:db8:1:2::3/128", 0..15, "2001:db8:1::/128"),
        (&ColumnKind::Json, PHONE, r#"{"p": "13800138000"}"#, 7..18, r#"{"p": "6ncji5psbjk2apctzjz6"}"#),
        (&texts, PHONE, "{13800138000,a}", 1..12, "{6ncji5psbjk2apctzjz6,a}"),
    ] {
        let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
        let block = Block::Table(table(kind.clone(), array));
        let mut ledger = Ledger::default();
        let one = [found(entity, cell(0), span)];
        let edits = deidentify(OperatorSpec::Hash).edits(&block, None, &one, &mut ledger).unwrap();
        assert_eq!(values(&edits, 1), [Some(Some(expected.to_owned()))]);
        let done = if entity == IP { "mask" } else { "hash" };
        let carried_out = CarriedOut { asked: "hash", done };
        assert_eq!(ledger.operators().collect::<Vec<_>>(), [(entity, carried_out, 1)]);
        let edits = deidentify(OperatorSpec::Keep).edits(&block, None, &one, &mut Ledger::default()).unwrap();
        assert!(edits.cells.is_empty());
    }
}

#[test]
fn an_address_column_holds_nothing_but_an_address() {
    let inet = ColumnKind::IpAddress { nullable: true };
    for (entity, text, spans) in [
        (IP, "203.0.113.77", &[(0, 11)][..]),
        (IP, "203.0.113.77", &[(1, 12)][..]),
        (IP, "203.0.113.77", &[(0, 5), (6, 12)][..]),
        (PHONE, "203.0.113.77", &[(0, 12)][..]),
        (IP, "elsewhere", &[(0, 9)][..]),
    ] {
        let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
        let block = Block::Table(table(inet.clone(), array));
        let matches: Vec<Match> = spans.iter().map(|(start, end)| found(entity, cell(0), *start..*end)).collect();
        let edits = deidentify(OperatorSpec::Hash).edits(&block, None, &matches, &mut Ledger::default());
        let error = edits.map(drop).unwrap_err();
        assert!(
            error.to_string().starts_with("table users row 101 column phone") && !error.to_string().contains("113")
        );
    }
}

#[test]
fn refusals_name_the_place_and_no_value() {
    let array: ArrayRef = Arc::new(StringArray::from(vec!["x", "京伟"]));
    let mut inner = table(ColumnKind::Text { max_chars: Some(4), nullable: true }, array);
    let one = [found(PLATE, cell(1), 0..6)];
    let message = |block: TableBlock| {
        let block = Block::Table(block);
        deidentify(OperatorSpec::Hash)
            .edits(&block, None, &one, &mut Ledger::default())
            .map(drop)
            .unwrap_err()
            .to_string()
    };
    inner.text = Some(TableText { slab: Slab::default(), cells: Vec::new(), lines: vec![40, 41] });
    let error = message(inner);
    assert!(error.starts_with("table users row 102 column phone: line 41: a text of at most 4 characters"), "{error}");
    assert!(!error.contains('京'));

    let array: ArrayRef = Arc::new(StringArray::from(vec!["", "京伟"]));
    let mut nested = table(ColumnKind::Fixed("date".to_owned()), array);
    nested.columns[0].records = Some(vec![0, 7]);
    assert!(message(nested).starts_with("table users row 108 column phone: PLATE"));

    let block = text_block("a\nb\n13800138000\n", Syntax::Plain);
    let site = Sites(ColumnKind::Fixed("object key".to_owned()), true);
    let error = deidentify(OperatorSpec::Hash)
        .edits(&block, Some(&site), &[found(PHONE, Place::Text, 4..15)], &mut Ledger::default())
        .map(drop)
        .unwrap_err();
    assert_eq!(error.position, Some(Position::Line(3)));
}

#[test]
fn keep_gives_no_edits() {
    let array: ArrayRef = Arc::new(StringArray::from(vec!["张伟 13800138000"]));
    let block = Block::Table(table(ColumnKind::Fixed("json".to_owned()), array));
    let matches = [found(NAME, cell(0), 0..6), found(PHONE, cell(0), 7..18)];
    let mut ledger = Ledger::default();
    let edits = deidentify(OperatorSpec::Keep).edits(&block, None, &matches, &mut ledger).unwrap();
    assert!(edits.cells.is_empty() && edits.text.is_empty());
    assert_eq!((ledger.counts(NAME).kept, ledger.counts(PHONE).kept), (1, 1));
}

#[test]
fn matches_that_do_not_belong_are_refused() {
    let transformer = deidentify(OperatorSpec::Hash);
    let block = text_block("13800138000\n", Syntax::Plain);
    for matches in [
        vec![found(PHONE, Place::Text, 0..99)],
        vec![found(PHONE, Place::Aside(0), 0..1)],
        vec![found(PHONE, cell(0), 0..1)],
        vec![found(EntityId(99), Place::Text, 0..11)],
        vec![found(PHONE, Place::Text, 0..11), found(PHONE, Place::Text, 5..11)],
        vec![found(PHONE, Place::Text, 5..11), found(PHONE, Place::Text, 0..3)],
    ] {
        assert!(transformer.edits(&block, None, &matches, &mut Ledger::default()).is_err());
    }
    let array: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
    let block = Block::Table(table(ColumnKind::FREE_TEXT, array));
    for place in [cell(0), cell(1), Place::Text, Place::Cell { column: 1, row: 0 }] {
        assert!(transformer.edits(&block, None, &[found(PHONE, place, 0..1)], &mut Ledger::default()).is_err());
    }
}

#[test]
fn an_output_with_a_leftover_is_refused() {
    let transformer = deidentify(OperatorSpec::Fpe);
    let mut ledger = Ledger::default();
    let block = text_block("13800138000 6222021234567890128\n", Syntax::Plain);
    let matches = [found(PHONE, Place::Text, 0..11), found(CARD, Place::Text, 12..31)];
    let edits = transformer.edits(&block, None, &matches, &mut ledger).unwrap();
    let mut out = b"13800138000 6222021234567890128\n".to_vec();
    for edit in &edits.text {
        out[edit.span.clone()].copy_from_slice(edit.replacement.as_ref().unwrap());
    }
    let rewritten = text_block(std::str::from_utf8(&out).unwrap(), Syntax::Plain);
    transformer.check_rewritten(&rewritten, &matches, &ledger).unwrap();
    let leaking = text_block("x\n138-0013-8000\n", Syntax::Plain);
    let error = transformer.check_rewritten(&leaking, &[found(PHONE, Place::Text, 2..15)], &ledger).unwrap_err();
    assert_eq!(error.position, Some(Position::Line(2)));
    assert!(error.reason.contains("CN_MOBILE_PHONE") && !error.to_string().contains("8000"));
}

#[test]
fn policies_decide_per_entity() {
    let text = "policy: p\ntitle: t\nversion: v\nsource: s\nentries:\n  - {category: c, clause: '1', entities: [PERSON_NAME], level: 3, deidentify: keep, anonymize: keep}\notherwise: {level: 2, deidentify: redact, anonymize: redact}\n";
    let policy = Arc::new(Policy::parse(text, "p.yml").unwrap());
    let transformer = Transformer::new(rules(), policy, Purpose::Anonymize, None).unwrap();
    let block = text_block("张伟 13800138000\n", Syntax::Plain);
    let matches = [found(NAME, Place::Text, 0..6), found(PHONE, Place::Text, 7..18)];
    let edits = transformer.edits(&block, None, &matches, &mut Ledger::default()).unwrap();
    assert_eq!(edits.text.len(), 1);
    assert_eq!((edits.text[0].span.clone(), edits.text[0].replacement.as_deref()), (7..18, Some(&b""[..])));
}
