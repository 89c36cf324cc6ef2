//! The header block of a member: numbers, checksum, kind.

use std::io;

use super::ADVICE;
use super::pax::Said;
use crate::error::DataError;

/// Size of a block.
pub(super) const BLOCK: usize = 512;
/// A block.
pub(super) type Block = [u8; BLOCK];

const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const TYPE: usize = 156;
const LINK: std::ops::Range<usize> = 157..257;
const MAGIC: std::ops::Range<usize> = 257..263;
const USER: std::ops::Range<usize> = 265..297;
const GROUP: std::ops::Range<usize> = 297..329;
const PREFIX: std::ops::Range<usize> = 345..500;
/// Mode, owner and group by number, time, device: what holds a number in every header.
const NUMBERS: [std::ops::Range<usize>; 6] = [100..108, 108..116, 116..124, 136..148, 329..337, 337..345];
/// What holds numbers in a GNU header: two times and an offset, the start of the sparse map, the real size.
const GNU_NUMBERS: [std::ops::Range<usize>; 3] = [345..381, 386..482, 483..495];
/// Length of such a number.
const GNU_NUMBER: usize = 12;
/// What nothing stands in: of a GNU header, of the others.
const GNU_UNUSED: [std::ops::Range<usize>; 2] = [381..386, 495..512];
const UNUSED: std::ops::Range<usize> = 500..508;
/// At the end of a header by `star`.
const STAR: std::ops::Range<usize> = 508..512;
/// Whether more of a GNU sparse map follows: in the header, and in each block of the map.
const MAP_GOES_ON: (usize, usize) = (482, 504);

/// Sizes up to this leave room for what is added to them.
pub(super) const MOST_SIZE: u64 = 1 << 60;

/// What a header stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A long name or pax records of the member that follows.
    Extension,
    /// A member of this type.
    Member(u8),
}

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Bytes,
    Sparse,
    Folder,
    Other(&'static str),
}

/// Whether `sample` begins with a header whose checksum is right.
pub fn is_tar(sample: &[u8]) -> bool {
    let Some(block) = sample.first_chunk::<BLOCK>() else { return false };
    block.first().is_some_and(|first| *first != 0) && kind(block).is_ok() && size(block).is_ok()
}

/// The kind of a header whose checksum is right.
pub(super) fn kind(block: &Block) -> Result<Kind, DataError> {
    let damaged =
        || DataError::new("a tar header is damaged: its checksum is wrong").advise("check it with `tar -tvf`");
    let said = number(field(block, &CHECKSUM)).ok_or_else(damaged)?;
    let (unsigned, signed) = checksums(block);
    if said != unsigned && i64::try_from(said) != Ok(signed) {
        return Err(damaged());
    }
    if !field(block, &MAGIC).starts_with(b"ustar") && field(block, &(MAGIC.start..BLOCK)).iter().any(|byte| *byte != 0)
    {
        return Err(DataError::new("a tar header is of a kind that is not known").advise(ADVICE));
    }
    Ok(match block.get(TYPE) {
        Some(b'x' | b'g' | b'L' | b'K') => Kind::Extension,
        other => Kind::Member(other.copied().unwrap_or(0)),
    })
}

/// Makes sure that text is in a header nowhere but in its names: what one program takes for numbers or for nothing, others
/// take for the start of a name.
pub(super) fn refuse_text_elsewhere(block: &Block) -> Result<(), DataError> {
    let is_zero = |range| field(block, range).iter().all(|byte| *byte == 0);
    let is_sound = match field(block, &MAGIC) {
        b"ustar " => {
            let numbers = || GNU_NUMBERS.iter().flat_map(|range| field(block, range).chunks(GNU_NUMBER));
            let goes_on = block.get(MAP_GOES_ON.0).is_some_and(|byte| matches!(byte, 0 | 1 | b'0' | b'1'));
            numbers().all(is_number) && GNU_UNUSED.iter().all(is_zero) && goes_on
        }
        b"ustar\0" => is_zero(&UNUSED) && matches!(field(block, &STAR), [0, 0, 0, 0] | b"tar\0"),
        // Without a magic, zeros follow the names: that was seen to.
        magic => magic.iter().all(|byte| *byte == 0),
    };
    if is_sound && NUMBERS.iter().all(|range| is_number(field(block, range))) {
        return Ok(());
    }
    Err(DataError::new("a tar header holds something else where a number or nothing should be").advise(ADVICE))
}

/// Whether this is a number of no more than 40 bits, or an octal one; a negative one, too.
fn is_number(field: &[u8]) -> bool {
    match field.split_first() {
        Some((sign @ (0x80 | 0xff), rest)) => {
            let high = if *sign == 0xff { 0xff } else { 0 };
            rest.iter().rev().skip(5).all(|byte| *byte == high)
        }
        _ => number(field).is_some(),
    }
}

/// The size that a header states.
pub(super) fn size(block: &Block) -> Result<u64, DataError> {
    let size = number(field(block, &SIZE)).filter(|size| *size <= MOST_SIZE);
    size.ok_or_else(|| DataError::new("a tar header states no size that can be read").advise(ADVICE))
}

/// What a member of type `what` with `size` bytes holds.
pub(super) fn content(what: u8, block: &Block, size: u64, said: &Said) -> Result<Held, DataError> {
    let is_folder_by_name = matches!(what, 0 | b'0') && said.name(block).ends_with(b"/");
    let held = match what {
        b'0' | 0 | b'7' if said.is_sparse => Held::Sparse,
        b'0' | 0 if is_folder_by_name => Held::Folder,
        b'0' | 0 | b'7' => Held::Bytes,
        b'S' => Held::Sparse,
        b'1' => Held::Other("a hard link"),
        b'2' => Held::Other("a symbolic link"),
        b'3' | b'4' => Held::Other("a device"),
        b'5' => Held::Folder,
        b'6' => Held::Other("a FIFO"),
        b'V' => Held::Other("a label of the archive"),
        _ => {
            let shown = char::from(what).escape_default();
            return Err(DataError::new(format!("a member is of type '{shown}', which is not read")).advise(ADVICE));
        }
    };
    // Some programs pass over such bytes, others take them for the next header.
    if size > 0 && !matches!(held, Held::Bytes | Held::Sparse) {
        return Err(DataError::new("a folder or link in the archive has content").advise(ADVICE));
    }
    Ok(held)
}

/// Passes over the rest of the map of a GNU sparse member.
pub(super) fn pass_sparse_map(header: &Block, mut next: impl FnMut() -> io::Result<Option<Block>>) -> io::Result<()> {
    let mut goes_on = header.get(TYPE) == Some(&b'S') && header.get(MAP_GOES_ON.0).is_some_and(|byte| *byte != 0);
    while goes_on {
        let block = next()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        goes_on = block.get(MAP_GOES_ON.1).is_some_and(|byte| *byte != 0);
    }
    Ok(())
}

/// The name in a header.
pub(super) fn name(block: &Block) -> Vec<u8> {
    let name = text(field(block, &NAME));
    let prefix = if has_prefix(block) { text(field(block, &PREFIX)) } else { &[] };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// The link target, the owner and the group in a header.
pub(super) fn words(block: &Block) -> [Vec<u8>; 3] {
    let owners = field(block, &MAGIC).starts_with(b"ustar");
    let owner = |range| if owners { text(field(block, range)).to_vec() } else { Vec::new() };
    [text(field(block, &LINK)).to_vec(), owner(&USER), owner(&GROUP)]
}

/// The header as it is written: with `size`, where it has content, and without what stands behind the end of a name.
pub(super) fn written(block: &Block, size: Option<u64>) -> Result<Block, DataError> {
    let mut written = *block;
    let owners = field(block, &MAGIC).starts_with(b"ustar");
    let prefix = has_prefix(block);
    for (range, is_text) in [(NAME, true), (LINK, true), (USER, owners), (GROUP, owners), (PREFIX, prefix)] {
        if is_text && let Some(field) = written.get_mut(range) {
            let length = text(field).len();
            field.iter_mut().skip(length).for_each(|byte| *byte = 0);
        }
    }
    if let Some(size) = size.filter(|size| self::size(block).ok() != Some(*size)) {
        set_size(&mut written, size)?;
    }
    if written != *block {
        let sum = checksums(&written).0;
        set(&mut written, CHECKSUM, format!("{sum:06o}\0 ").as_bytes());
    }
    Ok(written)
}

/// What a long name holds, without what stands behind its end.
pub(super) fn without_hidden_text(header: &Block, data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    if matches!(header.get(TYPE), Some(b'L' | b'K')) {
        let length = text(&data).len();
        data.iter_mut().skip(length).for_each(|byte| *byte = 0);
    }
    data
}

/// The type of a header.
pub(super) fn kind_byte(block: &Block) -> u8 {
    block.get(TYPE).copied().unwrap_or(0)
}

/// Text up to the first NUL.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn set_size(block: &mut Block, size: u64) -> Result<(), DataError> {
    const MOST_OCTAL: u64 = 0o777_7777_7777;
    if size <= MOST_OCTAL {
        set(block, SIZE, format!("{size:011o}\0").as_bytes());
    } else if field(block, &MAGIC) == b"ustar " {
        let number = size.to_be_bytes();
        set(block, SIZE, &[&[0x80, 0, 0, 0][..], &number].concat());
    } else {
        return Err(DataError::new("a member grows beyond the 8 GiB that its header can state"));
    }
    Ok(())
}

fn set(block: &mut Block, range: std::ops::Range<usize>, bytes: &[u8]) {
    if let Some(field) = block.get_mut(range) {
        field.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
    }
}

/// Old GNU headers have times where the others have the start of a long name.
fn has_prefix(block: &Block) -> bool {
    field(block, &MAGIC) == b"ustar\0"
}

fn field<'a>(block: &'a Block, range: &std::ops::Range<usize>) -> &'a [u8] {
    block.get(range.clone()).unwrap_or_default()
}

/// The sum of the bytes, with blanks in the place of the checksum: as unsigned and, as some old programs did, signed.
fn checksums(block: &Block) -> (u64, i64) {
    let bytes = block.iter().enumerate().map(|(at, byte)| if CHECKSUM.contains(&at) { b' ' } else { *byte });
    bytes.fold((0, 0), |(unsigned, signed), byte| (unsigned + u64::from(byte), signed + i64::from(byte.cast_signed())))
}

/// A number: octal digits between blanks, or big-endian behind a byte 0x80.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((0x80, rest)) = field.split_first() {
        let (high, low) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
        return (high.iter().all(|byte| *byte == 0))
            .then(|| low.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| !(b'0'..=b'7').contains(byte)).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    if rest.iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| sum.checked_mul(8)?.checked_add(u64::from(digit - b'0')))
}
