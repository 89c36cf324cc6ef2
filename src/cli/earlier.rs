//! Whether an input is itself the output of a run, as the manifest beside it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::pipeline::read::hash_file;
use crate::report::escape::path_text;
use crate::report::manifest::{self, Manifest};

/// What a manifest says of a run.
pub(super) struct Run {
    pub(super) purpose: String,
    pub(super) policy: (String, String),
    pub(super) key_id: Option<String>,
    outputs: BTreeSet<PathBuf>,
    /// Those in which something was rewritten, with size and SHA-256.
    rewritten: BTreeMap<PathBuf, (u64, String)>,
}

impl Run {
    /// Whether the file at `path` is still what the run made of another content, and not a new file of the same name.
    pub(super) fn rewrote(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        let Some((bytes, hash)) = self.rewritten.get(&path) else { return false };
        let Ok(file) = std::fs::File::open(&path) else { return false };
        file.metadata().is_ok_and(|metadata| metadata.len() == *bytes)
            && hash_file(&file).is_ok_and(|found| manifest::hex(&found) == *hash)
    }
}

/// The manifests that were looked at, by their paths; none where there is none.
#[derive(Default)]
pub(super) struct Earlier {
    read: BTreeMap<PathBuf, Option<Run>>,
}

impl Earlier {
    /// The run that wrote the file at `path`, when a manifest says that one did: beside the file, or in a folder above.
    ///
    /// # Errors
    /// When what is called a manifest is none, or cannot be read.
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
        let runs = places.iter().filter_map(|place| self.read.get(place)?.as_ref());
        Ok(runs.into_iter().find(|run| run.outputs.contains(&path)))
    }
}

fn read(path: &Path) -> Result<Option<Run>, Error> {
    let json = match std::fs::read(path) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { action: "read the manifest", path: path.to_path_buf(), source }),
    };
    let manifest =
        Manifest::from_json(&json).map_err(|reason| Error::Usage(format!("{}: {reason}", path_text(path))))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let outputs = manifest.assets.iter().filter_map(|asset| manifest::unslashed(&asset.output.as_ref()?.path));
    let rewritten = manifest.assets.iter().filter_map(|asset| {
        let output = asset.output.as_ref().filter(|output| asset.input_sha256.as_ref() != Some(&output.sha256))?;
        Some((folder.join(manifest::unslashed(&output.path)?), (output.bytes, output.sha256.clone())))
    });
    Ok(Some(Run {
        rewritten: rewritten.collect(),
        outputs: outputs.map(|output| folder.join(output)).collect(),
        purpose: manifest.purpose,
        policy: (manifest.policy, manifest.policy_version),
        key_id: manifest.key_id,
    }))
}
