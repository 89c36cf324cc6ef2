//! Dumps of PostgreSQL in plain text: `pg_dump` and `pg_dumpall` with COPY or INSERT. JSON, arrays, composite types,
//! hstore and text in bytea are rewritten in their own syntax inside of cells; values of other types that are no text are
//! scanned, and never rewritten.

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
