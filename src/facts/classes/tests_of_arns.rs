//! Tests on ARNs, found by the ARNs they may tell apart from others, so that not every test is tried on every ARN.

use crate::arn::Arn;
use ahash::AHashMap;
use smallvec::SmallVec;

/// Numbers of tests, by the texts they hold against an ARN.
#[derive(Debug, Default)]
pub(super) struct Finder {
    exact: AHashMap<String, Vec<u32>>,
    in_account: AHashMap<String, Vec<u32>>,
    anywhere: Vec<u32>,
}

impl Finder {
    /// Adds one text of a test: a pattern over ARNs, or an ARN.
    pub(super) fn add(&mut self, test: u32, text: &str) {
        let list = if let Some(account) = only_account(text) {
            self.in_account.entry(account.to_owned()).or_default()
        } else if text.contains(['*', '?', '$']) || Arn::parse(text).is_none() {
            &mut self.anywhere
        } else {
            // Some operators ignore case.
            self.exact.entry(text.to_lowercase()).or_default()
        };
        if list.last() != Some(&test) {
            list.push(test);
        }
    }

    /// The tests that may say something else about this ARN than about others.
    pub(super) fn about(&self, arn: &str, account: &str) -> SmallVec<[u32; 8]> {
        let mut found: SmallVec<[u32; 8]> = self.anywhere.iter().copied().collect();
        found.extend(self.in_account.get(account).into_iter().flatten().copied());
        if !self.exact.is_empty() {
            let exact = self.exact.get(&arn.to_lowercase());
            found.extend(exact.into_iter().flatten().copied());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The only account whose ARNs a pattern may match: before its sixth part nothing is left open.
fn only_account(text: &str) -> Option<&str> {
    if !text.contains(['*', '?', '$']) {
        return None;
    }
    let (head, account) = {
        let mut parts = text.splitn(6, ':');
        let account = parts.by_ref().nth(4)?;
        parts.next()?;
        let end = account.as_ptr().addr() - text.as_ptr().addr();
        (text.get(..end)?, account)
    };
    let open = head.contains(['*', '?', '$']) || account.contains(['*', '?', '$']);
    (!open && head.starts_with("arn:") && !account.is_empty()).then_some(account)
}
