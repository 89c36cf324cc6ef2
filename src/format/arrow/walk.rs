//! Goes through Arrow data once, from front to back: dictionaries are kept, record batches cut into blocks.
//!
//! Values of a dictionary that no row uses are handed out as well, as a table of their own: they are in the file.

use std::collections::HashMap;
use std::sync::Arc;

use super::column::{self, keyed};
use super::leaf::{Leaf, Raw};
use super::message::{Batch, Content, Message};
use super::open::Opened;
use super::schema::{self, Keyed, Node};
use super::unreadable;
use crate::block::{Column, ColumnContext, TableBlock, TableContext};
use crate::error::{DataError, Position};
use crate::format::columnar::notes::Note;
use crate::format::columnar::{source::Source, without_text};

/// Records of a block, at most.
const MAX_RECORDS: u64 = 64 << 10;
/// Bytes of a block that are aimed at.
pub(super) const BLOCK_BYTES: u64 = 16 << 20;
/// Values of one column in a block that are aimed at.
const BLOCK_VALUES: u64 = 1 << 20;
/// Bytes of one dictionary that are held.
const MAX_DICTIONARY: usize = 512 << 20;
/// Values of a dictionary that are read at a time.
pub(super) const STEP: usize = 8192;

/// What is met on the way.
pub(super) enum Met<'a> {
    /// A text beside the rows.
    Note(Note),
    /// Values of dictionary number `slot`; each time one is replaced, the new one has a number of its own.
    Dictionary { message: &'a Message, id: i64, slot: usize, hidden: bool },
    /// Values of dictionary number `slot` that no row uses, and where they stand in it.
    Unused { id: i64, slot: usize, block: TableBlock, keys: Vec<usize> },
    /// Rows of a record batch.
    Rows(Rows),
    /// The end of a record batch, and the leaves in whose buffers something stands that is no value.
    Batch { message: &'a Message, batch: &'a Batch, hidden: Vec<usize> },
}

/// Rows of a record batch.
pub(super) struct Rows {
    pub(super) block: TableBlock,
    /// One for each column of the block.
    pub(super) origins: Vec<Origin>,
}

/// Where a column of a block comes from.
pub(super) struct Origin {
    pub(super) node: usize,
    /// Values of the leaf before those of the block.
    pub(super) before: u64,
    /// Dictionary number and keys, of a column with a dictionary.
    pub(super) keys: Option<(usize, Vec<Option<usize>>)>,
}

/// How much is read.
pub(super) struct Extent {
    /// Bytes of a block to aim for.
    pub(super) block_bytes: u64,
    /// Leaves that are not examined are read as well, to see that they are whole.
    pub(super) whole: bool,
}

type Visit<'a> = &'a mut dyn FnMut(Met<'_>) -> Result<(), DataError>;

struct Dictionary {
    slot: usize,
    values: Raw,
    used: Vec<bool>,
}

/// Goes through `opened`.
///
/// # Errors
/// When the data are damaged, or what `visit` returned.
pub(super) fn walk(opened: &Opened, extent: &Extent, visit: Visit<'_>) -> Result<(), DataError> {
    for note in opened.notes()? {
        visit(Met::Note(note))?;
    }
    let mut walker = Walker { opened, extent, dictionaries: HashMap::new(), slots: 0, first_row: 1 };
    opened.messages(&mut |message| walker.message(&message, visit))?;
    let mut left: Vec<(i64, Dictionary)> = walker.dictionaries.drain().collect();
    left.sort_unstable_by_key(|(_, dictionary)| dictionary.slot);
    for (id, dictionary) in left {
        walker.unused(id, &dictionary, visit)?;
    }
    Ok(())
}

struct Walker<'a> {
    opened: &'a Opened,
    extent: &'a Extent,
    dictionaries: HashMap<i64, Dictionary>,
    slots: usize,
    first_row: u64,
}

impl Walker<'_> {
    fn message(&mut self, message: &Message, visit: Visit<'_>) -> Result<(), DataError> {
        for note in schema::entries(message.parsed()?.custom_metadata())? {
            visit(Met::Note(note))?;
        }
        match message.content()? {
            Content::Batch(batch) => self.batch(message, &batch, visit),
            Content::Dictionary { id, delta, batch } => self.dictionary(message, (id, delta), &batch, visit),
        }
    }

    fn dictionary(
        &mut self,
        message: &Message,
        (id, delta): (i64, bool),
        batch: &Batch,
        visit: Visit<'_>,
    ) -> Result<(), DataError> {
        let node = self.opened.schema.of_dictionary(id);
        let node = node.ok_or_else(|| unreadable("a dictionary belongs to no field").at(Position::Byte(message.at)))?;
        let before = if delta { self.dictionaries.remove(&id) } else { None };
        if let Some(replaced) = self.dictionaries.remove(&id) {
            if self.opened.footer.is_some() {
                return Err(DataError::new(
                    "a dictionary of the file is replaced by another, which readers see otherwise",
                )
                .advise("write it again with one dictionary for each column")
                .at(node.position()));
            }
            self.unused(id, &replaced, visit)?;
        }
        if delta && before.is_none() {
            return Err(unreadable("a dictionary is continued that never began").at(node.position()));
        }
        let mut dictionary = before.unwrap_or_else(|| {
            self.slots += 1;
            Dictionary { slot: self.slots - 1, values: Raw::default(), used: Vec::new() }
        });
        let others: usize = self.dictionaries.values().map(|other| other.values.bytes.len()).sum();
        let hidden = each_value(&self.opened.source, message, batch, node, &mut |value| {
            if others + dictionary.values.bytes.len() > MAX_DICTIONARY {
                return Err(DataError::new(format!("the dictionaries hold more than {MAX_DICTIONARY} bytes"))
                    .advise("write the column without a dictionary")
                    .at(node.position()));
            }
            dictionary.values.push(value, width(node));
            Ok(())
        })?;
        dictionary.used.resize(dictionary.values.count, false);
        let slot = dictionary.slot;
        self.dictionaries.insert(id, dictionary);
        visit(Met::Dictionary { message, id, slot, hidden })
    }

    fn unused(&self, id: i64, dictionary: &Dictionary, visit: Visit<'_>) -> Result<(), DataError> {
        let Some(node) = self.opened.schema.of_dictionary(id).filter(|node| node.is_examined()) else { return Ok(()) };
        let unused = dictionary.used.iter().enumerate().filter(|(_, used)| !**used).map(|(key, _)| key);
        let keys: Vec<usize> = unused.filter(|key| dictionary.values.get(*key).is_some()).collect();
        for keys in keys.chunks(MAX_RECORDS as usize) {
            let mut values = Raw::default();
            keys.iter().for_each(|key| values.push(dictionary.values.get(*key), width(node)));
            let Some((values, text)) = column::build(node, values)? else { continue };
            // The rows are the places in the dictionary, from the first of these keys on.
            let (Some(first), Some(last)) = (keys.first(), keys.last()) else { continue };
            let records = keys.iter().map(|key| u32::try_from(key - first).unwrap_or(u32::MAX)).collect();
            let (rows, first_row) = (last - first + 1, *first as u64 + 1);
            let mut table = TableContext {
                name: Some("dictionary values that no row uses".into()),
                columns: vec![ColumnContext { name: node.name.clone(), kind: node.kind() }],
            };
            if !text {
                table = without_text(&table, &[0]);
            }
            let columns = vec![Column { index: 0, values, records: Some(records) }];
            let block = TableBlock { table: Arc::new(table), columns, rows, first_row, text: None };
            visit(Met::Unused { id, slot: dictionary.slot, block, keys: keys.to_vec() })?;
        }
        Ok(())
    }

    fn batch(&mut self, message: &Message, batch: &Batch, visit: Visit<'_>) -> Result<(), DataError> {
        let opened = self.opened;
        let nodes = &opened.schema.nodes;
        let places = batch.places(nodes, |node| node.layout);
        let places = places.map_err(|reason| unreadable(reason).at(Position::Byte(message.at)))?;
        let mut leaves = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            if node.is_leaf() && (node.is_examined() || self.extent.whole) {
                let leaf = Leaf::open(&opened.source, batch, nodes, &places, index);
                leaves.push((index, node, leaf.map_err(|error| error.at(node.position()))?));
            }
        }
        let step = self.step(batch, &leaves);
        let mut done = 0;
        loop {
            let rows = step.min(batch.rows - done);
            let mut columns = Vec::new();
            let mut origins = Vec::new();
            let mut not_text = Vec::new();
            for (index, node, leaf) in &mut leaves {
                let before = leaf.done;
                let at = |error: DataError| error.at(node.position());
                let (records, raw) = leaf.next(rows as usize, done + rows == batch.rows).map_err(at)?;
                if raw.count == 0 || !node.is_examined() {
                    continue;
                }
                let (built, keys) = match node.dictionary {
                    None => (column::build(node, raw).map_err(at)?, None),
                    Some(keyed) => self.keyed(node, keyed, &raw).map_err(at)?,
                };
                let Some((values, text)) = built else { continue };
                if !text {
                    not_text.push(node.column);
                }
                columns.push(Column { index: node.column, values, records });
                origins.push(Origin { node: *index, before, keys });
            }
            let context = &opened.context;
            let table =
                if not_text.is_empty() { Arc::clone(context) } else { Arc::new(without_text(context, &not_text)) };
            let first_row = self.first_row + done;
            let block = TableBlock { table, columns, rows: rows as usize, first_row, text: None };
            done += rows;
            if rows > 0 {
                visit(Met::Rows(Rows { block, origins }))?;
            }
            if done == batch.rows {
                break;
            }
        }
        self.first_row += batch.rows;
        let hidden = leaves.iter().filter(|(_, node, leaf)| leaf.hidden && node.is_examined());
        let hidden = hidden.map(|(index, _, _)| *index).collect();
        visit(Met::Batch { message, batch, hidden })
    }

    #[allow(clippy::type_complexity)]
    fn keyed(
        &mut self,
        node: &Node,
        by: Keyed,
        raw: &Raw,
    ) -> Result<(Option<column::Built>, Option<(usize, Vec<Option<usize>>)>), DataError> {
        let keys = column::keys(raw, by.signed)?;
        let Some(dictionary) = self.dictionaries.get_mut(&by.id) else {
            // Of NULLs alone none is needed.
            let is_null = keys.iter().all(Option::is_none);
            return if is_null { Ok((None, None)) } else { Err(unreadable("a dictionary is missing")) };
        };
        let built = keyed(node, &keys, &dictionary.values)?;
        for key in keys.iter().flatten() {
            if let Some(used) = dictionary.used.get_mut(*key) {
                *used = true;
            }
        }
        Ok((built, Some((dictionary.slot, keys))))
    }

    /// Records per block, so that a block is neither much larger nor much smaller than it should be.
    fn step(&self, batch: &Batch, leaves: &[(usize, &Node, Leaf)]) -> u64 {
        let rows = batch.rows.max(1);
        let examined = leaves.iter().filter(|(_, node, _)| node.is_examined());
        let (mut bytes, mut most) = (0u64, rows);
        for (index, _, leaf) in examined {
            bytes = bytes.saturating_add(leaf.weight);
            most = most.max(batch.nodes.get(*index).map_or(0, |(length, _)| *length));
        }
        let by_bytes = self.extent.block_bytes / (bytes / rows).max(1);
        by_bytes.min(BLOCK_VALUES / (most / rows).max(1)).clamp(1, MAX_RECORDS)
    }
}

/// The width of the values of `node`, where they have one.
pub(super) fn width(node: &Node) -> Option<usize> {
    match node.value_layout() {
        schema::Layout::Fixed(width) => Some(width),
        _ => None,
    }
}

/// The field that stands for the values of a dictionary of `node`.
pub(super) fn of_values(node: &Node) -> Node {
    Node { layout: node.value_layout(), parent: None, dictionary: None, ..node.clone() }
}

/// Takes a value; `None` is NULL.
pub(super) type VisitValue<'a> = &'a mut dyn FnMut(Option<&[u8]>) -> Result<(), DataError>;

/// Hands the values of a dictionary message to `visit`; whether something stands in its buffers that is no value.
///
/// # Errors
/// When it is damaged, or what `visit` returned.
pub(super) fn each_value(
    source: &Source,
    message: &Message,
    batch: &Batch,
    node: &Node,
    visit: VisitValue<'_>,
) -> Result<bool, DataError> {
    let nodes = [of_values(node)];
    let places = batch.places(&nodes, |node| node.layout);
    let places = places.map_err(|reason| unreadable(reason).at(Position::Byte(message.at)))?;
    let mut leaf = Leaf::open(source, batch, &nodes, &places, 0).map_err(|error| error.at(node.position()))?;
    let mut left = usize::try_from(batch.rows).unwrap_or(usize::MAX);
    while left > 0 {
        let raw = leaf.take(left.min(STEP)).map_err(|error| error.at(node.position()))?;
        (0..raw.count).try_for_each(|at| visit(raw.get(at)))?;
        left -= raw.count;
    }
    leaf.finish().map_err(|error| error.at(node.position()))?;
    Ok(leaf.hidden)
}
