//! What the rules found -> findings in names, one for each key that it holds for.

mod elsewhere;

use super::lower::{self, Audited, Holder, Premises};
use super::words::{self, Said};
use super::{Finding, Holding, Settings};
use crate::answer::{Access, GrantRef, StatementRef};
use crate::arn::account_of;
use crate::condition::formula::FormulaId;
use crate::engine::{Engine, Folded, Pair};
use crate::facts::audited::{HolderId, Sure};
use crate::facts::id::{AccountId, Basis, GrantId, KeyId, Mask, PrincipalId, StatementId};
use crate::facts::view::View;
use crate::facts::world::{Kind, Principal};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::{self, Severity};
use crate::query::reasons;
use crate::rules::findings::catalogue::Check;
use crate::rules::findings::{self, Evidence, FindingRow, On};
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many sorts of keys the rules look at together.
const TOGETHER: usize = 64;

/// How many sets of keys the rules look at together that look at each key by itself.
const APART: usize = 64;

/// How many statements or grants a finding lists.
const LISTED: usize = 20;

/// What a finding says wherever it holds.
struct Piece {
    severity: Severity,
    certain: bool,
    principals: Arc<[Holding]>,
    total: usize,
    actions: ActionSet,
    /// How many can do each action.
    counts: BTreeMap<Action, usize>,
    /// Statements that it is about.
    statements: Vec<StatementId>,
    /// Grants that it is about.
    grants: Vec<GrantId>,
    keys: Vec<KeyId>,
    /// Texts that the finding repeats.
    notes: Vec<String>,
    /// By what the access is there that it is about.
    bases: Vec<(Basis, PrincipalId)>,
}

/// By which statements and grants a cell gives some actions.
type Bases = Arc<[Basis]>;

struct Telling<'a> {
    engine: &'a Engine,
    audited: &'a Audited<'a>,
    premises: &'a Premises<'a>,
    bases: AHashMap<(*const Folded, Mask), Bases>,
}

/// What the rules find about keys and who has access to them, about policies, and about accounts.
pub(super) fn of_keys(engine: &Engine, settings: &Settings, premises: &Premises<'_>) -> Vec<Finding> {
    let alike = lower::alike(engine);
    let of_some = |sorts: &[Vec<KeyId>]| {
        let firsts: Vec<KeyId> = sorts.iter().filter_map(|sort| sort.first().copied()).collect();
        let audited = Audited::keys(engine, settings, premises, &firsts);
        let mut rows = findings::of_keys(&audited.facts, |key, post| audited.idle(key, post));
        let found = told(engine, &audited, premises, &mut rows, sorts);
        // One finding for an account, whatever the number of its keys.
        rows.retain(|row| key_of(row.on).is_none());
        (found, rows)
    };
    let of_policies = || {
        let audited = Audited::policies(engine, settings, premises);
        let rows = findings::of_policies(&audited.facts);
        (audited, rows)
    };
    let of_parts = || -> (Vec<_>, Vec<_>) { alike.par_chunks(TOGETHER).map(of_some).unzip() };
    // Policies are looked at all in one piece, so that is begun first.
    let ((audited, of_policies), (found, rows)) = rayon::join(of_policies, of_parts);
    let mut found: Vec<Finding> = found.into_iter().flatten().collect();
    let mut telling = Telling {
        engine,
        audited: &audited,
        premises,
        bases: AHashMap::new(),
    };
    found.extend(telling.elsewhere(of_policies, rows.into_iter().flatten(), &alike));
    found
}

/// What the rules find that look at each key by itself.
pub(super) fn of_each(engine: &Engine, settings: &Settings, premises: &Premises<'_>) -> Vec<Finding> {
    let sets = lower::copies(engine);
    let of_some = |sets: &[Vec<KeyId>]| {
        let audited = Audited::each(engine, settings, premises, sets);
        let mut rows = findings::of_each(&audited.facts);
        let apart: Vec<Vec<KeyId>> = sets.iter().flatten().map(|&key| vec![key]).collect();
        told(engine, &audited, premises, &mut rows, &apart)
    };
    sets.par_chunks(APART).flat_map_iter(of_some).collect()
}

/// Findings of some rows, for each key of its sort.
fn told(
    engine: &Engine,
    audited: &Audited<'_>,
    premises: &Premises<'_>,
    rows: &mut [FindingRow],
    sorts: &[Vec<KeyId>],
) -> Vec<Finding> {
    let mut telling = Telling {
        engine,
        audited,
        premises,
        bases: AHashMap::new(),
    };
    rows.sort_unstable();
    let each = rows.chunk_by(|a, b| (a.check, a.on) == (b.check, b.on));
    each.flat_map(|rows| telling.finding(rows, sorts)).collect()
}

/// Somebody who may be named, and its cell where its access is looked at.
struct Named<'h> {
    principal: &'h Principal,
    folded: Option<&'h Folded>,
    actions: Mask,
}

impl<'a> Telling<'a> {
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
            counts: BTreeMap::new(),
            statements: Vec::new(),
            grants: Vec::new(),
            keys: Vec::new(),
            notes: Vec::new(),
            bases: Vec::new(),
        };
        if let On::KeyStatement(_, statement) | On::Statement(statement) = on {
            piece.statements.push(statement);
        }
        // Those who may be named; the first of them are.
        let mut named: Vec<Named<'_>> = Vec::new();
        let mut holdings: Vec<Holding> = Vec::new();
        if let On::KeyGrant(_, grant) = on {
            piece.grants.push(grant);
            let actions = rows
                .iter()
                .fold(ActionSet::EMPTY, |all, row| all | row.evidence.actions());
            holdings.extend(self.grantee(on, grant, actions));
            piece.total = holdings.len();
        }
        let mut holders: BTreeMap<HolderId, Mask> = BTreeMap::new();
        let mut principals: BTreeSet<PrincipalId> = BTreeSet::new();
        for row in rows {
            piece.actions |= row.evidence.actions();
            match row.evidence {
                Evidence::Itself => {}
                Evidence::Principal(principal) => drop(principals.insert(principal)),
                Evidence::Named(principal, mask) => {
                    piece.total += 1;
                    named.extend(self.named(principal, None, mask));
                }
                Evidence::Key(key) => piece.keys.push(key),
                Evidence::Note(note) => piece.notes.extend(self.audited.note(note).map(str::to_owned)),
                Evidence::Says(text) => piece.notes.push(text.to_owned()),
                Evidence::Statement(statement, _) => piece.statements.push(statement),
                Evidence::Grant(grant, _) => piece.grants.push(grant),
                Evidence::Holder(holder, mask) => *holders.entry(holder).or_default() |= mask,
            }
        }
        for (holder, mask) in holders {
            if let Some(holder) = self.audited.holder(holder) {
                self.held(&mut piece, &mut named, holder, mask);
            }
        }
        piece.total += principals.len();
        for principal in principals.into_iter().take(lower::NAMED) {
            named.extend(self.named(principal, None, ActionSet::EMPTY));
            let because = self.premises.takeovers.because(principal);
            piece
                .bases
                .extend(because.map(|id| (Basis::Statement(id), principal)));
        }
        named.sort_by_key(|one| one.principal.name.as_str());
        named.truncate(lower::NAMED);
        holdings.extend(named.iter().map(|one| self.holding(one)));
        holdings.sort_by(|a, b| a.principal.cmp(&b.principal));
        holdings.truncate(lower::NAMED);
        piece.principals = holdings.into();
        unique(&mut piece.statements);
        unique(&mut piece.grants);
        unique(&mut piece.bases);
        let mut said = AHashSet::new();
        piece.notes.retain(|note| said.insert(note.clone()));
        piece
    }

    /// Adds who has access, and by what the first of them has.
    fn held(&mut self, piece: &mut Piece, named: &mut Vec<Named<'a>>, holder: &Holder<'a>, mask: Mask) {
        piece.total += holder.count;
        for action in mask {
            *piece.counts.entry(action).or_default() += holder.count;
        }
        let first = holder.first.iter().take(lower::NAMED);
        named.extend(first.filter_map(|&(principal, folded)| self.named(principal, folded, mask)));
        let enough = piece.bases.len() > LISTED;
        let Some(&(principal, Some(folded))) = holder.first.first().filter(|_| !enough) else {
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
        let bases = self.bases(pair, mask);
        piece.bases.extend(bases.iter().map(|&basis| (basis, principal)));
    }

    fn named(&self, id: PrincipalId, folded: Option<&'a Folded>, actions: Mask) -> Option<Named<'a>> {
        Some(Named {
            principal: self.engine.world.principal(id)?,
            folded,
            actions,
        })
    }

    fn holding(&self, named: &Named<'_>) -> Holding {
        let service = named.principal.kind == Kind::Service;
        let condition = |folded| self.condition(folded, named.actions, service);
        Holding {
            principal: named.principal.name.clone(),
            actions: named.actions,
            condition: named.folded.and_then(condition),
        }
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

    /// Whom a grant is for, as it was printed.
    fn grantee(&self, on: On, grant: GrantId, actions: ActionSet) -> Option<Holding> {
        let world = &self.engine.world;
        let id = &world.grant(grant)?.id;
        let key = self.premises.printed.get(world.key(key_of(on)?)?.arn.as_str())?;
        let printed = key.grants.iter().find(|printed| printed.id == *id)?;
        let principal = printed.grantee.as_ref().or(printed.grantee_service.as_ref())?;
        // A grant to the root of an account is one to the account (S4.9.2).
        let account = principal
            .strip_suffix(":root")
            .and_then(|_| account_of(principal));
        Some(Holding {
            principal: account.map_or_else(|| principal.clone(), |id| format!("account:{id}")),
            actions,
            condition: None,
        })
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
        let written = |id: StatementId, by: Option<PrincipalId>| {
            if let Some(places) = self.places(id) {
                return places.first;
            }
            let held = by.and_then(|id| world.principal(id));
            let held = held.into_iter().flat_map(|one| &one.written);
            reasons::written(view, of.written.iter().chain(held), id)
        };
        let named = |id: GrantId| reasons::grant_named(view, id);
        let mut statements: Vec<StatementRef> =
            listed(piece.statements.iter().flat_map(|&id| written(id, None)));
        let mut grants: Vec<GrantRef> = listed(piece.grants.iter().filter_map(|&id| named(id)));
        let of_bases = piece.bases.iter().flat_map(|&(basis, by)| match basis {
            Basis::Statement(id) => written(id, Some(by)),
            Basis::Grant(_) | Basis::Nothing => Vec::new(),
        });
        let (own_statements, own_grants) = (statements.len(), grants.len());
        also(&mut statements, listed(of_bases));
        let of_bases = piece.bases.iter().filter_map(|&(basis, _)| match basis {
            Basis::Grant(id) => named(id),
            Basis::Statement(_) | Basis::Nothing => None,
        });
        also(&mut grants, listed(of_bases));
        let account_id = |id: AccountId| world.account(id).map(|account| account.id.clone());
        let other = match on {
            On::KeyAccount(_, account) => account_id(account),
            On::KeyKey(_, other) => world.key(other).map(|key| key.arn.clone()),
            On::KeyGrant(..) => {
                let grantee = piece.principals.first().map(|one| one.principal.as_str());
                let account =
                    grantee.and_then(|name| name.strip_prefix("account:").or_else(|| account_of(name)));
                account
                    .filter(|id| Some(*id) != account_id(of.account).as_deref())
                    .map(str::to_owned)
            }
            _ => None,
        };
        let said = Said {
            principals: &piece.principals,
            total: piece.total,
            actions: piece.actions,
            counts: &piece.counts,
            statements: statements.get(..own_statements).unwrap_or_default(),
            texts: own_statements,
            grants: grants.get(..own_grants).unwrap_or_default(),
            account: None,
            other: other.as_deref(),
            notes: &piece.notes,
            key: self.premises.printed.get(of.arn.as_str()).copied(),
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
        let known = self.premises.printed.get(arn);
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
        On::Statement(_) | On::Account(_) | On::Gap(_) => None,
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
        On::Key(_) | On::KeyAccount(..) | On::KeyKey(..) | On::Account(_) | On::Gap(_) => {}
    }
    finding::fingerprint(&parts)
}

/// The first of some, sorted.
fn listed<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    unique(&mut all);
    all.truncate(LISTED);
    all
}

/// Adds those that are not there yet.
fn also<T: PartialEq>(all: &mut Vec<T>, others: Vec<T>) {
    for other in others {
        if all.len() < LISTED && !all.contains(&other) {
            all.push(other);
        }
    }
}

/// Sorted, and each once.
fn unique<T: Ord>(all: &mut Vec<T>) {
    all.sort_unstable();
    all.dedup();
}
