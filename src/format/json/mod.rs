//! JSON: one value a line (NDJSON), or documents over many lines or on one very long line.
//!
//! The raw bytes are edited in place and never parsed and written again: key order, duplicate keys, spacing and
//! numbers of any size stay byte for byte. What is not valid JSON is refused with its line and byte.

mod codec;
pub(crate) mod escape;
mod lexer;
mod member;
mod numbers;
mod object;
mod path;

use std::sync::Arc;

use crate::error::{DataError, Position};
use crate::format::{Access, Confidence, Cut, Format, Splitter};
use crate::source::slab::Slab;
use crate::source::slab::gb18030::is_trail;
pub(crate) use codec::JsonCodec;
use lexer::{Container, DEEPEST, Expect, Fault, Kind, Lexer, Start};

/// An object of a document's list is cut only when it is longer than so many blocks.
const BLOCKS_PER_RECORD: usize = 4;

/// A string or number may be this long whatever the block size.
const LARGEST_TOKEN: usize = 64 * 1024 * 1024;

const ADVICE: &str = "mend the file, or read it as lines of text with `--format text`";

/// The format of JSON lines and documents.
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        let slab = Slab::of_sample(sample);
        let text = without_mark(slab.text());
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        if !matches!(first, Some(b'{' | b'[')) {
            return Confidence::No;
        }
        match survey(text, false) {
            Ok(seen) if seen.whole_values > 0 && first == Some(&b'{') => Confidence::Certain,
            Ok(seen) if seen.whole_values > 0 || seen.tokens >= 3 => Confidence::Likely,
            _ => Confidence::No,
        }
    }

    fn open(&self) -> Access {
        Access::Stream(|sample| Ok(Box::new(JsonSplitter::new(is_document(sample)))))
    }
}

/// What a sample holds.
struct Survey {
    tokens: usize,
    whole_values: usize,
}

/// Reads a sample, which may end anywhere.
fn survey(text: &[u8], lines: bool) -> Result<Survey, Fault> {
    let mut lexer = Lexer::new(text, 0, Start::top(lines));
    let mut seen = Survey { tokens: 0, whole_values: 0 };
    loop {
        match lexer.next() {
            Ok(Some(token)) => {
                seen.tokens += 1;
                let value = !matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Key { .. });
                seen.whole_values += usize::from(value && lexer.is_at_top());
            }
            Ok(None) => return Ok(seen),
            Err(fault) if fault.cut_short => return Ok(seen),
            Err(fault) => return Err(fault),
        }
    }
}

/// Whether the values of `sample` go over line ends, or the first line is longer than the sample.
fn is_document(sample: &[u8]) -> bool {
    let slab = Slab::of_sample(sample);
    let text = without_mark(slab.text());
    match survey(text, true) {
        Ok(seen) => seen.whole_values == 0,
        // Not lines; and when it is no document either, the error should name the line.
        Err(fault) => survey(text, false).is_ok() || memchr::memchr(b'\n', text).is_none_or(|end| fault.at <= end),
    }
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Cuts at line ends where each line holds whole values, and else between tokens.
struct JsonSplitter {
    /// Values go over line ends.
    document: bool,
    /// Line number of the start of the next block.
    line: u64,
    starts_stream: bool,
    /// Where in the grammar the next block starts.
    start: Start,
    /// The next block starts where a line starts outside any value.
    at_line_start: bool,
    scan: Scan,
}

/// How far a document was looked at.
#[derive(Default)]
struct Scan {
    at: usize,
    /// A character boundary in the string that `at` stands within: its start, or the end of its last escape.
    string: Option<usize>,
    /// The containers around `at`.
    stack: Vec<Container>,
    /// The last place seen where a block may end.
    cut: usize,
    /// How many containers are around `cut`: the outer ones of `stack`.
    cut_depth: usize,
    /// What may come after it.
    expect: Option<Expect>,
    /// It is the end of a line outside any value.
    line_ended: bool,
}

impl Splitter for JsonSplitter {
    fn cut(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError> {
        let target = target.max(1);
        let lines = !self.document && self.at_line_start && self.scan.at == 0;
        if let Some(cut) = lines.then(|| self.cut_lines(buffer, at_end, target)).flatten() {
            return Ok(cut);
        }
        self.cut_document(buffer, at_end, target)
    }

    fn reading(&self) -> String {
        format!("document: {}", self.document)
    }
}

impl JsonSplitter {
    fn new(document: bool) -> JsonSplitter {
        JsonSplitter {
            document,
            line: 1,
            starts_stream: true,
            start: Start::top(false),
            at_line_start: true,
            scan: Scan::default(),
        }
    }

    /// Cuts after a line end, or does not when the first line is far longer than a block.
    fn cut_lines(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Option<Cut> {
        let longest = target.saturating_mul(2);
        let head = buffer.get(..target).unwrap_or(buffer);
        let window = buffer.get(..longest).unwrap_or(buffer);
        let len = match memchr::memrchr(b'\n', head).or_else(|| memchr::memchr(b'\n', window)) {
            _ if at_end && buffer.len() <= target => buffer.len(),
            _ if !at_end && buffer.len() < target => return Some(Cut::More),
            Some(end) => end + 1,
            None if buffer.len() > longest => return None,
            None if at_end => buffer.len(),
            None => return Some(Cut::More),
        };
        self.start = Start::top(true);
        let cut = self.block(buffer, len);
        self.start = Start::top(false);
        Some(cut)
    }

    /// Cuts between two tokens, or after a line end outside any value.
    fn cut_document(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError> {
        if self.is_ready(buffer, target) {
            return Ok(self.document_block(buffer));
        }
        while self.scan.at < buffer.len() {
            if let Some(open) = self.scan.string {
                if !self.skip_string(buffer, open, at_end) {
                    break;
                }
                continue;
            }
            let at = self.scan.at;
            let Some(byte) = buffer.get(at).copied() else { break };
            let ends_line = byte == b'\n' && self.scan.stack.is_empty();
            if matches!(byte, b'{' | b'}' | b'[' | b']' | b',') || ends_line {
                if at + 1 > target && self.scan.cut > 0 {
                    return Ok(self.document_block(buffer));
                }
                self.structure(buffer, byte, target)?;
                self.scan.at = at + 1;
                if self.is_ready(buffer, target) {
                    return Ok(self.document_block(buffer));
                }
            } else if byte == b'"' {
                self.scan.string = Some(at + 1);
            }
            self.scan.at = at + 1;
        }
        if at_end {
            if self.scan.string.is_some() || !self.scan.stack.is_empty() {
                let reason = "the last record is cut short: the file ends within a JSON value";
                return Err(self.fault(buffer, buffer.len(), reason));
            }
            if self.scan.cut > 0 && self.scan.cut < buffer.len() && buffer.len() > target {
                return Ok(self.document_block(buffer));
            }
            self.scan.expect = Some(Expect::Value);
            (self.scan.cut, self.scan.cut_depth) = (buffer.len(), 0);
            return Ok(self.document_block(buffer));
        }
        if self.scan.cut > 0 && self.scan.cut < buffer.len() && buffer.len() >= target {
            return Ok(self.document_block(buffer));
        }
        if buffer.len() - self.scan.cut > LARGEST_TOKEN.max(target.saturating_mul(16)) {
            let at = self.scan.string.unwrap_or(self.scan.cut);
            return Err(self.fault(buffer, at, "the JSON string or number that starts here is too long"));
        }
        Ok(Cut::More)
    }

    /// Whether the last cut is the one to take. At the end of the buffer only the next call can tell whether the
    /// stream ends there, within a value.
    fn is_ready(&self, buffer: &[u8], target: usize) -> bool {
        let wanted = self.scan.cut >= target || (self.scan.line_ended && !self.document);
        wanted && self.scan.cut > 0 && self.scan.cut < buffer.len()
    }

    /// Goes on in the string that has a character boundary at `open`; false when more bytes are needed.
    fn skip_string(&mut self, buffer: &[u8], open: usize, at_end: bool) -> bool {
        let rest = buffer.get(self.scan.at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
            self.scan.at = buffer.len();
            return true;
        };
        let at = self.scan.at + found;
        if rest.get(found) == Some(&b'"') {
            self.scan.string = None;
            self.scan.at = at + 1;
            return true;
        }
        // In GB18030 a backslash byte may be the second half of a character.
        if is_trail(buffer.get(open..).unwrap_or_default(), at - open) {
            self.scan.at = at + 1;
            self.scan.string = Some(at + 1);
            return true;
        }
        self.scan.at = if at + 2 <= buffer.len() || at_end { (at + 2).min(buffer.len()) } else { at };
        self.scan.string = Some(self.scan.at);
        self.scan.at > at
    }

    /// Takes note of the structural byte at the scan's place. Objects of the outermost array are records, whose parts
    /// belong together.
    fn structure(&mut self, buffer: &[u8], byte: u8, target: usize) -> Result<(), DataError> {
        let stack = &mut self.scan.stack;
        match byte {
            b'{' | b'[' if stack.len() >= DEEPEST => {
                let at = self.scan.at;
                return Err(self.fault(buffer, at, "arrays and objects are nested too deep"));
            }
            b'{' => stack.push(Container::Object),
            b'[' => stack.push(Container::Array),
            b'}' | b']' => {
                let opened = if byte == b'}' { Container::Object } else { Container::Array };
                if stack.pop() != Some(opened) {
                    let at = self.scan.at;
                    return Err(self.fault(buffer, at, "not valid JSON: a closing bracket without its opening one"));
                }
            }
            _ => {}
        }
        let mut within = stack.iter().skip_while(|outer| **outer == Container::Object).skip(1);
        if within.next() == Some(&Container::Object) && self.scan.at < target.saturating_mul(BLOCKS_PER_RECORD) {
            return Ok(());
        }
        let inside = stack.last().copied();
        self.scan.line_ended = byte == b'\n';
        (self.scan.cut, self.scan.cut_depth) = (self.scan.at + 1, stack.len());
        self.scan.expect = Some(match (byte, inside) {
            (b'{', _) => Expect::KeyOrClose,
            (b'[', _) => Expect::ValueOrClose,
            (b',', Some(Container::Object)) => Expect::Key,
            (b',', _) | (_, None) => Expect::Value,
            _ => Expect::CommaOrClose,
        });
        Ok(())
    }

    /// The block up to the scan's last cut.
    fn document_block(&mut self, buffer: &[u8]) -> Cut {
        let mut scan = std::mem::take(&mut self.scan);
        scan.stack.truncate(scan.cut_depth);
        let cut = self.block(buffer, scan.cut);
        self.start = Start { stack: scan.stack.clone(), expect: scan.expect.unwrap_or(Expect::Value), lines: false };
        self.at_line_start = scan.line_ended;
        self.scan.stack = scan.stack;
        cut
    }

    fn block(&mut self, buffer: &[u8], len: usize) -> Cut {
        let codec = Arc::new(JsonCodec::new(self.start.clone(), self.starts_stream));
        self.line += line_feeds(buffer, len);
        self.starts_stream = false;
        Cut::Block { len, codec }
    }

    fn fault(&self, buffer: &[u8], at: usize, reason: &str) -> DataError {
        DataError::new(reason).at(Position::Line(self.line + line_feeds(buffer, at))).advise(ADVICE)
    }
}

fn line_feeds(buffer: &[u8], len: usize) -> u64 {
    memchr::memchr_iter(b'\n', buffer.get(..len).unwrap_or(buffer)).count() as u64
}

#[cfg(test)]
mod tests;
