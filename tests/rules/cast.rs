//! The cast of the cases on lowering: accounts, principals and keys that their texts speak of.
//!
//! Account A is `111122223333`, of organization `o-example`; B is `444455556666`, outside of it.

use crate::facts::id::{AccountId, PolicyId};
use crate::facts::principals::bare;
use crate::facts::world::{Account, Key, Kind, Membership, Organization, Principal, Resource, World};
use crate::model::action::ActionSet;
use crate::policy::document::PolicyKind;

const A: &str = "111122223333";
const B: &str = "444455556666";

/// The principals, by the names that texts have for them.
pub(super) const PRINCIPALS: &[&str] = &[
    "root",
    "alice",
    "bob",
    "app",
    "app/s1",
    "fed",
    "linked",
    "logs",
    "root-b",
    "carol",
    "stray/s1",
    "anyone-of-b",
    "anyone",
];

/// The keys, by the names that texts have for them.
pub(super) const KEYS: &[&str] = &["k", "rsa", "bare", "twice", "many", "mrk", "alias", "nothing"];

fn account(id: &str, membership: Membership, path: Option<&str>) -> Account {
    Account {
        id: id.to_owned(),
        membership,
        org_path: path.map(str::to_owned),
        levels: Vec::new(),
        scp_member: false,
        rcp_member: false,
        iam_whole: true,
        known: true,
    }
}

/// Accounts and organization; a case adds statements of its own.
pub(super) fn world() -> World {
    let mut world = World {
        organization: Some(Organization {
            accounts_listed: true,
            id: "o-example".to_owned(),
            complete: true,
        }),
        known_accounts: [A.to_owned(), B.to_owned()].into(),
        ..World::default()
    };
    let inside = account(A, Membership::Inside, Some("o-example/r-1/ou-1/"));
    world.accounts = vec![inside, account(B, Membership::Outside, None)];
    world.account_ids.insert(A.to_owned(), AccountId(0));
    world.account_ids.insert(B.to_owned(), AccountId(1));
    world
}

fn tags(pairs: &[(&str, &str)]) -> crate::model::Tags {
    let owned = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    owned.collect()
}

/// A principal of the cast.
pub(super) fn principal(name: &str) -> Principal {
    let of = |kind, arn: &str, account| Principal {
        account: Some(account),
        ..bare(kind, arn, "aws")
    };
    let a = |kind, arn: &str| of(kind, arn, AccountId(0));
    match name {
        "root" => a(Kind::Root, "arn:aws:iam::111122223333:root"),
        "alice" => Principal {
            unique_id: "AIDAALICE".to_owned(),
            short_name: "alice".to_owned(),
            tags: tags(&[("Team", "red")]),
            ..a(Kind::User, "arn:aws:iam::111122223333:user/alice")
        },
        // Has a permissions boundary, and two tags that differ only by case.
        "bob" => Principal {
            unique_id: "AIDABOB".to_owned(),
            short_name: "bob".to_owned(),
            boundary: Some(PolicyId(0)),
            tags: tags(&[("Team", "red"), ("team", "blue")]),
            ..a(Kind::User, "arn:aws:iam::111122223333:user/bob")
        },
        // Its trust policy lets sessions carry tags, and names a provider.
        "app" => Principal {
            unique_id: "AROAAPP".to_owned(),
            short_name: "app".to_owned(),
            tags: tags(&[("Team", "blue")]),
            open_tags: true,
            providers: vec!["arn:aws:iam::111122223333:saml-provider/idp".to_owned()],
            ..a(Kind::Role, "arn:aws:iam::111122223333:role/svc/app")
        },
        "app/s1" => Principal {
            name: "arn:aws:sts::111122223333:assumed-role/app/s1".to_owned(),
            kind: Kind::Session,
            session: Some("s1".to_owned()),
            origin: Some("arn:aws:iam::111122223333:role/svc/app".to_owned()),
            ..principal("app")
        },
        // A federated session that alice made.
        "fed" => Principal {
            short_name: "fed".to_owned(),
            origin: Some("arn:aws:iam::111122223333:user/alice".to_owned()),
            open_tags: true,
            ..a(Kind::Federated, "arn:aws:sts::111122223333:federated-user/fed")
        },
        "linked" => Principal {
            unique_id: "AROALINKED".to_owned(),
            short_name: "linked".to_owned(),
            service_linked: true,
            ..a(
                Kind::Role,
                "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/linked",
            )
        },
        "logs" => bare(Kind::Service, "logs.amazonaws.com", "aws"),
        "root-b" => of(Kind::Root, "arn:aws:iam::444455556666:root", AccountId(1)),
        "carol" => Principal {
            short_name: "carol".to_owned(),
            ..of(Kind::User, "arn:aws:iam::444455556666:user/carol", AccountId(1))
        },
        // A session of a role that nobody listed.
        "stray/s1" => Principal {
            short_name: "stray".to_owned(),
            session: Some("s1".to_owned()),
            iam_unknown: true,
            ..of(
                Kind::Session,
                "arn:aws:sts::444455556666:assumed-role/stray/s1",
                AccountId(1),
            )
        },
        // A whole account, and anybody of any account that has no row.
        "anyone-of-b" => Principal {
            iam_unknown: true,
            ..of(Kind::Account, "account:444455556666", AccountId(1))
        },
        "anyone" => Principal {
            iam_unknown: true,
            ..of(Kind::Anyone, "*", AccountId(2))
        },
        _ => panic!("nobody of the cast is called `{name}`"),
    }
}

/// A key of the cast.
pub(super) fn key(name: &str) -> Key {
    let text = |text: &str| Some(text.to_owned());
    let k = Key {
        arn: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        id: "1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        account: AccountId(0),
        region: "eu-west-1".to_owned(),
        spec: text("SYMMETRIC_DEFAULT"),
        usage: text("ENCRYPT_DECRYPT"),
        origin: text("AWS_KMS"),
        multi_region: Some(false),
        aliases: vec!["alias/app".to_owned()],
        aliases_known: true,
        tags: tags(&[("Env", "Prod")]),
        tags_known: true,
        actions: ActionSet::ON_KEYS,
        ..Key::default()
    };
    match name {
        "k" => k,
        // Signs, and has no alias.
        "rsa" => Key {
            spec: text("RSA_2048"),
            usage: text("SIGN_VERIFY"),
            aliases: Vec::new(),
            ..k
        },
        // Only its ARN and policy were collected.
        "bare" => Key {
            spec: None,
            usage: None,
            origin: None,
            multi_region: None,
            aliases: Vec::new(),
            aliases_known: false,
            tags: tags(&[]),
            tags_known: false,
            ..k
        },
        // Has two tags that differ only by case.
        "twice" => Key {
            tags: tags(&[("Env", "Prod"), ("env", "Test")]),
            ..k
        },
        // Has more aliases than the quota.
        "many" => Key {
            aliases: (0..51).map(|n| format!("alias/{n}")).collect(),
            ..k
        },
        "mrk" => Key {
            multi_region: Some(true),
            multi_region_type: text("REPLICA"),
            ..k
        },
        "alias" => Key {
            arn: "arn:aws:kms:eu-west-1:111122223333:alias/app".to_owned(),
            kind: Resource::Alias,
            actions: ActionSet::ALIAS,
            ..k
        },
        // Stands for the resource of actions without one.
        "nothing" => Key {
            arn: "*".to_owned(),
            account: AccountId(0),
            kind: Resource::Nothing,
            aliases_known: true,
            tags_known: true,
            actions: ActionSet::WITHOUT_RESOURCE,
            ..Key::default()
        },
        _ => panic!("no key of the cast is called `{name}`"),
    }
}

/// A kind of policy by its name in lower case.
pub(super) fn policy_kind(name: &str) -> PolicyKind {
    match name {
        "key" => PolicyKind::Key,
        "identity" => PolicyKind::Identity,
        "boundary" => PolicyKind::Boundary,
        "session" => PolicyKind::Session,
        "scp" => PolicyKind::Scp,
        "rcp" => PolicyKind::Rcp,
        "endpoint" => PolicyKind::Endpoint,
        _ => panic!("no kind of policy is called `{name}`"),
    }
}
