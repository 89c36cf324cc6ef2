use std::sync::Arc;

use super::*;
use crate::detect::{Detector, Scratch};
use crate::format::Format;
use crate::format::json::Json;
use crate::format::text::Text;
use crate::format::{Access, Cut};
use crate::source::slab::Slab;

const POLICY: &str = "policy: test
title: Test
version: '1'
source: made up
entries:
  - {category: device, clause: '1', entities: [DEVICE_INFO], level: 2, deidentify: keep, anonymize: keep}
combinations:
  - {clause: '2', about: [DEVICE_INFO], with: [MINOR_INFO], becomes: {level: 4, deidentify: redact}}
  - {clause: '3', about: [DEVICE_INFO], with: [CN_MOBILE_PHONE, CN_RESIDENT_ID], becomes: {level: 3, deidentify: hash}}
minors: {clause: '4', under: 14, entities: [CN_RESIDENT_ID, BIRTHDAY], becomes: {level: 4}}
otherwise: {level: 3, deidentify: hash, anonymize: replace}
";

/// The combinations of the device data in `text`, in their order, and how many values tell of a child.
fn marked(format: &dyn Format, text: &str, as_of: Date) -> (Vec<u8>, usize) {
    let rules = Arc::new(RuleSet::load_without_examples(&[]).unwrap());
    let policy = Policy::parse(POLICY, "x.yml").unwrap();
    policy.check(&rules).unwrap();
    let combiner = Combiner::new(&rules, &policy, as_of);
    let Access::Stream(open) = format.open() else { panic!("a stream") };
    let Cut::Block { len, codec } = open(text.as_bytes()).unwrap().cut(text.as_bytes(), true, 1 << 20).unwrap() else {
        panic!("no block")
    };
    assert_eq!(len, text.len());
    let block = codec.lex(Slab::of_sample(text.as_bytes())).unwrap();
    let mut matches = Vec::new();
    Detector::new(rules.clone()).detect(&block, &mut Scratch::default(), &mut matches);
    matches.retain(|found| found.score >= 0.6);
    combiner.mark(&block, Some(&*codec), 0.6, &mut matches, &mut Vec::new());
    let device = rules.entity_named("DEVICE_INFO").unwrap().id;
    let Block::Text(text) = &block else { panic!("a text") };
    let mut devices: Vec<_> = matches.iter().filter(|found| found.entity == device).collect();
    devices.sort_by_key(|found| position(text, found));
    let children = matches.iter().filter(|found| found.traits.is_minor()).count();
    (devices.iter().map(|found| found.traits.raised).collect(), children)
}

fn day() -> Date {
    Date::new(2026, 3, 1).unwrap()
}

#[test]
fn a_line_is_a_record() {
    let text = "device_model=M2102K1C\n\
                device_model=M2102K1C phone=13800138000 os_version=11\n\
                phone=13800138000\n\
                device_model=SM-G9810 phone=400-800-1326\n\
                phone=13912345678 device_model=SM-G9810";
    assert_eq!(marked(&Text, text, day()).0, [0, 2, 2, 0, 2]);
}

#[test]
fn the_first_combination_that_applies_counts() {
    let text = "birthday=2015-06-01 device_model=A1 phone=13800138000\n\
                birthday=1990-06-01 device_model=A2 phone=13800138000\n\
                birthday=2015-06-01 device_model=A3 id\n";
    assert_eq!(marked(&Text, text, day()), (vec![1, 2, 1], 2));
    let grown_up = Date::new(2029, 6, 1).unwrap();
    assert_eq!(marked(&Text, text, grown_up), (vec![2, 2, 0], 0));
}

#[test]
fn a_line_of_json_is_a_record_with_all_its_strings() {
    let text = "{\"deviceModel\":\"SM \\u0041\",\"user\":{\"phone\":\"13800138000\"}}\n\
                {\"deviceModel\":\"SM-A\",\"n\":1}\n\
                {\"deviceModel\":\"SM-B\",\"contact\":\"\\u7535\\u8bdd 13912345678\"}\n";
    assert_eq!(marked(&Json, text, day()).0, [2, 0, 2]);
}

#[test]
fn of_a_document_each_object_of_its_list_is_a_record() {
    let text = "{\n \"total\": 3,\n \"list\": [\n  {\"deviceModel\": \"SM-A\",\n   \"phones\": [\"13800138000\"]},\n  \
                {\n  \"deviceModel\": \"SM-B\"\n},\n  {\"inner\": {\"deviceModel\": \"SM-C\"}, \"phone\":\n 13912345678}\n ],\n \
                \"deviceModel\": \"SM-D\"\n}\n";
    assert_eq!(marked(&Json, text, day()).0, [2, 0, 2, 0]);
    let one = "{\n \"phones\": [\"13800138000\"],\n \"device\": {\"deviceModel\": \"SM-A\"}\n}\n{\n \"deviceModel\": \"SM-B\"\n}\n";
    assert_eq!(marked(&Json, one, day()).0, [2, 0]);
}
