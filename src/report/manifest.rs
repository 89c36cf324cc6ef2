//! The manifest beside a run's outputs: what was read and written, under which policy, rules and key, with hashes and
//! counts, so that `verify` can tell whether the outputs are still what the run made.
//!
//! Holds no value and no key, only the key's identifier.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;

use serde::{Deserialize, Serialize};

use super::escape;
use crate::error::Error;
use crate::finding::EntityId;
use crate::pipeline::Outcome;
use crate::pipeline::dropped::Column;
use crate::pipeline::grouping::LEFT_IN_STATEMENTS;
use crate::pipeline::read::Hash;
use crate::policy::Policy;
use crate::rule::RuleSet;
use crate::source::{Refused, open_regular};

/// Name of the manifest in an output folder.
pub const FILE_NAME: &str = "_tuomin-manifest.json";
/// What it was called before: readers of tables took it for a part of one.
const FORMER_NAME: &str = "tuomin-manifest.json";
/// What is appended to the name of a single output file.
pub const FILE_SUFFIX: &str = ".manifest.json";
/// Where the manifest of a run goes that writes one file, or a folder in its own place: beside it.
pub fn beside(path: &std::path::Path) -> std::path::PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(FILE_SUFFIX);
    path.with_file_name(name)
}

/// Whether the file is called as a manifest is.
pub fn is_manifest(path: &std::path::Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let name = name.strip_suffix(b".journal").unwrap_or(name);
    [FILE_NAME, FORMER_NAME].iter().any(|known| name == known.as_bytes()) || name.ends_with(FILE_SUFFIX.as_bytes())
}

/// Where the manifest of an output folder may be, the usual place first.
pub fn within(folder: &std::path::Path) -> [std::path::PathBuf; 2] {
    [FILE_NAME, FORMER_NAME].map(|name| folder.join(name))
}

/// Longest manifest that is read, in bytes.
pub const LONGEST: u64 = 1 << 30;

/// The version of the manifest's own shape.
const SHAPE: u32 = 1;

/// A manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this shape.
    pub manifest: u32,
    /// Version of the program.
    pub tool_version: String,
    /// `deidentify` or `anonymize`.
    pub purpose: String,
    /// Name of the policy.
    pub policy: String,
    /// Version of the policy.
    pub policy_version: String,
    /// Fingerprint of the rules.
    pub rules_version: String,
    /// Matches below this score were left alone.
    pub min_score: f64,
    /// Identifier of the key; none for `anonymize`, whose key is gone.
    pub key_id: Option<String>,
    /// Every asset, in order.
    pub assets: Vec<Asset>,
}

type ByOperator = BTreeMap<String, BTreeMap<String, u64>>;

/// One asset of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Path of the input.
    pub input: String,
    /// How it ended.
    pub status: String,
    /// Why, when it was not rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Compression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Size of the input as stored.
    pub input_bytes: u64,
    /// SHA-256 of the input as stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_sha256: Option<String>,
    /// The output: what it holds and is called. None when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Values per entity type and operator that was carried out; where nothing was rewritten, matches per operator that
    /// the policy has for them.
    pub operators: ByOperator,
    /// Of these, per entity type, the values that met another operator than that of the policy, because the place
    /// cannot hold what that one writes: `fpe for hash`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub substitutes: ByOperator,
    /// Values that anybody can restore, because the policy accepts digests without a key for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reversible: BTreeMap<String, u64>,
    /// Distinct values that share a surrogate with another: names, addresses, and what is drawn from a marked range.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shared: BTreeMap<String, u64>,
    /// Distinct replaced numbers that are too short, or too many for their length, to be told from other numbers: places
    /// that hold them without a label may be left.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unsought: BTreeMap<String, u64>,
    /// Columns that are gone or empty, because they were of an entity type that the policy drops.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<DroppedColumn>,
}

/// A column that is not in the output any more, or holds nothing there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DroppedColumn {
    /// The member of an archive that it was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Its table, where that has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Its name, or the path of the key.
    pub column: String,
    /// The entity types that it was of.
    pub entities: Vec<String>,
    /// Its rows.
    pub rows: u64,
    /// How many of them held something.
    pub values: u64,
    /// What was carried out: `drop`, or `null` in databases.
    pub operator: String,
}

impl DroppedColumn {
    fn of(column: &Column, rules: &RuleSet) -> DroppedColumn {
        DroppedColumn {
            member: column.member.clone(),
            table: column.table.clone(),
            column: column.column.clone(),
            entities: column.entities.iter().filter_map(|id| Some(rules.entity(*id)?.name.clone())).collect(),
            rows: column.rows,
            values: column.values,
            operator: column.how.operator().to_owned(),
        }
    }
}

/// One output file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Path beside the manifest, with `/`.
    pub path: String,
    /// Size as stored.
    pub bytes: u64,
    /// SHA-256 as stored.
    pub sha256: String,
    /// Matches that are left, per entity type: what the policy keeps, and same-shape results.
    pub remaining: BTreeMap<String, u64>,
}

impl Manifest {
    /// A manifest without assets.
    pub fn new(purpose: &str, policy: &Policy, rules: &RuleSet, min_score: f32, key_id: Option<String>) -> Manifest {
        Manifest {
            manifest: SHAPE,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            purpose: purpose.to_owned(),
            policy: policy.name.clone(),
            policy_version: policy.version.clone(),
            rules_version: rules.version().to_owned(),
            min_score: (f64::from(min_score) * 1000.0).round() / 1000.0,
            key_id,
            assets: Vec::new(),
        }
    }

    /// Adds an outcome.
    pub fn enter(&mut self, outcome: &Outcome, rules: &RuleSet) {
        self.assets.push(Asset::of(outcome, rules));
    }

    /// The document.
    pub fn to_json(&self) -> Vec<u8> {
        // Of a type whose map keys are strings, into memory: cannot fail.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Reads the manifest at `path`; `None` where there is none, or a file of that name that is none of ours.
    ///
    /// # Errors
    /// When it cannot be read, or is of a shape that this version does not know.
    pub fn read(path: &std::path::Path) -> Result<Option<Manifest>, Error> {
        let failed = |source| Error::Io { action: "read the manifest", path: path.to_path_buf(), source };
        let file = match open_regular(path) {
            Ok((file, _)) => file,
            Err(Refused::Failed(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(Refused::Failed(source)) => return Err(failed(source)),
            Err(Refused::Skipped(_)) => return Ok(None),
        };
        let mut json = Vec::new();
        file.take(LONGEST).read_to_end(&mut json).map_err(failed)?;
        if !is_marked(&json) {
            return Ok(None);
        }
        let read = Manifest::from_json(&json);
        read.map(Some).map_err(|reason| Error::Usage(format!("{}: {reason}", escape::path_text(path))))
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is no manifest, or one of a shape that this version does not know.
    pub fn from_json(json: &[u8]) -> Result<Manifest, String> {
        // What the reader of JSON says may quote the file.
        let manifest: Manifest = serde_json::from_slice(json)
            .map_err(|error| format!("is no manifest that can be read (line {})", error.line()))?;
        if manifest.manifest == SHAPE {
            Ok(manifest)
        } else {
            Err(format!("is a manifest of shape {}, and only {SHAPE} is known", manifest.manifest))
        }
    }
}

/// Whether a document says that it is a manifest of this program: other tools call theirs so, too.
fn is_marked(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Marks {
        #[serde(rename = "manifest")]
        _shape: u32,
        #[serde(rename = "tool_version")]
        _tool: String,
    }
    serde_json::from_slice::<Marks>(json).is_ok()
}

impl Asset {
    /// What a manifest says of an outcome.
    pub fn of(outcome: &Outcome, rules: &RuleSet) -> Asset {
        let rewritten = outcome.rewritten.as_ref();
        let output = rewritten.and_then(|written| {
            Some(Output {
                path: slashed(written.relative.as_deref()?)?,
                bytes: written.bytes,
                sha256: hex(written.output_hash.as_ref()?),
                remaining: by_name(&written.remaining, rules),
            })
        });
        let mut operators = ByOperator::new();
        let mut substitutes = ByOperator::new();
        let mut reversible = BTreeMap::new();
        let add = |counts: &mut ByOperator, entity: EntityId, operator: String, count: u64| {
            if let Some(entity) = rules.entity(entity) {
                *counts.entry(entity.name.clone()).or_default().entry(operator).or_default() += count;
            }
        };
        match rewritten {
            None => {
                for ((entity, operator), count) in outcome.findings.operators() {
                    add(&mut operators, *entity, (*operator).to_owned(), *count);
                }
            }
            Some(written) => {
                for ((entity, carried_out), count) in &written.operators {
                    add(&mut operators, *entity, carried_out.done.to_owned(), *count);
                    if carried_out.is_reversible()
                        && let Some(entity) = rules.entity(*entity)
                    {
                        *reversible.entry(entity.name.clone()).or_default() += count;
                    }
                    if carried_out.is_substitute() {
                        add(&mut substitutes, *entity, carried_out.to_string(), *count);
                    }
                }
                for ((entity, operator), count) in outcome.findings.operators() {
                    if *operator == LEFT_IN_STATEMENTS {
                        add(&mut operators, *entity, (*operator).to_owned(), *count);
                    }
                }
            }
        }
        Asset {
            input: escape::path_text(&outcome.path),
            status: outcome.status.name().to_owned(),
            reason: outcome.status.reason(),
            format: outcome.format.map(str::to_owned),
            compression: outcome.compression.map(str::to_owned),
            input_bytes: outcome.bytes,
            input_sha256: rewritten.and_then(|written| written.input_hash.as_ref()).map(hex),
            output,
            operators,
            substitutes,
            reversible,
            shared: rewritten.map(|written| by_name(&written.shared, rules)).unwrap_or_default(),
            unsought: rewritten.map(|written| by_name(&written.unsought, rules)).unwrap_or_default(),
            dropped: rewritten
                .iter()
                .flat_map(|written| &written.dropped)
                .map(|column| DroppedColumn::of(column, rules))
                .collect(),
        }
    }
}

/// Counts by the names of the entity types.
pub fn by_name(counts: &BTreeMap<EntityId, u64>, rules: &RuleSet) -> BTreeMap<String, u64> {
    counts.iter().filter_map(|(entity, count)| Some((rules.entity(*entity)?.name.clone(), *count))).collect()
}

/// A relative path with `/` between its parts; bytes that are no text are percent-encoded, as is `%`.
pub fn slashed(path: &std::path::Path) -> Option<String> {
    let mut text = String::new();
    for component in path.components() {
        let std::path::Component::Normal(name) = component else { return None };
        if !text.is_empty() {
            text.push('/');
        }
        for chunk in name.as_encoded_bytes().utf8_chunks() {
            text.push_str(&chunk.valid().replace('%', "%25"));
            for byte in chunk.invalid() {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    Some(text)
}

/// The path that [`slashed`] wrote; `None` when it would lead out of its folder.
pub fn unslashed(text: &str) -> Option<std::path::PathBuf> {
    let mut path = std::path::PathBuf::new();
    for part in text.split('/') {
        let mut bytes = Vec::with_capacity(part.len());
        let mut pieces = part.split('%');
        bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
        for piece in pieces {
            let (code, rest) = piece.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(code, 16).ok()?);
            bytes.extend_from_slice(rest.as_bytes());
        }
        path.push(name_of(bytes)?);
    }
    let stays = path.components().all(|component| matches!(component, std::path::Component::Normal(_)));
    (stays && !text.is_empty()).then_some(path)
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // Elsewhere a name can fail to be one.
fn name_of(bytes: Vec<u8>) -> Option<std::ffi::OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn name_of(bytes: Vec<u8>) -> Option<std::ffi::OsString> {
    String::from_utf8(bytes).ok().map(Into::into)
}

/// A hash in lower-case hex.
pub fn hex(hash: &Hash) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::CarriedOut;
    use std::path::Path;

    #[test]
    fn it_reads_what_it_writes() {
        let mut manifest =
            Manifest::new("deidentify", &Policy::default(), &RuleSet::default(), 0.6, Some("ab12".to_owned()));
        manifest.enter(&Outcome::bare("a.csv".into(), crate::pipeline::Status::Scanned, false), &RuleSet::default());
        assert_eq!(Manifest::from_json(&manifest.to_json()), Ok(manifest));
        assert!(Manifest::from_json(b"{}").is_err());
    }

    #[test]
    fn it_counts_what_was_carried_out() {
        let rules = RuleSet::load(&[]).unwrap();
        let entity = rules.entities().first().unwrap();
        let carried_out = |done| ((entity.id, CarriedOut { asked: "hash", done }), 3);
        let mut outcome = Outcome::bare("a.sql".into(), crate::pipeline::Status::Rewritten, false);
        outcome.findings.enter_operators(entity.id, "hash", 1);
        outcome.rewritten = Some(crate::pipeline::rewrite::Rewritten {
            operators: [carried_out("hash"), carried_out("fpe")].into(),
            ..Default::default()
        });
        let mut manifest = Manifest::new("deidentify", &Policy::default(), &rules, 0.6, None);
        manifest.enter(&outcome, &rules);
        let asset = manifest.assets.first().unwrap();
        let counts = |pairs: &[(&str, u64)]| {
            let counts = pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
            ByOperator::from([(entity.name.clone(), counts)])
        };
        assert_eq!(asset.operators, counts(&[("hash", 3), ("fpe", 3)]));
        assert_eq!(asset.substitutes, counts(&[("fpe for hash", 3)]));
        assert_eq!(Manifest::from_json(&manifest.to_json()), Ok(manifest));
    }

    #[test]
    fn paths_come_back_and_stay_inside() {
        for path in ["a.csv", "sub/数据 100%.csv"] {
            assert_eq!(unslashed(&slashed(Path::new(path)).unwrap()).as_deref(), Some(Path::new(path)));
        }
        for hostile in ["../a", "/etc/passwd", "a/../../b", "", "a/%2E%2E/%2e%2e/b", "%2Fetc", "x%"] {
            let path = unslashed(hostile);
            assert!(path.as_ref().is_none_or(|path| path.is_relative() && !path.starts_with("..")), "{hostile}");
            assert!(path.is_none_or(|path| !path.components().any(|c| c == std::path::Component::ParentDir)));
        }
    }
}
