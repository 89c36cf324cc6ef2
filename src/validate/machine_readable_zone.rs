//! Lines of the machine-readable zone of travel documents (ICAO Doc 9303 parts 4 and 5): two of 44 characters in
//! passports, three of 30 on cards. Check digits are sums with the weights 7, 3, 1, modulo 10.

use super::{Candidate, Evidence};

/// Lines of which the check digits hold; those without any, by their shape. The head of the second line of a passport (28
/// characters, to the day of expiry) counts as well.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let line = candidate.original;
    let of_shape = |holds: bool| holds.then(|| Evidence { registry: 10, ..Evidence::default() });
    let of_checks = |holds: bool| holds.then(|| Evidence { checksum: 30, ..Evidence::default() });
    match (line.len(), line) {
        (44, [b'P', ..]) if line.iter().all(is_letter) => of_shape(names(line.get(5..)?)),
        (44, _) => of_checks(
            second_line_head(line)
                && is_optional_check(line.get(28..42)?, *line.get(42)?)
                && *line.get(43)? == composite(line)?,
        ),
        (28, _) => of_checks(second_line_head(line)),
        (30, [b'I' | b'A' | b'C', ..]) if line.get(2..5)?.iter().all(is_letter) && line.contains(&b'<') => {
            of_checks(line.get(14) == check(line.get(5..14)?).as_ref())
        }
        (30, _) if line.iter().all(is_letter) => of_shape(names(line)),
        (30, _) => of_checks(
            is_date(line.get(..6)?)
                && is_date(line.get(8..14)?)
                && line.get(6) == check(line.get(..6)?).as_ref()
                && line.get(14) == check(line.get(8..14)?).as_ref()
                && line.get(15..18)?.iter().all(is_letter),
        ),
        _ => None,
    }
}

fn is_letter(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || *byte == b'<'
}

/// `ZHANG<<WEI<<<<`: a surname, two fillers, given names, and fillers to the end.
fn names(field: &[u8]) -> bool {
    let surname = memchr::memmem::find(field, b"<<").unwrap_or_default();
    surname >= 2 && field.get(surname + 2).is_some_and(u8::is_ascii_uppercase) && field.ends_with(b"<<")
}

/// Number, nationality, birth, sex and expiry, with three check digits.
fn second_line_head(line: &[u8]) -> bool {
    let field = |from: usize, to: usize| line.get(from..to).unwrap_or_default();
    let holds = |from: usize, to: usize| check(field(from, to)).is_some_and(|check| line.get(to) == Some(&check));
    holds(0, 9)
        && field(10, 13).iter().all(is_letter)
        && is_date(field(13, 19))
        && holds(13, 19)
        && matches!(field(20, 21), b"M" | b"F" | b"<")
        && is_date(field(21, 27))
        && holds(21, 27)
}

/// `yyMMdd`, in which months and days may be unknown.
fn is_date(field: &[u8]) -> bool {
    let number = |from: usize| field.get(from..from + 2).and_then(super::number);
    number(0).is_some() && number(2).is_some_and(|month| month <= 12) && number(4).is_some_and(|day| day <= 31)
}

/// The check of an optional field may be a filler where the field is empty.
fn is_optional_check(field: &[u8], written: u8) -> bool {
    check(field) == Some(written) || written == b'<' && field.iter().all(|b| *b == b'<')
}

fn composite(line: &[u8]) -> Option<u8> {
    let parts = [line.get(0..10)?, line.get(13..20)?, line.get(21..43)?];
    sum(parts.into_iter().flatten())
}

fn check(field: &[u8]) -> Option<u8> {
    sum(field.iter())
}

/// The check digit as it is written.
fn sum<'a>(characters: impl Iterator<Item = &'a u8>) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in characters.zip([7, 3, 1].into_iter().cycle()) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'<' => 0,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    u8::try_from(sum % 10).ok().map(|digit| b'0' + digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(line: &str) -> bool {
        validate(&Candidate { compact: line.as_bytes(), original: line.as_bytes(), labelled: false }).is_some()
    }

    #[test]
    fn the_specimens_of_the_standard_hold() {
        for line in [
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            "L898902C36UTO7408122F1204159",
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ] {
            assert!(holds(line), "{line}");
        }
    }

    #[test]
    fn one_wrong_digit_or_another_shape_is_refused() {
        for line in [
            "L898902C37UTO7408122F1204159ZE184226B<<<<<10",
            "L898902C36UTO7408122F1204159ZE184226B<<<<<11",
            "L898902C36UTO7408123F1204159",
            "L898902C36UTO7413122F1204159",
            "I<UTOD231458908<<<<<<<<<<<<<<<",
            "7408123F1204159UTO<<<<<<<<<<<6",
            "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
            "P<UTOERIKSSON<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
            "",
        ] {
            assert!(!holds(line), "{line}");
        }
    }
}
