//! The table of condition keys (S6): one line for each.
//!
//! Columns: name in Rust, name in policies, type, one value or many, class, actions that support it. A trailing `*`
//! in the name stands for any ending. The actions are those whose own lists in the KMS permissions reference name the
//! key, which wins over what is said about the key (S6.3a).

use super::{Class, ValueType};
use crate::model::action::{Action, ActionSet};

/// Supported everywhere.
const ALL: ActionSet = ActionSet::ALL;
/// Operations on an existing key, which support the nine key-operation keys (S5.1).
const KEY: ActionSet = ActionSet::ON_KEYS
    .minus(ActionSet::RETIRE_GRANT)
    .minus(ActionSet::SYNCHRONIZE);
const KEY_NEW: ActionSet = KEY.with(Action::CreateKey);
const KEY_RETIRE: ActionSet = KEY.with(Action::RetireGrant);
const KEY_NEW_RETIRE: ActionSet = KEY_NEW.with(Action::RetireGrant);
const CALLED: ActionSet = KEY_NEW_RETIRE.union(ActionSet::KEY_STORE);
const WITH_CONTEXT: ActionSet = ActionSet::ENCRYPTION_CONTEXT;
const CONTEXT_OR_GRANT: ActionSet = WITH_CONTEXT.with(Action::CreateGrant).with(Action::RetireGrant);
const WITH_ALIAS: ActionSet = ActionSet::ACCEPTS_ALIAS;
const RE_ENCRYPT: ActionSet = ActionSet::RE_ENCRYPT;
/// Accept the attestation document of an enclave.
const ATTESTED: ActionSet = ActionSet::of(&[
    Action::Decrypt,
    Action::DeriveSharedSecret,
    Action::GenerateDataKey,
    Action::GenerateDataKeyPair,
    Action::GenerateRandom,
]);

/// One line of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) value_type: ValueType,
    pub(super) multi_valued: bool,
    pub(super) class: Class,
    pub(super) actions: ActionSet,
}

macro_rules! multi_valued {
    (One) => {
        false
    };
    (Many) => {
        true
    };
}

macro_rules! supporting {
    ([$($action:ident),*]) => { ActionSet::of(&[$(Action::$action),*]) };
    ($set:ident) => { $set };
}

macro_rules! keys {
    ($($key:ident $name:literal $value_type:ident $count:ident $class:ident $actions:tt;)*) => {
        /// A condition key this tool knows, or a family of keys that differ in their ending.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum KnownKey {
            $(#[doc = concat!("`", $name, "`")] $key,)*
        }

        pub(super) const KEYS: &[KnownKey] = &[$(KnownKey::$key,)*];

        impl KnownKey {
            pub(super) const fn row(self) -> &'static Row {
                match self {
                    $(KnownKey::$key => const { &Row {
                        name: $name,
                        value_type: ValueType::$value_type,
                        multi_valued: multi_valued!($count),
                        class: Class::$class,
                        actions: supporting!($actions),
                    } },)*
                }
            }
        }
    };
}

keys! {
    PrincipalArn                           "aws:PrincipalArn"                           Arn     One  Principal            ALL;
    PrincipalAccount                       "aws:PrincipalAccount"                       String  One  Principal            ALL;
    PrincipalOrgID                         "aws:PrincipalOrgID"                         String  One  Principal            ALL;
    PrincipalOrgPaths                      "aws:PrincipalOrgPaths"                      String  Many Principal            ALL;
    PrincipalTag                           "aws:PrincipalTag/*"                         String  One  Principal            ALL;
    PrincipalIsAWSService                  "aws:PrincipalIsAWSService"                  Bool    One  Principal            ALL;
    PrincipalServiceName                   "aws:PrincipalServiceName"                   String  One  Principal            ALL;
    PrincipalServiceNamesList              "aws:PrincipalServiceNamesList"              String  Many Principal            ALL;
    PrincipalType                          "aws:PrincipalType"                          String  One  Principal            ALL;
    UserId                                 "aws:userid"                                 String  One  Principal            ALL;
    Username                               "aws:username"                               String  One  Principal            ALL;
    AssumedRoot                            "aws:AssumedRoot"                            Bool    One  Session              ALL;
    FederatedProvider                      "aws:FederatedProvider"                      String  One  Session              ALL;
    TokenIssueTime                         "aws:TokenIssueTime"                         Date    One  Session              ALL;
    SignInSessionArn                       "aws:SignInSessionArn"                       Arn     One  Session              ALL;
    MultiFactorAuthPresent                 "aws:MultiFactorAuthPresent"                 Bool    One  Session              ALL;
    MultiFactorAuthAge                     "aws:MultiFactorAuthAge"                     Numeric One  Session              ALL;
    ChatbotSourceArn                       "aws:ChatbotSourceArn"                       Arn     One  Session              ALL;
    Ec2InstanceSourceVpc                   "aws:Ec2InstanceSourceVpc"                   String  One  Session              ALL;
    Ec2InstanceSourcePrivateIPv4           "aws:Ec2InstanceSourcePrivateIPv4"           Ip      One  Session              ALL;
    SourceIdentity                         "aws:SourceIdentity"                         String  One  Session              ALL;
    Ec2RoleDelivery                        "ec2:RoleDelivery"                           Numeric One  Session              ALL;
    Ec2SourceInstanceArn                   "ec2:SourceInstanceArn"                      Arn     One  Session              ALL;
    GlueRoleAssumedBy                      "glue:RoleAssumedBy"                         String  One  Session              ALL;
    GlueCredentialIssuingService           "glue:CredentialIssuingService"              String  One  Session              ALL;
    CodebuildBuildArn                      "codebuild:BuildArn"                         Arn     One  Session              ALL;
    CodebuildProjectArn                    "codebuild:ProjectArn"                       Arn     One  Session              ALL;
    LambdaSourceFunctionArn                "lambda:SourceFunctionArn"                   Arn     One  Session              ALL;
    SsmSourceInstanceArn                   "ssm:SourceInstanceArn"                      Arn     One  Session              ALL;
    IdentitystoreUserId                    "identitystore:UserId"                       String  One  Session              ALL;
    Saml                                   "saml:*"                                     String  One  Session              ALL;
    Oidc                                   "<oidc-provider>:*"                          String  One  Session              ALL;
    SourceIp                               "aws:SourceIp"                               Ip      One  Network              ALL;
    VpcSourceIp                            "aws:VpcSourceIp"                            Ip      One  Network              ALL;
    SourceVpc                              "aws:SourceVpc"                              String  One  Network              ALL;
    SourceVpce                             "aws:SourceVpce"                             String  One  Network              ALL;
    SourceVpcArn                           "aws:SourceVpcArn"                           Arn     One  Network              ALL;
    VpceAccount                            "aws:VpceAccount"                            String  One  Network              ALL;
    VpceOrgID                              "aws:VpceOrgID"                              String  One  Network              ALL;
    VpceOrgPaths                           "aws:VpceOrgPaths"                           String  Many Network              ALL;
    CurrentTime                            "aws:CurrentTime"                            Date    One  Environment          ALL;
    EpochTime                              "aws:EpochTime"                              Date    One  Environment          ALL;
    SecureTransport                        "aws:SecureTransport"                        Bool    One  Environment          ALL;
    UserAgent                              "aws:UserAgent"                              String  One  Environment          ALL;
    Referer                                "aws:referer"                                String  One  Environment          ALL;
    ViaService                             "kms:ViaService"                             String  One  Request              KEY_NEW_RETIRE;
    ViaAWSService                          "aws:ViaAWSService"                          Bool    One  Request              ALL;
    CalledVia                              "aws:CalledVia"                              String  Many Request              ALL;
    CalledViaFirst                         "aws:CalledViaFirst"                         String  One  Request              ALL;
    CalledViaLast                          "aws:CalledViaLast"                          String  One  Request              ALL;
    CalledViaAWSMCP                        "aws:CalledViaAWSMCP"                        String  One  Request              ALL;
    ViaAWSMCPService                       "aws:ViaAWSMCPService"                       Bool    One  Request              ALL;
    IsMcpServiceAction                     "aws:IsMcpServiceAction"                     Bool    One  Request              ALL;
    SourceArn                              "aws:SourceArn"                              Arn     One  ServiceCall          ALL;
    SourceAccount                          "aws:SourceAccount"                          String  One  ServiceCall          ALL;
    SourceOrgID                            "aws:SourceOrgID"                            String  One  ServiceCall          ALL;
    SourceOrgPaths                         "aws:SourceOrgPaths"                         String  Many ServiceCall          ALL;
    ResourceAccount                        "aws:ResourceAccount"                        String  One  Resource             ALL;
    ResourceOrgID                          "aws:ResourceOrgID"                          String  One  Resource             ALL;
    ResourceOrgPaths                       "aws:ResourceOrgPaths"                       String  Many Resource             ALL;
    ResourceTag                            "aws:ResourceTag/*"                          String  One  Resource             KEY_NEW_RETIRE;
    ResourceAliases                        "kms:ResourceAliases"                        String  Many Resource             KEY_RETIRE;
    KeySpec                                "kms:KeySpec"                                String  One  Resource             KEY_NEW;
    CustomerMasterKeySpec                  "kms:CustomerMasterKeySpec"                  String  One  Resource             KEY_NEW;
    KeyUsage                               "kms:KeyUsage"                               String  One  Resource             KEY_NEW;
    CustomerMasterKeyUsage                 "kms:CustomerMasterKeyUsage"                 String  One  Resource             KEY_NEW;
    KeyOrigin                              "kms:KeyOrigin"                              String  One  Resource             KEY_NEW;
    MultiRegion                            "kms:MultiRegion"                            Bool    One  Resource             KEY_NEW;
    MultiRegionKeyType                     "kms:MultiRegionKeyType"                     String  One  Resource             KEY_NEW;
    TrailingDaysWithoutKeyUsage            "kms:TrailingDaysWithoutKeyUsage"            Numeric One  Resource             [DisableKey, ScheduleKeyDeletion];
    CallerAccount                          "kms:CallerAccount"                          String  One  Principal            CALLED;
    RequestedRegion                        "aws:RequestedRegion"                        String  One  ActionFixed          ALL;
    KeyAgreementAlgorithm                  "kms:KeyAgreementAlgorithm"                  String  One  ActionFixed          [DeriveSharedSecret];
    EncryptionAlgorithm                    "kms:EncryptionAlgorithm"                    String  One  ActionFixedOrRequest WITH_CONTEXT;
    EncryptionContext                      "kms:EncryptionContext:*"                    String  One  Request              CONTEXT_OR_GRANT;
    EncryptionContextKeys                  "kms:EncryptionContextKeys"                  String  Many Request              CONTEXT_OR_GRANT;
    RequestAlias                           "kms:RequestAlias"                           String  One  Request              WITH_ALIAS;
    ReEncryptOnSameKey                     "kms:ReEncryptOnSameKey"                     Bool    One  Request              RE_ENCRYPT;
    DataKeyPairSpec                        "kms:DataKeyPairSpec"                        String  One  Request              [GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext];
    MacAlgorithm                           "kms:MacAlgorithm"                           String  One  Request              [GenerateMac, VerifyMac];
    MessageType                            "kms:MessageType"                            String  One  Request              [Sign, Verify];
    SigningAlgorithm                       "kms:SigningAlgorithm"                       String  One  Request              [Sign, Verify];
    GrantIsForAWSResource                  "kms:GrantIsForAWSResource"                  Bool    One  Request              [CreateGrant, ListGrants, RevokeGrant];
    GrantOperations                        "kms:GrantOperations"                        String  Many Request              [CreateGrant];
    GranteePrincipal                       "kms:GranteePrincipal"                       String  One  Request              [CreateGrant];
    GranteeServicePrincipal                "kms:GranteeServicePrincipal"                String  One  Request              [CreateGrant];
    RetiringPrincipal                      "kms:RetiringPrincipal"                      String  One  Request              [CreateGrant];
    RetiringServicePrincipal               "kms:RetiringServicePrincipal"               String  One  Request              [CreateGrant];
    GrantConstraintType                    "kms:GrantConstraintType"                    String  One  Request              [CreateGrant, RetireGrant];
    GrantConstraintSourceArn               "kms:GrantConstraintSourceArn"               Arn     One  Request              [CreateGrant];
    BypassPolicyLockoutSafetyCheck         "kms:BypassPolicyLockoutSafetyCheck"         Bool    One  Request              [CreateKey, PutKeyPolicy];
    PolicyName                             "kms:PolicyName"                             String  One  Request              [GetKeyPolicy, PutKeyPolicy];
    ExpirationModel                        "kms:ExpirationModel"                        String  One  Request              [ImportKeyMaterial];
    ValidTo                                "kms:ValidTo"                                Date    One  Request              [ImportKeyMaterial];
    WrappingAlgorithm                      "kms:WrappingAlgorithm"                      String  One  Request              [GetParametersForImport];
    WrappingKeySpec                        "kms:WrappingKeySpec"                        String  One  Request              [GetParametersForImport];
    PrimaryRegion                          "kms:PrimaryRegion"                          String  One  Request              [UpdatePrimaryRegion];
    ReplicaRegion                          "kms:ReplicaRegion"                          String  One  Request              [ReplicateKey];
    RotationPeriodInDays                   "kms:RotationPeriodInDays"                   Numeric One  Request              [EnableKeyRotation];
    ScheduleKeyDeletionPendingWindowInDays "kms:ScheduleKeyDeletionPendingWindowInDays" Numeric One  Request              [ScheduleKeyDeletion];
    RecipientAttestationImageSha384        "kms:RecipientAttestation:ImageSha384"       String  One  Request              ATTESTED;
    RecipientAttestationPCR                "kms:RecipientAttestation:PCR*"              String  One  Request              ATTESTED;
    RecipientAttestationNitroTPMPCR        "kms:RecipientAttestation:NitroTPMPCR*"      String  One  Request              ATTESTED;
    RequestTag                             "aws:RequestTag/*"                           String  One  Request              [CreateKey, TagResource, UntagResource];
    TagKeys                                "aws:TagKeys"                                String  Many Request              [CreateKey, TagResource, UntagResource];
}

const _: () = assert!(KEYS.len() == 105);
