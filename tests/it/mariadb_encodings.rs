//! Dumps of a real MariaDB in other encodings, with binary columns, and in other forms: rewritten by the program and
//! loaded again, or refused by name. Some GBK characters end in the byte of a backslash (盶, B1 5C).

use std::fs::File;
use std::process::Stdio;

use crate::program::{Folder, POLICY, contains};
use crate::support::servers::MariaDb;

const SCHEMA: &str = r"
CREATE DATABASE src CHARACTER SET utf8mb4;
USE src;
CREATE TABLE g (id int PRIMARY KEY, mobile varchar(40), note varchar(64), untouched varchar(20)) CHARACTER SET gbk;
CREATE TABLE l (id int PRIMARY KEY, mobile varchar(40), note varchar(64), untouched varchar(20)) CHARACTER SET latin1;
CREATE TABLE t (id int PRIMARY KEY, mobile varchar(40), note text, untouched blob);
CREATE TABLE b (id int PRIMARY KEY, mobile varchar(40), note blob, untouched varbinary(60));
INSERT INTO g VALUES (1, '13912345678', '盶客户电话13912345678，勿扰盶', '盶盶'), (2, NULL, '', 'it''s 盶\\'), (3, '13912345679', '運誠', NULL);
INSERT INTO l VALUES (1, '13912345678', 'café 13912345678 \\ é', 'ÿ'), (2, NULL, '', ''), (3, '13912345679', '', NULL);
INSERT INTO t VALUES (1, '13912345678', '电话 13912345678 \\ ''end''', '盶'), (2, NULL, '', ''), (3, '13912345679', '', NULL);
INSERT INTO b VALUES (1, '13912345678', '电话 13912345678 end', x'FFD8FF00'), (2, NULL, '', x''), (3, '13912345679', '', NULL);
";

/// Rows as they must be again: the numbers replaced, the same one by the same token, and all else untouched.
fn hold(table: &str) -> String {
    format!(
        "SELECT count(*), count(d.mobile), sum(length(d.mobile) = 20), count(d.note), count(d.untouched), \
         sum(hex(d.untouched) = hex(s.untouched)), sum(replace(d.note, coalesce(d.mobile, '-'), coalesce(s.mobile, '-')) = s.note), \
         sum(d.mobile <> s.mobile) FROM {table} d JOIN src.{table} s USING (id);"
    )
}

fn start() -> Option<(MariaDb, Folder)> {
    let server = MariaDb::start()?;
    server.run("", SCHEMA.as_bytes());
    let folder = Folder::with_key();
    folder.write("hash.yml", POLICY);
    Some((server, folder))
}

fn deidentify(folder: &Folder, input: &str, output: &str) -> crate::program::Ended {
    folder.tuomin(&["deidentify", input, "-o", output, "--force", "--key-file", "k", "--policy", "hash.yml"])
}

/// Loads a dump in an encoding into a new database.
fn load(server: &MariaDb, folder: &Folder, dump: &str, encoding: &str) {
    server.run("", b"DROP DATABASE IF EXISTS dst; CREATE DATABASE dst CHARACTER SET utf8mb4;");
    let mut loader = server.loader("dst");
    loader.arg(format!("--default-character-set={encoding}")).stdin(File::open(folder.path(dump)).unwrap());
    let output = loader.stdout(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{dump}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Table, encoding of the dump, more options, and what becomes of it: how what holds begins, or what is said.
type Case = (&'static str, &'static str, &'static [&'static str], Result<&'static str, &'static str>);

#[test]
fn dumps_in_other_encodings_are_right_or_refused() {
    let Some((server, folder)) = start() else { return };
    let (right, refused) = (Ok("3\t2\t2\t"), Err);
    let cases: &[Case] = &[
        ("g", "utf8mb4", &[], right),
        ("g", "gbk", &[], right),
        ("g", "gbk", &["--skip-extended-insert", "--complete-insert"], right),
        ("g", "gbk", &["--skip-quote-names", "--hex-blob"], right),
        ("g", "gb2312", &["--where=id <> 3 AND id <> 1"], Ok("1\t0\t")),
        ("g", "binary", &[], refused("UTF-8")),
        ("l", "utf8mb4", &[], right),
        ("l", "latin1", &[], refused("character set")),
        ("l", "latin1", &["--where=id = 2"], Ok("1\t0\t")),
        ("l", "binary", &[], refused("UTF-8")),
        ("t", "utf8mb4", &[], right),
        ("t", "binary", &[], right),
        ("t", "utf8mb4", &["--skip-quote-names"], right),
        ("t", "utf8mb4", &["--hex-blob"], right),
        ("b", "utf8mb4", &["--hex-blob"], right),
        ("b", "binary", &["--hex-blob"], right),
        ("b", "utf8mb4", &["--hex-blob", "--skip-extended-insert"], right),
        // What is no text stands among the text as it is.
        ("b", "utf8mb4", &[], refused("UTF-8")),
        // Nobody knows any more in which encoding the bytes were.
        ("b", "gbk", &["--hex-blob"], refused("binary data")),
    ];
    for (table, encoding, options, expected) in cases {
        let place = format!("{table} in {encoding} {options:?}");
        let encoded = format!("--default-character-set={encoding}");
        folder.write("in.sql", server.dump_table("src", table, &[&[encoded.as_str()], *options].concat()));
        let _ = std::fs::remove_file(folder.path("out.sql"));
        let ended = deidentify(&folder, "in.sql", "out.sql");
        assert!(!ended.stderr.contains("1391234"), "{place}: {}", ended.stderr);
        match expected {
            Ok(start) => {
                ended.expect(0);
                let dump = folder.read("out.sql");
                assert!(
                    !contains(&dump, b"1391234") && !contains(&dump, b"31333931323334"),
                    "{place}: a number is left"
                );
                load(&server, &folder, "out.sql", encoding);
                let hold = server.run("dst", hold(table).as_bytes());
                assert!(hold.starts_with(start), "{place}: {hold}");
                if *expected == right {
                    assert_eq!(hold, "3\t2\t2\t3\t2\t2\t3\t2\n", "{place}");
                }
            }
            Err(words) => {
                let ended = ended.expect(3);
                assert!(ended.stderr.contains(words), "{place}: {}", ended.stderr);
                assert!(!folder.path("out.sql").exists(), "{place}");
            }
        }
    }
}

/// `--tab`: the schema in one file, the rows in another, with tabs between them.
#[test]
fn tables_in_files_of_their_own_load_again() {
    let Some((server, folder)) = start() else { return };
    let rows = r#"CREATE TABLE own (id int PRIMARY KEY, mobile varchar(40), note text, untouched varchar(20));
        INSERT INTO own VALUES (1, '13912345678', 'a\tb 13912345678\nline\\ "q', ''), (2, NULL, '', '\\N'), (3, '13912345679', '', NULL);"#;
    server.run("src", rows.as_bytes());
    folder.write("in/own.txt", server.tab_separated("src", "own"));
    folder.write("in/own.sql", server.dump_table("src", "own", &["--no-data"]));
    deidentify(&folder, "in", "out").expect(0);
    assert!(!contains(&folder.read("out/own.txt"), b"1391234"));
    load(&server, &folder, "out/own.sql", "utf8mb4");
    let load = format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE own CHARACTER SET utf8mb4;",
        folder.path("out/own.txt").display()
    );
    server.run("dst", load.as_bytes());
    assert_eq!(server.run("dst", hold("own").as_bytes()), "3\t2\t2\t3\t2\t2\t3\t2\n");
}

/// Strings in which a backslash is a character like any other.
#[test]
fn rows_without_backslash_escapes_are_rewritten_by_the_program() {
    let Some((server, folder)) = start() else { return };
    let dump = "-- MariaDB dump 10.19\n/*!40101 SET NAMES utf8mb4 */;\nSET sql_mode='NO_BACKSLASH_ESCAPES';\n\
        CREATE TABLE `own` (`id` int, `mobile` varchar(40), `note` varchar(60), `untouched` text);\n\
        INSERT INTO `own` VALUES (1,'13912345678','\\ 13912345678 it''s \\','b''\\'),(2,NULL,'','\\\\'),(3,'13912345679','\\',NULL);\n";
    server.run("src", dump.as_bytes());
    folder.write("in.sql", dump);
    deidentify(&folder, "in.sql", "out.sql").expect(0);
    assert!(!contains(&folder.read("out.sql"), b"1391234"));
    load(&server, &folder, "out.sql", "utf8mb4");
    assert_eq!(server.run("dst", hold("own").as_bytes()), "3\t2\t2\t3\t2\t2\t3\t2\n");
}
