//! Whether an input is itself the output of a run, as the manifest beside it says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::journal;
use crate::error::Error;
use crate::pipeline::read::hash_file;
use crate::report::manifest::{self, Asset, Manifest};

/// What a manifest says of a run, or the journal of one that was killed.
pub(super) struct Run {
    pub(super) purpose: String,
    pub(super) policy: (String, String),
    pub(super) key_id: Option<String>,
    /// It was killed before it wrote its manifest.
    pub(super) is_unfinished: bool,
    /// Its outputs.
    outputs: BTreeMap<PathBuf, Asset>,
}

/// What a run says of a file.
pub(super) struct Told<'a> {
    pub(super) run: &'a Run,
    /// Its entry, where the file is still what the run wrote, and not a new one of the same name.
    pub(super) intact: Option<&'a Asset>,
}

impl Told<'_> {
    /// Whether the file is still what the run made of another content.
    pub(super) fn is_rewritten(&self) -> bool {
        self.intact.is_some_and(|asset| {
            asset.output.as_ref().is_some_and(|output| asset.input_sha256.as_ref() != Some(&output.sha256))
        })
    }
}

/// The manifests and journals that were looked at, by the paths of the manifests.
#[derive(Default)]
pub(super) struct Earlier {
    read: BTreeMap<PathBuf, Vec<Run>>,
    /// Sizes and hashes of files that some run tells of, each read once; none where they cannot be read.
    contents: BTreeMap<PathBuf, Option<(u64, String)>>,
}

impl Earlier {
    /// What the run says of the file at `path` that wrote it, when a manifest or a journal says that one did: beside the
    /// file, or in a folder above. Of several, the one whose output it still is.
    ///
    /// # Errors
    /// When a manifest cannot be read.
    pub(super) fn told_of(&mut self, path: &Path) -> Result<Option<Told<'_>>, Error> {
        let Ok(path) = path.canonicalize() else { return Ok(None) };
        let inside = path.ancestors().skip(1).flat_map(manifest::within);
        // Beside the file, or beside a folder that was rewritten in place.
        let beside = path.ancestors().filter(|path| path.file_name().is_some()).map(manifest::beside);
        let places: Vec<PathBuf> = beside.chain(inside).collect();
        for place in &places {
            if !self.read.contains_key(place) {
                self.read.insert(place.clone(), read(place)?);
            }
        }
        let mut runs = places.iter().filter_map(|place| self.read.get(place)).flatten();
        if !runs.any(|run| run.outputs.contains_key(&path)) {
            return Ok(None);
        }
        let content = self.contents.entry(path.clone()).or_insert_with(|| content_of(&path)).as_ref();
        let mut first = None;
        for run in places.iter().filter_map(|place| self.read.get(place)).flatten() {
            let Some(asset) = run.outputs.get(&path) else { continue };
            let is_it = asset
                .output
                .as_ref()
                .zip(content)
                .is_some_and(|(output, (bytes, hash))| output.bytes == *bytes && output.sha256 == *hash);
            if is_it {
                return Ok(Some(Told { run, intact: Some(asset) }));
            }
            first = first.or(Some(Told { run, intact: None }));
        }
        Ok(first)
    }
}

fn content_of(path: &Path) -> Option<(u64, String)> {
    let (file, stamp) = crate::source::open_regular(path).ok()?;
    Some((stamp.size(), manifest::hex(&hash_file(&file).ok()?)))
}

fn read(path: &Path) -> Result<Vec<Run>, Error> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let run = |manifest: Manifest, is_unfinished| {
        let outputs = manifest.assets.into_iter().filter_map(|asset| {
            let output = manifest::unslashed(&asset.output.as_ref()?.path)?;
            Some((folder.join(output), asset))
        });
        Run {
            outputs: outputs.collect(),
            purpose: manifest.purpose,
            policy: (manifest.policy, manifest.policy_version),
            key_id: manifest.key_id,
            is_unfinished,
        }
    };
    let killed = journal::read(&journal::beside(path)).map(|told| run(told, true));
    Ok(killed.into_iter().chain(Manifest::read(path)?.map(|manifest| run(manifest, false))).collect())
}
