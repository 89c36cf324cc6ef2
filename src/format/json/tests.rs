use super::*;
use crate::block::{Block, ColumnKind, Edits, TextBlock, TextEdit};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::format::Site;
use crate::format::conformance::{Piece, render_all, split};
use encoding_rs::GB18030;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::ops::Range;

const BIG: usize = 1 << 20;

fn read(data: &[u8]) -> (Piece, Block) {
    let mut pieces = split(&Json, data, BIG, BIG).unwrap();
    assert_eq!(pieces.len(), 1);
    let piece = pieces.remove(0);
    let block = piece.lex().unwrap();
    (piece, block)
}

fn as_text(block: &Block) -> &TextBlock {
    let Block::Text(block) = block else { panic!("no text") };
    block
}

fn error(data: &[u8]) -> DataError {
    render_all(&Json, data, BIG, BIG).err().unwrap()
}

/// Where `needle` stands: in an aside when one holds it, else in the text.
fn place(block: &TextBlock, needle: &str) -> (Option<u32>, Range<usize>) {
    let find = |text: &[u8]| memchr::memmem::find(text, needle.as_bytes()).map(|at| at..at + needle.len());
    for (index, aside) in block.asides.iter().enumerate() {
        if let Some(span) = find(&aside.decoded) {
            return (Some(index as u32), span);
        }
    }
    (None, find(block.slab.text()).unwrap())
}

fn replaced(data: &str, edits: &[(&str, Option<&str>)]) -> Result<String, DataError> {
    let (piece, block) = read(data.as_bytes());
    let text = edits.iter().map(|(needle, replacement)| {
        let (aside, span) = place(as_text(&block), needle);
        TextEdit { aside, span, replacement: replacement.map(|text| text.as_bytes().to_vec()) }
    });
    let edits = Edits { text: text.collect(), ..Edits::default() };
    Ok(String::from_utf8(piece.render(&block, &edits)?).unwrap())
}

fn site(piece: &Piece, block: &Block, needle: &str) -> Site {
    let (aside, span) = place(as_text(block), needle);
    let found = Match {
        entity: EntityId(0),
        score: 1.0,
        place: aside.map_or(Place::Text, Place::Aside),
        start: span.start as u32,
        end: span.end as u32,
        traits: Traits::default(),
    };
    piece.codec.site(as_text(block), &found)
}

#[test]
fn json_is_recognized() {
    for sample in ["{\"a\":1}\n{\"a\":2}\n", "{}", "\u{feff}{\"a\": [1, 2", "{\n  \"a\": 1,\n  \"b\": \"x"] {
        assert!(Json.sniff(sample.as_bytes()) >= Confidence::Likely, "{sample}");
    }
    assert_eq!(Json.sniff(b"{\"a\":1}\n{\"a\":"), Confidence::Certain);
    assert_eq!(Json.sniff(b"[\n{\"a\":"), Confidence::Likely);
    for sample in [
        "",
        "hello",
        "[2024-01-01 00:00:00] INFO x\n",
        "[INFO] {\"a\":1}\n",
        "{a: 1}\n",
        "[12] worker started\n",
        "\"a\"",
        "{\"a\":1}\nnot json\n",
        "{",
        "[main]\nkey=1\n",
    ] {
        assert_eq!(Json.sniff(sample.as_bytes()), Confidence::No, "{sample}");
    }
    // A sample that ends within a character.
    let cut = &"{\"a\":\"张三\"}".as_bytes()[..8];
    assert_eq!(Json.sniff(cut), Confidence::Likely);
}

#[test]
fn only_strings_with_escapes_are_decoded_aside() {
    let (_, block) = read(br#"{"name":"x","n\u0061me":"\u5f20\u4e09 \"a\"","list":["\n","plain"],"k":"\ud83d"}"#);
    let asides: Vec<(String, String)> = as_text(&block)
        .asides
        .iter()
        .map(|aside| (aside.key.clone(), String::from_utf8(aside.decoded.clone()).unwrap()))
        .collect();
    let expected = [("", "name"), ("name", "张三 \"a\""), ("", "\n"), ("k", "\u{fffd}")];
    assert_eq!(asides, expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
    let (_, block) = read("{\"name\":\"张三\"}\r\n".as_bytes());
    assert!(as_text(&block).asides.is_empty());
}

#[test]
fn sites_tell_path_and_kind() {
    let data = r#"{"id":9007199254740993,"user":{"phones":["x",13800138000,"tel 13912345678"],"名 字":"a\u4e09"},"13711111111":{"v":-15900000000}}"#;
    let (piece, block) = read(data.as_bytes());
    let site = |needle: &str| site(&piece, &block, needle);
    let text = ColumnKind::FREE_TEXT;
    assert_eq!(
        site("13800138000"),
        Site {
            path: Some("user.phones[1]".into()),
            kind: ColumnKind::Number { digits: 11, nullable: true },
            whole: true
        }
    );
    assert_eq!(site("13912345678"), Site { path: Some("user.phones[2]".into()), kind: text.clone(), whole: false });
    assert_eq!(site("tel 13912345678"), Site { path: Some("user.phones[2]".into()), kind: text.clone(), whole: true });
    assert_eq!(site("a三"), Site { path: Some("user[\"名 字\"]".into()), kind: text.clone(), whole: true });
    assert!(!site("三").whole);
    let key = site("13711111111");
    assert_eq!(key.kind, ColumnKind::Fixed("object key".into()));
    // A key may be personal data itself, and paths are reported.
    assert_eq!(key.path.as_deref(), Some("***********"));
    assert_eq!(site("15900000000").kind, ColumnKind::Fixed("signed or fractional number".into()));
    assert_eq!(site("15900000000").path.as_deref(), Some("***********.v"));
    // Backwards again.
    assert_eq!(site("9007199254740993").path.as_deref(), Some("id"));
    assert_eq!(site("x\",1").kind, ColumnKind::Fixed("JSON structure".into()));
}

#[test]
fn sites_of_two_blocks_of_one_codec_do_not_mix() {
    let (piece, first) = read(b"{\"a\":\"13800138000\"}\n");
    assert_eq!(site(&piece, &first, "13800138000").path.as_deref(), Some("a"));
    let again = Piece {
        raw: b"{\"bbb\":\"13800138000\"}\n".to_vec(),
        byte_offset: 0,
        first_line: 1,
        codec: piece.codec.clone(),
    };
    let second = again.lex().unwrap();
    assert_eq!(site(&piece, &first, "13800138000").path.as_deref(), Some("a"));
    assert_eq!(site(&again, &second, "13800138000").path.as_deref(), Some("bbb"));
    assert_eq!(site(&piece, &first, "13800138000").path.as_deref(), Some("a"));
}

#[test]
fn edits_touch_nothing_else() {
    let data = "{ \"a\" : 12345678901234567890.10 , \"a\":\"13800138000\",\t\"b\": \"\\/x\\u0041 13912345678\\n\" }\r\n\r\n[1e5]\n";
    assert_eq!(
        replaced(data, &[("13800138000", Some("T\"\\\n张")), ("13912345678", Some("T"))]).unwrap(),
        data.replace("13800138000", "T\\\"\\\\\\n张").replace("13912345678", "T")
    );
    // All of an aside, parts of it, and null.
    assert_eq!(
        replaced(data, &[("/xA 13912345678\n", None)]).unwrap(),
        data.replace("\"\\/x\\u0041 13912345678\\n\"", "null")
    );
    assert_eq!(
        replaced(data, &[("xA", Some("")), ("13912345678", None), ("13800138000", None)]).unwrap(),
        "{ \"a\" : 12345678901234567890.10 , \"a\":null,\t\"b\": \"\\/ \\n\" }\r\n\r\n[1e5]\n"
    );
}

#[test]
fn ascii_escaped_strings_stay_ascii() {
    let data = r#"{"a":"\u5f20\u4e09 13800138000","b":"a\\b 三 13912345678"}"#;
    assert_eq!(
        replaced(data, &[("张三", Some("李😀")), ("13912345678", Some("四"))]).unwrap(),
        r#"{"a":"\u674e\ud83d\ude00 13800138000","b":"a\\b 三 四"}"#
    );
}

#[test]
fn numbers_stay_numbers() {
    let data = r#"{"a":13800138000,"b":0.5}"#;
    assert_eq!(replaced(data, &[("13800138000", Some("13912345678"))]).unwrap(), r#"{"a":13912345678,"b":0.5}"#);
    assert_eq!(replaced(data, &[("13800138000", None)]).unwrap(), r#"{"a":null,"b":0.5}"#);
    assert_eq!(replaced(data, &[("800", Some("999"))]).unwrap(), r#"{"a":13999138000,"b":0.5}"#);
    for bad in ["", "TOKEN", "0138", "1.5", "-1", " 1", "1e5"] {
        assert!(replaced(data, &[("13800138000", Some(bad))]).is_err(), "{bad}");
    }
    assert!(replaced(data, &[("138001", None)]).is_err());
    assert!(replaced(data, &[("138001", Some("0"))]).is_err());
}

#[test]
fn keys_structure_and_half_escapes_are_never_rewritten() {
    let data = r#"{"13800138000":1,"a":"\u5f20\n"}"#;
    let error = replaced(data, &[("13800138000", Some("T"))]).unwrap_err();
    assert!(!error.to_string().contains("138"), "{error}");
    assert!(replaced(data, &[(":1,", Some(""))]).is_err());
    let (piece, block) = read(data.as_bytes());
    let at = data.find("\\u5f20").unwrap();
    let edit = |aside, span| {
        let text = vec![TextEdit { aside, span, replacement: Some(b"x".to_vec()) }];
        piece.render(&block, &Edits { text, ..Edits::default() })
    };
    assert!(edit(None, at + 2..at + 6).is_err());
    assert!(edit(None, at..at + 6).is_ok());
    assert!(edit(Some(0), 1..3).is_err());
    assert!(edit(Some(0), 0..3).is_ok());
    assert!(edit(Some(0), 3..9).is_err());
    assert!(edit(Some(1), 0..1).is_err());
}

#[test]
fn what_is_no_json_is_refused_with_line_and_byte() {
    let fault = error(b"{\"a\":1}\n{\"a\":13800138000x}\n");
    assert_eq!(fault.position, Some(Position::Line(2)));
    assert!(fault.reason.contains("byte 6 "), "{fault}");
    assert!(fault.to_string().contains("--format text") && !fault.to_string().contains("138"));
    assert_eq!(error(b"{\"a\":1}\n{\"a\":\n1}\n{\"a\" 1}").position, Some(Position::Line(2)));
    for cut in [&b"{\"a\":1}\n{\"a\":1"[..], b"{\"a\":1}\n{\"a\":\"1", b"{\n\"a\":1", b"{\"a\":1}\n{\"a\":\"1\\"] {
        let fault = error(cut);
        assert!(fault.reason.contains("cut short"), "{fault}");
    }
    assert_eq!(error(b"{\n\"a\":[1}\n").position, Some(Position::Line(2)));
}

#[test]
fn documents_are_cut_between_tokens() {
    let items: Vec<Value> = (0..200).map(|n| json!({"id": n, "tel": "13800138000", "t": ["a,}\"", [n]]})).collect();
    for text in [serde_json::to_string(&items).unwrap(), serde_json::to_string_pretty(&items).unwrap()] {
        let pieces = split(&Json, text.as_bytes(), 256, 100).unwrap();
        assert!(pieces.len() > text.len() / 300);
        for piece in &pieces {
            assert!(piece.raw.len() <= 256);
            let block = piece.lex().unwrap();
            let found = memchr::memmem::find(&piece.raw, b"13800138000").map(|_| site(piece, &block, "13800138000"));
            if let Some(found) = found {
                assert!(found.path.as_ref().unwrap().ends_with("tel"), "{found:?}");
            }
        }
    }
    // One long line among short ones does not make the others a document.
    let long = format!("{{\"a\":1}}\n{}\n{{\"b\":1}}\n{{\"c\":2}}\n", serde_json::to_string(&items).unwrap());
    let pieces = split(&Json, long.as_bytes(), 64, 30).unwrap();
    assert_eq!(pieces.first().unwrap().raw, b"{\"a\":1}\n");
    assert_eq!(pieces.last().unwrap().raw, b"{\"b\":1}\n{\"c\":2}\n");
}

#[test]
fn deep_nesting_is_bounded() {
    let deep = "[".repeat(DEEPEST + 1);
    for target in [1000, 4 * BIG] {
        let fault = render_all(&Json, deep.as_bytes(), target, BIG).err().unwrap();
        assert!(fault.reason.contains("too deep") || fault.reason.contains("cut short"), "{fault}");
    }
    let depth = 2000;
    let (piece, block) = read(format!("{}\"13800138000\"{}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
    assert!(site(&piece, &block, "13800138000").path.unwrap().len() < 200);
}

#[test]
fn gb18030_lines_and_documents() {
    let gb = |text: &str| GB18030.encode(text).0.into_owned();
    // 誠's second byte is a backslash.
    let line = "{\"名\":\"誠\",\"b\":\"張三 誠\\\"誠\"}\n";
    assert!(gb(line).windows(2).any(|pair| pair == b"\\\""));
    let data = gb(&line.repeat(3));
    let (piece, block) = read(&data);
    let (aside, span) = place(as_text(&block), "張三");
    assert_eq!(aside, Some(0));
    let text = vec![TextEdit { aside, span, replacement: Some("王".into()) }];
    let out = piece.render(&block, &Edits { text, ..Edits::default() }).unwrap();
    assert_eq!(out, gb(&line.repeat(3).replacen("張三", "王", 1)));
    let document = format!("[{}]", line.trim_end().repeat(20).replace("}{", "},{"));
    for target in 30..60 {
        assert_eq!(render_all(&Json, &gb(&document), target, 7).unwrap(), gb(&document));
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a1张😀\"\\\\/\n\t\u{1}]{0,10}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-c张\"\n]{0,3}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[derive(Debug, Clone, Copy)]
enum Style {
    Compact,
    Pretty,
    Ascii,
    Spaced,
}

fn write(value: &Value, style: Style) -> String {
    match style {
        Style::Compact => value.to_string(),
        Style::Pretty => serde_json::to_string_pretty(value).unwrap().replace('\n', "\r\n"),
        Style::Ascii => {
            let units = value.to_string().chars().fold(String::new(), |mut out, character| {
                if character.is_ascii() {
                    out.push(character);
                } else {
                    let escapes = character
                        .encode_utf16(&mut [0; 2])
                        .iter()
                        .map(|unit| format!("\\u{unit:04X}"))
                        .collect::<String>();
                    out.push_str(&escapes);
                }
                out
            });
            units.replace('/', "\\/")
        }
        Style::Spaced => serde_json::to_string_pretty(value).unwrap().replace('\n', " "),
    }
}

/// Calls `visit` with each string that is a value, in the order of the text.
fn strings(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::String(_) => visit(value),
        Value::Array(items) => items.iter_mut().for_each(|item| strings(item, visit)),
        Value::Object(members) => members.values_mut().for_each(|member| strings(member, visit)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_replaced_string_is_what_serde_json_reads(
        records in prop::collection::vec(values(), 1..5),
        style in prop::sample::select(vec![Style::Compact, Style::Pretty, Style::Ascii, Style::Spaced]),
        new in prop::option::of("[a1张😀\"\\\\/\n\u{1}]{0,6}"),
        pick in any::<prop::sample::Index>(),
        ends in any::<(prop::sample::Index, prop::sample::Index)>(),
        target in 1usize..200,
        chunk in 1usize..200,
    ) {
        let mut expected = records.clone();
        let mut count = 0;
        expected.iter_mut().for_each(|record| strings(record, &mut |_| count += 1));
        prop_assume!(count > 0);
        let chosen = pick.index(count);
        let data: String = records.iter().map(|record| write(record, style) + "\n").collect();
        let mut out = Vec::new();
        let mut seen = 0;
        let mut change = None;
        for piece in split(&Json, data.as_bytes(), target, chunk).unwrap() {
            let block = piece.lex().unwrap();
            let mut edits = Edits::default();
            for (aside, content, decoded) in string_tokens(as_text(&block)) {
                if seen == chosen {
                    let (from, to) = char_span(&decoded, &ends);
                    change = Some((from..to, decoded.len()));
                    let span = if aside.is_some() { from..to } else { content.start + from..content.start + to };
                    edits.text.push(TextEdit { aside, span, replacement: new.clone().map(String::into_bytes) });
                }
                seen += 1;
            }
            out.extend(piece.render(&block, &edits).unwrap());
        }
        let (span, length) = change.unwrap();
        let mut number = 0;
        expected.iter_mut().for_each(|record| strings(record, &mut |value| {
            if number == chosen {
                let Value::String(text) = value else { unreachable!() };
                if new.is_none() && span == (0..length) {
                    *value = Value::Null;
                } else {
                    text.replace_range(span.clone(), new.as_deref().unwrap_or_default());
                }
            }
            number += 1;
        }));
        let read: Vec<Value> = serde_json::Deserializer::from_slice(&out).into_iter().collect::<Result<_, _>>().unwrap();
        let written: Vec<Value> = expected.iter().map(|v| serde_json::from_str(&v.to_string()).unwrap()).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn identity_of_values(
        records in prop::collection::vec(values(), 0..6),
        style in prop::sample::select(vec![Style::Compact, Style::Pretty, Style::Ascii, Style::Spaced]),
        target in 1usize..200,
        chunk in 1usize..200,
        bom in any::<bool>(),
    ) {
        let data: String = records.iter().map(|record| write(record, style) + "\n").collect();
        let data = if bom { format!("\u{feff}{data}") } else { data };
        prop_assert_eq!(render_all(&Json, data.as_bytes(), target, chunk).unwrap(), data.into_bytes());
    }

    #[test]
    fn identity_or_an_error(
        data in prop::collection::vec(prop::sample::select(b"{}[],:\"\"\\\n\r 1au\xe5\xbc\xa0\x81".to_vec()), 0..200),
        target in 1usize..64,
        chunk in 1usize..80,
    ) {
        if let Ok(out) = render_all(&Json, &data, target, chunk) {
            prop_assert_eq!(out, data);
        }
    }

    #[test]
    fn block_size_does_not_decide_what_is_valid(
        text in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\\"\"", "1", " ", "\n", "{\"a\":1}", "[1,2]"]), 1..14),
        target in 1usize..20,
        chunk in 1usize..20,
    ) {
        let text = text.concat();
        let values: Result<Vec<serde::de::IgnoredAny>, _> = serde_json::Deserializer::from_str(&text).into_iter().collect();
        let read = render_all(&Json, text.as_bytes(), target, chunk);
        // Never accepts what is not JSON; refuses JSON only when the first line said that it was one value a line.
        prop_assert!(values.is_ok() || read.is_err(), "{text}");
    }
}

/// The string values of a block: aside, content in the text, decoded content.
fn string_tokens(block: &TextBlock) -> Vec<(Option<u32>, Range<usize>, String)> {
    let text = block.slab.text();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'"', &text[at..]).map(|open| at + open) {
        let mut close = open + 1;
        while text[close] != b'"' {
            close += if text[close] == b'\\' { 2 } else { 1 };
        }
        at = close + 1;
        let content = open + 1..close;
        let key = text[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if key {
            continue;
        }
        let aside = block.asides.iter().position(|aside| aside.span == content);
        assert_eq!(aside.is_some(), text[content.clone()].contains(&b'\\'));
        let decoded = serde_json::from_slice(&text[open..=close]).unwrap();
        if let Some(aside) = aside {
            assert_eq!(block.asides[aside].decoded, String::as_bytes(&decoded));
        }
        found.push((aside.map(|aside| aside as u32), content, decoded));
    }
    found
}

fn char_span(text: &str, ends: &(prop::sample::Index, prop::sample::Index)) -> (usize, usize) {
    let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (a, b) = (bounds[ends.0.index(bounds.len())], bounds[ends.1.index(bounds.len())]);
    (a.min(b), a.max(b))
}
