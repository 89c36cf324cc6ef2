//! Orders as a nightly export writes them, one a line, fields divided by `|`.

use std::fmt::Write;

use super::World;

const GOODS: &[&str] = &[
    "蓝牙耳机 降噪版",
    "纯棉四件套 1.8米床",
    "儿童积木 500粒",
    "电动牙刷 替换刷头",
    "不锈钢保温杯 500ml",
    "徒步鞋 男款 42码",
    "坚果礼盒 1.5kg",
    "护眼台灯 三档",
    "USB-C 充电线 2m",
    "猫砂 10L*4",
    "机械键盘 87键",
    "无糖乌龙茶 24瓶",
];
const STATES: &[&str] = &["已支付", "已发货", "已完成", "已取消", "退款中", "待评价"];
const REMARKS: &[&str] =
    &["", "", "", "请尽快发货", "放门口即可", "工作日送货", "不要打电话", "送到前台", "礼物，别放小票"];

/// Appends an order.
pub(crate) fn line(world: &mut World, identified: bool, out: &mut String) {
    world.pass(2_000);
    let person = identified.then(|| world.person());
    number(world, out);
    let World { random, clock, .. } = world;
    let (goods, sku, pieces) = (random.choose(GOODS), random.between(100_000_000, 999_999_999), random.between(1, 5));
    let (yuan, state) = (random.between(9, 3000), random.choose(STATES));
    let _ = write!(out, "|SKU{sku}|{goods}|{pieces}|{yuan}.90|{state}|");
    clock.stamp(out);
    match person {
        Some(person) => {
            let _ = write!(out, "|收货人:{}|", person.name);
            person.spell_mobile(random, out);
            let _ = write!(out, "|{}|", person.address);
        }
        None => {
            let (station, carrier) = (random.between(1, 999), random.choose(&["SF", "YT", "ZTO", "JD"]));
            let _ = write!(out, "|自提点{station}号柜|{carrier}");
            random.digits(13, out);
            out.push('|');
        }
    }
    out.push_str(random.choose(REMARKS));
}

/// Appends an order number.
pub(crate) fn number(world: &mut World, out: &mut String) {
    world.clock.compact(out);
    world.random.digits(6, out);
}
