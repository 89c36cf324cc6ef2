//! What the tables of a database ask of their values: for the plan of a rewrite. The rewrite itself is held to them by
//! SQLite.

use rusqlite::Connection;

use super::schema::Schema;
use crate::constraint::{Constraint, ConstraintKind};
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
            let mut columns = connection.prepare("SELECT name FROM pragma_index_info(?1, 'main') ORDER BY seqno")?;
            let columns = columns.query_map([&name], |row| row.get::<_, Option<String>>(0))?;
            if let Some(columns) = columns.collect::<rusqlite::Result<Option<Vec<String>>>>()? {
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
        if let (Some(table), ConstraintKind::Check(_)) = (named, &asked.kind) {
            found.push(Constraint { table: table.name.clone(), ..asked });
        }
    }
    Ok(found)
}
