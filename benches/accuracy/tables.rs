//! The counts as Markdown tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::people::NameKind;
use crate::reading::Reader;
use crate::reliability;
use crate::score::{Key, Score, Tally};
use crate::template::{Half, KINDS, Kind};
use crate::values::{GROUPS, Group};

const HEAD: &str = "| | planted | precision | recall | F1 | span exact | wrong type | false | leaked bytes |\n\
                    |---|---|---|---|---|---|---|---|---|\n";

fn row(name: &str, tally: &Tally, out: &mut String) {
    let _ = writeln!(
        out,
        "| {name} | {} | {:.4} | {:.4} | {:.4} | {:.3} | {} | {} | {:.2} % |",
        tally.planted,
        tally.precision(),
        tally.recall(),
        tally.f1(),
        tally.exact(),
        tally.wrong_type,
        tally.wrong + tally.false_matches,
        tally.leaked() * 100.0,
    );
}

/// Which table an entity type is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Level 3 or 4.
    Judged,
    /// Level 1 or 2: kept, or masked.
    Kept,
    /// No rule yet.
    Unknown,
}

fn standing(reader: &Reader, key: &Key) -> Standing {
    if !reader.knows(&key.entity) {
        Standing::Unknown
    } else if reader.level(&key.entity) > 2 {
        Standing::Judged
    } else {
        Standing::Kept
    }
}

/// F1 or precision and recall that a group is to reach.
fn target(group: Group) -> (f64, f64) {
    match group {
        Group::Checksummed => (0.999, 0.999),
        Group::Patterned => (0.99, 0.99),
        Group::Addresses => (0.97, 0.97),
        Group::NamesLabelled => (0.98, 0.98),
        Group::NamesUnlabelled => (0.90, 0.80),
    }
}

fn yes(reached: bool) -> &'static str {
    if reached { "yes" } else { "**no**" }
}

/// All tables of a half.
pub(crate) fn report(score: &Score, reader: &Reader, half: Half) -> String {
    let mut out = String::new();
    let judged = |key: &Key| key.half == half && standing(reader, key) == Standing::Judged;
    targets(score, half, &judged, &mut out);

    let _ = write!(out, "\n## By entity type, level 3 and 4\n\n{HEAD}");
    by_entity(score, &judged, &mut out);
    let _ = write!(out, "\n## Level 1 and 2, which policies keep or mask\n\n{HEAD}");
    by_entity(score, &|key| key.half == half && standing(reader, key) == Standing::Kept, &mut out);

    let _ = write!(out, "\n## By kind of document\n\n{HEAD}");
    for kind in KINDS {
        row(kind.name(), &score.sum(|key| judged(key) && key.kind == kind), &mut out);
    }
    let _ = write!(out, "\n## By format\n\n{HEAD}");
    for format in ["text", "csv", "ndjson", "pgdump", "mysqldump"] {
        row(format, &score.sum(|key| judged(key) && key.format == format), &mut out);
    }

    names_by_kind(score, half, &mut out);
    reliability::report(&score.reliability, half, &mut out);

    let unknown = |key: &Key| key.half == half && standing(reader, key) == Standing::Unknown;
    let names: BTreeSet<&str> =
        score.tallies.keys().filter(|key| unknown(key)).map(|key| key.entity.as_str()).collect();
    if !names.is_empty() {
        let _ = write!(out, "\n## Planted, but no rule recognizes it yet\n\nIn no sum above.\n\n{HEAD}");
        by_entity(score, &unknown, &mut out);
    }
    out
}

/// The tables of the templates that others wrote.
pub(crate) fn of_others(score: &Score, reader: &Reader, half: Half) -> String {
    let judged = |key: &Key| key.half == half && standing(reader, key) == Standing::Judged;
    let mut out = format!("\n## Templates that others wrote, {} half\n\n{HEAD}", half.name());
    for group in GROUPS {
        row(group.name(), &score.sum(|key| judged(key) && key.group() == group), &mut out);
    }
    row("all", &score.sum(judged), &mut out);
    let _ = write!(out, "\n{HEAD}");
    for kind in KINDS {
        row(kind.name(), &score.sum(|key| judged(key) && key.kind == kind), &mut out);
    }
    let _ = write!(out, "\n{HEAD}");
    by_entity(score, &judged, &mut out);
    names_by_kind(score, half, &mut out);
    out
}

/// Names in running text, by how hard they are to tell from words.
fn names_by_kind(score: &Score, half: Half, out: &mut String) {
    out.push_str("\n| names in running text | planted | recall | leaked bytes |\n|---|---|---|---|\n");
    for kind in NameKind::ALL {
        let Some(tally) = score.names.get(&(half, kind)) else { continue };
        let (planted, recall, leaked) = (tally.planted, tally.recall(), tally.leaked() * 100.0);
        let _ = writeln!(out, "| {} | {planted} | {recall:.4} | {leaked:.2} % |", kind.name());
    }
}

fn targets(score: &Score, half: Half, judged: &dyn Fn(&Key) -> bool, out: &mut String) {
    let overall = score.sum(judged);
    let _ = writeln!(
        out,
        "## Targets, {} half\n\n| | wanted | measured | reached |\n|---|---|---|---|\n\
         | overall, with sentences of running text: F1 | ≥ 0.985 | {:.4} | {} |\n| overall, with sentences of running text: leaked bytes | ≤ 0.3 % | {:.2} % | {} |",
        half.name(),
        overall.f1(),
        yes(overall.f1() >= 0.985),
        overall.leaked() * 100.0,
        yes(overall.leaked() <= 0.003),
    );
    let mix = score.sum(|key| judged(key) && key.kind != Kind::Prose);
    let _ = writeln!(
        out,
        "| logs, CSV, NDJSON, chat and dumps: F1 | ≥ 0.985 | {:.4} | {} |\n\
         | logs, CSV, NDJSON, chat and dumps: leaked bytes | ≤ 0.3 % | {:.2} % | {} |",
        mix.f1(),
        yes(mix.f1() >= 0.985),
        mix.leaked() * 100.0,
        yes(mix.leaked() <= 0.003),
    );
    let without = score.sum(|key| judged(key) && key.group() != Group::NamesUnlabelled);
    let _ = writeln!(out, "| overall without unlabelled names: F1 | | {:.4} | |", without.f1());
    let _ = writeln!(out, "| overall without unlabelled names: leaked bytes | | {:.2} % | |", without.leaked() * 100.0);
    for group in GROUPS {
        let tally = score.sum(|key| judged(key) && key.group() == group);
        let (precision, recall) = target(group);
        let _ = writeln!(
            out,
            "| {}: precision / recall | {precision} / {recall} | {:.4} / {:.4} | {} |",
            group.name(),
            tally.precision(),
            tally.recall(),
            yes(tally.precision() >= precision && tally.recall() >= recall),
        );
        if group == Group::Addresses {
            let _ = writeln!(
                out,
                "| addresses: span exact | 0.90 | {:.4} | {} |",
                tally.exact(),
                yes(tally.exact() >= 0.9)
            );
        }
    }
    let _ = write!(out, "\n## By group\n\n{HEAD}");
    for group in GROUPS {
        row(group.name(), &score.sum(|key| judged(key) && key.group() == group), out);
    }
    row("all", &overall, out);
}

fn by_entity(score: &Score, keep: &dyn Fn(&Key) -> bool, out: &mut String) {
    let mut sums: BTreeMap<(Group, &str), Tally> = BTreeMap::new();
    for (key, tally) in score.tallies.iter().filter(|(key, _)| keep(key)) {
        sums.entry((key.group(), &key.entity)).or_default().add(tally);
    }
    for ((group, entity), tally) in &sums {
        let name =
            if *group == Group::NamesUnlabelled { format!("{entity}, unlabelled") } else { (*entity).to_owned() };
        row(&name, tally, out);
    }
}

/// The templates with the most misses, and those with the most matches that are wrong or false. Templates hold no values.
pub(crate) fn faults(score: &Score, reader: &Reader, half: Half, most: usize) -> String {
    let mut out = String::from(
        "\n## Misses by template, without names in running text\n\n| missed | of | entity | template |\n|---|---|---|---|\n",
    );
    let of_half = score
        .misses
        .iter()
        .filter(|((of, _, entity, bare), (_, missed))| *of == half && *missed > 0 && !bare && reader.knows(entity));
    let mut misses: Vec<_> = of_half.collect();
    misses.sort_by_key(|(_, (_, missed))| std::cmp::Reverse(*missed));
    for ((_, template, entity, _), (planted, missed)) in misses.iter().take(most) {
        let _ = writeln!(out, "| {missed} | {planted} | {entity} | `{template}` |");
    }
    out.push_str("\n## Wrong and false matches by template\n\n| matches | as | template |\n|---|---|---|\n");
    let mut strays: Vec<_> = score.strays.iter().filter(|((of, ..), _)| *of == half).collect();
    strays.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for ((_, entity, template), count) in strays.iter().take(most) {
        let _ = writeln!(out, "| {count} | {entity} | `{template}` |");
    }
    out
}

/// The names without a label that were missed in the tuning half.
pub(crate) fn misses(score: &Score) -> String {
    let mut out = String::from("\n## Names in running text that were missed, tuning half\n\n");
    for line in &score.missed_names {
        let _ = writeln!(out, "    {line}");
    }
    out
}
