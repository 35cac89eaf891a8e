//! What policies say: ground rules, names, documents and their elements, conditions (S0-S2).

use super::{Clause, source};

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
    "S1.7" "ARNs of principals" I_IDS
        "The ARN of a role session names the role without its path, so that of a role nobody listed the ARN is \
         known but for its path."
        ["c18-session-that-aws-makes", "context/principals"];
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
        ["w53-notprincipal-without-the-account", "w54-notprincipal-and-a-boundary",
         "c21-twin-of-one-that-a-deny-leaves-out", "principals/not-principal"];
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
        "What they are compared with stays open; a resource pattern that one value of its only variable makes match is \
         a comparison with that value."
        ["conditions/open-variables", "statements/variables"];
}
