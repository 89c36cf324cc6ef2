//! JSON Web Tokens (RFC 7519): three parts in base64url joined by full stops, of which the first two are JSON objects and
//! so begin with `eyJ`. Objects with white space behind their brace (`eyAi`, `ewog`), which no library writes, are not sought.
//!
//! Finds where one begins and ends; what it holds is read in `encoded`. Nothing is allocated here.

use std::ops::Range;

use super::pass::Pass;
use super::program::At;

/// How the payload begins, with the full stop before it: `{"` in base64url.
pub(super) const PAYLOAD: &str = ".eyJ";
/// How the header begins.
const OBJECT: &[u8] = b"eyJ";
/// Longest part.
const PART: usize = 64 << 10;
/// Shortest header: `{"alg":"ES256"}`.
const HEADER: usize = 20;

/// Where the parts of a token stand.
pub(super) struct Token {
    pub(super) header: Range<usize>,
    pub(super) payload: Range<usize>,
    /// May be empty: a token without a signature.
    pub(super) signature: Range<usize>,
}

impl Token {
    /// The token of which the payload begins behind the full stop at `stop`.
    pub(super) fn around(text: &[u8], stop: usize) -> Option<Token> {
        let header = part_before(text, stop);
        if !is_object(text, &header) || header.len() < HEADER {
            return None;
        }
        // A part of a longer chain of parts is no token; the name of what it is the value of may end in a full stop.
        if let Some(before) = header.start.checked_sub(1)
            && text.get(before) == Some(&b'.')
            && is_object(text, &part_before(text, before))
        {
            return None;
        }
        let payload = stop + 1..stop + 1 + part(text, stop + 1);
        if text.get(payload.end) != Some(&b'.') {
            return None;
        }
        let signature = payload.end + 1..payload.end + 1 + part(text, payload.end + 1);
        Some(Token { header, payload, signature })
    }

    /// All of it.
    pub(super) fn span(&self) -> Range<usize> {
        self.header.start..self.signature.end
    }
}

/// The part that ends at `end`.
fn part_before(text: &[u8], end: usize) -> Range<usize> {
    let before = text.get(end.saturating_sub(PART)..end).unwrap_or_default();
    end - before.iter().rev().take_while(|b| is_base64url(**b)).count()..end
}

fn is_object(text: &[u8], part: &Range<usize>) -> bool {
    text.get(part.clone()).is_some_and(|part| part.starts_with(OBJECT))
}

/// How long the part at `at` is.
fn part(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..(at + PART).min(text.len())).unwrap_or_default();
    rest.iter().take_while(|b| is_base64url(**b)).count()
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

impl Pass<'_> {
    /// The token of which the payload begins behind the full stop at `stop`.
    pub(super) fn web_token(&mut self, at: At, stop: usize) {
        let text = self.text;
        let Some(token) = Token::around(text, stop) else { return };
        let span = token.span();
        let context = self.context(span.start);
        let value = text.get(span.clone()).unwrap_or_default();
        self.confirm(at, span, value, &context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Option<&str> {
        let mut stops = text.match_indices(PAYLOAD).map(|(stop, _)| stop);
        stops.find_map(|stop| Token::around(text.as_bytes(), stop)).and_then(|token| text.get(token.span()))
    }

    #[test]
    fn a_token_ends_where_its_signature_does() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJwIjoiMTM4MDAxMzgwMDAifQ.c2ln";
        for text in [
            token.to_owned(),
            format!("t={token}; path=/"),
            format!("\"{token}\","),
            format!("令牌{token}。"),
            format!("token...{token}"),
            format!("auth.{token}"),
            format!("x..{token}"),
        ] {
            assert_eq!(span(&text), Some(token), "{text}");
        }
        let unsigned = "eyJhbGciOiJub25lIn0A.eyJwIjoiMTM4MDAxMzgwMDAifQ.";
        assert_eq!(span(unsigned), Some(unsigned));
        for text in [
            "eyJhbGciOiJIUzI1NiJ9.eyJwIjoiMTM4MDAxMzgwMDAifQ",
            "x.eyJwIjoiMTM4MDAxMzgwMDAifQ.c2ln",
            "eyJh.eyJwIjoiMTM4MDAxMzgwMDAifQ.c2ln",
            ".eyJwIjoiMTM4MDAxMzgwMDAifQ.c2ln",
            "aeyJhbGciOiJIUzI1NiJ9.eyJwIjoiMTM4MDAxMzgwMDAifQ.c2ln",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
        // Its second part is no header.
        let chain = format!("eyJh.{token}");
        let second = chain.rfind(PAYLOAD).unwrap();
        assert!(Token::around(chain.as_bytes(), second).is_none());
    }
}
