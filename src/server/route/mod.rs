//! The table of all routes. Each resource has a module with its handlers.

mod agent;
mod health;
mod mcp;
mod memory;
mod oauth;
mod organization;
mod platform;
mod schema;
mod secret;
mod token;
mod tool;

use axum::Router;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on, post, put};

use super::app::Shared;
use super::audit;
use super::reply::ApiError;

/// Returns all routes, without the layers that every request passes through.
pub(crate) fn routes(app: Shared) -> Router {
    Router::new()
        .merge(unguarded_routes())
        .merge(agent_routes())
        .merge(oauth::routes())
        .route("/api/{org}/audit", get(audit::list))
        .route("/api/{org}/public/organization", get(organization::public))
        .route("/api/{org}/public/agents", get(agent::public))
        .route("/api/{org}/tokens", post(token::create))
        .route("/api/{org}/secrets", get(secret::list))
        .route("/api/{org}/secrets/manage", post(secret::manage))
        .route("/api/{org}/secrets/audit", get(secret::audit_all))
        .route("/api/{org}/secrets/audit/{name}", get(secret::audit_one))
        .route("/api/{org}/watchers", get(memory::list_watchers))
        .route("/api/{org}/knowledge/search", get(memory::find_knowledge))
        .route("/mcp", every_method(mcp::of_token))
        .route("/mcp/{org}", every_method(mcp::of_organization))
        // A fixed path wins over this one, in any order.
        .route("/api/{org}/{tool}", post(tool::call))
        .fallback(unmatched)
        .method_not_allowed_fallback(unmatched)
        .layer(from_fn_with_state(app.clone(), audit::record_denials))
        .with_state(app)
}

/// Returns a route with one handler for every method but OPTIONS, which is answered like everywhere.
fn every_method<H: Handler<T, Shared>, T: 'static>(handler: H) -> MethodRouter<Shared> {
    let methods = [
        MethodFilter::GET,
        MethodFilter::PUT,
        MethodFilter::PATCH,
        MethodFilter::DELETE,
    ];
    let all = methods.into_iter().fold(MethodFilter::POST, MethodFilter::or);
    on(all, handler)
}

/// Returns the routes that need no credentials and name no organization.
fn unguarded_routes() -> Router<Shared> {
    Router::new()
        .route("/", get(health::root))
        .route("/health", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/scheduler", get(health::scheduler))
        .route("/api/health", get(health::api))
        .route("/api/features", get(health::features))
        .route("/api/auth-config", get(health::auth_config))
        .route("/openapi.json", get(health::openapi))
        .route("/api/organizations", get(organization::list_public))
        .route("/api/agents/platforms", get(platform::schemas))
        .route("/api/agents/platforms/{kind}", get(platform::schema))
}

/// Returns the routes of agents and their platforms.
fn agent_routes() -> Router<Shared> {
    Router::new()
        .route("/api/{org}/agents", get(agent::list).post(agent::create))
        .route(
            "/api/{org}/agents/{agent}",
            get(agent::read).patch(agent::patch).delete(agent::delete),
        )
        .route(
            "/api/{org}/agents/{agent}/config",
            get(agent::settings::read).patch(agent::settings::patch),
        )
        .route(
            "/api/{org}/agents/{agent}/providers/{provider}/api-key",
            put(secret::provider_key::put),
        )
        .route(
            "/api/{org}/agents/{agent}/platforms",
            get(platform::list).post(platform::upsert::post),
        )
        .route(
            "/api/{org}/agents/{agent}/platforms/{platform}",
            get(platform::read).delete(platform::action::delete),
        )
        .route(
            "/api/{org}/agents/{agent}/platforms/{platform}/start",
            post(platform::action::start),
        )
        .route(
            "/api/{org}/agents/{agent}/platforms/{platform}/stop",
            post(platform::action::stop),
        )
        .route(
            "/api/{org}/agents/{agent}/platforms/by-stable-id/{platform}",
            put(platform::upsert::put),
        )
}

/// Answers a path or method without a route. The recorded server answers GET with 200 (contract section 1); a client that
/// has mistyped a path is better served by 404.
async fn unmatched(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    ApiError::not_found("Not found").into_response()
}
