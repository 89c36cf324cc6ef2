//! What a database asks of the values of a table beyond their types. Read from DDL, for the plan of a rewrite; nothing here
//! looks at a value.

/// One constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// The table, qualified as its rows are in the dump.
    pub table: String,
    /// The columns, in the constraint's order.
    pub columns: Vec<String>,
    /// What is asked of them.
    pub kind: ConstraintKind,
}

impl Constraint {
    /// The tables that it names.
    pub(crate) fn tables_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let other = match &mut self.kind {
            ConstraintKind::References { table, .. } | ConstraintKind::PartitionOf(table) => Some(table),
            _ => None,
        };
        std::iter::once(&mut self.table).chain(other)
    }
}

/// What a constraint asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstraintKind {
    /// Different in every row, never NULL.
    PrimaryKey,
    /// Different in every row, NULLs apart.
    Unique,
    /// The values stand in columns of another table.
    References {
        /// That table.
        table: String,
        /// Its columns; its primary key where there are none.
        columns: Vec<String>,
    },
    /// A condition that names the columns.
    Check,
    /// They decide which partition a row is in.
    PartitionKey,
    /// The table holds some of the rows of this one, as that one's partition key says.
    PartitionOf(String),
}

impl ConstraintKind {
    /// Its name in SQL.
    pub fn name(&self) -> &'static str {
        match self {
            ConstraintKind::PrimaryKey => "PRIMARY KEY",
            ConstraintKind::Unique => "UNIQUE",
            ConstraintKind::References { .. } => "FOREIGN KEY",
            ConstraintKind::Check => "CHECK",
            ConstraintKind::PartitionKey => "PARTITION BY",
            ConstraintKind::PartitionOf(_) => "PARTITION OF",
        }
    }
}
