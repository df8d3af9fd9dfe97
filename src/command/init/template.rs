//! The files of a new project, as texts.

use crate::cli::InitPlatform;
use crate::config::schema::json_schema;
use crate::review::GITIGNORE;

/// The file with the schema of `lobu.toml`, for editors.
const SCHEMA: &str = "lobu.schema.json";

/// What a new project has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewProjectPlan {
    /// The id of the agent.
    pub agent: String,
    /// The id of the agent's model provider, if it has one.
    pub provider: Option<String>,
    /// The agent's chat platform, if it has one.
    pub platform: Option<InitPlatform>,
    /// Whether there is an example of an entity type.
    pub memory: bool,
    /// The slug of the organization.
    pub organization: String,
}

/// What is done with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfPresent {
    /// It stays as it is.
    Keep,
    /// The lines that it does not have are added at its end.
    AddLines,
}

/// A file of a new project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewFile {
    /// The path in the project's folder.
    pub path: String,
    /// The text.
    pub text: String,
    /// What is done when there is such a file.
    pub if_present: IfPresent,
}

impl NewProjectPlan {
    /// Returns the files of the project.
    pub(super) fn files(&self) -> Vec<NewFile> {
        let folder = format!("agents/{}", self.agent);
        let mut files = vec![
            kept("lobu.toml", self.lobu_toml()),
            kept(SCHEMA, schema_text()),
            kept(
                format!("{folder}/IDENTITY.md"),
                format!("You are {}, who helps this team.\n", name_of(&self.agent)),
            ),
            kept(
                format!("{folder}/SOUL.md"),
                "# How you work\n\n- Be concise and kind.\n- Say when you do not know.\n".to_owned(),
            ),
            kept(
                format!("{folder}/USER.md"),
                "The people you help are the members of this team.\n".to_owned(),
            ),
        ];
        if self.memory {
            files.push(kept("models/person.yaml", include_str!("person.yaml").to_owned()));
        }
        if !self.secret_names().is_empty() {
            files.push(kept(".env.example", self.env_example()));
        }
        files.push(NewFile {
            path: ".gitignore".to_owned(),
            text: GITIGNORE.to_owned(),
            if_present: IfPresent::AddLines,
        });
        files
    }

    /// Returns the names of the secrets that the project refers to.
    pub(super) fn secret_names(&self) -> Vec<String> {
        let provider = self.provider.as_deref().map(key_name);
        let platform = self.platform.map_or(&[][..], |platform| settings(platform).1);
        let referenced = platform.iter().filter_map(|(_, value)| value.strip_prefix('$'));
        provider.into_iter().chain(referenced.map(str::to_owned)).collect()
    }

    fn lobu_toml(&self) -> String {
        let id = &self.agent;
        let parts = [
            format!(
                "#:schema ./{SCHEMA}\n# What this organization consists of. `lobuctl plan` shows what would change, \
                 `lobuctl` applies it after a review.\n"
            ),
            format!(
                "[agents.{id}]\nname = {}\ndescription = \"Answers questions of the team\"\ndir = \"./agents/{id}\"\n",
                quoted(&name_of(id))
            ),
            self.provider_part(),
            self.platform_part(),
            format!("[agents.{id}.network]\nallowed = [\"github.com\", \".github.com\"]\n"),
            self.memory_part(),
        ];
        parts.join("\n")
    }

    fn provider_part(&self) -> String {
        let id = &self.agent;
        match &self.provider {
            Some(provider) => format!(
                "# The key is a name, never a value: set it in the environment or in `.env`.\n\
                 [[agents.{id}.providers]]\nid = {}\nkey = \"${}\"\n",
                quoted(provider),
                key_name(provider)
            ),
            None => format!(
                "# A provider's key is a name, never a value: set it in the environment or in `.env`.\n\
                 # [[agents.{id}.providers]]\n# id = \"anthropic\"\n# key = \"$ANTHROPIC_API_KEY\"\n"
            ),
        }
    }

    fn platform_part(&self) -> String {
        let sign = if self.platform.is_none() { "# " } else { "" };
        let (kind, values) = settings(self.platform.unwrap_or(InitPlatform::Telegram));
        let values: Vec<String> = values
            .iter()
            .map(|(key, value)| format!("{key} = \"{value}\""))
            .collect();
        format!(
            "{sign}[[agents.{}.platforms]]\n{sign}type = \"{kind}\"\n{sign}config = {{ {} }}\n",
            self.agent,
            values.join(", ")
        )
    }

    fn memory_part(&self) -> String {
        let models = if self.memory { "models = \"./models\"\n" } else { "" };
        format!("[memory]\norg = {}\n{models}", quoted(&self.organization))
    }

    fn env_example(&self) -> String {
        let names: Vec<String> = self.secret_names().iter().map(|name| format!("{name}=\n")).collect();
        format!(
            "# Copy to `.env` and fill in. `.env` stays out of version control.\n{}",
            names.concat()
        )
    }
}

fn kept(path: impl Into<String>, text: String) -> NewFile {
    NewFile {
        path: path.into(),
        text,
        if_present: IfPresent::Keep,
    }
}

/// Returns the type of a platform, and the keys and values of its config.
fn settings(platform: InitPlatform) -> (&'static str, &'static [(&'static str, &'static str)]) {
    match platform {
        InitPlatform::Telegram => ("telegram", &[("botToken", "$TELEGRAM_BOT_TOKEN"), ("mode", "polling")]),
        InitPlatform::Slack => (
            "slack",
            &[
                ("botToken", "$SLACK_BOT_TOKEN"),
                ("signingSecret", "$SLACK_SIGNING_SECRET"),
            ],
        ),
        InitPlatform::Discord => (
            "discord",
            &[
                ("botToken", "$DISCORD_BOT_TOKEN"),
                ("publicKey", "$DISCORD_PUBLIC_KEY"),
                ("applicationId", "$DISCORD_APPLICATION_ID"),
            ],
        ),
        InitPlatform::Whatsapp => (
            "whatsapp",
            &[
                ("accessToken", "$WHATSAPP_ACCESS_TOKEN"),
                ("appSecret", "$WHATSAPP_APP_SECRET"),
                ("phoneNumberId", "$WHATSAPP_PHONE_NUMBER_ID"),
                ("verifyToken", "$WHATSAPP_VERIFY_TOKEN"),
            ],
        ),
        InitPlatform::Teams => (
            "teams",
            &[("appId", "$TEAMS_APP_ID"), ("appPassword", "$TEAMS_APP_PASSWORD")],
        ),
        InitPlatform::Gchat => ("gchat", &[("credentials", "$GOOGLE_CHAT_CREDENTIALS")]),
    }
}

/// Returns the name of the variable with a provider's key: `ANTHROPIC_API_KEY`.
fn key_name(provider: &str) -> String {
    format!("{}_API_KEY", provider.to_uppercase().replace('-', "_"))
}

/// Returns an agent's name for its id: `Support desk` for `support-desk`.
fn name_of(id: &str) -> String {
    let words = id.replace('-', " ");
    let mut letters = words.trim().chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Returns a text as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn schema_text() -> String {
    let schema = serde_json::to_string_pretty(&json_schema()).unwrap_or_default();
    format!("{schema}\n")
}
