//! The secrets that an organization keeps on the server: written, rotated and deleted by its owners and admins, and never
//! answered, logged, recorded or stored in clear.

use std::path::Path;

use lobuctl::server::command::{DataLocation, RekeyArgs, rekey};
use lobuctl::server::{ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::program::serve_process::ServeProcess;
use crate::support::server::{HttpReply, JsonClient, memory_server, open};

const MANAGE: &str = "/api/dev/secrets/manage";
const LIST: &str = "/api/dev/secrets";

/// Returns a request with one action.
fn one(op: &str, name: &str, value: Option<&str>) -> Value {
    let mut action = json!({ "op": op, "name": name });
    if let Some(value) = value {
        action["value"] = json!(value);
        action["source"] = json!("env");
    }
    json!({ "actions": [action] })
}

fn code(reply: &HttpReply) -> (u16, &str) {
    (reply.status.as_u16(), reply.body["error"].as_str().unwrap_or_default())
}

/// Returns names and fingerprints.
async fn listed(client: &JsonClient, path: &str) -> Vec<(String, String)> {
    let reply = client.get(path).await;
    let entries = reply.body.as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    entries
        .map(|entry| (text(&entry["name"]), text(&entry["fingerprint"])))
        .collect()
}

/// Every byte of every file below a folder.
fn bytes_below(dir: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| std::fs::read(path).unwrap()).collect()
}

fn holds(bytes: &[u8], marker: &str) -> bool {
    bytes.windows(marker.len()).any(|window| window == marker.as_bytes())
}

#[tokio::test]
async fn answers_names_and_fingerprints_and_records_who_did_what() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    let created = admin.post(MANAGE, one("create", "BOT_TOKEN", Some("HIDDEN-one"))).await;
    // `printf HIDDEN-one | sha256sum` begins with these digits.
    let expected = json!({ "results": [{ "name": "BOT_TOKEN", "fingerprint": "3d3a", "action": "created",
        "ref": "secret://dev/user/BOT_TOKEN" }] });
    assert_eq!(created.body, expected);
    let rotated = admin.post(MANAGE, one("rotate", "BOT_TOKEN", Some("HIDDEN-two"))).await;
    assert_eq!(rotated.body["results"][0]["action"], "rotated");
    let list = admin.get(LIST).await;
    let entry = &list.body[0];
    assert_eq!(
        (&entry["name"], &entry["source"], &entry["updatedBy"]),
        (&json!("BOT_TOKEN"), &json!("env"), &json!("bootstrap-user"))
    );
    assert_eq!(entry["fingerprint"], rotated.body["results"][0]["fingerprint"]);
    assert_ne!(entry["fingerprint"], "3d3a");
    let deleted = admin.post(MANAGE, one("delete", "BOT_TOKEN", None)).await;
    assert_eq!(deleted.body["results"][0]["action"], "deleted");
    assert!(listed(&admin, LIST).await.is_empty());

    let audit = admin.get("/api/dev/audit?action=secret.").await;
    let events: Vec<(&str, &Value)> = audit.body["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["action"].as_str().unwrap(), &event["fields"]))
        .collect();
    let rotation = format!("fingerprint:{}", entry["fingerprint"].as_str().unwrap());
    assert_eq!(
        events,
        [
            ("secret.delete", &json!([])),
            ("secret.rotate", &json!([rotation, "source:env"])),
            ("secret.create", &json!(["fingerprint:3d3a", "source:env"])),
        ]
    );
    for reply in [&created, &rotated, &list, &deleted, &audit] {
        assert!(!reply.text.contains("HIDDEN"), "{}", reply.text);
    }
}

#[tokio::test]
async fn refuses_what_is_no_secret_and_repeats_no_value() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    let long = "HIDDEN".repeat(20_000);
    let cases = [
        (one("create", "A", Some("")), "invalid_value"),
        (one("create", "A", Some(" \n")), "invalid_value"),
        (one("create", "A", None), "invalid_value"),
        (one("create", "A", Some("***IDDEN")), "invalid_value"),
        (one("create", "A", Some(&long)), "invalid_value"),
        (
            json!({ "actions": [{ "op": "create", "name": "A", "value": 5 }] }),
            "invalid_value",
        ),
        (one("create", "A", Some("lobu_secret_HIDDEN")), "already_a_placeholder"),
        (
            one("rotate", "A", Some("secret://dev/user/HIDDEN")),
            "already_a_placeholder",
        ),
        (one("create", "lower", Some("HIDDEN")), "invalid_name"),
        (one("create", "1A", Some("HIDDEN")), "invalid_name"),
        (one("create", &"A".repeat(129), Some("HIDDEN")), "invalid_name"),
        (one("delete", "", None), "invalid_name"),
        (one("delete", "A", Some("HIDDEN")), "a delete has no value"),
        (one("read", "A", None), "op must be create, rotate or delete"),
        (json!({ "actions": [] }), "a request has 1 to 500 actions"),
        (json!({ "actions": "HIDDEN" }), "actions must be a list"),
        (json!({ "actions": ["HIDDEN"] }), "an action must be an object"),
        (
            json!({ "actions": [{ "op": "create", "name": "A", "value": "x", "source": "HIDDEN" }] }),
            "source must be env, file or stdin",
        ),
    ];
    for (body, expected) in cases {
        let reply = admin.post(MANAGE, body.clone()).await;
        assert_eq!(code(&reply), (400, expected), "{body}");
        assert!(!reply.text.contains("HIDDEN"), "{}", reply.text);
    }
    assert_eq!(
        code(&admin.post(MANAGE, one("rotate", "A", Some("x"))).await),
        (404, "not_found")
    );
    assert!(listed(&admin, LIST).await.is_empty());
}

#[tokio::test]
async fn carries_out_all_actions_of_a_request_or_none() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    admin.post(MANAGE, one("create", "OLD", Some("old"))).await;
    let before = listed(&admin, LIST).await;
    let action = |op: &str, name: &str| json!({ "op": op, "name": name, "value": "new" });
    let mixed = json!({ "actions": [action("create", "NEW"), action("create", "OLD"), action("rotate", "NONE")] });
    let refused = admin.post(MANAGE, mixed).await;
    assert_eq!(code(&refused), (404, "not_found"), "by name: NONE comes before OLD");
    let sentence = "there is no secret `NONE`, `OLD` exists already; nothing was changed";
    assert_eq!(refused.body["error_description"], sentence);
    assert_eq!(listed(&admin, LIST).await, before);
    assert_eq!(
        admin.get("/api/dev/audit?action=secret.").await.body["events"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let both = json!({ "actions": [action("rotate", "OLD"), action("create", "NEW")] });
    let done = admin.post(MANAGE, both).await;
    let names: Vec<&Value> = (0..2).map(|at| &done.body["results"][at]["name"]).collect();
    assert_eq!(names, [&json!("OLD"), &json!("NEW")], "in the order of the request");
    let twice = json!({ "actions": [action("rotate", "OLD"), action("rotate", "OLD")] });
    assert_eq!(code(&admin.post(MANAGE, twice).await), (400, "`OLD` is named twice"));
}

#[tokio::test]
async fn keeps_organizations_apart_and_members_out() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    server.create_organization("shop").await.unwrap();
    let shop = server.create_admin_token("shop").await.unwrap();
    let shop = admin.with_token(shop.expose_secret());
    admin
        .post(MANAGE, one("create", "SHARED_NAME", Some("dev value")))
        .await;
    let theirs = shop
        .post(
            "/api/shop/secrets/manage",
            one("create", "SHARED_NAME", Some("shop value")),
        )
        .await;
    assert_eq!(theirs.body["results"][0]["ref"], "secret://shop/user/SHARED_NAME");
    let (here, there) = (listed(&admin, LIST).await, listed(&shop, "/api/shop/secrets").await);
    assert_eq!((here.len(), there.len()), (1, 1));
    assert_ne!(here, there);
    shop.post("/api/shop/secrets/manage", one("delete", "SHARED_NAME", None))
        .await;
    assert_eq!(listed(&admin, LIST).await, here);

    // A member, whose token has every scope, is told why.
    server.add_member("dev", "member", "member").await.unwrap();
    let new = lobuctl::server::NewToken {
        name: "m".to_owned(),
        account: "member".to_owned(),
        organization: Some("dev".to_owned()),
        scope: lobuctl::server::ADMIN_SCOPE.to_owned(),
        expires_at: None,
    };
    let member = server.create_token(&new).await.unwrap().1;
    let member = admin.with_token(member.expose_secret());
    for reply in [
        member.get(LIST).await,
        member.post(MANAGE, one("rotate", "SHARED_NAME", Some("x"))).await,
    ] {
        assert_eq!(code(&reply), (403, "forbidden_role"));
    }
    assert_eq!(listed(&admin, LIST).await, here);
}

/// The real program: its log, its database and the log of that, while it runs and after it has ended.
#[tokio::test]
async fn no_file_and_no_log_holds_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let process = ServeProcess::verbose(dir.path());
    let client = JsonClient::at(&process.url, &process.token());
    let marker = "HIDDEN-marker-in-no-file";
    for (op, value) in [("create", "1"), ("rotate", "2"), ("create", "3")] {
        let value = format!("{marker}-{value}");
        client.post(MANAGE, one(op, "MARKED", Some(&value))).await;
    }
    client.get("/api/dev/audit").await;
    let running = bytes_below(dir.path());
    // What is looked for can be found: the name is in clear.
    assert!(holds(&running, "MARKED") && !holds(&running, marker));
    let log = process.log();
    assert!(log.contains("/secrets/manage") && !log.contains(marker), "{log}");
    process.signal("TERM");
    let ended = bytes_below(dir.path());
    assert!(holds(&ended, "MARKED") && !holds(&ended, marker));
}

#[tokio::test]
async fn a_rekey_covers_the_vault_and_a_copied_row_does_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let storage = || Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    };
    let (server, token) = open(ServerOptions::new(storage())).await;
    let client = JsonClient::new(&server, &token);
    for name in ["FIRST", "SECOND"] {
        client.post(MANAGE, one("create", name, Some(name))).await;
    }
    let url = format!("sqlite://{}", dir.path().join("lobu.db").display());
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url)
        .await
        .unwrap();
    let sealed = async |connection: &mut sqlx::SqliteConnection| -> Vec<String> {
        let sql = "SELECT value FROM vault_secret ORDER BY name";
        sqlx::query_scalar(sql).fetch_all(connection).await.unwrap()
    };
    let before = sealed(&mut connection).await;
    let arguments = RekeyArgs {
        location: DataLocation::directory(dir.path()),
        new_key: None,
    };
    let mut out = Vec::new();
    rekey(&arguments, &mut out).await.unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "rows sealed with the new key: 2\n");
    let after = sealed(&mut connection).await;
    // A sealed text names its key.
    let keys = |texts: &[String]| -> Vec<String> { texts.iter().map(|text| text[..24].to_owned()).collect() };
    assert_ne!(keys(&before)[0], keys(&after)[0]);
    assert_eq!(keys(&after)[0], keys(&after)[1]);

    let copy =
        "UPDATE vault_secret SET value = (SELECT value FROM vault_secret WHERE name = 'FIRST') WHERE name = 'SECOND'";
    sqlx::query(copy).execute(&mut connection).await.unwrap();
    let mut out = Vec::new();
    rekey(&arguments, &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with("rows sealed with the new key: 1\n"), "{out}");
    assert!(out.contains("SECOND holds a secret that no key opens"), "{out}");
}

#[tokio::test]
async fn keeps_the_key_of_a_provider_for_the_organization_and_answers_it_to_nobody() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    admin
        .post("/api/dev/agents", json!({ "agentId": "desk", "name": "Desk" }))
        .await;
    let path = "/api/dev/agents/desk/providers/anthropic/api-key";
    for (path, body, status) in [
        (path, json!({}), 400),
        (path, json!({ "value": " " }), 400),
        (path, json!({ "value": 5 }), 400),
        (path, json!({ "value": "***DDEN" }), 400),
        (path, json!({ "value": "secret://dev/user/HIDDEN" }), 400),
        (
            "/api/dev/agents/desk/providers/a%2Fb/api-key",
            json!({ "value": "HIDDEN" }),
            400,
        ),
        (
            "/api/dev/agents/none/providers/a/api-key",
            json!({ "value": "HIDDEN" }),
            404,
        ),
    ] {
        let refused = admin.put(path, body).await;
        assert_eq!(refused.status, status, "{refused:?}");
        assert!(!refused.text.contains("HIDDEN"), "{}", refused.text);
    }
    assert!(listed(&admin, LIST).await.is_empty());

    let name = "provider:anthropic:apiKey";
    for value in ["HIDDEN-one\n", "HIDDEN-one", "HIDDEN-two"] {
        let stored = admin.put(path, json!({ "value": value })).await;
        assert_eq!(stored.body, json!({ "success": true, "name": name }));
    }
    // White space around a key does not count, as in later releases; that it is the same one is not said.
    let audit = admin.get("/api/dev/secrets/audit").await;
    let events: Vec<(&str, &str)> = audit.body["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["action"].as_str().unwrap(), event["fields"][0].as_str().unwrap()))
        .collect();
    assert_eq!(
        events[1..],
        [
            ("secret.rotate", "fingerprint:3d3a"),
            ("secret.create", "fingerprint:3d3a")
        ]
    );
    let list = listed(&admin, LIST).await;
    assert_eq!((list.len(), list[0].0.as_str()), (1, name));
    // It goes by its name, and no `$NAME` of a platform or a push can be one.
    let refused = admin.post(MANAGE, one("rotate", name, Some("HIDDEN"))).await;
    assert_eq!(code(&refused), (400, "invalid_name"));
    let deleted = admin.post(MANAGE, one("delete", name, None)).await;
    assert_eq!(deleted.body["results"][0]["action"], "deleted");
    assert!(listed(&admin, LIST).await.is_empty());
}

#[tokio::test]
async fn replaces_only_the_value_that_was_expected() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    admin.post(MANAGE, one("create", "BOT", Some("HIDDEN-one"))).await;
    let expecting = |print: &str| {
        let mut body = one("rotate", "BOT", Some("HIDDEN-two"));
        body["actions"][0]["ifFingerprint"] = json!(print);
        body
    };
    let mut with_another = expecting("ffff");
    let other = json!({ "op": "create", "name": "OTHER", "value": "HIDDEN" });
    with_another["actions"].as_array_mut().unwrap().push(other);
    let refused = admin.post(MANAGE, with_another).await;
    assert_eq!(code(&refused), (412, "changed"));
    assert!(
        refused
            .text
            .contains("`BOT` has changed since it was read; nothing was changed"),
        "{}",
        refused.text
    );
    assert_eq!(listed(&admin, LIST).await, [("BOT".to_owned(), "3d3a".to_owned())]);
    assert_eq!(admin.post(MANAGE, expecting("3d3a")).await.status, 200);
    // It has another value now, and then none.
    assert_eq!(admin.post(MANAGE, expecting("3d3a")).await.status, 412);
    admin.post(MANAGE, one("delete", "BOT", None)).await;
    assert_eq!(admin.post(MANAGE, expecting("3d3a")).await.status, 404);
}
