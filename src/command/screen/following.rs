//! Follows files and server for the screen: a plan for each save, and a new reading of the server from time to time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::loading::{PlanLoader, ReadFolders, Unloaded};
use super::state::{BenchState, lock};
use crate::failure::Failure;
use crate::review::{FileWatch, LiveBasis, PlanReview};
use crate::show::outcome::without_request;
use crate::tui::{LoadFailure, WatchCause, WatchNews};

/// What the workbench tells the follower.
#[derive(Default)]
pub(super) struct FollowSignals {
    /// Everything was loaded from the start.
    pub(super) loaded: Notify,
    /// The files have to be planned again.
    pub(super) files: Notify,
    /// The server is to be read now.
    pub(super) server: Notify,
}

/// Follows files and server, until it is dropped.
pub(super) struct Follower {
    pub(super) loader: PlanLoader,
    /// The folder that is watched before it is known which ones the project has.
    pub(super) folder: PathBuf,
    pub(super) folders: ReadFolders,
    pub(super) state: Arc<Mutex<BenchState>>,
    pub(super) signals: Arc<FollowSignals>,
    pub(super) every: Duration,
    pub(super) news: UnboundedSender<WatchNews>,
}

/// The result of reading the server.
type Reading<'a> = BoxFuture<'a, Result<PlanReview, WatchNews>>;

impl Follower {
    /// Reports what changes.
    pub(super) async fn run(self) {
        let mut files = FileWatch::new();
        let mut reading: Option<Reading<'_>> = None;
        let mut next_reading = self.next_reading();
        loop {
            if self.watch(&mut files) {
                self.replan().await;
                continue;
            }
            let is_reading = reading.is_some();
            let read = async {
                match &mut reading {
                    Some(reading) => reading.await,
                    None => pending().await,
                }
            };
            // Reading the server goes on while files are planned: what is dropped here is only the wait for it.
            tokio::select! {
                () = files.changed() => {
                    self.loader.forget_changed(&mut files);
                    self.files_changed().await;
                }
                () = self.signals.files.notified() => self.replan().await,
                () = self.signals.loaded.notified() => {
                    next_reading = self.next_reading();
                    self.replan().await;
                }
                result = read => {
                    reading = None;
                    next_reading = self.next_reading();
                    self.server_read(result).await;
                }
                () = self.reading_due(next_reading), if !is_reading => reading = Some(self.read_server().boxed()),
            }
        }
    }

    fn next_reading(&self) -> Option<Instant> {
        Instant::now().checked_add(self.every)
    }

    /// Waits until the server is to be read.
    async fn reading_due(&self, next: Option<Instant>) {
        let time = async {
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = time => {}
            () = self.signals.server.notified() => {}
        }
    }

    /// Watches the folders that were looked into last. Returns whether there are new ones.
    fn watch(&self, files: &mut FileWatch) -> bool {
        let mut folders = Arc::clone(&lock(&self.folders));
        if folders.is_empty() {
            folders = Arc::new(BTreeSet::from([self.folder.clone()]));
        }
        let is_new = files.watch(folders);
        self.loader.forget_changed(files);
        if let Some(trouble) = files.trouble() {
            self.send(WatchNews::Unwatched(trouble));
        }
        is_new
    }

    fn send(&self, news: WatchNews) {
        // A screen that has closed does not listen.
        let _ = self.news.send(news);
    }

    fn basis(&self) -> Option<(u64, LiveBasis)> {
        lock(&self.state).basis()
    }

    async fn files_changed(&self) {
        if self.basis().is_none() {
            // The last load failed, perhaps because of these files.
            return self.send(WatchNews::Outdated);
        }
        self.replan().await;
    }

    /// Plans the files as they are now, if there is a plan that they can change.
    async fn replan(&self) {
        if let Some((generation, basis)) = self.basis() {
            self.plan(generation, basis, WatchCause::Files).await;
        }
    }

    async fn plan(&self, generation: u64, basis: LiveBasis, cause: WatchCause) {
        match self.planned(generation, basis, cause).await {
            Ok(Some(news)) | Err(news) => self.send(news),
            // Loaded anew meanwhile, which is reported by `signals.loaded`.
            Ok(None) => {}
        }
    }

    async fn planned(
        &self,
        generation: u64,
        basis: LiveBasis,
        cause: WatchCause,
    ) -> Result<Option<WatchNews>, WatchNews> {
        let (project, opened) = self.loader.open().await.map_err(broken)?;
        if !basis.suits(&project, &opened.session) {
            return Err(WatchNews::Outdated);
        }
        let (basis, session) = (basis.on(self.loader.today()), opened.session.clone());
        let planned = tokio::task::spawn_blocking(move || basis.plan(project, &session)).await;
        let planned = planned.map_err(|error| Failure::failed("the files could not be planned").because(&error));
        let review = planned
            .and_then(|planned| planned)
            .map_err(|failure| broken(failure.into()))?;
        let loaded = Box::new(self.loader.loaded(&review, opened));
        let number = lock(&self.state).keep(generation, review);
        Ok(number.map(|number| WatchNews::Plan { number, loaded, cause }))
    }

    /// Reads the server, with the token that is stored now: another one may have been signed in with.
    async fn read_server(&self) -> Result<PlanReview, WatchNews> {
        if self.basis().is_none() {
            return Err(WatchNews::Outdated);
        }
        let (project, opened) = self.loader.open().await.map_err(broken)?;
        let read = self.loader.read_server(&opened.session, project).await;
        read.map_err(|failure| WatchNews::ServerLost(lost_reason(&failure)))
    }

    /// Plans against the server as it was just read. The files may have changed while it was.
    async fn server_read(&self, read: Result<PlanReview, WatchNews>) {
        match read {
            Ok(review) => {
                let present = self.basis();
                if let Some((generation, present)) = present {
                    let basis = review.basis().marking(present.marked());
                    self.plan(generation, basis, WatchCause::Server).await;
                }
            }
            Err(news) => self.send(news),
        }
    }
}

/// Returns why the server is lost: the causes, without the request in front of the first one. The line may be cut, and the
/// title names the server.
fn lost_reason(failure: &Failure) -> String {
    match failure.causes.as_slice() {
        [] => failure.message.clone(),
        [first, rest @ ..] => {
            let causes = rest.iter().map(String::as_str);
            let causes: Vec<&str> = std::iter::once(without_request(first)).chain(causes).collect();
            causes.join(": ")
        }
    }
}

fn broken(unloaded: Unloaded) -> WatchNews {
    WatchNews::Broken(LoadFailure {
        lines: unloaded.lines,
        origin: unloaded.origin,
    })
}
