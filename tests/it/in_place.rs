//! `--in-place`: the rewritten file takes the place of the original, or the original stays as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use crate::program::{Folder, contains, gzip};

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
