//! The law of undo, for organizations made up by chance: an apply and its undo leave the server as it was, field by field,
//! apart from what the undo names before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use lobuctl::apply::{ApplyOptions, Cancel, Observers, Progress, Verdict, apply};
use lobuctl::journal::{
    JournalFolder, JournalRecorder, RecordedResource, RecordedRun, RunHead, RunId, RunOrigin, UndoDraft, UndoWarning,
    VERSION,
};
use lobuctl::plan::{Draft, PlanOptions, Prune, Selection, Target, plan, schedule};
use lobuctl::redact::Redactor;
use lobuctl::remote::{DetailsOf, Scope, fetch};
use lobuctl::resource::value::is_empty;
use lobuctl::resource::{Address, FieldPath, Origins, State};
use proptest::prelude::*;
use serde_json::Value;

use crate::laws::{block_on, cases, server_with};
use crate::support::apply::organization::{PLANTED, organization};
use crate::support::apply::test_server::TestServer;

/// A server whose runs are kept in a folder.
struct Recorded {
    server: TestServer,
    folder: tempfile::TempDir,
}

impl Recorded {
    async fn with(before: &State) -> Self {
        Self {
            server: server_with(before).await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn read(&self) -> State {
        let scope = Scope {
            agents: true,
            memory: true,
            watchers: None,
            data: None,
            details_of: DetailsOf::All,
            stable_ids: BTreeSet::new(),
            rules_of: DetailsOf::All,
        };
        fetch(&self.server.client, &scope, &|_| {}).await.unwrap()
    }

    /// Applies these rows of a plan with a journal, and reads the journal.
    async fn apply(&self, draft: &Draft, selection: &Selection) -> RecordedRun {
        let folder = JournalFolder::below(self.folder.path());
        let head = RunHead {
            version: VERSION,
            id: RunId::new(Timestamp::now()),
            began_ms: 0,
            lobuctl: "test".to_owned(),
            origin: RunOrigin::default(),
            target: Target::default(),
            plan: draft.plan.id.clone(),
            config: None,
            undoes: None,
            rows: selection.all().len(),
        };
        let id = head.id.clone();
        let recorder = JournalRecorder::new(folder.begin(head).unwrap(), Redactor::default(), 0);
        let (events, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let observers = Observers {
            events,
            recorder: Some(Arc::new(recorder)),
        };
        let options = ApplyOptions::default();
        let work = schedule(draft, selection);
        apply(
            work,
            Target::default(),
            &self.server.client,
            options,
            Cancel::new(),
            observers,
        )
        .await;
        let events: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        let progress = Progress::of(&events);
        let troubles: Vec<_> = progress.troubles().collect();
        assert_eq!(progress.verdict(), Verdict::Done, "{troubles:#?}");
        let run = folder.read(&id).unwrap();
        assert!(run.ended && run.unknown().next().is_none());
        run
    }

    /// Takes a run back. Returns what was named before, and the run that did it.
    async fn undo(&self, run: &RecordedRun) -> (UndoDraft, RecordedRun) {
        let remote = self.read().await;
        let undo = UndoDraft::of(run, &remote);
        let options = PlanOptions {
            prune: Prune::Only(undo.rows.clone()),
            recheck: false,
            ..PlanOptions::default()
        };
        let draft = plan(&undo.desired, &remote, &Origins::default(), Target::default(), &options).unwrap();
        let rows = undo.rows.iter().filter(|address| !undo.conflicts.contains(*address));
        let selection = Selection::of(&draft.plan, rows.cloned());
        let run = self.apply(&draft, &selection).await;
        (undo, run)
    }
}

/// Removes what is empty from a value: no plan removes an empty list that only the server has.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (key, without_empty(value)));
            Value::Object(entries.filter(|(_, value)| !is_empty(value)).collect())
        }
        other => other,
    }
}

/// Returns every part of a state that has a value, without secrets.
fn parts(state: &State) -> BTreeMap<(Address, FieldPath), Value> {
    let all = state.resources().flat_map(|(address, resource)| {
        let parts = RecordedResource::new(&resource).parts.into_iter();
        parts.map(move |(path, value)| ((address.clone(), path), without_empty(value)))
    });
    all.filter(|(_, value)| !is_empty(value)).collect()
}

/// Returns the parts that the undo said would not come back.
fn named(undo: &UndoDraft) -> BTreeSet<(Address, FieldPath)> {
    let mut named = BTreeSet::new();
    for (address, warnings) in &undo.warnings {
        for warning in warnings {
            if let UndoWarning::SecretsUnknown(paths)
            | UndoWarning::ValuesUnknown(paths)
            | UndoWarning::KeysStay(paths) = warning
            {
                named.extend(paths.iter().map(|path| (address.clone(), path.clone())));
            }
        }
    }
    named
}

/// Checks that two states are the same, apart from what was named.
fn assert_same(left: &State, right: &State, named: &BTreeSet<(Address, FieldPath)>) {
    let is_named = |(address, path): &(Address, FieldPath)| {
        named
            .iter()
            .any(|(named, below)| named == address && (below.starts_with(path) || path.starts_with(below)))
    };
    let known = |state: &State| {
        let mut parts = parts(state);
        parts.retain(|key, _| !is_named(key));
        parts
    };
    let (left, right) = (known(left), known(right));
    for (key, value) in &left {
        assert_eq!(Some(value), right.get(key), "{} {}", key.0, key.1);
    }
    for key in right.keys() {
        assert!(left.contains_key(key), "{} {} is new", key.0, key.1);
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn an_undo_puts_back_what_an_apply_changed_and_can_itself_be_undone(
        before in organization(), desired in organization(), prunes: bool,
    ) {
        block_on(async {
            let recorded = Recorded::with(&before).await;
            let first = recorded.read().await;
            let prune = if prunes { Prune::Everything } else { Prune::Nothing };
            let draft = recorded.server.plan_state(&desired, prune).await;
            let run = recorded.apply(&draft, &Selection::everything(&draft.plan)).await;
            let second = recorded.read().await;
            let (undo, undoing) = recorded.undo(&run).await;
            assert_eq!(undo.conflicts, BTreeSet::new());
            assert_same(&first, &recorded.read().await, &named(&undo));
            let (again, _) = recorded.undo(&undoing).await;
            assert_eq!(again.conflicts, BTreeSet::new());
            let lost: BTreeSet<_> = named(&undo).union(&named(&again)).cloned().collect();
            assert_same(&second, &recorded.read().await, &lost);
            for entry in std::fs::read_dir(recorded.folder.path().join("runs")).unwrap() {
                let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
                assert!(!text.contains(PLANTED), "{text}");
            }
        });
    }

    #[test]
    fn an_undo_touches_nothing_that_somebody_else_has_changed_since(
        before in organization(), desired in organization(), foreign in organization(),
    ) {
        block_on(async {
            let recorded = Recorded::with(&before).await;
            let draft = recorded.server.plan_state(&desired, Prune::Nothing).await;
            let run = recorded.apply(&draft, &Selection::everything(&draft.plan)).await;
            let left = recorded.read().await;
            let elsewhere = recorded.server.plan_state(&foreign, Prune::Nothing).await;
            recorded.server.apply_well(&elsewhere).await;
            let changed = recorded.read().await;
            let (_, _) = recorded.undo(&run).await;
            let after = parts(&recorded.read().await);
            let (left, changed) = (parts(&left), parts(&changed));
            // What the other one wrote and the run had left otherwise is still there.
            for (key, value) in changed.iter().filter(|(key, value)| left.get(*key) != Some(*value)) {
                prop_assert_eq!(Some(value), after.get(key), "{} {}", key.0, key.1);
            }
            Ok(())
        })?;
    }
}
