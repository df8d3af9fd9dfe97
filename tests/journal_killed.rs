//! An apply of 20 rows that is killed with SIGKILL at its writes: the next run says what became of the one that nobody saw
//! end, and goes on.

use crate::support::program::kill_desk::{Cut, KillDesk, stride};
use crate::support::project::TempProject;

const ROWS: usize = 20;

/// A project of 20 rows, in one of two states that differ in each of them.
fn project(second: bool) -> TempProject {
    let word = if second { "two" } else { "one" };
    let mut toml = String::new();
    let mut files = Vec::new();
    for agent in 0..6 {
        toml.extend([format!(
            "[agents.desk-{agent}]\nname = \"Desk {agent} {word}\"\ndir = \"./desk-{agent}\"\n\n"
        )]);
        files.push((format!("desk-{agent}/SOUL.md"), format!("Be {word}.\n")));
        if agent < 4 {
            toml.extend([format!(
                "[[agents.desk-{agent}.platforms]]\ntype = \"telegram\"\nconfig = {{ botToken = \"$BOT\", chatId = \"{word}\" }}\n\n"
            )]);
            files.push((
                format!("models/type-{agent}.yaml"),
                format!("type: entity\nslug: type-{agent}\nname: Type {word}\n"),
            ));
        }
    }
    toml.push_str("[memory]\norg = \"dev\"\nmodels = \"./models\"\n");
    files.push(("lobu.toml".to_owned(), toml));
    TempProject::new(&files)
}

/// Kills one apply, and checks what the next ones say and do.
async fn killed(write: usize, cut: Cut, is_update: bool) {
    let desk = KillDesk::open().await;
    let case = format!("write {write}, {cut:?}, update: {is_update}");
    let files = project(is_update);
    if is_update {
        assert_eq!(desk.run(&project(false), "apply --yes").code, 0, "{case}");
    }
    desk.kill_at(&files, write, cut);
    let unknown = desk.unsettled();
    assert_eq!(unknown.len(), 1, "{case}: {unknown:?}");
    let next = desk.run(&files, "apply --yes");
    assert_eq!(next.code, 0, "{case}: {next:?}");
    let verdict = match cut {
        Cut::BeforeItIsCarriedOut => "not applied",
        Cut::BeforeItIsAnswered => "applied",
    };
    assert!(
        next.err.contains("was killed; 1 write of it was unknown"),
        "{case}: {next:?}"
    );
    assert!(
        next.err.contains(&format!("{}: {verdict}", unknown[0])),
        "{case}: {next:?}"
    );
    let planned = desk.run(&files, "plan --detailed-exitcode");
    assert_eq!(planned.code, 0, "{case}: {planned:?}");
    assert!(
        !planned.err.contains("was killed"),
        "it is settled once: {case}: {planned:?}"
    );
    let agents = desk.client.get("/api/dev/agents").await;
    assert_eq!(agents.body["agents"].as_array().unwrap().len(), 6, "{case}");
    let platforms = desk.client.get("/api/dev/agents/desk-0/platforms").await;
    assert_eq!(platforms.body["platforms"].as_array().unwrap().len(), 1, "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_at_any_write_is_settled_by_the_next_one() {
    for write in (0..ROWS).step_by(stride(6)) {
        for cut in [Cut::BeforeItIsCarriedOut, Cut::BeforeItIsAnswered] {
            for is_update in [false, true] {
                killed(write, cut, is_update).await;
            }
        }
    }
}
