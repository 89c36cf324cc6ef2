//! Buffers of blocks, used again: memory that goes back to the system for every block costs more than the scan of it.
//!
//! Keeps a bounded number of buffers; never hands out one whose old bytes could be taken for data.

use std::sync::{Mutex, PoisonError};

/// Most buffers that are kept, and the largest and smallest that are worth it.
const MOST: usize = 16;
const LARGEST: usize = 4 << 20;
const SMALLEST: usize = 32 << 10;

static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer with room for `capacity` bytes, of any length: what is in it is to be written over.
pub(crate) fn take(capacity: usize) -> Vec<u8> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let fitting = kept.iter().rposition(|buffer| buffer.capacity() >= capacity);
    match fitting {
        Some(at) => kept.swap_remove(at),
        None => Vec::with_capacity(capacity),
    }
}

/// An empty buffer with room for `capacity` bytes.
pub(crate) fn empty(capacity: usize) -> Vec<u8> {
    let mut buffer = take(capacity);
    buffer.clear();
    buffer
}

/// Keeps `buffer` for the next one who takes one.
pub(crate) fn give(buffer: Vec<u8>) {
    if !(SMALLEST..=LARGEST).contains(&buffer.capacity()) {
        return;
    }
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() < MOST {
        kept.push(buffer);
    }
}
