//! Dumps of many tables: the work grows as the tables do, and the last one is held to what the first one is.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::program::Folder;

/// A dump of `count` tables, each with keys and a CHECK, as the tools write them.
fn dump(is_my_sql: bool, count: usize) -> String {
    let mut sql = String::from(if is_my_sql { "-- MySQL dump 10.13\n" } else { "-- PostgreSQL database dump\n" });
    let mut keys = String::new();
    for n in 0..count {
        let (before, phone) = (n.saturating_sub(1), 13_800_000_000 + n);
        if is_my_sql {
            writeln!(
                sql,
                "CREATE TABLE `t{n}` (`id` bigint NOT NULL, `up` bigint, `phone` varchar(20), PRIMARY KEY (`id`),\n\
                 UNIQUE KEY `u` (`phone`), CONSTRAINT `f{n}` FOREIGN KEY (`up`) REFERENCES `t{before}` (`id`),\n\
                 CONSTRAINT `c{n}` CHECK (char_length(`phone`) <= 20)) ENGINE=InnoDB;\n\
                 INSERT INTO `t{n}` VALUES (1,1,'{phone}');"
            )
            .unwrap();
        } else {
            writeln!(
                sql,
                "CREATE TABLE public.t{n} (id bigint NOT NULL, up bigint, phone character varying(20),\n\
                 CONSTRAINT c{n} CHECK ((length((phone)::text) <= 20)));\n\
                 COPY public.t{n} (id, up, phone) FROM stdin;\n1\t1\t{phone}\n\\."
            )
            .unwrap();
            writeln!(
                keys,
                "ALTER TABLE ONLY public.t{n} ADD CONSTRAINT p{n} PRIMARY KEY (id);\n\
                 ALTER TABLE ONLY public.t{n} ADD CONSTRAINT u{n} UNIQUE (phone);\n\
                 ALTER TABLE ONLY public.t{n} ADD CONSTRAINT f{n} FOREIGN KEY (up) REFERENCES public.t{before}(id);"
            )
            .unwrap();
        }
    }
    sql + &keys
}

/// The shortest of three runs: whatever else the machine does makes one longer, never shorter.
fn shortest(folder: &Folder, arguments: &[&str]) -> Duration {
    let run = || {
        let started = Instant::now();
        folder.tuomin(arguments).expect(0);
        started.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap()
}

#[test]
fn the_work_grows_as_the_tables_do() {
    const TIMES: usize = 8;
    const FEW: usize = 400;
    let folder = Folder::with_policies();
    for is_my_sql in [true, false] {
        folder.write("few.sql", dump(is_my_sql, FEW));
        folder.write("many.sql", dump(is_my_sql, FEW * TIMES));
        let common = ["--key-file", "k", "--policy", "hash.yml", "--force", "-o", "out.sql"];
        let [few, many] = ["few.sql", "many.sql"].map(|name| {
            let arguments = [&["deidentify", name], &common[..]].concat();
            shortest(&folder, &arguments)
        });
        println!("{is_my_sql} {few:?} {many:?}");
        // Where each table is sought among all, eight times as many take sixty-four times as long.
        assert!(many < few * 2 * TIMES as u32, "{few:?} for {FEW} tables, {many:?} for {TIMES} times as many");
    }
}

#[test]
fn the_last_of_many_tables_is_held_to_its_key() {
    let folder = Folder::with_policies();
    folder.write("mask.yml", folder.text("hash.yml").replace("hash", "mask"));
    // Under the mask, these two are one.
    let last = "CREATE TABLE `zz` (`phone` varchar(20), UNIQUE KEY `u` (`phone`));\n\
        INSERT INTO `zz` VALUES ('13811110001'),('13822220001');\n";
    folder.write("in.sql", dump(true, 4200) + last);
    let arguments = ["in.sql", "--key-file", "k", "--policy", "mask.yml"];
    let ended = folder.tuomin(&[&["deidentify", "-o", "out.sql"], &arguments[..]].concat()).expect(3);
    assert!(ended.stderr.contains("column zz.phone: two values would become one"), "{}", ended.stderr);
    assert!(!folder.path("out.sql").exists());
    let planned = folder.tuomin(&[&["deidentify", "--plan=json"], &arguments[..]].concat()).expect(2);
    let plan: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    let columns = plan["columns"].as_array().unwrap();
    assert_eq!(columns.iter().filter(|column| column["verdict"] == "refused").count(), 1);
    assert_eq!(columns.iter().filter(|column| column["column"] == "phone").count(), 4201);
}
