//! Walking: from the paths that the user named to the regular files below them, in a fixed order.
//!
//! Never follows a symbolic link below a named path: what is no regular file, or holds but checksums of the one beside it,
//! is passed over with its reason, what cannot be listed is reported, so that nothing drops out of sight.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Input, InputFile, TEMPORARY_PREFIX, TEMPORARY_SUFFIX, checksum, kind_of};

/// What walking came upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An asset to read.
    Input(Input),
    /// Something without content to read, and why.
    Skipped {
        /// Where.
        path: PathBuf,
        /// Why, after "the path".
        reason: String,
        /// The user named it; it was not merely found in a folder.
        named: bool,
    },
    /// Something that could not be looked at, and why.
    Failed {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Everything below `paths`, in the order of the arguments, and by file name within a folder. `-` is standard input.
pub fn walk(paths: &[PathBuf]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (root, path) in paths.iter().enumerate() {
        if path.as_os_str() == "-" {
            entries.push(Entry::Input(Input::Stdin));
        } else {
            walk_one(root, path, &mut entries);
        }
    }
    entries
}

fn walk_one(root: usize, path: &Path, entries: &mut Vec<Entry>) {
    for step in WalkDir::new(path).follow_links(false).follow_root_links(true).sort_by_file_name() {
        let entry = match step {
            Ok(entry) => entry,
            Err(error) => {
                let place = error.path().unwrap_or(path).to_path_buf();
                entries.push(Entry::Failed { path: place, reason: reason_of(&error) });
                continue;
            }
        };
        let named = entry.depth() == 0;
        // A named path may be a symbolic link: the user pointed at it. Below, links stay links.
        let metadata = if named {
            std::fs::metadata(entry.path()).map_err(|error| error.to_string())
        } else {
            entry.metadata().map_err(|error| reason_of(&error))
        };
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(reason) => {
                entries.push(Entry::Failed { path: entry.into_path(), reason });
                continue;
            }
        };
        let kind = metadata.file_type();
        if kind.is_dir() {
            continue;
        }
        if !named && is_temporary(entry.file_name()) {
            let reason = "a temporary file of an interrupted run".to_owned();
            entries.push(Entry::Skipped { path: entry.into_path(), reason, named });
        } else if kind.is_file() {
            let checksums = if named { None } else { checksum::reason(entry.path(), metadata.len()) };
            if let Some(reason) = checksums {
                entries.push(Entry::Skipped { path: entry.into_path(), reason, named });
                continue;
            }
            let relative = if named {
                entry.path().file_name().map(PathBuf::from).unwrap_or_default()
            } else {
                entry.path().strip_prefix(path).unwrap_or(entry.path()).to_path_buf()
            };
            let walked = (!named).then(|| path.to_path_buf());
            let file = InputFile { relative, root, size: metadata.len(), walked, path: entry.into_path() };
            entries.push(Entry::Input(Input::File(file)));
        } else {
            let reason = format!("is {}", kind_of(&kind));
            entries.push(Entry::Skipped { path: entry.into_path(), reason, named });
        }
    }
}

fn reason_of(error: &walkdir::Error) -> String {
    error.io_error().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Whether a file name is one that this program gives to its temporary files.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(TEMPORARY_PREFIX.as_bytes()) && name.ends_with(TEMPORARY_SUFFIX.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_fixed_and_links_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        for name in ["b.csv", "a.log", "sub/c.log", ".tuomin-x.tmp"] {
            std::fs::write(at(name), "x").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("a.log"), at("link.log")).unwrap();
        let found = walk(&[folder.path().to_path_buf(), PathBuf::from("-")]);
        let inputs: Vec<_> = found
            .iter()
            .filter_map(|entry| match entry {
                Entry::Input(Input::File(file)) => Some(file.relative.display().to_string()),
                Entry::Input(Input::Stdin) => Some("-".to_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(inputs, ["a.log", "b.csv", "sub/c.log", "-"]);
        let skipped = found.iter().filter(|entry| matches!(entry, Entry::Skipped { .. })).count();
        assert_eq!(skipped, if cfg!(unix) { 2 } else { 1 });
    }

    #[test]
    fn a_missing_path_fails() {
        let found = walk(&[PathBuf::from("/nonexistent/tuomin")]);
        assert!(matches!(found.as_slice(), [Entry::Failed { .. }]), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_named_link_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.log"), "x").unwrap();
        std::os::unix::fs::symlink(folder.path().join("a.log"), folder.path().join("l")).unwrap();
        let found = walk(&[folder.path().join("l")]);
        assert!(matches!(found.as_slice(), [Entry::Input(_)]), "{found:?}");
    }
}
