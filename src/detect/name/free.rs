//! Names in free text, without a label: every place of a surname is a candidate, and a logistic regression over its
//! characters, what stands around it and what a segmenter reads in its place says how likely it is a name. Trained by
//! `rules/data/names.py`, which says the same in Python; must agree with it to the letter, but for what `cue` adds.

mod beside;
mod cue;
mod dotted;
mod layout;
mod model;
mod nobody;
mod reading;
mod sign;

use self::beside::{BEHIND, is_beside_number};
use self::cue::Cue;
use self::dotted::{dotted, is_middle_dot};
use self::model::{AROUND, BIAS, Record, is_compound, pair, record};
use self::nobody::{is_company, is_nobody};
use self::reading::Reading;
use self::sign::{IDEOGRAPH, LINE_END, ideograph_at, is_ideograph, sign_at, sign_before};
use super::super::Found;
use super::super::han::{Ideographs, char_at, char_before, is_han};
use super::shape::is_dot;
use crate::finding::Traits;

/// Least score of what is reported at all, and of a match; in sixteenths of the natural logarithm of odds.
const POSSIBLE: i32 = 4;
const LIKELY: i32 = 12;
/// What a surname that is hardly ever one lacks to be as likely as its score says.
const OF_RARE_SURNAME: i32 = 20;
/// What an ordinary word lacks.
const OF_WORD: i32 = 20;
/// Most that surroundings which only count for ordinary words say for one.
const MOST_OF_WORD: i32 = 48;
/// What a surname adds that is hardly ever anything else, by the step of trust in it.
const TRUSTED: [i32; 4] = [0, 12, 24, 44];
/// How much its surroundings must say that an ordinary word is a name, for it to be given something back: the less, the
/// surer its surname is one, and of the least sure no word is given anything.
const STRONG: [i32; 4] = [i32::MAX, 48, 32, 16];
const OF_STRONG_WORD: i32 = 60;
/// With what surnames of two characters begin that are words, too: 东方, 西门, 南宫, 百里.
const DIRECTIONS: [u16; 4] = ['东' as u16, '西' as u16, '南' as u16, '百' as u16];
/// Least weight of each character of the given name for that: 周一 is nobody, whatever stands around it.
const LEAST_OF_GIVEN: i32 = -8;
/// What the number of a telephone or of a resident ID adds to a name alone beside it.
const OF_NUMBER: i32 = 56;
/// Least score of the name alone, and with its surroundings, without the reading: few names have less, and nearly all
/// that is none, so that little has to be read.
const LEAST_OF_NAME: i32 = -64;
const LEAST_SO_FAR: i32 = -36;
/// Least score of what stands in an element of XML or HTML whose name is a label.
const LABELLED: i32 = -48;

/// Most points of a name.
pub(in crate::detect) const MOST_POINTS: i16 = 85;

/// Characters of the longest name.
const LONGEST: usize = 4;
/// Bytes of it.
pub(in crate::detect) const LONGEST_BYTES: usize = LONGEST * IDEOGRAPH;
/// Characters read ahead: the longest name and two more, or the window of the segmenter.
const AHEAD: usize = 7;
/// Characters read before the name.
const BEFORE: usize = 3;

/// A stretch that may be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) struct Candidate {
    /// In sixteenths of the natural logarithm of odds.
    score: i32,
    pub(in crate::detect) start: usize,
    pub(in crate::detect) end: usize,
}

/// Whether a surname begins with the character with this code, or it stands between the parts of a name.
pub(in crate::detect) fn begins_surname(code: u32) -> bool {
    char::from_u32(code).is_some_and(is_middle_dot)
        || u16::try_from(code).is_ok_and(|code| record(code).is_surname() || record(code).begins_compound())
}

impl Candidate {
    /// Whether it stands where `other` does, and is likelier.
    pub(in crate::detect) fn is_better_than(&self, other: &Candidate) -> bool {
        self.score > other.score
    }

    /// Whether it is nothing without a label.
    pub(in crate::detect) fn needs_label(&self) -> bool {
        self.score < POSSIBLE
    }

    /// As what a grammar found; nothing where what follows or a list says that it is no person.
    pub(in crate::detect) fn found(&self, text: &[u8]) -> Option<Found> {
        if is_company(text, self.end) || is_nobody(text.get(self.start..self.end)?) {
            return None;
        }
        let above = (self.score - LIKELY) / 4; // Four points for each nat.
        let structure = match above {
            _ if self.needs_label() => 25,
            ..0 => (60 + above).max(50),
            _ => (60 + above).min(i32::from(MOST_POINTS)),
        };
        Some(Found {
            start: self.start,
            end: self.end,
            structure: structure.min(60) as i16,
            registry: (structure - 60).max(0) as i16,
            traits: Traits::default(),
        })
    }
}

/// What stands around a place, as the model knows it: codes of simplified ideographs, signs for the rest.
struct Around {
    /// The character at the place and those behind it.
    ahead: [u16; AHEAD],
    /// How many of them are a run of ideographs.
    run: usize,
    /// The characters before the place, the nearest first.
    before: [u16; BEFORE],
    /// How many of them are a run of ideographs.
    run_before: usize,
}

impl Around {
    /// Reads the run of ideographs at `at`, as many as the longest name has; the rest counts as the end of a line.
    #[inline(always)]
    fn of_run(text: &[u8], at: usize) -> Around {
        let mut around = Around { ahead: [LINE_END; AHEAD], run: 0, before: [LINE_END; BEFORE], run_before: 0 };
        for slot in around.ahead.iter_mut().take(LONGEST) {
            let Some(code) = ideograph_at(text, at + around.run * IDEOGRAPH) else { break };
            *slot = code;
            around.run += 1;
        }
        around
    }

    /// How surely the surname of a name of `length` characters is one, of the steps of [`TRUSTED`].
    #[inline(always)]
    fn trust(&self, first: &Record, length: usize) -> usize {
        match length > 2 && self.is_compound(first) {
            true if self.ahead.first().is_some_and(|code| DIRECTIONS.contains(code)) => 0,
            true => 3,
            false => first.trust(),
        }
    }

    /// What the surname of a name of `length` characters adds.
    #[inline(always)]
    fn trusted(&self, first: &Record, length: usize) -> i32 {
        TRUSTED.get(self.trust(first, length)).copied().unwrap_or(0)
    }

    /// Whether a surname begins at the place, of which `first` is the first character, and leaves something of so many
    /// characters for a given name.
    #[inline(always)]
    fn is_length(&self, first: &Record, length: usize) -> bool {
        first.is_surname() && length < LONGEST || length > 2 && self.is_compound(first)
    }

    #[inline(always)]
    fn is_compound(&self, first: &Record) -> bool {
        let [one, two, ..] = self.ahead;
        first.begins_compound() && is_compound(one, two)
    }

    /// Weight of the first `length` characters as a name.
    #[inline(always)]
    fn own(&self, first: &Record, length: usize) -> i32 {
        let name = self.ahead.get(..length).unwrap_or_default();
        BIAS + of_name(first, name, self.is_compound(first)) + self.trusted(first, length)
    }

    /// What words beside a name of `length` characters tell, or the title that is all but its surname.
    fn cue(&self, first: &Record, length: usize) -> Cue {
        let [nearest, next, _] = self.before;
        let behind = |at: usize| self.ahead.get(at).copied().unwrap_or(LINE_END);
        let mut cue = Cue::of([next, nearest], [behind(length), behind(length + 1)]);
        let name = self.ahead.get(..length).unwrap_or_default();
        if let [one, two] = given(name, self.is_compound(first)) {
            cue.weight += cue::of_title([*one, *two], self.trust(first, length));
        }
        cue
    }

    /// What its surroundings add to an ordinary word of `length` characters: only they tell whether it is a name.
    fn of_word(&self, length: usize) -> i32 {
        let [nearest, next, _] = self.before;
        let behind = |at: usize| self.ahead.get(at).copied().unwrap_or(LINE_END);
        let (one, two) = (behind(length), behind(length + 1));
        (pair::<7>(next, nearest) + pair::<8>(one, two) + pair::<9>(nearest, one)).min(MOST_OF_WORD)
    }

    /// Whether people are called what stands behind the surname of a name of `length` characters.
    fn is_given(&self, first: &Record, length: usize) -> bool {
        let name = self.ahead.get(..length).unwrap_or_default();
        match given(name, self.is_compound(first)) {
            [only] => record(*only).only() >= LEAST_OF_GIVEN,
            [middle, end] => record(*middle).middle().min(record(*end).end()) >= LEAST_OF_GIVEN,
            _ => false,
        }
    }

    /// Whether the first `length` characters are all that stands here.
    fn is_alone(&self, length: usize) -> bool {
        self.run_before == 0 && self.run == length
    }

    /// Reads all that is looked at around the place, of which the first ideographs were read.
    fn complete(&mut self, text: &[u8], at: usize) {
        let (mut p, mut is_run) = (at + self.run * IDEOGRAPH, true);
        for (read, slot) in self.ahead.iter_mut().enumerate().skip(self.run) {
            let length;
            (*slot, length) = sign_at(text, p);
            p += length;
            is_run &= is_ideograph(*slot);
            self.run += usize::from(is_run);
            // Behind a run two signs are looked at.
            if *slot == LINE_END || !is_run && read > self.run {
                break;
            }
        }
        self.look_back(text, at);
    }

    fn look_back(&mut self, text: &[u8], at: usize) {
        let (mut p, mut is_run) = (at, true);
        for (read, slot) in self.before.iter_mut().enumerate() {
            (*slot, p) = sign_before(text, p);
            is_run &= is_ideograph(*slot);
            self.run_before += usize::from(is_run);
            // Only of a run all is looked at, else the last two signs.
            if *slot == LINE_END || !is_run && read > 0 {
                break;
            }
        }
    }
}

/// The likeliest name that begins at `at`, if one is likely enough. `plain` takes no shortcut; the answer is the same.
pub(in crate::detect) fn at(text: &[u8], at: usize, plain: bool) -> Option<Candidate> {
    let mut around = Around::of_run(text, at);
    if around.run < 2 {
        return if around.run == 0 { dotted(text, at) } else { None };
    }
    let first = around.ahead.first().map(|code| record(*code))?;
    let is_element = at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'>');
    let least = if is_element { LABELLED } else { POSSIBLE };
    let mut outside = None;
    let mut reading = None;
    let mut best: Option<Candidate> = None;
    for length in 2..=LONGEST {
        if length > around.run || !around.is_length(&first, length) {
            continue;
        }
        let own = around.own(&first, length);
        if own < LEAST_OF_NAME && !is_element {
            continue;
        }
        let outside = *outside.get_or_insert_with(|| {
            around.complete(text, at);
            of_outside(&around)
        });
        let (surroundings, trusted) = (outside + of_end(&around, length), around.trusted(&first, length));
        let is_alone = around.is_alone(length);
        let is_beside = is_alone && trusted > 0 && is_beside_number(text, at, at + length * IDEOGRAPH);
        let cue = around.cue(&first, length);
        let so_far = own + surroundings.min(AROUND) + cue.weight + if is_beside { OF_NUMBER } else { 0 };
        let strong = STRONG.get(around.trust(&first, length)).copied().unwrap_or(i32::MAX);
        let is_strong = surroundings >= strong || cue.is_sure;
        let of_word = match is_strong && !is_alone && around.is_given(&first, length) {
            true => OF_STRONG_WORD - OF_WORD - trusted,
            false => -OF_WORD - trusted,
        };
        let most = so_far + model::most_of_reading(length) + (of_word + MOST_OF_WORD).max(0);
        let needed = best.map_or(least, |best| least.max(best.score + 1));
        if so_far < LEAST_SO_FAR && !is_element || !plain && most < needed {
            continue;
        }
        let reading = reading.get_or_insert_with(|| {
            let before = around.before.get(..around.run_before).unwrap_or_default();
            Reading::new(before, around.ahead.get(..around.run).unwrap_or_default())
        });
        if reading.is_nobody(length) {
            continue;
        }
        let is_word = reading.is_word(length);
        let more = match () {
            () if is_word => of_word + around.of_word(length),
            () if is_rarely_surname(text, at) => -OF_RARE_SURNAME,
            () => 0,
        };
        let mut score = so_far + reading.weight(length) + more;
        if is_word && is_alone && !is_beside {
            // Alone, a word is a word, unless a label or a number beside it says otherwise.
            score = score.min(POSSIBLE - 1);
        }
        if score >= least && best.is_none_or(|best| score > best.score) {
            best = Some(Candidate { score, start: at, end: at + length * IDEOGRAPH });
        }
    }
    best
}

/// Where a name may begin with a surname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) enum Begins {
    /// Nowhere.
    Nowhere,
    /// In an element of XML or HTML only.
    Element,
    /// It may.
    Anywhere,
}

/// Where a name may begin with the surname at `at` of `piece`, a part of a run of characters beyond ASCII that goes on
/// behind it or does not, whatever stands around the piece.
pub(in crate::detect) fn begins(text: &[u8], at: usize, piece: &std::ops::Range<usize>, goes_on: bool) -> Begins {
    if goes_on && at + LONGEST_BYTES > piece.end {
        return Begins::Anywhere;
    }
    let around = Around::of_run(text, at);
    if around.run == 0 {
        // A dot: what stands before it is looked at, too.
        return Begins::Anywhere;
    }
    let Some(first) = around.ahead.first().map(|code| record(*code)) else { return Begins::Nowhere };
    let lengths = (2..=around.run).filter(|length| around.is_length(&first, *length));
    match lengths.map(|length| around.own(&first, length)).max() {
        None => Begins::Nowhere,
        Some(..LEAST_OF_NAME) => Begins::Element,
        Some(_) if is_inside(text, at, piece) && self::at(text, at, false).is_none() => Begins::Nowhere,
        Some(_) => Begins::Anywhere,
    }
}

/// Whether no name that holds some of the characters from `start` to `end` goes on before or behind them.
pub(in crate::detect) fn stands_apart(text: &[u8], start: usize, end: usize) -> bool {
    let joins = |c: Option<(char, usize)>| c.is_some_and(|(c, _)| is_han(c) || is_dot(c) || is_middle_dot(c));
    !joins(char_before(text, start)) && !joins(char_at(text, end))
}

/// Characters within which all stands that [`at`] reads from the surname on: what the model knows, and the first byte of a
/// number beside the longest name.
const OUTLOOK: usize = if AHEAD > LONGEST + BEHIND + 1 { AHEAD } else { LONGEST + BEHIND + 1 };
// Before the name, the last byte of a number stands as far off as the model looks, at the most.
const _: () = assert!(beside::BEFORE < BEFORE);

/// Whether all that [`at`] looks at stands in `piece`.
fn is_inside(text: &[u8], at: usize, piece: &std::ops::Range<usize>) -> bool {
    let before = (0..BEFORE).try_fold(at, |at, _| char_before(text, at).map(|(_, before)| before));
    let behind = (0..OUTLOOK).try_fold(at, |at, _| char_at(text, at).map(|(_, length)| at + length));
    before.is_some_and(|before| before >= piece.start) && behind.is_some_and(|behind| behind <= piece.end)
}

/// Whether the surname at `at` is another word nearly always.
fn is_rarely_surname(text: &[u8], at: usize) -> bool {
    static SET: Ideographs = Ideographs::of("都由相位印应符简解查花时何来和于从及与被");
    char_at(text, at).is_some_and(|(c, _)| SET.holds(c))
}

/// The characters of a name behind its surname.
#[inline(always)]
fn given(name: &[u16], compound: bool) -> &[u16] {
    let of_surname = if name.len() == LONGEST || name.len() == 3 && compound { 2 } else { 1 };
    name.get(of_surname..).unwrap_or_default()
}

/// Weights of the characters of a name.
#[inline(always)]
fn of_name(first: &Record, name: &[u16], compound: bool) -> i32 {
    let code = name.first().copied().unwrap_or_default();
    let of_given = match given(name, compound) {
        [only] => record(*only).only() + pair::<5>(code, *only),
        [middle, end] => {
            record(*middle).middle() + record(*end).end() + pair::<5>(code, *middle) + pair::<6>(*middle, *end)
        }
        _ => 0,
    };
    first.surname() + of_given
}

/// Weights of what stands before a name of any length.
fn of_outside(around: &Around) -> i32 {
    let ([nearest, next, _], [first, ..]) = (around.before, around.ahead);
    model::before(nearest) + pair::<0>(next, nearest) + pair::<2>(nearest, first)
}

/// Weights of what stands behind a name of `length` characters.
fn of_end(around: &Around, length: usize) -> i32 {
    let [nearest, ..] = around.before;
    let behind = |at: usize| around.ahead.get(at).copied().unwrap_or(LINE_END);
    let (last, one, two) = (behind(length - 1), behind(length), behind(length + 1));
    model::behind(one) + pair::<1>(one, two) + pair::<3>(last, one) + pair::<4>(nearest, one)
}

#[cfg(test)]
mod tests;
