//! The people that the data tells of, and the makers of their values. Person number `n` of a seed is always the same,
//! so that people come back as they do in real data, and none has to be remembered.

use std::collections::HashSet;
use std::fmt::Write;

use tuomin::rule::embedded;

use super::clock;
use super::places::{self, District};
use super::random::Random;

/// How many people there are.
pub(crate) const POPULATION: u64 = 200_000;

const NETWORKS: &[&str] = &[
    "113.57", "183.134", "218.75", "223.104", "117.136", "36.112", "27.18", "119.96", "120.229", "39.144", "112.97",
    "101.82",
];
const MAIL_DOMAINS: &[&str] = &["qq.com", "163.com", "126.com", "sina.com", "outlook.com", "aliyun.com", "foxmail.com"];
const TYPE_ALLOCATION_CODES: &[&str] = &["86012304", "86812304", "35176607", "35332510", "86461505"];

/// The tables that values are made from.
pub(crate) struct People {
    seed: u64,
    surnames: Weighted,
    given_characters: Weighted,
    districts: Vec<District>,
    mobile_prefixes: Vec<&'static str>,
    issuers: Vec<(&'static str, usize)>,
    dialling: Vec<(&'static str, usize)>,
    vendors: Vec<&'static str>,
    no_names: HashSet<String>,
}

/// One of them.
pub(crate) struct Person {
    /// 姓名
    pub(crate) name: String,
    /// 手机号, 11 digits
    pub(crate) mobile: String,
    /// 身份证号
    pub(crate) resident_id: String,
    /// 银行卡号
    pub(crate) card: String,
    /// 地址
    pub(crate) address: String,
    /// 座机, with its area code
    pub(crate) landline: String,
    /// 邮箱
    pub(crate) email: String,
    /// IPv4
    pub(crate) ip: String,
    /// IMEI
    pub(crate) imei: String,
    /// MAC address
    pub(crate) mac: String,
}

impl People {
    /// The people of `seed`.
    pub(crate) fn new(seed: u64) -> People {
        let pairs = |table| {
            embedded::rows(table).filter_map(|mut row| {
                let (name, weight) = (row.next()?, row.next()?.parse::<u64>().ok()?);
                Some((name, weight))
            })
        };
        let whole = |table, accept: fn(&str, &str) -> Option<usize>| -> Vec<(&'static str, usize)> {
            let row = |mut row: Box<dyn Iterator<Item = &'static str>>| {
                let (key, second, third) = (row.next()?, row.next()?, row.next()?);
                accept(second, third).map(|length| (key, length))
            };
            embedded::rows(table).filter_map(|fields| row(Box::new(fields))).collect()
        };
        let districts = places::districts();
        let no_names = parts_of(&districts).chain(embedded::table("common_words.txt").lines().map(str::to_owned));
        People {
            seed,
            no_names: no_names.collect(),
            surnames: Weighted::of(pairs("surnames.tsv")),
            given_characters: Weighted::of(pairs("given_name_chars.tsv").take(400)),
            districts,
            mobile_prefixes: whole("cn_mobile_prefixes.tsv", |length, kind| {
                (length == "11" && kind == "mobile").then_some(11)
            })
            .into_iter()
            .map(|(prefix, _)| prefix)
            .collect(),
            issuers: whole("bank_bins.tsv", |length, _| {
                length.parse().ok().filter(|length| (16..=19).contains(length))
            })
            .into_iter()
            .filter(|(prefix, _)| prefix.len() == 6 && prefix.starts_with("62"))
            .collect(),
            dialling: embedded::rows("cn_dial_codes.tsv")
                .filter_map(|mut row| Some((row.next()?, row.nth(1)?.parse().ok()?)))
                .collect(),
            vendors: embedded::rows("oui.tsv")
                .filter_map(|mut row| row.next())
                .filter(|prefix| prefix.len() == 6)
                .step_by(101)
                .collect(),
        }
    }

    /// Person number `number`.
    pub(crate) fn person(&self, number: u64) -> Person {
        let random = &mut Random::new(self.seed ^ number.wrapping_mul(0xA24B_AED4_963E_E407));
        let district = random.pick(&self.districts);
        let name = self.name(random);
        let mobile = made(|out| {
            let prefix = random.choose(&self.mobile_prefixes);
            out.push_str(prefix);
            random.digits(11 - prefix.len(), out);
        });
        let resident_id = resident_id(district.code, random);
        let (prefix, length) = random.choose(&self.issuers);
        let card = luhn_number(prefix, length, random);
        let address = made(|out| places::address(district, random, out));
        let (code, length) = random.choose(&self.dialling);
        let landline = made(|out| {
            let first = random.between(2, 8);
            let _ = write!(out, "{code}-{first}");
            random.digits(length - 1, out);
        });
        let email = made(|out| {
            let domain = random.choose(MAIL_DOMAINS);
            let number = random.between(10_000_000, 2_999_999_999);
            let _ =
                if domain == "qq.com" { write!(out, "{number}@{domain}") } else { write!(out, "u{number}@{domain}") };
        });
        let ip = format!("{}.{}.{}", random.choose(NETWORKS), random.between(1, 254), random.between(1, 254));
        let imei = luhn_number(random.choose(TYPE_ALLOCATION_CODES), 15, random);
        let mac = made(|out| {
            let device = random.below(1 << 24);
            let number = u64::from_str_radix(random.choose(&self.vendors), 16).unwrap_or_default() << 24 | device;
            for byte in number.to_be_bytes().iter().skip(2) {
                let _ = write!(out, "{}{byte:02x}", if out.is_empty() { "" } else { ":" });
            }
        });
        Person { name, mobile, resident_id, card, address, landline, email, ip, imei, mac }
    }
    /// A name that is neither an ordinary word nor part of a place name. Where somebody is called 于田 and somebody else
    /// lives in 于田县, the rewritten file is refused, since it still holds the first one's name: not what is measured.
    fn name(&self, random: &mut Random) -> String {
        loop {
            let mut name = self.surnames.draw(random).to_owned();
            let characters = if random.per_mille(750) { 2 } else { 1 };
            (0..characters).for_each(|_| name.push_str(self.given_characters.draw(random)));
            if !self.no_names.contains(&name) {
                return name;
            }
        }
    }
}

/// All stretches of two to four characters in the names of the districts.
fn parts_of(districts: &[District]) -> impl Iterator<Item = String> {
    districts.iter().flat_map(|district| {
        let characters: Vec<char> = district.full.chars().collect();
        let parts = |length| characters.windows(length).map(String::from_iter).collect::<Vec<_>>();
        [parts(2), parts(3), parts(4)].into_iter().flatten().collect::<Vec<_>>()
    })
}

impl Person {
    /// Appends the mobile number, mostly plain, else grouped or with the country code.
    pub(crate) fn spell_mobile(&self, random: &mut Random, out: &mut String) {
        let (head, tail) = self.mobile.split_at_checked(3).unwrap_or_default();
        let (middle, last) = tail.split_at_checked(4).unwrap_or_default();
        let _ = match random.below(10) {
            0 => write!(out, "{head}-{middle}-{last}"),
            1 => write!(out, "{head} {middle} {last}"),
            2 => write!(out, "+86{}", self.mobile),
            _ => write!(out, "{}", self.mobile),
        };
    }

    /// Appends the card number, plain or in groups of four.
    pub(crate) fn spell_card(&self, random: &mut Random, out: &mut String) {
        if random.per_mille(700) {
            return out.push_str(&self.card);
        }
        for (place, digit) in self.card.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                out.push(' ');
            }
            out.push(digit);
        }
    }
}

/// Texts that are drawn by weight.
struct Weighted {
    total: u64,
    /// The text, and the sum of the weights up to it.
    texts: Vec<(u64, &'static str)>,
}

impl Weighted {
    fn of(pairs: impl Iterator<Item = (&'static str, u64)>) -> Weighted {
        let mut total = 0;
        let texts = pairs.filter(|(_, weight)| *weight > 0).map(|(text, weight)| {
            total += weight;
            (total, text)
        });
        let texts = texts.collect();
        Weighted { total, texts }
    }

    fn draw(&self, random: &mut Random) -> &'static str {
        let drawn = random.below(self.total);
        let at = self.texts.partition_point(|(sum, _)| *sum <= drawn);
        self.texts.get(at).map_or("", |(_, text)| text)
    }
}

fn made(make: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    make(&mut out);
    out
}

/// A GB 11643 number of someone born between 1950 and 2007, with its check character.
fn resident_id(area: u32, random: &mut Random) -> String {
    const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    // Days are counted from 1970, so those before are taken 28 years later, when weekdays and leap years are the same.
    let (year, month, day) = clock::date(random.below(21_000) + 2_922);
    let mut number = format!("{area:06}{:04}{month:02}{day:02}{:03}", year - 28, random.between(1, 999));
    let sum: u64 = number.bytes().zip(WEIGHTS).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    number.push(*CHECKS.get(sum as usize % 11).unwrap_or(&'0'));
    number
}

/// A number of `length` digits that begins with `prefix` and ends in its Luhn digit.
pub(crate) fn luhn_number(prefix: &str, length: usize, random: &mut Random) -> String {
    let mut number = prefix.to_owned();
    random.digits(length - 1 - prefix.len(), &mut number);
    let doubled = |(place, digit): (usize, u8)| {
        let value = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
        if value > 9 { value - 9 } else { value }
    };
    let sum: u32 = number.bytes().rev().enumerate().map(doubled).sum();
    number.push(char::from(b'0' + ((10 - sum % 10) % 10) as u8));
    number
}
