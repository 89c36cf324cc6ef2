//! `date_shift` through the program: the dates of one person move alike in every format, the time between them stays, and
//! the key leads back where the subject does.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::program::Folder;
use crate::support::people::mobile;

const SHIFT: &str = "{date_shift: {subject: [user_id, phone]}}";

fn policy(birthday: &str, phone: &str) -> String {
    format!(
        "policy: own\ntitle: Own\nversion: '1'\nsource: test\nentries:\n\
         \x20 - {{category: a, clause: c, entities: [BIRTHDAY], level: 3, deidentify: {birthday}, anonymize: mask}}\n\
         \x20 - {{category: b, clause: c, entities: [CN_MOBILE_PHONE], level: 3, deidentify: {phone}, anonymize: mask, \
         include_non_personal: true}}\n\
         otherwise: {{level: 1, deidentify: keep, anonymize: keep}}\n"
    )
}

fn with_policy(birthday: &str, phone: &str) -> Folder {
    let folder = Folder::with_key();
    folder.write("own.yml", policy(birthday, phone));
    folder
}

fn run<'a>(verb: &'a str, input: &'a str, output: &'a str) -> Vec<&'a str> {
    vec![verb, input, "-o", output, "--key-file", "k", "--policy", "own.yml"]
}

/// Days since some day, of a date in figures.
fn days(text: &str) -> i64 {
    let digits: Vec<i64> = text.chars().filter_map(|c| c.to_digit(10)).map(i64::from).collect();
    let number = |digits: &[i64]| digits.iter().fold(0, |number, digit| number * 10 + digit);
    let (year, month, day) = (number(&digits[..4]), number(&digits[4..6]), number(&digits[6..8]));
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day
}

const DATES: [&str; 4] = ["1990-03-07", "1988-12-31", "2000-02-29", "1975-06-01"];

fn csv() -> String {
    let row = |n: usize| format!("{},{},{}\n", 1000 + n % 5, DATES[n % 4], DATES[(n + 1) % 4].replace('-', "/"));
    "user_id,birthday,出生日期\n".to_owned() + &(0..20).map(row).collect::<String>()
}

fn dump() -> String {
    let row = |n: usize| format!("{}\t{}\t19880102\n", 1000 + n, DATES[n % 4]);
    format!(
        "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.3\n-- Dumped by pg_dump version 15.3\n\n\
         SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n\
         CREATE TABLE public.people (\n    \"userId\" bigint NOT NULL,\n    birthday date,\n    birth_ymd integer\n);\n\n\
         COPY public.people (\"userId\", birthday, birth_ymd) FROM stdin;\n{}\\.\n\n\n\
         --\n-- PostgreSQL database dump complete\n--\n\n",
        (0..5).map(row).collect::<String>()
    )
}

fn json() -> String {
    let line = |n: usize| {
        format!(
            "{{\"USER-ID\":\"\\uff11{:03}\",\"profile\":{{\"birthday\":\"{}\"}},\"children\":[{{\"user_id\":{},\
             \"birthday\":\"{}\"}}]}}\n",
            n,
            DATES[n % 4],
            1000 + (n + 1) % 5,
            DATES[n % 4]
        )
    };
    (0..5).map(line).collect()
}

fn log() -> String {
    (0..5).map(|n| format!("INFO user_id={} 生日：{} ok\n", 1000 + n, DATES[n % 4])).collect()
}

fn write_parquet(folder: &Folder, name: &str) {
    let users = Int64Array::from_iter_values(1000..1005);
    let dates = StringArray::from_iter_values((0..5).map(|n| DATES[n % 4]));
    let batch = RecordBatch::try_from_iter([
        ("user_id", Arc::new(users) as ArrayRef),
        ("birthday", Arc::new(dates) as ArrayRef),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(File::create(folder.path(name)).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn read_parquet(folder: &Folder, name: &str) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(folder.path(name)).unwrap()).unwrap();
    let batches = reader.build().unwrap().map(|batch| batch.unwrap());
    batches
        .flat_map(|batch| batch.column(1).as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_dates_of_a_subject_move_alike_in_every_format_and_lead_back() {
    let folder = with_policy(SHIFT, "fpe");
    folder.write("in/a.csv", csv());
    folder.write("in/b.sql", dump());
    folder.write("in/c.ndjson", json());
    folder.write("in/d.log", log());
    write_parquet(&folder, "in/e.parquet");
    folder.tuomin(&run("deidentify", "in", "out")).expect(0);

    // By subject: how far the dates of the CSV file moved.
    let mut moved = std::collections::BTreeMap::new();
    for (old, new) in csv().lines().zip(folder.text("out/a.csv").lines()).skip(1) {
        let (old, new): (Vec<&str>, Vec<&str>) = (old.split(',').collect(), new.split(',').collect());
        assert!(old[0] == new[0] && new[1].contains('-') && new[2].contains('/'), "{new:?}");
        let shift = days(new[1]) - days(old[1]);
        assert!(shift != 0 && shift.abs() <= 180, "{shift}");
        assert_eq!(days(new[2]) - days(old[2]), shift, "the time between two dates stays");
        assert_eq!(*moved.entry(old[0].to_owned()).or_insert(shift), shift);
    }
    assert!(moved.values().collect::<std::collections::BTreeSet<_>>().len() > 2, "{moved:?}");

    let expected = |n: usize| moved[&(1000 + n).to_string()];
    let rows =
        |text: &str| -> Vec<String> { text.lines().filter(|l| l.starts_with("100")).map(str::to_owned).collect() };
    for (n, (old, new)) in rows(&dump()).iter().zip(rows(&folder.text("out/b.sql"))).enumerate() {
        let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\t').collect(), new.split('\t').collect());
        assert_eq!(days(new[1]) - days(old[1]), expected(n), "a column of type date");
        assert_eq!(days(new[2]) - days(old[2]), expected(n), "a column of numbers");
    }
    for (n, line) in folder.text("out/c.ndjson").lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let of = |value: &serde_json::Value| days(value["birthday"].as_str().unwrap()) - days(DATES[n % 4]);
        assert_eq!(of(&line["profile"]), expected(n), "the key of an object around");
        assert_eq!(of(&line["children"][0]), expected((n + 1) % 5), "the key of the nearest object");
    }
    for (n, line) in folder.text("out/d.log").lines().enumerate() {
        assert_eq!(days(&line[line.find('：').unwrap()..]) - days(DATES[n % 4]), expected(n), "{line}");
    }
    for (n, date) in read_parquet(&folder, "out/e.parquet").iter().enumerate() {
        assert_eq!(days(date) - days(DATES[n % 4]), expected(n));
    }
    folder.tuomin(&["verify", "out", "--policy", "own.yml"]).expect(0);

    folder.tuomin(&run("reidentify", "out", "back")).expect(0);
    assert_eq!(folder.text("back/a.csv"), csv());
    assert_eq!(folder.text("back/b.sql"), dump());
    assert_eq!(folder.text("back/c.ndjson"), json());
    assert_eq!(folder.text("back/d.log"), log());
    assert_eq!(read_parquet(&folder, "back/e.parquet"), read_parquet(&folder, "in/e.parquet"));

    folder.tuomin(&["key", "new", "k2"]).expect(0);
    folder.tuomin(&["deidentify", "in/a.csv", "-o", "other.csv", "--key-file", "k2", "--policy", "own.yml"]).expect(0);
    assert_ne!(folder.text("other.csv"), folder.text("out/a.csv"));
}

fn phones(n: u64) -> String {
    let row = |n| format!("{},{}\n", mobile(n), DATES[n as usize % 4]);
    "phone,birthday\n".to_owned() + &(0..n).map(row).collect::<String>()
}

#[test]
fn the_way_back_is_by_the_subject() {
    let folder = with_policy(SHIFT, "fpe");
    folder.write("a.csv", phones(8));
    // Another spelling of the same subject.
    folder.write("b.csv", phones(8).replace("\n1", "\n+86 1"));
    folder.tuomin(&run("deidentify", "a.csv", "a2.csv")).expect(0);
    folder.tuomin(&run("deidentify", "b.csv", "b2.csv")).expect(0);
    let dates = |name: &str| -> Vec<String> {
        folder.text(name).lines().map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(dates("a2.csv"), dates("b2.csv"));
    assert_ne!(dates("a2.csv"), dates("a.csv"));
    folder.tuomin(&run("reidentify", "a2.csv", "a3.csv")).expect(0);
    assert_eq!(folder.text("a3.csv"), phones(8));
    // The subject is restored in thought only.
    folder.tuomin(&[&run("reidentify", "a2.csv", "a4.csv")[..], &["--only", "BIRTHDAY"]].concat()).expect(0);
    assert_eq!(dates("a4.csv"), dates("a.csv"));
    assert!(!folder.text("a4.csv").contains(&mobile(3)));

    for lost in ["hash", "mask", "replace"] {
        let folder = with_policy(SHIFT, lost);
        folder.write("a.csv", phones(8));
        folder.tuomin(&run("deidentify", "a.csv", "b.csv")).expect(0);
        let back =
            folder.tuomin(&[&run("reidentify", "b.csv", "c.csv")[..], &["--only", "BIRTHDAY"]].concat()).expect(3);
        assert!(back.stderr.contains("whose it is was replaced by what leads nowhere"), "{lost}: {}", back.stderr);
        assert!(!folder.path("c.csv").exists());
    }
}

#[test]
fn a_date_without_a_subject_is_refused_unless_the_policy_says_otherwise() {
    for (name, content) in [
        ("a.csv", "name,birthday\nx,1990-03-07\n"),
        ("b.csv", "user_id,birthday\n,1990-03-07\n"),
        ("g.csv", "user_id,userId,birthday\n5,6,1990-03-07\n"),
        ("c.ndjson", "{\"user_id\":null,\"birthday\":\"1990-03-07\"}\n"),
        ("d.ndjson", "{\"a\":{\"user_id\":5},\"birthday\":\"1990-03-07\"}\n"),
        ("e.ndjson", "{\"user_id\":5,\"user_id\":6,\"birthday\":\"1990-03-07\"}\n"),
        ("f.log", "user_id=5 user_id=6 birthday=1990-03-07\n"),
    ] {
        let folder = with_policy(SHIFT, "keep");
        folder.write(name, content);
        let ended = folder.tuomin(&run("deidentify", name, "out")).expect(3);
        assert!(
            ended.stderr.contains("does not tell one subject") && ended.stderr.contains("per_value"),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("1990") && !folder.path("out").exists());
        folder.write("own.yml", policy("{date_shift: {subject: [user_id], per_value: true}}", "keep"));
        folder.tuomin(&run("deidentify", name, "out")).expect(0);
        assert_ne!(folder.text("out"), content);
        let back = folder.tuomin(&run("reidentify", "out", "back")).expect(3);
        assert!(back.stderr.contains("was moved by itself"), "{}", back.stderr);
    }
}

#[test]
fn what_cannot_be_moved_is_refused_by_name() {
    let folder = with_policy("{date_shift: {subject: [user_id], days: 3650, direction: earlier}}", "keep");
    folder.write("a.csv", "user_id,birthday\n5,1900-01-01\n");
    let ended = folder.tuomin(&run("deidentify", "a.csv", "b.csv")).expect(3);
    assert!(ended.stderr.contains("before 1900 or in the future"), "{}", ended.stderr);
    folder.write("a.log", "user_id=5 生日：1990年1月\n");
    let ended = folder.tuomin(&run("deidentify", "a.log", "b.log")).expect(3);
    assert!(ended.stderr.contains("is a month") && ended.stderr.contains("generalize"), "{}", ended.stderr);
    folder.write("c.csv", "user_id,birthday\n5,2020-01-01\n6,2020-01-01\n7,2020-01-01\n8,2020-01-01\n");
    folder.tuomin(&run("deidentify", "c.csv", "d.csv")).expect(0);
    let new = folder.text("d.csv");
    assert!(new.lines().skip(1).all(|line| days(&line[2..]) < days("2020-01-01")), "{new}");
}

#[test]
fn a_policy_says_whose_the_dates_are() {
    let folder = Folder::with_key();
    for (operator, reason) in [
        ("date_shift", "needs to know whose date it is"),
        ("{date_shift: {days: 10}}", "needs `subject"),
        ("{date_shift: {subject: [a], days: 0}}", "1 to 3650 days"),
        ("{date_shift: {subject: ['-']}}", "neither letter nor digit"),
        ("{date_shift: {subject: [a], day: 5}}", "unknown field"),
    ] {
        folder.write("own.yml", policy(operator, "keep"));
        let ended = folder.tuomin(&["policy", "check", "own.yml"]).expect(2);
        assert!(ended.stderr.contains(reason), "{operator}: {}", ended.stderr);
    }
    folder.write("own.yml", policy("keep", SHIFT));
    let ended = folder.tuomin(&["policy", "check", "own.yml"]).expect(2);
    assert!(ended.stderr.contains("CN_MOBILE_PHONE is no date; these are: BIRTHDAY"), "{}", ended.stderr);
    folder.write("own.yml", policy("{date_shift: {subject: [a, b], days: 30, direction: earlier}}", "keep"));
    let shown = folder.tuomin(&["policy", "show", "own.yml", "--format", "yaml"]).expect(0).out();
    assert!(shown.contains("date_shift") && shown.contains("days: 30") && shown.contains("earlier"), "{shown}");
    folder.write("again.yml", &shown);
    folder.tuomin(&["policy", "check", "again.yml"]).expect(0);
}
