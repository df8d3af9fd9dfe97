//! `lobuctl serve`.

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;

use super::location::DataLocation;
use crate::server::error::ServerError;
use crate::server::options::{AuditLimits, PlatformMode, ServerOptions};
use crate::server::{Server, file, home};

/// The arguments of `serve`.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// The address and port. Port 0 picks a free port.
    pub listen: String,
    /// The database.
    pub location: DataLocation,
    /// The origin that clients see. Without one, it is the listening address.
    pub public_url: Option<String>,
    /// Whether platforms are started; `--local` is [`PlatformMode::Stored`].
    pub mode: PlatformMode,
    /// How much of the audit is kept.
    pub audit: AuditLimits,
}

impl ServeConfig {
    /// The default address.
    pub const LISTEN: &'static str = "127.0.0.1:8787";
}

/// Serves until `shutdown`. Writes `listening on http://ADDRESS` to `out` once requests are answered.
pub async fn serve(
    args: ServeConfig,
    out: &mut (dyn Write + Send),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let listener = TcpListener::bind(&args.listen)
        .await
        .map_err(|source| ServerError::Listen {
            address: args.listen.clone(),
            source,
        })?;
    let address = listener.local_addr().map_err(ServerError::Serve)?;
    let file = args.location.data_dir.join(home::BOOTSTRAP_TOKEN);
    let server = Server::open(options(args, address, &file)?).await?;
    remark(&server, address, &file);
    writeln!(out, "listening on http://{address}")
        .and_then(|()| out.flush())
        .map_err(ServerError::Output)?;
    server.serve(listener, shutdown).await
}

fn options(args: ServeConfig, address: SocketAddr, file: &Path) -> Result<ServerOptions, ServerError> {
    let mut options = ServerOptions::new(args.location.storage());
    options.public_url = Some(args.public_url.unwrap_or_else(|| format!("http://{address}")));
    options.mode = args.mode;
    options.audit = args.audit;
    options.bootstrap_file = Some(file.to_owned());
    options.encryption_key = args.location.encryption_key;
    options.next_encryption_key = args.location.new_encryption_key;
    if args.location.database_url.is_some() {
        file::private_dir(&args.location.data_dir)?;
        if options.encryption_key.is_none() {
            home::key_beside(&args.location.data_dir)?;
            options.key_dir = Some(args.location.data_dir);
        }
    }
    Ok(options)
}

fn remark(server: &Server, address: SocketAddr, file: &Path) {
    if server.bootstrap_token().is_some() {
        first_token(file);
    }
    if !address.ip().is_loopback() {
        tracing::warn!("plain http beyond this machine; put a proxy with TLS in front");
    }
}

fn first_token(file: &Path) {
    let file = file.display();
    tracing::info!(%file, "created the organization `dev` and its admin token");
}
