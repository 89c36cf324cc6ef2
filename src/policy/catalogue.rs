//! The catalogue of categories that privacy policies name (`rules/data/categories.tsv`): which entity types stand for
//! each, how it can be found in text, and which documents name it. What a policy covers is held against it.

use std::sync::LazyLock;

use crate::rule::embedded;

/// Found by: what another identifier tells.
const DERIVED: &str = "derived";

/// One category of personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its number; never changes.
    pub id: u16,
    /// Its name in short, as documents put it.
    pub name: &'static str,
    /// The built-in policies whose documents name it.
    pub policies: Vec<&'static str>,
    /// How it is found: `a` pattern with checksum or register, `b` pattern with context, `c` dictionary or grammar,
    /// `d` by a column's or key's name only, `e` not in text, `t` text that is examined like any other, `m` none: about
    /// the document and its parties.
    pub found_by: &'static str,
    /// The entity types of which it is made.
    pub entities: Vec<&'static str>,
}

impl Category {
    /// Whether some entity type can stand for it.
    pub fn is_in_text(&self) -> bool {
        self.found_by == DERIVED || self.found_by.chars().any(|how| ('a'..='d').contains(&how))
    }
}

/// All categories, by number.
pub fn categories() -> &'static [Category] {
    static CATEGORIES: LazyLock<Vec<Category>> = LazyLock::new(|| {
        let mut all: Vec<Category> = embedded::rows("categories.tsv").filter_map(read).collect();
        all.sort_by_key(|category| category.id);
        all
    });
    &CATEGORIES
}

/// The category with this number.
pub fn category(id: u16) -> Option<&'static Category> {
    let all = categories();
    all.binary_search_by_key(&id, |category| category.id).ok().and_then(|at| all.get(at))
}

fn read(mut row: impl Iterator<Item = &'static str>) -> Option<Category> {
    Some(Category {
        id: row.next()?.parse().ok()?,
        name: row.next()?,
        policies: row.next()?.split_whitespace().collect(),
        found_by: row.next()?,
        entities: row.next().unwrap_or_default().split_whitespace().collect(),
    })
}
