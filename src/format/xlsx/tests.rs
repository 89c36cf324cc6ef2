use std::io::{Seek as _, Write as _};

use arrow::array::{Array, AsArray};
use flate2::Crc;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Formula, Note, Workbook as Writer};

use super::*;
use crate::block::TableBlock;

/// What stands in an archive: name, method, packed bytes, size and checksum.
struct Stored<'a>(&'a str, u16, Vec<u8>, u32, u32);

fn stored<'a>(name: &'a str, bytes: &[u8]) -> Stored<'a> {
    let mut crc = Crc::new();
    crc.update(bytes);
    Stored(name, 0, bytes.to_vec(), bytes.len() as u32, crc.sum())
}

/// A zip archive of these members.
fn zip(parts: &[Stored<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for Stored(name, method, packed, size, crc) in parts {
        let mut head = vec![20, 0, 0, 0];
        head.extend(method.to_le_bytes());
        head.extend([0, 0, 0x21, 0]);
        head.extend(crc.to_le_bytes());
        head.extend((packed.len() as u32).to_le_bytes());
        head.extend(size.to_le_bytes());
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        directory.extend(*b"PK\x01\x02\x14\x00");
        directory.extend(&head);
        directory.extend([0; 10]);
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(*b"PK\x03\x04");
        out.extend(head);
        out.extend(name.as_bytes());
        out.extend(packed);
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(*b"PK\x05\x06\0\0\0\0");
    out.extend([(parts.len() as u16).to_le_bytes(), (parts.len() as u16).to_le_bytes()].concat());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook of one sheet with this XML for its rows, and these further parts.
fn workbook(rows: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let root = format!(
        r#"<Relationships><Relationship Id="a" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let book = format!(
        r#"<workbook xmlns:r="{RELATIONS}"><sheets><sheet name="客户" sheetId="1" r:id="r1"/></sheets></workbook>"#
    );
    let relations = format!(
        r#"<Relationships><Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
    );
    let sheet = format!(r#"<?xml version="1.0"?><worksheet><sheetData>{rows}</sheetData></worksheet>"#);
    let mut parts = vec![
        stored("[Content_Types].xml", b"<Types/>"),
        stored("_rels/.rels", root.as_bytes()),
        stored("xl/workbook.xml", book.as_bytes()),
        stored("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        stored("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend(more.iter().map(|(name, bytes)| stored(name, bytes)));
    zip(&parts)
}

fn blocks_of(bytes: &[u8], reading: &Reading<'_>) -> (Vec<TableBlock>, String, Result<(), DataError>) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let (mut tables, mut notes) = (Vec::new(), String::new());
    let done = Xlsx.take_apart(&file, reading, &mut |part| {
        match part {
            Part::Block(Block::Table(table)) => tables.push(table),
            Part::Block(Block::Text(text)) => notes.push_str(std::str::from_utf8(text.slab.text()).unwrap()),
            _ => unreachable!(),
        }
        Ok(())
    });
    (tables, notes, done)
}

fn reading() -> Reading<'static> {
    Reading::ALL
}

/// All cells as `table!column:row=value`, and the texts outside.
fn cells(bytes: &[u8]) -> Result<(Vec<String>, String), DataError> {
    let (tables, notes, done) = blocks_of(bytes, &reading());
    done?;
    let mut cells = Vec::new();
    for block in &tables {
        for column in &block.columns {
            let values = column.values.as_string::<i32>();
            assert_eq!(values.len(), block.rows);
            for row in (0..block.rows).filter(|row| values.is_valid(*row)) {
                let name = &block.table.columns[column.index].name;
                let table = block.table.name.as_deref().unwrap();
                cells.push(format!("{table}!{name}:{}={}", block.first_row + row as u64, values.value(row)));
            }
        }
    }
    cells.sort();
    Ok((cells, notes))
}

fn refusal(bytes: &[u8]) -> String {
    cells(bytes).unwrap_err().to_string()
}

fn written(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut workbook = Writer::new();
    fill(&mut workbook);
    workbook.save_to_buffer().unwrap()
}

#[test]
fn cells_are_as_people_see_them() {
    let bytes = written(|workbook| {
        let date = Style::new().set_num_format("yyyy-mm-dd");
        let moment = Style::new().set_num_format("yyyy/m/d hh:mm");
        let sheet = workbook.add_worksheet();
        sheet.set_name("客户").unwrap();
        for (column, name) in ["姓名", "手机", "生日", "登录", "备注", "比率"].into_iter().enumerate() {
            sheet.write(0, column as u16, name).unwrap();
        }
        sheet.write(1, 0, "张三").unwrap();
        sheet.write(1, 1, 13_800_138_000.0).unwrap();
        let day = ExcelDateTime::from_ymd(1991, 5, 19).unwrap();
        sheet.write_with_format(1, 2, &day, &date).unwrap();
        sheet.write_with_format(1, 3, day.and_hms(8, 30, 0).unwrap(), &moment).unwrap();
        sheet.write(1, 5, 0.25).unwrap();
        sheet.write(7, 0, "李四").unwrap();
        sheet.write(7, 1, Formula::new("1+1").set_result("13912345678")).unwrap();
        sheet.write(7, 4, true).unwrap();
        sheet.write(7, 5, Formula::new("1/0").set_result("#DIV/0!")).unwrap();
        sheet.set_row_hidden(7).unwrap();
        sheet.set_column_hidden(1).unwrap();
    });
    let (cells, _) = cells(&bytes).unwrap();
    let expected = [
        "客户!姓名:2=张三",
        "客户!姓名:8=李四",
        "客户!手机:2=13800138000",
        "客户!手机:8=13912345678",
        "客户!比率:2=0.25",
        "客户!生日:2=1991-05-19",
        "客户!登录:2=1991-05-19 08:30:00",
    ];
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(cells.iter().filter(|cell| !cell.contains("DIV")).cloned().collect::<Vec<_>>(), expected);
}

#[test]
fn all_sheets_merged_cells_titles_and_letters() {
    let bytes = written(|workbook| {
        let style = Style::new();
        let sheet = workbook.add_worksheet().set_name("一").unwrap();
        sheet.merge_range(0, 0, 0, 2, "员工信息登记", &style).unwrap();
        for (column, name) in ["工号", "姓名\n(必填)", "电话"].into_iter().enumerate() {
            sheet.write(1, column as u16, name).unwrap();
        }
        sheet.write_row(2, 0, ["7", "王五", "13800138001"]).unwrap();
        let sheet = workbook.add_worksheet().set_name("隐").unwrap();
        sheet.set_hidden(true);
        sheet.write(2, 27, "13800138002").unwrap();
        sheet.write(900_000, 0, "13800138003").unwrap();
    });
    let (cells, notes) = cells(&bytes).unwrap();
    let expected = [
        "一!姓名(必填):3=王五",
        "一!工号:1=员工信息登记",
        "一!工号:3=7",
        "一!电话:3=13800138001",
        "隐!AB:3=13800138002",
        "隐!A:900001=13800138003",
    ];
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(cells, expected);
    assert!(notes.contains("一\n隐\n"), "{notes}");
}

#[test]
fn texts_outside_of_cells() {
    let bytes = written(|workbook| {
        let properties = rust_xlsxwriter::DocProperties::new().set_author("张三");
        workbook.set_properties(&properties);
        let sheet = workbook.add_worksheet();
        sheet.write(0, 0, "x").unwrap();
        sheet.insert_note(0, 0, &Note::new("电话 13800138000").set_author("李四")).unwrap();
        sheet.set_header("&C13912345678");
        sheet.write(1, 0, Formula::new("HYPERLINK(\"tel:13912345670\")").set_result("call")).unwrap();
        sheet.write_url(2, 0, "mailto:li@example.org").unwrap();
    });
    let (_, notes) = cells(&bytes).unwrap();
    for text in
        ["creator: 张三\n", "13800138000\n", "李四", "13912345678\n", "tel:13912345670", "mailto:li@example.org"]
    {
        assert!(notes.contains(text), "{text} in {notes}");
    }
}

#[test]
fn digits_beyond_what_a_float_holds_are_those_in_the_file() {
    let rows = r#"<row r="1"><c r="A1"><v>6222021234567890128</v></c><c r="B1" t="n"><v>110105194912310021</v></c></row>
        <row><c><v>1.101051949123100E17</v></c><c t="str"><v>110105194912310021</v></c><c><v>1.38E10</v></c></row>
        <row r="9"><c r="A9" t="inlineStr"><is><r><t>138</t></r><r><t>0013</t></r><r><t>8000</t></r></is></c>
        <c r="B9"><v>6222021234567890129</v></c><c r="C9" t="e"><v>#REF!</v></c><c r="D9" t="b"><v>1</v></c></row>"#;
    let (cells, _) = cells(&workbook(rows, &[])).unwrap();
    let expected = [
        "客户!A:1=6222021234567890128",
        "客户!A:2=110105194912310000",
        "客户!A:9=13800138000",
        "客户!B:1=110105194912310021",
        "客户!B:2=110105194912310021",
        "客户!B:9=6222021234567890129",
        "客户!C:2=13800000000",
    ];
    assert_eq!(cells, expected);
}

#[test]
fn blocks_are_bounded_and_lose_nothing() {
    let rows: String = (1..=5000)
        .map(|row| {
            format!(r#"<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="XFD{row}" t="str"><v>x{row}</v></c></row>"#)
        })
        .collect();
    // Out of order, twice the same cell, and far apart.
    let rows = rows
        + r#"<row r="3"><c r="C3"><v>7</v></c><c r="C3"><v>8</v></c></row><row r="1048576"><c r="A1048576"><v>9</v></c></row>"#;
    let (tables, _, done) = blocks_of(&workbook(&rows, &[]), &Reading { block_bytes: 1 << 20, ..reading() });
    done.unwrap();
    let cells: usize =
        tables.iter().flat_map(|table| &table.columns).map(|c| c.values.len() - c.values.null_count()).sum();
    assert_eq!(cells, 10_003);
    assert!(tables.len() > 3 && tables.iter().all(|table| table.rows < 4000), "{}", tables.len());
    assert_eq!(tables.last().unwrap().first_row, 1_048_576);
}

#[test]
fn what_cannot_be_read_for_sure_is_refused() {
    let cell = |cell: &str| refusal(&workbook(&format!("<row>{cell}</row>"), &[]));
    assert!(cell(r#"<c r="XFE1"><v>1</v></c>"#).contains("no row or column"));
    assert!(cell(r#"<c r="AAAAAAAAA99999999999"><v>1</v></c>"#).contains("no row or column"));
    assert!(cell(r#"<c r="A1048577"><v>1</v></c>"#).contains("no row or column"));
    assert!(cell("<c><v>138<!-- -->00138000</v></c>").contains("not written out"));
    assert!(cell("<c><v>&#49;3800138000</v></c>").contains("not written out"));
    assert!(cell("<c><v>1</v>").contains("no whole XML"));
    assert!(cell(r#"<c t="s"><v>7</v></c>"#).contains("does not allow"));
    let shared = |text: &str| refusal(&workbook("", &[("xl/sharedStrings.xml", text.as_bytes())]));
    assert!(shared(r#"<sst uniqueCount="99999999999999"></sst>"#).contains("more shared texts"));
    assert!(shared("<!DOCTYPE a><sst></sst>").contains("document type"));
    let embedded = workbook("<row><c><v>13800138000</v></c></row>", &[("xl/embeddings/a.docx", b"PK")]);
    let (tables, _, done) = blocks_of(&embedded, &reading());
    assert_eq!(tables.len(), 1, "what can be read was read");
    assert!(done.unwrap_err().to_string().contains("1 embedded files"));
    assert!(refusal(&workbook("", &[("XL/Workbook.xml", b"<workbook/>")])).contains("one name"));
    assert!(refusal(b"no workbook").contains("zip archive"));
}

#[test]
fn traps_are_refused() {
    // 300 MiB of blanks in some hundred kilobytes; as stated, and stated as little.
    let (mut crc, blanks) = (Crc::new(), vec![b' '; 1 << 20]);
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..300 {
        crc.update(&blanks);
        packer.write_all(&blanks).unwrap();
    }
    let packed = packer.finish().unwrap();
    let bomb = |size| {
        let types = stored("[Content_Types].xml", b"<Types/>");
        zip(&[types, Stored("xl/sharedStrings.xml", 8, packed.clone(), size, crc.sum())])
    };
    let (_, _, done) = blocks_of(&bomb(300 << 20), &Reading { most_expansion: 100, ..reading() });
    assert!(done.unwrap_err().to_string().contains("more than 100 times its size"));
    assert!(refusal(&bomb(100)).contains("longer than its size"));
    let long = format!(r#"<row><c t="inlineStr"><is>{}</is></c></row>"#, "<r><t>xxxxxxxx</t></r>".repeat(100_000));
    let (_, _, done) = blocks_of(&workbook(&long, &[]), &Reading { block_bytes: 1 << 20, ..reading() });
    assert!(done.unwrap_err().to_string().contains("longer than the memory limit"));
    let many = format!("<sst>{}</sst>", "<si/>".repeat(300_000));
    let many = workbook("", &[("xl/sharedStrings.xml", many.as_bytes())]);
    let (_, _, done) = blocks_of(&many, &Reading { block_bytes: 1 << 20, ..reading() });
    assert!(done.unwrap_err().to_string().contains("half of the memory"));
}

#[test]
fn columns_are_called_as_spreadsheets_do() {
    assert_eq!([0, 25, 26, 701, 702, 16_383].map(sheet::letters), ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_files_never_panic(place in 0usize..6000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = written(|workbook| {
            let sheet = workbook.add_worksheet();
            sheet.write(0, 0, "手机").unwrap();
            sheet.write(1, 0, 13_800_138_000.0).unwrap();
        });
        let place = place % bytes.len();
        if cut {
            bytes.truncate(place);
            prop_assert!(cells(&bytes).is_err());
        } else {
            bytes[place] ^= byte;
            let _ = cells(&bytes);
        }
    }

    #[test]
    fn damaged_parts_never_panic(place in 0usize..400, with in "[<>/cvrst=\"0-9A-Z&; -]{0,6}") {
        let mut rows = String::from(
            r#"<row r="1"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1"><v>13800138000</v><f>A1</f></c></row><row r="2"/>"#,
        );
        let place = place % rows.len();
        rows.replace_range(place..(place + with.len() / 2).min(rows.len()), &with);
        let shared = ("xl/sharedStrings.xml", "<sst count=\"1\" uniqueCount=\"1\"><si><t>张三</t></si></sst>".as_bytes());
        let _ = cells(&workbook(&rows, &[shared]));
    }
}
