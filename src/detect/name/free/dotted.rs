//! Names of parts with a dot between them, as people of several minorities bear them.

use super::super::minority;
use super::super::shape::is_dot;
use super::Candidate;
use crate::detect::han::{char_at, char_before, is_han};

/// Score of a name that consists of known parts and a dot between them.
const DOTTED: i32 = 92;
/// Characters of a part of a name with a dot in it.
const LONGEST_PART: usize = 8;

/// Whether `c` stands between the parts of a name.
pub(super) const fn is_middle_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '・' | '‧')
}

/// The name around the dot at `at` whose parts on both sides are made of parts of names: 古丽娜扎尔·买买提.
#[cold]
pub(super) fn dotted(text: &[u8], at: usize) -> Option<Candidate> {
    let (_, dot) = char_at(text, at).filter(|(c, _)| is_dot(*c))?;
    let (mut start, mut end) = (None, None);
    let mut p = at;
    for count in 1..=LONGEST_PART {
        let Some((_, before)) = char_before(text, p).filter(|(c, _)| is_han(*c)) else { break };
        p = before;
        if count > 1 && minority::is_made(text.get(p..at)?) {
            start = Some(p);
        }
    }
    let mut p = at + dot;
    for count in 1..=LONGEST_PART {
        let Some((_, length)) = char_at(text, p).filter(|(c, _)| is_han(*c)) else { break };
        p += length;
        if count > 1 && minority::is_made(text.get(at + dot..p)?) {
            end = Some(p);
        }
    }
    Some(Candidate { score: DOTTED, start: start?, end: end? })
}
