//! Integration tests, by behaviour, in one binary, against the real tools where there are any.

// The allowances for tests in clippy.toml reach `#[test]` functions only, not what they call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod mariadb;
mod parquet;
mod postgres;
mod support;
