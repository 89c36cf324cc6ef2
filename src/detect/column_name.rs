//! What the name of a column says, with the one of its table where it says little by itself.

use super::context::look_up;
use crate::rule::label::{LabelIndex, Says};

/// What the name of a column, or the path of a nested one, says. Of several columns for one thing the names are numbered
/// (`phone2`, `联系电话1`); the number says nothing.
pub(super) fn said_by<'l>(labels: &'l LabelIndex, path: &str) -> &'l [Says] {
    let mut name = leaf_name(path);
    let mut says = look_up(labels, name.as_bytes());
    if says.is_empty()
        && let Some(plain) = without_remark(name)
    {
        name = plain;
        says = look_up(labels, name.as_bytes());
    }
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
    // A longer number is a part of the name: `AAC004`.
    if says.is_empty() && (1..=2).contains(&(name.len() - plain.len())) {
        look_up(labels, plain.as_bytes())
    } else {
        says
    }
}

/// What the name of a column says in a table of that name: the `id` of `customers` is the `customer_id` of other tables,
/// and must be told to be one wherever it is.
pub(super) fn said_in<'l>(labels: &'l LabelIndex, table: Option<&str>, name: &str) -> &'l [Says] {
    let alone = said_by(labels, name);
    let Some(table) = table.filter(|_| KEYS.iter().any(|key| key.eq_ignore_ascii_case(name))) else { return alone };
    let joined = |table: &str| {
        let said = look_up(labels, format!("{table}_{name}").as_bytes());
        (!said.is_empty() && !std::ptr::eq(said, alone)).then_some(said)
    };
    // `t_users`, `user_info`, `public.user`.
    let table = OF_TABLES.iter().find_map(|tail| strip_tail(table, tail)).unwrap_or(table);
    joined(table).or_else(|| joined(strip_tail(table, "s")?)).unwrap_or(alone)
}

/// Columns that hold the keys of their table.
const KEYS: [&str; 6] = ["id", "no", "num", "number", "code", "account"];
/// What names of tables end with that says nothing of their rows.
const OF_TABLES: [&str; 6] = ["_info", "_base", "_tbl", "_table", "_list", "info"];

/// `text` without `tail`, in any letter case; `None` when it does not end so.
fn strip_tail<'t>(text: &'t str, tail: &str) -> Option<&'t str> {
    let (head, end) = text.split_at_checked(text.len().checked_sub(tail.len())?)?;
    end.eq_ignore_ascii_case(tail).then_some(head)
}

/// A name without what is said of it in brackets, and without the mark of a field that must be filled in:
/// `昵称(必填)`, `Mobile (required)`, `手机号*`.
fn without_remark(name: &str) -> Option<&str> {
    let marks = [' ', '*', '＊', ':', '：', '?', '？'];
    let mut plain = name.trim_end_matches(marks);
    while let Some(inner) = plain.strip_suffix([')', '）', '】']) {
        plain = inner.get(..inner.rfind(['(', '（', '【'])?)?.trim_end_matches(marks);
    }
    (!plain.is_empty() && plain.len() < name.len()).then_some(plain)
}

/// The part of a nested leaf's path that names it: `user.phones.list.element` and `user.phones[]` → `user.phones`.
fn leaf_name(path: &str) -> &str {
    let mut name = without_index(path);
    let branches = [".int", ".long", ".float", ".double", ".string", ".bytes"];
    let lists = [".element", ".item", ".array", ".list", ".value", ".key_value", ".bag", ".array_element"];
    // Where an Avro union has several types, each is a leaf.
    for tail in branches.into_iter().chain(lists) {
        name = without_index(name.strip_suffix(tail).unwrap_or(name));
    }
    name
}

/// `name` without the brackets that end it, `[]` or `[0]`; of a name in brackets, `user[tel]`, without the last one.
fn without_index(name: &str) -> &str {
    let mut name = name;
    while let Some(inner) = name.strip_suffix(']') {
        name = inner.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix('[').unwrap_or(inner);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_behind_names_of_columns_do_not_count() {
        for (name, plain) in [
            ("昵称(必填)", Some("昵称")),
            ("5.您的身份证号（必填）*", Some("5.您的身份证号")),
            ("手机号【单选】：", Some("手机号")),
            ("手机号", None),
            ("(必填)", None),
            ("x)", None),
        ] {
            assert_eq!(without_remark(name), plain, "{name}");
        }
        let rules = crate::rule::RuleSet::load(&[]).unwrap();
        assert!(!said_by(rules.labels(), "3、您的微信号（选填）").is_empty());
    }

    #[test]
    fn numbers_behind_names_of_columns_say_nothing() {
        let rules = crate::rule::RuleSet::load(&[]).unwrap();
        let says = |name: &str| said_by(rules.labels(), name);
        for (numbered, plain) in [("phone2", "phone"), ("联系电话1", "联系电话"), ("user.tel_12", "tel"), ("XM1", "xm")]
        {
            assert!(!says(plain).is_empty() && says(numbered) == says(plain), "{numbered}");
        }
        assert!(says("sha1").contains(&Says::NegativeForAll));
        assert!(says("phone2026").is_empty() && says("2").is_empty());
    }

    #[test]
    fn what_names_a_leaf_is_before_what_lists_add() {
        for (path, name) in [
            ("user.phones.list.element", "user.phones"),
            ("tel[]", "tel"),
            ("birthday.int", "birthday"),
            ("user.tel[]", "user.tel"),
            ("tel[0][12]", "tel"),
            ("tel[].value", "tel"),
            ("user[tel]", "user[tel"),
            ("user[tel2]", "user[tel2"),
            ("user[tel][]", "user[tel"),
            ("]", ""),
            ("[]", ""),
            ("tel", "tel"),
        ] {
            assert_eq!(leaf_name(path), name, "{path}");
        }
    }

    #[test]
    fn keys_of_a_table_say_what_other_tables_say_of_it() {
        let rules = crate::rule::RuleSet::load(&[]).unwrap();
        let says = |table: &str, name: &str| said_in(rules.labels(), Some(table), name);
        for table in ["customers", "customer", "t_customer", "public.customers", "CUSTOMER_INFO", "shop.tb_customers"] {
            assert!(!says(table, "id").is_empty() && says(table, "ID") == says("orders", "customer_id"), "{table}");
        }
        for (table, name) in [("customers", "name"), ("logs", "id"), ("_info", "id"), ("", "no")] {
            assert_eq!(says(table, name), said_by(rules.labels(), name), "{table}.{name}");
        }
    }
}
