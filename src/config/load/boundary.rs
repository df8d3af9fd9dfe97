//! Which files a project may read: those in its own folder. Git keeps symbolic links, so without this check a pull
//! request could make the contents of any file of the CI machine part of a plan.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::diagnostic::{Diagnostic, tick};

/// Files that a server keeps in its data directory.
const SERVER_FILES: [&str; 3] = ["lobu.db", "encryption-key", "bootstrap-pat.txt"];

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
            root: fs::canonicalize(root).unwrap_or_else(|_| root.to_owned()),
            allow_outside,
        }
    }

    /// Checks where a file or folder really is.
    ///
    /// # Errors
    /// When it lies outside the project, or where secrets are kept. A path that leads nowhere is left to its reader.
    pub(super) fn check(&self, path: &Path) -> Result<(), Box<Diagnostic>> {
        let Ok(real) = fs::canonicalize(path) else {
            return Ok(());
        };
        if is_kernel_file(&real) {
            return Err(Box::new(kernel_file()));
        }
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

/// Whether a path without symbolic links belongs to the kernel. Shared memory holds ordinary files.
pub(super) fn is_kernel_file(real: &Path) -> bool {
    KERNEL_FOLDERS.iter().any(|folder| real.starts_with(folder)) && !real.starts_with("/dev/shm")
}

/// Returns the error for a file of the kernel.
pub(super) fn kernel_file() -> Diagnostic {
    Diagnostic::error("not-a-file", "this is a file of the kernel, not a file of a project").help("remove the link")
}

/// Returns what a path leads to, when no project may read it: `.env` files, Git's own folder, the data of a server.
fn private_kind(below: &Path, real: &Path) -> Option<&'static str> {
    let mut names = below
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
