use super::sign::{ASCII, sign};
use super::*;
use proptest::prelude::*;

/// All that is found in `text`, with their scores, whatever overlaps; checked against the search without shortcuts.
fn all(text: &str) -> Vec<(&str, i32)> {
    let found = text.char_indices().filter_map(|(start, _)| {
        let found = at(text.as_bytes(), start, false);
        assert_eq!(found, at(text.as_bytes(), start, true), "{text}");
        found
    });
    found.map(|found| (text.get(found.start..found.end).unwrap(), found.score)).collect()
}

fn names(text: &str) -> Vec<&str> {
    let is_name = |(name, score): &(&str, i32)| *score >= LIKELY && !is_nobody(name.as_bytes());
    all(text).into_iter().filter(is_name).map(|(name, _)| name).collect()
}

#[test]
fn finds_names_in_sentences() {
    // All made up.
    for (text, expected) in [
        ("郭承宗说他下周不在公司", "郭承宗"),
        ("今天的会议由技术总监陈雪梅主持。", "陈雪梅"),
        ("请把文件交给刘建军处理", "刘建军"),
        ("客户王志远来电投诉", "王志远"),
        ("订单已由李晓燕代签", "李晓燕"),
        ("（记者 张丽华）", "张丽华"),
        ("據吳志豪介紹，這個項目已經結束", "吳志豪"),
        ("欧阳建国表示感谢", "欧阳建国"),
        ("赵明先生您好，您的账单已出", "赵明"),
        ("孙丽萍 13800138000", "孙丽萍"),
        ("13800138000,周晓峰,", "周晓峰"),
        ("我和黄安瑞约好周六去爬山", "黄安瑞"),
    ] {
        assert!(names(text).contains(&expected), "{text}: {:?}", all(text));
    }
}

#[test]
fn surnames_of_two_characters() {
    // Those of three characters stood between the others of the table once, and all behind them were read wrong.
    for (text, expected) in [
        ("请把文件交给诸葛梨华处理", "诸葛梨华"),
        ("客户皇甫晓燕来电投诉", "皇甫晓燕"),
        ("据西门建国介绍，这个项目已经结束", "西门建国"),
        ("轩辕志远说他下周不在公司", "轩辕志远"),
    ] {
        assert!(names(text).contains(&expected), "{text}: {:?}", all(text));
    }
}

#[test]
fn parts_of_names_with_a_dot_between() {
    for (text, expected) in
        [("客户古丽娜扎尔·买买提来电", "古丽娜扎尔·买买提"), ("请阿不都拉•热合曼到南门取件", "阿不都拉•热合曼")]
    {
        assert!(names(text).contains(&expected), "{text}: {:?}", all(text));
    }
    for text in ["阿里·巴巴", "苹果·手机", "·买买提", "买买提·", "米·手机"] {
        assert_eq!(names(text), [""; 0], "{text}");
    }
}

#[test]
fn a_word_beside_a_number_of_somebody() {
    for text in ["白雪，13800138000", "登记信息：张扬 11010519491231002X", r#"["江山","13800138000"]"#] {
        assert_eq!(names(text).len(), 1, "{text}: {:?}", all(text));
    }
    for text in ["白雪，1380013800", "安全，13800138000", "相应 13800138000", "白雪13800138000"] {
        assert_eq!(names(text), [""; 0], "{text}");
    }
}

#[test]
fn words_as_names_where_people_act() {
    for (text, name) in [
        ("邻居杨柳投诉楼上漏水", "杨柳"),
        ("客户张扬来电投诉", "张扬"),
        ("由黄河代为签收", "黄河"),
        ("转告杨柳，钥匙在门口", "杨柳"),
        ("主任白雪主持会议", "白雪"),
    ] {
        assert_eq!(names(text), [name], "{text}: {:?}", all(text));
    }
    // Nobody is called so, whatever stands around it; or nobody acts.
    for text in ["以周一为每周第一天", "不当之处请高手指出", "早高峰地铁限流", "黄河流经九省", "家中养了一盆白玉兰"]
    {
        assert_eq!(names(text), [""; 0], "{text}: {:?}", all(text));
    }
}

#[test]
fn a_surname_and_a_title_are_somebody() {
    for (text, name) in [
        ("张先生来电", "张先生"),
        ("请给李女士打电话", "李女士"),
        ("联系陈小姐确认", "陈小姐"),
        ("王老师今天请假", "王老师"),
        ("刘医生说没事", "刘医生"),
        ("欧阳先生说好", "欧阳"),
    ] {
        let sure = all(text).into_iter().filter(|(_, score)| *score >= LIKELY + 8).map(|(name, _)| name);
        assert!(sure.collect::<Vec<_>>().contains(&name), "{text}: {:?}", all(text));
    }
    for text in ["各位先生", "老先生", "小姐", "提高经理权限", "担任老师", "机关老师", "各位女士请坐"]
    {
        assert_eq!(names(text), [""; 0], "{text}: {:?}", all(text));
    }
}

#[test]
fn words_beside_a_name_that_tell_of_a_person() {
    for (text, name) in [
        ("如果杨轩同意，我们下个月就签合同", "杨轩"),
        ("离职面谈里蔡峰提到工资偏低", "蔡峰"),
        // A word as well.
        ("高峰请假了", "高峰"),
    ] {
        assert!(names(text).contains(&name), "{text}: {:?}", all(text));
    }
    for text in ["高级用户同意该协议", "任何人不得提到密码", "平安的孩子", "向阳的房间"] {
        assert_eq!(names(text), [""; 0], "{text}: {:?}", all(text));
    }
}

#[test]
fn frequent_words_are_nobody_where_people_would_stand() {
    for text in [
        "给母亲打了一个电话",
        "我们在文三路，白天送这里",
        "春天来得早一些，柳树已经发芽",
        "今天房东没有来，明天再说",
        "温和请假了",
        "师父说他下周不在",
        "请联系门卫确认一下",
    ] {
        assert_eq!(names(text), [""; 0], "{text}: {:?}", all(text));
    }
}

#[test]
fn finds_none_in_sentences_without() {
    for text in [
        "高级设置中可以修改默认的时间格式，方法参考用户手册。",
        "关于系统升级的通知：今晚十二点停机维护",
        "金融机构应当按照规定保存交易记录",
        "平台应当严格执行加密传输和权限管理的规定",
        "江苏和浙江两省的用户最多，成都和武汉次之",
        "黄金价格上涨，石油下跌，白银跟着走高",
        "张家口到北京的高铁已经开通",
        "任何单位和个人不得擅自公开、出售用户的信息",
        "数据库连接池已满，请联系系统管理员处理",
        "曾经有人提出过类似的方案，但是成本太高",
        "安装程序将会关闭应用，路径中不能有空格",
        "2023-01-05 10:00:01 INFO 订单服务启动成功，监听端口8080，共加载12个模块",
    ] {
        assert_eq!(names(text), [""; 0], "{text}");
    }
}

#[test]
fn companies_and_brands_are_nobody() {
    let found = |text: &str| {
        text.char_indices()
            .filter_map(|(start, _)| at(text.as_bytes(), start, false))
            .filter(|found| !found.needs_label())
            .filter_map(|found| found.found(text.as_bytes()))
            .filter(|found| found.structure >= 60)
            .count()
    };
    assert_eq!(found("张建国说他在李志强建材有限公司上班"), 1);
    assert_eq!(found("王老吉和周大福的广告"), 0);
    assert_eq!(found("來自伯克利（Berkeley）的學生"), 0);
}

#[test]
fn elements_with_a_label_need_less() {
    let text = "<x>高峰</x>";
    let found = at(text.as_bytes(), 3, false);
    assert!(found.is_some_and(|found| found.needs_label() || found.score >= POSSIBLE));
}

#[test]
fn odd_bytes_are_signs() {
    assert_eq!(sign('，'), u16::from(b','));
    for byte in 0..0x80_u8 {
        assert_eq!(u16::from(ASCII[usize::from(byte)]), sign(char::from(byte)), "{byte}");
    }
    assert_eq!(sign('９'), u16::from(b'0'));
    assert_eq!(sign('Ａ'), u16::from(b'a'));
    assert_eq!(sign('張'), '张' as u16);
    assert_eq!(sign('\r'), LINE_END);
    assert_eq!(sign('\u{20000}'), u16::from(b'#'));
    // A name at either end of the text, and cut characters beside it.
    for bytes in [&b"\xE5\xBC"[..], b"\xFF", b""] {
        let text = [bytes, "张建国".as_bytes(), bytes].concat();
        let _ = at(&text, bytes.len(), false);
    }
}

proptest! {
    #[test]
    fn shortcuts_change_nothing(text in "[王李张高于成方和欧阳建国华伟明在说，a0 \n>]{0,24}") {
        all(&text);
    }

    #[test]
    fn never_panics(bytes: Vec<u8>, start in 0usize..32) {
        let _ = at(&bytes, start, false);
    }
}

/// The scores of the trainer, in sixteenths; the tags of a few pairs are those of others.
#[test]
fn agrees_with_the_trainer() {
    for (text, name, score) in [
        ("郭承宗说他下周不在公司", "郭承宗", 191),
        ("請把文件交給劉建軍處理", "劉建軍", 103),
        ("欧阳建国表示感谢", "欧阳建国", 181),
        ("（记者 张丽华）", "张丽华", 187),
        // With what the number beside it adds.
        ("13800138000,周晓峰,", "周晓峰", 241),
        ("我和黄安瑞约好", "黄安瑞", 145),
        ("订单已由李晓燕代签", "李晓燕", 174),
        ("高丽红，女", "高丽红", 132),
    ] {
        let found = all(text).into_iter().find(|found| found.0 == name);
        assert!(found.is_some_and(|found| (found.1 - score).abs() <= 8), "{text}: {found:?}");
    }
}
