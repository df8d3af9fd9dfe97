//! The texts below the flags of `--help`: examples, environment variables and exit codes.

use crate::exit::Exit;
use crate::server::command::{BOOTSTRAP_TOKEN, DataLocation, ServeConfig};

const EXAMPLES: &str = "\
Examples:
  lobuctl                       plan, review on the screen, apply
  lobuctl plan                  show what would change; write nothing
  lobuctl apply --yes           apply without questions, for CI
  lobuctl demo                  try it: embedded server, example project";

const ENVIRONMENT: &str = "\
Environment:
  LOBU_API_TOKEN                the access token; sent to the chosen server only
  LOBU_API_URL, LOBU_CONTEXT    the server; --url and --context take precedence
  LOBU_MEMORY_URL               http://HOST/mcp/ORG: the server and the organization
  LOBU_ORG, LOBU_MEMORY_ORG     the organization; --org takes precedence
  LOBU_CONFIG_DIR               read contexts from here instead of ~/.config/lobu
  XDG_CONFIG_HOME               lobuctl/config.toml below it, or ~/.config: theme, colors, contexts
  XDG_STATE_HOME                journals of runs below it, or below ~/.local/state
  LOBUCTL_FINGERPRINT_KEY       the key of the fingerprints of secrets that were sent, in CI
  LOBUCTL_NO_MOUSE              leave the mouse to the terminal
  LOBU_DATABASE_URL             `lobuctl serve`: the URL of its PostgreSQL database
  LOBUCTL_ENCRYPTION_KEY        `lobuctl serve`: the key of its secrets; LOBUCTL_NEW_ENCRYPTION_KEY
  NO_COLOR, CLICOLOR_FORCE, CI  control color; with CI set, nothing is asked";

/// The examples of `lobuctl apply`.
pub(super) const APPLY: &str = "\
Examples:
  lobuctl apply --dry-run
  lobuctl apply --target 'platform.triage.*'
  lobuctl apply --yes --fail-on delete,changes:20
  lobuctl apply --yes --plan-id ID          apply exactly the plan that was reviewed, or nothing
  lobuctl apply friday.plan                 the same for a plan that `--out` has saved";

/// The examples of `lobuctl plan`.
pub(super) const PLAN: &str = "\
Examples:
  lobuctl plan --detailed-exitcode          0 nothing to do, 2 changes, 3 only drift
  lobuctl plan --format markdown            for a pull request
  lobuctl plan --out friday.plan            save it for `lobuctl apply friday.plan`
  lobuctl plan --only memory --all";

/// What watching does, and the examples of `lobuctl watch`.
pub(super) const WATCH: &str = "\
On a terminal this is the review of `lobuctl apply`, which stays open: a saved file is planned at once, against \
what the server had when it was read last. Nothing is applied without a question. Without a terminal, and with \
another format, it prints a plan for each change until it is stopped.

Examples:
  lobuctl watch
  lobuctl watch --every 10 --target 'settings.triage'
  lobuctl watch --format json               one object for each plan
  lobuctl watch --once-clean                wait until nothing is left to apply";

/// How arguments are given, and the examples of `lobuctl memory run`.
pub(super) const MEMORY_RUN: &str = "\
The value of NAME=VALUE is text where the tool says so or says nothing, and JSON otherwise. A call is sent once and \
never again: it may save something. An answer that the tool itself calls an error ends with 1.

Examples:
  lobuctl memory run                        list the tools
  lobuctl memory run search_knowledge query='blue whale' limit=5
  lobuctl memory run save_knowledge '{\"semantic_type\":\"fact\",\"content\":\"Blue.\"}'
  jq -n '{query: \"blue\"}' | lobuctl memory run search_knowledge - --format json";

/// What seeding is, and the examples of `lobuctl memory seed`.
pub(super) const MEMORY_SEED: &str = "\
It is reviewed and applied like any other plan: what exists is compared and updated, and running it again changes \
nothing.

Examples:
  lobuctl memory seed --dry-run
  lobuctl memory seed ../atlas --yes --org dev
  lobuctl memory seed --only data --yes     entities and relationships only";

/// What a pull does not do, and the examples of `lobuctl pull`.
pub(super) const PULL: &str = "\
What only the files have stays. No value of a secret is written: a field keeps the `$NAME` that it has, and a \
new one gets a name that is added to `.env.example`. What cannot be pulled is a conflict, with its \
reason; everything else is written.

Examples:
  lobuctl pull                              review it by file, then write
  lobuctl pull --dry-run                    show what would be written
  lobuctl pull --target 'platform.triage.*'
  lobuctl pull --yes --exclude agent.sandbox
  lobuctl pull --init ./desk --org desk     a new project with everything that the server has";

/// What ignoring means, and the examples of `lobuctl drift`.
pub(super) const DRIFT: &str = "\
What is ignored stays in the plan, folded, and is no drift for `--fail-on`, `--detailed-exitcode`, `--prune` and \
`pull`. After its last day it is drift again, and a plan warns about it.

Examples:
  lobuctl drift
  lobuctl drift ignore entity-type.legacy --reason 'moves in March' --until 2027-03-31
  lobuctl drift ignore settings.triage --field networkConfig --reason 'the web team tries it'
  lobuctl drift unignore entity-type.legacy";

/// The examples of `lobuctl init`.
pub(super) const INIT: &str = "\
No existing file is written over, but for missing lines that are added to `.gitignore`.

Examples:
  lobuctl init desk                         asks for agent, provider, platform and memory
  lobuctl init desk --yes --org acme        asks nothing
  lobuctl init --agent triage --provider anthropic --platform slack";

/// What cannot be undone, and the examples of `lobuctl undo`.
pub(super) const UNDO: &str = "\
The plan puts back what the journal of the run read before it. What cannot be undone is named first: values of \
secrets, and the history of an agent that was deleted. What somebody has changed since is a conflict: it is left \
alone unless it is selected, or `--force` is given. An undo is a run too, and can be undone.

Examples:
  lobuctl undo                              the last run on this target, reviewed first
  lobuctl undo --dry-run
  lobuctl undo 20261129-150215-a1b2c3 --yes
  lobuctl undo last --target 'platform.triage.*'";

/// The examples of `lobuctl show`.
pub(super) const SHOW: &str = "\
On a terminal this is the screen of the review, in which nothing can be applied or changed.

Examples:
  lobuctl show friday.plan
  lobuctl show plan.json --format html > plan.html
  lobuctl show ~/.local/state/lobuctl/runs/20261129-150215-a1b2c3.jsonl --plain";

/// What a journal is, and the examples of `lobuctl runs`.
pub(super) const RUNS: &str = "\
Each apply keeps a journal on this machine, below `$XDG_STATE_HOME/lobuctl/runs`: each write before it is sent, \
and how it ended. It holds no secret.

Examples:
  lobuctl runs
  lobuctl runs show last
  lobuctl runs show 20261129-150215-a1b2c3 --format markdown
  lobuctl runs diff 20261129-150215 last";

/// The examples of `lobuctl secrets`.
pub(super) const SECRETS: &str = "\
Examples:
  lobuctl secrets                           what the server has, by fingerprint
  lobuctl secrets push                      store what `lobu.toml` uses and the server lacks
  lobuctl secrets diff --detailed-exitcode  0 when every value here is the one on the server, else 2
  lobuctl secrets audit BOT_TOKEN";

/// Where values come from, and the examples of `lobuctl secrets push`.
pub(super) const SECRETS_PUSH: &str = "\
No argument takes a value, and no command reads one back. Without a source, values come from the environment, each \
`--env-file`, `.env.local` and `.env`, as for `lobuctl apply`. All names are stored, or none.

A server that keeps no secrets by name may take the keys of providers (`key = \"$NAME\"`). It does not say which it has: each \
is written anew, and needs an answer or `--yes-rotate`.

Examples:
  lobuctl secrets push --dry-run
  lobuctl secrets push --rotate BOT_TOKEN
  sops -d secrets.env | lobuctl secrets push --from-stdin --yes
  vault kv get -format=json -field=data secret/desk |
    lobuctl secrets push --from-stdin --all --yes --rotate --yes-rotate";

/// What a sign-in stores, and the examples of `lobuctl login`.
pub(super) const LOGIN: &str = "\
The server shows a page on which somebody who is signed in there compares the code and approves. The credential is \
stored under `~/.config/lobu`, for the context of the server, once the server has said whose it is. It is refreshed \
when it is due, and sent to that server only.

Examples:
  lobuctl login --url https://app.example.com          sign in with a browser
  lobuctl login --context work --org desk              to a server that is known by name
  lobuctl login --org desk --token-stdin < token.txt   with a token from the server's web page";

/// The example of `lobuctl completions`.
pub(super) const COMPLETIONS: &str = "\
At each press of the key, the shell asks the program: contexts, organizations, addresses, secrets, guards and runs are \
completed from the files of this machine and project, without a request.

Examples:
  source <(lobuctl completions bash)
  lobuctl completions fish > ~/.config/fish/completions/lobuctl.fish";

/// Returns the text below the flags of `lobuctl -h`.
pub(super) fn short() -> String {
    format!("{EXAMPLES}\n\n`lobuctl --help` also lists environment variables and exit codes.")
}

/// Returns the text below the flags of `lobuctl --help`.
pub(super) fn long() -> String {
    let codes: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("  {:<5}{}", exit.code(), exit.meaning()))
        .collect();
    format!("{EXAMPLES}\n\n{ENVIRONMENT}\n\nExit codes:\n{}", codes.join("\n"))
}

/// Returns the text below the flags of `lobuctl serve --help`.
pub(super) fn serve() -> String {
    let (data_dir, listen) = (DataLocation::DATA_DIR, ServeConfig::LISTEN);
    format!(
        "\
The line `listening on http://ADDRESS` on standard error says that the server is ready. \
The first start creates the organization `dev` and writes its admin token to \
DATA_DIR/{BOOTSTRAP_TOKEN}.

Examples:
  lobuctl serve --listen 127.0.0.1:0 --data-dir /tmp/lobu
  export LOBU_API_TOKEN=$(cat {data_dir}/{BOOTSTRAP_TOKEN})
  lobuctl plan --url http://{listen} --org dev
  lobuctl serve token create --scope mcp:read"
    )
}
