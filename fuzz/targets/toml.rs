//! Any bytes as `lobu.toml`, with an agent folder, model files and a `.env` beside it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lobuctl_fuzz::project::{Project, SECRET};

thread_local! {
    static PROJECT: Project = Project::new(&[
        (".env", &format!("TOKEN={SECRET}\n")),
        ("agents/triage/SOUL.md", "Be kind.\n"),
        ("models/company.yaml", "type: entity\nslug: company\nname: Company\n"),
    ]);
}

fuzz_target!(|bytes: &[u8]| {
    PROJECT.with(|project| {
        project.write("lobu.toml", bytes);
        project.check();
    });
});
