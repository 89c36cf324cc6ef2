//! The files under `rules/`, embedded by the build script.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of the reference table `rules/data/{name}`, or nothing when there is none of that name.
pub fn table(name: &str) -> &'static str {
    DATA.iter().find(|(path, _)| path.strip_prefix("data/") == Some(name)).map_or("", |(_, text)| *text)
}

/// The data lines of a reference table: comments (`#`) and empty lines left out, fields split at tabs.
pub fn rows(name: &str) -> impl Iterator<Item = impl Iterator<Item = &'static str>> {
    table(name).lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| line.split('\t'))
}
