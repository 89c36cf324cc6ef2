//! The two settings in which an address is read, running text and the value of a label, and for which of them a walk
//! speaks. Must let no answer count for a setting that would give another one.

use crate::detect::value;

/// How much the text around the address has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Running text: only numbered elements count.
    Free,
    /// A label or column name says that this is an address.
    Labelled,
}

/// For which settings a walk speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    One(Setting),
    /// For both, until they would part: from then on for this one.
    Both(Setting),
}

impl Speaks {
    /// Whether it speaks for `setting`.
    pub(super) fn is_for(self, setting: Setting) -> bool {
        matches!(self, Speaks::Both(_)) || self == Speaks::One(setting)
    }

    /// The answer to a question that depends on the setting. Where the answers differ, the walk speaks for one only.
    #[inline]
    pub(super) fn decide(&mut self, free: bool, labelled: bool) -> bool {
        let setting = match *self {
            Speaks::Both(_) if free == labelled => return free,
            Speaks::Both(setting) | Speaks::One(setting) => setting,
        };
        *self = Speaks::One(setting);
        match setting {
            Setting::Free => free,
            Setting::Labelled => labelled,
        }
    }
}

/// Whether a stretch of running text ends at `at`.
pub(super) fn is_stretch_end(text: &[u8], at: usize) -> bool {
    let stretches = |b: u8| b >= 0x80 || value::stretches(b);
    let is_space = |at: usize| text.get(at) == Some(&b' ') && text.get(at + 1).is_some_and(|b| *b >= 0x80);
    text.get(at).is_none_or(|b| !stretches(*b) && !is_space(at))
}
