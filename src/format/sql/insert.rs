//! `INSERT … VALUES (…), (…);` as rows: finding the head and the tuples, lexing a run of them into columns, and
//! rendering them again. A run may start and end between any two tuples, so that long statements are cut.

use std::ops::Range;

use super::cells::{BlockBuilder, CellSyntax};
use super::ddl::{QualifiedName, SqlColumn, identifier};
use super::literal::{self, Form};
use super::run::{RowSyntax, Run};
use super::scan::{self, Dialect, Lexical, Piece, Stop};
use super::token::{Token, Tokens};
use crate::block::ColumnKind;
use crate::error::{DataError, Position};
use crate::scalar;
use crate::source::slab::Slab;

/// Where in a run of rows something starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before `INSERT`.
    Statement,
    /// Before a tuple.
    Tuple,
    /// After a tuple.
    AfterTuple,
}

/// `INSERT INTO table (columns) VALUES`.
pub(crate) struct Head {
    /// Bytes up to the first tuple.
    pub(crate) length: usize,
    /// The table.
    pub(crate) name: QualifiedName,
    /// The columns, when the head names them.
    pub(crate) columns: Option<Vec<String>>,
}

impl Head {
    /// Reads the head at `at`. `None`: another kind of INSERT (SELECT, SET, DEFAULT VALUES, comments inside).
    pub(crate) fn read(bytes: &[u8], at: usize, lexical: &Lexical, last: bool) -> Result<Option<Head>, Stop> {
        const MODIFIERS: &[&str] = &["into", "low_priority", "delayed", "high_priority", "ignore"];
        let mut tokens = Tokens::new(bytes, at, lexical, last);
        tokens.next()?;
        let mut token = tokens.next()?;
        while token.as_ref().is_some_and(|token| MODIFIERS.iter().any(|word| token.is(word))) {
            token = tokens.next()?;
        }
        let Some((name, after)) = QualifiedName::read(token, &mut tokens, lexical.dialect)? else { return Ok(None) };
        token = after;
        if token.as_ref().is_some_and(|token| token.is("partition")) {
            tokens.next()?;
            Head::names(&mut tokens, lexical.dialect)?;
            token = tokens.next()?;
        }
        let mut columns = None;
        if token == Some(Token::Symbol(b'(')) {
            columns = Head::names(&mut tokens, lexical.dialect)?;
            if columns.is_none() {
                return Ok(None);
            }
            token = tokens.next()?;
        }
        if token.as_ref().is_some_and(|token| token.is("overriding")) {
            tokens.next()?;
            tokens.next()?;
            token = tokens.next()?;
        }
        if !token.is_some_and(|token| token.is("values") || token.is("value")) || tokens.commented {
            return Ok(None);
        }
        let length = scan::skip_space(bytes, tokens.at());
        match bytes.get(length) {
            Some(b'(') => Ok(Some(Head { length: length - at, name, columns })),
            None if !last => Err(Stop::Open("a statement")),
            _ => Ok(None),
        }
    }

    /// Names up to the closing parenthesis.
    fn names(tokens: &mut Tokens<'_>, dialect: Dialect) -> Result<Option<Vec<String>>, Stop> {
        let mut names = Vec::new();
        loop {
            let Some(name) = tokens.next()?.and_then(|token| identifier(&token, dialect)) else { return Ok(None) };
            names.push(name);
            match tokens.next()? {
                Some(Token::Symbol(b',')) => {}
                Some(Token::Symbol(b')')) => return Ok(Some(names)),
                _ => return Ok(None),
            }
        }
    }
}

/// Walks the tuple whose `(` stands at `at`, hands the span of each cell to `visit`, and gives the place after `)`.
pub(crate) fn tuple(
    bytes: &[u8],
    at: usize,
    lexical: &Lexical,
    last: bool,
    mut visit: impl FnMut(Range<usize>),
) -> Result<usize, Stop> {
    let open = |stop| match stop {
        Stop::Open("a statement") => Stop::Open("a row"),
        other => other,
    };
    let mut start = scan::skip_space(bytes, at + 1);
    let mut at = start;
    let mut depth = 0usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'.' | b' ' => at += 1,
            b',' | b')' if depth == 0 => {
                let cell = bytes.get(start..at).unwrap_or_default();
                visit(start..start + cell.trim_ascii_end().len());
                if byte == b')' {
                    return Ok(at + 1);
                }
                start = scan::skip_space(bytes, at + 1);
                at = start;
            }
            b'(' | b'[' => {
                depth += 1;
                at += 1;
            }
            b')' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b';' => return Err(Stop::Wrong { at, reason: "a row that ends in its middle" }),
            _ => match scan::piece(bytes, at, lexical, last).map_err(open)? {
                Piece::Plain(next) | Piece::Quoted(next) => at = next,
                Piece::Comment(_) | Piece::Opening(_) | Piece::Closing(_) => {
                    return Err(Stop::Wrong { at, reason: "a comment inside of a row" });
                }
            },
        }
    }
    Err(Stop::Open("a row"))
}

/// The place after what separates rows at `at`, and what may follow there; `None` when something else stands there.
pub(crate) fn separator(bytes: &[u8], at: usize, lexical: &Lexical) -> Option<(usize, Place)> {
    const CONFLICT: &str = "ON CONFLICT DO NOTHING";
    match bytes.get(at)? {
        b',' => Some((scan::skip_line_end(bytes, at + 1), Place::Tuple)),
        b';' => Some((scan::skip_line_end(bytes, at + 1), Place::Statement)),
        b'O' if lexical.dialect == Dialect::Postgres && scan::starts_with_word(bytes.get(at..)?, CONFLICT) => {
            let end = scan::skip_space(bytes, at + CONFLICT.len());
            (bytes.get(end) == Some(&b';')).then(|| (scan::skip_line_end(bytes, end + 1), Place::Statement))
        }
        _ => None,
    }
}

/// Lexes and renders a run of rows.
pub(crate) struct InsertCodec {
    pub(crate) run: Run,
    /// How its literals are to be read.
    pub(crate) lexical: Lexical,
    /// What the block starts with.
    pub(crate) place: Place,
}

impl InsertCodec {
    fn tuples(&self, slab: &Slab, lexical: &Lexical, builder: &mut BlockBuilder) -> Result<(), DataError> {
        let text = slab.text();
        let mut head: &[u8] = &[];
        let mut place = self.place;
        let (mut at, mut counted, mut line) = (0, 0, slab.first_line());
        loop {
            at = scan::skip_space(text, at);
            let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else { return Ok(()) };
            match place {
                Place::Statement => {
                    if head.is_empty() || !rest.starts_with(head) {
                        let read = Head::read(text, at, lexical, true).map_err(|stop| refuse(slab, at, stop))?;
                        let length = read.map_or(0, |head| head.length);
                        head = rest.get(..length).filter(|head| !head.is_empty()).ok_or_else(|| lost(slab, at))?;
                    }
                    at += head.len();
                    place = Place::Tuple;
                }
                Place::Tuple => {
                    if rest.first() != Some(&b'(') {
                        return Err(lost(slab, at));
                    }
                    line += memchr::memchr_iter(b'\n', text.get(counted..at).unwrap_or_default()).count() as u64;
                    counted = at;
                    builder.lines.push(line);
                    at = self.row(slab, at, lexical, builder)?;
                    place = Place::AfterTuple;
                }
                Place::AfterTuple => {
                    (at, place) = separator(text, at, lexical).ok_or_else(|| lost(slab, at))?;
                }
            }
        }
    }

    fn row(&self, slab: &Slab, at: usize, lexical: &Lexical, builder: &mut BlockBuilder) -> Result<usize, DataError> {
        let text = slab.text();
        let before = builder.cells.len();
        let mut columns = builder.columns.iter_mut();
        let cells = &mut builder.cells;
        let end = tuple(text, at, lexical, true, |cell| {
            if let (Some(column), Some(bytes)) = (columns.next(), text.get(cell.clone())) {
                let form = literal::decode(bytes, lexical, column.buffer());
                column.end_value(form != Form::Null);
            }
            // The slab is shorter than 2 GiB: the builder refuses longer ones.
            cells.push(cell.start as u32..cell.end as u32);
        })
        .map_err(|stop| refuse(slab, at, stop))?;
        let found = builder.cells.len() - before;
        let expected = self.run.shape.columns.len();
        if found == expected {
            return Ok(end);
        }
        Err(DataError::new(format!("a row with {found} values in a table of {expected} columns"))
            .at(Position::Line(slab.line_of(at)))
            .advise("the dump is damaged, or was changed by hand"))
    }
}

impl RowSyntax for InsertCodec {
    fn run(&self) -> &Run {
        &self.run
    }

    fn fill(&self, slab: &Slab, builder: &mut BlockBuilder) -> Result<(), DataError> {
        // The text is UTF-8, whatever the raw bytes are.
        let lexical = Lexical { double_byte: false, ..self.lexical };
        self.tuples(slab, &lexical, builder)
    }
}

impl CellSyntax for InsertCodec {
    fn decode(&self, cell: &[u8], out: &mut Vec<u8>) -> Result<(), DataError> {
        literal::decode(cell, &self.lexical, out);
        Ok(())
    }

    fn encode(
        &self,
        cell: &[u8],
        column: &SqlColumn,
        value: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), DataError> {
        let Some(value) = value else {
            out.extend_from_slice(b"NULL");
            return Ok(());
        };
        if value.contains(&0) && !(self.lexical.dialect == Dialect::MySql && self.lexical.backslash) {
            return Err(DataError::new("the new value holds a zero byte, which cannot be written here"));
        }
        let quote = |out: &mut Vec<u8>| {
            literal::encode_string(value, b'\'', self.lexical.backslash, self.lexical.dialect, out);
        };
        match literal::decode(cell, &self.lexical, &mut Vec::new()) {
            Form::Text { prefix, quote, backslash } => {
                out.extend_from_slice(cell.get(..prefix).unwrap_or_default());
                literal::encode_string(value, quote, backslash, self.lexical.dialect, out);
            }
            Form::Number if matches!(column.context.kind, ColumnKind::Fraction { .. }) => {
                if scalar::decimal_digits(value).is_none() {
                    return Err(DataError::new("a bare number can only be replaced by a number")
                        .advise("choose generalize, mask or null for this entity type"));
                }
                out.extend_from_slice(value);
            }
            Form::Number if matches!(column.context.kind, ColumnKind::Number { .. }) || !column.declared => {
                if !value.iter().all(u8::is_ascii_digit) || value.is_empty() {
                    return Err(DataError::new("a bare number can only be replaced by digits")
                        .advise("choose an operator that keeps the shape (fpe) for this entity type"));
                }
                out.extend_from_slice(value);
            }
            Form::Number => quote(out),
            Form::Hex { quoted: false } => {
                out.extend_from_slice(b"0x");
                out.extend_from_slice(data_encoding::HEXUPPER.encode(value).as_bytes());
            }
            Form::Hex { quoted: true } => {
                out.extend_from_slice(b"X'");
                out.extend_from_slice(data_encoding::HEXUPPER.encode(value).as_bytes());
                out.push(b'\'');
            }
            Form::Null | Form::Expression => {
                return Err(DataError::new("the value is an expression, not a literal")
                    .advise("dump again with plain literals, or keep this entity type in the policy"));
            }
        }
        Ok(())
    }
}

fn lost(slab: &Slab, at: usize) -> DataError {
    DataError::new("neither a row nor its end").at(Position::Line(slab.line_of(at))).advise("the dump is damaged")
}

fn refuse(slab: &Slab, at: usize, stop: Stop) -> DataError {
    let (at, reason) = match stop {
        Stop::Open(what) => (at, format!("{what} that is not closed")),
        Stop::Wrong { at, reason } => (at, reason.to_owned()),
    };
    DataError::new(reason).at(Position::Line(slab.line_of(at))).advise("the dump is damaged, or was changed by hand")
}
