//! Formats: one file or folder each, reader and writer together.
//!
//! Stream formats (text, CSV, NDJSON, SQL dumps) are cut into slabs by one sequential [`Splitter`]; each slab is
//! lexed and later rendered by the [`Codec`] that the splitter handed out with it, in any thread. Container formats
//! (Parquet, SQLite) need the whole file and implement [`Container`].
//!
//! To add a format: write its file, add one line to [`FORMATS`].

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use crate::block::{Block, ColumnKind, Edits, TextBlock};
use crate::constraint::Constraint;
use crate::error::DataError;
use crate::finding::Match;
use crate::scalar::Typed;
use crate::source::slab::Slab;
pub use removal::{MemberPath, MemberSpan, Members};
pub use sections::{Assemble, Companion, Companions, Section, Sections};
pub use sql::definitions::Definitions;

pub mod arrow;
pub mod avro;
mod columnar;
#[cfg(test)]
pub(crate) mod conformance;
pub mod csv;
pub mod json;
pub mod mysqldump;
pub mod parquet;
pub mod pgarchive;
pub mod pgdump;
mod removal;
mod sections;
pub(crate) mod sql;
pub mod sqlite;
pub mod text;
pub mod xlsx;

/// A format that tuomin reads and writes.
pub trait Format: Send + Sync {
    /// Its name, as in `--format`.
    fn name(&self) -> &'static str;

    /// How sure it is that `sample` (the first decoded bytes, at most 64 KiB) is in this format.
    fn sniff(&self, sample: &[u8]) -> Confidence;

    /// How it is read.
    fn open(&self) -> Access;

    /// Whether its records have columns, or keys that are like them.
    fn has_columns(&self) -> bool {
        true
    }
}

/// How sure a format is of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Certainly not.
    No,
    /// It would do if nothing better comes: plain text.
    Fallback,
    /// It looks like it: CSV with equal column counts.
    Likely,
    /// A signature says so: `PAR1`, `-- PostgreSQL database dump`.
    Certain,
}

/// How a format is read: as a stream, or as a whole file.
pub enum Access {
    /// From front to back. The closure makes a fresh splitter.
    Stream(OpenSplitter),
    /// With the whole file at hand.
    Container(Box<dyn Container>),
    /// With the whole file at hand, as streams that stand in it.
    Sections(OpenSections),
}

/// Opens the sections of a file. No text outside of its streams may be longer than the limit, in bytes.
pub type OpenSections = fn(file: &File, longest_text: usize) -> Result<Box<dyn Sections>, DataError>;

/// Makes a splitter for a stream that begins with the sample.
pub type OpenSplitter = fn(sample: &[u8]) -> Result<Box<dyn Splitter>, DataError>;

/// What a splitter found at the start of the buffer.
pub enum Cut {
    /// No whole record yet: call again with more bytes.
    More,
    /// The next `len` bytes are a block for `codec`. `len` ≥ 1.
    Block {
        /// Raw bytes of the block.
        len: usize,
        /// Who lexes and renders it.
        codec: Arc<dyn Codec>,
    },
}

/// Cuts the decoded stream at record boundaries; sequential, so it may keep state from block to block
/// (the current table, the CSV header, the line number).
pub trait Splitter: Send {
    /// Looks at `buffer`, which starts where the last block ended. `target` is the block size to aim for; a block
    /// may be larger only when one record is. At the end of the stream (`at_end`) everything left must be cut.
    ///
    /// # Errors
    /// When the stream is not what the format allows, with its line: a dump cut in mid-row, an unclosed quote.
    fn cut(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError>;

    /// Takes what other files define of its tables.
    fn define(&mut self, _definitions: &Arc<Definitions>) {}

    /// What the sample was taken for, where that is more than the format: two streams with one answer are read alike.
    fn reading(&self) -> String {
        String::new()
    }
}

/// Where a match of a text block stands in the record's structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// JSON path (`user.phones[0]`), when the text has structure.
    pub path: Option<String>,
    /// What may stand there instead.
    pub kind: ColumnKind,
    /// The match is the whole value (the whole JSON string or number).
    pub whole: bool,
}

/// An object in a text block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Where it stands.
    pub span: Range<usize>,
    /// The member that was asked for.
    pub member: Member,
}

/// A member of an object, of several that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// The object has none of them.
    Absent,
    /// Its value, a string without its quotes or a number, stands here.
    Value(Range<usize>),
    /// There is more than one, or a part of the object is not in the block.
    Unclear,
}

/// Where the CREATE TABLE of rows stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// In the same dump.
    Here,
    /// In another file of the run.
    Elsewhere,
    /// In no file that was read.
    Nowhere,
}

/// Lexes and renders blocks of one kind; shared between threads.
pub trait Codec: Send + Sync {
    /// Finds the cells or tokens of a slab.
    ///
    /// # Errors
    /// When the slab is not what the format allows, with line or row.
    fn lex(&self, slab: Slab) -> Result<Block, DataError>;

    /// The structure around a match of a text block that this codec lexed.
    fn site(&self, _block: &TextBlock, _found: &Match) -> Site {
        Site { path: None, kind: ColumnKind::FREE_TEXT, whole: false }
    }

    /// The records of a text block whose records are not its lines: where each stretch of text starts, in order, and the
    /// number of its record in the block.
    fn records(&self, _block: &TextBlock) -> Option<Vec<(usize, u32)>> {
        None
    }

    /// The objects of a text block that this codec lexed, in the order of their starts, with the value of the member whose
    /// name has the lowest rank; names without a rank do not count.
    fn objects(&self, _block: &TextBlock, _rank: &dyn Fn(&str) -> Option<usize>) -> Vec<Object> {
        Vec::new()
    }

    /// The members of objects in a text block that this codec lexed, each with its path.
    fn members(&self, _block: &TextBlock) -> Members {
        Members::default()
    }

    /// What the statements of the block that it was handed out for ask of the values of tables; of a block of rows, what
    /// the statements before ask of its table.
    fn constraints(&self) -> &[Constraint] {
        &[]
    }

    /// Of the rows of a dump: where it is told what their table is.
    fn declared(&self) -> Option<Declared> {
        None
    }

    /// Of which part of its file the lines are counted, where not of the whole.
    fn part(&self) -> Option<&str> {
        None
    }

    /// Whether the bytes need not be text: those that are neither UTF-8 nor GB18030 are kept as they are.
    fn takes_any_bytes(&self) -> bool {
        false
    }

    /// Appends the block with its edits to `out`, without what they take out. With no edits, the result is the block's raw bytes, byte for byte.
    ///
    /// # Errors
    /// When a new value cannot be written in this format, encoding or width.
    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError>;
}

/// What a container is taken apart into.
pub enum Part {
    /// A block.
    Block(Block),
    /// A block that any thread may decode.
    Undecoded(Box<dyn Undecoded>),
    /// A column that was not decoded, because its statistics show that it holds nothing that is looked for.
    ByStatistics {
        /// Its name.
        column: String,
        /// Values that it holds, NULLs included.
        values: u64,
    },
}

/// A block that is yet to be decoded.
pub trait Undecoded: Send {
    /// Decodes it.
    ///
    /// # Errors
    /// As [`Container::read`].
    fn decode(self: Box<Self>) -> Result<Block, DataError>;
}

/// How a container is taken apart.
pub struct Reading<'a> {
    /// Bytes of a block to aim for, where that is less than the format would.
    pub block_bytes: u64,
    /// How many times its size the file may unpack to.
    pub most_expansion: u64,
    /// Whether a column of that name with such values may hold something that is looked for. `None`: neither statistics nor
    /// types are believed.
    pub may_hold: Option<MayHold<'a>>,
}

impl Reading<'_> {
    /// Everything is decoded, in blocks as large as the format makes them.
    pub const ALL: Reading<'static> = Reading { block_bytes: 256 << 20, most_expansion: 2000, may_hold: None };
}

/// Whether a column of this name with these values may hold what is looked for.
pub type MayHold<'a> = &'a dyn Fn(&str, Values) -> bool;

/// What is known of the values of a column that were not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Whole numbers from the first to the second.
    Whole(i128, i128),
    /// Days and moments, or numbers that may have decimals.
    Typed(Typed),
}

/// A format that needs the whole file.
pub trait Container: Send + Sync {
    /// Takes the file apart, in order. Columns that can hold nothing that is looked for are not decoded.
    ///
    /// # Errors
    /// When the file is damaged, encrypted or of a kind that cannot be read, by name; or what `visit` returned.
    fn take_apart(
        &self,
        file: &File,
        reading: &Reading<'_>,
        visit: &mut dyn FnMut(Part) -> Result<(), DataError>,
    ) -> Result<(), DataError>;

    /// Reads the file block by block, in order, and hands each to `visit`. All columns are decoded.
    ///
    /// # Errors
    /// When the file is damaged, encrypted or of a kind that cannot be read, by name; or what `visit` returned.
    fn read(&self, file: &File, visit: &mut dyn FnMut(Block) -> Result<(), DataError>) -> Result<(), DataError> {
        self.take_apart(file, &Reading::ALL, &mut |part| match part {
            Part::Block(block) => visit(block),
            Part::Undecoded(undecoded) => visit(undecoded.decode()?),
            Part::ByStatistics { .. } => Ok(()),
        })
    }

    /// What the tables in it ask of their values beyond their types, where the file says so.
    ///
    /// # Errors
    /// As [`Container::read`].
    fn constraints(&self, _file: &File) -> Result<Vec<Constraint>, DataError> {
        Ok(Vec::new())
    }

    /// Refuses the file before a rewrite or its plan, where the format is only read.
    ///
    /// # Errors
    /// When it is.
    fn refuse_rewrite(&self) -> Result<(), DataError> {
        Ok(())
    }

    /// Whether these columns, by their places in [`TableContext::columns`](crate::block::TableContext::columns), can be taken
    /// out of `file`.
    ///
    /// # Errors
    /// When they cannot, with the reason and a way out.
    fn removable(&self, _file: &File, _columns: &[usize]) -> Result<(), DataError> {
        Err(DataError::new("columns cannot be dropped from files of this format")
            .advise("use null or redact for its entity types in the policy"))
    }

    /// Writes `file` to `out` without these columns; what says anything of them goes, too. `file` is nobody else's, and may be
    /// changed meanwhile.
    ///
    /// # Errors
    /// As [`Container::removable`], or when either file fails.
    fn without_columns(&self, file: &mut File, _out: &mut File, columns: &[usize]) -> Result<(), DataError> {
        self.removable(file, columns)
    }

    /// Reads `file`, asks `edit` for the edits of each block, and writes the rewritten file to `out`.
    ///
    /// # Errors
    /// As [`Container::read`], or when a new value cannot be written.
    fn rewrite(
        &self,
        file: &File,
        out: &mut File,
        edit: &mut dyn FnMut(&Block) -> Result<Edits, DataError>,
    ) -> Result<(), DataError>;
}

/// The formats, most specific first; among equal confidence the first wins.
pub static FORMATS: &[&dyn Format] = &[
    &parquet::Parquet,
    &arrow::Arrow,
    &avro::Avro,
    &pgarchive::PgArchive,
    &sqlite::Sqlite,
    &xlsx::Xlsx,
    &pgdump::PgDump,
    &mysqldump::MySqlDump,
    &json::Json,
    &csv::Csv,
    &text::Text,
];

/// The format called `name`.
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// The format that `sample` (the first decoded bytes) is most likely in.
pub fn sniff(sample: &[u8]) -> Option<&'static dyn Format> {
    let mut best: Option<(&'static dyn Format, Confidence)> = None;
    for format in FORMATS.iter().copied() {
        let confidence = format.sniff(sample);
        if confidence > Confidence::No && best.is_none_or(|(_, held)| confidence > held) {
            best = Some((format, confidence));
        }
    }
    best.map(|(format, _)| format)
}
