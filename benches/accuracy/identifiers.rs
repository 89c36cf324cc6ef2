//! Makers of the values that the generator of the benchmarks has none for. Drawn at random, valid by their checks.

use std::fmt::Write as _;

use crate::corpus::random::Random;
use crate::documents::Scene;

/// Names of people of minorities, in the form that documents have.
pub(crate) const MINORITY_NAMES: &[&str] = &[
    "古丽娜扎尔·买买提",
    "阿卜杜拉·艾山",
    "迪丽热巴·吐尔逊",
    "买买提江·阿不都拉",
    "阿依古丽·卡德尔",
    "努尔兰·哈布力",
    "热依扎·阿里木江",
    "艾尼瓦尔·吾甫尔",
    "米热古丽·依明",
    "帕提古丽·热合曼",
];

/// What people call themselves.
pub(crate) const NICKNAMES: &[&str] = &[
    "快乐的小鱼",
    "风继续吹",
    "sunny_day",
    "一只懒猫",
    "星河入梦",
    "柠檬不酸",
    "大漠孤烟",
    "Kiki酱",
    "北方的狼",
    "南城旧梦",
    "甜甜圈_02",
    "夜雨声烦",
    "奶茶三分糖",
    "路人甲乙丙",
    "momo_lin",
    "爱吃西瓜",
];

/// What people search for.
pub(crate) const QUERIES: &[&str] =
    &["蓝牙耳机", "连衣裙", "儿童积木", "电动牙刷", "保温杯", "徒步鞋", "坚果礼盒", "台灯", "羽绒服", "扫地机器人"];

/// Numbers of services.
pub(crate) const HOTLINES: &[&str] = &[
    "400-80-13260",
    "400-800-1326",
    "4008205555",
    "95588",
    "95533",
    "10086",
    "12306",
    "12315",
    "800-820-8820",
    "96110",
];

/// Appends a mobile number as 3-4-4.
pub(crate) fn mobile_grouped(scene: &mut Scene<'_>, out: &mut String) {
    let (head, tail) = scene.person.mobile.split_at_checked(3).unwrap_or_default();
    let (middle, last) = tail.split_at_checked(4).unwrap_or_default();
    let separator = scene.world.random.choose(&[" ", "-"]);
    let _ = write!(out, "{head}{separator}{middle}{separator}{last}");
}

/// Appends a number of the first generation: 15 digits.
pub(crate) fn old_resident_id(scene: &mut Scene<'_>, out: &mut String) {
    let id = &scene.person.resident_id;
    let (area, rest) = (id.get(..6).unwrap_or_default(), id.get(10..12).unwrap_or_default());
    // Those of this century never had one.
    let random = &mut scene.world.random;
    let (year, day) = (random.between(40, 94), random.between(1, 28));
    let _ = write!(out, "{area}{year}{rest}{day:02}");
    random.digits(3, out);
}

/// Appends a number of the card for foreigners that has been issued since December 2023.
pub(crate) fn permanent_resident_id(scene: &mut Scene<'_>, out: &mut String) {
    const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let random = &mut scene.world.random;
    let (province, nation) = (random.choose(&["11", "31", "33", "44"]), random.choose(&["156", "840", "826", "392"]));
    let birth = scene.person.resident_id.get(6..14).unwrap_or_default();
    let nation = if nation == "156" { "410" } else { nation };
    let mut number = format!("9{province}{nation}{birth}");
    random.digits(3, &mut number);
    let sum: u64 = number.bytes().zip(WEIGHTS).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    number.push(*CHECKS.get(sum as usize % 11).unwrap_or(&'0'));
    out.push_str(&number);
}

/// Appends an account number of a bank: 19 digits as the largest bank has them.
pub(crate) fn bank_account(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    out.push_str(random.choose(&["1202", "3300", "1001", "4402", "0200"]));
    random.digits(15, out);
}

/// Appends `(0571)85022088`.
pub(crate) fn landline_brackets(scene: &mut Scene<'_>, out: &mut String) {
    let (code, number) = scene.person.landline.split_once('-').unwrap_or_default();
    let _ = write!(out, "({code}){number}");
}

/// Appends the number without its area code.
pub(crate) fn landline_local(scene: &mut Scene<'_>, out: &mut String) {
    let (_, number) = scene.person.landline.split_once('-').unwrap_or_default();
    out.push_str(number);
}

/// Appends the number with an extension.
pub(crate) fn landline_extension(scene: &mut Scene<'_>, out: &mut String) {
    let (joint, extension) =
        (scene.world.random.choose(&["转", "-", "转", "ext"]), scene.world.random.between(101, 8999));
    let _ = write!(out, "{}{joint}{extension}", scene.person.landline);
}

const MAIL_WORDS: &[&str] =
    &["zhang.wei", "lina_88", "wangfang1990", "liu-yang", "chenjie.work", "x.zhao", "sunny2001", "hr.zhou"];

/// Appends an address as people choose them.
pub(crate) fn email_word(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let (word, number) = (random.choose(MAIL_WORDS), random.between(1, 9999));
    let domain = random.choose(&["gmail.com", "mail.example.cn", "corp.example.com.cn", "vip.163.com", "139.com"]);
    let _ = write!(out, "{word}{number}@{domain}");
}

fn birth_date<'s>(scene: &'s Scene<'_>) -> (&'s str, &'s str, &'s str) {
    let date = scene.person.resident_id.get(6..14).unwrap_or_default();
    let (year, rest) = date.split_at_checked(4).unwrap_or_default();
    let (month, day) = rest.split_at_checked(2).unwrap_or_default();
    (year, month, day)
}

/// Appends the date of birth with `separator`.
pub(crate) fn birthday(scene: &mut Scene<'_>, separator: &str, out: &mut String) {
    let (year, month, day) = birth_date(scene);
    let _ = write!(out, "{year}{separator}{month}{separator}{day}");
}

/// Appends `1990年1月5日`.
pub(crate) fn birthday_han(scene: &mut Scene<'_>, out: &mut String) {
    let (year, month, day) = birth_date(scene);
    let _ = write!(out, "{year}年{}月{}日", month.trim_start_matches('0'), day.trim_start_matches('0'));
}

/// Appends an order number: the time and six digits.
pub(crate) fn order(scene: &mut Scene<'_>, out: &mut String) {
    scene.world.clock.compact(out);
    scene.world.random.digits(6, out);
}

/// Appends an order number with letters.
pub(crate) fn order_letters(scene: &mut Scene<'_>, out: &mut String) {
    out.push_str(scene.world.random.choose(&["SO", "ORD", "DD"]));
    scene.world.clock.compact(out);
    scene.world.random.digits(4, out);
}

/// Appends the number of a parcel.
pub(crate) fn waybill(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let (prefix, length) = random.choose(&[("SF", 13), ("YT", 13), ("75", 12), ("JDVB", 11)]);
    out.push_str(prefix);
    random.digits(length, out);
}

/// Appends the serial number of a payment: 28 digits.
pub(crate) fn payment(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    if random.per_mille(500) {
        let (year, month, day) = scene.world.clock.date();
        let _ = write!(out, "{year}{month:02}{day:02}2200");
        random.digits(16, out);
    } else {
        out.push_str("420000");
        random.digits(22, out);
    }
}

const PASSWORD_WORDS: &[&str] = &["Abc", "Qwer", "Zhang", "hunter", "iloveu", "P4ss", "Kx9q", "xiaoming", "Summer"];

/// Appends what people take for a password.
pub(crate) fn password(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let (word, mark, number) =
        (random.choose(PASSWORD_WORDS), random.choose(&["", "@", "!", "_", "."]), random.between(12, 99_999));
    let _ = write!(out, "{word}{mark}{number}");
}

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Appends a bcrypt hash.
pub(crate) fn password_hash(scene: &mut Scene<'_>, out: &mut String) {
    out.push_str("$2b$12$");
    letters(&mut scene.world.random, BASE64, 53, out);
}

/// Appends a session identifier.
pub(crate) fn session(scene: &mut Scene<'_>, out: &mut String) {
    let _ = write!(out, "{:016x}{:016x}", scene.world.random.next(), scene.world.random.next());
}

/// Appends a JSON web token.
pub(crate) fn jwt(scene: &mut Scene<'_>, out: &mut String) {
    out.push_str("eyJhbGciOiJIUzI1NiJ9.eyJ");
    letters(&mut scene.world.random, BASE64, 40, out);
    out.push('.');
    letters(&mut scene.world.random, BASE64, 43, out);
}

/// Appends a WeChat name.
pub(crate) fn wechat(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let (word, number) =
        (random.choose(&["wx_lin", "zhangwei_", "lina", "sunny-", "abc_"]), random.between(100, 99_999));
    let _ = write!(out, "{word}{number}");
}

/// Appends an OpenID.
pub(crate) fn openid(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    out.push_str("oUp");
    letters(random, BASE64, 19, out);
    random.digits(3, out);
    letters(random, BASE64, 3, out);
}

/// Appends a login name.
pub(crate) fn account(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let (word, number) =
        (random.choose(&["zhangwei", "lina", "wang.fang", "tb_", "u_", "liuyang"]), random.between(100, 999_999));
    let _ = write!(out, "{word}{number}");
}

/// Appends the number of an ordinary passport.
pub(crate) fn passport(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    if random.per_mille(500) {
        return lettered(scene, &["E", "G"], out);
    }
    out.push('E');
    letters(random, "ABCDEFGHJKLMNPQRSTUVWXYZ", 1, out);
    random.digits(7, out);
}

/// Appends one of `prefixes` and eight digits.
pub(crate) fn lettered(scene: &mut Scene<'_>, prefixes: &[&'static str], out: &mut String) {
    out.push_str(scene.world.random.choose(prefixes));
    scene.world.random.digits(8, out);
}

/// Appends a unified social credit code (GB 32100), whose inner code is right too (GB 11714).
pub(crate) fn uscc(scene: &mut Scene<'_>, out: &mut String) {
    const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let inner_weights = [3_u64, 7, 9, 10, 5, 8, 4, 2];
    let random = &mut scene.world.random;
    let area = scene.person.resident_id.get(..6).unwrap_or("330106");
    let mut inner = String::new();
    random.digits(8, &mut inner);
    let sum: u64 = inner.bytes().zip(inner_weights).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    inner.push(match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from(b'0' + digit as u8),
    });
    let class = random.choose(&["91", "92", "93"]);
    let mut code = format!("{class}{area}{inner}");
    let value = |character: char| CHARACTERS.chars().position(|one| one == character).unwrap_or(0) as u64;
    let (mut weight, mut sum) = (1, 0);
    for character in code.chars() {
        sum += value(character) * weight;
        weight = weight * 3 % 31;
    }
    code.extend(CHARACTERS.chars().nth((31 - sum % 31) as usize % 31));
    out.push_str(&code);
}

const PROVINCES: &[&str] = &["京", "沪", "粤", "浙", "苏", "川", "鄂", "鲁", "豫", "渝"];

/// Appends an ordinary number plate.
pub(crate) fn plate(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    out.push_str(random.choose(PROVINCES));
    letters(random, "ABCDEFGH", 1, out);
    letters(random, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 1, out);
    random.digits(3, out);
    letters(random, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 1, out);
}

/// Appends a number plate of a small car with a battery.
pub(crate) fn plate_new_energy(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    out.push_str(random.choose(PROVINCES));
    letters(random, "ABCDEFGH", 1, out);
    letters(random, "DFABCE", 1, out);
    random.digits(5, out);
}

/// Appends the number of a vehicle, with its check digit.
pub(crate) fn vin(scene: &mut Scene<'_>, out: &mut String) {
    const WEIGHTS: [u64; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let random = &mut scene.world.random;
    let mut number = random.choose(&["LSVAM4187", "LFV2A21K0", "LGBH52E00", "LVSHCFDB0"]).to_owned();
    letters(random, "ABCDEFGHJKLMN", 1, &mut number);
    letters(random, "ABCDEFGHJKLMN", 1, &mut number);
    random.digits(6, &mut number);
    let value = |character: char| match character {
        '0'..='9' => u64::from(character) - 48,
        'A'..='H' => u64::from(character) - 64,
        'J'..='N' => u64::from(character) - 73,
        'P' => 7,
        'R' => 9,
        _ => u64::from(character) - 81,
    };
    let sum: u64 = number.chars().zip(WEIGHTS).map(|(character, weight)| value(character) * weight).sum();
    let check = char::from_digit((sum % 11) as u32, 10).unwrap_or('X');
    out.extend(number.chars().enumerate().map(|(place, character)| if place == 8 { check } else { character }));
}

/// Appends a postal code.
pub(crate) fn postcode(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    out.push_str(random.choose(&["31", "10", "20", "51", "43", "61", "71", "21"]));
    let _ = write!(out, "{:04}", random.between(11, 8999));
}

const SYLLABLES: &[&str] = &["Wei", "Na", "Xiulan", "Jianguo", "Min", "Haoran", "Yuting", "Lei", "Xiaoming"];

/// Appends a name in Latin letters.
pub(crate) fn pinyin(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let surname = random.choose(&["Zhang", "Wang", "Li", "Zhao", "Chen", "Liu", "Huang", "Zhou"]);
    let _ = write!(out, "{} {surname}", random.choose(SYLLABLES));
}

/// Appends formatted text.
pub(crate) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = out.write_fmt(text);
}

/// Appends `count` characters of `of`.
pub(crate) fn letters(random: &mut Random, of: &str, count: usize, out: &mut String) {
    for _ in 0..count {
        out.extend(of.chars().nth(random.below(of.len() as u64) as usize));
    }
}
