//! Patterns of conditions: regular expressions, LIKE and GLOB. What a database would read otherwise than the engine here is
//! not taken, and where letter case, or characters beyond ASCII, would decide by a collation, there is no answer.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

/// Most bytes of memory that a compiled pattern may take.
const MOST_MEMORY: usize = 1 << 16;

/// Most bytes of what a search in it keeps.
const MOST_KEPT: usize = 1 << 17;

/// A pattern that a text matches or not.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// How it is written here; with its two readings, it is what tells patterns apart.
    source: String,
    /// Compiled when it is asked first; `None` where it cannot be.
    exact: OnceLock<Option<Regex>>,
    /// The same in any letter case.
    folded: OnceLock<Option<Regex>>,
    case: Case,
    /// What it says of characters beyond ASCII is read alike everywhere.
    is_plain: bool,
}

/// Whether letter case decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// It does.
    Exact,
    /// It does not.
    Folded,
    /// A collation says.
    Unknown,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.source == other.source && self.case == other.case
    }
}

impl Pattern {
    /// The regular expression `source`; `None` where databases may read it otherwise.
    pub(crate) fn regular(source: &str, case: Case) -> Option<Pattern> {
        let is_plain = is_common(source)?;
        Some(Pattern::new(source.to_owned(), case, is_plain))
    }

    /// The pattern of LIKE; `escape` stands before what stands for itself.
    pub(crate) fn like(source: &str, escape: Option<char>, case: Case) -> Option<Pattern> {
        let mut pattern = String::from(r"\A");
        let mut characters = source.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' => pattern.push_str("(?s:.*)"),
                '_' => pattern.push_str("(?s:.)"),
                _ if Some(character) == escape => pattern.push_str(&literal(characters.next()?)),
                _ => pattern.push_str(&literal(character)),
            }
        }
        pattern.push_str(r"\z");
        Some(Pattern::new(pattern, case, true))
    }

    /// The pattern of SQLite's GLOB.
    pub(crate) fn glob(source: &str) -> Option<Pattern> {
        let mut pattern = String::from(r"\A");
        let mut characters = source.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' => pattern.push_str("(?s:.*)"),
                '?' => pattern.push_str("(?s:.)"),
                '[' => glob_class(&mut characters, &mut pattern)?,
                _ => pattern.push_str(&literal(character)),
            }
        }
        pattern.push_str(r"\z");
        Some(Pattern::new(pattern, Case::Exact, true))
    }

    fn new(source: String, case: Case, is_plain: bool) -> Pattern {
        Pattern { source, exact: OnceLock::new(), folded: OnceLock::new(), case, is_plain }
    }

    fn find(&self, text: &str, is_folded: bool) -> Option<bool> {
        let build = || {
            // Whatever is not plain, or folded, is asked of ASCII only, and far smaller for it.
            let is_wide = !self.source.is_ascii() || self.is_plain && !is_folded;
            let mut builder = RegexBuilder::new(&self.source);
            builder.case_insensitive(is_folded).unicode(is_wide).size_limit(MOST_MEMORY).dfa_size_limit(MOST_KEPT);
            builder.build().ok()
        };
        let place = if is_folded { &self.folded } else { &self.exact };
        place.get_or_init(build).as_ref().map(|regex| regex.is_match(text.as_bytes()))
    }

    /// Whether `text` matches, where that can be told.
    pub(crate) fn matches(&self, text: &[u8]) -> Option<bool> {
        let text = std::str::from_utf8(text).ok()?;
        // What `.` and `$` make of line ends differs.
        if text.contains(['\n', '\r']) || !(self.is_plain || text.is_ascii()) {
            return None;
        }
        match self.case {
            Case::Exact => self.find(text, false),
            Case::Folded if text.is_ascii() => self.find(text, true),
            Case::Folded => None,
            // In any letter case it matches no less, but for what a class leaves out.
            Case::Unknown if text.is_ascii() && self.source.is_ascii() => {
                self.find(text, false).filter(|exact| self.find(text, true) == Some(*exact))
            }
            Case::Unknown => self.find(text, false).filter(|exact| *exact && !self.source.contains("[^")),
        }
    }
}

/// A character that stands for itself.
fn literal(character: char) -> String {
    regex::escape(character.encode_utf8(&mut [0; 4]))
}

/// `[abc]`, `[a-z]`, `[^a]` of GLOB, behind its opening bracket.
fn glob_class(characters: &mut std::str::Chars<'_>, pattern: &mut String) -> Option<()> {
    pattern.push('[');
    let mut is_first = true;
    loop {
        let character = characters.next()?;
        match character {
            ']' if !is_first => break,
            '^' if is_first => {
                pattern.push('^');
                continue;
            }
            '-' => pattern.push('-'),
            _ if character.is_alphanumeric() => pattern.push(character),
            _ => pattern.push_str(&literal(character)),
        }
        is_first = false;
    }
    pattern.push(']');
    Some(())
}

/// Whether PostgreSQL, MySQL and MariaDB read a regular expression as the engine here does: `None` where not, and else
/// whether that holds beyond ASCII, too.
fn is_common(source: &str) -> Option<bool> {
    /// Escapes that mean the same everywhere: classes, and characters that stand for themselves.
    const CLASSES: &str = "dDwWsS";
    const ALIKE: &str = r".\-+*?()[]{}^$|/@:,;_#%&='~ ";
    if source.starts_with("***") {
        return None;
    }
    let mut is_plain = true;
    let mut characters = source.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (character, in_class) {
            ('\\', _) => {
                let escaped = characters.next()?;
                let is_class = CLASSES.contains(escaped);
                if !is_class && !ALIKE.contains(escaped) {
                    return None;
                }
                is_plain &= !is_class;
            }
            ('(', false) if next == Some('?') => {
                characters.next();
                if characters.peek() != Some(&':') {
                    return None;
                }
            }
            ('[', false) => {
                in_class = true;
                // A bracket at the front stands for itself.
                if characters.peek() == Some(&'^') {
                    characters.next();
                }
                if characters.peek() == Some(&']') {
                    characters.next();
                }
            }
            ('[', true) => {
                if next != Some(':') {
                    return None;
                }
                let name: String = characters.by_ref().skip(1).take_while(char::is_ascii_lowercase).collect();
                if characters.next() != Some(']') || name.is_empty() {
                    return None;
                }
                is_plain = false;
            }
            (']', true) => in_class = false,
            // Sets of sets, which only the engine here knows.
            ('&' | '~', true) if next == Some(character) => return None,
            ('-', true) if next == Some('-') => return None,
            _ => {}
        }
    }
    (!in_class).then_some(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regular(source: &str, text: &str) -> Option<bool> {
        Pattern::regular(source, Case::Exact).and_then(|pattern| pattern.matches(text.as_bytes()))
    }

    #[test]
    fn a_regular_expression_is_taken_where_everybody_reads_it_alike() {
        assert_eq!(regular("^1[3-9][0-9]{9}$", "13800138000"), Some(true));
        assert_eq!(regular("^1[3-9][0-9]{9}$", "12800138000"), Some(false));
        assert_eq!(regular(r"^\d{11}$", "13800138000"), Some(true));
        assert_eq!(regular(r"^[[:digit:]]{6}[0-9Xx]?$", "110105x"), Some(true));
        assert_eq!(regular(r"^[[:alpha:]]+$", "张伟"), None, "what is a letter, the locale says");
        assert_eq!(regular(r"^[^0-9]{2}$", "张伟"), Some(true));
        assert_eq!(regular("^a$", "a\n"), None);
        assert_eq!(regular(r"^(?:86)?1\d{10}$", "8613800138000"), Some(true));
        for strange in [
            r"\y1",
            r"\m1",
            r"\b1",
            r"\B1",
            r"(1)\1",
            "(?=1)",
            "(?i)a",
            "***=a",
            "[[=a=]]",
            "[a[b]]",
            "[a&&b]",
            "[[:<:]]a",
            "[a",
            r"\Z",
            "a{1,99999999}",
            "(?<!1)2",
        ] {
            assert_eq!(regular(strange, "1"), None, "{strange}");
        }
    }

    #[test]
    fn a_large_expression_has_no_answer() {
        assert_eq!(regular(r"^\d{18}$", "110105194912310028"), Some(true));
        assert_eq!(regular(r"^\w{1,64}$", "a1"), Some(true));
        assert_eq!(regular("((a{100}){100}){100}", "a"), None);
        let pattern = Pattern::regular("^a$", Case::Exact).unwrap();
        assert!(pattern.exact.get().is_none(), "built when it is asked");
        assert_eq!(pattern.matches(b"A"), Some(false));
        assert!(pattern.folded.get().is_none());
    }

    #[test]
    fn like_and_glob_match_the_whole_text() {
        let like = |source, text: &str, case| Pattern::like(source, Some('\\'), case)?.matches(text.as_bytes());
        assert_eq!(like("1%", "138", Case::Exact), Some(true));
        assert_eq!(like("1_", "138", Case::Exact), Some(false));
        assert_eq!(like(r"1\%", "1%", Case::Exact), Some(true));
        assert_eq!(like("张_", "张伟", Case::Exact), Some(true));
        assert_eq!(like("a.c", "abc", Case::Exact), Some(false));
        assert_eq!(like("A%", "abc", Case::Folded), Some(true));
        assert_eq!(like("A%", "abc", Case::Unknown), None, "the collation decides");
        assert_eq!(like("A%", "xbc", Case::Unknown), Some(false));
        assert_eq!(like("é%", "e", Case::Unknown), None);
        let glob = |source, text: &str| Pattern::glob(source)?.matches(text.as_bytes());
        assert_eq!(glob("1[3-9][0-9]*", "13800138000"), Some(true));
        assert_eq!(glob("1[^3-9]*", "13800138000"), Some(false));
        assert_eq!(glob("1?", "138"), Some(false));
        assert_eq!(glob("[1", "1"), None);
    }
}
