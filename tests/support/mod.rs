//! The slow reference evaluator and the seeded world generator that integration tests compare the engine with.
//!
//! Written from the semantics (S2 to S6) alone: one request, one concrete context, loops and three-valued truth;
//! nothing of `keywho` is used. `generate(seed)` makes a world, `requests(&world, &mut rng, n)` asks about it,
//! `files(&world)` is the snapshot of it, `decide(&world, &request)` the answer the engine must give, and
//! `decide_traced` also names the mechanisms without which the answer would be another.
//!
//! Where the semantics leave room, the evaluator reads them so:
//! - A bare role ARN is a session with an unknown name: a session ARN of that role matches U, `aws:userid` is `AROA..:`
//!   and an unknown rest.
//! - A federated user without `federatedBy` is decided for every user of the account; different answers: undetermined.
//! - An account outside the snapshot: identity Allow and boundary U, no denies, no SCPs; its root user passes (S4.6.2).
//! - Key trust asks for the identity Allow alone (S4.9.5), not for boundary and session policy.
//! - A SourceArn constraint is U for a direct call by an IAM grantee, but F for a forward access session, which is a
//!   service call without `aws:SourceArn` (S4.9.4).
//! - `kms:ReEncrypt`: the destination side sees `context` without its encryption context and algorithm, plus
//!   `destinationContext` (S4.12.1).
//! - The alias side of alias operations knows neither RCP nor endpoint policy (S5.4.1).
//! - The endpoint policy also binds operations without resource and RetireGrant (S4.1.1).
//! - `NotResource` matches an operation without resource unless a listed pattern does (S2.4.8).
//! - `NotPrincipal` with Allow: whoever matches an entry, be it by account, is listed (S2.2.19).
//! - Several permissions: one infeasible makes the request implicitly denied, else one explicit deny decides.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test crate uses a part of the support code"
)]

pub mod asking;
pub mod caller;
pub mod cast;
pub mod conditions;
pub mod context;
pub mod decide;
pub mod document;
pub mod generate;
pub mod grants;
pub mod layers;
pub mod mechanisms;
pub mod operations;
pub mod permissions;
pub mod principals;
pub mod requests;
pub mod rng;
pub mod statements;
pub mod text;
pub mod truth;
pub mod values;
pub mod world;
pub mod write;

/// A number that long runs set in the environment, or its default.
pub fn number<N: std::str::FromStr>(name: &str, default: N) -> N {
    let asked = std::env::var(name).ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What the ARNs of a role's sessions begin with.
pub fn begin_of_sessions(role: &str) -> Option<String> {
    let (begin, rest) = role.split_once(":iam::")?;
    let (account, path) = rest.split_once(":role/")?;
    let name = path.rsplit('/').next()?;
    Some(format!("{begin}:sts::{account}:assumed-role/{name}/"))
}

pub use decide::{Decision, decide};
pub use generate::generate;
pub use mechanisms::{Mechanism, decide_traced};
pub use requests::requests;
pub use world::World;
pub use write::{files, write};
