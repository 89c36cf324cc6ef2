//! `--plan`: what would be done to each column is said before anything is written, and what would break is refused.

use crate::program::{Ended, Folder};
use crate::support::people::mobile;

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

fn policy(phone: &str) -> String {
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
