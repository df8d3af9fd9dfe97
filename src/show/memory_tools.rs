//! The memory endpoint, its tools and what they answer, as lines.

use serde_json::Value;

use super::line::{Line, Role};
use super::plan::target_line;
use super::word::plural;
use crate::plan::Target;

/// An argument of a tool, as its schema describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolArgument<'a> {
    /// Its name.
    pub name: &'a str,
    /// The JSON type of its values; empty where the schema names none.
    pub kind: &'a str,
    /// Whether a call without it is refused.
    pub required: bool,
    /// The values that are allowed, where they are listed.
    pub values: Vec<&'a str>,
    /// What it means, in the server's words.
    pub description: &'a str,
}

/// Returns the arguments of a tool, in the schema's order.
pub fn tool_arguments(schema: &Value) -> Vec<ToolArgument<'_>> {
    let required: Vec<&str> = texts(&schema["required"]);
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| ToolArgument {
            name,
            kind: property["type"].as_str().unwrap_or_default(),
            required: required.contains(&name.as_str()),
            values: texts(&property["enum"]),
            description: property["description"].as_str().unwrap_or_default(),
        })
        .collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Returns what is known of an endpoint that answers. `server` is the program and its version, as far as it says so.
pub fn health_lines(target: &Target, server: &str, protocol: &str, tools: usize) -> Vec<Line> {
    let fact = |name: &str, value: &str| Line::at(2).push(Role::Dim, format!("{name:<10}")).plain(value);
    vec![
        target_line("Memory", target),
        Line::default(),
        fact("answers", "yes"),
        fact("server", server),
        fact("protocol", protocol),
        fact("tools", &format!("{tools} offered to this token")),
    ]
}

/// Returns the tools with their arguments: each a name, the schema and a description.
pub fn tool_lines<'a>(target: &Target, tools: impl IntoIterator<Item = (&'a str, &'a str, &'a Value)>) -> Vec<Line> {
    let mut lines = vec![target_line("Memory tools", target)];
    let mut count = 0;
    for (name, description, schema) in tools {
        count += 1;
        lines.extend([Line::default(), Line::at(2).push(Role::Id, name)]);
        lines.extend(description.lines().map(|line| Line::at(4).plain(line)));
        let arguments = tool_arguments(schema);
        let width = arguments
            .iter()
            .map(|argument| argument.name.len())
            .max()
            .unwrap_or_default();
        lines.extend(arguments.iter().map(|argument| argument_line(argument, width)));
    }
    lines.push(Line::default());
    lines.push(Line::at(0).plain(plural(count, "tool", "tools")));
    lines
}

fn argument_line(argument: &ToolArgument<'_>, width: usize) -> Line {
    let mut facts = vec![argument.kind.to_owned()];
    facts.extend(argument.required.then(|| "required".to_owned()));
    facts.extend((!argument.values.is_empty()).then(|| format!("one of {}", argument.values.join(", "))));
    facts.retain(|fact| !fact.is_empty());
    let line = Line::at(4)
        .push(Role::Strong, format!("{:<width$}", argument.name))
        .push(Role::Dim, format!("  {}", facts.join(", ")));
    if argument.description.is_empty() {
        line
    } else {
        line.plain(format!("  {}", argument.description.lines().next().unwrap_or_default()))
    }
}

/// Returns what a tool answered. Pieces that are not text are named.
pub fn answer_lines(content: &[Value]) -> Vec<Line> {
    let mut lines = Vec::new();
    for piece in content {
        match piece["text"].as_str().or_else(|| piece["resource"]["text"].as_str()) {
            Some(text) => lines.extend(text.lines().map(|line| Line::at(0).plain(line))),
            None => lines.push(Line::at(0).push(Role::Dim, piece_name(piece))),
        }
    }
    lines
}

fn piece_name(piece: &Value) -> String {
    let words = ["type", "mimeType", "uri", "name"];
    let words = words.iter().filter_map(|key| piece[key].as_str());
    format!("[{}; `--format json` has it]", words.collect::<Vec<_>>().join(" "))
}
