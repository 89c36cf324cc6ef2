//! The edits of a whole database, kept in an unnamed temporary file until all rows were read: a table that is changed
//! while it is read shows the same row twice.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::DataError;

/// A value of a cell, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value<'a>(pub(super) ValueRef<'a>);

impl<'a> From<ValueRef<'a>> for Value<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        Value(value)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

impl<'a> Value<'a> {
    /// Appends the value.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let mut sized = |tag: u8, bytes: &[u8]| {
            out.push(tag);
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        };
        match self.0 {
            ValueRef::Null => out.push(0),
            ValueRef::Integer(number) => sized(1, &number.to_le_bytes()),
            ValueRef::Real(number) => sized(2, &number.to_le_bytes()),
            ValueRef::Text(text) => sized(3, text),
            ValueRef::Blob(blob) => sized(4, blob),
        }
    }

    /// Takes the next value off `bytes`.
    pub(super) fn take(bytes: &mut &'a [u8]) -> Option<Value<'a>> {
        let (&tag, rest) = bytes.split_first()?;
        if tag == 0 {
            *bytes = rest;
            return Some(Value(ValueRef::Null));
        }
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (value, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        *bytes = rest;
        Some(Value(match tag {
            1 => ValueRef::Integer(i64::from_le_bytes(*value.first_chunk()?)),
            2 => ValueRef::Real(f64::from_le_bytes(*value.first_chunk()?)),
            3 => ValueRef::Text(value),
            _ => ValueRef::Blob(value),
        }))
    }
}

/// The new values of one row.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct RowEdit {
    /// Index of the table among those of the schema.
    pub(super) table: u32,
    /// Number of the row, for errors.
    pub(super) row: u64,
    /// The columns that get a new value, in order.
    pub(super) columns: Vec<u32>,
    /// Their values, then those of the key.
    pub(super) values: Vec<u8>,
}

/// Row edits in the order in which they were made.
pub(super) struct EditLog {
    file: BufWriter<File>,
    pub(super) count: u64,
}

impl EditLog {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(EditLog { file: BufWriter::with_capacity(1 << 18, tempfile::tempfile()?), count: 0 })
    }

    /// Appends an edit.
    pub(super) fn push(&mut self, edit: &RowEdit) -> std::io::Result<()> {
        self.count += 1;
        self.file.write_all(&edit.table.to_le_bytes())?;
        self.file.write_all(&edit.row.to_le_bytes())?;
        self.file.write_all(&(edit.columns.len() as u32).to_le_bytes())?;
        self.file.write_all(&(edit.values.len() as u64).to_le_bytes())?;
        for column in &edit.columns {
            self.file.write_all(&column.to_le_bytes())?;
        }
        self.file.write_all(&edit.values)
    }

    /// Hands every edit to `visit`, in order.
    ///
    /// # Errors
    /// When the temporary file cannot be read, or what `visit` returned.
    pub(super) fn replay(self, mut visit: impl FnMut(&RowEdit) -> Result<(), DataError>) -> Result<(), DataError> {
        let mut file = self.file.into_inner().map_err(|error| DataError::from(error.into_error()))?;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let mut edit = RowEdit::default();
        for _ in 0..self.count {
            edit.table = u32::from_le_bytes(read(&mut reader)?);
            edit.row = u64::from_le_bytes(read(&mut reader)?);
            let columns = u32::from_le_bytes(read(&mut reader)?);
            let length = u64::from_le_bytes(read(&mut reader)?);
            edit.columns.clear();
            for _ in 0..columns {
                edit.columns.push(u32::from_le_bytes(read(&mut reader)?));
            }
            edit.values.clear();
            reader.by_ref().take(length).read_to_end(&mut edit.values)?;
            visit(&edit)?;
        }
        Ok(())
    }
}

fn read<const N: usize>(reader: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_come_back_in_order() {
        let values =
            [ValueRef::Null, ValueRef::Integer(-7), ValueRef::Real(1.5), ValueRef::Text(b"a"), ValueRef::Blob(b"")];
        let mut written = Vec::new();
        values.iter().for_each(|value| Value(*value).write(&mut written));
        let mut rest = written.as_slice();
        for value in values {
            assert_eq!(Value::take(&mut rest), Some(Value(value)));
        }
        assert!(rest.is_empty() && Value::take(&mut rest).is_none());

        let edits: Vec<RowEdit> = (0..1000)
            .map(|row| RowEdit { table: 3, row, columns: (0..row as u32 % 4).collect(), values: written.clone() })
            .collect();
        let mut log = EditLog::new().unwrap();
        edits.iter().for_each(|edit| log.push(edit).unwrap());
        let mut back = Vec::new();
        log.replay(|edit| {
            back.push(edit.clone());
            Ok(())
        })
        .unwrap();
        assert_eq!(back, edits);
    }
}
