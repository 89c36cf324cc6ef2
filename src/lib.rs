//! tuomin (脱敏) finds personal data in logs, database dumps, CSV, NDJSON, Parquet, Arrow, Avro and SQLite, and rewrites the files
//! de-identified or anonymized so that they still load.

pub mod block;
pub mod cli;
pub mod constraint;
pub mod detect;
pub mod error;
pub mod exit;
pub mod finding;
pub mod format;
pub mod held_folder;
pub mod output;
pub mod pipeline;
pub mod policy;
pub mod report;
pub mod rule;
pub mod scalar;
pub mod source;
pub mod temporary;
pub mod transform;
pub mod validate;
