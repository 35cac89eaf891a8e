//! What the rules found -> findings in names, one for each key that it holds for.

mod elsewhere;

use super::lower::{self, Audited, Holder};
use super::words::{self, Said};
use super::{Finding, Holding, Settings};
use crate::answer::{Access, GrantRef, StatementRef};
use crate::condition::formula::FormulaId;
use crate::engine::{Engine, Folded, Pair};
use crate::facts::audited::Sure;
use crate::facts::id::{AccountId, Basis, GrantId, KeyId, Mask, PrincipalId, StatementId};
use crate::facts::view::View;
use crate::facts::world::Kind;
use crate::model::action::ActionSet;
use crate::model::finding::Severity;
use crate::model::key::Key;
use crate::model::snapshot::Snapshot;
use crate::query::reasons;
use crate::rules::findings::catalogue::Check;
use crate::rules::findings::{self, Evidence, FindingRow, On};
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How many sorts of keys the rules look at together.
const TOGETHER: usize = 16;

/// How many statements or grants a finding lists.
const LISTED: usize = 20;

/// What a finding says wherever it holds.
struct Piece {
    severity: Severity,
    certain: bool,
    principals: Arc<[Holding]>,
    total: usize,
    actions: ActionSet,
    /// Statements, with a principal whose policies may hold them.
    statements: Vec<(StatementId, Option<PrincipalId>)>,
    grants: Vec<GrantId>,
    keys: Vec<KeyId>,
    /// Texts that the finding repeats.
    notes: Vec<String>,
}

/// By which statements and grants a cell gives some actions.
type Bases = Arc<[Basis]>;

struct Telling<'a> {
    engine: &'a Engine,
    audited: &'a Audited<'a>,
    keys: &'a AHashMap<&'a str, &'a Key>,
    bases: AHashMap<(*const Folded, Mask), Bases>,
}

/// Everything that the rules find.
pub(super) fn everything(
    engine: &Engine,
    snapshot: &Snapshot,
    settings: &Settings,
    administrators: &AHashSet<PrincipalId>,
) -> Vec<Finding> {
    let keys: AHashMap<&str, &Key> = snapshot.keys.iter().map(|key| (key.arn.as_str(), key)).collect();
    let alike = lower::alike(engine);
    let of_some = |sorts: &[Vec<KeyId>]| {
        let firsts: Vec<KeyId> = sorts.iter().filter_map(|sort| sort.first().copied()).collect();
        let audited = Audited::keys(engine, settings, administrators, &firsts);
        let mut telling = Telling {
            engine,
            audited: &audited,
            keys: &keys,
            bases: AHashMap::new(),
        };
        let mut rows = findings::of_keys(&audited.facts);
        rows.sort_unstable();
        let each = rows.chunk_by(|a, b| (a.check, a.on) == (b.check, b.on));
        let found: Vec<Finding> = each.flat_map(|rows| telling.finding(rows, sorts)).collect();
        // One finding for an account, whatever the number of its keys.
        rows.retain(|row| key_of(row.on).is_none());
        (found, rows)
    };
    let parts: Vec<(Vec<Finding>, Vec<FindingRow>)> = alike.par_chunks(TOGETHER).map(of_some).collect();
    let (found, rows): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let mut found: Vec<Finding> = found.into_iter().flatten().collect();
    let audited = Audited::policies(engine, settings, administrators);
    let mut telling = Telling {
        engine,
        audited: &audited,
        keys: &keys,
        bases: AHashMap::new(),
    };
    found.extend(telling.elsewhere(rows.into_iter().flatten(), &alike));
    found
}

impl Telling<'_> {
    /// The finding that some rows make, for each key of its sort.
    fn finding(&mut self, rows: &[FindingRow], sorts: &[Vec<KeyId>]) -> Vec<Finding> {
        let Some(first) = rows.first() else {
            return Vec::new();
        };
        let piece = self.piece(first.on, rows);
        let sort = sorts
            .iter()
            .find(|sort| sort.first() == key_of(first.on).as_ref());
        let keys = sort.into_iter().flatten();
        keys.filter_map(|&key| self.on_key(first.check, first.on, key, &piece))
            .collect()
    }

    /// What some rows have in common for all keys of a sort.
    fn piece(&mut self, on: On, rows: &[FindingRow]) -> Piece {
        let severity = rows
            .iter()
            .map(|row| row.severity)
            .max()
            .unwrap_or(Severity::Info);
        let worst = || rows.iter().filter(|row| row.severity == severity);
        let mut piece = Piece {
            severity,
            certain: worst().any(|row| row.sure == Sure::Certain),
            principals: Arc::default(),
            total: 0,
            actions: ActionSet::EMPTY,
            statements: Vec::new(),
            grants: Vec::new(),
            keys: Vec::new(),
            notes: Vec::new(),
        };
        if let On::KeyStatement(_, statement) | On::Statement(statement) = on {
            piece.statements.push((statement, None));
        }
        if let On::KeyGrant(_, grant) = on {
            piece.grants.push(grant);
        }
        let mut holdings: Vec<Holding> = Vec::new();
        for row in rows {
            match row.evidence {
                Evidence::Itself => {}
                Evidence::Principal(principal, mask) => {
                    piece.actions |= mask;
                    piece.total += 1;
                    holdings.extend(self.holding(principal, None, mask));
                }
                Evidence::Key(key) => piece.keys.push(key),
                Evidence::Note(note) => piece.notes.extend(self.audited.note(note).map(str::to_owned)),
                Evidence::Says(text) => piece.notes.push(text.to_owned()),
                Evidence::Statement(statement, mask) => {
                    piece.statements.push((statement, None));
                    piece.actions |= mask;
                }
                Evidence::Grant(grant, mask) => {
                    piece.grants.push(grant);
                    piece.actions |= mask;
                }
                Evidence::Holder(holder, mask) => {
                    piece.actions |= mask;
                    if let Some(holder) = self.audited.holder(holder) {
                        self.held(&mut piece, &mut holdings, holder, mask);
                    }
                }
            }
        }
        holdings.sort_by(|a, b| a.principal.cmp(&b.principal));
        holdings.truncate(lower::NAMED);
        piece.principals = holdings.into();
        unique(&mut piece.statements);
        unique(&mut piece.grants);
        let mut said = AHashSet::new();
        piece.notes.retain(|note| said.insert(note.clone()));
        piece
    }

    /// Adds who has access, and by what the first of them has.
    fn held(&mut self, piece: &mut Piece, holdings: &mut Vec<Holding>, holder: &Holder<'_>, mask: Mask) {
        piece.total += holder.count;
        let first = holder.first.iter().take(lower::NAMED);
        holdings.extend(first.filter_map(|&(principal, folded)| self.holding(principal, folded, mask)));
        // What the finding is about says by what, where it is a statement or a grant.
        let says_itself = piece.statements.len() + piece.grants.len() > LISTED;
        let Some(&(principal, Some(folded))) = holder.first.first().filter(|_| !says_itself) else {
            return;
        };
        let Some(key) = holder.key else {
            return;
        };
        let pair = Pair {
            principal,
            key,
            folded,
        };
        for basis in self.bases(pair, mask).iter() {
            match *basis {
                Basis::Statement(statement) => piece.statements.push((statement, Some(principal))),
                Basis::Grant(grant) => piece.grants.push(grant),
                Basis::Nothing => {}
            }
        }
    }

    fn holding(&self, principal: PrincipalId, folded: Option<&Folded>, mask: Mask) -> Option<Holding> {
        let named = self.engine.world.principal(principal)?;
        Some(Holding {
            principal: named.name.clone(),
            actions: mask,
            condition: folded.and_then(|folded| self.condition(folded, mask, named.kind == Kind::Service)),
        })
    }

    /// Under which condition a cell gives those of some actions that it does not always give.
    fn condition(&self, folded: &Folded, mask: Mask, service: bool) -> Option<String> {
        let mut parts = folded.access.iter();
        let &(_, formula) =
            parts.find(|(actions, formula)| actions.intersects(mask) && *formula != FormulaId::TRUE)?;
        match self.engine.access(formula, service) {
            Access::Always => None,
            Access::Conditional { condition, .. } => Some(condition.short()),
        }
    }

    fn bases(&mut self, pair: Pair<'_>, mask: Mask) -> Bases {
        let at = (std::ptr::from_ref(pair.folded), mask);
        if let Some(known) = self.bases.get(&at) {
            return Arc::clone(known);
        }
        let ways = self.engine.ways(pair, mask);
        let rows = ways.iter().filter(|(actions, _)| actions.intersects(mask));
        let mut bases: Vec<Basis> = rows
            .flat_map(|(_, rows)| rows.iter().flat_map(|row| [row.by, row.with]))
            .collect();
        unique(&mut bases);
        let bases: Bases = bases.into();
        self.bases.insert(at, Arc::clone(&bases));
        bases
    }

    /// The finding for one key.
    fn on_key(&self, check: Check, on: On, key: KeyId, piece: &Piece) -> Option<Finding> {
        let world = &self.engine.world;
        let view = View::of(world);
        let of = world.key(key)?;
        let statements = piece.statements.iter().flat_map(|&(id, principal)| {
            let held = principal.and_then(|id| world.principal(id));
            let written = of
                .written
                .iter()
                .chain(held.into_iter().flat_map(|one| &one.written));
            reasons::written(view, written, id)
        });
        let mut statements: Vec<StatementRef> = statements.collect();
        unique(&mut statements);
        statements.truncate(LISTED);
        let texts = statements.len();
        self.on_key_by(check, on, key, piece, (statements, texts))
    }

    /// The same, by statements of which some are given.
    fn on_key_by(
        &self,
        check: Check,
        on: On,
        key: KeyId,
        piece: &Piece,
        (statements, texts): (Vec<StatementRef>, usize),
    ) -> Option<Finding> {
        let world = &self.engine.world;
        let view = View::of(world);
        let of = world.key(key)?;
        let grants = piece
            .grants
            .iter()
            .filter_map(|&id| reasons::grant_named(view, id));
        let grants: Vec<GrantRef> = grants.take(LISTED).collect();
        let account_id = |id: AccountId| world.account(id).map(|account| account.id.clone());
        let other = match on {
            On::KeyAccount(_, account) => account_id(account),
            On::KeyKey(_, other) => world.key(other).map(|key| key.arn.clone()),
            _ => None,
        };
        let said = Said {
            principals: &piece.principals,
            total: piece.total,
            actions: piece.actions,
            statements: &statements,
            texts,
            grants: &grants,
            account: None,
            other: other.as_deref(),
            notes: &piece.notes,
        };
        let (file, line) = self.place(&of.arn, &statements, &grants);
        Some(Finding {
            rule: check.rule(),
            severity: piece.severity,
            certain: piece.certain,
            message: words::message(check.rule(), &said),
            fingerprint: fingerprint(check, &of.arn, on, &said),
            key: Some(of.arn.clone()),
            account: account_id(of.account),
            other,
            principals: Arc::clone(&piece.principals),
            principals_total: piece.total,
            statements,
            grants,
            file,
            line,
            accepted: None,
        })
    }

    /// Where to look first: at a statement of the key's own policy, a grant, another statement, the policy, or the key.
    fn place(&self, arn: &str, statements: &[StatementRef], grants: &[GrantRef]) -> (String, u32) {
        let known = self.keys.get(arn);
        let of_key = |one: &&StatementRef| {
            known.is_some_and(|key| key.policies.iter().any(|own| own.name == one.policy))
        };
        let statement = statements.iter().find(of_key).map(|one| (&one.file, one.line));
        let grant = grants.first().map(|one| (&one.file, one.line));
        let any = statements.first().map(|one| (&one.file, one.line));
        let named = statement.or(grant).or(any).filter(|(file, _)| !file.is_empty());
        if let Some((file, line)) = named {
            return (file.clone(), line);
        }
        let view = View::of(&self.engine.world);
        let locations = known.into_iter().flat_map(|key| {
            let policies = key.policies.iter().map(|policy| policy.document.location);
            policies.chain([key.location])
        });
        let mut places = locations.map(|location| reasons::place(view, location));
        places.find(|(file, _)| !file.is_empty()).unwrap_or_default()
    }
}

/// The key that a finding is about.
fn key_of(on: On) -> Option<KeyId> {
    match on {
        On::Key(key)
        | On::KeyAccount(key, _)
        | On::KeyStatement(key, _)
        | On::KeyGrant(key, _)
        | On::KeyKey(key, _) => Some(key),
        On::Statement(_) | On::Account(_) => None,
    }
}

/// A text that stays the same as long as the finding does: neither lines nor names of files are in it.
fn fingerprint(check: Check, key: &str, on: On, said: &Said<'_>) -> String {
    let mut parts = vec![check.rule().id, key, said.other.unwrap_or_default()];
    let index;
    match on {
        On::KeyStatement(..) | On::Statement(_) => {
            if let Some(statement) = said.statements.first() {
                index = statement.index.to_string();
                parts.push(&statement.policy);
                parts.push(statement.sid.as_deref().unwrap_or(&index));
            }
        }
        On::KeyGrant(..) => parts.extend(said.grants.first().map(|grant| grant.id.as_str())),
        On::Key(_) | On::KeyAccount(..) | On::KeyKey(..) | On::Account(_) => {}
    }
    let digest = Sha256::digest(parts.join("\n"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Sorted, and each once.
fn unique<T: Ord>(all: &mut Vec<T>) {
    all.sort_unstable();
    all.dedup();
}
