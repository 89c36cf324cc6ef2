//! Lays out the model of names in free text, see `src/detect/name/free`: what is looked up there is an array here.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

#[allow(dead_code, reason = "the rest is for those who read")]
#[path = "../src/detect/name/free/layout.rs"]
mod layout;

use layout::{CHARACTERS, FIRST, RECORD};

/// The places of a character that have weights, in the order of a record.
const PLACES: [&str; 6] = ["surname", "only", "middle", "end", "before", "behind"];

/// The cost of a character that is in no dictionary.
const UNKNOWN: u8 = 72;
/// The kind of a word that is in no dictionary.
const UNKNOWN_KIND: u8 = 15;

/// What the two files hold.
struct Tables {
    characters: Vec<u8>,
    /// Weights of ASCII signs before and behind.
    signs: Vec<u8>,
    pairs: Vec<u8>,
    /// Weights of deltas and edges for names of two, three and four characters.
    readings: Vec<u8>,
    /// Weights of the kinds of words before and behind, and of both.
    kinds: Vec<u8>,
    words: Vec<u32>,
    filter: Vec<u64>,
    compound: Vec<u32>,
    bias: i32,
    around: i32,
}

/// Writes the tables made of `model`, `words` and those of them that are `not_people` to `out`.
pub(crate) fn write(model: &str, words: &str, not_people: &str, out: &Path) -> io::Result<()> {
    let mut tables = Tables {
        characters: vec![0; CHARACTERS * RECORD],
        signs: vec![0; 2 * 128],
        pairs: vec![0; 2 * layout::PAIRS],
        readings: vec![0; 3 * (layout::DELTAS + layout::EDGES)],
        kinds: vec![0; 2 * layout::KINDS + layout::KINDS * layout::KINDS],
        words: vec![0; layout::WORD_SLOTS],
        filter: vec![0; layout::FILTER_WORDS],
        compound: Vec::new(),
        bias: 0,
        around: 0,
    };
    for (at, record) in tables.characters.chunks_mut(RECORD).enumerate() {
        put(record, 0, &((FIRST + at) as u16).to_le_bytes());
        put(record, 8, &[UNKNOWN, UNKNOWN_KIND << 4]);
    }
    model.lines().for_each(|line| tables.weights(line));
    let not_people: HashSet<&str> = not_people.lines().collect();
    words.lines().for_each(|line| tables.costs(line, &not_people));
    // Last: a traditional character has the record of its simplified one, which was filled by then.
    model.lines().filter_map(|line| line.strip_prefix("simplified\t0\t")).for_each(|codes| tables.simplify(codes));
    fs::write(out.join("name_characters.bin"), &tables.characters)?;
    fs::write(out.join("name_signs.bin"), &tables.signs)?;
    fs::write(out.join("name_pairs.bin"), &tables.pairs)?;
    fs::write(out.join("name_readings.bin"), &tables.readings)?;
    fs::write(out.join("name_kinds.bin"), &tables.kinds)?;
    fs::write(out.join("name_words.bin"), tables.words.iter().flat_map(|slot| slot.to_le_bytes()).collect::<Vec<_>>())?;
    fs::write(
        out.join("name_filter.bin"),
        tables.filter.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>(),
    )?;
    let mut code = String::new();
    let _ = writeln!(code, "/// The score of nothing, in sixteenths.\npub(super) const BIAS: i32 = {};", tables.bias);
    let _ = writeln!(
        code,
        "/// Most that the surroundings add, in sixteenths.\npub(super) const AROUND: i32 = {};",
        tables.around
    );
    let _ = writeln!(code, "/// Surnames of two characters, sorted.");
    let _ = writeln!(code, "static COMPOUND: [u32; {}] = {:?};", tables.compound.len(), tables.compound);
    fs::write(out.join("name_model.rs"), code)
}

fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
    record.iter_mut().skip(at).zip(bytes).for_each(|(slot, byte)| *slot = *byte);
}

/// Hexadecimal numbers of four digits, side by side.
fn codes(text: &str) -> impl Iterator<Item = usize> {
    let digits = text.as_bytes().chunks(4);
    digits.filter_map(|four| usize::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok())
}

impl Tables {
    fn record(&mut self, code: usize) -> Option<&mut [u8]> {
        let start = code.checked_sub(FIRST)? * RECORD;
        self.characters.get_mut(start..start + RECORD)
    }

    fn flag(&mut self, code: usize, flag: u8) {
        if let Some(flags) = self.record(code).and_then(|record| record.last_mut()) {
            *flags |= flag;
        }
    }

    /// One line of the model.
    fn weights(&mut self, line: &str) {
        let mut fields = line.split('\t');
        let (Some(what), Some(number)) = (fields.next(), fields.next()) else { return };
        let (weight, list) = (number.parse::<i32>().unwrap_or(0), fields.next().unwrap_or(""));
        let row = |size: usize| (weight as usize).saturating_sub(2) * size;
        let numbers = || list.split(' ').filter_map(|number| number.parse::<i8>().ok()).map(|weight| weight as u8);
        match what {
            "bias" => self.bias = weight,
            "around" => self.around = weight,
            "pair" => self.pairs(list.parse().unwrap_or(0), fields.next().unwrap_or(""), weight),
            "delta" => put(&mut self.readings, row(layout::DELTAS), &numbers().collect::<Vec<_>>()),
            "edge" => {
                put(&mut self.readings, 3 * layout::DELTAS + row(layout::EDGES), &numbers().collect::<Vec<_>>());
            }
            "kind_before" => put(&mut self.kinds, 0, &numbers().collect::<Vec<_>>()),
            "kind_behind" => put(&mut self.kinds, layout::KINDS, &numbers().collect::<Vec<_>>()),
            "kinds" => put(&mut self.kinds, 2 * layout::KINDS, &numbers().collect::<Vec<_>>()),
            "compound" => {
                let both: Vec<usize> = codes(list).collect();
                for pair in both.chunks_exact(2) {
                    if let [one, two] = *pair {
                        self.compound.push((one << 16 | two) as u32);
                        self.flag(one, layout::BEGINS_COMPOUND);
                    }
                }
                self.compound.sort_unstable();
            }
            "trust" => codes(list).for_each(|code| self.flag(code, (weight as u8 & 3) << layout::TRUST)),
            "single" => codes(list).for_each(|code| self.flag(code, layout::SURNAME)),
            _ => {
                let Some(place) = PLACES.iter().position(|place| *place == what) else { return };
                for code in codes(list) {
                    match self.record(code) {
                        Some(record) => put(record, 2 + place, &[weight as u8]),
                        None if place >= 4 => put(&mut self.signs, (place - 4) * 128 + code, &[weight as u8]),
                        None => {}
                    }
                }
            }
        }
    }

    /// Pairs of one kind with one weight: their characters, side by side; `␤` is the end of a line.
    fn pairs(&mut self, kind: u64, list: &str, weight: i32) {
        let codes: Vec<u16> = list.chars().map(|c| if c == '␤' { 10 } else { c as u32 as u16 }).collect();
        for both in codes.chunks_exact(2) {
            let [one, two] = *both else { continue };
            let (first, tag) = layout::pair_slot(layout::pair_hash(kind, one, two));
            let mut slots = (first..layout::PAIRS).chain(0..first);
            if let Some(free) = slots.find(|slot| self.pairs.get(2 * slot) == Some(&0)) {
                put(&mut self.pairs, 2 * free, &[weight as u8, tag]);
            }
        }
    }

    /// One line of the dictionary: a cost, a kind, and the words with them.
    fn costs(&mut self, line: &str, not_people: &HashSet<&str>) {
        let mut fields = line.split('\t');
        let mut number = || fields.next().and_then(|field| field.parse::<u8>().ok());
        let (Some(cost), Some(kind)) = (number(), number()) else { return };
        let words = fields.next().unwrap_or("");
        for word in words.split(' ') {
            let codes: Vec<u16> = word.chars().map(|c| c as u32 as u16).collect();
            if let [one] = *codes {
                if let Some(record) = self.record(usize::from(one)) {
                    let flags = record.last().map_or(0, |flags| flags & 0x0F);
                    put(record, 8, &[cost, flags | kind << 4]);
                }
                continue;
            }
            let hash = |codes: &[u16]| layout::word_hash(codes.iter().fold(0, |key, code| layout::longer(key, *code)));
            let (slot, bit) = layout::filter_bit(hash(codes.get(..2).unwrap_or_default()));
            self.filter.iter_mut().skip(slot).take(1).for_each(|word| *word |= 1 << bit);
            let hash = hash(&codes);
            let first = layout::word_slot(hash);
            let free = (first..layout::WORD_SLOTS).chain(0..first).find(|slot| self.words.get(*slot) == Some(&0));
            let slot = free.and_then(|free| self.words.get_mut(free));
            let nobody = if not_people.contains(word) { layout::NOBODY } else { 0 };
            let entry = layout::word_tag(hash) | nobody | u32::from(kind) << 8 | u32::from(cost);
            slot.into_iter().for_each(|slot| *slot = entry);
        }
    }

    fn simplify(&mut self, list: &str) {
        let both: Vec<usize> = codes(list).collect();
        for pair in both.chunks_exact(2) {
            if let [from, to] = *pair
                && let Some(record) = self.record(to).map(|record| record.to_vec())
                && let Some(slot) = self.record(from)
            {
                put(slot, 0, &record);
            }
        }
    }
}
