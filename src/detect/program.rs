//! The program of a detector: for every kind of anchor, the few recognizers that asked for it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use foldhash::fast::FixedState;

use super::bitmap::{LookBack, fastest_look_back};
use super::characters::Characters;
use super::companion_keys::CompanionKeys;
use super::group_pairs::GroupPairs;
use super::kinds::Kinds;
use super::literal::Literals;
use super::scan::Wanted;
use super::sight::Sights;
use super::value_memo::ValueMemo;
use super::web_token;
use crate::finding::EntityId;
use crate::rule::compile::{Anchor, MAX_DIGITS, Recognizer, unpack};
use crate::rule::label::{GENERAL, Says};
use crate::rule::syntax::GrammarSyntax;
use crate::rule::tail::TailFilter;
use crate::rule::{Mask, RuleSet};

/// Where a recognizer stands: rule, then entry under `recognize`.
pub(super) type At = (u16, u16);

/// Recognizers by anchor, and automata over labels and literals.
pub(super) struct Program {
    pub(super) rules: Arc<RuleSet>,
    /// Take no shortcut: look at every place, and refuse nothing before it was looked at. For tests.
    pub(super) plain: bool,
    /// A match that is a whole value, and as certain as can be, ends the look at it: nothing could win over it. A rule of
    /// the user's own could.
    pub(super) settles: bool,
    /// By packed group lengths.
    pub(super) groups: HashMap<u64, Vec<At>, FixedState>,
    /// Those in one group, by its length.
    pub(super) singles: Vec<Vec<At>>,
    /// Whether digits may be of an entity type, by its id.
    pub(super) of_digits: Vec<bool>,
    /// What decides at first sight about each of those.
    pub(super) sights: Vec<Sights>,
    /// Which two of them may stand side by side.
    pub(super) pairs: GroupPairs,
    /// What the scan must tell of for them.
    pub(super) wanted: Wanted,
    /// How to see what stands before a place.
    pub(super) look_back: LookBack,
    /// Labels that a candidate made of digits may need.
    pub(super) digit_labels: TailFilter,
    /// Labels that must stand right before such a candidate.
    pub(super) adjacent_labels: TailFilter,
    /// Labels that values start from.
    pub(super) start_labels: TailFilter,
    pub(super) characters: Characters,
    pub(super) hex_pairs: Vec<At>,
    pub(super) hex_quads: Vec<At>,
    pub(super) at_sign: Vec<At>,
    pub(super) url_passwords: Vec<At>,
    pub(super) dotted_quad: Vec<At>,
    pub(super) colon_hex: Vec<At>,
    pub(super) beside_address: Vec<At>,
    /// Those that start from a label, by entity id: label anchors and hex runs.
    pub(super) from_label: Vec<Vec<At>>,
    /// Whether some value starts from a label, by its number.
    pub(super) starting: Vec<bool>,
    /// The length of the label, where the object around a key may say more than it does, or else 0; by its number.
    pub(super) general: Vec<u8>,
    pub(super) han: Vec<At>,
    /// Those that look for names without a label.
    pub(super) free_names: Vec<At>,
    pub(super) words: Vec<At>,
    /// The longest value of those, in bytes.
    pub(super) longest_word: usize,
    /// By entity id: whether its values are base64; empty where none are.
    pub(super) decoded: Vec<bool>,
    pub(super) han_letters: Vec<At>,
    pub(super) regex: Vec<At>,
    /// Those of the `literal` rules.
    pub(super) literals: Literals,
    /// All labels that hold a Han character.
    pub(super) han_labels: LazyAutomaton,
    /// Those of them that some `from_label` recognizer starts from. For tests.
    pub(super) han_starts: LazyAutomaton,
    /// What is said of a column of which the values are person names, and the name says nothing.
    pub(super) name_column: Vec<Says>,
    /// What values in a record may be.
    pub(super) kinds: Kinds,
    /// All companions of weak labels, by entity id.
    pub(super) companions: Vec<LazyAutomaton>,
    /// Those that must be whole keys.
    pub(super) companion_keys: Vec<CompanionKeys>,
    /// What was found in the values of columns lately.
    pub(super) values: ValueMemo,
}

/// An automaton that is built when it is first asked: building it is a good part of the start-up.
#[derive(Default)]
pub(super) struct LazyAutomaton {
    patterns: Vec<String>,
    built: OnceLock<Option<AhoCorasick>>,
}

impl LazyAutomaton {
    fn new(patterns: &[&str]) -> LazyAutomaton {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        LazyAutomaton { patterns, built: OnceLock::new() }
    }

    /// The automaton; `None` where there is nothing to look for.
    pub(super) fn get(&self) -> Option<&AhoCorasick> {
        self.built.get_or_init(|| automaton(&self.patterns)).as_ref()
    }
}

impl Program {
    pub(super) fn new(rules: Arc<RuleSet>) -> Program {
        let mut program = Program {
            plain: false,
            settles: !rules.entities().iter().any(|entity| rules.is_own(entity.id)),
            groups: HashMap::default(),
            singles: vec![Vec::new(); MAX_DIGITS + 1],
            sights: Vec::new(),
            pairs: GroupPairs::default(),
            wanted: Wanted::default(),
            look_back: fastest_look_back(),
            digit_labels: TailFilter::new(std::iter::empty()),
            adjacent_labels: TailFilter::new(std::iter::empty()),
            start_labels: TailFilter::new(std::iter::empty()),
            characters: Characters::default(),
            hex_pairs: Vec::new(),
            hex_quads: Vec::new(),
            at_sign: Vec::new(),
            url_passwords: Vec::new(),
            dotted_quad: Vec::new(),
            colon_hex: Vec::new(),
            beside_address: Vec::new(),
            from_label: vec![Vec::new(); rules.rules().len()],
            of_digits: Vec::new(),
            starting: Vec::new(),
            general: Vec::new(),
            han: Vec::new(),
            free_names: Vec::new(),
            words: Vec::new(),
            longest_word: 0,
            decoded: Vec::new(),
            han_letters: Vec::new(),
            regex: Vec::new(),
            literals: Literals::default(),
            han_labels: LazyAutomaton::default(),
            han_starts: LazyAutomaton::default(),
            name_column: rules
                .entities()
                .iter()
                .find(|e| e.mask == Mask::PersonName)
                .map(|e| Says::Weak(e.id))
                .into_iter()
                .collect(),
            kinds: Kinds::new(&rules),
            companions: Vec::new(),
            companion_keys: Vec::new(),
            values: ValueMemo::default(),
            rules: Arc::clone(&rules),
        };
        let mut literals: Vec<(&str, At)> = Vec::new();
        for (rule_at, rule) in rules.rules().iter().enumerate() {
            for (at, recognizer) in rule.recognizers.iter().enumerate() {
                program.enter(recognizer, (rule_at as u16, at as u16), &mut literals);
            }
            let companions: Vec<&str> = rule.syntax.labels.companions.iter().map(String::as_str).collect();
            program.companions.push(LazyAutomaton::new(&companions));
            program.companion_keys.push(CompanionKeys::new(&rule.syntax.labels.companion_keys));
        }
        let singles = program.singles.iter().enumerate();
        let of_length = |(length, list): (usize, &Vec<At>)| {
            Sights::new(length, list.iter().filter_map(|at| program.recognizer(*at)))
        };
        program.sights = singles.map(of_length).collect();
        let decodes = |rule: &crate::rule::Rule| rule.syntax.decode.is_some();
        if rules.rules().iter().any(decodes) {
            program.decoded = rules.rules().iter().map(decodes).collect();
        }
        program.literals = Literals::new(&literals);
        program.enter_labels(&rules);
        program
    }

    /// Whether a companion of a weak label for `entity` stands in `text`.
    pub(super) fn has_companion(&self, entity: EntityId, text: &[u8]) -> bool {
        let companions = self.companions.get(usize::from(entity.0)).and_then(LazyAutomaton::get);
        companions.is_some_and(|found| found.is_match(text))
            || self.companion_keys.get(usize::from(entity.0)).is_some_and(|keys| keys.stand_in(text))
    }

    /// Makes of the labels what finds them: automata for those in running Han text, filters for their ends.
    fn enter_labels(&mut self, rules: &RuleSet) {
        let (mut labels, mut starts): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        let mixed = mixed_spellings(rules);
        for (rule, spelled) in &mixed {
            labels.extend(spelled.iter().map(String::as_str));
            if self.from_label.get(*rule).is_some_and(|list| !list.is_empty()) {
                starts.extend(spelled.iter().map(String::as_str));
            }
        }
        for (rule, from_label) in rules.rules().iter().zip(&self.from_label) {
            let names = &rule.syntax.labels;
            let says = names.positive.iter().chain(&names.weak).chain(&names.abbreviated);
            for label in says.filter(|label| !label.is_ascii()) {
                labels.push(label);
                if !from_label.is_empty() {
                    starts.push(label);
                }
            }
            let negative = names.negative.iter().map(String::as_str).filter(|label| !label.is_ascii());
            labels.extend(negative.clone());
            // No value starts from a label inside of another that speaks against it: 单号 in 采购单号.
            starts.extend(negative);
        }
        let negatives = || rules.labels().negatives_for_all().filter(|label| !label.is_ascii());
        labels.extend(negatives());
        starts.extend(negatives());
        self.han_labels = LazyAutomaton::new(&labels);
        self.han_starts = LazyAutomaton::new(&starts);
        let leads = self.han_letters.iter().filter_map(|at| match &self.recognizer(*at)?.anchor {
            Anchor::HanLetter(characters) => Some(characters.as_slice()),
            _ => None,
        });
        self.characters = Characters::new(&starts, rules.labels(), leads.flatten(), !self.free_names.is_empty());
        let of_general = |label: &[u8]| GENERAL.iter().any(|general| general.as_bytes() == label);
        let speaks_for = |ids: &[bool]| {
            let speaks = |says: &[Says]| {
                says.iter().any(|said| match said {
                    Says::Positive(id) | Says::Weak(id) | Says::Abbreviated(id) => {
                        ids.get(usize::from(id.0)).copied().unwrap_or_default()
                    }
                    Says::Negative(_) | Says::NegativeForAll => false,
                })
            };
            TailFilter::new(rules.labels().iter().filter(|(_, says)| speaks(says)).map(|(label, _)| label))
        };
        let of = |is_adjacent: bool| -> Vec<bool> {
            let is_wanted = |recognizer: &Recognizer| {
                matches!(recognizer.anchor, Anchor::Digits { .. }) && recognizer.label_adjacent == is_adjacent
            };
            rules.rules().iter().map(|rule| rule.recognizers.iter().any(is_wanted)).collect()
        };
        let (of_digits, of_adjacent) = (of(false), of(true));
        let of_starts: Vec<bool> = self.from_label.iter().map(|list| !list.is_empty()).collect();
        let starts = |said: &Says| match said {
            Says::Positive(id) | Says::Weak(id) | Says::Abbreviated(id) => {
                of_starts.get(usize::from(id.0)).copied().unwrap_or_default()
            }
            Says::Negative(_) | Says::NegativeForAll => false,
        };
        self.starting =
            (0..rules.labels().numbers()).map(|number| rules.labels().says(number).iter().any(starts)).collect();
        self.digit_labels = speaks_for(&of_digits);
        let of_starts = rules.labels().iter().filter(|(label, says)| says.iter().any(starts) || of_general(label));
        self.start_labels = TailFilter::new(of_starts.map(|(label, _)| label));
        self.general = vec![0; rules.labels().numbers() as usize];
        for general in GENERAL {
            let number = rules.labels().number_of_word(general.as_bytes(), 0..general.len());
            if let Some(slot) = self.general.get_mut(number as usize).filter(|_| number > 0) {
                *slot = general.len() as u8;
            }
        }
        self.adjacent_labels = speaks_for(&of_adjacent);
        self.of_digits = of_digits;
    }

    fn enter<'r>(&mut self, recognizer: &'r Recognizer, at: At, literals: &mut Vec<(&'r str, At)>) {
        match &recognizer.anchor {
            Anchor::Digits { groups, .. } => {
                self.pairs.enter(recognizer);
                for packed in groups {
                    self.groups.entry(*packed).or_default().push(at);
                    let lengths = unpack(*packed);
                    if let [length] = lengths.as_slice()
                        && let Some(list) = self.singles.get_mut(*length as usize)
                    {
                        list.push(at);
                    }
                    if !Wanted::by_groups(&lengths) {
                        let longest = lengths.iter().copied().max().unwrap_or(1);
                        self.wanted.run = self.wanted.run.min(longest);
                    }
                }
            }
            Anchor::HexPairs => self.hex_pairs.push(at),
            Anchor::HexQuads => self.hex_quads.push(at),
            Anchor::AtSign => self.at_sign.push(at),
            Anchor::UrlPassword => self.url_passwords.push(at),
            Anchor::DottedQuad => self.dotted_quad.push(at),
            Anchor::ColonHex => self.colon_hex.push(at),
            Anchor::BesideAddress => self.beside_address.push(at),
            Anchor::Label(_) | Anchor::HexRun(_) => {
                literals.extend(recognizer.phrases.iter().map(|phrase| (phrase.as_str(), at)));
                if let Some(list) = self.from_label.get_mut(usize::from(at.0)) {
                    list.push(at);
                }
            }
            Anchor::Han(GrammarSyntax::PersonName) => self.free_names.push(at),
            Anchor::Han(GrammarSyntax::CnAddress) => self.han.push(at),
            Anchor::Word(lengths) => {
                self.words.push(at);
                self.longest_word =
                    self.longest_word.max(lengths.checked_ilog2().unwrap_or_default().min(MAX_DIGITS as u32) as usize);
            }
            Anchor::HanLetter(_) => self.han_letters.push(at),
            Anchor::Literal(own) => {
                literals.extend(own.iter().map(|literal| (literal.as_str(), at)));
            }
            Anchor::JsonWebToken => literals.push((web_token::PAYLOAD, at)),
            Anchor::Regex => self.regex.push(at),
        }
    }

    /// The recognizer at `at`.
    pub(super) fn recognizer(&self, at: At) -> Option<&Recognizer> {
        self.rules.rules().get(usize::from(at.0))?.recognizers.get(usize::from(at.1))
    }
}

pub(super) fn automaton<P: AsRef<[u8]>>(patterns: &[P]) -> Option<AhoCorasick> {
    if patterns.is_empty() {
        return None;
    }
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok()
}
/// Other spellings of the labels that have Latin letters beside Han characters, by rule: in running Han text letter case
/// counts.
fn mixed_spellings(rules: &RuleSet) -> Vec<(usize, Vec<String>)> {
    let of_rule = |rule: &crate::rule::Rule| {
        let names = &rule.syntax.labels;
        let labels = names.positive.iter().chain(&names.weak).chain(&names.abbreviated);
        let is_mixed = |label: &&String| !label.is_ascii() && label.bytes().any(|byte| byte.is_ascii_alphabetic());
        let spellings = |label: &String| {
            let lower = label.to_ascii_lowercase();
            let wifi = ["WiFi", "Wifi", "Wi-Fi"].map(|spelled| lower.replace("wifi", spelled));
            [lower, label.to_ascii_uppercase()].into_iter().chain(wifi)
        };
        labels.filter(is_mixed).flat_map(spellings).collect()
    };
    rules.rules().iter().map(of_rule).enumerate().collect()
}
