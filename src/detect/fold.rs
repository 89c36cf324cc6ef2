//! Folding: full-width digits and letters, unusual dashes and invisible characters become ASCII, in a copy, with a map
//! back to the original bytes; escapes (`%E5%BC%A0`, `\u5f20`) are resolved in it. Only lines that hold such are folded.

use crate::finding::{Match, Traits};
use crate::rule::escape::{self, escape_at};

/// A folded copy of a line and where each of its bytes came from.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) text: Vec<u8>,
    /// For each byte of `text`, and one past its end: the offset in the original.
    pub(super) origin: Vec<u32>,
}

/// What a character folds to.
enum Fold {
    To(u8),
    Nothing,
}

fn fold(rest: &[u8]) -> Option<(Fold, usize)> {
    Some(match rest {
        // U+FF10–FF19 digits, U+FF21–FF3A, U+FF41–FF5A letters, and ＋ － ． ＠ ＿.
        [0xEF, 0xBC, b @ (0x90..=0x99 | 0xA1..=0xBA | 0x8B | 0x8D | 0x8E | 0xA0 | 0xBF), ..] => (Fold::To(b - 0x60), 3),
        [0xEF, 0xBD, b @ 0x81..=0x9A, ..] => (Fold::To(b - 0x20), 3),
        // U+2010–2015 dashes, U+2212 minus.
        [0xE2, 0x80, 0x90..=0x95, ..] | [0xE2, 0x88, 0x92, ..] => (Fold::To(b'-'), 3),
        // Ideographic space, no-break space.
        [0xE3, 0x80, 0x80, ..] => (Fold::To(b' '), 3),
        [0xC2, 0xA0, ..] => (Fold::To(b' '), 2),
        // Multiplication sign and Cyrillic Ha stand for the check letter of an ID.
        [0xC3, 0x97, ..] | [0xD0, 0xA5, ..] | [0xD1, 0x85, ..] => (Fold::To(b'X'), 2),
        // Zero-width and soft hyphen.
        [0xE2, 0x80, 0x8B..=0x8D, ..] | [0xEF, 0xBB, 0xBF, ..] => (Fold::Nothing, 3),
        [0xC2, 0xAD, ..] => (Fold::Nothing, 2),
        _ => return None,
    })
}

/// Whether `character` is one that folding changes.
pub(super) fn folds(character: char) -> bool {
    fold(character.encode_utf8(&mut [0; 4]).as_bytes()).is_some()
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it is read: `\u5f20` in it may be an escape.
    Plain,
    /// As JSON, of which the strings with escapes are read by themselves.
    Json,
}

/// The lines of a text that hold something to fold, in order, each once.
#[derive(Default)]
pub(super) struct FoldLines {
    lines: Vec<std::ops::Range<usize>>,
    /// Those with escapes.
    escaped: Vec<std::ops::Range<usize>>,
}

/// The line of `text` around `at`.
fn line_at(text: &[u8], at: usize) -> std::ops::Range<usize> {
    let newline = |part: &[u8]| memchr::memrchr(b'\n', part).map_or(0, |newline| newline + 1);
    let start = text.get(..at).map_or(0, newline);
    let rest = text.get(at..).unwrap_or_default();
    start..memchr::memchr(b'\n', rest).map_or(text.len(), |newline| at + newline)
}

impl FoldLines {
    /// Enters the line of `text` around `at`, which is not before any place that was entered.
    pub(super) fn note(&mut self, text: &[u8], at: usize) {
        if self.lines.last().is_some_and(|last| at < last.end) {
            return;
        }
        self.lines.push(line_at(text, at));
    }

    /// Enters the lines of `text` that hold an escape behind which a value may hide.
    pub(super) fn note_escapes(&mut self, text: &[u8], spelling: Spelling) {
        let mut at = 0;
        while let Some(rest) = text.get(at..) {
            let next = match spelling {
                Spelling::Plain => memchr::memchr2(b'%', b'\\', rest),
                Spelling::Json => memchr::memchr(b'%', rest),
            };
            let Some(next) = next else { return };
            at += next;
            if text.get(at..).is_some_and(escape::hides) {
                let line = line_at(text, at);
                at = line.end;
                self.escaped.push(line);
            } else {
                at += 1;
            }
        }
    }

    /// Takes the lines out.
    pub(super) fn take(&mut self) -> Vec<std::ops::Range<usize>> {
        if !self.escaped.is_empty() {
            self.lines.append(&mut self.escaped);
            self.lines.sort_by_key(|line| line.start);
            self.lines.dedup();
        }
        std::mem::take(&mut self.lines)
    }

    /// Gives the room for lines back.
    pub(super) fn give_back(&mut self, mut lines: Vec<std::ops::Range<usize>>) {
        lines.clear();
        self.lines = lines;
        // What was folded is not folded again.
        self.escaped.clear();
    }
}

impl Folded {
    /// Folds `line`.
    pub(super) fn fill(&mut self, line: &[u8]) {
        self.text.clear();
        self.origin.clear();
        let mut at = 0;
        while let Some(&first) = line.get(at) {
            let here = u32::try_from(at).unwrap_or(u32::MAX);
            if matches!(first, b'%' | b'\\')
                && let Some(escape) = line.get(at..).and_then(escape_at)
            {
                self.text.extend_from_slice(escape.bytes());
                self.origin.extend(escape.bytes().iter().map(|_| here));
                at += escape.width;
                continue;
            }
            match if first < 0x80 { None } else { line.get(at..).and_then(fold) } {
                Some((Fold::To(byte), width)) => {
                    self.text.push(byte);
                    self.origin.push(here);
                    at += width;
                }
                Some((Fold::Nothing, width)) => at += width,
                None => {
                    self.text.push(first);
                    self.origin.push(here);
                    at += 1;
                }
            }
        }
        self.origin.push(u32::try_from(at).unwrap_or(u32::MAX));
    }

    /// Where a span of the folded text stands in the original; ends before folded-away characters that follow it.
    pub(super) fn span(&self, start: u32, end: u32, line: &[u8]) -> Option<(u32, u32)> {
        let from = *self.origin.get(start as usize)?;
        let last = *self.origin.get((end as usize).checked_sub(1)?)?;
        let rest = line.get(last as usize..).unwrap_or_default();
        let width = match rest.first() {
            Some(0x80..) => fold(rest).map_or(1, |(_, width)| width),
            _ => escape_at(rest).map_or(1, |escape| escape.width),
        };
        Some((from, last + width as u32))
    }

    /// `found`, of the folded text, as a match of the text that `line` stands in from `base` on.
    pub(super) fn mapped(&self, found: &Match, line: &[u8], base: u32) -> Option<Match> {
        let (start, end) = self.span(found.start, found.end, line)?;
        let written = line.get(start as usize..end as usize).unwrap_or_default();
        let mut marks = memchr::memchr2_iter(b'%', b'\\', written);
        let escaped = marks.any(|at| written.get(at..).and_then(escape_at).is_some());
        let traits = Traits { escaped, ..found.traits };
        Some(Match { start: start + base, end: end + base, traits, ..*found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_map_back_to_whole_characters() {
        let line = "电话：１３８-００１３\u{200b}８０００。".as_bytes();
        let mut folded = Folded::default();
        folded.fill(line);
        let start = folded.text.iter().position(u8::is_ascii_digit).unwrap() as u32;
        let (from, to) = folded.span(start, start + 12, line).unwrap();
        assert_eq!(std::str::from_utf8(&line[from as usize..to as usize]).unwrap(), "１３８-００１３\u{200b}８０００");
    }

    #[test]
    fn only_lines_with_something_to_fold_are_found() {
        let text = "第一行：普通，标点。\n第二行１３８\n第三行\n\u{FEFF}第四－行";
        let mut lines = FoldLines::default();
        for (at, _) in text.char_indices().filter(|(_, character)| folds(*character)) {
            lines.note(text.as_bytes(), at);
        }
        let found: Vec<_> = lines.take().into_iter().filter_map(|line| text.get(line)).collect();
        // U+FF0D is no dash that values are written with.
        assert_eq!(found, ["第二行１３８", "\u{FEFF}第四－行"]);
    }
}
