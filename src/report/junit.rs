//! Findings as a JUnit report, which CI servers show as tests: the command is one, and each finding is one. Errors fail;
//! a warning or a row of a plan passes with its text as output, because JUnit knows no warnings.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::findings::{FindingLevel, FindingList, ReportFinding};
use crate::show::printable;

/// Returns the report as XML.
pub fn document(findings: &FindingList) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory does not fail.
    let _ = write(&mut writer, findings);
    String::from_utf8_lossy(&writer.into_inner()).into_owned() + "\n"
}

type XmlWriter = Writer<Vec<u8>>;

fn write(writer: &mut XmlWriter, findings: &FindingList) -> io::Result<()> {
    let errors = findings.findings.iter().filter(|it| it.level == FindingLevel::Error);
    let failed = (errors.count() + usize::from(!findings.succeeded())).to_string();
    let tests = (findings.findings.len() + 1).to_string();
    let numbers = [
        ("tests", tests.as_str()),
        ("failures", failed.as_str()),
        ("errors", "0"),
    ];
    let suite = format!("lobuctl {}", findings.command);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = writer.create_element("testsuites").with_attribute(("name", "lobuctl"));
    suites.with_attributes(numbers).write_inner_content(|writer| {
        let element = writer
            .create_element("testsuite")
            .with_attribute(("name", suite.as_str()));
        element.with_attributes(numbers).write_inner_content(|writer| {
            write_command(writer, &suite, findings.failure.as_deref())?;
            findings.findings.iter().try_for_each(|it| write_finding(writer, it))
        })?;
        Ok(())
    })?;
    Ok(())
}

/// Writes the test that the command itself is, so that a report is never empty.
fn write_command(writer: &mut XmlWriter, name: &str, failure: Option<&str>) -> io::Result<()> {
    let case = [("classname", "lobuctl"), ("name", name)];
    let element = writer.create_element("testcase").with_attributes(case);
    match failure {
        None => element.write_empty()?,
        Some(failure) => element.write_inner_content(|writer| write_failure(writer, "failed", failure))?,
    };
    Ok(())
}

fn write_finding(writer: &mut XmlWriter, finding: &ReportFinding) -> io::Result<()> {
    let file = finding.file.as_ref().map(|file| printable(&file.display().to_string()));
    let line = finding.line.map(|line| line.to_string());
    let place = match (&file, &line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        _ => String::new(),
    };
    // Rows have names of their own; two problems of a file can have one message, and CI servers compare tests by name.
    let name = match finding.address {
        Some(_) => printable(&finding.message),
        None => format!("{place}{}", printable(&finding.message)),
    };
    let class = format!("lobuctl.{}", finding.rule);
    let mut element = writer.create_element("testcase");
    element = element.with_attributes([("classname", class.as_str()), ("name", name.as_str())]);
    if let Some(file) = &file {
        element = element.with_attribute(("file", file.as_str()));
    }
    if let Some(line) = &line {
        element = element.with_attribute(("line", line.as_str()));
    }
    let text = place + &finding.text();
    element.write_inner_content(|writer| match finding.level {
        FindingLevel::Error => write_failure(writer, &finding.rule, &text),
        FindingLevel::Warning | FindingLevel::Note => {
            let output = writer.create_element("system-out");
            output.write_text_content(BytesText::new(&lines(&text))).map(drop)
        }
    })?;
    Ok(())
}

fn write_failure(writer: &mut XmlWriter, rule: &str, text: &str) -> io::Result<()> {
    let text = lines(text);
    let first = text.lines().next().unwrap_or_default();
    let element = writer.create_element("failure");
    let element = element.with_attributes([("type", rule), ("message", first)]);
    element.write_text_content(BytesText::new(&text)).map(drop)
}

/// Returns a text without characters that XML cannot hold.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(printable).collect();
    lines.join("\n")
}
