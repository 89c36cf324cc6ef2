//! Telephone numbers of other countries and of Hong Kong, Macau and Taiwan, as E.164 has them: country code and
//! national number of 15 digits at most. Those of the mainland (86) have rules of their own.

use super::{Candidate, Evidence, all_same};

/// Fewest and most digits behind the country code, and what they may begin with (any where that is empty).
const COUNTRIES: &[(&[u8], usize, usize, &[u8])] = &[
    (b"1", 10, 10, b"23456789"),
    (b"7", 10, 10, b"346789"),
    (b"20", 8, 10, b""),
    (b"27", 9, 9, b""),
    (b"30", 10, 10, b"26"),
    (b"31", 9, 9, b""),
    (b"32", 8, 9, b""),
    (b"33", 9, 9, b"123456789"),
    (b"34", 9, 9, b"6789"),
    (b"36", 8, 9, b""),
    (b"39", 9, 11, b"03"),
    (b"40", 9, 9, b"237"),
    (b"41", 9, 9, b""),
    (b"43", 9, 12, b""),
    (b"44", 9, 10, b"12378"),
    (b"45", 8, 8, b""),
    (b"46", 7, 10, b""),
    (b"47", 8, 8, b""),
    (b"48", 9, 9, b""),
    (b"49", 9, 11, b"123456789"),
    (b"51", 8, 9, b""),
    (b"52", 10, 10, b""),
    (b"54", 10, 11, b""),
    (b"55", 10, 11, b""),
    (b"56", 9, 9, b""),
    (b"57", 10, 10, b""),
    (b"60", 8, 10, b"13456789"),
    (b"61", 9, 9, b"23478"),
    (b"62", 8, 12, b""),
    (b"63", 9, 10, b""),
    (b"64", 8, 10, b""),
    (b"65", 8, 8, b"3689"),
    (b"66", 8, 9, b""),
    (b"81", 9, 10, b"123456789"),
    (b"82", 8, 10, b"1234567"),
    (b"84", 9, 10, b""),
    (b"90", 10, 10, b"2345"),
    (b"91", 10, 10, b""),
    (b"92", 9, 10, b""),
    (b"94", 9, 9, b""),
    (b"95", 8, 10, b""),
    (b"98", 10, 10, b""),
    (b"234", 8, 10, b""),
    (b"254", 9, 9, b""),
    (b"351", 9, 9, b""),
    (b"353", 8, 9, b""),
    (b"358", 7, 11, b""),
    (b"380", 9, 9, b""),
    (b"420", 9, 9, b""),
    (b"852", 8, 8, b"2356789"),
    (b"853", 8, 8, b"268"),
    (b"855", 8, 9, b""),
    (b"856", 8, 10, b""),
    (b"880", 8, 10, b""),
    (b"886", 8, 9, b"23456789"),
    (b"960", 7, 7, b""),
    (b"961", 7, 8, b""),
    (b"962", 8, 9, b""),
    (b"965", 8, 8, b""),
    (b"966", 9, 9, b"15"),
    (b"971", 8, 9, b""),
    (b"972", 8, 9, b""),
    (b"973", 8, 8, b""),
    (b"974", 8, 8, b""),
    (b"976", 8, 8, b""),
    (b"977", 8, 10, b""),
    (b"992", 9, 9, b""),
    (b"993", 8, 8, b""),
    (b"994", 9, 9, b""),
    (b"995", 9, 9, b""),
    (b"996", 9, 9, b""),
    (b"998", 9, 9, b""),
];

/// Numbers with a `+`; with `00` or the country code alone only beside a label, and so are those of countries of which
/// the table has no lengths.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let plus = candidate.original.first() == Some(&b'+');
    let (mut buffer, mut length) = ([0; 17], 0);
    for byte in candidate.compact.iter().filter(|byte| !matches!(byte, b'+' | b'(' | b')' | b'.' | b' ')) {
        *buffer.get_mut(length)? = *byte;
        length += 1;
    }
    let digits = buffer.get(..length)?;
    let digits = if plus { digits } else { digits.strip_prefix(b"00").unwrap_or(digits) };
    let plausible = (8..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    // No country code begins with 0; 86 is the mainland.
    if !plausible || digits.starts_with(b"0") || digits.starts_with(b"86") {
        return None;
    }
    let known = COUNTRIES.iter().find_map(|(code, least, most, first)| {
        digits.strip_prefix(*code).map(|national| (national, (*least..=*most).contains(&national.len()), *first))
    });
    let fits = match known {
        None => false,
        Some((national, fits, first)) => {
            let begins = first.is_empty() || national.first().is_some_and(|digit| first.contains(digit));
            if !fits || !begins || all_same(national) {
                return None;
            }
            true
        }
    };
    if !(fits || plus && candidate.labelled) {
        return None;
    }
    Some(Evidence { registry: if fits { 20 } else { 0 }, label_required: !(plus && fits), ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn lengths_of_the_country_decide() {
        for value in [
            "+85291234567",
            "+852 9123 4567",
            "+14155550123",
            "+1 (415) 555-0123",
            "+442079460958",
            "+6561234567",
            "+886912345678",
            "+81312345678",
        ] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.registry, found.label_required), (20, false), "{value}");
        }
        for value in [
            "+8613800138000",
            "+8529123456",
            "+852912345678",
            "+1415555012",
            "+11155550123",
            "+0123456789",
            "+85200000000",
            "+1234567",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn other_forms_need_a_label() {
        for value in ["0085291234567", "85291234567", "00442079460958"] {
            assert!(check(validate, value, false).unwrap().label_required, "{value}");
        }
        assert_eq!(check(validate, "+26712345678", false), None, "no lengths in the table");
        assert!(check(validate, "+26712345678", true).unwrap().label_required);
    }

    #[test]
    fn codes_are_in_order_and_none_begins_another() {
        for (at, (code, least, most, _)) in COUNTRIES.iter().enumerate() {
            assert!(least <= most && code.len() + most <= 15);
            for (other, ..) in COUNTRIES.iter().skip(at + 1) {
                assert!(!other.starts_with(code) && !code.starts_with(other));
            }
        }
    }
}
