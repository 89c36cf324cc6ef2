//! Parquet: reader and writer.
//!
//! A file is read leaf column by leaf column (definition and repetition levels and all), and rewritten the same way:
//! a column chunk in which nothing changes is copied byte for byte, a chunk in which something does is encoded anew with
//! the codec, encodings and kinds of statistics that it had. It must never write a file of which some part could not be
//! read, and nothing of a replaced value may stay behind in statistics, page indexes or bloom filters.
//!
//! Memory: the footer; one batch of the examined columns (about 16 MiB, more where single values are larger) with a page
//! and a dictionary of each; when rewriting also the edits of one row group and one encoded column chunk.

mod batch;
mod bounds;
mod column;
mod edits;
mod flat;
mod footer;
mod group;
mod hybrid;
#[macro_use]
mod leaf;
mod notes;
mod open;
mod rewrite;
mod schema;
mod source;
mod survey;
#[cfg(test)]
mod tests;
mod thrift;
mod without;

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use parquet::errors::ParquetError;

use self::group::{BLOCK_BYTES, Group, UndecodedBlock};
use self::open::Opened;
use super::{Access, Confidence, Container, Format, Part, Reading, Values};
use crate::block::{Block, Edits};
use crate::error::DataError;
use crate::scalar::Typed;

/// The Parquet format.
pub struct Parquet;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    /// An encrypted file (`PARE`) is recognized as well, so that it is refused by name.
    fn sniff(&self, sample: &[u8]) -> Confidence {
        if sample.starts_with(b"PAR1") || sample.starts_with(b"PARE") { Confidence::Certain } else { Confidence::No }
    }

    fn open(&self) -> Access {
        Access::Container(Box::new(Parquet))
    }
}

impl Container for Parquet {
    fn take_apart(
        &self,
        file: &File,
        reading: &Reading<'_>,
        visit: &mut dyn FnMut(Part) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let opened = Arc::new(Opened::new(file, false)?);
        for note in notes::notes(&opened)? {
            visit(Part::Block(Block::Text(note.block)))?;
        }
        let block_bytes = reading.block_bytes.min(BLOCK_BYTES);
        let mut first_row = 1;
        for (number, metadata) in opened.metadata.row_groups().iter().enumerate() {
            let mut passed_over = Vec::new();
            if let Some(may_hold) = reading.may_hold {
                for (chunk, leaf) in metadata.columns().iter().zip(&opened.leaves) {
                    let typed = leaf.typed();
                    if typed.is_some_and(|typed| may_hold(&leaf.name, Values::Typed(typed))) {
                        continue;
                    }
                    if typed == Some(Typed::Date) {
                        passed_over.push(leaf.index);
                        continue;
                    }
                    let bounds = bounds::of(chunk, leaf).map(|(least, most)| Values::Whole(least, most));
                    if bounds.is_some_and(|bounds| !may_hold(&leaf.name, bounds)) {
                        passed_over.push(leaf.index);
                        let values = chunk.num_values().unsigned_abs();
                        visit(Part::ByStatistics { column: leaf.name.clone(), values })?;
                    }
                }
            }
            let group = Arc::new(Group::new(&opened, number, first_row, block_bytes, &passed_over)?);
            for start in group.starts() {
                visit(Part::Undecoded(Box::new(UndecodedBlock { group: Arc::clone(&group), start })))?;
            }
            first_row += metadata.num_rows().unsigned_abs();
        }
        Ok(())
    }

    fn read(&self, file: &File, visit: &mut dyn FnMut(Block) -> Result<(), DataError>) -> Result<(), DataError> {
        let opened = Arc::new(Opened::new(file, false)?);
        for note in notes::notes(&opened)? {
            visit(Block::Text(note.block))?;
        }
        let mut first_row = 1;
        for (number, metadata) in opened.metadata.row_groups().iter().enumerate() {
            let group = Group::new(&opened, number, first_row, BLOCK_BYTES, &[])?;
            group.drain_others()?;
            for start in group.starts() {
                let block = group.block(start)?;
                if block.rows > 0 {
                    visit(Block::Table(block))?;
                }
            }
            first_row += metadata.num_rows().unsigned_abs();
        }
        Ok(())
    }

    fn removable(&self, file: &File, columns: &[usize]) -> Result<(), DataError> {
        without::removable(&Opened::new(file, false)?, columns)
    }

    fn without_columns(&self, file: &mut File, out: &mut File, columns: &[usize]) -> Result<(), DataError> {
        without::take_out(file, columns)?;
        rewrite::rewrite(&Arc::new(Opened::new(file, true)?), out, &mut |_| Ok(Edits::default()))
    }

    fn rewrite(
        &self,
        file: &File,
        out: &mut File,
        edit: &mut dyn FnMut(&Block) -> Result<Edits, DataError>,
    ) -> Result<(), DataError> {
        rewrite::rewrite(&Arc::new(Opened::new(file, true)?), out, edit)
    }
}

/// A file that cannot be read, with what to do about it.
fn unreadable(reason: impl Into<String>) -> DataError {
    DataError::new(format!("the Parquet file is damaged or of a kind that cannot be read: {}", reason.into())).advise(
        "fetch it again from where it came from, or write it again with the tool that made it; nothing was written",
    )
}

thread_local! {
    /// This thread is inside [`guard`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}
static HOOK: Once = Once::new();

/// Calls into the `parquet` crate. Its decoders trust much of what they read and panic on some damaged files (a slice
/// past a page's end, a division by a zero width): one bad file must not end the night, so a panic becomes an error
/// here, at the only place where the crate is entered. Nothing that such a call has touched is used after it failed.
/// The panic's message is not printed: it may quote the data.
fn guard<T>(call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                previous(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(outer);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(describe(&error)),
        Err(_) => Err("its bytes make no sense to the decoder".into()),
    }
}

/// The error in words. What it quotes is cut short and stripped of control characters.
fn describe(error: &ParquetError) -> String {
    let text = match error {
        ParquetError::General(text) | ParquetError::EOF(text) => text.clone(),
        ParquetError::NYI(text) => format!("not supported: {text}"),
        other => other.to_string(),
    };
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}
