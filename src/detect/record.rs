//! Values that are known by the record that they stand in and not by a label: where a name, a telephone number or a
//! resident ID stands in a list (`张伟|男|1990-01-05|13800138000`), a field that is wholly a gender, a day of birth, a
//! resident ID of the old form, or a postal code behind an address, is what it looks like.
//!
//! Looked at is a window on the line around such a match, once for all matches in a line that is no longer.

use std::ops::Range;

use super::address;
use super::context::{byte, byte_before};
use super::pass::{Pass, line_window};
use super::resolve::MATCH_SCORE;
use crate::finding::EntityId;
use crate::rule::compile::Anchor;
use crate::rule::label::Standing;
use crate::validate::cn_resident_id::{Date, ResidentId};
use crate::validate::luhn;

/// Most fields of a list that are looked at.
const MOST_FIELDS: usize = 256;
/// Most days of a list that are held against its resident IDs.
const MOST_DAYS: usize = 8;
/// Longest field that may be one of the values, in bytes.
const LONGEST: usize = 32;
/// Longest field that may hold one with what stands around it.
const LONGEST_FIELD: usize = 64;
/// Who was born later is hardly ever in a list without a gender beside the day: other days are.
const LAST_YEAR: u16 = 2002;
/// Questions whether a window was looked at, which no recognizer asks.
const LIST: (u16, u16) = (u16::MAX, 0);

/// A list of values in a line.
struct List<'a> {
    text: &'a [u8],
    window: Range<usize>,
    separator: &'static [u8],
}

impl List<'_> {
    /// Leaves out what the ends of the window cut in two.
    fn leave_parts(&mut self) {
        let (Range { start, end }, length) = (self.window.clone(), self.separator.len());
        if byte_before(self.text, start) != b'\n' {
            let first = memchr::memmem::find(self.at(&self.window), self.separator);
            self.window.start = first.map_or(end, |first| start + first + length);
        }
        if byte(self.text, end) != b'\n' {
            let within = self.text.get(self.window.clone()).unwrap_or_default();
            let last = memchr::memmem::rfind(within, self.separator);
            self.window.end = last.map_or(self.window.start, |last| self.window.start + last);
        }
    }

    /// The fields as they stand there.
    fn raw(&self) -> impl Iterator<Item = Range<usize>> {
        let (within, from, length) = (self.at(&self.window), self.window.start, self.separator.len());
        let last = self.separator.last().copied().unwrap_or_default();
        let is_whole = move |at: &usize| {
            length == 1 || at.checked_sub(2).and_then(|from| within.get(from..=*at)) == Some(self.separator)
        };
        let ends = memchr::memchr_iter(last, within).filter(is_whole).map(move |at| from + at + 1 - length);
        let mut start = from;
        ends.chain(std::iter::once(self.window.end)).take(MOST_FIELDS).map(move |end| {
            let field = start..end;
            start = end + length;
            field
        })
    }

    /// The fields that may be values, without what stands around them.
    fn fields(&self) -> impl Iterator<Item = Range<usize>> {
        self.raw().map(|field| value_in(self.text, field))
    }

    fn at(&self, field: &Range<usize>) -> &[u8] {
        self.text.get(field.clone()).unwrap_or_default()
    }

    /// Whether a resident ID in the list is of somebody born on `date`; `None` where there is no such ID.
    fn agrees(&self, date: Date) -> Option<bool> {
        let mut agrees = None;
        for field in self.fields() {
            if let Some(id) = resident_id(self.at(&field)) {
                agrees = Some(agrees.unwrap_or_default() || id.birth == date);
            }
        }
        agrees
    }

    /// Whether a telephone number or a resident ID stands in the list.
    fn has_number(&self) -> bool {
        let is_mobile = |field: &[u8]| matches!(field, [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9 && rest.iter().all(u8::is_ascii_digit));
        self.fields().any(|field| is_mobile(self.at(&field)) || resident_id(self.at(&field)).is_some())
    }
}

impl Pass<'_> {
    /// Looks at the records around those of the matches `out[from..]` that tell of a person.
    #[inline(never)] // The pass is laid out better without it.
    pub(super) fn records(&mut self, from: usize) {
        for at in from..self.out.len() {
            let Some(found) = self.out.get(at) else { break };
            if !self.program.kinds.is_direct(found.entity) || found.score < MATCH_SCORE {
                continue;
            }
            let span = found.span();
            self.relation_behind(&span);
            if super::statement::is_quoted(self.text, &span) {
                self.statement_around(&span);
            }
            if let Some(separator) = separator_beside(self.text, &span) {
                self.list_around(&span, separator);
            } else if super::command::is_word_of(self.text, &span) {
                self.command_around(&span);
            }
        }
    }

    /// The window of the line around `span`, unless it is the whole line and was looked at before for the same question.
    pub(super) fn window_around(&mut self, span: &Range<usize>, question: (u16, u16)) -> Option<Range<usize>> {
        let (from, to) = line_window(self.text, span.start, span.end);
        let is_line = byte_before(self.text, from) == b'\n' && byte(self.text, to) == b'\n';
        let asked = is_line && self.buffers.asked.before(self.serial, question, from, Standing::None);
        (!asked || self.program.plain).then_some(from..to)
    }

    #[inline(never)]
    fn list_around(&mut self, span: &Range<usize>, separator: &'static [u8]) {
        let Some(window) = self.window_around(span, LIST) else { return };
        let text = self.text;
        if separator == b"|"
            && let Some(start) = patient_before(text, window.start..span.start)
        {
            return self.patient(&List { text, window: start..window.end, separator });
        }
        let mut list = List { text, window, separator };
        list.leave_parts();
        let mut fields = list.raw().peekable();
        let (mut last, mut days, mut has_number) = (0..0, 0, None);
        let mut beside_number = || *has_number.get_or_insert_with(|| list.has_number());
        while let Some(raw) = fields.next() {
            let before = std::mem::replace(&mut last, raw.clone());
            if !may_hold_value(list.at(&raw)) {
                continue;
            }
            let field = value_in(text, raw);
            let value = list.at(&field);
            match value.first() {
                _ if value.len() > LONGEST => {}
                Some(0x80..) if is_gender(value) => self.field(self.program.kinds.gender, field.clone()),
                Some(b'M' | b'F' | b'm' | b'f') if is_gender(value) && beside_number() => {
                    self.field(self.program.kinds.gender, field.clone());
                }
                Some(b'1'..=b'9') if value.len() == 6 => {
                    let start = value_begin(text, before);
                    let is_behind_address = byte(text, start) >= 0x80
                        && address::after_label(text, start, &mut self.addresses)
                            .is_some_and(|found| found.structure >= 30 && found.end <= field.start);
                    if is_behind_address {
                        self.field(self.program.kinds.postal_code, field.clone());
                    }
                }
                Some(b'1'..=b'8') if value.len() == 15 => {
                    // Of the phones' numbers that begin so, those with the right check digit.
                    let is_imei = value.starts_with(b"35") && luhn::holds(value);
                    if resident_id(value).is_some() && !is_imei {
                        self.field(self.program.kinds.resident_id, field.clone());
                    }
                }
                Some(b'1' | b'2') if days < MOST_DAYS && may_be_date(value) => {
                    if let Some(date) = date_in(value) {
                        days += 1;
                        let tells = |raw: &Range<usize>| is_gender(list.at(&value_in(text, raw.clone())));
                        let beside_gender = tells(&before) || fields.peek().is_some_and(tells);
                        let is_early = date.year <= LAST_YEAR && value.len() > 8 && beside_number();
                        if list.agrees(date).unwrap_or(beside_gender || is_early) {
                            self.field(self.program.kinds.birthday, field.clone());
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The fields of a PID segment (HL7 v2.5, 3.4.2) that no other rule knows: identifier, day of birth and sex.
    fn patient(&mut self, list: &List<'_>) {
        let kinds = &self.program.kinds;
        for (number, field) in list.fields().enumerate().take(9) {
            let end = list.at(&field).iter().position(|byte| matches!(byte, b'^' | b'~'));
            let value = field.start..end.map_or(field.end, |end| field.start + end);
            match number {
                3 => self.field(kinds.account, value),
                7 => self.field(kinds.birthday, value.start..value.end.min(value.start + 8)),
                8 => self.field(kinds.gender, value),
                _ => {}
            }
        }
    }

    /// Reports `span` as `entity` where a rule of it takes the whole of it.
    pub(super) fn field(&mut self, entity: Option<EntityId>, span: Range<usize>) {
        let Some(entity) = entity.filter(|_| !span.is_empty()) else { return };
        let Some(rule) = self.program.rules.rules().get(usize::from(entity.0)) else { return };
        let value = self.text.get(span.clone()).unwrap_or_default();
        for (at, recognizer) in (0..).zip(&rule.recognizers) {
            let takes = matches!(recognizer.anchor, Anchor::Label(None) | Anchor::Digits { .. });
            let pattern = recognizer.pattern.as_ref().filter(|_| takes);
            if pattern.and_then(|pattern| pattern.end(value)) == Some(value.len()) {
                return self.judge_value((entity.0, at), span, Standing::Positive);
            }
        }
    }
}

/// What separates the values of a list, where `rest` begins with it.
fn separator_at(rest: &[u8]) -> Option<&'static [u8]> {
    Some(match rest {
        [b',', ..] => b",",
        [b'|', ..] => b"|",
        [b'\t', ..] => b"\t",
        [b'^', ..] => b"^",
        [b'#', ..] => b"#",
        [b';', ..] => b";",
        [b'~', ..] => b"~",
        [0xEF, 0xBC, 0x8C, ..] => "，".as_bytes(),
        [0xEF, 0xBC, 0x9B, ..] => "；".as_bytes(),
        [0xE3, 0x80, 0x81, ..] => "、".as_bytes(),
        _ => return None,
    })
}

/// What separates the match at `span` from others, when it is a value in a list.
fn separator_beside(text: &[u8], span: &Range<usize>) -> Option<&'static [u8]> {
    let is_quote = |byte: u8| matches!(byte, b'"' | b'\'');
    let quoted = is_quote(byte_before(text, span.start));
    let mut start = span.start - usize::from(quoted);
    let spaced = byte_before(text, start) == b' ';
    start -= usize::from(spaced);
    let one = |length: usize| start.checked_sub(length).and_then(|from| separator_at(text.get(from..start)?));
    if let Some(separator) = one(1).or_else(|| one(3)) {
        return Some(separator);
    }
    // A key before it would be its label.
    let opens = match byte_before(text, start) {
        b'[' | b'(' | b'{' | b'\n' => true,
        b':' => spaced && !quoted,
        _ => false,
    };
    if !opens {
        return None;
    }
    let mut end = span.end + usize::from(quoted && is_quote(byte(text, span.end)));
    let rest = text.get(end..)?;
    end += if rest.starts_with(b"(String)") { 8 } else { usize::from(byte(text, end) == b' ') };
    separator_at(text.get(end..)?)
}

/// Where the value in a field begins that may be longer.
fn value_begin(text: &[u8], field: Range<usize>) -> usize {
    let is_around = |byte: &u8| matches!(byte, b' ' | b'"' | b'\'');
    field.start + text.get(field).unwrap_or_default().iter().take_while(|byte| is_around(byte)).count()
}

/// Whether one of the values that are sought may stand in a field, by its length and how it begins. A field of as many
/// digits as a telephone number is one.
#[inline]
fn may_hold_value(field: &[u8]) -> bool {
    let Some((last, _)) = field.split_last().filter(|_| field.len() <= LONGEST_FIELD) else { return false };
    let begin = field.iter().take(3).position(|byte| !matches!(byte, b' ' | b'"' | b'\'' | b'(')).unwrap_or_default();
    let length = field.len() - begin;
    match field.get(begin..) {
        Some([b'1'..=b'9', ..]) => length >= 6 && !(last.is_ascii_digit() && matches!(length, 7 | 11 | 16..)),
        Some([b'M' | b'F' | b'm' | b'f', ..] | [0xE7, 0x94, 0xB7, ..] | [0xE5, 0xA5, 0xB3, ..]) => true,
        // The first field of a list may stand behind a name and a bracket.
        _ => memchr::memchr2(b'[', b'{', field).is_some(),
    }
}

/// The value in a field: without spaces, quotation marks, the brackets of the list, and the type that MyBatis logs. Longer
/// fields stay as they are.
fn value_in(text: &[u8], field: Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (field.start, field.end);
    let Some(within) = text.get(field).filter(|within| within.len() <= LONGEST_FIELD) else { return start..end };
    if let Some(open) = memchr::memrchr2(b'[', b'{', within) {
        start += open + 1;
    }
    if let Some(close) = memchr::memchr3(b']', b'}', b'|', text.get(start..end).unwrap_or_default()) {
        end = start + close;
    }
    let is_around = |byte: u8| matches!(byte, b' ' | b'"' | b'\'' | b'(' | b')' | b'\r');
    while start < end && is_around(byte(text, start)) {
        start += 1;
    }
    if byte_before(text, end) == b')' {
        let typed = text.get(start..end - 1).unwrap_or_default();
        let open = memchr::memrchr(b'(', typed);
        let name = open.and_then(|open| typed.get(open + 1..)).unwrap_or_default();
        if let Some(open) = open
            && !name.is_empty()
            && name.iter().all(u8::is_ascii_alphabetic)
        {
            end = start + open;
        }
    }
    while end > start && is_around(byte_before(text, end)) {
        end -= 1;
    }
    start..end
}

fn is_gender(value: &[u8]) -> bool {
    const HAN: [&str; 4] = ["男", "女", "男性", "女性"];
    const LATIN: [&str; 4] = ["m", "f", "male", "female"];
    HAN.iter().any(|word| word.as_bytes() == value)
        || value.len() <= 6 && LATIN.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value))
}

/// Where the last PID segment in `text[within]` begins.
fn patient_before(text: &[u8], within: Range<usize>) -> Option<usize> {
    let before = text.get(within.clone())?;
    let begins = |at: &usize| before.get(*at..).is_some_and(|rest| rest.starts_with(b"PID|"));
    let start = within.start + memchr::memrchr_iter(b'P', before).find(begins)?;
    (!byte_before(text, start).is_ascii_alphanumeric()).then_some(start)
}

/// Whether `value` has the length of a date in figures, or a separator behind the year.
fn may_be_date(value: &[u8]) -> bool {
    value.len() == 8 || matches!(value.get(4), Some(b'-' | b'/' | b'.' | 0xE5))
}

/// The day that `value` is: `1990-01-05`, `1990/1/5`, `1990年1月5日`, `19900105`.
fn date_in(value: &[u8]) -> Option<Date> {
    if let Ok(digits) = <&[u8; 8]>::try_from(value)
        && digits.iter().all(u8::is_ascii_digit)
    {
        return Date::parse(digits);
    }
    let value = std::str::from_utf8(value).ok()?;
    let value = value.strip_suffix('日').unwrap_or(value);
    let mut parts = value.split(['-', '/', '.', '年', '月']);
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then(|| Date::new(year, month, day))?
}

/// The resident ID that `value` is, of the old form or with a check character.
fn resident_id(value: &[u8]) -> Option<ResidentId> {
    let (last, body) = value.split_last().filter(|_| matches!(value.len(), 15 | 18))?;
    let is_one = body.iter().all(u8::is_ascii_digit) && (last.is_ascii_digit() || matches!(last, b'X' | b'x'));
    let mut compact = [0; 18];
    let compact = compact.get_mut(..value.len()).filter(|_| is_one)?;
    compact.iter_mut().zip(value).for_each(|(to, from)| *to = from.to_ascii_uppercase());
    ResidentId::parse(compact)
}

#[cfg(test)]
mod tests;
