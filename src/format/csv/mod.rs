//! CSV and TSV: tables as text, in the dialect of the file at hand.
//!
//! Cells that are not edited, quotes, line ends and byte order mark stay byte for byte. What cannot be split into
//! cells for sure (an unclosed quote, text after a closing quote) is refused with its line.

mod codec;
mod dialect;
mod record;
mod removal;

use std::sync::Arc;

use crate::error::{DataError, Position};
use crate::format::{Access, Confidence, Cut, Format, Splitter};
use codec::CsvCodec;
use dialect::Dialect;
pub(in crate::format) use dialect::starts_with_names;
use record::Quoting;

/// A record may be this large whatever the block size; larger ones are taken for a quote that is never closed.
const LARGEST_RECORD: usize = 64 * 1024 * 1024;

/// The format of comma-separated values and its kin.
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        if dialect::detect(sample).is_some() { Confidence::Likely } else { Confidence::No }
    }

    fn open(&self) -> Access {
        Access::Stream(|sample| {
            let Dialect { shape, skip, table } = dialect::assume(sample);
            let codec = CsvCodec { shape, table: Arc::new(table), first_row: 1, skip, starts_stream: true };
            Ok(Box::new(CsvSplitter { next: codec, line: 1, scan: Scan::default() }))
        })
    }
}

/// Cuts between records: a line feed within quotes ends none.
struct CsvSplitter {
    /// The codec of the next block.
    next: CsvCodec,
    /// Line number of the start of the next block.
    line: u64,
    scan: Scan,
}

/// How far the buffer was looked at, so that more bytes do not mean looking again.
#[derive(Default)]
struct Scan {
    at: usize,
    /// Where the quote that `at` stands within was opened.
    quote: Option<usize>,
    /// Start of the record that `at` stands in.
    record: usize,
    /// Records before it, blank lines left out.
    rows: usize,
}

impl Splitter for CsvSplitter {
    fn cut(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError> {
        let bom = self.next.starts_stream && b"\xEF\xBB\xBF".starts_with(buffer.get(..3).unwrap_or(buffer));
        if bom && !at_end && buffer.len() < 3 {
            return Ok(Cut::More);
        }
        if bom && self.scan.at == 0 && buffer.len() >= 3 {
            self.scan.at = 3;
        }
        while let Some(end) = self.next_record_end(buffer, at_end) {
            if end > target && self.scan.record > 0 {
                return Ok(self.block(buffer, self.scan.record));
            }
            self.scan.rows += usize::from(!is_blank(buffer.get(self.scan.record..end).unwrap_or_default()));
            self.scan.record = end;
            if end >= target {
                return Ok(self.block(buffer, end));
            }
        }
        if at_end {
            if let Some(open) = self.scan.quote {
                return Err(self.fault(buffer, open, "a quote that opens here is not closed before the end"));
            }
            if self.scan.record > 0 && buffer.len() > target && self.scan.record < buffer.len() {
                return Ok(self.block(buffer, self.scan.record));
            }
            let last = buffer.get(self.scan.record..).unwrap_or_default();
            self.scan.rows += usize::from(!last.is_empty() && !is_blank(last));
            return Ok(self.block(buffer, buffer.len()));
        }
        if self.scan.record > 0 && buffer.len() >= target {
            return Ok(self.block(buffer, self.scan.record));
        }
        if buffer.len() - self.scan.record > LARGEST_RECORD.max(target.saturating_mul(16)) {
            let at = self.scan.quote.unwrap_or(self.scan.record);
            return Err(self.fault(buffer, at, "the record that starts here is too long; a quote may not be closed"));
        }
        Ok(Cut::More)
    }

    fn reading(&self) -> String {
        format!("{:?} {} {:?}", self.next.shape, self.next.skip, self.next.table)
    }
}

impl CsvSplitter {
    /// The end of the record that the scan stands in, or nothing when the buffer ends first.
    fn next_record_end(&mut self, buffer: &[u8], at_end: bool) -> Option<usize> {
        let shape = self.next.shape;
        loop {
            let rest = buffer.get(self.scan.at..).unwrap_or_default();
            if self.scan.quote.is_none() {
                let found = match shape.quoting {
                    Quoting::None => memchr::memchr(b'\n', rest),
                    Quoting::Doubled | Quoting::Backslash => memchr::memchr2(b'"', b'\n', rest),
                };
                let Some(place) = found.map(|found| self.scan.at + found) else {
                    self.scan.at = buffer.len();
                    return None;
                };
                let before = place.checked_sub(1).and_then(|before| buffer.get(before));
                let bom = self.next.starts_stream && place == 3 && buffer.starts_with(b"\xEF\xBB\xBF");
                self.scan.at = place + 1;
                if buffer.get(place) == Some(&b'\n') {
                    return Some(place + 1);
                }
                // A quote opens a cell at its start only; elsewhere it is a character like others.
                if bom || before.is_none_or(|before| *before == shape.delimiter || *before == b'\n') {
                    self.scan.quote = Some(place);
                }
                continue;
            }
            let found = match shape.quoting {
                Quoting::Backslash => memchr::memchr2(b'"', b'\\', rest),
                Quoting::Doubled | Quoting::None => memchr::memchr(b'"', rest),
            };
            let Some(place) = found.map(|found| self.scan.at + found) else {
                self.scan.at = buffer.len();
                return None;
            };
            self.scan.at = place;
            match buffer.get(place..).unwrap_or_default() {
                // Whether this closes the cell shows with the next byte.
                [_] if !at_end => return None,
                [b'\\', _, ..] => self.scan.at = place + 2,
                [b'"', b'"', ..] if shape.quoting == Quoting::Doubled => self.scan.at = place + 2,
                [b'\\'] => {
                    self.scan.at = buffer.len();
                    return None;
                }
                _ => {
                    self.scan.at = place + 1;
                    self.scan.quote = None;
                }
            }
        }
    }

    /// A block of `len` bytes, at whose end the scan stands at the start of a record.
    fn block(&mut self, buffer: &[u8], len: usize) -> Cut {
        let rows = std::mem::take(&mut self.scan).rows;
        let skip = self.next.skip.min(rows);
        let codec = Arc::new(CsvCodec { skip, ..self.next.clone() });
        self.line += line_feeds(buffer, len);
        self.next.first_row += (rows - skip) as u64;
        self.next.skip -= skip;
        self.next.starts_stream = false;
        Cut::Block { len, codec }
    }

    fn fault(&self, buffer: &[u8], at: usize, reason: &str) -> DataError {
        DataError::new(reason)
            .at(Position::Line(self.line + line_feeds(buffer, at)))
            .advise("mend the file, or read it as lines with `--format text`")
    }
}

fn line_feeds(buffer: &[u8], len: usize) -> u64 {
    memchr::memchr_iter(b'\n', buffer.get(..len).unwrap_or(buffer)).count() as u64
}

fn is_blank(record: &[u8]) -> bool {
    matches!(record, b"\n" | b"\r\n" | b"\r")
}

#[cfg(test)]
mod tests;
