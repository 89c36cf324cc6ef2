//! Keys made of the initials of Chinese words, as columns of administrations, banks, hospitals and schools have them: whose
//! something is, and behind it, with nothing between, what it is. `fkxm` (访客姓名) is read as `xm`, `jhrlxdh` as `lxdh`.
//!
//! Must not take words of other languages apart: both parts are of a short list.

use std::sync::LazyLock;

use super::embedded;

/// Longest such key, in bytes.
const LONGEST: usize = 12;

/// Sorted, for a binary search.
struct Parts {
    parties: Vec<&'static [u8]>,
    items: Vec<&'static [u8]>,
}

static PARTS: LazyLock<Parts> = LazyLock::new(|| {
    let of = |wanted: &str| {
        let rows = embedded::rows("pinyin_initials.tsv");
        let letters = rows.filter_map(|mut row| (row.next() == Some(wanted)).then(|| row.next()).flatten());
        let mut letters: Vec<&[u8]> = letters.map(str::as_bytes).collect();
        letters.sort_unstable();
        letters
    };
    Parts { parties: of("party"), items: of("item") }
});

/// What `word`, in lower case, speaks of, when it begins with the initials of whose that is.
pub(super) fn without_party(word: &[u8]) -> Option<&[u8]> {
    if word.len() > LONGEST {
        return None;
    }
    let has = |list: &[&[u8]], part: &[u8]| list.binary_search_by(|held| held.cmp(&part)).is_ok();
    let mut splits = (2..word.len().saturating_sub(1)).filter_map(|at| word.split_at_checked(at));
    let found = splits.find(|(party, item)| has(&PARTS.items, item) && has(&PARTS.parties, party));
    found.map(|(_, item)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_it_is_is_told_from_what_it_is() {
        for (word, item) in [
            ("fkxm", "xm"),
            ("jhrlxdh", "lxdh"),
            ("bfrsjhm", "sjhm"),
            ("frsfzh", "sfzh"),
            ("khlxdh", "lxdh"),
            ("hzxb", "xb"),
            ("jjlxrdh", "dh"),
        ] {
            assert_eq!(without_party(word.as_bytes()), Some(item.as_bytes()), "{word}");
        }
        for word in ["xm", "exxm", "brand", "system", "index", "skip", "zzzz", "", "a", "khkh", "xxxxxxxxxxxxxxxxxxm"] {
            assert_eq!(without_party(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn every_item_is_a_label_of_some_rule() {
        let rules = crate::rule::RuleSet::load(&[]).unwrap();
        for item in &PARTS.items {
            let known = rules.labels().iter().any(|(label, _)| label == *item);
            assert!(known, "{}", String::from_utf8_lossy(item));
        }
    }
}
