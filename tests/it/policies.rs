//! Policies as data: the coverage table, policies of one's own, purposes, combinations, children, profiles, aliases.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::program::{Folder, gunzip, gzip};

#[test]
fn the_coverage_table_names_clause_category_rules_and_operators() {
    let folder = Folder::new();
    let mut command = folder.command(&["policy", "show", "ziyun"]);
    let output = command.env("COLUMNS", "170").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let row = text.lines().find(|line| line.contains("CN_LANDLINE_PHONE")).unwrap_or_else(|| panic!("{text}"));
    for part in ["一(一)1(3)", "联系电话", "hash", "replace", "mask"] {
        assert!(row.contains(part), "{part} is not in {row}");
    }
    let table = text.lines().skip(3).take_while(|line| !line.is_empty());
    assert!(table.clone().count() > 60 && table.clone().all(|line| line.width() <= 170), "{text}");
    for said in ["not in text: ", "in one record (一(一)1(2)", "younger than 14 years", "三(二)2"] {
        assert!(text.contains(said), "{said}");
    }
    folder.tuomin(&["policy", "show", "nothing"]).expect(2);
    folder.tuomin(&["policy", "show", "ziyun", "--profile", "nothing"]).expect(2);
    let profiled = folder.tuomin(&["policy", "show", "ziyun", "--profile", "jrt0171-2020"]).expect(0).out();
    assert!(profiled.contains("C3") && profiled.contains("not classified"), "{profiled}");
}

#[test]
fn a_shown_policy_is_a_policy_file() {
    let folder = Folder::with_key();
    folder.write("a.csv", "phone,device_model\n13800138000,M2102K1C\n,SM-G9810\n");
    for (name, format, file) in [("ziyun", "yaml", "own.yml"), ("huanjie-cloud", "json", "own.yaml")] {
        let shown = folder.tuomin(&["policy", "show", name, "--format", format]).expect(0);
        folder.write(file, &shown.stdout);
        let checked = folder.tuomin(&["policy", "check", file]).expect(0).out();
        assert!(checked.contains("all of known entity types"), "{checked}");
        let run = |policy: &str, out: &str| {
            folder.tuomin(&["deidentify", "a.csv", "-o", out, "--key-file", "k", "--policy", policy]).expect(0);
            folder.text(out)
        };
        assert_eq!(run(name, &format!("{format}1.csv")), run(file, &format!("{format}2.csv")));
        let again = folder.tuomin(&["policy", "show", file, "--format", format]).expect(0);
        assert_eq!(again.out(), shown.out());
    }
    let text = folder.text("own.yml");
    folder.write("broken.yml", text.replacen("- CN_MOBILE_PHONE", "- CN_MOBLIE_PHONE", 1));
    let broken = folder.tuomin(&["policy", "check", "broken.yml"]).expect(2);
    assert!(broken.stderr.contains("broken.yml:") && broken.stderr.contains("CN_MOBLIE_PHONE"), "{}", broken.stderr);
}

#[test]
fn device_data_is_personal_beside_a_direct_identifier_in_every_format() {
    let folder = Folder::with_key();
    folder.write("in/a.log", "device_model=M2102K1C ok\nphone=13800138000 device_model=M2102K1C\n");
    folder.write("in/a.csv", "device_model,phone\nM2102K1C,\nM2102K1C,13800138000\n");
    folder.write(
        "in/a.ndjson",
        "{\"deviceModel\":\"M2102K1C\"}\n{\"deviceModel\":\"M2102K1C\",\"user\":{\"phone\":\"13800138000\"}}\n",
    );
    folder.write(
        "in/doc.json",
        "[\n {\"deviceModel\": \"M2102K1C\"},\n {\"deviceModel\": \"M2102K1C\",\n  \"phone\": \"13800138000\"}\n]\n",
    );
    folder.write("in/b.log.gz", gzip("device_model=M2102K1C\nphone=13800138000 device_model=M2102K1C\n".as_bytes()));
    folder.write(
        "in/dump.sql",
        "-- PostgreSQL database dump\n\nCREATE TABLE public.t (\n    device_model text,\n    phone text\n);\n\n\
         COPY public.t (device_model, phone) FROM stdin;\nM2102K1C\t\\N\nM2102K1C\t13800138000\n\\.\n\n",
    );
    let arguments = ["deidentify", "in", "-o", "out", "--key-file", "k", "--policy", "ziyun", "--summary"];
    folder.tuomin(&arguments[..8]).expect(0);
    for file in ["a.log", "a.csv", "a.ndjson", "doc.json", "dump.sql"] {
        let text = folder.text(&format!("out/{file}"));
        assert_eq!(text.matches("M2102K1C").count(), 1, "{file}: {text}");
        assert_eq!(text.matches("M21*****").count(), 1, "{file}: {text}");
        assert!(!text.contains("13800138000"), "{file}");
        let kept = text.lines().find(|line| line.contains("M2102K1C")).unwrap();
        assert!(!kept.contains("phone=") && !kept.contains("user"), "{file}: {kept}");
    }
    let packed = String::from_utf8(gunzip(&folder.path("out/b.log.gz"))).unwrap();
    assert_eq!((packed.matches("M2102K1C").count(), packed.matches("M21*****").count()), (1, 1), "{packed}");
    folder.tuomin(&["verify", "out"]).expect(0);

    folder.tuomin(&["anonymize", "in", "-o", "public", "--policy", "ziyun"]).expect(0);
    let text = folder.text("public/a.log");
    assert!(text.starts_with("device_model=M2102K1C ok\n") && text.contains("<DEVICE_INFO>"), "{text}");

    folder.tuomin(&["scan", "in", "--policy", "ziyun", "--matches", "m.jsonl", "--summary", "s.json"]).expect(0);
    let matches = folder.text("m.jsonl");
    let device = matches.lines().filter(|line| line.contains("\"DEVICE_INFO\""));
    assert_eq!(device.clone().count(), 12, "{matches}");
    assert_eq!(device.filter(|line| line.contains("\"combined\":true")).count(), 6, "{matches}");
    assert_eq!(folder.json("s.json")["entities"]["DEVICE_INFO"]["level"], 3);
    folder.write("alone.log", "device_model=M2102K1C\n");
    folder.tuomin(&["scan", "alone.log", "--policy", "ziyun", "--fail-on", "level3"]).expect(0);
    folder.tuomin(&["scan", "in/a.log", "--policy", "ziyun", "--fail-on", "DEVICE_INFO"]).expect(1);
}

/// Records do not know of blocks and threads.
#[test]
fn combinations_do_not_depend_on_blocks_and_threads() {
    let folder = Folder::with_key();
    let (mut log, mut document) = (String::new(), "[\n".to_owned());
    for n in 0..12_000_u32 {
        let phone = if n % 3 == 0 { format!("138{:08}", n * 7919 % 100_000_000) } else { "none".to_owned() };
        writeln!(log, "2024-01-01 device_model=M{n:05} {} phone={phone}", "x".repeat(n as usize % 40)).unwrap();
        let comma = if n == 0 { "" } else { ",\n" };
        write!(document, "{comma} {{\"deviceModel\": \"M{n:05}\",\n  \"tags\": [1, {n}],\n  \"phone\": \"{phone}\"}}")
            .unwrap();
    }
    document.push_str("\n]\n");
    folder.write("in/a.log", &log);
    folder.write("in/a.json", &document);
    let run = |out: &str, threads: &str, memory: &str| {
        let arguments = ["deidentify", "in", "-o", out, "--key-file", "k", "--policy", "ziyun", "--threads", threads];
        folder.tuomin(&[&arguments[..], &["--max-memory", memory]].concat()).expect(0);
        ["a.log", "a.json"].map(|file| folder.text(&format!("{out}/{file}")))
    };
    let first = run("one", "1", "1G");
    assert_eq!(run("many", "8", "16M"), first);
    for (text, file) in first.iter().zip(["a.log", "a.json"]) {
        assert_eq!(text.matches("***").count(), 4000, "{file}");
    }
}

#[test]
fn a_purpose_chooses_its_operators() {
    let folder = Folder::with_key();
    folder.write("a.csv", "phone,order_id\n13800138000,20220906101446934\n");
    let run = |purpose: &str| {
        let out = format!("{purpose}.csv");
        let arguments =
            ["deidentify", "a.csv", "-o", &out, "--key-file", "k", "--policy", "ziyun", "--purpose", purpose];
        folder.tuomin(&arguments).expect(0);
        assert_eq!(folder.json(&format!("{out}.manifest.json"))["purpose"], purpose);
        folder.tuomin(&["verify", &out]).expect(0);
        folder.text(&out)
    };
    let [inside, shown, exported] = ["deidentify", "display", "export"].map(run);
    assert!(shown.contains("138****8000") && !inside.contains("138****8000"), "{shown}");
    assert_eq!(inside, exported, "both are keyed under one key");
    folder.write("b.csv", "name,id\n张伟,11010519491231002X\n");
    let arguments = ["deidentify", "b.csv", "-o", "b-out.csv", "--key-file", "k", "--policy", "ziyun"];
    folder.tuomin(&[&arguments[..], &["--purpose", "export"]].concat()).expect(0);
    assert!(folder.text("b-out.csv").contains("<CN_RESIDENT_ID>"), "{}", folder.text("b-out.csv"));
    folder.tuomin(&[&arguments[..], &["--purpose", "anonymize"]].concat()).expect(2);
    folder.tuomin(&["deidentify", "a.csv", "-o", "no.csv", "--purpose", "display"]).expect(2);
}

#[test]
fn children_are_told_by_their_age_on_a_day() {
    let folder = Folder::new();
    folder.write("a.csv", "id_card,birthday\n11010519491231002X,1949-12-31\n,1990-01-01\n");
    let scan = |day: &str| {
        let arguments = ["scan", "a.csv", "--as-of", day, "--fail-on", "MINOR_INFO", "--summary", "s.json"];
        let ended = folder.tuomin(&arguments);
        (ended.code, folder.json("s.json")["entities"].clone())
    };
    let (code, entities) = scan("1963-12-30");
    assert_eq!((code, &entities["MINOR_INFO"]["matches"]), (1, &2.into()), "{entities}");
    assert_eq!(entities["BIRTHDAY"]["level"], 4);
    let (code, entities) = scan("2030-01-01");
    assert_eq!((code, &entities["MINOR_INFO"]), (0, &serde_json::Value::Null));
    assert_eq!(entities["BIRTHDAY"]["level"], 3);
    folder.tuomin(&["scan", "a.csv", "--as-of", "yesterday"]).expect(2);
    folder.tuomin(&["scan", "a.csv", "--as-of", "1963-12-30", "--matches", "m.jsonl"]).expect(0);
    assert_eq!(folder.text("m.jsonl").matches("\"derived\":\"MINOR_INFO\"").count(), 2);
}

#[test]
fn somebody_at_five_positions_leaves_a_track() {
    let folder = Folder::new();
    let tracks = |name: &str, text: &str| {
        folder.write(name, text);
        folder.tuomin(&["scan", name, "--summary", "s.json"]).expect(0);
        folder.json("s.json")["entities"]["LOCATION_TRACK"]["matches"].as_u64().unwrap_or_default()
    };
    let log = |positions: std::ops::Range<u32>| -> String {
        positions.map(|n| format!("10:0{n} phone=13800138000 gps=30.27410{n},120.155100\n")).collect()
    };
    assert_eq!(tracks("four.log", &log(0..4)), 0);
    assert_eq!(tracks("same.log", &log(3..4).repeat(9)), 0);
    assert_eq!(tracks("five.log", &log(0..5)), 1);
    folder.tuomin(&["scan", "five.log", "--fail-on", "LOCATION_TRACK"]).expect(1);
    // Latitude and longitude in columns make one position; short user numbers count by the name of their column.
    let rows = |user: &str, count: u32| -> String {
        (0..count).map(|n| format!("{user},30.27{n}085,120.15{n}070\n")).collect()
    };
    let table = |rows: &str| format!("user_id,lat,lng\n{rows}");
    assert_eq!(tracks("four.csv", &table(&rows("7", 4))), 0);
    assert_eq!(tracks("two.csv", &table(&(rows("7", 5) + &rows("8", 6) + &rows("9", 3)))), 2);
    let object = |n: u32| format!("{{\"uid\":42,\"location\":{{\"lat\":30.27{n}085,\"lng\":120.155070}}}}\n");
    assert_eq!(tracks("a.ndjson", &(0..5).map(object).collect::<String>()), 1);
    let other = |n: u32| object(n).replace("42", &format!("4{n}"));
    assert_eq!(tracks("b.ndjson", &(0..5).map(other).collect::<String>()), 0);
}

#[test]
fn what_a_token_holds_is_reported_and_never_kept() {
    let folder = Folder::with_key();
    let token = |payload: &str| {
        let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.c2lnbmF0dXJl", part("{\"alg\":\"HS256\"}"), part(payload))
    };
    let (telling, silent) = (token("{\"phone\":\"13800138000\"}"), token("{\"sub\":\"x\",\"iat\":1}"));
    folder.write("a.log", format!("got {telling} ok\ngot {silent} ok\n"));
    folder.write("a.csv", format!("id,note\n1,{telling}\n2,{silent}\n"));
    folder.tuomin(&["scan", "a.log", "--matches", "m.jsonl", "--fail-on", "CN_MOBILE_PHONE"]).expect(1);
    let lines = folder.text("m.jsonl");
    let inner: Vec<&str> = lines.lines().filter(|line| line.contains("\"encoded\":true")).collect();
    assert_eq!((inner.len(), lines.lines().count()), (1, 3), "{lines}");
    assert!(inner[0].contains("CN_MOBILE_PHONE") && inner[0].contains("138****8000"), "{lines}");
    folder.write(
        "p.yml",
        "policy: p\ntitle: P\nversion: '1'\nsource: made up\nentries:\n  - {category: tokens, clause: '1', entities: \
         [SESSION_TOKEN], level: 1, deidentify: keep, anonymize: keep}\notherwise: {level: 3, deidentify: hash, \
         anonymize: replace}\n",
    );
    for name in ["a.log", "a.csv"] {
        let out = format!("out-{name}");
        folder.tuomin(&["deidentify", name, "-o", &out, "--key-file", "k", "--policy", "p.yml"]).expect(0);
        let text = folder.text(&out);
        assert!(!text.contains(&telling) && text.contains(&silent), "{text}");
        let out = format!("all-{name}");
        folder.tuomin(&["deidentify", name, "-o", &out, "--key-file", "k"]).expect(0);
        assert!(!folder.text(&out).contains("eyJhbGciOiJIUzI1NiJ9."), "{}", folder.text(&out));
    }
}

#[test]
fn a_rule_may_say_that_its_values_are_base64() {
    let folder = Folder::new();
    folder.write(
        "rules/blob.yml",
        "entity: BLOB\nzh: 编码字段\nen: Encoded field\nsource: made up\ncanonical: text\nmask: {style: keep, first: 0, \
         last: 0}\ndecode: base64\nlabels: {positive: [blob]}\nrecognize:\n  - {anchor: label, pattern: \
         '[0-9A-Za-z+/=]{11,}', structure: 40}\nexamples: [{text: 'blob=cGhvbmU9MTM4', match: cGhvbmU9MTM4}]\n\
         counterexamples: [{text: 'x=cGhvbmU9MTM4', why: another key}]\n",
    );
    let value = data_encoding::BASE64.encode("电话：13800138000".as_bytes());
    folder.write("a.log", format!("blob={value} ok\nx={value}\nblob={}\n", "A".repeat(40)));
    folder.tuomin(&["scan", "a.log", "--rules", "rules", "--matches", "m.jsonl"]).expect(0);
    let lines = folder.text("m.jsonl");
    assert_eq!(lines.matches("\"encoded\":true").count(), 1, "{lines}");
    assert!(lines.contains("\"entity\":\"BLOB\"") && lines.contains("138****8000"), "{lines}");
    folder.write("rules/blob.yml", folder.text("rules/blob.yml").replace("base64", "rot13"));
    folder.tuomin(&["scan", "a.log", "--rules", "rules"]).expect(2);
}

#[test]
fn keys_of_json_that_are_identifiers_are_reported_and_never_left() {
    let folder = Folder::with_key();
    folder.write("a.ndjson", "{\"13800138000\":{\"n\":1},\"11010519491231002X\":2}\n");
    folder.tuomin(&["scan", "a.ndjson", "--matches", "m.jsonl"]).expect(0);
    let lines = folder.text("m.jsonl");
    assert!(lines.contains("CN_MOBILE_PHONE") && lines.contains("CN_RESIDENT_ID"), "{lines}");
    assert!(!lines.contains("13800138000"), "{lines}");
    folder.tuomin(&["deidentify", "a.ndjson", "-o", "out.ndjson", "--key-file", "k"]).expect(3);
    assert!(!folder.path("out.ndjson").exists());
}

#[test]
fn a_profile_gives_the_levels() {
    let folder = Folder::new();
    folder.write("a.csv", "支付金额,order_id\n128.50,20220906101446934\n");
    let gate = ["scan", "a.csv", "--fail-on", "level4", "--summary", "s.json"];
    folder.tuomin(&gate).expect(0);
    let ended = folder.tuomin(&[&gate[..], &["--profile", "gbt35273-2020"]].concat()).expect(1);
    assert!(ended.out().contains("个人敏感信息 4") && ended.out().contains("not classified"), "{}", ended.out());
    let summary = folder.json("s.json");
    assert_eq!(summary["profile"], "gbt35273-2020");
    let findings = summary["assets"][0]["findings"].as_array().unwrap();
    let amount = findings.iter().find(|found| found["entity"] == "TRANSACTION_AMOUNT").unwrap();
    assert_eq!((&amount["class"], &amount["level"]), (&"个人敏感信息".into(), &4.into()));
    let wrong = folder.tuomin(&["scan", "a.csv", "--profile", "iso"]).expect(2);
    assert!(wrong.stderr.contains("jrt0171-2020"), "{}", wrong.stderr);
}

#[test]
fn names_of_other_tools_are_taken() {
    let folder = Folder::new();
    folder.write("a.log", "phone=13800138000\n");
    for name in ["PHONE_NUMBER", "presidio:PHONE_NUMBER", "godlp:PHONE", "CN_MOBILE_PHONE"] {
        folder.tuomin(&["scan", "a.log", "--fail-on", name]).expect(1);
    }
    for name in ["CHINA_PASSPORT", "google:URL"] {
        folder.tuomin(&["scan", "a.log", "--fail-on", name]).expect(0);
    }
    folder.tuomin(&["scan", "a.log", "--fail-on", "google:PHONE"]).expect(2);
    let shown = folder.tuomin(&["rules", "show", "PHONE_NUMBER"]).expect(0).out();
    assert!(
        shown.contains("CN_LANDLINE_PHONE") && shown.contains("called by presidio: PHONE_NUMBER (broader)"),
        "{shown}"
    );
    let listed = folder.tuomin(&["rules", "list", "--json"]).expect(0);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let id = listed.as_array().unwrap().iter().find(|entity| entity["entity"] == "CN_RESIDENT_ID").unwrap();
    assert!(id["aliases"].as_array().unwrap().iter().any(|alias| alias["name"] == "CHINA_RESIDENT_ID_NUMBER"));
}
