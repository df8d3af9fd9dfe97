//! Palette, search, range and undo in the real program, on a terminal.

use std::fs;

use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::project::TempProject;
use crate::support::server::gate::GatedServer;

const TOML: &str =
    "[agents.alpha]\nname = \"Alpha\"\ndir = \"./alpha\"\n\n[agents.beta]\nname = \"Beta\"\ndir = \"./beta\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_chosen_searched_and_exported_by_name() {
    let server = GatedServer::open().await;
    let project = TempProject::new(&[
        ("lobu.toml", TOML),
        ("alpha/SOUL.md", "Be kind.\nBe brief.\nSay what you do not know.\n"),
        ("beta/SOUL.md", "Be kind.\n"),
    ]);
    let mut command = lobuctl_on_a_terminal(project.path(), &server.token);
    command.args(["--url", server.url.as_str(), "--org", "dev"]);
    let mut pty = Pty::start(command, 110, 30);
    pty.until("4 of 4 selected");
    pty.keys(":only space agent.alpha<enter>").until("2 of 4 selected");
    pty.keys("U").until("4 of 4 selected");
    pty.keys("g j v j space").until("2 of 4 selected");
    pty.keys("U").until("4 of 4 selected");

    pty.keys("g j j <tab> /brief").until("1 of 1");
    pty.keys("<enter>").until("/brief 1 of 1");
    pty.keys("<esc>").without("/brief");
    pty.keys("<esc>");

    let file = project.path().join("plan.md");
    pty.keys("?export<enter>").until(": export FILE");
    pty.keys("plan.md<enter>").until("the plan is in");
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("alpha"), "{written}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::write(&file, "mine").unwrap();
    pty.keys(":export space plan.md<enter>")
        .until("exists and was left alone");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    pty.keys(":export! space plan.md<enter>").until("the plan is in");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    pty.keys(":export space plan.txt<enter>").until("ends with .md");

    pty.keys(":target space agent.beta<enter>").until("2 of 2 selected");
    pty.keys(":target<enter>").until("4 of 4 selected");
    pty.keys(":context space nowhere<enter>").until("no plan");
    pty.keys(":context<enter>").until("4 of 4 selected");
    pty.keys("q");
    assert_eq!(pty.ended().0, 1);
}
