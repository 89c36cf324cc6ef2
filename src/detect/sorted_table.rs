//! Look-ups in an embedded reference table whose lines are sorted by bytes, by bisecting the text itself: nothing is
//! built at start-up, so a table that a run does not need costs nothing. Must never be used for an unsorted table.

use std::cmp::Ordering;

pub(crate) mod layout;

/// Whether a line of `table` has `key` as its first field (up to a tab or the line end).
pub(crate) fn contains(table: &str, key: &[u8]) -> bool {
    let table = table.as_bytes();
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(left) = table.get(low..middle) else { return false };
        let start = memchr::memrchr(b'\n', left).map_or(low, |newline| low + newline + 1);
        let Some(rest) = table.get(start..high) else { return false };
        let end = memchr::memchr(b'\n', rest).map_or(high, |newline| start + newline);
        let Some(line) = table.get(start..end) else { return false };
        let field = line.split(|b| *b == b'\t').next().unwrap_or(line);
        match field.cmp(key) {
            Ordering::Equal => return !key.is_empty(),
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::embedded;

    #[test]
    fn finds_every_line_and_nothing_else() {
        let table = "# note\n一\t1\n一二\t2\n三\t3\n四\n";
        for word in ["一", "一二", "三", "四"] {
            assert!(contains(table, word.as_bytes()), "{word}");
        }
        for word in ["", "二", "一一", "三\t3", "五", "note", "一二三"] {
            assert!(!contains(table, word.as_bytes()), "{word}");
        }
        assert!(!contains("", "一".as_bytes()));
        assert!(contains("一", "一".as_bytes()));
    }

    #[test]
    fn the_bisected_tables_are_sorted() {
        for name in ["common_words.txt", "cn_towns.tsv", "cn_gazetteer.tsv", "oui.tsv"] {
            let keys: Vec<_> = embedded::rows(name).filter_map(|mut row| row.next()).collect();
            assert!(keys.is_sorted(), "{name} is not sorted by bytes");
            for key in keys.iter().step_by(97) {
                assert!(contains(embedded::table(name), key.as_bytes()), "{name}: {key}");
            }
        }
    }
}
