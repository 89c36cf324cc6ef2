//! Whether a value is told as one, by a separator, a verb or itself, or what stands there is a sentence about it.

use super::context::{byte, byte_before, skip_joiners};
use super::han::{char_at, is_han};

/// Whether `:` or `=` stands between the value at `at` and its label, or the value is a column's.
pub(super) fn is_separated(text: &[u8], at: usize) -> bool {
    let from = skip_joiners(text, at);
    let between = text.get(from..at).unwrap_or_default();
    let wide = |separator: &str| between.windows(3).any(|three| three == separator.as_bytes());
    // Only a cell begins a line.
    byte_before(text, at) == b'\n' || between.iter().any(|b| matches!(b, b':' | b'=')) || wide("：") || wide("＝")
}

/// Whether another field begins at `at`, behind a space, since the one before it is empty: `password= user=tom`.
pub(super) fn is_next_field(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().trim_ascii_end();
    if before.len() == at || !before.ends_with(b"=") {
        return false;
    }
    let rest = text.get(at..).unwrap_or_default();
    let name =
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')).count();
    rest.first().is_some_and(u8::is_ascii_alphabetic) && rest.get(name) == Some(&b'=')
}

/// Whether 是, 为, 成 or 叫 stands right before `at`, in running text the place of a separator.
#[cold]
pub(super) fn follows_a_verb(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let before = before.strip_suffix(b" ").unwrap_or(before);
    ["是", "为", "成", "叫"].iter().any(|verb| before.ends_with(verb.as_bytes()))
}

/// Whether a Han character goes on at `at` that does not end a sentence.
pub(super) fn goes_on(text: &[u8], at: usize) -> bool {
    char_at(text, at).is_some_and(|(c, _)| is_han(c) && !"了吧啦哈哦噢喔呀哟咯".contains(c))
}

/// Whether `value`, behind a verb, is told and not described (密码是 MD5 加密的, 账号为空): letters or digits with a digit
/// among them, and no Han character behind but one that ends a sentence (密码改成abc123了).
#[cold]
pub(super) fn is_told(text: &[u8], value: &std::ops::Range<usize>) -> bool {
    /// Ways to hide or write something, and no values.
    const METHODS: [&[u8]; 14] = [
        b"MD5", b"SHA1", b"SHA-1", b"SHA256", b"SHA-256", b"SHA512", b"SM2", b"SM3", b"SM4", b"AES128", b"AES256",
        b"RSA2048", b"Base64", b"UTF8",
    ];
    let told = text.get(value.clone()).unwrap_or_default();
    let behind = value.end + usize::from(byte(text, value.end) == b' ');
    let is_method = METHODS.iter().any(|method| told.eq_ignore_ascii_case(method));
    told.is_ascii() && told.iter().any(u8::is_ascii_digit) && !goes_on(text, behind) && !is_method
}
