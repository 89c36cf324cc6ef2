//! The fields of an Arrow schema, flattened in the order in which record batches list them, and as what each leaf is
//! examined.
//!
//! It must never guess: a type whose layout is not known here refuses the file, because every buffer behind it would be
//! taken for another's.

use arrow::ipc::{DateUnit, Endianness, Field, Precision, Schema as Encoded, TimeUnit, Type};
use flatbuffers::{ForwardsUOffset, Vector};

use super::unreadable;
use crate::block::{ColumnContext, ColumnKind, TableContext};
use crate::error::{DataError, Position};
use crate::format::columnar::notes::Note;
use crate::format::columnar::number::digits_in;
use crate::format::columnar::typed;

/// Deepest nesting of fields.
const MOST_DEPTH: usize = 64;

/// How the buffers of a field are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// No buffers.
    Null,
    /// Validity, and bits.
    Bits,
    /// Validity, and values of so many bytes.
    Fixed(usize),
    /// Validity, offsets (of eight bytes where `wide`, else four), bytes.
    Bytes { wide: bool },
    /// Validity, views of sixteen bytes, and any number of buffers that they point into.
    View,
    /// Validity and offsets of a list or map.
    List { wide: bool },
    /// Validity; so many children each.
    FixedList(u64),
    /// Validity.
    Struct,
}

/// How the values of a leaf are handed to detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Bytes, as text.
    Text {
        /// The schema says that they are text.
        declared: bool,
        /// The text is JSON and must stay so.
        json: bool,
    },
    /// Bytes of one fixed length, as text; never rewritten.
    FixedText,
    /// A whole number of so many bytes.
    Number {
        /// It has no sign.
        unsigned: bool,
        /// Most decimal digits, for a decimal.
        precision: Option<u32>,
    },
    /// A decimal of which some digits are behind the point.
    Scaled {
        /// Most decimal digits.
        precision: u32,
        /// Those behind the point.
        scale: u32,
    },
    /// A 64-bit floating point number.
    Double,
    /// A 32-bit floating point number.
    Float,
    /// Days since 1970-01-01.
    Day,
    /// Units since 1970-01-01, of which a second has so many.
    Moment {
        /// 1 to 1,000,000,000.
        per_second: i64,
        /// Only days are meant.
        only_days: bool,
    },
    /// It cannot hold what is looked for, or holds other fields.
    Other,
}

/// How a field refers to a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keyed {
    /// The dictionary.
    pub(super) id: i64,
    /// The keys have a sign.
    pub(super) signed: bool,
    /// How the dictionary's values are laid out.
    pub(super) values: Layout,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Dotted path.
    pub(super) name: String,
    /// Of the keys, where there is a dictionary.
    pub(super) layout: Layout,
    /// Of the values.
    pub(super) shape: Shape,
    pub(super) nullable: bool,
    pub(super) parent: Option<usize>,
    pub(super) dictionary: Option<Keyed>,
    /// Index in the table context, of a leaf.
    pub(super) column: usize,
}

impl Node {
    pub(super) fn is_leaf(&self) -> bool {
        !matches!(self.layout, Layout::List { .. } | Layout::FixedList(_) | Layout::Struct)
    }

    /// Its values are handed to detection.
    pub(super) fn is_examined(&self) -> bool {
        self.shape != Shape::Other
    }

    /// The layout of its values, wherever they stand.
    pub(super) fn value_layout(&self) -> Layout {
        self.dictionary.map_or(self.layout, |keyed| keyed.values)
    }

    /// The position of the whole column.
    pub(super) fn position(&self) -> Position {
        Position::Column { table: None, column: self.name.clone() }
    }

    /// What the column can hold, in the words of the pipeline.
    pub(super) fn kind(&self) -> ColumnKind {
        let nullable = self.nullable;
        match (self.shape, self.value_layout()) {
            (Shape::Text { .. }, _) => ColumnKind::Text { max_chars: None, nullable },
            (Shape::Number { unsigned, precision }, Layout::Fixed(bytes)) => {
                let most = if unsigned && bytes == 8 { 19 } else { digits_in(bytes) };
                ColumnKind::Number { digits: precision.unwrap_or(most).min(most).min(38), nullable }
            }
            (Shape::Scaled { precision, scale }, Layout::Fixed(bytes)) => {
                typed::decimal(precision.min(digits_in(bytes)).min(38), scale, nullable)
            }
            (Shape::Double, _) => typed::DOUBLE.with(nullable),
            (Shape::Float, _) => typed::FLOAT.with(nullable),
            (Shape::Day, _) => ColumnKind::Date { time: false, nullable },
            (Shape::Moment { only_days, .. }, _) => ColumnKind::Date { time: !only_days, nullable },
            (Shape::FixedText, _) => ColumnKind::Fixed("fixed-size binary".into()),
            _ => ColumnKind::Fixed("another type".into()),
        }
    }
}

/// A schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Schema {
    /// Depth first, as in record batches.
    pub(super) nodes: Vec<Node>,
}

impl Schema {
    /// Flattens `schema`.
    ///
    /// # Errors
    /// When it has a type that is not known here, by its name.
    pub(super) fn new(schema: &Encoded<'_>) -> Result<Schema, DataError> {
        if schema.endianness() != Endianness::Little {
            return Err(DataError::new("the Arrow data are big-endian, which is not read")
                .advise("write it again on a machine with the usual byte order"));
        }
        let mut nodes = Vec::new();
        for field in schema.fields().into_iter().flatten() {
            flatten(&field, None, 0, &mut nodes)?;
        }
        for (column, node) in nodes.iter_mut().filter(|node| node.is_leaf()).enumerate() {
            node.column = column;
        }
        let schema = Schema { nodes };
        schema.check_dictionaries()?;
        Ok(schema)
    }

    /// The leaves as table context.
    pub(super) fn context(&self) -> TableContext {
        let leaves = self.nodes.iter().filter(|node| node.is_leaf());
        let columns = leaves.map(|node| ColumnContext { name: node.name.clone(), kind: node.kind() }).collect();
        TableContext { name: None, columns }
    }

    /// The first field that refers to dictionary `id`.
    pub(super) fn of_dictionary(&self, id: i64) -> Option<&Node> {
        self.nodes.iter().find(|node| node.dictionary.is_some_and(|keyed| keyed.id == id))
    }

    /// Whether all fields that refer to dictionary `id` may be NULL.
    pub(super) fn is_nullable(&self, id: i64) -> bool {
        let mut fields = self.nodes.iter().filter(|node| node.dictionary.is_some_and(|keyed| keyed.id == id));
        fields.all(|node| node.nullable)
    }

    /// Fields that share a dictionary must agree on what is in it.
    fn check_dictionaries(&self) -> Result<(), DataError> {
        for node in &self.nodes {
            let Some(keyed) = node.dictionary else { continue };
            let first = self.of_dictionary(keyed.id);
            if first.is_some_and(|first| (first.shape, first.value_layout()) != (node.shape, keyed.values)) {
                return Err(unreadable("two fields share a dictionary but not its type").at(node.position()));
            }
        }
        Ok(())
    }
}

/// The notes of a schema: metadata entries, comments of fields and telling names.
///
/// # Errors
/// When a text cannot be taken into a slab.
pub(super) fn notes(schema: &Encoded<'_>, names: &[Node]) -> Result<Vec<Note>, DataError> {
    let mut notes = entries(schema.custom_metadata())?;
    let mut comments = String::new();
    for field in schema.fields().into_iter().flatten() {
        collect_comments(&field, 0, &mut comments);
    }
    notes.extend(Note::comments(comments)?);
    notes.extend(Note::names(names.iter().filter(|node| node.is_leaf()).map(|node| node.name.as_str()))?);
    Ok(notes)
}

type Entries<'a> = Option<Vector<'a, ForwardsUOffset<arrow::ipc::KeyValue<'a>>>>;

/// One note for each metadata entry.
///
/// # Errors
/// When a text cannot be taken into a slab.
pub(super) fn entries(entries: Entries<'_>) -> Result<Vec<Note>, DataError> {
    let mut notes = Vec::new();
    for entry in entries.into_iter().flatten() {
        notes.extend(Note::entry(entry.key().unwrap_or_default(), entry.value().unwrap_or_default())?);
    }
    Ok(notes)
}

fn collect_comments(field: &Field<'_>, depth: usize, into: &mut String) {
    for entry in field.custom_metadata().into_iter().flatten() {
        let (key, value) = (entry.key().unwrap_or_default(), entry.value().unwrap_or_default());
        if key != "PARQUET:field_id" && !value.is_empty() {
            for part in [field.name().unwrap_or_default(), ".", key, ": ", value, "\n"] {
                into.push_str(part);
            }
        }
    }
    if depth < MOST_DEPTH {
        field.children().into_iter().flatten().for_each(|child| collect_comments(&child, depth + 1, into));
    }
}

fn flatten(field: &Field<'_>, parent: Option<usize>, depth: usize, nodes: &mut Vec<Node>) -> Result<(), DataError> {
    if depth >= MOST_DEPTH {
        return Err(unreadable("its fields are nested too deeply"));
    }
    let mut name =
        parent.and_then(|parent| nodes.get(parent)).map(|parent| parent.name.clone() + ".").unwrap_or_default();
    name.push_str(field.name().unwrap_or_default());
    let at = |error: DataError| error.at(Position::Column { table: None, column: name.clone() });
    let (layout, shape) = layout(field).map_err(at)?;
    let mut node =
        Node { name: name.clone(), layout, shape, nullable: field.nullable(), parent, dictionary: None, column: 0 };
    let is_leaf = node.is_leaf();
    if let Some(encoding) = field.dictionary() {
        let (width, signed) = encoding.indexType().map_or((4, true), |keys| (keys.bitWidth() / 8, keys.is_signed()));
        if !is_leaf || !matches!(width, 1 | 2 | 4 | 8) {
            return Err(at(DataError::new("the column's dictionary holds lists or records, which is not read")
                .advise("write the column without a dictionary")));
        }
        node.dictionary = Some(Keyed { id: encoding.id(), signed, values: layout });
        node.layout = Layout::Fixed(usize::try_from(width).unwrap_or(4));
    }
    let index = nodes.len();
    nodes.push(node);
    let children = field.children();
    let count = children.as_ref().map_or(0, Vector::len);
    let expected = match layout {
        Layout::List { .. } | Layout::FixedList(_) => 1..=1,
        Layout::Struct => 0..=usize::MAX,
        _ => 0..=0,
    };
    if !expected.contains(&count) {
        return Err(at(unreadable("a field has too many children or too few")));
    }
    for child in children.into_iter().flatten() {
        flatten(&child, Some(index), depth + 1, nodes)?;
    }
    Ok(())
}

fn extension<'a>(field: &Field<'a>) -> Option<&'a str> {
    let entries = field.custom_metadata().into_iter().flatten();
    let mut named = entries.filter(|entry| entry.key() == Some("ARROW:extension:name"));
    named.next().and_then(|entry| entry.value())
}

fn layout(field: &Field<'_>) -> Result<(Layout, Shape), DataError> {
    let text = |declared| Shape::Text { declared, json: extension(field) == Some("arrow.json") };
    let other = |bits: i32| (Layout::Fixed(usize::try_from(bits / 8).unwrap_or(0)), Shape::Other);
    Ok(match field.type_type() {
        Type::Null => (Layout::Null, Shape::Other),
        Type::Bool => (Layout::Bits, Shape::Other),
        Type::Utf8 => (Layout::Bytes { wide: false }, text(true)),
        Type::LargeUtf8 => (Layout::Bytes { wide: true }, text(true)),
        Type::Binary => (Layout::Bytes { wide: false }, text(false)),
        Type::LargeBinary => (Layout::Bytes { wide: true }, text(false)),
        Type::Utf8View => (Layout::View, text(true)),
        Type::BinaryView => (Layout::View, text(false)),
        Type::Int => integer(field),
        Type::Decimal => decimal(field),
        Type::FloatingPoint => match field.type_as_floating_point().map(|float| float.precision()) {
            Some(Precision::DOUBLE) => (Layout::Fixed(8), Shape::Double),
            Some(Precision::SINGLE) => (Layout::Fixed(4), Shape::Float),
            _ => other(16),
        },
        Type::FixedSizeBinary => {
            let width = field.type_as_fixed_size_binary().map_or(0, |fixed| fixed.byteWidth());
            let width = usize::try_from(width).map_err(|_| unreadable("a field has a negative width"))?;
            let is_uuid = extension(field) == Some("arrow.uuid");
            (Layout::Fixed(width), if is_uuid || width == 0 { Shape::Other } else { Shape::FixedText })
        }
        Type::Date => match field.type_as_date().map(|date| date.unit()) {
            Some(DateUnit::DAY) => (Layout::Fixed(4), Shape::Day),
            _ => (Layout::Fixed(8), Shape::Moment { per_second: 1_000, only_days: true }),
        },
        Type::Time => other(field.type_as_time().map_or(32, |time| time.bitWidth())),
        Type::Timestamp => {
            let per_second = match field.type_as_timestamp().map(|timestamp| timestamp.unit()) {
                Some(TimeUnit::SECOND) => Some(1),
                Some(TimeUnit::MILLISECOND) => Some(1_000),
                Some(TimeUnit::MICROSECOND) => Some(1_000_000),
                Some(TimeUnit::NANOSECOND) => Some(1_000_000_000),
                _ => None,
            };
            let moment = |per_second| Shape::Moment { per_second, only_days: false };
            (Layout::Fixed(8), per_second.map_or(Shape::Other, moment))
        }
        Type::Duration => other(64),
        Type::Interval => other(match field.type_as_interval().map(|interval| interval.unit()) {
            Some(arrow::ipc::IntervalUnit::YEAR_MONTH) => 32,
            Some(arrow::ipc::IntervalUnit::DAY_TIME) => 64,
            _ => 128,
        }),
        Type::List | Type::Map => (Layout::List { wide: false }, Shape::Other),
        Type::LargeList => (Layout::List { wide: true }, Shape::Other),
        Type::FixedSizeList => {
            let size = field.type_as_fixed_size_list().map_or(0, |list| list.listSize());
            let size = u64::try_from(size).map_err(|_| unreadable("a field has a negative width"))?;
            (Layout::FixedList(size), Shape::Other)
        }
        Type::Struct_ => (Layout::Struct, Shape::Other),
        other => {
            let name = other.variant_name().unwrap_or("unknown");
            return Err(DataError::new(format!("the column is of the type {name}, which is not read"))
                .advise("cast it to a plain type or a list, or drop it, and write the file again"));
        }
    })
}

fn integer(field: &Field<'_>) -> (Layout, Shape) {
    let (bits, signed) = field.type_as_int().map_or((32, true), |int| (int.bitWidth(), int.is_signed()));
    let shape = if bits >= 32 { Shape::Number { unsigned: !signed, precision: None } } else { Shape::Other };
    (Layout::Fixed(usize::try_from(bits / 8).unwrap_or(0)), shape)
}

fn decimal(field: &Field<'_>) -> (Layout, Shape) {
    let (bits, precision, scale) = field
        .type_as_decimal()
        .map_or((128, 0, 0), |decimal| (decimal.bitWidth(), decimal.precision(), decimal.scale()));
    let precision = u32::try_from(precision).ok();
    let scaled = |(precision, scale): (u32, u32)| {
        let makes_sense = scale <= precision.min(38);
        makes_sense.then_some(Shape::Scaled { precision, scale })
    };
    let shape = match scale {
        0 => Shape::Number { unsigned: false, precision },
        scale => precision.zip(u32::try_from(scale).ok()).and_then(scaled).unwrap_or(Shape::Other),
    };
    (Layout::Fixed(usize::try_from(bits / 8).unwrap_or(0)), shape)
}
