//! Reads the rules as a run does and writes them in a form that is read in a twentieth of the time, with what is worked out
//! from their patterns, see `src/rule/prepared.rs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;
use sha2::{Digest, Sha256};

#[allow(dead_code, unreachable_pub, reason = "the rest is for those who scan")]
#[path = "../src/rule/prefix.rs"]
mod prefix;
#[allow(dead_code, unreachable_pub, reason = "the rest is for those who scan")]
#[path = "../src/rule/syntax.rs"]
mod syntax;

use prefix::{FirstBytes, Prefixes};
use syntax::{AnchorSyntax, RuleSyntax};

/// As written: what these mean is none of the build script's business.
type Canonical = Value;
type Mask = Value;
type Shape = Value;

/// What is worked out from the patterns of the rules.
#[derive(Default)]
struct Beginnings {
    first_bytes: BTreeMap<String, Option<[u64; 4]>>,
    /// By pattern and length.
    prefixes: BTreeMap<(String, usize), Option<[u64; 16]>>,
}

/// Writes what is made of the rules in `files` to `out`.
pub(crate) fn write(files: &[PathBuf], out: &Path) -> io::Result<()> {
    let mut digest = Sha256::new();
    let mut beginnings = Beginnings::default();
    let mut code = String::new();
    let _ = writeln!(code, "/// The built-in rules without their examples, in the order of `embedded::RULES`.");
    let _ = writeln!(code, "pub(super) static RULES: [&str; {}] = [", files.len());
    for file in files {
        let text = fs::read_to_string(file)?;
        digest.update(text.as_bytes());
        // What is wrong with a rule is said by those who load it: one that cannot be read has no other form.
        let rule: Option<RuleSyntax> = serde_saphyr::from_str(&text).ok();
        rule.iter().for_each(|rule| beginnings.enter(rule));
        let _ = writeln!(code, "    {:?},", rule.and_then(|rule| shortened(&rule)).unwrap_or_default());
    }
    code.push_str("];\n");
    let digest = digest.finalize();
    let version: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let _ =
        writeln!(code, "/// The fingerprint of the built-in rules.\npub(super) static VERSION: &str = {version:?};");
    beginnings.write(&mut code);
    fs::write(out.join("prepared.rs"), code)
}

/// `rule` as JSON, without examples and what is as good as absent.
fn shortened(rule: &RuleSyntax) -> Option<String> {
    let mut value = serde_json::to_value(rule).ok()?;
    for examples in ["examples", "counterexamples"] {
        *value.get_mut(examples)? = Value::Array(Vec::new());
    }
    for recognizer in value.get_mut("recognize")?.as_array_mut()? {
        let says =
            |value: &Value| !matches!(value, Value::Null | Value::Bool(false)) && *value != Value::Array(Vec::new());
        recognizer.as_object_mut()?.retain(|_, value| says(value));
    }
    Some(value.to_string())
}

impl Beginnings {
    fn enter(&mut self, rule: &RuleSyntax) {
        for recognizer in rule.recognize.iter().map(|recognizer| &recognizer.value) {
            let begins = matches!(recognizer.anchor, Some(AnchorSyntax::Label | AnchorSyntax::Word));
            let pattern = recognizer.pattern.as_ref();
            for pattern in pattern.filter(|_| begins).into_iter().chain(&recognizer.suffix) {
                self.first_bytes.insert(pattern.clone(), FirstBytes::of(pattern).map(|bytes| bytes.bits()));
            }
            if let Some(pattern) = pattern.filter(|_| recognizer.anchor == Some(AnchorSyntax::Digits)) {
                let length = |group: &String| group.split('-').filter_map(|length| length.parse::<usize>().ok()).sum();
                let mut lengths: Vec<usize> = recognizer.groups.iter().map(length).collect();
                lengths.sort_unstable();
                lengths.dedup();
                let prefixes = Prefixes::by_length(pattern, &lengths);
                for length in lengths {
                    let bits = prefixes.get(length).and_then(Option::as_ref).map(Prefixes::bits);
                    self.prefixes.insert((pattern.clone(), length), bits);
                }
            }
        }
    }

    fn write(&self, code: &mut String) {
        let _ = writeln!(code, "/// What the first byte of a value may be, by pattern.");
        let _ = writeln!(code, "static FIRST_BYTES: [(&str, Option<[u64; 4]>); {}] = [", self.first_bytes.len());
        for (pattern, bits) in &self.first_bytes {
            let _ = writeln!(code, "    ({pattern:?}, {bits:?}),");
        }
        let _ = writeln!(code, "];\n/// What the first three digits of a value may be, by pattern and length.");
        let _ = writeln!(code, "static PREFIXES: [(&str, usize, Option<[u64; 16]>); {}] = [", self.prefixes.len());
        for ((pattern, length), bits) in &self.prefixes {
            let _ = writeln!(code, "    ({pattern:?}, {length}, {bits:?}),");
        }
        code.push_str("];\n");
    }
}
