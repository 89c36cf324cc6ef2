//! A walk over the page headers of one column chunk before it is decoded: what its pages declare is held against what
//! the footer says and against fixed limits, and how the chunk is encoded is noted, so that a changed chunk can be
//! written the same way.
//!
//! It must never let a page through whose declared size could make a decoder allocate without measure.

use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::Length;

use super::source::Source;
use super::thrift::{self, Cursor, Malformed};

/// Largest page, uncompressed, that is decoded. Writers aim at one megabyte; some put a whole chunk into a page.
const MAX_PAGE_BYTES: u64 = 512 << 20;
/// Longest page header: it may hold the smallest and the largest value of the page.
const MAX_HEADER_BYTES: usize = 16 << 20;

const DATA_PAGE: i32 = 0;
const INDEX_PAGE: i32 = 1;
const DICTIONARY_PAGE: i32 = 2;
const DATA_PAGE_V2: i32 = 3;
const PLAIN: i32 = 0;
/// `RLE`, of levels.
const HYBRID: i32 = 3;
/// `PLAIN_DICTIONARY` and `RLE_DICTIONARY`.
const DICTIONARY_ENCODINGS: [i32; 2] = [2, 8];

/// How a chunk is encoded, as its pages say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Survey {
    /// It has a dictionary page.
    pub(super) dictionary: bool,
    /// Its data pages are of version 2.
    pub(super) version_2: bool,
    /// The first encoding of its data pages that is not a dictionary's, as the format numbers it.
    pub(super) encoding: Option<i32>,
    /// All data pages have plain values or keys of a dictionary, and levels in the hybrid encoding.
    pub(super) common: bool,
    /// Values up to the end of the last data page with keys of a dictionary.
    pub(super) keyed: i64,
}

/// What one page header declares.
#[derive(Debug, Default)]
struct Header {
    kind: i32,
    uncompressed: i32,
    compressed: i32,
    values: Option<i32>,
    encoding: Option<i32>,
    levels: Option<i32>,
}

/// Walks the pages of `chunk`.
///
/// # Errors
/// What is wrong with them, in words.
pub(super) fn survey(source: &Source, chunk: &ColumnChunkMetaData) -> Result<Survey, String> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let (Ok(start), Ok(length)) = (u64::try_from(start), u64::try_from(chunk.compressed_size())) else {
        return Err("the footer gives a negative offset or length".into());
    };
    let end = start.checked_add(length).filter(|&end| end <= source.len());
    let end = end.ok_or("the footer places it beyond the end of the file")?;
    let mut found = Survey { common: true, ..Survey::default() };
    let mut values = 0i64;
    let mut at = start;
    let mut window = vec![0; 512];
    while at < end {
        let (header, header_length) = read_header(source, at, end - at, &mut window)?;
        let body = check_sizes(&header, end - at - header_length)?;
        match header.kind {
            DICTIONARY_PAGE => {
                // A decoder makes room for as many values as the header declares.
                if i64::from(header.values.unwrap_or(0)) > i64::from(header.uncompressed) {
                    return Err("a dictionary page declares more values than it has bytes".into());
                }
                found.dictionary = true;
            }
            DATA_PAGE | DATA_PAGE_V2 => {
                values += i64::from(header.values.unwrap_or(0));
                let is_plain = header
                    .encoding
                    .is_some_and(|encoding| encoding == PLAIN || DICTIONARY_ENCODINGS.contains(&encoding));
                found.common &= is_plain && header.levels.is_none_or(|levels| levels == HYBRID);
                if header.encoding.is_none_or(|encoding| DICTIONARY_ENCODINGS.contains(&encoding)) {
                    found.keyed = values;
                }
                found.version_2 |= header.kind == DATA_PAGE_V2;
                if let Some(encoding) = header.encoding.filter(|encoding| !DICTIONARY_ENCODINGS.contains(encoding)) {
                    found.encoding.get_or_insert(encoding);
                }
            }
            _ => {}
        }
        at += header_length + body;
    }
    if values != chunk.num_values() {
        return Err(format!("its pages hold {values} values, the footer says {}", chunk.num_values()));
    }
    Ok(found)
}

fn check_sizes(header: &Header, room: u64) -> Result<u64, String> {
    if !(DATA_PAGE..=DATA_PAGE_V2).contains(&header.kind) {
        return Err("a page is of an unknown kind".into());
    }
    let (Ok(body), Ok(uncompressed)) = (u64::try_from(header.compressed), u64::try_from(header.uncompressed)) else {
        return Err("a page declares a negative size".into());
    };
    if body > room {
        return Err("a page reaches beyond the end of its column chunk".into());
    }
    if uncompressed > MAX_PAGE_BYTES {
        return Err(format!("a page declares {uncompressed} bytes, more than the {MAX_PAGE_BYTES} that are allowed"));
    }
    if header.kind != INDEX_PAGE && header.values.is_none_or(|values| values < 0) {
        return Err("a page does not say how many values it holds".into());
    }
    Ok(body)
}

/// Reads the page header at `at`, which has at most `room` bytes; also gives its length.
fn read_header(source: &Source, at: u64, room: u64, window: &mut Vec<u8>) -> Result<(Header, u64), String> {
    loop {
        let filled = source.read_at(at, window).map_err(|error| error.to_string())?;
        let filled = filled.min(usize::try_from(room).unwrap_or(usize::MAX));
        let mut cursor = Cursor::new(window.get(..filled).unwrap_or_default());
        match parse(&mut cursor) {
            Ok(header) => return Ok((header, cursor.position() as u64)),
            Err(Malformed::Short) if filled == window.len() && window.len() < MAX_HEADER_BYTES => {
                window.resize(window.len() * 8, 0);
            }
            Err(_) => return Err("a page header is damaged".into()),
        }
    }
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Header, Malformed> {
    let mut header = Header { kind: -1, uncompressed: -1, compressed: -1, ..Header::default() };
    let mut last = 0;
    while let Some(field) = cursor.field(last)? {
        last = field.id;
        match (field.id, field.kind) {
            (1, thrift::I32) => header.kind = cursor.int32()?,
            (2, thrift::I32) => header.uncompressed = cursor.int32()?,
            (3, thrift::I32) => header.compressed = cursor.int32()?,
            // Data page, dictionary page: values and encoding are fields 1 and 2; data page of version 2: 1 and 4.
            (5 | 7, thrift::STRUCT) => parse_page(cursor, 2, &mut header)?,
            (8, thrift::STRUCT) => parse_page(cursor, 4, &mut header)?,
            (_, kind) => cursor.skip(kind)?,
        }
    }
    Ok(header)
}

fn parse_page(cursor: &mut Cursor<'_>, encoding_field: i16, header: &mut Header) -> Result<(), Malformed> {
    let mut last = 0;
    while let Some(field) = cursor.field(last)? {
        last = field.id;
        match (field.id, field.kind) {
            (1, thrift::I32) => header.values = Some(cursor.int32()?),
            // Those of a page of version 2 are always in the hybrid encoding.
            (3, thrift::I32) if encoding_field == 2 => header.levels = Some(cursor.int32()?),
            (id, thrift::I32) if id == encoding_field => header.encoding = Some(cursor.int32()?),
            (_, kind) => cursor.skip(kind)?,
        }
    }
    Ok(())
}
