//! Excel workbooks (.xlsx, .xlsm): read, never written.
//!
//! Each sheet is a table, hidden ones too. First all parts are surveyed in one pass that trusts nothing: sizes, places of
//! cells, memory that their reader would take, and the texts outside of cells. Only then are the cells read, one by one.
//! Must never hold a sheet in memory, and never end in "clean" with a part that holds data and was not looked into.
//!
//! Memory: a block, and the texts that the cells of all sheets share.

mod failure;
mod notes;
mod part;
mod sheet;
mod survey;
#[cfg(test)]
mod tests;
mod value;

use std::fs::File;
use std::io::BufReader;

use calamine::{Reader, SheetType, Xlsx as Workbook};

use self::failure::failure;
use self::survey::Survey;
use super::columnar::source::Source;
use super::{Access, Confidence, Container, Format, Part, Reading};
use crate::block::{Block, Edits};
use crate::error::{DataError, Position};

/// Bytes of a block to aim for, at most.
const BLOCK_BYTES: u64 = 1 << 20;
/// How many blocks are on their way at a time, about: a block is that part of what a record may have.
const BLOCKS_OF_A_RECORD: u64 = 16;
/// The longest text where nobody says how much memory there is.
const LONGEST_TEXT: u64 = 64 << 20;

/// The XLSX format.
pub struct Xlsx;

impl Format for Xlsx {
    fn name(&self) -> &'static str {
        "xlsx"
    }

    /// A workbook is told from other zip archives by its members, where the archive is opened.
    fn sniff(&self, _sample: &[u8]) -> Confidence {
        Confidence::No
    }

    fn open(&self) -> Access {
        Access::Container(Box::new(Xlsx))
    }
}

impl Container for Xlsx {
    fn take_apart(
        &self,
        file: &File,
        reading: &Reading<'_>,
        visit: &mut dyn FnMut(Part) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut visit = |block| visit(Part::Block(block));
        let longest = reading.block_bytes.min(LONGEST_TEXT);
        let survey = Survey::of(file, longest, reading.most_expansion, &mut visit)?;
        let block_bytes = usize::try_from((longest / BLOCKS_OF_A_RECORD).min(BLOCK_BYTES)).unwrap_or(usize::MAX);
        let source = BufReader::new(Source::new(file)?.sequential(0));
        let mut workbook: Workbook<_> = Workbook::new(source).map_err(|error| failure(&error))?;
        let sheets = workbook.sheets_metadata().to_vec();
        for (index, sheet) in sheets.iter().enumerate() {
            if matches!(sheet.typ, SheetType::ChartSheet | SheetType::DialogSheet) {
                continue;
            }
            if sheets.iter().take(index).any(|before| before.name == sheet.name) {
                return Err(failure::damaged("two sheets have one name"));
            }
            let numbers = survey.long_numbers(&sheet.name);
            sheet::read(&mut workbook, &sheet.name, numbers, block_bytes, &mut visit)?;
        }
        survey.refuse_unread()
    }

    fn refuse_rewrite(&self) -> Result<(), DataError> {
        Err(DataError::new("is an Excel workbook, which is scanned and not rewritten")
            .advise("export its sheets as CSV and rewrite these"))
    }

    fn rewrite(
        &self,
        _file: &File,
        _out: &mut File,
        _edit: &mut dyn FnMut(&Block) -> Result<Edits, DataError>,
    ) -> Result<(), DataError> {
        self.refuse_rewrite()
    }
}

/// The sheet as a whole.
fn of_sheet(name: &str) -> Position {
    Position::Table(name.to_owned())
}
