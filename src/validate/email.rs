//! E-mail addresses: the common part of RFC 5321 syntax, and the list of top-level domains.
//!
//! Works on the value as it stands. Must never take `logo@2x.png`, `@scope/package` or `name@1.2.3` for an address.

use std::sync::LazyLock;

use super::{Candidate, Evidence, fold};
use crate::finding::Traits;
use crate::rule::{disguise, embedded};

/// Longest address: RFC 5321 section 4.5.3.1.
const LONGEST: usize = 254;

/// Addresses whose top-level domain exists. Those that are also file name extensions count little, or beside a label;
/// disguised spellings (`name[at]qq.com`) only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let mut buffer = [0; LONGEST];
    let mut lower = [0; LONGEST];
    let folded = fold(candidate.original, &mut buffer)?;
    let lower = lower.get_mut(..folded.len())?;
    lower.copy_from_slice(folded);
    lower.make_ascii_lowercase();
    let written = std::str::from_utf8(lower).ok()?;
    let mut plain = [0; LONGEST];
    let undisguised = if may_be_disguised(written) { plain_spelling(written, &mut plain) } else { None };
    let disguised = undisguised.is_some();
    let text = undisguised.unwrap_or(written);
    let (local, domain) = text.rsplit_once('@')?;
    let (labels, top) = domain.rsplit_once(['.', '。'])?;
    if !is_local(local) || !is_domain(labels) || !is_known_top_level(top) {
        return None;
    }
    // Image names for screens of double and triple density: `logo@2x.…`.
    if matches!(labels, "1x" | "2x" | "3x" | "4x") {
        return None;
    }
    let (registry, label_required) = match top {
        // A place in a document: `guide#setup.md`.
        "zip" | "mov" | "md" | "pl" | "ps" | "py" | "rs" | "sh" | "so" if disguised => return None,
        "zip" | "mov" => (0, true),
        "md" | "pl" | "ps" | "py" | "rs" | "sh" | "so" => (5, false),
        _ => (20, false),
    };
    // git@github.com:owner/name names a service, whoever clones from it.
    let service = matches!(local, "git" | "hg" | "svn");
    Some(Evidence {
        checksum: 0,
        registry,
        label_required: label_required || disguised,
        traits: Traits {
            non_personal: service,
            organization: service || is_role(local),
            test_value: is_documentation(labels, top),
            ..Traits::default()
        },
    })
}

/// Whether one of the signs stands in it that an `@` is disguised as.
fn may_be_disguised(written: &str) -> bool {
    written.bytes().any(|byte| byte >= 0x80 || matches!(byte, b'#' | b'[' | b'(' | b'{' | b'<'))
}

/// The plain spelling of a disguised address, written to `buffer`.
fn plain_spelling<'b>(written: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let mut length = 0;
    let mut fits = true;
    let is_disguised = disguise::plain_address(written, |part| {
        match buffer.get_mut(length..length + part.len()) {
            Some(room) => room.copy_from_slice(part.as_bytes()),
            None => fits = false,
        }
        length += part.len();
    });
    if !is_disguised || !fits {
        return None;
    }
    buffer.get(..length).and_then(|plain| std::str::from_utf8(plain).ok())
}

/// Whether there is a top-level domain `name`, in whatever letter case.
pub(crate) fn is_top_level(name: &str) -> bool {
    let mut lower = [0; 63];
    let Some(lower) = lower.get_mut(..name.len()) else { return false };
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(is_known_top_level)
}

fn is_known_top_level(name: &str) -> bool {
    matches!(name, "com" | "cn" | "net") || TOP_LEVEL.binary_search(&name).is_ok()
}

/// A dot-atom of at most 64 characters.
fn is_local(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_{|}~-`".contains(&byte))
    };
    local.len() <= 64 && local.split('.').all(is_atom)
}

/// Labels of letters, digits and hyphens, or of an internationalized domain, before the top-level one.
fn is_domain(labels: &str) -> bool {
    let is_letter = |letter: char| {
        letter.is_ascii_alphanumeric() || letter == '-' || !letter.is_ascii() && letter.is_alphanumeric()
    };
    labels.split(['.', '。']).all(|label| {
        (1..=63).contains(&label.len())
            && label.chars().all(is_letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// Mailboxes that belong to an office and not to a person: RFC 2142 and what Chinese sites use.
fn is_role(local: &str) -> bool {
    const ROLES: [&str; 44] = [
        "abuse",
        "admin",
        "administrator",
        "billing",
        "bot",
        "bugs",
        "business",
        "careers",
        "contact",
        "customerservice",
        "do-not-reply",
        "donotreply",
        "feedback",
        "finance",
        "hello",
        "help",
        "hostmaster",
        "hr",
        "info",
        "jobs",
        "kefu",
        "legal",
        "mail",
        "mailer-daemon",
        "marketing",
        "media",
        "news",
        "newsletter",
        "no-reply",
        "no_reply",
        "noreply",
        "notice",
        "notification",
        "office",
        "postmaster",
        "press",
        "privacy",
        "root",
        "sales",
        "security",
        "service",
        "support",
        "system",
        "webmaster",
    ];
    local.as_bytes().last().is_some_and(u8::is_ascii_lowercase) && ROLES.binary_search(&local).is_ok()
}

/// Domains of RFC 2606 and RFC 6761, which no person has a mailbox in.
fn is_documentation(labels: &str, top: &str) -> bool {
    match top {
        "example" | "test" | "invalid" | "localhost" => true,
        "com" | "net" | "org" => {
            labels.strip_suffix("example").is_some_and(|before| before.is_empty() || before.ends_with('.'))
        }
        _ => false,
    }
}

/// Sorted. The reserved ones are not in the list of IANA but in every test data set.
static TOP_LEVEL: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut domains: Vec<&str> = embedded::rows("tlds.txt").filter_map(|mut row| row.next()).collect();
    domains.extend(["example", "invalid", "localhost", "test"]);
    domains.sort_unstable();
    domains
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn addresses_are_found() {
        for value in [
            "zhangsan@163.com",
            "wuhanzh@11ziyun.com",
            "10001@qq.com",
            "li.si+news@mail.gov.cn",
            "LISI@SINA.COM.CN",
            "ｌｉｓｉ＠ｑｑ．ｃｏｍ",
            "o'neil_x@a-b.co",
            "wang@公司.中国",
            "wang@xn--55qx5d.xn--fiqs8s",
        ] {
            let found = check(validate, value, false);
            assert!(found.is_some_and(|found| found.registry == 20 && !found.label_required), "{value} {found:?}");
            assert_eq!(found.unwrap().traits, Traits::default(), "{value}");
        }
    }

    #[test]
    fn disguised_addresses_count_beside_a_label_only() {
        for value in [
            "zhangwei[at]qq.com",
            "ZhangWei(AT)163.com",
            "wang#qq.com",
            "name（at）qq.com",
            "name [at] qq [dot] com",
            "name@qq[dot]com",
        ] {
            let found = check(validate, value, true);
            assert!(found.is_some_and(|found| found.registry == 20 && found.label_required), "{value} {found:?}");
        }
        assert!(check(validate, "service[at]taobao.com", true).unwrap().traits.organization);
        for value in ["wang#setup.md", "wang[at]qq", "wang[at]qq.jar", "wang [at qq.com", "a..b#qq.com", "a#2x.com"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        let long = format!("a[at]{}com", "qq.".repeat(90));
        assert_eq!(check(validate, &long, true), None);
    }

    #[test]
    fn top_level_domains_are_known_in_any_case() {
        for name in ["com", "COM", "中国", "公司", "рф", "xn--fiqs8s"] {
            assert!(is_top_level(name), "{name}");
        }
        for name in ["", "谢谢", "jar", "中国谢谢", &"x".repeat(64)] {
            assert!(!is_top_level(name), "{name}");
        }
    }

    #[test]
    fn role_mailboxes_belong_to_organizations() {
        for value in ["service@taobao.com", "NoReply@12306.cn", "kefu@jd.com", "git@github.com"] {
            assert!(check(validate, value, false).unwrap().traits.organization, "{value}");
        }
        assert!(check(validate, "git@github.com", false).unwrap().traits.non_personal);
    }

    #[test]
    fn documentation_domains_are_marked() {
        for value in ["zhang@example.com", "zhang@mail.example.org", "a@b.test"] {
            assert!(check(validate, value, false).unwrap().traits.test_value, "{value}");
        }
        assert!(!check(validate, "zhang@myexample.com", false).unwrap().traits.test_value);
    }

    #[test]
    fn what_is_no_address_is_rejected_even_beside_a_label() {
        for value in [
            "logo@2x.png",
            "logo@2x.com",
            "icon@3x.jpg",
            "@faker-js/faker",
            "lodash@4.17.21",
            "a@b.jar",
            "a@b",
            ".a@qq.com",
            "a.@qq.com",
            "a..b@qq.com",
            "张三@qq.com",
            "a b@qq.com",
            "a@-qq.com",
            "a@qq-.com",
            "a@qq..com",
            "a@qq.com.",
            "a@.com",
            "user@10.0.0.1",
            "",
            "@",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        let long = format!("{}@qq.com", "a".repeat(65));
        assert_eq!(check(validate, &long, true), None);
        let long = format!("a@{}.com", "a".repeat(64));
        assert_eq!(check(validate, &long, true), None);
    }

    #[test]
    fn file_name_extensions_count_less() {
        assert!(check(validate, "backup@old.zip", false).unwrap().label_required);
        assert_eq!(check(validate, "run@local.sh", false).map(|found| found.registry), Some(5));
    }

    #[test]
    fn tables_are_sorted_and_there() {
        assert!(TOP_LEVEL.len() > 1_400);
        for role in ["abuse", "noreply", "webmaster", "kefu"] {
            assert!(is_role(role));
        }
    }
}
