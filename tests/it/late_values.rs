//! Values that show themselves late: an unlabelled copy stands blocks before the place whose label tells what it is.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::program::{Ended, Folder, POLICY, gzip};

const NAME: &str = "欧阳建国";
const MOBILE: &str = "13912345678";
/// Rows that hold nothing: some four megabytes in each format, which is several blocks.
const ROWS: usize = 45_000;

/// A file of one format, its early rows with copies of both values that no rule finds, and its last with both labelled.
struct Sample {
    file: &'static str,
    text: String,
    /// Copies of each of both values.
    copies: usize,
}

fn rows(head: &str, early: &str, filler: impl Fn(usize) -> String, late: &str) -> String {
    let mut text = head.to_owned();
    for row in 0..ROWS {
        match row {
            10 => text += early,
            20_000 => text += early,
            _ => text += &filler(row),
        }
    }
    text + late
}

fn samples() -> Vec<Sample> {
    let filler = "all is well and there is nothing at all to be told about this step of the work";
    let text = rows(
        "",
        "今天欧阳建国来过，批次号 13912345678\n",
        |row| format!("INFO step {row}: {filler}\n"),
        "姓名：欧阳建国，手机 13912345678\n",
    );
    let csv = rows(
        "id,remark,姓名,手机\n",
        "7,\"欧阳建国本人签收, 批次号 13912345678\",,\n",
        |row| format!("{row},{filler},,\n"),
        "8,ok,欧阳建国,13912345678\n",
    );
    let ndjson = rows(
        "",
        "{\"id\":7,\"remark\":\"今天欧阳建国\\n来过，批次号 13912345678\",\"more\":\"\\u6b27\\u9633建国 批次号 1391234567\\u0038\"}\n",
        |row| format!("{{\"id\":{row},\"remark\":\"{filler}\"}}\n"),
        "{\"姓名\":\"欧阳建国\",\"手机\":\"13912345678\"}\n",
    );
    let copy = rows(
        "CREATE TABLE public.visits (\n    id integer NOT NULL,\n    remark text,\n    name text,\n    mobile text\n);\n\n\
         COPY public.visits (id, remark, name, mobile) FROM stdin;\n",
        "7\t欧阳建国\\t本人签收，批次号 13912345678\t\\N\t\\N\n",
        |row| format!("{row}\t{filler}\t\\N\t\\N\n"),
        "8\tok\t欧阳建国\t13912345678\n\\.\n",
    );
    let insert = rows(
        "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE `visits` (\n  `id` int NOT NULL,\n  `remark` text,\n  \
         `name` text,\n  `mobile` text\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n",
        "INSERT INTO `visits` VALUES (7,'欧阳建国本人签收\\n批次号 13912345678',NULL,NULL);\n",
        |row| format!("INSERT INTO `visits` VALUES ({row},'{filler}',NULL,NULL),({row},'ok',NULL,NULL);\n"),
        "INSERT INTO `visits` VALUES (8,'ok','欧阳建国','13912345678');\n",
    );
    [("a.log", text, 3), ("b.csv", csv, 3), ("c.ndjson", ndjson, 5), ("d.sql", copy, 3), ("e.sql", insert, 3)]
        .map(|(file, text, copies)| Sample { file, text, copies })
        .into()
}

fn prepared() -> Folder {
    let folder = Folder::new();
    folder.write("p.yml", POLICY);
    folder.tuomin(&["key", "new", "k"]).expect(0);
    folder
}

fn deidentify(folder: &Folder, more: &[&str]) -> Ended {
    folder.tuomin(&[&["deidentify", "-q", "--key-file", "k", "--policy", "p.yml"], more].concat())
}

/// What a value on its own becomes.
fn token(folder: &Folder, labelled: &str) -> String {
    let name = format!("{}.txt", labelled.len());
    folder.write(&name, labelled);
    deidentify(folder, &[&name, "-o", "token", "--force"]).expect(0);
    folder.text("token").trim().rsplit(['：', ' ']).next().unwrap().to_owned()
}

#[test]
fn a_copy_blocks_before_its_label_is_replaced_and_nothing_else_is_touched() {
    let folder = prepared();
    let (name, mobile) = (token(&folder, "姓名：欧阳建国\n"), token(&folder, "手机 13912345678\n"));
    for Sample { file, text, copies } in samples() {
        assert!(text.len() > 3 << 20, "{file}: several blocks");
        folder.write(file, &text);
        deidentify(&folder, &[file, "-o", "one", "--threads", "1", "--force"]).expect(0);
        deidentify(&folder, &[file, "-o", "two", "--threads", "2", "--force"]).expect(0);
        let out = folder.text("one");
        assert!(out == folder.text("two"), "{file}: other bytes with two threads");
        // What was replaced is all that differs.
        let unescaped = text.replace("\\u6b27\\u9633建国", NAME).replace("1391234567\\u0038", MOBILE);
        assert!(out == unescaped.replace(NAME, &name).replace(MOBILE, &mobile), "{file}: other bytes than wanted");
        let manifests = ["one", "two"].map(|out| folder.json(&format!("{out}.manifest.json")));
        for manifest in &manifests {
            let asset = &manifest["assets"][0];
            let hash = Sha256::digest(out.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            assert_eq!(asset["output"]["sha256"], hash.as_str(), "{file}");
            assert_eq!(asset["output"]["bytes"], out.len(), "{file}");
            assert_eq!(asset["operators"]["PERSON_NAME"]["hash"], copies, "{file}: {asset}");
            assert_eq!(asset["operators"]["CN_MOBILE_PHONE"]["hash"], copies, "{file}: {asset}");
        }
        folder.tuomin(&["verify", "-q", "one"]).expect(0);
        let said = folder.tuomin(&["scan", "-q", "one", "--matches", "-", "--min-score", "0"]).expect(0).out();
        assert!(!said.contains("PERSON_NAME") && !said.contains("CN_MOBILE_PHONE"), "{file}: {said}");
        let left: Vec<String> = folder.files().into_iter().filter(|name| name.contains(".tuomin-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn it_is_the_same_output_from_a_pipe_and_from_small_blocks() {
    let folder = prepared();
    for Sample { file, text, .. } in samples() {
        folder.write(file, &text);
        deidentify(&folder, &[file, "-o", "one", "--force"]).expect(0);
        deidentify(&folder, &[file, "-o", "small", "--max-memory", "16M", "--threads", "8", "--force"]).expect(0);
        assert!(folder.read("one") == folder.read("small"), "{file}: small blocks");
        let arguments = ["deidentify", "-q", "--key-file", "k", "--policy", "p.yml", "-", "-o", "piped", "--force"];
        folder.tuomin_with(&arguments, text.as_bytes()).expect(0);
        assert!(folder.read("one") == folder.read("piped"), "{file}: from a pipe");
    }
}

#[test]
fn what_is_packed_is_written_anew_as_a_whole() {
    let folder = prepared();
    let Sample { file, text, .. } = samples().swap_remove(0);
    folder.write(file, &text);
    folder.write("a.log.gz", gzip(text.as_bytes()));
    deidentify(&folder, &[file, "-o", "plain"]).expect(0);
    deidentify(&folder, &["a.log.gz", "-o", "packed"]).expect(0);
    assert!(crate::program::gunzip(&folder.path("packed")) == folder.read("plain"));
}

#[test]
fn what_comes_back_with_every_replacement_is_refused() {
    let folder = prepared();
    let policy = "\
policy: test
title: Each is replaced by the other
version: '1'
source: test
entries:
  - {category: c, clause: '1', entities: [PERSON_NAME], level: 3, deidentify: {replace: '13912345678'}, anonymize: redact}
  - {category: c, clause: '2', entities: [CN_MOBILE_PHONE], level: 3, deidentify: {replace: '欧阳建国'}, anonymize: redact}
otherwise: {level: 3, deidentify: hash, anonymize: hash}
";
    folder.write("p.yml", policy);
    for Sample { file, text, .. } in samples() {
        folder.write(file, &text);
        let ended = deidentify(&folder, &[file, "-o", "out"]).expect(3);
        assert!(ended.stderr.contains("still holds"), "{file}: {}", ended.stderr);
        assert!(!ended.stderr.contains(NAME) && !ended.stderr.contains(MOBILE), "{}", ended.stderr);
        assert!(!folder.path("out").exists(), "{file}");
        let left: Vec<String> = folder.files().into_iter().filter(|name| name.contains(".tuomin-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn columns_that_no_table_declares_are_read_as_they_were() {
    let folder = prepared();
    folder.write("p.yml", POLICY.replace("deidentify: hash", "deidentify: fpe"));
    // The first row decides what a column is, and the first round takes its hyphens away.
    let copy = "COPY public.visits (id, remark, mobile) FROM stdin;\n1\t138-0013-8000\t\\N\n\
                2\t批次号 13912345678\t\\N\n3\tok\t13912345678\n\\.\n";
    folder.write("v.sql", copy);
    deidentify(&folder, &["v.sql", "-o", "out.sql"]).expect(0);
    let out = folder.text("out.sql");
    assert!(!out.contains(MOBILE) && !out.contains("138-0013-8000") && out.contains("2\t批次号 1"), "{out}");
    folder.tuomin(&["verify", "-q", "out.sql"]).expect(0);
}
