//! Layers of an asset: compression, archives in it, compressed members of these, archives among them…
//!
//! Bounds what a hostile file can make of itself: how deep archives are nested, and how much more bytes come out than
//! went in, summed over all layers. Over a bound is an error, never "clean".

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::DataError;
use crate::source::decompress::Compression;

/// Archives within archives that are looked into.
const MOST_DEPTH: u32 = 4;
/// Bytes that may always be unpacked from one asset.
const ALWAYS: u64 = 256 << 20;

/// Where in an asset something stands, and how much was unpacked of that asset so far.
#[derive(Clone)]
pub struct Layers {
    depth: u32,
    expansion: Arc<Expansion>,
}

struct Expansion {
    /// Bytes of the asset that were read, as stored.
    stored: Arc<AtomicU64>,
    unpacked: AtomicU64,
    most: u64,
}

impl Layers {
    /// The outermost layer of an asset of which `stored` counts the bytes read. Out of these, no more than `most` times
    /// as many may come.
    pub(super) fn new(stored: Arc<AtomicU64>, most: u64) -> Layers {
        Layers { depth: 0, expansion: Arc::new(Expansion { stored, unpacked: AtomicU64::new(0), most }) }
    }

    /// The layer of the members of an archive that stands in this one.
    ///
    /// # Errors
    /// When that is too deep.
    pub(super) fn deeper(&self) -> Result<Layers, DataError> {
        if self.depth >= MOST_DEPTH {
            return Err(DataError::new(format!("archives are nested more than {MOST_DEPTH} deep"))
                .advise("unpack the outer ones and pass the folder"));
        }
        Ok(Layers { depth: self.depth + 1, expansion: Arc::clone(&self.expansion) })
    }

    /// `reader`, which unpacks with `compression`, with what it reads counted and its errors explained.
    pub(super) fn watch<'a>(
        &self,
        reader: Box<dyn Read + Send + 'a>,
        compression: Compression,
    ) -> Box<dyn Read + Send + 'a> {
        Box::new(Watched { inner: reader, compression, expansion: Arc::clone(&self.expansion) })
    }
}

struct Watched<'a> {
    inner: Box<dyn Read + Send + 'a>,
    compression: Compression,
    expansion: Arc<Expansion>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(io::Error::new(error.kind(), self.compression.explain(&error))),
        };
        self.expansion.enter(read as u64)?;
        Ok(read)
    }
}

impl Expansion {
    fn enter(&self, bytes: u64) -> io::Result<()> {
        let unpacked = self.unpacked.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let stored = self.stored.load(Ordering::Relaxed);
        if unpacked <= ALWAYS || unpacked <= stored.saturating_mul(self.most) {
            return Ok(());
        }
        let reason = format!("it unpacks to more than {} times its size", self.most);
        Err(io::Error::other(DataError::new(reason).advise("allow for more with --max-expansion, if it is no trap")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_is_held_against_what_went_in() {
        let read = |stored: u64, bytes: u64| {
            let layers = Layers::new(Arc::new(AtomicU64::new(stored)), 100).deeper().unwrap();
            let mut reader = layers.watch(Box::new(io::repeat(b'x').take(bytes)), Compression::Zstd);
            io::copy(&mut reader, &mut io::sink()).map_err(|error| Compression::None.explain(&error).to_string())
        };
        assert_eq!(read(1, ALWAYS), Ok(ALWAYS));
        assert_eq!(read(ALWAYS, ALWAYS + 1), Ok(ALWAYS + 1));
        assert!(read(1, ALWAYS + 1).unwrap_err().contains("more than 100 times its size"));
    }

    #[test]
    fn depth_is_bounded() {
        let mut layers = Layers::new(Arc::default(), 1);
        for _ in 0..MOST_DEPTH {
            layers = layers.deeper().unwrap();
        }
        assert!(layers.deeper().is_err());
    }
}
