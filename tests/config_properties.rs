//! Whatever the files hold: loading does not panic, and no secret is printed.

use lobuctl::config::SecretsCheck;
use proptest::prelude::*;

use crate::support::project::{TempProject, report};

/// What is planted wherever a secret may stand.
const PLANTED: &str = "qzqzqzqzqzqzqzqzqzqz";

/// What must not be printed: a piece of it.
const PIECE: &str = "qzqzqz";

const TOML: &str = r#"# a comment with qzqzqzqzqzqzqzqzqzqz
[agents.triage]
name = "Triage"
dir = "."
guardrails = ["one", "two"]

[[agents.triage.providers]]
id = "anthropic"
model = "claude"
key = "qzqzqzqzqzqzqzqzqzqz"

[[agents.triage.platforms]]
type = "telegram"
config = { botToken = "qzqzqzqzqzqzqzqzqzqz", chatId = "5" } # qzqzqzqzqzqzqzqzqzqz

[[agents.triage.platforms]]
type = "slack"
name = "eng"
[agents.triage.platforms.config]
botToken = 'qzqzqzqzqzqzqzqzqzqz'
signingSecret = "$SIGNING"
"odd key" = """
qzqzqzqzqzqzqzqzqzqz
"""

[agents.triage.skills.mcp.linear]
url = "https://user:qzqzqzqzqzqzqzqzqzqz@host/"
args = ["--token", "qzqzqzqzqzqzqzqzqzqz"]
env = { TOKEN = "qzqzqzqzqzqzqzqzqzqz" }
headers = { Authorization = "Bearer qzqzqzqzqzqzqzqzqzqz" }
oauth = { auth_url = "a", token_url = "t", client_id = "qzqzqzqzqzqzqzqzqzqz", client_secret = "qzqzqzqzqzqzqzqzqzqz" }

[memory]
org = "dev"
models = "models"
"#;

const ENV: &str = "SIGNING=qzqzqzqzqzqzqzqzqzqz\nexport OTHER=\"qzqzqzqzqzqzqzqzqzqz\nqzqzqzqzqzqzqzqzqzqz\"\n'qzqzqzqzqzqzqzqzqzqz'\n";

const SKILL: &str = "---\nname: a\nmcpServers:\n  gh:\n    url: u\n    env:\n      TOKEN: qzqzqzqzqzqzqzqzqzqz\n    headers: {Authorization: qzqzqzqzqzqzqzqzqzqz}\n---\nbody\n";

const MODEL: &str =
    "type: entity\nslug: a\nname: A\nmetadata_schema:\n  properties:\n    a: {type: string, minimum: 1.0}\n";

/// A change to a text: at a place, so many characters out, and this in.
#[derive(Debug, Clone)]
struct Edit {
    at: usize,
    delete: usize,
    insert: String,
}

impl Edit {
    fn apply(&self, text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let at = self.at % (characters.len() + 1);
        let end = (at + self.delete).min(characters.len());
        let before: String = characters[..at].iter().collect();
        let after: String = characters[end..].iter().collect();
        format!("{before}{}{after}", self.insert)
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let piece = prop_oneof![
        Just(String::new()),
        "[\"'\\[\\]{}=#,.:\\n\\\\ -]{1,3}",
        "[a-z\u{e9}\u{202e}\u{7}\u{1f600}]{1,4}",
        Just("\"\"\"".to_owned()),
        Just("\n[".to_owned()),
    ];
    (any::<usize>(), prop_oneof![Just(0usize), 1usize..4, 1usize..12], piece).prop_map(|(at, delete, insert)| Edit {
        at,
        delete,
        insert,
    })
}

fn loads_quietly(toml: &[u8], env: &[u8], skill: &[u8], model: &[u8], check: SecretsCheck) -> String {
    let mut project = TempProject::new(&[
        ("lobu.toml", toml),
        (".env", env),
        ("skills/a/SKILL.md", skill),
        ("models/a.yaml", model),
    ]);
    project.secrets_check = check;
    let loaded = project.load();
    let errors = loaded.diagnostics.iter().any(lobuctl::config::Diagnostic::is_error);
    assert_eq!(loaded.project.is_none(), errors);
    format!(
        "{}\n{:?}\n{:?}",
        report(&loaded),
        loaded.diagnostics,
        loaded.project.map(|project| (project.secrets, project.origins))
    )
}

/// Few in everyday runs; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = std::env::vars_os().find(|(name, _)| name == "PROPTEST_CASES");
    asked.and_then(|(_, count)| count.to_str()?.parse().ok()).unwrap_or(100)
}

#[test]
fn the_untouched_project_prints_no_secret() {
    assert!(TOML.contains(PLANTED));
    let text = loads_quietly(
        TOML.as_bytes(),
        ENV.as_bytes(),
        SKILL.as_bytes(),
        MODEL.as_bytes(),
        SecretsCheck::All,
    );
    assert!(!text.contains(PIECE), "{text}");
}

#[test]
fn a_list_that_lost_its_end_shows_nothing_of_the_lines_below_it() {
    let broken = format!("[agents.a]\nname = \"A\"\nguardrails = [\"o, \"two\"]\n\"\"\"\nx\n\"\"\"\n{PIECE}\n");
    let text = loads_quietly(broken.as_bytes(), b"", b"", b"", SecretsCheck::Off);
    assert!(!text.contains(PIECE), "{text}");
}

#[test]
fn a_string_that_swallows_the_lines_below_it_prints_none_of_them() {
    // Found by chance: the type began with the line of the token.
    let broken = TOML.replacen("type = \"telegram\"", "type =\"\"\"", 1);
    let mut project = TempProject::new(&[("lobu.toml", broken.as_str()), (".env", ENV)]);
    project.secrets_check = SecretsCheck::Off;
    let printed = report(&project.load());
    assert!(!printed.contains(PIECE), "{printed}");
    assert!(
        printed.contains("no gateway can start a platform of type `…`"),
        "{printed}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn broken_projects_print_no_secret(edits in proptest::collection::vec(edit(), 1..4)) {
        let broken = edits.iter().fold(TOML.to_owned(), |text, edit| edit.apply(&text));
        let text = loads_quietly(broken.as_bytes(), ENV.as_bytes(), SKILL.as_bytes(), MODEL.as_bytes(), SecretsCheck::All);
        prop_assert!(!text.contains(PIECE), "{broken}\n{text}");
    }

    #[test]
    fn broken_env_files_print_no_secret(one in edit()) {
        let broken = one.apply(ENV);
        let text = loads_quietly(TOML.as_bytes(), broken.as_bytes(), SKILL.as_bytes(), MODEL.as_bytes(), SecretsCheck::Sent);
        prop_assert!(!text.contains(PIECE), "{broken}\n{text}");
    }

    #[test]
    fn broken_skills_print_no_secret(one in edit()) {
        let broken = one.apply(SKILL);
        let text = loads_quietly(TOML.as_bytes(), ENV.as_bytes(), broken.as_bytes(), MODEL.as_bytes(), SecretsCheck::Off);
        prop_assert!(!text.contains(PIECE), "{broken}\n{text}");
    }

    #[test]
    fn any_bytes_are_only_ever_refused(
        toml in proptest::collection::vec(any::<u8>(), 0..200),
        text in "\\PC{0,80}",
        model in edit(),
    ) {
        loads_quietly(&toml, text.as_bytes(), &toml, model.apply(MODEL).as_bytes(), SecretsCheck::All);
        loads_quietly(text.as_bytes(), &toml, text.as_bytes(), text.as_bytes(), SecretsCheck::All);
    }
}
