//! Reads one row group as blocks: all examined leaves side by side, the same records in each.
//!
//! Every leaf is decoded to its end, also those that are not examined: a file that is reported as read has been read.

use std::sync::Arc;

use parquet::file::metadata::RowGroupMetaData;

use super::column::{Built, build};
use super::guard;
use super::leaf::Leaf;
use super::open::Opened;
use super::schema::{LeafSchema, Shape};
use super::survey::{Survey, survey};
use crate::block::{ColumnKind, TableBlock, TableContext};
use crate::error::{DataError, Position};

/// Records of a block, at most.
const MAX_RECORDS: usize = 64 << 10;
/// Bytes of a block that are aimed at.
const BLOCK_BYTES: u64 = 16 << 20;
/// Values of one repeated column in a block that are aimed at.
const BLOCK_VALUES: u64 = 1 << 20;

/// One row group that is being read.
pub(super) struct GroupReader<'a> {
    opened: &'a Opened,
    group: &'a RowGroupMetaData,
    number: usize,
    surveys: Vec<Survey>,
    examined: Vec<(Leaf, &'a LeafSchema)>,
    rows: usize,
    done: usize,
    batch: usize,
    first_row: u64,
}

/// Names the column and row group that could not be read.
pub(super) fn damaged(opened: &Opened, group: usize, leaf: usize, reason: &str) -> DataError {
    let column = opened.leaves.get(leaf).map(|leaf| leaf.name.clone()).unwrap_or_default();
    super::unreadable(format!("row group {}: {reason}", group + 1)).at(Position::Column { table: None, column })
}

impl<'a> GroupReader<'a> {
    /// Opens row group `number` (from 0), whose first record is row `first_row` (from 1) of the file.
    ///
    /// # Errors
    /// When a page header is damaged, or a codec is not known.
    pub(super) fn open(
        opened: &'a Opened,
        group: &'a RowGroupMetaData,
        number: usize,
        first_row: u64,
    ) -> Result<Self, DataError> {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let mut surveys = Vec::with_capacity(group.num_columns());
        let mut examined = Vec::new();
        for (chunk, schema) in group.columns().iter().zip(&opened.leaves) {
            let fail = |reason: &str| damaged(opened, number, schema.index, reason);
            let survey = survey(&opened.source, chunk).map_err(|reason| fail(&reason))?;
            surveys.push(survey);
            let mut leaf =
                guard(|| Leaf::open(&opened.source, chunk, rows, &survey)).map_err(|reason| fail(&reason))?;
            if schema.shape == Shape::Other {
                // Read here and now: the leaf keeps nothing open and nothing of it is held.
                let read = guard(|| Ok(leaf.drain(rows)? + leaf.next(1)?)).map_err(|reason| fail(&reason))?;
                if read != rows {
                    return Err(fail("it does not hold as many rows as its row group"));
                }
            } else {
                examined.push((leaf, schema));
            }
        }
        let batch = batch_size(group, &opened.leaves);
        Ok(GroupReader { opened, group, number, surveys, examined, rows, done: 0, batch, first_row })
    }

    /// How each chunk of the row group is encoded.
    pub(super) fn surveys(&self) -> &[Survey] {
        &self.surveys
    }

    /// The next block and the record (from 0 in the row group) that it starts with; `None` at the end.
    ///
    /// # Errors
    /// When a column cannot be decoded or ends early or late.
    pub(super) fn next_block(&mut self) -> Result<Option<(usize, TableBlock)>, DataError> {
        let start = self.done;
        let records = self.batch.min(self.rows - start);
        let mut columns = Vec::with_capacity(self.examined.len());
        let mut not_text = Vec::new();
        for (leaf, schema) in &mut self.examined {
            // At the end of the row group one more record is asked for: there must be none.
            let fail = |reason: &str| damaged(self.opened, self.number, schema.index, reason);
            let read = guard(|| leaf.next(records.max(1))).map_err(|reason| fail(&reason))?;
            if read != records {
                return Err(fail("it does not hold as many rows as its row group"));
            }
            if records == 0 {
                continue;
            }
            let dictionary = self.surveys.get(schema.index).is_some_and(|survey| survey.dictionary);
            let built = guard(|| Ok(build(leaf, schema.index, schema.shape, dictionary)));
            if let Some(Built { column, text }) = built.map_err(|reason| fail(&reason))?? {
                if !text {
                    not_text.push(schema.index);
                }
                columns.push(column);
            }
        }
        if records == 0 {
            return Ok(None);
        }
        self.done += records;
        let table = if not_text.is_empty() {
            Arc::clone(&self.opened.context)
        } else {
            Arc::new(without_text(&self.opened.context, &not_text))
        };
        let first_row = self.first_row + start as u64;
        Ok(Some((start, TableBlock { table, columns, rows: records, first_row, text: None })))
    }

    /// The row group's entry in the footer.
    pub(super) fn metadata(&self) -> &'a RowGroupMetaData {
        self.group
    }
}

/// The context of a block in which `columns` hold bytes that are no text: examined, but not rewritten.
fn without_text(context: &TableContext, columns: &[usize]) -> TableContext {
    let mut context = context.clone();
    for &index in columns {
        if let Some(column) = context.columns.get_mut(index) {
            column.kind = ColumnKind::Fixed("bytes that are not UTF-8 text".into());
        }
    }
    context
}

/// Records per block, so that a block is neither much larger nor much smaller than it should be.
fn batch_size(group: &RowGroupMetaData, leaves: &[LeafSchema]) -> usize {
    let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
    let mut bytes = 0u64;
    let mut most_values = rows;
    for (chunk, _) in group.columns().iter().zip(leaves).filter(|(_, leaf)| leaf.shape != Shape::Other) {
        bytes = bytes.saturating_add(u64::try_from(chunk.uncompressed_size()).unwrap_or(0));
        most_values = most_values.max(u64::try_from(chunk.num_values()).unwrap_or(0));
    }
    let by_bytes = BLOCK_BYTES / (bytes / rows).max(1);
    let by_values = BLOCK_VALUES / (most_values / rows).max(1);
    usize::try_from(by_bytes.min(by_values)).unwrap_or(MAX_RECORDS).clamp(1, MAX_RECORDS)
}
