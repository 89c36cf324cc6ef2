//! What the integration tests stand on: private servers, and rewriting a dump.

pub mod rewrite;
pub mod servers;
