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

/// Where the next line with something to fold stands, from `from` on, if there is one.
pub(super) fn next_line(text: &[u8], from: usize) -> Option<std::ops::Range<usize>> {
    let rest = text.get(from..)?;
    let at = from + first_fold(rest)?;
    let start = text.get(..at).and_then(|head| memchr::memrchr(b'\n', head)).map_or(0, |newline| newline + 1);
    let end = text.get(at..).and_then(|tail| memchr::memchr(b'\n', tail)).map_or(text.len(), |newline| at + newline);
    Some(start.max(from)..end)
}

fn first_fold(text: &[u8]) -> Option<usize> {
    // Every lead byte that can fold; the common ones in Chinese text (E3, EF) are told apart by their second byte.
    let mut at = 0;
    while let Some(hit) =
        text.get(at..)?.iter().position(|b| matches!(b, 0xC2 | 0xC3 | 0xD0 | 0xD1 | 0xE2 | 0xE3 | 0xEF))
    {
        at += hit;
        if fold(text.get(at..)?).is_some() {
            return Some(at);
        }
        at += 1;
    }
    None
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
        let text = "第一行：普通，标点。\n第二行１３８\n第三行".as_bytes();
        let line = next_line(text, 0).unwrap();
        assert_eq!(std::str::from_utf8(&text[line.clone()]).unwrap(), "第二行１３８");
        assert!(next_line(text, line.end).is_none());
    }
}
