//! Reading policies: built in by name, or from a file.

use std::collections::BTreeMap;
use std::path::Path;

use super::model::{EntrySyntax, PolicySyntax};
use super::{Entry, OperatorSpec, Otherwise, Policy};
use crate::error::Error;
use crate::rule::embedded;

/// Largest policy file that is read.
const LARGEST_FILE: u64 = 1 << 20;

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
        let otherwise =
            Otherwise { level, deidentify: syntax.otherwise.deidentify, anonymize: syntax.otherwise.anonymize };
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
        Ok(Policy {
            name: syntax.policy,
            title: syntax.title,
            version: syntax.version,
            source: syntax.source,
            file: file.to_owned(),
            entries,
            otherwise,
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
    let (deidentify, anonymize) = match (entry.entities.is_empty(), &entry.undetected) {
        (true, None) => return Err("an entry needs entities, or says under `undetected` why it has none".to_owned()),
        (true, Some(_)) if entry.deidentify.is_some() || entry.anonymize.is_some() => {
            return Err("an entry without entities must not promise an operator".to_owned());
        }
        (true, Some(_)) => (OperatorSpec::Keep, OperatorSpec::Keep),
        (false, Some(_)) => return Err("an entry with entities is not undetected".to_owned()),
        (false, None) => match (entry.deidentify, entry.anonymize) {
            (Some(deidentify), Some(anonymize)) => (deidentify, anonymize),
            _ => {
                return Err(
                    "an entry with entities needs deidentify and anonymize (the operator null in quotes: \"null\")"
                        .to_owned(),
                );
            }
        },
    };
    Ok(Entry {
        category: entry.category.value,
        clause: entry.clause,
        entities: entry.entities,
        undetected: entry.undetected,
        level: entry.level,
        deidentify,
        anonymize,
        display: entry.display.unwrap_or(OperatorSpec::Mask),
        retention: entry.retention,
        note: entry.note,
        include_non_personal: entry.include_non_personal,
        line,
    })
}
