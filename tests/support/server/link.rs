//! A network link that can be frozen or cut: a TCP proxy between a server and its database.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a link does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Passes bytes on.
    Open,
    /// Holds bytes back, like a network that loses every packet. No connection is closed.
    Frozen,
    /// Closes every connection, also each new one.
    Cut,
}

/// A proxy on a free port. It ends when it is dropped.
pub struct Link {
    pub address: SocketAddr,
    state: watch::Sender<LinkState>,
}

impl Link {
    /// Opens a link to `target` on a free port of this address.
    pub async fn at(address: Ipv4Addr, target: SocketAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, watched) = watch::channel(LinkState::Open);
        tokio::spawn(async move {
            let mut closed = watched.clone();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((client, _)) = accepted else { continue };
                        tokio::spawn(connect(client, target, watched.clone()));
                    }
                    () = dropped(&mut closed) => return,
                }
            }
        });
        Self { address, state }
    }

    pub fn set(&self, state: LinkState) {
        self.state.send_replace(state);
    }
}

/// Waits until the link was dropped.
async fn dropped(state: &mut watch::Receiver<LinkState>) {
    while state.changed().await.is_ok() {}
}

/// Waits while the link is frozen. Returns whether it passes bytes on.
async fn passes(state: &mut watch::Receiver<LinkState>) -> bool {
    let settled = state.wait_for(|state| *state != LinkState::Frozen).await;
    settled.is_ok_and(|state| *state == LinkState::Open)
}

async fn connect(client: TcpStream, target: SocketAddr, mut state: watch::Receiver<LinkState>) {
    if !passes(&mut state).await {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let ((client_read, client_write), (server_read, server_write)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = copy(client_read, server_write, state.clone()) => {}
        () = copy(server_read, client_write, state.clone()) => {}
        _ = state.wait_for(|state| *state == LinkState::Cut) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<LinkState>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 || !passes(&mut state).await || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
