//! A plan without secrets that follows an earlier one: only rows that are different are searched again.

use crate::plan::{Plan, Row, RowList};
use crate::redact::Redactor;
use crate::resource::SharedValue;

/// The plan that was struck last. Searching every row again would be most of what a save costs.
#[derive(Default)]
pub(super) struct StruckPlan {
    /// The number of values that were known: with another one, every row has to be searched.
    values: usize,
    /// The rows as they were, in the order of their addresses.
    rows: RowList,
    /// The same rows without the values. Those in which none was found are the same in memory too.
    struck: RowList,
}

impl StruckPlan {
    /// Returns a plan without the values that the redactor knows.
    pub(super) fn strike(&mut self, redactor: &Redactor, mut plan: Plan) -> Plan {
        // Counted first: a value that is added meanwhile is searched for in the next plan.
        let values = redactor.count();
        if values != self.values {
            *self = Self {
                values,
                ..Self::default()
            };
        }
        let rows = std::mem::take(&mut plan.rows);
        let (rows, struck): (Vec<SharedValue<Row>>, Vec<SharedValue<Row>>) = rows
            .into_iter()
            .map(|row| self.known(&row).unwrap_or_else(|| strike_row(redactor, row)))
            .unzip();
        self.rows = rows.into_iter().collect();
        self.struck = struck.into_iter().collect();
        Plan {
            rows: self.struck.clone(),
            ..redactor.record(plan)
        }
    }

    /// Returns the row of the last plan that is equal to this one, and the same without values.
    fn known(&self, row: &SharedValue<Row>) -> Option<(SharedValue<Row>, SharedValue<Row>)> {
        let at = self.rows.position(&row.address)?;
        let (known, struck) = (self.rows.shared().nth(at)?, self.struck.shared().nth(at)?);
        (known == row).then(|| (known.clone(), struck.clone()))
    }
}

fn strike_row(redactor: &Redactor, row: SharedValue<Row>) -> (SharedValue<Row>, SharedValue<Row>) {
    let struck = redactor.changed_record(&*row).map(SharedValue::from);
    (row.clone(), struck.unwrap_or(row))
}

#[cfg(test)]
mod tests {
    // Not `super::*`: this room's module imports this file.
    use crate::command::struck_plan::StruckPlan;
    use crate::plan::Plan;
    use crate::redact::Redactor;
    use crate::resource::Secret;

    fn plan(warning: &str) -> Plan {
        let row = |name: &str| {
            serde_json::json!({
                "address": format!("entity-type.{name}"), "verb": "create", "changes": [],
                "warnings": [format!("{warning} of {name}")],
            })
        };
        serde_json::from_value(serde_json::json!({
            "target": {"organization": "dev", "url": "http://127.0.0.1:1"},
            "rows": [row("a"), row("b")],
            "warnings": [warning],
            "counts": crate::plan::Counts::default(),
            "id": "0".repeat(32),
        }))
        .unwrap()
    }

    #[test]
    fn a_plan_that_follows_another_is_struck_as_if_it_came_first() {
        let redactor = Redactor::default();
        redactor.add([&Secret::new("hunter2hunter2")]);
        let mut struck = StruckPlan::default();
        for warning in ["mild", "hunter2hunter2", "hunter2hunter2", "mild"] {
            let plan = plan(warning);
            assert_eq!(
                struck.strike(&redactor, plan.clone()),
                redactor.record(plan),
                "{warning}"
            );
        }
    }

    #[test]
    fn a_plan_that_follows_another_shares_its_rows() {
        let redactor = Redactor::default();
        redactor.add([&Secret::new("hunter2hunter2")]);
        let mut struck = StruckPlan::default();
        for warning in ["mild", "hunter2hunter2"] {
            let plans = [plan(warning), plan(warning)].map(|plan| struck.strike(&redactor, plan));
            let [first, second] = plans.each_ref().map(|plan| plan.rows.shared());
            assert!(
                first.zip(second).all(|(first, second)| first.is_same(second)),
                "{warning}"
            );
        }
    }

    #[test]
    fn a_value_that_is_known_later_is_struck_out_of_rows_that_stay() {
        let redactor = Redactor::default();
        let mut struck = StruckPlan::default();
        assert_eq!(struck.strike(&redactor, plan("correcthorse")), plan("correcthorse"));
        redactor.add([&Secret::new("correcthorse")]);
        let later = struck.strike(&redactor, plan("correcthorse"));
        assert!(!format!("{later:?}").contains("correcthorse"), "{later:?}");
    }
}
