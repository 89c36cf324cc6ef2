//! The rows of `COPY … FROM stdin`: tab-separated lines with backslash escapes, up to the line `\.`. NULL (`\N`) and
//! the empty string stay two things; an escape that `pg_dump` never writes is refused.

use crate::error::{DataError, Position};
use crate::format::sql::cells::{BlockBuilder, CellSyntax, ColumnBuilder};
use crate::format::sql::ddl::{QualifiedName, SqlColumn, identifier};
use crate::format::sql::literal::number;
use crate::format::sql::run::{RowSyntax, Run};
use crate::format::sql::scan::{self, Lexical, Stop};
use crate::format::sql::token::{Token, Tokens};
use crate::source::slab::Slab;

/// `COPY table (columns) FROM stdin;`
pub(crate) struct CopyHead {
    /// Place after the line end, where the rows begin.
    pub(crate) end: usize,
    /// The table.
    pub(crate) name: QualifiedName,
    /// The columns, when named.
    pub(crate) columns: Option<Vec<String>>,
    /// Why its rows cannot be read.
    pub(crate) refused: Option<&'static str>,
}

impl CopyHead {
    /// Reads the head at `at`; `None` when the COPY has no rows in the file.
    pub(crate) fn read(bytes: &[u8], at: usize, lexical: &Lexical, last: bool) -> Result<Option<CopyHead>, Stop> {
        let mut tokens = Tokens::new(bytes, at, lexical, last);
        tokens.next()?;
        let token = tokens.next()?;
        let Some((name, mut token)) = QualifiedName::read(token, &mut tokens, lexical.dialect)? else {
            return Ok(None);
        };
        let mut columns = None;
        if token == Some(Token::Symbol(b'(')) {
            let mut names = Vec::new();
            loop {
                match tokens.next()? {
                    Some(Token::Symbol(b',')) => {}
                    Some(Token::Symbol(b')')) => break,
                    Some(token) => match identifier(&token, lexical.dialect) {
                        Some(name) => names.push(name),
                        None => return Ok(None),
                    },
                    None => return Ok(None),
                }
            }
            columns = Some(names);
            token = tokens.next()?;
        }
        if !token.is_some_and(|token| token.is("from")) || !tokens.next()?.is_some_and(|token| token.is("stdin")) {
            return Ok(None);
        }
        let mut refused = None;
        let mut token = tokens.next()?;
        while token != Some(Token::Symbol(b';')) {
            refused = Some("a COPY with options, whose rows are not in the plain text form");
            if token.is_none() {
                break;
            }
            token = tokens.next()?;
        }
        let after = tokens.at();
        let end = scan::skip_line_end(bytes, after);
        if end == after {
            let blank = scan::skip_space(bytes, after) >= bytes.len();
            match (blank, last) {
                (true, false) => return Err(Stop::Open("a COPY")),
                (true, true) => {}
                _ => refused = Some("a COPY with something after it on its line"),
            }
        }
        Ok(Some(CopyHead { end, name, columns, refused }))
    }
}

/// What a buffer in the rows of a COPY starts with.
pub(crate) enum Rows {
    /// The line `\.` of this many bytes.
    Terminator(usize),
    /// This many bytes of whole rows.
    Lines(usize),
}

/// How far the rows go, up to about `target`.
pub(crate) fn rows_length(buffer: &[u8], at_end: bool, target: usize) -> Result<Rows, Stop> {
    const OPEN: Stop = Stop::Open("the rows of a COPY without the line \\.");
    if let Some(length) = terminator(buffer, 0, at_end) {
        return Ok(Rows::Terminator(length));
    }
    let window = buffer.get(..target).unwrap_or(buffer);
    for found in memchr::memmem::find_iter(window, b"\n\\.") {
        if terminator(buffer, found + 1, at_end).is_some() {
            return Ok(Rows::Lines(found + 1));
        }
    }
    if window.len() < target && !at_end {
        return Err(OPEN);
    }
    // The last byte of the buffer stays back: rows that end with the file have lost their terminator.
    let held_back = buffer.len().saturating_sub(1);
    let window = buffer.get(..target.min(held_back)).unwrap_or(buffer);
    let end = memchr::memrchr(b'\n', window).or_else(|| {
        // One row longer than a block.
        memchr::memchr(b'\n', buffer.get(..held_back).unwrap_or_default())
    });
    match end {
        Some(end) => Ok(Rows::Lines(end + 1)),
        None => Err(OPEN),
    }
}

/// Length of the line `\.` at `at`, where there is one.
fn terminator(buffer: &[u8], at: usize, at_end: bool) -> Option<usize> {
    match buffer.get(at..)? {
        [b'\\', b'.', b'\n', ..] => Some(3),
        [b'\\', b'.', b'\r', b'\n', ..] => Some(4),
        [b'\\', b'.'] if at_end => Some(2),
        [b'\\', b'.', b'\r'] if at_end => Some(3),
        _ => None,
    }
}

/// Of each cell of the first row, whether it is a whole number.
pub(crate) fn first_row_numbers(buffer: &[u8]) -> Vec<bool> {
    let line = buffer.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let whole = |cell: &[u8]| {
        !cell.is_empty() && cell.iter().all(u8::is_ascii_digit) && (cell.len() == 1 || cell.first() != Some(&b'0'))
    };
    line.split(|byte| *byte == b'\t').map(whole).collect()
}

/// Lexes and renders rows of a COPY.
pub(crate) struct CopyCodec(pub(crate) Run);

impl CopyCodec {
    /// Reads the row at `at`, gives the place of the next one.
    fn row(&self, text: &[u8], at: usize, builder: &mut BlockBuilder) -> Result<usize, Fault> {
        let mut start = at;
        let mut columns = builder.columns.iter_mut().peekable();
        if columns.peek().is_none() {
            return match text.get(at..) {
                Some([b'\n', ..]) => Ok(at + 1),
                Some([b'\r', b'\n', ..]) => Ok(at + 2),
                _ => Err(Fault::Columns),
            };
        }
        while let Some(column) = columns.next() {
            let (end, delimiter) = read_cell(text, start, column)?;
            builder.cells.push(start as u32..end as u32);
            start = end + delimiter.len();
            match (delimiter, columns.peek().is_some()) {
                ("\t", true) => {}
                ("\n" | "\r\n", false) => return Ok(start),
                _ => return Err(Fault::Columns),
            }
        }
        Err(Fault::Columns)
    }
}

/// What is wrong with a row.
enum Fault {
    Columns,
    Escape,
    LineEnd,
}

impl Fault {
    fn reason(&self, columns: usize) -> String {
        match self {
            Fault::Columns => format!("a row that does not have the table's {columns} columns"),
            Fault::Escape => "an escape that COPY does not define".to_owned(),
            Fault::LineEnd => "a row without its line end".to_owned(),
        }
    }
}

/// Reads the cell at `start` into `column`; gives its end and the delimiter there.
fn read_cell(text: &[u8], start: usize, column: &mut ColumnBuilder) -> Result<(usize, &'static str), Fault> {
    let rest = text.get(start..).unwrap_or_default();
    let found = memchr::memchr3(b'\t', b'\n', b'\\', rest).ok_or(Fault::LineEnd)?;
    let (plain, special) = rest.split_at_checked(found).ok_or(Fault::LineEnd)?;
    match special {
        [b'\t', ..] => {
            column.buffer().extend_from_slice(plain);
            column.end_value(true);
            Ok((start + found, "\t"))
        }
        [b'\n', ..] => {
            let (plain, delimiter) = line_end(plain);
            column.buffer().extend_from_slice(plain);
            column.end_value(true);
            Ok((start + plain.len(), delimiter))
        }
        [b'\\', b'N', after @ ..] if plain.is_empty() => {
            let delimiter = match after {
                [b'\t', ..] => "\t",
                [b'\n', ..] => "\n",
                [b'\r', b'\n', ..] => "\r\n",
                _ => return Err(Fault::Escape),
            };
            column.end_value(false);
            Ok((start + 2, delimiter))
        }
        _ => read_escaped(text, start, column),
    }
}

/// A carriage return before the line end belongs to it: inside a value it is written `\r`.
fn line_end(plain: &[u8]) -> (&[u8], &'static str) {
    plain.strip_suffix(b"\r").map_or((plain, "\n"), |plain| (plain, "\r\n"))
}

/// Reads a cell with escapes.
fn read_escaped(text: &[u8], start: usize, column: &mut ColumnBuilder) -> Result<(usize, &'static str), Fault> {
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let found = memchr::memchr3(b'\t', b'\n', b'\\', rest).ok_or(Fault::LineEnd)?;
        let (plain, special) = rest.split_at_checked(found).ok_or(Fault::LineEnd)?;
        match special {
            [b'\\', escape, after @ ..] => {
                column.buffer().extend_from_slice(plain);
                let digits = unescape(*escape, after, column.buffer())?;
                at += found + 2 + digits;
            }
            [b'\t', ..] => {
                column.buffer().extend_from_slice(plain);
                column.end_value(true);
                return Ok((at + found, "\t"));
            }
            _ => {
                let (plain, delimiter) = line_end(plain);
                column.buffer().extend_from_slice(plain);
                column.end_value(true);
                return Ok((at + plain.len(), delimiter));
            }
        }
    }
}

/// Appends what `\escape` stands for; gives how many bytes of `after` belong to it.
#[inline(always)]
fn unescape(escape: u8, after: &[u8], out: &mut Vec<u8>) -> Result<usize, Fault> {
    let (value, digits) = match escape {
        b'\\' => (u32::from(b'\\'), 0),
        b'b' => (0x08, 0),
        b'f' => (0x0C, 0),
        b'n' => (u32::from(b'\n'), 0),
        b'r' => (u32::from(b'\r'), 0),
        b't' => (u32::from(b'\t'), 0),
        b'v' => (0x0B, 0),
        b'0'..=b'7' => number(after, 8, 2, u32::from(escape - b'0')),
        b'x' => match number(after, 16, 2, 0) {
            (_, 0) => return Err(Fault::Escape),
            value => value,
        },
        _ => return Err(Fault::Escape),
    };
    out.push((value & 0xFF) as u8);
    Ok(digits)
}

/// Appends `value` with the escapes that `pg_dump` writes.
fn escape(value: &[u8], out: &mut Vec<u8>) {
    for &byte in value {
        let escape = match byte {
            b'\\' => b'\\',
            0x08 => b'b',
            0x0C => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x0B => b'v',
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', escape]);
    }
}

impl RowSyntax for CopyCodec {
    fn run(&self) -> &Run {
        &self.0
    }

    fn fill(&self, slab: &Slab, builder: &mut BlockBuilder) -> Result<(), DataError> {
        let columns = self.0.shape.columns.len();
        let mut at = 0;
        let mut line = slab.first_line();
        while at < slab.text().len() {
            builder.lines.push(line);
            at = self.row(slab.text(), at, builder).map_err(|fault| {
                DataError::new(fault.reason(columns))
                    .at(Position::Line(line))
                    .advise("the dump is damaged, or was changed by hand: dump again")
            })?;
            line += 1;
        }
        Ok(())
    }
}

impl CellSyntax for CopyCodec {
    fn decode(&self, cell: &[u8], out: &mut Vec<u8>) -> Result<(), DataError> {
        let mut rest = cell;
        while let Some(found) = memchr::memchr(b'\\', rest) {
            let (plain, escape) = rest.split_at_checked(found).unwrap_or((rest, &[]));
            out.extend_from_slice(plain);
            let [_, escape, after @ ..] = escape else { return Err(undefined()) };
            let digits = unescape(*escape, after, out).map_err(|_| undefined())?;
            rest = after.get(digits..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        Ok(())
    }

    fn encode(
        &self,
        _cell: &[u8],
        _column: &SqlColumn,
        value: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), DataError> {
        match value {
            None => out.extend_from_slice(b"\\N"),
            Some(value) if value.contains(&0) => {
                return Err(DataError::new("the new value holds a zero byte, which PostgreSQL cannot store"));
            }
            Some(value) => escape(value, out),
        }
        Ok(())
    }
}

fn undefined() -> DataError {
    DataError::new(Fault::Escape.reason(0))
}
