# What CI runs.
check:
    .ci/run

# Every test.
test:
    cargo test --locked

# Take over changed snapshots.
accept:
    INSTA_UPDATE=always cargo test --locked
    git status --short snapshots

# The demo in a debug build.
demo:
    cargo run -- demo

# Plan and apply at size, against one request at a time.
bench:
    cargo bench

# How long each crate takes to compile, from an empty folder.
timings:
    .ci/timings

# A binary to give to others, without paths of this machine.
release:
    .ci/release

# Whether it compiles for Windows and macOS; `rustup target add` brings what is needed.
other-systems:
    .ci/other-systems

# Every fuzz target, a minute each.
fuzz:
    .ci/fuzz

# The pictures of `docs`, from real runs of the demo.
pictures:
    cargo build --locked --example picture --bin lobuctl
    target/debug/examples/picture target/debug/lobuctl 'n' > docs/review.svg
    target/debug/examples/picture target/debug/lobuctl '/survey<enter> u' > docs/desk.svg
    target/debug/examples/picture --film target/debug/lobuctl 'n d d n n a yes<enter>' > docs/apply.svg

# Every screen at three sizes, to look at.
gallery:
    cargo run --example gallery
