//! The projects that the bench of the memory works on, and saves of their files.

use std::fs;
use std::path::{Path, PathBuf};

/// The platforms of each agent of an organization with many more than the files declare.
const PLATFORMS: usize = 3;

/// The kind of rows that a project is made of.
#[derive(Clone, Copy)]
pub enum Rows {
    Agents,
    Data,
}

/// Writes a project of a row for each agent, its settings and two platforms, and a fifth of the rows of types.
pub fn write_agents(folder: &Path, rows: usize) {
    let agents = rows / 5;
    write_organization_with(folder, agents, 2, "models = \"./models\"\n");
    for agent in 0..agents {
        fs::write(folder.join(format!("a{agent:05}/SOUL.md")), soul(agent, 0)).unwrap();
    }
    let models = folder.join("models");
    fs::create_dir(&models).unwrap();
    let types = (rows - 4 * agents) / 2;
    for number in 0..types {
        let end = format!("t{number:05}");
        let text = format!(
            "type: entity\nslug: {end}\nname: Thing {number}\nproperties:\n  rank: {{ type: integer }}\n  \
             place: {{ type: string, description: Where thing {number} is kept. }}\n---\n\
             type: relationship\nslug: near-{end}\nname: Near\nrules:\n  - {{ source: {end}, target: {end} }}\n"
        );
        fs::write(models.join(format!("{end}.yaml")), text).unwrap();
    }
}

/// Writes a project of these agents with three platforms each.
pub fn write_organization(folder: &Path, agents: usize) {
    write_organization_with(folder, agents, PLATFORMS, "");
}

fn write_organization_with(folder: &Path, agents: usize, platforms: usize, memory: &str) {
    let tables = (0..agents).map(|agent| {
        let platforms = (0..platforms).map(|platform| {
            format!(
                "[[agents.a{agent:05}.platforms]]\ntype = \"telegram\"\nname = \"desk-{platform}\"\n\
                 config = {{ botToken = \"$BOT_TOKEN\", chatId = \"{agent}\" }}\n"
            )
        });
        format!(
            "[agents.a{agent:05}]\nname = \"A {agent}\"\ndescription = \"Answers for desk {agent}\"\ndir = \"./a{agent:05}\"\n{}",
            platforms.collect::<String>()
        )
    });
    let toml = tables.collect::<String>() + "[memory]\norg = \"dev\"\n" + memory;
    fs::write(folder.join("lobu.toml"), toml).unwrap();
    fs::write(folder.join(".env"), "BOT_TOKEN=4711:a-token-of-a-bench\n").unwrap();
    for agent in 0..agents {
        let agent = folder.join(format!("a{agent:05}"));
        fs::create_dir_all(&agent).unwrap();
        fs::write(agent.join("SOUL.md"), "Be concise.\n").unwrap();
    }
}

/// Returns the instructions of an agent, 2 kilobytes.
fn soul(agent: usize, round: usize) -> String {
    let lines = (0..32).map(|line| format!("Desk {agent} answers question {line} before all others, and kindly.\n"));
    format!("round {round}.\n{}", lines.collect::<String>())
}

/// Writes a project of a third of entities and two thirds of relationships, in files of a hundred each.
pub fn write_data(folder: &Path, rows: usize) {
    let toml = "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n\
                [memory]\norg = \"dev\"\nmodels = \"./models\"\ndata = \"./data\"\n";
    fs::write(folder.join("lobu.toml"), toml).unwrap();
    for name in ["desk", "models", "data"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    fs::write(folder.join("desk/SOUL.md"), "Be concise.\n").unwrap();
    let models = "type: entity\nslug: person\nname: Person\nproperties:\n  note: { type: string }\n---\n\
                  type: relationship\nslug: knows\nname: Knows\n---\n\
                  type: relationship\nslug: trusts\nname: Trusts\n";
    fs::write(folder.join("models/all.yaml"), models).unwrap();
    let entities = rows / 3;
    for file in 0..entities.div_ceil(100) {
        let of_file = file * 100..entities.min(file * 100 + 100);
        fs::write(data_file(folder, file), data(of_file, entities, 0)).unwrap();
    }
}

fn data_file(folder: &Path, file: usize) -> PathBuf {
    folder.join(format!("data/d{file:05}.yaml"))
}

fn data(entities: std::ops::Range<usize>, all: usize, round: usize) -> String {
    let of_all = entities.clone().map(|entity| {
        format!(
            "  - {{ entity_type: person, slug: e{entity:05}, name: Person {entity}, \
             metadata: {{ note: round {round}. of {entity} }} }}\n"
        )
    });
    let links = entities.map(|entity| {
        let to = (entity + 1) % all;
        let [knows, trusts] = ["knows", "trusts"].map(|kind| {
            format!("  - {{ relationship_type: {kind}, from: e{entity:05}, to: e{to:05}, confidence: 0.9 }}\n")
        });
        knows + &trusts
    });
    format!(
        "entities:\n{}relationships:\n{}",
        of_all.collect::<String>(),
        links.collect::<String>()
    )
}

/// Saves a file as editors do.
pub fn save(folder: &Path, kind: Rows, round: usize) {
    let (file, text) = match kind {
        Rows::Agents => (folder.join("a00000/SOUL.md"), soul(0, round)),
        Rows::Data => {
            let file = data_file(folder, 0);
            let text = fs::read_to_string(&file).unwrap();
            let [before, now] = [round - 1, round].map(|round| format!("round {round}. of 0 "));
            (file, text.replace(&before, &now))
        }
    };
    let new = file.with_extension("new~");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}
