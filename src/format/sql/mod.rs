//! SQL dumps, as far as PostgreSQL and MySQL have them in common: the lexer, the splitter, DDL and literals. It
//! reads what the dump tools write; it never changes a byte outside of the row values that it is asked to change.

pub(crate) mod array;
pub(crate) mod asked;
mod binary;
pub(crate) mod cells;
mod composite;
pub(crate) mod condition;
pub(crate) mod constraints;
pub(crate) mod ddl;
pub(crate) mod definitions;
mod hstore;
pub(crate) mod insert;
pub(crate) mod literal;
pub(crate) mod nested;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod script;
pub(crate) mod session;
pub(crate) mod sniff;
pub(crate) mod statements;
mod taken_apart;
pub(crate) mod token;
mod types;
mod writing;

#[cfg(test)]
mod tests;
