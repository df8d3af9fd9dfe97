//! Pull as its users live with it: a project that is lost, comes back from the server, and then changes on both sides.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::program::cli::{API_KEY, BOT_TOKEN, CliOutput, CliProject, FILES};
use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::server::JsonClient;

const SKILL: &str = "---\nname: tone\ndescription: How to say it\n---\n\nBe kind.\n";

const PERSON: &str = "type: entity\nslug: person\nname: Person\nmetadata_schema:\n  type: object\n  properties:\n    \
                      kind: { type: string, enum: [guest, staff] }\n";

/// A project in a folder of its own, its server, and somebody else who changes what is there.
struct Story {
    cli: CliProject,
    folder: PathBuf,
    token: String,
    elsewhere: JsonClient,
}

impl Story {
    fn begin(cli: CliProject) -> Self {
        let token = cli.create_token("mcp:admin");
        Self {
            folder: cli.path().join("firm"),
            elsewhere: JsonClient::at(cli.url(), &token),
            token,
            cli,
        }
    }

    /// Runs the program where its user is: in the project, or beside the place where it was. Every secret has to come from
    /// `.env`.
    fn run(&self, line: &str, code: i32) -> CliOutput {
        let mut command = self.cli.command(line);
        command.env_remove("BOT_TOKEN").env_remove("API_KEY");
        if self.folder.exists() {
            command.current_dir(&self.folder);
        }
        let output = CliOutput::of(&command.output().unwrap());
        assert_eq!(output.code, code, "`{line}`: {output:?}");
        output
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}: {text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Returns the text of every file of the project.
    fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        collect(&self.folder, &self.folder, &mut files);
        files
    }

    /// Checks that the plan of the files is empty.
    fn expect_empty_plan(&self) {
        let plan = self.run("plan --detailed-exitcode", 0);
        assert!(plan.out.contains("\nSummary: 0 create, 0 update, "), "{plan:?}");
        assert!(plan.out.contains(" unchanged, 0 drift"), "{plan:?}");
    }

    /// Changes an agent, its text, a platform and a type, and creates a type that no file declares.
    async fn change_elsewhere(&self) {
        let agent = "/api/dev/agents/desk";
        let kind = json!({ "type": "string", "enum": ["guest", "staff", "friend"] });
        let schema = json!({ "type": "object", "properties": { "kind": kind } });
        let replies = [
            self.elsewhere.patch(agent, json!({ "name": "Front desk" })).await,
            self.elsewhere
                .patch(&format!("{agent}/config"), json!({ "soulMd": "Be brief." }))
                .await,
            self.elsewhere
                .put(
                    &format!("{agent}/platforms/by-stable-id/desk-telegram"),
                    json!({ "platform": "telegram", "config": { "botToken": BOT_TOKEN, "chatId": "2" } }),
                )
                .await,
            self.elsewhere
                .schema(json!({
                    "schema_type": "entity_type", "action": "update", "slug": "person", "metadata_schema": schema,
                }))
                .await,
            self.elsewhere
                .schema(json!({
                    "schema_type": "entity_type", "action": "create", "slug": "order", "name": "Order",
                }))
                .await,
        ];
        for reply in replies {
            assert!(reply.status.is_success(), "{reply:?}");
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            files.insert(path.strip_prefix(root).unwrap().to_owned(), text);
        }
    }
}

/// Returns the paths of the files that a pull would write.
fn paths(pull: &Value) -> Vec<&str> {
    let files = pull["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap()).collect()
}

/// Returns what a list of a pull names, as `platform.desk.telegram config.chatId`.
fn units(list: &Value) -> Vec<String> {
    let name = |unit: &Value| match unit["field"].as_str() {
        Some(field) => format!("{} {field}", unit["address"].as_str().unwrap()),
        None => unit["address"].as_str().unwrap().to_owned(),
    };
    list.as_array().unwrap().iter().map(name).collect()
}

/// Steps 1 to 7.
fn lose_the_project_and_get_it_back(story: &Story) {
    // 1. A user has a project: agents, platforms with secrets, a skill, types of the memory schema.
    for (path, text) in FILES {
        story.write(path, text);
    }
    story.write("desk/skills/tone/SKILL.md", SKILL);
    story.write("models/person.yaml", PERSON);
    story.write(".env", &format!("BOT_TOKEN={BOT_TOKEN}\nAPI_KEY={API_KEY}\n"));
    // 2. Applies it.
    story.run("apply --yes", 0);
    // 3. Loses the folder.
    fs::remove_dir_all(&story.folder).unwrap();
    // 4. Gets it back from the server.
    story.run("pull --init firm --yes --org dev", 0);
    assert!(!story.folder.join(".env").exists());
    // 5. Fills `.env` after the example.
    let names = story.read(".env.example");
    assert_eq!(
        names,
        "DESK_SLACK_ENG_BOT_TOKEN=\nDESK_SLACK_ENG_SIGNING_SECRET=\nDESK_TELEGRAM_BOT_TOKEN=\n"
    );
    story.write(".env", &names.replace("=\n", &format!("={BOT_TOKEN}\n")));
    // 6. Finds nothing to apply.
    story.expect_empty_plan();
    // 7. Finds nothing to pull.
    let nothing = story.run("pull --dry-run", 0);
    assert!(nothing.out.ends_with("\nSummary: no file to change\n"), "{nothing:?}");
}

/// Step 8.
async fn look_at_what_somebody_changed(story: &Story) {
    // 8. Somebody else changes the server. The user looks at what that means for the files; nothing is written.
    let before = story.files();
    story.change_elsewhere().await;
    let shown = story.run("pull --dry-run --format json", 0).object("pull");
    let expected = [
        "agents/desk/SOUL.md",
        "lobu.toml",
        "models/order.yaml",
        "models/person.yaml",
    ];
    assert_eq!(paths(&shown), expected);
    let expected = [
        "agent.desk name",
        "settings.desk soulMd",
        "platform.desk.telegram config.chatId",
        "entity-type.order",
        "entity-type.person metadata_schema",
    ];
    assert_eq!(units(&shown["pulled"]), expected);
    assert_eq!(shown["conflicts"], json!([]));
    assert_eq!(story.files(), before);
}

/// Step 9.
fn edit_while_the_question_is_open(story: &Story) {
    // 9. The user is asked, saves a file in an editor before answering, and says yes: what was saved stays.
    let mut command = lobuctl_on_a_terminal(&story.folder, &story.token);
    command.args(["pull", "--plain", "--url", story.cli.url()]);
    let mut pty = Pty::start(command, 100, 60);
    pty.until("[y/N, ?]");
    story.edit(
        "lobu.toml",
        "name = \"Desk\"",
        "# as customers see it\nname = \"Desk\" # soon",
    );
    let saved = story.read("lobu.toml");
    pty.line("y");
    let (code, screen) = pty.ended();
    assert_eq!(code, 6, "{screen}");
    assert!(screen.contains("`lobu.toml` has changed since it was read"), "{screen}");
    assert!(screen.contains("written before it: agents/desk/SOUL.md"), "{screen}");
    assert_eq!(story.read("lobu.toml"), saved);
    assert_eq!(story.read("agents/desk/SOUL.md"), "Be brief.\n");
}

/// Step 10.
fn pull_around_a_conflict(story: &Story) {
    // 10. Comments on an item of a list that is another one on the server, and pulls the rest: no comment is lost.
    story.edit(
        "models/person.yaml",
        "enum: [guest, staff]",
        "enum: [\n          guest,\n          staff, # ours\n        ]",
    );
    let person = story.read("models/person.yaml");
    let pulled = story.run("pull --yes --format json", 6).object("pull");
    assert_eq!(paths(&pulled), ["lobu.toml", "models/order.yaml"]);
    assert_eq!(units(&pulled["conflicts"]), ["entity-type.person metadata_schema"]);
    assert_eq!(story.read("models/person.yaml"), person);
    let toml = story.read("lobu.toml");
    assert!(
        toml.contains("# as customers see it\nname = \"Front desk\" # soon\n"),
        "{toml}"
    );
    // Adds the item.
    story.edit(
        "models/person.yaml",
        "staff, # ours",
        "staff, # ours\n          friend,",
    );
}

/// Steps 11 and 12.
fn have_nothing_left_to_do(story: &Story) {
    // 11. Finds nothing to apply, and applies it.
    story.expect_empty_plan();
    let applied = story.run("apply --yes --no-recheck", 0);
    assert!(applied.err.ends_with("nothing to do\n"), "{applied:?}");
    // 12. Pulls once more: no byte changes, and no value of a secret is anywhere but in `.env`.
    let before = story.files();
    story.run("pull --yes", 0);
    assert_eq!(story.files(), before);
    for (path, text) in before {
        let is_env = path == Path::new(".env");
        assert_eq!(text.contains("planted"), is_env, "{}: {text}", path.display());
    }
}

async fn a_project_is_lost_and_lived_with(cli: CliProject) {
    let story = Story::begin(cli);
    lose_the_project_and_get_it_back(&story);
    look_at_what_somebody_changed(&story).await;
    edit_while_the_question_is_open(&story);
    pull_around_a_conflict(&story);
    have_nothing_left_to_do(&story);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_lost_and_lived_with_on_a_server_that_hides_secrets() {
    a_project_is_lost_and_lived_with(CliProject::live()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_lost_and_lived_with_on_a_server_that_answers_secrets() {
    a_project_is_lost_and_lived_with(CliProject::new()).await;
}
