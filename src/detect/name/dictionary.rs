//! What the tables know of Chinese names: surnames with their weight, characters of given names with their count, and
//! ordinary words that only look like names. Look-ups are arrays by code point or a bisection of the embedded text;
//! nothing here decides what a name is.

use std::sync::LazyLock;

use crate::detect::sorted_table;
use crate::rule::embedded;

/// The block that surnames and given-name characters come from.
const FIRST: u32 = 0x4E00;
const LAST: u32 = 0x9FFF;

const TRADITIONAL: &str = "張陳黃劉吳楊趙許鄭謝馮鄧蔣葉蘇呂賈閻鍾譚賴盧韓馬蕭龍羅孫莊嚴錢湯顧龔萬歐陽偉強軍國華麗靜傑銘鋒鳳蘭紅雲學慶義飛東樂鵬寶貴\
    艷瓊燦誠詩穎曉夢輝勝榮瑋瑩綺鈺鑫維紹興倫億書維澤濤慧賢芸齊關鄒陸鄺傅連葦衛簡詹餘";
const SIMPLIFIED: &str = "张陈黄刘吴杨赵许郑谢冯邓蒋叶苏吕贾阎钟谭赖卢韩马萧龙罗孙庄严钱汤顾龚万欧阳伟强军国华丽静杰铭锋凤兰红云学庆义飞东乐鹏宝贵\
    艳琼灿诚诗颖晓梦辉胜荣玮莹绮钰鑫维绍兴伦亿书维泽涛慧贤芸齐关邹陆邝傅连苇卫简詹余";

struct Dictionary {
    /// By code point: 0 for no surname, else people per million + 1.
    surnames: Vec<u16>,
    /// By code point: how often in given names.
    given: Vec<u16>,
    /// By code point of a traditional character: the simplified one, 0 for itself.
    simplified: Vec<u16>,
    compound: Vec<[char; 2]>,
    double: Vec<[char; 2]>,
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(Dictionary::load);

fn index(c: char) -> Option<usize> {
    let c = u32::from(c);
    (FIRST..=LAST).contains(&c).then(|| (c - FIRST) as usize)
}

impl Dictionary {
    fn load() -> Dictionary {
        let size = (LAST - FIRST + 1) as usize;
        let mut dictionary = Dictionary {
            surnames: vec![0; size],
            given: vec![0; size],
            simplified: vec![0; size],
            compound: Vec::new(),
            double: Vec::new(),
        };
        for mut row in embedded::rows("surnames.tsv") {
            let (Some(name), Some(weight), Some(kind)) = (row.next(), row.next(), row.next()) else { continue };
            let weight: u32 = weight.parse().unwrap_or(0);
            let mut characters = name.chars();
            match (characters.next(), characters.next(), kind) {
                (Some(one), None, _) => {
                    if let Some(slot) = index(one).and_then(|index| dictionary.surnames.get_mut(index)) {
                        *slot = u16::try_from(weight.saturating_add(1)).unwrap_or(u16::MAX);
                    }
                }
                (Some(one), Some(two), "double") => dictionary.double.push([one, two]),
                (Some(one), Some(two), _) => dictionary.compound.push([one, two]),
                _ => {}
            }
        }
        for mut row in embedded::rows("given_name_chars.tsv") {
            let (Some(name), Some(count)) = (row.next(), row.next()) else { continue };
            if let Some(slot) = name.chars().next().and_then(index).and_then(|index| dictionary.given.get_mut(index)) {
                *slot = count.parse().unwrap_or(u16::MAX);
            }
        }
        for (traditional, plain) in TRADITIONAL.chars().zip(SIMPLIFIED.chars()) {
            if let Some(slot) = index(traditional).and_then(|index| dictionary.simplified.get_mut(index)) {
                *slot = u16::try_from(u32::from(plain)).unwrap_or(0);
            }
        }
        dictionary
    }
}

/// People per million with the surname `c`, plus 1; 0 when it is no surname.
pub(super) fn surname(c: char) -> u16 {
    index(c).and_then(|index| DICTIONARY.surnames.get(index)).copied().unwrap_or(0)
}

/// How often `c` stands in given names; 0 when unknown.
pub(super) fn given(c: char) -> u16 {
    index(c).and_then(|index| DICTIONARY.given.get(index)).copied().unwrap_or(0)
}

/// Traditional characters that are frequent in names, in simplified form; any other character as it is.
pub(super) fn simplified(c: char) -> char {
    let plain = index(c).and_then(|index| DICTIONARY.simplified.get(index)).copied().unwrap_or(0);
    if plain == 0 { c } else { char::from_u32(u32::from(plain)).unwrap_or(c) }
}

/// Whether `pair` is a surname of two characters (欧阳).
pub(super) fn is_compound(pair: [char; 2]) -> bool {
    DICTIONARY.compound.contains(&pair)
}

/// Whether `pair` is a known pair of two surnames (张王).
pub(super) fn is_double(pair: [char; 2]) -> bool {
    DICTIONARY.double.contains(&pair)
}

/// Whether `text` is an ordinary word.
pub(in crate::detect) fn is_word(text: &[u8]) -> bool {
    sorted_table::contains(embedded::table("common_words.txt"), text)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn builds_quickly() {
        let start = std::time::Instant::now();
        for _ in 0..10 {
            assert_eq!(Dictionary::load().surnames.len(), 0x5200);
        }
        println!("dictionary: {:?} a build", start.elapsed() / 10);
    }
}
