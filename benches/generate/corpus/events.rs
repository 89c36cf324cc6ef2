//! Tracking events as NDJSON.

use std::fmt::Write;

use super::{Person, World};

const TYPES: &[&str] =
    &["page_view", "click", "expose", "search", "add_cart", "pay", "login", "share", "scroll", "stay"];
const PAGES: &[&str] =
    &["home", "goods_detail", "cart", "search_result", "activity_618", "my", "order_list", "live_room"];
const MODELS: &[&str] = &["HUAWEI Mate 60 Pro", "iPhone15,3", "Xiaomi 14", "PJD110", "V2309A", "RMX3888", "SM-S9180"];
const WORDS: &[&str] =
    &["蓝牙耳机", "连衣裙", "纸巾", "儿童积木", "电动牙刷", "保温杯", "手机壳", "徒步鞋", "坚果礼盒", "台灯"];

/// Appends an event.
pub(crate) fn line(world: &mut World, identified: bool, out: &mut String) {
    world.pass(30);
    let person = identified.then(|| world.person());
    let World { random, clock, .. } = world;
    out.push_str("{\"eventId\":\"");
    random.uuid(out);
    let (kind, page, model) = (random.choose(TYPES), random.choose(PAGES), random.choose(MODELS));
    let (stay, session, build) = (random.below(60_000), random.next(), random.between(1000, 9999));
    let _ = write!(out, "\",\"ts\":{},\"type\":\"{kind}\",\"page\":\"{page}\",", clock.unix_milliseconds());
    let _ = write!(out, "\"sessionId\":\"{session:016x}\",\"device\":{{\"model\":\"{model}\",\"os\":\"Android 14\",");
    let _ = write!(out, "\"appVersion\":\"2.11.1.{build}\",\"screen\":\"1080x2400\",\"network\":\"WIFI\"}},");
    match person {
        Some(person) => personal(world, &person, out),
        None => impersonal(world, out),
    }
    let _ = write!(out, ",\"stayMs\":{stay},\"ab\":[\"exp_1021_b\",\"exp_877_a\"],\"debug\":false}}");
}

fn personal(world: &mut World, person: &Person, out: &mut String) {
    let Person { name, mobile, address, card, imei, mac, ip, email, resident_id, .. } = person;
    let _ = match world.random.below(5) {
        0 => write!(out, "\"user\":{{\"mobile\":{mobile},\"ip\":\"{ip}\"}}"),
        1 => write!(out, "\"payload\":\"{{\\\"cardNo\\\": \\\"{card}\\\", \\\"amount\\\": 128.5}}\""),
        2 => write!(
            out,
            "\"receiver\":{{\"name\":\"{name}\",\"phone\":\"{mobile}\",\"address\":\"{address}\",\"idCard\":null}}"
        ),
        3 => write!(out, "\"ids\":{{\"imei\":\"{imei}\",\"mac\":\"{mac}\"}}"),
        _ => write!(out, "\"profile\":{{\"realName\":\"{name}\",\"idCard\":\"{resident_id}\",\"email\":\"{email}\"}}"),
    };
}

fn impersonal(world: &mut World, out: &mut String) {
    let World { random, clock, .. } = world;
    let (goods, position) = (random.between(1_000_000, 9_999_999), random.below(60));
    let _ = match random.below(8) {
        0 => write!(out, "\"keyword\":\"{}\",\"resultCount\":{}", random.choose(WORDS), random.below(5000)),
        1 => write!(
            out,
            "\"goods\":{{\"goodsId\":{goods},\"title\":\"{}\",\"price\":{}.90,\"position\":{position}}}",
            random.choose(WORDS),
            random.between(9, 2000)
        ),
        2 => {
            out.push_str("\"orderId\":\"");
            clock.compact(out);
            random.digits(6, out);
            write!(out, "\",\"amount\":{}.00,\"payChannel\":\"alipay\"", random.between(9, 9000))
        }
        3 => write!(out, "\"url\":\"https://m.shop.example/goods/{goods}?from=feed&pos={position}\",\"referrer\":null"),
        4 if position < 12 => write!(out, "\"member_no\":\"HY{:08}\",\"level\":{}", goods, position % 6),
        4 => write!(out, "\"location\":{{\"cityCode\":\"{}\",\"grid\":\"wtw3s\"}}", random.between(1000, 9999)),
        5 => {
            write!(out, "\"exposeIds\":[{goods},{},{},{}],\"feedId\":\"f_{goods}\"", goods + 17, goods + 40, goods + 91)
        }
        6 => {
            write!(out, "\"video\":{{\"vid\":\"{:016x}\",\"progress\":0.{position:02},\"muted\":true}}", random.next())
        }
        _ => write!(
            out,
            "\"perf\":{{\"dns\":{position},\"tcp\":{},\"ttfb\":{},\"load\":{goods}}}",
            position + 3,
            position * 9
        ),
    };
}
