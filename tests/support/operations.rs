//! The 58 IAM actions of KMS (S5.1) as far as a decision needs them.

use std::sync::OnceLock;

/// One IAM action.
#[derive(Debug)]
pub struct Operation {
    /// Name without `kms:`.
    pub name: &'static str,
    /// Decided by IAM alone: `policy_gate` is `iam_only` (S4.10).
    pub iam_only: bool,
    /// Has no resource (S2.4.8).
    pub resourceless: bool,
    /// Usable from another account (S4.2.1).
    pub cross_account: bool,
    /// Grant operation (S5.2.1).
    pub grantable: bool,
    /// Carries an encryption context of its own (S4.9.4).
    pub encryption_context: bool,
    /// Takes alias name and alias ARN as identifier (S1.4).
    pub takes_alias: bool,
    /// Acts on an alias and a key (S5.4.1).
    pub on_alias: bool,
    /// What keys can do it: `any`, `sym`, `enc`, `sign`, `mac`, `agree`, `encap`, `asym`, `ext`.
    pub usable: &'static str,
    /// Lower-case names of the KMS and tag condition keys it supports (S5.1); a trailing `*` means any suffix.
    condition_keys: Vec<&'static str>,
}

// name | X cross-account, G grantable, C encryption context, A alias identifier, L alias operation, I IAM only, N no resource, K the nine keys
// | usable with | further condition keys. EC and ATT stand for the groups of S5.1.
const TABLE: &str = "
CancelKeyDeletion                   |K    |any  |
ConnectCustomKeyStore               |IN   |any  |kms:calleraccount
CreateAlias                         |LK   |any  |
CreateCustomKeyStore                |IN   |any  |kms:calleraccount
CreateGrant                         |XGK  |any  |EC kms:grantconstraintsourcearn kms:grantconstrainttype kms:grantisforawsresource kms:grantoperations kms:granteeprincipal kms:granteeserviceprincipal kms:retiringprincipal kms:retiringserviceprincipal
CreateKey                           |IN   |any  |aws:requesttag/* aws:resourcetag/* aws:tagkeys kms:bypasspolicylockoutsafetycheck kms:calleraccount kms:keyorigin kms:keyspec kms:keyusage kms:customermasterkeyspec kms:customermasterkeyusage kms:multiregion kms:multiregionkeytype kms:viaservice
Decapsulate                         |XGAK |encap|kms:requestalias
Decrypt                             |XGCAK|enc  |EC ATT kms:encryptionalgorithm kms:requestalias
DeleteAlias                         |LK   |any  |
DeleteCustomKeyStore                |IN   |any  |kms:calleraccount
DeleteImportedKeyMaterial           |K    |ext  |
DeriveSharedSecret                  |XGAK |agree|ATT kms:keyagreementalgorithm kms:requestalias
DescribeCustomKeyStores             |IN   |any  |kms:calleraccount
DescribeKey                         |XGAK |any  |kms:requestalias
DisableKey                          |K    |any  |kms:trailingdayswithoutkeyusage
DisableKeyRotation                  |K    |sym  |
DisconnectCustomKeyStore            |IN   |any  |kms:calleraccount
EnableKey                           |K    |any  |
EnableKeyRotation                   |K    |sym  |kms:rotationperiodindays
Encapsulate                         |XGAK |encap|kms:requestalias
Encrypt                             |XGCAK|enc  |EC kms:encryptionalgorithm kms:requestalias
GenerateDataKey                     |XGCAK|sym  |EC ATT kms:encryptionalgorithm kms:requestalias
GenerateDataKeyPair                 |XGCAK|sym  |EC ATT kms:datakeypairspec kms:encryptionalgorithm kms:requestalias
GenerateDataKeyPairWithoutPlaintext |XGCAK|sym  |EC kms:datakeypairspec kms:encryptionalgorithm kms:requestalias
GenerateDataKeyWithoutPlaintext     |XGCAK|sym  |EC kms:encryptionalgorithm kms:requestalias
GenerateMac                         |XGAK |mac  |kms:macalgorithm kms:requestalias
GenerateRandom                      |IN   |any  |ATT
GetKeyLastUsage                     |K    |any  |
GetKeyPolicy                        |K    |any  |kms:policyname
GetKeyRotationStatus                |XK   |sym  |
GetParametersForImport              |K    |ext  |kms:wrappingalgorithm kms:wrappingkeyspec
GetPublicKey                        |XGAK |asym |kms:requestalias
ImportKeyMaterial                   |K    |ext  |kms:expirationmodel kms:validto
ListAliases                         |IN   |any  |
ListGrants                          |XK   |any  |kms:grantisforawsresource
ListKeyPolicies                     |K    |any  |
ListKeyRotations                    |K    |sym  |
ListKeys                            |IN   |any  |
ListResourceTags                    |K    |any  |
ListRetirableGrants                 |IN   |any  |
PutKeyPolicy                        |K    |any  |kms:bypasspolicylockoutsafetycheck kms:policyname
ReEncryptFrom                       |XGCAK|enc  |EC kms:encryptionalgorithm kms:reencryptonsamekey kms:requestalias
ReEncryptTo                         |XGCAK|enc  |EC kms:encryptionalgorithm kms:reencryptonsamekey kms:requestalias
ReplicateKey                        |K    |any  |kms:replicaregion
RetireGrant                         |XGI  |any  |EC aws:resourcetag/* kms:calleraccount kms:grantconstrainttype kms:resourcealiases kms:viaservice
RevokeGrant                         |XK   |any  |kms:grantisforawsresource
RotateKeyOnDemand                   |K    |sym  |
ScheduleKeyDeletion                 |K    |any  |kms:schedulekeydeletionpendingwindowindays kms:trailingdayswithoutkeyusage
Sign                                |XGAK |sign |kms:messagetype kms:requestalias kms:signingalgorithm
SynchronizeMultiRegionKey           |     |any  |
TagResource                         |K    |any  |aws:requesttag/* aws:tagkeys
UntagResource                       |K    |any  |aws:requesttag/* aws:tagkeys
UpdateAlias                         |LK   |any  |
UpdateCustomKeyStore                |IN   |any  |kms:calleraccount
UpdateKeyDescription                |K    |any  |
UpdatePrimaryRegion                 |K    |any  |kms:primaryregion
Verify                              |XGAK |sign |kms:messagetype kms:requestalias kms:signingalgorithm
VerifyMac                           |XGAK |mac  |kms:macalgorithm kms:requestalias
";

/// The nine keys of S5.1 with the deprecated synonyms of two of them.
const NINE: &str = "kms:calleraccount kms:keyspec kms:keyusage kms:customermasterkeyspec kms:customermasterkeyusage kms:keyorigin \
                    kms:multiregion kms:multiregionkeytype kms:resourcealiases aws:resourcetag/* kms:viaservice";
const EC: &str = "kms:encryptioncontext:* kms:encryptioncontextkeys";
const ATT: &str = "kms:recipientattestation:imagesha384 kms:recipientattestation:pcr* kms:recipientattestation:nitrotpmpcr*";

/// All actions, in alphabetical order.
pub fn operations() -> &'static [Operation] {
    static ALL: OnceLock<Vec<Operation>> = OnceLock::new();
    ALL.get_or_init(|| TABLE.trim().lines().map(read_line).collect())
}

fn read_line(line: &'static str) -> Operation {
    let fields: Vec<&'static str> = line.split('|').map(str::trim).collect();
    let [name, flags, usable, keys] = fields[..] else { panic!("four columns: {line}") };
    let mut condition_keys: Vec<&'static str> = Vec::new();
    if flags.contains('K') {
        condition_keys.extend(NINE.split_whitespace());
    }
    for key in keys.split_whitespace() {
        match key {
            "EC" => condition_keys.extend(EC.split_whitespace()),
            "ATT" => condition_keys.extend(ATT.split_whitespace()),
            key => condition_keys.push(key),
        }
    }
    Operation {
        name,
        iam_only: flags.contains('I'),
        resourceless: flags.contains('N'),
        cross_account: flags.contains('X'),
        grantable: flags.contains('G'),
        encryption_context: flags.contains('C'),
        takes_alias: flags.contains('A'),
        on_alias: flags.contains('L'),
        usable,
        condition_keys,
    }
}

/// The action of that name, written `kms:Name` or `Name`, in any case.
pub fn operation(name: &str) -> Option<&'static Operation> {
    let bare = match name.split_once(':') {
        Some((prefix, bare)) if prefix.eq_ignore_ascii_case("kms") => bare,
        Some(_) => return None,
        None => name,
    };
    operations().iter().find(|o| o.name.eq_ignore_ascii_case(bare))
}

impl Operation {
    /// S6.3 (a): whether a request for this action can carry the key (lower-case name). Other services' and global keys always can.
    pub fn supports(&self, key: &str) -> bool {
        !depends_on_operation(key)
            || self.condition_keys.iter().any(|k| match k.strip_suffix('*') {
                Some(prefix) => key.starts_with(prefix),
                None => *k == key,
            })
    }

    /// S5.2.2: the condition keys of the two newest operations are inferred, so a further KMS key is not absent but unknown.
    pub fn keys_are_inferred(&self) -> bool {
        matches!(self.name, "Encapsulate" | "Decapsulate")
    }

    /// Whether a key of this spec and usage can do it (S5.5.1); only the generator asks.
    pub fn usable_with(&self, spec: &str, usage: &str, origin: &str) -> bool {
        match self.usable {
            "sym" => spec == "SYMMETRIC_DEFAULT",
            "enc" => usage == "ENCRYPT_DECRYPT",
            "sign" => usage == "SIGN_VERIFY",
            "mac" => usage == "GENERATE_VERIFY_MAC",
            "agree" => usage == "KEY_AGREEMENT",
            "encap" => usage == "ENCAPSULATE_DECAPSULATE",
            "asym" => spec != "SYMMETRIC_DEFAULT" && !spec.starts_with("HMAC"),
            "ext" => origin == "EXTERNAL",
            _ => true,
        }
    }
}

/// Whether the key (lower-case) exists only for the actions that list it.
pub fn depends_on_operation(key: &str) -> bool {
    key.starts_with("kms:") || key.starts_with("aws:resourcetag/") || key.starts_with("aws:requesttag/") || key == "aws:tagkeys"
}
