//! Values that are found from their label (a key and its separator, or a label in running Han text), and grammars over
//! stretches with Han characters.

use super::context::{byte, byte_before, points, skip_joiners, skip_joiners_ahead, word_before};
use super::extent::{held, quoted};
use super::han::{char_at, char_before, ends, is_han};
use super::key_memo::Known;
use super::pass::{Pass, judge};
use super::program::At;
use super::told::{follows_a_verb, goes_on, is_next_field, is_separated, is_told};
use super::{Found, address, code, name};
use crate::rule::compile::{Anchor, Recognizer};
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::rule::syntax::GrammarSyntax;
use crate::validate::Candidate;

/// The ASCII bytes that may stand between a label and its separator: those that `skip_joiners` knows, but for line ends.
#[allow(clippy::indexing_slicing)] // At compile time: an index out of range does not compile.
const JOINERS: [bool; 256] = {
    let mut joiners = [false; 256];
    let bytes = b" \t\"':=([+>*";
    let mut at = 0;
    while at < bytes.len() {
        joiners[bytes[at] as usize] = true;
        at += 1;
    }
    joiners
};

/// Points of an address beside which other things are sought.
const CERTAIN_ADDRESS: i16 = 60;

/// Points of a frequent surname with frequent characters behind it.
const FREQUENT_NAME: i16 = 20;

/// What begins a stretch of an element in which no character has a meaning of its own (XML 1.0 §2.7).
const SECTION: &[u8] = b"<![CDATA[";

/// Longest value that a label rule's own pattern may look at, in bytes.
const VALUE: usize = 2048;

impl Pass<'_> {
    /// The value behind the key that ends at the separator at `at`, when its key is a label that values start from.
    pub(super) fn value_behind_key(&mut self, at: usize) {
        let (text, program) = (self.text, self.program);
        if program.plain {
            return self.key_before(at, 1);
        }
        // Most keys end right before their separator, or before a quotation mark.
        if let Some(nine) = at.checked_sub(9).and_then(|from| text.get(from..)?.first_chunk::<9>()) {
            let ([before_quote @ .., quote], [_, directly @ ..]) = (nine, nine);
            let eight = u64::from_le_bytes(if *quote == b'"' { *before_quote } else { *directly });
            let last = (eight >> 56) as u8;
            if last < 0x80 && !JOINERS.get(usize::from(last)).copied().unwrap_or_default() {
                if program.start_labels.may_be(eight) {
                    self.value_behind(at - usize::from(*quote == b'"'), at);
                }
                return;
            }
        }
        let mut key_end = at;
        while at - key_end < 16 && JOINERS.get(usize::from(byte_before(text, key_end))).copied().unwrap_or_default() {
            key_end -= 1;
        }
        // A full-width joiner (`「姓名」:`) is stepped over by the slower way.
        if byte_before(text, key_end) >= 0x80 {
            self.key_before(at, 1);
        } else if program.start_labels.may_end(text, key_end) {
            self.value_behind(key_end, at);
        }
    }

    /// The value behind the separator at `at`, whose key ends at `key_end`: as [`Pass::key_before`], with what is
    /// known of keys.
    fn value_behind(&mut self, key_end: usize, at: usize) {
        let (text, program) = (self.text, self.program);
        let number = match self.buffers.keys.look_up(program.rules.labels(), text, key_end) {
            Known::Number(number) => number,
            Known::Longer | Known::Unknown => return self.key_before(at, 1),
        };
        let says = program.rules.labels().says(number);
        let general = usize::from(program.general.get(number as usize).copied().unwrap_or_default());
        if general > 0 {
            // It is all of a quoted key, or it ends one, before which the words of a label may stand apart.
            let may_be_longer = || byte_before(text, word_before(text, key_end)) == b' ';
            if byte_before(text, key_end.saturating_sub(general)) == b'"' || says.is_empty() && may_be_longer() {
                return self.key_before(at, 1);
            }
        }
        if program.starting.get(number as usize).copied().unwrap_or_default() {
            let value = skip_joiners_ahead(text, at + 1);
            self.value_at(value, says);
        }
    }

    /// The value behind the separator of `width` bytes at `at`, when the key before it is a label that values start
    /// from.
    pub(super) fn key_before(&mut self, at: usize, width: usize) {
        let key_end = skip_joiners(self.text, at);
        let mut word = word_before(self.text, key_end);
        let mut says = self.label(word..key_end);
        if byte_before(self.text, word) == b'"' {
            let within = self.says_in_object(word..key_end, says);
            if !within.is_empty() {
                let value = skip_joiners_ahead(self.text, at + width);
                self.value_at(value, within);
                if within.iter().any(|said| !LabelIndex::starts_values(*said)) {
                    return;
                }
            }
        }
        // `Passport No: …`: the words of a label may stand apart.
        for _ in 0..2 {
            if !says.is_empty() || byte_before(self.text, word) != b' ' || !byte(self.text, word).is_ascii_alphabetic()
            {
                break;
            }
            word = word_before(self.text, word - 1);
            says = self.label(word..key_end);
        }
        if !says.is_empty() {
            let value = skip_joiners_ahead(self.text, at + width);
            self.value_at(value, says);
        }
    }

    /// What the element holds whose start tag ends with the `>` at `at`, when its name is a label that values start from:
    /// `<mailNo>SF1234567890123</mailNo>`, `<ns:zip><![CDATA[310012]]></ns:zip>`.
    pub(super) fn value_in_element(&mut self, at: usize) {
        let text = self.text;
        if !self.program.plain && !self.program.start_labels.may_end(text, at) {
            return;
        }
        let name = word_before(text, at);
        let opens = match byte_before(text, name) {
            b'<' => true,
            b':' => byte_before(text, word_before(text, name - 1)) == b'<',
            _ => false,
        };
        if opens && is_closed(text, at, name..at) {
            let is_section = text.get(at + 1..).is_some_and(|rest| rest.starts_with(SECTION));
            let value = at + 1 + if is_section { SECTION.len() } else { 0 };
            self.values_at(value, self.label(name..at), true);
        }
    }

    /// Reports what the labels `says` start at `at`.
    pub(super) fn value_at(&mut self, at: usize, says: &[Says]) {
        self.values_at(at, says, false);
    }

    /// The same. `in_element`: a tag stands before it.
    pub(super) fn values_at(&mut self, at: usize, says: &[Says], in_element: bool) {
        let program = self.program;
        if matches!(byte(self.text, at), b'\n' | b',') {
            return;
        }
        for said in says {
            let (entity, standing) = match said {
                Says::Positive(entity) => (entity, Standing::Positive),
                Says::Weak(entity) => (entity, Standing::Weak),
                Says::Abbreviated(entity) => (entity, Standing::Abbreviated),
                _ => continue,
            };
            let list = program.from_label.get(usize::from(entity.0)).map(Vec::as_slice).unwrap_or_default();
            for &recognizer in list {
                self.value_told(recognizer, at, standing, in_element);
            }
        }
    }

    /// Where a label that leaves its entity type at `standing` leaves the value at `at`: a weak one may have a companion.
    /// An abbreviation without one starts no value.
    pub(super) fn settled(&self, recognizer: &Recognizer, at: usize, standing: Standing) -> Option<Standing> {
        let standing = match standing {
            Standing::Weak | Standing::Abbreviated => self.context(at).standing(self.program, recognizer.entity),
            known => known,
        };
        match standing {
            Standing::Abbreviated if recognizer.hinted => Some(Standing::Weak),
            Standing::Abbreviated => None,
            known => Some(known),
        }
    }

    pub(super) fn value_for(&mut self, at_recognizer: At, at: usize, standing: Standing) {
        self.value_told(at_recognizer, at, standing, false);
    }

    /// What the recognizer finds at `at`. `behind_phrase`: a phrase or a tag stands before it, which is as good as a
    /// separator.
    pub(super) fn value_told(&mut self, at_recognizer: At, at: usize, standing: Standing, behind_phrase: bool) {
        let Some(recognizer) = self.program.recognizer(at_recognizer) else { return };
        let asked = self.buffers.asked.before(self.serial, at_recognizer, at, standing);
        if asked && !behind_phrase && !self.program.plain && self.buffers.trials.is_none() {
            return;
        }
        let text = self.text;
        let ahead = text.get(at..(at + VALUE).min(text.len())).unwrap_or_default();
        match &recognizer.anchor {
            Anchor::Label(Some(grammar)) => {
                let found = match grammar {
                    GrammarSyntax::CnAddress => address::after_label(text, at, &mut self.addresses),
                    GrammarSyntax::PersonName => name_behind_label(text, at),
                };
                if let Some(found) = found {
                    let Some(standing) = self.settled(recognizer, at, standing) else { return };
                    self.grammar_found(at_recognizer, &found, standing);
                }
            }
            Anchor::Label(None) => {
                if !self.program.plain
                    && recognizer.first_bytes.as_ref().is_some_and(|bytes| !bytes.admit(byte(text, at)))
                {
                    return;
                }
                if recognizer.spelled && !self.program.plain && is_plain_number(ahead) {
                    return;
                }
                let wants_separator = recognizer.separated || recognizer.told || recognizer.listed;
                let separated = behind_phrase || !wants_separator || is_separated(text, at);
                if !separated && !recognizer.told && !follows_a_verb(text, at)
                    || recognizer.whole && is_next_field(text, at)
                {
                    return;
                }
                let find = |text| recognizer.pattern.as_ref().and_then(|pattern| pattern.end(text));
                let Some(mut length) = find(ahead) else { return };
                if length == ahead.len() && at + length < text.len() {
                    // Rarely is a value longer than the window.
                    length = find(text.get(at..).unwrap_or_default()).unwrap_or(length);
                }
                let matched = length;
                let quoted = if recognizer.whole { quoted(text, at, ahead) } else { None };
                let length = match if behind_phrase { held(text, at, ahead) } else { None } {
                    Some(held) if recognizer.whole => held,
                    Some(held) => length.min(held),
                    None => quoted.unwrap_or(length).max(length),
                };
                let pattern = recognizer.pattern.as_ref().filter(|_| length == matched);
                let value = pattern.map_or(Some(0..length), |pattern| pattern.value_in(ahead, 0..length));
                let Some(value) = value else { return };
                let span = at + value.start..at + value.end;
                if recognizer.listed && goes_on(text, span.end) {
                    return;
                }
                if !separated && !recognizer.listed && !is_told(text, &span) {
                    return;
                }
                // PAM names an account and its number: `session opened for user tom(uid=1000)`.
                let is_numbered = behind_phrase && text.get(span.end..).is_some_and(|rest| rest.starts_with(b"(uid="));
                if recognizer.not_code && !is_numbered && code::is_code(text, &span) {
                    return;
                }
                let Some(standing) = self.settled(recognizer, at, standing) else { return };
                self.judge_value(at_recognizer, span, standing);
            }
            Anchor::HexRun(length) => {
                let run = ahead.iter().take_while(|b| b.is_ascii_hexdigit()).count();
                if run == *length && !byte(text, at + run).is_ascii_alphanumeric() {
                    let Some(standing) = self.settled(recognizer, at, standing) else { return };
                    self.judge_value(at_recognizer, at..at + run, standing);
                }
            }
            _ => {}
        }
    }

    /// Validators and score of a value that a pattern found.
    pub(super) fn judge_value(&mut self, at: At, span: std::ops::Range<usize>, standing: Standing) {
        let Some(recognizer) = self.program.recognizer(at) else { return };
        let original = self.text.get(span.clone()).unwrap_or_default();
        let mut compact = std::mem::take(&mut self.buffers.compact);
        compact.clear();
        // Nearly all are compact as they stand: told without a branch for each byte.
        let is_changed = |b: &u8| matches!(b, b' ' | b'-') | b.is_ascii_lowercase();
        match original.iter().fold(false, |changed, b| changed | is_changed(b)) {
            false => compact.extend_from_slice(original),
            true => compact.extend(original.iter().filter(|b| !matches!(b, b' ' | b'-')).map(u8::to_ascii_uppercase)),
        }
        let pattern_holds = !matches!(recognizer.anchor, Anchor::HexRun(_))
            || recognizer.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&compact));
        let candidate = Candidate { compact: &compact, original, labelled: standing == Standing::Positive };
        if pattern_holds && self.buffers.trials.is_some() {
            self.note(at, span.clone(), &candidate, standing);
        }
        if pattern_holds && let Some((score, traits)) = judge(recognizer, &candidate, standing) {
            self.report(recognizer.entity, score, span, traits);
        }
        self.buffers.compact = compact;
    }

    /// Score of what a grammar found. A rule's `structure` is the ceiling of the grammar's own points.
    pub(super) fn grammar_found(&mut self, at: At, found: &Found, standing: Standing) {
        let Some(recognizer) = self.program.recognizer(at) else { return };
        if self.buffers.trials.is_some() {
            self.note_found(at, found, standing);
        }
        let score = found.structure.min(recognizer.structure) + found.registry + points(standing);
        self.report(recognizer.entity, score, found.start..found.end, found.traits);
        let grammar = match recognizer.anchor {
            Anchor::Label(grammar) => grammar,
            Anchor::Han(grammar) => Some(grammar),
            _ => None,
        };
        match grammar {
            Some(GrammarSyntax::CnAddress) if score >= CERTAIN_ADDRESS => self.beside_address(found),
            Some(GrammarSyntax::PersonName) if score >= name::free::MOST_POINTS => {
                self.buffers.sure_names.note(self.serial, found.start, found.end, recognizer.entity);
            }
            _ => {}
        }
    }

    /// What stands right behind an address, as a postal code does: `…文三路90号，310012`.
    fn beside_address(&mut self, address: &Found) {
        let text = self.text;
        let mut at = address.end;
        for joiner in ["，", ",", " ", "（", "(", "|", "、", "；", ";", "\t"] {
            if text.get(at..).is_some_and(|rest| rest.starts_with(joiner.as_bytes())) {
                at += joiner.len();
                break;
            }
        }
        at += usize::from(at > address.end && byte(text, at) == b' ');
        if at == address.end || !byte(text, at).is_ascii_digit() {
            return;
        }
        for &recognizer in &self.program.beside_address {
            let pattern = self.program.recognizer(recognizer).and_then(|recognizer| recognizer.pattern.as_ref());
            let ahead = text.get(at..(at + VALUE).min(text.len())).unwrap_or_default();
            if let Some(length) = pattern.and_then(|pattern| pattern.end(ahead)) {
                self.judge_value(recognizer, at..at + length, Standing::Positive);
            }
        }
    }
}

/// The name at `at`, behind a label. Directly behind one it must not be the rest of a sentence: 姓名和地址, 名字相关.
fn name_behind_label(text: &[u8], at: usize) -> Option<Found> {
    /// Ends of labels that a name stands directly behind, and nothing else.
    const OF_NAMES: [&str; 9] = ["姓名", "户名", "件人", "货人", "系人", "卡人", "款人", "代表人", "叫"];
    let runs_on = char_before(text, at).is_some_and(|(c, _)| is_han(c) && !matches!(c, '是' | '为'));
    if !runs_on {
        return name::after_label(text, at).or_else(|| name::word_after_label(text, at));
    }
    let of_names = OF_NAMES.iter().any(|label| ends(text, at, label));
    let goes_on = char_at(text, at).is_some_and(|(c, _)| "和与及或同跟来都".contains(c));
    if of_names && !goes_on {
        return name::after_label(text, at).or_else(|| name::word_after_label(text, at));
    }
    // 学生党员, 股东权益, 名字相关
    name::after_label(text, at).filter(|found| found.registry >= FREQUENT_NAME)
}

/// Whether what `ahead` begins with is a number without Chinese numerals.
fn is_plain_number(ahead: &[u8]) -> bool {
    let behind = ahead.iter().find(|b| !(b.is_ascii_digit() || matches!(b, b' ' | b'-')));
    behind.is_none_or(u8::is_ascii)
}

/// Whether the element called `name`, whose start tag ends with the `>` at `at`, ends on the same line and holds no other:
/// the `<name>` of a usage line is no element.
fn is_closed(text: &[u8], at: usize, name: std::ops::Range<usize>) -> bool {
    let rest = text.get(at + 1..(at + 1 + VALUE).min(text.len())).unwrap_or_default();
    let rest = memchr::memchr(b'\n', rest).map_or(rest, |end| rest.get(..end).unwrap_or_default());
    let Some(end) = memchr::memmem::find(rest, b"</") else { return false };
    let tag = rest.get(end + 2..).unwrap_or_default();
    let tag = memchr::memchr(b'>', tag).and_then(|close| tag.get(..close)).unwrap_or_default();
    let is_bare = rest.get(..end).is_some_and(|held| !held.contains(&b'<') || held.starts_with(SECTION));
    is_bare && text.get(name).is_some_and(|name| tag.ends_with(name))
}

/// Whether a stretch goes on over `b`: everything but line ends, quotes and field separators.
#[inline]
pub(super) const fn stretches(b: u8) -> bool {
    !matches!(
        b,
        b'\n' | b'\r' | b'\t' | b'"' | b'\'' | b',' | b';' | b'{' | b'}' | b'<' | b'>' | b'|' | b' ' | b'=' | b'&'
    )
}
