//! A server whose writes can be cut off, and the real program that is killed with SIGKILL while it waits for one.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use serde_json::Value;

use crate::support::deadline::wait_for;
use crate::support::program::cli::CliOutput;
use crate::support::program::serve_process::lobuctl;
use crate::support::project::TempProject;
use crate::support::server::{JsonClient, memory_server};

/// When a write is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It arrives and is never carried out.
    BeforeItIsCarriedOut,
    /// It is carried out, and the answer never leaves.
    BeforeItIsAnswered,
}

/// The write that is cut off, counted down to 0, and whether it has come.
#[derive(Default)]
struct Cutter {
    cut: Mutex<Option<(usize, Cut)>>,
    writes: AtomicUsize,
    has_cut: AtomicBool,
    /// The action of the call that was cut off; empty where it was none of a tool.
    action: Mutex<String>,
}

/// Whether a request writes. The reads of tools are POSTs too.
fn writes(method: &str, path: &str, action: Option<&str>) -> bool {
    let reads = ["list", "get", "list_rules", "audit", "list_links", "list_all_links"];
    let is_query = ["/list_watchers", "/query_sql"].iter().any(|tool| path.ends_with(tool));
    method != "GET" && !is_query && action.is_none_or(|action| !reads.contains(&action))
}

/// Returns the action of a call of a tool.
fn action(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["action"].as_str().map(str::to_owned)
}

async fn pass(State(cutter): State<Arc<Cutter>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let action = action(&body);
    let is_write = writes(parts.method.as_str(), parts.uri.path(), action.as_deref());
    let number = if is_write {
        cutter.writes.fetch_add(1, Ordering::SeqCst)
    } else {
        usize::MAX
    };
    let cut = cutter
        .cut
        .lock()
        .unwrap()
        .filter(|(at, _)| *at == number)
        .map(|(_, cut)| cut);
    let request = Request::from_parts(parts, Body::from(body));
    match cut {
        None => next.run(request).await,
        Some(cut) => {
            if cut == Cut::BeforeItIsAnswered {
                next.run(request).await;
            }
            *cutter.action.lock().unwrap() = action.unwrap_or_default();
            cutter.has_cut.store(true, Ordering::SeqCst);
            std::future::pending().await
        }
    }
}

/// A server whose writes can be cut off, and a home for the journals.
pub struct KillDesk {
    url: String,
    /// A client of the server that nothing cuts off.
    pub client: JsonClient,
    token: String,
    cutter: Arc<Cutter>,
    home: tempfile::TempDir,
}

impl KillDesk {
    pub async fn open() -> Self {
        let (server, token) = memory_server().await;
        let cutter = Arc::<Cutter>::default();
        let router = server.router().layer(from_fn_with_state(Arc::clone(&cutter), pass));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            client: JsonClient::new(&server, &token),
            token,
            cutter,
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, project: &TempProject, line: &str) -> Command {
        let mut command = lobuctl(self.home.path());
        command
            .args(line.split_whitespace())
            .args(["--url", &self.url])
            .current_dir(project.path());
        command.env("LOBU_API_TOKEN", &self.token).env("BOT", "123:planted");
        command
    }

    pub fn run(&self, project: &TempProject, line: &str) -> CliOutput {
        CliOutput::of(&self.command(project, line).output().unwrap())
    }

    /// Returns the number of writes that the server has got so far.
    pub fn writes(&self) -> usize {
        self.cutter.writes.load(Ordering::SeqCst)
    }

    /// Applies, and kills the program when this write is cut off. Returns the action of the write, where it is a call of a
    /// tool.
    pub fn kill_at(&self, project: &TempProject, write: usize, cut: Cut) -> String {
        self.kill_line_at(project, "apply --yes", (write, cut))
    }

    /// The same for this apply.
    pub fn kill_line_at(&self, project: &TempProject, line: &str, (write, cut): (usize, Cut)) -> String {
        let number = self.writes() + write;
        *self.cutter.cut.lock().unwrap() = Some((number, cut));
        let mut command = self.command(project, &format!("{line} --parallelism 1"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for(
            || self.cutter.has_cut.load(Ordering::SeqCst).then_some(()),
            || format!("write {write} has not come"),
        );
        child.kill().unwrap();
        child.wait().unwrap();
        *self.cutter.cut.lock().unwrap() = None;
        self.cutter.action.lock().unwrap().clone()
    }

    /// Returns the rows of the last journal that were announced and not settled.
    pub fn unsettled(&self) -> Vec<String> {
        let folder = self.home.path().join(".local/state/lobuctl/runs");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let text = fs::read_to_string(files.last().unwrap()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |kind: &str| -> Vec<String> {
            let lines = lines.iter().filter(|line| line["type"] == kind);
            lines.map(|line| line["address"].as_str().unwrap().to_owned()).collect()
        };
        let settled = of("settled");
        of("writing")
            .into_iter()
            .filter(|address| !settled.contains(address))
            .collect()
    }
}

/// Returns the distance between the writes at which the runs are killed: `usual`, or 1 where the environment asks for
/// kills.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
pub fn stride(usual: usize) -> usize {
    if std::env::var("LOBUCTL_TEST_KILLS").is_ok() {
        1
    } else {
        usual
    }
}
