//! What several themes share.

/// Snapshots live in the top-level folder, named by the test that owns them.
pub fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings
}
pub mod project;
pub mod snapshot;
