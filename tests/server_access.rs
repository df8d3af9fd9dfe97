//! Who may do what: two organizations, three people, every route with every role, scope and kind of token, as one table.

use lobuctl::server::{NewToken, Server};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::server::sign_in::{sign_in, text};
use crate::support::server::{HttpReply, JsonClient, memory_server};

/// What a route needs besides a token of a member.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    WriteScope,
    AdminScope,
    AdminScopeAndRole,
    /// Like the last, and a token from signing in.
    SignedInAdmin,
}

/// Every route below an organization: its method, its path, a body, and what it needs. No body is one that changes anything.
fn routes() -> Vec<(&'static str, &'static str, Option<Value>, Needs)> {
    use Needs::{AdminScope, AdminScopeAndRole, Nothing, SignedInAdmin};
    let schema = |action: &str| Some(json!({ "schema_type": "entity_type", "action": action, "slug": "none" }));
    let rule = |action: &str| Some(json!({ "schema_type": "relationship_type", "action": action, "slug": "none" }));
    let body = || Some(json!({}));
    let mut routes = memory_routes();
    routes.extend([
        ("GET", "agents", None, Nothing),
        ("POST", "agents", body(), AdminScope),
        ("GET", "agents/none", None, Nothing),
        ("PATCH", "agents/none", body(), AdminScope),
        ("DELETE", "agents/none", None, AdminScope),
        ("GET", "agents/none/config", None, Nothing),
        ("PATCH", "agents/none/config", body(), AdminScope),
        ("GET", "agents/none/platforms", None, Nothing),
        ("POST", "agents/none/platforms", body(), AdminScope),
        ("GET", "agents/none/platforms/none", None, Nothing),
        ("DELETE", "agents/none/platforms/none", None, AdminScope),
        ("POST", "agents/none/platforms/none/start", body(), AdminScope),
        ("POST", "agents/none/platforms/none/stop", body(), AdminScope),
        ("PUT", "agents/none/platforms/by-stable-id/none", body(), AdminScope),
        ("PUT", "agents/none/providers/none/api-key", body(), AdminScopeAndRole),
        ("GET", "audit", None, AdminScope),
        ("GET", "secrets", None, AdminScopeAndRole),
        ("POST", "secrets/manage", body(), AdminScopeAndRole),
        ("GET", "secrets/audit", None, AdminScopeAndRole),
        ("GET", "secrets/audit/NONE", None, AdminScopeAndRole),
        ("POST", "tokens", body(), SignedInAdmin),
        ("POST", "list_organizations", body(), Nothing),
        ("POST", "resolve_path", Some(json!({ "path": "/dev" })), Nothing),
        ("POST", "manage_entity_schema", schema("list"), Nothing),
        ("POST", "manage_entity_schema", schema("get"), Nothing),
        ("POST", "manage_entity_schema", schema("audit"), Nothing),
        ("POST", "manage_entity_schema", schema("create"), AdminScopeAndRole),
        ("POST", "manage_entity_schema", schema("update"), AdminScopeAndRole),
        ("POST", "manage_entity_schema", schema("delete"), AdminScopeAndRole),
        ("POST", "manage_entity_schema", rule("list_rules"), Nothing),
        ("POST", "manage_entity_schema", rule("add_rule"), AdminScopeAndRole),
        ("POST", "manage_entity_schema", rule("remove_rule"), AdminScopeAndRole),
    ]);
    routes
}

/// The routes of the memory.
fn memory_routes() -> Vec<(&'static str, &'static str, Option<Value>, Needs)> {
    use Needs::{AdminScopeAndRole, Nothing, WriteScope};
    let memory = |action: &str| Some(json!({ "action": action }));
    let mut routes = vec![
        ("POST", "list_watchers", Some(json!({})), Nothing),
        ("GET", "watchers", None, Nothing),
        ("POST", "read_knowledge", Some(json!({})), Nothing),
        ("POST", "search_knowledge", Some(json!({})), Nothing),
        ("GET", "knowledge/search", None, Nothing),
        ("POST", "save_knowledge", Some(json!({})), WriteScope),
        ("POST", "query_sql", Some(json!({})), AdminScopeAndRole),
    ];
    for (action, needs) in [
        ("list", Nothing),
        ("get", Nothing),
        ("list_links", Nothing),
        ("list_all_links", Nothing),
        ("create", WriteScope),
        ("update", WriteScope),
        ("link", WriteScope),
        ("update_link", WriteScope),
        ("unlink", WriteScope),
        ("delete", AdminScopeAndRole),
        ("restore", AdminScopeAndRole),
    ] {
        routes.push(("POST", "manage_entity", memory(action), needs));
    }
    for (action, needs) in [
        ("get_versions", Nothing),
        ("get_version_details", Nothing),
        ("create", AdminScopeAndRole),
        ("update", AdminScopeAndRole),
        ("create_version", AdminScopeAndRole),
        ("upgrade", AdminScopeAndRole),
        ("set_reaction_script", AdminScopeAndRole),
        ("delete", AdminScopeAndRole),
        ("restore", AdminScopeAndRole),
        ("trigger", AdminScopeAndRole),
    ] {
        routes.push(("POST", "manage_watchers", memory(action), needs));
    }
    routes
}

/// A token and what is known about it.
struct Holder {
    role: &'static str,
    write_scope: bool,
    admin_scope: bool,
    signed_in: bool,
    client: JsonClient,
}

async fn personal(server: &Server, user: &str, scope: &str) -> String {
    let new = NewToken {
        name: "table".to_owned(),
        account: user.to_owned(),
        organization: Some("dev".to_owned()),
        scope: scope.to_owned(),
        expires_at: None,
    };
    server.create_token(&new).await.unwrap().1.expose_secret().to_owned()
}

async fn holders(server: &Server) -> Vec<Holder> {
    let mut holders = Vec::new();
    for role in ["owner", "admin", "member"] {
        server.add_member("dev", role, role).await.unwrap();
        for scope in ["mcp:read", "mcp:read mcp:write", "mcp:read mcp:write mcp:admin"] {
            let token = personal(server, role, scope).await;
            let admin_scope = scope.ends_with("admin");
            let write_scope = scope.contains("write");
            let client = JsonClient::new(server, &token);
            holders.push(Holder {
                role,
                write_scope,
                admin_scope,
                signed_in: false,
                client,
            });
            let tokens = sign_in(server, role, "org-bootstrap-dev", scope).await;
            // Signing in drops what the role does not allow; a personal token keeps it, as recorded.
            let admin_scope = admin_scope && role != "member";
            assert_eq!(text(&tokens, "scope").ends_with("admin"), admin_scope);
            let client = JsonClient::new(server, tokens["access_token"].as_str().unwrap());
            holders.push(Holder {
                role,
                write_scope,
                admin_scope,
                signed_in: true,
                client,
            });
        }
    }
    holders
}

fn allows(holder: &Holder, needs: Needs) -> bool {
    let leads = holder.role != "member";
    match needs {
        Needs::Nothing => true,
        Needs::WriteScope => holder.write_scope,
        Needs::AdminScope => holder.admin_scope,
        Needs::AdminScopeAndRole => holder.admin_scope && leads,
        Needs::SignedInAdmin => holder.admin_scope && leads && holder.signed_in,
    }
}

/// Whether a reply denies access. Tools say so with 400 and a sentence, as recorded.
fn denies(reply: &HttpReply) -> bool {
    let message = reply.body["error"].as_str().unwrap_or_default();
    let by_tool = [
        "does not include admin access",
        "requires admin or owner access",
        "session is read-only",
    ]
    .iter()
    .any(|words| message.contains(words));
    matches!(reply.status.as_u16(), 401 | 403) || (reply.status == 400 && by_tool)
}

#[tokio::test]
async fn every_route_allows_exactly_what_role_scope_and_organization_give() {
    let (server, _) = memory_server().await;
    server.create_organization("shop").await.unwrap();
    let (mut checked, mut wrong) = (0, Vec::new());
    for holder in holders(&server).await {
        for (method, path, body, needs) in routes() {
            let kind = if holder.signed_in { "signed in" } else { "personal" };
            let about = format!(
                "{method} {path} {body:?} as {} ({kind}, admin scope: {})",
                holder.role, holder.admin_scope
            );
            let reply = holder
                .client
                .send(method, &format!("/api/dev/{path}"), body.clone())
                .await;
            if denies(&reply) == allows(&holder, needs) || reply.status.is_server_error() {
                wrong.push(format!("{about}: {} {}", reply.status, reply.text));
            }
            let elsewhere = holder.client.send(method, &format!("/api/shop/{path}"), body).await;
            if elsewhere.status != 403 {
                wrong.push(format!("{about} in another organization: {}", elsewhere.status));
            }
            checked += 2;
        }
    }
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(checked, 18 * 60 * 2);
}

#[tokio::test]
async fn who_one_is_needs_no_organization_but_the_right_scope() {
    let (server, admin) = memory_server().await;
    server.create_organization("shop").await.unwrap();
    let tokens = sign_in(&server, "bootstrap-user", "org-shop", "mcp:read profile:read").await;
    let client = JsonClient::new(&server, tokens["access_token"].as_str().unwrap());
    let userinfo = client.get("/oauth/userinfo").await.body;
    let expected = json!([
        { "slug": "dev", "name": "dev", "role": "owner" },
        { "slug": "shop", "name": "shop", "role": "owner" },
    ]);
    assert_eq!(
        (&userinfo["organization_slug"], &userinfo["organizations"]),
        (&json!("shop"), &expected)
    );
    assert_eq!(userinfo["scope"], "mcp:read profile:read");
    assert_eq!(
        client.with_token(&admin).get("/oauth/userinfo").await.status,
        403,
        "a personal token"
    );
    let only_profile = sign_in(&server, "bootstrap-user", "org-shop", "profile:read").await;
    let client = client.with_token(only_profile["access_token"].as_str().unwrap());
    assert_eq!(
        client.get("/oauth/userinfo").await.body["organization_slug"],
        Value::Null
    );
    assert_eq!(client.get("/api/shop/agents").await.status, 403, "a name is no access");
}

#[tokio::test]
async fn a_created_token_is_of_its_creator_and_recorded() {
    let (server, admin) = memory_server().await;
    let tokens = sign_in(&server, "bootstrap-user", "org-bootstrap-dev", "mcp:read mcp:admin").await;
    let client = JsonClient::new(&server, tokens["access_token"].as_str().unwrap());
    for (body, message) in [
        (json!({}), "name is required"),
        (json!({ "name": "ci", "scope": "nope" }), "no scope `nope`"),
        (json!({ "name": "ci", "expiresInDays": 0 }), "expiresInDays must be"),
        (json!({ "name": "a\nb" }), "one printable line"),
    ] {
        let refused = client.post("/api/dev/tokens", body).await;
        assert!(
            refused.status == 400 && refused.text.contains(message),
            "{}",
            refused.text
        );
    }
    let created = client
        .post("/api/dev/tokens", json!({ "name": "ci", "expiresInDays": 30 }))
        .await;
    assert_eq!(created.status, 201, "{}", created.text);
    let token = &created.body["token"];
    assert_eq!(token["scope"], "mcp:read mcp:write");
    assert!(text(token, "token").starts_with(&text(token, "token_prefix")));
    let made = client.with_token(&text(token, "token"));
    assert_eq!(made.get("/api/dev/agents").await.status, 200);
    let audit = client.with_token(&admin).get("/api/dev/audit?limit=1").await.body;
    let event = &audit["events"][0];
    assert_eq!(
        (&event["action"], &event["target"]),
        (&json!("token.create"), &token["id"])
    );
    assert_eq!(event["actor"]["userId"], "bootstrap-user");
}
