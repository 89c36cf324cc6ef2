//! Conditions on the values of a row, as CHECK has them: what is understood of them, and what they say of a row. Three
//! answers of SQL (true, false, NULL) and a fourth: that nobody here can tell.

mod decimal;
mod renamed;

use std::borrow::Cow;
use std::cmp::Ordering;

pub(crate) use self::decimal::Decimal;
use super::pattern::Pattern;

/// A condition on the columns of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub(crate) expression: Expression,
    /// Columns that it names.
    pub(crate) columns: Vec<String>,
    pub(crate) manner: Manner,
    /// How many patterns stand in it.
    pub(crate) patterns: usize,
}

impl Eq for Condition {}

/// How a database compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// PostgreSQL: texts are equal byte for byte.
    Postgres,
    /// MySQL and MariaDB: a collation decides, names are the same in any letter case.
    MySql,
    /// SQLite: types follow the columns.
    Sqlite,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// NULL.
    Null,
    /// A text without a limit: it may be the bytes of a binary column, too.
    Value(Cow<'a, [u8]>),
    /// A text of at most so many characters, which the database may fill up with spaces.
    Limited(Cow<'a, [u8]>, u32),
    /// A whole number.
    Number(Cow<'a, [u8]>),
    /// A number that may have decimals, more of which the database may write than stand here.
    Fraction(Cow<'a, [u8]>),
    /// A date.
    Day(Cow<'a, [u8]>),
    /// A value of another type, of which a dump's text is not what a condition sees.
    Other,
    /// There is no such column among those of the row.
    Absent,
}

/// What a condition says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// It holds.
    Yes,
    /// It is broken.
    No,
    /// The database decides.
    Unknown,
}

/// One expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Column(String),
    Text(Vec<u8>),
    Number(Decimal),
    Bool(bool),
    Null,
    /// Something that is not understood, and stands for itself in brackets.
    Unknown,
    Length {
        of: Box<Expression>,
        in_bytes: bool,
    },
    Lower(Box<Expression>),
    Upper(Box<Expression>),
    AsNumber(Box<Expression>),
    /// A cast to a whole number of so many bits.
    AsWhole(Box<Expression>, u32),
    AsText(Box<Expression>),
    AsDay(Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Matches(Box<Expression>, Pattern),
    IsNull(Box<Expression>),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// What an expression comes to.
enum Value<'a> {
    Null,
    Bool(bool),
    Text(Cow<'a, [u8]>),
    Day(Cow<'a, [u8]>),
    Number(Decimal),
    Unknown,
}

impl Condition {
    /// What it says of the row whose cells `cell` gives by the names of their columns.
    pub(crate) fn holds<'a>(&'a self, cell: &dyn Fn(&str) -> Cell<'a>) -> Held {
        match (Evaluation { manner: self.manner, cell }).truth(&self.expression) {
            // A CHECK that comes to NULL is not broken.
            Truth::True | Truth::Null => Held::Yes,
            Truth::False => Held::No,
            Truth::Unknown => Held::Unknown,
        }
    }

    /// Whether it names `column`.
    pub(crate) fn names(&self, column: &str) -> bool {
        let is_same = |own: &String| match self.manner {
            Manner::Postgres => own == column,
            Manner::MySql | Manner::Sqlite => own.eq_ignore_ascii_case(column),
        };
        self.columns.iter().any(is_same)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    True,
    False,
    Null,
    Unknown,
}

impl Truth {
    fn of(holds: bool) -> Truth {
        if holds { Truth::True } else { Truth::False }
    }

    fn of_known(holds: Option<bool>) -> Truth {
        holds.map_or(Truth::Unknown, Truth::of)
    }
}

struct Evaluation<'a, 'c> {
    manner: Manner,
    cell: &'c dyn Fn(&str) -> Cell<'a>,
}

impl<'a> Evaluation<'a, '_> {
    fn truth(&self, expression: &'a Expression) -> Truth {
        match expression {
            Expression::And(parts) => self.first_of(parts, Truth::False, Truth::True),
            Expression::Or(parts) => self.first_of(parts, Truth::True, Truth::False),
            Expression::Not(inner) => match self.truth(inner) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                other => other,
            },
            Expression::IsNull(inner) => match (self.bare(inner), self.value(inner)) {
                (_, Value::Null) => Truth::True,
                (None | Some(Cell::Absent), Value::Unknown) => Truth::Unknown,
                // A value of whatever type is one.
                _ => Truth::False,
            },
            Expression::Compare(comparison, left, right) => {
                self.compare(*comparison, self.value(left), self.value(right))
            }
            Expression::Matches(inner, pattern) => match self.value(inner) {
                Value::Null => Truth::Null,
                Value::Text(text) if !self.is_padded(&text) => Truth::of_known(self.matches(inner, &text, pattern)),
                _ => Truth::Unknown,
            },
            other => match self.value(other) {
                Value::Bool(value) => Truth::of(value),
                Value::Null => Truth::Null,
                _ => Truth::Unknown,
            },
        }
    }

    /// AND and OR: `decisive` decides, then what is not known, then NULL.
    fn first_of(&self, parts: &'a [Expression], decisive: Truth, otherwise: Truth) -> Truth {
        let mut result = otherwise;
        for part in parts {
            match self.truth(part) {
                truth if truth == decisive => return decisive,
                Truth::Unknown => result = Truth::Unknown,
                Truth::Null if result != Truth::Unknown => result = Truth::Null,
                _ => {}
            }
        }
        result
    }

    fn value(&self, expression: &'a Expression) -> Value<'a> {
        match expression {
            Expression::Column(name) => self.column(name),
            Expression::Text(text) => Value::Text(Cow::Borrowed(text)),
            Expression::Number(number) => Value::Number(*number),
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Null => Value::Null,
            Expression::Length { of, in_bytes } => match self.value(of) {
                Value::Text(text) => self.length(of, &text, *in_bytes).map_or(Value::Unknown, Value::Number),
                Value::Null => Value::Null,
                _ => Value::Unknown,
            },
            Expression::Lower(inner) => self.of_text(inner, <[u8]>::to_ascii_lowercase),
            Expression::Upper(inner) => self.of_text(inner, <[u8]>::to_ascii_uppercase),
            Expression::AsText(inner) => match self.value(inner) {
                value @ (Value::Text(_) | Value::Null) => value,
                Value::Number(_) => self.digits(inner).map_or(Value::Unknown, Value::Text),
                _ => Value::Unknown,
            },
            Expression::AsWhole(inner, bits) => match self.number(inner) {
                Value::Number(number) if !number.is_whole(*bits) => Value::Unknown,
                value => value,
            },
            Expression::AsNumber(inner) => self.number(inner),
            Expression::AsDay(inner) => match self.value(inner) {
                Value::Text(text) if is_day(&text) => Value::Day(text),
                value @ (Value::Day(_) | Value::Null) => value,
                _ => Value::Unknown,
            },
            Expression::Unknown => Value::Unknown,
            condition => match self.truth(condition) {
                Truth::True => Value::Bool(true),
                Truth::False => Value::Bool(false),
                Truth::Null => Value::Null,
                Truth::Unknown => Value::Unknown,
            },
        }
    }

    fn column(&self, name: &str) -> Value<'a> {
        match (self.cell)(name) {
            Cell::Null => Value::Null,
            // The digits of a bytea.
            Cell::Value(text) if self.manner == Manner::Postgres && text.starts_with(br"\x") => Value::Unknown,
            Cell::Value(text) | Cell::Limited(text, _) => Value::Text(text),
            Cell::Number(text) | Cell::Fraction(text) => Decimal::parse(&text).map_or(Value::Unknown, Value::Number),
            Cell::Day(text) if is_day(&text) => Value::Day(text),
            Cell::Day(_) | Cell::Other | Cell::Absent => Value::Unknown,
        }
    }

    fn number(&self, of: &'a Expression) -> Value<'a> {
        match self.value(of) {
            Value::Text(text) => Decimal::parse(&text).map_or(Value::Unknown, Value::Number),
            value @ (Value::Number(_) | Value::Null) => value,
            _ => Value::Unknown,
        }
    }

    /// A column's whole number as the database writes it.
    fn digits(&self, of: &Expression) -> Option<Cow<'a, [u8]>> {
        let Some(Cell::Number(text)) = self.bare(of) else { return None };
        let digits = text.strip_prefix(b"-").unwrap_or(&text);
        let is_plain = digits.iter().all(u8::is_ascii_digit) && (*text == *b"0" || !digits.starts_with(b"0"));
        is_plain.then_some(text)
    }

    /// The cell of the column that `of` is without a cast.
    fn bare(&self, of: &Expression) -> Option<Cell<'a>> {
        let Expression::Column(name) = of else { return None };
        Some((self.cell)(name))
    }

    /// How many spaces the database may see behind `text`, if `of` is a column of PostgreSQL's character(n).
    fn room(&self, of: &Expression, text: &str) -> usize {
        match self.bare(of) {
            Some(Cell::Limited(_, most)) if self.manner == Manner::Postgres => {
                (most as usize).saturating_sub(text.chars().count())
            }
            _ => 0,
        }
    }

    /// Whether `pattern` says the same of all that the database may see of `text`.
    fn matches(&self, of: &Expression, text: &[u8], pattern: &Pattern) -> Option<bool> {
        const MOST_ROOM: usize = 4096;
        let read = std::str::from_utf8(text).ok()?;
        let may_be_binary = self.manner == Manner::MySql && matches!(self.bare(of), Some(Cell::Value(_)));
        if may_be_binary && !text.is_ascii() {
            return None;
        }
        let found = pattern.matches(text)?;
        match self.room(of, read) {
            0 => Some(found),
            MOST_ROOM.. => None,
            room => {
                let filled = format!("{read}{}", " ".repeat(room));
                (pattern.matches(filled.as_bytes())? == found).then_some(found)
            }
        }
    }

    fn of_text(&self, inner: &'a Expression, change: impl Fn(&[u8]) -> Vec<u8>) -> Value<'a> {
        match self.value(inner) {
            Value::Text(text) if text.is_ascii() => Value::Text(Cow::Owned(change(&text))),
            Value::Null => Value::Null,
            _ => Value::Unknown,
        }
    }

    /// Of text beyond ASCII, the length in bytes depends on the encoding in the database.
    fn length(&self, of: &Expression, text: &[u8], in_bytes: bool) -> Option<Decimal> {
        let may_be_binary = self.manner != Manner::Sqlite && matches!(self.bare(of), Some(Cell::Value(_)));
        let is_clear = !self.is_padded(text) && (text.is_ascii() || !in_bytes && !may_be_binary);
        let text = std::str::from_utf8(text).ok().filter(|_| is_clear)?;
        if in_bytes && self.room(of, text) > 0 {
            return None;
        }
        Decimal::of_length(text.chars().count())
    }

    /// Spaces at the end count in some types and in others not.
    fn is_padded(&self, text: &[u8]) -> bool {
        self.manner != Manner::Sqlite && text.last() == Some(&b' ')
    }

    fn compare(&self, comparison: Comparison, left: Value<'a>, right: Value<'a>) -> Truth {
        let order = match (&left, &right) {
            (Value::Unknown, _) | (_, Value::Unknown) => None,
            (Value::Null, _) | (_, Value::Null) => return Truth::Null,
            (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
            // In a column of text SQLite compares with the digits as text.
            (Value::Text(_), Value::Number(_)) | (Value::Number(_), Value::Text(_))
                if self.manner == Manner::Sqlite =>
            {
                None
            }
            (Value::Text(left), Value::Number(right)) => Decimal::parse(left).map(|left| left.cmp(right)),
            (Value::Number(left), Value::Text(right)) => Decimal::parse(right).map(|right| left.cmp(&right)),
            (Value::Day(left), Value::Text(right) | Value::Day(right)) if is_day(right) => Some(left.cmp(right)),
            (Value::Text(left), Value::Day(right)) if is_day(left) => Some(left.cmp(right)),
            (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            (Value::Text(left), Value::Text(right)) => return self.compare_texts(comparison, left, right),
            _ => None,
        };
        Truth::of_known(order.map(|order| comparison.holds(order)))
    }

    fn compare_texts(&self, comparison: Comparison, left: &[u8], right: &[u8]) -> Truth {
        let both_are = |test: fn(&[u8]) -> bool| test(left) && test(right);
        if left == right {
            return Truth::of(comparison.holds(Ordering::Equal));
        }
        // Which one comes first, a collation says; whether two are equal, too, but in PostgreSQL.
        if !matches!(comparison, Comparison::Equal | Comparison::Unequal) {
            let are_days = both_are(is_day) && self.manner != Manner::Sqlite;
            return Truth::of_known(are_days.then(|| comparison.holds(left.cmp(right))));
        }
        let trimmed = (left.trim_ascii_end(), right.trim_ascii_end());
        let may_be_equal = match self.manner {
            Manner::Postgres => trimmed.0 == trimmed.1,
            Manner::MySql | Manner::Sqlite => {
                let are_numbers = both_are(|text| Decimal::parse(text).is_some());
                trimmed.0.eq_ignore_ascii_case(trimmed.1) || !both_are(<[u8]>::is_ascii) || are_numbers
            }
        };
        if may_be_equal { Truth::Unknown } else { Truth::of(comparison == Comparison::Unequal) }
    }
}

/// `YYYY-MM-DD`, of which the order is that of its text.
fn is_day(text: &[u8]) -> bool {
    matches!(text, [a, b, c, d, b'-', e, f, b'-', g, h] if [a, b, c, d, e, f, g, h].iter().all(|byte| byte.is_ascii_digit()))
}
