//! Matches as JSON lines, one each, for programs.
//!
//! Holds a value only when the user asked for values; otherwise its mask.

use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use super::escape;
use crate::pipeline::locate::Location;

/// One match as it is written.
pub struct MatchLine<'a> {
    /// Path of the asset.
    pub path: String,
    /// Name of the entity type.
    pub entity: &'a str,
    /// 0 to 1.
    pub score: f32,
    /// Where it stands.
    pub location: &'a Location,
    /// The masked value.
    pub masked: String,
    /// What else the value tells of, as an entity type.
    pub derived: Option<&'static str>,
    /// It is what it is because of what else its record holds.
    pub combined: bool,
    /// It is encoded in the value that the offsets are those of.
    pub encoded: bool,
    /// The value itself, when the user asked for it.
    pub value: Option<&'a [u8]>,
}

#[derive(Serialize)]
struct Fields<'a> {
    path: &'a str,
    entity: &'a str,
    score: f64,
    start: u64,
    end: u64,
    /// `value` when the offsets count in the value instead of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    offsets: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    masked: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    derived: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    combined: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    encoded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl MatchLine<'_> {
    /// Appends the line to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let fields = Fields {
            path: &self.path,
            entity: self.entity,
            score: (f64::from(self.score) * 100.0).round() / 100.0,
            start: self.location.start,
            end: self.location.end,
            offsets: self.location.in_value.then_some("value"),
            line: self.location.line,
            table: self.location.table.as_deref(),
            column: self.location.column.as_deref(),
            row: self.location.row,
            masked: &self.masked,
            derived: self.derived,
            combined: self.combined,
            encoded: self.encoded,
            value: self.value.map(|value| String::from_utf8_lossy(value).into_owned()),
        };
        // Writing to memory, of a type without maps, cannot fail.
        if serde_json::to_writer(&mut *out, &fields).is_ok() {
            let _ = out.write_all(b"\n");
        }
    }
}

/// A path as match lines show it.
pub fn shown_path(path: &Path) -> String {
    escape::path_text(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_agreed_fields() {
        let location = Location { start: 3, end: 14, line: Some(2), ..Location::default() };
        let mut line = MatchLine {
            path: "a.log".to_owned(),
            entity: "CN_MOBILE_PHONE",
            score: 0.95,
            location: &location,
            masked: "138****8000".to_owned(),
            derived: None,
            combined: false,
            encoded: false,
            value: None,
        };
        let mut out = Vec::new();
        line.write(&mut out);
        line.value = Some(b"13800138000");
        line.write(&mut out);
        let text = String::from_utf8(out).unwrap();
        let (first, second) = text.split_once('\n').unwrap();
        assert_eq!(
            first,
            r#"{"path":"a.log","entity":"CN_MOBILE_PHONE","score":0.95,"start":3,"end":14,"line":2,"masked":"138****8000"}"#
        );
        assert!(second.ends_with("\"value\":\"13800138000\"}\n"), "{second}");
    }
}
