//! Where a name ends in running text: at the next field, at a title, or at a word that goes on with the sentence.

use std::sync::LazyLock;

use crate::detect::han::{Ideographs, any_at, char_at, char_before, fold};
use crate::detect::words::Words;

/// Labels and words that a name cannot run into.
const FIELD_WORDS: &[&str] = &[
    "电话", "手机", "身份", "证件", "地址", "住址", "邮箱", "邮编", "邮件", "性别", "年龄", "民族", "出生", "生日",
    "学历", "单位", "公司", "部门", "职务", "职位", "岗位", "联系", "号码", "银行", "账号", "账户", "帐号", "卡号",
    "户名", "开户", "微信", "支付", "备注", "工号", "学号", "编号", "订单", "收货", "收件", "签名", "签字", "日期",
    "时间", "姓名", "籍贯", "国籍", "户籍", "信息", "名称", "资料", "以及", "或者", "和您", "如下", "字段", "类型",
    "长度", "密码", "用户", "昵称", "头像", "真实", "方式", "关系", "金额", "余额", "数量", "状态", "车牌", "护照",
    "病历", "就诊", "科室", "班级", "学校", "专业", "政治", "婚姻", "爱好", "传真", "座机", "住院", "床号", "配送",
];

static FIELDS: LazyLock<Words> = LazyLock::new(|| Words::new(FIELD_WORDS));

/// Titles and ways to address a person.
const TITLE_WORDS: &[&str] = &[
    "先生",
    "女士",
    "小姐",
    "老师",
    "同学",
    "总经理",
    "经理",
    "主任",
    "医生",
    "大夫",
    "护士",
    "教授",
    "律师",
    "师傅",
    "同志",
    "阿姨",
    "叔叔",
    "主管",
    "总监",
    "书记",
    "院长",
    "校长",
    "科长",
    "处长",
    "局长",
    "部长",
    "会计",
    "队长",
    "组长",
    "班长",
    "站长",
    "所长",
    "董事长",
    "警官",
    "法官",
    "博士",
    "工程师",
    "副总",
    "大哥",
    "大姐",
    "主席",
    "秘书",
    "助理",
    "店长",
    "客服",
    "教练",
];

static TITLES: LazyLock<Words> = LazyLock::new(|| Words::new(TITLE_WORDS));

/// Words that go on with a sentence after a name.
static GOES_ON: LazyLock<Words> = LazyLock::new(|| {
    Words::new(&[
        "已", "将", "于", "在", "的", "是", "和", "与", "及", "为", "您", "因", "被", "向", "从", "曾", "现", "由",
        "等", "未", "没", "不", "也", "就", "到", "来", "去", "说", "称", "收", "表示", "通过", "使用", "注册", "登录",
        "申请", "提交", "下单", "购买", "预约", "签收", "办理", "认证", "完成", "成功", "今", "昨", "明天", "刚", "正",
        "要", "会", "可", "请", "想", "把", "给", "对", "发", "进行", "确认", "同意", "取消", "退", "本人", "一",
        "你好", "男", "女", "尾号", "并", "还",
    ])
});

/// Whether `c` may begin the next field or a title; nearly no character does.
#[inline]
pub(super) fn may_cut(c: char) -> bool {
    static FIRST: Ideographs =
        Ideographs::of("男女").and(&Ideographs::first_of(FIELD_WORDS)).and(&Ideographs::first_of(TITLE_WORDS));
    FIRST.holds(c)
}

/// Whether the next field begins at `at`.
pub(super) fn field_at(text: &[u8], at: usize) -> bool {
    // 男 and 女 are given-name characters too: only before an age or a date.
    let sex = || {
        text.get(at) >= Some(&0x80)
            && any_at(text, at, &["男", "女"])
                .and_then(|sex| char_at(text, at + sex.len()))
                .is_some_and(|(c, _)| c.is_ascii_digit() || matches!(c, '，' | ','))
            && any_at(text, at, &["男，", "女，", "男,", "女,"]).is_none()
    };
    FIELDS.at(text, at).is_some() || sex()
}

/// Whether a title begins at `at`.
pub(super) fn title_at(text: &[u8], at: usize) -> bool {
    TITLES.at(text, at).is_some()
}

/// Where the title that begins at `at` ends, if one does.
pub(in crate::detect) fn title_end(text: &[u8], at: usize) -> Option<usize> {
    TITLES.at(text, at).map(|title| at + title.len())
}

/// Whether a word that goes on with the sentence begins at `at`.
pub(in crate::detect) fn continues(text: &[u8], at: usize) -> bool {
    GOES_ON.at(text, at).is_some() || field_at(text, at) || title_at(text, at)
}

/// Whether `start..end` is all of a field: nothing but a separator or a quotation mark stands before `start`, and nothing or a field border
/// behind `end`.
pub(super) fn is_field(text: &[u8], start: usize, end: usize) -> bool {
    let mut p = start;
    while let Some((' ' | '\u{3000}', before)) = char_before(text, p) {
        p = before;
    }
    let opens = char_before(text, p).is_none_or(|(c, _)| matches!(fold(c), ':' | '=' | '"' | '\'' | '>' | '\n'));
    let closes = |c| matches!(fold(c), ',' | ';' | ' ' | '|' | '&' | '"' | '\'' | '<' | ')' | ']' | '\n' | '\r' | '\t');
    opens && char_at(text, end).is_none_or(|(c, _)| closes(c) || matches!(c, '、' | '。'))
}

/// Characters that in running text are function words even where they are surnames.
pub(super) fn is_function(c: char) -> bool {
    static SET: Ideographs =
        Ideographs::of("和与跟同及对向给找问请让叫由于从为是在有被把将经时的了让见谢由据代邀助帮陪嫁应都连但位称");
    SET.holds(c) || c == '、'
}
