//! Lines of an access log (nginx, combined format) behind a gateway that writes host names and client tokens instead of
//! addresses, as the operators of personal data are told to; a few clients still come with an address.

use std::fmt::Write;

use super::World;

const SITES: &[&str] =
    &["edge-01.sh", "edge-02.sh", "edge-07.gz", "edge-11.bj", "edge-12.bj", "pop-3.cd", "probe-2.hz"];
const PATHS: &[&str] = &[
    "/api/v2/goods/list",
    "/api/v2/goods/detail",
    "/api/v1/cart/items",
    "/api/v1/cart/count",
    "/api/v3/search/suggest",
    "/api/v2/coupon/available",
    "/api/v1/region/children",
    "/static/js/vendor.8f3c21d0.js",
    "/static/css/main.b71e.css",
    "/static/img/banner/2026-spring@2x.png",
    "/favicon.ico",
    "/healthz",
    "/metrics",
    "/api/v1/comment/page",
    "/m/index.html",
    "/api/v2/order/status",
    "/api/v2/seckill/stock",
    "/h5/activity/618/index.html",
    "/api/v1/feed/recommend",
];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; PJD110 Build/UKQ1.230924.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.47(0x18002f2d) NetType/WIFI Language/zh_CN",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15",
    "okhttp/4.12.0",
    "curl/8.5.0",
    "Go-http-client/1.1",
    "kube-probe/1.29",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
];
const REFERRERS: &[&str] = &[
    "-",
    "-",
    "-",
    "https://www.shop.example/",
    "https://m.shop.example/goods?from=share",
    "https://www.shop.example/cart",
];

/// Appends a line.
pub(crate) fn line(world: &mut World, identified: bool, out: &mut String) {
    world.pass(40);
    let by_address = identified && world.random.per_mille(700);
    let person = identified.then(|| world.person());
    let World { random, clock, .. } = world;
    match &person {
        Some(person) if by_address => out.push_str(&person.ip),
        _ if random.per_mille(400) => {
            let _ = write!(out, "{}.shop.internal", random.choose(SITES));
        }
        _ => {
            let _ = write!(out, "client-{:08x}", random.below(1 << 32));
        }
    }
    out.push_str(" - - [");
    clock.access_log(out);
    let method = if random.per_mille(850) { "GET" } else { "POST" };
    let _ = write!(out, "] \"{method} {}", random.choose(PATHS));
    match (&person, random.below(4)) {
        (Some(person), _) if !by_address => {
            let _ = write!(out, "?phone={}&t={}", person.mobile, clock.unix_milliseconds());
        }
        (_, 0) => {}
        (_, 1) => {
            let _ = write!(out, "?t={}", clock.unix_milliseconds());
        }
        (_, 2) => {
            let (goods, page) = (random.between(1_000_000, 9_999_999), random.between(1, 40));
            let _ = write!(out, "?goodsId={goods}&page={page}&size=20");
        }
        _ => {
            let _ = write!(out, "?sign={:016x}{:016x}&v=3.14.2", random.next(), random.next());
        }
    }
    let status = random.choose(&[200, 200, 200, 200, 200, 200, 204, 304, 304, 302, 404, 499, 502]);
    let (bytes, referrer, agent) = (random.below(90_000), random.choose(REFERRERS), random.choose(AGENTS));
    let (whole, part) = (random.below(3), random.below(1000));
    let _ = write!(out, " HTTP/1.1\" {status} {bytes} \"{referrer}\" \"{agent}\" {whole}.{part:03}");
}
