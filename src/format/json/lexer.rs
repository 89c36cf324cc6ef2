//! JSON (RFC 8259) token by token, with its grammar. Keeps no copy of anything.
//!
//! Beyond the standard only what common writers produce is let through: several values in a row, and Python's `NaN`
//! and `Infinity`.

use std::ops::Range;

/// How deep arrays and objects may nest.
pub(super) const DEEPEST: usize = 1_000_000;

/// What a value may stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    Array,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    Value,
    ValueOrClose,
    Key,
    KeyOrClose,
    Colon,
    CommaOrClose,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The key of an object's member; `escaped` when it has a backslash.
    Key {
        escaped: bool,
    },
    String {
        escaped: bool,
    },
    Number,
    Literal,
    Open(Container),
    Close,
    Comma,
    Colon,
}

/// One token. The span of a key or string leaves out its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// Why the text is no JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) reason: &'static str,
    /// The text ends too early; more of it could be valid.
    pub(super) cut_short: bool,
}

/// Where in the grammar a stretch of JSON starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) stack: Vec<Container>,
    pub(super) expect: Expect,
    /// Each line must hold whole values.
    pub(super) lines: bool,
}

impl Start {
    /// Outside any value.
    pub(super) fn top(lines: bool) -> Start {
        Start { stack: Vec::new(), expect: Expect::Value, lines }
    }
}

/// Walks over the tokens of a text.
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    state: Start,
}

impl<'a> Lexer<'a> {
    /// A lexer of `text` from offset `at`, where the grammar stands at `state`.
    pub(super) fn new(text: &'a [u8], at: usize, state: Start) -> Lexer<'a> {
        Lexer { text, at, state }
    }

    /// Where it stands: to be taken up again by [`Lexer::new`].
    pub(super) fn into_state(self) -> (usize, Start) {
        (self.at, self.state)
    }

    /// What the last token stands in.
    pub(super) fn container(&self) -> Option<Container> {
        self.state.stack.last().copied()
    }

    /// Whether it stands outside any value.
    pub(super) fn is_at_top(&self) -> bool {
        self.state.stack.is_empty() && self.state.expect == Expect::Value
    }

    /// The next token, or nothing at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Fault> {
        let Some(byte) = self.skip_space()? else { return Ok(None) };
        let start = self.at;
        let (kind, span) = match (byte, self.state.expect) {
            (b'"', Expect::Key | Expect::KeyOrClose) => {
                let (span, escaped) = self.string()?;
                self.state.expect = Expect::Colon;
                (Kind::Key { escaped }, span)
            }
            (b':', Expect::Colon) => {
                self.at += 1;
                self.state.expect = Expect::Value;
                (Kind::Colon, start..self.at)
            }
            (b',', Expect::CommaOrClose) => {
                self.at += 1;
                self.state.expect =
                    if self.container() == Some(Container::Object) { Expect::Key } else { Expect::Value };
                (Kind::Comma, start..self.at)
            }
            (b'}', Expect::KeyOrClose | Expect::CommaOrClose) if self.container() == Some(Container::Object) => {
                self.close()
            }
            (b']', Expect::ValueOrClose | Expect::CommaOrClose) if self.container() == Some(Container::Array) => {
                self.close()
            }
            (_, Expect::Value | Expect::ValueOrClose) => self.value(byte)?,
            (_, expect) => return Err(self.fault(start, expect.wanted())),
        };
        Ok(Some(Token { kind, span }))
    }

    /// Goes to the next byte that is no white space and returns it.
    fn skip_space(&mut self) -> Result<Option<u8>, Fault> {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => {}
                b'\n' if !self.state.lines || self.is_at_top() => {}
                b'\n' => return Err(self.short("the line ends before its JSON value does")),
                _ => return Ok(Some(*byte)),
            }
            self.at += 1;
        }
        if self.state.lines && !self.is_at_top() {
            return Err(self.short("the last record is cut short"));
        }
        Ok(None)
    }

    fn value(&mut self, byte: u8) -> Result<(Kind, Range<usize>), Fault> {
        let start = self.at;
        match byte {
            b'"' => {
                let (span, escaped) = self.string()?;
                self.value_ends();
                Ok((Kind::String { escaped }, span))
            }
            b'{' | b'[' => {
                if self.state.stack.len() >= DEEPEST {
                    return Err(self.fault(start, "arrays and objects are nested too deep"));
                }
                let object = byte == b'{';
                self.state.stack.push(if object { Container::Object } else { Container::Array });
                self.state.expect = if object { Expect::KeyOrClose } else { Expect::ValueOrClose };
                self.at += 1;
                let container = if object { Container::Object } else { Container::Array };
                Ok((Kind::Open(container), start..self.at))
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' | b'N' | b'I' => {
                let rest = self.text.get(start..).unwrap_or_default();
                let length =
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
                let word = rest.get(..length).unwrap_or_default();
                let kind = match word {
                    b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity" => Kind::Literal,
                    _ if is_number(word) => Kind::Number,
                    _ => {
                        let cut_short = length == rest.len();
                        return Err(Fault { at: start, reason: "neither a number nor true, false or null", cut_short });
                    }
                };
                self.at += length;
                self.value_ends();
                Ok((kind, start..self.at))
            }
            _ => Err(self.fault(start, self.state.expect.wanted())),
        }
    }

    fn close(&mut self) -> (Kind, Range<usize>) {
        self.state.stack.pop();
        self.value_ends();
        self.at += 1;
        (Kind::Close, self.at - 1..self.at)
    }

    fn value_ends(&mut self) {
        self.state.expect = if self.state.stack.is_empty() { Expect::Value } else { Expect::CommaOrClose };
    }

    /// Goes past the string whose opening quote is next; returns its content and whether that has an escape.
    fn string(&mut self) -> Result<(Range<usize>, bool), Fault> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            at += plain_length(self.text.get(at..).unwrap_or_default());
            match self.text.get(at..).unwrap_or_default() {
                [b'"', ..] => {
                    self.at = at + 1;
                    return Ok((start..at, escaped));
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {
                    escaped = true;
                    at += 2;
                }
                [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_hexdigit()) => {
                    escaped = true;
                    at += 6;
                }
                [b'\\'] | [b'\\', b'u', ..] if self.text.len() - at < 6 => return Err(self.short_at(at)),
                [b'\\', ..] => return Err(self.fault(at, "an escape that JSON does not have")),
                [] => return Err(self.short_at(at)),
                [b'\n', ..] => return Err(self.fault(at, "a string is not closed on its line")),
                [..] => return Err(self.fault(at, "a control character within a string")),
            }
        }
    }

    fn fault(&self, at: usize, reason: &'static str) -> Fault {
        Fault { at, reason, cut_short: false }
    }

    fn short(&self, reason: &'static str) -> Fault {
        Fault { at: self.at, reason, cut_short: self.at >= self.text.len() }
    }

    fn short_at(&self, at: usize) -> Fault {
        Fault { at, reason: "the last record is cut short within a string", cut_short: true }
    }
}

impl Expect {
    fn wanted(self) -> &'static str {
        match self {
            Expect::Value => "a value is expected here",
            Expect::ValueOrClose => "a value or `]` is expected here",
            Expect::Key => "a quoted key is expected here",
            Expect::KeyOrClose => "a quoted key or `}` is expected here",
            Expect::Colon => "`:` is expected here",
            Expect::CommaOrClose => "`,` or a closing bracket is expected here",
        }
    }
}

/// Number of leading bytes that are neither a quote, a backslash nor a control character.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut length = 0;
    let mut rest = bytes;
    // Eight bytes at a time; a borrow can only mark a byte after (above) one that is truly marked.
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let equals =
            |byte: u8| (word ^ (ONES * u64::from(byte))).wrapping_sub(ONES) & !(word ^ (ONES * u64::from(byte)));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let marked = (equals(b'"') | equals(b'\\') | control) & HIGHS;
        if marked != 0 {
            return length + (marked.trailing_zeros() / 8) as usize;
        }
        length += 8;
        rest = tail;
    }
    length + rest.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count()
}

/// Whether `word` is a number as JSON writes it.
pub(super) fn is_number(word: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits(word);
    let Some((integer, mut rest)) = word.split_at_checked(whole) else { return false };
    if integer.is_empty() || (whole > 1 && integer.first() == Some(&b'0')) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        rest = fraction.get(length..).unwrap_or_default();
        if length == 0 {
            return false;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether `text` is one JSON value (or none), by this lexer.
    fn accepts(text: &[u8]) -> bool {
        let mut lexer = Lexer::new(text, 0, Start::top(false));
        let mut tops = 0;
        loop {
            match lexer.next() {
                Ok(Some(token)) => {
                    let value = !matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Key { .. });
                    tops += usize::from(value && lexer.is_at_top());
                }
                Ok(None) => return lexer.is_at_top() && tops == 1,
                Err(_) => return false,
            }
        }
    }

    #[test]
    fn accepts_what_json_is() {
        for good in ["{}", "[]", " [1,-0.5e+10 , null,true]", r#"{"a":{"b":[{}]},"c":"\u5f20\n"}"#, "0", "\"\""] {
            assert!(accepts(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "[1 2]",
            "01",
            "1.",
            ".5",
            "+1",
            "tru",
            "{a:1}",
            "'a'",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "[}",
            "]",
            "1 2",
            "{\"a\":1 \"b\":2}",
            "\"\t\"",
            "1e",
            "-",
            "[2024-01-01]",
        ] {
            assert!(!accepts(bad.as_bytes()), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in prop::collection::vec(
            prop::sample::select(vec!["{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\", "1", "0", ".", "e", "-", " ",
                "\n", "true", "null", "\\u00", "41", "\u{1}", "张"]), 0..12)) {
            let text = text.concat();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(accepts(text.as_bytes()), theirs, "{}", text);
        }

        #[test]
        fn plain_length_is_right(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let expected = bytes.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\').unwrap_or(bytes.len());
            prop_assert_eq!(plain_length(&bytes), expected);
        }

        #[test]
        fn plain_length_is_right_near_the_limits(bytes in prop::collection::vec(
            prop::sample::select(b"\x1f\x20\x21\"#\\]\x7f\x80\x9f\xa2\xdc\xff\0\x01".to_vec()), 0..40)) {
            let expected = bytes.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\').unwrap_or(bytes.len());
            prop_assert_eq!(plain_length(&bytes), expected);
        }
    }
}
