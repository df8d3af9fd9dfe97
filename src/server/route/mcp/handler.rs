//! The tools of a caller, and their calls.

use std::sync::LazyLock;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Map, Value, json};

use crate::server::app::Shared;
use crate::server::audit;
use crate::server::auth::{Caller, Visitor};
use crate::server::body;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::{memory, organization};

/// All tools, in the order of a list.
static TOOLS: LazyLock<Vec<Tool>> =
    LazyLock::new(|| serde_json::from_str(include_str!("tools.json")).unwrap_or_default());

/// Answers the requests of one caller.
#[derive(Clone)]
pub(super) struct MemoryHandler {
    pub(super) app: Shared,
    pub(super) caller: Caller,
    /// What a client may tell its model about the memory. Empty unless it asks for it.
    pub(super) instructions: String,
}

impl MemoryHandler {
    /// Whether the caller is offered a tool. A call of another one is answered with what is missing.
    fn offers(&self, tool: &Tool) -> bool {
        let member = &self.caller.member;
        match tool.name.as_ref() {
            "save_knowledge" => member.may_write_memory(),
            "query_sql" => member.has_admin_scope() && member.is_org_admin(),
            _ => true,
        }
    }

    /// Records a call that was denied: its response is a 200, so that the layer for denied requests does not see it.
    async fn record_denial(&self, tool: &str, error: &ApiError) {
        if let Some(denial) = error.denial() {
            let target = format!("MCP {tool}");
            audit::record_denial(&self.app, denial, &target, self.caller.request_id.as_deref()).await;
        }
    }

    async fn run(&self, name: &str, arguments: Map<String, Value>) -> ApiResult<Value> {
        if !TOOLS.iter().any(|tool| tool.name == name) {
            return Err(ApiError::bad_request(format!("Tool not found: {name}")));
        }
        if arguments
            .iter()
            .any(|(key, value)| key.contains('\0') || body::has_nul(value))
        {
            return Err(ApiError::bad_request("text cannot contain U+0000"));
        }
        if name == "list_organizations" {
            let visitor = Visitor {
                organization: self.caller.organization.clone(),
                member: Some(self.caller.member.clone()),
                request_id: self.caller.request_id.clone(),
            };
            return Ok(json!(organization::list(&self.app, &visitor, &arguments).await?));
        }
        memory::answer(self.app.clone(), self.caller.clone(), name, arguments).await
    }
}

impl ServerHandler for MemoryHandler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("lobuctl", env!("CARGO_PKG_VERSION")))
            .with_instructions(self.instructions.clone())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = TOOLS.iter().filter(|tool| self.offers(tool)).cloned();
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let answer = self.run(&request.name, request.arguments.unwrap_or_default()).await;
        let result = match answer {
            Ok(value) => CallToolResult::success(vec![ContentBlock::text(value.to_string())]),
            Err(error) if error.status().is_server_error() => {
                return Err(ErrorData::internal_error(error.message().to_owned(), None));
            }
            Err(error) => {
                self.record_denial(&request.name, &error).await;
                CallToolResult::error(vec![ContentBlock::text(error.message())])
            }
        };
        Ok(result.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_each_tool() {
        let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(
            names,
            ["search_knowledge", "save_knowledge", "list_organizations", "query_sql"]
        );
    }
}
