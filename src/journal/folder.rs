//! The folder of journals: `runs/` below the local state. One file per run, for this user alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::line::{JournalLine, RunHead};
use super::recorded_run::{JournalTextError, RecordedRun};
use super::run_id::RunId;
use super::writer::JournalFile;
use crate::plan::Target;
use crate::private_file::ensure_private_folder;

/// The number of journals that are kept.
const KEPT: usize = 200;

/// How long a journal is kept.
const KEPT_FOR: Duration = Duration::from_hours(180 * 24);

/// The largest journal that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

const EXTENSION: &str = "jsonl";

/// The error for a journal that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no journal of this run.
    #[error("there is no journal of run `{0}`")]
    NoRun(RunId),
    /// The file is no journal.
    #[error("`{}` is no journal: {source}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong with its text.
        source: JournalTextError,
    },
    /// The system refused to read or write.
    #[error("`{}`: {source}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// The folder of journals.
#[derive(Debug, Clone)]
pub struct JournalFolder {
    path: PathBuf,
}

/// A run that did not come to its end, and its journal, which no other process writes.
pub struct AbandonedRun {
    /// The run as far as its journal tells it.
    pub run: RecordedRun,
    /// The journal, to which what is found out is appended.
    pub file: JournalFile,
}

impl JournalFolder {
    /// Returns the folder below the folder of the local state.
    pub fn below(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("runs"),
        }
    }

    /// Creates the journal of a run, with its head on the disk. Journals that are too old, or too many, are removed.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn begin(&self, head: RunHead) -> Result<JournalFile, JournalError> {
        let path = self.file(&head.id);
        let system = |source| JournalError::System {
            path: path.clone(),
            source,
        };
        ensure_private_folder(&self.path).map_err(system)?;
        self.rotate(head.began());
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(system)?;
        // A later run sees by the lock that this one is at work. Where nothing can be locked, it waits for the end.
        let _ = file.try_lock();
        let mut journal = JournalFile::new(file).map_err(system)?;
        let begun = journal
            .append(&JournalLine::Run(Box::new(head)))
            .and_then(|()| journal.sync())
            // The name of the file has to be on the disk too.
            .and_then(|()| File::open(&self.path)?.sync_all());
        begun.map_err(|source| {
            // Half a head is no journal.
            let _ = fs::remove_file(&path);
            system(source)
        })?;
        Ok(journal)
    }

    /// Returns the ids of all runs, the latest first. Without a folder there are none.
    pub fn ids(&self) -> Vec<RunId> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let mut ids: Vec<RunId> = entries.filter_map(|entry| id_of(&entry.path())).collect();
        ids.sort_unstable_by(|left, right| right.cmp(left));
        ids
    }

    /// Returns every run whose journal can be read, the latest first.
    pub fn runs(&self) -> impl Iterator<Item = RecordedRun> {
        self.ids().into_iter().filter_map(|id| self.read(&id).ok())
    }

    /// Reads the journal of a run.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(&self, id: &RunId) -> Result<RecordedRun, JournalError> {
        let path = self.file(id);
        match read_journal(&path) {
            Err(JournalError::System { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Err(JournalError::NoRun(id.clone()))
            }
            read => read,
        }
    }

    /// Returns the runs on this target that did not come to their end, or whose writes are not all known, the earliest first.
    /// Runs that are still at work are not among them.
    pub fn abandoned(&self, target: &Target) -> Vec<AbandonedRun> {
        let mut ids = self.ids();
        ids.reverse();
        let mut abandoned = Vec::new();
        for id in ids {
            let path = self.file(&id);
            let is_abandoned = |run: &RecordedRun| run.head.target == *target && run.needs_settling();
            if is_settled(&path) || !read_journal(&path).is_ok_and(|run| is_abandoned(&run)) {
                continue;
            }
            // Read again under the lock: another process may have settled the run meanwhile.
            if let Ok(file) = OpenOptions::new().read(true).append(true).open(&path)
                && !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
                && let Ok(run) = read_journal(&path)
                && is_abandoned(&run)
                && let Ok(file) = JournalFile::new(file)
            {
                abandoned.push(AbandonedRun { run, file });
            }
        }
        abandoned
    }

    /// Removes the oldest journals. What cannot be removed stays, without an error.
    fn rotate(&self, now: Timestamp) {
        let too_old = RunId::new(now - KEPT_FOR);
        for (index, id) in self.ids().into_iter().enumerate() {
            let path = self.file(&id);
            let goes = index + 1 >= KEPT || id < too_old;
            // The lock of a run that is at work keeps its journal.
            if goes && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn file(&self, id: &RunId) -> PathBuf {
        self.path.join(format!("{id}.{EXTENSION}"))
    }
}

/// Reads a journal from any file.
///
/// # Errors
/// When the file cannot be read, or is no journal.
pub fn read_journal(path: &Path) -> Result<RecordedRun, JournalError> {
    let system = |source| JournalError::System {
        path: path.to_owned(),
        source,
    };
    let size = fs::metadata(path).map_err(system)?.len();
    if size > MAX_BYTES {
        return Err(system(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large")));
    }
    let bytes = fs::read(path).map_err(system)?;
    // A torn write may end within a character.
    RecordedRun::parse(&String::from_utf8_lossy(&bytes)).map_err(|source| JournalError::Text {
        path: path.to_owned(),
        source,
    })
}

/// Whether a journal says in its last line that nothing of its run is unknown. Then the rest need not be read.
fn is_settled(path: &Path) -> bool {
    let last = last_line(path).unwrap_or_default();
    let last = serde_json::from_slice(&last);
    matches!(last, Ok(JournalLine::Ended { unknown: Some(0), .. }))
}

/// Returns the last line of a file, or the end of it where it is a long one.
fn last_line(path: &Path) -> io::Result<Vec<u8>> {
    /// More than the line that ends a run takes.
    const END: u64 = 1024;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut end = Vec::new();
    file.take(END).read_to_end(&mut end)?;
    let text = end.trim_ascii_end();
    let start = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(text[start..].to_vec())
}

fn id_of(path: &Path) -> Option<RunId> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(EXTENSION)?.strip_suffix('.')?.parse().ok()
}
