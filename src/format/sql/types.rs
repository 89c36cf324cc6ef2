//! What the types of columns can hold: those of both servers, and domains over them. What is not known is never
//! rewritten.

use std::collections::HashMap;
use std::sync::Arc;

use super::ddl::{SqlColumn, identifier};
use super::nested::Parts;
use super::scan::Dialect;
use super::token::Token;
use crate::block::ColumnKind;

/// How the values of a column stand for what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// They are text.
    Plain,
    /// As bytea: `\x` and hexadecimal digits, or with escapes.
    Bytea,
    /// As BLOB: bytes, as literals are.
    Blob,
    /// As hstore: pairs of keys and values.
    Hstore,
}

/// What values of a type can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) kind: ColumnKind,
    /// Most bytes that fit.
    pub(super) max_bytes: Option<u32>,
    pub(super) writing: Writing,
    /// What they are made of, where they can be taken apart.
    pub(super) parts: Option<Arc<Parts>>,
    /// It is of a domain that asks something of its values.
    pub(super) checked: bool,
}

impl From<ColumnKind> for Held {
    fn from(kind: ColumnKind) -> Held {
        Held { kind, max_bytes: None, writing: Writing::Plain, parts: None, checked: false }
    }
}

impl From<&SqlColumn> for Held {
    fn from(column: &SqlColumn) -> Held {
        let SqlColumn { context, max_bytes, writing, parts, .. } = column;
        let (kind, parts) = (context.kind.clone(), parts.clone());
        Held { kind, max_bytes: *max_bytes, writing: *writing, parts, checked: false }
    }
}

impl Held {
    /// The same for a column that takes NULL, or takes none.
    fn with(mut self, nullable_column: bool) -> Held {
        self.kind.nullable_mut().into_iter().for_each(|nullable| *nullable &= nullable_column);
        self
    }

    /// An array of such values.
    fn into_array(self, name: &str) -> Held {
        let is_plain = self.parts.is_none() && self.writing == Writing::Plain;
        match self.kind {
            // Elements without a syntax of their own.
            kind if is_plain && !matches!(kind, ColumnKind::Fixed(_)) => {
                Held { kind: ColumnKind::Array(Box::new(kind)), ..self }
            }
            _ => {
                let parts = if is_plain { None } else { Parts::of_array(self) };
                Held { parts, ..Held::from(ColumnKind::Fixed(format!("{name}[]"))) }
            }
        }
    }
}

/// The types that a dump has declared so far.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    /// Domains, composite types and others, by qualified name.
    pub(super) declared: &'a HashMap<String, Held>,
    /// Tables, each of which is a type of its own.
    pub(super) tables: &'a HashMap<String, Vec<SqlColumn>>,
    /// First schema of `search_path`.
    pub(super) schema: Option<&'a str>,
}

impl Types<'_> {
    /// What values of the declared type of this name are.
    fn find(&self, name: &TypeName) -> Option<Held> {
        let key = match (self.schema, name.is_qualified) {
            (Some(schema), false) => &format!("{schema}.{}", name.key),
            _ => &name.key,
        };
        if let Some(held) = self.declared.get(key) {
            return Some(held.clone());
        }
        let fields = self.tables.get(key)?.iter().map(|column| (column.context.name.clone(), Held::from(column)));
        let parts = Parts::of_composite(fields.collect());
        Some(Held { parts, ..Held::from(ColumnKind::Fixed(name.shown.clone())) })
    }
}

/// What a type can hold.
pub(super) fn held(tokens: &[Token], dialect: Dialect, nullable: bool, types: &Types<'_>) -> Held {
    const BEHIND: &[&str] = &["default", "not", "null", "check", "constraint", "collate", "generated", "comment"];
    let end = tokens.iter().position(|token| BEHIND.iter().any(|word| token.is(word)));
    let (name, after) = type_name(tokens.get(..end.unwrap_or(tokens.len())).unwrap_or(tokens), dialect);
    let arguments: Vec<u32> = match after.split_first() {
        Some((Token::Symbol(b'('), rest)) => rest
            .iter()
            .take_while(|token| **token != Token::Symbol(b')'))
            .filter_map(|token| match token {
                Token::Number(digits) => digits.parse().ok(),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let is_array = after.iter().any(|token| *token == Token::Symbol(b'[') || token.is("array"));
    if is_array {
        // An element may always be NULL.
        return scalar(&name, &arguments, dialect, true, types).into_array(&name.shown);
    }
    scalar(&name, &arguments, dialect, nullable, types)
}

/// What one value of the type `name` can hold.
fn scalar(name: &TypeName, arguments: &[u32], dialect: Dialect, nullable: bool, types: &Types<'_>) -> Held {
    let may_be_declared = dialect == Dialect::Postgres && (name.is_qualified || !is_built_in(&name.shown));
    if may_be_declared && let Some(declared) = types.find(name) {
        return declared.with(nullable);
    }
    let name = name.shown.as_str();
    let text = |max_chars| ColumnKind::Text { max_chars, nullable };
    let number = |digits| ColumnKind::Number { digits, nullable };
    let fraction = |digits| ColumnKind::Fraction { digits, decimals: None, nullable };
    let my_sql = dialect == Dialect::MySql;
    let first = arguments.first().copied();
    let limited = |kind, most| Held { max_bytes: most, ..Held::from(kind) };
    let bytes = |most| Held { max_bytes: most, writing: Writing::Blob, ..Held::from(text(None)) };
    let kind = match name {
        "char" | "character" | "nchar" | "national char" | "national character" => text(first.or(Some(1))),
        "varchar" | "character varying" | "char varying" | "nvarchar" | "bpchar" | "national varchar" => text(first),
        "tinytext" if my_sql => return limited(text(Some(255)), Some(255)),
        "text" if my_sql => return limited(text(first), Some(65_535)),
        "mediumtext" if my_sql => return limited(text(None), Some(16_777_215)),
        "bytea" if !my_sql => return Held { writing: Writing::Bytea, ..Held::from(text(None)) },
        "hstore" if !my_sql => return Held { writing: Writing::Hstore, ..Held::from(ColumnKind::Json) },
        "varbinary" if my_sql => return bytes(first),
        "tinyblob" if my_sql => return bytes(Some(255)),
        "blob" if my_sql => return bytes(first.or(Some(65_535))),
        "mediumblob" if my_sql => return bytes(Some(16_777_215)),
        "longblob" if my_sql => return bytes(None),
        "text" | "longtext" | "citext" => text(None),
        "bigint" | "int8" | "bigserial" | "serial8" => number(18),
        "int" | "integer" | "int4" | "serial" | "serial4" => number(9),
        "mediumint" if my_sql => number(6),
        "smallint" | "int2" | "smallserial" | "serial2" => number(4),
        "tinyint" if my_sql => number(2),
        "numeric" | "decimal" | "dec" => match (first, arguments.get(1)) {
            (Some(precision), None | Some(0)) => number(precision),
            (Some(precision), Some(scale)) => {
                ColumnKind::Fraction { digits: precision.saturating_sub(*scale), decimals: Some(*scale), nullable }
            }
            (None, _) if my_sql => number(10),
            (None, _) => fraction(38),
        },
        "double" | "double precision" | "float8" => fraction(15),
        "real" | "float" | "float4" => fraction(7),
        "date" => ColumnKind::Date { time: false, nullable },
        // That of MySQL begins a second after the year 1970.
        "timestamp" | "timestamptz" if !my_sql => ColumnKind::Date { time: true, nullable },
        "datetime" if my_sql => ColumnKind::Date { time: true, nullable },
        "json" | "jsonb" => ColumnKind::Json,
        "inet" | "cidr" if !my_sql => ColumnKind::IpAddress { nullable },
        "inet4" | "inet6" if my_sql => ColumnKind::IpAddress { nullable },
        "macaddr" | "macaddr8" if !my_sql => ColumnKind::MacAddress { nullable },
        _ => ColumnKind::Fixed(name.to_owned()),
    };
    kind.into()
}

/// Whether PostgreSQL itself has a type of this name, which goes before tables and others that are called so.
fn is_built_in(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "bigint",
        "bigserial",
        "bit",
        "bool",
        "boolean",
        "box",
        "bpchar",
        "bytea",
        "char",
        "character",
        "cidr",
        "circle",
        "date",
        "dec",
        "decimal",
        "double",
        "float",
        "float4",
        "float8",
        "inet",
        "int",
        "int2",
        "int4",
        "int8",
        "integer",
        "interval",
        "json",
        "jsonb",
        "jsonpath",
        "line",
        "lseg",
        "macaddr",
        "macaddr8",
        "money",
        "name",
        "national",
        "nchar",
        "numeric",
        "oid",
        "path",
        "point",
        "polygon",
        "real",
        "serial",
        "serial2",
        "serial4",
        "serial8",
        "smallint",
        "smallserial",
        "text",
        "time",
        "timestamp",
        "timestamptz",
        "timetz",
        "tsquery",
        "tsvector",
        "uuid",
        "varbit",
        "varchar",
        "xml",
    ];
    name.split(' ').next().is_some_and(|first| NAMES.contains(&first))
}

/// The name of a type.
struct TypeName {
    /// As people read it: in lower case, the schema of well-known ones left out, quoted where it was written so.
    shown: String,
    /// As declared types are known.
    key: String,
    is_qualified: bool,
}

/// The name of a type, and what follows it.
fn type_name(tokens: &[Token], dialect: Dialect) -> (TypeName, &[Token]) {
    /// Types of extensions, which may be in any schema.
    const ANYWHERE: &[&str] = &["citext", "hstore"];
    const CONTINUES: &[&str] = &["varying", "precision", "char", "character", "varchar"];
    let mut rest = tokens;
    let (mut parts, mut written): (Vec<String>, Vec<String>) = Default::default();
    while let Some((token, after)) = rest.split_first() {
        // A quoted name ("char") is never one of the plain types.
        let shown = match token {
            Token::Word(word) => word.to_lowercase(),
            Token::Name(name) => format!("\"{name}\""),
            _ => break,
        };
        parts.extend(identifier(token, dialect));
        written.push(shown);
        rest = after;
        match after.split_first() {
            Some((Token::Symbol(b'.'), after)) if dialect == Dialect::Postgres => rest = after,
            _ => break,
        }
    }
    let is_qualified = parts.len() > 1;
    let last = written.last().map_or("", String::as_str);
    let is_known = written.first().is_some_and(|schema| schema == "pg_catalog") || ANYWHERE.contains(&last);
    let mut shown = if is_known { last.to_owned() } else { written.join(".") };
    while let Some((Token::Word(word), after)) = rest.split_first() {
        let word = word.to_lowercase();
        if is_qualified && !is_known || !CONTINUES.contains(&word.as_str()) {
            break;
        }
        shown = format!("{shown} {word}");
        rest = after;
    }
    (TypeName { shown, key: parts.join("."), is_qualified }, rest)
}
