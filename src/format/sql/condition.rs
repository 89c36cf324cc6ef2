//! The condition of a CHECK, as `pg_dump`, `mysqldump` and SQLite's schema write it. What is not understood makes the whole
//! condition unknown, or stands in it as something that nobody can tell; it is never guessed.

mod operand;

use super::scan::{Dialect, Lexical};
use super::token::Token;
use crate::constraint::condition::{Comparison, Condition, Expression, Manner};
use crate::constraint::pattern::{Case, Pattern};

/// How deep expressions may stand in each other.
const DEEPEST: usize = 64;

/// Most patterns of one condition.
const MOST_PATTERNS: usize = 64;

/// Longest text or name that is written down again for each item that it is compared with.
const LONGEST_REPEATED: usize = 128;

/// Reads the tokens of one condition, which stand in `statement`.
pub(crate) fn read(tokens: &[Token], statement: &[u8], lexical: &Lexical, manner: Manner) -> Option<Condition> {
    let mut parser = Parser { tokens, at: 0, statement, lexical, manner, columns: Vec::new(), depth: 0, patterns: 0 };
    let expression = parser.condition()?;
    let is_all = parser.at == tokens.len();
    let is_short = parser.patterns <= MOST_PATTERNS;
    (is_all && is_short).then_some(Condition { expression, columns: parser.columns, manner, patterns: parser.patterns })
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    statement: &'t [u8],
    lexical: &'t Lexical,
    manner: Manner,
    columns: Vec<String>,
    depth: usize,
    patterns: usize,
}

impl Parser<'_> {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        self.peek(ahead).is_some_and(|token| token.is(word))
    }

    /// Steps over the words, if all of them are next.
    fn words(&mut self, words: &[&str]) -> bool {
        let are_next = words.iter().enumerate().all(|(ahead, word)| self.is_word(ahead, word));
        self.at += if are_next { words.len() } else { 0 };
        are_next
    }

    /// Steps over the symbols, if all of them are next.
    fn symbols(&mut self, symbols: &[u8]) -> bool {
        let are_next =
            symbols.iter().enumerate().all(|(ahead, symbol)| self.peek(ahead) == Some(&Token::Symbol(*symbol)));
        self.at += if are_next { symbols.len() } else { 0 };
        are_next
    }

    fn expect(&mut self, symbol: u8) -> Option<()> {
        self.symbols(&[symbol]).then_some(())
    }

    fn condition(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut parts = vec![self.conjunction()?];
        while self.words(&["or"]) {
            parts.push(self.conjunction()?);
        }
        self.depth -= 1;
        Some(if parts.len() == 1 { parts.pop()? } else { Expression::Or(parts) })
    }

    fn conjunction(&mut self) -> Option<Expression> {
        let mut parts = vec![self.negation()?];
        while self.words(&["and"]) {
            parts.push(self.negation()?);
        }
        Some(if parts.len() == 1 { parts.pop()? } else { Expression::And(parts) })
    }

    fn negation(&mut self) -> Option<Expression> {
        let mut is_negated = false;
        while self.words(&["not"]) {
            is_negated = !is_negated;
        }
        let predicate = self.predicate()?;
        Some(negated_if(is_negated, predicate))
    }

    /// An operand and what is asked of it.
    fn predicate(&mut self) -> Option<Expression> {
        let mut left = self.operand()?;
        if self.words(&["is"]) {
            let is_negated = self.words(&["not"]);
            if !self.words(&["null"]) {
                return None;
            }
            left = negated_if(is_negated, Expression::IsNull(Box::new(left)));
        }
        let is_negated = self.words(&["not"]);
        let asked = self.asked(&left, is_negated)?;
        Some(asked.map_or(left, |asked| negated_if(is_negated, asked)))
    }

    /// What stands behind the operand `left`, if it is one of the questions that are known.
    fn asked(&mut self, left: &Expression, is_negated: bool) -> Option<Option<Expression>> {
        // It is asked of each item again.
        let is_simple = is_simple(left);
        let left = || Box::new(if is_simple { left.clone() } else { Expression::Unknown });
        if self.words(&["in"]) {
            self.expect(b'(')?;
            let items = self.list(b')')?;
            return Some(Some(any_of(&left, items)));
        }
        if self.words(&["between"]) {
            let low = self.operand()?;
            if !self.words(&["and"]) {
                return None;
            }
            let high = self.operand()?;
            let bounds = [(Comparison::GreaterOrEqual, low), (Comparison::LessOrEqual, high)];
            let compare = |(comparison, bound)| Expression::Compare(comparison, left(), Box::new(bound));
            return Some(Some(Expression::And(bounds.into_iter().map(compare).collect())));
        }
        if let Some((negates, kind, case)) = self.pattern_operator() {
            let source = self.operand()?;
            if self.words(&["escape"]) {
                return None;
            }
            let matches = match self.pattern(&source, kind, case) {
                Some(pattern) => Expression::Matches(left(), pattern),
                None => Expression::Unknown,
            };
            return Some(Some(negated_if(negates, matches)));
        }
        if is_negated {
            return None;
        }
        let Some(comparison) = self.comparison() else { return Some(None) };
        for (word, is_all) in [("any", false), ("some", false), ("all", true)] {
            if self.is_word(0, word) && self.peek(1) == Some(&Token::Symbol(b'(')) {
                self.at += 2;
                let items = self.array()?;
                self.expect(b')')?;
                return Some(Some(match (comparison, is_all) {
                    (Comparison::Equal, false) => any_of(&left, items),
                    (Comparison::Unequal, true) => negated_if(true, any_of(&left, items)),
                    _ => return None,
                }));
            }
        }
        let right = self.operand()?;
        Some(Some(Expression::Compare(comparison, left(), Box::new(right))))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        const WRITTEN: [(&[u8], Comparison); 8] = [
            (b"<>", Comparison::Unequal),
            (b"!=", Comparison::Unequal),
            (b"<=", Comparison::LessOrEqual),
            (b">=", Comparison::GreaterOrEqual),
            (b"==", Comparison::Equal),
            (b"=", Comparison::Equal),
            (b"<", Comparison::Less),
            (b">", Comparison::Greater),
        ];
        // MySQL's <=> takes NULLs for equal.
        if matches!(
            (self.peek(0), self.peek(1), self.peek(2)),
            (Some(Token::Symbol(b'<')), Some(Token::Symbol(b'=')), Some(Token::Symbol(b'>')))
        ) {
            return None;
        }
        WRITTEN.iter().find(|(symbols, _)| self.symbols(symbols)).map(|(_, comparison)| *comparison)
    }

    /// A pattern's operator: whether it negates, its kind, and whether case counts.
    fn pattern_operator(&mut self) -> Option<(bool, Kind, Case)> {
        const SYMBOLS: [(&[u8], bool, Kind, Case); 8] = [
            (b"!~~*", true, Kind::Like, Case::Folded),
            (b"!~~", true, Kind::Like, Case::Exact),
            (b"~~*", false, Kind::Like, Case::Folded),
            (b"~~", false, Kind::Like, Case::Exact),
            (b"!~*", true, Kind::Regular, Case::Folded),
            (b"!~", true, Kind::Regular, Case::Exact),
            (b"~*", false, Kind::Regular, Case::Folded),
            (b"~", false, Kind::Regular, Case::Exact),
        ];
        if self.manner == Manner::Postgres
            && let Some((_, negates, kind, case)) = SYMBOLS.iter().find(|(symbols, ..)| self.symbols(symbols))
        {
            return Some((*negates, *kind, *case));
        }
        let (case, word) = match self.manner {
            Manner::Postgres => (Case::Exact, None),
            Manner::MySql => (Case::Unknown, Some("regexp")),
            Manner::Sqlite => (Case::Unknown, None),
        };
        if self.words(&["like"]) {
            return Some((false, Kind::Like, case));
        }
        if self.manner == Manner::Postgres && self.words(&["ilike"]) {
            return Some((false, Kind::Like, Case::Folded));
        }
        if self.manner == Manner::Sqlite && self.words(&["glob"]) {
            return Some((false, Kind::Glob, Case::Exact));
        }
        let is_regular = word.is_some() && (self.words(&["regexp"]) || self.words(&["rlike"]));
        is_regular.then_some((false, Kind::Regular, case))
    }

    fn pattern(&mut self, source: &Expression, kind: Kind, case: Case) -> Option<Pattern> {
        self.patterns += 1;
        if self.patterns > MOST_PATTERNS {
            return None;
        }
        let Expression::Text(source) = bare(source) else { return None };
        let source = std::str::from_utf8(source).ok()?;
        match kind {
            Kind::Regular => Pattern::regular(source, case),
            Kind::Like => Pattern::like(source, (self.manner != Manner::Sqlite).then_some('\\'), case),
            Kind::Glob => Pattern::glob(source),
        }
    }

    /// `ARRAY[…]` with its casts, in brackets or not.
    fn array(&mut self) -> Option<Vec<Expression>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let items = if self.symbols(b"(") {
            let items = self.array()?;
            self.expect(b')')?;
            items
        } else {
            if !self.words(&["array"]) {
                return None;
            }
            self.expect(b'[')?;
            self.list(b']')?
        };
        self.depth -= 1;
        while self.symbols(b"::") {
            let cast = self.type_name()?;
            if !cast.is_list || !cast.is_text() {
                return None;
            }
        }
        Some(items)
    }

    /// Operands between commas, up to the closing bracket.
    fn list(&mut self, closing: u8) -> Option<Vec<Expression>> {
        let mut items = vec![self.operand()?];
        while self.symbols(b",") {
            items.push(self.operand()?);
        }
        self.expect(closing)?;
        Some(items)
    }
}

/// What a pattern is written in.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Regular,
    Like,
    Glob,
}

fn negated_if(is_negated: bool, expression: Expression) -> Expression {
    if is_negated { Expression::Not(Box::new(expression)) } else { expression }
}

fn any_of(left: &dyn Fn() -> Box<Expression>, items: Vec<Expression>) -> Expression {
    let equal = |item| Expression::Compare(Comparison::Equal, left(), Box::new(item));
    Expression::Or(items.into_iter().map(equal).collect())
}

/// A column or a literal, with its casts and calls.
fn is_simple(expression: &Expression) -> bool {
    match expression {
        Expression::Column(name) => name.len() <= LONGEST_REPEATED,
        Expression::Text(text) => text.len() <= LONGEST_REPEATED,
        Expression::Number(_) | Expression::Null => true,
        Expression::Length { of: inner, .. }
        | Expression::Lower(inner)
        | Expression::Upper(inner)
        | Expression::AsText(inner)
        | Expression::AsNumber(inner)
        | Expression::AsWhole(inner, _)
        | Expression::AsDay(inner) => is_simple(inner),
        _ => false,
    }
}

/// What stands within casts to text.
fn bare(expression: &Expression) -> &Expression {
    match expression {
        Expression::AsText(inner) => bare(inner),
        other => other,
    }
}

/// The database whose dumps are of this dialect.
pub(crate) fn manner_of(dialect: Dialect) -> Manner {
    match dialect {
        Dialect::Postgres => Manner::Postgres,
        Dialect::MySql => Manner::MySql,
    }
}

#[cfg(test)]
mod tests;
