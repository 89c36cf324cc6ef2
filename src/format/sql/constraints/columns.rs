//! What a column is beyond its constraints, and what these depend on: the domain that its values are of, what it is computed
//! from, the collation that tells its values apart, and the tables that its table inherits from.

use super::{Reader, behind, behind_first, bracketed, items, named_before};
use crate::constraint::condition::Manner;
use crate::constraint::{ConstraintKind, Folding};
use crate::format::sql::ddl::identifier;
use crate::format::sql::token::Token;

/// What the condition of a domain calls a value.
pub(crate) const VALUE: &str = "value";

impl Reader<'_> {
    /// `CREATE DOMAIN name AS type …`, or `ALTER DOMAIN name ADD …`, from the name on.
    pub(super) fn domain(&mut self, tokens: &[Token], is_new: bool) {
        let Some((domain, rest)) = self.name(tokens) else { return };
        self.table = domain;
        if is_new {
            let Some(of) = behind(rest, &["as"]) else { return };
            self.typed(&[], of);
        } else if behind(rest, &["add"]).is_none() {
            return;
        }
        let mut tokens = rest;
        while let Some(behind_check) = behind_first(tokens, &["check"]) {
            let before = tokens.len() - behind_check.len();
            self.name = named_before(tokens.get(..before).unwrap_or_default(), self.dialect);
            let Some((inside, after)) = bracketed(behind_check) else { break };
            tokens = after;
            if behind(after, &["not", "valid"]).is_none() {
                let read = self.condition(inside);
                self.enter(vec![VALUE.to_owned()], ConstraintKind::Domain(read));
            }
        }
    }

    /// `CREATE TYPE name AS (field type, …)`, from the name on.
    pub(super) fn composite(&mut self, tokens: &[Token]) {
        let Some((name, rest)) = self.name(tokens) else { return };
        let Some((inside, _)) = behind(rest, &["as"]).and_then(bracketed) else { return };
        self.table = name;
        for item in items(inside) {
            if let Some((field, of)) = item.split_first()
                && let Some(field) = identifier(field, self.dialect)
            {
                self.typed(&[field], of);
            }
        }
    }

    /// `INHERITS (parent, …)` behind the columns of a table.
    pub(super) fn parents(&mut self, after: &[Token]) {
        if self.manner != Manner::Postgres {
            return;
        }
        let Some((inside, _)) = behind(after, &["inherits"]).and_then(bracketed) else { return };
        for parent in items(inside) {
            if let Some((parent, _)) = self.name(parent) {
                self.enter(Vec::new(), ConstraintKind::Inherits(parent));
            }
        }
    }

    /// `GENERATED ALWAYS AS (expression)`, or `AS (expression)`, in what is said of `column`.
    pub(super) fn computed(&mut self, column: &str, said: &[Token]) {
        let is_next = |at: &usize| said.get(at + 1) == Some(&Token::Symbol(b'('));
        let mut of = outside_of_brackets(said).filter(|at| said.get(*at).is_some_and(|token| token.is("as")));
        if let Some((inside, _)) = of.find(is_next).and_then(|at| bracketed(said.get(at + 1..)?)) {
            self.enter(self.words(inside), ConstraintKind::Generates(column.to_owned()));
        }
    }

    /// Domain and collation in the type of a column or a field, or of what has no name.
    pub(super) fn typed(&mut self, columns: &[String], said: &[Token]) {
        if let Some(folding) = self.folding(said) {
            self.enter(columns.to_vec(), ConstraintKind::Folds(folding));
        }
        if self.manner != Manner::Postgres {
            return;
        }
        if let Some((domain, rest)) = self.name(said) {
            let is_list =
                rest.first() == Some(&Token::Symbol(b'[')) || rest.first().is_some_and(|token| token.is("array"));
            self.enter(columns.to_vec(), ConstraintKind::OfDomain { domain, is_list });
        }
    }

    /// Which values of a column of this type are equal, where that is said of it.
    fn folding(&self, said: &[Token]) -> Option<Folding> {
        let collation = || {
            let at = outside_of_brackets(said).find(|at| said.get(*at).is_some_and(|token| token.is("collate")))?;
            said.get(at + 1..)
        };
        match self.manner {
            // The database itself is asked.
            Manner::Sqlite => None,
            Manner::MySql => {
                let is_binary = |token: &Token| ["binary", "varbinary"].iter().any(|word| token.is(word));
                match collation().and_then(|behind| identifier(behind.first()?, self.dialect)) {
                    Some(name) => Some(collated(&name)),
                    None => outside_of_brackets(said)
                        .any(|at| said.get(at).is_some_and(is_binary))
                        .then_some(Folding::Exact),
                }
            }
            Manner::Postgres => {
                let is_citext = said.iter().take(3).any(|token| token.is("citext"));
                if is_citext {
                    return Some(Folding::Case);
                }
                // Those of the system are deterministic; what somebody made may take two texts for one.
                let (name, _) = self.name(collation()?)?;
                let schema = name.split_once('.').map(|(schema, _)| schema);
                schema.filter(|schema| *schema != "pg_catalog").map(|_| Folding::Unknown)
            }
        }
    }

    /// `COLLATE=…` behind the columns of a table.
    pub(super) fn table_collation(&mut self, after: &[Token]) {
        if self.manner != Manner::MySql {
            return;
        }
        let Some(named) = behind_first(after, &["collate"]) else { return };
        let name = named.iter().find(|token| **token != Token::Symbol(b'='));
        let folding = name.and_then(|name| identifier(name, self.dialect)).map(|name| collated(&name));
        if folding == Some(Folding::Exact) {
            self.enter(Vec::new(), ConstraintKind::Folds(Folding::Exact));
        }
    }

    /// The keys of a table have been met: its texts are compared as the database does where nothing else is said.
    pub(super) fn default_folding(&mut self) {
        let kind = ConstraintKind::Folds(Folding::Padded);
        let is_known =
            self.found.iter().any(|one| one.table == self.table && one.columns.is_empty() && one.kind == kind);
        if self.manner == Manner::MySql && !is_known {
            self.name = None;
            self.enter(Vec::new(), kind);
        }
    }
}

/// What a collation of MySQL or MariaDB takes for equal.
fn collated(name: &str) -> Folding {
    let name = name.to_ascii_lowercase();
    let is_exact = name == "binary" || name.ends_with("_bin") || name.ends_with("_cs");
    if is_exact { Folding::Exact } else { Folding::Padded }
}

/// The places of tokens that stand in no brackets.
fn outside_of_brackets(tokens: &[Token]) -> impl Iterator<Item = usize> {
    let mut depth = 0_usize;
    let is_outside = move |(at, token): (usize, &Token)| {
        match token {
            Token::Symbol(b'(' | b'[') => depth += 1,
            Token::Symbol(b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    };
    tokens.iter().enumerate().filter_map(is_outside)
}
