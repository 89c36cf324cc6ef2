//! A slab: a stretch of one asset's decoded (decompressed) bytes, with the text view that everything after reads.
//!
//! Lexers and detection see UTF-8 text; the raw bytes stay beside it, so that what is not edited is copied as it
//! was. Where a line is not UTF-8 but GB18030, the text holds its transcription and the slab maps spans back.
//! A slab never changes a raw byte outside an edit, and never writes an edit that would be read back differently.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use crate::error::{DataError, Position};

pub(crate) mod gb18030;

/// Distance in bytes between two entries of the line index.
const LINE_STEP: usize = 4096;

/// Most raw bytes of one GB18030 stretch, which bounds the walk that maps a span back.
const STRETCH: usize = 4096;

/// A stretch of whole records, as raw bytes and as text.
#[derive(Default)]
pub struct Slab {
    raw: Vec<u8>,
    /// Present when the raw bytes are not all UTF-8.
    transcript: Option<Transcript>,
    byte_offset: u64,
    first_line: u64,
    /// Number of line feeds before every `LINE_STEP`th byte of the text; made when first asked for.
    line_index: OnceLock<Vec<u64>>,
}

/// The text of a slab that is not all UTF-8, and where each part of it comes from.
#[derive(Default)]
struct Transcript {
    text: Vec<u8>,
    /// Sorted; each reaches to the start of the next one.
    stretches: Vec<Stretch>,
}

/// Where a stretch of the text starts, in the text and in the raw bytes.
#[derive(Clone, Copy)]
struct Stretch {
    text: usize,
    raw: usize,
    encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Gb18030,
    /// Neither; the bytes are kept as they are.
    Unknown,
}

/// What a line by itself says of its encoding.
enum Evidence<'a> {
    /// ASCII only, or valid as UTF-8 and as GB18030: the lines around it decide.
    Either,
    Utf8,
    Gb18030(Cow<'a, str>),
    Neither,
}

impl Drop for Slab {
    fn drop(&mut self) {
        super::buffer::give(std::mem::take(&mut self.raw));
    }
}

impl Slab {
    /// Takes `raw`, which starts `byte_offset` bytes into the decoded stream, on line `first_line` (from 1).
    ///
    /// # Errors
    /// When some line is neither UTF-8 nor GB18030; the error names the line.
    pub fn new(raw: Vec<u8>, byte_offset: u64, first_line: u64) -> Result<Slab, DataError> {
        match Slab::lenient(raw, byte_offset, first_line) {
            (slab, None) => Ok(slab),
            (_, Some(line)) => Err(DataError::new("the line is neither UTF-8 nor GB18030")
                .at(Position::Line(line))
                .advise("convert the file, or pass `--invalid-bytes keep` to leave such bytes as they are")),
        }
    }

    /// As [`Slab::new`], but lines that are neither UTF-8 nor GB18030 are kept as bytes. Returns the number of the
    /// first such line, if there is one.
    pub fn lenient(raw: Vec<u8>, byte_offset: u64, first_line: u64) -> (Slab, Option<u64>) {
        if simdutf8::basic::from_utf8(&raw).is_ok() {
            let line_index = OnceLock::new();
            return (Slab { raw, transcript: None, byte_offset, first_line, line_index }, None);
        }
        let (transcript, bad) = Transcript::of(&raw);
        let line_index = OnceLock::new();
        let slab = Slab { raw, transcript: Some(transcript), byte_offset, first_line, line_index };
        (slab, bad.map(|line| first_line + line))
    }

    /// The slab of a sample for sniffing: what is neither UTF-8 nor GB18030 is kept, and a character that the end of
    /// the sample cuts is left out.
    pub(crate) fn of_sample(sample: &[u8]) -> Slab {
        let whole = match std::str::from_utf8(sample) {
            Err(error) if error.error_len().is_none() => sample.get(..error.valid_up_to()).unwrap_or(sample),
            _ => sample,
        };
        Slab::lenient(whole.to_vec(), 0, 1).0
    }

    /// The text that lexers and detection read.
    pub fn text(&self) -> &[u8] {
        self.transcript.as_ref().map_or(&self.raw, |transcript| &transcript.text)
    }

    /// The bytes as they stand in the stream.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// As [`Slab::raw`], for keeps.
    pub fn into_raw(mut self) -> Vec<u8> {
        std::mem::take(&mut self.raw)
    }

    /// Where in the raw bytes a span of the text stands. A span that ends within a character is widened to hold it.
    pub fn raw_span(&self, text: Range<usize>) -> Range<usize> {
        match &self.transcript {
            None => text,
            Some(transcript) => {
                transcript.raw_at(&self.raw, text.start, false)..transcript.raw_at(&self.raw, text.end, true)
            }
        }
    }

    /// Offset of the first raw byte in the decoded stream.
    pub fn byte_offset(&self) -> u64 {
        self.byte_offset
    }

    /// Line number (from 1) of the first byte.
    pub fn first_line(&self) -> u64 {
        self.first_line
    }

    /// Line number (from 1, in the whole stream) of the text offset `at`. Cheap in any order: the first call counts
    /// the lines of the slab, each call after that looks at a few kilobytes at most.
    pub fn line_of(&self, at: usize) -> u64 {
        let text = self.text();
        let index = self.line_index.get_or_init(|| {
            let counts = text.chunks(LINE_STEP).scan(0, |lines, chunk| {
                let before = *lines;
                *lines += line_feeds(chunk);
                Some(before)
            });
            counts.collect()
        });
        let at = at.min(text.len());
        let step = (at / LINE_STEP).min(index.len().saturating_sub(1));
        let before = index.get(step).copied().unwrap_or(0);
        self.first_line + before + line_feeds(text.get(step * LINE_STEP..at).unwrap_or_default())
    }

    /// Appends the raw bytes to `out` with `edits` (sorted, disjoint text spans, replacement in UTF-8) carried out;
    /// each replacement is encoded as the line that it stands in.
    ///
    /// # Errors
    /// When a replacement cannot be written in the line's encoding, or the edits are not sorted and disjoint.
    pub fn splice(&self, edits: &[(Range<usize>, Vec<u8>)], out: &mut Vec<u8>) -> Result<(), DataError> {
        let mut copied = 0;
        for (text, replacement) in edits {
            let span = self.raw_span(text.clone());
            let fault = |reason| DataError::new(reason).at(Position::Line(self.line_of(text.start)));
            if span.start > span.end || span.end > self.raw.len() {
                return Err(fault("an edit reaches past the end of its block"));
            }
            let untouched = self.raw.get(copied..span.start).ok_or_else(|| fault("edits overlap"))?;
            out.extend_from_slice(untouched);
            out.extend_from_slice(&self.encode(text, &span, replacement)?);
            copied = span.end;
        }
        out.extend_from_slice(self.raw.get(copied..).unwrap_or_default());
        Ok(())
    }

    /// `replacement` in the encoding of the lines that `text` (`raw` in the raw bytes) stands on.
    fn encode<'a>(
        &self,
        text: &Range<usize>,
        raw: &Range<usize>,
        replacement: &'a [u8],
    ) -> Result<Cow<'a, [u8]>, DataError> {
        if replacement.is_ascii() {
            return Ok(Cow::Borrowed(replacement));
        }
        let fault = |reason| {
            Err(DataError::new(reason)
                .at(Position::Line(self.line_of(text.start)))
                .advise("convert the file to UTF-8 first, or choose an operator that writes ASCII"))
        };
        let encoding = match &self.transcript {
            None => Some(Encoding::Utf8),
            Some(transcript) => transcript.encoding_of(text),
        };
        match (encoding, std::str::from_utf8(replacement)) {
            (Some(Encoding::Utf8), Ok(_)) => Ok(Cow::Borrowed(replacement)),
            (Some(Encoding::Gb18030), Ok(replacement)) => match gb18030::encode(replacement) {
                Some(bytes) => Ok(Cow::Owned(bytes)),
                None => fault("a replacement has a character that GB18030 cannot hold"),
            },
            (Some(Encoding::Unknown), _) => {
                // A whole new cell may hold bytes of the old one; what was not there cannot be encoded.
                let original = self.raw.get(raw.clone()).unwrap_or_default();
                let kept = |run: &&[u8]| memchr::memmem::find(original, run).is_some();
                if replacement.split(u8::is_ascii).all(|run| kept(&run)) {
                    Ok(Cow::Borrowed(replacement))
                } else {
                    fault("a replacement is not ASCII, and the encoding of its line is unknown")
                }
            }
            (Some(_), Err(_)) => fault("a replacement is not UTF-8"),
            (None, _) => fault("a value stands on lines of different encodings"),
        }
    }
}

impl Transcript {
    /// Transcribes `raw` line by line; also returns the number (from 0) of the first line that is neither UTF-8
    /// nor GB18030.
    fn of(raw: &[u8]) -> (Transcript, Option<u64>) {
        let mut transcript = Transcript { text: Vec::with_capacity(raw.len() + raw.len() / 2), stretches: Vec::new() };
        let mut bad = None;
        // Two Han characters of GB 2312 are valid UTF-8 by chance one time in thirty: a line that could be either
        // is read like the lines around it.
        let mut around = lines(raw)
            .find_map(|(_, line)| match evidence(line) {
                Evidence::Utf8 => Some(Encoding::Utf8),
                Evidence::Gb18030(_) => Some(Encoding::Gb18030),
                Evidence::Either | Evidence::Neither => None,
            })
            .unwrap_or(Encoding::Utf8);
        for (number, (start, line)) in lines(raw).enumerate() {
            match evidence(line) {
                Evidence::Utf8 => {
                    around = Encoding::Utf8;
                    transcript.copy(start, line, around);
                }
                Evidence::Gb18030(decoded) => {
                    around = Encoding::Gb18030;
                    transcript.transcribe(start, line, &decoded);
                }
                Evidence::Either => match gb18030::decode(line) {
                    Some(decoded) if around == Encoding::Gb18030 => transcript.transcribe(start, line, &decoded),
                    _ => transcript.copy(start, line, Encoding::Utf8),
                },
                Evidence::Neither => {
                    bad = bad.or(Some(number as u64));
                    transcript.copy(start, line, Encoding::Unknown);
                }
            }
        }
        (transcript, bad)
    }

    /// Takes over `line` (at `raw` in the raw bytes) as it is.
    fn copy(&mut self, raw: usize, line: &[u8], encoding: Encoding) {
        if self.stretches.last().is_none_or(|last| last.encoding != encoding) {
            self.stretches.push(Stretch { text: self.text.len(), raw, encoding });
        }
        self.text.extend_from_slice(line);
    }

    /// Takes over `line`, whose transcription is `decoded`, noting every few kilobytes where it comes from.
    fn transcribe(&mut self, raw: usize, line: &[u8], decoded: &str) {
        let base = self.text.len();
        self.text.extend_from_slice(decoded.as_bytes());
        self.stretches.push(Stretch { text: base, raw, encoding: Encoding::Gb18030 });
        if line.len() <= STRETCH {
            return;
        }
        let (mut at, mut noted) = (0, 0);
        for character in decoded.char_indices() {
            if at - noted >= STRETCH {
                noted = at;
                self.stretches.push(Stretch { text: base + character.0, raw: raw + at, encoding: Encoding::Gb18030 });
            }
            at += gb18030::character_length(line.get(at..).unwrap_or_default());
        }
    }

    /// The stretch that holds the text offset `at`, and its index.
    fn stretch_at(&self, at: usize) -> Option<(usize, Stretch)> {
        let index = self.stretches.partition_point(|stretch| stretch.text <= at).checked_sub(1)?;
        Some((index, *self.stretches.get(index)?))
    }

    /// The raw offset of the text offset `at`; one within a character goes to its start or its end.
    fn raw_at(&self, raw: &[u8], at: usize, up: bool) -> usize {
        let Some((_, stretch)) = self.stretch_at(at) else { return at };
        if stretch.encoding != Encoding::Gb18030 {
            return stretch.raw + (at - stretch.text);
        }
        let (mut text_at, mut raw_at) = (stretch.text, stretch.raw);
        while text_at < at {
            let text_step = self.text.get(text_at).map_or(1, |byte| utf8_length(*byte));
            if text_at + text_step > at && !up {
                break;
            }
            text_at += text_step;
            raw_at += gb18030::character_length(raw.get(raw_at..).unwrap_or_default()).max(1);
        }
        raw_at
    }

    /// The encoding of the lines that the text span stands on, when they agree.
    fn encoding_of(&self, span: &Range<usize>) -> Option<Encoding> {
        let (index, first) = self.stretch_at(span.start)?;
        let mut others = self.stretches.iter().skip(index + 1).take_while(|stretch| stretch.text < span.end);
        others.all(|stretch| stretch.encoding == first.encoding).then_some(first.encoding)
    }
}

/// The lines of `bytes` with their ends, each with its offset.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = (start, rest.get(..length)?);
        start += length;
        Some(line)
    })
}

fn evidence(line: &[u8]) -> Evidence<'_> {
    if simdutf8::basic::from_utf8(line).is_ok() {
        // A character of three bytes and more (all of Han) hardly comes about by chance.
        return if line.iter().any(|byte| *byte >= 0xE0) { Evidence::Utf8 } else { Evidence::Either };
    }
    gb18030::decode(line).map_or(Evidence::Neither, Evidence::Gb18030)
}

fn line_feeds(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Length of the UTF-8 character that starts with `lead`.
fn utf8_length(lead: u8) -> usize {
    match lead {
        0..=0xBF => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests;
