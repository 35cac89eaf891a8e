//! Who is let in: principals, paths, guardrails, denies and grants (S3, S4).

use super::{Clause, source};

clauses! {
    // Principals and what they carry
    "S3.1.1" "Root user" I_LOGIC
        "It has no identity policies and counts as allowed on the identity side; SCPs and RCPs bind it."
        ["paths/root-user-named-by-its-account", "paths/iam-only-root-user", "paths/cross-account-root-user",
         "context/principals",
         "near/who-is-spared"];
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
         "guardrails/scp-binds-member-accounts",
         "near/service-linked-role"];
    "S3.1.6" "AWS service" K_SERVICES
        "A service that calls for itself has no account, no identity policies and no SCPs."
        ["w71-service-principal-for-one-trail", "paths/service", "context/principals",
         "near/service"];
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
        ["w16-gate-for-the-root-user-only", "w85-wildcard-limited-to-the-organization",
         "c17-services-that-call-for-themselves", "context/principals"];
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
        ["w56-endpoint-policy", "decision/conjunction",
         "near/one-element"];
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
         "w03-identity-allow-without-gate", "paths/gate-and-identity-policy",
         "near/how-a-statement-counts"];
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
         "w07-boundary-denies-explicitly", "paths/user-named", "decision/routes",
         "near/how-a-statement-counts"];
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
         "guardrails/boundary-that-is-silent", "guardrails/session-policies", "decision/routes",
         "near/guardrails-of-the-caller"];
    "S4.5.2" "Which identity policies count" I_BOUNDARIES
        "One Allow among the inline, attached and group policies is enough; boundaries and session policies \
         never give anything."
        ["w02-gate-open-and-identity-allow", "w18-group-policy-counts", "paths/gate-without-holder",
         "guardrails/boundary", "guardrails/session-policies",
         "near/one-element"];
    "S4.6.1" "Across accounts both sides must allow" I_CROSS_ACCOUNT
        "The key policy must admit the caller or its account, and the caller's own account must allow by IAM."
        ["w41-cross-account-use-with-both-sides", "w42-cross-account-use-without-identity-allow",
         "w43-foreign-role-named-without-identity-allow", "w44-foreign-session-and-its-boundary",
         "paths/cross-account-through-the-account", "paths/cross-account-named", "paths/cross-account-wildcard",
         "decision/routes",
         "near/another-account"];
    "S4.6.2" "Root user of another account" I_CROSS_ACCOUNT
        "It needs no identity policy."
        ["paths/cross-account-root-user", "paths/cross-account-user-named-with-root", "decision/routes",
         "near/root-of-another-account"];
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
         "denies/scp", "decision/routes", "worlds/guardrails-that-bind", "worlds/guardrails-that-are-off",
         "near/guardrails-of-the-caller", "near/who-is-spared"];
    "S4.7.2" "SCPs never give" O_SCP_EVALUATION
        "An account with a level where no SCP allows KMS has no KMS."
        ["w49-no-service-control-policy-allows-kms", "guardrails/scp-levels"];
    "S4.7.3" "RCPs" K_RCP
        "Their denies protect customer managed keys of member accounts from everyone but service-linked roles; \
         not the retiring of grants."
        ["w47-resource-control-policy-perimeter", "w48-retiring-principal-outside-of-the-perimeter",
         "w74-resource-control-policy-and-an-aws-managed-key", "w81-service-linked-role-is-exempt",
         "denies/rcp", "guardrails/rcp-binds-everybody", "worlds/guardrails-that-bind",
         "worlds/guardrails-that-are-off", "worlds/management-account",
         "near/guardrails-of-the-caller", "near/service", "near/who-is-spared"];
    "S4.7.4" "VPC endpoint policies" K_ENDPOINT
        "A request through an endpoint needs its policy to allow and not to deny; the policy gives nothing."
        ["w36-source-address-through-an-endpoint", "w56-endpoint-policy", "guardrails/endpoint-policy",
         "guardrails/no-endpoint", "denies/endpoint-policy", "decision/conjunction",
         "near/guardrails-of-the-caller"];
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
         "grants/user-of-the-keys-account",
         "near/grants"];
    "S4.9.2" "Who the grantee is" K_CREATE_GRANT
        "A user, a role with all its sessions, a session, or a service; an account root is its root user, and \
         a delegation to others with an identity policy."
        ["w57-grant-without-policies", "w70-grant-to-a-service-for-one-bucket", "w88-grant-to-a-whole-account",
         "c19-grant-to-the-role-of-a-session", "grants/service", "grants/account-as-grantee",
         "grants/retiring-grantee-account", "grants/retiring-grantee-account-members", "decision/routes",
         "near/grant-to-an-account", "near/grants"];
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
         "grants/retiring-by-identity-policy", "denies/key-policy-names-a-principal", "decision/routes",
         "near/who-is-spared"];
    "S4.9.13" "Grants for AWS resources" K_CONDITIONS
        "kms:GrantIsForAWSResource is true only when a service acts for the caller."
        ["w40-grants-for-aws-resources-only"];

    // Other paths
    "S4.10.1" "Actions that IAM alone decides" K_PERMISSIONS
        "Identity policies of the caller's account allow them, within the usual limits; the root user may do \
         them all."
        ["w75-resource-pattern-for-an-action-without-resource", "paths/iam-only", "paths/iam-only-root-user",
         "decision/routes",
         "near/no-key"];
    "S4.11.1" "Services" K_SERVICES
        "A service principal needs a key policy statement or a grant, and nothing else."
        ["w55-deny-everyone-but-one-role", "w70-grant-to-a-service-for-one-bucket",
         "w71-service-principal-for-one-trail", "w72-service-principal-for-anybody", "paths/service",
         "decision/routes",
         "near/service"];
    "S4.11.2" "Whose resources a service acts for" K_SERVICES
        "Without a condition on the source, anybody's."
        ["w72-service-principal-for-anybody"];
    "S4.12.1" "ReEncrypt" API_RE_ENCRYPT
        "It needs ReEncryptFrom on the source key and ReEncryptTo on the destination, each decided by itself."
        ["w23-reencrypt-is-not-an-action", "w24-reencrypt-needs-both-keys"];
}
