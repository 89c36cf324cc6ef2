//! What a run has under a name while it lives: outputs that are not yet in place, and folders for copies of data that a
//! library opens by their names.
//!
//! An interrupt removes all of it. Who is killed cannot tidy up: a private folder is locked while its run lives, and the
//! next run that rewrites, or needs such a folder, removes those that nobody holds.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

const PREFIX: &str = "tuomin-private-";
/// A folder may be taken for a stray one between its making and its locking; hardly twice.
const TRIES: usize = 8;

/// Temporary files and folders of this run, so that an interrupt can remove them.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn live() -> MutexGuard<'static, Vec<PathBuf>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files and folders of this run, for the moment of an interrupt: who makes one afterwards waits
/// for the end of the process.
pub fn remove_live() {
    let mut live = live();
    for path in live.drain(..) {
        if fs::remove_file(&path).is_err() {
            // Somebody may just be making a file in it.
            let _ = (0..TRIES).any(|_| fs::remove_dir_all(&path).is_ok());
        }
    }
    std::mem::forget(live);
}

/// The entry of a temporary file or folder among those that an interrupt removes.
pub(crate) struct Listed(PathBuf);

impl Listed {
    /// What `make` makes, with its entry: there is no moment at which it exists and an interrupt does not know of it.
    pub(crate) fn with<T>(
        make: impl FnOnce() -> io::Result<T>,
        path: impl FnOnce(&T) -> PathBuf,
    ) -> io::Result<(T, Listed)> {
        let mut live = live();
        let made = make()?;
        let path = path(&made);
        live.push(path.clone());
        Ok((made, Listed(path)))
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        live().retain(|path| *path != self.0);
    }
}

/// A folder that nobody else can look into.
pub struct PrivateFolder {
    folder: TempDir,
    _lock: Option<File>,
    _listed: Listed,
}

impl PrivateFolder {
    /// A new one in the system's folder for temporary files, after those that killed runs left there are removed.
    ///
    /// # Errors
    /// When none can be made.
    pub fn new() -> io::Result<PrivateFolder> {
        remove_stray_private();
        let mut made = make();
        for _ in 1..TRIES {
            match &made {
                Err(error) if error.kind() == io::ErrorKind::NotFound && std::env::temp_dir().is_dir() => made = make(),
                _ => break,
            }
        }
        made
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Makes a folder and locks it; [`io::ErrorKind::NotFound`] when another run removed it before it was locked.
fn make() -> io::Result<PrivateFolder> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    let (folder, listed) = Listed::with(|| builder.tempdir(), |folder| folder.path().to_path_buf())?;
    let lock = lock(folder.path());
    // Gone, or about to go.
    if !folder.path().is_dir() || (cfg!(unix) && matches!(lock, Locked::ByAnother)) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let lock = match lock {
        Locked::Here(file) => Some(file),
        Locked::ByAnother | Locked::Not => None,
    };
    Ok(PrivateFolder { folder, _lock: lock, _listed: listed })
}

/// Whether a folder could be locked.
enum Locked {
    Here(File),
    ByAnother,
    /// It is gone, or cannot be locked on this system.
    Not,
}

fn lock(folder: &Path) -> Locked {
    let Ok(file) = File::open(folder) else { return Locked::Not };
    match file.try_lock() {
        Ok(()) => Locked::Here(file),
        Err(fs::TryLockError::WouldBlock) => Locked::ByAnother,
        Err(fs::TryLockError::Error(_)) => Locked::Not,
    }
}

/// Removes the private folders that killed runs left behind. Where folders cannot be locked, nobody can tell, and
/// they stay.
pub fn remove_stray_private() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_private = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        if is_folder && is_private {
            remove_if_stray(&entry.path());
        }
    }
}

/// The lock is held until the folder is gone, so that who makes one of the same name sees that it was removed.
fn remove_if_stray(folder: &PathBuf) {
    if let Locked::Here(_lock) = lock(folder) {
        let _ = fs::remove_dir_all(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stays_while_its_run_lives_and_goes_with_it() {
        let folder = PrivateFolder::new().unwrap();
        let path = folder.path().to_path_buf();
        fs::write(path.join("copy.db"), "x").unwrap();
        remove_stray_private();
        assert!(path.join("copy.db").exists());
        drop(folder);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_left_is_removed() {
        let stray = tempfile::Builder::new().prefix(PREFIX).tempdir().unwrap().keep();
        fs::write(stray.join("copy.db"), "x").unwrap();
        // A file of the name is nobody's folder.
        let file = tempfile::Builder::new().prefix(PREFIX).tempfile().unwrap();
        let _folder = PrivateFolder::new().unwrap();
        assert!(!stray.exists() && file.path().exists());
    }
}
