//! What is asked of the rows of one table: by its own constraints, by those of the tables that it inherits from or is a
//! partition of, and by the domains that its columns are of.

use std::sync::Arc;

use super::constraints::columns::VALUE;
use crate::constraint::by_table::Constraints;
use crate::constraint::{Constraint, ConstraintKind};

/// How deep domains stand on domains, and tables below tables.
const DEEPEST: usize = 32;

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
            of_domain(all, domain, (table, column, *is_list), 0, &mut of_domains);
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

/// Appends what `domain` asks of a column of it.
fn of_domain(
    all: &Constraints,
    domain: &str,
    (table, column, is_list): (&str, &str, bool),
    depth: usize,
    found: &mut Vec<Constraint>,
) {
    for one in all.of(domain) {
        let kind = match &one.kind {
            // Asked of each value of a list, which is not evaluated.
            ConstraintKind::Domain(condition) => ConstraintKind::Check(
                condition.as_ref().filter(|_| !is_list).map(|condition| Arc::new(condition.renamed(VALUE, column))),
            ),
            ConstraintKind::Folds(folding) => ConstraintKind::Folds(*folding),
            ConstraintKind::OfDomain { domain: base, is_list: are_lists } => {
                if depth < DEEPEST {
                    of_domain(all, base, (table, column, is_list || *are_lists), depth + 1, found);
                }
                continue;
            }
            _ => continue,
        };
        found.push(Constraint {
            table: table.to_owned(),
            name: one.name.clone(),
            columns: vec![column.to_owned()],
            kind,
        });
    }
}
