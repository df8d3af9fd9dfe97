//! `lobuctl serve`: opens the storage and serves it on an address.

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use axum::http::Uri;
use tokio::net::TcpListener;

use super::location::DataLocation;
use crate::server::error::ServerError;
use crate::server::options::{AuditLimits, PlatformMode, ServerOptions};
use crate::server::{Server, file, storage};

/// The arguments of `serve`.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// The address and port to listen on. Port 0 picks a free port.
    pub listen: String,
    /// The database and its keys.
    pub location: DataLocation,
    /// The origin that clients see, such as `https://lobu.example.org`. `None` means the listening address.
    pub public_url: Option<String>,
    /// Whether platforms are started; `--local` is [`PlatformMode::Stored`].
    pub mode: PlatformMode,
    /// How much of the audit is kept.
    pub audit: AuditLimits,
}

impl ServeConfig {
    /// The default of [`ServeConfig::listen`].
    pub const LISTEN: &'static str = "127.0.0.1:8787";

    /// Returns the origin that a text names, without a slash at its end.
    ///
    /// # Errors
    /// What is expected, when it is no URL of a web server, or has more than host, port and path.
    pub fn parse_public_url(text: &str) -> Result<String, String> {
        let is_web = |uri: &Uri| {
            let scheme = uri.scheme_str().unwrap_or_default();
            let authority = uri.authority().map(|all| (all.as_str(), all.host(), all.port_u16()));
            (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
                && uri.query().is_none()
                && authority.is_some_and(|(all, host, port)| {
                    !host.is_empty() && !all.contains('@') && (all == host || port.is_some())
                })
        };
        match text.parse() {
            Ok(uri) if is_web(&uri) && !text.contains('#') => Ok(text.trim_end_matches('/').to_owned()),
            _ => Err("expected http:// or https:// and a host, such as https://lobu.example.org".to_owned()),
        }
    }
}

/// Serves until `shutdown` completes. Writes `listening on http://ADDRESS` to `out` before the first request is answered.
pub async fn serve(
    args: ServeConfig,
    out: &mut (dyn Write + Send),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    // Bound before the storage is opened: the first token is not created when the address is in use.
    let listener = TcpListener::bind(&args.listen)
        .await
        .map_err(|source| ServerError::Listen {
            address: args.listen.clone(),
            source,
        })?;
    let address = listener.local_addr().map_err(ServerError::Serve)?;
    let file = args.location.data_dir.join(storage::BOOTSTRAP_TOKEN);
    let server = Server::open(options(args, address, &file)?).await?;
    log_start(&server, address, &file);
    writeln!(out, "listening on http://{address}")
        .and_then(|()| out.flush())
        .map_err(ServerError::Output)?;
    server.serve(listener, shutdown).await
}

fn options(args: ServeConfig, address: SocketAddr, file: &Path) -> Result<ServerOptions, ServerError> {
    let mut options = ServerOptions::new(args.location.storage());
    // Who reaches the server under another address than its own comes through a proxy.
    options.behind_proxy = args.public_url.is_some();
    options.public_url = Some(args.public_url.unwrap_or_else(|| format!("http://{address}")));
    options.mode = args.mode;
    options.audit = args.audit;
    options.bootstrap_file = Some(file.to_owned());
    options.encryption_key = args.location.encryption_key;
    options.next_encryption_key = args.location.new_encryption_key;
    if args.location.database_url.is_some() {
        // A PostgreSQL server keeps its first token here, and the key when none is configured.
        file::private_dir(&args.location.data_dir)?;
        if options.encryption_key.is_none() {
            storage::read_or_create_key(&args.location.data_dir)?;
            options.key_dir = Some(args.location.data_dir);
        }
    }
    Ok(options)
}

/// Logs what an operator has to know about a start.
fn log_start(server: &Server, address: SocketAddr, file: &Path) {
    if server.bootstrap_token().is_some() {
        log_first_token(file);
    }
    if !address.ip().is_loopback() {
        tracing::warn!("plain http beyond this machine; put a proxy with TLS in front");
    }
}

fn log_first_token(file: &Path) {
    let file = file.display();
    tracing::info!(%file, "created the organization `dev` and its admin token");
}
