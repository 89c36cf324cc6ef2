//! Who somebody is to somebody, in brackets behind the name or the number: `李芳（母亲）13800138000`.

use std::ops::Range;

use super::pass::Pass;

/// Longest such text, in bytes.
const LONGEST: usize = 32;

impl Pass<'_> {
    /// Who somebody is to somebody, in brackets behind the name: `李芳（母亲）`.
    #[inline(always)]
    pub(super) fn relation_behind(&mut self, span: &Range<usize>) {
        let rest = self.text.get(span.end..).unwrap_or_default();
        let (open, close) = match rest {
            [b'(', ..] => (1, ")"),
            [0xEF, 0xBC, 0x88, ..] => (3, "）"),
            _ => return,
        };
        let inner = rest.get(open..(open + LONGEST).min(rest.len())).unwrap_or_default();
        if let Some(length) = memchr::memmem::find(inner, close.as_bytes()) {
            let start = span.end + open;
            self.field(self.program.kinds.relation, start..start + length);
        }
    }
}
