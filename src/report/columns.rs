//! Columns of text for people, aligned by display width (a Han character takes two), with long cells folded so that the
//! whole fits the terminal.
//!
//! Takes text that is already safe to show.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Narrowest that a column is folded to.
const NARROWEST: usize = 8;
/// Between two columns.
const GAP: usize = 2;

/// The display widths of `rows`, cell by cell.
pub fn widths<'r>(rows: impl Iterator<Item = &'r [String]>) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            match widths.get_mut(at) {
                Some(held) => *held = cell.width().max(*held),
                None => widths.push(cell.width()),
            }
        }
    }
    widths
}

/// Writes one row. Cells of columns of which `to_the_right` says so stand to the right.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_row(out: &mut dyn Write, cells: &[String], widths: &[usize], to_the_right: &[bool]) -> io::Result<()> {
    let mut line = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let padding = " ".repeat(width.saturating_sub(cell.width()));
        if to_the_right.get(at).copied().unwrap_or(false) {
            line += &padding;
            line += cell;
        } else {
            line += cell;
            line += &padding;
        }
        line += &" ".repeat(GAP);
    }
    writeln!(out, "{}", line.trim_end())
}

/// Writes `rows`, the first of which are headings, folding the widest cells until a line takes no more than `width`
/// columns (as far as that goes).
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_folded(out: &mut dyn Write, rows: &[Vec<String>], width: usize) -> io::Result<()> {
    let mut widths = widths(rows.iter().map(Vec::as_slice));
    let room = width.saturating_sub(GAP * widths.len().saturating_sub(1));
    // Names of entity types are not broken as long as something else can be folded.
    let words: Vec<usize> = (0..widths.len())
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let words = cells.flat_map(|cell| cell.split(' ')).filter(|word| word.is_ascii());
            words.map(UnicodeWidthStr::width).max().unwrap_or(0).max(NARROWEST)
        })
        .collect();
    for narrowest in [words, vec![NARROWEST; widths.len()]] {
        while widths.iter().sum::<usize>() > room {
            let foldable = widths.iter_mut().zip(&narrowest).filter(|(width, least)| **width > **least);
            match foldable.map(|(width, _)| width).max() {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
    }
    for row in rows {
        let folded: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, width)| fold(cell, *width)).collect();
        let lines = folded.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..lines {
            let cells: Vec<String> = folded.iter().map(|cell| cell.get(line).cloned().unwrap_or_default()).collect();
            write_row(out, &cells, &widths, &[])?;
        }
    }
    Ok(())
}

/// `text` in lines of at most `width` columns, broken at spaces where there are some, else between characters.
fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_inclusive(' ') {
        let fits = |line: &str, more: &str| line.width() + more.trim_end().width() <= width;
        if !fits(&line, word) && !line.is_empty() && (word.trim_end().width() <= width || line.ends_with(' ')) {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        for character in word.chars() {
            if character != ' ' && line.width() + character.width().unwrap_or(0) > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// How wide the terminal at standard output is; what `COLUMNS` says goes before. Without either, wide enough for all.
pub fn terminal_width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.filter(|columns| *columns > 0).or_else(window).unwrap_or(200)
}

#[cfg(unix)]
fn window() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn window() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_folded_to_the_width() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["CATEGORY", "RULES", "ON"]),
            row(["手机号码、本机号码、联系电话", "CN_MOBILE_PHONE CN_LANDLINE_PHONE FOREIGN_PHONE", "hash"]),
            row(["性别", "GENDER", "keep"]),
        ];
        let mut out = Vec::new();
        write_folded(&mut out, &rows, 46).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.width() <= 46), "{text}");
        for word in ["CN_MOBILE_PHONE", "CN_LANDLINE_PHONE", "hash", "性别"] {
            assert!(text.contains(word), "{word}\n{text}");
        }
        let column = |word: &str| {
            let line = text.lines().find(|line| line.contains(word)).unwrap();
            line.get(..line.find(word).unwrap()).unwrap().width()
        };
        assert_eq!(column("hash"), column("keep"), "{text}");
        let together: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(together.contains("手机号码"), "{text}");
    }

    #[test]
    fn folding_loses_nothing() {
        for text in ["", "a", "one two three", "脱敏脱敏脱敏", "averyveryverylongword and more", "  spaces  here"]
        {
            for width in 2..14 {
                let lines = fold(text, width);
                assert!(lines.iter().all(|line| line.width() <= width), "{lines:?} {width}");
                let squeezed = |text: &str| text.split_whitespace().collect::<String>();
                assert_eq!(squeezed(&lines.concat()), squeezed(text), "{text} {width}");
            }
        }
    }
}
