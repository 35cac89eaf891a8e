//! Findings about policies that no single key has, and about accounts.

use super::{Piece, Telling, fingerprint, key_of, listed};
use crate::answer::StatementRef;
use crate::audit::Finding;
use crate::audit::lower::Texts;
use crate::audit::words::{self, Said};
use crate::facts::id::{AccountId, Basis, KeyId, StatementId};
use crate::facts::view::View;
use crate::query::reasons;
use crate::rules::findings::catalogue::Check;
use crate::rules::findings::{Evidence, FindingRow, On};
use ahash::AHashMap;

/// Where a statement is written: the first places, how many there are, and the account that has them all.
pub(super) struct Places {
    pub(super) first: Vec<StatementRef>,
    pub(super) total: usize,
    account: Option<AccountId>,
}

impl Telling<'_> {
    /// What the rules about policies find, and what was found about accounts of keys, each by the first of its sort.
    pub(super) fn elsewhere(
        &mut self,
        of_policies: Vec<FindingRow>,
        of_accounts: impl Iterator<Item = FindingRow>,
        alike: &[Vec<KeyId>],
    ) -> Vec<Finding> {
        let mut rows = of_policies;
        let sorts: AHashMap<KeyId, &Vec<KeyId>> = alike
            .iter()
            .filter_map(|sort| Some((*sort.first()?, sort)))
            .collect();
        for row in of_accounts {
            let sort = match row.evidence {
                Evidence::Key(key) => sorts.get(&key).copied(),
                _ => None,
            };
            let each = sort.into_iter().flatten().map(|&key| FindingRow {
                evidence: Evidence::Key(key),
                ..row
            });
            rows.extend(each);
        }
        rows.sort_unstable();
        let each = rows.chunk_by(|a, b| (a.check, a.on) == (b.check, b.on));
        each.filter_map(|rows| self.elsewhere_one(rows)).collect()
    }

    fn elsewhere_one(&mut self, rows: &[FindingRow]) -> Option<Finding> {
        let (check, on) = rows.first().map(|row| (row.check, row.on))?;
        let piece = self.piece(on, rows);
        match on {
            On::Statement(statement) => {
                let places = self.places(statement)?;
                Some(self.of_account(check, on, places.account, &piece, (places.first, places.total)))
            }
            On::Account(account) => {
                let statements = self.evidence(&piece);
                let texts = statements.len();
                Some(self.of_account(check, on, Some(account), &piece, (statements, texts)))
            }
            _ => self.on_key(check, on, key_of(on)?, &piece),
        }
    }

    /// Where a statement is written, if no single key has it.
    pub(super) fn places(&self, id: StatementId) -> Option<Places> {
        let Texts {
            first,
            total,
            account,
        } = self.audited.texts(id)?;
        let view = View::of(&self.engine.world);
        let named = first.iter().map(|&(policy, at)| {
            let written = policy.document.statements.get(at);
            let location = written.map_or(policy.document.location, |one| one.location);
            let (file, line) = reasons::place(view, location);
            StatementRef {
                policy: policy.name.clone(),
                sid: written.and_then(|one| one.sid.clone()),
                index: written.map_or(0, |one| one.index),
                file,
                line,
            }
        });
        let mut first: Vec<StatementRef> = named.collect();
        first.sort();
        Some(Places {
            first,
            total: *total,
            account: *account,
        })
    }

    /// The statements that a finding about an account rests on.
    fn evidence(&self, piece: &Piece) -> Vec<StatementRef> {
        let view = View::of(&self.engine.world);
        let each = piece.bases.iter().flat_map(|&(basis, principal)| {
            let Basis::Statement(id) = basis else {
                return Vec::new();
            };
            let held = self.engine.world.principal(principal);
            reasons::written(view, held.into_iter().flat_map(|one| &one.written), id)
        });
        listed(each)
    }

    fn of_account(
        &self,
        check: Check,
        on: On,
        account: Option<AccountId>,
        piece: &Piece,
        (statements, texts): (Vec<StatementRef>, usize),
    ) -> Finding {
        let world = &self.engine.world;
        let account = account
            .and_then(|id| world.account(id))
            .map(|account| account.id.clone());
        let notes: Vec<String> = piece
            .notes
            .iter()
            .cloned()
            .chain(self.keys_named(&piece.keys))
            .collect();
        let said = Said {
            principals: &piece.principals,
            total: piece.total,
            actions: piece.actions,
            statements: &statements,
            texts,
            counts: &piece.counts,
            grants: &[],
            account: account.as_deref(),
            other: None,
            notes: &notes,
            key: None,
        };
        let (file, line) = match statements.first() {
            Some(first) => (first.file.clone(), first.line),
            None => self.place_of_first_key(&piece.keys),
        };
        Finding {
            rule: check.rule(),
            severity: piece.severity,
            certain: piece.certain,
            message: words::message(check.rule(), &said),
            fingerprint: fingerprint(check, &self.content(on, account.as_deref()), on, &said),
            key: None,
            account,
            other: None,
            principals: std::sync::Arc::clone(&piece.principals),
            principals_total: piece.total,
            statements,
            grants: Vec::new(),
            file,
            line,
            accepted: None,
        }
    }

    /// What tells a policy's statement from others, wherever it is written: what it says; else its account.
    fn content(&self, on: On, account: Option<&str>) -> String {
        let written = match on {
            On::Statement(id) => self.audited.texts(id).and_then(|texts| texts.first.first()),
            _ => None,
        };
        let statement = written.and_then(|(policy, at)| Some((policy, policy.document.statements.get(*at)?)));
        let says = statement.and_then(|(policy, one)| {
            let says = one.says()?;
            Some(format!(
                "{:?} {} {says:?}",
                policy.kind, policy.document.variables
            ))
        });
        says.unwrap_or_else(|| account.unwrap_or_default().to_owned())
    }

    /// The first keys of some by their ARNs.
    fn keys_named(&self, keys: &[KeyId]) -> Option<String> {
        let named = keys
            .iter()
            .filter_map(|&key| self.engine.world.key(key))
            .map(|key| key.id.clone());
        (!keys.is_empty()).then(|| words::listed(keys.len(), named))
    }

    fn place_of_first_key(&self, keys: &[KeyId]) -> (String, u32) {
        let first = keys.first().and_then(|&key| self.engine.world.key(key));
        first
            .map(|key| self.place(&key.arn, &[], &[]))
            .unwrap_or_default()
    }
}
