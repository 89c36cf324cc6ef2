//! Columns taken out of a block of CSV: in the header and in every row, each cell with one delimiter. What stays, stays
//! byte for byte, but that a row must never become a blank line, which readers pass over.

use std::ops::Range;

use super::codec::{CsvCodec, refuse};
use super::record::{Quoting, Shape};
use crate::block::{TableBlock, TableText};
use crate::error::{DataError, Position};
use crate::format::removal::Cuts;

/// What is replaced in the text, and by what.
pub(super) type Splice = (Range<usize>, Vec<u8>);

/// A record: its line, and its cells.
type Record = (u64, Vec<Range<usize>>);

/// A cell that holds nothing and is not nothing.
const EMPTY: &[u8] = b"\"\"";

/// Which columns go.
pub(super) struct Removal<'a> {
    shape: Shape,
    /// Sorted.
    columns: &'a [usize],
}

impl<'a> Removal<'a> {
    pub(super) fn new(shape: Shape, columns: &'a [usize]) -> Removal<'a> {
        Removal { shape, columns }
    }

    fn goes(&self, index: usize) -> bool {
        self.columns.binary_search(&index).is_ok()
    }

    /// Whether column `index` is the only one of `width` that stays.
    pub(super) fn is_alone(&self, index: usize, width: usize) -> bool {
        !self.columns.is_empty() && !self.goes(index) && (0..width).all(|other| other == index || self.goes(other))
    }

    /// Takes the columns out of a record with these cells. `edited` holds the new values in it, in order; those that are
    /// left go to `out`, sorted. False where it would be a blank line and the dialect has no quotes.
    fn record(&self, cells: &[Range<usize>], edited: &[Splice], out: &mut Vec<Splice>) -> bool {
        let mut cuts = Cuts::default();
        let mut edited = edited.iter().peekable();
        let mut filled = 0;
        let mut last = None;
        for (index, cell) in cells.iter().enumerate() {
            let edit = edited.next_if(|(span, _)| *span == *cell);
            let goes = self.goes(index);
            out.extend(cuts.item(cell.clone(), goes).map(|cut| (cut, Vec::new())));
            if goes {
                continue;
            }
            filled += usize::from(last.is_some() || edit.map_or(!cell.is_empty(), |(_, new)| !new.is_empty()));
            last = Some(cell.clone());
            out.extend(edit.cloned());
        }
        let mut end = cuts.end();
        if filled == 0 {
            if self.shape.quoting == Quoting::None {
                return false;
            }
            match &last {
                // The only one that stays is empty.
                Some(cell) => {
                    out.pop_if(|(span, _)| span == cell);
                    out.push((cell.clone(), EMPTY.to_vec()));
                }
                // None stays in a row that is shorter than the others.
                None => out.extend(end.take().map(|cut| (cut, EMPTY.to_vec()))),
            }
        }
        out.extend(end.map(|cut| (cut, Vec::new())));
        true
    }
}

impl CsvCodec {
    /// `splices` of `block`, and what takes the columns out of it.
    pub(super) fn without_columns(
        &self,
        block: &TableBlock,
        text: &TableText,
        splices: Vec<Splice>,
        removal: &Removal<'_>,
    ) -> Result<Vec<Splice>, DataError> {
        let blank = |line| {
            Err(DataError::new(
                "a row would become a blank line without the columns that are dropped, and the dialect has no quotes",
            )
            .at(Position::Line(line))
            .advise("use redact or replace for an entity type in the policy, so that a column with text stays"))
        };
        let mut out = Vec::with_capacity(splices.len() + block.rows);
        for (line, cells) in self.header(text)? {
            if !removal.record(&cells, &[], &mut out) {
                return blank(line);
            }
        }
        let width = block.columns.len().max(1);
        let mut splices = splices.as_slice();
        for (row, cells) in text.cells.chunks(width).enumerate() {
            let cells = present(cells);
            let end = cells.last().map_or(0, |cell| cell.end);
            let edits = splices.partition_point(|(span, _)| span.end <= end);
            let (own, rest) = splices.split_at_checked(edits).unwrap_or_default();
            splices = rest;
            if !removal.record(&cells, own, &mut out) {
                return blank(text.lines.get(row).copied().unwrap_or(0));
            }
        }
        Ok(out)
    }

    /// The cells of the leading records of the block that are no data but hold the names of columns, with their lines.
    fn header(&self, text: &TableText) -> Result<Vec<Record>, DataError> {
        let (slab, bytes) = (&text.slab, text.slab.text());
        let mut at = if self.starts_stream && bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let mut skip = self.skip;
        let mut records = Vec::new();
        while skip > 0 && at < bytes.len() {
            let start = at;
            let mut cells = Vec::new();
            loop {
                let cell = self.shape.cell(bytes, at).map_err(|fault| refuse(slab, &fault))?;
                cells.push(cell.span);
                at = cell.next;
                if cell.ends_record {
                    break;
                }
            }
            let is_blank = matches!(cells.as_slice(), [only] if only.is_empty());
            skip -= usize::from(!is_blank);
            let names_delimiter = bytes.get(start..).is_some_and(|rest| rest.starts_with(b"sep="));
            if is_blank || self.starts_stream && names_delimiter && records.is_empty() {
                continue;
            }
            records.push((slab.line_of(start), cells));
        }
        Ok(records)
    }
}

/// The cells that a row has: those that it is filled up with start where the one before ends.
fn present(cells: &[Range<u32>]) -> Vec<Range<usize>> {
    let mut present: Vec<Range<usize>> = Vec::with_capacity(cells.len());
    for cell in cells {
        let cell = cell.start as usize..cell.end as usize;
        if present.last().is_some_and(|before| before.end >= cell.start) {
            break;
        }
        present.push(cell);
    }
    present
}
