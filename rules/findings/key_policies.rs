//! Findings about what key policies say, held against whom they let in.

use super::catalogue::Check;
use super::{DRIVEN, Evidence, FindingRow, On, PERMISSIONS, USE, is_broad, sure, weighed};
use crate::facts::audited::{
    AuditFacts, Guardrail, HolderId, HolderKind, Manner, Mention, NoteId, Sure, Tested, Who, Whom,
};
use crate::facts::id::{AccountId, KeyId, Mask, PrincipalId, StatementId};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crate::policy::document::Effect;
use crepe::crepe;

/// What makes a key public when anyone may do it.
const OPEN: Mask = USE.union(PERMISSIONS);

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct KeyIn(KeyId, AccountId);
    @input
    struct May(KeyId, HolderId, Who, Mask, Mask);
    @input
    struct Opens(KeyId, StatementId, Mask);
    @input
    struct Serves(KeyId, HolderId, StatementId, Mask);
    @input
    struct KeySays(KeyId, StatementId, Effect, Mask);
    @input
    struct Names(StatementId, Whom);
    @input
    struct Tests(StatementId, Tested, Manner);
    @input
    struct AdmitsOwn(KeyId, StatementId);
    @input
    struct Orphan(StatementId, Mention, NoteId);
    @input
    struct SharedByRam(KeyId, StatementId);
    @input
    struct NamesPrincipal(StatementId, PrincipalId, bool);
    @input
    struct NamedMay(KeyId, PrincipalId, Mask, Mask);
    @input
    struct RcpMember(AccountId);
    @input
    struct GuardrailDenies(AccountId, Guardrail, StatementId, Mask);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // The statement holds for a fixed set of callers only.
    struct Narrows(StatementId);
    // The statement tests the caller, or what the caller says of itself, in a way that does not hold it back for certain.
    struct Weak(StatementId);
    // Anyone may do some actions on key, that and more perhaps.
    struct Public(KeyId, Mask, Mask);
    // Anyone may do, by statement, what makes a key public, and no deny stands against all of it.
    struct Reached(KeyId, StatementId);
    // The statement holds for data that a pair of the encryption context ties to an account.
    struct OfSource(StatementId);
    // The statement holds for one source, or for one account's sources.
    struct Sourced(StatementId);
    // The statement holds for the sources of any account that fit a pattern.
    struct Loose(StatementId);

    // Somebody outside of the trust zone may use the key, or change who may.
    struct Exposed(KeyId, Sure);
    // An RCP that reaches the account tests the organization or account of who uses its keys.
    struct Perimeter(AccountId);
    // The statement tests the bypass of the lockout check.
    struct TestsBypass(StatementId);
    // The key policy, or a guardrail of the key's account, denies the bypass.
    struct Guarded(KeyId);
    // The statement gives a user or role who is no administrator use of the key and more.
    struct Gives(KeyId, StatementId, PrincipalId, Mask);

    // A1: fixed accounts, organizations, ARNs, sources and endpoints hold back everyone else.
    Narrows(s) <- Tests(s, t, Manner::Fixed), (narrows(t));

    // A2: the same tests with wildcards, variables or operators that an absent key passes do not; nor does what a client
    // says of itself, nor where it comes from.
    Weak(s) <- Tests(s, t, m), (narrows(t) && m != Manner::Fixed || is_weak(t));

    // A1: what anyone may do on the key.
    Public(k, c, m) <- May(k, _, w, c, m), (w.kind == HolderKind::Anyone);

    // S8.2: the statement lets anyone in, and no deny stands against it.
    Reached(k, s) <- Opens(k, s, m), Public(k, _, n), (!(m & n & OPEN).is_empty());

    // A1: a statement for everyone that nothing narrows. For everyone but some there is A17.
    Finding(Check::A1, On::KeyStatement(k, s), weighed(Severity::Critical, sure(c, m & OPEN)), sure(c, m & OPEN), Evidence::Statement(s, m & n & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), Names(s, Whom::Anyone), !Narrows(s), !Weak(s), Public(k, c, n), (!(m & n & OPEN).is_empty());

    // A1, S8.2: one that a deny or an RCP makes ineffective for outsiders is to be known.
    Finding(Check::A1, On::KeyStatement(k, s), Severity::Info, Sure::Certain, Evidence::Statement(s, m & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), Names(s, Whom::Anyone), !Narrows(s), !Weak(s), !Reached(k, s), (!(m & OPEN).is_empty());

    // A2: a statement for everyone that is narrowed weakly.
    Finding(Check::A2, On::KeyStatement(k, s), Severity::High, Sure::Certain, Evidence::Statement(s, m & n & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), Weak(s), !Narrows(s), Public(k, _, n), (!(m & n & OPEN).is_empty());

    // A2, S8.2: one that a deny or an RCP makes ineffective for outsiders is to be known.
    Finding(Check::A2, On::KeyStatement(k, s), Severity::Info, Sure::Certain, Evidence::Statement(s, m & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), Weak(s), !Narrows(s), !Reached(k, s), (!(m & OPEN).is_empty());

    // A3: a pair of the encryption context names whose data it is.
    OfSource(s) <- Tests(s, Tested::ContextOfAccount, m), (matches!(m, Manner::Fixed | Manner::Wildcard));

    // A3: everyone in the key's own account, for more than what a service does for them.
    Finding(Check::A3, On::KeyStatement(k, s), Severity::Medium, Sure::Certain, Evidence::Statement(s, m & OPEN)) <-
        KeySays(k, s, Effect::Allow, m), (!(m & OPEN).is_empty()), CustomerKey(k), Names(s, Whom::Anyone),
        AdmitsOwn(k, s), !Tests(s, Tested::ViaService, Manner::Fixed), !Tests(s, Tested::ViaService, Manner::Wildcard),
        !Tests(s, Tested::CallerArn, Manner::Fixed), !Tests(s, Tested::CallerArn, Manner::Wildcard), !OfSource(s);

    // A3: for data of one source only, as CloudTrail's own key policy has it, that is to be known and no more.
    Finding(Check::A3, On::KeyStatement(k, s), Severity::Info, Sure::Certain, Evidence::Statement(s, m & OPEN)) <-
        KeySays(k, s, Effect::Allow, m), (!(m & OPEN).is_empty()), CustomerKey(k), Names(s, Whom::Anyone),
        AdmitsOwn(k, s), OfSource(s);

    // A7: another account as a whole.
    Finding(Check::A7, On::KeyAccount(k, a), Severity::Medium, Sure::Certain, Evidence::Statement(s, m & ActionSet::CROSS_ACCOUNT)) <-
        Names(s, w), let Whom::Account(a) = w, KeySays(k, s, Effect::Allow, m),
        (!(m & ActionSet::CROSS_ACCOUNT).is_empty()), CustomerKey(k), KeyIn(k, own), (own != a);

    // A8: actions that work in the own account only, given to another one as a whole,
    Finding(Check::A8, On::KeyAccount(k, a), Severity::Low, Sure::Certain, Evidence::Statement(s, m - ActionSet::CROSS_ACCOUNT)) <-
        Names(s, w), let Whom::Account(a) = w, KeySays(k, s, Effect::Allow, m),
        (!(m - ActionSet::CROSS_ACCOUNT).is_empty()), CustomerKey(k), KeyIn(k, own), (own != a);

    // A8: or to a principal of it.
    Finding(Check::A8, On::KeyAccount(k, a), Severity::Low, Sure::Certain, Evidence::Statement(s, m - ActionSet::CROSS_ACCOUNT)) <-
        Names(s, w), let Whom::Member(a) = w, KeySays(k, s, Effect::Allow, m),
        (!(m - ActionSet::CROSS_ACCOUNT).is_empty()), CustomerKey(k), KeyIn(k, own), (own != a);

    // A10: the source is pinned by its account, organization or ARN, or by a pair of the encryption context that names it.
    Sourced(s) <- Tests(s, t, Manner::Fixed), (is_source(t));

    // A10: a pattern for such a pair pins it too: it names an account or an ARN of one.
    Sourced(s) <- Tests(s, Tested::ContextOfAccount, Manner::Wildcard);

    // A11: a pattern for the ARN of the source that any account fits.
    Loose(s) <- Tests(s, Tested::SourceArn, Manner::Wildcard);

    // A10: a service that acts for whoever asks it.
    Finding(Check::A10, On::KeyStatement(k, s), weighed(Severity::High, sure(c, m & DRIVEN)), sure(c, m & DRIVEN), Evidence::Holder(h, m & n & DRIVEN)) <-
        Serves(k, h, s, m), Names(s, Whom::Service), CustomerKey(k), !Sourced(s), !Loose(s), May(k, h, _, c, n), (!(m & n & DRIVEN).is_empty());

    // A11: a service that acts for sources of any account.
    Finding(Check::A11, On::KeyStatement(k, s), Severity::Medium, Sure::Certain, Evidence::Holder(h, m & n & DRIVEN)) <-
        Serves(k, h, s, m), Names(s, Whom::Service), CustomerKey(k), Loose(s), !Sourced(s), May(k, h, _, _, n), (!(m & n & DRIVEN).is_empty());

    // A9: anyone, or somebody from outside.
    Exposed(k, sure(c, m & OPEN)) <-
        Opens(k, s, m), Names(s, w), (matches!(w, Whom::Anyone | Whom::NotListed)), !Narrows(s), Public(k, c, n),
        (!(m & n & OPEN).is_empty());
    Exposed(k, sure(c, m)) <-
        May(k, _, w, c, m), (w.is_outsider() && w.kind != HolderKind::Anyone && !(m - ActionSet::RETIRE_GRANT).is_empty());

    // A9: an RCP that keeps others from using keys, whomever it excepts.
    Perimeter(a) <-
        GuardrailDenies(a, Guardrail::Rcp, s, m), (!(m & USE).is_empty()),
        Tests(s, t, _), (matches!(t, Tested::CallerAccount | Tested::CallerOrganization));

    // A9: a member account whose keys outsiders reach, and no RCP stands there. RCPs do not bind others (S4.7.3).
    Finding(Check::A9, On::Account(a), weighed(Severity::High, s), s, Evidence::Key(k)) <-
        Exposed(k, s), CustomerKey(k), KeyIn(k, a), RcpMember(a), !Perimeter(a);

    // A17: everyone whom the statement does not list.
    Finding(Check::A17, On::KeyStatement(k, s), Severity::Critical, Sure::Certain, Evidence::Statement(s, m)) <-
        KeySays(k, s, Effect::Allow, m), Names(s, Whom::NotListed), CustomerKey(k);

    // A18: somebody who no longer exists.
    Finding(Check::A18, On::KeyStatement(k, s), Severity::Medium, Sure::Certain, Evidence::Note(n)) <-
        Orphan(s, _, n), KeySays(k, s, _, _), CustomerKey(k);

    // A18, S2.2.13: in a condition it is the name that counts.
    Finding(Check::A18, On::KeyStatement(k, s), Severity::Medium, Sure::Certain, Evidence::Says("in a condition, which a new one of that name meets")) <-
        Orphan(s, Mention::Condition, _), KeySays(k, s, _, _), CustomerKey(k);

    // A26, A44: what gives use of the key to somebody who is no administrator. Who has administration without use, as the
    // console gives it (S5.3.1), is an administrator of this key.
    Gives(k, s, p, m & n) <-
        KeySays(k, s, Effect::Allow, m), NamesPrincipal(s, p, false), CustomerKey(k), NamedMay(k, p, _, n),
        (!(m & n & USE).is_empty());

    // A26: together with all that changes policies or creates grants.
    Finding(Check::A26, On::KeyStatement(k, s), Severity::Medium, Sure::Certain, Evidence::Named(p, m)) <-
        Gives(k, s, p, m), (is_broad(m));

    // A44: the bypass of the lockout check is tested by the statement, by another one, or by a guardrail.
    TestsBypass(s) <- Tests(s, Tested::LockoutBypass, _);
    Guarded(k) <- KeySays(k, s, Effect::Deny, m), (m.contains(Action::PutKeyPolicy)), TestsBypass(s);
    Guarded(k) <- KeyIn(k, a), GuardrailDenies(a, _, s, m), (m.contains(Action::PutKeyPolicy)), TestsBypass(s);

    // A44: together with the key policy, without such a test.
    Finding(Check::A44, On::KeyStatement(k, s), Severity::Medium, Sure::Certain, Evidence::Named(p, ActionSet::of(&[Action::PutKeyPolicy]))) <-
        Gives(k, s, p, m), (m.contains(Action::PutKeyPolicy)), !TestsBypass(s), !Guarded(k);

    // A50: a second key policy.
    Finding(Check::A50, On::KeyStatement(k, s), Severity::Info, Sure::Certain, Evidence::Statement(s, m)) <-
        SharedByRam(k, s), KeySays(k, s, _, m), CustomerKey(k);
}

/// Tests that hold back everyone else where they are fixed.
fn narrows(tested: Tested) -> bool {
    use Tested::{
        CallerAccount, CallerArn, CallerOrganization, Endpoint, SourceAccount, SourceArn, SourceOrganization,
    };
    matches!(
        tested,
        CallerAccount
            | CallerArn
            | CallerOrganization
            | Endpoint
            | SourceAccount
            | SourceArn
            | SourceOrganization
    )
}

/// Tests that hold nobody back for certain, whatever they say.
fn is_weak(tested: Tested) -> bool {
    matches!(tested, Tested::Forgeable | Tested::Network | Tested::Caller)
}

/// Tests of what drives a service.
fn is_source(tested: Tested) -> bool {
    use Tested::{ContextOfAccount, SourceAccount, SourceArn, SourceOrganization};
    matches!(
        tested,
        ContextOfAccount | SourceAccount | SourceArn | SourceOrganization
    )
}

/// All findings about key policies.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.key_in.iter().map(|&(k, a)| KeyIn(k, a)));
    // Of the access of everybody else no rule here asks.
    let strangers = facts
        .may
        .iter()
        .filter(|(_, _, who, ..)| who.is_outsider() || who.kind == HolderKind::Service);
    program.extend(strangers.map(|&(k, h, w, c, m)| May(k, h, w, c, m)));
    program.extend(facts.opens.iter().map(|&(k, s, m)| Opens(k, s, m)));
    program.extend(facts.serves.iter().map(|&(k, h, s, m)| Serves(k, h, s, m)));
    program.extend(facts.key_says.iter().map(|&(k, s, e, m)| KeySays(k, s, e, m)));
    program.extend(facts.names.iter().map(|&(s, w)| Names(s, w)));
    program.extend(facts.tests.iter().map(|&(s, t, m)| Tests(s, t, m)));
    program.extend(facts.admits_own.iter().map(|&(k, s)| AdmitsOwn(k, s)));
    program.extend(facts.orphan.iter().map(|&(s, m, n)| Orphan(s, m, n)));
    program.extend(facts.shared_by_ram.iter().map(|&(k, s)| SharedByRam(k, s)));
    program.extend(
        facts
            .names_principal
            .iter()
            .map(|&(s, p, a)| NamesPrincipal(s, p, a)),
    );
    program.extend(facts.named_may.iter().map(|&(k, p, c, m)| NamedMay(k, p, c, m)));
    program.extend(facts.rcp_member.iter().map(|&(a,)| RcpMember(a)));
    program.extend(
        facts
            .guardrail_denies
            .iter()
            .map(|&(a, g, s, m)| GuardrailDenies(a, g, s, m)),
    );
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
