//! ARNs -> the short names that people use: `role/app (476117583943)`, `alias/payments (476117583943 eu-west-1 7f52a303)`.

use super::style::clean;
use crate::Snapshot;
use std::collections::BTreeMap;

/// Names of the keys of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Names {
    aliases: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// Collects the aliases of all keys.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Names {
        let aliases = snapshot
            .keys
            .iter()
            .map(|key| (key.arn.clone(), key.aliases.clone()));
        Names {
            aliases: aliases.collect(),
        }
    }

    /// The same with the aliases of keys of another snapshot that are not in this one.
    #[must_use]
    pub fn or(mut self, other: Names) -> Names {
        for (arn, aliases) in other.aliases {
            self.aliases.entry(arn).or_insert(aliases);
        }
        self
    }

    /// The short name of a key, from its ARN: alias, account, Region and the beginning of its id.
    #[must_use]
    pub fn key(&self, arn: &str) -> String {
        let mut parts = arn.splitn(6, ':').skip(3);
        let (Some(region), Some(account), Some(resource)) = (parts.next(), parts.next(), parts.next()) else {
            return clean(arn);
        };
        let id = resource.strip_prefix("key/").unwrap_or(resource);
        let name = match self.aliases.get(arn).map(Vec::as_slice) {
            None | Some([]) => return clean(&format!("{id} ({account} {region})")),
            Some([alias]) => alias.clone(),
            Some([alias, others @ ..]) => format!("{alias} +{}", others.len()),
        };
        clean(&format!("{name} ({account} {region} {})", short_id(id)))
    }
}

/// The beginning of a key id: eight characters, which tell the keys of an organization apart.
pub(super) fn short_id(id: &str) -> &str {
    let kept = if id.starts_with("mrk-") { 12 } else { 8 };
    id.get(..kept).unwrap_or(id)
}

/// The short name of a principal of a row: ARN, service name, `account:123456789012` or `*` (S3.1.13).
#[must_use]
pub fn principal(name: &str) -> String {
    if name == "*" {
        return "any principal".to_owned();
    }
    if let Some(account) = name.strip_prefix("account:") {
        return clean(&format!("account {account}"));
    }
    let mut parts = name.splitn(6, ':');
    match (parts.next(), parts.nth(3), parts.next()) {
        (Some("arn"), Some(account), Some(resource)) => clean(&format!("{resource} ({account})")),
        _ => clean(name),
    }
}

/// The name of a policy: a managed policy's ARN is cut down to its last part.
#[must_use]
pub fn policy(name: &str) -> String {
    let last = if name.starts_with("arn:") {
        name.rsplit('/').next()
    } else {
        None
    };
    clean(last.unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_short_and_unmistakable() {
        let names = [
            (
                "arn:aws:iam::476117583943:role/app/payments-app",
                "role/app/payments-app (476117583943)",
            ),
            (
                "arn:aws:sts::476117583943:assumed-role/app/i-1",
                "assumed-role/app/i-1 (476117583943)",
            ),
            ("arn:aws:iam::476117583943:root", "root (476117583943)"),
            ("lambda.amazonaws.com", "lambda.amazonaws.com"),
            ("account:999999999999", "account 999999999999"),
            ("*", "any principal"),
        ];
        for (name, short) in names {
            assert_eq!(principal(name), short);
        }
    }

    #[test]
    fn keys_have_their_aliases() {
        let arn = "arn:aws:kms:eu-west-1:476117583943:key/7f52a303-09b8-4eaa-ac76-82c00dbe54d5";
        let mut names = Names::default();
        assert_eq!(
            names.key(arn),
            "7f52a303-09b8-4eaa-ac76-82c00dbe54d5 (476117583943 eu-west-1)"
        );
        names
            .aliases
            .insert(arn.to_owned(), vec!["alias/a".to_owned(), "alias/b".to_owned()]);
        assert_eq!(names.key(arn), "alias/a +1 (476117583943 eu-west-1 7f52a303)");
        assert_eq!(names.key("*"), "*");
    }
}
