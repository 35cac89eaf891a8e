//! What the snapshot says about context keys: S3.2 for the principal, S6.2 for the key, S6.3 for the action.

use super::world::{Key, Kind, Membership, Principal, Resource, World};
use crate::condition::block::{Context, KeyName};
use crate::condition::key::Support;
use crate::condition::known::{Known, Possible};
use crate::model::Tags;
use crate::model::action::{Action, ActionSet, values};
use crate::policy::document::PolicyKind;

/// Whatever a principal asks for: only what is its own is known.
pub(crate) struct AnythingBy<'a> {
    pub(crate) world: &'a World,
    pub(crate) principal: &'a Principal,
}

impl Context for AnythingBy<'_> {
    fn known(&self, key: &KeyName) -> Known {
        of_principal(self.world, self.principal, &key.name).unwrap_or_else(Known::free)
    }
}

/// A principal, a key and an action, as seen by a statement of some kind of policy, in any request.
#[derive(Clone, Copy)]
pub(crate) struct AnyRequest<'a> {
    pub(crate) world: &'a World,
    pub(crate) principal: &'a Principal,
    pub(crate) key: &'a Key,
    pub(crate) action: Action,
    pub(crate) policy: PolicyKind,
}

impl Context for AnyRequest<'_> {
    fn known(&self, key: &KeyName) -> Known {
        // S6.3 (b)
        if key.name.starts_with("kms:EncryptionContext") && !self.is_symmetric() {
            return Known::Absent;
        }
        match self.presence(key) {
            Support::No => Known::Absent,
            Support::Doubt(rule) => Known::Doubt(rule),
            Support::Yes => self.value(&key.name),
        }
    }
}

impl AnyRequest<'_> {
    /// Whether the key may be a symmetric encryption key.
    fn is_symmetric(&self) -> bool {
        self.key
            .spec
            .as_deref()
            .is_none_or(|spec| spec == "SYMMETRIC_DEFAULT")
    }

    /// Whether the action has the key at all (S6.3).
    fn presence(&self, key: &KeyName) -> Support {
        // S5.4.1: no KMS condition key on the alias side.
        if self.key.kind == Resource::Alias && key.name.starts_with("kms:") {
            return Support::No;
        }
        key.known.map_or(Support::Yes, |known| known.support(self.action))
    }

    /// Whether the value is settled by principal, key and action alone, for every request.
    fn value(&self, name: &str) -> Known {
        if let Some(known) = of_principal(self.world, self.principal, name) {
            return known;
        }
        if let Some(known) = self.of_resource(name) {
            return known;
        }
        self.of_request(name)
    }

    /// Keys of class resource and action (S6.2).
    fn of_resource(&self, name: &str) -> Option<Known> {
        let key = self.key;
        let on_key = key.kind == Resource::Key;
        let property = |value: &Option<String>| match value {
            Some(value) => Known::one(value.clone()),
            None => Known::present(),
        };
        if let Some(tag) = name.strip_prefix("aws:ResourceTag/") {
            return Some(self.resource_tag(tag));
        }
        if name == "kms:RequestAlias" || name == "kms:TrailingDaysWithoutKeyUsage" {
            return of_key(key, name);
        }
        Some(match name {
            "aws:ResourceAccount" => match self.world.account(key.account) {
                Some(account) => Known::one(account.id.clone()),
                None => Known::present(),
            },
            "aws:ResourceOrgID" => org_id(self.world, Some(key.account)),
            "aws:ResourceOrgPaths" => org_path(self.world, Some(key.account)),
            "aws:RequestedRegion" if !key.region.is_empty() => Known::one(key.region.clone()),
            "aws:RequestedRegion" => Known::present(),
            "kms:ResourceAliases" => self.resource_aliases(),
            "kms:KeySpec" if on_key => property(&key.spec),
            "kms:KeyUsage" if on_key => property(&key.usage),
            "kms:KeyOrigin" if on_key => property(&key.origin),
            "kms:MultiRegion" if on_key => match key.multi_region {
                Some(multi) => Known::one(multi.to_string()),
                None => Known::flag(),
            },
            "kms:MultiRegionKeyType" if on_key => match (key.multi_region, &key.multi_region_type) {
                (Some(false), _) => Known::Absent,
                (_, Some(kind)) => Known::one(kind.clone()),
                (multi, None) => Known::one_of(&["PRIMARY", "REPLICA"], multi.is_none()),
            },
            "kms:EncryptionAlgorithm" => self.encryption_algorithm(),
            "kms:SigningAlgorithm" => self.possible(values::signing_algorithms),
            "kms:MacAlgorithm" => self.possible(values::mac_algorithms),
            "kms:KeyAgreementAlgorithm" => Known::one("ECDH"),
            "kms:MessageType" => self.possible(values::message_types),
            _ => return None,
        })
    }

    fn possible(&self, values: fn(&str) -> Option<&'static [&'static str]>) -> Known {
        if matches!(self.action, Action::Sign | Action::Verify) && self.is_for_other_than("SIGN_VERIFY") {
            return Known::present();
        }
        match self.key.spec.as_deref().and_then(values) {
            // A key that cannot perform the operation: whatever the request says.
            Some([]) => Known::present(),
            Some([only]) => Known::one(*only),
            Some(values) => Known::one_of(values, false),
            None => Known::present(),
        }
    }

    /// Whether the key is known to have another usage.
    fn is_for_other_than(&self, usage: &str) -> bool {
        self.key.usage.as_deref().is_some_and(|own| own != usage)
    }

    fn encryption_algorithm(&self) -> Known {
        let generates = ActionSet::CRYPTOGRAPHIC.contains(self.action)
            && self.action.name().starts_with("GenerateDataKey");
        match self.key.spec.as_deref() {
            _ if generates => Known::one("SYMMETRIC_DEFAULT"),
            None => Known::present(),
            Some("SYMMETRIC_DEFAULT") => Known::one("SYMMETRIC_DEFAULT"),
            // A key that cannot encrypt: whatever the request says.
            Some(_) if self.is_for_other_than("ENCRYPT_DECRYPT") => Known::present(),
            Some(_) => self.possible(values::encryption_algorithms),
        }
    }

    fn resource_tag(&self, tag: &str) -> Known {
        match self.key.kind {
            Resource::Alias => Known::Absent,
            // CreateKey: the tags being set (S5.1).
            Resource::Nothing => Known::free(),
            Resource::Key if self.policy == PolicyKind::Key => Known::Doubt("S6.4"),
            Resource::Key => own_tag(self.key, tag),
        }
    }

    fn resource_aliases(&self) -> Known {
        match self.key.kind {
            Resource::Alias | Resource::Nothing => Known::Absent,
            Resource::Key if self.policy == PolicyKind::Key => Known::Doubt("S6.4"),
            Resource::Key => own_aliases(self.key),
        }
    }

    /// Keys that depend on the request (S6.1).
    fn of_request(&self, name: &str) -> Known {
        let service = self.principal.kind == Kind::Service;
        if name.starts_with("aws:RequestTag/") && self.action == Action::UntagResource {
            return Known::Absent;
        }
        match name {
            "kms:ViaService" if service => Known::Absent,
            "aws:ViaAWSService" | "kms:GrantIsForAWSResource" if service => Known::one("false"),
            "aws:ViaAWSService" | "kms:GrantIsForAWSResource" | "kms:ReEncryptOnSameKey" => Known::flag(),
            "aws:SecureTransport" => Known::one("true"),
            "kms:BypassPolicyLockoutSafetyCheck" => Known::one_of(&["true", "false"], true),
            "kms:PolicyName" if self.action == Action::PutKeyPolicy => Known::one("default"),
            "kms:PolicyName" => Known::one_of(&["default", "AWS_RAM"], false),
            "kms:GrantOperations" => {
                let names: Vec<&str> = ActionSet::GRANT_OPERATIONS.iter().map(Action::name).collect();
                Known::one_of(&names, false)
            }
            "kms:GrantConstraintType" => {
                Known::one_of(&["EncryptionContextEquals", "EncryptionContextSubset"], true)
            }
            "kms:ExpirationModel" => {
                Known::one_of(&["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"], true)
            }
            "kms:KeySpec" => Known::one_of(values::KEY_SPECS, false),
            "kms:KeyUsage" => Known::one_of(values::KEY_USAGES, false),
            "kms:KeyOrigin" => Known::one_of(values::ORIGINS, false),
            "kms:MultiRegion" => Known::flag(),
            "kms:DataKeyPairSpec" => Known::one_of(values::DATA_KEY_PAIR_SPECS, false),
            "kms:WrappingAlgorithm" => Known::one_of(values::WRAPPING_ALGORITHMS, false),
            "kms:WrappingKeySpec" => Known::one_of(values::WRAPPING_KEY_SPECS, false),
            "kms:PrimaryRegion" | "kms:ReplicaRegion" | "kms:ScheduleKeyDeletionPendingWindowInDays" => {
                Known::present()
            }
            "aws:CurrentTime" | "aws:EpochTime" | "aws:UserAgent" => Known::present(),
            _ => Known::free(),
        }
    }
}

/// What is known of the context keys whose values are a key's own, whoever asks for what; `None` for other context keys.
pub(crate) fn of_key(key: &Key, name: &str) -> Option<Known> {
    if let Some(tag) = name.strip_prefix("aws:ResourceTag/") {
        return Some(own_tag(key, tag));
    }
    Some(match name {
        "kms:ResourceAliases" => own_aliases(key),
        "kms:RequestAlias" if !key.aliases_known => return None,
        "kms:RequestAlias" if key.aliases.is_empty() => Known::Absent,
        "kms:RequestAlias" => {
            let aliases: Vec<&str> = key.aliases.iter().map(String::as_str).collect();
            Known::one_of(&aliases, true)
        }
        "kms:TrailingDaysWithoutKeyUsage" => match key.trailing_days {
            Some(days) => Known::one(days.to_string()),
            None => Known::free(),
        },
        _ => return None,
    })
}

fn own_tag(key: &Key, tag: &str) -> Known {
    match key.tags_known {
        true => tag_value(&key.tags, tag).unwrap_or(Known::Absent),
        false => Known::free(),
    }
}

fn own_aliases(key: &Key) -> Known {
    match key.aliases.len() {
        _ if !key.aliases_known => Known::free(),
        51.. => Known::Doubt("S6.5"),
        _ => Known::all(key.aliases.clone()),
    }
}

/// A tag by its key, ignoring case; two that differ only by case are in doubt (S2.5.2).
fn tag_value(tags: &Tags, tag: &str) -> Option<Known> {
    let mut found = tags.iter().filter(|(name, _)| name.eq_ignore_ascii_case(tag));
    let (_, value) = found.next()?;
    Some(if found.next().is_some() {
        Known::Doubt("S2.5.2")
    } else {
        Known::one(value.clone())
    })
}

/// `aws:*OrgID` of an account.
fn org_id(world: &World, account: Option<super::id::AccountId>) -> Known {
    let own = || {
        world
            .organization
            .as_ref()
            .map(|organization| organization.id.clone())
    };
    match world.membership(account) {
        Membership::Inside => own()
            .filter(|id| !id.is_empty())
            .map_or_else(Known::present, Known::one),
        Membership::Outside => Known::Open {
            absent: true,
            values: Possible::Unlike(own().into_iter().collect()),
        },
        Membership::Unknown => Known::free(),
    }
}

/// `aws:*OrgPaths` of an account.
fn org_path(world: &World, account: Option<super::id::AccountId>) -> Known {
    let known = account.and_then(|id| world.account(id));
    let own = world
        .organization
        .as_ref()
        .map(|organization| organization.id.as_str());
    let below = |id: &str| format!("{id}/*");
    match (
        world.membership(account),
        known.and_then(|account| account.org_path.as_ref()),
    ) {
        (Membership::Inside, Some(path)) => Known::one(path.clone()),
        (Membership::Inside, None) => own
            .filter(|id| !id.is_empty())
            .map_or_else(Known::present, |id| like(below(id))),
        (Membership::Outside, _) => Known::Open {
            absent: true,
            values: Possible::Unlike(own.map(below).into_iter().collect()),
        },
        (Membership::Unknown, _) => Known::free(),
    }
}

/// Of whom what is known of a context key may depend, besides the action and whether a service calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Depends {
    pub(crate) on_principal: bool,
    pub(crate) on_key: bool,
}

impl Depends {
    /// On both.
    pub(crate) const BOTH: Depends = Depends {
        on_principal: true,
        on_key: true,
    };

    /// For one context key, by its canonical name.
    pub(crate) fn of(name: &str) -> Depends {
        Depends {
            on_principal: name.starts_with("aws:Principal")
                || name.starts_with("aws:Source")
                    && !matches!(name, "aws:SourceIp" | "aws:SourceVpc" | "aws:SourceVpce")
                || matches!(name, "kms:CallerAccount" | "aws:userid" | "aws:username"),
            on_key: name.starts_with("kms:")
                || name.starts_with("aws:Resource")
                || name == "aws:RequestedRegion",
        }
    }

    /// For either.
    pub(crate) fn and(self, other: Depends) -> Depends {
        Depends {
            on_principal: self.on_principal || other.on_principal,
            on_key: self.on_key || other.on_key,
        }
    }
}

/// What is known of a principal's own keys, whatever it asks for (S3.2); `None` for keys of other classes.
pub(crate) fn of_principal(world: &World, principal: &Principal, name: &str) -> Option<Known> {
    if let Some(tag) = name.strip_prefix("aws:PrincipalTag/") {
        return Some(principal_tag(principal, tag));
    }
    if principal.kind == Kind::Service {
        return of_service(principal, name);
    }
    let account = world.account_of(principal);
    let known_account = matches!(principal.kind, Kind::Anyone);
    let foreign = || Known::Open {
        absent: false,
        values: Possible::ForeignTo(world.known_accounts.clone()),
    };
    Some(match name {
        "aws:PrincipalAccount" | "kms:CallerAccount" if known_account => foreign(),
        "aws:PrincipalAccount" | "kms:CallerAccount" => Known::one(account),
        "aws:PrincipalArn" => match principal.kind {
            Kind::Anyone => foreign(),
            Kind::Account => like(format!("arn:*:*::{account}:*")),
            // S1.7: a session's ARN does not tell the path of its role, which nothing else tells either.
            Kind::Session if principal.origin.is_none() => like(format!(
                "arn:{}:iam::{account}:role*/{}",
                principal.partition, principal.short_name
            )),
            _ => Known::one(principal.arn.clone()),
        },
        "aws:PrincipalOrgID" => org_id(world, principal.account),
        "aws:PrincipalOrgPaths" => org_path(world, principal.account),
        "aws:PrincipalIsAWSService" => Known::one("false"),
        "aws:PrincipalServiceName" | "aws:PrincipalServiceNamesList" => Known::Absent,
        "aws:SourceArn" | "aws:SourceAccount" | "aws:SourceOrgID" | "aws:SourceOrgPaths" => Known::Absent,
        "aws:PrincipalType" => match principal.kind {
            Kind::Root => Known::one("Account"),
            Kind::User => Known::one("User"),
            Kind::Role | Kind::Session => Known::one("AssumedRole"),
            Kind::Federated => Known::one("FederatedUser"),
            Kind::Account | Kind::Anyone | Kind::Service => {
                Known::one_of(&["Account", "User", "AssumedRole", "FederatedUser"], false)
            }
        },
        "aws:userid" => user_id(principal, account),
        "aws:username" => match principal.kind {
            Kind::User => Known::one(principal.short_name.clone()),
            Kind::Account | Kind::Anyone => Known::free(),
            _ => Known::Absent,
        },
        _ => return None,
    })
}

fn like(pattern: String) -> Known {
    Known::Open {
        absent: false,
        values: Possible::Like(pattern),
    }
}

/// `aws:userid`; the session name of a role is open unless the principal is one session (S6.2).
fn user_id(principal: &Principal, account: &str) -> Known {
    // Without the unique id only the part after the colon is known.
    let id = match principal.unique_id.as_str() {
        "" => "*",
        id => id,
    };
    match (principal.kind, &principal.session) {
        (Kind::Root, _) => Known::one(account),
        (Kind::User, _) if principal.unique_id.is_empty() => Known::present(),
        (Kind::User, _) => Known::one(principal.unique_id.clone()),
        (Kind::Federated, _) => Known::one(format!("{account}:{}", principal.short_name)),
        (Kind::Session, Some(session)) if id != "*" => Known::one(format!("{id}:{session}")),
        (Kind::Session, Some(session)) => like(format!("{id}:{session}")),
        // Names of sessions have two characters at least.
        (Kind::Role, _) => like(format!("{id}:??*")),
        _ => Known::present(),
    }
}

/// The `aws:userid` that tells one session of a role from the others.
pub(crate) fn session_user_id(role: &Principal, session: &str) -> String {
    match role.unique_id.as_str() {
        "" => format!("({}):{session}", role.short_name),
        id => format!("{id}:{session}"),
    }
}

fn principal_tag(principal: &Principal, tag: &str) -> Known {
    match principal.kind {
        Kind::Root | Kind::Service => Known::Absent,
        Kind::Federated | Kind::Account | Kind::Anyone => Known::free(),
        _ if principal.iam_unknown => Known::free(),
        Kind::User => tag_value(&principal.tags, tag).unwrap_or(Known::Absent),
        Kind::Role | Kind::Session => match tag_value(&principal.tags, tag) {
            // S6.2: a session tag may override the role's, never remove it.
            Some(_) if principal.open_tags => Known::present(),
            None if principal.open_tags => Known::free(),
            Some(value) => value,
            None => Known::Absent,
        },
    }
}

/// Keys of a service principal's direct call (S3.2, last but one column).
fn of_service(principal: &Principal, name: &str) -> Option<Known> {
    Some(match name {
        "aws:PrincipalArn" | "aws:PrincipalOrgID" | "aws:PrincipalOrgPaths" | "aws:username" => Known::Absent,
        "aws:PrincipalAccount" => Known::one("(account of the service)"),
        "kms:CallerAccount" | "aws:PrincipalType" | "aws:userid" => Known::Doubt("S3.2"),
        "aws:PrincipalIsAWSService" => Known::one("true"),
        "aws:PrincipalServiceName" => Known::one(principal.name.clone()),
        "aws:PrincipalServiceNamesList" => Known::Is(vec![principal.name.clone()]),
        // Sessions have these; a service is none.
        "aws:MultiFactorAuthPresent" | "aws:MultiFactorAuthAge" | "aws:TokenIssueTime" => Known::Absent,
        "aws:SourceIdentity" | "aws:FederatedProvider" | "aws:AssumedRoot" => Known::Absent,
        "aws:CalledVia" | "aws:CalledViaFirst" | "aws:CalledViaLast" => Known::Absent,
        _ => return None,
    })
}
