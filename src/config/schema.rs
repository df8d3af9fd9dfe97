//! The JSON Schema of `lobu.toml`, for editors.
//!
//! It has the rules that an editor can check while the user types. Those that need other files are checked by `load` only.

use serde_json::{Value, json};

use super::preferences::{DIFFS, PANE_WIDTHS, PreferenceWords};

/// Returns the schema, as draft 07, which is the one that TOML language servers support.
pub fn json_schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "lobu.toml",
        "description": "A Lobu organization: agents, their platforms, and the memory schema",
        "type": "object",
        "required": ["agents"],
        "additionalProperties": false,
        "properties": {
            "agents": {
                "type": "object",
                "description": "The agents, by id",
                "propertyNames": {"pattern": "^[a-z][a-z0-9-]{2,59}$"},
                "additionalProperties": {"$ref": "#/definitions/agent"},
            },
            "memory": {
                "description": "The memory schema; releases up to 2026-04 read `[memory.owletto]`, later ones `[memory]`",
                "anyOf": [
                    {"$ref": "#/definitions/memory"},
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "properties": {"owletto": {"$ref": "#/definitions/memory"}},
                    },
                ],
            },
        },
        "definitions": {
            "agent": agent(),
            "provider": provider(),
            "platform": platform(),
            "mcpServer": mcp_server(),
            "network": network(),
            "memory": memory(),
        },
    })
}

/// Returns the schema of `lobuctl.toml`, as draft 07.
pub fn lobuctl_schema() -> Value {
    let entry = closed(
        &["address", "reason", "until"],
        &json!({
            "address": filled("The rows: an address such as `entity-type.legacy`, or a pattern such as `entity-type.old-*`"),
            "field": filled("Only this field and what is below it, such as `networkConfig.allowedDomains`"),
            "reason": filled("Why it is left alone"),
            "until": {
                "description": "The last day on which it is ignored, such as `2027-01-31`; days are those of UTC",
                "type": "string",
                "format": "date",
            },
        }),
    );
    let drift = closed(
        &[],
        &json!({
            "ignore": {"type": "array", "description": "Drift that is left alone for some time", "items": entry},
        }),
    );
    let mut schema = closed(&[], &json!({"drift": drift}));
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("lobuctl.toml");
    schema["description"] = json!("What lobuctl knows of a project beyond lobu.toml");
    schema
}

/// Returns the schema of the user's `config.toml`, as draft 07.
pub fn preferences_schema(words: &PreferenceWords) -> Value {
    let color = || json!({"type": "string", "minLength": 1, "examples": ["#d9a944", "bright red", "208"]});
    let colors: serde_json::Map<String, Value> =
        words.colored.iter().map(|name| ((*name).to_owned(), color())).collect();
    let keys: serde_json::Map<String, Value> = words.actions.iter().map(|name| ((*name).to_owned(), keys())).collect();
    let context = closed(
        &[],
        &json!({
            "protected": {
                "type": "boolean",
                "description": "Whether applying asks for the organization's name; `--yes` then needs `--plan-id`",
            },
            "color": color(),
        }),
    );
    let mut schema = closed(
        &[],
        &json!({
            "theme": {"enum": words.themes, "description": "The colors of the screen; `auto` leaves the background as it is"},
            "colors": closed(&[], &Value::Object(colors)),
            "keys": closed(&[], &Value::Object(keys)),
            "mouse": {"type": "boolean", "description": "Whether clicks and the wheel are read"},
            "diff": {"enum": DIFFS, "description": "How differences are shown at first"},
            "pane-width": {
                "type": "integer", "minimum": PANE_WIDTHS.start(), "maximum": PANE_WIDTHS.end(),
                "description": "The width of the tree beside the detail, in percent",
            },
            "notify": {
                "type": "boolean",
                "description": "Whether the terminal's title has the progress of a run, and its end is announced when it took long",
            },
            "context": {
                "type": "object",
                "description": "Contexts by name, as `lobuctl context` lists them",
                "additionalProperties": context,
            },
        }),
    );
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("config.toml");
    schema["description"] = json!("What one user of lobuctl likes, in ~/.config/lobuctl/config.toml");
    schema
}

/// The keys of an action: one or several.
fn keys() -> Value {
    let key = json!({"type": "string", "minLength": 1, "examples": ["a", "space", "pgup", "ctrl-r", "f5"]});
    json!({"anyOf": [key, {"type": "array", "items": key}]})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

/// A string that must not be empty.
fn filled(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "description": description})
}

fn texts(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description})
}

fn text_map(description: &str) -> Value {
    json!({"type": "object", "additionalProperties": {"type": "string"}, "description": description})
}

/// An object with these keys only.
fn closed(required: &[&str], properties: &Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn agent() -> Value {
    let tool = json!({"type": "string", "pattern": "^/mcp/[A-Za-z0-9_-]+/tools/([A-Za-z0-9_-]+|\\*)$"});
    closed(
        &["name", "dir"],
        &json!({
            "name": filled("The name that users see"),
            "description": text("What the agent is for"),
            "dir": filled("The folder with IDENTITY.md, SOUL.md, USER.md and skills/"),
            "providers": {
                "type": "array",
                "description": "Model providers; the first is the one that is used",
                "items": {"$ref": "#/definitions/provider"},
            },
            "platforms": {
                "type": "array",
                "description": "Chat platforms that the agent answers on",
                "items": {"$ref": "#/definitions/platform"},
            },
            "skills": closed(&[], &json!({
                "mcp": {
                    "type": "object",
                    "description": "MCP servers, by id",
                    "additionalProperties": {"$ref": "#/definitions/mcpServer"},
                },
            })),
            "network": {"$ref": "#/definitions/network"},
            "egress": closed(&[], &json!({
                "extra_policy": text("Added to every judge's policy"),
                "judge_model": text("The model that judges"),
            })),
            "tools": closed(&[], &json!({
                "pre_approved": {"type": "array", "items": tool, "description": "Tools that need no approval"},
                "allowed": texts("Tools that the agent may use"),
                "denied": texts("Tools that the agent may not use"),
                "strict": {"type": "boolean", "description": "Only what is allowed, nothing else"},
            })),
            "guardrails": texts("Guardrails that are switched on"),
            "worker": closed(&[], &json!({"nix_packages": texts("Packages that the worker has at hand")})),
        }),
    )
}

fn provider() -> Value {
    closed(
        &["id"],
        &json!({
            "id": filled("The provider, for example `anthropic`"),
            "model": text("The model that is preferred"),
            "key": text("A reference such as `$ANTHROPIC_API_KEY`; checked for presence, never sent"),
            "secret_ref": text("Where the key is kept, instead of `key`"),
        }),
    )
}

fn platform() -> Value {
    let kinds = ["telegram", "slack", "discord", "whatsapp", "teams", "gchat"];
    closed(
        &["type", "config"],
        &json!({
            "type": {"type": "string", "minLength": 1, "examples": kinds, "description": "The kind of platform"},
            "name": {
                "type": "string",
                "pattern": "^[a-z0-9][a-z0-9-]*$",
                "description": "Tells two of one type apart; part of the platform's id",
            },
            "config": text_map("What the platform needs; a value such as `$SLACK_BOT_TOKEN` is replaced by the secret"),
        }),
    )
}

fn mcp_server() -> Value {
    closed(
        &[],
        &json!({
            "type": {"enum": ["streamable-http", "sse", "stdio"]},
            "url": text("Where the server is"),
            "command": text("What starts it, for `stdio`"),
            "args": texts("The command's arguments"),
            "env": text_map("The command's environment; references stay references"),
            "headers": text_map("Headers of every request; references stay references"),
            "auth_scope": {"enum": ["user", "channel"]},
            "oauth": closed(&["auth_url", "token_url"], &json!({
                "auth_url": filled("Where a user signs in"),
                "token_url": filled("Where tokens are issued"),
                "client_id": text("The client's id, or a reference"),
                "client_secret": text("A reference to the client's secret"),
                "scopes": texts("What is asked for"),
                "token_endpoint_auth_method": text("How the client proves itself"),
            })),
        }),
    )
}

fn network() -> Value {
    let entry = closed(
        &["domain"],
        &json!({
            "domain": filled("The domain"),
            "judge": text("The policy's name in `judges`"),
        }),
    );
    closed(
        &[],
        &json!({
            "allowed": texts("Domains that may be reached; `.example.com` includes what is below it"),
            "denied": texts("Domains that may not be reached"),
            "judge": {
                "type": "array",
                "description": "Domains that are decided one request at a time",
                "items": {"anyOf": [{"type": "string"}, entry]},
            },
            "judges": text_map("Policies by name"),
        }),
    )
}

fn memory() -> Value {
    closed(
        &[],
        &json!({
            "enabled": {"type": "boolean", "default": true},
            "org": text("The organization's slug"),
            "name": text("The organization's name"),
            "description": text("What the organization remembers"),
            "visibility": {"enum": ["public", "private"]},
            "models": text("The folder of the model files"),
            "data": text("A folder of data; not synced"),
        }),
    )
}
