//! Headers, entries and the end of a zip archive, as they are written.

use super::{CENTRAL, END, END_64, Entry, FULL, HAS_DESCRIPTOR, LOCAL, LOCATOR_64, Placed, ZIP_64};

impl Entry {
    /// The header that stands before the content.
    pub(in super::super) fn local_header(&self, placed: &Placed) -> Vec<u8> {
        let is_large = placed.packed >= FULL || placed.size >= FULL;
        let mut large = Vec::new();
        if is_large {
            large = [
                &ZIP_64.to_le_bytes()[..],
                &16_u16.to_le_bytes(),
                &placed.size.to_le_bytes(),
                &placed.packed.to_le_bytes(),
            ]
            .concat();
        }
        let (size, packed) = if is_large { (FULL, FULL) } else { (placed.size, placed.packed) };
        let mut header = LOCAL.to_le_bytes().to_vec();
        self.common(&mut header, placed.crc, [packed, size], is_large);
        let extra = [large, self.local_extra.clone()].concat();
        header.extend(length_of(&self.name));
        header.extend(length_of(&extra));
        [header, self.name.clone(), extra].concat()
    }

    /// The entry of the directory.
    pub(in super::super) fn central_header(&self, placed: &Placed) -> Vec<u8> {
        let mut large = Vec::new();
        let [size, packed, offset] = [placed.size, placed.packed, placed.offset].map(|number| {
            if number >= FULL {
                large.extend(number.to_le_bytes());
            }
            number.min(FULL)
        });
        if !large.is_empty() {
            large = [&ZIP_64.to_le_bytes()[..], &length_of(&large), &large].concat();
        }
        let extra = [large, self.extra.clone()].concat();
        let mut header = [CENTRAL.to_le_bytes().to_vec(), self.made_by.to_le_bytes().to_vec()].concat();
        self.common(&mut header, placed.crc, [packed, size], extra.len() > self.extra.len());
        header.extend(length_of(&self.name));
        header.extend(length_of(&extra));
        header.extend(length_of(&self.comment));
        header.extend(0_u16.to_le_bytes());
        header.extend(self.internal.to_le_bytes());
        header.extend(self.external.to_le_bytes());
        header.extend(low(offset).to_le_bytes());
        [header, self.name.clone(), extra, self.comment.clone()].concat()
    }

    fn common(&self, header: &mut Vec<u8>, crc: u32, sizes: [u64; 2], is_large: bool) {
        const NEEDED_64: u16 = 45;
        let needed = if is_large { self.needed.max(NEEDED_64) } else { self.needed };
        header.extend(needed.to_le_bytes());
        header.extend((self.flags & !HAS_DESCRIPTOR).to_le_bytes());
        header.extend(self.method.to_le_bytes());
        header.extend(self.time.to_le_bytes());
        header.extend(crc.to_le_bytes());
        sizes.into_iter().for_each(|size| header.extend(low(size).to_le_bytes()));
    }
}

/// The end of an archive whose directory with `count` entries goes from `start` to `end`.
pub(in super::super) fn end(start: u64, end: u64, count: u64, comment: &[u8]) -> Vec<u8> {
    let length = end - start;
    let mut bytes = Vec::new();
    if start >= FULL || length >= FULL || count >= 0xffff {
        bytes.extend(END_64.to_le_bytes());
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0]);
        bytes.extend([0; 8]);
        [count, count, length, start].into_iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(LOCATOR_64.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(end.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    let small = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    bytes.extend(END.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(small);
    bytes.extend(small);
    bytes.extend(low(length).to_le_bytes());
    bytes.extend(low(start).to_le_bytes());
    bytes.extend(length_of(comment));
    [bytes, comment.to_vec()].concat()
}

fn low(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn length_of(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes()
}
