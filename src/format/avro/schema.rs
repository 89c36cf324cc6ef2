//! The schema of an Avro file: which leaves are examined, as what, and how a new value is encoded into one.
//!
//! It must never guess: what refers to itself or to a type that is not known refuses the file.

use std::collections::HashMap;

use serde_json::Value;

use super::names::{Named, full_name, name_types, namespace_of};
use super::unreadable;
use crate::block::{ColumnContext, ColumnKind, TableContext};
use crate::error::{DataError, Position};
use crate::format::columnar::number::{big_endian, check_text, digits_in, parse, too_large, within};
use crate::format::columnar::typed;

/// Most types in a schema, with each use of a named one counted.
const MOST_NODES: usize = 100_000;
/// Deepest nesting.
pub(super) const MOST_DEPTH: usize = 64;

/// A type where it is used.
#[derive(Debug)]
pub(super) enum Node {
    /// A value.
    Leaf(Leaf),
    /// One of each, in order.
    Record(Vec<Node>),
    Array(Box<Node>),
    /// Keys are a leaf of their own.
    Map(Leaf, Box<Node>),
    Union(Vec<Node>),
}

/// A type of values.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) physical: Physical,
    /// Of a leaf that is examined: its column.
    pub(super) column: Option<usize>,
}

/// How a value is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Physical {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    /// Also text.
    Bytes,
    Fixed(usize),
    Enum(Vec<String>),
}

/// How the values of a column are handed to detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text {
        declared: bool,
    },
    Integer {
        long: bool,
    },
    Decimal {
        precision: u32,
        scale: u32,
        length: Option<usize>,
    },
    Double,
    Float,
    /// Days since 1970-01-01.
    Day,
    /// Units since 1970-01-01, of which a second has so many.
    Moment {
        per_second: i64,
    },
    Symbol,
}

/// A leaf that is examined.
#[derive(Debug)]
pub(super) struct ColumnSchema {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// It is within an array or map.
    pub(super) repeated: bool,
    pub(super) nullable: bool,
    kind: ColumnKind,
}

/// A schema.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) root: Node,
    pub(super) columns: Vec<ColumnSchema>,
}

impl Schema {
    /// Reads the schema in `json`.
    ///
    /// # Errors
    /// When it is none, or refers to itself.
    pub(super) fn new(json: &[u8]) -> Result<Schema, DataError> {
        let json: Value = serde_json::from_slice(json).map_err(|_| unreadable("its schema is not JSON"))?;
        let mut named = HashMap::new();
        name_types(&json, "", 0, &mut named)?;
        let mut reader = Reader { named, columns: Vec::new(), open: Vec::new(), nodes: 0 };
        let root =
            reader.node(&json, "", &Place { path: String::new(), repeated: false, nullable: false, depth: 0 })?;
        Ok(Schema { root, columns: reader.columns })
    }

    pub(super) fn context(&self) -> TableContext {
        let context = |column: &ColumnSchema| ColumnContext { name: column.name.clone(), kind: column.kind.clone() };
        TableContext { name: None, columns: self.columns.iter().map(context).collect() }
    }
}

impl ColumnSchema {
    /// The bytes of a new value.
    ///
    /// # Errors
    /// Why it does not fit; the message does not hold it.
    pub(super) fn encode(&self, value: &[u8]) -> Result<Vec<u8>, DataError> {
        let mut out = Vec::new();
        match self.shape {
            Shape::Text { declared } => {
                check_text(value, declared, false)?;
                super::value::put_bytes(value, &mut out);
            }
            Shape::Integer { long } => {
                let number = parse(value)?;
                let fits = if long { i64::try_from(number).ok() } else { i32::try_from(number).ok().map(i64::from) };
                super::value::put_long(fits.ok_or_else(too_large)?, &mut out);
            }
            Shape::Decimal { precision, scale, length } => {
                let number = within(typed::unscaled(value, scale)?, Some(precision))?;
                let bytes = big_endian(number, length).ok_or_else(too_large)?;
                match length {
                    Some(_) => out = bytes,
                    None => super::value::put_bytes(&bytes, &mut out),
                }
            }
            Shape::Double => out.extend(typed::double(value)?.to_le_bytes()),
            Shape::Float => out.extend(typed::float(value)?.to_le_bytes()),
            Shape::Day => {
                let days = i32::try_from(typed::day(value)?).map_err(|_| too_large())?;
                super::value::put_long(days.into(), &mut out);
            }
            Shape::Moment { per_second } => super::value::put_long(typed::moment(value, per_second)?, &mut out),
            Shape::Symbol => {
                return Err(DataError::new("a symbol of an enum is fixed by the schema and cannot be replaced"));
            }
        }
        Ok(out)
    }
}

/// Where in the schema a type is used.
struct Place {
    path: String,
    repeated: bool,
    nullable: bool,
    depth: usize,
}

impl Place {
    fn below(&self, name: &str, repeated: bool) -> Place {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Place { path, repeated: self.repeated || repeated, nullable: false, depth: self.depth + 1 }
    }
}

struct Reader<'a> {
    named: Named<'a>,
    columns: Vec<ColumnSchema>,
    /// Named types that are being read.
    open: Vec<String>,
    nodes: usize,
}

impl Reader<'_> {
    fn node(&mut self, json: &Value, namespace: &str, place: &Place) -> Result<Node, DataError> {
        let at = || Position::Column { table: None, column: place.path.clone() };
        self.nodes += 1;
        if self.nodes > MOST_NODES || place.depth > MOST_DEPTH {
            return Err(unreadable("its schema has too many types").at(at()));
        }
        match json {
            Value::String(name) => self.by_name(name, &Value::Null, namespace, place),
            Value::Array(branches) => self.union(branches, namespace, place),
            Value::Object(object) => match object.get("type") {
                Some(Value::String(kind)) => self.complex(kind, json, namespace, place),
                Some(inner) => self.node(inner, namespace, place),
                None => Err(unreadable("a type in its schema has no name").at(at())),
            },
            _ => Err(unreadable("a type in its schema has no name").at(at())),
        }
    }

    fn complex(&mut self, kind: &str, json: &Value, namespace: &str, place: &Place) -> Result<Node, DataError> {
        let missing = || unreadable("a type in its schema lacks a part").at(column(place));
        let part = |key: &str| json.get(key).ok_or_else(missing);
        match kind {
            "record" | "error" => {
                let inner = namespace_of(json, namespace);
                let name = full_name(part("name")?.as_str().ok_or_else(missing)?, &inner);
                if self.open.contains(&name) {
                    return Err(DataError::new("the schema has a type that holds itself, which is not read")
                        .advise("write the nested values out as a table of their own")
                        .at(column(place)));
                }
                self.open.push(name);
                let mut fields = Vec::new();
                for field in part("fields")?.as_array().ok_or_else(missing)? {
                    let name = field.get("name").and_then(Value::as_str).ok_or_else(missing)?;
                    let kind = field.get("type").ok_or_else(missing)?;
                    fields.push(self.node(kind, &inner, &place.below(name, false))?);
                }
                self.open.pop();
                Ok(Node::Record(fields))
            }
            "array" => Ok(Node::Array(Box::new(self.node(part("items")?, namespace, &place.below("item", true))?))),
            "map" => {
                let key =
                    self.leaf(Physical::Bytes, Some(Shape::Text { declared: true }), None, &place.below("key", true));
                let value = self.node(part("values")?, namespace, &place.below("value", true))?;
                Ok(Node::Map(key, Box::new(value)))
            }
            "enum" => {
                let symbols = part("symbols")?.as_array().ok_or_else(missing)?.iter();
                let symbols: Option<Vec<String>> = symbols.map(|name| name.as_str().map(str::to_owned)).collect();
                let kind = ColumnKind::Fixed("enum".into());
                let physical = Physical::Enum(symbols.ok_or_else(missing)?);
                Ok(Node::Leaf(self.leaf(physical, Some(Shape::Symbol), Some(kind), place)))
            }
            "fixed" => {
                let size = part("size")?.as_u64().and_then(|size| usize::try_from(size).ok());
                let size = size.filter(|size| *size <= 1 << 20).ok_or_else(missing)?;
                Ok(Node::Leaf(self.fixed(size, json, place)))
            }
            name => self.by_name(name, json, namespace, place),
        }
    }

    fn fixed(&mut self, size: usize, json: &Value, place: &Place) -> Leaf {
        match json.get("logicalType").and_then(Value::as_str) {
            Some("decimal") => self.decimal(Physical::Fixed(size), Some(size), json, place),
            None => {
                let kind = ColumnKind::Fixed("fixed".into());
                self.leaf(Physical::Fixed(size), Some(Shape::Text { declared: false }), Some(kind), place)
            }
            // Durations, UUIDs.
            Some(_) => self.leaf(Physical::Fixed(size), None, None, place),
        }
    }

    fn decimal(&mut self, physical: Physical, length: Option<usize>, json: &Value, place: &Place) -> Leaf {
        let number = |key| json.get(key).and_then(Value::as_u64).unwrap_or(0);
        let precision = u32::try_from(number("precision")).unwrap_or(0);
        let scale = u32::try_from(number("scale")).ok().filter(|scale| *scale == 0 || *scale <= precision.min(38));
        let shape = scale.map(|scale| Shape::Decimal { precision, scale, length });
        self.leaf(physical, shape, None, place)
    }

    fn by_name(&mut self, name: &str, json: &Value, namespace: &str, place: &Place) -> Result<Node, DataError> {
        let logical = json.get("logicalType").and_then(Value::as_str);
        let leaf = match name {
            "null" => self.leaf(Physical::Null, None, None, place),
            "boolean" => self.leaf(Physical::Boolean, None, None, place),
            "float" => self.leaf(Physical::Float, Some(Shape::Float), None, place),
            "double" => self.leaf(Physical::Double, Some(Shape::Double), None, place),
            "int" | "long" => {
                let long = name == "long";
                let physical = if long { Physical::Long } else { Physical::Int };
                let shape = match logical {
                    None => Some(Shape::Integer { long }),
                    Some("date") if !long => Some(Shape::Day),
                    // None of times of day.
                    Some(logical) => {
                        per_second(logical).filter(|_| long).map(|per_second| Shape::Moment { per_second })
                    }
                };
                self.leaf(physical, shape, None, place)
            }
            "bytes" if logical == Some("decimal") => self.decimal(Physical::Bytes, None, json, place),
            "bytes" | "string" => {
                let declared = name == "string";
                let kind = (logical == Some("uuid")).then(|| ColumnKind::Fixed("uuid".into()));
                self.leaf(Physical::Bytes, Some(Shape::Text { declared }), kind, place)
            }
            name => {
                let found = self.named.get(&full_name(name, namespace)).or_else(|| self.named.get(name)).cloned();
                let unknown = || unreadable("its schema names a type that it does not define").at(column(place));
                let (definition, outer) = found.ok_or_else(unknown)?;
                return self.node(
                    definition,
                    &outer,
                    &Place { path: place.path.clone(), depth: place.depth + 1, ..*place },
                );
            }
        };
        Ok(Node::Leaf(leaf))
    }

    fn union(&mut self, branches: &[Value], namespace: &str, place: &Place) -> Result<Node, DataError> {
        let is_null = |branch: &Value| {
            branch.as_str() == Some("null") || branch.get("type").and_then(Value::as_str) == Some("null")
        };
        let nullable = branches.iter().any(is_null);
        let several = branches.iter().filter(|branch| !is_null(branch)).count() > 1;
        let mut nodes = Vec::with_capacity(branches.len());
        for branch in branches {
            let mut path = place.path.clone();
            if several && !is_null(branch) {
                // A column has one type: each branch is one.
                let name = branch.get("name").or_else(|| branch.get("type")).unwrap_or(branch).as_str();
                path = place.below(name.unwrap_or("union"), false).path;
            }
            let place = Place { path, nullable, depth: place.depth + 1, ..*place };
            nodes.push(self.node(branch, namespace, &place)?);
        }
        Ok(Node::Union(nodes))
    }

    fn leaf(&mut self, physical: Physical, shape: Option<Shape>, kind: Option<ColumnKind>, place: &Place) -> Leaf {
        let Some(shape) = shape else { return Leaf { physical, column: None } };
        let nullable = place.nullable;
        let number = |digits: u32| ColumnKind::Number { digits, nullable };
        let kind = kind.unwrap_or_else(|| match shape {
            Shape::Text { .. } | Shape::Symbol => ColumnKind::Text { max_chars: None, nullable },
            Shape::Integer { long } => number(if long { 18 } else { 9 }),
            Shape::Decimal { precision, scale, length } => {
                let digits = length.map_or(precision, |length| precision.min(digits_in(length))).min(38);
                typed::decimal(digits, scale, nullable)
            }
            Shape::Double => typed::DOUBLE.with(nullable),
            Shape::Float => typed::FLOAT.with(nullable),
            Shape::Day => ColumnKind::Date { time: false, nullable },
            Shape::Moment { .. } => ColumnKind::Date { time: true, nullable },
        });
        let name = if place.path.is_empty() { "value".to_owned() } else { place.path.clone() };
        self.columns.push(ColumnSchema { name, shape, repeated: place.repeated, nullable, kind });
        Leaf { physical, column: Some(self.columns.len() - 1) }
    }
}

/// The units of a second in a logical type of moments.
fn per_second(logical: &str) -> Option<i64> {
    Some(match logical.strip_prefix("local-").unwrap_or(logical) {
        "timestamp-millis" => 1_000,
        "timestamp-micros" => 1_000_000,
        "timestamp-nanos" => 1_000_000_000,
        _ => return None,
    })
}

fn column(place: &Place) -> Position {
    Position::Column { table: None, column: place.path.clone() }
}
