//! One request's context: what it states, what follows from that, and what is absent (S6.10, S6.15).

use super::context::AnyRequest;
use super::world::{Grant, Kind, Membership, Party};
use crate::condition::block::{Context, KeyName};
use crate::condition::key::Class;
use crate::condition::key::KnownKey;
use crate::condition::known::Known;
use crate::model::action::{Action, ActionSet};
use crate::model::key::Constraints;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// What a request states, with what follows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stated {
    /// Values by canonical key name.
    pub(crate) values: BTreeMap<String, Vec<String>>,
    /// Encryption context pairs with their names as written.
    pub(crate) encryption_context: BTreeMap<String, String>,
    /// What is not stated is unknown instead of absent.
    pub(crate) open: bool,
    /// RetireGrant: the grant.
    pub(crate) grant_id: Option<String>,
    /// CreateGrant: the grant asked for.
    pub(crate) child_grant: Option<Grant>,
    /// Region of actions without a resource, if it is known.
    pub(crate) region: Option<String>,
    /// Whether anything was asked of it that other requests may state otherwise.
    pub(crate) consulted: Cell<bool>,
    /// What was asked of it, in order and each thing once, where that is wanted.
    pub(crate) asked: Option<RefCell<Vec<Asked>>>,
}

/// One thing that an evaluation asked about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What it states of a condition key, by canonical name.
    Key(String),
    /// The whole encryption context, names as they are written.
    Pairs,
    /// Who asks and for which key, where others that are alike may differ.
    Own,
}

/// Whether what the snapshot says of a condition key is the same for all principals and keys that are alike.
fn is_of_the_request(known: Option<KnownKey>) -> bool {
    !matches!(
        known.map(KnownKey::class),
        Some(Class::Principal | Class::Resource | Class::ActionFixed | Class::ActionFixedOrRequest)
    ) && !matches!(
        known,
        Some(
            KnownKey::RequestAlias
                | KnownKey::MacAlgorithm
                | KnownKey::SigningAlgorithm
                | KnownKey::MessageType
        )
    )
}

/// Whether the snapshot may decide a condition key, so that a request that states it may contradict.
pub(crate) fn may_be_decided(known: Option<KnownKey>) -> bool {
    !is_of_the_request(known)
        || matches!(
            known,
            Some(KnownKey::ViaAWSService | KnownKey::GrantIsForAWSResource | KnownKey::PolicyName)
        )
}

impl Stated {
    /// Notes that an answer depends on what this request states.
    pub(crate) fn consult(&self) -> &Self {
        self.consulted.set(true);
        self
    }

    /// The same, and remembers what was asked where that is wanted.
    pub(crate) fn ask(&self, what: impl FnOnce() -> Asked) -> &Self {
        if let Some(asked) = &self.asked {
            let (what, mut asked) = (what(), asked.borrow_mut());
            if !asked.contains(&what) {
                asked.push(what);
            }
        }
        self.consult()
    }

    fn ask_key(&self, key: &KeyName) -> &Self {
        self.ask(|| Asked::Key(key.name.clone()));
        if !is_of_the_request(key.known) {
            self.ask(|| Asked::Own);
        }
        self
    }

    /// Whether a service calls with the caller's identity.
    fn is_via_service(&self) -> bool {
        self.ask(|| Asked::Key("kms:ViaService".to_owned()));
        self.values.contains_key("kms:ViaService")
    }

    /// Whether the stated encryption context meets a constraint, case-sensitively (S4.9.4).
    pub(crate) fn encryption_context_fits(&self, pairs: &BTreeMap<String, String>, exactly: bool) -> bool {
        let contains = pairs
            .iter()
            .all(|(name, value)| self.encryption_context.get(name) == Some(value));
        contains && (!exactly || self.encryption_context.len() == pairs.len())
    }
}

/// [`AnyRequest`], narrowed to what one request states.
pub(crate) struct StatedRequest<'a> {
    pub(crate) any: AnyRequest<'a>,
    pub(crate) stated: &'a Stated,
}

impl Context for StatedRequest<'_> {
    fn known(&self, key: &KeyName) -> Known {
        let known = self.any.known(key);
        // The sessions of a role share their rulings, and this is what tells them apart (S6.2).
        if key.name == "aws:userid" && self.any.principal.kind == Kind::Session {
            self.stated.ask(|| Asked::Own);
        }
        if matches!(known, Known::Is(_) | Known::Absent) && key.name != "aws:SecureTransport" {
            return known;
        }
        let stated = self.stated.ask_key(key).values.get(&key.name);
        match (&known, stated) {
            // S6.2: the endpoints accept TLS only, unless the request says otherwise.
            (Known::Is(_), Some(values)) if key.name == "aws:SecureTransport" => Known::all(values.clone()),
            (Known::Is(_) | Known::Absent, _) => known,
            (Known::Doubt("S3.2"), Some(values)) | (Known::Open { .. }, Some(values)) => {
                Known::all(values.clone())
            }
            (Known::Doubt(_), _) => known,
            (Known::Open { .. }, None) => self.unstated(key, known),
        }
    }
}

impl StatedRequest<'_> {
    /// A key that the snapshot leaves open and the request does not state.
    fn unstated(&self, key: &KeyName, open: Known) -> Known {
        if let Some(derived) = self.derived(&key.name) {
            return derived;
        }
        if let Some(tag) = key.name.strip_prefix("aws:PrincipalTag/") {
            return self.own_tag(tag, open);
        }
        let class = key.known.map(crate::condition::key::KnownKey::class);
        // S3.2.2: a service that calls with the caller's identity may show its own network keys, or none.
        if class == Some(Class::Network) && self.stated.is_via_service() {
            return Known::Doubt("S3.2.2");
        }
        // What the snapshot lacks is unknown even in a closed context (S0.8).
        let lacking = match class {
            // S6.3 (f): an account outside has no organization unless the request states one.
            Some(Class::Principal | Class::Resource) if self.is_outside(&key.name) => false,
            Some(Class::Principal) => true,
            Some(Class::Resource) => {
                key.name != "kms:TrailingDaysWithoutKeyUsage" && self.any.action != Action::CreateKey
            }
            _ => false,
        };
        if lacking || self.stated.open {
            open
        } else {
            Known::Absent
        }
    }

    /// Whether a key asks for the organization of an account that is in none that the snapshot knows.
    fn is_outside(&self, name: &str) -> bool {
        let account = match name {
            "aws:PrincipalOrgID" | "aws:PrincipalOrgPaths" => self.any.principal.account,
            "aws:ResourceOrgID" | "aws:ResourceOrgPaths" => Some(self.any.key.account),
            _ => None,
        };
        account.is_some() && self.any.world.membership(account) == Membership::Outside
    }

    /// Session tags not stated: the role's own tags count (S6.2).
    fn own_tag(&self, tag: &str, open: Known) -> Known {
        let principal = self.any.principal;
        if self.stated.open && (principal.iam_unknown || principal.open_tags) {
            return open;
        }
        let mut found = principal
            .tags
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(tag));
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Known::Doubt("S2.5.2"),
            (Some((_, value)), None) if principal.kind != Kind::Federated => Known::one(value.clone()),
            _ => Known::Absent,
        }
    }

    /// Keys that follow from others (S6.15) or have a documented default.
    fn derived(&self, name: &str) -> Option<Known> {
        if self.stated.open {
            return None;
        }
        let create = self.any.action == Action::CreateKey;
        Some(match name {
            "aws:ViaAWSService" | "kms:GrantIsForAWSResource" => {
                Known::one(self.stated.is_via_service().to_string())
            }
            "aws:RequestedRegion" => Known::one(self.stated.region.clone()?),
            "kms:PolicyName" => Known::one("default"),
            "kms:MessageType" => Known::one("RAW"),
            "kms:ScheduleKeyDeletionPendingWindowInDays" => Known::one("30"),
            "kms:KeySpec" if create => Known::one("SYMMETRIC_DEFAULT"),
            "kms:KeyUsage" if create => Known::one("ENCRYPT_DECRYPT"),
            "kms:KeyOrigin" if create => Known::one("AWS_KMS"),
            "kms:MultiRegion" if create => Known::one("false"),
            _ => return None,
        })
    }
}

/// Whether a grant made through a grant stays within its parent (S4.9.7).
pub(crate) fn child_within(child: &Grant, parent: &Grant) -> bool {
    child.operations.minus(parent.operations).is_empty()
        && constraints_within(&child.constraints, &parent.constraints)
}

fn constraints_within(child: &Constraints, parent: &Constraints) -> bool {
    let contains = |pairs: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>| {
        wanted.iter().all(|(name, value)| pairs.get(name) == Some(value))
    };
    let equals = parent.equals.is_none() || child.equals == parent.equals;
    let subset = parent.subset.as_ref().is_none_or(|wanted| {
        let pairs = child.subset.as_ref().or(child.equals.as_ref());
        pairs.is_some_and(|pairs| contains(pairs, wanted))
    });
    let source = parent.source_arn.is_none() || child.source_arn == parent.source_arn;
    equals && subset && source && parent.other.is_none()
}

/// The grant a CreateGrant request asks for.
pub(crate) fn child_grant(asked: &crate::model::key::Grant) -> Grant {
    let operations = asked
        .operations
        .iter()
        .filter_map(|name| Action::parse(name))
        .collect::<ActionSet>();
    Grant {
        operations,
        constraints: asked.constraints.clone(),
        grantee: Party::Nobody,
        ..Grant::default()
    }
}
