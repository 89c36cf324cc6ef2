//! The demo data, against the list of what its generator planted: everything is found in every file that holds it, no
//! trap is, and nothing of it is left after a rewrite.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tuomin::rule::RuleSet;

use crate::program::{Folder, contains, gunzip};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// File → (entity type or `-`, canonical value).
fn planted() -> BTreeMap<String, BTreeSet<(String, String)>> {
    let mut planted: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let list = std::fs::read_to_string(fixtures().join("demo-planted.tsv")).unwrap();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (entity, value, files) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        for file in files.split(',') {
            planted.entry(file.to_owned()).or_default().insert((entity.to_owned(), value.to_owned()));
        }
    }
    assert!(planted.len() >= 8);
    planted
}

/// What a trap may rightly be taken for: its own type, which tells of no person by itself.
const NOT_A_PERSONS: [&str; 2] = ["SERVICE_PHONE", "ORDER_ID"];

#[test]
fn everything_planted_is_found_and_no_trap() {
    let folder = Folder::new();
    let demo = fixtures().join("demo");
    let arguments = ["scan", demo.to_str().unwrap(), "--matches", "m.jsonl", "--show-values"];
    folder.tuomin(&arguments).expect(0);
    let rules = RuleSet::load(&[]).unwrap();
    let mut found: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for line in folder.text("m.jsonl").lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        let file = text("path").rsplit('/').next().unwrap().to_owned();
        let entity = rules.entity_named(&text("entity")).unwrap();
        let canonical = String::from_utf8(entity.canonical.of(text("value").as_bytes()).into_owned()).unwrap();
        found.entry(file).or_default().insert((entity.name.clone(), canonical));
    }
    let mut wrong = Vec::new();
    for (file, planted) in planted() {
        let found = found.remove(&file).unwrap_or_default();
        for (entity, value) in planted {
            if entity == "-" {
                let hit =
                    found.iter().find(|(entity, held)| *held == value && !NOT_A_PERSONS.contains(&entity.as_str()));
                wrong.extend(hit.map(|(entity, _)| format!("{file}: the trap {value} was taken for {entity}")));
                continue;
            }
            let canonical = rules.entity_named(&entity).unwrap().canonical.of(value.as_bytes());
            let canonical = String::from_utf8(canonical.into_owned()).unwrap();
            if !found.contains(&(entity.clone(), canonical)) {
                wrong.push(format!("{file}: {entity} {value} was not found"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nothing_planted_is_left_after_a_rewrite() {
    let folder = Folder::new();
    folder.tuomin(&["key", "new", "k"]).expect(0);
    let demo = fixtures().join("demo");
    folder.tuomin(&["deidentify", demo.to_str().unwrap(), "-o", "out", "--key-file", "k"]).expect(0);
    folder.tuomin(&["verify", "out"]).expect(0);
    for (file, planted) in planted() {
        let output = match file.strip_suffix(".gz") {
            Some(_) => gunzip(&folder.path(&format!("out/{file}"))),
            None => folder.read(&format!("out/{file}")),
        };
        for (entity, value) in planted.iter().filter(|(entity, _)| entity != "-") {
            // A mask keeps the first part of an address and the network of an address.
            assert!(!contains(&output, value.as_bytes()), "{file} still holds a {entity}");
        }
    }
}
