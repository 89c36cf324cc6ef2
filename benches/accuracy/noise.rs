//! What looks like personal data and is none: times, numbers of things, digests, versions, prices and the like.

use crate::corpus::random::Random;
use crate::documents::Scene;
use crate::identifiers::put;

/// A kind of it.
pub(crate) struct Noise {
    /// Its name in templates.
    pub(crate) name: &'static str,
    /// Appends one.
    pub(crate) make: fn(&mut Scene<'_>, &mut String),
}

const fn of(name: &'static str, make: fn(&mut Scene<'_>, &mut String)) -> Noise {
    Noise { name, make }
}

const PRODUCTS: &[&str] =
    &["蓝牙耳机", "连衣裙", "黄金甲保温杯", "高清摄像头", "白色衬衫", "金属支架", "石英手表", "毛巾礼盒", "方便面"];
const SHOPS: &[&str] =
    &["华为官方旗舰店", "安踏运动店", "白云家电", "金龙鱼粮油", "云南白药", "江南布衣", "马上消费", "同仁堂"];
/// Companies that there are not.
pub(crate) const COMPANIES: &[&str] =
    &["杭州云帆科技有限公司", "广州金诚贸易有限公司", "武汉江城物流有限公司", "成都安信电子商务有限公司"];
/// Regions that many people live in.
pub(crate) const REGIONS: &[&str] =
    &["浙江省杭州市", "广东省深圳市", "湖北省武汉市", "北京市", "四川省成都市", "江苏省南京市"];
/// Words that begin with a character that is also a surname.
const WORDS: &[&str] = &[
    "高兴", "安全", "平台", "方法", "时间", "金额", "成功", "支付", "许可", "权限", "管理", "应用", "任何", "常用",
    "关于", "包括", "项目", "计算", "任务", "温度", "严格", "加密", "安装", "黄金", "白天", "马上", "于是", "应该",
    "万一", "程序", "解决", "陈述", "周末", "周期", "谢谢", "方便", "明显", "路径", "路由", "向导", "曾经", "连接",
    "边界", "元素", "单元",
];
const MODULES: &[&str] = &["order-service", "user-center", "pay-gateway", "risk-engine", "sms-sender", "job-runner"];
const CLASSES: &[&str] =
    &["c.s.o.OrderController", "com.shop.pay.PayService", "o.a.k.c.Consumer", "com.shop.user.AuthFilter"];

/// Sentences that name nobody.
const PHRASES: &[&str] = &[
    "高温天气请注意防暑",
    "周边设施已经完善",
    "温馨提示请勿外传",
    "安装包校验失败",
    "任意文件均可上传",
    "马上就能处理",
    "全部完成后再提交",
    "方案还在讨论",
    "时间不够可以顺延",
    "成绩明天公布",
    "金额以实际为准",
    "程序正在更新",
    "何时可以发货",
    "于是我们换了方法",
    "包装完好无损",
    "项目进展顺利",
    "平均等待三分钟",
    "和平路口有活动",
    "路况良好",
    "钱款已经到账",
    "孔径和深度见附图",
    "白菜豆腐汤",
    "黄山毛峰",
    "康复训练指南",
    "江水上涨",
    "水管漏水",
    "王者荣耀更新公告",
    "李子和杏子上市",
    "石油价格",
    "常见问题解答",
    "左边第三个按钮",
    "汤圆已经煮好",
    "明天下午关门",
    "文件柜在后面",
    "车厘子特价",
    "空气炸锅",
    "盛夏光年",
    "祝您购物愉快",
    "谢绝还价",
    "许多人已经购买",
];
/// Brands and shops that read like people.
const BRANDS: &[&str] = &[
    "李宁",
    "周大福",
    "王老吉",
    "老干妈",
    "陈克明",
    "张小泉",
    "周黑鸭",
    "谢馥春",
    "方太",
    "金立",
    "白玉兰",
    "康师傅",
    "安踏",
    "乔丹",
    "马应龙",
    "曹操出行",
    "高德",
    "江小白",
    "范思哲",
    "贝贝",
    "雷蛇",
    "云南白药",
    "石湾",
    "元气森林",
];
/// Places that are no address of anybody.
const SPOTS: &[&str] = &[
    "朝阳公园",
    "中山路",
    "人民广场",
    "首都机场",
    "西湖景区",
    "天河体育中心",
    "和平饭店",
    "解放大道",
    "大学城",
    "火车南站",
    "浙江省",
    "长江大桥",
    "虹桥枢纽",
    "高新区管委会",
    "黄浦江边",
    "白云机场",
    "金水区",
    "万达广场",
];

/// All of them.
pub(crate) static NOISE: &[Noise] = &[
    of("ms", |s, out| put(out, format_args!("{}", s.world.clock.unix_milliseconds()))),
    of("us", |s, out| put(out, format_args!("{}{:03}", s.world.clock.unix_milliseconds(), s.world.random.below(1000)))),
    of("ns", |s, out| {
        put(out, format_args!("{}{:06}", s.world.clock.unix_milliseconds(), s.world.random.below(1_000_000)))
    }),
    of("seconds", |s, out| put(out, format_args!("{}", s.world.clock.unix_milliseconds() / 1000))),
    of("snowflake", |s, out| {
        let time = s.world.clock.unix_milliseconds() - 1_288_834_974_657;
        put(out, format_args!("{}", time << 22 | s.world.random.below(1 << 22)));
    }),
    of("order", |s, out| {
        s.world.clock.compact(out);
        s.world.random.digits(6, out);
    }),
    of("waybill", |s, out| {
        out.push_str(s.world.random.choose(&["SF1", "YT8", "75", "JDVB0"]));
        s.world.random.digits(12, out);
    }),
    of("compact", |s, out| {
        s.world.clock.compact(out);
        s.world.random.digits(3, out);
    }),
    of("md5", |s, out| hex(&mut s.world.random, 32, out)),
    of("sha1", |s, out| hex(&mut s.world.random, 40, out)),
    of("sha256", |s, out| hex(&mut s.world.random, 64, out)),
    of("hex8", |s, out| hex(&mut s.world.random, 8, out)),
    of("hex16", |s, out| hex(&mut s.world.random, 16, out)),
    of("hex12", |s, out| hex(&mut s.world.random, 12, out)),
    of("uuid", |s, out| s.world.random.uuid(out)),
    of("version", |s, out| {
        let random = &mut s.world.random;
        let (major, minor, patch, build) = (random.below(20), random.below(30), random.below(90), random.below(9999));
        put(out, format_args!("{major}.{minor}.{patch}.{build}"));
    }),
    of("version3", |s, out| {
        let random = &mut s.world.random;
        put(out, format_args!("{}.{}.{}", random.below(20), random.below(30), random.below(90)));
    }),
    of("ean", |s, out| ean(&mut s.world.random, "69", out)),
    of("isbn", |s, out| ean(&mut s.world.random, "9787", out)),
    of("price", |s, out| {
        put(out, format_args!("{}.{:02}", s.world.random.between(1, 9999), s.world.random.below(100)))
    }),
    of("long_price", |s, out| {
        put(
            out,
            format_args!("{}.{:02}", s.world.random.between(13_000_000_000, 19_999_999_999), s.world.random.below(100)),
        );
    }),
    of("decimal", |s, out| {
        put(out, format_args!("{}.{:06}", s.world.random.below(400), s.world.random.below(1_000_000)))
    }),
    of("n2", |s, out| put(out, format_args!("{}", s.world.random.between(10, 99)))),
    of("n3", |s, out| put(out, format_args!("{}", s.world.random.between(100, 999)))),
    of("n5", |s, out| put(out, format_args!("{}", s.world.random.between(10_000, 99_999)))),
    of("n6", |s, out| put(out, format_args!("{}", s.world.random.between(100_000, 999_999)))),
    of("n8", |s, out| put(out, format_args!("{}", s.world.random.between(10_000_000, 99_999_999)))),
    of("n9", |s, out| put(out, format_args!("{}", s.world.random.between(100_000_000, 999_999_999)))),
    of("n10", |s, out| put(out, format_args!("{}", s.world.random.between(2_000_000_000, 9_999_999_999)))),
    of("n11", |s, out| digits(&mut s.world.random, 11, out)),
    of("n13", |s, out| digits(&mut s.world.random, 13, out)),
    of("n14", |s, out| digits(&mut s.world.random, 14, out)),
    of("n17", |s, out| digits(&mut s.world.random, 17, out)),
    of("n20", |s, out| digits(&mut s.world.random, 20, out)),
    // Numbers counted up, which begin as mobile numbers do.
    of("counted11", |s, out| {
        out.push('1');
        digits(&mut s.world.random, 10, out);
    }),
    of("n12", |s, out| digits(&mut s.world.random, 12, out)),
    of("n15", |s, out| digits(&mut s.world.random, 15, out)),
    of("n16", |s, out| digits(&mut s.world.random, 16, out)),
    of("n18", |s, out| digits(&mut s.world.random, 18, out)),
    of("n19", |s, out| digits(&mut s.world.random, 19, out)),
    of("stamp", |s, out| s.world.clock.stamp(out)),
    of("iso", |s, out| s.world.clock.iso(out)),
    of("access", |s, out| s.world.clock.access_log(out)),
    of("date", |s, out| {
        let (year, month, day) = s.world.clock.date();
        put(out, format_args!("{year}-{month:02}-{day:02}"));
    }),
    of("date_han", |s, out| {
        let (year, month, day) = s.world.clock.date();
        put(out, format_args!("{year}年{month}月{day}日"));
    }),
    of("app", |s, out| {
        let random = &mut s.world.random;
        let (app, build) = (random.choose(&["ShopApp", "okhttp", "Dalvik"]), random.below(9999));
        put(out, format_args!("{app}/{}.{}.{}.{build}", random.below(20), random.below(30), random.below(90)));
    }),
    of("package", |s, out| {
        let random = &mut s.world.random;
        let name = random.choose(&["lodash", "react-dom", "vue", "left-pad", "types", "core-js"]);
        put(out, format_args!("{name}@{}.{}.{}", random.below(20), random.below(30), random.below(90)));
    }),
    of("image", |s, out| {
        let random = &mut s.world.random;
        put(out, format_args!("icon{}@{}x.png", random.below(90), random.between(2, 3)));
    }),
    of("git", |s, out| {
        let host = s.world.random.choose(&["github.com", "gitee.com", "gitlab.com"]);
        put(out, format_args!("git@{host}:shop/{}.git", s.world.random.choose(MODULES)));
    }),
    of("fingerprint", |s, out| {
        let random = &mut s.world.random;
        let count = random.choose(&[8, 16, 20]);
        for place in 0..count {
            out.push_str(if place > 0 { ":" } else { "" });
            hex(random, 2, out);
        }
    }),
    of("six_pairs", |s, out| {
        let random = &mut s.world.random;
        for place in 0..6 {
            out.push_str(if place > 0 { ":" } else { "" });
            hex(random, 2, out);
        }
    }),
    of("oid", |s, out| {
        let random = &mut s.world.random;
        put(out, format_args!("1.{}.{}.{}", random.between(2, 3), random.below(999), random.below(250)));
    }),
    of("code17", |s, out| {
        for _ in 0..17 {
            let letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
            out.extend(letters.chars().nth(s.world.random.below(33) as usize));
        }
    }),
    of("part", |s, out| {
        let random = &mut s.world.random;
        put(out, format_args!("0{}-{}", random.between(10, 999), random.between(1_000_000, 99_999_999)));
    }),
    of("lot", |s, out| {
        let random = &mut s.world.random;
        let letters = random.choose(&["G", "E", "EA", "C", "H", "M", "P", "K"]);
        put(out, format_args!("{letters}{}", random.between(10_000_000, 99_999_999)));
    }),
    of("point", |s, out| {
        let random = &mut s.world.random;
        let (x, y) = (random.below(180), random.below(90));
        put(out, format_args!("{y}.{:04},{x}.{:04}", random.below(10_000), random.below(10_000)));
    }),
    of("groups", |s, out| {
        let random = &mut s.world.random;
        for place in 0..4 {
            out.push_str(if place > 0 { " " } else { "" });
            digits(random, 4, out);
        }
    }),
    of("phrase", |s, out| out.push_str(s.world.random.choose(PHRASES))),
    of("brand", |s, out| out.push_str(s.world.random.choose(BRANDS))),
    of("spot", |s, out| out.push_str(s.world.random.choose(SPOTS))),
    of("company", |s, out| out.push_str(s.world.random.choose(COMPANIES))),
    of("product", |s, out| out.push_str(s.world.random.choose(PRODUCTS))),
    of("shop", |s, out| out.push_str(s.world.random.choose(SHOPS))),
    of("region", |s, out| out.push_str(s.world.random.choose(REGIONS))),
    of("word", |s, out| out.push_str(s.world.random.choose(WORDS))),
    of("module", |s, out| out.push_str(s.world.random.choose(MODULES))),
    of("class", |s, out| out.push_str(s.world.random.choose(CLASSES))),
    of("path", |s, out| {
        put(out, format_args!("/api/v2/goods/{}/detail", s.world.random.between(1_000_000, 9_999_999)))
    }),
    of("spm", |s, out| {
        put(out, format_args!("a2c4g.{}.27.11.", s.world.random.between(100_000, 999_999)));
        hex(&mut s.world.random, 14, out);
    }),
    of("mask_mobile", |s, out| {
        let mobile = &s.person.mobile;
        put(out, format_args!("{}****{}", mobile.get(..3).unwrap_or_default(), mobile.get(7..).unwrap_or_default()));
    }),
];

/// Appends `count` digits, the first of them not 0.
fn digits(random: &mut Random, count: usize, out: &mut String) {
    out.push(char::from(b'1' + random.below(9) as u8));
    random.digits(count - 1, out);
}

fn hex(random: &mut Random, count: usize, out: &mut String) {
    for _ in 0..count {
        out.extend(char::from_digit(random.below(16) as u32, 16));
    }
}

/// Appends a bar code of 13 digits with its check digit.
fn ean(random: &mut Random, prefix: &str, out: &mut String) {
    let mut number = prefix.to_owned();
    random.digits(12 - prefix.len(), &mut number);
    let weighted = |(place, digit): (usize, u8)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 };
    let sum: u32 = number.bytes().enumerate().map(weighted).sum();
    out.push_str(&number);
    out.extend(char::from_digit((10 - sum % 10) % 10, 10));
}
