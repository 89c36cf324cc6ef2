//! What DDL asks of values: PRIMARY KEY, UNIQUE, FOREIGN KEY, CHECK, and the keys of partitions, in CREATE TABLE, ALTER
//! TABLE and CREATE UNIQUE INDEX as `pg_dump` and `mysqldump` write them. For the plan of a rewrite: what is not understood
//! is left out, and then the database says so when the dump is loaded.

pub(crate) mod columns;

use std::sync::Arc;

use super::condition;
use super::ddl::identifier;
use super::scan::{self, Dialect, Lexical, Piece, Stop};
use super::token::{Token, Tokens};
use crate::constraint::condition::{Condition, Manner};
use crate::constraint::{Constraint, ConstraintKind};

/// The constraints in one complete statement.
pub(crate) fn of_statement(statement: &[u8], lexical: &Lexical) -> Result<Vec<Constraint>, Stop> {
    of_database(statement, lexical, condition::manner_of(lexical.dialect))
}

/// The constraints in one complete statement of the schema of an SQLite database.
pub(crate) fn of_schema(statement: &[u8]) -> Vec<Constraint> {
    of_database(statement, &Lexical::new(Dialect::Postgres), Manner::Sqlite).unwrap_or_default()
}

fn of_database(statement: &[u8], lexical: &Lexical, manner: Manner) -> Result<Vec<Constraint>, Stop> {
    let mut tokens = Tokens::new(statement, 0, lexical, true);
    let mut all = Vec::new();
    while let Some(token) = tokens.next()? {
        all.push(token);
    }
    let (dialect, table, name) = (lexical.dialect, String::new(), None);
    let mut reader = Reader { dialect, statement, lexical, manner, table, name, found: Vec::new() };
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
            let all = of_statement(statements.get(at..end).unwrap_or_default(), &lexical).unwrap_or_default();
            // Which types are domains, a statement alone does not tell.
            found.extend(all.into_iter().filter(|one| !matches!(one.kind, ConstraintKind::OfDomain { .. })));
        }
        at = scan::skip_space(statements, end);
    }
    found
}

struct Reader<'s> {
    dialect: Dialect,
    statement: &'s [u8],
    lexical: &'s Lexical,
    manner: Manner,
    /// The one that the statement is about, by the name that its rows go under.
    table: String,
    /// That of the constraint that is read.
    name: Option<String>,
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

impl Reader<'_> {
    fn statement(&mut self, tokens: &[Token]) {
        for (words, is_new) in [(["create", "domain"], true), (["alter", "domain"], false)] {
            if let Some(rest) = behind(tokens, &words) {
                return self.domain(rest, is_new);
            }
        }
        if let Some(rest) = behind(tokens, &["create", "type"]) {
            return self.composite(rest);
        }
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
        let (table, name) = (self.table.clone(), self.name.clone());
        self.found.push(Constraint { table, name, columns, kind });
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
        self.parents(after);
        self.table_collation(after);
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
        let is_constraint = self.table_constraint(item);
        self.name = None;
        if is_constraint {
            return;
        }
        let Some((name, rest)) = item.split_first() else { return };
        let Some(column) = identifier(name, self.dialect) else { return };
        let own = || vec![column.clone()];
        self.computed(&column, rest);
        self.typed(&own(), rest);
        if behind_first(rest, &["primary", "key"]).is_some() {
            self.enter(own(), ConstraintKind::PrimaryKey);
            self.default_folding();
        } else if let Some(rest) = behind_first(rest, &["unique"]) {
            self.enter(own(), unique(rest));
            self.default_folding();
        }
        if let Some(target) = behind_first(rest, &["references"]) {
            self.references(own(), target);
        }
        let mut behind_column = rest;
        while let Some(behind) = behind_first(behind_column, &["check"]) {
            let before = behind_column.len() - behind.len();
            self.name = named_before(behind_column.get(..before).unwrap_or_default(), self.dialect);
            behind_column = behind;
            // MariaDB's JSON is a text with this check.
            if bracketed(behind).is_some_and(|(inside, _)| !inside.iter().any(|token| token.is("json_valid"))) {
                self.check(behind, Some(&column));
            }
        }
        self.name = None;
    }

    fn condition(&self, tokens: &[Token]) -> Option<Arc<Condition>> {
        condition::read(tokens, self.statement, self.lexical, self.manner).map(Arc::new)
    }

    /// `(condition)` with what is said of it; `column` is the one that it stands with.
    fn check(&mut self, tokens: &[Token], column: Option<&String>) {
        let Some((inside, after)) = bracketed(tokens) else { return };
        // Whether the rows that there are obey it, the database does not ask.
        let is_open =
            [&["not", "valid"][..], &["not", "enforced"]].iter().any(|words| behind_first(after, words).is_some());
        if is_open && column.is_none() {
            return;
        }
        if behind_first(after, &["no", "inherit"]).is_some() {
            self.enter(Vec::new(), ConstraintKind::NoInherit);
        }
        let read = self.condition(inside);
        let columns = match (&read, column) {
            (Some(condition), _) => condition.columns.clone(),
            (None, Some(column)) => vec![column.clone()],
            (None, None) => self.words(inside),
        };
        self.enter(columns, ConstraintKind::Check(read));
    }

    /// A constraint that stands by itself; false when the item is none.
    fn table_constraint(&mut self, mut item: &[Token]) -> bool {
        if let Some(rest) = behind(item, &["constraint"]) {
            // Its name may be left out.
            let is_kind = |token: &Token| {
                ["primary", "unique", "foreign", "check", "exclude", "not"].iter().any(|word| token.is(word))
            };
            item = match rest.split_first() {
                Some((name, behind)) if !is_kind(name) => {
                    self.name = identifier(name, self.dialect);
                    behind
                }
                _ => rest,
            };
        }
        if let Some(rest) = behind(item, &["primary", "key"]) {
            self.listed(rest, ConstraintKind::PrimaryKey);
        } else if let Some(rest) = behind(item, &["unique"]) {
            self.listed(rest, unique(rest));
        } else if let Some(rest) = behind(item, &["foreign", "key"]) {
            let open = rest.iter().position(|token| *token == Token::Symbol(b'(')).unwrap_or(0);
            if let Some((columns, after)) = rest.get(open..).and_then(|rest| self.columns(rest))
                && let Some(target) = behind(after, &["references"])
            {
                self.references(columns, target);
            }
        } else if let Some(rest) = behind(item, &["check"]) {
            self.check(rest, None);
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
        // `KEY `name` (…)`
        if let Some(Token::Name(name)) = open.checked_sub(1).and_then(|before| tokens.get(before)) {
            self.name.get_or_insert_with(|| name.clone());
        }
        let Some(listed) = tokens.get(open..) else { return };
        if let Some((columns, _)) = self.columns(listed) {
            self.enter(columns, kind);
        } else if let Some((inside, _)) = bracketed(listed) {
            self.enter(self.words(inside), ConstraintKind::UniqueExpression);
        }
        self.default_folding();
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
                self.name = None;
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
        let before = tokens.len() - on.len();
        self.name =
            tokens.get(..before).and_then(|tokens| identifier(tokens.get(before.checked_sub(2)?)?, self.dialect));
        self.listed(rest, unique(rest));
    }
}

/// UNIQUE, with what is said of NULLs behind it.
fn unique(behind: &[Token]) -> ConstraintKind {
    ConstraintKind::Unique { nulls_apart: behind_first(behind, &["nulls", "not", "distinct"]).is_none() }
}

/// The name in `CONSTRAINT name CHECK`, of which `tokens` are all up to CHECK.
fn named_before(tokens: &[Token], dialect: Dialect) -> Option<String> {
    match tokens {
        [.., word, name, _] if word.is("constraint") => identifier(name, dialect),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constraint::Folding;

    fn found(dialect: Dialect, sql: &str) -> Vec<String> {
        let lexical = Lexical::new(dialect);
        let all = of_statement(sql.as_bytes(), &lexical).unwrap();
        let shown = |one: Constraint| {
            let more = match &one.kind {
                ConstraintKind::References { table, columns } => format!(" -> {table}({})", columns.join(",")),
                ConstraintKind::PartitionOf(parent) => format!(" {parent}"),
                _ => String::new(),
            };
            let name = one.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
            format!("{}({}) {}{name}{more}", one.table, one.columns.join(","), one.kind.name())
        };
        let is_type = |one: &Constraint| matches!(one.kind, ConstraintKind::OfDomain { .. } | ConstraintKind::Folds(_));
        all.into_iter().filter(|one| !is_type(one)).map(shown).collect()
    }

    #[test]
    fn reads_what_pg_dump_writes() {
        let of = |sql: &str| found(Dialect::Postgres, sql);
        assert_eq!(
            of("ALTER TABLE ONLY public.a\n    ADD CONSTRAINT a_pkey PRIMARY KEY (id);"),
            ["public.a(id) PRIMARY KEY a_pkey"]
        );
        assert_eq!(
            of("ALTER TABLE ONLY public.a ADD CONSTRAINT u UNIQUE (phone, \"Shop\");"),
            ["public.a(phone,Shop) UNIQUE u"]
        );
        assert_eq!(of("CREATE UNIQUE INDEX i ON public.a USING btree (phone);"), ["public.a(phone) UNIQUE i"]);
        assert_eq!(
            of("CREATE UNIQUE INDEX i ON public.a USING btree (lower(mail));"),
            ["public.a(lower,mail) UNIQUE i"],
            "by an expression"
        );
        assert_eq!(
            of(
                "ALTER TABLE ONLY public.o ADD CONSTRAINT f FOREIGN KEY (phone) REFERENCES public.a(phone) ON DELETE CASCADE;"
            ),
            ["public.o(phone) FOREIGN KEY f -> public.a(phone)"]
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
            ["public.m(city) CHECK c", "public.m(city) PARTITION BY"]
        );
        let partial = "CREATE UNIQUE INDEX i ON public.a USING btree (phone) WHERE (gone IS NULL);";
        assert_eq!(of(partial), Vec::<String>::new());
        assert_eq!(of("CREATE INDEX i ON public.a USING btree (phone);"), Vec::<String>::new());
        assert_eq!(of("ALTER TABLE public.a OWNER TO shop;"), Vec::<String>::new());
    }

    #[test]
    fn reads_the_conditions_of_checks() {
        let of = |dialect, sql: &str| {
            let all = of_statement(sql.as_bytes(), &Lexical::new(dialect)).unwrap();
            let is_check = |one: &Constraint| matches!(one.kind, ConstraintKind::Check(_));
            let shown = |one: Constraint| match one.kind {
                ConstraintKind::Check(condition) => {
                    (one.name.unwrap_or_default(), one.columns.join(","), condition.is_some())
                }
                other => panic!("{other:?}"),
            };
            all.into_iter().filter(is_check).map(shown).collect::<Vec<_>>()
        };
        let checks = |all: &[(&str, &str, bool)]| {
            all.iter()
                .map(|(name, columns, read)| ((*name).to_owned(), (*columns).to_owned(), *read))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(
                Dialect::Postgres,
                "CREATE TABLE public.a (phone text, n int, CONSTRAINT a_phone CHECK (((phone)::text ~ '^1'::text)), \
                 CONSTRAINT a_n CHECK (((n + 1) > 2)));"
            ),
            checks(&[("a_phone", "phone", true), ("a_n", "n", false)])
        );
        assert_eq!(
            of(
                Dialect::MySql,
                "CREATE TABLE `a` (`p` varchar(11) CHECK (octet_length(`p`) = 11), CONSTRAINT `c` CHECK (`p` <> 'x'));"
            ),
            checks(&[("", "p", true), ("c", "p", true)])
        );
        let late = "ALTER TABLE public.a ADD CONSTRAINT c CHECK ((length(p) = 11))";
        assert_eq!(of(Dialect::Postgres, &format!("{late};")), checks(&[("c", "p", true)]));
        assert_eq!(
            of(Dialect::Postgres, &format!("{late} NOT VALID;")),
            checks(&[]),
            "rows that are there may break it"
        );
    }

    #[test]
    fn reads_what_mysqldump_writes() {
        let sql = "CREATE TABLE `a` (`id` int NOT NULL AUTO_INCREMENT, `phone` varchar(11) DEFAULT NULL COMMENT 'unique, (x)', \
            `doc` longtext CHECK (json_valid(`doc`)), `key` int, PRIMARY KEY (`id`), UNIQUE KEY `u` (`phone`), \
            UNIQUE KEY `p` (`phone`(4)), KEY `k` (`key`), CONSTRAINT `f` FOREIGN KEY (`phone`) REFERENCES `b` (`tel`)) ENGINE=InnoDB \
            /*!50100 PARTITION BY HASH (`id`) PARTITIONS 4 */;";
        assert_eq!(
            found(Dialect::MySql, sql),
            [
                "a(id) PRIMARY KEY",
                "a(phone) UNIQUE u",
                "a(phone) UNIQUE p",
                "a(phone) FOREIGN KEY f -> b(tel)",
                "a(id) PARTITION BY"
            ]
        );
        assert_eq!(
            found(Dialect::MySql, "CREATE TABLE t (a int PRIMARY KEY, b char(11) UNIQUE);"),
            ["t(a) PRIMARY KEY", "t(b) UNIQUE"]
        );
    }
    #[test]
    fn reads_what_columns_depend_on() {
        let kinds = |dialect, sql: &str| -> Vec<(Vec<String>, ConstraintKind)> {
            let all = of_statement(sql.as_bytes(), &Lexical::new(dialect)).unwrap();
            all.into_iter().map(|one| (one.columns, one.kind)).collect()
        };
        let of_domain = |domain: &str, is_list| ConstraintKind::OfDomain { domain: domain.to_owned(), is_list };
        let folds = ConstraintKind::Folds;
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            kinds(
                Dialect::Postgres,
                "CREATE TABLE public.t (a public.phone[], b text COLLATE \"C\", c text COLLATE public.loose, d public.citext, \
                 e text GENERATED ALWAYS AS (\"right\"(b, 4)) STORED, f integer GENERATED BY DEFAULT AS IDENTITY (START 1))\n\
                 INHERITS (public.p, q);"
            ),
            [
                (named(&["a"]), of_domain("public.phone", true)),
                (named(&["b"]), of_domain("text", false)),
                (named(&["c"]), folds(Folding::Unknown)),
                (named(&["c"]), of_domain("text", false)),
                (named(&["d"]), folds(Folding::Case)),
                (named(&["d"]), of_domain("public.citext", false)),
                (named(&["right", "b"]), ConstraintKind::Generates("e".to_owned())),
                (named(&["e"]), of_domain("text", false)),
                (named(&["f"]), of_domain("integer", false)),
                (vec![], ConstraintKind::Inherits("public.p".to_owned())),
                (vec![], ConstraintKind::Inherits("q".to_owned())),
            ]
        );
        assert_eq!(
            kinds(
                Dialect::MySql,
                "CREATE TABLE `t` (`a` varchar(9) COLLATE utf8mb4_bin, `b` varbinary(9), `c` varchar(9), UNIQUE KEY `c` (`c`)) \
                 ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;"
            ),
            [
                (named(&["a"]), folds(Folding::Exact)),
                (named(&["b"]), folds(Folding::Exact)),
                (named(&["c"]), ConstraintKind::Unique { nulls_apart: true }),
                (vec![], folds(Folding::Padded)),
                (vec![], folds(Folding::Exact)),
            ]
        );
    }
}
