//! How long SQLite may work at one thing: the expressions of a schema (generated columns, checks, indexes on expressions)
//! can be made so that each row of a small file takes long.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rusqlite::Connection;

/// Milliseconds that one task may take, and those for each MiB of the database: a hundred times of what it takes.
const TASK: u64 = 300_000;
const EACH_MIB: u64 = 2_000;
/// Operations of SQLite's machine between two looks at the clock.
const OPERATIONS: i32 = 1000;
/// Bytes that all generated columns may come to, and how many times the size of the database.
const GENERATED: u64 = 64 << 20;
const TIMES_SIZE: u64 = 32;

/// How long SQLite may work at one thing.
pub(super) struct Patience {
    begun: Instant,
    /// When it ends, in milliseconds since `begun`.
    ends: Arc<AtomicU64>,
    allowed: u64,
    /// Bytes that generated columns may come to.
    pub(super) generated: u64,
}

impl Patience {
    /// Watches over `connection`, which is to the database in `file`.
    pub(super) fn with(connection: &mut Connection, file: &File) -> rusqlite::Result<Patience> {
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        let (begun, ends) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
        let seen = Arc::clone(&ends);
        let is_over = move || milliseconds(begun) > seen.load(Ordering::Relaxed);
        connection.progress_handler(OPERATIONS, Some(is_over))?;
        let allowed = TASK.saturating_add((size >> 20).saturating_mul(EACH_MIB));
        Ok(Patience { begun, ends, allowed, generated: GENERATED.saturating_add(size.saturating_mul(TIMES_SIZE)) })
    }

    /// Another task begins.
    pub(super) fn renew(&self) {
        self.ends.store(milliseconds(self.begun).saturating_add(self.allowed), Ordering::Relaxed);
    }

    /// Ends all patience.
    #[cfg(test)]
    pub(super) fn end(&self) {
        self.ends.store(0, Ordering::Relaxed);
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
