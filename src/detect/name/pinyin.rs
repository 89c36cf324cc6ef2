//! Chinese names in Latin letters: Zhang Wei, Wei Zhang, ZHANG/WEI, Ouyang, Xiaoming Wang. Must refuse product and host
//! names: every word has to be made of pinyin syllables and one of them has to be a surname.

use super::shape::Shape;

const SURNAMES: &[&str] = &[
    "ai", "an", "bai", "bao", "bi", "bian", "cai", "cao", "cen", "chai", "chang", "che", "chen", "cheng", "chi", "chu",
    "cui", "dai", "deng", "di", "ding", "dong", "dou", "du", "duan", "fan", "fang", "fei", "feng", "fu", "gan", "gao",
    "ge", "geng", "gong", "gou", "gu", "guan", "guo", "han", "hao", "he", "hong", "hou", "hu", "hua", "huang", "huo",
    "ji", "jia", "jian", "jiang", "jiao", "jin", "jing", "kang", "kong", "lai", "lan", "lei", "leng", "li", "lian",
    "liang", "liao", "lin", "ling", "liu", "long", "lou", "lu", "luo", "lv", "ma", "mao", "mei", "meng", "miao", "mu",
    "nie", "ning", "niu", "ou", "ouyang", "pan", "pang", "pei", "peng", "pu", "qi", "qian", "qiao", "qin", "qiu", "qu",
    "ren", "rong", "ruan", "shang", "shao", "shen", "sheng", "shi", "shu", "sima", "song", "su", "sun", "tan", "tang",
    "tao", "teng", "tian", "tong", "tu", "wan", "wang", "wei", "wen", "weng", "wu", "xi", "xia", "xiang", "xiao",
    "xie", "xin", "xing", "xiong", "xu", "xue", "yan", "yang", "yao", "ye", "yi", "yin", "ying", "you", "yu", "yuan",
    "yue", "zeng", "zhai", "zhang", "zhao", "zheng", "zhong", "zhou", "zhu", "zhuang", "zhuge", "zhuo", "zong", "zou",
    "zuo",
];

const INITIALS: &[&str] = &[
    "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c", "s", "y",
    "w", "",
];

const FINALS: &[&str] = &[
    "iang", "iong", "uang", "ang", "eng", "ing", "ong", "ian", "iao", "uai", "uan", "ai", "ei", "ui", "ao", "ou", "iu",
    "ie", "ue", "er", "an", "en", "in", "un", "ia", "ua", "uo", "a", "o", "e", "i", "u", "v", "ve",
];

/// English words that are also pinyin and stand in titles and product names.
const WORDS: &[&str] = &[
    "he", "she", "me", "you", "long", "can", "fan", "man", "men", "sun", "sing", "song", "ping", "ban", "pan", "pen",
    "pin", "run", "gun", "fun", "hang", "die", "lie", "tie", "pie", "java",
];

/// The shape of `text` when all of it is a name in pinyin.
pub(super) fn judge(text: &str) -> Option<Shape> {
    if text.len() > 40 || !text.is_ascii() {
        return None;
    }
    let mut words = [""; 3];
    let mut count = 0;
    for word in text.split([' ', '/', ',']).filter(|word| !word.is_empty()) {
        *words.get_mut(count)? = word;
        count += 1;
    }
    let words = words.get(..count)?;
    if count < 2 || !words.iter().all(|word| is_written_as_name(word)) {
        return None;
    }
    let first = *words.first()?;
    let last = *words.last()?;
    let surname_first = is_surname(first) && words.iter().skip(1).all(|word| is_given(word));
    let surname_last = is_surname(last) && words.iter().rev().skip(1).all(|word| is_given(word));
    let english = words.iter().filter(|word| WORDS.iter().any(|other| word.eq_ignore_ascii_case(other))).count();
    match (surname_first || surname_last, english) {
        (true, 0) => Some(Shape { structure: 28, registry: 10 }),
        (true, 1) => Some(Shape { structure: 20, registry: 6 }),
        _ => None,
    }
}

/// How long the letters at the head of `rest` are that may be a name; two words and more, and nothing joined to them. Before
/// the next key of a line (`name=ZHANG WEI nationality=KOR`) they end as well.
pub(super) fn unquoted(rest: &[u8]) -> Option<usize> {
    let is_part = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b' ' | b'-' | b'/');
    let run = rest.iter().take_while(|b| is_part(b)).count();
    let letters = rest.get(..run)?.trim_ascii_end();
    let is_gap = |b: &u8| matches!(b, b' ' | b'/');
    let length = match rest.get(run) {
        None | Some(b',' | b';' | b'|' | b')' | b']' | b'#' | b'&' | b'\t' | b'\r' | b'\n' | b'<' | 0x80..) => {
            letters.len()
        }
        Some(b'.') if rest.get(run + 1).is_none_or(u8::is_ascii_whitespace) => letters.len(),
        // `ZHANG WEI -> 9001`
        Some(b'>') => letters.strip_suffix(b" -")?.trim_ascii_end().len(),
        Some(b'=' | b':' | b'_' | b'0'..=b'9') => rest.get(..run)?.iter().rposition(|b| *b == b' ')?,
        _ => return None,
    };
    letters.get(..length)?.iter().any(is_gap).then_some(length)
}

/// `Wei`, `WEI`, `Xiao-Ming`
fn is_written_as_name(word: &str) -> bool {
    let letters = word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let upper = word.bytes().all(|b| !b.is_ascii_lowercase());
    let title = word.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
        && word.bytes().skip(1).zip(word.bytes()).all(|(b, before)| !b.is_ascii_uppercase() || before == b'-');
    letters && word.len() >= 2 && (upper || title)
}

fn is_surname(word: &str) -> bool {
    SURNAMES.iter().any(|surname| word.eq_ignore_ascii_case(surname))
}

/// One or two syllables.
fn is_given(word: &str) -> bool {
    let mut lower = [0u8; 16];
    let mut length = 0;
    for b in word.bytes().filter(|b| *b != b'-') {
        let Some(slot) = lower.get_mut(length) else { return false };
        *slot = b.to_ascii_lowercase();
        length += 1;
    }
    lower.get(..length).is_some_and(|lower| is_syllables(lower, 2))
}

/// Whether `word` splits into one to `most` pinyin syllables.
fn is_syllables(word: &[u8], most: u32) -> bool {
    INITIALS.iter().any(|initial| {
        word.strip_prefix(initial.as_bytes()).is_some_and(|rest| {
            FINALS.iter().any(|last| {
                rest.strip_prefix(last.as_bytes())
                    .is_some_and(|rest| rest.is_empty() || most > 1 && is_syllables(rest, most - 1))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinyin_names_only() {
        for name in [
            "Zhang Wei",
            "Wei Zhang",
            "ZHANG/WEI",
            "Zhang, Wei",
            "Ouyang Xiu",
            "Xiaoming Wang",
            "Li Xiao-Long",
            "Wang Xiao Ming",
        ] {
            assert!(judge(name).is_some(), "{name}");
        }
        for name in [
            "",
            "admin",
            "Zhang",
            "iPhone 15",
            "nginx-proxy",
            "Apple Watch",
            "New York",
            "Hello World",
            "zhang wei",
            "John Smith",
            "Long Run",
            "Data Source",
            "Li",
            "User Name",
            "Redis Cluster",
            "Test Case",
            "Chang3 Wei",
            "Foo Bar",
        ] {
            assert!(judge(name).is_none(), "{name}");
        }
    }
}
