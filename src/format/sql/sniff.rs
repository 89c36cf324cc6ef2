//! Telling SQL dumps from other text, and PostgreSQL's from MySQL's, by their first bytes.

use memchr::memmem;

use super::scan::{Dialect, starts_with_word};
use crate::format::Confidence;

/// How sure it is that `sample` is a dump of `dialect`.
pub(crate) fn sniff(sample: &[u8], dialect: Dialect) -> Confidence {
    let sample = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample);
    let signature = |signature: &str| at_line_start(sample, signature.as_bytes());
    let postgres = signature("-- PostgreSQL database dump") || signature("-- PostgreSQL database cluster dump");
    let my_sql = ["-- MySQL dump", "-- MariaDB dump", "/*M!999999\\-", "/*!999999\\-", "/*!40101 SET"]
        .iter()
        .any(|text| signature(text));
    match (dialect, postgres, my_sql) {
        (Dialect::Postgres, true, false) | (Dialect::MySql, false, true) => return Confidence::Certain,
        (_, true, true) => return Confidence::Likely,
        (_, false, false) => {}
        _ => return Confidence::No,
    }
    if !begins_as_sql(sample) || !has_rows_or_tables(sample) {
        return Confidence::No;
    }
    let marks: &[&str] = &["`", "ENGINE=", "AUTO_INCREMENT", "\\'"];
    let looks_my_sql = marks.iter().any(|mark| memmem::find(sample, mark.as_bytes()).is_some());
    if looks_my_sql == (dialect == Dialect::MySql) { Confidence::Likely } else { Confidence::No }
}

fn at_line_start(sample: &[u8], text: &[u8]) -> bool {
    memmem::find_iter(sample, text).any(|at| at == 0 || sample.get(at - 1).is_some_and(|before| *before == b'\n'))
}

/// The first line that is neither blank nor a comment begins with a key word of SQL.
fn begins_as_sql(sample: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "insert into",
        "insert ignore into",
        "replace into",
        "create table",
        "create database",
        "create schema",
        "copy",
        "set",
        "begin",
        "start transaction",
        "drop table",
        "drop database",
        "use",
        "lock tables",
        "delete from",
        "truncate",
    ];
    sample
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| {
            !line.is_empty() && !line.starts_with(b"--") && !line.starts_with(b"/*") && !line.starts_with(b"#")
        })
        .is_some_and(|line| WORDS.iter().any(|word| starts_with_word(line, word)))
}

fn has_rows_or_tables(sample: &[u8]) -> bool {
    sample.split(|byte| *byte == b'\n').any(|line| {
        let starts = |word| starts_with_word(line, word);
        starts("insert into")
            || starts("insert ignore into")
            || starts("replace into")
            || starts("create table")
            || (starts("copy") && memmem::find(&line.to_ascii_lowercase(), b"from stdin").is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_dumps_apart() {
        let both =
            |sample: &str| (sniff(sample.as_bytes(), Dialect::Postgres), sniff(sample.as_bytes(), Dialect::MySql));
        use Confidence::{Certain, Likely, No};
        assert_eq!(both("--\n-- PostgreSQL database dump\n--\n"), (Certain, No));
        assert_eq!(both("/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19"), (No, Certain));
        assert_eq!(both("-- MySQL dump 10.13\n"), (No, Certain));
        assert_eq!(both("\n/*!40101 SET NAMES utf8mb4 */;\n"), (No, Certain));
        assert_eq!(both("-- rows\nINSERT INTO t VALUES (1);\n"), (Likely, No));
        assert_eq!(both("INSERT INTO `t` VALUES (1);\n"), (No, Likely));
        assert_eq!(both("COPY public.t (a) FROM stdin;\n1\n\\.\n"), (Likely, No));
        assert_eq!(both("2026-01-01 INFO INSERT INTO t VALUES (1)\n"), (No, No));
        assert_eq!(both("insert coin\n"), (No, No));
    }
}
