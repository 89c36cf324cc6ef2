//! Values right behind a phrase that rules name, with nothing but a space between: `CVV 123`, `my name is Zhang Wei`.
//!
//! Looked at only where one of the phrases was found whole.

use std::ops::Range;

use super::context::{byte, byte_before};
use super::name;
use super::pass::Pass;
use super::program::At;
use crate::rule::compile::Anchor;
use crate::rule::label::Standing;
use crate::rule::syntax::GrammarSyntax;

/// Longest name in Latin letters that is looked at.
const LATIN_NAME: usize = 40;
/// Most words of one.
const NAME_WORDS: usize = 3;

impl Pass<'_> {
    /// What the recognizer at `at` finds behind the phrase at `phrase`.
    pub(super) fn value_behind_phrase(&mut self, at: At, phrase: &Range<usize>) {
        let before = byte_before(self.text, phrase.start);
        // Behind a separator stands the value of a key. Han characters need no space behind them.
        let value = match (byte(self.text, phrase.end), byte_before(self.text, phrase.end)) {
            (b' ', _) => phrase.end + 1,
            (_, 0x80..) => phrase.end,
            _ => return,
        };
        // `a phrase` in the middle of a word is none.
        if before.is_ascii_alphanumeric() || before == b'_' {
            return;
        }
        match self.program.recognizer(at).map(|recognizer| &recognizer.anchor) {
            Some(Anchor::Label(Some(GrammarSyntax::PersonName))) => self.latin_name(at, value),
            _ => self.value_told(at, value, Standing::Positive, true),
        }
    }

    /// The name in pinyin that starts at `start`, whatever goes on behind it.
    fn latin_name(&mut self, at: At, start: usize) {
        let text = self.text;
        let ahead = text.get(start..(start + LATIN_NAME).min(text.len())).unwrap_or_default();
        let mut ends = [0; NAME_WORDS];
        let mut count = 0;
        let mut end = 0;
        for slot in &mut ends {
            let rest = ahead.get(end..).unwrap_or_default();
            let word = match (count, rest) {
                (0, _) => rest,
                (_, [b' ', word @ ..]) => word,
                _ => break,
            };
            let length = word.iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'-').count();
            if length == 0 || !word.first().is_some_and(u8::is_ascii_uppercase) {
                break;
            }
            end += usize::from(count > 0) + length;
            (*slot, count) = (end, count + 1);
        }
        for end in ends.iter().take(count).skip(1).rev() {
            let goes_on = byte(text, start + end);
            let is_part = goes_on.is_ascii_alphanumeric() || matches!(goes_on, b'_' | b'@');
            let judged = ahead.get(..*end).filter(|_| !is_part).and_then(name::is_value);
            if let Some(mut found) = judged {
                (found.start, found.end) = (start, start + end);
                found.traits.whole = false;
                return self.grammar_found(at, &found, Standing::Positive);
            }
        }
    }
}
