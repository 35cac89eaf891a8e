//! Small snapshots in memory, one habit of AWS output after another.

use keywho::Snapshot;
use keywho::diag::{Code, Diagnostic};
use keywho::model::Collected::{self, Missing, Partly, Whole};
use keywho::model::key::Key;

const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "0987dcba-09fe-87dc-65ba-ab0987654321";
const REGION: &str = "accounts/111122223333/us-east-1";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}]}"#;

/// Reads files given as names and texts.
fn read(files: &[(String, String)]) -> (Snapshot, Vec<Diagnostic>) {
    Snapshot::from_files(
        files
            .iter()
            .map(|(name, text)| (name.clone(), text.as_bytes().to_vec())),
    )
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<Code> {
    diagnostics.iter().map(|found| found.code).collect()
}

/// A file in the folder of the key.
fn of_key(name: &str, text: impl Into<String>) -> (String, String) {
    (format!("{REGION}/keys/{KEY}/{name}"), text.into())
}

fn of_region(name: &str, text: impl Into<String>) -> (String, String) {
    (format!("{REGION}/{name}"), text.into())
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn arn(key: &str) -> String {
    format!("arn:aws:kms:us-east-1:111122223333:key/{key}")
}

fn key<'s>(snapshot: &'s Snapshot, id: &str) -> &'s Key {
    snapshot.keys.iter().find(|key| key.id == id).unwrap()
}

fn gap(snapshot: &Snapshot, what: &str) -> Option<&'static str> {
    snapshot
        .coverage
        .gaps
        .iter()
        .find(|gap| gap.what == what)
        .map(|gap| gap.how)
}

fn grant(id: &str, key: &str) -> String {
    format!(
        r#"{{"GrantId": "{id}", "KeyId": "{key}", "GranteePrincipal": "AROAEXAMPLE", "Operations": ["Decrypt"]}}"#
    )
}

#[test]
fn a_policy_may_be_quoted_in_any_way() {
    let percent: String = POLICY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let forms = [
        format!(r#"{{"Policy": {}, "PolicyName": "default"}}"#, quoted(POLICY)),
        format!(r#"{{"Policy": {POLICY}}}"#),
        format!(r#"{{"Policy": "{percent}"}}"#),
        POLICY.to_owned(),
        quoted(POLICY),
        format!("\u{feff}[{{\"Policy\": {}}}]", quoted(POLICY)),
    ];
    for form in forms {
        let (snapshot, diagnostics) = read(&[of_key("get-key-policy.json", &form)]);
        assert_eq!(codes(&diagnostics), [], "{form}");
        let key = key(&snapshot, KEY);
        assert_eq!((key.policies.len(), key.policies_collected), (1, Whole), "{form}");
        assert_eq!(key.policies[0].name, "default");
        assert_eq!(
            key.policies[0].document.statements[0].sid.as_deref(),
            Some("Root")
        );
        assert_eq!(key.arn, arn(KEY));
    }
}

#[test]
fn pages_are_joined_and_a_missing_last_page_is_noticed() {
    let page = |id: &str, end: &str| format!(r#"{{"Grants": [{}]{end}}}"#, grant(id, &arn(KEY)));
    let (first, last) = (
        page("a", r#", "Truncated": true, "NextMarker": "m""#),
        page("b", r#", "Truncated": false"#),
    );
    for whole in [
        format!("{first}{last}"),
        format!("{first}\n{last}\n"),
        format!("[{first}, {last}]"),
    ] {
        let (snapshot, diagnostics) = read(&[of_key("list-grants.json", whole)]);
        assert_eq!(codes(&diagnostics), []);
        assert_eq!(
            (
                key(&snapshot, KEY).grants.len(),
                key(&snapshot, KEY).grants_collected
            ),
            (2, Whole)
        );
    }
    for partly in [first, page("a", r#", "NextToken": "t""#)] {
        let (snapshot, diagnostics) = read(&[of_key("list-grants.json", partly)]);
        assert_eq!(codes(&diagnostics), [Code::TruncatedOutput]);
        assert_eq!(
            (
                key(&snapshot, KEY).grants.len(),
                key(&snapshot, KEY).grants_collected
            ),
            (1, Partly)
        );
        assert_eq!(gap(&snapshot, "grants"), Some("truncated"));
    }
    let (snapshot, diagnostics) = read(&[of_key("list-grants.json", format!("{last} {{\"Grants\": ["))]);
    assert_eq!(codes(&diagnostics), [Code::InvalidJson]);
    assert_eq!(
        (key(&snapshot, KEY).grants_collected, gap(&snapshot, "grants")),
        (Partly, Some("unreadable"))
    );
}

#[test]
fn a_value_that_cannot_be_read_leaves_its_list_in_doubt() {
    let (snapshot, diagnostics) = read(&[of_key("list-grants.json", r#"{"Grants": ["x"]}"#)]);
    assert_eq!(codes(&diagnostics), [Code::InvalidField]);
    assert_eq!(key(&snapshot, KEY).grants_collected, Partly);
}

#[test]
fn empty_and_failed_calls_leave_gaps() {
    let (snapshot, diagnostics) = read(&[
        of_key("get-key-policy.json", ""),
        of_key(
            "list-grants.json",
            "An error occurred (AccessDeniedException) when calling the ListGrants operation",
        ),
        of_key(
            "list-resource-tags.json",
            r#"{"__type": "com.amazonaws#ThrottlingException"}"#,
        ),
        of_key("describe-key.json", r#"{"KeyMetadata": {"#),
    ]);
    assert_eq!(
        codes(&diagnostics),
        [
            Code::InvalidJson,
            Code::EmptyFile,
            Code::EmptyFile,
            Code::EmptyFile
        ]
    );
    let key = key(&snapshot, KEY);
    assert_eq!(
        [key.policies_collected, key.grants_collected, key.tags_collected],
        [Missing; 3]
    );
    let gaps = ["key policy", "grants", "tags", "key metadata"].map(|what| gap(&snapshot, what).unwrap());
    assert_eq!(gaps, ["missing", "missing", "missing", "unreadable"]);
    assert!(
        snapshot
            .coverage
            .gaps
            .iter()
            .filter(|gap| gap.of == arn(KEY) && gap.location.file.is_some())
            .count()
            >= 4
    );
}

#[test]
fn every_named_policy_is_expected() {
    let names = of_key(
        "list-key-policies.json",
        r#"{"PolicyNames": ["default", "AWS_RAM"]}"#,
    );
    let default = of_key("get-key-policy.json", POLICY);
    let shared = of_key(
        "get-key-policy-AWS_RAM.json",
        format!(r#"{{"Policy": {}}}"#, quoted(POLICY)),
    );
    let (snapshot, diagnostics) = read(&[names.clone(), default.clone()]);
    assert_eq!(codes(&diagnostics), [Code::MissingData]);
    assert_eq!(key(&snapshot, KEY).policies_collected, Partly);
    let (snapshot, diagnostics) = read(&[names, default, shared]);
    assert_eq!(codes(&diagnostics), []);
    let key = key(&snapshot, KEY);
    assert_eq!(
        key.policies
            .iter()
            .map(|policy| policy.name.as_str())
            .collect::<Vec<_>>(),
        ["AWS_RAM", "default"]
    );
    assert_eq!(key.policies_collected, Whole);
}

#[test]
fn grants_find_their_keys() {
    let keys = of_region(
        "list-keys.json",
        format!(r#"{{"Keys": [{{"KeyId": "{KEY}", "KeyArn": "{}"}}]}}"#, arn(KEY)),
    );
    let grants = [grant("a", &arn(OTHER)), grant("b", KEY), grant("c", OTHER)].join(",");
    let (snapshot, diagnostics) = read(&[
        keys.clone(),
        of_region("list-grants.json", format!(r#"{{"Grants": [{grants}]}}"#)),
    ]);
    assert_eq!(codes(&diagnostics), []);
    assert_eq!(key(&snapshot, KEY).grants.len(), 1);
    assert_eq!(
        (
            key(&snapshot, OTHER).grants.len(),
            key(&snapshot, OTHER).grants_collected
        ),
        (2, Whole)
    );

    let loose = (
        "grants.json".to_owned(),
        format!(r#"{{"Grants": [{}, {}]}}"#, grant("a", KEY), grant("b", OTHER)),
    );
    let (snapshot, diagnostics) = read(&[keys, loose]);
    assert_eq!(codes(&diagnostics), [Code::UnknownOwner]);
    assert_eq!(key(&snapshot, KEY).grants[0].id, "a");

    let (snapshot, diagnostics) = read(&[of_key(
        "list-grants.json",
        format!(r#"{{"Grants": [{}]}}"#, grant("a", &arn(OTHER))),
    )]);
    assert_eq!(codes(&diagnostics), [Code::ConflictingData]);
    assert_eq!(key(&snapshot, OTHER).grants.len(), 1);
}

#[test]
fn all_constraints_of_grants_are_kept() {
    let constraints = r#"{"EncryptionContextEquals": {"a": "1"}, "EncryptionContextSubset": {}, "SourceArn": "arn:x", "New": {}}"#;
    let text = format!(
        r#"{{"Grants": [{{"GrantId": "a", "GranteeServicePrincipal": "x.amazonaws.com", "RetiringServicePrincipal": "y",
            "IssuingAccount": "arn:aws:iam::444455556666:root", "Operations": ["Decrypt", "Fold"], "Constraints": {constraints}}}]}}"#
    );
    let (snapshot, diagnostics) = read(&[of_key("list-grants.json", text)]);
    assert_eq!(codes(&diagnostics), [Code::InvalidField]);
    let grant = &key(&snapshot, KEY).grants[0];
    assert_eq!(grant.constraints.equals.as_ref().unwrap()["a"], "1");
    assert_eq!(grant.constraints.subset, None);
    assert_eq!(grant.constraints.source_arn.as_deref(), Some("arn:x"));
    assert_eq!(grant.constraints.other.as_deref(), Some("New"));
    assert_eq!(grant.issuing_account.as_deref(), Some("444455556666"));
    assert_eq!(grant.operations, ["Decrypt", "Fold"]);
}

#[test]
fn aliases_belong_to_keys_of_their_region() {
    let alias = |name: &str, target: &str| {
        format!(
            r#"{{"AliasName": "alias/{name}", "AliasArn": "arn:aws:kms:us-east-1:111122223333:alias/{name}"{target}}}"#
        )
    };
    let to = |id: &str| format!(r#", "TargetKeyId": "{id}""#);
    let list = [
        alias("b", &to(KEY)),
        alias("aws/s3", &to(KEY)),
        alias("aws/ebs", ""),
        alias("lost", &to(OTHER)),
    ];
    let (snapshot, diagnostics) = read(&[
        of_region(
            "kms-list-aliases.json",
            format!(r#"{{"Aliases": [{}]}}"#, list.join(",")),
        ),
        of_key("list-grants.json", r#"{"Grants": []}"#),
    ]);
    assert_eq!(codes(&diagnostics), [Code::DanglingReference]);
    let key = key(&snapshot, KEY);
    assert_eq!(key.aliases, ["alias/aws/s3", "alias/b"]);
    assert_eq!((key.aliases_collected, key.aws_managed), (Whole, Some(true)));
    assert_eq!(snapshot.dangling_aliases.len(), 2);
    assert_eq!(gap(&snapshot, "key policy"), Some("missing"));
}

#[test]
fn metadata_in_another_partition_is_read() {
    let arn = format!(
        "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-{}",
        "ab".repeat(16)
    );
    let text = format!(
        r#"{{"KeyMetadata": {{"Arn": "{arn}", "KeyId": "x", "CreationDate": 1795464380.139776, "KeyState": "Melting",
            "KeyUsage": null, "MultiRegion": true, "MultiRegionConfiguration": {{"MultiRegionKeyType": "REPLICA"}},
            "KeyManager": "CUSTOMER", "MacAlgorithms": ["HMAC_SHA_256"], "KeySpec": "NEW_SPEC"}}}}"#
    );
    let (snapshot, diagnostics) = read(&[("describe-key.json".to_owned(), text)]);
    assert_eq!(codes(&diagnostics), []);
    let key = &snapshot.keys[0];
    assert_eq!(
        (key.arn.as_str(), key.partition.as_str()),
        (arn.as_str(), "aws-cn")
    );
    assert_eq!(
        (key.state.as_deref(), key.usage.as_deref()),
        (Some("Melting"), None)
    );
    assert_eq!(
        (key.multi_region, key.multi_region_type.as_deref()),
        (Some(true), Some("REPLICA"))
    );
    assert_eq!(snapshot.accounts["111122223333"].partition, "aws-cn");
}

#[test]
fn only_the_default_version_of_a_policy_counts() {
    let policy = |name: &str, versions: &str| {
        format!(
            r#"{{"Arn": "arn:aws:iam::111122223333:policy/{name}", "DefaultVersionId": "v2", "PolicyVersionList": [{versions}]}}"#
        )
    };
    let version = |id: &str, default: &str, sid: &str| {
        let text = format!(
            r#"{{"Statement": [{{"Sid": "{sid}", "Effect": "Allow", "Action": "*", "Resource": "*"}}]}}"#
        );
        format!(
            r#"{{"VersionId": "{id}", {default} "Document": {}}}"#,
            quoted(&text)
        )
    };
    let policies = [
        policy(
            "flag",
            &(version("v1", "\"IsDefaultVersion\": false,", "old")
                + ","
                + &version("v2", "\"IsDefaultVersion\": true,", "new")),
        ),
        policy(
            "id",
            &(version("v1", "", "old") + "," + &version("v2", "", "new")),
        ),
        policy("none", ""),
    ];
    let text = format!(
        r#"{{"Policies": [{}], "UserDetailList": [{{"UserName": "u", "GroupList": ["lost"], "AttachedManagedPolicies": [
            {{"PolicyArn": "arn:aws:iam::111122223333:policy/none"}}], "PermissionsBoundary": {{"PermissionsBoundaryArn": "b"}}}}]}}"#,
        policies.join(",")
    );
    let (snapshot, diagnostics) = read(&[("gaad.json".to_owned(), text)]);
    let found = codes(&diagnostics);
    assert_eq!(
        found
            .iter()
            .filter(|code| **code == Code::DanglingReference)
            .count(),
        3,
        "{diagnostics:#?}"
    );
    assert_eq!(found.iter().filter(|code| **code == Code::MissingData).count(), 1);
    let account = &snapshot.accounts["111122223333"];
    for (arn, policy) in &account.managed {
        assert_eq!(policy.document.statements[0].sid.as_deref(), Some("new"), "{arn}");
    }
    assert_eq!(account.managed.len(), 2);
    assert_eq!(account.users["u"].arn, "arn:aws:iam::111122223333:user/u");
    assert_eq!(account.users["u"].permissions.boundary.as_deref(), Some("b"));
    assert_eq!(account.iam, Whole);
}

#[test]
fn aws_managed_policies_are_shared_by_accounts() {
    let text = r#"{"PolicyVersionList": [{"IsDefaultVersion": true, "Document": {"Statement": []}}], "Arn": "arn:aws:iam::aws:policy/P"}"#;
    let role = |account: &str| {
        format!(
            r#"{{"Arn": "arn:aws:iam::{account}:role/aws-service-role/x/R", "RoleName": "R", "AttachedManagedPolicies": [
            {{"PolicyArn": "arn:aws:iam::aws:policy/P"}}]}}"#
        )
    };
    let file = |account: &str, policies: &str| {
        (
            format!("{account}.json"),
            format!(
                r#"{{"RoleDetailList": [{}], "Policies": [{policies}]}}"#,
                role(account)
            ),
        )
    };
    let (snapshot, diagnostics) = read(&[file("111122223333", text), file("444455556666", "")]);
    assert_eq!(codes(&diagnostics), [Code::MissingElement]);
    assert!(
        snapshot.accounts["444455556666"]
            .managed
            .contains_key("arn:aws:iam::aws:policy/P")
    );
    assert!(snapshot.accounts["444455556666"].roles["R"].is_service_linked());
    assert_eq!(gap(&snapshot, "managed policy"), Some("missing"));
}

#[test]
fn conflicts_keep_the_first_and_say_so() {
    let described =
        |state: &str| format!(r#"{{"KeyMetadata": {{"KeyId": "{KEY}", "KeyState": "{state}"}}}}"#);
    let tags = |value: &str| format!(r#"{{"Tags": [{{"TagKey": "team", "TagValue": "{value}"}}]}}"#);
    let (snapshot, diagnostics) = read(&[
        of_key("1.json", described("Enabled")),
        of_key("2.json", described("Disabled")),
        of_key("3.json", tags("a")),
        of_key("4.json", tags("b")),
        of_key("5.json", tags("a")),
    ]);
    assert_eq!(codes(&diagnostics), [Code::ConflictingData; 2]);
    assert_eq!(key(&snapshot, KEY).state.as_deref(), Some("Enabled"));
    assert_eq!(
        key(&snapshot, KEY).tags.get("team").map(String::as_str),
        Some("a")
    );
}

#[test]
fn data_under_the_path_of_another_account_is_noticed() {
    let text = r#"{"RoleDetailList": [{"Arn": "arn:aws:iam::444455556666:role/R"}]}"#;
    let (snapshot, diagnostics) = read(&[("accounts/111122223333/iam.json".to_owned(), text.to_owned())]);
    assert_eq!(codes(&diagnostics), [Code::ConflictingData]);
    assert_eq!(snapshot.accounts["444455556666"].roles["R"].path, "/");
    assert_eq!(snapshot.accounts["111122223333"].iam, Missing);
}

#[test]
fn endpoints_of_kms_are_read() {
    let text = format!(
        r#"{{"VpcEndpoints": [
            {{"VpcEndpointId": "vpce-1", "ServiceName": "com.amazonaws.us-east-1.kms", "PolicyDocument": {}, "OwnerId": "111122223333"}},
            {{"VpcEndpointId": "vpce-2", "ServiceName": "com.amazonaws.us-east-1.s3"}}]}}"#,
        quoted(r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#)
    );
    let (snapshot, diagnostics) = read(&[of_region("ec2-describe-vpc-endpoints.json", text)]);
    assert_eq!(codes(&diagnostics), []);
    assert_eq!(snapshot.endpoints.len(), 1);
    assert_eq!(snapshot.endpoints[0].region, "us-east-1");
    assert_eq!(
        snapshot.endpoints[0]
            .policy
            .as_ref()
            .unwrap()
            .document
            .statements
            .len(),
        1
    );
}

/// An organization of one root, one OU and two accounts, without the files of the given names.
fn organization(without: &[&str]) -> (Snapshot, Vec<Diagnostic>) {
    let account = |id: &str| {
        format!(r#"{{"Id": "{id}", "Arn": "arn:aws:organizations::111122223333:account/o-a/{id}"}}"#)
    };
    let policy = |id: &str| format!(r#"{{"Id": "{id}", "Type": "SERVICE_CONTROL_POLICY", "Name": "{id}"}}"#);
    let text = quoted(
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}"#,
    );
    let target = |id: &str| format!(r#"{{"TargetId": "{id}"}}"#);
    let files = [
        ("list-roots.json", r#"{"Roots": [{"Id": "r-root", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}"#.to_owned()),
        ("list-accounts.json", format!(r#"{{"Accounts": [{}, {}]}}"#, account("111122223333"), account("444455556666"))),
        ("list-accounts-for-parent/r-root.json", format!(r#"{{"Accounts": [{}]}}"#, account("111122223333"))),
        ("list-accounts-for-parent/ou-root-12345678.json", format!(r#"{{"Accounts": [{}]}}"#, account("444455556666"))),
        ("list-organizational-units-for-parent/r-root.json", r#"{"OrganizationalUnits": [{"Id": "ou-root-12345678"}]}"#.to_owned()),
        ("list-organizational-units-for-parent/ou-root-12345678.json", r#"{"OrganizationalUnits": []}"#.to_owned()),
        ("list-policies/SERVICE_CONTROL_POLICY.json", format!(r#"{{"Policies": [{}, {}]}}"#, policy("p-FullAWSAccess"), policy("p-deny0000"))),
        ("list-policies/RESOURCE_CONTROL_POLICY.json", r#"{"Policies": []}"#.to_owned()),
        ("describe-policy/p-deny0000.json", format!(r#"{{"Policy": {{"PolicySummary": {}, "Content": {text}}}}}"#, policy("p-deny0000"))),
        ("list-targets-for-policy/p-deny0000.json", format!(r#"{{"Targets": [{}]}}"#, target("ou-root-12345678"))),
        ("list-targets-for-policy/p-FullAWSAccess.json", format!(r#"{{"Targets": [{}]}}"#, target("r-root"))),
    ];
    let files: Vec<_> = files
        .into_iter()
        .filter(|(name, _)| !without.contains(name))
        .map(|(name, text)| (format!("organization/{name}"), text))
        .collect();
    read(&files)
}

#[test]
fn an_organization_is_read_whole() {
    let (snapshot, diagnostics) = organization(&[]);
    assert_eq!(codes(&diagnostics), []);
    let organization = snapshot.organization.unwrap();
    assert_eq!(
        (organization.id.as_str(), organization.management.as_deref()),
        ("o-a", Some("111122223333"))
    );
    assert_eq!(
        organization.path("444455556666").unwrap(),
        ["r-root", "ou-root-12345678", "444455556666"]
    );
    let collected = [
        organization.accounts_collected,
        organization.scps_collected,
        organization.rcps_collected,
    ];
    assert_eq!(collected, [Whole; 3]);
    assert_eq!(
        (organization.scps_enabled, organization.rcps_enabled),
        (Some(true), Some(false))
    );
    // The text of the default policy is known.
    assert_eq!(
        organization.policies["p-FullAWSAccess"].document.statements.len(),
        1
    );
    assert_eq!(organization.attachments["ou-root-12345678"], ["p-deny0000"]);
    assert_eq!(snapshot.accounts["444455556666"].iam, Missing);
}

#[test]
fn what_is_missing_of_an_organization_is_noticed() {
    let collected = |without: &[&str]| -> ([Collected; 2], Vec<Code>) {
        let (snapshot, diagnostics) = organization(without);
        let organization = snapshot.organization.unwrap();
        (
            [organization.accounts_collected, organization.scps_collected],
            codes(&diagnostics),
        )
    };
    assert_eq!(collected(&["list-accounts.json"]), ([Whole, Whole], vec![]));
    assert_eq!(
        collected(&["list-accounts.json", "list-accounts-for-parent/r-root.json"]).0,
        [Partly, Whole]
    );
    assert_eq!(
        collected(&["describe-policy/p-deny0000.json"]),
        ([Whole, Partly], vec![Code::MissingData])
    );
    assert_eq!(
        collected(&["list-targets-for-policy/p-deny0000.json"]).0,
        [Whole, Partly]
    );
    assert_eq!(
        collected(&["list-policies/SERVICE_CONTROL_POLICY.json"]).0,
        [Whole, Partly]
    );
    let (snapshot, _) = organization(&["list-organizational-units-for-parent/r-root.json"]);
    assert_eq!(gap(&snapshot, "place in the organization"), Some("missing"));
}

#[test]
fn known_answers_without_use_are_silent() {
    let (_, diagnostics) = read(&[
        ("a.json".to_owned(), r#"{"SummaryMap": {"Users": 1}}"#.to_owned()),
        ("b.json".to_owned(), r#"{"AccountAliases": []}"#.to_owned()),
        (
            "c.json".to_owned(),
            r#"{"Rotations": [], "Truncated": false}"#.to_owned(),
        ),
        (
            "d.json".to_owned(),
            r#"{"Tags": [{"Key": "a", "Value": "b"}]}"#.to_owned(),
        ),
        (
            "e.json".to_owned(),
            r#"{"UserId": "AIDA", "Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/u"}"#
                .to_owned(),
        ),
    ]);
    assert_eq!(codes(&diagnostics), []);
}
