//! Where clauses come from: guide and title of the page.

pub(super) const K_ACCESS: &str = "KMS Developer Guide, KMS key access and permissions";
pub(super) const K_POLICIES: &str = "KMS Developer Guide, Key policies in AWS KMS";
pub(super) const K_OVERVIEW: &str = "KMS Developer Guide, Create a key policy";
pub(super) const K_DEFAULT: &str = "KMS Developer Guide, Default key policy";
pub(super) const K_EXTERNAL: &str =
    "KMS Developer Guide, Allowing users in other accounts to use a KMS key";
pub(super) const K_SERVICES: &str =
    "KMS Developer Guide, Permissions for AWS services in key policies";
pub(super) const K_CMKS_IN_IAM: &str =
    "KMS Developer Guide, Specifying KMS keys in IAM policy statements";
pub(super) const K_PERMISSIONS: &str = "KMS Developer Guide, AWS KMS permissions";
pub(super) const K_CONDITIONS: &str = "KMS Developer Guide, AWS KMS condition keys";
pub(super) const K_GRANTS: &str = "KMS Developer Guide, Grants in AWS KMS";
pub(super) const K_CREATE_GRANT: &str = "KMS Developer Guide, Creating grants";
pub(super) const K_RETIRE: &str = "KMS Developer Guide, Retiring and revoking grants";
pub(super) const K_EVALUATION: &str = "KMS Developer Guide, Troubleshooting AWS KMS permissions";
pub(super) const K_ABAC: &str = "KMS Developer Guide, ABAC for AWS KMS";
pub(super) const K_ALIAS_AUTH: &str =
    "KMS Developer Guide, Use aliases to control access to KMS keys";
pub(super) const K_ALIAS_ACCESS: &str = "KMS Developer Guide, Controlling access to aliases";
pub(super) const K_TAGS: &str = "KMS Developer Guide, Use tags to control access to KMS keys";
pub(super) const K_ENDPOINT: &str =
    "KMS Developer Guide, Connect to AWS KMS through a VPC endpoint";
pub(super) const K_RCP: &str = "KMS Developer Guide, Resource control policies in AWS KMS";
pub(super) const K_MRK: &str = "KMS Developer Guide, Control access to multi-Region keys";
pub(super) const K_STATE: &str = "KMS Developer Guide, Key states of AWS KMS keys";
pub(super) const API_GET_KEY_POLICY: &str = "KMS API Reference, GetKeyPolicy";
pub(super) const API_PUT_KEY_POLICY: &str = "KMS API Reference, PutKeyPolicy";
pub(super) const API_CREATE_GRANT: &str = "KMS API Reference, CreateGrant";
pub(super) const API_RE_ENCRYPT: &str = "KMS API Reference, ReEncrypt";
pub(super) const I_LOGIC: &str = "IAM User Guide, Policy evaluation logic";
pub(super) const I_ENFORCEMENT: &str =
    "IAM User Guide, How AWS enforcement code logic evaluates requests to allow or deny access";
pub(super) const I_CROSS_ACCOUNT: &str = "IAM User Guide, Cross-account policy evaluation logic";
pub(super) const I_BOUNDARIES: &str = "IAM User Guide, Permissions boundaries for IAM entities";
pub(super) const I_IDS: &str = "IAM User Guide, IAM identifiers";
pub(super) const I_VERSION: &str = "IAM User Guide, IAM JSON policy elements: Version";
pub(super) const I_PRINCIPAL: &str = "IAM User Guide, AWS JSON policy elements: Principal";
pub(super) const I_NOTPRINCIPAL: &str = "IAM User Guide, AWS JSON policy elements: NotPrincipal";
pub(super) const I_ACTION: &str = "IAM User Guide, IAM JSON policy elements: Action";
pub(super) const I_NOTACTION: &str = "IAM User Guide, IAM JSON policy elements: NotAction";
pub(super) const I_ARNS: &str =
    "IAM User Guide, Identify AWS resources with Amazon Resource Names (ARNs)";
pub(super) const I_NOTRESOURCE: &str = "IAM User Guide, IAM JSON policy elements: NotResource";
pub(super) const I_CONDITION: &str = "IAM User Guide, IAM JSON policy elements: Condition";
pub(super) const I_OPERATORS: &str =
    "IAM User Guide, IAM JSON policy elements: Condition operators";
pub(super) const I_MULTI: &str = "IAM User Guide, Conditions with multiple context keys or values";
pub(super) const I_SETS: &str = "IAM User Guide, Single-valued vs. multivalued context keys";
pub(super) const I_VARIABLES: &str = "IAM User Guide, IAM policy elements: Variables and tags";
pub(super) const I_KEYS: &str = "IAM User Guide, AWS global condition context keys";
pub(super) const O_SCP: &str = "Organizations User Guide, Service control policies (SCPs)";
pub(super) const O_SCP_EVALUATION: &str = "Organizations User Guide, SCP evaluation";
pub(super) const OWN: &str = "keywho, its own reading";
