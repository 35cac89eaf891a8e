//! Edits as people write them.

use super::{Edit, Given};
use crate::model::change::Change;
use crate::{Error, Snapshot};
use serde_json::json;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// An account with a user in a group, a role with a boundary, a key with two grants, in an organization with one SCP.
fn snapshot() -> Snapshot {
    let document = json!({"Version": "2012-10-17", "Statement": []});
    let account = "arn:aws:iam::111122223333";
    let managed = |name: &str| {
        json!({
            "PolicyName": name, "Arn": format!("{account}:policy/team/{name}"), "DefaultVersionId": "v1",
            "PolicyVersionList": [{"Document": document, "VersionId": "v1", "IsDefaultVersion": true}]
        })
    };
    let iam = json!({
        "UserDetailList": [{
            "Arn": format!("{account}:user/alice"), "UserName": "alice", "UserId": "AIDAALICE", "GroupList": ["ops"],
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
        }],
        "GroupDetailList": [{"Arn": format!("{account}:group/ops"), "GroupName": "ops", "GroupId": "AGPAOPS"}],
        "RoleDetailList": [{
            "Arn": format!("{account}:role/app/web"), "RoleName": "web", "RoleId": "AROAWEB", "Path": "/app/",
            "AttachedManagedPolicies": [{"PolicyName": "use", "PolicyArn": format!("{account}:policy/team/use")}],
            "PermissionsBoundary": {"PermissionsBoundaryArn": format!("{account}:policy/team/limit")},
        }],
        "Policies": [managed("use"), managed("limit")],
    });
    let grant = |id: &str, name: &str| {
        json!({
            "KeyId": KEY, "GrantId": id, "Name": name, "GranteePrincipal": format!("{account}:role/app/web"),
            "Operations": ["Decrypt"], "IssuingAccount": format!("{account}:root")
        })
    };
    let key = "accounts/111122223333/us-east-1/keys/1234abcd-12ab-34cd-56ef-1234567890ab";
    let files = [
        ("accounts/111122223333/iam.json".to_owned(), iam),
        (
            "organization/list-policies.json".to_owned(),
            json!({"Policies": [{"Id": "p-12345678", "Name": "Region lock", "Type": "SERVICE_CONTROL_POLICY"}]}),
        ),
        (
            "organization/describe-policy/p-12345678.json".to_owned(),
            json!({"Policy": {
                "PolicySummary": {"Id": "p-12345678", "Name": "Region lock", "Type": "SERVICE_CONTROL_POLICY"},
                "Content": document.to_string()
            }}),
        ),
        (
            "organization/list-targets-for-policy/p-12345678.json".to_owned(),
            json!({"Targets": [{"TargetId": "111122223333", "Type": "ACCOUNT"}]}),
        ),
        (
            "organization/list-roots.json".to_owned(),
            json!({"Roots": [{"Id": "r-abcd", "Arn": "arn:aws:organizations::111122223333:root/o-1/r-abcd"}]}),
        ),
        (
            "organization/list-accounts-for-parent/r-abcd.json".to_owned(),
            json!({"Accounts": [{"Id": "111122223333", "Name": "one"}]}),
        ),
        (
            format!("{key}/describe-key.json"),
            json!({"KeyMetadata": {"Arn": KEY, "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}}),
        ),
        (
            format!("{key}/get-key-policy.json"),
            json!({"Policy": document.to_string()}),
        ),
        (
            format!("{key}/list-grants.json"),
            json!({"Grants": [grant("g1", "nightly"), grant("g2", "twice"), grant("g3", "twice")]}),
        ),
        (
            "accounts/111122223333/us-east-1/kms-list-aliases.json".to_owned(),
            json!({"Aliases": [{
                "AliasName": "alias/payments",
                "AliasArn": "arn:aws:kms:us-east-1:111122223333:alias/payments",
                "TargetKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"
            }]}),
        ),
    ];
    let files = files.map(|(name, value)| (name, value.to_string().into_bytes()));
    Snapshot::from_files(files).0
}

fn with(snapshot: &mut Snapshot, text: &str, contents: &str) -> Result<Vec<Change>, Error> {
    let given = Given {
        name: "given.json",
        contents: contents.as_bytes(),
    };
    let edited = snapshot.edit(&Edit::with(text)?, Some(given))?;
    Ok(edited.changes)
}

fn without(snapshot: &mut Snapshot, text: &str) -> Result<Vec<Change>, Error> {
    Ok(snapshot.edit(&Edit::without(text)?, None)?.changes)
}

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}"#;

/// Every kind, under each name that people have for what it changes, in each form that a file may have.
#[test]
fn names_and_forms_are_understood() {
    let quoted = serde_json::to_string(POLICY).unwrap();
    let answers = [
        POLICY.to_owned(),
        quoted.clone(),
        format!("{{\"PolicyName\": \"default\", \"Policy\": {quoted}}}"),
        format!("{{\"PolicyVersion\": {{\"Document\": {POLICY}}}}}"),
        format!("{{\"RoleName\": \"web\", \"PolicyName\": \"x\", \"PolicyDocument\": {POLICY}}}"),
        format!("{{\"Policy\": {{\"PolicySummary\": {{}}, \"Content\": {quoted}}}}}"),
    ];
    let edits = [
        "key-policy:alias/payments",
        "key-policy:payments",
        "key-policy:1234abcd-12ab-34cd-56ef-1234567890ab",
        "key-policy:arn:aws:kms:us-east-1:111122223333:alias/payments",
        "key-policy:arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "identity-policy:use",
        "identity-policy:policy/team/use",
        "identity-policy:arn:aws:iam::111122223333:policy/team/use",
        "inline-policy:user/alice/own",
        "inline-policy:role/web/new",
        "inline-policy:111122223333:role/app/web/new",
        "inline-policy:arn:aws:iam::111122223333:role/app/web/new",
        "boundary:alice",
        "scp:111122223333/Region lock",
        "scp:r-abcd/p-12345678",
        "scp:r-abcd/another",
        "rcp:r-abcd/perimeter",
    ];
    for edit in edits {
        for answer in &answers {
            let mut snapshot = snapshot();
            let changes = with(&mut snapshot, edit, answer).unwrap_or_else(|error| panic!("{edit}: {error}"));
            let [change] = changes.as_slice() else {
                panic!("{edit}: {changes:?}")
            };
            let policy = match change {
                Change::KeyPolicy { policy, .. } => Some(policy),
                Change::Managed { policy, .. }
                | Change::Inline { policy, .. }
                | Change::Boundary { policy, .. }
                | Change::Guardrail { policy, .. } => policy.as_ref(),
                _ => None,
            };
            let document = &policy.unwrap().document;
            assert_eq!(document.statements.len(), 1, "{edit}: {answer}");
            let file = document.statements[0].location.file.unwrap();
            assert_eq!(snapshot.files.name(file), "given.json");
        }
    }
}

#[test]
fn grants_come_in_three_forms() {
    let grant = r#"{"GranteePrincipal": "arn:aws:iam::111122223333:user/alice", "Operations": ["Decrypt"]}"#;
    for (text, ids) in [
        (grant.to_owned(), vec!["new-grant-1"]),
        (
            format!("{{\"Grants\": [{grant}, {grant}]}}"),
            vec!["new-grant-1", "new-grant-2"],
        ),
        (grant.replace('{', "{\"GrantId\": \"g1\", "), vec!["g1"]),
    ] {
        let mut snapshot = snapshot();
        let changes = with(&mut snapshot, "grant:alias/payments", &text).unwrap();
        let made = changes.iter().map(|change| match change {
            Change::Grant { grant, .. } => grant.id.as_str(),
            _ => "",
        });
        assert_eq!(made.collect::<Vec<_>>(), ids);
        let expected = if ids == ["g1"] { 3 } else { 3 + ids.len() };
        assert_eq!(snapshot.keys[0].grants.len(), expected);
    }
}

#[test]
fn things_are_taken_away() {
    let mut snapshot = snapshot();
    for edit in [
        "grant:payments/nightly",
        "grant:payments/g2",
        "identity-policy:use",
        "inline-policy:alice/own",
        "boundary:web",
        "scp:111122223333/Region lock",
    ] {
        without(&mut snapshot, edit).unwrap_or_else(|error| panic!("{edit}: {error}"));
    }
    let account = &snapshot.accounts["111122223333"];
    assert_eq!(snapshot.keys[0].grants.len(), 1);
    assert!(account.users["alice"].permissions.inline.is_empty());
    let web = &account.roles["web"].permissions;
    assert!(web.attached.is_empty() && web.boundary.is_none());
    let attached = &snapshot.organization.as_ref().unwrap().attachments["111122223333"];
    assert!(attached.is_empty(), "{attached:?}");
}

#[test]
fn a_boundary_may_be_a_policy_that_is_there() {
    let mut snapshot = snapshot();
    let given = Given {
        name: "arn:aws:iam::111122223333:policy/team/limit",
        contents: b"",
    };
    let edit = Edit::with("boundary:alice").unwrap();
    let _ = snapshot.edit(&edit, Some(given)).unwrap();
    let alice = &snapshot.accounts["111122223333"].users["alice"];
    assert_eq!(alice.permissions.boundary.as_deref(), Some(given.name));
}

/// What is wrong is said with its place, and what to do about it; the snapshot stays as it is.
#[test]
fn what_cannot_be_done_is_said() {
    let wrong = [
        (
            "key:alias/payments",
            POLICY,
            "unknown kind of edit `key`",
            "did you mean `key-policy`?",
        ),
        (
            "scp",
            POLICY,
            "`scp` does not say of what",
            "write it as `scp:TARGET/NAME=FILE`",
        ),
        (
            "scp:r-abcd",
            POLICY,
            "`scp:r-abcd` does not say of what",
            "write it as `scp:TARGET/NAME=FILE`",
        ),
        (
            "inline-policy:alice",
            POLICY,
            "does not say of what",
            "`inline-policy:PRINCIPAL/NAME=FILE`",
        ),
        (
            "key-policy:alias/paymets",
            POLICY,
            "unknown key `alias/paymets`",
            "did you mean `alias/payments`?",
        ),
        (
            "identity-policy:usee",
            POLICY,
            "unknown managed policy `usee`",
            "did you mean `arn:aws:iam::111122223333:policy/team/use`?",
        ),
        (
            "boundary:user/alise",
            POLICY,
            "unknown user or role `user/alise`",
            "did you mean `arn:aws:iam::111122223333:user/alice`?",
        ),
        (
            "scp:r-abce/x",
            POLICY,
            "unknown root, OU or account `r-abce`",
            "did you mean `r-abcd`?",
        ),
        (
            "key-policy:payments",
            "{\n  \"Statement\": [\n",
            "`given.json` line",
            "replace the text by what `aws` prints",
        ),
        (
            "key-policy:payments",
            "",
            "`given.json` line 1",
            "replace the text by what `aws` prints",
        ),
        (
            "key-policy:payments",
            "{\"Keys\": []}",
            "`given.json` line 1",
            "give a policy document",
        ),
        (
            "grant:payments",
            "{\"Grants\": [}",
            "`given.json` line 1: not JSON",
            "list-grants",
        ),
        ("grant:payments", "", "`given.json` is empty", "list-grants"),
        (
            "grant:payments",
            r#"{"GrantId": "g", "GrantToken": "t"}"#,
            "is the answer of create-grant, which does not say what was granted",
            "create-grant",
        ),
    ];
    for (edit, contents, said, help) in wrong {
        let mut snapshot = snapshot();
        let error = with(&mut snapshot, edit, contents).unwrap_err();
        check(edit, &error, said, help);
        assert_eq!(snapshot.files.len(), self::snapshot().files.len());
    }
    let wrong = [
        (
            "key-policy:payments",
            "a key is never without a key policy",
            "--with key-policy:KEY=FILE",
        ),
        (
            "grant:payments/nightli",
            "unknown grant `nightli`",
            "did you mean `nightly`?",
        ),
        (
            "grant:payments/twice",
            "ambiguous grant `twice`",
            "did you mean `g2`, `g3`?",
        ),
        (
            "grant:payments",
            "does not say of what",
            "write it as `grant:KEY/GRANT`",
        ),
        (
            "inline-policy:alice/owm",
            "unknown inline policy `owm`",
            "did you mean `own`?",
        ),
        (
            "boundary:alice",
            "has no permissions boundary",
            "leave the edit out",
        ),
        (
            "scp:111122223333/Regio lock",
            "unknown attached policy `Regio lock`",
            "did you mean `Region lock`?",
        ),
    ];
    for (edit, said, help) in wrong {
        let error = without(&mut snapshot(), edit).unwrap_err();
        check(edit, &error, said, help);
    }
}

fn check(edit: &str, error: &Error, said: &str, help: &str) {
    let (message, offered) = (error.to_string(), error.help().unwrap_or_default());
    assert!(message.contains(said), "{edit}: {message}");
    assert!(offered.contains(help), "{edit}: {offered}");
}
