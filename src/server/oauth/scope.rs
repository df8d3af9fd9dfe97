//! Sets of scopes. Unknown words have no meaning here, so they are dropped or refused, and never stored.

use std::fmt;

/// Every scope, in the order in which sets are written.
pub(crate) const ALL: [&str; 4] = ["mcp:read", "mcp:write", "mcp:admin", PROFILE];
/// Changing agents and types.
pub(crate) const ADMIN: &str = "mcp:admin";
/// Reading one's name and organizations.
pub(crate) const PROFILE: &str = "profile:read";

/// A set of known scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScopeSet([bool; ALL.len()]);

impl ScopeSet {
    /// What a client gets that asks for nothing.
    pub(crate) const DEFAULT: Self = Self([true, true, false, false]);

    /// Reads scopes that are separated by blanks. Drops unknown words.
    pub(crate) fn parse(text: &str) -> Self {
        Self(ALL.map(|scope| text.split_whitespace().any(|word| word == scope)))
    }

    /// Reads scopes that are separated by blanks. `None` when one is unknown.
    pub(crate) fn parse_known(text: &str) -> Option<Self> {
        let known = text.split_whitespace().all(|word| ALL.contains(&word));
        known.then(|| Self::parse(text))
    }

    /// Whether the set has this scope.
    pub(crate) fn has(self, scope: &str) -> bool {
        self.iter().any(|own| own == scope)
    }

    /// Whether the set has a scope that needs an organization.
    pub(crate) fn needs_organization(self) -> bool {
        self.iter().any(|scope| scope.starts_with("mcp:"))
    }

    /// Whether the set is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the scopes that both sets have.
    pub(crate) fn both(self, other: Self) -> Self {
        let mut set = self;
        set.0.iter_mut().zip(other.0).for_each(|(own, other)| *own &= other);
        set
    }

    /// Returns the set with one more scope.
    pub(crate) fn with(self, scope: &str) -> Self {
        let mut set = self;
        set.0.iter_mut().zip(ALL).for_each(|(own, name)| *own |= name == scope);
        set
    }

    /// Returns the set without one scope.
    pub(crate) fn without(self, scope: &str) -> Self {
        let mut set = self;
        set.0.iter_mut().zip(ALL).for_each(|(own, name)| *own &= name != scope);
        set
    }

    /// Returns the scopes in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static str> {
        ALL.into_iter()
            .zip(self.0)
            .filter_map(|(scope, own)| own.then_some(scope))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes: Vec<&str> = self.iter().collect();
        formatter.write_str(&scopes.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_or_refuses_unknown_words() {
        assert_eq!(
            ScopeSet::parse("nope mcp:admin mcp:read").to_string(),
            "mcp:read mcp:admin"
        );
        assert_eq!(ScopeSet::parse_known("mcp:read nope"), None);
        assert!(ScopeSet::parse("mcp:adminx MCP:READ").is_empty());
    }

    #[test]
    fn narrows() {
        let all = ScopeSet::parse(&ALL.join(" "));
        assert_eq!(all.both(ScopeSet::DEFAULT), ScopeSet::DEFAULT);
        assert!(!all.without(ADMIN).has(ADMIN) && all.has(ADMIN));
        assert!(!ScopeSet::parse(PROFILE).needs_organization());
        assert_eq!(
            ScopeSet::DEFAULT.with(PROFILE).to_string(),
            "mcp:read mcp:write profile:read"
        );
    }
}
