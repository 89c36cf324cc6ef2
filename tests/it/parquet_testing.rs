//! The public `parquet-testing` files through the program: what is damaged or encrypted is named, within the memory and
//! time that any file may take; what is whole is read, and copied value for value.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Folder, POLICY};

/// More than this no file of the corpus may take, good or bad. All are below 1 MB; the rules
/// alone take 40.
const PEAK_MB: f64 = 72.0;
/// Processor time, since the machine has others to serve as well.
const SECONDS: f64 = 1.0;
/// Tells a hang from a busy machine.
const HUNG: &str = "30";

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/parquet_testing.py")
}

/// The folder of the corpus; `None`, with a printed reason, where it is not at hand.
fn corpus(folder: &str) -> Option<(PathBuf, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/parquet").join(folder);
    let Ok(entries) = std::fs::read_dir(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    assert!(names.len() > 10);
    Some((path, names))
}

/// A run of the program in `folder`, held to the limits.
fn measured(folder: &Folder, arguments: &[&str]) -> (i64, String) {
    let output = Command::new("timeout")
        .args(["-s", "KILL", HUNG, "python3"])
        .arg(script())
        .args(["measure", env!("CARGO_BIN_EXE_tuomin")])
        .args(arguments)
        .args(["--threads", "1"])
        .current_dir(folder.path(""))
        .env_remove("TUOMIN_KEY")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let (peak, seconds) = (run["peak_mb"].as_f64().unwrap(), run["seconds"].as_f64().unwrap());
    let said = run["output"].as_str().unwrap().to_owned();
    assert!(peak < PEAK_MB, "{arguments:?}: {peak} MB");
    assert!(seconds < SECONDS, "{arguments:?}: {seconds} s");
    assert!(!said.contains("panicked") && !said.contains("internal error"), "{arguments:?}: {said}");
    (run["code"].as_i64().unwrap(), said)
}

/// A folder with a key, and with the policies that keep and that hash everything.
fn prepared() -> Folder {
    let folder = Folder::with_key();
    folder.write("hash.yml", POLICY);
    folder.write("keep.yml", POLICY.replace("deidentify: hash", "deidentify: keep"));
    folder
}

#[test]
fn each_bad_file_is_named_and_leaves_nothing() {
    let Some((corpus, names)) = corpus("bad") else { return };
    let folder = prepared();
    for name in &names {
        let path = corpus.join(name).into_os_string().into_string().unwrap();
        for arguments in [
            &["scan", &path, "--summary", "s.json"][..],
            &["deidentify", &path, "-o", "out", "--key-file", "k", "--policy", "keep.yml"],
            &["deidentify", &path, "-o", "out", "--key-file", "k", "--policy", "hash.yml", "--force"],
        ] {
            let (code, said) = measured(&folder, arguments);
            assert_eq!(code, 3, "{name}: {said}");
            let reason = if name.ends_with(".encrypted") { "is encrypted" } else { "is damaged" };
            let line = said.lines().find(|line| line.starts_with("tuomin: ")).unwrap_or_default();
            assert!(line.contains(name) && line.contains(reason) && line.ends_with(')'), "{name}: {said}");
            assert!(!folder.path("out").exists(), "{name}");
        }
        let asset = folder.json("s.json")["assets"][0].clone();
        assert!(asset["status"] == "failed" || asset["status"] == "skipped", "{name}: {asset}");
        assert!(asset["reason"].as_str().is_some_and(|reason| reason.len() > 20), "{name}: {asset}");
    }
}

#[test]
fn each_good_file_is_read_and_copied_value_for_value() {
    let Some((corpus, names)) = corpus("good") else { return };
    let folder = prepared();
    std::fs::create_dir(folder.path("keep")).unwrap();
    std::fs::create_dir(folder.path("hash")).unwrap();
    for name in &names {
        let path = corpus.join(name).into_os_string().into_string().unwrap();
        let (code, said) = measured(&folder, &["scan", &path, "--summary", "s.json"]);
        assert_eq!(code, 0, "{name}: {said}");
        let asset = folder.json("s.json")["assets"][0].clone();
        assert_eq!((&asset["status"], &asset["format"]), (&"scanned".into(), &"parquet".into()), "{name}");
        for policy in ["keep", "hash"] {
            let (output, file) = (format!("{policy}/{name}"), format!("{policy}.yml"));
            let arguments = ["deidentify", &path, "-o", &output, "--key-file", "k", "--policy", &file];
            let (code, said) = measured(&folder, &arguments);
            assert_eq!(code, 0, "{name}: {said}");
            let source = std::fs::File::open(&path).unwrap();
            let copy = std::fs::File::open(folder.path(&output)).unwrap();
            let (before, after) = (crate::parquet::read(&source).unwrap(), crate::parquet::read(&copy).unwrap());
            if policy == "keep" {
                assert_eq!(before, after, "{name}");
            }
            assert_eq!(before.rows(), after.rows(), "{name}");
        }
    }
    compare(&corpus, &folder.path("keep"), names.len());
}

/// What pyarrow reads in the copies, where there is one.
fn compare(source: &Path, copy: &Path, files: usize) {
    let Some(python) = crate::support::python::python("pyarrow, duckdb, pandas") else { return };
    let output = Command::new(python).arg(script()).arg("compare").args([source, copy]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{said}");
    let unread = said["unread"].as_array().unwrap().len();
    assert!(said["same"].as_u64().unwrap() as usize + unread == files && unread <= 2, "{said}");
}
