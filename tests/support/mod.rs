//! The slow reference evaluator and the seeded world generator that integration tests compare the engine with.
//! Written from the semantics (S2 to S6) alone: one request, one concrete context, loops and three-valued truth; nothing of `keywho` is used.

#![allow(dead_code, unreachable_pub, reason = "each test crate uses a part of the support code")]

pub mod caller;
pub mod cast;
pub mod conditions;
pub mod context;
pub mod decide;
pub mod document;
pub mod generate;
pub mod grants;
pub mod mechanisms;
pub mod operations;
pub mod principals;
pub mod requests;
pub mod rng;
pub mod statements;
pub mod text;
pub mod truth;
pub mod values;
pub mod world;
pub mod write;

pub use decide::{Decision, decide};
pub use mechanisms::{Mechanism, decide_traced};
pub use world::World;
pub use write::files;
pub use generate::generate;
pub use requests::requests;
