//! The words of the address grammar: suffixes of roads, villages and buildings, units of numbers, and the characters
//! and words at which an address cannot go on.

use std::sync::LazyLock;

use super::character::Character;
use crate::detect::han::{any_at, char_at, starts};
use crate::detect::words::Words;

/// What a named element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// 街道, 镇, 乡
    Town,
    /// 村, 社区
    Village,
    /// 路, 街, 巷
    Road,
    /// 小区, 大厦: a suffix of two characters, safe by itself.
    Place,
    /// 城, 园: a suffix of one character, only meaningful with a number behind it.
    Short,
}

/// What the number of a numbered element counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// 号
    Door,
    /// 弄, 号院
    Lane,
    /// 栋, 幢, 座, 号楼
    Building,
    /// 单元, 门
    Entrance,
    /// 层, 楼
    Floor,
    /// 室, 房, 户
    Room,
    /// 组, 队
    Group,
    /// 期, 区, 段: which part of a place; not an address by itself.
    Section,
    /// No unit: 12-3-401, 502
    Bare,
}

/// Characters that end any address: sentence and list punctuation, quotes, brackets, markup.
pub(super) fn is_stop(c: char) -> bool {
    match c {
        '。' | '；' | '、' | '，' | '！' | '？' | '：' | '“' | '”' | '‘' | '’' | '《' | '》' | '【' | '】' | '…'
        | '「' | '」' | '）' | '\u{FFFD}' => true,
        '-' | '#' | '/' | '(' | ' ' | '.' | '~' => false,
        c => c.is_control() || c.is_ascii_punctuation(),
    }
}

/// Function words that do not occur in place names: the text is a sentence.
pub(super) const fn is_prose(c: char) -> bool {
    matches!(
        c,
        '的' | '了'
            | '在'
            | '是'
            | '及'
            | '与'
            | '或'
            | '请'
            | '您'
            | '我'
            | '你'
            | '他'
            | '她'
            | '它'
            | '这'
            | '们'
            | '吗'
            | '呢'
            | '吧'
            | '啊'
            | '说'
            | '被'
            | '把'
            | '很'
            | '没'
            | '但'
            | '因'
            | '已'
            | '为'
            | '着'
            | '过'
            | '所'
            | '将'
            | '并'
            | '到'
            | '去'
    )
}

/// Words that begin the next field.
pub(super) const NEXT_FIELDS: &[&str] = &[
    "电话",
    "手机",
    "联系",
    "邮编",
    "邮政编码",
    "邮箱",
    "姓名",
    "收件人",
    "收货人",
    "身份证",
    "备注",
    "电邮",
    "传真",
    "座机",
    "客服",
    "户主",
    "业主",
    "法定代表人",
    "法人",
    "证件",
    "银行",
    "微信",
];

static NEXT_FIELD: LazyLock<Words> = LazyLock::new(|| Words::new(NEXT_FIELDS));

/// Whether the next field begins at `at`.
pub(super) fn is_next_field(text: &[u8], at: usize) -> bool {
    NEXT_FIELD.at(text, at).is_some_and(|word| word != "银行" || starts(text, at, "银行卡"))
}

/// A character after a number that makes it a date, an amount or a measure.
pub(super) const fn is_measure(c: char) -> bool {
    matches!(
        c,
        '年' | '月'
            | '日'
            | '点'
            | '时'
            | '分'
            | '秒'
            | '元'
            | '米'
            | '万'
            | '亿'
            | '个'
            | '人'
            | '次'
            | '名'
            | '岁'
            | '项'
            | '件'
            | '%'
            | '天'
            | '周'
            | '届'
            | '位'
            | '倍'
            | '块'
            | '吨'
            | '篇'
            | '家'
            | '种'
            | '辆'
            | '亩'
            | '平'
            | '公'
            | '多'
            | '余'
            | '折'
            | '℃'
            | '度'
            | '批'
            | '轮'
            | '条'
            | '例'
            | '张'
            | '部'
            | '集'
            | '票'
            | ':'
            | '+'
            | '@'
    )
}

/// Whether what follows `号` at `after` makes it something other than a house number (号码, 号线, 号令…).
pub(super) fn is_false_door(text: &[u8], after: usize) -> bool {
    if is_ascii_at(text, after) {
        return false;
    }
    let Some((c, length)) = char_at(text, after) else { return false };
    let tails: &[&str] = match c {
        '码' | '线' | '令' | '文' | '机' | '召' | '称' | '角' | '球' | '航' | '口' | '站' | '病' | '店' | '员' =>
        {
            return true;
        }
        '选' => &["手"],
        '台' => &["风"],
        '公' => &["告", "路"],
        '决' => &["定"],
        '议' => &["案"],
        '通' => &["告", "知"],
        '飞' => &["船"],
        '卫' => &["星"],
        '火' => &["箭"],
        '探' => &["测"],
        '种' => &["子"],
        '出' => &["口"],
        '登' => &["机"],
        '高' => &["速"],
        '标' => &["段"],
        '电' => &["池"],
        '汽' | '柴' => &["油"],
        '运' => &["动"],
        '服' => &["务器"],
        '节' => &["点"],
        _ => return false,
    };
    any_at(text, after + length, tails).is_some()
}

/// The suffix of a named element at `at`, where `first` stands: the place after it, and what it names. Longest first.
#[inline]
pub(super) fn suffix_at(text: &[u8], at: usize, first: Character) -> Option<(usize, Named)> {
    let (_, tails) = SUFFIXES.get(first.suffix()?)?;
    let behind = at + first.length;
    let (tail, named) = tail_at(text, behind, tails)?;
    let end = behind + tail.len();
    (!is_false_suffix(text, end, first.character)).then_some((end, *named))
}

/// The first of `tails` that stands at `at`. Tails are of Han characters, and only the last of them may be empty.
#[inline]
fn tail_at<'tails, T>(text: &[u8], at: usize, tails: &'tails [(&'tails str, T)]) -> Option<&'tails (&'tails str, T)> {
    if is_ascii_at(text, at) {
        return tails.last().filter(|(tail, _)| tail.is_empty());
    }
    tails.iter().find(|(tail, _)| starts(text, at, tail))
}

/// Whether no Han character stands at `at`: ASCII, or the end.
#[inline]
pub(super) fn is_ascii_at(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(u8::is_ascii)
}

/// The first characters of suffixes, and what may follow them, longest first.
pub(super) const SUFFIXES: &[(&str, &[(&str, Named)])] = {
    use Named::{Place, Road, Short, Town, Village};
    &[
        ("街", &[("道办事处", Town), ("道办", Town), ("道", Town), ("区", Short), ("", Road)]),
        ("镇乡", &[("", Town)]),
        ("苏", &[("木", Town)]),
        ("办", &[("事处", Town), ("公楼", Place)]),
        ("村", &[("委会", Village), ("", Village)]),
        ("社", &[("区居委会", Village), ("区", Village)]),
        ("嘎", &[("查", Village)]),
        ("屯庄寨圩", &[("", Village)]),
        ("路巷", &[("", Road)]),
        ("胡", &[("同", Road)]),
        ("公", &[("路", Road), ("寓", Place), ("馆", Place), ("园", Place), ("司", Place)]),
        ("国", &[("道", Road), ("际", Short)]),
        ("省县", &[("道", Road)]),
        (
            "大",
            &[
                ("道", Road),
                ("街", Road),
                ("厦", Place),
                ("楼", Place),
                ("学", Place),
                ("院", Place),
                ("酒店", Place),
                ("市场", Place),
            ],
        ),
        ("道弄坊条段径", &[("", Road)]),
        ("里桥", &[("", Short)]),
        ("小", &[("区", Place), ("学", Place), ("镇", Place)]),
        ("花", &[("园", Place), ("苑", Place), ("城", Place)]),
        ("家", &[("园", Place), ("属院", Place), ("属楼", Place)]),
        ("广市", &[("场", Place)]),
        ("中", &[("心", Place), ("学", Place)]),
        ("园", &[("区", Place), ("", Short)]),
        ("科", &[("技园", Place), ("技城", Place), ("创园", Place), ("技大厦", Place)]),
        ("产", &[("业园", Place), ("业基地", Place)]),
        ("工", &[("业园", Place), ("业区", Place), ("厂", Place)]),
        ("软", &[("件园", Place)]),
        ("创", &[("业园", Place), ("意园", Place)]),
        ("物", &[("流园", Place)]),
        ("开", &[("发区", Place)]),
        ("区", &[("块", Place)]),
        ("新", &[("村", Village), ("城", Place), ("苑", Place)]),
        ("名", &[("城", Place), ("苑", Place), ("邸", Place)]),
        ("山", &[("庄", Place)]),
        ("宿", &[("舍", Place)]),
        ("学", &[("院", Place), ("校", Place)]),
        ("医", &[("院", Place)]),
        ("酒", &[("店", Place)]),
        ("宾", &[("馆", Place)]),
        ("交", &[("叉口", Place), ("汇处", Place), ("界处", Place)]),
        ("商", &[("场", Place), ("城", Place), ("厦", Place)]),
        ("写", &[("字楼", Place)]),
        ("天", &[("地", Short)]),
        ("城苑府邸墅轩阁居院庭湾港馆厂堂岛郡舍站楼台坡沟岭坝塘口营", &[("", Short)]),
    ]
};

/// Words that only begin with a suffix (路由, 街机, 道理) at the suffix that ends at `end`.
fn is_false_suffix(text: &[u8], end: usize, c: char) -> bool {
    if is_ascii_at(text, end) {
        return false;
    }
    let tails: &[&str] = match c {
        '路' => &["由", "径", "线", "程", "透", "演", "灯", "况"],
        '道' => &["理", "德", "歉", "具", "路"],
        '街' => &["机", "舞", "拍"],
        '段' => &["落", "子", "位"],
        '条' => &["件", "款", "例", "目", "形", "码"],
        '里' => &["程", "面", "氏"],
        '村' => &["民", "官"],
        _ => return false,
    };
    any_at(text, end, tails).is_some()
}

/// The unit at `at`, where `first` stands, right after a number: the place after it, and what it counts.
#[inline]
pub(super) fn unit_at(text: &[u8], at: usize, first: Character) -> Option<(usize, Unit)> {
    let (_, tails) = UNITS.get(first.unit()?)?;
    let behind = at + first.length;
    let (tail, unit) = tail_at(text, behind, tails)?;
    let end = behind + tail.len();
    (!(*unit == Unit::Door && is_false_door(text, end))).then_some((end, *unit))
}

/// The first characters of units (folded), and what may follow them, longest first.
pub(super) const UNITS: &[(&str, &[(&str, Unit)])] = {
    use Unit::{Building, Door, Entrance, Floor, Group, Lane, Room, Section};
    &[
        (
            "号",
            &[("院", Lane), ("大院", Lane), ("楼", Building), ("房", Room), ("门", Entrance), ("铺", Room), ("", Door)],
        ),
        ("支", &[("弄", Lane)]),
        ("弄院", &[("", Lane)]),
        ("栋幢座塔#", &[("楼", Building), ("", Building)]),
        ("楼层F", &[("", Floor)]),
        ("单", &[("元", Entrance)]),
        ("门梯", &[("", Entrance)]),
        ("室户铺", &[("", Room)]),
        ("房", &[("间", Room), ("", Room)]),
        ("组队社排", &[("", Group)]),
        ("村", &[("民小组", Group)]),
        ("期区段", &[("", Section)]),
    ]
};
