//! One pass over one text: anchors from the scan go to the recognizers that asked for them; what they confirm becomes
//! matches with spans in that text.

use super::asked::Asked;
use super::clusters::{Cluster, Clusters};
use super::context::{ColumnScope, Context, byte, points};
use super::cover::Cover;
use super::explain::Noted;
use super::fold::{FoldLines, Spelling};
use super::key_memo::KeyMemo;
use super::label_ends::Hit;
use super::label_memo::LabelMemo;
use super::program::{At, Program};
use super::run_memo::RunMemo;
use super::scan::{Anchors, Sink, scan, scan_plainly};
use super::sure_names::SureNames;
use super::{Found, address, name, parent};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::rule::compile::{Anchor, Recognizer};
use crate::rule::label::{Says, Standing};
use crate::validate::{Candidate, Evidence};

/// Least score of what is reported at all.
pub(super) const POSSIBLE: i16 = 40;

/// Most matches of a pattern in one window.
const MOST_MATCHES: usize = 2048;

/// The score of what is as certain as can be.
pub(super) const CERTAIN: i16 = 100;

/// Buffers that a thread reuses.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) runs: Vec<Run>,
    pub(super) compact: Vec<u8>,
    pub(super) found: Vec<Found>,
    /// Taken out while a pass runs.
    pub(super) anchors: Option<Box<Anchors>>,
    pub(super) fold_lines: FoldLines,
    pub(super) labels: LabelMemo,
    pub(super) keys: KeyMemo,
    /// Where surnames begin in the stretch that is walked.
    pub(super) surnames: Vec<usize>,
    /// What was found in that stretch before names are sought.
    pub(super) cover: Cover,
    /// Literals that stand close together.
    clusters: Clusters,
    /// The labels that values start from in that stretch.
    pub(super) label_hits: Vec<Hit>,
    /// Which values were looked for behind labels lately.
    pub(super) asked: Asked,
    /// What is known of runs of characters beyond ASCII.
    pub(super) runs_seen: RunMemo,
    /// Names that labels told of lately.
    pub(super) sure_names: SureNames,
    /// Where somebody wants to know why: what came of each candidate.
    pub(super) trials: Option<Vec<Noted>>,
}

/// One run of digits in a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The separator before it in the cluster; 0 for the first.
    pub(super) separator: u8,
    /// An `X` ends it and counts as its last digit.
    pub(super) letter: bool,
}

/// The state of a pass.
pub(super) struct Pass<'a> {
    pub(super) program: &'a Program,
    pub(super) text: &'a [u8],
    pub(super) column: Option<ColumnScope<'a>>,
    pub(super) buffers: &'a mut Buffers,
    pub(super) out: &'a mut Vec<Match>,
    /// Where the last colon-hex token ended.
    pub(super) colon_until: usize,
    /// How the last addresses read.
    pub(super) addresses: address::Recent,
    /// Told from all other passes of this thread.
    pub(super) serial: u64,
    /// The last name without a label, until it is known that no likelier one overlaps it.
    pub(super) name: Option<name::free::Candidate>,
}

impl<'a> Pass<'a> {
    /// A pass over `text` that appends to `out`.
    pub(super) fn new(
        program: &'a Program,
        text: &'a [u8],
        column: Option<ColumnScope<'a>>,
        buffers: &'a mut Buffers,
        out: &'a mut Vec<Match>,
    ) -> Pass<'a> {
        buffers.labels.serve(program.rules.labels());
        buffers.keys.serve(program.rules.labels());
        buffers.runs_seen.serve(program.rules.labels().serial());
        let addresses = address::Recent::default();
        let serial = buffers.asked.next_pass();
        Pass { program, text, column, buffers, out, colon_until: 0, addresses, serial, name: None }
    }

    /// What the longest label that ends the key at `word` says.
    #[inline]
    pub(super) fn label(&self, word: std::ops::Range<usize>) -> &'a [Says] {
        let program = self.program;
        self.buffers.labels.look_up(program.rules.labels(), self.text, word)
    }

    /// What the key at `word`, which says `alone` by itself, says with the key of its object.
    pub(super) fn says_in_object(&self, word: std::ops::Range<usize>, alone: &[Says]) -> &'a [Says] {
        let program = self.program;
        parent::says(program.rules.labels(), &self.buffers.labels, self.text, word, alone)
    }

    /// Runs over `text`, and appends what is found (with `Place::Text`, unresolved) to `out`.
    pub(super) fn run(
        program: &'a Program,
        text: &'a [u8],
        column: Option<ColumnScope<'a>>,
        spelling: Spelling,
        buffers: &'a mut Buffers,
        out: &'a mut Vec<Match>,
    ) {
        let mut anchors = buffers.anchors.take().unwrap_or_default();
        let from = out.len();
        let mut pass = Pass::new(program, text, column, buffers, out);
        match program.plain {
            false => scan(text, program.wanted, &mut anchors, &mut pass),
            true => scan_plainly(text, &mut pass),
        }
        pass.buffers.fold_lines.note_escapes(text, spelling);
        pass.buffers.anchors = Some(anchors);
        pass.literals();
        pass.plain_regexes();
        pass.records(from);
    }

    /// The label evidence of a candidate that starts at `start`.
    pub(super) fn context(&self, start: usize) -> Context<'a> {
        Context::new(self.program, &self.buffers.labels, self.text, start, self.column.as_ref())
    }

    /// Confirms the candidate `span` for the recognizer at `at` and reports it: validators, label, score.
    pub(super) fn confirm(&mut self, at: At, span: std::ops::Range<usize>, compact: &[u8], context: &Context<'a>) {
        let program = self.program;
        let Some(recognizer) = program.recognizer(at) else { return };
        let standing = context.standing(program, recognizer.entity);
        let original = self.text.get(span.clone()).unwrap_or_default();
        let candidate = Candidate { compact, original, labelled: standing == Standing::Positive };
        if self.buffers.trials.is_some() {
            self.note(at, span.clone(), &candidate, standing);
        }
        let Some((score, traits)) = judge(recognizer, &candidate, standing) else { return };
        self.report(recognizer.entity, score, span, traits);
    }

    /// Reports a match if its score is worth it.
    pub(super) fn report(&mut self, entity: EntityId, score: i16, span: std::ops::Range<usize>, traits: Traits) {
        let (Ok(start), Ok(end)) = (u32::try_from(span.start), u32::try_from(span.end)) else { return };
        if score >= POSSIBLE && start < end {
            let score = f32::from(score.clamp(0, CERTAIN)) / 100.0;
            self.out.push(Match { entity, score, place: Place::Text, start, end, traits });
        }
    }

    fn literals(&mut self) {
        let program = self.program;
        let text = self.text;
        let mut clusters = std::mem::take(&mut self.buffers.clusters);
        program.literals.each(text, |hit, owners| {
            for &at in owners {
                match program.recognizer(at).map(|recognizer| &recognizer.anchor) {
                    Some(Anchor::Label(_)) => self.value_behind_phrase(at, &hit),
                    Some(Anchor::JsonWebToken) => self.web_token(at, hit.start),
                    _ => clusters.enter(text, at, hit.clone(), |cluster| self.pattern_around(cluster)),
                }
            }
        });
        clusters.finish(|cluster| self.pattern_around(cluster));
        self.buffers.clusters = clusters;
    }

    fn plain_regexes(&mut self) {
        for &at in &self.program.regex {
            let mut from = 0;
            while from < self.text.len() {
                let (_, to) = line_window(self.text, from, from);
                self.pattern_in(at, from..to, None);
                from = to + 1;
            }
        }
    }

    /// Matches of a recognizer's own pattern around the literals of `cluster`.
    fn pattern_around(&mut self, cluster: &Cluster) {
        let (from, to) = line_window(self.text, cluster.span.start, cluster.span.end);
        self.pattern_in(cluster.owner, from..to, Some(cluster));
    }

    /// Matches of a recognizer's own pattern within `window`, in which one of the literals of `must_hold` begins when some
    /// are given.
    fn pattern_in(&mut self, at: At, window: std::ops::Range<usize>, must_hold: Option<&Cluster>) {
        let Some(recognizer) = self.program.recognizer(at) else { return };
        let (Some(pattern), Some(text)) = (&recognizer.pattern, self.text.get(window.clone())) else { return };
        for hit in pattern.spans(text).take(MOST_MATCHES) {
            let span = window.start + hit.start..window.start + hit.end;
            if !span.is_empty() && must_hold.is_none_or(|cluster| cluster.begins_in(&span)) {
                let Some(value) = pattern.value_in(text, hit) else { continue };
                let span = window.start + value.start..window.start + value.end;
                let value = self.text.get(span.clone()).unwrap_or_default();
                let context = self.context(span.start);
                self.confirm(at, span, value, &context);
            }
        }
    }
}

/// The stretch of the line around `start..end` in which a custom pattern is run: at most 512 bytes each side, so that
/// no pattern runs away on a long line.
pub(super) fn line_window(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let from = start.saturating_sub(512);
    let from = text.get(from..start).and_then(|head| memchr::memrchr(b'\n', head)).map_or(from, |at| from + at + 1);
    let to = (end + 512).min(text.len());
    let to = text.get(end..to).and_then(|tail| memchr::memchr(b'\n', tail)).map_or(to, |at| end + at);
    (from, to)
}

/// Score and traits of a candidate, or `None` when a validator rejects it or it lacks the label that it needs.
pub(super) fn judge(recognizer: &Recognizer, candidate: &Candidate<'_>, standing: Standing) -> Option<(i16, Traits)> {
    if recognizer.label_required && standing < Standing::Weak {
        return None;
    }
    let mut score = recognizer.structure + points(standing);
    let mut traits = Traits::default();
    for validator in &recognizer.validators {
        let evidence = validator(candidate)?;
        debug_assert!(evidence.checksum <= Evidence::MOST_CHECKSUM && evidence.registry <= Evidence::MOST_REGISTRY);
        if evidence.label_required && standing < Standing::Weak {
            return None;
        }
        score += evidence.checksum + evidence.registry;
        traits = merge(traits, evidence.traits);
    }
    Some((score, traits))
}

fn merge(a: Traits, b: Traits) -> Traits {
    Traits {
        test_value: a.test_value || b.test_value,
        non_personal: a.non_personal || b.non_personal,
        organization: a.organization || b.organization,
        checksum_fails: a.checksum_fails || b.checksum_fails,
        whole: a.whole || b.whole,
        escaped: a.escaped || b.escaped,
        encoded: a.encoded || b.encoded,
        raised: 0,
        shift: 0,
    }
}

impl Sink for Pass<'_> {
    fn digits(&mut self, at: usize) -> usize {
        self.digit_cluster(at)
    }

    fn dotted_quad(&mut self, at: usize) {
        self.dotted_quad_at(at);
    }

    fn at_sign(&mut self, at: usize) {
        if !self.url_password(at) {
            self.email(at);
        }
    }

    fn hex_pairs(&mut self, at: usize) {
        if let Some(start) = at.checked_sub(2) {
            self.hex_groups(start, 2, 6);
        }
    }

    fn hex_quads(&mut self, at: usize) {
        if let Some(start) = at.checked_sub(4) {
            self.hex_groups(start, 4, 3);
        }
    }

    fn colon_hex(&mut self, at: usize) {
        self.ip_v6(at);
    }

    fn key_separator(&mut self, at: usize) {
        if byte(self.text, at) == b'>' {
            self.behind_bracket(at);
        // A URL scheme (https://) is no key.
        } else if byte(self.text, at + 1) != b'/' {
            self.value_behind_key(at);
        }
    }

    fn high(&mut self, at: usize) -> usize {
        self.han_stretch(at)
    }
}
