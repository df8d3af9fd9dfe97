//! Creating and updating entities. Unique indexes refuse a taken slug and a taken domain, also those of concurrent requests.

use serde_json::{Value, json};

use super::draft::{MetadataEdit, classifiers, domain_of, slug_of_name};
use super::hierarchy;
use super::kind::EntityKind;
use super::row::{EntityRow, not_found};
use crate::server::app::now;
use crate::server::audit;
use crate::server::db::{Tx, params};
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// Returns the 400 for a slug or a domain that another entity has, be it a deleted one or one of another type.
fn taken() -> ApiError {
    ApiError::bad_request("Entity already exists with this name/domain")
}

/// Creates an entity.
pub(crate) async fn create(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.writer()?;
    let arguments = &call.arguments;
    let kind_slug = arguments.required_text("entity_type", "create action")?;
    let name = arguments.required_text("name", "create action")?;
    let slug = match arguments.text("slug")?.filter(|slug| !slug.is_empty()) {
        Some(slug) => slug.to_owned(),
        None => slug_of_name(name)?,
    };
    let edit = MetadataEdit::read(arguments);
    let parent = arguments.id("parent_id")?;
    let mut tx = call.app.db.begin().await?;
    if let Some(answer) = call.earlier_answer(&mut tx).await? {
        return Ok(answer);
    }
    let kind = EntityKind::find(&mut tx, call.organization(), kind_slug).await?;
    if let Some(metadata) = &edit.checked {
        kind.check(metadata)?;
    }
    if let Some(parent) = parent {
        hierarchy::lock(&mut tx, call.organization()).await?;
        hierarchy::check_parent(&mut tx, call.organization(), parent, None).await?;
    }
    let new = NewEntity {
        kind: kind.id,
        parent,
        name,
        slug: &slug,
        metadata: edit.applied_to(&json!({})),
    };
    let id = new.insert(call, &mut tx).await?.ok_or_else(taken)?;
    let row = EntityRow::reread(&mut tx, id).await?;
    let updated_at = Some(row.updated_at);
    let steps = next_steps(&row);
    let reply = MemoryReply {
        body: json!({ "action": "create", "entity": row.body(call), "next_steps": steps }),
        updated_at,
    };
    call.record_answer(&mut tx, &reply).await?;
    let target = format!("{}/{slug}", kind.slug);
    audit::record(&mut tx, caller, "entity.create", &target, &arguments.names()).await?;
    tx.commit().await?;
    Ok(reply)
}

/// A new entity, checked.
struct NewEntity<'a> {
    kind: i64,
    parent: Option<i64>,
    name: &'a str,
    slug: &'a str,
    metadata: Value,
}

impl NewEntity<'_> {
    /// Inserts the entity. Returns its id; `None` when its slug or its domain is taken.
    async fn insert(&self, call: &MemoryCall, tx: &mut Tx<'_>) -> ApiResult<Option<i64>> {
        let content = call.arguments.text("content")?.filter(|text| !text.is_empty());
        let classifiers = classifiers(&call.arguments)?.map(|list| list.to_string());
        let sql = "INSERT INTO entity (organization_id, entity_type_id, parent_id, name, slug, metadata, domain, content, \
             enabled_classifiers, created_by, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING RETURNING id";
        let id = tx
            .value(
                sql,
                params![
                    call.organization(),
                    self.kind,
                    self.parent,
                    self.name,
                    self.slug,
                    &self.metadata.to_string(),
                    domain_of(&self.metadata),
                    content,
                    classifiers.as_deref(),
                    &call.caller.member.account,
                    now()
                ],
            )
            .await?;
        Ok(id)
    }
}

/// Returns what a client may do next with a new entity, in sentences.
fn next_steps(row: &EntityRow) -> Vec<String> {
    let mut kind = row.entity_type.clone();
    if let Some(first) = kind.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let (id, name) = (row.id, &row.name);
    let mut steps = vec![format!("{kind} \"{name}\" created successfully with ID {id}.")];
    if let Some(parent) = row.parent_id {
        steps.push(format!("{kind} belongs to parent (ID: {parent})."));
    }
    steps.push(format!(
        "Use manage_watchers(action='create', entity_id={id}) to schedule watchers."
    ));
    steps
}

/// Updates the fields of an entity that the call names. A name without a slug makes a new slug, as on the recorded server.
pub(crate) async fn update(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.writer()?;
    let id = call.arguments.required_id("entity_id", "update action")?;
    let mut tx = call.app.db.begin().await?;
    if call.arguments.has("parent_id") {
        hierarchy::lock(&mut tx, call.organization()).await?;
    }
    let before = lock(call, &mut tx, id).await?;
    call.precondition.check(&Revision::of_row(before.updated_at))?;
    let after = EditedEntity::of(call, &mut tx, &before).await?;
    let changed = after.changed_fields(&before);
    if !changed.is_empty() {
        after.store(&mut tx, id).await?;
        let target = format!("{}/{}", before.entity_type, after.slug);
        audit::record(&mut tx, caller, "entity.update", &target, &changed).await?;
    }
    let row = EntityRow::reread(&mut tx, id).await?;
    tx.commit().await?;
    let updated_at = Some(row.updated_at);
    Ok(MemoryReply {
        body: json!({ "action": "update", "entity": row.written_body(call) }),
        updated_at,
    })
}

/// Locks a living entity of the organization that the caller may change. A member who is neither owner nor admin may change
/// only the entities that it has created, as recorded.
async fn lock(call: &MemoryCall, tx: &mut Tx<'_>, id: i64) -> ApiResult<EntityRow> {
    // A write that changes nothing takes the row's lock, so its revision cannot change before the commit.
    let sql = "UPDATE entity SET updated_at = updated_at WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL";
    if tx.execute(sql, params![id, call.organization()]).await? == 0 {
        return Err(not_found(id));
    }
    let row = EntityRow::reread(tx, id).await?;
    let member = &call.caller.member;
    if !member.is_org_admin() && row.created_by.as_ref() != Some(&member.account) {
        let message =
            format!("Access denied: entity {id} was created by somebody else; a member may change only their own");
        return Err(ApiError::bad_request(message).denying(call.caller.denial()));
    }
    Ok(row)
}

/// An entity as an update leaves it.
struct EditedEntity {
    name: String,
    slug: String,
    parent_id: Option<i64>,
    metadata: Value,
    content: Option<String>,
    enabled_classifiers: Option<Value>,
}

impl EditedEntity {
    /// Applies the arguments to the stored entity, and checks the result.
    async fn of(call: &MemoryCall, tx: &mut Tx<'_>, before: &EntityRow) -> ApiResult<Self> {
        let arguments = &call.arguments;
        let name = arguments.text("name")?.filter(|name| !name.is_empty());
        let slug = arguments.text("slug")?.filter(|slug| !slug.is_empty());
        let edit = MetadataEdit::read(arguments);
        let metadata = edit.applied_to(&before.metadata);
        if let Some(sent) = &edit.checked {
            let kind = EntityKind::of_entity(tx, before.entity_type_id).await?;
            kind.check(sent)?;
            if edit.removes() {
                kind.check_rest(&metadata)?;
            }
        }
        let mut parent_id = before.parent_id;
        if arguments.has("parent_id") {
            parent_id = arguments.id("parent_id")?;
            if let Some(parent) = parent_id {
                hierarchy::check_parent(tx, call.organization(), parent, Some(before.id)).await?;
            }
        }
        let content = match arguments.text("content")? {
            None => before.content.clone(),
            Some(text) => Some(text.to_owned()).filter(|text| !text.is_empty()),
        };
        Ok(Self {
            name: name.unwrap_or(&before.name).to_owned(),
            slug: match (slug, name) {
                (Some(slug), _) => slug.to_owned(),
                (None, Some(name)) => slug_of_name(name)?,
                (None, None) => before.slug.clone(),
            },
            parent_id,
            metadata,
            content,
            enabled_classifiers: classifiers(arguments)?.or_else(|| before.enabled_classifiers.clone()),
        })
    }

    /// Returns the names of the fields that differ from the stored entity.
    fn changed_fields(&self, before: &EntityRow) -> Vec<&'static str> {
        let fields = [
            ("name", self.name != before.name),
            ("slug", self.slug != before.slug),
            ("parent_id", self.parent_id != before.parent_id),
            ("metadata", self.metadata != before.metadata),
            ("content", self.content != before.content),
            (
                "enabled_classifiers",
                self.enabled_classifiers != before.enabled_classifiers,
            ),
        ];
        fields
            .into_iter()
            .filter(|(_, differs)| *differs)
            .map(|(name, _)| name)
            .collect()
    }

    async fn store(&self, tx: &mut Tx<'_>, id: i64) -> ApiResult<()> {
        let sql = "UPDATE entity SET name = $1, slug = $2, parent_id = $3, metadata = $4, domain = $5, content = $6, \
             enabled_classifiers = $7, updated_at = CASE WHEN updated_at >= $8 THEN updated_at + 1 ELSE $8 END \
             WHERE id = $9";
        let classifiers = self.enabled_classifiers.as_ref().map(Value::to_string);
        let stored = tx
            .execute(
                sql,
                params![
                    &self.name,
                    &self.slug,
                    self.parent_id,
                    &self.metadata.to_string(),
                    domain_of(&self.metadata),
                    self.content.as_deref(),
                    classifiers.as_deref(),
                    now(),
                    id
                ],
            )
            .await;
        match stored {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Err(taken()),
            other => Ok(other.map(drop)?),
        }
    }
}
