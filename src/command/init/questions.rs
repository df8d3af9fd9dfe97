//! What `lobuctl init` asks on a terminal, for what no flag says.

use clap::ValueEnum;

use super::template::NewProjectPlan;
use crate::cli::{InitArgs, InitPlatform};
use crate::command::console::Console;
use crate::command::plain::{ask, is_no, is_yes};
use crate::command::signal::Interrupt;
use crate::config::{AGENT_ID_FORM, is_agent_id};
use crate::failure::{Failure, FailureKind};

/// The id of the agent when nothing else is said.
const AGENT: &str = "assistant";

/// The questions about a new project.
pub(super) struct Questions<'a> {
    pub console: &'a Console,
    pub interrupt: &'a Interrupt,
    pub arguments: &'a InitArgs,
    /// The organization of the project unless another one is answered.
    pub organization: String,
    /// Whether `organization` is what the user said, so that nothing is asked about it.
    pub organization_given: bool,
}

impl Questions<'_> {
    /// Returns the project that flags and answers describe. Without a terminal, and with `--yes`, nothing is asked.
    ///
    /// # Errors
    /// When a flag has a value that cannot be used, the input ends, or it is interrupted.
    pub(super) async fn answered(&self) -> Result<NewProjectPlan, Failure> {
        let arguments = self.arguments;
        check_flag("--agent", arguments.agent.as_deref(), agent)?;
        check_flag("--provider", arguments.provider.as_deref(), provider)?;
        check_flag("--org", Some(&self.organization), organization)?;
        let mut plan = NewProjectPlan {
            agent: arguments.agent.clone().unwrap_or_else(|| AGENT.to_owned()),
            provider: arguments.provider.clone(),
            platform: arguments.platform,
            memory: !arguments.no_memory,
            organization: self.organization.clone(),
        };
        if arguments.yes || !self.console.host.can_ask() {
            return Ok(plan);
        }
        self.console.progress("enter takes what is in brackets");
        if arguments.agent.is_none() {
            plan.agent = self.until_valid("id of the first agent", AGENT, agent).await?;
        }
        if arguments.provider.is_none() {
            let question = "model provider, such as anthropic, openai or gemini";
            plan.provider = self.until_valid(question, NONE, optional_provider).await?;
        }
        if arguments.platform.is_none() {
            let question = format!("chat platform: {}", platform_names().join(", "));
            plan.platform = self.until_valid(&question, NONE, optional_platform).await?;
        }
        if !arguments.no_memory {
            plan.memory = self
                .until_valid("an example of an entity type, y or n", "y", yes_or_no)
                .await?;
        }
        if !self.organization_given {
            plan.organization = self
                .until_valid("slug of the organization", &self.organization, organization)
                .await?;
        }
        Ok(plan)
    }

    /// Asks until the answer can be used. An empty one stands for the default.
    async fn until_valid<T>(
        &self,
        question: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            let text = format!("{question} [{default}]: ");
            let Some(answer) = ask(self.console, self.interrupt, &text).await? else {
                return Err(Failure::new(
                    FailureKind::Declined,
                    "no project was made; nothing was written",
                ));
            };
            let answer = match answer.trim() {
                "" => default,
                answer => answer,
            };
            match parse(answer) {
                Ok(value) => return Ok(value),
                Err(why) => self.console.progress(&why),
            }
        }
    }
}

/// The answer for nothing of the kind.
const NONE: &str = "none";

fn check_flag<T>(flag: &str, value: Option<&str>, parse: impl Fn(&str) -> Result<T, String>) -> Result<(), Failure> {
    let Some(Err(why)) = value.map(parse) else {
        return Ok(());
    };
    Err(Failure::new(FailureKind::Usage, format!("{flag}: {why}")))
}

fn agent(text: &str) -> Result<String, String> {
    if is_agent_id(text) {
        return Ok(text.to_owned());
    }
    Err(format!("an agent's id has {AGENT_ID_FORM}"))
}

fn optional_provider(text: &str) -> Result<Option<String>, String> {
    if text == NONE {
        Ok(None)
    } else {
        provider(text).map(Some)
    }
}

fn provider(text: &str) -> Result<String, String> {
    let allowed = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    let is_id = text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(allowed);
    // The name of its key is made from it, and has to be the name of a variable.
    is_id
        .then(|| text.to_owned())
        .ok_or_else(|| "a provider's id has lower-case letters, digits and hyphens, such as `anthropic`".to_owned())
}

fn optional_platform(text: &str) -> Result<Option<InitPlatform>, String> {
    if text == NONE {
        return Ok(None);
    }
    InitPlatform::from_str(text, true)
        .map(Some)
        .map_err(|_| format!("one of {}, or {NONE}", platform_names().join(", ")))
}

fn platform_names() -> Vec<String> {
    let values = InitPlatform::value_variants()
        .iter()
        .filter_map(InitPlatform::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        NONE => Ok(false),
        yes if is_yes(yes) => Ok(true),
        no if is_no(no) => Ok(false),
        _ => Err("y or n".to_owned()),
    }
}

fn organization(text: &str) -> Result<String, String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    let edge = |character: char| character.is_ascii_alphanumeric();
    // The form that both generations of the `lobu` CLI check.
    (text.starts_with(edge) && text.ends_with(edge) && text.chars().all(allowed))
        .then(|| text.to_owned())
        .ok_or_else(|| "a slug has letters, digits, hyphens and underscores, such as `acme`".to_owned())
}
