//! One JSON object -> [`Request`], strictly: a field that is not known is an error, so that no condition of a
//! question is lost to a spelling mistake.
//!
//! ```no_run
//! let line = br#"{"id":"1","principal":"arn:aws:iam::111122223333:user/alice","action":"kms:Decrypt","resource":"alias/a"}"#;
//! let parsed = keywho::report::request::parse(line).map_err(|bad| bad.error)?;
//! assert_eq!(parsed.request.action, "kms:Decrypt");
//! # Ok::<(), String>(())
//! ```

mod plain;

pub use plain::Plain;

use crate::model::key::{Constraints, Grant};
use crate::policy::document::{Document, PolicyKind};
use crate::policy::parse::document_from_value;
use crate::{Diagnostic, Request};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A request, and what was odd in the policy documents it carries.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The request.
    pub request: Request,
    /// Remarks on `sessionPolicies` and `newPolicy`.
    pub remarks: Vec<Diagnostic>,
}

/// A text that is no request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRequest {
    /// Its `id`, as far as it can be read; empty otherwise.
    pub id: String,
    /// What is wrong, with the column where it was found and, for a misspelt field, what may have been meant.
    pub error: String,
}

/// Reads one request.
///
/// # Errors
/// The text is not JSON, lacks `principal`, `action` or `resource`, names a field twice or one that does not exist,
/// or a field has a value of another type than the contract's.
pub fn parse(text: &[u8]) -> Result<Parsed, BadRequest> {
    match serde_json::from_slice::<Line>(text) {
        Ok(line) => Ok(line.into_parsed()),
        Err(error) => Err(BadRequest {
            id: id_of(text),
            error: explain(&error),
        }),
    }
}

/// The request as it stands in the line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    #[serde(default)]
    id: Scalar,
    principal: String,
    action: String,
    resource: String,
    #[serde(default)]
    context: Context,
    session_policies: Option<Vec<Value>>,
    vpc_endpoint: Option<String>,
    grant: Option<GrantLine>,
    grant_id: Option<String>,
    alias: Option<String>,
    previous_key: Option<String>,
    destination: Option<String>,
    #[serde(default)]
    destination_context: Context,
    new_policy: Option<Value>,
    bypass: Option<bool>,
    open_context: Option<bool>,
    federated_by: Option<String>,
}

impl Line {
    fn into_parsed(self) -> Parsed {
        let mut remarks = Vec::new();
        let mut document = |value: &Value, kind| -> Document {
            let (document, odd) = document_from_value(value, kind);
            remarks.extend(odd);
            document
        };
        let session_policies = self.session_policies.map(|policies| {
            policies
                .iter()
                .map(|policy| document(policy, PolicyKind::Session))
                .collect()
        });
        let new_policy = self.new_policy.map(|policy| document(&policy, PolicyKind::Key));
        let request = Request {
            id: self.id.0,
            principal: self.principal,
            action: self.action,
            resource: self.resource,
            context: self.context.0,
            session_policies,
            vpc_endpoint: self.vpc_endpoint,
            grant: self.grant.map(GrantLine::into_grant),
            grant_id: self.grant_id,
            alias: self.alias,
            previous_key: self.previous_key,
            destination: self.destination,
            destination_context: self.destination_context.0,
            new_policy,
            bypass: self.bypass.unwrap_or_default(),
            open_context: self.open_context.unwrap_or_default(),
            federated_by: self.federated_by,
        };
        Parsed { request, remarks }
    }
}

/// The parameters of CreateGrant, named as the API names them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GrantLine {
    grantee_principal: Option<String>,
    grantee_service_principal: Option<String>,
    retiring_principal: Option<String>,
    retiring_service_principal: Option<String>,
    #[serde(default)]
    operations: Vec<String>,
    constraints: Option<ConstraintsLine>,
    name: Option<String>,
}

impl GrantLine {
    fn into_grant(self) -> Grant {
        let constraints = self.constraints.map(|line| Constraints {
            equals: line.encryption_context_equals,
            subset: line.encryption_context_subset,
            source_arn: line.source_arn,
            other: line
                .others
                .into_iter()
                .find(|(_, value)| !value.is_null())
                .map(|(name, _)| name),
        });
        Grant {
            name: self.name.unwrap_or_default(),
            grantee: self.grantee_principal,
            grantee_service: self.grantee_service_principal,
            retiring: self.retiring_principal,
            retiring_service: self.retiring_service_principal,
            operations: self.operations,
            constraints: constraints.unwrap_or_default(),
            ..Grant::default()
        }
    }
}

/// Constraints of a grant. One that this tool does not know is kept by name: whether it holds is unknown.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConstraintsLine {
    encryption_context_equals: Option<BTreeMap<String, String>>,
    encryption_context_subset: Option<BTreeMap<String, String>>,
    source_arn: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// A text, or a truth value or number in its canonical text (S2.6).
#[derive(Default)]
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }
}

/// One value or a list of values.
struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E>(self, text: &str) -> Result<Values, E> {
        Ok(Values(vec![text.to_owned()]))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Values, E> {
        Ok(Values(vec![value.to_string()]))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Values, E> {
        Ok(Values(vec![value.to_string()]))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Values, E> {
        Ok(Values(vec![value.to_string()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
        let mut values = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(64));
        while let Some(Scalar(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Values(values))
    }
}

/// Context keys with their values; a key stands once.
#[derive(Default)]
struct Context(BTreeMap<String, Vec<String>>);

impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContextVisitor)
    }
}

struct ContextVisitor;

impl<'de> Visitor<'de> for ContextVisitor {
    type Value = Context;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of context keys")
    }

    fn visit_unit<E>(self) -> Result<Context, E> {
        Ok(Context::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Context, A::Error> {
        let mut context = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let Values(values) = map.next_value()?;
            if context.contains_key(&key) {
                return Err(A::Error::custom(format_args!("context key `{key}` stands twice")));
            }
            context.insert(key, values);
        }
        Ok(Context(context))
    }
}

/// The `id` of a text that is no request but may still be JSON.
fn id_of(text: &[u8]) -> String {
    match serde_json::from_slice::<Value>(text)
        .ok()
        .as_ref()
        .and_then(|value| value.get("id"))
    {
        Some(Value::String(id)) => id.clone(),
        Some(id @ (Value::Number(_) | Value::Bool(_))) => id.to_string(),
        _ => String::new(),
    }
}

/// The parser's words, with the column instead of "line 1" and a suggestion instead of the list of all fields.
fn explain(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    let said = match said
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once("`, expected "))
    {
        Some((field, expected)) => match closest(field, expected) {
            Some(meant) => format!("unknown field `{field}`: did you mean `{meant}`?"),
            None => format!("unknown field `{field}`"),
        },
        None => said.to_owned(),
    };
    let what = if error.is_data() { "" } else { "not JSON: " };
    format!("{what}{said} (column {})", error.column())
}

/// The field most like the one written, among those that the parser lists in backticks.
fn closest<'a>(field: &str, expected: &'a str) -> Option<&'a str> {
    let folded = field.to_lowercase().replace(['_', '-'], "");
    let names = expected.split('`').skip(1).step_by(2);
    let near = names.map(|name| (strsim::damerau_levenshtein(&folded, &name.to_lowercase()), name));
    near.filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#""principal":"p","action":"kms:Decrypt","resource":"k""#;

    fn error(fields: &str) -> String {
        parse(format!("{{{BASE},{fields}}}").as_bytes())
            .unwrap_err()
            .error
    }

    #[test]
    fn every_field_of_the_contract_is_read() {
        let line = format!(
            r#"{{"id":7,{BASE},"context":{{"aws:SecureTransport":true,"aws:TagKeys":["a","b"],"n":5}},
            "sessionPolicies":[],"vpcEndpoint":"vpce-1","grantId":"g","alias":"alias/a","previousKey":"old",
            "grant":{{"GranteePrincipal":"r","Operations":["Decrypt"],"Name":"n",
                "Constraints":{{"EncryptionContextSubset":{{"a":"b"}},"New":1}}}},
            "destination":"d","destinationContext":{{"x":"y"}},"bypass":true,"openContext":true,"federatedBy":"u"}}"#
        );
        let request = parse(line.as_bytes()).unwrap().request;
        assert_eq!((request.id.as_str(), request.principal.as_str()), ("7", "p"));
        assert_eq!(request.context["aws:SecureTransport"], ["true"]);
        assert_eq!(request.context["aws:TagKeys"], ["a", "b"]);
        assert_eq!(request.context["n"], ["5"]);
        assert_eq!(request.session_policies, Some(Vec::new()));
        let grant = request.grant.unwrap();
        assert_eq!((grant.grantee.as_deref(), grant.name.as_str()), (Some("r"), "n"));
        assert_eq!(grant.constraints.other.as_deref(), Some("New"));
        assert!(request.bypass && request.open_context);
        assert_eq!(request.destination_context["x"], ["y"]);
    }

    #[test]
    fn absent_and_null_are_the_same() {
        let fields = r#""context":null,"grant":null,"sessionPolicies":null,"bypass":null"#;
        let request = parse(format!("{{{BASE},{fields}}}").as_bytes()).unwrap().request;
        assert_eq!(request.session_policies, None);
        assert!(request.context.is_empty() && request.id.is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            error(r#""vpcendpoint":"v""#),
            "unknown field `vpcendpoint`: did you mean `vpcEndpoint`? (column 68)"
        );
        assert!(error(r#""session_policies":[]"#).contains("did you mean `sessionPolicies`?"));
        assert!(error(r#""grant":{"Operation":[]}"#).contains("did you mean `Operations`?"));
        assert!(error(r#""colour":1"#).starts_with("unknown field `colour` (column"));
        assert!(error(r#""action":"kms:Encrypt""#).starts_with("duplicate field `action`"));
        assert!(error(r#""context":{"a":"1","a":"2"}"#).starts_with("context key `a` stands twice"));
        assert!(error(r#""context":{"a":null}"#).contains("expected a string or a list of strings"));
        let bad = parse(br#"{"id":"x","action":"kms:Decrypt","resource":"k"}"#).unwrap_err();
        assert_eq!(
            (bad.id.as_str(), bad.error.as_str()),
            ("x", "missing field `principal` (column 48)")
        );
        let bad = parse(b"{").unwrap_err();
        assert_eq!(
            (bad.id.as_str(), bad.error.as_str()),
            ("", "not JSON: EOF while parsing an object (column 1)")
        );
    }
}
