//! A sample of every format, made of the same people and lines as the generator's files.

use std::fmt::Write as _;
use std::path::Path;

use crate::corpus::lines::Generate;
use crate::corpus::people::Person;
use crate::corpus::{World, copy, events, mix};
use crate::table;

/// Size of a sample, about.
pub(crate) const BYTES: u64 = 2_000_000;
const SEED: u64 = 20_260_312;

/// What is sampled, by the name of its format.
pub(crate) fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let written = |write: Generate<Vec<u8>>| write(SEED, BYTES, Vec::new()).unwrap().0;
    vec![
        ("text", written(mix::write)),
        ("csv", csv()),
        ("ndjson", ndjson()),
        ("pgdump", written(copy::write)),
        ("mysqldump", mysqldump()),
    ]
}

/// A Parquet table at `path`.
pub(crate) fn parquet(path: &Path) {
    table::write(SEED, 5 * BYTES, path).unwrap();
}

fn until_full(mut out: String, mut append: impl FnMut(&mut World, u64, &mut String)) -> String {
    let mut world = World::new(SEED);
    for number in 1.. {
        if out.len() as u64 >= BYTES {
            break;
        }
        append(&mut world, number, &mut out);
    }
    out
}

fn ndjson() -> Vec<u8> {
    let append = |world: &mut World, _, out: &mut String| {
        let identified = world.random.per_mille(80);
        events::line(world, identified, out);
        out.push('\n');
    };
    until_full(String::new(), append).into_bytes()
}

fn csv() -> Vec<u8> {
    let head = "客户编号,姓名,手机号,身份证号,联系地址,等级,备注\r\n".to_owned();
    let append = |world: &mut World, number, out: &mut String| {
        let Person { name, mobile, resident_id, address, .. } = world.person();
        let level = world.random.below(6);
        let remark = world.random.choose(&["", "周末送货", "\"放门口,\n别按铃\"", "老客户"]);
        let _ = write!(out, "C{number},{name},{mobile},{resident_id},{address},{level},{remark}\r\n");
    };
    until_full(head, append).into_bytes()
}

fn mysqldump() -> Vec<u8> {
    let head = "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n\
                /*!50503 SET NAMES utf8mb4 */;\n\nDROP TABLE IF EXISTS `t_user`;\nCREATE TABLE `t_user` (\n  \
                `id` bigint NOT NULL,\n  `real_name` varchar(32) NOT NULL,\n  `mobile` varchar(32) NOT NULL,\n  \
                `id_card` varchar(32) DEFAULT NULL,\n  `address` varchar(200) DEFAULT NULL,\n  `level` int NOT NULL,\n  \
                PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n\nLOCK TABLES `t_user` WRITE;\n"
        .to_owned();
    let append = |world: &mut World, number: u64, out: &mut String| {
        // A statement for every thousand rows.
        out.push_str(if number % 1000 == 1 { "INSERT INTO `t_user` VALUES " } else { "," });
        let Person { name, mobile, resident_id, address, .. } = world.person();
        let level = world.random.below(6);
        let _ = write!(out, "({number},'{name}','{mobile}','{resident_id}','{address}',{level})");
        if number.is_multiple_of(1000) {
            out.push_str(";\n");
        }
    };
    let mut dump = until_full(head, append);
    if !dump.ends_with(";\n") {
        dump.push_str(";\n");
    }
    dump.push_str("UNLOCK TABLES;\n\n-- Dump completed on 2026-03-12  8:00:00\n");
    dump.into_bytes()
}
