//! The catalogue of findings: what each is called, how much it matters, why, and what to do.
//!
//! The messages have places for what was found: `{who}` principals, `{actions}` their actions or those of the statements,
//! `{statement}` statements, `{grant}` a grant, `{account}` an account, `{other}` another key or account, or a remark.

use crate::model::finding::Severity;

/// One kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `A1` to `A52`, stable.
    pub id: &'static str,
    /// How much it matters where it is certain.
    pub severity: Severity,
    /// In a few words.
    pub title: &'static str,
    /// What was found, with places for names.
    pub message: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

macro_rules! catalogue {
    ($($id:ident $severity:ident $title:literal $message:literal why $why:literal fix $fix:literal source $source:literal;)*) => {
        /// Names of the kinds of findings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Check { $(#[doc = $title] $id,)* }

        impl Check {
            /// All of them, in order.
            pub(crate) const ALL: &'static [Check] = &[$(Check::$id,)*];

            /// What the catalogue says of it.
            pub(crate) fn rule(self) -> &'static Rule {
                match self {
                    $(Check::$id => {
                        const RULE: Rule = Rule {
                            id: stringify!($id),
                            severity: Severity::$severity,
                            title: $title,
                            message: $message,
                            why: $why,
                            fix: $fix,
                            source: $source,
                        };
                        &RULE
                    })*
                }
            }
        }
    };
}

catalogue! {
    A1 Critical "Public key policy"
        "in {statement}, any principal of any AWS account is named: {actions}"
        why "Whoever has an IAM policy that allows it, in whichever account, can use the key."
        fix "Name the principals or accounts, or add a condition with fixed values, such as aws:PrincipalOrgID."
        source "Security Hub KMS.5; KMS Developer Guide, Create a key policy";
    A2 High "Wildcard principal with a weak condition"
        "in {statement}, everyone is named, and what is tested holds nobody back for certain: {actions}"
        why "The statement looks restricted, but its conditions can be met from other accounts: what they test is chosen by the client, is broad, or passes when it is absent."
        fix "Test aws:PrincipalOrgID, aws:PrincipalAccount or kms:CallerAccount by StringEquals with fixed values."
        source "AWS Config rule kms-key-policy-no-public-access; IAM Access Analyzer";
    A3 Medium "Everyone in the own account"
        "in {statement}, every principal of the key's account is let in: {actions}"
        why "A wildcard needs no IAM policy in the key's own account, so principals without any policy have the access, and permissions boundaries may not limit it."
        fix "Name the account's root instead, so that IAM policies decide, or name the roles."
        source "IAM User Guide, Principal; KMS Developer Guide, kms:CallerAccount";
    A4 Low "Key delegated to IAM"
        "the key policy lets IAM policies decide; by them, {who} can use the key{counts}"
        why "Whoever can write IAM policies in the account can give access to the key. It is the default, and should be known. It counts one step more where more than 20 principals, administrators aside, can use the key that way."
        fix "Where only some principals should use the key, name them in the key policy and limit the root statement to administration."
        source "KMS Developer Guide, Default key policy";
    A5 High "Access from another account"
        "{who} of account {account} can {actions}"
        why "Access from another account of the organization should be there on purpose."
        fix "Remove the account or its principals from the key policy, or accept the finding with its reason."
        source "KMS Developer Guide, Allowing users in other accounts to use a KMS key";
    A6 Critical "Access from outside of the organization"
        "{who} of account {account}, which is not known to be of the organization, can {actions}"
        why "Data under the key leaves the trust zone."
        fix "Remove the account from the key policy and the grants, or list it as trusted in keywho.toml."
        source "IAM Access Analyzer; AWS data perimeter guidance";
    A7 Medium "A whole foreign account trusted"
        "in {statement}, account {account} is named as a whole and not its principals: {actions}"
        why "The administrators of the other account decide who of it uses the key."
        fix "Name the roles of the other account that need the key."
        source "KMS Developer Guide, Allowing users in other accounts to use a KMS key";
    A8 Low "Actions that do not work across accounts"
        "in {statement}, account {account} is given actions that work in the key's own account only: {actions}"
        why "They never have an effect (S4.2.1), and mislead whoever reads the policy."
        fix "Leave them out."
        source "KMS Developer Guide, Allowing users in other accounts to use a KMS key";
    A9 High "No organization perimeter"
        "no resource control policy keeps principals outside of the organization from keys of account {account}, and some have access to {other}"
        why "A resource control policy holds for all keys, whatever their key policies say."
        fix "Attach an RCP that denies kms:* to principals whose aws:PrincipalOrgID is not that of the organization."
        source "AWS data perimeter guidance; KMS Developer Guide, Resource control policies";
    A10 High "Service that anybody can drive"
        "by {statement}, {who} can use the key for whatever customer: {actions}"
        why "A service acts for every customer. Without a test of the source, another customer can make it use this key: a confused deputy."
        fix "Test aws:SourceArn or aws:SourceAccount, or a pair of the encryption context that names the resource."
        source "KMS Developer Guide, Permissions for AWS services in key policies";
    A11 Medium "Source of any account"
        "in {statement}, aws:SourceArn is tested with any account: {actions}"
        why "Resources of other customers fit the pattern too."
        fix "Write the account id into the ARN, or test aws:SourceAccount."
        source "KMS Developer Guide, Permissions for AWS services in key policies";
    A12 High "Grant that can be passed on"
        "{grant} lets {who} create further grants for anybody"
        why "Whoever holds it can pass its operations on to anybody, and no policy shows it."
        fix "Revoke it and grant without CreateGrant."
        source "KMS Developer Guide, Grants in AWS KMS";
    A13 Medium "Grant that nobody is to retire"
        "{grant} lets {who} do {actions}, and nobody is named to retire it"
        why "Nobody is there to end it when its task is done."
        fix "Create it with a retiring principal, or with RetireGrant among its operations."
        source "KMS Developer Guide, Grants in AWS KMS";
    A14 High "Grant to another account"
        "{grant} lets {who} of account {account}: {actions}"
        why "A grant reaches past every review of key policies."
        fix "Revoke the grant, or accept the finding with its reason."
        source "IAM Access Analyzer; KMS Developer Guide, Grants in AWS KMS";
    A15 Medium "Broad grant"
        "{grant} is broader than one task: it lets {who} do {actions}"
        why "A grant should hold for one task. Constraints on the encryption context or the source tie it to that."
        fix "Create it with an encryption context or source constraint, for one role."
        source "KMS Developer Guide, Grants in AWS KMS";
    A16 Low "Duplicate grants"
        "{grant} say the same for {who}"
        why "Revoking one of them leaves the other."
        fix "Revoke all but one; give grants a name, so that the same call does not create a second one."
        source "KMS Developer Guide, Grants in AWS KMS";
    A17 Critical "NotPrincipal with Allow"
        "in {statement}, everyone is allowed who is not listed: {actions}"
        why "It is not supported any more, and meant everyone else while it was (S2.2.19)."
        fix "Name the principals that are meant."
        source "IAM User Guide, NotPrincipal";
    A18 Medium "Principal that no longer exists"
        "in {statement}, somebody is named who no longer exists: {other}"
        why "The entry gives nobody access (S2.2.11): it is dead, or the key has lost whoever should use it."
        fix "Remove the entry, or name whoever took the place."
        source "IAM User Guide, Principal";
    A19 Medium "Grant to somebody who no longer exists"
        "{grant} for {who} names a principal that no longer exists"
        why "Nobody can use it, or nobody can retire it."
        fix "Revoke it."
        source "KMS Developer Guide, Grants in AWS KMS";
    A20 Critical "Nobody can manage the key"
        "nobody can change the key policy, the root user included"
        why "Only AWS Support can make the key manageable again (S5.4.3)."
        fix "If an SCP or RCP denies it, exempt somebody there; otherwise ask AWS Support. Keep the account's root in every key policy."
        source "KMS Developer Guide, Default key policy";
    A21 Medium "Access that depends on tags or aliases others can change"
        "{who} can change tags or aliases of the key ({actions}), which decide whether {statement} applies to it"
        why "Whoever changes tags or aliases decides who has access (S7.1)."
        fix "Allow tagging and alias actions to administrators only."
        source "KMS Developer Guide, ABAC for AWS KMS";
    A22 Medium "Anybody may create keys"
        "{who} of account {account} can create keys without any condition"
        why "Whoever creates a key writes its policy (S5.4.2)."
        fix "Allow kms:CreateKey to administrators, or with conditions on tags, usage and origin."
        source "KMS Developer Guide, Creating keys";
    A23 High "Can give itself use of the key"
        "{who} cannot decrypt or sign with the key, but can give that to anybody: {actions}"
        why "Changing the key policy or creating unlimited grants is as good as using the key."
        fix "Limit kms:PutKeyPolicy to administrators, and kms:CreateGrant by kms:GrantIsForAWSResource or kms:GranteePrincipal."
        source "KMS Developer Guide, Best practices for grants";
    A24 High "No separation of duties"
        "{who} can both administer and use the key: {actions}"
        why "Whoever can both read the data and change who may read it answers to nobody."
        fix "Split administration and use between two roles."
        source "AWS security best practices; NIST SP 800-57";
    A25 High "Condition that an absent key passes"
        "in {statement}, ForAllValues is used, which holds when the key is absent: {actions}"
        why "A request without the key is allowed (S2.5.6)."
        fix "Add a Null condition with false for the key, or leave ForAllValues away where the key has one value."
        source "KMS Developer Guide, AWS KMS condition keys";
    A26 Medium "All of KMS to principals that are no administrators"
        "by {statement}, {who} can {actions}"
        why "Nobody but an administrator needs all actions, or all that change policies and create keys."
        fix "List the actions that are needed."
        source "IAM User Guide, Least privilege";
    A27 High "Copies of a key with different users"
        "{who} can decrypt with {other} and not with this key, which has the same key material"
        why "What one copy encrypts, every copy decrypts: the weakest key policy decides (S7.2)."
        fix "Give all copies the same key policy and grants."
        source "KMS Developer Guide, Control access to multi-Region keys";
    A28 Medium "Decryption with all keys"
        "by {statement}, {who} can {actions} on all keys (Security Hub {other})"
        why "It reaches every key that trusts the account, also keys of other accounts and keys to come."
        fix "List the keys, or test aws:ResourceTag or kms:ResourceAliases."
        source "Security Hub KMS.1, KMS.2";
    A29 Info "Condition that never holds"
        "in {statement}, a condition is never met: {other}"
        why "The statement is dead, or says something else than was meant (S2.5.9)."
        fix "Correct or remove it."
        source "IAM User Guide, Conditions with multiple context keys or values";
    A30 Medium "Statement about another key"
        "in {statement}, another key is named: {other}"
        why "It has no effect here (S2.4.6). This happens when a policy is copied."
        fix "Write \"*\" as the resource of key policies."
        source "KMS Developer Guide, Create a key policy";
    A31 Medium "Statement without Resource or Action"
        "nothing comes of {statement}: {other}"
        why "KMS once accepted such statements; they do nothing (S2.1.6), a Deny least of all what it should."
        fix "Add the missing element."
        source "KMS API Reference, PutKeyPolicy";
    A32 Medium "Principal that matches nobody"
        "in {statement}, something is named that is no principal of a key policy: {other}"
        why "Groups, ARNs with wildcards and the like match nobody (S2.2.12)."
        fix "Name users, roles or accounts."
        source "IAM User Guide, Principal";
    A33 Info "Action without effect"
        "in {statement}, an action has no effect: {other}"
        why "It does nothing (S2.3.1, S2.3.3)."
        fix "Correct or remove it; ReEncrypt is kms:ReEncryptFrom and kms:ReEncryptTo."
        source "KMS Developer Guide, AWS KMS permissions";
    A34 Low "Suspicious resource"
        "in {statement}, a resource matches no key, or more than was meant: {other}"
        why "Key ids, alias ARNs and incomplete ARNs do not stand for keys (S2.4.5)."
        fix "Write the key ARN."
        source "KMS Developer Guide, Specifying KMS keys in IAM policy statements";
    A35 Low "Condition or variable that may not do what it says"
        "in {statement}, a condition or variable may not do what it says: {other}"
        why "Such conditions are often never met, or always (S2.5)."
        fix "Correct it as the remark says."
        source "IAM User Guide, Condition operators";
    A36 Low "Tags or aliases in a key policy"
        "in {statement}, tags or aliases of the key are tested: {other}"
        why "Whether it has an effect in a key policy is not documented (S6.4)."
        fix "Move the condition into IAM policies."
        source "KMS Developer Guide, ABAC for AWS KMS";
    A37 Info "IAM policy that the key does not admit"
        "by {statement}, IAM allows {actions} on the key, but the key policy does not let IAM decide on that"
        why "It has no effect (S0.3)."
        fix "Remove it, or name the account in the key policy for these actions."
        source "KMS Developer Guide, Default key policy";
    A38 Info "Grant without effect"
        "{grant} gives {who} nothing: all of it is denied, or not possible with this key"
        why "The grant is dead: a deny or an SCP wins over it (S4.8.2, S4.9.6)."
        fix "Revoke it, or change the policy that denies."
        source "KMS Developer Guide, Troubleshooting AWS KMS permissions";
    A39 Medium "Policy that cannot be understood"
        "what is written in {statement} cannot be understood: {other}"
        why "What it allows or denies is not known, and every answer it touches is uncertain (S2.1.10)."
        fix "Correct it as the remark says."
        source "IAM User Guide, Grammar of the IAM JSON policy language";
    A40 Low "Snapshot incomplete"
        "{other}"
        why "What is missing was assumed, or makes answers uncertain."
        fix "Collect it and ask again."
        source "keywho, coverage";
    A41 Medium "Key on its way out that is still in use"
        "the key is {state}"
        why "Data under it cannot be read, and is lost once it is deleted (S7.3)."
        fix "Cancel the deletion or enable the key, or move its users away first."
        source "Security Hub KMS.3";
    A42 Medium "Rotation is off"
        "automatic rotation is off"
        why "Rotation limits how much data one key material protects. It is not about access, and is commonly asked for."
        fix "aws kms enable-key-rotation"
        source "Security Hub KMS.4; CIS AWS Foundations Benchmark";
    A43 Medium "Deletion not guarded"
        "{who} can take the key away ({actions}), and no deny tests how long it was unused or the waiting period"
        why "Deleting or disabling a key takes all data under it away (S5.4.6)."
        fix "Deny kms:ScheduleKeyDeletion to all but administrators, or unless kms:TrailingDaysWithoutKeyUsage is large."
        source "KMS Developer Guide, Deleting keys";
    A44 Medium "Lockout check can be bypassed"
        "by {statement}, {who} can write key policies without the lockout check: {actions}"
        why "One call with BypassPolicyLockoutSafetyCheck can make the key unmanageable."
        fix "Add the condition Bool kms:BypassPolicyLockoutSafetyCheck false."
        source "KMS Developer Guide, AWS KMS condition keys";
    A45 High "Can take over somebody with access"
        "{who} cannot use the key, but can take over somebody who can, or give itself IAM policies that do"
        why "IAM administrators of the account can take the key (S4.1.3)."
        fix "Limit the IAM actions by a permissions boundary, or name the key's users in the key policy and close the account gate for use."
        source "AWS IAM privilege escalation guidance";
    A46 Medium "Deny that also hits AWS services"
        "in {statement}, callers are denied that lack what is tested, AWS services among them: {actions}"
        why "With a negated operator an absent key counts as different (S2.5.4): services that call for you have no organization and no address."
        fix "Exempt services by Bool aws:PrincipalIsAWSService false and aws:ViaAWSService false; IfExists does not exempt them, as an absent key passes there too."
        source "AWS data perimeter guidance";
    A47 High "Deny with a way around it"
        "{statement} denies kms:Decrypt to {who}, but leaves {actions}"
        why "Re-encrypting under a key of one's own, or granting to somebody else, gets the data all the same."
        fix "Deny kms:ReEncryptFrom and kms:CreateGrant too."
        source "KMS API Reference, ReEncrypt";
    A48 Low "Metadata open to outsiders"
        "{who} of {from}, not known to be of the organization, can look at the key: {actions}"
        why "It tells them of keys, policies and grants."
        fix "Leave the actions out of what other accounts are allowed."
        source "KMS Developer Guide, AWS KMS permissions";
    A49 Medium "One principal from lockout"
        "only {who} can change the key policy; the account's root cannot"
        why "When that principal is deleted, nobody can manage the key (S5.4.3)."
        fix "Add the account's root to the key policy."
        source "KMS Developer Guide, Default key policy";
    A50 Info "Shared through AWS RAM"
        "AWS RAM added {statement}: {actions}"
        why "A second key policy is easily overlooked (S2.1.8)."
        fix "Look at the resource share."
        source "KMS API Reference, GetKeyPolicy";
    A51 Medium "Public key readable where its use is denied"
        "{statement} denies what anybody can do with the public key, and {who} can read it"
        why "Encryption and verification work outside of KMS with the public key (S5.5.3)."
        fix "Deny kms:GetPublicKey too, if the use of the public key is to be controlled."
        source "KMS API Reference, GetPublicKey";
    A52 Low "Old policy version with variables"
        "in {statement}, {other}"
        why "The text ${...} is compared as it stands (S2.7.1)."
        fix "Write \"Version\": \"2012-10-17\"."
        source "IAM User Guide, Version";
}
