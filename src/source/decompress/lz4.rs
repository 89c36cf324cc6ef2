//! LZ4 frames, one after the other, until the stream ends.
//!
//! Skippable frames are passed over. Never takes a stream that breaks off for one that is whole, nor other bytes
//! behind a frame for its end.

use std::io::{self, BufRead, Chain, Cursor, ErrorKind, Read};

use lz4_flex::frame::FrameDecoder;

const FRAME: u32 = 0x184d_2204;
const LEGACY_FRAME: u32 = 0x184c_2102;
const SKIPPABLE_FRAMES: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// Decodes all frames of a stream.
pub(super) struct Frames<R: BufRead>(State<R>);

enum State<R: BufRead> {
    Between(R),
    Within(Box<FrameDecoder<Rejoined<R>>>),
    Over,
}

/// The magic number that was taken off, and what follows it.
type Rejoined<R> = Chain<Cursor<[u8; 4]>, EndSeen<R>>;

/// Knows whether its reader was asked beyond the end. A decoder that was given a whole frame never asks so far.
struct EndSeen<R> {
    inner: R,
    seen: bool,
}

impl<R: Read> Read for EndSeen<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.seen |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(reader: R) -> Frames<R> {
        Frames(State::Between(reader))
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.0, State::Over) {
                State::Over => return Ok(0),
                State::Between(reader) => self.0 = next(reader)?,
                State::Within(mut frame) => {
                    let read = frame.read(buffer)?;
                    if read > 0 {
                        self.0 = State::Within(frame);
                        return Ok(read);
                    }
                    let EndSeen { inner, seen } = frame.into_inner().into_inner().1;
                    if seen {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                    self.0 = State::Between(inner);
                }
            }
        }
    }
}

/// What stands at the start of `reader`.
fn next<R: BufRead>(mut reader: R) -> io::Result<State<R>> {
    loop {
        if reader.fill_buf()?.is_empty() {
            return Ok(State::Over);
        }
        let magic = four(&mut reader)?;
        match u32::from_le_bytes(magic) {
            FRAME => {
                let inner = EndSeen { inner: reader, seen: false };
                return Ok(State::Within(Box::new(FrameDecoder::new(Cursor::new(magic).chain(inner)))));
            }
            LEGACY_FRAME => {
                let reason = "it is of the legacy kind, which has no checksum and no end; pack it anew";
                return Err(io::Error::new(ErrorKind::InvalidData, reason));
            }
            kind if SKIPPABLE_FRAMES.contains(&kind) => {
                let length = u64::from(u32::from_le_bytes(four(&mut reader)?));
                if io::copy(&mut reader.by_ref().take(length), &mut io::sink())? < length {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            _ => return Err(io::Error::new(ErrorKind::InvalidData, "no frame begins there")),
        }
    }
}

fn four(reader: &mut impl Read) -> io::Result<[u8; 4]> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}
