//! Faults: the program is killed, the disk is full or fails, at each call of the system that writes, one after the other.
//! A target is then the old file or the new one, never anything else, and the next run leaves no stray file behind.
//!
//! Some thousand runs under strace: with `TUOMIN_TEST_FAULTS=1` only, as `.ci/run` has it.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::program::{Folder, contains, gzip, zstd};

const PLANTED: &str = "13912345678";
/// Calls that write, name or remove files; what opens them is left out, since most of it opens libraries.
const CALLS: &[&str] = &[
    "write",
    "pwrite64",
    "writev",
    "fsync",
    "fdatasync",
    "ftruncate",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "fchmod",
    "fchown",
    "utimensat",
    "fsetxattr",
    "mkdir",
    "copy_file_range",
    "flock",
];
/// More faults in one sweep than any of these runs has calls.
const ENDLESS: usize = 2000;

fn is_asked_for() -> bool {
    let asked = std::env::var_os("TUOMIN_TEST_FAULTS").is_some();
    if asked {
        assert!(
            Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success()),
            "strace is missing"
        );
    }
    asked
}

/// What a sweep saw.
#[derive(Debug, Default)]
struct Sweep {
    injected: usize,
    old: usize,
    new: usize,
    torn: usize,
    strays: usize,
    wrongly_complete: usize,
}

/// A folder with an input in one format, and a way to rewrite it.
struct Case {
    name: &'static str,
    content: Vec<u8>,
    in_place: bool,
}

fn cases() -> Vec<Case> {
    let log = format!("2024-01-01 用户手机{PLANTED}已绑定\n").repeat(300);
    let csv = format!("id,mobile\n1,{PLANTED}\n");
    let json = format!("{{\"mobile\":\"{PLANTED}\"}}\n");
    let pg =
        format!("--\n-- PostgreSQL database dump\n--\n\nCOPY public.t (id, mobile) FROM stdin;\n1\t{PLANTED}\n\\.\n");
    let my = format!(
        "-- MySQL dump 10.13\nCREATE TABLE `t` (`id` int, `mobile` varchar(32));\nINSERT INTO `t` VALUES (1,'{PLANTED}');\n"
    );
    let plain = [("a.log", log.clone()), ("a.csv", csv), ("a.ndjson", json), ("a.sql", pg), ("b.sql", my)];
    let plain = plain.into_iter().map(|(name, content)| (name, content.into_bytes()));
    let packed = [("a.log.gz", gzip(log.as_bytes())), ("a.log.zst", zstd(log.as_bytes()))];
    let orders = include_bytes!("../../fixtures/demo/orders.parquet").to_vec();
    let table = std::iter::once(("a.parquet", orders));
    let both = |(name, content): (&'static str, Vec<u8>)| {
        [false, true].map(|in_place| Case { name, content: content.clone(), in_place })
    };
    plain.chain(packed).chain(table).flat_map(both).collect()
}

impl Case {
    fn arguments(&self) -> Vec<String> {
        let rest = if self.in_place { vec!["--in-place"] } else { vec!["-o", "out"] };
        let all = ["deidentify", self.name].into_iter().chain(rest);
        all.chain(["--key-file", "k", "--threads", "1", "--force", "-q"]).map(str::to_owned).collect()
    }

    /// The file that the run is to put in place.
    fn target(&self) -> &str {
        if self.in_place { self.name } else { "out" }
    }

    fn prepare(&self, folder: &Folder) {
        folder.write(self.name, &self.content);
        if !self.in_place {
            folder.write("out", "what was there before\n");
        }
    }

    /// What the target is when all goes well.
    fn new_content(&self, folder: &Folder) -> Vec<u8> {
        self.prepare(folder);
        let arguments = self.arguments();
        folder.tuomin(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
        let content = folder.read(self.target());
        let is_packed = self.name.ends_with("gz") || self.name.ends_with("zst");
        let plain = if is_packed { crate::program::gunzip(&folder.path(self.target())) } else { content.clone() };
        assert!(!contains(&plain, PLANTED.as_bytes()), "{}", self.name);
        content
    }

    /// One run with `fault` at the `at`th `call`; whether the fault came to be.
    fn run(&self, folder: &Folder, (call, fault, at): (&str, &str, usize), sweep: &mut Sweep, new: &[u8]) -> bool {
        self.prepare(folder);
        let old = folder.read(self.target());
        let status = Command::new("strace")
            .args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={call}")])
            .args(["-e", &format!("inject={call}:{fault}:when={at}")])
            .arg(env!("CARGO_BIN_EXE_tuomin"))
            .args(self.arguments())
            .current_dir(folder.path(""))
            .env_remove("TUOMIN_KEY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let trace = folder.text("trace");
        let is_killed = status.signal().is_some() || trace.contains("killed by SIGKILL");
        if !is_killed && !trace.contains("(INJECTED)") {
            return false;
        }
        sweep.injected += 1;
        let found = folder.read(self.target());
        if found == new {
            sweep.new += 1;
        } else if found == old {
            sweep.old += 1;
            sweep.wrongly_complete += usize::from(status.success());
        } else {
            sweep.torn += 1;
        }
        if !self.in_place {
            assert_eq!(folder.read(self.name), self.content, "{}: the input was touched", self.name);
        }
        // The next run cleans up.
        let arguments = self.arguments();
        self.prepare(folder);
        folder.tuomin(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
        sweep.strays += folder.files().iter().filter(|name| name.contains(".tuomin-")).count();
        true
    }
}

/// The sweep of each fault over each case, and what it saw.
fn sweep(fault: &str) -> Sweep {
    let mut all = Sweep::default();
    for case in cases() {
        let folder = Folder::new();
        folder.tuomin(&["key", "new", "k"]).expect(0);
        let new = case.new_content(&folder);
        let mut sweep = Sweep::default();
        for call in CALLS {
            let end = (1..ENDLESS).find(|at| !case.run(&folder, (call, fault, *at), &mut sweep, &new));
            assert!(end.is_some(), "{}: no end of calls", case.name);
        }
        println!("{fault} {}{}: {sweep:?}", case.name, if case.in_place { " in place" } else { "" });
        assert!(sweep.injected >= 8 && sweep.old > 0 && sweep.new > 0, "{}: {sweep:?}", case.name);
        all.injected += sweep.injected;
        all.old += sweep.old;
        all.new += sweep.new;
        all.torn += sweep.torn;
        all.strays += sweep.strays;
        all.wrongly_complete += sweep.wrongly_complete;
    }
    all
}

#[track_caller]
fn assert_survived(seen: &Sweep) {
    assert_eq!((seen.torn, seen.strays, seen.wrongly_complete), (0, 0, 0), "{seen:?}");
    assert_eq!(seen.old + seen.new, seen.injected);
}

#[test]
fn a_killed_run_leaves_the_old_file_or_the_new_one() {
    if is_asked_for() {
        assert_survived(&sweep("signal=SIGKILL"));
    }
}

#[test]
fn a_full_disk_leaves_the_old_file_or_the_new_one() {
    if is_asked_for() {
        assert_survived(&sweep("error=ENOSPC"));
    }
}

#[test]
fn a_failing_disk_leaves_the_old_file_or_the_new_one() {
    if is_asked_for() {
        assert_survived(&sweep("error=EIO"));
    }
}

/// The harness itself: a program that writes into its target is caught.
#[test]
fn a_program_that_writes_into_its_target_is_caught() {
    if !is_asked_for() {
        return;
    }
    let folder = Folder::new();
    let (old, new) = ("old\n".repeat(50_000), "new!\n".repeat(50_000));
    folder.write("new", &new);
    let mut torn = 0;
    for at in 1..60 {
        folder.write("target", &old);
        Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-o",
                "trace",
                "-e",
                "trace=write",
                "-e",
                &format!("inject=write:signal=SIGKILL:when={at}"),
            ])
            .args(["dd", "if=new", "of=target", "bs=4096", "status=none"])
            .current_dir(folder.path(""))
            .status()
            .unwrap();
        let found = fs::read(folder.path("target")).unwrap();
        torn += usize::from(found != old.as_bytes() && found != new.as_bytes());
    }
    assert!(torn > 30, "{torn} torn files were seen");
}

/// Kills at random moments, also between calls.
#[test]
fn a_run_that_is_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    if !is_asked_for() {
        return;
    }
    let case = Case { name: "a.log", content: cases().swap_remove(0).content.repeat(40), in_place: true };
    let folder = Folder::new();
    folder.tuomin(&["key", "new", "k"]).expect(0);
    let began = std::time::Instant::now();
    let new = case.new_content(&folder);
    let whole = began.elapsed();
    let (mut old_seen, mut new_seen) = (0, 0);
    for round in 0..1000_u32 {
        case.prepare(&folder);
        let mut child = folder
            .command(&case.arguments().iter().map(String::as_str).collect::<Vec<_>>())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole.mul_f64(1.2) * (round * 617 % 1000) / 1000);
        let _ = child.kill();
        child.wait().unwrap();
        let found = folder.read(case.target());
        if found == new {
            new_seen += 1;
        } else {
            assert!(found == case.content, "round {round}: neither the old file nor the new one");
            old_seen += 1;
        }
    }
    folder.tuomin(&case.arguments().iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
    assert!(!folder.files().iter().any(|name| name.contains(".tuomin-")), "{:?}", folder.files());
    println!("1000 kills: {old_seen} left the old file, {new_seen} the new one");
    assert!(old_seen > 50 && new_seen > 50, "{old_seen} {new_seen}");
}
