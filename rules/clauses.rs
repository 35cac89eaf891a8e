//! The specification: every clause by which something is decided, in the project's own words.
//!
//! Rules, lowering and answers cite a clause by its id. Each has a source in the AWS documentation, or is this project's
//! own reading of what the documentation does not say ([`source::OWN`]), and cases that exercise it: folders of `tests/cases`
//! (`w02-...`) and of `tests/rules` (`paths/user-named`). A test keeps clauses, rules and cases in step.
//!
//! `"S4.5.1" "title" SOURCE "text" ["case", ..];` is a clause. They stand in order of their ids.
#![cfg_attr(
    not(test),
    allow(dead_code, reason = "texts and cases are for whoever asks what an id means")
)]

mod source;

/// One clause of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// `S4.5.1`: section and number, stable.
    pub(crate) id: &'static str,
    /// What it is about, in a few words.
    pub(crate) title: &'static str,
    /// What it says, in one or two sentences.
    pub(crate) text: &'static str,
    /// Guide and title of the page it comes from.
    pub(crate) source: &'static str,
    /// The case folders that exercise it.
    pub(crate) cases: &'static [&'static str],
}

/// A clause by its id.
pub(crate) fn clause(id: &str) -> Option<&'static Clause> {
    CLAUSES.iter().find(|clause| clause.id == id)
}

macro_rules! clauses {
    ($($id:literal $title:literal $source:ident $text:literal [$($case:literal),*];)*) => {
        /// All clauses, in order of their ids.
        pub(crate) const CLAUSES: &[Clause] = &[$(
            Clause { id: $id, title: $title, text: $text, source: source::$source, cases: &[$($case),*] },
        )*];
    };
}

clauses! {
    // Gaps
    "A40" "Something was not collected" OWN
        "The answer rests on a policy that the snapshot names and does not hold."
        ["worlds/missing-policies"];

    // Ground rules
    "S0.1" "Default deny" K_ACCESS
        "Nobody has a permission on a key unless a key policy, an identity policy that the key policy lets \
         count, or a grant gives it. This includes the root user and whoever created the key."
        ["w01-gate-open-but-no-identity-allow", "w04-root-user-without-account-statement"];
    "S0.2" "Explicit deny wins" I_LOGIC
        "A Deny that applies beats every Allow, from whatever kind of policy, grants included."
        ["w07-boundary-denies-explicitly", "w59-explicit-deny-beats-a-grant", "decision/conjunction"];
    "S0.3" "Identity policies alone give nothing" K_POLICIES
        "An Allow in an identity policy counts only where the key policy names the account, unlike in most \
         other services."
        ["w03-identity-allow-without-gate"];
    "S0.4" "Three truth values" OWN
        "Whatever depends on something open is neither true nor false; connectives are Kleene's."
        ["decision/conjunction"];
    "S0.5" "In doubt, access is possible" OWN
        "Where the documentation leaves a point open it stays open in the answer, and only a certain Deny \
         takes access away."
        ["w46b-foreign-account-without-data", "w53-notprincipal-without-the-account",
         "w61-grant-and-a-silent-boundary", "w63-cross-account-grant-nobody-vouches-for"];
    "S0.8" "What is not in the snapshot is unknown" OWN
        "A policy, list or attribute that was not collected is unknown, never empty."
        ["worlds/missing-policies", "worlds/missing-grants", "context/missing-attributes"];

    // Names
    "S1.1" "Names and partitions" I_IDS
        "An ARN has six parts; principals and keys of different partitions never meet."
        ["p01-another-partition"];
    "S1.2" "Multi-Region keys are separate keys" K_MRK
        "A multi-Region key has one id in several Regions; each is a key of its own, with its own policy, \
         grants, tags and aliases."
        ["w79-multi-region-keys-are-separate"];
    "S1.4" "Identifiers of a key" K_EXTERNAL
        "A request names a key by id, ARN, alias name or alias ARN; id and alias name mean the caller's own \
         account."
        ["w41-cross-account-use-with-both-sides"];
    "S1.5" "Aliases are resolved first" K_ALIAS_AUTH
        "The resource of a request is the key behind the alias; a Resource with an alias ARN does not stand \
         for the key."
        ["w20-alias-arn-as-a-resource", "w21-resource-aliases-condition", "w22-request-alias-condition"];
    "S1.8" "Service-linked roles by path" I_IDS
        "A role below /aws-service-role/ is service-linked."
        ["w81-service-linked-role-is-exempt"];

    // Policy documents
    "S2.1.2" "Version" I_VERSION
        "A document without Version is of 2008-10-17, which has no policy variables."
        ["w34-policy-variable-without-version"];
    "S2.1.6" "A statement without Resource or Action has no effect" K_OVERVIEW
        "Key policies are saved with such statements; they neither allow nor deny."
        ["w25-statement-without-resource", "statements/missing-elements"];
    "S2.1.8" "Two key policies" API_GET_KEY_POLICY
        "A key shared through AWS RAM has a second key policy; the statements of both count as one policy."
        ["w86-second-key-policy-by-ram"];
    "S2.1.10" "Nothing is dropped unread" OWN
        "A statement, operator or constraint that cannot be understood may apply or not; what it would decide \
         stays open."
        ["conditions/unknown-names", "statements/not-understood"];

    // Principal
    "S2.2.1" "Wildcard principal" I_PRINCIPAL
        "\"*\" matches every principal of every account, AWS services included."
        ["principals/wildcard", "paths/wildcard"];
    "S2.2.2" "Wildcard of IAM principals" I_PRINCIPAL
        "{\"AWS\": \"*\"} matches every IAM principal; whether it matches services is not documented."
        ["w12-wildcard-limited-to-the-own-account", "principals/wildcard"];
    "S2.2.3" "Account principal" I_PRINCIPAL
        "An account id or root ARN matches the root user itself, and delegates to everybody else in the \
         account."
        ["principals/account", "paths/root-user-named-by-its-account"];
    "S2.2.4" "User principal" I_PRINCIPAL
        "A user ARN matches that user, and the federated sessions the user makes."
        ["w05-user-named-by-the-key-policy", "principals/user", "paths/user-named", "paths/user-of-session"];
    "S2.2.5" "Role principal" I_PRINCIPAL
        "A role ARN, path included, matches all sessions of the role."
        ["principals/role", "paths/role-named"];
    "S2.2.6" "Session principal" I_PRINCIPAL
        "The ARN of an assumed-role session matches the session of that role with that name."
        ["w09-session-arn-escapes-the-boundary", "principals/session", "paths/session-named"];
    "S2.2.7" "Federated user principal" I_PRINCIPAL
        "The ARN of a federated user matches that federated session."
        ["w84-federated-user-named-by-the-key-policy", "principals/session", "paths/session-named"];
    "S2.2.8" "Service principal" I_PRINCIPAL
        "A service matches its own direct calls, under any regional form of its name; not the roles it \
         assumes, nor what it does for others."
        ["w71-service-principal-for-one-trail", "w72-service-principal-for-anybody", "principals/service",
         "paths/service"];
    "S2.2.9" "Identity provider" I_PRINCIPAL
        "In a key policy an identity provider is not documented; it may mean the role sessions issued through \
         it."
        ["principals/identity-provider", "paths/identity-provider-named"];
    "S2.2.10" "Canonical user" I_PRINCIPAL
        "A canonical user id matches nobody outside of S3."
        ["principals/nobody"];
    "S2.2.11" "Unique ids" I_PRINCIPAL
        "An AIDA or AROA id matches the user or role that has it; when that is deleted, nobody, and not its \
         namesake."
        ["w28-deleted-role-does-not-come-back", "principals/unique-id"];
    "S2.2.12" "Groups are no principals" I_PRINCIPAL
        "The ARN of a group matches nobody."
        ["w19-group-as-a-principal", "principals/nobody"];
    "S2.2.13" "Names of deleted principals" I_PRINCIPAL
        "An ARN in a Principal element stands for the principal that existed when the policy was saved; in a \
         condition it is text."
        ["w28-deleted-role-does-not-come-back"];
    "S2.2.14" "Several principals" I_PRINCIPAL
        "A Principal element matches when one of its entries does."
        ["principals/several"];
    "S2.2.15" "Denying an account" I_NOTPRINCIPAL
        "A Deny on an account denies every principal of it, the root user included."
        ["w17-deny-on-the-account-principal", "denies/key-policy-names-an-account"];
    "S2.2.16" "Denying a principal" I_PRINCIPAL
        "A Deny on a role denies all its sessions, on a user its federated sessions too, on a session that \
         session alone."
        ["denies/key-policy-names-a-principal"];
    "S2.2.17" "NotPrincipal in a Deny" I_NOTPRINCIPAL
        "It denies everyone but those listed together with their account; it stays open for one listed without \
         it, and for members of an account where only accounts are listed."
        ["w53-notprincipal-without-the-account", "w54-notprincipal-and-a-boundary", "principals/not-principal"];
    "S2.2.18" "NotPrincipal and boundaries" I_NOTPRINCIPAL
        "A Deny with NotPrincipal always denies users and roles that have a permissions boundary."
        ["w54-notprincipal-and-a-boundary", "principals/not-principal"];
    "S2.2.19" "NotPrincipal in an Allow" I_NOTPRINCIPAL
        "It is no longer supported; an old one may allow everyone it does not list."
        ["principals/not-principal-allow"];

    // Action and Resource
    "S2.3.1" "Action patterns" I_ACTION
        "Names of actions compare ignoring case, with * and ?; a wildcard within the service prefix is not \
         valid and so stays open."
        ["w23-reencrypt-is-not-an-action", "statements/actions"];
    "S2.3.2" "NotAction" I_NOTACTION
        "It matches every action that is not listed."
        ["w27-notaction-grants-the-rest", "statements/not-action"];
    "S2.3.3" "Actions a key policy can give" K_PERMISSIONS
        "Key policies have no say in actions that IAM alone decides, nor in retiring grants."
        ["statements/key-policy-actions"];
    "S2.4.1" "What Resource is compared with" K_CMKS_IN_IAM
        "The ARN of the key, or of the alias on the alias side; * covers keys of other accounts too."
        ["statements/resources"];
    "S2.4.2" "Resource patterns" I_ARNS
        "Wildcards match within one of the first five parts of an ARN, and across the whole sixth; one in the \
         service part is not valid and so stays open."
        ["statements/resources"];
    "S2.4.3" "Short resource patterns" I_ARNS
        "Identity policies and boundaries complete a pattern of fewer than six parts; in other policies such a \
         match stays open."
        ["statements/short-patterns"];
    "S2.4.4" "Odd resource patterns" I_ARNS
        "A pattern that matches as one string but not part by part stays open."
        ["statements/odd-patterns"];
    "S2.4.5" "What never covers a key" K_CMKS_IN_IAM
        "A bare key id, an alias name and an alias ARN cover no key."
        ["w20-alias-arn-as-a-resource", "statements/resources"];
    "S2.4.6" "Resource in a key policy" K_OVERVIEW
        "* means the key the policy belongs to; the ARN of another key makes the statement ineffective."
        ["w26-statement-for-another-key", "statements/resources-in-key-policies"];
    "S2.4.7" "NotResource" I_NOTRESOURCE
        "It covers what none of its patterns covers."
        ["statements/not-resource"];
    "S2.4.8" "Operations without a resource" K_PERMISSIONS
        "Only * covers them; whether a pattern of the whole account does is documented both ways."
        ["w75-resource-pattern-for-an-action-without-resource", "statements/no-resource"];

    // Conditions
    "S2.5.2" "Names of condition keys" I_CONDITION
        "They compare ignoring case, tag keys in them too; two tags of one object that differ only by case \
         stay open."
        ["conditions/names-ignore-case", "context/tags"];
    "S2.5.3" "Operators" I_OPERATORS
        "Strings, numbers, dates, booleans, bytes, addresses and ARNs compare each in their way; a value that \
         cannot be read matches nothing."
        ["conditions/operators"];
    "S2.5.4" "Absent keys" I_OPERATORS
        "Positive operators do not hold, negated ones and ...IfExists do, and Null tests for it."
        ["w22-request-alias-condition", "w29-encryption-context-pair", "w31-negated-operator-and-an-absent-key",
         "w32-negated-operator-with-ifexists", "conditions/absent-key"];
    "S2.5.5" "One value against several" I_MULTI
        "A value matches when one listed value does; a negated operator holds when none does."
        ["w11-wildcard-with-a-principal-arn-condition", "w13-own-account-wildcard-and-a-foreign-role",
         "w37-resource-tag-condition", "conditions/single-value"];
    "S2.5.6" "Set operators" I_SETS
        "ForAllValues holds when every value of the request does, and when there is none; ForAnyValue when one \
         does."
        ["w21-resource-aliases-condition", "w30-forallvalues-on-a-pair-that-may-be-absent",
         "w38-grant-operations-condition", "conditions/set-operators"];
    "S2.5.7" "Set operators and numbers of values" I_SETS
        "A single-valued key is a set of at most one; several values without a set operator stay open."
        ["w30-forallvalues-on-a-pair-that-may-be-absent", "conditions/set-operators-on-single-values"];
    "S2.5.9" "Conditions that no request satisfies" I_CONDITION
        "They make their statement ineffective."
        ["w39-algorithm-the-key-does-not-have", "conditions/never-true"];
    "S2.7.1" "Policy variables" I_VARIABLES
        "${key} stands for the value of a condition key, under version 2012-10-17, in values of string, ARN \
         and Bool operators and in the sixth part of a Resource."
        ["w33-policy-variable-in-a-condition", "w34-policy-variable-without-version", "conditions/variables",
         "statements/variables"];
    "S2.7.2" "Defaults and special characters" I_VARIABLES
        "${key, 'text'} has a default; ${*}, ${?} and ${$} are the characters themselves."
        ["conditions/variables"];
    "S2.7.3" "Variables without a value" I_VARIABLES
        "The value or pattern they stand in matches nothing."
        ["w33-policy-variable-in-a-condition", "conditions/variables", "statements/variables"];
    "S2.7.4" "Wildcards in substituted text" I_VARIABLES
        "They are characters like others; the documentation does not say."
        ["conditions/variables-are-literal"];
    "S2.7.5" "Variables that are not known" OWN
        "What they are compared with stays open."
        ["conditions/open-variables", "statements/variables"];

    // Principals and what they carry
    "S3.1.1" "Root user" I_LOGIC
        "It has no identity policies and counts as allowed on the identity side; SCPs and RCPs bind it."
        ["paths/root-user-named-by-its-account", "paths/iam-only-root-user", "paths/cross-account-root-user",
         "context/principals"];
    "S3.1.2" "IAM user" I_LOGIC
        "It has inline and attached policies, those of its groups, and perhaps a boundary."
        ["context/principals"];
    "S3.1.3" "Role session" I_LOGIC
        "It has the policies and the boundary of the role, and perhaps session policies."
        ["paths/role-named", "context/principals"];
    "S3.1.4" "Federated user" I_LOGIC
        "It has the policies and the boundary of the user that made it, within session policies; without one \
         it has no identity side."
        ["w83-federated-user-through-iam", "paths/user-of-session", "decision/routes", "context/principals"];
    "S3.1.5" "Service-linked role" O_SCP
        "SCPs, RCPs and boundaries do not bind it; key policies do."
        ["w81-service-linked-role-is-exempt", "w82-key-policy-deny-binds-a-service-linked-role",
         "guardrails/scp-binds-member-accounts"];
    "S3.1.6" "AWS service" K_SERVICES
        "A service that calls for itself has no account, no identity policies and no SCPs."
        ["w71-service-principal-for-one-trail", "paths/service", "context/principals"];
    "S3.1.9" "Management account" O_SCP
        "SCPs do not bind its principals."
        ["w52-management-account-is-exempt", "guardrails/scp-binds-member-accounts",
         "worlds/management-account"];
    "S3.1.11" "Groups" I_PRINCIPAL
        "A group gives its policies to its members and is no principal itself."
        ["w18-group-policy-counts", "w19-group-as-a-principal"];
    "S3.1.13" "Who has rows" OWN
        "Everyone in the accounts of the snapshot, whoever policies and grants name, whole accounts outside of \
         it, and anybody for \"*\"."
        ["w46b-foreign-account-without-data"];
    "S3.1.14" "Accounts outside of the snapshot" OWN
        "Their identity policies are unknown: whom the key policy admits has access if the account allows it."
        ["w46b-foreign-account-without-data"];
    "S3.2" "Condition keys by kind of principal" I_KEYS
        "Each kind of principal has its own keys and values, such as the role's ARN for all of its sessions; \
         some keys of services are not documented."
        ["w16-gate-for-the-root-user-only", "w85-wildcard-limited-to-the-organization", "context/principals"];
    "S3.2.1" "Anybody may act through a service" K_CONDITIONS
        "Every IAM principal may call KMS itself or have a service call for it, so that kms:ViaService is \
         open."
        ["w15-gate-with-a-service-condition"];
    "S3.2.2" "Network keys of a service's call" K_CONDITIONS
        "A service that calls with the caller's identity shows its own network keys or none; where the request does not \
         state them they are unknown."
        ["p02-network-keys-of-a-service-call"];

    // The decision
    "S4.1.1" "The decision" I_LOGIC
        "Allowed is what some path allows, every guardrail lets through and nothing denies."
        ["w56-endpoint-policy", "decision/conjunction"];
    "S4.1.2" "Order of the layers" I_LOGIC
        "They are a conjunction; their order matters for explanations only."
        ["decision/conjunction"];
    "S4.1.3" "Escalation is not access" OWN
        "What a principal could do after assuming a role or changing a policy is not looked at."
        ["w87-escalation-is-not-access"];
    "S4.2.1" "Operations across accounts" K_EXTERNAL
        "Only some operations work on keys of other accounts, whatever policies say."
        ["w45-administration-from-another-account", "paths/cross-account-through-the-account",
         "paths/cross-account-named"];
    "S4.2.3" "State and usage are not permission" K_STATE
        "Whether the key can do it, and is in a state to do it, is told apart from whether it is allowed."
        ["w80-disabled-key"];

    // Paths through key policies
    "S4.3.1" "The gate" K_DEFAULT
        "A key policy statement that names an account lets identity policies of that account count."
        ["w01-gate-open-but-no-identity-allow", "w02-gate-open-and-identity-allow",
         "w03-identity-allow-without-gate", "paths/gate-and-identity-policy"];
    "S4.3.2" "The gate is per action and request" K_DEFAULT
        "Only the actions of that statement pass, and only under its conditions."
        ["w14-gate-is-per-action", "w15-gate-with-a-service-condition", "w16-gate-for-the-root-user-only",
         "paths/gate-is-per-action"];
    "S4.3.3" "Without a gate" K_DEFAULT
        "Identity policies of the key's account count for nothing, and the root user has no access either."
        ["w03-identity-allow-without-gate", "w04-root-user-without-account-statement",
         "w79-multi-region-keys-are-separate", "paths/gate-and-identity-policy"];
    "S4.3.4" "Denying the account closes the gate" K_DEFAULT
        "It closes everything else for that account too, grants included."
        ["w17-deny-on-the-account-principal", "denies/key-policy-names-an-account"];
    "S4.3.5" "A wildcard needs no gate" I_PRINCIPAL
        "What a key policy allows everyone it allows directly."
        ["w12-wildcard-limited-to-the-own-account", "paths/wildcard"];
    "S4.4.1" "User named directly" I_ENFORCEMENT
        "A user of the key's account that the key policy names needs nothing else."
        ["w05-user-named-by-the-key-policy", "w06-boundary-does-not-limit-a-user-arn",
         "w07-boundary-denies-explicitly", "paths/user-named", "decision/routes"];
    "S4.4.2" "Role named directly" I_ENFORCEMENT
        "Sessions of a role that the key policy names need their boundary and session policies to allow, but \
         no identity policy."
        ["w08-boundary-limits-a-role-arn", "w10-session-policy-limits-a-role-arn", "paths/role-named",
         "decision/routes"];
    "S4.4.3" "Session named directly" I_ENFORCEMENT
        "A session that the key policy names needs nothing else."
        ["w09-session-arn-escapes-the-boundary", "w84-federated-user-named-by-the-key-policy",
         "paths/session-named", "decision/routes"];
    "S4.4.4" "User of a federated session named" I_ENFORCEMENT
        "The session needs a session policy and the user's boundary to allow."
        ["w05-user-named-by-the-key-policy", "w06-boundary-does-not-limit-a-user-arn", "paths/user-of-session",
         "decision/routes"];
    "S4.4.5" "Wildcard with aws:PrincipalArn" I_ENFORCEMENT
        "It counts as naming the principals it admits: boundaries and session policies do not limit it."
        ["w11-wildcard-with-a-principal-arn-condition", "paths/wildcard-by-principal-arn", "decision/routes"];
    "S4.4.6" "Wildcard otherwise" I_PRINCIPAL
        "In the key's account it needs no identity policy; whether a boundary or session policy that is silent \
         limits it is not documented."
        ["w12-wildcard-limited-to-the-own-account", "w13-own-account-wildcard-and-a-foreign-role",
         "w85-wildcard-limited-to-the-organization", "paths/wildcard", "decision/routes"];
    "S4.4.7" "Root user" K_DEFAULT
        "A key policy that names the account allows its root user directly."
        ["w04-root-user-without-account-statement", "w16-gate-for-the-root-user-only",
         "w17-deny-on-the-account-principal", "paths/root-user-named-by-its-account", "decision/routes"];
    "S4.4.9" "Identity provider named" I_PRINCIPAL
        "It stays open what that gives."
        ["paths/identity-provider-named", "decision/routes"];
    "S4.4.10" "Implicit and explicit limits" I_ENFORCEMENT
        "Where boundaries and session policies do not limit, their explicit denies still do."
        ["w06-boundary-does-not-limit-a-user-arn", "w07-boundary-denies-explicitly",
         "w08-boundary-limits-a-role-arn", "guardrails/boundary", "guardrails/session-policies",
         "denies/boundary", "decision/routes"];
    "S4.5.1" "Delegation to IAM" K_DEFAULT
        "In the key's account an open gate and an identity policy allow together, within boundary and session \
         policies."
        ["w01-gate-open-but-no-identity-allow", "w02-gate-open-and-identity-allow",
         "w83-federated-user-through-iam", "paths/gate-and-identity-policy", "guardrails/boundary",
         "guardrails/boundary-that-is-silent", "guardrails/session-policies", "decision/routes"];
    "S4.5.2" "Which identity policies count" I_BOUNDARIES
        "One Allow among the inline, attached and group policies is enough; boundaries and session policies \
         never give anything."
        ["w02-gate-open-and-identity-allow", "w18-group-policy-counts", "paths/gate-without-holder",
         "guardrails/boundary", "guardrails/session-policies"];
    "S4.6.1" "Across accounts both sides must allow" I_CROSS_ACCOUNT
        "The key policy must admit the caller or its account, and the caller's own account must allow by IAM."
        ["w41-cross-account-use-with-both-sides", "w42-cross-account-use-without-identity-allow",
         "w43-foreign-role-named-without-identity-allow", "w44-foreign-session-and-its-boundary",
         "paths/cross-account-through-the-account", "paths/cross-account-named", "paths/cross-account-wildcard",
         "decision/routes"];
    "S4.6.2" "Root user of another account" I_CROSS_ACCOUNT
        "It needs no identity policy."
        ["paths/cross-account-root-user", "paths/cross-account-user-named-with-root", "decision/routes"];
    "S4.6.3" "The key policy bounds the other account" K_EXTERNAL
        "Identity policies there can pass on only what the key policy lists, on the ARN of the key."
        ["w41-cross-account-use-with-both-sides", "w46-foreign-role-allowed-on-both-sides",
         "w86-second-key-policy-by-ram", "paths/cross-account-through-the-account"];
    "S4.6.4" "Whose guardrails apply" I_CROSS_ACCOUNT
        "SCPs of the caller's account and RCPs of the key's, never the reverse."
        ["w49-no-service-control-policy-allows-kms", "w50-service-control-policy-of-the-caller",
         "w51-service-control-policy-of-the-key-account"];

    // Guardrails
    "S4.7.1" "SCPs" O_SCP_EVALUATION
        "At every level above a member account some SCP must allow, for everyone in it but service-linked \
         roles."
        ["w49-no-service-control-policy-allows-kms", "w50-service-control-policy-of-the-caller",
         "w51-service-control-policy-of-the-key-account", "w52-management-account-is-exempt",
         "w81-service-linked-role-is-exempt", "guardrails/scp-levels", "guardrails/scp-binds-member-accounts",
         "denies/scp", "decision/routes", "worlds/guardrails-that-bind", "worlds/guardrails-that-are-off"];
    "S4.7.2" "SCPs never give" O_SCP_EVALUATION
        "An account with a level where no SCP allows KMS has no KMS."
        ["w49-no-service-control-policy-allows-kms", "guardrails/scp-levels"];
    "S4.7.3" "RCPs" K_RCP
        "Their denies protect customer managed keys of member accounts from everyone but service-linked roles; \
         not the retiring of grants."
        ["w47-resource-control-policy-perimeter", "w48-retiring-principal-outside-of-the-perimeter",
         "w74-resource-control-policy-and-an-aws-managed-key", "w81-service-linked-role-is-exempt",
         "denies/rcp", "worlds/guardrails-that-bind", "worlds/guardrails-that-are-off",
         "worlds/management-account"];
    "S4.7.4" "VPC endpoint policies" K_ENDPOINT
        "A request through an endpoint needs its policy to allow and not to deny; the policy gives nothing."
        ["w36-source-address-through-an-endpoint", "w56-endpoint-policy", "guardrails/endpoint-policy",
         "guardrails/no-endpoint", "denies/endpoint-policy", "decision/conjunction"];
    "S4.7.5" "Guardrails that were not collected" OWN
        "They are taken not to restrict, and reported as missing."
        ["worlds/missing-guardrails"];

    // Denies
    "S4.8.1" "Where denies stand" I_LOGIC
        "In the key policy, identity policies, boundary, session policies, SCPs, RCPs and the endpoint policy: \
         any one is enough."
        ["w07-boundary-denies-explicitly", "w31-negated-operator-and-an-absent-key",
         "w50-service-control-policy-of-the-caller", "w59-explicit-deny-beats-a-grant",
         "w69-key-policy-cannot-stop-retiring", "denies/identity-policy", "denies/boundary",
         "denies/session-policy", "denies/scp", "denies/rcp", "denies/endpoint-policy",
         "denies/key-policy-names-a-principal"];
    "S4.8.2" "Denies reach everyone" I_LOGIC
        "Grantees, root users, services and service-linked roles are denied by a key policy like anybody."
        ["w55-deny-everyone-but-one-role", "w59-explicit-deny-beats-a-grant",
         "w82-key-policy-deny-binds-a-service-linked-role", "denies/key-policy-denies-everyone"];
    "S4.8.3" "A Deny that may apply" OWN
        "It leaves access open: there is access unless it applies."
        ["decision/conjunction"];
    "S4.8.4" "Everyone but some ARNs" I_NOTPRINCIPAL
        "A Deny for \"*\" unless aws:PrincipalArn is listed is decided from the snapshot; it hits services as \
         well."
        ["w55-deny-everyone-but-one-role"];

    // Grants
    "S4.9.1" "What a grant gives" K_GRANTS
        "The operations it lists on its key, to its grantee, while its constraints hold."
        ["w57-grant-without-policies", "w58-grant-with-an-encryption-context-subset",
         "w62-cross-account-grant-trusted-through-iam", "w63-cross-account-grant-nobody-vouches-for",
         "w64-grant-issued-by-the-own-account", "w88-grant-to-a-whole-account",
         "grants/user-of-the-keys-account"];
    "S4.9.2" "Who the grantee is" K_CREATE_GRANT
        "A user, a role with all its sessions, a session, or a service; an account root is its root user, and \
         a delegation to others with an identity policy."
        ["w57-grant-without-policies", "w70-grant-to-a-service-for-one-bucket", "w88-grant-to-a-whole-account",
         "grants/service", "grants/account-as-grantee", "grants/retiring-grantee-account",
         "grants/retiring-grantee-account-members", "decision/routes"];
    "S4.9.3" "A grant needs no policy" K_GRANTS
        "In the key's account it works without identity policies and without a gate."
        ["w57-grant-without-policies", "w59-explicit-deny-beats-a-grant", "grants/user-of-the-keys-account",
         "grants/own-account-issued-it", "grants/role-of-the-keys-account", "decision/routes"];
    "S4.9.4" "Grant constraints" API_CREATE_GRANT
        "Encryption context constraints bind operations that have one; a source ARN binds what services do, \
         and what it means for others is not documented."
        ["w58-grant-with-an-encryption-context-subset", "w65-grant-made-through-a-grant",
         "w70-grant-to-a-service-for-one-bucket"];
    "S4.9.5" "Trust across accounts" K_EVALUATION
        "A grantee of another account needs its own account to vouch for the key, by issuing the grant or by \
         an identity policy; without either it stays open."
        ["w62-cross-account-grant-trusted-through-iam", "w63-cross-account-grant-nobody-vouches-for",
         "w64-grant-issued-by-the-own-account", "grants/foreign-user-whose-account-issued-it",
         "grants/foreign-role-whose-account-issued-it", "grants/foreign-user-trusted-by-identity-policy",
         "grants/foreign-role-trusted-by-identity-policy", "decision/routes"];
    "S4.9.6" "Other policies on grantees" K_GRANTS
        "SCPs must allow; whether a boundary or session policy that is silent limits a role's grant is not \
         documented."
        ["w60-grant-under-a-service-control-policy-without-kms", "w61-grant-and-a-silent-boundary",
         "grants/role-of-the-keys-account", "grants/foreign-role-whose-account-issued-it",
         "grants/foreign-role-trusted-by-identity-policy", "decision/routes"];
    "S4.9.7" "Grants made through a grant" K_CREATE_GRANT
        "They give no operation the parent lacks, under constraints as strict; by policy one may make any \
         grant."
        ["w38-grant-operations-condition", "w65-grant-made-through-a-grant",
         "w66-creategrant-by-policy-for-oneself"];
    "S4.9.8" "Retiring" K_RETIRE
        "By the retiring principal, by a grantee whose grant lists it, by root users of the accounts \
         concerned, or there by identity policy; no key policy and no RCP counts."
        ["w48-retiring-principal-outside-of-the-perimeter", "w67-who-may-retire-a-grant",
         "w68-retiring-a-grant-by-identity-policy", "w69-key-policy-cannot-stop-retiring",
         "grants/retiring-principal", "grants/retiring-grantee", "grants/retiring-grantee-account",
         "grants/retiring-grantee-account-members", "grants/retiring-root-users",
         "grants/retiring-by-identity-policy", "denies/key-policy-names-a-principal", "decision/routes"];
    "S4.9.13" "Grants for AWS resources" K_CONDITIONS
        "kms:GrantIsForAWSResource is true only when a service acts for the caller."
        ["w40-grants-for-aws-resources-only"];

    // Other paths
    "S4.10.1" "Actions that IAM alone decides" K_PERMISSIONS
        "Identity policies of the caller's account allow them, within the usual limits; the root user may do \
         them all."
        ["w75-resource-pattern-for-an-action-without-resource", "paths/iam-only", "paths/iam-only-root-user",
         "decision/routes"];
    "S4.11.1" "Services" K_SERVICES
        "A service principal needs a key policy statement or a grant, and nothing else."
        ["w55-deny-everyone-but-one-role", "w70-grant-to-a-service-for-one-bucket",
         "w71-service-principal-for-one-trail", "w72-service-principal-for-anybody", "paths/service",
         "decision/routes"];
    "S4.11.2" "Whose resources a service acts for" K_SERVICES
        "Without a condition on the source, anybody's."
        ["w72-service-principal-for-anybody"];
    "S4.12.1" "ReEncrypt" API_RE_ENCRYPT
        "It needs ReEncryptFrom on the source key and ReEncryptTo on the destination, each decided by itself."
        ["w23-reencrypt-is-not-an-action", "w24-reencrypt-needs-both-keys"];

    // Operations
    "S5.1" "The actions" K_PERMISSIONS
        "KMS has 58, each with a level, a resource, and condition keys of its own."
        ["context/create-key"];
    "S5.2.2" "Encapsulate and Decapsulate" K_PERMISSIONS
        "They are newer than the published tables; condition keys beyond the usual ones stay open."
        ["context/newer-operations"];
    "S5.4.1" "The alias side" K_ALIAS_ACCESS
        "Alias operations need an identity policy on the alias ARN besides the permission on each key; no \
         condition key of KMS is present there."
        ["w76-createalias-without-the-alias-side", "w77-createalias-with-both-sides", "context/alias-side"];
    "S5.4.3" "Lockout check" API_PUT_KEY_POLICY
        "A new key policy must let its author call PutKeyPolicy again, unless the check is bypassed."
        ["w78-lockout-check"];

    // What condition keys are known to be
    "S6.1" "Classes of condition keys" OWN
        "Keys of principal, resource and action are decided from the snapshot; those of session, request and \
         network are open."
        ["w35-source-address-in-bulk", "context/request"];
    "S6.2" "Values from the snapshot" OWN
        "Who calls, tags, aliases, spec and usage are exact; a session tag may override a role's."
        ["w21-resource-aliases-condition", "w35-source-address-in-bulk", "w37-resource-tag-condition",
         "w39-algorithm-the-key-does-not-have", "context/principals", "context/tags", "context/request"];
    "S6.3" "Keys that an action does not have" K_PERMISSIONS
        "They are absent, as is what the kind of key or principal cannot have."
        ["context/absent-keys"];
    "S6.4" "Tags and aliases in a key policy" K_TAGS
        "They are documented for IAM policies only; in a key policy they stay open."
        ["context/in-key-policies"];
    "S6.5" "Too many aliases" K_ABAC
        "With more aliases than the quota of 50, conditions on them stay open."
        ["context/in-key-policies"];
    "S6.6" "Closed lists of values" OWN
        "What a key of this kind can never have as a value, no request has."
        ["w39-algorithm-the-key-does-not-have", "context/request"];
    "S6.7" "Conditional access" OWN
        "Access that some request has and some other has not, is shown with the condition."
        ["w15-gate-with-a-service-condition", "w35-source-address-in-bulk"];
    "S6.10" "One request" OWN
        "What it neither states nor implies is absent."
        ["w15-gate-with-a-service-condition", "context/stated-requests"];
    "S6.11" "Unknown condition keys" OWN
        "In bulk they are open; in one request absent unless it states them."
        ["conditions/unknown-names", "context/stated-requests"];
    "S6.12" "Values of kms:ViaService" K_CONDITIONS
        "They are SERVICE.REGION.amazonaws.com; the service of EBS is ec2."
        ["worlds/aws-managed-keys"];
    "S6.15" "Keys that depend on each other" I_KEYS
        "No request breaks them: aws:ViaAWSService follows from kms:ViaService, and the like."
        ["w36-source-address-through-an-endpoint", "w40-grants-for-aws-resources-only",
         "context/stated-requests"];

    // Tags, Regions, states, AWS managed keys
    "S7.1" "Tags and aliases decide" K_ABAC
        "Who can change a key's tags or aliases can change who has access."
        ["w21-resource-aliases-condition", "w22-request-alias-condition", "w37-resource-tag-condition"];
    "S7.2" "Multi-Region keys share material" K_MRK
        "Primary and replicas are the same key material under separate policies."
        ["w79-multi-region-keys-are-separate"];
    "S7.3" "Key states" K_STATE
        "They are checked apart from authorization; access to a disabled key is access."
        ["w80-disabled-key"];
    "S7.5" "AWS managed keys" K_CONDITIONS
        "Everybody in the account may use them, through their service only; if the policy is not in the \
         snapshot this is assumed."
        ["w73-aws-managed-key", "w74-resource-control-policy-and-an-aws-managed-key", "worlds/aws-managed-keys",
         "worlds/aws-managed-key-of-unknown-service"];
}
