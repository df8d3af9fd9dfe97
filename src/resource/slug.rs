//! The two spellings that the server derives from names: platform slugs and entity slugs.

/// Lower case, every run outside `[a-z0-9]` becomes one `-`, none at the ends (contract section 10.2).
pub fn platform_slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for character in text.to_lowercase().chars() {
        if character.is_ascii_lowercase() || character.is_ascii_digit() {
            slug.push(character);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

/// `slug(agent)-slug(type)[-slug(name)]`: the identity of a platform on the server (contract section 10.2).
pub fn stable_platform_id(agent: &str, kind: &str, name: Option<&str>) -> String {
    let mut id = format!("{}-{}", platform_slug(agent), platform_slug(kind));
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        id.push('-');
        id.push_str(&platform_slug(name));
    }
    id
}

/// What the server stores for an entity type's slug: lower case, each character outside `[a-z0-9-]` becomes `-`
/// (contract section 8.1). Slugs that start with `$` are the system's own and stay as they are.
pub fn normalize_entity_slug(slug: &str) -> String {
    if slug.starts_with('$') {
        return slug.to_owned();
    }
    let keep = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    slug.to_lowercase()
        .chars()
        .map(|character| if keep(character) { character } else { '-' })
        .collect()
}
