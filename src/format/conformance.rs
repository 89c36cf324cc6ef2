//! What every stream format must do, driven as the pipeline drives it: for the tests of the formats.

use super::{Access, Codec, Cut, FORMATS, Format};
use crate::block::{Block, Edits};
use crate::error::DataError;
use crate::source::slab::Slab;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// One block as the splitter cut it.
pub(crate) struct Piece {
    pub(crate) raw: Vec<u8>,
    pub(crate) byte_offset: u64,
    pub(crate) first_line: u64,
    pub(crate) codec: Arc<dyn Codec>,
}

impl Piece {
    pub(crate) fn lex(&self) -> Result<Block, DataError> {
        self.codec.lex(Slab::lenient(self.raw.clone(), self.byte_offset, self.first_line).0)
    }

    pub(crate) fn render(&self, block: &Block, edits: &Edits) -> Result<Vec<u8>, DataError> {
        let mut out = Vec::new();
        self.codec.render(block, edits, &mut out)?;
        Ok(out)
    }
}

/// Cuts `data` into blocks of about `target` bytes, offered to the splitter `chunk` bytes at a time.
pub(crate) fn split(format: &dyn Format, data: &[u8], target: usize, chunk: usize) -> Result<Vec<Piece>, DataError> {
    let Access::Stream(open) = format.open() else { panic!("{} is no stream format", format.name()) };
    let mut splitter = open(&data[..data.len().min(64 * 1024)])?;
    let (mut pieces, mut start, mut end, mut line) = (Vec::new(), 0, 0, 1);
    while start < data.len() {
        match splitter.cut(&data[start..end], end == data.len(), target)? {
            Cut::More => {
                assert!(end < data.len(), "asks for more at the end");
                end = data.len().min(end + chunk);
            }
            Cut::Block { len, codec } => {
                assert!(len >= 1 && start + len <= end);
                let raw = data[start..start + len].to_vec();
                let lines = memchr::memchr_iter(b'\n', &raw).count() as u64;
                pieces.push(Piece { raw, byte_offset: start as u64, first_line: line, codec });
                line += lines;
                start += len;
            }
        }
    }
    Ok(pieces)
}

/// Splits, lexes and renders `data` without an edit.
pub(crate) fn render_all(format: &dyn Format, data: &[u8], target: usize, chunk: usize) -> Result<Vec<u8>, DataError> {
    let mut out = Vec::new();
    for piece in split(format, data, target, chunk)? {
        out.extend(piece.render(&piece.lex()?, &Edits::default())?);
    }
    Ok(out)
}

/// A file or folder of this folder that implements [`Format`] and is not in [`FORMATS`] is dead code that nobody
/// would notice.
#[test]
fn every_format_of_this_folder_is_registered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format");
    let registry = fs::read_to_string(folder.join("mod.rs")).unwrap();
    let (_, registry) = registry.split_once("pub static FORMATS").unwrap();
    let (registry, _) = registry.split_once("];").unwrap();
    let mut formats = 0;
    let mut seen: Vec<String> = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // `sql` is what the SQL dumps share, `columnar` what the formats that know columns do.
        if ["mod", "conformance", "sql", "columnar", "removal", "sections"].contains(&module.as_str())
            || seen.contains(&module)
        {
            continue;
        }
        let sources: Vec<String> = [folder.join(format!("{module}.rs")), folder.join(&module).join("mod.rs")]
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok())
            .collect();
        let source = sources.concat();
        let names: Vec<&str> = source
            .split("impl Format for ")
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
            .collect();
        assert!(!names.is_empty(), "src/format/{module} has no `impl Format for`");
        for name in names {
            assert!(source.contains(&format!("pub struct {name}")), "{module}::{name} is not public");
            assert!(registry.contains(&format!("&{module}::{name}")), "add `&{module}::{name}` to FORMATS");
            formats += 1;
        }
        seen.push(module);
    }
    assert_eq!(formats, FORMATS.len(), "FORMATS has an entry that no file of this folder stands for");
    let mut names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FORMATS.len(), "two formats have the same name");
}
