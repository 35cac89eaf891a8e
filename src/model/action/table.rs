//! The table of actions (S5.1): one line for each, and the sets that follow from it.
//!
//! Columns: name, access level, category, resource, flags, kinds of key it works on, origins, member of a multi-Region
//! key, key states it works in. To add an action, add its line, in order of the name.

use super::set::ActionSet;
use super::{Category, Level, MultiRegionNeed, Resources};

/// Flag: decided by the IAM policies of the caller's account alone; key policies have no say (S2.3.3).
const I: u8 = 1;
/// Flag: works on keys of other accounts (S4.2.1).
const X: u8 = 2;
/// Flag: may be in a grant (S5.2.1).
const G: u8 = 4;
/// Flag: accepts an alias in place of a key id (S1.4).
const A: u8 = 8;
/// Flag: has an encryption context.
const E: u8 = 16;

/// Usages and specs of the keys an action works on (S5.5). A trailing `*` stands for any ending.
struct Works {
    usages: &'static [&'static str],
    specs: &'static [&'static str],
}

const ANY_KEY: Works = Works {
    usages: &["*"],
    specs: &["*"],
};
const SYMMETRIC: Works = Works {
    usages: &["ENCRYPT_DECRYPT"],
    specs: &["SYMMETRIC_DEFAULT"],
};
const CIPHER: Works = Works {
    usages: &["ENCRYPT_DECRYPT"],
    specs: &["SYMMETRIC_DEFAULT", "RSA_*", "SM2"],
};
const SIGNATURE: Works = Works {
    usages: &["SIGN_VERIFY"],
    specs: &[
        "RSA_*",
        "ECC_NIST_P*",
        "ECC_NIST_EDWARDS25519",
        "ECC_SECG_P256K1",
        "ML_DSA_*",
        "SM2",
    ],
};
const MAC: Works = Works {
    usages: &["GENERATE_VERIFY_MAC"],
    specs: &["HMAC_*"],
};
const AGREEMENT: Works = Works {
    usages: &["KEY_AGREEMENT"],
    specs: &["ECC_NIST_P*", "SM2"],
};
const ENCAPSULATION: Works = Works {
    usages: &["ENCAPSULATE_DECAPSULATE"],
    specs: &["ML_KEM_*"],
};
const PUBLIC_HALF: Works = Works {
    usages: &[
        "ENCRYPT_DECRYPT",
        "SIGN_VERIFY",
        "KEY_AGREEMENT",
        "ENCAPSULATE_DECAPSULATE",
    ],
    specs: &["RSA_*", "ECC_*", "ML_DSA_*", "ML_KEM_*", "SM2"],
};

const ANY_ORIGIN: &[&str] = &["*"];
const MADE_BY_KMS: &[&str] = &["AWS_KMS"];
const IMPORTED: &[&str] = &["EXTERNAL"];
const MADE_OR_IMPORTED: &[&str] = &["AWS_KMS", "EXTERNAL"];

/// Key states an operation works in; `None` stands for all (S7.3).
type States = Option<&'static [&'static str]>;

const ANY_STATE: States = None;
const ENABLED: States = Some(&["Enabled"]);
const WORKING: States = Some(&["Enabled", "Updating"]);
const FOR_GRANTS: States = Some(&["Enabled", "Unavailable", "Updating"]);
const SWITCHABLE: States = Some(&["Enabled", "Disabled", "Unavailable"]);
const SETTLED: States = Some(&["Enabled", "Disabled", "PendingImport"]);
const SETTLED_OR_UPDATING: States = Some(&["Enabled", "Disabled", "PendingImport", "Updating"]);
const PENDING_DELETION: States = Some(&["PendingDeletion", "PendingReplicaDeletion"]);
const NOT_PENDING_NOR_UPDATING: States =
    Some(&["Enabled", "Disabled", "PendingImport", "Unavailable", "Creating"]);
const NOT_PENDING_DELETION: States = Some(&[
    "Enabled",
    "Disabled",
    "PendingImport",
    "Unavailable",
    "Creating",
    "Updating",
]);
const FOR_MATERIAL_REMOVAL: States = Some(&[
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingReplicaDeletion",
    "PendingImport",
]);
/// UpdateAlias takes an alias away from a key in any state; only the key it moves to must not be pending deletion.
const ANY_FOR_THE_OLD_KEY: States = None;

/// One line of the table.
struct Row {
    name: &'static str,
    level: Level,
    category: Category,
    resources: Resources,
    flags: u8,
    works: Works,
    origins: &'static [&'static str],
    multi_region: MultiRegionNeed,
    states: States,
}

macro_rules! actions {
    ($($name:ident $level:ident $category:ident $resources:ident [$flags:expr]
       $works:ident $origins:ident $multi_region:ident $states:ident;)*) => {
        /// A KMS action, named as in IAM. The order is that of the names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Action {
            $(#[doc = concat!("`kms:", stringify!($name), "`")] $name,)*
        }

        const ACTIONS: &[Action] = &[$(Action::$name,)*];

        impl Action {
            const fn row(self) -> &'static Row {
                match self {
                    $(Action::$name => const { &Row {
                        name: stringify!($name),
                        level: Level::$level,
                        category: Category::$category,
                        resources: Resources::$resources,
                        flags: $flags,
                        works: $works,
                        origins: $origins,
                        multi_region: MultiRegionNeed::$multi_region,
                        states: $states,
                    } },)*
                }
            }
        }
    };
}

actions! {
    CancelKeyDeletion                   Write       Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         PENDING_DELETION;
    ConnectCustomKeyStore               Write       KeyStore      None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    CreateAlias                         Write       Alias         AliasAndKey [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         NOT_PENDING_DELETION;
    CreateCustomKeyStore                Write       KeyStore      None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    CreateGrant                         Permissions Grant         Key         [X|G]     ANY_KEY       ANY_ORIGIN       NotNeeded         FOR_GRANTS;
    CreateKey                           Write       Manage        None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    Decapsulate                         Write       Cryptographic Key         [X|G|A]   ENCAPSULATION ANY_ORIGIN       NotNeeded         WORKING;
    Decrypt                             Write       Cryptographic Key         [X|G|A|E] CIPHER        ANY_ORIGIN       NotNeeded         WORKING;
    DeleteAlias                         Write       Alias         AliasAndKey [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    DeleteCustomKeyStore                Write       KeyStore      None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    DeleteImportedKeyMaterial           Write       Import        Key         [0]       ANY_KEY       IMPORTED         NotNeeded         FOR_MATERIAL_REMOVAL;
    DeriveSharedSecret                  Write       Cryptographic Key         [X|G|A]   AGREEMENT     ANY_ORIGIN       NotNeeded         WORKING;
    DescribeCustomKeyStores             Read        KeyStore      None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    DescribeKey                         Read        View          Key         [X|G|A]   ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    DisableKey                          Write       Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         SWITCHABLE;
    DisableKeyRotation                  Write       Manage        Key         [0]       SYMMETRIC     MADE_BY_KMS      NotNeeded         WORKING;
    DisconnectCustomKeyStore            Write       KeyStore      None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    EnableKey                           Write       Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         SWITCHABLE;
    EnableKeyRotation                   Write       Manage        Key         [0]       SYMMETRIC     MADE_BY_KMS      NotNeeded         WORKING;
    Encapsulate                         Write       Cryptographic Key         [X|G|A]   ENCAPSULATION ANY_ORIGIN       NotNeeded         WORKING;
    Encrypt                             Write       Cryptographic Key         [X|G|A|E] CIPHER        ANY_ORIGIN       NotNeeded         WORKING;
    GenerateDataKey                     Write       Cryptographic Key         [X|G|A|E] SYMMETRIC     ANY_ORIGIN       NotNeeded         WORKING;
    GenerateDataKeyPair                 Write       Cryptographic Key         [X|G|A|E] SYMMETRIC     MADE_OR_IMPORTED NotNeeded         WORKING;
    GenerateDataKeyPairWithoutPlaintext Write       Cryptographic Key         [X|G|A|E] SYMMETRIC     MADE_OR_IMPORTED NotNeeded         WORKING;
    GenerateDataKeyWithoutPlaintext     Write       Cryptographic Key         [X|G|A|E] SYMMETRIC     ANY_ORIGIN       NotNeeded         WORKING;
    GenerateMac                         Write       Cryptographic Key         [X|G|A]   MAC           ANY_ORIGIN       NotNeeded         WORKING;
    GenerateRandom                      Write       Cryptographic None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    GetKeyLastUsage                     Read        View          Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    GetKeyPolicy                        Read        View          Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    GetKeyRotationStatus                Read        View          Key         [X]       SYMMETRIC     ANY_ORIGIN       NotNeeded         ANY_STATE;
    GetParametersForImport              Read        Import        Key         [0]       ANY_KEY       IMPORTED         NotNeeded         SETTLED;
    GetPublicKey                        Read        View          Key         [X|G|A]   PUBLIC_HALF   ANY_ORIGIN       NotNeeded         WORKING;
    ImportKeyMaterial                   Write       Import        Key         [0]       ANY_KEY       IMPORTED         NotNeeded         SETTLED_OR_UPDATING;
    ListAliases                         List        View          None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    ListGrants                          List        Grant         Key         [X]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    ListKeyPolicies                     List        View          Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    ListKeyRotations                    List        View          Key         [0]       SYMMETRIC     ANY_ORIGIN       NotNeeded         ANY_STATE;
    ListKeys                            List        View          None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    ListResourceTags                    List        View          Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    ListRetirableGrants                 List        Grant         None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    PutKeyPolicy                        Permissions Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    ReEncryptFrom                       Write       Cryptographic Key         [X|G|A|E] CIPHER        ANY_ORIGIN       NotNeeded         WORKING;
    ReEncryptTo                         Write       Cryptographic Key         [X|G|A|E] CIPHER        ANY_ORIGIN       NotNeeded         WORKING;
    ReplicateKey                        Write       Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       Primary           ENABLED;
    RetireGrant                         Permissions Grant         Key         [I|X|G]   ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    RevokeGrant                         Permissions Grant         Key         [X]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    RotateKeyOnDemand                   Write       Manage        Key         [0]       SYMMETRIC     MADE_OR_IMPORTED NotNeeded         ENABLED;
    ScheduleKeyDeletion                 Write       Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         NOT_PENDING_NOR_UPDATING;
    Sign                                Write       Cryptographic Key         [X|G|A]   SIGNATURE     ANY_ORIGIN       NotNeeded         WORKING;
    SynchronizeMultiRegionKey           Write       Internal      Key         [0]       ANY_KEY       ANY_ORIGIN       Member            ANY_STATE;
    TagResource                         Tagging     Tag           Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         NOT_PENDING_DELETION;
    UntagResource                       Tagging     Tag           Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         NOT_PENDING_DELETION;
    UpdateAlias                         Write       Alias         AliasAndKey [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_FOR_THE_OLD_KEY;
    UpdateCustomKeyStore                Write       KeyStore      None        [I]       ANY_KEY       ANY_ORIGIN       NotNeeded         ANY_STATE;
    UpdateKeyDescription                Write       Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       NotNeeded         NOT_PENDING_DELETION;
    UpdatePrimaryRegion                 Write       Manage        Key         [0]       ANY_KEY       ANY_ORIGIN       PrimaryAndReplica WORKING;
    Verify                              Write       Cryptographic Key         [X|G|A]   SIGNATURE     ANY_ORIGIN       NotNeeded         WORKING;
    VerifyMac                           Write       Cryptographic Key         [X|G|A]   MAC           ANY_ORIGIN       NotNeeded         WORKING;
}

// INVARIANT: an action's index is its bit in an `ActionSet`.
const _: () = assert!(ACTIONS.len() == 58 && ACTIONS.len() <= u64::BITS as usize);
const _: () = assert!(is_sorted(ACTIONS), "actions stand in order of their names");

const fn is_sorted(actions: &[Action]) -> bool {
    let mut rest = actions;
    while let [first, later @ ..] = rest {
        if let [second, ..] = later
            && !is_before(first.name().as_bytes(), second.name().as_bytes())
        {
            return false;
        }
        rest = later;
    }
    true
}

const fn is_before(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        (_, []) => false,
        ([], _) => true,
        ([x, a @ ..], [y, b @ ..]) => *x < *y || *x == *y && is_before(a, b),
    }
}

impl Action {
    /// Place in the table, which is the bit in an [`ActionSet`].
    #[must_use]
    pub const fn index(self) -> u8 {
        self as u8
    }

    /// The action at this place of the table.
    #[must_use]
    pub fn from_index(index: u8) -> Option<Action> {
        ACTIONS.get(usize::from(index)).copied()
    }

    /// Name without `kms:`. `Display` writes it with the prefix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Name of the API operation: that of the action, but for the two sides of ReEncrypt (S4.12.1).
    #[must_use]
    pub const fn api_operation(self) -> &'static str {
        match self {
            Action::ReEncryptFrom | Action::ReEncryptTo => "ReEncrypt",
            other => other.name(),
        }
    }

    /// Access level.
    #[must_use]
    pub const fn level(self) -> Level {
        self.row().level
    }

    /// What the action is for.
    #[must_use]
    pub const fn category(self) -> Category {
        self.row().category
    }

    /// What a Resource element has to match.
    #[must_use]
    pub const fn resources(self) -> Resources {
        self.row().resources
    }

    /// Whether only the IAM policies of the caller's account decide, and no key policy (S2.3.3).
    #[must_use]
    pub const fn is_iam_only(self) -> bool {
        self.row().flags & I != 0
    }

    /// Whether it works on keys of other accounts (S4.2.1).
    #[must_use]
    pub const fn is_cross_account(self) -> bool {
        self.row().flags & X != 0
    }

    /// Whether a grant may hold it (S5.2.1).
    #[must_use]
    pub const fn is_grant_operation(self) -> bool {
        self.row().flags & G != 0
    }

    /// Whether it accepts grant tokens. RetireGrant takes one to name the grant, which is something else (S5.2.1).
    #[must_use]
    pub const fn accepts_grant_tokens(self) -> bool {
        self.is_grant_operation() && !matches!(self, Action::RetireGrant)
    }

    /// Whether an alias name or alias ARN can stand for the key (S1.4).
    #[must_use]
    pub const fn accepts_alias_identifier(self) -> bool {
        self.row().flags & A != 0
    }

    /// Whether it takes an encryption context.
    #[must_use]
    pub const fn has_encryption_context(self) -> bool {
        self.row().flags & E != 0
    }

    /// Usages of the keys it works on; `*` alone stands for all.
    #[must_use]
    pub const fn key_usages(self) -> &'static [&'static str] {
        self.row().works.usages
    }

    /// Specs of the keys it works on; a trailing `*` stands for any ending.
    #[must_use]
    pub const fn key_specs(self) -> &'static [&'static str] {
        self.row().works.specs
    }

    /// Origins of the keys it works on; `*` alone stands for all.
    #[must_use]
    pub const fn key_origins(self) -> &'static [&'static str] {
        self.row().origins
    }

    /// Which member of a multi-Region key it works on.
    #[must_use]
    pub const fn multi_region(self) -> MultiRegionNeed {
        self.row().multi_region
    }

    /// States of the key it works in; `None` stands for all (S7.3). For UpdateAlias, of the key the alias leaves.
    #[must_use]
    pub const fn key_states(self) -> Option<&'static [&'static str]> {
        self.row().states
    }
}

const fn flagged(flag: u8) -> ActionSet {
    let mut set = ActionSet::EMPTY;
    let mut rest = ACTIONS;
    while let [first, later @ ..] = rest {
        if first.row().flags & flag != 0 {
            set.insert(*first);
        }
        rest = later;
    }
    set
}

const fn in_category(category: Category) -> ActionSet {
    let mut set = ActionSet::EMPTY;
    let mut rest = ACTIONS;
    while let [first, later @ ..] = rest {
        if first.category() as u8 == category as u8 {
            set.insert(*first);
        }
        rest = later;
    }
    set
}

const fn with_resources(resources: Resources) -> ActionSet {
    let mut set = ActionSet::EMPTY;
    let mut rest = ACTIONS;
    while let [first, later @ ..] = rest {
        if first.resources() as u8 == resources as u8 {
            set.insert(*first);
        }
        rest = later;
    }
    set
}

/// The sets the rules speak of.
impl ActionSet {
    /// Every action.
    pub const ALL: ActionSet = ActionSet::of(ACTIONS);
    /// Decided by IAM policies alone (S2.3.3).
    pub const IAM_ONLY: ActionSet = flagged(I);
    /// Need the key policy's gate (S4.3).
    pub const KEY_POLICY_GATE: ActionSet = ActionSet::IAM_ONLY.complement();
    /// Work on keys of other accounts (S4.2.1).
    pub const CROSS_ACCOUNT: ActionSet = flagged(X);
    /// May be in a grant (S5.2.1).
    pub const GRANT_OPERATIONS: ActionSet = flagged(G);
    /// Accept an alias in place of a key id (S1.4).
    pub const ACCEPTS_ALIAS: ActionSet = flagged(A);
    /// Take an encryption context, and so are bound by the encryption context constraints of a grant (S4.9.4).
    pub const ENCRYPTION_CONTEXT: ActionSet = flagged(E);
    /// Use key material, or make random bytes.
    pub const CRYPTOGRAPHIC: ActionSet = in_category(Category::Cryptographic);
    /// CreateAlias, UpdateAlias and DeleteAlias, which have an alias side (S5.4.1).
    pub const ALIAS: ActionSet = with_resources(Resources::AliasAndKey);
    /// Work on no key; only Resource `*` matches (S2.4.8).
    pub const WITHOUT_RESOURCE: ActionSet = with_resources(Resources::None);
    /// Work on a key, among them those with an alias side.
    pub const ON_KEYS: ActionSet = ActionSet::WITHOUT_RESOURCE.complement();
    /// Manage custom key stores (S5.4.7).
    pub const KEY_STORE: ActionSet = in_category(Category::KeyStore);
    /// TagResource and UntagResource.
    pub const TAG: ActionSet = in_category(Category::Tag);
    /// RetireGrant, which is decided by the grant (S4.9.8).
    pub const RETIRE_GRANT: ActionSet = ActionSet::of(&[Action::RetireGrant]);
    /// CreateGrant.
    pub const CREATE_GRANT: ActionSet = ActionSet::of(&[Action::CreateGrant]);
    /// SynchronizeMultiRegionKey, which only KMS itself calls and which has no row (S6.16).
    pub const SYNCHRONIZE: ActionSet = ActionSet::of(&[Action::SynchronizeMultiRegionKey]);
    /// The two sides of `kms:ReEncrypt` (S4.12.1).
    pub const RE_ENCRYPT: ActionSet = ActionSet::of(&[Action::ReEncryptFrom, Action::ReEncryptTo]);
    /// Newer than the published tables of condition keys (S5.2.2).
    pub const INFERRED_KEYS: ActionSet = ActionSet::of(&[Action::Decapsulate, Action::Encapsulate]);
}
