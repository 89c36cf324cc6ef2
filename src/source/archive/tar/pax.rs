//! Extensions before a header: long names of GNU tar, records of pax.

use super::header::{self, Block};
use crate::error::DataError;

/// Digits before and behind the point of a time: years up to 2286, to the nanosecond.
const MOST_DIGITS: usize = 10;

/// What extensions say of the member that follows.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) size: Option<u64>,
    pub(super) is_sparse: bool,
    name: Option<Vec<u8>>,
    texts: Vec<Vec<u8>>,
}

impl Said {
    /// Enters one extension. What holds for the whole archive goes to `texts`.
    pub(super) fn enter(&mut self, block: &Block, data: &[u8], texts: &mut Vec<Vec<u8>>) -> Result<(), DataError> {
        // What stands in the extension's own header, in which nobody looks for the name of the member.
        let own = std::iter::once(header::name(block)).chain(header::words(block));
        let said = if header::kind_byte(block) == b'g' { &mut *texts } else { &mut self.texts };
        said.extend(own.filter(|text| !text.is_empty()));
        match header::kind_byte(block) {
            b'L' => self.name = Some(header::text(data).to_vec()),
            b'K' => self.texts.push(header::text(data).to_vec()),
            kind => {
                for (key, value) in records(data)? {
                    if kind == b'g' {
                        if matches!(key, b"path" | b"linkpath" | b"size") || key.starts_with(b"GNU.sparse") {
                            return Err(DataError::new("the archive states a name or a size for all its members"));
                        }
                        texts.extend([key.to_vec(), value.to_vec()]);
                        continue;
                    }
                    match key {
                        b"path" => self.name = Some(value.to_vec()),
                        b"size" => {
                            self.size =
                                Some(decimal(value).filter(|size| *size <= header::MOST_SIZE).ok_or_else(malformed)?)
                        }
                        _ if key.ends_with(b"time") || matches!(key, b"uid" | b"gid") => {
                            if !value.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) {
                                return Err(malformed());
                            }
                            if !matches!(key, b"mtime" | b"atime" | b"ctime" | b"uid" | b"gid") {
                                self.texts.push(key.to_vec());
                            }
                            // Longer than any time or owner.
                            if value.split(|byte| *byte == b'.').any(|digits| digits.len() > MOST_DIGITS) {
                                self.texts.push(value.to_vec());
                            }
                        }
                        _ => {
                            self.is_sparse |= key.starts_with(b"GNU.sparse");
                            self.texts.extend([key.to_vec(), value.to_vec()]);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The name of the member with this header.
    pub(super) fn name(&self, block: &Block) -> Vec<u8> {
        self.name.clone().unwrap_or_else(|| header::name(block))
    }

    /// The name of the member with this header, and whatever else is said of it in words.
    pub(super) fn words(mut self, block: &Block) -> (Vec<u8>, Vec<Vec<u8>>) {
        let name = self.name(block);
        // A long name stands in the header too, cut short.
        if self.name.is_some() {
            self.texts.push(header::name(block));
        }
        self.texts.extend(header::words(block));
        self.texts.retain(|text| !text.is_empty());
        (name, self.texts)
    }
}

/// The records of pax with another size; none where they state no size.
pub(super) fn with_size(block: &Block, data: &[u8], size: u64) -> Result<Option<Vec<u8>>, DataError> {
    if header::kind_byte(block) != b'x' {
        return Ok(None);
    }
    let mut written = Vec::with_capacity(data.len());
    let mut says_size = false;
    for (key, value) in records(data)? {
        if key == b"size" {
            says_size = true;
            write(&mut written, key, size.to_string().as_bytes());
        } else {
            write(&mut written, key, value);
        }
    }
    Ok(says_size.then_some(written))
}

/// Writes `LENGTH KEY=VALUE`, where the length counts itself.
fn write(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    out.extend_from_slice(format!("{length} ").as_bytes());
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

type Record<'a> = (&'a [u8], &'a [u8]);

fn records(mut data: &[u8]) -> Result<Vec<Record<'_>>, DataError> {
    let mut records = Vec::new();
    while !data.is_empty() {
        let (record, rest) = record(data).ok_or_else(malformed)?;
        records.push(record);
        data = rest;
    }
    Ok(records)
}

fn record(data: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let blank = memchr::memchr(b' ', data.get(..data.len().min(8))?)?;
    let length = usize::try_from(decimal(data.get(..blank)?)?).ok()?;
    let (record, rest) = data.split_at_checked(length)?;
    let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some(((record.get(..equals)?, record.get(equals + 1..)?), rest))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

fn malformed() -> DataError {
    DataError::new("the pax records of a member cannot be read").advise(super::ADVICE)
}
