//! Steps over the lexical pieces of SQL text: quoted strings and names, comments, dollar quotes, double-byte
//! characters. Works on a buffer that may end anywhere, and says so instead of guessing; never decodes a value.

use memchr::memmem;

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// PostgreSQL, as psql reads it.
    Postgres,
    /// MySQL and MariaDB, as their client reads it.
    MySql,
}

/// The settings that decide where a string ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lexical {
    pub(crate) dialect: Dialect,
    /// A backslash escapes the next character in a plain string literal.
    pub(crate) backslash: bool,
    /// MySQL: double quotes enclose names, not strings.
    pub(crate) ansi_quotes: bool,
    /// Characters may be GBK or GB18030, whose second byte can be a backslash or backtick.
    pub(crate) double_byte: bool,
}

impl Lexical {
    /// The settings of a session that has not changed any.
    pub(crate) fn new(dialect: Dialect) -> Lexical {
        Lexical { dialect, backslash: dialect == Dialect::MySql, ansi_quotes: false, double_byte: false }
    }
}

/// Why a step could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The buffer ended inside this.
    Open(&'static str),
    /// What stands at this place cannot be read for sure.
    Wrong {
        /// Where in the buffer.
        at: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

/// One lexical piece; the number is the place after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// One character of code.
    Plain(usize),
    /// A string, a quoted name or a dollar-quoted string.
    Quoted(usize),
    /// A comment, with its line end where it has one.
    Comment(usize),
    /// `/*!` or `/*M!` with its version number: what follows is code.
    Opening(usize),
    /// `*/` after an opening.
    Closing(usize),
}

/// Letters, digits, `_`, `$` and every byte of a non-ASCII character.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Length of the GB18030 character at `at`, whose first byte is at least 0x81.
pub(crate) fn double_byte_width(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(0x30..=0x39) => 4,
        Some(0x40..=0xFE) => 2,
        _ => 1,
    }
}

/// The place after the quoted piece whose opening quote stands at `at`. A doubled quote stands for itself.
/// `last` says that nothing follows the buffer.
pub(crate) fn quoted(bytes: &[u8], at: usize, backslash: bool, double_byte: bool, last: bool) -> Result<usize, Stop> {
    const OPEN: Stop = Stop::Open("a quoted string");
    let Some(&quote) = bytes.get(at) else { return Err(OPEN) };
    let mut at = at + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let found = match (double_byte, backslash) {
            (true, _) => double_byte_find(rest, quote, backslash),
            (false, true) => memchr::memchr2(quote, b'\\', rest),
            (false, false) => memchr::memchr(quote, rest),
        };
        let Some(found) = found else { return Err(OPEN) };
        at += found;
        let doubled = bytes.get(at) == Some(&quote);
        match bytes.get(at + 1) {
            Some(next) if doubled && *next != quote => return Ok(at + 1),
            Some(_) => at += 2,
            None if doubled && last => return Ok(at + 1),
            None => return Err(OPEN),
        }
    }
}

/// First quote or active backslash in `rest` that is not the second byte of a character.
fn double_byte_find(rest: &[u8], quote: u8, backslash: bool) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        if byte == quote || (backslash && byte == b'\\') {
            return Some(at);
        }
        at += if byte >= 0x81 { double_byte_width(rest, at) } else { 1 };
    }
    None
}

/// True when the quote at `at` belongs to `E'…'`.
pub(crate) fn has_escape_prefix(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|place| bytes.get(place)).copied();
    matches!(before(1), Some(b'e' | b'E')) && !before(2).is_some_and(is_word)
}

/// The piece at `at`.
pub(crate) fn piece(bytes: &[u8], at: usize, lexical: &Lexical, last: bool) -> Result<Piece, Stop> {
    let my_sql = lexical.dialect == Dialect::MySql;
    let Some(&byte) = bytes.get(at) else { return Err(Stop::Open("a statement")) };
    let next = bytes.get(at + 1).copied();
    if next.is_none() && !last && matches!(byte, b'-' | b'/' | b'*' | b'$' | b'\\' | 0x80..) {
        return Err(Stop::Open("a statement"));
    }
    match byte {
        b'\'' => {
            let backslash = lexical.backslash || (!my_sql && has_escape_prefix(bytes, at));
            quoted(bytes, at, backslash, lexical.double_byte, last).map(Piece::Quoted)
        }
        b'"' => {
            let backslash = my_sql && lexical.backslash && !lexical.ansi_quotes;
            quoted(bytes, at, backslash, lexical.double_byte, last).map(Piece::Quoted)
        }
        b'`' if my_sql => quoted(bytes, at, false, lexical.double_byte, last).map(Piece::Quoted),
        b'#' if my_sql => line_comment(bytes, at, last),
        b'-' if next == Some(b'-') => dashes(bytes, at, my_sql, last),
        b'/' if next == Some(b'*') => block_comment(bytes, at, my_sql, last),
        b'*' if my_sql && next == Some(b'/') => Ok(Piece::Closing(at + 2)),
        b'$' if !my_sql => dollar_quoted(bytes, at, last),
        b'\\' if my_sql && next == Some(b'-') => Ok(Piece::Plain(at + 2)),
        b'\\' => Err(Stop::Wrong { at, reason: "a backslash outside of a string" }),
        0x81.. if lexical.double_byte => Ok(Piece::Plain(at + double_byte_width(bytes, at))),
        _ => Ok(Piece::Plain(at + 1)),
    }
}

fn line_comment(bytes: &[u8], at: usize, last: bool) -> Result<Piece, Stop> {
    match memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
        Some(end) => Ok(Piece::Comment(at + end + 1)),
        None if last => Ok(Piece::Comment(bytes.len())),
        None => Err(Stop::Open("a comment")),
    }
}

/// `--`: MySQL takes it for a comment only before white space.
fn dashes(bytes: &[u8], at: usize, my_sql: bool, last: bool) -> Result<Piece, Stop> {
    match bytes.get(at + 2) {
        Some(byte) if my_sql && !byte.is_ascii_whitespace() && !byte.is_ascii_control() => Ok(Piece::Plain(at + 2)),
        None if !last => Err(Stop::Open("a comment")),
        _ => line_comment(bytes, at, last),
    }
}

fn block_comment(bytes: &[u8], at: usize, my_sql: bool, last: bool) -> Result<Piece, Stop> {
    const OPEN: Stop = Stop::Open("a comment");
    let body = bytes.get(at + 2..).unwrap_or_default();
    if my_sql {
        let mark = match body {
            [b'!', ..] => 1,
            [b'M', b'!', ..] => 2,
            [] | [b'M'] if !last => return Err(OPEN),
            _ => 0,
        };
        if mark > 0 {
            let digits = body.iter().skip(mark).take_while(|byte| byte.is_ascii_digit()).count();
            return Ok(Piece::Opening(at + 2 + mark + digits));
        }
        return memmem::find(body, b"*/").map(|end| Piece::Comment(at + 4 + end)).ok_or(OPEN);
    }
    let mut depth = 1usize;
    let mut place = at + 2;
    for found in memchr::memchr_iter(b'*', body) {
        let star = at + 2 + found;
        // A star that already closed or opened a comment must not count twice.
        if star < place {
            continue;
        }
        if bytes.get(star + 1) == Some(&b'/') {
            depth -= 1;
            place = star + 2;
            if depth == 0 {
                return Ok(Piece::Comment(place));
            }
        } else if star > place && bytes.get(star - 1) == Some(&b'/') {
            depth += 1;
            place = star + 1;
        }
    }
    Err(OPEN)
}

fn dollar_quoted(bytes: &[u8], at: usize, last: bool) -> Result<Piece, Stop> {
    let before = at.checked_sub(1).and_then(|place| bytes.get(place)).copied();
    if before.is_some_and(is_word) {
        return Ok(Piece::Plain(at + 1));
    }
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let tag = rest.iter().take_while(|byte| is_word(**byte) && **byte != b'$').count();
    match rest.get(tag) {
        Some(b'$') if !rest.first().is_some_and(u8::is_ascii_digit) => {}
        None if !last => return Err(Stop::Open("a dollar-quoted string")),
        _ => return Ok(Piece::Plain(at + 1)),
    }
    let (delimiter, body) = bytes.get(at..).and_then(|all| all.split_at_checked(tag + 2)).unwrap_or_default();
    match memmem::find(body, delimiter) {
        Some(end) => Ok(Piece::Quoted(at + 2 * delimiter.len() + end)),
        None => Err(Stop::Open("a dollar-quoted string")),
    }
}

/// The place of the first byte from `at` on that is not white space.
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    at + bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0B)
        .count()
}

/// The place after blanks and one line end from `at` on.
pub(crate) fn skip_line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    if rest.get(blanks) == Some(&b'\n') { at + blanks + 1 } else { at }
}

/// True when `bytes` starts with `word` in any case.
pub(crate) fn starts_with_word(bytes: &[u8], word: &str) -> bool {
    bytes.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        && !bytes.get(word.len()).copied().is_some_and(is_word)
}

/// The place after the statement that starts at `at`, with its delimiter and line end.
pub(crate) fn statement(
    bytes: &[u8],
    at: usize,
    lexical: &Lexical,
    delimiter: &[u8],
    last: bool,
) -> Result<usize, Stop> {
    let my_sql = lexical.dialect == Dialect::MySql;
    let routine = !my_sql && is_routine(bytes.get(at..).unwrap_or_default());
    let (mut parentheses, mut blocks, mut versioned) = (0usize, 0usize, false);
    let mut at = at;
    while let Some(&byte) = bytes.get(at) {
        if parentheses == 0 && blocks == 0 && bytes.get(at..).is_some_and(|rest| rest.starts_with(delimiter)) {
            return Ok(skip_line_end(bytes, at + delimiter.len()));
        }
        if routine && (byte.is_ascii_alphabetic() || byte == b'_') {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| is_word(**byte)).count();
            let word = rest.get(..length).unwrap_or_default();
            // As psql does: the body of an SQL-standard routine holds semicolons.
            if word.eq_ignore_ascii_case(b"begin") || (blocks > 0 && word.eq_ignore_ascii_case(b"case")) {
                blocks += 1;
            } else if word.eq_ignore_ascii_case(b"end") {
                blocks = blocks.saturating_sub(1);
            }
            // The quote of E'…' looks back at its prefix, so stepping over the word loses nothing.
            at += length;
            continue;
        }
        at = match piece(bytes, at, lexical, last)? {
            Piece::Opening(next) => {
                versioned = true;
                next
            }
            Piece::Closing(next) => {
                versioned = false;
                next
            }
            Piece::Plain(next) => {
                match byte {
                    b'(' if !my_sql => parentheses += 1,
                    b')' if !my_sql => parentheses = parentheses.saturating_sub(1),
                    _ => {}
                }
                next
            }
            Piece::Quoted(next) | Piece::Comment(next) => next,
        };
    }
    match (last, parentheses, blocks, versioned) {
        (true, 0, 0, false) => Ok(bytes.len()),
        (_, 1.., _, _) => Err(Stop::Open("a parenthesis")),
        _ => Err(Stop::Open("a statement")),
    }
}

/// `CREATE [OR REPLACE] FUNCTION | PROCEDURE`.
fn is_routine(statement: &[u8]) -> bool {
    let mut words = statement.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(4);
    let mut next = || words.next().unwrap_or_default();
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    if !is(next(), "create") {
        return false;
    }
    let mut word = next();
    if is(word, "or") {
        next();
        word = next();
    }
    is(word, "function") || is(word, "procedure")
}
