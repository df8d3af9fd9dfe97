//! What files of a project and answers of a server must not do, whoever wrote them: keep the program busy without end, command
//! the terminal, or lead a token or a secret elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use axum::{Json, Router, routing::post};
use lobuctl::server::ServerOptions;
use lobuctl::session::{Account, Flags, Inputs, ProjectLink, Stored};
use serde_json::{Value, json};

use crate::support::deadline::wait_for;
use crate::support::program::cli::{CliOutput, CliProject};
use crate::support::program::serve_process::lobuctl;
use crate::support::program::sign_in_home::SignInHome;
use crate::support::project::{TempProject, report};
use crate::support::server::{JsonClient, open};

/// A schema in which each of thirty definitions names the next one twice.
fn bomb() -> Value {
    let next = |level: usize| json!({ "$ref": format!("#/$defs/a{level}") });
    let part = |level: usize| {
        (
            format!("a{level}"),
            json!({ "allOf": [next(level + 1), next(level + 1)] }),
        )
    };
    let mut parts: serde_json::Map<_, _> = (0..30).map(part).collect();
    parts.insert("a30".to_owned(), json!({ "type": "object" }));
    json!({ "$defs": parts, "$ref": "#/$defs/a0" })
}

/// A schema that is harmless, until a value nests.
fn fork() -> Value {
    json!({ "properties": { "x": { "allOf": [{ "$ref": "#" }, { "$ref": "#" }] } } })
}

/// A schema of trees. Its validator calls itself three times for each level.
fn tree() -> Value {
    json!({ "properties": { "x": { "allOf": [{ "$ref": "#" }] }, "y": { "type": "integer" } } })
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({ "y": 1 }), |inner, _| json!({ "x": inner }))
}

#[test]
fn a_schema_that_unfolds_without_end_is_refused_at_its_place() {
    let model = format!("type: entity\nslug: bomb\nname: Bomb\nmetadata_schema: {}\n", bomb());
    let data = "type: entity\nentity_type: bomb\nslug: one\nname: One\nmetadata: { a: 1 }\n";
    let toml = "[agents]\n\n[memory]\nmodels = \"./models\"\ndata = \"./data\"\n";
    let project = TempProject::new(&[("lobu.toml", toml), ("models/bomb.yaml", &model), ("data/x.yaml", data)]);
    let text = report(&project.load());
    assert!(
        text.contains("the schema makes too much work: it unfolds to more than 10000 subschemas for one value"),
        "{text}"
    );
    assert!(text.contains("models/bomb.yaml:4:18"), "{text}");

    let model = format!("type: entity\nslug: fork\nname: Fork\nmetadata_schema: {}\n", fork());
    let data = format!(
        "type: entity\nentity_type: fork\nslug: one\nname: One\nmetadata: {}\n",
        nested(20)
    );
    let project = TempProject::new(&[
        ("lobu.toml", toml),
        ("models/fork.yaml", &model),
        ("data/x.yaml", &data),
    ]);
    let text = report(&project.load());
    assert!(
        text.contains("checking this value against it takes more than 250000 steps") && text.contains("data/x.yaml:5"),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_a_validation_that_takes_its_time() {
    let model = format!("type: entity\nslug: fork\nname: Fork\nmetadata_schema: {}\n", fork());
    let entity = |it: usize| {
        format!(
            "type: entity\nentity_type: fork\nslug: e{it}\nname: E\nmetadata: {}\n",
            nested(15)
        )
    };
    // Each of them is within the bounds.
    let data = (0..5_000).map(entity).collect::<Vec<_>>().join("---\n");
    let toml = "[agents]\n\n[memory]\nmodels = \"./models\"\ndata = \"./data\"\n";
    let project = TempProject::new(&[
        ("lobu.toml", toml),
        ("models/fork.yaml", &model),
        ("data/x.yaml", &data),
    ]);
    let mut command = lobuctl(project.path());
    let command = command.arg("validate").current_dir(project.path());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let text = fs::read_to_string(&status).unwrap();
        let caught = text
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .unwrap()
            .trim();
        (u64::from_str_radix(caught, 16).unwrap() & 0b10 != 0).then_some(())
    };
    wait_for(listens, || "it does not listen for signals".to_owned());
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let ended = wait_for(|| child.try_wait().unwrap(), || "it does not end".to_owned());
    assert_eq!(ended.code(), Some(130));
}

#[tokio::test]
async fn the_server_refuses_a_schema_that_would_keep_it_busy() {
    let (server, token) = open(ServerOptions::memory()).await;
    let client = JsonClient::new(&server, &token);
    for kind in ["entity_type", "relationship_type"] {
        let call = |action: &str, schema: Value| json!({ "schema_type": kind, "action": action, "slug": "a", "name": "A", "metadata_schema": schema });
        let refused = client.schema(call("create", bomb())).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(refused.text.contains("makes too much work"), "{}", refused.text);
        assert_eq!(client.schema(call("create", fork())).await.status, 200);
        assert_eq!(client.schema(call("update", bomb())).await.status, 400);
    }
    let create = async |metadata: Value| {
        let body = json!({ "action": "create", "entity_type": "a", "name": "N", "metadata": metadata });
        let reply = client.post("/api/dev/manage_entity", body).await;
        (reply.status.as_u16(), reply.text)
    };
    let (status, text) = create(nested(20)).await;
    assert!(status == 400 && text.contains("more than 250000 steps"), "{text}");
    assert_eq!(create(nested(5)).await.0, 200);
    let schema = json!({ "schema_type": "entity_type", "action": "update", "slug": "a", "metadata_schema": tree() });
    assert_eq!(client.schema(schema).await.status, 200);
    let (status, text) = create(nested(60)).await;
    assert!(status == 400 && text.contains("more than 80 levels"), "{text}");
    // As deep as is allowed, with something wrong at the bottom: the stack holds it.
    let mut value = nested(25);
    *value.pointer_mut(&"/x".repeat(25)).unwrap() = json!({ "y": "z" });
    let (status, text) = create(value).await;
    assert!(status == 400 && text.contains("y: must be integer"), "{text}");
}

#[test]
fn a_link_of_the_project_that_is_no_file_of_it_is_refused_at_once() {
    let elsewhere = TempProject::new(&[("project.json", r#"{"context":"elsewhere"}"#)]);
    let project = TempProject::new(&[("lobu.toml", ""), (".lobu/other.json", r#"{"context":"near"}"#)]);
    let link = project.path().join(".lobu/project.json");
    let read = || ProjectLink::read(project.path());
    let made = Command::new("mkfifo").arg(&link).status().unwrap();
    assert!(made.success());
    assert!(read().unwrap_err().to_string().contains("not a regular file"));
    for (target, reason) in [
        ("/dev/zero".into(), "leads out of the project"),
        (elsewhere.path().join("project.json"), "leads out of the project"),
    ] {
        fs::remove_file(&link).unwrap();
        symlink(target, &link).unwrap();
        assert!(read().unwrap_err().to_string().contains(reason));
    }
    fs::remove_file(&link).unwrap();
    symlink("other.json", &link).unwrap();
    assert_eq!(read().unwrap().context.as_deref(), Some("near"));
    fs::remove_file(&link).unwrap();
    fs::write(&link, " ".repeat(100_000)).unwrap();
    assert!(read().unwrap_err().to_string().contains("more than 64 KB"));
}

#[test]
fn a_token_that_a_link_sends_to_another_server_is_told() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/lobu");
    fs::create_dir_all(&folder).unwrap();
    let contexts = json!({
        "alpha": { "apiUrl": "https://alpha.example" }, "beta": { "apiUrl": "https://beta.example" },
        "twin": { "apiUrl": "https://alpha.example" },
    });
    let config = folder.join("config.json");
    fs::write(
        &config,
        json!({ "currentContext": "alpha", "contexts": contexts }).to_string(),
    )
    .unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let stored = Stored::read(&BTreeMap::new(), Some(home.path()), None).unwrap();
    let warnings = |context: &str, variables: &[(&str, &str)]| {
        let variable = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let inputs = Inputs {
            flags: Flags::default(),
            environment: &variables.iter().map(variable).collect(),
            project_organization: None,
            link: &ProjectLink {
                context: Some(context.to_owned()),
                organization: None,
            },
            stored: &stored,
        };
        Account::choose(&inputs).unwrap().warnings
    };
    let token = ("LOBU_API_TOKEN", "t");
    let expected = "`LOBU_API_TOKEN` is sent to beta.example: `.lobu/project.json` names context `beta`, and the current context is `alpha`";
    assert_eq!(warnings("beta", &[token]), [expected]);
    for (context, variables) in [
        ("beta", vec![]),
        ("alpha", vec![token]),
        ("twin", vec![token]),
        ("beta", vec![token, ("LOBU_CONTEXT", "beta")]),
        ("beta", vec![token, ("LOBU_API_URL", "https://beta.example")]),
    ] {
        assert_eq!(
            warnings(context, &variables),
            Vec::<String>::new(),
            "{context} {variables:?}"
        );
    }
}

/// A text that sets the title of a terminal, writes in red, and turns what follows around.
const EVIL: &str = "o\u{1b}]0;pwn\u{7}\u{1b}[31m\u{202e}\u{9b}2J\r\nforged line";

/// Checks that a terminal shows the output as it is.
fn assert_harmless(output: &CliOutput) {
    for text in [&output.out, &output.err] {
        let is_obeyed = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
        assert!(!text.contains(is_obeyed) && !text.contains("\nforged"), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_server_says_of_a_person_commands_the_terminal() {
    let desk = SignInHome::signed_in(3600).await;
    desk.server.says(json!({
        "sub": "a", "email": EVIL, "name": EVIL, "organization_slug": EVIL, "scope": EVIL,
        "organizations": [{ "slug": EVIL, "name": EVIL, "role": EVIL }],
    }));
    for (line, word) in [("whoami", "<U+001B>"), ("org list", "<U+001B>"), ("org", "<U+202E>")] {
        let output = desk.run(line);
        assert!(output.out.contains(word), "{line}: {output:?}");
        assert_harmless(&output);
    }
    let output = desk.login("--force");
    assert!(
        output.out.contains("signed in to ") && output.out.contains("<U+001B>"),
        "{output:?}"
    );
    assert_harmless(&output);
    let output = desk.run("context list");
    assert!(output.out.contains("<U+001B>"), "{output:?}");
    assert_harmless(&output);
}

/// Answers the Model Context Protocol with a list of tools that always names a next page.
async fn endless_tools(Json(call): Json<Value>) -> Json<Value> {
    let result = match call["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": "2025-03-26", "capabilities": { "tools": {} }, "serverInfo": { "name": "stub", "version": "1" },
        }),
        Some("tools/list") => {
            let page = call["params"]["cursor"]
                .as_str()
                .map_or(0, |cursor| cursor.parse::<u32>().unwrap());
            let tool = |it: u32| json!({ "name": format!("t{page}-{it}"), "inputSchema": { "type": "object" } });
            json!({ "tools": (0..100).map(tool).collect::<Vec<_>>(), "nextCursor": (page + 1).to_string() })
        }
        _ => json!({}),
    };
    Json(json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_tools_without_end_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/mcp/dev", post(endless_tools));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let output = tokio::task::spawn_blocking(move || {
        let cli = CliProject::new();
        let mut command = cli.command("memory tools");
        CliOutput::of(&command.env("LOBU_API_URL", url).output().unwrap())
    });
    let output = output.await.unwrap();
    assert_eq!(output.code, 1, "{output:?}");
    assert!(
        output
            .err
            .contains("the server's list of tools does not end: it has 1100 so far"),
        "{output:?}"
    );
}

#[test]
fn a_pull_does_not_follow_an_example_that_leads_to_the_secrets() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    let original = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    let added = "\n[agents.night]\nname = \"Night\"\ndir = \"./desk\"\n\n[[agents.night.platforms]]\ntype = \"telegram\"\n\
        config = { botToken = \"$BOT_TOKEN\" }\n";
    fs::write(cli.path().join("lobu.toml"), original.clone() + added).unwrap();
    cli.expect_exit("apply --yes", 0);
    fs::write(cli.path().join("lobu.toml"), original).unwrap();
    let secrets = "OTHER=planted-in-a-file\n";
    fs::write(cli.path().join(".env"), secrets).unwrap();
    symlink(".env", cli.path().join(".env.example")).unwrap();
    let output = cli.run("pull --yes");
    assert!(output.err.contains("`.env.example` is there already"), "{output:?}");
    assert_eq!(fs::read_to_string(cli.path().join(".env")).unwrap(), secrets);
}
