//! Patterns of conditions: regular expressions, LIKE and GLOB. What a database would read otherwise than the engine here is
//! not taken, and where letter case, or characters beyond ASCII, would decide by a collation, there is no answer.

use regex::{Regex, RegexBuilder};

/// Most bytes of memory that a compiled pattern may take.
const MOST_MEMORY: usize = 1 << 20;

/// A pattern that a text matches or not.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// How it is written here; with its two readings, it is what tells patterns apart.
    source: String,
    exact: Regex,
    /// The same in any letter case.
    folded: Regex,
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
        Pattern::new(source.to_owned(), case, is_plain)
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
        Pattern::new(pattern, case, true)
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
        Pattern::new(pattern, Case::Exact, true)
    }

    fn new(source: String, case: Case, is_plain: bool) -> Option<Pattern> {
        let build = |folded| RegexBuilder::new(&source).case_insensitive(folded).size_limit(MOST_MEMORY).build().ok();
        let (exact, folded) = (build(false)?, build(true)?);
        Some(Pattern { source, exact, folded, case, is_plain })
    }

    /// Whether `text` matches, where that can be told.
    pub(crate) fn matches(&self, text: &[u8]) -> Option<bool> {
        let text = std::str::from_utf8(text).ok()?;
        // What `.` and `$` make of line ends differs.
        if text.contains(['\n', '\r']) || !(self.is_plain || text.is_ascii()) {
            return None;
        }
        match self.case {
            Case::Exact => Some(self.exact.is_match(text)),
            Case::Folded => text.is_ascii().then(|| self.folded.is_match(text)),
            Case::Unknown => {
                let exact = self.exact.is_match(text);
                let is_sure = exact || text.is_ascii() && self.source.is_ascii();
                (is_sure && exact == self.folded.is_match(text)).then_some(exact)
            }
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
            assert!(Pattern::regular(strange, Case::Exact).is_none(), "{strange}");
        }
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
