//! Addresses: a district that there is, a road and a number, no longer than the address; the region of the address
//! itself where the policy keeps it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::super::generalize::region;
use super::draw::Draw;
use crate::policy::parameters::{AddressPart, Part, Range, Surrogate};
use crate::rule::embedded;

/// Roads that most cities have.
const ROADS: &[&str] = &[
    "人民路",
    "中山路",
    "建设路",
    "解放路",
    "和平路",
    "新华路",
    "文化路",
    "胜利路",
    "青年路",
    "光明路",
    "朝阳路",
    "长江路",
];

/// How often is drawn until the surrogate is not the address itself.
const MOST_DRAWS: usize = 16;

/// Province, city and district of today's districts.
static DISTRICTS: LazyLock<Vec<[&'static str; 3]>> = LazyLock::new(|| {
    let rows = || {
        embedded::rows("cn_gazetteer.tsv").filter_map(|mut row| {
            let (name, level, code, kind) = (row.next()?, row.next()?, row.next()?.parse::<u32>().ok()?, row.next()?);
            (kind == "current").then_some((level, code, name))
        })
    };
    let of = |wanted: &'static str| -> BTreeMap<u32, &str> {
        rows().filter(|(level, ..)| *level == wanted).map(|(_, code, name)| (code, name)).collect()
    };
    let (provinces, cities) = (of("province"), of("city"));
    // In the order of their codes, each once.
    let below = of("district").into_iter().filter_map(|(code, name)| {
        // Below a municipality or a province directly: no city between.
        let city = cities.get(&(code / 100 * 100)).copied().unwrap_or_default();
        Some([provinces.get(&(code / 10_000 * 10_000)).copied()?, city, name])
    });
    below.collect()
});

/// The surrogate address.
pub(super) fn drawn(canonical: &[u8], draw: &mut Draw, parameters: &Surrogate) -> Vec<u8> {
    let address = String::from_utf8_lossy(canonical);
    let length = address.chars().count();
    let kept = if parameters.region == Part::Keep { region(&address, AddressPart::District) } else { "" };
    let mut next = String::new();
    for _ in 0..MOST_DRAWS {
        let road = draw.one_of(ROADS).copied().unwrap_or("人民路");
        let detail = format!("{road}{}号", 1 + draw.below(999));
        let [province, city, district] = match parameters.range {
            Range::Marked => ["某省", "某市", "某区"],
            Range::Realistic => draw.one_of(&DISTRICTS).copied().unwrap_or(["北京市", "", "东城区"]),
        };
        let candidates = match (kept, parameters.range) {
            ("", Range::Realistic) => vec![
                format!("{province}{city}{district}{detail}"),
                format!("{city}{district}{detail}"),
                format!("{district}{detail}"),
                detail.clone(),
            ],
            ("", Range::Marked) => vec![
                format!("{province}{city}{district}{detail}"),
                format!("{city}{district}{detail}"),
                format!("{city}{detail}"),
                format!("某{}", detail.chars().skip(1).collect::<String>()),
            ],
            (kept, _) => vec![format!("{kept}{detail}"), kept.to_owned()],
        };
        let fits = |candidate: &&String| candidate.chars().count() <= length;
        let chosen = candidates.iter().find(fits).or(candidates.last());
        // What is shorter than any road is cut: characters of a number say nothing.
        next = chosen.into_iter().flat_map(|chosen| chosen.chars()).take(length).collect();
        if next != *address || next == kept {
            break;
        }
    }
    next.into_bytes()
}
