//! `--in-place`: the rewritten file takes the place of the original, or the original stays as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Folder, contains, gzip};
use crate::support::people::mobile;

const LOG: &str = "2024-01-01 用户手机13912345678已绑定\n";

#[test]
fn files_are_replaced_and_keep_all_but_their_content() {
    let folder = Folder::with_key();
    let log = folder.write("in/day=1/a.log", LOG.repeat(20));
    folder.write("in/b.log.gz", gzip(LOG.as_bytes()));
    folder.write("in/clean.log", "nothing personal\n");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o640)).unwrap();
    let (before, clean) = (fs::metadata(&log).unwrap(), fs::metadata(folder.path("in/clean.log")).unwrap());
    folder.tuomin(&["deidentify", "in", "--in-place", "--key-file", "k"]).expect(0);
    let after = fs::metadata(&log).unwrap();
    assert_eq!((after.mode(), after.mtime_nsec()), (before.mode(), before.mtime_nsec()));
    assert_ne!(after.ino(), before.ino());
    assert!(!contains(&folder.read("in/day=1/a.log"), b"13912345678"));
    assert!(!contains(&crate::program::gunzip(&folder.path("in/b.log.gz")), b"13912345678"));
    // What needs no other content is not touched.
    assert_eq!(fs::metadata(folder.path("in/clean.log")).unwrap().ctime_nsec(), clean.ctime_nsec());
    assert_eq!(folder.files(), ["in.manifest.json", "in/b.log.gz", "in/clean.log", "in/day=1/a.log", "k"]);
    assert!(folder.tuomin(&["verify", "in"]).expect(0).out().contains("3 outputs verified"));
    folder.write("in/day=1/a.log", LOG);
    folder.tuomin(&["verify", "in"]).expect(1);
}

#[test]
fn the_next_file_of_the_same_name_is_no_output() {
    let folder = Folder::with_key();
    folder.write("in/a.log", LOG);
    let again = ["deidentify", "in", "--in-place", "--key-file", "k", "--force"];
    folder.tuomin(&again).expect(0);
    let ended = folder.tuomin(&again).expect(2);
    assert!(ended.stderr.contains("output of a run"), "{}", ended.stderr);
    folder.write("in/a.log", LOG.repeat(2));
    folder.tuomin(&again).expect(0);
}

#[test]
fn the_same_tokens_come_out_as_elsewhere() {
    let folder = Folder::with_key();
    folder.write("a.csv", "id,mobile\n1,13912345678\n2,13800138000\n");
    folder.tuomin(&["deidentify", "a.csv", "-o", "elsewhere.csv", "--key-file", "k"]).expect(0);
    folder.tuomin(&["deidentify", "a.csv", "--in-place", "--key-file", "k"]).expect(0);
    assert_eq!(folder.read("a.csv"), folder.read("elsewhere.csv"));
}

#[test]
fn what_cannot_be_replaced_stays_as_it_was() {
    let folder = Folder::with_key();
    folder.write("in/linked.log", LOG);
    fs::hard_link(folder.path("in/linked.log"), folder.path("other-name.log")).unwrap();
    folder.write("in/cut.gz", &gzip(LOG.repeat(100).as_bytes())[..60]);
    folder.write("in/table/_delta_log/0.json", "{}\n");
    folder.write("in/table/part-0.csv", "mobile\n13912345678\n");
    folder.write("in/written.log", LOG);
    folder.write("in/right.log", LOG);
    symlink("right.log", folder.path("in/link")).unwrap();
    let writer = fs::File::options().append(true).open(folder.path("in/written.log")).unwrap();
    let names = ["linked.log", "cut.gz", "table/part-0.csv", "written.log"];
    let before = names.map(|name| folder.read(&format!("in/{name}")));
    let ended = folder.tuomin(&["deidentify", "in", "--in-place", "--key-file", "k"]).expect(3);
    drop(writer);
    assert_eq!(names.map(|name| folder.read(&format!("in/{name}"))), before);
    for reason in ["hard links", "Delta Lake", "cut.gz", "changed"] {
        assert!(format!("{}{}", ended.stderr, ended.out()).contains(reason), "{reason}: {}", ended.stderr);
    }
    assert!(!contains(&folder.read("in/right.log"), b"13912345678"));
    assert!(folder.path("in/link").is_symlink());
    assert!(!folder.files().iter().any(|name| name.contains(".tuomin-")), "{:?}", folder.files());
}

#[test]
fn it_is_asked_for_alone() {
    let folder = Folder::with_key();
    folder.write("a.log", LOG);
    folder.tuomin(&["deidentify", "a.log", "--in-place", "-o", "b.log", "--key-file", "k"]).expect(2);
    folder.tuomin(&["deidentify", "a.log", "--key-file", "k"]).expect(2);
    folder.tuomin_with(&["deidentify", "-", "--in-place", "--key-file", "k"], LOG.as_bytes()).expect(2);
    folder.tuomin(&["deidentify", "a.log", "a.log", "--in-place", "--key-file", "k"]).expect(2);
    assert_eq!(folder.text("a.log"), LOG);
    folder.tuomin(&["anonymize", "a.log", "--in-place"]).expect(0);
    folder.tuomin(&["anonymize", "a.log", "--in-place"]).expect(2);
    assert!(!contains(&folder.read("a.log"), b"13912345678"));
}

/// Small files with one phone number each, and what rewriting them elsewhere gives.
fn many(folder: &Folder, count: u64) -> Vec<(String, Vec<u8>)> {
    for n in 0..count {
        folder.write(&format!("in/{n:03}.csv"), format!("id,mobile\n{n},{}\n", mobile(n)));
    }
    folder.tuomin(&["deidentify", "in", "-o", "reference", "--key-file", "k"]).expect(0);
    (0..count).map(|n| (format!("in/{n:03}.csv"), folder.read(&format!("reference/{n:03}.csv")))).collect()
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let folder = Folder::with_key();
    folder.tuomin(&["key", "new", "other"]).expect(0);
    let wanted = many(&folder, 250);
    let arguments = ["deidentify", "in", "--in-place", "--key-file", "k", "--threads", "1"];
    let mut child = folder.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (first, after) = &wanted[3];
    let begun = Instant::now();
    while folder.read(first) != *after && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let replaced = wanted.iter().filter(|(name, after)| folder.read(name) == *after).count();
    assert!((1..250).contains(&replaced), "{replaced} files were replaced");
    assert!(folder.files().contains(&"in.manifest.json.journal".to_owned()), "{:?}", folder.files());
    // Another key would make tokens of tokens, here and elsewhere.
    for arguments in [
        ["deidentify", "in", "--in-place", "--key-file", "other"].as_slice(),
        &["deidentify", "in", "-o", "out", "--key-file", "k"],
    ] {
        let ended = folder.tuomin(arguments).expect(2);
        assert!(ended.stderr.contains("output of a run"), "{}", ended.stderr);
    }
    let ended = folder.tuomin(&arguments).expect(0);
    assert!(ended.stderr.contains("interrupted"), "{}", ended.stderr);
    for (name, after) in &wanted {
        assert_eq!(folder.read(name), *after, "{name}");
    }
    assert!(folder.tuomin(&["verify", "in"]).expect(0).out().contains("250 outputs verified"));
    assert!(!folder.files().iter().any(|name| name.ends_with(".journal")), "{:?}", folder.files());
}

#[test]
fn what_is_no_output_any_more_is_not_restored() {
    let folder = Folder::with_key();
    let phones = "policy: own\ntitle: Own\nversion: '1'\nsource: test\nentries:\n  - {category: phone, clause: test, entities: \
        [CN_MOBILE_PHONE], level: 3, deidentify: fpe, anonymize: mask, include_non_personal: true}\n\
        otherwise: {level: 1, deidentify: keep, anonymize: keep}\n";
    folder.write("own.yml", phones);
    let (one, two) = ("id,mobile\n1,13912345678\n", "id,mobile\n1,13912345679\n");
    folder.write("a.csv", one);
    folder.tuomin(&["deidentify", "a.csv", "--in-place", "--key-file", "k", "--policy", "own.yml"]).expect(0);
    folder.write("a.csv", two);
    let back = ["reidentify", "a.csv", "--in-place", "--force", "--key-file", "k", "--policy", "own.yml"];
    let ended = folder.tuomin(&back).expect(2);
    assert!(ended.stderr.contains("its content is another one"), "{}", ended.stderr);
    assert_eq!(folder.text("a.csv"), two);
}

#[test]
fn what_others_call_a_manifest_is_none() {
    let folder = Folder::with_key();
    folder.write("build/a.csv", "id,mobile\n1,13912345678\n");
    folder.write("build.manifest.json", "{\"main.js\": \"main.1234.js\"}\n");
    folder.write("build/a.csv.manifest.json", "no JSON at all");
    folder.tuomin(&["deidentify", "build/a.csv", "-o", "out.csv", "--key-file", "k"]).expect(0);
    // A pipe that nobody writes to must not hold up the run.
    std::fs::remove_file(folder.path("build.manifest.json")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path("build.manifest.json")).status().unwrap();
    assert!(made.success());
    folder.tuomin(&["deidentify", "build/a.csv", "-o", "out2.csv", "--key-file", "k"]).expect(0);
}
