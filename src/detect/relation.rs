//! Who somebody is to somebody, in brackets behind the name or the number: `李芳（母亲）13800138000`.

use std::ops::Range;

use super::pass::Pass;

/// Longest such text, in bytes.
const LONGEST: usize = 32;

impl Pass<'_> {
    /// Who somebody is to somebody, in brackets behind the name: `李芳（母亲）`.
    #[inline(always)]
    pub(super) fn relation_behind(&mut self, span: &Range<usize>) {
        const BRACKETS: [(&[u8], &[u8]); 2] = [("（".as_bytes(), "）".as_bytes()), (b"(", b")")];
        let rest = self.text.get(span.end..).unwrap_or_default();
        let Some((open, close)) = BRACKETS.iter().find(|(open, _)| rest.starts_with(open)) else { return };
        let inner = rest.get(open.len()..(open.len() + LONGEST).min(rest.len())).unwrap_or_default();
        if let Some(length) = memchr::memmem::find(inner, close) {
            let start = span.end + open.len();
            self.field(self.program.kinds.relation, start..start + length);
        }
    }
}
