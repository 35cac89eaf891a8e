//! From the snapshot to facts: everything about strings, ARNs and conditions is finished here.

pub(crate) mod asking;
pub(crate) mod audited;
pub(crate) mod build;
pub(crate) mod classes;
mod concerned;
pub(crate) mod context;
pub(crate) mod id;
mod index;
pub(crate) mod lower;
pub(crate) mod matching;
mod naming;
pub(crate) mod patch;
mod patched;
mod policies;
pub(crate) mod principals;
pub(crate) mod relations;
pub(crate) mod residual;
pub(crate) mod stated;
pub(crate) mod statement;
#[cfg(test)]
pub(crate) mod text;
pub(crate) mod union;
pub(crate) mod view;
pub(crate) mod why;
pub(crate) mod world;
