//! Compression around any format: told by magic, all members and frames read, the same codec written back.
//!
//! Never calls a stream whole that ends early: a truncated or damaged stream is an error with its cause. The gzip
//! header that is written carries no file name and no time.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::error::DataError;

/// How the bytes of an asset are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
}

/// Most bytes that [`Compression::of`] and [`unsupported`] look at.
pub const MAGIC_BYTES: usize = 8;

impl Compression {
    /// The compression that the first bytes of an asset announce.
    pub fn of(magic: &[u8]) -> Compression {
        match magic {
            [0x1f, 0x8b, 0x08, ..] => Compression::Gzip,
            // A zstd file may start with a skippable frame (pzstd writes one).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }

    /// A reader of what `reader` holds in compressed form.
    ///
    /// # Errors
    /// When the decoder cannot be set up.
    pub fn decoder<'a>(self, reader: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Compression::None => Box::new(reader),
            Compression::Gzip => Box::new(MultiGzDecoder::new(reader)),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
        })
    }

    /// A writer that compresses into `writer`.
    ///
    /// # Errors
    /// When the encoder cannot be set up.
    pub fn encoder<W: Write>(self, writer: W) -> io::Result<Encoder<W>> {
        Ok(match self {
            Compression::None => Encoder::Plain(writer),
            Compression::Gzip => Encoder::Gzip(GzEncoder::new(writer, flate2::Compression::default())),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(writer, 0)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
        })
    }

    /// What went wrong while reading through this decoder.
    pub fn explain(self, error: &io::Error) -> DataError {
        let name = self.name();
        match (self, error.kind()) {
            (Compression::None, _) => DataError::new(format!("cannot be read: {error}")),
            (_, ErrorKind::UnexpectedEof) => DataError::new(format!("the {name} stream ends too early"))
                .advise("the file is truncated: get a whole copy of it"),
            (_, ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::Other) => {
                DataError::new(format!("the {name} stream is damaged, or followed by other bytes: {error}"))
                    .advise(format!("check it with `{name} -t`"))
            }
            _ => DataError::new(format!("cannot be read: {error}")),
        }
    }
}

/// A compression or archive that these first bytes announce and that cannot be read, by name.
pub fn unsupported(magic: &[u8]) -> Option<&'static str> {
    Some(match magic {
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => "bzip2",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "xz",
        [0x04, 0x22, 0x4d, 0x18, ..] => "lz4",
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "zip (also .xlsx and .docx)",
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => "7z",
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => "rar",
        [b'P', b'G', b'D', b'M', b'P', ..] => "pg_dump custom (dump with --format=plain)",
        [b'S', b'Q', b'L', b'i', b't', b'e', b' ', b'f', b'o', b'r', b'm', b'a', b't', b' ', b'3', 0, ..] => {
            "SQLite (export with `.dump`)"
        }
        _ => return None,
    })
}

/// A compressing writer that must be finished.
pub enum Encoder<W: Write> {
    /// Bytes as they come.
    Plain(W),
    /// gzip.
    Gzip(GzEncoder<W>),
    /// Zstandard.
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    /// Writes what is pending and the end of the stream, and hands the inner writer back.
    ///
    /// # Errors
    /// When the inner writer fails.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Encoder::Plain(writer) => Ok(writer),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Encoder::Plain(writer) => writer.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Encoder::Plain(writer) => writer.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(compression: Compression, content: &[u8]) -> Vec<u8> {
        let mut encoder = compression.encoder(Vec::new()).unwrap();
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(compression: Compression, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        compression.decoder(bytes)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn all_members_and_frames_are_read() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let mut bytes = packed(compression, b"one\n");
            bytes.extend(packed(compression, b"two\n"));
            assert_eq!(Compression::of(&bytes), compression);
            assert_eq!(unpacked(compression, &bytes).unwrap(), b"one\ntwo\n");
        }
    }

    #[test]
    fn truncation_and_trailing_bytes_are_errors() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let whole = packed(compression, &b"13800138000\n".repeat(1000));
            for cut in [whole.len() - 1, whole.len() - 6, whole.len() / 2] {
                let error = unpacked(compression, &whole[..cut]).unwrap_err();
                let explained = compression.explain(&error).to_string();
                assert!(explained.contains("too early"), "{compression:?} {cut}: {explained}");
            }
            let mut longer = whole.clone();
            longer.extend_from_slice(b"not compressed at all");
            let error = unpacked(compression, &longer).unwrap_err();
            assert!(compression.explain(&error).to_string().contains("damaged"), "{compression:?}: {error}");
        }
    }

    #[test]
    fn the_gzip_header_names_no_file_and_no_time() {
        let bytes = packed(Compression::Gzip, b"x");
        assert_eq!(&bytes[3..8], [0; 5], "flags and time");
    }
}
