//! A folder that is held open: what is read, made or renamed in it stays in it, wherever its path leads to meanwhile.
//!
//! On Linux, files in it are reached through `/proc/self/fd`, so that what works with paths works as ever. Elsewhere, and
//! where there is no `/proc`, by the path itself: links are looked for, but one that comes later is not noticed.

use std::io;
use std::path::{Component, Path, PathBuf};

/// A folder that is held open.
#[derive(Debug)]
pub struct HeldFolder {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    _handle: std::os::fd::OwnedFd,
}

impl HeldFolder {
    /// The folder at `path`, wherever links lead: the user named it.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(path: &Path) -> io::Result<HeldFolder> {
        HeldFolder::below(path, Path::new(""))
    }

    /// The folder `relative` below `root`. Below `root`, no link is followed.
    ///
    /// # Errors
    /// When there is none, or a link or a file is in its place.
    pub fn below(root: &Path, relative: &Path) -> io::Result<HeldFolder> {
        descend(root, relative, false).map_err(|(_, error)| error)
    }

    /// As [`HeldFolder::below`], with the folders made that are not there.
    ///
    /// # Errors
    /// As [`HeldFolder::below`], and when one cannot be made; with the path of the folder in question.
    pub fn make(root: &Path, relative: &Path) -> Result<HeldFolder, (PathBuf, io::Error)> {
        std::fs::create_dir_all(root).map_err(|error| (root.to_path_buf(), error))?;
        descend(root, relative, true)
    }

    /// By which path files in it are reached, as long as it is held.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The names that lead from a folder to one below it.
fn names(relative: &Path) -> impl Iterator<Item = io::Result<&std::ffi::OsStr>> {
    relative.components().map(|component| match component {
        Component::Normal(name) => Ok(name),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "leads out of the folder")),
    })
}

fn no_folder() -> io::Error {
    io::Error::new(io::ErrorKind::NotADirectory, "is a link or a file, and no folder; links are not followed")
}

#[cfg(target_os = "linux")]
fn descend(root: &Path, relative: &Path, make: bool) -> Result<HeldFolder, (PathBuf, io::Error)> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    use rustix::io::Errno;

    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = root.to_path_buf();
    let mut handle = match openat(CWD, root, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(error) => return Err((at, error.into())),
    };
    for name in names(relative) {
        let opened = name.and_then(|name| {
            at.push(name);
            let made = if make { mkdirat(&handle, name, Mode::from_raw_mode(0o777)) } else { Ok(()) };
            if let Err(error) = made
                && error != Errno::EXIST
            {
                return Err(error.into());
            }
            openat(&handle, name, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(|error| match error {
                Errno::NOTDIR | Errno::LOOP => no_folder(),
                error => error.into(),
            })
        });
        match opened {
            Ok(opened) => handle = opened,
            Err(error) => return Err((at, error)),
        }
    }
    let reached = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    let path = if reached.is_dir() { reached } else { at };
    Ok(HeldFolder { path, _handle: handle })
}

#[cfg(not(target_os = "linux"))]
fn descend(root: &Path, relative: &Path, make: bool) -> Result<HeldFolder, (PathBuf, io::Error)> {
    let mut path = root.to_path_buf();
    for name in names(relative) {
        let found = name.and_then(|name| {
            path.push(name);
            let made = if make { std::fs::create_dir(&path) } else { Ok(()) };
            if let Err(error) = made
                && error.kind() != io::ErrorKind::AlreadyExists
            {
                return Err(error);
            }
            if std::fs::symlink_metadata(&path)?.is_dir() { Ok(()) } else { Err(no_folder()) }
        });
        if let Err(error) = found {
            return Err((path, error));
        }
    }
    Ok(HeldFolder { path })
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_is_followed_below_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("root/a/b")).unwrap();
        fs::create_dir(at("elsewhere")).unwrap();
        symlink(at("elsewhere"), at("root/a/link")).unwrap();
        symlink(at("root"), at("named")).unwrap();
        fs::write(at("root/a/file"), "x").unwrap();
        assert!(HeldFolder::below(&at("named"), Path::new("a/b")).is_ok());
        for relative in ["a/link", "a/file", "a/none", "../elsewhere", "/"] {
            assert!(HeldFolder::below(&at("root"), Path::new(relative)).is_err(), "{relative}");
            let made = HeldFolder::make(&at("root"), Path::new(relative));
            assert_eq!(made.is_ok(), relative == "a/none", "{relative}");
        }
        let error = HeldFolder::make(&at("root"), Path::new("a/link/deep")).unwrap_err();
        assert_eq!(error.0, at("root/a/link"));
        assert_eq!(fs::read_dir(at("elsewhere")).unwrap().count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_made_in_it_stays_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        let held = HeldFolder::make(&at("root"), Path::new("sub")).unwrap();
        fs::rename(at("root/sub"), at("root/moved")).unwrap();
        symlink(at("elsewhere"), at("root/sub")).unwrap();
        fs::write(held.path().join("a"), "x").unwrap();
        fs::rename(held.path().join("a"), held.path().join("b")).unwrap();
        assert_eq!(fs::read(at("root/moved/b")).unwrap(), b"x");
        assert_eq!(fs::read_dir(at("elsewhere")).unwrap().count(), 0);
    }
}
