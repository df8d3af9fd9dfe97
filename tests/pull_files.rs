//! Pull through the program and on the disk: what is asked, what is written, and what is refused.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use lobuctl::pull::{FileChange, write};

use crate::support::program::cli::{BOT_TOKEN, CliProject};
use crate::support::snapshot;

/// Changes the agent, its settings and a platform on the server, and adds one agent.
fn change_elsewhere(cli: &CliProject) {
    for (from, to) in [
        ("name = \"Desk\"", "name = \"Front desk\""),
        ("\"a.example\"", "\"a.example\", \"b.example\""),
        ("chatId = \"1\"", "chatId = \"2\""),
    ] {
        cli.edit("lobu.toml", from, to);
    }
    let toml = cli.path().join("lobu.toml");
    let added = fs::read_to_string(&toml).unwrap() + "\n[agents.night]\nname = \"Night\"\ndir = \"./night\"\n";
    fs::write(
        &toml,
        added + "\n[[agents.night.platforms]]\ntype = \"telegram\"\nconfig = { botToken = \"$BOT_TOKEN\" }\n",
    )
    .unwrap();
    fs::create_dir(cli.path().join("night")).unwrap();
    fs::write(cli.path().join("night/SOUL.md"), "Sleep.\n").unwrap();
    cli.expect_exit("apply --yes", 0);
}

/// Returns the files of the project by path.
fn all_files(cli: &CliProject) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![cli.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let shown = path.strip_prefix(cli.path()).unwrap().to_owned();
                // The key of fingerprints, in the local state, is no text.
                let bytes = fs::read(path).unwrap();
                files.push((shown, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_pull_shows_asks_and_writes() {
    let cli = CliProject::new();
    let original = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    cli.expect_exit("apply --yes", 0);
    let mut script = cli.script("pull --dry-run");
    change_elsewhere(&cli);
    fs::write(cli.path().join("lobu.toml"), &original).unwrap();
    fs::remove_dir_all(cli.path().join("night")).unwrap();
    script += &cli.script("pull");
    let unasked = cli.expect_exit("pull --format json", 1);
    assert!(unasked.err.contains("this output is for programs"), "{unasked:?}");
    script += &cli.script("pull --dry-run");
    script += &cli.script("pull --dry-run --target nothing.here");
    script += &cli.script("pull --yes --exclude agent.night --target settings.desk");
    script += &cli.script("pull --yes");
    script += &cli.script("pull --yes");
    for (path, text) in all_files(&cli) {
        assert!(!text.contains("planted"), "{}: {text}", path.display());
        if ["lobu.toml", ".env.example", "night/SOUL.md"].contains(&path.to_str().unwrap()) {
            write!(script, "=== {}\n{text}", path.display()).unwrap();
        }
    }
    snapshot::check("pull_program", &script.replace(cli.url(), "SERVER"));
    let object = cli.run("pull --dry-run --format json").object("pull");
    assert_eq!(object["files"], serde_json::json!([]));
}

#[test]
fn a_project_that_was_lost_comes_back_from_the_server() {
    let cli = CliProject::new();
    fs::create_dir_all(cli.path().join("desk/skills/tone")).unwrap();
    fs::write(
        cli.path().join("desk/skills/tone/SKILL.md"),
        "---\nname: tone\ndescription: How to say it\n---\n\nBe kind.\n",
    )
    .unwrap();
    cli.expect_exit("apply --yes", 0);
    assert_eq!(
        cli.run("pull --init . --yes --org dev").code,
        1,
        "the folder is not empty"
    );
    let shown = cli.expect_exit("pull --init again --dry-run --org dev", 0);
    assert!(shown.out.contains("+ agents/desk/SOUL.md"), "{shown:?}");
    assert!(!cli.path().join("again").exists());
    cli.expect_exit("pull --init again --yes --org dev", 0);
    let is_written = |path: &str| cli.path().join("again/models").join(path).exists();
    assert!(is_written("person.yaml") && !is_written(".gitkeep"));
    fs::write(cli.path().join("again/.env"), format!("DESK_TELEGRAM_BOT_TOKEN={BOT_TOKEN}\nDESK_SLACK_ENG_BOT_TOKEN={BOT_TOKEN}\nDESK_SLACK_ENG_SIGNING_SECRET={BOT_TOKEN}\n")).unwrap();
    let plan = cli.expect_exit("plan --config again --detailed-exitcode", 0);
    assert!(plan.out.contains("0 create, 0 update"), "{plan:?}");
    cli.expect_exit("pull --config again --yes", 0);
    let skill = fs::read_to_string(cli.path().join("again/agents/desk/skills/tone/SKILL.md")).unwrap();
    assert_eq!(skill, "---\nname: tone\ndescription: How to say it\n---\n\nBe kind.\n");
}

#[test]
fn a_declined_pull_writes_nothing() {
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    let original = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    change_elsewhere(&cli);
    fs::write(cli.path().join("lobu.toml"), &original).unwrap();
    let refused = cli.run("pull --format json");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("nothing was read or written"), "{refused:?}");
    assert_eq!(fs::read_to_string(cli.path().join("lobu.toml")).unwrap(), original);
}

/// Returns a change of this file to `new`.
fn change(path: &str, before: Option<&str>) -> FileChange {
    FileChange {
        path: path.into(),
        before: before.map(str::to_owned),
        after: "new\n".to_owned(),
    }
}

/// Checks that no temporary file is left in a folder.
fn expect_nothing_left(folder: &Path) {
    let names = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
    let left: Vec<_> = names
        .filter(|name| name.to_string_lossy().starts_with(".lobuctl"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_file_keeps_its_rights_and_its_link() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let real = root.join("real");
    fs::write(&real, "old\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real", root.join("link")).unwrap();
    write(root, &change("link", Some("old\n"))).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "new\n");
    assert!(root.join("link").is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);

    write(root, &change("a/b/new", None)).unwrap();
    assert_eq!(fs::read_to_string(root.join("a/b/new")).unwrap(), "new\n");
    expect_nothing_left(root);
}

#[test]
fn a_file_that_is_not_as_it_was_read_stays_as_it_is() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = folder.path();
    let secret = outside.path().join("secret");
    fs::write(root.join("edited"), "edited meanwhile\n").unwrap();
    fs::create_dir(root.join("folder")).unwrap();
    fs::write(&secret, "old\n").unwrap();
    symlink(&secret, root.join("leads-out")).unwrap();
    symlink(outside.path(), root.join("out")).unwrap();
    let refusal = |path: &str, before: Option<&str>| write(root, &change(path, before)).unwrap_err().to_string();
    let refusals = [
        refusal("edited", Some("old\n")),
        refusal("edited", None),
        refusal("folder", None),
        refusal("leads-out", Some("old\n")),
        refusal("out/new", None),
        refusal("a/../../new", None),
        refusal("gone", Some("old\n")),
    ];
    let expected = [
        "`edited` has changed since it was read",
        "`edited` is there already",
        "`folder` is there already",
        "`leads-out` leads out of the project",
        "`out/new` leads out of the project",
        "`a/../../new` leads out of the project",
        "`gone` cannot be written: No such file or directory (os error 2)",
    ];
    assert_eq!(refusals, expected);
    assert_eq!(fs::read_to_string(root.join("edited")).unwrap(), "edited meanwhile\n");
    assert_eq!(fs::read_to_string(secret).unwrap(), "old\n");
    expect_nothing_left(root);
}

#[test]
fn a_model_file_that_cannot_be_changed_is_written_anew_only_when_it_is_asked_for() {
    let cli = CliProject::new();
    cli.edit("models/person.yaml", "name: Person", "name: Human\ncolor: red");
    cli.expect_exit("apply --yes", 0);
    let written = "# ours\ntype: entity\nslug: person\nname: &name Person\ndescription: *name\ncolor: red\n";
    fs::write(cli.path().join("models/person.yaml"), written).unwrap();
    let refused = cli.expect_exit("pull --yes", 1);
    assert!(refused.out.contains("not pulled"), "{refused:?}");
    assert_eq!(
        fs::read_to_string(cli.path().join("models/person.yaml")).unwrap(),
        written
    );
    cli.expect_exit("pull --yes --fail-on conflict", 4);
    cli.expect_exit("pull --dry-run --detailed-exitcode --force", 2);
    let forced = cli.expect_exit("pull --yes --force", 0);
    assert!(
        forced
            .out
            .contains("written anew, and without their comments: models/person.yaml"),
        "{forced:?}"
    );
    let text = fs::read_to_string(cli.path().join("models/person.yaml")).unwrap();
    assert!(
        text.contains("name: Human") && text.contains("description: Person"),
        "{text}"
    );
    cli.expect_exit("pull --dry-run --detailed-exitcode", 0);
}
