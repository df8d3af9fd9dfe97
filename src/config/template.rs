//! Handlebars templates, as far as a prompt can be broken: tags that do not end, and blocks that do not match.
//!
//! A check of its own, because the libraries refuse templates that the server's JavaScript library accepts.

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    /// A tag has no end.
    #[error("line {line}: `{{{{` without `}}}}`")]
    OpenTag {
        /// The number of the line within the text, from 1.
        line: usize,
    },
    /// A tag has nothing in it.
    #[error("line {line}: a tag with nothing in it")]
    EmptyTag {
        /// The number of the line within the text, from 1.
        line: usize,
    },
    /// A block has no end.
    #[error("line {line}: `{{{{#{name}}}}}` is not closed")]
    OpenBlock {
        /// The number of the line within the text, from 1.
        line: usize,
        /// The name of the block.
        name: String,
    },
    /// The end of a block that is not open.
    #[error("line {line}: `{{{{/{name}}}}}` closes nothing")]
    StrayEnd {
        /// The number of the line within the text, from 1.
        line: usize,
        /// The name behind the slash.
        name: String,
    },
}

/// A tag of a template, without its braces.
struct Tag<'a> {
    content: &'a str,
    line: usize,
}

/// Checks a template.
pub(super) fn check(text: &str) -> Result<(), TemplateError> {
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(at) = rest.find("{{") {
        let is_escaped = rest[..at].ends_with('\\') && !rest[..at].ends_with("\\\\");
        line += rest[..at].matches('\n').count();
        rest = &rest[at..];
        if is_escaped {
            // The text up to the next tag is plain.
            rest = &rest[2..];
            continue;
        }
        let (tag, mut after) = next_tag(rest, line)?;
        if is_raw_block(rest, &tag) {
            after = behind_raw_block(&tag, after)?;
        } else {
            check_tag(&tag, &mut open)?;
        }
        line += rest[..rest.len() - after.len()].matches('\n').count();
        rest = after;
    }
    match open.pop() {
        Some((name, line)) => Err(TemplateError::OpenBlock { line, name }),
        None => Ok(()),
    }
}

/// Whether a text begins with a raw block, `{{{{name}}}}`.
fn is_raw_block(text: &str, tag: &Tag<'_>) -> bool {
    text.starts_with("{{{{") && !tag.content.is_empty() && !tag.content.starts_with('/')
}

/// Returns the text behind a raw block. What is in it is no template.
fn behind_raw_block<'a>(tag: &Tag<'_>, inside: &'a str) -> Result<&'a str, TemplateError> {
    let name = tag.content.split_whitespace().next().unwrap_or_default();
    let end = format!("{{{{{{{{/{name}}}}}}}}}");
    let at = inside.find(&end).ok_or_else(|| TemplateError::OpenBlock {
        line: tag.line,
        name: name.to_owned(),
    })?;
    Ok(&inside[at + end.len()..])
}

/// Returns the tag at the start of a text, and the text behind it. A comment is a tag that begins with `!`.
fn next_tag(text: &str, line: usize) -> Result<(Tag<'_>, &str), TemplateError> {
    let unclosed = || TemplateError::OpenTag { line };
    let (start, end) = match text {
        _ if text.starts_with("{{!--") || text.starts_with("{{~!--") => ("{{", "--}}"),
        _ if text.starts_with("{{{{") => ("{{{{", "}}}}"),
        _ if text.starts_with("{{{") => ("{{{", "}}}"),
        _ => ("{{", "}}"),
    };
    let inner = &text[start.len()..];
    // A comment may end with `--~}}` too.
    let length = inner
        .find(end)
        .or_else(|| inner.find("--~}}").filter(|_| end == "--}}"))
        .ok_or_else(unclosed)?;
    let content = inner[..length].trim_matches('~').trim();
    let closed = inner[length..].find("}}").map_or(inner.len(), |at| length + at + 2);
    let after = if end.len() > 2 && end != "--}}" {
        length + end.len()
    } else {
        closed
    };
    if content.contains("{{") && !content.starts_with('!') {
        return Err(unclosed());
    }
    Ok((Tag { content, line }, &inner[after..]))
}

fn check_tag(tag: &Tag<'_>, open: &mut Vec<(String, usize)>) -> Result<(), TemplateError> {
    let line = tag.line;
    let name = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    let mut characters = tag.content.chars();
    match characters.next() {
        None => return Err(TemplateError::EmptyTag { line }),
        Some('#') => {
            let inner = characters.as_str().trim_start_matches(['>', '*', '^']).trim_start();
            if inner.is_empty() {
                return Err(TemplateError::EmptyTag { line });
            }
            open.push((name(inner), line));
        }
        // `{{^}}` is an `else`, `{{^name}}` opens a block.
        Some('^') if !characters.as_str().trim().is_empty() => open.push((name(characters.as_str()), line)),
        Some('/') => {
            let name = name(characters.as_str());
            match open.pop() {
                Some((opened, _)) if opened == name => {}
                Some((opened, line)) => return Err(TemplateError::OpenBlock { line, name: opened }),
                None => return Err(TemplateError::StrayEnd { line, name }),
            }
        }
        Some(_) => {}
    }
    Ok(())
}
