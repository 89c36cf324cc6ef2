//! What the types of columns can hold: those of both servers, and domains over them. What is not known is never
//! rewritten.

use std::collections::HashMap;

use super::scan::Dialect;
use super::token::Token;
use crate::block::ColumnKind;

/// How a column's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    /// They are text.
    No,
    /// Those of a bytea: `\x` and hexadecimal digits.
    Hexadecimal,
    /// Those of a BLOB: as literals are.
    Bytes,
}

/// What values of a type can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) kind: ColumnKind,
    /// Most bytes that fit.
    pub(super) max_bytes: Option<u32>,
    pub(super) binary: Binary,
}

impl From<ColumnKind> for Held {
    fn from(kind: ColumnKind) -> Held {
        Held { kind, max_bytes: None, binary: Binary::No }
    }
}

impl Held {
    /// The same for a column that takes NULL, or takes none.
    fn with(mut self, nullable_column: bool) -> Held {
        if let ColumnKind::Text { nullable, .. }
        | ColumnKind::Number { nullable, .. }
        | ColumnKind::IpAddress { nullable }
        | ColumnKind::MacAddress { nullable } = &mut self.kind
        {
            *nullable &= nullable_column;
        }
        self
    }
}

/// Domains by qualified name.
pub(super) type Domains = HashMap<String, Held>;

/// What a type can hold.
pub(super) fn held(tokens: &[Token], dialect: Dialect, nullable: bool, domains: &Domains) -> Held {
    const BEHIND: &[&str] = &["default", "not", "null", "check", "constraint", "collate", "generated", "comment"];
    let end = tokens.iter().position(|token| BEHIND.iter().any(|word| token.is(word)));
    let (words, after) = type_name(tokens.get(..end.unwrap_or(tokens.len())).unwrap_or(tokens), dialect);
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
    let array = words.iter().any(|word| word == "array") || after.contains(&Token::Symbol(b'['));
    let name = words.join(" ");
    if array {
        let element = name.trim_end_matches(" array");
        // An element may always be NULL.
        return match scalar(element, &arguments, dialect, true, domains) {
            Held { kind: ColumnKind::Fixed(_), .. } | Held { binary: Binary::Hexadecimal, .. } => {
                ColumnKind::Fixed(format!("{element}[]")).into()
            }
            element => Held { kind: ColumnKind::Array(Box::new(element.kind)), ..element },
        };
    }
    scalar(&name, &arguments, dialect, nullable, domains)
}

/// What one value of the type `name` can hold.
fn scalar(name: &str, arguments: &[u32], dialect: Dialect, nullable: bool, domains: &Domains) -> Held {
    if let Some(domain) = domains.get(name) {
        return domain.clone().with(nullable);
    }
    let text = |max_chars| ColumnKind::Text { max_chars, nullable };
    let number = |digits| ColumnKind::Number { digits, nullable };
    let my_sql = dialect == Dialect::MySql;
    let first = arguments.first().copied();
    let limited = |kind, most| Held { max_bytes: most, ..Held::from(kind) };
    let bytes = |most| Held { max_bytes: most, binary: Binary::Bytes, ..Held::from(text(None)) };
    let kind = match name {
        "char" | "character" | "nchar" | "national char" | "national character" => text(first.or(Some(1))),
        "varchar" | "character varying" | "char varying" | "nvarchar" | "bpchar" | "national varchar" => text(first),
        "tinytext" if my_sql => return limited(text(Some(255)), Some(255)),
        "text" if my_sql => return limited(text(first), Some(65_535)),
        "mediumtext" if my_sql => return limited(text(None), Some(16_777_215)),
        "bytea" if !my_sql => return Held { binary: Binary::Hexadecimal, ..Held::from(text(None)) },
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
            (None, _) => number(if my_sql { 10 } else { 18 }),
            _ => ColumnKind::Fixed(name.to_owned()),
        },
        "json" | "jsonb" => ColumnKind::Json,
        "inet" | "cidr" if !my_sql => ColumnKind::IpAddress { nullable },
        "inet4" | "inet6" if my_sql => ColumnKind::IpAddress { nullable },
        "macaddr" | "macaddr8" if !my_sql => ColumnKind::MacAddress { nullable },
        _ => ColumnKind::Fixed(name.to_owned()),
    };
    kind.into()
}

/// The words of a type's name in lower case (schema left out of the well-known ones), and what follows them.
fn type_name(tokens: &[Token], dialect: Dialect) -> (Vec<String>, &[Token]) {
    const CONTINUES: &[&str] = &["varying", "precision", "array", "char", "character", "varchar"];
    let mut words: Vec<String> = Vec::new();
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        match token {
            Token::Word(word) if words.is_empty() || CONTINUES.iter().any(|next| word.eq_ignore_ascii_case(next)) => {
                words.push(word.to_lowercase());
            }
            // A quoted type name ("char") is never one of the plain types.
            Token::Name(name) if words.is_empty() => words.push(format!("\"{name}\"")),
            Token::Symbol(b'.') if dialect == Dialect::Postgres && words.len() == 1 => {
                let Some((Token::Word(word), further)) = after.split_first() else { break };
                let schema = words.pop().unwrap_or_default();
                let bare = word.eq_ignore_ascii_case("citext") || schema == "pg_catalog";
                words.push(if bare { word.to_lowercase() } else { format!("{schema}.{}", word.to_lowercase()) });
                rest = further;
                continue;
            }
            _ => break,
        }
        rest = after;
    }
    (words, rest)
}
