//! Reports: what a run found and did, for people and for programs. One file per format.
//!
//! No report holds a value from the data, except the match lines when the user asks for values.

pub mod columns;
pub mod escape;
pub mod jsonl;
pub mod manifest;
pub mod plan;
pub mod summary;
pub mod table;
