//! What of a plan was looked at, kept on this machine for each target: a plan that is opened tomorrow says what is new.
//!
//! A file holds addresses and digests, no value. It is a help: where it cannot be read, nothing is new.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plan::{Plan, Target, row_digest, target_digest};
use crate::private_file::{ensure_private_folder, replace_private};
use crate::resource::Address;

/// The maximum number of rows that are kept for a target.
const KEPT: usize = 100_000;

/// A row as it was when the plan was on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KnownGlance {
    digest: String,
    seen: bool,
}

/// The rows of a target that were on the screen.
pub struct SeenRows {
    file: PathBuf,
    rows: BTreeMap<Address, KnownGlance>,
}

impl SeenRows {
    /// Reads what is known of a target. Returns `None` where there is no folder for it.
    pub fn read(state_dir: Option<&Path>, target: &Target) -> Option<Self> {
        let file = state_dir?.join("seen").join(format!("{}.json", target_digest(target)));
        let rows = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Some(Self {
            file,
            rows: rows.unwrap_or_default(),
        })
    }

    /// Returns the rows that were looked at and have not changed since, and those that are new or different. Nothing is new
    /// where no plan of the target was ever looked at.
    pub fn compare(&self, plan: &Plan) -> (BTreeSet<Address>, BTreeSet<Address>) {
        let (mut seen, mut fresh) = (BTreeSet::new(), BTreeSet::new());
        if self.rows.is_empty() {
            return (seen, fresh);
        }
        for row in plan.rows.iter().filter(|row| row.is_notable()) {
            match self.rows.get(&row.address) {
                Some(known) if known.digest == row_digest(row) => {
                    if known.seen {
                        seen.insert(row.address.clone());
                    }
                }
                _ => {
                    fresh.insert(row.address.clone());
                }
            }
        }
        (seen, fresh)
    }

    /// Keeps the rows of a plan that was on the screen. Rows of other plans of the target stay.
    ///
    /// # Errors
    /// When the file cannot be written; it is then the old one.
    pub fn keep(mut self, plan: &Plan, seen: &BTreeSet<Address>) -> io::Result<()> {
        for row in &plan.rows {
            if !row.is_notable() {
                // What comes again after it was done is new.
                self.rows.remove(&row.address);
                continue;
            }
            let glance = KnownGlance {
                digest: row_digest(row),
                seen: seen.contains(&row.address),
            };
            self.rows.insert(row.address.clone(), glance);
        }
        while self.rows.len() > KEPT {
            self.rows.pop_first();
        }
        ensure_private_folder(self.file.parent().unwrap_or(Path::new(".")))?;
        replace_private(&self.file, &serde_json::to_vec(&self.rows)?)
    }
}
