//! What waits for its turn.

use std::io::SeekFrom;

use tempfile::SpooledTempFile;

/// How much of an asset's report is kept in memory before it goes to a temporary file.
const SPOOL_BYTES: usize = 1 << 20;

/// Bytes kept aside until their asset's turn: in memory while few, else in an unnamed temporary file.
pub struct Spool(SpooledTempFile);

impl Default for Spool {
    fn default() -> Self {
        Spool(SpooledTempFile::new(SPOOL_BYTES))
    }
}

impl Spool {
    /// Appends bytes.
    ///
    /// # Errors
    /// When the temporary folder is full.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        std::io::Write::write_all(&mut self.0, bytes)
    }

    /// Copies everything to `out`.
    ///
    /// # Errors
    /// When either side fails.
    pub fn copy_to(&mut self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        std::io::Seek::seek(&mut self.0, SeekFrom::Start(0))?;
        std::io::copy(&mut self.0, out).map(drop)
    }
}
