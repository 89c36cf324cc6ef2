//! Whether what stands behind a label is source code: a type, an expression, a path, a constant of an enumeration, or
//! words of a sentence. For values that could be any word, which rules mark with `not_code`.
//!
//! Looked at only where a pattern found a value behind a label and a separator, in a bounded window on its line. Must
//! not refuse what stands in quotation marks: that is a literal, in code as elsewhere.

use std::ops::Range;

use super::context::{byte, byte_before, skip_joiners, word_before};

/// How far the borders of a line are sought.
const WINDOW: usize = 240;

/// Words that are types, keywords or constants of programming languages, and no names or secrets.
const WORDS: [&[u8]; 62] = [
    b"u8",
    b"u16",
    b"u32",
    b"u64",
    b"u128",
    b"usize",
    b"i8",
    b"i16",
    b"i32",
    b"i64",
    b"i128",
    b"isize",
    b"f32",
    b"f64",
    b"bool",
    b"boolean",
    b"char",
    b"str",
    b"String",
    b"int",
    b"uint",
    b"long",
    b"short",
    b"byte",
    b"float",
    b"double",
    b"void",
    b"const",
    b"mut",
    b"unsigned",
    b"signed",
    b"struct",
    b"enum",
    b"static",
    b"extern",
    b"return",
    b"self",
    b"Self",
    b"this",
    b"super",
    b"crate",
    b"new",
    b"await",
    b"async",
    b"function",
    b"lambda",
    b"dyn",
    b"impl",
    b"Some",
    b"None",
    b"nullptr",
    b"NULL",
    b"Option",
    b"Vec",
    b"Box",
    b"Arc",
    b"Rc",
    b"Cow",
    b"Result",
    b"HashMap",
    b"Object",
    b"undefined",
];

/// What a line of code begins with, where it declares something.
const DECLARATIONS: [&[u8]; 14] = [
    b"pub ",
    b"let ",
    b"const ",
    b"static ",
    b"fn ",
    b"impl ",
    b"struct ",
    b"enum ",
    b"typedef ",
    b"my $",
    b"var ",
    b"def ",
    b"private ",
    b"public ",
];

/// Whether the value at `span`, behind a key and a separator, is code.
pub(super) fn is_code(text: &[u8], span: &Range<usize>) -> bool {
    let key_end = skip_joiners(text, span.start);
    let between = text.get(key_end..span.start).unwrap_or_default();
    if matches!(byte_before(text, span.start), b'"' | b'\'') {
        return is_literal_of_code(text, span.end, between);
    }
    if is_operator(text, key_end, between) {
        return true;
    }
    let value = text.get(span.clone()).unwrap_or_default();
    is_expression(text, span.start, value)
        || is_number_of_a_type(value)
        || is_key(text, span, value)
        || is_sentence(text, span.end, between, value)
        || is_declared(text, key_end, span, value)
}

/// A literal whose method is called, or the first of a list: `"john".to_string()`, `keywords = ["a", "b"]`.
fn is_literal_of_code(text: &[u8], end: usize, between: &[u8]) -> bool {
    let rest = text.get(end..(end + WINDOW).min(text.len())).unwrap_or_default();
    let called = match rest {
        [b'"', b'.', method @ ..] => matches!(identifier(method), 1.. if method.get(identifier(method)) == Some(&b'(')),
        _ => false,
    };
    let mut list = between.iter().rev().skip(1).filter(|b| **b != b' ');
    called || list.next() == Some(&b'[') && list.next() == Some(&b'=')
}

/// `Key::name`, `key == name`, `key += name`, `key := name`.
fn is_operator(text: &[u8], key_end: usize, between: &[u8]) -> bool {
    let compared = between.windows(2).any(|two| matches!(two, b"::" | b"==" | b":="));
    let changed = between.trim_ascii_start().first() == Some(&b'=')
        && matches!(byte_before(text, key_end), b'!' | b'<' | b'>' | b'+' | b'|' | b'~' | b'^');
    // `*const c_char`, `[u8; 32]` and the like are words below.
    compared || changed
}

/// A word of code, a call, a path: `Option<String>`, `alice.secret()`, `super::Password`, `uid_t`, `state->secret`.
fn is_expression(text: &[u8], at: usize, value: &[u8]) -> bool {
    let word = identifier(value);
    if word == 0 {
        return false;
    }
    let head = value.get(..word).unwrap_or_default();
    if WORDS.contains(&head) && !matches!(byte(text, at + word), b'.' | b'-' | b'@') {
        return true;
    }
    if head.len() == value.len() && (head.ends_with(b"_t") || head.starts_with(b"__")) {
        return true;
    }
    let mut end = word;
    loop {
        let rest = text.get(at + end..(at + end + WINDOW).min(text.len())).unwrap_or_default();
        match rest {
            [b':', b':', next, ..] if next.is_ascii_alphabetic() || *next == b'_' => return true,
            [b'-', b'>', ..] => return true,
            [b'!', b'(' | b'[', ..] => return true,
            [b' ', b'|', b'|', ..] | [b' ', b'&', b'&', ..] => return true,
            // `[BYTE; 6]`
            [b';', b' ', ..] if byte_before(text, at) == b'[' => return true,
            // A call, when its bracket closes on this line.
            [b'(', inner @ ..] => {
                let line = memchr::memchr(b'\n', inner).map_or(inner, |at| inner.get(..at).unwrap_or_default());
                return line.contains(&b')');
            }
            [b'.', next @ ..] if identifier(next) > 0 => end += 1 + identifier(next),
            _ => return false,
        }
    }
}

/// `284675555i32`, `52u8`
fn is_number_of_a_type(value: &[u8]) -> bool {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && value.get(digits..).is_some_and(|kind| kind.len() >= 2 && WORDS.contains(&kind))
}

/// `a.exp:` before a space is a key or a place itself, and so is `name=`.
fn is_key(text: &[u8], span: &Range<usize>, value: &[u8]) -> bool {
    if byte(text, span.end) == b'=' && identifier(value) == value.len() {
        return true;
    }
    let colon = value.last() == Some(&b':') || byte(text, span.end) == b':';
    let after = if value.last() == Some(&b':') { span.end } else { span.end + 1 };
    colon && byte(text, after) == b' ' && value.iter().all(u8::is_ascii)
}

/// A plain word behind `: ` that another plain word follows: `login: update the description`.
fn is_sentence(text: &[u8], end: usize, between: &[u8], value: &[u8]) -> bool {
    if !between.ends_with(b" ") || !between.contains(&b':') || !value.iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    let rest = text.get(end..(end + 32).min(text.len())).unwrap_or_default();
    let rest = rest.strip_prefix(b"'t").unwrap_or(rest);
    let [b' ', rest @ ..] = rest else { return false };
    let rest = rest.strip_prefix(b"\\").unwrap_or(rest);
    let word = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/')).count();
    word > 0 && !matches!(rest.get(word), Some(b'=' | b':' | 0x80..))
}

/// A declaration, or a field or constant that is alone on its line: `    name: LPWSTR,`, `A_SSID = 52,`.
fn is_declared(text: &[u8], key_end: usize, span: &Range<usize>, value: &[u8]) -> bool {
    let key = word_before(text, key_end);
    let from = key.saturating_sub(WINDOW);
    let before = text.get(from..key).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(before, |at| before.get(at + 1..).unwrap_or_default());
    let line = line.trim_ascii_start();
    let rest = text.get(span.end..(span.end + WINDOW).min(text.len())).unwrap_or_default();
    let rest = memchr::memchr(b'\n', rest).map_or(rest, |at| rest.get(..at).unwrap_or_default()).trim_ascii_end();
    let is_name = identifier(value) > 0;
    if is_name && DECLARATIONS.iter().any(|word| line.starts_with(word)) {
        return true;
    }
    let key = text.get(key..key_end).unwrap_or_default();
    let constant =
        key.contains(&b'_') && key.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    let alone = line.is_empty() && matches!(rest, b"," | b";" | b"{" | b" {");
    let spaced = byte_before(text, span.start) == b' ' || matches!(byte_before(text, span.start), b'[' | b'(');
    let whole_name = identifier(value) == value.len();
    spaced && (alone && (whole_name || constant) || constant && whole_name && !value.iter().any(u8::is_ascii_lowercase))
}

/// How long the identifier is that `text` begins with.
fn identifier(text: &[u8]) -> usize {
    match text.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the value in `⟦⟧` is code.
    fn code(marked: &str) -> bool {
        let (head, rest) = marked.split_once('⟦').unwrap();
        let (value, tail) = rest.split_once('⟧').unwrap();
        let text = [head, value, tail].concat();
        is_code(text.as_bytes(), &(head.len()..head.len() + value.len()))
    }

    #[test]
    fn code_is_told_from_data() {
        for text in [
            "Some(Keyword::⟦TRUE⟧)",
            "if state->secret == ⟦NULL)⟧ ? a : b",
            "    pub password: ⟦Option⟧<String>,",
            "    name: *⟦mut⟧ u8)",
            "uid: ⟦crate⟧::uid_t,",
            "fn chown(uid: ⟦uid_t⟧, gid: gid_t)",
            "const aliceSecret = ⟦alice.computeSecret(bob.getPublicKey()⟧, null);",
            "let display_name = ⟦format!(⟧\"{}\")",
            "X: DEVICE_ID = ⟦284675555i32⟧;",
            "PASS: ⟦gdb.cp/userdef.exp:⟧ print one",
            "  * login: ⟦Update⟧ package description",
            "Last login: ⟦Thu⟧ May 13",
            "passwd:         ⟦files⟧ ldap",
            "    lpDisplayName: ⟦LPWSTR⟧,",
            "    NL80211_ATTR_SSID = ⟦52⟧,",
            "GNUTLS_E_SRP_USERNAME: ⟦ADDED⟧.",
            "pub const X_PASSWORD: ⟦HRESULT⟧ = 5;",
            "secret = ⟦state-⟧>extSecret;",
            "username: \"⟦john_doe⟧\".to_string(),",
            "keywords = [\"⟦arrow⟧\", \"parquet\"]",
            "    DeviceName: [⟦WCHAR⟧; 32],",
            "$login = ⟦getlogin⟧ || 5",
            "SASL username: ⟦gidNumber⟧=0",
            "passwd:   ⟦compat⟧ \\fBfiles",
        ] {
            assert!(code(text), "{text}");
        }
        for text in [
            "login user=tom password=⟦hunter2⟧ ok",
            "password=\"⟦String⟧\"",
            "userName: ⟦zhangwei_88⟧, ip: 1.2.3.4",
            "user=⟦wangfang⟧ logged in",
            "userName: ⟦wangfang⟧ ip: 1.2.3.4",
            "\"userId\": ⟦8839201⟧,",
            "密码：⟦Abc(12345⟧，请妥善保管",
            "username: ⟦new.user⟧ from web",
            "ssid=⟦CMCC⟧ rssi=-52",
            "UserDTO(nick=⟦sunny⟧, pwd=x)",
            "登录名：⟦wangfang⟧ 登录成功",
            "userId:[⟦88392011⟧]",
            "{\"keywords\":[\"⟦连衣裙⟧\"]}",
            "{\"user\":\"⟦john_doe⟧\"}",
            "token=⟦YWJjZGVmZ2hpamts⟧.x==",
        ] {
            assert!(!code(text), "{text}");
        }
    }
}
