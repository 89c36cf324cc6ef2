//! Whether what an operator writes fits the place, decided before anything is written.
//!
//! A token is never cut to fit: a place too narrow or of another type gets a same-shape value, a mask that tells
//! little, or NULL, or the plan refuses with what to do about it.

use std::net::IpAddr;

use super::described::describe;
use super::hash::TOKEN_LENGTH;
use super::{Choice, sha256};
use crate::block::ColumnKind;
use crate::error::DataError;
use crate::policy::parameters::{DatePart, Form, Generalization, Generalize};
use crate::policy::{OperatorSpec, Purpose};
use crate::rule::{EntityType, Mask, Shape};
use crate::scalar;

/// The room that a value leaves when it goes.
pub(super) struct Room<'a> {
    kind: &'a ColumnKind,
    /// The value fills the place.
    whole: bool,
    /// Most characters that may take the value's place, when limited.
    chars: Option<u32>,
}

impl<'a> Room<'a> {
    /// The whole of a place.
    pub(super) fn whole(kind: &'a ColumnKind) -> Room<'a> {
        Room { kind, whole: true, chars: kind.max_chars() }
    }

    /// Part of a place, of which `chars` are left for it.
    pub(super) fn part(kind: &'a ColumnKind, chars: Option<u32>) -> Room<'a> {
        Room { kind, whole: false, chars }
    }

    /// Whether the place holds numbers.
    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind, ColumnKind::Number { .. } | ColumnKind::Fraction { .. })
    }

    /// Whether the place holds dates.
    pub(super) fn is_date(&self) -> bool {
        matches!(self.kind, ColumnKind::Date { .. })
    }

    /// Whether so many characters fit.
    pub(super) fn holds(&self, characters: usize) -> bool {
        self.chars.is_none_or(|limit| characters <= limit as usize)
    }

    /// Makes sure that `value` fits.
    pub(super) fn admit(&self, value: &[u8], entity: &str) -> Result<(), DataError> {
        let fits = match self.kind {
            ColumnKind::Text { .. } => {
                let chars = || value.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count();
                self.chars.is_none_or(|limit| chars() <= limit as usize)
            }
            ColumnKind::Number { digits, .. } => fits_number(value, *digits),
            ColumnKind::IpAddress { .. } => std::str::from_utf8(value).is_ok_and(|text| text.parse::<IpAddr>().is_ok()),
            ColumnKind::MacAddress { .. } => is_hardware_address(value),
            // Of these only the values within are replaced.
            ColumnKind::Json | ColumnKind::Array(_) => false,
            ColumnKind::Fraction { digits, decimals, .. } => {
                let is_between = |byte: &u8| matches!(byte, b',' | b' ');
                // Of a position that stands in two numbers, both.
                value.split(is_between).filter(|number| !number.is_empty()).all(|number| {
                    scalar::decimal_digits(number).is_some_and(|(whole, behind)| {
                        whole <= *digits.max(&1) as usize && decimals.is_none_or(|most| behind <= most as usize)
                    })
                }) && !value.is_empty()
            }
            ColumnKind::Date { .. } => scalar::is_day(value),
            ColumnKind::Fixed(_) => false,
        };
        if fits {
            return Ok(());
        }
        Err(DataError::new(format!("{} cannot hold what replaces {entity}", self.describe())).advise(ADVICE))
    }

    fn describe(&self) -> String {
        describe(self.kind, self.chars)
    }
}

const ADVICE: &str = "use mask or null for this entity type in the policy, or widen the column";

/// What the values within a place can hold: strings of a JSON document, elements of an array, else the place itself.
pub(super) fn innermost(kind: &ColumnKind) -> &ColumnKind {
    static FREE_TEXT: ColumnKind = ColumnKind::FREE_TEXT;
    match kind {
        ColumnKind::Json => &FREE_TEXT,
        ColumnKind::Array(element) => innermost(element),
        other => other,
    }
}

/// Whether these are 12 or 16 hexadecimal digits with separators at most.
fn is_hardware_address(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    matches!(digits, 12 | 16) && value.iter().all(|byte| byte.is_ascii_hexdigit() || b":-.".contains(byte))
}

/// Whether decimal digits fit a number. A type that always holds 18 digits and held a 19-digit value is a 64-bit
/// integer, one that always holds 9 and held 10 a 32-bit integer: there the limit is that of the type.
fn fits_number(value: &[u8], digits: u32) -> bool {
    let unsigned = value.strip_prefix(b"-").unwrap_or(value);
    // A number does not keep a zero in front.
    let leading_zero = unsigned.len() > 1 && unsigned.starts_with(b"0");
    if leading_zero || unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let limit = match digits {
        18 => i64::MAX.to_string(),
        9 => i32::MAX.to_string(),
        _ => return unsigned.len() <= digits as usize,
    };
    // Of two decimal numbers of one length the larger one is the later one in byte order.
    unsigned.len() < limit.len() || (unsigned.len() == limit.len() && unsigned <= limit.as_bytes())
}

/// How the chosen operator is carried out in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// As the policy says.
    AsAsked,
    /// By the same-shape bijection instead.
    SameShape,
    /// By the entity type's mask instead.
    Mask,
    /// By the coarsest generalization instead, which tells no more than the entity type's mask.
    Coarse,
    /// By NULL instead.
    Null,
    /// By the empty string instead: NULL for a part of a text.
    Empty,
    /// By the empty string instead: only a column is dropped.
    Redact,
}

/// What will be done in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedOperator {
    /// The operator that is carried out.
    pub operator: OperatorSpec,
    /// Why it is not the one that the policy names.
    pub reason: Option<String>,
}

impl PlannedOperator {
    pub(super) fn new(asked: &OperatorSpec, fit: Fit, kind: &ColumnKind) -> PlannedOperator {
        let operator = match fit {
            Fit::AsAsked => return PlannedOperator { operator: asked.clone(), reason: None },
            Fit::SameShape => OperatorSpec::Fpe,
            Fit::Mask => OperatorSpec::Mask,
            Fit::Coarse => COARSE,
            Fit::Null => OperatorSpec::Null,
            Fit::Empty => OperatorSpec::Redact,
            Fit::Redact => {
                let reason = Some("only a column that is of the entity type is dropped".to_owned());
                return PlannedOperator { operator: OperatorSpec::Redact, reason };
            }
        };
        let chars = Room::whole(kind).chars;
        let reason = format!("{} cannot hold what {} writes", describe(kind, chars), asked.name());
        PlannedOperator { operator, reason: Some(reason) }
    }
}

/// Decides how `choice` is carried out on values of `entity` in `room`.
pub(super) fn fit(choice: &Choice, entity: &EntityType, purpose: Purpose, room: &Room<'_>) -> Result<Fit, DataError> {
    let spec = &choice.spec;
    if *spec == OperatorSpec::Keep {
        return Ok(Fit::AsAsked);
    }
    match room.kind {
        ColumnKind::Date { nullable, .. } => date(spec, entity, purpose, *nullable, room),
        ColumnKind::Fixed(name) => Err(refused_type(entity, name)),
        ColumnKind::Json => Err(refused_type(entity, "json")),
        ColumnKind::Array(_) => Err(refused_type(entity, "array")),
        ColumnKind::IpAddress { nullable } => {
            typed(spec, entity, *nullable, room, (entity.mask == Mask::Ip).then_some(Fit::Mask))
        }
        ColumnKind::MacAddress { nullable } => {
            typed(spec, entity, *nullable, room, (entity.shape == Some(Shape::Mac)).then_some(Fit::SameShape))
        }
        ColumnKind::Text { nullable, .. } => text(choice, entity, *nullable, room),
        ColumnKind::Number { nullable, .. } | ColumnKind::Fraction { nullable, .. } => {
            number(spec, entity, purpose, *nullable, room)
        }
    }
}

fn text(choice: &Choice, entity: &EntityType, nullable: bool, room: &Room<'_>) -> Result<Fit, DataError> {
    let written = match &choice.spec {
        OperatorSpec::Hash => TOKEN_LENGTH,
        OperatorSpec::Replace(_) => String::from_utf8_lossy(&choice.template).chars().count(),
        OperatorSpec::Null if !room.whole => return Ok(Fit::Empty),
        OperatorSpec::Null if !nullable => {
            return Err(DataError::new(format!("a place that must not be NULL holds {}", entity.name))
                .advise("use redact, mask or hash for this entity type in the policy"));
        }
        OperatorSpec::Drop => return Ok(Fit::Redact),
        OperatorSpec::Fpe if entity.shape.is_none() => return Err(shapeless(entity)),
        OperatorSpec::Sha256(_) => sha256::LENGTH,
        // Never longer than the value, or as the place allows.
        OperatorSpec::Null | OperatorSpec::Mask | OperatorSpec::Redact | OperatorSpec::Keep | OperatorSpec::Fpe => 0,
        OperatorSpec::Surrogate(_) | OperatorSpec::Generalize(_) | OperatorSpec::DateShift(_) => 0,
    };
    if room.holds(written) {
        return Ok(Fit::AsAsked);
    }
    if entity.shape.is_some() {
        return Ok(Fit::SameShape);
    }
    if tells_little(&entity.mask) {
        return Ok(Fit::Mask);
    }
    let what =
        if matches!(choice.spec, OperatorSpec::Hash | OperatorSpec::Sha256(_)) { "token" } else { "replacement" };
    let reason = format!("{} cannot hold a {written}-character {what} for {}", room.describe(), entity.name);
    Err(DataError::new(reason).advise(ADVICE))
}

/// Whether so much is hidden by a mask that it may stand where a token does not fit. Digits of a number that a mask
/// leaves readable leave too few to guess.
fn tells_little(mask: &Mask) -> bool {
    match mask {
        Mask::Email | Mask::PersonName | Mask::Address | Mask::Ip => true,
        Mask::Keep { .. } | Mask::Mac => false,
    }
}

/// For a place of a type of its own, which only `natural` keeps; `None` when the entity type is not of that type.
fn typed(
    spec: &OperatorSpec,
    entity: &EntityType,
    nullable: bool,
    room: &Room<'_>,
    natural: Option<Fit>,
) -> Result<Fit, DataError> {
    match (spec, natural) {
        (OperatorSpec::Null, _) if nullable => Ok(Fit::AsAsked),
        (OperatorSpec::Redact | OperatorSpec::Drop, _) if nullable => Ok(Fit::Null),
        (OperatorSpec::Null | OperatorSpec::Redact | OperatorSpec::Drop, _) => {
            Err(DataError::new(format!("{} that must not be NULL holds {}", room.describe(), entity.name))
                .advise("use mask or fpe for this entity type in the policy, or make the column nullable"))
        }
        (_, None) => Err(refused_type(entity, &room.describe())),
        (OperatorSpec::Mask | OperatorSpec::Generalize(_), Some(Fit::Mask))
        | (OperatorSpec::Fpe | OperatorSpec::Surrogate(_), Some(Fit::SameShape)) => Ok(Fit::AsAsked),
        (OperatorSpec::Fpe, _) if entity.shape.is_none() => Err(shapeless(entity)),
        (_, Some(fit)) => Ok(fit),
    }
}

fn refused_type(entity: &EntityType, name: &str) -> DataError {
    DataError::new(format!("{} stands in a value of type {name}", entity.name)).advise(match name {
        "tsvector" | "tsquery" => {
            "values of this type are not rewritten: use keep for this entity type in the policy, or set the column to NULL \
             before dumping and make it anew from the rewritten text"
        }
        // Types of their own, ranges, and arrays of what is not understood.
        _ if name == "xml" || name.ends_with("range") || name.contains(['.', '[']) => {
            "values of this type are not rewritten: use keep for this entity type in the policy, or turn the column into \
             text before dumping (ALTER TABLE … ALTER COLUMN … TYPE text)"
        }
        _ => "values of this type are not rewritten: use keep for this entity type in the policy, or leave the column out",
    })
}

fn number(
    spec: &OperatorSpec,
    entity: &EntityType,
    purpose: Purpose,
    nullable: bool,
    room: &Room<'_>,
) -> Result<Fit, DataError> {
    let nothing_shown = matches!(spec, OperatorSpec::Replace(_) | OperatorSpec::Mask | OperatorSpec::Redact);
    match spec {
        OperatorSpec::Null | OperatorSpec::Redact | OperatorSpec::Drop if nullable => Ok(Fit::Null),
        OperatorSpec::Null | OperatorSpec::Redact | OperatorSpec::Drop => {
            Err(DataError::new(format!("{} that must not be NULL holds {}", room.describe(), entity.name))
                .advise("use fpe for this entity type in the policy, or make the column nullable"))
        }
        _ if purpose == Purpose::Anonymize && nothing_shown && nullable => Ok(Fit::Null),
        OperatorSpec::Fpe if entity.shape.is_some() => Ok(Fit::AsAsked),
        OperatorSpec::Fpe => Err(shapeless(entity)),
        OperatorSpec::Surrogate(_) if entity.shape.is_some() || Form::of(entity) == Some(Form::Landline) => {
            Ok(Fit::AsAsked)
        }
        OperatorSpec::Generalize(_) if Generalization::of(entity).is_some_and(Generalization::is_common) => {
            Ok(Fit::AsAsked)
        }
        OperatorSpec::Generalize(_) if is_position(entity, room) => Ok(Fit::AsAsked),
        OperatorSpec::DateShift(_) if entity.is_date => Ok(Fit::AsAsked),
        OperatorSpec::Mask if is_position(entity, room) && mask_shows(entity, DEGREES) => Ok(Fit::Coarse),
        OperatorSpec::Mask if is_date_of(entity) && mask_shows(entity, YEAR) => Ok(Fit::Coarse),
        _ if entity.shape.is_some() => Ok(Fit::SameShape),
        // Digits for digits: distinct numbers stay distinct, as tokens do.
        OperatorSpec::Hash => Ok(Fit::SameShape),
        // What tells nothing, or a part, of the value: nothing.
        OperatorSpec::Replace(_) | OperatorSpec::Mask if nullable => Ok(Fit::Null),
        _ => Err(unfit(spec, entity, room).advise(if is_position(entity, room) {
            "use generalize or mask for this entity type in the policy, or make the column nullable"
        } else {
            "use null or keep for this entity type in the policy, or turn the column into text"
        })),
    }
}

fn unfit(spec: &OperatorSpec, entity: &EntityType, room: &Room<'_>) -> DataError {
    DataError::new(format!("{} cannot hold what {} writes for {}", room.describe(), spec.name(), entity.name))
}

/// For a place that holds dates: what becomes of them are dates, or NULL.
fn date(
    spec: &OperatorSpec,
    entity: &EntityType,
    purpose: Purpose,
    nullable: bool,
    room: &Room<'_>,
) -> Result<Fit, DataError> {
    let nothing_shown = matches!(spec, OperatorSpec::Replace(_) | OperatorSpec::Mask);
    match spec {
        OperatorSpec::Generalize(_) if is_date_of(entity) => Ok(Fit::AsAsked),
        OperatorSpec::DateShift(_) if entity.is_date => Ok(Fit::AsAsked),
        OperatorSpec::Null | OperatorSpec::Redact | OperatorSpec::Drop if nullable => Ok(Fit::Null),
        _ if purpose == Purpose::Anonymize && nothing_shown && nullable => Ok(Fit::Null),
        OperatorSpec::Mask if is_date_of(entity) && mask_shows(entity, YEAR) => Ok(Fit::Coarse),
        _ => Err(unfit(spec, entity, room).advise(if nullable {
            "use generalize, mask or null for this entity type in the policy, or turn the column into text"
        } else {
            "use generalize or mask for this entity type in the policy, or make the column nullable"
        })),
    }
}

/// Characters that a mask leaves readable, of a year.
const YEAR: usize = 4;
/// And of whole degrees.
const DEGREES: usize = 2;

/// What is done for a mask where only a date or a number may stand.
const COARSE: OperatorSpec =
    OperatorSpec::Generalize(Generalize { date: DatePart::Year, gps: 0, ..Generalize::COMMON });

/// How [`Fit::Coarse`] is carried out.
pub(super) static COARSE_SPEC: OperatorSpec = COARSE;

/// Whether the entity type's mask shows so many characters at the front anyway.
fn mask_shows(entity: &EntityType, characters: usize) -> bool {
    matches!(entity.mask, Mask::Keep { first, .. } if first as usize >= characters)
}

fn is_date_of(entity: &EntityType) -> bool {
    Generalization::of(entity) == Some(Generalization::Date)
}

/// Whether a position stands in a number that may have decimals.
fn is_position(entity: &EntityType, room: &Room<'_>) -> bool {
    let is_fraction = matches!(room.kind, ColumnKind::Fraction { .. });
    is_fraction && Generalization::of(entity) == Some(Generalization::Position)
}

fn shapeless(entity: &EntityType) -> DataError {
    DataError::new(format!("{} has no same-shape form", entity.name))
        .advise("use hash, mask or null for this entity type in the policy")
}
