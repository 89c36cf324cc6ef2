//! Texts of a workbook that stand in no cell: comments, headers and footers, text boxes, authors, copies of data behind
//! pivot tables, targets of links, literals in formulas. Scanned as lines.

use crate::block::{Block, Syntax, TextBlock};
use crate::error::DataError;
use crate::source::slab::Slab;

/// Bytes of a block of lines.
const BLOCK_BYTES: usize = 1 << 20;
/// Elements that end a line, whatever they hold.
const PARAGRAPHS: &[&str] = &["p", "text", "comment", "threadedComment", "si", "sp"];
/// Attributes whose values are texts.
const TEXTS: &[&str] =
    &["v", "displayName", "userId", "descr", "tooltip", "display", "prompt", "promptTitle", "error", "author"];

/// Lines that are being collected.
#[derive(Default)]
pub(super) struct Notes {
    text: Vec<u8>,
    line_start: usize,
    lines: u64,
    has_text: bool,
    /// What is written before the text of the element.
    label: String,
}

impl Notes {
    /// An element starts, of a part whose texts are told by its names if `named`.
    pub(super) fn start(&mut self, element: &str, named: bool) {
        self.has_text = false;
        self.label.clear();
        if named {
            self.label.push_str(element);
            self.label.push_str(": ");
        }
    }

    /// A piece of text of the element. White space between elements is none.
    pub(super) fn push(&mut self, text: &str, element: &str) {
        if element == "t" || self.has_text || !text.trim().is_empty() {
            self.text.extend_from_slice(self.label.as_bytes());
            self.label.clear();
            self.text.extend_from_slice(text.as_bytes());
            self.has_text = true;
        }
    }

    /// An element ends.
    pub(super) fn end(&mut self, element: &str) {
        if PARAGRAPHS.contains(&element) || (self.has_text && element != "t") {
            self.end_line();
        }
        self.has_text = false;
    }

    /// A text that is a line of its own.
    pub(super) fn line(&mut self, text: &str) {
        self.end_line();
        self.text.extend_from_slice(text.as_bytes());
        self.end_line();
    }

    /// Whether an attribute of this name is a text.
    pub(super) fn is_text(attribute: &str) -> bool {
        TEXTS.contains(&attribute)
    }

    /// Bytes of the line that is not ended.
    pub(super) fn open_bytes(&self) -> usize {
        self.text.len() - self.line_start
    }

    fn end_line(&mut self) {
        if self.text.len() > self.line_start {
            self.text.push(b'\n');
            self.line_start = self.text.len();
        }
    }

    /// Hands the lines over if they are many, or if these are the last.
    ///
    /// # Errors
    /// What `visit` returned.
    pub(super) fn flush(
        &mut self,
        is_last: bool,
        visit: &mut dyn FnMut(Block) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        if !is_last && (self.text.len() < BLOCK_BYTES || self.line_start < self.text.len()) {
            return Ok(());
        }
        self.end_line();
        let text = std::mem::take(&mut self.text);
        self.line_start = 0;
        if text.is_empty() {
            return Ok(());
        }
        let first_line = self.lines + 1;
        self.lines += memchr::memchr_iter(b'\n', &text).count() as u64;
        let slab = Slab::new(text, 0, first_line)?;
        visit(Block::Text(TextBlock { slab, syntax: Syntax::Plain, asides: Vec::new() }))
    }
}
