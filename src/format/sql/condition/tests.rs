use std::borrow::Cow;

use super::*;
use crate::constraint::condition::{Cell, Held};
use crate::format::sql::token::Tokens;

fn condition(manner: Manner, sql: &str) -> Option<Condition> {
    let dialect = if manner == Manner::MySql { Dialect::MySql } else { Dialect::Postgres };
    let lexical = Lexical::new(dialect);
    let mut tokens = Tokens::new(sql.as_bytes(), 0, &lexical, true);
    let all: Vec<Token> = std::iter::from_fn(|| tokens.next().unwrap()).collect();
    read(&all, sql.as_bytes(), &lexical, manner)
}

#[track_caller]
fn held_of(manner: Manner, sql: &str, phone: &Cell<'static>) -> Held {
    let condition = condition(manner, sql).unwrap_or_else(|| panic!("not understood: {sql}"));
    condition.holds(&|name: &str| if name == "phone" { phone.clone() } else { Cell::Absent })
}

#[track_caller]
fn held(manner: Manner, sql: &str, phone: Option<&str>) -> Held {
    let condition = condition(manner, sql).unwrap_or_else(|| panic!("not understood: {sql}"));
    let cell = |name: &str| match (name, phone) {
        ("phone", Some(text)) => Cell::Value(Cow::Owned(text.as_bytes().to_vec())),
        ("phone", None) => Cell::Null,
        ("kind", _) => Cell::Value(Cow::Borrowed(&b"a"[..])),
        _ => Cell::Absent,
    };
    condition.holds(&cell)
}

const TOKEN: &str = "ABCDEFGHIJKLMNOPQRST";

#[test]
fn decides_what_pg_dump_writes() {
    for sql in [
        "((phone)::text ~ '^1[3-9][0-9]{9}$'::text)",
        "(char_length((phone)::text) = 11)",
        "(length(phone) <= 11)",
        "((phone)::text ~~ '1%'::text)",
        "((phone >= '13000000000'::bigint) AND (phone <= '19999999999'::bigint))",
        "((phone)::text = ANY ((ARRAY['13800138000'::character varying, 'b'::character varying])::text[]))",
        "(phone = ANY (ARRAY['13800138000'::text, 'b'::text]))",
        "((phone IS NULL) OR ((length(phone) = 11) AND (NOT (phone !~ '^1'::text))))",
        "(phone !~~ 'A%'::text)",
        "((kind <> 'a'::text) OR (octet_length(phone) < 12))",
        "((phone)::numeric > (0)::numeric)",
        "(lower(phone) <> 'abcdefghijklmnopqrst'::text)",
    ] {
        assert_eq!(held(Manner::Postgres, sql, Some("13800138000")), Held::Yes, "{sql}");
        let broken = held(Manner::Postgres, sql, Some(TOKEN));
        let expected = if sql.contains("bigint") || sql.contains("numeric") { Held::Unknown } else { Held::No };
        assert_eq!(broken, expected, "{sql}");
        assert_eq!(held(Manner::Postgres, sql, None), Held::Yes, "NULL breaks nothing: {sql}");
    }
    assert_eq!(held(Manner::Postgres, "(phone IS NOT NULL)", None), Held::No);
    assert_eq!(
        held(Manner::Postgres, "((phone >= '130'::bigint) AND (phone <= '199'::bigint))", Some("200")),
        Held::No
    );
    assert_eq!(held(Manner::Postgres, "(phone < '2000-01-01'::date)", Some("1999-12-31")), Held::Yes);
    assert_eq!(held(Manner::Postgres, "(phone < '2000-01-01'::date)", Some("2001-12-31")), Held::No);
}

#[test]
fn what_is_not_understood_is_not_decided() {
    for sql in [
        "(phone < 'b'::text)",
        "(own.check_phone(phone))",
        "(length(btrim(phone)) = 11)",
        "((phone)::text ~ '\\y1'::text)",
        "(born < CURRENT_DATE)",
        "((phone)::character(4) = '1380'::bpchar)",
        "(other = 'a'::text)",
    ] {
        assert_eq!(held(Manner::Postgres, sql, Some("13800138000")), Held::Unknown, "{sql}");
    }
    // Whatever one side says, the other decides.
    assert_eq!(held(Manner::Postgres, "(own.f(phone) AND (length(phone) = 11))", Some("1")), Held::No);
    assert_eq!(held(Manner::Postgres, "(own.f(phone) OR (length(phone) = 11))", Some("13800138000")), Held::Yes);
    for sql in [
        "phone + 1 > 2",
        "(phone || 'a') = 'b'",
        "CASE WHEN (phone = 'a') THEN true ELSE false END",
        "(phone LIKE 'a!%' ESCAPE '!')",
        "(phone = ANY ('{a,b}'::text[]))",
        "(phone IS DISTINCT FROM 'a')",
        "(phone COLLATE \"C\" < 'a')",
        "(phone ~ E'^\\\\d')",
        "phone =",
        "(phone",
    ] {
        assert!(condition(Manner::Postgres, sql).is_none(), "{sql}");
    }
    for (open, close) in [("(", ")"), ("cast(", " as text)"), ("not (", ")"), ("f(", ")"), ("", "::text")] {
        let deep = open.repeat(5000) + "phone" + &close.repeat(5000);
        assert!(condition(Manner::Postgres, &deep).is_none(), "{open}");
    }
}

#[test]
fn decides_what_mysqldump_writes() {
    for sql in [
        "octet_length(`phone`) = 11",
        "char_length(`phone`) = 11 and `phone` regexp '^1[3-9][0-9]{9}$'",
        "regexp_like(`phone`,_utf8mb4'^1[3-9]\\\\d{9}$')",
        "(`phone` like _utf8mb4'1%')",
        "`phone` in ('13800138000','2')",
        "`phone` between 13000000000 and 19999999999",
        "`phone` is null or `phone` not like 'A%'",
        "`Phone` <> 'x' and length(`phone`) < 12",
    ] {
        let lower = sql.replace("`Phone`", "`phone`");
        assert_eq!(held(Manner::MySql, &lower, Some("13800138000")), Held::Yes, "{sql}");
        let expected = if sql.contains("between") { Held::Unknown } else { Held::No };
        assert_eq!(held(Manner::MySql, &lower, Some(TOKEN)), expected, "{sql}");
    }
    // The collation says whether case counts.
    assert_eq!(held(Manner::MySql, "`phone` regexp '^[a-z]+$'", Some("ABC")), Held::Unknown);
    assert_eq!(held(Manner::MySql, "`phone` = 'abc'", Some("ABC")), Held::Unknown);
    assert!(condition(Manner::MySql, "`phone` <=> 'abc'").is_none(), "NULLs are equal there");
}

#[test]
fn decides_what_a_sqlite_schema_says() {
    for sql in ["length(phone) = 11", "phone GLOB '1[3-9]*'", "phone LIKE '1%' AND \"phone\" IS NOT NULL"] {
        assert_eq!(held(Manner::Sqlite, sql, Some("13800138000")), Held::Yes, "{sql}");
        assert_eq!(held(Manner::Sqlite, sql, Some(TOKEN)), Held::No, "{sql}");
    }
    assert_eq!(held(Manner::Sqlite, "phone > 5", Some("13800138000")), Held::Unknown, "types follow the column");
}

#[test]
fn a_cell_is_what_its_type_says() {
    let value = |text: &'static str| Cell::Value(Cow::Borrowed(text.as_bytes()));
    let limited = |text: &'static str| Cell::Limited(Cow::Borrowed(text.as_bytes()), 18);
    let number = |text: &'static str| Cell::Number(Cow::Borrowed(text.as_bytes()));
    let day = |text: &'static str| Cell::Day(Cow::Borrowed(text.as_bytes()));
    let (postgres, my_sql) = (Manner::Postgres, Manner::MySql);
    for (manner, sql, cell, expected) in [
        (postgres, "(octet_length(phone) = 2)", value(r"\xabcd"), Held::Unknown),
        (postgres, "(length(phone) = 2)", value("张伟"), Held::Unknown),
        (postgres, "(char_length((phone)::text) = 2)", limited("张伟"), Held::Yes),
        (my_sql, "char_length(`phone`) = 2", value("张伟"), Held::Unknown),
        (my_sql, "char_length(`phone`) = 2", limited("张伟"), Held::Yes),
        (postgres, "(phone = 't'::text)", Cell::Other, Held::Unknown),
        (postgres, "((phone)::text = '1.2.3.4'::text)", Cell::Other, Held::Unknown),
        (postgres, "(phone IS NOT NULL)", Cell::Other, Held::Yes),
        (postgres, "(phone IS NULL)", Cell::Other, Held::No),
        // character(18) is filled up with spaces.
        (postgres, "(phone ~ '^1[0-9]{10}$'::text)", limited("13800138000"), Held::Unknown),
        (postgres, "((phone)::text ~ '^1[0-9]{10}$'::text)", limited("13800138000"), Held::Yes),
        (postgres, "(phone ~ '^1[0-9]{10}$'::text)", limited(TOKEN), Held::No),
        (postgres, "(octet_length(phone) = 11)", limited("13800138000"), Held::Unknown),
        (postgres, "(length(phone) = 11)", limited("13800138000"), Held::Yes),
        (postgres, "((phone)::bigint > 5)", number("13800138000"), Held::Yes),
        (postgres, "((phone)::integer > 5)", number("13800138000"), Held::Unknown),
        (postgres, "((phone)::integer = 2)", number("1.5"), Held::Unknown),
        (postgres, "((phone)::numeric < 2)", number("1.5"), Held::Yes),
        (postgres, "((phone)::text ~ '^1[0-9]{10}$'::text)", number("13800138000"), Held::Yes),
        (postgres, "((phone)::text ~ '^1[0-9]{10}$'::text)", number("23800138000"), Held::No),
        (postgres, "((phone)::text ~ '^0'::text)", number("013"), Held::Unknown),
        (postgres, "((phone)::text ~ '^1'::text)", number("1.50"), Held::Unknown),
        (my_sql, "char_length(`phone`) = 3", number("007"), Held::Unknown),
        (my_sql, "`phone` between 13000000000 and 19999999999", number("23800138000"), Held::No),
        (postgres, "(phone < '2000-01-01'::date)", day("1999-12-31"), Held::Yes),
        (my_sql, "`phone` < '2000-01-01'", day("2001-12-31"), Held::No),
        (my_sql, "`phone` > '2001-1-1'", day("2001-12-31"), Held::Unknown),
        (my_sql, "`phone` > '2001-01-01'", day("2001-12-31 00:00:00"), Held::Unknown),
        (postgres, "(length((phone)::text) = 10)", day("2001-12-31"), Held::Unknown),
    ] {
        assert_eq!(held_of(manner, sql, &cell), expected, "{sql}");
    }
}

#[test]
fn functions_of_others_are_not_known() {
    for (sql, expected) in [
        ("(own.length(phone) = 1)", Held::Unknown),
        ("(\"Length\"(phone) = 1)", Held::Unknown),
        ("(a.pg_catalog.length(phone) = 1)", Held::Unknown),
        ("(pg_catalog.length(phone) = 1)", Held::No),
        ("(\"length\"(phone) = 1)", Held::No),
        ("(LENGTH(phone) = 1)", Held::No),
    ] {
        assert_eq!(held(Manner::Postgres, sql, Some("13800138000")), expected, "{sql}");
    }
    assert_eq!(held(Manner::MySql, "shop.length(`phone`) = 1", Some("13800138000")), Held::Unknown);
}

#[test]
fn many_patterns_are_not_understood() {
    let many = |count| vec![r"(phone ~ '^\w{1,60}[^a]{1,60}$'::text)"; count].join(" OR ");
    let start = std::time::Instant::now();
    assert!(condition(Manner::Postgres, &many(400)).is_none());
    assert!(start.elapsed() < std::time::Duration::from_millis(100), "{:?}", start.elapsed());
    assert_eq!(condition(Manner::Postgres, &many(64)).unwrap().patterns, 64);
    assert!(condition(Manner::Postgres, &many(65)).is_none());
    let long = format!("'{}' IN ({}phone)", "x".repeat(1000), "1,".repeat(10));
    assert_eq!(held(Manner::Postgres, &long, Some("1")), Held::Unknown, "it is not repeated");
}
