//! Integration tests, by behaviour, in one binary.

mod parquet;
