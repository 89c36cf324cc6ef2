//! WeChat account names: 6 to 20 characters, the first a letter.

use super::{Candidate, Evidence};

/// Names with a digit or `_`; words of letters alone count less, since settings are written so too.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    const WORDS: [&[u8]; 12] = [
        b"enabled",
        b"disabled",
        b"success",
        b"failed",
        b"wechat",
        b"payment",
        b"unionid",
        b"openid",
        b"unknown",
        b"wechatpay",
        b"official",
        b"default",
    ];
    let value = candidate.original;
    // `gh_…`: the account of a company, as the platform names it.
    if WORDS.iter().any(|word| value.eq_ignore_ascii_case(word)) || value.starts_with(b"gh_") {
        return None;
    }
    let plain = value.iter().all(u8::is_ascii_alphabetic);
    Some(Evidence { registry: if plain { 0 } else { 15 }, label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn words_count_less() {
        assert_eq!(check(validate, "zhangwei_88", true).unwrap().registry, 15);
        assert_eq!(check(validate, "zhangsanfeng", true).unwrap().registry, 0);
        assert_eq!(check(validate, "enabled", true), None);
        assert_eq!(check(validate, "gh_7f083739789a", true), None);
    }
}
