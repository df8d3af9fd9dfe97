//! The path of a value in a resource.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Segments from the resource down to one value, spelled as on the wire: `networkConfig.allowedDomains`.
///
/// A segment that holds a dot, a space or a quote is written in double quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<String>);

impl FieldPath {
    /// Creates a path of one segment.
    pub fn root(segment: impl Into<String>) -> Self {
        Self(vec![segment.into()])
    }

    /// Creates a path from its segments.
    pub fn of<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(segments.into_iter().map(Into::into).collect())
    }

    /// Returns the path with one more segment.
    pub fn join(&self, segment: impl Into<String>) -> Self {
        // With room for exactly these: a plan has some ten thousand paths.
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment.into());
        Self(segments)
    }

    /// Returns the first segment, which is the name of the field. An empty path has an empty one.
    pub fn top(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Returns the last segment. An empty path has an empty one.
    pub fn leaf(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Returns all segments, outermost first.
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// Whether the path is `prefix` or is below it.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// Parses the form that `Display` writes. Every text is a path, so this cannot fail.
    pub fn parse(text: &str) -> Self {
        let mut segments = vec![String::new()];
        let mut quoted = false;
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => quoted = !quoted,
                // A backslash is an escape in quotes only. At the end of the text nothing follows it, and it is dropped.
                '\\' if quoted => segments
                    .last_mut()
                    .into_iter()
                    .for_each(|last| last.extend(characters.next())),
                '.' if !quoted => segments.push(String::new()),
                other => segments.last_mut().into_iter().for_each(|last| last.push(other)),
            }
        }
        Self(segments)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(".")?;
            }
            if segment.is_empty() || segment.contains(['.', ' ', '"', '\\']) {
                write!(formatter, "\"{}\"", segment.replace('\\', "\\\\").replace('"', "\\\""))?;
            } else {
                formatter.write_str(segment)?;
            }
        }
        Ok(())
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}
