//! Whose a value is: the subject that a record names in the columns or keys of the policy.
//!
//! A record is a row, a line of text, or the objects around a JSON value. Two values that differ, or a part of the record
//! that is not in the block, are no subject: nothing is guessed. On the way back a subject that was replaced by what
//! leads nowhere is called lost.

use std::borrow::Cow;
use std::ops::Range;

use arrow::array::Array;

use super::date_shift::{LOST, Of, days_of};
use super::edits::cell_text;
use super::fit::Room;
use super::hash::TOKEN_LENGTH;
use super::key::EntityKeys;
use super::{Replacement, Transformer, sha256};
use crate::block::{Block, ColumnKind, Syntax, TableBlock, TextBlock};
use crate::finding::{Match, Place};
use crate::format::{Codec, Member, Object};
use crate::policy::parameters::DateShift;
use crate::policy::{OperatorSpec, Purpose};
use crate::rule::canonical::Canonical;
use crate::rule::escape::unescaped;

/// The subject of a record.
enum Whose {
    Nobody,
    /// By this canonical value.
    Subject(Vec<u8>),
    Lost,
}

impl Whose {
    /// Whose a value is that two columns of one name tell of.
    fn and(self, other: Whose) -> Whose {
        match (self, other) {
            (Whose::Lost, _) | (_, Whose::Lost) => Whose::Lost,
            (Whose::Subject(one), Whose::Subject(other)) if one == other => Whose::Subject(one),
            _ => Whose::Nobody,
        }
    }
}

/// A match whose subject is asked for.
struct Asked<'t> {
    /// Its index.
    at: usize,
    parameters: &'t DateShift,
    keys: &'t EntityKeys,
}

impl Transformer {
    /// `matches` of `block`, those of which the policy moves the dates with the days of their subject.
    pub(super) fn with_shifts<'m>(
        &self,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &'m [Match],
    ) -> Cow<'m, [Match]> {
        let asked: Vec<Asked<'_>> = match self.asks_for_subjects {
            true => matches.iter().enumerate().filter_map(|(at, found)| self.asked(at, found)).collect(),
            false => return Cow::Borrowed(matches),
        };
        let mut shifted = matches.to_vec();
        for asked in asked.chunk_by(|one, other| std::ptr::eq(one.parameters, other.parameters)) {
            let Some(parameters) = asked.first().map(|one| one.parameters) else { continue };
            let names: Vec<String> = parameters.subject.iter().map(|name| plain(name)).collect();
            let mut enter = |one: &Asked<'_>, whose: &Whose| {
                let days = match whose {
                    Whose::Nobody => 0,
                    Whose::Lost => LOST,
                    Whose::Subject(canonical) => {
                        let days = days_of(one.keys, parameters, Of::Subject, canonical);
                        if self.purpose == Purpose::Reidentify { -days } else { days }
                    }
                };
                shifted.iter_mut().skip(one.at).take(1).for_each(|found| found.traits.shift = days);
            };
            match (block, codec) {
                (Block::Table(table), _) => self.of_rows(table, matches, asked, &names, &mut enter),
                (Block::Text(text), Some(codec)) if text.syntax == Syntax::Json => {
                    self.of_objects(text, codec, matches, asked, &names, &mut enter);
                }
                (Block::Text(text), _) => self.of_lines(text, matches, asked, &names, &mut enter),
            }
        }
        Cow::Owned(shifted)
    }

    fn asked(&self, at: usize, found: &Match) -> Option<Asked<'_>> {
        let (_, prepared) = self.prepared(found.entity).ok()?;
        match &prepared.choice(found.traits).ok()?.spec {
            OperatorSpec::DateShift(parameters) => Some(Asked { at, parameters, keys: &prepared.keys }),
            _ => None,
        }
    }

    fn of_rows(
        &self,
        table: &TableBlock,
        matches: &[Match],
        asked: &[Asked<'_>],
        names: &[String],
        enter: &mut dyn FnMut(&Asked<'_>, &Whose),
    ) {
        let columns: Vec<Vec<usize>> = names.iter().map(|name| called(table, name)).collect();
        for one in asked {
            let Some(Place::Cell { column, row }) = matches.get(one.at).map(|found| found.place) else { continue };
            let records = table.columns.get(column as usize).and_then(|column| column.records.as_ref());
            let record = records.map_or(Some(row), |records| records.get(row as usize).copied());
            let Some(record) = record else { continue };
            let named = columns.iter().find_map(|alike| {
                alike.iter().filter_map(|position| self.of_cells(table, matches, *position, record)).reduce(Whose::and)
            });
            enter(one, &named.unwrap_or(Whose::Nobody));
        }
    }

    /// The subject that the values of a column name in a record; none where there is no value.
    fn of_cells(&self, table: &TableBlock, matches: &[Match], position: usize, record: u32) -> Option<Whose> {
        let column = table.columns.get(position)?;
        let kind = &table.table.columns.get(column.index)?.kind;
        let rows = match &column.records {
            None => record as usize..record as usize + 1,
            Some(records) => {
                records.partition_point(|one| *one < record)..records.partition_point(|one| *one <= record)
            }
        };
        let mut named: Option<Vec<u8>> = None;
        for row in rows.filter(|row| column.values.is_valid(*row)) {
            let Ok(text) = cell_text(&column.values, row) else { return Some(Whose::Nobody) };
            if text.trim_ascii().is_empty() {
                continue;
            }
            let place = Place::Cell { column: u32::try_from(position).ok()?, row: u32::try_from(row).ok()? };
            let within = at_place(matches, place);
            match (self.named(&text, 0, within, kind), &named) {
                (Whose::Subject(canonical), None) => named = Some(canonical),
                (Whose::Subject(canonical), Some(held)) if canonical == *held => {}
                (Whose::Lost, _) => return Some(Whose::Lost),
                _ => return Some(Whose::Nobody),
            }
        }
        named.map(Whose::Subject)
    }

    fn of_objects(
        &self,
        text: &TextBlock,
        codec: &dyn Codec,
        matches: &[Match],
        asked: &[Asked<'_>],
        names: &[String],
        enter: &mut dyn FnMut(&Asked<'_>, &Whose),
    ) {
        let rank = |key: &str| {
            let key = plain(key);
            names.iter().position(|name| *name == key)
        };
        let objects = codec.objects(text, &rank);
        let mut places: Vec<(usize, &Asked<'_>)> =
            asked.iter().filter_map(|one| Some((position(text, matches.get(one.at)?), one))).collect();
        places.sort_by_key(|(position, _)| *position);
        let mut rest = objects.iter().peekable();
        // Each one around the next.
        let mut around: Vec<&Object> = Vec::new();
        for (position, one) in places {
            while let Some(object) = rest.next_if(|object| object.span.start <= position) {
                while around.pop_if(|outer| outer.span.end <= object.span.start).is_some() {}
                around.push(object);
            }
            while around.pop_if(|outer| outer.span.end <= position).is_some() {}
            let nearest = around.iter().rev().find(|object| object.member != Member::Absent);
            let whose = match nearest.map(|object| &object.member) {
                Some(Member::Value(span)) => self.of_token(text, codec, matches, span),
                _ => Whose::Nobody,
            };
            enter(one, &whose);
        }
    }

    /// The subject that a string or number names.
    fn of_token(&self, text: &TextBlock, codec: &dyn Codec, matches: &[Match], span: &Range<usize>) -> Whose {
        let kind =
            |within: &[Match]| within.first().map_or(ColumnKind::FREE_TEXT, |found| codec.site(text, found).kind);
        let index = text.asides.partition_point(|aside| aside.span.start < span.start);
        if let Some(aside) = text.asides.get(index).filter(|aside| aside.span == *span) {
            let within = u32::try_from(index).map_or(&[][..], |index| at_place(matches, Place::Aside(index)));
            return self.named(&aside.decoded, 0, within, &kind(within));
        }
        let within = in_text(matches, span);
        match text.slab.text().get(span.clone()) {
            Some(value) => self.named(value, span.start, within, &kind(within)),
            None => Whose::Nobody,
        }
    }

    fn of_lines(
        &self,
        text: &TextBlock,
        matches: &[Match],
        asked: &[Asked<'_>],
        names: &[String],
        enter: &mut dyn FnMut(&Asked<'_>, &Whose),
    ) {
        let bytes = text.slab.text();
        let mut line = (0..0, Whose::Nobody);
        for one in asked {
            let Some(found) = matches.get(one.at) else { continue };
            let at = position(text, found);
            if !line.0.contains(&at) {
                let start = memchr::memrchr(b'\n', bytes.get(..at).unwrap_or_default()).map_or(0, |end| end + 1);
                let behind = bytes.get(at..).unwrap_or_default();
                let end = memchr::memchr(b'\n', behind).map_or(bytes.len(), |length| at + length + 1);
                let whose = match pair(bytes.get(start..end).unwrap_or_default(), names) {
                    Some(value) => {
                        let span = start + value.start..start + value.end;
                        let written = bytes.get(span.clone()).unwrap_or_default();
                        self.named(written, span.start, in_text(matches, &span), &ColumnKind::FREE_TEXT)
                    }
                    None => Whose::Nobody,
                };
                line = (start..end, whose);
            }
            enter(one, &line.1);
        }
    }

    /// The subject that `value`, which starts at `start` of what the spans of its matches count in, names.
    fn named(&self, value: &[u8], start: usize, within: &[Match], kind: &ColumnKind) -> Whose {
        let is_back = self.purpose == Purpose::Reidentify;
        let [found] = within else { return self.unmatched(value, within) };
        if found.span() != (start..start + value.len()) {
            return self.unmatched(value, within);
        }
        let plain = if found.traits.escaped { unescaped(value) } else { Cow::Borrowed(value) };
        let Ok((entity, prepared)) = self.prepared(found.entity) else { return Whose::Nobody };
        let canonical = entity.canonical.of(&plain);
        let Ok(choice) = prepared.of_policy(found.traits) else { return Whose::Nobody };
        if is_back && choice.spec == OperatorSpec::Keep && self.is_written(&plain) {
            return Whose::Lost;
        }
        if !is_back || choice.spec == OperatorSpec::Keep {
            return Whose::Subject(canonical.into_owned());
        }
        if matches!(choice.spec, OperatorSpec::DateShift(_)) {
            return Whose::Lost;
        }
        let outcome = self.outcome((entity, prepared, choice), found.traits, &plain, &canonical, &Room::whole(kind));
        match outcome.map(|outcome| outcome.replacement) {
            Ok(Replacement::Value(original)) => Whose::Subject(entity.canonical.of(&original).into_owned()),
            _ => Whose::Lost,
        }
    }

    /// The subject that a value names which is not one of an entity type as a whole.
    fn unmatched(&self, value: &[u8], within: &[Match]) -> Whose {
        let is_kept = |found: &Match| {
            let choice = self.prepared(found.entity).and_then(|(_, prepared)| prepared.of_policy(found.traits));
            choice.is_ok_and(|choice| choice.spec == OperatorSpec::Keep)
        };
        if self.purpose == Purpose::Reidentify && (!within.iter().all(is_kept) || self.is_written(value)) {
            return Whose::Lost;
        }
        Whose::Subject(spelled_alike(value))
    }

    /// Whether a value looks as if an operator that leads nowhere had written it, or a part of it.
    fn is_written(&self, value: &[u8]) -> bool {
        let is_token = |run: &[u8]| match run.len() {
            TOKEN_LENGTH => run.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')),
            sha256::LENGTH => run.iter().all(u8::is_ascii_hexdigit),
            _ => false,
        };
        let templates = self.prepared.iter().flat_map(|prepared| &prepared.choices).map(|choice| &choice.template);
        value.contains(&b'*')
            || value.split(|byte| !byte.is_ascii_alphanumeric()).any(is_token)
            || templates.filter(|text| !text.is_empty()).any(|text| memchr::memmem::find(value, text).is_some())
    }
}

/// The positions of the columns that are called `name`; where none is, of those whose path ends so.
fn called(table: &TableBlock, name: &str) -> Vec<usize> {
    let with = |is_called: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let columns = table.columns.iter().enumerate();
        let named = columns.filter_map(|(position, column)| Some((position, table.table.columns.get(column.index)?)));
        named.filter(|(_, context)| is_called(&context.name)).map(|(position, _)| position).collect()
    };
    let whole = with(&|path| plain(path) == name);
    if !whole.is_empty() {
        return whole;
    }
    with(&|path| path.rsplit('.').next().is_some_and(|last| plain(last) == name))
}

/// The canonical form of a value of no entity type. A number with signs between its digits is the number that the same
/// value is where it was recognized, or is stored as a number.
fn spelled_alike(value: &[u8]) -> Vec<u8> {
    let text = Canonical::Text.of(value);
    let is_number = text.iter().all(|byte| byte.is_ascii_digit() || b"+-()".contains(byte));
    if is_number && text.iter().any(u8::is_ascii_digit) {
        return Canonical::CnMobile.of(&text).into_owned();
    }
    text.into_owned()
}

/// A name without what writers of columns and keys change: letter case, `_`, `-` and the like.
fn plain(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The matches at a place, of all of a block, which are sorted.
fn at_place(matches: &[Match], place: Place) -> &[Match] {
    let from = matches.partition_point(|found| found.place < place);
    let to = matches.partition_point(|found| found.place <= place);
    matches.get(from..to).unwrap_or_default()
}

/// The matches in a span of the text.
fn in_text<'m>(matches: &'m [Match], span: &Range<usize>) -> &'m [Match] {
    let matches = at_place(matches, Place::Text);
    let from = matches.partition_point(|found| found.span().end <= span.start);
    let to = matches.partition_point(|found| found.span().start < span.end);
    matches.get(from..to).unwrap_or_default()
}

/// Where a match stands in the block's text.
fn position(text: &TextBlock, found: &Match) -> usize {
    match found.place {
        Place::Aside(index) => text.asides.get(index as usize).map_or(0, |aside| aside.span.start),
        _ => found.start as usize,
    }
}

/// Where the value of the first of `names` stands in a line (`user_id=1001`, `"uid": "a 7"`, `用户编号：7`). None where no
/// name has a value, or the name that counts has two.
fn pair(line: &[u8], names: &[String]) -> Option<Range<usize>> {
    let line = std::str::from_utf8(line).ok()?;
    let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    let mut best: Option<(usize, Range<usize>, bool)> = None;
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(length)?;
        at +=
            length.max(behind.chars().next().map_or(0, |character| if length == 0 { character.len_utf8() } else { 0 }));
        if word.is_empty() {
            continue;
        }
        let word = plain(word);
        let Some(rank) = names.iter().position(|name| *name == word) else { continue };
        let Some(value) = value_behind(behind) else { continue };
        let start = line.len() - behind.len();
        let span = start + value.start..start + value.end;
        match &mut best {
            Some((held, _, _)) if *held < rank => {}
            Some((held, one, is_one)) if *held == rank => *is_one &= line.get(one.clone()) == line.get(span),
            _ => best = Some((rank, span, true)),
        }
    }
    best.filter(|(_, _, is_one)| *is_one).map(|(_, span, _)| span)
}

/// Where in the text behind a key its value stands.
fn value_behind(behind: &str) -> Option<Range<usize>> {
    let rest = behind.strip_prefix(['"', '\'']).unwrap_or(behind).trim_start();
    let rest = rest.strip_prefix(['=', ':', '：'])?.trim_start_matches([' ', '\t']);
    let (rest, length) = match rest.chars().next()? {
        quote @ ('"' | '\'') => {
            let rest = rest.strip_prefix(quote)?;
            (rest, rest.find(quote)?)
        }
        _ => {
            let ends = |character: char| character.is_whitespace() || ",;&|\"'<>()[]{}，；。、）】".contains(character);
            (rest, rest.find(ends).unwrap_or(rest.len()))
        }
    };
    let start = behind.len() - rest.len();
    let is_null = rest.get(..length).is_some_and(|value| matches!(value, "null" | "None" | "-"));
    (length > 0 && !is_null).then(|| start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_its_subject_once() {
        let names = ["userid".to_owned(), "用户编号".to_owned()];
        for (line, expected) in [
            ("user_id=1001 birthday=1990-01-05", Some("1001")),
            (r#"{"userId": "a 7", "x": 1}"#, Some("a 7")),
            ("x 用户编号：A-7，生日：1990-01-05", Some("A-7")),
            ("GET /?a=1&USER-ID=9&b=2", Some("9")),
            ("user_id=1 用户编号=2", Some("1")),
            ("user_id=1 user_id=1", Some("1")),
            ("user_id=1 user_id=2", None),
            ("user_id=null 用户编号=2", Some("2")),
            ("super_user_id=1", None),
            ("user_id 1", None),
            ("user_id=", None),
            ("", None),
        ] {
            let found = pair(line.as_bytes(), &names);
            assert_eq!(found.and_then(|span| line.get(span)), expected, "{line}");
        }
    }

    #[test]
    fn spellings_of_a_subject_are_one() {
        for (value, expected) in [
            ("１００１", "1001"),
            (" 1001 ", "1001"),
            ("+86 138-0013-8000", "13800138000"),
            ("a-7", "a-7"),
            ("ａ-7", "a-7"),
            ("--", "--"),
        ] {
            assert_eq!(spelled_alike(value.as_bytes()), expected.as_bytes(), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_taken(line in "\\PC{0,40}") {
            let _ = pair(line.as_bytes(), &["a".to_owned(), "1".to_owned()]);
        }
    }
}
