//! Runs to look at: halfway, failed, done.
#![allow(dead_code)]

use lobuctl::apply::event::{Event, EventKind, Outcome, PlannedStep};
use lobuctl::resource::Address;
use lobuctl::tui::Message;

use super::canned;
use super::play::Play;

/// The first half of a run: done, at work, tried again, failed, skipped, queued.
pub fn halfway(width: u16, height: u16) -> Play {
    let mut play = Play::review(width, height).keys("a yes<enter>");
    let rows = play.plan.rows.iter().filter(|row| row.writes());
    let steps = rows.map(|row| PlannedStep {
        address: row.address.clone(),
        verb: row.verb,
        restarts: row.impact.is_some(),
    });
    let steps: Vec<PlannedStep> = steps.collect();
    let target = play.plan.target.clone();
    send(&mut play, 0, EventKind::RunStarted { target, steps });
    let started = |address: Address| EventKind::StepStarted { address };
    send(&mut play, 10, started(canned::platform("billing", "whatsapp", None)));
    finish(
        &mut play,
        90,
        canned::platform("billing", "whatsapp", None),
        Outcome::Unchanged,
    );
    send(&mut play, 100, started(Address::agent("triage")));
    request(&mut play, 180, Address::agent("triage"), Some(200), 1);
    finish(
        &mut play,
        190,
        Address::agent("triage"),
        Outcome::Updated { restarted: None },
    );
    send(&mut play, 200, started(Address::settings("triage")));
    send(
        &mut play,
        210,
        started(canned::platform("triage", "slack", Some("eng"))),
    );
    request(
        &mut play,
        400,
        canned::platform("triage", "slack", Some("eng")),
        Some(503),
        1,
    );
    let address = canned::platform("triage", "slack", Some("eng"));
    let reason = "503 Service Unavailable".to_owned();
    let retrying = EventKind::Retrying {
        address,
        attempt: 2,
        of: 5,
        reason,
        delay_ms: 250,
    };
    send(&mut play, 410, retrying);
    play.send(Message::Clock(2_000));
    play
}

/// The run has ended: one row failed, three were not tried.
pub fn failed(width: u16, height: u16) -> Play {
    let mut play = halfway(width, height);
    finish(
        &mut play,
        900,
        Address::settings("triage"),
        Outcome::Updated { restarted: None },
    );
    let slack = canned::platform("triage", "slack", Some("eng"));
    request(&mut play, 1_000, slack.clone(), Some(422), 2);
    let outcome = Outcome::Failed {
        message: "422 Unprocessable Entity\n{\"error\":\"the bot is not in #eng\"}".to_owned(),
        hint: Some("invite the bot to the channel, then `r` retries".to_owned()),
        partly_written: false,
    };
    finish(&mut play, 1_010, slack, outcome);
    for address in [
        canned::platform("triage", "telegram", None),
        Address::entity_type("company"),
        Address::relationship_type("works-at"),
    ] {
        let reason = "platform triage/triage-slack-eng failed".to_owned();
        finish(&mut play, 1_020, address, Outcome::Skipped { reason });
    }
    send(&mut play, 1_030, EventKind::RunFinished);
    play.send(Message::RunEnded(Ok(())));
    play
}

/// Everything that was selected holds.
pub fn done(width: u16, height: u16) -> Play {
    let mut play = halfway(width, height);
    let rows: Vec<Address> = play
        .plan
        .rows
        .iter()
        .filter(|row| row.writes())
        .map(|row| row.address.clone())
        .collect();
    for address in rows.into_iter().skip(2) {
        finish(&mut play, 2_100, address, Outcome::Created);
    }
    send(&mut play, 2_110, EventKind::RunFinished);
    play.send(Message::RunEnded(Ok(())));
    play
}

fn send(play: &mut Play, elapsed_ms: u64, kind: EventKind) {
    play.send(Message::Clock(elapsed_ms));
    play.send(Message::Run(Event {
        seq: 0,
        elapsed_ms,
        kind,
    }));
}

fn request(play: &mut Play, elapsed_ms: u64, address: Address, status: Option<u16>, attempt: u32) {
    let path = format!("/api/dev/{}", address.id());
    let kind = EventKind::Request {
        address,
        method: "PATCH".to_owned(),
        path,
        status,
        took_ms: 80,
        attempt,
    };
    send(play, elapsed_ms, kind);
}

fn finish(play: &mut Play, elapsed_ms: u64, address: Address, outcome: Outcome) {
    let kind = EventKind::StepFinished {
        address,
        outcome,
        took_ms: 80,
    };
    send(play, elapsed_ms, kind);
}
