//! Values that begin or end with letters and so are no groups of digits: words of letters and digits around a long run
//! of digits, and a Han character before a capital letter with what follows it.

use super::context::{byte, byte_before};
use super::pass::Pass;
use super::scan::LONG_RUN;
use crate::rule::compile::Anchor;

/// Longest value that begins with a Han character, in bytes.
const HAN_LETTER: usize = 32;

impl Pass<'_> {
    /// The word around the run of digits `start..end`, when letters stand beside it.
    #[inline(always)]
    pub(super) fn word_around(&mut self, start: usize, end: usize) {
        let beside = byte(self.text, end).is_ascii_alphabetic() || byte_before(self.text, start).is_ascii_alphabetic();
        if beside && end - start >= LONG_RUN as usize && !self.program.words.is_empty() {
            self.word(start, end);
        }
    }

    fn word(&mut self, start: usize, end: usize) {
        let (text, program) = (self.text, self.program);
        let (mut head, mut tail) = (start, end);
        let longest = program.longest_word;
        while tail - head <= longest && byte_before(text, head).is_ascii_alphanumeric() {
            head -= 1;
        }
        while tail - head <= longest && byte(text, tail).is_ascii_alphanumeric() {
            tail += 1;
        }
        if tail - head > longest || byte_before(text, head) == b'_' || byte(text, tail) == b'_' {
            return;
        }
        let word = text.get(head..tail).unwrap_or_default();
        for &at in &program.words {
            let Some(recognizer) = program.recognizer(at) else { continue };
            let Anchor::Word(lengths) = &recognizer.anchor else { continue };
            if lengths >> word.len() & 1 == 1
                && recognizer.first_bytes.as_ref().is_none_or(|bytes| bytes.admit(byte(text, head)))
                && recognizer.pattern.as_ref().is_some_and(|pattern| pattern.is_match(word))
            {
                let context = self.context(head);
                self.confirm(at, head..tail, word, &context);
            }
        }
    }

    /// The values that begin with the Han character at `at`, before a capital letter.
    pub(super) fn han_letter(&mut self, at: usize) {
        let (text, program) = (self.text, self.program);
        let ahead = text.get(at..(at + HAN_LETTER).min(text.len())).unwrap_or_default();
        for &recognizer_at in &program.han_letters {
            let Some(recognizer) = program.recognizer(recognizer_at) else { continue };
            if let Some(found) = recognizer.pattern.as_ref().and_then(|pattern| pattern.end(ahead)) {
                let context = self.context(at);
                let value = ahead.get(..found).unwrap_or_default();
                self.confirm(recognizer_at, at..at + found, value, &context);
            }
        }
    }
}
