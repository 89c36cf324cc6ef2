//! Values of free text that are no stand-in for a missing one.

use super::{Candidate, Evidence};

/// Words that stand for no value, in lower case.
const NO_VALUE: [&[u8]; 18] = [
    b"null",
    b"none",
    b"nil",
    b"nan",
    b"n/a",
    b"na",
    b"undefined",
    b"unknown",
    b"true",
    b"false",
    b"empty",
    b"string",
    b"default",
    b"test",
    b"todo",
    b"xxx",
    b"example",
    b"changeme",
];

/// `$name`, `%s`, `{name}`, `:name`, `@{name}`: a place that a program fills in.
fn is_variable(value: &[u8]) -> bool {
    let is_name = |name: &[u8]| {
        name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
            && !name.first().is_some_and(u8::is_ascii_digit)
    };
    match value {
        [b'%', rest @ ..] => rest.len() == 1 && rest.first().is_some_and(u8::is_ascii_alphabetic),
        [b'{', name @ .., b'}'] | [b'@', b'{', name @ .., b'}'] => is_name(name),
        [b'$', name @ ..] => is_name(name),
        _ => false,
    }
}

/// Whether `value` says that there is none, or is a variable to be filled in.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let symbols = value.iter().all(|byte| byte.is_ascii_punctuation() || byte.is_ascii_whitespace());
    let variable =
        value.starts_with(b"${") || value.starts_with(b"{{") || value.starts_with(b"%(") || value.starts_with(b"#{");
    let variable = variable || is_variable(value);
    let bracketed = value.starts_with(b"<") && value.ends_with(b">");
    let one_quality = value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && value.contains(&b'.');
    symbols || variable || bracketed || one_quality || NO_VALUE.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Anything but `null`, `-`, `${name}`, `<unknown>`, `0.9` and their like.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    (!is_placeholder(candidate.original)).then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn stand_ins_are_refused() {
        for value in
            ["null", "N/A", "-", "***", "${name}", "<unknown ssid>", "0.9", "", "$name", "%s", "{}", "{user.name}"]
        {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        for value in ["快乐的小鱼", "sunny_day", "TP-LINK_8F2A", "连衣裙", "a", "$9s!", "%E6%89%8B", "{x-1}"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }
}
