//! Digits that what stands before them, or the name of their column, makes as certain as can be: they are reported
//! without another look at them.

use super::context::{ColumnScope, byte, byte_before, points};
use super::pass::{CERTAIN, Pass, judge};
use super::program::{At, Program};
use crate::finding::{EntityId, Traits};
use crate::rule::compile::{Anchor, Recognizer};
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::validate::{Candidate, Evidence};

/// Fewest values of a column for which it is worth to look at all numbers of so many digits at once.
const FEWEST: usize = 512;

/// What may take digits that are as many as it asks for.
#[derive(Clone, Copy)]
struct Taker<'a> {
    recognizer: &'a Recognizer,
    standing: Standing,
    /// It may take what stands behind the digits, too.
    may_go_on: bool,
    /// It may be as certain as can be, were something else found before.
    may_rival: bool,
}

impl Taker<'_> {
    /// Whether it settles nothing and hinders nothing.
    fn is_idle(&self) -> bool {
        self.standing != Standing::Positive && !self.may_go_on && !self.may_rival
    }
}

/// What takes so many `digits` that `says` is said of, with `behind` right behind them, among those that `may_take` them.
fn takers<'a>(
    program: &'a Program,
    says: &'a [Says],
    (digits, behind): (usize, u8),
    may_take: impl Fn(&Recognizer) -> bool,
) -> impl Iterator<Item = Taker<'a>> {
    let list = program.singles.get(digits).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(move |&at| {
        let recognizer = program.recognizer(at).filter(|one| !one.plus && may_take(one))?;
        let standing = LabelIndex::standing(says, recognizer.entity);
        if recognizer.label_required && standing < Standing::Abbreviated {
            return None;
        }
        let may_go_on = recognizer.suffix.as_ref().is_some_and(|suffix| suffix.may_begin_with(behind));
        // A weak label counts as a positive one beside a companion.
        let most = match standing {
            Standing::Weak | Standing::Abbreviated => Standing::Positive,
            known => known,
        };
        Some(Taker { recognizer, standing, may_go_on, may_rival: most_points(recognizer, most) >= CERTAIN })
    })
}

/// Whether `says` speaks for some entity type of digits.
fn speaks_for_digits(program: &Program, says: &[Says]) -> bool {
    says.iter().any(|said| match said {
        Says::Positive(entity) => program.of_digits.get(usize::from(entity.0)).copied().unwrap_or_default(),
        _ => false,
    })
}

/// What the name of a column makes of a number that is all of its line.
enum Step<'a> {
    /// All of it is the value that the pattern of this one finds, whichever its digits are.
    Judge(&'a Recognizer),
    /// It is looked at.
    Look(At),
}

/// What is known of numbers of so many digits.
struct OfLength<'a> {
    takers: Vec<Taker<'a>>,
    /// Where it is told without looking at the whole value what the column's name makes of it.
    steps: Option<Vec<Step<'a>>>,
}

/// What is made of the numbers of a column of which the name `says` something: worked out once for each number of digits.
pub(super) struct Settling<'a> {
    program: &'a Program,
    says: &'a [Says],
    is_told: bool,
    is_worth_steps: bool,
    /// By the number of digits; those not asked for yet have none.
    lengths: Vec<Option<OfLength<'a>>>,
}

impl<'a> Settling<'a> {
    /// For a column of so many values of which the name `says` this.
    pub(super) fn new(program: &'a Program, says: &'a [Says], values: usize) -> Settling<'a> {
        let is_told = speaks_for_digits(program, says);
        Settling { program, says, is_told, is_worth_steps: values >= FEWEST, lengths: Vec::new() }
    }

    /// What is known of lines of so many digits.
    fn of(&mut self, digits: usize) -> Option<&OfLength<'a>> {
        // No rule asks for as many.
        if digits >= self.program.singles.len() {
            return None;
        }
        if self.lengths.len() <= digits {
            self.lengths.resize_with(digits + 1, || None);
        }
        let steps = || if self.is_worth_steps { steps(self.program, self.says, digits) } else { None };
        let takers = || takers(self.program, self.says, (digits, b'\n'), |_| true).filter(|taker| !taker.is_idle());
        let known = || OfLength { takers: if self.is_told { takers().collect() } else { Vec::new() }, steps: steps() };
        self.lengths.get_mut(digits).map(|slot| &*slot.get_or_insert_with(known))
    }
}

/// What `says` makes of so many `digits` on a line between others; `None` where the whole value must be looked at.
fn steps<'a>(program: &'a Program, says: &[Says], digits: usize) -> Option<Vec<Step<'a>>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    for said in says {
        let entity = match said {
            Says::Positive(entity) => *entity,
            Says::Negative(_) | Says::NegativeForAll => continue,
            // What stands near may count.
            Says::Weak(_) | Says::Abbreviated(_) => return None,
        };
        for &at in program.from_label.get(usize::from(entity.0)).map(Vec::as_slice).unwrap_or_default() {
            let Some(recognizer) = program.recognizer(at) else { continue };
            match &recognizer.anchor {
                Anchor::Label(None) if !recognizer.whole => {}
                _ => return None,
            }
            // It has a Chinese numeral.
            if recognizer.spelled {
                continue;
            }
            match recognizer.pattern.as_ref().and_then(|pattern| pattern.value_of_digits(digits)) {
                Some(None) => {}
                Some(Some(end)) if end == digits => steps.push(Step::Judge(recognizer)),
                _ => steps.push(Step::Look(at)),
            }
        }
    }
    Some(steps)
}

impl Pass<'_> {
    /// Whether a value that is as certain as can be ends the look at it.
    pub(super) fn may_settle(&self) -> bool {
        self.program.settles && !self.program.plain && self.buffers.trials.is_none()
    }

    /// Looks at the line `value` as a whole. Whether that settles what it is: where it is digits only, and the column's name
    /// makes it as certain as can be that they are of the one entity type that it speaks for, [`Pass::run`] would find the
    /// same, and nothing that wins over it.
    pub(super) fn line(
        &mut self,
        value: &std::ops::Range<usize>,
        scope: &ColumnScope<'_>,
        settling: &mut Settling<'_>,
    ) -> bool {
        let digits = self.text.get(value.clone()).unwrap_or_default();
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let known = if is_number { settling.of(digits.len()) } else { None };
        let Some(known) = known else {
            self.value_of_name(value, scope);
            return false;
        };
        if self.settled_among(value, known.takers.iter().copied()) {
            return true;
        }
        let stands_between = byte_before(self.text, value.start) == b'\n' && byte(self.text, value.end) == b'\n';
        match &known.steps {
            Some(steps) if stands_between && byte(self.text, value.end + 1).is_ascii_digit() => {
                for step in steps {
                    match step {
                        Step::Look(at) => self.value_for(*at, value.start, Standing::Positive),
                        Step::Judge(recognizer) => {
                            let candidate = Candidate { compact: digits, original: digits, labelled: true };
                            if let Some((score, traits)) = judge(recognizer, &candidate, Standing::Positive) {
                                self.report(recognizer.entity, score, value.clone(), traits);
                            }
                        }
                    }
                }
            }
            _ => self.value_of_name(value, scope),
        }
        false
    }

    /// Reports the digits at `value`, to which nothing is joined, where what `says` tells of them makes it as certain as
    /// can be that they are of the one entity type that it speaks for.
    pub(super) fn settled_by(&mut self, value: &std::ops::Range<usize>, says: &[Says]) -> bool {
        let program = self.program;
        let behind = byte(self.text, value.end);
        let digits = self.text.get(value.clone()).unwrap_or_default();
        let takers = || takers(program, says, (digits.len(), behind), |one| one.may_take(digits));
        speaks_for_digits(program, says) && self.settled_among(value, takers())
    }

    fn settled_among<'t>(&mut self, value: &std::ops::Range<usize>, takers: impl Iterator<Item = Taker<'t>>) -> bool {
        let digits = self.text.get(value.clone()).unwrap_or_default();
        let mut best: Option<(EntityId, i16, Traits)> = None;
        for Taker { recognizer, standing, may_go_on, may_rival } in takers {
            if !recognizer.may_take(digits) {
                continue;
            }
            if may_go_on {
                return false;
            }
            let rivals = best.is_some_and(|(entity, ..)| entity != recognizer.entity);
            if standing != Standing::Positive || rivals {
                if may_rival {
                    return false;
                }
                continue;
            }
            if recognizer.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(digits)) {
                continue;
            }
            let candidate = Candidate { compact: digits, original: digits, labelled: true };
            if let Some((score, traits)) = judge(recognizer, &candidate, standing)
                && best.is_none_or(|(_, most, _)| score > most)
            {
                best = Some((recognizer.entity, score, traits));
            }
        }
        let Some((entity, score, traits)) = best.filter(|(_, score, _)| *score >= CERTAIN) else { return false };
        self.report(entity, score, value.clone(), traits);
        true
    }
}

/// The most points that a recognizer can give a value of which labels leave it at `standing`.
fn most_points(recognizer: &Recognizer, standing: Standing) -> i16 {
    let most = Evidence::MOST_CHECKSUM + Evidence::MOST_REGISTRY;
    let evidence = most.saturating_mul(i16::try_from(recognizer.validators.len()).unwrap_or(i16::MAX));
    recognizer.structure.saturating_add(points(standing)).saturating_add(evidence)
}
