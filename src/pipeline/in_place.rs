//! Rewriting a file in its own place: what must hold of it before and until the new content takes its name, and what of
//! it is kept.
//!
//! The new content is written beside the file and renamed over it. Whoever has the file open goes on reading the old
//! content; whoever writes to it would write into nothing, so a file with a writer is left alone.

use std::fs::File;
#[cfg(unix)]
use std::fs::{self, FileTimes, Metadata};
#[cfg(unix)]
use std::io;
use std::path::Path;

use super::Status;
use super::rewrite::failed;
use crate::error::{DataError, Error};
use crate::output::{Pending, Slot};
use crate::source::{InputFile, Refused};

/// How many folders up a table that a file belongs to is sought.
const FOLDERS_UP: usize = 8;
/// Longest list of names of extended attributes, and longest value of one, in bytes: what Linux allows.
#[cfg(unix)]
const LONGEST_ATTRIBUTE: usize = 64 << 10;

/// A file that is to be replaced by its rewritten self.
pub(super) struct Original {
    slot: Slot,
    file: File,
    #[cfg(unix)]
    seen: Identity,
}

/// What tells whether the file behind a path is still the one that was opened, with the same content.
#[cfg(unix)]
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    links: u64,
}

#[cfg(unix)]
impl Identity {
    fn of(metadata: &Metadata) -> Identity {
        use std::os::unix::fs::MetadataExt;
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            links: metadata.nlink(),
        }
    }
}

impl Original {
    /// The file, in the folder where it was found.
    ///
    /// # Errors
    /// When it cannot be replaced without breaking something else: it is a link or has several names, it belongs to a
    /// table whose own files hold sizes or statistics of it, or the system keeps it from being opened.
    pub(super) fn open(input: &InputFile) -> Result<Original, Box<Status>> {
        if let Some(kind) = table_of(&input.path) {
            let reason = format!("belongs to {kind}, whose own files hold sizes and statistics of it");
            return Err(failed(DataError::new(reason).advise("write the table anew with the engine that made it")));
        }
        let folder = input.folder().map_err(|error| failed(error.into()))?;
        let file = match input.open() {
            Ok((file, _)) => file,
            Err(Refused::Skipped(reason)) => return Err(Box::new(Status::Skipped(reason))),
            Err(Refused::Failed(error)) => return Err(failed(error.into())),
        };
        Original::of(Slot::new(folder, input.path.clone()), file)
    }

    /// Where it is.
    pub(super) fn slot(&self) -> &Slot {
        &self.slot
    }

    #[cfg(unix)]
    fn of(slot: Slot, file: File) -> Result<Original, Box<Status>> {
        let seen = file.metadata().map(|metadata| Identity::of(&metadata)).map_err(|error| failed(error.into()))?;
        if seen.links > 1 {
            let reason = format!("has {} names (hard links), of which only this one would be rewritten", seen.links);
            return Err(failed(DataError::new(reason).advise("write elsewhere with -o")));
        }
        let original = Original { slot, file, seen };
        // A link in its place, for one, is another file.
        if !original.is_the_same() {
            return Err(failed(
                DataError::new("is a symbolic link, or was replaced just now").advise("name the file itself"),
            ));
        }
        Ok(original)
    }

    #[cfg(not(unix))]
    fn of(_: Slot, _: File) -> Result<Original, Box<Status>> {
        Err(failed(DataError::new("files are replaced in place on Unix only").advise("write elsewhere with -o")))
    }

    /// Puts `pending` in the file's place, with all that the file had but its content: owner, mode, access lists and other
    /// extended attributes, times. Whether it was done: not where the file was changed or moved, or somebody has it open
    /// to write.
    ///
    /// # Errors
    /// When something of it cannot be kept, or a step fails; the file is then as it was, or (when only flushing the
    /// folder failed) the new one.
    #[cfg(unix)]
    pub(super) fn replace(self, mut pending: Pending) -> Result<bool, Error> {
        let failed = |action| {
            let path = self.slot.target().to_path_buf();
            move |source: io::Error| Error::Io { action, path, source }
        };
        if !self.is_left_alone() {
            return Ok(false);
        }
        let metadata = self.file.metadata().map_err(failed("read the attributes of"))?;
        keep(&self.file, &metadata, pending.file()).map_err(failed("keep owner, mode, attributes and times of"))?;
        pending.replace(|| self.is_left_alone())
    }

    #[cfg(not(unix))]
    pub(super) fn replace(self, _: Pending) -> Result<bool, Error> {
        Ok(false)
    }

    #[cfg(unix)]
    fn is_left_alone(&self) -> bool {
        self.is_the_same() && !has_writer(self.seen.device, self.seen.inode)
    }

    /// Whether the path still leads to the file, which was not changed since it was opened.
    #[cfg(unix)]
    fn is_the_same(&self) -> bool {
        fs::symlink_metadata(self.slot.place()).is_ok_and(|now| now.is_file() && Identity::of(&now) == self.seen)
    }
}

/// Whether a file begins as a Parquet file does.
fn is_parquet(path: &Path) -> bool {
    let mut head = [0; 4];
    let read =
        crate::source::open_regular(path).is_ok_and(|(mut file, _)| io::Read::read_exact(&mut file, &mut head).is_ok());
    read && head == *b"PAR1"
}

/// The kind of table that keeps account of the files in the folder of `path`.
fn table_of(path: &Path) -> Option<&'static str> {
    let holds_metadata = |folder: &Path| {
        std::fs::read_dir(folder.join("metadata")).is_ok_and(|entries| {
            entries.flatten().any(|entry| entry.file_name().as_encoded_bytes().ends_with(b".metadata.json"))
        })
    };
    let path = std::path::absolute(path).ok()?;
    path.ancestors().skip(1).take(FOLDERS_UP).find_map(|folder| {
        if folder.join("_delta_log").is_dir() {
            Some("a Delta Lake table")
        } else if folder.join(".hoodie").is_dir() {
            Some("a Hudi table")
        } else if holds_metadata(folder) {
            Some("an Iceberg table")
        } else if is_parquet(&folder.join("_metadata")) {
            Some("a Parquet dataset with a summary (_metadata)")
        } else {
            None
        }
    })
}

/// Gives `new` what `old` has but its content.
#[cfg(unix)]
fn keep(old: &File, metadata: &Metadata, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let fresh = new.metadata()?;
    if (fresh.uid(), fresh.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(new, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    keep_attributes(old, new)?;
    // Behind the owner, a change of which takes bits away.
    new.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    new.set_times(FileTimes::new().set_accessed(metadata.accessed()?).set_modified(metadata.modified()?))
}

/// Extended attributes, among them access lists (`system.posix_acl_access`).
#[cfg(unix)]
fn keep_attributes(old: &File, new: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    let mut names = vec![0_u8; LONGEST_ATTRIBUTE];
    let length = match flistxattr(old, names.as_mut_slice()) {
        Ok(length) => length,
        // A file system without such attributes has none to keep.
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut value = vec![0_u8; LONGEST_ATTRIBUTE];
    let mut present = vec![0_u8; LONGEST_ATTRIBUTE];
    for name in names.get(..length).unwrap_or_default().split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let length = fgetxattr(old, name, value.as_mut_slice())?;
        let value = value.get(..length).unwrap_or_default();
        // What the system gave it already, as a label of its own, need not be set.
        let is_there =
            fgetxattr(new, name, present.as_mut_slice()).is_ok_and(|length| present.get(..length) == Some(value));
        if !is_there {
            fsetxattr(new, name, value, XattrFlags::empty())?;
        }
    }
    Ok(())
}

/// Whether some process has the file open to write, as far as this one may see: root sees all, others see their own.
#[cfg(target_os = "linux")]
fn has_writer(device: u64, inode: u64) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let is_process = |name: &std::ffi::OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    for process in processes.flatten().filter(|entry| is_process(&entry.file_name())) {
        let Ok(open) = fs::read_dir(process.path().join("fd")) else { continue };
        for descriptor in open.flatten() {
            let Ok(metadata) = fs::metadata(descriptor.path()) else { continue };
            if metadata.dev() != device || metadata.ino() != inode {
                continue;
            }
            let about = process.path().join("fdinfo").join(descriptor.file_name());
            if fs::read_to_string(about).is_ok_and(|about| is_for_writing(&about)) {
                return true;
            }
        }
    }
    false
}

#[cfg(all(unix, not(target_os = "linux")))]
fn has_writer(_: u64, _: u64) -> bool {
    false
}

/// Whether what the kernel says about an open file says that it may be written: proc(5), `flags` in octal.
#[cfg(target_os = "linux")]
fn is_for_writing(about: &str) -> bool {
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 0o3 != 0)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    use super::*;

    fn folder_with(name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, "old").unwrap();
        (folder, path)
    }

    fn opened(path: &Path) -> Result<Original, Box<Status>> {
        let (path, relative) = (path.to_path_buf(), PathBuf::from(path.file_name().unwrap()));
        Original::open(&InputFile { path, relative, root: 0, size: 3, walked: None })
    }

    fn new_content(path: &Path) -> Pending {
        let mut pending = Pending::create(path).unwrap();
        pending.file().write_all(b"new content").unwrap();
        pending
    }

    #[test]
    fn all_but_the_content_is_kept() {
        let (_folder, path) = folder_with("a.log");
        let long_ago = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
        let file = File::options().write(true).open(&path).unwrap();
        let has_attributes =
            rustix::fs::fsetxattr(&file, "user.origin", b"db7", rustix::fs::XattrFlags::empty()).is_ok();
        file.set_permissions(fs::Permissions::from_mode(0o2640)).unwrap();
        file.set_times(FileTimes::new().set_accessed(long_ago).set_modified(long_ago)).unwrap();
        drop(file);
        let before = fs::metadata(&path).unwrap();
        assert!(opened(&path).unwrap().replace(new_content(&path)).unwrap());
        let after = fs::metadata(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new content");
        let kept = |metadata: &Metadata| {
            (metadata.mode(), metadata.uid(), metadata.gid(), metadata.modified().unwrap(), metadata.nlink())
        };
        assert_eq!(kept(&after), kept(&before));
        if has_attributes {
            let mut value = [0; 16];
            let length = rustix::fs::getxattr(&path, "user.origin", &mut value[..]).unwrap();
            assert_eq!(&value[..length], b"db7");
        }
    }

    #[test]
    fn what_cannot_be_replaced_alone_is_refused() {
        let (folder, path) = folder_with("a.log");
        fs::hard_link(&path, folder.path().join("b.log")).unwrap();
        let reason = |path: &Path| opened(path).err().unwrap().reason().unwrap_or_default();
        assert!(reason(&path).contains("2 names"), "{}", reason(&path));
        fs::remove_file(folder.path().join("b.log")).unwrap();
        symlink(&path, folder.path().join("link")).unwrap();
        assert!(reason(&folder.path().join("link")).contains("symbolic link"));
        assert!(opened(&path).is_ok());
        for (marker, kind) in [("_delta_log", "Delta"), (".hoodie", "Hudi"), ("metadata", "Iceberg")] {
            let table = folder.path().join(kind);
            fs::create_dir_all(table.join("data/day=1")).unwrap();
            fs::create_dir(table.join(marker)).unwrap();
            fs::write(table.join("metadata/v1.metadata.json"), "{}").ok();
            let part = table.join("data/day=1/part-0.parquet");
            fs::write(&part, "x").unwrap();
            assert!(reason(&part).contains(kind), "{kind}: {}", reason(&part));
        }
    }

    #[test]
    fn a_file_that_somebody_writes_or_changed_is_left_alone() {
        let (folder, path) = folder_with("a.log");
        let original = opened(&path).unwrap();
        let writer = File::options().append(true).open(&path).unwrap();
        assert!(!original.replace(new_content(&path)).unwrap());
        drop(writer);
        let original = opened(&path).unwrap();
        fs::write(&path, "changed").unwrap();
        assert!(!original.replace(new_content(&path)).unwrap());
        let original = opened(&path).unwrap();
        fs::rename(&path, folder.path().join("moved")).unwrap();
        symlink(folder.path().join("moved"), &path).unwrap();
        // The new content had to be begun before the path became a link, which is refused by itself.
        assert!(Pending::create(&path).is_err());
        assert!(!original.replace(new_content(&folder.path().join("moved"))).unwrap());
        assert_eq!(fs::read(folder.path().join("moved")).unwrap(), b"changed");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn open_files_are_told_by_their_flags() {
        assert!(is_for_writing("pos:\t0\nflags:\t0102001\nmnt_id:\t30\n"));
        assert!(is_for_writing("flags:\t0100002\n"));
        assert!(!is_for_writing("flags:\t0100000\n") && !is_for_writing("pos: 1\n"));
    }
}
