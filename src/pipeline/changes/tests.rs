use super::*;

fn key(kind: ConstraintKind, columns: &[&str]) -> Constraint {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    Constraint { table: "t".to_owned(), columns, kind }
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
        tables: BTreeSet::from(["t".to_owned()]),
        constraints: constraints.clone(),
        is_plan: false,
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
    for kind in [ConstraintKind::Unique, ConstraintKind::PrimaryKey] {
        let unique = || vec![key(kind.clone(), &["a"])];
        assert_eq!(reason(&changes(unique(), &[1, 2], &[3])), None);
        let shared = reason(&changes(unique(), &[1, 2], &[2])).unwrap();
        assert!(shared.contains("t.a") && shared.contains(kind.name()), "{shared}");
        assert!(reason(&changes(unique(), &[1, 1], &[])).is_some());
    }
    assert_eq!(reason(&changes(Vec::new(), &[1, 1], &[1])), None, "nobody asks for it");
    assert_eq!(reason(&changes(vec![key(ConstraintKind::Unique, &["b"])], &[1, 1], &[])), None);
    // Whether rows with equal values in one column of two are equal is not known.
    let two = changes(vec![key(ConstraintKind::Unique, &["a", "b"])], &[1, 1], &[]);
    assert_eq!(reason(&two), None);
    assert!(matches!(two.verdicts().next(), Some((_, _, Verdict::Doubtful(_)))));
}

#[test]
fn a_foreign_key_is_rewritten_as_what_it_leads_to() {
    let key = Constraint {
        table: "t".to_owned(),
        columns: vec!["a".to_owned()],
        kind: ConstraintKind::References { table: "u".to_owned(), columns: vec!["b".to_owned()] },
    };
    let with = |there: Option<Change>, has_rows: bool| {
        let mut all = changes(vec![key.clone()], &[1], &[2]);
        all.tables.extend(has_rows.then(|| "u".to_owned()));
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
    let child =
        Constraint { table: "t".to_owned(), columns: Vec::new(), kind: ConstraintKind::PartitionOf("m".to_owned()) };
    let by = |column: &str| Constraint {
        table: "m".to_owned(),
        columns: vec![column.to_owned()],
        kind: ConstraintKind::PartitionKey,
    };
    assert!(reason(&changes(vec![by("a"), child.clone()], &[1], &[])).unwrap().contains("partition of m"));
    assert_eq!(reason(&changes(vec![by("b"), child], &[1], &[])), None);
}
