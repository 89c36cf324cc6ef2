//! Embeds the files under `rules/`, so that the binary stands alone, and notices new ones. Lays out the tables that are
//! looked into for every candidate, so that no run pays for that at its start.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/detect/sorted_table/layout.rs"]
mod layout;
#[path = "build/names.rs"]
mod names;
#[path = "build/rules.rs"]
mod rules;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let rules = root.join("rules");
    let mut code = String::new();
    let mut folders = vec![rules.clone()];
    let (mut rule_files, mut policies, mut data) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(folder) = folders.pop() {
        println!("cargo:rerun-if-changed={}", folder.display());
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            let below = path.strip_prefix(&rules).unwrap_or(&path).to_path_buf();
            let is = |extension: &str| path.extension().is_some_and(|e| e == extension);
            if path.is_dir() {
                folders.push(path);
            } else if below.starts_with("policies") && is("yml") {
                policies.push(path);
            } else if below.starts_with("data") {
                if is("tsv") || is("txt") {
                    data.push(path);
                }
            } else if is("yml") {
                rule_files.push(path);
            }
        }
    }
    for (name, what, files) in [
        ("RULES", "The built-in rules", &mut rule_files),
        ("POLICIES", "The built-in policies", &mut policies),
        ("DATA", "The reference tables", &mut data),
    ] {
        files.sort();
        embed(&mut code, name, what, &rules, files);
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    rules::write(&rule_files, &out)?;
    fs::write(out.join("embedded.rs"), code)?;
    println!("cargo:rerun-if-changed=src/detect/sorted_table/layout.rs");
    let data = rules.join("data");
    fs::write(out.join("gazetteer.rs"), gazetteer(&fs::read_to_string(data.join("cn_gazetteer.tsv"))?))?;
    fs::write(out.join("common_words.rs"), words(&fs::read_to_string(data.join("common_words.txt"))?))?;
    for file in ["names.model", "words.model", "not_people.txt"] {
        println!("cargo:rerun-if-changed=rules/data/{file}");
    }
    let read_here = ["build/names.rs", "build/rules.rs", "src/detect/name/free/layout.rs"];
    for file in read_here.into_iter().chain(["src/rule/prefix.rs", "src/rule/syntax.rs"]) {
        println!("cargo:rerun-if-changed={file}");
    }
    let read = |file: &str| fs::read_to_string(data.join(file));
    names::write(&read("names.model")?, &read("words.model")?, &read("not_people.txt")?, &out)
}

/// The index of the place names, see `src/detect/address/gazetteer.rs`. The table is sorted, so that the names that share
/// their first two characters stand together; they are entered longest first.
fn gazetteer(table: &str) -> String {
    let mut bitmap = vec![0u64; layout::PAIR_WORDS];
    let mut slots = vec![0u64; layout::SLOTS];
    let mut entries: Vec<u64> = Vec::new();
    let mut group: (u64, Vec<u64>) = (0, Vec::new());
    let mut start = 0;
    for line in table.split_inclusive('\n').map(Some).chain([None]) {
        let entry = line.and_then(|line| place(line.trim_end(), start));
        if entry.map(|entry| entry.0) != Some(group.0) || line.is_none() {
            if !group.1.is_empty() {
                let hash = layout::key_hash(group.0);
                let (word, bit) = layout::pair_bit(hash);
                bitmap.iter_mut().skip(word).take(1).for_each(|word| *word |= 1 << bit);
                let first = layout::first_slot(hash);
                let free = (first..layout::SLOTS).chain(0..first).find(|slot| slots.get(*slot) == Some(&0));
                let slot = free.and_then(|free| slots.get_mut(free));
                slot.into_iter().for_each(|slot| *slot = group.0 << 16 | entries.len() as u64);
                entries.extend(group.1.iter().skip(1).rev());
                entries.extend(group.1.first().map(|last| last | 1));
            }
            group = (entry.map_or(0, |entry| entry.0), Vec::new());
        }
        group.1.extend(entry.map(|entry| entry.1));
        start += line.map_or(0, str::len);
    }
    let mut code = String::new();
    array(&mut code, "BITMAP", "One bit for each value of the upper bits of a key's hash.", &bitmap);
    array(&mut code, "SLOTS", "Open addressing: key, and the index of its first entry in the lower 16 bits.", &slots);
    array(
        &mut code,
        "ENTRIES",
        "Third character, first byte, characters, code, level, kind of a name; bit 0: last of its key.",
        &entries,
    );
    code
}

/// Key and packed entry of a line that starts at byte `start` of the table.
fn place(line: &str, start: usize) -> Option<(u64, u64)> {
    let mut fields = line.split('\t');
    let name = fields.next().filter(|name| !name.starts_with('#') && name.len() >= layout::KEY)?;
    let level = match fields.next()? {
        "province" => 1,
        "city" => 2,
        "district" => 3,
        _ => return None,
    };
    let code: u64 = fields.next()?.parse().ok()?;
    let kind = match fields.next()? {
        "current" => 0,
        "historical" => 1,
        _ => 2,
    };
    // Fields that are too wide would be read back as others: the tests read every line back.
    let length = name.chars().count() as u64;
    let third = name.chars().nth(2).map_or(0, u64::from);
    let packed = third << 48 | (start as u64) << 29 | length << 25 | code << 5 | level << 3 | kind << 1;
    Some((layout::key(name.as_bytes())?, packed))
}

/// The filter and the index of the words of `table`, see `src/detect/name/dictionary.rs`.
fn words(table: &str) -> String {
    let mut bits = vec![0u64; layout::FILTER_WORDS];
    let mut slots = vec![0u32; layout::WORD_SLOTS];
    let mut start = 0u32;
    for line in table.split_inclusive('\n') {
        let word = line.trim_end();
        if !word.is_empty() && !word.starts_with('#') {
            let hash = layout::word_hash(word.as_bytes());
            let (at, two) = layout::filter_bits(hash);
            bits.iter_mut().skip(at).take(1).for_each(|word| *word |= two);
            let first = layout::word_slot(hash);
            let free = (first..layout::WORD_SLOTS).chain(0..first).find(|slot| slots.get(*slot) == Some(&0));
            let slot = free.and_then(|free| slots.get_mut(free));
            slot.into_iter().for_each(|slot| *slot = start + 1);
        }
        start += line.len() as u32;
    }
    let mut code = String::new();
    array(&mut code, "WORD_BITS", "Two bits for each ordinary word.", &bits);
    array(&mut code, "WORD_SLOTS", "Open addressing: where the line of a word starts, plus 1.", &slots);
    code
}

fn array<T: std::fmt::LowerHex>(code: &mut String, name: &str, what: &str, values: &[T]) {
    let _ = writeln!(code, "/// {what}\nstatic {name}: [{}; {}] = [", std::any::type_name::<T>(), values.len());
    for line in values.chunks(8) {
        let line: Vec<_> = line.iter().map(|value| format!("{value:#x}")).collect();
        let _ = writeln!(code, "    {},", line.join(", "));
    }
    code.push_str("];\n");
}

fn embed(code: &mut String, name: &str, what: &str, rules: &Path, files: &[PathBuf]) {
    let _ = writeln!(code, "/// {what}: path below `rules/` and text.\npub static {name}: &[(&str, &str)] = &[");
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let below = file.strip_prefix(rules).unwrap_or(file);
        let _ =
            writeln!(code, "    ({:?}, include_str!({:?})),", below.display().to_string(), file.display().to_string());
    }
    code.push_str("];\n");
}
