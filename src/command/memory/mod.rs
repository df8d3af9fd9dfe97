//! `lobuctl memory`: the endpoint that agents use as their memory, and the files that fill it.

mod arguments;

use serde_json::json;

use super::apply;
use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, Format, MemoryArgs, MemoryCommand, MemoryRunArgs, MemorySeedArgs};
use crate::config::Only;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::plan::Target;
use crate::remote::{CallObserver, EndpointFacts, HttpOptions, MemoryEndpoint, MemoryError, MemoryTool, ToolAnswer};
use crate::resource::suggestion::nearest;
use crate::review::{ReviewOptions, choose_session_here};
use crate::show::memory_tools::{answer_lines, health_lines, tool_lines};

/// Whether the command only shows a plan.
pub(super) fn is_plan(arguments: &MemoryArgs) -> bool {
    matches!(&arguments.command, Some(MemoryCommand::Seed(seed)) if seed.apply.writing.dry_run)
}

/// Carries out a subcommand.
///
/// # Errors
/// When the endpoint does not answer, a tool reports an error, or an apply fails.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &MemoryArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let command = match arguments.command.as_ref().unwrap_or(&MemoryCommand::Health) {
        MemoryCommand::Seed(arguments) => return Box::pin(seed(console, common, arguments, interrupt)).await,
        command => command,
    };
    let called = call_of(console, command)?;
    let place = Box::pin(interrupt.or(MemoryPlace::find(console, common))).await?;
    let done = match (command, called) {
        (MemoryCommand::Run(arguments), Some(given)) => Box::pin(place.run(console, arguments, given, interrupt)).await,
        (MemoryCommand::Health, _) => Box::pin(interrupt.or(place.health(console))).await,
        _ => Box::pin(interrupt.or(place.list(console))).await,
    };
    place.endpoint.close().await;
    done
}

/// Reads the arguments of a call before anything is sent. Returns `None` where no tool is called.
fn call_of(console: &Console, command: &MemoryCommand) -> Result<Option<arguments::Given>, Failure> {
    match command {
        MemoryCommand::Run(MemoryRunArgs {
            tool: Some(_),
            arguments,
        }) => arguments::read(&console.host, arguments).map(Some),
        _ => Ok(None),
    }
}

/// Applies the memory's part of a project.
async fn seed(
    console: &Console,
    common: &Common,
    arguments: &MemorySeedArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let mut common = common.clone();
    common.config = arguments.path.clone().or(common.config);
    let mut applied = arguments.apply.clone();
    match applied.plan.only {
        Only::All => applied.plan.only = Only::Memory,
        Only::Agents => {
            let failure = Failure::usage("`memory seed` applies no agents");
            return Err(failure.hint("`lobuctl apply --only agents`"));
        }
        Only::Memory | Only::Data | Only::Watchers => {}
    }
    apply::run(console, &common, &applied, interrupt).await
}

/// A session with the endpoint of the chosen organization.
struct MemoryPlace {
    endpoint: MemoryEndpoint,
    target: Target,
}

impl MemoryPlace {
    async fn find(console: &Console, common: &Common) -> Result<Self, Failure> {
        let options = ReviewOptions::reading(&console.host, common);
        let session = choose_session_here(&console.host, &options).await?;
        session.warnings.iter().for_each(|warning| console.warning(warning));
        session.token()?;
        let transport = session.transport(HttpOptions::default());
        let transport = transport.map_err(|error| Failure::failed(error.to_string()).hint(error.hint()))?;
        let target = Target {
            organization: session.organization.value.clone(),
            url: session.url.value.to_string(),
        };
        let log = console.request_log()?;
        let observer = log.map(|log| -> CallObserver { Box::new(move |attempt| log.attempt(attempt)) });
        let endpoint = MemoryEndpoint::connect(transport, &target.organization, observer).await;
        let endpoint = endpoint.map_err(|error| failure("the memory endpoint cannot be used", &target, &error))?;
        Ok(Self { endpoint, target })
    }

    async fn health(&self, console: &Console) -> Result<Exit, Failure> {
        let tools = self.tools().await?.len();
        let facts = self.endpoint.facts();
        let value = json!({ "target": self.target, "ok": true, "server": facts, "tools": tools });
        console.object("memory-health", &value)?;
        if console.format != Format::Json {
            console.lines(&health_lines(
                &self.target,
                &program_text(&facts),
                &facts.protocol,
                tools,
            ))?;
        }
        Ok(Exit::Done)
    }

    async fn list(&self, console: &Console) -> Result<Exit, Failure> {
        let tools = self.tools().await?;
        tools.iter().try_for_each(|tool| console.object("memory-tool", tool))?;
        if console.format != Format::Json {
            let rows = tools
                .iter()
                .map(|tool| (&*tool.name, &*tool.description, &tool.input_schema));
            console.lines(&tool_lines(&self.target, rows))?;
        }
        Ok(Exit::Done)
    }

    async fn run(
        &self,
        console: &Console,
        arguments: &MemoryRunArgs,
        given: arguments::Given,
        interrupt: &Interrupt,
    ) -> Result<Exit, Failure> {
        let name = arguments.tool.as_deref().unwrap_or_default();
        let fields = match given {
            arguments::Given::Object(fields) => fields,
            // The schema says which of the values are text.
            arguments::Given::Pairs(pairs) => {
                let tools = interrupt.or(self.tools()).await?;
                let tool = find(&tools, name)?;
                arguments::typed(&pairs, &tool.input_schema)?
            }
        };
        let call = async {
            let called = self.endpoint.call(name, fields).await;
            called.map_err(|error| self.uncalled(name, &error))
        };
        let answer = interrupt.or_unknown(&format!("`{name}`"), call).await?;
        print(console, name, &answer)
    }

    async fn tools(&self) -> Result<Vec<MemoryTool>, Failure> {
        let listed = self.endpoint.tools().await;
        listed.map_err(|error| failure("the tools could not be listed", &self.target, &error))
    }

    fn uncalled(&self, name: &str, error: &MemoryError) -> Failure {
        let not_known = error.maybe_applied();
        let message = if not_known {
            format!("it is not known whether `{name}` was carried out")
        } else {
            format!("`{name}` was not carried out")
        };
        let failed = failure(&message, &self.target, error);
        if not_known {
            Failure {
                kind: FailureKind::Partial,
                ..failed
            }
        } else {
            failed
        }
    }
}

fn find<'a>(tools: &'a [MemoryTool], name: &str) -> Result<&'a MemoryTool, Failure> {
    if let Some(tool) = tools.iter().find(|tool| tool.name == name) {
        return Ok(tool);
    }
    let names = tools.iter().map(|tool| tool.name.as_str());
    let near = nearest(name, names).map(|near| format!("did you mean `{near}`?"));
    let failure = Failure::failed(format!("this token is offered no tool `{name}`; nothing was called"));
    Err(failure.hints(near).hint("`lobuctl memory tools` lists them"))
}

fn print(console: &Console, name: &str, answer: &ToolAnswer) -> Result<Exit, Failure> {
    let mut value = json!(answer);
    value["tool"] = json!(name);
    console.object("memory-answer", &value)?;
    if answer.is_error {
        let text = answer.content.iter().filter_map(|piece| piece["text"].as_str());
        let mut failure = Failure::failed(format!("`{name}` answered with an error"));
        failure.causes = text.map(|text| console.host.redactor.text(text)).collect();
        return Err(failure.hint("`lobuctl memory tools` shows what it takes"));
    }
    if console.format != Format::Json {
        let lines = match &answer.structured_content {
            Some(data) if answer.content.is_empty() => answer_lines(&[json!({ "text": data.to_string() })]),
            _ => answer_lines(&answer.content),
        };
        console.lines(&lines)?;
    }
    Ok(Exit::Done)
}

fn failure(message: &str, target: &Target, error: &MemoryError) -> Failure {
    let hint = match error {
        MemoryError::SignedOut => Some("sign in again: `lobuctl login --force`".to_owned()),
        MemoryError::Forbidden => Some(format!("is the token for the organization `{}`?", target.organization)),
        MemoryError::Refused { .. } => Some("`lobuctl memory tools` lists what is offered".to_owned()),
        MemoryError::NoAnswer { .. } => Some("`lobuctl doctor` checks the server".to_owned()),
    };
    let place = format!("{message}: {} at {}", target.organization, target.url);
    Failure::failed(place).because(error).hints(hint)
}

fn program_text(facts: &EndpointFacts) -> String {
    let known: Vec<&str> = [&facts.name, &facts.version]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if known.is_empty() {
        "it does not say".to_owned()
    } else {
        known.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_tool() {
        let tool = |name: &str| MemoryTool {
            name: name.to_owned(),
            description: String::new(),
            input_schema: json!({}),
        };
        let tools = [tool("search_knowledge"), tool("save_knowledge")];
        assert_eq!(
            find(&tools, "save_knowledge").map(|tool| &*tool.name),
            Ok("save_knowledge")
        );
        let missing = find(&tools, "save_knowlege").unwrap_err();
        assert_eq!(missing.hints[0], "did you mean `save_knowledge`?");
    }
}
