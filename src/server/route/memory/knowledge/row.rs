//! A piece of knowledge: its row, its statements and its body.

use serde_json::{Value, json};

use super::words::{self, WordPrefix};
use crate::server::app::iso;
use crate::server::db::{ColumnValue, Db, DbResult, DbRow, EitherSql, FromRow, params, table_row};
use crate::server::nesting;
use crate::server::route::memory::arguments::RowWindow;
use crate::server::route::memory::call::MemoryCall;

table_row! {
    /// A piece of knowledge, with its rank in a search, or 0.
    pub(crate) struct KnowledgeRow, columns knowledge_columns {
        id: i64 = "k.id",
        semantic_type: String = "k.semantic_type",
        title: Option<String> = "k.title",
        payload_type: String = "k.payload_type",
        content: Option<String> = "k.content",
        payload_data: Value = "k.payload_data",
        payload_template: Option<Value> = "k.payload_template",
        metadata: Value = "k.metadata",
        source_url: Option<String> = "k.source_url",
        origin_id: String = "k.origin_id",
        entity_ids: Value = "k.entity_ids",
        supersedes_id: Option<i64> = "k.supersedes_id",
        occurred_at: i64 = "k.occurred_at",
        created_at: i64 = "k.created_at",
    }
}

table_row! {
    /// How much is known about an entity. What was superseded does not count.
    pub(crate) struct ContentSummary, columns summary_columns {
        total: i64 = "COUNT(*)",
        latest: Option<i64> = "MAX(k.occurred_at)",
    }
}

const SUMMARY: &str = concat!(
    "SELECT ",
    summary_columns!(),
    " FROM knowledge_entity n JOIN knowledge k ON k.id = n.knowledge_id WHERE n.entity_id = $1 \
     AND NOT EXISTS (SELECT 1 FROM knowledge s WHERE s.supersedes_id = k.id)"
);

impl ContentSummary {
    /// Counts the knowledge about an entity.
    pub(crate) async fn of_entity(db: &Db, entity: i64) -> DbResult<Self> {
        let row = db.row(SUMMARY, params![entity]).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }
}

/// A piece of knowledge that a search has found.
pub(crate) struct FoundKnowledge {
    row: KnowledgeRow,
    /// How well it fits, as a JSON number. Only comparable within one answer.
    rank: Value,
    /// The number of all results.
    total: i64,
}

impl FromRow for FoundKnowledge {
    fn from_row(row: &DbRow) -> DbResult<Self> {
        Ok(Self {
            row: KnowledgeRow::from_row(row)?,
            rank: ColumnValue::read(row, "rank")?,
            total: ColumnValue::read(row, "total")?,
        })
    }
}

/// Expands to the conditions of every list: the kind `$2` and the entity `$3`. What was superseded is left out.
macro_rules! living {
    () => {
        "k.organization_id = $1 AND ($2 IS NULL OR k.semantic_type = $2) \
         AND ($3 IS NULL OR EXISTS (SELECT 1 FROM knowledge_entity n WHERE n.knowledge_id = k.id AND n.entity_id = $3)) \
         AND NOT EXISTS (SELECT 1 FROM knowledge s WHERE s.supersedes_id = k.id)"
    };
}

const NEWEST: &str = concat!(
    "SELECT ",
    knowledge_columns!(),
    " FROM knowledge k WHERE ",
    living!(),
    " ORDER BY k.occurred_at DESC, k.id DESC LIMIT $4 OFFSET $5"
);
const COUNT: &str = concat!("SELECT COUNT(*) FROM knowledge k WHERE ", living!());

// Words of the title count four times as much as others. `CROSS JOIN` has SQLite look for the words first: to count, it would
// otherwise ask for them at each piece of the organization.
macro_rules! found_on_sqlite {
    () => {
        concat!(
            " FROM knowledge_text CROSS JOIN knowledge k ON k.id = knowledge_text.rowid WHERE knowledge_text MATCH $4 AND ",
            living!()
        )
    };
}
macro_rules! found_on_postgres {
    () => {
        concat!(
            " FROM knowledge k, to_tsquery('simple', $4) q WHERE k.word_vector @@ q AND ",
            living!()
        )
    };
}

// Found once, for the number as well as for the page, and sorted without the texts. A lower score is a better one.
macro_rules! one_page {
    () => {
        concat!(
            ") SELECT ",
            knowledge_columns!(),
            ", CAST(-f.score AS TEXT) AS rank, (SELECT COUNT(*) FROM found) AS total \
             FROM (SELECT id, score FROM found ORDER BY score, id DESC LIMIT $5 OFFSET $6) f \
             CROSS JOIN knowledge k WHERE k.id = f.id ORDER BY f.score, k.id DESC"
        )
    };
}

const FOUND: EitherSql = EitherSql {
    sqlite: concat!(
        "WITH found AS MATERIALIZED (SELECT k.id AS id, bm25(knowledge_text, 4.0, 1.0) AS score",
        found_on_sqlite!(),
        one_page!()
    ),
    postgres: concat!(
        "WITH found AS MATERIALIZED (SELECT k.id AS id, -ts_rank('{0.1, 0.2, 0.25, 1.0}', k.word_vector, q) AS score",
        found_on_postgres!(),
        one_page!()
    ),
};
const FOUND_COUNT: EitherSql = EitherSql {
    sqlite: concat!("SELECT COUNT(*)", found_on_sqlite!()),
    postgres: concat!("SELECT COUNT(*)", found_on_postgres!()),
};
const ANY_OF: EitherSql = EitherSql {
    sqlite: " OR ",
    postgres: " | ",
};

/// Which knowledge a list or a search has.
pub(crate) struct KnowledgeFilter<'a> {
    pub(super) kind: Option<&'a str>,
    pub(super) entity: Option<i64>,
}

impl FoundKnowledge {
    /// Searches for any of the words of a question, best first. Returns one page, and the number of all results.
    pub(super) async fn page(
        db: &Db,
        organization: &str,
        filter: &KnowledgeFilter<'_>,
        question: &str,
        window: RowWindow,
    ) -> DbResult<(Vec<Self>, i64)> {
        let prefix = WordPrefix::of(db, organization).await?;
        let Some(asked) = words::asked(&prefix, question, db.pick(ANY_OF)) else {
            return Ok((Vec::new(), 0));
        };
        let conditions = params![organization, filter.kind, filter.entity, &asked];
        let page = [conditions, params![window.limit, window.offset]].concat();
        let rows: Vec<Self> = db.rows(db.pick(FOUND), &page).await?;
        let total = match rows.first() {
            Some(first) => Some(first.total),
            // A page beyond the last one does not know how many there are.
            None if window.offset > 0 => db.value(db.pick(FOUND_COUNT), conditions).await?,
            None => None,
        };
        Ok((rows, total.unwrap_or(0)))
    }

    /// Returns the result as an element of a response.
    pub(super) fn body(self, call: &MemoryCall) -> Value {
        let mut body = self.row.body(call);
        body["text_rank"] = self.rank.clone();
        body["combined_score"] = self.rank;
        body
    }
}

impl KnowledgeRow {
    /// Reads one page, newest first, and counts the knowledge of all pages.
    pub(super) async fn page(
        db: &Db,
        organization: &str,
        filter: &KnowledgeFilter<'_>,
        window: RowWindow,
    ) -> DbResult<(Vec<Self>, i64)> {
        let conditions = params![organization, filter.kind, filter.entity];
        let total: Option<i64> = db.value(COUNT, conditions).await?;
        let page = [conditions, params![window.limit, window.offset]].concat();
        Ok((db.rows(NEWEST, &page).await?, total.unwrap_or(0)))
    }

    /// Returns the knowledge as an element of a response.
    pub(super) fn body(self, call: &MemoryCall) -> Value {
        json!({
            "id": self.id,
            "entity_ids": self.entity_ids,
            "platform": null,
            "origin_id": self.origin_id,
            "semantic_type": self.semantic_type,
            "origin_type": null,
            "payload_type": self.payload_type,
            "payload_text": self.content,
            "payload_data": nesting::cut_nullable(Some(self.payload_data)),
            "payload_template": nesting::cut_nullable(self.payload_template),
            "attachments": [],
            "author_name": null,
            "client_name": null,
            "title": self.title,
            "text_content": self.content,
            "rating": null,
            "source_url": self.source_url,
            "score": 0,
            "metadata": nesting::cut_nullable(Some(self.metadata)),
            "classifications": {},
            "created_at": iso(self.created_at),
            "occurred_at": iso(self.occurred_at),
            "content_date": iso(self.occurred_at),
            "combined_score": 0,
            "origin_parent_id": null,
            "root_origin_id": self.origin_id,
            "depth": 0,
            "interaction_type": "none",
            "supersedes_event_id": self.supersedes_id,
            "parent_context": null,
            "root_context": null,
            "permalink": format!("{}/events/{}", call.base_url(), self.id),
        })
    }
}
