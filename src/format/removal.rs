//! Taking items out of a list with separators: cells out of a row, members out of an object.

use std::ops::Range;

/// The members of the objects of a text block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// The paths that there are, by [`MemberSpan::path`].
    pub paths: Vec<MemberPath>,
    /// The members, in the order of their starts.
    pub members: Vec<MemberSpan>,
    /// The block starts within an object, so that not all keys of the paths are known.
    pub starts_inside: bool,
}

/// The keys that lead to a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPath {
    /// The keys themselves: equal for the same place only.
    pub exact: String,
    /// The path as it may be shown.
    pub shown: String,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSpan {
    /// Its path, among those of the block.
    pub path: usize,
    /// From the quote of its key to the end of its value, in the block's text.
    pub span: Range<usize>,
    /// Its value is neither an object nor an array.
    pub is_scalar: bool,
    /// Its value is a string that is not empty, a number or a truth value.
    pub is_filled: bool,
}

/// Walks over the items of one list, and finds what to cut out so that those that go take one separator each with them.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    kept_end: Option<usize>,
    /// Where the items that go since then start, and where the last of them ends.
    going: Option<Range<usize>>,
}

impl Cuts {
    /// The next item; what can be cut out now.
    pub(super) fn item(&mut self, span: Range<usize>, goes: bool) -> Option<Range<usize>> {
        if goes {
            self.going = Some(self.going.take().map_or(span.start, |going| going.start)..span.end);
            return None;
        }
        self.kept_end = Some(span.end);
        self.going.take().map(|going| going.start..span.start)
    }

    /// The list has ended.
    pub(super) fn end(self) -> Option<Range<usize>> {
        let Cuts { kept_end, going } = self;
        going.map(|going| kept_end.unwrap_or(going.start)..going.end)
    }

    /// Whether it is open what to cut out.
    pub(super) fn is_open(&self) -> bool {
        self.going.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_takes_one_separator_along() {
        for (goes, expected) in [
            ("", "a, b ,c"),
            ("a", "b ,c"),
            ("b", "a, c"),
            ("c", "a, b"),
            ("ab", "c"),
            ("bc", "a"),
            ("ac", "b"),
            ("abc", ""),
        ] {
            let text = "a, b ,c";
            let mut cuts = Cuts::default();
            let items = text.char_indices().filter(|(_, item)| item.is_alphabetic());
            let mut cut: Vec<Range<usize>> =
                items.filter_map(|(at, item)| cuts.item(at..at + 1, goes.contains(item))).collect();
            cut.extend(cuts.end());
            let left: String =
                text.char_indices().filter(|(at, _)| !cut.iter().any(|cut| cut.contains(at))).map(|(_, c)| c).collect();
            assert_eq!(left, expected, "without {goes}");
        }
    }
}
