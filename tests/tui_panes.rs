//! Tree, detail and header: what is shown, hidden and found, at every size.

use std::io::Write;

use lobuctl::plan::{Plan, Row, Verb};
use lobuctl::resource::Address;
use lobuctl::tui::basic_color::BasicColors;
use ratatui::buffer::Cell;
use ratatui::style::Modifier;

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot;

#[test]
fn kinds_and_changes_can_be_hidden() {
    let text = ModelDriver::review(100, 30).keys("c").text();
    assert!(
        !text.contains("archive") && text.contains("triage") && text.contains("stale"),
        "{text}"
    );
    let tree = column(&ModelDriver::review(100, 30).keys("4"), 1).join("\n");
    assert!(tree.contains("triage") && !tree.contains("stale"), "{tree}");
    let text = ModelDriver::review(100, 30).keys("1 2 3 4").text();
    assert!(text.contains("everything is hidden"), "{text}");
}

#[test]
fn folding_hides_and_unfolding_shows() {
    let folded = ModelDriver::review(100, 30).keys("C");
    let tree = column(&folded, 1).join("\n");
    assert!(tree.contains("agents") && !tree.contains("telegram"), "{tree}");
    let open = folded.keys("E");
    assert!(open.text().contains("telegram"));
    let closed = open.keys("g j <left>");
    assert!(closed.text().contains("▸     = archive"), "{}", closed.text());
}

#[test]
fn the_filter_marks_what_it_found_after_letters_that_are_not_ascii() {
    let rows = vec![
        canned::row(Address::agent("triage"), Verb::Noop),
        canned::row(canned::platform("triage", "slack", Some("größe-ops")), Verb::Update),
    ];
    let driver = ModelDriver::of(canned::plan_of(rows), 100, 20).keys("/ops<enter>");
    let buffer = driver.buffer();
    let marked = |cell: &&Cell| cell.modifier.contains(Modifier::UNDERLINED);
    let marked: String = buffer.content().iter().filter(marked).map(Cell::symbol).collect();
    assert_eq!(marked, "ops", "{}", driver.styled());
}

#[test]
fn the_filter_finds_the_whole_path_of_a_field() {
    let text = ModelDriver::review(100, 30).keys("/chatid").text();
    assert!(text.contains("telegram") && !text.contains("nothing matches"), "{text}");
}

#[test]
fn side_by_side_leaves_an_unchanged_last_entry_alone() {
    let text = ModelDriver::review(140, 40).keys("n d z").text();
    let line = text.lines().find(|line| line.contains("api.github.com")).unwrap();
    assert!(!line.contains("- ") && !line.contains("+ "), "{line}");
}

#[test]
fn the_header_is_never_cut_within_a_word() {
    for width in 60..160 {
        let text = ModelDriver::review(width, 24).keys("/tele<enter> space").text();
        let header = text.lines().nth(1).unwrap();
        let whole = ["selected │", "needed │", "/7 │"];
        assert!(whole.iter().any(|end| header.ends_with(end)), "{width}: {header}");
    }
}

#[test]
fn wide_and_combining_characters_stay_in_their_columns() {
    let mut rows: Vec<Row> = canned::plan().rows.iter().cloned().collect();
    let name = Address::agent("東京-é\u{301}-👩🏽\u{200d}🚀");
    rows.insert(0, canned::row(name, Verb::Create));
    let plan = Plan {
        rows: rows.into(),
        ..canned::plan()
    };
    for width in 1..70 {
        let driver = ModelDriver::of(plan.clone(), width, 20).keys("g j");
        let text = driver.text();
        let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= usize::from(width), "{width}\n{text}");
    }
}

#[test]
fn nothing_secret_and_nothing_dangerous_reaches_the_screen() {
    let mut plan = canned::plan();
    plan.rows.iter_mut().next().unwrap().warnings = vec!["\u{1b}[31mred\u{202e}".to_owned()];
    let driver = ModelDriver::of(plan, 140, 40).keys("g j");
    let buffer = driver.buffer();
    let dangerous = |symbol: &str| symbol.chars().any(|one| one.is_control() || one == '\u{202e}');
    assert!(!buffer.content().iter().any(|cell| dangerous(cell.symbol())));
}

#[test]
fn a_long_text_is_compared_aside_and_scrolled() {
    let driver = ModelDriver::of(canned::long_text_plan(1_000_000), 200, 50).keys("d <tab>");
    let strips = driver.model.board().unwrap().detail.strips().len();
    assert!(strips > 10_000, "{strips}");
    let text = driver.keys("G").text();
    assert!(text.contains("and stop."), "{text}");
}

#[test]
fn every_size_is_drawn() {
    for keys in ["", "n <enter>", "a", "?", "s", "/x", "n d z"] {
        for width in (1..=9).chain([59, 60, 100, 300]) {
            for height in (1..=6).chain([14, 15, 100]) {
                ModelDriver::review(width, height).keys(keys).buffer();
            }
        }
    }
}

#[test]
fn basic_colors_are_written_in_the_short_form_however_they_arrive() {
    let rewritten = |pieces: &[&str]| {
        let mut out = Vec::new();
        let mut writer = BasicColors::new(&mut out);
        for piece in pieces {
            writer.write_all(piece.as_bytes()).unwrap();
        }
        drop(writer);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(rewritten(&["a\x1b[38;5;2;48;5;9mb"]), "a\x1b[32;101mb");
    assert_eq!(rewritten(&["\x1b", "[38;", "5;1", "3mé\x1b[0m"]), "\x1b[95mé\x1b[0m");
    let untouched = "\x1b[38;5;114m\x1b[48;2;38;5;1m\x1b[1;4mx\x1b[2J\x1b[?25l\x1b]8;;\x1b\\";
    assert_eq!(rewritten(&[untouched]), untouched);
}

/// Returns a column of the panes beside each other, line by line: 1 is the tree, 2 the detail.
fn column(driver: &ModelDriver, column: usize) -> Vec<String> {
    let text = driver.text();
    let cells = text.lines().filter_map(|line| line.split('│').nth(column));
    cells.map(|cell| cell.trim().to_owned()).collect()
}

/// Returns the rows of the detail below the title of the plan's summary; none without one.
fn whole_plan(driver: &ModelDriver) -> Vec<String> {
    let lines = column(driver, 2).into_iter();
    lines.skip_while(|line| !line.contains("whole plan")).skip(1).collect()
}

#[test]
fn the_whole_plan_is_below_a_short_change() {
    let shots = [(80, 24), (120, 40)].map(|(width, height)| {
        let text = ModelDriver::review(width, height).text();
        format!("── {width}x{height} ──\n{text}")
    });
    snapshot::check("tui_whole_plan", &shots.join("\n\n"));
}

#[test]
fn the_whole_plan_names_as_many_agents_as_there_is_room_for() {
    let rows = |height: u16| whole_plan(&ModelDriver::of(canned::big_plan(400), 120, height));
    let counts = |height: u16| {
        let rows = rows(height);
        let more = rows
            .iter()
            .find_map(|row| row.strip_suffix(" more")?.parse::<usize>().ok());
        let agents = rows.iter().filter(|row| row.starts_with("agent-")).count();
        (agents, more)
    };
    assert_eq!(counts(50), (20, Some(20)), "{:?}", rows(50));
    let (agents, more) = counts(18);
    assert!((3..12).contains(&agents), "{:?}", rows(18));
    assert_eq!(more, Some(40 - agents), "{:?}", rows(18));
    let small = ModelDriver::of(canned::big_plan(400), 80, 15).text();
    assert!(!small.contains("whole plan"), "{small}");
}

#[test]
fn the_whole_plan_gives_way_to_a_long_change_a_heading_and_a_search() {
    let driver = ModelDriver::review(120, 40);
    assert!(
        whole_plan(&driver).contains(&"by agent".to_owned()),
        "{}",
        driver.text()
    );
    let driver = driver.keys("g");
    assert!(!driver.text().contains("whole plan"), "{}", driver.text());
    assert_eq!(driver.text().matches("by agent").count(), 1, "{}", driver.text());
    let long = ModelDriver::of(canned::long_text_plan(10_000), 120, 40).keys("n");
    assert!(!long.text().contains("whole plan"), "{}", long.text());
    // What is no part of the row is not found.
    let search = ModelDriver::review(120, 40).keys("<tab> /by agent");
    assert!(
        search.text().contains("not found") && !whole_plan(&search).is_empty(),
        "{}",
        search.text()
    );
}

#[test]
fn a_plan_of_one_row_is_not_summed_up_below_it() {
    let plan = canned::plan_of(vec![canned::row(Address::agent("triage"), Verb::Update)]);
    let driver = ModelDriver::of(plan, 120, 40);
    assert!(!driver.text().contains("whole plan"), "{}", driver.text());
}
