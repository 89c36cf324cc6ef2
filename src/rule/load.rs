//! Loading rules: the built-in ones and a user's own folders. A broken rule stops the run with file, line and reason.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::label::{LabelIndex, Says};
use super::syntax::RuleSyntax;
use super::{RuleSet, alias, compile, embedded, prepared};
use crate::error::Error;
use crate::finding::EntityId;

impl RuleSet {
    /// The built-in rules and those in `folders` (every `*.yml` and `*.yaml` below them). A user's rule for an entity
    /// type that exists replaces the built-in one.
    ///
    /// # Errors
    /// The first rule file that cannot be used, with line and reason.
    pub fn load(folders: &[PathBuf]) -> Result<RuleSet, Error> {
        let mut files: Vec<(String, String)> =
            embedded::RULES.iter().map(|(path, text)| (format!("rules/{path}"), (*text).to_owned())).collect();
        for folder in folders {
            read_folder(folder, &mut files)?;
        }
        RuleSet::from_files(&files)
    }

    /// As [`RuleSet::load`], with the built-in rules as the build script prepared them, without examples: to read the files
    /// would be most of the start-up, and only `rules` shows and tests examples.
    ///
    /// # Errors
    /// As [`RuleSet::load`].
    pub fn load_without_examples(folders: &[PathBuf]) -> Result<RuleSet, Error> {
        let mut files: Vec<(String, String)> = Vec::new();
        for folder in folders {
            read_folder(folder, &mut files)?;
        }
        let built_in = embedded::RULES.iter().zip(prepared::RULES);
        let built_in = built_in.map(|((path, text), prepared)| (format!("rules/{path}"), *text, prepared));
        RuleSet::from_texts(built_in.chain(files.iter().map(|(file, text)| (file.clone(), text.as_str(), ""))))
    }

    /// The rules in `files` (name and YAML text).
    ///
    /// # Errors
    /// As [`RuleSet::load`].
    pub fn from_files(files: &[(String, String)]) -> Result<RuleSet, Error> {
        RuleSet::from_texts(files.iter().map(|(file, text)| (file.clone(), text.as_str(), "")))
    }

    /// The rules in files, each given by its name, its text, and what was prepared of it, if anything was.
    fn from_texts<'t>(files: impl Iterator<Item = (String, &'t str, &'t str)>) -> Result<RuleSet, Error> {
        let mut parsed: Vec<(String, RuleSyntax, bool)> = Vec::new();
        let mut texts: Vec<(&str, bool)> = Vec::new();
        for (file, text, prepared) in files {
            let syntax = match prepared {
                "" => parse(&file, text)?,
                _ => serde_json::from_str(prepared).map_err(|error| rule_error(&file, None, error.to_string()))?,
            };
            let built_in = !prepared.is_empty() || embedded::RULES.iter().any(|(_, known)| *known == text);
            texts.push((text, !prepared.is_empty()));
            match parsed.iter_mut().find(|(_, held, _)| held.entity == syntax.entity) {
                Some(slot) => *slot = (file, syntax, built_in),
                None => parsed.push((file, syntax, built_in)),
            }
        }
        let mut set = RuleSet { version: version(&texts), ..RuleSet::default() };
        let mut labels = LabelIndex::for_labels(parsed.iter().map(|(_, syntax, _)| syntax.labels.count()).sum());
        for label in embedded::rows("negative_labels.tsv").filter_map(|mut row| row.next()) {
            labels.insert(label, Says::NegativeForAll);
        }
        for (file, syntax, built_in) in parsed {
            if let Some(reason) = alias::flaw(&syntax.entity, &syntax.aliases, set.rules.iter()) {
                return Err(rule_error(&file, None, reason));
            }
            let id =
                EntityId(u16::try_from(set.entities.len()).map_err(|_| rule_error(&file, None, "too many rules"))?);
            let (entity, mut rule) = compile::compile(syntax, id, &mut labels, built_in)
                .map_err(|flaw| rule_error(&file, flaw.line, flaw.reason))?;
            rule.file = file;
            set.entities.push(entity);
            set.rules.push(rule);
            set.own.push(!built_in);
        }
        labels.number_general();
        set.labels = labels;
        Ok(set)
    }
}

/// The fingerprint of rules, each given by its text and whether it was prepared: that of those alone is known.
fn version(texts: &[(&str, bool)]) -> String {
    if texts.len() == prepared::RULES.len() && texts.iter().all(|(_, is_prepared)| *is_prepared) {
        return prepared::VERSION.to_owned();
    }
    let mut digest = Sha256::new();
    texts.iter().for_each(|(text, _)| digest.update(text.as_bytes()));
    hex_prefix(&digest.finalize())
}

fn parse(file: &str, text: &str) -> Result<RuleSyntax, Error> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map(|location| location.line());
        rule_error(file, line, error.to_string().lines().next().unwrap_or_default())
    })
}

fn rule_error(file: &str, line: Option<u64>, reason: impl Into<String>) -> Error {
    Error::Rule { file: file.to_owned(), line, reason: reason.into() }
}

fn read_folder(folder: &Path, files: &mut Vec<(String, String)>) -> Result<(), Error> {
    let io = |action, path: &Path, source| Error::Io { action, path: path.to_owned(), source };
    if !folder.is_dir() {
        return Err(Error::Usage(format!("--rules {}: not a folder", folder.display())));
    }
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| io("read", folder, error.into()))?;
        let path = entry.path();
        let is_yaml = path.extension().is_some_and(|e| e == "yml" || e == "yaml");
        if entry.file_type().is_file() && is_yaml {
            let text = fs::read_to_string(path).map_err(|source| io("read", path, source))?;
            files.push((path.display().to_string(), text));
        }
    }
    Ok(())
}

fn hex_prefix(digest: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_rule_is_prepared() {
        assert_eq!(prepared::RULES.len(), embedded::RULES.len());
        assert!(prepared::RULES.iter().all(|rule| !rule.is_empty()));
    }

    #[test]
    fn built_in_rules_have_examples_and_are_the_same_without_them() {
        let (all, brief) = (RuleSet::load(&[]).unwrap(), RuleSet::load_without_examples(&[]).unwrap());
        assert_eq!((all.version(), all.rules().len()), (brief.version(), brief.rules().len()));
        for (rule, brief) in all.rules().iter().zip(brief.rules()) {
            assert!(!rule.syntax.examples.is_empty() && !rule.syntax.counterexamples.is_empty(), "{}", rule.file);
            assert!(brief.syntax.examples.is_empty() && brief.file == rule.file, "{}", rule.file);
            assert_eq!(format!("{:?}", rule.recognizers), format!("{:?}", brief.recognizers), "{}", rule.file);
            let mut syntax = rule.syntax.clone();
            (syntax.examples, syntax.counterexamples) = Default::default();
            let written = |syntax| serde_json::to_value(syntax).unwrap();
            assert_eq!(written(&syntax), written(&brief.syntax), "{}", rule.file);
        }
    }
}
