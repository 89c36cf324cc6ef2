//! What the files of a run define: tables and what is asked of them, for those files that hold rows alone (`pg_dump -s` and
//! `pg_dump -a`, `mysqldump --no-data` and `--no-create-info`).

use std::collections::{BTreeSet, HashMap};
use std::io::Read;

use super::asked;
use super::ddl::{SqlColumn, Tables};
use super::scan::Dialect;
use super::script::Script;
use crate::constraint::by_table::Constraints;
use crate::constraint::{Constraint, ConstraintKind, KeyColumns};
use crate::error::DataError;

/// The schema in which tables without one are, in most databases of PostgreSQL.
const USUAL_SCHEMA: &str = "public.";

/// How much of a file is read at a time.
const STEP: usize = 256 << 10;

/// What files define.
#[derive(Default)]
pub struct Definitions {
    postgres: Defined,
    my_sql: Defined,
}

/// What files of one dialect define.
#[derive(Default)]
struct Defined {
    tables: HashMap<String, Table>,
    /// What all statements ask.
    asked: Constraints,
    /// Tables that two files define differently.
    contested: BTreeSet<String>,
}

struct Table {
    /// The name that its rows go under in the file that defines it.
    name: String,
    columns: Vec<SqlColumn>,
    /// What that file asks of them.
    asked: Vec<Constraint>,
}

impl Definitions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        [&self.postgres, &self.my_sql].iter().all(|defined| defined.tables.is_empty())
    }

    /// Tables that two files define differently, so that neither is believed.
    pub fn contested(&self) -> impl Iterator<Item = &String> {
        self.postgres.contested.iter().chain(&self.my_sql.contested)
    }

    /// Takes in what a dump of MySQL, or else of PostgreSQL, defines; false when it is longer than `longest`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn enter(&mut self, is_my_sql: bool, reader: &mut dyn Read, longest: usize) -> Result<bool, DataError> {
        let dialect = if is_my_sql { Dialect::MySql } else { Dialect::Postgres };
        let Some(script) = read(dialect, reader, longest)? else { return Ok(false) };
        self.of_mut(dialect).merge(script);
        Ok(true)
    }

    fn of(&self, dialect: Dialect) -> &Defined {
        match dialect {
            Dialect::Postgres => &self.postgres,
            Dialect::MySql => &self.my_sql,
        }
    }

    fn of_mut(&mut self, dialect: Dialect) -> &mut Defined {
        match dialect {
            Dialect::Postgres => &mut self.postgres,
            Dialect::MySql => &mut self.my_sql,
        }
    }

    /// The columns at both ends of the foreign keys between tables.
    pub fn keys(&self, is_my_sql: bool) -> Vec<[KeyColumns; 2]> {
        let dialect = if is_my_sql { Dialect::MySql } else { Dialect::Postgres };
        let defined = self.of(dialect);
        let end = |table: &str, columns: &[String]| -> KeyColumns {
            let known = defined.tables.get(bare(table, dialect));
            let kind = |name: &String| {
                let found = known?.columns.iter().find(|column| column.context.name == *name);
                found.map(|column| column.context.kind.clone())
            };
            columns.iter().map(|name| (name.clone(), kind(name))).collect()
        };
        let key = |one: &Constraint| match &one.kind {
            ConstraintKind::References { table, columns } if *table != one.table => {
                Some([end(&one.table, &one.columns), end(table, columns)])
            }
            _ => None,
        };
        defined.asked.iter().filter_map(key).collect()
    }

    /// The columns of the table that is called `key`, whose rows go under `name`, and what is asked of them.
    pub(super) fn table(&self, dialect: Dialect, key: &str, name: &str) -> Option<(&[SqlColumn], Vec<Constraint>)> {
        let defined = self.of(dialect);
        let table = defined.tables.get(bare(key, dialect))?;
        let mut asked = asked::of_table(&defined.asked, &table.name);
        let is_full = dialect == Dialect::Postgres && name.starts_with(USUAL_SCHEMA);
        for other in asked.iter_mut().flat_map(Constraint::tables_mut) {
            if *other == table.name {
                name.clone_into(other);
            } else if is_full && !other.contains('.') {
                other.insert_str(0, USUAL_SCHEMA);
            } else if !name.contains('.') {
                *other = bare(other, dialect).to_owned();
            }
        }
        Some((&table.columns, asked))
    }
}

impl Defined {
    fn merge(&mut self, script: Script) {
        let dialect = script.dialect();
        let own = script.asked().clone();
        let mut by_table: HashMap<String, Vec<&Constraint>> = HashMap::new();
        for one in own.iter() {
            by_table.entry(bare(&one.table, dialect).to_owned()).or_default().push(one);
        }
        for (database, tables) in script.into_tables() {
            for (name, columns) in tables.into_columns() {
                let name = database.as_ref().map_or_else(|| name.clone(), |database| format!("{database}.{name}"));
                let asked = by_table.get(bare(&name, dialect)).into_iter().flatten();
                let asked: Vec<Constraint> = asked.map(|one| (*one).clone()).collect();
                let rows = asked.first().map_or_else(|| name.clone(), |one| one.table.clone());
                let key = bare(&name, dialect).to_owned();
                let table = Table { name: rows, columns, asked };
                match self.tables.get(&key) {
                    Some(known) if known.columns == table.columns && known.asked == table.asked => {}
                    Some(_) => {
                        self.tables.remove(&key);
                        self.contested.insert(key);
                    }
                    None if self.contested.contains(&key) => {}
                    None => {
                        self.tables.insert(key, table);
                    }
                }
            }
        }
        own.into_iter().for_each(|one| self.asked.enter(one));
    }
}

/// The name of a table, without the schema that goes without saying.
fn bare(name: &str, dialect: Dialect) -> &str {
    match dialect {
        Dialect::Postgres => name.strip_prefix(USUAL_SCHEMA).unwrap_or(name),
        Dialect::MySql => name,
    }
}

/// Reads a dump for what it defines; none when it is longer than `longest`.
fn read(dialect: Dialect, reader: &mut dyn Read, longest: usize) -> Result<Option<Script>, DataError> {
    let mut script = None;
    let mut buffer = Vec::new();
    let mut taken = 0;
    loop {
        let read = Read::take(&mut *reader, STEP as u64).read_to_end(&mut buffer)?;
        taken += read;
        if taken > longest {
            return Ok(None);
        }
        let is_end = read < STEP;
        let script = script.get_or_insert_with(|| Script::for_definitions(dialect, &buffer));
        let mut done = 0;
        while let Some(length) = script.pass(buffer.get(done..).unwrap_or_default(), is_end)? {
            done += length;
            if done >= buffer.len() {
                break;
            }
        }
        buffer.drain(..done);
        if is_end {
            break;
        }
    }
    Ok(script)
}

impl Tables {
    fn into_columns(self) -> HashMap<String, Vec<SqlColumn>> {
        self.known
    }
}
