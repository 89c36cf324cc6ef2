//! Integration tests: the program as a user runs it, against the real tools where there are any. One binary; one module
//! per behaviour.

// The allowances for tests in clippy.toml reach `#[test]` functions only, not what they call.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod archives;
mod cli;
mod columnar;
mod constraints;
mod date_shift;
mod demo;
mod drop;
mod failing;
mod faults;
mod fuzzing;
mod hostile;
mod in_place;
mod large;
mod late_values;
mod many_tables;
mod mariadb;
mod mariadb_encodings;
mod nested;
mod one_token;
mod operators;
mod parquet;
mod parquet_testing;
mod pg_archives;
mod plan;
mod policies;
mod postgres;
mod postgres_composite;
mod postgres_domains;
mod postgres_newer;
mod postgres_types;
mod program;
mod rewriting;
mod schema_beside;
mod short_keys;
mod spark;
mod sqlite;
mod support;
mod swaps;
mod trouble;
mod typed_columns;
mod xlsx;
