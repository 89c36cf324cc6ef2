//! Runs of rows: how far the tuples of an INSERT or the lines of a COPY go in the buffer, and what ends them.

use std::sync::Arc;

use super::{Found, Mode, Script};
use crate::error::DataError;
use crate::format::pgdump::copy::{self, CopyCodec, CopyHead};
use crate::format::sql::insert::{self, InsertCodec, Place};
use crate::format::sql::run::Run;
use crate::format::sql::scan::{self, Piece, Stop};

impl Script {
    pub(super) fn find_tuples(
        &mut self,
        buffer: &[u8],
        at_end: bool,
        target: usize,
        head: &[u8],
        start: Place,
    ) -> Result<Found, DataError> {
        let lexical = self.session.lexical;
        // Where the block may end, what follows there, and how many rows it has then.
        let mut kept = (0usize, start, 0u64);
        let (mut at, mut place, mut rows) = kept;
        let mut complete = false;
        while (at < target || kept.0 == 0) && !complete {
            at = scan::skip_space(buffer, at);
            let rest = buffer.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            match place {
                Place::Statement if rest.starts_with(head) => {
                    at += head.len();
                    place = Place::Tuple;
                    continue;
                }
                Place::Statement if !at_end && head.starts_with(rest) => break,
                Place::Tuple if rest.first() == Some(&b'(') => {
                    match insert::tuple(buffer, at, &lexical, at_end, |_| {}) {
                        Ok(end) => at = end,
                        Err(Stop::Open(_)) if kept.0 > 0 && !at_end => break,
                        Err(stop) => return self.stopped(buffer, at, stop, at_end),
                    }
                    rows += 1;
                    place = Place::AfterTuple;
                }
                Place::AfterTuple => match insert::separator(buffer, at, &lexical) {
                    Some((end, next)) => (at, place) = (end, next),
                    None => complete = true,
                },
                Place::Statement | Place::Tuple => complete = true,
            }
            // A run that ends with the file after a comma has lost its rest: never hand out all of it before that shows.
            let dangling = place == Place::Tuple && at >= buffer.len() && !at_end;
            if !dangling && (at <= target || kept.0 == 0) {
                kept = (at, place, rows);
            }
        }
        self.keep_tuples(buffer, at_end, target, head, kept, complete)
    }

    /// Hands out the rows found, or leaves the run.
    fn keep_tuples(
        &mut self,
        buffer: &[u8],
        at_end: bool,
        target: usize,
        head: &[u8],
        (length, place, rows): (usize, Place, u64),
        complete: bool,
    ) -> Result<Found, DataError> {
        if length == 0 {
            return if complete { self.leave_tuples(buffer, at_end, place) } else { self.no_tuple(buffer, at_end) };
        }
        if !complete && !at_end && buffer.len() < target {
            return Ok(Found::More);
        }
        if at_end && !complete && length >= buffer.len() && place == Place::Tuple {
            return self.stopped(buffer, length, Stop::Open("an INSERT"), true);
        }
        let Mode::Insert(_, before) = std::mem::replace(&mut self.mode, Mode::Insert(head.to_vec(), place)) else {
            return Ok(Found::Again);
        };
        let (charset, lexical) = (self.session.charset, self.session.lexical);
        let Some(shape) = self.shapes.get_mut(head).filter(|_| rows > 0) else {
            return Ok(Found::Statements(length));
        };
        let first_row = shape.rows + 1;
        shape.rows += rows;
        let shape = Arc::clone(&shape.table);
        let codec = InsertCodec { run: Run { shape, first_row, charset }, lexical, place: before };
        Ok(Found::Rows(length, Arc::new(codec)))
    }

    /// Nothing but white space or the beginning of a head.
    fn no_tuple(&mut self, buffer: &[u8], at_end: bool) -> Result<Found, DataError> {
        let blank = scan::skip_space(buffer, 0);
        match (&self.mode, at_end) {
            (Mode::Insert(_, Place::Tuple), true) => self.stopped(buffer, 0, Stop::Open("an INSERT"), true),
            (_, true) => {
                self.mode = Mode::Statements;
                if blank > 0 { Ok(Found::Statements(blank)) } else { Ok(Found::Again) }
            }
            _ => Ok(Found::More),
        }
    }

    /// Something else than rows stands at the start of the buffer.
    fn leave_tuples(&mut self, buffer: &[u8], at_end: bool, place: Place) -> Result<Found, DataError> {
        if place == Place::Statement {
            self.mode = Mode::Statements;
            return Ok(Found::Again);
        }
        let start = scan::skip_space(buffer, 0);
        match scan::piece(buffer, start, &self.session.lexical, at_end) {
            // A comment between rows: scanned as a statement, and the run goes on after it.
            Ok(Piece::Comment(end)) => return Ok(Found::Statements(end)),
            Err(stop) => return self.stopped(buffer, start, stop, at_end),
            Ok(_) => {}
        }
        if place == Place::Tuple {
            let reason = "neither a row nor its end";
            return self.stopped(buffer, start, Stop::Wrong { at: start, reason }, at_end);
        }
        match scan::statement(buffer, start, &self.session.lexical, b";", at_end) {
            Ok(end) => {
                self.mode = Mode::Statements;
                Ok(Found::Statements(end))
            }
            Err(stop) => self.stopped(buffer, start, stop, at_end),
        }
    }

    pub(super) fn find_lines(
        &mut self,
        buffer: &[u8],
        at_end: bool,
        target: usize,
        head: &[u8],
    ) -> Result<Found, DataError> {
        let length = match copy::rows_length(buffer, at_end, target) {
            Ok(copy::Rows::Terminator(length)) => {
                self.mode = Mode::Statements;
                return Ok(Found::Statements(length));
            }
            Ok(copy::Rows::Lines(length)) => length,
            Err(stop) => return self.stopped(buffer, 0, stop, at_end),
        };
        if !self.shapes.contains_key(head) {
            let read = CopyHead::read(head, 0, &self.session.lexical, true);
            let Ok(Some(read)) = read else {
                return Err(DataError::new("a COPY that cannot be read again").at(self.line_at(buffer, 0)));
            };
            let shape = self.shape(&read.name, read.columns.as_deref(), &copy::first_row_numbers(buffer), true);
            self.shapes.insert(head.to_vec(), shape);
        }
        let charset = self.session.charset;
        let Some(shape) = self.shapes.get_mut(head) else { return Ok(Found::Again) };
        let first_row = shape.rows + 1;
        shape.rows += memchr::memchr_iter(b'\n', buffer.get(..length).unwrap_or_default()).count() as u64;
        let codec = CopyCodec(Run { shape: Arc::clone(&shape.table), first_row, charset });
        Ok(Found::Rows(length, Arc::new(codec)))
    }
}
