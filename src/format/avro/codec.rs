//! How the blocks of a file are compressed.

use std::io::{Read, Write};

use flate2::Crc;

use super::unreadable;
use crate::error::DataError;
use crate::source::decompress::DECODER_MEMORY;

/// Bytes of the checksum that stands behind a zlib stream.
const CHECKSUM: usize = 4;

/// Largest block, decompressed.
const MAX_BLOCK: u64 = 512 << 20;

/// How blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
    Bzip2,
    Xz,
}

impl Codec {
    /// The codec called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn of(name: &[u8]) -> Result<Codec, DataError> {
        Ok(match name {
            b"" | b"null" => Codec::Null,
            b"deflate" => Codec::Deflate,
            b"snappy" => Codec::Snappy,
            b"zstandard" => Codec::Zstandard,
            b"bzip2" => Codec::Bzip2,
            b"xz" => Codec::Xz,
            _ => {
                return Err(DataError::new("the file is compressed by a codec that is not read")
                    .advise("write it again with deflate, snappy, zstandard, bzip2, xz or none"));
            }
        })
    }

    /// `packed`, decompressed.
    ///
    /// # Errors
    /// When it is damaged or too large.
    pub(super) fn unpack(self, packed: Vec<u8>) -> Result<Vec<u8>, DataError> {
        let damaged = || unreadable("the compressed bytes of a block are damaged");
        let mut bytes = Vec::new();
        let mut fill = |reader: &mut dyn Read| -> Result<(), DataError> {
            reader.take(MAX_BLOCK + 1).read_to_end(&mut bytes).map_err(|_| damaged())?;
            if bytes.len() as u64 > MAX_BLOCK { Err(too_large()) } else { Ok(()) }
        };
        let packed_bytes = packed.as_slice();
        let behind: &[u8] = match self {
            Codec::Null => return Ok(packed),
            Codec::Snappy => return unpack_snappy(&packed),
            Codec::Deflate => {
                let mut reader = flate2::bufread::DeflateDecoder::new(packed_bytes);
                fill(&mut reader)?;
                // Some writers cut the checksum of zlib off, and not all of it.
                let behind = reader.into_inner();
                if behind.len() < CHECKSUM { &[] } else { behind }
            }
            Codec::Zstandard => {
                // Reads to the end of its input, or fails.
                fill(&mut zstd::stream::read::Decoder::with_buffer(packed_bytes)?)?;
                &[]
            }
            Codec::Bzip2 => {
                let mut reader = bzip2::bufread::BzDecoder::new(packed_bytes);
                fill(&mut reader)?;
                reader.into_inner()
            }
            Codec::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(DECODER_MEMORY, 0).map_err(|_| damaged())?;
                let mut reader = liblzma::bufread::XzDecoder::new_stream(packed_bytes, stream);
                fill(&mut reader)?;
                reader.into_inner()
            }
        };
        // What stands behind the compressed bytes nobody would look at.
        if behind.is_empty() { Ok(bytes) } else { Err(damaged()) }
    }

    /// `bytes`, compressed.
    ///
    /// # Errors
    /// When that fails.
    pub(super) fn pack(self, bytes: Vec<u8>) -> Result<Vec<u8>, DataError> {
        Ok(match self {
            Codec::Null => bytes,
            Codec::Snappy => {
                let packed = snap::raw::Encoder::new().compress_vec(&bytes);
                let mut packed = packed.map_err(|error| DataError::new(error.to_string()))?;
                packed.extend(checksum(&bytes).to_be_bytes());
                packed
            }
            Codec::Deflate => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&bytes)?;
                encoder.finish()?
            }
            Codec::Zstandard => zstd::encode_all(bytes.as_slice(), 0)?,
            Codec::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
                encoder.write_all(&bytes)?;
                encoder.finish()?
            }
            Codec::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
                encoder.write_all(&bytes)?;
                encoder.finish()?
            }
        })
    }
}

fn too_large() -> DataError {
    DataError::new(format!("a block holds more than the {MAX_BLOCK} bytes that are allowed"))
        .advise("write it again with smaller blocks")
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Snappy, with a checksum of what was compressed behind it.
fn unpack_snappy(packed: &[u8]) -> Result<Vec<u8>, DataError> {
    let damaged = || unreadable("the compressed bytes of a block are damaged");
    let (packed, sum) = packed.split_last_chunk::<4>().ok_or_else(damaged)?;
    let length = snap::raw::decompress_len(packed).map_err(|_| damaged())? as u64;
    if length > MAX_BLOCK {
        return Err(too_large());
    }
    // It makes no more than some 22 bytes of one.
    if length / 64 > packed.len() as u64 {
        return Err(damaged());
    }
    let bytes = snap::raw::Decoder::new().decompress_vec(packed).map_err(|_| damaged())?;
    if checksum(&bytes) == u32::from_be_bytes(*sum) { Ok(bytes) } else { Err(damaged()) }
}
