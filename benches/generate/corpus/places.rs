//! Places and addresses, from the reference tables that the rules use.

use std::collections::HashMap;
use std::fmt::Write;

use tuomin::rule::embedded;

use super::random::Random;

const ROADS: &[&str] = &[
    "人民路",
    "中山路",
    "解放路",
    "建设路",
    "文化路",
    "长江路",
    "黄河路",
    "和平路",
    "新华路",
    "胜利路",
    "光明路",
    "青年路",
    "友谊路",
    "工业路",
    "学府路",
    "科技路",
    "创业大道",
    "迎宾大道",
    "滨河路",
    "环城北路",
    "朝阳街",
    "幸福街",
    "花园街",
    "复兴路",
    "延安西路",
    "北京东路",
    "南京西路",
    "广州大道",
    "世纪大道",
    "金融街",
    "体育场路",
    "火车站前街",
];
const ESTATES: &[&str] = &[
    "阳光花园",
    "锦绣小区",
    "翠湖苑",
    "金色家园",
    "龙湖天街",
    "碧桂园",
    "万科城",
    "绿地新城",
    "中海国际",
    "保利花园",
    "恒大名都",
    "香榭丽舍",
    "御景湾",
    "东方新城",
    "丽水佳苑",
    "书香门第",
];

/// A district (county level).
pub(crate) struct District {
    /// GB/T 2260 code.
    pub(crate) code: u32,
    /// Province, city and district, as an address begins.
    pub(crate) full: String,
    /// The district's own name.
    pub(crate) name: String,
    /// Its streets and townships.
    towns: Vec<&'static str>,
}

/// The districts of today.
pub(crate) fn districts() -> Vec<District> {
    let mut towns: HashMap<&str, Vec<&'static str>> = HashMap::new();
    for mut row in embedded::rows("cn_towns.tsv") {
        if let (Some(name), Some(code)) = (row.next(), row.next()) {
            towns.entry(code).or_default().push(name);
        }
    }
    let mut names: HashMap<u32, &'static str> = HashMap::new();
    let mut found = Vec::new();
    for mut row in embedded::rows("cn_gazetteer.tsv") {
        if let (Some(name), Some(level), Some(code), Some("current")) = (row.next(), row.next(), row.next(), row.next())
            && let Ok(number) = code.parse::<u32>()
        {
            if level == "district" {
                found.push((number, name, towns.remove(code).unwrap_or_default()));
            } else {
                names.insert(number, name);
            }
        }
    }
    found.sort_unstable_by_key(|(code, ..)| *code);
    found
        .into_iter()
        // Hong Kong, Macau and Taiwan write addresses another way.
        .filter(|(code, ..)| *code < 700_000)
        .map(|(code, name, towns)| {
            let name_of = |code: u32| names.get(&code).copied().unwrap_or_default();
            let full = format!("{}{}{name}", name_of(code / 10_000 * 10_000), name_of(code / 100 * 100));
            District { code, full, name: name.to_owned(), towns }
        })
        .collect()
}

/// Appends an address in `district`.
pub(crate) fn address(district: &District, random: &mut Random, out: &mut String) {
    out.push_str(if random.per_mille(850) { &district.full } else { &district.name });
    if !district.towns.is_empty() && random.per_mille(300) {
        out.push_str(random.choose(&district.towns));
    }
    let (road, number) = (random.choose(ROADS), random.between(1, 999));
    let _ = write!(out, "{road}{number}号");
    if random.per_mille(500) {
        out.push_str(random.choose(ESTATES));
    }
    match random.below(4) {
        0 => {}
        1 => {
            let (house, room) = (random.between(1, 40), random.between(101, 3306));
            let _ = write!(out, "{house}栋{room}室");
        }
        _ => {
            let (house, stair, room) = (random.between(1, 40), random.between(1, 6), random.between(101, 3306));
            let _ = write!(out, "{house}号楼{stair}单元{room}室");
        }
    }
}
