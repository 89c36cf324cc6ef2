//! Faults: the program is killed, the disk is full or fails, at each call of the system that writes, one after the other.
//! A target is then the old file or the new one, never anything else, the input is what it was, and after the next run
//! no stray file is left, neither beside the target nor in the folder for temporary files.
//!
//! Some thousand runs under strace, over small files of every format and codec: with `TUOMIN_TEST_FAULTS=1` only, as
//! `.ci/run` has it.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;

use crate::program::{Folder, contains};

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
    "rmdir",
    "copy_file_range",
    "sendfile",
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
    lost: usize,
    wrongly_complete: usize,
}

impl std::ops::AddAssign for Sweep {
    fn add_assign(&mut self, other: Sweep) {
        self.injected += other.injected;
        self.old += other.old;
        self.new += other.new;
        self.torn += other.torn;
        self.strays += other.strays;
        self.lost += other.lost;
        self.wrongly_complete += other.wrongly_complete;
    }
}

/// A folder with an input in one format, and a way to rewrite it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) content: Vec<u8>,
    pub(crate) in_place: bool,
    /// Columns of mobile numbers are dropped.
    drops: bool,
}

/// A policy that drops columns of mobile numbers.
const DROPPING: &str = "\
policy: own
title: Own
version: '1'
source: test
entries:
  - {category: phone, clause: test, entities: [CN_MOBILE_PHONE], level: 3, deidentify: drop, anonymize: drop}
otherwise: {level: 3, deidentify: hash, anonymize: hash}
";

/// A small file in each format that is written in a way of its own. Each holds [`PLANTED`].
macro_rules! seeds {
    ($($path:literal),*) => {
        [$(($path, &include_bytes!(concat!("../../fuzz/seeds/", $path))[..])),*]
    };
}

pub(crate) fn cases() -> Vec<Case> {
    let log = format!("2024-01-01 用户手机{PLANTED}已绑定\n").repeat(300);
    let csv = format!("id,mobile\n1,{PLANTED}\n");
    let json = format!("{{\"mobile\":\"{PLANTED}\"}}\n");
    let pg =
        format!("--\n-- PostgreSQL database dump\n--\n\nCOPY public.t (id, mobile) FROM stdin;\n1\t{PLANTED}\n\\.\n");
    let my = format!(
        "-- MySQL dump 10.13\nCREATE TABLE `t` (`id` int, `mobile` varchar(32));\nINSERT INTO `t` VALUES (1,'{PLANTED}');\n"
    );
    let plain = [("a.log", log), ("a.csv", csv), ("a.ndjson", json), ("a.sql", pg), ("b.sql", my)];
    let plain = plain.into_iter().map(|(name, content)| (name, content.into_bytes()));
    let seeds = seeds![
        "parquet/plain.parquet",
        "sqlite/utf8.db",
        "arrow/packed.arrow",
        "avro/deflate.avro",
        "pgarchive/pg18-gzip.dump",
        "tar/pax.tar",
        "zip/deflated.zip",
        "decompress/log.gz",
        "decompress/log.bz2",
        "decompress/log.xz",
        "decompress/log.zst",
        "decompress/log.lz4"
    ];
    let seeds = seeds.into_iter().map(|(path, content)| (path.split('/').nth(1).unwrap(), content.to_vec()));
    let both = |(name, content): (&'static str, Vec<u8>)| {
        [false, true].map(|in_place| Case { name, content: content.clone(), in_place, drops: false })
    };
    plain.chain(seeds).flat_map(both).collect()
}

/// Files that lose a column.
fn dropping() -> impl Iterator<Item = Case> {
    let drops = ["a.csv", "a.ndjson", "pax.tar"];
    let dropping = cases().into_iter().filter(move |case| drops.contains(&case.name));
    let more = [("a.parquet", parquet()), ("a.arrow", arrow()), ("a.avro", avro())];
    let more = more.map(|(name, content)| Case { name, content, in_place: false, drops: true });
    dropping.map(|case| Case { drops: true, ..case }).chain(more)
}

fn table() -> RecordBatch {
    let column = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    RecordBatch::try_from_iter([("id", column("1")), ("mobile", column(PLANTED))]).unwrap()
}

fn parquet() -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), table().schema(), None).unwrap();
    writer.write(&table()).unwrap();
    writer.into_inner().unwrap()
}

fn arrow() -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &table().schema()).unwrap();
    writer.write(&table()).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// One record of two texts, as the specification of Avro says (1.12, Object Container Files).
fn avro() -> Vec<u8> {
    let schema =
        br#"{"type":"record","name":"t","fields":[{"name":"id","type":"string"},{"name":"mobile","type":"string"}]}"#;
    let length = |count: usize| {
        let (low, high) = (((count * 2) & 0x7F) as u8, (count >> 6) as u8);
        if high == 0 { vec![low] } else { vec![low | 0x80, high] }
    };
    let text = |bytes: &[u8]| [length(bytes.len()).as_slice(), bytes].concat();
    let record = [text(b"1"), text(PLANTED.as_bytes())].concat();
    let sync = [7_u8; 16];
    [
        b"Obj\x01".to_vec(),
        length(1),
        text(b"avro.schema"),
        text(schema),
        vec![0],
        sync.to_vec(),
        length(1),
        text(&record),
    ]
    .concat()
    .into_iter()
    .chain(sync)
    .collect()
}

/// A command that has a folder for temporary files of its own.
fn apart(mut command: Command, folder: &Folder) -> Command {
    fs::create_dir_all(folder.path("tmp")).unwrap();
    command.env("TMPDIR", folder.path("tmp"));
    command
}

/// Files and folders that a run is not to leave behind.
pub(crate) fn strays(folder: &Folder) -> Vec<String> {
    let inner = fs::read_dir(folder.path("tmp")).into_iter().flatten();
    let inner = inner.map(|entry| entry.unwrap().path().display().to_string());
    inner.chain(folder.files().into_iter().filter(|name| name.contains(".tuomin-"))).collect()
}

impl Case {
    pub(crate) fn arguments(&self) -> Vec<String> {
        let rest = if self.in_place { vec!["--in-place"] } else { vec!["-o", "out"] };
        let policy = if self.drops { vec!["--policy", "own.yml"] } else { Vec::new() };
        let all = ["deidentify", self.name].into_iter().chain(rest).chain(policy);
        all.chain(["--key-file", "k", "--threads", "1", "--force", "-q"]).map(str::to_owned).collect()
    }

    /// The file that the run is to put in place.
    pub(crate) fn target(&self) -> &str {
        if self.in_place { self.name } else { "out" }
    }

    pub(crate) fn prepare(&self, folder: &Folder) {
        folder.write(self.name, &self.content);
        if self.drops {
            folder.write("own.yml", DROPPING);
        }
        if !self.in_place {
            folder.write("out", "what was there before\n");
        }
    }

    /// A run that nothing happens to.
    pub(crate) fn succeed(&self, folder: &Folder) {
        let arguments = self.arguments();
        let command = folder.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let output = apart(command, folder).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
    }

    /// What the target is when all goes well: without the planted value, which the source holds.
    pub(crate) fn new_content(&self, folder: &Folder) -> Vec<u8> {
        let values =
            |name: &str| folder.tuomin(&["scan", name, "--matches", "-", "--show-values", "-q"]).expect(0).out();
        self.prepare(folder);
        assert!(values(self.name).contains(PLANTED), "{}", self.name);
        self.succeed(folder);
        let content = folder.read(self.target());
        assert!(!values(self.target()).contains(PLANTED) && !contains(&content, PLANTED.as_bytes()), "{}", self.name);
        content
    }

    fn traced(&self, folder: &Folder, options: &[&str]) -> Command {
        let mut command = apart(Command::new("strace"), folder);
        command.args(["-f", "-qq", "-o", "trace"]).args(options).arg(env!("CARGO_BIN_EXE_tuomin"));
        command.args(self.arguments()).current_dir(folder.path("")).env_remove("TUOMIN_KEY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// One run with `fault` at the `at`th `call`; whether the fault came to be.
    fn run(&self, folder: &Folder, (call, fault, at): (&str, &str, usize), sweep: &mut Sweep, new: &[u8]) -> bool {
        self.prepare(folder);
        let old = folder.read(self.target());
        let (traced, injected) = (format!("trace={call}"), format!("inject={call}:{fault}:when={at}"));
        let status = self.traced(folder, &["-e", &traced, "-e", &injected]).status().unwrap();
        let trace = folder.text("trace");
        let is_killed = status.signal().is_some() || trace.contains("killed by SIGKILL");
        if !is_killed && !trace.contains("(INJECTED)") {
            return false;
        }
        sweep.injected += 1;
        let found = fs::read(folder.path(self.target())).unwrap_or_default();
        if found == new {
            sweep.new += 1;
        } else if found == old {
            sweep.old += 1;
            sweep.wrongly_complete += usize::from(status.success());
        } else {
            sweep.torn += 1;
        }
        if !self.in_place {
            sweep.lost += usize::from(fs::read(folder.path(self.name)).ok().as_ref() != Some(&self.content));
        }
        // The next run cleans up.
        if !strays(folder).is_empty() {
            self.prepare(folder);
            self.succeed(folder);
            let strays = strays(folder);
            if !strays.is_empty() {
                println!("{} {call} {at} {fault}: {strays:?}", self.name);
            }
            sweep.strays += strays.len();
            fs::remove_dir_all(folder.path("tmp")).unwrap();
        }
        true
    }
}

/// The sweep of each fault over each case, and what it saw.
fn sweep(fault: &str) -> Sweep {
    let mut all = Sweep::default();
    for case in cases().into_iter().chain(dropping()) {
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
        all += sweep;
    }
    all
}

#[track_caller]
fn assert_survived(seen: &Sweep) {
    assert_eq!((seen.torn, seen.strays, seen.lost, seen.wrongly_complete), (0, 0, 0, 0), "{seen:?}");
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

/// Ctrl-C at each call: unlike after a kill, nothing is left even before the next run.
#[test]
fn an_interrupt_leaves_the_old_file_or_the_new_one_and_nothing_else() {
    if !is_asked_for() {
        return;
    }
    let mut interrupted = 0;
    for case in cases().into_iter().filter(|case| ["a.log", "utf8.db", "pax.tar"].contains(&case.name)) {
        let folder = Folder::with_key();
        let new = case.new_content(&folder);
        for call in CALLS {
            for at in 1..ENDLESS {
                case.prepare(&folder);
                let old = folder.read(case.target());
                let (traced, injected) = (format!("trace={call}"), format!("inject={call}:signal=SIGINT:when={at}"));
                let status = case.traced(&folder, &["-e", &traced, "-e", &injected]).status().unwrap();
                if !folder.text("trace").contains("SIGINT") {
                    break;
                }
                let found = fs::read(folder.path(case.target())).unwrap_or_default();
                let place = format!("{} {call} {at}: {status}", case.name);
                assert!(found == new || found == old, "{place}");
                assert!(status.code() == Some(130) || status.code() == Some(0), "{place}");
                assert!(strays(&folder).is_empty(), "{place}: {:?}", strays(&folder));
                interrupted += usize::from(status.code() == Some(130));
            }
        }
    }
    println!("{interrupted} were interrupted");
    assert!(interrupted > 30, "{interrupted}");
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

/// Kills at random moments, also between calls: 200 for each of five formats, in place and not.
#[test]
fn a_run_that_is_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    if !is_asked_for() {
        return;
    }
    let (mut old_seen, mut new_seen) = (0, 0);
    for (name, in_place, times) in [
        ("a.log", true, 40),
        ("a.sql", false, 1),
        ("plain.parquet", true, 1),
        ("utf8.db", false, 1),
        ("deflated.zip", true, 1),
    ] {
        let case = cases().into_iter().find(|case| case.name == name && case.in_place == in_place).unwrap();
        let case = Case { content: case.content.repeat(times), ..case };
        let folder = Folder::with_key();
        let began = std::time::Instant::now();
        let new = case.new_content(&folder);
        // Two scans stand around it.
        let whole = began.elapsed() / 3;
        let arguments = case.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (mut old, mut done) = (0, 0);
        for round in 0..200_u32 {
            case.prepare(&folder);
            let before = folder.read(case.target());
            let mut command = apart(folder.command(&arguments), &folder);
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(whole.mul_f64(2.0) * (round * 617 % 1000) / 1000);
            let _ = child.kill();
            child.wait().unwrap();
            let found = folder.read(case.target());
            if found == new {
                done += 1;
            } else {
                assert!(found == before, "{name} round {round}: neither the old file nor the new one");
                old += 1;
            }
            if !in_place {
                assert!(folder.read(name) == case.content, "{name} round {round}: the input is another one");
            }
        }
        // The last of them may have got through: its output would be refused as an input.
        case.prepare(&folder);
        case.succeed(&folder);
        assert!(strays(&folder).is_empty(), "{name}: {:?}", strays(&folder));
        println!("{name}: 200 kills: {old} left the old file, {done} the new one");
        (old_seen, new_seen) = (old_seen + old, new_seen + done);
    }
    assert_eq!(old_seen + new_seen, 1000);
    assert!(old_seen > 50 && new_seen > 50, "{old_seen} {new_seen}");
}
