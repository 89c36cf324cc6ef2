//! Numbers of which no more can be found than what the name of their column makes of them: their digits are as many as
//! those of no identifier that it would be looked for, or begin like none.
//!
//! Must say so of no number that the pass over the text could find.

use super::context::ColumnScope;
use super::lines::Lines;
use super::number;
use super::pass::{Buffers, Pass};
use super::program::Program;
use super::settle::Settling;
use crate::finding::Match;
use crate::rule::compile::Recognizer;
use crate::rule::label::{LabelIndex, Says, Standing};

/// Tells such numbers of one column.
pub(super) struct Lone<'a> {
    program: &'a Program,
    says: &'a [Says],
    /// By the number of digits, what may take such numbers; those not asked for yet have none.
    takers: Vec<Option<Vec<&'a Recognizer>>>,
}

impl<'a> Lone<'a> {
    /// For a column of which the name `says` this; `None` where numbers may be found by more than their digits.
    pub(super) fn new(program: &'a Program, says: &'a [Says]) -> Option<Lone<'a>> {
        let is_told = program.settles && !program.plain && !number::by_more_than_digits(program);
        is_told.then(|| Lone { program, says, takers: Vec::new() })
    }

    /// Whether `value`, which is all of its line, is such a number.
    pub(super) fn is(&mut self, value: &[u8]) -> bool {
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return false;
        }
        let Some(list) = self.program.singles.get(value.len()) else { return true };
        if self.takers.len() <= value.len() {
            self.takers.resize_with(value.len() + 1, || None);
        }
        let Some(takers) = self.takers.get_mut(value.len()) else { return false };
        let takers = takers.get_or_insert_with(|| {
            let may_take = |one: &&Recognizer| {
                !one.plus
                    && (!one.label_required || LabelIndex::standing(self.says, one.entity) >= Standing::Abbreviated)
            };
            list.iter().filter_map(|at| self.program.recognizer(*at)).filter(may_take).collect()
        });
        !takers.iter().any(|one| one.may_take(value))
    }
}

/// Looks at each value as a whole, and enters the lines into `lone` in which nothing else can be found.
pub(super) fn whole_values(
    program: &Program,
    lines: &Lines,
    scope: Option<ColumnScope<'_>>,
    buffers: &mut Buffers,
    (out, lone): (&mut Vec<Match>, &mut Vec<usize>),
) {
    lone.clear();
    let Some(names) = scope else { return };
    let mut telling = if buffers.trials.is_none() { Lone::new(program, names.says) } else { None };
    let mut settling = Settling::new(program, names.says, lines.rows.len());
    let mut pass = Pass::new(program, &lines.text, scope, buffers, out);
    let may_settle = pass.may_settle();
    for index in 0..lines.rows.len() {
        let value = lines.value(index);
        // Who takes no shortcut has every value looked at.
        if may_settle {
            if pass.line(&value, &names, &mut settling) {
                continue;
            }
        } else {
            pass.value_of_name(&value, &names);
        }
        if let Some(telling) = &mut telling
            && telling.is(lines.text.get(value).unwrap_or_default())
        {
            lone.push(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::detect::Detector;
    use crate::detect::column_name::said_by;
    use crate::detect::fold::Spelling;
    use crate::rule::RuleSet;

    #[test]
    fn nothing_more_is_found_in_them() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        let program = &detector.program;
        let (mut seed, mut lone) = (20_260_312_u64, 0);
        let heads = [
            "", "1", "13", "86", "0571", "400", "11010519", "6222", "8986", "898600", "35", "2026", "19", "9133", "000",
        ];
        for column in
            ["customer_id", "order_no", "工号", "account", "employee_id", "post", "amount", "x", "快递单号", "cust_no"]
        {
            let says = said_by(program.rules.labels(), column);
            let mut told = Lone::new(program, says).unwrap();
            for length in 1..=24_usize {
                for head in heads {
                    let digits = std::iter::repeat_with(|| {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                        char::from(b'0' + (seed >> 40) as u8 % 10)
                    });
                    let value: String = head.chars().chain(digits).take(length).collect();
                    if !told.is(value.as_bytes()) {
                        continue;
                    }
                    lone += 1;
                    let scope = ColumnScope { says, names: column.as_bytes(), beside: &[] };
                    let (mut buffers, mut found) = (Buffers::default(), Vec::new());
                    let text = format!("{value}\n");
                    Pass::run(program, text.as_bytes(), Some(scope), Spelling::Plain, &mut buffers, &mut found);
                    assert_eq!(found, [], "{column}: {value}");
                }
            }
        }
        assert!(lone > 1000, "{lone}");
    }

    #[test]
    fn only_numbers_are_numbers() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        let mut told = Lone::new(&detector.program, &[]).unwrap();
        assert!(told.is(b"1234567"));
        for other in ["", "x", "12345678x", "-1", "1 2", "13800138000", "1.5"] {
            assert!(!told.is(other.as_bytes()), "{other}");
        }
    }
}
