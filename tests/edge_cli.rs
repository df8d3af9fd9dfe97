//! The command line: what it accepts, refuses and says.

use std::collections::BTreeSet;

use clap::error::ErrorKind;
use lobuctl::apply::OnStale;
use lobuctl::cli::{self, Cli, Command, FailOn, PullGuard, ServeCommand, TokenCommand};
use lobuctl::config::Only;
use lobuctl::exit::Exit;

use crate::support::snapshot::check;
use crate::support::source_tree::source_files;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::parse_from_arguments(std::iter::once("lobuctl").chain(line.split_whitespace()))
}

#[test]
fn the_grammar_holds_together() {
    Cli::command_line().debug_assert();
}

#[test]
fn nothing_is_the_same_as_apply() {
    assert_eq!(parse("").unwrap().command(), parse("apply").unwrap().command());
    let flags = "--yes --target platform.triage.* --target agent.a --only agents --fail-on drift,changes>20";
    let bare = parse(flags).unwrap().command();
    assert_eq!(bare, parse(&format!("apply {flags}")).unwrap().command());
    let Command::Apply(apply) = bare else {
        panic!("{bare:?}")
    };
    let apply = apply.apply;
    assert!(apply.writing.yes);
    assert_eq!(apply.plan.target, ["platform.triage.*", "agent.a"]);
    assert_eq!(apply.plan.only, Only::Agents);
    assert_eq!(apply.plan.guards.fail_on, [FailOn::Drift, FailOn::Changes(20)]);
    assert_eq!(apply.plan.parallelism, 64);
    assert_eq!(apply.on_stale, OnStale::Stop);
}

#[test]
fn a_limit_of_changes_is_written_in_two_ways() {
    for guard in ["changes:20", "changes>20", " changes : 20"] {
        assert_eq!(guard.parse(), Ok(FailOn::Changes(20)), "{guard}");
        assert_eq!(guard.parse(), Ok(PullGuard::Changes(20)), "{guard}");
    }
    // What a shell leaves of an unquoted `changes>20`.
    let bare = "changes".parse::<FailOn>().unwrap_err();
    assert!(bare.contains("`'changes>20'` in quotes"), "{bare}");
    assert_eq!("changes".parse::<PullGuard>(), Err(bare));
    for wrong in ["changes:", "changes20", "changes:x", "change"] {
        let refused = wrong.parse::<FailOn>().unwrap_err();
        assert_eq!(refused, "expected drift, restart, delete or changes:N", "{wrong}");
    }
}

#[test]
fn common_flags_stand_before_or_after_the_command() {
    for line in [
        "--org dev --url http://localhost:1 plan",
        "plan --org dev --url http://localhost:1",
    ] {
        let common = parse(line).unwrap().common;
        assert_eq!(common.org.as_deref(), Some("dev"), "{line}");
        assert_eq!(common.url.as_deref(), Some("http://localhost:1"), "{line}");
    }
}

#[test]
fn a_commands_flag_before_the_command_is_refused_and_not_ignored() {
    let error = parse("--yes plan").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
    assert_eq!(cli::exit_of(&error), Exit::Usage);
}

#[test]
fn wrong_lines_end_with_64_and_help_with_0() {
    for line in [
        "nope",
        "plan --yes",
        "apply --parallelism 0",
        "apply --fail-on never",
        "apply --yes --dry-run",
        "-q -v",
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!(cli::exit_of(&error), Exit::Usage, "{line}: {error}");
    }
    for line in ["--help", "-h", "--version", "plan --help", "serve token --help"] {
        assert_eq!(cli::exit_of(&parse(line).unwrap_err()), Exit::Done, "{line}");
    }
}

#[test]
fn serve_has_its_own_commands() {
    let Command::Serve(serve) = parse("serve --listen 127.0.0.1:0 --data-dir /tmp/x").unwrap().command() else {
        panic!()
    };
    assert_eq!(serve.listen.port(), 0);
    for line in [
        "serve token create --data-dir /tmp/x",
        "serve --data-dir /tmp/x token create",
    ] {
        let Command::Serve(serve) = parse(line).unwrap().command() else {
            panic!()
        };
        assert_eq!(serve.data_dir, std::path::Path::new("/tmp/x"), "{line}");
        let Some(ServeCommand::Token {
            command: TokenCommand::Create { scope, .. },
        }) = serve.command
        else {
            panic!()
        };
        assert_eq!(scope, ["mcp:read"], "a token is narrow unless more is asked for");
    }
}

#[test]
fn a_public_url_is_one_of_a_web_server() {
    for (given, expected) in [
        ("https://lobu.example.org", "https://lobu.example.org"),
        ("http://127.0.0.1:8787/", "http://127.0.0.1:8787"),
        ("http://[::1]:80/base", "http://[::1]:80/base"),
    ] {
        let Command::Serve(serve) = parse(&format!("serve --public-url {given}")).unwrap().command() else {
            panic!()
        };
        assert_eq!(serve.public_url.as_deref(), Some(expected));
    }
    for given in [
        "foo",
        "lobu.example.org",
        "ftp://lobu.example.org",
        "https://",
        "https://:80",
        "https:lobu.example.org",
        "https://a:b",
        "https://me@lobu.example.org:80",
        "https://lobu.example.org/?a=b",
        "https://lobu.example.org/#a",
    ] {
        let error = parse(&format!("serve --public-url {given}")).unwrap_err();
        assert_eq!(cli::exit_of(&error), Exit::Usage, "{given}: {error}");
        assert!(
            error.to_string().contains("expected http:// or https:// and a host"),
            "{error}"
        );
    }
}

#[test]
fn help_is_the_same_as_yesterday() {
    let help = |line: &str| {
        let words = std::iter::once("lobuctl").chain(line.split_whitespace());
        let grammar = Cli::command_line().term_width(100);
        grammar.try_get_matches_from(words).unwrap_err().to_string()
    };
    check("help_short", &help("-h"));
    check("help_apply", &help("apply -h"));
    check("help_serve", &help("serve -h"));
}

#[test]
fn every_variable_that_is_read_is_in_the_help() {
    let help = parse("--help").unwrap_err().to_string();
    let mut missing = BTreeSet::new();
    for file in source_files() {
        for text in file.code.split('"') {
            let is_name = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            let is_ours = ["LOBU_", "LOBUCTL_", "XDG_"]
                .iter()
                .any(|start| text.len() > start.len() && text.starts_with(start));
            // The scripts of completions set that one.
            if is_name && is_ours && text != "LOBUCTL_COMPLETE" && !help.contains(text) {
                missing.insert(text.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// Returns a command and everything below it.
fn with_subcommands(command: &clap::Command) -> Vec<&clap::Command> {
    let below = command.get_subcommands().flat_map(with_subcommands);
    std::iter::once(command).chain(below).collect()
}

#[test]
fn the_texts_below_the_flags_wrap_where_the_terminal_ends() {
    let grammar = Cli::command_line();
    let mut wrong = Vec::new();
    for command in with_subcommands(&grammar) {
        let texts = [command.get_after_help(), command.get_after_long_help()];
        for text in texts.into_iter().flatten().map(ToString::to_string) {
            let mut before = "";
            for line in text.lines() {
                let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
                // What is set by hand fits; a paragraph is one line, which the terminal breaks.
                let is_broken = if is_prose(line) {
                    is_prose(before)
                } else {
                    line.chars().count() > 100
                };
                wrong.extend(is_broken.then(|| format!("{}: {line}", command.get_name())));
                before = line;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_failure_has_its_exit_code() {
    let codes: BTreeSet<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    assert_eq!(codes.len(), Exit::ALL.len());
    let help = parse("--help").unwrap_err().to_string();
    for exit in Exit::ALL {
        assert!(help.contains(&format!("\n  {:<5}", exit.code())), "{}", exit.meaning());
    }
}
