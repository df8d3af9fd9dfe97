//! Two projects whose difference is a plan of 20 rows of every kind.

use lobuctl::config::Project;

use crate::support::apply::test_server::expect_valid;
use crate::support::project::TempProject;

const BEFORE: &str = r#"
[agents.alpha]
name = "A"
dir = "./a"

[[agents.alpha.platforms]]
type = "telegram"
config = { chatId = "1" }

[[agents.alpha.platforms]]
type = "slack"
config = { team = "t", channel = "old" }

[[agents.alpha.platforms]]
type = "discord"
config = { guild = "g" }

[agents.gone]
name = "Gone"
dir = "./a"

[[agents.gone.platforms]]
type = "slack"
config = { team = "t" }

[memory]
org = "dev"
models = "./models"
"#;

const AFTER: &str = r#"
[agents.alpha]
name = "A, renamed"
dir = "./b"

[[agents.alpha.platforms]]
type = "telegram"
config = { chatId = "2" }

[[agents.alpha.platforms]]
type = "slack"
config = { team = "t" }

[agents.cara]
name = "C"
dir = "./b"

[[agents.cara.platforms]]
type = "telegram"
config = { chatId = "3" }

[agents.cara.skills.mcp.linear]
url = "https://mcp.example/mcp"

[agents.dora]
name = "D"
dir = "./b"

[[agents.dora.platforms]]
type = "slack"
config = { team = "u" }

[memory]
org = "dev"
models = "./models"
"#;

fn entity(slug: &str, name: &str) -> (String, String) {
    let path = format!("models/{slug}.yaml");
    (path, format!("type: entity\nslug: {slug}\nname: {name}\n"))
}

fn relationship(slug: &str, rest: &str) -> (String, String) {
    let path = format!("models/{slug}.yaml");
    (
        path,
        format!("type: relationship\nslug: {slug}\nname: {slug}\n{rest}\n"),
    )
}

fn project(toml: &str, models: &[(String, String)]) -> Project {
    let mut files = vec![
        ("lobu.toml", toml),
        ("a/SOUL.md", "Be kind.\n"),
        ("b/SOUL.md", "Be quick.\n"),
    ];
    files.extend(models.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    expect_valid(TempProject::new(&files).load())
}

/// Returns the project that the server has.
pub fn before() -> Project {
    let models = [
        entity("company", "Company"),
        entity("old", "Old"),
        relationship("works-at", "rules:\n  - { source: old, target: company }"),
        relationship("knows", "description: d"),
        relationship("left", "description: d"),
    ];
    project(BEFORE, &models)
}

/// Returns the project that is applied: its plan has 20 rows of every kind.
pub fn after() -> Project {
    let models = [
        entity("company", "Company, renamed"),
        entity("person", "Person"),
        entity("place", "Place"),
        relationship(
            "works-at",
            "description: new\nrules:\n  - { source: person, target: company }",
        ),
        relationship("knows", "description: d\nis_symmetric: true"),
        relationship(
            "lives-in",
            "rules:\n  - { source: person, target: place }\n  - { source: company, target: place }",
        ),
    ];
    project(AFTER, &models)
}
