//! What DDL asks of values: PRIMARY KEY, UNIQUE, FOREIGN KEY, CHECK, and the keys of partitions, in CREATE TABLE, ALTER
//! TABLE and CREATE UNIQUE INDEX as `pg_dump` and `mysqldump` write them. For the plan of a rewrite: what is not understood
//! is left out, and then the database says so when the dump is loaded.

use super::ddl::identifier;
use super::scan::{self, Dialect, Lexical, Piece, Stop};
use super::token::{Token, Tokens};
use crate::constraint::{Constraint, ConstraintKind};

/// The constraints in one complete statement.
pub(crate) fn of_statement(statement: &[u8], lexical: &Lexical) -> Result<Vec<Constraint>, Stop> {
    let mut tokens = Tokens::new(statement, 0, lexical, true);
    let mut all = Vec::new();
    while let Some(token) = tokens.next()? {
        all.push(token);
    }
    let mut reader = Reader { dialect: lexical.dialect, table: String::new(), found: Vec::new() };
    reader.statement(&all);
    Ok(reader.found)
}

/// The constraints in complete statements, as far as they can be told from each other.
pub(crate) fn of_script(statements: &[u8], dialect: Dialect) -> Vec<Constraint> {
    let lexical = Lexical::new(dialect);
    let (mut found, mut at) = (Vec::new(), scan::skip_space(statements, 0));
    while at < statements.len() {
        let comment = match scan::piece(statements, at, &lexical, true) {
            Ok(Piece::Comment(end)) => Some(end),
            Ok(_) => None,
            Err(_) => break,
        };
        let Ok(end) = comment.map_or_else(|| scan::statement(statements, at, &lexical, b";", true), Ok) else { break };
        if comment.is_none() {
            found.extend(of_statement(statements.get(at..end).unwrap_or_default(), &lexical).unwrap_or_default());
        }
        at = scan::skip_space(statements, end);
    }
    found
}

struct Reader {
    dialect: Dialect,
    /// The one that the statement is about, by the name that its rows go under.
    table: String,
    found: Vec<Constraint>,
}

/// The tokens behind the words `words`, when these stand at the front.
fn behind<'t>(tokens: &'t [Token], words: &[&str]) -> Option<&'t [Token]> {
    let (front, rest) = tokens.split_at_checked(words.len())?;
    front.iter().zip(words).all(|(token, word)| token.is(word)).then_some(rest)
}

/// The tokens behind the first place where the words `words` stand.
fn behind_first<'t>(tokens: &'t [Token], words: &[&str]) -> Option<&'t [Token]> {
    (0..tokens.len()).find_map(|at| behind(tokens.get(at..)?, words))
}

/// What stands in the brackets at the front, and what follows them.
fn bracketed(tokens: &[Token]) -> Option<(&[Token], &[Token])> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Symbol(b'(') => depth += 1,
            Token::Symbol(b')') => depth = depth.saturating_sub(1),
            _ if at == 0 => return None,
            _ => {}
        }
        if depth == 0 {
            return Some((tokens.get(1..at)?, tokens.get(at + 1..).unwrap_or_default()));
        }
    }
    None
}

/// The parts between the commas that stand in no brackets.
fn items(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            match token {
                Token::Symbol(b'(' | b'[') => depth += 1,
                Token::Symbol(b')' | b']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && *token == Token::Symbol(b',')
        })
        .collect()
}

impl Reader {
    fn statement(&mut self, tokens: &[Token]) {
        if let Some(rest) = behind(tokens, &["create", "unique", "index"]) {
            return self.unique_index(rest);
        }
        if behind(tokens, &["create"]).is_some() {
            if let Some(rest) = behind_first(tokens.get(..8.min(tokens.len())).unwrap_or_default(), &["table"]) {
                let from = 8.min(tokens.len()) - rest.len();
                self.create_table(tokens.get(from..).unwrap_or_default());
            }
            return;
        }
        if let Some(rest) = behind(tokens, &["alter", "table"]) {
            self.alter_table(rest);
        }
    }

    /// The name at the front, as rows go under it, and what follows it.
    fn name<'t>(&self, mut tokens: &'t [Token]) -> Option<(String, &'t [Token])> {
        while let Some((token, rest)) = tokens.split_first()
            && ["if", "not", "exists", "only", "concurrently"].iter().any(|word| token.is(word))
        {
            tokens = rest;
        }
        let mut parts = Vec::new();
        loop {
            let (token, rest) = tokens.split_first()?;
            parts.push(identifier(token, self.dialect)?);
            match rest.split_first() {
                Some((Token::Symbol(b'.'), further)) => tokens = further,
                _ => return Some((parts.join("."), rest)),
            }
        }
    }

    /// The columns that a bracket at the front lists. `None` when one of them is an expression, or a part of a value.
    fn columns<'t>(&self, tokens: &'t [Token]) -> Option<(Vec<String>, &'t [Token])> {
        let (inside, rest) = bracketed(tokens)?;
        let column = |item: &[Token]| match item.split_first() {
            Some((first, behind)) if !behind.contains(&Token::Symbol(b'(')) => identifier(first, self.dialect),
            _ => None,
        };
        Some((items(inside).into_iter().map(column).collect::<Option<Vec<_>>>()?, rest))
    }

    fn enter(&mut self, columns: Vec<String>, kind: ConstraintKind) {
        let table = self.table.clone();
        self.found.push(Constraint { table, columns, kind });
    }

    fn create_table(&mut self, tokens: &[Token]) {
        let Some((table, rest)) = self.name(tokens) else { return };
        self.table = table;
        if let Some(parent) = behind(rest, &["partition", "of"]) {
            if let Some((parent, _)) = self.name(parent) {
                self.enter(Vec::new(), ConstraintKind::PartitionOf(parent));
            }
            return;
        }
        let Some((inside, after)) = bracketed(rest) else { return };
        for item in items(inside) {
            self.item(item);
        }
        if let Some(by) = behind_first(after, &["partition", "by"])
            && let Some(open) = by.iter().position(|token| *token == Token::Symbol(b'('))
        {
            let columns = by.get(open..).and_then(|by| self.columns(by)).map(|(columns, _)| columns);
            // `RANGE (year(born))`: what the expression names decides as well.
            let named = || bracketed(by.get(open..)?).map(|(inside, _)| self.words(inside));
            if let Some(columns) = columns.or_else(named) {
                self.enter(columns, ConstraintKind::PartitionKey);
            }
        }
    }

    /// The names in an expression, whatever they name.
    fn words(&self, tokens: &[Token]) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for word in tokens.iter().filter_map(|token| identifier(token, self.dialect)) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// One item between the commas of CREATE TABLE: a column with what is asked of it, or a constraint.
    fn item(&mut self, item: &[Token]) {
        if self.table_constraint(item) {
            return;
        }
        let Some((name, rest)) = item.split_first() else { return };
        let Some(column) = identifier(name, self.dialect) else { return };
        let own = || vec![column.clone()];
        if behind_first(rest, &["primary", "key"]).is_some() {
            self.enter(own(), ConstraintKind::PrimaryKey);
        } else if behind_first(rest, &["unique"]).is_some() {
            self.enter(own(), ConstraintKind::Unique);
        }
        if let Some(target) = behind_first(rest, &["references"]) {
            self.references(own(), target);
        }
        if let Some(condition) = behind_first(rest, &["check"])
            && let Some((inside, _)) = bracketed(condition)
            // MariaDB's JSON is a text with this check.
            && !inside.iter().any(|token| token.is("json_valid"))
        {
            self.enter(own(), ConstraintKind::Check);
        }
    }

    /// A constraint that stands by itself; false when the item is none.
    fn table_constraint(&mut self, mut item: &[Token]) -> bool {
        if let Some(rest) = behind(item, &["constraint"]) {
            // Its name may be left out.
            let is_kind = |token: &Token| {
                ["primary", "unique", "foreign", "check", "exclude", "not"].iter().any(|word| token.is(word))
            };
            item = if rest.first().is_some_and(is_kind) { rest } else { rest.get(1..).unwrap_or_default() };
        }
        if let Some(rest) = behind(item, &["primary", "key"]) {
            self.listed(rest, ConstraintKind::PrimaryKey);
        } else if let Some(rest) = behind(item, &["unique"]) {
            self.listed(rest, ConstraintKind::Unique);
        } else if let Some(rest) = behind(item, &["foreign", "key"]) {
            let open = rest.iter().position(|token| *token == Token::Symbol(b'(')).unwrap_or(0);
            if let Some((columns, after)) = rest.get(open..).and_then(|rest| self.columns(rest))
                && let Some(target) = behind(after, &["references"])
            {
                self.references(columns, target);
            }
        } else if let Some(rest) = behind(item, &["check"]) {
            if let Some((inside, _)) = bracketed(rest) {
                let columns = self.words(inside);
                self.enter(columns, ConstraintKind::Check);
            }
        } else {
            const OTHERS: [&str; 8] =
                ["key", "index", "fulltext", "spatial", "exclude", "like", "period", "constraint"];
            // A column may be called `key`; then its type follows, and no bracket or name with one.
            return item.first().is_some_and(|first| OTHERS.iter().any(|word| first.is(word)));
        }
        true
    }

    /// `[KEY | INDEX] [name] [USING …] (column, …)`
    fn listed(&mut self, tokens: &[Token], kind: ConstraintKind) {
        let Some(open) = tokens.iter().position(|token| *token == Token::Symbol(b'(')) else { return };
        if let Some((columns, _)) = tokens.get(open..).and_then(|tokens| self.columns(tokens)) {
            self.enter(columns, kind);
        }
    }

    fn references(&mut self, columns: Vec<String>, target: &[Token]) {
        let Some((table, rest)) = self.name(target) else { return };
        let referenced = self.columns(rest).map(|(columns, _)| columns).unwrap_or_default();
        self.enter(columns, ConstraintKind::References { table, columns: referenced });
    }

    fn alter_table(&mut self, tokens: &[Token]) {
        let Some((table, rest)) = self.name(tokens) else { return };
        self.table = table;
        for action in items(rest) {
            if let Some(child) = behind(action, &["attach", "partition"]) {
                if let Some((child, _)) = self.name(child) {
                    let parent = std::mem::replace(&mut self.table, child);
                    self.enter(Vec::new(), ConstraintKind::PartitionOf(parent.clone()));
                    self.table = parent;
                }
            } else if let Some(added) = behind(action, &["add"]) {
                self.table_constraint(added);
            }
        }
    }

    /// `CREATE UNIQUE INDEX name ON table USING btree (column)`; one with a condition asks it of some rows only, and is left
    /// to the database.
    fn unique_index(&mut self, tokens: &[Token]) {
        if behind_first(tokens, &["where"]).is_some() {
            return;
        }
        let Some(on) = behind_first(tokens, &["on"]) else { return };
        let Some((table, rest)) = self.name(on) else { return };
        self.table = table;
        self.listed(rest, ConstraintKind::Unique);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(dialect: Dialect, sql: &str) -> Vec<String> {
        let lexical = Lexical::new(dialect);
        let all = of_statement(sql.as_bytes(), &lexical).unwrap();
        let shown = |one: Constraint| {
            let more = match &one.kind {
                ConstraintKind::References { table, columns } => format!(" -> {table}({})", columns.join(",")),
                ConstraintKind::PartitionOf(parent) => format!(" {parent}"),
                _ => String::new(),
            };
            format!("{}({}) {}{more}", one.table, one.columns.join(","), one.kind.name())
        };
        all.into_iter().map(shown).collect()
    }

    #[test]
    fn reads_what_pg_dump_writes() {
        let of = |sql: &str| found(Dialect::Postgres, sql);
        assert_eq!(
            of("ALTER TABLE ONLY public.a\n    ADD CONSTRAINT a_pkey PRIMARY KEY (id);"),
            ["public.a(id) PRIMARY KEY"]
        );
        assert_eq!(
            of("ALTER TABLE ONLY public.a ADD CONSTRAINT u UNIQUE (phone, \"Shop\");"),
            ["public.a(phone,Shop) UNIQUE"]
        );
        assert_eq!(of("CREATE UNIQUE INDEX i ON public.a USING btree (phone);"), ["public.a(phone) UNIQUE"]);
        assert_eq!(of("CREATE UNIQUE INDEX i ON public.a USING btree (lower(mail));"), Vec::<String>::new());
        assert_eq!(
            of(
                "ALTER TABLE ONLY public.o ADD CONSTRAINT f FOREIGN KEY (phone) REFERENCES public.a(phone) ON DELETE CASCADE;"
            ),
            ["public.o(phone) FOREIGN KEY -> public.a(phone)"]
        );
        assert_eq!(
            of("ALTER TABLE ONLY public.m ATTACH PARTITION public.m_1 FOR VALUES IN ('a');"),
            ["public.m_1() PARTITION OF public.m"]
        );
        assert_eq!(
            of(
                "CREATE TABLE public.m (id bigint NOT NULL, city text, CONSTRAINT c CHECK (((city)::text <> ''::text))) \
                PARTITION BY LIST (city);"
            ),
            ["public.m(city,text) CHECK", "public.m(city) PARTITION BY"]
        );
        let partial = "CREATE UNIQUE INDEX i ON public.a USING btree (phone) WHERE (gone IS NULL);";
        assert_eq!(of(partial), Vec::<String>::new());
        assert_eq!(of("CREATE INDEX i ON public.a USING btree (phone);"), Vec::<String>::new());
        assert_eq!(of("ALTER TABLE public.a OWNER TO shop;"), Vec::<String>::new());
    }

    #[test]
    fn reads_what_mysqldump_writes() {
        let sql = "CREATE TABLE `a` (`id` int NOT NULL AUTO_INCREMENT, `phone` varchar(11) DEFAULT NULL COMMENT 'unique, (x)', \
            `doc` longtext CHECK (json_valid(`doc`)), `key` int, PRIMARY KEY (`id`), UNIQUE KEY `u` (`phone`), \
            UNIQUE KEY `p` (`phone`(4)), KEY `k` (`key`), CONSTRAINT `f` FOREIGN KEY (`phone`) REFERENCES `b` (`tel`)) ENGINE=InnoDB \
            /*!50100 PARTITION BY HASH (`id`) PARTITIONS 4 */;";
        assert_eq!(
            found(Dialect::MySql, sql),
            ["a(id) PRIMARY KEY", "a(phone) UNIQUE", "a(phone) FOREIGN KEY -> b(tel)", "a(id) PARTITION BY"]
        );
        assert_eq!(
            found(Dialect::MySql, "CREATE TABLE t (a int PRIMARY KEY, b char(11) UNIQUE);"),
            ["t(a) PRIMARY KEY", "t(b) UNIQUE"]
        );
    }
}
