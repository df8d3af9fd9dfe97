//! Being signed in: refreshing, signing out, and who it is. The real program against the answers of the recordings.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::program::sign_in_home::{SignInHome, now_ms};
use crate::support::server::identity::PERSONAL_TOKEN;

#[tokio::test(flavor = "multi_thread")]
async fn a_due_token_is_refreshed_before_it_is_used_and_only_then() {
    let desk = SignInHome::signed_in(3600).await;
    assert_eq!(desk.run("whoami").code, 0);
    assert_eq!(desk.server.rotations(), 0);
    for ends_in in [59, -5] {
        let desk = SignInHome::signed_in(ends_in).await;
        let output = desk.run("whoami --format json");
        assert_eq!(
            output.object("session")["scope"],
            "mcp:read mcp:write mcp:admin profile:read",
            "{output:?}"
        );
        assert_eq!(
            (desk.server.rotations(), desk.credential()["accessToken"].clone()),
            (1, json!("access-planted-2"))
        );
        assert_eq!(desk.credential()["oauth"]["clientId"], "mcp_client_7");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_refusal_by_the_server_signs_out() {
    let desk = SignInHome::signed_in(-5).await;
    let before = desk.credentials();
    for status in [500, 502, 401, 404, 200] {
        desk.server.break_with(Some(status));
        let output = desk.run("token");
        assert!(
            output.code == 1 && output.err.contains("cannot be refreshed"),
            "{status}: {output:?}"
        );
        assert_eq!(desk.credentials(), before, "{status}");
    }
    desk.server.break_with(None);
    desk.server.forget_tokens();
    let output = desk.run("token");
    assert!(output.code == 1 && output.err.contains("lobuctl login"), "{output:?}");
    assert_eq!(desk.credential(), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_still_works_is_used_when_it_cannot_be_refreshed() {
    let desk = SignInHome::signed_in(50).await;
    let mut command = desk.command("token");
    desk.server.break_with(Some(404));
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "access-planted-1\n");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot be refreshed")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_goes_only_to_the_origin_that_issued_it() {
    let desk = SignInHome::signed_in(-5).await;
    let other = SignInHome::new(&[]).await;
    let mut credentials = desk.credentials();
    credentials["contexts"]["desk"]["oauth"]["tokenEndpoint"] = json!(format!("{}/oauth/token", other.server.url));
    desk.put("credentials.json", &credentials);
    let output = desk.run("token");
    assert!(output.code == 1 && output.err.contains("another origin"), "{output:?}");
    assert_eq!((other.server.requests().len(), desk.credentials()), (0, credentials));
}

/// Returns the number of rounds that the environment asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
fn rounds() -> usize {
    let asked = std::env::var("LOBUCTL_TEST_RACE_ROUNDS").ok();
    asked.map_or(100, |asked| asked.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_that_refresh_at_once_rotate_once_and_are_never_signed_out() {
    let desk = SignInHome::signed_in(-5).await;
    for round in 1..=rounds() {
        let mut credentials = desk.credentials();
        credentials["contexts"]["desk"]["expiresAt"] = json!(now_ms() - 1000);
        desk.put("credentials.json", &credentials);
        let start = || {
            desk.command("token")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let outputs = [start(), start()].map(|child| child.wait_with_output().unwrap());
        for output in outputs {
            let (out, err) = (
                String::from_utf8(output.stdout).unwrap(),
                String::from_utf8(output.stderr).unwrap(),
            );
            assert_eq!(out, format!("access-planted-{}\n", round + 1), "{round}: {err}");
        }
        assert_eq!(desk.server.rotations(), round);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_revokes_and_says_what_stays_valid() {
    let desk = SignInHome::signed_in(3600).await;
    let output = desk.run("logout");
    assert!(
        output.code == 0 && output.err.contains("its credential is revoked"),
        "{output:?}"
    );
    // The recorded server accepts the access token of a revoked sign-in.
    assert!(
        output.err.contains("goes on accepting its access token until"),
        "{output:?}"
    );
    assert!(desk.credential().is_null() && !desk.server.accepts("refresh-planted-1"));
    assert!(desk.run("logout").err.contains("is not signed in"));
    assert_eq!(desk.run("whoami").code, 1);

    let desk = SignInHome::signed_in(3600).await;
    desk.server.break_with(Some(503));
    let output = desk.run("logout --format json");
    let logout = output.object("logout");
    assert_eq!(
        (&logout["was_signed_in"], &logout["revoked"]),
        (&json!(true), &json!(false)),
        "{output:?}"
    );
    assert!(
        logout["stays_valid"].as_str().unwrap().contains("did not revoke"),
        "{output:?}"
    );
    assert!(desk.credential().is_null());

    let desk = SignInHome::new(&[]).await;
    assert_eq!(desk.login_with(PERSONAL_TOKEN, "--org desk").code, 0);
    let output = desk.run("logout");
    assert!(
        output.code == 0 && output.err.contains("stays valid until it is revoked"),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn says_who_is_signed_in_and_fails_when_the_server_refuses() {
    let desk = SignInHome::signed_in(3600).await;
    let text = desk.run("whoami").out;
    for part in [
        "person        Mira <mira@example.test>\n",
        "member of     person, desk\n",
        "organization  desk (from context `desk`)\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // One request, and offline none.
    assert_eq!(desk.server.requests(), ["GET /oauth/userinfo "]);
    assert!(
        desk.run("whoami --offline")
            .out
            .contains("token         from credentials of context `desk`")
    );
    assert_eq!(desk.server.requests().len(), 1);
    desk.server.forget_tokens();
    let refused = desk.run("whoami");
    assert!(
        refused.code == 1 && refused.err.contains("does not accept the token"),
        "{refused:?}"
    );
    assert!(!desk.credential().is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_are_listed_and_chosen_where_the_person_belongs() {
    let desk = SignInHome::signed_in(3600).await;
    assert_eq!(
        desk.run("org").out,
        "  person                   Person\n* desk                     Desk\n"
    );
    for (slug, reason) in [
        ("nowhere", "you do not belong"),
        ("person", "works for organization `desk` only"),
    ] {
        let output = desk.run(&format!("org use {slug}"));
        assert!(output.code == 1 && output.err.contains(reason), "{output:?}");
    }
    assert_eq!(desk.run("org use desk").code, 0);
    let memory = fs::read_to_string(desk.home.path().join(".config/lobu/memory.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&memory).unwrap()["activeOrg"], "desk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_github_gets_the_token_as_it_is() {
    let desk = SignInHome::signed_in(3600).await;
    let output = desk.command("token").env("GITHUB_ACTIONS", "true").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "access-planted-1\n");
}
