//! SARIF 2.1.0, the part of it that code scanning of GitHub reads: rules, and results at places in files.
//!
//! GitHub refuses a whole file if one result has no physical location, shows at most 5,000 results and takes 25,000; what
//! is left out of a [`Log`] is counted in its properties.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// How many results a run may have.
pub const RESULTS: usize = 25_000;

/// A SARIF file of one run.
#[derive(Debug, Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: Value,
    results: Vec<Result>,
    properties: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

/// A kind of result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    id: String,
    short_description: Value,
    help: Value,
    default_configuration: Value,
    properties: Value,
}

impl Rule {
    /// A rule with one line that says what it finds, what to do about it as Markdown, and how severe it is, from 0.0 to
    /// 10.0.
    #[must_use]
    pub fn new(id: &str, title: &str, help: &str, level: Level, severity: &str) -> Rule {
        Rule {
            id: id.to_owned(),
            short_description: json!({"text": title}),
            help: json!({"text": help, "markdown": help}),
            default_configuration: json!({"level": level}),
            properties: json!({"security-severity": severity, "tags": ["security"]}),
        }
    }
}

/// How much a result matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Look at it now.
    Error,
    /// Look at it.
    Warning,
    /// For information.
    Note,
}

/// A result of a rule.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Result {
    rule_id: String,
    level: Level,
    message: Value,
    locations: Vec<Value>,
    partial_fingerprints: Value,
}

/// Where a result is: in a file, and on which key.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file, relative to the snapshot.
    pub file: &'a str,
    /// Line, from 1; 0 is taken as the first.
    pub line: u32,
    /// What the result is about, such as the ARN of a key; empty for nothing in particular.
    pub about: &'a str,
}

impl Result {
    /// A result. `same` is what makes it the same result in another run: rule, key, principal and action, not its line.
    #[must_use]
    pub fn new(rule: &str, level: Level, message: &str, place: Place<'_>, same: &[&str]) -> Result {
        let physical = json!({
            "artifactLocation": {"uri": uri(place.file)},
            "region": {"startLine": place.line.max(1)},
        });
        let location = match place.about {
            "" => json!({"physicalLocation": physical}),
            about => json!({
                "physicalLocation": physical,
                "logicalLocations": [{"fullyQualifiedName": about, "kind": "resource"}],
            }),
        };
        Result {
            rule_id: rule.to_owned(),
            level,
            message: json!({"text": message}),
            locations: vec![location],
            partial_fingerprints: json!({"keywho/v1": fingerprint(rule, same)}),
        }
    }
}

impl Log {
    /// A file of one run. `category` tells it from other runs on the same code.
    #[must_use]
    pub fn new(category: &str, rules: Vec<Rule>, mut results: Vec<Result>) -> Log {
        let left = results.len().saturating_sub(RESULTS);
        results.truncate(RESULTS);
        let mut properties = Map::new();
        if left > 0 {
            properties.insert("resultsLeftOut".to_owned(), left.into());
        }
        Log {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "keywho",
                        semantic_version: env!("CARGO_PKG_VERSION"),
                        rules,
                    },
                },
                automation_details: json!({"id": format!("keywho/{category}/")}),
                results,
                properties,
            }],
        }
    }

    /// The file as text.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        super::json::append(&mut out, self);
        out.push(b'\n');
        out
    }
}

/// A path as a relative reference: what a reference cannot have is percent-encoded.
fn uri(path: &str) -> String {
    let path = path.trim_start_matches('/');
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// A number that stays the same from version to version: FNV-1a of the parts, each with its length.
fn fingerprint(rule: &str, same: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in std::iter::once(&rule).chain(same) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes();
        for byte in length.into_iter().chain(part.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_places_and_fingerprints() {
        let rule = Rule::new("a", "A thing", "Do something.", Level::Warning, "5.0");
        let place = Place {
            file: "a folder/x.json",
            line: 0,
            about: "arn:k",
        };
        let result = Result::new("a", Level::Warning, "said", place, &["k", "p"]);
        let other = Result::new(
            "a",
            Level::Warning,
            "said",
            Place { line: 7, ..place },
            &["k", "p"],
        );
        assert_eq!(result.partial_fingerprints, other.partial_fingerprints);
        let log = Log::new("diff", vec![rule], vec![result; RESULTS + 2]);
        let value: Value = serde_json::from_slice(&log.bytes()).unwrap();
        let run = &value["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), RESULTS);
        assert_eq!(run["properties"]["resultsLeftOut"], 2);
        let at = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(at["artifactLocation"]["uri"], "a%20folder/x.json");
        assert_eq!(at["region"]["startLine"], 1);
        assert_ne!(fingerprint("a", &["bc"]), fingerprint("ab", &["c"]));
    }
}
