//! The settings of the session that a dump sets as it goes, as far as they decide how its bytes are read:
//! character set, `sql_mode`, `standard_conforming_strings`, `search_path`.

use std::collections::HashMap;

use super::ddl::identifier;
use super::scan::{Dialect, Lexical, Stop};
use super::token::{Token, Tokens, unquote};
use crate::error::DataError;

/// How the bytes of the dump are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// UTF-8 (or ASCII): every byte is checked.
    Utf8,
    /// GBK, or GB2312 within it: no character takes more than two bytes.
    Gbk,
    /// GB18030.
    DoubleByte,
    /// Another: only ASCII can be read for sure.
    Other,
}

impl Charset {
    fn named(name: &str) -> Charset {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        match name.as_str() {
            "utf8" | "utf8mb3" | "utf8mb4" | "unicode" | "binary" | "ascii" | "sqlascii" => Charset::Utf8,
            "gbk" | "gb2312" | "euccn" => Charset::Gbk,
            "gb18030" => Charset::DoubleByte,
            _ => Charset::Other,
        }
    }
}

/// Makes sure that a text can be written in `charset`.
///
/// # Errors
/// When it has a character that the encoding has not.
pub(crate) fn admit(charset: Charset, value: &[u8]) -> Result<(), DataError> {
    let is_known = charset != Charset::Gbk
        || value.is_ascii()
        || std::str::from_utf8(value).is_ok_and(|text| !encoding_rs::GBK.encode(text).2);
    if is_known {
        return Ok(());
    }
    Err(DataError::new("the new value has a character that GBK has not, in which the dump is")
        .advise("choose an operator that writes none, or dump again in UTF-8"))
}

/// The settings, and the user variables that hold earlier ones.
#[derive(Clone)]
pub(crate) struct Session {
    /// What decides where a string ends.
    pub(crate) lexical: Lexical,
    /// The declared (or sniffed) encoding.
    pub(crate) charset: Charset,
    /// First schema of `search_path`.
    pub(crate) schema: Option<String>,
    initial: Charset,
    saved_modes: HashMap<String, (bool, bool)>,
    saved_charsets: HashMap<String, Charset>,
}

impl Session {
    /// A session of `dialect`; `charset` is what the first bytes look like.
    pub(crate) fn new(dialect: Dialect, charset: Charset) -> Session {
        let mut session = Session {
            lexical: Lexical::new(dialect),
            charset,
            schema: None,
            initial: charset,
            saved_modes: HashMap::new(),
            saved_charsets: HashMap::new(),
        };
        session.set_charset(charset);
        session
    }

    /// A new connection: everything back to the start.
    pub(crate) fn reset(&mut self) {
        *self = Session::new(self.lexical.dialect, self.initial);
    }

    fn set_charset(&mut self, charset: Charset) {
        self.charset = charset;
        self.lexical.double_byte = matches!(charset, Charset::Gbk | Charset::DoubleByte);
    }

    /// Takes in one complete SET statement.
    pub(crate) fn learn(&mut self, statement: &[u8]) -> Result<(), Stop> {
        let mut tokens = Tokens::new(statement, 0, &self.lexical.clone(), true);
        tokens.next()?;
        let mut assignment = Vec::new();
        let mut depth = 0usize;
        while let Some(token) = tokens.next()? {
            match token {
                Token::Symbol(b'(') => depth += 1,
                Token::Symbol(b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            let ends = token == Token::Symbol(b';') || (depth == 0 && token == Token::Symbol(b','));
            if ends {
                self.assign(&assignment, statement)?;
                assignment.clear();
            } else {
                assignment.push(token);
            }
        }
        self.assign(&assignment, statement)
    }

    /// One assignment of SET: `name = value`, `name TO value`, `NAMES value`.
    fn assign(&mut self, tokens: &[Token], statement: &[u8]) -> Result<(), Stop> {
        const SCOPES: &[&str] = &["session", "local", "global"];
        let plain: Vec<&Token> = tokens
            .iter()
            .filter(|token| !matches!(token, Token::Symbol(b':' | b'=' | b'.')) && !token.is("to"))
            .collect();
        let mut marks = 0;
        let mut rest = plain.as_slice();
        while let Some((first, after)) = rest.split_first() {
            match first {
                Token::Symbol(b'@') => marks += 1,
                scope if SCOPES.iter().any(|word| scope.is(word)) && marks != 1 => {}
                _ => break,
            }
            rest = after;
        }
        let Some((Token::Word(name) | Token::Name(name), value)) = rest.split_first() else { return Ok(()) };
        let name = name.to_ascii_lowercase();
        if marks == 1 {
            self.save(&name, value);
            return Ok(());
        }
        match (self.lexical.dialect, name.as_str()) {
            (Dialect::MySql, "sql_mode") => self.sql_mode(value, statement),
            (Dialect::MySql, "names" | "character_set_client") | (Dialect::Postgres, "client_encoding" | "names") => {
                self.character_set(value, statement)
            }
            (Dialect::MySql, "character" | "charset") => self.character_set(value, statement),
            (Dialect::Postgres, "standard_conforming_strings" | "backslash_quote") => {
                let off = text_of(value, statement)
                    .is_some_and(|text| ["off", "false", "0", "no"].iter().any(|word| text.eq_ignore_ascii_case(word)));
                if name == "standard_conforming_strings" {
                    self.lexical.backslash = off;
                }
                Ok(())
            }
            (Dialect::Postgres, "search_path") => {
                let first = value.first().and_then(|token| identifier(token, Dialect::Postgres));
                let first = first.or_else(|| text_of(value, statement)).filter(|schema| !schema.is_empty());
                self.schema = first.filter(|schema| schema != "pg_catalog");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `@name = @@sql_mode` or `@name = @@character_set_client`.
    fn save(&mut self, name: &str, value: &[&Token]) {
        match variable(value) {
            Some((2, source)) if source == "sql_mode" => {
                let mode = (self.lexical.backslash, self.lexical.ansi_quotes);
                self.saved_modes.insert(name.to_owned(), mode);
            }
            Some((2, source)) if source == "character_set_client" => {
                self.saved_charsets.insert(name.to_owned(), self.charset);
            }
            _ => {}
        }
    }

    fn sql_mode(&mut self, value: &[&Token], statement: &[u8]) -> Result<(), Stop> {
        if let Some((1, source)) = variable(value) {
            (self.lexical.backslash, self.lexical.ansi_quotes) =
                self.saved_modes.get(&source).copied().unwrap_or((true, false));
            return Ok(());
        }
        let Some(mode) = text_of(value, statement).filter(|_| value.len() == 1) else {
            // An expression: harmless unless it names a mode that moves the ends of strings.
            let upper = statement.to_ascii_uppercase();
            let touches = ["NO_BACKSLASH_ESCAPES", "ANSI"]
                .iter()
                .any(|mode| memchr::memmem::find(&upper, mode.as_bytes()).is_some());
            let reason = "a sql_mode worked out by an expression, which may change how strings end";
            return if touches { Err(Stop::Wrong { at: 0, reason }) } else { Ok(()) };
        };
        let mode = mode.to_ascii_uppercase();
        const ANSI: &[&str] = &["ANSI_QUOTES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"];
        self.lexical.backslash = !mode.split(',').any(|mode| mode.trim() == "NO_BACKSLASH_ESCAPES");
        self.lexical.ansi_quotes = mode.split(',').any(|mode| ANSI.contains(&mode.trim()));
        Ok(())
    }

    fn character_set(&mut self, value: &[&Token], statement: &[u8]) -> Result<(), Stop> {
        let value = match value.split_first() {
            Some((set, rest)) if set.is("set") => rest,
            _ => value,
        };
        if let Some((marks, source)) = variable(value) {
            let saved = if marks == 1 { self.saved_charsets.get(&source).copied() } else { None };
            self.set_charset(saved.unwrap_or(self.initial));
            return Ok(());
        }
        match text_of(value, statement) {
            Some(name) if name.eq_ignore_ascii_case("default") => self.set_charset(self.initial),
            Some(name) => self.set_charset(Charset::named(&name)),
            None => {}
        }
        Ok(())
    }
}

/// `@name` (1) or `@@name` (2).
fn variable(value: &[&Token]) -> Option<(usize, String)> {
    let marks = value.iter().take_while(|token| ***token == Token::Symbol(b'@')).count();
    match value.get(marks) {
        Some(Token::Word(name) | Token::Name(name)) if marks > 0 => Some((marks, name.to_ascii_lowercase())),
        _ => None,
    }
}

/// A word or string at the start of a value.
fn text_of(value: &[&Token], statement: &[u8]) -> Option<String> {
    match value.first()? {
        Token::Word(word) | Token::Name(word) | Token::Number(word) => Some(word.clone()),
        Token::Text(span) => statement.get(span.clone()).map(unquote),
        Token::Symbol(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(dialect: Dialect, statements: &[&str]) -> Session {
        let mut session = Session::new(dialect, Charset::Utf8);
        for statement in statements {
            session.learn(statement.as_bytes()).unwrap();
        }
        session
    }

    #[test]
    fn follows_sql_mode_through_saved_variables() {
        let off = "SET sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES' */;";
        let saved = "SET @saved_sql_mode = @@sql_mode */;";
        assert!(
            after(Dialect::MySql, &["SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */"])
                .lexical
                .backslash
        );
        assert!(!after(Dialect::MySql, &[saved, off]).lexical.backslash);
        assert!(after(Dialect::MySql, &[saved, off, "SET sql_mode = @saved_sql_mode */;"]).lexical.backslash);
        assert!(after(Dialect::MySql, &["SET SESSION sql_mode='ANSI_QUOTES'"]).lexical.ansi_quotes);
        assert!(after(Dialect::MySql, &["SET @@SESSION.sql_mode='ANSI_QUOTES'"]).lexical.ansi_quotes);
        let mut session = Session::new(Dialect::MySql, Charset::Utf8);
        assert!(session.learn(b"SET sql_mode=CONCAT(@@sql_mode,',NO_BACKSLASH_ESCAPES');").is_err());
        assert!(session.learn(b"SET sql_mode=(SELECT REPLACE(@@sql_mode,'ONLY_FULL_GROUP_BY',''));").is_ok());
    }

    #[test]
    fn follows_character_sets() {
        let names = after(Dialect::MySql, &["SET NAMES gbk;"]);
        assert_eq!((names.charset, names.lexical.double_byte), (Charset::Gbk, true));
        let restored = after(
            Dialect::MySql,
            &[
                "SET NAMES gbk */;",
                "SET @saved_cs_client     = @@character_set_client */;",
                "SET character_set_client = utf8mb4 */;",
                "SET character_set_client = @saved_cs_client */;",
            ],
        );
        assert_eq!(restored.charset, Charset::Gbk);
        assert_eq!(after(Dialect::Postgres, &["SET client_encoding = 'GBK';"]).charset, Charset::Gbk);
        assert_eq!(after(Dialect::Postgres, &["SET client_encoding = 'GB18030';"]).charset, Charset::DoubleByte);
        assert_eq!(after(Dialect::Postgres, &["SET client_encoding TO 'SJIS';"]).charset, Charset::Other);
    }

    #[test]
    fn follows_postgres_strings_and_search_path() {
        assert!(after(Dialect::Postgres, &["SET standard_conforming_strings = off;"]).lexical.backslash);
        assert!(!after(Dialect::Postgres, &["SET standard_conforming_strings = on;"]).lexical.backslash);
        assert_eq!(after(Dialect::Postgres, &["SET search_path = shop, pg_catalog;"]).schema.as_deref(), Some("shop"));
    }
}
