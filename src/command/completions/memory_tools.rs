//! The tools of the memory endpoint and their arguments. Unlike the other values they are known to the server only, which is
//! asked with the flags of the line that is being typed.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgMatches, FromArgMatches};
use clap_complete::CompletionCandidate;

use crate::cli::{Cli, Common};
use crate::host::Host;
use crate::remote::{HttpOptions, MemoryEndpoint, MemoryTool};
use crate::review::{ReviewOptions, find_account_here};
use crate::session::Session;
use crate::show::memory_tools::{ToolArgument, tool_arguments};

/// How long a completion waits for the server. A shell draws nothing before it has the answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Returns the names of the tools that are offered to the token.
pub(super) fn tools(words: &[OsString]) -> Vec<CompletionCandidate> {
    let listed = typed_line(words).map(|(common, _)| listed(&common)).unwrap_or_default();
    let candidate = |tool: MemoryTool| CompletionCandidate::new(tool.name).help(first_line(&tool.description));
    listed.into_iter().map(candidate).collect()
}

/// Returns the arguments of the tool that the line names, each as `NAME=`; after that the values, where they are listed.
pub(super) fn arguments(words: &[OsString], current: &str) -> Vec<CompletionCandidate> {
    let Some((common, Some(name))) = typed_line(words) else {
        return Vec::new();
    };
    let tools = listed(&common);
    let Some(tool) = tools.iter().find(|tool| tool.name == name) else {
        return Vec::new();
    };
    let arguments = tool_arguments(&tool.input_schema);
    if let Some((name, begun)) = current.split_once('=') {
        return values(&arguments, name, begun);
    }
    let begun = arguments.iter().filter(|argument| argument.name.starts_with(current));
    begun
        .map(|argument| CompletionCandidate::new(format!("{}=", argument.name)).help(first_line(argument.description)))
        .collect()
}

fn values(arguments: &[ToolArgument<'_>], name: &str, begun: &str) -> Vec<CompletionCandidate> {
    let argument = arguments.iter().find(|argument| argument.name == name);
    let listed = argument.map_or(&[][..], |argument| &argument.values);
    let switch: &[&str] = match argument {
        Some(argument) if argument.kind == "boolean" => &["true", "false"],
        _ => &[],
    };
    let fitting = listed.iter().chain(switch).filter(|value| value.starts_with(begun));
    fitting
        .map(|value| CompletionCandidate::new(format!("{name}={value}")))
        .collect()
}

fn first_line(text: &str) -> Option<clap::builder::StyledStr> {
    text.lines().next().map(|line| line.to_owned().into())
}

/// Returns the flags and the tool of a line that is not finished. `words` begin with the program's name.
fn typed_line(words: &[OsString]) -> Option<(Common, Option<String>)> {
    let parsed = Cli::command_line()
        .ignore_errors(true)
        .try_get_matches_from(words)
        .ok()?;
    let common = Common::from_arg_matches(&parsed).ok()?;
    let run = parsed.subcommand_matches("memory")?.subcommand_matches("run")?;
    let tool = |matches: &ArgMatches| matches.try_get_one::<String>("tool").ok().flatten().cloned();
    Some((common, tool(run)))
}

/// Asks the server. What goes wrong leaves no candidates, and an ended token is not refreshed.
fn listed(common: &Common) -> Vec<MemoryTool> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let asked = runtime.block_on(async {
        tokio::time::timeout(TIMEOUT, Box::pin(ask(common)))
            .await
            .ok()
            .flatten()
    });
    asked.unwrap_or_default()
}

async fn ask(common: &Common) -> Option<Vec<MemoryTool>> {
    let host = Host::real().ok()?;
    let options = ReviewOptions::reading(&host, common);
    let session = Session::of(find_account_here(&host, &options).ok()?).ok()?;
    session.token().ok()?;
    let transport = session.transport(HttpOptions::default()).ok()?;
    let endpoint = MemoryEndpoint::connect(transport, &session.organization.value, None)
        .await
        .ok()?;
    let tools = endpoint.tools().await.ok();
    endpoint.close().await;
    tools
}
