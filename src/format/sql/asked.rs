//! What is asked of the rows of one table: by its own constraints, by those of the tables that it inherits from or is a
//! partition of, and by the domains that its columns and their fields are of.

use std::sync::Arc;

use super::constraints::columns::VALUE;
use crate::constraint::by_table::Constraints;
use crate::constraint::condition::Condition;
use crate::constraint::{Constraint, ConstraintKind};

/// How deep domains stand on domains, and tables below tables.
const DEEPEST: usize = 32;
/// Most types that are looked at for one column: those of fields of fields may be very many.
const MOST_TYPES: usize = 4096;

/// What the constraints `all` ask of the rows of `table`.
pub(crate) fn of_table(all: &Constraints, table: &str) -> Vec<Constraint> {
    let ancestors = ancestors(all, table);
    let mut family = vec![table];
    for parent in all.of(table).filter_map(partitioned) {
        if !family.contains(&parent) {
            family.push(parent);
        }
    }
    let is_asked = |one: &&Constraint| one.table == table || one.kind == ConstraintKind::PartitionKey;
    let mut found: Vec<Constraint> = all.of_all(&family).filter(is_asked).cloned().collect();
    for one in all.of_all(&ancestors).filter(|one| is_inherited(all, one)) {
        let own = Constraint { table: table.to_owned(), ..one.clone() };
        // A partition has them itself, too.
        let is_same = |known: &Constraint| {
            known.table == table
                && known.kind.name() == own.kind.name()
                && known.name == own.name
                && known.columns == own.columns
        };
        if !found.iter().any(is_same) {
            found.push(own);
        }
    }
    let mut of_domains = Vec::new();
    for one in &found {
        if let (ConstraintKind::OfDomain { domain, is_list }, Some(column)) = (&one.kind, one.columns.first()) {
            let place = Place { table, column: column.clone(), is_each: *is_list, lists: usize::from(*is_list) };
            of_type(all, domain, &place, (0, &mut { MOST_TYPES }), &mut of_domains);
        }
    }
    found.retain(|one| !matches!(one.kind, ConstraintKind::OfDomain { .. }));
    found.extend(of_domains);
    found
}

/// The tables of which `table` is a part or a child, and those above them.
fn ancestors<'a>(all: &'a Constraints, table: &str) -> Vec<&'a str> {
    let above = |table: &str| -> Vec<&'a str> {
        all.of(table).filter_map(|one| partitioned(one).or_else(|| inherited(one))).collect()
    };
    let mut found = above(table);
    let mut at = 0;
    while let Some(next) = found.get(at).copied().filter(|_| at < DEEPEST) {
        for parent in above(next) {
            if !found.contains(&parent) {
                found.push(parent);
            }
        }
        at += 1;
    }
    found
}

fn partitioned(one: &Constraint) -> Option<&str> {
    if let ConstraintKind::PartitionOf(parent) = &one.kind { Some(parent) } else { None }
}

fn inherited(one: &Constraint) -> Option<&str> {
    if let ConstraintKind::Inherits(parent) = &one.kind { Some(parent) } else { None }
}

/// Whether what a table asks is asked of those below it. Keys are not: each table has its own.
fn is_inherited(all: &Constraints, one: &Constraint) -> bool {
    match &one.kind {
        ConstraintKind::Check(_) => {
            !all.of(&one.table).any(|mark| mark.kind == ConstraintKind::NoInherit && mark.name == one.name)
        }
        ConstraintKind::OfDomain { .. } | ConstraintKind::Generates(_) | ConstraintKind::Folds(_) => true,
        _ => false,
    }
}

/// Where values of a type stand.
struct Place<'a> {
    table: &'a str,
    /// The column, or the field of its values.
    column: String,
    /// There may be any number of them in a row.
    is_each: bool,
    /// How many lists are within each other there.
    lists: usize,
}

impl Place<'_> {
    /// What the condition of a domain becomes when it is asked here; none where it is not evaluated.
    fn check(&self, condition: Option<&Arc<Condition>>) -> (Vec<String>, ConstraintKind) {
        let condition = condition.map(|condition| Arc::new(condition.renamed(VALUE, &self.column)));
        let mut columns = vec![self.column.clone()];
        if self.lists > 0 {
            // Elements with a syntax of their own stand in columns of their own.
            columns.push(format!("{}[]", self.column));
        }
        let kind = match condition {
            Some(condition) if self.is_each && self.lists < 2 => {
                ConstraintKind::CheckEach { condition, of_elements: self.lists > 0 }
            }
            condition => ConstraintKind::Check(condition.filter(|_| !self.is_each)),
        };
        (columns, kind)
    }
}

/// Appends what the domain or composite type `name` asks of its values at `place`. `depth` and how many more types are
/// looked at bound the work.
fn of_type(
    all: &Constraints,
    name: &str,
    place: &Place<'_>,
    (depth, room): (usize, &mut usize),
    found: &mut Vec<Constraint>,
) {
    if depth > DEEPEST || *room == 0 {
        return;
    }
    *room -= 1;
    for one in all.of(name) {
        let column = match one.columns.as_slice() {
            [field] if !matches!(one.kind, ConstraintKind::Domain(_)) => format!("{}.{field}", place.column),
            _ => place.column.clone(),
        };
        let (columns, kind) = match &one.kind {
            ConstraintKind::Domain(condition) => place.check(condition.as_ref()),
            ConstraintKind::Folds(folding) => (vec![column], ConstraintKind::Folds(*folding)),
            ConstraintKind::OfDomain { domain, is_list } => {
                // Lists in the field of a composite are not those that the composite stands in.
                let lists = if one.columns.is_empty() { place.lists } else { 0 } + usize::from(*is_list);
                let inner = Place { table: place.table, column, is_each: place.is_each || *is_list, lists };
                of_type(all, domain, &inner, (depth + 1, room), found);
                continue;
            }
            _ => continue,
        };
        found.push(Constraint { table: place.table.to_owned(), name: one.name.clone(), columns, kind });
    }
}
