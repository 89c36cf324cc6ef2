//! The two shapes in which data reaches detection: text and table. There is no third.
//!
//! A [`TextBlock`] is a slab of whole lines. A [`TableBlock`] is a set of Arrow columns with table and column names,
//! plus, where the format is text, the span of each cell in the slab, so that untouched cells are copied byte for byte.

pub(crate) mod texts;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;

use crate::source::slab::Slab;

/// One unit of work of the pipeline.
pub enum Block {
    /// Lines of text.
    Text(TextBlock),
    /// Rows of a table.
    Table(TableBlock),
}

impl Block {
    /// The slab, where the format is text.
    pub fn slab(&self) -> Option<&Slab> {
        match self {
            Block::Text(text) => Some(&text.slab),
            Block::Table(table) => table.text.as_ref().map(|text| &text.slab),
        }
    }

    /// The bytes as they stand in the stream, where the format is text.
    pub fn into_raw(self) -> Option<Vec<u8>> {
        match self {
            Block::Text(text) => Some(text.slab.into_raw()),
            Block::Table(table) => table.text.map(|text| text.slab.into_raw()),
        }
    }
}

/// What the text of a [`TextBlock`] is, which decides where hard boundaries are and how an edit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Free text: logs, chat, source code.
    Plain,
    /// JSON values: strings and numbers are hard boundaries; edits keep the text valid JSON.
    Json,
    /// Statements of a database dump outside its rows: scanned, never rewritten.
    Statements,
}

/// A slab of whole lines of text.
pub struct TextBlock {
    /// The bytes.
    pub slab: Slab,
    /// What they are.
    pub syntax: Syntax,
    /// JSON strings with escapes, decoded aside. Detection reads them instead of the escaped text.
    pub asides: Vec<Aside>,
}

/// One JSON string with escapes, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Where the string's content (without its quotes) stands in the slab's text.
    pub span: Range<usize>,
    /// The object key that the string is the value of; empty when it is a key itself or stands in an array.
    pub key: String,
    /// The decoded content, UTF-8.
    pub decoded: Vec<u8>,
}

/// Rows of one table.
pub struct TableBlock {
    /// Names and types.
    pub table: Arc<TableContext>,
    /// One entry per column that is examined. In text formats, these are all columns, each with `rows` values; only what
    /// the values of a column are made of (fields, elements) may stand in columns of its own instead.
    pub columns: Vec<Column>,
    /// Number of rows (records).
    pub rows: usize,
    /// Number of the first row in its table, from 1.
    pub first_row: u64,
    /// The cells as text, where the format is text.
    pub text: Option<TableText>,
}

/// The values of one column of a block.
pub struct Column {
    /// Index into [`TableContext::columns`].
    pub index: usize,
    /// The values: Utf8, LargeUtf8, Binary (text formats: unescaped bytes), Dictionary of these, Int64, Float32, Float64,
    /// Decimal128, Date32 or Timestamp without a zone.
    pub values: ArrayRef,
    /// For nested leaves: the record (from 0 within the block) that each value belongs to. `None`: value i is record i.
    pub records: Option<Vec<u32>>,
}

/// Where the cells of a [`TableBlock`] stand in its slab.
pub struct TableText {
    /// The bytes, row separators and all.
    pub slab: Slab,
    /// Text span of cell (row, column) at `row * columns + column`, quotes and all; an absent cell is an empty span. Of the
    /// columns of the table's context, the first ones have cells.
    pub cells: Vec<Range<u32>>,
    /// Line number (from 1, in the whole stream) on which each row starts.
    pub lines: Vec<u64>,
}

/// Names and types of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableContext {
    /// Table name as in the dump; `None` for CSV and Parquet.
    pub name: Option<String>,
    /// The columns.
    pub columns: Vec<ColumnContext>,
}

/// Name and type of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnContext {
    /// Column name, or the dotted path of a nested leaf; `#3` for the third column of a file without a header.
    pub name: String,
    /// What values it can hold.
    pub kind: ColumnKind,
}

/// What a place can hold: decides which operators fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, with its limits when declared.
    Text {
        /// Most characters (not bytes) that fit.
        max_chars: Option<u32>,
        /// True when NULL is allowed.
        nullable: bool,
    },
    /// A whole number of at most this many decimal digits (BIGINT: 18, INT: 9, DECIMAL(p,0): p).
    Number {
        /// Decimal digits that always fit.
        digits: u32,
        /// True when NULL is allowed.
        nullable: bool,
    },
    /// A number that may have decimals (double precision, DECIMAL(p,s)).
    Fraction {
        /// Decimal digits before the point that always fit.
        digits: u32,
        /// Most digits behind the point; `None` where the number is a floating point one.
        decimals: Option<u32>,
        /// True when NULL is allowed.
        nullable: bool,
    },
    /// A day, `YYYY-MM-DD`.
    Date {
        /// A time of day may stand behind it (timestamp, datetime).
        time: bool,
        /// True when NULL is allowed.
        nullable: bool,
    },
    /// A JSON document (json, jsonb): its strings and numbers are rewritten, never its keys.
    Json,
    /// An array literal of PostgreSQL (`{a,"b c",NULL}`) whose elements hold this.
    Array(Box<ColumnKind>),
    /// An IP address, alone or with a prefix length (inet, cidr).
    IpAddress {
        /// True when NULL is allowed.
        nullable: bool,
    },
    /// A hardware address (macaddr, macaddr8).
    MacAddress {
        /// True when NULL is allowed.
        nullable: bool,
    },
    /// Anything else (boolean, bytea, enum…), by the name of its type: never rewritten.
    Fixed(String),
}

impl ColumnKind {
    /// Text without a limit.
    pub const FREE_TEXT: ColumnKind = ColumnKind::Text { max_chars: None, nullable: true };

    /// Whether a place takes NULL; `None` where it is not emptied as a whole.
    pub fn nullable(&self) -> Option<bool> {
        self.clone().nullable_mut().copied()
    }

    /// The most characters that a place takes, where they are limited.
    pub fn max_chars(&self) -> Option<u32> {
        match self {
            ColumnKind::Text { max_chars, .. } => *max_chars,
            _ => None,
        }
    }

    /// As [`ColumnKind::nullable`], to change it.
    pub fn nullable_mut(&mut self) -> Option<&mut bool> {
        match self {
            ColumnKind::Text { nullable, .. }
            | ColumnKind::Number { nullable, .. }
            | ColumnKind::Fraction { nullable, .. }
            | ColumnKind::Date { nullable, .. }
            | ColumnKind::IpAddress { nullable }
            | ColumnKind::MacAddress { nullable } => Some(nullable),
            ColumnKind::Json | ColumnKind::Array(_) | ColumnKind::Fixed(_) => None,
        }
    }
}

/// What a rewritten block asks for, before the format encodes it. Sorted by place, disjoint.
#[derive(Default)]
pub struct Edits {
    /// Edits of a text block: span in the slab's text (or in aside `aside`'s decoded text) and its replacement.
    pub text: Vec<TextEdit>,
    /// Edits of a table block.
    pub cells: Vec<CellEdit>,
    /// What goes altogether. No edit stands in it.
    pub removed: Removed,
}

/// What of a block is taken out, and not only emptied.
#[derive(Default)]
pub struct Removed {
    /// Columns of a table block by their positions in [`TableBlock::columns`], sorted; their names go with them.
    pub columns: Vec<usize>,
    /// Members of objects in a text block: where each stands in the slab's text, from the quote of its key to the end of its
    /// value. Sorted, disjoint.
    pub members: Vec<Range<usize>>,
}

/// One edit of a text block.
pub struct TextEdit {
    /// Aside that the span is in, or `None` for the slab's text.
    pub aside: Option<u32>,
    /// What is replaced.
    pub span: Range<usize>,
    /// By what; unescaped UTF-8. `None`: by the format's null, where it has one (else the empty string).
    pub replacement: Option<Vec<u8>>,
}

/// One edit of a table cell: the whole new value.
pub struct CellEdit {
    /// Position in [`TableBlock::columns`].
    pub column: u32,
    /// Index of the value in that column.
    pub row: u32,
    /// The new value, unescaped; `None` is NULL.
    pub value: Option<Vec<u8>>,
}
