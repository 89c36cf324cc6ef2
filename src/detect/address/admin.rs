//! The head of an address: country, province, city and district names in descending order, checked against each
//! other by their codes (GB/T 2260). Must not take a road named after a place (南京路) for that place.

use super::gazetteer::{Entry, Kind, Level, names_below};
use super::word;
use crate::detect::han::{any_at, char_at, char_before, ends, fold, is_han, starts};

/// A chain of administrative names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admin {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The deepest level named; a municipality counts as a city.
    pub(super) deepest: Option<Level>,
    province: Option<u32>,
    city: Option<u32>,
    /// How many names.
    pub(super) names: u8,
    /// How many of them are current names written in full (杭州市, not 杭州).
    pub(super) full: u8,
    /// No name contradicts the one before it.
    pub(super) consistent: bool,
}

/// Names that do not say which place is meant unless one stands before them.
const GENERIC: &[&str] = &[
    "一区", "二区", "三区", "东区", "西区", "南区", "北区", "中区", "城区", "郊区", "新区", "矿区", "市区", "林区",
    "区", "县",
];

fn is_generic(name: &[u8]) -> bool {
    name.len() <= 6
        && char_before(name, name.len()).is_some_and(|(c, _)| matches!(c, '区' | '县'))
        && GENERIC.iter().any(|generic| generic.as_bytes() == name)
}

/// What makes a zone that is administered like a district.
const ZONES: &[&str] =
    &["高新区", "经开区", "开发区", "新区", "示范区", "保税区", "度假区", "风景区", "风景名胜区", "管委会"];

const COUNTRIES: &[&str] = &["中华人民共和国", "中国"];

impl Admin {
    /// The chain that starts with a name at `at`, if one does.
    pub(super) fn at(text: &[u8], at: usize) -> Option<Admin> {
        let mut admin = Admin {
            start: at,
            end: at,
            deepest: None,
            province: None,
            city: None,
            names: 0,
            full: 0,
            consistent: true,
        };
        for _ in 0..5 {
            let next = admin.next_name(text);
            let Some((end, entry, level, consistent)) = next else { break };
            admin.end = end;
            admin.names += 1;
            admin.full += u8::from(entry.kind == Kind::Current);
            admin.consistent &= consistent;
            admin.deepest = Some(level);
            admin.province.get_or_insert(entry.code / 10_000);
            if level == Level::District {
                admin.city.get_or_insert(entry.code / 100);
                break;
            }
            if level >= Level::City {
                admin.city.get_or_insert(entry.code / 100);
            }
        }
        if admin.names == 0 {
            return None;
        }
        if admin.deepest == Some(Level::City)
            && let Some(end) = zone(text, admin.end)
        {
            admin.end = end;
            admin.deepest = Some(Level::District);
        }
        if let Some(country) = COUNTRIES.iter().find(|country| ends(text, at, country)) {
            admin.start = at - country.len();
        }
        Some(admin)
    }

    /// Whether it reaches down to a district.
    pub(super) fn has_district(&self) -> bool {
        self.deepest == Some(Level::District)
    }

    /// Whether it reaches down to a city.
    pub(super) fn has_city(&self) -> bool {
        self.deepest >= Some(Level::City)
    }

    /// Points for what the register confirms.
    pub(super) fn registry(&self) -> i16 {
        match (self.consistent, self.full, self.names) {
            (false, _, _) => 10,
            (true, 1.., _) | (true, _, 2..) => 20,
            _ => 15,
        }
    }

    /// The next deeper name: its end, entry, level, and whether it agrees with the names so far.
    fn next_name(&self, text: &[u8]) -> Option<(usize, Entry, Level, bool)> {
        let at = if self.names == 0 { self.end } else { separated(text, self.end) };
        let mut disagreeing = None;
        let mut best: Option<(Entry, Level)> = None;
        // Many entries share a name.
        let (mut judged, mut is_name) = (0, false);
        // Below a city stand districts only; a municipality, too, may stand below a province.
        let least = if self.deepest == Some(Level::City) { Level::District } else { Level::Province };
        for entry in names_below(text, at, least) {
            if best.is_some_and(|(other, _)| entry.length != other.length) {
                break;
            }
            let level = level_of(&entry);
            if self.deepest.is_some_and(|deepest| level <= deepest) {
                continue;
            }
            let end = at + entry.length;
            if entry.length != judged {
                let name = text.get(at..end).unwrap_or_default();
                let starts_nothing = self.names == 0 && (is_generic(name) || is_inside_word(text, at));
                (judged, is_name) = (entry.length, !starts_nothing && !is_road_name(text, end, name));
            }
            if !is_name {
                continue;
            }
            if !self.agrees(&entry) {
                if entry.kind == Kind::Current {
                    disagreeing.get_or_insert((end, entry, level, false));
                }
                continue;
            }
            if best.is_none_or(|(other, _)| (entry.kind, entry.level) < (other.kind, other.level)) {
                best = Some((entry, level));
            }
        }
        best.map(|(entry, level)| (at + entry.length, entry, level, true)).or(disagreeing)
    }

    /// Whether the codes say that `entry` lies in the places named so far. Districts have moved between cities of a
    /// province, so only full and current contradictions count.
    fn agrees(&self, entry: &Entry) -> bool {
        match (self.province, self.city) {
            (Some(province), _) if province != entry.code / 10_000 => false,
            (_, Some(city)) if entry.kind != Kind::Historical && city % 100 != 0 => {
                city == entry.code / 100 || entry.code / 100 % 100 == 90
            }
            _ => true,
        }
    }
}

/// A municipality or special region is a city for the grammar.
fn level_of(entry: &Entry) -> Level {
    let municipal = matches!(entry.code / 10_000, 11 | 12 | 31 | 50 | 81 | 82);
    if entry.level == Level::Province && municipal { Level::City } else { entry.level }
}

/// The place just after one separator that people put between names, or after nothing (市辖区, 县 are fillers).
fn separated(text: &[u8], at: usize) -> usize {
    let at = match char_at(text, at) {
        Some((c, length)) if matches!(fold(c), ' ' | '/' | '-' | '·') => at + length,
        _ => at,
    };
    if starts(text, at, "市辖区") { at + "市辖区".len() } else { at }
}

/// 南京路, 中山东路, 朝阳门: a name without its suffix that only begins another name.
fn is_road_name(text: &[u8], end: usize, name: &[u8]) -> bool {
    let is_suffix = |c| matches!(c, '省' | '市' | '区' | '县' | '旗' | '州' | '盟');
    if name.len() > 6 && char_before(name, name.len()).is_some_and(|(c, _)| is_suffix(c)) {
        return false;
    }
    if text.get(end).is_none_or(u8::is_ascii) {
        return false;
    }
    let Some((c, length)) = char_at(text, end) else { return false };
    let behind = end + length;
    match c {
        '路' | '街' | '巷' | '道' | '里' | '门' | '镇' | '乡' | '村' => {
            !(c == '路' && starts(text, behind, "由"))
        }
        '市' => starts(text, behind, "场"),
        '东' | '西' | '南' | '北' | '中' | '支' | '新' | '环' => {
            any_at(text, behind, &["路", "街", "大道", "大街", "巷"]).is_some()
        }
        '大' => any_at(text, behind, &["道", "街", "学"]).is_some(),
        '胡' => starts(text, behind, "同"),
        '社' | '小' => starts(text, behind, "区"),
        '银' => starts(text, behind, "行"),
        _ => false,
    }
}

/// Whether the place name at `at` is the tail of a longer word that says something else (如东, 今天津贴).
fn is_inside_word(text: &[u8], at: usize) -> bool {
    starts(text, at, "天") && char_before(text, at).is_some_and(|(c, _)| matches!(c, '今' | '每' | '明' | '昨' | '当'))
}

/// 经济技术开发区, 高新区 and the like right after a city.
fn zone(text: &[u8], at: usize) -> Option<usize> {
    let mut p = at;
    for _ in 0..9 {
        if text.get(p).is_none_or(u8::is_ascii) {
            return None;
        }
        if let Some(suffix) = any_at(text, p, ZONES) {
            let end = p + suffix.len();
            return Some(if starts(text, end, "管委会") { end + "管委会".len() } else { end });
        }
        let (c, length) = char_at(text, p)?;
        if !is_han(c) || word::is_prose(c) || matches!(c, '路' | '街' | '号') {
            return None;
        }
        p += length;
    }
    None
}
