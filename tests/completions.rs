//! What shells complete: the protocol that their scripts speak, and a real bash and zsh on a terminal, and a real fish.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use portable_pty::CommandBuilder;

use crate::support::program::cli::CliProject;
use crate::support::program::pty::Pty;
use crate::support::program::serve_process::lobuctl;
use crate::support::report_skip;

/// Returns what may stand at the end of a command line, as the script of bash asks for it.
fn candidates(folder: &Path, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let output = lobuctl(folder)
        .current_dir(folder)
        .env("LOBUCTL_COMPLETE", "bash")
        .env("_CLAP_IFS", "\n")
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .arg("--")
        .args(words)
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{line}: {output:?}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    // Where a value may stand, a flag may too.
    let values = text.lines().filter(|line| !line.starts_with("--"));
    values.map(str::to_owned).collect()
}

/// Stores two contexts, of which one has chosen an organization.
fn store_contexts(home: &Path) {
    let folder = home.join(".config/lobu");
    fs::create_dir_all(&folder).unwrap();
    let contexts = r#"{"currentContext": "work", "contexts": {
        "work": {"url": "https://work.example", "activeOrg": "acme"}, "home": {"url": "https://home.example"}}}"#;
    fs::write(folder.join("config.json"), contexts).unwrap();
}

#[test]
fn values_of_this_machine_are_completed() {
    let cli = CliProject::new();
    store_contexts(cli.path());
    cli.expect_exit("apply --yes --org dev", 0);
    let folder = cli.path();
    let at = |line: &str| candidates(folder, line);
    assert_eq!(at("lobuctl plan --context "), ["home", "work"]);
    assert_eq!(at("lobuctl context use w"), ["work"]);
    assert_eq!(at("lobuctl --org a"), ["acme"]);
    let addresses = at("lobuctl plan --target ");
    assert!(addresses.contains(&"agent.desk".to_owned()), "{addresses:?}");
    assert_eq!(
        at("lobuctl drift ignore platform."),
        at("lobuctl undo --target platform.")
    );
    assert!(!at("lobuctl drift ignore platform.").is_empty());
    assert_eq!(at("lobuctl secrets delete B"), ["BOT_TOKEN"]);
    let runs = at("lobuctl runs show ");
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert_eq!(runs[0], "last");
    assert!(
        cli.expect_exit("runs list", 0).out.contains(&runs[1]),
        "{runs:?} has another run"
    );
    assert_eq!(at("lobuctl runs diff last la"), ["last"]);
}

#[test]
fn what_the_grammar_knows_is_completed_too() {
    let cli = CliProject::new();
    let at = |line: &str| candidates(cli.path(), line);
    assert_eq!(
        at("lobuctl plan --fail-on "),
        ["drift", "restart", "delete", "changes:"]
    );
    assert_eq!(at("lobuctl apply --fail-on drift,r"), ["drift,restart"]);
    assert_eq!(at("lobuctl pull --fail-on c"), ["conflict", "changes:"]);
    assert_eq!(at("lobuctl compl"), ["completions"]);
    assert_eq!(at("lobuctl plan --format ma"), ["markdown"]);
}

#[test]
fn the_tools_of_the_memory_are_asked_for_at_the_server_of_the_line() {
    let cli = CliProject::new();
    let at = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = cli.command("");
        command
            .env("LOBUCTL_COMPLETE", "bash")
            .env("_CLAP_IFS", "\n")
            .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
            .arg("--")
            .args(words);
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let values = output.lines().filter(|line| !line.starts_with("--"));
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(at("lobuctl memory run s"), ["search_knowledge", "save_knowledge"]);
    let arguments = at("lobuctl memory run search_knowledge content");
    assert_eq!(arguments, ["content_limit="]);
    assert_eq!(
        at("lobuctl memory run save_knowledge title=x payload_type=m"),
        ["payload_type=markdown", "payload_type=media"]
    );
    assert_eq!(at("lobuctl --url http://127.0.0.1:9 memory run s"), [""; 0]);
}

#[test]
fn without_files_nothing_is_completed_and_nothing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lobu.toml"), "not = [toml").unwrap();
    assert_eq!(candidates(folder.path(), "lobuctl plan --target "), [""; 0]);
    assert_eq!(candidates(folder.path(), "lobuctl runs show "), ["last"]);
}

/// Returns where a shell is, after writing the completions for it into a file. `None` where there is no such shell.
fn installed(name: &str, folder: &Path) -> Option<PathBuf> {
    let program = Path::new("/usr/bin").join(name);
    if !program.exists() {
        report_skip(&format!("completions of {name}: there is no {}", program.display()));
        return None;
    }
    let printed = lobuctl(folder).args(["completions", name]).output().unwrap();
    fs::write(folder.join(format!("completions.{name}")), printed.stdout).unwrap();
    Some(program)
}

/// Returns a search path with the program on it.
fn search_path() -> String {
    format!("{}:/usr/bin:/bin", cargo_bin("lobuctl").parent().unwrap().display())
}

/// Starts a shell that finds the program, with the completions that it prints for this shell.
fn shell(name: &str, arguments: &[&str], folder: &Path) -> Option<Pty> {
    let mut command = CommandBuilder::new(installed(name, folder)?);
    command.args(arguments);
    command.cwd(folder);
    command.env_clear();
    command.env("PATH", search_path());
    command.env("HOME", folder);
    command.env("TERM", "xterm-256color");
    command.env("PS1", "ready> ");
    let pty = Pty::start(command, 100, 30);
    pty.until("ready> ");
    Some(pty)
}

/// Presses the completion key within a word, and sees how the line goes on.
fn completes(pty: &mut Pty) {
    for (typed, whole) in [
        ("lobuctl plan --context wo", "--context work"),
        ("lobuctl plan --target agent.de", "--target agent.desk"),
    ] {
        pty.line("clear");
        pty.without("--context");
        pty.until("ready> ");
        pty.type_text(typed);
        pty.until(typed);
        pty.type_text("\t");
        pty.until(whole);
        // Empties the line: ctrl-u.
        pty.type_text("\x15");
    }
}

#[test]
fn bash_completes_on_a_terminal() {
    let cli = CliProject::new();
    store_contexts(cli.path());
    let Some(mut pty) = shell("bash", &["--norc", "--noprofile", "-i"], cli.path()) else {
        return;
    };
    pty.line("source completions.bash");
    completes(&mut pty);
}

#[test]
fn zsh_completes_on_a_terminal() {
    let cli = CliProject::new();
    store_contexts(cli.path());
    let Some(mut pty) = shell("zsh", &["-f", "-i"], cli.path()) else {
        return;
    };
    pty.line("autoload -U compinit && compinit -u -D && source completions.zsh");
    completes(&mut pty);
}

/// Not on a terminal: there, a fish shows what it suggests before any key is pressed.
#[test]
fn fish_completes() {
    let cli = CliProject::new();
    store_contexts(cli.path());
    let Some(program) = installed("fish", cli.path()) else {
        return;
    };
    for (typed, whole) in [
        ("lobuctl plan --context wo", "work"),
        ("lobuctl plan --target agent.de", "agent.desk"),
    ] {
        let script = format!("source completions.fish; complete --do-complete '{typed}'");
        let found = Command::new(&program)
            .args(["--no-config", "--command", &script])
            .current_dir(cli.path())
            .env_clear()
            .env("PATH", search_path())
            .env("HOME", cli.path())
            .output()
            .unwrap();
        let found = String::from_utf8(found.stdout).unwrap();
        let words: Vec<&str> = found.lines().filter_map(|line| line.split('\t').next()).collect();
        assert!(words.contains(&whole), "{typed}: {found}");
    }
}
