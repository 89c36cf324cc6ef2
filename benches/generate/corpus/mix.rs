//! `mix`: what a collector of logs has on its disk. Access log, application log, NDJSON events, chat and orders in blocks
//! of one kind; one line in twenty holds an identifier.

use std::io::{self, Write};

use super::lines::{Count, Lines};
use super::{World, access, application, chat, events, orders};

/// One kind of lines.
struct Kind {
    line: fn(&mut World, bool, &mut String),
    /// Its part of all calls of `line`, in percent.
    share: u64,
    /// Of a thousand calls, those with an identifier.
    identified: u64,
}

const KINDS: [Kind; 5] = [
    Kind { line: application::line, share: 28, identified: 72 },
    Kind { line: access::line, share: 44, identified: 21 },
    Kind { line: events::line, share: 16, identified: 66 },
    Kind { line: chat::line, share: 6, identified: 110 },
    Kind { line: orders::line, share: 6, identified: 140 },
];

/// Writes at least `bytes` bytes. A small sample has shorter blocks, so that it holds all kinds in their proportion.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn write<W: Write>(seed: u64, bytes: u64, out: W) -> io::Result<(W, Count)> {
    let (shortest, longest) = if bytes < 50_000_000 { (20, 200) } else { (200, 2000) };
    let (mut world, mut lines) = (World::new(seed), Lines::new(out));
    let mut written = [0_u64; KINDS.len()];
    while lines.count.bytes < bytes {
        // The kind that is furthest behind its share is next.
        let behind = |(kind, written): &(&Kind, &mut u64)| **written * 1_000_000 / kind.share;
        let Some((kind, written)) = KINDS.iter().zip(&mut written).min_by_key(behind) else { break };
        let block = world.random.between(shortest, longest);
        for _ in 0..block {
            let identified = world.random.per_mille(kind.identified);
            (kind.line)(&mut world, identified, &mut lines.line);
            lines.end(identified)?;
        }
        *written += block;
    }
    let count = lines.count;
    Ok((lines.into_inner(), count))
}
