//! What the integration tests stand on: private servers, programs in Python, and rewriting a dump.

pub(crate) mod people;
pub(crate) mod python;
pub(crate) mod rewrite;
pub(crate) mod servers;
pub(crate) mod shop;
