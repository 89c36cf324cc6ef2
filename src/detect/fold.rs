//! Folding: full-width digits and letters, unusual dashes and invisible characters become ASCII, in a copy, with a map
//! back to the original bytes. Only lines that hold such characters are folded.

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

/// The lines of a text that hold something to fold, in order, each once.
#[derive(Default)]
pub(super) struct FoldLines {
    lines: Vec<std::ops::Range<usize>>,
}

impl FoldLines {
    /// Enters the line of `text` around `at`, which is not before any place that was entered.
    pub(super) fn note(&mut self, text: &[u8], at: usize) {
        if self.lines.last().is_some_and(|last| at < last.end) {
            return;
        }
        let newline = |part: &[u8]| memchr::memrchr(b'\n', part).map_or(0, |newline| newline + 1);
        let start = text.get(..at).map_or(0, newline);
        let rest = text.get(at..).unwrap_or_default();
        self.lines.push(start..memchr::memchr(b'\n', rest).map_or(text.len(), |newline| at + newline));
    }

    /// Takes the lines out.
    pub(super) fn take(&mut self) -> Vec<std::ops::Range<usize>> {
        std::mem::take(&mut self.lines)
    }

    /// Gives the room for lines back.
    pub(super) fn give_back(&mut self, mut lines: Vec<std::ops::Range<usize>>) {
        lines.clear();
        self.lines = lines;
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
        let width = line.get(last as usize..).and_then(fold).map_or(1, |(_, width)| width as u32);
        Some((from, last + width))
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
