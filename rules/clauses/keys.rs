//! What keys and requests are: operations, what condition keys are known to be, tags, states (S5-S7).

use super::{Clause, source};

clauses! {
    // Operations
    "S5.1" "The actions" K_PERMISSIONS
        "KMS has 58, each with a level, a resource, and condition keys of its own."
        ["context/create-key"];
    "S5.2.2" "Encapsulate and Decapsulate" K_PERMISSIONS
        "They are newer than the published tables; condition keys beyond the usual ones stay open."
        ["context/newer-operations"];
    "S5.3.1" "Key administrators" K_DEFAULT
        "The console's statement for administrators changes the key and its policy and makes grants, and uses nothing."
        ["audits/a23-administrator", "audits/a26b-all-in-key-policy"];
    "S5.4.1" "The alias side" K_ALIAS_ACCESS
        "Alias operations need an identity policy on the alias ARN besides the permission on each key; no \
         condition key of KMS is present there."
        ["w76-createalias-without-the-alias-side", "w77-createalias-with-both-sides", "context/alias-side"];
    "S5.4.2" "Creating a key" K_PERMISSIONS
        "Whoever creates a key writes its policy, and so decides everything."
        ["audits/a22-create-key"];
    "S5.4.3" "Lockout check" API_PUT_KEY_POLICY
        "A new key policy must let its author call PutKeyPolicy again, unless the check is bypassed."
        ["w78-lockout-check"];
    "S5.4.6" "Deletion" K_STATE
        "Deleting or disabling a key takes all data under it away."
        ["audits/a43-not-guarded"];
    "S5.5.2" "Operations a key cannot do" K_PERMISSIONS
        "Permission for them is there and of no use: rows leave them out unless asked for."
        ["audits/a51-public-key"];
    "S5.5.3" "Public halves" K_PERMISSIONS
        "Whoever has the public key encrypts and verifies outside of KMS."
        ["audits/a51-public-key"];

    // What condition keys are known to be
    "S6.1" "Classes of condition keys" OWN
        "Keys of principal, resource and action are decided from the snapshot; those of session, request and \
         network are open."
        ["w35-source-address-in-bulk", "context/request"];
    "S6.2" "Values from the snapshot" OWN
        "Who calls, tags, aliases, spec and usage are exact; a session tag may override a role's."
        ["w21-resource-aliases-condition", "w35-source-address-in-bulk", "w37-resource-tag-condition",
         "w39-algorithm-the-key-does-not-have", "c20-sessions-told-apart-by-user-id", "context/principals",
         "context/tags", "context/request"];
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
    "S6.8" "The same question twice" OWN
        "Two conditions that test the same thing of a request are both met or both not; what nobody knows is \
         neither."
        ["c01-same-condition-in-allow-and-deny"];
    "S6.9" "Several ways" OWN
        "One way without a condition makes the row unconditional; the others are listed as reasons too."
        ["c14-one-way-covers-another"];
    "S6.10" "One request" OWN
        "What it neither states nor implies is absent."
        ["w15-gate-with-a-service-condition", "context/stated-requests"];
    "S6.11" "Unknown condition keys" OWN
        "In bulk they are open; in one request absent unless it states them."
        ["conditions/unknown-names", "context/stated-requests"];
    "S6.12" "Values of kms:ViaService" K_CONDITIONS
        "They are SERVICE.REGION.amazonaws.com; the service of EBS is ec2."
        ["worlds/aws-managed-keys"];
    "S6.13" "What a new grant may hold" K_CONDITIONS
        "Conditions on operations, grantee and constraints of a new grant stay with the permission to create one."
        ["w38-grant-operations-condition"];
    "S6.14" "Encryption context and the caller" K_CONDITIONS
        "A pair that must equal a variable is compared with the value that the variable has for each principal."
        ["w33-policy-variable-in-a-condition"];
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
