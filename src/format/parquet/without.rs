//! Takes columns out of a Parquet file: first out of its footer (schema, row groups, sort order, column orders, key-value
//! metadata), which leaves their bytes behind unnamed, and then the file is copied by what its footer names.
//!
//! Every field of the footer that says nothing of the columns stays as it stands, byte for byte.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::reader::Length;

use super::open::{COLUMN_ORDERS, KEY_VALUES, Opened, ROW_GROUPS, SCHEMA, TAIL, read_footer};
use super::thrift::{self, Cursor, FieldSpan, Malformed};
use super::{guard, unreadable};
use crate::error::DataError;
use crate::format::columnar::described::Described;

/// Fields of an element of the schema.
const REPETITION: i16 = 3;
const CHILDREN: i16 = 5;
const CONVERTED_TYPE: i16 = 6;
const LOGICAL_TYPE: i16 = 10;
/// What [`REPETITION`] says of an element that there may be several of.
const REPEATED: i32 = 2;
/// Fields of a row group.
const COLUMNS: i16 = 1;
const SORTING_COLUMNS: i16 = 4;

fn damaged(_: Malformed) -> DataError {
    unreadable("the footer is damaged")
}

/// Whether these leaves can be taken out.
///
/// # Errors
/// By name, where one cannot.
pub(super) fn removable(opened: &Opened, columns: &[usize]) -> Result<(), DataError> {
    Footer { opened, columns }.schema(&opened.schema).map(drop)
}

/// Takes the leaves out of the footer of `file`.
///
/// # Errors
/// As [`removable`], or when the file fails.
pub(super) fn take_out(file: &mut File, columns: &[usize]) -> Result<(), DataError> {
    let opened = Opened::new(file, false)?;
    let footer = read_footer(&opened.source)?;
    let start = opened.source.len() - TAIL - footer.len() as u64;
    let footer = Footer { opened: &opened, columns }.without(&footer)?;
    let size = u32::try_from(footer.len()).map_err(|_| DataError::new("the footer is larger than four gigabytes"))?;
    drop(opened);
    file.set_len(start)?;
    file.seek(SeekFrom::Start(start))?;
    file.write_all(&[&footer, size.to_le_bytes().as_slice(), b"PAR1"].concat())?;
    Ok(())
}

/// A footer, and the leaves that go.
struct Footer<'a> {
    opened: &'a Opened,
    /// Sorted.
    columns: &'a [usize],
}

/// `bytes`, a structure, with the values of some fields replaced by what `edit` says.
fn edited(
    bytes: &[u8],
    mut edit: impl FnMut(&FieldSpan, &[u8]) -> Result<Option<Vec<u8>>, DataError>,
) -> Result<Vec<u8>, DataError> {
    let mut out = Vec::with_capacity(bytes.len());
    for field in thrift::fields(bytes).map_err(damaged)? {
        let get = |span| bytes.get(span).ok_or(Malformed::Short).map_err(damaged);
        let value = get(field.value.clone())?;
        match edit(&field, value)? {
            Some(new) => {
                out.extend_from_slice(get(field.whole.start..field.value.start)?);
                out.extend_from_slice(&new);
            }
            None => out.extend_from_slice(get(field.whole.clone())?),
        }
    }
    out.push(0);
    Ok(out)
}

/// The elements of the list in `bytes`, with their type.
fn elements(bytes: &[u8]) -> Result<(u8, Vec<&[u8]>), DataError> {
    let (kind, spans) = thrift::elements(bytes).map_err(damaged)?;
    let elements = spans.into_iter().map(|span| bytes.get(span).ok_or(Malformed::Short).map_err(damaged));
    Ok((kind, elements.collect::<Result<_, _>>()?))
}

fn list(kind: u8, elements: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut out = Vec::new();
    thrift::put_list(kind, elements.len(), &mut out);
    elements.iter().for_each(|element| out.extend_from_slice(element.as_ref()));
    out
}

/// An element of the schema that holds others.
struct Group {
    element: usize,
    children: i32,
    /// Of which so many are still to come.
    to_come: i32,
    /// Of which so many stay.
    staying: i32,
    /// It is a plain one, and not a list or map, which need their children.
    is_plain: bool,
}

impl Footer<'_> {
    fn goes(&self, leaf: usize) -> bool {
        self.columns.binary_search(&leaf).is_ok()
    }

    fn without(&self, footer: &[u8]) -> Result<Vec<u8>, DataError> {
        let described = self.described();
        edited(footer, |field, value| {
            Ok(match field.id {
                SCHEMA => Some(self.schema(value)?),
                ROW_GROUPS => {
                    let (kind, groups) = elements(value)?;
                    let groups =
                        groups.into_iter().map(|group| self.row_group(group)).collect::<Result<Vec<_>, _>>()?;
                    Some(list(kind, &groups))
                }
                KEY_VALUES => Some(key_values(value, &described)?),
                COLUMN_ORDERS => Some(self.of_leaves(value)?),
                _ => None,
            })
        })
    }

    /// A list that has an element for each leaf.
    fn of_leaves(&self, value: &[u8]) -> Result<Vec<u8>, DataError> {
        let (kind, elements) = elements(value)?;
        let staying = elements.into_iter().enumerate().filter(|(leaf, _)| !self.goes(*leaf));
        Ok(list(kind, &staying.map(|(_, element)| element).collect::<Vec<_>>()))
    }

    fn row_group(&self, group: &[u8]) -> Result<Vec<u8>, DataError> {
        edited(group, |field, value| {
            Ok(match field.id {
                COLUMNS => Some(self.of_leaves(value)?),
                SORTING_COLUMNS => Some(self.sorting(value)?),
                _ => None,
            })
        })
    }

    /// The sort order, as far as it does not go by a leaf that goes; places are counted anew.
    fn sorting(&self, value: &[u8]) -> Result<Vec<u8>, DataError> {
        let (kind, all) = elements(value)?;
        let mut staying = Vec::new();
        for element in all {
            let mut goes = false;
            let moved = edited(element, |field, value| {
                if field.id != 1 {
                    return Ok(None);
                }
                let leaf = Cursor::new(value).int32().map_err(damaged)?;
                let leaf = usize::try_from(leaf).map_err(|_| unreadable("the footer is damaged"))?;
                goes = self.goes(leaf);
                let mut out = Vec::new();
                thrift::put_integer((leaf - self.columns.partition_point(|column| *column < leaf)) as i64, &mut out);
                Ok(Some(out))
            })?;
            // What is sorted by it first is in no order by the next.
            if goes {
                break;
            }
            staying.push(moved);
        }
        Ok(list(kind, &staying))
    }

    /// The schema, whose elements stand in the order of a walk through the tree.
    fn schema(&self, value: &[u8]) -> Result<Vec<u8>, DataError> {
        let (kind, all) = elements(value)?;
        let mut open: Vec<Group> = Vec::new();
        let mut written: Vec<Option<Vec<u8>>> = Vec::with_capacity(all.len());
        let mut leaf = 0;
        for (number, element) in all.into_iter().enumerate() {
            let mut group = Group { element: number, children: 0, to_come: 0, staying: 0, is_plain: true };
            for field in thrift::fields(element).map_err(damaged)? {
                let integer = || {
                    let value = element.get(field.value.clone()).unwrap_or_default();
                    Cursor::new(value).int32().map_err(damaged)
                };
                match field.id {
                    CHILDREN => group.children = integer()?,
                    REPETITION if number > 0 => group.is_plain &= integer()? != REPEATED,
                    CONVERTED_TYPE | LOGICAL_TYPE => group.is_plain = false,
                    _ => {}
                }
            }
            if let Some(parent) = open.last_mut() {
                parent.to_come -= 1;
            }
            if group.children > 0 {
                group.to_come = group.children;
                group.staying = group.children;
                written.push(Some(element.to_vec()));
                open.push(group);
                continue;
            }
            let goes = self.goes(leaf);
            written.push((!goes).then(|| element.to_vec()));
            if let (true, Some(parent)) = (goes, open.last_mut()) {
                parent.staying -= 1;
                if !parent.is_plain || parent.staying == 0 {
                    return Err(self.needed(leaf, parent.element == 0));
                }
            }
            leaf += 1;
            while open.last().is_some_and(|group| group.to_come == 0) {
                let Some(group) = open.pop() else { break };
                if group.staying != group.children
                    && let Some(Some(element)) = written.get_mut(group.element)
                {
                    *element = edited(element, |field, _| {
                        let mut out = Vec::new();
                        thrift::put_integer(group.staying.into(), &mut out);
                        Ok((field.id == CHILDREN).then_some(out))
                    })?;
                }
            }
        }
        Ok(list(kind, &written.into_iter().flatten().collect::<Vec<_>>()))
    }

    fn needed(&self, leaf: usize, is_top: bool) -> DataError {
        let reason = if is_top {
            "it is the last column, and a file without columns is none"
        } else {
            "what it stands in (a list, a map, or a group of this column only) cannot be without it"
        };
        DataError::new(format!("cannot be dropped: {reason}"))
            .at(self.opened.column(leaf))
            .advise("use null or redact for its entity type in the policy")
    }

    /// What describes the columns.
    fn described(&self) -> Described {
        let file = self.opened.file_metadata();
        let descriptor = file.schema_descr();
        let paths = self.columns.iter().filter(|leaf| **leaf < descriptor.num_columns());
        let paths = paths.map(|leaf| descriptor.column(*leaf).path().parts().to_vec()).collect();
        let arrow = guard(|| parquet_to_arrow_schema(descriptor, file.key_value_metadata()));
        Described::new(paths, arrow.ok())
    }
}

/// The key-value metadata without what it says of the columns.
fn key_values(value: &[u8], described: &Described) -> Result<Vec<u8>, DataError> {
    let (kind, entries) = elements(value)?;
    let mut staying = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut key = String::new();
        let mut goes = false;
        let entry = edited(entry, |field, value| {
            let start = thrift::length(value).map_err(damaged)?;
            let text = String::from_utf8_lossy(value.get(start..).unwrap_or_default());
            match field.id {
                1 => key = text.into_owned(),
                2 => match described.without(&key, &text) {
                    None => goes = true,
                    Some(new) if new != text => {
                        let mut out = Vec::new();
                        thrift::put_varint(new.len() as u64, &mut out);
                        out.extend_from_slice(new.as_bytes());
                        return Ok(Some(out));
                    }
                    Some(_) => {}
                },
                _ => {}
            }
            Ok(None)
        })?;
        if !goes {
            staying.push(entry);
        }
    }
    Ok(list(kind, &staying))
}
