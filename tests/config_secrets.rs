//! Where secrets come from, and which are asked for.

use lobuctl::config::{Only, SecretSource, SecretsCheck};
use lobuctl::resource::ConfigValue;

use crate::support::project::{TempProject, report};

const TOML: &str = r#"
[agents.triage]
name = "Triage"
dir = "."
providers = [{ id = "anthropic", key = "$PROVIDER_KEY" }]

[[agents.triage.platforms]]
type = "telegram"
config = { botToken = " $BOT_TOKEN ", chatId = "12", secretToken = "literal" }
"#;

/// The value of `botToken`, or the codes of the errors.
fn token(project: &TempProject) -> Result<String, Vec<&'static str>> {
    let loaded = project.load();
    let codes: Vec<&'static str> = loaded
        .diagnostics
        .iter()
        .filter(|one| one.is_error())
        .map(|one| one.code)
        .collect();
    let platforms = loaded.project.ok_or(codes)?.desired.platforms;
    let platform = platforms.into_values().next().unwrap();
    match platform.config.get("botToken").unwrap() {
        ConfigValue::Secret(secret) => Ok(secret.expose().to_owned()),
        other => Ok(format!("{other:?}")),
    }
}

fn with_env(env: &str) -> TempProject {
    TempProject::new(&[("lobu.toml", TOML), (".env", env)]).env("PROVIDER_KEY", "x")
}

#[test]
fn env_files_are_read_like_a_shell_would_without_expanding() {
    for (env, expected) in [
        ("BOT_TOKEN=abc", "abc"),
        ("  export BOT_TOKEN = abc  ", "abc"),
        ("\u{feff}BOT_TOKEN=abc\r\nOTHER=x\r\n", "abc"),
        ("BOT_TOKEN=abc # a comment", "abc"),
        ("BOT_TOKEN=abc#no-comment", "abc#no-comment"),
        ("BOT_TOKEN=a b=c", "a b=c"),
        ("BOT_TOKEN=\"a # b\" # a comment", "a # b"),
        ("BOT_TOKEN='a \\n $X'", "a \\n $X"),
        ("BOT_TOKEN=\"a\\nb \\\"q\\\" \\\\ $X\"", "a\nb \"q\" \\ $X"),
        ("BOT_TOKEN=\"line one\nline two\"\nOTHER=x", "line one\nline two"),
        ("BOT_TOKEN=first\nBOT_TOKEN=second", "second"),
        ("# BOT_TOKEN=no\n\nBOT_TOKEN=yes", "yes"),
        ("BOT_TOKEN=\u{e9}\u{1f600}", "\u{e9}\u{1f600}"),
    ] {
        assert_eq!(token(&with_env(env)).as_deref(), Ok(expected), "{env}");
    }
}

#[test]
fn the_first_source_that_has_a_value_wins() {
    let mut project = TempProject::new(&[
        ("lobu.toml", TOML),
        (".env", "BOT_TOKEN=env\n"),
        (".env.local", "BOT_TOKEN=local\n"),
        ("ci/one.env", "BOT_TOKEN=one\n"),
        ("ci/two.env", "BOT_TOKEN=two\n"),
    ])
    .env("PROVIDER_KEY", "x");
    assert_eq!(token(&project).unwrap(), "local");
    project.env_files = vec![project.path().join("ci/one.env"), project.path().join("ci/two.env")];
    assert_eq!(token(&project).unwrap(), "one");
    project = project.env("BOT_TOKEN", "process");
    assert_eq!(token(&project).unwrap(), "process");
    // An empty value counts as missing, so the next source has its turn.
    project = project.env("BOT_TOKEN", "");
    assert_eq!(token(&project).unwrap(), "one");
    let uses = project.load().project.unwrap().secrets;
    let one = uses.iter().find(|one| one.name == "BOT_TOKEN").unwrap();
    assert_eq!(one.source, Some(SecretSource::File("ci/one.env".into())));
    assert_eq!((one.sent, one.uses[0].0.line), (true, 9));
    let provider = uses.iter().find(|one| one.name == "PROVIDER_KEY").unwrap();
    assert_eq!((provider.sent, &provider.source), (false, &Some(SecretSource::Process)));
}

#[test]
fn the_check_decides_which_are_asked_for() {
    let mut project = TempProject::new(&[("lobu.toml", TOML)]);
    assert_eq!(token(&project).unwrap_err(), ["missing-secret", "missing-secret"]);
    project.secrets_check = SecretsCheck::Sent;
    assert_eq!(token(&project).unwrap_err(), ["missing-secret"]);
    project.secrets_check = SecretsCheck::Off;
    assert_eq!(token(&project).unwrap(), "Redacted");
    project.secrets_check = SecretsCheck::All;
    project.only = Only::Memory;
    let loaded = project.load();
    assert!(!report(&loaded).contains("error"));
    let found = loaded.project.unwrap();
    assert!(found.desired.agents.is_empty() && found.secrets.is_empty());
}

#[test]
fn what_is_secret_is_never_plain() {
    let project = with_env("BOT_TOKEN=abc").load().project.unwrap();
    let platform = project.desired.platforms.values().next().unwrap();
    assert!(matches!(
        platform.config.get("secretToken"),
        Some(ConfigValue::Secret(_))
    ));
    assert!(matches!(platform.config.get("chatId"), Some(ConfigValue::Plain(_))));
}
