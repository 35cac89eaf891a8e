//! Findings about what policies say without effect, or probably without meaning it: remarks of the lint, as findings.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On};
use crate::diag::Code;
use crate::facts::audited::{AuditFacts, NoteId, Sure};
use crate::facts::id::{KeyId, Mask, StatementId};
use crate::model::finding::Severity;
use crate::policy::document::Effect;
use crepe::crepe;

crepe! {
    @input
    struct Remarked(Option<KeyId>, StatementId, Effect, Code, NoteId);

    @input
    struct AbsentPasses(StatementId, Mask);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // The statement has a condition that an absent key passes.
    struct Passes(StatementId);

    // A29 to A36, A39, A52: each remark belongs to one of them; a Deny without an element matters more (A31).
    Finding(c, on(k, s), severity(c, e), Sure::Certain, Evidence::Note(n)) <-
        Remarked(k, s, e, code, n), (code != Code::SetOperator || e == Effect::Deny), let Some(c) = check(code);

    // A35: where a set operator lets requests without the key pass an Allow, A25 says so.
    Passes(s) <- AbsentPasses(s, _);
    Finding(Check::A35, on(k, s), Severity::Low, Sure::Certain, Evidence::Note(n)) <-
        Remarked(k, s, Effect::Allow, Code::SetOperator, n), !Passes(s);
}

/// What a remark is about. Principals that no longer exist and NotPrincipal have rules of their own (A17, A18).
fn check(code: Code) -> Option<Check> {
    Some(match code {
        Code::NeverTrue => Check::A29,
        Code::OtherResource => Check::A30,
        Code::MissingElement => Check::A31,
        Code::InvalidPrincipal => Check::A32,
        Code::UnknownAction | Code::InvalidAction | Code::IneffectiveAction => Check::A33,
        Code::SuspiciousResource => Check::A34,
        Code::UnknownConditionKey
        | Code::UnsupportedConditionKey
        | Code::SetOperator
        | Code::LiteralWildcard
        | Code::InvalidConditionValue
        | Code::UnknownVariable => Check::A35,
        Code::TagInKeyPolicy => Check::A36,
        Code::UnparsablePolicy => Check::A39,
        Code::OldVersion => Check::A52,
        _ => return None,
    })
}

fn severity(check: Check, effect: Effect) -> Severity {
    match (check, effect) {
        (Check::A31, Effect::Deny) => Severity::High,
        _ => check.rule().severity,
    }
}

fn on(key: Option<KeyId>, statement: StatementId) -> On {
    match key {
        Some(key) => On::KeyStatement(key, statement),
        None => On::Statement(statement),
    }
}

/// All findings of the lint.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(
        facts
            .remarked
            .iter()
            .map(|&(k, s, e, c, n)| Remarked(k, s, e, c, n)),
    );
    program.extend(facts.absent_passes.iter().map(|&(s, m)| AbsentPasses(s, m)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
