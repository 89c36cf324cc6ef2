//! `dense`: every line holds a name and an address, and a phone number, an ID number or a card number or more, in the
//! forms of an application log, NDJSON, chat and orders. The worst that a file of people looks like.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::lines::{Count, Lines};
use super::{Person, World, application, orders};

const FORMS: [fn(&mut World, &Person, &mut String); 4] = [log, event, chat, order];

/// Writes at least `bytes` bytes.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn write<W: Write>(seed: u64, bytes: u64, out: W) -> io::Result<(W, Count)> {
    let (shortest, longest) = if bytes < 50_000_000 { (20, 200) } else { (200, 2000) };
    let (mut world, mut lines) = (World::new(seed), Lines::new(out));
    for form in FORMS.iter().cycle() {
        for _ in 0..world.random.between(shortest, longest) {
            if lines.count.bytes >= bytes {
                let count = lines.count;
                return Ok((lines.into_inner(), count));
            }
            let person = world.person();
            world.pass(200);
            form(&mut world, &person, &mut lines.line);
            lines.end(true)?;
        }
    }
    let count = lines.count;
    Ok((lines.into_inner(), count))
}

fn log(world: &mut World, person: &Person, out: &mut String) {
    application::head(world, "INFO ", out);
    let Person { name, address, resident_id, card, ip, .. } = person;
    let random = &mut world.random;
    let _ = match random.below(4) {
        0 => {
            let _ = write!(out, "创建订单 收货人:{name} 电话:");
            person.spell_mobile(random, out);
            write!(out, " 地址:{address} ip={ip}")
        }
        1 => write!(out, "实名认证通过，姓名：{name}，身份证号：{resident_id}，户籍地址：{address}"),
        2 => write!(out, "绑卡成功 户名={name} 银行卡号={card} 手机={} 账单地址={address}", person.mobile),
        _ => {
            write!(out, "update profile realName={name} idCard={resident_id} email={} address={address}", person.email)
        }
    };
}

fn event(world: &mut World, person: &Person, out: &mut String) {
    let Person { name, address, mobile, resident_id, card, imei, mac, ip, .. } = person;
    out.push_str("{\"eventId\":\"");
    world.random.uuid(out);
    let _ = write!(out, "\",\"ts\":{},\"receiver\":{{\"name\":\"{name}\",", world.clock.unix_milliseconds());
    let _ = match world.random.below(3) {
        0 => write!(out, "\"phone\":\"{mobile}\",\"address\":\"{address}\"}},\"ip\":\"{ip}\"}}"),
        1 => write!(
            out,
            "\"idCard\":\"{resident_id}\",\"address\":\"{address}\"}},\"device\":{{\"imei\":\"{imei}\",\"mac\":\"{mac}\"}}}}"
        ),
        _ => write!(out, "\"mobile\":{mobile},\"bankCard\":\"{card}\",\"address\":\"{address}\"}},\"amount\":88.5}}"),
    };
}

fn chat(world: &mut World, person: &Person, out: &mut String) {
    out.push('[');
    world.clock.stamp(out);
    let Person { name, address, resident_id, .. } = person;
    let random = &mut world.random;
    let _ = match random.below(3) {
        0 => {
            let _ = write!(out, "] 客户：你好，我叫{name}，电话是");
            person.spell_mobile(random, out);
            write!(out, "，住在{address}，包裹还没到")
        }
        1 => write!(out, "] 客户：收件人：{name}，身份证号码：{resident_id}，寄到{address}就可以"),
        _ => {
            let _ = write!(out, "] 客户：退到这张银行卡：");
            person.spell_card(random, out);
            write!(out, "，户名：{name}，地址：{address}，座机{}", person.landline)
        }
    };
}

fn order(world: &mut World, person: &Person, out: &mut String) {
    orders::number(world, out);
    let _ = write!(out, "|收货人:{}|", person.name);
    person.spell_mobile(&mut world.random, out);
    let _ = write!(out, "|{}|{}.90|已发货|", person.address, world.random.between(9, 3000));
    if world.random.per_mille(400) {
        let _ = write!(out, "报关身份证 {}", person.resident_id);
    }
}
