//! Holds the files of a dump that is a folder against each other before any of them is written: a foreign key leads from
//! one to another, and neither file alone shows whether both ends are rewritten alike. So it does with scripts that hold rows
//! of tables which `--schema` defines.
//!
//! Only files that such a key ties are read for that, and only where a rule could find something in its columns.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::blocks::Piece;
use super::changes::Changes;
use super::locate::safe_name;
use super::read::{self, Body};
use super::{Context, Observer, Silent, definitions, scan};
use crate::block::ColumnKind;
use crate::constraint::KeyColumns;
use crate::error::DataError;
use crate::format::mysqldump::MySqlDump;
use crate::format::pgarchive;
use crate::format::pgdump::PgDump;
use crate::format::{Declared, Format};
use crate::source::Input;
use crate::transform::Transformer;

/// Why some of `inputs` must not be rewritten with `transformer`, each by its place: all files of a dump of which two would
/// not fit together.
pub fn refused(
    context: &mut Context,
    transformer: &Arc<Transformer>,
    inputs: &[(usize, &Input)],
) -> Vec<(usize, DataError)> {
    let mut folders: BTreeMap<PathBuf, Vec<(usize, &Input)>> = BTreeMap::new();
    for (place, input) in inputs {
        if let (Input::File(_), Some((folder, _))) = (input, pgarchive::folder_of_dump(input.path())) {
            folders.entry(folder.to_path_buf()).or_default().push((*place, input));
        }
    }
    let mut found = Vec::new();
    for (folder, files) in folders {
        let tied = tied(context, &folder, &files);
        refuse(context, transformer, &files, tied, &mut found);
    }
    for is_my_sql in [false, true] {
        let files = of_scripts(context, inputs, is_my_sql);
        refuse(context, transformer, &files, files.clone(), &mut found);
    }
    found
}

/// Appends why `files` must not be rewritten, where the `tied` ones among them do not fit together.
fn refuse(
    context: &mut Context,
    transformer: &Arc<Transformer>,
    files: &[(usize, &Input)],
    tied: Vec<(usize, &Input)>,
    found: &mut Vec<(usize, DataError)>,
) {
    if tied.len() < 2 {
        return;
    }
    let Some((owner, error)) = broken(context, transformer, tied) else { return };
    let said = |place: usize| if place == owner { error.clone() } else { beside(&error) };
    found.extend(files.iter().map(|(place, _)| (*place, said(*place))));
}

/// Scripts with rows of tables that another file of the run defines, where that has foreign keys between tables.
fn of_scripts<'a>(context: &Context, inputs: &[(usize, &'a Input)], is_my_sql: bool) -> Vec<(usize, &'a Input)> {
    let Some(definitions) = &context.settings.definitions else { return Vec::new() };
    let keys = definitions.keys(is_my_sql);
    if !keys.iter().flatten().any(|columns| may_hold(context, columns)) {
        return Vec::new();
    }
    let format = if is_my_sql { MySqlDump.name() } else { PgDump.name() };
    let is_one = |input: &Input| {
        let Input::File(file) = input else { return false };
        definitions::may_define(&file.path) && holds_only_rows(context, input, format)
    };
    inputs.iter().filter(|(_, input)| is_one(input)).copied().collect()
}

/// Whether the first rows of a dump in `format` are of a table that `--schema` defines.
fn holds_only_rows(context: &Context, input: &Input, format: &str) -> bool {
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    let Ok(opened) = read::open(input, &context.settings, &observer, false) else { return false };
    let is_script = opened.guise.format.is_some_and(|own| own.name() == format);
    if !is_script || !matches!(opened.body, Body::Stream { .. }) {
        return false;
    }
    let mut declared = None;
    let mut push = |piece| match piece {
        Piece::Raw { codec, .. } if codec.declared().is_some() => {
            declared = codec.declared();
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    };
    // What cannot be read is told when it is its turn.
    let _ = scan::produce(opened.body, opened.compression, &context.settings, &mut push);
    declared == Some(Declared::Elsewhere)
}

/// Those of `files` that foreign keys tie together, of which something may be rewritten.
fn tied<'a>(context: &Context, folder: &Path, files: &[(usize, &'a Input)]) -> Vec<(usize, &'a Input)> {
    // What cannot be read is refused when it is its turn.
    let mut ties = pgarchive::ties(folder, context.settings.record_bytes).unwrap_or_default();
    ties.retain(|tie| tie.ends.iter().any(|end| may_hold(context, &end.columns)));
    let is_tied = |input: &Input| {
        let name = input.path().file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| ties.iter().flat_map(|tie| &tie.ends).any(|end| end.is_in(name)))
    };
    files.iter().filter(|(_, input)| is_tied(input)).copied().collect()
}

/// Whether a rule could find something in the columns at the end of a key.
fn may_hold(context: &Context, columns: &KeyColumns) -> bool {
    let may_hold = |(name, kind): &(String, Option<ColumnKind>)| match kind {
        Some(ColumnKind::Fixed(_)) => false,
        Some(ColumnKind::Number { digits, .. } | ColumnKind::Fraction { digits, .. }) => {
            // One digit more than is always held.
            let most = 10_i128.checked_pow(digits + 1).unwrap_or(i128::MAX);
            context.detector.may_hold(name, -most, most)
        }
        _ => true,
    };
    columns.is_empty() || columns.iter().any(may_hold)
}

/// The first foreign key between `files` that their rewriting would break, and the place of the file that it is told of.
fn broken(
    context: &mut Context,
    transformer: &Arc<Transformer>,
    files: Vec<(usize, &Input)>,
) -> Option<(usize, DataError)> {
    let planner = context.planner.replace(Arc::clone(transformer));
    let observer = std::mem::replace(&mut context.observer, Arc::new(Silent));
    let mut changes = Changes::default();
    let mut owners: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let places: Vec<usize> = files.iter().map(|(place, _)| *place).collect();
    let mut next = places.into_iter();
    let done = super::run(
        context.settings.threads,
        files,
        |(_, input)| Some(*input),
        |(_, input), threads, _| scan::scan(context, input, true, threads, None),
        |outcome| {
            let place = next.next().unwrap_or_default();
            let outline = outcome.changes.outline();
            owners.extend(outline.tables().map(|table| (Some(table.clone()), place)));
            changes.join(outline);
            Ok(())
        },
    );
    (context.planner, context.observer) = (planner, observer);
    done.ok()?;
    let (spot, error) = changes.broken_between_files()?;
    let owner = owners.get(&spot.table).copied().unwrap_or(usize::MAX);
    Some((owner, error.with_names(safe_name)))
}

/// What is said of the other files of a dump.
fn beside(error: &DataError) -> DataError {
    let position = error.position.as_ref().map(|position| format!("{position}: ")).unwrap_or_default();
    let reason = format!("nothing of this dump is written, which would not load: {position}{}", error.reason);
    DataError { reason, position: None, advice: error.advice.clone() }
}
