//! Trouble: hostile folders, damaged files, interrupts. Nothing is missed silently, nothing half-done stays.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::program::{Folder, POLICY, contains, gzip};

const LOG: &str = "2024-01-01 用户手机13912345678已绑定\n";
fn statuses(folder: &Folder) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let summary = folder.json("s.json");
    let assets = summary["assets"].as_array().unwrap();
    assets.iter().map(|asset| (text(&asset["path"]), text(&asset["status"]))).collect()
}

#[test]
fn every_asset_has_one_status() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.write("in/empty", "");
    folder.write("in/cut.gz", &gzip(LOG.repeat(100).as_bytes())[..70]);
    folder.write("in/noise", (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>());
    folder.write("in/.tuomin-stray.tmp", LOG);
    assert!(Command::new("mkfifo").arg(folder.path("in/fifo")).status().unwrap().success());
    symlink(folder.path("in/a.log"), folder.path("in/link")).unwrap();
    let ended = folder.tuomin(&["scan", "in", "--summary", "s.json"]).expect(3);
    let found = statuses(&folder);
    let expected = [
        ("in/.tuomin-stray.tmp", "skipped"),
        ("in/a.log", "scanned"),
        ("in/cut.gz", "failed"),
        ("in/empty", "scanned"),
        ("in/fifo", "skipped"),
        ("in/link", "skipped"),
    ];
    for (path, status) in expected {
        assert!(found.contains(&(path.to_owned(), status.to_owned())), "{path}: {found:?}");
    }
    let noise = found.iter().find(|(path, _)| path == "in/noise").unwrap();
    assert!(noise.1 == "skipped" || noise.1 == "failed", "{noise:?}");
    assert_eq!(found.len(), 7);
    assert!(ended.stderr.contains("in/cut.gz") && ended.stderr.contains("too early"), "{}", ended.stderr);
    assert!(ended.out().contains("in/fifo"), "{}", ended.out());
}

#[test]
fn one_bad_file_never_stops_the_rest() {
    let folder = Folder::new();
    for number in 0..200 {
        if number % 20 == 7 {
            folder.write(&format!("in/{number:03}.gz"), &gzip(LOG.repeat(9).as_bytes())[..40]);
        } else {
            folder.write(&format!("in/{number:03}.log"), LOG);
        }
    }
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml", "--threads", "4"]).expect(3);
    let outputs = folder.files().into_iter().filter(|name| name.starts_with("out/")).count();
    assert_eq!(outputs, 190 + 1, "no output for a bad file, and the manifest");
    let manifest = folder.json("out/_tuomin-manifest.json");
    let failed = manifest["assets"].as_array().unwrap().iter().filter(|asset| asset["status"] == "failed").count();
    assert_eq!(failed, 10);
}

#[test]
fn what_is_named_and_not_read_is_not_whole() {
    let folder = Folder::new();
    assert!(Command::new("mkfifo").arg(folder.path("fifo")).status().unwrap().success());
    let ended = folder.tuomin(&["scan", "fifo"]).expect(3);
    assert!(ended.stderr.contains("FIFO"), "{}", ended.stderr);
    folder.tuomin(&["scan", "/dev/null"]).expect(3);
}

#[test]
fn the_kernels_own_files_are_not_read() {
    let folder = Folder::new();
    let ended = folder.tuomin(&["scan", "/proc/self/environ"]).expect(3);
    assert!(ended.stderr.contains("kernel"), "{}", ended.stderr);
}

#[test]
fn names_cannot_steer_the_terminal() {
    let folder = Folder::new();
    folder.write("in/a\u{1b}[31m\u{202e}.gz", &gzip(LOG.as_bytes())[..20]);
    let ended = folder.tuomin(&["scan", "in"]).expect(3);
    for shown in [ended.out(), ended.stderr] {
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
        assert!(shown.contains("\\u{1b}"), "{shown}");
    }
}

#[test]
fn the_mode_of_the_source_is_kept() {
    let folder = Folder::new();
    let input = folder.write("a.log", LOG);
    std::fs::set_permissions(&input, std::fs::Permissions::from_mode(0o640)).unwrap();
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "a.log", "-o", "out.log", "--policy", "p.yml"]).expect(0);
    assert_eq!(folder.path("out.log").metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn stray_temporary_files_go_with_the_next_run() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.write("out/.tuomin-stray.tmp", LOG);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(0);
    assert!(!folder.path("out/.tuomin-stray.tmp").exists());
    assert!(folder.path("out/a.log").exists());
}

#[test]
fn a_link_in_the_output_folder_is_not_followed() {
    let folder = Folder::new();
    folder.write("in/sub/a.log", LOG);
    folder.write("elsewhere/keep", "x");
    folder.write("p.yml", POLICY);
    std::fs::create_dir(folder.path("out")).unwrap();
    symlink(folder.path("elsewhere"), folder.path("out/sub")).unwrap();
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(3);
    assert!(!folder.path("elsewhere/a.log").exists());
}

#[test]
fn an_interrupt_leaves_nothing_half_done() {
    use std::io::Write;
    let folder = Folder::new();
    folder.write("p.yml", POLICY);
    let mut command = folder.command(&["anonymize", "-", "-o", "out.log", "--policy", "p.yml"]);
    let mut child = command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(LOG.repeat(200_000).as_bytes()).unwrap();
    // It has begun to write, and waits for more.
    let begun = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        folder.files().iter().any(|name| name.contains(".tuomin-"))
    });
    assert!(begun, "{:?}", folder.files());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
    assert_eq!(folder.files(), ["p.yml"]);
}

#[test]
fn a_closed_pipe_fails_a_rewrite() {
    let folder = Folder::new();
    folder.write("a.log", LOG.repeat(100_000));
    folder.write("p.yml", POLICY);
    let mut command = folder.command(&["anonymize", "a.log", "-o", "-", "--policy", "p.yml"]);
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

/// A dump of PostgreSQL up to the given end.
fn postgres(end: &str) -> String {
    format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n\
         CREATE TABLE public.people (\n    n integer,\n    mobile character varying(20)\n);\n\n{end}"
    )
}

fn mysql(end: &str) -> String {
    format!(
        "-- MySQL dump 10.13  Distrib 8.0.33, for Linux (x86_64)\n--\n-- Server version\t8.0.33\n\
         /*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE `people` (\n  `n` int,\n  `mobile` varchar(20)\n);\n{end}"
    )
}

/// A Parquet file with a column of mobile numbers.
pub(crate) fn parquet() -> Vec<u8> {
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    let values: ArrayRef = std::sync::Arc::new(StringArray::from(vec!["13912345678"; 500]));
    let batch = RecordBatch::try_from_iter([("mobile", values)]).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// Damaged files: name, content, and what must be said of each: the place, the reason, the way out.
fn damaged() -> Vec<(&'static str, Vec<u8>, [&'static str; 3])> {
    let parquet = parquet();
    let mut holed = parquet.clone();
    let footer = holed.len() - 40;
    holed[footer..footer + 20].fill(0xFF);
    let copy = "COPY public.people (n, mobile) FROM stdin;\n1\t13912345678\n";
    let insert = "INSERT INTO public.people VALUES (1, '13912345678');\n";
    let mysql_insert = "INSERT INTO `people` VALUES (1,'13912345678'),(2,";
    vec![
        ("cut.parquet", parquet[..parquet.len() / 2].to_vec(), ["", "ends before its footer", "fetch it again"]),
        ("holed.parquet", holed, ["", "damaged", "fetch it again"]),
        ("cut-copy.sql", postgres(&format!("{copy}2\t1391")).into_bytes(), ["line ", "ends", "dump again"]),
        ("cut-row-end.sql", postgres(copy).into_bytes(), ["line ", "ends", "dump again"]),
        ("ragged-copy.sql", postgres(&format!("{copy}2\n\\.\n")).into_bytes(), ["line 14", "2", "damaged"]),
        (
            "cut-insert.sql",
            postgres(&format!("{insert}INSERT INTO public.people VALUES (2, '1391")).into_bytes(),
            ["line 13", "ends inside a quoted string", "dump again"],
        ),
        (
            "cut-between-values.sql",
            postgres(&format!("{insert}INSERT INTO public.people VALUES (2, ")).into_bytes(),
            ["line 13", "ends inside", "dump again"],
        ),
        ("cut-mysql.sql", mysql(mysql_insert).into_bytes(), ["line ", "ends inside", "dump again"]),
        (
            "cut-mysql-text.sql",
            mysql(&format!("{mysql_insert}'1391")).into_bytes(),
            ["line ", "ends inside a quoted string", "dump again"],
        ),
        (
            "bytes.log",
            [LOG.as_bytes(), b"\xff\xfe\xfa 13912345678\n"].concat(),
            ["line 2", "neither UTF-8 nor GB18030", "--invalid-bytes keep"],
        ),
        (
            "bytes.csv",
            [b"n,mobile\n1,13912345678\n".as_slice(), b"\xe4\xff\xff,13912345678\n"].concat(),
            ["line 3", "neither UTF-8 nor GB18030", "--invalid-bytes keep"],
        ),
        (
            "cut.ndjson",
            b"{\"mobile\":\"13912345678\"}\n{\"mobile\":\"1391234".to_vec(),
            ["line 2", "cut short", "--format text"],
        ),
        (
            "quote.csv",
            b"n,mobile\n1,13912345678\n2,\"13912345678\n".to_vec(),
            ["line 3", "a quote that opens here is not closed", "--format text"],
        ),
        ("cut.log.gz", gzip(LOG.repeat(100).as_bytes())[..70].to_vec(), ["", "too early", "get a whole copy"]),
    ]
}

/// What the run said of `name`.
#[track_caller]
fn said<'a>(errors: &'a str, name: &str) -> &'a str {
    let path = format!("in/{name}:");
    errors.lines().find(|line| line.contains(&path)).unwrap_or_else(|| panic!("nothing is said of {name}: {errors}"))
}

#[test]
fn damage_is_named_with_place_reason_and_way_out() {
    for action in [&["deidentify", "--key-file", "k"][..], &["anonymize"]] {
        let folder = Folder::new();
        folder.tuomin(&["key", "new", "k"]).expect(0);
        let good = [("a.log", LOG.as_bytes().to_vec()), ("z.parquet", parquet())];
        let good = good.into_iter().chain([
            ("m.csv", b"n,mobile\n1,13912345678\n".to_vec()),
            ("m.sql", postgres("INSERT INTO public.people VALUES (1, '13912345678');\n").into_bytes()),
        ]);
        let good: Vec<(&str, Vec<u8>)> = good.collect();
        for (name, content) in &good {
            folder.write(&format!("in/{name}"), content);
        }
        for (name, content, _) in damaged() {
            folder.write(&format!("in/{name}"), content);
        }
        let ended = folder.tuomin(&[action, &["in", "-o", "out"]].concat()).expect(3);
        for (name, _, parts) in damaged() {
            let line = said(&ended.stderr, name);
            for part in parts {
                assert!(line.contains(part), "{name}: no {part:?} in {line:?}");
            }
        }
        assert!(!ended.stderr.contains("1391234") && !ended.out().contains("13912345678"), "{}", ended.stderr);
        // The good ones are there, whole, and nothing else: no half of a file, no temporary file.
        let mut expected: Vec<String> = good.iter().map(|(name, _)| format!("out/{name}")).collect();
        expected.push("out/_tuomin-manifest.json".to_owned());
        expected.sort();
        let outputs: Vec<String> = folder.files().into_iter().filter(|name| !name.starts_with("in/")).collect();
        let outputs: Vec<String> = outputs.into_iter().filter(|name| name != "k").collect();
        assert_eq!(outputs, expected);
        for name in &expected {
            assert!(!contains(&folder.read(name), b"13912345678"), "{name}");
        }
        let manifest = folder.json("out/_tuomin-manifest.json");
        let assets = manifest["assets"].as_array().unwrap();
        let with = |status: &str| assets.iter().filter(|asset| asset["status"] == status).count();
        assert_eq!((with("rewritten"), with("failed")), (good.len(), damaged().len()));
        // The inputs are as they were.
        for (name, content, _) in damaged() {
            assert!(folder.read(&format!("in/{name}")) == content, "{name}");
        }
    }
}

#[test]
fn a_damaged_file_alone_or_in_a_stream_leaves_nothing() {
    for (name, content, _) in damaged() {
        let folder = Folder::new();
        folder.write(name, &content);
        folder.tuomin(&["anonymize", name, "-o", "out"]).expect(3);
        // Neither an output nor a manifest, which would stand in the way of the next try.
        assert_eq!(folder.files(), [name]);
        folder.tuomin(&["anonymize", name, "-o", "out"]).expect(3);
        let ended = folder.tuomin_with(&["anonymize", "-", "-o", "-"], &content).expect(3);
        assert!(!contains(&ended.stdout, b"13912345678"), "{name}");
        assert!(!ended.stderr.is_empty());
    }
}

/// Runs `tuomin` as a user whom file modes bind: the tests' own, or another one when that is root.
fn as_plain_user(folder: &Folder, arguments: &[&str]) -> Option<std::process::Output> {
    const NOBODY: u32 = 65534;
    let command = folder.command(arguments);
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return Some({ command }.stdin(Stdio::null()).output().unwrap());
    }
    for entry in walkdir::WalkDir::new(folder.path("")) {
        std::os::unix::fs::chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut plain = Command::new("setpriv");
    plain.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(command.get_program());
    plain.args(command.get_args()).current_dir(folder.path("")).env_remove("TUOMIN_KEY").stdin(Stdio::null());
    let output = plain.output().ok();
    // 126 and 127: setpriv could not start the program, which may stand where others cannot read it.
    let output = output.filter(|output| !matches!(output.status.code(), Some(126 | 127)));
    if output.is_none() {
        assert!(std::env::var_os(crate::support::servers::REQUIRED).is_none(), "no unprivileged user can run tuomin");
        println!("skipped: the tests run as root, and no unprivileged user can run tuomin");
    }
    output
}

#[test]
fn what_may_not_be_read_is_named() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    let closed = folder.write("in/closed.log", LOG);
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let Some(output) = as_plain_user(&folder, &["anonymize", "in", "-o", "out"]) else { return };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(said(&errors, "closed.log").to_lowercase().contains("permission"), "{errors}");
    let outputs: Vec<String> = folder.files().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(outputs, ["out/_tuomin-manifest.json", "out/a.log"]);
}

#[test]
fn a_wrong_key_or_output_stops_everything_before_it_begins() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.tuomin(&["key", "new", "k"]).expect(0);
    folder.write("short", "tuomin-key-v1:aaaaaaaaaaaaaaaa\n");
    folder.write("other", "password\n");
    let exposed = folder.write("exposed", folder.read("k"));
    for (path, mode) in [("short", 0o600), ("other", 0o600), ("exposed", 0o644)] {
        std::fs::set_permissions(folder.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let before = folder.files();
    let refused: &[(&[&str], [&str; 2])] = &[
        (&["in", "-o", "out"], ["no key", "tuomin key new"]),
        (&["in", "-o", "out", "--key-file", "nowhere"], ["nowhere", "tuomin key new nowhere"]),
        (&["in", "-o", "out", "--key-file", "exposed"], ["by others", "chmod 600 exposed"]),
        (&["in", "-o", "out", "--key-file", "short"], ["short", "tuomin key new"]),
        (&["in", "-o", "out", "--key-file", "other"], ["is not a key", "tuomin key new"]),
        (&["in", "-o", "out", "--key-file", "in"], ["not a regular file", "give the path"]),
        (&["in", "-o", "in/out", "--key-file", "k"], ["is inside the input", "choose one beside it"]),
        (&["in/a.log", "-o", "in/a.log", "--key-file", "k"], ["in/a.log", "give another -o"]),
    ];
    for (arguments, parts) in refused {
        let ended = folder.tuomin(&[&["deidentify"], *arguments].concat()).expect(2);
        for part in parts {
            assert!(ended.stderr.contains(part), "{arguments:?}: no {part:?} in {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("password") && !ended.stderr.contains("aaaaaaaa"), "{}", ended.stderr);
        assert_eq!(folder.files(), before, "{arguments:?}");
    }
    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&exposed, std::fs::Permissions::from_mode(mode)).unwrap();
        folder.tuomin(&["deidentify", "in", "-o", "out", "--key-file", "exposed"]).expect(2);
    }
    std::fs::set_permissions(&exposed, std::fs::Permissions::from_mode(0o600)).unwrap();
    folder.tuomin(&["deidentify", "in", "-o", "out", "--key-file", "exposed"]).expect(0);
}

#[test]
fn content_that_is_not_read_is_a_gap() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.tuomin(&["scan", "in"]).expect(0);
    symlink(folder.path("in/a.log"), folder.path("in/link")).unwrap();
    folder.tuomin(&["scan", "in"]).expect(0);
    folder.write("in/b.7z", b"7z\xbc\xaf\x27\x1c\0\x04");
    let ended = folder.tuomin(&["scan", "in", "--summary", "s.json"]).expect(3);
    assert!(ended.stderr.contains("in/b.7z: is 7z"), "{}", ended.stderr);
    assert_eq!(folder.json("s.json")["complete"], false);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(3);
}

#[test]
fn a_report_never_takes_the_place_of_an_input_or_a_device() {
    let folder = Folder::new();
    folder.write("a.log", LOG);
    folder.write("in/b.log", LOG);
    symlink("/dev/null", folder.path("device")).unwrap();
    for report in ["--matches", "--summary"] {
        for (input, place) in [("a.log", "a.log"), ("in", "in/b.log"), ("a.log", "device")] {
            folder.tuomin(&["scan", input, report, place]).expect(2);
        }
    }
    folder.tuomin(&["scan", "a.log", "--matches", "m", "--summary", "m"]).expect(2);
    assert_eq!((folder.text("a.log"), folder.text("in/b.log")), (LOG.to_owned(), LOG.to_owned()));
    assert!(folder.path("device").is_symlink());
    for _ in 0..2 {
        folder.tuomin(&["scan", "a.log", "--matches", "m", "--summary", "s"]).expect(0);
    }
}

#[test]
fn an_output_is_never_setuid() {
    let folder = Folder::new();
    let input = folder.write("a.log", LOG);
    std::fs::set_permissions(&input, std::fs::Permissions::from_mode(0o6755)).unwrap();
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "a.log", "-o", "out.log", "--policy", "p.yml"]).expect(0);
    assert_eq!(folder.path("out.log").metadata().unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn an_output_and_the_manifest_never_meet() {
    let folder = Folder::new();
    folder.write("in/a.log", LOG);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(0);
    for force in [&[][..], &["--force"]] {
        let ended =
            folder.tuomin(&[&["anonymize", "out", "-o", "again", "--policy", "p.yml"], force].concat()).expect(2);
        assert!(ended.stderr.contains("manifest"), "{}", ended.stderr);
    }
    assert!(!folder.path("again").exists());
}

#[test]
fn verify_names_what_the_run_did_not_write() {
    let folder = Folder::new();
    folder.write("in/sub/a.log", LOG);
    folder.write("p.yml", POLICY);
    folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(0);
    folder.tuomin(&["verify", "out"]).expect(0);
    folder.tuomin(&["verify", "out/"]).expect(0);
    folder.write("out/sub/raw.log", LOG);
    let ended = folder.tuomin(&["verify", "out"]).expect(1);
    assert!(ended.stderr.contains("out/sub/raw.log"), "{}", ended.stderr);
}

#[test]
fn what_is_left_in_statements_is_said() {
    let folder = Folder::new();
    let dump = "--\n-- PostgreSQL database dump\n--\nSET client_encoding = 'UTF8';\n\
        CREATE TABLE public.u (phone text DEFAULT '13912345678');\nCOPY public.u (phone) FROM stdin;\n13712345678\n\\.\n";
    folder.write("d.sql", dump);
    folder.write("p.yml", POLICY);
    let ended = folder.tuomin(&["anonymize", "d.sql", "-o", "out.sql", "--policy", "p.yml"]).expect(3);
    assert!(ended.stderr.contains("1 values stand in statements"), "{}", ended.stderr);
    assert!(folder.text("out.sql").contains("DEFAULT '13912345678'"), "{}", folder.text("out.sql"));
    let operators = &folder.json("out.sql.manifest.json")["assets"][0]["operators"]["CN_MOBILE_PHONE"];
    assert_eq!((&operators["hash"], &operators["left in statements"]), (&1.into(), &1.into()), "{operators}");
}

#[test]
fn a_stream_holds_no_value_that_was_replaced_beside() {
    let folder = Folder::new();
    folder.write("p.yml", POLICY);
    let log = format!("traceId=13912345678\n{LOG}");
    let ended = folder.tuomin_with(&["anonymize", "-", "-o", "-", "--policy", "p.yml"], log.as_bytes());
    assert!(!ended.out().contains("13912345678"), "{}", ended.out());
}

#[test]
fn a_stream_holds_no_value_that_was_replaced_in_an_earlier_block() {
    let folder = Folder::new();
    folder.write("p.yml", POLICY);
    let filler = "2024-01-01 nothing to see here, only text that fills a block\n".repeat(60_000);
    let log = format!("{LOG}{filler}traceId=13912345678 １３９１２３４５６７８\n");
    let mut outputs = Vec::new();
    for threads in ["1", "4"] {
        folder.tuomin(&["key", "new", threads]).expect(0);
        let arguments = ["deidentify", "-", "-o", "-", "--policy", "p.yml", "--key-file", "1", "--threads", threads];
        let ended = folder.tuomin_with(&arguments, log.as_bytes()).expect(0);
        assert!(!ended.out().contains("13912345678") && !ended.out().contains("１３９１２３４５６７８"));
        outputs.push(ended.out());
    }
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn a_path_that_holds_a_value_is_refused() {
    let folder = Folder::new();
    folder.write("in/phone=13912345678/a.log", "nothing\n");
    folder.write("in/b.log", LOG);
    folder.write("p.yml", POLICY);
    let ended = folder.tuomin(&["anonymize", "in", "-o", "out", "--policy", "p.yml"]).expect(3);
    assert!(ended.stderr.contains("its path holds a value of CN_MOBILE_PHONE"), "{}", ended.stderr);
    assert_eq!(folder.files().iter().filter(|file| file.starts_with("out/") && file.contains("139")).count(), 0);
    assert!(folder.path("out/b.log").exists());
}
