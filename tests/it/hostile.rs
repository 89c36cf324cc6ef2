//! Surroundings that work against a run: no room, a limit on files, links put where folders were, inputs that are no
//! files, names that are no text. For each format, an output is whole or is not there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::faults::{cases, strays};
use crate::program::{Folder, POLICY, contains};

const PHONE: &str = "13912345678";
const LOG: &str = "2024-01-01 用户手机13912345678已绑定\n";
/// What the shell says by its exit code when this machine does not allow what a test needs.
const NOT_ALLOWED: i32 = 77;

/// Runs a shell script in the folder, with the program and its arguments as `"$@"`; its exit code.
fn shell(folder: &Folder, script: &str, arguments: &[String]) -> Option<i32> {
    fs::create_dir_all(folder.path("tmp")).unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", script, "bash", env!("CARGO_BIN_EXE_tuomin")]).args(arguments);
    command.current_dir(folder.path("")).env("TMPDIR", folder.path("tmp")).env_remove("TUOMIN_KEY");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code()
}

/// A limit on the size of files stands in for a full disk: `File too large` at the byte, or a signal that kills.
#[test]
fn a_limit_on_files_leaves_the_old_file_or_the_new_one() {
    let (mut failed, mut killed, mut done) = (0, 0, 0);
    for case in cases() {
        let folder = Folder::with_key();
        let new = case.new_content(&folder);
        // Blocks of 1 KiB: nothing, the start of the output, and as much as it takes.
        for (limit, ignored) in [(0, true), (1, true), (1, false), (4096, true)] {
            case.prepare(&folder);
            let old = folder.read(case.target());
            let trap = if ignored { "trap '' XFSZ;" } else { "" };
            let script = format!("{trap} ulimit -f {limit}; exec \"$@\"");
            let code = shell(&folder, &script, &case.arguments());
            let found = fs::read(folder.path(case.target())).unwrap_or_default();
            let place = format!("{} {limit} {ignored} {code:?}", case.name);
            match code {
                Some(0) => {
                    assert!(found == new, "{place}");
                    done += 1;
                }
                // Only the manifest may have failed, once the output was in place.
                Some(_) => {
                    assert!(found == old || found == new, "{place}");
                    assert!(strays(&folder).is_empty(), "{place}: {:?}", strays(&folder));
                    failed += 1;
                }
                None => {
                    assert!(found == old || found == new, "{place}");
                    killed += 1;
                }
            }
            case.prepare(&folder);
            case.succeed(&folder);
            assert!(strays(&folder).is_empty(), "{place}: {:?}", strays(&folder));
        }
    }
    println!("{failed} failed, {killed} were killed, {done} had room");
    assert!(failed > 20 && killed > 5 && done > 20, "{failed} {killed} {done}");
}

/// A file system of so few pages that the output, or the copy that it is made from, does not fit.
#[test]
fn a_full_file_system_leaves_the_old_file_or_the_new_one() {
    let (mut failed, mut done) = (0, 0);
    for case in cases() {
        let folder = Folder::with_key();
        let new = case.new_content(&folder);
        for pages in [2, 4, 6, 64] {
            case.prepare(&folder);
            let old = folder.read(case.target());
            fs::create_dir_all(folder.path("disk")).unwrap();
            // In a namespace of its own, so that nobody else sees the file system; what is on it is copied out again.
            let script = format!(
                "exec unshare -m bash -c '
                    mount -t tmpfs -o size={}k tmpfs disk || exit {NOT_ALLOWED}
                    mkdir disk/tmp && cp {} k disk && {{ [ ! -f out ] || cp out disk; }} || exit {NOT_ALLOWED}
                    cd disk && TMPDIR=$PWD/tmp \"$@\"; code=$?
                    rm -rf ../seen && mkdir ../seen && cp -a . ../seen; exit $code' bash \"$@\"",
                pages * 4,
                case.name
            );
            let code = shell(&folder, &script, &case.arguments());
            if code == Some(NOT_ALLOWED) || code == Some(1) {
                if pages == 64 {
                    println!("skipped: no file system can be mounted here");
                    return;
                }
                // Not even the input had room.
                continue;
            }
            let found = folder.read(&format!("seen/{}", case.target()));
            let place = format!("{} {pages} pages: {code:?}", case.name);
            assert!(if code == Some(0) { found == new } else { found == old || found == new }, "{place}");
            assert!(fs::read_dir(folder.path("seen/tmp")).unwrap().next().is_none(), "{place}");
            assert!(!folder.files().iter().any(|name| name.contains(".tuomin-")), "{place}: {:?}", folder.files());
            if code == Some(0) { done += 1 } else { failed += 1 }
        }
    }
    println!("{failed} had no room, {done} had");
    assert!(failed > 10 && done > 10, "{failed} {done}");
}

#[test]
fn a_folder_that_became_a_link_is_not_gone_through() {
    let folder = Folder::with_key();
    folder.write("in/sub/a.log", LOG);
    folder.write("elsewhere/a.log", "somebody else's\n");
    let to_out = ["deidentify", "in", "-o", "out", "--key-file", "k", "--force"];
    folder.tuomin(&to_out).expect(0);
    // Between two runs, the folder of the target is swapped: for a link elsewhere, a link to nowhere, a file.
    for swap in 0..3 {
        fs::remove_dir_all(folder.path("out/sub")).or_else(|_| fs::remove_file(folder.path("out/sub"))).unwrap();
        match swap {
            0 => symlink(folder.path("elsewhere"), folder.path("out/sub")).unwrap(),
            1 => symlink(folder.path("nowhere"), folder.path("out/sub")).unwrap(),
            _ => fs::write(folder.path("out/sub"), "x").unwrap(),
        }
        let ended = folder.tuomin(&to_out);
        assert!(ended.code == 3 || ended.code == 2, "{}", ended.stderr);
        assert_eq!(folder.text("elsewhere/a.log"), "somebody else's\n");
        assert!(!folder.path("nowhere").exists());
        assert_eq!(folder.text("in/sub/a.log"), LOG);
    }
    // In place, what stands behind a link is not in the folder.
    fs::rename(folder.path("in/sub"), folder.path("original")).unwrap();
    symlink(folder.path("elsewhere"), folder.path("in/sub")).unwrap();
    fs::write(folder.path("elsewhere/a.log"), LOG).unwrap();
    folder.tuomin(&["deidentify", "in", "--in-place", "--key-file", "k"]);
    assert_eq!(folder.text("elsewhere/a.log"), LOG);
    // A link in the place of the output itself is no file to replace.
    symlink(folder.path("elsewhere/a.log"), folder.path("link")).unwrap();
    let ended = folder.tuomin(&["deidentify", "original/a.log", "-o", "link", "--key-file", "k", "--force"]);
    assert!(ended.code == 3 || ended.code == 2, "{}", ended.stderr);
    assert_eq!(folder.text("elsewhere/a.log"), LOG);
    assert!(folder.path("link").symlink_metadata().unwrap().is_symlink());
    assert!(!folder.files().iter().any(|name| name.contains(".tuomin-")));
}

#[test]
fn what_is_no_file_is_named_and_nobody_waits_for_it() {
    let folder = Folder::with_key();
    folder.write("in/a.log", LOG);
    let make = |arguments: &[&str]| {
        Command::new("mknod")
            .args(arguments)
            .current_dir(folder.path("in"))
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    assert!(make(&["fifo", "p"]));
    let mut kinds = vec![("fifo", "FIFO")];
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("in/socket")).unwrap();
    kinds.push(("socket", "socket"));
    // A terminal, memory and a disk: only for root.
    for (name, kind, major, minor) in [("zero", "c", "1", "5"), ("tty", "c", "4", "0"), ("loop", "b", "7", "200")] {
        if make(&[name, kind, major, minor]) {
            kinds.push((name, "device"));
        } else {
            println!("skipped: no device can be made here");
        }
    }
    let limited = |arguments: &[&str]| {
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", "30", env!("CARGO_BIN_EXE_tuomin")]).args(arguments);
        let output = command.current_dir(folder.path("")).stdin(Stdio::null()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let keyed = |more: &[&'static str]| [&["deidentify", "--key-file", "k"], more].concat();
    for (name, kind) in &kinds {
        let path = format!("in/{name}");
        for arguments in [vec!["scan"], keyed(&["-o", "none"]), keyed(&["--in-place"])] {
            let (code, said) = limited(&[&arguments[..], &[&path]].concat());
            assert!(code == Some(3) || code == Some(2), "{arguments:?} {name}: {code:?} {said}");
            assert!(said.contains(&path) && said.contains(kind), "{arguments:?} {name}: {said}");
            assert!(!folder.path("none").exists());
        }
    }
    // In a folder they are skipped by name, and the file among them is rewritten.
    let (code, said) = limited(&["scan", "in", "--summary", "s.json"]);
    assert_eq!(code, Some(0), "{said}");
    let summary = folder.json("s.json");
    assert_eq!(summary["totals"]["skipped"], kinds.len());
    let (code, said) = limited(&keyed(&["in", "-o", "out"]));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read_dir(folder.path("out")).unwrap().count(), 2, "the file and the manifest");
    // Nor is one of them an output, or gone afterwards.
    for (name, _) in &kinds {
        let (code, said) = limited(&keyed(
            &["in/a.log", "--force", "-o", &format!("in/{name}")]
                .map(|text| &*Box::leak(text.to_owned().into_boxed_str())),
        ));
        assert!(code == Some(3) || code == Some(2), "{name}: {code:?} {said}");
        assert!(!folder.path(&format!("in/{name}")).symlink_metadata().unwrap().is_file(), "{name}");
    }
}

/// Names in Latin-1, GB18030, with line ends and escapes, and as long as may be.
#[test]
fn names_that_are_no_text_are_kept_to_the_byte() {
    let names: [&[u8]; 6] = [
        b"caf\xe9.log",
        b"\xd3\xc3\xbb\xa7.log",
        b"line\nend\r.log",
        b"\x1b[31m\xff\xfe.log",
        b"\xc3\x28 \\x41.log",
        &[b"\xff".repeat(200), b".log".to_vec()].concat(),
    ];
    let folder = Folder::with_key();
    fs::create_dir(folder.path("in")).unwrap();
    let place = |root: &str, name: &[u8]| folder.path(root).join(OsStr::from_bytes(name));
    for name in names {
        fs::write(place("in", name), LOG).unwrap();
    }
    // The same as members of archives.
    let pack = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(folder.path("")).status();
        assert!(status.unwrap().success(), "{program}; see .ci/run for what the tests need");
    };
    pack("tar", &["-cf", "a.tar", "in"]);
    folder.write("hash.yml", POLICY);
    let key = ["--key-file", "k", "--policy", "hash.yml"];
    let whole = |root: &str| {
        for name in names {
            let content = fs::read(place(root, name)).unwrap_or_else(|error| panic!("{root} {name:?}: {error}"));
            assert!(content.starts_with(b"2024-01-01") && !contains(&content, PHONE.as_bytes()));
        }
        assert_eq!(fs::read_dir(folder.path(root)).unwrap().filter(is_log).count(), names.len());
    };
    let matches = folder.tuomin(&["scan", "in", "--matches", "-", "-q"]).expect(0).out();
    let paths: std::collections::BTreeSet<String> = matches
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(paths.len(), names.len(), "each name is told from the others: {paths:?}");
    folder.tuomin(&[&["deidentify", "in", "-o", "out"][..], &key].concat()).expect(0);
    whole("out");
    folder.tuomin(&["verify", "out"]).expect(0);
    folder.tuomin(&[&["deidentify", "a.tar", "-o", "b.tar"][..], &key].concat()).expect(0);
    fs::create_dir(folder.path("x")).unwrap();
    pack("tar", &["-xf", "b.tar", "-C", "x"]);
    whole("x/in");
    folder.tuomin(&[&["deidentify", "in", "--in-place"][..], &key].concat()).expect(0);
    whole("in");
    folder.tuomin(&["verify", "in"]).expect(0);
    fs::write(place("out", names[0]), "changed\n").unwrap();
    folder.tuomin(&["verify", "out"]).expect(1);
}

fn is_log(entry: &std::io::Result<fs::DirEntry>) -> bool {
    Path::new(&entry.as_ref().unwrap().file_name()).extension().is_some_and(|extension| extension == "log")
}
