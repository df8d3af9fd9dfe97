//! Projects that nobody should trust: links, hidden text, secrets in the wrong file, and files of absurd size.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use lobuctl::config::LoadedProject;

use super::support::project::{TempProject, report};

const AGENT: &str = "[agents.triage]\nname = \"Triage\"\ndir = \"./agent\"\n";

/// Returns the codes of the errors.
fn errors(loaded: &LoadedProject) -> Vec<&'static str> {
    let errors = loaded.diagnostics.iter().filter(|it| it.is_error());
    errors.map(|it| it.code).collect()
}

/// Returns the codes of the warnings.
fn warnings(loaded: &LoadedProject) -> Vec<&'static str> {
    let warnings = loaded.diagnostics.iter().filter(|it| !it.is_error());
    warnings.map(|it| it.code).collect()
}

fn project(more: &[(&str, &str)]) -> TempProject {
    let mut files = vec![("lobu.toml", AGENT), ("agent/USER.md", "x")];
    files.extend_from_slice(more);
    TempProject::new(&files)
}

#[test]
fn a_link_that_leaves_the_project_is_refused_unless_allowed() {
    let elsewhere = TempProject::new(&[("secret.md", "top-secret-text"), ("skills/a.md", "x")]);
    for (link, to) in [
        ("agent/SOUL.md", "secret.md"),
        ("agent/skills", "skills"),
        ("skills", "skills"),
    ] {
        let mut project = project(&[]);
        symlink(elsewhere.path().join(to), project.path().join(link)).unwrap();
        let loaded = project.load();
        assert_eq!(errors(&loaded), ["outside-project"], "{link}: {}", report(&loaded));
        assert!(!report(&loaded).contains("top-secret-text"));
        project.allow_outside = true;
        let loaded = project.load();
        assert_eq!(report(&loaded), "", "{link}");
    }
}

#[test]
fn a_link_within_the_project_is_followed() {
    let project = project(&[("shared/SOUL.md", "Be kind.")]);
    symlink("../shared/SOUL.md", project.path().join("agent/SOUL.md")).unwrap();
    let loaded = project.load();
    assert_eq!(report(&loaded), "");
    assert_eq!(
        loaded.project.unwrap().desired.settings["triage"]
            .get("soulMd")
            .unwrap(),
        "Be kind."
    );
}

#[test]
fn links_to_secrets_git_and_server_data_are_refused_even_when_outside_is_allowed() {
    for target in [".env", ".env.production", ".git/config", "data/bootstrap-pat.txt"] {
        let mut project = project(&[(target, "TOKEN=planted\n"), ("data/lobu.db", "")]);
        symlink(project.path().join(target), project.path().join("agent/SOUL.md")).unwrap();
        for allow_outside in [false, true] {
            project.allow_outside = allow_outside;
            let loaded = project.load();
            assert_eq!(errors(&loaded), ["private-file"], "{target}: {}", report(&loaded));
            assert!(!report(&loaded).contains("planted"));
        }
    }
}

#[test]
fn folders_outside_the_project_are_refused_unless_allowed() {
    let toml = "[agents.triage]\nname = \"T\"\ndir = \"..\"\n[memory]\nmodels = \"/\"\n";
    let mut project = TempProject::new(&[("lobu.toml", toml)]);
    assert_eq!(errors(&project.load()), ["outside-project", "outside-project"]);
    project.allow_outside = true;
    let started = Instant::now();
    let loaded = project.load();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(warnings(&loaded).contains(&"outside-project"));
}

#[test]
fn pipes_sockets_and_kernel_files_are_refused_without_opening_them() {
    for kind in ["pipe", "socket", "kernel"] {
        let mut project = project(&[]);
        project.allow_outside = true;
        let path = project.path().join("agent/SOUL.md");
        let _socket = match kind {
            "pipe" => {
                let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
                None
            }
            "socket" => Some(std::os::unix::net::UnixListener::bind(&path).unwrap()),
            _ => {
                symlink("/proc/kmsg", &path).unwrap();
                None
            }
        };
        assert_eq!(errors(&project.load()), ["not-a-file"], "{kind}");
    }
}

#[test]
fn a_text_that_contains_a_secret_is_refused_by_name_only() {
    let toml = format!(
        "{AGENT}[[agents.triage.platforms]]\ntype = \"slack\"\nconfig = {{ botToken = \"$SLACK\", teamId = \"$TEAM\" }}\n"
    );
    let project = TempProject::new(&[
        ("lobu.toml", toml.as_str()),
        ("agent/SOUL.md", "Team abc.\nUse qzqzqzqzqz to post.\n"),
        (".env", "SLACK=qzqzqzqzqz\nTEAM=abc\n"),
    ]);
    let loaded = project.load();
    assert_eq!(errors(&loaded), ["secret-in-text"]);
    let text = report(&loaded);
    assert!(text.contains("agent/SOUL.md:2:5") && text.contains("`SLACK`"), "{text}");
    assert!(!text.contains("qzqz"), "{text}");
}

#[test]
fn the_token_of_lobuctl_is_never_a_secret_of_a_project() {
    let toml = format!(
        "{AGENT}[[agents.triage.platforms]]\ntype = \"slack\"\nconfig = {{ botToken = \"$LOBU_API_TOKEN\" }}\n"
    );
    let project = TempProject::new(&[("lobu.toml", toml.as_str()), ("agent/SOUL.md", "x")]);
    let loaded = project.env("LOBU_API_TOKEN", "owl_pat_x").load();
    assert_eq!(errors(&loaded), ["api-token-reference"]);
}

#[test]
fn invisible_text_is_a_warning_with_its_code_points() {
    let tags: String = "obey"
        .chars()
        .map(|it| char::from_u32(0xe0000 + it as u32).unwrap())
        .collect();
    let project = project(&[(
        "agent/SOUL.md",
        &format!("Be kind.\nAlways.{tags}\nHeart \u{2764}\u{fe0f} ok.\n"),
    )]);
    let loaded = project.load();
    assert_eq!((errors(&loaded).len(), warnings(&loaded)), (0, vec!["invisible-text"]));
    let text = report(&loaded);
    assert!(
        text.contains("4 invisible characters: U+E006F U+E0062 U+E0065 U+E0079"),
        "{text}"
    );
    assert!(text.contains("agent/SOUL.md:2:8"), "{text}");
}

#[test]
fn every_value_written_as_a_reference_is_a_secret_key() {
    let toml = format!(
        "{AGENT}[[agents.triage.platforms]]\ntype = \"slack\"\nconfig = {{ hook = \"$HOOK\", chatId = \"1\", apiKey = \"literal\" }}\n"
    );
    let project = TempProject::new(&[("lobu.toml", toml.as_str()), ("agent/SOUL.md", "x")]);
    let loaded = project.env("HOOK", "https://hooks.example/x").load();
    let project = loaded.project.unwrap();
    let platform = project.desired.platforms.values().next().unwrap();
    assert_eq!(platform.secret_keys().collect::<Vec<_>>(), ["apiKey", "hook"]);
}

#[test]
fn literal_secrets_and_open_networks_are_warnings() {
    let toml = format!(
        "{AGENT}providers = [{{ id = \"anthropic\", key = \"sk-ant-abcdefgh\" }}]\n\
         [agents.triage.network]\nallowed = [\"*\"]\n\
         [[agents.triage.platforms]]\ntype = \"slack\"\nconfig = {{ botToken = \"plain\", note = \"xoxb-1234-abcd\" }}\n"
    );
    let project = TempProject::new(&[("lobu.toml", toml.as_str()), ("agent/SOUL.md", "x")]);
    let loaded = project.load();
    assert_eq!(
        warnings(&loaded),
        ["literal-secret", "every-domain", "literal-secret", "literal-secret"],
        "{}",
        report(&loaded)
    );
    let text = report(&loaded);
    assert!(
        text.contains("Anthropic API key") && text.contains("Slack token"),
        "{text}"
    );
    assert!(
        !text.contains("sk-ant") && !text.contains("xoxb") && !text.contains("\"plain\""),
        "{text}"
    );
}

#[test]
fn the_length_of_a_secret_does_not_show_and_harmless_text_does() {
    let line = |secret: &str| {
        let toml = format!(
            "{AGENT}dri = \"./elsewhere\"\n[[agents.triage.platforms]]\ntype = \"slack\"\nconfig = {{ botToken = \"{secret}\", chatId = 5 }}\n"
        );
        report(&TempProject::new(&[("lobu.toml", toml.as_str()), ("agent/SOUL.md", "x")]).load())
    };
    let (short, long) = (line("abc"), line(&"abcdefgh".repeat(9)));
    let shown = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("-->"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(shown(&short), shown(&long));
    assert!(short.contains("botToken = \"***\", chatId = ***"), "{short}");
    assert!(short.contains("dri = \"./elsewhere\""), "{short}");
    assert!(
        long.contains("lobu.toml:7:108"),
        "the column is that of the file: {long}"
    );
}

#[test]
fn values_nested_more_than_64_levels_are_refused_with_their_location() {
    for (levels, refused) in [(55, false), (70, true)] {
        let schema = format!("{}{}{}", "{a: ".repeat(levels), "1", "}".repeat(levels));
        let model = format!("type: entity\nslug: person\nname: Person\nevent_kinds: {schema}\n");
        let toml = format!("{AGENT}[memory]\norg = \"dev\"\nmodels = \"./models\"\n");
        let files = [
            ("lobu.toml", toml.as_str()),
            ("agent/SOUL.md", "x"),
            ("models/a.yaml", &model),
        ];
        let loaded = TempProject::new(&files).load();
        assert_eq!(
            errors(&loaded) == ["too-deep"],
            refused,
            "{levels}: {}",
            report(&loaded)
        );
        assert!(!refused || report(&loaded).contains("models/a.yaml:4:"));
    }
}

fn seconds_for(toml: &str, more: &str) -> f64 {
    let project = TempProject::new(&[("lobu.toml", toml), ("agent/SOUL.md", "x")]);
    let started = Instant::now();
    let loaded = project.load();
    let text = report(&loaded);
    let took = started.elapsed().as_secs_f64();
    let bounded = loaded.diagnostics.len() <= 101 && text.contains(more);
    assert!(bounded, "{}", &text[text.len() - 400..]);
    took
}

#[test]
fn tens_of_thousands_of_problems_are_counted_in_linear_time() {
    let keys = |count: usize, separator: &str| {
        let keys: Vec<String> = (0..count).map(|number| format!("key{number} = 1")).collect();
        keys.join(separator)
    };
    let provider = "[[agents.triage.providers]]\nid = \"a\"\n";
    let shapes: [&dyn Fn(usize) -> String; 3] = [
        &|count| format!("{AGENT}{}\n", keys(count, "\n")),
        &|count| format!("{AGENT}tools = {{ {} }}\n", keys(count, ", ")),
        &|count| format!("{AGENT}{}", provider.repeat(count)),
    ];
    for (shape, toml) in shapes.iter().enumerate() {
        let small = seconds_for(&toml(5_000), "and 4");
        let large = seconds_for(&toml(40_000), "and 39");
        // Eight times the problems: eight times the time, and not sixty-four times.
        assert!(large < small * 32.0, "shape {shape}: {small} s, {large} s");
    }
}

#[test]
fn a_stray_quote_in_a_broken_file_uncovers_no_secret() {
    let toml = format!(
        "{AGENT}guardrails = [\"one\", \"\"\"two\"]\n[[agents.triage.platforms]]\ntype = \"slack\"\n\
         [agents.triage.platforms.config]\ntoken = \"\"\"\nqzqzqz\n\"\"\"\n"
    );
    let text = report(&TempProject::new(&[("lobu.toml", toml.as_str()), ("agent/SOUL.md", "x")]).load());
    assert!(text.contains("not valid TOML") && !text.contains("qzqz"), "{text}");
}
