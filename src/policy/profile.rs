//! Sensitivity profiles: the levels that a standard gives to entity types, as data (`rules/data/profiles.tsv`).
//!
//! A profile says only what the standard says for sure, each with its table or clause; everything else is "not
//! classified" and keeps the level of the policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Error;
use crate::rule::{RuleSet, embedded};

/// How a profile names what it says nothing of.
pub const NOT_CLASSIFIED: &str = "not classified";
/// The profile that is the policy's own levels.
pub const OWN: &str = "policy";

/// The classification of one standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name, as in `--profile`.
    pub name: &'static str,
    /// Title of the standard.
    pub title: &'static str,
    classes: BTreeMap<&'static str, Class>,
}

/// What a profile says of one entity type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// In the words of the standard.
    pub name: &'static str,
    /// The level that stands for it, 1 to 4.
    pub level: u8,
    /// Table or clause.
    pub clause: &'static str,
}

impl Profile {
    /// All profiles, by name.
    pub fn all() -> Vec<Profile> {
        let mut all: BTreeMap<&str, Profile> = BTreeMap::new();
        for mut row in embedded::rows("profiles.tsv") {
            let (Some(name), Some(entity), Some(class), Some(level), Some(clause)) =
                (row.next(), row.next(), row.next(), row.next(), row.next())
            else {
                continue;
            };
            if entity == "-" {
                all.insert(name, Profile { name, title: class, classes: BTreeMap::new() });
            } else if let (Some(profile), Ok(level)) = (all.get_mut(name), level.parse()) {
                profile.classes.insert(entity, Class { name: class, level, clause });
            }
        }
        all.into_values().collect()
    }

    /// The profile called `name`; none for the policy's own levels.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn named(name: &str) -> Result<Option<Arc<Profile>>, Error> {
        if name == OWN {
            return Ok(None);
        }
        let all = Profile::all();
        let names: Vec<&str> = all.iter().map(|profile| profile.name).collect();
        let known = names.join(", ");
        let found = all.into_iter().find(|profile| profile.name == name);
        let missing = || Error::Usage(format!("--profile {name}: there is no such profile; there are {OWN}, {known}"));
        found.map(|profile| Some(Arc::new(profile))).ok_or_else(missing)
    }

    /// What the profile says of `entity`.
    pub fn class(&self, entity: &str) -> Option<Class> {
        self.classes.get(entity).copied()
    }

    /// The level that the profile gives to `entity`; none when it does not classify it.
    pub fn level(&self, entity: &str) -> Option<u8> {
        self.class(entity).map(|class| class.level)
    }

    /// The class of `entity` in words.
    pub fn shown(&self, entity: &str) -> &'static str {
        self.class(entity).map_or(NOT_CLASSIFIED, |class| class.name)
    }

    /// Entity types that the profile names and no rule has.
    pub fn unknown<'a>(&'a self, rules: &'a RuleSet) -> impl Iterator<Item = &'static str> + 'a {
        self.classes.keys().copied().filter(|name| rules.entity_named(name).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_about_entity_types_and_cite_their_source() {
        let rules = RuleSet::load_without_examples(&[]).unwrap();
        let all = Profile::all();
        let names: Vec<_> = all.iter().map(|profile| profile.name).collect();
        assert_eq!(names, ["gbt35273-2020", "gbt45574-2025", "jrt0171-2020"]);
        for profile in &all {
            assert_eq!(profile.unknown(&rules).collect::<Vec<_>>(), Vec::<&str>::new(), "{}", profile.name);
            assert!(profile.classes.len() > 4, "{}", profile.name);
            for (entity, class) in &profile.classes {
                assert!((1..=4).contains(&class.level) && !class.clause.is_empty(), "{} {entity}", profile.name);
            }
        }
        assert!(Profile::named("nothing").unwrap_err().to_string().contains("gbt35273-2020"));
        assert_eq!(Profile::named(OWN).unwrap(), None);
    }

    #[test]
    fn the_standards_differ() {
        let level = |profile: &str, entity| Profile::named(profile).unwrap().unwrap().level(entity);
        assert_eq!(level("gbt35273-2020", "CN_RESIDENT_ID"), Some(4));
        assert_eq!(level("gbt45574-2025", "CN_RESIDENT_ID"), None, "the bare number is listed no more");
        assert_eq!(level("jrt0171-2020", "CARD_CVV"), Some(4));
        assert_eq!(level("jrt0171-2020", "CN_MOBILE_PHONE"), Some(3));
    }
}
