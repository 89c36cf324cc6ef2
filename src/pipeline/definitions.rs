//! Gathers what the dumps of `--schema` define before any other is worked on: rows may stand in other files than the
//! CREATE TABLE that says what they are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::{self, Body, Opened};
use super::{Observer, Settings, Silent};
use crate::error::Error;
use crate::format::mysqldump::MySqlDump;
use crate::format::pgdump::PgDump;
use crate::format::{Definitions, Format};
use crate::report::escape::path_text;

/// Longest file that is read for what it defines: one that defines more than a few thousand tables holds rows.
const LONGEST: usize = 32 << 20;
/// Endings of files that hold SQL, and of packed ones.
const ENDINGS: [&str; 7] = ["sql", "ddl", "dump", "pgsql", "psql", "mysql", "schema"];
const PACKED: [&str; 6] = ["gz", "zst", "xz", "bz2", "lz4", "z"];

/// What the dumps at `paths` define.
///
/// # Errors
/// When one cannot be read, is no dump in plain text, or is too long.
pub fn of_paths(settings: &Settings, paths: &[PathBuf]) -> Result<Option<Arc<Definitions>>, Error> {
    if paths.is_empty() {
        return Ok(None);
    }
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    let mut definitions = Definitions::default();
    for path in paths {
        let fault = |reason: &str| Error::Usage(format!("--schema {}: {reason}", path_text(path)));
        let opened = read::open_path(path, settings, &observer, false)
            .map_err(|status| fault(&status.reason().unwrap_or_default()))?;
        enter(&mut definitions, opened).map_err(|reason| fault(&reason))?;
    }
    Ok(Some(Arc::new(definitions)))
}

fn enter(definitions: &mut Definitions, opened: Opened) -> Result<(), String> {
    const NO_DUMP: &str = "is no dump in plain SQL; give what pg_dump -s or mysqldump --no-data writes";
    let Opened { body, guise, .. } = opened;
    let is_my_sql = match guise.format.map(|format| format.name()) {
        Some(name) if name == MySqlDump.name() => true,
        Some(name) if name == PgDump.name() => false,
        _ => return Err(NO_DUMP.to_owned()),
    };
    let Body::Stream { mut reader, .. } = body else { return Err(NO_DUMP.to_owned()) };
    match definitions.enter(is_my_sql, &mut *reader, LONGEST) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("is longer than {} MiB; give one without rows", LONGEST >> 20)),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a file is looked at, by its name: folders hold many others. One without an ending is.
pub(super) fn may_define(path: &Path) -> bool {
    let is_one_of = |path: &Path, endings: &[&str]| {
        let ending = path.extension().map(|ending| ending.to_str().unwrap_or_default());
        ending.is_none_or(|ending| endings.iter().any(|one| ending.eq_ignore_ascii_case(one)))
    };
    is_one_of(path, &ENDINGS)
        || is_one_of(path, &PACKED) && path.file_stem().is_some_and(|stem| is_one_of(Path::new(stem), &ENDINGS))
}
