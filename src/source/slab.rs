//! A slab: a stretch of one asset's decoded (decompressed) bytes, with the text view that everything after reads.
//!
//! Lexers and detection see UTF-8 text; the raw bytes stay beside it, so that what is not edited is copied as it
//! was. Where a line is not UTF-8 but GB18030, the text holds its transcription and the slab maps spans back.

use std::ops::Range;

use crate::error::DataError;

/// A stretch of whole records, as raw bytes and as text.
#[derive(Default)]
pub struct Slab {
    raw: Vec<u8>,
    byte_offset: u64,
    first_line: u64,
}

impl Slab {
    /// Takes `raw`, which starts `byte_offset` bytes into the decoded stream, on line `first_line` (from 1).
    ///
    /// # Errors
    /// When some line is neither UTF-8 nor GB18030; the error names the line.
    pub fn new(raw: Vec<u8>, byte_offset: u64, first_line: u64) -> Result<Slab, DataError> {
        Ok(Slab { raw, byte_offset, first_line })
    }

    /// The text that lexers and detection read.
    pub fn text(&self) -> &[u8] {
        &self.raw
    }

    /// The bytes as they stand in the stream.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Where in the raw bytes a span of the text stands.
    pub fn raw_span(&self, text: Range<usize>) -> Range<usize> {
        text
    }

    /// Offset of the first raw byte in the decoded stream.
    pub fn byte_offset(&self) -> u64 {
        self.byte_offset
    }

    /// Line number (from 1) of the first byte.
    pub fn first_line(&self) -> u64 {
        self.first_line
    }

    /// Line number (from 1, in the whole stream) of the text offset `at`.
    pub fn line_of(&self, at: usize) -> u64 {
        let head = self.text().get(..at).unwrap_or(self.text());
        self.first_line + memchr::memchr_iter(b'\n', head).count() as u64
    }

    /// Appends the raw bytes to `out` with `edits` (sorted, disjoint text spans, replacement in UTF-8) carried out;
    /// each replacement is encoded as the line that it stands in.
    ///
    /// # Errors
    /// When a replacement cannot be written in the line's encoding, or the edits are not sorted and disjoint.
    pub fn splice(&self, edits: &[(Range<usize>, Vec<u8>)], out: &mut Vec<u8>) -> Result<(), DataError> {
        let mut copied = 0;
        for (span, replacement) in edits {
            let span = self.raw_span(span.clone());
            let untouched = self.raw.get(copied..span.start).ok_or_else(|| DataError::new("edits overlap"))?;
            out.extend_from_slice(untouched);
            out.extend_from_slice(replacement);
            copied = span.end;
        }
        out.extend_from_slice(self.raw.get(copied..).ok_or_else(|| DataError::new("edit past the end"))?);
        Ok(())
    }
}
