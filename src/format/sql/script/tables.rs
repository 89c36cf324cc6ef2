//! What a script knows of tables: from its own statements, or from those of other files.

use std::sync::Arc;

use super::{Found, Script, Shape};
use crate::block::{ColumnContext, ColumnKind};
use crate::constraint::by_table::Constraints;
use crate::error::DataError;
use crate::format::Declared;
use crate::format::sql::asked;
use crate::format::sql::cells::TableShape;
use crate::format::sql::ddl::{QualifiedName, SqlColumn, Tables};
use crate::format::sql::scan::Dialect;

impl Script {
    /// One that keeps what is defined, in all databases.
    pub(in crate::format::sql) fn for_definitions(dialect: Dialect, sample: &[u8]) -> Script {
        Script { former: Some(Vec::new()), ..Script::new(dialect, sample) }
    }

    /// Passes over one statement or some rows at the front of `buffer` and learns from them; how long that is, if it is
    /// whole.
    pub(in crate::format::sql) fn pass(&mut self, buffer: &[u8], at_end: bool) -> Result<Option<usize>, DataError> {
        loop {
            if buffer.is_empty() {
                return Ok(None);
            }
            match self.find(buffer, at_end, buffer.len())? {
                Found::Again => {}
                Found::More => return Ok(None),
                Found::Rows(length, _) | Found::Statements(length) => return Ok(Some(length)),
            }
        }
    }

    /// The tables that were declared, database by database.
    pub(in crate::format::sql) fn into_tables(self) -> Vec<(Option<String>, Tables)> {
        let mut all = self.former.unwrap_or_default();
        all.push((self.database, self.tables));
        all
    }

    /// Another database follows.
    pub(super) fn forget(&mut self, next: Option<String>) {
        if let Some(former) = &mut self.former {
            former.push((self.database.take(), std::mem::take(&mut self.tables)));
        }
        self.database = next;
        self.tables.clear();
        self.shapes.clear();
    }

    /// What all statements so far ask.
    pub(crate) fn asked(&self) -> &Constraints {
        &self.asked
    }

    /// What the column of that name can hold, in the table whose rows go under `table`.
    pub(crate) fn kind_of(&self, table: &str, column: &str) -> Option<&ColumnKind> {
        let columns = self.tables.declared(table)?.iter();
        columns.map(|column| &column.context).find(|context| context.name == column).map(|context| &context.kind)
    }

    /// The columns of rows: from the head's names and the DDL, and where that is missing from the first row.
    /// `numbers` says of each cell of the first row whether it is a whole number.
    pub(super) fn shape(&self, name: &QualifiedName, named: Option<&[String]>, numbers: &[bool], copy: bool) -> Shape {
        let rows_name = self.qualified(&name.parts.join("."));
        let elsewhere = self.definitions.as_ref().filter(|_| !self.tables.speaks_of(name)).and_then(|definitions| {
            definitions.table(self.dialect(), &self.qualified(&self.tables.key(name)), &rows_name)
        });
        // Rows of another table of that name: nothing of the definition can be believed.
        let is_other = |columns: &[SqlColumn]| match named {
            Some(names) => !names.iter().all(|name| columns.iter().any(|one| is_called(one, name, self.dialect()))),
            None => columns.iter().filter(|column| !(copy && column.generated)).count() != numbers.len(),
        };
        let elsewhere = elsewhere.filter(|(columns, _)| !is_other(columns));
        let declared = self.tables.columns(name).or(elsewhere.as_ref().map(|(columns, _)| *columns));
        let place = match (&elsewhere, declared) {
            (Some(_), _) => Declared::Elsewhere,
            (None, Some(_)) => Declared::Here,
            (None, None) => Declared::Nowhere,
        };
        let guess = |index: usize, name: String| {
            let number = numbers.get(index).copied().unwrap_or(false);
            let kind = if number { ColumnKind::Number { digits: 18, nullable: true } } else { ColumnKind::FREE_TEXT };
            SqlColumn::guessed(ColumnContext { name, kind }, self.dialect())
        };
        let columns = match (named, declared) {
            (Some(names), _) => names
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    let same = |column: &&SqlColumn| is_called(column, name, self.dialect());
                    let known = declared.unwrap_or_default().iter().find(same).cloned();
                    known.unwrap_or_else(|| guess(index, name.clone()))
                })
                .collect(),
            (None, Some(declared)) => declared.iter().filter(|column| !(copy && column.generated)).cloned().collect(),
            (None, None) => (0..numbers.len()).map(|index| guess(index, format!("#{}", index + 1))).collect(),
        };
        let mut asked = asked::of_table(&self.asked, &rows_name);
        asked.extend(elsewhere.into_iter().flat_map(|(_, asked)| asked));
        Shape { table: Arc::new(TableShape::new(rows_name, columns, asked, place)), rows: 0 }
    }
}

fn is_called(column: &SqlColumn, name: &str, dialect: Dialect) -> bool {
    column.context.name == name || (dialect == Dialect::MySql && column.context.name.eq_ignore_ascii_case(name))
}
