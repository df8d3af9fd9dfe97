//! No value that a run knows leaves the program, in whatever form a server echoes it.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lobuctl::host::{Host, Output};
use lobuctl::redact::{Redactor, STRUCK, is_too_short};
use lobuctl::remote::{Client, HttpOptions, HttpTransport, Retry, ServerUrl};
use lobuctl::resource::{Secret, is_invisible};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::project::TempProject;
use crate::support::server::stub::{StubReply, StubServer};

fn redactor(value: &str) -> Redactor {
    let redactor = Redactor::default();
    redactor.add([&Secret::new(value)]);
    redactor
}

/// Joins what a function makes of each part.
fn each<T>(parts: impl Iterator<Item = T>, form: impl Fn(T) -> String) -> String {
    parts.map(form).collect::<Vec<_>>().concat()
}

fn percent(value: &str, keep: fn(u8) -> bool) -> String {
    each(value.bytes(), |byte| {
        if keep(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    })
}

fn json_escaped(value: &str) -> String {
    let json = Value::from(value).to_string();
    json[1..json.len() - 1].to_owned()
}

/// The escaped forms of a value that have to be found.
fn escaped(value: &str) -> Vec<String> {
    let json = json_escaped(value);
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    vec![
        value.to_owned(),
        json.replace('/', "\\/"),
        json_escaped(&json),
        json,
        each(value.encode_utf16(), |unit| format!("\\u{unit:04x}")),
        percent(value, |byte| byte.is_ascii_alphanumeric()),
        percent(value, |_| false).to_lowercase(),
        percent(value, |byte| byte.is_ascii_alphanumeric() || byte == b' ').replace(' ', "+"),
        html,
        each(value.chars(), |one| format!("&#{};", u32::from(one))),
        each(value.chars(), |one| format!("&#x{:x};", u32::from(one))),
    ]
}

/// The forms of a value that have to be found.
pub fn forms(value: &str) -> Vec<String> {
    let mut forms = escaped(value);
    forms.push(each(value.bytes(), |byte| format!("{byte:02x}")));
    forms.push(each(value.bytes(), |byte| format!("{byte:02X}")));
    for by in [" ", "\n", "\u{200b}", "<U+200B>", "\u{1b}[1;31m"] {
        forms.push(each(value.chars(), |one| format!("{one}{by}")));
    }
    for padding in ["", "u", "us", "user:"] {
        let bytes = format!("{padding}{value}:tail");
        forms.push(STANDARD.encode(&bytes));
        forms.push(URL_SAFE_NO_PAD.encode(&bytes));
    }
    forms
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_form_of_a_secret_survives(
        value in "[!-~]{8,40}|[ -~]{12,40}|[a-zäß日🙂\"\\\\/<&%+]{10,30}",
        before in "[ -~é]{0,30}",
        after in "[ -~é]{0,30}",
    ) {
        prop_assume!(!is_too_short(&Secret::new(value.as_str())));
        let redactor = redactor(&value);
        for form in forms(&value) {
            let text = format!("{before} {form} {after}");
            let struck = redactor.text(&text);
            prop_assert!(struck.contains(STRUCK), "{form} in {struck}");
            prop_assert!(!struck.contains(&form), "{form} in {struck}");
        }
    }

    #[test]
    fn text_without_a_secret_stays_as_it_is(text in "[ -~é\\n]{0,200}") {
        prop_assert_eq!(redactor("zq9-planted-secret-41").text(&text), text);
    }
}

#[test]
fn each_line_of_a_key_file_is_a_secret() {
    let redactor = redactor("first-line-of-key\nsecond-line-of-key\n");
    assert_eq!(redactor.text("- second-line-of-key"), "- ***");
}

#[test]
fn a_line_of_json_stays_json() {
    let redactor = redactor("a\",\"b\":\"c");
    let line = json!({"x": "a", "y": "see a\",\"b\":\"c"}).to_string();
    let struck = redactor.line(&line);
    assert_eq!(
        serde_json::from_str::<Value>(&struck).unwrap(),
        json!({"x": "a", "y": "see ***"})
    );
    // Structure that happens to spell the value is not the value.
    let line = json!({"a": "a", "b": "c"}).to_string();
    assert_eq!(redactor.line(&line), line);
}

#[test]
fn a_record_keeps_its_addresses() {
    let redactor = redactor("triage-desk");
    let record = json!({"address": "agent.triage-desk", "message": "no triage-desk"});
    assert_eq!(
        redactor.record(record),
        json!({"address": "agent.triage-desk", "message": "no ***"})
    );
}

#[test]
fn short_values_are_not_searched_for() {
    assert!(is_too_short(&Secret::new("a b c d e")));
    assert_eq!(redactor("abcde").text("abcde"), "abcde");
    assert_eq!(redactor("abcdef").text("abcdef"), STRUCK);
}

#[test]
fn a_stream_strikes_a_secret_that_is_written_in_pieces() {
    let (host, captured) = Host::fake(".");
    host.redactor.add([&Secret::new("owl_pat_planted")]);
    let mut out: Output = host.stdout.clone();
    out.write_all(b"token owl_pat").unwrap();
    assert_eq!(captured.stdout(), "");
    out.write_all(b"_planted!\nnext: ").unwrap();
    assert_eq!(captured.stdout(), "token ***!\n");
    out.flush().unwrap();
    assert_eq!(captured.stdout(), "token ***!\nnext: ");
}

/// Returns a text without what draws nothing, as somebody could put it together again.
pub fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|one| !one.is_whitespace() && !one.is_control() && !is_invisible(*one))
        .collect()
}

/// Writes pieces to a stream, each of which is flushed. Returns what came out.
fn written<'a>(value: &str, pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let (host, captured) = Host::fake(".");
    host.redactor.add([&Secret::new(value)]);
    let mut out: Output = host.stdout.clone();
    for piece in pieces {
        out.write_all(piece).unwrap();
        out.flush().unwrap();
    }
    out.finish().unwrap();
    captured.stdout()
}

#[test]
fn a_secret_is_struck_wherever_a_write_splits_it() {
    for value in ["owl_pat_tjz33AcU", "4711:AAb/d+ee==", "p\"ä ß&<x>%41 y"] {
        for form in forms(value) {
            let text = format!("before {form} after\n");
            let form = squeezed(&form);
            let check = |split: String| {
                assert!(split.contains(STRUCK), "{text}: {split}");
                assert!(!squeezed(&split).contains(&form), "{text}: {split}");
                assert!(
                    split.starts_with("before ") && split.ends_with(" after\n"),
                    "{text}: {split}"
                );
            };
            for at in 1..text.len() {
                check(written(
                    value,
                    [&text.as_bytes()[..at], &text.as_bytes()[at..]].into_iter(),
                ));
            }
            check(written(value, text.as_bytes().chunks(1)));
        }
    }
}

#[test]
fn a_stream_keeps_back_only_what_may_be_the_start_of_a_secret() {
    let (host, captured) = Host::fake(".");
    host.redactor.add([&Secret::new("owl_pat_planted")]);
    let mut out: Output = host.stdout.clone();
    for (piece, shown) in [
        ("Apply? [y/N] ", "Apply? [y/N] "),
        ("now\nto", "Apply? [y/N] now\nt"),
        // People wait for lines: the end of one is kept back only if it has a good part of the secret.
        ("owl\n", "Apply? [y/N] now\ntoowl\n"),
        ("_pat_planted\n", "Apply? [y/N] now\ntoowl\n***\n"),
        ("owl_pat\n", "Apply? [y/N] now\ntoowl\n***\n"),
        ("rol\n", "Apply? [y/N] now\ntoowl\n***\nowl_pat\nrol\n"),
    ] {
        out.write_all(piece.as_bytes()).unwrap();
        out.flush().unwrap();
        assert_eq!(captured.stdout(), shown, "{piece:?}");
    }
}

#[test]
fn time_grows_with_the_length_of_the_text() {
    let redactor = redactor("owl_pat_tjz33AcUbGg0planted");
    let time = |bytes: usize| -> Duration {
        let body = "owl_pat_tjz33AcUbGg0planted".repeat(bytes / 27);
        let start = Instant::now();
        assert_eq!(redactor.text(&body), STRUCK);
        start.elapsed()
    };
    // The faster of two runs: the machine does other work too.
    let best = |bytes: usize| time(bytes).min(time(bytes));
    let (small, large) = (best(1 << 16), best(1 << 20));
    assert!(large < small * 64, "1 MB took {large:?}, 64 KB took {small:?}");
}

/// Returns the error of a read that is answered with a body of this size, full of a secret and of the same text without
/// its last letter.
async fn error_of_a_large_body(bytes: usize) -> (String, Duration) {
    let (secret, almost) = ("owl_pat_tjz33AcUbGg0planted", "owl_pat_tjz33AcUbGg0plante ");
    let unit = format!("{almost}{almost}{almost}{secret}");
    let body = json!({ "error": unit.repeat(bytes / unit.len()) }).to_string();
    let stub = StubServer::start(vec![StubReply::json("400 Bad Request", &body)]).await;
    let (base, _) = ServerUrl::parse(&stub.url).unwrap();
    let transport = HttpTransport::new(base, Some(Secret::new(secret)), HttpOptions::default()).unwrap();
    let client = Client::new(Retry::new(Arc::new(transport)), "dev", 1);
    let start = Instant::now();
    let error = client.agents().await.unwrap_err().to_string();
    (error, start.elapsed())
}

#[tokio::test]
async fn a_large_error_full_of_almost_secrets_is_struck_in_linear_time_and_cut() {
    let (size, mut times) = (1_000_000, [Duration::MAX; 2]);
    // The faster of two runs: the machine does other work too.
    for _ in 0..2 {
        for (index, bytes) in [size / 16, size].into_iter().enumerate() {
            let (error, took) = error_of_a_large_body(bytes).await;
            assert!(error.contains(STRUCK) && !error.contains("planted"), "{error}");
            assert!(error.len() < 2000, "{} bytes", error.len());
            times[index] = times[index].min(took);
        }
    }
    let [small, large] = times;
    assert!(large < small * 16 * 8, "1 MB took {large:?}, 64 KB took {small:?}");
}

/// Runs a plan against a server that answers with this body, and returns everything that it prints.
async fn plan_against(body: &str, format: &str) -> String {
    let stub = StubServer::start(vec![StubReply::json("400 Bad Request", body)]).await;
    let project = TempProject::new(&[("lobu.toml", PROJECT), (".env", "BOT=4711:AAbbCC/dd+ee==ff\n")]);
    let output = tokio::process::Command::new(cargo_bin("lobuctl"))
        .args(["plan", "--url", &stub.url, "--format", format])
        .current_dir(project.path())
        .env_clear()
        .env("HOME", project.path())
        .env("LOBU_API_TOKEN", "owl_pat_tjz33AcUbGg0")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = [output.stdout, output.stderr].concat();
    String::from_utf8(printed).unwrap()
}

const PROJECT: &str = r#"
[agents.desk]
name = "Desk"
dir = "."

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "$BOT", chatId = "1" }

[memory]
org = "dev"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_cannot_make_the_program_print_a_secret() {
    let echoes = [
        r"404 for bot4711:AAbbCC\/dd+ee==ff",
        r"404 for bot4711:AAbbCC\u002fdd\u002Bee\u003d\u003Dff",
        "404 for 4711%3AAAbbCC%2Fdd%2Bee%3D%3Dff",
        "404 for 4711:AAbbCC&#x2F;dd&plus;ee==ff",
        "404 for 4711:AA bbCC/dd +ee==ff",
        "Authorization: Bearer owl_pat_tjz33AcUbGg0",
        r"owl_pat_\u200btjz33\u0007AcUbGg0",
        "Basic b3dsX3BhdF90anozM0FjVWJHZzA6",
        "6f776c5f7061745f746a7a333341635562476730",
        "6F776C5F7061745F746A7A333341635562476730",
    ];
    for echo in echoes {
        for format in ["text", "json", "markdown"] {
            let printed = plan_against(&format!(r#"{{"error":"upstream says {echo} end"}}"#), format).await;
            assert!(printed.contains(STRUCK), "{echo} as {format}: {printed}");
            let squeezed: String = printed.chars().filter(|one| !one.is_whitespace()).collect();
            for part in ["AAbbCC", "tjz33", "dd+ee", "b3dsX3Bh", "6f776c5f", "6F776C5F"] {
                assert!(!squeezed.contains(part), "{echo} as {format}: {printed}");
            }
        }
    }
}
