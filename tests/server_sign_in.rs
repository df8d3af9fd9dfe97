//! The pages of signing in and approving: what they show, what they refuse, and what a decision leads to.

use lobuctl::server::{NewToken, Server, ServerOptions};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::server::sign_in::{ALL_SCOPES, DeviceClient};
use crate::support::server::visitor::{ORIGIN, Visitor};
use crate::support::server::{HttpReply, JsonClient, memory_server, open};

fn header<'a>(reply: &'a HttpReply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

async fn token(server: &Server, scope: &str) -> (String, String) {
    let new = NewToken {
        name: "page".to_owned(),
        account: "bootstrap-user".to_owned(),
        organization: Some("dev".to_owned()),
        scope: scope.to_owned(),
        expires_at: None,
    };
    let (id, token) = server.create_token(&new).await.unwrap();
    (id, token.expose_secret().to_owned())
}

#[tokio::test]
async fn a_link_signs_in_once_and_only_when_its_button_is_used() {
    let (server, _) = memory_server().await;
    let link = server.create_login_link("bootstrap-user").await.unwrap();
    let link = link.expose_secret();
    let path = format!("/oauth/sign-in?link={link}");
    let mut visitor = Visitor::new(&server, ORIGIN);
    for _ in 0..3 {
        let page = visitor.get(&path).await;
        assert!(
            page.status == 200 && page.text.contains("Sign in as <bdi>dev-local</bdi>"),
            "{}",
            page.text
        );
        assert!(page.headers.get("set-cookie").is_none());
    }
    let foreign = visitor
        .post_from("http://evil.example", "/oauth/sign-in", &[("link", link)])
        .await;
    assert_eq!(foreign.status, 403);
    let done = visitor.post("/oauth/sign-in", &[("link", link)]).await;
    assert_eq!(
        (done.status.as_u16(), header(&done, "location")),
        (303, "/oauth/device")
    );
    assert!(visitor.get("/oauth/device").await.text.contains("Enter the code"));
    assert_eq!(visitor.post("/oauth/sign-in", &[("link", link)]).await.status, 410);
    assert_eq!(visitor.get(&path).await.status, 410);
    assert!(server.create_login_link("nobody").await.is_err());
}

#[tokio::test]
async fn the_session_is_kept_from_scripts_other_sites_and_plain_http() {
    let (server, _) = memory_server().await;
    let link = server.create_login_link("bootstrap-user").await.unwrap();
    let mut visitor = Visitor::new(&server, ORIGIN);
    let done = visitor.post("/oauth/sign-in", &[("link", link.expose_secret())]).await;
    let cookie = header(&done, "set-cookie");
    assert!(
        cookie.starts_with("lobu_session=") && cookie.ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict")
    );
    let page = visitor.get("/oauth/device").await;
    let key = Visitor::form_key(&page);
    let before = visitor.clone();
    visitor
        .post("/oauth/device", &[("action", "sign-out"), ("form_key", &key)])
        .await;
    assert!(
        before.get("/oauth/device").await.text.contains("Your token"),
        "the session has ended"
    );

    let mut options = ServerOptions::memory();
    options.public_url = Some("https://lobu.example.org".to_owned());
    let (server, _) = open(options).await;
    let link = server.create_login_link("bootstrap-user").await.unwrap();
    let mut visitor = Visitor::new(&server, "https://lobu.example.org");
    let done = visitor.post("/oauth/sign-in", &[("link", link.expose_secret())]).await;
    let cookie = header(&done, "set-cookie");
    assert!(
        cookie.starts_with("__Host-lobu_session=") && cookie.ends_with("; SameSite=Strict; Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn every_page_forbids_scripts_frames_and_everything_from_elsewhere() {
    let (server, _) = memory_server().await;
    let visitor = Visitor::signed_in(&server, ORIGIN, "bootstrap-user").await;
    let stranger = Visitor::new(&server, ORIGIN);
    for page in [
        visitor.get("/oauth/device").await,
        visitor.get("/oauth/device?user_code=nope").await,
        stranger.get("/oauth/device").await,
        stranger.get("/oauth/sign-in?link=nope").await,
        stranger.get("/oauth/sign-in").await,
    ] {
        let policy = header(&page, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(
            policy.ends_with("form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
            "{policy}"
        );
        assert_eq!(header(&page, "x-frame-options"), "DENY");
        assert_eq!(header(&page, "cache-control"), "no-store");
        assert_eq!(header(&page, "referrer-policy"), "same-origin");
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
        for forbidden in [
            "<script",
            "javascript:",
            " onclick",
            " style=",
            "http://",
            "https://",
            "<img",
            "<link",
        ] {
            assert!(!page.text.contains(forbidden), "{forbidden}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn a_person_sees_what_is_asked_for_and_approves_it_for_one_organization() {
    let (server, token) = memory_server().await;
    server.create_organization("shop").await.unwrap();
    let client = DeviceClient::register(&server, "<b>Good\u{202e}Tool</b>").await;
    let started = client.start(ALL_SCOPES).await;
    let mut visitor = Visitor::new(&server, ORIGIN);
    let fields = [
        ("action", "sign-in"),
        ("token", token.as_str()),
        ("user_code", &started.user_code),
    ];
    let done = visitor.post("/oauth/device", &fields).await;
    let next = format!("/oauth/device?user_code={}", started.user_code);
    assert_eq!((done.status.as_u16(), header(&done, "location")), (303, next.as_str()));
    // A code counts however it is typed. The token is bound to `dev`, so nothing else can be chosen.
    let typed = started.user_code.to_lowercase().replace('-', "+");
    let page = visitor.get(&format!("/oauth/device?user_code={typed}")).await;
    assert!(
        page.text
            .contains("Allow <bdi>&lt;b&gt;Good\u{fffd}Tool&lt;/b&gt;</bdi>"),
        "{}",
        page.text
    );
    assert!(page.text.contains(&started.user_code) && page.text.contains("change and delete agents"));
    assert!(page.text.contains("org-bootstrap-dev") && !page.text.contains("org-shop"));
    let key = Visitor::form_key(&page);
    let form = [
        ("form_key", key.as_str()),
        ("user_code", &started.user_code),
        ("action", "approve"),
    ];
    let undecided = visitor.post("/oauth/device", &form).await;
    assert!(undecided.status == 400 && undecided.text.contains("Choose an organization first."));
    let elsewhere = [&form[..], &[("organization_id", "org-shop")]].concat();
    let refused = visitor.post("/oauth/device", &elsewhere).await;
    assert!(
        refused.text.contains("Not a member of the selected organization."),
        "{}",
        refused.text
    );
    assert_eq!(
        client.poll(&started.device_code).await.body["error"],
        "authorization_pending"
    );
    let chosen = [&form[..], &[("organization_id", "org-bootstrap-dev")]].concat();
    assert!(visitor.post("/oauth/device", &chosen).await.text.contains("Approved"));
    assert_eq!(visitor.post("/oauth/device", &chosen).await.status, 404, "decided once");
    let tokens = client.poll(&started.device_code).await.body;
    let access = JsonClient::new(&server, tokens["access_token"].as_str().unwrap());
    assert_eq!(access.get("/api/dev/agents").await.status, 200);
    assert_eq!(access.get("/api/shop/agents").await.status, 403);
    let whoami = access.get("/lobu/api/v1/auth/whoami").await.body;
    assert_eq!(whoami["userId"], "bootstrap-user");
}

#[tokio::test]
async fn a_person_who_denies_gives_no_access() {
    let (server, _) = memory_server().await;
    server.create_organization("shop").await.unwrap();
    let client = DeviceClient::register(&server, "lobuctl").await;
    let mut unsure = Visitor::signed_in(&server, ORIGIN, "bootstrap-user").await;
    let started = client.start("mcp:read").await;
    let page = unsure
        .get(&format!("/oauth/device?user_code={}", started.user_code))
        .await;
    assert!(page.text.contains("org-shop"), "a link is bound to no organization");
    let key = Visitor::form_key(&page);
    let form = [
        ("form_key", key.as_str()),
        ("user_code", &started.user_code),
        ("action", "deny"),
    ];
    assert!(unsure.post("/oauth/device", &form).await.text.contains("Denied"));
    assert_eq!(client.poll(&started.device_code).await.body["error"], "access_denied");
}

#[tokio::test]
async fn forms_of_other_sites_and_other_sessions_decide_nothing() {
    let (server, _) = memory_server().await;
    let client = DeviceClient::register(&server, "lobuctl").await;
    let started = client.start("profile:read").await;
    let mut visitor = Visitor::signed_in(&server, ORIGIN, "bootstrap-user").await;
    let other = Visitor::signed_in(&server, ORIGIN, "bootstrap-user").await;
    let key = Visitor::form_key(&visitor.get("/oauth/device").await);
    let foreign_key = Visitor::form_key(&other.get("/oauth/device").await);
    let form = |key| {
        [
            ("form_key", key),
            ("user_code", started.user_code.as_str()),
            ("action", "approve"),
        ]
    };
    for (origin, key) in [
        ("http://evil.example", key.as_str()),
        ("null", &key),
        (ORIGIN, &foreign_key),
        (ORIGIN, ""),
    ] {
        let refused = visitor.post_from(origin, "/oauth/device", &form(key)).await;
        assert_eq!(refused.status, 403, "{origin}");
    }
    let body = json!({ "user_code": started.user_code, "approved": true });
    assert_eq!(
        Visitor::new(&server, ORIGIN)
            .json("/oauth/device/approve", &body)
            .await
            .status,
        401
    );
    assert_eq!(
        client.poll(&started.device_code).await.body["error"],
        "authorization_pending"
    );
    let lost = Visitor::new(&server, ORIGIN).post("/oauth/device", &form(&key)).await;
    assert!(lost.status == 401 && lost.text.contains("Your session has ended"));
    assert!(
        visitor
            .post("/oauth/device", &form(&key))
            .await
            .text
            .contains("Approved")
    );
}

#[tokio::test]
async fn wrong_codes_and_wrong_tokens_are_counted() {
    let (server, token) = memory_server().await;
    let visitor = Visitor::signed_in(&server, ORIGIN, "bootstrap-user").await;
    for _ in 0..10 {
        assert_eq!(visitor.get("/oauth/device?user_code=AAAA-AAAA").await.status, 404);
    }
    let refused = visitor.get("/oauth/device?user_code=AAAA-AAAA").await;
    assert_eq!((refused.status.as_u16(), header(&refused, "retry-after")), (429, "600"));
    let body = json!({ "user_code": "AAAA-AAAA", "approved": true });
    assert_eq!(visitor.json("/oauth/device/approve", &body).await.status, 429);
    let mut guessing = Visitor::new(&server, ORIGIN);
    for _ in 0..20 {
        let fields = [("action", "sign-in"), ("token", "owl_pat_guess")];
        assert_eq!(guessing.post("/oauth/device", &fields).await.status, 401);
    }
    let fields = [("action", "sign-in"), ("token", token.as_str())];
    assert_eq!(
        guessing.post("/oauth/device", &fields).await.status,
        429,
        "even with the right one"
    );
}

#[tokio::test]
async fn a_session_allows_no_more_than_its_token_and_ends_with_it() {
    let (server, _) = memory_server().await;
    let (id, reader) = token(&server, "mcp:read").await;
    let client = DeviceClient::register(&server, "lobuctl").await;
    let started = client.start(ALL_SCOPES).await;
    let mut visitor = Visitor::new(&server, ORIGIN);
    visitor
        .post("/oauth/device", &[("action", "sign-in"), ("token", &reader)])
        .await;
    let body = json!({ "user_code": started.user_code, "approved": true, "organization_id": "org-bootstrap-dev" });
    assert_eq!(visitor.json("/oauth/device/approve", &body).await.status, 200);
    let tokens = client.poll(&started.device_code).await.body;
    assert_eq!(tokens["scope"], "mcp:read profile:read");
    let access = tokens["access_token"].as_str().unwrap();
    let mut program = Visitor::new(&server, ORIGIN);
    let refused = program
        .post("/oauth/device", &[("action", "sign-in"), ("token", access)])
        .await;
    assert_eq!(refused.status, 401, "an access token is for its program only");
    assert!(server.revoke_token(&id).await.unwrap());
    assert_eq!(
        JsonClient::new(&server, access).get("/api/dev/agents").await.status,
        401
    );
    assert_eq!(
        client.refresh(tokens["refresh_token"].as_str().unwrap()).await.status,
        400
    );
    assert!(visitor.get("/oauth/device").await.text.contains("Your token"));
}
