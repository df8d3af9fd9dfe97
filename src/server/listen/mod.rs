//! Serving HTTP/1.1 on a socket: a limit on the number of connections, and time limits for clients that send nothing.
//!
//! It knows connections and no routes. `axum::serve` has neither limit: a thousand silent connections would make the server
//! unreachable for all clients, and leave the database without files.

mod connection;
mod file_limit;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::options::Limits;
use connection::{Connections, Slot};

/// The number of files that stay free for the database, its log and the standard streams.
const RESERVED_FILES: usize = 96;
/// The pause after a failed `accept`. Without it, a process that has no free file would try again in a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves `router` until `shutdown` completes, then waits until the requests in progress are answered. That has no limit
/// here; the caller sets one.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) {
    let room = limits
        .connections
        .min(file_limit::raise().saturating_sub(RESERVED_FILES).max(1));
    let connections = Connections::new(room);
    let closing = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            // The order counts: under load `accept` is always ready, and a shutdown would be left to chance.
            biased;
            () = &mut shutdown => break,
            // Takes out the tasks that have ended, which would otherwise stay in the set.
            Some(_) = tasks.join_next() => {}
            accepted = accept(&listener, &connections) => {
                let Some((stream, peer, slot)) = accepted else { continue };
                tasks.spawn(serve_connection(stream, peer, slot, router.clone(), limits.head_timeout, closing.clone()));
            }
        }
    }
    // New clients are refused at once instead of waiting in the queue of the socket.
    drop(listener);
    closing.cancel();
    // Connections without a complete request, which might never come, are not waited for.
    connections.close_idle();
    while tasks.join_next().await.is_some() {}
}

/// Waits for room, then for a client. `None` when the system could not accept one.
async fn accept(listener: &TcpListener, connections: &Arc<Connections>) -> Option<(TcpStream, SocketAddr, Slot)> {
    connections.wait_for_room().await;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Only slower without it, so a failure is ignored.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, connections.enter()))
        }
        Err(error) => {
            // The usual reason is that the process has no free file. Closing an idle connection frees one.
            connections.close_oldest_idle();
            tracing::warn!(reason = %error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Serves one connection until the client or the server closes it.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    router: Router,
    head_timeout: Duration,
    closing: CancellationToken,
) {
    let slot = Arc::new(slot);
    let slot_of_requests = slot.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, slot) = (router.clone(), slot_of_requests.clone());
        async move {
            let busy = slot.mark_busy().ok_or_else(closed_error)?;
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = router
                .oneshot(request)
                .await
                .unwrap_or_else(|never: Infallible| match never {});
            // Idle from here on, although the response is still being sent: the connection of a client that does not read it
            // can be closed to make room.
            drop(busy);
            Ok::<_, std::io::Error>(response)
        }
    });
    // The timeout runs from the moment a head is awaited: it covers silent, slow and idle connections alike.
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        () = slot.evicted() => return,
        () = closing.cancelled() => serving.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = serving => {}
        () = slot.evicted() => {}
    }
}

fn closed_error() -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::ConnectionAborted,
        "closed to make room for another client",
    )
}
