//! Documents with known values: templates filled with values from a seed.

use std::io;

use crate::corpus::World;
use crate::corpus::people::Person;
use crate::passing;
use crate::people::Makers;
use crate::template::{Author, Half, Kind, Piece, pieces, templates};
use crate::values::Value;

/// A text with planted values.
pub(crate) struct Document {
    /// What it is a sample of.
    pub(crate) kind: Kind,
    /// Whose half.
    pub(crate) half: Half,
    /// The format that it is read in.
    pub(crate) format: &'static str,
    /// The text.
    pub(crate) text: String,
    /// The values in it, by place.
    pub(crate) spans: Vec<Span>,
    /// Where the text of each template begins.
    pub(crate) records: Vec<(usize, &'static str)>,
}

/// A value in a document.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
    /// What it is.
    pub(crate) value: &'static Value,
    /// It may be found or not.
    pub(crate) is_optional: bool,
    /// The template that it stands in.
    pub(crate) template: &'static str,
}

/// Whose values go into one record.
pub(crate) struct Scene<'a> {
    /// Chance and time.
    pub(crate) world: &'a mut World,
    /// The person that the record is about.
    pub(crate) person: Person,
    /// Another one.
    pub(crate) other: Person,
}

impl<'a> Scene<'a> {
    fn new(makers: &Makers, world: &'a mut World) -> Scene<'a> {
        world.pass(90_000);
        let (person, other) = (makers.person(world), makers.person(world));
        Scene { world, person, other }
    }
}

/// The documents of `kinds`, `author` and `seed`: of every template of lines that `is_used` wants `rounds` records, of every such
/// table as many rows.
///
/// # Errors
/// When a template names a value that there is not.
pub(crate) fn documents(
    (kinds, author): (&[Kind], Author),
    seed: u64,
    rounds: usize,
    is_used: impl Fn(&str) -> bool,
) -> io::Result<Vec<Document>> {
    let (makers, mut world) = (&Makers::new(), World::new(seed));
    let mut made = Vec::new();
    for &kind in kinds {
        for half in [Half::Tuning, Half::Judging] {
            let of_half = templates(kind, author).filter(|one| one.half == half && is_used(one.source));
            let sources: Vec<&'static str> = of_half.map(|one| one.source).collect();
            match kind {
                Kind::Csv | Kind::StrayTable => {
                    for source in sources {
                        made.push(csv((makers, &mut world), (kind, half), source, rounds).map_err(io::Error::other)?);
                    }
                }
                Kind::Sql => {
                    for source in sources {
                        made.push(sql((makers, &mut world), half, source, rounds).map_err(io::Error::other)?);
                    }
                }
                Kind::Log | Kind::Ndjson | Kind::Chat | Kind::Prose | Kind::Stray => {
                    made.push(lines((makers, &mut world), (kind, half), &sources, rounds).map_err(io::Error::other)?);
                }
            }
        }
    }
    Ok(made)
}

impl Document {
    fn new(kind: Kind, half: Half, format: &'static str) -> Document {
        Document { kind, half, format, text: String::new(), spans: Vec::new(), records: Vec::new() }
    }

    /// The template of the record at a place.
    pub(crate) fn template_at(&self, at: usize) -> &'static str {
        let behind = self.records.partition_point(|(start, _)| *start <= at);
        behind
            .checked_sub(1)
            .and_then(|index| self.records.get(index))
            .map_or("(before the rows)", |(_, source)| source)
    }

    /// Notes that a record begins here.
    fn begin(&mut self, template: &'static str) {
        self.records.push((self.text.len(), template));
    }

    fn append(&mut self, scene: &mut Scene<'_>, pieces: &[Piece], template: &'static str) {
        for piece in pieces {
            let start = self.text.len();
            let (value, is_optional) = match piece {
                Piece::Text(text) => {
                    self.text.push_str(text);
                    continue;
                }
                Piece::Noise(noise) => {
                    (noise.make)(scene, &mut self.text);
                    if let Some(value) = passing::of_noise(noise.name) {
                        self.spans.push(Span { start, end: self.text.len(), value, is_optional: false, template });
                    }
                    continue;
                }
                Piece::Planted(value) => (*value, false),
                Piece::Optional(value) => (*value, true),
            };
            (value.make)(scene, &mut self.text);
            self.spans.push(Span { start, end: self.text.len(), value, is_optional, template });
        }
    }

    /// Adds a value that stands in the text by the way, unless another is planted there.
    fn note(&mut self, value: &'static Value, start: usize, end: usize, template: &'static str) {
        let place = self.spans.partition_point(|span| span.end <= start);
        if start < end && self.spans.get(place).is_none_or(|span| end <= span.start) {
            self.spans.insert(place, Span { start, end, value, is_optional: false, template });
        }
    }
}

/// What records are made from.
type From<'a> = (&'a Makers, &'a mut World);

fn lines(
    (makers, world): From<'_>,
    (kind, half): (Kind, Half),
    sources: &[&'static str],
    rounds: usize,
) -> Result<Document, String> {
    let format = if kind == Kind::Ndjson { "ndjson" } else { "text" };
    let mut document = Document::new(kind, half, format);
    let parsed: Vec<_> = sources.iter().map(|source| Ok((*source, pieces(source)?))).collect::<Result<_, String>>()?;
    for _ in 0..rounds {
        for (source, pieces) in &parsed {
            document.begin(source);
            let from = document.text.len();
            document.append(&mut Scene::new(makers, world), pieces, source);
            let line = document.text.get(from..).unwrap_or_default().to_owned();
            for (value, place) in passing::members(&line).filter(|_| kind == Kind::Ndjson) {
                document.note(value, from + place.start, from + place.end, source);
            }
            document.text.push('\n');
        }
    }
    Ok(document)
}

/// The columns of a table: `name=cell | name=cell`. A `#` before the name says that it holds numbers.
fn columns(source: &'static str) -> Result<Vec<(&'static str, Vec<Piece>)>, String> {
    let column = |spec: &'static str| {
        let (name, cell) = spec.trim().split_once('=').ok_or_else(|| format!("{source}: {spec} has no ="))?;
        Ok((name, pieces(cell)?))
    };
    source.split(" | ").map(column).collect()
}

fn csv(
    (makers, world): From<'_>,
    (kind, half): (Kind, Half),
    source: &'static str,
    rounds: usize,
) -> Result<Document, String> {
    let mut document = Document::new(kind, half, "csv");
    let columns = columns(source)?;
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.trim_start_matches('#')).collect();
    document.text = names.join(",");
    document.text.push('\n');
    for _ in 0..rounds {
        let scene = &mut Scene::new(makers, world);
        document.begin(source);
        for (index, (name, pieces)) in columns.iter().enumerate() {
            if index > 0 {
                document.text.push(',');
            }
            let (from, spans) = (document.text.len(), document.spans.len());
            document.append(scene, pieces, source);
            if let Some(value) = passing::of_column(name) {
                document.note(value, from, document.text.len(), source);
            }
            let cell = document.text.get(from..).unwrap_or_default();
            // No value and no template has a quote in it: see the tests.
            if cell.contains(',') {
                document.text.insert(from, '"');
                document.text.push('"');
                for span in document.spans.iter_mut().skip(spans) {
                    span.start += 1;
                    span.end += 1;
                }
            }
        }
        document.text.push('\n');
    }
    Ok(document)
}

/// A dump of one table, `pg name: columns` or `my name: columns`.
fn sql((makers, world): From<'_>, half: Half, source: &'static str, rounds: usize) -> Result<Document, String> {
    let (head, specs) = source.split_once(": ").ok_or_else(|| format!("{source}: no table name"))?;
    let (server, table) = head.split_once(' ').ok_or_else(|| format!("{source}: no server"))?;
    let columns = columns(specs)?;
    let names = |quote: &str| -> Vec<String> {
        let quoted = |(name, _): &(&str, _)| format!("{quote}{}{quote}", name.trim_start_matches('#'));
        columns.iter().map(quoted).collect()
    };
    let define = |quote: &str| -> String {
        let kind = |(name, _): &(&str, Vec<Piece>)| if name.starts_with('#') { "bigint" } else { "varchar(255)" };
        let lines: Vec<String> =
            names(quote).iter().zip(&columns).map(|(name, column)| format!("  {name} {}", kind(column))).collect();
        lines.join(",\n")
    };
    let is_postgres = server == "pg";
    let mut document = Document::new(Kind::Sql, half, if is_postgres { "pgdump" } else { "mysqldump" });
    document.text = if is_postgres {
        format!(
            "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.{table} (\n{}\n);\n\n\
             COPY public.{table} ({}) FROM stdin;\n",
            define(""),
            names("").join(", ")
        )
    } else {
        format!(
            "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n/*!50503 SET NAMES utf8mb4 */;\n\n\
             CREATE TABLE `{table}` (\n{}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n\nINSERT INTO `{table}` VALUES ",
            define("`")
        )
    };
    for row in 0..rounds {
        let scene = &mut Scene::new(makers, world);
        document.begin(source);
        document.text.push_str(if is_postgres {
            ""
        } else if row > 0 {
            ",("
        } else {
            "("
        });
        for (index, (name, pieces)) in columns.iter().enumerate() {
            if index > 0 {
                document.text.push(if is_postgres { '\t' } else { ',' });
            }
            let quote = if is_postgres || name.starts_with('#') { "" } else { "'" };
            document.text.push_str(quote);
            let from = document.text.len();
            document.append(scene, pieces, source);
            if let Some(value) = passing::of_column(name) {
                document.note(value, from, document.text.len(), source);
            }
            document.text.push_str(quote);
        }
        document.text.push_str(if is_postgres { "\n" } else { ")" });
    }
    document.text.push_str(if is_postgres {
        "\\.\n\n--\n-- PostgreSQL database dump complete\n--\n"
    } else {
        ";\n\n-- Dump completed on 2026-03-12  8:00:00\n"
    });
    Ok(document)
}
