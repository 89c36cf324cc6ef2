//! Where bytes come from: walking folders, standard input, decompression, character encoding.

pub mod slab;
