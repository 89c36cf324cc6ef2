//! Where each asset goes that is rewritten in its own place, and where the manifest of such a run goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::targets::{Destination, Job};
use crate::error::Error;
use crate::pipeline::rewrite::Target;
use crate::report::escape::path_text;
use crate::report::manifest;
use crate::source::Input;
use crate::source::walk::Entry;

/// A job for each entry below `paths`. The manifest goes beside the first path, never into a folder that is an input.
///
/// # Errors
/// When standard input is among the paths, two of them lead to one file, they do not lie below the folder of the first,
/// or there is a manifest already and it may not be replaced.
pub(super) fn plan(paths: &[PathBuf], entries: Vec<Entry>, force: bool) -> Result<(Destination, Vec<Job>), Error> {
    if paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Error::Usage("standard input (-) has no place; write it elsewhere with -o".to_owned()));
    }
    let manifest = manifest_of(paths)?;
    if !force && manifest.symlink_metadata().is_ok() {
        let manifest = path_text(&manifest);
        return Err(Error::Usage(format!(
            "{manifest}: exists already, from another run; keep it elsewhere, or give --force to replace it"
        )));
    }
    let folder = crate::output::folder_of(&manifest).to_path_buf();
    let mut taken: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    let mut jobs = Vec::with_capacity(entries.len());
    for entry in entries {
        let Entry::Input(Input::File(file)) = entry else {
            jobs.push(Job::Pass(entry));
            continue;
        };
        let place = whole(&file.path)?;
        let Ok(relative) = place.strip_prefix(&folder) else {
            let (path, folder) = (path_text(&file.path), path_text(&folder));
            return Err(Error::Usage(format!("{path} is not below {folder}, where the manifest goes; run them apart")));
        };
        let relative = relative.to_path_buf();
        if let Some(other) = taken.insert(place, file.path.clone()) {
            let (one, two) = (path_text(&other), path_text(&file.path));
            return Err(Error::Usage(format!("{one} and {two} are one file; name it once")));
        }
        jobs.push(Job::Rewrite { input: Input::File(file), target: Target::InPlace { relative } });
    }
    Ok((Destination::InPlace { manifest }, jobs))
}

/// Beside the first path, under its name.
fn manifest_of(paths: &[PathBuf]) -> Result<PathBuf, Error> {
    let first = paths.first().map(PathBuf::as_path).unwrap_or(Path::new("."));
    let place = whole(first)?;
    if place.file_name().is_none() {
        return Err(Error::Usage(format!("{}: has no folder that the manifest could go to", path_text(first))));
    }
    Ok(manifest::beside(&place))
}

/// The path without links in its folders; a link at its end stays one.
fn whole(path: &Path) -> Result<PathBuf, Error> {
    let failed = |source| Error::Io { action: "find", path: path.to_path_buf(), source };
    match path.file_name() {
        Some(name) => Ok(crate::output::folder_of(path).canonicalize().map_err(failed)?.join(name)),
        None => path.canonicalize().map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::walk::walk;

    fn planned(paths: &[PathBuf]) -> Result<(PathBuf, Vec<PathBuf>), Error> {
        let (destination, jobs) = plan(paths, walk(paths), false)?;
        let places = jobs.iter().filter_map(|job| match job {
            Job::Rewrite { target: Target::InPlace { relative }, .. } => Some(relative.clone()),
            _ => None,
        });
        Ok((destination.manifest().unwrap(), places.collect()))
    }

    #[test]
    fn the_manifest_stands_beside_what_is_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["in/a/x.csv", "in/y.csv", "other/z.csv"] {
            std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            std::fs::write(root.join(name), "x").unwrap();
        }
        let at = |name: &str| root.join(name);
        let of = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(planned(&[at("in")]).unwrap(), (at("in.manifest.json"), of(&["in/a/x.csv", "in/y.csv"])));
        assert_eq!(planned(&[at("in/y.csv")]).unwrap(), (at("in/y.csv.manifest.json"), of(&["y.csv"])));
        assert_eq!(planned(&[at("in"), at("other")]).unwrap().1.len(), 3);
        for paths in [vec![PathBuf::from("-")], vec![at("in"), at("in/y.csv")], vec![at("in/y.csv"), at("other")]] {
            assert!(matches!(planned(&paths), Err(Error::Usage(_))), "{paths:?}");
        }
        std::fs::write(at("in.manifest.json"), "{}").unwrap();
        assert!(matches!(planned(&[at("in")]), Err(Error::Usage(_))));
    }
}
