//! Excel workbooks as the program scans them, written by another library.

use std::process::Command;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::program::{Folder, POLICY};

/// Two sheets, one of them hidden.
fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("客户").unwrap();
    sheet.merge_range(0, 0, 0, 2, "客户信息登记", &Format::new()).unwrap();
    sheet.write_row(1, 0, ["姓名", "手机", "出生日期"]).unwrap();
    sheet.write(2, 0, "张伟").unwrap();
    sheet.write(2, 1, 13_912_345_678.0).unwrap();
    let day = ExcelDateTime::from_ymd(1991, 5, 19).unwrap();
    sheet.write_with_format(2, 2, &day, &Format::new().set_num_format("yyyy-mm-dd")).unwrap();
    sheet.write(5, 1, "13912345679").unwrap();
    let hidden = workbook.add_worksheet().set_name("旧").unwrap();
    hidden.set_hidden(true);
    hidden.write(9, 27, "11010519491231002X").unwrap();
    workbook.save_to_buffer().unwrap()
}

fn places(folder: &Folder, matches: &str) -> Vec<String> {
    let lines = folder.text(matches);
    let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let place = |line: serde_json::Value| {
        let text = |key: &str| line[key].as_str().unwrap_or("-").to_owned();
        format!("{} {}!{}:{} {}", text("entity"), text("table"), text("column"), line["row"], text("value"))
    };
    let mut places: Vec<String> = lines.filter(|line| line["table"].is_string()).map(place).collect();
    places.sort();
    places
}

const EXPECTED: [&str; 5] = [
    "BIRTHDAY 客户!出生日期:3 1991-05-19",
    "CN_MOBILE_PHONE 客户!手机:3 13912345678",
    "CN_MOBILE_PHONE 客户!手机:6 13912345679",
    "CN_RESIDENT_ID 旧!AB:10 11010519491231002X",
    "PERSON_NAME 客户!姓名:3 张伟",
];

#[test]
fn a_scan_names_sheet_column_and_row() {
    let folder = Folder::new();
    folder.write("in/book.xlsx", workbook());
    folder.tuomin(&["scan", "in/book.xlsx", "--matches", "m.jsonl", "--show-values"]).expect(0);
    assert_eq!(places(&folder, "m.jsonl"), EXPECTED);
    folder.tuomin(&["scan", "in", "--format", "xlsx", "--matches", "n.jsonl", "--show-values"]).expect(0);
    assert_eq!(places(&folder, "n.jsonl"), EXPECTED);
    let piped = folder.tuomin_with(&["scan", "-", "--matches", "p.jsonl", "--show-values"], &workbook());
    piped.expect(0);
    assert_eq!(places(&folder, "p.jsonl"), EXPECTED);
    let packed = Command::new("tar").args(["-czf", "a.tar.gz", "in"]).current_dir(folder.path("")).status().unwrap();
    assert!(packed.success());
    folder.tuomin(&["scan", "a.tar.gz", "--matches", "a.jsonl", "--show-values"]).expect(0);
    assert_eq!(places(&folder, "a.jsonl"), EXPECTED);
    assert!(folder.text("a.jsonl").contains("a.tar.gz!/in/book.xlsx"));
}

#[test]
fn a_rewrite_and_its_plan_are_refused() {
    let folder = Folder::with_key();
    folder.write("in/book.xlsx", workbook());
    folder.write("hash.yml", POLICY);
    let packed = Command::new("tar").args(["-cf", "a.tar", "in"]).current_dir(folder.path("")).status().unwrap();
    assert!(packed.success());
    for command in ["deidentify", "anonymize"] {
        for input in ["in", "in/book.xlsx", "a.tar"] {
            for more in [["-o", "out"], ["--plan", "--quiet"]] {
                let mut arguments = vec![command, input, "--policy", "hash.yml"];
                arguments.extend(more);
                if command == "deidentify" {
                    arguments.extend(["--key-file", "k"]);
                }
                let ended = folder.tuomin(&arguments).expect(3);
                let said = ended.stderr.clone() + &ended.out();
                assert!(said.contains("scanned and not rewritten"), "{arguments:?}: {said}");
                assert!(said.contains("export its sheets as CSV"), "{arguments:?}: {said}");
                assert!(folder.files().iter().all(|file| !file.starts_with("out")), "{arguments:?}");
            }
        }
    }
    let arguments = ["deidentify", "in", "--policy", "hash.yml", "--key-file", "k", "--plan=json"];
    let ended = folder.tuomin(&arguments).expect(3);
    let plan: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_ne!(plan["feasible"], true, "{plan}");
}

#[test]
fn other_documents_and_damaged_workbooks_are_named() {
    let folder = Folder::new();
    let bytes = workbook();
    folder.write("cut.xlsx", &bytes[..bytes.len() / 2]);
    let ended = folder.tuomin(&["scan", "cut.xlsx"]).expect(3);
    assert!(ended.stderr.contains("the zip archive ends too early"), "{}", ended.stderr);
    let ole = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    folder.write("a.xls", [&ole[..], &[0; 600]].concat());
    let ended = folder.tuomin(&["scan", "a.xls"]).expect(3);
    assert!(ended.stderr.contains("before XML (.xls, .doc)"), "{}", ended.stderr);
    let name: Vec<u8> = "EncryptedPackage".bytes().flat_map(|byte| [byte, 0]).collect();
    folder.write("b.xlsx", [&ole[..], &[0; 600], &name, &[0; 600]].concat());
    let ended = folder.tuomin(&["scan", "b.xlsx"]).expect(3);
    assert!(ended.stderr.contains("encrypted with a password"), "{}", ended.stderr);
    folder.write("c.csv", "手机\n13912345678\n");
    let ended = folder.tuomin(&["scan", "c.csv", "--format", "xlsx"]).expect(3);
    assert!(ended.stderr.contains("zip archive"), "{}", ended.stderr);
}

/// A workbook by the library that pandas writes with, which keeps 16 digits of a number as spreadsheets keep 15.
#[test]
fn what_openpyxl_writes_is_read() {
    let folder = Folder::new();
    let Some(python) = crate::support::python::python("openpyxl") else { return };
    let script = "
import datetime, openpyxl
from openpyxl.comments import Comment
book = openpyxl.Workbook()
sheet = book.active
sheet.title = '订单'
sheet.append(['编号', '手机', '身份证号', '出生日期'])
sheet.append([1, 13912345678, 110105194912310021, datetime.date(1991, 5, 19)])
sheet.append([2, '13912345679', '11010519491231002X', None])
sheet['A2'].comment = Comment('13912345670', '李四')
sheet.row_dimensions[3].hidden = True
other = book.create_sheet('无表头')
other.sheet_state = 'veryHidden'
other['C7'] = '13912345671'
book.save('b.xlsm')
";
    let output = Command::new(python).args(["-c", script]).current_dir(folder.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.tuomin(&["scan", "b.xlsm", "--matches", "m.jsonl", "--show-values"]).expect(0);
    let expected = [
        "BIRTHDAY 订单!出生日期:2 1991-05-19",
        "CN_MOBILE_PHONE 无表头!C:7 13912345671",
        "CN_MOBILE_PHONE 订单!手机:2 13912345678",
        "CN_MOBILE_PHONE 订单!手机:3 13912345679",
        "CN_RESIDENT_ID 订单!身份证号:2 110105194912310000",
        "CN_RESIDENT_ID 订单!身份证号:3 11010519491231002X",
    ];
    let places = places(&folder, "m.jsonl");
    for place in expected {
        assert!(places.iter().any(|found| found == place), "{place} in {places:?}");
    }
    assert!(folder.text("m.jsonl").contains("13912345670"), "the comment");
}
