//! Text, Markdown, CSV and JUnit of the sample organization.

use super::{SAMPLE, keywho, run, stdout};
use roxmltree::{Document, Node};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::process::Command;

fn audit(format: &str) -> String {
    stdout(&["audit", "-q", "-s", SAMPLE, "-f", format])
}

#[test]
fn text_fits_the_terminal() {
    let mut command = keywho();
    command.args(["audit", "-q", "-s", SAMPLE]).env("COLUMNS", "90");
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    for line in text.lines() {
        // Only what must not be broken may be longer: a path, a name.
        let longest = line.split_whitespace().map(str::len).max().unwrap_or(0);
        assert!(line.chars().count() <= 90 || longest > 70, "{line}");
        assert_eq!(line.trim_end(), line);
    }
    let title = "A23 Can give itself use of the key";
    assert_eq!(
        text.matches(title).count(),
        1,
        "a rule says its title and what to do once"
    );
}

#[test]
fn junit_counts_what_it_has() {
    let text = audit("junit");
    let document = Document::parse(&text).unwrap();
    let root = document.root_element();
    let number = |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<usize>().unwrap();
    let cases = |node: Node<'_, '_>| {
        node.descendants()
            .filter(|one| one.has_tag_name("testcase"))
            .count()
    };
    let of = |node: Node<'_, '_>, name: &str| node.descendants().filter(|one| one.has_tag_name(name)).count();
    assert_eq!(
        (number(root, "tests"), number(root, "failures")),
        (cases(root), of(root, "failure"))
    );
    let mut names = std::collections::BTreeSet::new();
    for suite in root.children().filter(Node::is_element) {
        assert!(suite.has_tag_name("testsuite"));
        assert_eq!(number(suite, "tests"), cases(suite));
        assert_eq!(number(suite, "failures"), of(suite, "failure"));
        assert_eq!(number(suite, "skipped"), of(suite, "skipped"));
        for case in suite.children().filter(Node::is_element) {
            let name = (
                case.attribute("classname").unwrap(),
                case.attribute("name").unwrap(),
            );
            assert!(names.insert(name), "{name:?} is there twice");
            assert!(case.children().filter(Node::is_element).count() <= 1);
        }
    }
    // What does not fail the audit does not fail the test report.
    let text = stdout(&[
        "audit",
        "-q",
        "-s",
        SAMPLE,
        "-f",
        "junit",
        "--fail-on",
        "critical",
    ]);
    assert!(!text.contains("<failure"));
}

/// By the schema that Jenkins publishes, where there is a program that knows XML Schema.
#[test]
fn junit_fits_its_schema() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), audit("junit")).unwrap();
    let mut checker = Command::new("xmllint");
    checker
        .args(["--nonet", "--noout", "--schema", "tests/schemas/junit-10.xsd"])
        .arg(file.path());
    match checker.output() {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) if std::env::var_os("KEYWHO_BROWSER").is_some() => panic!("xmllint: {error}"),
        Err(error) => eprintln!("not tested: xmllint: {error}"),
    }
}

/// Both write the same page, but for the time it names.
#[test]
fn audit_and_report_write_one_page() {
    let untimed = |page: String| {
        let (before, after) = page.split_once("<time datetime=").unwrap();
        format!("{before}{}", after.split_once("</time>").unwrap().1)
    };
    let audited = run(&["audit", "-q", "-s", SAMPLE, "-f", "html"]);
    assert_eq!(audited.status.code(), Some(1), "findings fail the audit");
    let report = run(&["report", "-q", "-s", SAMPLE]);
    assert_eq!(report.status.code(), Some(0));
    let text = |output: std::process::Output| untimed(String::from_utf8(output.stdout).unwrap());
    assert_eq!(text(audited), text(report));
}

/// What the page says of the snapshot is what `sha256sum` says of its files.
#[test]
fn the_page_names_the_snapshot_by_its_digest() {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(SAMPLE)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    let hexadecimal = |bytes: &[u8]| {
        Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let mut named: Vec<(String, PathBuf)> = files
        .into_iter()
        .map(|path| {
            (
                path.strip_prefix(SAMPLE).unwrap().to_str().unwrap().to_owned(),
                path,
            )
        })
        .collect();
    named.sort();
    let lines = named
        .iter()
        .map(|(name, path)| format!("{}  {name}\n", hexadecimal(&std::fs::read(path).unwrap())));
    let digest = hexadecimal(lines.collect::<String>().as_bytes());
    assert!(stdout(&["report", "-q", "-s", SAMPLE]).contains(&format!("<code>{digest}</code>")));
}

#[test]
fn markdown_folds_the_evidence() {
    let text = audit("md");
    assert!(text.starts_with("### keywho audit: "));
    assert_eq!(
        text.matches("<details>").count(),
        text.matches("</details>").count()
    );
    assert!(text.chars().count() < keywho::report::audit::markdown::LIMIT);
}

#[test]
fn csv_has_a_line_for_each_finding() {
    let text = audit("csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let fields = reader.headers().unwrap().len();
    let report = super::json(&["audit", "-q", "-s", SAMPLE, "-f", "json"]);
    let records: Vec<_> = reader.records().map(|record| record.unwrap()).collect();
    assert_eq!(records.len(), report["results"].as_array().unwrap().len());
    assert!(records.iter().all(|record| record.len() == fields));
}

#[test]
fn the_rules_are_documented() {
    let text = stdout(&["audit", "--rules", "-f", "md"]);
    assert_eq!(text.matches("\n## A").count(), 52);
    let one = stdout(&["audit", "--rules", "--rule", "A20"]);
    assert!(
        one.starts_with("A20 Nobody can manage the key (critical)\n"),
        "{one}"
    );
    let refused = run(&["audit", "--rules", "-f", "sarif"]);
    assert_eq!(refused.status.code(), Some(2));
}
