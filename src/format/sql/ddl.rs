//! What `CREATE TABLE` says of columns: names, widths, types, NULL and generated columns. Reads the forms that
//! `pg_dump` and `mysqldump` write; what it does not understand becomes a column that is never rewritten.

mod declared;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::nested::Parts;
use super::scan::{Dialect, Lexical, Stop};
use super::token::{Token, Tokens};
pub(crate) use super::types::Writing;
use super::types::{Held, Types, held};
use crate::block::{ColumnContext, ColumnKind};

/// One column: what the rest of the crate sees, and what only SQL needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqlColumn {
    pub(crate) context: ColumnContext,
    /// Most bytes that fit (TINYTEXT and its like).
    pub(crate) max_bytes: Option<u32>,
    /// How its values stand for what they hold.
    pub(crate) writing: Writing,
    /// What they are made of, where they can be taken apart.
    pub(crate) parts: Option<Arc<Parts>>,
    /// The type comes from DDL; otherwise it was guessed from the first row.
    pub(crate) declared: bool,
    /// Left out of COPY and of inserts that name their columns.
    pub(crate) generated: bool,
}

impl SqlColumn {
    /// One of which no DDL tells: in PostgreSQL, it may be a bytea.
    pub(crate) fn guessed(context: ColumnContext, dialect: Dialect) -> SqlColumn {
        let writing = if dialect == Dialect::Postgres { Writing::Bytea } else { Writing::Plain };
        SqlColumn { context, max_bytes: None, writing, parts: None, declared: false, generated: false }
    }
}

/// The tables that a dump has declared so far, by qualified name.
#[derive(Default, Clone)]
pub(crate) struct Tables {
    pub(super) known: HashMap<String, Vec<SqlColumn>>,
    /// Tables that were declared and then changed so that nothing is known of them.
    forgotten: HashSet<String>,
    /// Domains, composite types and others, by qualified name.
    types: HashMap<String, Held>,
    /// First schema of `search_path`, which old dumps rely on.
    pub(crate) schema: Option<String>,
}

impl Tables {
    /// Forgets everything: another database follows.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.forgotten.clear();
        self.types.clear();
        self.schema = None;
    }

    /// The name that a table is declared under.
    pub(super) fn key(&self, name: &QualifiedName) -> String {
        match (&self.schema, name.parts.as_slice()) {
            (Some(schema), [table]) => format!("{schema}.{table}"),
            _ => name.parts.join("."),
        }
    }

    /// Nothing is known of a table any more; whether something was.
    fn forget(&mut self, key: String) -> bool {
        let was_known = self.known.remove(&key).is_some();
        self.forgotten.insert(key);
        was_known
    }

    /// Whether the dump itself has something to say of the columns of table `name`.
    pub(super) fn speaks_of(&self, name: &QualifiedName) -> bool {
        let key = self.key(name);
        self.known.contains_key(&key) || self.forgotten.contains(&key)
    }

    /// Whether a domain or a composite type of this name was declared; each table is one, too.
    pub(crate) fn is_type(&self, name: &str) -> bool {
        self.types.contains_key(name) || self.known.contains_key(name)
    }

    /// The columns of the table that is declared under this name.
    pub(crate) fn declared(&self, name: &str) -> Option<&[SqlColumn]> {
        self.known.get(name).map(Vec::as_slice)
    }

    /// The columns of table `name`, when declared.
    pub(crate) fn columns(&self, name: &QualifiedName) -> Option<&[SqlColumn]> {
        self.known.get(&self.key(name)).map(Vec::as_slice)
    }

    /// Takes in one complete statement; true when it changed what is known of a table.
    pub(crate) fn learn(&mut self, statement: &[u8], lexical: &Lexical) -> Result<bool, Stop> {
        let mut tokens = Tokens::new(statement, 0, lexical, true);
        let Some(first) = tokens.next()? else { return Ok(false) };
        if first.is("create") {
            self.create(&mut tokens, lexical.dialect)
        } else if first.is("alter") {
            let token = tokens.next()?;
            if token.as_ref().is_some_and(|token| token.is("type")) {
                return self.alter_type(&mut tokens, lexical.dialect);
            }
            self.alter(token, &mut tokens, lexical.dialect)
        } else {
            Ok(false)
        }
    }

    fn create(&mut self, tokens: &mut Tokens<'_>, dialect: Dialect) -> Result<bool, Stop> {
        const BEFORE: &[&str] = &["global", "local", "temporary", "temp", "unlogged", "foreign", "or", "replace"];
        let mut token = tokens.next()?;
        while token.as_ref().is_some_and(|token| BEFORE.iter().any(|word| token.is(word))) {
            token = tokens.next()?;
        }
        if token.as_ref().is_some_and(|token| token.is("domain")) {
            return self.create_domain(tokens, dialect);
        }
        if token.as_ref().is_some_and(|token| token.is("type")) {
            return self.create_type(tokens, dialect);
        }
        if !token.is_some_and(|token| token.is("table")) {
            return Ok(false);
        }
        let mut token = tokens.next()?;
        while token.as_ref().is_some_and(|token| ["if", "not", "exists"].iter().any(|word| token.is(word))) {
            token = tokens.next()?;
        }
        let Some((name, after)) = QualifiedName::read(token, tokens, dialect)? else { return Ok(false) };
        let key = self.key(&name);
        if after.as_ref().is_some_and(|token| token.is("partition")) {
            return self.partition_of(key, tokens, dialect);
        }
        if after != Some(Token::Symbol(b'(')) {
            return Ok(self.forget(key));
        }
        let Some(items) = items(tokens)? else { return Ok(false) };
        let types = self.types();
        let mut columns = items.iter().filter_map(|item| column(item, dialect, &types)).collect();
        self.inherit(tokens, dialect, &mut columns)?;
        self.known.insert(key, columns);
        Ok(true)
    }

    /// `CREATE TABLE name PARTITION OF parent …`: it has the columns of its parent.
    fn partition_of(&mut self, key: String, tokens: &mut Tokens<'_>, dialect: Dialect) -> Result<bool, Stop> {
        tokens.next()?;
        let token = tokens.next()?;
        let parent = QualifiedName::read(token, tokens, dialect)?.map(|(name, _)| name);
        let columns = parent.and_then(|parent| self.columns(&parent)).map(<[SqlColumn]>::to_vec);
        Ok(match columns {
            Some(columns) => self.known.insert(key, columns).is_none(),
            None => self.forget(key),
        })
    }

    /// `INHERITS (parent, …)`: the parents' columns come first.
    fn inherit(&self, tokens: &mut Tokens<'_>, dialect: Dialect, columns: &mut Vec<SqlColumn>) -> Result<(), Stop> {
        if dialect != Dialect::Postgres || !tokens.next()?.is_some_and(|token| token.is("inherits")) {
            return Ok(());
        }
        let mut inherited: Vec<SqlColumn> = Vec::new();
        tokens.next()?;
        let mut token = tokens.next()?;
        while let Some((name, after)) = QualifiedName::read(token, tokens, dialect)? {
            for parent in self.columns(&name).unwrap_or_default() {
                if !inherited.iter().any(|column| column.context.name == parent.context.name) {
                    inherited.push(parent.clone());
                }
            }
            if after != Some(Token::Symbol(b',')) {
                break;
            }
            token = tokens.next()?;
        }
        for own in columns.drain(..) {
            match inherited.iter_mut().find(|column| column.context.name == own.context.name) {
                Some(column) => {
                    let may_be_null = column.context.kind.nullable_mut().is_none_or(|nullable| *nullable);
                    *column = own;
                    // What a parent asks is asked of its children.
                    column.context.kind.nullable_mut().into_iter().for_each(|nullable| *nullable &= may_be_null);
                }
                None => inherited.push(own),
            }
        }
        *columns = inherited;
        Ok(())
    }

    /// An ALTER TABLE that touches columns makes what was known worthless.
    fn alter(&mut self, token: Option<Token>, tokens: &mut Tokens<'_>, dialect: Dialect) -> Result<bool, Stop> {
        const BEFORE: &[&str] = &["foreign", "table", "only", "if", "exists", "ignore", "online"];
        let mut token = token;
        while token.as_ref().is_some_and(|token| BEFORE.iter().any(|word| token.is(word))) {
            token = tokens.next()?;
        }
        let Some((name, mut after)) = QualifiedName::read(token, tokens, dialect)? else { return Ok(false) };
        let mut action: Option<Token> = None;
        let (mut depth, mut changes) = (0usize, false);
        let mut actions = Vec::new();
        let mut position = 0;
        while let Some(token) = after {
            match token {
                Token::Symbol(b'(') => depth += 1,
                Token::Symbol(b')') => depth = depth.saturating_sub(1),
                Token::Symbol(b',') if depth == 0 => position = 0,
                _ => {}
            }
            if token != Token::Symbol(b',') {
                position += 1;
            }
            if position == 1 {
                changes |= ["modify", "change", "rename"].iter().any(|word| token.is(word));
                action = Some(token.clone());
            } else if position == 2 && action.as_ref().is_some_and(|action| action.is("add") || action.is("drop")) {
                const OTHER: &[&str] =
                    &["constraint", "primary", "unique", "key", "index", "foreign", "fulltext", "spatial", "check"];
                changes |= !OTHER.iter().any(|word| token.is(word));
            } else if action.as_ref().is_some_and(|action| action.is("alter")) && token.is("type") {
                changes = true;
            }
            actions.push(token);
            after = tokens.next()?;
        }
        let key = self.key(&name);
        if changes {
            return Ok(self.forget(key));
        }
        let Some(columns) = self.known.get_mut(&key) else { return Ok(false) };
        Ok(set_nullable(columns, &actions, dialect))
    }
}

/// `ALTER [COLUMN] name SET NOT NULL`, or DROP NOT NULL, among the actions of ALTER TABLE; whether there was one.
fn set_nullable(columns: &mut [SqlColumn], actions: &[Token], dialect: Dialect) -> bool {
    let mut is_changed = false;
    for (at, window) in actions.windows(4).enumerate() {
        let [name, how, not, null] = window else { continue };
        let before = |count: usize| at.checked_sub(count).and_then(|at| actions.get(at));
        let is_altered = before(1).is_some_and(|token| token.is("alter"))
            || before(1).is_some_and(|token| token.is("column")) && before(2).is_some_and(|token| token.is("alter"));
        let is_set = how.is("set");
        if !is_altered || !(is_set || how.is("drop")) || !not.is("not") || !null.is("null") {
            continue;
        }
        let Some(name) = identifier(name, dialect) else { continue };
        for column in columns.iter_mut().filter(|column| column.context.name == name) {
            column.context.kind.nullable_mut().into_iter().for_each(|nullable| *nullable = !is_set);
            is_changed = true;
        }
    }
    is_changed
}

/// A table name with its schema, each part as the server folds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct QualifiedName {
    /// Schema and table, or table alone.
    pub(crate) parts: Vec<String>,
}

impl QualifiedName {
    /// Reads a name whose first token is `token`; gives the name and the token after it.
    pub(crate) fn read(
        token: Option<Token>,
        tokens: &mut Tokens<'_>,
        dialect: Dialect,
    ) -> Result<Option<(QualifiedName, Option<Token>)>, Stop> {
        let mut parts = Vec::new();
        let mut token = token;
        loop {
            let Some(part) = token.as_ref().and_then(|token| identifier(token, dialect)) else { return Ok(None) };
            parts.push(part);
            token = tokens.next()?;
            if token != Some(Token::Symbol(b'.')) {
                return Ok(Some((QualifiedName { parts }, token)));
            }
            token = tokens.next()?;
        }
    }
}

/// The name that a token stands for.
pub(crate) fn identifier(token: &Token, dialect: Dialect) -> Option<String> {
    match token {
        Token::Word(word) if dialect == Dialect::Postgres => Some(word.to_lowercase()),
        Token::Word(name) | Token::Name(name) => Some(name.clone()),
        _ => None,
    }
}

/// What stands between the commas up to the closing parenthesis; `None` where there is none.
fn items(tokens: &mut Tokens<'_>) -> Result<Option<Vec<Vec<Token>>>, Stop> {
    let mut items = Vec::new();
    let mut item = Vec::new();
    let mut depth = 1usize;
    while depth > 0 {
        let Some(token) = tokens.next()? else { return Ok(None) };
        match token {
            Token::Symbol(b'(' | b'[') => depth += 1,
            Token::Symbol(b')' | b']') => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && token == Token::Symbol(b',')) {
            items.push(std::mem::take(&mut item));
        } else {
            item.push(token);
        }
    }
    Ok(Some(items))
}

/// The column that one item between the commas of CREATE TABLE declares; `None` for keys and constraints.
fn column(item: &[Token], dialect: Dialect, types: &Types<'_>) -> Option<SqlColumn> {
    const NOT_COLUMNS: &[&str] = &["constraint", "primary", "unique", "foreign", "check", "like"];
    // PostgreSQL takes them for names of columns.
    const NOT_IN_MYSQL: &[&str] = &["key", "index", "fulltext", "spatial", "period"];
    let (first, rest) = item.split_first()?;
    let is_other = match dialect {
        Dialect::MySql => NOT_IN_MYSQL.iter().any(|word| first.is(word)),
        Dialect::Postgres => {
            let is_opened = rest.first().is_some_and(|next| *next == Token::Symbol(b'(') || next.is("using"));
            first.is("exclude") && is_opened
        }
    };
    if is_other || NOT_COLUMNS.iter().any(|word| first.is(word)) {
        return None;
    }
    let name = identifier(first, dialect)?;
    let nullable = is_nullable(rest);
    let generated = is_generated(rest);
    let Held { kind, max_bytes, writing, parts, .. } = if generated {
        ColumnKind::Fixed("generated column".to_owned()).into()
    } else if rest.iter().any(|token| token.is("json_valid")) {
        // MariaDB's JSON is a LONGTEXT with this check.
        ColumnKind::Json.into()
    } else {
        held(rest, dialect, nullable, types)
    };
    Some(SqlColumn { context: ColumnContext { name, kind }, max_bytes, writing, parts, declared: true, generated })
}

/// Neither `NOT NULL` nor `PRIMARY KEY`.
fn is_nullable(tokens: &[Token]) -> bool {
    !pairs(tokens).any(|(one, other)| one.is("not") && other.is("null") || one.is("primary") && other.is("key"))
}

/// `GENERATED ALWAYS AS (…)`, or MariaDB's plain `AS (…)`; identity columns are not generated columns.
fn is_generated(tokens: &[Token]) -> bool {
    pairs(tokens).any(|(word, bracket)| word.is("as") && *bracket == Token::Symbol(b'('))
}

/// Each token that stands in no brackets, with the one behind it: what is said in a CHECK or a default is not said of the
/// column.
fn pairs(tokens: &[Token]) -> impl Iterator<Item = (&Token, &Token)> {
    let mut depth = 0_usize;
    tokens.iter().zip(tokens.iter().skip(1)).filter(move |(token, _)| {
        match token {
            Token::Symbol(b'(' | b'[') => depth += 1,
            Token::Symbol(b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constraint::{Constraint, ConstraintKind};
    use crate::format::sql::nested::Leaf;

    fn named(parts: &[&str]) -> QualifiedName {
        QualifiedName { parts: parts.iter().map(|part| (*part).to_owned()).collect() }
    }

    fn learned(dialect: Dialect, statements: &[&str]) -> Tables {
        let mut tables = Tables::default();
        for sql in statements {
            tables.learn(sql.as_bytes(), &Lexical::new(dialect)).unwrap();
        }
        tables
    }

    fn declared(sql: &str, dialect: Dialect, name: &[&str]) -> Vec<(String, ColumnKind)> {
        let mut tables = Tables::default();
        assert!(tables.learn(sql.as_bytes(), &Lexical::new(dialect)).unwrap());
        let columns = tables.columns(&named(name)).expect("declared");
        columns.iter().map(|column| (column.context.name.clone(), column.context.kind.clone())).collect()
    }

    fn text(max_chars: Option<u32>, nullable: bool) -> ColumnKind {
        ColumnKind::Text { max_chars, nullable }
    }

    fn fixed(name: &str) -> ColumnKind {
        ColumnKind::Fixed(name.to_owned())
    }

    #[test]
    fn reads_what_pg_dump_writes() {
        let sql = "CREATE TABLE public.\"客户\" (\n id bigint NOT NULL,\n name character varying(32) NOT NULL,\n \
            note text DEFAULT 'a,b) NOT NULL'::text,\n idno character(18),\n amount numeric(12,2),\n code numeric(11,0),\n \
            tags text[],\n codes character varying(20)[],\n days date[],\n extra jsonb,\n last_ip inet,\n net cidr NOT NULL,\n \
            mac macaddr,\n phones bigint ARRAY[4],\n docs jsonb[],\n raw bytea,\n at timestamp with time zone DEFAULT now() NOT NULL,\n \
            kind public.mood,\n mail public.citext,\n \
            up text GENERATED ALWAYS AS (upper((name)::text)) STORED,\n \"char\" \"char\",\n \
            CONSTRAINT c CHECK ((id > 0)),\n PRIMARY KEY (id)\n);";
        let number = |digits, nullable| ColumnKind::Number { digits, nullable };
        let array = |element| ColumnKind::Array(Box::new(element));
        let expected: Vec<(String, ColumnKind)> = [
            ("id", number(18, false)),
            ("name", text(Some(32), false)),
            ("note", text(None, true)),
            ("idno", text(Some(18), true)),
            ("amount", ColumnKind::Fraction { digits: 10, decimals: Some(2), nullable: true }),
            ("code", number(11, true)),
            ("tags", array(text(None, true))),
            ("codes", array(text(Some(20), true))),
            ("days", array(ColumnKind::Date { time: false, nullable: true })),
            ("extra", ColumnKind::Json),
            ("last_ip", ColumnKind::IpAddress { nullable: true }),
            ("net", ColumnKind::IpAddress { nullable: false }),
            ("mac", ColumnKind::MacAddress { nullable: true }),
            ("phones", array(number(18, true))),
            ("docs", array(ColumnKind::Json)),
            ("raw", text(None, true)),
            ("at", ColumnKind::Date { time: true, nullable: false }),
            ("kind", fixed("public.mood")),
            ("mail", text(None, true)),
            ("up", fixed("generated column")),
            ("char", fixed("\"char\"")),
        ]
        .into_iter()
        .map(|(name, kind)| (name.to_owned(), kind))
        .collect();
        assert_eq!(declared(sql, Dialect::Postgres, &["public", "客户"]), expected);
    }

    #[test]
    fn reads_what_mysqldump_writes() {
        let sql = "CREATE TABLE `customer` (\n `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'as (x) GENERATED',\n \
            `na``me` varchar(20) CHARACTER SET utf8mb4 DEFAULT NULL COMMENT '姓名, it''s',\n `phone` bigint(20) unsigned,\n \
            `sex` enum('男','女') NOT NULL,\n `memo` tinytext,\n `up` varchar(20) GENERATED ALWAYS AS (upper(`name`)) VIRTUAL,\n \
            `extra` json DEFAULT NULL, `ip` inet6,\n `doc` longtext CHECK (json_valid(`doc`)),\n `photo` varbinary(20),\n PRIMARY KEY (`id`),\n KEY `k` (`phone`)\n) ENGINE=InnoDB;";
        let expected: Vec<(String, ColumnKind)> = [
            ("id", ColumnKind::Number { digits: 9, nullable: false }),
            ("na`me", text(Some(20), true)),
            ("phone", ColumnKind::Number { digits: 18, nullable: true }),
            ("sex", fixed("enum")),
            ("memo", text(Some(255), true)),
            ("up", fixed("generated column")),
            ("extra", ColumnKind::Json),
            ("ip", ColumnKind::IpAddress { nullable: true }),
            ("doc", ColumnKind::Json),
            ("photo", text(None, true)),
        ]
        .into_iter()
        .map(|(name, kind)| (name.to_owned(), kind))
        .collect();
        assert_eq!(declared(sql, Dialect::MySql, &["customer"]), expected);
    }

    #[test]
    fn altered_tables_are_forgotten_and_constraints_are_not_alterations() {
        let mut tables = Tables::default();
        let lexical = Lexical::new(Dialect::Postgres);
        let name = named(&["t"]);
        let mut learn = |sql: &str| {
            tables.learn(sql.as_bytes(), &lexical).unwrap();
            tables.columns(&name).is_some()
        };
        assert!(learn("CREATE TABLE t (a text);"));
        assert!(learn("ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (a);"));
        assert!(learn("ALTER TABLE t OWNER TO shop;"));
        assert!(learn("ALTER TABLE t ALTER COLUMN a SET DEFAULT 'x'::text;"));
        assert!(!learn("ALTER TABLE ONLY t ADD COLUMN b text;"));
    }

    #[test]
    fn domains_hold_what_their_types_hold() {
        let tables = learned(
            Dialect::Postgres,
            &[
                "CREATE DOMAIN public.phone AS character varying(20) COLLATE \"C\"\n\tCONSTRAINT c CHECK ((VALUE = ANY (ARRAY['a'])));",
                "CREATE DOMAIN public.raw AS bytea NOT NULL;",
                "CREATE DOMAIN public.again AS public.phone;",
                "CREATE DOMAIN two AS bigint;",
                "CREATE DOMAIN two AS text;",
                "CREATE TABLE public.t (a public.phone NOT NULL, b public.phone[], c public.again, d public.raw, e public.none, f two);",
            ],
        );
        let name = named(&["public", "t"]);
        let found: Vec<_> =
            tables.columns(&name).unwrap().iter().map(|column| (column.context.kind.clone(), column.writing)).collect();
        let array = ColumnKind::Array(Box::new(text(Some(20), true)));
        let expected = [
            (text(Some(20), false), Writing::Plain),
            (array, Writing::Plain),
            (text(Some(20), true), Writing::Plain),
            (text(None, false), Writing::Bytea),
            (fixed("public.none"), Writing::Plain),
            (fixed("two"), Writing::Plain),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn composites_are_taken_apart() {
        let tables = learned(
            Dialect::Postgres,
            &[
                "CREATE DOMAIN public.\"My Dom\" AS character varying(11);",
                "CREATE TYPE public.address AS (\n\tstreet text COLLATE pg_catalog.\"C\",\n\tkey character varying(11)\n);",
                "CREATE TYPE other.address AS (\n\tphone bigint\n);",
                "CREATE TYPE public.\"Per Son\" AS (\"Home\" public.address, numbers public.\"My Dom\"[], all_of public.address[], mood public.mood);",
                "CREATE DOMAIN public.checked AS public.address;",
                "CREATE TYPE public.mood AS ENUM ('a', 'b');",
                "CREATE TYPE public.altered AS (a text);",
                "ALTER TYPE public.altered OWNER TO shop;",
                "CREATE TABLE public.t (p public.\"Per Son\", o other.address NOT NULL, c public.checked, raw bytea[], \
                d public.\"My Dom\", h public.hstore, hs ext.hstore[], m public.mood, a public.altered);",
                "CREATE TABLE public.u (t public.t);",
                "ALTER TYPE public.altered ADD ATTRIBUTE b text;",
                "CREATE TABLE public.v (a public.altered);",
            ],
        );
        let leaves = |table: &str| {
            let name = named(&["public", table]);
            let nested = crate::format::sql::nested::Nested::new(tables.columns(&name).unwrap());
            nested
                .leaves
                .into_iter()
                .map(|leaf| {
                    let SqlColumn { context: ColumnContext { name, kind }, writing, .. } = leaf.column;
                    (name, kind, writing, leaf.base, leaf.is_repeated)
                })
                .collect::<Vec<_>>()
        };
        let number = ColumnKind::Number { digits: 18, nullable: true };
        let dom = || text(Some(11), true);
        let plain = Writing::Plain;
        let expected = [
            ("p.Home.street", text(None, true), plain, 0, false),
            ("p.Home.key", dom(), plain, 0, false),
            ("p.numbers", ColumnKind::Array(Box::new(dom())), plain, 0, false),
            ("p.all_of.street", text(None, true), plain, 0, true),
            ("p.all_of.key", dom(), plain, 0, true),
            ("p.mood", fixed("public.mood"), plain, 0, false),
            ("o.phone", number, plain, 1, false),
            ("c.street", text(None, true), plain, 2, false),
            ("c.key", dom(), plain, 2, false),
            ("raw[]", text(None, true), Writing::Bytea, 3, true),
            ("hs[]", ColumnKind::Json, Writing::Hstore, 6, true),
            ("a.a", text(None, true), plain, 8, false),
        ];
        let expected =
            expected.map(|(name, kind, writing, base, repeated)| (name.to_owned(), kind, writing, base, repeated));
        assert_eq!(leaves("t"), expected);
        let of_row: Vec<String> = leaves("u").into_iter().map(|leaf| leaf.0).collect();
        assert_eq!(of_row.len(), 15, "{of_row:?}");
        assert_eq!(of_row.first().map(String::as_str), Some("t.p.Home.street"));
        assert!(leaves("v").is_empty());
    }

    #[test]
    fn tables_called_like_types_are_no_types() {
        for (dialect, create) in
            [(Dialect::MySql, "CREATE TABLE `text` (a int);"), (Dialect::Postgres, "CREATE TABLE text (a int);")]
        {
            let tables = learned(dialect, &[create, "CREATE TABLE t (phone text);"]);
            let columns = tables.columns(&named(&["t"])).unwrap();
            assert!(matches!(columns[0].context.kind, ColumnKind::Text { .. }), "{columns:?}");
        }
    }

    #[test]
    fn fields_of_a_domain_whose_check_is_not_asked_stay() {
        let tables = learned(
            Dialect::Postgres,
            &[
                "CREATE DOMAIN mob AS text CONSTRAINT eleven CHECK ((VALUE ~ '^1[0-9]{10}$'::text));",
                "CREATE DOMAIN own AS mob;",
                "CREATE TYPE contact AS (name text, phone mob, other own);",
                "CREATE TABLE t (who contact);",
            ],
        );
        let fixed = |constraints: &[Constraint]| {
            let mut nested = crate::format::sql::nested::Nested::new(tables.columns(&named(&["t"])).unwrap());
            nested.keep_unasked(constraints);
            let is_fixed = |leaf: &Leaf| matches!(leaf.column.context.kind, ColumnKind::Fixed(_));
            nested.leaves.iter().map(is_fixed).collect::<Vec<bool>>()
        };
        let unread = Constraint {
            table: "t".to_owned(),
            name: None,
            columns: vec!["who.phone".to_owned()],
            kind: ConstraintKind::Check(None),
        };
        assert_eq!(fixed(&[]), [false, true, true]);
        assert_eq!(fixed(&[unread]), [false, true, true], "what is not understood is not asked");
    }

    #[test]
    fn types_of_one_name_are_told_apart_by_their_schemas() {
        let mut tables = Tables::default();
        let lexical = Lexical::new(Dialect::Postgres);
        let mut last = Vec::new();
        for (schema, sql) in [
            ("one", "CREATE TYPE address AS (a text);"),
            ("two", "CREATE TYPE address AS (b text, c text);"),
            ("one", "CREATE TABLE t (x address, y two.address);"),
        ] {
            tables.schema = Some(schema.to_owned());
            tables.learn(sql.as_bytes(), &lexical).unwrap();
            if let Some(columns) = tables.columns(&named(&["t"])) {
                last = crate::format::sql::nested::Nested::new(columns).leaves;
            }
        }
        let names: Vec<_> = last.iter().map(|leaf| leaf.column.context.name.as_str()).collect();
        assert_eq!(names, ["x.a", "y.b", "y.c"]);
    }

    #[test]
    fn types_that_hold_too_much_stay_whole() {
        let mut tables = Tables::default();
        let lexical = Lexical::new(Dialect::Postgres);
        tables.learn(b"CREATE TYPE t0 AS (a text, b text);", &lexical).unwrap();
        for n in 1..60 {
            let sql = format!("CREATE TYPE t{n} AS (a t{0}, b t{0});", n - 1);
            tables.learn(sql.as_bytes(), &lexical).unwrap();
        }
        tables.learn(b"CREATE TABLE t (x t59, y t2);", &lexical).unwrap();
        let columns = tables.columns(&named(&["t"])).unwrap();
        let nested = crate::format::sql::nested::Nested::new(columns);
        let of = |base: usize| nested.leaves.iter().filter(|leaf| leaf.base == base).count();
        assert!((2..=1600).contains(&of(0)) && of(1) == 8, "{} {}", of(0), of(1));
    }

    #[test]
    fn words_that_are_no_keys_in_postgres_name_columns() {
        let sql = "CREATE TABLE t (key text, index integer, period text, exclude text, EXCLUDE USING gist (key WITH =), \
            CONSTRAINT c EXCLUDE USING gist (key WITH =), UNIQUE (key));";
        let names: Vec<String> = declared(sql, Dialect::Postgres, &["t"]).into_iter().map(|column| column.0).collect();
        assert_eq!(names, ["key", "index", "period", "exclude"]);
    }

    #[test]
    fn inherited_columns_come_first() {
        let tables = learned(
            Dialect::Postgres,
            &[
                "CREATE TABLE public.base (id integer, phone varchar(11));",
                "CREATE TABLE public.kid (extra text)\nINHERITS (public.base);",
            ],
        );
        let name = named(&["public", "kid"]);
        let names: Vec<_> = tables.columns(&name).unwrap().iter().map(|column| column.context.name.as_str()).collect();
        assert_eq!(names, ["id", "phone", "extra"]);
    }
}
