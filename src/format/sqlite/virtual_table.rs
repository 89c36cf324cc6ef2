//! What a `CREATE VIRTUAL TABLE` statement says: which module, and for full-text search whether its texts are kept.

/// What kind of virtual table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    /// Full-text search that keeps its own texts.
    FullText,
    /// Full-text search over the texts of another table.
    Index {
        /// It is FTS5.
        is_fts5: bool,
    },
    /// Full-text search that keeps no texts: only its words can be read.
    Words {
        /// It is FTS5.
        is_fts5: bool,
    },
    /// R-tree.
    Space,
    /// A window on what other tables hold.
    Derived,
    /// A module that is not built in.
    Unknown,
}

impl Module {
    /// Whether its rows are read through itself.
    pub(super) fn is_read(self) -> bool {
        matches!(self, Module::FullText | Module::Space)
    }

    /// Whether it can be made anew from the texts.
    pub(super) fn is_rebuilt(self) -> bool {
        matches!(self, Module::FullText | Module::Index { .. })
    }
}

/// The module that `sql`, a CREATE VIRTUAL TABLE statement, names; for [`Module::Index`] also the other table.
pub(super) fn module(sql: &str) -> (Module, Option<String>) {
    let tokens = tokens(sql);
    // The table's own name may be `using`, in quotes or not: CREATE VIRTUAL TABLE [IF NOT EXISTS] name USING module.
    let is = |token: &&str, word: &str| token.eq_ignore_ascii_case(word);
    let after = |at: usize| tokens.get(at..).unwrap_or_default();
    let table = after(0).iter().position(|token| is(token, "table")).unwrap_or(0) + 1;
    let name = table + if after(table).first().is_some_and(|token| is(token, "if")) { 3 } else { 0 };
    let Some(using) = after(name + 1).iter().position(|token| is(token, "using")) else {
        return (Module::Unknown, None);
    };
    let rest = after(name + using + 2);
    let Some((module, arguments)) = rest.split_first() else { return (Module::Unknown, None) };
    let module = unquoted(module).to_ascii_lowercase();
    let is_fts5 = module == "fts5";
    let module = match module.as_str() {
        "fts3" | "fts4" | "fts5" => match content(arguments, is_fts5) {
            None => Module::FullText,
            Some(content) if content.is_empty() => Module::Words { is_fts5 },
            content => return (Module::Index { is_fts5 }, content),
        },
        "rtree" | "rtree_i32" => Module::Space,
        "fts5vocab" | "fts4aux" | "dbstat" => Module::Derived,
        _ => Module::Unknown,
    };
    (module, None)
}

/// The value of the option `content`: FTS5 takes any beginning of the word for it.
fn content(arguments: &[&str], may_be_short: bool) -> Option<String> {
    let mut found = None;
    // An option starts behind the parenthesis or a comma outside others.
    let mut depth = 0usize;
    let mut starts = false;
    for (at, token) in arguments.iter().enumerate() {
        match *token {
            "(" => {
                depth += 1;
                starts = depth == 1;
                continue;
            }
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 1 => {
                starts = true;
                continue;
            }
            _ => {}
        }
        let word = token.to_ascii_lowercase();
        let names = if may_be_short { "content".starts_with(&word) } else { word == "content" };
        if starts && names && arguments.get(at + 1) == Some(&"=") {
            let value = arguments.get(at + 2).filter(|value| !matches!(**value, "," | ")"));
            found = Some(value.map_or_else(String::new, |value| unquoted(value)));
        }
        starts = false;
    }
    found
}

/// Words, quoted strings and signs, without blanks and comments.
fn tokens(sql: &str) -> Vec<&str> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || *byte >= 0x80;
        let length = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => {
                at += 1;
                continue;
            }
            b'-' if rest.starts_with(b"--") => {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with(b"/*") => {
                at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            b'\'' | b'"' | b'`' => string(rest, byte),
            b'[' => memchr::memchr(b']', rest).map_or(rest.len(), |end| end + 1),
            byte if is_word(&byte) => rest.iter().position(|byte| !is_word(byte)).unwrap_or(rest.len()),
            _ => 1,
        };
        // Every cut is beside an ASCII character.
        tokens.extend(sql.get(at..at + length));
        at += length;
    }
    tokens
}

/// Length of the quoted string that `rest` starts with; the quote stands twice where it is meant.
fn string(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr::memchr(quote, rest)) {
        at += found + 1;
        if rest.get(at) != Some(&quote) {
            return at;
        }
        at += 1;
    }
    rest.len()
}

fn unquoted(token: &str) -> String {
    let quote = token.chars().next().filter(|first| matches!(first, '\'' | '"' | '`' | '['));
    let Some(quote) = quote else { return token.to_owned() };
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    inner.replace(&format!("{quote}{quote}"), &quote.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_their_content() {
        let words = Module::Words { is_fts5: true };
        for (sql, expected) in [
            ("CREATE VIRTUAL TABLE a USING fts5(b, c)", Module::FullText),
            ("create virtual table if not exists \"using\" using FTS5 (b, content = '')", words),
            ("CREATE VIRTUAL TABLE a USING fts5(b,content=)", words),
            ("CREATE VIRTUAL TABLE a USING fts5(b, /* , */ c='')", words),
            (
                "CREATE VIRTUAL TABLE main.a USING \"fts5\"(content, tokenize = \"unicode61 tokenchars '='\")",
                Module::FullText,
            ),
            (
                "CREATE VIRTUAL TABLE a USING fts5(b, content='no''tes', content_rowid=id)",
                Module::Index { is_fts5: true },
            ),
            ("CREATE VIRTUAL TABLE a USING fts5(b, content=notes)", Module::Index { is_fts5: true }),
            ("CREATE VIRTUAL TABLE a USING fts4(content=\"\", b)", Module::Words { is_fts5: false }),
            ("CREATE VIRTUAL TABLE a USING fts4(c='')", Module::FullText),
            ("CREATE VIRTUAL TABLE a USING fts3", Module::FullText),
            ("CREATE VIRTUAL TABLE 表 USING rtree(id, x0, x1, +备注)", Module::Space),
            ("CREATE VIRTUAL TABLE a USING vec0(x)", Module::Unknown),
            ("CREATE VIRTUAL TABLE a", Module::Unknown),
            ("", Module::Unknown),
        ] {
            assert_eq!(module(sql).0, expected, "{sql}");
        }
        let quoted = "CREATE VIRTUAL TABLE a USING fts5(b, content='no''tes')";
        assert_eq!(module(quoted).1.as_deref(), Some("no'tes"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_some_module(sql in "(CREATE VIRTUAL TABLE )?.{0,60}") {
            module(&sql);
            module(&format!("CREATE VIRTUAL TABLE a USING fts5({sql}"));
        }
    }
}
