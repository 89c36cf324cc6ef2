//! Decisions: an entity type and what is known of a value in, level and operator out.

use super::{Decision, Entry, OperatorSpec, Otherwise, Policy, Purpose};
use crate::error::Error;
use crate::finding::Traits;
use crate::rule::RuleSet;

impl Policy {
    /// A policy that does the same with every entity type: `keep` for an identity run.
    pub fn uniform(operator: OperatorSpec) -> Policy {
        Policy {
            name: "uniform".to_owned(),
            otherwise: Otherwise { level: 1, deidentify: operator.clone(), anonymize: operator },
            ..Policy::default()
        }
    }

    /// The categories, in the order of the document.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is done with entity types that no entry names.
    pub fn otherwise(&self) -> &Otherwise {
        &self.otherwise
    }

    /// The category that entity type `entity` belongs to.
    pub fn entry(&self, entity: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.entities.iter().any(|named| named == entity))
    }

    /// The decision for values of entity type `entity` with `traits`, for `purpose`.
    /// What is not personal is kept, at level 1, unless the entry includes it.
    pub fn decide(&self, entity: &str, traits: Traits, purpose: Purpose) -> Decision {
        let entry = self.entry(entity);
        let (category, clause) = entry.map(|entry| (entry.category.clone(), entry.clause.clone())).unwrap_or_default();
        if traits.non_personal && !entry.is_some_and(|entry| entry.include_non_personal) {
            return Decision { level: 1, operator: OperatorSpec::Keep, category, clause };
        }
        let (level, deidentify, anonymize) = match entry {
            Some(entry) => (entry.level, &entry.deidentify, &entry.anonymize),
            None => (self.otherwise.level, &self.otherwise.deidentify, &self.otherwise.anonymize),
        };
        let operator = match purpose {
            Purpose::Deidentify => deidentify,
            Purpose::Anonymize => anonymize,
        };
        Decision { level, operator: operator.clone(), category, clause }
    }

    /// Makes sure that the rules know every entity type that the policy names, and that `fpe` is asked for only where
    /// there is a same-shape form.
    ///
    /// # Errors
    /// With the line of the entry.
    pub fn check(&self, rules: &RuleSet) -> Result<(), Error> {
        for entry in &self.entries {
            let wrong = |reason: String| Error::Policy { file: self.file.clone(), line: Some(entry.line), reason };
            for name in &entry.entities {
                let entity = rules.entity_named(name).ok_or_else(|| {
                    wrong(format!("no rule recognizes an entity type {name}; see `tuomin rules list`"))
                })?;
                let asks_fpe = [&entry.deidentify, &entry.anonymize].contains(&&OperatorSpec::Fpe);
                if asks_fpe && entity.shape.is_none() {
                    return Err(wrong(format!("{name} has no same-shape form; use hash, mask or null instead of fpe")));
                }
            }
        }
        Ok(())
    }
}
