//! What other tools call an entity type: names that are taken wherever an entity type is asked for.
//!
//! Within one vocabulary a name belongs to one entity type, unless it means more there and every rule says so.

use super::syntax::{Alias, Vocabulary};
use super::{EntityType, Rule, RuleSet};

impl RuleSet {
    /// The entity types that `name` means: the one of that name, else those that some tool calls so. `presidio:PERSON`
    /// asks for the name of one tool.
    pub fn entities_called(&self, name: &str) -> Vec<&EntityType> {
        if let Some(entity) = self.entity_named(name) {
            return vec![entity];
        }
        let (vocabulary, wanted) = match name.split_once(':') {
            Some((vocabulary, wanted)) => (Some(vocabulary), wanted),
            None => (None, name),
        };
        let means = |alias: &Alias| {
            alias.name == wanted && vocabulary.is_none_or(|vocabulary| alias.vocabulary.name() == vocabulary)
        };
        let called = |rule: &&Rule| rule.syntax.aliases.iter().any(means);
        self.rules().iter().filter(called).filter_map(|rule| self.entity_named(&rule.syntax.entity)).collect()
    }
}

/// What is wrong with the aliases of a rule, beside those of the rules before it.
pub(super) fn flaw<'r>(entity: &str, aliases: &[Alias], before: impl Iterator<Item = &'r Rule>) -> Option<String> {
    let written = |alias: &Alias| format!("{}:{}", alias.vocabulary.name(), alias.name);
    let is_same = |a: &Alias, b: &Alias| a.vocabulary == b.vocabulary && a.name == b.name;
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'/'))
    };
    for (at, alias) in aliases.iter().enumerate() {
        if !is_name(&alias.name) {
            return Some(format!("the alias {} is not upper-case letters, digits and _", written(alias)));
        }
        if aliases.iter().take(at).any(|held| is_same(held, alias)) {
            return Some(format!("the alias {} is given twice", written(alias)));
        }
    }
    for rule in before.filter(|rule| rule.syntax.entity != entity) {
        for held in &rule.syntax.aliases {
            let claimed = aliases.iter().find(|alias| is_same(alias, held) && !(alias.broader && held.broader));
            if let Some(alias) = claimed {
                return Some(format!(
                    "the alias {} is that of {} as well; say `broader: true` in both if it means more there",
                    written(alias),
                    rule.syntax.entity
                ));
            }
        }
    }
    None
}

/// The aliases of a rule, by vocabulary, for people.
pub fn shown(aliases: &[Alias]) -> impl Iterator<Item = (Vocabulary, String)> + '_ {
    [Vocabulary::Presidio, Vocabulary::Google, Vocabulary::Godlp].into_iter().filter_map(|vocabulary| {
        let names: Vec<String> = aliases
            .iter()
            .filter(|alias| alias.vocabulary == vocabulary)
            .map(|alias| format!("{}{}", alias.name, if alias.broader { " (broader)" } else { "" }))
            .collect();
        (!names.is_empty()).then(|| (vocabulary, names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use crate::rule::RuleSet;

    fn rule(entity: &str, aliases: &str) -> (String, String) {
        let text = format!(
            "entity: {entity}\naliases: {aliases}\nzh: 甲\nen: A\nsource: made up\ncanonical: text\n\
             mask: {{style: keep, first: 1, last: 0}}\nlabels: {{positive: [q]}}\nrecognize:\n  - anchor: label\n    pattern: 'x'\n    structure: 30\n\
             examples: [{{text: 'q x', match: x}}]\ncounterexamples: [{{text: y, why: z}}]\n"
        );
        (format!("{entity}.yml"), text)
    }

    #[test]
    fn a_name_belongs_to_one_entity_type_unless_it_is_broader() {
        let phone = |broader| format!("[{{vocabulary: presidio, name: PHONE_NUMBER, broader: {broader}}}]");
        let load = |a: &str, b: &str| RuleSet::from_files(&[rule("ONE", a), rule("TWO", b)]);
        let both = load(&phone(true), &phone(true)).unwrap();
        let called =
            |name: &str| both.entities_called(name).iter().map(|entity| entity.name.clone()).collect::<Vec<_>>();
        assert_eq!(called("PHONE_NUMBER"), ["ONE", "TWO"]);
        assert_eq!(called("presidio:PHONE_NUMBER"), ["ONE", "TWO"]);
        assert_eq!(called("google:PHONE_NUMBER"), Vec::<String>::new());
        assert_eq!(called("TWO"), ["TWO"]);
        for (a, b) in [(false, true), (true, false), (false, false)] {
            let error = load(&phone(a), &phone(b)).unwrap_err().to_string();
            assert!(error.starts_with("TWO.yml") && error.contains("ONE"), "{error}");
        }
        assert!(load("[{vocabulary: google, name: lower}]", "[]").is_err());
        assert!(load("[{vocabulary: nobody, name: X}]", "[]").is_err());
    }

    #[test]
    fn built_in_aliases_are_known() {
        let rules = RuleSet::load_without_examples(&[]).unwrap();
        let one = |name: &str| match rules.entities_called(name).as_slice() {
            [entity] => entity.name.clone(),
            other => format!("{} entity types", other.len()),
        };
        assert_eq!(one("CHINA_RESIDENT_ID_NUMBER"), "CN_RESIDENT_ID");
        assert_eq!(one("PERSON"), "PERSON_NAME");
        assert_eq!(one("google:CHINA_PASSPORT"), "CN_PASSPORT");
        assert!(rules.entities_called("PHONE_NUMBER").len() >= 3);
        assert_eq!(one("EMAIL_ADDRESS"), "EMAIL_ADDRESS");
    }
}
