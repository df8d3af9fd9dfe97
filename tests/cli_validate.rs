//! `lobuctl validate` and `lobuctl init` with the real program.

use std::path::Path;

use crate::support::program::cli::{CliOutput, CliProject, FILES};
use crate::support::program::serve_process::lobuctl;
use crate::support::project::TempProject;

fn validate(folder: &Path, arguments: &[&str]) -> CliOutput {
    let mut command = lobuctl(folder);
    command.arg("validate").args(arguments).current_dir(folder);
    CliOutput::of(&command.output().unwrap())
}

#[test]
fn validate_warns_about_missing_secrets_and_succeeds() {
    let project = TempProject::new(FILES);
    let valid = validate(project.path(), &[]);
    assert_eq!(valid.code, 0, "{valid:?}");
    assert!(valid.out.starts_with("lobu.toml is valid: 2 agents, "), "{valid:?}");
    assert!(
        valid.err.contains("warning: the secret `BOT_TOKEN` is not set"),
        "{valid:?}"
    );
    assert!(!valid.err.contains("error"), "{valid:?}");
}

#[test]
fn validate_with_secrets_refuses_a_missing_secret() {
    let project = TempProject::new(FILES);
    let refused = validate(project.path(), &["--secrets"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
    assert!(
        refused.err.contains("error: the secret `BOT_TOKEN` is not set"),
        "{refused:?}"
    );
    let mut command = lobuctl(project.path());
    command.args(["validate", "--secrets"]).current_dir(project.path());
    command.env("BOT_TOKEN", "abcdefgh").env("API_KEY", "abcdefgh");
    let valid = CliOutput::of(&command.output().unwrap());
    assert_eq!((valid.code, valid.err.as_str()), (0, ""), "{valid:?}");
}

#[test]
fn plan_still_refuses_a_missing_secret() {
    let cli = CliProject::new();
    let mut command = cli.command("plan");
    let refused = CliOutput::of(&command.env_remove("BOT_TOKEN").output().unwrap());
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains("error: the secret `BOT_TOKEN` is not set"),
        "{refused:?}"
    );
}

#[test]
fn a_fifth_table_column_is_refused_before_anything_is_written() {
    let cli = CliProject::new();
    let column = |name: &str| format!("  {name}: {{ type: string, x-table-column: true }}\n");
    let columns = ["a", "b", "c", "d", "e"].map(column).concat();
    let model = format!("type: entity\nslug: person\nname: Person\nproperties:\n{columns}");
    std::fs::write(cli.path().join("models/person.yaml"), model).unwrap();
    for line in ["validate", "apply --yes"] {
        let refused = cli.expect_exit(line, 1);
        assert!(refused.err.contains("models/person.yaml:9:38"), "{refused:?}");
        assert!(refused.err.contains("accepts at most 4"), "{refused:?}");
    }
    let model_of_four = format!(
        "type: entity\nslug: person\nname: Person\nproperties:\n{}",
        ["a", "b", "c", "d"].map(column).concat()
    );
    std::fs::write(cli.path().join("models/person.yaml"), model_of_four).unwrap();
    let applied = cli.expect_exit("apply --yes", 0);
    assert!(
        applied.out.contains("created agent desk"),
        "nothing was written before: {applied:?}"
    );
}

#[test]
fn init_names_the_next_steps_and_the_folder_without_dots() {
    let folder = tempfile::tempdir().unwrap();
    let init = |arguments: &[&str], folder: &Path| {
        let mut command = lobuctl(folder);
        command.arg("init").args(arguments).current_dir(folder);
        CliOutput::of(&command.output().unwrap())
    };
    let first = init(&["sub/dir"], folder.path());
    assert!(first.err.contains("next:\n  cd sub/dir\n"), "{first:?}");
    assert!(first.err.contains("export LOBU_API_TOKEN="), "{first:?}");
    let second = init(&["sub/dir/."], folder.path());
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains("sub/dir already has a `lobu.toml`"), "{second:?}");
    let third = init(&[], &folder.path().join("sub/dir"));
    assert!(third.err.contains("sub/dir already has a `lobu.toml`"), "{third:?}");
}

#[test]
fn warnings_are_printed_even_when_only_results_are_asked_for() {
    let cli = CliProject::new();
    for line in ["validate -q", "plan -q", "plan -q --format json"] {
        let output = CliOutput::of(&cli.command(line).env("BOT_TOKEN", "short").output().unwrap());
        let warning = "is too short to be struck out of output";
        assert!(output.code == 0 && output.err.contains(warning), "{line}: {output:?}");
        assert_eq!(
            output.out.contains(warning),
            line.ends_with("json"),
            "{line}: {output:?}"
        );
    }
}
