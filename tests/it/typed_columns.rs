//! Dates and positions in columns of their own types (date, timestamp, double, decimal), as every format has them: found,
//! rewritten as what the type takes, and read again by those who own the format.

use std::path::Path;

use crate::program::{Folder, contains};
use crate::support::python;
use crate::support::servers::{MariaDb, Postgres};

/// Rows of `id, birthday, born, lat, lng, spot, level`, as SQL.
fn rows() -> String {
    let row = |n: u64| {
        let (year, month, day) = (1960 + n, n % 12 + 1, n % 28 + 1);
        let date = format!("{year}-{month:02}-{day:02}");
        let (lat, lng) = (30_274_085 + n * 1_013, 120_155_071 + n * 977);
        format!(
            "({n}, '{date}', '{date} 16:00:00', {}.{:06}, {}.{:06}, {}.{:06}, 2.5)",
            lat / 1_000_000,
            lat % 1_000_000,
            lng / 1_000_000,
            lng % 1_000_000,
            lat / 1_000_000,
            lat % 1_000_000
        )
    };
    (1..=20).map(row).collect::<Vec<_>>().join(", ")
}

/// What must be so after the default policy masked: years, whole degrees, and the rest as it was.
const MASKED: &str = "SELECT count(*) FROM people WHERE birthday = CAST(concat(1960 + id, '-01-01') AS date) \
    AND birth_date = CAST(concat(1960 + id, '-01-01 16:00:00') AS {moment}) \
    AND lat = 30 AND lng = 120 AND latitude = 30 AND level = 2.5;";

/// And after it anonymized.
const EMPTIED: &str = "SELECT count(*) FROM people WHERE birthday IS NULL AND birth_date IS NULL AND lat IS NULL \
    AND lng IS NULL AND latitude IS NULL AND level = 2.5;";

const TABLE: &str = "CREATE TABLE people (id bigint, birthday date, birth_date {moment}, lat decimal(9,6), \
    lng double precision, latitude {single}, level double precision);";

fn filled(template: &str, moment: &str, single: &str) -> String {
    template.replace("{moment}", moment).replace("{single}", single)
}

/// Masks and anonymizes `name`; gives both outputs, in which no date of birth is left.
fn both(folder: &Folder, name: &str) -> [String; 2] {
    let outs = [format!("masked-{name}"), format!("emptied-{name}")];
    folder.tuomin(&["deidentify", name, "-o", &outs[0], "--key-file", "k"]).expect(0);
    folder.tuomin(&["anonymize", name, "-o", &outs[1]]).expect(0);
    for out in &outs {
        assert!(!contains(&folder.read(out), b"1963-04-04"), "{out}");
        assert!(!contains(&folder.read(out), b"30.27"), "{out}");
    }
    outs
}

#[test]
fn postgres_takes_what_became_of_dates_and_positions() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    server.run("postgres", b"CREATE DATABASE source;");
    server.run("source", filled(TABLE, "timestamp with time zone", "real").as_bytes());
    server.run("source", format!("SET TIME ZONE 'UTC'; INSERT INTO people VALUES {};", rows()).as_bytes());
    for (number, form) in [&[][..], &["--inserts"], &["--column-inserts"]].into_iter().enumerate() {
        let name = format!("{number}.sql");
        folder.write(&name, server.dump("source", form));
        for (out, condition) in both(&folder, &name).iter().zip([MASKED, EMPTIED]) {
            server.run("postgres", b"DROP DATABASE IF EXISTS copy; ");
            server.run("postgres", b"CREATE DATABASE copy;");
            server.run("copy", &folder.read(out));
            let counted = format!("SET TIME ZONE 'UTC'; {}", filled(condition, "timestamptz", ""));
            assert!(server.run("copy", counted.as_bytes()).ends_with("20\n"), "{form:?} {out}");
        }
    }
}

#[test]
fn mariadb_takes_what_became_of_dates_and_positions() {
    let Some(server) = MariaDb::start() else { return };
    let folder = Folder::with_key();
    server.run("mysql", b"CREATE DATABASE source;");
    server.run("source", filled(TABLE, "datetime", "float").as_bytes());
    server.run("source", format!("INSERT INTO people VALUES {};", rows()).as_bytes());
    for (number, form) in [&[][..], &["--skip-extended-insert", "--complete-insert"]].into_iter().enumerate() {
        let name = format!("{number}.sql");
        folder.write(&name, server.dump("source", form));
        for (out, condition) in both(&folder, &name).iter().zip([MASKED, EMPTIED]) {
            server.run("mysql", b"DROP DATABASE IF EXISTS copy; CREATE DATABASE copy;");
            server.run("copy", &folder.read(out));
            let counted = filled(condition, "datetime", "");
            assert!(server.run("copy", counted.as_bytes()).ends_with("20\n"), "{form:?} {out}");
        }
    }
}

#[test]
fn json_numbers_stay_numbers() {
    let folder = Folder::with_key();
    folder.write(
        "a.ndjson",
        "{\"lat\":30.274085,\"lng\":-120.155070,\"v\":1.50}\n{\"coordinates\":[116.397128, 39.916527],\"v\":1e3}\n\
         {\"location\":\"120.155071,30.274085\"}\n",
    );
    folder.tuomin(&["deidentify", "a.ndjson", "-o", "b.ndjson", "--key-file", "k"]).expect(0);
    assert_eq!(
        folder.text("b.ndjson"),
        "{\"lat\":30,\"lng\":-100,\"v\":1.50}\n{\"coordinates\":[110, 39],\"v\":1e3}\n{\"location\":\"12*.******,**.******\"}\n"
    );
    folder.tuomin(&["anonymize", "a.ndjson", "-o", "c.ndjson"]).expect(0);
    let anonymized = folder.text("c.ndjson");
    let expected = "{\"lat\":null,\"lng\":null,\"v\":1.50}\n{\"coordinates\":[null,null],\"v\":1e3}\n{\"location\":\"";
    assert!(anonymized.starts_with(expected) && !anonymized.contains("120."), "{anonymized}");
    // Of several positions the first one is found only: none is written.
    for more in ["[[116.397128,39.916527],[121.473701,31.230416]]", "[116.397128,39.916527,121.473701,31.230416]"] {
        folder.write("more.ndjson", format!("{{\"coordinates\":{more}}}\n"));
        folder.tuomin(&["deidentify", "more.ndjson", "-o", "more-out", "--key-file", "k"]).expect(3);
    }
}

/// Of a number of which a part is found, the rest would tell which one it was.
#[test]
fn no_part_of_a_fraction_is_replaced() {
    let folder = Folder::with_key();
    let dump = "-- PostgreSQL database dump\n\nCREATE TABLE public.a (\n    pay_amount double precision\n);\n\n\
        COPY public.a (pay_amount) FROM stdin;\n1280.5123456\n98765.4321987\n\\.\n";
    folder.write("a.sql", dump);
    folder.write(
        "p.yml",
        "policy: p\ntitle: t\nversion: '1'\nsource: s\nentries:\n  - {category: c, clause: c, entities: \
         [TRANSACTION_AMOUNT], level: 3, deidentify: generalize, anonymize: mask}\n\
         otherwise: {level: 1, deidentify: keep, anonymize: keep}\n",
    );
    let ended =
        folder.tuomin(&["deidentify", "a.sql", "-o", "o.sql", "--key-file", "k", "--policy", "p.yml"]).expect(3);
    assert!(ended.stderr.contains("a part of a number"), "{}", ended.stderr);
}

fn peer(command: &str, folder: &Path) -> Option<()> {
    python::peer("typed_columns_peer.py", "pyarrow, fastavro, sqlite3", folder, &[command])
}

/// What Python's readers say of types and values is in the script.
#[test]
fn columnar_files_keep_their_types() {
    let folder = Folder::with_key();
    let Some(()) = peer("write", &folder.path("")) else { return };
    for name in ["a.parquet", "a.arrow", "a.avro", "a.db"] {
        let report = folder.tuomin(&["scan", name]).expect(0).out();
        let columns = report.lines().filter_map(|line| line.split_whitespace().nth(1)?.rsplit('.').next());
        let columns: Vec<&str> = columns.collect();
        for column in ["birthday", "lat", "lng", "latitude"] {
            assert!(columns.contains(&column), "{name}: {column} is not found: {report}");
        }
        assert!(!columns.contains(&"level") && !columns.contains(&"created_at"), "{name}: {report}");
        folder.tuomin(&["deidentify", name, "-o", &format!("masked-{name}"), "--key-file", "k"]).expect(0);
        folder.tuomin(&["anonymize", name, "-o", &format!("emptied-{name}")]).expect(0);
    }
    peer("check", &folder.path(""));
}
