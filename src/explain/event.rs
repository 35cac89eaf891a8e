//! Requests from what AWS said of them: AccessDenied messages and CloudTrail events.

mod message;
mod trail;

use super::Explanation;
use crate::{Outcome, Request};
use serde_json::Value;

/// A request that AWS was asked, with what it said.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The request, as far as it is known; what is not stated is unknown.
    pub request: Request,
    /// What AWS answered; `None` if it was not AWS that was asked.
    pub answer: Option<Answer>,
    /// What could not be told from the event.
    pub unclear: Vec<String>,
}

/// What AWS answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The request was allowed.
    Allowed,
    /// It was refused.
    Refused {
        /// The layer that is named, as layers are called in an [`Explanation`], if one is.
        layer: Option<&'static str>,
        /// Whether by a Deny; `None` if that is not said.
        explicit: Option<bool>,
        /// ARN of the policy that is named.
        policy: Option<String>,
        /// In the words of AWS.
        text: String,
    },
}

impl Asked {
    /// A request of which AWS said nothing.
    #[must_use]
    pub fn of(request: Request) -> Self {
        Asked {
            request,
            ..Asked::default()
        }
    }

    /// Where the event and the snapshot disagree, and what could not be told from the event.
    #[must_use]
    pub fn notes(&self, explanation: &Explanation) -> Vec<String> {
        let mut notes = self.unclear.clone();
        let outcome = explanation.decision.outcome;
        let refused = matches!(outcome, Outcome::ExplicitDeny | Outcome::ImplicitDeny);
        let stale = "the snapshot is of another time than the event, or lacks something";
        match &self.answer {
            None => {}
            Some(Answer::Allowed) if refused => {
                notes.push(format!(
                    "AWS allowed this request, and the snapshot refuses it: {stale}"
                ));
            }
            Some(Answer::Allowed) => {}
            Some(Answer::Refused { .. }) if outcome == Outcome::Allowed => {
                notes.push(format!(
                    "AWS refused this request, and the snapshot allows it: {stale}"
                ));
            }
            Some(Answer::Refused { .. }) if !refused => notes.push(
                "AWS refused this request; in the snapshot it depends on what the event does not tell"
                    .to_owned(),
            ),
            Some(Answer::Refused {
                layer: Some(layer),
                explicit,
                ..
            }) => notes.extend(disagreement(explanation, layer, *explicit, stale)),
            Some(Answer::Refused { .. }) => {}
        }
        notes
    }
}

/// That AWS names another layer than those that refuse in the snapshot.
fn disagreement(
    explanation: &Explanation,
    named: &str,
    explicit: Option<bool>,
    stale: &str,
) -> Option<String> {
    let layers = explanation.permissions.iter().flat_map(|one| &one.layers);
    let refusing: Vec<_> = layers.filter(|layer| layer.blocks).collect();
    let agrees = refusing.iter().any(|layer| match explicit {
        // The Deny of which layer stands in the policies that are quoted.
        Some(true) => layer.verdict == super::Verdict::Denies,
        _ => layer.name == named,
    });
    let mut names: Vec<&str> = refusing.iter().map(|layer| layer.name).collect();
    names.dedup();
    (!agrees).then(|| {
        let how = if explicit == Some(true) { " by a Deny" } else { "" };
        format!(
            "AWS names the layer `{named}`{how}, and in the snapshot it is {}: {stale}",
            names.join(", ")
        )
    })
}

/// Reads all requests of a text: an AccessDenied message wherever it stands, one CloudTrail event or several, a log file
/// (`Records`), the answer of `lookup-events`, or any of these one after the other.
///
/// # Errors
/// There is no request to KMS in it; the text says why.
pub fn read(text: &str) -> Result<Vec<Asked>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if !text.starts_with(['{', '[']) {
        return message::asked(text).map(|asked| vec![asked]);
    }
    let mut found = Found::default();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| format!("the event is not JSON: {error}"))?;
        found.value(&value, 0);
    }
    match (found.asked.is_empty(), found.problems.into_iter().next()) {
        (false, _) => Ok(found.asked),
        (true, Some(problem)) => Err(problem),
        (true, None) => Err(format!(
            "no event of kms.amazonaws.com among {} objects",
            found.others
        )),
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    asked: Vec<Asked>,
    /// Why an event of KMS is no request.
    problems: Vec<String>,
    /// Events of other services, and other objects.
    others: usize,
}

/// How deep events may be nested: a list of answers of `lookup-events`, whose events are texts.
const DEPTH: usize = 4;

impl Found {
    fn value(&mut self, value: &Value, depth: usize) {
        let lists = ["Records", "Events"]
            .into_iter()
            .filter_map(|name| value.get(name)?.as_array());
        let inner: Vec<&Value> = lists.chain(value.as_array()).flatten().collect();
        if !inner.is_empty() && depth < DEPTH {
            return inner.into_iter().for_each(|one| self.value(one, depth + 1));
        }
        if let Some(text) = value.get("CloudTrailEvent").and_then(Value::as_str) {
            return match serde_json::from_str(text) {
                Ok(event) => self.event(&event),
                Err(error) => self
                    .problems
                    .push(format!("`CloudTrailEvent` is not JSON: {error}")),
            };
        }
        self.event(value);
    }

    fn event(&mut self, event: &Value) {
        let is_of_kms = event.get("eventSource").and_then(Value::as_str) == Some("kms.amazonaws.com");
        let message = event.get("errorMessage").and_then(Value::as_str);
        let asked = match message {
            _ if is_of_kms => trail::asked(event),
            // Another service that was refused by KMS says so in its own event.
            Some(message) if message.contains("kms:") => message::asked(message),
            _ => {
                self.others += 1;
                return;
            }
        };
        match asked {
            Ok(asked) => self.asked.push(asked),
            Err(problem) => self.problems.push(problem),
        }
    }
}

#[cfg(test)]
mod tests;
