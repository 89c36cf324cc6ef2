//! What the library finds in a document: cut, lexed and detected as a scan does it, with the spans in the document.

use std::sync::Arc;

use tuomin::block::{Block, TextBlock};
use tuomin::detect::calibration::Calibration;
use tuomin::detect::{Detector, Scratch};
use tuomin::error::DataError;
use tuomin::finding::{Match, Place};
use tuomin::format::{self, Access, Codec, Cut};
use tuomin::pipeline::locate::Locator;
use tuomin::policy::{Policy, Purpose};
use tuomin::rule::RuleSet;
use tuomin::source::slab::Slab;

/// Bytes of a block, as a scan has them.
const BLOCK: usize = 1 << 20;
/// How much of a document its format is recognized by.
const SAMPLE: usize = 64 << 10;

/// A match with its place in the document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// Name of the entity type.
    pub(crate) entity: String,
    /// 0 to 1.
    pub(crate) score: f32,
    /// The points that the score was made of.
    pub(crate) points: u8,
    /// First byte in the document.
    pub(crate) start: usize,
    /// One past the last.
    pub(crate) end: usize,
    /// Level that the default policy gives the value.
    pub(crate) level: u8,
}

/// Reads documents with the built-in rules and the default policy.
pub(crate) struct Reader {
    /// Its scores are points.
    detector: Detector,
    calibration: Calibration,
    policy: Policy,
    scratch: Scratch,
    found: Vec<Match>,
}

impl Reader {
    /// A reader with the built-in rules.
    ///
    /// # Errors
    /// When they do not load.
    pub(crate) fn new() -> Result<Reader, tuomin::error::Error> {
        let rules = Arc::new(RuleSet::load(&[])?);
        let (calibration, detector) = (Calibration::new(&rules), Detector::uncalibrated(rules));
        let policy = Policy::load("default")?;
        Ok(Reader { detector, calibration, policy, scratch: Scratch::default(), found: Vec::new() })
    }

    /// Whether a rule recognizes `entity`.
    pub(crate) fn knows(&self, entity: &str) -> bool {
        self.detector.rules().entity_named(entity).is_some()
    }

    /// The level that the default policy gives personal values of `entity`.
    pub(crate) fn level(&self, entity: &str) -> u8 {
        self.policy.decide(entity, tuomin::finding::Traits::default(), Purpose::Deidentify).level
    }

    /// All matches in a document, possible ones too, by place.
    ///
    /// # Errors
    /// When the document is not in its format, or a match has no place in it.
    pub(crate) fn read(&mut self, format: &str, document: &[u8]) -> Result<Vec<Seen>, DataError> {
        let no_format = || DataError::new(format!("no stream format is called {format}"));
        let Access::Stream(open) = format::by_name(format).ok_or_else(no_format)?.open() else {
            return Err(no_format());
        };
        let mut splitter = open(document.get(..SAMPLE).unwrap_or(document))?;
        let (mut seen, mut rest, mut first_line) = (Vec::new(), document, 1);
        while !rest.is_empty() {
            let Cut::Block { len, codec } = splitter.cut(rest, true, BLOCK)? else { break };
            let (piece, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            let slab = Slab::new(piece.to_vec(), (document.len() - rest.len()) as u64, first_line)?;
            self.block(&codec.lex(slab)?, &*codec, &mut seen)?;
            first_line += memchr::memchr_iter(b'\n', piece).count() as u64;
            rest = after;
        }
        seen.sort_by_key(|one: &Seen| (one.start, one.end));
        Ok(seen)
    }

    fn block(&mut self, block: &Block, codec: &dyn Codec, seen: &mut Vec<Seen>) -> Result<(), DataError> {
        self.found.clear();
        self.detector.detect(block, &mut self.scratch, &mut self.found);
        let mut locator = Locator::new(block, Some(codec));
        for found in &self.found {
            let (start, end) = match (block, found.place) {
                (Block::Text(text), Place::Aside(index)) => aside_span(text, index, found),
                _ => {
                    let location = locator.locate(found);
                    if location.in_value {
                        return Err(DataError::new("a match has no place in the document"));
                    }
                    (location.start as usize, location.end as usize)
                }
            };
            let Some(entity) = self.detector.rules().entity(found.entity) else { continue };
            let level = self.policy.decide(&entity.name, found.traits, Purpose::Deidentify).level;
            let score = self.calibration.score(found.entity, found.score);
            let points = (found.score * 100.0).round() as u8;
            seen.push(Seen { entity: entity.name.clone(), score, points, start, end, level });
        }
        Ok(())
    }
}

/// Where a match in a decoded JSON string stands in the escaped one.
fn aside_span(block: &TextBlock, index: u32, found: &Match) -> (usize, usize) {
    let Some(aside) = block.asides.get(index as usize) else { return (0, 0) };
    let escaped = block.slab.text().get(aside.span.clone()).unwrap_or_default();
    let raw = block.slab.raw_span(aside.span.clone());
    let base = block.slab.byte_offset() as usize + raw.start;
    let span = found.span();
    (base + escaped_at(escaped, span.start), base + escaped_at(escaped, span.end))
}

/// The place in an escaped JSON string of which `decoded` bytes are before it once decoded.
fn escaped_at(escaped: &[u8], decoded: usize) -> usize {
    let (mut at, mut count) = (0, 0);
    while count < decoded && at < escaped.len() {
        if escaped.get(at) == Some(&b'\\') {
            if escaped.get(at + 1) == Some(&b'u') {
                let digits = escaped.get(at + 2..at + 6).and_then(|digits| std::str::from_utf8(digits).ok());
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0);
                // Half of a pair is two of its four bytes.
                count += char::from_u32(code).map_or(2, char::len_utf8);
                at += 6;
            } else {
                (at, count) = (at + 2, count + 1);
            }
        } else {
            (at, count) = (at + 1, count + 1);
        }
    }
    at
}
