//! Reading policies: built in by name, or from a file.

use std::collections::BTreeMap;
use std::path::Path;

use super::model::Becomes;
use super::syntax::{CombinationSyntax, EntrySyntax, MinorsSyntax, NONE_STATED, PolicySyntax, RetentionSyntax};
use super::{Combination, Entry, Minors, OperatorSpec, Operators, Otherwise, Policy, Retention, age};
use crate::error::Error;
use crate::rule::embedded;

/// Largest policy file that is read.
const LARGEST_FILE: u64 = 1 << 20;
/// Combinations that one policy may have.
pub const MOST_COMBINATIONS: usize = 32;

impl Policy {
    /// The built-in policy of this name, or the one in the file at this path (anything with a `/` or ending in
    /// `.yml` or `.yaml` is a path).
    ///
    /// # Errors
    /// When there is none, or it cannot be used; with file and line.
    pub fn load(name_or_path: &str) -> Result<Policy, Error> {
        let is_path = name_or_path.contains('/') || name_or_path.ends_with(".yml") || name_or_path.ends_with(".yaml");
        if !is_path {
            let text = builtin_text(name_or_path).ok_or_else(|| Error::Policy {
                file: name_or_path.to_owned(),
                line: None,
                reason: format!(
                    "there is no built-in policy of this name; there are {}, or give the path of a YAML file",
                    Policy::builtin_names().collect::<Vec<_>>().join(", ")
                ),
            })?;
            return Policy::parse(text, &format!("rules/policies/{name_or_path}.yml"));
        }
        let path = Path::new(name_or_path);
        let io = |action| move |source| Error::Io { action, path: path.to_path_buf(), source };
        let metadata = std::fs::metadata(path).map_err(io("read the policy"))?;
        if !metadata.is_file() || metadata.len() > LARGEST_FILE {
            return Err(Error::Policy {
                file: name_or_path.to_owned(),
                line: None,
                reason: "not a regular file of at most 1 MiB".to_owned(),
            });
        }
        let text = std::fs::read_to_string(path).map_err(io("read the policy"))?;
        Policy::parse(&text, name_or_path)
    }

    /// The names of the built-in policies.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        embedded::POLICIES.iter().filter_map(|(path, _)| stem(path))
    }

    /// Reads a policy from YAML; `file` names it in errors.
    ///
    /// # Errors
    /// When it is not a policy, with the line.
    pub fn parse(text: &str, file: &str) -> Result<Policy, Error> {
        let wrong = |line: u64, reason: String| Error::Policy {
            file: file.to_owned(),
            line: (line > 0).then_some(line),
            reason,
        };
        let syntax: PolicySyntax = serde_saphyr::from_str(text).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            wrong(line, error.without_snippet().to_string())
        })?;
        let level = syntax.otherwise.level.value;
        if !(1..=4).contains(&level) {
            return Err(wrong(syntax.otherwise.level.referenced.line(), format!("level {level} is not 1 to 4")));
        }
        let syntax_otherwise = syntax.otherwise;
        let otherwise = Otherwise {
            level,
            operators: Operators {
                display: syntax_otherwise.display.unwrap_or(OperatorSpec::Mask),
                export: syntax_otherwise.export.unwrap_or_else(|| syntax_otherwise.anonymize.clone()),
                deidentify: syntax_otherwise.deidentify,
                anonymize: syntax_otherwise.anonymize,
            },
        };
        let mut entries = Vec::with_capacity(syntax.entries.len());
        let mut seen = BTreeMap::new();
        for entry in syntax.entries {
            let line = entry.category.referenced.line();
            let entry = checked(entry, line).map_err(|reason| wrong(line, reason))?;
            for name in &entry.entities {
                if let Some(first) = seen.insert(name.clone(), line) {
                    return Err(wrong(line, format!("{name} belongs to the entry of line {first} already")));
                }
            }
            entries.push(entry);
        }
        if syntax.combinations.len() > MOST_COMBINATIONS {
            let line = syntax.combinations.last().map_or(0, |last| last.clause.referenced.line());
            return Err(wrong(line, format!("more than {MOST_COMBINATIONS} combinations")));
        }
        let mut combinations = Vec::with_capacity(syntax.combinations.len());
        for combination in syntax.combinations {
            let line = combination.clause.referenced.line();
            combinations.push(combined(combination, line, &entries).map_err(|reason| wrong(line, reason))?);
        }
        let minors = match syntax.minors {
            Some(minors) => {
                let line = minors.clause.referenced.line();
                Some(children(minors, line).map_err(|reason| wrong(line, reason))?)
            }
            None => None,
        };
        Ok(Policy {
            name: syntax.policy,
            title: syntax.title,
            version: syntax.version,
            source: syntax.source,
            file: file.to_owned(),
            entries,
            combinations,
            minors,
            otherwise,
            profile: None,
        })
    }
}

/// The text of the built-in policy called `name`.
pub fn builtin_text(name: &str) -> Option<&'static str> {
    embedded::POLICIES.iter().find(|(path, _)| stem(path) == Some(name)).map(|(_, text)| *text)
}

fn stem(path: &str) -> Option<&str> {
    path.strip_prefix("policies/")?.strip_suffix(".yml")
}

/// An entry whose parts agree, or what is wrong with it.
fn checked(entry: EntrySyntax, line: u64) -> Result<Entry, String> {
    if !(1..=4).contains(&entry.level) {
        return Err(format!("level {} is not 1 to 4", entry.level));
    }
    let operators = match (entry.entities.is_empty(), &entry.not_in_text) {
        (true, None) => return Err("an entry needs entities, or says under `not_in_text` why it has none".to_owned()),
        (true, Some(_)) if promises_operator(&entry) => {
            return Err("an entry without entities must not promise an operator".to_owned());
        }
        (true, Some(_)) => Operators::uniform(OperatorSpec::Keep),
        (false, Some(_)) => return Err("an entry with entities is in text; leave `not_in_text` out".to_owned()),
        (false, None) => match (entry.deidentify, entry.anonymize) {
            (Some(deidentify), Some(anonymize)) => Operators {
                display: entry.display.unwrap_or(OperatorSpec::Mask),
                // What leaves the house is not milder than what the policy calls anonymous, unless it says so.
                export: entry.export.unwrap_or_else(|| anonymize.clone()),
                deidentify,
                anonymize,
            },
            _ => {
                return Err(
                    "an entry with entities needs deidentify and anonymize (the operator null in quotes: \"null\")"
                        .to_owned(),
                );
            }
        },
    };
    let retention = match entry.retention {
        Some(RetentionSyntax::Stated(retention)) => Some(retention),
        Some(RetentionSyntax::Words(words)) if words == NONE_STATED => None,
        Some(RetentionSyntax::Words(period)) => Some(Retention { period, clause: entry.clause.clone() }),
        None => None,
    };
    Ok(Entry {
        category: entry.category.value,
        clause: entry.clause,
        covers: entry.covers,
        collected_for: entry.collected_for,
        entities: entry.entities,
        not_in_text: entry.not_in_text,
        level: entry.level,
        operators,
        retention,
        note: entry.note,
        include_non_personal: entry.include_non_personal,
        line,
    })
}

fn promises_operator(entry: &EntrySyntax) -> bool {
    [&entry.deidentify, &entry.anonymize, &entry.display, &entry.export].into_iter().any(Option::is_some)
}

/// A combination whose names are entity types, or what is wrong with it. Whether there are such entity types is for
/// the rules to say.
fn combined(syntax: CombinationSyntax, line: u64, entries: &[Entry]) -> Result<Combination, String> {
    let resolve = |names: &[String]| {
        let mut entities = Vec::new();
        for name in names {
            match entries.iter().find(|entry| entry.category == *name) {
                Some(entry) if entry.entities.is_empty() => {
                    return Err(format!("the category {name} has no entity types"));
                }
                Some(entry) => entities.extend(entry.entities.iter().cloned()),
                None => entities.push(name.clone()),
            }
        }
        if entities.is_empty() { Err("a combination needs `about` and `with`".to_owned()) } else { Ok(entities) }
    };
    let becomes = raised(syntax.becomes.into())?;
    Ok(Combination {
        clause: syntax.clause.value,
        entities: resolve(&syntax.about)?,
        with: resolve(&syntax.with)?,
        about: syntax.about,
        with_any: syntax.with,
        becomes,
        line,
    })
}

fn children(syntax: MinorsSyntax, line: u64) -> Result<Minors, String> {
    if let Some(name) = syntax.entities.iter().find(|name| age::Tells::of(name).is_none()) {
        return Err(format!("no age follows from {name}; it does from {}", age::TELLING.join(", ")));
    }
    let becomes = raised(syntax.becomes.into())?;
    Ok(Minors { clause: syntax.clause.value, under: syntax.under, entities: syntax.entities, becomes, line })
}

fn raised(becomes: Becomes) -> Result<Becomes, String> {
    if (1..=4).contains(&becomes.level) { Ok(becomes) } else { Err(format!("level {} is not 1 to 4", becomes.level)) }
}
