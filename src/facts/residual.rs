//! What statements and grants leave open for one principal, key and action.

use super::context::{AnyRequest, AnythingBy, Depends};
use super::id::{Basis, GrantId, KeyId, PrincipalId, Route, StatementId};
use super::matching::{self, Reserve};
use super::stated::{Asked, Stated, StatedRequest};
use super::statement::{Cover, Statement};
use super::view::View;
use super::world::{Key, Kind, Party, Principal, Resource, World};
use crate::condition::block::{Context, KeyName, PreparedCondition};
use crate::condition::formula::{FormulaId, Formulas, Range};
use crate::condition::known::{Known, Possible};
use crate::condition::operator::Test;
use crate::condition::subject::{Operand, Subject};
use crate::model::action::{Action, ActionSet};
use crate::policy::document::PolicyKind;
use ahash::AHashMap;
use std::cell::RefCell;

/// Whether a statement's conditions on the principal may admit it, whatever is asked for.
pub(crate) fn principal_test(world: &World, statement: &Statement, principal: &Principal) -> bool {
    let mut formulas = Formulas::default();
    let context = AnythingBy { world, principal };
    statement
        .principal_only()
        .all(|condition| condition.evaluate(&context, &mut formulas) != FormulaId::FALSE)
}

/// Whether a statement's conditions on the account may admit the principals of one, given any of them.
pub(crate) fn account_test(world: &World, statement: &Statement, member: &Principal) -> bool {
    let context = AnythingBy {
        world,
        principal: member,
    };
    let of_account = |condition: &&PreparedCondition| condition.keys().all(|key| same_in_account(&key.name));
    let mut conditions = statement.principal_only().filter(of_account);
    conditions.all(|condition| condition.evaluate(&context, &mut Formulas::default()) != FormulaId::FALSE)
}

/// Condition keys that have one value for all principals of an account.
fn same_in_account(name: &str) -> bool {
    matches!(
        name,
        "aws:PrincipalAccount" | "kms:CallerAccount" | "aws:PrincipalOrgID" | "aws:PrincipalOrgPaths"
    )
}

/// One principal's requests on one key: any of them, or one that is stated.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) view: View<'a>,
    pub(crate) principal: &'a Principal,
    pub(crate) key: &'a Key,
    pub(crate) stated: Option<&'a Stated>,
    /// What conditions came to for others, where nothing is stated.
    pub(crate) outcomes: Option<Of<'a>>,
}

/// What statements and their conditions came to, in one table of formulas.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    known: RefCell<AHashMap<Question, FormulaId>>,
    cell: RefCell<OfCell>,
}

/// A part of a statement, and the principal and the key that it depends on.
type Question = (StatementId, Part, Option<PrincipalId>, Option<KeyId>);

/// A part of a statement, as far as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// Its principal element, for a path that rests on it.
    Named(Option<Route>),
    /// One of its conditions, for an action.
    Condition(usize, Action),
    /// All but its principal element, for an action, read as something that denies or that allows.
    Says { action: Action, denies: bool },
}

/// What was found out of which others may not know: it depends on the principal and on the key.
#[derive(Debug, Default)]
struct OfCell {
    of: Option<(PrincipalId, KeyId)>,
    known: Vec<((StatementId, Part), FormulaId)>,
}

impl OfCell {
    /// What is known of one cell; of the one before nothing is kept.
    fn at(&mut self, of: Of<'_>) -> &mut Vec<((StatementId, Part), FormulaId)> {
        if self.of != Some((of.principal, of.key)) {
            self.of = Some((of.principal, of.key));
            self.known.clear();
        }
        &mut self.known
    }
}

/// The outcomes, and who asks about which key.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) outcomes: &'a Outcomes,
    pub(crate) principal: PrincipalId,
    pub(crate) key: KeyId,
}

impl<'a> Case<'a> {
    /// S1.1: principals and keys never meet across partitions; services belong to all.
    pub(crate) fn in_one_partition(&self) -> bool {
        self.principal.kind == Kind::Service
            || self
                .key
                .partition()
                .is_none_or(|partition| partition == self.principal.partition)
    }

    fn any(&self, action: Action, policy: PolicyKind) -> AnyRequest<'a> {
        AnyRequest {
            world: self.view.world,
            principal: self.principal,
            key: self.key,
            action,
            policy,
        }
    }

    /// What a statement says about an action: its conditions, and every reservation about its other elements.
    ///
    /// `denies` tells as what it is read: of a statement that is not understood it is not known whether it allows,
    /// nor whether it denies, and these are two questions.
    pub(crate) fn statement(
        &self,
        id: StatementId,
        action: Action,
        denies: bool,
        formulas: &mut Formulas,
    ) -> FormulaId {
        let Some(statement) = self.view.statement(id) else {
            return FormulaId::FALSE;
        };
        if statement.always {
            return FormulaId::TRUE;
        }
        let any = self.any(action, statement.kind);
        if let Some(stated) = self.stated {
            let context = StatedRequest { any, stated };
            return self.evaluate(id, statement, action, denies, &context, formulas);
        }
        let asked = || {
            let action = statement.alike(action);
            (id, Part::Says { action, denies })
        };
        self.remembered(asked, statement.says_of, formulas, |formulas| {
            self.evaluate(id, statement, action, denies, &any, formulas)
        })
    }

    /// What a part of a statement comes to, found out once for all for whom it is the same.
    fn remembered(
        &self,
        asked: impl FnOnce() -> (StatementId, Part),
        depends: Depends,
        formulas: &mut Formulas,
        find: impl FnOnce(&mut Formulas) -> FormulaId,
    ) -> FormulaId {
        let Some(of) = self.outcomes else {
            return find(formulas);
        };
        let Outcomes { known, cell } = of.outcomes;
        let asked = asked();
        if let Some((principal, key)) = self.shared(of, depends) {
            let question = (asked.0, asked.1, principal, key);
            let found = known.borrow().get(&question).copied();
            return found.unwrap_or_else(|| {
                let value = find(formulas);
                known.borrow_mut().insert(question, value);
                value
            });
        }
        let found = cell
            .borrow_mut()
            .at(of)
            .iter()
            .find(|(known, _)| *known == asked)
            .copied();
        found.map_or_else(
            || {
                let value = find(formulas);
                cell.borrow_mut().at(of).push((asked, value));
                value
            },
            |(_, value)| value,
        )
    }

    /// The principal and the key that something depends on, unless it is on both.
    fn shared(&self, of: Of<'_>, depends: Depends) -> Option<(Option<PrincipalId>, Option<KeyId>)> {
        // What stands for no resource is not covered as keys are.
        let on_key = depends.on_key || self.key.kind != Resource::Key;
        if depends.on_principal && on_key || self.principal.kind == Kind::Service {
            return None;
        }
        let principal = depends.on_principal.then_some(of.principal);
        Some((principal, on_key.then_some(of.key)))
    }

    fn evaluate(
        &self,
        id: StatementId,
        statement: &Statement,
        action: Action,
        denies: bool,
        context: &dyn Context,
        formulas: &mut Formulas,
    ) -> FormulaId {
        let mut value = match &statement.opaque {
            Some(opaque) => {
                let verb = if denies { "denies" } else { "allows" };
                formulas.unknown(opaque.rule, format!("{} {verb} it", opaque.about))
            }
            None => FormulaId::TRUE,
        };
        if statement.doubtful.contains(action) {
            let doubt = formulas.ambiguous(
                "S2.3.1",
                format!("an action pattern with a wildcard prefix means {action}"),
            );
            value = formulas.and2(value, doubt);
        }
        let covered = self.covered(statement, context, formulas);
        value = formulas.and2(value, covered);
        for (number, condition) in statement.conditions.iter().enumerate() {
            if value == FormulaId::FALSE {
                break;
            }
            let depends = statement.depends.get(number).copied().unwrap_or(Depends::BOTH);
            let asked = || (id, Part::Condition(number, statement.alike(action)));
            let holds = self.remembered(asked, depends, formulas, |formulas| {
                condition.evaluate(context, formulas)
            });
            value = formulas.and2(value, holds);
        }
        value
    }

    /// Whether the resource element covers the key.
    fn covered(&self, statement: &Statement, context: &dyn Context, formulas: &mut Formulas) -> FormulaId {
        let account = self.view.account_name(self.key.account);
        match statement.covers(self.key, account) {
            Cover::Yes => FormulaId::TRUE,
            Cover::No => FormulaId::FALSE,
            Cover::Doubt(rule) => formulas.ambiguous(rule, "a resource pattern covers the key"),
            Cover::Variables => statement.covers_with(self.key, account, context, formulas),
        }
    }

    /// What each condition of a statement comes to by itself, and before them its resource element.
    pub(super) fn apart(
        &self,
        statement: &Statement,
        action: Action,
        formulas: &mut Formulas,
    ) -> (FormulaId, Vec<FormulaId>) {
        let any = self.any(action, statement.kind);
        let stated = self.stated.map(|stated| StatedRequest { any, stated });
        let context: &dyn Context = match &stated {
            Some(stated) => stated,
            None => &any,
        };
        let covered = self.covered(statement, context, formulas);
        let conditions = statement.conditions.iter();
        let each = conditions.map(|condition| condition.evaluate(context, formulas));
        (covered, each.collect())
    }

    /// The reservation under which a statement names the principal; `route` is the path that rests on it.
    pub(crate) fn named(&self, id: StatementId, route: Option<Route>, formulas: &mut Formulas) -> FormulaId {
        let Some(statement) = self.view.statement(id) else {
            return FormulaId::FALSE;
        };
        if !matches!(statement.kind, PolicyKind::Key | PolicyKind::Endpoint) {
            return FormulaId::TRUE;
        }
        self.remembered(
            || (id, Part::Named(route)),
            Depends::BOTH,
            formulas,
            |formulas| {
                let reserve = matching::reserve(self.view, statement, self.principal, route);
                reserve.map_or(FormulaId::FALSE, |reserve| self.reserved(&reserve, formulas))
            },
        )
    }

    pub(super) fn reserved(&self, reserve: &Reserve, formulas: &mut Formulas) -> FormulaId {
        match reserve {
            Reserve::None => FormulaId::TRUE,
            Reserve::Ambiguous(rule, about) => formulas.ambiguous(rule, *about),
            // Every action has the key, with one value.
            Reserve::Session(user_id) => self.is("aws:userid", user_id, Action::Decrypt, formulas),
        }
    }

    /// What a path rests on, for one action.
    pub(crate) fn basis(
        &self,
        basis: Basis,
        route: Route,
        action: Action,
        formulas: &mut Formulas,
    ) -> FormulaId {
        match basis {
            Basis::Nothing => FormulaId::TRUE,
            Basis::Statement(id) => {
                let named = self.named(id, Some(route), formulas);
                if named == FormulaId::FALSE {
                    return named;
                }
                let says = self.statement(id, action, false, formulas);
                formulas.and2(named, says)
            }
            Basis::Grant(id) => self.grant(id, route, action, formulas),
        }
    }

    fn grant(&self, id: GrantId, route: Route, action: Action, formulas: &mut Formulas) -> FormulaId {
        let Some(grant) = self.view.world.grant(id) else {
            return FormulaId::FALSE;
        };
        if self.grant_meant(route, id).is_none() {
            return FormulaId::FALSE;
        }
        let party = match route {
            Route::RetiringPrincipal => &grant.retiring,
            Route::RetiringRoot | Route::RetiringByIdentity => &Party::Nobody,
            _ => &grant.grantee,
        };
        let reserve = matching::is_party(party, self.principal);
        let named = match reserve {
            Some(reserve) => self.reserved(&reserve, formulas),
            None if matches!(party, Party::Nobody | Party::Account(_)) => FormulaId::TRUE,
            // A session of the role that the path leads to, but not the one the grant is for.
            None => return FormulaId::FALSE,
        };
        // S4.9.4: constraints do not apply to RetireGrant.
        if action == Action::RetireGrant {
            return named;
        }
        let constraints = self.constraints(id, action, formulas);
        formulas.and2(named, constraints)
    }

    /// The grant that a path of some route rests on: where accounts may retire it, a grant stands for all of the key that
    /// the same accounts may retire. `None` if the request asks for another.
    pub(crate) fn grant_meant(&self, route: Route, id: GrantId) -> Option<GrantId> {
        let world = self.view.world;
        let asked = self
            .stated
            .and_then(|stated| stated.consult().grant_id.as_deref());
        let meant = |id: GrantId| {
            let grant = world.grant(id);
            grant.is_some_and(|grant| asked.is_none_or(|asked| asked == grant.id))
        };
        if !matches!(route, Route::RetiringRoot | Route::RetiringByIdentity) {
            return Some(id).filter(|&id| meant(id));
        }
        let retired_by = world.grant(id)?.retired_by();
        let alike = self.key.grants.iter().copied().filter(|&id| {
            world
                .grant(id)
                .is_some_and(|grant| grant.retired_by() == retired_by)
        });
        alike.into_iter().find(|&id| meant(id))
    }

    /// The constraints of a grant, for one action (S4.9.4, S4.9.7).
    pub(super) fn constraints(&self, id: GrantId, action: Action, formulas: &mut Formulas) -> FormulaId {
        let Some(grant) = self.view.world.grant(id) else {
            return FormulaId::FALSE;
        };
        let constraints = &grant.constraints;
        let mut value = FormulaId::TRUE;
        if let Some(name) = &constraints.other {
            value = formulas.unknown("S2.1.10", format!("the grant constraint {name} holds"));
        }
        if action == Action::CreateGrant {
            let child = self.child_grant(id, formulas);
            value = formulas.and2(value, child);
        } else if ActionSet::ENCRYPTION_CONTEXT.contains(action) {
            let context = self.encryption_context(id, action, formulas);
            value = formulas.and2(value, context);
        }
        if let Some(source) = &constraints.source_arn {
            let source = self.source_arn(source, action, formulas);
            value = formulas.and2(value, source);
        }
        value
    }

    fn child_grant(&self, id: GrantId, formulas: &mut Formulas) -> FormulaId {
        let Some(parent) = self.view.world.grant(id) else {
            return FormulaId::FALSE;
        };
        match self
            .stated
            .and_then(|stated| stated.consult().child_grant.as_ref())
        {
            Some(child) => FormulaId::constant(super::stated::child_within(child, parent)),
            None => formulas.unknown(
                "S4.9.7",
                format!("the new grant stays within grant {}", parent.id),
            ),
        }
    }

    fn encryption_context(&self, id: GrantId, action: Action, formulas: &mut Formulas) -> FormulaId {
        let Some(grant) = self.view.world.grant(id) else {
            return FormulaId::FALSE;
        };
        let equals = grant.constraints.equals.as_ref();
        let Some(pairs) = equals.or(grant.constraints.subset.as_ref()) else {
            return FormulaId::TRUE;
        };
        // S6.15: the names of stated pairs are all names there are.
        let whole = |stated: &&Stated| {
            let stated = stated.ask(|| Asked::Pairs);
            !stated.open || !stated.encryption_context.is_empty()
        };
        if let Some(stated) = self.stated.filter(whole) {
            return FormulaId::constant(stated.encryption_context_fits(pairs, equals.is_some()));
        }
        let any = self.any(action, PolicyKind::Identity);
        let names = "kms:EncryptionContextKeys";
        if any.known(&KeyName::new(names)) == Known::Absent {
            return FormulaId::constant(pairs.is_empty());
        }
        let mut value = FormulaId::TRUE;
        for (name, wanted) in pairs {
            let pair = formulas.subject(Subject {
                exact_pair: true,
                ..Subject::free(format!("kms:EncryptionContext:{name}"))
            });
            let holds = formulas.equals(pair, wanted);
            value = formulas.and2(value, holds);
        }
        if equals.is_some() {
            let all = formulas.subject(Subject {
                multi_valued: true,
                ..Subject::free(names)
            });
            let listed = pairs.keys().map(|name| Operand::literal(name)).collect();
            let others = formulas.test(all, Range::SomeNot, Test::StringEquals, listed);
            let none = formulas.not(others);
            value = formulas.and2(value, none);
        }
        value
    }

    /// What is known of a key in the case at hand.
    pub(crate) fn known(&self, name: &str, action: Action) -> Known {
        let any = self.any(action, PolicyKind::Identity);
        let key = KeyName::new(name);
        match self.stated {
            None => any.known(&key),
            Some(stated) => StatedRequest { any, stated }.known(&key),
        }
    }

    /// Whether a single-valued key has a value.
    fn is(&self, name: &str, wanted: &str, action: Action, formulas: &mut Formulas) -> FormulaId {
        match self.known(name, action) {
            Known::Absent => FormulaId::FALSE,
            Known::Is(values) => FormulaId::constant(values.iter().any(|value| value == wanted)),
            Known::Doubt(rule) => formulas.ambiguous(rule, format!("{name} is {wanted}")),
            Known::Open { values, .. } if !values.admits(wanted) => FormulaId::FALSE,
            Known::Open { absent, values } => {
                let subject = single(name, absent, values, formulas);
                formulas.equals(subject, wanted)
            }
        }
    }

    /// S4.9.4: equality with `aws:SourceArn`, which only services pass.
    fn source_arn(&self, wanted: &str, action: Action, formulas: &mut Formulas) -> FormulaId {
        if self.principal.kind != Kind::Service {
            // A service that calls with the caller's identity passes none.
            let direct = match self.known("kms:ViaService", action) {
                Known::Absent => FormulaId::TRUE,
                Known::Open { absent: true, values } => {
                    let subject = single("kms:ViaService", true, values, formulas);
                    formulas.absent(subject)
                }
                _ => FormulaId::FALSE,
            };
            let about = "a SourceArn constraint leaves direct calls of the grantee alone";
            let doubt = formulas.ambiguous("S4.9.4", about);
            return formulas.and2(direct, doubt);
        }
        match self.known("aws:SourceArn", action) {
            Known::Absent => FormulaId::FALSE,
            _ if wanted.contains(['*', '?']) => {
                formulas.ambiguous("S4.9.4", format!("the SourceArn constraint `{wanted}` holds"))
            }
            _ => self.is("aws:SourceArn", wanted, action, formulas),
        }
    }
}

fn single(
    name: &str,
    absent: bool,
    possible: Possible,
    formulas: &mut Formulas,
) -> crate::condition::subject::SubjectId {
    formulas.subject(Subject {
        absent,
        possible,
        ..Subject::free(name)
    })
}
