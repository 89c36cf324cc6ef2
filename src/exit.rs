//! Exit codes, as in the README: scripts rely on them.

use std::process::ExitCode;

/// How a run ended. When several hold, the larger concern wins: see [`Exit::merge`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything asked for was done.
    Complete,
    /// 1: a gate (`--fail-on`, `verify`) found something.
    Found,
    /// 2: usage or fatal error; nothing was processed.
    Fatal,
    /// 3: some asset was not wholly read or written.
    Incomplete,
    /// 130: interrupted.
    Interrupted,
}

impl Exit {
    /// The number handed to the shell.
    pub fn code(self) -> u8 {
        match self {
            Exit::Complete => 0,
            Exit::Found => 1,
            Exit::Fatal => 2,
            Exit::Incomplete => 3,
            Exit::Interrupted => 130,
        }
    }

    /// The outcome of two parts of one run: interrupted, then fatal, then incomplete (3 beats 1), then found.
    #[must_use]
    pub fn merge(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Exit::Complete => 0,
            Exit::Found => 1,
            Exit::Incomplete => 2,
            Exit::Fatal => 3,
            Exit::Interrupted => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn incomplete_beats_found() {
        assert_eq!(Exit::Found.merge(Exit::Incomplete).code(), 3);
        assert_eq!(Exit::Incomplete.merge(Exit::Found).code(), 3);
        assert_eq!(Exit::Complete.merge(Exit::Found).code(), 1);
    }
}
