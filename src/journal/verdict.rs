//! What became of a write that nobody saw end, by what the server has now.

use serde::{Deserialize, Serialize};

use super::difference::{agree, differing};
use super::line::RecordedWrite;
use super::recorded_resource::{RecordedResource, ResourceParts};
use crate::apply::event::Outcome;
use crate::resource::{Address, Entity, FieldPath, Resource};

/// What a reading says about a write that nobody saw end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteVerdict {
    /// The server has what was to be written.
    Applied,
    /// The server has what it had before.
    NotApplied,
    /// A part of the write was carried out.
    PartlyApplied,
    /// Not known: only a secret was to be written, and the server hides it.
    SecretHidden,
    /// Not known: only the content of an entity was to be written, and the server hides it.
    ContentHidden,
    /// The server has neither what it had before nor what was to be written.
    Different,
}

impl WriteVerdict {
    /// Decides what became of a write.
    pub fn of(write: &RecordedWrite, now: Option<&Resource>) -> Self {
        let before = write.own_before();
        let hides_content = now.and_then(Resource::as_entity).is_some_and(|it| it.hides_content);
        let now = now.map(RecordedResource::new);
        let Some(after) = &write.after else {
            return match (before, now) {
                (_, None) => Self::Applied,
                (Some(before), Some(now)) if is_still_there(&write.address, &before.parts, &now.parts) => {
                    Self::NotApplied
                }
                _ => Self::Different,
            };
        };
        let Some(now) = now else {
            return match before {
                None => Self::NotApplied,
                Some(_) if write.in_parts => Self::PartlyApplied,
                Some(_) => Self::Different,
            };
        };
        Self::of_change(write, before, after, (&now.parts, hides_content))
    }

    fn of_change(
        write: &RecordedWrite,
        before: Option<&RecordedResource>,
        after: &RecordedResource,
        (now, hides_content): (&ResourceParts, bool),
    ) -> Self {
        let nothing = ResourceParts::new();
        let had = before.map_or(&nothing, |before| &before.parts);
        let mut changed = differing(&write.address, had, &after.parts);
        let count = changed.len();
        changed.retain(|path| !(hides_content && Entity::HIDDEN.contains(&path.top())));
        let is_hidden = changed.len() < count;
        let is_after = agree(&write.address, changed.iter(), &after.parts, now);
        let is_before = before.is_some() && agree(&write.address, changed.iter(), had, now);
        // Settings are there as soon as their agent is, so that nothing was read before they were first written.
        let is_new_settings = before.is_none() && matches!(write.address, Address::Settings { .. });
        match (is_after, is_before) {
            (true, true) if is_hidden => Self::ContentHidden,
            (true, true) if write.secrets.is_empty() => Self::Applied,
            (true, true) => Self::SecretHidden,
            (true, false) => Self::Applied,
            (false, true) => Self::NotApplied,
            (false, false) if is_new_settings => Self::NotApplied,
            (false, false) if write.in_parts => Self::PartlyApplied,
            (false, false) => Self::Different,
        }
    }

    /// Returns the verdict as the outcome of the row.
    pub fn outcome(self, write: &RecordedWrite) -> Outcome {
        let created = write.before.is_empty();
        let failed = |message: &str, partly_written| Outcome::Failed {
            message: message.to_owned(),
            hint: None,
            partly_written,
        };
        match self {
            Self::Applied if write.after.is_none() => Outcome::Deleted,
            Self::Applied if created => Outcome::Created,
            Self::Applied => Outcome::Updated { restarted: None },
            Self::NotApplied => failed("ended before it was written", false),
            Self::PartlyApplied => failed("ended when a part of it was written", true),
            Self::SecretHidden => Outcome::Unknown {
                message: "the server hides the secret, so a reading does not tell".to_owned(),
            },
            Self::ContentHidden => Outcome::Unknown {
                message: "a reading does not tell the content".to_owned(),
            },
            Self::Different => Outcome::Unknown {
                message: "the server has neither what it had before nor what was to be written".to_owned(),
            },
        }
    }
}

/// Whether a resource that was to be deleted is as it was. A plan that deletes an entity need not know its content.
fn is_still_there(address: &Address, before: &ResourceParts, now: &ResourceParts) -> bool {
    let is_content =
        |path: &FieldPath| matches!(address, Address::Entity { .. }) && Entity::HIDDEN.contains(&path.top());
    differing(address, before, now).iter().all(is_content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Verb;
    use crate::resource::EntityPath;

    fn entity(name: &str, content: &str) -> Entity {
        Entity {
            path: EntityPath::parse("ada"),
            entity_type: "person".to_owned(),
            name: name.to_owned(),
            content: Some(content.to_owned()),
            ..Entity::default()
        }
    }

    fn verdict(after: Entity, now: Entity) -> WriteVerdict {
        let record = |entity: Entity| RecordedResource::new(&Resource::Entity(entity.into()));
        let write = RecordedWrite {
            at_ms: 0,
            address: Address::entity("person", EntityPath::parse("ada")),
            verb: Verb::Update,
            before: vec![record(entity("Ada", "old"))],
            after: Some(record(after)),
            secrets: Vec::new(),
            in_parts: false,
        };
        WriteVerdict::of(&write, Some(&Resource::Entity(now.into())))
    }

    #[test]
    fn a_hidden_content_tells_nothing_and_hides_nothing_else() {
        let hidden = |name: &str| Entity {
            content: None,
            hides_content: true,
            ..entity(name, "")
        };
        let new = || entity("Ada", "new");
        assert_eq!(verdict(new(), entity("Ada", "new")), WriteVerdict::Applied);
        assert_eq!(verdict(new(), entity("Ada", "old")), WriteVerdict::NotApplied);
        assert_eq!(verdict(new(), entity("Ada", "third")), WriteVerdict::Different);
        assert_eq!(verdict(new(), hidden("Ada")), WriteVerdict::ContentHidden);
        assert_eq!(verdict(entity("Eve", "new"), hidden("Ada")), WriteVerdict::NotApplied);
        assert_eq!(verdict(entity("Eve", "new"), hidden("Eve")), WriteVerdict::Applied);
    }
}
