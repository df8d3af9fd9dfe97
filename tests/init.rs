//! `lobuctl init` with the real program: what it asks and writes, and the commands of the README, as they stand there.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::program::cli::CliOutput;
use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::program::serve_process::{ServeProcess, lobuctl};

/// Runs the program in a folder, with nothing known.
fn alone(folder: &Path, line: &str) -> CliOutput {
    let mut command = lobuctl(folder);
    command.args(line.split_whitespace()).current_dir(folder);
    CliOutput::of(&command.output().unwrap())
}

#[test]
fn a_project_with_any_provider_and_platform_is_applied_and_converges() {
    let data = tempfile::tempdir().unwrap();
    let server = ServeProcess::on_sqlite(data.path());
    for (index, platform) in ["telegram", "slack", "discord", "whatsapp", "teams", "gchat"]
        .iter()
        .enumerate()
    {
        let folder = tempfile::tempdir().unwrap();
        let agent = format!("desk-{index}");
        let made = alone(
            folder.path(),
            &format!("init --yes --agent {agent} --provider z-ai --platform {platform}"),
        );
        assert_eq!((made.code, made.out.as_str()), (0, ""), "{made:?}");
        let names = fs::read_to_string(folder.path().join(".env.example")).unwrap();
        assert!(names.contains("\nZ_AI_API_KEY=\n"), "{names}");
        fs::write(folder.path().join(".env"), names.replace("=\n", "=planted\n")).unwrap();
        for (line, words) in [
            ("apply --yes", "created platform"),
            ("plan", "Summary: 0 create, 0 update"),
        ] {
            let mut command = lobuctl(folder.path());
            command.args(line.split_whitespace()).current_dir(folder.path());
            command
                .env("LOBU_API_URL", &server.url)
                .env("LOBU_API_TOKEN", server.token());
            let output = CliOutput::of(&command.output().unwrap());
            assert!(
                output.code == 0 && output.out.contains(words),
                "{platform}, {line}: {output:?}"
            );
            assert!(!output.err.contains("warning"), "{platform}, {line}: {output:?}");
        }
    }
}

#[test]
fn without_a_terminal_nothing_is_asked_and_the_schema_is_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let made = alone(folder.path(), "init --org acme --no-memory");
    assert_eq!(made.code, 0, "{made:?}");
    let toml = fs::read_to_string(folder.path().join("lobu.toml")).unwrap();
    assert!(toml.starts_with("#:schema ./lobu.schema.json\n"), "{toml}");
    assert!(toml.ends_with("[memory]\norg = \"acme\"\n"), "{toml}");
    let schema = fs::read_to_string(folder.path().join("lobu.schema.json")).unwrap();
    assert_eq!(schema, alone(folder.path(), "schema").out);
    assert!(!folder.path().join("models").exists());
    assert!(
        !folder.path().join(".env.example").exists(),
        "there is nothing to fill in"
    );
    assert_eq!(alone(folder.path(), "validate").code, 0);
}

#[test]
fn flags_that_cannot_be_used_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, words) in [
        ("--agent 1st", "--agent: an agent's id has 3 to 60"),
        ("--agent a..b", "--agent"),
        ("--provider Open_AI", "--provider"),
        ("--org a/b", "--org"),
        ("--platform pigeon", "possible values"),
        ("--context nowhere", "nowhere"),
    ] {
        let output = alone(folder.path(), &format!("init --yes {flags}"));
        assert!(output.code != 0 && output.err.contains(words), "{flags}: {output:?}");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "{flags} wrote something");
    }
}

#[test]
fn what_is_there_is_kept_and_gitignore_gets_the_lines_that_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".gitignore"), "node_modules\n.env").unwrap();
    fs::create_dir_all(folder.path().join("agents/assistant")).unwrap();
    fs::write(folder.path().join("agents/assistant/SOUL.md"), "Ours.\n").unwrap();
    let made = alone(folder.path(), "init");
    assert!(made.err.contains("added to .gitignore"), "{made:?}");
    assert!(made.err.contains("kept  agents/assistant/SOUL.md"), "{made:?}");
    let ignored = fs::read_to_string(folder.path().join(".gitignore")).unwrap();
    assert_eq!(ignored, "node_modules\n.env\n.env.local\n.lobu/\n");
    let soul = fs::read_to_string(folder.path().join("agents/assistant/SOUL.md")).unwrap();
    assert_eq!(soul, "Ours.\n");
}

#[test]
fn the_next_commands_fit_the_server_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let own = alone(folder.path(), "init own --yes --url http://127.0.0.1:1/mcp/acme");
    let toml = fs::read_to_string(folder.path().join("own/lobu.toml")).unwrap();
    assert!(
        toml.contains("org = \"acme\""),
        "the URL names the organization: {toml}"
    );
    let (_, next) = own.err.split_once("next:\n").unwrap();
    let next: Vec<&str> = next
        .lines()
        .map(|line| line.split("  #").next().unwrap().trim())
        .collect();
    assert_eq!(
        next,
        [
            "cd own",
            "export LOBU_API_URL=http://127.0.0.1:1",
            "lobuctl login",
            "lobuctl"
        ],
        "{own:?}"
    );
}

#[test]
fn on_a_terminal_it_asks_until_the_answers_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = lobuctl_on_a_terminal(folder.path(), "");
    command.args(["init", "desk"]);
    let mut pty = Pty::start(command, 100, 40);
    pty.until("id of the first agent [assistant]: ");
    pty.line("No Such");
    pty.until("an agent's id has 3 to 60 lower-case letters");
    pty.line("triage");
    pty.until("model provider");
    pty.line("anthropic");
    pty.until("chat platform: telegram, slack, discord, whatsapp, teams, gchat [none]: ");
    pty.line("pigeon");
    pty.until("one of telegram");
    pty.line("slack");
    pty.until("an example of an entity type");
    pty.line("");
    pty.until("slug of the organization [dev]: ");
    pty.line("acme");
    let (code, text) = pty.ended();
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("and fill in ANTHROPIC_API_KEY, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET"),
        "{text}"
    );
    let toml = fs::read_to_string(folder.path().join("desk/lobu.toml")).unwrap();
    for part in [
        "[agents.triage]",
        "name = \"Triage\"",
        "id = \"anthropic\"",
        "type = \"slack\"",
        "org = \"acme\"",
    ] {
        assert!(toml.contains(part), "{part}: {toml}");
    }
}

#[test]
fn the_end_of_the_answers_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = lobuctl_on_a_terminal(folder.path(), "");
    command.arg("init");
    let mut pty = Pty::start(command, 100, 40);
    pty.until("id of the first agent");
    // Ctrl-D at the start of a line is the end of input.
    pty.keys("<c-d>");
    let (code, text) = pty.ended();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("no project was made; nothing was written"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Returns the commands of the README below a heading: the lines of its first block, without comments.
fn readme_commands(heading: &str) -> Vec<String> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let lines = block.lines().map(|line| line.split("  #").next().unwrap().trim_end());
    lines.map(str::to_owned).collect()
}

#[test]
fn the_first_command_of_the_readme_applies_the_demo() {
    let commands = readme_commands("Try it");
    let demo = commands[0].strip_prefix("cargo run -- ").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = alone(folder.path(), &format!("{demo} --yes"));
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.out.contains("created platform"), "{output:?}");
    assert_eq!(commands[1], "cargo test --locked");
}

/// The commands are typed into a shell, one after the other; only the port and the program's path are not the README's.
#[test]
fn the_readme_leads_from_nothing_to_an_applied_project() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("bash");
    shell.current_dir(folder.path()).env_clear().env("HOME", folder.path());
    shell.env("PATH", "/usr/bin:/bin");
    let mut shell = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    let mut errors = BufReader::new(shell.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let program = env!("CARGO_BIN_EXE_lobuctl");
    writeln!(
        input,
        "set -e; lobuctl() {{ '{program}' \"$@\"; }}; trap 'kill $!' EXIT"
    )
    .unwrap();
    let mut address = "127.0.0.1:8787".to_owned();
    let mut said = Vec::new();
    for command in readme_commands("A project of your own") {
        let serving = command.starts_with("lobuctl serve");
        let typed = match command.strip_suffix(" &") {
            // The process itself is what the shell ends at its end, not a shell function around it.
            Some(_) if serving => format!("'{program}' serve --listen 127.0.0.1:0 </dev/null &"),
            _ => command.replace("127.0.0.1:8787", &address),
        };
        writeln!(input, "{typed}").unwrap();
        if serving {
            address = errors
                .by_ref()
                .inspect(|line| said.push(line.clone()))
                .find_map(|line| line.strip_prefix("listening on http://").map(str::to_owned))
                .unwrap_or_else(|| panic!("no server: {said:?}"));
        }
    }
    drop(input);
    let output = shell.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    said.extend(errors);
    assert!(output.status.success(), "{out}\n{said:?}");
    assert!(out.contains("created agent assistant"), "{out}\n{said:?}");
}
