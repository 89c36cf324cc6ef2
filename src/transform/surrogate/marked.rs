//! Surrogates in ranges that no person can have:
//!
//! - mobile numbers from 100 to 129: numbers of 11 digits there have never been given to subscribers, since 10, 11 and 12
//!   begin service numbers of the numbering plan;
//! - resident IDs and credit codes with the area 99xxxx: GB/T 2260 has no province 99;
//! - bank cards from 99: 9 is for national use, with a country's code behind it, and ISO 3166-1 assigns none from 900 on;
//! - IMEIs from 00: test equipment (GSMA TS.06), never sold;
//! - hardware addresses with the bit for "locally administered": no vendor's, but phones that draw an address set it, too;
//! - e-mail addresses below `.invalid` and `.test` (RFC 2606, RFC 6761);
//! - names with the surname 某 and addresses in 某市, "a certain".

use super::super::{Subject, fpe};
use super::draw::Draw;
use super::{address, credit_code, email, person_name};
use crate::error::DataError;
use crate::policy::parameters::{BirthDate, Form, Range, Surrogate};

use super::resident_id::{check_character, is_day, parts_of};

/// The marked surrogate of the subject's value.
pub(super) fn of(form: Form, parameters: &Surrogate, subject: &Subject<'_>) -> Result<Vec<u8>, DataError> {
    let canonical = subject.canonical;
    let draw = &mut Draw::new(subject);
    match form {
        Form::Mobile => mobile(canonical, draw),
        Form::ResidentId => resident_id(canonical, draw, parameters.birth_date),
        Form::Card => numbered(canonical, draw, "99", 13..=19),
        Form::Imei => numbered(canonical, draw, "00", 14..=16),
        Form::Mac => hardware_address(subject, draw),
        Form::CreditCode => credit_code::marked(canonical, draw),
        Form::Email => email::marked(canonical, draw),
        Form::PersonName => Ok(person_name::drawn(canonical, subject.original, draw, Range::Marked)),
        Form::Address => Ok(address::drawn(canonical, draw, parameters)),
        Form::Landline => Err(DataError::new("fixed-line numbers have no range that nobody can have")
            .advise("use range: realistic, or hash, for this entity type in the policy")),
    }
}

fn mobile(canonical: &[u8], draw: &mut Draw) -> Result<Vec<u8>, DataError> {
    if canonical.len() != 11 || fpe::number(canonical).is_none() {
        return Err(fpe::misshapen(canonical, "11 digits"));
    }
    Ok(format!("1{}{}", draw.below(3), draw.digits(9)).into_bytes())
}

/// As many digits behind `mark`, with a Luhn digit at the end; of an IMEI without a check digit or with a software
/// version, digits only.
fn numbered(
    canonical: &[u8],
    draw: &mut Draw,
    mark: &str,
    lengths: std::ops::RangeInclusive<usize>,
) -> Result<Vec<u8>, DataError> {
    if !lengths.contains(&canonical.len()) || fpe::number(canonical).is_none() {
        return Err(fpe::misshapen(canonical, "a number with a check digit"));
    }
    let is_checked = mark == "99" || canonical.len() == 15;
    let count = canonical.len() - usize::from(is_checked) - mark.len();
    let mut out = format!("{mark}{}", draw.digits(count)).into_bytes();
    if is_checked {
        let check = fpe::luhn(out.iter().copied());
        out.push(b'0' + check);
    }
    Ok(out)
}

/// Never ends in X: a number column has no place for it.
fn resident_id(canonical: &[u8], draw: &mut Draw, kept: BirthDate) -> Result<Vec<u8>, DataError> {
    let own = parts_of(canonical)?;
    let first = if own.short { 1900 } else { 1925 };
    let year = if kept == BirthDate::Drop { first + draw.below(100) as u32 } else { own.year };
    let (month, day) = if kept == BirthDate::Keep {
        (own.month, own.day)
    } else {
        let month = 1 + draw.below(12) as u32;
        let last = (28..=31).rev().find(|day| is_day(year, month, *day)).unwrap_or(28);
        (month, 1 + draw.below(last.into()) as u32)
    };
    let area = draw.digits(4);
    if own.short {
        return Ok(format!("99{area}{:02}{month:02}{day:02}{}", year % 100, draw.digits(3)).into_bytes());
    }
    // Of two sequence numbers side by side at most one has the check character X.
    let sequence = draw.below(999);
    for sequence in [sequence, sequence + 1] {
        let body = format!("99{area}{year:04}{month:02}{day:02}{sequence:03}");
        match fpe::number(body.as_bytes()).map(check_character) {
            Some('X') | None => {}
            Some(check) => return Ok(format!("{body}{check}").into_bytes()),
        }
    }
    Err(DataError::new("internal error: a resident ID has no check digit"))
}

/// Drawn as a whole, with the bit for "locally administered" and without the one for groups.
fn hardware_address(subject: &Subject<'_>, draw: &mut Draw) -> Result<Vec<u8>, DataError> {
    let bytes = match subject.canonical.len() {
        17 => 6,
        23 => 8,
        _ => return Err(fpe::misshapen(subject.canonical, "a hardware address of 6 or 8 bytes")),
    };
    let mut drawn: Vec<String> = Vec::with_capacity(bytes);
    for index in 0..bytes {
        let byte = draw.below(256);
        drawn.push(format!("{:02x}", if index == 0 { byte & !1 | 2 } else { byte }));
    }
    Ok(drawn.join(":").into_bytes())
}
