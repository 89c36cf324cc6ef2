//! Lines of application logs: Java services with Chinese and English messages and stack traces, and Go services in
//! logfmt. What is no identifier looks like one often enough: order numbers, trace ids, times, versions.

use std::fmt::Write;

use super::{Person, World};

const CLASSES: &[&str] = &[
    "c.shop.order.OrderService",
    "c.shop.stock.StockService",
    "c.shop.pay.PayCallbackController",
    "c.shop.mq.Consumer",
    "c.shop.coupon.CouponJob",
    "o.s.web.servlet.DispatcherServlet",
    "c.z.hikari.pool.HikariPool",
    "c.shop.search.IndexWriter",
    "c.shop.user.LoginService",
    "c.shop.delivery.RouteService",
    "c.a.nacos.client.naming",
    "c.shop.goods.PriceCache",
];
const EXCEPTIONS: &[&str] = &[
    "java.net.SocketTimeoutException: Read timed out",
    "java.lang.NullPointerException: null",
    "c.shop.common.BizException: 库存不足，请稍后再试",
    "org.springframework.dao.DuplicateKeyException: Duplicate entry",
    "feign.RetryableException: connect timed out executing POST http://stock-service/api/lock",
];

/// Appends a line, or an error with its stack trace.
pub(crate) fn line(world: &mut World, identified: bool, out: &mut String) {
    world.pass(120);
    let person = identified.then(|| world.person());
    if world.random.per_mille(250) {
        return logfmt(world, person.as_ref(), out);
    }
    let level = world.random.choose(&["INFO ", "INFO ", "INFO ", "INFO ", "DEBUG", "DEBUG", "WARN ", "ERROR"]);
    head(world, level, out);
    match person {
        Some(person) => personal(world, &person, out),
        None => message(world, out),
    }
    if level == "ERROR" && world.random.per_mille(400) {
        trace(world, out);
    }
}

/// Appends what a line of a Java service begins with.
pub(crate) fn head(world: &mut World, level: &str, out: &mut String) {
    let World { random, clock, .. } = world;
    clock.stamp(out);
    let (thousandth, thread, class) = (clock.milliseconds % 1000, random.between(1, 200), random.choose(CLASSES));
    let _ = write!(out, ".{thousandth:03} {level} [http-nio-8080-exec-{thread}] [");
    random.uuid(out);
    let _ = write!(out, "] {class} - ");
}

/// Appends a message that holds an identifier.
fn personal(world: &mut World, person: &Person, out: &mut String) {
    let World { random, clock, .. } = world;
    match random.below(9) {
        0 => {
            let _ = write!(out, "用户{}登录成功 ip={} 渠道=APP", person.mobile, person.ip);
        }
        1 => {
            let _ = write!(out, "实名认证通过，姓名：{}，身份证号：{}", person.name, person.resident_id);
        }
        2 => {
            out.push_str("订单号=");
            clock.compact(out);
            random.digits(6, out);
            let _ = write!(out, " 支付成功 银行卡号={} 金额=￥{}.00", person.card, random.between(10, 9000));
        }
        3 => {
            let _ = write!(out, "收货人:{} 电话:", person.name);
            person.spell_mobile(random, out);
            let _ = write!(out, " 地址:{}", person.address);
        }
        4 => {
            let _ = write!(out, "设备上报 imei={} mac={} appVersion=2.11.1.3", person.imei, person.mac);
        }
        5 => {
            let _ = write!(out, "发票已发送至{}，下载链接 https://cdn.shop.example/img/logo@2x.png", person.email);
        }
        6 => {
            let _ = write!(out, "客户来电 {}，已转客服热线400-80-13260", person.landline);
        }
        7 => {
            let _ = write!(out, "send sms ok, mobile={} template=T{} cost=", person.mobile, random.between(1000, 9999));
            let _ = write!(out, "{}ms", random.below(900));
        }
        _ => {
            let _ = write!(out, "risk check idCard={} result=PASS score={}", person.resident_id, random.below(100));
        }
    }
}

/// Appends a message without one.
fn message(world: &mut World, out: &mut String) {
    let World { random, clock, .. } = world;
    let (small, large) = (random.below(1000), random.below(10_000_000));
    let _ = match random.below(16) {
        0 => write!(out, "库存扣减成功 skuId={large} 数量={} 仓库=华东一号仓", small % 9 + 1),
        1 => write!(out, "定时任务执行完成，共处理 {small} 条，失败 {} 条，耗时 {large} ms", small / 100),
        2 => write!(out, "缓存未命中，回源查询 key=goods:detail:{large} ttl=3600"),
        3 => write!(
            out,
            "消息重复消费，已忽略 messageId={}",
            (clock.unix_milliseconds() - 1_288_834_974_657) << 22 | large >> 2
        ),
        4 => write!(out, "Completed 200 OK in {small}ms, dispatcher=default, bytes={large}"),
        5 => write!(
            out,
            "==>  Preparing: SELECT id, sku_id, price, stock FROM t_goods WHERE shop_id = ? AND deleted = 0 LIMIT {small}"
        ),
        6 => write!(
            out,
            "HikariPool-1 - Pool stats (total=20, active={}, idle={}, waiting=0)",
            small % 20,
            20 - small % 20
        ),
        7 => write!(out, "优惠券批次 {large} 已过期，跳过发放，剩余 {small} 张"),
        8 => write!(out, "商品条码 690{:010} 入库 {small} 件，操作结果：成功", large * 97),
        9 => write!(out, "调用下游服务 stock-service 超时，第 {} 次重试，超时时间=800ms", small % 3 + 1),
        10 => write!(out, "reindex shard {} done: {large} docs, {small} deleted, took 12.345s", small % 16),
        11 => {
            write!(out, "版本 v3.4.2.1103 发布完成，监听端口 8080，commit={:016x}{:016x}", random.next(), random.next())
        }
        12 => write!(out, "支付回调验签通过 amount={large} currency=CNY channel=WECHAT status=SUCCESS"),
        13 => write!(
            out,
            "配送路线计算完成：站点 {} 到站点 {}，共 {small} 公里，预计 {} 分钟",
            small % 80,
            small % 33,
            small % 120
        ),
        14 if small < 120 => write!(out, "值班交接完成，员工编号：YG{:08}，未处理告警 {} 条", large, small % 7),
        14 => write!(out, "价格变更已推送，旧值={small}.00 新值={}.50，生效时间立即", small + 3),
        _ => write!(out, "rate limiter acquired permits=1 waited={small}us bucket=seckill:{large}"),
    };
    if random.per_mille(300) {
        out.push_str(" 订单号=");
        clock.compact(out);
        random.digits(6, out);
    }
}

fn trace(world: &mut World, out: &mut String) {
    let random = &mut world.random;
    let _ = write!(out, "\n{}", random.choose(EXCEPTIONS));
    for _ in 0..random.between(4, 14) {
        let (class, line) = (random.choose(CLASSES), random.between(12, 900));
        let file = class.rsplit('.').next().unwrap_or_default();
        let _ = write!(out, "\n\tat {class}.doHandle({file}.java:{line})");
    }
}

fn logfmt(world: &mut World, person: Option<&Person>, out: &mut String) {
    let World { random, clock, .. } = world;
    out.push_str("time=");
    clock.iso(out);
    let (level, line) = (random.choose(&["info", "info", "info", "debug", "warn"]), random.between(20, 700));
    let _ = write!(
        out,
        " level={level} caller=gateway/handler.go:{line} trace_id={:016x}{:016x} ",
        random.next(),
        random.next()
    );
    let (small, large) = (random.below(1000), random.below(100_000_000));
    let _ = match (person, random.below(4)) {
        (Some(person), 0) => write!(out, "msg=\"user login\" mobile={} remote={}", person.mobile, person.ip),
        (Some(person), 1) => write!(out, "msg=\"mail sent\" to={} size={large}", person.email),
        (Some(person), 2) => write!(out, "msg=\"绑卡成功\" real_name={} card_no={}", person.name, person.card),
        (Some(person), _) => write!(out, "msg=\"device bound\" mac={} imei={}", person.mac, person.imei),
        (None, 0) => write!(out, "msg=\"request done\" status=200 bytes={large} duration={small}.{:03}ms", small),
        (None, 1) => write!(out, "msg=\"etcd lease renewed\" lease={large} ttl=30 peers=3"),
        (None, 2) => write!(out, "msg=\"flush segment\" segment={large} rows={small} took=4.2s"),
        (None, _) => write!(out, "msg=\"限流触发\" rule=seckill qps={small} rejected={}", large % 97),
    };
}
