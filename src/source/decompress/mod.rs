//! Compression around any format: told by magic, all members and frames read, the same codec written back.
//!
//! Never calls a stream whole that ends early: a truncated or damaged stream is an error with its cause, and so are
//! other bytes behind it. An encoder that is dropped before it was finished leaves a stream that no reader takes for a
//! whole one. The gzip header that is written carries no file name and no time.

mod lz4;

use std::cell::Cell;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::rc::Rc;

use bzip2::bufread::MultiBzDecoder;
use bzip2::write::BzEncoder;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream as xz;
use liblzma::write::XzEncoder;
use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};

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
    /// bzip2, one or more streams.
    Bzip2,
    /// xz, one or more streams.
    Xz,
    /// LZ4, one or more frames.
    Lz4,
}

/// Most bytes that [`Compression::of`] and [`unsupported`] look at.
pub const MAGIC_BYTES: usize = 16;

/// Most memory that a decoder of xz may take: the dictionaries of `xz -9` are of 64 MiB. That of zstd has the same limit.
pub(crate) const DECODER_MEMORY: u64 = 130 << 20;
/// With this preset, compressing takes 32 MiB; the default takes 94 MiB, for each of the threads.
const XZ_PRESET: u32 = 3;

impl Compression {
    /// The compression that the first bytes of an asset announce.
    pub fn of(magic: &[u8]) -> Compression {
        match magic {
            [0x1f, 0x8b, 0x08, ..] => Compression::Gzip,
            // A zstd file may start with a skippable frame (pzstd writes one).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            // A first block, or none.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Compression::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Compression::Lz4,
            _ => Compression::None,
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Lz4 => "lz4",
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
            Compression::Bzip2 => Box::new(MultiBzDecoder::new(reader)),
            Compression::Xz => {
                let flags = xz::CONCATENATED | xz::TELL_UNSUPPORTED_CHECK;
                Box::new(XzDecoder::new_stream(reader, xz::Stream::new_stream_decoder(DECODER_MEMORY, flags)?))
            }
            Compression::Lz4 => Box::new(lz4::Frames::new(reader)),
        })
    }

    /// A writer that compresses into `writer`.
    ///
    /// # Errors
    /// When the encoder cannot be set up.
    pub fn encoder<W: Write>(self, writer: W) -> io::Result<Encoder<W>> {
        let open = Rc::new(Cell::new(true));
        let writer = Gated { inner: writer, open: Rc::clone(&open) };
        let codec = match self {
            Compression::None => Codec::Plain(writer),
            Compression::Gzip => Codec::Gzip(GzEncoder::new(writer, flate2::Compression::default())),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(writer, 0)?;
                encoder.include_checksum(true)?;
                Codec::Zstd(encoder)
            }
            Compression::Bzip2 => Codec::Bzip2(BzEncoder::new(writer, bzip2::Compression::best())),
            Compression::Xz => {
                let stream = xz::Stream::new_easy_encoder(XZ_PRESET, xz::Check::Crc64)?;
                Codec::Xz(XzEncoder::new_stream(writer, stream))
            }
            Compression::Lz4 => {
                let frame = FrameInfo::new().block_size(BlockSize::Max1MB).content_checksum(true);
                Codec::Lz4(Box::new(FrameEncoder::with_frame_info(frame, writer)))
            }
        };
        Ok(Encoder { codec: Some(codec), open })
    }

    /// What went wrong while reading through this decoder.
    pub fn explain(self, error: &io::Error) -> DataError {
        let name = self.name();
        let inner = error.get_ref();
        // It was explained where it came from: a decoder around this one.
        if let Some(explained) = inner.and_then(|inner| inner.downcast_ref::<DataError>()) {
            return explained.clone();
        }
        let is_too_large = match self {
            Compression::Xz => inner.and_then(|inner| inner.downcast_ref()) == Some(&xz::Error::MemLimit),
            Compression::Zstd => inner.is_some_and(|inner| inner.to_string().contains("too much memory")),
            _ => false,
        };
        if is_too_large {
            let limit = DECODER_MEMORY >> 20;
            return DataError::new(format!("the {name} stream wants more than {limit} MiB of memory to be decoded"))
                .advise("pack it anew with a smaller dictionary");
        }
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

/// What these first bytes announce and cannot be read, by name.
pub fn unsupported(magic: &[u8]) -> Option<&'static str> {
    Some(match magic {
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => "7z",
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => "rar",
        [b'P', b'K', 7, 8, ..] => "one part of a split zip archive",
        _ => return None,
    })
}

/// A compressing writer that must be finished.
pub struct Encoder<W: Write> {
    codec: Option<Codec<Gated<W>>>,
    open: Rc<Cell<bool>>,
}

enum Codec<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    Bzip2(BzEncoder<W>),
    Xz(XzEncoder<W>),
    Lz4(Box<FrameEncoder<W>>),
}

/// A writer that takes nothing more once it is closed. Some encoders finish their stream when they are dropped, which
/// would make a broken-off one look whole.
struct Gated<W> {
    inner: W,
    open: Rc<Cell<bool>>,
}

impl<W: Write> Write for Gated<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.open.get() { self.inner.write(bytes) } else { Err(ErrorKind::BrokenPipe.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for Encoder<W> {
    fn drop(&mut self) {
        self.open.set(false);
    }
}

impl<W: Write> Encoder<W> {
    /// Writes what is pending and the end of the stream, and hands the inner writer back.
    ///
    /// # Errors
    /// When the inner writer fails.
    pub fn finish(mut self) -> io::Result<W> {
        let writer = match self.codec.take() {
            Some(Codec::Plain(writer)) => writer,
            Some(Codec::Gzip(encoder)) => encoder.finish()?,
            Some(Codec::Zstd(encoder)) => encoder.finish()?,
            Some(Codec::Bzip2(encoder)) => encoder.finish()?,
            Some(Codec::Xz(encoder)) => encoder.finish()?,
            Some(Codec::Lz4(encoder)) => encoder.finish()?,
            None => return Err(io::Error::other("finished before")),
        };
        Ok(writer.inner)
    }

    fn codec(&mut self) -> io::Result<&mut dyn Write> {
        match &mut self.codec {
            Some(Codec::Plain(writer)) => Ok(writer),
            Some(Codec::Gzip(encoder)) => Ok(encoder),
            Some(Codec::Zstd(encoder)) => Ok(encoder),
            Some(Codec::Bzip2(encoder)) => Ok(encoder),
            Some(Codec::Xz(encoder)) => Ok(encoder),
            Some(Codec::Lz4(encoder)) => Ok(encoder),
            None => Err(io::Error::other("finished before")),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.codec()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.codec()?.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Compression; 5] =
        [Compression::Gzip, Compression::Zstd, Compression::Bzip2, Compression::Xz, Compression::Lz4];

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
        for compression in ALL {
            let mut bytes = packed(compression, b"one\n");
            bytes.extend(packed(compression, b"two\n"));
            assert_eq!(Compression::of(&bytes), compression);
            assert_eq!(unpacked(compression, &bytes).unwrap(), b"one\ntwo\n");
        }
    }

    #[test]
    fn truncation_and_trailing_bytes_are_errors() {
        for compression in ALL {
            let whole = packed(compression, &b"13800138000\n".repeat(1000));
            for cut in 1..whole.len() {
                let error = unpacked(compression, &whole[..cut]).expect_err(&format!("{compression:?} {cut}"));
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

    #[test]
    fn a_stream_that_was_not_finished_looks_like_none() {
        for compression in ALL {
            let mut out = Vec::new();
            let mut encoder = compression.encoder(&mut out).unwrap();
            encoder.write_all(&b"13800138000\n".repeat(1000)).unwrap();
            encoder.flush().unwrap();
            drop(encoder);
            assert!(unpacked(compression, &out).is_err() || out.is_empty(), "{compression:?}");
        }
    }

    #[test]
    fn damage_anywhere_is_an_error_or_changes_nothing() {
        let content = b"13800138000,11010519491231002X\n".repeat(40);
        for compression in ALL {
            let whole = packed(compression, &content);
            let mut refused = 0;
            for at in 0..whole.len() {
                let mut damaged = whole.clone();
                damaged[at] ^= 0x10;
                match unpacked(compression, &damaged) {
                    // The time, the system or a name in a gzip header say nothing of the content.
                    Ok(content_again) => assert!(content_again == content, "{compression:?} {at}"),
                    Err(_) => refused += 1,
                }
            }
            assert!(refused * 2 > whole.len(), "{compression:?}: {refused} of {}", whole.len());
        }
    }

    #[test]
    fn frames_to_skip_are_skipped_and_legacy_ones_refused() {
        let frame = packed(Compression::Lz4, b"one\n");
        let skipped = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let whole = [&frame[..], &skipped, &frame].concat();
        assert_eq!(unpacked(Compression::Lz4, &whole).unwrap(), b"one\none\n");
        let short = [&frame[..], &skipped[..9]].concat();
        assert_eq!(unpacked(Compression::Lz4, &short).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        let legacy = unpacked(Compression::Lz4, &[2, 0x21, 0x4c, 0x18, 0, 0, 0, 0]).unwrap_err();
        assert!(Compression::Lz4.explain(&legacy).to_string().contains("legacy"));
    }

    #[test]
    fn a_dictionary_beyond_the_limit_is_refused_by_name() {
        let mut options = xz::LzmaOptions::new_preset(1).unwrap();
        options.dict_size(256 << 20);
        let stream = xz::Stream::new_stream_encoder(xz::Filters::new().lzma2(&options), xz::Check::Crc32);
        // Some machines cannot spare what such an encoder takes; the header is the same with a small one.
        let Ok(stream) = stream else { return };
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(b"x").unwrap();
        let error = unpacked(Compression::Xz, &encoder.finish().unwrap()).unwrap_err();
        assert!(Compression::Xz.explain(&error).to_string().contains("130 MiB of memory"), "{error}");
    }
}
