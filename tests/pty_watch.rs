//! `lobuctl watch` in the real program: every way in which editors save, broken files, a server that goes away, an apply.

use std::fs;
use std::path::Path;

use axum::http::StatusCode;
use serde_json::json;

use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::project::TempProject;
use crate::support::server::gate::{GateRule, GatedServer};

const TOML: &str = "[agents.alpha]\nname = \"Alpha\"\ndir = \"./alpha\"\n\n[memory]\norg = \"dev\"\n";

async fn project() -> (TempProject, GatedServer) {
    let project = TempProject::new(&[("lobu.toml", TOML), ("alpha/SOUL.md", "Be kind.\n")]);
    (project, GatedServer::open().await)
}

fn start(project: &TempProject, server: &GatedServer, arguments: &[&str], (width, height): (u16, u16)) -> Pty {
    let mut command = lobuctl_on_a_terminal(project.path(), &server.token);
    command.args(arguments);
    command.args(["--url", server.url.as_str(), "--org", "dev"]);
    Pty::start(command, width, height)
}

/// Saves as vim does: the old file becomes the backup, a new one takes its name, the backup goes.
fn save_like_vim(file: &Path, text: &str) {
    let (backup, probe) = (file.with_extension("md~"), file.with_file_name("4913"));
    fs::write(&probe, "").unwrap();
    fs::remove_file(&probe).unwrap();
    fs::rename(file, &backup).unwrap();
    fs::write(file, text).unwrap();
    fs::remove_file(&backup).unwrap();
}

/// Saves as `sed -i` does: a new file is renamed over the old one.
fn save_like_sed(file: &Path, text: &str) {
    let new = file.with_file_name("sedAbCdEf");
    fs::write(&new, text).unwrap();
    fs::rename(&new, file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_follows_every_way_of_saving() {
    let (project, server) = project().await;
    let mut pty = start(&project, &server, &["watch"], (120, 40));
    pty.until("watching, server now");
    pty.keys("j j").until("+ settings alpha");
    pty.until("Be kind.");
    let soul = project.path().join("alpha/SOUL.md");
    save_like_vim(&soul, "Saved by vim.\n");
    pty.until("Saved by vim.");
    save_like_sed(&soul, "Saved by sed.\n");
    pty.until("Saved by sed.");
    fs::write(&soul, "Written in place.\n").unwrap();
    pty.until("Written in place.");
    // A file that was not there, and one in a folder that was not there.
    fs::write(project.path().join("alpha/USER.md"), "A new file.\n").unwrap();
    pty.until("A new file.");
    let skill = project.path().join("alpha/skills/tidy");
    fs::create_dir_all(&skill).unwrap();
    fs::write(
        skill.join("SKILL.md"),
        "---\nname: tidy\ndescription: In a new folder.\n---\nTidy.\n",
    )
    .unwrap();
    pty.until("In a new folder.");
    fs::remove_file(project.path().join("alpha/USER.md")).unwrap();
    pty.without("A new file.");
    pty.keys("q");
    assert_eq!(pty.ended().0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_files_keep_the_last_good_plan_and_are_mended() {
    for size in [(80, 24), (120, 40)] {
        let (project, server) = project().await;
        let mut pty = start(&project, &server, &["watch"], size);
        pty.until("watching, server now");
        // One row is left out, and stays so.
        pty.keys("j j space").until("1 of 2 selected");
        let toml = project.path().join("lobu.toml");
        fs::write(&toml, TOML.replace("[agents.alpha]", "[agents.alpha")).unwrap();
        let broken = pty.until("errors in the files");
        assert!(broken.contains("settings"), "{broken}");
        pty.until("this is not valid TOML");
        pty.keys("a").until("mend them before you apply");
        fs::write(&toml, TOML.replace("Alpha", "Alpha the Great")).unwrap();
        pty.until("1 row is different");
        let mended = pty.without("errors in the files");
        assert!(mended.contains("1 of 2 selected"), "{mended}");
        pty.keys("q");
        assert_eq!(pty.ended().0, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_and_comes_back_changed_ends_nothing() {
    let (project, server) = project().await;
    let mut pty = start(&project, &server, &["watch", "--every", "1"], (120, 40));
    pty.until("watching, server now");
    server.rule(GateRule::Everything(StatusCode::UNAUTHORIZED));
    pty.until("server lost");
    // Why it is lost is on the screen, not only that it is.
    pty.until("tried again: answered 401");
    // The plan follows the files all the same.
    fs::write(project.path().join("alpha/SOUL.md"), "Without a server.\n").unwrap();
    pty.keys("j j").until("Without a server.");
    let body = json!({ "agentId": "alpha", "name": "Alpha by hand" });
    server.client.post("/api/dev/agents", body).await;
    server.open_gate();
    pty.until("the server has changed");
    pty.keys("k").until("Alpha by hand");
    pty.until("watching, server now");
    pty.keys("q");
    assert_eq!(pty.ended().0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_the_screen_is_applied_after_a_question() {
    let (project, server) = project().await;
    let mut pty = start(&project, &server, &[], (120, 40));
    pty.until("2 of 2 selected");
    pty.keys("W").until("watching, server");
    fs::write(project.path().join("alpha/SOUL.md"), "As it was saved last.\n").unwrap();
    pty.keys("j j").until("As it was saved last.");
    pty.keys("a").until("creates 2");
    // Saved while the question is open: what was asked for is applied, not this.
    fs::write(project.path().join("alpha/SOUL.md"), "Too late.\n").unwrap();
    pty.until("esc shows the new plan");
    pty.keys("y").until("applied; `q` quits");
    let config = server.client.get("/api/dev/agents/alpha/config").await;
    assert!(
        config.body.to_string().contains("As it was saved last."),
        "{:?}",
        config.body
    );
    // After a run that was complete, the cursor is at the top, where the run as a whole is shown.
    pty.keys("r").until("planned again");
    pty.keys("j j").until("Too late.");
    pty.keys("q");
    assert_eq!(pty.ended().0, 0);
}
