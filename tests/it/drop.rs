//! `drop`: a column that *is* of an entity type goes altogether, in every format that can do without it; the rest stays byte
//! for byte, and what was dropped is nowhere else.

use std::fmt::Write as _;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::program::{Folder, contains, gunzip, gzip};
use crate::support::people::mobile;
use crate::support::python;

/// Mobile numbers are dropped; names of people, resident IDs and e-mail addresses stay; all else is hashed.
const POLICY: &str = "\
policy: own
title: Own
version: '1'
source: test
entries:
  - {category: phone, clause: test, entities: [CN_MOBILE_PHONE], level: 3, deidentify: drop, anonymize: drop,
     include_non_personal: true}
  - {category: other, clause: test, entities: [PERSON_NAME, CN_RESIDENT_ID], level: 1, deidentify: keep, anonymize: keep}
otherwise: {level: 3, deidentify: hash, anonymize: mask}
";
const ROWS: u64 = 40;

fn folder() -> Folder {
    let folder = Folder::with_key();
    folder.write("own.yml", POLICY);
    folder
}

const DEIDENTIFY: [&str; 5] = ["deidentify", "--key-file", "k", "--policy", "own.yml"];

fn deidentify<'a>(more: &[&'a str]) -> Vec<&'a str> {
    DEIDENTIFY.iter().copied().chain(more.iter().copied()).collect()
}

fn assert_no_mobile(content: &[u8]) {
    for n in 0..ROWS {
        assert!(!contains(content, mobile(n).as_bytes()), "row {n}");
    }
}

/// A file with the mobile number in column `mobile`, now and then in `note`, and as its own column of another type.
fn csv(with_mobile: bool) -> String {
    let mut text = String::from(if with_mobile { "\u{feff}id,\"mobile\",note\r\n" } else { "\u{feff}id,note\r\n" });
    for n in 0..ROWS {
        let number = mobile(n);
        let cell = if n % 3 == 0 { format!("\"{number}\"") } else { number.clone() };
        let note = if n % 8 == 1 && with_mobile { format!("call {number} now") } else { "\"a, \"\"b\"\"\"".to_owned() };
        let note = if n % 8 == 1 && !with_mobile { "call  now".to_owned() } else { note };
        let _ = if with_mobile { write!(text, "{n},{cell},{note}\r\n") } else { write!(text, "{n},{note}\r\n") };
    }
    text
}

#[test]
fn a_column_of_csv_goes_and_the_rest_stays_byte_for_byte() {
    let folder = folder();
    folder.write("in/people.csv", csv(true));
    folder.write("in/packed.csv.gz", gzip(csv(true).as_bytes()));
    let before = folder.files();
    let plan = folder.tuomin(&deidentify(&["in/people.csv", "--plan=json"])).expect(0);
    assert_eq!(folder.files(), before, "a plan writes nothing");
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let told = |column: &str| {
        let columns = plan["columns"].as_array().unwrap();
        let column = columns.iter().find(|one| one["column"] == column).unwrap();
        (column["asked"].clone(), column["operator"].clone(), column["verdict_of_column"].clone())
    };
    assert_eq!(told("mobile"), (json!("drop"), json!("drop"), json!("is")));
    assert_eq!(told("note"), (json!("drop"), json!("redact"), json!("contains")));

    for (threads, out) in [("1", "out"), ("3", "again")] {
        folder.tuomin(&deidentify(&["in", "-o", out, "--threads", threads])).expect(0);
        assert_eq!(folder.text(&format!("{out}/people.csv")), csv(false));
        assert_eq!(gunzip(&folder.path(&format!("{out}/packed.csv.gz"))), csv(false).as_bytes());
        folder.tuomin(&["verify", out, "--policy", "own.yml"]).expect(0);
    }
    let manifest = folder.json("out/_tuomin-manifest.json");
    for asset in manifest["assets"].as_array().unwrap() {
        let column = json!({"column": "mobile", "entities": ["CN_MOBILE_PHONE"], "rows": ROWS, "values": ROWS, "operator": "drop"});
        assert_eq!(asset["dropped"], json!([column]));
        assert_eq!(asset["operators"]["CN_MOBILE_PHONE"], json!({"drop": ROWS, "redact": ROWS / 8}));
    }
    // To standard output from a file, and in the file's own place.
    let streamed = folder.tuomin(&deidentify(&["in/people.csv", "-o", "-"])).expect(0);
    assert_eq!(streamed.out(), csv(false));
    folder.tuomin(&deidentify(&["in", "--in-place"])).expect(0);
    assert_eq!(folder.text("in/people.csv"), csv(false));
}

#[test]
fn what_was_dropped_does_not_come_back_and_that_is_said() {
    let folder = folder();
    folder.write("own.yml", POLICY.replace("hash, anonymize: mask", "fpe, anonymize: mask"));
    folder.write("own.yml", POLICY.replace("entries:", "entries:\n  - {category: card, clause: test, entities: [BANK_CARD], level: 3, deidentify: fpe, anonymize: mask}"));
    let card = |n| crate::support::people::card(n);
    let people =
        (0..ROWS).fold("mobile,bank_card\n".to_owned(), |text, n| text + &format!("{},{}\n", mobile(n), card(n)));
    folder.write("people.csv", people);
    folder.tuomin(&deidentify(&["people.csv", "-o", "out.csv"])).expect(0);
    let back = ["reidentify", "out.csv", "-o", "back.csv", "--key-file", "k", "--policy", "own.yml"];
    let ended = folder.tuomin(&back).expect(0);
    assert!(
        ended.stderr.contains("the column mobile was dropped by the run and cannot be restored"),
        "{}",
        ended.stderr
    );
    assert_eq!(folder.text("back.csv"), (0..ROWS).fold("bank_card\n".to_owned(), |text, n| text + &card(n) + "\n"));
}

#[test]
fn a_column_without_a_name_goes_by_its_place() {
    let folder = folder();
    let rows = |with: bool| {
        (0..ROWS).fold(String::new(), |mut text, n| {
            let mobile = if with { mobile(n) + "\t" } else { String::new() };
            let _ = writeln!(text, "{n}\t{mobile}x{n}\t{}", if n % 2 == 0 { "" } else { "y" });
            text
        })
    };
    folder.write("rows.tsv", rows(true));
    folder.tuomin(&deidentify(&["rows.tsv", "-o", "out.tsv", "--format", "csv"])).expect(0);
    assert_eq!(folder.text("out.tsv"), rows(false));
}

#[test]
fn a_column_that_only_contains_some_stays() {
    let folder = folder();
    let mut text = String::from("id,contact\n");
    for n in 0..ROWS {
        let _ = writeln!(text, "{n},{}", if n % 4 == 0 { mobile(n) } else { "none".to_owned() });
    }
    folder.write("people.csv", &text);
    folder.tuomin(&deidentify(&["people.csv", "-o", "out.csv"])).expect(0);
    let expected = (0..ROWS).fold(text, |text, n| text.replace(&mobile(n), ""));
    assert_eq!(folder.text("out.csv"), expected);
    assert_eq!(folder.json("out.csv.manifest.json")["assets"][0].get("dropped"), None);
}

#[test]
fn texts_that_each_name_a_number_stay() {
    let folder = folder();
    let spaced = |n: u64| {
        let number = mobile(n);
        format!("+86 {}-{}-{}", &number[..3], &number[3..7], &number[7..])
    };
    let csv = |with: bool| {
        (0..ROWS).fold(if with { "id,tel,remark\n" } else { "id,remark\n" }.to_owned(), |text, n| {
            let (tel, number) = if with { (spaced(n) + ",", mobile(n)) } else { Default::default() };
            text + &format!("{n},{tel}please call {number} about the order\n")
        })
    };
    let ndjson = |with: bool| {
        (0..ROWS).fold(String::new(), |text, n| {
            let (tel, number) = if with { (format!("\"tel\":\"{}\",", spaced(n)), mobile(n)) } else { Default::default() };
            text + &format!("{{\"id\":{n},{tel}\"msg\":\"please \\\"call\\\" {number} about the order\",\"m\":\"call {number} soon\"}}\n")
        })
    };
    folder.write("in/a.csv", csv(true));
    folder.write("in/b.ndjson", ndjson(true));
    folder.tuomin(&deidentify(&["in", "-o", "out"])).expect(0);
    assert_eq!(folder.text("out/a.csv"), csv(false));
    assert_eq!(folder.text("out/b.ndjson"), ndjson(false));
    let plan = folder.tuomin(&deidentify(&["in", "--plan=json"])).expect(0);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    for column in plan["columns"].as_array().unwrap() {
        assert_eq!(column["operator"], if column["column"] == "tel" { "drop" } else { "redact" }, "{column}");
    }
}

#[test]
fn a_key_at_which_objects_or_lists_stand_stays() {
    let folder = folder();
    let number = mobile(3);
    for (held, other) in [
        (r#"{"name":"x","n":1}"#, r#""contact":"#),
        (r#"["a"]"#, r#""contact":"#),
        // Of two equal keys, one holds an object.
        (r#"{"name":"x"}"#, r#""contact":"","contact":"#),
    ] {
        let rows = |number: &str| {
            (0..ROWS).fold(String::new(), |text, n| {
                let value = if n == 3 { format!("\"{number}\"") } else { held.to_owned() };
                text + &format!("{{\"id\":{n},{other}{value}}}\n")
            })
        };
        folder.write("a.ndjson", rows(&number));
        folder.tuomin(&deidentify(&["a.ndjson", "-o", "out.ndjson", "--force"])).expect(0);
        assert_eq!(folder.text("out.ndjson"), rows(""));
    }
    // One that is empty holds nothing.
    let rows = |with: bool| {
        (0..ROWS).fold(String::new(), |text, n| {
            let value = if n == 3 { "{ }".to_owned() } else { format!("\"{}\"", mobile(n)) };
            text + &if with { format!("{{\"id\":{n},\"contact\":{value}}}\n") } else { format!("{{\"id\":{n}}}\n") }
        })
    };
    folder.write("a.ndjson", rows(true));
    folder.tuomin(&deidentify(&["a.ndjson", "-o", "out.ndjson", "--force"])).expect(0);
    assert_eq!(folder.text("out.ndjson"), rows(false));
}

#[test]
fn what_cannot_go_is_refused_by_name() {
    let folder = folder();
    folder.write("only.csv", (0..ROWS).fold("mobile\n".to_owned(), |text, n| text + &mobile(n) + "\n"));
    for (arguments, code) in
        [(["only.csv", "--plan", "--format", "csv"], 2), (["only.csv", "-oout.csv", "--format", "csv"], 3)]
    {
        let ended = folder.tuomin(&deidentify(&arguments)).expect(code);
        let said = ended.out() + &ended.stderr;
        assert!(said.contains("no column would be left") && said.contains("column mobile"), "{said}");
        assert!(said.contains("use null or redact"), "{said}");
    }
    assert!(!folder.path("out.csv").exists());
}

#[test]
fn a_stream_is_refused_where_it_may_have_columns() {
    let folder = folder();
    let stream = deidentify(&["-", "-o", "-"]);
    let ended = folder.tuomin_with(&stream, csv(true).as_bytes()).expect(3);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("cannot be read twice"), "{}", ended.stderr);
    let planned = folder.tuomin_with(&deidentify(&["-", "--plan"]), csv(true).as_bytes()).expect(3);
    assert!(planned.out().contains("cannot be read twice"), "{}", planned.out());
    let log = |with: bool| {
        (0..ROWS).fold(String::new(), |mut text, n| {
            let _ = writeln!(text, "2024-01-02 user {n} phone={} ok", if with { mobile(n) } else { String::new() });
            text
        })
    };
    assert_eq!(folder.tuomin_with(&stream, log(true).as_bytes()).expect(0).out(), log(false));
}

/// Objects with the number at the top, in an object, in a list of objects and in a list.
fn objects(with: bool) -> String {
    (0..ROWS).fold(String::new(), |mut text, n| {
        let number = mobile(n);
        let _ = if with {
            writeln!(
                text,
                "{{\"id\": {n}, \"mobile\": {number}, \"user\": {{\"phone\":\"{number}\"}}, \"all\": [{{\"tel\" : \"{number}\" , \
                 \"n\":1.50}}], \"phones\": [\"{number}\"], \"last\": \"{number}\"}}"
            )
        } else {
            writeln!(text, "{{\"id\": {n}, \"user\": {{}}, \"all\": [{{\"n\":1.50}}], \"phones\": [\"\"]}}")
        };
        text
    })
}

#[test]
fn keys_of_json_go_with_their_values() {
    let folder = folder();
    folder.write("in/a.ndjson", objects(true));
    let list = |with| format!("[\n{}\n]\n", objects(with).trim_end().replace('\n', ",\n"));
    folder.write("in/list.json", list(true));
    for threads in ["1", "3"] {
        folder.tuomin(&deidentify(&["in", "-o", "out", "--force", "--threads", threads])).expect(0);
        assert_eq!(folder.text("out/a.ndjson"), objects(false));
        assert_eq!(folder.text("out/list.json"), list(false));
        folder.tuomin(&["verify", "out", "--policy", "own.yml"]).expect(0);
    }
    let dropped = &folder.json("out/_tuomin-manifest.json")["assets"][0]["dropped"];
    let columns: Vec<&str> = dropped.as_array().unwrap().iter().map(|one| one["column"].as_str().unwrap()).collect();
    assert_eq!(columns, ["all[].tel", "last", "mobile", "user.phone"]);
    let plan = folder.tuomin(&deidentify(&["in/a.ndjson", "--plan=json"])).expect(0);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    for column in plan["columns"].as_array().unwrap() {
        let expected = if column["column"] == "phones[]" { "redact" } else { "drop" };
        assert_eq!(column["operator"], expected, "{column}");
    }
}

#[test]
fn members_of_archives_lose_their_columns() {
    let folder = folder();
    folder.write("files/people.csv", csv(true));
    folder.write("files/a.ndjson", objects(true));
    let mut tar = tar_of(&[("people.csv", csv(true).as_bytes()), ("a.ndjson", objects(true).as_bytes())]);
    folder.write("both.tar", &tar);
    tar = gzip(&tar);
    folder.write("both.tar.gz", &tar);
    for name in ["both.tar", "both.tar.gz"] {
        let out = format!("out-{name}");
        folder.tuomin(&deidentify(&[name, "-o", &out])).expect(0);
        let written = if name.ends_with("gz") { gunzip(&folder.path(&out)) } else { folder.read(&out) };
        assert_no_mobile(&written);
        assert!(contains(&written, csv(false).as_bytes()) && contains(&written, objects(false).as_bytes()));
        let dropped = &folder.json(&format!("{out}.manifest.json"))["assets"][0]["dropped"];
        assert_eq!(dropped[0]["member"], "people.csv");
        assert_eq!(dropped.as_array().unwrap().len(), 5);
    }
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[108..124].copy_from_slice(b"0000000\x000000000\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[136..148].copy_from_slice(b"14000000000\0");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn dump(constraint: &str, mobile_of: &dyn Fn(u64) -> String, note: &dyn Fn(u64) -> String) -> String {
    let rows = (0..ROWS).map(|n| format!("{n}\t{}\t{}\n", mobile_of(n), note(n))).collect::<String>();
    format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n\
         CREATE TABLE public.people (\n    id integer NOT NULL,\n    mobile bigint{constraint},\n    note text\n);\n\n\
         COPY public.people (id, mobile, note) FROM stdin;\n{rows}\\.\n\n\n\
         --\n-- PostgreSQL database dump complete\n--\n\n"
    )
}

#[test]
fn a_column_of_a_database_stays_and_is_emptied() {
    let folder = folder();
    // One that is no mobile number goes as well: the column is emptied as a whole.
    let number = |n: u64| if n == 7 { "42".to_owned() } else { mobile(n) };
    let noted = |n: u64| if n % 8 == 1 { format!("call {}", mobile(n)) } else { "-".to_owned() };
    let left = |n: u64| if n % 8 == 1 { "call ".to_owned() } else { "-".to_owned() };
    folder.write("shop.sql", dump("", &number, &noted));
    folder.tuomin(&deidentify(&["shop.sql", "-o", "out.sql"])).expect(0);
    assert_eq!(folder.text("out.sql"), dump("", &|_| "\\N".to_owned(), &left));
    let dropped = &folder.json("out.sql.manifest.json")["assets"][0]["dropped"];
    let column = json!({"table": "public.people", "column": "mobile", "entities": ["CN_MOBILE_PHONE"], "rows": ROWS,
        "values": ROWS, "operator": "null"});
    assert_eq!(*dropped, json!([column]));
    let plan = folder.tuomin(&deidentify(&["shop.sql", "--plan=json"])).expect(0);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(plan["columns"][0]["operator"], "null");

    folder.write("strict.sql", dump(" NOT NULL", &number, &noted));
    for (arguments, code) in [(["strict.sql", "--plan"].as_slice(), 2), (&["strict.sql", "-o", "strict-out.sql"], 3)] {
        let ended = folder.tuomin(&deidentify(arguments)).expect(code);
        let said = ended.out() + &ended.stderr;
        assert!(said.contains("must not be NULL") && said.contains("column public.people.mobile"), "{said}");
        assert!(said.contains("use redact or hash"), "{said}");
    }
    assert!(!folder.path("strict-out.sql").exists());
}

#[test]
fn constraints_are_asked_of_an_emptied_column() {
    let folder = folder();
    let (note, null) = (|_| "-".to_owned(), |_: u64| "\\N".to_owned());
    for (constraint, name, planned) in [
        (",\n    CONSTRAINT there CHECK ((mobile IS NOT NULL))", "there", 2),
        (",\n    CONSTRAINT either CHECK (((mobile IS NOT NULL) OR (note <> '-'::text)))", "either", 0),
        (",\n    CONSTRAINT once UNIQUE NULLS NOT DISTINCT (mobile)", "once", 2),
    ] {
        folder.write("shop.sql", dump(constraint, &mobile, &note));
        folder.tuomin(&deidentify(&["shop.sql", "--plan"])).expect(planned);
        let ended = folder.tuomin(&deidentify(&["shop.sql", "-o", "out.sql"])).expect(3);
        assert!(ended.stderr.contains("column public.people.mobile"), "{}", ended.stderr);
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
        assert!(!folder.path("out.sql").exists());
    }
    for constraint in [",\n    CHECK ((mobile > 0))", ",\n    CONSTRAINT once UNIQUE (mobile)"] {
        folder.write("shop.sql", dump(constraint, &mobile, &note));
        folder.tuomin(&deidentify(&["shop.sql", "-o", "out.sql", "--force"])).expect(0);
        assert_eq!(folder.text("out.sql"), dump(constraint, &null, &note));
    }
    // Of several columns, as pg_dump writes it: after the rows.
    let key =
        "ALTER TABLE ONLY public.people\n    ADD CONSTRAINT both_once UNIQUE NULLS NOT DISTINCT (mobile, note);\n";
    folder.write("key.sql", dump("", &mobile, &note) + key);
    let ended = folder.tuomin(&deidentify(&["key.sql", "-o", "key-out.sql"])).expect(3);
    assert!(ended.stderr.contains("both_once"), "{}", ended.stderr);
    assert!(!folder.path("key-out.sql").exists());
}

#[test]
fn rows_of_mysqldump_and_sqlite_are_emptied() {
    let folder = folder();
    let rows = |mobile: &dyn Fn(u64) -> String| {
        (0..ROWS).map(|n| format!("({n},{},'x')", mobile(n))).collect::<Vec<_>>().join(",")
    };
    let dump = |mobile: &dyn Fn(u64) -> String| {
        format!(
            "-- MySQL dump 10.13\nCREATE TABLE `t` (`id` int NOT NULL, `mobile` varchar(32) DEFAULT NULL, `note` text);\n\
             INSERT INTO `t` VALUES {};\n-- Dump completed\n",
            rows(mobile)
        )
    };
    folder.write("shop.sql", dump(&|n| format!("'{}'", mobile(n))));
    folder.tuomin(&deidentify(&["shop.sql", "-o", "out.sql"])).expect(0);
    assert_eq!(folder.text("out.sql"), dump(&|_| "NULL".to_owned()));

    let connection = Connection::open(folder.path("shop.db")).unwrap();
    let insert = rows(&|n| mobile(n));
    let tables = "CREATE TABLE t (id INTEGER PRIMARY KEY, mobile INTEGER, note TEXT); \
                  CREATE TABLE strict (id INTEGER PRIMARY KEY, mobile INTEGER NOT NULL, note TEXT);";
    connection.execute_batch(&format!("{tables} INSERT INTO t VALUES {insert};")).unwrap();
    folder.tuomin(&deidentify(&["shop.db", "-o", "out.db"])).expect(0);
    assert_no_mobile(&folder.read("out.db"));
    let written = Connection::open(folder.path("out.db")).unwrap();
    let count = "SELECT count(*), count(mobile), count(note), sum(id) FROM t";
    let counted =
        written.query_row(count, [], |row| Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]));
    let rows = i64::try_from(ROWS).unwrap();
    assert_eq!(counted.unwrap(), [rows, 0, rows, rows * (rows - 1) / 2]);

    connection.execute_batch(&format!("INSERT INTO strict VALUES {insert};")).unwrap();
    connection.close().unwrap();
    let ended = folder.tuomin(&deidentify(&["shop.db", "-o", "strict.db"])).expect(3);
    assert!(
        ended.stderr.contains("column strict.mobile") && ended.stderr.contains("must not be NULL"),
        "{}",
        ended.stderr
    );
}

#[test]
fn columns_of_parquet_go_with_all_that_says_anything_of_them() {
    let folder = folder();
    let peer = |command: &str| python::peer("drop_peer.py", "pyarrow, duckdb, pandas", &folder.path(""), &[command]);
    let Some(()) = peer("write") else { return };
    folder.tuomin(&deidentify(&["in", "-o", "out"])).expect(0);
    peer("check").unwrap();
    folder.tuomin(&["verify", "out", "--policy", "own.yml"]).expect(0);
    for (name, reason) in [("only", "it is the last column"), ("list", "cannot be without it")] {
        let file = format!("refused/{name}.parquet");
        for (arguments, code) in [([file.as_str(), "--plan"].as_slice(), 2), (&[&file, "-o", "refused-out"], 3)] {
            let ended = folder.tuomin(&deidentify(arguments)).expect(code);
            let said = ended.out() + &ended.stderr;
            assert!(said.contains(reason) && said.contains("use null or redact"), "{said}");
        }
        assert!(!folder.path("refused-out").exists());
    }
}

#[test]
fn columns_of_arrow_and_fields_of_avro_go() {
    let folder = folder();
    let peer =
        |command: &str| python::peer("drop_peer.py", "pyarrow, fastavro, pandas, polars", &folder.path(""), &[command]);
    let Some(()) = peer("others") else { return };
    folder.tuomin(&deidentify(&["avro", "-o", "out"])).expect(0);
    peer("fields").unwrap();
    folder.tuomin(&["verify", "out", "--policy", "own.yml"]).expect(0);
    folder.tuomin(&deidentify(&["arrow", "-o", "out-arrow"])).expect(0);
    peer("arrow").unwrap();
    folder.tuomin(&["verify", "out-arrow", "--policy", "own.yml"]).expect(0);
    for (name, reason) in [
        ("inner.arrow", "it stands within another column"),
        ("only.arrow", "it is the last column"),
        ("inner.avro", "it stands within another field"),
        ("only.avro", "it is the last column"),
    ] {
        for (arguments, code) in [([name, "--plan"].as_slice(), 2), (&[name, "-o", "no"], 3)] {
            let ended = folder.tuomin(&deidentify(arguments)).expect(code);
            let said = ended.out() + &ended.stderr;
            assert!(said.contains(reason) && said.contains("column") && said.contains("use null or redact"), "{said}");
        }
        assert!(!folder.path("no").exists());
    }
}

#[test]
fn a_policy_shows_and_checks_it() {
    let folder = folder();
    assert!(folder.tuomin(&["policy", "show", "own.yml"]).expect(0).out().contains("drop"));
    assert!(
        folder.tuomin(&["policy", "show", "own.yml", "--format", "yaml"]).expect(0).out().contains("deidentify: drop")
    );
    folder.tuomin(&["policy", "check", "own.yml"]).expect(0);
}
