//! Any bytes as a model file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lobuctl_fuzz::project::Project;

thread_local! {
    static PROJECT: Project = Project::new(&[
        ("lobu.toml", "[agents]\n\n[memory]\norg = \"dev\"\nmodels = \"./models\"\n"),
        ("models/person.yaml", "type: entity\nslug: human\nname: Human\n"),
    ]);
}

fuzz_target!(|bytes: &[u8]| {
    PROJECT.with(|project| {
        project.write("models/fuzzed.yaml", bytes);
        project.check();
    });
});
