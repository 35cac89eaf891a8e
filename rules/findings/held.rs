//! Findings about what identity policies give to those who hold them.

use super::catalogue::Check;
use super::{Evidence, FindingRow, LOCKS_OUT, On, is_broad, weighed};
use crate::facts::audited::{AuditFacts, Guardrail, HolderId, HolderKind, Manner, Sure, Tested, Who, Whom};
use crate::facts::id::{AccountId, KeyId, Mask, StatementId};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crate::policy::document::Effect;
use crepe::crepe;

const CREATE_KEY: Mask = ActionSet::of(&[Action::CreateKey]);
/// What Security Hub counts as decryption.
const DECRYPTS: Mask = ActionSet::of(&[Action::Decrypt, Action::ReEncryptFrom]);

crepe! {
    @input
    struct May(KeyId, HolderId, Who, Mask, Mask);
    @input
    struct IdentitySays(StatementId, Effect, Mask);
    @input
    struct Holds(StatementId, HolderId, Who, Mask);
    @input
    struct Unconditional(StatementId);
    @input
    struct OnAllKeys(StatementId);
    @input
    struct Inline(StatementId);
    @input
    struct Managed(StatementId);
    @input
    struct Tests(StatementId, Tested, Manner);
    @input
    struct GuardrailDenies(AccountId, Guardrail, StatementId, Mask);
    @input
    struct NamesKey(StatementId, KeyId, Mask);
    @input
    struct KeySays(KeyId, StatementId, Effect, Mask);
    @input
    struct Names(StatementId, Whom);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // An identity statement allows, for every request or for some.
    struct Gives(StatementId, Sure);
    // The statement tests the bypass of the lockout check.
    struct TestsBypass(StatementId);
    // A guardrail tests it for all principals of account.
    struct Guarded(AccountId);
    // A guardrail that denies what would lock out, and tests the bypass.
    struct GuardsBypass(StatementId);
    // The statement decrypts with all keys.
    struct DecryptsAll(StatementId);
    // The key policy lets IAM of account, or principals of account, do action.
    struct Admits(KeyId, AccountId, Action);
    // The key policy lets everyone do action.
    struct AdmitsAll(KeyId, Action);
    // Some statement of an identity policy names key.
    struct Named(KeyId);

    // A26, A28, A44: an Allow without conditions is certain, another is not.
    Gives(s, Sure::Certain) <- IdentitySays(s, Effect::Allow, _), Unconditional(s);
    Gives(s, Sure::Perhaps) <- IdentitySays(s, Effect::Allow, _), !Unconditional(s);

    // A22: without any condition, somebody creates keys who is no administrator.
    Finding(Check::A22, On::Account(w.account), Severity::Medium, Sure::Certain, Evidence::Holder(h, CREATE_KEY)) <-
        May(_, h, w, c, _), (w.kind == HolderKind::Person && !w.administrator), (c.contains(Action::CreateKey));

    // A26: all of KMS, or all that changes policies or creates, for somebody who is no administrator.
    Finding(Check::A26, On::Statement(s), weighed(Severity::Medium, g), g, Evidence::Holder(h, n)) <-
        Gives(s, g), Holds(s, h, w, n), (!w.administrator && is_broad(n));

    // A28: decryption with all keys.
    DecryptsAll(s) <- Holds(s, _, _, n), (!(n & DECRYPTS).is_empty()), OnAllKeys(s);
    Finding(Check::A28, On::Statement(s), weighed(Severity::Medium, g), g, Evidence::Holder(h, n & DECRYPTS)) <-
        Gives(s, g), DecryptsAll(s), Holds(s, h, _, n), (!(n & DECRYPTS).is_empty());

    // A28: Security Hub tells policies by themselves from those that stand in a user, role or group.
    Finding(Check::A28, On::Statement(s), weighed(Severity::Medium, g), g, Evidence::Says("KMS.1")) <-
        Gives(s, g), DecryptsAll(s), Managed(s);
    Finding(Check::A28, On::Statement(s), weighed(Severity::Medium, g), g, Evidence::Says("KMS.2")) <-
        Gives(s, g), DecryptsAll(s), Inline(s);

    // A37: who of whose accounts the key policy lets in.
    Named(k) <- NamesKey(_, k, _);
    Admits(k, a, x) <- Named(k), KeySays(k, s, Effect::Allow, m), Names(s, w), let Whom::Account(a) = w, for x in m;
    Admits(k, a, x) <- Named(k), KeySays(k, s, Effect::Allow, m), Names(s, w), let Whom::Member(a) = w, for x in m;
    AdmitsAll(k, x) <- Named(k), KeySays(k, s, Effect::Allow, m), Names(s, Whom::Anyone), for x in m;
    AdmitsAll(k, x) <- Named(k), KeySays(k, s, Effect::Allow, m), Names(s, Whom::NotListed), for x in m;
    AdmitsAll(k, x) <- Named(k), KeySays(k, s, Effect::Allow, m), Names(s, Whom::Unknown), for x in m;

    // A37: an identity policy allows what the policy of the key it names does not admit.
    Finding(Check::A37, On::KeyStatement(k, s), Severity::Info, Sure::Certain, Evidence::Statement(s, ActionSet::from(x))) <-
        NamesKey(s, k, m), Named(k), IdentitySays(s, Effect::Allow, _), Holds(s, _, w, n), let a = w.account,
        for x in m & n, !Admits(k, a, x), !AdmitsAll(k, x);

    // A44: the bypass of the lockout check is tested by the statement, or by a guardrail.
    TestsBypass(s) <- Tests(s, Tested::LockoutBypass, _);
    GuardsBypass(s) <- GuardrailDenies(_, _, s, m), (LOCKS_OUT.minus(m).is_empty()), TestsBypass(s);
    Guarded(a) <- GuardrailDenies(a, _, s, _), GuardsBypass(s);

    // A44: somebody who is no administrator may bypass it.
    Finding(Check::A44, On::Statement(s), weighed(Severity::Medium, g), g, Evidence::Holder(h, n & LOCKS_OUT)) <-
        Gives(s, g), Holds(s, h, w, n), (!w.administrator && !(n & LOCKS_OUT).is_empty()), !TestsBypass(s),
        let a = w.account, !Guarded(a);
}

/// All findings about what is held.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.may.iter().map(|&(k, h, w, c, m)| May(k, h, w, c, m)));
    program.extend(facts.identity_says.iter().map(|&(s, e, m)| IdentitySays(s, e, m)));
    program.extend(facts.holds.iter().map(|&(s, h, w, m)| Holds(s, h, w, m)));
    program.extend(facts.unconditional.iter().map(|&(s,)| Unconditional(s)));
    program.extend(facts.on_all_keys.iter().map(|&(s,)| OnAllKeys(s)));
    program.extend(facts.inline.iter().map(|&(s,)| Inline(s)));
    program.extend(facts.managed.iter().map(|&(s,)| Managed(s)));
    program.extend(facts.tests.iter().map(|&(s, t, m)| Tests(s, t, m)));
    program.extend(
        facts
            .guardrail_denies
            .iter()
            .map(|&(a, g, s, m)| GuardrailDenies(a, g, s, m)),
    );
    program.extend(facts.names_key.iter().map(|&(s, k, m)| NamesKey(s, k, m)));
    program.extend(facts.key_says.iter().map(|&(k, s, e, m)| KeySays(k, s, e, m)));
    program.extend(facts.names.iter().map(|&(s, w)| Names(s, w)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
