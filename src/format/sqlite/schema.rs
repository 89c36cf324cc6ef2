//! What is in a database: its tables, how each is read, how a row of it is named, and the text of its schema.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::cells::{KINDS, Kind};
use super::virtual_table::{Module, module};
use crate::block::{ColumnContext, ColumnKind, TableContext};

/// Other names of the row number, which hold as long as no column is called so.
const ROW_NUMBERS: [&str; 3] = ["_rowid_", "rowid", "oid"];

/// What is in a database.
pub(super) struct Schema {
    /// The tables that are read, in the order of the schema.
    pub(super) tables: Vec<Arc<Table>>,
    pub(super) virtual_tables: Vec<Virtual>,
    /// Tables of what ANALYZE found, which are made anew and not read.
    pub(super) statistics: Vec<String>,
    /// The statements that make up the schema.
    pub(super) statements: Vec<String>,
}

/// A table that is read.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<TableColumn>,
    pub(super) key: Key,
    pub(super) source: Source,
    /// For each column one entry per [`Kind`].
    pub(super) context: Arc<TableContext>,
}

/// One column.
#[derive(Debug)]
pub(super) struct TableColumn {
    pub(super) name: String,
    /// It turns text that reads as a number into one.
    pub(super) is_numeric: bool,
    /// It follows from other columns.
    pub(super) is_generated: bool,
}

/// How a row is named.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// By its row number, under this name.
    RowNumber(&'static str),
    /// By the columns of its primary key.
    Primary(Vec<usize>),
    /// Not at all: it cannot be changed, and why.
    None(&'static str),
}

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A table.
    Ordinary,
    /// A virtual table.
    Virtual,
    /// The words of an index for full-text search, FTS5 or an earlier one, whose texts are not kept.
    Words {
        /// It is FTS5.
        is_fts5: bool,
    },
}

/// A virtual table.
pub(super) struct Virtual {
    pub(super) name: String,
    pub(super) module: Module,
    /// Its rows are read through itself.
    pub(super) is_readable: bool,
}

/// `name` as an identifier in SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Schema {
    /// Reads the schema.
    ///
    /// # Errors
    /// When SQLite cannot make sense of it.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Schema> {
        let kinds = table_kinds(connection)?;
        let mut schema = Schema { tables: vec![], virtual_tables: vec![], statistics: vec![], statements: vec![] };
        let (mut names, mut texts) = (Vec::new(), Vec::new());
        let mut statement = connection.prepare("SELECT type, name, sql FROM main.sqlite_schema")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
            let sql: Option<String> = row.get(2)?;
            if kind == "table" {
                if kinds.get(&name).is_some_and(|kind| kind.what == "virtual") {
                    let (module, text) = module(sql.as_deref().unwrap_or_default());
                    texts.extend(text.map(|text| (schema.virtual_tables.len(), text)));
                    schema.virtual_tables.push(Virtual { name: name.clone(), module, is_readable: false });
                }
                names.push(name);
            }
            schema.statements.extend(sql);
        }
        for (number, text) in texts {
            // Without the table that the texts are in, the words are all that is left of them.
            let is_there = kinds.keys().any(|name| name.eq_ignore_ascii_case(&text));
            if let Some(table) = schema.virtual_tables.get_mut(number).filter(|_| !is_there)
                && let Module::Index { is_fts5 } = table.module
            {
                table.module = Module::Words { is_fts5 };
            }
        }
        for table in &mut schema.virtual_tables {
            table.is_readable = table.module.is_read() && can_be_read(connection, &table.name);
        }
        for name in names {
            schema.enter(connection, name, &kinds)?;
        }
        Ok(schema)
    }

    fn enter(
        &mut self,
        connection: &Connection,
        name: String,
        kinds: &HashMap<String, TableKind>,
    ) -> rusqlite::Result<()> {
        let lower = name.to_ascii_lowercase();
        let Some(kind) = kinds.get(&name) else { return Ok(()) };
        if lower.starts_with("sqlite_stat") {
            self.statistics.push(name);
            return Ok(());
        }
        let virtual_table = self.virtual_tables.iter().find(|table| table.name == name);
        if let Some(table) = virtual_table {
            let source = match table.module {
                Module::Words { is_fts5 } => Source::Words { is_fts5 },
                _ if table.is_readable => Source::Virtual,
                _ => return Ok(()),
            };
            let key = match table.module {
                Module::FullText => None,
                Module::Words { .. } => {
                    Some(Key::None("its index for full-text search keeps no text to make it anew from"))
                }
                _ => Some(Key::None("tables of this module are not rewritten")),
            };
            self.tables.push(Arc::new(Table::new(connection, name, source, key, kind)?));
            return Ok(());
        }
        // What a virtual table keeps its rows in is read through that table.
        let is_read_elsewhere = |owner: &Virtual| match owner.module {
            Module::FullText | Module::Space => owner.is_readable,
            Module::Index { .. } | Module::Words { .. } => !lower.ends_with("_content"),
            Module::Derived | Module::Unknown => false,
        };
        if kind.what == "shadow" && self.owner(&lower).is_some_and(is_read_elsewhere) {
            return Ok(());
        }
        let key =
            (kind.what == "shadow").then_some(Key::None("it belongs to a virtual table that cannot be opened here"));
        self.tables.push(Arc::new(Table::new(connection, name, Source::Ordinary, key, kind)?));
        Ok(())
    }

    /// The virtual table that the shadow table `name` belongs to.
    fn owner(&self, name: &str) -> Option<&Virtual> {
        let owns = |table: &&Virtual| {
            name.strip_prefix(table.name.to_ascii_lowercase().as_str()).is_some_and(|rest| rest.starts_with('_'))
        };
        self.virtual_tables.iter().filter(owns).max_by_key(|table| table.name.len())
    }
}

/// What SQLite says of a table.
struct TableKind {
    what: String,
    without_row_number: bool,
    is_strict: bool,
}

fn table_kinds(connection: &Connection) -> rusqlite::Result<HashMap<String, TableKind>> {
    let sql = "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name <> 'sqlite_schema'";
    let mut statement = connection.prepare(sql)?;
    let kinds = statement.query_map((), |row| {
        Ok((row.get(0)?, TableKind { what: row.get(1)?, without_row_number: row.get(2)?, is_strict: row.get(3)? }))
    })?;
    kinds.collect()
}

fn can_be_read(connection: &Connection, name: &str) -> bool {
    let read = || connection.prepare(&format!("SELECT * FROM main.{} LIMIT 1", quoted(name)))?.exists(());
    read().is_ok()
}

impl Table {
    fn new(
        connection: &Connection,
        name: String,
        source: Source,
        key: Option<Key>,
        kind: &TableKind,
    ) -> rusqlite::Result<Table> {
        if let Source::Words { .. } = source {
            let column = TableColumn { name: "term".into(), is_numeric: false, is_generated: false };
            let context = Arc::new(context(&name, [("term", true)].into_iter()));
            return Ok(Table { name, columns: vec![column], key: key.unwrap_or(Key::None("")), source, context });
        }
        let sql = "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1, 'main') WHERE hidden <> 1";
        let mut statement = connection.prepare(sql)?;
        let (mut columns, mut nullable, mut primary) = (Vec::new(), Vec::new(), Vec::new());
        let mut rows = statement.query([&name])?;
        while let Some(row) = rows.next()? {
            let declared: String = row.get(1)?;
            let (not_null, place, hidden): (bool, u32, u32) = (row.get(2)?, row.get(3)?, row.get(4)?);
            if place > 0 {
                primary.push((place, columns.len()));
            }
            nullable.push(!not_null && place == 0);
            // A STRICT table turns nothing into something else.
            let is_numeric = source == Source::Ordinary && !kind.is_strict && is_numeric(&declared);
            columns.push(TableColumn { name: row.get(0)?, is_numeric, is_generated: hidden > 1 });
        }
        primary.sort_unstable();
        let key = key.unwrap_or_else(|| {
            let is_free =
                |row_number: &&str| !columns.iter().any(|column| column.name.eq_ignore_ascii_case(row_number));
            if kind.without_row_number {
                Key::Primary(primary.into_iter().map(|(_, column)| column).collect())
            } else if let Some(row_number) = ROW_NUMBERS.iter().find(|name| is_free(name)) {
                Key::RowNumber(row_number)
            } else {
                Key::None("its columns take all names that a row number could be asked by")
            }
        });
        let columns_of_context = columns.iter().map(|column| column.name.as_str()).zip(nullable);
        let context = Arc::new(context(&name, columns_of_context));
        Ok(Table { name, columns, key, source, context })
    }

    /// The names of `columns`.
    pub(super) fn names(&self, columns: impl Iterator<Item = usize>) -> Vec<&str> {
        columns.filter_map(|column| self.columns.get(column)).map(|column| column.name.as_str()).collect()
    }
}

/// What the rest of the crate sees of a table: each column once for each kind of value that a cell of it may have.
fn context<'a>(name: &str, columns: impl Iterator<Item = (&'a str, bool)>) -> TableContext {
    let columns = columns.flat_map(|(column, nullable)| {
        KINDS.iter().map(move |kind| {
            let kind = match kind {
                Kind::Text | Kind::Blob => ColumnKind::Text { max_chars: None, nullable },
                Kind::Integer => ColumnKind::Number { digits: 18, nullable },
                Kind::Real => ColumnKind::Fraction { digits: 15, decimals: None, nullable },
                Kind::Bytes => ColumnKind::Fixed("bytes that are not UTF-8 text".into()),
            };
            ColumnContext { name: column.to_owned(), kind }
        })
    });
    TableContext { name: Some(name.to_owned()), columns: columns.collect() }
}

/// Whether a column of the declared type turns text that reads as a number into one: SQLite's rules of affinity.
fn is_numeric(declared: &str) -> bool {
    let upper = declared.to_ascii_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    if upper.is_empty() || upper == "ANY" {
        return upper == "ANY";
    }
    says(&["INT"]) || !says(&["CHAR", "CLOB", "TEXT", "BLOB"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affinity_goes_by_the_words_of_a_type() {
        for numeric in
            ["INTEGER", "bigint", "REAL", "DECIMAL(10,2)", "BOOLEAN", "DATETIME", "CHARINT", "ANY", "FLOATING POINT"]
        {
            assert!(is_numeric(numeric), "{numeric}");
        }
        for other in ["", "TEXT", "varchar(11)", "CLOB", "BLOB", "NATIVE CHARACTER(70)"] {
            assert!(!is_numeric(other), "{other}");
        }
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(quoted("a\"b; DROP"), "\"a\"\"b; DROP\"");
    }
}
