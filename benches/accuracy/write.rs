//! The documents as NDJSON, for other tools: one record a line, with the spans in characters and in bytes.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::documents::Document;
use crate::values::Group;

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    half: &'static str,
    format: &'static str,
    text: &'a str,
    spans: Vec<Planted>,
}

#[derive(Serialize)]
struct Planted {
    entity: &'static str,
    group: &'static str,
    optional: bool,
    /// In characters.
    start: usize,
    end: usize,
    /// In bytes.
    start_byte: usize,
    end_byte: usize,
}

/// Writes `documents` to `path`, one a line.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(documents: &[Document], path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for document in documents {
        let (mut at, mut characters) = (0, 0);
        let mut count = |to: usize| {
            characters += document.text.get(at..to).map_or(0, |between| between.chars().count());
            at = to;
            characters
        };
        let planted = document.spans.iter().map(|span| Planted {
            entity: span.value.entity,
            group: Group::of(span.value.entity, span.value.is_bare).name(),
            optional: span.is_optional,
            start: count(span.start),
            end: count(span.end),
            start_byte: span.start,
            end_byte: span.end,
        });
        let line = Line {
            kind: document.kind.name(),
            half: document.half.name(),
            format: document.format,
            spans: planted.collect(),
            text: &document.text,
        };
        serde_json::to_writer(&mut out, &line)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
