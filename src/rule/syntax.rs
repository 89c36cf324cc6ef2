//! The YAML of a rule file, as written. Nothing here is compiled or checked beyond its shape: see `compile`. The build
//! script reads rules by it as well, and writes them for `prepared`.

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::{Canonical, Mask, Shape};

/// One rule file: one entity type.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSyntax {
    /// Entity type: upper case letters, digits and `_`.
    pub entity: String,
    /// What other tools call it.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// The standard or document that says how the identifier is built.
    pub source: String,
    /// Canonical form of its values.
    pub canonical: Canonical,
    /// Default mask.
    pub mask: Mask,
    /// Same-shape bijection, when it has one.
    #[serde(default)]
    pub shape: Option<Shape>,
    /// How its values are encoded, when they hold text in which other identifiers are to be looked for.
    #[serde(default)]
    pub decode: Option<Decode>,
    /// Words near a value.
    #[serde(default)]
    pub labels: LabelSyntax,
    /// Ways in which the type is recognized.
    pub recognize: Vec<Spanned<RecognizerSyntax>>,
    /// Texts in which it must be found.
    pub examples: Vec<Spanned<Example>>,
    /// Texts in which it must not be found.
    pub counterexamples: Vec<Spanned<Counterexample>>,
}

/// What another tool calls an entity type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// Whose name it is.
    pub vocabulary: Vocabulary,
    /// The name there.
    pub name: String,
    /// There it means more than this entity type; others may have it as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub broader: bool,
}

/// Tools whose names for entity types are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vocabulary {
    /// Microsoft Presidio: entity types.
    Presidio,
    /// Google Cloud Sensitive Data Protection: infoTypes.
    Google,
    /// ByteDance godlp: info types.
    Godlp,
}

impl Vocabulary {
    /// Its name in rule files.
    pub fn name(self) -> &'static str {
        match self {
            Vocabulary::Presidio => "presidio",
            Vocabulary::Google => "google",
            Vocabulary::Godlp => "godlp",
        }
    }
}

/// Labels of an entity type: see design.md §1. Letter case, `_`, `-` and spaces do not count.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSyntax {
    /// Labels that say that the value is of this type.
    #[serde(default)]
    pub positive: Vec<String>,
    /// Labels that say so only when a companion stands in the same line or record.
    #[serde(default)]
    pub weak: Vec<String>,
    /// Abbreviations that stand for other things as well (`xb`, `zh`): labels with a companion, and none without.
    #[serde(default)]
    pub abbreviated: Vec<String>,
    /// Words that make weak labels and abbreviations count.
    #[serde(default)]
    pub companions: Vec<String>,
    /// Keys and column names that do so: whole words only, in any letter case. For short ones, which are a part of many a
    /// word: `xm`.
    #[serde(default)]
    pub companion_keys: Vec<String>,
    /// Labels that say that the value is something else.
    #[serde(default)]
    pub negative: Vec<String>,
}

impl LabelSyntax {
    /// How many labels there are.
    pub(super) fn count(&self) -> usize {
        [&self.positive, &self.weak, &self.abbreviated, &self.negative].iter().map(|list| list.len()).sum()
    }
}

/// One way of recognizing an entity type.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecognizerSyntax {
    /// The cheap thing that must be present. When absent, literals that every match of `pattern` must begin or end
    /// with are the anchor; where there are none, the pattern runs over everything.
    #[serde(default)]
    pub anchor: Option<AnchorSyntax>,
    /// `digits`: lengths of the digit groups, as `"11"` or `"3-4-4"`. `word`: lengths of the word.
    #[serde(default)]
    pub groups: Vec<String>,
    /// `digits`: the last character may be `X`.
    #[serde(default)]
    pub check_letter: bool,
    /// `digits`: separators between groups; all of space, `-` and `.` when absent.
    #[serde(default)]
    pub separators: Option<String>,
    /// `hex_run`: its length.
    #[serde(default)]
    pub length: Option<usize>,
    /// `literal`: the literals, one of which must stand in the match. `han_letter`: the Han characters. `label`: phrases
    /// behind which, and one space, the value may stand: `my name is`. Letter case counts.
    #[serde(default)]
    pub literals: Vec<String>,
    /// Regular expression. `digits`, `word`: of the whole value without separators; `label`: of the value behind the
    /// label, from its start; `han_letter`: from the character on; `literal` and `regex`: of the match; `beside_address`: of
    /// the value, from its start. With a group `(?P<value>…)`, of the value and what stands around it.
    #[serde(default)]
    pub pattern: Option<String>,
    /// `digits`: a `+` must stand before the value, and belongs to it.
    #[serde(default)]
    pub plus: bool,
    /// `digits`: what may follow and then belongs to the match, such as an extension.
    #[serde(default)]
    pub suffix: Option<String>,
    /// `label`, `han`: the grammar that finds the value.
    #[serde(default)]
    pub grammar: Option<GrammarSyntax>,
    /// `label` with a pattern: only behind a label and a separator (`:` or `=`), for values that could be any word.
    #[serde(default)]
    pub separated: bool,
    /// `label` with a pattern: as `separated`, but right behind a label without a separator (密码Abc12345) it may stand as
    /// well, where it holds a digit and no Han character goes on behind it.
    #[serde(default)]
    pub told: bool,
    /// `label` with a pattern: as `separated`, but behind a verb (学历是本科) as well; for patterns that list what there is.
    #[serde(default)]
    pub listed: bool,
    /// `label` with a pattern: what the pattern begins goes on to the end of the cell in a column that is named so, and
    /// to the closing quotation mark where the value is quoted.
    #[serde(default)]
    pub whole: bool,
    /// `label` with a pattern: source code and sentences behind the label are no values. Literals in quotation marks are.
    #[serde(default)]
    pub not_code: bool,
    /// Validators by name; each must pass.
    #[serde(default)]
    pub validators: Vec<String>,
    /// Points (0 to 60) for its structure alone.
    pub structure: i16,
    /// Whether it counts only beside a label.
    #[serde(default)]
    pub label: LabelNeed,
}

/// Anchors: see design.md §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorSyntax {
    /// Groups of decimal digits.
    Digits,
    /// Six pairs of hex digits joined by `:` or `-`.
    HexPairs,
    /// Three groups of four hex digits joined by `.`.
    HexQuads,
    /// A run of hex digits of one length.
    HexRun,
    /// `@`.
    AtSign,
    /// What stands between `://USER:` and `@` (RFC 3986 §3.2.1). Counts as labelled.
    UrlPassword,
    /// Four groups of digits joined by `.`.
    DottedQuad,
    /// Hex groups joined by `:`.
    ColonHex,
    /// What stands beside an address.
    BesideAddress,
    /// A label in front of the value.
    Label,
    /// A stretch with Han characters.
    Han,
    /// A word of letters and digits with seven digits or more side by side.
    Word,
    /// One of some Han characters directly before a capital letter.
    HanLetter,
    /// One of some literals.
    Literal,
    /// A JSON Web Token (RFC 7519), by the beginning of its payload.
    JsonWebToken,
    /// None: the pattern runs over everything.
    Regex,
}

/// How the values of an entity type are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decode {
    /// Base64, with either alphabet (RFC 4648 §4, §5), padded or not.
    Base64,
}

/// Whether a recognizer needs a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelNeed {
    /// A label adds to the score.
    #[default]
    Optional,
    /// Without a label there is no match.
    Required,
    /// `digits`: without a label right before it there is no match, whatever stands further left.
    Adjacent,
    /// `label`: an abbreviation will do without a companion, as the value tells enough (`余额128.50元`).
    Hinted,
}

/// Grammars that are code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrammarSyntax {
    /// `detect::address`.
    CnAddress,
    /// `detect::name`.
    PersonName,
}

/// A text and what must be found in it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The text.
    pub text: String,
    /// The exact span that must be found.
    pub r#match: String,
    /// Least score.
    #[serde(default = "Example::least_score")]
    pub score: f32,
    /// When given, `text` is a whole cell of a column of this name.
    #[serde(default)]
    pub column: Option<String>,
}

impl Example {
    fn least_score() -> f32 {
        0.6
    }
}

/// A text in which the entity type must not be found (score 0.6 and up, personal).
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Counterexample {
    /// The text.
    pub text: String,
    /// Why not.
    pub why: String,
    /// When given, `text` is a whole cell of a column of this name.
    #[serde(default)]
    pub column: Option<String>,
}
