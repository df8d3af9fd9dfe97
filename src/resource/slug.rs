//! The two spellings that the server derives from names: platform slugs and entity slugs.

/// Returns the text in lower case, with one `-` for each run of characters outside `[a-z0-9]` and none at the ends
/// (contract section 10.2). It can be empty.
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

/// Returns the id of a platform on the server, `slug(agent)-slug(type)[-slug(name)]` (contract section 10.2). Different
/// names can lead to the same id.
pub fn stable_platform_id(agent: &str, kind: &str, name: Option<&str>) -> String {
    let mut id = format!("{}-{}", platform_slug(agent), platform_slug(kind));
    // A name whose slug is empty still adds its `-`: the id has to be the one that other clients build.
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        id.push('-');
        id.push_str(&platform_slug(name));
    }
    id
}

/// Returns the slug of an entity type as the server stores it: in lower case, with `-` for each character outside
/// `[a-z0-9-]` (contract section 8.1). Slugs that start with `$` belong to the system and stay as they are.
pub fn normalize_entity_slug(slug: &str) -> String {
    if slug.starts_with('$') {
        return slug.to_owned();
    }
    // One `-` for each character: unlike a platform's slug, runs stay runs.
    let keep = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    slug.to_lowercase()
        .chars()
        .map(|character| if keep(character) { character } else { '-' })
        .collect()
}
