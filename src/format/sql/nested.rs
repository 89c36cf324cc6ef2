//! Columns of composite types, and of arrays of what has a syntax of its own: their values are taken apart into those of
//! their fields, which are examined as columns with names and types of their own, and put together again.
//!
//! Must never change the number, the order or the NULLs of fields and elements that it is not asked to change.

use std::ops::Range;
use std::sync::Arc;

use super::ddl::SqlColumn;
use super::types::Held;
use super::{array, composite};
use crate::block::{ColumnContext, ColumnKind};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::DataError;

/// Most values that one value may be made of by its type.
const MOST_LEAVES: usize = 1600;
/// Most leaves of all columns of a table.
const MOST_OF_TABLE: usize = 4096;
/// How deep types are followed.
const DEEPEST: usize = 16;

/// A field or an element as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Quotes and all.
    pub(crate) span: Range<usize>,
    pub(crate) quoted: bool,
}

impl Part {
    /// Its text without the quotes.
    pub(crate) fn content(&self) -> Range<usize> {
        let quote = usize::from(self.quoted);
        self.span.start + quote..self.span.end - quote
    }
}

/// What values of a type are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    made: Made,
    leaves: usize,
    depth: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Made {
    Composite(Vec<(String, Held)>),
    Array(Held),
}

impl Parts {
    /// Of a composite type with these fields; `None` where there are none or too many.
    pub(super) fn of_composite(mut fields: Vec<(String, Held)>) -> Option<Arc<Parts>> {
        // Nobody holds what a field is made of against the CHECK of its domain.
        for (_, held) in fields.iter_mut().filter(|(_, held)| held.checked && held.parts.is_some()) {
            *held = Held::from(unasked());
        }
        let leaves = fields.iter().fold(0_usize, |sum, (_, held)| sum.saturating_add(held.leaves()));
        let depth = fields.iter().map(|(_, held)| held.depth()).max().unwrap_or(0) + 1;
        let fits = (1..=MOST_LEAVES).contains(&leaves) && depth <= DEEPEST;
        fits.then(|| Arc::new(Parts { made: Made::Composite(fields), leaves, depth }))
    }

    /// Of an array of such elements; `None` where they are too deep.
    pub(super) fn of_array(element: Held) -> Option<Arc<Parts>> {
        let (leaves, depth) = (element.leaves(), element.depth() + 1);
        (depth <= DEEPEST).then(|| Arc::new(Parts { made: Made::Array(element), leaves, depth }))
    }
}

impl Held {
    fn leaves(&self) -> usize {
        self.parts.as_ref().map_or(1, |parts| parts.leaves)
    }

    fn depth(&self) -> usize {
        self.parts.as_ref().map_or(0, |parts| parts.depth)
    }
}

/// What a value can hold that nobody here holds against the CHECK of its domain.
fn unasked() -> ColumnKind {
    ColumnKind::Fixed("a domain with a CHECK".to_owned())
}

/// A value within the values of a column.
pub(crate) struct Leaf {
    /// The column, by its place in the table.
    pub(crate) base: usize,
    /// Its name, behind that of the column, and type.
    pub(crate) column: SqlColumn,
    /// It stands in an array: a row has any number of them.
    pub(crate) is_repeated: bool,
    /// It is of a domain that asks something of its values.
    is_checked: bool,
}

/// How a value is taken apart.
pub(crate) enum Tree {
    /// The value of the leaf with this number.
    Leaf(usize),
    Composite(Vec<Tree>),
    Array(Box<Tree>),
}

/// How the values of a table's columns are taken apart.
#[derive(Default)]
pub(crate) struct Nested {
    /// Trees by the places of their columns.
    trees: Vec<(usize, Tree)>,
    /// All leaves, in the order of the columns.
    pub(crate) leaves: Vec<Leaf>,
}

impl Nested {
    /// Of the columns of a table.
    pub(crate) fn new(columns: &[SqlColumn]) -> Nested {
        let mut nested = Nested::default();
        for (base, column) in columns.iter().enumerate() {
            let Some(parts) = &column.parts else { continue };
            if nested.leaves.len() + parts.leaves <= MOST_OF_TABLE {
                let tree = nested.grow((base, false), column.context.name.clone(), parts);
                nested.trees.push((base, tree));
            }
        }
        nested
    }

    fn grow(&mut self, (base, is_repeated): (usize, bool), name: String, parts: &Parts) -> Tree {
        match &parts.made {
            Made::Composite(fields) => {
                let field =
                    |(field, held): &(String, Held)| self.child((base, is_repeated), format!("{name}.{field}"), held);
                Tree::Composite(fields.iter().map(field).collect())
            }
            Made::Array(element) => {
                // The fields of an element are named as if there were one.
                let name = if element.parts.is_some() { name } else { format!("{name}[]") };
                Tree::Array(Box::new(self.child((base, true), name, element)))
            }
        }
    }

    fn child(&mut self, (base, is_repeated): (usize, bool), name: String, held: &Held) -> Tree {
        if let Some(parts) = &held.parts {
            return self.grow((base, is_repeated), name, parts);
        }
        let context = ColumnContext { name, kind: held.kind.clone() };
        let column = SqlColumn {
            context,
            max_bytes: held.max_bytes,
            writing: held.writing,
            parts: None,
            declared: true,
            generated: false,
        };
        self.leaves.push(Leaf { base, column, is_repeated, is_checked: held.checked });
        Tree::Leaf(self.leaves.len() - 1)
    }

    /// Keeps values of domains as they are where `constraints` do not say what their CHECKs ask.
    pub(crate) fn keep_unasked(&mut self, constraints: &[Constraint]) {
        for leaf in self.leaves.iter_mut().filter(|leaf| leaf.is_checked) {
            let context = &mut leaf.column.context;
            let said = constraints.iter().filter(|one| one.columns.contains(&context.name));
            let mut checks = said.filter_map(|one| match &one.kind {
                ConstraintKind::Check(condition) => Some(condition.is_some()),
                ConstraintKind::CheckEach { .. } => Some(true),
                _ => None,
            });
            if checks.next() != Some(true) || checks.any(|is_understood| !is_understood) {
                context.kind = unasked();
            }
        }
    }

    /// How the values of the column at `base` are taken apart; `None` where they are one value.
    pub(crate) fn tree(&self, base: usize) -> Option<&Tree> {
        self.trees.iter().find(|(place, _)| *place == base).map(|(_, tree)| tree)
    }
}

/// What becomes of a value: `None` when it stays, `Some(None)` for NULL.
pub(crate) type Change = Option<Option<Vec<u8>>>;

/// Hears of the values of leaves in the order in which they stand, and says what becomes of them.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(usize, Option<&[u8]>) -> Result<Change, DataError>;

impl Tree {
    /// Takes `text` apart; gives it with the changes that were made.
    ///
    /// # Errors
    /// When it is not written as the server writes a value of this type, or by a change.
    pub(crate) fn walk(&self, text: &[u8], visit: Visit<'_>) -> Result<Change, DataError> {
        let mut whole = Assembled { text, copied: 0, out: Vec::new() };
        match self {
            Tree::Leaf(leaf) => return visit(*leaf, Some(text)),
            Tree::Composite(fields) => {
                let mut parts = composite::Fields::new(text);
                for field in fields {
                    let part = parts.next()?.ok_or_else(other_type)?;
                    whole.part(field, &part, &COMPOSITE, visit)?;
                }
                if parts.next()?.is_some() {
                    return Err(other_type());
                }
            }
            Tree::Array(element) => {
                let mut parts = array::Elements::new(text);
                while let Some(part) = parts.next()? {
                    whole.part(element, &part, &ARRAY, visit)?;
                }
            }
        }
        Ok(whole.finish())
    }

    /// Passes over a value that is NULL: outside of arrays, its leaves are NULL.
    pub(crate) fn pass_null(&self, visit: Visit<'_>) -> Result<(), DataError> {
        match self {
            Tree::Leaf(leaf) => match visit(*leaf, None)? {
                None => Ok(()),
                Some(_) => Err(DataError::new("a match lies in a value that is not there")),
            },
            Tree::Composite(fields) => fields.iter().try_for_each(|field| field.pass_null(visit)),
            Tree::Array(_) => Ok(()),
        }
    }
}

fn other_type() -> DataError {
    DataError::new("a composite value with other fields than its type has")
}

/// How the parts of a value are written.
struct Syntax {
    is_null: fn(&[u8], bool) -> bool,
    null: &'static [u8],
    unescape: fn(&[u8], &mut Vec<u8>),
    encode: fn(&[u8], bool, &mut Vec<u8>),
}

const COMPOSITE: Syntax = Syntax {
    is_null: |content, quoted| content.is_empty() && !quoted,
    null: b"",
    unescape: composite::unescape,
    encode: composite::encode,
};

const ARRAY: Syntax =
    Syntax { is_null: array::is_null, null: b"NULL", unescape: array::unescape, encode: array::encode };

/// A value that is put together again, as far as something in it changes.
struct Assembled<'a> {
    text: &'a [u8],
    copied: usize,
    out: Vec<u8>,
}

impl Assembled<'_> {
    fn part(&mut self, tree: &Tree, part: &Part, syntax: &Syntax, visit: Visit<'_>) -> Result<(), DataError> {
        let content = self.text.get(part.content()).ok_or_else(other_type)?;
        if (syntax.is_null)(content, part.quoted) {
            return tree.pass_null(visit);
        }
        let change = if part.quoted && memchr::memchr2(b'"', b'\\', content).is_some() {
            let mut plain = Vec::with_capacity(content.len());
            (syntax.unescape)(content, &mut plain);
            tree.walk(&plain, visit)?
        } else {
            tree.walk(content, visit)?
        };
        let Some(new) = change else { return Ok(()) };
        self.out.extend_from_slice(self.text.get(self.copied..part.span.start).ok_or_else(other_type)?);
        match new {
            Some(new) => (syntax.encode)(&new, part.quoted, &mut self.out),
            None => self.out.extend_from_slice(syntax.null),
        }
        self.copied = part.span.end;
        Ok(())
    }

    fn finish(mut self) -> Change {
        if self.copied == 0 {
            return None;
        }
        self.out.extend_from_slice(self.text.get(self.copied..).unwrap_or_default());
        Some(Some(self.out))
    }
}
