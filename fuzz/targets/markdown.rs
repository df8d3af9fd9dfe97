//! Any texts in a plan, written as text, JSON and Markdown. The texts are separated by bytes of the value 0xFF.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lobuctl::plan::{Change, Counts, Plan, Row, Target, Verb};
use lobuctl::resource::{Address, FieldPath};
use lobuctl_fuzz::output::assert_outputs;

fuzz_target!(|bytes: &[u8]| {
    let mut texts = bytes
        .split(|byte| *byte == 0xFF)
        .map(|part| String::from_utf8_lossy(part).into_owned());
    let mut text = || texts.next().unwrap_or_default();
    let (id, field, before, after, warning) = (text(), text(), text(), text(), text());
    let row = |address, verb, changes| Row {
        changes,
        warnings: vec![warning.clone()],
        ..Row::bare(address, verb)
    };
    let change = Change::between(
        FieldPath::root(&field),
        Some(before.as_str().into()),
        Some(after.as_str().into()),
    );
    let created = Change::between(FieldPath::root("soulMd"), None, Some(after.as_str().into()));
    let rows = vec![
        row(Address::agent("bot"), Verb::Update, vec![change]),
        row(Address::agent(id.clone()), Verb::Create, vec![created]),
        row(Address::entity_type(id.clone()), Verb::Noop, Vec::new()),
    ];
    assert_outputs(&Plan {
        target: Target {
            organization: id,
            url: "https://fuzz.test".to_owned(),
        },
        counts: Counts::of(&rows),
        undeclared_entities: 0,
        warnings: vec![warning],
        rows: rows.into(),
        id: "00000000000000000000000000000000"
            .parse()
            .expect("a plan id has 32 digits"),
    });
});
