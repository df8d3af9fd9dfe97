//! Findings as SARIF 2.1.0, which code scanning of GitHub and editors show at lines of files.

use std::path::Path;

use serde_json::{Value, json};

use super::findings::{FindingLevel, FindingList, ReportFinding};
use crate::resource::with_visible_escapes;
use crate::show::printable;

/// The file that a finding without a location belongs to. GitHub refuses results that have none.
const PROJECT_FILE: &str = "lobu.toml";

/// Returns one line of JSON.
pub fn document(findings: &FindingList) -> String {
    let rules = rules(findings);
    let results: Vec<Value> = findings.findings.iter().map(|it| result(it, &rules)).collect();
    let mut invocation = json!({ "executionSuccessful": findings.succeeded() });
    if let Some(failure) = &findings.failure {
        invocation["toolExecutionNotifications"] = json!([{ "level": "error", "message": message(failure) }]);
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "lobuctl",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| json!({ "id": rule })).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("lobuctl/{}", findings.command) },
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    });
    with_visible_escapes(document.to_string()) + "\n"
}

/// Returns the rules of all findings, each once, sorted.
fn rules(findings: &FindingList) -> Vec<&str> {
    let mut rules: Vec<&str> = findings.findings.iter().map(|it| it.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn result(finding: &ReportFinding, rules: &[&str]) -> Value {
    let mut location = json!({ "physicalLocation": { "artifactLocation": {
        "uri": finding.file.as_deref().map_or_else(|| PROJECT_FILE.to_owned(), uri),
    } } });
    if let Some(line) = finding.line {
        location["physicalLocation"]["region"] = json!({ "startLine": line });
        if let Some(column) = finding.column {
            location["physicalLocation"]["region"]["startColumn"] = json!(column);
        }
    }
    if let Some(address) = &finding.address {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": address, "kind": "resource" }]);
    }
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.iter().position(|rule| *rule == finding.rule),
        "level": match finding.level {
            FindingLevel::Note => "note",
            FindingLevel::Warning => "warning",
            FindingLevel::Error => "error",
        },
        "message": message(&finding.text()),
        "locations": [location],
    })
}

fn message(text: &str) -> Value {
    let lines: Vec<String> = text.lines().map(printable).collect();
    json!({ "text": lines.join("\n") })
}

/// Returns a path as a relative reference, or as a `file` URI where it is absolute.
fn uri(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "/");
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encoded = text.bytes().map(|byte| {
        if is_kept(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    let encoded: String = encoded.collect();
    if path.is_absolute() {
        format!("file://{encoded}")
    } else {
        encoded
    }
}
