//! Condition keys (S6): the name of a key, as a policy writes it, into what is fixed about it.
//!
//! Names compare ignoring case, also after `aws:PrincipalTag/` and the like (S2.5.2), so two names are the same key when
//! their [`canonical_name`]s are equal. Whether a key is present in a request, and with which value, is not decided here.
//!
//! ```
//! use keywho::condition::key::{KnownKey, canonical_name, lookup};
//!
//! assert_eq!(lookup("KMS:viaservice"), Some((KnownKey::ViaService, None)));
//! assert_eq!(lookup("aws:ResourceTag/Team"), Some((KnownKey::ResourceTag, Some("Team"))));
//! assert_eq!(canonical_name("AWS:resourcetag/Team"), "aws:ResourceTag/team");
//! ```

mod table;

pub use table::KnownKey;

use crate::model::action::{Action, ActionSet, values};
use ahash::AHashMap;
use std::fmt;
use std::sync::LazyLock;

/// What the values of a key are, whichever operator tests them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueType {
    /// Any text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A time.
    Date,
    /// An IP address.
    Ip,
}

/// How static analysis knows a key's value (S6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Known from the principal and its account.
    Principal,
    /// Depends on how the session was made.
    Session,
    /// Known from the key and its account.
    Resource,
    /// Fixed by action and key.
    ActionFixed,
    /// Fixed for some keys, a request parameter for others.
    ActionFixedOrRequest,
    /// A request parameter, or the chain of callers.
    Request,
    /// Where the request comes from.
    Network,
    /// The time, the transport, what the client says of itself.
    Environment,
    /// Only in direct calls of service principals; absent for IAM principals.
    ServiceCall,
}

/// Whether an action supports a key, so that the key may be in its request context (S6.3a).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Support {
    /// It does.
    Yes,
    /// It does not: the key is always absent.
    No,
    /// The documentation does not say; the rule that applies.
    Doubt(&'static str),
}

impl KnownKey {
    /// All keys, in order of the table.
    #[must_use]
    pub fn all() -> impl ExactSizeIterator<Item = KnownKey> {
        table::KEYS.iter().copied()
    }

    /// Place in the table.
    #[must_use]
    pub const fn index(self) -> u8 {
        self as u8
    }

    /// The key at this place of the table.
    #[must_use]
    pub fn from_index(index: u8) -> Option<KnownKey> {
        table::KEYS.get(usize::from(index)).copied()
    }

    /// Name as documented; with a trailing `*` for a family.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Type of its values.
    #[must_use]
    pub const fn value_type(self) -> ValueType {
        self.row().value_type
    }

    /// Whether a request can hold several values of it.
    #[must_use]
    pub const fn is_multi_valued(self) -> bool {
        self.row().multi_valued
    }

    /// How its value is known.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().class
    }

    /// The actions that support it, without those in doubt.
    #[must_use]
    pub const fn actions(self) -> ActionSet {
        self.row().actions
    }

    /// Whether an action supports it (S6.3a). Encapsulate and Decapsulate are newer than the published lists, so every
    /// further `kms:` key is in doubt for them (S5.2.2).
    #[must_use]
    pub fn support(self, action: Action) -> Support {
        if self.actions().contains(action) {
            Support::Yes
        } else if self.is_kms() && ActionSet::INFERRED_KEYS.contains(action) {
            Support::Doubt("S5.2.2")
        } else {
            Support::No
        }
    }

    /// Whether it is a key of KMS and not of all services.
    #[must_use]
    pub fn is_kms(self) -> bool {
        self.name().starts_with("kms:")
    }

    /// Whether it is a family: the part of the name that is `*` in [`KnownKey::name`] differs from key to key.
    #[must_use]
    pub fn is_family(self) -> bool {
        self.name().ends_with('*')
    }

    /// The name without the part that differs within a family; empty for OIDC keys, whose provider comes first.
    #[must_use]
    pub fn stem(self) -> &'static str {
        match self {
            KnownKey::Oidc => "",
            _ => self.name().trim_end_matches('*'),
        }
    }

    /// The key itself, or the one it is a deprecated synonym of.
    #[must_use]
    pub const fn canonical(self) -> KnownKey {
        match self {
            KnownKey::CustomerMasterKeySpec => KnownKey::KeySpec,
            KnownKey::CustomerMasterKeyUsage => KnownKey::KeyUsage,
            other => other,
        }
    }

    /// Whether it is documented for key policies too. Tags and aliases of the key are not (S6.4).
    #[must_use]
    pub const fn is_documented_in_key_policies(self) -> bool {
        !matches!(self, KnownKey::ResourceTag | KnownKey::ResourceAliases)
    }

    /// All values it can have, where the documentation lists them; for a multi-valued key, of each of its values.
    #[must_use]
    pub const fn values(self) -> Option<&'static [&'static str]> {
        Some(match self {
            KnownKey::PrincipalType => values::PRINCIPAL_TYPES,
            KnownKey::KeySpec | KnownKey::CustomerMasterKeySpec => values::KEY_SPECS,
            KnownKey::KeyUsage | KnownKey::CustomerMasterKeyUsage => values::KEY_USAGES,
            KnownKey::KeyOrigin => values::ORIGINS,
            KnownKey::MultiRegionKeyType => values::MULTI_REGION_KEY_TYPES,
            KnownKey::KeyAgreementAlgorithm => values::KEY_AGREEMENT_ALGORITHMS,
            KnownKey::EncryptionAlgorithm => values::ENCRYPTION_ALGORITHMS,
            KnownKey::SigningAlgorithm => values::SIGNING_ALGORITHMS,
            KnownKey::MacAlgorithm => values::MAC_ALGORITHMS,
            KnownKey::MessageType => values::MESSAGE_TYPES,
            KnownKey::DataKeyPairSpec => values::DATA_KEY_PAIR_SPECS,
            KnownKey::ExpirationModel => values::EXPIRATION_MODELS,
            KnownKey::WrappingAlgorithm => values::WRAPPING_ALGORITHMS,
            KnownKey::WrappingKeySpec => values::WRAPPING_KEY_SPECS,
            KnownKey::GrantOperations => values::GRANT_OPERATIONS,
            KnownKey::GrantConstraintType => values::GRANT_CONSTRAINT_TYPES,
            KnownKey::PolicyName => values::POLICY_NAMES,
            other if matches!(other.value_type(), ValueType::Bool) => values::BOOLEANS,
            _ => return None,
        })
    }

    /// All values it can have when this action is asked for on a key of this spec (S6.6); `None` if there is no list.
    ///
    /// The list may be empty: the key cannot do the operation at all. A spec that is not known has no list for what
    /// depends on it; `None` in place of a spec gives what any spec allows.
    #[must_use]
    pub fn values_for(self, action: Action, spec: Option<&str>) -> Option<&'static [&'static str]> {
        let by_spec = match self {
            KnownKey::EncryptionAlgorithm if is_data_key(action) => {
                return Some(&["SYMMETRIC_DEFAULT"]);
            }
            KnownKey::EncryptionAlgorithm => values::encryption_algorithms,
            KnownKey::SigningAlgorithm => values::signing_algorithms,
            KnownKey::MacAlgorithm => values::mac_algorithms,
            KnownKey::MessageType => values::message_types,
            KnownKey::KeyAgreementAlgorithm => values::key_agreement_algorithms,
            _ => return self.values(),
        };
        match spec {
            Some(spec) => by_spec(spec),
            None => self.values(),
        }
    }
}

impl fmt::Display for KnownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Data keys and data key pairs come only from symmetric keys.
fn is_data_key(action: Action) -> bool {
    use Action::{
        GenerateDataKey, GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext,
        GenerateDataKeyWithoutPlaintext,
    };
    matches!(
        action,
        GenerateDataKey
            | GenerateDataKeyPair
            | GenerateDataKeyPairWithoutPlaintext
            | GenerateDataKeyWithoutPlaintext
    )
}

/// Finds a key by the name a policy or request writes, ignoring case; synonyms give the key they stand for.
///
/// For a family the second value is the ending as written: the tag key, the name of an encryption context pair, the
/// number of a PCR. For an OIDC claim it is the whole name, because the provider in front differs too.
#[must_use]
pub fn lookup(name: &str) -> Option<(KnownKey, Option<&str>)> {
    lookup_written(name).map(|(key, suffix)| (key.canonical(), suffix))
}

/// Like [`lookup`], but a deprecated synonym is found as what it is.
#[must_use]
pub fn lookup_written(name: &str) -> Option<(KnownKey, Option<&str>)> {
    if let Some(&key) = exact_names().get(name.to_ascii_lowercase().as_str()) {
        return Some((key, None));
    }
    KnownKey::all().filter(|key| key.is_family()).find_map(|key| {
        let (start, suffix) = name.split_at_checked(key.stem().len())?;
        let fits = start.eq_ignore_ascii_case(key.stem())
            && match key {
                KnownKey::Oidc => is_claim(suffix),
                KnownKey::RecipientAttestationPCR => is_number_up_to(suffix, 31),
                KnownKey::RecipientAttestationNitroTPMPCR => is_number_up_to(suffix, 23),
                _ => !suffix.is_empty(),
            };
        fits.then_some((key, Some(suffix)))
    })
}

/// Keys that are no families, by their names in lower case: names are looked up for every request.
fn exact_names() -> &'static AHashMap<String, KnownKey> {
    static NAMES: LazyLock<AHashMap<String, KnownKey>> = LazyLock::new(|| {
        let exact = KnownKey::all().filter(|key| !key.is_family());
        exact.map(|key| (key.name().to_ascii_lowercase(), key)).collect()
    });
    &NAMES
}

/// The one name of a key among all the ways to write it: two names are the same key when these are equal (S2.5.2).
///
/// The documented spelling for a known key, with the ending of a family in lower case; else all in lower case.
#[must_use]
pub fn canonical_name(name: &str) -> String {
    canonical(name, lookup(name))
}

/// The canonical name, where the key is looked up already.
pub(crate) fn canonical(name: &str, found: Option<(KnownKey, Option<&str>)>) -> String {
    match found {
        Some((key, Some(suffix))) => format!("{}{}", key.stem(), suffix.to_lowercase()),
        Some((key, None)) => key.name().to_owned(),
        None => name.to_lowercase(),
    }
}

/// The name of an encryption context's pair, as it is spelled, if a condition key is about one.
pub(crate) fn pair_name(name: &str) -> Option<&str> {
    let stem = KnownKey::EncryptionContext.stem();
    let (start, pair) = name.split_at_checked(stem.len())?;
    start.eq_ignore_ascii_case(stem).then_some(pair)
}

/// The documented key with the nearest name, if any is near.
#[must_use]
pub fn did_you_mean(name: &str) -> Option<KnownKey> {
    let name = name.to_ascii_lowercase();
    KnownKey::all()
        .map(|key| (strsim::jaro_winkler(&name, &key.name().to_ascii_lowercase()), key))
        .filter(|&(likeness, _)| likeness >= 0.9)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(_, key)| key)
}

/// A claim of an identity provider, `token.actions.githubusercontent.com:sub`: a host name before the last colon.
fn is_claim(name: &str) -> bool {
    name.rsplit_once(':').is_some_and(|(provider, claim)| {
        let host = provider.split(['/', ':']).next().unwrap_or_default();
        let is_host = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        !claim.is_empty() && host.contains('.') && host.bytes().all(is_host)
    })
}

fn is_number_up_to(text: &str, limit: u8) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u8>().is_ok_and(|number| number <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        for key in KnownKey::all().filter(|key| !key.is_family()) {
            for name in [
                key.name().to_owned(),
                key.name().to_uppercase(),
                key.name().to_lowercase(),
            ] {
                assert_eq!(lookup_written(&name), Some((key, None)), "{name}");
                assert_eq!(canonical_name(&name), key.canonical().name());
            }
            assert_eq!(KnownKey::from_index(key.index()), Some(key));
        }
        assert_eq!(
            lookup("kms:CustomerMasterKeySpec"),
            Some((KnownKey::KeySpec, None))
        );
        assert_eq!(
            lookup("kms:customermasterkeyusage"),
            Some((KnownKey::KeyUsage, None))
        );
        assert_eq!(canonical_name("kms:CustomerMasterKeySpec"), "kms:KeySpec");
    }

    #[test]
    fn families_keep_their_ending() {
        let found = |name| lookup(name).unwrap();
        assert_eq!(
            found("AWS:principaltag/Cost Center"),
            (KnownKey::PrincipalTag, Some("Cost Center"))
        );
        assert_eq!(
            found("kms:encryptioncontext:App:Name"),
            (KnownKey::EncryptionContext, Some("App:Name"))
        );
        assert_eq!(
            found("kms:EncryptionContextKeys"),
            (KnownKey::EncryptionContextKeys, None)
        );
        assert_eq!(found("saml:sub"), (KnownKey::Saml, Some("sub")));
        assert_eq!(
            found("kms:RecipientAttestation:PCR8"),
            (KnownKey::RecipientAttestationPCR, Some("8"))
        );
        assert_eq!(
            found("kms:recipientattestation:nitrotpmpcr23"),
            (KnownKey::RecipientAttestationNitroTPMPCR, Some("23"))
        );
        let github = "token.actions.githubusercontent.com:sub";
        assert_eq!(found(github), (KnownKey::Oidc, Some(github)));
        let eks = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:aud";
        assert_eq!(found(eks), (KnownKey::Oidc, Some(eks)));
        assert_eq!(canonical_name(github), github);
        assert_eq!(
            canonical_name("Aws:RESOURCETAG/Straße/Ä"),
            "aws:ResourceTag/straße/ä"
        );
        assert_eq!(
            canonical_name("kms:EncryptionContext:Dept"),
            canonical_name("KMS:encryptioncontext:DEPT")
        );
    }

    #[test]
    fn other_names_are_unknown() {
        for name in [
            "",
            "aws:",
            "aws:PrincipalTag/",
            "aws:PrincipalTag",
            "kms:EncryptionContext:",
            "kms:EncryptionContext",
            "kms:RecipientAttestation:PCR32",
            "kms:RecipientAttestation:PCR",
            "kms:RecipientAttestation:NitroTPMPCR24",
            "saml:",
            "s3:prefix",
            "a.b:",
            ":sub",
            "kms:Nothing",
        ] {
            assert_eq!(lookup(name), None, "{name}");
        }
        assert_eq!(canonical_name("S3:Prefix"), "s3:prefix");
        assert_eq!(did_you_mean("kms:ViaServices"), Some(KnownKey::ViaService));
        assert_eq!(did_you_mean("aws:PrincpalOrgID"), Some(KnownKey::PrincipalOrgID));
        assert_eq!(did_you_mean("s3:prefix"), None);
    }

    #[test]
    fn support_follows_the_actions_own_lists() {
        assert_eq!(KnownKey::PrincipalOrgID.support(Action::ListKeys), Support::Yes);
        assert_eq!(KnownKey::EncryptionContext.support(Action::Decrypt), Support::Yes);
        assert_eq!(KnownKey::EncryptionContext.support(Action::Sign), Support::No);
        assert_eq!(
            KnownKey::EncryptionContext.support(Action::Encapsulate),
            Support::Doubt("S5.2.2")
        );
        assert_eq!(KnownKey::RequestAlias.support(Action::Decapsulate), Support::Yes);
        assert_eq!(KnownKey::TagKeys.support(Action::Decapsulate), Support::No);
        assert_eq!(
            KnownKey::CustomerMasterKeySpec.actions(),
            KnownKey::KeySpec.actions()
        );
    }

    #[test]
    fn values_depend_on_action_and_spec() {
        let values = |key: KnownKey, action, spec| key.values_for(action, spec);
        let symmetric = Some(["SYMMETRIC_DEFAULT"].as_slice());
        assert_eq!(
            values(KnownKey::EncryptionAlgorithm, Action::GenerateDataKey, None),
            symmetric
        );
        assert_eq!(
            values(
                KnownKey::EncryptionAlgorithm,
                Action::Decrypt,
                Some("SYMMETRIC_DEFAULT")
            ),
            symmetric
        );
        assert_eq!(
            values(KnownKey::EncryptionAlgorithm, Action::Decrypt, None)
                .unwrap()
                .len(),
            4
        );
        assert_eq!(
            values(KnownKey::SigningAlgorithm, Action::Sign, Some("NEWER")),
            None
        );
        assert_eq!(
            values(KnownKey::SigningAlgorithm, Action::Sign, Some("HMAC_224")),
            Some([].as_slice())
        );
        assert_eq!(
            values(KnownKey::SecureTransport, Action::Sign, None),
            Some(values::BOOLEANS)
        );
        assert_eq!(values(KnownKey::ViaService, Action::Sign, None), None);
        assert_eq!(
            values::GRANT_OPERATIONS
                .iter()
                .filter_map(|name| Action::parse(name))
                .collect::<ActionSet>(),
            ActionSet::GRANT_OPERATIONS
        );
    }
}
