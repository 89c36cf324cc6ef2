//! Constraints that do not stand with the rows: in other files, in parents and domains, on generated columns and under
//! collations. What a real server would refuse is refused before anything is written.

use serde_json::Value;

use crate::plan::{plan_and_run, policy};
use crate::program::{Ended, Folder};
use crate::support::people::mobile;
use crate::support::servers::{MariaDb, Postgres};

/// The verdict on a column, and why.
#[track_caller]
fn verdict(plan: &Value, table: &str, column: &str) -> (String, String) {
    let columns = plan["columns"].as_array().unwrap();
    let found = columns.iter().find(|one| one["table"] == table && one["column"] == column);
    let found = found.unwrap_or_else(|| panic!("{table}.{column}: {plan}"));
    (found["verdict"].as_str().unwrap().to_owned(), found["reason"].as_str().unwrap_or_default().to_owned())
}

#[track_caller]
pub(crate) fn assert_verdict(plan: &Value, (table, column): (&str, &str), expected: &str, because: &str) {
    let (verdict, reason) = verdict(plan, table, column);
    assert_eq!(verdict, expected, "{table}.{column}: {reason}");
    assert!(reason.contains(because), "{table}.{column}: {reason}");
}

fn said(ended: &Ended) -> String {
    format!("{}{}", ended.out(), ended.stderr)
}

fn dump_to_folder(server: &Postgres, sql: &str, folder: &Folder, options: &[&str]) {
    server.run("postgres", sql.as_bytes());
    let mut dumper = server.dumper("postgres");
    assert!(dumper.args(options).arg(folder.path("in")).status().unwrap().success());
}

#[test]
fn a_run_over_a_directory_dump_stops_at_a_key_between_its_files() {
    let Some(server) = Postgres::start() else { return };
    let sql = |width: &str| {
        format!(
            "DROP TABLE IF EXISTS orders, member, other; CREATE TABLE member (id integer, phone text UNIQUE); \
             CREATE TABLE other (phone text); INSERT INTO other VALUES ('{0}'); \
             CREATE TABLE orders (id integer, phone {width} REFERENCES member (phone)); \
             INSERT INTO member VALUES (1, '{0}'), (2, '{1}'); INSERT INTO orders VALUES (1, '{0}'), (2, '{0}');",
            mobile(1),
            mobile(2)
        )
    };
    for options in [&["-Fd", "-f"][..], &["-Fd", "-Z0", "-f"], &["-Ft", "-f"]] {
        let folder = Folder::with_key();
        folder.write("own.yml", policy("hash"));
        // A token fits the one column, and not the other that leads to it.
        dump_to_folder(&server, &sql("varchar(11)"), &folder, options);
        folder.write("a.log", format!("phone={}\n", mobile(3)));
        let arguments = ["deidentify", "in", "a.log", "--key-file", "k", "--policy", "own.yml", "-o", "out"];
        let ended = folder.tuomin(&arguments).expect(3);
        for expected in
            ["orders_phone_fkey", "column public.orders.phone", "to public.member.phone", "drop the constraint"]
        {
            assert!(ended.stderr.contains(expected), "{expected}: {}", ended.stderr);
        }
        assert!(!said(&ended).contains(&mobile(1)), "a value is shown");
        // Nothing of the dump is left, and what else there was is done.
        let left: Vec<String> = folder.files().into_iter().filter(|name| name.starts_with("out")).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(folder.path("out/a.log").is_file(), "{left:?}");
        // In place nothing is touched either.
        if options[0] == "-Fd" {
            let before: Vec<_> = folder.files().iter().map(|name| folder.read(name)).collect();
            let arguments = ["deidentify", "in", "--key-file", "k", "--policy", "own.yml", "--in-place"];
            folder.tuomin(&arguments).expect(3);
            assert_eq!(folder.files().iter().map(|name| folder.read(name)).collect::<Vec<_>>(), before);
        }
        // Where both fit, it goes through and loads.
        let _ = std::fs::remove_dir_all(folder.path("in"));
        let _ = std::fs::remove_file(folder.path("in"));
        dump_to_folder(&server, &sql("text"), &folder, options);
        plan_and_run(&folder, "in", "hash", 0);
        server.run("postgres", b"DROP DATABASE IF EXISTS copy;");
        server.run("postgres", b"CREATE DATABASE copy;");
        let mut restorer = server.restorer();
        restorer.args(["--exit-on-error", "-d", "copy"]).arg(folder.path("out"));
        assert!(restorer.status().unwrap().success());
        assert_eq!(server.run("copy", b"SELECT count(*) FROM orders JOIN member USING (phone);"), "2\n");
    }
}

#[test]
fn a_key_to_a_column_that_alone_is_rewritten_is_refused() {
    let Some(server) = Postgres::start() else { return };
    // By its name the one column holds numbers of QQ, the other anything.
    let folder = Folder::with_key();
    let rows =
        |ending: &str| (1..9).map(|n| format!("({}{ending})", 812_345_000 + n * 7919)).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "CREATE TABLE member (qq bigint UNIQUE); CREATE TABLE visit (who bigint REFERENCES member (qq), n integer); \
         INSERT INTO member VALUES {}; INSERT INTO visit VALUES {};",
        rows(""),
        rows(", 1")
    );
    dump_to_folder(&server, &sql, &folder, &["-Fd", "-f"]);
    let (plan, ran) = plan_and_run(&folder, "in", "hash", 2);
    assert_verdict(&plan, ("public.member", "qq"), "refused", "visit_who_fkey");
    assert!(ran.stderr.contains("visit_who_fkey") && ran.stderr.contains("public.visit.who"), "{}", ran.stderr);
    assert!(!folder.path("out").exists() || std::fs::read_dir(folder.path("out")).unwrap().next().is_none());
}

#[test]
fn checks_of_parents_and_domains_are_asked_of_the_rows() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    let sql = format!(
        "CREATE DOMAIN cn_phone AS varchar(40) CONSTRAINT cn_phone_form CHECK (VALUE ~ '^1[3-9][0-9]{{9}}$'); \
         CREATE DOMAIN work_phone AS cn_phone NOT NULL CONSTRAINT eleven CHECK (char_length(VALUE) = 11); \
         CREATE DOMAIN any_phone AS text CHECK (VALUE IS NOT NULL OR true); \
         CREATE TABLE member (mobile cn_phone, work work_phone, mobiles cn_phone[], phone any_phone); \
         CREATE TABLE base (phone text NOT NULL, tel text, CONSTRAINT tel_form CHECK (tel LIKE '1%'), \
           CONSTRAINT base_only CHECK (length(phone) = 11) NO INHERIT); \
         CREATE TABLE kid (extra text) INHERITS (base); CREATE TABLE grandkid () INHERITS (kid); \
         CREATE TABLE visit (day date, phone text, CONSTRAINT visit_form CHECK (length(phone) = 11)) PARTITION BY RANGE (day); \
         CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); \
         INSERT INTO member VALUES ('{0}', '{0}', '{{{0}}}', '{0}'), ('{1}', '{1}', NULL, '{1}'); \
         INSERT INTO kid VALUES ('{0}', '{0}', '{0}'); INSERT INTO grandkid VALUES ('{0}', '{0}', '{0}'); \
         INSERT INTO visit VALUES ('2026-02-03', '{0}');",
        mobile(1),
        mobile(2)
    );
    server.run("postgres", sql.as_bytes());
    for options in [&[][..], &["--inserts"], &["-Fc"]] {
        folder.write("in", server.dump("postgres", options));
        let (plan, ran) = plan_and_run(&folder, "in", "hash", 2);
        for (table, column, verdict, because) in [
            ("public.member", "mobile", "refused", "CHECK cn_phone_form"),
            ("public.member", "work", "refused", "CHECK"),
            ("public.member", "mobiles", "refused", "CHECK cn_phone_form"),
            ("public.member", "phone", "fits", ""),
            ("public.kid", "phone", "fits", ""),
            ("public.kid", "tel", "refused", "CHECK tel_form"),
            ("public.kid", "extra", "fits", ""),
            ("public.grandkid", "tel", "refused", "CHECK tel_form"),
            ("public.visit_1", "phone", "refused", "CHECK visit_form"),
        ] {
            assert_verdict(&plan, (table, column), verdict, because);
        }
        assert!(said(&ran).contains("CHECK"), "{}", said(&ran));
        // What must not be NULL in the parent must not be in the child.
        let (plan, _) = plan_and_run(&folder, "in", "'null'", 2);
        assert_verdict(&plan, ("public.grandkid", "phone"), "refused", "must not be NULL");
        assert_verdict(&plan, ("public.member", "work"), "refused", "must not be NULL");
        assert_verdict(&plan, ("public.grandkid", "tel"), "fits", "");
    }
    folder.write("in", server.dump("postgres", &[]));
    plan_and_run(&folder, "in", "fpe", 0);
    server.run("postgres", b"CREATE DATABASE copy;");
    server.run("copy", &folder.read("out"));
    assert_eq!(server.run("copy", b"SELECT count(*) FROM base;"), "2\n");
    // As people write it.
    let sql = format!(
        "-- PostgreSQL database dump\nCREATE TABLE visit (n integer, phone text, CONSTRAINT form CHECK (length(phone) = 11)) PARTITION BY LIST (n);\n\
         CREATE TABLE visit_2 PARTITION OF visit DEFAULT;\nALTER TABLE visit ALTER COLUMN phone SET NOT NULL;\n\
         CREATE TABLE later (phone text);\nALTER TABLE ONLY later ALTER phone SET NOT NULL;\n\
         COPY visit_2 (n, phone) FROM stdin;\n1\t{0}\n\\.\nCOPY later (phone) FROM stdin;\n{0}\n\\.\n",
        mobile(4)
    );
    folder.write("in", sql);
    let (plan, _) = plan_and_run(&folder, "in", "hash", 2);
    assert_verdict(&plan, ("visit_2", "phone"), "refused", "CHECK form");
    let (plan, _) = plan_and_run(&folder, "in", "'null'", 2);
    assert_verdict(&plan, ("later", "phone"), "refused", "must not be NULL");
}

#[test]
fn what_a_generated_column_is_asked_is_doubtful() {
    let folder = Folder::with_key();
    if let Some(server) = MariaDb::start() {
        server.run("", b"CREATE DATABASE shop CHARACTER SET utf8mb4;");
        let sql = format!(
            "CREATE TABLE member (id int, phone varchar(40), plain varchar(40), tail char(4) AS (right(phone, 4)) STORED, \
             UNIQUE KEY tail_once (tail), UNIQUE KEY short_once (plain(8))); \
             INSERT INTO member (id, phone, plain) VALUES (1, '{0}', '{0}'), (2, '{1}', '{1}');",
            mobile(1),
            mobile(2)
        );
        server.run("shop", sql.as_bytes());
        folder.write("in", server.dump("shop", &[]));
        let (plan, _) = plan_and_run(&folder, "in", "hash", 0);
        assert_verdict(&plan, ("member", "phone"), "doubtful", "UNIQUE tail_once is asked of tail");
        assert_verdict(&plan, ("member", "plain"), "doubtful", "UNIQUE short_once");
    }
    if let Some(server) = Postgres::start() {
        let sql = format!(
            "CREATE TABLE member (id integer, phone text, tel text, free text, tail text GENERATED ALWAYS AS (right(phone, 4)) STORED, \
             CONSTRAINT tail_form CHECK (tail ~ '^[0-9]*$')); CREATE UNIQUE INDEX tel_once ON member (lower(tel)); \
             INSERT INTO member VALUES (1, '{0}', '{0}', '{0}');",
            mobile(1)
        );
        server.run("postgres", sql.as_bytes());
        folder.write("in", server.dump("postgres", &[]));
        let (plan, _) = plan_and_run(&folder, "in", "hash", 0);
        assert_verdict(&plan, ("public.member", "phone"), "doubtful", "CHECK tail_form is asked of tail");
        assert_verdict(&plan, ("public.member", "tel"), "doubtful", "UNIQUE tel_once");
        assert_verdict(&plan, ("public.member", "free"), "fits", "");
    }
    let database = rusqlite::Connection::open(folder.path("shop.db")).unwrap();
    let schema = "CREATE TABLE member (phone TEXT, tail TEXT GENERATED ALWAYS AS (substr(phone, -4)) STORED UNIQUE);";
    database.execute_batch(schema).unwrap();
    database.execute("INSERT INTO member (phone) VALUES (?1)", [mobile(1)]).unwrap();
    database.close().unwrap();
    let (plan, _) = plan_and_run(&folder, "shop.db", "hash", 0);
    assert_verdict(&plan, ("member", "phone"), "doubtful", "asked of tail");
}

/// A policy that has one text for all e-mail addresses.
const REPLACED: &str = "policy: own\ntitle: Own\nversion: '1'\nsource: test\nentries:\n  - {category: mail, clause: test, entities: \
    [EMAIL_ADDRESS], level: 3, deidentify: {replace: '<{entity}>'}, anonymize: mask}\notherwise: {level: 1, deidentify: keep, anonymize: keep}\n";

/// What becomes of a table in which another row holds the replacement in other letters.
#[track_caller]
fn replaced(folder: &Folder, code: i32) -> Ended {
    folder.write("own.yml", REPLACED);
    let _ = std::fs::remove_file(folder.path("out"));
    let _ = std::fs::remove_file(folder.path("out.manifest.json"));
    let arguments = ["deidentify", "in", "--key-file", "k", "--policy", "own.yml"];
    folder.tuomin(&[&arguments[..], &["--plan"]].concat()).expect(if code == 0 { 0 } else { 2 });
    let ended = folder.tuomin(&[&arguments[..], &["-o", "out"]].concat()).expect(code);
    assert_eq!(folder.path("out").exists(), code == 0);
    ended
}

#[test]
fn values_that_a_collation_takes_for_one_are_one() {
    let folder = Folder::with_key();
    let rows = "INSERT INTO member VALUES (1, 'zhang.san@example.com'), (2, '<email_address>');";
    if let Some(server) = MariaDb::start() {
        server.run("", b"CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;");
        for (number, (column, table, code)) in [
            ("email varchar(64)", "", 3),
            ("email varchar(64) COLLATE utf8mb4_unicode_ci", "COLLATE=utf8mb4_bin", 3),
            ("email varchar(64) COLLATE utf8mb4_bin", "", 0),
            ("email varchar(64)", "COLLATE=utf8mb4_bin", 0),
            ("email varbinary(64)", "", 0),
        ]
        .into_iter()
        .enumerate()
        {
            let sql = format!(
                "DROP TABLE IF EXISTS member; CREATE TABLE member (id int, {column}, UNIQUE KEY once (email)) {table}; {rows}"
            );
            server.run("shop", sql.as_bytes());
            folder.write("in", server.dump("shop", &[]));
            let ended = replaced(&folder, code);
            if code == 0 {
                server.run("", format!("CREATE DATABASE copy_{number} CHARACTER SET utf8mb4;").as_bytes());
                server.run(&format!("copy_{number}"), &folder.read("out"));
            } else {
                assert!(
                    said(&ended).contains("UNIQUE once") && said(&ended).contains("member.email"),
                    "{}",
                    said(&ended)
                );
            }
        }
    }
    if let Some(server) = Postgres::start() {
        server.run("postgres", b"CREATE EXTENSION citext;");
        for (number, (kind, code)) in [("citext", 3), ("text COLLATE \"C\"", 0), ("text", 0)].into_iter().enumerate() {
            let sql = format!("DROP TABLE IF EXISTS member; CREATE TABLE member (id int, email {kind} UNIQUE); {rows}");
            server.run("postgres", sql.as_bytes());
            folder.write("in", server.dump("postgres", &[]));
            let ended = replaced(&folder, code);
            if code == 0 {
                server.run("postgres", format!("CREATE DATABASE copy_{number};").as_bytes());
                server.run(&format!("copy_{number}"), &folder.read("out"));
            } else {
                assert!(said(&ended).contains("member_email_key"), "{}", said(&ended));
            }
        }
        // Which texts a collation of somebody's own takes for one, nobody here knows.
        let sql = format!(
            "DROP TABLE member; CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false); \
             CREATE TABLE member (id int, email text COLLATE loose UNIQUE); {rows}"
        );
        server.run("postgres", sql.replace("<email_address>", "somebody").as_bytes());
        folder.write("in", server.dump("postgres", &[]));
        replaced(&folder, 0);
        let plan = folder.tuomin(&["deidentify", "in", "--key-file", "k", "--policy", "own.yml", "--plan"]).expect(0);
        assert!(plan.out().contains("collation of the database's own"), "{}", plan.out());
    }
    for (collation, code) in [("COLLATE NOCASE", 3), ("", 0)] {
        let _ = std::fs::remove_file(folder.path("in"));
        let database = rusqlite::Connection::open(folder.path("in")).unwrap();
        database
            .execute_batch(&format!("CREATE TABLE member (id INTEGER, email TEXT {collation} UNIQUE); {rows}"))
            .unwrap();
        database.close().unwrap();
        replaced(&folder, code);
    }
}

#[test]
fn a_condition_that_names_null_is_no_not_null() {
    let Some(server) = MariaDb::start() else { return };
    let folder = Folder::with_key();
    server.run("", b"CREATE DATABASE shop CHARACTER SET utf8mb4;");
    let sql = format!(
        "CREATE TABLE member (id int, phone varchar(40) CHECK (phone IS NOT NULL OR id > 0), tel varchar(40) CHECK (tel IS NOT NULL)); \
         INSERT INTO member VALUES (1, '{0}', NULL), (2, '{1}', NULL);",
        mobile(1),
        mobile(2)
    );
    server.run("shop", sql.replace("NULL)", "'-')").replace("IS NOT '-'", "IS NOT NULL").as_bytes());
    folder.write("in", server.dump("shop", &[]));
    plan_and_run(&folder, "in", "'null'", 0);
    server.run("", b"CREATE DATABASE copy CHARACTER SET utf8mb4;");
    server.run("copy", &folder.read("out"));
    assert_eq!(server.run("copy", b"SELECT count(*), count(phone) FROM member;"), "2\t0\n");
    // And where the condition says so, it is refused by its name, not as a column that is NOT NULL.
    server.run("shop", format!("UPDATE member SET tel = '{}';", mobile(3)).as_bytes());
    folder.write("in", server.dump("shop", &[]));
    let (plan, _) = plan_and_run(&folder, "in", "'null'", 2);
    assert_verdict(&plan, ("member", "tel"), "refused", "CHECK");
}

#[test]
fn a_key_to_a_column_that_is_emptied_is_refused() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    let fill = |contacts: &str| {
        let phones = (0..40).map(|n| format!("('{}')", mobile(n))).collect::<Vec<_>>().join(", ");
        format!(
            "DROP TABLE IF EXISTS orders, member; CREATE TABLE member (phone text UNIQUE); \
             CREATE TABLE orders (contact text REFERENCES member (phone)); \
             INSERT INTO member VALUES {phones}, ('nobody'); INSERT INTO orders VALUES {contacts};"
        )
    };
    // Both are numbers, and both are emptied.
    let all = (0..40).map(|n| format!("('{}')", mobile(n))).collect::<Vec<_>>().join(", ");
    server.run("postgres", fill(&all).as_bytes());
    folder.write("in", server.dump("postgres", &[]));
    plan_and_run(&folder, "in", "drop", 0);
    server.run("postgres", b"CREATE DATABASE copy;");
    server.run("copy", &folder.read("out"));
    assert_eq!(server.run("copy", b"SELECT count(*), count(contact) FROM orders;"), "40|0\n");
    // The one only contains some, and stays.
    let some = format!("('{}'), {}", mobile(1), ["('nobody')"; 20].join(", "));
    server.run("postgres", fill(&some).as_bytes());
    for options in [&[][..], &["-Fc"]] {
        folder.write("in", server.dump("postgres", options));
        let (plan, ran) = plan_and_run(&folder, "in", "drop", 2);
        assert_verdict(&plan, ("public.orders", "contact"), "refused", "orders_contact_fkey");
        assert!(said(&ran).contains("orders_contact_fkey"), "{}", said(&ran));
    }
    std::fs::remove_file(folder.path("in")).unwrap();
    dump_to_folder(&server, &fill(&some), &folder, &["-Fd", "-f"]);
    let (plan, ran) = plan_and_run(&folder, "in", "drop", 2);
    assert_verdict(&plan, ("public.orders", "contact"), "refused", "orders_contact_fkey");
    assert!(ran.stderr.contains("orders_contact_fkey"), "{}", ran.stderr);
}

#[test]
fn a_key_that_leads_to_a_column_of_which_some_values_stay_is_refused_too() {
    let folder = Folder::with_key();
    let dump = "-- PostgreSQL database dump\n\nCREATE TABLE public.login (user_name text, note text);\n\n\
                CREATE TABLE public.sess (who text, note text);\n\n\
                COPY public.login (user_name, note) FROM stdin;\nzhangwei_88\ta\nadmin\tb\n\\.\n\n\
                COPY public.sess (who, note) FROM stdin;\nzhangwei_88\ta\nadmin\tb\n\\.\n\n\
                ALTER TABLE ONLY public.login ADD CONSTRAINT login_key UNIQUE (user_name);\n\n\
                ALTER TABLE ONLY public.sess ADD CONSTRAINT sess_fkey FOREIGN KEY (who) REFERENCES public.login(user_name);\n";
    folder.write("in.sql", dump);
    let ended = folder.tuomin(&["deidentify", "in.sql", "-o", "out.sql", "--key-file", "k"]).expect(3);
    assert!(format!("{}{}", ended.out(), ended.stderr).contains("sess_fkey"), "{}", ended.stderr);
    assert!(!folder.path("out.sql").exists());
}
