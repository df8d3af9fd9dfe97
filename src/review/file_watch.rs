//! Notices that a project's files have changed, however they are saved.
//!
//! Folders are watched, not files: most editors write a new file and rename it over the old one. They are not watched with
//! what is below them, because a project's folder may hold a repository or a build.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};

use crate::config::LoadCache;

/// How long nothing must happen before a change is reported: a save is several events.
const QUIET: Duration = Duration::from_millis(20);

/// The maximum time for which a change is held back while events go on.
const MAX_DELAY: Duration = Duration::from_millis(200);

/// Watches the folders of a project.
pub struct FileWatch {
    /// `None` where the system cannot watch files.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// The folders that were asked for last.
    asked: Arc<BTreeSet<PathBuf>>,
    /// Whether one of them has appeared or gone since they were watched.
    is_stale: bool,
    /// Whether [`FileWatch::changed`] has told of everything that has happened.
    is_told: bool,
    /// The files and folders that may have changed since [`FileWatch::forget_changed`]. `None` when any may have.
    changed: Option<BTreeSet<PathBuf>>,
    events: UnboundedReceiver<notify::Result<Event>>,
    /// Keeps the channel open where there is no watcher.
    _sender: UnboundedSender<notify::Result<Event>>,
    trouble: Option<String>,
}

impl FileWatch {
    /// Creates a watch of no folder.
    pub fn new() -> Self {
        let (sender, events) = unbounded_channel();
        let to = sender.clone();
        let watcher = notify::recommended_watcher(move |event| {
            // Nobody listens any more when sending fails.
            let _ = to.send(event);
        });
        Self {
            trouble: watcher.as_ref().err().map(ToString::to_string),
            watcher: watcher.ok(),
            watched: BTreeSet::new(),
            asked: Arc::default(),
            is_stale: true,
            is_told: true,
            changed: Some(BTreeSet::new()),
            events,
            _sender: sender,
        }
    }

    /// Watches these folders and no others; in place of one that does not exist, the nearest one above it. Returns whether
    /// a folder is watched that was not before: changes in it may have been missed.
    pub fn watch(&mut self, folders: Arc<BTreeSet<PathBuf>>) -> bool {
        if !self.is_stale && self.asked == folders {
            return false;
        }
        let wanted: BTreeSet<PathBuf> = folders.iter().filter_map(|folder| existing(folder)).collect();
        self.asked = folders;
        let Some(watcher) = &mut self.watcher else {
            self.changed = None;
            return false;
        };
        self.is_stale = false;
        for gone in self.watched.difference(&wanted) {
            // A folder that was removed is not watched any more, which is not an error here.
            let _ = watcher.unwatch(gone);
        }
        self.watched.retain(|folder| wanted.contains(folder));
        let before = self.watched.len();
        for folder in wanted {
            if self.watched.contains(&folder) {
                continue;
            }
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    if let Some(changed) = &mut self.changed {
                        changed.insert(folder.clone());
                    }
                    self.watched.insert(folder);
                }
                // It has just gone: the folder above it reports that.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => self.is_stale = true,
                Err(error) => {
                    self.trouble = Some(trouble(&error, &folder));
                    self.is_stale = true;
                }
            }
        }
        self.watched.len() > before
    }

    /// Has a cache forget what may have changed since the last call. While not every folder is watched, that is everything.
    pub fn forget_changed(&mut self, cache: &mut LoadCache) {
        match self.changed.replace(BTreeSet::new()) {
            Some(changed) if !self.is_stale => cache.forget(&changed),
            _ => cache.forget_all(),
        }
    }

    /// Returns why not all files are watched, once.
    pub fn trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    /// Waits until something has changed and nothing more happens for a moment. Loses nothing when it is dropped before it
    /// is ready.
    pub async fn changed(&mut self) {
        while self.is_told {
            match self.events.recv().await {
                Some(event) => self.is_told = !self.takes(&event),
                None => return std::future::pending().await,
            }
        }
        self.quiet().await;
        self.is_told = true;
    }

    /// Waits until nothing more happens.
    async fn quiet(&mut self) {
        let latest = Instant::now() + MAX_DELAY;
        loop {
            let until = latest.min(Instant::now() + QUIET);
            match timeout_at(until, self.events.recv()).await {
                Ok(Some(event)) => {
                    self.takes(&event);
                }
                Ok(None) | Err(_) => return,
            }
            if Instant::now() >= latest {
                return;
            }
        }
    }

    /// Whether an event may change the project. Forgets the folders that have gone, so that they are watched again when they
    /// are back.
    fn takes(&mut self, event: &notify::Result<Event>) -> bool {
        // An error means that events were lost: the files have to be looked at.
        let Ok(event) = event else {
            self.changed = None;
            return true;
        };
        // A load opens each file that it reads, which is an event too.
        if !changes(event.kind) {
            return false;
        }
        if event.need_rescan() || event.paths.is_empty() {
            self.changed = None;
        }
        if let Some(changed) = &mut self.changed {
            changed.extend(event.paths.iter().cloned());
        }
        if matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) | EventKind::Create(_)
        ) {
            for path in &event.paths {
                self.is_stale |= is_above_any(path, &self.asked);
                if self.watched.remove(path)
                    && let Some(watcher) = &mut self.watcher
                {
                    let _ = watcher.unwatch(path);
                }
            }
        }
        event.paths.is_empty() || event.paths.iter().any(|path| !is_scratch(path))
    }
}

impl Default for FileWatch {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether this kind of event is a change. Reading is none: planning would lead to planning again, for ever.
fn changes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

/// Whether an editor makes such a file beside the one that it saves, and removes it again.
fn is_scratch(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = Path::new(&*name).extension().unwrap_or_default().to_string_lossy();
    // `4913` is with what vim finds out whether it can write to a folder.
    name == "4913"
        || name.ends_with('~')
        || name.starts_with(".#")
        || (name.starts_with('#') && name.ends_with('#'))
        || (name.starts_with('.') && matches!(&*extension, "swp" | "swo" | "swx" | "swpx"))
}

/// Whether a path is one of these folders, or above one.
fn is_above_any(path: &Path, folders: &BTreeSet<PathBuf>) -> bool {
    let next = folders
        .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
        .next();
    next.is_some_and(|folder| folder.starts_with(path))
}

/// Returns the folder, or the nearest one above it that exists.
fn existing(folder: &Path) -> Option<PathBuf> {
    let found = folder.ancestors().find(|folder| folder.is_dir());
    found.map(Path::to_owned)
}

fn trouble(error: &notify::Error, folder: &Path) -> String {
    let folder = folder.display();
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => format!(
            "`{folder}` is not watched: the limit of the system is reached; raise `fs.inotify.max_user_watches`"
        ),
        _ => format!("`{folder}` is not watched: {error}"),
    }
}
