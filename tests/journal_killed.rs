//! An apply of 20 rows that is killed with SIGKILL at its writes: the next run says what became of the one that nobody saw
//! end, and goes on.

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

const ROWS: usize = 20;

/// When a write is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
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
}

/// Whether a request writes. The schema's reads are POSTs too.
fn writes(method: &str, body: &[u8]) -> bool {
    let action = serde_json::from_slice(body)
        .ok()
        .and_then(|body: Value| body["action"].as_str().map(str::to_owned));
    let reads = ["list", "get", "list_rules", "audit"];
    method != "GET" && action.is_none_or(|action| !reads.contains(&action.as_str()))
}

async fn pass(State(cutter): State<Arc<Cutter>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let is_write = writes(parts.method.as_str(), &body);
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
            cutter.has_cut.store(true, Ordering::SeqCst);
            std::future::pending().await
        }
    }
}

/// A project of 20 rows, in one of two states that differ in each of them.
fn project(second: bool) -> TempProject {
    let word = if second { "two" } else { "one" };
    let mut toml = String::new();
    let mut files = Vec::new();
    for agent in 0..6 {
        toml.extend([format!(
            "[agents.desk-{agent}]\nname = \"Desk {agent} {word}\"\ndir = \"./desk-{agent}\"\n\n"
        )]);
        files.push((format!("desk-{agent}/SOUL.md"), format!("Be {word}.\n")));
        if agent < 4 {
            toml.extend([format!(
                "[[agents.desk-{agent}.platforms]]\ntype = \"telegram\"\nconfig = {{ botToken = \"$BOT\", chatId = \"{word}\" }}\n\n"
            )]);
            files.push((
                format!("models/type-{agent}.yaml"),
                format!("type: entity\nslug: type-{agent}\nname: Type {word}\n"),
            ));
        }
    }
    toml.push_str("[memory]\norg = \"dev\"\nmodels = \"./models\"\n");
    files.push(("lobu.toml".to_owned(), toml));
    TempProject::new(&files)
}

/// A server whose writes can be cut off, and a home for the journals.
struct Desk {
    url: String,
    client: JsonClient,
    token: String,
    cutter: Arc<Cutter>,
    home: tempfile::TempDir,
}

impl Desk {
    async fn open() -> Self {
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

    fn run(&self, project: &TempProject, line: &str) -> CliOutput {
        CliOutput::of(&self.command(project, line).output().unwrap())
    }

    /// Applies, and kills the program when this write is cut off.
    fn kill_at(&self, project: &TempProject, write: usize, cut: Cut) {
        let number = self.cutter.writes.load(Ordering::SeqCst) + write;
        *self.cutter.cut.lock().unwrap() = Some((number, cut));
        let mut command = self.command(project, "apply --yes --parallelism 1");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for(
            || self.cutter.has_cut.load(Ordering::SeqCst).then_some(()),
            || format!("write {write} has not come"),
        );
        child.kill().unwrap();
        child.wait().unwrap();
        *self.cutter.cut.lock().unwrap() = None;
    }

    /// Returns the rows of the last journal that were announced and not settled.
    fn unsettled(&self) -> Vec<String> {
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

/// Kills one apply, and checks what the next ones say and do.
async fn killed(write: usize, cut: Cut, is_update: bool) {
    let desk = Desk::open().await;
    let case = format!("write {write}, {cut:?}, update: {is_update}");
    let files = project(is_update);
    if is_update {
        assert_eq!(desk.run(&project(false), "apply --yes").code, 0, "{case}");
    }
    desk.kill_at(&files, write, cut);
    let unknown = desk.unsettled();
    assert_eq!(unknown.len(), 1, "{case}: {unknown:?}");
    let next = desk.run(&files, "apply --yes");
    assert_eq!(next.code, 0, "{case}: {next:?}");
    let verdict = match cut {
        Cut::BeforeItIsCarriedOut => "not applied",
        Cut::BeforeItIsAnswered => "applied",
    };
    assert!(
        next.err.contains("was killed; 1 write of it was unknown"),
        "{case}: {next:?}"
    );
    assert!(
        next.err.contains(&format!("{}: {verdict}", unknown[0])),
        "{case}: {next:?}"
    );
    let planned = desk.run(&files, "plan --detailed-exitcode");
    assert_eq!(planned.code, 0, "{case}: {planned:?}");
    assert!(
        !planned.err.contains("was killed"),
        "it is settled once: {case}: {planned:?}"
    );
    let agents = desk.client.get("/api/dev/agents").await;
    assert_eq!(agents.body["agents"].as_array().unwrap().len(), 6, "{case}");
    let platforms = desk.client.get("/api/dev/agents/desk-0/platforms").await;
    assert_eq!(platforms.body["platforms"].as_array().unwrap().len(), 1, "{case}");
}

/// Returns the distance between the writes at which the runs are killed: all of them where the environment asks for kills.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
fn stride() -> usize {
    if std::env::var("LOBUCTL_TEST_KILLS").is_ok() {
        1
    } else {
        6
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_at_any_write_is_settled_by_the_next_one() {
    for write in (0..ROWS).step_by(stride()) {
        for cut in [Cut::BeforeItIsCarriedOut, Cut::BeforeItIsAnswered] {
            for is_update in [false, true] {
                killed(write, cut, is_update).await;
            }
        }
    }
}
