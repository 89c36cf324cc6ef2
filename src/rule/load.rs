//! Loading rules: the built-in ones and a user's own folders. A broken rule stops the run with file, line and reason.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::label::{LabelIndex, Says};
use super::syntax::RuleSyntax;
use super::{RuleSet, alias, compile, embedded};
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

    /// As [`RuleSet::load`], without the examples of the built-in rules: to read them is half of the start-up, and only
    /// `rules` shows and tests them.
    ///
    /// # Errors
    /// As [`RuleSet::load`].
    pub fn load_without_examples(folders: &[PathBuf]) -> Result<RuleSet, Error> {
        let mut files: Vec<(String, String)> = Vec::new();
        for folder in folders {
            read_folder(folder, &mut files)?;
        }
        let built_in =
            embedded::RULES.iter().map(|(path, text)| (format!("rules/{path}"), *text, without_examples(text)));
        let own = files.iter().map(|(file, text)| (file.clone(), text.as_str(), text.as_str().into()));
        RuleSet::from_texts(built_in.chain(own))
    }

    /// The rules in `files` (name and YAML text).
    ///
    /// # Errors
    /// As [`RuleSet::load`].
    pub fn from_files(files: &[(String, String)]) -> Result<RuleSet, Error> {
        RuleSet::from_texts(files.iter().map(|(file, text)| (file.clone(), text.as_str(), text.as_str().into())))
    }

    /// The rules in files, each given by its name, its text, and what is to be read of that.
    fn from_texts<'t>(files: impl Iterator<Item = (String, &'t str, Cow<'t, str>)>) -> Result<RuleSet, Error> {
        let mut parsed: Vec<(String, &str, RuleSyntax)> = Vec::new();
        let mut digest = Sha256::new();
        for (file, text, read) in files {
            let syntax = parse(&file, &read)?;
            digest.update(text.as_bytes());
            match parsed.iter_mut().find(|(.., held)| held.entity == syntax.entity) {
                Some(slot) => *slot = (file, text, syntax),
                None => parsed.push((file, text, syntax)),
            }
        }
        let mut set = RuleSet { version: hex_prefix(&digest.finalize()), ..RuleSet::default() };
        let mut labels = LabelIndex::default();
        for label in embedded::rows("negative_labels.tsv").filter_map(|mut row| row.next()) {
            labels.insert(label, Says::NegativeForAll);
        }
        for (file, text, syntax) in parsed {
            if let Some(reason) = alias::flaw(&syntax.entity, &syntax.aliases, set.rules.iter()) {
                return Err(rule_error(&file, None, reason));
            }
            let built_in = embedded::RULES.iter().any(|(_, known)| *known == text);
            let id =
                EntityId(u16::try_from(set.entities.len()).map_err(|_| rule_error(&file, None, "too many rules"))?);
            let (entity, mut rule) = compile::compile(&syntax, id, &mut labels, built_in)
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

/// A built-in rule without its examples, which stand at its end.
fn without_examples(text: &str) -> Cow<'_, str> {
    match text.split_once("\nexamples:\n") {
        Some((head, _)) => Cow::Owned(format!("{head}\nexamples: []\ncounterexamples: []\n")),
        None => Cow::Borrowed(text),
    }
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
    fn built_in_rules_have_examples_and_are_the_same_without_them() {
        let (all, brief) = (RuleSet::load(&[]).unwrap(), RuleSet::load_without_examples(&[]).unwrap());
        assert_eq!((all.version(), all.rules().len()), (brief.version(), brief.rules().len()));
        for (rule, brief) in all.rules().iter().zip(brief.rules()) {
            assert!(!rule.syntax.examples.is_empty() && !rule.syntax.counterexamples.is_empty(), "{}", rule.file);
            assert!(brief.syntax.examples.is_empty() && brief.file == rule.file, "{}", rule.file);
            assert_eq!(format!("{:?}", rule.recognizers), format!("{:?}", brief.recognizers), "{}", rule.file);
        }
    }
}
