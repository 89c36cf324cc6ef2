//! Parameters of operators, and which entity types an operator is for: what a policy may ask for, refused when it is
//! loaded and not when the first value turns up.

use serde::{Deserialize, Serialize};

use super::OperatorSpec;
use crate::rule::{EntityType, Mask, Shape};

/// Whether a part of a value stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It stays.
    Keep,
    /// It is replaced like the rest.
    Drop,
}

/// How much of a date of birth stays in a surrogate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BirthDate {
    /// The whole day.
    Keep,
    /// The year.
    Year,
    /// Nothing.
    #[default]
    Drop,
}

/// Which values surrogates are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// Values as people have them: every check passes, and by chance one may be somebody's.
    #[default]
    Realistic,
    /// Values that no person can have.
    Marked,
}

/// Parameters of `surrogate`. Each counts for the entity types that have such a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Surrogate {
    /// Area code of a resident ID, region of an address.
    #[serde(skip_serializing_if = "is_dropped")]
    pub region: Part,
    /// Date of birth in a resident ID.
    #[serde(skip_serializing_if = "is_default")]
    pub birth_date: BirthDate,
    /// Issuer of a bank card: its first six digits.
    #[serde(skip_serializing_if = "is_kept")]
    pub bin: Part,
    /// Vendor part of a hardware address.
    #[serde(skip_serializing_if = "is_kept")]
    pub oui: Part,
    /// Realistic or marked.
    #[serde(skip_serializing_if = "is_default")]
    pub range: Range,
}

impl Default for Surrogate {
    fn default() -> Self {
        Surrogate {
            region: Part::Drop,
            birth_date: BirthDate::Drop,
            bin: Part::Keep,
            oui: Part::Keep,
            range: Range::Realistic,
        }
    }
}

fn is_dropped(part: &Part) -> bool {
    *part == Part::Drop
}

fn is_kept(part: &Part) -> bool {
    *part == Part::Keep
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What surrogates there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Mobile number.
    Mobile,
    /// Fixed-line number.
    Landline,
    /// Resident identity number.
    ResidentId,
    /// Bank card.
    Card,
    /// IMEI.
    Imei,
    /// Hardware address.
    Mac,
    /// Unified social credit code.
    CreditCode,
    /// E-mail address.
    Email,
    /// Name of a person.
    PersonName,
    /// Postal address.
    Address,
}

impl Form {
    /// The surrogate form of an entity type, when it has one.
    pub fn of(entity: &EntityType) -> Option<Form> {
        Some(match (entity.shape, &entity.mask, entity.name.as_str()) {
            (Some(Shape::CnMobile), ..) => Form::Mobile,
            (Some(Shape::CnResidentId), ..) => Form::ResidentId,
            (Some(Shape::Card), ..) => Form::Card,
            (Some(Shape::Imei), ..) => Form::Imei,
            (Some(Shape::Mac), ..) => Form::Mac,
            (_, _, "CN_LANDLINE_PHONE" | "FAX") => Form::Landline,
            (_, _, "CN_USCC") => Form::CreditCode,
            (_, Mask::Email, _) => Form::Email,
            (_, Mask::PersonName, _) => Form::PersonName,
            (_, Mask::Address, _) => Form::Address,
            _ => return None,
        })
    }

    /// Whether surrogates are a bijection: distinct values have distinct ones, and the key leads back.
    pub fn is_bijection(self, parameters: &Surrogate) -> bool {
        parameters.range == Range::Realistic && !matches!(self, Form::PersonName | Form::Address)
    }

    /// What stands against these parameters.
    fn refuses(self, parameters: &Surrogate) -> Option<&'static str> {
        match (self, parameters.range) {
            (Form::Landline, Range::Marked) => {
                Some("has no range of numbers that nobody can have; use `range: realistic`, or hash")
            }
            (Form::ResidentId, Range::Marked) if parameters.region == Part::Keep => {
                Some("cannot keep its region in the marked range, which is an area code that does not exist")
            }
            (Form::Address, Range::Marked) if parameters.region == Part::Keep => {
                Some("cannot keep its region in the marked range, which is a region that does not exist")
            }
            (Form::ResidentId, _) if parameters.region == Part::Keep && parameters.birth_date != BirthDate::Drop => {
                Some("with region and date of birth kept has fewer than a million surrogates, which could be guessed")
            }
            _ => None,
        }
    }
}

/// Parameters of `generalize`. Each counts for the entity types that are of such a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Generalize {
    /// What is left of a date.
    pub date: DatePart,
    /// What is left of an address.
    pub address: AddressPart,
    /// Years of an age band.
    pub age: u32,
    /// Decimals of a coordinate.
    pub gps: u8,
    /// Size of the buckets of amounts.
    pub amount: u64,
}

impl Default for Generalize {
    fn default() -> Self {
        Generalize::COMMON
    }
}

impl Generalize {
    /// What `generalize` without parameters does.
    pub const COMMON: Generalize =
        Generalize { date: DatePart::Month, address: AddressPart::City, age: 10, gps: 2, amount: 1000 };

    /// What is wrong with the parameters.
    pub(super) fn wrong(&self) -> Option<&'static str> {
        match self {
            Generalize { age: 0 | 1 | 61.., .. } => Some("an age band has 2 to 60 years"),
            Generalize { gps: 4.., .. } => Some("coordinates are generalized to 0 to 3 decimals"),
            Generalize { amount: 0 | 1, .. } => Some("a bucket of amounts is larger than 1"),
            _ => None,
        }
    }
}

/// What is left of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// Year and month.
    Month,
    /// The year.
    Year,
}

/// What is left of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressPart {
    /// Province and city.
    City,
    /// Province, city and district.
    District,
}

/// What generalizations there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generalization {
    /// To the month or year.
    Date,
    /// To a band of years.
    Age,
    /// To the city or district.
    Address,
    /// To the network: IPv4 /24, IPv6 /48.
    Network,
    /// To fewer decimals.
    Position,
    /// To a bucket.
    Amount,
}

impl Generalization {
    /// The generalization of an entity type, when it has one.
    pub fn of(entity: &EntityType) -> Option<Generalization> {
        Some(match (&entity.mask, entity.name.as_str()) {
            (_, "BIRTHDAY") => Generalization::Date,
            (_, "AGE") => Generalization::Age,
            (_, "GPS_COORDINATE") => Generalization::Position,
            (_, "TRANSACTION_AMOUNT") => Generalization::Amount,
            (Mask::Address, _) => Generalization::Address,
            (Mask::Ip, _) => Generalization::Network,
            _ => return None,
        })
    }

    /// Whether a generalized value may rightly be another one's original: a month, a band's lower bound.
    pub fn is_common(self) -> bool {
        matches!(self, Generalization::Date | Generalization::Age | Generalization::Amount)
    }
}

/// Parameters of `date_shift`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DateShift {
    /// Most days by which a date is moved.
    pub days: u16,
    /// Columns or JSON keys of which the first one with a value in the record tells the subject.
    pub subject: Vec<String>,
    /// Whether a date in a record without a subject is moved by itself: equal dates by the same number of days.
    #[serde(skip_serializing_if = "is_default")]
    pub per_value: bool,
    /// Which way dates are moved.
    #[serde(skip_serializing_if = "is_default")]
    pub direction: Direction,
}

impl Default for DateShift {
    fn default() -> Self {
        DateShift { days: 180, subject: Vec::new(), per_value: false, direction: Direction::Both }
    }
}

impl DateShift {
    /// What is wrong with the parameters.
    pub(super) fn wrong(&self) -> Option<&'static str> {
        match self {
            DateShift { days: 0 | 3651.., .. } => Some("dates are moved by 1 to 3650 days"),
            DateShift { days: 1, direction: Direction::Earlier, .. } => {
                Some("dates that all are moved by the same day are known: more days, or both directions")
            }
            DateShift { subject, per_value: false, .. } if subject.is_empty() => {
                Some("date_shift needs `subject: [column or key, …]`, or `per_value: true`")
            }
            DateShift { subject, .. } if subject.iter().any(|name| !name.chars().any(char::is_alphanumeric)) => {
                Some("a name under `subject` of date_shift has neither letter nor digit")
            }
            _ => None,
        }
    }
}

/// Which way dates are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Earlier for some subjects, later for others.
    #[default]
    Both,
    /// Earlier for all.
    Earlier,
}

/// That a digest without a key is accepted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unkeyed {
    unkeyed: Accepted,
    /// Why, in the words of whoever answers for it.
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Accepted {
    Accepted,
}

impl OperatorSpec {
    /// What stands against this operator for values of `entity`, when something does; `named` lists the entity types
    /// that there are.
    pub(super) fn refused(&self, entity: &EntityType, all: &[EntityType]) -> Option<String> {
        let names = |has: &dyn Fn(&EntityType) -> bool| {
            all.iter().filter(|entity| has(entity)).map(|entity| entity.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let name = &entity.name;
        match self {
            OperatorSpec::Fpe if entity.shape.is_none() => {
                Some(format!("{name} has no same-shape form; use hash, mask or null instead of fpe"))
            }
            OperatorSpec::Surrogate(parameters) => match Form::of(entity) {
                None => Some(format!("{name} has no surrogate; these have: {}", names(&|one| Form::of(one).is_some()))),
                Some(form) => form.refuses(parameters).map(|reason| format!("{name} {reason}")),
            },
            OperatorSpec::Generalize(_) if Generalization::of(entity).is_none() => Some(format!(
                "{name} has no generalization; these have: {}",
                names(&|one| Generalization::of(one).is_some())
            )),
            OperatorSpec::DateShift(_) if !entity.is_date => {
                Some(format!("{name} is no date; these are: {}", names(&|one| one.is_date)))
            }
            _ => None,
        }
    }
}
