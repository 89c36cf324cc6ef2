//! The values that are planted: what each is called in templates, which entity type it is, and how it is made.

use crate::attributes;
use crate::devices;
use crate::documents::Scene;
use crate::identifiers::{self as make, put};
use crate::noise::{COMPANIES, REGIONS};

/// A kind of value.
pub(crate) struct Value {
    /// Its name in templates.
    pub(crate) name: &'static str,
    /// Its entity type.
    pub(crate) entity: &'static str,
    /// Other entity types that are as right: the same value under another name.
    pub(crate) or: &'static [&'static str],
    /// Nothing beside it says what it is (names only).
    pub(crate) is_bare: bool,
    /// Appends one.
    pub(crate) make: fn(&mut Scene<'_>, &mut String),
}

/// A value of `entity` called `name`.
pub(crate) const fn of(name: &'static str, entity: &'static str, make: fn(&mut Scene<'_>, &mut String)) -> Value {
    Value { name, entity, or: &[], is_bare: false, make }
}

/// The same, where other entity types are as right.
const fn or(
    name: &'static str,
    entity: &'static str,
    or: &'static [&'static str],
    make: fn(&mut Scene<'_>, &mut String),
) -> Value {
    Value { name, entity, or, is_bare: false, make }
}

/// A name without a label.
const fn bare(name: &'static str, make: fn(&mut Scene<'_>, &mut String)) -> Value {
    Value { name, entity: "PERSON_NAME", or: &[], is_bare: true, make }
}

const DEVICE: &[&str] = &["DEVICE_SERIAL"];

/// All of them.
pub(crate) static VALUES: &[Value] = &[
    of("name", "PERSON_NAME", |s, out| out.push_str(&s.person.name)),
    of("name2", "PERSON_NAME", |s, out| out.push_str(&s.other.name)),
    of("minority", "PERSON_NAME", |s, out| out.push_str(s.world.random.choose(make::MINORITY_NAMES))),
    of("pinyin", "PERSON_NAME", make::pinyin),
    bare("name_bare", |s, out| out.push_str(&s.person.name)),
    bare("minority_bare", |s, out| out.push_str(s.world.random.choose(make::MINORITY_NAMES))),
    bare("name2_bare", |s, out| out.push_str(&s.other.name)),
    of("mobile", "CN_MOBILE_PHONE", |s, out| out.push_str(&s.person.mobile)),
    of("mobile2", "CN_MOBILE_PHONE", |s, out| out.push_str(&s.other.mobile)),
    of("mobile_any", "CN_MOBILE_PHONE", |s, out| s.person.spell_mobile(&mut s.world.random, out)),
    of("mobile_grouped", "CN_MOBILE_PHONE", make::mobile_grouped),
    of("mobile_86", "CN_MOBILE_PHONE", |s, out| put(out, format_args!("+86 {}", s.person.mobile))),
    of("id", "CN_RESIDENT_ID", |s, out| out.push_str(&s.person.resident_id)),
    of("id2", "CN_RESIDENT_ID", |s, out| out.push_str(&s.other.resident_id)),
    of("id_lower", "CN_RESIDENT_ID", |s, out| out.push_str(&s.person.resident_id.to_lowercase())),
    of("id_old", "CN_RESIDENT_ID", make::old_resident_id),
    of("permanent_id", "CN_PERMANENT_RESIDENT_ID", make::permanent_resident_id),
    of("card", "BANK_CARD", |s, out| out.push_str(&s.person.card)),
    of("card2", "BANK_CARD", |s, out| out.push_str(&s.other.card)),
    of("card_any", "BANK_CARD", |s, out| s.person.spell_card(&mut s.world.random, out)),
    of("bank_account", "BANK_ACCOUNT", make::bank_account),
    of("address", "CN_ADDRESS", |s, out| out.push_str(&s.person.address)),
    of("address2", "CN_ADDRESS", |s, out| out.push_str(&s.other.address)),
    of("company_address", "CN_ADDRESS", |s, out| out.push_str(&s.other.address)),
    or("region", "CN_ADDRESS", &["REGION"], |s, out| out.push_str(s.world.random.choose(REGIONS))),
    of("landline", "CN_LANDLINE_PHONE", |s, out| out.push_str(&s.person.landline)),
    of("landline_brackets", "CN_LANDLINE_PHONE", make::landline_brackets),
    of("landline_local", "CN_LANDLINE_PHONE", make::landline_local),
    of("landline_extension", "CN_LANDLINE_PHONE", make::landline_extension),
    of("landline_plain", "CN_LANDLINE_PHONE", |s, out| out.push_str(&s.person.landline.replace('-', ""))),
    of("email", "EMAIL_ADDRESS", |s, out| out.push_str(&s.person.email)),
    of("email2", "EMAIL_ADDRESS", |s, out| out.push_str(&s.other.email)),
    of("email_word", "EMAIL_ADDRESS", make::email_word),
    of("ip", "IP_ADDRESS", |s, out| out.push_str(&s.person.ip)),
    of("ipv6", "IP_ADDRESS", devices::ipv6),
    of("private_ip", "IP_ADDRESS", devices::private_ip),
    of("mac", "MAC_ADDRESS", |s, out| out.push_str(&s.person.mac)),
    of("mac_dashes", "MAC_ADDRESS", |s, out| out.push_str(&s.person.mac.replace(':', "-").to_uppercase())),
    of("mac_plain", "MAC_ADDRESS", |s, out| out.push_str(&s.person.mac.replace(':', ""))),
    of("imei", "IMEI", |s, out| out.push_str(&s.person.imei)),
    of("meid", "MEID", devices::meid),
    of("imsi", "IMSI", devices::imsi),
    of("iccid", "ICCID", devices::iccid),
    of("plmn", "PLMN", devices::plmn),
    of("cell", "CELL_ID", |s, out| put(out, format_args!("{}", s.world.random.between(1_048_576, 268_435_455)))),
    or("android_id", "DEVICE_ID", DEVICE, |s, out| put(out, format_args!("{:016x}", s.world.random.next()))),
    or("oaid", "DEVICE_ID", DEVICE, |s, out| {
        put(out, format_args!("{:016x}{:016x}", s.world.random.next(), s.world.random.next()));
    }),
    or("idfa", "DEVICE_ID", DEVICE, devices::idfa),
    or("serial", "DEVICE_SERIAL", &["DEVICE_ID"], devices::device_serial),
    of("gps", "GPS_COORDINATE", devices::gps_pair),
    of("lat", "GPS_COORDINATE", |s, out| devices::degrees(s, 21, 45, out)),
    of("lng", "GPS_COORDINATE", |s, out| devices::degrees(s, 87, 126, out)),
    of("ssid", "SSID", devices::ssid),
    of("birthday", "BIRTHDAY", |s, out| make::birthday(s, "-", out)),
    of("birthday_slashes", "BIRTHDAY", |s, out| make::birthday(s, "/", out)),
    of("birthday_plain", "BIRTHDAY", |s, out| make::birthday(s, "", out)),
    of("birthday_han", "BIRTHDAY", make::birthday_han),
    of("gender", "GENDER", |s, out| out.push_str(s.world.random.choose(&["男", "女"]))),
    of("gender_word", "GENDER", |s, out| out.push_str(s.world.random.choose(&["male", "female"]))),
    of("gender_code", "GENDER", |s, out| out.push_str(s.world.random.choose(&["1", "2", "0"]))),
    of("age", "AGE", |s, out| put(out, format_args!("{}", s.world.random.between(14, 89)))),
    or("order", "ORDER_ID", &["PAYMENT_SERIAL"], make::order),
    or("order_letters", "ORDER_ID", &["PAYMENT_SERIAL"], make::order_letters),
    or("waybill", "ORDER_ID", &[], make::waybill),
    or("payment", "PAYMENT_SERIAL", &["ORDER_ID"], make::payment),
    of("password", "PASSWORD", make::password),
    of("password_hash", "PASSWORD_HASH", make::password_hash),
    of("sms_code", "SMS_CODE", |s, out| put(out, format_args!("{}", s.world.random.between(100_003, 998_877)))),
    of("session", "SESSION_TOKEN", make::session),
    of("jwt", "SESSION_TOKEN", make::jwt),
    of("wechat", "WECHAT_ID", make::wechat),
    of("openid", "WECHAT_ID", make::openid),
    of("qq", "QQ_NUMBER", |s, out| put(out, format_args!("{}", s.world.random.between(10_203_040, 2_999_888_777)))),
    of("alipay", "ALIPAY_ACCOUNT", |s, out| {
        out.push_str("2088");
        s.world.random.digits(12, out);
    }),
    or("alipay_mobile", "ALIPAY_ACCOUNT", &["CN_MOBILE_PHONE"], |s, out| out.push_str(&s.person.mobile)),
    or("alipay_email", "ALIPAY_ACCOUNT", &["EMAIL_ADDRESS"], |s, out| out.push_str(&s.person.email)),
    of("account", "ACCOUNT_NAME", make::account),
    of("user_number", "ACCOUNT_NAME", |s, out| {
        put(out, format_args!("{}", s.world.random.between(10_000_000, 89_999_999)))
    }),
    of("user_n5", "ACCOUNT_NAME", |s, out| put(out, format_args!("{}", s.world.random.between(10_000, 99_999)))),
    of("user_n6", "ACCOUNT_NAME", |s, out| put(out, format_args!("{}", s.world.random.between(100_000, 999_999)))),
    of("user_C_n8", "ACCOUNT_NAME", |s, out| {
        put(out, format_args!("C{}", s.world.random.between(10_000_000, 99_999_999)));
    }),
    of("user_E_n6", "ACCOUNT_NAME", |s, out| {
        put(out, format_args!("E{}", s.world.random.between(100_000, 999_999)));
    }),
    of("user_n8", "ACCOUNT_NAME", |s, out| {
        put(out, format_args!("{}", s.world.random.between(10_000_000, 99_999_999)))
    }),
    of("user_n10", "ACCOUNT_NAME", |s, out| {
        put(out, format_args!("{}", s.world.random.between(1_000_000_000, 9_999_999_999)))
    }),
    of("amount_n5", "TRANSACTION_AMOUNT", |s, out| {
        put(out, format_args!("{}", s.world.random.between(10_000, 99_999)))
    }),
    of("nickname", "NICKNAME", |s, out| out.push_str(s.world.random.choose(make::NICKNAMES))),
    of("model", "DEVICE_INFO", |s, out| out.push_str(s.world.random.choose(devices::MODELS))),
    of("user_agent", "USER_AGENT", devices::user_agent),
    of("query", "SEARCH_QUERY", |s, out| out.push_str(s.world.random.choose(make::QUERIES))),
    of("hotline", "SERVICE_PHONE", |s, out| out.push_str(s.world.random.choose(make::HOTLINES))),
    of("passport", "CN_PASSPORT", make::passport),
    of("permit_hm", "HK_MACAU_TRAVEL_PERMIT", |s, out| make::lettered(s, &["C"], out)),
    of("permit_home", "MAINLAND_TRAVEL_PERMIT", |s, out| make::lettered(s, &["H", "M"], out)),
    of("permit_taiwan", "TAIWAN_COMPATRIOT_PERMIT", |s, out| make::lettered(s, &[""], out)),
    or("uscc", "CN_USCC", &["TAXPAYER_ID"], make::uscc),
    or("plate", "CN_LICENSE_PLATE", &[], make::plate),
    or("plate_green", "CN_LICENSE_PLATE", &[], make::plate_new_energy),
    of("vin", "VIN", make::vin),
    of("postcode", "POSTAL_CODE", make::postcode),
    of("foreign_phone", "FOREIGN_PHONE", attributes::foreign_phone),
    of("fax", "FAX", attributes::fax),
    of("hk_id", "HK_ID_CARD", attributes::hong_kong_id),
    of("taiwan_id", "TAIWAN_ID_CARD", attributes::taiwan_id),
    of("foreign_passport", "FOREIGN_PASSPORT", attributes::foreign_passport),
    of("card_expiry", "CARD_EXPIRY", attributes::card_expiry),
    of("cvv", "CARD_CVV", |s, out| put(out, format_args!("{:03}", s.world.random.below(1000)))),
    of("amount", "TRANSACTION_AMOUNT", attributes::amount),
    of("ethnicity", "ETHNICITY", |s, out| out.push_str(s.world.random.choose(attributes::ETHNIC_GROUPS))),
    of("nationality", "NATIONALITY", |s, out| out.push_str(s.world.random.choose(attributes::NATIONALITIES))),
    of("marital", "MARITAL_STATUS", |s, out| out.push_str(s.world.random.choose(&["已婚", "未婚", "离异", "丧偶"]))),
    of("education", "EDUCATION", |s, out| out.push_str(s.world.random.choose(attributes::DEGREES))),
    of("job", "JOB_TITLE", |s, out| out.push_str(s.world.random.choose(attributes::JOBS))),
    of("relation", "RELATION", |s, out| out.push_str(s.world.random.choose(attributes::RELATIONS))),
    of("spouse", "RELATION", |_, out| out.push_str("配偶")),
    of("company", "ORG_NAME", |s, out| out.push_str(s.world.random.choose(COMPANIES))),
];

/// Which group of the targets an entity type belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Group {
    /// A check digit or a register confirms it.
    Checksummed,
    /// Known by its form and a label.
    Patterned,
    /// Addresses.
    Addresses,
    /// Names beside a label, or in a column that says so.
    NamesLabelled,
    /// Names in running text.
    NamesUnlabelled,
}

/// The groups, in the order of reports.
pub(crate) const GROUPS: [Group; 5] =
    [Group::Checksummed, Group::Patterned, Group::Addresses, Group::NamesLabelled, Group::NamesUnlabelled];

impl Group {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Group::Checksummed => "checksummed",
            Group::Patterned => "patterned",
            Group::Addresses => "addresses",
            Group::NamesLabelled => "names, labelled",
            Group::NamesUnlabelled => "names, unlabelled",
        }
    }

    /// The group of an entity type; names in running text are `bare`.
    pub(crate) fn of(entity: &str, bare: bool) -> Group {
        match entity {
            "PERSON_NAME" if bare => Group::NamesUnlabelled,
            "PERSON_NAME" => Group::NamesLabelled,
            "CN_ADDRESS" => Group::Addresses,
            "CN_RESIDENT_ID" | "CN_PERMANENT_RESIDENT_ID" | "BANK_CARD" | "IMEI" | "CN_USCC" | "ICCID" | "VIN" => {
                Group::Checksummed
            }
            _ => Group::Patterned,
        }
    }
}
