//! The script of the GitLab template, run as a runner runs it: against a server of our own and a GitLab on loopback that keeps
//! notes and issues.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::extract::{Path as UrlPath, Query, State};
use axum::http::HeaderMap;
use axum::routing::{get, put};
use axum::{Json, Router};
use lobuctl::config::parse_yaml;
use serde_json::{Value, json};

use crate::github_action::has_tools;
use crate::support::program::cli::{CliOutput, CliProject};

const ME: u64 = 42;
const TOKEN: &str = "glpat-planted-token";

/// What the GitLab of the test holds, and each request that changed it.
#[derive(Default)]
struct GitLab {
    notes: Vec<Value>,
    issues: Vec<Value>,
    writes: Vec<String>,
}

type Shared = Arc<Mutex<GitLab>>;
type Parameters = Query<BTreeMap<String, String>>;

fn check_token(headers: &HeaderMap) {
    assert_eq!(headers["private-token"], TOKEN);
}

/// One page of a list, as GitLab gives it.
fn page(all: &[Value], query: &BTreeMap<String, String>) -> Json<Value> {
    let number = |name: &str| query[name].parse::<usize>().unwrap();
    let (page, size) = (number("page"), number("per_page"));
    Json(all.iter().skip((page - 1) * size).take(size).cloned().collect())
}

async fn user(headers: HeaderMap) -> Json<Value> {
    check_token(&headers);
    Json(json!({ "id": ME, "username": "project_1_bot" }))
}

async fn list_notes(State(lab): State<Shared>, headers: HeaderMap, Query(query): Parameters) -> Json<Value> {
    check_token(&headers);
    page(&lab.lock().unwrap().notes, &query)
}

async fn create_note(State(lab): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Json<Value> {
    check_token(&headers);
    let mut lab = lab.lock().unwrap();
    let note = json!({ "id": 1000 + lab.notes.len(), "author": { "id": ME }, "body": body["body"] });
    lab.notes.push(note.clone());
    lab.writes.push("POST note".to_owned());
    Json(note)
}

async fn update_note(
    State(lab): State<Shared>,
    headers: HeaderMap,
    UrlPath(id): UrlPath<u64>,
    Json(body): Json<Value>,
) -> Json<Value> {
    check_token(&headers);
    let mut lab = lab.lock().unwrap();
    let note = lab.notes.iter_mut().find(|note| note["id"] == id).unwrap();
    note["body"] = body["body"].clone();
    lab.writes.push(format!("PUT note {id}"));
    Json(json!({}))
}

async fn list_issues(State(lab): State<Shared>, headers: HeaderMap, Query(query): Parameters) -> Json<Value> {
    check_token(&headers);
    assert_eq!(
        (query["scope"].as_str(), query["state"].as_str()),
        ("created_by_me", "opened")
    );
    let issues = &lab.lock().unwrap().issues;
    let open: Vec<Value> = issues.iter().filter(|it| it["state"] == "opened").cloned().collect();
    page(&open, &query)
}

async fn create_issue(State(lab): State<Shared>, headers: HeaderMap, Json(mut body): Json<Value>) -> Json<Value> {
    check_token(&headers);
    assert!(body["title"].is_string(), "{body}");
    let mut lab = lab.lock().unwrap();
    body["iid"] = json!(lab.issues.len() + 1);
    body["state"] = json!("opened");
    body["author"] = json!({ "id": ME });
    lab.issues.push(body.clone());
    lab.writes.push("POST issue".to_owned());
    Json(body)
}

async fn update_issue(
    State(lab): State<Shared>,
    headers: HeaderMap,
    UrlPath(iid): UrlPath<u64>,
    Json(body): Json<Value>,
) -> Json<Value> {
    check_token(&headers);
    let mut lab = lab.lock().unwrap();
    let issue = lab.issues.iter_mut().find(|it| it["iid"] == iid).unwrap();
    if body["state_event"] == "close" {
        issue["state"] = json!("closed");
    } else {
        issue["description"] = body["description"].clone();
    }
    lab.writes.push(format!("PUT issue {iid}"));
    Json(json!({}))
}

async fn merge_requests_of_commit(headers: HeaderMap) -> Json<Value> {
    check_token(&headers);
    Json(json!([{ "iid": 6, "state": "closed" }, { "iid": 7, "state": "merged" }]))
}

/// Starts the GitLab. Returns the URL of its API.
async fn start(lab: &Shared) -> String {
    let project = Router::new()
        .route("/merge_requests/7/notes", get(list_notes).post(create_note))
        .route("/merge_requests/7/notes/{id}", put(update_note))
        .route("/issues", get(list_issues).post(create_issue))
        .route("/issues/{iid}", put(update_issue))
        .route(
            "/repository/commits/c0ffee/merge_requests",
            get(merge_requests_of_commit),
        )
        .with_state(lab.clone());
    let api = Router::new().route("/user", get(user)).nest("/projects/12", project);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v4", listener.local_addr().unwrap());
    let router = Router::new().nest("/api/v4", api);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// Returns the template.
fn template() -> Value {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/gitlab/template.yml")).unwrap();
    parse_yaml(&text).unwrap().remove(0)
}

/// The project, its server and the GitLab.
struct Pipeline {
    cli: CliProject,
    lab: Shared,
    api: String,
}

impl Pipeline {
    async fn new() -> Self {
        let lab = Shared::default();
        Self {
            cli: CliProject::new(),
            api: start(&lab).await,
            lab,
        }
    }

    /// Runs the script of a job with the variables that the template and GitLab give it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the script finds its tools where this process does"
    )]
    fn run(&self, job: &str) -> CliOutput {
        let template = template();
        let mut variables = template["variables"].as_object().unwrap().clone();
        variables.extend(template[job]["variables"].as_object().cloned().unwrap_or_default());
        let script = template[job].get("script").unwrap_or(&template[".lobuctl"]["script"]);
        let lines: Vec<&str> = script
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        let like = self.cli.command("");
        let mut command = Command::new("bash");
        command.env_clear().current_dir(self.cli.path());
        command.envs(like.get_envs().map(|(name, value)| (name, value.unwrap())));
        command.envs(variables.iter().map(|(name, value)| (name, value.as_str().unwrap())));
        let program = Path::new(env!("CARGO_BIN_EXE_lobuctl")).parent().unwrap().display();
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(["-eo", "pipefail", "-c", &lines.join("\n")])
            .env("PATH", format!("{program}:{path}"))
            .env("LOBUCTL_HOME", env!("CARGO_MANIFEST_DIR"))
            .env("LOBUCTL_GITLAB_TOKEN", TOKEN)
            .env("CI", "true")
            .env("CI_API_V4_URL", &self.api)
            .env("CI_PROJECT_ID", "12")
            .env("CI_COMMIT_SHA", "c0ffee")
            .env("CI_JOB_URL", "https://gitlab.example/jobs/1")
            .env("CI_MERGE_REQUEST_IID", if job == "lobuctl-plan" { "7" } else { "" });
        CliOutput::of(&command.output().unwrap())
    }

    fn expect(&self, job: &str, code: i32) -> CliOutput {
        let output = self.run(job);
        assert_eq!(output.code, code, "{job}: {output:?}");
        output
    }

    fn note(&self) -> String {
        let lab = self.lab.lock().unwrap();
        lab.notes.last().unwrap()["body"].as_str().unwrap().to_owned()
    }

    fn artifact(&self, name: &str) -> String {
        fs::read_to_string(self.cli.path().join("lobuctl-plan").join(name)).unwrap()
    }

    fn take_writes(&self) -> Vec<String> {
        std::mem::take(&mut self.lab.lock().unwrap().writes)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_one_note_and_what_was_reviewed_is_applied() {
    if !has_tools() {
        return;
    }
    let pipeline = Pipeline::new().await;
    // Somebody else names a plan in the same form, and more notes than one page holds come before ours.
    {
        let mut lab = pipeline.lab.lock().unwrap();
        let forged = "<!-- lobuctl: lobuctl -->\n**1 create** (plan id `00000000000000000000000000000000`)";
        lab.notes = vec![json!({ "id": 1, "author": { "id": 7 }, "body": forged })];
        lab.notes
            .extend((2..=150).map(|id| json!({ "id": id, "author": { "id": 8 }, "body": "fine" })));
    }
    pipeline.expect("lobuctl-validate", 0);
    assert!(pipeline.artifact("validate.xml").contains("<testsuites"));
    let unreviewed = pipeline.expect("lobuctl-apply", 5);
    assert!(unreviewed.err.contains("no reviewed plan was found"), "{unreviewed:?}");

    pipeline.expect("lobuctl-plan", 0);
    assert_eq!(pipeline.take_writes(), ["POST note"]);
    let first = pipeline.note();
    assert!(first.contains("agent desk"), "{first}");
    assert!(pipeline.artifact("plan.html").contains("class=\"id\">desk<"));

    pipeline.cli.edit("lobu.toml", "name = \"", "name = \"Other ");
    pipeline.expect("lobuctl-plan", 0);
    assert_eq!(pipeline.take_writes(), ["PUT note 1150"], "one note, updated");
    assert_ne!(pipeline.note(), first);

    let applied = pipeline.expect("lobuctl-apply", 0);
    assert!(applied.out.contains("created agent"), "{applied:?}");
    assert!(pipeline.artifact("apply.ndjson").contains("\"summary\""));
    pipeline.expect("lobuctl-apply", 5);
    assert_eq!(pipeline.take_writes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_one_issue_that_is_updated_and_closed() {
    if !has_tools() {
        return;
    }
    let pipeline = Pipeline::new().await;
    pipeline.cli.expect_exit("apply --yes", 0);
    pipeline.expect("lobuctl-drift", 0);
    assert_eq!(pipeline.take_writes(), Vec::<String>::new(), "nothing differs");
    pipeline.cli.edit("lobu.toml", "name = \"", "name = \"Other ");
    pipeline.expect("lobuctl-drift", 0);
    pipeline.expect("lobuctl-drift", 0);
    assert_eq!(pipeline.take_writes(), ["POST issue", "PUT issue 1"]);
    pipeline.cli.edit("lobu.toml", "name = \"Other ", "name = \"");
    pipeline.expect("lobuctl-drift", 0);
    assert_eq!(pipeline.lab.lock().unwrap().issues[0]["state"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_cannot_be_planned_fails_the_job_and_is_noted() {
    if !has_tools() {
        return;
    }
    let pipeline = Pipeline::new().await;
    pipeline.cli.edit("lobu.toml", "name = ", "nane = ");
    pipeline.expect("lobuctl-validate", 1);
    assert!(pipeline.artifact("validate.xml").contains("<failure"));
    pipeline.expect("lobuctl-plan", 1);
    assert!(pipeline.note().contains("failed with 1"));
}
