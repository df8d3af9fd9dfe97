//! Secrets that the server hides and that were sent from here: a rotated one is predicted, an unchanged one is silent, and
//! without local state, or after somebody else has written, they are sent again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lobuctl::plan::{ChangeKind, Impact, KnownSecrets, PlanOptions, SecretState, Target, Verb, plan};
use lobuctl::resource::{Agent, ConfigValue, Origins, Platform, Secret, State};
use serde_json::Value;

use crate::support::program::cli::{BOT_TOKEN, CliOutput, CliProject};
use crate::support::server::gate::{GateRule, GatedServer};

const ROTATED: &str = "4712:planted-rotated-token";
const KEY: &str = "planted-key-of-fingerprints";

/// Runs the program with this token of the bots and these variables.
fn run(cli: &CliProject, line: &str, token: &str, variables: &[(&str, &str)]) -> CliOutput {
    let mut command = cli.command(line);
    command.env("BOT_TOKEN", token).envs(variables.iter().copied());
    let output = CliOutput::of(&command.output().unwrap());
    assert!([0, 2].contains(&output.code), "{line}: {output:?}");
    output
}

/// Returns what a plan says of both bots: how many secrets are resent, how many rows are updated, how many restart.
fn counts(cli: &CliProject, token: &str, variables: &[(&str, &str)]) -> [u64; 3] {
    let plan = run(cli, "plan --format json", token, variables).object("plan");
    ["recheck", "update", "restart"].map(|key| plan["counts"][key].as_u64().unwrap_or_default())
}

const RESENT: [u64; 3] = [2, 0, 0];
const SILENT: [u64; 3] = [0, 0, 0];
const PREDICTED: [u64; 3] = [0, 2, 2];

fn folder(cli: &CliProject) -> PathBuf {
    cli.path().join(".local/state/lobuctl/secrets")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_secret_that_was_sent_from_here_is_known_and_a_rotated_one_predicted() {
    let cli = CliProject::live();
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), SILENT, "everything is created");
    assert!(!folder(&cli).exists(), "a plan keeps nothing");
    run(&cli, "apply --yes", BOT_TOKEN, &[]);
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), SILENT);
    assert_eq!(counts(&cli, ROTATED, &[]), PREDICTED);
    let text = run(&cli, "plan", ROTATED, &[]).out;
    assert!(
        text.contains("config.botToken: secret, changed since the last apply from here"),
        "{text}"
    );
    let refused = cli
        .command("plan --fail-on restart")
        .env("BOT_TOKEN", ROTATED)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(4));
    let applied = run(&cli, "apply --yes", ROTATED, &[]);
    assert!(applied.out.contains("; 2 restarts in "), "{applied:?}");
    assert_eq!(counts(&cli, ROTATED, &[]), SILENT);
    let nothing = run(&cli, "apply --yes", ROTATED, &[]);
    assert!(nothing.err.ends_with("nothing to do\n"), "{nothing:?}");
    for file in files(&folder(&cli)) {
        let bytes = fs::read(&file).unwrap();
        assert!(
            !String::from_utf8_lossy(&bytes).contains("planted"),
            "{}",
            file.display()
        );
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_not_known_for_sure_is_sent_again() {
    let cli = CliProject::live();
    run(&cli, "apply --yes", BOT_TOKEN, &[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = [("XDG_STATE_HOME", elsewhere.path().to_str().unwrap())];
    let keyed = [("LOBUCTL_FINGERPRINT_KEY", KEY)];
    assert_eq!(counts(&cli, BOT_TOKEN, &elsewhere), RESENT, "another machine");
    assert_eq!(counts(&cli, BOT_TOKEN, &keyed), RESENT, "another key");
    // Somebody rotates the token, and nobody here can know which one the server has now.
    run(&cli, "apply --yes", ROTATED, &elsewhere);
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), RESENT);
    assert_eq!(counts(&cli, ROTATED, &[]), RESENT);
    run(&cli, "apply --yes", BOT_TOKEN, &[]);
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), SILENT);
    fs::remove_dir_all(folder(&cli)).unwrap();
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), RESENT, "without local state");
    run(&cli, "apply --yes", BOT_TOKEN, &keyed);
    assert_eq!(counts(&cli, BOT_TOKEN, &keyed), SILENT, "with a key of the environment");
    assert!(!folder(&cli).join("key").exists());
}

#[test]
fn a_key_that_is_too_short_is_made_anew() {
    let cli = CliProject::live();
    run(&cli, "apply --yes", BOT_TOKEN, &[]);
    fs::write(folder(&cli).join("key"), "").unwrap();
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), RESENT, "nothing can be compared");
    run(&cli, "apply --yes", BOT_TOKEN, &[]);
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), SILENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_replies_name_other_times_than_its_lists_is_remembered_too() {
    let cli = CliProject::live();
    let server = GatedServer::open().await;
    server.rule(GateRule::WithoutRevisions);
    let elsewhere = tempfile::tempdir().unwrap();
    let there = [
        ("LOBU_API_URL", server.url.as_str()),
        ("LOBU_API_TOKEN", server.token.as_str()),
    ];
    let from_elsewhere = [
        there[0],
        there[1],
        ("XDG_STATE_HOME", elsewhere.path().to_str().unwrap()),
    ];
    run(&cli, "apply --yes", BOT_TOKEN, &there);
    assert_eq!(counts(&cli, BOT_TOKEN, &there), SILENT, "after a creation");
    assert_eq!(counts(&cli, BOT_TOKEN, &from_elsewhere), RESENT);
    run(&cli, "apply --yes", BOT_TOKEN, &from_elsewhere);
    assert_eq!(
        counts(&cli, BOT_TOKEN, &from_elsewhere),
        SILENT,
        "after a PUT that changed nothing"
    );
    assert_eq!(counts(&cli, ROTATED, &there), PREDICTED);
    run(&cli, "apply --yes", ROTATED, &there);
    assert_eq!(counts(&cli, ROTATED, &there), SILENT, "after an update");
}

#[test]
fn a_prediction_that_was_wrong_is_reported() {
    let cli = CliProject::live();
    run(&cli, "apply --yes", BOT_TOKEN, &[]);
    let file = files(&folder(&cli))
        .into_iter()
        .find(|file| !file.ends_with("key"))
        .unwrap();
    let mut known: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for platform in known["platforms"].as_object_mut().unwrap().values_mut() {
        for print in platform["fields"].as_object_mut().unwrap().values_mut() {
            *print = "0".repeat(64).into();
        }
    }
    fs::write(&file, known.to_string()).unwrap();
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), PREDICTED);
    let applied = run(&cli, "apply --yes", BOT_TOKEN, &[]);
    assert!(
        applied.out.contains("2 unchanged; 2 predicted restarts did not happen"),
        "{applied:?}"
    );
    assert_eq!(counts(&cli, BOT_TOKEN, &[]), SILENT);
}

/// A platform with secrets as files declare it, or as a server that hides them answers.
fn state(hidden: bool) -> State {
    let mut platform = Platform::declared("desk", "slack", None);
    for name in NAMES {
        let secret = ConfigValue::Secret(Secret::new(format!("value of {name}")));
        let value = if hidden { ConfigValue::Redacted } else { secret };
        platform.config.insert(name.to_owned(), value);
    }
    let mut state = State::default();
    let agent = Agent {
        id: "desk".to_owned(),
        ..Agent::default()
    };
    state.agents.insert(agent.id.clone(), agent.into());
    state.platforms.insert(platform.key(), platform.into());
    state
}

const NAMES: [&str; 3] = ["appToken", "botToken", "signingSecret"];

/// A platform is written when a secret of it is known to be another one, sent again when one of it is not known, and left
/// alone when all are known to be the same.
#[test]
fn each_mixture_of_known_and_unknown_secrets_is_planned_by_the_same_law() {
    let states = [None, Some(SecretState::Unchanged), Some(SecretState::Changed)];
    let (desired, remote) = (state(false), state(true));
    let address = Platform::declared("desk", "slack", None).address();
    for number in 0..27 {
        let mixture = [states[number % 3], states[number / 3 % 3], states[number / 9]];
        let mut secrets = KnownSecrets::default();
        for (name, state) in NAMES.iter().zip(mixture) {
            if let Some(state) = state {
                secrets.insert(address.clone(), name, state);
            }
        }
        for recheck in [true, false] {
            let options = PlanOptions {
                recheck,
                secrets: secrets.clone(),
                ..PlanOptions::default()
            };
            let draft = plan(&desired, &remote, &Origins::default(), Target::default(), &options).unwrap();
            let row = draft.plan.row(&address).unwrap();
            let is_changed = mixture.contains(&Some(SecretState::Changed));
            let is_resent = recheck && !is_changed && mixture.contains(&None);
            let case = format!("{mixture:?}, recheck: {recheck}");
            assert_eq!(row.verb, if is_changed { Verb::Update } else { Verb::Noop }, "{case}");
            assert_eq!(row.impact, is_changed.then_some(Impact::Restart), "{case}");
            assert_eq!(row.recheck, is_resent, "{case}");
            assert_eq!(draft.steps.contains_key(&address), is_changed || is_resent, "{case}");
            let rotated = row
                .changes
                .iter()
                .filter(|change| change.kind == ChangeKind::SecretRotated);
            let changed = mixture.iter().filter(|state| **state == Some(SecretState::Changed));
            assert_eq!(rotated.count(), changed.count(), "{case}");
            assert!(is_changed || is_resent || row.changes.is_empty(), "{case}");
        }
    }
}
