//! Signing in: the real program against the answers of the recordings.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lobuctl::redact::Redactor;
use lobuctl::remote::{HttpOptions, OAuthClient, ServerUrl};
use serde_json::{Value, json};

use crate::support::deadline::wait_for;
use crate::support::program::cli::CliOutput;
use crate::support::program::sign_in_home::{SignInHome, checked, now_ms};
use crate::support::server::identity::PERSONAL_TOKEN;

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_once_somebody_has_approved_the_code() {
    let desk = SignInHome::new(&["authorization_pending", "approved"]).await;
    let output = desk.login("");
    assert_eq!(output.code, 0, "{output:?}");
    let url = &desk.server.url;
    assert_eq!(
        output.out,
        format!("signed in to {url} as Mira <mira@example.test>, organization desk, context desk\n")
    );
    assert!(output.err.contains("  code     WDJB-MJHT\n"), "{output:?}");
    assert!(
        output
            .err
            .contains(&format!("  address  {url}/oauth/device?user_code=WDJB-MJHT\n")),
        "{output:?}"
    );
    let stored = desk.credential();
    assert_eq!(
        (&stored["accessToken"], &stored["refreshToken"]),
        (&json!("access-planted-1"), &json!("refresh-planted-1"))
    );
    assert_eq!(
        stored["oauth"],
        json!({
            "clientId": "mcp_client_7", "tokenEndpoint": format!("{url}/oauth/token"),
            "revocationEndpoint": format!("{url}/oauth/revoke"), "userinfoEndpoint": format!("{url}/oauth/userinfo"),
        })
    );
    let left = stored["expiresAt"].as_i64().unwrap() - now_ms();
    assert!((86_000_000..=86_400_000).contains(&left), "{left}");
    assert_eq!(desk.server.count("POST /oauth/token"), 2);

    // Whoever is signed in needs no flag any more, and is not signed in twice.
    assert_eq!(
        desk.run("whoami --format json").object("session")["person"]["name"],
        "Mira"
    );
    let again = desk.login("");
    assert!(again.code == 0 && again.err.contains("already signed in"), "{again:?}");
    assert_eq!(desk.server.count("POST /oauth/register"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_less_often_when_the_server_asks_for_it() {
    let desk = SignInHome::new(&["slow_down", "approved"]).await;
    let start = Instant::now();
    assert_eq!(desk.login("--format json").object("login")["organization"], "desk");
    // One pause of a second, then one that is five seconds longer.
    assert!(start.elapsed().as_secs() >= 7, "{:?}", start.elapsed());
    assert_eq!(desk.server.count("POST /oauth/token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_valid_for_ever_is_waited_for_a_day_and_asked_about_each_minute() {
    let desk = SignInHome::new(&["approved"]).await;
    desk.server.grants("expires_in", json!(u64::MAX));
    let output = desk.login("");
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.err.contains("the code is valid for 1440 minutes"), "{output:?}");

    desk.server.grants("interval", json!(u64::MAX));
    let (url, _) = ServerUrl::parse(&desk.server.url).unwrap();
    let client = OAuthClient::over_network(&url, HttpOptions::default(), &Redactor::default()).unwrap();
    let endpoints = client.discover().await.unwrap();
    let registered = client.register(&endpoints).await.unwrap();
    let grant = client.start_device(&endpoints, &registered, None).await.unwrap();
    assert_eq!(grant.interval, Duration::from_mins(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_fails_leaves_nobody_signed_out() {
    for (poll, reason) in [
        ("access_denied", "was denied"),
        ("expired_token", "nobody approved"),
        ("server_error", "said so"),
    ] {
        let desk = SignInHome::new(&[poll]).await;
        let output = desk.login("");
        assert!(
            output.code == 1 && output.out.is_empty() && output.err.contains(reason),
            "{output:?}"
        );
        assert_eq!(desk.credentials(), Value::Null);

        let desk = SignInHome::signed_in(3600).await;
        let before = desk.credentials();
        let other = SignInHome::new(&[poll]).await;
        desk.server
            .discovers("token_endpoint", json!(format!("{}/oauth/token", other.server.url)));
        let output = desk.login("--force");
        assert!(output.code == 1 && output.err.contains("another origin"), "{output:?}");
        assert_eq!(desk.credentials(), before);
        assert_eq!(other.server.requests(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_sign_in_replaces_the_credential_and_revokes_the_one_before() {
    let desk = SignInHome::signed_in(3600).await;
    assert_eq!(desk.login("--force").code, 0);
    assert_eq!(desk.credential()["accessToken"], "access-planted-2");
    assert_eq!(
        desk.server
            .count("POST /oauth/revoke client_id=mcp_client_7&token=refresh-planted-1"),
        1
    );
    assert_eq!(
        desk.server
            .count("POST /oauth/revoke client_id=mcp_client_7&token=refresh-planted-2"),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_sign_in_and_one_that_names_other_origins_are_refused() {
    for (key, value, reason) in [
        (
            "device_authorization_endpoint",
            Value::Null,
            "has no sign-in with a browser",
        ),
        ("token_endpoint", Value::Null, "has no sign-in with a browser"),
        (
            "registration_endpoint",
            json!("https://evil.example/register"),
            "another origin",
        ),
        (
            "revocation_endpoint",
            json!("http://127.0.0.1:1/revoke"),
            "another origin",
        ),
        ("userinfo_endpoint", json!("javascript:alert(1)"), "another origin"),
    ] {
        let desk = SignInHome::new(&["approved"]).await;
        desk.server.discovers(key, value);
        let output = desk.login("");
        assert!(output.code == 1 && output.err.contains(reason), "{key}: {output:?}");
        assert_eq!(desk.server.count("POST"), 0, "{key}");
    }
    let desk = SignInHome::new(&["approved"]).await;
    for status in [404, 200] {
        desk.server.break_with(Some(status));
        let output = desk.login("");
        assert!(
            output.code == 1 && output.err.contains("--token-stdin"),
            "{status}: {output:?}"
        );
    }
    assert_eq!(desk.credentials(), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_for_another_organization_than_the_one_asked_for_is_not_kept() {
    let desk = SignInHome::new(&["approved"]).await;
    let output = desk.login("--org other");
    assert!(
        output.code == 1 && output.err.contains("approved for organization `desk`"),
        "{output:?}"
    );
    assert_eq!(desk.credentials(), Value::Null);
    assert!(!desk.server.accepts("refresh-planted-1"));
    let asked = desk
        .server
        .requests()
        .into_iter()
        .find(|it| it.contains("/oauth/device_authorization"));
    assert!(
        asked.unwrap().ends_with("%2Fmcp%2Fother"),
        "{:?}",
        desk.server.requests()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nobody_is_kept_waiting_unasked() {
    let desk = SignInHome::new(&["authorization_pending"]).await;
    let output = desk.run(&format!("login --url {}", desk.server.url));
    assert!(output.code == 1 && output.err.contains("`--token-stdin`"), "{output:?}");
    assert_eq!(desk.server.requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_stored_only_when_a_lobu_server_knows_it() {
    let desk = SignInHome::new(&[]).await;
    for (token, flags, status, code) in [
        (PERSONAL_TOKEN, "", None, 64),
        ("", "--org desk", None, 64),
        ("owl_pat_planted_wrong", "--org desk", None, 1),
        (PERSONAL_TOKEN, "--org nowhere", None, 1),
        ("planted-wrong", "--org desk", None, 1),
        ("planted\u{7f}odd", "--org desk", None, 1),
        (PERSONAL_TOKEN, "--org desk", Some(200), 1),
        (PERSONAL_TOKEN, "--org desk", Some(302), 1),
    ] {
        desk.server.break_with(status);
        let output = desk.login_with(token, flags);
        assert_eq!(output.code, code, "{token} {flags}: {output:?}");
        assert_eq!(desk.credentials(), Value::Null, "{token} {flags}");
    }
    desk.server.break_with(None);
    let output = desk.login_with(PERSONAL_TOKEN, "--org desk");
    assert!(
        output.code == 0 && output.out.contains("organization desk"),
        "{output:?}"
    );
    assert_eq!(desk.credential(), json!({"accessToken": PERSONAL_TOKEN}));
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_wait_for_an_approval() {
    let desk = SignInHome::new(&["authorization_pending"]).await;
    let mut command = desk.command(&format!("login --url {} --no-browser", desk.server.url));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(
        || (desk.server.count("POST /oauth/token") > 0).then_some(()),
        || format!("{:?}", desk.server.requests()),
    );
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = checked(CliOutput::of(&child.wait_with_output().unwrap()));
    assert!(
        output.code == 130 && output.err.contains("nothing was written"),
        "{output:?}"
    );
    assert_eq!(desk.credentials(), Value::Null);
}
