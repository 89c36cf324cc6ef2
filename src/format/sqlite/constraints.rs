//! What the tables of a database ask of their values: for the plan of a rewrite. The rewrite itself is held to them by
//! SQLite.

use rusqlite::Connection;

use super::schema::Schema;
use crate::constraint::{Constraint, ConstraintKind, Folding};
use crate::format::sql::constraints;

/// The constraints of all tables that are read. Of indexes with a condition or over expressions nothing is said.
///
/// # Errors
/// When SQLite cannot make sense of the schema.
pub(super) fn of(connection: &Connection, schema: &Schema) -> rusqlite::Result<Vec<Constraint>> {
    let mut found = Vec::new();
    for table in &schema.tables {
        let mut enter = |columns: Vec<String>, kind| {
            found.push(Constraint { table: table.name.clone(), name: None, columns, kind });
        };
        let sql = "SELECT name, origin FROM pragma_index_list(?1, 'main') WHERE \"unique\" AND NOT partial";
        let mut indexes = connection.prepare(sql)?;
        let indexes =
            indexes.query_map([&table.name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        for index in indexes {
            let (name, origin) = index?;
            let sql = "SELECT name, coll FROM pragma_index_xinfo(?1, 'main') WHERE \"key\" ORDER BY seqno";
            let mut columns = connection.prepare(sql)?;
            let columns =
                columns.query_map([&name], |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, String>(1)?)))?;
            let columns = columns.collect::<rusqlite::Result<Vec<_>>>()?;
            for (column, collation) in &columns {
                if let (Some(column), Some(folding)) = (column, folding_of(collation)) {
                    enter(vec![column.clone()], ConstraintKind::Folds(folding));
                }
            }
            if let Some(columns) = columns.into_iter().map(|(column, _)| column).collect::<Option<Vec<String>>>() {
                let kind = if origin == "pk" {
                    ConstraintKind::PrimaryKey
                } else {
                    ConstraintKind::Unique { nulls_apart: true }
                };
                enter(columns, kind);
            }
        }
        let sql = "SELECT \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1, 'main')";
        let mut keys = connection.prepare(sql)?;
        let keys = keys.query_map([&table.name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
        })?;
        for key in keys {
            let (target, from, to) = key?;
            enter(vec![from], ConstraintKind::References { table: target, columns: to.into_iter().collect() });
        }
    }
    // Of checks, SQLite has nothing but the text.
    for asked in schema.statements.iter().flat_map(|statement| constraints::of_schema(statement.as_bytes())) {
        let named = schema.tables.iter().find(|table| table.name.eq_ignore_ascii_case(&asked.table));
        if let (
            Some(table),
            ConstraintKind::Check(_) | ConstraintKind::Generates(_) | ConstraintKind::UniqueExpression,
        ) = (named, &asked.kind)
        {
            found.push(Constraint { table: table.name.clone(), ..asked });
        }
    }
    Ok(found)
}

/// What a collation takes for equal, where that is more than the same bytes.
fn folding_of(collation: &str) -> Option<Folding> {
    match collation {
        name if name.eq_ignore_ascii_case("binary") => None,
        name if name.eq_ignore_ascii_case("nocase") => Some(Folding::Ascii),
        _ => Some(Folding::Unknown),
    }
}
