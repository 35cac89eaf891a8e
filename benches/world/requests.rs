//! Requests to a generated organization.

use super::{Random, World};
use serde_json::{Value, json};

/// How many pairs of a principal and a key the requests are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distinct {
    /// A hundred.
    Few,
    /// So many that most requests are the first about their pair.
    Many,
}

/// What the requests say of their context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: what policies ask of the request is absent.
    Plain,
    /// Some keys are stated.
    Stated,
    /// Some keys are stated, and whatever is not is unknown, so that answers have residuals.
    Open,
}

const ACTIONS: [&str; 6] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:DescribeKey",
    "kms:Decrypt",
    "kms:Sign",
];

/// The `n`-th request.
pub(crate) fn request(world: &World, distinct: Distinct, kind: Kind, n: usize) -> Value {
    let pair = match distinct {
        Distinct::Few => n % 100,
        Distinct::Many => n,
    };
    let mut random = Random(u64::try_from(pair).unwrap().wrapping_mul(0x2545_f491_4f6c_dd1d));
    let home = random.below(world.roles.len());
    let roles = &world.roles[home];
    let role = &roles[random.below(roles.len())];
    let away = if random.percent(90) {
        home
    } else {
        random.below(world.keys.len())
    };
    let keys = &world.keys[away];
    let key = &keys[random.below(keys.len())];
    let mut request = json!({"id": n.to_string(), "principal": role, "action": ACTIONS[n % ACTIONS.len()], "resource": key});
    if kind != Kind::Plain {
        request["context"] =
            json!({"aws:SourceIp": format!("203.0.113.{}", n % 256), "aws:UserAgent": "aws-sdk"});
    }
    if kind == Kind::Open {
        request["openContext"] = json!(true);
    }
    request
}
