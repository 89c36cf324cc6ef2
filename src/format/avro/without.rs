//! Takes fields of the outermost record out of an Avro file: out of the schema, and out of every object.
//!
//! The schema is written anew, with its keys in the order of the alphabet; all other metadata, the codec, the mark between
//! blocks, and the bytes of what stays are as they were.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};

use serde_json::Value;

use super::container::{MAGIC, Opened, SCHEMA};
use super::schema::{Node, Schema};
use super::unreadable;
use super::value::{Changes, Cursor, put_bytes, put_long};
use super::write_block;
use crate::error::{DataError, Position};
use crate::format::columnar::edits::gone;

/// What is left of a schema.
struct Left {
    /// Whether each field of the outermost record goes.
    fields: Vec<bool>,
    schema: Vec<u8>,
}

/// Whether these columns can be taken out.
///
/// # Errors
/// By name, where one cannot.
pub(super) fn removable(opened: &Opened, columns: &[usize]) -> Result<(), DataError> {
    left(opened, columns).map(drop)
}

/// Writes the file to `out` without these columns.
///
/// # Errors
/// As [`removable`], or when either file fails.
pub(super) fn write(opened: &Opened, columns: &[usize], out: &mut File) -> Result<(), DataError> {
    let left = left(opened, columns)?;
    let Node::Record(fields) = &opened.schema.root else { return Err(gone()) };
    let mut out = BufWriter::with_capacity(1 << 18, out);
    out.write_all(&header(opened, &left.schema)?)?;
    opened.blocks(&mut |stored| {
        let bytes = opened.codec.unpack(stored.packed).map_err(|error| error.at(Position::Byte(stored.at)))?;
        let count = opened.schema.columns.len();
        let edits = std::iter::repeat_with(VecDeque::new).take(count).collect();
        let mut changes = Changes { schema: &opened.schema, passed: vec![0; count], edits, record: 0 };
        let mut cursor = Cursor::new(&bytes);
        let mut new = Vec::with_capacity(bytes.len());
        while changes.record < stored.objects {
            for (field, goes) in fields.iter().zip(&left.fields) {
                let before = new.len();
                changes.copy(field, &mut cursor, &mut new).map_err(|error| error.at(Position::Byte(stored.at)))?;
                if *goes {
                    new.truncate(before);
                }
            }
            changes.record += 1;
        }
        write_block(opened, stored.objects, new, &mut out)
    })?;
    Ok(out.flush()?)
}

/// The header with another schema.
fn header(opened: &Opened, schema: &[u8]) -> Result<Vec<u8>, DataError> {
    let mut out = MAGIC.to_vec();
    put_long(i64::try_from(opened.metadata.len()).map_err(|_| gone())?, &mut out);
    for (key, value) in &opened.metadata {
        put_bytes(key.as_bytes(), &mut out);
        put_bytes(if key == SCHEMA { schema } else { value }, &mut out);
    }
    put_long(0, &mut out);
    out.extend_from_slice(opened.sync());
    Ok(out)
}

fn left(opened: &Opened, columns: &[usize]) -> Result<Left, DataError> {
    let refused = |reason: &str, column: usize| {
        let column = opened.schema.columns.get(column).map(|column| column.name.clone()).unwrap_or_default();
        DataError::new(format!("cannot be dropped: {reason}"))
            .at(Position::Column { table: None, column })
            .advise("use null or redact for its entity type in the policy")
    };
    const WITHIN: &str = "it stands within another field, which cannot be without it";
    let first = columns.first().copied().unwrap_or_default();
    let Node::Record(nodes) = &opened.schema.root else { return Err(refused(WITHIN, first)) };
    let mut fields = Vec::with_capacity(nodes.len());
    let mut found = 0;
    for node in nodes {
        let own = own_columns(node);
        let going = own.iter().flatten().filter(|column| columns.contains(column)).count();
        let held = own.as_ref().map_or(0, Vec::len);
        if let (true, Some(column)) = (going > 0 && going < held, own.iter().flatten().next()) {
            return Err(refused("it is one of several types that its field may be of", *column));
        }
        found += going;
        fields.push(going > 0);
    }
    if found < columns.len() {
        let is_own = |column: &usize| nodes.iter().filter_map(own_columns).any(|own| own.contains(column));
        let inner = columns.iter().copied().find(|column| !is_own(column));
        return Err(refused(WITHIN, inner.unwrap_or(first)));
    }
    if fields.iter().all(|goes| *goes) {
        return Err(refused("it is the last column, and a file without columns is none", first));
    }
    let text = opened.metadata.iter().find(|(key, _)| key == SCHEMA).map(|(_, text)| text.as_slice());
    let json = serde_json::from_slice(text.unwrap_or_default());
    let mut json: Value = json.map_err(|_| unreadable("its schema is not JSON"))?;
    let named = json.get_mut("fields").and_then(Value::as_array_mut).filter(|named| named.len() == fields.len());
    let Some(named) = named else { return Err(refused(WITHIN, first)) };
    let mut goes = fields.iter().copied();
    named.retain(|_| !goes.next().unwrap_or(false));
    let schema = json.to_string().into_bytes();
    // A type that is defined in a field may be used in another one.
    if Schema::new(&schema).is_err() {
        return Err(refused("its type is defined there and used by another field", first));
    }
    Ok(Left { fields, schema })
}

/// The columns of a field that holds one value; none where it holds others.
fn own_columns(node: &Node) -> Option<Vec<usize>> {
    match node {
        Node::Leaf(leaf) => Some(leaf.column.into_iter().collect()),
        Node::Union(branches) => {
            let each = branches.iter().map(|branch| match branch {
                Node::Leaf(leaf) => Some(leaf.column),
                _ => None,
            });
            each.collect::<Option<Vec<_>>>().map(|columns| columns.into_iter().flatten().collect())
        }
        Node::Record(_) | Node::Array(_) | Node::Map(..) => None,
    }
}
