//! SARIF: fits the standard and what GitHub asks for beyond it, and points at the statements.

use super::{SAMPLE, json};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn log() -> Value {
    json(&["audit", "-q", "-s", SAMPLE, "-f", "sarif"])
}

#[test]
fn it_fits_the_standard() {
    let schema = std::fs::read("tests/schemas/sarif-2.1.0.json").unwrap();
    let mut schema: Value = serde_json::from_slice(&schema).unwrap();
    // Its pattern for languages, which we do not write, is no regular expression to the letter.
    for of in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][of]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let log = log();
    let wrong: Vec<String> = validator
        .iter_errors(&log)
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The check is one: without its version the file does not fit.
    let mut broken = log;
    broken.as_object_mut().unwrap().remove("version");
    assert!(!validator.is_valid(&broken));
}

#[test]
fn it_has_what_code_scanning_asks_for() {
    let log = log();
    let run = &log["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "keywho/audit/");
    let mut rules = BTreeSet::new();
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        let properties = &rule["properties"];
        let score: f64 = properties["security-severity"].as_str().unwrap().parse().unwrap();
        assert!((0.0..=10.0).contains(&score));
        assert!(
            properties["tags"]
                .as_array()
                .unwrap()
                .contains(&"security".into())
        );
        for text in ["/shortDescription/text", "/help/text", "/help/markdown"] {
            assert!(!rule.pointer(text).unwrap().as_str().unwrap().is_empty());
        }
        rules.insert(rule["id"].as_str().unwrap());
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 10);
    let mut fingerprints = BTreeSet::new();
    for result in results {
        assert!(rules.contains(result["ruleId"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let prints = result["partialFingerprints"].as_object().unwrap();
        assert!(
            fingerprints.insert(prints["primaryLocationLineHash"].as_str().unwrap()),
            "{result}"
        );
        let related = result["relatedLocations"].as_array().into_iter().flatten();
        for place in result["locations"].as_array().unwrap().iter().chain(related) {
            let uri = place.pointer("/physicalLocation/artifactLocation/uri").unwrap();
            let uri = uri.as_str().unwrap();
            assert!(
                !uri.starts_with('/') && !uri.contains([':', '\\']) && Path::new(uri).is_file(),
                "{uri}"
            );
            assert!(
                place
                    .pointer("/physicalLocation/region/startLine")
                    .unwrap()
                    .as_u64()
                    >= Some(1)
            );
        }
    }
}

/// Of every statement and grant that a finding rests on, the line where it stands has its `Sid` or its beginning.
#[test]
fn places_are_where_the_statements_are() {
    let report = json(&["audit", "-q", "-s", SAMPLE, "-f", "json"]);
    let mut seen = 0;
    for finding in report["results"].as_array().unwrap() {
        for statement in finding["statements"].as_array().unwrap() {
            let file = statement["file"].as_str().unwrap();
            if file.is_empty() {
                continue;
            }
            let text = std::fs::read_to_string(Path::new(SAMPLE).join(file)).unwrap();
            let line = usize::try_from(statement["line"].as_u64().unwrap()).unwrap();
            let rest: String = text.split_inclusive('\n').skip(line - 1).collect();
            // A policy in a string stands on one line; of another, the statement begins there.
            let is_in_string = rest.lines().next().unwrap().contains("\\\"Effect\\\"");
            match statement["sid"].as_str() {
                Some(sid) if is_in_string => {
                    assert!(rest.lines().next().unwrap().contains(sid), "{statement}")
                }
                None if is_in_string => {}
                sid => assert_eq!(first_object(&rest)["Sid"].as_str(), sid, "{statement}"),
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

/// The object that begins first in a text.
fn first_object(text: &str) -> Value {
    let begin = text.find('{').unwrap();
    let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter();
    values.next().unwrap().unwrap()
}

/// Paths do not depend on where the snapshot lies on this machine.
#[test]
fn paths_start_at_the_snapshot_if_it_is_elsewhere() {
    let absolute = std::fs::canonicalize(SAMPLE).unwrap();
    let log = json(&["audit", "-q", "-s", absolute.to_str().unwrap(), "-f", "sarif"]);
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let uri = result.pointer("/locations/0/physicalLocation/artifactLocation/uri");
        let uri = uri.unwrap().as_str().unwrap();
        assert!(Path::new(SAMPLE).join(uri).is_file(), "{uri}");
    }
}
