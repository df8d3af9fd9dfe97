//! Headless Chromium, driven over `WebDriver`, whose requests are plain JSON. Nothing but loopback can be reached from it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::report_skip;

/// The key under which `WebDriver` names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The maximum number of looks at a page that is loading.
const MAX_LOOKS: usize = 1000;

/// A browser with a new profile. It is ended with everything that it has started on drop.
pub struct WebBrowser {
    driver: Child,
    http: reqwest::Client,
    session: String,
    _profile: tempfile::TempDir,
}

impl WebBrowser {
    /// Starts a browser. Reports the skipped test and returns `None` where there is no `chromedriver`.
    pub async fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null());
        // In a group of its own, so that the browser ends with its driver.
        command.process_group(0);
        let Ok(mut driver) = command.spawn() else {
            report_skip("no chromedriver; install chromium and chromium-driver");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let started = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("successfully on port ")
                .map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        // Fails when another test has installed it before, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let profile = tempfile::tempdir().unwrap();
        let url = format!("http://127.0.0.1:{}/session", started.expect("a port"));
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-first-run".to_owned(),
            "--window-size=900,900".to_owned(),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
        }}});
        let mut browser = Self {
            driver,
            http,
            session: String::new(),
            _profile: profile,
        };
        let created = browser.request("POST", &url, Some(capabilities)).await;
        browser.session = format!("{url}/{}", created["sessionId"].as_str().expect("a session"));
        Some(browser)
    }

    async fn request(&self, method: &str, url: &str, body: Option<Value>) -> Value {
        let request = self.http.request(method.parse().unwrap(), url);
        let request = match body {
            Some(body) => request.body(body.to_string()),
            None => request,
        };
        let text = request.send().await.unwrap().text().await.unwrap();
        let reply: Value = serde_json::from_str(&text).unwrap();
        assert!(reply["value"]["error"].is_null(), "{method} {url}: {text}");
        reply["value"].clone()
    }

    async fn command(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.request(method, &format!("{}/{path}", self.session), body).await
    }

    /// Opens an address, as somebody who types it.
    pub async fn open(&self, url: &str) {
        self.command("POST", "url", Some(json!({ "url": url }))).await;
    }

    /// Returns the address of the page.
    pub async fn url(&self) -> String {
        self.command("GET", "url", None).await.as_str().unwrap().to_owned()
    }

    /// Returns the first element that matches, as soon as there is one: the page that a click leads to may not be there yet.
    async fn element(&self, css: &str) -> String {
        let body = json!({ "using": "css selector", "value": css });
        for _ in 0..MAX_LOOKS {
            let found = self.command("POST", "elements", Some(body.clone())).await;
            if let Some(element) = found[0][ELEMENT].as_str() {
                return element.to_owned();
            }
        }
        panic!("waited for {css}");
    }

    /// Clicks on the first element that matches.
    pub async fn click(&self, css: &str) {
        let element = self.element(css).await;
        self.command("POST", &format!("element/{element}/click"), Some(json!({})))
            .await;
    }

    /// Types into the first element that matches.
    pub async fn type_into(&self, css: &str, text: &str) {
        let element = self.element(css).await;
        let path = format!("element/{element}/value");
        self.command("POST", &path, Some(json!({ "text": text }))).await;
    }

    /// Returns the text that a person sees, as soon as it contains `part`.
    pub async fn see(&self, part: &str) -> String {
        let mut text = String::new();
        // A click is over before the page that it leads to is there. Each look takes some milliseconds.
        for _ in 0..MAX_LOOKS {
            let shown = self.run("return document.body ? document.body.innerText : ''").await;
            shown.as_str().unwrap_or_default().clone_into(&mut text);
            if text.contains(part) {
                return text;
            }
        }
        panic!("waited for {part:?}: {text}");
    }

    /// Runs a script, which the policy of the page does not keep from running, and returns its value.
    pub async fn run(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.command("POST", "execute/sync", Some(body)).await
    }

    /// Continues inside the first frame.
    pub async fn enter_frame(&self) {
        self.command("POST", "frame", Some(json!({ "id": 0 }))).await;
    }

    /// Tells pages that the person prefers `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let body = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.command("POST", "goog/cdp/execute", Some(body)).await;
    }

    /// Has pages run no script from now on, as where somebody has switched JavaScript off.
    pub async fn stop_scripts(&self) {
        let body = json!({ "cmd": "Emulation.setScriptExecutionDisabled", "params": { "value": true } });
        self.command("POST", "goog/cdp/execute", Some(body)).await;
    }

    /// Returns everything on the console since the last call.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.command("POST", "se/log", Some(json!({ "type": "browser" }))).await;
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Returns a picture of the window as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let picture = self.command("GET", "screenshot", None).await;
        base64::engine::general_purpose::STANDARD
            .decode(picture.as_str().unwrap())
            .unwrap()
    }

    /// Returns the addresses of all requests since the last call.
    pub async fn requests(&self) -> Vec<String> {
        let entries = self
            .command("POST", "se/log", Some(json!({ "type": "performance" })))
            .await;
        let messages = entries.as_array().unwrap().iter().filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let sent = message["method"] == "Network.requestWillBeSent";
            let url = message.pointer("/params/request/url")?.as_str()?.to_owned();
            sent.then_some(url)
        });
        messages.collect()
    }
}

/// Keeps a picture for people to look at, in the folder that `LOBUCTL_TEST_PICTURES` names.
#[expect(
    clippy::disallowed_methods,
    reason = "where to keep pictures is the decision of whoever runs the tests"
)]
pub fn keep(name: &str, picture: &[u8]) {
    if let Ok(folder) = std::env::var("LOBUCTL_TEST_PICTURES") {
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), picture).unwrap();
    }
}

impl Drop for WebBrowser {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.driver.wait();
    }
}
