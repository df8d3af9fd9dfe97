//! Local skills: a folder with `SKILL.md` and front matter, or a flat `NAME.md`.

use serde_json::{Map, Value, json};

use super::diagnostic::{Diagnostic, Severity, tick};
use super::domain::{judged_domain, normalize, normalize_pattern};
use super::finding::Findings;
use super::source::Source;
use super::whitespace::{is_js_space, js_trim};
use super::yaml::{self, YamlNode};

/// A skill as the gateway's own file loader would read it (contract section 10.3).
#[derive(Debug, Clone)]
pub(super) struct Skill {
    /// The name in the front matter, else that of the folder, or of the file without `.md`.
    pub name: String,
    /// The element of `skillsConfig.skills`.
    pub wire: Value,
    /// The additions to `networkConfig`.
    pub network: Map<String, Value>,
    /// The additions to `nixConfig.packages`.
    pub packages: Vec<String>,
    /// The additions to `mcpServers`.
    pub servers: Vec<(String, Map<String, Value>)>,
}

/// Reads a skill. `None` when the file is blank. `name` is used if the front matter has none; in a `flat` file, front
/// matter is ordinary text.
pub(super) fn read(source: &Source, name: &str, flat: bool, findings: &mut Findings) -> Option<Skill> {
    let text = js_trim(&source.text);
    if text.is_empty() {
        return None;
    }
    let front = if flat { None } else { split(text) };
    let Some((front, body)) = front else {
        return Some(text_only(name, text));
    };
    // The YAML begins on the line after `---`, which may itself come after blank lines.
    let blank = source.text.len() - source.text.trim_start_matches(is_js_space).len();
    let first_line = source.line(blank) + 1;
    match yaml::parse(source, front, first_line) {
        Ok(mut documents) if documents.len() <= 1 => Some(documents.pop().map_or_else(
            || text_only(name, js_trim(body)),
            |front| FrontMatter { source, findings }.read(name, &front, body),
        )),
        Ok(_) => Some(text_only(name, text)),
        // The gateway accepts such a file too, so a broken header does not stop a plan.
        Err(mut problem) => {
            problem.severity = Severity::Warning;
            problem.code = "front-matter";
            problem.message = format!("the front matter is ignored: {}", problem.message);
            problem
                .help
                .push("the whole file is sent as the skill's text".to_owned());
            findings.push(*problem);
            Some(text_only(name, text))
        }
    }
}

/// Returns the YAML between the first line `---` and the next one, and the text after it. `None` when it is missing or
/// empty.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" && start > 0 {
            return Some((&rest[..start], &rest[start + line.len()..]));
        }
        start += line.len();
    }
    None
}

/// Returns a skill that has no front matter.
fn text_only(name: &str, content: &str) -> Skill {
    Skill {
        name: name.to_owned(),
        wire: json!({ "repo": format!("local/{name}"), "name": name, "content": content, "enabled": true }),
        network: Map::new(),
        packages: Vec::new(),
        servers: Vec::new(),
    }
}

/// Reads the front matter of one skill. Wrong values are warnings, because the gateway ignores them too.
struct FrontMatter<'a> {
    source: &'a Source,
    findings: &'a mut Findings,
}

impl FrontMatter<'_> {
    fn read(mut self, fallback: &str, front: &YamlNode, body: &str) -> Skill {
        let name = front
            .get("name")
            .and_then(YamlNode::text)
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let mut skill = text_only(name.unwrap_or(fallback), js_trim(body));
        skill.packages = self.read_strings(front, "nixPackages");
        skill.network = self.read_network(front);
        skill.servers = self.read_servers(front);
        let mut extra = Map::new();
        if let Some(description) = front
            .get("description")
            .and_then(YamlNode::text)
            .filter(|text| !text.is_empty())
        {
            extra.insert("description".to_owned(), description.into());
        }
        if !skill.packages.is_empty() {
            extra.insert("nixPackages".to_owned(), skill.packages.clone().into());
        }
        if !skill.network.is_empty() {
            extra.insert("networkConfig".to_owned(), Value::Object(skill.network.clone()));
        }
        if !skill.servers.is_empty() {
            let servers = skill.servers.iter().map(|(id, server)| {
                let mut wire = Map::from_iter([("id".to_owned(), Value::String(id.clone()))]);
                wire.extend(server.clone());
                Value::Object(wire)
            });
            extra.insert("mcpServers".to_owned(), servers.collect());
        }
        if let Value::Object(wire) = &mut skill.wire {
            wire.extend(extra);
        }
        skill
    }

    /// Warns about a value of the wrong type. Null counts as absent.
    fn warn_wrong_type(&mut self, node: &YamlNode, key: &str, expected: &str) {
        if node.is_null() {
            return;
        }
        self.findings.push(
            Diagnostic::warning(
                "front-matter",
                format!(
                    "{} of the front matter must be {expected}, found {}",
                    tick(key),
                    node.kind()
                ),
            )
            .at(self.source, node.span.clone())
            .help("it is ignored"),
        );
    }

    fn read_strings(&mut self, parent: &YamlNode, key: &str) -> Vec<String> {
        let Some(node) = parent.get(key) else { return Vec::new() };
        let Some(items) = node.items() else {
            self.warn_wrong_type(node, key, "a list of strings");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items {
            match item.text() {
                Some(text) => texts.push(text.to_owned()),
                None => self.warn_wrong_type(item, key, "a list of strings"),
            }
        }
        texts
    }

    fn read_network(&mut self, front: &YamlNode) -> Map<String, Value> {
        let mut wire = Map::new();
        if let Some(network) = front.get("network") {
            for (key, name) in [("allow", "allowedDomains"), ("deny", "deniedDomains")] {
                let domains = normalize(self.read_strings(network, key).iter().map(String::as_str));
                if !domains.is_empty() {
                    wire.insert(name.to_owned(), domains.into());
                }
            }
            let judged = self.read_judged(network);
            if !judged.is_empty() {
                wire.insert("judgedDomains".to_owned(), Value::Array(judged));
            }
        }
        let judges = front.get("judges").map(YamlNode::entries).unwrap_or_default();
        let judges: Map<String, Value> = judges
            .iter()
            .filter_map(|(name, _, text)| Some((name.clone(), text.text()?.into())))
            .collect();
        if !judges.is_empty() {
            wire.insert("judges".to_owned(), Value::Object(judges));
        }
        wire
    }

    fn read_judged(&mut self, network: &YamlNode) -> Vec<Value> {
        let Some(node) = network.get("judge") else {
            return Vec::new();
        };
        let Some(items) = node.items() else {
            self.warn_wrong_type(node, "network.judge", "a list of domains");
            return Vec::new();
        };
        let mut judged = Vec::new();
        for item in items {
            let domain = item
                .text()
                .or_else(|| item.get("domain").and_then(YamlNode::text))
                .map(normalize_pattern);
            match domain.filter(|domain| !domain.is_empty()) {
                Some(domain) => judged.push(judged_domain(&domain, item.get("judge").and_then(YamlNode::text))),
                None => self.warn_wrong_type(item, "network.judge", "a domain or `{domain, judge}`"),
            }
        }
        judged
    }

    fn read_servers(&mut self, front: &YamlNode) -> Vec<(String, Map<String, Value>)> {
        let Some(node) = front.get("mcpServers") else {
            return Vec::new();
        };
        let mut servers = Vec::new();
        for (id, _, server) in node.entries() {
            let mut wire = Map::new();
            for (key, span, value) in server.entries() {
                match (key.as_str(), value.text(), value.items()) {
                    ("url" | "type" | "command", Some(text), _) if !text.is_empty() => {
                        wire.insert(key.clone(), text.into());
                    }
                    ("args", _, Some(_)) => {
                        wire.insert(key.clone(), self.read_strings(server, key).into());
                    }
                    ("url" | "type" | "command", ..) => {}
                    // The gateway drops the other keys, such as `env` and `headers`, which the MCP server would miss.
                    _ => self.findings.push(
                        Diagnostic::warning(
                            "not-synced",
                            format!("{} of a skill's MCP server is not synced", tick(key)),
                        )
                        .at(self.source, span.clone())
                        .help("declare the server under `[agents.ID.skills.mcp]` in `lobu.toml` instead"),
                    ),
                }
            }
            servers.push((id.clone(), wire));
        }
        servers
    }
}
