//! A pull that is killed at any moment: each file is old or new, the next pull completes the work, and nothing else is left.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::support::chance::Chance;
use crate::support::deadline::{settle, wait_for};
use crate::support::program::cli::CliProject;

/// The number of files that the killed pulls write.
const FILES: usize = 30;

/// Returns the path of one of these files.
fn file(cli: &CliProject, number: usize) -> PathBuf {
    cli.path().join(format!("many/agent-{number}/SOUL.md"))
}

/// Writes all of these files.
fn write_all(cli: &CliProject, text: &str) {
    (0..FILES).for_each(|number| fs::write(file(cli, number), text).unwrap());
}

/// Returns how many of these files are new. Panics when one is neither old nor new.
fn count_new(cli: &CliProject) -> usize {
    let is_new = |number: &usize| match fs::read_to_string(file(cli, *number)).unwrap().as_str() {
        "new\n" => true,
        "old\n" => false,
        other => panic!("{number}: {other:?}"),
    };
    (0..FILES).filter(is_new).count()
}

/// Returns the number of temporary files in and below a folder.
fn count_temporary(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let count = |entry: fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() {
            count_temporary(&path)
        } else {
            usize::from(entry.file_name().to_string_lossy().starts_with(".lobuctl"))
        }
    };
    entries.map(count).sum()
}

/// Returns a project whose server has a new text for each of its many agents.
fn project_of_many() -> CliProject {
    let cli = CliProject::new();
    let mut toml = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    for number in 0..FILES {
        let name = format!("agent-{number}");
        write!(toml, "\n[agents.{name}]\nname = \"{name}\"\ndir = \"./many/{name}\"\n").unwrap();
        fs::create_dir_all(file(&cli, number).parent().unwrap()).unwrap();
    }
    fs::write(cli.path().join("lobu.toml"), toml).unwrap();
    write_all(&cli, "new\n");
    cli.expect_exit("apply --yes", 0);
    cli
}

/// Starts a pull, and kills it at a moment by chance after it has written some files.
fn kill_a_pull(cli: &CliProject, chance: &mut Chance) {
    let mut child = cli
        .command("pull --yes")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let enough = 1 + chance.below(FILES - 2);
    wait_for(
        || (count_new(cli) >= enough).then_some(()),
        || "the pull writes nothing".to_owned(),
    );
    // The moments within the writing of a file have no event.
    settle(Duration::from_micros(chance.below(1500) as u64));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(count_new(cli) >= enough);
}

/// Returns the number of kills that the environment asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
fn kills() -> usize {
    let asked = std::env::var("LOBUCTL_TEST_KILLS").ok();
    asked.map_or(8, |asked| asked.parse().unwrap())
}

#[test]
fn a_pull_that_is_killed_leaves_each_file_old_or_new() {
    let cli = project_of_many();
    let mut chance = Chance::new(3);
    let mut left = 0;
    for _ in 0..kills() {
        write_all(&cli, "old\n");
        kill_a_pull(&cli, &mut chance);
        left += count_temporary(cli.path());
        cli.expect_exit("pull --yes", 0);
        assert_eq!(count_new(&cli), FILES);
        assert_eq!(count_temporary(cli.path()), 0);
    }
    // With a hundred kills, some are within the writing of a file.
    assert!(left > 0 || kills() < 100, "no kill has left a temporary file");
}
