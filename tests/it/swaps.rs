//! Links that take the place of folders and files while a run reads and writes them, and give it back, over and over:
//! nothing outside of the named folders is read or changed, and what is put out is whole.
//!
//! A thread exchanges them atomically, so that there is no moment at which a path leads to nothing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::program::{Folder, POLICY, contains};

/// In what lies inside; replaced.
const PLANTED: &str = "13912345678";
/// In what lies outside; never to be read.
const SECRET: &str = "13987654321";
const MARK: &str = "OUTSIDE";
const NAMES: [&str; 4] = ["a.log", "b.csv", "c.ndjson", "d.sql"];

fn content(name: &str, phone: &str, word: &str) -> String {
    match name {
        "a.log" => format!("2024-01-01 {word} 用户手机{phone}已绑定\n").repeat(200),
        "b.csv" => format!("id,mobile,word\n{}", format!("1,{phone},{word}\n").repeat(200)),
        "c.ndjson" => format!("{{\"mobile\":\"{phone}\",\"word\":\"{word}\"}}\n").repeat(200),
        _ => format!(
            "--\n-- PostgreSQL database dump\n--\n\nCOPY public.t (mobile, word) FROM stdin;\n{}\\.\n",
            format!("{phone}\t{word}\n").repeat(200)
        ),
    }
}

/// What a folder and all below it are: names, contents, times, owners. A file that came and went moves the folder's time.
fn state(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32, i64, i64)> {
    let entries = walkdir::WalkDir::new(root).into_iter().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let metadata = entry.path().symlink_metadata().unwrap();
            let content = if metadata.is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
            (entry.into_path(), (content, metadata.mode(), metadata.mtime(), metadata.mtime_nsec()))
        })
        .collect()
}

/// A folder with `in/sub` (the files), `outside/sub` (the same names, never to be touched) and links from `aside` there.
fn stage() -> Folder {
    let folder = Folder::with_key();
    folder.write("hash.yml", POLICY);
    for name in NAMES {
        folder.write(&format!("outside/sub/{name}"), content(name, SECRET, MARK));
    }
    fs::create_dir_all(folder.path("out/sub")).unwrap();
    fs::create_dir(folder.path("aside")).unwrap();
    folder
}

fn fill(folder: &Folder) {
    for name in NAMES {
        folder.write(&format!("in/sub/{name}"), content(name, PLANTED, "inside"));
    }
}

/// Runs `work` while what stands at `place` is exchanged for a link to `target`, and back.
fn while_swapped(folder: &Folder, (place, target): (&str, &str), work: impl FnOnce()) {
    let (place, link) = (folder.path(place), folder.path("aside/link"));
    let _ = fs::remove_file(&link);
    symlink(folder.path(target), &link).unwrap();
    let exchange = || renameat_with(CWD, &place, CWD, &link, RenameFlags::EXCHANGE);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut turn = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                // What was there may be gone, or be somebody else's by now: then it is left.
                if exchange().is_ok() {
                    // Long and short spells of each.
                    std::thread::sleep(std::time::Duration::from_micros(turn * 7919 % 3000));
                    let _ = exchange();
                }
                turn += 1;
                std::thread::sleep(std::time::Duration::from_micros(turn * 104_729 % 3000));
            }
        });
        work();
        stop.store(true, Ordering::Relaxed);
    });
}

fn runs() -> usize {
    if std::env::var_os("TUOMIN_TEST_FAULTS").is_some() { 50 } else { 4 }
}

#[test]
fn links_that_come_during_a_run_lead_nowhere() {
    let folder = stage();
    let (mut done, mut refused) = (0, 0);
    let key = ["--key-file", "k", "--policy", "hash.yml", "-q"];
    let to_out = [&["deidentify", "in", "-o", "out", "--force"][..], &key].concat();
    let in_place = [&["deidentify", "in", "--in-place", "--force"][..], &key].concat();
    let scan = ["scan", "in", "--matches", "m", "--show-values", "-q"];
    // A folder on the way to the inputs, an input, a folder on the way to the outputs, an output.
    let swaps = [
        ("in/sub", "outside/sub"),
        ("in/sub/a.log", "outside/sub/a.log"),
        ("out/sub", "outside/sub"),
        ("out/sub/a.log", "outside/sub/a.log"),
    ];
    fill(&folder);
    folder.tuomin(&to_out).expect(0);
    let expected: Vec<Vec<u8>> = NAMES.iter().map(|name| folder.read(&format!("out/sub/{name}"))).collect();
    let outside = state(&folder.path("outside"));
    for swap in swaps {
        let commands: &[&[&str]] = if swap.0.starts_with("in") { &[&to_out, &in_place, &scan] } else { &[&to_out] };
        for round in 0..runs().max(commands.len()) {
            let command = commands[round % commands.len()];
            fill(&folder);
            while_swapped(&folder, swap, || {
                let ended = folder.tuomin(command);
                let place = format!("{swap:?} {command:?}: {}", ended.stderr);
                assert!(matches!(ended.code, 0 | 2 | 3) && !ended.stderr.contains("panic"), "{place}");
                assert!(!ended.stderr.contains(SECRET) && !ended.stderr.contains(PLANTED), "{place}");
                if ended.code == 0 { done += 1 } else { refused += 1 }
            });
            let place = format!("{swap:?} {command:?}");
            assert!(state(&folder.path("outside")) == outside, "{place}: something outside was touched");
            for (name, expected) in NAMES.iter().zip(&expected) {
                let (input, output) = (folder.read(&format!("in/sub/{name}")), folder.read(&format!("out/sub/{name}")));
                let is_old = input == content(name, PLANTED, "inside").as_bytes();
                assert!(is_old || (command == in_place && input == *expected), "{place}: {name} is torn or lost");
                assert!(output == *expected, "{place}: the output {name} is another one");
            }
            let matches = fs::read(folder.path("m")).unwrap_or_default();
            assert!(!contains(&matches, SECRET.as_bytes()), "{place}: outside was read");
        }
    }
    // Afterwards it works as ever, and nothing is left over.
    fill(&folder);
    folder.tuomin(&to_out).expect(0);
    folder.tuomin(&in_place).expect(0);
    assert!(state(&folder.path("outside")) == outside);
    let strays: Vec<String> = folder.files().into_iter().filter(|name| name.contains(".tuomin-")).collect();
    assert!(strays.is_empty(), "{strays:?}");
    println!("{done} runs were complete, {refused} refused something");
    assert!(done + refused >= 4 * runs() && refused > 0, "{done} {refused}");
}

/// Without a race: a link that stands where a folder was seen is refused by its path, and its target is not read.
#[test]
fn a_link_in_the_place_of_a_folder_is_named() {
    let folder = stage();
    fill(&folder);
    fs::remove_dir(folder.path("out/sub")).unwrap();
    symlink(folder.path("outside/sub"), folder.path("out/sub")).unwrap();
    // A temporary file of another run, by its name, in a folder that is not this run's.
    folder.write("outside/sub/.tuomin-other.tmp", "x");
    let outside = state(&folder.path("outside"));
    let ended = folder.tuomin(&["deidentify", "in", "-o", "out", "--force", "--key-file", "k"]).expect(3);
    assert!(ended.stderr.contains("out/sub: cannot make the folder: is a link or a file"), "{}", ended.stderr);
    assert!(state(&folder.path("outside")) == outside);
}
