//! What a GitHub Actions job sees: annotations on the files' lines, and the plan in its summary.

use lobuctl::cli::Cli;
use lobuctl::command;
use lobuctl::exit::Exit;
use lobuctl::host::Host;

use crate::support::project::TempProject;
use crate::support::server::listening;

#[tokio::test]
async fn no_text_of_a_file_commands_the_runner() {
    let toml = "[agents.desk]\nname = \"D\"\ndir = \".\"\n\"##[set-output name=page-file;]/home/x\" = 1\n\"::stop-commands::x\" = 2\n";
    let project = TempProject::new(&[("lobu.toml", toml)]);
    let run = async |format: &str| {
        let (host, captured) = Host::fake(project.path());
        let host = host.with_environment([("GITHUB_ACTIONS", "true"), ("LOBU_CONFIG_DIR", "/nonexistent/lobu")]);
        let cli = Cli::parse_from_arguments(["lobuctl", "validate", "--format", format]).unwrap();
        assert_eq!(command::run(&cli, host).await, Exit::Failed);
        captured
    };
    for format in ["text", "json", "sarif", "junit"] {
        let captured = run(format).await;
        let (out, err) = (captured.stdout(), captured.stderr());
        let commands = |text: &str| -> Vec<String> {
            let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
            text.split(['\r', '\n']).filter(is_command).map(str::to_owned).collect()
        };
        assert_eq!(commands(&out), Vec::<String>::new());
        let found = commands(&err);
        assert!(
            found
                .iter()
                .all(|line| line.starts_with("::error file=lobu.toml,line=")),
            "{found:?}"
        );
        assert_eq!(found.len(), 2, "{err}");
        assert!(err.contains("##<[>set-output"), "{err}");
        if format == "json" {
            let message =
                serde_json::from_str::<serde_json::Value>(out.lines().next().unwrap()).unwrap()["message"].clone();
            assert!(message.as_str().unwrap().contains("##[set-output"), "{out}");
        }
    }
}

#[tokio::test]
async fn problems_are_annotations_and_the_plan_is_in_the_summary() {
    let server = listening().await;
    let project = TempProject::new(&[("lobu.toml", "[agents.desk]\nname = \"100%\"\ndir = \".\"\n")]);
    let broken = TempProject::new(&[("lobu.toml", "[agents.desk]\nname = \"Desk\"\ndir = \".\"\nnane = 1\n")]);
    let summary = project.path().join("summary.md");
    let run = async |folder: &TempProject| {
        let (host, captured) = Host::fake(folder.path());
        let host = host.with_environment([
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
            ("LOBU_API_TOKEN", server.token.as_str()),
            ("LOBU_CONFIG_DIR", "/nonexistent/lobu"),
        ]);
        let cli = Cli::parse_from_arguments(["lobuctl", "plan", "--url", &server.url, "--org", "dev"]).unwrap();
        (command::run(&cli, host).await, captured)
    };
    let (exit, captured) = run(&broken).await;
    assert_eq!(exit, Exit::Failed);
    let annotation = "::error file=lobu.toml,line=4,col=1::unknown key `nane`";
    assert!(captured.stderr().contains(annotation), "{}", captured.stderr());
    assert!(!summary.exists());
    let (exit, _) = run(&project).await;
    assert_eq!(exit, Exit::Done);
    assert!(std::fs::read_to_string(&summary).unwrap().contains("+ agent desk"));
}
