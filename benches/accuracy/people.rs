//! People with names and addresses that are harder than those of the benchmarks: names that are also words, rare
//! characters, compound surnames; houses in lanes, villages, towers and compounds.

use std::fmt::Write as _;

use tuomin::rule::embedded;

use crate::corpus::World;
use crate::corpus::people::Person;
use crate::corpus::places::{self, District};
use crate::corpus::random::Random;

/// Names that are ordinary words, too.
const WORDS: &[&str] = &[
    "高峰",
    "白雪",
    "江山",
    "黄河",
    "周全",
    "万里",
    "方圆",
    "金鑫",
    "高原",
    "石磊",
    "马骏",
    "成龙",
    "安静",
    "温和",
    "平安",
    "张扬",
    "高兴",
    "任重",
    "常青",
    "何必",
    "向阳",
    "于飞",
    "李白桦",
    "杨柳",
    "田野",
    "海洋",
    "陈述",
    "程功",
    "黄金宝",
];
const COMPOUND: &[&str] = &["欧阳", "司马", "上官", "诸葛", "夏侯", "皇甫", "尉迟", "令狐", "慕容", "东方"];
const SURNAMES: &[&str] =
    &["王", "李", "张", "刘", "陈", "覃", "粟", "冼", "麦", "阮", "邝", "岑", "闫", "仝", "晏", "隗"];
const ROADS: &[&str] =
    &["文三西路", "珞喻路", "万航渡路", "天府三街", "水荫路", "鼓楼大街", "玉兰大道", "东四十条", "前门东大街"];
const ESTATES: &[&str] =
    &["西溪风情", "融创玖樾台", "蓝光雍锦园", "嘉和丽园", "首开常青藤", "复地东湖国际", "阳光100国际新城"];
const TOWERS: &[&str] = &["环球金融中心", "欧美金融城", "国际贸易大厦", "创业园", "智慧谷", "万达广场"];
const TOWNS: &[&str] = &["河口镇", "双桥乡", "白马镇", "长乐镇", "永丰乡"];
const VILLAGES: &[&str] = &["李家湾村", "石桥村", "新建村", "大王庄村", "前进村"];

/// How hard a name is to tell from words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameKind {
    /// Is an ordinary word, too, or made of two.
    Word,
    /// Has a surname of two characters.
    Compound,
    /// Any other.
    Other,
}

impl NameKind {
    /// All of them, in the order of reports.
    pub(crate) const ALL: [NameKind; 3] = [NameKind::Word, NameKind::Compound, NameKind::Other];

    /// What a name is.
    pub(crate) fn of(name: &str) -> NameKind {
        if WORDS.contains(&name) {
            NameKind::Word
        } else if COMPOUND.iter().any(|surname| name.starts_with(surname)) {
            NameKind::Compound
        } else {
            NameKind::Other
        }
    }

    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            NameKind::Word => "names that are words",
            NameKind::Compound => "surnames of two characters",
            NameKind::Other => "other names",
        }
    }
}

/// What people are made from.
pub(crate) struct Makers {
    districts: Vec<District>,
    /// Characters of given names, rare ones too.
    given: Vec<&'static str>,
}

impl Makers {
    /// From the reference tables.
    pub(crate) fn new() -> Makers {
        let given = embedded::rows("given_name_chars.tsv").filter_map(|mut row| row.next()).collect();
        Makers { districts: places::districts(), given }
    }

    /// Someone: every third has a harder name, every second a harder address.
    pub(crate) fn person(&self, world: &mut World) -> Person {
        let mut person = world.person();
        let random = &mut world.random;
        if random.per_mille(330) {
            person.name = self.name(random);
        }
        if random.per_mille(500) {
            person.address.clear();
            self.address(random, &mut person.address);
        }
        person
    }

    fn name(&self, random: &mut Random) -> String {
        let given = |random: &mut Random, count: u64, mut name: String| {
            (0..count).for_each(|_| name.push_str(random.choose(&self.given)));
            name
        };
        match random.below(4) {
            0 => random.choose(WORDS).to_owned(),
            1 => {
                let surname = random.choose(COMPOUND).to_owned();
                let count = random.between(1, 2);
                given(random, count, surname)
            }
            _ => {
                let surname = random.choose(SURNAMES).to_owned();
                let count = random.between(1, 2);
                given(random, count, surname)
            }
        }
    }

    fn address(&self, random: &mut Random, out: &mut String) {
        let district = random.pick(&self.districts);
        // Many leave out the province.
        let from = district.full.find('省').map_or(0, |at| at + '省'.len_utf8());
        let region = match random.below(3) {
            0 => district.full.get(from..).unwrap_or(&district.full),
            1 => &district.name,
            _ => &district.full,
        };
        out.push_str(region);
        let (road, estate) = (random.choose(ROADS), random.choose(ESTATES));
        let (number, house, stair, floor) =
            (random.between(1, 1999), random.between(1, 60), random.between(1, 5), random.between(1, 32));
        let room = floor * 100 + random.between(1, 8);
        let _ = match random.below(9) {
            0 => write!(out, "{road}{number}弄{house}号{room}室"),
            1 => write!(out, "{}{}{stair}组{house}号", random.choose(TOWNS), random.choose(VILLAGES)),
            2 => write!(out, "{road}{number}号{}{}座{room}", random.choose(TOWERS), random.choose(&["A", "B", "C"])),
            3 => write!(out, "{road}{number}号院{house}号楼{stair}单元{room}"),
            4 => write!(out, "{road}{number}-{stair}号"),
            5 => write!(out, "{estate}{house}-{stair}-{room}"),
            6 => write!(out, "{road}{number}号附{stair}号"),
            7 => write!(
                out,
                "{road}{number}号{estate}({}期){house}栋{stair}单元{room}室",
                random.choose(&["一", "二", "三"])
            ),
            _ => write!(out, "{road}{estate}{house}幢{room}"),
        };
    }
}
