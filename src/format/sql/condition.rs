//! The condition of a CHECK, as `pg_dump`, `mysqldump` and SQLite's schema write it. What is not understood makes the whole
//! condition unknown, or stands in it as something that nobody can tell; it is never guessed.

mod operand;

use super::scan::{Dialect, Lexical};
use super::token::Token;
use crate::constraint::condition::{Comparison, Condition, Expression, Manner};
use crate::constraint::pattern::{Case, Pattern};

/// How deep expressions may stand in each other.
const DEEPEST: usize = 64;

/// Reads the tokens of one condition, which stand in `statement`.
pub(crate) fn read(tokens: &[Token], statement: &[u8], lexical: &Lexical, manner: Manner) -> Option<Condition> {
    let mut parser = Parser { tokens, at: 0, statement, lexical, manner, columns: Vec::new(), depth: 0 };
    let expression = parser.condition()?;
    let is_all = parser.at == tokens.len();
    is_all.then_some(Condition { expression, columns: parser.columns, manner })
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    statement: &'t [u8],
    lexical: &'t Lexical,
    manner: Manner,
    columns: Vec<String>,
    depth: usize,
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

    fn pattern(&self, source: &Expression, kind: Kind, case: Case) -> Option<Pattern> {
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
        Expression::Column(_) | Expression::Text(_) | Expression::Number(_) | Expression::Null => true,
        Expression::Length { of: inner, .. }
        | Expression::Lower(inner)
        | Expression::Upper(inner)
        | Expression::AsText(inner)
        | Expression::AsNumber(inner)
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
mod tests {
    use std::borrow::Cow;

    use super::super::token::Tokens;
    use super::*;
    use crate::constraint::condition::{Cell, Held};

    fn condition(manner: Manner, sql: &str) -> Option<Condition> {
        let dialect = if manner == Manner::MySql { Dialect::MySql } else { Dialect::Postgres };
        let lexical = Lexical::new(dialect);
        let mut tokens = Tokens::new(sql.as_bytes(), 0, &lexical, true);
        let all: Vec<Token> = std::iter::from_fn(|| tokens.next().unwrap()).collect();
        read(&all, sql.as_bytes(), &lexical, manner)
    }

    #[track_caller]
    fn held(manner: Manner, sql: &str, phone: Option<&str>) -> Held {
        let condition = condition(manner, sql).unwrap_or_else(|| panic!("not understood: {sql}"));
        let cell = |name: &str| match (name, phone) {
            ("phone", Some(text)) => Cell::Value(Cow::Owned(text.as_bytes().to_vec())),
            ("phone", None) => Cell::Null,
            ("kind", _) => Cell::Value(Cow::Borrowed(&b"a"[..])),
            _ => Cell::Absent,
        };
        condition.holds(&cell)
    }

    const TOKEN: &str = "ABCDEFGHIJKLMNOPQRST";

    #[test]
    fn decides_what_pg_dump_writes() {
        for sql in [
            "((phone)::text ~ '^1[3-9][0-9]{9}$'::text)",
            "(char_length((phone)::text) = 11)",
            "(length(phone) <= 11)",
            "((phone)::text ~~ '1%'::text)",
            "((phone >= '13000000000'::bigint) AND (phone <= '19999999999'::bigint))",
            "((phone)::text = ANY ((ARRAY['13800138000'::character varying, 'b'::character varying])::text[]))",
            "(phone = ANY (ARRAY['13800138000'::text, 'b'::text]))",
            "((phone IS NULL) OR ((length(phone) = 11) AND (NOT (phone !~ '^1'::text))))",
            "(phone !~~ 'A%'::text)",
            "((kind <> 'a'::text) OR (octet_length(phone) < 12))",
            "((phone)::numeric > (0)::numeric)",
            "(lower(phone) <> 'abcdefghijklmnopqrst'::text)",
        ] {
            assert_eq!(held(Manner::Postgres, sql, Some("13800138000")), Held::Yes, "{sql}");
            let broken = held(Manner::Postgres, sql, Some(TOKEN));
            let expected = if sql.contains("bigint") || sql.contains("numeric") { Held::Unknown } else { Held::No };
            assert_eq!(broken, expected, "{sql}");
            assert_eq!(held(Manner::Postgres, sql, None), Held::Yes, "NULL breaks nothing: {sql}");
        }
        assert_eq!(held(Manner::Postgres, "(phone IS NOT NULL)", None), Held::No);
        assert_eq!(
            held(Manner::Postgres, "((phone >= '130'::bigint) AND (phone <= '199'::bigint))", Some("200")),
            Held::No
        );
        assert_eq!(held(Manner::Postgres, "(phone < '2000-01-01'::date)", Some("1999-12-31")), Held::Yes);
        assert_eq!(held(Manner::Postgres, "(phone < '2000-01-01'::date)", Some("2001-12-31")), Held::No);
    }

    #[test]
    fn what_is_not_understood_is_not_decided() {
        for sql in [
            "(phone < 'b'::text)",
            "(own.check_phone(phone))",
            "(length(btrim(phone)) = 11)",
            "((phone)::text ~ '\\y1'::text)",
            "(born < CURRENT_DATE)",
            "((phone)::character(4) = '1380'::bpchar)",
            "(other = 'a'::text)",
        ] {
            assert_eq!(held(Manner::Postgres, sql, Some("13800138000")), Held::Unknown, "{sql}");
        }
        // Whatever one side says, the other decides.
        assert_eq!(held(Manner::Postgres, "(own.f(phone) AND (length(phone) = 11))", Some("1")), Held::No);
        assert_eq!(held(Manner::Postgres, "(own.f(phone) OR (length(phone) = 11))", Some("13800138000")), Held::Yes);
        for sql in [
            "phone + 1 > 2",
            "(phone || 'a') = 'b'",
            "CASE WHEN (phone = 'a') THEN true ELSE false END",
            "(phone LIKE 'a!%' ESCAPE '!')",
            "(phone = ANY ('{a,b}'::text[]))",
            "(phone IS DISTINCT FROM 'a')",
            "(phone COLLATE \"C\" < 'a')",
            "(phone ~ E'^\\\\d')",
            "phone =",
            "(phone",
        ] {
            assert!(condition(Manner::Postgres, sql).is_none(), "{sql}");
        }
        for (open, close) in [("(", ")"), ("cast(", " as text)"), ("not (", ")"), ("f(", ")"), ("", "::text")] {
            let deep = open.repeat(5000) + "phone" + &close.repeat(5000);
            assert!(condition(Manner::Postgres, &deep).is_none(), "{open}");
        }
    }

    #[test]
    fn decides_what_mysqldump_writes() {
        for sql in [
            "octet_length(`phone`) = 11",
            "char_length(`phone`) = 11 and `phone` regexp '^1[3-9][0-9]{9}$'",
            "regexp_like(`phone`,_utf8mb4'^1[3-9]\\\\d{9}$')",
            "(`phone` like _utf8mb4'1%')",
            "`phone` in ('13800138000','2')",
            "`phone` between 13000000000 and 19999999999",
            "`phone` is null or `phone` not like 'A%'",
            "`Phone` <> 'x' and length(`phone`) < 12",
        ] {
            let lower = sql.replace("`Phone`", "`phone`");
            assert_eq!(held(Manner::MySql, &lower, Some("13800138000")), Held::Yes, "{sql}");
            let expected = if sql.contains("between") { Held::Unknown } else { Held::No };
            assert_eq!(held(Manner::MySql, &lower, Some(TOKEN)), expected, "{sql}");
        }
        // The collation says whether case counts.
        assert_eq!(held(Manner::MySql, "`phone` regexp '^[a-z]+$'", Some("ABC")), Held::Unknown);
        assert_eq!(held(Manner::MySql, "`phone` = 'abc'", Some("ABC")), Held::Unknown);
        assert!(condition(Manner::MySql, "`phone` <=> 'abc'").is_none(), "NULLs are equal there");
    }

    #[test]
    fn decides_what_a_sqlite_schema_says() {
        for sql in ["length(phone) = 11", "phone GLOB '1[3-9]*'", "phone LIKE '1%' AND \"phone\" IS NOT NULL"] {
            assert_eq!(held(Manner::Sqlite, sql, Some("13800138000")), Held::Yes, "{sql}");
            assert_eq!(held(Manner::Sqlite, sql, Some(TOKEN)), Held::No, "{sql}");
        }
        assert_eq!(held(Manner::Sqlite, "phone > 5", Some("13800138000")), Held::Unknown, "types follow the column");
    }
}
