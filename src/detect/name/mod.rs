//! The grammar of person names: a surname and one or two characters, transliterated names with middle dots, pinyin,
//! and names of peoples without surnames. Four fronts: a value behind a label, a whole cell, what stands before a
//! title, all of them for bytes that may hold anything. Must refuse ordinary words and prose; a wrong name is worse
//! in a log than a missed one, except where a column says that it holds names.

mod dictionary;
mod ending;
pub(super) mod free;
mod minority;
mod pinyin;
mod shape;

pub(super) use self::dictionary::is_word;
pub(super) use self::ending::{continues, title_end};
use self::ending::{field_at, is_field, title_at};
use self::shape::{Shape, is_dot};
pub(super) use self::shape::{is_listed, surname_of};
use super::Found;
use super::han::{char_at, char_before, fold, is_han, skip_spaces, trimmed};
use crate::finding::Traits;

/// Most characters read from a run of Han text; no name behind a label is longer.
const LONGEST: usize = 24;

/// A run of Han characters and middle dots: the characters and where each ends.
struct Run {
    characters: [char; LONGEST],
    start: usize,
    /// Bytes from the start.
    ends: [u8; LONGEST],
    length: usize,
    /// How many characters stand before the first dot.
    undotted: usize,
}

impl Run {
    /// The run that starts at `at`; no longer than [`LONGEST`].
    fn at(text: &[u8], at: usize) -> Run {
        let mut run =
            Run { characters: ['\0'; LONGEST], start: at, ends: [0; LONGEST], length: 0, undotted: usize::MAX };
        let mut bytes = 0;
        for (character, end) in run.characters.iter_mut().zip(&mut run.ends) {
            let Some((c, length)) = char_at(text, at + bytes) else { break };
            if !is_han(c) {
                if !is_dot(c) || bytes == 0 {
                    break;
                }
                run.undotted = run.undotted.min(run.length);
            }
            bytes += length;
            *character = c;
            *end = bytes as u8;
            run.length += 1;
        }
        run
    }

    /// Whether a dot stands among the first `count` characters.
    fn is_dotted(&self, count: usize) -> bool {
        self.undotted < count
    }

    fn first(&self, count: usize) -> &[char] {
        self.characters.get(..count.min(self.length)).unwrap_or(&[])
    }

    /// The place after the first `count` characters.
    fn end(&self, count: usize) -> usize {
        let last = count.checked_sub(1).and_then(|last| self.ends.get(last));
        self.start + last.map_or(0, |end| usize::from(*end))
    }
}

/// The name that starts at `at`, behind a label that says it is one.
pub fn after_label(text: &[u8], at: usize) -> Option<Found> {
    let (c, length) = char_at(text, at)?;
    if fold(c).is_ascii_alphabetic() {
        return quoted_pinyin(text, at);
    }
    // 姓名和电子邮件, 收件人来定, 法人盖章: the sentence goes on behind the label.
    let goes_on = matches!(c, '和' | '来' | '应' | '都' | '由' | '及' | '与' | '从' | '被' | '盖' | '查');
    if goes_on && char_before(text, at).is_some_and(|(before, _)| is_han(before)) {
        return None;
    }
    let at = if matches!(c, '为' | '是' | '叫') { skip_spaces(text, at + length) } else { at };
    let run = Run::at(text, at);
    if !may_be_name(&run) {
        return without_surname(text, &run);
    }
    let cut = first_cut(text, &run);
    if cut == run.length && !is_closed(text, run.end(cut)) {
        return None;
    }
    if cut == 0 {
        return None;
    }
    if cut == 1 {
        return spaced(text, &run).or_else(|| surname_before_title(text, &run));
    }
    if run.is_dotted(cut) {
        let shape = shape::transliterated(run.first(cut))?;
        return Some(found(run.start, run.end(cut), shape));
    }
    if let Some(found) = word_as_name(text, &run, cut) {
        return Some(found);
    }
    if cut <= 4
        && let Some(shape) = judged(text, &run, cut)
        // A shorter name and a function word (张伟已, 李娜在) may explain the characters better.
        && (cut < 4 || shape.structure >= 30)
        && (cut < 3 || shape.structure >= 34 || split(text, &run, cut).is_none())
    {
        return Some(found(run.start, run.end(cut), shape));
    }
    split(text, &run, cut)
}

/// A name that is an ordinary word as well (高峰, 安静), behind a label that says it is a name: nothing may follow it but
/// the next field.
pub(super) fn word_after_label(text: &[u8], at: usize) -> Option<Found> {
    let run = Run::at(text, at);
    let cut = first_cut(text, &run);
    let characters = run.first(cut);
    let (surname, given) = characters.split_first()?;
    let named = dictionary::surname(*surname) >= 100
        && (!ending::is_function(*surname) || cut == 2 && run.length == 2 && is_field(text, run.start, run.end(2)));
    let known = matches!(given.len(), 1 | 2) && given.iter().all(|c| dictionary::given(*c) > 0);
    let word = named && known && is_word(text.get(run.start..run.end(cut))?);
    (word && is_closed(text, run.end(cut)))
        .then(|| found(run.start, run.end(cut), Shape { structure: 30, registry: 8 }))
}

/// `value` as a person's name: the whole cell of a column that says it holds names.
pub fn is_value(value: &[u8]) -> Option<Found> {
    let range = trimmed(value);
    let cell = value.get(range.clone())?;
    if cell.len() > 120 {
        return None;
    }
    if cell.first().is_some_and(u8::is_ascii_alphabetic) {
        let shape = pinyin::judge(std::str::from_utf8(cell).ok()?)?;
        return Some(whole(range, shape));
    }
    let mut weakest: Option<Shape> = None;
    let (mut p, mut count) = (range.start, 0);
    while p < range.end {
        let (found, end) = one_of_cell(value, p, range.end)?;
        count += 1;
        if found.end < end || end == range.end && count == 1 {
            let is_whole = found.start == range.start && found.end == range.end;
            return Some(Found { traits: Traits { whole: is_whole, ..Traits::default() }, ..found });
        }
        let shape = Shape { structure: found.structure, registry: found.registry };
        weakest =
            Some(weakest.map_or(shape, |weakest| if shape.structure < weakest.structure { shape } else { weakest }));
        if end >= range.end {
            break;
        }
        let (c, length) = char_at(value, end)?;
        if !matches!(fold(c), '、' | ',' | ';' | '/' | ' ' | '|') {
            return None;
        }
        p = skip_spaces(value, end + length);
    }
    weakest.map(|shape| whole(range, shape))
}

/// The name just left of a title that begins at `at` (张伟先生); a surname alone (王女士) is weak.
pub fn before_title(text: &[u8], at: usize) -> Option<Found> {
    let mut starts = [at; 6];
    let mut characters = ['\0'; 6];
    let mut count = 0;
    let mut p = at;
    while let Some((c, before)) = char_before(text, p).filter(|(c, _)| is_han(*c) || is_dot(*c)) {
        let (Some(character), Some(start)) = (characters.get_mut(count), starts.get_mut(count)) else { break };
        (*character, *start) = (c, before);
        count += 1;
        p = before;
    }
    let left = |length: usize| -> Option<[char; 4]> {
        let mut name = ['\0'; 4];
        for (k, slot) in name.iter_mut().take(length).enumerate() {
            *slot = *characters.get(length - 1 - k).filter(|_| length <= count)?;
        }
        Some(name)
    };
    for length in [4, 3, 2] {
        let Some(name) = left(length) else { continue };
        let name = name.get(..length)?;
        let start = *starts.get(length - 1)?;
        let Some(shape) = shape::judge(name, text.get(start..at)?) else { continue };
        let bounded = count == length || characters.get(length).is_some_and(|c| ending::is_function(*c));
        let plain = shape.is_plain(name);
        if shape.structure < 34
            || length == 4 && !bounded
            || !bounded && !plain
            || is_shorter_better(name, text, &starts, at)
        {
            continue;
        }
        let structure = if bounded { shape.structure } else { shape.structure - 6 };
        return Some(found(start, at, Shape { structure, ..shape }));
    }
    let name = left(1)?;
    let surname = *name.first()?;
    let bounded = count == 1 || characters.get(1).is_some_and(|c| ending::is_function(*c));
    (bounded && dictionary::surname(surname) > 1000 && !ending::is_function(surname))
        .then(|| found(*starts.first().unwrap_or(&at), at, Shape { structure: 14, registry: 6 }))
}

/// 和李明先生: whether the first character is a function word and the rest a name of its own.
fn is_shorter_better(name: &[char], text: &[u8], starts: &[usize; 6], at: usize) -> bool {
    let Some((first, rest)) = name.split_first() else { return false };
    let start = starts.get(rest.len().saturating_sub(1)).copied().unwrap_or(at);
    ending::is_function(*first)
        && text.get(start..at).and_then(|bytes| shape::judge(rest, bytes)).is_some_and(|shape| shape.structure >= 34)
}

/// A name of a people without surnames that fills the value.
fn without_surname(text: &[u8], run: &Run) -> Option<Found> {
    let cut = first_cut(text, run);
    let end = run.end(cut);
    let shape = minority::judge(run.first(cut), text.get(run.start..end)?)?;
    is_closed(text, end).then(|| found(run.start, end, shape))
}

/// 姓名：高峰，: a word that is also a name, all of the value behind a Chinese label and a separator.
fn word_as_name(text: &[u8], run: &Run, cut: usize) -> Option<Found> {
    let [surname, given] = run.first(cut) else { return None };
    let (before, at) = char_before(text, run.start)?;
    let mut behind_label = at;
    while let Some((' ' | '\u{3000}', before)) = char_before(text, behind_label) {
        behind_label = before;
    }
    let separated =
        matches!(fold(before), ':' | '=') && char_before(text, behind_label).is_some_and(|(c, _)| is_han(c));
    let closed =
        char_at(text, run.end(cut)).is_none_or(|(c, _)| matches!(fold(c), ',' | '、' | ';' | '。' | '\n' | '\r' | '|'));
    let sure = dictionary::surname(*surname) > 500
        && dictionary::given(*given) >= 20
        && !ending::is_function(*surname)
        && dictionary::is_word(text.get(run.start..run.end(cut))?);
    (separated && closed && sure).then(|| found(run.start, run.end(cut), Shape { structure: 20, registry: 4 }))
}

/// Whether the run begins with a surname or holds the dot of a transliterated name.
fn may_be_name(run: &Run) -> bool {
    let characters = run.first(run.length);
    let surname = match characters {
        [_, ..] => {
            let [(one, known), (two, _)] = dictionary::plain(characters);
            known.surname > 0 || known.begins_pair && dictionary::is_compound([one, two])
        }
        [] => false,
    };
    surname || run.is_dotted(run.length)
}

fn found(start: usize, end: usize, shape: Shape) -> Found {
    Found { start, end, structure: shape.structure, registry: shape.registry, traits: Traits::default() }
}

fn whole(range: std::ops::Range<usize>, shape: Shape) -> Found {
    let mut found = found(range.start, range.end, shape);
    found.traits.whole = true;
    found
}

/// How many characters of the run stand before the next field or a title.
fn first_cut(text: &[u8], run: &Run) -> usize {
    let mut characters = run.first(run.length).iter().enumerate();
    let is_cut = |k: usize| field_at(text, run.end(k)) || k > 0 && title_at(text, run.end(k));
    characters.find(|(k, c)| ending::may_cut(**c) && is_cut(*k)).map_or(run.length, |(k, _)| k)
}

/// Whether a run of Han characters may end a name at `at`: not masked, not a file name, not an identifier.
fn is_closed(text: &[u8], at: usize) -> bool {
    let Some((c, length)) = char_at(text, at) else { return true };
    match fold(c) {
        '*' | '_' | '×' | '●' | '-' | '%' | '@' => false,
        '.' => char_at(text, at + length).is_none_or(|(c, _)| !c.is_ascii_alphanumeric()),
        c => !c.is_ascii_alphabetic() || text.get(at..).is_none_or(|rest| !is_identifier(rest)),
    }
}

/// Letters that go on into something that is not the next field (`id=`, `ID:`, `tel`).
fn is_identifier(rest: &[u8]) -> bool {
    let letters = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    !(2..=12).contains(&letters)
}

fn judged(text: &[u8], run: &Run, count: usize) -> Option<Shape> {
    shape::judge(run.first(count), text.get(run.start..run.end(count))?)
}

/// A name at the head of a longer run, in front of a word that goes on after it: 张伟已经, 王小明将于.
fn split(text: &[u8], run: &Run, cut: usize) -> Option<Found> {
    [4, 3, 2].into_iter().filter(|count| *count < cut).find_map(|count| {
        let shape = judged(text, run, count)?;
        let sure = shape.structure >= 34 && shape.registry >= 12;
        (sure && continues(text, run.end(count)))
            .then(|| found(run.start, run.end(count), Shape { structure: shape.structure - 12, ..shape }))
    })
}

/// 张 伟: forms pad a name of two characters to the width of three.
fn spaced(text: &[u8], run: &Run) -> Option<Found> {
    let [surname] = run.first(1) else { return None };
    let gap = run.end(1);
    let at = skip_spaces(text, gap);
    if at == gap || at - gap > 6 || dictionary::surname(*surname) < 100 {
        return None;
    }
    let rest = Run::at(text, at);
    let [given] = rest.first(1) else { return None };
    let alone = rest.length == 1 && is_closed(text, rest.end(1)) || field_at(text, rest.end(1));
    (alone && dictionary::given(dictionary::simplified(*given)) > 0)
        .then(|| found(run.start, rest.end(1), Shape { structure: 30, registry: 12 }))
}

/// 联系人：王女士
fn surname_before_title(text: &[u8], run: &Run) -> Option<Found> {
    let [surname] = run.first(1) else { return None };
    let sure = dictionary::surname(dictionary::simplified(*surname)) > 300 && !ending::is_function(*surname);
    (sure && title_at(text, run.end(1))).then(|| found(run.start, run.end(1), Shape { structure: 16, registry: 6 }))
}

/// One name of a cell from `at`, and where the text that belongs to it ends (a title or note may follow the name).
fn one_of_cell(value: &[u8], at: usize, limit: usize) -> Option<(Found, usize)> {
    let value = value.get(..limit)?;
    let run = Run::at(value, at);
    let end = run.end(run.length);
    if run.length == 1 {
        let found = spaced(value, &run)?;
        return Some((found, found.end));
    }
    let is_title = |k: usize, c: &char| ending::may_cut(*c) && title_at(value, run.end(k));
    let mut later = run.first(run.length).iter().enumerate().skip(1);
    if let Some((cut, _)) = later.find(|(k, c)| is_title(*k, c)) {
        return match cut {
            1 => surname_before_title(value, &run),
            _ => judged(value, &run, cut).map(|shape| found(at, run.end(cut), shape)),
        }
        .map(|found| (found, end));
    }
    let characters = run.first(run.length);
    let shape = if run.is_dotted(run.length) {
        shape::transliterated(characters)
    } else {
        judged(value, &run, run.length).or_else(|| minority::judge(characters, value.get(at..end)?))
    }?;
    let noted = char_at(value, end).is_some_and(|(c, _)| fold(c) == '(')
        && char_before(value, limit).is_some_and(|(c, _)| fold(c) == ')');
    Some((found(at, end, shape), if noted { limit } else { end }))
}

/// A pinyin name that fills a quoted value, or stands before a mark or a character that is no letter.
fn quoted_pinyin(text: &[u8], at: usize) -> Option<Found> {
    let quote = at.checked_sub(1).and_then(|before| text.get(before)).filter(|b| matches!(b, b'"' | b'\''));
    let rest = text.get(at..text.len().min(at + 48))?;
    let length = match quote {
        Some(quote) => memchr::memchr(*quote, rest)?,
        None if at == 0 && text.len() <= 48 => rest.len(),
        None => pinyin::unquoted(rest)?,
    };
    let name = rest.get(..length)?.trim_ascii_end();
    let shape = pinyin::judge(std::str::from_utf8(name).ok()?)?;
    Some(found(at, at + name.len(), shape))
}

/// Whether `value` has at least the look of a name: two to twenty letters or Han characters, dots and spaces between
/// them, and nothing else. For columns of which it is known that they hold names.
pub(super) fn looks_like_a_name(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let letters = text.chars().filter(|c| is_han(*c) || c.is_alphabetic()).count();
    (2..=20).contains(&letters) && text.chars().all(|c| is_han(c) || c.is_alphabetic() || is_dot(c) || c == ' ')
}

#[cfg(test)]
mod tests;
