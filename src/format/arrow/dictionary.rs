//! The second go of rewriting data with dictionaries: values that were replaced are written anew, and where two of them
//! became the same or one became NULL, the keys of the rows as well, for readers want each value once.

use std::collections::{BTreeMap, HashMap};

use super::encode::{Encoder, compose};
use super::leaf::Leaf;
use super::message::{Batch, Content, Message};
use super::open::Opened;
use super::rewrite::{Out, Place};
use super::schema::Node;
use super::walk::{STEP, each_value, of_values};
use super::{column, unreadable};
use crate::error::{DataError, Position};
use crate::format::columnar::source::Source;

/// What becomes of values of dictionaries, by their numbers.
#[derive(Default)]
pub(super) struct Replaced {
    dictionaries: BTreeMap<usize, Values>,
}

type Values = BTreeMap<usize, Option<Vec<u8>>>;

impl Replaced {
    /// No dictionary is written anew.
    pub(super) fn is_empty(&self) -> bool {
        self.dictionaries.is_empty()
    }

    /// What becomes of the values of dictionary `slot`, which is written anew in any case.
    pub(super) fn of(&mut self, slot: usize) -> &mut Values {
        self.dictionaries.entry(slot).or_default()
    }

    /// Enters that value `key` of dictionary `slot` becomes `value`, for all rows that use it.
    ///
    /// # Errors
    /// When it is to become something else for another row.
    pub(super) fn enter(&mut self, slot: usize, key: usize, value: Option<Vec<u8>>) -> Result<(), DataError> {
        let values = self.of(slot);
        if let Some(known) = values.get(&key) {
            if *known == value {
                return Ok(());
            }
            return Err(DataError::new("a value that rows share in a dictionary would be replaced in two ways")
                .advise("write the column without a dictionary"));
        }
        values.insert(key, value);
        Ok(())
    }
}

/// A message that was put aside.
pub(super) struct Aside {
    pub(super) at: u64,
    pub(super) kind: Kind,
}

/// What it holds.
pub(super) enum Kind {
    Dictionary { id: i64, slot: usize },
    Batch,
}

/// What became of the keys of the dictionary that rows use at present.
#[derive(Default)]
struct Renumbered {
    slot: Option<usize>,
    /// For each value the number that it has now; `None`: it became NULL.
    numbers: Vec<Option<usize>>,
    /// The number of each value, and whether it came there by an edit.
    known: HashMap<Vec<u8>, (usize, bool)>,
    written: usize,
    /// Some number is not what it was.
    differs: bool,
}

/// Writes the messages that were put `aside`; returns where each went.
///
/// # Errors
/// When they cannot be written.
pub(super) fn write_out(
    opened: &Opened,
    aside: &Source,
    messages: &[Aside],
    replaced: &Replaced,
    out: &mut Out<'_>,
) -> Result<Vec<Place>, DataError> {
    let mut current: HashMap<i64, Renumbered> = HashMap::new();
    let mut places = Vec::with_capacity(messages.len());
    for put in messages {
        let message = Message::read(aside, put.at, aside.length)?;
        let message = message.map_err(|_| unreadable("it changed while it was read"))?;
        let place = match (&put.kind, message.content()?) {
            (Kind::Dictionary { id, slot }, Content::Dictionary { batch, .. }) => {
                let renumbered = current.entry(*id).or_default();
                if renumbered.slot != Some(*slot) {
                    *renumbered = Renumbered { slot: Some(*slot), ..Renumbered::default() };
                }
                match (replaced.dictionaries.get(slot), opened.schema.of_dictionary(*id)) {
                    (Some(values), Some(node)) => dictionary(aside, &message, &batch, node, values, renumbered, out)?,
                    _ => out.message(aside, &message)?,
                }
            }
            (Kind::Batch, Content::Batch(batch)) => batch_of(opened, aside, &message, &batch, &current, out)?,
            _ => return Err(unreadable("it changed while it was read")),
        };
        places.push(place);
    }
    Ok(places)
}

/// Writes the values of a dictionary, each once.
fn dictionary(
    aside: &Source,
    message: &Message,
    batch: &Batch,
    node: &Node,
    values: &Values,
    renumbered: &mut Renumbered,
    out: &mut Out<'_>,
) -> Result<Place, DataError> {
    let nodes = [of_values(node)];
    let mut encoder = Encoder::new(node.value_layout());
    each_value(aside, message, batch, node, &mut |old| {
        let key = renumbered.numbers.len();
        let edited = values.get(&key);
        let new = edited.map_or(old, |value| value.as_deref());
        // What stood there twice stays twice.
        let same = new.and_then(|value| renumbered.known.get(value)).copied();
        let same = same.filter(|(_, by_edit)| *by_edit || edited.is_some());
        let number = match new {
            // A NULL that was there stays; what became one is no value any more.
            None if edited.is_some() => None,
            Some(_) if same.is_some() => same.map(|(number, _)| number),
            _ => {
                encoder.push(new)?;
                if let Some(value) = new {
                    renumbered.known.entry(value.to_vec()).or_insert((renumbered.written, edited.is_some()));
                }
                renumbered.written += 1;
                Some(renumbered.written - 1)
            }
        };
        renumbered.differs |= number != Some(key);
        renumbered.numbers.push(number);
        Ok(())
    })?;
    let places = batch.places(&nodes, |node| node.layout);
    let places = places.map_err(|reason| unreadable(reason).at(Position::Byte(message.at)))?;
    let validity = batch.buffers.first().is_some_and(|span| span.length > 0);
    let changed = vec![(0, encoder.finish(validity))];
    out.composed(aside, &compose(message, batch, &places, &nodes, changed)?)
}

/// Writes a record batch, with new keys where those of its dictionaries have changed.
fn batch_of(
    opened: &Opened,
    aside: &Source,
    message: &Message,
    batch: &Batch,
    current: &HashMap<i64, Renumbered>,
    out: &mut Out<'_>,
) -> Result<Place, DataError> {
    let nodes = &opened.schema.nodes;
    let places = batch.places(nodes, |node| node.layout);
    let places = places.map_err(|reason| unreadable(reason).at(Position::Byte(message.at)))?;
    let mut changed = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(keyed) = node.dictionary else { continue };
        let Some(renumbered) = current.get(&keyed.id).filter(|renumbered| renumbered.differs) else { continue };
        let mut leaf = Leaf::open(aside, batch, nodes, &places, index)?;
        let mut encoder = Encoder::new(node.layout);
        let mut left = batch.nodes.get(index).map_or(0, |(length, _)| *length);
        while left > 0 {
            let raw = leaf.take(usize::try_from(left).unwrap_or(usize::MAX).min(STEP))?;
            for key in column::keys(&raw, keyed.signed)? {
                let number = key.and_then(|key| renumbered.numbers.get(key).copied().flatten());
                let bytes = number.map(|number| (number as u64).to_le_bytes());
                let width = match node.layout {
                    super::schema::Layout::Fixed(width) => width,
                    _ => 0,
                };
                encoder.push(bytes.as_ref().map(|bytes| bytes.get(..width).unwrap_or_default()))?;
            }
            left -= raw.count as u64;
        }
        let validity = places.get(index).and_then(|(first, _)| batch.buffers.get(*first));
        changed.push((index, encoder.finish(validity.is_some_and(|span| span.length > 0))));
    }
    if changed.is_empty() {
        return out.message(aside, message);
    }
    out.composed(aside, &compose(message, batch, &places, nodes, changed)?)
}
