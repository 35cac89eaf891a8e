//! What the owner of an organization says about it: `keywho.toml`.
//!
//! ```
//! let settings = keywho::audit::Settings::parse(
//!     r#"
//!     trusted-accounts = ["999999999999"]
//!     administrators = ["role/KeyAdministrator"]
//!
//!     [[accept]]
//!     rule = "A5"
//!     key = "alias/shared-*"
//!     reason = "the analytics account reads these"
//!     expires = 2027-03-31
//!     "#,
//!     "2026-11-27".parse()?,
//! )?;
//! assert!(settings.trusted.contains("999999999999"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::{Finding, rules};
use crate::Error;
use crate::arn::is_account_id;
use crate::pattern::glob;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use toml::Spanned;

/// Whom to trust, and what to accept.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Accounts of the trust zone besides those of the organization (S8.1).
    pub trusted: BTreeSet<String>,
    /// Principals that are meant to administer keys, as people name them, or patterns of ARNs.
    pub administrators: Vec<String>,
    /// The day from which to count how long ago something was; without it, everything counts as recent.
    pub today: Option<Date>,
    /// Findings that somebody has looked at and lives with.
    pub accepted: Vec<Arc<Acceptance>>,
}

/// A finding that somebody has looked at and lives with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Id of the rule.
    pub rule: String,
    /// The key, by ARN, id or alias, or a pattern of one of them; all keys if left out.
    pub key: Option<String>,
    /// The account the finding is about, or the other one; all accounts if left out.
    pub account: Option<String>,
    /// Everybody whom the finding names must fit this pattern of ARNs; anybody if left out.
    pub principal: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day it holds; without one, for ever.
    pub expires: Option<Date>,
    /// Whether that day is over.
    pub expired: bool,
    /// The line of the settings where it stands, from 1.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    #[serde(default)]
    trusted_accounts: Vec<Spanned<String>>,
    #[serde(default)]
    administrators: Vec<String>,
    #[serde(default)]
    accept: Vec<Accept>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    rule: Spanned<String>,
    key: Option<String>,
    account: Option<String>,
    principal: Option<String>,
    reason: Spanned<String>,
    #[serde(default, deserialize_with = "day")]
    expires: Option<Date>,
}

/// A TOML date, or the same as text.
fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = toml::Value::deserialize(deserializer)?;
    let text = match &text {
        toml::Value::Datetime(day) => day.to_string(),
        toml::Value::String(day) => day.clone(),
        _ => return Err(serde::de::Error::custom("`expires` is a day: 2027-03-31")),
    };
    let day = text
        .parse()
        .map_err(|_| serde::de::Error::custom(format!("`{text}` is no day: write 2027-03-31")))?;
    Ok(Some(day))
}

/// The text of settings, to tell where something stands.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn line<T>(&self, at: &Spanned<T>) -> usize {
        let before = self.0.get(..at.span().start).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    fn error<T>(&self, at: &Spanned<T>, said: &str) -> Error {
        Error::Settings(format!("line {}: {said}", self.line(at)))
    }
}

impl Settings {
    /// Reads the text of `keywho.toml`. `today` decides which acceptances are over.
    ///
    /// # Errors
    /// The text is no TOML, has a field that does not exist, or names a rule or an account that cannot be.
    pub fn parse(text: &str, today: Date) -> Result<Settings, Error> {
        let lines = Lines(text);
        let written: Written = toml::from_str(text).map_err(|error| Error::Settings(error.to_string()))?;
        let mut trusted = BTreeSet::new();
        for id in written.trusted_accounts {
            if !is_account_id(id.get_ref()) {
                let said = format!("`{}` is no account id: write 12 digits", id.get_ref());
                return Err(lines.error(&id, &said));
            }
            trusted.insert(id.into_inner());
        }
        let accepted = written.accept.into_iter();
        let accepted = accepted.map(|accept| accept.checked(&lines, today).map(Arc::new));
        Ok(Settings {
            trusted,
            administrators: written.administrators,
            today: Some(today),
            accepted: accepted.collect::<Result<_, _>>()?,
        })
    }

    /// Marks what is accepted, and returns the acceptances that accept nothing.
    pub(super) fn accept(
        &self,
        findings: &mut [Finding],
        names_of: impl Fn(&str) -> Vec<String>,
    ) -> Vec<Arc<Acceptance>> {
        let mut idle = Vec::new();
        for acceptance in &self.accepted {
            let mut used = false;
            if !acceptance.expired {
                for finding in findings
                    .iter_mut()
                    .filter(|one| acceptance.covers(one, &names_of))
                {
                    finding.accepted.get_or_insert_with(|| Arc::clone(acceptance));
                    used = true;
                }
            }
            if !used {
                idle.push(Arc::clone(acceptance));
            }
        }
        idle
    }
}

impl Accept {
    fn checked(self, lines: &Lines<'_>, today: Date) -> Result<Acceptance, Error> {
        let rule = self.rule.get_ref();
        if !rules().any(|known| known.id == rule) {
            let said = format!("there is no rule `{rule}`: `keywho audit --rules` lists them");
            return Err(lines.error(&self.rule, &said));
        }
        if self.reason.get_ref().trim().is_empty() {
            let said = format!("the acceptance of {rule} has no reason");
            return Err(lines.error(&self.reason, &said));
        }
        Ok(Acceptance {
            line: lines.line(&self.rule),
            rule: self.rule.into_inner(),
            key: self.key,
            account: self.account,
            principal: self.principal,
            reason: self.reason.into_inner(),
            expires: self.expires,
            expired: self.expires.is_some_and(|last| last < today),
        })
    }
}

impl Acceptance {
    fn covers(&self, finding: &Finding, names_of: &impl Fn(&str) -> Vec<String>) -> bool {
        let key = |wanted: &String| {
            let names = finding.key.as_deref().map(names_of).unwrap_or_default();
            names.iter().any(|name| glob(wanted, name))
        };
        let account = |wanted: &String| {
            [&finding.account, &finding.other]
                .into_iter()
                .flatten()
                .any(|one| one == wanted)
        };
        // Of those who are not listed nobody knows whether they fit.
        let all_listed = finding.principals_total == finding.principals.len();
        let principals = |wanted: &String| {
            all_listed
                && !finding.principals.is_empty()
                && finding.principals.iter().all(|one| glob(wanted, &one.principal))
        };
        self.rule == finding.rule.id
            && self.key.as_ref().is_none_or(key)
            && self.account.as_ref().is_none_or(account)
            && self.principal.as_ref().is_none_or(principals)
    }
}
