//! What was found of what was planted.
//!
//! A planted value is *found* when a match of its entity type covers at least half of it, *exact* when the match has its
//! very span, *wrong type* when only matches of other types cover it, else *missed*. A match is *right* when a value of
//! its type is at least half of it, *wrong* when it lies over another value, *false* when over none. Bytes of planted
//! values that no match covers, of whatever type, are *leaked*.

use std::collections::BTreeMap;

use crate::documents::{Document, Span};
use crate::people::NameKind;
use crate::reading::Seen;
use crate::reliability::Reliability;
use crate::template::{Half, Kind};
use crate::values::Group;

/// What became of a planted value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Found with its very span.
    Exact,
    /// Found, with more or less around it.
    Found,
    /// Covered by a match of another type.
    WrongType,
    /// Not found.
    Missed,
}

/// What a match was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Over a value of its type.
    Right,
    /// Over a value of another type.
    Wrong,
    /// Over nobody's data.
    False,
    /// Over a value that may be found or not.
    Optional,
}

/// Counts of one entity type, group or format.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    /// Planted values.
    pub(crate) planted: u64,
    /// Found, exact ones among them.
    pub(crate) found: u64,
    /// With their very span.
    pub(crate) exact: u64,
    /// Covered by a match of another type.
    pub(crate) wrong_type: u64,
    /// Right matches.
    pub(crate) right: u64,
    /// Matches over values of other types.
    pub(crate) wrong: u64,
    /// Matches over nobody's data.
    pub(crate) false_matches: u64,
    /// Bytes of planted values.
    pub(crate) bytes: u64,
    /// Those that no match covers.
    pub(crate) leaked: u64,
}

impl Tally {
    /// Of one planted value, of which so many bytes leaked.
    fn of(span: &Span, fate: Fate, leaked: usize) -> Tally {
        Tally {
            planted: 1,
            found: u64::from(matches!(fate, Fate::Exact | Fate::Found)),
            exact: u64::from(fate == Fate::Exact),
            wrong_type: u64::from(fate == Fate::WrongType),
            bytes: (span.end - span.start) as u64,
            leaked: leaked as u64,
            ..Tally::default()
        }
    }

    /// Right matches among all.
    pub(crate) fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong + self.false_matches)
    }

    /// Found values among the planted.
    pub(crate) fn recall(&self) -> f64 {
        share(self.found, self.planted)
    }

    /// Harmonic mean of both.
    pub(crate) fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }

    /// Exact spans among the found.
    pub(crate) fn exact(&self) -> f64 {
        share(self.exact, self.found)
    }

    /// Leaked bytes among those of planted values.
    pub(crate) fn leaked(&self) -> f64 {
        share(self.leaked, self.bytes)
    }

    /// Adds another count.
    pub(crate) fn add(&mut self, other: &Tally) {
        let mine = [
            &mut self.planted,
            &mut self.found,
            &mut self.exact,
            &mut self.wrong_type,
            &mut self.right,
            &mut self.wrong,
            &mut self.false_matches,
            &mut self.bytes,
            &mut self.leaked,
        ];
        let theirs = [
            other.planted,
            other.found,
            other.exact,
            other.wrong_type,
            other.right,
            other.wrong,
            other.false_matches,
            other.bytes,
            other.leaked,
        ];
        mine.into_iter().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// `part` of `whole`; 1 of nothing.
#[allow(clippy::cast_precision_loss, reason = "a share that people read")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// What counts are kept apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The half.
    pub(crate) half: Half,
    /// The kind of document.
    pub(crate) kind: Kind,
    /// The format.
    pub(crate) format: &'static str,
    /// The entity type.
    pub(crate) entity: String,
    /// A name in running text.
    pub(crate) bare: bool,
}

impl Key {
    /// Its group.
    pub(crate) fn group(&self) -> Group {
        Group::of(&self.entity, self.bare)
    }
}

/// Everything that was counted.
#[derive(Default)]
pub(crate) struct Score {
    /// Counts.
    pub(crate) tallies: BTreeMap<Key, Tally>,
    /// How often what scores as much is right.
    pub(crate) reliability: Reliability,
    /// By half, template, planted entity type and whether it is a bare name: planted, not found.
    pub(crate) misses: BTreeMap<(Half, &'static str, &'static str, bool), (u64, u64)>,
    /// Names in running text by half and how hard they are; matches are not counted here.
    pub(crate) names: BTreeMap<(Half, NameKind), Tally>,
    /// Names without a label that were missed, with what stands around them; of the tuning half only.
    pub(crate) missed_names: Vec<String>,
    /// By half, entity type and template (that of the planted value before it): wrong and false matches.
    pub(crate) strays: BTreeMap<(Half, String, &'static str), u64>,
}

fn overlap(span: &Span, seen: &Seen) -> usize {
    span.end.min(seen.end).saturating_sub(span.start.max(seen.start))
}

fn is_of(span: &Span, seen: &Seen) -> bool {
    seen.entity == span.value.entity || span.value.or.contains(&seen.entity.as_str())
}

/// What became of a planted value, given the matches that overlap it, and how many of its bytes none covers.
pub(crate) fn fate(span: &Span, seen: &[&Seen]) -> (Fate, usize) {
    let length = span.end - span.start;
    let covered: usize = seen.iter().map(|one| overlap(span, one)).sum();
    let is_enough = |one: &&&Seen| overlap(span, one) * 2 >= length;
    let fate = match seen.iter().filter(|one| is_of(span, one)).find(is_enough) {
        Some(found) if found.start == span.start && found.end == span.end => Fate::Exact,
        Some(_) => Fate::Found,
        None if covered * 2 >= length => Fate::WrongType,
        None => Fate::Missed,
    };
    (fate, length.saturating_sub(covered))
}

/// What a match is, given the values that it overlaps.
pub(crate) fn verdict(seen: &Seen, spans: &[&Span]) -> Verdict {
    let of_type = |one: &&&Span| is_of(one, seen);
    let is_enough = |span: &&Span| overlap(span, seen) * 2 >= seen.end - seen.start;
    match spans {
        [] => Verdict::False,
        spans if spans.iter().filter(of_type).any(is_enough) => {
            let planted = spans.iter().any(|span| is_of(span, seen) && !span.is_optional);
            if planted { Verdict::Right } else { Verdict::Optional }
        }
        spans if spans.iter().all(|span| span.is_optional) => Verdict::False,
        _ => Verdict::Wrong,
    }
}

impl Score {
    /// Counts the matches in a document for calibration only; those that are not right and score at least `least` are
    /// among the strays.
    pub(crate) fn enter_stray(&mut self, document: &Document, seen: &[Seen], least: f32) {
        for one in seen {
            let verdict = verdict(one, &over(document, one));
            if verdict != Verdict::Optional {
                self.reliability.enter(document, one, verdict == Verdict::Right);
            }
            if matches!(verdict, Verdict::Wrong | Verdict::False) && one.score >= least {
                let template = document.template_at(one.start);
                *self.strays.entry((document.half, one.entity.clone(), template)).or_default() += 1;
            }
        }
    }

    /// Counts a document and the matches in it that score at least `least`; those below only count for calibration.
    pub(crate) fn enter(&mut self, document: &Document, seen: &[Seen], least: f32) {
        let Document { kind, half, format, ref spans, .. } = *document;
        let key = |entity: &str, bare| Key { half, kind, format, entity: entity.to_owned(), bare };
        for span in spans.iter().filter(|span| !span.is_optional) {
            let over: Vec<&Seen> =
                around(seen, span.start, span.end).filter(|one| one.score >= least && overlap(span, one) > 0).collect();
            let (fate, leaked) = fate(span, &over);
            let tally = Tally::of(span, fate, leaked);
            self.tallies.entry(key(span.value.entity, span.value.is_bare)).or_default().add(&tally);
            if span.value.is_bare {
                let name = NameKind::of(document.text.get(span.start..span.end).unwrap_or_default());
                self.names.entry((half, name)).or_default().add(&tally);
            }
            let (planted, missed) =
                self.misses.entry((half, span.template, span.value.entity, span.value.is_bare)).or_default();
            *planted += 1;
            let is_missed = matches!(fate, Fate::WrongType | Fate::Missed);
            *missed += u64::from(is_missed);
            if is_missed
                && half == Half::Tuning
                && key(span.value.entity, span.value.is_bare).group() == Group::NamesUnlabelled
            {
                self.missed_names.push(with_surroundings(&document.text, span.start, span.end));
            }
        }
        for one in seen {
            let over = over(document, one);
            let verdict = verdict(one, &over);
            if verdict == Verdict::Optional {
                continue;
            }
            self.reliability.enter(document, one, verdict == Verdict::Right);
            if one.score < least {
                continue;
            }
            let bare = kind == Kind::Prose || over.iter().any(|span| span.value.is_bare && is_of(span, one));
            // Another name for the same value counts where the value does.
            let planted = over.iter().find(|span| is_of(span, one)).map(|span| span.value.entity);
            let entity = if verdict == Verdict::Right { planted.unwrap_or(&one.entity) } else { &one.entity };
            let tally = self.tallies.entry(key(entity, bare && entity == "PERSON_NAME")).or_default();
            match verdict {
                Verdict::Right => tally.right += 1,
                Verdict::Wrong => tally.wrong += 1,
                Verdict::False | Verdict::Optional => tally.false_matches += 1,
            }
            if verdict != Verdict::Right {
                let template = document.template_at(one.start);
                *self.strays.entry((half, one.entity.clone(), template)).or_default() += 1;
            }
        }
    }

    /// The sum of the counts that `keep` wants.
    pub(crate) fn sum(&self, mut keep: impl FnMut(&Key) -> bool) -> Tally {
        let mut sum = Tally::default();
        self.tallies.iter().filter(|(key, _)| keep(key)).for_each(|(_, tally)| sum.add(tally));
        sum
    }
}

/// What stands in `start..end` of a text, marked, in its line.
fn with_surroundings(text: &str, start: usize, end: usize) -> String {
    let before = text.get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let behind = text.get(end..).and_then(|behind| behind.lines().next()).unwrap_or_default();
    format!("{before}⟦{}⟧{behind}", text.get(start..end).unwrap_or_default())
}

/// The values that a match overlaps.
fn over<'a>(document: &'a Document, seen: &Seen) -> Vec<&'a Span> {
    let first = document.spans.partition_point(|span| span.end <= seen.start);
    document.spans.iter().skip(first).take_while(|span| span.start < seen.end).collect()
}

/// The matches that may overlap a span. Matches of one place do not overlap, so only few ends are out of order.
fn around(seen: &[Seen], start: usize, end: usize) -> impl Iterator<Item = &Seen> {
    let first = seen.partition_point(|one| one.end <= start);
    seen.iter().skip(first).take_while(move |one| one.start < end)
}
