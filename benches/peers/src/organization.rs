//! The generated files, read anew: the plain parts that both translations start from.
//!
//! Only action names and their patterns come from keywho's table; matching, matters of accounts and conditions do not.
//! What the generator never writes, and no translation models, fails here instead of being passed over.

use keywho::model::action::{ActionSet, matching};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Parsed files by path.
pub(crate) type Files = BTreeMap<String, Value>;

/// A statement of any policy.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) allows: bool,
    pub(crate) actions: ActionSet,
    /// Empty in policies that have no principals.
    pub(crate) principals: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// Operators, each with its condition keys and their values.
    pub(crate) condition: Map<String, Value>,
}

#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) arn: String,
    pub(crate) account: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) service_linked: bool,
    /// ARNs of attached policies.
    pub(crate) attached: Vec<String>,
    pub(crate) inline: Vec<Statement>,
    /// ARN of the permissions boundary.
    pub(crate) boundary: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) arn: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) aws_managed: bool,
    /// Only operations on symmetric keys take an encryption context.
    pub(crate) symmetric: bool,
    pub(crate) alias: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) policy: Vec<Statement>,
    pub(crate) grants: Vec<Grant>,
}

#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) grantee: String,
    pub(crate) operations: ActionSet,
    /// Pairs that the encryption context must contain.
    pub(crate) subset: BTreeMap<String, String>,
}

/// A service or resource control policy.
#[derive(Debug)]
pub(crate) struct Guardrail {
    pub(crate) id: String,
    pub(crate) of_resources: bool,
    /// Roots, units and accounts it is attached to.
    pub(crate) targets: Vec<String>,
    pub(crate) statements: Vec<Statement>,
}

#[derive(Debug, Default)]
pub(crate) struct Organization {
    /// Its own id.
    pub(crate) id: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) keys: Vec<Key>,
    /// Managed policies by ARN.
    pub(crate) managed: BTreeMap<String, Vec<Statement>>,
    pub(crate) guardrails: Vec<Guardrail>,
    /// Of units and accounts: where they are.
    pub(crate) parents: BTreeMap<String, String>,
}

pub(crate) fn parse(files: &[(String, Vec<u8>)]) -> Files {
    let value = |bytes: &[u8]| serde_json::from_slice(bytes).expect("the generator writes JSON");
    files
        .iter()
        .map(|(path, bytes)| (path.clone(), value(bytes)))
        .collect()
}

impl Organization {
    pub(crate) fn read(files: &Files) -> Organization {
        let id = &files["organization/describe-organization.json"]["Organization"]["Id"];
        let mut organization = Organization {
            id: text(id),
            parents: parents(files),
            guardrails: guardrails(files),
            ..Organization::default()
        };
        for (path, details) in files {
            if let Some(folder) = path.strip_suffix("/describe-key.json") {
                organization.keys.push(key(files, folder));
            }
            if path.ends_with("/iam-get-account-authorization-details.json") {
                organization
                    .roles
                    .extend(list(&details["RoleDetailList"]).map(role));
                organization
                    .managed
                    .extend(list(&details["Policies"]).map(managed));
            }
        }
        organization
    }

    /// The account, its units and the root, from below.
    pub(crate) fn levels<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::successors(Some(account), |level| {
            self.parents.get(*level).map(String::as_str)
        })
    }
}

fn parents(files: &Files) -> BTreeMap<String, String> {
    let mut parents = BTreeMap::new();
    for (path, value) in files {
        for (folder, field) in [
            ("organization/list-accounts-for-parent/", "Accounts"),
            (
                "organization/list-organizational-units-for-parent/",
                "OrganizationalUnits",
            ),
        ] {
            if let Some(parent) = path.strip_prefix(folder) {
                let parent = parent.trim_end_matches(".json");
                parents.extend(list(&value[field]).map(|inside| (text(&inside["Id"]), parent.to_owned())));
            }
        }
    }
    parents
}

fn guardrails(files: &Files) -> Vec<Guardrail> {
    let described = files
        .iter()
        .filter_map(|(path, value)| Some((path.strip_prefix("organization/describe-policy/")?, value)));
    described
        .map(|(file, value)| {
            let targets = &files[&format!("organization/list-targets-for-policy/{file}")]["Targets"];
            Guardrail {
                id: file.trim_end_matches(".json").to_owned(),
                of_resources: value["Policy"]["PolicySummary"]["Type"] == "RESOURCE_CONTROL_POLICY",
                targets: list(targets).map(|target| text(&target["TargetId"])).collect(),
                statements: statements(&embedded(&value["Policy"]["Content"])),
            }
        })
        .collect()
}

fn managed(policy: &Value) -> (String, Vec<Statement>) {
    let version = list(&policy["PolicyVersionList"])
        .find(|version| version["IsDefaultVersion"] == true)
        .expect("a policy has a default version");
    (text(&policy["Arn"]), statements(&version["Document"]))
}

fn role(role: &Value) -> Role {
    let arn = text(&role["Arn"]);
    let boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"].as_str();
    Role {
        account: part(&arn, 4),
        tags: tags(&role["Tags"], "Key", "Value"),
        service_linked: text(&role["Path"]).starts_with("/aws-service-role/"),
        attached: list(&role["AttachedManagedPolicies"])
            .map(|policy| text(&policy["PolicyArn"]))
            .collect(),
        inline: list(&role["RolePolicyList"])
            .flat_map(|policy| statements(&policy["PolicyDocument"]))
            .collect(),
        boundary: boundary.map(str::to_owned),
        arn,
    }
}

fn key(files: &Files, folder: &str) -> Key {
    let file = |name: &str| &files[&format!("{folder}/{name}.json")];
    let metadata = &file("describe-key")["KeyMetadata"];
    let arn = text(&metadata["Arn"]);
    let (region, account) = (part(&arn, 3), part(&arn, 4));
    let aliases = &files[&format!("accounts/{account}/{region}/kms-list-aliases.json")]["Aliases"];
    let own: Vec<&Value> = list(aliases)
        .filter(|alias| alias["TargetKeyId"] == metadata["KeyId"])
        .collect();
    let [alias] = own.as_slice() else {
        panic!("{arn}: Cedar has no \"like\" over a set, so one alias a key is modelled");
    };
    Key {
        alias: text(&alias["AliasName"]),
        aws_managed: metadata["KeyManager"] == "AWS",
        symmetric: metadata["KeySpec"] == "SYMMETRIC_DEFAULT",
        tags: tags(&file("list-resource-tags")["Tags"], "TagKey", "TagValue"),
        policy: statements(&embedded(&file("get-key-policy")["Policy"])),
        grants: list(&file("list-grants")["Grants"]).map(grant).collect(),
        arn,
        account,
        region,
    }
}

fn grant(grant: &Value) -> Grant {
    let subset = grant["Constraints"]["EncryptionContextSubset"].as_object();
    let pairs = subset.into_iter().flatten();
    Grant {
        grantee: text(&grant["GranteePrincipal"]),
        operations: set(&grant["Operations"], |name| format!("kms:{name}")),
        subset: pairs.map(|(name, value)| (name.clone(), text(value))).collect(),
    }
}

fn statements(document: &Value) -> Vec<Statement> {
    list(&document["Statement"]).map(statement).collect()
}

fn statement(said: &Value) -> Statement {
    let actions = |element: &Value| set(element, str::to_owned);
    let principals = match &said["Principal"] {
        Value::Object(named) => {
            assert!(
                named.keys().eq(["AWS"]),
                "only IAM principals are modelled: {said}"
            );
            texts(&named["AWS"])
        }
        other => texts(other),
    };
    let known = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Principal",
        "Resource",
        "Condition",
    ];
    let elements = said.as_object().expect("a statement is an object");
    assert!(
        elements.keys().all(|name| known.contains(&name.as_str())),
        "not modelled: {said}"
    );
    Statement {
        allows: said["Effect"] == "Allow",
        actions: match said.get("NotAction") {
            Some(others) => ActionSet::ALL - actions(others),
            None => actions(&said["Action"]),
        },
        principals,
        resources: texts(&said["Resource"]),
        condition: said["Condition"].as_object().cloned().unwrap_or_default(),
    }
}

fn set(names: &Value, full: impl Fn(&str) -> String) -> ActionSet {
    let each = texts(names).into_iter().map(|name| matching(&full(&name)).set);
    each.fold(ActionSet::EMPTY, ActionSet::union)
}

/// A document inside a string.
fn embedded(value: &Value) -> Value {
    serde_json::from_str(value.as_str().expect("a document in a string")).expect("a document is JSON")
}

fn tags(value: &Value, name: &str, content: &str) -> BTreeMap<String, String> {
    list(value)
        .map(|tag| (text(&tag[name]), text(&tag[content])))
        .collect()
}

fn part(arn: &str, index: usize) -> String {
    arn.split(':')
        .nth(index)
        .expect("an ARN has six parts")
        .to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// One string, or a list of them, or none.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    }
}
