//! Writes the plan on the screen into a file: Markdown, one page of HTML, or JSON.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::host::Host;
use crate::plan::Plan;
use crate::private_file::{Existing, open_private, replace_private};
use crate::report::{html, json, markdown};
use crate::tui::ExportRequest;

/// Writes a plan, without the secrets that are known. Returns where it is now.
///
/// # Errors
/// A sentence about why nothing was written.
pub(super) fn export(host: &Host, plan: Plan, request: &ExportRequest) -> Result<String, String> {
    let path = host.absolute(&request.file);
    let text = rendered(host, &host.redactor.record(plan), &path)?;
    let written = if request.replaces {
        replace_private(&path, text.as_bytes())
    } else {
        create(&path, &text)
    };
    let shown = path.display();
    match written {
        Ok(()) => Ok(format!("the plan is in {shown}")),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let file = request.file.display();
            Err(format!(
                "{shown} exists and was left alone; `export! {file}` replaces it"
            ))
        }
        Err(error) => Err(format!("the plan was not written to {shown}: {error}")),
    }
}

fn rendered(host: &Host, plan: &Plan, path: &Path) -> Result<String, String> {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    match end.to_ascii_lowercase().as_str() {
        "md" | "markdown" => Ok(markdown::plan(plan)),
        "html" | "htm" => Ok(html::plan(plan)),
        "json" => {
            let mut bytes = Vec::new();
            let written = json::write(&mut bytes, "plan", host.now(), plan);
            written.map_err(|error| error.to_string())?;
            String::from_utf8(bytes).map_err(|error| error.to_string())
        }
        _ => Err("nothing was written: the name of the file ends with .md, .html or .json".to_owned()),
    }
}

/// Creates a file that only this user can read. A file that could not be written whole is removed again.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = open_private(path, Existing::Refuse)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}
