//! The central directory of a zip archive, held against the local headers.

mod header;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::error::DataError;
pub(super) use header::end;

pub(super) const ADVICE: &str = "extract it and pass the folder";
/// Largest directory that is read: it is held in memory.
const MOST_DIRECTORY: u64 = 16 << 20;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const END_LENGTH: u64 = 22;
const LOCATOR_LENGTH: u64 = 20;

/// Sizes follow the content.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// Encrypted, strongly encrypted, with a masked header.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// The method of content encrypted with AES.
const AES: u16 = 99;
/// The further field with 64-bit sizes.
const ZIP_64: u16 = 1;
const FULL: u64 = 0xffff_ffff;

/// The directory.
pub(super) struct Directory {
    /// As the directory lists them.
    pub(super) entries: Vec<Arc<Entry>>,
    /// Their indexes in the order of their contents.
    pub(super) order: Vec<usize>,
    pub(super) comment: Vec<u8>,
}

/// What the directory says of one member.
pub(super) struct Entry {
    made_by: u16,
    needed: u16,
    flags: u16,
    pub(super) method: u16,
    time: u32,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    internal: u16,
    external: u32,
    pub(super) name: Vec<u8>,
    /// Further fields, without that of zip64.
    pub(super) extra: Vec<u8>,
    pub(super) comment: Vec<u8>,
    /// Further fields of the local header.
    pub(super) local_extra: Vec<u8>,
    offset: u64,
    /// Where the content begins.
    pub(super) data: u64,
}

/// Where a written member is, and how large.
pub(in super::super) struct Placed {
    pub(super) offset: u64,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) crc: u32,
}

/// Takes numbers and stretches off the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

fn damaged(what: &str) -> DataError {
    DataError::new(format!("the zip archive {what}")).advise("check it with `unzip -t`")
}

fn unsure(what: &str) -> DataError {
    DataError::new(format!("the zip archive {what}, so that programs may read it differently")).advise(ADVICE)
}

fn at(file: &mut File, offset: u64, length: u64) -> Result<Vec<u8>, DataError> {
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| damaged("is too large"))?];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes).map_err(|_| damaged("ends too early"))?;
    Ok(bytes)
}

/// Where the directory is.
struct Location {
    start: u64,
    length: u64,
    count: u64,
    comment: Vec<u8>,
}

impl Directory {
    pub(super) fn read(file: &mut File) -> Result<Directory, DataError> {
        let location = locate(file)?;
        if location.length > MOST_DIRECTORY {
            return Err(DataError::new("the directory of the zip archive is larger than 16 MiB").advise(ADVICE));
        }
        let bytes = at(file, location.start, location.length)?;
        let mut fields = Fields(&bytes);
        let mut entries = Vec::new();
        while !fields.0.is_empty() {
            entries.push(entry(&mut fields).ok_or_else(|| damaged("has a damaged directory"))?);
        }
        if entries.len() as u64 != location.count {
            return Err(unsure("does not list as many members as it says"));
        }
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|index| entries.get(*index).map(|entry| entry.offset));
        let mut end = 0;
        for (position, index) in order.iter().enumerate() {
            let following = order.get(position + 1).and_then(|next| entries.get(*next));
            let following = following.map_or(location.start, |next| next.offset);
            let Some(entry) = entries.get_mut(*index) else { continue };
            if entry.offset != end {
                return Err(unsure("has bytes that belong to no member, or to two"));
            }
            end = local(file, entry, following)?;
        }
        if end != location.start {
            return Err(unsure("has bytes that belong to no member, or to two"));
        }
        let entries = entries.into_iter().map(Arc::new).collect();
        Ok(Directory { entries, order, comment: location.comment })
    }
}

fn locate(file: &mut File) -> Result<Location, DataError> {
    let size = file.seek(SeekFrom::End(0))?;
    let tail_at = size.saturating_sub(END_LENGTH + 0xffff);
    let tail = at(file, tail_at, size - tail_at)?;
    let is_end = |at: &usize| {
        let mut fields = Fields(tail.get(*at..).unwrap_or_default());
        fields.bytes(20).is_some() && fields.u16().is_some_and(|length| usize::from(length) == fields.0.len())
    };
    let signature = END.to_le_bytes();
    let mut ends = memchr::memmem::find_iter(&tail, &signature).filter(is_end);
    let end = ends.next().ok_or_else(|| damaged("ends too early: it has no directory"))?;
    if ends.next().is_some() {
        return Err(unsure("has two ends"));
    }
    let end_at = tail_at + end as u64;
    let mut fields = Fields(tail.get(end + 4..).unwrap_or_default());
    let mut small = || -> Option<(u16, u16, u16, u16, u32, u32)> {
        Some((fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?, fields.u32()?, fields.u32()?))
    };
    let (disk, first_disk, here, count, length, start) = small().ok_or_else(|| damaged("has a damaged end"))?;
    let comment = fields.0.get(2..).unwrap_or_default().to_vec();
    let mut location = Location { start: start.into(), length: length.into(), count: count.into(), comment };
    let mut stop = end_at;
    let locator = end_at.checked_sub(LOCATOR_LENGTH).map(|place| at(file, place, LOCATOR_LENGTH)).transpose()?;
    if let Some(locator) = locator.filter(|bytes| bytes.starts_with(&LOCATOR_64.to_le_bytes())) {
        let (at_64, large) =
            locate_64(file, &locator, end_at - LOCATOR_LENGTH).ok_or_else(|| damaged("has a damaged zip64 end"))?;
        let agrees = |small: u64, full: u64, large: u64| small == full || small == large;
        if !agrees(location.start, FULL, large.0)
            || !agrees(location.length, FULL, large.1)
            || !agrees(location.count, 0xffff, large.2)
        {
            return Err(unsure("has two ends that differ"));
        }
        (location.start, location.length, location.count) = large;
        stop = at_64;
    } else if disk != 0 || first_disk != 0 || here != count {
        return Err(DataError::new("is one part of a split zip archive").advise("join the parts first"));
    }
    if location.start.checked_add(location.length) != Some(stop) {
        return Err(unsure("does not end where its directory does"));
    }
    Ok(location)
}

/// Start, length and number of entries of the directory, from the zip64 end that `locator` leads to.
fn locate_64(file: &mut File, locator: &[u8], locator_at: u64) -> Option<(u64, (u64, u64, u64))> {
    let mut fields = Fields(locator.get(4..)?);
    let (disk, place, disks) = (fields.u32()?, fields.u64()?, fields.u32()?);
    let length = locator_at.checked_sub(place).filter(|length| (56..=0xffff).contains(length))?;
    let bytes = at(file, place, length).ok()?;
    let mut fields = Fields(&bytes);
    let is_right = fields.u32()? == END_64 && fields.u64()? == length - 12 && disk == 0 && disks <= 1;
    fields.bytes(4)?;
    let (this, first) = (fields.u32()?, fields.u32()?);
    let (here, count, size, start) = (fields.u64()?, fields.u64()?, fields.u64()?, fields.u64()?);
    (is_right && this == 0 && first == 0 && here == count).then_some((place, (start, size, count)))
}

/// One entry of the directory.
fn entry(fields: &mut Fields<'_>) -> Option<Entry> {
    if fields.u32()? != CENTRAL {
        return None;
    }
    let (made_by, needed, flags, method) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?);
    let (time, crc) = (fields.u32()?, fields.u32()?);
    let (mut packed, mut size) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
    let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let (disk, internal, external) = (fields.u16()?, fields.u16()?, fields.u32()?);
    let mut offset = u64::from(fields.u32()?);
    let name = fields.bytes(name.into())?.to_vec();
    let (extra, large) = further(fields.bytes(extra.into())?)?;
    let comment = fields.bytes(comment.into())?.to_vec();
    let mut large = Fields(&large);
    for number in [&mut size, &mut packed, &mut offset] {
        if *number == FULL {
            *number = large.u64()?;
        }
    }
    let local_extra = Vec::new();
    let entry = Entry {
        made_by,
        needed,
        flags,
        method,
        time,
        crc,
        packed,
        size,
        internal,
        external,
        name,
        extra,
        comment,
        local_extra,
        offset,
        data: 0,
    };
    (disk == 0 || disk == 0xffff).then_some(entry)
}

/// Further fields, parted into those that are kept and that of zip64.
fn further(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut kept, mut large) = (Vec::new(), Vec::new());
    let mut fields = Fields(bytes);
    while !fields.0.is_empty() {
        let whole = fields.0;
        let (kind, length) = (fields.u16()?, fields.u16()?);
        let data = fields.bytes(length.into())?;
        if kind == ZIP_64 {
            large = data.to_vec();
        } else {
            kept.extend_from_slice(whole.get(..4 + data.len())?);
        }
    }
    Some((kept, large))
}

/// What further fields hold that may be text: all but times, owners by number and marks.
pub(super) fn told(extra: &[u8]) -> Vec<u8> {
    const MUTE: [u16; 7] = [0x5455, 0x5855, 0x7855, 0x7875, 0x000a, 0xcafe, 0xd935];
    let mut told = Vec::new();
    let mut fields = Fields(extra);
    while let (Some(kind), Some(length)) = (fields.u16(), fields.u16()) {
        let data = fields.bytes(length.into()).unwrap_or_default();
        if !MUTE.contains(&kind) {
            told.extend_from_slice(data);
            told.push(b' ');
        }
    }
    told
}

/// What a local header states.
struct Stated {
    /// Signature, flags, method.
    kind: (u32, u16, u16),
    crc: u32,
    packed: u64,
    size: u64,
    /// Lengths.
    name: u64,
    extra: u64,
}

fn stated(header: &[u8]) -> Option<Stated> {
    let mut fields = Fields(header);
    let signature = fields.u32()?;
    fields.u16()?;
    let kind = (signature, fields.u16()?, fields.u16()?);
    fields.u32()?;
    let (crc, packed, size) = (fields.u32()?, fields.u32()?.into(), fields.u32()?.into());
    Some(Stated { kind, crc, packed, size, name: fields.u16()?.into(), extra: fields.u16()?.into() })
}

/// Holds the local header of `entry` against it, and answers where the member ends. The next thing starts at
/// `following`.
fn local(file: &mut File, entry: &mut Entry, following: u64) -> Result<u64, DataError> {
    const FIXED: u64 = 30;
    let header = at(file, entry.offset, FIXED)?;
    let wrong = || unsure("says one thing in its directory and another before a member");
    let Stated { kind, crc, mut packed, mut size, name, extra } = stated(&header).ok_or_else(wrong)?;
    if kind != (LOCAL, entry.flags, entry.method) {
        return Err(wrong());
    }
    let words = at(file, entry.offset + FIXED, name + extra)?;
    let mut fields = Fields(&words);
    let stored_name = fields.bytes(usize::try_from(name).unwrap_or(0)).unwrap_or_default();
    let (extra_kept, large) = further(fields.0).ok_or_else(wrong)?;
    let mut large = Fields(&large);
    for number in [&mut size, &mut packed] {
        if *number == FULL {
            *number = large.u64().ok_or_else(wrong)?;
        }
    }
    let says = (crc, packed, size);
    let has_descriptor = entry.flags & HAS_DESCRIPTOR != 0;
    let agrees = says == (entry.crc, entry.packed, entry.size) || has_descriptor && says == (0, 0, 0);
    if !agrees || stored_name != entry.name {
        return Err(wrong());
    }
    entry.local_extra = extra_kept;
    entry.data = entry.offset + FIXED + name + extra;
    let end = entry.data.checked_add(entry.packed).filter(|end| *end <= following).ok_or_else(wrong)?;
    if !has_descriptor {
        return Ok(end);
    }
    let length = following - end;
    if !matches!(length, 12 | 16 | 20 | 24) || !is_descriptor(&at(file, end, length)?, entry) {
        return Err(wrong());
    }
    Ok(following)
}

fn is_descriptor(bytes: &[u8], entry: &Entry) -> bool {
    let bytes = match bytes.len() {
        16 | 24 => bytes.strip_prefix(&DESCRIPTOR.to_le_bytes()).unwrap_or_default(),
        _ => bytes,
    };
    let mut fields = Fields(bytes);
    let crc = fields.u32();
    let mut number = || if bytes.len() == 20 { fields.u64() } else { fields.u32().map(u64::from) };
    crc == Some(entry.crc) && number() == Some(entry.packed) && number() == Some(entry.size)
}

impl Entry {
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0 || self.method == AES
    }

    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }

    pub(super) fn is_link(&self) -> bool {
        const UNIX: u16 = 3;
        self.made_by >> 8 == UNIX && (self.external >> 16) & 0o17_0000 == 0o12_0000
    }
}
