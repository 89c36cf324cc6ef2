//! Values of a column whose name says what they are, each as a whole.

use super::context::ColumnScope;
use super::pass::Pass;
use super::program::At;
use super::{address, name};
use crate::rule::compile::Anchor;
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::rule::syntax::GrammarSyntax;

impl Pass<'_> {
    pub(super) fn column_standing(&self, recognizer: At) -> Standing {
        let Some(entity) = self.program.recognizer(recognizer).map(|r| r.entity) else { return Standing::None };
        self.column.as_ref().map_or(Standing::None, |scope| LabelIndex::standing(scope.says, entity))
    }

    /// The whole text as a value of a column whose name says what it is. Whether that settles what it is.
    pub(super) fn whole_value(&mut self, value: std::ops::Range<usize>) -> bool {
        let Some(scope) = self.column else { return false };
        let digits = self.text.get(value.clone()).unwrap_or_default();
        if self.may_settle() && digits.iter().all(u8::is_ascii_digit) && self.settled_by(&value, scope.says) {
            return true;
        }
        self.value_of_name(&value, &scope);
        false
    }

    /// Reports what the name of its column makes of `value`.
    pub(super) fn value_of_name(&mut self, value: &std::ops::Range<usize>, scope: &ColumnScope<'_>) {
        let program = self.program;
        for said in scope.says {
            let (entity, standing) = match said {
                Says::Positive(entity) => (entity, Standing::Positive),
                Says::Weak(entity) => (entity, Standing::Weak),
                Says::Abbreviated(entity) => (entity, Standing::Abbreviated),
                Says::Negative(_) | Says::NegativeForAll => continue,
            };
            let list = program.from_label.get(usize::from(entity.0)).map(Vec::as_slice).unwrap_or_default();
            for &at in list {
                let Some(recognizer) = program.recognizer(at) else { continue };
                let text = self.text.get(value.clone()).unwrap_or_default();
                let found = match &recognizer.anchor {
                    Anchor::Label(None) if recognizer.whole => {
                        if recognizer.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text)) {
                            let Some(standing) = self.settled(recognizer, value.start, standing) else { continue };
                            self.judge_value(at, value.clone(), standing);
                        }
                        continue;
                    }
                    Anchor::Label(Some(GrammarSyntax::CnAddress)) => address::is_value(text),
                    Anchor::Label(Some(GrammarSyntax::PersonName)) => name::is_value(text),
                    _ => {
                        self.value_for(at, value.start, standing);
                        continue;
                    }
                };
                if let Some(mut found) = found {
                    (found.start, found.end) = (found.start + value.start, found.end + value.start);
                    let Some(standing) = self.settled(recognizer, value.start, standing) else { continue };
                    self.grammar_found(at, &found, standing);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use arrow::array::{ArrayRef, StringArray};
    use proptest::prelude::*;

    use crate::block::{Block, Column, ColumnContext, ColumnKind, TableBlock, TableContext};
    use crate::detect::{Detector, Scratch};
    use crate::finding::Match;
    use crate::rule::RuleSet;
    use crate::validate::cn_resident_id::resident_id_check;
    use crate::validate::luhn;

    fn detect(detector: &Detector, column: &str, values: &[String]) -> Vec<Match> {
        let columns = vec![ColumnContext { name: column.to_owned(), kind: ColumnKind::FREE_TEXT }];
        let table = Arc::new(TableContext { name: None, columns });
        let array: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        let columns = vec![Column { index: 0, values: array, records: None }];
        let block = Block::Table(TableBlock { table, columns, rows: values.len(), first_row: 1, text: None });
        let mut found = Vec::new();
        detector.detect(&block, &mut Scratch::default(), &mut found);
        found
    }

    fn with_luhn(body: &str) -> String {
        (0..=9).map(|digit| format!("{body}{digit}")).find(|number| luhn::holds(number.as_bytes())).unwrap()
    }

    fn resident_id(body: &str) -> String {
        let check = resident_id_check(body.as_bytes().first_chunk().unwrap());
        format!("{body}{}", char::from(check))
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "1[3-9][0-9]{9}",
            2 => "(11010|44030|62010)[1-9](19[4-9][0-9])(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}"
                .prop_map(|body| resident_id(&body)),
            2 => "(622202|621700|622848|62010119)[0-9]{8,11}".prop_map(|body| with_luhn(&body)),
            1 => "(86|35)[0-9]{12}".prop_map(|body| with_luhn(&body)),
            1 => "(898600|0571|400|100|20260312)[0-9]{2,14}",
            1 => "[0-9]{5,20}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]
        /// What is settled by a column's name is what the whole look would have found.
        #[test]
        fn digits_settled_by_a_column_are_what_the_plain_pass_finds(
            values in prop::collection::vec(value(), 1..8),
            column in prop::sample::select(vec![
                "mobile", "phone", "contact", "id_card", "身份证号", "bank_card", "card_no", "order_no", "user_id", "iccid",
                "imei", "账号", "统一社会信用代码", "qq", "fax", "x",
            ]),
        ) {
            static DETECTORS: OnceLock<(Detector, Detector)> = OnceLock::new();
            let (fast, plain) = DETECTORS.get_or_init(|| {
                let rules = Arc::new(RuleSet::load(&[]).unwrap());
                (Detector::new(Arc::clone(&rules)), Detector::plain(rules))
            });
            prop_assert_eq!(detect(fast, column, &values), detect(plain, column, &values), "{}: {:?}", column, values);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]
        /// What is settled by the key before it is what the whole look would have found.
        #[test]
        fn digits_settled_by_a_key_are_what_the_plain_pass_finds(
            parts in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "mobile", "phone", "id_card", "身份证号", "银行卡号", "card_no", "order_no", "iccid", "imei", "账号", "卡号",
                        "编号", "统一社会信用代码", "qq", "fax", "手机", "传真", "uid", "seq", "x", "tel", "固定电话", "联系电话", "工号",
                    ]),
                    prop::sample::select(vec![
                        ":", "=", "：", " ", "\":\"", "\":", ":+", "=(", "", "#", "-", ".", "=$", ": ", "是", "_", "=86-", "='", "=0571-",
                    ]),
                    value(),
                    prop::sample::select(vec![
                        ",", " ", "\n", ".", ".0", "-123", " 456", "x", "X", ")", "转8001", " ext. 12", "%", "号", "\"", "_1", "&", "；",
                        "-", ".5", " 13800138000", "-0012", "元", "（注）",
                    ]),
                ),
                1..5,
            ),
        ) {
            static DETECTORS: OnceLock<(Detector, Detector)> = OnceLock::new();
            let (fast, plain) = DETECTORS.get_or_init(|| {
                let rules = Arc::new(RuleSet::load(&[]).unwrap());
                (Detector::new(Arc::clone(&rules)), Detector::plain(rules))
            });
            let mut text = String::from("INFO ");
            for (label, join, value, tail) in &parts {
                text.extend([label, join, value.as_str(), tail, " "]);
            }
            let found = |detector: &Detector| {
                let mut found = Vec::new();
                detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut found);
                found
            };
            prop_assert_eq!(found(fast), found(plain), "{}", text);
        }
    }

    #[test]
    fn a_rule_of_the_users_own_wins_over_what_a_column_would_settle() {
        let folder = tempfile::tempdir().unwrap();
        let rule = "entity: STAFF_PHONE\nzh: 员工电话\nen: Staff phone\nsource: test\ncanonical: digits\nmask: {style: keep, first: 3, last: 4}\nrecognize:\n  - anchor: digits\n    \
            groups: [\"11\"]\n    pattern: '138001380\\d{2}'\n    structure: 60\nexamples:\n  - {text: \"13800138001\", \
            match: \"13800138001\"}\ncounterexamples:\n  - {text: \"1\", why: short}\n";
        std::fs::write(folder.path().join("staff.yml"), rule).unwrap();
        let rules = Arc::new(RuleSet::load(&[folder.path().to_path_buf()]).unwrap());
        let own = rules.entity_named("STAFF_PHONE").unwrap().id;
        let found = detect(&Detector::new(rules), "mobile", &["13800138001".to_owned()]);
        assert_eq!(found.iter().map(|one| one.entity).collect::<Vec<_>>(), [own]);
    }
}
