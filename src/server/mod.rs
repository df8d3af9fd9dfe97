//! The embedded REST server: contract sections 2 to 9 over SQLite or PostgreSQL, in process or on a port.
//!
//! It is made for a laptop or a small team, and the tests run against it. It is no chat gateway. Of this crate it uses only
//! the error body of `wire`, so a mistake in the client's view of the API is not repeated here.

mod app;
mod attempt;
mod audit;
mod audit_event;
mod auth;
mod bearer;
mod body;
mod bootstrap;
mod clock;
pub mod command;
mod crypto;
mod db;
mod denial;
mod error;
mod file;
mod form;
mod host_name;
mod idempotency;
mod key_mark;
mod keyring;
mod last_use;
mod layer;
mod lease;
mod listen;
mod lock;
mod meta;
mod metadata_check;
mod name;
mod nesting;
mod oauth;
mod options;
mod page;
mod path;
mod people;
mod precondition;
mod presence;
mod random;
mod rekey;
mod reply;
mod request_info;
mod restore;
mod route;
pub mod runtime;
mod secret;
mod secret_field;
mod sender;
mod session;
mod storage;
mod token;
mod upkeep;
mod vault;
mod vault_reference;
mod vault_use;

pub use error::ServerError;
pub use options::{AuditLimits, Limits, PlatformMode, ServerOptions, Storage};
pub use people::MemberRole;
pub use token::{ADMIN_SCOPE, NewToken};

use std::future::Future;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{RwLock, Semaphore};

use app::{App, Shared};
use attempt::AttemptBudgets;
use db::params;
use denial::DenialBudget;
use last_use::LastUses;
use lock::Locks;
use presence::Presence;
use storage::{KeySource, OpenStorage};

/// How long a stopping server waits for open connections, and then for changes that are under way.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// An open database with its routes and its runtime.
pub struct Server {
    app: Shared,
    router: Router,
    /// The first admin token, when this start has created it.
    bootstrap: Option<SecretString>,
    presence: Presence,
}

impl Server {
    /// Opens the storage, brings its tables up to date, and creates the organization `dev` with an admin token when it
    /// does not exist.
    ///
    /// # Errors
    /// When the storage is in use, damaged, not private, or encrypted with another key; see [`ServerError`].
    pub async fn open(options: ServerOptions) -> Result<Self, ServerError> {
        let source = KeySource {
            key: options.encryption_key,
            next: options.next_encryption_key,
            dir: options.key_dir,
        };
        let storage = OpenStorage::open(&options.storage, &source, options.connections).await?;
        let (db, locks) = (storage.db, Locks::default());
        let token_file = match &options.storage {
            Storage::Sqlite { data_dir } => Some(
                options
                    .bootstrap_file
                    .unwrap_or_else(|| data_dir.join(storage::BOOTSTRAP_TOKEN)),
            ),
            Storage::Memory | Storage::Postgres { .. } => options.bootstrap_file,
        };
        // Before the first use of the time: what follows stores it.
        clock::restore(&db).await?;
        // Several servers may start on one PostgreSQL database at the same time, and a rekey may be running: one of them
        // marks the database's key and creates the first token.
        let held = locks.hold(&db, rekey::LOCK.to_owned()).await?;
        rekey::adopt_database(&db, &storage.keys).await?;
        let bootstrap = bootstrap::first_start(&db, token_file.as_deref()).await?;
        held.release().await;
        // The keys fit the database now. A rekey may run from here on, and this server follows it.
        drop(storage.key_lock);
        let app = Arc::new(App {
            db,
            keys: storage.keys,
            locks,
            runtime: options.runtime,
            mode: options.mode,
            limits: options.limits,
            public_url: options
                .public_url
                .map_or_else(OnceLock::new, |url| url.trim_end_matches('/').to_owned().into()),
            behind_proxy: options.behind_proxy,
            changes: Arc::new(RwLock::new(())),
            bodies: Arc::new(Semaphore::new(body::HELD_KIB)),
            denials: DenialBudget::default(),
            audit_limits: options.audit,
            remembered_expiry: AtomicI64::new(0),
            last_uses: LastUses::default(),
            attempts: AttemptBudgets::default(),
        });
        let router = layer::wrap(route::routes(app.clone()), app.clone());
        Ok(Self {
            app,
            router,
            bootstrap,
            presence: storage.presence,
        })
    }

    /// Returns the routes, for a transport in this process.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Returns the admin token of `dev`. `None` unless [`Server::open`] has created it, at the first start on a database.
    pub fn bootstrap_token(&self) -> Option<SecretString> {
        self.bootstrap.clone()
    }

    /// Creates a private organization, owned by the first user. The slug has lower-case letters, digits and hyphens.
    ///
    /// # Errors
    /// [`ServerError::Argument`] when the slug is taken or invalid.
    pub async fn create_organization(&self, slug: &str) -> Result<(), ServerError> {
        people::create_organization(&self.app.db, slug, slug, bootstrap::ACCOUNT).await
    }

    /// Makes an organization public, so that anyone may read its types, or private. Does nothing for an unknown slug.
    pub async fn set_public(&self, slug: &str, public: bool) -> Result<(), ServerError> {
        let visibility = if public { "public" } else { "private" };
        let mut tx = self.app.db.begin().await?;
        tx.execute(
            "UPDATE organization SET visibility = $1 WHERE slug = $2",
            params![visibility, slug],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// Gives a user a role in an organization. Creates the user if needed.
    ///
    /// # Errors
    /// [`ServerError::Argument`] for an unknown organization or role, and when the organization would have no owner.
    pub async fn add_member(&self, slug: &str, account: &str, role: &str) -> Result<(), ServerError> {
        people::set_member(&self.app.db, slug, account, None, role.parse()?).await
    }

    /// Removes a user from an organization.
    ///
    /// # Errors
    /// [`ServerError::Argument`] when the user is no member, or is the last owner.
    pub async fn remove_member(&self, slug: &str, account: &str) -> Result<(), ServerError> {
        people::remove_member(&self.app.db, slug, account).await
    }

    /// Creates a user who is a member of no organization.
    pub async fn add_account(&self, account: &str) -> Result<(), ServerError> {
        let mut tx = self.app.db.begin().await?;
        bootstrap::insert_account(&mut tx, account, account).await?;
        Ok(tx.commit().await?)
    }

    /// Creates a token. Returns its row id and its text, which cannot be read again.
    pub async fn create_token(&self, new: &NewToken) -> Result<(String, SecretString), ServerError> {
        token::create(&self.app.db, new).await
    }

    /// Creates an admin token of the first user for one organization.
    pub async fn create_admin_token(&self, organization: &str) -> Result<SecretString, ServerError> {
        let new = NewToken {
            name: "admin".to_owned(),
            account: bootstrap::ACCOUNT.to_owned(),
            organization: Some(organization.to_owned()),
            scope: ADMIN_SCOPE.to_owned(),
            expires_at: None,
        };
        Ok(self.create_token(&new).await?.1)
    }

    /// Creates a one-time link for a user, valid for ten minutes. Returns its secret, which `/oauth/sign-in` takes.
    ///
    /// # Errors
    /// [`ServerError::Argument`] for an unknown user.
    pub async fn create_login_link(&self, account: &str) -> Result<SecretString, ServerError> {
        session::create_link(&self.app.db, account).await
    }

    /// Revokes a token by its row id. Returns whether there was such a token, not yet revoked.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, ServerError> {
        Ok(token::revoke(&self.app.db, id).await?)
    }

    /// Deletes what is old and writes when tokens were used last, as a serving server does every minute.
    pub async fn run_upkeep(&self) -> Result<(), ServerError> {
        Ok(upkeep::run_once(&self.app).await?)
    }

    /// Serves until `shutdown` completes, then waits for requests and changes that are under way.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let address = listener.local_addr().map_err(ServerError::Serve)?;
        self.app.announce(address).await;
        let upkeep = tokio::spawn(upkeep::run(self.app.clone()));
        // The time limit starts with the shutdown, so the shutdown has to be visible here as well as in `listen`.
        let (stopping, mut stopped) = tokio::sync::watch::channel(false);
        let shutdown = async move {
            shutdown.await;
            let _ = stopping.send(true);
        };
        let serving = listen::serve(listener, self.router, self.app.limits, shutdown);
        tokio::select! {
            () = serving => {}
            () = async {
                let _ = stopped.wait_for(|stopped| *stopped).await;
                tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
            } => tracing::warn!("stopped while connections were still open"),
        }
        upkeep.abort();
        close(&self.app, self.presence).await;
        Ok(())
    }
}

/// Waits for changes that are under way, then closes the database and gives up its storage, in the order that both need.
async fn close(app: &Shared, presence: Presence) {
    // Changes go on after their requests have ended, by a timeout for example.
    app.wait_until_idle(SHUTDOWN_TIMEOUT).await;
    upkeep::run_last(app).await;
    // The session of the presence has to go back before its pool closes, which waits for it. The lock of a directory has
    // to stay until the database is closed, or another server could open it too early.
    let directory = match presence {
        Presence::Directory { lock } => Some(lock),
        other => {
            drop(other);
            None
        }
    };
    app.db.close().await;
    drop(directory);
}
