//! The splitter of SQL dumps: a sequential state machine that tells statements from rows, follows the settings and
//! DDL that decide how rows are read, and cuts blocks at statement and row boundaries. It refuses what it cannot
//! tell for sure.

mod rows;
mod tables;

use std::collections::HashMap;
use std::sync::Arc;

use super::cells::TableShape;
use super::constraints;
use super::ddl::{Tables, identifier};
use super::definitions::Definitions;
use super::insert::{self, Head, Place};
use super::literal::{self, Form};
use super::scan::{self, Dialect, Piece, Stop};
use super::session::{Charset, Session};
use super::statements::StatementsCodec;
use crate::constraint::by_table::Constraints;
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{DataError, Position};
use crate::format::pgdump::copy::CopyHead;
use crate::format::{Codec, Cut, Splitter};

/// Splits one dump.
#[derive(Clone)]
pub(crate) struct Script {
    session: Session,
    tables: Tables,
    /// Shapes by INSERT or COPY head, and the number of rows seen under each.
    shapes: HashMap<Vec<u8>, Shape>,
    delimiter: Vec<u8>,
    mode: Mode,
    line: u64,
    started: bool,
    statements: Arc<dyn Codec>,
    /// What the statements since the last block ask of values.
    constraints: Vec<Constraint>,
    /// What all statements so far ask.
    asked: Constraints,
    /// The database that the dump has changed to: tables of one name in two databases are two.
    database: Option<String>,
    /// What other files define.
    definitions: Option<Arc<Definitions>>,
    /// The tables of the databases before this one, where they are wanted.
    former: Option<Vec<(Option<String>, Tables)>>,
}

#[derive(Clone)]
struct Shape {
    table: Arc<TableShape>,
    rows: u64,
}

#[derive(Clone)]
enum Mode {
    /// Between statements.
    Statements,
    /// In the rows of INSERT statements with this head.
    Insert(Vec<u8>, Place),
    /// In the rows of COPY with this head; the shape is made when the first row is there.
    Copy(Vec<u8>),
}

/// What was found in the buffer.
enum Found {
    Statements(usize),
    Rows(usize, Arc<dyn Codec>),
    More,
    /// Nothing for this mode: go on in the mode that is set now.
    Again,
}

impl Script {
    /// A splitter of `dialect` for a stream that begins with `sample`.
    pub(crate) fn new(dialect: Dialect, sample: &[u8]) -> Script {
        let utf8 = match std::str::from_utf8(sample) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        let charset = if utf8 { Charset::Utf8 } else { Charset::DoubleByte };
        Script {
            session: Session::new(dialect, charset),
            tables: Tables::default(),
            shapes: HashMap::new(),
            delimiter: vec![b';'],
            mode: Mode::Statements,
            line: 1,
            started: false,
            statements: Arc::new(StatementsCodec::default()),
            constraints: Vec::new(),
            asked: Constraints::default(),
            database: None,
            definitions: None,
            former: None,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.session.lexical.dialect
    }

    fn line_at(&self, buffer: &[u8], at: usize) -> Position {
        let head = buffer.get(..at).unwrap_or(buffer);
        Position::Line(self.line + memchr::memchr_iter(b'\n', head).count() as u64)
    }

    /// `More`, or why there can be no more.
    fn stopped(&self, buffer: &[u8], start: usize, stop: Stop, at_end: bool) -> Result<Found, DataError> {
        match stop {
            Stop::Open(_) if !at_end => Ok(Found::More),
            Stop::Open(what) => Err(DataError::new(format!("the file ends inside {what} that starts here"))
                .at(self.line_at(buffer, start))
                .advise("the dump was cut off: dump again")),
            Stop::Wrong { at, reason } => Err(DataError::new(reason)
                .at(self.line_at(buffer, start.max(at)))
                .advise("dump again with the database's own tool and without changes by hand")),
        }
    }

    fn find(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Found, DataError> {
        match self.mode.clone() {
            Mode::Statements => self.find_statements(buffer, at_end, target),
            Mode::Insert(head, place) => self.find_tuples(buffer, at_end, target, &head, place),
            Mode::Copy(head) => self.find_lines(buffer, at_end, target, &head),
        }
    }

    fn find_statements(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Found, DataError> {
        let mut at = 0;
        if !self.started && buffer.starts_with(b"\xEF\xBB\xBF") {
            at = 3;
        }
        self.started = true;
        while at < target.max(1) {
            let start = scan::skip_space(buffer, at);
            if start >= buffer.len() {
                at = start;
                break;
            }
            let rest = buffer.get(start..).unwrap_or_default();
            let rows = ["insert", "replace", "copy"].iter().any(|word| scan::starts_with_word(rest, word));
            if rows && self.delimiter == b";" {
                if at > 0 {
                    // Rows begin a block of their own; whether these are rows is seen there.
                    match self.rows_head(buffer, start, at_end) {
                        Ok(None) => {}
                        Ok(Some(_)) => return Ok(Found::Statements(start)),
                        Err(stop) => return self.stopped_after(buffer, at, start, stop, at_end),
                    }
                } else {
                    match self.rows_head(buffer, start, at_end) {
                        Ok(None) => {}
                        Ok(Some(RowsHead::Insert(head))) => return self.enter_insert(buffer, start, at_end, &head),
                        Ok(Some(RowsHead::Copy(head))) => return self.enter_copy(buffer, start, at_end, head),
                        Err(stop) => return self.stopped(buffer, start, stop, at_end),
                    }
                }
            }
            match self.unit(buffer, start, at_end) {
                Ok(end) => at = end,
                Err(stop) => return self.stopped_after(buffer, at, start, stop, at_end),
            }
        }
        if at == 0 { Ok(Found::More) } else { Ok(Found::Statements(at)) }
    }

    /// Hands out what is complete before what is not.
    fn stopped_after(
        &self,
        buffer: &[u8],
        complete: usize,
        start: usize,
        stop: Stop,
        at_end: bool,
    ) -> Result<Found, DataError> {
        match stop {
            Stop::Open(_) if complete > 0 && !at_end => Ok(Found::Statements(complete)),
            _ => self.stopped(buffer, start, stop, at_end),
        }
    }

    fn rows_head(&self, buffer: &[u8], start: usize, at_end: bool) -> Result<Option<RowsHead>, Stop> {
        let rest = buffer.get(start..).unwrap_or_default();
        let lexical = &self.session.lexical;
        if !scan::starts_with_word(rest, "copy") {
            return Ok(Head::read(buffer, start, lexical, at_end)?.map(RowsHead::Insert));
        }
        if self.dialect() == Dialect::MySql {
            return Ok(None);
        }
        Ok(CopyHead::read(buffer, start, lexical, at_end)?.map(RowsHead::Copy))
    }

    /// One statement, comment or meta-command; learns from it.
    fn unit(&mut self, buffer: &[u8], start: usize, at_end: bool) -> Result<usize, Stop> {
        let rest = buffer.get(start..).unwrap_or_default();
        let line = memchr::memchr(b'\n', rest).map(|end| start + end + 1).or(at_end.then_some(buffer.len()));
        if self.dialect() == Dialect::Postgres && rest.first() == Some(&b'\\') {
            let end = line.ok_or(Stop::Open("a meta-command"))?;
            let command = rest.get(1..).unwrap_or_default();
            if scan::starts_with_word(command, "connect") || scan::starts_with_word(command, "c") {
                self.session.reset();
                self.forget(database_of(command));
            }
            return Ok(end);
        }
        if self.dialect() == Dialect::MySql && scan::starts_with_word(rest, "delimiter") {
            let end = line.ok_or(Stop::Open("a DELIMITER command"))?;
            let words = buffer.get(start + 9..end).unwrap_or_default().trim_ascii();
            self.delimiter = if words.is_empty() { vec![b';'] } else { words.to_vec() };
            return Ok(end);
        }
        if let Piece::Comment(end) = scan::piece(buffer, start, &self.session.lexical, at_end)? {
            return Ok(end);
        }
        let end = scan::statement(buffer, start, &self.session.lexical, &self.delimiter, at_end)?;
        self.learn(buffer.get(start..end).unwrap_or_default())?;
        Ok(end)
    }

    /// Takes in statements that stand elsewhere.
    ///
    /// # Errors
    /// When they cannot be told from each other.
    pub(crate) fn learn_from(&mut self, statements: &[u8]) -> Result<(), DataError> {
        let mut at = scan::skip_space(statements, 0);
        while at < statements.len() {
            let end = self.unit(statements, at, true);
            let end = end.or_else(|stop| self.stopped(statements, at, stop, true).map(|_| statements.len()))?;
            at = scan::skip_space(statements, end);
        }
        Ok(())
    }

    /// A stream of its own begins, of which the lines count: the rows of `copy`, which stands elsewhere, or statements.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub(crate) fn begin(&mut self, copy: Option<&[u8]>) -> Result<(), DataError> {
        (self.line, self.started, self.mode) = (1, true, Mode::Statements);
        let Some(copy) = copy else { return Ok(()) };
        let refused =
            |reason: &str| Err(DataError::new(reason).advise("dump again with pg_dump's defaults or with --inserts"));
        match CopyHead::read(copy, 0, &self.session.lexical, true) {
            Ok(Some(CopyHead { refused: Some(reason), .. })) => return refused(reason),
            Ok(Some(head)) if scan::skip_space(copy, head.end) >= copy.len() => {}
            _ => return refused("a COPY that cannot be read"),
        }
        if let Some(shape) = self.shapes.get_mut(copy) {
            shape.rows = 0;
        }
        self.mode = Mode::Copy(copy.to_vec());
        Ok(())
    }

    fn learn(&mut self, statement: &[u8]) -> Result<(), Stop> {
        let lexical = self.session.lexical;
        let mut tokens = super::token::Tokens::new(statement, 0, &lexical, true);
        let Some(first) = tokens.next()? else { return Ok(()) };
        if first.is("set") {
            self.session.learn(statement)?;
            self.tables.schema.clone_from(&self.session.schema);
        } else if first.is("create") || first.is("alter") {
            if self.tables.learn(statement, &lexical)? {
                self.shapes.clear();
            }
            let mut found = constraints::of_statement(statement, &lexical)?;
            found.retain(|one| match &one.kind {
                ConstraintKind::OfDomain { domain, .. } => self.tables.is_type(domain),
                _ => true,
            });
            found.iter_mut().flat_map(Constraint::tables_mut).for_each(|table| *table = self.qualified(table));
            self.constraints.extend_from_slice(&found);
            self.asked.extend(found);
        } else if first.is("use") && self.dialect() == Dialect::MySql {
            let next = tokens.next()?.and_then(|name| identifier(&name, Dialect::MySql));
            self.forget(next);
        }
        Ok(())
    }

    fn enter_insert(&mut self, buffer: &[u8], start: usize, at_end: bool, head: &Head) -> Result<Found, DataError> {
        let bytes = buffer.get(start..start + head.length).unwrap_or_default().to_vec();
        if !self.shapes.contains_key(&bytes) {
            let (lexical, mut first) = (self.session.lexical, Vec::new());
            let walked = insert::tuple(buffer, start + head.length, &lexical, at_end, |cell| {
                let mut value = Vec::new();
                let form = literal::decode(buffer.get(cell).unwrap_or_default(), &lexical, &mut value);
                first.push(matches!(form, Form::Number) && value.iter().all(u8::is_ascii_digit));
            });
            if let Err(stop) = walked {
                return self.stopped(buffer, start, stop, at_end);
            }
            let shape = self.shape(&head.name, head.columns.as_deref(), &first, false);
            self.shapes.insert(bytes.clone(), shape);
        }
        self.mode = Mode::Insert(bytes, Place::Statement);
        Ok(Found::Again)
    }

    fn enter_copy(&mut self, buffer: &[u8], start: usize, at_end: bool, head: CopyHead) -> Result<Found, DataError> {
        if let Some(reason) = head.refused {
            return Err(DataError::new(reason)
                .at(self.line_at(buffer, start))
                .advise("dump again with pg_dump's defaults or with --inserts"));
        }
        if head.end >= buffer.len() {
            return self.stopped(buffer, start, Stop::Open("a COPY without rows"), at_end);
        }
        self.mode = Mode::Copy(buffer.get(start..head.end).unwrap_or_default().to_vec());
        Ok(Found::Statements(head.end))
    }

    /// The name of a table, with that of its database where the dump has changed to one.
    fn qualified(&self, table: &str) -> String {
        match &self.database {
            Some(database) if self.dialect() == Dialect::Postgres || !table.contains('.') => {
                format!("{database}.{table}")
            }
            _ => table.to_owned(),
        }
    }

    /// Hands out `len` bytes.
    fn hand_out(&mut self, buffer: &[u8], len: usize, codec: Arc<dyn Codec>) -> Result<Cut, DataError> {
        let block = buffer.get(..len).unwrap_or(buffer);
        if self.session.charset == Charset::Other && !block.is_ascii() {
            return Err(DataError::new("the dump declares a character set that cannot be read for sure")
                .at(self.line_at(buffer, 0))
                .advise("dump again in UTF-8 (pg_dump -E UTF8, mysqldump --default-character-set=utf8mb4)"));
        }
        self.line += memchr::memchr_iter(b'\n', block).count() as u64;
        Ok(Cut::Block { len, codec })
    }
}

/// The database that `\connect` changes to. It may be quoted, and stand in a connection string.
fn database_of(command: &[u8]) -> Option<String> {
    let words = String::from_utf8_lossy(command);
    let words = words.split_ascii_whitespace().skip(1).filter(|word| !word.starts_with('-'));
    let name = words.last()?.trim_matches(['"', '\'']).to_owned();
    let name = name.rsplit("dbname=").next().unwrap_or_default().trim_matches(['"', '\'']).to_owned();
    (!name.is_empty()).then_some(name)
}

enum RowsHead {
    Insert(Head),
    Copy(CopyHead),
}

impl Splitter for Script {
    fn cut(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError> {
        // The mode changes a few times at most before something is found: entering, leaving, the end.
        for _ in 0..4 {
            return match self.find(buffer, at_end, target)? {
                Found::Again => continue,
                Found::More => Ok(Cut::More),
                Found::Rows(len, codec) => self.hand_out(buffer, len, codec),
                Found::Statements(len) => {
                    let codec: Arc<dyn Codec> = match std::mem::take(&mut self.constraints) {
                        none if none.is_empty() => Arc::clone(&self.statements),
                        constraints => Arc::new(StatementsCodec { constraints }),
                    };
                    self.hand_out(buffer, len, codec)
                }
            };
        }
        Err(DataError::new("neither a statement nor a row").at(self.line_at(buffer, 0)))
    }

    fn define(&mut self, definitions: &Arc<Definitions>) {
        self.definitions = Some(Arc::clone(definitions));
    }

    fn reading(&self) -> String {
        format!("{:?}", self.session.charset)
    }
}
