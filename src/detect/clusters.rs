//! Literals that stand close together: a recognizer's pattern runs once around all of them, not around each. A run of
//! fillers or asterisks holds one every few bytes.

use std::ops::Range;

use super::program::At;

/// How far behind the first literal of a cluster another one may begin, in bytes.
const REACH: usize = 512;

/// The literals of one recognizer that stand close together on one line.
pub(super) struct Cluster {
    /// The recognizer.
    pub(super) owner: At,
    /// From the first of them to the end of the last one.
    pub(super) span: Range<usize>,
    /// Where each begins, in ascending order.
    starts: Vec<usize>,
}

impl Cluster {
    /// Whether one of them begins in `span`.
    pub(super) fn begins_in(&self, span: &Range<usize>) -> bool {
        let at = self.starts.partition_point(|start| *start < span.start);
        self.starts.get(at).is_some_and(|start| *start < span.end)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Takes the literal at `hit`, the next one in `text`, unless it stands too far off or on another line.
    fn takes(&mut self, text: &[u8], hit: &Range<usize>) -> bool {
        let between = text.get(self.span.end.min(hit.start)..hit.start).unwrap_or_default();
        let is_near = hit.start.saturating_sub(self.span.start) < REACH && memchr::memchr(b'\n', between).is_none();
        if !self.is_empty() && !is_near {
            return false;
        }
        let start = if self.is_empty() { hit.start } else { self.span.start };
        self.span = start..hit.end.max(if self.is_empty() { 0 } else { self.span.end });
        self.starts.push(hit.start);
        true
    }
}

/// The clusters that may still grow, one for each recognizer.
#[derive(Default)]
pub(super) struct Clusters(Vec<Cluster>);

impl Clusters {
    /// Enters the literal at `hit`, from which `owner` starts. A cluster that it does not belong to is complete, and goes
    /// to `done`.
    pub(super) fn enter(&mut self, text: &[u8], owner: At, hit: Range<usize>, done: impl FnOnce(&Cluster)) {
        let at = self.0.iter().position(|cluster| cluster.owner == owner).unwrap_or(self.0.len());
        if at == self.0.len() {
            self.0.push(Cluster { owner, span: 0..0, starts: Vec::new() });
        }
        let Some(cluster) = self.0.get_mut(at) else { return };
        if !cluster.takes(text, &hit) {
            done(cluster);
            cluster.starts.clear();
            cluster.takes(text, &hit);
        }
    }

    /// Hands the clusters that are left to `done`; none are left then.
    pub(super) fn finish(&mut self, mut done: impl FnMut(&Cluster)) {
        for cluster in self.0.iter_mut().filter(|cluster| !cluster.is_empty()) {
            done(cluster);
            cluster.starts.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The span of each cluster, and how many literals it has.
    fn clusters(text: &str, hits: &[Range<usize>]) -> Vec<(Range<usize>, usize)> {
        let mut all = Vec::new();
        let mut clusters = Clusters::default();
        for hit in hits {
            clusters
                .enter(text.as_bytes(), (1, 0), hit.clone(), |done| all.push((done.span.clone(), done.starts.len())));
        }
        clusters.finish(|done| all.push((done.span.clone(), done.starts.len())));
        clusters.finish(|done| all.push((done.span.clone(), 0)));
        all
    }

    #[test]
    fn a_run_of_literals_is_few_clusters() {
        let text = "<".repeat(1 << 16);
        let hits: Vec<_> = (0..text.len()).step_by(4).map(|at| at..at + 4).collect();
        let clusters = clusters(&text, &hits);
        assert_eq!(clusters.len(), text.len() / REACH);
        assert_eq!(clusters.iter().map(|(_, count)| count).sum::<usize>(), hits.len());
        assert!(clusters.iter().all(|(span, _)| span.len() <= REACH));
    }

    #[test]
    fn a_line_end_parts_them() {
        let text = "**a**\n**";
        assert_eq!(clusters(text, &[0..2, 3..5, 6..8]), [(0..5, 2), (6..8, 1)]);
        assert_eq!(clusters(text, &[]), []);
    }

    #[test]
    fn it_knows_where_its_literals_begin() {
        let mut clusters = Clusters::default();
        for hit in [3..5, 9..11] {
            clusters.enter(b"...**....**..", (1, 0), hit, |_| unreachable!());
        }
        clusters.finish(|cluster| {
            assert!(cluster.begins_in(&(0..4)) && cluster.begins_in(&(9..10)) && cluster.begins_in(&(4..20)));
            assert!(!cluster.begins_in(&(0..3)) && !cluster.begins_in(&(4..9)) && !cluster.begins_in(&(10..20)));
        });
    }
}
