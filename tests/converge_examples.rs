//! Real projects: they apply, then nothing is left to do; and after each of many small edits, exactly that one change.

use std::fs;
use std::path::{Path, PathBuf};

use lobuctl::plan::Prune;

use crate::support::apply::test_server::{TestServer, changed_rows, drifted_fields, expect_valid};
use crate::support::project::TempProject;
use crate::support::report_skip;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/examples");
    let Ok(entries) = fs::read_dir(&folder) else {
        report_skip("real projects: there is no ../shared/examples");
        return Vec::new();
    };
    let mut projects: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("lobu.toml").exists())
        .collect();
    projects.sort();
    projects
}

/// The text files below a folder, by path.
fn files(folder: &Path, below: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(below).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(folder, &path, found);
        } else {
            found.push((
                path.strip_prefix(folder).unwrap().to_owned(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
}

/// Small edits of a file, each as its whole new text: one value of one line, or one more line.
fn edits(path: &Path, text: &str) -> Vec<String> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => line_edits(
            text,
            &["name = \"", "description = \"", "model = \"", "judge_model = \""],
        ),
        // A skill's front matter goes to several settings at once; its body is edited like any text.
        Some("md") => vec![format!("{text}\nOne more line.\n")],
        Some("yaml") if is_synced(text) => line_edits(text, &["name: ", "description: ", "icon: ", "color: \""]),
        _ => Vec::new(),
    }
}

/// One edit for each line at the left margin that begins like this, up to where memory begins.
fn line_edits(text: &str, beginnings: &[&str]) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .iter()
        .position(|line| line.starts_with("[memory"))
        .unwrap_or(lines.len());
    let edit = |index: usize| {
        let beginning = beginnings
            .iter()
            .find(|beginning| lines[index].starts_with(*beginning))?;
        let rest = &lines[index][beginning.len()..];
        if rest.starts_with(['>', '|']) {
            return None;
        }
        let changed = format!("{beginning}x{rest}");
        let all = lines
            .iter()
            .enumerate()
            .map(|(at, line)| if at == index { changed.as_str() } else { line });
        Some(all.collect::<Vec<_>>().join("\n") + "\n")
    };
    (0..end).filter_map(edit).collect()
}

/// Entity and relationship types, but for those whose slug the server keeps to itself.
fn is_synced(text: &str) -> bool {
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).map(str::trim);
    matches!(line("type:"), Some("entity" | "relationship")) && line("slug:") != Some("organization")
}

/// Checks that a project with too many table columns does not load.
fn refuses_the_fifth_column(files: &[(PathBuf, String)]) {
    let loaded = TempProject::new(files).env("ANTHROPIC_API_KEY", "x").load();
    let errors = loaded.diagnostics.iter().filter(|it| it.is_error());
    let codes: Vec<&str> = errors.map(|it| it.code).collect();
    assert_eq!(codes, ["too-many-columns"; 2]);
    assert!(loaded.project.is_none());
}

/// Returns the text of a file without the lines that declare a fifth table column.
fn with_four_columns(text: &str) -> String {
    let mut columns = 0;
    let within_limit = |line: &&str| {
        columns += usize::from(line.trim() == "x-table-column: true");
        columns <= 4 || line.trim() != "x-table-column: true"
    };
    text.split_inclusive('\n').filter(within_limit).collect()
}

/// Files by path.
type Files = Vec<(PathBuf, String)>;

/// Returns the folder of every real project and its files, as far as the server takes them.
pub(crate) fn each_example() -> Vec<(PathBuf, Files)> {
    let read = |folder: PathBuf| {
        let mut all = Vec::new();
        files(&folder, &folder, &mut all);
        if folder.ends_with("market") {
            refuses_the_fifth_column(&all);
            let within_limit = |(path, text): (PathBuf, String)| (path, with_four_columns(&text));
            all = all.into_iter().map(within_limit).collect();
        }
        (folder, all)
    };
    examples().into_iter().map(read).collect()
}

#[tokio::test]
async fn each_small_edit_of_a_real_project_is_one_change_and_then_none() {
    for (folder, all) in each_example() {
        let server = TestServer::live().await;
        let copy = TempProject::new(&all).env("ANTHROPIC_API_KEY", "x");
        server
            .apply_well(&server.plan(&expect_valid(copy.load()), Prune::Nothing).await)
            .await;
        let again = server.plan(&expect_valid(copy.load()), Prune::Nothing).await;
        assert_eq!(changed_rows(&again.plan), Vec::<String>::new(), "{}", folder.display());
        assert_eq!(
            drifted_fields(&again.plan),
            Vec::<String>::new(),
            "{}",
            folder.display()
        );
        let mut count = 0;
        for (path, text) in &all {
            for edited in edits(path, text) {
                fs::write(copy.path().join(path), &edited).unwrap();
                let draft = server.plan(&expect_valid(copy.load()), Prune::Nothing).await;
                let rows = changed_rows(&draft.plan);
                assert_eq!(
                    rows.len(),
                    1,
                    "{}: {}: {rows:?}\n{edited}",
                    folder.display(),
                    path.display()
                );
                server.apply_well(&draft).await;
                let again = server.plan(&expect_valid(copy.load()), Prune::Nothing).await;
                assert_eq!(changed_rows(&again.plan), Vec::<String>::new(), "{}", path.display());
                fs::write(copy.path().join(path), text).unwrap();
                server
                    .apply_well(&server.plan(&expect_valid(copy.load()), Prune::Nothing).await)
                    .await;
                count += 1;
            }
        }
        assert!(count > 10, "{}: {count} edits", folder.display());
    }
}
