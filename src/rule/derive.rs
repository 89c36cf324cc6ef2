//! The anchor of a pattern that names none.

use regex_syntax::hir::literal::{ExtractKind, Extractor};

use super::compile::Anchor;

/// Literals of at least three bytes, one of which every match begins or ends with.
pub(super) fn anchor_of(pattern: &str) -> Anchor {
    let Ok(hir) = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern) else { return Anchor::Regex };
    for kind in [ExtractKind::Prefix, ExtractKind::Suffix] {
        let mut found = Extractor::new().kind(kind.clone()).extract(&hir);
        match kind {
            ExtractKind::Suffix => found.optimize_for_suffix_by_preference(),
            _ => found.optimize_for_prefix_by_preference(),
        }
        let literals: Option<Vec<String>> = found.literals().map(|list| {
            list.iter().filter_map(|literal| String::from_utf8(literal.as_bytes().to_vec()).ok()).collect()
        });
        let complete = |list: &Vec<String>| found.len() == Some(list.len()) && !list.is_empty();
        match literals {
            Some(list) if complete(&list) && list.iter().all(|literal| literal.len() >= 3) => {
                return Anchor::Literal(list);
            }
            _ => {}
        }
    }
    Anchor::Regex
}
