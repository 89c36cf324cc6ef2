use arrow::array::StringArray;

use super::*;
use crate::block::{CellEdit, Column, ColumnContext};
use crate::constraint::condition::{Comparison, Condition, Expression, Manner};
use crate::constraint::pattern::{Case, Pattern};
use crate::constraint::{ConstraintKind, Folding};

const UNIQUE: ConstraintKind = ConstraintKind::Unique { nulls_apart: true };

fn key(kind: ConstraintKind, columns: &[&str]) -> Constraint {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    Constraint { table: "t".to_owned(), name: None, columns, kind }
}

fn spot(table: &str, column: &str) -> Spot {
    Spot { table: Some(table.to_owned()), column: Some(column.to_owned()) }
}

const HASHED: (EntityId, CarriedOut) = (EntityId(3), CarriedOut { asked: "hash", done: "hash" });
const MASKED: (EntityId, CarriedOut) = (EntityId(3), CarriedOut { asked: "mask", done: "mask" });

fn change(met: (EntityId, CarriedOut), results: &[u64]) -> Change {
    let mut change = Change { edited: results.len() as u64, ..Change::default() };
    change.operators.insert(met, results.len() as u64);
    results.iter().for_each(|result| change.results.enter(*result));
    change
}

/// Changes of an asset of two blocks, each with the results that are given for column `a` of table `t`.
fn changes(constraints: Vec<Constraint>, one: &[u64], two: &[u64]) -> Changes {
    let block = |results: &[u64]| Changes {
        places: BTreeMap::from([(spot("t", "a"), change(MASKED, results))]),
        tables: BTreeMap::from([("t".to_owned(), Vec::new())]),
        constraints: constraints.iter().cloned().collect(),
        ..Changes::default()
    };
    let mut all = block(one);
    all.merge(block(two));
    all
}

fn reason(changes: &Changes) -> Option<String> {
    changes.hold().err().map(|error| error.to_string())
}

#[test]
fn values_of_a_unique_column_stay_apart_over_blocks() {
    for kind in [UNIQUE, ConstraintKind::PrimaryKey] {
        let unique = || vec![key(kind.clone(), &["a"])];
        assert_eq!(reason(&changes(unique(), &[1, 2], &[3])), None);
        let shared = reason(&changes(unique(), &[1, 2], &[2])).unwrap();
        assert!(shared.contains("t.a") && shared.contains(kind.name()), "{shared}");
        assert!(reason(&changes(unique(), &[1, 1], &[])).is_some());
    }
    assert_eq!(reason(&changes(Vec::new(), &[1, 1], &[1])), None, "nobody asks for it");
    assert_eq!(reason(&changes(vec![key(UNIQUE, &["b"])], &[1, 1], &[])), None);
    // Whether rows with equal values in one column of two are equal is not known.
    let two = changes(vec![key(UNIQUE, &["a", "b"])], &[1, 1], &[]);
    assert_eq!(reason(&two), None);
    assert!(matches!(two.verdicts().next(), Some((_, _, Verdict::Doubtful(_)))));
}

#[test]
fn keys_of_the_last_of_many_tables_are_held() {
    let mut all = Changes::default();
    for number in 0..=MOST_PLACES {
        let table = format!("t{number}");
        let unique = Constraint { table: table.clone(), ..key(UNIQUE, &["a"]) };
        let results: &[u64] = if number == MOST_PLACES { &[1, 1] } else { &[1, 2] };
        all.merge(Changes {
            places: BTreeMap::from([(spot(&table, "a"), change(MASKED, results))]),
            constraints: [unique].into_iter().collect(),
            ..Changes::default()
        });
    }
    assert!(reason(&all).unwrap().contains(&format!("t{MOST_PLACES}.a")));
    assert_eq!(all.verdicts().count(), MOST_PLACES + 1);
}

#[test]
fn a_foreign_key_is_rewritten_as_what_it_leads_to() {
    let key = Constraint {
        table: "t".to_owned(),
        name: None,
        columns: vec!["a".to_owned()],
        kind: ConstraintKind::References { table: "u".to_owned(), columns: vec!["b".to_owned()] },
    };
    let with = |there: Option<Change>, has_rows: bool| {
        let mut all = changes(vec![key.clone()], &[1], &[2]);
        all.tables.extend(has_rows.then(|| ("u".to_owned(), Vec::new())));
        all.places.extend(there.map(|change| (spot("u", "b"), change)));
        reason(&all)
    };
    assert_eq!(with(Some(change(MASKED, &[1])), true), None);
    assert!(with(Some(change(HASHED, &[1])), true).unwrap().contains("u.b"));
    assert!(with(None, true).is_some(), "the other table keeps its values");
    assert_eq!(with(None, false), None, "the other table is not in this asset");
}

#[test]
fn rows_stay_in_their_partitions() {
    let child = Constraint {
        table: "t".to_owned(),
        name: None,
        columns: Vec::new(),
        kind: ConstraintKind::PartitionOf("m".to_owned()),
    };
    let by = |column: &str| Constraint {
        table: "m".to_owned(),
        name: None,
        columns: vec![column.to_owned()],
        kind: ConstraintKind::PartitionKey,
    };
    assert!(reason(&changes(vec![by("a"), child.clone()], &[1], &[])).unwrap().contains("partition of m"));
    assert_eq!(reason(&changes(vec![by("b"), child], &[1], &[])), None);
}

/// A row of two cells.
type Row<'a> = (Option<&'a str>, Option<&'a str>);
/// Column, row and value of a cell.
type Edit<'a> = (u32, u32, Option<&'a str>);

/// A block of table `t` with columns `a` and `b`.
fn block(rows: &[Row<'_>]) -> Block {
    let context = |name: &str| ColumnContext { name: name.to_owned(), kind: ColumnKind::FREE_TEXT };
    let table = TableContext { name: Some("t".to_owned()), columns: vec![context("a"), context("b")] };
    let column =
        |index, values: Vec<Option<&str>>| Column { index, values: Arc::new(StringArray::from(values)), records: None };
    let columns =
        vec![column(0, rows.iter().map(|row| row.0).collect()), column(1, rows.iter().map(|row| row.1).collect())];
    Block::Table(TableBlock { table: Arc::new(table), columns, rows: rows.len(), first_row: 1, text: None })
}

/// Whether the rows of blocks stay apart in `columns` of table `t` when cells (column, row, value) of each are edited.
fn apart(columns: &[&str], nulls_apart: bool, blocks: &[(&[Row<'_>], &[Edit<'_>])]) -> Option<bool> {
    let foldings = vec![Folding::Exact; columns.len()];
    let columns: &[String] = &columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>();
    let question = Question { table: "t".to_owned(), columns: columns.to_vec(), foldings, nulls_apart };
    let questions = Questions::from_iter([question]);
    let mut answers = Answers::to(&questions);
    for (rows, edits) in blocks {
        let edit = |(column, row, value): &Edit<'_>| CellEdit {
            column: *column,
            row: *row,
            value: value.map(|value| value.as_bytes().to_vec()),
        };
        let edits: Vec<CellEdit> = edits.iter().map(edit).collect();
        questions.put_to(&block(rows), &edits).into_iter().for_each(|(place, found)| answers.enter(place, found));
    }
    match answers.of("t", columns).unwrap() {
        Results::Apart(_) => Some(true),
        Results::Shared => Some(false),
        Results::TooMany => None,
    }
}

#[test]
fn rows_stay_apart_in_the_columns_of_a_key_edited_or_not() {
    let rows: &[_] = &[(Some("1"), Some("x")), (Some("1"), Some("y")), (None, Some("y")), (None, Some("y"))];
    assert_eq!(apart(&["a", "b"], true, &[(rows, &[])]), Some(true), "NULLs are apart");
    assert_eq!(apart(&["a", "b"], false, &[(rows, &[])]), Some(false), "NULLs are one");
    // An edit makes one row what another is, in its block or in the next.
    assert_eq!(apart(&["a", "b"], true, &[(rows, &[(1, 0, Some("y"))])]), Some(false));
    assert_eq!(apart(&["a", "b"], true, &[(rows, &[(1, 0, Some("z"))])]), Some(true));
    assert_eq!(
        apart(&["a", "b"], true, &[(rows, &[]), (&[(Some("2"), Some("x"))], &[(0, 0, Some("1"))])]),
        Some(false)
    );
    assert_eq!(apart(&["a"], true, &[(&[(Some("1"), None), (Some("2"), None)], &[(0, 1, None)])]), Some(true));
    // Values of two columns do not run into each other.
    assert_eq!(apart(&["a", "b"], true, &[(&[(Some("1"), Some("23")), (Some("12"), Some("3"))], &[])]), Some(true));
    assert_eq!(apart(&["a", "c"], true, &[(rows, &[])]), None, "there is no such column");
}

#[test]
fn only_what_may_become_one_is_asked_about() {
    let asked = |met: (EntityId, CarriedOut), results: &[u64], filled: u64| {
        let mut all = changes(vec![key(UNIQUE, &["a", "b"])], &[], &[]);
        let Block::Table(rows) = block(&[]) else { panic!() };
        all.tables.insert("t".to_owned(), vec![Filled { values: vec![filled, 0], ..Filled::of(&rows) }]);
        let results = Change { edited: 2, ..change(met, results) };
        all.places.insert(spot("t", "a"), results);
        assert_eq!(all.questions().is_empty(), all.questions_of("t").is_empty());
        usize::from(!all.questions().is_empty())
    };
    const FITTED: (EntityId, CarriedOut) = (EntityId(3), CarriedOut { asked: "hash", done: "fpe" });
    assert_eq!(asked(HASHED, &[], 2), 0);
    assert_eq!(asked(HASHED, &[], 9), 0, "a token is like nothing that was there");
    assert_eq!(asked(FITTED, &[], 2), 0, "all values are others now, and apart");
    assert_eq!(asked(FITTED, &[], 9), 1, "one may be what stays in another row");
    assert_eq!(asked(MASKED, &[1, 2], 2), 0, "as it happens, all results differ");
    assert_eq!(asked(MASKED, &[1, 1], 2), 1);
}

#[test]
fn patterns_are_counted_and_cells_are_of_their_types() {
    let Block::Table(mut one) = block(&[(Some("13800138000"), Some("t"))]) else { panic!() };
    let columns = ["a", "b"].map(|name| {
        let kind = if name == "a" { ColumnKind::FREE_TEXT } else { ColumnKind::Fixed("boolean".to_owned()) };
        ColumnContext { name: name.to_owned(), kind }
    });
    one.table = Arc::new(TableContext { name: Some("t".to_owned()), columns: columns.into() });
    let edit = CellEdit { column: 0, row: 0, value: Some(b"x".to_vec()) };
    let is = |name: &str, text: &str| {
        let column = Expression::Column(name.to_owned());
        Expression::Compare(Comparison::Equal, Box::new(column), Box::new(Expression::Text(text.into())))
    };
    let starts = Pattern::regular("^1", Case::Exact).unwrap();
    let starts = Expression::Matches(Box::new(Expression::Column("a".to_owned())), starts);
    let said = |expression: &Expression, patterns: usize, count: usize| {
        let columns = vec!["a".to_owned(), "b".to_owned()];
        let condition = Condition { expression: expression.clone(), columns, manner: Manner::Postgres, patterns };
        let asked = vec![key(ConstraintKind::Check(Some(Arc::new(condition))), &["a", "b"]); count];
        let all = checks::check(&asked, &one, std::slice::from_ref(&edit));
        let sum = |of: fn(&checks::Checked) -> u64| all.iter().map(|(_, checked)| of(checked)).sum::<u64>();
        (sum(|checked| checked.broken.0), sum(|checked| checked.unknown))
    };
    assert_eq!(said(&starts, 1, 300), (256, 44));
    assert_eq!(said(&is("a", "1"), 0, 300), (300, 0));
    assert_eq!(said(&Expression::And(vec![is("a", "1"), is("b", "t")]), 0, 1), (1, 0));
    assert_eq!(said(&Expression::And(vec![is("a", "x"), is("b", "t")]), 0, 1), (0, 1), "a boolean is no text");
    let is_null = Expression::IsNull(Box::new(Expression::Column("b".to_owned())));
    assert_eq!(said(&is_null, 0, 1), (1, 0));
}
