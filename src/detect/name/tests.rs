use super::*;
use crate::rule::embedded;
use proptest::prelude::*;
use std::ops::Range;

#[test]
fn a_word_that_begins_with_a_function_word_is_a_name_where_it_fills_the_field() {
    let found = |text: &str, at: usize| {
        let found = word_after_label(text.as_bytes(), at);
        found.map(|found| text.get(found.start..found.end).unwrap().to_owned())
    };
    for text in ["姓名：向阳", "收件人: 向阳 电话:1", "name=向阳&x=1", "\"name\":\"向阳\"}", "<name>向阳</name>"]
    {
        assert_eq!(found(text, text.find('向').unwrap()).as_deref(), Some("向阳"), "{text}");
    }
    for text in ["姓名向阳光小区登记", "姓名：向阳而生", "姓名和地址", "联系人：和平路"] {
        let at = text.find(['向', '和']).unwrap();
        assert_eq!(found(text, at), None, "{text}");
    }
}

fn has_tables() -> bool {
    !embedded::table("surnames.tsv").is_empty() && !embedded::table("common_words.txt").is_empty()
}

fn check(cases: &[&str], find: impl Fn(&[u8], usize) -> Option<Found>) {
    let mut wrong = Vec::new();
    for case in cases {
        let (mut text, mut span, mut at): (String, Option<Range<usize>>, _) = (String::new(), None, 0);
        let mut start = 0;
        for c in case.chars() {
            match c {
                '|' => at = text.len(),
                '«' => start = text.len(),
                '»' => span = Some(start..text.len()),
                c => text.push(c),
            }
        }
        let found = find(text.as_bytes(), at);
        if found.map(|found| found.start..found.end) != span {
            let found = found.map(|found| text.get(found.start..found.end));
            wrong.push(format!("{case} -> {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// `|` is where the value starts, `«…»` is the name.
const LABELLED: &[&str] = &[
    "姓名：|«张伟»，电话13800138000",
    "联系人|«张伟»电话13800138000",
    "收货人: |«李娜» 手机",
    "姓名|«张伟»身份证11010519491231002X",
    "姓名:|«王小明»",
    "收件人：|«欧阳修文»。",
    "户名：|«诸葛亮»开户行",
    "name=|«刘德华»&age=3",
    "\"name\":\"|«陈静»\",\"age\":3",
    "name: '|«张王丽华»'",
    "联系人：|«王»女士",
    "联系人：|«李建国»先生",
    "姓名：|«赵敏» 女 28岁",
    "姓名|«孙悦»女28岁",
    "姓名：|«古丽娜扎尔·买买提»，",
    "姓名：|«迪丽热巴•迪力木拉提»",
    "姓名：|«阿不都热合曼·吐尔逊»手机",
    "姓名：为|«周杰»",
    "姓名为|«周杰»，",
    "持卡人|«吴秀英»已完成认证",
    "联系人|«王建华»将于明天送达",
    "联系人|«张伟»已经注册成功",
    "姓名：|«张　伟»",
    "姓名：|«扎西卓玛»，",
    "收件人|«次仁多吉»手机",
    "姓名：|扎西饭店",
    "姓名：|«张  伟» 性别：男",
    "姓名：|«張偉»",
    "姓名：|«陳美玲»",
    "收货人=|«郑爽»;",
    "|«马云»",
    "姓名：|«尉迟恭»",
    "姓名：|«司马光»\t",
    "法定代表人：|«徐志强»）",
    "\"name\":\"|«Zhang Wei»\"",
    "name='|«WANG/XIAOMING»'",
    "收件人：|«何洁»(电话联系)",
    "姓名：|«曾志伟»13800138000",
    "客户姓名：|«胡歌»身份证号",
    "姓名：|«逄锦聚»",
    "姓名|、身份证号码",
    "联系人|以及",
    "姓名|和地址",
    "姓名|和手机号",
    "姓名|及联系方式",
    "姓名|或者昵称",
    "姓名|不能为空",
    "姓名|是必填项",
    "姓名|长度不超过10",
    "姓名：|请输入姓名",
    "姓名：|必填",
    "姓名：|未知",
    "姓名：|无",
    "联系人|信息",
    "联系人|的职位以向您发送优惠",
    "收货人|姓名、收货地址",
    "联系人|或联系电话",
    "姓名：|张*",
    "姓名：|张**",
    "姓名：|*伟",
    "姓名：|匿名用户",
    "name=|admin",
    "name=|nginx-proxy",
    "\"name\":\"|iPhone 15\"",
    "\"name\":\"|Apple Watch\"",
    "file name: |report.txt",
    "name: |Zhang Wei went home",
    "name=|",
    "\"name\":\"|\"",
    "name: \"|黄金会员\"",
    "\"name\":\"|高级套餐\"",
    "name=|安全模块",
    "name: |系统管理员",
    "\"name\":\"|支付宝\"",
    "\"name\":\"|方便面\"",
    "name: |时间戳",
    "name: |温度传感器",
    "name: |华为技术有限公司",
    "name: |白酒.jpg",
    "姓名：|1234",
    "联系人|列表",
    "户名|与开户行",
    "姓名：\n|",
    "联系人|管理",
    "收件人|地址",
    "姓名|拼音",
    "\"name\":\"|中国银行\"",
    "\"name\":\"|金属材料\"",
    "name: |任务队列",
];

#[test]
fn labelled_values() {
    if has_tables() {
        check(LABELLED, after_label);
    }
}

/// `|` is where the title starts.
const TITLED: &[&str] = &[
    "«张伟»|先生",
    "请联系«张伟»|先生",
    "感谢«王小明»|女士的支持",
    "和«李明»|先生一起",
    "«欧阳娜娜»|小姐",
    "«王»|女士您好",
    "您好，«李»|老师",
    "找«刘»|经理",
    "产品|经理",
    "项目|经理",
    "总|经理",
    "客户|经理",
    "部门|经理",
    "高级|经理",
    "数学|老师",
    "班|主任",
    "一位|先生",
    "各位|女士",
    "区域|经理",
    "|先生",
    "公司|经理",
    "和|老师",
    "老|师傅",
    "大堂|经理",
    "语文|老师",
    "年轻|女士",
];

#[test]
fn names_before_titles() {
    if has_tables() {
        check(TITLED, before_title);
    }
}

#[test]
fn cells() {
    if !has_tables() {
        return;
    }
    for cell in [
        "张伟",
        " 李娜 ",
        "欧阳修",
        "诸葛孔明",
        "司马相如",
        "逄锦聚",
        "仝明",
        "扎西卓玛",
        "次仁",
        "巴特尔",
        "古丽娜扎尔·买买提",
        "买买提",
        "Zhang Wei",
        "ZHANG WEI",
        "張偉",
        "张 伟",
        "陈李美玲",
        "张伟、李娜",
        "张伟,李娜",
        "王秀英",
        "高兴华",
    ] {
        let found = is_value(cell.as_bytes()).unwrap_or_else(|| panic!("{cell} is a name"));
        assert_eq!(cell.get(found.start..found.end), Some(cell.trim()));
        assert!(found.traits.whole, "{cell}");
    }
    for (cell, name) in [("张伟先生", "张伟"), ("王女士", "王"), ("张伟(经理)", "张伟")] {
        let found = is_value(cell.as_bytes()).unwrap_or_else(|| panic!("{cell} is a name"));
        assert_eq!((cell.get(found.start..found.end), found.traits.whole), (Some(name), false));
    }
    for cell in [
        "",
        " ",
        "张*",
        "张**",
        "*伟",
        "张*伟",
        "13800138000",
        "华为技术有限公司",
        "支付宝",
        "高兴",
        "平台",
        "admin",
        "iPhone 15",
        "nginx",
        "黄金",
        "白酒",
        "苏打饼干",
        "John Smith",
        "未知",
        "无",
        "匿名",
        "测试",
        "北京市",
        "系统管理员",
        "万科集团",
        "方便面",
        "张",
        "、",
        "张伟、",
        "NULL",
        "-",
        "安全",
        "温度",
        "项目经理",
        "中国银行",
    ] {
        let found = is_value(cell.as_bytes());
        assert!(found.is_none() || cell == "张伟、", "{cell}: {found:?}");
    }
}

#[test]
fn certainty_is_graded() {
    if !has_tables() {
        return;
    }
    let points = |name: &str| is_value(name.as_bytes()).map_or(0, |found| found.structure + found.registry);
    assert!(points("张伟") > points("逄锦聚"));
    assert!(points("王小明") > points("王小龘"));
    assert!(points("王女士") < points("王秀英"));
    assert_eq!(points("张伟"), 60);
}

/// Surnames and given names drawn from the tables by their frequency: nearly all must be found, in every setting.
#[test]
fn drawn_names_are_found() {
    if !has_tables() {
        return;
    }
    let weighted = |table: &str, column: usize| -> Vec<String> {
        embedded::rows(table)
            .flat_map(|mut row| {
                let name = row.next().unwrap().to_owned();
                let weight: usize = row.nth(column).unwrap().parse().unwrap();
                std::iter::repeat_n(name, (weight / 20).clamp(1, 400))
            })
            .collect()
    };
    let (surnames, given) = (weighted("surnames.tsv", 0), weighted("given_name_chars.tsv", 0));
    let mut state = 7u64;
    let mut draw = |from: &[String]| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from[(state >> 33) as usize % from.len()].clone()
    };
    let mut missed: Vec<String> = Vec::new();
    let total = 2000;
    for number in 0..total {
        let second = if number % 4 == 0 { String::new() } else { draw(&given) };
        let name = format!("{}{}{second}", draw(&surnames), draw(&given));
        for (text, at) in [
            (name.clone(), 0),
            (format!("姓名：{name}，电话"), 9),
            (format!("联系人{name}电话13800138000"), 9),
            (format!("{{\"name\":\"{name}\"}}"), 9),
            (format!("收货人: {name} 女士"), 11),
        ] {
            let found = if at == 0 { is_value(text.as_bytes()) } else { after_label(text.as_bytes(), at) };
            if found.map(|found| found.start..found.end) != Some(at..at + name.len()) {
                missed.push(text);
            }
        }
    }
    assert!(missed.len() * 100 < total * 5 * 3, "{} missed of {}: {:?}", missed.len(), total * 5, &missed[..40]);
}

#[test]
fn policies_hold_no_names() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/policies");
    let Ok(files) = std::fs::read_dir(folder) else { return };
    let mut wrong = Vec::new();
    for file in files.flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        for label in [
            "姓名",
            "联系人",
            "收货人",
            "收件人",
            "接收人",
            "开户人",
            "户名",
            "账户名",
            "用户名",
            "会员名",
            "名称",
            "自然人",
            "未成年人",
        ] {
            for (at, _) in text.match_indices(label) {
                for skipped in ["", "：", ":", "**", " "] {
                    let at = at + label.len();
                    if text.get(at..).is_some_and(|rest| rest.starts_with(skipped))
                        && let Some(found) = after_label(text.as_bytes(), at + skipped.len())
                    {
                        wrong.push(format!("{label}: {}", text.get(found.start..found.end).unwrap_or("?")));
                    }
                }
            }
        }
        for title in ["先生", "女士", "经理", "老师", "客服", "主任"] {
            for (at, _) in text.match_indices(title) {
                if let Some(found) = before_title(text.as_bytes(), at) {
                    wrong.push(format!("{}{title}", text.get(found.start..found.end).unwrap_or("?")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn pieces() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            proptest::sample::select(vec![
                "张",
                "伟",
                "欧阳",
                "·",
                "先生",
                "电话",
                " ",
                "　",
                "、",
                "*",
                "已",
                "王小明",
                "姓名",
                "Zhang",
                "Wei",
                "\"",
                "为",
                "扎西",
                "(",
                ")",
                ".",
                "\n",
                "138",
            ])
            .prop_map(str::to_owned),
            ".{0,2}",
        ],
        0..9,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn never_panics_on_bytes(text: Vec<u8>, at in 0usize..40) {
        let _ = after_label(&text, at);
        let _ = before_title(&text, at);
        let _ = is_value(&text);
    }

    #[test]
    fn spans_are_on_character_boundaries(text in pieces()) {
        let bytes = text.as_bytes();
        let mut all: Vec<_> = is_value(bytes).into_iter().collect();
        for (at, _) in text.char_indices() {
            let labelled = after_label(bytes, at);
            prop_assert!(labelled.is_none_or(|found| found.start >= at));
            all.extend(labelled);
            all.extend(before_title(bytes, at));
        }
        for found in all {
            let span = text.get(found.start..found.end);
            prop_assert!(span.is_some_and(|span| !span.is_empty()), "{:?} in {:?}", found, text);
            prop_assert!(found.traits.whole || !span.unwrap().contains('\n'));
            prop_assert!((0..=40).contains(&found.structure) && (0..=20).contains(&found.registry));
        }
    }

    #[test]
    fn a_labelled_name_is_also_a_value(text in pieces()) {
        for (at, _) in text.char_indices() {
            if let Some(found) = after_label(text.as_bytes(), at) {
                let name = text.get(found.start..found.end).unwrap();
                // A surname alone is no value by itself.
                if name.chars().count() > 1 && name != "欧阳" {
                    let again = is_value(name.as_bytes());
                    prop_assert_eq!(again.map(|again| again.start..again.end), Some(0..name.len()), "{}", name);
                }
            }
        }
    }
}
