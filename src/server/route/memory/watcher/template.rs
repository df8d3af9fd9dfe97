//! A check of Handlebars templates: every tag ends, and every block is closed by its name.
//!
//! A template is only stored here, so nothing more of the language is needed; the `handlebars` crate brings a grammar and its
//! generator for it.

/// Returns what is wrong with a template. `None` when its tags end and its blocks match.
pub(super) fn problem(template: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let escaped = rest[..start].ends_with('\\');
        let tag = &rest[start..];
        if !escaped && let Some(raw) = tag.strip_prefix("{{{{") {
            let Some(after) = after_raw_block(raw) else {
                return Some(format!("the raw block `{}` is not closed", beginning(raw)));
            };
            rest = after;
            continue;
        }
        let (opening, closing) = delimiters(tag);
        let Some(end) = tag[opening.len()..].find(closing) else {
            return Some(format!("`{}` does not end with `{closing}`", beginning(tag)));
        };
        let inner = &tag[opening.len()..opening.len() + end];
        rest = &tag[opening.len() + end + closing.len()..];
        if !escaped && let Some(problem) = visit(opening, inner, &mut open) {
            return Some(problem);
        }
    }
    open.pop().map(|name| format!("the block `{name}` is not closed"))
}

/// Returns what follows a raw block, whose content is kept as it is. `None` when it does not end.
fn after_raw_block(raw: &str) -> Option<&str> {
    let (tag, content) = raw.split_once("}}}}")?;
    let name = tag.split_whitespace().next()?;
    Some(content.split_once(&format!("{{{{{{{{/{name}}}}}}}}}"))?.1)
}

/// Returns how a tag that begins here is enclosed: comments may contain braces, and three braces keep the text unescaped.
fn delimiters(tag: &str) -> (&'static str, &'static str) {
    let pairs = [("{{!--", "--}}"), ("{{~!--", "--}}"), ("{{{", "}}}"), ("{{", "}}")];
    let found = pairs.into_iter().find(|(opening, _)| tag.starts_with(opening));
    found.unwrap_or(("{{", "}}"))
}

/// Opens or closes a block with the tag, and returns what is wrong with it.
fn visit<'a>(opening: &str, inner: &'a str, open: &mut Vec<&'a str>) -> Option<String> {
    if opening.ends_with("--") || inner.trim_start_matches('~').starts_with('!') {
        return None;
    }
    if inner.contains("{{") {
        return Some(format!(
            "`{opening}{}` does not end before the next tag",
            beginning(inner)
        ));
    }
    let text = inner.trim_matches('~').trim();
    let name = |text: &'a str| {
        text.trim_start_matches(['>', '*'])
            .split_whitespace()
            .next()
            .unwrap_or_default()
    };
    if text.is_empty() {
        return Some("a tag is empty".to_owned());
    }
    if text.contains(['{', '}']) {
        return Some(format!("`{opening}{}` has a brace inside", beginning(inner)));
    }
    if let Some(block) = text.strip_prefix(['#', '^']).filter(|block| !block.trim().is_empty()) {
        open.push(name(block.trim_start()));
    } else if let Some(block) = text.strip_prefix('/') {
        match open.pop() {
            None => return Some(format!("`{}` closes a block that is not open", name(block))),
            Some(opened) if opened != name(block) => {
                return Some(format!("the block `{opened}` is closed by `{}`", name(block)));
            }
            Some(_) => {}
        }
    }
    None
}

/// Returns the first line of a text, shortened.
fn beginning(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_prompts_use() {
        for template in [
            "no tags at all, {not a tag}",
            "Summarize {{sources.content}}",
            "{{#each entities}}- {{name}} ({{entity_type}}){{#if metadata.title}} — {{metadata.title}}{{/if}}\n{{/each}}",
            "{{#if a}}x{{else}}y{{/if}}{{^b}}none{{/b}}{{{raw}}}{{! a note }}{{!-- {{#if}} --}}{{~trimmed~}}",
        ] {
            assert_eq!(problem(template), None, "{template}");
        }
    }

    #[test]
    fn names_what_is_broken() {
        for (template, words) in [
            ("{{#if x}", "does not end with"),
            ("{{#if x}}y", "`if` is not closed"),
            ("{{#if x}}y{{/each}}", "closed by `each`"),
            ("{{/if}}", "not open"),
            ("{{}}", "empty"),
            ("{{a {{b}}", "before the next tag"),
        ] {
            let problem = problem(template).unwrap_or_default();
            assert!(problem.contains(words), "{template}: {problem}");
        }
    }
}
