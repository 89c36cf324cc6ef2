//! Dumps of MySQL and MariaDB: `mysqldump`, `mariadb-dump` and files of INSERT statements in their dialect. JSON,
//! enumerations, dates and binary columns are scanned, and never rewritten.

use super::sql::scan::Dialect;
use super::sql::script::Script;
use super::sql::sniff;
use super::{Access, Confidence, Format};

/// The format `mysqldump`.
pub struct MySqlDump;

impl Format for MySqlDump {
    fn name(&self) -> &'static str {
        "mysqldump"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        sniff::sniff(sample, Dialect::MySql)
    }

    fn open(&self) -> Access {
        Access::Stream(|sample| Ok(Box::new(Script::new(Dialect::MySql, sample))))
    }
}
