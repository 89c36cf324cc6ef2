//! Time of each stage by itself, on one thread: `cargo bench --bench stages`, or `-- detect` for one group.
//!
//! Groups: `bitmaps`, `candidates` (bitmaps, and the anchors worked out of them), `confirm` (all that, and what is made
//! of the anchors), `resolve` (what overlaps), `detect` (the whole scan of a text), `label` (look-up of keys), `read` (cutting and lexing, per format) and
//! `write` (rendering with the edits that the default policy asks for, per format). To add a stage, write a function that
//! takes `&mut Criterion` and name it in `criterion_group!` below. Compare times of one machine and one run only.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

#[path = "../generate/corpus/mod.rs"]
#[allow(dead_code, reason = "the generator uses the rest")]
mod corpus;
mod samples;
#[path = "../generate/table.rs"]
#[allow(dead_code, reason = "the generator uses the rest")]
mod table;

use std::fs::File;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tuomin::block::{Block, CellEdit, Edits};
use tuomin::detect::resolve::MATCH_SCORE;
use tuomin::detect::stages::Stages;
use tuomin::detect::{Detector, Scratch};
use tuomin::format::{self, Access, Codec, Container, Cut};
use tuomin::policy::{Policy, Purpose};
use tuomin::rule::RuleSet;
use tuomin::rule::label::Key;
use tuomin::source::slab::Slab;
use tuomin::transform::{Ledger, MasterKey, Transformer};

/// Bytes of a block.
const BLOCK: usize = 1 << 20;

/// Everything that a run has one of.
struct Run {
    rules: Arc<RuleSet>,
    detector: Detector,
    transformer: Transformer,
}

impl Run {
    fn new() -> Run {
        let rules = Arc::new(RuleSet::load(&[]).unwrap());
        let policy = Arc::new(Policy::load("default").unwrap());
        let key = Some(MasterKey::generate().unwrap());
        let transformer = Transformer::new(Arc::clone(&rules), policy, Purpose::Deidentify, key).unwrap();
        Run { detector: Detector::new(Arc::clone(&rules)), rules, transformer }
    }

    fn edits(&self, block: &Block, codec: Option<&dyn Codec>) -> Edits {
        let mut found = Vec::new();
        self.detector.detect(block, &mut Scratch::default(), &mut found);
        found.retain(|one| one.score >= MATCH_SCORE);
        self.transformer.edits(block, codec, &found, &mut Ledger::default()).unwrap()
    }
}

/// Cuts and lexes a whole stream.
fn read(format: &str, bytes: &[u8]) -> Vec<(Block, Arc<dyn Codec>)> {
    let Access::Stream(open) = format::by_name(format).unwrap().open() else { return Vec::new() };
    let mut splitter = open(bytes.get(..64 << 10).unwrap_or(bytes)).unwrap();
    let (mut blocks, mut rest, mut first_line) = (Vec::new(), bytes, 1);
    while !rest.is_empty() {
        let Cut::Block { len, codec } = splitter.cut(rest, true, BLOCK).unwrap() else { break };
        let (piece, after) = rest.split_at(len);
        let slab = Slab::new(piece.to_vec(), (bytes.len() - rest.len()) as u64, first_line).unwrap();
        blocks.push((codec.lex(slab).unwrap(), codec));
        first_line += memchr::memchr_iter(b'\n', piece).count() as u64;
        rest = after;
    }
    blocks
}

fn parquet() -> (tempfile::TempDir, File, Box<dyn Container>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    samples::parquet(&path);
    let Access::Container(container) = format::by_name("parquet").unwrap().open() else { unreachable!() };
    (folder, File::open(path).unwrap(), container)
}

fn texts() -> [(&'static str, Vec<u8>); 2] {
    [
        ("mix", corpus::mix::write(7, samples::BYTES, Vec::new()).unwrap().0),
        ("dense", corpus::dense::write(7, samples::BYTES, Vec::new()).unwrap().0),
    ]
}

fn bitmaps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bitmaps");
    for (name, text) in texts() {
        let mut stages = Stages::default();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| stages.bitmaps(black_box(&text))));
    }
}

fn candidates(criterion: &mut Criterion) {
    let run = Run::new();
    let mut group = criterion.benchmark_group("candidates");
    for (name, text) in texts() {
        let mut stages = Stages::default();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| stages.anchors(&run.detector, black_box(&text))));
    }
}

fn confirm(criterion: &mut Criterion) {
    let run = Run::new();
    let mut group = criterion.benchmark_group("confirm");
    for (name, text) in texts() {
        let (mut stages, mut found) = (Stages::default(), Vec::new());
        group.throughput(Throughput::Bytes(text.len() as u64)).bench_function(name, |bencher| {
            bencher.iter(|| {
                found.clear();
                stages.confirm(&run.detector, black_box(&text), &mut found);
                found.len()
            });
        });
    }
}

fn resolve(criterion: &mut Criterion) {
    let run = Run::new();
    let mut group = criterion.benchmark_group("resolve");
    for (name, text) in texts() {
        let mut found = Vec::new();
        Stages::default().confirm(&run.detector, &text, &mut found);
        group.throughput(Throughput::Elements(found.len() as u64)).bench_function(name, |bencher| {
            bencher.iter_batched(
                || found.clone(),
                |mut found| Stages::resolve(&run.detector, &mut found),
                BatchSize::LargeInput,
            );
        });
    }
}

fn detect(criterion: &mut Criterion) {
    let run = Run::new();
    let mut group = criterion.benchmark_group("detect");
    for (name, text) in texts() {
        let (mut scratch, mut found) = (Scratch::default(), Vec::new());
        group.throughput(Throughput::Bytes(text.len() as u64)).bench_function(name, |bencher| {
            bencher.iter(|| {
                found.clear();
                run.detector.detect_bytes(black_box(&text), &mut scratch, &mut found);
                found.len()
            });
        });
    }
}

fn label(criterion: &mut Criterion) {
    const KEYS: [&str; 12] = [
        "mobile",
        "customerMobileNo",
        "收货人手机",
        "traceId",
        "order_no",
        "realName",
        "ts",
        "身份证号码",
        "receiver.address",
        "appVersion",
        "x-request-id",
        "备注",
    ];
    let rules = Run::new().rules;
    let mut group = criterion.benchmark_group("label");
    group.throughput(Throughput::Elements(KEYS.len() as u64)).bench_function("look_up", |bencher| {
        let mut key = Key::default();
        bencher.iter(|| {
            let says = |raw: &str| {
                key.fill(black_box(raw.as_bytes()));
                rules.labels().look_up(&key).len()
            };
            KEYS.map(says).iter().sum::<usize>()
        });
    });
}

fn readers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    for (name, bytes) in samples::samples() {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| bencher.iter_with_large_drop(|| read(name, black_box(&bytes))));
    }
    let (_folder, file, container) = parquet();
    group.throughput(Throughput::Bytes(file.metadata().unwrap().len())).bench_function("parquet", |bencher| {
        bencher.iter(|| {
            let mut rows = 0;
            let mut visit = |block: Block| {
                if let Block::Table(table) = &block {
                    rows += table.rows;
                }
                Ok(())
            };
            container.read(&file, &mut visit).unwrap();
            rows
        });
    });
}

fn writers(criterion: &mut Criterion) {
    let run = Run::new();
    let mut group = criterion.benchmark_group("write");
    for (name, bytes) in samples::samples() {
        let blocks: Vec<(Block, Arc<dyn Codec>, Edits)> = read(name, &bytes)
            .into_iter()
            .map(|(block, codec)| {
                let edits = run.edits(&block, Some(codec.as_ref()));
                (block, codec, edits)
            })
            .collect();
        let mut out = Vec::new();
        group.throughput(Throughput::Bytes(bytes.len() as u64)).bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                for (block, codec, edits) in &blocks {
                    codec.render(block, edits, &mut out).unwrap();
                }
                out.len()
            });
        });
    }
    let (_folder, file, container) = parquet();
    let mut edits = Vec::new();
    let mut visit = |block: Block| {
        edits.push(run.edits(&block, None).cells);
        Ok(())
    };
    container.read(&file, &mut visit).unwrap();
    let copied = |cells: &Vec<CellEdit>| -> Vec<CellEdit> {
        cells
            .iter()
            .map(|CellEdit { column, row, value }| CellEdit { column: *column, row: *row, value: value.clone() })
            .collect()
    };
    group.throughput(Throughput::Bytes(file.metadata().unwrap().len())).bench_function("parquet", |bencher| {
        let fresh = || (edits.iter().map(copied).collect::<Vec<_>>().into_iter(), tempfile::tempfile().unwrap());
        bencher.iter_batched(
            fresh,
            |(mut edits, mut out)| {
                let mut edit = |_: &Block| Ok(Edits { cells: edits.next().unwrap(), ..Edits::default() });
                container.rewrite(&file, &mut out, &mut edit).unwrap();
            },
            BatchSize::PerIteration,
        );
    });
}

fn settings() -> Criterion {
    Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = stages; config = settings(); targets = bitmaps, candidates, confirm, resolve, detect, label, readers, writers }
criterion_main!(stages);
