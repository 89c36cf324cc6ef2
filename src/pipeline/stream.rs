//! Rewriting a stream block by block, and to standard output, where each block is read again before it is written.

use std::io::{self, BufWriter, Write};

use super::first_reading::Before;
use super::ordered::ordered;
use super::read::{self, Body, Opened};
use super::render::BlockResult;
use super::rewrite::{Rewriter, Written, failed, failed_outside};
use super::rewritten::{Rewritten, operators, undeclared, unsought};
use super::scan::{describe, produce};
use super::whole::rewind_and_copy;
use super::worker::Worker;
use super::{Outcome, Status};
use crate::output::{Pending, folder_of};
use crate::source::{Input, buffer};

impl Rewriter<'_> {
    /// Rewrites one asset to standard output.
    pub(super) fn to_stdout(
        &self,
        input: &Input,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Status, Box<Status>> {
        let opened = read::open(input, &self.context.settings, &self.context.observer, true)?;
        describe(outcome, &opened);
        let dropped = &self.first_reading(input, &opened, threads)?;
        let before = Before { seed: &[], dropped };
        let mut out = io::stdout().lock();
        let written = match opened {
            Opened {
                body: Body::Container { .. } | Body::Sections { .. } | Body::Archive { .. }, ref guise, ..
            } => {
                let guise = guise.clone();
                // The whole is written aside and read again before the first byte goes out.
                let place = std::env::temp_dir().join("tuomin-stdout");
                let mut aside = Pending::create(&place).map_err(failed_outside)?;
                let mut written = self.write(opened, (aside.file(), folder_of(&place)), before, threads, outcome)?;
                let checked = self.recheck(aside.path(), &guise, &written, threads)?;
                checked.leftovers.refuse().map_err(failed)?;
                self.hold(aside.path(), &guise, &mut written, threads)?;
                if !written.changed {
                    rewind_and_copy(aside.file(), &mut out).map_err(|error| failed(error.into()))?;
                }
                written
            }
            opened => self.stream(opened, &mut out, before, true, threads, outcome)?,
        };
        out.flush().map_err(|error| failed(error.into()))?;
        if written.changed {
            return Ok(Status::Changed);
        }
        outcome.rewritten = Some(Rewritten {
            input_hash: written.input_hash,
            operators: operators(&written.ledger),
            unsought: unsought(self.context, &written.ledger),
            shared: written.ledger.shared().collect(),
            undeclared: undeclared(&written.changes),
            dropped: written.dropped,
            ..Rewritten::default()
        });
        Ok(Status::Rewritten)
    }

    /// Writes a stream to `out`; with `check_blocks`, each block is read again before.
    pub(super) fn stream(
        &self,
        opened: Opened,
        out: &mut dyn Write,
        before: Before<'_>,
        check_blocks: bool,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Written, Box<Status>> {
        let Opened { body, compression, trail, .. } = opened;
        let mut written = Written::default();
        let buffered = BufWriter::with_capacity(1 << 18, out);
        let mut encoder = compression.encoder(buffered).map_err(|error| failed(error.into()))?;
        let path = outcome.path.clone();
        let mut taker = Worker::default();
        let done = ordered(
            threads,
            |push| produce(body, compression, &self.context.settings, push),
            Worker::default,
            |worker, piece| self.block(worker, &path, piece, before, check_blocks),
            |result| {
                let mut block: BlockResult = result?;
                if check_blocks {
                    self.replace_earlier(&mut taker, &path, &mut block, (&written.ledger, before.dropped))?;
                }
                written.ledger.merge(std::mem::take(&mut block.ledger));
                written.changes.merge(std::mem::take(&mut block.changes));
                block.check(&written.ledger).refuse()?;
                if check_blocks {
                    self.pass(&block, &mut written)?;
                    written.changes.hold_so_far()?;
                }
                outcome.findings.merge(block.report.findings);
                outcome.lines.write(&block.report.lines)?;
                encoder.write_all(&block.bytes)?;
                buffer::give(std::mem::take(&mut block.bytes));
                Ok(())
            },
        );
        outcome.bytes = trail.bytes();
        // An encoder that is not finished leaves a stream that its reader refuses: a doubt must not look whole.
        let held = || if check_blocks { written.changes.hold() } else { Ok(()) };
        done.and_then(|()| held()).map_err(failed)?;
        let mut buffered = encoder.finish().map_err(|error| failed(error.into()))?;
        buffered.flush().map_err(|error| failed(error.into()))?;
        written.dropped.extend(before.dropped.columns().cloned());
        written.changed = trail.is_changed();
        written.input_hash = trail.hash().map_err(|error| failed(error.into()))?;
        Ok(written)
    }
}
