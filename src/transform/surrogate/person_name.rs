//! Names of persons: as many characters, a surname that there is (as common as it is among people) and characters that
//! given names have. Where a name is not Han, letters stand for letters.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use super::draw::Draw;
use crate::policy::parameters::Range;
use crate::rule::canonical::fold;
use crate::rule::embedded;

/// How often is drawn until the surrogate is not the name itself.
const MOST_DRAWS: usize = 16;

struct Names {
    /// Surnames of one character with the sum of the weights up to them.
    single: Vec<(&'static str, u64)>,
    /// Surnames of two characters.
    compound: Vec<&'static str>,
    is_compound: HashSet<&'static str>,
    /// Characters of given names with the sum of their counts.
    given: Vec<(&'static str, u64)>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { single: vec![], compound: vec![], is_compound: HashSet::new(), given: vec![] };
    let mut sum = 0;
    for mut row in embedded::rows("surnames.tsv") {
        let (Some(name), Some(weight), Some(kind)) = (row.next(), row.next(), row.next()) else { continue };
        if kind == "compound" {
            names.compound.push(name);
        } else if kind == "single" {
            sum += weight.parse::<u64>().unwrap_or(0);
            names.single.push((name, sum));
        }
    }
    names.is_compound = names.compound.iter().copied().collect();
    let mut sum = 0;
    for mut row in embedded::rows("given_name_chars.tsv") {
        let (Some(character), Some(count)) = (row.next(), row.next()) else { continue };
        sum += count.parse::<u64>().unwrap_or(0);
        names.given.push((character, sum));
    }
    names
});

/// One of `all` as often as its weight says.
fn weighted(all: &[(&'static str, u64)], draw: &mut Draw) -> &'static str {
    let at = draw.below(all.last().map_or(1, |(_, sum)| *sum));
    let index = all.partition_point(|(_, sum)| *sum <= at);
    all.get(index).map_or("明", |(text, _)| text)
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// The surrogate name; of a name in Latin letters, spelled with spaces where `original` is.
pub(super) fn drawn(canonical: &[u8], original: &[u8], draw: &mut Draw, range: Range) -> Vec<u8> {
    let name = String::from_utf8_lossy(canonical);
    let name = if name.contains(|character: char| character.is_ascii_alphabetic()) {
        Cow::Owned(String::from_utf8_lossy(original).chars().filter_map(fold).collect::<String>().trim().to_owned())
    } else {
        name
    };
    // A name of signs alone has no other.
    let other = (0..MOST_DRAWS).map(|_| one(&name, draw, range)).find(|next| *next != *name);
    other.unwrap_or_else(|| name.into_owned()).into_bytes()
}

fn one(name: &str, draw: &mut Draw, range: Range) -> String {
    let length = name.chars().count();
    let mut out = String::with_capacity(name.len());
    if range == Range::Marked && name.chars().next().is_some_and(char::is_alphanumeric) {
        // A single character is the whole name.
        out.push(if name.starts_with(is_han) { '某' } else { 'X' });
    } else if (1..=5).contains(&length) && name.chars().all(is_han) {
        let pair: String = name.chars().take(2).collect();
        if length > 2 && NAMES.is_compound.contains(pair.as_str()) {
            out.push_str(draw.one_of(&NAMES.compound).unwrap_or(&"欧阳"));
        } else {
            out.push_str(weighted(&NAMES.single, draw));
        }
    }
    for character in name.chars().skip(out.chars().count()) {
        if is_han(character) {
            out.push_str(weighted(&NAMES.given, draw));
        } else {
            out.push(draw.alike(character));
        }
    }
    out
}
