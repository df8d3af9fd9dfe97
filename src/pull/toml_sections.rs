//! The sections `[[…]]` of one array in a TOML file, in another order. Each moves with its comments.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::lines::{after_comments, is_comment, line_end, line_start};
use super::toml_tree::subtree_end;

/// Returns the range of all sections of an array and its text in another order. What is between them stays where it is.
/// `order` has the position that each section has now. `None` when the sections are not one after the other.
pub(super) fn reordered(text: &str, items: &[Spanned<DeValue<'_>>], order: &[usize]) -> Option<(Range<usize>, String)> {
    let sections: Vec<Range<usize>> = items.iter().map(|item| section(text, item)).collect::<Option<_>>()?;
    let range = sections.first()?.start..sections.last()?.end;
    let (mut moved, mut at) = (String::new(), range.start);
    for (place, from) in sections.iter().zip(order) {
        moved.push_str(text.get(at..place.start)?);
        moved.push_str(&text[sections.get(*from)?.clone()]);
        at = place.end;
    }
    Some((range, moved))
}

/// Returns the lines of a section without the last line break: with the comments directly above it, and with those directly
/// below it unless they are above the next section.
fn section(text: &str, item: &Spanned<DeValue<'_>>) -> Option<Range<usize>> {
    let DeValue::Table(entries) = item.get_ref() else {
        return None;
    };
    let mut start = line_start(text, item.span().start);
    while start > 0 {
        let above = line_start(text, start - 1)..start;
        if !is_comment(text, &above) {
            break;
        }
        start = above.start;
    }
    let last = line_end(text, subtree_end(entries).max(item.span().end));
    Some(start..after_comments(text, last))
}
