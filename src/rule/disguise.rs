//! Spellings that hide a value from machines but not from readers: `zhangwei[at]qq.com`, `一三八〇〇一三八〇〇〇`.
//!
//! Must never read anything else into a value in plain spelling: its canonical form, and with it its token, would
//! change.

use super::canonical::fold;

/// The decimal digit that a Chinese numeral stands for when numbers are read out digit by digit.
pub(crate) fn chinese_digit(character: char) -> Option<u8> {
    Some(match character {
        '〇' | '○' | '零' => b'0',
        '一' | '幺' | '壹' => b'1',
        '二' | '两' | '贰' => b'2',
        '三' | '叁' => b'3',
        '四' | '肆' => b'4',
        '五' | '伍' => b'5',
        '六' | '陆' => b'6',
        '七' | '柒' => b'7',
        '八' | '捌' => b'8',
        '九' | '玖' => b'9',
        _ => return None,
    })
}

/// The `N` digits of a value that is nothing but digits and separators, when some digit is a Chinese numeral.
pub(crate) fn spelled_digits<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    if value.is_ascii() {
        return None;
    }
    let mut digits = [0; N];
    let (mut count, mut spelled) = (0, false);
    for character in std::str::from_utf8(value).ok()?.chars().filter_map(fold) {
        let digit = match (character, chinese_digit(character)) {
            (' ' | '-' | '.', _) => continue,
            ('0'..='9', _) => character as u8,
            (_, Some(digit)) => {
                spelled = true;
                digit
            }
            _ => return None,
        };
        *digits.get_mut(count)? = digit;
        count += 1;
    }
    (spelled && count == N).then_some(digits)
}

/// What stands for an `@` or a full stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Disguised,
}

/// Hands the parts of the plain spelling of a disguised address to `emit`, in order: `name@qq.com` for `name[at]qq.com`,
/// `name#qq.com`, `name [at] qq [dot] com`. `text` is in lower case and half width. `false`, whatever was emitted, when
/// it is anything else, such as an address in plain spelling.
pub(crate) fn plain_address<'t>(text: &'t str, mut emit: impl FnMut(&'t str)) -> bool {
    let is_local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'');
    let (local, rest) = split_while(text, is_local);
    let Some((mut sign, mut rest)) = at_sign(rest) else { return false };
    emit(local);
    emit("@");
    for number in 0.. {
        let (label, behind) = split_while(rest, |c| c.is_ascii_alphanumeric() || c == '-');
        if local.is_empty() || label.is_empty() {
            return false;
        }
        emit(label);
        if behind.is_empty() {
            return number > 0 && sign == Sign::Disguised;
        }
        let Some((dot, after)) = full_stop(behind) else { return false };
        if dot == Sign::Disguised {
            sign = dot;
        }
        emit(".");
        rest = after;
    }
    false
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The `@` that `text` begins with, and what is behind it.
fn at_sign(text: &str) -> Option<(Sign, &str)> {
    if let Some(rest) = text.strip_prefix('@') {
        return Some((Sign::Plain, rest));
    }
    let rest = text.strip_prefix('#').or_else(|| bracketed(text, &["at", "a", "@", "艾特", "圈a"]))?;
    Some((Sign::Disguised, rest))
}

/// The full stop that `text` begins with, and what is behind it.
fn full_stop(text: &str) -> Option<(Sign, &str)> {
    match text.strip_prefix('.') {
        Some(rest) => Some((Sign::Plain, rest)),
        None => bracketed(text, &["dot", ".", "点"]).map(|rest| (Sign::Disguised, rest)),
    }
}

/// What is behind one of `words` in brackets, with or without spaces around and within them.
fn bracketed<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    let text = text.trim_start_matches(' ');
    let brackets = [('[', ']'), ('(', ')'), ('{', '}'), ('<', '>'), ('【', '】')];
    let (inner, close) = brackets.iter().find_map(|(open, close)| Some((text.strip_prefix(*open)?, *close)))?;
    let (word, rest) = inner.split_once(close)?;
    words.contains(&word.trim_matches(' ')).then(|| rest.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Option<String> {
        let mut out = String::new();
        plain_address(text, |part| out.push_str(part)).then_some(out)
    }

    #[test]
    fn disguised_addresses_are_read() {
        for text in [
            "zhang.wei@mail[dot]qq.com",
            "zhang.wei[at]mail.qq.com",
            "zhang.wei(at)mail.qq.com",
            "zhang.wei#mail.qq.com",
            "zhang.wei【at】mail.qq.com",
            "zhang.wei <@> mail.qq.com",
            "zhang.wei(艾特)mail点qq.com".replace('点', "(点)").as_str(),
            "zhang.wei [ at ] mail [dot] qq {.} com",
        ] {
            assert_eq!(plain(text).as_deref(), Some("zhang.wei@mail.qq.com"), "{text}");
        }
    }

    #[test]
    fn other_values_are_left_alone() {
        for text in [
            "",
            "a",
            "a@qq.com",
            "a#b@qq.com",
            "a#qq",
            "a#qq..com",
            "a#qq.",
            "#qq.com",
            "a[at)qq.com",
            "a[it]qq.com",
            "a[at]qq.com x",
            "a[at]",
            "张[at]qq.com",
            "a b[at]qq.com",
            "a at qq.com",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn digits_are_read_only_where_all_are_there() {
        for value in ["一三八〇〇一三八〇〇〇", "幺叁捌零○壹三8-零零零", "１三８００一三８０００", "13800 一38000"]
        {
            assert_eq!(spelled_digits::<11>(value.as_bytes()), Some(*b"13800138000"), "{value}");
        }
        for value in
            ["13800138000", "１３８００１３８０００", "一三八", "13800138000一", "手机一三八〇〇一三八〇〇〇", ""]
        {
            assert_eq!(spelled_digits::<11>(value.as_bytes()), None, "{value}");
        }
        assert_eq!(spelled_digits::<11>(b"1380013800\xe4\xb8"), None);
        let digits: Vec<u8> = "零一二三四五六七八九幺两".chars().filter_map(chinese_digit).collect();
        assert_eq!(digits, b"012345678912");
    }
}
