//! Which CSV a file is: delimiter, quoting, header. Strict, because a log taken for a table would lose its context.

use std::ops::Range;

use super::record::{Fault, Quoting, Shape, unescape};
use crate::block::{ColumnContext, ColumnKind, TableContext};
use crate::source::slab::Slab;

/// A sample at least this long may end in the middle of a record.
const MAYBE_CUT: usize = 16 * 1024;

/// Rows among which one may have another number of cells, when a header says that it is a table.
const RAGGED_ONE_IN: usize = 50;

/// Words that are column names and hardly ever values, as the whole cell or (Han) as a part of it.
const NAMES: &[&str] = &[
    "id",
    "name",
    "user",
    "username",
    "user_name",
    "phone",
    "mobile",
    "tel",
    "telephone",
    "email",
    "mail",
    "address",
    "addr",
    "city",
    "type",
    "status",
    "date",
    "time",
    "timestamp",
    "created_at",
    "updated_at",
    "ip",
    "age",
    "gender",
    "sex",
    "remark",
    "comment",
    "note",
    "amount",
    "price",
    "value",
    "key",
    "uid",
    "user_id",
    "order_id",
    "idcard",
    "id_card",
    "country",
    "title",
    "code",
    "url",
];
const HAN_NAMES: &[&str] = &[
    "姓名",
    "名称",
    "地址",
    "手机",
    "电话",
    "编号",
    "号码",
    "时间",
    "日期",
    "邮箱",
    "证件",
    "身份证",
    "类型",
    "性别",
    "备注",
    "序号",
    "账号",
    "卡号",
    "年龄",
    "城市",
    "状态",
    "金额",
    "单位",
    "部门",
    "学号",
    "工号",
    "用户",
    "联系",
];

/// How a file is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Delimiter and quoting.
    pub(super) shape: Shape,
    /// Leading records that are no data: a `sep=` line, the header.
    pub(super) skip: usize,
    /// The column names.
    pub(super) table: TableContext,
}

/// The records of a sample under one shape.
struct Records {
    shape: Shape,
    rows: Vec<Vec<Range<usize>>>,
}

/// The dialect of `sample`, when it surely is CSV.
pub(super) fn detect(sample: &[u8]) -> Option<Dialect> {
    let slab = Slab::of_sample(sample);
    let (text, named) = body(slab.text());
    if text.is_empty() || memchr::memchr(0, text).is_some() || matches!(text.first(), Some(b'{' | b'<')) {
        return None;
    }
    let mut best: Option<(usize, Dialect)> = None;
    for delimiter in *b",\t;|" {
        if named.is_some_and(|named| named != delimiter) {
            continue;
        }
        let Some(records) = Records::of(text, delimiter) else { continue };
        let width = records.width();
        let header = records.has_header(text);
        if (header || records.is_table_without_header(text))
            && records.is_even(header)
            && best.as_ref().is_none_or(|(most, _)| width > *most)
        {
            best = Some((width, records.dialect(text, header, named.is_some())));
        }
    }
    best.map(|(_, dialect)| dialect)
}

/// The dialect of `sample`, which is CSV because somebody says so.
pub(super) fn assume(sample: &[u8]) -> Dialect {
    if let Some(dialect) = detect(sample) {
        return dialect;
    }
    let slab = Slab::of_sample(sample);
    let (text, named) = body(slab.text());
    let delimiters: &[u8] = if let Some(named) = named.as_ref() { std::slice::from_ref(named) } else { b",\t;|" };
    let most = delimiters.iter().rev().filter_map(|delimiter| Records::of(text, *delimiter)).max_by_key(Records::width);
    match most {
        Some(records) => {
            let header = records.has_header(text);
            records.dialect(text, header, named.is_some())
        }
        None => Dialect {
            shape: Shape { delimiter: b',', quoting: Quoting::Doubled },
            skip: usize::from(named.is_some()),
            table: TableContext::default(),
        },
    }
}

/// Whether the first of `rows` holds the names of columns.
pub(in crate::format) fn starts_with_names(rows: &[Vec<String>]) -> bool {
    let shape = Shape { delimiter: b',', quoting: Quoting::Doubled };
    let mut text = String::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            text.push_str(if index > 0 { ",\"" } else { "\"" });
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        }
        text.push('\n');
    }
    Records::read(text.as_bytes(), shape).is_some_and(|records| records.has_header(text.as_bytes()))
}

/// The sample without byte order mark and `sep=` line, and the delimiter that such a line names.
fn body(text: &[u8]) -> (&[u8], Option<u8>) {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    match text {
        [b's', b'e', b'p', b'=', delimiter, b'\n', rest @ ..] => (rest, Some(*delimiter)),
        [b's', b'e', b'p', b'=', delimiter, b'\r', b'\n', rest @ ..] => (rest, Some(*delimiter)),
        _ => (text, None),
    }
}

impl Records {
    /// Reads the whole records of `text`, with the first way of quoting that fits them all.
    fn of(text: &[u8], delimiter: u8) -> Option<Records> {
        [Quoting::Doubled, Quoting::Backslash, Quoting::None]
            .into_iter()
            .filter(|quoting| *quoting != Quoting::None || delimiter == b'\t')
            .find_map(|quoting| Records::read(text, Shape { delimiter, quoting }))
    }

    fn read(text: &[u8], shape: Shape) -> Option<Records> {
        let mut rows: Vec<Vec<Range<usize>>> = Vec::new();
        let mut at = 0;
        let mut whole = true;
        while at < text.len() {
            let mut row = Vec::new();
            loop {
                match shape.cell(text, at) {
                    Ok(cell) => {
                        row.push(cell.span);
                        at = cell.next;
                        if cell.ends_record {
                            break;
                        }
                    }
                    // The sample ends within a quoted cell.
                    Err(Fault::Unclosed(_)) => {
                        whole = false;
                        row.clear();
                        at = text.len();
                        break;
                    }
                    Err(Fault::AfterQuote(_)) => return None,
                }
            }
            if row.len() > 1 || row.first().is_some_and(|cell| !cell.is_empty()) {
                rows.push(row);
            }
        }
        let ended = text.ends_with(b"\n");
        let differs = rows.last().map(Vec::len) != rows.first().map(Vec::len);
        if whole && !ended && rows.len() > 1 && (text.len() >= MAYBE_CUT || differs) {
            rows.pop();
        }
        if !whole && rows.len() < 2 && shape.quoting != Quoting::None {
            return None;
        }
        (!rows.is_empty()).then_some(Records { shape, rows })
    }

    fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Whether all rows have the same number of cells, at least two.
    fn is_even(&self, header: bool) -> bool {
        let width = self.width();
        let ragged = self.rows.iter().filter(|row| row.len() != width).count();
        width >= 2 && if header { ragged * RAGGED_ONE_IN <= self.rows.len() } else { ragged == 0 }
    }

    /// Whether the first record holds names: all look like it, and one is a known name or unlike its column.
    fn has_header(&self, text: &[u8]) -> bool {
        let Some((first, rows)) = self.rows.split_first() else { return false };
        let names: Vec<String> = first.iter().map(|cell| self.value(text, cell)).collect();
        let mut distinct: Vec<&str> = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
        if distinct.is_empty() || !distinct.iter().all(|name| could_be_a_name(name)) {
            return false;
        }
        let known = distinct.iter().any(|name| {
            NAMES.contains(&name.to_lowercase().as_str())
                || HAN_NAMES.iter().any(|word| name.contains(word) && name.chars().count() <= 12)
        });
        let spaced = names.iter().any(|name| name.starts_with(' '));
        let count = distinct.len();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < count || (spaced && !known) {
            return false;
        }
        known || (0..first.len()).any(|column| self.unlike_its_column(text, rows, column, names.get(column)))
    }

    /// Whether nearly all cells of a column have digits, or characters beyond ASCII, and its first cell has none.
    fn unlike_its_column(&self, text: &[u8], rows: &[Vec<Range<usize>>], column: usize, name: Option<&String>) -> bool {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return false };
        let values: Vec<String> = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| self.value(text, cell))
            .filter(|v| !v.is_empty())
            .collect();
        let most = |holds: &dyn Fn(&str) -> bool| {
            !values.is_empty()
                && !holds(name)
                && values.iter().filter(|value| holds(value)).count() * 10 >= values.len() * 9
        };
        most(&|value| value.bytes().any(|byte| byte.is_ascii_digit())) || most(&|value| !value.is_ascii())
    }

    /// Whether rows without a header are a table and not lines of a log or of prose that have commas.
    fn is_table_without_header(&self, text: &[u8]) -> bool {
        let width = self.width();
        if self.rows.len() < 2 || width < 2 {
            return false;
        }
        let mut typed = 0;
        for column in 0..width {
            let cells = || self.rows.iter().filter_map(|row| row.get(column)).map(|cell| self.value(text, cell));
            let quoted = self.rows.iter().filter_map(|row| row.get(column)).all(|cell| {
                text.get(cell.start).is_some_and(|byte| *byte == b'"') && self.shape.quoting != Quoting::None
            });
            let half = self.rows.len().div_ceil(2);
            if !quoted && cells().filter(|value| is_prose(value)).count() >= half {
                return false;
            }
            let filled = cells().filter(|value| !value.is_empty()).count();
            let fit = cells().filter(|value| is_typed(value)).count();
            typed += usize::from(quoted || (filled * 2 >= self.rows.len() && fit * 10 >= filled * 9));
        }
        // `2024-01-01 12:00:00,123 …`: the comma of a log's milliseconds.
        let log = self.rows.iter().filter(|row| self.starts_like_a_log(text, row)).count();
        typed >= 1 && log * 2 < self.rows.len()
    }

    fn starts_like_a_log(&self, text: &[u8], row: &[Range<usize>]) -> bool {
        let [first, second, ..] = row else { return false };
        let (first, second) = (self.value(text, first), self.value(text, second));
        let milliseconds = second.bytes().take_while(u8::is_ascii_digit).count() == 3 && second.len() > 3;
        first.starts_with('[') || (milliseconds && first.contains(':'))
    }

    fn value(&self, text: &[u8], cell: &Range<usize>) -> String {
        let mut value = Vec::new();
        unescape(text.get(cell.clone()).unwrap_or_default(), self.shape, &mut value);
        String::from_utf8_lossy(&value).into_owned()
    }

    fn dialect(&self, text: &[u8], header: bool, named: bool) -> Dialect {
        let first = self.rows.first().map(Vec::as_slice).unwrap_or_default();
        let columns = first.iter().enumerate().map(|(index, cell)| {
            let name = if header { self.value(text, cell).trim().to_owned() } else { String::new() };
            column(index, name)
        });
        let table = TableContext { name: None, columns: columns.collect() };
        Dialect { shape: self.shape, skip: usize::from(header) + usize::from(named), table }
    }
}

/// The column at `index` (from 0), called `name` or by its number.
pub(super) fn column(index: usize, name: String) -> ColumnContext {
    let name = if name.is_empty() { format!("#{}", index + 1) } else { name };
    ColumnContext { name, kind: ColumnKind::FREE_TEXT }
}

fn could_be_a_name(cell: &str) -> bool {
    let mut digits = 0;
    let cell = without_ordinal(cell);
    let starts = cell.chars().next().is_some_and(|first| first.is_alphabetic() || "_#*".contains(first));
    let fits = cell.chars().all(|character| {
        digits = if character.is_ascii_digit() { digits + 1 } else { 0 };
        digits < 5 && !character.is_control() && !"=@[]{}<>\\\"'!;".contains(character)
    });
    starts && fits && cell.chars().count() <= 64 && cell.matches(' ').count() <= 4
}

/// A question of a questionnaire without its number: `3、您的微信号`, `12.邮箱`.
fn without_ordinal(cell: &str) -> &str {
    let rest = cell.trim_start_matches(|character: char| character.is_ascii_digit());
    let mark = rest.strip_prefix(['、', '.', '．', ')', '）']).map(str::trim_start);
    mark.filter(|_| (1..=3).contains(&(cell.len() - rest.len()))).unwrap_or(cell)
}

/// Running text, `key=value` pairs or a log level among other words.
fn is_prose(value: &str) -> bool {
    const LEVELS: &[&str] = &["INFO", "WARN", "WARNING", "ERROR", "DEBUG", "TRACE", "FATAL"];
    let mut words = 0;
    let mut level = false;
    for word in value.split_ascii_whitespace() {
        words += 1;
        level |= LEVELS.contains(&word.trim_matches(|c: char| !c.is_ascii_alphabetic()));
    }
    words >= 5 || (words >= 2 && level) || value.starts_with(' ') || value.contains('=') || value.contains(": ")
}

/// A number, date, time, address of the network, e-mail: what columns of one type hold.
fn is_typed(value: &str) -> bool {
    let numeric = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.:/ TZ%Xx*".contains(&byte));
    let mail = value.contains('@') && value.contains('.') && !value.contains(' ');
    mail || (numeric && value.bytes().any(|byte| byte.is_ascii_digit()))
}
