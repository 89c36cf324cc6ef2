//! How certain it is that two to four Han characters are a name, from the surname, the given-name characters and the
//! list of ordinary words. Looks only at the characters themselves, never at what stands around them.

use super::dictionary::{self, Known, given, is_compound, is_double, is_word, simplified, surname};
use crate::detect::han::{Ideographs, char_at, is_han};

/// Points of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) structure: i16,
    pub(super) registry: i16,
}

impl Shape {
    /// Whether `name` is a common surname and common given-name characters: sure enough inside running text.
    pub(super) fn is_plain(&self, name: &[char]) -> bool {
        self.structure >= 40
            && name.split_first().is_some_and(|(first, rest)| {
                (surname(simplified(*first)) > 1500 || name.len() == 4)
                    && rest.iter().all(|c| given(simplified(*c)) >= 10 || name.len() == 4)
            })
    }
}

/// Characters that no given name holds.
fn is_never_given(c: char) -> bool {
    static SET: Ideographs =
        Ideographs::of("的了是在与及或请您我你他她它这那们不把被吗呢吧就也都没得等号码址话户和给让并但而");
    SET.holds(c)
}

/// The shape of `name`, whose bytes are `bytes`; nothing when it is no Chinese name with a surname.
pub(super) fn judge(name: &[char], bytes: &[u8]) -> Option<Shape> {
    if !(2..=4).contains(&name.len()) {
        return None;
    }
    let plain: [(char, Known); 4] = dictionary::plain(name);
    let plain = plain.get(..name.len())?;
    let (weight, rest) = match plain {
        // Most surnames begin no pair.
        [(_, one), rest @ ..] if !one.begins_pair && rest.len() < 3 => (one.surname, rest),
        [one, two, rest @ ..] if !rest.is_empty() && is_compound([one.0, two.0]) => (2000, rest),
        [one, two, rest @ ..] if rest.len() == 2 && is_double([one.0, two.0]) => (2000, rest),
        [(_, one), (_, two), rest @ ..] if rest.len() == 2 && one.surname > 1000 && two.surname > 1000 => (400, rest),
        [one, two] if is_compound([one.0, two.0]) => return None,
        [(_, one), rest @ ..] if rest.len() < 3 => (one.surname, rest),
        _ => return None,
    };
    if weight == 0 || rest.iter().any(|(c, _)| is_never_given(*c)) || is_word(bytes) {
        return None;
    }
    let known = rest.iter().filter(|(_, known)| known.given > 0).count();
    let common = rest.iter().all(|(_, known)| known.given >= 20);
    if plain.len() == 4 && known < rest.len() {
        return None;
    }
    let base = match weight {
        1000.. => 40,
        100.. => 36,
        _ => 30,
    };
    let structure = match (known, rest.len()) {
        (known, length) if known == length => base,
        (0, 2) => base - 18,
        _ => base - 12,
    };
    let of_surname = match weight {
        1000.. => 12,
        100.. => 8,
        _ => 4,
    };
    let of_given = match (common, known == rest.len()) {
        (true, _) => 8,
        (_, true) => 4,
        _ => 0,
    };
    Some(Shape { structure, registry: of_surname + of_given })
}

/// Bytes of the surname at the head of `name`, which was found to be one; 0 where it has none.
pub(in crate::detect) fn surname_of(name: &[u8]) -> usize {
    let Some((one, first)) = char_at(name, 0).filter(|(c, _)| is_han(*c)) else { return 0 };
    let Some((two, second)) = char_at(name, first) else { return 0 };
    // The first byte of a dot is that of no Han character of a name.
    let may_be_dotted = || name.iter().any(|byte| matches!(byte, 0xC2 | 0xE2 | 0xE3 | 0xEF));
    let is_dotted = || may_be_dotted() && std::str::from_utf8(name).is_ok_and(|name| name.contains(is_dot));
    match () {
        () if name.len() > first + second && is_compound([one, two]) => first + second,
        () if surname(simplified(one)) > 0 && !is_dotted() => first,
        () => 0,
    }
}

/// Whether people may be called `name`, which stands in a row with names. `is_close`: words hardly ever stand in such a
/// row, else only what is nothing but a name will do.
pub(in crate::detect) fn is_listed(name: &[u8], is_close: bool) -> bool {
    let mut characters = ['\0'; 4];
    let (mut count, mut p) = (0, 0);
    while let Some((c, length)) = char_at(name, p).filter(|(c, _)| is_han(*c)) {
        let Some(slot) = characters.get_mut(count) else { return false };
        *slot = c;
        (count, p) = (count + 1, p + length);
    }
    let characters = characters.get(..count).unwrap_or_default();
    let is_word_and_name = |characters: &[char]| {
        let [first, rest @ ..] = characters else { return false };
        surname(*first) > 100 && rest.len() == 1 && rest.iter().all(|c| given(*c) >= 10)
    };
    p == name.len()
        && match judge(characters, name) {
            Some(shape) if is_close => shape.structure >= 30,
            Some(shape) => shape.is_plain(characters),
            None => is_close && is_word(name) && is_word_and_name(characters),
        }
}

/// Characters that transliterations do not use.
fn is_never_transliterated(c: char) -> bool {
    static SET: Ideographs = Ideographs::of("的了是在请您我你他她这那们吗呢号码址话");
    SET.holds(c)
}

/// The dots that separate the parts of a transliterated name.
pub(super) fn is_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '・' | '．' | '‧' | '∙' | '･')
}

/// A name of parts with dots between them: 古丽娜扎尔·买买提.
pub(super) fn transliterated(name: &[char]) -> Option<Shape> {
    let mut parts = 0;
    for part in name.split(|c| is_dot(*c)) {
        if !(1..=8).contains(&part.len())
            || !part.iter().all(|c| is_han(*c))
            || part.iter().any(|c| is_never_transliterated(*c))
        {
            return None;
        }
        parts += 1;
    }
    let first = name.split(|c| is_dot(*c)).next().map_or(0, <[char]>::len);
    (matches!(parts, 2..=5) && first >= 2 && name.len() >= 5).then_some(Shape { structure: 36, registry: 4 })
}
