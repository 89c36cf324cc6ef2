//! `surrogate`: a value of the same kind, as wide, that passes the same checks, the same for the same value everywhere.
//!
//! Realistic ones are a bijection where values are digits or letters (FF1, as `fpe`), so that distinct values stay
//! distinct and the key leads back; names and addresses are drawn under the key, and two may share one. Marked ones are
//! drawn from ranges that no person can have, which are smaller than the types' own: two may share one, and nothing
//! leads back.

mod address;
mod credit_code;
mod draw;
mod email;
mod marked;
mod person_name;

use std::sync::LazyLock;

use self::draw::Draw;
use super::fpe::{self, mac_address, resident_id};
use super::key::Bijection;
use super::{Operator, Replacement, Subject};
use crate::error::DataError;
use crate::policy::OperatorSpec;
use crate::policy::parameters::{Form, Part, Range, Surrogate};
use crate::rule::{EntityType, Shape, embedded};

pub(super) static OPERATOR: Operator = Operator {
    name: "surrogate",
    about: "value of the same kind that passes the same checks; realistic, or in a range that nobody can have",
    same_shape: true,
    apply,
};

/// Whether distinct values of an entity type have distinct surrogates.
pub(super) fn is_bijection(entity: &EntityType, parameters: &Surrogate) -> bool {
    parameters.range == Range::Realistic && !matches!(Form::of(entity), None | Some(Form::PersonName | Form::Address))
}

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let none = || {
        DataError::new(format!("{} has no surrogate", subject.entity.name))
            .advise("use hash, mask or null for it in the policy")
    };
    let form = Form::of(subject.entity).ok_or_else(none)?;
    let parameters = match subject.spec {
        OperatorSpec::Surrogate(parameters) => *parameters,
        _ => Surrogate::default(),
    };
    let value = match parameters.range {
        Range::Realistic => realistic(form, &parameters, subject)?,
        Range::Marked => marked::of(form, &parameters, subject)?,
    };
    Ok(Replacement::Value(match form {
        Form::Mac => mac_address::spelled_as(subject.original, value),
        _ => value,
    }))
}

fn realistic(form: Form, parameters: &Surrogate, subject: &Subject<'_>) -> Result<Vec<u8>, DataError> {
    let (cipher, canonical) = (&subject.keys.bijection, subject.canonical);
    match form {
        Form::Mobile => fpe::permute(Shape::CnMobile, cipher, canonical),
        Form::Imei => fpe::permute(Shape::Imei, cipher, canonical),
        Form::Card if parameters.bin == Part::Keep => fpe::permute(Shape::Card, cipher, canonical),
        // The first digit says what kind of card it is.
        Form::Card => fpe::card_behind(cipher, canonical, 1),
        Form::Mac if parameters.oui == Part::Keep => fpe::permute(Shape::Mac, cipher, canonical),
        Form::Mac => mac_address::permute_whole(cipher, canonical),
        Form::ResidentId => {
            let kept = resident_id::Kept { region: parameters.region, birth_date: parameters.birth_date };
            resident_id::permute_keeping(cipher, canonical, kept)
        }
        Form::Landline => landline(cipher, canonical),
        Form::CreditCode => credit_code::permuted(cipher, canonical),
        Form::Email => email::permuted(cipher, canonical),
        Form::PersonName => {
            Ok(person_name::drawn(canonical, subject.original, &mut Draw::new(subject), Range::Realistic))
        }
        Form::Address => Ok(address::drawn(canonical, &mut Draw::new(subject), parameters)),
    }
}

/// The area codes of fixed lines.
static DIAL_CODES: LazyLock<Vec<&'static [u8]>> =
    LazyLock::new(|| embedded::rows("cn_dial_codes.tsv").filter_map(|mut row| Some(row.next()?.as_bytes())).collect());

/// The area code stays, the subscriber's number is permuted; its first digit is one that such numbers begin with as it
/// was.
fn landline(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    let expected = || fpe::misshapen(canonical, "a fixed-line number");
    let codes = DIAL_CODES.iter().filter(|code| canonical.starts_with(code)).map(|code| code.len());
    let (code, local) = canonical.split_at_checked(codes.max().unwrap_or(0)).ok_or_else(expected)?;
    let value = fpe::number(local).filter(|_| local.len() >= fpe::FEWEST_DIGITS).ok_or_else(expected)?;
    let scale = 10_u128.pow(u32::try_from(local.len()).unwrap_or(0).saturating_sub(1));
    let class = |value: u128| matches!(value / scale, 2..=8);
    let wanted = class(value);
    let tweak = [b"landline ", code].concat();
    let result = fpe::walk(cipher, &tweak, value, local.len(), |value| class(value) == wanted)?;
    Ok([code, &fpe::written(result, local.len())].concat())
}

#[cfg(test)]
mod tests;
