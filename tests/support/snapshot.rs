//! Snapshots: one file per name in `snapshots/` at the top of the crate.

/// Compares a text with `snapshots/NAME.snap`.
pub fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // The id of a plan depends on the port that its server got.
    settings.add_filter("Plan id: [0-9a-f]{32}", "Plan id: ID");
    settings.bind(|| insta::assert_snapshot!(name, text));
}
