//! The run screen in three states: halfway, failed, done.

use lobuctl::apply::event::{Event, EventKind, Outcome, PlannedStep};
use lobuctl::resource::Address;
use lobuctl::tui::Message;

use super::canned;
use super::model_driver::ModelDriver;

/// Returns a run in its first half: rows that are done, in progress, being retried and waiting.
pub fn halfway(width: u16, height: u16) -> ModelDriver {
    let mut driver = ModelDriver::review(width, height).keys("a yes<enter>");
    let rows = driver.plan.rows.iter().filter(|row| row.writes());
    let steps = rows.map(|row| PlannedStep {
        address: row.address.clone(),
        verb: row.verb,
        restarts: row.restarts(),
        may_restart: row.may_restart(),
    });
    let steps: Vec<PlannedStep> = steps.collect();
    let target = driver.plan.target.clone();
    send(&mut driver, 0, EventKind::RunStarted { target, steps });
    let started = |address: Address| EventKind::StepStarted { address };
    send(&mut driver, 10, started(canned::platform("billing", "whatsapp", None)));
    finish(
        &mut driver,
        90,
        canned::platform("billing", "whatsapp", None),
        Outcome::Unchanged,
    );
    send(&mut driver, 100, started(Address::agent("triage")));
    request(&mut driver, 180, Address::agent("triage"), Some(200), 1);
    finish(
        &mut driver,
        190,
        Address::agent("triage"),
        Outcome::Updated { restarted: None },
    );
    send(&mut driver, 200, started(Address::settings("triage")));
    send(
        &mut driver,
        210,
        started(canned::platform("triage", "slack", Some("eng"))),
    );
    request(
        &mut driver,
        400,
        canned::platform("triage", "slack", Some("eng")),
        Some(503),
        1,
    );
    let address = canned::platform("triage", "slack", Some("eng"));
    let reason = "503 Service Unavailable".to_owned();
    let retrying = EventKind::Retrying {
        address,
        next_attempt: 2,
        max_attempts: 5,
        reason,
        delay_ms: 250,
    };
    send(&mut driver, 410, retrying);
    driver.send(Message::Clock(2_000));
    driver
}

/// Returns a finished run: one row failed, three were skipped.
pub fn failed(width: u16, height: u16) -> ModelDriver {
    let mut driver = halfway(width, height);
    finish(
        &mut driver,
        900,
        Address::settings("triage"),
        Outcome::Updated { restarted: None },
    );
    let slack = canned::platform("triage", "slack", Some("eng"));
    request(&mut driver, 1_000, slack.clone(), Some(422), 2);
    let outcome = Outcome::Failed {
        message: "422 Unprocessable Entity\n{\"error\":\"the bot is not in #eng\"}".to_owned(),
        hint: Some("invite the bot to the channel, then `r` retries".to_owned()),
        partly_written: false,
    };
    finish(&mut driver, 1_010, slack, outcome);
    for address in [
        canned::platform("triage", "telegram", None),
        Address::entity_type("company"),
        Address::relationship_type("works-at"),
    ] {
        let reason = "platform triage/triage-slack-eng failed".to_owned();
        finish(&mut driver, 1_020, address, Outcome::Skipped { reason });
    }
    send(&mut driver, 1_030, EventKind::RunFinished);
    driver.send(Message::RunEnded(Ok(())));
    driver
}

/// Returns a finished run in which every selected row was applied.
pub fn done(width: u16, height: u16) -> ModelDriver {
    let mut driver = halfway(width, height);
    let rows: Vec<Address> = driver
        .plan
        .rows
        .iter()
        .filter(|row| row.writes())
        .map(|row| row.address.clone())
        .collect();
    for address in rows.into_iter().skip(2) {
        finish(&mut driver, 2_100, address, Outcome::Created);
    }
    send(&mut driver, 2_110, EventKind::RunFinished);
    driver.send(Message::RunEnded(Ok(())));
    driver
}

fn send(driver: &mut ModelDriver, elapsed_ms: u64, kind: EventKind) {
    driver.send(Message::Clock(elapsed_ms));
    driver.send(Message::Run(Event {
        seq: 0,
        elapsed_ms,
        kind,
    }));
}

fn request(driver: &mut ModelDriver, elapsed_ms: u64, address: Address, status: Option<u16>, attempt: u32) {
    let path = format!("/api/dev/{}", address.id());
    let kind = EventKind::Request {
        address,
        method: "PATCH".to_owned(),
        path,
        status,
        took_ms: 80,
        attempt,
    };
    send(driver, elapsed_ms, kind);
}

fn finish(driver: &mut ModelDriver, elapsed_ms: u64, address: Address, outcome: Outcome) {
    let kind = EventKind::StepFinished {
        address,
        outcome,
        took_ms: 80,
    };
    send(driver, elapsed_ms, kind);
}
