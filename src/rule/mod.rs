//! Rules: how each entity type is recognized and what its values look like, read from YAML.

mod alias;
mod alternatives;
pub mod canonical;
pub mod compile;
mod derive;
pub(crate) mod disguise;
pub mod embedded;
pub(crate) mod escape;
pub(crate) mod initials;
pub mod label;
mod load;
pub mod pattern;
pub mod prefix;
mod prepared;
pub mod self_test;
pub mod syntax;
pub(crate) mod tail;
mod uniform;

use crate::finding::EntityId;
pub use alias::shown as shown_aliases;
pub use canonical::Canonical;

/// How a value of an entity type is masked when the policy says `mask`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(tag = "style", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mask {
    /// Keep the first `first` and last `last` characters of the canonical value, `*` for each one between.
    Keep {
        /// Characters kept at the start.
        first: u32,
        /// Characters kept at the end.
        last: u32,
    },
    /// First character and domain: `z***@example.com`.
    Email,
    /// Surname (also a compound one) and stars: `张*`, `张*伟`, `欧阳*`.
    PersonName,
    /// Province to district, then `***`.
    Address,
    /// Last octet 0 (IPv4 /24), or zero after the first 48 bits (IPv6).
    Ip,
    /// Vendor prefix kept, the device part starred: `f4:5c:89:**:**:**`.
    Mac,
}

/// The same-shape bijection that applies to an entity type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// 11 digits, stays a valid mobile prefix.
    CnMobile,
    /// 18 characters GB 11643, check character recomputed (15-digit old form: 15 digits).
    CnResidentId,
    /// Luhn: leading 6 digits kept, check digit recomputed.
    Card,
    /// Luhn: type allocation code (8 digits) kept, check digit recomputed.
    Imei,
    /// Any digits: as many digits, first one not 0 unless it was.
    Digits,
    /// Hardware address: vendor part kept, spelling kept.
    Mac,
}

/// An entity type as the rules define it.
#[derive(Debug, Clone)]
pub struct EntityType {
    /// Its index.
    pub id: EntityId,
    /// `CN_MOBILE_PHONE`.
    pub name: String,
    /// Chinese name for people: 手机号码.
    pub zh: String,
    /// English name for people.
    pub en: String,
    /// How its values are brought to canonical form.
    pub canonical: Canonical,
    /// Its default mask.
    pub mask: Mask,
    /// Its same-shape bijection, when it has one.
    pub shape: Option<Shape>,
    /// Whether its values are days of the calendar.
    pub is_date: bool,
}

/// A compiled rule, with the syntax that it was made from.
#[derive(Debug)]
pub struct Rule {
    /// As written.
    pub syntax: syntax::RuleSyntax,
    /// The file it came from.
    pub file: String,
    /// Its recognizers.
    pub recognizers: Vec<compile::Recognizer>,
}

/// All rules of a run.
#[derive(Debug, Default)]
pub struct RuleSet {
    entities: Vec<EntityType>,
    rules: Vec<Rule>,
    labels: label::LabelIndex,
    version: String,
    /// By entity type: whether its rule is one of the user's own.
    own: Vec<bool>,
}

impl RuleSet {
    /// Whether the rule of the entity type is one of the user's own.
    pub fn is_own(&self, entity: EntityId) -> bool {
        self.own.get(usize::from(entity.0)).copied().unwrap_or_default()
    }

    /// The entity types, in the order of their ids.
    pub fn entities(&self) -> &[EntityType] {
        &self.entities
    }

    /// The rules, in the same order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The label index over all rules.
    pub fn labels(&self) -> &label::LabelIndex {
        &self.labels
    }

    /// Short fingerprint of all rule files, for reports and manifests.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The entity type with this id, if there is one.
    pub fn entity(&self, id: EntityId) -> Option<&EntityType> {
        self.entities.get(usize::from(id.0))
    }

    /// The entity type called `name`.
    pub fn entity_named(&self, name: &str) -> Option<&EntityType> {
        self.entities.iter().find(|entity| entity.name == name)
    }

    /// Makes the rule of the entity type one of the user's own.
    #[cfg(test)]
    pub(crate) fn own_for_tests(&mut self, entity: EntityId) {
        self.own.resize(self.entities.len(), false);
        self.own.iter_mut().skip(usize::from(entity.0)).take(1).for_each(|own| *own = true);
    }

    /// A rule set that holds only entity types, for tests of the stages after detection.
    pub fn of_entities(entities: Vec<EntityType>) -> RuleSet {
        RuleSet { entities, ..RuleSet::default() }
    }
}
