//! What decides about most candidates in one group of digits without a look at the recognizers that take them.

use crate::rule::compile::Recognizer;
use crate::rule::prefix::Prefixes;
use crate::validate::{Candidate, Validator};

/// What is known of the recognizers that take one group of digits of one length.
#[derive(Default)]
pub(super) struct Sights {
    /// Those that may do without a label, and those that need a `+`.
    single: Vec<Sight>,
    /// The others need a label: what the first three digits of a value of any of them may be.
    labelled: Option<Beginnings>,
    /// The same of those that need one right before them.
    adjacent: Option<Beginnings>,
}

enum Beginnings {
    All,
    Some(Prefixes),
}

impl Beginnings {
    /// With those of one more.
    fn and(all: Option<Beginnings>, prefixes: Option<Prefixes>) -> Beginnings {
        match (all, prefixes) {
            (None, Some(prefixes)) => Beginnings::Some(prefixes),
            (Some(Beginnings::Some(mut all)), Some(prefixes)) => {
                all.join(&prefixes);
                Beginnings::Some(all)
            }
            _ => Beginnings::All,
        }
    }

    fn admit(&self, digits: &[u8]) -> bool {
        match self {
            Beginnings::All => true,
            Beginnings::Some(prefixes) => prefixes.admit(digits),
        }
    }
}

struct Sight {
    /// What the first three digits may be.
    prefixes: Option<Prefixes>,
    /// It needs a label.
    label_required: bool,
    /// It needs a `+` before it.
    plus: bool,
    validators: Vec<Validator>,
}

/// What a group of digits may be at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sighted {
    /// A match, without any label.
    Alone,
    /// A match if a label stands before it.
    Labelled,
    /// No match.
    Nothing,
}

impl Sights {
    /// What is known of `recognizers`, which take groups of `length` digits.
    pub(super) fn new<'r>(length: usize, recognizers: impl Iterator<Item = &'r Recognizer>) -> Sights {
        let mut sights = Sights::default();
        for recognizer in recognizers {
            let prefixes = recognizer.prefixes.get(length).cloned().flatten();
            if !recognizer.label_required || recognizer.plus {
                let (label_required, plus) = (recognizer.label_required, recognizer.plus);
                sights.single.push(Sight { prefixes, label_required, plus, validators: recognizer.validators.clone() });
                continue;
            }
            let all = if recognizer.label_adjacent { &mut sights.adjacent } else { &mut sights.labelled };
            *all = Some(Beginnings::and(all.take(), prefixes));
        }
        sights
    }

    /// Whether no recognizer takes groups of this length.
    pub(super) fn is_empty(&self) -> bool {
        self.single.is_empty() && self.labelled.is_none() && self.adjacent.is_none()
    }

    /// Whether `digits` may be anything at all, where a label speaks for them; `with_plus` tells whether a `+` stands
    /// before them.
    pub(super) fn may_begin(&self, digits: &[u8], with_plus: impl Fn() -> bool) -> bool {
        let admit = |all: &Option<Beginnings>| all.as_ref().is_some_and(|all| all.admit(digits));
        admit(&self.labelled)
            || admit(&self.adjacent)
            || self.single.iter().any(|sight| {
                sight.prefixes.as_ref().is_none_or(|prefixes| prefixes.admit(digits)) && (!sight.plus || with_plus())
            })
    }

    /// Whether `digits` may be a match with a label right before them.
    #[inline]
    pub(super) fn may_be_adjacent(&self, digits: &[u8]) -> bool {
        self.adjacent.as_ref().is_some_and(|all| all.admit(digits))
    }

    /// What `digits` may be besides; `with_plus` gives them with the `+` before them, if one stands there.
    #[inline]
    pub(super) fn of<'t>(&self, digits: &'t [u8], with_plus: impl Fn() -> Option<&'t [u8]>) -> Sighted {
        let mut sighted = match &self.labelled {
            Some(all) if all.admit(digits) => Sighted::Labelled,
            _ => Sighted::Nothing,
        };
        for sight in &self.single {
            if sight.prefixes.as_ref().is_some_and(|prefixes| !prefixes.admit(digits)) {
                continue;
            }
            let original = match sight.plus {
                true => with_plus(),
                false => Some(digits),
            };
            let Some(original) = original else { continue };
            let candidate = Candidate { compact: digits, original, labelled: false };
            if !sight.label_required && accept_alone(&sight.validators, &candidate) {
                return Sighted::Alone;
            }
            sighted = Sighted::Labelled;
        }
        sighted
    }
}

/// Whether all of `validators` accept a candidate without any label.
pub(super) fn accept_alone(validators: &[Validator], candidate: &Candidate<'_>) -> bool {
    validators.iter().all(|validator| validator(candidate).is_some_and(|evidence| !evidence.label_required))
}
