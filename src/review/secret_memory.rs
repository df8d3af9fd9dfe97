//! What was sent as a secret from this machine, as keyed fingerprints: a plan can then say whether a secret that the
//! server hides is the one that was sent last (semantics, "Secrets that were sent").
//!
//! A fingerprint is an HMAC-SHA256 with a random key of this machine. It is never shown, and without the key it says
//! nothing about the value. It counts only while the platform is as that write has left it: its time of change tells.
//! Where nothing can be read, nothing is known, and secrets are sent again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::fingerprints::Fingerprints;
use crate::plan::{KnownSecrets, SecretState, Target, hexadecimal, target_digest};
use crate::private_file::{create_private, ensure_private_folder, replace_private};
use crate::resource::{Address, Platform, Secret, State};

/// The name of the key's file.
const KEY_FILE: &str = "key";

/// The length of a key that is made, in bytes.
const KEY_BYTES: usize = 32;

/// The secrets of a platform that were sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SentSecrets {
    /// When the server has changed the platform last, in its own words: just then they were sent.
    changed: Box<str>,
    fields: Fingerprints,
}

/// The file of a target.
#[derive(Serialize, Deserialize)]
struct MemoryFile<'a> {
    /// The mark of the key that the fingerprints were made with.
    key: String,
    platforms: Cow<'a, BTreeMap<Address, SentSecrets>>,
}

/// The secrets that were sent from this machine to one target.
pub(super) struct SecretMemory {
    key: FingerprintKey,
    file: PathBuf,
    platforms: BTreeMap<Address, SentSecrets>,
}

/// The key of all fingerprints.
struct FingerprintKey(Hmac<Sha256>);

impl SecretMemory {
    /// Opens the memory of a target, to look something up. `given` is the key of the environment; without it, a random one
    /// is kept in the folder. `None` where nothing is kept.
    pub(super) fn look_up(state_dir: Option<&Path>, given: Option<&Secret>, target: &Target) -> Option<Self> {
        Self::open(state_dir?, given, target, FingerprintKey::kept)
    }

    /// Opens the memory of a target, to add to it. `None` where there is no folder, or it cannot be used.
    pub(super) fn keep_in(state_dir: Option<&Path>, given: Option<&Secret>, target: &Target) -> Option<Self> {
        Self::open(state_dir?, given, target, FingerprintKey::kept_or_made)
    }

    fn open(
        state_dir: &Path,
        given: Option<&Secret>,
        target: &Target,
        own: impl Fn(&Path) -> io::Result<FingerprintKey>,
    ) -> Option<Self> {
        let folder = state_dir.join("secrets");
        let key = match given {
            Some(given) => FingerprintKey::new(given.expose().as_bytes())?,
            None => own(&folder).ok()?,
        };
        let file = folder.join(format!("{}.json", target_digest(target)));
        let known = fs::read(&file)
            .ok()
            .and_then(|text| serde_json::from_slice::<MemoryFile<'_>>(&text).ok());
        // What another key has made can be compared with nothing.
        let known = known.filter(|known| known.key == key.mark());
        Some(Self {
            file,
            platforms: known.map(|known| known.platforms.into_owned()).unwrap_or_default(),
            key,
        })
    }

    /// Returns what is known of the secrets that the files have and the server hides.
    pub(super) fn known(&self, desired: &State, remote: &State) -> KnownSecrets {
        let mut known = KnownSecrets::default();
        for wanted in desired.platforms.values() {
            let address = wanted.address();
            let (Some(found), Some(sent)) = (remote.platforms.get(&wanted.key()), self.platforms.get(&address)) else {
                continue;
            };
            // Somebody has changed the platform since, perhaps its secrets.
            if found.changed.as_deref() != Some(&*sent.changed) {
                continue;
            }
            for (name, secret) in secrets(wanted) {
                let Some(before) = sent.fields.get(name) else { continue };
                let state = if before == self.key.fingerprint(&address, name, secret) {
                    SecretState::Unchanged
                } else {
                    SecretState::Changed
                };
                known.insert(address.clone(), name, state);
            }
        }
        known
    }

    /// Returns the fingerprints of the secrets that a platform is about to get.
    pub(super) fn fingerprints(&self, platform: &Platform) -> Fingerprints {
        let address = platform.address();
        let print =
            |(name, secret): (&str, &Secret)| (name.into(), self.key.fingerprint(&address, name, secret).into());
        secrets(platform).map(print).collect()
    }

    /// Keeps what a platform has got, and when the server has changed it then. Without a time nothing is known of it.
    pub(super) fn set(&mut self, address: &Address, fields: Fingerprints, changed: Option<&str>) {
        match changed {
            Some(changed) if !fields.is_empty() => {
                let changed = changed.into();
                self.platforms.insert(address.clone(), SentSecrets { changed, fields });
            }
            _ => self.forget(address),
        }
    }

    /// Forgets a platform.
    pub(super) fn forget(&mut self, address: &Address) {
        self.platforms.remove(address);
    }

    /// Writes the file. Even after a loss of power it is the old or the new one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep(&self) -> io::Result<()> {
        let file = MemoryFile {
            key: self.key.mark(),
            platforms: Cow::Borrowed(&self.platforms),
        };
        ensure_private_folder(self.file.parent().unwrap_or(Path::new(".")))?;
        replace_private(&self.file, &serde_json::to_vec(&file)?)
    }
}

impl FingerprintKey {
    fn new(key: &[u8]) -> Option<Self> {
        // HMAC takes keys of every length; an empty one would be no key.
        Hmac::new_from_slice(key).ok().filter(|_| !key.is_empty()).map(Self)
    }

    /// Returns the key of this machine.
    fn kept(folder: &Path) -> io::Result<Self> {
        let bytes = Zeroizing::new(fs::read(folder.join(KEY_FILE))?);
        let key = Self::new(&bytes).filter(|_| bytes.len() >= KEY_BYTES);
        key.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Returns the key of this machine, and makes it when there is none, or what is there is too short to be one.
    fn kept_or_made(folder: &Path) -> io::Result<Self> {
        let is_missing = match Self::kept(folder).map_err(|error| (error.kind(), error)) {
            Err((io::ErrorKind::NotFound, _)) => true,
            Err((io::ErrorKind::InvalidData, _)) => false,
            known => return known.map_err(|(_, error)| error),
        };
        let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
        ensure_private_folder(folder)?;
        let (path, key) = (folder.join(KEY_FILE), bytes.as_slice());
        // Another run may have made one meanwhile, and that one counts.
        let _ = if is_missing {
            create_private(&path, key)
        } else {
            replace_private(&path, key)
        };
        Self::kept(folder)
    }

    /// Returns the name of the key, which says nothing about it.
    fn mark(&self) -> String {
        self.of(&["key"])
    }

    /// Returns the fingerprint of a value. It covers the field too: equal values of two fields have nothing in common.
    fn fingerprint(&self, address: &Address, name: &str, secret: &Secret) -> String {
        self.of(&["secret", &address.to_string(), name, secret.expose()])
    }

    fn of(&self, parts: &[&str]) -> String {
        let mut mac = self.0.clone();
        for part in parts {
            // With its length, so that no two lists of parts are the same bytes.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hexadecimal(&mac.finalize().into_bytes())
    }
}

fn secrets(platform: &Platform) -> impl Iterator<Item = (&str, &Secret)> {
    let values = platform.config.iter();
    values.filter_map(|(name, value)| Some((name.as_str(), value.secret()?)))
}
