//! Amazon Resource Names and patterns over them (S1.1, S2.4): text into parts, and patterns into yes, no or doubt.
//!
//! An ARN has six parts, `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; the sixth keeps further colons. A pattern is
//! compared part by part, so that a `*` in the Region never runs into the account. Nothing here knows what a policy is,
//! except for its kind, because only IAM policies complete a short pattern (S2.4.3).
//!
//! ```
//! use keywho::arn::{Match, resource_match};
//! use keywho::pattern::tokens;
//! use keywho::policy::document::PolicyKind;
//!
//! let key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
//! let all_of_region = tokens("arn:aws:kms:us-east-1:*:key/*");
//! assert_eq!(resource_match(&all_of_region, key, PolicyKind::Identity), Match::Yes);
//! let no_account = tokens("arn:aws:kms:*:key/*");
//! assert_eq!(resource_match(&no_account, key, PolicyKind::Identity), Match::Doubt("S2.4.4"));
//! ```

mod name;
mod pattern;

pub(crate) use name::short_names;
pub use name::{
    AliasArn, Arn, KeyArn, PrincipalArn, UniqueId, account_of, is_account_id, is_key_id, is_multi_region_id,
    unique_id,
};
pub(crate) use pattern::pattern_parts;
pub use pattern::{ArnPattern, Match, arn_like, resource_match, resourceless_match};
