//! A shop's customers and orders with made-up Chinese people, as SQL for either server, and what must hold of them
//! after a dump was rewritten and loaded again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::people::{card, grouped, mobile, resident_id};
use crate::program::contains;

/// Customers; a third of the orders shares them.
pub(crate) const CUSTOMERS: usize = 300;
pub(crate) const ORDERS: usize = 900;

/// The columns of `customers`, in order, and whether they hold identifiers.
pub(crate) const COLUMNS: [(&str, bool); 11] = [
    ("id", false),
    ("name", true),
    ("phone", true),
    ("mobile", true),
    ("phone_int", true),
    ("id_card", true),
    ("card", true),
    ("address", true),
    ("email", true),
    ("remark", true),
    ("motto", false),
];

const NAME: usize = 1;
const PHONE: usize = 2;
const MOBILE: usize = 3;
const PHONE_INT: usize = 4;
const REMARK: usize = 9;

/// A row: NULL or a text.
pub(crate) type Row = Vec<Option<String>>;

/// How a server writes a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// `'` doubled.
    Standard,
    /// `'` doubled and `\` doubled.
    Backslash,
}

fn quoted(value: Option<&String>, quoting: Quoting) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    let value = value.replace('\'', "''");
    match quoting {
        Quoting::Standard => format!("'{value}'"),
        Quoting::Backslash => format!("'{}'", value.replace('\\', "\\\\")),
    }
}

/// The customers. Every seventh value or so is NULL or empty; some people occur twice.
pub(crate) fn customers() -> Vec<Row> {
    const SURNAMES: [&str; 8] = ["王", "李", "张", "刘", "陈", "杨", "赵", "欧阳"];
    const GIVEN: [&str; 9] = ["伟", "芳", "秀英", "建国", "丽娜", "志强", "晓明", "婷婷", "国庆"];
    const CITIES: [&str; 4] =
        ["北京市朝阳区建国路", "上海市浦东新区世纪大道", "广东省深圳市南山区科技园路", "四川省成都市武侯区人民南路"];
    const MOTTOES: [&str; 8] =
        ["", "it's fine", "back\\slash\\", "\"引号\"", "😀 好的 👍🏽", "a\tb", "第一行\n第二行\r\n", "\\N"];
    let gap = |n: usize, every: usize, value: String| match n % every {
        0 => None,
        1 => Some(String::new()),
        _ => Some(value),
    };
    (1..=CUSTOMERS)
        .map(|n| {
            // Two accounts of one person.
            let person = if n % 10 == 9 { n - 1 } else { n } as u64;
            let phone = mobile(person);
            let name = format!("{}{}", SURNAMES[n % 8], GIVEN[n % 9]);
            let quotes = MOTTOES[1 + n % 6];
            let remark = match n % 3 {
                0 => format!("请拨打{phone}联系，他说：{quotes}，急"),
                1 => {
                    format!("手机 {}，身份证 {} {quotes}", grouped(&phone, &[3, 4, 4], "-"), resident_id(person, false))
                }
                _ => format!("无备注 {quotes} {n}"),
            };
            vec![
                Some(n.to_string()),
                gap(n, 31, name),
                gap(n, 17, phone.clone()),
                Some(phone.clone()),
                (n % 13 != 0).then(|| phone.clone()),
                gap(n, 19, resident_id(person, person % 10 == 3)),
                gap(n, 23, card(person)),
                gap(n, 29, format!("{}{}号{}单元{}室", CITIES[n % 4], n, 1 + n % 5, 100 + n)),
                gap(n, 11, format!("user{person}.mail@example{}.com.cn", n % 7)),
                gap(n, 37, remark),
                (n % 6 != 0).then(|| MOTTOES[n % 8].to_owned()),
            ]
        })
        .collect()
}

/// `CREATE TABLE` and rows. The syntax is what both servers understand.
pub(crate) fn sql(quoting: Quoting) -> String {
    let mut sql = String::from(
        "CREATE TABLE customers (id integer NOT NULL PRIMARY KEY, name varchar(64), phone varchar(11), \
         mobile varchar(20) NOT NULL, phone_int bigint, id_card char(18), card varchar(32), address text, \
         email varchar(128), remark text, motto text);\n\
         CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer NOT NULL, \
         contact_phone varchar(20), amount numeric(12,2) NOT NULL, placed timestamp NOT NULL, \
         CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id));\n",
    );
    let customers = customers();
    for row in &customers {
        let values: Vec<String> = row.iter().map(|value| quoted(value.as_ref(), quoting)).collect();
        writeln!(sql, "INSERT INTO customers VALUES ({});", values.join(", ")).unwrap();
    }
    for n in 1..=ORDERS {
        let customer = &customers[n * 7 % CUSTOMERS];
        let phone = if n % 8 == 0 { None } else { customer[MOBILE].as_ref() };
        writeln!(
            sql,
            "INSERT INTO orders VALUES ({n}, {}, {}, {n}.25, '2026-01-02 03:04:{:02}');",
            customer[0].as_ref().unwrap(),
            quoted(phone, quoting),
            n % 60
        )
        .unwrap();
    }
    sql
}

/// The query for all of `customers`, each value in hexadecimal; `text` turns a column into hexadecimal.
pub(crate) fn query(text: impl Fn(&str) -> String) -> String {
    let columns: Vec<String> = COLUMNS.iter().map(|(name, _)| format!("coalesce({}, '-')", text(name))).collect();
    format!("SELECT concat_ws(' ', {}) FROM customers ORDER BY id;", columns.join(", "))
}

/// The rows that [`query`] printed. Values are set between slashes so that an empty one is seen.
pub(crate) fn rows(printed: &str) -> Vec<Row> {
    let value = |hexadecimal: &str| {
        let digits = hexadecimal.strip_prefix('/')?;
        let bytes = data_encoding::HEXUPPER_PERMISSIVE.decode(digits.as_bytes()).unwrap();
        // A character(18) is padded with blanks.
        Some(String::from_utf8(bytes).unwrap().trim_end_matches(' ').to_owned())
    };
    printed.lines().map(|line| line.split(' ').map(value).collect()).collect()
}

/// What the orders must still say: counts, sums, and how many find their customer by phone. `mobile` has the width
/// for a token and `contact_phone` too.
pub(crate) const ORDERS_SUMMARY: &str = "SELECT count(*), count(contact_phone), sum(amount), min(placed), max(placed), \
    sum(customer_id) FROM orders;";
pub(crate) const JOINED: &str = "SELECT count(*), sum(CASE WHEN o.customer_id = c.id THEN 1 ELSE 0 END) \
    FROM orders o JOIN customers c ON o.contact_phone = c.mobile;";

/// How a rewritten copy was made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Deidentified,
    Anonymized,
}

/// Holds the rows of the copy against those of the source.
pub(crate) fn compare(before: &[Row], after: &[Row], made: Made) {
    assert_eq!((before.len(), after.len()), (CUSTOMERS, CUSTOMERS));
    for (index, (column, identifies)) in COLUMNS.iter().enumerate() {
        let mut tokens: BTreeMap<&str, &str> = BTreeMap::new();
        for (before, after) in before.iter().zip(after) {
            let place = format!("customers.{column}, id {:?}", before[0]);
            match (&before[index], &after[index]) {
                (None, None) => {}
                (Some(before), Some(after)) if before.is_empty() || !identifies || before.starts_with("无备注") => {
                    assert_eq!(before, after, "{place}");
                }
                // A number has no text of the entity type's name.
                (Some(_), None) if made == Made::Anonymized && index == PHONE_INT => {}
                (Some(before), Some(after)) => {
                    assert_ne!(before, after, "{place}: unchanged");
                    let known = tokens.insert(before, after);
                    assert!(known.is_none_or(|known| known == after), "{place}: two tokens for one value");
                }
                (_, after) => panic!("{place}: NULL came or went: {after:?}"),
            }
        }
        assert!(!identifies || !tokens.is_empty() || made == Made::Anonymized);
        let linked = made == Made::Deidentified && *identifies && !["name", "address"].contains(column);
        if linked && index != REMARK {
            let distinct: BTreeSet<&&str> = tokens.values().collect();
            assert_eq!(distinct.len(), tokens.len(), "customers.{column}: two values with one token");
        }
    }
    if made == Made::Deidentified {
        for (before, after) in before.iter().zip(after) {
            across(before, after);
        }
    }
}

/// What must agree between the columns of one de-identified row.
fn across(before: &Row, after: &Row) {
    let text = |row: &Row, column: usize| row[column].clone().unwrap_or_default();
    let token = text(after, MOBILE);
    assert_eq!(token.len(), 20, "{token}");
    // No room for a token: the number that stands in number columns too.
    let narrow = text(after, PHONE);
    if !narrow.is_empty() && after[PHONE_INT].is_some() {
        assert_eq!(narrow, text(after, PHONE_INT));
    }
    let name = text(before, NAME);
    let first = |text: &str| text.chars().next();
    assert_eq!(first(&name), first(&text(after, NAME)), "the surname stays");
    let (original, remark) = (text(before, REMARK), text(after, REMARK));
    if original.starts_with("请拨打") || original.starts_with("手机") {
        assert!(remark.contains(&token), "the remark names the phone by another token: {remark}");
        let mobile = text(before, MOBILE);
        let kept = original.replace(&mobile, &token).replace(&grouped(&mobile, &[3, 4, 4], "-"), &token);
        // All but the identity number, which ends the same way.
        let tail = |text: &str| text.rsplit(['，', ' ']).next().unwrap_or_default().to_owned();
        assert_eq!(tail(&kept), tail(&remark));
        if original.starts_with("请拨打") {
            assert_eq!(kept, remark, "something else changed");
        }
    }
}

/// No identifier of any customer stands anywhere in `output`, in any of its spellings.
pub(crate) fn assert_no_original(output: &[u8]) {
    for row in customers() {
        for (value, (column, identifies)) in row.iter().zip(COLUMNS) {
            let Some(value) = value else { continue };
            if !identifies || value.is_empty() || column == "remark" {
                continue;
            }
            assert!(!contains(output, value.as_bytes()), "a {column} is left");
            if column == "mobile" {
                assert!(!contains(output, grouped(value, &[3, 4, 4], "-").as_bytes()), "a phone with dashes is left");
            }
        }
    }
    for n in 1..=CUSTOMERS as u64 {
        assert!(!contains(output, resident_id(n, false).as_bytes()), "an identity number in a remark is left");
    }
}
