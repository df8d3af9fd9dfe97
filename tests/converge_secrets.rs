//! Secrets that a server does not show: in platforms and in MCP servers they are sent again, and never called a change.

use lobuctl::plan::{ChangeKind, Prune};
use lobuctl::resource::Address;

use super::support::peer::{Peer, changing, drifting, usable};
use super::support::project::TempProject;

const TOML: &str = r#"
[agents.desk]
name = "Desk"
dir = "."

[agents.desk.skills.mcp.ledger]
url = "https://ledger.example"
env = { API_TOKEN = "LITERAL-one", REGION = "eu" }
headers = { Authorization = "Bearer LITERAL-two" }

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "1:LITERAL-three", mode = "webhook" }
"#;

fn project(toml: &str) -> TempProject {
    TempProject::new(&[("lobu.toml", toml)])
}

#[tokio::test]
async fn what_is_redacted_is_sent_again_and_is_no_change() {
    let peer = Peer::new().await;
    let original = usable(project(TOML).load());
    peer.apply_well(&peer.plan(&original, Prune::Nothing).await).await;
    for toml in [TOML.to_owned(), TOML.replace("LITERAL-one", "LITERAL-other")] {
        let project = usable(project(&toml).load());
        let draft = peer.plan(&project, Prune::Nothing).await;
        assert_eq!(changing(&draft.plan), Vec::<String>::new());
        assert_eq!(drifting(&draft.plan), Vec::<String>::new());
        let row = draft.plan.row(&Address::settings("desk")).unwrap();
        assert!(row.recheck);
        assert!(
            row.changes
                .iter()
                .all(|change| change.kind == ChangeKind::SecretNotComparable)
        );
        let ran = peer.apply_well(&draft).await;
        assert_eq!(
            ran.progress.tally().unchanged,
            2,
            "settings and platform are sent again"
        );
        let said = serde_json::to_string(&(draft.plan, ran.events)).unwrap();
        assert!(!said.contains("LITERAL"), "{said}");
    }
}

#[tokio::test]
async fn what_is_not_secret_beside_a_redacted_value_is_still_compared() {
    let peer = Peer::new().await;
    let original = usable(project(TOML).load());
    peer.apply_well(&peer.plan(&original, Prune::Nothing).await).await;
    let edited = usable(project(&TOML.replace("\"eu\"", "\"us\"")).load());
    let draft = peer.plan(&edited, Prune::Nothing).await;
    assert_eq!(changing(&draft.plan), ["~ settings desk (mcpServers)"]);
    peer.apply_well(&draft).await;
    assert_eq!(
        changing(&peer.plan(&edited, Prune::Nothing).await.plan),
        Vec::<String>::new()
    );
}
