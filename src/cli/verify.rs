//! `tuomin verify`: are the outputs of a run still what it made, and do they hold no more than it left?

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::Common;
use super::session::Session;
use super::{complain, progress};
use crate::error::{DataError, Error};
use crate::exit::Exit;
use crate::pipeline::read::Guise;
use crate::pipeline::recheck::recheck;
use crate::pipeline::{Context, Status};
use crate::policy::Purpose;
use crate::report::escape;
use crate::report::manifest::{self, Asset, Manifest, Output};
use crate::source::walk::{Entry, walk};

/// Check that the outputs of a run are unchanged and hold no more than the run left
#[derive(Args)]
#[command(after_help = "\
Example:
  tuomin verify clean/

Reads the manifest beside the outputs, compares sizes and hashes, scans the outputs again, and names what stands
in the folder and is not of the run.
Exit 0: all as it was. Exit 1: something differs. Exit 3: something is missing or cannot be read.")]
pub(super) struct Verify {
    /// An output folder, or an output file
    #[arg(value_name = "OUT")]
    output: PathBuf,

    #[command(flatten)]
    common: Common,
}

impl Verify {
    pub(super) fn run(mut self) -> anyhow::Result<Exit> {
        let (path, folder) = locate(&self.output);
        let manifest = Manifest::read(&path)?
            .ok_or_else(|| Error::Usage(format!("{}: there is no manifest", escape::path_text(&path))))?;
        #[allow(clippy::cast_possible_truncation)] // 0 to 1, of three digits.
        let min_score = manifest.min_score as f32;
        self.common.min_score = min_score;
        let mut session = Session::new(&self.common)?;
        if session.rules.version() != manifest.rules_version {
            complain("the rules are not those of the run: counts may differ for that reason");
        }
        session.define(&self.common)?.iter().for_each(|said| complain(said));
        let purpose = Purpose::Deidentify;
        let observer = progress::observer(&self.common, 0, None);
        let context = Context::new(session.settings, session.rules.clone(), &session.policy, purpose, observer, None);
        let mut exit = Exit::Complete;
        let (mut checked, mut differing) = (0_u64, 0_u64);
        for asset in &manifest.assets {
            let Some(output) = &asset.output else {
                if asset.status != "skipped" {
                    complain(&format!("{}: has no output: it {}", asset.input, asset.status));
                    exit = exit.merge(Exit::Incomplete);
                }
                continue;
            };
            checked += 1;
            match compare(&context, &folder, asset, output) {
                Ok(()) => {}
                Err(Difference::Found(reason)) => {
                    complain(&format!("{}: {reason}", output.path));
                    differing += 1;
                    exit = exit.merge(Exit::Found);
                }
                Err(Difference::Unread(status)) => {
                    complain(&format!("{}: {}", output.path, status.reason().unwrap_or_default()));
                    exit = exit.merge(Exit::Incomplete);
                }
            }
        }
        for path in strangers(&self.output, &folder, &manifest) {
            complain(&format!("{}: is not of this run, and was not looked at", escape::path_text(&path)));
            differing += 1;
            exit = exit.merge(Exit::Found);
        }
        if !self.common.quiet {
            let sentence = match exit {
                Exit::Complete => format!("{checked} outputs verified"),
                _ => format!("{checked} outputs looked at, {differing} differ; see above"),
            };
            writeln!(io::stdout(), "{sentence}")?;
        }
        Ok(exit)
    }
}

/// What stands in an output folder and is not of the run: whoever hands the folder on hands that on, too.
fn strangers(output: &Path, folder: &Path, manifest: &Manifest) -> Vec<PathBuf> {
    if !output.is_dir() {
        return Vec::new();
    }
    let outputs = manifest.assets.iter().filter_map(|asset| manifest::unslashed(&asset.output.as_ref()?.path));
    let undotted = |path: PathBuf| path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path);
    let mut known: BTreeSet<PathBuf> = outputs.map(|path| undotted(folder.join(path))).collect();
    known.extend(manifest::within(output).map(undotted));
    let found = walk(&[output.to_path_buf()]).into_iter().map(|entry| match entry {
        Entry::Input(input) => input.path().to_path_buf(),
        Entry::Skipped { path, .. } | Entry::Failed { path, .. } => path,
    });
    found.filter(|path| !known.contains(&undotted(path.clone()))).collect()
}

/// The manifest that goes with an output, and the folder that it counts from.
fn locate(output: &Path) -> (PathBuf, PathBuf) {
    if output.is_dir() {
        let [usual, former] = manifest::within(output);
        let inside = if !usual.exists() && former.exists() { former } else { usual };
        // Beside it, where its files were rewritten in place.
        let beside = output.file_name().map(|_| manifest::beside(output));
        let beside = beside.filter(|beside| !inside.exists() && beside.is_file());
        return match beside {
            Some(beside) => (beside, crate::output::folder_of(output).to_path_buf()),
            None => (inside, output.to_path_buf()),
        };
    }
    let is_manifest = output.exists() && manifest::is_manifest(output);
    let path = if is_manifest { output.to_path_buf() } else { manifest::beside(output) };
    (path, crate::output::folder_of(output).to_path_buf())
}

enum Difference {
    /// The output is not what the run made.
    Found(String),
    /// It cannot be told.
    Unread(Status),
}

fn compare(context: &Context, folder: &Path, asset: &Asset, output: &Output) -> Result<(), Difference> {
    let failed = |reason: &str| Difference::Unread(Status::Failed(DataError::new(reason)));
    let relative = manifest::unslashed(&output.path).ok_or_else(|| failed("the manifest's path leads elsewhere"))?;
    let format = asset.format.as_deref().and_then(crate::format::by_name);
    let threads = context.settings.threads;
    let found = recheck(context, &folder.join(relative), (&Guise { format, companion: None }, &[]), None, threads)
        .map_err(|status| Difference::Unread(*status))?;
    let hash = found.hash.as_ref().map(manifest::hex).unwrap_or_default();
    if hash != output.sha256 {
        return Err(Difference::Found("is not the file that the run wrote: its SHA-256 differs".to_owned()));
    }
    let remaining = manifest::by_name(&found.remaining, context.detector.rules());
    let mut names: Vec<&String> = remaining.keys().chain(output.remaining.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (now, then) = (remaining.get(name).unwrap_or(&0), output.remaining.get(name).unwrap_or(&0));
        if now != then {
            return Err(Difference::Found(format!("holds {now} matches of {name}, and {then} after the run")));
        }
    }
    Ok(())
}
