//! Plain text: logs, chat, source code, and whatever no other format claims.
//!
//! Blocks are whole lines, except that a line far longer than a block is cut where no value can be, so that a line
//! of any length runs in bounded memory. Never cuts a character, and never touches a byte outside an edit.

use std::ops::Range;
use std::sync::Arc;

use crate::block::{Block, Edits, Syntax, TextBlock};
use crate::error::{DataError, Position};
use crate::format::{Access, Codec, Confidence, Cut, Format, Splitter};
use crate::source::slab::Slab;
use crate::source::slab::gb18030::boundary_at_or_before;

/// How much of the sample is looked at for NUL bytes.
const BINARY_SAMPLE: usize = 8 * 1024;

/// The format of plain text.
pub struct Text;

impl Format for Text {
    fn has_columns(&self) -> bool {
        false
    }

    fn name(&self) -> &'static str {
        "text"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        let head = sample.get(..BINARY_SAMPLE).unwrap_or(sample);
        if memchr::memchr(0, head).is_some() { Confidence::No } else { Confidence::Fallback }
    }

    fn open(&self) -> Access {
        Access::Stream(|_| Ok(Box::new(TextSplitter { codec: Arc::new(TextCodec) })))
    }
}

struct TextSplitter {
    codec: Arc<TextCodec>,
}

impl Splitter for TextSplitter {
    fn cut(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError> {
        Ok(match cut_lines(buffer, at_end, target) {
            Some(len) => Cut::Block { len, codec: self.codec.clone() },
            None => Cut::More,
        })
    }
}

/// Length of the next block of lines, or nothing when more bytes are needed to tell.
pub(crate) fn cut_lines(buffer: &[u8], at_end: bool, target: usize) -> Option<usize> {
    let target = target.max(1);
    if buffer.is_empty() || (buffer.len() <= target && !at_end) {
        return None;
    }
    if buffer.len() <= target {
        return Some(buffer.len());
    }
    let (head, rest) = buffer.split_at_checked(target)?;
    if let Some(end) = memchr::memrchr(b'\n', head) {
        return Some(end + 1);
    }
    let window = rest.get(..target).unwrap_or(rest);
    if let Some(end) = memchr::memchr(b'\n', window) {
        return Some(target + end + 1);
    }
    if rest.len() <= target {
        return at_end.then_some(buffer.len());
    }
    Some(cut_line(buffer, target..target + window.len()))
}

/// Where within `window` the line that `buffer` starts with is cut: after a white space that stands between words,
/// else after another byte that no value holds, else at a character boundary.
fn cut_line(buffer: &[u8], window: Range<usize>) -> usize {
    let is_digit = |at: Option<usize>| at.and_then(|at| buffer.get(at)).is_some_and(u8::is_ascii_digit);
    let mut other = None;
    for end in window.clone().rev() {
        let at = end.checked_sub(1);
        let Some(byte) = at.and_then(|at| buffer.get(at)) else { break };
        let before = at.and_then(|at| at.checked_sub(1));
        // `6222 0212 3456`: digits on both sides may be one value.
        if is_digit(before) && is_digit(Some(end)) {
            continue;
        }
        match byte {
            b' ' | b'\t' if !before.and_then(|at| buffer.get(at)).is_some_and(|byte| b":=".contains(byte)) => {
                return end;
            }
            // All of these are below 0x40, so that none is the second byte of a GB18030 character.
            b'!' | b'"' | b'#' | b'$' | b'%' | b'&' | b'\'' | b')' | b',' | b';' | b'<' | b'>' | b'?' => {
                other = other.or(Some(end));
            }
            _ => {}
        }
    }
    other.unwrap_or_else(|| boundary_at_or_before(buffer, window.end))
}

struct TextCodec;

impl Codec for TextCodec {
    fn lex(&self, slab: Slab) -> Result<Block, DataError> {
        Ok(Block::Text(TextBlock { slab, syntax: Syntax::Plain, asides: Vec::new() }))
    }

    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError> {
        let Block::Text(block) = block else {
            return Err(DataError::new("a table cannot be written as plain text"));
        };
        let mut splices = Vec::with_capacity(edits.text.len());
        for edit in &edits.text {
            if edit.aside.is_some() {
                let line = Position::Line(block.slab.first_line());
                return Err(DataError::new("plain text has no decoded asides to edit").at(line));
            }
            splices.push((edit.span.clone(), edit.replacement.clone().unwrap_or_default()));
        }
        block.slab.splice(&splices, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::TextEdit;
    use crate::format::conformance::{render_all, split};
    use encoding_rs::GB18030;
    use proptest::prelude::*;

    fn blocks(data: &[u8], target: usize, chunk: usize) -> Vec<Vec<u8>> {
        split(&Text, data, target, chunk).unwrap().into_iter().map(|piece| piece.raw).collect()
    }

    #[test]
    fn binary_files_are_refused() {
        assert_eq!(Text.sniff(b"PK\x03\x04\0\0"), Confidence::No);
        assert_eq!(Text.sniff(b"hello\n"), Confidence::Fallback);
        assert_eq!(Text.sniff(b""), Confidence::Fallback);
    }

    #[test]
    fn blocks_are_whole_lines() {
        assert_eq!(blocks(b"aaaa\nbbbb\ncccc\ndd", 11, 100), [&b"aaaa\nbbbb\n"[..], b"cccc\ndd"]);
        // A line longer than the target but not twice as long is left whole.
        assert_eq!(blocks(b"aaaaaaaaaaaa\nb\n", 8, 100), [&b"aaaaaaaaaaaa\n"[..], b"b\n"]);
    }

    #[test]
    fn long_lines_are_cut_between_values() {
        let line = b"user=1 phone=13912345678, card=6222 0212 3456 7890 128; ".repeat(40);
        for target in 40..200 {
            for piece in blocks(&line, target, 64) {
                assert!(piece.len() <= target * 2);
                let text = String::from_utf8(piece.clone()).unwrap();
                for (whole, head, tail) in
                    [("13912345678", "139", "5678"), ("6222 0212 3456 7890 128", "6222 0", "90 128")]
                {
                    let count = text.matches(whole).count();
                    assert_eq!((text.matches(head).count(), text.matches(tail).count()), (count, count), "{text}");
                }
                assert!(!text.ends_with('='));
            }
        }
    }

    #[test]
    fn a_line_without_a_gap_is_cut_between_characters() {
        let text = "张三李四王五赵六".repeat(50);
        for bytes in [text.as_bytes().to_vec(), GB18030.encode(&text).0.into_owned()] {
            for target in 5..40 {
                for piece in blocks(&bytes, target, 16) {
                    let (slab, bad) = Slab::lenient(piece, 0, 1);
                    assert_eq!(bad, None, "target {target} {}", String::from_utf8_lossy(slab.raw()));
                }
            }
        }
    }

    #[test]
    fn edits_are_spliced_in() {
        let data = "手机 13800138000\r\nok".as_bytes();
        let block = TextCodec.lex(Slab::new(data.to_vec(), 0, 1).unwrap()).unwrap();
        let edit = |span, replacement| TextEdit { aside: None, span, replacement };
        let edits = Edits { text: vec![edit(7..18, Some(b"T".to_vec())), edit(20..22, None)], ..Edits::default() };
        let mut out = Vec::new();
        TextCodec.render(&block, &edits, &mut out).unwrap();
        assert_eq!(out, "手机 T\r\n".as_bytes());
    }

    proptest! {
        #[test]
        fn identity(
            data in prop::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), Just(b','), any::<u8>()], 0..600),
            target in 1usize..64,
            chunk in 1usize..80,
        ) {
            prop_assert_eq!(render_all(&Text, &data, target, chunk).unwrap(), data);
        }
    }
}
