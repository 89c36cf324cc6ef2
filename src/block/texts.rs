//! The texts of a column, whose type is asked for once and not at each value.

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ByteArrayType, DataType, Int32Type};

/// The values of a column of text.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    /// Of a dictionary, which of its values each row has.
    keys: Option<(&'a [i32], Option<&'a NullBuffer>)>,
    offsets: Offsets<'a>,
    bytes: &'a [u8],
    nulls: Option<&'a NullBuffer>,
}

/// Where the values begin and end.
#[derive(Clone, Copy)]
enum Offsets<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
}

impl<'a> Texts<'a> {
    /// Those of `values`; `None` where they are no text.
    pub(crate) fn of(values: &'a ArrayRef) -> Option<Texts<'a>> {
        fn texts<'a, T: ByteArrayType>(
            array: &'a GenericByteArray<T>,
            offsets: impl Fn(&'a [T::Offset]) -> Offsets<'a>,
        ) -> Texts<'a> {
            let offsets = offsets(array.value_offsets());
            Texts { keys: None, offsets, bytes: array.value_data(), nulls: array.nulls() }
        }
        Some(match values.data_type() {
            DataType::Utf8 => texts(values.as_string::<i32>(), Offsets::Small),
            DataType::LargeUtf8 => texts(values.as_string::<i64>(), Offsets::Large),
            DataType::Binary => texts(values.as_binary::<i32>(), Offsets::Small),
            DataType::LargeBinary => texts(values.as_binary::<i64>(), Offsets::Large),
            DataType::Dictionary(key, _) if **key == DataType::Int32 => {
                let dictionary = values.as_dictionary::<Int32Type>();
                let keys = dictionary.keys();
                Texts { keys: Some((keys.values(), keys.nulls())), ..Texts::of(dictionary.values())? }
            }
            _ => return None,
        })
    }

    /// The text at `row`; nothing for NULL.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<&'a [u8]> {
        let is_null =
            |nulls: Option<&NullBuffer>, row| nulls.is_some_and(|nulls| row >= nulls.len() || nulls.is_null(row));
        let row = match self.keys {
            Some((_, nulls)) if is_null(nulls, row) => return None,
            Some((keys, _)) => usize::try_from(*keys.get(row)?).ok()?,
            None => row,
        };
        if is_null(self.nulls, row) {
            return None;
        }
        let (start, end) = match self.offsets {
            Offsets::Small(offsets) => (i64::from(*offsets.get(row)?), i64::from(*offsets.get(row + 1)?)),
            Offsets::Large(offsets) => (*offsets.get(row)?, *offsets.get(row + 1)?),
        };
        self.bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// Whether all of them are ASCII.
    pub(crate) fn is_ascii(&self) -> bool {
        self.bytes.is_ascii()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BinaryArray, DictionaryArray, Int64Array, LargeStringArray, StringArray};

    use super::*;

    #[test]
    fn texts_of_all_types_are_read() {
        let values = [Some("张伟"), None, Some(""), Some("a")];
        let bytes = values.map(|value| value.map(str::as_bytes));
        let keyed: DictionaryArray<Int32Type> = [values.as_slice(), &values].concat().into_iter().collect();
        let all = StringArray::from([[None].as_slice(), &values].concat());
        let arrays: [ArrayRef; 5] = [
            Arc::new(StringArray::from(values.to_vec())),
            Arc::new(LargeStringArray::from(values.to_vec())),
            Arc::new(BinaryArray::from(bytes.to_vec())),
            Arc::new(keyed.slice(4, 4)),
            Arc::new(all.slice(1, 4)),
        ];
        for array in arrays {
            let texts = Texts::of(&array).unwrap();
            assert_eq!([0, 1, 2, 3].map(|row| texts.get(row)), bytes, "{}", array.data_type());
            assert_eq!(texts.get(4), None);
            assert!(!texts.is_ascii());
        }
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        assert!(Texts::of(&numbers).is_none());
    }
}
