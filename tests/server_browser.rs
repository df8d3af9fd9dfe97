//! The whole sign-in in a real browser, headless Chromium: what a person sees and does, and what the pages keep a browser from.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::support::program::cli::CliOutput;
use crate::support::program::serve_process::{ServeProcess, lobuctl, maintain};
use crate::support::program::web_browser::{WebBrowser, keep};
use crate::support::server::JsonClient;
use crate::support::server::sign_in::{ALL_SCOPES, DEVICE_GRANT, text};
use crate::support::server::stub::{StubReply, StubServer};

/// A server, a program that signs in, and the person's browser.
struct Scene {
    dir: tempfile::TempDir,
    server: ServeProcess,
    program: JsonClient,
    client_id: String,
    browser: WebBrowser,
}

impl Scene {
    /// Starts all three. `None` where there is no browser.
    async fn start() -> Option<Self> {
        let browser = WebBrowser::start().await?;
        let dir = tempfile::tempdir().unwrap();
        let server = ServeProcess::on_sqlite(dir.path());
        assert!(
            maintain(dir.path(), &["org", "create", "shop", "--name", "The shop"])
                .status
                .success()
        );
        let program = JsonClient::at(&server.url, "none");
        let body = json!({
            "client_name": "<script>document.title = 'ran'</script>\u{202e}lobuctl",
            "grant_types": [DEVICE_GRANT, "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        let client_id = text(&program.post("/oauth/register", body).await.body, "client_id");
        Some(Self {
            dir,
            server,
            program,
            client_id,
            browser,
        })
    }

    fn link(&self) -> String {
        let printed = maintain(self.dir.path(), &["login-link", "bootstrap-user"]);
        assert!(printed.status.success(), "{printed:?}");
        String::from_utf8(printed.stdout).unwrap().trim().to_owned()
    }

    /// Signs the person in with a one-time link.
    async fn sign_in(&self) {
        self.browser.open(&self.link()).await;
        self.browser.click("button").await;
        self.browser.see("Enter the code").await;
    }

    async fn ask(&self) -> Value {
        let body = json!({ "client_id": self.client_id, "scope": ALL_SCOPES });
        self.program.post("/oauth/device_authorization", body).await.body
    }

    async fn poll(&self, asked: &Value) -> Value {
        let body =
            json!({ "client_id": self.client_id, "grant_type": DEVICE_GRANT, "device_code": asked["device_code"] });
        self.program.post("/oauth/token", body).await.body
    }

    /// Opens the address of the page and types the code.
    async fn type_code(&self, asked: &Value) {
        self.browser.open(&text(asked, "verification_uri")).await;
        self.browser
            .type_into("#user_code", &text(asked, "user_code").to_lowercase())
            .await;
        self.browser.click("button.primary").await;
    }
}

async fn pictures(browser: &WebBrowser, name: &str) {
    browser.prefer("light").await;
    let light = browser.picture().await;
    browser.prefer("dark").await;
    let dark = browser.picture().await;
    assert_ne!(light, dark, "{name} looks the same in the dark");
    keep(&format!("{name}-light"), &light);
    keep(&format!("{name}-dark"), &dark);
}

#[tokio::test]
async fn a_person_signs_in_types_the_code_chooses_and_approves() {
    let Some(scene) = Scene::start().await else { return };
    let asked = scene.ask().await;
    scene.browser.open(&text(&asked, "verification_uri_complete")).await;
    scene.browser.see("Your token").await;
    pictures(&scene.browser, "sign-in").await;
    scene.browser.open(&scene.link()).await;
    pictures(&scene.browser, "link").await;
    scene.browser.click("button").await;
    pictures(&scene.browser, "code").await;
    scene.type_code(&asked).await;
    let shown = scene.browser.see("Is this the code").await;
    for part in [
        "Allow <script>document.title = 'ran'</script>\u{fffd}lobuctl to use your account?",
        &text(&asked, "user_code"),
        "127.0.0.1",
        "The shop shop, you are owner",
        "change and delete agents",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    pictures(&scene.browser, "approval").await;
    scene.browser.click("input[value='org-shop']").await;
    scene.browser.click("button[value='approve']").await;
    scene.browser.see("Approved").await;
    pictures(&scene.browser, "approved").await;
    let tokens = scene.poll(&asked).await;
    let program = scene.program.with_token(&text(&tokens, "access_token"));
    assert_eq!(program.get("/api/shop/agents").await.status, 200);
    assert_eq!(program.get("/api/dev/agents").await.status, 403);
    let requests = scene.browser.requests().await;
    let ours = requests.iter().filter(|url| url.starts_with(&scene.server.url)).count();
    // The browser's own start page is not on the network.
    let local = |url: &&String| ["chrome:", "data:"].iter().any(|scheme| url.starts_with(scheme));
    let others = requests
        .iter()
        .filter(|url| !local(url) && !url.starts_with(&scene.server.url));
    assert!(ours > 5 && others.count() == 0, "{requests:?}");
}

/// The whole way with our own program: it waits, the person approves, and the commands after it work.
#[tokio::test(flavor = "multi_thread")]
async fn our_own_program_goes_on_once_the_person_approves() {
    let Some(scene) = Scene::start().await else { return };
    let home = tempfile::tempdir().unwrap();
    let mut command = lobuctl(home.path());
    command.args(["login", "--no-browser", "--url", &scene.server.url]);
    let mut login = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(login.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let address = lines.find_map(|line| line.trim().strip_prefix("address ").map(|text| text.trim().to_owned()));
    scene.sign_in().await;
    scene.browser.open(&address.unwrap()).await;
    let shown = scene.browser.see("Is this the code").await;
    assert!(shown.contains("Allow lobuctl to use your account?"), "{shown}");
    scene.browser.click("input[value='org-shop']").await;
    scene.browser.click("button[value='approve']").await;
    scene.browser.see("Approved").await;
    let said: Vec<String> = lines.collect();
    assert!(login.wait().unwrap().success(), "{said:?}");
    let mut whoami = lobuctl(home.path());
    let output = CliOutput::of(&whoami.args(["whoami", "--format", "json"]).output().unwrap());
    assert_eq!(output.object("session")["organization"], "shop", "{output:?}");
}

#[tokio::test]
async fn a_person_denies_and_finds_a_code_expired() {
    let Some(scene) = Scene::start().await else { return };
    scene.sign_in().await;
    let asked = scene.ask().await;
    scene.type_code(&asked).await;
    scene.browser.click("button[value='deny']").await;
    scene.browser.see("The program gets no access").await;
    assert_eq!(scene.poll(&asked).await["error"], "access_denied");
    let asked = scene.ask().await;
    let url = format!("sqlite://{}", scene.dir.path().join("lobu.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let expire = sqlx::query("UPDATE device_request SET expires_at = 1 WHERE state = 'pending'");
    assert_eq!(expire.execute(&mut database).await.unwrap().rows_affected(), 1);
    database.close().await.unwrap();
    scene.type_code(&asked).await;
    scene.browser.see("No program waits with this code").await;
    assert_eq!(scene.poll(&asked).await["error"], "expired_token");
    scene.browser.click("footer button").await;
    scene.browser.see("Your token").await;
}

#[tokio::test]
async fn the_pages_run_no_script_and_stay_out_of_frames() {
    let Some(scene) = Scene::start().await else { return };
    scene.sign_in().await;
    let asked = scene.ask().await;
    scene.type_code(&asked).await;
    let script = "const s = document.createElement('script'); s.textContent = \"document.title = 'ran'\"; \
        document.head.append(s); document.body.setAttribute('style', 'color: red'); \
        return [document.title, document.scripts.length, document.querySelectorAll('style').length, \
        getComputedStyle(document.body).color]";
    let found = scene.browser.run(script).await;
    assert_eq!(found[0], "Allow access?");
    assert_eq!(
        (&found[1], &found[2]),
        (&json!(1), &json!(1)),
        "only the script of this test"
    );
    let page = format!(
        "<!doctype html><iframe src=\"{}\"></iframe>",
        text(&asked, "verification_uri_complete")
    );
    let frame = StubServer::start(vec![StubReply::new("200 OK", "content-type: text/html\r\n", &page)]).await;
    scene.browser.open(&frame.url).await;
    scene.browser.enter_frame().await;
    assert_eq!(scene.browser.run("return location.protocol").await, "chrome-error:");
}

#[tokio::test]
async fn a_link_on_another_site_leads_on_for_somebody_who_has_signed_in() {
    let Some(scene) = Scene::start().await else { return };
    scene.sign_in().await;
    let asked = scene.ask().await;
    let page = format!(
        "<!doctype html><a href=\"{}\">go</a>",
        text(&asked, "verification_uri_complete")
    );
    let other = StubServer::start(vec![StubReply::new("200 OK", "content-type: text/html\r\n", &page)]).await;
    // Another site than the digits of the server's address.
    scene.browser.open(&other.url.replace("127.0.0.1", "localhost")).await;
    scene.browser.click("a").await;
    // The cookie was kept back.
    scene.browser.see("If you have signed in here before").await;
    pictures(&scene.browser, "from-another-site").await;
    scene.browser.click("a.button").await;
    scene.browser.see("Is this the code that your terminal shows?").await;
    assert!(scene.browser.url().await.starts_with(&scene.server.url));
}
