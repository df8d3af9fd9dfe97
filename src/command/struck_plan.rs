//! A plan without secrets that follows an earlier one: only rows that are different are searched again.

use crate::plan::{Plan, Row};
use crate::redact::Redactor;

/// The plan that was struck last. Searching every row again would be most of what a save costs.
#[derive(Default)]
pub(super) struct StruckPlan {
    /// The number of values that were known: with another one, every row has to be searched.
    values: usize,
    /// The rows as they were, in the order of their addresses.
    rows: Vec<Row>,
    /// The same rows without the values.
    struck: Vec<Row>,
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
        let struck: Vec<Row> = rows
            .iter()
            .map(|row| self.known(row).unwrap_or_else(|| redactor.record(row.clone())))
            .collect();
        self.rows = rows;
        self.struck.clone_from(&struck);
        Plan {
            rows: struck,
            ..redactor.record(plan)
        }
    }

    fn known(&self, row: &Row) -> Option<Row> {
        let at = self
            .rows
            .binary_search_by(|known| known.address.cmp(&row.address))
            .ok()?;
        (self.rows[at] == *row).then(|| self.struck[at].clone())
    }
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
    fn a_value_that_is_known_later_is_struck_out_of_rows_that_stay() {
        let redactor = Redactor::default();
        let mut struck = StruckPlan::default();
        assert_eq!(struck.strike(&redactor, plan("correcthorse")), plan("correcthorse"));
        redactor.add([&Secret::new("correcthorse")]);
        let later = struck.strike(&redactor, plan("correcthorse"));
        assert!(!format!("{later:?}").contains("correcthorse"), "{later:?}");
    }
}
