//! Any bytes as `.env`, of which a platform reads a name.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lobuctl_fuzz::project::Project;

thread_local! {
    static PROJECT: Project = Project::new(&[
        (
            "lobu.toml",
            "[agents.triage]\nname = \"Triage\"\ndir = \"./agents/triage\"\n\n\
             [[agents.triage.platforms]]\ntype = \"telegram\"\nconfig = { botToken = \"$TOKEN\" }\n",
        ),
        ("agents/triage/SOUL.md", "Be kind.\n"),
    ]);
}

fuzz_target!(|bytes: &[u8]| {
    PROJECT.with(|project| {
        project.write(".env", bytes);
        project.check();
    });
});
