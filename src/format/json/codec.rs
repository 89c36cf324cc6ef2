//! Tokens of a block of JSON, and the block written back with new text in some of them.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::escape::{self, SideBySide};
use super::lexer::{Container, Fault, Kind, Lexer, Start, Token};
use super::path::{Walker, key_of};
use super::{ADVICE, member, numbers, object};
use crate::block::{Aside, Block, ColumnKind, Edits, Syntax, TextBlock, TextEdit};
use crate::error::{DataError, Position};
use crate::finding::{Match, Place};
use crate::format::{Codec, Members, Object, Site};
use crate::scalar;
use crate::source::slab::Slab;

/// Reads and writes one block.
pub(crate) struct JsonCodec {
    start: Start,
    /// The block may start with a byte order mark.
    starts_stream: bool,
    /// Where the last [`Codec::site`] left off: matches come in order, and a block may be one long line.
    walk: Mutex<Option<Walk>>,
}

/// A walk over the block whose text stands at an address. Emptied by each `lex`: two blocks that this codec lexed
/// have the same address only when the first is gone.
struct Walk {
    address: usize,
    walker: Walker,
}

impl JsonCodec {
    /// The records of a document: each object that is an element of its outermost array, and else what stands outside
    /// of these in one value.
    fn documents(&self, text: &[u8]) -> Vec<(usize, u32)> {
        let mut stack = self.start.stack.clone();
        let mut lexer = Lexer::new(text, self.first(text), self.start.clone());
        // The number of the value around, of the record within, and of the next one.
        let (mut value, mut next) = (0, 1);
        let mut records = vec![(0, value)];
        let arrays = |stack: &[Container]| stack.iter().filter(|held| **held == Container::Array).count();
        while let Ok(Some(token)) = lexer.next() {
            match token.kind {
                Kind::Open(opened) => {
                    let is_element = stack.last() == Some(&Container::Array) && arrays(&stack) == 1;
                    stack.push(opened);
                    if opened == Container::Object && is_element {
                        records.push((token.span.start, next));
                        next += 1;
                    }
                }
                Kind::Close => {
                    let closed = stack.pop();
                    let is_element = stack.last() == Some(&Container::Array) && arrays(&stack) == 1;
                    if closed == Some(Container::Object) && is_element {
                        records.push((token.span.end, value));
                    }
                }
                _ => {}
            }
            if lexer.is_at_top() {
                value = next;
                next += 1;
                records.push((token.span.end, value));
            }
        }
        records
    }

    pub(super) fn new(start: Start, starts_stream: bool) -> JsonCodec {
        JsonCodec { start, starts_stream, walk: Mutex::new(None) }
    }

    /// Of a text that is one document, such as a cell of a table.
    pub(crate) fn of_document() -> JsonCodec {
        JsonCodec::new(Start::top(false), false)
    }

    /// Whether a text is one value and nothing else.
    pub(crate) fn is_one_value(&self, text: &[u8]) -> bool {
        let mut lexer = Lexer::new(text, 0, self.start.clone());
        let mut values = 0;
        loop {
            match lexer.next() {
                Ok(Some(_)) => values += usize::from(lexer.is_at_top()),
                Ok(None) => return values == 1 && lexer.is_at_top(),
                Err(_) => return false,
            }
        }
    }

    /// Where the first token may stand.
    fn first(&self, text: &[u8]) -> usize {
        if self.starts_stream && text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
    }

    /// The site of a position that stands in two numbers of an array.
    fn position(&self, text: &[u8], span: &Range<usize>) -> Option<Site> {
        let (first, _) = self.locate(text, &(span.start..span.start + 1))?;
        if !matches!(first.kind, Kind::Number) {
            return None;
        }
        let path = self.locate(text, &(span.end - 1..span.end)).and_then(|(_, path)| path);
        let path = path.map(|path| path.rsplit_once('[').map_or(path.clone(), |(list, _)| list.to_owned()));
        if !numbers::is_one_position(text, span.end) {
            return Some(Site { path, kind: ColumnKind::Fixed("list of positions".to_owned()), whole: false });
        }
        let kind = ColumnKind::Fraction { digits: scalar::MOST_DIGITS, decimals: None, nullable: true };
        Some(Site { path, kind, whole: true })
    }

    /// The token around a span of the text, and its path.
    fn locate(&self, text: &[u8], span: &Range<usize>) -> Option<(Token, Option<String>)> {
        let address = text.as_ptr() as usize;
        let mut held = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_none_or(|walk| walk.address != address || walk.walker.is_past(span.start)) {
            *held = Some(Walk { address, walker: Walker::new(self.first(text), self.start.clone()) });
        }
        let walker = &mut held.as_mut()?.walker;
        let token = walker.token(text, span.start, span.end).ok()??;
        let path = walker.path(text);
        Some((token, path))
    }
}

impl Codec for JsonCodec {
    fn lex(&self, slab: Slab) -> Result<Block, DataError> {
        *self.walk.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let text = slab.text();
        let mut asides = Vec::new();
        let mut key = 0..0;
        let mut lexer = Lexer::new(text, self.first(text), self.start.clone());
        while let Some(token) = lexer.next().map_err(|fault| refuse(&slab, &fault))? {
            match token.kind {
                Kind::Key { escaped } => {
                    key = token.span.clone();
                    if escaped {
                        asides.push(aside(text, token.span, String::new()));
                    }
                }
                Kind::String { escaped: true } => {
                    let in_object = lexer.container() == Some(Container::Object);
                    let content = if in_object { text.get(key.clone()).unwrap_or_default() } else { b"" };
                    asides.push(aside(text, token.span, key_of(content)));
                }
                _ => {}
            }
        }
        Ok(Block::Text(TextBlock { slab, syntax: Syntax::Json, asides }))
    }

    fn records(&self, block: &TextBlock) -> Option<Vec<(usize, u32)>> {
        (!self.start.lines).then(|| self.documents(block.slab.text()))
    }

    fn objects(&self, block: &TextBlock, rank: &dyn Fn(&str) -> Option<usize>) -> Vec<Object> {
        let text = block.slab.text();
        object::objects(text, self.first(text), &self.start, rank)
    }

    fn members(&self, block: &TextBlock) -> Members {
        let text = block.slab.text();
        member::members(text, self.first(text), &self.start)
    }

    fn site(&self, block: &TextBlock, found: &Match) -> Site {
        let text = block.slab.text();
        let aside = match found.place {
            Place::Aside(index) => block.asides.get(index as usize),
            Place::Text | Place::Cell { .. } => None,
        };
        let span = aside.map_or(found.span(), |aside| aside.span.clone());
        if aside.is_none()
            && numbers::is_list(text, &span)
            && let Some(site) = self.position(text, &span)
        {
            return site;
        }
        let Some((token, path)) = self.locate(text, &span) else {
            return Site { path: None, kind: ColumnKind::Fixed("JSON structure".to_owned()), whole: false };
        };
        let whole = match aside {
            Some(aside) => found.span() == (0..aside.decoded.len()),
            None => span == token.span,
        };
        let content = text.get(token.span.clone()).unwrap_or_default();
        let kind = match token.kind {
            Kind::String { .. } => ColumnKind::FREE_TEXT,
            Kind::Key { .. } => ColumnKind::Fixed("object key".to_owned()),
            Kind::Number if content.iter().all(u8::is_ascii_digit) => {
                ColumnKind::Number { digits: u32::try_from(content.len()).unwrap_or(u32::MAX), nullable: true }
            }
            Kind::Number if whole => {
                ColumnKind::Fraction { digits: scalar::MOST_DIGITS, decimals: None, nullable: true }
            }
            Kind::Number => ColumnKind::Fixed("signed or fractional number".to_owned()),
            _ => ColumnKind::Fixed("JSON structure".to_owned()),
        };
        Site { path, kind, whole }
    }

    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError> {
        let Block::Text(block) = block else {
            return Err(DataError::new("a table cannot be written as JSON"));
        };
        if edits.text.is_empty() && edits.removed.members.is_empty() {
            return block.slab.splice(&[], out);
        }
        let mut writer =
            Writer { block, walker: Walker::new(self.first(block.slab.text()), self.start.clone()), sides: None };
        let mut ordered = Vec::with_capacity(edits.text.len());
        for edit in &edits.text {
            ordered.push((writer.place(edit)?, edit));
        }
        ordered.sort_by_key(|(place, edit)| (place.start, edit.span.start));
        let splices = ordered.into_iter().map(|(place, edit)| {
            writer.splice(&place, edit).map_err(|error| error.at(Position::Line(block.slab.line_of(place.start))))
        });
        let mut splices = splices.collect::<Result<Vec<_>, DataError>>()?;
        if !edits.removed.members.is_empty() {
            let text = block.slab.text();
            let cuts = member::cuts(text, self.first(text), &self.start, &edits.removed.members);
            let cuts = cuts.map_err(|at| member::unknown().at(Position::Line(block.slab.line_of(at))))?;
            splices.extend(cuts.into_iter().map(|cut| (cut, Vec::new())));
            splices.sort_by_key(|(span, _)| span.start);
        }
        block.slab.splice(&splices, out)
    }
}

/// Turns edits, in the order of the text, into splices.
struct Writer<'a> {
    block: &'a TextBlock,
    walker: Walker,
    /// The aside that the last edit stood in.
    sides: Option<(u32, SideBySide<'a>)>,
}

impl<'a> Writer<'a> {
    /// Where in the text an edit stands: its span, or the whole string when it is an edit of an aside.
    fn place(&self, edit: &TextEdit) -> Result<Range<usize>, DataError> {
        let Some(index) = edit.aside else { return Ok(edit.span.clone()) };
        let aside = self.block.asides.get(index as usize);
        aside.map(|aside| aside.span.clone()).ok_or_else(|| DataError::new("an edit of an aside that is not there"))
    }

    fn splice(&mut self, place: &Range<usize>, edit: &TextEdit) -> Result<(Range<usize>, Vec<u8>), DataError> {
        let text = self.block.slab.text();
        if edit.aside.is_none() && numbers::is_list(text, place) && self.begins_with_number(place) {
            return self.splice_numbers(place, edit);
        }
        let token = self.walker.token(text, place.start, place.end);
        let Ok(Some(token)) = token else {
            return Err(DataError::new("an edit does not stand in a JSON string or number"));
        };
        match token.kind {
            Kind::String { escaped } => self.splice_string(&token, escaped, edit),
            Kind::Number => numbers::spliced(text, &token, edit),
            Kind::Key { .. } => {
                Err(DataError::new("an object key is never rewritten").advise("rename the key before, or keep it"))
            }
            _ => Err(DataError::new("an edit does not stand in a JSON string or number")),
        }
    }

    fn begins_with_number(&mut self, place: &Range<usize>) -> bool {
        let first = self.walker.token(self.block.slab.text(), place.start, place.start + 1);
        matches!(first, Ok(Some(token)) if matches!(token.kind, Kind::Number))
    }

    /// Numbers side by side in an array stay as many, or become null one by one.
    fn splice_numbers(&mut self, place: &Range<usize>, edit: &TextEdit) -> Result<(Range<usize>, Vec<u8>), DataError> {
        let text = self.block.slab.text();
        let last = self.walker.token(text, place.end - 1, place.end);
        let is_number = |token: &Token| matches!(token.kind, Kind::Number) && token.span.end == place.end;
        if !matches!(last, Ok(Some(token)) if is_number(&token)) {
            return Err(DataError::new("an edit does not stand in JSON numbers"));
        }
        numbers::replaced(text.get(place.clone()).unwrap_or_default(), edit.replacement.as_deref())
            .map(|new| (place.clone(), new))
    }

    fn splice_string(
        &mut self,
        token: &Token,
        escaped: bool,
        edit: &TextEdit,
    ) -> Result<(Range<usize>, Vec<u8>), DataError> {
        let content = self.block.slab.text().get(token.span.clone()).unwrap_or_default();
        let (span, whole) = match edit.aside {
            Some(index) => self.aside_span(index, token, content, edit)?,
            None => {
                let within = |at: usize| escape::is_between(content, at - token.span.start);
                if escaped && !(within(edit.span.start) && within(edit.span.end)) {
                    return Err(DataError::new("an edit would cut an escape of a JSON string"));
                }
                (edit.span.clone(), edit.span == token.span)
            }
        };
        let Some(replacement) = &edit.replacement else {
            let quoted = span.start.saturating_sub(1)..span.end + 1;
            return Ok(if whole { (quoted, b"null".to_vec()) } else { (span, Vec::new()) });
        };
        let ascii = escaped && content.is_ascii() && memchr::memmem::find(content, b"\\u").is_some();
        let mut written = Vec::with_capacity(replacement.len());
        escape::encode(replacement, ascii, &mut written)?;
        Ok((span, written))
    }

    /// Where in the text a span of an aside stands, and whether it is all of it.
    fn aside_span(
        &mut self,
        index: u32,
        token: &Token,
        content: &'a [u8],
        edit: &TextEdit,
    ) -> Result<(Range<usize>, bool), DataError> {
        let sides = match &mut self.sides {
            Some((held, sides)) if *held == index => sides,
            sides => &mut sides.insert((index, SideBySide::new(content))).1,
        };
        let start = sides.raw_of(edit.span.start)?;
        let end = sides.raw_of(edit.span.end)?;
        Ok((token.span.start + start..token.span.start + end, start == 0 && end == content.len()))
    }
}

fn aside(text: &[u8], span: Range<usize>, key: String) -> Aside {
    let content = text.get(span.clone()).unwrap_or_default();
    let mut decoded = Vec::with_capacity(content.len());
    escape::decode(content, &mut decoded);
    Aside { span, key, decoded }
}

fn refuse(slab: &Slab, fault: &Fault) -> DataError {
    let head = slab.text().get(..fault.at).unwrap_or_default();
    let column = head.len() - memchr::memrchr(b'\n', head).map_or(0, |end| end + 1) + 1;
    DataError::new(format!("not valid JSON at byte {column} of the line: {}", fault.reason))
        .at(Position::Line(slab.line_of(fault.at)))
        .advise(ADVICE)
}
