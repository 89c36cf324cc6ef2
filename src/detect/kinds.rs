//! The entity types that the scan pass treats in a way of their own, by name.

use crate::finding::EntityId;
use crate::rule::{Mask, RuleSet};

/// The entity types that a record tells of, or that tell of a person.
#[derive(Default)]
pub(super) struct Kinds {
    pub(super) gender: Option<EntityId>,
    pub(super) birthday: Option<EntityId>,
    pub(super) resident_id: Option<EntityId>,
    pub(super) postal_code: Option<EntityId>,
    pub(super) account: Option<EntityId>,
    pub(super) relation: Option<EntityId>,
    pub(super) sms_code: Option<EntityId>,
    pub(super) session: Option<EntityId>,
    /// By entity id: whether its values tell of a person.
    direct: Vec<bool>,
    /// By entity id: whether its values are names of persons.
    names: Vec<bool>,
}

impl Kinds {
    pub(super) fn new(rules: &RuleSet) -> Kinds {
        let named = |name| rules.entity_named(name).map(|entity| entity.id);
        let is_direct = |entity: &crate::rule::EntityType| {
            entity.mask == Mask::PersonName || matches!(entity.name.as_str(), "CN_RESIDENT_ID" | "CN_MOBILE_PHONE")
        };
        Kinds {
            gender: named("GENDER"),
            birthday: named("BIRTHDAY"),
            resident_id: named("CN_RESIDENT_ID"),
            postal_code: named("POSTAL_CODE"),
            account: named("ACCOUNT_NAME"),
            relation: named("RELATION"),
            sms_code: named("SMS_CODE"),
            session: named("SESSION_TOKEN"),
            direct: rules.entities().iter().map(is_direct).collect(),
            names: rules.entities().iter().map(|entity| entity.mask == Mask::PersonName).collect(),
        }
    }

    /// Whether the values of `entity` tell of a person.
    pub(super) fn is_direct(&self, entity: EntityId) -> bool {
        self.direct.get(usize::from(entity.0)).copied().unwrap_or_default()
    }

    /// Whether the values of `entity` are names of persons.
    #[inline]
    pub(super) fn is_name(&self, entity: EntityId) -> bool {
        self.names.get(usize::from(entity.0)).copied().unwrap_or_default()
    }
}
