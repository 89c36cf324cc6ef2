//! Reads one row group as blocks: all examined leaves side by side, the same records in each.
//!
//! Blocks are decoded wherever they are asked for, in any order: a reader steps over the records before its block, page
//! by page and without decoding them, and stays for the block behind it. Every page of an examined leaf is decoded for
//! some block, to the leaf's end. It must never believe a page header on how many records it steps over: of a repeated
//! leaf they are counted.

use std::sync::{Arc, Mutex, PoisonError};

use parquet::file::metadata::RowGroupMetaData;

use super::column::{Built, build};
use super::guard;
use super::leaf::Leaf;
use super::open::Opened;
use super::schema::{LeafSchema, Shape};
use super::survey::{Survey, survey};
use crate::block::{Block, TableBlock};
use crate::error::{DataError, Position};
use crate::format::Undecoded;
use crate::format::columnar::without_text;

/// Records of a block, at most.
const MAX_RECORDS: usize = 64 << 10;
/// Bytes of a block that are aimed at.
pub(super) const BLOCK_BYTES: u64 = 16 << 20;
/// Values of one repeated column in a block that are aimed at.
const BLOCK_VALUES: u64 = 1 << 20;

/// One row group, surveyed.
pub(super) struct Group {
    opened: Arc<Opened>,
    number: usize,
    first_row: u64,
    surveys: Vec<Survey>,
    /// The leaves that are decoded into blocks.
    examined: Vec<usize>,
    rows: usize,
    batch: usize,
    idle: Mutex<Idle>,
}

/// Readers that wait for their next block, no more than blocks are still to come.
#[derive(Default)]
struct Idle {
    readers: Vec<GroupReader>,
    begun: usize,
}

/// The examined leaves of a row group, all at the same record.
struct GroupReader {
    leaves: Vec<Leaf>,
    done: usize,
}

/// Names the column and row group that could not be read.
pub(super) fn damaged(opened: &Opened, group: usize, leaf: usize, reason: &str) -> DataError {
    let column = opened.leaves.get(leaf).map(|leaf| leaf.name.clone()).unwrap_or_default();
    super::unreadable(format!("row group {}: {reason}", group + 1)).at(Position::Column { table: None, column })
}

impl Group {
    /// Surveys row group `number` (from 0), whose first record is row `first_row` (from 1) of the file. Of the leaves
    /// that can hold what is looked for, those that `passed_over` names are not decoded.
    ///
    /// # Errors
    /// When a page header is damaged.
    pub(super) fn new(
        opened: &Arc<Opened>,
        number: usize,
        first_row: u64,
        block_bytes: u64,
        passed_over: &[usize],
    ) -> Result<Self, DataError> {
        let opened = Arc::clone(opened);
        let missing = || super::unreadable(format!("row group {} is missing", number + 1));
        let group = opened.metadata.row_groups().get(number).ok_or_else(missing)?;
        let mut surveys = Vec::with_capacity(group.num_columns());
        for (chunk, schema) in group.columns().iter().zip(&opened.leaves) {
            let survey = survey(&opened.source, chunk);
            surveys.push(survey.map_err(|reason| damaged(&opened, number, schema.index, &reason))?);
        }
        let is_examined = |leaf: &&LeafSchema| leaf.shape != Shape::Other && !passed_over.contains(&leaf.index);
        let examined = opened.leaves.iter().filter(is_examined).map(|leaf| leaf.index).collect();
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let batch = batch_size(group, &opened.leaves, block_bytes);
        let idle = Mutex::default();
        Ok(Group { surveys, examined, rows, batch, number, first_row, idle, opened })
    }

    /// How each chunk of the row group is encoded.
    pub(super) fn surveys(&self) -> &[Survey] {
        &self.surveys
    }

    /// The first records of the blocks. A row group without records has one block without any: that it is without
    /// has to be seen.
    pub(super) fn starts(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.rows.max(1)).step_by(self.batch)
    }

    /// Decodes the leaves that are not examined to their end, keeping nothing.
    ///
    /// # Errors
    /// When one cannot be decoded or ends early or late.
    pub(super) fn drain_others(&self) -> Result<(), DataError> {
        for leaf in &self.opened.leaves {
            if !self.examined.contains(&leaf.index) {
                let mut open = self.open_leaf(leaf.index)?;
                let read = guard(|| Ok(open.drain(self.rows)? + open.next(1)?));
                self.whole(leaf.index, read, self.rows)?;
            }
        }
        Ok(())
    }

    /// The block that starts with record `start` (from 0 in the row group).
    ///
    /// # Errors
    /// When a column cannot be decoded or ends early or late.
    pub(super) fn block(&self, start: usize) -> Result<TableBlock, DataError> {
        let records = self.batch.min(self.rows.saturating_sub(start));
        let mut reader = self.reader_for(start)?;
        let mut columns = Vec::with_capacity(self.examined.len());
        let mut not_text = Vec::new();
        for (leaf, &index) in reader.leaves.iter_mut().zip(&self.examined) {
            self.whole(index, guard(|| leaf.skip(start - reader.done)), start - reader.done)?;
            self.whole(index, guard(|| leaf.next(records)), records)?;
            if let Some(Built { column, text }) = self.build(leaf, index)? {
                if !text {
                    not_text.push(index);
                }
                columns.push(column);
            }
            if start + records == self.rows {
                // At the end of the row group one more record is asked for: there must be none.
                self.whole(index, guard(|| leaf.next(1)), 0)?;
            }
            leaf.forget();
        }
        reader.done = start + records;
        if reader.done < self.rows {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.readers.len() < self.starts().count().saturating_sub(idle.begun) {
                idle.readers.push(reader);
            }
        }
        let context = &self.opened.context;
        let table = if not_text.is_empty() { Arc::clone(context) } else { Arc::new(without_text(context, &not_text)) };
        Ok(TableBlock { table, columns, rows: records, first_row: self.first_row + start as u64, text: None })
    }

    /// The reader that has least to step over before record `start`, or a new one.
    fn reader_for(&self, start: usize) -> Result<GroupReader, DataError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.begun += 1;
        let to_come = self.starts().count().saturating_sub(idle.begun);
        let before = idle.readers.iter().enumerate().filter(|(_, reader)| reader.done <= start);
        let nearest = before.max_by_key(|(_, reader)| reader.done).map(|(at, _)| at);
        let nearest = nearest.map(|at| idle.readers.swap_remove(at));
        idle.readers.truncate(to_come);
        drop(idle);
        if let Some(reader) = nearest {
            return Ok(reader);
        }
        let leaves = self.examined.iter().map(|&index| self.open_leaf(index)).collect::<Result<_, _>>()?;
        Ok(GroupReader { leaves, done: 0 })
    }

    fn open_leaf(&self, index: usize) -> Result<Leaf, DataError> {
        let fail = |reason: &str| damaged(&self.opened, self.number, index, reason);
        let missing = || fail("it is missing");
        let chunk = self.metadata().and_then(|group| group.columns().get(index)).ok_or_else(missing)?;
        let survey = self.surveys.get(index).ok_or_else(missing)?;
        let text = self.opened.leaves.get(index).is_some_and(|leaf| matches!(leaf.shape, Shape::Bytes { .. }));
        guard(|| Leaf::open(&self.opened.source, chunk, self.rows, survey, text)).map_err(|reason| fail(&reason))
    }

    fn build(&self, leaf: &mut Leaf, index: usize) -> Result<Option<Built>, DataError> {
        let Some(schema) = self.opened.leaves.get(index) else { return Ok(None) };
        let dictionary = self.surveys.get(index).is_some_and(|survey| survey.dictionary);
        let built = guard(|| Ok(build(leaf, index, schema.shape, dictionary)));
        built.map_err(|reason| damaged(&self.opened, self.number, index, &reason))?
    }

    /// Refuses a leaf that could not be read, or in which `read` records were where `expected` must be.
    fn whole(&self, index: usize, read: Result<usize, String>, expected: usize) -> Result<(), DataError> {
        let reason = match read {
            Ok(read) if read == expected => return Ok(()),
            Ok(_) => "it does not hold as many rows as its row group".to_owned(),
            Err(reason) => reason,
        };
        Err(damaged(&self.opened, self.number, index, &reason))
    }

    /// The row group's entry in the footer.
    pub(super) fn metadata(&self) -> Option<&RowGroupMetaData> {
        self.opened.metadata.row_groups().get(self.number)
    }
}

/// A block of a row group that is yet to be decoded.
pub(super) struct UndecodedBlock {
    pub(super) group: Arc<Group>,
    pub(super) start: usize,
}

impl Undecoded for UndecodedBlock {
    fn decode(self: Box<Self>) -> Result<Block, DataError> {
        self.group.block(self.start).map(Block::Table)
    }
}

/// Records per block, so that a block is neither much larger nor much smaller than it should be.
fn batch_size(group: &RowGroupMetaData, leaves: &[LeafSchema], block_bytes: u64) -> usize {
    let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
    let mut bytes = 0u64;
    let mut most_values = rows;
    for (chunk, _) in group.columns().iter().zip(leaves).filter(|(_, leaf)| leaf.shape != Shape::Other) {
        bytes = bytes.saturating_add(u64::try_from(chunk.uncompressed_size()).unwrap_or(0));
        most_values = most_values.max(u64::try_from(chunk.num_values()).unwrap_or(0));
    }
    let by_bytes = block_bytes / (bytes / rows).max(1);
    let by_values = BLOCK_VALUES / (most_values / rows).max(1);
    usize::try_from(by_bytes.min(by_values)).unwrap_or(MAX_RECORDS).clamp(1, MAX_RECORDS)
}
