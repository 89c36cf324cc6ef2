//! Ordinary Chinese prose in which neither the address nor the name grammar may find anything.

use super::{address, name};
use crate::rule::embedded;

const PROSE: &[&str] = &[
    // Logs and technical text
    "2023-01-05 10:00:01 INFO 订单服务启动成功，监听端口8080，共加载12个模块",
    "数据库连接池已满，当前连接数为200，最大连接数为200，请联系系统管理员处理",
    "路由表更新完成，路径/api/v1/users的请求转发到第3号节点",
    "北京机房2号交换机的15号端口发生故障，已切换到备用线路",
    "上海节点延迟升高到120毫秒，杭州节点恢复正常",
    "消息队列积压3万条，消费者组2号分区偏移量落后",
    "任务调度失败，错误码E1001，重试3次后进入死信队列",
    "向量检索服务的召回率提升了5个百分点，区间在0.8到0.9之间",
    "第3层缓存命中率为95%，第2层为80%",
    "name: nginx-proxy 的容器在华东1区A可用区重启了2次",
    "姓名字段不能为空，长度不超过20个字符",
    "联系人列表接口返回的name为空时显示默认头像",
    "支持GB18030编码，单元测试覆盖率达到85%，集成测试3组全部通过",
    "深圳市政务云平台3号机房的5号机柜完成扩容",
    "修复：地址栏输入2号参数时页面崩溃的问题",
    "内存地址0x7fff3a2b处发生段错误，堆栈共12层",
    "广州区域的对象存储于8月12日起支持12号协议",
    "单号为空时按照收货地址和手机号匹配",
    "安全组规则第5条允许来自任何地址的访问",
    "南京节点的第1组副本在12号凌晨完成主从切换",
    // News
    "北京市朝阳区今天召开第3次新闻发布会，通报最新情况",
    "杭州市西湖区共有12个街道，常住人口超过100万人",
    "上海地铁2号线世纪大道站6号口因施工临时关闭",
    "中国人民银行发布2023年第5号公告，调整存款利率",
    "广东省深圳市南山区去年生产总值增长5.6%，位居全省前列",
    "成都大运会的1号场馆已经完工，预计3月交付使用",
    "台风第9号于昨日登陆浙江省，宁波市12个区县受到影响",
    "南京市委书记强调，要坚持问题导向，完善3项制度",
    "江苏省教育厅印发第12号文件，规范校外培训",
    "武汉长江二桥将于本月20号起封闭维修",
    "山西省大同市云冈区3名游客获救，无人员伤亡",
    "京沪高速公路江苏段28号出口附近发生追尾事故",
    "海南省三亚市推出5条旅游新线路，门票八折优惠",
    "全国人大代表建议修改道路交通安全法第12条",
    "高考成绩将于25号公布，各省市陆续开通查询通道",
    "经济日报：东北地区一季度外贸增长显著，同比提高3个百分点",
    "国家统计局3号发布数据，70个大中城市房价环比下降",
    // Chat
    "我明天去上海出差，大概3号回来，到时候再约",
    "你在哪里？我已经到南京路了，人特别多",
    "老师好，请问作业是第3单元还是第4单元？",
    "今天天气真好，一起去西湖边走走吧",
    "他们公司在二楼，我们在三楼，中间有个大会议室",
    "小王说他周五不来了，让你把文件发给经理",
    "各位先生女士大家好，欢迎参加今天的活动",
    "快递放在门口了，记得去拿，别让别人拿错",
    "高兴死了，终于抢到2张演唱会门票，12排5座",
    "明天我要去北京出差，住3天，然后转机去成都",
    "这道题选A座位那个选项，别选B",
    // E-commerce and service
    "亲，您的订单已发货，预计3天内送达，请保持电话畅通",
    "您的快递已到达杭州转运中心，下一站上海分拨中心",
    "本店所有商品满200减20，全国包邮，新疆西藏除外",
    "请您填写收货人姓名、收货地址以及手机号码，以便我们为您配送",
    "如需修改地址，请在付款后2小时内联系客服处理",
    "您可以将最常用的收货地址设置为默认地址",
    "此商品支持7天无理由退货，退回地址请咨询客服经理",
    "产品经理和项目经理需要在12号之前确认3期需求",
    "高级会员可享受5折优惠，普通会员享受8折",
    "黄金会员专属通道在2号柜台，办理时请出示会员卡",
    "套餐包含1号餐厅晚餐1份和3号馆门票2张",
    "联系人电话未填写的订单由仓库3组统一处理",
    "开票信息：名称、税号、单位地址、电话、开户行和账号",
    "客户经理会在2个工作日内与您联系，请留意来电",
];

const NAME_LABELS: &[&str] = &["姓名", "联系人", "收货人", "收件人", "户名", "name", "客户", "经办人", "名称"];
const ADDRESS_LABELS: &[&str] = &["收货地址", "单位地址", "默认地址", "退回地址", "内存地址", "地址", "住址", "住"];
const TITLES: &[&str] = &["先生", "女士", "小姐", "老师", "经理", "主任", "书记", "客服", "总监"];

/// The place after a label, its separators skipped, as the caller does it.
fn values<'text>(text: &'text str, labels: &'text [&str]) -> impl Iterator<Item = usize> {
    labels.iter().flat_map(move |label| {
        text.match_indices(*label).map(move |(at, _)| {
            let rest = text.get(at + label.len()..).unwrap_or("");
            text.len() - rest.trim_start_matches(['：', ':', '=', '"', ' ']).len()
        })
    })
}

#[test]
fn nothing_in_prose() {
    let mut wrong = Vec::new();
    assert!(PROSE.len() >= 60);
    for text in PROSE {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        address::in_run(bytes, 0..bytes.len(), &mut address::Recent::default(), &mut found);
        found.extend(
            values(text, ADDRESS_LABELS)
                .filter_map(|at| address::after_label(bytes, at, &mut address::Recent::default())),
        );
        found.extend(values(text, NAME_LABELS).filter_map(|at| name::after_label(bytes, at)));
        found.extend(TITLES.iter().flat_map(|title| text.match_indices(title)).filter_map(|(at, _)| {
            // A surname alone before a title is weak and never reported by itself.
            name::before_title(bytes, at).filter(|found| found.structure + found.registry >= 40)
        }));
        found.extend(name::is_value(bytes));
        wrong.extend(found.iter().map(|found| format!("{text}: {:?}", text.get(found.start..found.end))));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Even where every place of the prose is asked as if a title began there, few slices pass for names.
#[test]
fn few_slices_of_prose_are_names_in_running_text() {
    if embedded::table("surnames.tsv").is_empty() {
        return;
    }
    let (mut asked, mut taken) = (0u32, Vec::new());
    for text in PROSE {
        for (at, _) in text.char_indices() {
            asked += 1;
            if let Some(found) = name::before_title(text.as_bytes(), at).filter(|found| found.structure >= 34) {
                taken.push(text.get(found.start..found.end).unwrap_or("?"));
            }
        }
    }
    assert!(taken.len() * 50 < asked as usize, "{} of {asked}: {taken:?}", taken.len());
}

/// `cargo test --release -- --ignored --nocapture measure_grammars` prints what the grammars cost.
#[test]
#[ignore = "a measurement, no check"]
fn measure_grammars() {
    let start = std::time::Instant::now();
    let mut found = Vec::new();
    address::in_run("浙江省杭州市西湖区文三路90号".as_bytes(), 0..39, &mut address::Recent::default(), &mut found);
    println!("first address, tables built: {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let _ = name::after_label("张伟".as_bytes(), 0);
    println!("first name, tables built: {:?}", start.elapsed());
    let address = ["收货地址：浙江省杭州市西湖区文三路90号东部软件园1幢302室，收件人张伟"];
    let plain: Vec<&str> = PROSE.iter().copied().filter(|text| !text.bytes().any(|b| b.is_ascii_digit())).collect();
    for (what, texts) in [("prose", PROSE), ("prose without digits", &plain[..]), ("addresses", &address[..])] {
        let (start, mut bytes, mut runs) = (std::time::Instant::now(), 0usize, 0u32);
        while start.elapsed().as_millis() < 400 {
            for text in texts {
                found.clear();
                address::in_run(text.as_bytes(), 0..text.len(), &mut address::Recent::default(), &mut found);
                bytes += text.len();
                runs += 1;
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{what}: {:.0} MB/s, {:.0} ns a run", bytes as f64 / seconds / 1e6, seconds * 1e9 / f64::from(runs));
    }
    for (what, text) in [("name", "张伟，电话"), ("no name", "不能为空，长度"), ("long", "张伟已经注册成功")]
    {
        let (start, mut calls) = (std::time::Instant::now(), 0u32);
        while start.elapsed().as_millis() < 200 {
            for _ in 0..100 {
                std::hint::black_box(name::after_label(std::hint::black_box(text.as_bytes()), 0));
            }
            calls += 100;
        }
        println!("{what}: {:.0} ns a call", start.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
    }
}
