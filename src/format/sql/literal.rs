//! Literals as they stand in `INSERT … VALUES`: decoding one cell to its value, and writing a new value in the
//! same style. What is not a plain literal is handed on as written and is never rewritten.

use super::scan::{Dialect, Lexical};

/// How a cell is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// NULL or DEFAULT.
    Null,
    /// A bare number.
    Number,
    /// A quoted string; `prefix` bytes (`E`, `_binary `) stand before its quote.
    Text {
        /// Bytes before the opening quote.
        prefix: usize,
        /// The quote.
        quote: u8,
        /// Backslashes escape.
        backslash: bool,
    },
    /// `0x…`, without quotes, or `X'…'`.
    Hex {
        /// `X'…'`.
        quoted: bool,
    },
    /// A cast, a call, a bit string…
    Expression,
}

/// Appends the value of `cell` to `out` and says how it is written. An expression's value is its own text, so
/// that it can be scanned; NULL appends nothing.
pub(crate) fn decode(cell: &[u8], lexical: &Lexical, out: &mut Vec<u8>) -> Form {
    let start = out.len();
    let form = match recognize(cell, lexical) {
        Form::Text { prefix, quote, backslash } => {
            let body = cell.get(prefix + 1..).unwrap_or_default();
            match decode_string(body, quote, backslash, lexical.dialect, out) {
                Some(()) => return Form::Text { prefix, quote, backslash },
                None => Form::Expression,
            }
        }
        Form::Hex { quoted } => {
            let digits = if quoted { cell.get(2..cell.len() - 1) } else { cell.get(2..) };
            match data_encoding::HEXUPPER_PERMISSIVE.decode(digits.unwrap_or_default()) {
                Ok(bytes) => {
                    out.extend_from_slice(&bytes);
                    return Form::Hex { quoted };
                }
                Err(_) => Form::Expression,
            }
        }
        Form::Null => return Form::Null,
        other => other,
    };
    out.truncate(start);
    out.extend_from_slice(cell);
    form
}

fn recognize(cell: &[u8], lexical: &Lexical) -> Form {
    let my_sql = lexical.dialect == Dialect::MySql;
    let text = |prefix, quote, backslash| Form::Text { prefix, quote, backslash };
    match cell {
        [b'\'', ..] => text(0, b'\'', lexical.backslash),
        [b'"', ..] if my_sql && !lexical.ansi_quotes => text(0, b'"', lexical.backslash),
        [b'E' | b'e', b'\'', ..] if !my_sql => text(1, b'\'', true),
        [b'0', b'x', ..] if my_sql => Form::Hex { quoted: false },
        [b'X' | b'x', b'\'', .., b'\''] if my_sql => Form::Hex { quoted: true },
        [b'_', ..] if my_sql => match introducer(cell) {
            Some(prefix) => text(prefix, b'\'', lexical.backslash),
            None => Form::Expression,
        },
        [b'0'..=b'9' | b'-' | b'+' | b'.', rest @ ..]
            if rest.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) =>
        {
            Form::Number
        }
        _ if cell.eq_ignore_ascii_case(b"null") || cell.eq_ignore_ascii_case(b"default") => Form::Null,
        _ => Form::Expression,
    }
}

/// Length of `_binary ` and its like, up to the quote.
fn introducer(cell: &[u8]) -> Option<usize> {
    const KNOWN: &[&[u8]] = &[b"_binary", b"_utf8mb4", b"_utf8mb3", b"_utf8"];
    let quote = memchr::memchr(b'\'', cell)?;
    let name = cell.get(..quote)?.trim_ascii_end();
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known)).then_some(quote)
}

/// Decodes up to the closing quote, which must be the last byte.
fn decode_string(body: &[u8], quote: u8, backslash: bool, dialect: Dialect, out: &mut Vec<u8>) -> Option<()> {
    let mut rest = body;
    loop {
        let found = match backslash {
            true => memchr::memchr2(quote, b'\\', rest)?,
            false => memchr::memchr(quote, rest)?,
        };
        let (plain, special) = rest.split_at_checked(found)?;
        out.extend_from_slice(plain);
        match special {
            [_] if special.first() == Some(&quote) => return Some(()),
            [first, second, after @ ..] if *first == quote && *second == quote => {
                out.push(quote);
                rest = after;
            }
            [b'\\', escape, after @ ..] => rest = unescape(*escape, after, dialect, out)?,
            _ => return None,
        }
    }
}

fn unescape<'a>(escape: u8, after: &'a [u8], dialect: Dialect, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let plain = match (escape, dialect) {
        (b'b', _) => 0x08,
        (b'n', _) => b'\n',
        (b'r', _) => b'\r',
        (b't', _) => b'\t',
        (b'0', Dialect::MySql) => 0,
        (b'Z', Dialect::MySql) => 0x1A,
        (b'%' | b'_', Dialect::MySql) => {
            out.push(b'\\');
            escape
        }
        (b'f', Dialect::Postgres) => 0x0C,
        (b'0'..=b'7', Dialect::Postgres) => {
            let (value, digits) = number(after, 8, 2, u32::from(escape - b'0'));
            out.push((value & 0xFF) as u8);
            return after.get(digits..);
        }
        (b'x', Dialect::Postgres) => match number(after, 16, 2, 0) {
            (_, 0) => b'x',
            (value, digits) => {
                out.push((value & 0xFF) as u8);
                return after.get(digits..);
            }
        },
        (b'u' | b'U', Dialect::Postgres) => {
            let length = if escape == b'u' { 4 } else { 8 };
            let (value, digits) = number(after, 16, length, 0);
            // Half of a surrogate pair: leave the cell as an expression.
            let character = char::from_u32(value).filter(|_| digits == length)?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return after.get(digits..);
        }
        (other, _) => other,
    };
    out.push(plain);
    Some(after)
}

/// Reads at most `most` digits; gives the value, which starts from `value`, and how many digits there were.
pub(crate) fn number(bytes: &[u8], radix: u32, most: usize, value: u32) -> (u32, usize) {
    let digits = bytes.iter().take(most).map_while(|byte| char::from(*byte).to_digit(radix));
    digits.fold((value, 0), |(value, count), digit| (value.wrapping_mul(radix).wrapping_add(digit), count + 1))
}

/// Appends `value` as a string between `quote`s.
pub(crate) fn encode_string(value: &[u8], quote: u8, backslash: bool, dialect: Dialect, out: &mut Vec<u8>) {
    out.push(quote);
    for &byte in value {
        let escape = match byte {
            _ if byte == quote => byte,
            b'\\' if backslash => b'\\',
            0 if backslash && dialect == Dialect::MySql => b'0',
            b'\n' if backslash && dialect == Dialect::MySql => b'n',
            b'\r' if backslash && dialect == Dialect::MySql => b'r',
            0x1A if backslash && dialect == Dialect::MySql => b'Z',
            _ => {
                out.push(byte);
                continue;
            }
        };
        let mysql_style = backslash && dialect == Dialect::MySql;
        out.push(if byte == quote && !mysql_style { quote } else { b'\\' });
        out.push(escape);
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(cell: &str, lexical: &Lexical) -> (Form, Vec<u8>) {
        let mut out = Vec::new();
        let form = decode(cell.as_bytes(), lexical, &mut out);
        (form, out)
    }

    #[test]
    fn decodes_each_style() {
        let pg = Lexical::new(Dialect::Postgres);
        let my = Lexical::new(Dialect::MySql);
        let text = |prefix, backslash| Form::Text { prefix, quote: b'\'', backslash };
        assert_eq!(value("'it''s \\'", &pg), (text(0, false), b"it's \\".to_vec()));
        assert_eq!(value(r"E'a\\b\n\x41\101\u4e2d'", &pg), (text(1, true), "a\\b\nAA中".as_bytes().to_vec()));
        assert_eq!(value(r"'it\'s ''\\\0\Z\%\q'", &my), (text(0, true), b"it's '\\\0\x1A\\%q".to_vec()));
        assert_eq!(value("_binary 'ab'", &my), (text(8, true), b"ab".to_vec()));
        assert_eq!(value("0x4142", &my), (Form::Hex { quoted: false }, b"AB".to_vec()));
        assert_eq!(value("X'4142'", &my), (Form::Hex { quoted: true }, b"AB".to_vec()));
        assert_eq!(value("13800138000", &pg), (Form::Number, b"13800138000".to_vec()));
        assert_eq!(value("-1.5e3", &my).0, Form::Number);
        assert_eq!(value("NULL", &pg), (Form::Null, Vec::new()));
        assert_eq!(value("''", &pg), (text(0, false), Vec::new()));
        for expression in ["'a'::text", "now()", "'a' 'b'", "true", "B'01'", "_sjis 'a'", "0x4", r"E'\ud83d'"] {
            let lexical = if expression.starts_with(['_', '0']) { &my } else { &pg };
            assert_eq!(value(expression, lexical), (Form::Expression, expression.as_bytes().to_vec()), "{expression}");
        }
    }

    proptest! {
        #[test]
        fn encoded_strings_decode_to_the_same(value in ".*", quote in prop::sample::select(vec![b'\'', b'"']),
                                              backslash: bool, my_sql: bool) {
            let dialect = if my_sql { Dialect::MySql } else { Dialect::Postgres };
            let mut encoded = Vec::new();
            encode_string(value.as_bytes(), quote, backslash, dialect, &mut encoded);
            let mut decoded = Vec::new();
            let done = decode_string(&encoded[1..], quote, backslash, dialect, &mut decoded);
            prop_assert!(done.is_some());
            prop_assert_eq!(decoded, value.into_bytes());
        }
    }
}
