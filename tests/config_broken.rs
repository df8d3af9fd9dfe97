//! What is said about broken configuration, whole: one snapshot for each kind of problem.

use crate::support::project::{TempProject, report};
use crate::support::snapshot;

/// An agent that is fine.
const AGENT: &str = "[agents.triage]\nname = \"Triage\"\ndir = \".\"\n";

/// Checks the report on a project whose `lobu.toml` is the good agent and `more`.
fn with_agent(name: &str, more: &str) {
    reported(name, &[("lobu.toml", &format!("{AGENT}{more}"))]);
}

/// Checks the report on a project with a good agent and one model file.
fn with_model(name: &str, model: &str) {
    with_models(name, &[("models/model.yaml", model)]);
}

fn with_models(name: &str, models: &[(&str, &str)]) {
    let toml = format!("{AGENT}\n[memory]\norg = \"dev\"\nmodels = \"models\"\n");
    let mut files = vec![("lobu.toml", toml.as_str())];
    files.extend_from_slice(models);
    reported(name, &files);
}

fn reported(name: &str, files: &[(&str, &str)]) {
    check(name, &TempProject::new(files));
}

fn check(name: &str, project: &TempProject) {
    let loaded = project.load();
    let errors = loaded.diagnostics.iter().any(lobuctl::config::Diagnostic::is_error);
    assert_eq!(loaded.project.is_none(), errors, "{name}");
    assert!(!loaded.diagnostics.is_empty(), "{name}: nothing was said");
    snapshot::check(&format!("config_broken_{name}"), &report(&loaded));
}

#[test]
fn the_toml_itself() {
    with_agent(
        "toml_syntax",
        "[[agents.triage.providers]\nid = \"anthropic\"\n\n[agents.billing]\nname = \"Billing\ndir = \".\"\n",
    );
    with_agent("toml_duplicate_key", "name = \"Again\"\n");
    with_agent(
        "toml_unquoted_secret",
        "[[agents.triage.platforms]]\ntype = \"telegram\"\nconfig = { botToken = sk-live-0123 }\n",
    );
    reported("toml_only_text", &[("lobu.toml", "this is not a configuration\n")]);
    with_agent(
        "toml_newer",
        "tools = {\n  strict = true, # yes\n}\nguardrails = [\n  \"a\",\n]\n",
    );
    with_agent(
        "control_characters",
        "\"\\u001b[31m\\u202eyek\" = \"\\u0007\"\n\u{202e}gub = 1\n",
    );
    reported("empty_file", &[("lobu.toml", "")]);
}

#[test]
fn keys() {
    with_agent("unknown_key", "descripton = \"x\"\n");
    with_agent("unknown_key_without_a_guess", "zzz = 1\n");
    with_agent("unknown_table", "[agents.triage.netwrok]\nallowed = []\n");
    reported(
        "unknown_top_level",
        &[("lobu.toml", "[agents]\n[momory]\norg = \"dev\"\n")],
    );
    with_agent(
        "renamed_connections",
        "[[agents.triage.connections]]\ntype = \"telegram\"\nconfig = {}\n",
    );
    with_agent(
        "later_release",
        "guardrails_disabled = [\"x\"]\n[agents.triage.preview.slack]\nenabled = true\n",
    );
    with_agent("watchers", "[[agents.triage.watchers]]\nslug = \"w\"\n");
    reported(
        "missing_keys",
        &[(
            "lobu.toml",
            "[agents.triage]\n\n[[agents.triage.providers]]\nmodel = \"m\"\n",
        )],
    );
    with_agent(
        "wrong_types",
        "description = 5\nguardrails = \"one\"\nproviders = {}\n[agents.triage.tools]\nstrict = \"yes\"\n",
    );
    reported(
        "empty_name",
        &[("lobu.toml", "[agents.triage]\nname = \" \"\ndir = \".\"\n")],
    );
}

#[test]
fn agents() {
    reported(
        "agent_ids",
        &[(
            "lobu.toml",
            "[agents.ab]\nname = \"A\"\ndir = \".\"\n[agents.1abc]\nname = \"B\"\ndir = \".\"\n[agents.\"Ä \u{202e}x\"]\nname = \"C\"\ndir = \".\"\n",
        )],
    );
    reported(
        "missing_folder",
        &[
            ("lobu.toml", "[agents.triage]\nname = \"T\"\ndir = \"./agents/triag\"\n"),
            ("agents/triage/SOUL.md", "x"),
        ],
    );
    reported(
        "folder_is_a_file",
        &[("lobu.toml", "[agents.triage]\nname = \"T\"\ndir = \"lobu.toml\"\n")],
    );
    reported(
        "folder_outside",
        &[("lobu.toml", "[agents.triage]\nname = \"T\"\ndir = \"..\"\n")],
    );
    let toml = "[agents.triage]\nname = \"T\"\ndir = \"./agents/triage\"\n[memory]\norg = \"dev\"\n";
    reported("nothing_written_yet", &[("lobu.toml", toml), ("models/a.yaml", "")]);
    reported(
        "misspelt_files",
        &[("lobu.toml", AGENT), ("Soul.md", "x"), ("skills/a/skill.md", "x")],
    );
    with_agent(
        "provider_twice",
        "providers = [{ id = \"a\" }, { id = \"b\" }, { id = \"a\" }]\n",
    );
    with_agent(
        "provider_key_and_secret_ref",
        "[[agents.triage.providers]]\nid = \"a\"\nkey = \"plain-text-key\"\nsecret_ref = \"secret://x\"\n",
    );
    with_agent(
        "tool_pattern",
        "[agents.triage.tools]\npre_approved = [\"/mcp/a/tools/*\", \"linear/search\"]\n",
    );
    with_agent(
        "judge_entry",
        "[agents.triage.network]\njudge = [\"a.com\", 5, { judge = \"x\" }]\n",
    );
    with_agent(
        "mcp_choices",
        "[agents.triage.skills.mcp.gh]\ntype = \"http\"\nauth_scope = \"all\"\n[agents.triage.skills.mcp.gh.oauth]\nauth_url = \"https://x\"\n",
    );
}

#[test]
fn platforms() {
    let platform = |more: &str| format!("[[agents.triage.platforms]]\n{more}\n");
    with_agent("platform_without_config", &platform("type = \"telegram\""));
    with_agent("platform_type", &platform("type = \"telegrm\"\nconfig = {}"));
    with_agent(
        "platform_name",
        &platform("type = \"slack\"\nname = \"Eng Team\"\nconfig = {}"),
    );
    with_agent(
        "platform_value_type",
        &platform("type = \"telegram\"\nconfig = { chatId = 5, botToken = [\"sk-live-0123\"] }"),
    );
    with_agent(
        "platform_redacted_value",
        &platform("type = \"telegram\"\nconfig = { botToken = \"***oken\" }"),
    );
    with_agent(
        "platform_reserved_key",
        &platform("type = \"telegram\"\nconfig = { platform = \"slack\" }"),
    );
    with_agent(
        "platform_twice",
        &(platform("type = \"slack\"\nconfig = {}") + &platform("type = \"slack\"\nconfig = {}")),
    );
    reported(
        "platform_id_across_agents",
        &[(
            "lobu.toml",
            "[agents.sup]\nname = \"A\"\ndir = \".\"\nplatforms = [{ type = \"bot\", name = \"x\", config = {} }]\n[agents.sup-bot]\nname = \"B\"\ndir = \".\"\nplatforms = [{ type = \"x\", config = {} }]\n",
        )],
    );
}

#[test]
fn secrets() {
    let used = "[[agents.triage.platforms]]\ntype = \"slack\"\nconfig = { botToken = \"$SLACK_TOKEN\", signingSecret = \"$SIGNING\" }\n[[agents.triage.platforms]]\ntype = \"slack\"\nname = \"eng\"\nconfig = { botToken = \"$SLACK_TOKEN\" }\n";
    let toml = format!("{AGENT}{used}");
    reported("secrets_missing", &[("lobu.toml", &toml), (".env", "SIGNING=\n")]);
    check(
        "secret_redacted",
        &TempProject::new(&[
            ("lobu.toml", toml.as_str()),
            (".env", "SIGNING=x\nSLACK_TOKEN=***abc\n"),
        ]),
    );
    with_agent(
        "look_alikes",
        "[[agents.triage.platforms]]\ntype = \"slack\"\nconfig = { botToken = \"${SLACK_TOKEN}\", signingSecret = \"$signing\" }\n[agents.triage.skills.mcp.gh]\nheaders = { Authorization = \"Bearer $GH_TOKEN\" }\n",
    );
    reported(
        "env_lines",
        &[
            ("lobu.toml", AGENT),
            (".env", "A=1\nsk-live-0123\nB C=sk-live-0123\nD=\"sk-live-0123\n"),
        ],
    );
    let mut project = TempProject::new(&[("lobu.toml", AGENT)]);
    project.env_files = vec![project.path().join("ci.env")];
    check("env_file_missing", &project);
}

#[test]
fn memory() {
    with_agent(
        "memory_twice",
        "[memory]\norg = \"dev\"\n[memory.owletto]\norg = \"dev\"\n",
    );
    with_agent(
        "memory_keys",
        "[memory.owletto]\norgg = \"dev\"\nvisibility = \"secret\"\nconnectors = \"./c\"\n[memory.owletto.schema]\nx = 1\n",
    );
    reported(
        "memory_models_missing",
        &[
            ("lobu.toml", &format!("{AGENT}[memory]\nmodels = \"modls\"\n")),
            ("models/a.yaml", "type: connector\n"),
        ],
    );
    reported(
        "memory_data",
        &[
            ("lobu.toml", &format!("{AGENT}[memory]\ndata = \"data\"\n")),
            ("data/a.json", "{}"),
            ("data/deep/b.yaml", "type: connector\n"),
        ],
    );
}

#[test]
fn models() {
    with_model(
        "yaml_syntax",
        "type: entity\nslug: person\nname: [unclosed\nicon: user\n",
    );
    with_model("yaml_tab", "type: entity\n\tslug: person\n");
    with_model("yaml_duplicate_key", "type: entity\nslug: person\nname: A\nname: B\n");
    with_model("model_empty", "# nothing\n");
    with_model("model_not_a_mapping", "- type: entity\n");
    with_model("model_without_type", "slug: person\nname: Person\n");
    with_model("model_other_type", "type: connector\nslug: w\n");
    with_model("model_type_typo", "type: entitty\nslug: w\n");
    with_model("model_missing_slug_and_name", "type: entity\nicon: user\n");
    with_model(
        "model_wrong_types",
        "type: relationship\nslug: 5\nname: true\nis_symmetric: often\nrules: all\nauto_create_when: now\n",
    );
    with_model(
        "model_unknown_keys",
        "type: entity\nslug: person\nname: Person\ncolour: red\nx-table-relationships: []\n",
    );
    with_model("model_reserved_slug", "type: entity\nslug: Events\nname: E\n");
    with_model("model_system_slug", "type: relationship\nslug: $knows\nname: K\n");
    with_model("model_slug_normalised", "type: entity\nslug: Support_Ticket\nname: T\n");
    with_model(
        "model_columns",
        "type: entity\nslug: a\nname: A\nmetadata_schema:\n  properties:\n    a: {x-table-column: yes}\n    b: {x-table-label: 5}\n",
    );
    with_model(
        "model_schema_twice",
        "type: entity\nslug: a\nname: A\nmetadata_schema: {}\nproperties: {a: {type: string}}\n",
    );
    with_model(
        "model_rules",
        "type: relationship\nslug: r\nname: R\nrules:\n  - {source: a, target: b}\n  - {source: a}\n  - {source: A, target: b}\n",
    );
    with_model(
        "model_status_and_inverse",
        "type: relationship\nslug: r\nname: R\nstatus: deleted\ninverse: r\n",
    );
    with_models(
        "model_slug_twice",
        &[
            ("models/a.yaml", "type: entity\nslug: support-ticket\nname: A\n"),
            ("models/b.yaml", "type: entity\nslug: support_ticket\nname: B\n"),
        ],
    );
    with_model(
        "model_bundle",
        "version: 2\nentities:\n  - {slug: a, name: A}\n  - {slug: b}\nrelationships: []\nwatchers:\n  - {slug: w}\n",
    );
    with_model("model_version", "version: 9\ntype: entity\nslug: a\nname: A\n");
}

#[test]
fn skills() {
    let agent = AGENT;
    reported(
        "skill_front_matter",
        &[("lobu.toml", agent), ("skills/a/SKILL.md", "---\nname: [\n---\nbody\n")],
    );
    reported(
        "skill_front_matter_types",
        &[
            ("lobu.toml", agent),
            (
                "skills/a/SKILL.md",
                "---\nname: a\nnixPackages: jq\nnetwork:\n  judge: [5]\nmcpServers:\n  gh: {url: u, env: {TOKEN: sk-live-0123}}\n---\nbody\n",
            ),
        ],
    );
}

#[test]
fn files() {
    let bytes: &[(&str, &[u8])] = &[("lobu.toml", b"[agents.triage]\nname = \"\xff\xfe\"\n")];
    check("not_utf8", &TempProject::new(bytes));
    check(
        "fifty_megabytes",
        &TempProject::new(&[("lobu.toml", " ".repeat(50 * 1024 * 1024))]),
    );
    check("a_folder", &TempProject::new(&[("lobu.toml/readme", "")]));
    let none: [(&str, &str); 0] = [];
    check("no_file", &TempProject::new(&none));
    let nested = format!(
        "[agents.triage]\nname = {}{}\ndir = \".\"\n",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let deep = TempProject::new(&[("lobu.toml", nested)]).load();
    assert!(deep.project.is_none() && deep.diagnostics[0].code == "toml-syntax");
    let yaml = format!("type: entity\nslug: a\nname: {}\n", "[".repeat(100_000));
    let toml = format!("{AGENT}[memory]\nmodels = \".\"\n");
    let deep = TempProject::new(&[("lobu.toml", toml.as_str()), ("a.yaml", yaml.as_str())]).load();
    assert!(deep.project.is_none() && deep.diagnostics[0].code == "yaml-syntax");
}

#[cfg(unix)]
#[test]
fn links_that_go_in_circles() {
    use std::os::unix::fs::symlink;
    let toml = format!("{AGENT}[memory]\nmodels = \"models\"\n");
    let project = TempProject::new(&[
        ("lobu.toml", toml.as_str()),
        ("models/a.yaml", "type: connector\n"),
        ("skills/a.md", "x"),
    ]);
    symlink("loop", project.path().join("skills/loop")).unwrap();
    symlink("../skills", project.path().join("skills/again")).unwrap();
    symlink("SOUL.md", project.path().join("SOUL.md")).unwrap();
    symlink("../models", project.path().join("models/again")).unwrap();
    symlink("nowhere.yaml", project.path().join("models/dangling.yaml")).unwrap();
    check("links", &project);
}

#[test]
fn byte_order_marks_and_windows_line_ends_are_fine() {
    let toml = format!("\u{feff}{AGENT}").replace('\n', "\r\n");
    let project = TempProject::new(&[("lobu.toml", toml.as_str()), ("SOUL.md", "\u{feff}be kind\r\n")]);
    let loaded = project.load();
    assert_eq!(report(&loaded), "");
    let settings = loaded.project.unwrap().desired.settings;
    assert_eq!(settings["triage"].get("soulMd").unwrap(), "be kind");
    reported(
        "windows_line_ends",
        &[("lobu.toml", &format!("\u{feff}{AGENT}nam = 1\n").replace('\n', "\r\n"))],
    );
}
