//! Keys and column names that make a weak label count when they stand in the same line or table: `xb` is a sex beside `xm`.
//! Asked only where a weak label was found. Must not take a part of a longer word for a key: `xml`.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::context::{byte, byte_before};

/// The companion keys of an entity type.
#[derive(Default)]
pub(super) struct CompanionKeys {
    keys: Vec<String>,
    /// Built when it is first asked.
    built: OnceLock<Option<AhoCorasick>>,
}

impl CompanionKeys {
    pub(super) fn new(keys: &[String]) -> CompanionKeys {
        let joined = keys.iter().filter(|key| key.contains('_')).map(|key| key.replace('_', ""));
        CompanionKeys { keys: keys.iter().cloned().chain(joined).collect(), built: OnceLock::new() }
    }

    /// Whether one of them stands in `text`, in any letter case and with or without `_` between its words, and neither
    /// letter nor digit beside it.
    pub(super) fn stand_in(&self, text: &[u8]) -> bool {
        if self.keys.is_empty() {
            return false;
        }
        let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(&self.keys).ok();
        let Some(automaton) = self.built.get_or_init(build) else { return false };
        automaton.find_overlapping_iter(text).any(|found| {
            !byte_before(text, found.start()).is_ascii_alphanumeric()
                && !byte(text, found.end()).is_ascii_alphanumeric()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_keys_count() {
        let keys = CompanionKeys::new(&["xm".to_owned(), "sfzh".to_owned(), "x".to_owned(), "perm_no".to_owned()]);
        for text in ["xm", "id xm xb", "{\"XM\":\"\"}", "t_xm=1", "a sfzh", "<xm>", "permNo=1", "PERM_NO"] {
            assert!(keys.stand_in(text.as_bytes()), "{text}");
        }
        for text in ["", "xml", "sfzhm", "axm=1", "xm1"] {
            assert!(!keys.stand_in(text.as_bytes()), "{text}");
        }
        assert!(!CompanionKeys::new(&[]).stand_in(b"xm"));
    }
}
