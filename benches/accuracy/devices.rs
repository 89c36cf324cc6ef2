//! Makers of the values that devices and networks have. Drawn at random, valid by their checks.

use std::fmt::Write as _;

use crate::corpus::people::luhn_number;
use crate::documents::Scene;
use crate::identifiers::letters;

/// Models of phones.
pub(crate) const MODELS: &[&str] =
    &["iPhone15,3", "PJD110", "V2309A", "RMX3888", "SM-S9180", "M2102K1C", "ALN-AL00", "24031PN0DC"];

/// Appends a global IPv6 address.
pub(crate) fn ipv6(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let prefix = random.choose(&["240e:3b7", "2408:8207", "2409:8a55"]);
    let (high, low) = (random.next(), random.next());
    let group = |number: u64, shift: u32| 0x1000 | (number >> shift) & 0xFFFF;
    let _ = write!(out, "{prefix}:{:x}:{:x}", group(high, 0), group(high, 16));
    let _ = write!(out, ":{:x}:{:x}:{:x}:{:x}", group(low, 0), group(low, 16), group(low, 32), group(low, 48));
}

/// Appends an address of a private network.
pub(crate) fn private_ip(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let _ = write!(out, "10.{}.{}.{}", random.below(250), random.below(250), random.between(1, 250));
}

/// Appends 14 hexadecimal digits, the first of them a letter.
pub(crate) fn meid(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let _ = write!(out, "A{:013X}", random.below(1 << 52));
}

/// Appends the number of a subscriber of a Chinese network.
pub(crate) fn imsi(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    out.push_str(random.choose(&["46000", "46001", "46002", "46007", "46011", "46015"]));
    random.digits(10, out);
}

/// Appends the number of a SIM card, with its Luhn digit.
pub(crate) fn iccid(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let prefix = random.choose(&["898600", "898601", "898603", "898607", "898611"]);
    out.push_str(&luhn_number(prefix, 20, random));
}

/// Appends the code of a Chinese network.
pub(crate) fn plmn(scene: &mut Scene<'_>, out: &mut String) {
    out.push_str(scene.world.random.choose(&["46000", "46001", "46011", "46015"]));
}

/// Appends an upper-case UUID.
pub(crate) fn idfa(scene: &mut Scene<'_>, out: &mut String) {
    let mut uuid = String::new();
    scene.world.random.uuid(&mut uuid);
    out.push_str(&uuid.to_uppercase());
}

/// Appends letters and digits as makers of phones print them.
pub(crate) fn device_serial(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    out.push_str(random.choose(&["R58M", "F2LX", "8BN0", "C02X", "SGH7"]));
    random.digits(3, out);
    letters(random, "ABCDEFGHJKLMNPQRSTUVWXYZ", 2, out);
    random.digits(3, out);
}

/// Appends `116.397128,39.916527`.
pub(crate) fn gps_pair(scene: &mut Scene<'_>, out: &mut String) {
    degrees(scene, 87, 126, out);
    out.push(',');
    degrees(scene, 21, 45, out);
}

/// Appends degrees with six places.
pub(crate) fn degrees(scene: &mut Scene<'_>, from: u64, to: u64, out: &mut String) {
    let random = &mut scene.world.random;
    let (whole, fraction) = (random.between(from, to), random.between(100_001, 999_999));
    let _ = write!(out, "{whole}.{fraction:06}");
}

/// Appends the name of somebody's network.
pub(crate) fn ssid(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let maker = random.choose(&["TP-LINK_", "ChinaNet-", "CMCC-", "HUAWEI-", "Xiaomi_", "MERCURY_", "小明家的网"]);
    let _ = write!(out, "{maker}{:04X}", random.below(65_536));
}

/// Appends the user agent of an app.
pub(crate) fn user_agent(scene: &mut Scene<'_>, out: &mut String) {
    let random = &mut scene.world.random;
    let (android, build) = (random.between(9, 15), random.between(100, 140));
    let model = random.choose(MODELS);
    let _ = write!(
        out,
        "Mozilla/5.0 (Linux; Android {android}; {model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{build}.0.0.0 Mobile Safari/537.36"
    );
}
