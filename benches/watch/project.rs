//! The projects that are followed, and the files of them that are saved.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A file that is saved again and again.
pub struct SavedFile {
    /// What it is.
    pub what: &'static str,
    /// Its path in the project.
    pub file: &'static str,
    /// The text of a round.
    pub text: fn(usize) -> String,
    /// The address of a row that has to be in the detail.
    pub row: &'static str,
    /// What the screen shows when the round has arrived, and not before.
    pub shown: fn(usize) -> String,
}

fn round(number: usize) -> String {
    format!("round {number}.")
}

/// A text of an agent.
pub const AGENT: SavedFile = SavedFile {
    what: "an agent's text",
    file: "a00000/SOUL.md",
    text: |number| round(number) + "\n",
    row: "settings.a00000",
    shown: round,
};

/// `lobu.toml`, with the name of an agent.
pub const LOBU_TOML: SavedFile = SavedFile {
    what: "`lobu.toml`",
    file: "lobu.toml",
    text: |number| data_toml(&round(number)),
    row: "agent.a00000",
    shown: round,
};

/// A file of data, with the name of an entity.
pub const DATA: SavedFile = SavedFile {
    what: "a data file",
    file: "data/0000.yaml",
    text: |number| data_file(0, &round(number)),
    row: "entity.company.e000000",
    shown: round,
};

/// `.env`: each other round has no value for a secret, and the others another one.
pub const ENV: SavedFile = SavedFile {
    what: "`.env`",
    file: ".env",
    text: |number| {
        if number.is_multiple_of(2) {
            format!("TOKEN=planted-value-{number}\n")
        } else {
            String::new()
        }
    },
    row: "agent.a00000",
    shown: |number| {
        let shown = if number.is_multiple_of(2) {
            "the files have no errors any more"
        } else {
            "the files have errors"
        };
        shown.to_owned()
    },
};

/// Writes a project in which each agent is two rows.
pub fn write_agents(folder: &Path, agents: usize) {
    let tables =
        (0..agents).map(|agent| format!("[agents.a{agent:05}]\nname = \"A {agent}\"\ndir = \"./a{agent:05}\"\n"));
    let toml = tables.collect::<String>() + "[memory]\norg = \"dev\"\n";
    fs::write(folder.join("lobu.toml"), toml).unwrap();
    for agent in 0..agents {
        let agent = folder.join(format!("a{agent:05}"));
        fs::create_dir_all(&agent).unwrap();
        fs::write(agent.join("SOUL.md"), "round 0.\n").unwrap();
    }
}

/// Writes a project whose rows are data, in files of [`ROWS_IN_FILE`], beside one agent and four types.
pub fn write_data(folder: &Path, rows: usize) {
    write_agents(folder, 1);
    fs::write(folder.join("lobu.toml"), data_toml("round 0.")).unwrap();
    fs::write(folder.join(".env"), (ENV.text)(0)).unwrap();
    for folder in ["models", "data"].map(|name| folder.join(name)) {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(folder.join("models/all.yaml"), MODELS).unwrap();
    for file in 0..rows / ROWS_IN_FILE {
        let path = folder.join(format!("data/{file:04}.yaml"));
        fs::write(path, data_file(file, "round 0.")).unwrap();
    }
}

fn data_toml(name: &str) -> String {
    format!(
        "[agents.a00000]\nname = \"{name}\"\ndir = \"./a00000\"\n\
         [[agents.a00000.platforms]]\ntype = \"telegram\"\nconfig = {{ botToken = \"$TOKEN\" }}\n\
         [memory]\norg = \"dev\"\nmodels = \"./models\"\ndata = \"./data\"\n"
    )
}

const MODELS: &str = "\
type: entity
slug: company
name: Company
metadata_schema:
  type: object
  additionalProperties: false
  properties:
    tier: {enum: [gold, silver]}
    employees: {type: integer}
---
type: entity
slug: person
name: Person
---
type: relationship
slug: works-at
name: Works at
rules: [{source: person, target: company}]
---
type: relationship
slug: knows
name: Knows
is_symmetric: true
";

/// The number of rows in a data file: a third are entities, every other one a company.
const ROWS_IN_FILE: usize = 300;

/// Returns the text of a data file. `name` is that of its first entity.
fn data_file(file: usize, name: &str) -> String {
    let entities = ROWS_IN_FILE / 3;
    let mut text = "entities:\n".to_owned();
    for number in 0..entities {
        let slug = file * entities + number;
        let kind = ["company", "person"][number % 2];
        let name = if number == 0 { name } else { "One of many" };
        let _ = write!(
            text,
            "  - entity_type: {kind}\n    slug: e{slug:06}\n    name: {name}\n"
        );
        text += "    metadata:\n      tier: gold\n      employees: 12\n";
    }
    text += "relationships:\n";
    for number in 0..2 * entities {
        let (person, turn) = (number % (entities / 2), number / (entities / 2));
        // The last companies of a person are in the file before.
        let of = if turn == 3 { file.saturating_sub(1) } else { file };
        let company = (person + 7 * turn) % (entities / 2);
        let (from, to) = (file * entities + 2 * person + 1, of * entities + 2 * company);
        let _ = write!(
            text,
            "  - relationship_type: works-at\n    from: e{from:06}\n    to: e{to:06}\n"
        );
    }
    text
}
