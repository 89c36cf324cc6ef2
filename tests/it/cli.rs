//! Scanning: exit codes, reports, streams, and what is never shown.

use crate::program::{Folder, contains, gzip, zstd};

const CSV: &str = "name,mobile,note\n张伟,13800138000,ok\n李娜,13912345678,ok\n王芳,,none\n";

fn matches(folder: &Folder, arguments: &[&str]) -> Vec<serde_json::Value> {
    let ended = folder.tuomin(&[&["scan", "--matches", "-", "-q"], arguments].concat());
    ended.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_scan_finds_counts_and_masks() {
    let folder = Folder::new();
    folder.write("in/a.csv", CSV);
    let ended = folder.tuomin(&["scan", "in", "--summary", "s.json"]).expect(0);
    assert!(ended.out().contains("CN_MOBILE_PHONE"), "{}", ended.out());
    let summary = folder.json("s.json");
    let findings = summary["assets"][0]["findings"].as_array().unwrap();
    let phone = findings.iter().find(|found| found["entity"] == "CN_MOBILE_PHONE").unwrap();
    assert_eq!((&phone["matches"], &phone["distinct"], &phone["values"]), (&2.into(), &2.into(), &2.into()));
    assert_eq!((&phone["column"], &phone["column_verdict"]), (&"mobile".into(), &"is".into()));
    for shown in [ended.stdout.as_slice(), ended.stderr.as_bytes(), &folder.read("s.json")] {
        assert!(!contains(shown, b"13912345678"));
    }
}

/// Columns of which the name says nothing: one of names, two of which no grammar takes for one, and columns of words.
#[test]
fn a_column_is_one_of_names_when_its_values_are() {
    let folder = Folder::new();
    let names = ["张伟", "王秀英", "李娜", "刘洋", "陈静", "杨磊", "赵敏", "黄涛", "高强", "吴杰", "徐丽", "欧阳建国"];
    let words = ["白色", "黑色", "红色", "黄色", "蓝色", "绿色", "紫色", "灰色", "金色", "银色", "米色", "青色"];
    let brands = ["华为", "李宁", "王老吉", "联想", "海尔", "格力", "安踏", "美的", "百度", "京东", "蒙牛", "海信"];
    let mut text = "c1,c2,c3,c4\n".to_owned();
    for (row, name) in names.iter().enumerate() {
        text.push_str(&format!("{row},{name},{},{}\n", words[row], brands[row]));
    }
    folder.write("a.csv", &text);
    let found = matches(&folder, &["a.csv", "--show-values"]);
    let of = |column: &str| {
        let of_column = |one: &&serde_json::Value| one["column"] == column && one["entity"] == "PERSON_NAME";
        found.iter().filter(of_column).map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("c2"), names);
    assert_eq!((of("c3").len(), of("c4").len()), (0, 0));
}

#[test]
fn match_lines_point_at_the_value_in_the_decoded_stream() {
    let folder = Folder::new();
    folder.write("a.csv", CSV);
    folder.write("b.log.gz", gzip("one\n用户手机13912345678已绑定\n".as_bytes()));
    for (path, content) in [("a.csv", CSV), ("b.log.gz", "one\n用户手机13912345678已绑定\n")] {
        let found = matches(&folder, &[path]);
        let phone = found.iter().rfind(|found| found["entity"] == "CN_MOBILE_PHONE").unwrap();
        let (start, end) = (phone["start"].as_u64().unwrap() as usize, phone["end"].as_u64().unwrap() as usize);
        assert_eq!(content.get(start..end), Some("13912345678"), "{phone}");
        let line = 1 + content[..start].matches('\n').count() as u64;
        assert_eq!((phone["line"].as_u64(), &phone["path"]), (Some(line), &path.into()));
        assert_eq!(phone["masked"], "139****5678");
        assert!(phone.get("value").is_none());
    }
    let shown = matches(&folder, &["a.csv", "--show-values"]);
    assert!(shown.iter().any(|found| found["value"] == "13912345678"));
}

#[test]
fn the_answer_does_not_depend_on_threads() {
    let folder = Folder::new();
    let line = "2024-01-01 手机13912345678 mail z@example.com.cn ip 58.33.12.9\n";
    for name in 0..30 {
        folder.write(&format!("in/{name}.log"), line.repeat(name));
    }
    folder.write("in/large.log", line.repeat(200_000));
    let with = |threads: &str| {
        let ended = folder.tuomin(&["scan", "in", "--matches", "-", "-q", "--threads", threads]).expect(0);
        ended.stdout
    };
    let one = with("1");
    assert!(one.len() > 1_000_000);
    for threads in ["2", "8"] {
        assert!(with(threads) == one, "{threads} threads differ");
    }
}

#[test]
fn gates_set_the_exit_code() {
    let folder = Folder::new();
    folder.write("a.csv", CSV);
    folder.tuomin(&["scan", "a.csv", "--fail-on", "CN_MOBILE_PHONE"]).expect(1);
    folder.tuomin(&["scan", "a.csv", "--fail-on", "level1"]).expect(1);
    folder.tuomin(&["scan", "a.csv", "--fail-on", "BANK_CARD"]).expect(0);
    for wrong in ["level5", "level", "NO_SUCH", "mobile"] {
        folder.tuomin(&["scan", "a.csv", "--fail-on", wrong]).expect(2);
    }
    // Not wholly read beats found.
    folder.write("b.log.gz", &gzip(CSV.repeat(50).as_bytes())[..60]);
    folder.tuomin(&["scan", "a.csv", "b.log.gz", "--fail-on", "CN_MOBILE_PHONE"]).expect(3);
}

#[test]
fn usage_errors_are_fatal_and_say_what_to_do() {
    let folder = Folder::new();
    folder.write("a.csv", CSV);
    for arguments in [
        &["scan"][..],
        &["scan", "nowhere"],
        &["scan", "-", "-"],
        &["scan", "a.csv", "--min-score", "1.1"],
        &["scan", "a.csv", "--format", "word"],
        &["scan", "a.csv", "--policy", "nowhere"],
        &["scan", "a.csv", "--show-values"],
        &["wash", "a.csv"],
    ] {
        let ended = folder.tuomin(arguments).expect(2);
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
    let ended = folder.tuomin(&["deidentify", "a.csv", "-o", "out"]).expect(2);
    assert!(ended.stderr.contains("tuomin key new"), "{}", ended.stderr);
}

#[test]
fn standard_input_and_every_compression_give_the_same() {
    let folder = Folder::new();
    let count = |content: &[u8]| {
        let ended = folder.tuomin_with(&["scan", "-", "--matches", "-", "-q"], content).expect(0);
        ended.out().lines().filter(|line| line.contains("CN_MOBILE_PHONE")).count()
    };
    assert_eq!(count(CSV.as_bytes()), 2);
    assert_eq!(count(&gzip(CSV.as_bytes())), 2);
    assert_eq!(count(&zstd(CSV.as_bytes())), 2);
    let two_members = [gzip(CSV.as_bytes()), gzip("赵六,13912345678,x\n".as_bytes())].concat();
    assert_eq!(count(&two_members), 3);
    assert_eq!(count(b""), 0);
}

#[test]
fn help_and_lists_are_there() {
    let folder = Folder::new();
    let help = folder.tuomin(&["--help"]).expect(0).out();
    for part in ["scan", "deidentify", "anonymize", "verify", "Examples:", "Exit codes:"] {
        assert!(help.contains(part), "{part}");
    }
    assert!(folder.tuomin(&["rules", "list"]).expect(0).out().contains("CN_RESIDENT_ID"));
    assert!(folder.tuomin(&["rules", "show", "CN_MOBILE_PHONE"]).expect(0).out().contains("手机"));
    folder.tuomin(&["rules", "show", "NO_SUCH"]).expect(2);
    assert!(folder.tuomin(&["policy", "list"]).expect(0).out().contains("default"));
    assert!(folder.tuomin(&["policy", "show"]).expect(0).out().contains("level"));
    assert!(folder.tuomin(&["completions", "bash"]).expect(0).out().contains("deidentify"));
    assert!(folder.tuomin(&["man"]).expect(0).out().contains(".TH"));
}

#[test]
fn keys_are_made_once_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let ended = folder.tuomin(&["key", "new", "k"]).expect(0);
    let key = folder.text("k");
    let secret = key.trim().rsplit(':').next().unwrap();
    assert!(!ended.out().contains(secret) && !ended.stderr.contains(secret));
    assert_eq!(folder.path("k").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    folder.tuomin(&["key", "new", "k"]).expect(2);
    assert_eq!(folder.text("k"), key);
}
