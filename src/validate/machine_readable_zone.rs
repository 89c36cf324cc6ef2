//! Lines of the machine-readable zone of travel documents (ICAO Doc 9303 parts 4 to 6): two of 44 characters in passports,
//! two of 36 or three of 30 on cards. Check digits are sums with the weights 7, 3, 1, modulo 10.

use super::{Candidate, Evidence};

/// Lines of which the check digits hold; those without any, by their shape. The head of the second line of a passport (28
/// characters, to the day of expiry) counts as well.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let line = candidate.original;
    let of_shape = |holds: bool| holds.then(|| Evidence { registry: 10, ..Evidence::default() });
    let of_checks = |holds: bool| holds.then(|| Evidence { checksum: 30, ..Evidence::default() });
    match (line.len(), line) {
        (44, [b'P', kind, ..]) | (36, [b'I' | b'A' | b'C', kind, ..]) if line.iter().all(is_letter) => {
            // Behind two letters a word in capitals and a row of fillers might be anything.
            of_shape(is_names(line.get(5..)?, *kind == b'<'))
        }
        (44, _) => of_checks(
            second_line_head(line)
                && is_optional_check(line.get(28..42)?, *line.get(42)?)
                && *line.get(43)? == composite(line, 43)?,
        ),
        (36, _) => of_checks(second_line_head(line) && *line.get(35)? == composite(line, 35)?),
        (28, _) => of_checks(second_line_head(line)),
        (30, [b'I' | b'A' | b'C', ..]) if line.get(2..5)?.iter().all(is_letter) && line.contains(&b'<') => {
            of_checks(line.get(14) == check(line.get(5..14)?).as_ref())
        }
        (30, _) if line.iter().all(is_letter) => of_shape(is_names(line, false)),
        (30, _) => of_checks(
            is_date_of_birth(line.get(..6)?)
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

/// `ZHANG<<WEI<<<<`: a surname, two fillers and given names, with fillers to the end where there is room. Some people have
/// one name only.
fn is_names(field: &[u8], one_is_enough: bool) -> bool {
    let surname = memchr::memmem::find(field, b"<<").unwrap_or(field.len());
    let rest = field.get(surname + 2..).unwrap_or_default();
    let is_given = match rest.first() {
        Some(first) if first.is_ascii_uppercase() => true,
        _ => one_is_enough && rest.iter().all(|byte| *byte == b'<'),
    };
    surname >= 2 && field.first().is_some_and(u8::is_ascii_uppercase) && is_given
}

/// Number, nationality, birth, sex and expiry, with three check digits.
fn second_line_head(line: &[u8]) -> bool {
    let field = |from: usize, to: usize| line.get(from..to).unwrap_or_default();
    let holds = |from: usize, to: usize| check(field(from, to)).is_some_and(|check| line.get(to) == Some(&check));
    holds(0, 9)
        && field(10, 13).iter().all(is_letter)
        && is_date_of_birth(field(13, 19))
        && holds(13, 19)
        && matches!(field(20, 21), b"M" | b"F" | b"<")
        && is_date(field(21, 27))
        && holds(21, 27)
}

/// `yyMMdd`.
fn is_date(field: &[u8]) -> bool {
    is_date_of_birth(field) && !field.contains(&b'<')
}

/// `yyMMdd`; fillers stand for a day, a month and a day, or all of it that are unknown (part 3, 4.8).
fn is_date_of_birth(field: &[u8]) -> bool {
    let known = field.iter().rposition(|byte| *byte != b'<').map_or(0, |last| last + 1);
    let holds = |from: usize, most| {
        from >= known || field.get(from..from + 2).and_then(super::number).is_some_and(|number| number <= most)
    };
    field.len() == 6 && holds(0, 99) && holds(2, 12) && holds(4, 31)
}

/// The check of an optional field may be a filler where the field is empty.
fn is_optional_check(field: &[u8], written: u8) -> bool {
    check(field) == Some(written) || written == b'<' && field.iter().all(|b| *b == b'<')
}

/// The check digit over the numbers, the dates and what is optional, to `end`.
fn composite(line: &[u8], end: usize) -> Option<u8> {
    let parts = [line.get(0..10)?, line.get(13..20)?, line.get(21..end)?];
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
            "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
            "D231458907UTO7408122F1204159<<<<<<<6",
            "P<UTOARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
            "P<UTONILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K",
        ] {
            assert!(holds(line), "{line}");
        }
    }

    #[test]
    fn parts_of_a_date_of_birth_may_be_unknown() {
        for line in [
            "L898902C36UTO7408<<7F1204159ZE184226B<<<<<10",
            "L898902C36UTO74<<<<1F1204159ZE184226B<<<<<18",
            "L898902C36UTO<<<<<<0F1204159ZE184226B<<<<<10",
            "7408<<7F1204159UTO<<<<<<<<<<<6",
        ] {
            assert!(holds(line), "{line}");
        }
        for field in ["74<<12", "7<<<<<", "<<0812", "7408<1", "74<<<", "741<<<", "7413<<"] {
            assert!(!is_date_of_birth(field.as_bytes()), "{field}");
        }
        assert!(is_date(b"120415") && !is_date(b"1204<<"));
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
            "PROCESSING<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
            "P<UTO<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
            "CLOSED<<<<<<<<<<<<<<<<<<<<<<<<",
            "D231458907UTO7408122F1204159<<<<<<<7",
            "L898902C36UTO7408<<7F1204<<7ZE184226B<<<<<10",
            "",
        ] {
            assert!(!holds(line), "{line}");
        }
    }
}
