//! The worked cases W1 to W88 (S9) as far as they are decisions on one request, asked of the reference evaluator.

mod accounts;
mod conditions;
mod grants;
mod policies;
mod services;

use super::support::Decision;
use super::support::cast::{A, B, Cast, X, iam, session};
use serde_json::json;

fn u() -> String {
    iam(A, "user/u")
}

fn v() -> String {
    iam(A, "user/v")
}

fn r() -> String {
    iam(A, "role/R")
}

fn s() -> String {
    iam(A, "role/S")
}

fn rb() -> String {
    iam(B, "role/RB")
}

fn rx() -> String {
    iam(X, "role/RX")
}

fn owner() -> String {
    iam(A, "root")
}

fn r1() -> String {
    session(A, "R", "s1")
}

/// Asks for Decrypt in an empty context.
fn decrypt(cast: &Cast, principal: &str) -> Decision {
    cast.ask(principal, "Decrypt", json!({}))
}
