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

impl Run {
    /// Whether the file at `path` is still what the run made of another content, and not a new file of the same name.
    pub(super) fn rewrote(&self, path: &Path) -> bool {
        self.output_at(path).is_some_and(|asset| {
            asset.output.as_ref().is_some_and(|output| asset.input_sha256.as_ref() != Some(&output.sha256))
        })
    }

    /// What the run says of the file at `path`, where that is still what the run wrote.
    pub(super) fn output_at(&self, path: &Path) -> Option<&Asset> {
        let path = path.canonicalize().ok()?;
        let asset = self.outputs.get(&path)?;
        let output = asset.output.as_ref()?;
        let (file, stamp) = crate::source::open_regular(&path).ok()?;
        let is_it =
            stamp.size() == output.bytes && hash_file(&file).is_ok_and(|found| manifest::hex(&found) == output.sha256);
        is_it.then_some(asset)
    }
}

/// The manifests and journals that were looked at, by the paths of the manifests.
#[derive(Default)]
pub(super) struct Earlier {
    read: BTreeMap<PathBuf, Vec<Run>>,
}

impl Earlier {
    /// The run that wrote the file at `path`, when a manifest or a journal says that one did: beside the file, or in a
    /// folder above. Of several, the one whose output it still is.
    ///
    /// # Errors
    /// When a manifest cannot be read.
    pub(super) fn run_of(&mut self, path: &Path) -> Result<Option<&Run>, Error> {
        let Ok(path) = path.canonicalize() else { return Ok(None) };
        let inside = path.ancestors().skip(1).map(|folder| folder.join(manifest::FILE_NAME));
        // Beside the file, or beside a folder that was rewritten in place.
        let beside = path.ancestors().filter(|path| path.file_name().is_some()).map(manifest::beside);
        let places: Vec<PathBuf> = beside.chain(inside).collect();
        for place in &places {
            if !self.read.contains_key(place) {
                self.read.insert(place.clone(), read(place)?);
            }
        }
        let runs = || places.iter().filter_map(|place| self.read.get(place)).flatten();
        let of_path = || runs().filter(|run| run.outputs.contains_key(&path));
        Ok(of_path().find(|run| run.output_at(&path).is_some()).or_else(|| of_path().next()))
    }
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
