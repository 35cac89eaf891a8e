use super::*;
use serde_json::json;

const USER: &str = "arn:aws:iam::111122223333:user/alice";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn one(text: &str) -> Asked {
    let mut asked = read(text).unwrap_or_else(|problem| panic!("{problem}: {text}"));
    assert_eq!(asked.len(), 1, "{text}");
    asked.remove(0)
}

fn refused(asked: &Asked) -> (Option<&'static str>, Option<bool>, Option<&str>) {
    match &asked.answer {
        Some(Answer::Refused {
            layer,
            explicit,
            policy,
            ..
        }) => (*layer, *explicit, policy.as_deref()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_name_the_layer() {
    let head = format!("User: {USER} is not authorized to perform: kms:Decrypt on resource: {KEY}");
    let cases = [
        ("", (None, None, None)),
        (
            " because no identity-based policy allows the kms:Decrypt action",
            (Some("identity"), Some(false), None),
        ),
        (
            " because no resource-based policy allows the kms:Decrypt action (Service: Kms, Status Code: 400)",
            (Some("keyPolicy"), Some(false), None),
        ),
        (
            " because no permissions boundary allows the kms:Decrypt action",
            (Some("boundary"), Some(false), None),
        ),
        (
            " because no session policy allows the kms:Decrypt action",
            (Some("session"), Some(false), None),
        ),
        (
            " because no VPC endpoint policy allows the kms:Decrypt action",
            (Some("vpcEndpoint"), Some(false), None),
        ),
        (
            " with an explicit deny in a resource-based policy",
            (Some("keyPolicy"), Some(true), None),
        ),
        (
            " with an explicit deny in an identity-based policy",
            (Some("identity"), Some(true), None),
        ),
        (
            " with an explicit deny in a resource control policy",
            (Some("rcp"), Some(true), None),
        ),
        (
            " with an explicit deny in a service control policy: arn:aws:organizations::000000000001:policy/o-1/service_control_policy/p-1",
            (
                Some("scp"),
                Some(true),
                Some("arn:aws:organizations::000000000001:policy/o-1/service_control_policy/p-1"),
            ),
        ),
    ];
    let wraps = [
        ("", ""),
        (
            "An error occurred (AccessDeniedException) when calling the Decrypt operation: ",
            "\n",
        ),
        ("Caused by: com.example.Error: \"", ".\""),
    ];
    for (tail, expected) in cases {
        for (before, after) in wraps {
            let asked = one(&format!("{before}{head}{tail}{after}"));
            let request = &asked.request;
            assert_eq!(
                (
                    request.principal.as_str(),
                    request.action.as_str(),
                    request.resource.as_str()
                ),
                (USER, "kms:Decrypt", KEY),
                "{tail}"
            );
            assert!(request.open_context);
            assert_eq!(refused(&asked), expected, "{tail}");
        }
    }
}

#[test]
fn what_is_no_request_is_said() {
    let of_ciphertext = format!(
        "User: {USER} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the \
         resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy \
         explicitly denies access"
    );
    let s3 = json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject"});
    let deleted = json!({"eventSource": "kms.amazonaws.com", "eventName": "DeleteKey"});
    let nobody = json!({"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "userIdentity": {"type": "Unknown"}});
    for (text, says) in [
        ("out of luck".to_owned(), "no AccessDenied message"),
        (of_ciphertext, "does not name the key of the ciphertext"),
        (
            format!("User: {USER} is not authorized to perform: s3:GetObject on resource: x"),
            "not about KMS",
        ),
        ("{\"eventSource\": ".to_owned(), "not JSON"),
        (s3.to_string(), "no event of kms.amazonaws.com"),
        (deleted.to_string(), "no operation that a policy can allow"),
        (nobody.to_string(), "does not name its caller"),
    ] {
        let problem = read(&text).unwrap_err();
        assert!(problem.contains(says), "{problem}");
    }
}

fn event() -> Value {
    json!({
        "eventVersion": "1.11", "eventID": "e-1", "eventTime": "2026-11-26T09:00:00Z", "awsRegion": "eu-west-1",
        "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "sourceIPAddress": "203.0.113.7",
        "userIdentity": {"type": "IAMUser", "arn": USER, "accountId": "111122223333"},
        "requestParameters": {"encryptionContext": {"tenant": "7"}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
        "resources": [{"ARN": KEY, "type": "AWS::KMS::Key"}],
    })
}

fn value<'a>(asked: &'a Asked, key: &str) -> Option<&'a str> {
    asked.request.context.get(key).map(|values| values[0].as_str())
}

#[test]
fn events_state_their_context() {
    let asked = one(&event().to_string());
    let request = &asked.request;
    assert_eq!(
        (request.principal.as_str(), request.resource.as_str()),
        (USER, KEY)
    );
    for (key, expected) in [
        ("aws:SourceIp", "203.0.113.7"),
        ("aws:CurrentTime", "2026-11-26T09:00:00Z"),
        ("kms:EncryptionContext:tenant", "7"),
        ("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
    ] {
        assert_eq!(value(&asked, key), Some(expected), "{key}");
    }
    assert_eq!(asked.answer, Some(Answer::Allowed));
}

#[test]
fn a_service_between_brings_its_own_network() {
    let mut through = event();
    through["userIdentity"]["invokedBy"] = "secretsmanager.amazonaws.com".into();
    through["vpcEndpointId"] = "vpce-1".into();
    let asked = one(&through.to_string());
    assert_eq!(
        value(&asked, "kms:ViaService"),
        Some("secretsmanager.eu-west-1.amazonaws.com")
    );
    assert_eq!(value(&asked, "aws:SourceVpce"), None);
    assert_eq!(value(&asked, "aws:SourceIp"), None);
    let mut endpoint = event();
    endpoint["vpcEndpointId"] = "vpce-1".into();
    let asked = one(&endpoint.to_string());
    assert_eq!(value(&asked, "aws:SourceVpce"), Some("vpce-1"));
    assert_eq!(value(&asked, "aws:VpcSourceIp"), Some("203.0.113.7"));
    assert_eq!(value(&asked, "aws:SourceIp"), None);
}

#[test]
fn callers_are_of_several_kinds() {
    let session = "arn:aws:sts::111122223333:assumed-role/app/s1";
    let federated = "arn:aws:sts::111122223333:federated-user/f";
    for (identity, principal, federated_by) in [
        (
            json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"}),
            "arn:aws:iam::111122223333:root",
            None,
        ),
        (
            json!({"type": "AssumedRole", "arn": session, "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}}),
            session,
            None,
        ),
        (
            json!({"type": "FederatedUser", "arn": federated, "sessionContext": {"sessionIssuer": {"arn": USER}}}),
            federated,
            Some(USER),
        ),
        (
            json!({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}),
            "cloudtrail.amazonaws.com",
            None,
        ),
        (
            json!({"type": "AWSAccount", "accountId": "999999999999"}),
            "account:999999999999",
            None,
        ),
    ] {
        let mut event = event();
        event["userIdentity"] = identity;
        let asked = one(&event.to_string());
        assert_eq!(asked.request.principal, principal);
        assert_eq!(asked.request.federated_by.as_deref(), federated_by);
        assert_eq!(value(&asked, "kms:ViaService"), None);
    }
}

#[test]
fn events_come_in_many_wrappings() {
    let (one, two) = (event(), event());
    let lookup = json!({"Events": [{"EventId": "e-1", "CloudTrailEvent": one.to_string()}]});
    for (text, count) in [
        (json!({"Records": [one, two]}).to_string(), 2),
        (format!("{one}\n{two}\n"), 2),
        (json!([one, two]).to_string(), 2),
        (serde_json::to_string_pretty(&lookup).unwrap(), 1),
        (json!([lookup, lookup]).to_string(), 2),
    ] {
        assert_eq!(read(&text).unwrap().len(), count, "{text}");
    }
}

#[test]
fn operations_have_parameters_of_their_own() {
    let mut re_encrypt = event();
    re_encrypt["eventName"] = "ReEncrypt".into();
    re_encrypt["resources"] = json!([{"ARN": KEY}, {"ARN": "arn:aws:kms:eu-west-1:111122223333:key/other"}]);
    re_encrypt["requestParameters"] =
        json!({"destinationKeyId": "alias/new", "destinationEncryptionContext": {"a": "1"}});
    let request = one(&re_encrypt.to_string()).request;
    assert_eq!(request.action, "kms:ReEncrypt");
    assert_eq!(
        request.destination.as_deref(),
        Some("arn:aws:kms:eu-west-1:111122223333:key/other")
    );
    assert!(
        request
            .destination_context
            .contains_key("kms:EncryptionContext:a")
    );

    let mut grant = event();
    grant["eventName"] = "CreateGrant".into();
    grant["requestParameters"] = json!({"granteePrincipal": USER, "operations": ["Decrypt"], "keyId": KEY,
        "constraints": {"encryptionContextSubset": {"a": "1"}}});
    let asked = one(&grant.to_string()).request.grant.unwrap();
    assert_eq!(
        (asked.grantee.as_deref(), asked.operations),
        (Some(USER), vec!["Decrypt".to_owned()])
    );
    assert_eq!(asked.constraints.subset.unwrap()["a"], "1");

    let mut create = event();
    create["eventName"] = "CreateKey".into();
    assert_eq!(one(&create.to_string()).request.resource, "*");

    let mut alias = event();
    alias["requestParameters"]["keyId"] = "alias/payments".into();
    assert_eq!(
        value(&one(&alias.to_string()), "kms:RequestAlias"),
        Some("alias/payments")
    );
}
