//! What is built like a name and is none: companies that are called like people, brands, and words that were found where
//! there was nobody.

use super::sign::{IDEOGRAPH, ideograph_at, is_ideograph};
use crate::detect::han::{Ideographs, any_at, char_at};

/// Whether the words that go on at `at` make it the name of a company or a shop: 李强建材有限公司.
pub(super) fn is_company(text: &[u8], at: usize) -> bool {
    static STOPS: Ideographs = Ideographs::of("的在是与和及向到给从将已被对同为说去了把有让请由找");
    const COMPANIES: &[&str] = &[
        "公司",
        // 有 alone is a verb that ends the search.
        "有限公司",
        "有限责任",
        "股份有限",
        "集团",
        "事务所",
        "商行",
        "超市",
        "酒店",
        "饭店",
        "药店",
        "药房",
        "工作室",
        "旗舰店",
        "专卖店",
        "门市部",
        "经营部",
        "大药房",
        "医院",
        "诊所",
        "茶楼",
        "面馆",
        "火锅",
        "烤鸭",
        "小区",
        "大厦",
        "广场",
        "大学",
        "中学",
        "小学",
        "纪念馆",
        "故居",
    ];
    static FIRST: Ideographs = Ideographs::first_of(COMPANIES);
    let mut p = at;
    for _ in 0..10 {
        match char_at(text, p) {
            Some((c, _)) if FIRST.holds(c) && any_at(text, p, COMPANIES).is_some() => return true,
            Some((c, length)) if is_ideograph(u16::try_from(u32::from(c)).unwrap_or(0)) && !STOPS.holds(c) => {
                p += length
            }
            _ => return false,
        }
    }
    false
}

/// Brands, figures of stories, foreign names and technical words that are built like names of people; all of them were
/// found where there was nobody.
const NOBODY: &str = "\
    王老吉 张小泉 周大福 周大生 周生生 金龙鱼 康师傅 王守义 张裕 李宁 乔丹 安踏 方太 马应龙 金利来 康恩贝 \
    柳工 江中 李锦记 周黑鸭 王致和 吴裕泰 谢馥春 孔凤春 季德胜 陈李济 潘高寿 雷允上 胡庆余 全聚德 徐福记 \
    杨国福 江小白 王麻子 戴春林 曹素功 周六福 郭元益 金丝猴 金蝶 雷蛇 雷克萨 安吉尔 安奈儿 万家乐 万年青 \
    麦当劳 麦乐鸡 白云山 云南白 江南布 霍尼韦 华帝 任天堂 龙井 龙须 苏泊尔 水井坊 古井贡 郎酒 孔府家 常温 \
    常温奶 丁香花 梅花鹿 牛肉 牛腩 牛杂 牛骨 牛排 鱼香 鱼丸 黄焖鸡 黄豆 黄金甲 白切鸡 白斩鸡 白芍 白芷 \
    白术 黄芪 金针菇 金银花 马齿苋 马蹄 马蹄糕 石斛 苏打 苏打水 温水 温开水 常温水 万科 孙悟空 高德 \
    伯克利 欧莱礼 麦金塔 高丽 韩文 欧语 万国码 孔雀蓝 雷鸟 蒙板 蒙版 包过滤 段节 段落会 连字元 位字串 \
    位元 位元组 位掩码 公钥环 公钥 左对齐 右对齐 左箭头 右箭头 闭连线 闭连接 鲁棒性 唐纳得 易读名 时戳 \
    周数年 信源机 程栈帧 费频宽 费带宽 余弦 余数将 许可权 权限 束标志 何指定 章中 于磁盘 于磁碟 成空串 \
    高亮 高阶 沙盒 储存键 第五列 项使得 解压成 解释成 解释为 元字元 路由之 况下 夏令时 由函式 包列表 \
    常整数 程式码 全名 易学 巢状子 储放 涂画 涂抹 滑移 蓝前景 蓝背景 原形行 占一行 位址 简述 左至右 原语 \
    原图 解压 欧文 查询 段名 包名 符集 墨水 哈希表 和值 位移 位图 包大 包中含 位取反 原文宏 章节中 \
    段集合 段缩进 段缩排 代字元 符串 来清屏 骆驼书 温斗斯 都应该 时停 安节 相关 盖章 和数据 周期 周界 \
    常用 高位 夏令 师母 兰语 谢辞 任何子 欧洲文 陈述本 储媒介 全漏洞 盘输入 向表 元语法 包索引 张假 周数 \
    东方世 卫进程 初是由 包比 包太大 初始人 闭包 单双皆 双皆 于变大 许多非 余加 成明文 斯托曼 曾声明 \
    曾宣告 来指明 段来 段内 官方源 常被如 钟将 贺氏 文末 韩语 相兼容 融合成 程序只 施加 张光碟 时释放 \
    卫士 申明 韩国语 安全 周一 周二 周三 周四 周五 周六 周日 周末 周内 周边 东方世界 东方财富 东方证券 东方航空 \
    东方卫视 东方金融 东方银行 东方明珠 东方红 白玉兰 \
    常规 常见 方便 严格 符合 应用 时钟 信道 白板 普通 商业 智慧 智能 \
";

/// How many words [`NOBODY`] holds.
#[allow(clippy::indexing_slicing, reason = "in a constant, where it does not compile when out of range")]
const COUNT: usize = {
    let (words, mut at, mut count) = (NOBODY.as_bytes(), 0, 0);
    while at < words.len() {
        // A space behind each.
        count += (words[at] == b' ') as usize;
        at += 1;
    }
    count
};

/// [`NOBODY`] as numbers: the codes of the characters of a word of up to four.
#[allow(clippy::indexing_slicing, reason = "in a constant, where it does not compile when out of range")]
const PACKED: [u64; COUNT] = {
    let words = NOBODY.as_bytes();
    let (mut packed, mut word, mut at) = ([0; COUNT], 0, 0);
    while at < words.len() {
        if words[at] == b' ' {
            word += 1;
            at += 1;
        } else {
            let [first, second, third] = [words[at] as u64, words[at + 1] as u64, words[at + 2] as u64];
            packed[word] = packed[word] << 16 | (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F;
            at += IDEOGRAPH;
        }
    }
    packed
};

/// A bit for each of [`NOBODY`], by a hash: most names have none there.
#[allow(clippy::indexing_slicing, reason = "in a constant, where it does not compile when out of range")]
static FILTER: [u64; 64] = {
    let mut bits = [0; 64];
    let mut at = 0;
    while at < PACKED.len() {
        let (word, bit) = place(PACKED[at]);
        bits[word] |= bit;
        at += 1;
    }
    bits
};

/// The word and the bit of a word in the filter.
const fn place(packed: u64) -> (usize, u64) {
    let hash = packed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// Whether `name`, two to four ideographs, is one of [`NOBODY`], in whatever script.
pub(super) fn is_nobody(name: &[u8]) -> bool {
    let (mut at, mut sum) = (0, 0);
    while let Some(code) = ideograph_at(name, at) {
        sum = sum << 16 | u64::from(code);
        at += IDEOGRAPH;
    }
    let (word, bit) = place(sum);
    FILTER.get(word).is_some_and(|word| word & bit != 0) && at == name.len() && PACKED.contains(&sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companies_called_like_people() {
        for company in ["李强建材有限公司", "李强有限责任公司", "李强大药房", "李强集团"] {
            assert!(is_company(company.as_bytes(), "李强".len()), "{company}");
        }
        for text in ["李强有三家公司", "李强说公司放假", "李强，公司", "李强"] {
            assert!(!is_company(text.as_bytes(), "李强".len()), "{text}");
        }
    }

    #[test]
    fn every_word_is_nobody() {
        for word in NOBODY.split_whitespace() {
            assert!(word.chars().count() <= 4 && word.chars().all(|c| is_ideograph(c as u16)), "{word}");
            assert!(is_nobody(word.as_bytes()), "{word}");
            assert!(!is_nobody(format!("{word}一").as_bytes()), "{word}");
        }
        assert!(!is_nobody("张伟".as_bytes()) && is_nobody("張裕".as_bytes()) && !is_nobody(b""));
    }
}
