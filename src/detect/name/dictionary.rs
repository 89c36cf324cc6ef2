//! What the tables know of Chinese names: surnames with their weight, characters of given names with their count, and
//! ordinary words that only look like names. Look-ups are arrays by code point, or an index into the embedded text that
//! the build script made; nothing here decides what a name is.

use std::sync::LazyLock;

use crate::detect::han::{FIRST, LAST};
use crate::detect::sorted_table::layout;
use crate::rule::embedded;

const TRADITIONAL: &str = "張陳黃劉吳楊趙許鄭謝馮鄧蔣葉蘇呂賈閻鍾譚賴盧韓馬蕭龍羅孫莊嚴錢湯顧龔萬歐陽偉強軍國華麗靜傑銘鋒鳳蘭紅雲學慶義飛東樂鵬寶貴\
    艷瓊燦誠詩穎曉夢輝勝榮瑋瑩綺鈺鑫維紹興倫億書維澤濤慧賢芸齊關鄒陸鄺傅連葦衛簡詹餘";
const SIMPLIFIED: &str = "张陈黄刘吴杨赵许郑谢冯邓蒋叶苏吕贾阎钟谭赖卢韩马萧龙罗孙庄严钱汤顾龚万欧阳伟强军国华丽静杰铭锋凤兰红云学庆义飞东乐鹏宝贵\
    艳琼灿诚诗颖晓梦辉胜荣玮莹绮钰鑫维绍兴伦亿书维泽涛慧贤芸齐关邹陆邝傅连苇卫简詹余";

/// What is known of one character.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    /// 0 for no surname, else people per million + 1.
    pub(super) surname: u16,
    /// How often in given names.
    pub(super) given: u16,
    /// Of a traditional character: the simplified one, 0 for itself.
    simplified: u16,
    /// Whether a compound or double surname begins with it.
    pub(super) begins_pair: bool,
}

struct Dictionary {
    /// By code point.
    characters: Vec<Known>,
    compound: Vec<[char; 2]>,
    double: Vec<[char; 2]>,
}

include!(concat!(env!("OUT_DIR"), "/common_words.rs"));

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(Dictionary::load);

/// The ordinary words as text; the slots point into it.
static WORDS: LazyLock<&'static [u8]> = LazyLock::new(|| embedded::table("common_words.txt").as_bytes());

fn index(c: char) -> Option<usize> {
    let c = u32::from(c);
    (FIRST..=LAST).contains(&c).then(|| (c - FIRST) as usize)
}

impl Dictionary {
    fn load() -> Dictionary {
        let size = (LAST - FIRST + 1) as usize;
        let characters = vec![Known::default(); size];
        let mut dictionary = Dictionary { characters, compound: Vec::new(), double: Vec::new() };
        for mut row in embedded::rows("surnames.tsv") {
            let (Some(name), Some(weight), Some(kind)) = (row.next(), row.next(), row.next()) else { continue };
            let weight: u32 = weight.parse().unwrap_or(0);
            let mut characters = name.chars();
            match (characters.next(), characters.next(), kind) {
                (Some(one), None, _) => {
                    let surname = u16::try_from(weight.saturating_add(1)).unwrap_or(u16::MAX);
                    dictionary.enter(one, |known| known.surname = surname);
                }
                (Some(one), Some(two), kind) => {
                    dictionary.enter(one, |known| known.begins_pair = true);
                    let list = if kind == "double" { &mut dictionary.double } else { &mut dictionary.compound };
                    list.push([one, two]);
                }
                _ => {}
            }
        }
        for mut row in embedded::rows("given_name_chars.tsv") {
            let (Some(name), Some(count)) = (row.next(), row.next()) else { continue };
            let count = count.parse().unwrap_or(u16::MAX);
            name.chars().take(1).for_each(|c| dictionary.enter(c, |known| known.given = count));
        }
        for (traditional, plain) in TRADITIONAL.chars().zip(SIMPLIFIED.chars()) {
            let plain = u16::try_from(u32::from(plain)).unwrap_or(0);
            dictionary.enter(traditional, |known| known.simplified = plain);
        }
        dictionary.compound.sort_unstable();
        dictionary.double.sort_unstable();
        dictionary
    }

    fn enter(&mut self, c: char, what: impl FnOnce(&mut Known)) {
        if let Some(known) = index(c).and_then(|index| self.characters.get_mut(index)) {
            what(known);
        }
    }
}

fn known(c: char) -> Known {
    index(c).and_then(|index| DICTIONARY.characters.get(index)).copied().unwrap_or_default()
}

/// People per million with the surname `c`, plus 1; 0 when it is no surname.
pub(super) fn surname(c: char) -> u16 {
    known(c).surname
}

/// Each of `characters` in simplified form, if it is a traditional one that is frequent in names, and what is known of
/// that form; the rest of the result is empty.
#[inline]
pub(super) fn plain<const N: usize>(characters: &[char]) -> [(char, Known); N] {
    let table = DICTIONARY.characters.as_slice();
    let known = |c: char| index(c).and_then(|index| table.get(index)).copied().unwrap_or_default();
    let mut plain = [('\0', Known::default()); N];
    for (slot, &c) in plain.iter_mut().zip(characters) {
        let own = known(c);
        *slot = match char::from_u32(u32::from(own.simplified)) {
            Some(simplified) if own.simplified != 0 => (simplified, known(simplified)),
            _ => (c, own),
        };
    }
    plain
}

/// How often `c` stands in given names; 0 when unknown.
pub(super) fn given(c: char) -> u16 {
    known(c).given
}

/// Traditional characters that are frequent in names, in simplified form; any other character as it is.
pub(super) fn simplified(c: char) -> char {
    let plain = known(c).simplified;
    if plain == 0 { c } else { char::from_u32(u32::from(plain)).unwrap_or(c) }
}

/// Whether `pair` is a surname of two characters (欧阳).
pub(super) fn is_compound(pair: [char; 2]) -> bool {
    known(pair[0]).begins_pair && DICTIONARY.compound.binary_search(&pair).is_ok()
}

/// Whether `pair` is a known pair of two surnames (张王).
pub(super) fn is_double(pair: [char; 2]) -> bool {
    known(pair[0]).begins_pair && DICTIONARY.double.binary_search(&pair).is_ok()
}

/// Whether `text` is an ordinary word.
pub(in crate::detect) fn is_word(text: &[u8]) -> bool {
    let hash = layout::word_hash(text);
    may_be_word(hash) && is_indexed_word(text, hash)
}

/// Whether the filter lets a word with this hash pass; nearly all that are no words it does not.
#[inline]
fn may_be_word(hash: u64) -> bool {
    let (word, bits) = layout::filter_bits(hash);
    WORD_BITS.get(word).is_some_and(|word| word & bits == bits)
}

fn is_indexed_word(text: &[u8], hash: u64) -> bool {
    if text.is_empty() {
        return false;
    }
    let first = layout::word_slot(hash);
    let slots = (first..layout::WORD_SLOTS).chain(0..first).map_while(|slot| WORD_SLOTS.get(slot));
    let mut starts = slots.map_while(|slot| slot.checked_sub(1)).filter_map(|start| WORDS.get(start as usize..));
    starts.any(|line| line.strip_prefix(text).is_some_and(|rest| matches!(rest.first(), None | Some(b'\n' | b'\r'))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::sorted_table;

    #[test]
    fn traditional_and_simplified_are_aligned() {
        assert_eq!(TRADITIONAL.chars().count(), SIMPLIFIED.chars().count());
        for (traditional, plain) in [('張', '张'), ('餘', '余'), ('陽', '阳'), ('瑩', '莹'), ('伟', '伟')] {
            assert_eq!(simplified(traditional), plain);
        }
    }

    #[test]
    fn knows_surnames_and_given_names() {
        if embedded::table("surnames.tsv").is_empty() {
            return;
        }
        assert!(surname('张') > surname('欧'));
        assert_eq!(surname('的'), 0);
        assert_eq!(surname('a'), 0);
        assert!(given('伟') > 50);
        assert!(is_compound(['欧', '阳']) && !is_compound(['张', '伟']));
        assert!(is_double(['张', '王']));
        assert!(is_word("高兴".as_bytes()) && !is_word("高兴华".as_bytes()));
    }

    #[test]
    fn the_filter_refuses_no_word() {
        let mut refused = 0;
        for mut row in embedded::rows("common_words.txt") {
            let word = row.next().unwrap();
            assert!(is_word(word.as_bytes()), "{word}");
            let twice = format!("{word}{word}");
            refused += usize::from(!may_be_word(layout::word_hash(twice.as_bytes())));
            for other in [twice.as_str(), word.get(..word.len() - 3).unwrap(), &format!("{word}的")] {
                let is_listed = sorted_table::contains(embedded::table("common_words.txt"), other.as_bytes());
                assert_eq!(is_word(other.as_bytes()), is_listed, "{other}");
            }
        }
        assert!(refused > 30_000, "{refused}");
    }

    #[test]
    fn builds_quickly() {
        let start = std::time::Instant::now();
        for _ in 0..10 {
            assert_eq!(Dictionary::load().characters.len(), 0x5200);
        }
        println!("dictionary: {:?} a build", start.elapsed() / 10);
    }
}
