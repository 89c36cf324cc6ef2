//! The journal of a run in place: which originals are gone and what stands in their place, from before the first of them
//! goes until the manifest is written. A run that was killed leaves it, and the next one knows what is done already.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::output;
use crate::pipeline::{Outcome, Status, rewrite};
use crate::report::escape::path_text;
use crate::report::manifest::{self, Asset, Manifest};
use crate::rule::RuleSet;

/// What is appended to the name of the manifest.
const SUFFIX: &str = ".journal";

/// The journal that is kept now, for whoever interrupts the run.
static LIVE: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Where the journal of the manifest at `manifest` is.
pub(super) fn beside(manifest: &Path) -> PathBuf {
    let mut name = manifest.file_name().unwrap_or_default().to_os_string();
    name.push(SUFFIX);
    manifest.with_file_name(name)
}

/// The journal that is kept now.
pub(super) fn live() -> Option<PathBuf> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A journal under way: the manifest without assets on its first line, then one asset a line.
pub(super) struct Journal<'a> {
    path: PathBuf,
    file: Mutex<File>,
    rules: &'a RuleSet,
}

impl<'a> Journal<'a> {
    /// Begins the journal of the run that will write `manifest` (which holds what an interrupted run did) to `place`.
    ///
    /// # Errors
    /// When it cannot be written, or there is that of an interrupted run of another kind.
    pub(super) fn begin(place: &Path, manifest: &Manifest, rules: &'a RuleSet) -> Result<Journal<'a>, Error> {
        let path = beside(place);
        if let Some(told) = read(&path) {
            let of = |run: &Manifest| {
                (run.purpose.clone(), run.key_id.clone(), run.policy.clone(), run.policy_version.clone())
            };
            if of(&told) != of(manifest) {
                return Err(Error::Usage(format!(
                    "{}: is the journal of a run ({}) that was interrupted; give its command again first, so that it comes \
                     to its end, or take the journal away if its files are of no use any more",
                    path_text(&path),
                    told.purpose
                )));
            }
        }
        let mut text = line(&Manifest { assets: Vec::new(), ..manifest.clone() });
        manifest.assets.iter().for_each(|asset| text.extend(line(asset)));
        output::write_whole(&path, &text, true)?;
        let opened = OpenOptions::new().append(true).open(&path);
        let file = opened.map_err(|source| Error::Io { action: "open", path: path.clone(), source })?;
        *LIVE.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.clone());
        Ok(Journal { path, file: Mutex::new(file), rules })
    }

    /// Ends it, once the manifest stands or nothing was put in place.
    pub(super) fn end(self) {
        *LIVE.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = std::fs::remove_file(&self.path);
    }
}

impl rewrite::Journal for Journal<'_> {
    fn enter(&self, outcome: &Outcome) -> Result<(), Error> {
        let mut asset = Asset::of(outcome, self.rules);
        Status::Rewritten.name().clone_into(&mut asset.status);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.write_all(&line(&asset)).and_then(|()| file.sync_data());
        written.map_err(|source| Error::Io { action: "write", path: self.path.clone(), source })
    }
}

fn line(value: &impl serde::Serialize) -> Vec<u8> {
    // Of types whose map keys are strings, into memory: cannot fail.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

/// What the journal at `path` tells, as the manifest that its run did not come to write; none where there is none. A last
/// line that was cut off is left out: its original is still there.
pub(super) fn read(path: &Path) -> Option<Manifest> {
    let (file, _) = crate::source::open_regular(path).ok()?;
    let mut lines = std::io::BufReader::new(file.take(manifest::LONGEST)).lines();
    let mut told = Manifest::from_json(lines.next()?.ok()?.as_bytes()).ok()?;
    let assets = lines.map_while(Result::ok).map_while(|line| serde_json::from_str::<Asset>(&line).ok());
    told.assets.extend(assets);
    Some(told)
}
