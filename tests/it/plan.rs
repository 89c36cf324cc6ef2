//! `--plan`: what would be done to each column is said before anything is written, and what would break is refused.

use crate::program::{Ended, Folder};
use crate::support::people::mobile;
use crate::support::servers::{MariaDb, Postgres};

/// Phone numbers in a narrow text, a number, a UNIQUE text and one that a foreign key leads from.
fn dump() -> String {
    let customers = |n| format!("{n}\t{0}\t{0}\t{0}\tu{n}@example.com\n", mobile(n));
    let orders = |n| format!("{n}\t{}\n", mobile(n));
    format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n\
         CREATE TABLE public.customer (\n    id bigint NOT NULL,\n    phone character varying(11),\n    mobile bigint,\n    \
         login_phone text,\n    email character varying(16)\n);\n\nCREATE TABLE public.orders (\n    id bigint NOT NULL,\n    \
         buyer_phone text\n);\n\n\
         COPY public.customer (id, phone, mobile, login_phone, email) FROM stdin;\n{}\\.\n\n\n\
         COPY public.orders (id, buyer_phone) FROM stdin;\n{}\\.\n\n\n\
         ALTER TABLE ONLY public.customer\n    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);\n\n\
         ALTER TABLE ONLY public.customer\n    ADD CONSTRAINT customer_login UNIQUE (login_phone);\n\n\
         ALTER TABLE ONLY public.orders\n    ADD CONSTRAINT orders_phone FOREIGN KEY (buyer_phone) REFERENCES \
         public.customer(login_phone);\n\n--\n-- PostgreSQL database dump complete\n--\n\n",
        (0..9).map(customers).collect::<String>(),
        (0..9).map(orders).collect::<String>(),
    )
}

pub(crate) fn policy(phone: &str) -> String {
    format!(
        "policy: own\ntitle: Own\nversion: '1'\nsource: test\nentries:\n  - {{category: phone, clause: test, entities: \
         [CN_MOBILE_PHONE], level: 3, deidentify: {phone}, anonymize: mask, include_non_personal: true}}\n\
         otherwise: {{level: 3, deidentify: hash, anonymize: mask}}\n"
    )
}

fn planned(phone: &str) -> (Folder, Ended) {
    let folder = Folder::with_key();
    folder.write("shop.sql", dump());
    folder.write("own.yml", policy(phone));
    let before = folder.files();
    let ended = folder.tuomin(&["deidentify", "shop.sql", "--key-file", "k", "--policy", "own.yml", "--plan=json"]);
    assert_eq!(folder.files(), before, "a plan writes nothing");
    (folder, ended)
}

fn column<'a>(plan: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let columns = plan["columns"].as_array().unwrap();
    columns.iter().find(|column| column["column"] == name).unwrap_or_else(|| panic!("{name}: {plan}"))
}

#[test]
fn a_plan_says_what_becomes_of_each_column() {
    let (_folder, ended) = planned("hash");
    let plan: serde_json::Value = serde_json::from_slice(&ended.expect(0).stdout).unwrap();
    for (name, operator, width, verdict) in [
        ("phone", "fpe", 11, "fits"),
        ("mobile", "fpe", 11, "fits"),
        ("login_phone", "hash", 20, "fits"),
        ("buyer_phone", "hash", 20, "fits"),
    ] {
        let column = column(&plan, name);
        let said = (&column["asked"], &column["operator"], &column["width_after"], &column["verdict"]);
        assert_eq!(said, (&"hash".into(), &operator.into(), &width.into(), &verdict.into()), "{column}");
        assert_eq!((&column["values"], &column["distinct"]), (&9.into(), &9.into()));
        assert_eq!(column["stay_apart"], "always");
        assert_eq!(column["verdict_of_column"], "is");
    }
    assert!(column(&plan, "login_phone")["collision_bound"].as_f64().unwrap() < 1e-25);
    // A token of 20 characters for an e-mail address in 16, and no shape to keep: its mask tells little, and fits.
    assert_eq!(column(&plan, "email")["operator"], "mask");
}

#[test]
fn what_would_break_a_constraint_is_refused_before_anything_is_written() {
    let (folder, ended) = planned("{replace: '<{entity}>'}");
    let stdout = ended.expect(2).out();
    let plan: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(plan["feasible"], false);
    let login = column(&plan, "login_phone");
    assert_eq!((&login["verdict"], &login["stay_apart"]), (&"refused".into(), &"no".into()), "{login}");
    assert!(login["reason"].as_str().unwrap().contains("UNIQUE") && login["advice"].is_string());
    assert!(!stdout.contains("138"), "a plan holds no value");
    // The run itself comes to the same end.
    let arguments = ["deidentify", "shop.sql", "--key-file", "k", "--policy", "own.yml", "-o", "out.sql"];
    let ended = folder.tuomin(&arguments);
    assert!(ended.out().contains("login_phone") && ended.out().contains("UNIQUE"), "{}", ended.out());
    ended.expect(3);
    assert!(!folder.files().iter().any(|name| name.starts_with("out.sql")), "{:?}", folder.files());
}

#[test]
fn a_plan_for_people_is_a_table_with_what_to_do() {
    let folder = Folder::with_key();
    folder.write("shop.sql", dump());
    folder.write("own.yml", policy("mask"));
    let arguments = ["deidentify", "shop.sql", "--key-file", "k", "--policy", "own.yml", "--plan"];
    let ended = folder.tuomin(&arguments).expect(0);
    for expected in
        ["public.customer.phone", "a text of at most 11 characters", "fpe for mask", "11 → 11", "nothing was written"]
    {
        assert!(ended.out().contains(expected), "{expected}: {}", ended.out());
    }
    // Text has no columns, and nothing to refuse.
    folder.write("a.log", format!("phone={}\n", mobile(1)));
    let ended = folder.tuomin(&["anonymize", "a.log", "--plan"]).expect(0);
    assert!(ended.out().contains("CN_MOBILE_PHONE") && ended.out().contains("0 refused"), "{}", ended.out());
}

#[test]
fn a_sqlite_database_says_what_it_asks_of_its_columns() {
    let folder = Folder::with_key();
    let database = rusqlite::Connection::open(folder.path("shop.db")).unwrap();
    let schema = "CREATE TABLE customer (id INTEGER PRIMARY KEY, phone TEXT UNIQUE, mobile TEXT); \
        CREATE TABLE orders (id INTEGER PRIMARY KEY, phone TEXT REFERENCES customer(phone));";
    database.execute_batch(schema).unwrap();
    for n in 0..9 {
        database.execute("INSERT INTO customer VALUES (?1, ?2, ?2)", (n, mobile(n as u64))).unwrap();
        database.execute("INSERT INTO orders VALUES (?1, ?2)", (n, mobile(n as u64))).unwrap();
    }
    database.close().unwrap();
    let plan = |phone: &str, code| {
        folder.write("own.yml", policy(phone));
        let arguments = ["deidentify", "shop.db", "--key-file", "k", "--policy", "own.yml", "--plan=json"];
        serde_json::from_slice::<serde_json::Value>(&folder.tuomin(&arguments).expect(code).stdout).unwrap()
    };
    assert_eq!(plan("hash", 0)["feasible"], true);
    let refused = plan("{replace: '<{entity}>'}", 2);
    let verdicts: Vec<_> = refused["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["table"].as_str().unwrap(), one["column"].as_str().unwrap(), one["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(
        verdicts,
        [("customer", "mobile", "fits"), ("customer", "phone", "refused"), ("orders", "phone", "fits")]
    );
}

/// Two numbers that a mask makes one.
const ALIKE: [&str; 2] = ["13800001111", "13855551111"];

/// What a plan of `name` says, which must end with `code`, and what the run says, which must come to the same end.
#[track_caller]
pub(crate) fn plan_and_run(folder: &Folder, name: &str, phone: &str, code: i32) -> (serde_json::Value, Ended) {
    plan_and_run_with(folder, name, &[], phone, code)
}

/// As [`plan_and_run`], with more arguments.
#[track_caller]
pub(crate) fn plan_and_run_with(
    folder: &Folder,
    name: &str,
    more: &[&str],
    phone: &str,
    code: i32,
) -> (serde_json::Value, Ended) {
    folder.write("own.yml", policy(phone));
    let before = folder.files();
    let common = [&["deidentify", name, "--key-file", "k", "--policy", "own.yml"], more].concat();
    let of = |more: &[&str]| folder.tuomin(&[&common[..], more].concat());
    let planned = of(&["--plan=json"]).expect(code);
    assert_eq!(folder.files(), before, "a plan writes nothing");
    for name in ["out", "out.manifest.json"] {
        let _ = std::fs::remove_file(folder.path(name));
    }
    let _ = std::fs::remove_dir_all(folder.path("out"));
    let ran = of(&["-o", "out"]).expect(if code == 0 { 0 } else { 3 });
    for said in [planned.out(), planned.stderr, ran.out(), ran.stderr.clone()] {
        assert!(!ALIKE.iter().any(|number| said.contains(number)), "a value is shown: {said}");
    }
    (serde_json::from_slice(&planned.stdout).unwrap(), ran)
}

/// The reason why a column is refused, in the plan and in the run that left no output.
#[track_caller]
fn refused(folder: &Folder, (plan, ran): &(serde_json::Value, Ended), name: &str) -> String {
    let column = column(plan, name);
    assert_eq!(column["verdict"], "refused", "{column}");
    assert!(column["advice"].is_string(), "{column}");
    let reason = column["reason"].as_str().unwrap().to_owned();
    let said = format!("{}{}", ran.out(), ran.stderr);
    assert!(said.contains(name), "{said}");
    assert!(!folder.path("out").is_file(), "{:?}", folder.files());
    reason
}

#[test]
fn keys_over_several_columns_are_decided_by_their_rows() {
    let Some(server) = Postgres::start() else { return };
    let keys = [
        ("pk", "ALTER TABLE member ADD CONSTRAINT member_key PRIMARY KEY (shop, phone)", "PRIMARY KEY member_key"),
        ("uq", "ALTER TABLE member ADD CONSTRAINT member_once UNIQUE (phone, shop)", "UNIQUE member_once"),
        ("ix", "CREATE UNIQUE INDEX member_index ON member (phone, shop)", "UNIQUE member_index"),
    ];
    for (database, key, name) in keys {
        let folder = Folder::with_key();
        server.run("postgres", format!("CREATE DATABASE {database};").as_bytes());
        let fill = |other: &str| {
            format!(
                "DROP TABLE IF EXISTS member; CREATE TABLE member (shop integer, phone text, note text); {key}; \
                 INSERT INTO member VALUES (1, '{}', 'a'), ({other}, '{}', 'b'), (3, '{}', NULL);",
                ALIKE[0],
                ALIKE[1],
                mobile(7)
            )
        };
        // The phones become one, the rows do not.
        server.run(database, fill("2").as_bytes());
        folder.write("in", server.dump(database, &[]));
        let (plan, _) = plan_and_run(&folder, "in", "mask", 0);
        let phone = column(&plan, "phone");
        assert_eq!((&phone["verdict"], &phone["stay_apart"]), (&"fits".into(), &"no".into()), "{phone}");
        server.run("postgres", format!("CREATE DATABASE {database}_masked;").as_bytes());
        server.run(&format!("{database}_masked"), &folder.read("out"));
        // Here the rows do.
        server.run(database, fill("1").as_bytes());
        for options in [&[][..], &["--inserts"], &["-Fc"]] {
            folder.write("in", server.dump(database, options));
            let told = plan_and_run(&folder, "in", "mask", 2);
            assert!(refused(&folder, &told, "phone").contains(name), "{told:?}");
        }
        folder.write("in", server.dump(database, &[]));
        for (way_out, number) in [("hash", 1), ("fpe", 2)] {
            plan_and_run(&folder, "in", way_out, 0);
            let copy = format!("{database}_{number}");
            server.run("postgres", format!("CREATE DATABASE {copy};").as_bytes());
            server.run(&copy, &folder.read("out"));
            let count = server.run(&copy, b"SELECT count(DISTINCT (shop, phone)) FROM member;");
            assert_eq!(count, "3\n", "{way_out}");
        }
        // To standard output an archive goes only when it is whole and right.
        folder.write("own.yml", policy("mask"));
        folder.write("in", server.dump(database, &["-Fc"]));
        let piped = folder.tuomin(&["deidentify", "in", "--key-file", "k", "--policy", "own.yml", "-o", "-"]);
        assert!(piped.stdout.is_empty());
        assert!(piped.expect(3).stderr.contains(name));
    }
}

#[test]
fn a_result_that_another_row_has_already_is_refused() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    let fill = |own: &str| {
        format!(
            "DROP TABLE IF EXISTS member; CREATE TABLE member (id integer PRIMARY KEY, phone text UNIQUE); \
             INSERT INTO member VALUES (1, '{}'), (2, '{own}'), (3, NULL), (4, NULL);",
            ALIKE[0]
        )
    };
    server.run("postgres", fill("<CN_MOBILE_PHONE>").as_bytes());
    folder.write("in", server.dump("postgres", &[]));
    let told = plan_and_run(&folder, "in", "{replace: '<{entity}>'}", 2);
    let reason = refused(&folder, &told, "phone");
    assert!(reason.contains("two values would become one") && reason.contains("UNIQUE"), "{reason}");
    let (plan, _) = plan_and_run(&folder, "in", "hash", 0);
    assert_eq!(column(&plan, "phone")["verdict"], "fits");
    // The same in a tar archive.
    let mut tar = std::process::Command::new("tar");
    assert!(tar.args(["-cf", "all.tar", "in"]).current_dir(folder.path("")).status().unwrap().success());
    folder.write("own.yml", policy("{replace: '<{entity}>'}"));
    let arguments = ["deidentify", "all.tar", "--key-file", "k", "--policy", "own.yml", "-o", "out.tar"];
    let ended = folder.tuomin(&arguments).expect(3);
    assert!(format!("{}{}", ended.out(), ended.stderr).contains("UNIQUE"), "{ended:?}");
    // Another value is in nobody's way, and neither are the NULLs.
    server.run("postgres", fill("<somebody>").as_bytes());
    folder.write("in", server.dump("postgres", &[]));
    plan_and_run(&folder, "in", "{replace: '<{entity}>'}", 0);
    server.run("postgres", b"CREATE DATABASE copy;");
    server.run("copy", &folder.read("out"));
}

#[test]
fn checks_of_a_real_server_are_decided_on_the_new_values() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    server.run(
        "postgres",
        format!(
            "CREATE TABLE member (id integer PRIMARY KEY, mobile varchar(40) CHECK (mobile ~ '^1[3-9][0-9]{{9}}$'), \
             phone text CONSTRAINT phone_length CHECK (char_length(phone) = 11 AND phone IS NOT NULL), \
             way text, tel text, CONSTRAINT ways CHECK (way IN ('a', 'b') OR tel LIKE '1%'), spare text CHECK (spare <> 'x'), \
             odd text CHECK (odd < 'zz'), late text); \
             INSERT INTO member SELECT n, p, p, 'c', p, p, p, p FROM (VALUES (1, '{}'), (2, '{}'), (3, '{}')) v(n, p); \
             ALTER TABLE member ADD CONSTRAINT late_one CHECK (late LIKE '1%') NOT VALID;",
            mobile(1),
            mobile(2),
            mobile(3)
        )
        .as_bytes(),
    );
    folder.write("in", server.dump("postgres", &[]));
    let told = plan_and_run(&folder, "in", "hash", 2);
    for (name, check) in
        [("mobile", "CHECK member_mobile_check"), ("phone", "CHECK phone_length"), ("tel", "CHECK ways")]
    {
        let reason = refused(&folder, &told, name);
        assert!(reason.contains(check) && reason.contains("row 1"), "{reason}");
    }
    for (name, verdict) in [("spare", "fits"), ("odd", "doubtful"), ("late", "fits")] {
        assert_eq!(column(&told.0, name)["verdict"], verdict, "{name}");
    }
    // What it advises.
    let (plan, _) = plan_and_run(&folder, "in", "fpe", 0);
    for name in ["mobile", "phone", "tel"] {
        assert_eq!(column(&plan, name)["verdict"], "fits", "{name}");
    }
    server.run("postgres", b"CREATE DATABASE copy;");
    server.run("copy", &folder.read("out"));
    assert_eq!(server.run("copy", b"SELECT count(*) FROM member WHERE phone = mobile;"), "3\n");
    // On a stream nothing that breaks it goes out, and the end shows it.
    folder.write("own.yml", policy("hash"));
    let arguments = ["deidentify", "-", "--key-file", "k", "--policy", "own.yml", "-o", "-"];
    let piped = folder.tuomin_with(&arguments, &folder.read("in")).expect(3);
    assert!(piped.stderr.contains("CHECK") && !piped.out().contains("PostgreSQL database dump complete"), "{piped:?}");
}

#[test]
fn a_real_mariadb_refuses_the_same() {
    let Some(server) = MariaDb::start() else { return };
    let folder = Folder::with_key();
    server.run("", b"CREATE DATABASE shop CHARACTER SET utf8mb4;");
    let create = "CREATE TABLE member (shop int, phone varchar(40), mobile varchar(40) CHECK (mobile REGEXP '^1[3-9][0-9]{9}$'), \
        tel varchar(40), CONSTRAINT eleven CHECK (char_length(tel) = 11), UNIQUE KEY once (shop, phone));";
    let rows = format!(
        "INSERT INTO member VALUES (1, '{0}', '{2}', '{2}'), (1, '{1}', '{2}', '{2}'), (NULL, '{0}', NULL, NULL), (NULL, '{0}', NULL, NULL);",
        ALIKE[0],
        ALIKE[1],
        mobile(3)
    );
    server.run("shop", format!("{create}{rows}").as_bytes());
    folder.write("in", server.dump("shop", &[]));
    let told = plan_and_run(&folder, "in", "mask", 2);
    assert!(refused(&folder, &told, "phone").contains("UNIQUE once"), "{told:?}");
    assert!(refused(&folder, &told, "mobile").contains("CHECK"), "{told:?}");
    assert_eq!(column(&told.0, "tel")["verdict"], "fits", "a mask is as long");
    let told = plan_and_run(&folder, "in", "hash", 2);
    assert!(refused(&folder, &told, "tel").contains("CHECK eleven"), "{told:?}");
    plan_and_run(&folder, "in", "fpe", 0);
    server.run("", b"CREATE DATABASE copy CHARACTER SET utf8mb4;");
    server.run("copy", &folder.read("out"));
    assert_eq!(server.run("copy", b"SELECT count(*), count(mobile) FROM member;"), "4\t2\n");
    // The values of an ENUM stand in its type: no new one can.
    let sql = format!(
        "DROP TABLE member; CREATE TABLE hotline (id int, phone enum('{0}', '{1}')); INSERT INTO hotline VALUES (1, '{0}');",
        ALIKE[0], ALIKE[1]
    );
    server.run("shop", sql.as_bytes());
    folder.write("in", server.dump("shop", &[]));
    folder.write("own.yml", policy("fpe"));
    let arguments = ["deidentify", "in", "--key-file", "k", "--policy", "own.yml", "--plan=json"];
    let plan: serde_json::Value = serde_json::from_slice(&folder.tuomin(&arguments).expect(2).stdout).unwrap();
    assert_eq!(column(&plan, "phone")["verdict"], "refused");
}

#[test]
fn the_files_of_a_directory_dump_know_what_their_tables_ask() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    let sql = format!(
        "CREATE TABLE member (shop integer, phone text UNIQUE, mobile text, tel text CHECK (length(tel) = 11)); \
         CREATE UNIQUE INDEX once ON member (shop, mobile); \
         INSERT INTO member VALUES (1, '{0}', '{0}', '{0}'), (1, '{1}', '{1}', '{1}');",
        ALIKE[0], ALIKE[1]
    );
    server.run("postgres", sql.as_bytes());
    let mut dumper = server.dumper("postgres");
    assert!(dumper.args(["-Fd", "-f"]).arg(folder.path("in")).status().unwrap().success());
    let told = plan_and_run(&folder, "in", "mask", 2);
    assert!(refused(&folder, &told, "phone").contains("UNIQUE"), "{told:?}");
    assert!(refused(&folder, &told, "mobile").contains("UNIQUE once"), "{told:?}");
    assert_eq!(column(&told.0, "tel")["verdict"], "fits");
    let data = |name: &String| name.starts_with("out/") && name.contains(".dat") && !name.contains("toc");
    assert!(!folder.files().iter().any(data), "{:?}", folder.files());
    let told = plan_and_run(&folder, "in", "hash", 2);
    assert!(refused(&folder, &told, "tel").contains("CHECK"), "{told:?}");
    plan_and_run(&folder, "in", "fpe", 0);
    server.run("postgres", b"CREATE DATABASE copy;");
    let restored = server.restorer().args(["--exit-on-error", "-d", "copy"]).arg(folder.path("out")).status().unwrap();
    assert!(restored.success());
    assert_eq!(server.run("copy", b"SELECT count(*) FROM member;"), "2\n");
}

#[test]
fn the_files_of_a_directory_dump_are_held_against_each_other() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    // A token fits the one column, and not the other that leads to it.
    let dump = |width: &str, name: &str| {
        let sql = format!(
            "DROP TABLE IF EXISTS orders; DROP TABLE IF EXISTS member; CREATE TABLE member (id integer, phone text UNIQUE); \
             CREATE TABLE orders (id integer, phone {width} REFERENCES member (phone)); \
             INSERT INTO member VALUES (1, '{0}'), (2, '{1}'); INSERT INTO orders VALUES (1, '{0}'), (2, '{0}');",
            ALIKE[0], ALIKE[1]
        );
        server.run("postgres", sql.as_bytes());
        let mut dumper = server.dumper("postgres");
        assert!(dumper.args(["-Fd", "-f"]).arg(folder.path(name)).status().unwrap().success());
    };
    dump("varchar(11)", "narrow");
    dump("text", "wide");
    folder.write("own.yml", policy("hash"));
    let plan = |name: &str, code| {
        let arguments = ["deidentify", name, "--key-file", "k", "--policy", "own.yml", "--plan=json"];
        serde_json::from_slice::<serde_json::Value>(&folder.tuomin(&arguments).expect(code).stdout).unwrap()
    };
    let narrow = plan("narrow", 2);
    let refused: Vec<_> =
        narrow["columns"].as_array().unwrap().iter().filter(|one| one["verdict"] == "refused").collect();
    assert!(matches!(&*refused, [one] if one["table"] == "public.orders"), "{narrow}");
    let reason = refused[0]["reason"].as_str().unwrap();
    assert!(reason.contains("FOREIGN KEY to public.member.phone"), "{reason}");
    assert_eq!(plan("wide", 0)["feasible"], true);
}

#[test]
fn a_sqlite_database_says_what_its_keys_and_checks_ask() {
    let folder = Folder::with_key();
    let database = rusqlite::Connection::open(folder.path("in")).unwrap();
    let schema = "CREATE TABLE member (shop INTEGER, phone TEXT, mobile TEXT CONSTRAINT eleven CHECK (length(mobile) = 11), \
        PRIMARY KEY (shop, phone)) WITHOUT ROWID;";
    database.execute_batch(schema).unwrap();
    for number in ALIKE {
        database.execute("INSERT INTO member VALUES (1, ?1, ?1)", [number]).unwrap();
    }
    database.close().unwrap();
    let (plan, _) = plan_and_run(&folder, "in", "mask", 2);
    assert!(column(&plan, "phone")["reason"].as_str().unwrap().contains("PRIMARY KEY"), "{plan}");
    assert_eq!(column(&plan, "mobile")["verdict"], "fits");
    let (plan, _) = plan_and_run(&folder, "in", "hash", 2);
    assert!(column(&plan, "mobile")["reason"].as_str().unwrap().contains("CHECK eleven"), "{plan}");
    assert_eq!(column(&plan, "phone")["verdict"], "fits");
    plan_and_run(&folder, "in", "fpe", 0);
}
