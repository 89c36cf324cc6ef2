//! Gathers what the dumps of a run define before any of them is worked on: rows may stand in other files than the
//! CREATE TABLE that says what they are.

use std::path::Path;
use std::sync::Arc;

use super::read::{self, Body, Opened};
use super::{Observer, Settings, Silent};
use crate::format::mysqldump::MySqlDump;
use crate::format::pgdump::PgDump;
use crate::format::{Definitions, Format};
use crate::source::Input;

/// Longest file that is read for what it defines: one that defines more than a few thousand tables holds rows.
const LONGEST: usize = 32 << 20;
/// Endings of files that hold SQL, and of packed ones.
const ENDINGS: [&str; 7] = ["sql", "ddl", "dump", "pgsql", "psql", "mysql", "schema"];
const PACKED: [&str; 6] = ["gz", "zst", "xz", "bz2", "lz4", "z"];

/// What the dumps among `inputs` define, where there are several.
pub fn of_inputs<'a>(settings: &Settings, inputs: impl Iterator<Item = &'a Input>) -> Option<Arc<Definitions>> {
    let inputs: Vec<&Input> = inputs.collect();
    if inputs.len() < 2 {
        return None;
    }
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    let is_asked = |input: &&Input| match input {
        Input::File(file) => file.size <= LONGEST as u64 && may_define(&file.path),
        Input::Stdin => false,
    };
    of(inputs.into_iter().filter(is_asked).filter_map(|input| read::open(input, settings, &observer, false).ok()))
}

/// What the dumps at `paths` define.
pub fn of_paths<'a>(settings: &Settings, paths: impl Iterator<Item = &'a Path>) -> Option<Arc<Definitions>> {
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    let is_short = |path: &&Path| path.metadata().is_ok_and(|metadata| metadata.len() <= LONGEST as u64);
    let paths: Vec<&Path> = paths.filter(|path| may_define(path)).filter(is_short).collect();
    let opened = paths.iter().filter_map(|path| read::open_path(path, settings, &observer, false).ok());
    of(opened)
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

fn of(opened: impl Iterator<Item = Opened>) -> Option<Arc<Definitions>> {
    let mut definitions = Definitions::default();
    for Opened { body, guise, .. } in opened {
        let is_my_sql = match guise.format.map(|format| format.name()) {
            Some(name) if name == MySqlDump.name() => true,
            Some(name) if name == PgDump.name() => false,
            _ => continue,
        };
        if let Body::Stream { mut reader, .. } = body {
            // What cannot be read is told when it is its turn.
            let _ = definitions.enter(is_my_sql, &mut *reader, LONGEST);
        }
    }
    (!definitions.is_empty() || definitions.contested().next().is_some()).then(|| Arc::new(definitions))
}
