//! Made-up people: valid mobile numbers, resident identity numbers and bank cards, and the ways to write them.

/// One person's identifiers in their shortest spelling.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) mobile: String,
    pub(crate) resident_id: String,
    pub(crate) card: String,
}

/// Spreads `n` over the numbers below `limit`, each number once as long as `n` is below it.
fn spread(n: u64, limit: u64) -> u64 {
    (n * 7_368_787 + 314_159) % limit
}

/// The number that scripts make of `n` as `13912300000 + n * 37`.
pub(crate) fn phone(n: u64) -> String {
    (13_912_300_000 + n * 37).to_string()
}

/// A mobile number of an allocated prefix.
pub(crate) fn mobile(n: u64) -> String {
    let prefixes = ["138", "139", "186", "135", "159"];
    format!("{}{:08}", prefixes[(n % 5) as usize], spread(n, 100_000_000))
}

/// A resident identity number with a right check digit, which is `X` where `with_letter` says so.
pub(crate) fn resident_id(n: u64, with_letter: bool) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let areas = ["110105", "310101", "440305", "510107"];
    let check = |body: &str| {
        let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        char::from(b"10X98765432"[(sum % 11) as usize])
    };
    let start = format!("{}{}{:02}{:02}", areas[(n % 4) as usize], 1950 + n % 50, 1 + n % 12, 1 + n % 28);
    let serials = (0..1000).map(|step| format!("{start}{:03}", (n * 13 + step) % 1000));
    let valid = serials.map(|body| format!("{body}{}", check(&body)));
    valid.into_iter().find(|number| number.ends_with('X') == with_letter).unwrap()
}

/// A bank card number of a known issuer with a right Luhn digit, 19 digits long.
pub(crate) fn card(n: u64) -> String {
    let body = format!("622202{:012}", spread(n, 1_000_000_000_000));
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| match (u32::from(byte - b'0'), index % 2) {
            (digit, 0) => digit * 2 / 10 + digit * 2 % 10,
            (digit, _) => digit,
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

impl Person {
    /// Person number `n`; the identity number is all digits, so that it can stand in a number.
    pub(crate) fn new(n: u64) -> Person {
        Person { mobile: mobile(n), resident_id: resident_id(n, false), card: card(n) }
    }

    /// The three numbers in the order of the marks `m`, `i` and `c`.
    pub(crate) fn plain(&self) -> [&str; 3] {
        [&self.mobile, &self.resident_id, &self.card]
    }
}

/// `digits` in groups of these sizes.
pub(crate) fn grouped(digits: &str, sizes: &[usize], separator: &str) -> String {
    let mut rest = digits;
    let mut groups = Vec::new();
    for size in sizes {
        let (group, after) = rest.split_at(*size);
        groups.push(group);
        rest = after;
    }
    assert!(rest.is_empty(), "{digits}");
    groups.join(separator)
}

/// `text` with full-width digits and letters.
pub(crate) fn full_width(text: &str) -> String {
    text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
}

/// All spellings of a mobile number that are used here.
pub(crate) fn mobile_spellings(mobile: &str) -> Vec<String> {
    vec![
        mobile.to_owned(),
        grouped(mobile, &[3, 4, 4], "-"),
        grouped(mobile, &[3, 4, 4], " "),
        format!("+86 {mobile}"),
        format!("86{mobile}"),
        full_width(mobile),
        format!("+86-{}", grouped(mobile, &[3, 4, 4], "-")),
    ]
}

/// All spellings of an identity number that are used here.
pub(crate) fn resident_id_spellings(number: &str) -> Vec<String> {
    vec![
        number.to_owned(),
        grouped(number, &[6, 8, 4], " "),
        full_width(number),
        number.to_lowercase(),
        grouped(number, &[6, 4, 4, 4], " "),
    ]
}

/// All spellings of a 19-digit card number that are used here.
pub(crate) fn card_spellings(card: &str) -> Vec<String> {
    vec![
        card.to_owned(),
        grouped(card, &[4, 4, 4, 4, 3], " "),
        grouped(card, &[4, 4, 4, 4, 3], "-"),
        grouped(card, &[6, 13], " "),
    ]
}
