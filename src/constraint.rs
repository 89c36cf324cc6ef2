//! What a database asks of the values of a table beyond their types. Read from DDL, for the plan of a rewrite and the guard
//! before its output is put out.

pub(crate) mod by_table;
pub(crate) mod condition;
pub(crate) mod folding;
pub(crate) mod pattern;

use std::sync::Arc;

use self::condition::Condition;
pub use self::folding::Folding;
use crate::block::ColumnKind;

/// The columns at one end of a foreign key, and what they can hold, where that is known.
pub type KeyColumns = Vec<(String, Option<ColumnKind>)>;

/// One constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// The table, qualified as its rows are in the dump.
    pub table: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The columns, in the constraint's order.
    pub columns: Vec<String>,
    /// What is asked of them.
    pub kind: ConstraintKind,
}

impl Constraint {
    /// The tables that it names.
    pub(crate) fn tables_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let other = match &mut self.kind {
            ConstraintKind::References { table, .. }
            | ConstraintKind::PartitionOf(table)
            | ConstraintKind::Inherits(table)
            | ConstraintKind::OfDomain { domain: table, .. } => Some(table),
            _ => None,
        };
        std::iter::once(&mut self.table).chain(other)
    }

    /// Whether it is about `column`.
    pub(crate) fn names(&self, column: &str) -> bool {
        match &self.kind {
            ConstraintKind::Check(Some(condition)) if condition.names(column) => true,
            // What is asked of a value is asked of what it is made of.
            ConstraintKind::Check(_) | ConstraintKind::CheckEach { .. } => {
                self.columns.iter().any(|one| one == column || is_part(column, one))
            }
            _ => self.columns.iter().any(|one| one == column),
        }
    }

    /// What it asks, with its name where it has one: `CHECK customer_phone_check`.
    pub(crate) fn shown(&self) -> String {
        match &self.name {
            Some(name) => format!("{} {name}", self.kind.name()),
            None => self.kind.name().to_owned(),
        }
    }
}

/// Whether `column` is a field of the values of column `whole`, or an element of them.
fn is_part(column: &str, whole: &str) -> bool {
    column.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
}

/// What a constraint asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstraintKind {
    /// Different in every row, never NULL.
    PrimaryKey,
    /// Different in every row.
    Unique {
        /// A row with a NULL in it equals no other.
        nulls_apart: bool,
    },
    /// The values stand in columns of another table.
    References {
        /// That table.
        table: String,
        /// Its columns; its primary key where there are none.
        columns: Vec<String>,
    },
    /// A condition that names the columns, where it is understood.
    Check(Option<Arc<Condition>>),
    /// A condition on each value of a column that has any number of them in a row, or on each element of its lists.
    CheckEach {
        /// It names the first of the columns, of which a row has the one or the other.
        condition: Arc<Condition>,
        /// It is asked of the elements of lists.
        of_elements: bool,
    },
    /// They decide which partition a row is in.
    PartitionKey,
    /// The table holds some of the rows of this one, as that one's partition key says.
    PartitionOf(String),
    /// What the CHECKs of this table ask is asked of the table, too.
    Inherits(String),
    /// Of a CHECK of the same name: it is not asked of tables that inherit from the table.
    NoInherit,
    /// Of a domain in the place of a table: a condition on its values.
    Domain(Option<Arc<Condition>>),
    /// The column holds values of a domain or of a composite type, or lists of them. Of such a type in the place of a table: its
    /// field does, or without columns itself.
    OfDomain {
        /// That domain.
        domain: String,
        /// It holds lists.
        is_list: bool,
    },
    /// The value of this column is computed from them.
    Generates(String),
    /// Different in every row, by an expression or by a part of the values.
    UniqueExpression,
    /// Which of their values are equal in keys. Without columns: those of all columns of which nothing else is said.
    Folds(Folding),
}

impl ConstraintKind {
    /// Of what keeps rows apart: whether a row with a NULL equals no other.
    pub(crate) fn nulls_apart(&self) -> Option<bool> {
        match self {
            // A NULL that stands there for the next number.
            ConstraintKind::PrimaryKey => Some(true),
            ConstraintKind::Unique { nulls_apart } => Some(*nulls_apart),
            _ => None,
        }
    }

    /// Its name in SQL.
    pub fn name(&self) -> &'static str {
        match self {
            ConstraintKind::PrimaryKey => "PRIMARY KEY",
            ConstraintKind::Unique { .. } | ConstraintKind::UniqueExpression => "UNIQUE",
            ConstraintKind::References { .. } => "FOREIGN KEY",
            ConstraintKind::Check(_)
            | ConstraintKind::CheckEach { .. }
            | ConstraintKind::NoInherit
            | ConstraintKind::Domain(_) => "CHECK",
            ConstraintKind::PartitionKey => "PARTITION BY",
            ConstraintKind::PartitionOf(_) => "PARTITION OF",
            ConstraintKind::Inherits(_) => "INHERITS",
            ConstraintKind::OfDomain { .. } => "DOMAIN",
            ConstraintKind::Generates(_) => "GENERATED",
            ConstraintKind::Folds(_) => "COLLATE",
        }
    }
}
