//! The checksums that Hadoop's file system keeps of each file on a local disk: `.NAME.crc` beside `NAME`. Whoever reads a
//! file through it is refused one that does not have its checksums, and reads one without any.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::open_with;

const MAGIC: [u8; 4] = *b"crc\0";
/// Bytes of the head: the sign, and how many bytes there are to a checksum.
const HEAD: u64 = 8;
const BYTES_PER_CHECKSUM: u64 = 4;

/// Where the checksums of the file at `path` would be.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".crc");
    path.with_file_name(name)
}

/// Why the file at `path`, of `size` bytes, has no content to look into: it holds the checksums of the file that its name
/// says, as many as there must be, and nothing else. `None` for any other file.
pub(super) fn reason(path: &Path, size: u64) -> Option<String> {
    let name = path.file_name()?;
    let stem = name.as_encoded_bytes().strip_prefix(b".")?.strip_suffix(b".crc")?;
    let of = path.with_file_name(os_str(stem)?);
    let data = of.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
    let (mut file, _) = open_with(path, false).ok()?;
    let mut head = [0; HEAD as usize];
    file.read_exact(&mut head).ok()?;
    let (magic, chunk) = head.split_first_chunk::<4>()?;
    let chunk = u64::from(u32::from_be_bytes(chunk.try_into().ok()?));
    let checksums = data.len().checked_add(chunk)?.checked_sub(1)?.checked_div(chunk)?;
    (*magic == MAGIC && size == HEAD + checksums * BYTES_PER_CHECKSUM)
        .then(|| "holds Hadoop's checksums of the file beside it, and is left out".to_owned())
}

#[cfg(unix)]
fn os_str(bytes: &[u8]) -> Option<&OsStr> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn os_str(bytes: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(bytes).ok().map(OsStr::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_checksums_of_the_file_beside_them_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a.csv");
        let path = beside(&data);
        assert_eq!(path, folder.path().join(".a.csv.crc"));
        let told = |size: usize, content: &[u8]| {
            std::fs::write(&data, vec![b'x'; size]).unwrap();
            std::fs::write(&path, content).unwrap();
            reason(&path, content.len() as u64).is_some()
        };
        let checksums = |count: usize| [&b"crc\0\0\0\x02\0"[..], &vec![7; count * 4]].concat();
        assert!(told(0, &checksums(0)) && told(512, &checksums(1)) && told(513, &checksums(2)));
        assert!(!told(513, &checksums(1)) && !told(512, &checksums(2)) && !told(512, &checksums(1)[..11]));
        assert!(!told(512, b"crc\0\0\0\0\0") && !told(512, b"text\0\0\x02\0....") && !told(512, b""));
        assert!(told(512, &checksums(1)));
        std::fs::remove_file(&data).unwrap();
        assert!(reason(&path, 12).is_none());
    }
}
