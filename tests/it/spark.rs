//! Folders as Spark 4 writes them (`fixtures/spark`, made-up values): part files with Hadoop's checksums beside them,
//! `_SUCCESS`, folders of partitions, a summary.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Folder, POLICY, contains};
use crate::support::python;

const PLANTED: &[u8] = b"13800138";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/spark").join(name)
}

/// A folder with a copy of a fixture in `in`.
fn with(name: &str) -> Folder {
    let folder = Folder::with_key();
    folder.write("hash.yml", POLICY);
    let source = fixture(name);
    for entry in walkdir::WalkDir::new(&source).into_iter().map(|entry| entry.unwrap()) {
        let place = folder.path("in").join(entry.path().strip_prefix(&source).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(place).unwrap();
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
    folder
}

/// Files below `in` or `out`, whether of data (`true`) or checksums.
fn files(folder: &Folder, root: &str, is_data: bool) -> Vec<String> {
    let below = folder.files().into_iter().filter(|name| name.starts_with(root));
    below.filter(|name| name.ends_with(".crc") != is_data).collect()
}

const TO_OUT: &[&str] = &["deidentify", "in", "-o", "out", "--key-file", "k", "--policy", "hash.yml"];
const IN_PLACE: &[&str] = &["deidentify", "in", "--in-place", "--key-file", "k", "--policy", "hash.yml"];

#[test]
fn a_partitioned_table_is_rewritten_without_its_checksums() {
    let folder = with("hive");
    let ended = folder.tuomin(&["scan", "in", "--summary", "s.json"]).expect(0);
    assert!(ended.out().contains("Hadoop's checksums"), "{}", ended.out());
    assert_eq!(folder.json("s.json")["totals"]["skipped"], files(&folder, "in", false).len());
    folder.tuomin(TO_OUT).expect(0);
    let written = files(&folder, "out", true);
    assert_eq!(written.len(), 4, "two parts, _SUCCESS and the manifest: {written:?}");
    assert!(files(&folder, "out", false).is_empty());
    for file in &written {
        assert!(!contains(&folder.read(file), PLANTED), "{file}");
    }
    folder.tuomin(&["verify", "out"]).expect(0);
    let source = fixture("hive");
    let arguments = ["check", source.to_str().unwrap(), "out"];
    python::peer("spark_peer.py", "pyarrow, duckdb", &folder.path(""), &arguments);
}

#[test]
fn lines_of_json_have_checksums_too() {
    let folder = with("json");
    folder.tuomin(TO_OUT).expect(0);
    assert_eq!((files(&folder, "out", true).len(), files(&folder, "out", false).len()), (3, 0));
}

#[test]
fn checksums_are_never_left_beside_other_data() {
    let folder = with("hive");
    let before: Vec<Vec<u8>> = folder.files().iter().map(|file| folder.read(file)).collect();
    let ended = folder.tuomin(IN_PLACE).expect(3);
    assert_eq!(ended.stderr.matches("Hadoop's checksums (.NAME.crc)").count(), 2, "{}", ended.stderr);
    let after: Vec<Vec<u8>> =
        folder.files().iter().filter(|name| !name.contains("manifest")).map(|file| folder.read(file)).collect();
    assert!(before == after, "nothing was touched");
    // Nor in a folder that has them from an earlier write.
    for file in files(&folder, "in", false) {
        folder.write(&file.replacen("in", "out", 1), folder.read(&file));
    }
    folder.tuomin(&[TO_OUT, &["--force"]].concat()).expect(3);
    assert!(files(&folder, "out", true).iter().all(|file| !file.ends_with(".parquet")));
    for file in files(&folder, "in", false) {
        fs::remove_file(folder.path(&file)).unwrap();
    }
    folder.tuomin(&[IN_PLACE, &["--force"]].concat()).expect(0);
    let source = fixture("hive");
    let arguments = ["check", source.to_str().unwrap(), "in"];
    python::peer("spark_peer.py", "pyarrow, duckdb", &folder.path(""), &arguments);
}

#[test]
fn a_summary_is_left_out_and_never_outlives_its_files() {
    let folder = with("summary");
    let ended = folder.tuomin(TO_OUT).expect(3);
    assert!(ended.stderr.contains("in/_metadata") && ended.stderr.contains("summary"), "{}", ended.stderr);
    let written = files(&folder, "out", true);
    assert!(!written.iter().any(|file| file.ends_with("/_metadata")), "{written:?}");
    assert!(written.iter().all(|file| !contains(&folder.read(file), PLANTED)));
    let source = fixture("summary");
    let arguments = ["check", source.to_str().unwrap(), "out"];
    python::peer("spark_peer.py", "pyarrow, duckdb", &folder.path(""), &arguments);
    // In place, it would go on telling offsets and bounds of what is gone.
    for file in files(&folder, "in", false) {
        fs::remove_file(folder.path(&file)).unwrap();
    }
    let part = files(&folder, "in", true).into_iter().find(|file| file.ends_with(".parquet")).unwrap();
    let before = folder.read(&part);
    let ended = folder.tuomin(IN_PLACE).expect(3);
    assert!(ended.stderr.contains("a Parquet dataset with a summary"), "{}", ended.stderr);
    assert!(folder.read(&part) == before);
}

#[test]
fn partitions_that_are_called_after_values_are_named_and_left_out() {
    let folder = with("telling");
    let ended = folder.tuomin(TO_OUT).expect(3);
    assert_eq!(ended.stderr.matches("its path holds a value of CN_MOBILE_PHONE").count(), 2, "{}", ended.stderr);
    assert!(!folder.files().iter().any(|file| file.starts_with("out") && file.contains("13800138")));
}

/// By name alone nothing is left unread.
#[test]
fn what_only_looks_like_checksums_is_looked_into() {
    let folder = Folder::new();
    folder.write("in/a.csv", "mobile\n13800138000\n");
    folder.write("in/.a.csv.crc", "mobile\n13912345678\n");
    folder.write("in/.b.csv.crc", "mobile\n13912345679\n");
    let found = folder.tuomin(&["scan", "in", "--matches", "-", "--show-values", "-q"]).expect(0).out();
    assert!(found.contains("13912345678") && found.contains("13912345679"), "{found}");
    // The sign, and too many bytes behind it.
    folder.write("in/.a.csv.crc", b"crc\0\0\0\x02\0....13912345678");
    let ended = folder.tuomin(&["scan", "in"]).expect(3);
    assert!(ended.stderr.contains(".a.csv.crc"), "{}", ended.stderr);
}
