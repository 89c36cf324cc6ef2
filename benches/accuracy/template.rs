//! Templates of documents: text with places for values.
//!
//! `[[mobile]]` is a planted value, which must be found; `[[?hotline]]` may be found, as what it is, or not; `[[~uuid]]`
//! is nobody's data and must not be found, but for the few kinds in `passing`. Names of values are those of
//! `values::VALUES` and `noise::NOISE`.

use crate::noise::{NOISE, Noise};
use crate::values::{VALUES, Value};

/// Templates of a kind, one a line.
struct Texts {
    /// By those who wrote the rules.
    ours: &'static str,
    /// By others, who had seen neither the rules nor our templates; for tuning.
    others: &'static str,
    /// By others again, and nobody who changes a rule has opened them; for judging.
    judges: &'static str,
}

macro_rules! texts {
    ($name:literal) => {
        Texts {
            ours: include_str!(concat!("templates/", $name)),
            others: include_str!(concat!("templates/others/", $name)),
            judges: include_str!(concat!("templates/judges/", $name)),
        }
    };
}

/// What a document is a sample of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Lines of logs.
    Log,
    /// CSV files.
    Csv,
    /// Events, one JSON object a line.
    Ndjson,
    /// Chat, and what customers and the service desk write.
    Chat,
    /// Dumps of PostgreSQL and MySQL.
    Sql,
    /// Sentences in which people act, without a label.
    Prose,
    /// Lines that say nothing of what is in them.
    Stray,
    /// Tables whose columns do not say what they hold.
    StrayTable,
}

/// Who wrote a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// Those who wrote the rules.
    Ours,
    /// Others, who had seen neither the rules nor our templates: those of one folder for tuning, of another for judging.
    Others,
}

/// Those of which only calibration is made: in no table of what was found.
pub(crate) const STRAYS: [Kind; 2] = [Kind::Stray, Kind::StrayTable];

/// The kinds, in the order of reports.
pub(crate) const KINDS: [Kind; 6] = [Kind::Log, Kind::Csv, Kind::Ndjson, Kind::Chat, Kind::Sql, Kind::Prose];

impl Kind {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Log => "log",
            Kind::Csv => "csv",
            Kind::Ndjson => "ndjson",
            Kind::Chat => "chat",
            Kind::Sql => "sql",
            Kind::Prose => "prose",
            Kind::Stray => "stray",
            Kind::StrayTable => "stray table",
        }
    }

    /// The file of this name in one of the folders.
    fn texts(self) -> Texts {
        match self {
            Kind::Log => texts!("log.txt"),
            Kind::Csv => texts!("csv.txt"),
            Kind::Ndjson => texts!("ndjson.txt"),
            Kind::Chat => texts!("chat.txt"),
            Kind::Sql => texts!("sql.txt"),
            Kind::Prose => texts!("prose.txt"),
            Kind::Stray => Texts { ours: include_str!("templates/strays.txt"), others: "", judges: "" },
            Kind::StrayTable => Texts { ours: include_str!("templates/stray_tables.txt"), others: "", judges: "" },
        }
    }
}

/// Which half a template belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Half {
    /// Rules may be improved by looking at it.
    Tuning,
    /// Only the figures are looked at.
    Judging,
}

impl Half {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Half::Tuning => "tuning",
            Half::Judging => "judging",
        }
    }

    /// The half of a template, by the FNV-1a hash of its text: it stays where it is when others come and go. What was
    /// noise once, as amounts and numbers of customers were, counts as it was written then.
    pub(crate) fn of(template: &str) -> Half {
        let template = template.replace("[[amount]]", "[[~price]]");
        let template = template.replace("[[amount_n", "[[~n").replace("[[user_n", "[[~n");
        let template =
            template.replace("[[user_C_n", "C[[~n").replace("[[user_E_n", "E[[~n").replace("[[spouse]]", "配偶");
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        let hash = template.bytes().fold(0xCBF2_9CE4_8422_2325, step);
        // The high bits depend on all bytes.
        if (hash >> 40) & 1 == 0 { Half::Tuning } else { Half::Judging }
    }
}

/// A part of a template.
#[derive(Clone, Copy)]
pub(crate) enum Piece {
    /// As it is written.
    Text(&'static str),
    /// A value that must be found.
    Planted(&'static Value),
    /// A value that may be found.
    Optional(&'static Value),
    /// What must not be found.
    Noise(&'static Noise),
}

/// A template, taken apart.
pub(crate) struct Template {
    /// Its half.
    pub(crate) half: Half,
    /// As it is written.
    pub(crate) source: &'static str,
}

/// The templates of a kind. Empty lines and those that begin with `# ` are passed over.
///
/// Ours are in the half that their hash says; those of others are in two folders, one for each half.
pub(crate) fn templates(kind: Kind, author: Author) -> impl Iterator<Item = Template> {
    let texts = kind.texts();
    let folders = match author {
        Author::Ours => [(texts.ours, None), ("", None)],
        Author::Others => [(texts.others, Some(Half::Tuning)), (texts.judges, Some(Half::Judging))],
    };
    folders.into_iter().flat_map(|(text, half)| {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
        lines.map(move |source| Template { half: half.unwrap_or_else(|| Half::of(source)), source })
    })
}

/// Takes the text of a template apart.
///
/// # Errors
/// With the place that no value is called by.
pub(crate) fn pieces(source: &'static str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some((before, after)) = split_at_opening(rest) {
        let (name, behind) = after.split_once("]]").ok_or_else(|| format!("{source}: [[ without ]]"))?;
        pieces.push(Piece::Text(before));
        let unknown = || format!("{source}: nothing is called {name}");
        let value = |name: &str| VALUES.iter().find(|value| value.name == name).ok_or_else(unknown);
        pieces.push(match name.split_at_checked(1) {
            Some(("~", name)) => Piece::Noise(NOISE.iter().find(|noise| noise.name == name).ok_or_else(unknown)?),
            Some(("?", name)) => Piece::Optional(value(name)?),
            _ => Piece::Planted(value(name)?),
        });
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// What is before and behind the next `[[`. Of three brackets, the first is text.
fn split_at_opening(text: &'static str) -> Option<(&'static str, &'static str)> {
    let at = text.find("[[")?;
    let (_, from) = text.split_at_checked(at)?;
    let more = from.bytes().take_while(|byte| *byte == b'[').count() - 2;
    let (before, opening) = text.split_at_checked(at + more)?;
    Some((before, opening.get(2..)?))
}
