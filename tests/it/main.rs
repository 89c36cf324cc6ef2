//! Integration tests: the program as a user runs it. One binary; one module per behaviour.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod cli;
mod parquet;
mod program;
mod rewriting;
mod trouble;
