//! Embeds the files under `rules/`, so that the binary stands alone, and notices new ones.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

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
    for (name, what, mut files) in [
        ("RULES", "The built-in rules", rule_files),
        ("POLICIES", "The built-in policies", policies),
        ("DATA", "The reference tables", data),
    ] {
        files.sort();
        embed(&mut code, name, what, &rules, &files);
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("embedded.rs"), code)
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
