//! Constraints by the tables that they are of: a dump may hold ten thousand tables, and each is asked for its own.

use std::collections::HashMap;

use super::{Constraint, ConstraintKind};

/// Constraints, in the order in which they were entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Constraints {
    all: Vec<Constraint>,
    /// The places of those of a table.
    of: HashMap<String, Vec<usize>>,
    /// The places of the foreign keys that lead to a table.
    leading_to: HashMap<String, Vec<usize>>,
}

impl Constraints {
    /// Enters one more.
    pub(crate) fn push(&mut self, constraint: Constraint) {
        let place = self.all.len();
        note(&mut self.of, &constraint.table, place);
        if let ConstraintKind::References { table, .. } = &constraint.kind {
            note(&mut self.leading_to, table, place);
        }
        self.all.push(constraint);
    }

    /// Enters one where it is not known yet.
    pub(crate) fn enter(&mut self, constraint: Constraint) {
        if !self.contains(&constraint) {
            self.push(constraint);
        }
    }

    pub(crate) fn contains(&self, constraint: &Constraint) -> bool {
        self.of(&constraint.table).any(|one| one == constraint)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Constraint> {
        self.all.iter()
    }

    /// Those of `table`.
    pub(crate) fn of(&self, table: &str) -> impl Iterator<Item = &Constraint> {
        places(&self.of, table).iter().filter_map(|place| self.all.get(*place))
    }

    /// Those of `tables`, each of which is named once.
    pub(crate) fn of_all(&self, tables: &[&str]) -> impl Iterator<Item = &Constraint> {
        let mut found: Vec<usize> = tables.iter().flat_map(|table| places(&self.of, table)).copied().collect();
        found.sort_unstable();
        found.into_iter().filter_map(|place| self.all.get(place))
    }

    /// Those of `table`, and the foreign keys that lead to it.
    pub(crate) fn about(&self, table: &str) -> impl Iterator<Item = &Constraint> {
        let mut found = [places(&self.of, table), places(&self.leading_to, table)].concat();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|place| self.all.get(place))
    }
}

fn note(places: &mut HashMap<String, Vec<usize>>, table: &str, place: usize) {
    match places.get_mut(table) {
        Some(held) => held.push(place),
        None => drop(places.insert(table.to_owned(), vec![place])),
    }
}

fn places<'a>(places: &'a HashMap<String, Vec<usize>>, table: &str) -> &'a [usize] {
    places.get(table).map(Vec::as_slice).unwrap_or_default()
}

impl Extend<Constraint> for Constraints {
    fn extend<T: IntoIterator<Item = Constraint>>(&mut self, constraints: T) {
        constraints.into_iter().for_each(|one| self.push(one));
    }
}

impl FromIterator<Constraint> for Constraints {
    fn from_iter<T: IntoIterator<Item = Constraint>>(constraints: T) -> Constraints {
        let mut all = Constraints::default();
        all.extend(constraints);
        all
    }
}

impl IntoIterator for Constraints {
    type Item = Constraint;
    type IntoIter = std::vec::IntoIter<Constraint>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_a_table_keep_their_order() {
        let primary = |table: &str| Constraint {
            table: table.to_owned(),
            name: None,
            columns: vec!["id".to_owned()],
            kind: ConstraintKind::PrimaryKey,
        };
        let leads = |table: &str, to: &str| Constraint {
            kind: ConstraintKind::References { table: to.to_owned(), columns: Vec::new() },
            ..primary(table)
        };
        let all = [primary("a"), leads("b", "a"), primary("b"), leads("a", "a"), leads("a", "b")];
        let mut constraints: Constraints = all.iter().cloned().collect();
        let at = |places: &[usize]| places.iter().map(|place| all[*place].clone()).collect::<Vec<_>>();
        assert_eq!(constraints.of("a").cloned().collect::<Vec<_>>(), at(&[0, 3, 4]));
        assert_eq!(constraints.about("a").cloned().collect::<Vec<_>>(), at(&[0, 1, 3, 4]), "each once");
        assert_eq!(constraints.about("b").cloned().collect::<Vec<_>>(), at(&[1, 2, 4]));
        assert_eq!(constraints.of_all(&["b", "a", "c"]).cloned().collect::<Vec<_>>(), all);
        assert_eq!(constraints.of("c").count(), 0);
        constraints.enter(leads("b", "a"));
        constraints.enter(leads("b", "c"));
        assert_eq!(constraints.iter().count(), all.len() + 1, "one is known");
    }
}
