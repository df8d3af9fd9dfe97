//! Ignored drift through the program: `lobuctl.toml`, and what plans, guards, deletions and pulls make of it.

use std::collections::BTreeMap;
use std::fs;

use jiff::civil::{Date, date};
use lobuctl::config::{LOBUCTL_TOML, LoadOptions, Only, SecretsCheck, read_ignores, schema};
use lobuctl::pull::{IgnoreSubject, NewIgnore, with_ignores, without_ignores};

use crate::config_schema::allows;
use crate::support::program::cli::CliProject;
use crate::support::snapshot;

const ENDLESS: &str = "--reason migration --until 9999-12-31";

/// A project whose server has a type, a domain and a text that the files do not mention.
fn drifting() -> CliProject {
    let cli = CliProject::new();
    let original = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    fs::write(
        cli.path().join("models/legacy.yaml"),
        "type: entity\nslug: legacy\nname: Legacy\ncolor: red\n",
    )
    .unwrap();
    fs::write(cli.path().join("desk/USER.md"), "Written by hand.\n").unwrap();
    cli.edit(
        "lobu.toml",
        "allowed = [\"a.example\"]",
        "allowed = [\"a.example\"]\ndenied = [\"b.example\"]",
    );
    cli.expect_exit("apply --yes", 0);
    fs::write(cli.path().join("lobu.toml"), original).unwrap();
    fs::remove_file(cli.path().join("models/legacy.yaml")).unwrap();
    fs::remove_file(cli.path().join("desk/USER.md")).unwrap();
    cli
}

#[test]
fn an_agent_with_ignored_platforms_is_not_pruned() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    let text = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    let (start, end) = (
        text.find("[agents.desk]").unwrap(),
        text.find("[agents.clerk]").unwrap(),
    );
    fs::write(
        cli.path().join("lobu.toml"),
        format!("{}{}", &text[..start], &text[end..]),
    )
    .unwrap();
    let pruned = cli.expect_exit("plan --prune", 0).out;
    assert!(pruned.contains("- agent desk"), "{pruned}");
    cli.expect_exit(&format!("drift ignore platform.desk.* {ENDLESS}"), 0);
    let kept = cli.expect_exit("plan --prune", 0).out;
    assert!(!kept.contains("- agent desk"), "{kept}");
    let listed = cli.expect_exit("drift list", 0).out;
    assert!(!listed.contains("the entry can go"), "{listed}");
}

#[test]
fn ignored_drift_is_listed_folded_and_ends() {
    let cli = drifting();
    let mut script = cli.script("drift");
    script += &cli.script(&format!("drift ignore entity-type.legacy {ENDLESS}"));
    script += &cli.script(&format!("drift ignore settings.desk --field userMd {ENDLESS}"));
    script += &cli.script("plan");
    script += &cli.script("plan --all --only memory");
    script += &cli.script("drift list");
    script += &cli.script("drift unignore settings.desk --field userMd");
    script += &cli.script("drift unignore settings.desk");
    script += &cli.script("drift ignore nothing.here --reason why");
    let file = fs::read_to_string(cli.path().join(LOBUCTL_TOML)).unwrap();
    let ended = file.replace("9999-12-31", "2020-01-01")
        + "\n[[drift.ignore]]\naddress = \"agent.gone\"\nreason = \"left\"\nuntil = \"2999-01-01\"\n";
    fs::write(cli.path().join(LOBUCTL_TOML), ended).unwrap();
    script += &cli.script("plan --only memory");
    script += &cli.script("drift list");
    fs::write(
        cli.path().join(LOBUCTL_TOML),
        "[[drift.ignore]]\naddress = \"agents.x\"\nuntil = \"soon\"\nreson = \"\"\n",
    )
    .unwrap();
    script += &cli.script("validate");
    script.extend(["=== lobuctl.toml\n", &file]);
    snapshot::check("drift_program", &script.replace(cli.url(), "SERVER"));
}

#[test]
fn a_day_that_has_passed_and_an_empty_reason_are_refused() {
    let cli = CliProject::new();
    for (arguments, message) in [
        ("--reason why --until 2020-01-01", "2020-01-01 has passed"),
        ("--reason= --until 9999-12-31", "the reason is empty"),
        ("--reason why --until soon", "invalid value 'soon'"),
        ("", "required arguments were not provided"),
        ("--reason why --field=", "the field is empty"),
    ] {
        let refused = cli.run(&format!("drift ignore agent.desk {arguments}"));
        assert_eq!(refused.code, 64, "{refused:?}");
        assert!(refused.err.contains(message), "{refused:?}");
    }
    assert!(!cli.path().join(LOBUCTL_TOML).exists());
    let once = cli.expect_exit("drift ignore agent.* agent.* --reason why --until 9999-12-31", 0);
    assert!(once.err.contains("1 entry ignores drift"), "{once:?}");
}

#[test]
fn ignored_drift_counts_nowhere_and_is_neither_deleted_nor_pulled() {
    let cli = drifting();
    cli.expect_exit("plan --detailed-exitcode", 3);
    cli.expect_exit("plan --fail-on drift", 4);
    cli.expect_exit(&format!("drift ignore entity-type.legacy settings.desk {ENDLESS}"), 0);
    cli.expect_exit("plan --detailed-exitcode", 0);
    cli.expect_exit("plan --fail-on drift", 0);
    let plan = cli.expect_exit("plan --prune --format json", 0).object("plan");
    assert_eq!(plan["counts"]["delete"], 0, "{plan}");
    assert_eq!(plan["counts"]["ignored"], 3, "{plan}");
    let pulled = cli.expect_exit("pull --dry-run", 0);
    assert!(pulled.out.contains("no file to change, 3 ignored"), "{pulled:?}");
    // What is named is meant.
    let pulled = cli.expect_exit("pull --dry-run --target settings.desk --field userMd", 0);
    assert!(pulled.out.contains("desk/USER.md"), "{pulled:?}");
    assert!(!pulled.out.contains("b.example"), "{pulled:?}");
    let wrong = cli.run("pull --dry-run --target settings.desk --field soulMd");
    assert_eq!(wrong.code, 1, "{wrong:?}");
}

#[test]
fn the_file_keeps_comments_and_has_one_entry_for_each_subject() {
    let entry = |address: &str, reason: &str, until| NewIgnore {
        subject: IgnoreSubject {
            address: address.to_owned(),
            field: None,
        },
        reason: reason.to_owned(),
        until,
    };
    let written =
        "# ours\n\n[[drift.ignore]] # first\naddress = 'agent.a'   # aligned\nreason = 'old'\nuntil = 2026-01-01\n";
    let changed = with_ignores(
        Some(written),
        &[
            entry("agent.a", "it's new", date(2027, 5, 6)),
            entry("agent.b", "second", date(2027, 5, 6)),
        ],
    )
    .unwrap();
    assert_eq!(
        changed,
        "# ours\n\n[[drift.ignore]] # first\naddress = 'agent.a'   # aligned\nreason = \"it's new\"\nuntil = 2027-05-06\n\n\
         [[drift.ignore]]\naddress = \"agent.b\"\nreason = \"second\"\nuntil = 2027-05-06\n"
    );
    let subject = entry("agent.b", "", date(2027, 5, 6)).subject;
    let (removed, count) = without_ignores(&changed, &[subject]).unwrap();
    assert_eq!(count, 1);
    assert_eq!(
        with_ignores(Some(&removed), &[entry("agent.b", "second", date(2027, 5, 6))]).unwrap(),
        changed
    );
    // The only entry takes the table along that its header has made.
    let only = with_ignores(None, &[entry("agent.a", "why", date(2027, 5, 6))]).unwrap();
    let subject = entry("agent.a", "", date(2027, 5, 6)).subject;
    let (removed, count) = without_ignores(&only, &[subject]).unwrap();
    assert_eq!((count, removed.contains("drift")), (1, false), "{removed}");
    // An inline list has no place for a comment of each entry.
    let inline = "drift = { ignore = [] }\n";
    assert!(with_ignores(Some(inline), &[entry("agent.b", "second", date(2027, 5, 6))]).is_err());
    assert!(with_ignores(Some("= broken"), &[]).is_err());
}

#[test]
fn what_is_written_is_read_again_and_fits_the_schema() {
    let texts = [
        "plain",
        "quote \" and \\ and 'single'",
        "line\nbreak",
        "\u{202e}turned",
        "$NAME",
        "ünïcode",
    ];
    let folder = tempfile::tempdir().unwrap();
    let environment = BTreeMap::new();
    let options = LoadOptions {
        environment: &environment,
        env_files: &[],
        secrets_check: SecretsCheck::Off,
        only: Only::All,
        allow_outside: false,
        display_root: folder.path(),
    };
    for reason in texts {
        let entry = NewIgnore {
            subject: IgnoreSubject {
                address: "relationship-type.odd [1]*".to_owned(),
                field: Some("metadata_schema.\"a.b\"".to_owned()),
            },
            reason: reason.to_owned(),
            until: Date::MAX,
        };
        let text = with_ignores(None, std::slice::from_ref(&entry)).unwrap();
        fs::write(folder.path().join(LOBUCTL_TOML), &text).unwrap();
        let (entries, problems) = read_ignores(&folder.path().join("lobu.toml"), &options);
        assert!(problems.iter().all(|it| !it.is_error()), "{problems:?}\n{text}");
        assert_eq!(entries.len(), 1, "{text}");
        assert_eq!(entries[0].reason, entry.reason);
        assert_eq!(entries[0].until, Date::MAX);
        let document: toml::Value = toml::from_str(&text).unwrap();
        let mut value = serde_json::to_value(document).unwrap();
        // Editors check a date as text.
        value["drift"]["ignore"][0]["until"] = entry.until.to_string().into();
        let schema = schema::lobuctl_schema();
        assert!(allows(&schema, &schema, &value), "{value}");
    }
}
