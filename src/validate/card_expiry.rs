//! Expiry dates of payment cards: month and year. Must never take a whole date.

use super::{Candidate, Evidence, number};

/// Expiry dates, only beside a label: `12/29`, `12/2029`, `2029-12`, and `1229` or `2912` without a separator.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let (mut parts, mut count) = ([&b""[..]; 3], 0);
    for part in candidate.original.split(|b| !b.is_ascii_digit()).filter(|part| !part.is_empty()) {
        *parts.get_mut(count)? = part;
        count += 1;
    }
    let [first, second, _] = parts;
    let (month, year) = match (count, first.len(), second.len()) {
        (2, 1 | 2, 2 | 4) => (first, second),
        (2, 4, 2) => (second, first),
        (1, 4, _) => {
            let (head, tail) = first.split_at_checked(2)?;
            if is_month(head) && is_year(tail) { (head, tail) } else { (tail, head) }
        }
        (1, 6, _) => first
            .split_at_checked(2)
            .filter(|(head, _)| is_month(head))
            .or_else(|| first.split_at_checked(4).map(|(year, month)| (month, year)))?,
        _ => return None,
    };
    (is_month(month) && is_year(year)).then_some(Evidence { label_required: true, ..Evidence::default() })
}

fn is_month(digits: &[u8]) -> bool {
    digits.len() <= 2 && number(digits).is_some_and(|month| (1..=12).contains(&month))
}

/// Cards of the years 2015 to 2059: longer ones are not issued, and older ones do not count.
fn is_year(digits: &[u8]) -> bool {
    number(digits).is_some_and(|year| match digits.len() {
        2 => (15..=59).contains(&year),
        4 => (2015..=2059).contains(&year),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn months_and_years() {
        for value in [
            "12/29",
            "01-30",
            "12/2029",
            "2029-12",
            "2029/01",
            "1229",
            "2912",
            "0130",
            "122029",
            "202912",
            "2029年12月",
        ] {
            assert!(check(validate, value, true).is_some_and(|found| found.label_required), "{value}");
        }
        for value in ["13/29", "00/29", "2029-13", "12/09", "2029-12-31", "12/31/2029", "9999", "1300", "12", "12/1999"]
        {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
