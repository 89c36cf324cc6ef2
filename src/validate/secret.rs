//! Passwords and other secrets in plain text: refuses what stands where one was hidden or is yet to be filled in.

use super::not_placeholder::is_placeholder;
use super::{Candidate, Evidence, all_same, email};

/// Whether `value` is letters only and says what it stands for: `your_password`, `MySecretKey`.
fn names_a_secret(value: &[u8]) -> bool {
    let named = |word: &[u8]| value.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    value.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.' | b' '))
        && [&b"password"[..], b"passwd", b"secret", b"example"].iter().any(|word| named(word))
}

/// Any value of four characters and more that is no mask, no variable, no path and no word of configuration. An e-mail
/// address is one even there.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    const WORDS: [&[u8]; 12] = [
        b"required",
        b"optional",
        b"hidden",
        b"masked",
        b"redacted",
        b"encrypted",
        b"changed",
        b"password",
        b"passwd",
        b"incorrect",
        b"filtered",
        b"sample",
    ];
    let value = candidate.original.trim_ascii();
    // `[REDACTED]`, of which the first bracket may be passed over as what joins label and value.
    let bare = value.strip_suffix(b"]").map_or(value, |bare| bare.strip_prefix(b"[").unwrap_or(bare));
    let masked = all_same(value) || value.iter().filter(|byte| **byte == b'*').count() * 2 > value.len();
    let word = WORDS.iter().any(|word| bare.eq_ignore_ascii_case(word)) || names_a_secret(value);
    let path = value.starts_with(b"/") && value.iter().filter(|byte| **byte == b'/').count() > 1;
    let unfinished = value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'.') && value.ends_with(b".");
    let other = path || unfinished || value.starts_with(b"`") || email::validate(candidate).is_some();
    (value.len() >= 4 && !other && !masked && !word && !is_placeholder(value))
        .then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn hidden_and_missing_secrets_are_refused() {
        for value in [
            "******",
            "xxxx",
            "a****",
            "${DB_PASSWORD}",
            "null",
            "required",
            "123",
            "Call_back_password",
            "$PASSWORD",
            "Password used to generate key",
            "/home/tom/src",
            "`pwd`",
            "bob.",
            "REDACTED]",
            "[Filtered]",
            "sample",
            "{}",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        // Words are passwords, too: where prose cannot be told from data, `not_code` refuses those that prose has.
        for value in ["hunter2", "Abc@12345", "p@ss w0rd!", "letmein", "Password1", "$9aK_x", "pass", "REMOVED", "x[8]"]
        {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }
}
