//! What an archive says of its members in words: names, link targets, owners, comments.
//!
//! They are looked at as the content is, and shown only with what was found in them left out.

use std::path::{Path, PathBuf};

use super::findings::{Findings, Spot};
use super::grouping;
use super::worker::Worker;
use super::{Context, InvalidBytes};
use crate::block::{Block, Syntax, TextBlock};
use crate::error::DataError;
use crate::finding::Match;
use crate::source::archive::Member;
use crate::source::slab::Slab;

/// Where findings in words are entered.
const COLUMN: &str = "(name in the archive)";

/// Words, and what was found in them.
pub(super) struct Words {
    pub(super) block: Block,
    /// What counts of it.
    pub(super) matches: Vec<Match>,
    /// Length of the name, which comes first.
    name: usize,
}

impl Words {
    /// What is said of `member`.
    pub(super) fn of_member(context: &Context, worker: &mut Worker, member: &Member) -> Result<Words, DataError> {
        Words::of(context, worker, &member.name, &member.texts)
    }

    /// What an archive says of itself.
    pub(super) fn of_archive(context: &Context, worker: &mut Worker, texts: &[Vec<u8>]) -> Result<Words, DataError> {
        Words::of(context, worker, &[], texts)
    }

    fn of(context: &Context, worker: &mut Worker, name: &[u8], texts: &[Vec<u8>]) -> Result<Words, DataError> {
        let mut bytes = Vec::with_capacity(name.len() + 1);
        for text in std::iter::once(name).chain(texts.iter().map(Vec::as_slice)) {
            bytes.extend(text.iter().map(|byte| if matches!(byte, b'\n' | b'\r' | 0) { b' ' } else { *byte }));
            bytes.push(b'\n');
        }
        let slab = super::blocks::slab(bytes, 0, 1, InvalidBytes::Keep)?;
        let name = memchr::memchr(b'\n', slab.text()).unwrap_or(0);
        let block = Block::Text(TextBlock { slab, syntax: Syntax::Plain, asides: Vec::new() });
        worker.detect(context, &block);
        worker.matches.retain(|found| found.score >= context.settings.min_score);
        Ok(Words { block, matches: worker.matches.clone(), name })
    }

    /// What was found, grouped.
    pub(super) fn findings(&self, context: &Context) -> Findings {
        let grouped = grouping::grouped(context, Path::new(""), &self.block, None, &self.matches).findings;
        let mut findings = Findings::default();
        for (_, entity, finding, _) in grouped.iter() {
            findings.add(Spot { table: None, column: Some(COLUMN.to_owned()) }, entity, finding.clone());
        }
        for ((entity, operator), count) in grouped.operators() {
            findings.enter_operators(*entity, operator, *count);
        }
        findings
    }

    /// The name, with what was found in it left out.
    pub(super) fn shown(&self) -> String {
        let text = self.block.slab().map(Slab::text).unwrap_or_default();
        let mut found: Vec<_> = self.matches.iter().map(Match::span).filter(|span| span.start < self.name).collect();
        found.sort_by_key(|span| span.start);
        let (mut shown, mut from) = (String::new(), 0);
        for span in found {
            if span.start >= from {
                shown += &String::from_utf8_lossy(text.get(from..span.start).unwrap_or_default());
                shown.push('*');
            }
            from = from.max(span.end);
        }
        shown + &String::from_utf8_lossy(text.get(from..self.name).unwrap_or_default())
    }

    /// The path of the member in the archive at `archive`.
    pub(super) fn place(&self, archive: &Path) -> PathBuf {
        let mut path = archive.as_os_str().to_owned();
        path.push("!/");
        path.push(self.shown());
        path.into()
    }

    /// Refuses words that hold what the policy replaces.
    ///
    /// # Errors
    /// When they do.
    pub(super) fn refuse_telling(&self, context: &Context) -> Result<(), DataError> {
        let Some(found) = self.matches.iter().find(|found| context.decision(found).1 != "keep") else { return Ok(()) };
        let entity = context.detector.rules().entity(found.entity).map_or("", |entity| entity.name.as_str());
        Err(DataError::new(format!(
            "its name, link or owner in the archive holds a value of {entity}, which would stay"
        ))
        .advise("rename it, or extract the archive and pass the folder"))
    }

    /// An error that happened in the member.
    pub(super) fn name_in(&self, error: DataError) -> DataError {
        let place = error.position.as_ref().map(|position| format!("{position}: ")).unwrap_or_default();
        DataError { position: None, reason: format!("member {}: {place}{}", self.shown(), error.reason), ..error }
    }
}
