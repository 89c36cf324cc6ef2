//! Archives and compressed files as other programs write them: scanned member by member, rewritten whole or not at all.

use std::process::Command;

use crate::program::{Ended, Folder, POLICY, contains};

const LOG: &str = "2024-01-01 用户手机13912345678已绑定\n";
const CSV: &str = "name,mobile\n张伟,13800138000\n李娜,13912345678\n";
const ORIGINALS: [&str; 4] = ["13800138000", "13912345678", "11010519491231002X", "张伟"];
fn prepared() -> Folder {
    let folder = Folder::new();
    folder.write("hash.yml", POLICY);
    folder.write("keep.yml", POLICY.replace("hash", "keep"));
    folder.tuomin(&["key", "new", "k"]).expect(0);
    folder
}

fn deidentify(folder: &Folder, policy: &str, input: &str, output: &str) -> Ended {
    folder.tuomin(&["deidentify", "--key-file", "k", "--policy", policy, input, "-o", output])
}

/// Runs another program in the folder.
#[track_caller]
fn run(folder: &Folder, program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).current_dir(folder.path("")).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; see .ci/run for what the tests need"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn python(folder: &Folder, arguments: &[&str]) -> Vec<u8> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/archives.py");
    run(folder, "python3", &[&[script], arguments].concat())
}

fn dump(folder: &Folder, archive: &str) -> Vec<serde_json::Value> {
    serde_json::from_slice(&python(folder, &["dump", archive])).unwrap()
}

const PACKERS: [(&str, &str, &[&str]); 5] = [
    ("gzip", "gz", &["-c"]),
    ("bzip2", "bz2", &["-c"]),
    ("xz", "xz", &["-c"]),
    ("zstd", "zst", &["-c", "-q"]),
    ("lz4", "lz4", &["-c", "-q"]),
];

#[test]
fn every_codec_is_read_and_written_back() {
    let folder = prepared();
    folder.write("a.log", LOG.repeat(3000));
    for (program, ending, options) in PACKERS {
        let packed = run(&folder, program, &[options, &["a.log"]].concat());
        // Two members, streams or frames.
        folder.write(&format!("in.{ending}"), packed.repeat(2));
        let (name, kept, hashed) = (format!("in.{ending}"), format!("kept.{ending}"), format!("hashed.{ending}"));
        folder.tuomin(&["scan", &name, "--summary", "s.json"]).expect(0);
        let summary = folder.json("s.json");
        assert_eq!(
            (&summary["assets"][0]["compression"], &summary["totals"]["matches"]),
            (&program.into(), &6000.into())
        );
        deidentify(&folder, "keep.yml", &name, &kept).expect(0);
        assert!(run(&folder, program, &["-d", "-c", &kept]) == LOG.repeat(6000).as_bytes(), "{program}");
        deidentify(&folder, "hash.yml", &name, &hashed).expect(0);
        let rewritten = run(&folder, program, &["-d", "-c", &hashed]);
        assert!(!contains(&rewritten, b"13912345678"), "{program}");
        assert_eq!(rewritten.iter().filter(|byte| **byte == b'\n').count(), 6000);
        folder.tuomin(&["verify", &hashed, "--policy", "hash.yml"]).expect(0);
        run(&folder, program, &["-t", &hashed]);
        for (what, bytes) in
            [("cut", packed[..packed.len() - 3].to_vec()), ("longer", [&packed[..], b"trailing"].concat())]
        {
            folder.write(&format!("{what}.{ending}"), bytes);
            let ended = deidentify(&folder, "hash.yml", &format!("{what}.{ending}"), "none").expect(3);
            assert!(ended.stderr.contains(program), "{}", ended.stderr);
            assert!(!folder.path("none").exists());
        }
    }
}

#[test]
fn archives_of_other_programs_are_rewritten_member_by_member() {
    let folder = prepared();
    std::fs::create_dir(folder.path("in")).unwrap();
    python(&folder, &["make", "in"]);
    for name in ["gnu.tar", "pax.tar", "ustar.tar", "stored.zip", "deflated.zip", "streamed.zip", "nested.tar"] {
        let input = format!("in/{name}");
        let before = dump(&folder, &input);
        let heads = |members: &[serde_json::Value]| members.iter().map(|m| m["head"].clone()).collect::<Vec<_>>();
        let (kept, hashed) = (format!("kept-{name}"), format!("hashed-{name}"));
        deidentify(&folder, "keep.yml", &input, &kept).expect(0);
        assert_eq!(dump(&folder, &kept), before, "{name}");
        if matches!(name, "gnu.tar" | "pax.tar" | "ustar.tar") {
            // What is not compressed inside is the same byte for byte, but for the gzip member.
            assert_eq!(folder.read(&kept).len(), folder.read(&input).len(), "{name}");
        }
        deidentify(&folder, "hash.yml", &input, &hashed).expect(0);
        let after = dump(&folder, &hashed);
        assert_eq!(heads(&after), heads(&before), "{name}");
        assert!(before.iter().any(|member| member["holds"].as_array().unwrap().len() > 1));
        for member in &after {
            assert_eq!(member["holds"], serde_json::json!([]), "{name}: {}", member["head"]);
        }
        folder.tuomin(&["verify", &hashed, "--policy", "hash.yml"]).expect(0);
        if name.ends_with(".zip") {
            run(&folder, "unzip", &["-tq", &hashed]);
        } else {
            assert_eq!(run(&folder, "tar", &["-tf", &hashed]), run(&folder, "tar", &["-tf", &input]));
        }
    }
    // Tokens are the same in every archive.
    let token = |name: &str| {
        let members = dump(&folder, name);
        members
            .iter()
            .find_map(|m| m["text"].as_str().filter(|t| t.starts_with("name,mobile")).map(str::to_owned))
            .unwrap()
    };
    assert_eq!(token("hashed-gnu.tar"), token("hashed-deflated.zip"));
}

#[test]
fn a_scan_tells_of_each_member() {
    let folder = prepared();
    std::fs::create_dir(folder.path("in")).unwrap();
    python(&folder, &["make", "in"]);
    folder.write("in/a.log", LOG);
    let scan = |threads: &str| {
        folder.tuomin(&["scan", "in", "--summary", "s.json", "--matches", "m.jsonl", "--threads", threads]).expect(0);
        let summary = folder.json("s.json");
        let statuses = summary["assets"].as_array().unwrap().iter();
        let statuses: Vec<_> =
            statuses.map(|a| format!("{} {}", a["path"].as_str().unwrap(), a["status"].as_str().unwrap())).collect();
        let stored: u64 =
            folder.files().iter().filter(|n| n.starts_with("in/")).map(|n| folder.read(n).len() as u64).sum();
        assert_eq!(summary["totals"]["bytes"], stored);
        (statuses, folder.text("m.jsonl"))
    };
    let (statuses, matches) = scan("1");
    for wanted in [
        "in/gnu.tar!/data/people.csv scanned",
        "in/gnu.tar!/日志/app.log scanned",
        "in/gnu.tar!/link skipped",
        "in/gnu.tar scanned",
        "in/deflated.zip!/packed/app.log.gz scanned",
        "in/nested.tar!/in.tar.gz!/data/people.csv scanned",
        "in/nested.tar!/in.zip!/data/people.csv scanned",
        "in/a.log scanned",
    ] {
        assert!(statuses.iter().any(|status| status == wanted), "{wanted}: {statuses:#?}");
    }
    assert!(matches.contains("\"path\":\"in/stored.zip!/big.csv\""));
    assert_eq!(scan("4"), (statuses, matches));
    let ended = folder.tuomin(&["scan", "in/gnu.tar", "--fail-on", "CN_MOBILE_PHONE"]).expect(1);
    assert!(!ended.out().contains("13912345678"));
}

#[test]
fn members_that_need_the_whole_file_are_rewritten_too() {
    let folder = prepared();
    tar(&folder, "a.tar", &[("a.parquet", &crate::trouble::parquet()), ("a.csv", CSV.as_bytes())]);
    run(&folder, "zip", &["-qr", "a.zip", "t"]);
    for (input, program, options) in [("a.tar", "tar", ["-xf", "-C"]), ("a.zip", "unzip", ["-q", "-d"])] {
        deidentify(&folder, "hash.yml", input, "out").expect(0);
        folder.tuomin(&["verify", "out", "--policy", "hash.yml"]).expect(0);
        std::fs::create_dir(folder.path("x")).unwrap();
        run(&folder, program, &[options[0], "out", options[1], "x"]);
        let ended = folder.tuomin(&["scan", "x", "--matches", "-", "--show-values"]).expect(0);
        assert!(!ended.out().contains("13912345678"), "{}", ended.out());
        let extracted = folder.files().iter().filter(|name| name.starts_with("x/")).count();
        assert_eq!(extracted, 2);
        for path in ["x", "out", "out.manifest.json"] {
            let path = folder.path(path);
            if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
        }
    }
}

/// A tar archive by GNU tar, around files that are written first.
fn tar(folder: &Folder, name: &str, files: &[(&str, &[u8])]) {
    for (file, content) in files {
        folder.write(&format!("t/{file}"), content);
    }
    let names: Vec<&str> = files.iter().map(|(file, _)| *file).collect();
    run(folder, "tar", &[&["-cf", name, "-C", "t"], names.as_slice()].concat());
}

#[test]
fn compressed_archives_keep_their_compression() {
    let folder = prepared();
    tar(&folder, "a.tar", &[("a.csv", CSV.as_bytes()), ("b.log", LOG.as_bytes())]);
    for (program, ending, options) in PACKERS {
        let input = format!("a.tar.{ending}");
        folder.write(&input, run(&folder, program, &[options, &["a.tar"]].concat()));
        let output = format!("o.tar.{ending}");
        deidentify(&folder, "keep.yml", &input, "kept").expect(0);
        assert!(run(&folder, program, &["-d", "-c", "kept"]) == folder.read("a.tar"), "{program}");
        for file in ["kept", "kept.manifest.json"] {
            std::fs::remove_file(folder.path(file)).unwrap();
        }
        deidentify(&folder, "hash.yml", &input, &output).expect(0);
        let plain = run(&folder, program, &["-d", "-c", &output]);
        for original in ORIGINALS {
            assert!(!contains(&plain, original.as_bytes()), "{program}: {original}");
        }
        folder.write("plain.tar", &plain);
        assert_eq!(run(&folder, "tar", &["-tf", "plain.tar"]), b"a.csv\nb.log\n");
        // From a pipe to a pipe, too.
        let arguments = ["deidentify", "-", "-o", "-", "--key-file", "k", "--policy", "hash.yml"];
        let piped = folder.tuomin_with(&arguments, &folder.read(&input)).expect(0);
        assert!(piped.stdout == folder.read(&output), "{program}");
    }
}

#[test]
fn a_value_replaced_in_one_member_is_left_in_none() {
    let folder = prepared();
    tar(
        &folder,
        "a.tar",
        &[("1.log", "今天欧阳建国来过\n".as_bytes()), ("2.log", "姓名：欧阳建国，已登记\n".as_bytes())],
    );
    deidentify(&folder, "hash.yml", "a.tar", "o.tar").expect(0);
    assert!(!contains(&folder.read("o.tar"), "欧阳建国".as_bytes()));
    // A name is no content: it cannot be replaced.
    tar(&folder, "b.tar", &[("n 85699449 x.log", b"nothing\n"), ("2.log", "联系电话：85699449\n".as_bytes())]);
    let ended = deidentify(&folder, "hash.yml", "b.tar", "p.tar").expect(3);
    assert!(ended.stderr.contains("in the member n * x.log") && !ended.stderr.contains("85699449"), "{}", ended.stderr);
    assert!(!ended.out().contains("85699449") && !folder.path("p.tar").exists());
}

#[test]
fn an_archive_without_content_in_an_archive_moves_nothing() {
    let folder = prepared();
    std::fs::create_dir_all(folder.path("t/only-a-folder")).unwrap();
    run(&folder, "tar", &["-cf", "t/empty.tar", "-C", "t", "only-a-folder"]);
    tar(&folder, "a.tar", &[("empty.csv", b""), ("a.ndjson", b"{\"mobile\":\"13912345678\"}\n{\"mobile\":\"\"}\n")]);
    run(&folder, "tar", &["-rf", "a.tar", "-C", "t", "empty.tar"]);
    folder.write("t/b.csv", CSV);
    run(&folder, "tar", &["-rf", "a.tar", "-C", "t", "b.csv"]);
    deidentify(&folder, "hash.yml", "a.tar", "o.tar").expect(0);
    folder.tuomin(&["verify", "o.tar", "--policy", "hash.yml"]).expect(0);
    assert_eq!(run(&folder, "tar", &["-tf", "o.tar"]), b"empty.csv\na.ndjson\nempty.tar\nb.csv\n");
}

#[test]
fn one_doubtful_member_fails_the_archive_by_name() {
    let folder = prepared();
    let noise: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let cases: [(&str, &str, &[u8], &str); 4] = [
        ("binary", "sub/picture.bin", &noise, "member sub/picture.bin:"),
        ("name", "phone=13812345678/a.csv", b"a,b\n", "member phone=*/a.csv: its name"),
        ("damaged", "a.csv.gz", &[0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5], "member a.csv.gz: the gzip stream"),
        ("sqlite", "a.db", b"SQLite format 3\0....", "member a.db: the SQLite database is damaged"),
    ];
    for (what, name, content, reason) in cases {
        let archive = format!("{what}.tar");
        tar(&folder, &archive, &[("good.csv", CSV.as_bytes()), (name, content)]);
        run(&folder, "zip", &["-qr", &format!("{what}.zip"), "t"]);
        let ended = deidentify(&folder, "hash.yml", &archive, "none").expect(3);
        assert!(ended.stderr.contains(reason) && !ended.stderr.contains("13812345678"), "{}", ended.stderr);
        let ended = deidentify(&folder, "hash.yml", &format!("{what}.zip"), "none").expect(3);
        assert!(ended.stderr.contains("member t/") && !ended.stderr.contains("13812345678"), "{}", ended.stderr);
        assert!(!folder.path("none").exists());
        let code = if what == "name" { 0 } else { 3 };
        let ended = folder.tuomin(&["scan", &archive, "--summary", "s.json"]).expect(code);
        assert!(!ended.out().contains("13812345678"), "{}", ended.out());
        let summary = folder.text("s.json");
        assert!(summary.contains("good.csv") && !summary.contains("13812345678"));
        assert_eq!(summary.contains("(name in the archive)"), what == "name");
        std::fs::remove_dir_all(folder.path("t")).unwrap();
    }
}

#[test]
fn hostile_archives_are_named_and_write_nothing_else() {
    let folder = prepared();
    tar(&folder, "good.tar", &[("a.csv", CSV.as_bytes())]);
    let good = folder.read("good.tar");
    let mut huge = good.clone();
    huge[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    huge[148..156].copy_from_slice(b"        ");
    let sum: u32 = huge[..512].iter().map(|byte| u32::from(*byte)).sum();
    huge[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let sparse = std::fs::File::create(folder.path("sparse-file")).unwrap();
    sparse.set_len(1 << 20).unwrap();
    run(&folder, "tar", &["-Scf", "sparse.tar", "sparse-file"]);
    run(&folder, "zip", &["-qP", "secret", "-j", "encrypted.zip", "t/a.csv"]);
    run(&folder, "zip", &["-q", "-j", "plain.zip", "t/a.csv"]);
    let zip = folder.read("plain.zip");
    let mut other_name = zip.clone();
    other_name[30] = b'b';
    let mut other_crc = zip.clone();
    let central = memchr::memmem::find(&zip, b"PK\x01\x02").unwrap();
    for at in [14, central + 16] {
        other_crc[at] ^= 1;
    }
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("truncated.tar", good[..1024].to_vec(), "ends too early"),
        ("behind.tar", [&good[..], &good].concat(), "follow the end"),
        ("huge.tar", huge, "ends too early"),
        ("sparse.tar", folder.read("sparse.tar"), "sparse file"),
        ("encrypted.zip", folder.read("encrypted.zip"), "encrypted"),
        ("names.zip", other_name, "before a member"),
        ("crc.zip", other_crc, "checksum"),
        ("cut.zip", zip[..zip.len() - 4].to_vec(), "directory"),
        ("truncated.zip", zip[..central + 10].to_vec(), "directory"),
    ];
    for (name, bytes, reason) in cases {
        folder.write(&format!("bad/{name}"), bytes);
        let input = format!("bad/{name}");
        for ended in [folder.tuomin(&["scan", &input]), deidentify(&folder, "hash.yml", &input, "none")] {
            let ended = ended.expect(3);
            assert!(ended.stderr.contains(reason), "{name}: {}", ended.stderr);
            assert!(!ended.stderr.contains("internal"), "{name}: {}", ended.stderr);
        }
        assert!(!folder.path("none").exists(), "{name}");
    }
}

#[test]
fn a_zip_that_programs_may_read_differently_is_refused() {
    let folder = prepared();
    std::fs::create_dir(folder.path("bad")).unwrap();
    python(&folder, &["hostile", "bad"]);
    let cases = [
        ("gap.zip", "belong to no member"),
        ("overlap.zip", "may read it differently"),
        ("hidden.zip", "belong to no member"),
        ("two-ends.zip", "two ends"),
        ("comment.zip", "would stay"),
        ("member-comment.zip", "would stay"),
        ("folder.zip", "has content"),
        ("lzma.zip", "another method than deflate"),
    ];
    for (name, reason) in cases {
        let input = format!("bad/{name}");
        let ended = deidentify(&folder, "hash.yml", &input, "none").expect(3);
        assert!(ended.stderr.contains(reason) && !ended.stderr.contains("13812345678"), "{name}: {}", ended.stderr);
        assert!(!folder.path("none").exists(), "{name}");
        let code = if name.contains("comment") { 0 } else { 3 };
        folder.tuomin(&["scan", &input]).expect(code);
    }
    // Two members of one name are two members.
    deidentify(&folder, "hash.yml", "bad/twice.zip", "twice.zip").expect(0);
    let members = dump(&folder, "twice.zip");
    assert_eq!(members.iter().filter(|member| member["head"][0] == "a.csv").count(), 2);
    assert!(members.iter().all(|member| member["holds"].as_array().unwrap().is_empty()));
}

#[test]
fn nesting_and_unpacking_are_bounded() {
    let folder = prepared();
    tar(&folder, "0.tar", &[("a.csv", CSV.as_bytes())]);
    for depth in 0..4 {
        run(&folder, "tar", &["-cf", &format!("{}.tar", depth + 1), &format!("{depth}.tar")]);
    }
    folder.tuomin(&["scan", "3.tar"]).expect(0);
    let ended = folder.tuomin(&["scan", "4.tar"]).expect(3);
    assert!(ended.stderr.contains("nested more than 4 deep"), "{}", ended.stderr);
    deidentify(&folder, "hash.yml", "3.tar", "o.tar").expect(0);
    deidentify(&folder, "hash.yml", "4.tar", "p.tar").expect(3);
    // 300 MiB of lines in some kilobytes, by themselves and as a member.
    run(&folder, "sh", &["-c", "yes x | head -c 314572800 | zstd -q -o bomb.zst"]);
    let ended = folder.tuomin(&["scan", "bomb.zst"]).expect(3);
    assert!(ended.stderr.contains("2000 times its size"), "{}", ended.stderr);
    run(&folder, "tar", &["-cf", "bomb.tar", "bomb.zst"]);
    deidentify(&folder, "hash.yml", "bomb.tar", "q.tar").expect(3);
    assert!(!folder.path("q.tar").exists());
}

#[test]
fn office_documents_are_named_as_what_they_are() {
    for (part, what) in [("word/document.xml", "a Word document"), ("xl/workbook.bin", "a binary Excel workbook")] {
        let folder = prepared();
        folder.write("t/[Content_Types].xml", "<Types/>");
        folder.write(&format!("t/{part}"), "<document/>");
        Command::new("zip").args(["-qr", "../book", "."]).current_dir(folder.path("t")).status().unwrap();
        let ended = folder.tuomin(&["scan", "book.zip"]).expect(3);
        assert!(ended.stderr.contains(what), "{}", ended.stderr);
        let ended = deidentify(&folder, "hash.yml", "book.zip", "none").expect(3);
        assert!(ended.stderr.contains(what) && !folder.path("none").exists(), "{}", ended.stderr);
    }
}
