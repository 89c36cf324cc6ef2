//! Operators through the program: surrogates and the way back in CSV, a dump and Parquet; generalization; digests
//! without a key; and that nothing becomes a token of a token.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::program::Folder;
use crate::support::people::{card, mobile, resident_id};

fn policy(operators: &[(&str, &str)]) -> String {
    let entries = operators.iter().map(|(entity, operator)| {
        format!(
            "  - {{category: {entity}, clause: test, entities: [{entity}], level: 3, deidentify: {operator}, \
             anonymize: mask, include_non_personal: true}}\n"
        )
    });
    format!(
        "policy: own\ntitle: Own\nversion: '1'\nsource: test\nentries:\n{}\
         otherwise: {{level: 1, deidentify: keep, anonymize: keep}}\n",
        entries.collect::<String>()
    )
}

const BIJECTIONS: &[(&str, &str)] = &[
    ("CN_MOBILE_PHONE", "surrogate"),
    ("CN_RESIDENT_ID", "{surrogate: {birth_date: year}}"),
    ("BANK_CARD", "fpe"),
    ("EMAIL_ADDRESS", "surrogate"),
    ("PERSON_NAME", "keep"),
];

fn with_keys(operators: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    folder.tuomin(&["key", "new", "k"]).expect(0);
    folder.tuomin(&["key", "new", "other"]).expect(0);
    folder.write("own.yml", policy(operators));
    folder
}

const PEOPLE: u64 = 40;

fn csv() -> String {
    let row = |n| format!("{},{},{},user{n}@example.com,\n", mobile(n), resident_id(n, n % 3 == 0), card(n));
    "mobile,id_card,bank_card,email,note\n".to_owned() + &(0..PEOPLE).map(row).collect::<String>()
}

fn dump() -> String {
    let row = |n| format!("{n}\t{}\t{}\t{}\t\\N\n", mobile(n), resident_id(n, false), card(n));
    format!(
        "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.3\n-- Dumped by pg_dump version 15.3\n\n\
         SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n\
         CREATE TABLE public.people (\n    n integer,\n    mobile bigint NOT NULL,\n    id_card character varying(18),\n    \
         bank_card text,\n    email text\n);\n\n\
         COPY public.people (n, mobile, id_card, bank_card, email) FROM stdin;\n{}\\.\n\n\n\
         --\n-- PostgreSQL database dump complete\n--\n\n",
        (0..PEOPLE).map(row).collect::<String>()
    )
}

fn write_parquet(folder: &Folder, name: &str) {
    let mobiles = Int64Array::from_iter((0..PEOPLE).map(|n| (n % 5 != 4).then(|| mobile(n).parse::<i64>().unwrap())));
    let ids = StringArray::from_iter((0..PEOPLE).map(|n| (n % 7 != 6).then(|| resident_id(n, n % 3 == 0))));
    let batch =
        RecordBatch::try_from_iter([("mobile", Arc::new(mobiles) as ArrayRef), ("id_card", Arc::new(ids) as ArrayRef)])
            .unwrap();
    let mut writer = ArrowWriter::try_new(File::create(folder.path(name)).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn read_parquet(folder: &Folder, name: &str) -> Vec<(Option<i64>, Option<String>)> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(folder.path(name)).unwrap()).unwrap();
    let mut rows = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let (mobiles, ids) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
        rows.extend(mobiles.iter().zip(ids.iter()).map(|(mobile, id)| (mobile, id.map(str::to_owned))));
    }
    rows
}

#[test]
fn surrogates_agree_in_every_format_and_lead_back() {
    let folder = with_keys(BIJECTIONS);
    folder.write("in/people.csv", csv());
    folder.write("in/people.sql", dump());
    std::fs::create_dir_all(folder.path("in/sub")).unwrap();
    write_parquet(&folder, "in/sub/people.parquet");
    folder.tuomin(&["deidentify", "in", "-o", "out", "--key-file", "k", "--policy", "own.yml"]).expect(0);

    let (before, after) = (csv(), folder.text("out/people.csv"));
    let first_of = |text: &str| text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let (originals, surrogates): (Vec<Vec<String>>, Vec<Vec<String>>) = (first_of(&before), first_of(&after));
    for (original, surrogate) in originals.iter().zip(&surrogates) {
        assert!(original.iter().zip(surrogate).take(4).all(|(one, other)| one != other && one.len() == other.len()));
        assert_eq!(original[1][6..10], surrogate[1][6..10], "the year of birth stays");
        assert!(surrogate[3].ends_with("@example.com") && surrogate[4].is_empty());
    }
    let dumped = folder.text("out/people.sql");
    let parquet = read_parquet(&folder, "out/sub/people.parquet");
    for (n, surrogate) in surrogates.iter().enumerate() {
        assert!(dumped.contains(&format!("{n}\t{}\t", surrogate[0])), "the same number in text and number columns");
        assert!(dumped.contains(&surrogate[2]));
        assert_eq!(parquet[n].0, (n % 5 != 4).then(|| surrogate[0].parse().unwrap()), "NULL stays NULL");
        assert_eq!(parquet[n].1, (n % 7 != 6).then(|| surrogate[1].clone()));
    }
    assert_eq!(dumped.matches("\\N").count(), PEOPLE as usize);
    folder.tuomin(&["verify", "out", "--policy", "own.yml"]).expect(0);

    let back = ["reidentify", "out", "-o", "back", "--key-file", "k", "--policy", "own.yml"];
    folder.tuomin(&back).expect(0);
    assert_eq!(folder.text("back/people.csv"), csv());
    assert_eq!(folder.text("back/people.sql"), dump());
    assert_eq!(read_parquet(&folder, "back/sub/people.parquet"), read_parquet(&folder, "in/sub/people.parquet"));
    assert_eq!(folder.json("back/_tuomin-manifest.json")["purpose"], "reidentify");

    let only = [&back[..2], &["-o", "some"], &back[4..], &["--only", "BANK_CARD"]].concat();
    folder.tuomin(&only).expect(0);
    let some = folder.text("some/people.csv");
    assert!(some.contains(&originals[3][2]) && !some.contains(&originals[3][0]) && some.contains(&surrogates[3][0]));
}

#[test]
fn the_way_back_wants_the_key_and_what_leads_back() {
    let folder = with_keys(BIJECTIONS);
    folder.write("tokens.yml", policy(&[("CN_MOBILE_PHONE", "hash"), ("BANK_CARD", "fpe")]).replace("own", "tokens"));
    folder.write("a.csv", csv());
    folder.tuomin(&["deidentify", "a.csv", "-o", "b.csv", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    let back = |key: &str, policy: &str, more: &[&str]| {
        let arguments = ["reidentify", "b.csv", "-o", "c.csv", "--key-file", key, "--policy", policy];
        folder.tuomin(&[&arguments[..], more].concat())
    };
    for (key, policy, more, reason) in [
        ("other", "own.yml", &[][..], "was rewritten with the key"),
        ("k", "tokens.yml", &[], "was rewritten under the policy own"),
        ("k", "tokens.yml", &["--only", "CN_MOBILE_PHONE"], "CN_MOBILE_PHONE cannot be restored"),
        ("k", "own.yml", &["--only", "NOTHING"], "no such entity type"),
        ("k", "default", &[], "nothing that this policy writes can be restored"),
    ] {
        let ended = back(key, policy, more).expect(2);
        assert!(ended.stderr.contains(reason), "{}", ended.stderr);
        assert!(!folder.path("c.csv").exists());
    }
    // Under the policy of tokens these numbers are no tokens: they are refused, not taken for restored.
    let ended = back("k", "tokens.yml", &["--unchecked"]).expect(3);
    assert!(ended.stderr.contains("CN_MOBILE_PHONE cannot be restored: what hash wrote"), "{}", ended.stderr);
    assert!(!folder.path("c.csv").exists());
    std::fs::remove_file(folder.path("b.csv.manifest.json")).unwrap();
    assert!(back("k", "own.yml", &[]).expect(2).stderr.contains("no manifest"));
    let piped = ["reidentify", "-", "-o", "-", "--key-file", "k", "--policy", "own.yml", "--unchecked"];
    assert_eq!(folder.tuomin_with(&piped, &folder.read("b.csv")).expect(0).out(), csv());
}

#[test]
fn nothing_becomes_a_token_of_a_token() {
    let folder = with_keys(BIJECTIONS);
    folder.write("in/sub/a.csv", csv());
    folder.tuomin(&["deidentify", "in", "-o", "out", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    let id = folder.json("out/_tuomin-manifest.json")["key_id"].as_str().unwrap().to_owned();
    for (input, key) in [("out", "other"), ("out", "k"), ("out/sub/a.csv", "other")] {
        let ended = folder.tuomin(&["deidentify", input, "-o", "twice", "--key-file", key]).expect(2);
        assert!(ended.stderr.contains("is the output of a run (deidentify, key"), "{}", ended.stderr);
        assert!(ended.stderr.contains(&id) && !folder.path("twice").exists());
    }
    folder.tuomin(&["deidentify", "out/sub/a.csv", "-o", "twice.csv", "--key-file", "other", "--again"]).expect(0);
    folder.tuomin(&["anonymize", "out/sub/a.csv", "-o", "public.csv"]).expect(0);
    // The way to another key.
    let back = ["reidentify", "out", "-o", "back", "--key-file", "k", "--policy", "own.yml"];
    folder.tuomin(&back).expect(0);
    for (input, output) in [("in/sub/a.csv", "one.csv"), ("back/sub/a.csv", "two.csv")] {
        folder.tuomin(&["deidentify", input, "-o", output, "--key-file", "other", "--policy", "own.yml"]).expect(0);
    }
    assert_eq!(folder.text("one.csv"), folder.text("two.csv"));
}

#[test]
fn names_and_marked_values_are_surrogates_that_pass_the_second_reading() {
    let folder = with_keys(&[
        ("PERSON_NAME", "surrogate"),
        ("CN_ADDRESS", "{surrogate: {region: keep}}"),
        ("CN_MOBILE_PHONE", "{surrogate: {range: marked}}"),
        ("CN_RESIDENT_ID", "{surrogate: {range: marked}}"),
    ]);
    let names = ["张伟", "王小明", "李娜", "欧阳娜娜", "赵敏"];
    let row = |n: usize| {
        format!(
            "{},浙江省杭州市西湖区文三路{}号,{},{}\n",
            names[n % 5],
            n + 1,
            mobile(n as u64),
            resident_id(n as u64, n.is_multiple_of(2))
        )
    };
    let text = "姓名,地址,手机号,身份证号\n".to_owned() + &(0..20).map(row).collect::<String>();
    folder.write("a.csv", &text);
    folder.tuomin(&["deidentify", "a.csv", "-o", "b.csv", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    let out = folder.text("b.csv");
    assert_eq!(out.lines().count(), 21);
    for (line, original) in out.lines().zip(text.lines()).skip(1) {
        let cells: Vec<(&str, &str)> = line.split(',').zip(original.split(',')).collect();
        assert!(cells.iter().all(|(new, old)| new != old && new.chars().count() <= old.chars().count()), "{line}");
        assert!(
            cells[1].0.starts_with("浙江省杭州市西湖区") && cells[2].0.starts_with("1") && cells[3].0.starts_with("99")
        );
        assert!(["10", "11", "12"].contains(&&cells[2].0[..2]));
    }
    let shown = |n: usize| out.lines().nth(n + 1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(shown(0), shown(5), "the same name has the same surrogate");
    let ended =
        folder.tuomin(&["reidentify", "b.csv", "-o", "c.csv", "--key-file", "k", "--policy", "own.yml"]).expect(2);
    assert!(ended.stderr.contains("nothing that this policy writes can be restored"), "{}", ended.stderr);
}

#[test]
fn generalized_values_are_less_exact_and_load() {
    let folder = with_keys(&[
        ("BIRTHDAY", "{generalize: {date: month}}"),
        ("AGE", "generalize"),
        ("CN_ADDRESS", "{generalize: {address: district}}"),
        ("IP_ADDRESS", "generalize"),
        ("GPS_COORDINATE", "generalize"),
        ("TRANSACTION_AMOUNT", "{generalize: {amount: 500}}"),
    ]);
    folder.write(
        "a.csv",
        "birthday,age,address,ip,latitude,pay_amount\n\
         1990-11-23,34,浙江省杭州市西湖区文三路5号,203.0.113.77,30.274084,1234.50\n\
         1985-01-02,30,浙江省杭州市西湖区文三路9号,8.8.4.4,30.155070,99\n,,,,,\n",
    );
    folder.tuomin(&["deidentify", "a.csv", "-o", "b.csv", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    assert_eq!(
        folder.text("b.csv"),
        "birthday,age,address,ip,latitude,pay_amount\n\
         1990-11,30-39,浙江省杭州市西湖区,203.0.113.0,30.27,1000-1499\n\
         1985-01,30-39,浙江省杭州市西湖区,8.8.4.0,30.15,0-499\n,,,,,\n"
    );
    let date = dump().replace("email text", "birthday date").replace("card, email)", "card, birthday)");
    folder.write("a.sql", date.replace("\\N", "1990-11-23"));
    folder.tuomin(&["deidentify", "a.sql", "-o", "b.sql", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    assert_eq!(folder.text("b.sql"), date.replace("\\N", "1990-11-01"), "a column of type date");
    let checked = folder.tuomin(&["policy", "show", "own.yml", "--format", "yaml"]).expect(0).out();
    assert!(checked.contains("amount: 500") && checked.contains("address: district"), "{checked}");
    folder.write("wrong.yml", policy(&[("PERSON_NAME", "generalize")]));
    let ended = folder.tuomin(&["policy", "check", "wrong.yml"]).expect(2);
    assert!(ended.stderr.contains("PERSON_NAME has no generalization; these have: "), "{}", ended.stderr);
}

#[test]
fn a_digest_without_a_key_is_called_reversible() {
    let accepted = "{sha256: {unkeyed: accepted, reason: a partner joins by it}}";
    let folder = with_keys(&[("CN_MOBILE_PHONE", accepted)]);
    folder.write("a.csv", "mobile\n13800138000\n13900139000\n");
    let ended =
        folder.tuomin(&["deidentify", "a.csv", "-o", "b.csv", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    assert!(ended.out().contains("2 values of 1 entity types are REVERSIBLE"), "{}", ended.out());
    assert_eq!(folder.json("b.csv.manifest.json")["assets"][0]["reversible"]["CN_MOBILE_PHONE"], 2);
    assert!(folder.text("b.csv").lines().nth(1).is_some_and(|digest| digest.len() == 64));
    folder.write("wrong.yml", policy(&[("CN_MOBILE_PHONE", "sha256")]));
    let ended = folder.tuomin(&["policy", "check", "wrong.yml"]).expect(2);
    assert!(ended.stderr.contains("2^33") && ended.stderr.contains("wrong.yml:"), "{}", ended.stderr);
}
