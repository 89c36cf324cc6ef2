use std::sync::Arc;

use sha2::{Digest, Sha256};
use tuomin::detect::{Detector, Scratch};
use tuomin::rule::{RuleSet, self_test};

use super::*;

const BYTES: u64 = 1_000_000;

fn made(write: Generate<Vec<u8>>, seed: u64) -> (Vec<u8>, Count) {
    write(seed, BYTES, Vec::new()).unwrap()
}

/// What events and notes carry besides identifiers of somebody (numbers of staff are accounts): the generator does not
/// count it.
const OF_EVENTS: [&str; 5] = ["ACCOUNT_NAME", "ORDER_ID", "SEARCH_QUERY", "SESSION_TOKEN", "TRANSACTION_AMOUNT"];

/// Of the lines, those in which the built-in rules find an identifier of somebody.
fn lines_found(text: &[u8]) -> (usize, usize) {
    let rules = Arc::new(RuleSet::load(&[]).unwrap());
    let of_events = OF_EVENTS.map(|entity| rules.entity_named(entity).unwrap().id);
    let detector = Detector::new(rules);
    let (mut scratch, mut found, mut hits) = (Scratch::default(), Vec::new(), 0);
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    for line in &lines {
        found.clear();
        detector.detect_bytes(line, &mut scratch, &mut found);
        hits += usize::from(found.iter().any(|m| m.score >= 0.6 && !of_events.contains(&m.entity)));
    }
    (hits, lines.len())
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for write in [mix::write::<Vec<u8>>, dense::write, copy::write] {
        let (first, again, other) = (made(write, 7), made(write, 7), made(write, 8));
        assert_eq!(Sha256::digest(&first.0), Sha256::digest(&again.0));
        assert_eq!(first.1, again.1);
        assert_ne!(Sha256::digest(&first.0), Sha256::digest(&other.0));
    }
}

#[test]
fn the_same_seed_gives_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let hash = |name: &str, seed| {
        let path = folder.path().join(name);
        table::write(seed, 1_000_000, &path).unwrap();
        Sha256::digest(std::fs::read(path).unwrap())
    };
    assert_eq!(hash("first", 7), hash("again", 7));
    assert_ne!(hash("first", 7), hash("other", 8));
}

#[test]
fn what_is_counted_is_what_was_written() {
    for write in [mix::write::<Vec<u8>>, dense::write, copy::write] {
        let (text, count) = made(write, 7);
        assert_eq!(count.bytes, text.len() as u64);
        assert_eq!(count.lines, text.iter().filter(|byte| **byte == b'\n').count() as u64);
        assert!(std::str::from_utf8(&text).is_ok());
    }
}

#[test]
fn one_line_of_the_mix_in_twenty_holds_an_identifier_and_the_rules_find_it() {
    let (text, count) = made(mix::write, 7);
    assert!((4.0..6.0).contains(&count.share()), "{:.2} %", count.share());
    let (hits, lines) = lines_found(&text);
    let found = hits as f64 * 100.0 / lines as f64;
    assert!((found - count.share()).abs() < 0.5, "{found:.2} % found, {:.2} % written", count.share());
}

#[test]
fn every_line_of_the_dense_file_holds_identifiers_and_the_rules_find_them() {
    let (text, count) = made(dense::write, 7);
    assert_eq!(count.identified, count.lines);
    let (hits, lines) = lines_found(&text);
    assert!(hits * 1000 >= lines * 999, "{hits} of {lines}");
}

#[test]
fn the_custom_rules_pass_their_own_examples() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(custom_rules::write(folder.path()).unwrap(), 100);
    let rules = Arc::new(RuleSet::load(&[folder.path().to_owned()]).unwrap());
    let outcome = self_test::run(&rules);
    assert_eq!(outcome.failures, []);
}

#[test]
fn the_fast_pass_finds_in_the_samples_what_the_plain_one_finds() {
    let rules = Arc::new(RuleSet::load(&[]).unwrap());
    let (fast, plain) = (Detector::new(Arc::clone(&rules)), Detector::plain(rules));
    for write in [mix::write::<Vec<u8>>, dense::write, copy::write] {
        let (text, _) = made(write, 7);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        fast.detect_bytes(&text, &mut Scratch::default(), &mut one);
        plain.detect_bytes(&text, &mut Scratch::default(), &mut other);
        assert!(one.len() > 100);
        let difference = one.iter().zip(&other).find(|(one, other)| one != other);
        assert!(one == other, "{} and {} matches, first difference {difference:?}", one.len(), other.len());
    }
}
