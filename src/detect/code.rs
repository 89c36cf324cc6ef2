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
const WORDS: [&[u8]; 63] = [
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
    b"match",
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

/// Words of sentences about a key (`uid= option`, `pass: added`), in lower case, which are no values outside of
/// quotation marks.
const PROSE: [&[u8]; 10] =
    [b"and", b"or", b"option", b"setting", b"added", b"removed", b"pass", b"failure", b"failed", b"incorrect"];

/// What a line of code begins with, where it declares something.
const DECLARATIONS: [&[u8]; 20] = [
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
    b"trait ",
    b"class ",
    b"interface ",
    b"if (",
    b"for (",
    b"while (",
];

/// Whether the value at `span`, behind a key and a separator, is code.
pub(super) fn is_code(text: &[u8], span: &Range<usize>) -> bool {
    if is_lone_number(text, span) {
        return false;
    }
    let key_end = skip_joiners(text, span.start);
    let between = text.get(key_end..span.start).unwrap_or_default();
    if matches!(byte_before(text, span.start), b'"' | b'\'') {
        return is_literal_of_code(text, span.end, between);
    }
    if is_operator(text, key_end, between) || is_outside_quotes(text, span.end, between) {
        return true;
    }
    let value = text.get(span.clone()).unwrap_or_default();
    is_expression(text, span.start, value)
        || is_number_of_code(text, span.end, value)
        || is_key(text, key_end, span, value)
        || is_sentence(text, span.end, between, value)
        || is_field(text, key_end, value)
        || is_declared(text, key_end, span, value)
}

/// Whether the value is a number that is all of its line, with another one on the next: in a column of numbers.
fn is_lone_number(text: &[u8], span: &Range<usize>) -> bool {
    byte_before(text, span.start) == b'\n'
        && byte(text, span.end) == b'\n'
        && byte(text, span.end + 1).is_ascii_digit()
        && text.get(span.clone()).is_some_and(|value| !value.is_empty() && value.iter().all(u8::is_ascii_digit))
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

/// `Key::name`, `key == name`, `key (>= 2.0)`, `key += name`, `key := name`, `x ? key : name`, `state->key = name`,
/// `*key = name`.
fn is_operator(text: &[u8], key_end: usize, between: &[u8]) -> bool {
    let compared = between.windows(2).any(|two| matches!(two, b"::" | b"==" | b":=" | b">=" | b"+="));
    let before = text.get(..word_before(text, key_end)).unwrap_or_default();
    let pointed = before.ends_with(b"->") || before.ends_with(b" *");
    let chosen = between == b" : " && before.ends_with(b"? ") || between == b" = " && pointed;
    let changed = between.trim_ascii_start().first() == Some(&b'=')
        && matches!(byte_before(text, key_end), b'!' | b'<' | b'>' | b'+' | b'|' | b'~' | b'^');
    // `*const c_char`, `[u8; 32]` and the like are words below.
    compared || changed || chosen
}

/// Whether a quotation mark closes between key and value: `the "uid=" option`, `'Password: ' system`.
fn is_outside_quotes(text: &[u8], end: usize, between: &[u8]) -> bool {
    let separator = between.iter().position(|b| matches!(b, b':' | b'=')).unwrap_or(between.len());
    let behind = between.get(separator..).unwrap_or_default();
    behind.iter().any(|b| matches!(b, b'"' | b'\'')) && !matches!(byte(text, end), b'"' | b'\'')
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
            [b'!', b'(' | b'[', ..] | [b'!', b' ', b'{', ..] => return true,
            // `fields[3]`, `PROCINFO["uid"]`
            [b'[', b'"' | b'\'', ..] => return true,
            [b'[', digit, b']', ..] if digit.is_ascii_digit() && byte_before(text, at) == b' ' => return true,
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

/// `284675555i32`, `52u8`, the 3 of `3.2`, and the number that a system gives an account: `uid = 580800002, gid = 4`.
fn is_number_of_code(text: &[u8], end: usize, value: &[u8]) -> bool {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return false;
    }
    let rest = text.get(end..(end + 8).min(text.len())).unwrap_or_default();
    if digits == value.len() {
        let decimal = matches!(rest, [b'.', next, ..] if next.is_ascii_digit());
        return decimal
            || rest.trim_ascii_start().strip_prefix(b",").unwrap_or(rest).trim_ascii_start().starts_with(b"gid");
    }
    value.get(digits..).is_some_and(|kind| kind.len() >= 2 && WORDS.contains(&kind))
}

/// `a.exp:` before a space is a key or a place itself, and so is `name=`. `name = ` is a type or assigned as well.
/// `group:passwd:GID:list` names the parts of a line.
fn is_key(text: &[u8], key_end: usize, span: &Range<usize>, value: &[u8]) -> bool {
    let is_name = identifier(value) == value.len();
    if is_name && byte(text, span.end) == b'=' {
        return true;
    }
    let rest = text.get(span.end..span.end + 3).unwrap_or_default();
    if is_name && rest == b" = " && byte_before(text, span.start) == b' ' {
        return true;
    }
    let parts = value.contains(&b':') && byte_before(text, word_before(text, key_end)) == b':';
    if parts && value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b':' | b'_')) {
        return true;
    }
    let colon = value.last() == Some(&b':') || byte(text, span.end) == b':';
    let after = if value.last() == Some(&b':') { span.end } else { span.end + 1 };
    colon && byte(text, after) == b' ' && value.iter().all(u8::is_ascii)
}

/// A plain word behind `: ` that another plain word follows: `login: update the description`. Or a word of prose, or a
/// tag of YAML (`password: !secret name`).
fn is_sentence(text: &[u8], end: usize, between: &[u8], value: &[u8]) -> bool {
    if PROSE.iter().any(|word| value.eq_ignore_ascii_case(word)) {
        return true;
    }
    if let [b'!', tag @ ..] = value
        && byte(text, end) == b' '
        && tag.iter().all(u8::is_ascii_lowercase)
    {
        return true;
    }
    if !between.ends_with(b" ") || !between.contains(&b':') || !value.iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    let rest = text.get(end..(end + 32).min(text.len())).unwrap_or_default();
    let rest = rest.strip_prefix(b"'t").unwrap_or(rest);
    let [b' ', rest @ ..] = rest else { return false };
    let rest = rest.strip_prefix(b"\\").unwrap_or(rest);
    let word = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/')).count();
    let path = rest.get(word..).is_some_and(|rest| rest.starts_with(b"::"));
    word > 0 && (path || !matches!(rest.get(word), Some(b'=' | b':' | 0x80..)))
}

/// The key once more, or a field that is called like it: `keyword = keyword`, `wd: event.wd`, `S.sid = R.sid`.
fn is_field(text: &[u8], key_end: usize, value: &[u8]) -> bool {
    let word = text.get(word_before(text, key_end)..key_end).unwrap_or_default();
    let key = word.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let names_key = |name: &[u8]| {
        let from = key.len().saturating_sub(name.len());
        let whole = matches!(byte_before(key, from), b'\n' | b'_' | b'-') || byte(key, from).is_ascii_uppercase();
        whole && key.get(from..).is_some_and(|end| end.eq_ignore_ascii_case(name))
    };
    if value.len() >= 4 && names_key(value) {
        return true;
    }
    let mut parts = value.split(|b| *b == b'.');
    let is_path = parts.next().is_some_and(|first| !first.is_empty() && identifier(first) == first.len());
    is_path && parts.any(|part| part.len() >= 2 && names_key(part))
}

/// A declaration, or a field or constant that is alone on its line: `    name: LPWSTR,`, `A_SSID = 52,`.
fn is_declared(text: &[u8], key_end: usize, span: &Range<usize>, value: &[u8]) -> bool {
    let key = word_before(text, key_end);
    let from = key.saturating_sub(WINDOW);
    let before = text.get(from..key).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(before, |at| before.get(at + 1..).unwrap_or_default());
    // Comments declare as well: in documentation.
    let markers = line.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'/' | b'!' | b'*')).count();
    let line = line.get(markers..).unwrap_or_default();
    let rest = text.get(span.end..(span.end + WINDOW).min(text.len())).unwrap_or_default();
    let rest = memchr::memchr(b'\n', rest).map_or(rest, |at| rest.get(..at).unwrap_or_default()).trim_ascii_end();
    let is_name = identifier(value) > 0;
    if is_name && (DECLARATIONS.iter().any(|word| line.starts_with(word)) || is_of_function(line)) {
        return true;
    }
    let key = text.get(key..key_end).unwrap_or_default();
    let constant =
        key.contains(&b'_') && key.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    let alone = line.is_empty() && matches!(rest, b"," | b";" | b"{" | b" {");
    let spaced = byte_before(text, span.start) == b' ' || matches!(byte_before(text, span.start), b'[' | b'(');
    let whole_name = identifier(value) == value.len();
    let constant_name = constant && whole_name && !value.iter().any(u8::is_ascii_lowercase);
    spaced && (alone && (whole_name || constant || is_variant(key, value)) || constant_name)
}

/// Whether a line declares a function before its end: `unsafe extern "C" fn(`, `pub(crate) fn name(`.
fn is_of_function(line: &[u8]) -> bool {
    let at = memchr::memmem::find(line, b"fn").filter(|at| *at == 0 || byte(line, at - 1) == b' ');
    let rest = at.and_then(|at| line.get(at + 2..)).unwrap_or_default();
    let name = rest.trim_ascii_start();
    name.get(identifier(name)) == Some(&b'(')
}

/// `StringNickname = 1`, `PngKeyword = 0x04`: constants of an enumeration.
fn is_variant(key: &[u8], value: &[u8]) -> bool {
    let camel = key.iter().any(u8::is_ascii_lowercase) && key.iter().any(u8::is_ascii_uppercase);
    let small = value.len() <= 4 && value.iter().all(u8::is_ascii_digit);
    camel && (small || value.starts_with(b"0x"))
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
    fn code_is_told() {
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
            "Added base-passwd (>= ⟦2.0.3.4)⟧ to the field",
            "the \"user_id=\" ⟦and⟧ \"group_id=\"",
            "noecho='^Password: ' ⟦system:./test.sh⟧,pty",
            "a new --uid= ⟦option⟧ for it",
            "id = real_ids_only ? uid : ⟦euid⟧",
            "    *pUid = ⟦sStat.st_uid⟧;",
            "Ctx->MatchAnyKeyword = ⟦0⟧;",
            "(*EventDescriptor).Keyword = ⟦Keyword⟧;",
            "    wd: ⟦event.wd⟧,",
            "pw_uid: ⟦u.uid.0⟧,",
            "WHERE S.sid = ⟦R.sid⟧ AND R.day = 5",
            "uid = ⟦fields⟧[3] + 0",
            "uid = ⟦PROCINFO⟧[\"uid\"]",
            "cmd = login = ⟦pgrp⟧ = pid",
            "//!     static ref USERNAME: ⟦Regex⟧ = Regex::new(",
            "unsafe extern \"C\" fn(uid: ⟦SceUid⟧, arg1: i64)",
            "pub(crate) fn getpriority_user(uid: ⟦Uid⟧) -> io::Result<i32> {",
            "        StringNickname = ⟦1⟧,",
            "    PngKeyword = ⟦0x00000001⟧,",
            "// file 1 with uid = ⟦580800002⟧, gid = 580800002",
            "group_name:passwd:⟦GID:user_list⟧",
            "password: ⟦!secret⟧ API_TOKEN",
            "phf::Map<&'static str, Keyword> = ⟦phf_map!⟧ {",
            "/// static KEYWORDS: ⟦Set⟧<&'static str> = phf_set! {",
            "- kernel/user: ⟦Allow⟧ user_struct::locked_vm to be",
            "login = ⟦match⟧ self.login {",
            "`\\p{age:⟦3⟧.2}` selects",
            "PASS: ⟦added⟧ a test",
            "scooter.age += ⟦1⟧;",
            "    trait Secret: ⟦ZeroizeOnDrop⟧ + Zeroize {}",
            "if (id == \"L\") { login = ⟦val⟧; next }",
        ] {
            assert!(code(text), "{text}");
        }
    }

    #[test]
    fn data_is_no_code() {
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
            "username = ⟦wang.fang⟧;",
            "user=⟦zhangsan⟧[127.0.0.1]: connected",
            "password => ⟦hunter2⟧",
            "password = ⟦sword⟧",
            "{ userId: ⟦88392011⟧,",
            "  userId = ⟦88392011⟧,",
            "age: ⟦30⟧, next",
            "age=⟦27⟧. Next",
            "password:⟦!Abc123⟧ ok",
            "用户名 = ⟦zhangsan⟧ 密码 = x",
            "\"password\": \"⟦pass⟧\"",
            "password=\" ⟦secret⟧\"",
            "db:password:⟦Kx9:2q7L⟧",
            "uid=⟦88392011⟧ gender=1",
        ] {
            assert!(!code(text), "{text}");
        }
    }
}
