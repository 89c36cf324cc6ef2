//! Values in commands as Redis logs them, every word in quotation marks and a space between them: the word before a value
//! is its label (`"HSET" "user:1" "mobile" "13800138000"`), or the key is (`"SETEX" "sms:13800138000" "300" "482913"`).
//!
//! Looked at is a window on the line around a match that tells of a person, where the line begins in it.

use std::ops::Range;

use super::context::byte_before;
use super::pass::Pass;
use crate::rule::label::{LabelIndex, Says, Standing};

/// What stands between two words.
const BETWEEN: &[u8] = b"\" \"";
/// Most words that are looked at.
const MOST_WORDS: usize = 64;
/// Most parts of a key that are looked at.
const MOST_PARTS: usize = 8;
/// Longest word that may be a label, and longest key.
const LONGEST: usize = 48;
const LONGEST_KEY: usize = 256;
/// A question whether a window was looked at, which no recognizer asks.
const COMMAND: (u16, u16) = (u16::MAX, 1);

/// Whether the match at `span` stands in a word of a command: ends it, or is it.
pub(super) fn is_word_of(text: &[u8], span: &Range<usize>) -> bool {
    text.get(span.end..).is_some_and(|rest| rest.starts_with(BETWEEN))
        || text.get(..span.start).is_some_and(|before| before.ends_with(BETWEEN))
}

impl Pass<'_> {
    /// The values of the command around `span`.
    pub(super) fn command_around(&mut self, span: &Range<usize>) {
        let Some(window) = self.window_around(span, COMMAND) else { return };
        let text = self.text;
        // Which quotation marks open a word is not known in the middle of a line.
        if byte_before(text, window.start) != b'\n' {
            return;
        }
        let before = text.get(window.start..span.start).unwrap_or_default();
        let Some(open) = memchr::memchr(b'"', before) else { return };
        let (mut start, mut name, mut key) = (window.start + open + 1, 0..0, 0..0);
        let mut is_value = false;
        for number in 0..MOST_WORDS {
            let rest = text.get(start..window.end).unwrap_or_default();
            let Some(end) = memchr::memchr(b'"', rest).map(|length| start + length) else { break };
            match number {
                0 => name = start..end,
                1 => {
                    key = start..end;
                    self.session_in(key.clone());
                }
                _ => {}
            }
            let place = text.get(name.clone()).map_or(0, value_place);
            if number > 1 && number == place {
                self.value_of_key(key.clone(), start..end);
            }
            let next = end + BETWEEN.len();
            if !text.get(end..).is_some_and(|rest| rest.starts_with(BETWEEN)) {
                break;
            }
            // The word behind a label is its value, and no label.
            is_value = !is_value && number > 0 && place == 0 && self.value_of_word(start..end, next);
            start = next;
        }
    }

    /// What `word` starts at `at`, where it is a label. Returns whether it is one.
    fn value_of_word(&mut self, word: Range<usize>, at: usize) -> bool {
        if word.is_empty()
            || word.len() > LONGEST
            || self.text.get(word.clone()).is_some_and(|word| word.contains(&b' '))
        {
            return false;
        }
        let says = self.label(word);
        for said in says {
            match said {
                Says::Positive(entity) => self.values_of(usize::from(entity.0), at, Standing::Positive),
                Says::Weak(entity) => self.values_of(usize::from(entity.0), at, Standing::Weak),
                Says::Abbreviated(entity) => self.values_of(usize::from(entity.0), at, Standing::Abbreviated),
                Says::Negative(_) | Says::NegativeForAll => {}
            }
        }
        !says.is_empty()
    }

    fn values_of(&mut self, entity: usize, at: usize, standing: Standing) {
        let list = self.program.from_label.get(entity).map(Vec::as_slice).unwrap_or_default();
        for &recognizer in list {
            self.value_told(recognizer, at, standing, true);
        }
    }

    /// The session that `key` is the key of: `mall:session:3f2504e04f8911d3`.
    fn session_in(&mut self, key: Range<usize>) {
        let Some(session) = self.program.kinds.session.filter(|_| key.len() <= LONGEST_KEY) else { return };
        let mut start = key.start;
        for part in self.text.get(key.clone()).unwrap_or_default().split(|byte| *byte == b':').take(MOST_PARTS) {
            let next = start + part.len() + 1;
            let is_label = part.len() <= LONGEST
                && LabelIndex::standing(self.label(start..start + part.len()), session) >= Standing::Weak;
            if is_label && next < key.end {
                return self.values_of(usize::from(session.0), next, Standing::Positive);
            }
            start = next;
        }
    }

    /// The value at `value`, of which the parts of `key` tell.
    fn value_of_key(&mut self, key: Range<usize>, value: Range<usize>) {
        if key.len() > LONGEST_KEY {
            return;
        }
        let text = self.text;
        let (mut start, mut is_code) = (key.start, false);
        for part in text.get(key).unwrap_or_default().split(|byte| *byte == b':').take(MOST_PARTS) {
            is_code |= tells_of_code(part);
            if part.len() <= LONGEST {
                for said in self.label(start..start + part.len()) {
                    if let Says::Positive(entity) = said {
                        self.values_of(usize::from(entity.0), value.start, Standing::Positive);
                    }
                }
            }
            start += part.len() + 1;
        }
        let is_number = text.get(value.clone()).is_some_and(|value| value.iter().all(u8::is_ascii_digit));
        if is_code && is_number {
            self.field(self.program.kinds.sms_code, value);
        }
    }
}

/// Which word of the command `name` is the value of its key; 0 where there is none, or several.
fn value_place(name: &[u8]) -> usize {
    let is = |names: &[&str]| names.iter().any(|one| one.as_bytes().eq_ignore_ascii_case(name));
    if is(&["set", "setnx", "getset", "append"]) {
        2
    } else if is(&["setex", "psetex"]) {
        3
    } else {
        0
    }
}

/// Whether a part of a key says that a code that was sent is kept there.
fn tells_of_code(part: &[u8]) -> bool {
    const WORDS: [&str; 7] = ["sms", "captcha", "vcode", "verify", "otp", "yzm", "authcode"];
    let mut words = part.split(|byte| matches!(byte, b'_' | b'-' | b'.'));
    words.any(|word| {
        WORDS.iter().any(|one| {
            word.len() >= one.len()
                && word.get(..one.len()).is_some_and(|head| head.eq_ignore_ascii_case(one.as_bytes()))
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::detect::resolve::MATCH_SCORE;
    use crate::detect::{Detector, Scratch};
    use crate::rule::RuleSet;

    #[test]
    fn the_word_before_a_value_or_the_key_is_its_label() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        for (text, expected) in [
            (
                r#"1690000000.123456 [3 127.0.0.1:40118] "HSET" "user:7" "gender" "女" "mobile" "13800138000""#,
                &["女"][..],
            ),
            (r#"[0 lua] "SETEX" "sms:bill:13800138000" "300" "482913""#, &["482913"]),
            (r#""SET" "app:captcha_code:13800138000" "4829" "EX" "60""#, &["4829"]),
            (r#""HMSET" "user:7" "mobile" "13800138000" "password" "Tz!9xQ2m""#, &["Tz!9xQ2m"]),
            (
                r#""HGET" "mall:session:3f2504e0-4f89-11d3-9a0c-0305e82c3301" "mobile" "13800138000""#,
                &["3f2504e0-4f89-11d3-9a0c-0305e82c3301"],
            ),
            // Nothing tells of a code, and nobody is told of.
            (r#""SETEX" "stock:13800138000" "300" "482913""#, &[]),
            (r#""SETEX" "sms:limit" "300" "482913""#, &[]),
            (r#""HSET" "mobile:13800138000" "count" "3""#, &[]),
        ] {
            let mut out = Vec::new();
            detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut out);
            let name = |id| detector.rules().entity(id).unwrap().name.as_str();
            out.retain(|m| m.score >= MATCH_SCORE && !matches!(name(m.entity), "CN_MOBILE_PHONE" | "IP_ADDRESS"));
            let values: Vec<_> = out.iter().map(|m| text.get(m.span()).unwrap()).collect();
            assert_eq!(values, expected, "{text}");
        }
    }
}
