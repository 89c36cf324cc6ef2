//! Dumps of PostgreSQL in plain text: `pg_dump` and `pg_dumpall` with COPY or INSERT. JSON, arrays, composites and
//! other types with a syntax of their own inside a cell are scanned, and never rewritten.

pub(crate) mod copy;

use super::sql::scan::Dialect;
use super::sql::script::Script;
use super::sql::sniff;
use super::{Access, Confidence, Format};

/// The format `pgdump`.
pub struct PgDump;

impl Format for PgDump {
    fn name(&self) -> &'static str {
        "pgdump"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        sniff::sniff(sample, Dialect::Postgres)
    }

    fn open(&self) -> Access {
        Access::Stream(|sample| Ok(Box::new(Script::new(Dialect::Postgres, sample))))
    }
}
