//! The little of the Thrift compact protocol that is needed to look at a Parquet structure before the `parquet` crate
//! reads it: page headers (their declared sizes decide what is allocated) and the fields of a footer.
//!
//! It must never allocate by a declared size, never recurse without a bound, and never panic.

use std::ops::Range;

/// What a field of a compact-protocol structure holds.
pub(super) const BOOL_TRUE: u8 = 1;
pub(super) const BOOL_FALSE: u8 = 2;
const I16: u8 = 4;
pub(super) const I32: u8 = 5;
pub(super) const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// Deepest nesting that is walked; Parquet's own structures nest six deep.
const DEPTH: u8 = 32;

/// The bytes end inside a value, or are no Thrift at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// More bytes would be needed.
    Short,
    /// No number of further bytes makes this valid.
    Invalid,
}

/// A field header: its id and type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) id: i16,
    pub(super) kind: u8,
}

/// Reads compact-protocol values from a slice.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = self.bytes.get(self.at).copied().ok_or(Malformed::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed::Invalid)
    }

    /// A zigzag integer of any width.
    pub(super) fn integer(&mut self) -> Result<i64, Malformed> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// An integer that must fit 32 bits.
    pub(super) fn int32(&mut self) -> Result<i32, Malformed> {
        i32::try_from(self.integer()?).map_err(|_| Malformed::Invalid)
    }

    /// The next field of a structure whose last field was `last`; `None` at its end.
    pub(super) fn field(&mut self, last: i16) -> Result<Option<Field>, Malformed> {
        let header = self.byte()?;
        if header == 0 {
            return Ok(None);
        }
        let kind = header & 0x0f;
        let delta = i16::from(header >> 4);
        let id = if delta == 0 {
            i16::try_from(self.integer()?).map_err(|_| Malformed::Invalid)?
        } else {
            last.checked_add(delta).ok_or(Malformed::Invalid)?
        };
        Ok(Some(Field { id, kind }))
    }

    /// The element type and count of a list or set.
    pub(super) fn list(&mut self) -> Result<(u8, u64), Malformed> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        Ok((header & 0x0f, count))
    }

    fn advance(&mut self, length: u64) -> Result<(), Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed::Invalid)?;
        let end = self.at.checked_add(length).ok_or(Malformed::Invalid)?;
        if end > self.bytes.len() {
            return Err(Malformed::Short);
        }
        self.at = end;
        Ok(())
    }

    /// Steps over the value of a field of type `kind`.
    pub(super) fn skip(&mut self, kind: u8) -> Result<(), Malformed> {
        // A boolean field holds its value in its header; as a list element it is a byte.
        match kind {
            BOOL_TRUE | BOOL_FALSE => Ok(()),
            other => self.skip_element(other, DEPTH),
        }
    }

    fn skip_element(&mut self, kind: u8, depth: u8) -> Result<(), Malformed> {
        let depth = depth.checked_sub(1).ok_or(Malformed::Invalid)?;
        match kind {
            BOOL_TRUE | BOOL_FALSE | 3 => self.advance(1),
            I16 | I32 | I64 => self.varint().map(|_| ()),
            DOUBLE => self.advance(8),
            UUID => self.advance(16),
            BINARY => {
                let length = self.varint()?;
                self.advance(length)
            }
            LIST | SET => {
                let (element, count) = self.list()?;
                // Every element takes at least a byte, so this ends at the end of the bytes at the latest.
                for _ in 0..count {
                    self.skip_element(element, depth)?;
                }
                Ok(())
            }
            MAP => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                for _ in 0..count {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0x0f, depth)?;
                }
                Ok(())
            }
            STRUCT => {
                let mut last = 0;
                while let Some(field) = self.field(last)? {
                    last = field.id;
                    if !matches!(field.kind, BOOL_TRUE | BOOL_FALSE) {
                        self.skip_element(field.kind, depth)?;
                    }
                }
                Ok(())
            }
            _ => Err(Malformed::Invalid),
        }
    }
}

/// Where a top-level field of a structure stands: from its header to the end of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldSpan {
    pub(super) id: i16,
    pub(super) kind: u8,
    /// Header and value.
    pub(super) whole: Range<usize>,
    /// The value.
    pub(super) value: Range<usize>,
}

/// The top-level fields of the structure that `bytes` starts with.
pub(super) fn fields(bytes: &[u8]) -> Result<Vec<FieldSpan>, Malformed> {
    let mut cursor = Cursor::new(bytes);
    let mut spans = Vec::new();
    let mut last = 0;
    loop {
        let start = cursor.position();
        let Some(field) = cursor.field(last)? else { return Ok(spans) };
        last = field.id;
        let value = cursor.position();
        cursor.skip(field.kind)?;
        let end = cursor.position();
        spans.push(FieldSpan { id: field.id, kind: field.kind, whole: start..end, value: value..end });
    }
}

/// The elements of the list that `bytes` starts with: their type, and where each stands.
pub(super) fn elements(bytes: &[u8]) -> Result<(u8, Vec<Range<usize>>), Malformed> {
    let mut cursor = Cursor::new(bytes);
    let (kind, count) = cursor.list()?;
    let mut spans = Vec::new();
    for _ in 0..count {
        let start = cursor.position();
        cursor.skip_element(kind, DEPTH)?;
        spans.push(start..cursor.position());
    }
    Ok((kind, spans))
}

/// How many bytes the length in front of a binary takes.
pub(super) fn length(bytes: &[u8]) -> Result<usize, Malformed> {
    let mut cursor = Cursor::new(bytes);
    cursor.varint()?;
    Ok(cursor.position())
}

/// Appends the header of a list of `count` elements.
pub(super) fn put_list(kind: u8, count: usize, out: &mut Vec<u8>) {
    match u8::try_from(count) {
        Ok(short) if short < 15 => out.push(short << 4 | kind),
        _ => {
            out.push(0xf0 | kind);
            put_varint(count as u64, out);
        }
    }
}

/// Appends an integer that has no sign, such as a length.
pub(super) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends an integer.
pub(super) fn put_integer(value: i64, out: &mut Vec<u8>) {
    put_varint((value << 1 ^ value >> 63).cast_unsigned(), out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_of_a_structure() {
        // 1: i32 = 3, 3: binary "ab", 4: true, 20: list<i32> [1, 2]
        let bytes = [0x15, 6, 0x28, 2, b'a', b'b', 0x11, 0x09, 40, 0x25, 2, 4, 0];
        let spans = fields(&bytes).unwrap();
        assert_eq!(spans.iter().map(|s| s.id).collect::<Vec<_>>(), [1, 3, 4, 20]);
        assert_eq!(spans[1].value, 3..6);
        assert_eq!(spans[3].whole, 7..12);
    }

    #[test]
    fn nothing_is_walked_for_ever() {
        // A list of 2^62 booleans, and structures nested without end.
        assert_eq!(fields(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), Err(Malformed::Short));
        assert_eq!(fields(&[0x1c; 10_000]), Err(Malformed::Invalid));
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = fields(&bytes);
        }

        #[test]
        fn integers_come_back(value in any::<i32>()) {
            let mut bytes = Vec::new();
            put_integer(value.into(), &mut bytes);
            prop_assert_eq!(Cursor::new(&bytes).int32(), Ok(value));
        }

        #[test]
        fn lists_come_back(values in proptest::collection::vec(any::<i32>(), 0..40)) {
            let mut bytes = Vec::new();
            put_list(I32, values.len(), &mut bytes);
            values.iter().for_each(|value| put_integer((*value).into(), &mut bytes));
            let (kind, spans) = elements(&bytes).unwrap();
            let read: Vec<i32> = spans.into_iter().map(|span| Cursor::new(&bytes[span]).int32().unwrap()).collect();
            prop_assert_eq!((kind, read), (I32, values));
        }
    }
}
