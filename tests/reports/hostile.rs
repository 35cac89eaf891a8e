//! Policies full of mark-up and formulas: no format takes them for its own.

use super::stdout;
use super::worst::world;
use roxmltree::Document;
use serde_json::Value;

fn audit(keys: usize, format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    world(folder.path(), keys);
    stdout(&["audit", "-q", "-s", folder.path().to_str().unwrap(), "-f", format])
}

#[test]
fn a_terminal_gets_no_escape_sequence() {
    let text = audit(1, "text");
    assert!(text.contains("<script>"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn markdown_shows_it_as_text() {
    let text = audit(1, "md");
    for mark in ["<script", "](http", "@team", "\u{1b}", "\u{202e}"] {
        assert!(!text.contains(mark), "{mark}: {text}");
    }
}

#[test]
fn xml_has_no_element_of_it() {
    let text = audit(1, "junit");
    let document = Document::parse(&text).unwrap();
    let known = ["testsuites", "testsuite", "testcase", "failure", "skipped"];
    assert!(
        document
            .descendants()
            .filter(|node| node.is_element())
            .all(|node| known.contains(&node.tag_name().name()))
    );
    let failures = document.descendants().filter(|node| node.has_tag_name("failure"));
    assert!(
        failures
            .filter_map(|node| node.attribute("message"))
            .any(|message| message.contains("<script>"))
    );
}

#[test]
fn a_spreadsheet_runs_nothing() {
    let text = audit(1, "csv");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }
}

#[test]
fn markdown_counts_what_has_no_room() {
    // Each key's statement has another `Sid`, so that they are not one group.
    let text = audit(400, "md");
    assert!(text.chars().count() < 65_536);
    let report: Value = serde_json::from_str(&audit(400, "json")).unwrap();
    let found = report["results"].as_array().unwrap().len();
    let left_out = text.lines().last().unwrap().strip_prefix("**").unwrap();
    let left_out: usize = left_out.split(' ').next().unwrap().parse().unwrap();
    assert!(0 < left_out && left_out < found, "{left_out} of {found}");
}
