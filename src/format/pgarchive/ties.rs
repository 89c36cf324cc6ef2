//! Foreign keys between the files of a dump that is a folder: which files must be held against each other.

use std::collections::HashMap;

use super::toc::{Toc, Whereabouts};
use crate::constraint::{ConstraintKind, KeyColumns};

/// A foreign key between two files.
pub struct Tie {
    /// Where it leads from, and to.
    pub ends: [End; 2],
}

/// One end of a foreign key.
pub struct End {
    /// The file, without the ending that says how it is packed.
    pub file: String,
    /// The columns.
    pub columns: KeyColumns,
}

impl End {
    /// Whether it is in a file of this name.
    pub fn is_in(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.file.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The foreign keys between files that `toc` tells of.
pub(super) fn of(toc: &Toc) -> Vec<Tie> {
    let mut files: HashMap<&str, &Whereabouts> = HashMap::new();
    for data in toc.data.iter().filter(|data| !data.is_objects) {
        files.entry(data.name.as_str()).or_insert(&data.whereabouts);
    }
    let mut ties = Vec::new();
    for key in toc.script.asked().iter() {
        let ConstraintKind::References { table, columns } = &key.kind else { continue };
        if *table == key.table {
            continue;
        }
        let end = |table: &str, columns: &[String]| {
            let Whereabouts::File(file) = files.get(table)? else { return None };
            let kind = |column: &String| (column.clone(), toc.script.kind_of(table, column).cloned());
            Some(End { file: file.clone(), columns: columns.iter().map(kind).collect() })
        };
        if let (Some(from), Some(to)) = (end(&key.table, &key.columns), end(table, columns)) {
            ties.push(Tie { ends: [from, to] });
        }
    }
    ties
}
