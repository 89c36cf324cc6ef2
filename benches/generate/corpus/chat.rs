//! Chat between customers and the service desk, in Chinese.

use std::fmt::Write;

use super::{Person, World};

const CUSTOMER: &[&str] = &[
    "你好，我昨天买的东西什么时候发货？",
    "这个颜色还有货吗，想换一个大一点的尺码",
    "包装破了，里面的东西也少了一件",
    "能不能便宜一点，隔壁店都在打折",
    "物流好几天没有更新了，麻烦帮我催一下",
    "我想退货，运费谁来出？",
    "优惠券为什么用不了，提示不在活动范围内",
    "好的，谢谢，我再等等看",
    "发票什么时候能开，公司要报销",
    "可以改一下配送时间吗，周末在家",
    "刚才下错单了，帮我取消吧",
    "这款耳机支持降噪吗，能连两个设备不",
    "收到了，质量不错，就是说明书看不太懂",
    "客服在吗？怎么没有人回复",
    "赠品没有收到，是不是漏发了",
    "我看评论说会掉色，是真的吗",
];
const DESK: &[&str] = &[
    "亲，您好，很高兴为您服务，请问有什么可以帮您？",
    "您的订单已经打包完成，预计今天晚上发出，请您耐心等待哦",
    "非常抱歉给您带来不便，这边马上为您核实",
    "退换货请在订单详情页点击申请售后，审核通过后会有快递员上门取件",
    "活动期间满三百减四十，可以叠加店铺券使用",
    "已经帮您登记加急处理，二十四小时之内会有结果",
    "这款是支持主动降噪的，续航大约三十个小时",
    "请您提供一下订单号，我帮您查询物流情况",
    "发票会在确认收货之后七个工作日内开具",
    "感谢您的理解与支持，祝您生活愉快",
    "麻烦您拍一张照片发给我们，方便判断责任",
    "赠品会和主商品分开寄出，请您留意查收",
];
const TAILS: &[&str] = &["", "", "", "[微笑]", "~", "，急！", "，在线等", "，谢谢啦", "[图片]", "哈哈哈"];

/// Appends a message.
pub(crate) fn line(world: &mut World, identified: bool, out: &mut String) {
    world.pass(9_000);
    let person = identified.then(|| world.person());
    out.push('[');
    world.clock.stamp(out);
    match person {
        Some(person) => personal(world, &person, out),
        None => impersonal(world, out),
    }
}

fn personal(world: &mut World, person: &Person, out: &mut String) {
    let random = &mut world.random;
    out.push_str("] 客户：");
    let _ = match random.below(6) {
        0 => {
            let _ = write!(out, "你好，我叫{}，电话是", person.name);
            person.spell_mobile(random, out);
            write!(out, "，包裹还没到")
        }
        1 => write!(out, "地址改成{}，麻烦快一点", person.address),
        2 => write!(out, "身份证号码：{}", person.resident_id),
        3 => write!(out, "也可以发邮件到{}，谢谢", person.email),
        4 => {
            let _ = write!(out, "退到这张银行卡：");
            person.spell_card(random, out);
            write!(out, "，户名{}", person.name)
        }
        _ => write!(out, "打座机{}也行，白天有人接", person.landline),
    };
}

fn impersonal(world: &mut World, out: &mut String) {
    let World { random, clock, .. } = world;
    if random.per_mille(500) {
        let _ = write!(out, "] 客户：{}{}", random.choose(CUSTOMER), random.choose(TAILS));
    } else {
        let _ = write!(out, "] 客服：{}", random.choose(DESK));
        if random.per_mille(250) {
            out.push_str("，订单 ");
            clock.compact(out);
            random.digits(6, out);
            out.push_str(" 是您的吗？");
        }
    }
}
