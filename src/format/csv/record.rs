//! One CSV cell at a time: where it ends, what it holds, how a new value is written in its place.

use std::ops::Range;

/// Delimiter and quoting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) delimiter: u8,
    pub(super) quoting: Quoting,
}

/// How a quote stands within a quoted cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// As `""` (RFC 4180).
    Doubled,
    /// As `\"` (Spark, MySQL).
    Backslash,
    /// Quotes are ordinary characters (IANA text/tab-separated-values).
    None,
}

/// Where a cell stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its bytes, quotes and all.
    pub(super) span: Range<usize>,
    /// Where the next cell starts.
    pub(super) next: usize,
    /// It is the last cell of its record.
    pub(super) ends_record: bool,
}

/// Why a cell cannot be read, with the offset of the cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its quote is never closed.
    Unclosed(usize),
    /// There is something between its closing quote and the next delimiter.
    AfterQuote(usize),
}

impl Shape {
    /// The cell of `text` that starts at `start`.
    pub(super) fn cell(self, text: &[u8], start: usize) -> Result<Cell, Fault> {
        let rest = text.get(start..).unwrap_or_default();
        if self.quoting == Quoting::None || rest.first() != Some(&b'"') {
            let Some(length) = memchr::memchr2(self.delimiter, b'\n', rest) else {
                let length = rest.strip_suffix(b"\r").unwrap_or(rest).len();
                return Ok(Cell { span: start..start + length, next: text.len(), ends_record: true });
            };
            let end = start + length;
            let ends_record = rest.get(length) == Some(&b'\n');
            let returned = ends_record && length > 0 && rest.get(length - 1) == Some(&b'\r');
            return Ok(Cell { span: start..end - usize::from(returned), next: end + 1, ends_record });
        }
        let end = start + 1 + self.closing(rest.get(1..).unwrap_or_default()).ok_or(Fault::Unclosed(start))? + 1;
        let (skip, ends_record) = match text.get(end..).unwrap_or_default() {
            [] => (0, true),
            [b'\n', ..] => (1, true),
            [b'\r', b'\n', ..] => (2, true),
            [b'\r'] => (1, true),
            [byte, ..] if *byte == self.delimiter => (1, false),
            _ => return Err(Fault::AfterQuote(start)),
        };
        Ok(Cell { span: start..end, next: end + skip, ends_record })
    }

    /// Offset of the quote that closes a cell whose content starts `content`.
    fn closing(self, content: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = content.get(at..)?;
            let found = match self.quoting {
                Quoting::Backslash => memchr::memchr2(b'"', b'\\', rest)?,
                Quoting::Doubled | Quoting::None => memchr::memchr(b'"', rest)?,
            };
            let escaped = match rest.get(found..)? {
                [b'\\', ..] => true,
                [b'"', b'"', ..] => self.quoting == Quoting::Doubled,
                _ => false,
            };
            if !escaped {
                return Some(at + found);
            }
            at += found + 2;
        }
    }

    /// Whether `cell` stands in quotes.
    fn is_quoted(self, cell: &[u8]) -> bool {
        self.quoting != Quoting::None && cell.first() == Some(&b'"')
    }

    /// How `value` is written in the place of `cell`: in quotes when it was, or when it has to be. `None` is NULL.
    /// `alone`: the cell is the only one of its record, where nothing at all would be a blank line.
    pub(super) fn write(self, cell: &[u8], value: Option<&[u8]>, alone: bool) -> Option<Vec<u8>> {
        let bytes = value.unwrap_or_default();
        let unsafe_byte = |byte: &u8| *byte == self.delimiter || matches!(*byte, b'\n' | b'\r');
        if self.quoting == Quoting::None {
            return (!bytes.iter().any(unsafe_byte)).then(|| bytes.to_vec());
        }
        let has = |bytes: &[u8], sought| memchr::memchr(sought, bytes).is_some();
        let padded =
            |bytes: &[u8]| matches!(bytes.first(), Some(b' ' | b'\t')) || matches!(bytes.last(), Some(b' ' | b'\t'));
        let quote = (self.is_quoted(cell) && value.is_some())
            || (alone && bytes.is_empty())
            || bytes.iter().any(unsafe_byte)
            || bytes.first() == Some(&b'"')
            || (has(bytes, b'"') && !has(cell, b'"'))
            || (has(bytes, b'\\') && !has(cell, b'\\') && self.quoting == Quoting::Backslash)
            || (padded(bytes) && !padded(cell));
        if !quote {
            return Some(bytes.to_vec());
        }
        let mut out = Vec::with_capacity(bytes.len() + 2);
        out.push(b'"');
        for (at, byte) in bytes.iter().enumerate() {
            let escape = match (byte, self.quoting) {
                (b'"', Quoting::Doubled) => Some(b'"'),
                (b'"', Quoting::Backslash) => Some(b'\\'),
                // Before any other character a backslash is itself, and readers differ over a needless escape.
                (b'\\', Quoting::Backslash) => matches!(bytes.get(at + 1), None | Some(b'"' | b'\\')).then_some(b'\\'),
                _ => None,
            };
            out.extend(escape);
            out.push(*byte);
        }
        out.push(b'"');
        Some(out)
    }
}

/// Appends what `cell` (quotes and all) holds to `out`.
pub(super) fn unescape(cell: &[u8], shape: Shape, out: &mut Vec<u8>) {
    let content = match cell {
        [b'"', content @ .., b'"'] if shape.is_quoted(cell) => content,
        _ => return out.extend_from_slice(cell),
    };
    let escape = if shape.quoting == Quoting::Backslash { b'\\' } else { b'"' };
    let mut rest = content;
    while let Some((before, after)) = memchr::memchr(escape, rest).and_then(|at| rest.split_at_checked(at)) {
        out.extend_from_slice(before);
        match after {
            // Writers that escape with a backslash do so before a quote or a backslash; before others it is itself.
            [_, byte @ (b'"' | b'\\'), tail @ ..] => {
                out.push(*byte);
                rest = tail;
            }
            [byte, tail @ ..] => {
                out.push(*byte);
                rest = tail;
            }
            [] => return,
        }
    }
    out.extend_from_slice(rest);
}
