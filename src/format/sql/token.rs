//! Words, names, strings and symbols of one statement, for reading DDL, SET and the heads of INSERT and COPY.
//! Comments and white space fall away; the code inside MySQL's versioned comments stays.

use std::ops::Range;

use super::scan::{self, Dialect, Lexical, Piece, Stop};

/// One token of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A key word or an unquoted name, as written.
    Word(String),
    /// A quoted name, without its quotes.
    Name(String),
    /// A string literal: where it stands, quotes and all.
    Text(Range<usize>),
    /// A number as written.
    Number(String),
    /// Anything else, byte by byte.
    Symbol(u8),
}

impl Token {
    /// True when it is the key word `word`.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(written) if written.eq_ignore_ascii_case(word))
    }
}

/// Reads tokens from a buffer.
pub(crate) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    lexical: Lexical,
    last: bool,
    /// A comment was stepped over.
    pub(crate) commented: bool,
}

impl<'a> Tokens<'a> {
    /// Tokens of `bytes` from `at` on; `last` says that nothing follows the buffer.
    pub(crate) fn new(bytes: &'a [u8], at: usize, lexical: &Lexical, last: bool) -> Tokens<'a> {
        Tokens { bytes, at, lexical: *lexical, last, commented: false }
    }

    /// The place after the last token.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The next token; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Token>, Stop> {
        loop {
            self.at = scan::skip_space(self.bytes, self.at);
            let Some(&byte) = self.bytes.get(self.at) else {
                return if self.last { Ok(None) } else { Err(Stop::Open("a statement")) };
            };
            let start = self.at;
            if let Some(token) = self.word(byte)? {
                return Ok(Some(token));
            }
            match scan::piece(self.bytes, start, &self.lexical, self.last)? {
                Piece::Comment(next) => {
                    self.commented = true;
                    self.at = next;
                }
                Piece::Opening(next) | Piece::Closing(next) => self.at = next,
                Piece::Quoted(next) => {
                    self.at = next;
                    return Ok(Some(self.quoted(byte, start..next)));
                }
                Piece::Plain(next) => {
                    self.at = next;
                    return Ok(Some(Token::Symbol(byte)));
                }
            }
        }
    }

    fn word(&mut self, first: u8) -> Result<Option<Token>, Stop> {
        if !scan::is_word(first) || first == b'$' {
            return Ok(None);
        }
        let mut end = self.at;
        while let Some(&byte) = self.bytes.get(end) {
            let number = first.is_ascii_digit() && byte == b'.';
            if !scan::is_word(byte) && !number {
                break;
            }
            let wide = self.lexical.double_byte && byte >= 0x81;
            end += if wide { scan::double_byte_width(self.bytes, end) } else { 1 };
        }
        if end >= self.bytes.len() && !self.last {
            return Err(Stop::Open("a statement"));
        }
        let written = self.bytes.get(self.at..end).unwrap_or_default();
        // E'…' is one token: leave its prefix out.
        if matches!(written, b"E" | b"e") && self.bytes.get(end) == Some(&b'\'') {
            let next = scan::quoted(self.bytes, end, true, self.lexical.double_byte, self.last)?;
            self.at = next;
            return Ok(Some(Token::Text(end..next)));
        }
        self.at = end;
        let text = decode_name(written);
        Ok(Some(if first.is_ascii_digit() { Token::Number(text) } else { Token::Word(text) }))
    }

    fn quoted(&self, quote: u8, span: Range<usize>) -> Token {
        let names_in_double = self.lexical.dialect == Dialect::Postgres || self.lexical.ansi_quotes;
        match quote {
            b'`' => Token::Name(unquote(self.bytes.get(span).unwrap_or_default())),
            b'"' if names_in_double => Token::Name(unquote(self.bytes.get(span).unwrap_or_default())),
            _ => Token::Text(span),
        }
    }
}

/// The content of a quoted piece: outer quotes off, doubled quotes single.
pub(crate) fn unquote(quoted: &[u8]) -> String {
    let mut inner = quoted.iter().copied().skip(1).take(quoted.len().saturating_sub(2));
    let quote = quoted.first().copied().unwrap_or_default();
    let mut plain = Vec::with_capacity(quoted.len());
    while let Some(byte) = inner.next() {
        plain.push(byte);
        if byte == quote {
            inner.next();
        }
    }
    decode_name(&plain)
}

/// A name as text: UTF-8, or else GB18030.
pub(crate) fn decode_name(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
    }
}
