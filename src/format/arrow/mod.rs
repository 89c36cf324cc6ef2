//! Arrow: files with a footer (Feather V2) and streams; reader and writer.
//!
//! Data are read message by message and leaf by leaf, from front to back, and rewritten the same way: what does not
//! change is copied byte for byte, of a record batch only the buffers of the leaves that change are written anew,
//! compressed as they were. Flatbuffers are verified by the library that makes them; buffers are read here and not by
//! the `arrow` crate, whose reader holds a record batch as a whole and trusts what its metadata declare.
//!
//! Memory: the metadata of a message, the dictionaries, one block of rows; when rewriting also the edits of one record
//! batch and the new buffers of its changed leaves.

mod buffer;
mod column;
mod dictionary;
mod encode;
mod leaf;
mod message;
mod open;
mod rewrite;
mod schema;
#[cfg(test)]
mod tests;
mod walk;
mod without;

use std::fs::File;

use ::arrow::ipc::MessageHeader;

use self::open::Opened;
use self::walk::{BLOCK_BYTES, Extent, Met, walk};
use super::{Access, Confidence, Container, Format, Part, Reading};
use crate::block::{Block, Edits};
use crate::error::DataError;

/// The Arrow format.
pub struct Arrow;

impl Format for Arrow {
    fn name(&self) -> &'static str {
        "arrow"
    }

    /// The first version of Feather is recognized as well, so that it is refused by name.
    fn sniff(&self, sample: &[u8]) -> Confidence {
        let is_file = sample.starts_with(open::START) || sample.starts_with(b"FEA1");
        if is_file || is_stream(sample) { Confidence::Certain } else { Confidence::No }
    }

    fn open(&self) -> Access {
        Access::Container(Box::new(Arrow))
    }
}

/// Whether `sample` begins with a message that holds a schema.
fn is_stream(sample: &[u8]) -> bool {
    let (first, rest) = match sample.split_first_chunk::<4>() {
        Some(([0xff, 0xff, 0xff, 0xff], rest)) => match rest.split_first_chunk::<4>() {
            Some(split) => split,
            None => return false,
        },
        Some(split) => split,
        None => return false,
    };
    let Ok(length) = usize::try_from(i32::from_le_bytes(*first)) else { return false };
    match rest.get(..length) {
        Some(metadata) if length >= 8 => {
            ::arrow::ipc::root_as_message(metadata).is_ok_and(|message| message.header_type() == MessageHeader::Schema)
        }
        // A schema longer than the sample; no text starts like this.
        None => sample.starts_with(&[0xff; 4]) && length < 256 << 20,
        Some(_) => false,
    }
}

impl Container for Arrow {
    fn take_apart(
        &self,
        file: &File,
        reading: &Reading<'_>,
        visit: &mut dyn FnMut(Part) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let extent = Extent { block_bytes: reading.block_bytes.min(BLOCK_BYTES), whole: false };
        blocks(file, &extent, &mut |block| visit(Part::Block(block)))
    }

    fn read(&self, file: &File, visit: &mut dyn FnMut(Block) -> Result<(), DataError>) -> Result<(), DataError> {
        blocks(file, &Extent { block_bytes: BLOCK_BYTES, whole: true }, visit)
    }

    fn removable(&self, file: &File, columns: &[usize]) -> Result<(), DataError> {
        without::removable(&Opened::new(file)?, columns)
    }

    fn without_columns(&self, file: &mut File, out: &mut File, columns: &[usize]) -> Result<(), DataError> {
        without::write(&Opened::new(file)?, columns, out)
    }

    fn rewrite(
        &self,
        file: &File,
        out: &mut File,
        edit: &mut dyn FnMut(&Block) -> Result<Edits, DataError>,
    ) -> Result<(), DataError> {
        rewrite::rewrite(&Opened::new(file)?, out, edit)
    }
}

fn blocks(
    file: &File,
    extent: &Extent,
    visit: &mut dyn FnMut(Block) -> Result<(), DataError>,
) -> Result<(), DataError> {
    walk(&Opened::new(file)?, extent, &mut |met| match met {
        Met::Note(note) => visit(Block::Text(note.block)),
        Met::Unused { block, .. } => visit(Block::Table(block)),
        Met::Rows(rows) => visit(Block::Table(rows.block)),
        Met::Dictionary { .. } | Met::Batch { .. } => Ok(()),
    })
}

/// Data that cannot be read, with what to do about it.
fn unreadable(reason: impl Into<String>) -> DataError {
    DataError::new(format!("the Arrow data are damaged or of a kind that cannot be read: {}", reason.into())).advise(
        "fetch them again from where they came from, or write them again with the tool that made them; nothing was written",
    )
}
