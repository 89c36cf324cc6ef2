//! Types that a dump declares: domains, composite types, and others by their names.

use super::{QualifiedName, Tables, identifier, is_nullable, items};
use crate::block::ColumnKind;
use crate::format::sql::nested::Parts;
use crate::format::sql::scan::{Dialect, Stop};
use crate::format::sql::token::{Token, Tokens};
use crate::format::sql::types::{Held, Types, held};

impl Tables {
    /// `CREATE DOMAIN name AS type …`: its columns hold what the type holds.
    pub(super) fn create_domain(&mut self, tokens: &mut Tokens<'_>, dialect: Dialect) -> Result<bool, Stop> {
        let token = tokens.next()?;
        let Some((name, after)) = QualifiedName::read(token, tokens, dialect)? else { return Ok(false) };
        if !after.is_some_and(|token| token.is("as")) {
            return Ok(false);
        }
        let mut of = Vec::new();
        while let Some(token) = tokens.next()? {
            of.push(token);
        }
        let mut held = held(&of, dialect, is_nullable(&of), &self.types());
        held.checked |= of.iter().any(|token| token.is("check"));
        self.declare(&name, held);
        Ok(false)
    }

    /// `CREATE TYPE name AS (field type, …)`. Others are known by their names only.
    pub(super) fn create_type(&mut self, tokens: &mut Tokens<'_>, dialect: Dialect) -> Result<bool, Stop> {
        let token = tokens.next()?;
        let Some((name, after)) = QualifiedName::read(token, tokens, dialect)? else { return Ok(false) };
        let mut parts = None;
        if after.is_some_and(|token| token.is("as"))
            && tokens.next()? == Some(Token::Symbol(b'('))
            && let Some(items) = items(tokens)?
        {
            let types = self.types();
            let field = |item: &Vec<Token>| {
                let (first, rest) = item.split_first()?;
                Some((identifier(first, dialect)?, held(rest, dialect, true, &types)))
            };
            let fields: Vec<_> = items.iter().filter_map(field).collect();
            parts = if fields.len() == items.len() { Parts::of_composite(fields) } else { None };
        }
        let held = Held { parts, ..Held::from(ColumnKind::Fixed(name.parts.join("."))) };
        self.declare(&name, held);
        Ok(false)
    }

    fn declare(&mut self, name: &QualifiedName, held: Held) {
        let key = self.key(name);
        // Two of one name, in schemas that nothing tells apart: nobody here knows which one a column is of.
        let is_other = self.types.get(&key).is_some_and(|known| *known != held);
        let held = if is_other { Held::from(ColumnKind::Fixed(name.parts.join("."))) } else { held };
        self.types.insert(key, held);
    }

    pub(super) fn types(&self) -> Types<'_> {
        Types { declared: &self.types, tables: &self.known, schema: self.schema.as_deref() }
    }

    /// An ALTER TYPE that touches more than the owner makes what was known worthless.
    pub(super) fn alter_type(&mut self, tokens: &mut Tokens<'_>, dialect: Dialect) -> Result<bool, Stop> {
        let token = tokens.next()?;
        if let Some((name, Some(action))) = QualifiedName::read(token, tokens, dialect)?
            && !action.is("owner")
            && let Some(held) = self.types.get_mut(&self.key(&name))
        {
            *held = Held::from(ColumnKind::Fixed(name.parts.join(".")));
        }
        Ok(false)
    }
}
