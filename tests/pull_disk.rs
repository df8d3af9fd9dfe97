//! Pull on a disk that refuses: what may not be written, what has no room, and what is in the way. Nothing is lost, and the
//! exit code says whether anything was written: 1 when not, 6 when some of it was.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::program::cli::{CliOutput, CliProject};
use crate::support::report_skip;

/// The files that [`change_elsewhere`] changes, in the order in which a pull writes them.
const CHANGED: [(&str, &str, &str); 3] = [
    ("desk/SOUL.md", "Be concise.", "Be brief."),
    ("lobu.toml", "name = \"Desk\"", "name = \"Front desk\""),
    ("models/person.yaml", "name: Person", "name: Human"),
];

/// Applies a project, and then changes three of its resources on the server. The files are as before.
fn changed_elsewhere() -> CliProject {
    let cli = CliProject::new();
    // More than a page.
    let toml = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    fs::write(
        cli.path().join("lobu.toml"),
        format!("# {}\n{toml}", "ours ".repeat(1000)),
    )
    .unwrap();
    cli.expect_exit("apply --yes", 0);
    for (file, from, to) in CHANGED {
        cli.edit(file, from, to);
    }
    cli.expect_exit("apply --yes", 0);
    for (file, from, to) in CHANGED {
        cli.edit(file, to, from);
    }
    cli
}

/// Returns what is at each path of a folder: the text of a file, or nothing for a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Option<String>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for path in fs::read_dir(next).unwrap().flatten().map(|entry| entry.path()) {
            let text = fs::read_to_string(&path).ok();
            let shown = path.strip_prefix(folder).unwrap().to_owned();
            open.extend(path.is_dir().then_some(path));
            found.insert(shown, text);
        }
    }
    found
}

/// Returns whether this program can be run. Reports the test as skipped when it cannot.
fn can_run(program: &[&str]) -> bool {
    let ran = Command::new(program[0]).args(&program[1..]).arg("true").output();
    let can = ran.is_ok_and(|output| output.status.success());
    if !can {
        report_skip(&format!(
            "pull on a disk that refuses: `{}` does not work",
            program.join(" ")
        ));
    }
    can
}

/// Returns a command that is run by another program.
fn run_by(program: &[&str], command: &Command) -> Command {
    let mut outer = Command::new(program[0]);
    outer
        .args(&program[1..])
        .arg(command.get_program())
        .args(command.get_args());
    outer.env_clear();
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.current_dir(command.get_current_dir().unwrap());
    outer
}

/// In a namespace of users without a mapping, not even root may write what its mode forbids.
const WITHOUT_RIGHTS: [&str; 2] = ["unshare", "--user"];

/// Runs a pull that may not write everything. Returns its output, and the files whose texts it has changed.
fn refused_pull(cli: &CliProject, code: i32) -> (CliOutput, Vec<String>) {
    let before = contents(cli.path());
    let pull = run_by(&WITHOUT_RIGHTS, &cli.command("pull --yes")).output().unwrap();
    let pull = CliOutput::of(&pull);
    assert_eq!(pull.code, code, "{pull:?}");
    let after = contents(cli.path());
    assert!(after.keys().eq(before.keys()), "{pull:?}");
    let changed = after.iter().filter(|(path, text)| before[*path] != **text);
    (pull, changed.map(|(path, _)| path.display().to_string()).collect())
}

/// Changes the mode of a path in the project.
fn set_mode(cli: &CliProject, path: &str, mode: u32) {
    fs::set_permissions(cli.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_read_only_stays_as_it_is() {
    if !can_run(&WITHOUT_RIGHTS) {
        return;
    }
    let cli = changed_elsewhere();
    for (path, writable) in [("desk", 0o755), ("desk/SOUL.md", 0o644)] {
        set_mode(&cli, path, writable & 0o555);
        let (pull, changed) = refused_pull(&cli, 1);
        let message = "error: `desk/SOUL.md` cannot be written: Permission denied (os error 13); nothing was written\n";
        assert!(pull.err.starts_with(message), "{path}: {pull:?}");
        assert_eq!(changed, Vec::<String>::new(), "{path}");
        set_mode(&cli, path, writable);
    }
    set_mode(&cli, "models", 0o555);
    let (pull, changed) = refused_pull(&cli, 6);
    let message = "error: `models/person.yaml` cannot be written: Permission denied (os error 13); \
                   written before it: desk/SOUL.md, lobu.toml\n";
    assert!(pull.err.starts_with(message), "{pull:?}");
    assert_eq!(changed, ["desk/SOUL.md", "lobu.toml"]);
    set_mode(&cli, "models", 0o755);
    let (_, changed) = refused_pull(&cli, 0);
    assert_eq!(changed, ["models/person.yaml"]);
}

/// Becomes the root of a namespace in which it may mount.
const WITH_MOUNTS: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];

/// Copies the project to a small disk, fills it but for some bytes, runs the program, and copies the project back. `$1` is the
/// number of bytes, what follows the program.
const ON_A_FULL_DISK: &str = r#"
set -e
project=$PWD
disk=$(dirname "$project")/$(basename "$project").disk
mkdir "$disk"
mount -t tmpfs -o size=256k tmpfs "$disk"
cp -R "$project/." "$disk"
cd "$disk"
dd if=/dev/zero of=filler bs=4096 2>/dev/null || true
truncate -s "-$1" filler
shift
code=0
"$@" || code=$?
rm filler
cp -R . "$project"
cd /
umount "$disk"
rmdir "$disk"
exit $code
"#;

#[test]
fn a_full_disk_loses_nothing() {
    if !can_run(&WITH_MOUNTS) {
        return;
    }
    let cli = changed_elsewhere();
    let before = contents(cli.path());
    let pull = |room: &str, code: i32| {
        let program: Vec<&str> = WITH_MOUNTS
            .into_iter()
            .chain(["sh", "-c", ON_A_FULL_DISK, "sh", room])
            .collect();
        let pull = run_by(&program, &cli.command("pull --yes")).output().unwrap();
        let pull = CliOutput::of(&pull);
        assert_eq!(pull.code, code, "{pull:?}");
        pull
    };
    let full = pull("0", 1);
    let message =
        "error: `desk/SOUL.md` cannot be written: No space left on device (os error 28); nothing was written\n";
    assert!(full.err.starts_with(message), "{full:?}");
    assert_eq!(contents(cli.path()), before);

    // Room for the small file, not for the large one.
    let full = pull("4096", 6);
    let message = "error: `lobu.toml` cannot be written: No space left on device (os error 28); \
                   written before it: desk/SOUL.md\n";
    assert!(full.err.starts_with(message), "{full:?}");
    let after = contents(cli.path());
    assert_eq!(after[Path::new("desk/SOUL.md")].as_deref(), Some("Be brief.\n"));
    assert!(after.keys().eq(before.keys()));
    for (path, text) in after {
        assert!(
            text == before[&path] || path == Path::new("desk/SOUL.md"),
            "{}",
            path.display()
        );
    }
    pull("65536", 0);
    let nothing = cli.expect_exit("pull --dry-run", 0);
    assert!(nothing.out.contains("Summary: no file to change"), "{nothing:?}");
}

#[test]
fn a_link_out_of_the_project_is_not_followed() {
    let cli = changed_elsewhere();
    let outside = tempfile::tempdir().unwrap();
    let soul = outside.path().join("SOUL.md");
    fs::rename(cli.path().join("desk/SOUL.md"), &soul).unwrap();
    symlink(&soul, cli.path().join("desk/SOUL.md")).unwrap();
    let before = contents(cli.path());
    let refused = cli.expect_exit("pull --yes", 1);
    assert!(refused.err.contains("--allow-outside"), "{refused:?}");
    let refused = cli.expect_exit("pull --yes --allow-outside", 1);
    let message = "error: `desk/SOUL.md` leads out of the project; nothing was written\n";
    assert!(refused.err.contains(message), "{refused:?}");
    assert_eq!(contents(cli.path()), before);
    assert_eq!(fs::read_to_string(soul).unwrap(), "Be concise.\n");
}

/// Creates a type and an agent with a text on the server that no file of the project declares.
fn added_elsewhere() -> CliProject {
    let cli = CliProject::new();
    let original = fs::read_to_string(cli.path().join("lobu.toml")).unwrap();
    fs::write(
        cli.path().join("models/order.yaml"),
        "type: entity\nslug: order\nname: Order\n",
    )
    .unwrap();
    fs::create_dir(cli.path().join("night")).unwrap();
    fs::write(cli.path().join("night/SOUL.md"), "Sleep.\n").unwrap();
    cli.edit(
        "lobu.toml",
        "[memory]",
        "[agents.night]\nname = \"Night\"\ndir = \"./night\"\n\n[memory]",
    );
    cli.expect_exit("apply --yes", 0);
    fs::write(cli.path().join("lobu.toml"), original).unwrap();
    fs::remove_file(cli.path().join("models/order.yaml")).unwrap();
    fs::remove_dir_all(cli.path().join("night")).unwrap();
    cli
}

#[test]
fn what_is_in_the_way_stays() {
    let cli = added_elsewhere();
    fs::write(cli.path().join("night"), "a note").unwrap();
    let refused = cli.expect_exit("pull --yes", 6);
    let message = "error: `night` is there already; written before it: lobu.toml, models/order.yaml\n";
    assert!(refused.err.contains(message), "{refused:?}");
    assert_eq!(fs::read_to_string(cli.path().join("night")).unwrap(), "a note");

    let cli = added_elsewhere();
    fs::create_dir_all(cli.path().join("models/order.yaml")).unwrap();
    let refused = cli.expect_exit("pull --yes", 6);
    let message = "error: `models/order.yaml` is there already; written before it: lobu.toml\n";
    assert!(refused.err.contains(message), "{refused:?}");
    assert!(cli.path().join("models/order.yaml").is_dir());
}
