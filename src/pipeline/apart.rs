//! Reads rows once more where columns of keys do not tell by themselves whether rows stay apart: those of a written file
//! as they are, those of an input under a plan as they would be. Nothing is sought but equal rows.

use std::path::Path;
use std::sync::Arc;

use super::changes::{Answers, Changes, Found, Questions};
use super::ordered::ordered;
use super::read::{self, Guise, Opened};
use super::rewrite::{Rewriter, Written, failed};
use super::scan::produce;
use super::worker::Worker;
use super::{Context, Observer, Outcome, Settings, Silent, Status};
use crate::error::DataError;
use crate::source::Input;
use crate::transform::Transformer;

impl Rewriter<'_> {
    /// Makes sure that what was written to `path` holds to the constraints of its tables.
    pub(super) fn hold(
        &self,
        path: &Path,
        guise: &Guise,
        written: &mut Written,
        threads: usize,
    ) -> Result<(), Box<Status>> {
        let questions = written.changes.questions();
        if !questions.is_empty() {
            let observer: Arc<dyn Observer> = Arc::new(Silent);
            let settings = guise.settings(&self.context.settings);
            let opened = read::open_path(path, &settings, &observer, false)?;
            let answers = of_written(opened, &settings, &questions, threads).map_err(failed)?;
            written.changes.answer(answers);
        }
        written.hold().map_err(failed)
    }
}

/// Under a plan: reads a file once more where it is not told yet whether rows stay apart in the columns of keys.
pub(super) fn under_plan(
    context: &Context,
    transformer: &Transformer,
    input: &Input,
    threads: usize,
    outcome: &mut Outcome,
) -> Result<(), Box<Status>> {
    let questions = outcome.changes.questions();
    if questions.is_empty() {
        return Ok(());
    }
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    let opened = read::open(input, &context.settings, &observer, false)?;
    let answers = of_planned(context, transformer, opened, &questions, threads);
    outcome.changes.answer(answers.map_err(failed)?);
    Ok(())
}

/// What the rows of a written file say to `questions`.
///
/// # Errors
/// When it cannot be read to its end.
pub(super) fn of_written(
    opened: Opened,
    settings: &Settings,
    questions: &Questions,
    threads: usize,
) -> Result<Answers, DataError> {
    let mut answers = Answers::to(questions);
    let Opened { body, compression, .. } = opened;
    ordered(
        threads,
        |push| produce(body, compression, settings, push),
        || (),
        |(), piece| {
            let (block, _) = piece.into_block(settings.invalid_bytes)?;
            Ok(questions.put_to(&block, &[]))
        },
        |found: Result<Vec<(usize, Found)>, DataError>| {
            found?.into_iter().for_each(|(place, found)| answers.enter(place, found));
            Ok(())
        },
    )?;
    Ok(answers)
}

/// What the rows of an input would say to `questions` once rewritten.
///
/// # Errors
/// When it cannot be read to its end.
fn of_planned(
    context: &Context,
    transformer: &Transformer,
    opened: Opened,
    questions: &Questions,
    threads: usize,
) -> Result<Answers, DataError> {
    let mut answers = Answers::to(questions);
    let Opened { body, compression, .. } = opened;
    let settings = &context.settings;
    ordered(
        threads,
        |push| produce(body, compression, settings, push),
        Worker::default,
        |worker: &mut Worker, piece| {
            let (block, codec) = piece.into_block(settings.invalid_bytes)?;
            if !questions.are_about(&block) {
                return Ok(Vec::new());
            }
            worker.found(context, &block, codec.as_deref());
            let (_, edits) = Changes::planned(transformer, &block, codec.as_deref(), &[], &worker.matches)?;
            Ok(questions.put_to(&block, &edits.cells))
        },
        |found: Result<Vec<(usize, Found)>, DataError>| {
            found?.into_iter().for_each(|(place, found)| answers.enter(place, found));
            Ok(())
        },
    )?;
    Ok(answers)
}
