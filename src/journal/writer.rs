//! Writes the journal of a run, line by line.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::line::{JournalLine, RecordedWrite, SettledRow};
use super::recorded_resource::RecordedResource;
use crate::apply::event::{Event, EventKind, Outcome};
use crate::apply::{WriteIntent, WriteRecorder};
use crate::redact::Redactor;
use crate::resource::Address;

/// The file of a journal. Each line is written as a whole or not at all.
#[derive(Debug)]
pub struct JournalFile {
    file: File,
    /// The length of the whole lines, in bytes.
    length: u64,
}

impl JournalFile {
    /// Takes a file that is opened for appending, and for reading where it is not empty.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut journal = Self { file, length };
        if !journal.ends_with_a_line()? {
            // A killed run has left half a line, to which the next one would be joined.
            journal.append_text(String::new())?;
        }
        Ok(journal)
    }

    fn ends_with_a_line(&mut self) -> io::Result<bool> {
        if self.length == 0 {
            return Ok(true);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::Start(self.length - 1))?;
        self.file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }

    /// Appends a line.
    ///
    /// # Errors
    /// When the line cannot be written. The journal is as before then.
    pub fn append(&mut self, line: &JournalLine) -> io::Result<()> {
        let value = serde_json::to_string(line)?;
        self.append_text(value)
    }

    /// Appends a line without the secrets that the redactor knows.
    fn append_redacted(&mut self, line: &JournalLine, redactor: &Redactor) -> io::Result<()> {
        let mut value = serde_json::to_value(line)?;
        redactor.json(&mut value);
        self.append_text(value.to_string())
    }

    fn append_text(&mut self, mut text: String) -> io::Result<()> {
        text.push('\n');
        // In one call, so that a killed process leaves a whole line or none.
        let written = self.file.write_all(text.as_bytes());
        match written {
            Ok(()) => self.length += text.len() as u64,
            // A full disk may take half a line, to which the next one would be joined.
            Err(_) => self.file.set_len(self.length)?,
        }
        written
    }

    /// Waits until everything that was written is on the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Keeps a run in its journal. Clones write the same journal.
#[derive(Clone)]
pub struct JournalRecorder {
    file: Arc<Mutex<JournalFile>>,
    redactor: Redactor,
    began_ms: u64,
    /// The rows whose writes may have been carried out, as far as it is known now.
    unknown: Arc<Mutex<BTreeSet<Address>>>,
}

impl JournalRecorder {
    /// Creates the recorder of a run that began at this time, in milliseconds since 1970.
    pub fn new(file: JournalFile, redactor: Redactor, began_ms: u64) -> Self {
        Self {
            file: Arc::new(Mutex::new(file)),
            redactor,
            began_ms,
            unknown: Arc::default(),
        }
    }

    fn append(&self, line: &JournalLine) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.append_redacted(line, &self.redactor)
    }

    fn unknown(&self) -> MutexGuard<'_, BTreeSet<Address>> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self) -> io::Result<File> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.file.try_clone()
    }

    fn recorded(&self, intent: &WriteIntent) -> RecordedWrite {
        let record = |resource| RecordedResource::new(resource).redacted(&self.redactor);
        RecordedWrite {
            at_ms: intent.at_ms,
            address: intent.address.clone(),
            verb: intent.verb,
            before: intent.before.iter().map(record).collect(),
            after: intent.after.as_ref().map(record),
            secrets: intent.secrets.clone(),
            in_parts: intent.in_parts,
        }
    }
}

impl WriteRecorder for JournalRecorder {
    fn announce(&self, intent: WriteIntent) -> BoxFuture<'static, Result<(), String>> {
        let recorder = self.clone();
        async move {
            let keep = move || {
                recorder.unknown().insert(intent.address.clone());
                recorder.append(&JournalLine::Writing(Box::new(recorder.recorded(&intent))))?;
                // Waited for without the lock, so that rows that are announced together wait together.
                recorder.handle()?.sync_data()
            };
            let kept = tokio::task::spawn_blocking(keep).await;
            let kept = kept.map_err(io::Error::other).flatten();
            kept.map_err(|error| format!("not written, because the journal cannot be: {error}"))
        }
        .boxed()
    }

    fn event(&self, event: &Event) {
        let at_ms = self.began_ms + event.elapsed_ms;
        let line = match &event.kind {
            EventKind::StepFinished { address, outcome, .. } => JournalLine::Settled(SettledRow {
                at_ms,
                address: address.clone(),
                outcome: outcome.clone(),
                later: false,
            }),
            EventKind::RunFinished => JournalLine::Ended {
                at_ms,
                later: false,
                unknown: Some(self.unknown().len()),
            },
            _ => return,
        };
        // Without the line the row is unknown to those who read later, and they read the server.
        if self.append(&line).is_ok()
            && let JournalLine::Settled(row) = &line
            && !matches!(row.outcome, Outcome::Unknown { .. })
        {
            self.unknown().remove(&row.address);
        }
    }
}
