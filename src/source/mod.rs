//! Where bytes come from: walking folders, standard input, decompression, archives, character encoding.

pub mod archive;
pub(crate) mod buffer;
pub(crate) mod checksum;
pub mod decompress;
pub(crate) mod positioned;
pub mod slab;
pub mod stdin;
pub mod walk;

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::held_folder::HeldFolder;

/// How temporary files of ours are named; walking passes over them, so that a stray one is never an input.
pub const TEMPORARY_PREFIX: &str = ".tuomin-";
/// How the names of temporary files of ours end.
pub const TEMPORARY_SUFFIX: &str = ".tmp";

/// One asset that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A regular file.
    File(InputFile),
    /// Standard input.
    Stdin,
}

/// A regular file that walking came upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// The path as the user would write it.
    pub path: PathBuf,
    /// The path below the folder that was walked, or the file name of a file that was named itself.
    pub relative: PathBuf,
    /// Position of the argument that led to it.
    pub root: usize,
    /// Size in bytes when it was seen.
    pub size: u64,
    /// The folder that was walked to it, below which no link is followed; none when the file was named itself.
    pub walked: Option<PathBuf>,
}

impl InputFile {
    /// Its folder, held open.
    ///
    /// # Errors
    /// When there is none any more, or a link in its place.
    pub fn folder(&self) -> std::io::Result<HeldFolder> {
        match &self.walked {
            Some(root) => HeldFolder::below(root, self.relative.parent().unwrap_or(Path::new(""))),
            None => HeldFolder::open(crate::output::folder_of(&self.path)),
        }
    }

    /// Opens it for reading; see [`open_regular`].
    ///
    /// # Errors
    /// As [`open_regular`], and when a link took its place, or that of a folder that leads to it.
    pub fn open(&self) -> Result<(File, Stamp), Refused> {
        if self.walked.is_none() {
            return open_regular(&self.path);
        }
        let folder = self.folder().map_err(Refused::Failed)?;
        open_with(&folder.path().join(self.path.file_name().unwrap_or_default()), false)
    }
}

impl Input {
    /// The path, `-` for standard input.
    pub fn path(&self) -> &Path {
        match self {
            Input::File(file) => &file.path,
            Input::Stdin => Path::new("-"),
        }
    }

    /// Size in bytes when it was seen; unknown for a stream.
    pub fn size(&self) -> Option<u64> {
        match self {
            Input::File(file) => Some(file.size),
            Input::Stdin => None,
        }
    }
}

/// What tells whether a file was changed while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// The stamp of a file as it is now.
    pub fn of(metadata: &Metadata) -> Stamp {
        Stamp { size: metadata.len(), modified: metadata.modified().ok() }
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Why an asset cannot be opened.
#[derive(Debug)]
pub enum Refused {
    /// It is nothing that has content to read.
    Skipped(String),
    /// The system says no.
    Failed(std::io::Error),
}

/// Opens a regular file for reading, without waiting for a FIFO that took its place since it was seen.
///
/// # Errors
/// When it cannot be opened, is no regular file any more, or belongs to a file system of the kernel's own.
pub fn open_regular(path: &Path) -> Result<(File, Stamp), Refused> {
    open_with(path, true)
}

fn open_with(path: &Path, follow: bool) -> Result<(File, Stamp), Refused> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = if follow { OFlags::NONBLOCK } else { OFlags::NONBLOCK | OFlags::NOFOLLOW };
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path).map_err(|error| {
        let is_link = !follow && path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        Refused::Failed(if is_link { std::io::Error::other("a symbolic link took its place") } else { error })
    })?;
    let metadata = file.metadata().map_err(Refused::Failed)?;
    if !metadata.is_file() {
        return Err(Refused::Skipped(format!("is {}", kind_of(&metadata.file_type()))));
    }
    #[cfg(target_os = "linux")]
    if is_kernel_file_system(&file) {
        return Err(Refused::Skipped("belongs to the kernel (/proc, /sys), not to data".to_owned()));
    }
    Ok((file, Stamp::of(&metadata)))
}

#[cfg(target_os = "linux")]
fn is_kernel_file_system(file: &File) -> bool {
    const PROC: u64 = 0x9fa0;
    const SYSFS: u64 = 0x6265_6572;
    const DEBUGFS: u64 = 0x6462_6720;
    const TRACEFS: u64 = 0x7472_6163;
    rustix::fs::fstatfs(file)
        .is_ok_and(|found| [PROC, SYSFS, DEBUGFS, TRACEFS].contains(&u64::try_from(found.f_type).unwrap_or(0)))
}

/// What a thing that is no regular file is, for people.
pub(crate) fn kind_of(kind: &std::fs::FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a FIFO (to read from it, send it to standard input and give `-`)";
        } else if kind.is_socket() {
            return "a socket";
        } else if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    if kind.is_symlink() {
        "a symbolic link (links are not followed; name the target itself)"
    } else if kind.is_dir() {
        "a folder"
    } else {
        "not a regular file"
    }
}
