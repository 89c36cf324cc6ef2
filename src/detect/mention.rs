//! Further mentions: who was found for certain in a record is meant wherever the very same characters stand in that
//! record, without a label there, and where the surname stands before a title (`姓名：张伟，…张伟要求改期，请张先生…`).
//!
//! So are those whose names stand in a row with that of somebody (`listed`).
//!
//! A record is a line with the strings in it that are decoded aside, or a row. Looked for is in a window around the
//! certain match only, so that a line of megabytes costs no more than many short ones. Where there is no name,
//! nothing is looked for.

mod listed;

use std::ops::Range;

use super::context::{byte, byte_before};
use super::han::{char_at, char_before, is_han};
use super::name;
use super::program::Program;
use super::resolve::MATCH_SCORE;
use crate::block::texts::Texts;
use crate::block::{Aside, TableBlock};
use crate::finding::{EntityId, Match, Place, Traits};

/// Least evidence of the match that others are mentions of.
const CERTAIN: f32 = 0.7;
/// The evidence of a mention.
const MENTIONED: f32 = 0.8;
/// How far from the certain match mentions are sought in a line, each side, and how much of a cell or a decoded string
/// is looked at, in bytes.
const WINDOW: usize = 1024;
/// Longest name that is looked for.
const LONGEST: usize = 60;
/// A surname and a title, at least.
const SHORTEST_TITLED: usize = 9;
/// Most mentions of one match in one text.
const MOST: usize = 16;

/// A name that was found for certain.
struct Named<'a> {
    entity: EntityId,
    name: &'a [u8],
}

impl<'a> Named<'a> {
    /// Of the match `found`, whose place is in `text`.
    fn new(program: &Program, found: &Match, text: &'a [u8]) -> Option<Named<'a>> {
        if !program.kinds.is_name(found.entity) || found.traits.escaped || found.traits.encoded {
            return None;
        }
        let name = text.get(found.span()).filter(|name| name.len() <= LONGEST)?;
        let (first, _) = char_at(name, 0)?;
        if !is_han(first) {
            // Of names in Latin letters two words: one alone is many a thing.
            let is_pinyin = name.first().is_some_and(u8::is_ascii_alphabetic) && name.contains(&b' ');
            return is_pinyin.then_some(Named { entity: found.entity, name });
        }
        let is_long_enough = char_at(name, 3).is_some_and(|(second, _)| is_han(second));
        is_long_enough.then_some(Named { entity: found.entity, name })
    }

    /// Whether it is written in Latin letters.
    fn is_pinyin(&self) -> bool {
        self.name.first().is_some_and(u8::is_ascii)
    }

    /// Its surname, where it has one.
    fn surname(&self) -> Option<&'a [u8]> {
        let length = if self.is_pinyin() { 0 } else { name::surname_of(self.name) };
        self.name.get(..length).filter(|surname| !surname.is_empty())
    }

    /// Whether `value` is long enough for the name, or its surname and a title.
    fn fits(&self, value: &[u8]) -> bool {
        let titled = || self.surname().map_or(LONGEST, |surname| surname.len() + 6);
        value.len() >= self.name.len() || value.len() >= SHORTEST_TITLED && value.len() >= titled()
    }

    /// Calls `visit` with the places in `text[window]` where the person is meant, but for `own`, where the match stands.
    fn each(&self, text: &[u8], window: Range<usize>, own: Option<usize>, mut visit: impl FnMut(Range<usize>)) {
        // The last byte of the first character tells most; of Latin letters, the first one.
        let offset = if self.is_pinyin() { 0 } else { 2 };
        let (Some(&telling), Some(searched)) = (self.name.get(offset), text.get(window.clone())) else { return };
        let (mut from, mut count) = (0, 0);
        for hit in memchr::memchr_iter(telling, searched) {
            let Some(start) = (window.start + hit).checked_sub(offset) else { continue };
            if start < from || start < window.start || own == Some(start) {
                continue;
            }
            if let Some(end) = self.meant_at(text, start).filter(|end| *end <= window.end) {
                visit(start..end);
                from = end;
                count += 1;
                if count == MOST {
                    break;
                }
            }
        }
    }

    /// Where the name at `start` ends, or the title behind the surname there.
    fn meant_at(&self, text: &[u8], start: usize) -> Option<usize> {
        let rest = text.get(start..)?;
        if rest.starts_with(self.name) {
            let end = start + self.name.len();
            return self.is_whole(text, start, end).then_some(end);
        }
        if rest.get(..3) != self.name.get(..3) {
            return None;
        }
        let surname = self.surname().filter(|surname| rest.starts_with(surname))?;
        name::title_end(text, start + surname.len())
    }

    /// Whether the name from `start` to `end` is no part of another word. One that is a word as well (高峰) tells of a
    /// person only where it stands by itself.
    fn is_whole(&self, text: &[u8], start: usize, end: usize) -> bool {
        if self.is_pinyin() {
            let joins = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            return !joins(byte_before(text, start)) && !joins(byte(text, end));
        }
        if !name::is_word(self.name) {
            return true;
        }
        let is_joined = |c: Option<(char, usize)>| c.is_some_and(|(c, _)| is_han(c));
        !is_joined(char_before(text, start)) && (!is_joined(char_at(text, end)) || name::continues(text, end))
    }
}

/// Matches in order of place, to which mentions are added that none of them explains better.
struct Held<'a> {
    out: &'a mut Vec<Match>,
    from: usize,
    /// How many there were before.
    upto: usize,
}

impl<'a> Held<'a> {
    fn new(out: &'a mut Vec<Match>, from: usize) -> Held<'a> {
        let upto = out.len();
        Held { out, from, upto }
    }

    /// Adds the mention at `span` of `place`, unless something as long is there for certain. What is only possible, or
    /// shorter, makes room. Returns whether it did.
    fn add(&mut self, entity: EntityId, place: Place, span: &Range<usize>, whole: bool) -> bool {
        let (Ok(start), Ok(end)) = (u32::try_from(span.start), u32::try_from(span.end)) else { return false };
        let Some(before) = self.out.get_mut(self.from..self.upto) else { return false };
        let first = before.partition_point(|one| (one.place, one.end) <= (place, start));
        let rest = before.get_mut(first..).unwrap_or_default();
        let overlaps = |one: &&mut Match| one.place == place && one.start < end;
        let stronger = |one: &Match| one.score >= MATCH_SCORE && one.end - one.start >= end - start;
        if rest.iter_mut().take_while(overlaps).any(|one| stronger(one)) {
            return false;
        }
        for one in rest.iter_mut().take_while(overlaps) {
            one.score = DROPPED;
        }
        let traits = Traits { whole, ..Traits::default() };
        self.out.push(Match { entity, score: MENTIONED, place, start, end, traits });
        true
    }

    /// Whether the match at `at` made room for another one.
    fn is_dropped(&self, at: usize) -> bool {
        self.out.get(at).is_some_and(|one| one.score < MATCH_SCORE)
    }

    /// Puts the mentions where they belong.
    fn settle(self) {
        let Held { out, from, upto } = self;
        if out.len() == upto {
            return;
        }
        let mut at = 0;
        out.retain(|one| {
            at += 1;
            at <= from || one.score >= 0.0
        });
        if let Some(fresh) = out.get_mut(from..) {
            fresh.sort_by_key(|one| (one.place, one.start, std::cmp::Reverse(one.end)));
        }
        let (mut at, mut reach) = (0, None);
        out.retain(|one| {
            at += 1;
            if at <= from {
                return true;
            }
            let is_free = reach.is_none_or(|(place, end)| place != one.place || end <= one.start);
            if is_free {
                reach = Some((one.place, one.end));
            }
            is_free
        });
    }
}

/// The score of what made room.
const DROPPED: f32 = -1.0;

/// Adds the mentions in the lines of `text`, and in the strings of them that were decoded aside, to `out[from..]`.
pub(super) fn in_text(program: &Program, text: &[u8], asides: &[Aside], out: &mut Vec<Match>, from: usize) {
    let mut held = Held::new(out, from);
    for at in from..held.upto {
        let Some(&found) = held.out.get(at) else { break };
        if found.score < CERTAIN || !program.kinds.is_name(found.entity) {
            continue;
        }
        let (source, position) = match found.place {
            Place::Aside(index) => match asides.get(index as usize) {
                Some(aside) => (aside.decoded.as_slice(), aside.span.clone()),
                None => continue,
            },
            _ => (text, found.span()),
        };
        let Some(named) = Named::new(program, &found, source) else { continue };
        listed::each(source, &found.span(), |span| held.add(named.entity, found.place, &span, false));
        let window = line_window(text, &position);
        let first = asides.partition_point(|aside| aside.span.end <= window.start);
        let within = asides.iter().enumerate().skip(first).take_while(|(_, aside)| aside.span.start < window.end);
        let own = (found.place == Place::Text).then_some(position.start);
        named.each(text, window.clone(), own, |span| {
            // What stands in an encoded string is sought where it is decoded.
            let next = asides.partition_point(|aside| aside.span.end <= span.start);
            if asides.get(next).is_none_or(|aside| span.end <= aside.span.start) {
                held.add(named.entity, Place::Text, &span, false);
            }
        });
        for (index, aside) in within {
            let searched = 0..aside.decoded.len().min(WINDOW);
            let place = Place::Aside(index as u32);
            named.each(&aside.decoded, searched, None, |span| {
                held.add(named.entity, place, &span, false);
            });
        }
    }
    held.settle();
}

/// The line around `position`, at most [`WINDOW`] bytes each side.
fn line_window(text: &[u8], position: &Range<usize>) -> Range<usize> {
    let from = position.start.saturating_sub(WINDOW);
    let head = text.get(from..position.start).unwrap_or_default();
    let to = (position.end + WINDOW).min(text.len());
    let tail = text.get(position.end..to).unwrap_or_default();
    let start = memchr::memrchr(b'\n', head).map_or(from, |newline| from + newline + 1);
    start..memchr::memchr(b'\n', tail).map_or(to, |newline| position.end + newline)
}

/// A column in which mentions are sought.
struct Searched<'a> {
    position: u32,
    texts: Texts<'a>,
    /// No name in Han characters stands in it.
    is_ascii: bool,
}

/// Adds the mentions in the other cells of a row to `out[from..]`, the matches of `block`. Values of nested columns belong
/// to no row of their own and are left out.
pub(super) fn in_rows(program: &Program, block: &TableBlock, out: &mut Vec<Match>, from: usize) {
    let is_certain = |one: &Match| one.score >= CERTAIN && program.kinds.is_name(one.entity);
    if !out.get(from..).unwrap_or_default().iter().any(is_certain) {
        return;
    }
    let columns = block.columns.iter().enumerate().filter(|(_, column)| column.records.is_none());
    let searched = columns.filter_map(|(position, column)| {
        let texts = Texts::of(&column.values)?;
        Some(Searched { position: position as u32, texts, is_ascii: texts.is_ascii() })
    });
    let searched: Vec<Searched<'_>> = searched.collect();
    let mut held = Held::new(out, from);
    for at in from..held.upto {
        let Some(&found) = held.out.get(at) else { break };
        let Place::Cell { column: of, row } = found.place else { continue };
        if !is_certain(&found) {
            continue;
        }
        let source = searched.binary_search_by_key(&of, |column| column.position).ok().and_then(|at| searched.get(at));
        let Some(cell) = source.and_then(|source| source.texts.get(row as usize)) else { continue };
        let Some(named) = Named::new(program, &found, cell) else { continue };
        listed::each(cell, &found.span(), |span| held.add(named.entity, found.place, &span, false));
        for column in searched.iter().filter(|column| !column.is_ascii || named.is_pinyin()) {
            let Some(value) = column.texts.get(row as usize).filter(|value| named.fits(value)) else { continue };
            let place = Place::Cell { column: column.position, row };
            named.each(value, 0..value.len().min(WINDOW), None, |span| {
                // It would not make room for itself.
                if place != found.place || span != found.span() || held.is_dropped(at) {
                    held.add(named.entity, place, &span, span.len() == value.len());
                }
            });
        }
    }
    held.settle();
}

#[cfg(test)]
mod tests;
