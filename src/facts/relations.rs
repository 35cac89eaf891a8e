//! The contract with the rules: every input relation, one sentence each.

use super::id::{
    AccountId, Element, GrantId, GranteeKind, KeyId, LevelId, Mask, MatchKind, PolicyId, PrincipalId,
    StatementId, TestId,
};
use super::union::{Names, Rename};

macro_rules! rows {
    ($($column:ident)+) => {
        impl<$($column: Rename),+> Rename for ($($column,)+) {
            #[expect(non_snake_case, reason = "a column is called like its type")]
            fn renamed(self, names: &mut Names<'_>) -> Self {
                let ($($column,)+) = self;
                ($($column.renamed(names),)+)
            }
        }
    };
}

rows!(A);
rows!(A B);
rows!(A B C);
rows!(A B C D);

macro_rules! relations {
    ($($(#[$doc:meta])* $name:ident: ($($column:ty),+),)*) => {
        /// All facts about a snapshot, or about one principal and one key of it.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Facts {
            $($(#[$doc])* pub(crate) $name: Vec<($($column,)+)>,)*
        }

        impl Facts {
            /// How many facts there are.
            pub(crate) fn len(&self) -> usize {
                [$(self.$name.len()),*].iter().sum()
            }

            /// Adds facts under other names.
            pub(super) fn add_renamed(&mut self, facts: &Facts, names: &mut Names<'_>) {
                $(self.$name.extend(facts.$name.iter().map(|&row| row.renamed(names)));)*
                // What is said of accounts is said again for each key.
                fn once<T: Ord>(rows: &mut Vec<T>) {
                    rows.sort_unstable();
                    rows.dedup();
                }
                once(&mut self.scp_member);
                once(&mut self.scp_level);
                once(&mut self.scp_attached);
                once(&mut self.rcp_member);
                once(&mut self.rcp_reaches);
            }
        }

        #[cfg(test)]
        impl Facts {
            /// Adds a row in text form; `None` when there is no such relation or a column does not parse.
            pub(crate) fn add_text(&mut self, names: &mut super::text::Names, relation: &str, columns: &[&str]) -> Option<()> {
                use super::text::Column as _;
                let mut columns = columns.iter();
                match relation {
                    $(stringify!($name) => self.$name.push(($(<$column>::parse(names, columns.next()?)?,)+)),)*
                    _ => return None,
                }
                columns.next().is_none().then_some(())
            }
        }
    };
}

relations! {
    // Principals
    /// Principal belongs to account; service principals belong to none (S4.2.1).
    in_account: (PrincipalId, AccountId),
    /// Principal is the root user of its account (S3.1.1).
    root_user: (PrincipalId),
    /// Principal is an AWS service calling directly (S3.1.6).
    service_caller: (PrincipalId),
    /// Principal is a service-linked role (S3.1.5).
    service_linked: (PrincipalId),
    /// Principal holds identity policy: inline, attached, or through a group (S4.5.2).
    holds: (PrincipalId, PolicyId),
    /// Principal has permissions boundary.
    bounded: (PrincipalId, PolicyId),
    /// Principal is a session made with session policy.
    limited: (PrincipalId, PolicyId),
    // Organization
    /// Account is a member account of an organization with SCPs (S4.7.1).
    scp_member: (AccountId),
    /// Account has level on its path from the organization root.
    scp_level: (AccountId, LevelId),
    /// SCP is attached to level.
    scp_attached: (LevelId, PolicyId),
    /// Account is a member account of an organization with RCPs (S4.7.3).
    rcp_member: (AccountId),
    /// RCP is attached to a level on the path of account.
    rcp_reaches: (AccountId, PolicyId),
    // Keys
    /// Key belongs to account.
    key_in: (KeyId, AccountId),
    /// Key is customer managed (S4.7.3).
    customer_key: (KeyId),
    /// What stands for the resource of account in actions that name no key, or that name an alias (S4.10.1, S5.4.1).
    keyless: (KeyId, AccountId, Mask),
    // Statements
    /// Statement of the key's policy allows actions on the key; its principal element is not looked at.
    key_allows: (KeyId, StatementId, Mask),
    /// Statement of the key's policy denies actions on the key; its principal element is not looked at.
    key_denies: (KeyId, StatementId, Mask),
    /// Statement of policy allows actions on key.
    policy_allows: (PolicyId, KeyId, StatementId, Mask),
    /// Statement of policy denies actions on key.
    policy_denies: (PolicyId, KeyId, StatementId, Mask),
    /// Principal element of statement matches principal (S2.2.4-S2.2.11, S2.2.17-S2.2.19).
    names_principal: (StatementId, PrincipalId, MatchKind),
    /// Principal element of statement names account (S2.2.3).
    names_account: (StatementId, AccountId),
    /// Principal element of statement is a wildcard (S2.2.1, S2.2.2).
    names_anyone: (StatementId),
    /// Statement has a condition on `aws:PrincipalArn` (S4.4.5).
    tests_principal_arn: (StatementId),
    /// Statement applies to those principals only that test admits.
    asks: (StatementId, TestId),
    /// Principal may pass test.
    admits: (TestId, PrincipalId),
    /// The request comes through an endpoint with this policy (S4.7.4).
    endpoint: (PolicyId),
    // Grants
    /// Grant on key lists operations.
    grant: (GrantId, KeyId, Mask),
    /// Grant on key may be retired; it stands for all grants on key that the same accounts may retire (S4.9.8).
    retirable: (GrantId, KeyId),
    /// Grant was issued by account.
    issued_by: (GrantId, AccountId),
    /// Grantee principal of grant is principal.
    grantee: (GrantId, PrincipalId, GranteeKind),
    /// Grantee principal of grant is the root of account (S4.9.2).
    grantee_account: (GrantId, AccountId),
    /// Retiring principal of grant is principal.
    retiring: (GrantId, PrincipalId),
    /// Retiring principal of grant is the root of account.
    retiring_account: (GrantId, AccountId),
    // One request that is explained, element by element
    /// The request is for actions on key by principal.
    asked: (PrincipalId, KeyId, Mask),
    /// Policy stands on key.
    stands_on: (PolicyId, KeyId),
    /// Policy has statement, whatever it is about.
    has: (PolicyId, StatementId),
    /// Statement may be an Allow.
    may_allow: (StatementId),
    /// Principal element of statement matches the caller in this way.
    named_as: (StatementId, MatchKind),
    /// The request does not meet this element of statement.
    fails: (StatementId, Element),
    /// The request does not meet this element of grant.
    grant_fails: (GrantId, Element),
}
