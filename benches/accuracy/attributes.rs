//! Makers of what people are and have: their group, work, relations, papers of other places, and what they paid.

use std::fmt::Write as _;

use crate::documents::Scene;
use crate::identifiers::letters;

/// Ethnic groups as forms write them (GB/T 3304), the largest most often.
pub(crate) const ETHNIC_GROUPS: &[&str] = &[
    "汉族",
    "汉族",
    "汉族",
    "汉",
    "汉",
    "壮族",
    "回族",
    "满族",
    "维吾尔族",
    "苗族",
    "彝族",
    "土家族",
    "藏族",
    "蒙古族",
    "朝鲜族",
];

/// Nationalities as forms write them (GB/T 2659).
pub(crate) const NATIONALITIES: &[&str] =
    &["中国", "中国", "中国", "CHN", "CN", "美国", "日本", "韩国", "英国", "加拿大", "马来西亚", "USA", "澳大利亚"];

/// Degrees (GB/T 4658).
pub(crate) const DEGREES: &[&str] =
    &["本科", "大专", "硕士研究生", "博士", "高中", "中专", "初中", "大学本科", "硕士", "大学专科", "小学"];

/// What people do (GB/T 6565).
pub(crate) const JOBS: &[&str] = &[
    "工程师",
    "销售经理",
    "教师",
    "会计",
    "司机",
    "护士",
    "产品经理",
    "公务员",
    "自由职业",
    "个体工商户",
    "农民",
    "软件开发工程师",
    "人事专员",
    "厨师",
    "快递员",
    "退休",
    "学生",
    "车间主任",
    "总经理",
    "保安",
    "设计师",
    "律师",
];

/// What one person is to another (GB/T 4761).
pub(crate) const RELATIONS: &[&str] = &[
    "配偶", "父亲", "母亲", "父子", "母女", "子女", "儿子", "女儿", "兄弟", "姐妹", "朋友", "同事", "夫妻", "本人",
    "亲属", "爷爷",
];

/// Appends a number of a phone abroad, in international form.
pub(crate) fn foreign_phone(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    // Each `#` is a digit.
    let form = random.choose(&[
        "+1 415 555 01##",
        "+1-212-555-01##",
        "+44 20 7946 0###",
        "+44 7700 900###",
        "+81 90-1234-####",
        "+82 10-2345-####",
        "+65 8123 ####",
        "+65 9123####",
        "+852 6123 ####",
        "+852 9123####",
        "+60 12-345 ####",
        "+61 412 345 ###",
        "+49 151 2345####",
        "+886 912 345 ###",
        "+84 912 345 ###",
    ]);
    for character in form.chars() {
        match character {
            '#' => random.digits(1, out),
            other => out.push(other),
        }
    }
}

/// Appends a number with an area code.
pub(crate) fn fax(scene: &mut Scene<'_>, out: &mut String) {
    let code = scene.world.random.choose(&["010", "021", "0571", "0755", "020", "028", "0512"]);
    let _ = write!(out, "{code}-{}", scene.world.random.between(50_000_000, 88_999_999));
}

/// Appends `A123456(3)`, with its check digit (modulo 11 over a space, a letter and six digits).
pub(crate) fn hong_kong_id(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let mut number = String::new();
    letters(random, "ABCDEGHKMPRVYZ", 1, &mut number);
    random.digits(6, &mut number);
    let value = |character: char| character.to_digit(36).unwrap_or(0);
    let sum: u32 =
        36 * 9 + number.chars().zip((2..=8).rev()).map(|(character, weight)| value(character) * weight).sum::<u32>();
    let check = match (11 - sum % 11) % 11 {
        10 => 'A',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    let _ = if random.per_mille(700) { write!(out, "{number}({check})") } else { write!(out, "{number}{check}") };
}

/// Appends `A123456789`, with its check digit: the letter counts as two digits.
pub(crate) fn taiwan_id(scene: &mut Scene<'_>, out: &mut String) {
    // By number: A is 10, B is 11 and so on, in the order in which letters were given to places.
    const LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let random = &mut scene.world.random;
    let place = random.below(26);
    let mut digits = random.choose(&["1", "2"]).to_owned();
    random.digits(7, &mut digits);
    let letter = 10 + place;
    let inner: u64 = digits.bytes().zip((1..=8).rev()).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    let sum = letter / 10 + letter % 10 * 9 + inner;
    let letter = LETTERS.chars().nth(place as usize).unwrap_or('A');
    let _ = write!(out, "{letter}{digits}{}", (10 - sum % 10) % 10);
}

/// Appends the number of a passport of another country.
pub(crate) fn foreign_passport(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let (prefix, digits) = random.choose(&[("", 9), ("M", 8), ("TK", 7), ("TR", 7), ("A", 8), ("PA", 7)]);
    out.push_str(prefix);
    if prefix.is_empty() {
        out.push_str(random.choose(&["5", "4", "6"]));
    }
    random.digits(digits - usize::from(prefix.is_empty()), out);
}

/// Appends the month in which a card ends.
pub(crate) fn card_expiry(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let _ = write!(out, "{:02}/{}", random.between(1, 12), random.between(27, 34));
}

/// Appends what somebody paid, in yuan.
pub(crate) fn amount(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let yuan = if random.per_mille(500) { random.between(1, 999) } else { random.between(1000, 98_000) };
    let _ = write!(out, "{yuan}.{:02}", random.choose(&[0_u64, 50, 90, 80, 99, 25]));
}
