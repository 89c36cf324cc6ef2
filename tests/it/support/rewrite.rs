//! Rewriting a dump the way the pipeline does: splitter, lexer, edits, renderer. The tests call only
//! [`identity`] and [`replace_columns`], so that they can be moved to the command line in one place.

use arrow::array::{Array, BinaryArray};
use tuomin::block::{Block, CellEdit, Edits, TableBlock};
use tuomin::format::{Access, Cut, by_name, sniff};
use tuomin::source::slab::Slab;

/// Size of the blocks, small enough that every dump has many.
const TARGET: usize = 1000;

/// The dump with nothing replaced, and the number of rows that were seen.
pub(crate) fn identity(format: &str, dump: &[u8]) -> (Vec<u8>, usize) {
    run(format, dump, &|_| Edits::default())
}

/// The dump with every value of the named columns that is not NULL replaced.
pub(crate) fn replace_columns(format: &str, dump: &[u8], replacements: &[(&str, &str)]) -> Vec<u8> {
    let edits = |table: &TableBlock| {
        let mut cells = Vec::new();
        for (position, column) in table.columns.iter().enumerate() {
            let name = &table.table.columns[column.index].name;
            let Some((_, value)) = replacements.iter().find(|(wanted, _)| wanted == name) else { continue };
            let values: &BinaryArray = column.values.as_any().downcast_ref().expect("binary values");
            let present = (0..table.rows).filter(|row| values.is_valid(*row));
            cells.extend(present.map(|row| CellEdit {
                column: position as u32,
                row: row as u32,
                value: Some(value.as_bytes().to_vec()),
            }));
        }
        Edits { cells, ..Edits::default() }
    };
    run(format, dump, &edits).0
}

fn run(format: &str, dump: &[u8], edits: &dyn Fn(&TableBlock) -> Edits) -> (Vec<u8>, usize) {
    let sample = &dump[..dump.len().min(65536)];
    assert_eq!(sniff(sample).map(|format| format.name()), Some(format));
    let Access::Stream(open) = by_name(format).expect("a known format").open() else { panic!("not a stream") };
    let mut splitter = open(sample).expect("a splitter");
    let (mut start, mut end, mut line, mut rows) = (0, 0, 1, 0);
    let mut out = Vec::with_capacity(dump.len());
    while start < dump.len() {
        match splitter.cut(&dump[start..end], end == dump.len(), TARGET).expect("a cut") {
            Cut::More => end = dump.len().min(end + 700),
            Cut::Block { len, codec } => {
                let raw = dump[start..start + len].to_vec();
                let lines = raw.iter().filter(|byte| **byte == b'\n').count() as u64;
                let block = codec.lex(Slab::new(raw, start as u64, line).expect("a slab")).expect("a block");
                let wanted = match &block {
                    Block::Table(table) => {
                        rows += table.rows;
                        edits(table)
                    }
                    Block::Text(_) => Edits::default(),
                };
                codec.render(&block, &wanted, &mut out).expect("a rendered block");
                start += len;
                line += lines;
            }
        }
    }
    (out, rows)
}
