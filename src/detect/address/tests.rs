use super::*;
use crate::rule::embedded;
use proptest::prelude::*;

/// Splits `«…»` out of a marked text: the plain text and the marked spans.
fn marked(text: &str) -> (String, Vec<Range<usize>>) {
    let (mut plain, mut spans, mut start) = (String::new(), Vec::new(), 0);
    for c in text.chars() {
        match c {
            '«' => start = plain.len(),
            '»' => spans.push(start..plain.len()),
            c => plain.push(c),
        }
    }
    (plain, spans)
}

fn has_tables() -> bool {
    !embedded::table("cn_gazetteer.tsv").is_empty()
}

fn spans_in(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    in_run(text.as_bytes(), 0..text.len(), &mut Recent::default(), &mut out);
    out.iter().map(|found| found.start..found.end).collect()
}

/// Addresses and near-addresses in running text.
const RUNS: &[&str] = &[
    "指环界云计算有限公司（注册地址：«浙江省杭州市西湖区转塘科技经济区块12号»）",
    "注册地址：«武汉市江汉区中央商务区泛海国际SOHO城(一期)2栋4层6室-2»",
    "常用办公地址：«武汉市江汉区中央商务区泛海国际SOHO城（一期）2栋4层6室-2»",
    "他住在«浙江省杭州市西湖区文三路90号»",
    "地址改为«浙江省台州市温岭市胜利路262号恒大名都»",
    "寄到«山东省泰安市东平县工业路62号书香门第»，谢谢",
    "«陕西省铜川市宜君县火车站前街554号翠湖苑»",
    "«辽宁省本溪市本溪满族自治县建设路695号丽水佳苑»",
    "«浙江省杭州市西湖区文三路90号»马上发货",
    "«北京市朝阳区建国路88号» 王小明 13812345678",
    "地址：«北京市朝阳区建国路88号»　张文轩",
    "«北京市朝阳区建国路88号»张宇轩，电话13812345678",
    "地址：«浙江省杭州市西湖区文三路90号»御景湾手机：13812345678",
    "地址：«浙江省杭州市西湖区文三路90号»御景湾收货人：张雨轩",
    "北京市朝阳区所属街道建设路3号",
    "«海南省乐东黎族自治县九所镇迎宾大道44号33号楼5单元2858室»",
    "«吉林省长春市九台区土们岭街道和平路217号»",
    "«浙江省杭州市西湖区文三路90号东部软件园»创新团队",
    "«杭州市西湖区文三路90号»附近有一家咖啡馆",
    "请寄到«杭州西湖区文三路90号»",
    "«上海市浦东新区张江路123弄45号601室»收",
    "«上海市徐汇区漕溪北路88号圣爱大厦1801»",
    "«北京市朝阳区建国路甲5号院3号楼2单元502»",
    "«北京市朝阳区建国路88号SOHO现代城A座1801室»",
    "«北京海淀区中关村大街27号»",
    "«广东省深圳市南山区科技园南区R2-A栋4楼»",
    "«广东省深圳市南山区粤海街道科技中一路腾讯大厦1201室»",
    "«四川省成都市武侯区人民南路四段12号»",
    "«江苏省南京市鼓楼区中山北路30号»",
    "«上海市黄浦区北京东路123号»",
    "«湖北省武汉市洪山区珞喻路1037号»华中",
    "«重庆市渝中区解放碑街道民权路28号»",
    "«天津市和平区南京路189号津汇广场2座3005»",
    "«新疆维吾尔自治区乌鲁木齐市天山区解放北路12号»",
    "«内蒙古呼和浩特市新城区新华大街63号院»",
    "«西藏自治区拉萨市城关区江苏路19号»",
    "«广东省东莞市长安镇振安东路12号»",
    "«浙江省义乌市佛堂镇双林村3组12号»",
    "«河南省周口市太康县清集镇李庄村五组18号»",
    "«山东省青岛市市南区香港中路40号»",
    "«陕西省西安市雁塔区小寨东路11号1幢1单元10101室»",
    "«福建省厦门市思明区软件园二期望海路10号楼402»",
    "«安徽省合肥市蜀山区黄山路468号»",
    "«辽宁省大连市沙河口区中山路572号»",
    "«浙江省/杭州市/西湖区/文三路90号»",
    "«浙江省 杭州市 西湖区 文三路90号 1幢 302室»",
    "«昌平区回龙观龙腾苑二区5号楼3单元201»",
    "«湖南省长沙市岳麓区麓谷街道欣盛路79号江南花园12-3-401»",
    "快递已由«杭州市余杭区文一西路969号»发出",
    "地点«广州市天河区天河路208号»，时间下午",
    "甲方住所地«成都市高新区天府大道1700号»；乙方",
    "从«北京市朝阳区建国路88号»搬到«上海市静安区南京西路1266号»",
    "«北京市崇文区广渠门内大街27号»",
    "«苏州市工业园区新区星湖街328号»",
    "«哈尔滨市南岗区西大直街92号»",
    "«云南省昆明市五华区青年路１２号»",
    "«浙江省杭州市余杭区仓前街道文一西路969号阿里巴巴西溪园区5号楼»",
    "«上海市闵行区莘庄镇七莘路1507弄12号302室»",
    "«北京市海淀区上地十街10号百度大厦»",
    "«北京市东城区东四十条甲22号南新仓国际大厦A座»",
    "«北京市西城区西直门外大街1号院西环广场T2座18层»",
    "«天津市南开区华苑产业区海泰发展六道6号海泰绿色产业基地G座»",
    "«广东省广州市番禺区大石街105国道大石段332号»",
    "«深圳市福田区深南大道6033号金运世纪大厦24楼E»",
    "«重庆市九龙坡区石桥铺科园一路73号附6号»",
    "«陕西省西安市碑林区长安北路8号»",
    "«河北省石家庄市裕华区槐安东路158号怀特国际商城B座1单元1206»",
    "«黑龙江省佳木斯市汤原县汤原镇中华路17号»",
    "«山东省济南市历下区经十路9777号鲁商国奥城5号楼2402»",
    "«福建省泉州市晋江市陈埭镇岸兜村中兴路18号»",
    "«江苏省昆山市花桥镇光明路505号建邦大厦3号楼»",
    "«湖南省株洲市天元区泰山路1号附1栋3楼»",
    "«新疆石河子市东城街道12小区8栋3单元201»",
    "«云南省昆明市官渡区关上街道双凤路北2号院7幢2单元601室»",
    "«安徽省芜湖市无为市红庙镇海云行政村三组»",
    "«杭州市萧山区宁围街道市心北路108号佳境天城1幢1单元1002室»",
    "«四川省成都市高新区（西区）西源大道2006号»",
    "«台湾省台北市信义区信义路五段7号»",
    "«香港特别行政区九龙尖沙咀广东道25号»",
    "«浙江省温州市鹿城区车站大道高联大厦8楼A1室»",
    "«北京市朝阳区望京SOHO塔1B座1205»",
    "«上海市浦东新区陆家嘴环路1000号恒生银行大厦45楼»",
    "«东莞市南城街道鸿福路200号第一国际汇一城2号写字楼18层1801室»",
    "«广州天河区体育西路103号维多利广场A塔3501»",
    "«河南省郑州市金水区花园路与农业路交叉口西8号»",
    "上海南京路上人很多",
    "杭州市",
    "浙江省杭州市的天气",
    "浙江省杭州市西湖区今天有雨",
    "杭州市西湖区转塘街道召开第3次会议",
    "北京市海淀区2023年12号文件",
    "北京市朝阳区8月12日起实行",
    "上海地铁2号线世纪大道站6号口",
    "上海浦东新区地铁2号线延误",
    "广州市天河区3号台风预警",
    "南京路12号",
    "杭州市1幢1幢文三路",
    "北京市第3中学有200人",
    "深圳市南山区人口为180万人",
    "杭州市西湖区共有12个街道",
    "路由器配置第3号接口",
    "朝阳产业第12号公告",
    "西湖区人民政府3号令",
    "中国人民大学第2届运动会",
];

#[test]
fn runs() {
    if !has_tables() {
        return;
    }
    let mut wrong = Vec::new();
    for case in RUNS {
        let (text, spans) = marked(case);
        let found = spans_in(&text);
        if found != spans {
            let found: Vec<_> = found.into_iter().map(|span| text.get(span).unwrap_or("?").to_owned()).collect();
            wrong.push(format!("{case} -> {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Label and value; the caller has skipped the separator, marked here by `|`.
const LABELLED: &[&str] = &[
    "收货地址：|«浙江省杭州市西湖区文三路90号东软大厦前台»，电话13800138000",
    "收货地址：|«浙江省杭州市西湖区文三路90号»13800138000",
    "收货地址：|«浙江省杭州市西湖区文三路90号»张伟13800138000",
    "住址|«人民路12号3单元502室» 张三 收",
    "家庭住址：|«阳光花园3栋2单元501»",
    "住址：|«幸福里小区12-3-401»。电话",
    "address=\"|«幸福路18号»\"",
    "address: \"|«江苏省南京市鼓楼区»\"",
    "户籍地址：|«河南省周口市太康县清集镇李庄村»",
    "地址：|«建国路88号，A座1801»；邮编",
    "地址：|«北京市朝阳区建国路88号»邮编100022",
    "住址：|«兰州市城关区雁滩路3号(东门)»",
    "address: |«朝阳街道幸福社区»\n",
    "地址:|«XX市YY区中山路3号»",
    "地址：为|«浙江省杭州市滨江区江南大道228号»",
    "住址：|«佳县佳芦镇»",
    "地址：|«浙江 杭州 西湖 文三路90号»",
    "地址：|«河南省郑州市金水区花园路与农业路交叉口向东100米路北8号»，",
    "地址：|监听端口8080",
    "地址：|查询通道",
    "\"address\":\"|«幸福路»\"",
    "地址：|«北京市朝阳区»今天召开第3次新闻发布会，通报最新情况",
    "收货地址|以及手机号码",
    "地址|可以设置为默认",
    "地址：|请填写详细地址",
    "地址|不能为空",
    "收货地址|信息",
    "地址：|无",
    "address=|0x7fff3a2b",
    "address=|192.168.1.10:8080",
    "address: |user@example.com",
    "address: \"|\"",
    "地址：|请到前台3号窗口领取",
    "地址|簿中共有12个联系人",
    "地址：|",
    "地址：|默认地址",
    "配送地址|、联系人或联系电话",
    "IP地址|、浏览器的类型",
    "默认地址|，如此，若您下次购买商品时未更改收货地址",
];

#[test]
fn labelled_values() {
    if !has_tables() {
        return;
    }
    let mut wrong = Vec::new();
    for case in LABELLED {
        let at = case.find('|').unwrap();
        let (text, spans) = marked(&case.replace('|', ""));
        let found = after_label(text.as_bytes(), at, &mut Recent::default());
        if found.map(|found| found.start..found.end).as_ref() != spans.first() {
            let found = found.map(|found| text.get(found.start..found.end));
            wrong.push(format!("{case} -> {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn cells() {
    if !has_tables() {
        return;
    }
    for cell in [
        "浙江省杭州市西湖区文三路90号",
        " 上海市浦东新区世纪大道100号环球金融中心 ",
        "人民路12号",
        "阳光小区3栋",
        "河北省兰州县蓟州李街k座 958385",
        "广东省广州市",
        "辽宁省沈阳市和平区",
        "李庄村五组18号",
        "No. 90 Wensan Road, Xihu District, Hangzhou",
        "12 Main Street",
    ] {
        let found = is_value(cell.as_bytes()).unwrap_or_else(|| panic!("{cell} is an address"));
        assert_eq!(cell.get(found.start..found.end), Some(cell.trim()));
        assert!(found.traits.whole);
    }
    for cell in [
        "",
        " ",
        "无",
        "N/A",
        "自提",
        "192.168.1.1",
        "f4:5c:89:00:00:01",
        "user@example.com",
        "https://a.com/road/12",
        "张伟",
        "13800138000",
        "2023-01-05",
        "华为技术有限公司",
        "未填写",
        "同上",
        "0x00ff",
        "请联系客服",
        "系统路由器3台",
        "北京市朝阳区今天召开第3次新闻发布会，通报最新情况",
        "武汉长江二桥将于本月20号起封闭维修",
        "北京时间12点",
        "1号",
        "支付成功",
    ] {
        assert_eq!(is_value(cell.as_bytes()), None, "{cell}");
    }
}

#[test]
fn evidence_grows() {
    if !has_tables() {
        return;
    }
    let points = |text: &str| {
        after_label(text.as_bytes(), 0, &mut Recent::default()).map_or(0, |found| found.structure + found.registry)
    };
    let ladder = ["浙江省杭州市", "浙江省杭州市西湖区", "浙江省杭州市西湖区文三路", "浙江省杭州市西湖区文三路90号"];
    assert!(ladder.map(points).is_sorted(), "{:?}", ladder.map(points));
    assert!(points("浙江省杭州市") < points("浙江省杭州市西湖区文三路90号"));
    assert!(points("文三路90号") < points("西湖区文三路90号1幢302室"));
    let mut out = Vec::new();
    let text = "浙江省杭州市西湖区文三路90号";
    in_run(text.as_bytes(), 0..text.len(), &mut Recent::default(), &mut out);
    assert_eq!(out.first().map(|found| found.structure + found.registry), Some(60));
}

#[test]
fn organization_by_label() {
    if !has_tables() {
        return;
    }
    for (text, organization) in [
        ("注册地址：浙江省杭州市西湖区文三路90号", true),
        ("办公地址为浙江省杭州市西湖区文三路90号", true),
        ("公司总部位于浙江省杭州市西湖区文三路90号", true),
        ("收货地址：浙江省杭州市西湖区文三路90号", false),
    ] {
        let mut out = Vec::new();
        in_run(text.as_bytes(), 0..text.len(), &mut Recent::default(), &mut out);
        assert_eq!(out.first().map(|found| found.traits.organization), Some(organization), "{text}");
    }
    let text = "办公地址：浙江省杭州市西湖区文三路90号";
    assert!(
        after_label(text.as_bytes(), "办公地址：".len(), &mut Recent::default())
            .is_some_and(|found| found.traits.organization)
    );
}

/// The privacy policies hold three addresses, all of organizations.
#[test]
fn policies_hold_only_their_addresses() {
    if !has_tables() {
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/policies");
    let Ok(files) = std::fs::read_dir(folder) else { return };
    let mut all = Vec::new();
    for file in files.flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        for line in text.lines() {
            let mut out = Vec::new();
            in_run(line.as_bytes(), 0..line.len(), &mut Recent::default(), &mut out);
            all.extend(out.iter().map(|found| line.get(found.start..found.end).unwrap_or("?").to_owned()));
            for label in ["收货地址", "邮政地址", "注册地址", "地址", "住址"] {
                for (at, _) in line.match_indices(label) {
                    let at = at + label.len();
                    let at = at
                        + line.get(at..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['：', ':', ' ']).len());
                    if let Some(found) = after_label(line.as_bytes(), at, &mut Recent::default()) {
                        let value = line.get(found.start..found.end).unwrap_or("?");
                        assert!(all.iter().any(|known| known == value), "{value}");
                    }
                }
            }
        }
    }
    all.sort();
    assert_eq!(
        all,
        [
            "武汉市江汉区中央商务区泛海国际SOHO城(一期)2栋4层6室-2",
            "武汉市江汉区中央商务区泛海国际SOHO城(一期)2栋4层6室-2",
            "浙江省杭州市西湖区转塘科技经济区块12号",
        ]
    );
}

#[test]
fn a_newline_is_a_boundary() {
    if !has_tables() {
        return;
    }
    let text = "收货地址：浙江省杭州市西湖区文三路\n90号";
    let found = after_label(text.as_bytes(), "收货地址：".len(), &mut Recent::default()).unwrap();
    assert_eq!(text.get(found.start..found.end), Some("浙江省杭州市西湖区文三路"));
    assert!(spans_in("浙江省杭州市西湖区文三路\n90号").is_empty());
}

/// Parts of addresses and of other text, to be shuffled.
fn pieces() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            proptest::sample::select(vec![
                "浙江省",
                "杭州市",
                "西湖区",
                "杭州",
                "文三路",
                "90号",
                "1幢",
                "302室",
                "-2",
                "(一期)",
                "（",
                "）",
                "村",
                "五组",
                "A座",
                "12-3-401",
                "\n",
                " ",
                "，",
                "电话",
                "13800138000",
                "中国",
                "小区",
                "二期",
                "#",
                "１２",
                "大厦",
                "与人民路",
                "，3号楼",
                "3组",
                "90",
                " 5层",
                " B座",
                "=",
            ])
            .prop_map(str::to_owned),
            ".{0,3}",
        ],
        0..14,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn never_panics_on_bytes(text: Vec<u8>, at in 0usize..80) {
        let mut out = Vec::new();
        in_run(&text, 0..text.len(), &mut Recent::default(), &mut out);
        in_run(&text, at..at + 40, &mut Recent::default(), &mut out);
        let _ = after_label(&text, at, &mut Recent::default());
        let _ = is_value(&text);
    }

    #[test]
    fn spans_are_on_character_boundaries(text in pieces()) {
        let mut out = Vec::new();
        in_run(text.as_bytes(), 0..text.len(), &mut Recent::default(), &mut out);
        let mut last = 0;
        for found in out.iter().copied() {
            prop_assert!(found.start >= last && found.start < found.end);
            last = found.end;
        }
        for (at, _) in text.char_indices() {
            out.extend(after_label(text.as_bytes(), at, &mut Recent::default()));
        }
        out.extend(is_value(text.as_bytes()));
        for found in out {
            let span = text.get(found.start..found.end);
            prop_assert!(span.is_some_and(|span| !span.is_empty()), "{:?} in {:?}", found, text);
            prop_assert!(found.traits.whole || !span.unwrap().contains('\n'));
            prop_assert!((0..=40).contains(&found.structure) && (0..=20).contains(&found.registry));
        }
    }

    /// Neither what was read before nor which of the two asks first changes what is found.
    #[test]
    fn reading_once_for_both_is_reading_twice(text in pieces(), labels_first: bool) {
        let bytes = text.as_bytes();
        let behind_labels = |recent: &mut Recent, is_fresh: bool| -> Vec<Option<Found>> {
            let places = text.char_indices().map(|(at, _)| at);
            places
                .map(|at| {
                    let mut fresh = Recent::default();
                    after_label(bytes, at, if is_fresh { &mut fresh } else { &mut *recent })
                })
                .collect()
        };
        let in_runs = |recent: &mut Recent| {
            let mut out = Vec::new();
            let mut start = 0;
            for end in (0..=bytes.len()).filter(|at| setting::is_stretch_end(bytes, *at)) {
                in_run(bytes, start..end, recent, &mut out);
                start = end + 1;
            }
            out
        };
        let expected = (behind_labels(&mut Recent::default(), true), in_runs(&mut Recent::default()));
        let mut recent = Recent::default();
        let both = if labels_first {
            let labelled = behind_labels(&mut recent, false);
            (labelled, in_runs(&mut recent))
        } else {
            let free = in_runs(&mut recent);
            (behind_labels(&mut recent, false), free)
        };
        prop_assert_eq!(both, expected);
    }

    #[test]
    fn a_found_address_is_found_again_alone(text in pieces()) {
        for span in spans_in(&text) {
            let alone = text.get(span).unwrap();
            prop_assert_eq!(spans_in(alone), vec![0..alone.len()], "{}", alone);
        }
    }

    #[test]
    fn invalid_bytes_around_do_not_matter(junk in proptest::collection::vec(0x80u8..=0xFF, 1..4)) {
        if has_tables() && std::str::from_utf8(&junk).is_err() {
            let address = "浙江省杭州市西湖区文三路90号";
            let mut text = vec![b' '];
            text.extend_from_slice(address.as_bytes());
            text.extend_from_slice(&[b' ', 0xFF]);
            text.extend_from_slice(&junk);
            let mut out = Vec::new();
            in_run(&text, 0..text.len(), &mut Recent::default(), &mut out);
            prop_assert_eq!(out.first().map(|found| found.start..found.end), Some(1..1 + address.len()));
        }
    }
}
