//! Numbers of conditions, compared exactly.

/// A number of at most 28 digits, nine of them behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(i128);

impl Decimal {
    const PLACES: usize = 9;
    const MOST_DIGITS: usize = 28;

    /// Reads `text`, which must be a plain number.
    pub(crate) fn parse(text: &[u8]) -> Option<Decimal> {
        let text = std::str::from_utf8(text).ok()?;
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_short = whole.len() + Decimal::PLACES <= Decimal::MOST_DIGITS && fraction.len() <= Decimal::PLACES;
        if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) || !is_short {
            return None;
        }
        let value: i128 = format!("{whole}{fraction:0<9}").parse().ok()?;
        Some(Decimal(if is_negative { -value } else { value }))
    }

    /// Whether it is a whole number of at most so many bits.
    pub(super) fn is_whole(self, bits: u32) -> bool {
        let one = 10_i128.pow(9);
        let limit = one << (bits - 1);
        self.0 % one == 0 && (-limit..limit).contains(&self.0)
    }

    pub(super) fn of_length(length: usize) -> Option<Decimal> {
        Decimal::parse(length.to_string().as_bytes())
    }

    pub(crate) fn negated(self) -> Decimal {
        Decimal(-self.0)
    }
}
