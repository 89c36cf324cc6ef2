//! The one match type of the crate, and findings: matches grouped for people.

use std::fmt;

/// Index of an entity type in the rule set's table ([`crate::rule::RuleSet::entity`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub u16);

/// Where the span of a [`Match`] counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The text of the block's slab.
    Text,
    /// The decoded text of aside `.0` of a JSON block.
    Aside(u32),
    /// The value at index `row` of the block's column at position `column`.
    Cell {
        /// Position in `TableBlock::columns`.
        column: u32,
        /// Index of the value in that column.
        row: u32,
    },
}

/// What else is known of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traits {
    /// A well-known test or documentation value (13800138000, 4111111111111111).
    pub test_value: bool,
    /// Not personal by itself: a service hotline, a private or well-known address, a placeholder.
    pub non_personal: bool,
    /// Belongs to an organization (registered address, role mailbox).
    pub organization: bool,
    /// The checksum fails; reported because a label says what it is.
    pub checksum_fails: bool,
    /// The match is the whole cell or JSON value.
    pub whole: bool,
    /// The value is written with escapes: `%E5%BC%A0`, `\u5f20`.
    pub escaped: bool,
    /// The span is that of an encoded value (a JSON Web Token, base64) which holds this one.
    pub encoded: bool,
    /// Which of the policy's combinations makes it what it is in its record, counted from 1; 0 for none;
    /// [`Traits::MINOR`] when it tells that somebody is a child, [`Traits::HOLDER`] when it would be kept and holds,
    /// encoded, what is not.
    pub raised: u8,
    /// By how many days the dates of its record's subject are moved; 0 where that is not known, and everywhere before a
    /// value is rewritten.
    pub shift: i16,
}

impl Traits {
    /// What `raised` says of the data of a child.
    pub const MINOR: u8 = u8::MAX;
    /// What `raised` says of a value that would be kept and holds, encoded, one that is not.
    pub const HOLDER: u8 = u8::MAX - 1;

    /// Which of an entity type's decisions holds: 0 for what is personal as such, 1 for what is not personal, 2 for the
    /// data of a child, 3 for what holds something that is replaced, from 4 on the policy's combinations.
    pub fn standing(self) -> usize {
        match self {
            Traits { raised: Traits::HOLDER, .. } => 3,
            Traits { non_personal: true, .. } => 1,
            Traits { raised: Traits::MINOR, .. } => 2,
            Traits { raised: 0, .. } => 0,
            Traits { raised, .. } => 3 + usize::from(raised),
        }
    }

    /// Whether one of the policy's combinations makes it what it is.
    pub fn is_combined(self) -> bool {
        self.standing() > 3
    }

    /// Whether it tells that somebody is a child, by the policy's age and on the day of the scan.
    pub fn is_minor(self) -> bool {
        self.raised == Traits::MINOR
    }

    /// All traits that make a difference to a decision, by their [`Traits::standing`], under a policy with so many
    /// combinations.
    pub fn standings(combinations: usize) -> impl Iterator<Item = Traits> {
        let combined = |index| Traits { raised: u8::try_from(index).unwrap_or(0), ..Traits::default() };
        let first = [
            Traits::default(),
            Traits { non_personal: true, ..Traits::default() },
            Traits { raised: Traits::MINOR, ..Traits::default() },
            Traits { raised: Traits::HOLDER, ..Traits::default() },
        ];
        first.into_iter().chain((1..=combinations).map(combined))
    }
}

/// One span of one entity type in one value. Holds no value, so that nothing that prints it can leak one.
#[derive(Clone, Copy, PartialEq)]
pub struct Match {
    /// Entity type.
    pub entity: EntityId,
    /// 0..1, about the share of such matches that are right ([`crate::detect::calibration`]); at least 0.6 is a match, less
    /// is "possible".
    pub score: f32,
    /// What the span counts from.
    pub place: Place,
    /// First byte of the span.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// What else is known.
    pub traits: Traits,
}

impl Match {
    /// The span as indexes.
    pub fn span(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Match({:?} {:?} {}..{} score {:.2})", self.entity, self.place, self.start, self.end, self.score)
    }
}
