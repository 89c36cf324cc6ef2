//! Where lines go, and the count of those that hold an identifier.

use std::io::{self, Write};

/// Lines on their way into a file.
pub(crate) struct Lines<W> {
    out: W,
    /// The line that is being made, without its end.
    pub(crate) line: String,
    /// What went out.
    pub(crate) count: Count,
}

/// Writes at least so many bytes of a seed, and hands the file back with what was counted.
pub(crate) type Generate<W> = fn(seed: u64, bytes: u64, out: W) -> io::Result<(W, Count)>;

/// How much went out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Bytes.
    pub(crate) bytes: u64,
    /// Lines.
    pub(crate) lines: u64,
    /// Lines that hold an identifier of a built-in rule.
    pub(crate) identified: u64,
}

impl Count {
    /// The share of lines that hold an identifier, in percent.
    pub(crate) fn share(&self) -> f64 {
        self.identified as f64 * 100.0 / self.lines.max(1) as f64
    }
}

impl<W: Write> Lines<W> {
    /// Lines for `out`.
    pub(crate) fn new(out: W) -> Lines<W> {
        Lines { out, line: String::new(), count: Count::default() }
    }

    /// Ends the line (or the lines, where it has line ends in it: the identifier then stands in one of them).
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn end(&mut self, identified: bool) -> io::Result<()> {
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())?;
        self.count.bytes += self.line.len() as u64;
        self.count.lines += self.line.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.count.identified += u64::from(identified);
        self.line.clear();
        Ok(())
    }

    /// Hands the file back.
    pub(crate) fn into_inner(self) -> W {
        self.out
    }
}
