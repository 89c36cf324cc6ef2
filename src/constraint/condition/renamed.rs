//! The condition of a domain as that of a column that is of it.

use super::{Condition, Expression};

impl Condition {
    /// The same, asked of the column `to` in the place of `from`.
    pub(crate) fn renamed(&self, from: &str, to: &str) -> Condition {
        let mut renamed = self.clone();
        renamed.expression.rename(from, to);
        renamed.columns.iter_mut().filter(|column| *column == from).for_each(|column| to.clone_into(column));
        renamed
    }
}

impl Expression {
    fn rename(&mut self, from: &str, to: &str) {
        match self {
            Expression::Column(name) if name == from => to.clone_into(name),
            Expression::Column(_)
            | Expression::Text(_)
            | Expression::Number(_)
            | Expression::Bool(_)
            | Expression::Null
            | Expression::Unknown => {}
            Expression::Length { of: inner, .. }
            | Expression::Lower(inner)
            | Expression::Upper(inner)
            | Expression::AsNumber(inner)
            | Expression::AsWhole(inner, _)
            | Expression::AsText(inner)
            | Expression::AsDay(inner)
            | Expression::Matches(inner, _)
            | Expression::IsNull(inner)
            | Expression::Not(inner) => inner.rename(from, to),
            Expression::Compare(_, left, right) => {
                left.rename(from, to);
                right.rename(from, to);
            }
            Expression::And(parts) | Expression::Or(parts) => parts.iter_mut().for_each(|part| part.rename(from, to)),
        }
    }
}
