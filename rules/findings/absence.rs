//! Findings about conditions that mean something else than they seem to where their key is absent.

use super::catalogue::Check;
use super::{DRIVEN, Evidence, FindingRow, On};
use crate::facts::audited::{AuditFacts, Guardrail, Manner, Sure, Tested, Whom};
use crate::facts::id::{KeyId, Mask, StatementId};
use crate::model::finding::Severity;
use crate::policy::document::Effect;
use crepe::crepe;

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct KeySays(KeyId, StatementId, Effect, Mask);
    @input
    struct IdentitySays(StatementId, Effect, Mask);
    @input
    struct GuardrailSays(StatementId, Guardrail, Effect, Mask);
    @input
    struct Names(StatementId, Whom);
    @input
    struct Tests(StatementId, Tested, Manner);
    @input
    struct AbsentPasses(StatementId, Mask);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // A deny, of actions that services do for their customers.
    struct Denies(On, StatementId, Mask);
    // A deny of such actions that AWS services calling for themselves may meet.
    struct MeetsServices(StatementId);
    // The statement leaves AWS services that call for themselves out.
    struct SparesServices(StatementId);
    // The statement leaves requests out that a service makes on behalf of a principal.
    struct SparesRequestsThrough(StatementId);
    // The statement denies who lacks an organization, or the network that it asks for.
    struct DeniesWithoutOrganization(StatementId);
    struct DeniesWithoutNetwork(StatementId);

    // A25: in a key policy, who leaves out what is tested is let in.
    Finding(Check::A25, On::KeyStatement(k, s), Severity::High, Sure::Certain, Evidence::Statement(s, m & n)) <-
        AbsentPasses(s, n), KeySays(k, s, Effect::Allow, m), CustomerKey(k), (!(m & n).is_empty());

    // A25: in an identity policy too.
    Finding(Check::A25, On::Statement(s), Severity::High, Sure::Certain, Evidence::Statement(s, m & n)) <-
        AbsentPasses(s, n), IdentitySays(s, Effect::Allow, m), (!(m & n).is_empty());

    // A46: key policies, RCPs and SCPs deny.
    Denies(On::KeyStatement(k, s), s, m & DRIVEN) <-
        KeySays(k, s, Effect::Deny, m), CustomerKey(k), (!(m & DRIVEN).is_empty());
    Denies(On::Statement(s), s, m & DRIVEN) <-
        GuardrailSays(s, _, Effect::Deny, m), (!(m & DRIVEN).is_empty());

    // A46: key policies that name everyone deny services that call for themselves, and so do RCPs; SCPs never do (S4.7.2).
    MeetsServices(s) <- KeySays(_, s, Effect::Deny, _), Names(s, Whom::Anyone);
    MeetsServices(s) <- KeySays(_, s, Effect::Deny, _), Names(s, Whom::NotListed);
    MeetsServices(s) <- GuardrailSays(s, Guardrail::Rcp, Effect::Deny, _);

    // A46: a test of what services are, or a test that needs a caller who is none (S3.2).
    SparesServices(s) <- Tests(s, Tested::CallerIsService, _);
    SparesServices(s) <- Tests(s, t, m), (needs_caller(t) && needs_key(m));

    // A46: a test of whether a service makes the request.
    SparesRequestsThrough(s) <- Tests(s, Tested::ThroughService, _);
    SparesRequestsThrough(s) <- Tests(s, Tested::ViaService, Manner::MustBeAbsent);

    // A46, S2.5.4: with a negated operator an absent key counts as different, unless it is asked for besides.
    DeniesWithoutOrganization(s) <-
        Tests(s, Tested::CallerOrganization, Manner::Negated), !Tests(s, Tested::CallerOrganization, Manner::MustBePresent);
    DeniesWithoutNetwork(s) <-
        Tests(s, t, Manner::Negated), (is_network(t)),
        !Tests(s, Tested::Network, Manner::MustBePresent), !Tests(s, Tested::Endpoint, Manner::MustBePresent);

    // A46: services have no organization.
    Finding(Check::A46, o, Severity::Medium, Sure::Certain, Evidence::Statement(s, m)) <-
        Denies(o, s, m), MeetsServices(s), DeniesWithoutOrganization(s), !SparesServices(s);

    // A46: services come from no network of the customer,
    Finding(Check::A46, o, Severity::Medium, Sure::Certain, Evidence::Statement(s, m)) <-
        Denies(o, s, m), MeetsServices(s), DeniesWithoutNetwork(s), !SparesServices(s);

    // A46: and neither do requests that they make on behalf of principals (S3.2.2).
    Finding(Check::A46, o, Severity::Medium, Sure::Certain, Evidence::Statement(s, m)) <-
        Denies(o, s, m), DeniesWithoutNetwork(s), !SparesRequestsThrough(s);
}

/// Keys that requests of services for themselves do not have.
fn needs_caller(tested: Tested) -> bool {
    use Tested::{Caller, CallerAccount, CallerArn, CallerOrganization};
    matches!(tested, Caller | CallerAccount | CallerArn | CallerOrganization)
}

/// Manners that an absent key does not pass.
fn needs_key(manner: Manner) -> bool {
    use Manner::{Compared, Fixed, MustBePresent, Variable, Wildcard};
    matches!(manner, Compared | Fixed | MustBePresent | Variable | Wildcard)
}

/// Tests of where a request comes from.
fn is_network(tested: Tested) -> bool {
    matches!(tested, Tested::Network | Tested::Endpoint)
}

/// All findings about absent keys.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.key_says.iter().map(|&(k, s, e, m)| KeySays(k, s, e, m)));
    program.extend(facts.identity_says.iter().map(|&(s, e, m)| IdentitySays(s, e, m)));
    program.extend(
        facts
            .guardrail_says
            .iter()
            .map(|&(s, g, e, m)| GuardrailSays(s, g, e, m)),
    );
    program.extend(facts.names.iter().map(|&(s, w)| Names(s, w)));
    program.extend(facts.tests.iter().map(|&(s, t, m)| Tests(s, t, m)));
    program.extend(facts.absent_passes.iter().map(|&(s, m)| AbsentPasses(s, m)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
