//! The boundary of a project, whose files must be in its own folder. Git keeps symbolic links, so without this check a
//! pull request could make the contents of any file of the CI machine part of a plan.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::diagnostic::{Diagnostic, tick};

/// Files by which the data directory of the embedded server is recognized.
pub(super) const SERVER_FILES: [&str; 3] = ["lobu.db", "encryption-key", "bootstrap-pat.txt"];

/// Folders in which the kernel presents devices and its own state as files. Reading one may never end.
const KERNEL_FOLDERS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// The folder that a project must not leave.
pub(super) struct Boundary {
    /// The folder without symbolic links.
    root: PathBuf,
    /// Whether the user allows files outside the folder.
    allow_outside: bool,
}

impl Boundary {
    /// Creates the boundary of the project in a folder.
    pub(super) fn new(root: &Path, allow_outside: bool) -> Self {
        Self {
            // Real paths are compared, so the root has to be one too; a home folder can be behind a link.
            root: fs::canonicalize(root).unwrap_or_else(|_| root.to_owned()),
            allow_outside,
        }
    }

    /// Checks the real location of a file or folder, behind all symbolic links.
    ///
    /// # Errors
    /// When it is outside the project or where secrets are kept, also with `--allow-outside` for the latter. A path that
    /// does not exist is no error; reading it will be.
    pub(super) fn check(&self, path: &Path) -> Result<(), Box<Diagnostic>> {
        let Ok(real) = fs::canonicalize(path) else {
            return Ok(());
        };
        if is_kernel_file(&real) {
            return Err(Box::new(kernel_file()));
        }
        // Within the project only the names below it count, so that a project may itself be in a folder such as `.env.d`.
        let inside = real.strip_prefix(&self.root).ok();
        if let Some(kind) = private_kind(inside.unwrap_or(&real), &real) {
            let message = format!("this leads to {kind}, which no agent may be given");
            let problem = Diagnostic::error("private-file", message);
            return Err(Box::new(problem.help("remove the link, or name another file")));
        }
        if inside.is_none() && !self.allow_outside {
            let message = format!(
                "this lies outside the project, at {}",
                tick(&real.display().to_string())
            );
            let problem = Diagnostic::error("outside-project", message);
            let help = "move it into the project's folder, or pass `--allow-outside` if you trust every link and path of \
                        the project";
            return Err(Box::new(problem.help(help)));
        }
        Ok(())
    }
}

/// Whether a path without symbolic links belongs to the kernel. `/dev/shm` does not, because it holds ordinary files.
pub(super) fn is_kernel_file(real: &Path) -> bool {
    KERNEL_FOLDERS.iter().any(|folder| real.starts_with(folder)) && !real.starts_with("/dev/shm")
}

/// Returns the error for a file of the kernel.
pub(super) fn kernel_file() -> Diagnostic {
    Diagnostic::error("not-a-file", "this is a file of the kernel, not a file of a project").help("remove the link")
}

/// Returns a description of a file that no project may read: a `.env` file, Git's own folder, the data of a server. `None`
/// for other files. Names are searched for in `path`, which begins at the project's folder for a path within it.
fn private_kind(path: &Path, real: &Path) -> Option<&'static str> {
    let mut names = path
        .components()
        .map(|component| component.as_os_str().to_string_lossy());
    if names.clone().any(|name| name == ".git") {
        return Some("the folder of Git");
    }
    if names.any(|name| name == ".env" || name.starts_with(".env.")) {
        return Some("a file of secrets");
    }
    let mut folders = real.ancestors().take(4);
    folders
        .any(|folder| SERVER_FILES.iter().any(|name| folder.join(name).is_file()))
        .then_some("the data directory of a server")
}
