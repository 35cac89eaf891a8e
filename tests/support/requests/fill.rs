//! From an aim to a whole request: caller, key, action, a random context, then values that meet the conditions aimed at, then a slip.

use super::super::conditions::{Filled, condition_holds, substitute};
use super::super::document::{Condition, Document, PolicyKind};
use super::super::generate::conditions::{block, multi_valued};
use super::super::generate::vocabulary::{PAIR_NAMES, TAG_NAMES, Vocabulary, grant_operations};
use super::super::generate::{pair_constraint, policies};
use super::super::mechanisms::Mechanism;
use super::super::operations::operation;
use super::super::permissions::first_context;
use super::super::rng::Rng;
use super::super::text::Piece;
use super::super::truth::Truth;
use super::super::world::{Grant, Key, PairConstraint};
use super::aim::Aim;
use super::draft::Draft;
use serde_json::{Value, json};

/// A request that aims there; `mechanism` is the one that should decide it, if any.
pub fn draft(aim: Aim<'_>, rng: &mut Rng, words: &Vocabulary<'_>, mechanism: Option<Mechanism>) -> Draft {
    let (principal, federated_by) = aim.caller(rng, words);
    let key = aim.choose_key(rng, words, &principal);
    let mut draft = Draft {
        operation: aim.operation(rng, words, key, mechanism),
        principal,
        key,
        form: rng.weighted(&[(55, 0), (12, 1), (18, 2), (15, 3)]),
        context: Vec::new(),
        destination: None,
        destination_context: Vec::new(),
        session_policies: Vec::new(),
        federated_by,
        endpoint: aim.endpoint.or_else(|| {
            (!words.world.endpoints.is_empty() && rng.percent(8))
                .then(|| rng.below(words.world.endpoints.len()))
        }),
        grant: None,
        grant_number: aim.grant.map_or(0, |(number, _)| number),
        alias: String::new(),
        previous_key: key,
    };
    pass_session_policies(&mut draft, rng, words, mechanism);
    circumstances(&mut draft, rng, words);
    parameters(&mut draft, rng, words, aim.grant.map(|(_, grant)| grant));
    draft.admit(rng, words);
    if let (Some((document, statement)), Some(kind)) = (aim.statement, aim.kind) {
        for condition in &statement.conditions {
            if rng.percent(88) {
                meet(&mut draft, rng, words, condition, document, kind);
            }
        }
    }
    if rng.percent(22) {
        slip(&mut draft, rng, words);
        draft.admit(rng, words);
    }
    draft
}

/// Session policies: nearly always for federated users, sometimes for role sessions.
fn pass_session_policies(
    draft: &mut Draft,
    rng: &mut Rng,
    words: &Vocabulary<'_>,
    mechanism: Option<Mechanism>,
) {
    let wanted = matches!(mechanism, Some(Mechanism::SessionLimit | Mechanism::DenySession));
    let federated = draft.principal.contains(":federated-user/");
    let role = draft.principal.contains(":assumed-role/") || draft.principal.contains(":role/");
    if wanted && !federated && !role {
        let known: Vec<String> = words
            .roles
            .iter()
            .filter(|r| r.contains(&words.world.keys[draft.key].account))
            .cloned()
            .collect();
        if let Some(role) = rng.pick_if_any(&known) {
            draft.principal = words.session_of(rng, role);
        }
    }
    if wanted || federated && rng.percent(85) || role && rng.percent(10) {
        for _ in 0..rng.weighted(&[(85, 1), (15, 2)]) {
            draft
                .session_policies
                .push(policies::limit_policy(rng, words, PolicyKind::Session).json);
        }
    }
    if mechanism == Some(Mechanism::DenySession) {
        let action = format!("kms:{}", draft.operation.name);
        let mut deny = json!({"Effect": "Deny", "Action": [action, "kms:Sign"], "Resource": "*"});
        let condition = block(rng, words, PolicyKind::Session, &action, 0);
        if condition.as_object().is_some_and(|c| !c.is_empty()) {
            deny["Condition"] = condition;
        }
        let statements = vec![policies::broad(rng), deny];
        draft
            .session_policies
            .push(policies::document(rng, statements, true).json);
    }
}

/// Where, when and how the request is made.
fn circumstances(draft: &mut Draft, rng: &mut Rng, words: &Vocabulary<'_>) {
    let tag = format!("aws:PrincipalTag/{}", rng.pick(&TAG_NAMES[..3]));
    let chances = [
        (18, "kms:ViaService"),
        (50, "aws:SourceIp"),
        (45, "aws:CurrentTime"),
        (35, "aws:MultiFactorAuthPresent"),
        (30, "aws:MultiFactorAuthAge"),
        (15, "aws:UserAgent"),
        (10, "aws:SourceIdentity"),
        (12, tag.as_str()),
        (10, "example:Ticket"),
        (10, "example:Token"),
        (4, "aws:CalledVia"),
        (2, "aws:SecureTransport"),
        (60, "aws:SourceArn"),
        (40, "aws:SourceAccount"),
        (50, "aws:VpcSourceIp"),
    ];
    for (percent, key) in chances {
        if rng.percent(percent) {
            draft.state(key, vec![words.sample(rng, &key.to_lowercase())]);
        }
    }
}

/// What the operation is told: encryption context, grant, alias, destination, and parameters that conditions can test.
fn parameters(draft: &mut Draft, rng: &mut Rng, words: &Vocabulary<'_>, aimed_at: Option<&Grant>) {
    let chances = [
        (60, "kms:ValidTo"),
        (60, "kms:ExpirationModel"),
        (60, "kms:RotationPeriodInDays"),
        (30, "kms:BypassPolicyLockoutSafetyCheck"),
        (40, "kms:ReEncryptOnSameKey"),
        (70, "aws:RequestTag/team"),
        (30, "aws:RequestTag/env"),
        (12, "kms:RecipientAttestation:ImageSha384"),
    ];
    for (percent, key) in chances {
        if rng.percent(percent) {
            draft.state(key, vec![words.sample(rng, &key.to_lowercase())]);
        }
    }
    encryption_context(draft, rng, words, aimed_at.and_then(|g| g.constraint.as_ref()));
    match draft.operation.name {
        "CreateGrant" => draft.grant = Some(child(rng, words, words_key(draft, words), aimed_at)),
        "RetireGrant" => retire(draft, rng, words, aimed_at.is_some()),
        "ReEncryptFrom" | "ReEncryptTo" if rng.percent(55) => re_encrypt(draft, rng, words),
        _ => {}
    }
    draft.previous_key = if rng.percent(60) {
        rng.below(words.world.keys.len())
    } else {
        draft.key
    };
    let pointed_at = if draft.operation.name == "UpdateAlias" {
        draft.previous_key
    } else {
        draft.key
    };
    let existing = words.world.keys[pointed_at]
        .aliases
        .first()
        .filter(|_| draft.operation.name != "CreateAlias");
    draft.alias = existing
        .cloned()
        .unwrap_or_else(|| words.sample(rng, "kms:requestalias"));
}

fn words_key<'w>(draft: &Draft, words: &Vocabulary<'w>) -> &'w Key {
    &words.world.keys[draft.key]
}

fn encryption_context(
    draft: &mut Draft,
    rng: &mut Rng,
    words: &Vocabulary<'_>,
    constraint: Option<&PairConstraint>,
) {
    let mut pairs: Vec<(String, String)> = constraint
        .filter(|_| rng.percent(80))
        .map(|c| c.pairs.clone())
        .unwrap_or_default();
    let more = match constraint {
        Some(constraint) if constraint.equals => rng.percent(15),
        _ => rng.percent(45),
    };
    if more {
        let count = rng.between(1, 2);
        let names = rng.some(count, &PAIR_NAMES);
        pairs.extend(names.into_iter().map(|name| {
            (
                name.to_owned(),
                words.sample(rng, &format!("kms:encryptioncontext:{name}")),
            )
        }));
    }
    for (name, value) in pairs {
        let name = if rng.percent(4) { name.to_lowercase() } else { name };
        if draft.stated(&format!("kms:EncryptionContext:{name}")).is_none() {
            draft.state(&format!("kms:EncryptionContext:{name}"), vec![value]);
        }
    }
}

/// The grant a CreateGrant asks for: mostly within the parent grant, if it aims at one.
pub fn child(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key, parent: Option<&Grant>) -> Value {
    let operations = match parent {
        Some(parent) if rng.percent(80) => rng.some(2, &parent.operations),
        _ => rng.some(2, &grant_operations()),
    };
    let constraint = match parent.and_then(|p| p.constraint.clone()) {
        Some(mut constraint) if rng.percent(75) => {
            if rng.percent(25) {
                constraint.equals = !constraint.equals;
            }
            Some(constraint)
        }
        _ => (key.spec == "SYMMETRIC_DEFAULT" && rng.percent(30)).then(|| pair_constraint(rng, words)),
    };
    let source_arn = parent
        .and_then(|p| p.source_arn.clone())
        .filter(|_| rng.percent(80));
    let mut constraints = json!({});
    if let Some(PairConstraint { equals, pairs }) = constraint {
        let pairs: serde_json::Map<String, Value> = pairs.into_iter().map(|(k, v)| (k, json!(v))).collect();
        constraints[if equals {
            "EncryptionContextEquals"
        } else {
            "EncryptionContextSubset"
        }] = Value::Object(pairs);
    }
    if let Some(arn) = source_arn.or_else(|| rng.percent(10).then(|| words.source_arn(rng))) {
        constraints["SourceArn"] = json!(arn);
    }
    let mut grant = json!({"Operations": operations});
    if rng.percent(85) {
        grant["GranteePrincipal"] = json!(words.principal(rng));
    } else {
        grant["GranteeServicePrincipal"] = json!(words.service(rng));
    }
    if rng.percent(30) {
        grant["RetiringPrincipal"] = json!(words.principal(rng));
    }
    if constraints.as_object().is_some_and(|c| !c.is_empty()) {
        grant["Constraints"] = constraints;
    }
    grant
}

/// Mostly somebody whom the grant or its accounts let retire it.
fn retire(draft: &mut Draft, rng: &mut Rng, words: &Vocabulary<'_>, aimed: bool) {
    let key = words_key(draft, words);
    if !aimed {
        draft.grant_number = rng.below(key.grants.len().max(1));
    }
    let Some(grant) = key.grants.get(draft.grant_number) else {
        return;
    };
    let named = [
        grant.retiring.clone(),
        grant.retiring_service.clone(),
        grant.grantee.clone(),
    ];
    let usable = |text: &String| {
        words.users.contains(text)
            || words.roles.contains(text)
            || text.ends_with(":root")
            || text.ends_with(".amazonaws.com")
    };
    let named: Vec<String> = named.into_iter().flatten().filter(usable).collect();
    if let Some(principal) = rng.pick_if_any(&named).filter(|_| rng.percent(65)) {
        draft.principal = if principal.contains(":role/") && rng.percent(60) {
            words.session_of(rng, principal)
        } else {
            principal.clone()
        };
        draft.federated_by = None;
    }
}

/// Makes it the operation ReEncrypt, aimed at one of its two sides.
fn re_encrypt(draft: &mut Draft, rng: &mut Rng, words: &Vocabulary<'_>) {
    let region = &words_key(draft, words).region;
    let others: Vec<usize> = (0..words.world.keys.len())
        .filter(|n| words.world.keys[*n].region == *region)
        .collect();
    let other = if rng.percent(35) {
        draft.key
    } else {
        *rng.pick(&others)
    };
    if draft.operation.name == "ReEncryptFrom" {
        draft.destination = Some(other);
    } else {
        draft.destination = Some(draft.key);
        draft.key = other;
        draft.operation = operation("ReEncryptFrom").expect("in the table");
    }
    let destination = &words.world.keys[draft.destination.unwrap_or(other)];
    if destination.spec == "SYMMETRIC_DEFAULT" && rng.percent(70) {
        let same_pairs = draft
            .context
            .iter()
            .filter(|(key, _)| key.starts_with("kms:EncryptionContext:"))
            .cloned();
        draft.destination_context = if rng.percent(60) {
            same_pairs.collect()
        } else {
            vec![("kms:EncryptionContext:Dept".to_owned(), vec!["IT".to_owned()])]
        };
    } else if destination.spec.starts_with("RSA") && destination.usage == "ENCRYPT_DECRYPT" {
        draft.destination_context = vec![(
            "kms:EncryptionAlgorithm".to_owned(),
            vec!["RSAES_OAEP_SHA_256".to_owned()],
        )];
    }
}

/// Looks for a value that makes the condition hold; gives up after a few.
fn meet(
    draft: &mut Draft,
    rng: &mut Rng,
    words: &Vocabulary<'_>,
    condition: &Condition,
    document: &Document,
    kind: PolicyKind,
) {
    let holds = |draft: &Draft| {
        let context = first_context(words.world, &draft.request(words, 0));
        (
            condition_holds(condition, document.variables, kind, &context),
            context,
        )
    };
    let (truth, context) = holds(draft);
    if truth == Truth::T
        || !(draft.may_state(words, &draft.caller(words), &condition.key)
            || condition.key == "aws:multifactorauthage")
    {
        return;
    }
    for _ in 0..5 {
        let mut trial = draft.clone();
        let mut values = vec![proposal(rng, words, condition, document, &context)];
        if multi_valued(&condition.key) && rng.percent(30) {
            values.push(words.sample(rng, &condition.key));
            values.dedup();
        }
        if rng.percent(15) {
            values.clear();
        }
        if condition.key == "aws:multifactorauthage" && !values.is_empty() {
            trial.state("aws:MultiFactorAuthPresent", vec!["true".to_owned()]);
        }
        if matches!(condition.key.as_str(), "aws:epochtime" | "aws:currenttime") {
            trial.state("aws:EpochTime", Vec::new());
            trial.state("aws:CurrentTime", values);
        } else {
            trial.state(&written(&condition.key_as_written, &condition.key), values);
        }
        trial.admit(rng, words);
        if holds(&trial).0 == Truth::T {
            *draft = trial;
            return;
        }
    }
}

/// The usual spelling of a key: names after the prefix stay as the policy wrote them, unless it shouts.
pub fn written(as_written: &str, lower: &str) -> String {
    if as_written.to_uppercase() == as_written {
        lower.to_owned()
    } else {
        as_written.to_owned()
    }
}

/// A value near one of the listed ones.
fn proposal(
    rng: &mut Rng,
    words: &Vocabulary<'_>,
    condition: &Condition,
    document: &Document,
    context: &super::super::context::Context,
) -> String {
    let text = condition.operator.base.starts_with("String")
        || condition.operator.base.starts_with("Arn")
        || condition.operator.base == "BinaryEquals";
    let listed = rng.pick_if_any(&condition.values);
    match listed {
        Some(listed) if text && rng.percent(65) => match substitute(
            listed,
            !condition.operator.base.contains("Equals"),
            document.variables,
            context,
        ) {
            Filled::Pieces(pieces) => {
                let pieces = pieces.into_iter().filter(|p| *p != Piece::Star);
                pieces
                    .map(|p| if let Piece::Char(c) = p { c } else { 'x' })
                    .collect()
            }
            _ => words.sample(rng, &condition.key),
        },
        _ => words.sample(rng, &condition.key),
    }
}

/// One thing a little different.
fn slip(draft: &mut Draft, rng: &mut Rng, words: &Vocabulary<'_>) {
    match rng.below(6) {
        0 => draft.principal = words.principal(rng),
        1 => draft.session_policies.clear(),
        2 | 3 => {
            if let Some((key, _)) = rng.pick_if_any(&draft.context).cloned() {
                let value = words.sample(rng, &key.to_lowercase());
                draft.state(&key, vec![value]);
            }
        }
        4 => {
            if let Some((key, _)) = rng.pick_if_any(&draft.context).cloned() {
                draft.state(&key, Vec::new());
            }
        }
        _ => draft.state("kms:ViaService", vec![words.sample(rng, "kms:viaservice")]),
    }
}
