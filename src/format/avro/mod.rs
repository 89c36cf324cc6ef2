//! Avro object container files: reader and writer.
//!
//! A file is read block by block, and rewritten the same way: a block in which nothing changes is copied byte for byte,
//! of others only the bytes of the values that change are put in anew, and the block compressed as it was. The header
//! stays as it is, to the text of the schema and the mark between blocks. That is why values are walked here: a library
//! that turns them into objects and back writes the schema, the counts and the blocks in its own way.
//!
//! Memory: one block, decompressed, twice when rewriting.

mod codec;
mod container;
mod names;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod without;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use self::container::{MAGIC, Opened, Stored};
use self::value::{Changes, Cursor, Values, put_long, read};
use super::columnar::edits::{admitted, gone};
use super::columnar::notes::refuse_edits;
use super::columnar::without_text;
use super::{Access, Confidence, Container, Format, Part, Reading};
use crate::block::{Block, Column, Edits, TableBlock};
use crate::error::{DataError, Position};

/// Records of a block, at most.
const MAX_RECORDS: u64 = 64 << 10;
/// Bytes of a block that are aimed at.
const BLOCK_BYTES: u64 = 16 << 20;
/// Values of one column in a block, at most.
const MAX_VALUES: usize = 4 << 20;

/// The Avro format.
pub struct Avro;

impl Format for Avro {
    fn name(&self) -> &'static str {
        "avro"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        if sample.starts_with(MAGIC) { Confidence::Certain } else { Confidence::No }
    }

    fn open(&self) -> Access {
        Access::Container(Box::new(Avro))
    }
}

impl Container for Avro {
    fn take_apart(
        &self,
        file: &File,
        reading: &Reading<'_>,
        visit: &mut dyn FnMut(Part) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        each_block(file, reading.block_bytes.min(BLOCK_BYTES), &mut |block| visit(Part::Block(block)))
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
        let opened = Opened::new(file)?;
        refuse_edits(opened.notes()?, edit)?;
        let mut out = BufWriter::with_capacity(1 << 18, out);
        out.write_all(&opened.header)?;
        let mut first_row = 1;
        opened.blocks(&mut |stored| {
            first_row = rewrite_block(&opened, stored, first_row, &mut out, edit)?;
            Ok(())
        })?;
        Ok(out.flush()?)
    }
}

fn each_block(
    file: &File,
    block_bytes: u64,
    visit: &mut dyn FnMut(Block) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let opened = Opened::new(file)?;
    for note in opened.notes()? {
        visit(Block::Text(note.block))?;
    }
    let mut first_row = 1;
    opened.blocks(&mut |stored| {
        let (at, objects) = (stored.at, stored.objects);
        let bytes = opened.codec.unpack(stored.packed).map_err(|error| error.at(Position::Byte(at)))?;
        slices(&opened, &bytes, (objects, first_row), block_bytes, &mut |block, _| visit(Block::Table(block)))
            .map_err(|error| located(error, at))?;
        first_row += objects;
        Ok(())
    })
}

fn located(error: DataError, at: u64) -> DataError {
    if error.position.is_some() { error } else { error.at(Position::Byte(at)) }
}

/// Where the columns of a block start in the Avro block: the record, and for each column the number of its value.
struct Start {
    record: u64,
    values: Vec<u64>,
}

/// Cuts the objects in `bytes` into blocks.
fn slices(
    opened: &Opened,
    bytes: &[u8],
    (objects, first_row): (u64, u64),
    block_bytes: u64,
    visit: &mut dyn FnMut(TableBlock, &Start) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let schema = &opened.schema;
    let mut cursor = Cursor::new(bytes);
    let mut start = Start { record: 0, values: vec![0; schema.columns.len()] };
    while start.record < objects {
        let mut values: Vec<Values> = schema.columns.iter().map(|_| Values::default()).collect();
        cursor.let_go();
        let mut rows = 0u64;
        while rows < MAX_RECORDS && start.record + rows < objects {
            read(schema, &schema.root, &mut cursor, rows as u32, &mut values)?;
            rows += 1;
            let weight: usize = values.iter().map(Values::weight).sum();
            if weight as u64 >= block_bytes || values.iter().any(|values| values.records.len() > MAX_VALUES) {
                break;
            }
        }
        let counts: Vec<u64> = values.iter().map(|values| values.records.len() as u64).collect();
        let (mut columns, mut not_text) = (Vec::new(), Vec::new());
        for (index, (mut values, column)) in values.into_iter().zip(&schema.columns).enumerate() {
            let records = column.repeated.then(|| values.records.clone());
            if column.repeated {
                values.records.shrink_to_fit();
            }
            let Some((values, text)) = values.build(column, rows as usize)? else { continue };
            if !text {
                not_text.push(index);
            }
            columns.push(Column { index, values, records });
        }
        let context = &opened.context;
        let table = if not_text.is_empty() { Arc::clone(context) } else { Arc::new(without_text(context, &not_text)) };
        let first_row = first_row + start.record;
        visit(TableBlock { table, columns, rows: rows as usize, first_row, text: None }, &start)?;
        start.record += rows;
        start.values.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    if !cursor.is_at_end() {
        return Err(unreadable("a block has more bytes than objects"));
    }
    Ok(())
}

fn rewrite_block(
    opened: &Opened,
    stored: Stored,
    first_row: u64,
    out: &mut impl Write,
    edit: &mut dyn FnMut(&Block) -> Result<Edits, DataError>,
) -> Result<u64, DataError> {
    let Stored { at, head, objects, packed } = stored;
    let schema = &opened.schema;
    let bytes = opened.codec.unpack(packed.clone()).map_err(|error| error.at(Position::Byte(at)))?;
    let mut edits: Vec<VecDeque<(u64, Option<Vec<u8>>)>> = schema.columns.iter().map(|_| VecDeque::new()).collect();
    slices(opened, &bytes, (objects, first_row), BLOCK_BYTES, &mut |block, start| {
        let block = Block::Table(block);
        let asked = edit(&block)?;
        let Block::Table(block) = block else { return Ok(()) };
        for cell in asked.cells {
            let column = block.columns.get(cell.column as usize).ok_or_else(gone)?;
            let schema = schema.columns.get(column.index).ok_or_else(gone)?;
            let record =
                column.records.as_ref().map_or(Some(cell.row), |records| records.get(cell.row as usize).copied());
            let row = block.first_row + u64::from(record.ok_or_else(gone)?);
            let value = admitted(
                &block,
                (cell.column as usize, cell.row as usize),
                cell.value.as_deref(),
                schema.nullable,
                |value| schema.encode(value),
            );
            let position = || Position::Row { table: None, row, column: Some(schema.name.clone()) };
            let value = value.map_err(|error| error.at(position()))?;
            let before = match column.records {
                Some(_) => start.values.get(column.index).copied().ok_or_else(gone)?,
                None => start.record,
            };
            edits.get_mut(column.index).ok_or_else(gone)?.push_back((before + u64::from(cell.row), value));
        }
        Ok(())
    })
    .map_err(|error| located(error, at))?;
    if edits.iter().all(VecDeque::is_empty) {
        out.write_all(&head)?;
        out.write_all(&packed)?;
        out.write_all(opened.sync())?;
        return Ok(first_row + objects);
    }
    let mut changes = Changes { schema, passed: vec![0; edits.len()], edits, record: 0 };
    let mut cursor = Cursor::new(&bytes);
    let mut new = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    while changes.record < objects {
        let row = first_row + changes.record;
        let position = || Position::Row { table: None, row, column: None };
        changes.copy(&schema.root, &mut cursor, &mut new).map_err(|error| error.at(position()))?;
        changes.record += 1;
    }
    if changes.edits.iter().any(|edits| !edits.is_empty()) {
        return Err(gone());
    }
    write_block(opened, objects, new, out)?;
    Ok(first_row + objects)
}

/// Packs the bytes of so many objects, and writes them as a block.
fn write_block(opened: &Opened, objects: u64, bytes: Vec<u8>, out: &mut impl Write) -> Result<(), DataError> {
    let packed = opened.codec.pack(bytes)?;
    let mut head = Vec::new();
    put_long(i64::try_from(objects).map_err(|_| gone())?, &mut head);
    put_long(i64::try_from(packed.len()).map_err(|_| gone())?, &mut head);
    out.write_all(&head)?;
    out.write_all(&packed)?;
    out.write_all(opened.sync())?;
    Ok(())
}

/// A file that cannot be read, with what to do about it.
fn unreadable(reason: impl Into<String>) -> DataError {
    DataError::new(format!("the Avro file is damaged or of a kind that cannot be read: {}", reason.into())).advise(
        "fetch it again from where it came from, or write it again with the tool that made it; nothing was written",
    )
}
