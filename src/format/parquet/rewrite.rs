//! Rewrites a Parquet file: row group by row group, first asking for the edits of every block, then writing each leaf.
//!
//! A leaf without edits is copied as it is; a leaf with edits is decoded once more and encoded as it was. It must never
//! carry statistics, page indexes or bloom filters of a changed leaf over.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Encoding, Type};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::properties::{
    DEFAULT_BLOOM_FILTER_FPP, EnabledStatistics, WriterProperties, WriterPropertiesPtr, WriterVersion,
};
use parquet::file::writer::{SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnPath;

use super::edits::{Accept, apply};
use super::footer::{Indexes, Output, write_kept, write_out};
use super::group::{BLOCK_BYTES, Group, damaged};
use super::guard;
use super::leaf::{TypedLeaf, Weight};
use super::notes::notes;
use super::open::Opened;
use super::schema::{LeafSchema, encode};
use super::survey::Survey;
use crate::block::{Block, Edits, TableBlock};
use crate::error::{DataError, Position};
use crate::format::columnar::edits::{LeafEdits, admitted, gone};
use crate::format::columnar::notes::refuse_edits;

/// Records that are encoded in one step.
const STEP: usize = 8192;

type Edit<'a> = &'a mut dyn FnMut(&Block) -> Result<Edits, DataError>;

/// Rewrites `opened` to `file`, which must be empty.
///
/// # Errors
/// When the source cannot be read, when a new value does not fit, and when a note would have to be changed.
pub(super) fn rewrite(opened: &Arc<Opened>, file: &mut File, edit: Edit<'_>) -> Result<(), DataError> {
    refuse_edits(notes(opened)?, edit)?;
    let mut kept = Vec::new();
    write_groups(opened, Output::new(file, &mut kept), edit)?;
    write_out(&kept, opened, file)
}

fn write_groups(opened: &Arc<Opened>, out: Output<'_>, edit: Edit<'_>) -> Result<(), DataError> {
    let mut out = TrackedWrite::new(out);
    out.write_all(b"PAR1")?;
    let groups = opened.metadata.row_groups();
    let mut indexes = Indexes::new(groups.len(), opened.leaves.len());
    let mut written = Vec::with_capacity(groups.len());
    let mut first_row = 1;
    for (number, group) in groups.iter().enumerate() {
        let read = Group::new(opened, number, first_row, BLOCK_BYTES, &[])?;
        // What is copied was read before: no part of the output is of a kind that could not be.
        read.drain_others()?;
        let edits = collect(opened, &read, group, edit)?;
        let target = GroupWriter { opened, group, number, first_row, surveys: read.surveys(), edits: &edits };
        written.push(target.write(&mut out, &mut indexes)?);
        first_row += group.num_rows().unsigned_abs();
    }
    write_kept(out, opened, written, indexes)
}

/// Asks for the edits of every block of a row group.
fn collect(
    opened: &Opened,
    read: &Group,
    group: &RowGroupMetaData,
    edit: Edit<'_>,
) -> Result<Vec<LeafEdits>, DataError> {
    let mut edits: Vec<LeafEdits> = opened.leaves.iter().map(|_| LeafEdits::default()).collect();
    // For a repeated leaf: the number of its values in the blocks so far.
    let mut values_before = vec![0u64; opened.leaves.len()];
    for start in read.starts() {
        let block = read.block(start)?;
        if block.rows == 0 {
            continue;
        }
        let block = Block::Table(block);
        let asked = edit(&block)?;
        let Block::Table(block) = block else { continue };
        if !asked.text.is_empty() {
            return Err(DataError::new("an edit of text was asked for in a table"));
        }
        for cell in &asked.cells {
            let column = block.columns.get(cell.column as usize);
            let column = column.ok_or_else(|| DataError::new("an edit falls on a column that is not there"))?;
            let unknown = || DataError::new("an edit falls on a column that is not there");
            let schema = opened.leaves.get(column.index).ok_or_else(unknown)?;
            let before = match column.records {
                Some(_) => values_before.get(column.index).copied().ok_or_else(unknown)?,
                None => start as u64,
            };
            let position = || position(&block, cell.column as usize, cell.row as usize, schema);
            check(&block, cell.column as usize, cell.row as usize, schema, cell.value.as_deref(), group)
                .map_err(|error| error.at(position()))?;
            let leaf_edits = edits.get_mut(column.index).ok_or_else(unknown)?;
            let pushed = leaf_edits.push(before + u64::from(cell.row), cell.value.as_deref());
            pushed.map_err(|error| error.at(position()))?;
        }
        for column in block.columns.iter().filter(|column| column.records.is_some()) {
            if let Some(before) = values_before.get_mut(column.index) {
                *before += column.values.len() as u64;
            }
        }
    }
    Ok(edits)
}

/// Row and column of a cell, for an error.
fn position(block: &TableBlock, column: usize, row: usize, schema: &LeafSchema) -> Position {
    let records = block.columns.get(column).and_then(|column| column.records.as_ref());
    let record = records.map_or(row as u64, |records| records.get(row).copied().unwrap_or(0).into());
    Position::Row { table: None, row: block.first_row + record, column: Some(schema.name.clone()) }
}

/// Holds a new value against the column's type.
fn check(
    block: &TableBlock,
    column: usize,
    row: usize,
    schema: &LeafSchema,
    value: Option<&[u8]>,
    group: &RowGroupMetaData,
) -> Result<(), DataError> {
    let chunk = group.columns().get(schema.index).ok_or_else(gone)?;
    admitted(block, (column, row), value, schema.nullable, |value| encode(schema, chunk.column_type(), value).map(drop))
        .map(drop)
}

/// One row group that is being written.
struct GroupWriter<'a> {
    opened: &'a Opened,
    group: &'a RowGroupMetaData,
    number: usize,
    first_row: u64,
    surveys: &'a [Survey],
    edits: &'a [LeafEdits],
}

/// What closing a row group leaves to be written after it.
struct Closed {
    metadata: RowGroupMetaData,
    bloom_filters: Vec<Option<Sbbf>>,
    column_indexes: Vec<Option<ColumnIndexMetaData>>,
    offset_indexes: Vec<Option<OffsetIndexMetaData>>,
}

impl GroupWriter<'_> {
    fn write(&self, out: &mut TrackedWrite<Output<'_>>, indexes: &mut Indexes) -> Result<RowGroupMetaData, DataError> {
        let mut closed = None;
        let ordinal = i32::try_from(self.number).map_err(|_| DataError::new("too many row groups"))?;
        let schema = self.opened.file_metadata().schema_descr_ptr();
        let properties = self.properties();
        let writer_error = |reason: String| DataError::new(format!("row group {}: {reason}", self.number + 1));
        let on_close = |_: &mut _, metadata, bloom_filters, column_indexes, offset_indexes| {
            closed = Some(Closed { metadata, bloom_filters, column_indexes, offset_indexes });
            Ok(())
        };
        let mut writer =
            SerializedRowGroupWriter::new(schema, properties, &mut *out, ordinal, Some(Box::new(on_close)));
        for ((chunk, schema), edits) in self.group.columns().iter().zip(&self.opened.leaves).zip(self.edits) {
            if edits.is_empty() {
                self.copy(&mut writer, chunk, schema)?;
            } else {
                self.encode(&mut writer, chunk, schema, edits)?;
            }
        }
        guard(|| writer.close()).map_err(writer_error)?;
        let Closed { mut metadata, bloom_filters, column_indexes, offset_indexes } =
            closed.ok_or_else(|| writer_error("it was not closed".into()))?;
        for (column, filter) in bloom_filters.into_iter().enumerate() {
            if let Some(filter) = filter {
                let chunk = metadata.columns_mut().get_mut(column);
                let chunk = chunk.ok_or_else(|| writer_error("a bloom filter without a column".into()))?;
                guard(|| write_bloom_filter(&filter, out, chunk)).map_err(writer_error)?;
            }
        }
        for (column, (values, offsets)) in column_indexes.into_iter().zip(offset_indexes).enumerate() {
            // What the source did not have is not added.
            let source = self.group.columns().get(column);
            let values = values.filter(|_| source.is_some_and(|chunk| chunk.column_index_offset().is_some()));
            let offsets = offsets.filter(|_| source.is_some_and(|chunk| chunk.offset_index_offset().is_some()));
            indexes.put(self.number, column, values, offsets);
        }
        Ok(metadata)
    }

    /// The settings that encode each changed leaf as it was.
    fn properties(&self) -> WriterPropertiesPtr {
        let changed = || {
            let leaves = self.group.columns().iter().zip(self.surveys).zip(self.edits);
            leaves.filter(|(_, edits)| !edits.is_empty()).map(|(leaf, _)| leaf)
        };
        let sorted = self.group.sorting_columns().filter(|columns| {
            columns.iter().all(|sorted| {
                let edits = usize::try_from(sorted.column_idx).ok().and_then(|index| self.edits.get(index));
                edits.is_some_and(LeafEdits::is_empty)
            })
        });
        let version = if changed().any(|(_, survey)| survey.version_2) {
            WriterVersion::PARQUET_2_0
        } else {
            WriterVersion::PARQUET_1_0
        };
        let mut builder = WriterProperties::builder().set_writer_version(version).set_sorting_columns(sorted.cloned());
        for (chunk, survey) in changed() {
            let path: ColumnPath = chunk.column_path().clone();
            builder = builder
                .set_column_compression(path.clone(), chunk.compression())
                .set_column_dictionary_enabled(path.clone(), survey.dictionary)
                .set_column_encoding(path.clone(), fallback_encoding(chunk.column_type(), survey.encoding))
                .set_column_statistics_enabled(path.clone(), statistics(chunk));
            if chunk.bloom_filter_offset().is_some() {
                let most = u64::try_from(chunk.num_values()).unwrap_or(1).max(1);
                builder = builder
                    .set_column_bloom_filter_fpp(path.clone(), DEFAULT_BLOOM_FILTER_FPP)
                    .set_column_bloom_filter_max_ndv(path, most);
            }
        }
        Arc::new(builder.build())
    }

    /// Copies a leaf that has no edits, with all that belongs to it.
    fn copy(
        &self,
        writer: &mut SerializedRowGroupWriter<'_, Output<'_>>,
        chunk: &ColumnChunkMetaData,
        schema: &LeafSchema,
    ) -> Result<(), DataError> {
        let index = self.opened.metadata.page_index();
        let fail = |reason: String| damaged(self.opened, self.number, schema.index, &reason);
        let bloom_filter = guard(|| Sbbf::read_from_column_chunk(chunk, self.opened.source.as_ref())).map_err(fail)?;
        let mut metadata = chunk.clone();
        // Old writers compared bytes as signed; readers know them by `created_by`, which does not stay.
        let bytes = matches!(chunk.column_type(), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY);
        let signed = chunk.statistics().is_some_and(|statistics| {
            statistics.is_min_max_deprecated() && (statistics.min_bytes_opt().or(statistics.max_bytes_opt())).is_some()
        });
        if bytes && signed {
            metadata = guard(|| metadata.into_builder().clear_statistics().build()).map_err(fail)?;
        }
        let result = ColumnCloseResult {
            bytes_written: u64::try_from(chunk.compressed_size()).unwrap_or(0),
            rows_written: self.group.num_rows().unsigned_abs(),
            metadata,
            bloom_filter,
            column_index: index.and_then(|index| index.column_index(self.number, schema.index)).cloned(),
            offset_index: index.and_then(|index| index.offset_index(self.number, schema.index)).cloned(),
        };
        guard(|| writer.append_column(self.opened.source.as_ref(), result)).map_err(fail)
    }

    fn encode(
        &self,
        writer: &mut SerializedRowGroupWriter<'_, Output<'_>>,
        chunk: &ColumnChunkMetaData,
        schema: &LeafSchema,
        edits: &LeafEdits,
    ) -> Result<(), DataError> {
        match chunk.column_type() {
            Type::BYTE_ARRAY => self.encode_typed::<ByteArrayType>(writer, chunk, schema, edits),
            Type::FIXED_LEN_BYTE_ARRAY => self.encode_typed::<FixedLenByteArrayType>(writer, chunk, schema, edits),
            Type::INT32 => self.encode_typed::<Int32Type>(writer, chunk, schema, edits),
            Type::INT64 => self.encode_typed::<Int64Type>(writer, chunk, schema, edits),
            Type::DOUBLE => self.encode_typed::<DoubleType>(writer, chunk, schema, edits),
            Type::FLOAT => self.encode_typed::<FloatType>(writer, chunk, schema, edits),
            Type::BOOLEAN | Type::INT96 => {
                Err(damaged(self.opened, self.number, schema.index, "an edit falls on a column that is not examined"))
            }
        }
    }

    /// Decodes a leaf once more, carries out its edits, and encodes it.
    fn encode_typed<T>(
        &self,
        writer: &mut SerializedRowGroupWriter<'_, Output<'_>>,
        chunk: &ColumnChunkMetaData,
        schema: &LeafSchema,
        edits: &LeafEdits,
    ) -> Result<(), DataError>
    where
        T: DataType,
        T::T: Accept + Weight,
    {
        let fail = |reason: String| damaged(self.opened, self.number, schema.index, &reason);
        let rows = usize::try_from(self.group.num_rows()).unwrap_or(0);
        let survey = self.surveys.get(schema.index).copied().unwrap_or_default();
        let missing = || ParquetError::General("no column is left to write".into());
        let mut column = guard(|| writer.next_column()?.ok_or_else(missing)).map_err(fail)?;
        let mut leaf = guard(|| TypedLeaf::<T>::open(&self.opened.source, chunk, rows, &survey)).map_err(fail)?;
        let mut edits = edits.iter().peekable();
        let (mut done, mut place) = (0, 0);
        loop {
            let read = guard(|| leaf.next(STEP)).map_err(fail)?;
            if read == 0 {
                break;
            }
            let row = self.first_row + done as u64;
            place = apply(&mut leaf, schema, place, &mut edits)
                .map_err(|error| error.at(Position::Row { table: None, row, column: Some(schema.name.clone()) }))?;
            let definitions = (chunk.column_descr().max_def_level() > 0).then_some(leaf.definitions.as_slice());
            let repetitions = (chunk.column_descr().max_rep_level() > 0).then_some(leaf.repetitions.as_slice());
            guard(|| column.typed::<T>().write_batch(&leaf.values, definitions, repetitions)).map_err(fail)?;
            done += read;
        }
        if done != rows || edits.peek().is_some() {
            return Err(fail("it changed while it was being read".into()));
        }
        guard(|| column.close()).map_err(fail)
    }
}

fn write_bloom_filter(
    filter: &Sbbf,
    out: &mut TrackedWrite<Output<'_>>,
    chunk: &mut ColumnChunkMetaData,
) -> Result<(), ParquetError> {
    let start = out.bytes_written();
    filter.write(&mut *out)?;
    let length = out.bytes_written() - start;
    let builder = chunk.clone().into_builder();
    *chunk = builder
        .set_bloom_filter_offset(Some(i64::try_from(start)?))
        .set_bloom_filter_length(Some(i32::try_from(length)?))
        .build()?;
    Ok(())
}

/// The kinds of statistics that the source had.
fn statistics(chunk: &ColumnChunkMetaData) -> EnabledStatistics {
    if matches!(chunk.column_type(), Type::DOUBLE | Type::FLOAT) {
        // The crate orders them otherwise than the source's footer states.
        EnabledStatistics::None
    } else if chunk.column_index_offset().is_some() {
        EnabledStatistics::Page
    } else if chunk.statistics().is_some() {
        EnabledStatistics::Chunk
    } else {
        EnabledStatistics::None
    }
}

/// The encoding of pages without a dictionary: the source's, where it can be written.
fn fallback_encoding(physical: Type, source: Option<i32>) -> Encoding {
    match (source, physical) {
        (Some(5), Type::INT32 | Type::INT64) => Encoding::DELTA_BINARY_PACKED,
        (Some(6), Type::BYTE_ARRAY) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        (Some(7), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY) => Encoding::DELTA_BYTE_ARRAY,
        (Some(9), Type::INT32 | Type::INT64 | Type::DOUBLE | Type::FLOAT | Type::FIXED_LEN_BYTE_ARRAY) => {
            Encoding::BYTE_STREAM_SPLIT
        }
        _ => Encoding::PLAIN,
    }
}
