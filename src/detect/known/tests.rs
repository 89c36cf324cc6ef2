//! What is found of known numbers in runs of digits, against the plain reading of what is sought.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::{Detector, Scratch};
use super::*;
use crate::block::{Block, Syntax, TextBlock};
use crate::finding::Match;
use crate::source::slab::Slab;

/// What `known` says of `text`, where these are known, by the name of their entity type.
fn found(values: &[(&str, String)], text: &str) -> Vec<(EntityId, String)> {
    let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
    let rules = detector.rules().clone();
    let id = |name: &str| rules.entity_named(name).unwrap().id;
    let values: BTreeSet<(u16, String)> = values.iter().map(|(name, value)| (id(name).0, value.clone())).collect();
    let is_known =
        |entity: EntityId, value: &[u8]| values.contains(&(entity.0, String::from_utf8_lossy(value).into_owned()));
    let profile = |entity: EntityId| {
        let mut profile = Profile::default();
        for (_, value) in values.iter().filter(|(id, _)| *id == entity.0) {
            *profile.lengths.get_mut(value.len()).unwrap() += 1;
            profile.enter(value.as_bytes());
        }
        profile
    };
    let known = Known::new(&rules, profile, &is_known);
    let slab = Slab::new(text.as_bytes().to_vec(), 0, 1).unwrap();
    let block = Block::Text(TextBlock { slab, syntax: Syntax::Plain, asides: Vec::new() });
    let mut out: Vec<Match> = Vec::new();
    detector.detect_known(&block, &known, &mut Scratch::default(), &mut out);
    out.into_iter().map(|found| (found.entity, text.get(found.span()).unwrap().to_owned())).collect()
}

#[test]
fn hexadecimal_words_are_hardware_addresses_where_they_stand_alone() {
    let known =
        [("MAC_ADDRESS", "f4:5c:89:aa:bb:cd".to_owned()), ("MAC_ADDRESS", "f4:5c:89:ff:fe:aa:bb:cd".to_owned())];
    for word in ["f45c89aabbcd", "F45C89AABBCD", "f45c89fffeaabbcd"] {
        for (before, after, counts) in [
            ("", "", true),
            ("4d01-", "\n", true),
            ("mac ", " up", true),
            ("0", "", false),
            ("x", "", false),
            ("", "a", false),
            ("", "z", false),
        ] {
            let text = format!("{before}{word}{after}");
            assert_eq!(found(&known, &text).len(), usize::from(counts), "{text}");
        }
    }
    assert!(found(&known, "f45c89aabbce f45c89aabbcdee").is_empty());
}

proptest! {
    /// Every place that the rules of seeking name is found, and nothing that is not known.
    #[test]
    fn known_numbers_are_found_in_runs(
        landline in "[2-8][0-9]{6,10}",
        mobile in "1[3-9][0-9]{9}",
        card in "62[0-9]{14,17}",
        resident in "1[0-9]{16}[0-9X]",
        head in "[0-9]{0,7}",
        tail in "[0-9]{0,7}",
        which in 0usize..4,
        lower in any::<bool>(),
    ) {
        let values = [
            ("CN_LANDLINE_PHONE", landline), ("CN_MOBILE_PHONE", mobile), ("BANK_CARD", card), ("CN_RESIDENT_ID", resident),
        ];
        let known = values[which].1.clone();
        let tail = if known.ends_with('X') { String::new() } else { tail };
        let mut run = format!("{head}{known}{tail}");
        if lower {
            run = run.to_lowercase();
        }
        let text = format!("seq {run} end");
        let seen = found(&values, &text);
        let is_known = |value: &str| values.iter().any(|(_, known)| known.eq_ignore_ascii_case(value));
        for (_, value) in &seen {
            prop_assert!(is_known(value), "{value} in {text}");
        }
        let is_whole = head.is_empty() && tail.is_empty();
        let is_date = known.len() == 8 && (known.starts_with("19") || known.starts_with("20"));
        if (known.len() >= TELLING_DIGITS || is_whole) && !is_date {
            prop_assert!(!seen.is_empty(), "{known} in {text}");
        }
    }
}
