//! Running the program in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A policy by which everything is hashed.
pub(crate) const POLICY: &str = "\
policy: test
title: Everything hashed but amounts, of which few have digits enough
version: '1'
source: test
entries:
  - {category: amounts, clause: none, entities: [TRANSACTION_AMOUNT], level: 3, deidentify: keep, anonymize: keep}
otherwise: {level: 3, deidentify: hash, anonymize: hash}
";

/// A folder for one test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// One that holds a key, `k`.
    pub(crate) fn with_key() -> Folder {
        let folder = Folder::new();
        folder.tuomin(&["key", "new", "k"]).expect(0);
        folder
    }

    /// As [`Folder::with_key`], with the policies `hash.yml` and `keep.yml`, by which everything is hashed or kept.
    pub(crate) fn with_policies() -> Folder {
        let folder = Folder::with_key();
        folder.write("hash.yml", POLICY);
        folder.write("keep.yml", POLICY.replace("hash", "keep"));
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// Names of all files below, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = walkdir::WalkDir::new(self.0.path())
            .into_iter()
            .map(|entry| entry.unwrap())
            .filter(|entry| !entry.file_type().is_dir())
            .map(|entry| entry.path().strip_prefix(self.0.path()).unwrap().display().to_string())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tuomin"));
        command.args(arguments).current_dir(self.0.path()).env_remove("TUOMIN_KEY");
        command
    }

    /// Runs `tuomin` with these arguments.
    pub(crate) fn tuomin(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs `tuomin` with these arguments and this standard input.
    pub(crate) fn tuomin_with(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // It may end before it has read everything.
        let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ended::of(output)
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: Output) -> Ended {
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Makes sure of the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "\nstdout: {}\nstderr: {}", self.out(), self.stderr);
        self
    }
}

/// Compresses with the program's own library.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = tuomin::source::decompress::Compression::Gzip.encoder(Vec::new()).unwrap();
    std::io::Write::write_all(&mut encoder, content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = tuomin::source::decompress::Compression::Zstd.encoder(Vec::new()).unwrap();
    std::io::Write::write_all(&mut encoder, content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gunzip(path: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut out = Vec::new();
    let magic = std::fs::read(path).unwrap();
    let compression = tuomin::source::decompress::Compression::of(&magic);
    std::io::Read::read_to_end(&mut compression.decoder(file).unwrap(), &mut out).unwrap();
    out
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}
