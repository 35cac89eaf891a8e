//! Policy texts and what is made of them, one rule of S2.1 after another.

use super::*;
use crate::condition::operator::Base;
use crate::policy::document::{Effect, PrincipalEntry};

fn read(kind: PolicyKind, text: &str) -> (Document, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let document = parse_text(Some(FileId(0)), text.as_bytes(), kind, &mut diagnostics);
    (document, diagnostics)
}

/// Reads one statement of a key policy; `codes` are the diagnostics that it must yield.
fn statement_of(kind: PolicyKind, statement: &str, codes: &[Code]) -> Statement {
    let (mut document, diagnostics) = read(
        kind,
        &format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}"),
    );
    let found: Vec<_> = diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(found, codes, "{statement}: {diagnostics:#?}");
    assert_eq!(document.opaque, None);
    assert_eq!(document.statements.len(), 1);
    document.statements.remove(0)
}

fn key_statement(statement: &str, codes: &[Code]) -> Statement {
    statement_of(PolicyKind::Key, statement, codes)
}

#[test]
fn one_value_may_stand_without_brackets() {
    let one = key_statement(
        r#"{"Sid": "a b", "Effect": "Deny", "NotPrincipal": {"AWS": "x", "Service": ["y", "z"]}, "NotAction": "kms:*",
            "NotResource": ["*"], "Condition": {"Bool": {"k": [true, "a", 1.50]}, "Null": {"l": "true"}}}"#,
        &[],
    );
    assert_eq!(one.opaque, None);
    assert_eq!(one.effect, Some(Effect::Deny));
    let principals = one.principals.unwrap();
    assert!(principals.negated);
    let service = |name: &str| PrincipalEntry::Service(name.to_owned());
    assert_eq!(
        principals.entries,
        [PrincipalEntry::Aws("x".to_owned()), service("y"), service("z")]
    );
    assert!(one.actions.unwrap().negated && one.resources.unwrap().negated);
    assert_eq!(one.conditions[0].values, ["true", "a", "1.50"]);
    assert_eq!(one.conditions[1].operator.base, Base::Null);
}

#[test]
fn a_key_policy_statement_without_action_or_resource_is_kept_without_effect() {
    let one = key_statement(
        r#"{"Effect": "Allow", "Principal": "*"}"#,
        &[Code::MissingElement; 2],
    );
    assert_eq!((one.opaque, one.actions, one.resources), (None, None, None));
    let one = statement_of(
        PolicyKind::Identity,
        r#"{"Effect": "Allow", "Action": "kms:*"}"#,
        &[Code::MissingElement],
    );
    assert!(one.opaque.is_some());
}

#[test]
fn what_is_not_understood_makes_the_statement_opaque() {
    let rest = r#""Principal": "*", "Action": "kms:*", "Resource": "*""#;
    let cases = [
        (
            format!(r#"{{"effect": "Allow", {rest}}}"#),
            vec![Code::UnknownElement, Code::InvalidEffect],
        ),
        (
            format!(r#"{{"Effect": "allow", {rest}}}"#),
            vec![Code::InvalidEffect],
        ),
        (
            format!(r#"{{"Effect": "Allow", "Effect": "Deny", {rest}}}"#),
            vec![Code::DuplicateKey],
        ),
        (
            format!(r#"{{"Effect": "Allow", "Foo": 1, {rest}}}"#),
            vec![Code::UnknownElement],
        ),
        (
            format!(r#"{{"Effect": "Allow", "NotAction": "a:b", {rest}}}"#),
            vec![Code::InvalidElement],
        ),
        (
            format!(r#"{{"Effect": "Allow", "Condition": [], {rest}}}"#),
            vec![Code::InvalidElement],
        ),
        (
            format!(r#"{{"Effect": "Allow", "Condition": {{"Bool": {{"a": {{}}}}}}, {rest}}}"#),
            vec![Code::InvalidElement],
        ),
        (
            format!(r#"{{"Effect": "Allow", "Condition": {{"Bool": {{"a": "1", "a": "2"}}}}, {rest}}}"#),
            vec![Code::DuplicateKey],
        ),
        (r#""text""#.to_owned(), vec![Code::InvalidElement]),
        (
            r#"{"Effect": "Allow", "Principal": ["*"], "Action": [1], "Resource": {"Ref": "K"}}"#.to_owned(),
            vec![Code::InvalidElement; 3],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"Aws": "x"}, "NotAction": [], "Resource": "*"}"#.to_owned(),
            vec![Code::UnknownElement, Code::InvalidElement],
        ),
    ];
    for (text, codes) in cases {
        let one = key_statement(&text, &codes);
        assert!(one.opaque.is_some(), "{text}");
    }
}

#[test]
fn an_element_of_which_a_part_is_unknown_is_unknown() {
    let one = key_statement(
        r#"{"Effect": "Allow", "Principal": {"AWS": ["a", {"Ref": "R"}]}, "Action": ["kms:*", null], "Resource": "*"}"#,
        &[Code::InvalidElement; 2],
    );
    assert_eq!((one.principals, one.actions), (None, None));
    assert!(one.resources.is_some());
}

#[test]
fn empty_lists_match_nothing() {
    let one = key_statement(
        r#"{"Effect": "Allow", "Principal": {"AWS": []}, "Action": [], "Resource": []}"#,
        &[Code::MissingElement; 3],
    );
    assert_eq!(one.opaque, None);
    assert!(one.actions.unwrap().patterns.is_empty());
    let one = key_statement(
        r#"{"Effect": "Allow", "Principal": "*", "Action": "a:b", "Resource": "*", "Condition": {"Bool": {"a": []}}}"#,
        &[Code::InvalidConditionValue],
    );
    assert_eq!(one.opaque, None);
}

#[test]
fn misplaced_elements_are_not_ignored() {
    let body = r#""Effect": "Deny", "Action": "kms:*", "Resource": "*""#;
    for kind in [
        PolicyKind::Identity,
        PolicyKind::Boundary,
        PolicyKind::Session,
        PolicyKind::Scp,
    ] {
        let text = format!(r#"{{"Principal": "*", {body}}}"#);
        assert!(
            statement_of(kind, &text, &[Code::MisplacedElement])
                .opaque
                .is_some()
        );
        assert!(statement_of(kind, &format!("{{{body}}}"), &[]).opaque.is_none());
    }
    let rcp = |text: &str, codes: &[Code]| statement_of(PolicyKind::Rcp, text, codes).opaque.is_some();
    assert!(!rcp(&format!(r#"{{"Principal": "*", {body}}}"#), &[]));
    assert!(!rcp(
        r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#,
        &[]
    ));
    assert!(rcp(
        &format!(r#"{{"Principal": {{"AWS": "*"}}, {body}}}"#),
        &[Code::MisplacedElement]
    ));
    assert!(rcp(
        &format!(r#"{{"NotPrincipal": "*", {body}}}"#),
        &[Code::MisplacedElement]
    ));
    assert!(rcp(&format!("{{{body}}}"), &[Code::MissingElement]));
    assert!(rcp(
        r#"{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}"#,
        &[Code::MisplacedElement]
    ));
    assert!(rcp(
        r#"{"Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "Resource": "*"}"#,
        &[Code::MisplacedElement]
    ));
    assert!(rcp(
        r#"{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}"#,
        &[Code::MisplacedElement]
    ));
}

#[test]
fn unknown_operators_stay_in_the_statement() {
    let (document, diagnostics) = read(
        PolicyKind::Key,
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "a:b", "Resource": "*",
            "Condition": {"ForAnyValue:Stringlike": {"a": "b"}, "NullIfExists": {"a": "b"}}}}"#,
    );
    let one = &document.statements[0];
    assert_eq!(one.opaque, None);
    assert_eq!(
        one.conditions[0].operator.base,
        Base::Unknown("ForAnyValue:Stringlike".to_owned())
    );
    assert_eq!(diagnostics.len(), 2);
    assert_eq!(
        diagnostics[0].help.as_deref(),
        Some("did you mean `ForAnyValue:StringLike`?")
    );
}

#[test]
fn versions_decide_whether_there_are_variables() {
    let body = r#""Statement": {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}"#;
    let version = |kind, version: &str| {
        let (document, diagnostics) = read(kind, &format!("{{{version}{body}}}"));
        (
            document.variables,
            document.statements[0].opaque.is_some(),
            diagnostics.len(),
        )
    };
    assert_eq!(
        version(PolicyKind::Identity, r#""Version": "2012-10-17", "#),
        (true, false, 0)
    );
    assert_eq!(
        version(PolicyKind::Identity, r#""Version": "2008-10-17", "#),
        (false, false, 0)
    );
    assert_eq!(version(PolicyKind::Identity, ""), (false, false, 0));
    assert_eq!(
        version(PolicyKind::Identity, r#""Version": "2012-10-18", "#),
        (true, true, 1)
    );
    assert_eq!(version(PolicyKind::Scp, ""), (true, true, 1));
}

#[test]
fn documents_that_are_no_policy_are_opaque() {
    let cases = [
        ("", Code::UnparsablePolicy),
        ("[]", Code::UnparsablePolicy),
        ("{}", Code::UnparsablePolicy),
        ("{\"statement\": []}", Code::UnparsablePolicy),
        ("{\"Effect\": \"Allow\"}", Code::UnparsablePolicy),
        ("{\"Statement\": null}", Code::InvalidElement),
        ("{\"Statement\": []} {}", Code::UnparsablePolicy),
        ("{\"Statement\": [,]}", Code::UnparsablePolicy),
        ("\"\"", Code::UnparsablePolicy),
        ("\"%7B\"", Code::UnparsablePolicy),
        ("\"%7\"", Code::UnparsablePolicy),
        ("null", Code::UnparsablePolicy),
    ];
    for (text, code) in cases {
        let (document, diagnostics) = read(PolicyKind::Key, text);
        assert!(
            document.opaque.is_some() && document.statements.is_empty(),
            "{text}"
        );
        assert_eq!(
            diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(),
            [code],
            "{text}"
        );
    }
    let (document, diagnostics) = read(PolicyKind::Key, &"[".repeat(100_000));
    assert!(document.opaque.is_some());
    assert_eq!(diagnostics[0].code, Code::TooDeep);
    let mut diagnostics = Vec::new();
    let document = parse_text(
        None,
        b"{\"Statement\": \"\xff\"}",
        PolicyKind::Key,
        &mut diagnostics,
    );
    assert!(document.opaque.is_some());
    assert_eq!(diagnostics[0].code, Code::InvalidUtf8);
}

#[test]
fn quoted_documents_are_found_where_they_stand_in_the_file() {
    let body = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}"#;
    let plain = &body[14..body.len() - 2];
    let json = serde_json::to_string(body).unwrap();
    let percent: String = body.bytes().map(|b| format!("%{b:02X}")).collect();
    let twice = serde_json::to_string(&json).unwrap();
    for (quoted, length) in [
        (body.to_owned(), plain.len()),
        (json.clone(), serde_json::to_string(plain).unwrap().len() - 2),
        (format!("\"{percent}\""), plain.len() * 3),
        (twice, 0),
    ] {
        let text = format!("{{\n  \"PolicyName\": \"default\",\n  \"Policy\": {quoted}\n}}");
        let (document, diagnostics) = read(PolicyKind::Key, &text);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        let location = document.statements[0].location;
        let shown = &text[location.start as usize..location.end as usize];
        assert_eq!(location.line, 3);
        assert!(shown.starts_with('{') || shown.starts_with("%7B"), "{shown}");
        assert!(shown.ends_with('}') || shown.ends_with("%7D"), "{shown}");
        assert!(length == 0 || shown.len() == length, "{shown}");
    }
}

#[test]
fn a_value_without_a_file_stands_nowhere() {
    let value =
        serde_json::json!({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "X": 1}]});
    let (document, diagnostics) = document_from_value(&value, PolicyKind::Session);
    assert_eq!(
        document.statements[0].location,
        crate::source::Location::default()
    );
    assert_eq!(diagnostics[0].location, crate::source::Location::default());
}
