//! Plans, reviews and applies the resources of a Lobu organization: AI agents, their chat platforms and their memory
//! schema, as `lobu.toml` declares them.
//!
//! The library exists for the program `lobuctl` and its tests. Everything that decides is a function of values:
//!
//! ```
//! use lobuctl::plan::{PlanOptions, Target, Verb, plan};
//! use lobuctl::resource::{Agent, Origins, State};
//!
//! let named = |name: &str| {
//!     let agent = Agent { id: "triage".into(), name: name.into(), description: None };
//!     State { agents: [("triage".into(), agent.into())].into(), ..State::default() }
//! };
//! let (desired, remote) = (named("Triage desk"), named("Triage"));
//! let draft = plan(&desired, &remote, &Origins::default(), Target::default(), &PlanOptions::default()).unwrap();
//! assert_eq!(draft.plan.rows[0].address.to_string(), "agent.triage");
//! assert_eq!(draft.plan.rows[0].verb, Verb::Update);
//! assert_eq!(draft.plan.counts.update, 1);
//! ```
//!
//! The way from files to a server:
//!
//! | step | room |
//! | --- | --- |
//! | files to the desired state, or every problem with its location | [`config`] |
//! | the server's state, through a transport that tests replace | [`remote`] |
//! | what the server has, into the files | [`pull`] |
//! | both states to a plan: what would be written, and in which order | [`plan`] |
//! | the decisions of the user: target, selection, guards, approval | [`review`] |
//! | the writes, one event for everything that happens | [`apply`] |
//! | plans and events as lines of text with roles, and who prints or draws them | [`show`], [`report`], [`tui`] |
//!
//! [`resource`] is the domain that they share, [`wire`] the JSON of the API, and [`redact`] strikes secrets out of
//! everything that leaves the program. [`command`] is behind `main`, [`cli`] is the command line, [`session`] finds the
//! server, organization and token, [`host`] is the process, and [`exit`] and [`failure`] are how a command ends.
//! [`server`] is the embedded server of `lobuctl serve`. `ARCHITECTURE.md` says who may use whom.

// Only here: what the tests' own support shares needs no narrower word than `pub`.
#![warn(unreachable_pub)]

pub mod apply;
pub mod cli;
pub mod command;
pub mod config;
pub mod exit;
pub mod failure;
pub mod host;
pub mod journal;
pub mod plan;
mod private_file;
pub mod pull;
pub mod redact;
pub mod remote;
pub mod report;
pub mod resource;
pub mod review;
mod schema_work;
pub mod server;
pub mod session;
pub mod show;
pub mod tui;
pub mod wire;
