//! The steps of the GitHub action, run as the runner runs them: the script of `action.yml` against a server of our own and a
//! GitHub on loopback that keeps comments and issues.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::extract::{Path as UrlPath, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, patch};
use axum::{Json, Router};
use lobuctl::config::parse_yaml;
use serde_json::{Value, json};

use crate::support::program::cli::{CliOutput, CliProject};
use crate::support::report_skip;

const BOT: &str = "github-actions[bot]";
const TOKEN: &str = "ghs_planted-token";

/// What the GitHub of the test holds, and each request that changed it.
#[derive(Default)]
struct GitHub {
    comments: Vec<Value>,
    issues: Vec<Value>,
    writes: Vec<String>,
}

type Shared = Arc<Mutex<GitHub>>;

fn check_token(headers: &HeaderMap) {
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}").as_str());
}

/// One page of a list, as GitHub gives it.
fn page(all: &[Value], query: &BTreeMap<String, String>) -> Json<Value> {
    let number = |name: &str| query[name].parse::<usize>().unwrap();
    let (page, size) = (number("page"), number("per_page"));
    Json(all.iter().skip((page - 1) * size).take(size).cloned().collect())
}

fn update(all: &mut [Value], key: &str, id: u64, changes: &Value) {
    let item = all.iter_mut().find(|item| item[key] == id).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        item[name] = value.clone();
    }
}

async fn list_comments(
    State(hub): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    check_token(&headers);
    page(&hub.lock().unwrap().comments, &query)
}

async fn create_comment(
    State(hub): State<Shared>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    check_token(&headers);
    let mut hub = hub.lock().unwrap();
    let comment = json!({ "id": 1000 + hub.comments.len(), "user": { "login": BOT }, "body": body["body"] });
    hub.comments.push(comment.clone());
    hub.writes.push("POST comment".to_owned());
    (StatusCode::CREATED, Json(comment))
}

async fn update_comment(
    State(hub): State<Shared>,
    headers: HeaderMap,
    UrlPath(id): UrlPath<u64>,
    Json(body): Json<Value>,
) -> Json<Value> {
    check_token(&headers);
    let mut hub = hub.lock().unwrap();
    update(&mut hub.comments, "id", id, &body);
    hub.writes.push(format!("PATCH comment {id}"));
    Json(json!({}))
}

async fn list_issues(
    State(hub): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    check_token(&headers);
    assert_eq!(query["creator"], BOT);
    let hub = hub.lock().unwrap();
    let open: Vec<Value> = hub
        .issues
        .iter()
        .filter(|issue| issue["state"] == query["state"].as_str())
        .cloned()
        .collect();
    page(&open, &query)
}

async fn create_issue(
    State(hub): State<Shared>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    check_token(&headers);
    let mut hub = hub.lock().unwrap();
    body["number"] = (50 + hub.issues.len()).into();
    body["state"] = "open".into();
    body["user"] = json!({ "login": BOT });
    hub.issues.push(body.clone());
    hub.writes.push("POST issue".to_owned());
    (StatusCode::CREATED, Json(body))
}

async fn update_issue(
    State(hub): State<Shared>,
    headers: HeaderMap,
    UrlPath(number): UrlPath<u64>,
    Json(body): Json<Value>,
) -> Json<Value> {
    check_token(&headers);
    let mut hub = hub.lock().unwrap();
    update(&mut hub.issues, "number", number, &body);
    hub.writes.push(format!("PATCH issue {number}"));
    Json(json!({}))
}

async fn merged_pull_requests(headers: HeaderMap) -> Json<Value> {
    check_token(&headers);
    Json(json!([{ "number": 6, "merged_at": null }, { "number": 7, "merged_at": "2026-11-29T10:00:00Z" }]))
}

/// Starts the GitHub. Returns its URL.
async fn start(hub: &Shared) -> String {
    let repository = Router::new()
        .route("/issues/7/comments", get(list_comments).post(create_comment))
        .route("/issues/comments/{id}", patch(update_comment))
        .route("/issues", get(list_issues).post(create_issue))
        .route("/issues/{number}", patch(update_issue))
        .route("/commits/c0ffee/pulls", get(merged_pull_requests))
        .with_state(hub.clone());
    let router = Router::new().nest("/repos/acme/desk", repository);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the action.
fn action() -> Value {
    let text = fs::read_to_string(root().join("action.yml")).unwrap();
    parse_yaml(&text).unwrap().remove(0)
}

/// Returns the value of an expression of the action: an input that is given, or its default.
fn evaluated(action: &Value, expression: &str, inputs: &BTreeMap<&str, &str>) -> String {
    let name = expression
        .strip_prefix("${{ inputs.")
        .and_then(|rest| rest.strip_suffix(" }}"))
        .unwrap();
    let default = action["inputs"][name]["default"]
        .as_str()
        .unwrap_or_else(|| panic!("no input {name}"));
    let default = if default == "${{ github.token }}" {
        TOKEN
    } else {
        default
    };
    inputs.get(name).copied().unwrap_or(default).to_owned()
}

/// A job of the action: the project, its server and the GitHub.
struct Job {
    cli: CliProject,
    hub: Shared,
    url: String,
    scratch: tempfile::TempDir,
}

impl Job {
    async fn new() -> Self {
        let hub = Shared::default();
        Self {
            cli: CliProject::new(),
            url: start(&hub).await,
            hub,
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Runs the step with the script, as the runner would.
    fn run(&self, inputs: &[(&str, &str)]) -> CliOutput {
        let action = action();
        let step = action["runs"]["steps"]
            .as_array()
            .unwrap()
            .iter()
            .find(|step| step["id"] == "run")
            .unwrap();
        let mut inputs: BTreeMap<&str, &str> = inputs.iter().copied().collect();
        inputs.insert("lobuctl", env!("CARGO_BIN_EXE_lobuctl"));
        // The environment of the project's own program: server, token and secrets.
        let like = self.cli.command("");
        let mut command = Command::new("bash");
        command.env_clear().current_dir(self.cli.path());
        for (name, value) in like.get_envs() {
            command.env(name, value.unwrap());
        }
        for (name, expression) in step["env"].as_object().unwrap() {
            command.env(name, evaluated(&action, expression.as_str().unwrap(), &inputs));
        }
        fs::write(self.file("event.json"), r#"{ "pull_request": { "number": 7 } }"#).unwrap();
        command
            .args([
                "--noprofile",
                "--norc",
                "-eo",
                "pipefail",
                "-c",
                step["run"].as_str().unwrap(),
            ])
            .env("GITHUB_ACTION_PATH", root())
            .env("GITHUB_API_URL", &self.url)
            .env("GITHUB_REPOSITORY", "acme/desk")
            .env("GITHUB_EVENT_PATH", self.file("event.json"))
            .env("GITHUB_OUTPUT", self.file("output"))
            .env("GITHUB_STEP_SUMMARY", self.file("summary.md"))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_SHA", "c0ffee")
            .env("GITHUB_RUN_ID", "99")
            .env("RUNNER_TEMP", self.scratch.path());
        let mut output = command.output().unwrap();
        // The only line that has the token is the one that tells the runner to hide it everywhere.
        let mask = format!("::add-mask::{}\n", self.cli.token());
        let rest = output.stdout.strip_prefix(mask.as_bytes()).map(<[u8]>::to_vec);
        output.stdout = rest.unwrap_or_else(|| panic!("no mask: {output:?}"));
        CliOutput::of(&output)
    }

    /// Returns the value of an output that the last step has set.
    fn output(&self, name: &str) -> String {
        let text = fs::read_to_string(self.file("output")).unwrap();
        let mut values = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        values
            .next_back()
            .unwrap_or_else(|| panic!("no {name}: {text}"))
            .to_owned()
    }

    fn take_writes(&self) -> Vec<String> {
        std::mem::take(&mut self.hub.lock().unwrap().writes)
    }
}

/// Whether the machine has what every runner has. Says so when not.
pub fn has_tools() -> bool {
    let missing: Vec<&str> = ["bash", "curl", "jq"]
        .into_iter()
        .filter(|tool| Command::new(tool).arg("--version").output().is_err())
        .collect();
    if !missing.is_empty() {
        report_skip(&format!("the scripts of CI need {}", missing.join(", ")));
    }
    missing.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_one_comment_and_what_was_reviewed_is_applied() {
    if !has_tools() {
        return;
    }
    let job = Job::new().await;
    // Somebody else names a plan in the same form, and more comments than one page holds come before ours.
    {
        let mut hub = job.hub.lock().unwrap();
        let forged = "<!-- lobuctl: lobuctl -->\n**1 create** (plan id `00000000000000000000000000000000`)";
        hub.comments = vec![json!({ "id": 1, "user": { "login": "mallory" }, "body": forged })];
        hub.comments
            .extend((2..=150).map(|id| json!({ "id": id, "user": { "login": "dev" }, "body": null })));
    }
    let planned = job.run(&[]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert_eq!(job.take_writes(), ["POST comment"]);
    let first = job.output("plan-id");
    let page = fs::read_to_string(job.output("page-file")).unwrap();
    assert!(
        page.starts_with("<!doctype html>") && page.contains("class=\"id\">desk<"),
        "{page}"
    );
    let summary = fs::read_to_string(job.file("summary.md")).unwrap();
    assert_eq!(summary.matches("### lobuctl plan").count(), 1, "{summary}");
    assert!(
        job.hub.lock().unwrap().comments[150]["body"]
            .as_str()
            .unwrap()
            .contains(&first)
    );

    job.cli.edit("lobu.toml", "name = \"", "name = \"Other ");
    let planned = job.run(&[]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert_eq!(job.take_writes(), ["PATCH comment 1150"], "one comment, updated");
    let second = job.output("plan-id");
    assert_ne!(first, second);
    let comment = job.hub.lock().unwrap().comments[150]["body"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(comment.contains(&second) && !comment.contains(&first), "{comment}");
    assert!(
        comment.len() < 65_536 && comment.matches("```").count() % 2 == 0,
        "{comment}"
    );

    let applied = job.run(&[("command", "apply")]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(applied.out.contains("created agent"), "{applied:?}");
    let again = job.run(&[("command", "apply")]);
    assert_eq!(again.code, 5, "the reviewed plan is done: {again:?}");
    assert_eq!(job.take_writes(), Vec::<String>::new());
    let summary = fs::read_to_string(job.file("summary.md")).unwrap();
    assert!(summary.contains(&second), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reviewed_plan_nothing_is_applied() {
    if !has_tools() {
        return;
    }
    let job = Job::new().await;
    let refused = job.run(&[("command", "apply")]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(
        refused.out.contains("::error::no reviewed plan was found"),
        "{refused:?}"
    );
    let wrong = job.run(&[("command", "apply"), ("plan-id", "00000000000000000000000000000000")]);
    assert_eq!(wrong.code, 5, "{wrong:?}");
    assert_eq!((job.output("plan-file"), job.output("page-file")), <_>::default());

    job.cli.expect_exit("apply --yes", 0);
    job.run(&[]);
    let idle = job.run(&[("command", "apply")]);
    assert_eq!(idle.code, 0, "the reviewed plan has nothing to do: {idle:?}");
    job.cli.edit("lobu.toml", "name = \"", "name = \"Other ");
    let changed = job.run(&[("command", "apply")]);
    assert_eq!(changed.code, 5, "{changed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_one_issue_that_is_updated_and_closed() {
    if !has_tools() {
        return;
    }
    let job = Job::new().await;
    job.cli.expect_exit("apply --yes", 0);
    let drift = [("command", "drift")];
    assert_eq!(job.run(&drift).code, 0);
    assert_eq!(job.take_writes(), Vec::<String>::new(), "nothing differs");
    job.cli.edit("lobu.toml", "name = \"", "name = \"Other ");
    assert_eq!(job.run(&drift).code, 0);
    assert_eq!(job.run(&drift).code, 0);
    assert_eq!(job.take_writes(), ["POST issue", "PATCH issue 50"]);
    job.cli.edit("lobu.toml", "name = \"Other ", "name = \"");
    assert_eq!(job.run(&drift).code, 0);
    assert_eq!(job.take_writes(), ["PATCH issue 50"]);
    assert_eq!(job.hub.lock().unwrap().issues[0]["state"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_cannot_be_planned_fails_the_job_and_says_where() {
    if !has_tools() {
        return;
    }
    let job = Job::new().await;
    job.cli.edit("lobu.toml", "name = ", "nane = ");
    let failed = job.run(&[]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.err.contains("::error file=lobu.toml,line="), "{failed:?}");
    let hub = job.hub.lock().unwrap();
    assert!(hub.comments[0]["body"].as_str().unwrap().contains("failed with 1"));
}
