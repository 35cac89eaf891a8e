//! A request under construction, and the one place that keeps it admissible (S6.10, S6.15).

use super::super::caller::{Caller, Who, callers};
use super::super::generate::conditions::multi_valued;
use super::super::generate::vocabulary::Vocabulary;
use super::super::operations::Operation;
use super::super::rng::Rng;
use super::super::values::date;
use super::super::world::Key;
use serde_json::{Map, Value, json};

/// A request under construction.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Principal text.
    pub principal: String,
    /// The action.
    pub operation: &'static Operation,
    /// Index of the key.
    pub key: usize,
    /// How the key is named: 0 ARN, 1 key id, 2 alias name, 3 alias ARN.
    pub form: usize,
    /// Stated context: key as written, values.
    pub context: Vec<(String, Vec<String>)>,
    /// `kms:ReEncrypt` to that key.
    pub destination: Option<usize>,
    /// Context of the destination side.
    pub destination_context: Vec<(String, Vec<String>)>,
    /// Session policies.
    pub session_policies: Vec<Value>,
    /// Who made the federated session.
    pub federated_by: Option<String>,
    /// Index of the VPC endpoint.
    pub endpoint: Option<usize>,
    /// CreateGrant: the grant asked for.
    pub grant: Option<Value>,
    /// RetireGrant: index of the grant.
    pub grant_number: usize,
    /// Alias operations: the alias.
    pub alias: String,
    /// UpdateAlias: index of the key it pointed to.
    pub previous_key: usize,
}

impl Draft {
    /// The values stated for a key.
    pub fn stated(&self, key: &str) -> Option<&Vec<String>> {
        self.context
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(key))
            .map(|(_, values)| values)
    }

    /// States a value, or with no values takes the key away.
    pub fn state(&mut self, key: &str, values: Vec<String>) {
        self.context.retain(|(k, _)| !k.eq_ignore_ascii_case(key));
        if !values.is_empty() {
            self.context.push((key.to_owned(), values));
        }
    }

    /// The key the draft is about.
    pub fn key_of<'w>(&self, words: &Vocabulary<'w>) -> &'w Key {
        &words.world.keys[self.key]
    }

    /// The caller (the first possible one).
    pub fn caller<'w>(&self, words: &Vocabulary<'w>) -> Caller<'w> {
        let request = json!({"principal": self.principal, "federatedBy": self.federated_by});
        callers(words.world, &request).remove(0)
    }

    /// Whether a request may state the key (lower-case name): nothing derived, nothing the action does not support, nothing
    /// that contradicts the caller, the call chain or the way the request travels.
    pub fn may_state(&self, words: &Vocabulary<'_>, caller: &Caller<'_>, key: &str) -> bool {
        let target = self.key_of(words);
        let named_session = matches!(&caller.who, Who::Role { .. });
        let via_service = self.stated("kms:ViaService").is_some();
        if !self.operation.supports(key) {
            return false;
        }
        if let Some(tag) = key.strip_prefix("aws:principaltag/") {
            return !tag.is_empty()
                && match &caller.who {
                    Who::Role { role: Some(role), .. } => {
                        role.allows_session_tags() && !role.is_service_linked()
                    }
                    Who::Role { role: None, .. } | Who::User(None) | Who::Federated { .. } => true,
                    _ => false,
                };
        }
        if key.starts_with("kms:encryptioncontext:") {
            return target.spec == "SYMMETRIC_DEFAULT" && self.operation.encryption_context;
        }
        match key {
            "kms:viaservice" => !caller.is_service() && self.endpoint.is_none(),
            "aws:calledvia" => via_service,
            "aws:multifactorauthpresent" => {
                named_session && !caller.is_service_linked()
                    || matches!(caller.who, Who::User(_) | Who::Federated { .. })
            }
            "aws:multifactorauthage" => self
                .stated("aws:MultiFactorAuthPresent")
                .is_some_and(|v| v[0] == "true"),
            "aws:sourceidentity" => named_session,
            "aws:currenttime" | "aws:epochtime" | "example:ticket" | "example:token" => true,
            "aws:useragent" => !caller.is_service(),
            "aws:securetransport" => !caller.is_service(),
            "aws:sourceip" => !caller.is_service() && self.endpoint.is_none(),
            "aws:vpcsourceip" | "aws:sourcevpc" | "aws:sourcevpce" => self.endpoint.is_some(),
            "aws:sourcearn" | "aws:sourceaccount" | "aws:sourceorgid" => caller.is_service(),
            "aws:userid" => caller.is_external() && matches!(caller.who, Who::User(_) | Who::Role { .. }),
            "aws:requestedregion" => self.operation.resourceless,
            "kms:encryptionalgorithm" => {
                target.spec.starts_with("RSA")
                    && target.usage == "ENCRYPT_DECRYPT"
                    && !self.operation.name.starts_with("GenerateDataKey")
            }
            "kms:signingalgorithm" => target.usage == "SIGN_VERIFY",
            "kms:keyspec" | "kms:keyusage" | "kms:keyorigin" | "kms:multiregion" => {
                self.operation.name == "CreateKey"
            }
            "aws:requesttag/team" | "aws:requesttag/env" | "aws:requesttag/project" => {
                self.operation.name == "TagResource"
            }
            "aws:tagkeys" => self.operation.name == "UntagResource",
            "kms:reencryptonsamekey" => self.destination.is_none(),
            "kms:messagetype"
            | "kms:datakeypairspec"
            | "kms:rotationperiodindays"
            | "kms:schedulekeydeletionpendingwindowindays"
            | "kms:policyname" => true,
            "kms:bypasspolicylockoutsafetycheck"
            | "kms:validto"
            | "kms:expirationmodel"
            | "kms:wrappingalgorithm"
            | "kms:wrappingkeyspec" => true,
            "kms:recipientattestation:imagesha384" | "kms:recipientattestation:pcr0" => !caller.is_service(),
            _ => false,
        }
    }

    /// Whether the key at hand allows the stated value (S6.6).
    pub fn can_be(&self, words: &Vocabulary<'_>, key: &str) -> bool {
        let spec = self.key_of(words).spec.as_str();
        let value = self.stated(key).map_or("", |values| values[0].as_str());
        if key.eq_ignore_ascii_case("aws:userid") {
            return match &self.caller(words).who {
                Who::Role {
                    session: Some(session),
                    ..
                } => value.rsplit_once(':').is_some_and(|(_, own)| own == session),
                Who::Role { .. } => value.contains(':'),
                _ => !value.contains(':'),
            };
        }
        match (key.to_lowercase().as_str(), spec.starts_with("RSA")) {
            ("kms:encryptionalgorithm", _) => value.starts_with("RSAES_"),
            ("kms:signingalgorithm", true) => value.starts_with("RSASSA_"),
            ("kms:signingalgorithm", false) => value.starts_with("ECDSA_"),
            _ => true,
        }
    }

    /// Drops what may not be stated, adds what every such request has, and keeps dependent keys together (S6.15).
    pub fn admit(&mut self, rng: &mut Rng, words: &Vocabulary<'_>) {
        let caller = self.caller(words);
        self.fit_to_caller(rng, words, &caller);
        let caller = self.caller(words);
        for _ in 0..2 {
            // twice, since one key may depend on another that falls
            let keys: Vec<String> = self.context.iter().map(|(k, _)| k.clone()).collect();
            for key in keys {
                let name = key.to_lowercase();
                let allowed = self.may_state(words, &caller, &name) || name.starts_with("aws:calledvia");
                if !allowed || !self.can_be(words, &key) {
                    self.state(&key, Vec::new());
                }
            }
        }
        if self.operation.name == "UntagResource" {
            self.state("aws:TagKeys", vec![words.sample(rng, "aws:tagkeys")]);
        }
        self.add_what_is_always_there(rng, words, &caller);
        self.keep_together(rng, words);
    }

    fn fit_to_caller(&mut self, rng: &mut Rng, words: &Vocabulary<'_>, caller: &Caller<'_>) {
        if !caller.is_federated() {
            self.federated_by = None;
        }
        if !caller.is_federated() && !matches!(caller.who, Who::Role { .. }) || caller.is_service_linked() {
            self.session_policies.clear();
        }
        if caller.is_service() || caller.is_external() {
            self.endpoint = None;
        }
        if self.operation.resourceless && (caller.is_external() || caller.is_service()) {
            let known = rng.pick(&words.roles).clone(); // nothing is known of such callers' own accounts
            self.principal = known;
            self.session_policies.clear();
            self.federated_by = None;
        }
        if let Some(endpoint) = self.endpoint
            && words.world.endpoints[endpoint].region != self.key_of(words).region
        {
            self.endpoint = None;
        }
        if self
            .destination
            .is_some_and(|to| words.world.keys[to].region != self.key_of(words).region)
        {
            self.destination = None;
        }
    }

    fn add_what_is_always_there(&mut self, rng: &mut Rng, words: &Vocabulary<'_>, caller: &Caller<'_>) {
        let key = self.key_of(words);
        let signing = match (key.spec.as_str(), key.usage.as_str()) {
            ("RSA_2048", "SIGN_VERIFY") => ["RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256"],
            ("ECC_NIST_P256", _) => ["ECDSA_SHA_256"; 2],
            _ => [""; 2],
        };
        let user_id = match &caller.who {
            Who::Role { session, .. } => format!("AROAPARTNER:{}", session.as_deref().unwrap_or("s1")),
            _ => "AIDAPARTNER".to_owned(),
        };
        let always = [
            ("kms:MessageType", rng.pick(&["RAW", "DIGEST"])),
            ("kms:SigningAlgorithm", rng.pick(&signing)),
            (
                "kms:EncryptionAlgorithm",
                rng.pick(&["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
            ),
            (
                "kms:DataKeyPairSpec",
                rng.pick(&["RSA_2048", "RSA_4096", "ECC_NIST_P256"]),
            ),
            ("kms:PolicyName", &"default"),
            (
                "kms:ScheduleKeyDeletionPendingWindowInDays",
                rng.pick(&["7", "14", "30"]),
            ),
            (
                "kms:WrappingAlgorithm",
                rng.pick(&["RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"]),
            ),
            ("kms:WrappingKeySpec", rng.pick(&["RSA_2048", "RSA_4096"])),
            ("kms:KeySpec", &"SYMMETRIC_DEFAULT"),
            ("kms:KeyUsage", &"ENCRYPT_DECRYPT"),
            ("kms:KeyOrigin", &"AWS_KMS"),
            ("kms:MultiRegion", &"false"),
            ("aws:userid", &user_id.as_str()),
            ("kms:ReEncryptOnSameKey", rng.pick(&["true", "false"])),
        ];
        for (name, value) in always {
            let lower = name.to_lowercase();
            if self.may_state(words, caller, &lower)
                && !value.is_empty()
                && (self.stated(name).is_none() || lower == "kms:signingalgorithm")
            {
                self.state(name, vec![(*value).to_owned()]);
            }
        }
        if self.operation.resourceless {
            self.state("aws:RequestedRegion", vec![rng.pick(&words.regions).clone()]);
        }
    }

    /// S6.15: one clock; an endpoint with its keys; `CalledVia` with its ends; tag keys with tags; MFA age with MFA.
    fn keep_together(&mut self, rng: &mut Rng, words: &Vocabulary<'_>) {
        let iso = |values: Option<&Vec<String>>| values.filter(|v| v[0].contains('T')).cloned();
        if let Some(now) = iso(self.stated("aws:CurrentTime")).or(iso(self.stated("aws:EpochTime"))) {
            let seconds = date(&now[0]).unwrap_or_default() as i64;
            let stated_twice = rng.percent(40);
            self.state(
                "aws:EpochTime",
                if stated_twice {
                    vec![seconds.to_string()]
                } else {
                    Vec::new()
                },
            );
            self.state("aws:CurrentTime", now);
        }
        if let Some(endpoint) = self.endpoint.map(|e| &words.world.endpoints[e]) {
            let inner = self
                .stated("aws:VpcSourceIp")
                .cloned()
                .unwrap_or_else(|| vec!["10.0.1.4".to_owned()]);
            self.state("aws:VpcSourceIp", inner);
            self.state("aws:SourceVpc", vec![endpoint.vpc.clone()]);
            self.state("aws:SourceVpce", vec![endpoint.id.clone()]);
        }
        let chain = self
            .stated("aws:CalledVia")
            .filter(|_| self.stated("kms:ViaService").is_some())
            .cloned()
            .unwrap_or_default();
        self.state("aws:CalledVia", chain.clone());
        self.state("aws:CalledViaFirst", chain.first().cloned().into_iter().collect());
        self.state("aws:CalledViaLast", chain.last().cloned().into_iter().collect());
        let tags: Vec<String> = self
            .context
            .iter()
            .filter_map(|(k, _)| {
                k.to_lowercase()
                    .strip_prefix("aws:requesttag/")
                    .map(str::to_owned)
            })
            .collect();
        if !tags.is_empty() {
            self.state("aws:TagKeys", tags);
        }
        if self.stated("kms:ValidTo").is_some_and(|v| v[0].contains('T')) {
            let seconds = self
                .stated("kms:ValidTo")
                .and_then(|v| date(&v[0]))
                .unwrap_or_default() as i64;
            self.state("kms:ValidTo", vec![seconds.to_string()]);
        }
        if let Some(account) = self.stated("aws:SourceAccount").cloned() {
            let organization = words.world.organization_path(&account[0]).map(|(id, _)| id);
            self.state("aws:SourceOrgID", organization.into_iter().collect());
        } else {
            self.state("aws:SourceOrgID", Vec::new());
        }
    }

    /// The request as JSON.
    pub fn request(&self, words: &Vocabulary<'_>, id: usize) -> Value {
        let key = self.key_of(words);
        let re_encrypt = self.destination.is_some();
        let action = if re_encrypt {
            "ReEncrypt"
        } else {
            self.operation.name
        };
        let mut request = Map::new();
        let mut put = |name: &str, value: Value| drop(request.insert(name.to_owned(), value));
        put("id", json!(format!("r{id}")));
        put("principal", json!(self.principal));
        put("action", json!(format!("kms:{action}")));
        put(
            "resource",
            json!(if self.operation.resourceless {
                "*".to_owned()
            } else {
                self.identifier(words, key)
            }),
        );
        put("context", context_json(&self.context));
        if let Some(destination) = self.destination {
            put("destination", json!(words.world.keys[destination].arn));
            put("destinationContext", context_json(&self.destination_context));
        }
        if !self.session_policies.is_empty() {
            put("sessionPolicies", json!(self.session_policies));
        }
        if let Some(user) = &self.federated_by {
            put("federatedBy", json!(user));
        }
        if let Some(endpoint) = self.endpoint {
            put("vpcEndpoint", json!(words.world.endpoints[endpoint].id));
        }
        match self.operation.name {
            "CreateGrant" => put(
                "grant",
                self.grant.clone().unwrap_or_else(
                    || json!({"GranteePrincipal": words.roles[0], "Operations": ["Decrypt"]}),
                ),
            ),
            "RetireGrant" => {
                let grant = key.grants.get(self.grant_number % key.grants.len().max(1));
                put("grantId", json!(grant.map_or("0000", |g| g.id.as_str())));
            }
            _ if self.operation.on_alias => {
                put("alias", json!(self.alias));
                let previous = &words.world.keys[self.previous_key];
                if self.operation.name == "UpdateAlias"
                    && previous.account == key.account
                    && previous.region == key.region
                {
                    put("previousKey", json!(previous.arn));
                } else if self.operation.name == "UpdateAlias" {
                    put("previousKey", json!(key.arn));
                }
            }
            _ => {}
        }
        Value::Object(request)
    }

    /// S1.4: one of the identifiers of the key that mean the same for this caller and action.
    fn identifier(&self, words: &Vocabulary<'_>, key: &Key) -> String {
        let own = self.caller(words).is_in(&key.account);
        let alias = key.aliases.first().filter(|_| self.operation.takes_alias);
        let unique = |name: &str| {
            words
                .world
                .keys
                .iter()
                .filter(|k| k.account == key.account && (k.id == name || k.aliases.iter().any(|a| a == name)))
                .count()
                == 1
        };
        match (self.form, alias) {
            (1, _) if own && unique(&key.id) => key.id.clone(),
            (2, Some(alias)) if own && unique(alias) => alias.clone(),
            (3, Some(alias)) => key.arn.replace(&format!("key/{}", key.id), alias),
            _ => key.arn.clone(),
        }
    }
}

fn context_json(context: &[(String, Vec<String>)]) -> Value {
    let value = |key: &str, values: &[String]| {
        if multi_valued(&key.to_lowercase()) {
            json!(values)
        } else {
            json!(values[0])
        }
    };
    Value::Object(
        context
            .iter()
            .map(|(key, values)| (key.clone(), value(key, values)))
            .collect(),
    )
}
