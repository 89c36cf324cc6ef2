//! The targets of `fuzz/` without a fuzzer: each gets its seeds, what crashed it before (`fuzz/crashes`), and some seconds
//! of mutations of both. Which mutations, the number of the run says: the same number, the same mutations.
//!
//! `TUOMIN_FUZZ_SECONDS=N` gives each target N seconds instead of one, `TUOMIN_FUZZ_SEED=N` other mutations. What fails is
//! put into `target/fuzz-failures`; move it to `fuzz/crashes/TARGET` when it is fixed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[allow(unreachable_pub, reason = "it is a library of its own for the fuzzer")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use targets::{TARGETS, Target};

/// No mutation may take longer, however busy the machine is.
const SLOW: Duration = Duration::from_secs(20);
/// A mutation is no longer than this.
const LONGEST: usize = 64 * 1024;
/// Bytes that readers take for something: lengths, counts, signs, quotes, ends.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"\\",
    b",",
    b"\t",
    b"{",
    b"[",
    b"]",
    b"}",
    b"\\.\n",
    b"\\u",
    b"\xef\xbb\xbf",
    b"\x81\x30\x81\x30",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"$$",
    b"--",
    b"/*!",
    b"*/",
    b";",
    b"INSERT INTO t VALUES (",
    b"COPY t (a) FROM stdin;\n",
    b"1e9999",
    b"99999999999999999999",
];

/// A small generator of numbers (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap() % end.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// `bytes` with a few changes, some of them taken from `other`.
fn mutated(bytes: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let length = numbers.below(1 + (bytes.len() - at).min(64));
        match numbers.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 if at < bytes.len() => bytes[at] = numbers.next() as u8,
            2 if at < bytes.len() => bytes[at] = bytes[at].wrapping_add([1, 255, 16, 240][numbers.below(4)]),
            3 => drop(bytes.drain(at..at + length)),
            4 => bytes.splice(at..at, numbers.pick(TOKENS).iter().copied()).for_each(drop),
            5 => {
                let token = numbers.pick(TOKENS);
                let end = bytes.len().min(at + token.len());
                bytes.splice(at..end, token.iter().copied()).for_each(drop);
            }
            6 => {
                let copy = bytes[at..at + length].to_vec();
                let to = numbers.below(bytes.len() + 1);
                bytes.splice(to..to, copy).for_each(drop);
            }
            7 => {
                let from = numbers.below(other.len() + 1);
                let piece = &other[from..other.len().min(from + length)];
                bytes.splice(at..at + length, piece.iter().copied()).for_each(drop);
            }
            _ if numbers.below(4) == 0 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Gives a target some bytes; whether it took them well.
fn holds(name: &str, target: Target, bytes: &[u8]) -> bool {
    let began = Instant::now();
    let done = catch_unwind(AssertUnwindSafe(|| target(bytes)));
    let is_slow = began.elapsed() > SLOW;
    if done.is_ok() && !is_slow {
        return true;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz-failures").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(bytes, &mut hasher);
    let path = folder.join(format!("{:016x}", std::hash::Hasher::finish(&hasher)));
    std::fs::write(&path, bytes).unwrap();
    println!("{name}: {} fails{}", path.display(), if is_slow { ", being slow" } else { "" });
    false
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn any_bytes_are_read_or_refused() {
    let (seconds, seed) = (number("TUOMIN_FUZZ_SECONDS", 1), number("TUOMIN_FUZZ_SEED", 1));
    let only = std::env::var("TUOMIN_FUZZ_TARGET").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut failed = 0;
    for (number, (name, target)) in TARGETS.iter().enumerate().filter(|(_, (name, _))| only.is_empty() || only == *name)
    {
        let seeds = files(&root.join("seeds").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let known = [seeds, files(&root.join("crashes").join(name))].concat();
        let mut bad = known.iter().filter(|bytes| !holds(name, *target, bytes)).count();
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (seed << 8) ^ number as u64);
        let (began, mut runs) = (Instant::now(), 0u64);
        while began.elapsed() < Duration::from_secs(seconds) && bad < 5 {
            let mut bytes = known[numbers.below(known.len())].clone();
            // Now and then one mutation builds on another.
            for _ in 0..=numbers.below(3) {
                bytes = mutated(&bytes, &known[numbers.below(known.len())], &mut numbers);
            }
            bad += usize::from(!holds(name, *target, &bytes));
            runs += 1;
        }
        println!("{name}: {} known inputs, {runs} mutations, {bad} failed", known.len());
        failed += bad;
    }
    assert_eq!(failed, 0, "see target/fuzz-failures");
}

/// Each target has a binary for the fuzzer, and the other way round.
#[test]
fn each_target_can_be_fuzzed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut binaries: Vec<String> = std::fs::read_dir(root.join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    binaries.sort();
    let mut names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(binaries, names);
    assert!(names.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
    // Each format that there is has a target.
    let formats = tuomin::format::FORMATS.iter().map(|format| format.name());
    assert_eq!(formats.filter(|name| !names.contains(name)).collect::<Vec<_>>(), Vec::<&str>::new());
}
