//! Looks through one part of a workbook, element by element.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::failure::{damaged, too_large};
use super::notes::Notes;
use super::sheet::{MOST_COLUMNS, MOST_ROWS};
use super::survey::{Bounded, Limits, Survey, explain};
use super::value::EXACT;
use crate::block::Block;
use crate::error::DataError;

/// Elements that the reader of the workbook keeps in memory, whatever they hold, and how many there may be.
const KEPT: &[&str] = &["xf", "font", "fill", "border", "numFmt", "sheet", "Relationship", "definedName"];
const MOST_KEPT: usize = 1 << 18;
/// Elements within elements.
const MOST_LEVELS: usize = 256;
/// What a shared text takes in memory beside its bytes.
const SHARED_TEXT: u64 = 48;
/// Kinds of parts that the reader of the workbook opens by their names.
const OPENED: &[&str] = &["officeDocument", "worksheet", "chartsheet", "dialogsheet"];
/// Digits of which every number holds as many.
const EXACT_DIGITS: usize = 15;

type Visit<'a> = &'a mut dyn FnMut(Block) -> Result<(), DataError>;

/// Where in a part the reader is.
pub(super) struct PartReader<'a> {
    name: &'a str,
    size: u64,
    survey: &'a mut Survey,
    limits: &'a Limits,
    /// The elements around, local names.
    path: Path,
    in_rows: bool,
    in_shared_texts: bool,
    shared: u64,
    kept: usize,
    cell: Option<Cell>,
    formula: String,
}

/// The local names of the elements around, one after the other.
#[derive(Default)]
struct Path {
    names: String,
    starts: Vec<usize>,
}

impl Path {
    fn push(&mut self, name: &str) {
        self.starts.push(self.names.len());
        self.names.push_str(name);
    }

    fn pop(&mut self) {
        self.names.truncate(self.starts.pop().unwrap_or(0));
    }

    /// The innermost; empty outside of all.
    fn last(&self) -> &str {
        self.starts.last().and_then(|start| self.names.get(*start..)).unwrap_or_default()
    }
}

/// The cell around.
#[derive(Default)]
struct Cell {
    is_number: bool,
    /// Its value is text that only the first stretch is read of.
    is_plain: bool,
    stretches: usize,
}

fn refused(_: impl std::error::Error) -> DataError {
    damaged("a part is no whole XML")
}

impl<'a> PartReader<'a> {
    pub(super) fn new(name: &'a str, size: u64, survey: &'a mut Survey, limits: &'a Limits) -> Self {
        PartReader {
            name,
            size,
            survey,
            limits,
            path: Path::default(),
            in_rows: false,
            in_shared_texts: false,
            shared: size,
            kept: 0,
            cell: None,
            formula: String::new(),
        }
    }

    /// Reads the part to its end.
    ///
    /// # Errors
    /// When it is damaged or takes too much; or what `visit` returned.
    pub(super) fn read<R: BufRead>(&mut self, bytes: Bounded<R>, visit: Visit<'_>) -> Result<(), DataError> {
        let mut xml = Reader::from_reader(bytes);
        let config = xml.config_mut();
        config.expand_empty_elements = true;
        config.trim_text(false);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            // Within one text, its parts add up.
            if self.cell.is_none() && !matches!(self.path.last(), "t" | "r") {
                xml.get_mut().left = self.limits.longest;
            }
            let event = xml.read_event_into(&mut buffer).map_err(|error| match error {
                quick_xml::Error::Io(error) => explain(std::io::Error::new(error.kind(), explained(&error))),
                error => refused(error),
            })?;
            match event {
                Event::Start(element) => self.start(&element)?,
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => {
                    self.stretch()?;
                    self.text(&text.xml10_content())?;
                }
                Event::GeneralRef(reference) => {
                    self.stretch()?;
                    let text = resolved(&reference)?;
                    self.text(&text)?;
                }
                Event::DocType(_) => return Err(damaged("a part declares a document type")),
                Event::Eof if self.path.starts.is_empty() => return Ok(()),
                Event::Eof => return Err(damaged("a part breaks off")),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
            if self.survey.notes.open_bytes() > self.limits.longest {
                return Err(too_large("a text in the workbook is longer than the memory limit allows"));
            }
            self.survey.notes.flush(false, visit)?;
        }
    }

    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), DataError> {
        let local = element.local_name();
        let local: &str = local.as_ref();
        self.kept += usize::from(KEPT.contains(&local));
        if self.kept > MOST_KEPT || self.path.starts.len() > MOST_LEVELS {
            return Err(damaged("it has more styles, sheets or levels than any program writes"));
        }
        match local {
            "sheetData" => self.in_rows = true,
            "sst" => self.shared_texts(element)?,
            "si" if self.in_shared_texts => {
                self.shared += SHARED_TEXT;
                if self.shared > self.limits.shared {
                    return Err(too_large("the shared texts of the workbook take more than half of the memory limit"));
                }
            }
            "dimension" => self.dimension(element)?,
            "row" if self.in_rows => {
                if let Some(row) = attribute(element, "r")? {
                    row.parse().ok().filter(|row| (1..=MOST_ROWS).contains(row)).ok_or_else(beyond)?;
                }
            }
            "c" if self.in_rows => self.cell(element)?,
            "f" if self.in_rows => self.formula.clear(),
            "sheet" => self.sheet(element)?,
            "Relationship" => self.relationship(element)?,
            _ => {}
        }
        if !self.in_rows && !self.in_shared_texts {
            self.survey.notes.start(local, self.name.starts_with("docprops/"));
            self.attributes(element)?;
        }
        self.path.push(local);
        Ok(())
    }

    fn end(&mut self) -> Result<(), DataError> {
        let local = self.path.last();
        if !self.in_rows && !self.in_shared_texts {
            self.survey.notes.end(local);
        }
        match local {
            "sheetData" => self.in_rows = false,
            "sst" => self.in_shared_texts = false,
            "c" => self.cell = None,
            "f" if self.in_rows && self.formula.contains('"') => {
                self.survey.notes.line(&self.formula);
                self.formula.clear();
            }
            _ => {}
        }
        self.path.pop();
        Ok(())
    }

    /// A value is continued by something other than text, which its reader would pass over.
    fn stretch(&mut self) -> Result<(), DataError> {
        let in_value = self.path.last() == "v";
        match &mut self.cell {
            Some(cell) if in_value && cell.is_plain => Err(damaged("the value of a cell is not written out")),
            _ => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), DataError> {
        let element = self.path.last();
        if self.in_rows {
            match (element, &mut self.cell) {
                ("v", Some(cell)) => {
                    cell.stretches += 1;
                    if cell.is_plain && cell.stretches > 1 {
                        return Err(damaged("the value of a cell is not written out"));
                    }
                    let is_number = cell.is_number;
                    self.number(text, is_number)?;
                }
                ("f", _) => self.formula.push_str(text),
                _ => {}
            }
        } else if !self.in_shared_texts {
            self.survey.notes.push(text, element);
        }
        Ok(())
    }

    /// Keeps a whole number that its reader rounds.
    fn number(&mut self, text: &str, is_number: bool) -> Result<(), DataError> {
        if !is_number || (text.len() <= EXACT_DIGITS && !text.contains(['e', 'E'])) {
            return Ok(());
        }
        let Some(value) = text.parse::<f64>().ok().filter(|value| *value >= EXACT) else { return Ok(()) };
        let number = text.parse().unwrap_or(value as u64);
        if !self.survey.long_numbers.contains_key(self.name) {
            self.survey.long_numbers.insert(self.name.to_owned(), Vec::new());
        }
        let Some(numbers) = self.survey.long_numbers.get_mut(self.name) else { return Ok(()) };
        if numbers.len() as u64 * 8 >= self.limits.shared {
            return Err(too_large("a sheet has more numbers of 16 and more digits than the memory limit allows"));
        }
        numbers.push(number);
        Ok(())
    }

    fn cell(&mut self, element: &BytesStart<'_>) -> Result<(), DataError> {
        if let Some(place) = attribute(element, "r")? {
            check_place(&place)?;
        }
        let kind = attribute(element, "t")?;
        let is_number = kind.as_deref().is_none_or(|kind| kind == "n");
        let is_plain = is_number || kind.as_deref().is_some_and(|kind| matches!(kind, "s" | "b" | "e"));
        self.cell = Some(Cell { is_number, is_plain, stretches: 0 });
        Ok(())
    }

    fn shared_texts(&mut self, element: &BytesStart<'_>) -> Result<(), DataError> {
        self.in_shared_texts = true;
        // Its reader reserves as much as the part says.
        let stated = attribute(element, "uniqueCount")?.and_then(|count| count.trim().parse::<u64>().ok());
        if stated.is_some_and(|count| count > self.size) {
            return Err(damaged("it says that it has more shared texts than it can"));
        }
        if self.shared > self.limits.shared {
            return Err(too_large("the shared texts of the workbook take more than half of the memory limit"));
        }
        Ok(())
    }

    fn dimension(&mut self, element: &BytesStart<'_>) -> Result<(), DataError> {
        match attribute(element, "ref")? {
            Some(places) => places.split(':').try_for_each(check_place),
            None => Ok(()),
        }
    }

    fn sheet(&mut self, element: &BytesStart<'_>) -> Result<(), DataError> {
        if let (Some(name), Some(id)) = (attribute(element, "name")?, attribute(element, "id")?) {
            self.survey.notes.line(&name);
            self.survey.sheets.insert(name.into_owned(), id.into_owned());
        }
        Ok(())
    }

    fn relationship(&mut self, element: &BytesStart<'_>) -> Result<(), DataError> {
        let Some(target) = attribute(element, "Target")? else { return Ok(()) };
        let kind = attribute(element, "Type")?.unwrap_or_default();
        if attribute(element, "TargetMode")?.is_some_and(|mode| mode == "External") {
            self.survey.notes.line(&target);
            return Ok(());
        }
        let target = target.to_lowercase();
        let opened = kind.rsplit('/').next().is_some_and(|kind| OPENED.contains(&kind));
        if opened && !target.ends_with(".xml") {
            return Err(damaged("a part of it is no XML"));
        }
        if let Some(folder) = self.name.strip_suffix("_rels/workbook.xml.rels") {
            let part = target.strip_prefix('/').map_or_else(|| format!("{folder}{target}"), str::to_owned);
            if let Some(id) = attribute(element, "Id")? {
                self.survey.targets.insert(id.into_owned(), part);
            }
        }
        Ok(())
    }

    /// Collects what attributes hold in texts.
    fn attributes(&mut self, element: &BytesStart<'_>) -> Result<(), DataError> {
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(refused)?;
            let local = attribute.key.local_name();
            if Notes::is_text(local.as_ref()) {
                let value = unescape(&attribute.value).map_err(refused)?;
                self.survey.notes.line(&value);
            }
        }
        Ok(())
    }
}

/// The error that a reader gave its own reason for, or else that reason in no words.
fn explained(error: &std::io::Error) -> DataError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<DataError>()) {
        Some(explained) => explained.clone(),
        None => damaged("a part breaks off"),
    }
}

/// The value of the attribute of this local name.
fn attribute<'e>(element: &'e BytesStart<'_>, name: &str) -> Result<Option<Cow<'e, str>>, DataError> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(refused)?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(match attribute.value {
                Cow::Borrowed(raw) => unescape(raw).map_err(refused)?,
                Cow::Owned(raw) => Cow::Owned(unescape(&raw).map_err(refused)?.into_owned()),
            }));
        }
    }
    Ok(None)
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, DataError> {
    if let Some(text) = resolve_xml_entity(reference) {
        return Ok(text.to_owned());
    }
    let character = reference.resolve_char_ref().map_err(refused)?;
    character.map(String::from).ok_or_else(|| damaged("a part uses an entity that it does not declare"))
}

/// Checks a place such as `AB12`: its reader does not.
fn check_place(place: &str) -> Result<(), DataError> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, row) = place.split_at_checked(letters).ok_or_else(beyond)?;
    let column =
        letters.bytes().take(4).fold(0, |sum: u32, letter| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'@'));
    let is_column = (1..=3).contains(&letters.len()) && column <= MOST_COLUMNS;
    let is_row = row.bytes().all(|byte| byte.is_ascii_digit())
        && row.parse().is_ok_and(|row: u32| (1..=MOST_ROWS).contains(&row));
    if is_column && is_row { Ok(()) } else { Err(beyond()) }
}

fn beyond() -> DataError {
    damaged("a cell stands in no row or column that there is")
}
