//! Copies the values of a block, with edits.

use std::collections::HashSet;

use super::*;

/// What becomes of the values of a block, column by column.
pub(in crate::format::avro) struct Changes<'a> {
    pub(in crate::format::avro) schema: &'a Schema,
    /// The new values of each column by place, encoded; a place is the record of a column that is not repeated, else the
    /// number of the value in the block.
    pub(in crate::format::avro) edits: Vec<std::collections::VecDeque<(u64, Option<Vec<u8>>)>>,
    /// Values of each column that were passed.
    pub(in crate::format::avro) passed: Vec<u64>,
    pub(in crate::format::avro) record: u64,
}

impl Changes<'_> {
    /// What becomes of the value of `leaf` that comes next.
    fn next(&mut self, leaf: &Leaf) -> Option<Option<Vec<u8>>> {
        let column = leaf.column?;
        let repeated = self.schema.columns.get(column)?.repeated;
        let passed = self.passed.get_mut(column)?;
        let place = if repeated { *passed } else { self.record };
        *passed += 1;
        let edits = self.edits.get_mut(column)?;
        edits.front().filter(|(edited, _)| *edited == place)?;
        edits.pop_front().map(|(_, value)| value)
    }

    /// Copies one value of `node` to `out`.
    ///
    /// # Errors
    /// When an edit cannot be carried out.
    pub(in crate::format::avro) fn copy(
        &mut self,
        node: &Node,
        cursor: &mut Cursor<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), DataError> {
        let start = cursor.at;
        match node {
            Node::Leaf(leaf) => {
                let new = self.copy_leaf(leaf, cursor, out)?;
                if new == Some(None) { Err(not_null()) } else { Ok(()) }
            }
            Node::Record(fields) => fields.iter().try_for_each(|field| self.copy(field, cursor, out)),
            Node::Union(branches) => {
                let branch = cursor.branch(branches)?;
                let before = out.len();
                out.extend_from_slice(cursor.bytes.get(start..cursor.at).unwrap_or_default());
                let Node::Leaf(leaf) = branch else { return self.copy(branch, cursor, out) };
                if self.copy_leaf(leaf, cursor, out)? == Some(None) {
                    let is_null = |node: &Node| matches!(node, Node::Leaf(leaf) if leaf.physical == Physical::Null);
                    let null = branches.iter().position(is_null).ok_or_else(not_null)?;
                    out.truncate(before);
                    put_long(null as i64, out);
                }
                Ok(())
            }
            Node::Array(item) => {
                self.copy_items(cursor, out, &mut |changes, cursor, out| changes.copy(item, cursor, out))
            }
            Node::Map(key, item) => {
                let (mut keys, mut is_changed, mut is_twice) = (HashSet::new(), false, false);
                self.copy_items(cursor, out, &mut |changes, cursor, out| {
                    let before = out.len();
                    is_changed |= changes.copy_leaf(key, cursor, out)?.is_some();
                    is_twice |= !keys.insert(out.get(before..).unwrap_or_default().to_vec());
                    changes.copy(item, cursor, out)
                })?;
                if is_changed && is_twice {
                    return Err(DataError::new("two keys of a map would become the same")
                        .advise("choose an operator that keeps different keys different, as `hash`"));
                }
                Ok(())
            }
        }
    }

    fn copy_leaf(
        &mut self,
        leaf: &Leaf,
        cursor: &mut Cursor<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Option<Vec<u8>>>, DataError> {
        let start = cursor.at;
        let mut twin = Cursor { bytes: cursor.bytes, at: start, left: 1, room: 0 };
        value(leaf, None, &mut twin)?;
        cursor.at = twin.at;
        let new = self.next(leaf);
        match &new {
            Some(Some(bytes)) => out.extend_from_slice(bytes),
            Some(None) => {}
            None => out.extend_from_slice(cursor.bytes.get(start..cursor.at).unwrap_or_default()),
        }
        Ok(new)
    }

    #[allow(clippy::type_complexity)]
    fn copy_items(
        &mut self,
        cursor: &mut Cursor<'_>,
        out: &mut Vec<u8>,
        copy: &mut dyn FnMut(&mut Self, &mut Cursor<'_>, &mut Vec<u8>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        loop {
            let (count, sized) = cursor.items()?;
            let signed = i64::try_from(count).map_err(|_| short())?;
            if !sized {
                put_long(signed, out);
                if count == 0 {
                    return Ok(());
                }
                for _ in 0..count {
                    copy(self, cursor, out)?;
                }
                continue;
            }
            let mut inner = Vec::new();
            for _ in 0..count {
                copy(self, cursor, &mut inner)?;
            }
            put_long(-signed, out);
            put_bytes(&inner, out);
        }
    }
}

fn not_null() -> DataError {
    DataError::new("the column does not allow NULL").advise("choose another operator for what stands in this column")
}
