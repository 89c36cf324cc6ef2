//! Integration tests: the program as a user runs it. One binary; one module per behaviour.

#![allow(missing_docs)]

mod cli;
mod program;
mod rewriting;
mod trouble;
