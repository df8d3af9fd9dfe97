//! Who runs lobuctl, and from which revision: for the journal of a run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::host::{Environment, Host};
use crate::journal::RunOrigin;

/// How long git may take. Without its answer the journal says less.
const GIT_TIME: Duration = Duration::from_secs(3);

/// Returns who runs lobuctl, and the revision of the repository that the folder is in.
pub(super) async fn origin(host: &Host, folder: &Path) -> RunOrigin {
    let environment = &host.environment;
    let user = ["USER", "LOGNAME", "USERNAME"].iter();
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| environment.get("HOSTNAME").map(str::to_owned));
    let repository = Repository::find(host, folder).await;
    let dirty = match &repository {
        Some(repository) if !repository.may_run_programs() => git(host, folder, STATUS).await,
        _ => None,
    };
    RunOrigin {
        user: user.copied().find_map(|name| environment.get(name)).map(str::to_owned),
        machine: machine.filter(|name| !name.is_empty()),
        job: job(environment),
        file: None,
        revision: repository.map(|repository| repository.revision),
        dirty: dirty.map(|text| !text.is_empty()),
    }
}

/// Returns the job that runs lobuctl, and who started it. `None` outside of CI.
fn job(environment: &Environment) -> Option<String> {
    let github = || {
        let [server, repository, run] =
            ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|name| environment.get(name));
        Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
    };
    let link = github().or_else(|| environment.get("CI_JOB_URL").map(str::to_owned));
    let actor = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN"]
        .iter()
        .find_map(|name| environment.get(name));
    let parts: Vec<&str> = actor.into_iter().chain(link.as_deref()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The question whether a folder differs from its revision.
const STATUS: &[&str] = &["status", "--porcelain", "--ignore-submodules=all", "--", "."];

/// The git repository that a folder is in.
struct Repository {
    /// Where the repository's own settings are.
    folder: PathBuf,
    revision: String,
}

impl Repository {
    async fn find(host: &Host, folder: &Path) -> Option<Self> {
        let question = ["rev-parse", "--git-common-dir", "HEAD"];
        let answer = git(host, folder, &question).await?;
        let (settings, revision) = answer.trim_end().rsplit_once('\n')?;
        Some(Self {
            // A relative path starts from where git was asked.
            folder: folder.join(settings),
            revision: revision.to_owned(),
        })
    }

    /// Whether a status could start a program that the repository names.
    ///
    /// A repository may come from anybody. What its settings could start is switched off for each question, but for filters
    /// of files. Those of the user's own settings are the user's.
    fn may_run_programs(&self) -> bool {
        // Settings that cannot be read here, or that come from further files, may hold anything.
        let Ok(settings) = std::fs::read_to_string(self.folder.join("config")) else {
            return true;
        };
        let settings = settings.to_lowercase();
        ["filter", "include", "worktreeconfig"]
            .iter()
            .any(|word| settings.contains(word))
    }
}

/// Asks git about a folder. `None` where it does not answer in time, or with an error.
async fn git(host: &Host, folder: &Path, question: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    let path = host.environment.get("PATH").unwrap_or_default();
    let home = host.home.as_deref().unwrap_or(Path::new("/nonexistent"));
    command
        .args([
            "--no-optional-locks",
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(question)
        .current_dir(folder)
        .env_clear()
        .envs([
            ("PATH", OsStr::new(path)),
            ("HOME", home.as_os_str()),
            ("LC_ALL", OsStr::new("C")),
        ])
        .envs([("GIT_TERMINAL_PROMPT", "0")])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(GIT_TIME, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}
