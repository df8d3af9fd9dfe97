//! Any bytes as a local skill, whose front matter is YAML.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lobuctl_fuzz::project::Project;

thread_local! {
    static PROJECT: Project = Project::new(&[
        ("lobu.toml", "[agents.triage]\nname = \"Triage\"\ndir = \"./agents/triage\"\n"),
        ("agents/triage/SOUL.md", "Be kind.\n"),
    ]);
}

fuzz_target!(|bytes: &[u8]| {
    PROJECT.with(|project| {
        project.write("agents/triage/skills/fuzzed/SKILL.md", bytes);
        project.check();
    });
});
