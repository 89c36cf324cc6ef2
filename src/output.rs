//! Output files: written aside, flushed to the disk, renamed into place. Never half a file.
//!
//! A temporary file is readable by its owner only, is locked while its run lives, and goes away with it; a stray one
//! of a killed run is removed by the next. A failed flush is never tried again: what the disk holds is unknown then.

use std::fs::{self, File, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use crate::error::Error;
use crate::held_folder::HeldFolder;
use crate::source::{TEMPORARY_PREFIX, TEMPORARY_SUFFIX, walk::is_temporary};
use crate::temporary::Listed;

/// Where an output goes: a name in a folder that is held, so that no link is followed that takes its place meanwhile.
#[derive(Debug, Clone)]
pub struct Slot {
    folder: Arc<HeldFolder>,
    /// By which path it is reached.
    place: PathBuf,
    /// For people.
    target: PathBuf,
}

impl Slot {
    /// The one at `target`, whose folder the user named.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn at(target: &Path) -> Result<Slot, Error> {
        let folder = folder_of(target);
        let held = HeldFolder::open(folder).map_err(failed("create a file in", folder))?;
        Ok(Slot::new(held, target.to_path_buf()))
    }

    /// The one at `root/relative`, with its folders made, and no link followed below `root`.
    ///
    /// # Errors
    /// When a folder cannot be made, or is a link or a file.
    pub fn below(root: &Path, relative: &Path) -> Result<Slot, Error> {
        let folder = relative.parent().unwrap_or(Path::new(""));
        let held = HeldFolder::make(root, folder).map_err(|(path, source)| Error::Io {
            action: "make the folder",
            path,
            source,
        })?;
        Ok(Slot::new(held, root.join(relative)))
    }

    /// The one in `folder` of which `target` is the path for people.
    pub fn new(folder: HeldFolder, target: PathBuf) -> Slot {
        let place = folder.path().join(target.file_name().unwrap_or_default());
        Slot { folder: Arc::new(folder), place, target }
    }

    /// The folder, for what must stand aside for a while.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its path, for people.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// By which path it is reached.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// A new temporary file beside it.
    ///
    /// # Errors
    /// As [`Pending::create`].
    pub fn pending(&self) -> Result<Pending, Error> {
        let Slot { place, target, .. } = self;
        if place.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "it exists and is not a regular file");
            return Err(Error::Io { action: "replace", path: target.clone(), source });
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX);
        let (temporary, _listed) =
            Listed::with(|| builder.tempfile_in(self.folder()), |temporary| temporary.path().to_path_buf())
                .map_err(|error| failed("create a file in", folder_of(target))(without_path(error)))?;
        // The lock tells other runs that this one is alive; without locks on a file system, they go by nothing.
        let _ = temporary.as_file().try_lock();
        Ok(Pending { temporary, _listed, slot: self.clone() })
    }
}

/// The error without the path of the temporary file, which says nothing to anybody.
fn without_path(error: io::Error) -> io::Error {
    let source = error.get_ref().and_then(std::error::Error::source).map(ToString::to_string);
    source.map_or(error.kind().into(), |source| io::Error::new(error.kind(), source))
}

/// A file that is not yet in place. Dropped without [`Pending::commit`], it leaves nothing behind.
pub struct Pending {
    temporary: NamedTempFile,
    _listed: Listed,
    /// Behind the file, which is reached through its folder.
    slot: Slot,
}

impl Pending {
    /// A new temporary file beside `target`.
    ///
    /// # Errors
    /// When the folder cannot be written to, or the target is something else than a regular file: a rename would put
    /// a file in the place of a device or a link.
    pub fn create(target: &Path) -> Result<Pending, Error> {
        Slot::at(target)?.pending()
    }

    /// The file, for writing.
    pub fn file(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    /// Where it is until it is in place.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Gives the file `permissions`, flushes it, renames it to its target and flushes the folder. Without `replace`, a
    /// target that came into being meanwhile is left as it is.
    ///
    /// # Errors
    /// When any step fails; the target is then as it was, or (when only flushing the folder failed) the new file.
    pub fn commit(self, permissions: Option<Permissions>, replace: bool) -> Result<(), Error> {
        if let Some(permissions) = permissions {
            let done = self.temporary.as_file().set_permissions(permissions);
            done.map_err(failed("set the mode of", &self.slot.target))?;
        }
        self.place(replace, || true).map(drop)
    }

    /// Flushes the file, renames it over its target if that is `still` to be done, and flushes the folder. Whether it was
    /// done.
    ///
    /// # Errors
    /// As [`Pending::commit`].
    pub fn replace(self, still: impl FnOnce() -> bool) -> Result<bool, Error> {
        self.place(true, still)
    }

    fn place(self, replace: bool, still: impl FnOnce() -> bool) -> Result<bool, Error> {
        // In this order: what was named first goes last.
        let Pending { slot: Slot { folder, place, target }, _listed, temporary } = self;
        temporary.as_file().sync_all().map_err(failed("flush to the disk", &target))?;
        if !still() {
            return Ok(false);
        }
        let placed = if replace { temporary.persist(&place) } else { temporary.persist_noclobber(&place) };
        placed.map_err(|error| failed("rename into place", &target)(error.error))?;
        sync_folder(folder.path()).map_err(failed("flush the folder of", &target))?;
        Ok(true)
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { action, path, source }
}

/// Removes temporary files in `folder` that a killed run left behind: those that no living run holds a lock on.
pub fn remove_stray(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file
            && is_temporary(&entry.file_name())
            && let Ok(file) = File::options().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The permissions of the file at `path`, for an output of its content. Never setuid or setgid: the output belongs to
/// whoever runs this, the input to anybody.
pub fn permissions_like(path: &Path) -> Option<Permissions> {
    fs::metadata(path).ok().map(|metadata| {
        #[allow(unused_mut)]
        let mut permissions = metadata.permissions();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            permissions.set_mode(permissions.mode() & 0o777);
        }
        permissions
    })
}

/// The folder that holds `path`.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a small file (a report, a manifest) as a whole.
///
/// # Errors
/// As [`Pending::create`] and [`Pending::commit`].
pub fn write_whole(target: &Path, content: &[u8], replace: bool) -> Result<(), Error> {
    let mut pending = Pending::create(target)?;
    io::Write::write_all(pending.file(), content).map_err(|source| Error::Io {
        action: "write",
        path: target.to_path_buf(),
        source,
    })?;
    pending.commit(None, replace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_in_place_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.csv");
        fs::write(&target, "old").unwrap();
        let mut dropped = Pending::create(&target).unwrap();
        dropped.file().write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!((fs::read(&target).unwrap(), names(folder.path()).len()), (b"old".to_vec(), 1));
        assert!(write_whole(&target, b"new", false).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"old");
        write_whole(&target, b"new", true).unwrap();
        assert_eq!((fs::read(&target).unwrap(), names(folder.path()).len()), (b"new".to_vec(), 1));
    }

    #[test]
    fn stray_files_go_and_live_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let stray = folder.path().join(".tuomin-killed.tmp");
        fs::write(&stray, "13800138000").unwrap();
        let pending = Pending::create(&folder.path().join("out")).unwrap();
        remove_stray(folder.path());
        assert!(!stray.exists());
        assert!(pending.path().exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        assert!(write_whole(&link, b"new", true).is_err());
        assert!(write_whole(folder.path(), b"new", true).is_err());
        assert_eq!((fs::read_link(&link).unwrap(), names(folder.path()).len()), (PathBuf::from("/dev/null"), 1));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_output_folder_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("sub")).unwrap();
        assert!(Slot::below(folder.path(), Path::new("sub/deep/a.csv")).is_err());
        assert!(Slot::below(folder.path(), Path::new("../a.csv")).is_err());
        assert!(names(elsewhere.path()).is_empty());
        let slot = Slot::below(folder.path(), Path::new("x/y/a.csv")).unwrap();
        assert!(folder.path().join("x/y").is_dir());
        // Nor one that comes later.
        let mut pending = slot.pending().unwrap();
        pending.file().write_all(b"new").unwrap();
        fs::rename(folder.path().join("x/y"), folder.path().join("x/z")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("x/y")).unwrap();
        pending.commit(None, false).unwrap();
        drop(slot.pending().unwrap());
        assert!(names(elsewhere.path()).is_empty());
        assert_eq!(names(&folder.path().join("x/z")), ["a.csv"]);
    }
}
