//! Where each rewritten asset goes, worked out and checked before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::held_folder::HeldFolder;
use crate::output::folder_of;
use crate::pipeline::rewrite::Target;
use crate::report::escape::path_text;
use crate::report::manifest;
use crate::source::Input;
use crate::source::walk::Entry;

/// Where a run writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
    /// Each file to where it is.
    InPlace {
        manifest: PathBuf,
    },
}

impl Destination {
    /// Where the manifest goes.
    pub(super) fn manifest(&self) -> Option<PathBuf> {
        match self {
            Destination::Stdout => None,
            Destination::InPlace { manifest } => Some(manifest.clone()),
            Destination::Folder(folder) => Some(folder.join(manifest::FILE_NAME)),
            Destination::File(file) => Some(manifest::beside(file)),
        }
    }
}

/// One asset of a rewriting run.
#[derive(Debug)]
pub(super) enum Job {
    /// Is rewritten to the target.
    Rewrite { input: Input, target: Target },
    /// Has nothing to rewrite, only a status.
    Pass(Entry),
}

/// The destination that `out` means, and a job for each entry.
///
/// # Errors
/// When the output would fall into an input, two inputs onto one output, or an output exists and may not be replaced.
pub(super) fn plan(
    paths: &[PathBuf],
    entries: Vec<Entry>,
    out: &Path,
    force: bool,
) -> Result<(Destination, Vec<Job>), Error> {
    let destination = destination(paths, out)?;
    let folders = paths.iter().filter(|path| path.is_dir()).count();
    let several = paths.len() > 1;
    let mut jobs = Vec::with_capacity(entries.len());
    let mut taken: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for entry in entries {
        let Entry::Input(input) = entry else {
            jobs.push(Job::Pass(entry));
            continue;
        };
        let target = match &destination {
            Destination::Stdout | Destination::InPlace { .. } => Target::Stdout,
            Destination::File(file) => Target::File {
                root: folder_of(file).to_path_buf(),
                relative: file.file_name().map(PathBuf::from).unwrap_or_default(),
            },
            Destination::Folder(root) => {
                let relative = relative(paths, &input, several && folders > 0);
                Target::File { root: root.clone(), relative }
            }
        };
        if let Target::File { root, relative } = &target {
            let place = root.join(relative);
            if let Some(other) = taken.insert(place.clone(), input.path().to_path_buf()) {
                let (one, two) = (path_text(&other), path_text(input.path()));
                let place = path_text(&place);
                return Err(Error::Usage(format!("{one} and {two} would both be written to {place}; run them apart")));
            }
            refuse_existing(&place, &input, force)?;
        }
        jobs.push(Job::Rewrite { input, target });
    }
    if let Some(place) = destination.manifest()
        && let Some(input) = taken.get(&place)
    {
        let (input, place) = (path_text(input), path_text(&place));
        return Err(Error::Usage(format!(
            "{input} would be written to {place}, where the manifest goes; move it away"
        )));
    }
    refuse_output_in_input(paths, &destination, &taken)?;
    if let Some(path) = destination.manifest().filter(|path| !force && path.symlink_metadata().is_ok()) {
        return Err(exists(&path));
    }
    Ok((destination, jobs))
}

fn destination(paths: &[PathBuf], out: &Path) -> Result<Destination, Error> {
    let single = paths.len() == 1 && !paths.iter().any(|path| path.is_dir());
    if out.as_os_str() == "-" {
        return if single {
            Ok(Destination::Stdout)
        } else {
            Err(Error::Usage("-o - takes one file or stream; give a folder for more".to_owned()))
        };
    }
    let ends_as_folder = out.as_os_str().as_encoded_bytes().ends_with(b"/");
    if single && !ends_as_folder && !out.is_dir() {
        return Ok(Destination::File(out.to_path_buf()));
    }
    if out.exists() && !out.is_dir() {
        let out = path_text(out);
        return Err(Error::Usage(format!("-o {out}: is a file, and several inputs need a folder")));
    }
    Ok(Destination::Folder(out.to_path_buf()))
}

/// The path of an output below the output folder. With several arguments, a folder's files go below its name.
fn relative(paths: &[PathBuf], input: &Input, below_root_name: bool) -> PathBuf {
    match input {
        Input::Stdin => PathBuf::from("stdin"),
        Input::File(file) => {
            let root = paths.get(file.root).filter(|root| below_root_name && **root != file.path);
            // `..` and `/` have no name of their own; their files go to the top.
            match root.and_then(|root| root.file_name()) {
                Some(name) => Path::new(name).join(&file.relative),
                None => file.relative.clone(),
            }
        }
    }
}

fn refuse_existing(place: &Path, input: &Input, force: bool) -> Result<(), Error> {
    let Ok(metadata) = place.symlink_metadata() else { return Ok(()) };
    let is_input = || place.canonicalize().ok().zip(input.path().canonicalize().ok()).is_some_and(|(a, b)| a == b);
    if is_input() {
        return Err(Error::Usage(format!("{}: is the input itself; give another -o", path_text(place))));
    }
    if !metadata.is_file() {
        return Err(Error::Usage(format!("{}: exists and is not a regular file", path_text(place))));
    }
    if force { Ok(()) } else { Err(exists(place)) }
}

fn exists(place: &Path) -> Error {
    Error::Usage(format!("{}: exists already; give another -o, or --force to replace it", path_text(place)))
}

/// An output inside an input folder would be read by the next run, or by this one; one that is an input would
/// destroy it.
fn refuse_output_in_input(
    paths: &[PathBuf],
    destination: &Destination,
    taken: &BTreeMap<PathBuf, PathBuf>,
) -> Result<(), Error> {
    let out = match destination {
        Destination::Stdout | Destination::InPlace { .. } => return Ok(()),
        Destination::File(path) | Destination::Folder(path) => resolved(path),
    };
    for input in paths.iter().filter(|path| path.as_os_str() != "-") {
        let Ok(input) = input.canonicalize() else { continue };
        if input.is_dir() && out.starts_with(&input) {
            return Err(Error::Usage(format!(
                "the output {} is inside the input {}; choose one beside it",
                path_text(&out),
                path_text(&input)
            )));
        }
    }
    let inputs: BTreeSet<PathBuf> = taken.values().filter_map(|path| path.canonicalize().ok()).collect();
    let roots: Vec<PathBuf> =
        paths.iter().filter_map(|path| path.canonicalize().ok()).filter(|path| path.is_dir()).collect();
    for place in taken.keys().map(|place| resolved(place)) {
        if inputs.contains(&place) || roots.iter().any(|root| place.starts_with(root)) {
            return Err(Error::Usage(format!(
                "the output {} would be among the inputs; choose another -o",
                path_text(&place)
            )));
        }
    }
    Ok(())
}

/// `path` without links as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut at: &Path = &absolute;
    loop {
        if let Ok(found) = at.canonicalize() {
            return missing.iter().rev().fold(found, |path, name| path.join(name));
        }
        match (at.parent(), at.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name.to_os_string());
                at = parent;
            }
            _ => return absolute,
        }
    }
}

/// The folders that exist already and that outputs go to, one after the other.
pub(super) fn folders(destination: &Destination, jobs: &[Job]) -> impl Iterator<Item = HeldFolder> {
    let folder = |path: &Path| path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut folders: BTreeSet<(PathBuf, PathBuf)> = jobs
        .iter()
        .filter_map(|job| match job {
            Job::Rewrite { target: Target::File { root, relative }, .. } => Some((root.clone(), folder(relative))),
            Job::Rewrite { target: Target::InPlace { .. }, input: Input::File(file) } => Some(match &file.walked {
                Some(root) => (root.clone(), folder(&file.relative)),
                None => (folder_of(&file.path).to_path_buf(), PathBuf::new()),
            }),
            _ => None,
        })
        .collect();
    if let Destination::Folder(folder) = destination {
        folders.insert((folder.clone(), PathBuf::new()));
    }
    folders.into_iter().filter_map(|(root, relative)| HeldFolder::below(&root, &relative).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::walk::walk;

    fn planned(paths: &[PathBuf], out: &Path) -> Result<Vec<PathBuf>, Error> {
        plan(paths, walk(paths), out, false).map(|(_, jobs)| {
            jobs.iter()
                .filter_map(|job| match job {
                    Job::Rewrite { target: Target::File { root, relative }, .. } => Some(root.join(relative)),
                    _ => None,
                })
                .collect()
        })
    }

    #[test]
    fn outputs_mirror_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["a/x", "b"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        for name in ["a/x/1.csv", "a/2.csv", "b/2.csv", "3.csv"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let out = at("out");
        assert_eq!(planned(&[at("a")], &out).unwrap(), [out.join("2.csv"), out.join("x/1.csv")]);
        assert_eq!(
            planned(&[at("a"), at("b")], &out).unwrap(),
            [out.join("a/2.csv"), out.join("a/x/1.csv"), out.join("b/2.csv")]
        );
        assert_eq!(planned(&[at("3.csv")], &out).unwrap(), std::slice::from_ref(&out));
        assert_eq!(planned(&[at("3.csv")], &at("b")).unwrap(), [at("b/3.csv")]);
        for (paths, out) in [
            (vec![at("a")], at("a/out")),
            (vec![at("a")], at("a")),
            (vec![at("a/x")], at("a")),
            (vec![at("3.csv")], folder.path().to_path_buf()),
            (vec![at("3.csv")], at("3.csv")),
            (vec![at("a/2.csv"), at("b/2.csv")], out.clone()),
            (vec![at("a")], PathBuf::from("-")),
            (vec![at("a")], at("3.csv")),
        ] {
            let planned = planned(&paths, &out);
            if paths == [at("a/x")] {
                // Beside, not over: a/1.csv is no input.
                assert!(planned.is_ok());
            } else {
                assert!(matches!(planned, Err(Error::Usage(_))), "{paths:?} -> {out:?}: {planned:?}");
            }
        }
    }
}
