//! Where in a JSON value a token stands, as a path such as `user.phones[0]`.
//!
//! A path goes into reports, and object keys are data: long digit runs and addresses in keys are not shown.

use super::escape;
use super::lexer::{Container, Fault, Kind, Lexer, Start, Token};

/// Most characters of a key that a path shows.
const LONGEST_KEY: usize = 64;

/// Most levels that a path shows: that many at its start and at its end.
const MOST_LEVELS: usize = 16;

/// Digits in a row that may be an identifier.
const IDENTIFYING_DIGITS: usize = 5;

/// One array or object around a token.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    /// The content of the key last seen.
    Object(std::ops::Range<usize>),
    /// The index of the element.
    Array(usize),
    /// Opened before the block: which key or element is not known.
    Unknown(Container),
}

/// A walk over the tokens of a block that knows its path. Goes forward only.
pub(super) struct Walker {
    at: usize,
    state: Start,
    levels: Vec<Level>,
    last: Option<Token>,
}

impl Walker {
    /// A walk that starts at offset `at`, where the grammar stands at `start`.
    pub(super) fn new(at: usize, start: Start) -> Walker {
        let levels = start.stack.iter().copied().map(Level::Unknown).collect();
        Walker { at, state: start, levels, last: None }
    }

    /// The token that holds the offsets from `start` to `end`, if one does. `None` also when the walk is past it.
    pub(super) fn token(&mut self, text: &[u8], start: usize, end: usize) -> Result<Option<Token>, Fault> {
        if let Some(last) = self.last.as_ref().filter(|last| last.span.end >= end) {
            return Ok((last.span.start <= start).then(|| last.clone()));
        }
        let state = std::mem::replace(&mut self.state, Start::top(false));
        let mut lexer = Lexer::new(text, self.at, state);
        let found = loop {
            let token = match lexer.next() {
                Ok(Some(token)) => token,
                Ok(None) => break Ok(None),
                Err(fault) => break Err(fault),
            };
            self.follow(&token);
            if token.span.end >= end {
                let holds = token.span.start <= start;
                self.last = Some(token.clone());
                break Ok(holds.then_some(token));
            }
        };
        (self.at, self.state) = lexer.into_state();
        found
    }

    /// Whether the walk is already past the offset `start`.
    pub(super) fn is_past(&self, start: usize) -> bool {
        self.last.as_ref().is_some_and(|last| last.span.start > start)
    }

    fn follow(&mut self, token: &Token) {
        match token.kind {
            Kind::Key { .. } => {
                if let Some(level) = self.levels.last_mut() {
                    *level = Level::Object(token.span.clone());
                }
            }
            Kind::Open(Container::Object) => self.levels.push(Level::Object(0..0)),
            Kind::Open(Container::Array) => self.levels.push(Level::Array(0)),
            Kind::Close => {
                self.levels.pop();
            }
            Kind::Comma => {
                if let Some(Level::Array(index)) = self.levels.last_mut() {
                    *index += 1;
                }
            }
            Kind::Colon | Kind::String { .. } | Kind::Number | Kind::Literal => {}
        }
    }

    /// The path of the last token; nothing outside arrays and objects.
    pub(super) fn path(&self, text: &[u8]) -> Option<String> {
        let mut path = String::new();
        for (depth, level) in self.levels.iter().enumerate() {
            if depth >= MOST_LEVELS && self.levels.len() - depth > MOST_LEVELS {
                continue;
            }
            if depth >= MOST_LEVELS && self.levels.len() - depth == MOST_LEVELS {
                push_plain(&mut path, "…");
            }
            match level {
                Level::Object(key) => push_key(&mut path, text.get(key.clone()).unwrap_or_default()),
                Level::Array(index) => path.push_str(&format!("[{index}]")),
                Level::Unknown(Container::Object) => push_plain(&mut path, "*"),
                Level::Unknown(Container::Array) => path.push_str("[]"),
            }
        }
        (!path.is_empty()).then_some(path)
    }
}

fn push_plain(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// Appends a key as it stands in the text.
pub(super) fn push_key(path: &mut String, content: &[u8]) {
    let key = shown(&key_of(content));
    if !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-*$…".contains(c)) {
        return push_plain(path, &key);
    }
    path.push_str(&format!("[{}]", serde_json::Value::String(key)));
}

/// The decoded key whose content stands in the text as `content`.
pub(super) fn key_of(content: &[u8]) -> String {
    let mut decoded = Vec::new();
    escape::decode(content, &mut decoded);
    String::from_utf8_lossy(&decoded).into_owned()
}

/// What a path may show of `key`.
fn shown(key: &str) -> String {
    if key.contains('@') {
        return "*".to_owned();
    }
    let mut out: Vec<char> = Vec::new();
    let mut digits = 0;
    for character in key.chars().take(LONGEST_KEY) {
        digits = if character.is_numeric() { digits + 1 } else { 0 };
        out.push(character);
        if digits >= IDENTIFYING_DIGITS {
            out.iter_mut().rev().take(digits).for_each(|digit| *digit = '*');
        }
    }
    if key.chars().count() > LONGEST_KEY {
        out.push('…');
    }
    out.into_iter().collect()
}
