//! Values within values: JSON in a cell or a string, parameters of a URL, base64. What is replaced is written as the inner
//! syntax wants it, so that the inner value can still be read.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::program::Folder;

const PHONE: &str = "13800138000";
const ID: &str = "11010519491231002X";
/// What no syntax takes as it is.
const NAME: &str = r#"a"b\c'张"#;

/// Names become [`NAME`], identity numbers tokens, mobile numbers what `phone` says.
fn with_policy(phone: &str) -> Folder {
    let folder = Folder::with_key();
    folder.write(
        "own.yml",
        format!(
            "policy: own\ntitle: Own\nversion: '1'\nsource: test\nentries:\n\
             \x20 - {{category: a, clause: c, entities: [CN_MOBILE_PHONE], level: 3, deidentify: {phone}, \
             anonymize: mask, include_non_personal: true}}\n\
             \x20 - {{category: b, clause: c, entities: [PERSON_NAME], level: 3, deidentify: {{replace: \
             \"a\\\"b\\\\c'张\"}}, anonymize: mask}}\n\
             \x20 - {{category: d, clause: c, entities: [CN_RESIDENT_ID, BLOB], level: 3, deidentify: hash, \
             anonymize: mask, include_non_personal: true}}\n\
             otherwise: {{level: 1, deidentify: keep, anonymize: keep}}\n"
        )
        .replace(", BLOB", if phone == "blob" { ", BLOB" } else { "" })
        .replace("deidentify: blob", "deidentify: hash"),
    );
    folder
}

fn rewritten(folder: &Folder, name: &str) -> String {
    let arguments = ["deidentify", name, "-o", "out", "--key-file", "k", "--policy", "own.yml", "--force"];
    folder.tuomin(&arguments).expect(0);
    let out = folder.text("out");
    assert!(
        !out.contains(PHONE) && !out.contains(ID) && !out.contains("张伟") && !out.contains("5f20\\u4f1f"),
        "{out}"
    );
    out
}

/// Documents with a name, a phone number as text or number, and a note with more of them behind escapes.
fn documents() -> [String; 3] {
    [
        format!(r#"{{"name":"张伟","phone":"{PHONE}","idCard":"{ID}","n":[1,"it's"]}}"#),
        format!(r#"{{"name":"\u5f20\u4f1f", "phone":{PHONE},"note":"电话：{PHONE}\n身份证{ID}"}}"#),
        format!(r#"{{"inner":"{{\"name\":\"张伟\",\"phone\":{PHONE},\"idCard\":\"{ID}\"}}","phone":"{PHONE}"}}"#),
    ]
}

#[track_caller]
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Makes sure of the documents that [`documents`] became.
#[track_caller]
fn check(new: &[String]) {
    assert_eq!(new.len(), 3);
    let number = |value: &Value| value.as_u64().is_some_and(|number| number.to_string().len() == 11);
    let token = |value: &Value| value.as_str().is_some_and(|text| text.len() == 20);
    let first = parsed(&new[0]);
    assert_eq!(first["name"], NAME);
    assert!(token(&first["phone"]) && token(&first["idCard"]) && first["n"][1] == "it's", "{first}");
    let second = parsed(&new[1]);
    assert_eq!(second["name"], NAME);
    assert!(number(&second["phone"]) && !new[1].contains(r#"a"b"#), "{second}");
    let note = second["note"].as_str().unwrap();
    assert!(note.starts_with("电话：") && note.contains("\n身份证"), "{note}");
    assert!(note.contains(first["phone"].as_str().unwrap()) && note.ends_with(first["idCard"].as_str().unwrap()));
    let third = parsed(&new[2]);
    let inner = parsed(third["inner"].as_str().unwrap());
    assert!(inner["name"] == NAME && number(&inner["phone"]) && inner["idCard"] == first["idCard"], "{inner}");
    assert!(inner["phone"] == second["phone"] && third["phone"] == first["phone"]);
}

#[test]
fn json_in_a_csv_cell_stays_json() {
    let folder = with_policy("hash");
    let quoted = documents().map(|text| format!("7,\"{}\"\n", text.replace('"', "\"\"")));
    folder.write("a.csv", format!("id,detail\n{}", quoted.concat()));
    let out = rewritten(&folder, "a.csv");
    let cells = out
        .lines()
        .skip(1)
        .map(|line| line.strip_prefix("7,\"").and_then(|cell| cell.strip_suffix('"')).unwrap().replace("\"\"", "\""));
    check(&cells.collect::<Vec<_>>());
}

const COPY: &str = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.3\n\
                    -- Dumped by pg_dump version 15.3\n\nSET client_encoding = 'UTF8';\n\
                    SET standard_conforming_strings = on;\n\n";

#[test]
fn json_in_a_text_column_of_copy_stays_json() {
    for kind in ["text", "character varying(4000)", "jsonb"] {
        let folder = with_policy("hash");
        let rows = documents().map(|text| format!("7\t{}\n", text.replace('\\', "\\\\")));
        folder.write(
            "a.sql",
            format!(
                "{COPY}CREATE TABLE public.t (\n    id integer,\n    detail {kind}\n);\n\n\
                 COPY public.t (id, detail) FROM stdin;\n{}\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n",
                rows.concat()
            ),
        );
        let out = rewritten(&folder, "a.sql");
        let rows = out.lines().filter_map(|line| line.strip_prefix("7\t"));
        check(&rows.map(|row| row.replace("\\\\", "\\")).collect::<Vec<_>>());
    }
}

/// What a string of MySQL stands for.
fn unquoted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some('n') => out.push('\n'),
                other => out.extend(other),
            },
            other => out.push(other),
        }
    }
    out
}

#[test]
fn json_in_a_varchar_of_mysql_stays_json() {
    let folder = with_policy("hash");
    let row = |text: String| format!("(7,'{}')", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'"));
    folder.write(
        "a.sql",
        format!(
            "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n\
             -- ------------------------------------------------------\n/*!40101 SET NAMES utf8mb4 */;\n\n\
             CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `detail` varchar(500) DEFAULT NULL\n) ENGINE=InnoDB DEFAULT \
             CHARSET=utf8mb4;\n\nINSERT INTO `t` VALUES {};\n-- Dump completed on 2026-03-01\n",
            documents().map(row).join(",")
        ),
    );
    let out = rewritten(&folder, "a.sql");
    let rows = out.lines().find_map(|line| line.strip_prefix("INSERT INTO `t` VALUES (7,'")).unwrap();
    let rows = rows.strip_suffix("');").unwrap().split("'),(7,'");
    check(&rows.map(unquoted).collect::<Vec<_>>());
}

#[test]
fn json_in_a_string_of_json_stays_json() {
    let folder = with_policy("hash");
    let lines = documents().map(|text| format!("{{\"id\":7,\"payload\":{}}}\n", Value::from(text)));
    folder.write("a.ndjson", lines.concat());
    let out = rewritten(&folder, "a.ndjson");
    check(&out.lines().map(|line| parsed(line)["payload"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
    let plan = folder.tuomin(&["deidentify", "a.ndjson", "--plan", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    assert!(plan.out().contains("payload") && !plan.out().contains(PHONE), "{}", plan.out());
}

#[test]
fn json_in_a_parquet_column_stays_json() {
    let folder = with_policy("hash");
    let column = StringArray::from_iter_values(documents());
    let batch = RecordBatch::try_from_iter([("detail", Arc::new(column) as ArrayRef)]).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(folder.path("a.parquet")).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let arguments = ["deidentify", "a.parquet", "-o", "out", "--key-file", "k", "--policy", "own.yml"];
    folder.tuomin(&arguments).expect(0);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(folder.path("out")).unwrap()).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(|batch| batch.unwrap()).collect();
    let texts = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
    check(&texts.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn a_document_that_would_be_none_is_refused_and_keys_of_one_in_a_text_are_replaced() {
    let folder = with_policy("hash");
    let write = |kind: &str, text: &str| {
        folder.write(
            "a.sql",
            format!(
                "{COPY}CREATE TABLE public.t (\n    id integer,\n    detail {kind}\n);\n\n\
                 COPY public.t (id, detail) FROM stdin;\n7\t{text}\n\\.\n\n\n--\n-- PostgreSQL database dump \
                 complete\n--\n\n"
            ),
        );
    };
    // Room for a mask or a number only: the number of the same shape in the string, as in any narrow column.
    write("character varying(25)", &format!("{{\"phone\":\"{PHONE}\"}}"));
    let out = rewritten(&folder, "a.sql");
    let row = out.lines().find_map(|line| line.strip_prefix("7\t")).unwrap();
    assert_eq!(parsed(row)["phone"].as_str().map(str::len), Some(11), "{row}");
    write("text", &format!("{{\"{PHONE}\":1}}"));
    let out = rewritten(&folder, "a.sql");
    assert!(parsed(out.lines().find_map(|line| line.strip_prefix("7\t")).unwrap()).is_object());
    // A token is no number.
    write("text", &format!("{{\"phone\":{PHONE},\"{ID}\":1,\"name\":\"张伟\"}}"));
    let ended = folder.tuomin(&["deidentify", "a.sql", "-o", "no", "--key-file", "k", "--policy", "own.yml"]).expect(3);
    assert!(ended.stderr.contains("JSON document in a text would be none"), "{}", ended.stderr);
    assert!(!folder.path("no").exists() && !ended.stderr.contains(PHONE));
}

#[test]
fn parameters_of_a_url_stay_percent_encoded() {
    let query = format!("phone=%2B86{PHONE}&name=%E5%BC%A0%E4%BC%9F&idCard={ID}&x=1");
    let decoded = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                }
                other => out.push(other),
            }
        }
        String::from_utf8(out).unwrap()
    };
    let check = |query: &str| {
        assert!(query.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'\\<>".contains(&byte)), "{query}");
        let parts: Vec<(&str, String)> = query
            .split('&')
            .map(|part| part.split_once('=').unwrap())
            .map(|(key, value)| (key, decoded(value)))
            .collect();
        assert_eq!(parts.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["phone", "name", "idCard", "x"]);
        assert!(parts[0].1.len() == 20 && parts[1].1 == NAME && parts[2].1.len() == 20 && parts[3].1 == "1", "{query}");
    };
    let folder = with_policy("hash");
    folder.write("a.log", format!("10.0.0.1 - - [01/Mar/2026:12:00:00 +0800] \"GET /api?{query} HTTP/1.1\" 200 12\n"));
    let out = rewritten(&folder, "a.log");
    check(out.split(['?', ' ']).find(|part| part.starts_with("phone=")).unwrap());
    folder.write("a.csv", format!("id,url\n1,https://example.com/p?{query}\n"));
    check(rewritten(&folder, "a.csv").trim_end().split_once('?').unwrap().1);
    folder.write("a.ndjson", format!("{{\"id\":1,\"url\":\"https:\\/\\/example.com\\/p?{query}\"}}\n"));
    check(parsed(&rewritten(&folder, "a.ndjson"))["url"].as_str().unwrap().split_once('?').unwrap().1);
    // A document in a parameter, escaped twice.
    folder.write("b.log", format!("GET /api?u=%257B%2522phone%2522%253A%2522{PHONE}%2522%257D HTTP/1.1\n"));
    let out = rewritten(&folder, "b.log");
    assert!(parsed(&decoded(&decoded(out.split(['=', ' ']).nth(2).unwrap())))["phone"].is_string(), "{out}");
}

#[test]
fn what_holds_a_value_in_base64_is_replaced_as_a_whole() {
    let folder = with_policy("blob");
    folder.write(
        "rules/blob.yml",
        "entity: BLOB\nzh: 编码字段\nen: Encoded field\nsource: made up\ncanonical: text\nmask: {style: keep, first: 0, \
         last: 0}\ndecode: base64\nlabels: {positive: [blob]}\nrecognize:\n  - {anchor: label, pattern: \
         '[0-9A-Za-z+/=]{11,}', structure: 40}\nexamples: [{text: 'blob=cGhvbmU9MTM4', match: cGhvbmU9MTM4}]\n\
         counterexamples: [{text: 'x=cGhvbmU9MTM4', why: another key}]\n",
    );
    let value = data_encoding::BASE64.encode(format!("电话：{PHONE}").as_bytes());
    // By the policy that keeps the holder, too: what is in it is not kept.
    for keeps in [false, true] {
        if keeps {
            folder.write("own.yml", folder.text("own.yml").replace(", BLOB", ""));
        }
        for (name, content) in [
            ("a.csv", format!("id,blob\n1,{value}\n")),
            ("a.ndjson", format!("{{\"id\":1,\"blob\":\"{value}\"}}\n")),
            ("b.ndjson", format!("{{\"id\":1,\"payload\":\"{{\\\"blob\\\":\\\"{value}\\\"}}\"}}\n")),
            ("a.log", format!("blob={value} ok\n")),
        ] {
            folder.write(name, &content);
            let arguments = ["deidentify", name, "-o", "out", "--key-file", "k", "--policy", "own.yml", "--force"];
            folder.tuomin(&[&arguments[..], &["--rules", "rules"]].concat()).expect(0);
            let out = folder.text("out");
            assert!(!out.contains(&value[..12]) && out.lines().count() == content.lines().count(), "{out}");
            if name.ends_with("ndjson") {
                assert!(parsed(&out).is_object());
            }
        }
    }
}
