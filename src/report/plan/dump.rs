//! What a plan must know of dumps that are more than one file.

use std::path::Path;

use crate::format::Format;
use crate::format::pgarchive::{self, PgArchive};
use crate::pipeline::Outcome;
use crate::pipeline::changes::Changes;
use crate::pipeline::findings::Spot;

/// A dump whose tables stand in files of their own.
#[derive(Default)]
pub(super) struct Folder {
    /// Its table of contents was among the assets.
    pub(super) is_dump: bool,
    pub(super) changes: Changes,
    /// Places in the plan, with the names that they have in the dump.
    pub(super) columns: Vec<(usize, Spot)>,
}

/// What is said of tables with rows of which no CREATE TABLE tells.
pub fn undeclared_tables(tables: &[String]) -> String {
    const SHOWN: usize = 3;
    let named = tables.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if tables.len() > SHOWN { format!(" and {} more", tables.len() - SHOWN) } else { String::new() };
    format!(
        "what the database asks of {named}{more} (keys, CHECKs, NOT NULL) is not known and was not looked at, since no CREATE \
         TABLE is there; give the schema (what pg_dump -s or mysqldump --no-data writes) with --schema FILE"
    )
}

/// What stands for the dump that an asset is a file of, its folder where it has one, and whether it is the table of contents.
pub(super) fn folder_of(outcome: &Outcome) -> Option<(&Path, bool)> {
    if outcome.changes.is_declared_elsewhere() {
        // All scripts of one kind are of one database, which `--schema` defines.
        return outcome.format.map(|format| (Path::new(format), true));
    }
    let is_archive = outcome.format == Some(PgArchive.name());
    is_archive.then(|| pgarchive::folder_of_dump(&outcome.path)).flatten()
}
