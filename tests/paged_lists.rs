//! Lists that come in pages are read to their end, whatever the server says about their length, or not at all: a page that
//! is missing, empty or repeated is an error and never the end, because what it lacks would turn into creates.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::remote::{
    Client, DataScope, DetailsOf, RemoteError, Request, Response, Scope, Transport, TransportError, fetch,
};
use lobuctl::resource::{EntityPath, RelationshipKey, State};
use serde_json::{Value, json};

use crate::support::apply::scenario::fast_retry_client;

/// The number of entities, relationships and watchers of the server: three pages.
const ALL: u64 = 1_300;

/// A server that answers the body of a request with a status and a body.
struct PagedServer<R> {
    answer: R,
    /// The requests that it works on now, and the most that it has worked on at a time.
    at_work: AtomicUsize,
    most: Arc<AtomicUsize>,
}

impl<R: Fn(&Value) -> (u16, Value) + Send + Sync> Transport for PagedServer<R> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            let body = request.body.map(|body| serde_json::from_slice(&body.bytes()).unwrap());
            let (status, body) = (self.answer)(&body.unwrap_or_default());
            let at_work = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(at_work, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.at_work.fetch_sub(1, Ordering::SeqCst);
            Ok(Response {
                status,
                content_type: Some("application/json".to_owned()),
                body: body.to_string().into_bytes(),
                ..Response::default()
            })
        }
        .boxed()
    }

    fn describe(&self) -> String {
        "a server with pages".to_owned()
    }
}

/// Returns a client of a server, and the most requests that it will have worked on at a time.
fn client_of(answer: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static) -> (Client, Arc<AtomicUsize>) {
    let most = Arc::<AtomicUsize>::default();
    let server = PagedServer {
        answer,
        at_work: AtomicUsize::default(),
        most: Arc::clone(&most),
    };
    (fast_retry_client(server), most)
}

/// Which list a request asks for.
fn list_of(body: &Value) -> &'static str {
    match (body["action"].as_str(), body["sql"].as_str()) {
        (Some("list"), _) => "entities",
        (Some("list_links"), _) => "links",
        (Some("list_all_links"), _) => "all links",
        (_, Some(sql)) if sql.contains("watchers") => "scripts",
        (_, Some(_)) => "contents",
        _ => "watchers",
    }
}

/// Returns a row that is one of every list.
fn row(id: u64) -> Value {
    json!({
        "id": id, "slug": format!("e{id}"), "entity_type": "person", "name": format!("E {id}"), "metadata": {},
        "content": format!("About {id}."), "relationship_type_slug": "knows", "from_entity_id": 1, "to_entity_id": id,
    })
}

/// Returns the answer of a server that is as it should be: the page of a list that a request asks for.
fn page(body: &Value) -> (u16, Value) {
    let begin = body["offset"].as_u64().unwrap_or(0);
    let end = (begin + body["limit"].as_u64().unwrap()).min(ALL);
    let (rows, more): (Vec<Value>, _) = ((begin + 1..=end).map(row).collect(), end < ALL);
    match list_of(body) {
        "entities" => (
            200,
            json!({"entities": rows, "metadata": {"has_more": more, "total_count": ALL}}),
        ),
        "links" => (
            200,
            json!({"relationships": rows, "metadata": {"has_more": more, "total": ALL}}),
        ),
        "all links" => (400, json!({"error": "Unknown action: list_all_links"})),
        _ => (200, json!({"rows": rows, "has_more": more, "total_count": ALL})),
    }
}

/// Returns the rows of an answer, and what it says about its page.
fn parts(answer: &mut Value) -> (&mut Value, &mut Value) {
    let Value::Object(answer) = answer else { panic!() };
    let (mut rows, mut about) = (None, None);
    for (key, value) in answer {
        match key.as_str() {
            "metadata" | "has_more" => about = Some(value),
            "entities" | "relationships" | "rows" => rows = Some(value),
            _ => {}
        }
    }
    (rows.unwrap(), about.unwrap())
}

/// Reads all entities with their contents, and the relationships of one.
async fn read(client: &Client) -> Result<State, RemoteError> {
    let path = |id: u64| EntityPath::of([format!("e{id}")]);
    let key = RelationshipKey {
        kind: "knows".into(),
        from: path(1),
        to: path(2),
    };
    let scope = Scope {
        agents: false,
        memory: false,
        watchers: None,
        data: Some(DataScope {
            entities: (1..=ALL).map(|id| (path(id), "person".to_owned())).collect(),
            relationships: (2..=ALL)
                .map(|id| RelationshipKey {
                    to: path(id),
                    ..key.clone()
                })
                .collect(),
            needs_content: true,
            ..DataScope::default()
        }),
        details_of: DetailsOf::All,
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    fetch(client, &scope, &|_| {}).await
}

/// Checks that a server whose answers are changed like this is read in full.
async fn expect_all(change: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> usize {
    let (client, most) = client_of(move |body| {
        let (status, mut answer) = page(body);
        if status == 200 {
            change(body, &mut answer);
        }
        (status, answer)
    });
    let state = read(&client).await.unwrap();
    let contents = state.entities.values().filter(|entity| entity.content.is_some());
    assert_eq!((state.entities.len(), contents.count()), (1_300, 1_300));
    assert_eq!(state.relationships.len(), 1_299);
    assert_eq!(client.watcher_scripts().await.unwrap().unwrap().len(), 1_300);
    most.load(Ordering::SeqCst)
}

/// Replaces the number of all rows.
fn say_total(answer: &mut Value, total: Option<u64>) {
    let about = match answer.get_mut("metadata") {
        Some(about) => about,
        None => answer,
    };
    let about = about.as_object_mut().unwrap();
    for key in ["total_count", "total"] {
        if about.remove(key).is_some()
            && let Some(total) = total
        {
            about.insert(key.to_owned(), json!(total));
        }
    }
}

#[tokio::test]
async fn a_list_is_read_to_its_end_whatever_number_of_rows_is_said() {
    // Two further pages of one list at a time.
    assert_eq!(expect_all(|_, _| {}).await, 2);
    assert_eq!(expect_all(|_, answer| say_total(answer, None)).await, 1);
    assert_eq!(expect_all(|_, answer| say_total(answer, Some(501))).await, 1);
    expect_all(|_, answer| say_total(answer, Some(1_000_000_000_000_000_000))).await;
    expect_all(|_, answer| say_total(answer, Some(u64::MAX))).await;
    // Pages that are shorter than the first one leave no gap.
    let shorter = |body: &Value, answer: &mut Value| {
        let (rows, about) = parts(answer);
        if body["offset"] == 500 {
            rows.as_array_mut().unwrap().truncate(7);
            match about {
                Value::Object(about) => drop(about.insert("has_more".to_owned(), json!(true))),
                about => *about = json!(true),
            }
        }
    };
    expect_all(shorter).await;
}

/// Returns the answers of a server of which one list is answered by another rule after its first page.
fn with_odd(list: &'static str, later: fn(&Value) -> (u16, Value)) -> impl Fn(&Value) -> (u16, Value) + Send + Sync {
    move |body| {
        if list_of(body) == list && body["offset"].as_u64() >= Some(500) {
            return later(body);
        }
        page(body)
    }
}

#[tokio::test]
async fn a_page_that_is_refused_empty_or_repeated_is_an_error_and_never_the_end() {
    let refused: fn(&Value) -> (u16, Value) = |_| (404, json!({"error": "Not found"}));
    let forbidden: fn(&Value) -> (u16, Value) = |_| (403, json!({"error": "forbidden"}));
    let empty: fn(&Value) -> (u16, Value) = |body| {
        let (status, mut answer) = page(&json!({"action": body["action"], "sql": body["sql"], "limit": 1}));
        *parts(&mut answer).0 = json!([]);
        (status, answer)
    };
    let repeated: fn(&Value) -> (u16, Value) = |body| {
        let mut body = body.clone();
        body["offset"] = json!(0);
        page(&body)
    };
    for list in ["entities", "links", "contents", "scripts"] {
        for (later, expected) in [
            (refused, "answered 404: Not found"),
            (forbidden, "answered 403: forbidden"),
            (
                empty,
                "answered 200 with a page without rows after 500 rows of a list, and says that more follow",
            ),
            (
                repeated,
                "answered 200 with a page after 500 rows of a list that has only rows of earlier pages",
            ),
        ] {
            let (client, _) = client_of(with_odd(list, later));
            let error = match list {
                "scripts" => client.watcher_scripts().await.unwrap_err(),
                _ => read(&client).await.unwrap_err(),
            };
            assert!(error.to_string().ends_with(expected), "{list}: {error}");
        }
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let (client, _) = client_of(|body| {
        let id = body["offset"].as_u64().unwrap() + 1;
        (200, json!({"rows": [row(id)], "has_more": true, "total_count": id + 1}))
    });
    let error = client.watcher_scripts().await.unwrap_err().to_string();
    assert!(error.ends_with("a list that goes on after 10000 pages"), "{error}");
}

#[tokio::test]
async fn a_page_that_does_not_say_where_the_next_one_begins_is_an_error() {
    for next in [json!({}), json!({"next_after_id": 0}), json!({"next_before_id": "x"})] {
        let (client, _) = client_of(move |body| {
            let mut about = next.clone();
            about["has_more"] = json!(true);
            match list_of(body) {
                "all links" => (200, json!({"relationships": [], "metadata": about})),
                "watchers" => (200, json!({"watchers": [], "metadata": about})),
                _ => page(body),
            }
        });
        let every_end = EntityPath::of(["e1"]);
        let error = client.watchers().await.unwrap_err().to_string();
        assert!(error.ends_with("without a `next_before_id` that leads on"), "{error}");
        let error = read_links_of_many(&client, &every_end).await.unwrap_err().to_string();
        assert!(error.ends_with("without a `next_after_id` that leads on"), "{error}");
    }
}

/// Reads relationships from so many entities that all are asked for.
async fn read_links_of_many(client: &Client, to: &EntityPath) -> Result<State, RemoteError> {
    let key = |id: u64| RelationshipKey {
        kind: "knows".into(),
        from: EntityPath::of([format!("e{id}")]),
        to: to.clone(),
    };
    let scope = Scope {
        agents: false,
        memory: false,
        watchers: None,
        data: Some(DataScope {
            relationships: (2..100).map(key).collect(),
            ..DataScope::default()
        }),
        details_of: DetailsOf::All,
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    fetch(client, &scope, &|_| {}).await
}
