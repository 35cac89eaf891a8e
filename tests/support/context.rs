//! The request context of one authorization (S3.2, S6.2, S6.3, S6.10, S6.15): what the request states, what the world decides, nothing else.

use super::caller::{Caller, Who};
use super::decide::Target;
use super::operations::{Operation, depends_on_operation};
use super::values::date;
use super::world::{Grant, Key, PairConstraint, World};
use serde_json::Value;
use std::collections::BTreeMap;

/// The value of a context key that is not simply absent.
#[derive(Clone, Debug, PartialEq)]
pub enum ContextValue {
    /// These values; most keys have one.
    Known(Vec<String>),
    /// One value that begins with this text; the rest is unknown and not empty (`aws:userid` of an unnamed session).
    Begins(String),
    /// One value of which beginning and end are known.
    Between(String, String),
    /// Neither presence nor value is known.
    Unknown,
}

/// Context keys in lower case with their values, and the encryption context with its names as written.
#[derive(Clone, Debug, Default)]
pub struct Context {
    values: BTreeMap<String, ContextValue>,
    /// Encryption context pairs (S4.9.4 compares their names case-sensitively).
    pub pairs: Vec<(String, String)>,
    inferred_keys: bool,
    symmetric: bool,
}

/// What a context is made of.
pub struct Sources<'a> {
    /// The world.
    pub world: &'a World,
    /// The whole request.
    pub request: &'a Value,
    /// Keys the request states for this authorization.
    pub stated: Vec<(String, Vec<String>)>,
    /// Who asks.
    pub caller: &'a Caller<'a>,
    /// For what action.
    pub operation: &'static Operation,
    /// On what.
    pub target: Target<'a>,
    /// How the request named the key.
    pub identifier: &'a str,
    /// The grant asked for (CreateGrant) or to be retired (RetireGrant).
    pub grant: Option<&'a Grant>,
}

const ENCRYPTION_CONTEXT: &str = "kms:encryptioncontext:";
const NETWORK_KEYS: &str = "aws:sourceip aws:vpcsourceip aws:sourcevpc aws:sourcevpce aws:sourcevpcarn aws:vpceaccount aws:vpceorgid aws:vpceorgpaths";

/// Keys that Encapsulate and Decapsulate are known to have.
const INFERRED: &str = "kms:calleraccount kms:keyorigin kms:keyspec kms:keyusage kms:multiregion kms:multiregionkeytype \
     kms:requestalias kms:resourcealiases kms:viaservice kms:customermasterkeyspec kms:customermasterkeyusage";

impl Context {
    /// The value of a key (lower-case name); `None`: absent.
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        match self.values.get(key) {
            None if self.inferred_keys && key.starts_with("kms:") => {
                let listed = INFERRED.split(' ').any(|own| own == key);
                let never = listed || (key.starts_with("kms:encryptioncontext") && !self.symmetric); // S6.3 (a), (b)
                if never { None } else { Some(&ContextValue::Unknown) } // S5.2.2
            }
            value => value,
        }
    }

    fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Derives a value; what the request states stays.
    fn fill(&mut self, key: &str, value: ContextValue) {
        self.values.entry(key.to_lowercase()).or_insert(value);
    }

    fn fill_text(&mut self, key: &str, value: &str) {
        self.fill(key, ContextValue::Known(vec![value.to_owned()]));
    }

    /// S6.10: the closed context of one authorization.
    pub fn of(sources: &Sources<'_>) -> Context {
        let mut context = Context::default();
        for (key, values) in &sources.stated {
            context.state(key, values);
        }
        context.principal_keys(sources);
        context.service_call_chain();
        context.network_keys(sources);
        context.clock();
        context.resource_keys(sources);
        context.parameters(sources);
        context.only_supported_keys(sources);
        context
    }

    fn state(&mut self, key: &str, values: &[String]) {
        if values.is_empty() {
            return; // an empty set is absent
        }
        let lower = key.to_lowercase();
        for (name, synonym) in [
            ("kms:keyspec", "kms:customermasterkeyspec"),
            ("kms:keyusage", "kms:customermasterkeyusage"),
        ] {
            if lower == name {
                self.values
                    .insert(synonym.to_owned(), ContextValue::Known(values.to_vec()));
            }
        }
        if lower.starts_with(ENCRYPTION_CONTEXT) {
            self.pairs
                .push((key[ENCRYPTION_CONTEXT.len()..].to_owned(), values[0].clone()));
        }
        self.values.insert(lower, ContextValue::Known(values.to_vec()));
    }

    /// S3.2, the upper rows: keys that follow from the principal.
    fn principal_keys(&mut self, sources: &Sources<'_>) {
        let caller = sources.caller;
        self.fill_text(
            "aws:PrincipalIsAWSService",
            if caller.is_service() { "true" } else { "false" },
        );
        let Some(account) = caller.account.as_deref() else {
            let Who::Service(_) = &caller.who else { return };
            // [ambiguous] S3.2: the account of a service is no customer's, kms:CallerAccount and the like are unknown.
            self.fill_text("aws:PrincipalAccount", "an account of AWS");
            self.fill("kms:CallerAccount", ContextValue::Unknown);
            self.fill("aws:PrincipalType", ContextValue::Unknown);
            self.fill("aws:userid", ContextValue::Unknown);
            self.fill_text("aws:PrincipalServiceName", &caller.text);
            self.fill_text("aws:PrincipalServiceNamesList", &caller.text);
            return;
        };
        self.fill_text("aws:PrincipalAccount", account);
        self.fill_text("kms:CallerAccount", account);
        if let Some((id, path)) = sources.world.organization_path(account) {
            self.fill_text("aws:PrincipalOrgID", &id);
            self.fill_text("aws:PrincipalOrgPaths", &path);
        }
        match &caller.who {
            Who::Root => {
                self.fill_text("aws:PrincipalArn", &caller.text);
                self.fill_text("aws:PrincipalType", "Account");
                self.fill_text("aws:userid", account);
            }
            Who::User(user) => {
                self.fill_text("aws:PrincipalArn", &caller.text);
                self.fill_text("aws:PrincipalType", "User");
                self.fill_text("aws:username", caller.text.rsplit('/').next().unwrap_or_default());
                if let Some(user) = user {
                    self.fill_text("aws:userid", &user.id);
                    self.fill_tags("aws:PrincipalTag/", &user.tags);
                }
            }
            Who::Role { role, session, name } => {
                self.fill_text("aws:PrincipalType", "AssumedRole");
                match caller.role_arn() {
                    Some(arn) => self.fill_text("aws:PrincipalArn", arn),
                    None => {
                        // S1.7: the ARN of a session does not tell the path of its role.
                        let begin = format!("arn:{}:iam::{account}:role", caller.partition);
                        self.fill(
                            "aws:PrincipalArn",
                            ContextValue::Between(begin, format!("/{name}")),
                        );
                    }
                }
                if let Some(role) = role {
                    self.fill_tags("aws:PrincipalTag/", &role.tags);
                    match session {
                        Some(session) => self.fill_text("aws:userid", &format!("{}:{session}", role.id)),
                        None => self.fill("aws:userid", ContextValue::Begins(format!("{}:", role.id))),
                    }
                }
            }
            Who::Federated { name, .. } => {
                self.fill_text("aws:PrincipalArn", &caller.text);
                self.fill_text("aws:PrincipalType", "FederatedUser");
                self.fill_text("aws:userid", &format!("{account}:{name}"));
            }
            Who::Service(_) => {}
        }
    }

    /// Tags; two that differ only by case leave the value unknown (S2.5.2).
    fn fill_tags(&mut self, prefix: &str, tags: &[(String, String)]) {
        for (name, value) in tags {
            let twins = tags
                .iter()
                .filter(|(other, _)| super::text::same_name(other, name))
                .count();
            let key = format!("{prefix}{name}");
            if twins > 1 {
                self.fill(&key, ContextValue::Unknown);
            } else {
                self.fill_text(&key, value);
            }
        }
    }

    /// S6.15: `kms:ViaService` is present if and only if `aws:ViaAWSService` is true.
    fn service_call_chain(&mut self) {
        let via = self.has("kms:viaservice");
        self.fill_text("aws:ViaAWSService", if via { "true" } else { "false" });
    }

    /// S6.15: the endpoint gives its own keys; S3.2.2: network keys of a forward access session are unknown unless stated.
    fn network_keys(&mut self, sources: &Sources<'_>) {
        if self.has("kms:viaservice") {
            for key in NETWORK_KEYS.split_whitespace() {
                self.fill(key, ContextValue::Unknown);
            }
        } else if let Some(id) = sources.request["vpcEndpoint"].as_str() {
            self.fill_text("aws:SourceVpce", id);
            if let Some(endpoint) = sources.world.endpoints.iter().find(|e| e.id == id) {
                self.fill_text("aws:SourceVpc", &endpoint.vpc);
            }
        }
    }

    /// S6.15: `aws:CurrentTime` and `aws:EpochTime` are one clock; S6.2: KMS speaks TLS only.
    fn clock(&mut self) {
        let now = |context: &Context, key: &str| match context.get(key) {
            Some(ContextValue::Known(values)) => values[0].clone(),
            _ => String::new(),
        };
        let (current, epoch) = (now(self, "aws:currenttime"), now(self, "aws:epochtime"));
        if let Some(seconds) = date(&current) {
            self.fill_text("aws:EpochTime", &format!("{}", seconds as i64));
        }
        if !epoch.is_empty() {
            self.fill_text("aws:CurrentTime", &epoch); // Date operators read epoch seconds too
        }
        self.fill_text("aws:SecureTransport", "true");
    }

    /// S6.2: keys that follow from the key (or alias) and its account.
    fn resource_keys(&mut self, sources: &Sources<'_>) {
        let owner = match &sources.target {
            Target::Key(key) => Some(key.account.as_str()),
            Target::Alias { account, .. } => Some(account.as_str()),
            Target::Nothing => sources.caller.account.as_deref(),
        };
        if let Some(owner) = owner {
            self.fill_text("aws:ResourceAccount", owner);
            if let Some((id, path)) = sources.world.organization_path(owner) {
                self.fill_text("aws:ResourceOrgID", &id);
                self.fill_text("aws:ResourceOrgPaths", &path);
            }
        }
        match &sources.target {
            Target::Key(key) => self.key_keys(key),
            Target::Alias { region, .. } => self.fill_text("aws:RequestedRegion", region),
            Target::Nothing => {}
        }
    }

    fn key_keys(&mut self, key: &Key) {
        self.fill_text("aws:RequestedRegion", &key.region);
        self.fill_tags("aws:ResourceTag/", &key.tags);
        if !key.aliases.is_empty() {
            self.fill("kms:ResourceAliases", ContextValue::Known(key.aliases.clone()));
        }
        for name in ["kms:KeySpec", "kms:CustomerMasterKeySpec"] {
            self.fill_text(name, &key.spec);
        }
        for name in ["kms:KeyUsage", "kms:CustomerMasterKeyUsage"] {
            self.fill_text(name, &key.usage);
        }
        self.fill_text("kms:KeyOrigin", &key.origin);
        self.fill_text(
            "kms:MultiRegion",
            if key.multi_region.is_some() {
                "true"
            } else {
                "false"
            },
        );
        if let Some(multi_region) = &key.multi_region {
            self.fill_text("kms:MultiRegionKeyType", &multi_region.kind);
        }
    }

    /// S6.2: keys that follow from the action, the way the key was named, and the request's other members.
    fn parameters(&mut self, sources: &Sources<'_>) {
        let Target::Key(key) = &sources.target else { return };
        let operation = sources.operation;
        if key.spec == "SYMMETRIC_DEFAULT" || operation.name.starts_with("GenerateDataKey") {
            self.fill_text("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        }
        if let Some(size) = key.spec.strip_prefix("HMAC_") {
            self.fill_text("kms:MacAlgorithm", &format!("HMAC_SHA_{size}"));
        }
        self.fill_text("kms:KeyAgreementAlgorithm", "ECDH");
        self.fill_text(
            "kms:GrantIsForAWSResource",
            if self.has("kms:viaservice") {
                "true"
            } else {
                "false"
            },
        ); // S6.15, S4.9.13
        if let Some((_, alias)) = sources.identifier.split_once("alias/") {
            self.fill_text("kms:RequestAlias", &format!("alias/{alias}")); // S1.5
        }
        if let Some(destination) = sources.request["destination"].as_str() {
            let from = sources.request["resource"].as_str().unwrap_or_default();
            let same = super::permissions::find_key(sources.world, sources.caller, from).map(|k| &k.arn)
                == super::permissions::find_key(sources.world, sources.caller, destination).map(|k| &k.arn);
            self.fill_text("kms:ReEncryptOnSameKey", if same { "true" } else { "false" });
        }
        if let Some(bypass) = sources.request["bypass"].as_bool() {
            self.fill_text("kms:BypassPolicyLockoutSafetyCheck", &bypass.to_string());
        }
        if let Some(grant) = sources.grant {
            self.grant_keys(grant);
        }
        let names: Vec<String> = self.pairs.iter().map(|(name, _)| name.clone()).collect();
        if !names.is_empty() {
            self.fill("kms:EncryptionContextKeys", ContextValue::Known(names)); // S6.15
        }
    }

    /// CreateGrant: the grant asked for; RetireGrant: the grant to be retired (which keys apply is S6.3 (a)'s business).
    fn grant_keys(&mut self, grant: &Grant) {
        self.fill(
            "kms:GrantOperations",
            ContextValue::Known(grant.operations.clone()),
        );
        let one = [
            ("kms:GranteePrincipal", &grant.grantee),
            ("kms:GranteeServicePrincipal", &grant.grantee_service),
            ("kms:RetiringPrincipal", &grant.retiring),
            ("kms:RetiringServicePrincipal", &grant.retiring_service),
            ("kms:GrantConstraintSourceArn", &grant.source_arn),
        ];
        for (key, value) in one {
            if let Some(value) = value {
                self.fill_text(key, value);
            }
        }
        if let Some(PairConstraint { equals, pairs }) = &grant.constraint {
            self.fill_text(
                "kms:GrantConstraintType",
                if *equals {
                    "EncryptionContextEquals"
                } else {
                    "EncryptionContextSubset"
                },
            );
            for (name, value) in pairs {
                self.state(
                    &format!("kms:EncryptionContext:{name}"),
                    std::slice::from_ref(value),
                );
            }
        }
    }

    /// S6.3 (a), (b): keys the action does not support are absent; S5.4.1: on the alias side no KMS key applies.
    fn only_supported_keys(&mut self, sources: &Sources<'_>) {
        let on_alias = matches!(sources.target, Target::Alias { .. });
        let symmetric = match &sources.target {
            Target::Key(key) => key.spec == "SYMMETRIC_DEFAULT",
            _ => false,
        };
        self.values.retain(|key, _| {
            let supported = sources.operation.supports(key) && !(on_alias && depends_on_operation(key));
            supported && (symmetric || !key.starts_with("kms:encryptioncontext"))
        });
        self.symmetric = symmetric;
        self.inferred_keys = sources.operation.keys_are_inferred();
    }
}
