//! What may happen once happens once, however many ask at the same moment: redeeming, refreshing, deciding, signing in. On
//! SQLite in every run, and with three servers on one PostgreSQL database where there is one.

use futures_util::future::join_all;
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::server::postgres::TestDatabase;
use crate::support::server::sign_in::{DEVICE_GRANT, DeviceClient, text};
use crate::support::server::visitor::{ORIGIN, Visitor};
use crate::support::server::{HttpReply, memory_server};

/// The number of requests at one moment.
const SENDERS: usize = 6;
/// Few enough that those who lose do not exceed the number of wrong codes of one address.
const ROUNDS: usize = 8;

/// The servers that requests take turns using, and a client.
struct Racers<'a> {
    servers: &'a [Server],
    client: DeviceClient,
}

impl Racers<'_> {
    fn server(&self, sender: usize) -> &Server {
        &self.servers[sender % self.servers.len()]
    }

    /// Half of the senders approve and half deny. Returns what the one who wins has decided.
    async fn decide(&self, user_code: &str) -> String {
        let session = Visitor::signed_in(&self.servers[0], ORIGIN, "bootstrap-user").await;
        let decisions = (0..SENDERS).map(|sender| {
            let mut visitor = Visitor::new(self.server(sender), ORIGIN);
            visitor.cookie.clone_from(&session.cookie);
            let body = json!({ "user_code": user_code, "approved": sender % 2 == 0 });
            async move { visitor.json("/oauth/device/approve", &body).await }
        });
        text(&winner(join_all(decisions).await), "status")
    }

    /// Every sender sends the same at one moment.
    async fn send(&self, fields: &[(&str, &str)]) -> Vec<HttpReply> {
        let requests = (0..SENDERS).map(|sender| {
            let client = self.client.at(self.server(sender));
            async move { client.post("/oauth/token", fields).await }
        });
        join_all(requests).await
    }

    /// One round: deciding, redeeming, and refreshing three times.
    async fn run(&self) {
        let started = self.client.start("profile:read").await;
        let decision = self.decide(&started.user_code).await;
        let poll = [("grant_type", DEVICE_GRANT), ("device_code", &started.device_code)];
        let polls = self.send(&poll).await;
        if decision == "denied" {
            assert!(
                polls.iter().all(|reply| reply.body["error"] == "access_denied"),
                "{polls:?}"
            );
            return;
        }
        let mut refresh = text(&winner(polls), "refresh_token");
        for _ in 0..3 {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            // The token of the one who wins works in the next turn: nobody was signed out.
            refresh = text(&winner(self.send(&fields).await), "refresh_token");
        }
    }
}

/// Returns the body of the one reply with 200. All others have to be 400.
fn winner(replies: Vec<HttpReply>) -> Value {
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert!(
        won.len() == 1 && lost.iter().all(|reply| reply.status == 400),
        "{won:?} {lost:?}"
    );
    won[0].body.clone()
}

async fn one_winner_of_everything(servers: &[Server]) {
    let client = DeviceClient::register(&servers[0], "lobuctl").await;
    let racers = Racers { servers, client };
    for _ in 0..ROUNDS {
        racers.run().await;
    }
    let link = servers[0].create_login_link("bootstrap-user").await.unwrap();
    let signing_in = (0..SENDERS).map(|sender| {
        let mut visitor = Visitor::new(racers.server(sender), ORIGIN);
        let link = link.expose_secret().to_owned();
        async move { visitor.post("/oauth/sign-in", &[("link", &link)]).await.status.as_u16() }
    });
    let mut statuses = join_all(signing_in).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_has_one_winner() {
    let (server, _) = memory_server().await;
    one_winner_of_everything(&[server]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_on_one_database_have_one_winner() {
    let Some(database) = TestDatabase::create("oauth_races").await else {
        return;
    };
    let mut servers = Vec::new();
    for _ in 0..3 {
        let mut options = ServerOptions::new(Storage::Postgres {
            url: database.url.clone(),
        });
        options.encryption_key = Some("7a".repeat(32).into());
        servers.push(Server::open(options).await.unwrap());
    }
    one_winner_of_everything(&servers).await;
    servers[1].run_upkeep().await.unwrap();
    drop(servers);
    database.drop_now().await;
}
