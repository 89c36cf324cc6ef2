//! Standard input, as a stream or kept aside in an unnamed temporary file for formats that need the whole.
//!
//! The temporary file has no name, so nothing is left of it however the run ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Standard input, unlocked, so that it can be read from any thread.
pub fn stream() -> Box<dyn Read + Send> {
    Box::new(io::stdin())
}

/// Copies `reader` to its end into an unnamed temporary file (readable by its owner only) and rewinds it.
///
/// # Errors
/// When reading or the temporary folder fails.
pub fn spool(reader: &mut dyn Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all(buffer.get(..read).unwrap_or_default())?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spooled_bytes_are_the_stream() {
        let mut kept = spool(&mut [7_u8; 300_000].as_slice()).unwrap();
        let mut back = Vec::new();
        kept.read_to_end(&mut back).unwrap();
        assert_eq!(back, [7_u8; 300_000]);
    }
}
