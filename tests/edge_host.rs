//! What the process gives, and how failures are printed.

use lobuctl::exit::Exit;
use lobuctl::failure::Failure;
use lobuctl::host::Host;

fn host(variables: &[(&str, &str)]) -> Host {
    Host::fake("/work").0.with_environment(variables.iter().copied())
}

#[test]
fn color_is_for_terminals_and_on_request() {
    for (variables, on_terminal, in_pipe) in [
        (&[][..], true, false),
        (&[("NO_COLOR", "1")], false, false),
        (&[("NO_COLOR", "")], true, false),
        (&[("CLICOLOR_FORCE", "1")], true, true),
        (&[("CLICOLOR_FORCE", "0")], true, false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
        (&[("TERM", "dumb")], false, false),
        (&[("CI", "true")], false, false),
        (&[("CI", "true"), ("CLICOLOR_FORCE", "1")], true, true),
    ] {
        let host = host(variables);
        assert_eq!(host.colors_stdout(None), in_pipe, "{variables:?}");
        let host = host.with_terminal(80, 24, "");
        assert_eq!(host.colors_stdout(None), on_terminal, "{variables:?}");
        assert!(host.colors_stderr(Some(true)) && !host.colors_stderr(Some(false)));
    }
}

#[test]
fn questions_need_a_person() {
    assert!(!host(&[]).can_ask());
    let person = |variables: &[(&str, &str)]| host(variables).with_terminal(80, 24, "y\r\n");
    assert!(person(&[]).can_ask() && person(&[]).can_draw());
    assert!(person(&[("TERM", "dumb")]).can_ask() && !person(&[("TERM", "dumb")]).can_draw());
    assert!(!person(&[("CI", "true")]).can_ask());
    assert!(person(&[("CI", "false")]).can_ask());
    let host = person(&[]);
    assert_eq!(host.stdin.line().unwrap().as_deref(), Some("y"));
    assert_eq!(host.stdin.line().unwrap(), None);
}

#[test]
fn the_locale_says_which_characters_there_are() {
    for (variables, unicode) in [
        (&[][..], false),
        (&[("LANG", "en_GB.UTF-8")], true),
        (&[("LANG", "en_GB.utf8"), ("LC_ALL", "C")], false),
        (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], true),
    ] {
        assert_eq!(host(variables).shows_unicode(), unicode, "{variables:?}");
    }
}

#[test]
fn the_environment_prints_nothing() {
    let host = host(&[("LOBU_API_TOKEN", "hunter2"), ("EMPTY", "")]);
    assert!(!format!("{:?}", host.environment).contains("hunter2"));
    assert_eq!(host.environment.get("EMPTY"), None);
}

#[test]
fn a_failure_is_printed_with_causes_and_hints() {
    let cause = std::io::Error::other("disk is full\u{1b}[2J");
    let failure = Failure::failed("cannot write `plan.json`")
        .because(&cause)
        .hint("make room")
        .hint("or write it elsewhere:\nlobuctl plan --out FILE");
    let (host, captured) = Host::fake("/");
    failure.print(&mut host.stderr.clone(), false).unwrap();
    insta::assert_snapshot!(captured.stderr(), @r"
    error: cannot write `plan.json`
    because: disk is full<U+001B>[2J
    hint: make room
    hint: or write it elsewhere:
      lobuctl plan --out FILE
    ");
    assert_eq!(failure.exit(), Exit::Failed);
    assert_eq!(Failure::usage("x").exit().code(), 64);
}
