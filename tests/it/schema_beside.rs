//! The schema in one file and the rows in others, as `pg_dump -s` and `-a` or `mysqldump --no-data` and `--no-create-info`
//! write them, and `--schema`: types and constraints of the one are those of the rows in the others.

use serde_json::Value;

use crate::plan::{plan_and_run, plan_and_run_with, policy};
use crate::program::Folder;
use crate::support::people::mobile;
use crate::support::servers::{MariaDb, Postgres};

#[track_caller]
fn assert_verdict(plan: &Value, (table, column): (&str, &str), expected: &str, because: &str) {
    let columns = plan["columns"].as_array().unwrap();
    let found = columns.iter().find(|one| one["table"] == table && one["column"] == column);
    let found = found.unwrap_or_else(|| panic!("{table}.{column}: {plan}"));
    assert_eq!(found["verdict"], expected, "{found}");
    assert!(found["reason"].as_str().unwrap_or_default().contains(because), "{found}");
}

const SCHEMA: [&str; 2] = ["--schema", "in/schema.sql"];

fn members() -> String {
    (1..9).map(|n| format!("({n}, '{0}', '{0}', '{0}', {0})", mobile(n))).collect::<Vec<_>>().join(", ")
}

const TABLES: &str = "CREATE TABLE member (id integer, phone varchar(40) UNIQUE, tel varchar(40) NOT NULL CHECK (length(tel) = 11), \
    narrow varchar(11), mobile bigint);";

#[test]
fn rows_of_pg_dump_know_the_schema_beside_them() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    server.run("postgres", format!("{TABLES} INSERT INTO member VALUES {};", members()).as_bytes());
    for options in [&["-a"][..], &["-a", "--inserts"]] {
        let _ = std::fs::remove_dir_all(folder.path("in"));
        folder.write("in/data.sql", server.dump("postgres", options));
        // By themselves the rows tell nothing of it, and that is said.
        let (plan, ran) = plan_and_run(&folder, "in/data.sql", "fpe", 0);
        let note = plan["notes"][0].as_str().unwrap();
        assert!(note.contains("public.member") && note.contains("pg_dump -s"), "{note}");
        assert!(ran.stderr.contains("pg_dump -s"), "{}", ran.stderr);
        folder.write("in/schema.sql", server.dump("postgres", &["-s"]));
        folder.write("in/a.log", format!("phone={}\n", mobile(1)));
        let (plan, ran) = plan_and_run_with(&folder, "in", &SCHEMA, "{replace: '<{entity}>'}", 2);
        assert_verdict(&plan, ("public.member", "phone"), "refused", "UNIQUE member_phone_key");
        assert_verdict(&plan, ("public.member", "tel"), "refused", "CHECK member_tel_check");
        assert_eq!(plan["notes"].as_array().unwrap().len(), 0, "{plan}");
        assert!(ran.stderr.contains("member_phone_key") && !ran.stderr.contains("pg_dump -s"), "{}", ran.stderr);
        assert!(!folder.path("out/data.sql").exists());
        let (plan, _) = plan_and_run_with(&folder, "in", &SCHEMA, "'null'", 2);
        assert_verdict(&plan, ("public.member", "tel"), "refused", "must not be NULL");
        // Widths, too: a token has twenty characters.
        let (plan, _) = plan_and_run_with(&folder, "in", &SCHEMA, "fpe", 0);
        assert_verdict(&plan, ("public.member", "narrow"), "fits", "");
        folder.tuomin(&["verify", "out", "--schema", "in/schema.sql"]).expect(0);
        server.run("postgres", b"DROP DATABASE IF EXISTS copy;");
        server.run("postgres", b"CREATE DATABASE copy;");
        server.run("copy", &folder.read("out/schema.sql"));
        server.run("copy", &folder.read("out/data.sql"));
        assert_eq!(server.run("copy", b"SELECT count(DISTINCT phone) FROM member WHERE phone = tel;"), "8\n");
        // In a folder of its own.
        folder.write("own.yml", policy("hash"));
        let arguments = [
            "deidentify",
            "in/data.sql",
            "--schema",
            "in/schema.sql",
            "--key-file",
            "k",
            "--policy",
            "own.yml",
            "--plan=json",
        ];
        let plan: Value = serde_json::from_slice(&folder.tuomin(&arguments).expect(2).stdout).unwrap();
        assert_verdict(&plan, ("public.member", "tel"), "refused", "CHECK member_tel_check");
        assert_verdict(&plan, ("public.member", "phone"), "fits", "");
    }
    // In parts, and packed.
    let _ = std::fs::remove_dir_all(folder.path("in"));
    for section in ["pre-data", "data", "post-data"] {
        let dump = server.dump("postgres", &[&format!("--section={section}")]);
        let path = folder.write(&format!("in/{section}.sql"), dump);
        assert!(std::process::Command::new("gzip").arg(path).status().unwrap().success());
    }
    let parts = ["--schema", "in/pre-data.sql.gz", "--schema", "in/post-data.sql.gz"];
    let (plan, _) = plan_and_run_with(&folder, "in", &parts, "{replace: '<{entity}>'}", 2);
    assert_verdict(&plan, ("public.member", "phone"), "refused", "UNIQUE member_phone_key");
}

#[test]
fn what_is_no_schema_is_refused_and_what_is_of_another_table_not_used() {
    let folder = Folder::with_key();
    folder.write("in/data.sql", format!("COPY public.member (id, phone) FROM stdin;\n1\t{}\n\\.\n", mobile(1)));
    folder.write("in/a.log", "nothing\n");
    let of = |schema: &str| {
        folder.tuomin(&["deidentify", "in/data.sql", "--key-file", "k", "--schema", schema, "--plan=json"])
    };
    for (schema, why) in [("in/a.log", "no dump in plain SQL"), ("in/none.sql", "in/none.sql")] {
        let ended = of(schema).expect(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    // Without one of the columns that the rows have it is another table.
    folder.write(
        "in/schema.sql",
        "CREATE TABLE public.member (user_id integer, phone varchar(40) NOT NULL);\n-- PostgreSQL database dump\n",
    );
    let plan: Value = serde_json::from_slice(&of("in/schema.sql").expect(0).stdout).unwrap();
    assert!(plan["notes"][0].as_str().unwrap().contains("public.member"), "{plan}");
    // A file beside the rows is used only where it is named.
    folder.write("in/schema.sql", "CREATE TABLE public.member (id integer, phone varchar(11));\n");
    let ended = folder.tuomin(&["deidentify", "in", "--key-file", "k", "--plan=json"]).expect(0);
    let plan: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert!(plan["notes"][0].as_str().unwrap().contains("--schema"), "{plan}");
}

#[test]
fn rows_of_mysqldump_know_the_schema_beside_them() {
    let Some(server) = MariaDb::start() else { return };
    let folder = Folder::with_key();
    server.run("", b"CREATE DATABASE shop CHARACTER SET utf8mb4;");
    server.run("shop", format!("{TABLES} INSERT INTO member VALUES {};", members()).as_bytes());
    folder.write("in/data.sql", server.dump("shop", &["--no-create-info"]));
    let (plan, _) = plan_and_run(&folder, "in/data.sql", "fpe", 0);
    assert!(plan["notes"][0].as_str().unwrap().contains("mysqldump --no-data"), "{plan}");
    folder.write("in/schema.sql", server.dump("shop", &["--no-data"]));
    let (plan, ran) = plan_and_run_with(&folder, "in", &SCHEMA, "{replace: '<{entity}>'}", 2);
    assert_verdict(&plan, ("member", "phone"), "refused", "UNIQUE phone");
    assert_verdict(&plan, ("member", "tel"), "refused", "CHECK");
    assert!(ran.stderr.contains("member.phone") || ran.stderr.contains("member.tel"), "{}", ran.stderr);
    let (plan, _) = plan_and_run_with(&folder, "in", &SCHEMA, "fpe", 0);
    assert_verdict(&plan, ("member", "mobile"), "fits", "");
    folder.tuomin(&["verify", "out", "--schema", "in/schema.sql"]).expect(0);
    server.run("", b"CREATE DATABASE copy CHARACTER SET utf8mb4;");
    server.run("copy", &folder.read("out/schema.sql"));
    server.run("copy", &folder.read("out/data.sql"));
    assert_eq!(server.run("copy", b"SELECT count(DISTINCT phone) FROM member;"), "8\n");
    // Two that do not agree: neither is believed, and that is said.
    server.run("shop", b"ALTER TABLE member MODIFY narrow varchar(40);");
    folder.write("in/later.sql", server.dump("shop", &["--no-data"]));
    let both = ["--schema", "in/schema.sql", "--schema", "in/later.sql"];
    let (plan, ran) = plan_and_run_with(&folder, "in", &both, "fpe", 0);
    let notes = plan["notes"].to_string();
    assert!(notes.contains("member: is defined differently in two files"), "{notes}");
    assert!(notes.contains("mysqldump --no-data"), "{notes}");
    assert!(ran.stderr.contains("is defined differently in two files"), "{}", ran.stderr);
    // What a dump says itself goes before what others say.
    folder.write("in/data.sql", server.dump("shop", &[]));
    let (plan, _) = plan_and_run_with(&folder, "in", &SCHEMA, "{replace: '<{entity}>'}", 2);
    assert_verdict(&plan, ("member", "phone"), "refused", "UNIQUE phone");
}

#[test]
fn keys_between_files_of_rows_are_held_against_each_other() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    for (width, code) in [("varchar(11)", 2), ("text", 0)] {
        let sql = format!(
            "DROP TABLE IF EXISTS orders, member; CREATE TABLE member (id integer, phone text UNIQUE); \
             CREATE TABLE orders (id integer, phone {width} REFERENCES member (phone)); \
             INSERT INTO member VALUES (1, '{0}'), (2, '{1}'); INSERT INTO orders VALUES (1, '{0}'), (2, '{0}');",
            mobile(1),
            mobile(2)
        );
        server.run("postgres", sql.as_bytes());
        folder.write("in/schema.sql", server.dump("postgres", &["-s"]));
        folder.write("in/member.sql", server.dump("postgres", &["-a", "-t", "member"]));
        folder.write("in/orders.sql", server.dump("postgres", &["-a", "-t", "orders"]));
        let (plan, ran) = plan_and_run_with(&folder, "in", &SCHEMA, "hash", code);
        if code == 0 {
            server.run("postgres", b"CREATE DATABASE copy;");
            for name in ["schema", "member", "orders"] {
                server.run("copy", &folder.read(&format!("out/{name}.sql")));
            }
            assert_eq!(server.run("copy", b"SELECT count(*) FROM orders JOIN member USING (phone);"), "2\n");
            continue;
        }
        assert_verdict(&plan, ("public.orders", "phone"), "refused", "orders_phone_fkey");
        assert!(ran.stderr.contains("orders_phone_fkey"), "{}", ran.stderr);
        assert!(!folder.path("out/member.sql").exists() && !folder.path("out/orders.sql").exists());
    }
}
