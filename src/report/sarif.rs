//! The parts of SARIF 2.1.0 that code scanning reads, as values that serialize to it.
//!
//! What GitHub asks for beyond the standard holds by construction: every location has a file and a line, every rule a
//! help text and a severity, every result a fingerprint (its limits are [`MOST_RESULTS`] and [`MOST_BYTES`]).

use serde::Serialize;
use std::collections::BTreeMap;

/// Results that GitHub takes of one run.
pub const MOST_RESULTS: usize = 25_000;

/// Size that GitHub takes, in bytes. It means the packed file; here it bounds the file as it is.
pub const MOST_BYTES: usize = 10_000_000;

/// A whole file with one run.
#[derive(Debug, Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

/// A run of a tool.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: Automation,
    invocations: [Invocation; 1],
    results: Vec<Finding>,
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

#[derive(Debug, Serialize)]
struct Automation {
    id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Serialize)]
struct Notification {
    level: Level,
    message: Text,
}

/// How loud a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Must be looked at.
    Error,
    /// Should be looked at.
    Warning,
    /// Good to know.
    Note,
}

/// A text, and the same in Markdown where that differs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Text {
    /// Without any mark-up.
    pub text: String,
    /// In Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text { text, markdown: None }
    }
}

/// A kind of result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Stable id.
    pub id: String,
    /// A name without spaces.
    pub name: String,
    /// The title.
    pub short_description: Text,
    /// Why it matters.
    pub full_description: Text,
    /// What to do.
    pub help: Text,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Clone, Debug, Serialize)]
struct Configuration {
    level: Level,
}

#[derive(Clone, Debug, Serialize)]
struct RuleProperties {
    tags: Vec<&'static str>,
    precision: &'static str,
    /// From "0.0" to "10.0", as text.
    #[serde(rename = "security-severity")]
    security_severity: &'static str,
}

impl Rule {
    /// A kind of result with its title, why it matters and what to do.
    #[must_use]
    pub fn new(
        id: &str,
        title: &str,
        why: &str,
        help: Text,
        level: Level,
        security_severity: &'static str,
    ) -> Rule {
        let words = title.split(|c: char| !c.is_ascii_alphanumeric());
        let name = words.filter_map(|word| {
            let (first, rest) = word.split_at_checked(1)?;
            Some(first.to_ascii_uppercase() + rest)
        });
        Rule {
            id: id.to_owned(),
            name: name.collect(),
            short_description: title.to_owned().into(),
            full_description: why.to_owned().into(),
            help,
            default_configuration: Configuration { level },
            properties: RuleProperties {
                tags: vec!["security", "aws-kms"],
                precision: "high",
                security_severity,
            },
        }
    }
}

/// A result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    rule_id: String,
    level: Level,
    message: Text,
    locations: [Place; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Place>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

#[derive(Clone, Debug, Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

impl Finding {
    /// A result at a place. `fingerprint` tells it from all others, and stays the same from run to run.
    #[must_use]
    pub fn new(rule: &str, level: Level, message: String, at: Place, fingerprint: &str) -> Finding {
        // GitHub compares only the first; its form is that of a hash and a count.
        let fingerprints = [
            ("primaryLocationLineHash", format!("{fingerprint}:1")),
            ("keywho/v1", fingerprint.to_owned()),
        ];
        Finding {
            rule_id: rule.to_owned(),
            level,
            // What looks like a link would become one.
            message: message.replace("](", "\\](").into(),
            locations: [at],
            related_locations: Vec::new(),
            partial_fingerprints: fingerprints.into_iter().collect(),
            suppressions: Vec::new(),
        }
    }

    /// The same with other places that it rests on; each says what is there.
    #[must_use]
    pub fn related(mut self, places: impl IntoIterator<Item = (String, Place)>) -> Finding {
        for (said, mut place) in places {
            place.id = Some(self.related_locations.len());
            place.message = Some(said.into());
            self.related_locations.push(place);
        }
        self
    }

    /// The same, accepted by somebody for a reason.
    #[must_use]
    pub fn suppressed(mut self, reason: &str) -> Finding {
        self.suppressions.push(Suppression {
            kind: "external",
            status: "accepted",
            justification: reason.to_owned(),
        });
        self
    }
}

/// A line of a file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Clone, Debug, Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
    kind: &'static str,
}

impl Place {
    /// A line, from 1, of a file that `root`, such as `snapshot/`, leads to.
    #[must_use]
    pub fn new(root: &str, file: &str, line: u32) -> Place {
        let uri = format!("{root}{file}");
        Place {
            id: None,
            physical_location: Physical {
                artifact_location: Artifact { uri: reference(&uri) },
                region: Region {
                    start_line: line.max(1),
                },
            },
            logical_locations: Vec::new(),
            message: None,
        }
    }

    /// The same, which is about something with a name of its own.
    #[must_use]
    pub fn of(mut self, name: &str) -> Place {
        self.logical_locations.push(Logical {
            fully_qualified_name: name.to_owned(),
            kind: "resource",
        });
        self
    }
}

/// A path as a relative URI: everything but what is plain in any URI is escaped.
fn reference(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(path, ESCAPED).to_string()
}

impl Log {
    /// A file whose results come worst first: as many of them as GitHub takes. `category` tells analyses of one commit
    /// apart. The second value is how many are left out; the file says it too.
    #[must_use]
    pub fn new(category: &str, rules: Vec<Rule>, results: impl IntoIterator<Item = Finding>) -> (Log, usize) {
        let mut kept = Vec::new();
        let mut left_out: usize = 0;
        let mut size = length(&rules) + 1000;
        for result in results {
            let more = length(&result) + 1;
            if left_out > 0 || kept.len() == MOST_RESULTS || size + more > MOST_BYTES {
                left_out += 1;
            } else {
                size += more;
                kept.push(result);
            }
        }
        let notification = || Notification {
            level: Level::Warning,
            message: format!("{left_out} results are left out: code scanning does not take more").into(),
        };
        let log = Log {
            schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "keywho",
                        semantic_version: env!("CARGO_PKG_VERSION"),
                        rules,
                    },
                },
                automation_details: Automation {
                    id: format!("{category}/"),
                },
                invocations: [Invocation {
                    execution_successful: true,
                    tool_execution_notifications: (left_out > 0).then(notification).into_iter().collect(),
                }],
                results: kept,
            }],
        };
        (log, left_out)
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        super::json::append(&mut out, self);
        out.push(b'\n');
        out
    }
}

fn length(value: &impl Serialize) -> usize {
    let mut out = Vec::new();
    super::json::append(&mut out, value);
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(message: &str) -> Finding {
        Finding::new(
            "A1",
            Level::Error,
            message.to_owned(),
            Place::new("", "a.json", 1),
            "0",
        )
    }

    #[test]
    fn what_is_too_much_is_left_out_and_counted() {
        let long = "x".repeat(MOST_BYTES / 10);
        let (log, left_out) = Log::new("keywho", Vec::new(), (0..12).map(|_| result(&long)));
        assert_eq!(left_out, 3);
        assert!(log.bytes().len() < MOST_BYTES);
        let (log, left_out) = Log::new("keywho", Vec::new(), (0..MOST_RESULTS + 5).map(|_| result("")));
        assert_eq!((log.runs[0].results.len(), left_out), (MOST_RESULTS, 5));
        assert!(
            String::from_utf8(log.bytes())
                .unwrap()
                .contains("5 results are left out")
        );
    }

    #[test]
    fn paths_are_uri_references() {
        assert_eq!(reference("a b/c:1/100%/é.json"), "a%20b/c%3A1/100%25/%C3%A9.json");
    }

    #[test]
    fn a_rule_has_a_name_without_spaces() {
        let rule = Rule::new("A1", "Public key policy", "", Text::default(), Level::Note, "0.0");
        assert_eq!(rule.name, "PublicKeyPolicy");
    }
}
