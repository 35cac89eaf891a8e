//! The engine agrees with the slow evaluator of `tests/support` on generated worlds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use keywho::report::json::Place;
use keywho::{Batch, Decision, Engine, Outcome, Request, Snapshot, Verdict};
use serde_json::Value;

/// What the engine says, by the name the contract gives it.
fn engine_says(engine: &Engine, request: &Value) -> Result<(&'static str, String), String> {
    let parsed = keywho::report::request::parse(request.to_string().as_bytes()).map_err(|bad| bad.error)?;
    let decision = engine
        .decide(&parsed.request)
        .map_err(|error| error.to_string())?;
    let name = match decision.outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitDeny => "explicitDeny",
        Outcome::ImplicitDeny => "implicitDeny",
        Outcome::Undetermined => "undetermined",
    };
    Ok((
        name,
        format!(
            "{} {} {:?} {:?}",
            decision.layer,
            decision.rule,
            decision.statements,
            decision.residual.map(|r| r.text())
        ),
    ))
}

/// Writes a world as a snapshot folder, to look at a difference with the command line.
fn dump(folder: &std::path::Path, seed: u64, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = folder.join(seed.to_string()).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// The seeds of the worlds: 200 from 1 on, or as long runs ask for.
fn seeds() -> std::ops::Range<u64> {
    let first = support::number("KEYWHO_REFERENCE_FIRST", 1);
    first..first + support::number("KEYWHO_REFERENCE_WORLDS", 200)
}

/// Compares on some worlds; the number of requests can be raised for long runs by `KEYWHO_REFERENCE_WORLDS`.
#[test]
fn the_engine_agrees_with_the_slow_evaluator() {
    let worlds = seeds().count();
    let per_world = 60;
    let mut wrong = Vec::new();
    let mut asked = 0_usize;
    for seed in seeds() {
        let world = support::generate::generate(seed);
        let files = support::write::files(&world);
        if let Ok(folder) = std::env::var("KEYWHO_REFERENCE_DUMP") {
            dump(std::path::Path::new(&folder), seed, &files);
        }
        let (snapshot, _) = Snapshot::from_files(files);
        let engine = Engine::compile(&snapshot);
        let mut rng = support::rng::Rng::new(seed ^ 0x5eed);
        for request in support::requests::requests(&world, &mut rng, per_world) {
            // A pattern's instance may be no ARN; no AWS service would send it.
            if ["\"arn::", "\"arn:*"]
                .iter()
                .any(|odd| request["context"].to_string().contains(odd))
            {
                continue;
            }
            asked += 1;
            let expected = support::decide::decide(&world, &request).name();
            match engine_says(&engine, &request) {
                Ok((got, _)) if got == expected => {}
                Ok((got, why)) => wrong.push(format!(
                    "seed {seed}: {got}, not {expected}: {request}\n    {why}"
                )),
                Err(error) => wrong.push(format!("seed {seed}: error {error}, not {expected}: {request}")),
            }
        }
    }
    assert!(asked >= 11_000 || worlds < 200, "only {asked} requests");
    if let Ok(path) = std::env::var("KEYWHO_REFERENCE_LOG") {
        std::fs::write(path, wrong.join("\n")).unwrap();
    }
    let shown: Vec<&str> = wrong.iter().take(10).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} of {asked} differ:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

/// What is said of a request, whole.
fn said(answer: &Result<Decision, keywho::Error>) -> String {
    match answer {
        Ok(decision) => {
            let mut text = Vec::new();
            keywho::report::json::decision(&mut text, decision, Place::Line);
            String::from_utf8(text).unwrap()
        }
        Err(error) => format!("{error} {:?}", error.help()),
    }
}

/// Requests of a world, and what comes of exchanging who asks for which key in which context, some of them twice.
fn many(world: &support::world::World, rng: &mut support::rng::Rng) -> Vec<Request> {
    let asked: Vec<Request> = support::requests::requests(world, rng, 60)
        .iter()
        .map(|request| {
            keywho::report::request::parse(request.to_string().as_bytes())
                .unwrap()
                .request
        })
        .collect();
    let mut all = asked.clone();
    for _ in 0..240 {
        let mut request = rng.pick(&asked).clone();
        let (who, what, key, how) = (
            rng.pick(&asked),
            rng.pick(&asked),
            rng.pick(&asked),
            rng.pick(&asked),
        );
        if rng.percent(50) {
            request.principal.clone_from(&who.principal);
        }
        if rng.percent(20) && request.principal.contains(":assumed-role/") {
            request.principal.push_str("-other");
        }
        if rng.percent(50) {
            request.action.clone_from(&what.action);
        }
        if rng.percent(50) {
            request.resource.clone_from(&key.resource);
        }
        if rng.percent(50) {
            request.context.clone_from(&how.context);
        }
        if rng.percent(20) {
            request.context.extend(how.context.clone());
        }
        if rng.percent(10) {
            request.resource = request.resource.rsplit('/').next().unwrap().to_owned();
        }
        if rng.percent(10) {
            request.context.insert(
                "aws:CurrentTime".to_owned(),
                vec!["2026-08-01T00:00:00Z".to_owned()],
            );
        }
        request.open_context = rng.percent(30);
        all.push(request);
    }
    let again: Vec<Request> = (0..all.len()).map(|_| rng.pick(&all).clone()).collect();
    all.extend(again);
    for (number, request) in all.iter_mut().enumerate() {
        request.id = number.to_string();
    }
    all
}

/// Requests together are decided as each by itself, whatever was asked before.
#[test]
fn batches_agree_with_single_decisions() {
    let mut wrong = Vec::new();
    let (mut asked, mut quick) = (0_usize, 0_usize);
    // In the last world, key ids stand for nothing where an account is asked from that nobody knows.
    for seed in seeds().chain([6046]) {
        let world = support::generate::generate(seed);
        let (snapshot, _) = Snapshot::from_files(support::write::files(&world));
        // Neither may rest on what the other has remembered.
        let (apart, together) = (Engine::compile(&snapshot), Engine::compile(&snapshot));
        let requests = many(&world, &mut support::rng::Rng::new(seed ^ 0xba7c));
        let mut batch = together.batch();
        let mut by_name = together.batch();
        for (request, answer) in requests.iter().zip(together.decide_batch(&requests)) {
            let expected = said(&apart.decide(request));
            let verdict = batch.decide(request);
            let whole = |verdict: Result<Verdict, keywho::Error>, batch: &Batch<'_>| {
                said(&verdict.map(|verdict| {
                    let mut decision = batch.decision(&verdict).unwrap();
                    let said = (decision.outcome, decision.layer, decision.rule, decision.usable);
                    assert_eq!(
                        said,
                        (verdict.outcome, verdict.layer, verdict.rule, verdict.usable)
                    );
                    decision.id.clone_from(&request.id);
                    decision
                }))
            };
            quick += usize::from(verdict.as_ref().is_ok_and(|verdict| verdict.token().is_some()));
            asked += 1;
            let resolved = match by_name.resolve(request) {
                Some(named) => whole(by_name.decide_resolved(&named), &by_name),
                None => expected.clone(),
            };
            for (how, got) in [
                ("batch", said(&answer)),
                ("verdict", whole(verdict, &batch)),
                ("resolved", resolved),
            ] {
                if got != expected {
                    wrong.push(format!(
                        "seed {seed}, {how}: {got}\n  not {expected}\n  {request:?}"
                    ));
                }
            }
        }
    }
    assert!(quick * 3 > asked, "only {quick} of {asked} requests were quick");
    let shown: Vec<&str> = wrong.iter().take(5).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} of {asked} differ:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

/// The row that stands for a request's principal, action and key.
fn row<'r>(rows: &'r [keywho::Row], request: &Value) -> Option<&'r keywho::Row> {
    let principal = request["principal"].as_str().unwrap();
    let own = rows.iter().find(|row| row.principal == principal);
    // A role stands for any of its sessions, of which some may have rows of their own.
    let session = || {
        let begin = support::begin_of_sessions(principal)?;
        rows.iter().find(|row| row.principal.starts_with(&begin))
    };
    let parts: Vec<&str> = principal.split(['/', ':']).collect();
    let role = || {
        let account = parts.get(4)?;
        let name = parts.get(6)?;
        rows.iter().find(|row| {
            row.principal.split(':').nth(4) == Some(account)
                && row.principal.contains(":role/")
                && row.principal.rsplit('/').next() == Some(name)
        })
    };
    let whole = || {
        let account = format!("account:{}", parts.get(4)?);
        rows.iter().find(|row| row.principal == account)
    };
    own.or_else(|| principal.contains(":assumed-role/").then(role).flatten())
        .or_else(session)
        .or_else(whole)
        .or_else(|| {
            principal
                .starts_with("arn:")
                .then(|| rows.iter().find(|row| row.principal == "*"))
                .flatten()
        })
}

/// A request with what every request has: a time, a client, and the address of a caller that comes by itself.
fn whole(mut request: Value) -> Value {
    let stated = |request: &Value, keys: &[&str]| {
        let context = request["context"].as_object().unwrap();
        context
            .keys()
            .any(|key| keys.contains(&key.to_lowercase().as_str()))
    };
    if !stated(&request, &["aws:currenttime", "aws:epochtime"]) {
        request["context"]["aws:CurrentTime"] = "2026-08-01T00:00:00Z".into();
    }
    let service = !request["principal"].as_str().unwrap().starts_with("arn:");
    if !stated(&request, &["aws:useragent"]) && !service {
        request["context"]["aws:UserAgent"] = "another-client".into();
    }
    if !stated(&request, &["aws:sourceip", "kms:viaservice", "aws:sourcevpce"]) && !service {
        request["context"]["aws:SourceIp"] = "192.0.2.1".into();
    }
    request
}

/// Rows against decisions: nothing that may be allowed lacks a row, and what is listed as "always" is always allowed.
#[test]
fn rows_agree_with_decisions() {
    let worlds = seeds().count();
    let mut wrong = Vec::new();
    let mut seen = [0_usize; 3];
    for seed in seeds() {
        let world = support::generate::generate(seed);
        let (snapshot, _) = Snapshot::from_files(support::write::files(&world));
        let engine = Engine::compile(&snapshot);
        let filter = keywho::MatrixFilter {
            all_operations: true,
            ..keywho::MatrixFilter::default()
        };
        let rows: Vec<keywho::Row> = engine.matrix(&filter).unwrap().collect();
        let mut rng = support::rng::Rng::new(seed ^ 0xb01d);
        for request in support::requests::requests(&world, &mut rng, 60) {
            // Session policies, endpoints, alias sides and second keys narrow one request, not the row; a grant
            // token or a federated user's creator singles one out.
            let special = [
                "sessionPolicies",
                "vpcEndpoint",
                "destination",
                "alias",
                "grantId",
                "grant",
            ];
            let federated = request["principal"]
                .as_str()
                .unwrap()
                .contains(":federated-user/");
            if special.iter().any(|name| !request[*name].is_null()) || federated {
                continue;
            }
            // Services have rows where something names them (S3.1.13); rows take it that calls are encrypted (S6.2).
            let unnamed = engine.what_can(request["principal"].as_str().unwrap()).is_err();
            let service = request["principal"].as_str().unwrap().ends_with(".amazonaws.com");
            if (service && unnamed)
                || request["context"]
                    .to_string()
                    .to_lowercase()
                    .contains("securetransport")
            {
                continue;
            }
            let request = whole(request);
            let Ok((said, why)) = engine_says(&engine, &request) else {
                continue;
            };
            // A service's call that does not state its network keys is undetermined; in rows they have some value (S3.2.2).
            if why.contains("S3.2.2") {
                continue;
            }
            let resource = request["resource"].as_str().unwrap();
            let same_action: Vec<keywho::Row> = rows
                .iter()
                .filter(|row| row.action.to_string() == request["action"].as_str().unwrap())
                .filter(|row| row.key == resource)
                .cloned()
                .collect();
            if !resource.starts_with("arn:") || resource.contains(":alias/") {
                continue;
            }
            let access = row(&same_action, &request).map(|row| &row.access);
            let fine = match (access, said) {
                (Some(keywho::Access::Always), said) => {
                    seen[0] += 1;
                    said == "allowed"
                }
                (Some(_), _) => {
                    seen[1] += 1;
                    true
                }
                (None, said) => {
                    seen[2] += 1;
                    said != "allowed" && said != "undetermined"
                }
            };
            if !fine {
                wrong.push(format!("seed {seed}: {said}, row {access:?}: {request}"));
            }
        }
    }
    assert!(
        seen.iter().all(|n| *n > 300) || worlds < 200,
        "too few rows of some kind: {seen:?}"
    );
    if let Ok(path) = std::env::var("KEYWHO_REFERENCE_LOG") {
        std::fs::write(path + ".rows", wrong.join("\n")).unwrap();
    }
    let shown: Vec<&str> = wrong.iter().take(10).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} differ of {seen:?}:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}
