use super::*;
use crate::block::{Block, CellEdit, Edits, TableBlock};
use crate::format::conformance::{Piece, render_all, split};
use arrow::array::{Array, BinaryArray};
use encoding_rs::GB18030;
use proptest::prelude::*;

fn table(piece: &Piece) -> (Block, Vec<Vec<String>>) {
    let block = piece.lex().unwrap();
    let Block::Table(inner) = &block else { panic!("no table") };
    let rows = (0..inner.rows).map(|row| inner.columns.iter().map(|column| value(column, row)).collect()).collect();
    (block, rows)
}

fn value(column: &crate::block::Column, row: usize) -> String {
    let values = column.values.as_any().downcast_ref::<BinaryArray>().unwrap();
    assert_eq!(values.null_count(), 0);
    String::from_utf8_lossy(values.value(row)).into_owned()
}

fn as_table(block: &Block) -> &TableBlock {
    let Block::Table(block) = block else { panic!("no table") };
    block
}

fn names(block: &Block) -> Vec<&str> {
    as_table(block).table.columns.iter().map(|column| column.name.as_str()).collect()
}

/// The file as one block: block, values.
fn read(data: &[u8]) -> (Piece, Block, Vec<Vec<String>>) {
    let mut pieces = split(&Csv, data, 1 << 20, 1 << 20).unwrap();
    assert_eq!(pieces.len(), 1);
    let piece = pieces.remove(0);
    let (block, rows) = table(&piece);
    (piece, block, rows)
}

fn edited(data: &[u8], edits: &[(u32, u32, Option<&str>)]) -> Result<Vec<u8>, DataError> {
    let (piece, block, _) = read(data);
    let cells = edits
        .iter()
        .map(|(row, column, value)| CellEdit {
            row: *row,
            column: *column,
            value: value.map(|value| value.as_bytes().to_vec()),
        })
        .collect();
    piece.render(&block, &Edits { cells, ..Edits::default() })
}

fn edited_text(data: &str, edits: &[(u32, u32, Option<&str>)]) -> String {
    String::from_utf8(edited(data.as_bytes(), edits).unwrap()).unwrap()
}

#[test]
fn tables_are_recognized() {
    for sample in [
        "name,phone\n张三,13800138000\n",
        "姓名;电话\r\n张三;13800138000\r\n",
        "\u{feff}姓名\t电话\n张三\t13800138000\n",
        "id|name|addr\n1|张三|北京\n",
        ",name,phone\n0,a,13800138000\n",
        "张三,13800138000,北京\n李四,13800138000,上海\n",
        "\"a\",\"b\"\n\"c\",\"d\"\n",
        "sep=;\r\nname;phone\r\na;1\r\n",
        "name, phone\nx, 13800138000\n",
        "name,phone\n",
        "name,note\na,\"two\nlines, one comma\"\nb,c\n",
    ] {
        assert_eq!(Csv.sniff(sample.as_bytes()), Confidence::Likely, "{sample}");
    }
}

#[test]
fn other_text_is_not_taken_for_a_table() {
    for sample in [
        "",
        "hello\n",
        "2024-01-01 12:00:00,123 INFO login phone=13800138000\n2024-01-01 12:00:00,124 WARN bye\n",
        "2024-01-01 12:00:00,123 - app - start\n2024-01-01 12:00:00,124 - app - stop\n",
        "[2024-01-01 12:00:00,123][x] a\n[2024-01-01 12:00:00,124][x] b\n",
        "user=1, phone=13800138000\nuser=2, phone=13800138000\n",
        "Hello, world\nGoodbye, moon\n",
        "你好,世界\n再见,月亮\n",
        "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n",
        "a,b,c\n1,2\n3\n",
        "Jan  1 00:00:00 host app[1]: a, b\nJan  1 00:00:01 host app[1]: c, d\n",
        "INSERT INTO t VALUES (1,'a');\nINSERT INTO t VALUES (2,'b');\n",
    ] {
        assert_eq!(Csv.sniff(sample.as_bytes()), Confidence::No, "{sample}");
    }
}

#[test]
fn header_names_columns_and_is_no_row() {
    let (_, block, rows) = read("\u{feff}姓名,\"手机\"\"号\",\r\n张三,13800138000,x\r\n\r\n李四,,\r\n".as_bytes());
    // A name with a quote in it is no name; without header the first row is data.
    assert_eq!(names(&block), ["#1", "#2", "#3"]);
    assert_eq!(rows.len(), 3);
    let (_, block, rows) = read("\u{feff}姓名,\"手机号\",\r\n张三,13800138000,x\r\n\r\n李四,,\r\n".as_bytes());
    assert_eq!(names(&block), ["姓名", "手机号", "#3"]);
    assert_eq!(rows, [["张三", "13800138000", "x"], ["李四", "", ""]]);
    assert_eq!(as_table(&block).text.as_ref().unwrap().lines, [2, 4]);
    assert_eq!(as_table(&block).first_row, 1);
}

#[test]
fn numbers_of_questions_belong_to_names() {
    let (_, block, rows) = read("昵称(必填),1、您的姓名,2.手机号,12）微信\na,b,c,d\n".as_bytes());
    assert_eq!(names(&block), ["昵称(必填)", "1、您的姓名", "2.手机号", "12）微信"]);
    assert_eq!(rows.len(), 1);
}

#[test]
fn first_row_with_data_is_no_header() {
    for data in [
        "张三,13800138000\n李四,13800138001\n",
        "张三,北京,1\n李四,上海,2\n",
        "a@b.cn,x,1\nb@b.cn,y,2\n",
        "11010519491231002X,a,2\n11010519491231002X,b,2\n",
    ] {
        let (_, _, rows) = read(data.as_bytes());
        assert_eq!(rows.len(), 2, "{data}");
    }
}

#[test]
fn ragged_rows_keep_all_cells() {
    let data = format!("id,phone\n{}1\n2,b,13800138000,d\n", "0,a\n".repeat(200));
    let (piece, block, rows) = read(data.as_bytes());
    assert_eq!(names(&block), ["id", "phone", "#3", "#4"]);
    assert_eq!(rows[200], ["1", "", "", ""]);
    assert_eq!(rows[201], ["2", "b", "13800138000", "d"]);
    let edit = |row, column, value: &str| Edits {
        cells: vec![CellEdit { row, column, value: Some(value.into()) }],
        ..Edits::default()
    };
    let out = piece.render(&block, &edit(201, 2, "T")).unwrap();
    assert!(out.ends_with(b"0,a\n1\n2,b,T,d\n"));
    let error = piece.render(&block, &edit(200, 1, "T")).unwrap_err();
    assert!(error.to_string().contains("row 201 column phone"), "{error}");
    assert!(piece.render(&block, &edit(202, 0, "T")).is_err());
}

#[test]
fn edits_keep_each_cells_quoting() {
    let data = "id,name,note\r\n1,\"张三\",13800138000\r\n2,,\"a \"\"b\"\", c\"\r\n";
    assert_eq!(
        edited_text(data, &[(0, 1, Some("TOKEN")), (0, 2, Some("TOKEN")), (1, 1, None), (1, 2, Some("x \"y\""))]),
        "id,name,note\r\n1,\"TOKEN\",TOKEN\r\n2,,\"x \"\"y\"\"\"\r\n"
    );
    assert_eq!(
        edited_text(data, &[(0, 2, Some("a,b")), (1, 2, None)]),
        "id,name,note\r\n1,\"张三\",\"a,b\"\r\n2,,\r\n"
    );
    assert_eq!(
        edited_text(data, &[(0, 2, Some("a\nb")), (0, 1, Some(""))]),
        "id,name,note\r\n1,\"\",\"a\nb\"\r\n2,,\"a \"\"b\"\", c\"\r\n"
    );
    assert_eq!(
        edited_text(data, &[(0, 0, Some(" x")), (0, 2, Some("say \"x\""))]),
        "id,name,note\r\n\" x\",\"张三\",\"say \"\"x\"\"\"\r\n2,,\"a \"\"b\"\", c\"\r\n"
    );
}

#[test]
fn edits_may_come_column_by_column() {
    let data = "id,name\n1,a\n2,b\n";
    let edits = [(0, 0, Some("x")), (1, 0, Some("y")), (0, 1, Some("z")), (1, 1, None)];
    assert_eq!(edited_text(data, &edits), "id,name\nx,z\ny,\n");
}

#[test]
fn quote_inside_an_unquoted_cell_is_a_character() {
    let data = "id,size,phone\n1,5\" pipe,13800138000\n2,6\" pipe,13800138000\n";
    let (_, _, rows) = read(data.as_bytes());
    assert_eq!(rows[0], ["1", "5\" pipe", "13800138000"]);
    assert_eq!(edited_text(data, &[(0, 1, Some("7\" pipe"))]), data.replace("5\"", "7\""));
}

#[test]
fn one_column_never_becomes_a_blank_line() {
    let mut pieces = split(&Csv, b"phone\n13800138000\n13800138000\n", 1 << 20, 1 << 20).unwrap();
    let piece = pieces.remove(0);
    let block = piece.lex().unwrap();
    assert_eq!(names(&block), ["phone"]);
    let cells = vec![CellEdit { column: 0, row: 0, value: None }];
    assert_eq!(piece.render(&block, &Edits { cells, ..Edits::default() }).unwrap(), b"phone\n\"\"\n13800138000\n");
}

#[test]
fn backslash_quoting_is_kept() {
    let data = "id,note,phone\n1,\"say \\\"hi, you\\\" \\n\",13800138000\n2,\"x\",13800138000\n";
    let (_, _, rows) = read(data.as_bytes());
    assert_eq!(rows[0], ["1", "say \"hi, you\" \\n", "13800138000"]);
    assert_eq!(
        edited_text(data, &[(0, 1, Some("say \"T\" \\n \\"))]),
        "id,note,phone\n1,\"say \\\"T\\\" \\n \\\\\",13800138000\n2,\"x\",13800138000\n"
    );
}

#[test]
fn tabs_without_quoting() {
    let data = "id\tsize\tphone\n1\t\"5 inch\t13800138000\n2\t6\t13800138000\n";
    let (_, _, rows) = read(data.as_bytes());
    assert_eq!(rows[0], ["1", "\"5 inch", "13800138000"]);
    assert_eq!(edited_text(data, &[(0, 1, Some("x\"y"))]), data.replace("\"5 inch", "x\"y"));
    assert!(edited(data.as_bytes(), &[(0, 1, Some("a\tb"))]).is_err());
}

#[test]
fn gb18030_stays_gb18030() {
    let text = "姓名,电话,备注\r\n张三,13800138000,\"模,糊\"\r\n李四,13800138000,\r\n";
    let gb = |text: &str| GB18030.encode(text).0.into_owned();
    let (_, block, rows) = read(&gb(text));
    assert_eq!(names(&block), ["姓名", "电话", "备注"]);
    assert_eq!(rows[0], ["张三", "13800138000", "模,糊"]);
    let out = edited(&gb(text), &[(0, 0, Some("张*")), (0, 2, Some("清楚")), (1, 1, Some("手机"))]).unwrap();
    assert_eq!(out, gb("姓名,电话,备注\r\n张*,13800138000,\"清楚\"\r\n李四,手机,\r\n"));
}

#[test]
fn unclosed_quote_names_the_line_where_it_opened() {
    let data = b"id,name\n1,a\n2,\"b\nc\nd\n";
    for target in [4, 1000] {
        for chunk in [3, 1000] {
            let error = split(&Csv, data, target, chunk).err().unwrap();
            assert_eq!(error.position, Some(Position::Line(3)), "{error}");
        }
    }
}

#[test]
fn text_after_a_closing_quote_is_refused() {
    let data = format!("id,name\n{}2,\"b\"c\n", "1,\"a\"\n".repeat(20_000));
    let error = render_all(&Csv, data.as_bytes(), 1 << 16, 1 << 16).err().unwrap();
    assert_eq!(error.position, Some(Position::Line(20_002)));
}

#[test]
fn a_row_that_would_square_to_too_many_cells_is_refused() {
    let data = format!("a,b\n{}{}\n", "1,2\n".repeat(100_000), "3,".repeat(5_000));
    let error = render_all(&Csv, data.as_bytes(), 1 << 22, 1 << 22).err().unwrap();
    assert_eq!(error.position, Some(Position::Line(100_002)));
}

#[test]
fn rows_are_numbered_across_blocks() {
    let data = "id,name\n1,a\n\n2,\"b\nb\"\n3,c\n4,d";
    for target in 1..data.len() + 2 {
        let mut ids = Vec::new();
        for piece in split(&Csv, data.as_bytes(), target, 5).unwrap() {
            let (block, rows) = table(&piece);
            let block = as_table(&block);
            assert_eq!(block.table.columns[1].name, "name");
            for (row, values) in rows.iter().enumerate() {
                ids.push(values[0].clone());
                assert_eq!(values[0], (block.first_row + row as u64).to_string(), "target {target}");
                let line = block.text.as_ref().unwrap().lines[row];
                assert_eq!(line, [2, 4, 6, 7][values[0].parse::<usize>().unwrap() - 1], "target {target}");
            }
        }
        assert_eq!(ids, ["1", "2", "3", "4"], "target {target}");
    }
}

/// A cell, whether it is quoted, and how it is then written.
fn cells() -> impl Strategy<Value = Vec<Vec<(String, bool)>>> {
    (2usize..5).prop_flat_map(|width| {
        prop::collection::vec(prop::collection::vec(("[a1,;\"\n\r 张\\\\]{0,8}", any::<bool>()), width), 1..12)
    })
}

fn write(rows: &[Vec<(String, bool)>], end: &str) -> String {
    let mut out = format!("name{}{end}", (1..rows[0].len()).map(|n| format!(",c{n}")).collect::<String>());
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|(cell, quoted)| {
                if *quoted || cell.contains([',', '"', '\n', '\r']) {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.clone()
                }
            })
            .collect();
        out.push_str(&cells.join(","));
        out.push_str(end);
    }
    out
}

proptest! {
    #[test]
    fn values_are_read_in_any_block_size(
        rows in cells(), crlf in any::<bool>(), target in 1usize..80, chunk in 1usize..80,
    ) {
        let data = write(&rows, if crlf { "\r\n" } else { "\n" });
        let mut read = Vec::new();
        for piece in split(&Csv, data.as_bytes(), target, chunk).unwrap() {
            // The dialect is sniffed, and a sample may look like another one.
            prop_assume!(dialect::assume(data.as_bytes()).shape.quoting == Quoting::Doubled);
            prop_assume!(dialect::assume(data.as_bytes()).shape.delimiter == b',');
            read.extend(table(&piece).1);
        }
        let expected: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|(cell, _)| cell.clone()).collect()).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn an_edited_cell_reads_back_and_others_are_untouched(
        rows in cells(), new in "[a1,;\"\n\r 张\\\\]{0,8}", pick in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let data = write(&rows, "\n");
        let assumed = dialect::assume(data.as_bytes()).shape;
        prop_assume!(assumed.quoting == Quoting::Doubled && assumed.delimiter == b',');
        let (row, column) = (pick.0.index(rows.len()), pick.1.index(rows[0].len()));
        let (piece, block, mut expected) = read(data.as_bytes());
        let cells = vec![CellEdit { column: column as u32, row: row as u32, value: Some(new.clone().into_bytes()) }];
        let raw = piece.render(&block, &Edits { cells, ..Edits::default() }).unwrap();
        let again = Piece { raw, byte_offset: 0, first_line: 1, codec: piece.codec.clone() };
        expected[row][column] = new;
        prop_assert_eq!(table(&again).1, expected);
    }

    #[test]
    fn identity_or_an_error(
        data in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(b",,,\t;|\"\"\n\n\r\\a1 ".to_vec()),
            1 => any::<u8>(),
        ], 0..300),
        target in 1usize..64,
        chunk in 1usize..80,
    ) {
        if let Ok(out) = render_all(&Csv, &data, target, chunk) {
            prop_assert_eq!(out, data);
        }
    }

    #[test]
    fn identity_of_tables(rows in cells(), target in 1usize..64, chunk in 1usize..80, bom in any::<bool>()) {
        let data = format!("{}{}", if bom { "\u{feff}" } else { "" }, write(&rows, "\r\n"));
        prop_assert_eq!(render_all(&Csv, data.as_bytes(), target, chunk).unwrap(), data.into_bytes());
    }
}
