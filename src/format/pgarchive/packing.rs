//! How blocks are packed: not at all, as a zlib stream, as LZ4 or Zstandard frames; unpacked and packed again in
//! bounded memory.
//!
//! Never takes a packed block that breaks off, or has other bytes behind its end, for a whole one.

use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::write::ZlibEncoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::bytes::{Bytes, damaged};
use crate::error::DataError;
use crate::source::decompress::{Compression, Encoder};

/// How blocks are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    /// A zlib stream, at a level that is only known where the head says so.
    Zlib(Option<u32>),
    Lz4,
    Zstd,
}

impl Packing {
    /// Reads what the head of an archive of version 1.`minor` says.
    pub(super) fn read(bytes: &mut Bytes, minor: u8) -> Result<Packing, DataError> {
        let at = bytes.at();
        if minor < 15 {
            return match bytes.number("its compression")? {
                0 => Ok(Packing::None),
                -1 => Ok(Packing::Zlib(None)),
                level @ 1..=9 => Ok(Packing::Zlib(u32::try_from(level).ok())),
                _ => Err(damaged(at, "its compression level is none of zlib's")),
            };
        }
        match bytes.byte("its compression")? {
            0 => Ok(Packing::None),
            1 => Ok(Packing::Zlib(None)),
            2 => Ok(Packing::Lz4),
            3 => Ok(Packing::Zstd),
            other => Err(damaged(at, format!("its compression is number {other}, which is none that is known"))),
        }
    }

    /// Its name, as `pg_dump --compress` has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Packing::None => "none",
            Packing::Zlib(_) => "gzip",
            Packing::Lz4 => "lz4",
            Packing::Zstd => "zstd",
        }
    }

    /// Unpacks what `pieces` holds, and to its end.
    pub(super) fn unpack<'a>(self, pieces: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        let mut pieces = BufReader::with_capacity(64 << 10, pieces);
        // A large object without content may have no pieces at all.
        if self == Packing::None || pieces.fill_buf()?.is_empty() {
            return Ok(Box::new(pieces));
        }
        match self {
            Packing::None => Ok(Box::new(pieces)),
            Packing::Zlib(_) => Ok(Box::new(Inflate { inner: pieces, state: Decompress::new(true), ended: false })),
            Packing::Lz4 => Compression::Lz4.decoder(pieces),
            Packing::Zstd => Compression::Zstd.decoder(pieces),
        }
    }

    /// Packs into `out`. `head` is how the packed block starts that this one replaces.
    pub(super) fn pack<W: Write>(self, out: W, head: &[u8]) -> io::Result<Packer<W>> {
        Ok(match self {
            Packing::None => Packer::Other(Compression::None.encoder(out)?),
            Packing::Zlib(level) => {
                let level = flate2::Compression::new(level.unwrap_or_else(|| zlib_level(head)));
                Packer::Zlib(ZlibEncoder::new(out, level))
            }
            Packing::Lz4 => Packer::Other(Compression::Lz4.encoder(out)?),
            Packing::Zstd => Packer::Other(Compression::Zstd.encoder(out)?),
        })
    }
}

/// About the level that a zlib stream was written at, by the two bits in its head that tell.
fn zlib_level(head: &[u8]) -> u32 {
    match head.get(1).map(|flags| flags >> 6) {
        Some(0) => 1,
        Some(1) => 4,
        Some(3) => 9,
        _ => 6,
    }
}

/// A zlib stream that ends where its bytes do.
struct Inflate<R> {
    inner: R,
    state: Decompress,
    ended: bool,
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.inner.fill_buf()?;
            let at_end = input.is_empty();
            if self.ended {
                let behind = || io::Error::new(io::ErrorKind::InvalidData, "bytes stand behind its end");
                return if at_end { Ok(0) } else { Err(behind()) };
            }
            let before = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(input, buffer, FlushDecompress::None);
            let status = status.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let used = self.state.total_in() - before.0;
            self.inner.consume(usize::try_from(used).unwrap_or(usize::MAX));
            self.ended = status == Status::StreamEnd;
            let read = usize::try_from(self.state.total_out() - before.1).unwrap_or(usize::MAX);
            if read > 0 {
                return Ok(read);
            }
            if at_end && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Packs a block.
pub(super) enum Packer<W: Write> {
    Zlib(ZlibEncoder<W>),
    Other(Encoder<W>),
}

impl<W: Write> Packer<W> {
    /// Writes the end of the packed block, and hands the inner writer back.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Packer::Zlib(encoder) => encoder.finish(),
            Packer::Other(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packer::Zlib(encoder) => encoder.write(bytes),
            Packer::Other(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packer::Zlib(encoder) => encoder.flush(),
            Packer::Other(encoder) => encoder.flush(),
        }
    }
}
