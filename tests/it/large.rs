//! A dump of more than a gigabyte, scanned and rewritten in bounded memory.
//!
//! Some gigabytes of disk and minutes: with `TUOMIN_TEST_LARGE=1` only, as `.ci/run` has it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Folder, POLICY};

const BYTES: u64 = 1 << 30;
/// Most bytes that a run may ever have held.
const MOST: u64 = 256 << 20;
const PEOPLE: u64 = 200_000;

fn phone(n: u64) -> u64 {
    13_800_000_000 + n % PEOPLE * 311
}

/// Rows in which each number stands thrice; how many rows.
fn generate(path: &Path) -> u64 {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    file.write_all(
        b"--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\nCREATE TABLE public.calls (\n    id bigint NOT NULL,\n    \
          mobile character varying(20),\n    number bigint,\n    note text\n);\n\nCOPY public.calls (id, mobile, number, note) FROM stdin;\n",
    )
    .unwrap();
    let (mut written, mut rows, mut line) = (0, 0, String::new());
    while written < BYTES {
        line.clear();
        let phone = phone(rows);
        writeln!(
            line,
            "{rows}\t{phone}\t{phone}\t订单{rows}已发货，请拨打{phone}联系收货人；如有问题请在三日内与本店客服取得联系，感谢您的支持。\
             The parcel left the warehouse of the second district this morning and will be with you within two days."
        )
        .unwrap();
        file.write_all(line.as_bytes()).unwrap();
        written += line.len() as u64;
        rows += 1;
    }
    file.write_all(b"\\.\n").unwrap();
    file.flush().unwrap();
    rows
}

/// Runs the program; the most memory that it ever held, in bytes.
fn peak(folder: &Folder, arguments: &[&str]) -> u64 {
    let began = Instant::now();
    let mut child = folder.command(arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code = loop {
        let said = std::fs::read_to_string(&status).unwrap_or_default();
        let high_water = said.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = high_water.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) << 10);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    println!("{arguments:?}: {} MiB at most, {:.0} s", peak >> 20, began.elapsed().as_secs_f64());
    assert_eq!(code, Some(0), "{arguments:?}");
    assert!(peak > 0);
    peak
}

#[test]
fn a_gigabyte_is_scanned_and_rewritten_in_bounded_memory() {
    if std::env::var_os("TUOMIN_TEST_LARGE").is_none() {
        println!("skipped: TUOMIN_TEST_LARGE is not set");
        return;
    }
    let folder = Folder::with_key();
    folder.write("hash.yml", POLICY);
    let rows = generate(&folder.path("in.sql"));
    assert!(folder.path("in.sql").metadata().unwrap().len() > BYTES);
    let scan = peak(&folder, &["scan", "in.sql", "--summary", "s.json", "-q"]);
    let summary = folder.text("s.json");
    assert!(summary.contains(&(rows * 3).to_string()), "each number is found: {rows} rows");
    let rewriting = ["deidentify", "in.sql", "-o", "out.sql", "--key-file", "k", "--policy", "hash.yml", "-q"];
    let rewrite = peak(&folder, &rewriting);
    assert!(scan <= MOST && rewrite <= MOST, "{} and {} MiB", scan >> 20, rewrite >> 20);
    // As many rows, none with a number of eleven digits in its text columns.
    let mut lines = BufReader::with_capacity(1 << 20, File::open(folder.path("out.sql")).unwrap());
    let (mut seen, mut line) = (0, Vec::new());
    while lines.read_until(b'\n', &mut line).unwrap() > 0 {
        let mut cells = line.split(|byte| *byte == b'\t');
        if let (Some(id), Some(mobile), Some(number), Some(note)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        {
            assert_eq!(id, seen.to_string().as_bytes());
            assert!(
                mobile.len() == 20 && number.len() == 11 && number != phone(seen).to_string().as_bytes(),
                "row {seen}"
            );
            assert!(memchr::memmem::find(note, mobile).is_some(), "row {seen}");
            seen += 1;
        }
        line.clear();
    }
    assert_eq!(seen, rows);
}
