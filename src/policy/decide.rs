//! Decisions: an entity type and what is known of a value in, level and operator out.

use std::sync::Arc;

use super::model::Becomes;
use super::profile::Profile;
use super::{Combination, Decision, Entry, Minors, OperatorSpec, Operators, Otherwise, Policy, Purpose, catalogue};
use crate::error::Error;
use crate::finding::Traits;
use crate::rule::RuleSet;

impl Policy {
    /// A policy that does the same with every entity type: `keep` for an identity run.
    pub fn uniform(operator: OperatorSpec) -> Policy {
        Policy {
            name: "uniform".to_owned(),
            otherwise: Otherwise { level: 1, operators: Operators::uniform(operator) },
            ..Policy::default()
        }
    }

    /// The categories, in the order of the document.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The combinations, the one that counts first first.
    pub fn combinations(&self) -> &[Combination] {
        &self.combinations
    }

    /// What is done with the data of children.
    pub fn minors(&self) -> Option<&Minors> {
        self.minors.as_ref()
    }

    /// What is done with entity types that no entry names.
    pub fn otherwise(&self) -> &Otherwise {
        &self.otherwise
    }

    /// The profile whose levels count, when it is not the policy itself.
    pub fn profile(&self) -> Option<&Arc<Profile>> {
        self.profile.as_ref()
    }

    /// The same policy with the levels of `profile`. What the profile does not classify keeps the policy's level.
    #[must_use]
    pub fn with_profile(mut self, profile: Arc<Profile>) -> Policy {
        self.profile = Some(profile);
        self
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
        let is_holder = traits.raised == Traits::HOLDER;
        if traits.non_personal && !is_holder && !entry.is_some_and(|entry| entry.include_non_personal) {
            return Decision { level: 1, operator: OperatorSpec::Keep, category, clause };
        }
        let (own_level, operators) = match entry {
            Some(entry) => (entry.level, &entry.operators),
            None => (self.otherwise.level, &self.otherwise.operators),
        };
        let level = self.profile.as_ref().and_then(|profile| profile.level(entity)).unwrap_or(own_level);
        let operator = operators.of(purpose);
        if is_holder {
            // As what no entry names: of what is in it, some is replaced.
            let level = level.max(self.otherwise.level);
            let operator =
                [operator, self.otherwise.operators.of(purpose)].into_iter().find(|of| **of != OperatorSpec::Keep);
            return Decision { level, operator: operator.cloned().unwrap_or(OperatorSpec::Redact), category, clause };
        }
        let (level, operator) = match self.becomes(traits) {
            Some(becomes) => (level.max(becomes.level), becomes.of(purpose).unwrap_or(operator)),
            None => (level, operator),
        };
        Decision { level, operator: operator.clone(), category, clause }
    }

    /// What stands in the place of the entry's own level and operators for a value with `traits`.
    fn becomes(&self, traits: Traits) -> Option<&Becomes> {
        match (&self.minors, traits.is_minor()) {
            (Some(minors), true) => Some(&minors.becomes),
            _ => {
                let index = usize::from(traits.raised).checked_sub(1)?;
                self.combinations.get(index).map(|combination| &combination.becomes)
            }
        }
    }

    /// Makes sure that the rules know every entity type that the policy names, that the catalogue knows every category
    /// that it covers, and that the operators with values of a kind of their own (`fpe`, `surrogate`, `generalize`, `date_shift`) are
    /// asked for only where there are such values.
    ///
    /// # Errors
    /// With the line of the entry.
    pub fn check(&self, rules: &RuleSet) -> Result<(), Error> {
        let wrong = |line: u64, reason: String| Error::Policy { file: self.file.clone(), line: Some(line), reason };
        let known = |line: u64, names: &[String], operators: &[&OperatorSpec]| {
            for name in names {
                let entity = rules.entity_named(name).ok_or_else(|| {
                    wrong(line, format!("no rule recognizes an entity type {name}; see `tuomin rules list`"))
                })?;
                let all = rules.entities();
                if let Some(reason) = operators.iter().find_map(|operator| operator.refused(entity, all)) {
                    return Err(wrong(line, reason));
                }
            }
            Ok(())
        };
        self.check_otherwise(rules)?;
        for entry in &self.entries {
            known(entry.line, &entry.entities, &entry.operators.each())?;
            if let OperatorSpec::Sha256(_) = entry.operators.anonymize {
                let reason = "anonymize: sha256 without a key is reversible, and anonymized data must not be";
                return Err(wrong(entry.line, reason.to_owned()));
            }
            if let Some(id) = entry.covers.iter().find(|id| catalogue::category(**id).is_none()) {
                return Err(wrong(entry.line, format!("the catalogue has no category {id}")));
            }
        }
        for combination in &self.combinations {
            known(combination.line, &combination.entities, &combination.becomes.each())?;
            known(combination.line, &combination.with, &[])?;
        }
        if let Some(minors) = &self.minors {
            known(minors.line, &minors.entities, &minors.becomes.each())?;
        }
        Ok(())
    }

    /// What `otherwise` asks for must be there for every entity type that no entry names.
    fn check_otherwise(&self, rules: &RuleSet) -> Result<(), Error> {
        let wrong = |reason: String| Error::Policy {
            file: self.file.clone(),
            line: None,
            reason: format!("otherwise: {reason}"),
        };
        for operator in self.otherwise.operators.each() {
            let needs_kind = |one| {
                matches!(one, &OperatorSpec::Surrogate(_) | &OperatorSpec::Generalize(_) | &OperatorSpec::DateShift(_))
            };
            if !needs_kind(operator) {
                continue;
            }
            let rest = rules.entities().iter().filter(|entity| self.entry(&entity.name).is_none());
            if let Some(reason) = rest.filter_map(|entity| operator.refused(entity, rules.entities())).next() {
                return Err(wrong(reason));
            }
        }
        match self.otherwise.operators.anonymize {
            OperatorSpec::Sha256(_) => {
                Err(wrong("anonymize: sha256 without a key is reversible, and anonymized data must not be".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

impl Becomes {
    /// The operator for `purpose`; none: that of the entry.
    pub fn of(&self, purpose: Purpose) -> Option<&OperatorSpec> {
        match purpose {
            Purpose::Deidentify | Purpose::Reidentify => self.deidentify.as_ref(),
            Purpose::Anonymize => self.anonymize.as_ref(),
            Purpose::Display => self.display.as_ref(),
            Purpose::Export => self.export.as_ref(),
        }
    }

    fn each(&self) -> Vec<&OperatorSpec> {
        [&self.deidentify, &self.anonymize, &self.display, &self.export].into_iter().flatten().collect()
    }
}
