//! Pull of providers: their order, their models, and the comments beside them.

use crate::support::apply::pulling::between;

const AGENT: &str = "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n";

/// Pulls the providers that another `lobu.toml` has, and returns the text that comes out.
fn pulled(before: &str, after: &str) -> String {
    let file = |providers: &str| {
        vec![
            ("lobu.toml".to_owned(), format!("{AGENT}{providers}")),
            ("desk/SOUL.md".to_owned(), "Be kind.\n".to_owned()),
        ]
    };
    let (changes, texts) = between(&file(before), &file(after));
    assert_eq!(changes.conflicts, vec![]);
    texts["lobu.toml"].strip_prefix(AGENT).unwrap().to_owned()
}

#[test]
fn sections_move_with_their_comments_and_a_new_one_comes_in_at_its_place() {
    let before = "\n# the best\n[[agents.desk.providers]]\nid = \"anthropic\" # first\nmodel = \"claude\"\n# key = \"$KEY\"\n\n# cheap\n\
                  [[agents.desk.providers]]\nid = 'openai'\n\n[agents.desk.tools]\nstrict = true\n\n[[agents.desk.providers]]\nid = \"local\"\n";
    let after = "providers = [{ id = \"openai\" }, { id = \"new\", model = \"m\" }, { id = \"anthropic\", model = \"opus\" }, { id = \"local\" }]\n\
                 tools = { strict = true }\n";
    assert_eq!(
        pulled(before, after),
        "\n# cheap\n[[agents.desk.providers]]\nid = 'openai'\n\n[[agents.desk.providers]]\nid = \"new\"\nmodel = \"m\"\n\n\
         [agents.desk.tools]\nstrict = true\n\n# the best\n[[agents.desk.providers]]\nid = \"anthropic\" # first\nmodel = \"opus\"\n# key = \"$KEY\"\n\n\
         [[agents.desk.providers]]\nid = \"local\"\n"
    );
}

#[test]
fn items_in_brackets_move_with_their_comments() {
    let before =
        "providers = [\n  { id = \"anthropic\" }, # first\n  # cheap\n  { id = \"openai\", model = \"gpt\" },\n]\n";
    let after = "providers = [{ id = \"openai\", model = \"gpt\" }, { id = \"local\" }, { id = \"anthropic\" }]\n";
    assert_eq!(
        pulled(before, after),
        "providers = [\n  # cheap\n  { id = \"openai\", model = \"gpt\" },\n  { id = \"local\" },\n  { id = \"anthropic\" }, # first\n]\n"
    );
}
