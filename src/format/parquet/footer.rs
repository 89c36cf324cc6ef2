//! Writes what stands behind the row groups: page indexes and the footer.
//!
//! The `parquet` crate writes the footer, with two exceptions, which are put in as they stand in the source: the schema,
//! because it may use types that the crate reads but cannot write, and the statement of how statistics are ordered,
//! because chunks that are copied bring their statistics along.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parquet::file::metadata::page_index::{PageIndex, PageIndexBuilder};
use parquet::file::metadata::{FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::writer::TrackedWrite;
use parquet::schema::types::{SchemaDescriptor, Type};

use super::open::{COLUMN_ORDERS, Opened, SCHEMA};
use super::{guard, thrift};
use crate::error::DataError;

/// The output: passes bytes on to the file until told to keep them.
pub(super) struct Output<'a> {
    file: &'a mut File,
    kept: Option<&'a mut Vec<u8>>,
    keep: bool,
}

impl<'a> Output<'a> {
    /// An output to `file` that, once told to, keeps bytes in `kept` instead.
    pub(super) fn new(file: &'a mut File, kept: &'a mut Vec<u8>) -> Self {
        Output { file, kept: Some(kept), keep: false }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match (&mut self.kept, self.keep) {
            (Some(kept), true) => kept.write(bytes),
            _ => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// The page indexes of the row groups that were written.
pub(super) struct Indexes(PageIndexBuilder);

impl Indexes {
    pub(super) fn new(groups: usize, columns: usize) -> Self {
        Indexes(PageIndexBuilder::new(groups, columns))
    }

    pub(super) fn put(
        &mut self,
        group: usize,
        column: usize,
        values: Option<ColumnIndexMetaData>,
        offsets: Option<OffsetIndexMetaData>,
    ) {
        if let Some(values) = values {
            self.0.put_column_index(values, group, column);
        }
        if let Some(offsets) = offsets {
            self.0.put_offset_index(offsets, group, column);
        }
    }
}

/// Writes page indexes and footer into the part of the output that is kept.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn write_kept(
    mut out: TrackedWrite<Output<'_>>,
    opened: &Opened,
    groups: Vec<RowGroupMetaData>,
    indexes: Indexes,
) -> Result<(), DataError> {
    out.flush()?;
    out.inner_mut().keep = true;
    let source = opened.file_metadata();
    // An empty schema in place of the source's, which is put in later.
    let schema = guard(|| Type::group_type_builder("schema").build());
    let schema = schema.map_err(|reason| DataError::new(format!("the footer cannot be written: {reason}")))?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(schema)));
    let file = FileMetaData::new(
        source.version(),
        source.num_rows(),
        Some(concat!("tuomin version ", env!("CARGO_PKG_VERSION")).to_owned()),
        source.key_value_metadata().cloned(),
        schema,
        None,
    );
    let index: PageIndex = indexes.0.build();
    let metadata =
        ParquetMetaDataBuilder::new(file).set_row_groups(groups).set_page_index(Some(Arc::new(index))).build();
    let writer = ParquetMetaDataWriter::new_with_tracked(out, &metadata).with_preserve_page_index_locations(false);
    guard(|| writer.finish()).map_err(|reason| DataError::new(format!("the footer cannot be written: {reason}")))
}

/// Writes the kept bytes to `file`, with the source's schema and statement of column orders in the footer.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write_out(kept: &[u8], opened: &Opened, file: &mut File) -> Result<(), DataError> {
    let broken = || DataError::new("the footer that was written cannot be read back");
    let (rest, magic) = kept.split_last_chunk::<4>().ok_or_else(broken)?;
    let (rest, size) = rest.split_last_chunk::<4>().ok_or_else(broken)?;
    let start = rest.len().checked_sub(u32::from_le_bytes(*size) as usize).ok_or_else(broken)?;
    let (indexes, footer) = rest.split_at_checked(start).ok_or_else(broken)?;
    let mut patched = Vec::with_capacity(footer.len());
    for field in thrift::fields(footer).map_err(|_| broken())? {
        let source = match field.id {
            SCHEMA => opened.schema.as_slice(),
            // It is the last field, so that none counts from it.
            COLUMN_ORDERS => match &opened.column_orders {
                Some(orders) => orders,
                None => break,
            },
            _ => footer.get(field.value.clone()).ok_or_else(broken)?,
        };
        patched.extend_from_slice(footer.get(field.whole.start..field.value.start).ok_or_else(broken)?);
        patched.extend_from_slice(source);
    }
    patched.push(0);
    let size = u32::try_from(patched.len()).map_err(|_| DataError::new("the footer is larger than four gigabytes"))?;
    for part in [indexes, &patched, &size.to_le_bytes(), magic] {
        file.write_all(part)?;
    }
    file.flush()?;
    Ok(())
}
