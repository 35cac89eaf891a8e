//! Findings about what key policies say, held against whom they let in.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On, PERMISSIONS, USE, sure, weighed};
use crate::facts::audited::{AuditFacts, HolderId, HolderKind, Manner, Sure, Tested, Who, Whom};
use crate::facts::id::{AccountId, KeyId, Mask, StatementId};
use crate::model::action::ActionSet;
use crate::model::finding::Severity;
use crate::policy::document::Effect;
use crepe::crepe;

/// What makes a key public when anyone may do it.
const OPEN: Mask = USE.union(PERMISSIONS);
/// What a service may do for whoever drives it.
const DRIVEN: Mask = USE.union(ActionSet::CREATE_GRANT);

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
    // The statement is limited to callers of fixed accounts, whoever they are there.
    struct OfAccounts(StatementId);
    // The statement holds for data that a pair of the encryption context ties to an account.
    struct OfSource(StatementId);
    // The statement holds for one source, or for one account's sources.
    struct Sourced(StatementId);
    // The statement holds for the sources of any account that fit a pattern.
    struct Loose(StatementId);

    // A1: fixed accounts, organizations, ARNs, sources and endpoints hold back everyone else.
    Narrows(s) <- Tests(s, t, Manner::Fixed), (narrows(t));

    // A2: the same tests with wildcards, variables or operators that an absent key passes do not; nor does what a client
    // says of itself, nor where it comes from.
    Weak(s) <- Tests(s, t, m), (narrows(t) && m != Manner::Fixed || is_weak(t));

    // A1: what anyone may do on the key.
    Public(k, c, m) <- May(k, _, w, c, m), (w.kind == HolderKind::Anyone);

    // S8.2: the statement lets anyone in, and no deny stands against it.
    Reached(k, s) <- Opens(k, s, m), Public(k, _, n), (!(m & n & OPEN).is_empty());

    // A1: a statement for everyone that nothing narrows.
    Finding(Check::A1, On::KeyStatement(k, s), weighed(Severity::Critical, sure(c, m & OPEN)), sure(c, m & OPEN), Evidence::Statement(s, m & n & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), !Narrows(s), !Weak(s), Public(k, c, n), (!(m & n & OPEN).is_empty());

    // A1, S8.2: one that a deny or an RCP makes ineffective for outsiders is to be known.
    Finding(Check::A1, On::KeyStatement(k, s), Severity::Info, Sure::Perhaps, Evidence::Statement(s, m & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), !Narrows(s), !Weak(s), !Reached(k, s), (!(m & OPEN).is_empty());

    // A2: a statement for everyone that is narrowed weakly.
    Finding(Check::A2, On::KeyStatement(k, s), Severity::High, Sure::Certain, Evidence::Statement(s, m & n & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), Weak(s), !Narrows(s), Public(k, _, n), (!(m & n & OPEN).is_empty());

    // A2, S8.2: one that a deny or an RCP makes ineffective for outsiders is to be known.
    Finding(Check::A2, On::KeyStatement(k, s), Severity::Info, Sure::Perhaps, Evidence::Statement(s, m & OPEN)) <-
        Opens(k, s, m), CustomerKey(k), Weak(s), !Narrows(s), !Reached(k, s), (!(m & OPEN).is_empty());

    // A3: the only test of the caller is that of its account.
    OfAccounts(s) <- Tests(s, Tested::CallerAccount, Manner::Fixed);

    // A3: a pair of the encryption context names whose data it is.
    OfSource(s) <- Tests(s, Tested::ContextOfAccount, m), (matches!(m, Manner::Fixed | Manner::Wildcard));

    // A3: everyone in fixed accounts, for more than what a service does for them.
    Finding(Check::A3, On::KeyStatement(k, s), Severity::Medium, Sure::Certain, Evidence::Statement(s, m & OPEN)) <-
        KeySays(k, s, Effect::Allow, m), (!(m & OPEN).is_empty()), CustomerKey(k), Names(s, Whom::Anyone),
        OfAccounts(s), !Tests(s, Tested::ViaService, Manner::Fixed), !Tests(s, Tested::ViaService, Manner::Wildcard),
        !Tests(s, Tested::CallerArn, Manner::Fixed), !Tests(s, Tested::CallerArn, Manner::Wildcard), !OfSource(s);

    // A3: for data of one source only, as CloudTrail's own key policy has it, that is to be known and no more.
    Finding(Check::A3, On::KeyStatement(k, s), Severity::Info, Sure::Certain, Evidence::Statement(s, m & OPEN)) <-
        KeySays(k, s, Effect::Allow, m), (!(m & OPEN).is_empty()), CustomerKey(k), Names(s, Whom::Anyone),
        OfAccounts(s), OfSource(s);

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
    program.extend(facts.may.iter().map(|&(k, h, w, c, m)| May(k, h, w, c, m)));
    program.extend(facts.opens.iter().map(|&(k, s, m)| Opens(k, s, m)));
    program.extend(facts.serves.iter().map(|&(k, h, s, m)| Serves(k, h, s, m)));
    program.extend(facts.key_says.iter().map(|&(k, s, e, m)| KeySays(k, s, e, m)));
    program.extend(facts.names.iter().map(|&(s, w)| Names(s, w)));
    program.extend(facts.tests.iter().map(|&(s, t, m)| Tests(s, t, m)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row = |Finding(check, on, severity, sure, evidence)| FindingRow {
        check,
        on,
        severity,
        sure,
        evidence,
    };
    findings.into_iter().map(row).collect()
}
