//! From rule syntax to compiled recognizers. Everything wrong with a rule is found here, before any data is read.

use super::derive::anchor_of;
use super::label::{LabelIndex, Says};
use super::pattern::Pattern;
use super::prefix::{FirstBytes, Prefixes};
use super::prepared;
use super::syntax::{AnchorSyntax, GrammarSyntax, LabelNeed, RecognizerSyntax, RuleSyntax};
use super::{EntityType, Rule};
use crate::finding::EntityId;
use crate::validate::{self, Validator};

/// Most digit groups in one candidate.
pub const MAX_GROUPS: usize = 6;
/// Longest digit group that a rule may ask for.
pub const MAX_DIGITS: usize = 32;

/// One compiled way of recognizing an entity type.
#[derive(Debug)]
pub struct Recognizer {
    /// The entity type.
    pub entity: EntityId,
    /// What must be present.
    pub anchor: Anchor,
    /// See [`RecognizerSyntax::pattern`]; anchored at both ends for `digits`, at the start for `label`.
    pub pattern: Option<Pattern>,
    /// See [`RecognizerSyntax::suffix`]; anchored at the start.
    pub suffix: Option<Pattern>,
    /// For `digits`: by the length of a value, what its first three digits may be, where the pattern says so.
    pub prefixes: Vec<Option<Prefixes>>,
    /// For `digits`: a `+` must stand before the value.
    pub plus: bool,
    /// For `label` and `word` with a pattern: what the first byte of a value may be, where the pattern says so.
    pub first_bytes: Option<FirstBytes>,
    /// For `label` with a pattern: its values are numbers that hold a Chinese numeral.
    pub spelled: bool,
    /// See [`RecognizerSyntax::separated`].
    pub separated: bool,
    /// See [`RecognizerSyntax::told`].
    pub told: bool,
    /// See [`RecognizerSyntax::listed`].
    pub listed: bool,
    /// See [`LabelNeed::Hinted`].
    pub hinted: bool,
    /// See [`RecognizerSyntax::whole`].
    pub whole: bool,
    /// See [`RecognizerSyntax::not_code`].
    pub not_code: bool,
    /// For `label`: phrases that a value may stand right behind.
    pub phrases: Vec<String>,
    /// Validators, each of which must pass.
    pub validators: Vec<Validator>,
    /// Points for its structure.
    pub structure: i16,
    /// Whether it counts only beside a label.
    pub label_required: bool,
    /// For `digits`: that label must stand right before it.
    pub label_adjacent: bool,
}

impl Recognizer {
    /// Whether its pattern may take a value that begins as `digits` does and is as long.
    pub fn may_take(&self, digits: &[u8]) -> bool {
        self.prefixes.get(digits.len()).and_then(Option::as_ref).is_none_or(|prefixes| prefixes.admit(digits))
    }
}

/// A compiled anchor.
#[derive(Debug)]
pub enum Anchor {
    /// Digit groups by their packed lengths ([`pack`]).
    Digits {
        /// Packed group lengths.
        groups: Vec<u64>,
        /// The last character may be `X`.
        check_letter: bool,
        /// Separators between groups.
        separators: Vec<u8>,
    },
    /// As in [`AnchorSyntax`].
    HexPairs,
    /// As in [`AnchorSyntax`].
    HexQuads,
    /// A run of this many hex digits.
    HexRun(usize),
    /// As in [`AnchorSyntax`].
    AtSign,
    /// What stands between `://USER:` and `@`.
    UrlPassword,
    /// As in [`AnchorSyntax`].
    DottedQuad,
    /// As in [`AnchorSyntax`].
    ColonHex,
    /// As in [`AnchorSyntax`].
    BesideAddress,
    /// The value behind a label: by grammar, else by pattern.
    Label(Option<GrammarSyntax>),
    /// A grammar over stretches with Han characters.
    Han(GrammarSyntax),
    /// A word of letters and digits with seven digits or more side by side; bit n: it may have n characters.
    Word(u64),
    /// One of these Han characters directly before a capital letter.
    HanLetter(Vec<char>),
    /// These literals.
    Literal(Vec<String>),
    /// As in [`AnchorSyntax`].
    JsonWebToken,
    /// The pattern runs over everything.
    Regex,
}

impl Anchor {
    /// What it is, for people, and whether the scan pass pays per byte for it.
    pub fn describe(&self) -> String {
        match self {
            Anchor::Digits { groups, check_letter, .. } => {
                let joined = |packed: &u64| unpack(*packed).iter().map(u32::to_string).collect::<Vec<_>>().join("-");
                let groups: Vec<String> = groups.iter().map(joined).collect();
                let letter = if *check_letter { ", the last may be X" } else { "" };
                format!("digits in groups of {}{letter}", groups.join(" or "))
            }
            Anchor::HexPairs => "six pairs of hex digits joined by : or -".to_owned(),
            Anchor::HexQuads => "three groups of four hex digits joined by .".to_owned(),
            Anchor::HexRun(length) => format!("{length} hex digits behind a label"),
            Anchor::AtSign => "@".to_owned(),
            Anchor::UrlPassword => "the password of a URL".to_owned(),
            Anchor::DottedQuad => "four groups of digits joined by .".to_owned(),
            Anchor::ColonHex => "hex groups joined by :".to_owned(),
            Anchor::BesideAddress => "what stands beside an address".to_owned(),
            Anchor::Label(_) => "the value behind a label".to_owned(),
            Anchor::Han(_) => "a stretch with Han characters".to_owned(),
            Anchor::Word(lengths) => {
                let lengths = (0..64).filter(|length| lengths >> length & 1 == 1);
                let lengths: Vec<String> = lengths.map(|length: u32| length.to_string()).collect();
                format!("a word of {} letters and digits with seven digits side by side", lengths.join(" or "))
            }
            Anchor::HanLetter(characters) => {
                format!("one of {} directly before a capital letter", characters.iter().collect::<String>())
            }
            Anchor::Literal(literals) => format!("one of the literals {literals:?}"),
            Anchor::JsonWebToken => "the payload of a JSON Web Token".to_owned(),
            Anchor::Regex => "none: the pattern runs over every byte, which is slow".to_owned(),
        }
    }
}

/// The group lengths that [`pack`] packed.
pub fn unpack(mut packed: u64) -> Vec<u32> {
    let mut lengths = Vec::new();
    while packed != 0 {
        lengths.push((packed & 63) as u32);
        packed >>= 6;
    }
    lengths.reverse();
    lengths
}

/// Group lengths as one number: six bits each.
pub fn pack(lengths: impl IntoIterator<Item = usize>) -> u64 {
    lengths.into_iter().fold(0, |packed, length| (packed << 6) | (length as u64 & 63))
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The line of the entry that is to blame, when one is.
    pub line: Option<u64>,
    /// In words for its author.
    pub reason: String,
}

/// Compiles `syntax` into the entity type with id `id`, its recognizers, and its labels (added to `labels`). Patterns of
/// `built_in` rules are known to be sound.
///
/// # Errors
/// What is wrong, in words for the author of the rule, and the line of the entry that is to blame.
pub fn compile(
    syntax: RuleSyntax,
    id: EntityId,
    labels: &mut LabelIndex,
    built_in: bool,
) -> Result<(EntityType, Rule), Flaw> {
    let whole = |reason: String| Flaw { line: None, reason };
    let name_is_standard = syntax.entity.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && syntax.entity.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
    if !name_is_standard {
        return Err(whole(format!("entity `{}`: upper-case letters, digits and _ only", syntax.entity)));
    }
    // Those of built-in rules may have been left out.
    if !built_in && (syntax.examples.is_empty() || syntax.counterexamples.is_empty()) {
        return Err(whole("a rule needs at least one example and one counterexample".to_owned()));
    }
    let mut recognizers = Vec::new();
    for (at, recognizer) in syntax.recognize.iter().enumerate() {
        let line = Some(recognizer.referenced.line());
        let flaw = |why: &str| Flaw { line, reason: format!("recognize[{at}]: {why}") };
        let compiled = compile_recognizer(&recognizer.value, id, built_in).map_err(|why| flaw(&why))?;
        let needs_labels = compiled.label_required || matches!(compiled.anchor, Anchor::Label(_));
        if needs_labels && syntax.labels.positive.is_empty() && syntax.labels.weak.is_empty() {
            return Err(flaw("needs a label, and the rule has none"));
        }
        recognizers.push(compiled);
    }
    if recognizers.is_empty() {
        return Err(whole("a rule needs at least one entry under `recognize`".to_owned()));
    }
    for (list, says) in [
        (&syntax.labels.positive, Says::Positive(id)),
        (&syntax.labels.weak, Says::Weak(id)),
        (&syntax.labels.abbreviated, Says::Abbreviated(id)),
        (&syntax.labels.negative, Says::Negative(id)),
    ] {
        list.iter().for_each(|label| labels.insert(label, says));
    }
    let entity = EntityType {
        id,
        name: syntax.entity.clone(),
        zh: syntax.zh.clone(),
        en: syntax.en.clone(),
        canonical: syntax.canonical,
        mask: syntax.mask.clone(),
        shape: syntax.shape,
        is_date: syntax.recognize.iter().any(|one| one.value.validators.iter().any(|name| name == "calendar_date")),
    };
    Ok((entity, Rule { syntax, file: String::new(), recognizers }))
}

/// Its pattern, anchored as the anchor wants it.
fn compile_pattern(anchor: &Anchor, syntax: &RecognizerSyntax, built_in: bool) -> Result<Option<Pattern>, String> {
    Ok(match (anchor, &syntax.pattern) {
        (Anchor::Digits { .. } | Anchor::HexRun(_) | Anchor::Word(_), Some(p)) => {
            Some(Pattern::whole(p, true, built_in)?)
        }
        (Anchor::Label(_) | Anchor::HanLetter(_) | Anchor::BesideAddress, Some(p)) => {
            Some(Pattern::at_beginning(p, p.is_ascii(), built_in)?)
        }
        (_, Some(p)) => Some(Pattern::new(p.clone(), false, built_in)?),
        (Anchor::Literal(_) | Anchor::Regex | Anchor::Word(_) | Anchor::HanLetter(_) | Anchor::BesideAddress, None) => {
            return Err("this anchor needs a `pattern`".to_owned());
        }
        (Anchor::Label(None), None) => return Err("anchor `label` needs a `pattern` or a `grammar`".to_owned()),
        (_, None) => None,
    })
}

fn compile_recognizer(syntax: &RecognizerSyntax, entity: EntityId, built_in: bool) -> Result<Recognizer, String> {
    if !(0..=60).contains(&syntax.structure) {
        return Err(format!("structure {} is not between 0 and 60", syntax.structure));
    }
    let anchor = compile_anchor(syntax)?;
    let pattern = compile_pattern(&anchor, syntax, built_in)?;
    let suffix = syntax.suffix.as_ref();
    let suffix = suffix.map(|s| Pattern::suffix(s, built_in)).transpose()?;
    let validators = syntax
        .validators
        .iter()
        .map(|name| {
            validate::by_name(name).ok_or_else(|| {
                let known: Vec<_> = validate::VALIDATORS.iter().map(|(name, _)| *name).collect();
                format!("no validator `{name}`; there are: {}", known.join(", "))
            })
        })
        .collect::<Result<_, _>>()?;
    let label_required = matches!(syntax.label, LabelNeed::Required | LabelNeed::Adjacent);
    let label_adjacent = syntax.label == LabelNeed::Adjacent;
    let prefixes = match (&anchor, &syntax.pattern) {
        (Anchor::Digits { groups, .. }, Some(pattern)) => {
            let mut lengths: Vec<usize> =
                groups.iter().map(|group| unpack(*group).iter().sum::<u32>() as usize).collect();
            lengths.sort_unstable();
            lengths.dedup();
            prepared::prefixes(pattern, &lengths)
        }
        _ => Vec::new(),
    };
    let first_bytes = match (&anchor, &syntax.pattern) {
        (Anchor::Label(None) | Anchor::Word(_), Some(pattern)) => prepared::first_bytes(pattern),
        _ => None,
    };
    let RecognizerSyntax { structure, plus, separated, told, listed, whole, not_code, .. } = *syntax;
    if (separated || told || listed || whole || not_code) && !matches!(anchor, Anchor::Label(None)) {
        return Err(
            "`separated`, `told`, `listed`, `whole` and `not_code` are for anchor `label` with a `pattern`".to_owned()
        );
    }
    // What else a value of a rule of the user's own may hold, nobody knows.
    let spelled = built_in
        && matches!(anchor, Anchor::Label(None))
        && syntax.validators.iter().any(|name| name == "spelled_digits");
    let phrases = match anchor {
        Anchor::Label(_) => syntax.literals.clone(),
        _ => Vec::new(),
    };
    if phrases.iter().any(|phrase| phrase.len() < 3) {
        return Err("the `literals` of anchor `label` are phrases of three bytes or more".to_owned());
    }
    if syntax.label == LabelNeed::Hinted && !matches!(anchor, Anchor::Label(None)) {
        return Err("`label: hinted` is for anchor `label` with a `pattern`".to_owned());
    }
    if (plus || label_adjacent) && !matches!(anchor, Anchor::Digits { .. }) {
        return Err("`plus` and `label: adjacent` are for anchor `digits`".to_owned());
    }
    Ok(Recognizer {
        entity,
        anchor,
        pattern,
        suffix,
        prefixes,
        plus,
        first_bytes,
        spelled,
        separated,
        told,
        listed,
        hinted: syntax.label == LabelNeed::Hinted,
        whole,
        not_code,
        phrases,
        validators,
        structure,
        label_required,
        label_adjacent,
    })
}

fn compile_anchor(syntax: &RecognizerSyntax) -> Result<Anchor, String> {
    let Some(anchor) = syntax.anchor else {
        return Ok(anchor_of(syntax.pattern.as_deref().ok_or("needs an `anchor` or a `pattern`")?));
    };
    Ok(match anchor {
        AnchorSyntax::Digits => {
            let groups = syntax.groups.iter().map(|group| parse_groups(group)).collect::<Result<Vec<_>, _>>()?;
            if groups.is_empty() {
                return Err("anchor `digits` needs `groups`, such as [\"11\", \"3-4-4\"]".to_owned());
            }
            let separators = syntax.separators.as_deref().unwrap_or(" -.").bytes().collect();
            Anchor::Digits { groups, check_letter: syntax.check_letter, separators }
        }
        AnchorSyntax::HexPairs => Anchor::HexPairs,
        AnchorSyntax::HexQuads => Anchor::HexQuads,
        AnchorSyntax::HexRun => match syntax.length {
            Some(length @ 8..=128) => Anchor::HexRun(length),
            _ => return Err("anchor `hex_run` needs a `length` between 8 and 128".to_owned()),
        },
        AnchorSyntax::AtSign => Anchor::AtSign,
        AnchorSyntax::UrlPassword => Anchor::UrlPassword,
        AnchorSyntax::DottedQuad => Anchor::DottedQuad,
        AnchorSyntax::ColonHex => Anchor::ColonHex,
        AnchorSyntax::BesideAddress => Anchor::BesideAddress,
        AnchorSyntax::Label => Anchor::Label(syntax.grammar),
        AnchorSyntax::Han => Anchor::Han(syntax.grammar.ok_or("anchor `han` needs a `grammar`")?),
        AnchorSyntax::Word => {
            let lengths = syntax.groups.iter().map(|group| parse_groups(group)).collect::<Result<Vec<_>, _>>()?;
            if lengths.is_empty() || lengths.iter().any(|length| *length > MAX_DIGITS as u64) {
                return Err("anchor `word` needs its lengths as `groups`, such as [\"18\"]".to_owned());
            }
            Anchor::Word(lengths.iter().fold(0, |bits, length| bits | 1 << length))
        }
        AnchorSyntax::HanLetter => match syntax.literals.iter().map(|text| han_character(text)).collect() {
            Some(characters) => Anchor::HanLetter(characters),
            None => return Err("anchor `han_letter` needs single Han characters as `literals`".to_owned()),
        },
        AnchorSyntax::Literal if syntax.literals.iter().any(|l| l.len() >= 2) => {
            Anchor::Literal(syntax.literals.clone())
        }
        AnchorSyntax::Literal => return Err("anchor `literal` needs `literals` of two bytes or more".to_owned()),
        AnchorSyntax::JsonWebToken => Anchor::JsonWebToken,
        AnchorSyntax::Regex => Anchor::Regex,
    })
}

fn han_character(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let first = characters.next().filter(|character| matches!(character, '\u{3400}'..='\u{9FFF}'));
    first.filter(|_| characters.next().is_none())
}

fn parse_groups(text: &str) -> Result<u64, String> {
    let lengths: Vec<usize> = text.split('-').map(str::parse).collect::<Result<_, _>>().unwrap_or_default();
    if lengths.is_empty() || lengths.len() > MAX_GROUPS || lengths.iter().any(|l| !(1..=MAX_DIGITS).contains(l)) {
        return Err(format!("groups `{text}`: one to {MAX_GROUPS} lengths between 1 and {MAX_DIGITS}, joined by -"));
    }
    Ok(pack(lengths))
}
