//! The page from which secrets are pushed: what it shows, what it asks for, and what it never does by itself.

use std::collections::{BTreeMap, BTreeSet};

use lobuctl::plan::{LocalSecret, PushPlan, Rotation};
use lobuctl::resource::{Secret, ServerSecret, secret_fingerprint};
use lobuctl::show::vault::{push_rows, push_summary};
use lobuctl::show::{Line, Role};
use lobuctl::tui::key::Key;
use lobuctl::tui::{Awaited, AwaitedEnd, Effect, ExitReason, LoadedPlan, Message, SecretComparison, TuiOptions};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot;

/// Returns what was asked of the workbench: `compare 1`, `push 1`, `replace 1`.
fn asked(driver: &ModelDriver) -> Vec<String> {
    let text = |effect: &Effect| match effect {
        Effect::CompareSecrets(page) => Some(format!("compare {page}")),
        Effect::PushSecrets { page, replaces: false } => Some(format!("push {page}")),
        Effect::PushSecrets { page, replaces: true } => Some(format!("replace {page}")),
        _ => None,
    };
    driver.left.iter().filter_map(text).collect()
}

/// Compares values that this machine has with those of a server.
fn comparison(here: &[(&str, &str)], there: &[(&str, &str)]) -> SecretComparison {
    let names: BTreeSet<String> = ["API_KEY", "BOT_TOKEN", "SIGNING", "SLACK_TOKEN", "UNSET"]
        .map(str::to_owned)
        .into();
    let local: BTreeMap<String, LocalSecret> = here
        .iter()
        .map(|(name, value)| {
            let local = LocalSecret {
                value: Secret::new(*value),
                from: ".env".to_owned(),
                source: "env",
            };
            ((*name).to_owned(), local)
        })
        .collect();
    let server: Vec<ServerSecret> = there
        .iter()
        .map(|(name, value)| ServerSecret {
            name: (*name).to_owned(),
            fingerprint: secret_fingerprint(&Secret::new(*value)),
            source: None,
            updated_at: None,
            updated_by: None,
            used_by: Vec::new(),
        })
        .collect();
    let plan = PushPlan::of(&names, &local, &server, &Rotation::Differing);
    let differing: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| step.replaces())
        .map(|step| step.write.name.clone())
        .collect();
    SecretComparison {
        creates: plan.steps.len() - differing.len(),
        differing,
        summary: push_summary(&plan),
        lines: push_rows(&plan),
        refusal: Vec::new(),
    }
}

fn mixed() -> SecretComparison {
    comparison(
        &[
            ("API_KEY", "planted-a"),
            ("BOT_TOKEN", "planted-b"),
            ("SIGNING", "planted-c"),
        ],
        &[
            ("BOT_TOKEN", "planted-older"),
            ("SIGNING", "planted-c"),
            ("SLACK_TOKEN", "planted-d"),
        ],
    )
}

fn compared(mut driver: ModelDriver, page: u64, result: Result<SecretComparison, String>) -> ModelDriver {
    driver.send(Message::SecretsCompared { page, result });
    driver
}

#[test]
fn shows_what_the_server_lacks_and_what_differs_before_anything_is_sent() {
    let mut shown = String::new();
    for (width, height) in [(80, 24), (120, 40)] {
        let driver = ModelDriver::review(width, height).keys("s");
        shown += &driver.text();
        let driver = driver.keys("P");
        shown += &driver.text();
        let driver = compared(driver, 1, Ok(mixed()));
        shown += &driver.text();
        let driver = driver.keys("R");
        shown += &driver.text();
        assert_eq!(asked(&driver), ["compare 1"]);
    }
    assert!(!shown.contains("planted"));
    snapshot::check("push_page", &shown);
}

#[test]
fn creates_with_a_key_and_replaces_with_a_word() {
    let driver = compared(ModelDriver::review(80, 24).keys("P"), 1, Ok(mixed())).keys("y");
    assert_eq!(asked(&driver), ["compare 1", "push 1"]);
    // While it is sent, nothing can be taken back or asked for twice.
    let driver = driver.keys("<esc> y R <enter>");
    assert_eq!(asked(&driver).len(), 2);
    assert!(driver.text().contains("sending the values"), "{}", driver.text());

    let driver = compared(ModelDriver::review(80, 24).keys("P"), 1, Ok(mixed())).keys("Rye<enter>");
    assert_eq!(asked(&driver), ["compare 1"]);
    assert!(driver.text().contains("type `yes` to send"), "{}", driver.text());
    let driver = driver.keys("s<enter>");
    assert_eq!(asked(&driver), ["compare 1", "replace 1"]);
}

#[test]
fn offers_only_what_there_is_to_do() {
    let same = comparison(&[("API_KEY", "planted-a")], &[("API_KEY", "planted-a")]);
    let driver = compared(ModelDriver::review(80, 24).keys("P"), 1, Ok(same)).keys("y R <enter>");
    assert_eq!(asked(&driver), ["compare 1"]);
    let text = driver.text();
    assert!(!text.contains("y push") && !text.contains("R replace"), "{text}");
    let missing = comparison(&[("API_KEY", "planted-a")], &[]);
    let driver = compared(ModelDriver::review(80, 24).keys("P"), 1, Ok(missing)).keys("R y");
    assert_eq!(asked(&driver), ["compare 1", "push 1"]);
}

#[test]
fn an_answer_for_a_page_that_was_left_is_not_shown() {
    let driver = ModelDriver::review(80, 24).keys("P <esc> P");
    let driver = compared(driver, 1, Ok(mixed())).keys("y");
    assert_eq!(asked(&driver), ["compare 1", "compare 2"]);
    assert!(driver.text().contains("comparing the secrets"), "{}", driver.text());
    let driver = compared(driver, 2, Err("http://x keeps no secrets by name".to_owned()));
    assert!(driver.text().contains("keeps no secrets by name"), "{}", driver.text());
    let driver = compared(driver, 2, Ok(mixed())).keys("y");
    assert_eq!(asked(&driver).len(), 2);
}

#[test]
fn plans_again_after_a_push_also_when_its_end_is_not_known() {
    for result in [
        Ok("API_KEY created".to_owned()),
        Err("it is not known whether the values were stored".to_owned()),
    ] {
        let text = result.clone().unwrap_or_else(|text| text);
        let mut driver = compared(ModelDriver::review(80, 24).keys("P"), 1, Ok(mixed())).keys("y");
        driver.send(Message::SecretsPushed(result));
        assert_eq!(
            driver
                .left
                .iter()
                .filter(|effect| matches!(effect, Effect::Load(_)))
                .count(),
            1
        );
        let driver = driver.loaded();
        assert!(driver.text().contains(&text), "{}", driver.text());
    }
}

/// Returns a page that sends what was approved.
fn sending() -> ModelDriver {
    compared(ModelDriver::review(80, 24).keys("P"), 1, Ok(mixed())).keys("y")
}

#[test]
fn ctrl_c_and_a_signal_wait_for_the_answer_of_a_push() {
    let driver = sending();
    let last = driver.text();
    let last = last.lines().rev().nth(1).unwrap_or_default();
    assert!(!last.contains("esc"), "nothing can be taken back: {last}");
    let driver = driver.keys("q");
    assert!(driver.text().contains("the answer is awaited"), "{}", driver.text());
    for (message, ending) in [
        (Message::Key(Key::ctrl('c')), ExitReason::Interrupted),
        (Message::Terminate, ExitReason::Terminated),
    ] {
        let mut driver = sending();
        driver.send(message);
        assert_eq!(driver.exit, None);
        assert!(driver.text().contains("leaving when the answer"), "{}", driver.text());
        driver.send(Message::SecretsPushed(Ok("API_KEY created".to_owned())));
        let exit = driver.exit.unwrap();
        assert_eq!(exit.ending, ending);
        assert_eq!(
            exit.awaited,
            Some(AwaitedEnd::Answered(Ok("API_KEY created".to_owned())))
        );
    }
}

#[test]
fn a_second_ctrl_c_leaves_a_push_whose_end_is_not_known() {
    let exit = sending().keys("<c-c> <c-c>").exit.unwrap();
    assert_eq!(exit.ending, ExitReason::Interrupted);
    assert_eq!(exit.awaited, Some(AwaitedEnd::Unknown(Awaited::Secrets)));
    // Files that are being written are the same.
    let mut driver = ModelDriver::review(80, 24).keys("/stale<enter> u");
    let request = driver.left.iter().find_map(|effect| match effect {
        Effect::Adopt(request) => Some(request.clone()),
        _ => None,
    });
    let request = request.unwrap();
    let result = Ok(canned::adoption(&request));
    driver.send(Message::Adoption { request, result });
    let mut driver = driver.keys("y <c-c>");
    assert_eq!(driver.exit, None);
    driver.send(Message::Adopted(Ok("wrote 1 file".to_owned())));
    assert!(matches!(
        driver.exit.unwrap().awaited,
        Some(AwaitedEnd::Answered(Ok(_)))
    ));
}

#[test]
fn a_key_says_that_secrets_are_still_being_compared() {
    let driver = ModelDriver::review(80, 24).keys("P y");
    assert!(driver.text().contains("still being compared"), "{}", driver.text());
}

/// Returns the review of a protected target.
fn protected() -> ModelDriver {
    let mut driver = ModelDriver::start(50, 12, &TuiOptions::default());
    let loaded = LoadedPlan {
        protected: true,
        ..canned::loaded(driver.plan.clone())
    };
    driver.send(Message::Loaded(Box::new(Ok(loaded))));
    driver
}

#[test]
fn the_page_names_the_target_and_a_protected_one_wants_its_name() {
    for (ask, sent) in [("R", "replace 1"), ("y", "push 1")] {
        let driver = compared(protected().keys("P"), 1, Ok(mixed()));
        assert!(
            driver.text().contains("dev at app.lobu.ai (protected)"),
            "{}",
            driver.text()
        );
        let driver = driver.keys(ask);
        assert!(driver.text().contains("type `dev` to push"), "{}", driver.text());
        assert!(
            driver.text().contains("dev at app.lobu.ai (protected)"),
            "{}",
            driver.text()
        );
        let driver = driver.keys("yes<enter>");
        assert_eq!(asked(&driver), ["compare 1"]);
        let driver = driver.keys("<backspace><backspace><backspace> dev<enter>");
        assert_eq!(asked(&driver), ["compare 1", sent]);
    }
}

#[test]
fn a_guard_refuses_that_values_are_replaced_and_says_so() {
    let refusal = vec![Line::default().push(Role::Error, "`--fail-on restart`: 1 restart")];
    let refused = SecretComparison { refusal, ..mixed() };
    let driver = compared(ModelDriver::review(80, 24).keys("P"), 1, Ok(refused));
    assert!(driver.text().contains("--fail-on restart"), "{}", driver.text());
    let driver = driver.keys("R");
    assert!(driver.text().contains("a guard refuses"), "{}", driver.text());
    let driver = driver.keys("y");
    assert_eq!(asked(&driver), ["compare 1", "push 1"]);
}
