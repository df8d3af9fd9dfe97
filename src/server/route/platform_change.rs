//! Starting, stopping and deleting a platform, under the lock of its id.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::platform_row::{ACTIVE, ERROR, Platform, STOPPED, not_found};
use super::platform_upsert::in_time;
use crate::server::app::{App, Shared};
use crate::server::audit;
use crate::server::auth::{Admin, Caller};
use crate::server::db::params;
use crate::server::lock::Held;
use crate::server::options::PlatformMode;
use crate::server::reply::{Failure, Ids, Reply, success};

/// What is to happen to the platform.
#[derive(Clone, Copy)]
enum Change {
    Start,
    Stop,
    Delete,
}

type Path = Ids<(String, String, String)>;

/// `POST …/platforms/:platform/start`
pub(crate) async fn start(State(app): State<Shared>, Admin(caller): Admin, Ids((_, _, id)): Path) -> Reply {
    change(app, caller, id, Change::Start).await
}

/// `POST …/platforms/:platform/stop`
pub(crate) async fn stop(State(app): State<Shared>, Admin(caller): Admin, Ids((_, _, id)): Path) -> Reply {
    change(app, caller, id, Change::Stop).await
}

/// `DELETE …/platforms/:platform`
pub(crate) async fn delete(State(app): State<Shared>, Admin(caller): Admin, Ids((_, _, id)): Path) -> Reply {
    change(app, caller, id, Change::Delete).await
}

async fn change(app: Shared, caller: Caller, id: String, change: Change) -> Reply {
    let work = app.clone();
    app.finish(async move {
        let mut held = work.locks.hold(&work.db, format!("platform/{id}")).await?;
        let outcome = match Platform::of(&work, &caller.organization.id, &id).await {
            Err(failure) => Err(failure),
            Ok(platform) => match change {
                Change::Start => begin(&work, &caller, &mut held, platform).await,
                Change::Stop => end(&work, &caller, &mut held, platform).await,
                Change::Delete => remove(&work, &caller, &mut held, platform).await,
            },
        };
        held.release().await;
        outcome
    })
    .await
}

fn answer(platform: &Platform) -> Json<Value> {
    Json(json!({ "success": true, "platform": platform.answer() }))
}

async fn begin(app: &App, caller: &Caller, held: &mut Held, mut platform: Platform) -> Reply {
    let mut refusal = None;
    if app.mode == PlatformMode::Live && platform.status != ACTIVE {
        match in_time(app, app.runtime.start(&platform.instance)).await {
            Ok(started) => platform.metadata = started.metadata,
            Err(error) => {
                app.runtime.stop(&platform.instance.id).await;
                refusal = Some(error);
            }
        }
    }
    platform.error = refusal
        .as_ref()
        .map(|error| format!("{}: {}", error.name, error.message));
    if refusal.is_some() { ERROR } else { ACTIVE }.clone_into(&mut platform.status);
    if let Err(failure) = save(app, caller, held, &mut platform, "platform.start").await {
        app.runtime.stop(&platform.instance.id).await;
        return Err(failure);
    }
    match refusal {
        Some(error) => Err(Failure::bad_request(error.message)),
        None => Ok(answer(&platform)),
    }
}

async fn end(app: &App, caller: &Caller, held: &mut Held, mut platform: Platform) -> Reply {
    STOPPED.clone_into(&mut platform.status);
    platform.error = None;
    save(app, caller, held, &mut platform, "platform.stop").await?;
    app.runtime.stop(&platform.instance.id).await;
    Ok(answer(&platform))
}

async fn save(app: &App, caller: &Caller, held: &mut Held, platform: &mut Platform, action: &str) -> Reply<()> {
    let mut tx = held.begin(&app.db).await?;
    if !platform.update(app, &mut tx).await? {
        return Err(not_found());
    }
    audit::record(&mut tx, caller, action, &platform.instance.id, &[]).await?;
    Ok(tx.commit().await?)
}

async fn remove(app: &App, caller: &Caller, held: &mut Held, platform: Platform) -> Reply {
    let id = &platform.instance.id;
    let mut tx = held.begin(&app.db).await?;
    if tx.execute("DELETE FROM platform WHERE id = $1", params![id]).await? == 0 {
        return Err(not_found());
    }
    audit::record(&mut tx, caller, "platform.delete", id, &[]).await?;
    tx.commit().await?;
    app.runtime.stop(id).await;
    Ok(success())
}
