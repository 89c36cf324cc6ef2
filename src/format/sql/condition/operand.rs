//! The operands of conditions: columns, literals, calls of functions, conditions in brackets, and casts of these.

use super::{DEEPEST, Kind, Parser};
use crate::constraint::condition::{Decimal, Expression, Manner};
use crate::constraint::pattern::Case;
use crate::format::sql::ddl::identifier;
use crate::format::sql::literal;
use crate::format::sql::token::Token;

/// Most casts of one value.
const MOST_CASTS: usize = 4;

/// The name of a type, and what is behind it.
pub(super) struct Type {
    name: String,
    has_length: bool,
    pub(super) is_list: bool,
}

impl Parser<'_> {
    /// A value: a column, a literal, a call, or a condition in brackets; with its casts.
    pub(super) fn operand(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut operand = self.primary()?;
        let mut casts = 0;
        while self.symbols(b"::") {
            casts += 1;
            operand = cast(operand, &self.type_name().filter(|_| casts <= MOST_CASTS)?);
        }
        self.depth -= 1;
        Some(operand)
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.symbols(b"(") {
            let inner = self.condition()?;
            self.expect(b')')?;
            return Some(inner);
        }
        let is_negative = self.symbols(b"-");
        let token = self.peek(0)?.clone();
        self.at += 1;
        match token {
            Token::Number(digits) => {
                let number = Decimal::parse(digits.as_bytes());
                let signed = |number: Decimal| if is_negative { number.negated() } else { number };
                Some(number.map_or(Expression::Unknown, |number| Expression::Number(signed(number))))
            }
            _ if is_negative => None,
            // E'…', of which the prefix fell away.
            Token::Text(span) if self.manner == Manner::Postgres && self.is_prefixed(span.start) => None,
            Token::Text(span) => self.text(self.statement.get(span)?),
            Token::Word(word) if self.manner == Manner::MySql && word.starts_with('_') => match self.peek(0)?.clone() {
                Token::Text(span) => {
                    self.at += 1;
                    self.text(self.statement.get(span)?)
                }
                _ => None,
            },
            token if token.is("null") => Some(Expression::Null),
            token if token.is("true") => Some(Expression::Bool(true)),
            token if token.is("false") => Some(Expression::Bool(false)),
            token if token.is("cast") && self.symbols(b"(") => {
                let inner = self.operand()?;
                if !self.words(&["as"]) {
                    return None;
                }
                let to = self.type_name()?;
                self.expect(b')')?;
                Some(if self.manner == Manner::Postgres { cast(inner, &to) } else { Expression::Unknown })
            }
            token => self.named(&token),
        }
    }

    /// Whether a letter stands right before the quote at `at`.
    fn is_prefixed(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.statement.get(before));
        before.is_some_and(u8::is_ascii_alphabetic)
    }

    fn text(&self, written: &[u8]) -> Option<Expression> {
        let mut value = Vec::new();
        match literal::decode(written, self.lexical, &mut value) {
            literal::Form::Text { .. } => Some(Expression::Text(value)),
            _ => None,
        }
    }

    /// A column, or a call of a function.
    fn named(&mut self, token: &Token) -> Option<Expression> {
        const KEYWORDS: [&str; 18] = [
            "and", "or", "not", "is", "in", "like", "between", "case", "when", "then", "else", "end", "exists",
            "select", "interval", "array", "row", "collate",
        ];
        if KEYWORDS.iter().any(|word| token.is(word)) {
            return None;
        }
        let mut name = identifier(token, self.lexical.dialect)?;
        let mut is_own = is_cased(token);
        while self.symbols(b".") {
            let token = self.peek(0)?.clone();
            self.at += 1;
            is_own |= is_cased(&token) || self.manner != Manner::Postgres || name != "pg_catalog";
            name = identifier(&token, self.lexical.dialect)?;
        }
        if !self.symbols(b"(") {
            if !self.columns.contains(&name) {
                self.columns.push(name.clone());
            }
            return Some(Expression::Column(name));
        }
        let mut arguments = Vec::new();
        if !self.symbols(b")") {
            arguments.push(self.condition()?);
            while self.symbols(b",") {
                arguments.push(self.condition()?);
            }
            self.expect(b')')?;
        }
        Some(if is_own { Expression::Unknown } else { self.called(&name.to_ascii_lowercase(), arguments) })
    }

    fn called(&mut self, name: &str, arguments: Vec<Expression>) -> Expression {
        let in_bytes = name == "octet_length" || name == "length" && self.manner == Manner::MySql;
        let mut arguments = arguments.into_iter();
        match (name, arguments.next(), arguments.next(), arguments.next()) {
            ("length" | "char_length" | "character_length" | "octet_length", Some(of), None, None) => {
                Expression::Length { of: Box::new(of), in_bytes }
            }
            ("lower", Some(of), None, None) => Expression::Lower(Box::new(of)),
            ("upper", Some(of), None, None) => Expression::Upper(Box::new(of)),
            ("regexp_like", Some(of), Some(source), None) if self.manner == Manner::MySql => {
                let pattern = self.pattern(&source, Kind::Regular, Case::Unknown);
                pattern.map_or(Expression::Unknown, |pattern| Expression::Matches(Box::new(of), pattern))
            }
            _ => Expression::Unknown,
        }
    }

    /// The name of a type with its length and brackets.
    pub(super) fn type_name(&mut self) -> Option<Type> {
        let mut name = String::new();
        while let Some(Token::Word(word)) = self.peek(0) {
            let continues = ["varying", "precision"].iter().any(|next| word.eq_ignore_ascii_case(next));
            if !name.is_empty() && !continues {
                break;
            }
            if continues {
                name.push(' ');
            }
            name.push_str(&word.to_ascii_lowercase());
            self.at += 1;
            if self.symbols(b".") {
                name.push('.');
                let Some(Token::Word(word) | Token::Name(word)) = self.peek(0) else { return None };
                name.push_str(word);
                self.at += 1;
            }
        }
        let mut has_length = false;
        if self.symbols(b"(") {
            has_length = true;
            while !self.symbols(b")") {
                self.peek(0)?;
                self.at += 1;
            }
        }
        let is_list = self.symbols(b"[]");
        (!name.is_empty()).then_some(Type { name, has_length, is_list })
    }
}

impl Type {
    /// Whether its values are the text as it is.
    pub(super) fn is_text(&self) -> bool {
        !self.has_length && matches!(&*self.name, "text" | "character varying" | "varchar" | "bpchar")
    }
}

/// A quoted name with capitals, which no function of the database itself has.
fn is_cased(token: &Token) -> bool {
    matches!(token, Token::Name(name) if name.bytes().any(|byte| byte.is_ascii_uppercase()))
}

fn cast(operand: Expression, to: &Type) -> Expression {
    if to.is_list {
        return Expression::Unknown;
    }
    match &*to.name {
        // It leaves the spaces behind a value.
        "bpchar" if !matches!(operand, Expression::Text(_)) => Expression::Unknown,
        _ if to.is_text() => Expression::AsText(Box::new(operand)),
        "smallint" => Expression::AsWhole(Box::new(operand), 16),
        "integer" | "int" => Expression::AsWhole(Box::new(operand), 32),
        "bigint" => Expression::AsWhole(Box::new(operand), 64),
        "numeric" | "decimal" if !to.has_length => Expression::AsNumber(Box::new(operand)),
        "date" => Expression::AsDay(Box::new(operand)),
        _ => Expression::Unknown,
    }
}
