//! Pull, key by key and in both forms that files have: what changes on the server is a small change of a file, as a user sees
//! it in `git diff`. The snapshot has a heading for each key.

use std::fmt::Write as _;

use lobuctl::plan::Prune;
use lobuctl::resource::{Address, State};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::support::apply::elsewhere::set;
use crate::support::apply::pulling::{pull, texts};
use crate::support::apply::test_server::{TestServer, expect_valid};
use crate::support::project::TempProject;
use crate::support::snapshot;

/// The files whose form is not in question.
const SHARED: &[(&str, &str)] = &[
    ("agents/desk/IDENTITY.md", "\nYou are the desk.\n"),
    ("agents/desk/SOUL.md", "Be concise.\n\n- Be kind.\n"),
    (
        "agents/desk/skills/escalate/SKILL.md",
        "---\n# for the night\nname: escalate\ndescription: 'When to call' # and when not\n---\n\nCall somebody.\n",
    ),
    ("agents/desk/skills/flat.md", "A flat skill.\n"),
    ("agents/clerk/SOUL.md", "Write.\n"),
    ("models/person.yaml", "type: entity\nslug: person\nname: Person\n"),
    (
        "models/employs.yaml",
        "type: relationship\nslug: employs\nname: Employs\n",
    ),
    (
        "models/knows.yaml",
        "type: relationship\nslug: knows\nname: Knows\nis_symmetric: false # hardly ever\n",
    ),
];

/// The files of one form.
pub(crate) struct FileForm {
    pub(crate) name: &'static str,
    pub(crate) toml: &'static str,
    pub(crate) company: &'static str,
    pub(crate) works_at: &'static str,
}

pub(crate) const FORMS: [FileForm; 2] = [
    FileForm {
        name: "inline",
        toml: include_str!("fixtures/pull/inline.toml"),
        company: include_str!("fixtures/pull/company.flow.yaml"),
        works_at: include_str!("fixtures/pull/works-at.flow.yaml"),
    },
    FileForm {
        name: "sections",
        toml: include_str!("fixtures/pull/sections.toml"),
        company: include_str!("fixtures/pull/company.block.yaml"),
        works_at: include_str!("fixtures/pull/works-at.block.yaml"),
    },
];

impl FileForm {
    pub(crate) fn project(&self) -> TempProject {
        let own = [
            ("lobu.toml", self.toml),
            ("models/company.yaml", self.company),
            ("models/works-at.yaml", self.works_at),
        ];
        TempProject::new(&[SHARED, &own].concat())
            .env("KEY", "key-value")
            .env("REGION", "region-value")
            .env("TOKEN", "1:token-value")
    }
}

#[derive(serde::Deserialize)]
struct Changes {
    change: Vec<Change>,
}

/// A change of one value.
#[derive(serde::Deserialize)]
struct Change {
    at: String,
    path: String,
    value: Option<Value>,
}

impl Change {
    fn carry_out(&self, state: &mut State) {
        let address: Address = self.at.parse().unwrap();
        set(state, &address, &self.path, self.value.clone());
    }
}

/// Returns how the files of a project have changed, with the lines around each change.
fn difference(before: &TempProject, after: &TempProject) -> String {
    let (old, new) = (texts(before), texts(after));
    let mut report = String::new();
    for (path, text) in &new {
        let old = old.get(path).map(String::as_str).unwrap_or_default();
        if old == text {
            continue;
        }
        writeln!(report, "{}", path.display()).unwrap();
        let diff = TextDiff::from_lines(old, text);
        for (number, group) in diff.grouped_ops(1).iter().enumerate() {
            if number > 0 {
                report.push_str("    ...\n");
            }
            for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
                let mark = match change.tag() {
                    ChangeTag::Delete => "-",
                    ChangeTag::Insert => "+",
                    ChangeTag::Equal => " ",
                };
                writeln!(report, "  {mark} {}", change.value().trim_end_matches('\n')).unwrap();
            }
        }
    }
    report
}

/// Brings a server to a state.
pub(crate) async fn bring_to(server: &TestServer, state: &State) {
    let draft = server.plan_state(state, Prune::Everything).await;
    server.apply_well(&draft).await;
}

/// Pulls into each form of the project. Returns what has become of the files.
async fn pulled(server: &TestServer) -> String {
    let mut reports: Vec<(&str, String)> = Vec::new();
    for form in &FORMS {
        let (before, mut project) = (form.project(), form.project());
        let changes = pull(server, &mut project).await;
        let mut report = difference(&before, &project);
        for conflict in &changes.conflicts {
            writeln!(report, "conflict: {}", conflict.reason).unwrap();
        }
        reports.push((form.name, report));
    }
    if reports[0].1 == reports[1].1 {
        return format!("both: {}", reports[0].1);
    }
    reports
        .iter()
        .fold(String::new(), |all, (name, report)| all + name + ": " + report)
}

#[tokio::test]
async fn each_change_on_the_server_is_a_small_change_of_a_file() {
    let changes: Changes = toml::from_str(include_str!("fixtures/pull/changes.toml")).unwrap();
    let [first, second] = FORMS.map(|form| expect_valid(form.project().load()).desired);
    assert_eq!(first, second, "both forms say the same");
    let server = TestServer::stored().await;
    bring_to(&server, &first).await;
    assert_eq!(pulled(&server).await, "both: ");
    let mut report = String::new();
    for change in &changes.change {
        let mut state = first.clone();
        change.carry_out(&mut state);
        bring_to(&server, &state).await;
        let value = change
            .value
            .as_ref()
            .map_or_else(|| "gone".to_owned(), Value::to_string);
        writeln!(report, "# {} {} = {value}", change.at, change.path).unwrap();
        writeln!(report, "{}", pulled(&server).await).unwrap();
        bring_to(&server, &first).await;
    }
    snapshot::check("pull_golden", &report);
}
