//! One person in every format and many spellings: the same token in every text, the same number in every number.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::program::{Folder, contains};
use crate::support::people::{Person, card_spellings, mobile_spellings, resident_id, resident_id_spellings};

const PEOPLE: usize = 3;

/// The marks of a template: a mobile, an identity and a card number in a text, and the same three as numbers.
const MARKS: [&str; 6] = ["‹m›", "‹i›", "‹c›", "‹M›", "‹I›", "‹C›"];

/// In place of each `@@` line stand as many rows as there are people.
const TEMPLATES: &[(&str, &str)] = &[
    (
        "app.log",
        "2026-01-02 08:00:00 INFO 服务启动\n\
         @@2026-01-02 08:00:01 INFO 用户手机：‹m›，身份证号：‹i›，银行卡号：‹c›。\n\
         2026-01-02 08:00:02 INFO 服务停止\n",
    ),
    (
        "gb18030.log",
        "2026-01-02 08:00:00 信息 服务启动，欢迎您\n\
         @@2026-01-02 08:00:01 信息 客户手机：‹m›，身份证号：‹i›，银行卡号：‹c›。\n\
         2026-01-02 08:00:02 信息 服务停止，再见\n",
    ),
    ("people.csv", "n,mobile,id_card,bank_card,note\r\n@@7,‹m›,‹i›,‹c›,\"a \"\"b\"\"\"\r\n"),
    (
        "people.ndjson",
        "@@{\"mobile\":\"‹m›\",\"id_card\":\"‹i›\",\"bank_card\":\"‹c›\",\"n\":7}\n\
         @@{\"mobile\":‹M›,\"id_card\":‹I›,\"bank_card\":‹C›,\"n\":7}\n",
    ),
    (
        "copy.sql",
        "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.3\n-- Dumped by pg_dump version 15.3\n\n\
         SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n\
         CREATE TABLE public.people (\n    n integer,\n    mobile character varying(20),\n    id_card text,\n    \
         bank_card character varying(32)\n);\n\n\
         CREATE TABLE public.numbers (\n    mobile bigint,\n    id_card bigint,\n    bank_card bigint\n);\n\n\
         COPY public.people (n, mobile, id_card, bank_card) FROM stdin;\n@@7\t‹m›\t‹i›\t‹c›\n\\.\n\n\n\
         COPY public.numbers (mobile, id_card, bank_card) FROM stdin;\n@@‹M›\t‹I›\t‹C›\n\\.\n\n\n\
         --\n-- PostgreSQL database dump complete\n--\n\n",
    ),
    (
        "insert.sql",
        "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.3\n-- Dumped by pg_dump version 15.3\n\n\
         SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n\
         CREATE TABLE public.people (\n    n integer,\n    mobile character varying(20),\n    id_card text,\n    \
         bank_card character varying(32)\n);\n\n\
         CREATE TABLE public.numbers (\n    mobile bigint,\n    id_card bigint,\n    bank_card numeric(20,0)\n);\n\n\
         @@INSERT INTO public.people VALUES (7, '‹m›', '‹i›', '‹c›');\n\n\n\
         @@INSERT INTO public.numbers (mobile, id_card, bank_card) VALUES (‹M›, ‹I›, ‹C›);\n\n\n\
         --\n-- PostgreSQL database dump complete\n--\n\n",
    ),
    (
        "mysql.sql",
        "-- MySQL dump 10.13  Distrib 8.0.33, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n\
         -- ------------------------------------------------------\n-- Server version\t8.0.33\n\n\
         /*!40101 SET NAMES utf8mb4 */;\n\n\
         CREATE TABLE `people` (\n  `n` int DEFAULT NULL,\n  `mobile` varchar(20) DEFAULT NULL,\n  \
         `id_card` varchar(64) DEFAULT NULL,\n  `bank_card` text\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n\n\
         CREATE TABLE `numbers` (\n  `mobile` bigint DEFAULT NULL,\n  `id_card` bigint unsigned DEFAULT NULL,\n  \
         `bank_card` bigint DEFAULT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n\n\
         @@INSERT INTO `people` VALUES (7,'‹m›','‹i›','‹c›');\n\
         @@INSERT INTO `numbers` VALUES (‹M›,‹I›,‹C›);\n\
         -- Dump completed on 2026-01-02  8:00:00\n",
    ),
];

/// Everything is replaced by a number of the same shape.
const SAME_SHAPE: &str = "\
policy: same-shape
title: Same shape
version: '1'
source: test
entries:
  - category: numbers
    clause: test
    entities: [CN_MOBILE_PHONE, CN_RESIDENT_ID, BANK_CARD]
    level: 3
    deidentify: fpe
    anonymize: fpe
otherwise: {level: 3, deidentify: hash, anonymize: hash}
";

/// Everything becomes a token, when it is anonymized too.
const TOKENS: &str = "\
policy: tokens
title: Tokens
version: '1'
source: test
entries: []
otherwise: {level: 3, deidentify: hash, anonymize: hash}
";

/// What stands for a value: by person and kind (0 mobile, 1 identity, 2 card), the place and the text.
type Places = BTreeMap<(usize, usize), Vec<(String, String)>>;

/// What stands in texts, and what stands in numbers.
#[derive(Default)]
struct Found {
    texts: Places,
    numbers: Places,
}

/// The template with its rows.
fn unfolded(template: &str) -> String {
    let lines = template.split_inclusive('\n');
    lines
        .flat_map(|line| match line.strip_prefix("@@") {
            Some(row) => vec![row; PEOPLE],
            None => vec![line],
        })
        .collect()
}

/// The next mark: its index in [`MARKS`], what stands before it, and what after.
fn next_mark(template: &str) -> Option<(usize, &str, &str)> {
    let (before, rest) = template.split_once('‹')?;
    let (mark, after) = rest.split_once('›')?;
    let index = MARKS.iter().position(|name| name.trim_matches(['‹', '›']) == mark).unwrap();
    Some((index, before, after))
}

/// The template with values in its marks, each time in the next spelling.
fn filled(template: &str, people: &[Person], turn: &mut usize) -> String {
    let (mut out, mut seen) = (String::new(), [0; MARKS.len()]);
    let mut rest = template;
    while let Some((mark, before, after)) = next_mark(rest) {
        out.push_str(before);
        let person = &people[seen[mark] % PEOPLE];
        let spellings = match mark {
            0 => mobile_spellings(&person.mobile),
            1 => resident_id_spellings(&person.resident_id),
            2 => card_spellings(&person.card),
            number => vec![person.plain()[number - 3].to_owned()],
        };
        out.push_str(&spellings[*turn % spellings.len()]);
        seen[mark] += 1;
        *turn += usize::from(mark == 2);
        rest = after;
    }
    out + rest
}

/// Reads the marks' values back; everything else must stand as in the template.
fn read_back(name: &str, template: &str, output: &str, found: &mut Found) {
    let mut seen = [0; MARKS.len()];
    let (mut rest, mut output) = (template, output);
    while let Some((mark, before, after)) = next_mark(rest) {
        output = output.strip_prefix(before).unwrap_or_else(|| panic!("{name}: not {before:?} but {output:?}"));
        let following = next_mark(after).map_or(after, |(_, literal, _)| literal);
        let end = output.find(following).unwrap_or_else(|| panic!("{name}: no {following:?} in {output:?}"));
        let places = if mark < 3 { &mut found.texts } else { &mut found.numbers };
        let key = (seen[mark] % PEOPLE, mark % 3);
        places.entry(key).or_default().push((name.to_owned(), output[..end].to_owned()));
        seen[mark] += 1;
        output = &output[end..];
        rest = after;
    }
    assert_eq!(output, rest, "{name}");
}

fn write_parquet(folder: &Folder, people: &[Person]) {
    let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let number = |kind: usize| {
        let values = people.iter().map(|person| Some(person.plain()[kind].parse().unwrap()));
        Arc::new(values.chain([None]).collect::<Int64Array>()) as ArrayRef
    };
    let with_empty = |values: Vec<String>| text(values.into_iter().chain([String::new()]).collect());
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        (
            "mobile",
            with_empty(people.iter().map(|person| mobile_spellings(&person.mobile)[2].clone()).collect()),
            false,
        ),
        (
            "id_card",
            with_empty(people.iter().map(|person| resident_id_spellings(&person.resident_id)[1].clone()).collect()),
            false,
        ),
        ("bank_card", with_empty(people.iter().map(|person| card_spellings(&person.card)[1].clone()).collect()), false),
        ("mobile_number", number(0), true),
        ("id_number", number(1), true),
        ("card_number", number(2), true),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = File::create(folder.path("in/people.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The tokens of a Parquet file; `NULL` for what became NULL.
fn read_parquet(folder: &Folder, out: &str, found: &mut Found) {
    let file = File::open(folder.path(&format!("{out}/people.parquet"))).unwrap();
    let batches: Vec<RecordBatch> =
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect();
    assert_eq!(batches.len(), 1);
    let batch = &batches[0];
    assert_eq!(batch.num_rows(), PEOPLE + 1);
    for (column, values) in batch.columns().iter().enumerate() {
        let name = format!("people.parquet {}", batch.schema().field(column).name());
        for person in 0..PEOPLE {
            let (places, value) = if column < 3 {
                (&mut found.texts, values.as_string::<i32>().value(person).to_owned())
            } else {
                let numbers = values.as_primitive::<Int64Type>();
                let shown = if numbers.is_null(person) { "NULL".into() } else { numbers.value(person).to_string() };
                (&mut found.numbers, shown)
            };
            places.entry((person, column % 3)).or_default().push((name.clone(), value));
        }
        if column < 3 {
            assert_eq!(values.as_string::<i32>().value(PEOPLE), "", "{name}: empty stays empty");
        } else {
            assert!(values.is_null(PEOPLE), "{name}: NULL stays NULL");
        }
    }
}

fn people() -> Vec<Person> {
    (0..PEOPLE as u64).map(|n| Person::new(n + 1)).collect()
}

/// Every format with the same people in it, in the folder `in`.
fn prepared() -> Folder {
    let folder = Folder::new();
    let mut turn = 0;
    for (name, template) in TEMPLATES {
        let content = filled(&unfolded(template), &people(), &mut turn);
        if *name == "gb18030.log" {
            let (bytes, _, unmappable) = encoding_rs::GB18030.encode(&content);
            assert!(!unmappable);
            folder.write(&format!("in/{name}"), bytes);
        } else {
            folder.write(&format!("in/{name}"), content);
        }
    }
    write_parquet(&folder, &people());
    folder.write("shape.yml", SAME_SHAPE);
    folder.write("tokens.yml", TOKENS);
    for key in ["k", "k2"] {
        folder.tuomin(&["key", "new", key]).expect(0);
    }
    folder
}

/// What stands in the marks of every file of the folder `out`.
fn found(folder: &Folder, out: &str) -> Found {
    let mut found = Found::default();
    for (name, template) in TEMPLATES {
        let bytes = folder.read(&format!("{out}/{name}"));
        let text = if *name == "gb18030.log" {
            let (text, _, wrong) = encoding_rs::GB18030.decode(&bytes);
            assert!(!wrong, "{name} is no GB18030 any more");
            text.into_owned()
        } else {
            String::from_utf8(bytes).unwrap()
        };
        read_back(name, &unfolded(template), &text, &mut found);
    }
    read_parquet(folder, out, &mut found);
    assert_eq!((found.texts.len(), found.numbers.len()), (3 * PEOPLE, 3 * PEOPLE));
    assert!(found.texts.values().all(|places| places.len() == TEMPLATES.len() + 1));
    assert!(found.numbers.values().all(|places| places.len() == 5));
    found
}

/// The one text that stands in all of these places, by person and kind.
#[track_caller]
fn only(places: &Places) -> BTreeMap<(usize, usize), String> {
    let one = |(key, places): (&(usize, usize), &Vec<(String, String)>)| {
        let first = &places[0].1;
        for (place, value) in places {
            assert_eq!(value, first, "{place} and {} differ: {places:?}", places[0].0);
        }
        (*key, first.clone())
    };
    places.iter().map(one).collect()
}

fn deidentify(folder: &Folder, out: &str, more: &[&str]) -> Found {
    folder.tuomin(&[&["deidentify", "in", "-o", out], more].concat()).expect(0);
    found(folder, out)
}

fn outputs(folder: &Folder, out: &str) -> Vec<(String, Vec<u8>)> {
    let files = folder.files().into_iter().filter_map(|name| Some(name.strip_prefix(out)?.to_owned()));
    files.map(|name| (name.clone(), folder.read(&format!("{out}{name}")))).collect()
}

/// Neither an original nor a part of one that could be joined to it stands in any output.
fn assert_no_original(folder: &Folder, out: &str) {
    for (name, bytes) in outputs(folder, out) {
        for person in people() {
            let spellings = mobile_spellings(&person.mobile)
                .into_iter()
                .chain(resident_id_spellings(&person.resident_id))
                .chain(card_spellings(&person.card));
            for original in spellings {
                assert!(!contains(&bytes, original.as_bytes()), "{out}{name} holds an original");
            }
            for original in person.plain() {
                let little_endian = original.parse::<i64>().unwrap().to_le_bytes();
                assert!(!contains(&bytes, &little_endian), "{out}{name} holds an original as a 64-bit integer");
            }
        }
    }
}

/// Distinct values have distinct tokens.
#[track_caller]
fn assert_distinct(tokens: &BTreeMap<(usize, usize), String>) {
    let distinct: std::collections::BTreeSet<&String> = tokens.values().collect();
    assert_eq!(distinct.len(), tokens.len(), "{tokens:?}");
}

#[test]
fn a_value_has_one_token_in_texts_and_one_number_in_numbers() {
    let folder = prepared();
    let first = deidentify(&folder, "one", &["--key-file", "k"]);
    assert_no_original(&folder, "one/");
    let (tokens, numbers) = (only(&first.texts), only(&first.numbers));
    assert_distinct(&tokens);
    assert_distinct(&numbers);
    for token in tokens.values() {
        assert_eq!(token.len(), 20, "{token}");
        assert!(token.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{token}");
    }
    for ((person, kind), number) in &numbers {
        let original = people()[*person].plain()[*kind].to_owned();
        assert_eq!(number.len(), original.len(), "as many digits");
        assert!(number.bytes().all(|byte| byte.is_ascii_digit()) && *number != original);
    }

    // The same key again: the same bytes, the manifest included.
    deidentify(&folder, "two", &["--key-file", "k"]);
    assert!(outputs(&folder, "one/") == outputs(&folder, "two/"), "a second run differs");

    // Another key: nothing in common.
    let other = deidentify(&folder, "three", &["--key-file", "k2"]);
    let (other_tokens, other_numbers) = (only(&other.texts), only(&other.numbers));
    for key in tokens.keys() {
        assert_ne!(tokens[key], other_tokens[key], "{key:?}");
        assert_ne!(numbers[key], other_numbers[key], "{key:?}");
    }

    // By a policy of same-shape numbers, the texts hold the numbers that numbers hold under any policy.
    let shaped = deidentify(&folder, "four", &["--key-file", "k", "--policy", "shape.yml"]);
    assert_no_original(&folder, "four/");
    assert_eq!(only(&shaped.numbers), numbers);
    assert_eq!(only(&shaped.texts), numbers);
}

#[test]
fn anonymizing_links_to_nothing() {
    let folder = prepared();
    let known = deidentify(&folder, "known", &["--key-file", "k"]);
    let known: Vec<String> = only(&known.texts).into_values().chain(only(&known.numbers).into_values()).collect();
    let anonymize = |out: &str, policy: &str| {
        folder.tuomin(&["anonymize", "in", "-o", out, "--policy", policy]).expect(0);
        assert_no_original(&folder, &format!("{out}/"));
        for (name, bytes) in outputs(&folder, &format!("{out}/")) {
            for token in &known {
                assert!(!contains(&bytes, token.as_bytes()), "{out}/{name} holds a token of the key");
            }
        }
        found(&folder, out)
    };
    // By default the entity type's name stands in texts, and nothing in numbers.
    let plain = anonymize("plain", "default");
    for ((_, kind), text) in only(&plain.texts) {
        assert_eq!(text, ["<CN_MOBILE_PHONE>", "<CN_RESIDENT_ID>", "<BANK_CARD>"][kind]);
    }
    for (place, number) in plain.numbers.values().flatten() {
        assert!(["NULL", "null", "\\N"].contains(&number.as_str()), "{place}: {number}");
    }
    // A keyed operator links within the run, and no two runs.
    for policy in ["tokens.yml", "shape.yml"] {
        let (first, second) = (anonymize(&format!("{policy}1"), policy), anonymize(&format!("{policy}2"), policy));
        for (first, second) in [(&first.texts, &second.texts), (&first.numbers, &second.numbers)] {
            let (first, second) = (only(first), only(second));
            assert_distinct(&first);
            assert!(first.iter().all(|(key, token)| second[key] != *token), "two runs agree: {policy}");
        }
    }
}

#[test]
fn the_check_letter_has_one_token_in_either_case() {
    let folder = Folder::new();
    folder.tuomin(&["key", "new", "k"]).expect(0);
    let number = resident_id(5, true);
    assert!(number.ends_with('X'));
    for (place, spelling) in resident_id_spellings(&number).iter().enumerate() {
        folder.write(&format!("in/{place}.log"), format!("身份证号：{spelling}，已核验\n"));
        folder.write(&format!("in/{place}.csv"), format!("n,id_card\n1,{spelling}\n2,\n"));
    }
    folder.tuomin(&["deidentify", "in", "-o", "out", "--key-file", "k"]).expect(0);
    let mut tokens = std::collections::BTreeSet::new();
    for place in 0..resident_id_spellings(&number).len() {
        let log = folder.text(&format!("out/{place}.log"));
        let token = log.strip_prefix("身份证号：").and_then(|rest| rest.strip_suffix("，已核验\n"));
        tokens.insert(token.unwrap_or_else(|| panic!("{log}")).to_owned());
        let csv = folder.text(&format!("out/{place}.csv"));
        let token = csv.strip_prefix("n,id_card\n1,").and_then(|rest| rest.strip_suffix("\n2,\n"));
        tokens.insert(token.unwrap_or_else(|| panic!("{csv}")).to_owned());
    }
    assert_eq!(tokens.len(), 1, "{tokens:?}");
}
