//! A plan as a page in a real browser, headless Chromium, opened from a file as a CI artifact is.

use lobuctl::report::html;
use lobuctl::tui::color::contrast;
use serde_json::{Value, json};

use crate::plan_html::hostile_plan;
use crate::support::program::web_browser::{WebBrowser, keep};

/// The page in a browser. `None` where there is none.
async fn open() -> Option<(WebBrowser, tempfile::TempDir, String)> {
    let browser = WebBrowser::start().await?;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("plan.html");
    std::fs::write(&file, html::plan(&hostile_plan())).unwrap();
    let url = format!("file://{}", file.display());
    browser.open(&url).await;
    browser.see("type-0").await;
    Some((browser, dir, url))
}

async fn number(browser: &WebBrowser, script: &str) -> u64 {
    browser.run(&format!("return {script}")).await.as_u64().unwrap()
}

/// The number of rows that are on the screen.
const SHOWN_ROWS: &str = "[...document.querySelectorAll('[data-row]')].filter((row) => row.offsetHeight > 0).length";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_loads_nothing_says_nothing_and_nothing_of_a_value_is_live() {
    let Some((browser, _dir, url)) = open().await else {
        return;
    };
    let requests = browser.requests().await;
    // The browser's own start page is loaded from itself.
    let own = |request: &&String| !request.starts_with("chrome://") && !request.starts_with("data:");
    let requests: Vec<&String> = requests.iter().filter(own).collect();
    assert!(requests.iter().all(|request| **request == url), "{requests:?}");
    assert_eq!(browser.console().await, Vec::<String>::new());
    // What a value would have made, had it been markup.
    for made in [
        "script:not(:last-of-type)",
        "style:not(head style)",
        "img",
        "iframe",
        "[onclick]",
        "[onerror]",
        "a",
        "b b",
    ] {
        assert_eq!(
            number(&browser, &format!("document.querySelectorAll('{made}').length")).await,
            0,
            "{made}"
        );
    }
    let attributes =
        "return [...new Set([...document.body.querySelectorAll('*')].flatMap((it) => it.getAttributeNames()))].sort()";
    let known = json!(["aria-label", "class", "data-row", "id", "open", "placeholder", "type"]);
    assert_eq!(browser.run(attributes).await, known);
    let hidden = "document.documentElement.textContent.match(/[\\u200b\\u202a-\\u202e\\u2066-\\u2069]/g) || []";
    assert_eq!(number(&browser, &format!("({hidden}).length")).await, 0);
    let text = browser.see("<script>alert(1)</script>").await;
    assert!(text.contains("abc<U+202E>gnp.exe"), "{text}");
    assert!(
        browser
            .run("return document.title")
            .await
            .as_str()
            .unwrap()
            .starts_with("lobuctl plan: ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_fold_and_the_filter_finds_them() {
    let Some((browser, _dir, _)) = open().await else { return };
    let open = "document.querySelectorAll('details[open]').length";
    let before = number(&browser, open).await;
    assert!(before > 0);
    browser.click("details:not([open]) summary").await;
    assert_eq!(number(&browser, open).await, before + 1);
    browser.click("details[open] summary").await;
    assert_eq!(number(&browser, open).await, before);
    let all = number(&browser, SHOWN_ROWS).await;
    browser.type_into("#filter", "entity-type type-3").await;
    assert_eq!(number(&browser, SHOWN_ROWS).await, 1);
    assert_eq!(
        number(&browser, "document.querySelectorAll('section[hidden]').length").await,
        1
    );
    browser.see("type-3").await;
    browser.type_into("#filter", " nowhere").await;
    assert_eq!(number(&browser, SHOWN_ROWS).await, 0);
    browser
        .run("const box = document.getElementById('filter'); box.value = ''; box.dispatchEvent(new Event('input'))")
        .await;
    assert_eq!(number(&browser, SHOWN_ROWS).await, all);
    assert_eq!(browser.console().await, Vec::<String>::new());
}

/// The color of each class of text, and what is behind it.
const COLORS: &str = "
const behind = (it) => { for (; it; it = it.parentElement) { const color = getComputedStyle(it).backgroundColor;
  if (!color.endsWith(', 0)')) return color; } return getComputedStyle(document.documentElement).backgroundColor; };
return [...document.querySelectorAll('span, p, li, summary, code, h1, h2, pre')].map((it) =>
  [it.className || it.tagName, getComputedStyle(it).color, behind(it)]);";

fn bytes(color: &Value) -> [u8; 3] {
    let numbers = color.as_str().unwrap().split(|letter: char| !letter.is_ascii_digit());
    let numbers: Vec<u8> = numbers.filter_map(|number| number.parse().ok()).collect();
    [numbers[0], numbers[1], numbers[2]]
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_read_in_light_and_in_dark_and_without_scripts() {
    let Some((browser, _dir, url)) = open().await else {
        return;
    };
    let mut pages = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        let colors = browser.run(COLORS).await;
        for text in colors.as_array().unwrap() {
            let ratio = contrast(bytes(&text[1]), bytes(&text[2]));
            assert!(ratio >= 4.5, "{scheme} {text}: {ratio:.2}");
        }
        pages.push(
            browser
                .run("return getComputedStyle(document.body).backgroundColor")
                .await,
        );
        keep(&format!("plan_{scheme}"), &browser.picture().await);
    }
    assert_ne!(pages[0], pages[1]);
    browser.stop_scripts().await;
    browser.open(&url).await;
    browser.see("type-0").await;
    assert_eq!(
        number(&browser, "document.getElementById('filter').offsetHeight").await,
        0
    );
    let open = "document.querySelectorAll('details[open]').length";
    let before = number(&browser, open).await;
    browser.click("details:not([open]) summary").await;
    assert_eq!(number(&browser, open).await, before + 1);
}
