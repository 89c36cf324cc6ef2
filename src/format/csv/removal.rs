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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::dialect::column;
    use super::super::record::unescape;
    use super::*;
    use crate::block::{CellEdit, Edits, Removed, TableContext};
    use crate::format::Codec;
    use crate::source::slab::Slab;

    /// `text`, whose first `skip` records are no data, without these columns and with these cells edited.
    fn without(
        text: &str,
        (shape, skip): (Shape, usize),
        columns: &[usize],
        cells: Vec<CellEdit>,
    ) -> Result<String, DataError> {
        let table = TableContext { name: None, columns: (0..6).map(|index| column(index, String::new())).collect() };
        let codec = CsvCodec { shape, table: Arc::new(table), first_row: 1, skip, starts_stream: true };
        let block = codec.lex(Slab::new(text.as_bytes().to_vec(), 0, 1)?)?;
        let removed = Removed { columns: columns.to_vec(), ..Removed::default() };
        let mut out = Vec::new();
        codec.render(&block, &Edits { cells, removed, ..Edits::default() }, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// The records of `text`, but for blank lines.
    fn records(text: &str, shape: Shape) -> Vec<Vec<String>> {
        let text = text.as_bytes();
        let mut at = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        let mut records = Vec::new();
        while at < text.len() {
            let (start, mut record) = (at, Vec::new());
            loop {
                let cell = shape.cell(text, at).unwrap();
                let mut value = Vec::new();
                unescape(&text[cell.span], shape, &mut value);
                record.push(String::from_utf8(value).unwrap());
                at = cell.next;
                if cell.ends_record {
                    break;
                }
            }
            if !matches!(text[start..at], [b'\n'] | [b'\r', b'\n']) {
                records.push(record);
            }
        }
        records
    }

    const COMMAS: Shape = Shape { delimiter: b',', quoting: Quoting::Doubled };

    #[test]
    fn what_stays_is_byte_for_byte() {
        for (text, columns, expected) in [
            ("a,\"b\",c\r\n1,\"2,\n2\", 3\r\n", &[0][..], "\"b\",c\r\n\"2,\n2\", 3\r\n"),
            ("a,\"b\",c\r\n1,\"2,\n2\", 3\r\n", &[1], "a,c\r\n1, 3\r\n"),
            ("a,\"b\",c\r\n1,\"2,\n2\", 3\r\n", &[2], "a,\"b\"\r\n1,\"2,\n2\"\r\n"),
            ("\u{feff}a,b,c\n1,2,3", &[0, 2], "\u{feff}b\n2"),
            ("sep=,\na,b\n\n1,2\n", &[0], "sep=,\nb\n\n2\n"),
            ("a,b\n1,\n,\n1,2\n", &[0], "b\n\"\"\n\"\"\n2\n"),
            ("a,b,c\n1\n1,2\n1,2,3,4\n", &[0], "b,c\n\"\"\n2\n2,3,4\n"),
            ("a,b,c\n1\n1,2\n", &[1, 2], "a\n1\n1\n"),
        ] {
            let skip = 1 + usize::from(text.starts_with("sep="));
            assert_eq!(without(text, (COMMAS, skip), columns, Vec::new()).unwrap(), expected, "{text} {columns:?}");
        }
    }

    #[test]
    fn a_cell_that_stays_alone_is_edited_so_that_its_row_stays() {
        let edit = |value: &str| vec![CellEdit { column: 1, row: 0, value: Some(value.as_bytes().to_vec()) }];
        assert_eq!(without("a,b\n1,2\n", (COMMAS, 1), &[0], edit("")).unwrap(), "b\n\"\"\n");
        assert_eq!(without("a,b,c\n1,2\n", (COMMAS, 1), &[0], edit("")).unwrap(), "b,c\n\"\"\n");
        assert_eq!(without("a,b\n1,2\n", (COMMAS, 1), &[0], edit("x,y")).unwrap(), "b\n\"x,y\"\n");
        let unquoted = Shape { delimiter: b'\t', quoting: Quoting::None };
        let error = without("a\tb\n1\t2\n3\t\n", (unquoted, 1), &[0], Vec::new()).unwrap_err();
        assert!(error.to_string().contains("blank line") && error.position == Some(Position::Line(3)), "{error}");
    }

    proptest! {
        #[test]
        fn taking_out_is_the_same_before_and_after_parsing(
            rows in prop::collection::vec(prop::collection::vec(("[a,;\t\"\n\\\\ ]{0,4}", any::<bool>()), 1..6), 1..8),
            delimiter in prop::sample::select(b",;\t|".to_vec()),
            backslash in any::<bool>(),
            crlf in any::<bool>(),
            bom in any::<bool>(),
            skip in 0usize..2,
            columns in prop::sample::subsequence(vec![0usize, 1, 2, 3, 4], 1..4),
        ) {
            let shape = Shape { delimiter, quoting: if backslash { Quoting::Backslash } else { Quoting::Doubled } };
            let mut text = String::from(if bom { "\u{feff}" } else { "" });
            for row in &rows {
                for (index, (cell, quoted)) in row.iter().enumerate() {
                    if index > 0 {
                        text.push(delimiter as char);
                    }
                    // As the writer itself does it, in quotes where it must be or may be.
                    let written = shape.write(if *quoted { b"\"\"" } else { b"" }, Some(cell.as_bytes()), row.len() == 1);
                    text.push_str(std::str::from_utf8(&written.unwrap()).unwrap());
                }
                text.push_str(if crlf { "\r\n" } else { "\n" });
            }
            let expected: Vec<Vec<String>> = records(&text, shape)
                .into_iter()
                .map(|row| {
                    let kept = row.into_iter().enumerate().filter(|(index, _)| !columns.contains(index));
                    let kept: Vec<String> = kept.map(|(_, cell)| cell).collect();
                    // A row that is shorter than the others, of which nothing stays, is still a row.
                    if kept.is_empty() { vec![String::new()] } else { kept }
                })
                .collect();
            prop_assert_eq!(records(&without(&text, (shape, skip), &columns, Vec::new()).unwrap(), shape), expected, "{}", text);
        }
    }
}
