//! Trouble: hostile folders, damaged files, interrupts. Nothing is missed silently, nothing half-done stays.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::program::{Folder, gzip};

const LOG: &str = "2024-01-01 用户手机13912345678已绑定\n";
const POLICY: &str = "\
policy: test
title: Everything hashed
version: '1'
source: test
entries: []
otherwise: {level: 3, deidentify: hash, anonymize: hash}
";

fn statuses(folder: &Folder) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let summary = folder.json("s.json");
    let assets = summary["assets"].as_array().unwrap();
    assets.iter().map(|asset| (text(&asset["path"]), text(&asset["status"]))).collect()
}

#[test]
fn every_asset_has_one_status() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.write("in/empty", "");
    folder.write("in/cut.gz", &gzip(LOG.repeat(100).as_bytes())[..70]);
    folder.write("in/noise", (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>());
    folder.write("in/.tuomin-stray.tmp", LOG);
    assert!(Command::new("mkfifo").arg(folder.path("in/fifo")).status().unwrap().success());
    symlink(folder.path("in/a.log"), folder.path("in/link")).unwrap();
    let ended = folder.tuomin(&["scan", "in", "--summary", "s.json"]).expect(3);
    let found = statuses(&folder);
    let expected = [
        ("in/.tuomin-stray.tmp", "skipped"),
        ("in/a.log", "scanned"),
        ("in/cut.gz", "failed"),
        ("in/empty", "scanned"),
        ("in/fifo", "skipped"),
        ("in/link", "skipped"),
    ];
    for (path, status) in expected {
        assert!(found.contains(&(path.to_owned(), status.to_owned())), "{path}: {found:?}");
    }
    let noise = found.iter().find(|(path, _)| path == "in/noise").unwrap();
    assert!(noise.1 == "skipped" || noise.1 == "failed", "{noise:?}");
    assert_eq!(found.len(), 7);
    assert!(ended.stderr.contains("in/cut.gz") && ended.stderr.contains("too early"), "{}", ended.stderr);
    assert!(ended.out().contains("in/fifo"), "{}", ended.out());
}

#[test]
fn one_bad_file_never_stops_the_rest() {
    let folder = Folder::new();
    for number in 0..200 {
        if number % 20 == 7 {
            folder.write(&format!("in/{number:03}.gz"), &gzip(LOG.repeat(9).as_bytes())[..40]);
        } else {
            folder.write(&format!("in/{number:03}.log"), LOG);
        }
    }
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml", "--threads", "4"]).expect(3);
    let outputs = folder.files().into_iter().filter(|name| name.starts_with("out/")).count();
    assert_eq!(outputs, 190 + 1, "no output for a bad file, and the manifest");
    let manifest = folder.json("out/tuomin-manifest.json");
    let failed = manifest["assets"].as_array().unwrap().iter().filter(|asset| asset["status"] == "failed").count();
    assert_eq!(failed, 10);
}

#[test]
fn what_is_named_and_not_read_is_not_whole() {
    let folder = Folder::new();
    assert!(Command::new("mkfifo").arg(folder.path("fifo")).status().unwrap().success());
    let ended = folder.tuomin(&["scan", "fifo"]).expect(3);
    assert!(ended.stderr.contains("FIFO"), "{}", ended.stderr);
    folder.tuomin(&["scan", "/dev/null"]).expect(3);
}

#[test]
fn the_kernels_own_files_are_not_read() {
    let folder = Folder::new();
    let ended = folder.tuomin(&["scan", "/proc/self/environ"]).expect(3);
    assert!(ended.stderr.contains("kernel"), "{}", ended.stderr);
}

#[test]
fn names_cannot_steer_the_terminal() {
    let folder = Folder::new();
    folder.write("in/a\u{1b}[31m\u{202e}.gz", &gzip(LOG.as_bytes())[..20]);
    let ended = folder.tuomin(&["scan", "in"]).expect(3);
    for shown in [ended.out(), ended.stderr] {
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
        assert!(shown.contains("\\u{1b}"), "{shown}");
    }
}

#[test]
fn the_mode_of_the_source_is_kept() {
    let folder = Folder::new();
    let input = folder.write("a.log", LOG);
    std::fs::set_permissions(&input, std::fs::Permissions::from_mode(0o640)).unwrap();
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "a.log", "-o", "out.log", "--policy", "p.yml"]).expect(0);
    assert_eq!(folder.path("out.log").metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn stray_temporary_files_go_with_the_next_run() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.write("out/.tuomin-stray.tmp", LOG);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(0);
    assert!(!folder.path("out/.tuomin-stray.tmp").exists());
    assert!(folder.path("out/a.log").exists());
}

#[test]
fn a_link_in_the_output_folder_is_not_followed() {
    let folder = Folder::new();
    folder.write("in/sub/a.log", LOG);
    folder.write("elsewhere/keep", "x");
    folder.write("p.yml", POLICY);
    std::fs::create_dir(folder.path("out")).unwrap();
    symlink(folder.path("elsewhere"), folder.path("out/sub")).unwrap();
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(3);
    assert!(!folder.path("elsewhere/a.log").exists());
}

#[test]
fn an_interrupt_leaves_nothing_half_done() {
    use std::io::Write;
    let folder = Folder::new();
    folder.write("p.yml", POLICY);
    let mut command = folder.command(&["anonymize", "-", "-o", "out.log", "--policy", "p.yml"]);
    let mut child = command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(LOG.repeat(200_000).as_bytes()).unwrap();
    // It has begun to write, and waits for more.
    let begun = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        folder.files().iter().any(|name| name.contains(".tuomin-"))
    });
    assert!(begun, "{:?}", folder.files());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
    assert_eq!(folder.files(), ["p.yml"]);
}

#[test]
fn a_closed_pipe_fails_a_rewrite() {
    let folder = Folder::new();
    folder.write("a.log", LOG.repeat(100_000));
    folder.write("p.yml", POLICY);
    let mut command = folder.command(&["anonymize", "a.log", "-o", "-", "--policy", "p.yml"]);
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn content_that_is_not_read_is_a_gap() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.tuomin(&["scan", "in"]).expect(0);
    symlink(folder.path("in/a.log"), folder.path("in/link")).unwrap();
    folder.tuomin(&["scan", "in"]).expect(0);
    folder.write("in/b.log.bz2", b"BZh91AY&SY");
    let ended = folder.tuomin(&["scan", "in", "--summary", "s.json"]).expect(3);
    assert!(ended.stderr.contains("in/b.log.bz2: is bzip2"), "{}", ended.stderr);
    assert_eq!(folder.json("s.json")["complete"], false);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(3);
}

#[test]
fn a_report_never_takes_the_place_of_an_input_or_a_device() {
    let folder = Folder::new();
    folder.write("a.log", LOG);
    folder.write("in/b.log", LOG);
    symlink("/dev/null", folder.path("device")).unwrap();
    for report in ["--matches", "--summary"] {
        for (input, place) in [("a.log", "a.log"), ("in", "in/b.log"), ("a.log", "device")] {
            folder.tuomin(&["scan", input, report, place]).expect(2);
        }
    }
    folder.tuomin(&["scan", "a.log", "--matches", "m", "--summary", "m"]).expect(2);
    assert_eq!((folder.text("a.log"), folder.text("in/b.log")), (LOG.to_owned(), LOG.to_owned()));
    assert!(folder.path("device").is_symlink());
    for _ in 0..2 {
        folder.tuomin(&["scan", "a.log", "--matches", "m", "--summary", "s"]).expect(0);
    }
}

#[test]
fn an_output_is_never_setuid() {
    let folder = Folder::new();
    let input = folder.write("a.log", LOG);
    std::fs::set_permissions(&input, std::fs::Permissions::from_mode(0o6755)).unwrap();
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "a.log", "-o", "out.log", "--policy", "p.yml"]).expect(0);
    assert_eq!(folder.path("out.log").metadata().unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn an_output_and_the_manifest_never_meet() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(0);
    for force in [&[][..], &["--force"]] {
        let ended =
            folder.tuomin(&[&["anonymize", "out", "-o", "again", "--policy", "p.yml"], force].concat()).expect(2);
        assert!(ended.stderr.contains("manifest"), "{}", ended.stderr);
    }
    assert!(!folder.path("again").exists());
}

#[test]
fn verify_names_what_the_run_did_not_write() {
    let folder = Folder::new();
    folder.write("in/sub/a.log", LOG);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(0);
    folder.tuomin(&["verify", "out"]).expect(0);
    folder.tuomin(&["verify", "out/"]).expect(0);
    folder.write("out/sub/raw.log", LOG);
    let ended = folder.tuomin(&["verify", "out"]).expect(1);
    assert!(ended.stderr.contains("out/sub/raw.log"), "{}", ended.stderr);
}

#[test]
fn what_is_left_in_statements_is_said() {
    let folder = Folder::new();
    let dump = "--\n-- PostgreSQL database dump\n--\nSET client_encoding = 'UTF8';\n\
        CREATE TABLE u (phone text DEFAULT '13912345678');\nCOPY public.u (phone) FROM stdin;\n13712345678\n\\.\n";
    folder.write("d.sql", dump);
    folder.write("p.yml", POLICY);
    let ended = folder.tuomin(&["anonymize", "d.sql", "-o", "out.sql", "--policy", "p.yml"]).expect(0);
    assert!(ended.stderr.contains("1 values stand in statements"), "{}", ended.stderr);
    assert!(folder.text("out.sql").contains("DEFAULT '13912345678'"), "{}", folder.text("out.sql"));
    let operators = &folder.json("out.sql.manifest.json")["assets"][0]["operators"]["CN_MOBILE_PHONE"];
    assert_eq!((&operators["hash"], &operators["left in statements"]), (&1.into(), &1.into()), "{operators}");
}

#[test]
fn a_stream_holds_no_value_that_was_replaced_beside() {
    let folder = Folder::new();
    folder.write("p.yml", POLICY);
    let log = format!("traceId=13912345678\n{LOG}");
    let ended = folder.tuomin_with(&["anonymize", "-", "-o", "-", "--policy", "p.yml"], log.as_bytes());
    assert!(!ended.out().contains("13912345678"), "{}", ended.out());
}
