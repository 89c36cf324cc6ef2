//! Opens a Parquet file: reads its footer and refuses, by name, what cannot be read for sure.

use std::fs::File;
use std::sync::Arc;

use parquet::file::metadata::{FileMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};

use super::group::damaged;
use super::guard;
use super::schema::{LeafSchema, leaves};
use super::source::Source;
use super::thrift::{self, Cursor, FieldSpan};
use super::unreadable;
use crate::block::TableContext;
use crate::error::{DataError, Position};

/// `PAR1`, the length of the footer, `PAR1`.
pub(super) const TAIL: u64 = 8;
/// Field of the footer that holds the row groups.
pub(super) const ROW_GROUPS: i16 = 4;
/// Field of the footer that holds the key-value metadata.
pub(super) const KEY_VALUES: i16 = 5;
/// Field of the footer that says that columns are encrypted.
const ENCRYPTION_ALGORITHM: i16 = 8;
/// Field of the footer that says how each column's statistics are ordered.
pub(super) const COLUMN_ORDERS: i16 = 7;
/// Field of the footer that holds the schema.
pub(super) const SCHEMA: i16 = 2;

/// A Parquet file whose footer has been read and believed.
pub(super) struct Opened {
    pub(super) source: Arc<Source>,
    pub(super) metadata: ParquetMetaData,
    pub(super) leaves: Vec<LeafSchema>,
    pub(super) context: Arc<TableContext>,
    /// The footer's schema as it stands in the file.
    pub(super) schema: Vec<u8>,
    /// The footer's list of column orders as it stands in the file.
    pub(super) column_orders: Option<Vec<u8>>,
}

impl Opened {
    /// Reads the footer of `file`; with `indexes` also its page indexes.
    ///
    /// # Errors
    /// When the file is encrypted, cut off, damaged, or only a summary of other files.
    pub(super) fn new(file: &File, indexes: bool) -> Result<Opened, DataError> {
        let source = Arc::new(Source::new(file)?);
        let footer = read_footer(&source)?;
        let fields = thrift::fields(&footer).map_err(|_| unreadable("the footer is damaged"))?;
        if fields.iter().any(|field| field.id == ENCRYPTION_ALGORITHM) {
            return Err(encrypted());
        }
        if !is_footer(&fields, footer.len()) {
            return Err(unreadable("the footer is damaged: its fields are not those of a Parquet footer"));
        }
        let value = |id| {
            let field = fields.iter().find(|field| field.id == id)?;
            footer.get(field.value.clone()).map(<[u8]>::to_vec)
        };
        let schema = value(SCHEMA).ok_or_else(|| unreadable("the footer has no schema"))?;
        let column_orders = value(COLUMN_ORDERS);
        let mut reader = ParquetMetaDataReader::new();
        guard(|| reader.try_parse(source.as_ref())).map_err(footer_damaged)?;
        let metadata = guard(|| reader.finish()).map_err(footer_damaged)?;
        let (leaves, context) =
            guard(|| Ok(leaves(metadata.file_metadata().schema_descr()))).map_err(footer_damaged)?;
        let mut opened = Opened { source, metadata, leaves, context: Arc::new(context), schema, column_orders };
        opened.check()?;
        if indexes {
            opened.read_indexes()?;
        }
        Ok(opened)
    }

    pub(super) fn file_metadata(&self) -> &FileMetaData {
        self.metadata.file_metadata()
    }

    /// Holds the footer's numbers against each other.
    fn check(&self) -> Result<(), DataError> {
        let mut rows = 0i64;
        for (number, group) in self.metadata.row_groups().iter().enumerate() {
            if group.num_rows() < 0 || group.num_columns() != self.leaves.len() {
                return Err(unreadable(format!("row group {} does not match the schema", number + 1)));
            }
            rows = rows.saturating_add(group.num_rows());
            for (index, chunk) in group.columns().iter().enumerate() {
                if chunk.file_path().is_some() {
                    return Err(DataError::new("the file is a summary: its data are in other files")
                        .at(self.column(index))
                        .advise("name the data files instead; a summary is written anew by the tool that made it"));
                }
                if chunk.num_values() < 0 || chunk.uncompressed_size() < 0 {
                    return Err(damaged(self, number, index, "the footer gives a negative size"));
                }
            }
        }
        // The first writer in Rust left the count at zero.
        if ![0, rows].contains(&self.file_metadata().num_rows()) {
            return Err(unreadable("the footer's row count is not that of its row groups"));
        }
        Ok(())
    }

    /// Reads the page indexes, which are copied with the chunks that they belong to.
    fn read_indexes(&mut self) -> Result<(), DataError> {
        for (number, group) in self.metadata.row_groups().iter().enumerate() {
            for (index, chunk) in group.columns().iter().enumerate() {
                // The reader makes room for as many pages as the index declares.
                let Some(range) = chunk.offset_index_range() else { continue };
                let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
                let bytes = self.source.get_bytes(range.start, length);
                let bytes = bytes.map_err(|error| damaged(self, number, index, &error.to_string()))?;
                let mut cursor = Cursor::new(&bytes);
                let list = cursor.field(0).and_then(|_| cursor.list());
                if list.is_ok_and(|(_, count)| count > length as u64) {
                    return Err(damaged(self, number, index, "its page index declares more pages than it has bytes"));
                }
            }
        }
        let emptied = ParquetMetaData::new(self.file_metadata().clone(), Vec::new());
        let metadata = std::mem::replace(&mut self.metadata, emptied);
        let mut reader =
            ParquetMetaDataReader::new_with_metadata(metadata).with_page_index_policy(PageIndexPolicy::Optional);
        guard(|| reader.read_page_indexes(self.source.as_ref())).map_err(footer_damaged)?;
        self.metadata = guard(|| reader.finish()).map_err(footer_damaged)?;
        Ok(())
    }

    /// The position of leaf `index`.
    pub(super) fn column(&self, index: usize) -> Position {
        let column = self.leaves.get(index).map(|leaf| leaf.name.clone()).unwrap_or_default();
        Position::Column { table: None, column }
    }
}

/// The footer's top-level fields are those of the format, in order, each of its type, and fill it. A decoder that goes
/// by ids alone would read a damaged footer one way here and another way elsewhere.
fn is_footer(fields: &[FieldSpan], length: usize) -> bool {
    let kind_fits = |field: &FieldSpan| match field.id {
        1 => field.kind == thrift::I32,
        3 => field.kind == thrift::I64,
        SCHEMA | 4 | 5 | COLUMN_ORDERS => field.kind == thrift::LIST,
        6 => field.kind == thrift::BINARY,
        _ => true,
    };
    let required = [1, SCHEMA, 3, 4];
    fields.iter().map(|field| field.id).take(required.len()).eq(required)
        && fields.is_sorted_by(|one, next| one.id < next.id)
        && fields.iter().all(kind_fits)
        // One byte ends the structure.
        && fields.last().is_some_and(|last| last.whole.end + 1 == length)
}

fn footer_damaged(reason: String) -> DataError {
    unreadable(format!("the footer is damaged: {reason}"))
}

fn encrypted() -> DataError {
    DataError::new("the Parquet file is encrypted")
        .advise("decrypt it first with the tool and the keys it was written with")
}

/// The bytes of the footer's metadata.
pub(super) fn read_footer(source: &Source) -> Result<Vec<u8>, DataError> {
    let length = source.len();
    let mut head = [0; 4];
    let read = source.read_at(0, &mut head)?;
    if read == head.len() && &head == b"PARE" {
        return Err(encrypted());
    }
    if &head != b"PAR1" {
        return Err(unreadable("the file does not start as a Parquet file"));
    }
    let mut tail = [0; TAIL as usize];
    if length < TAIL + 4 || source.read_at(length - TAIL, &mut tail)? != tail.len() {
        return Err(unreadable("the file ends before its footer"));
    }
    let [a, b, c, d, magic @ ..] = tail;
    if &magic == b"PARE" {
        return Err(encrypted());
    }
    if &magic != b"PAR1" {
        return Err(unreadable("the file ends before its footer"));
    }
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = (length - TAIL).checked_sub(size).filter(|&start| start >= 4);
    let start = start.ok_or_else(|| unreadable("the footer's length is larger than the file"))?;
    let size = usize::try_from(size).map_err(|_| unreadable("the footer's length is larger than memory"))?;
    let bytes = source.get_bytes(start, size).map_err(|error| unreadable(error.to_string()))?;
    Ok(bytes.to_vec())
}
