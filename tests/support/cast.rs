//! The cast of the worked cases (S9): accounts M, A, B and X, users u and v, roles R, S, RB and RX, keys K and K2.

use super::decide::{Decision, decide};
use super::document::Document;
use super::grants::read_grant;
use super::world::{Account, Endpoint, Grant, Group, Guardrail, Key, ManagedPolicy, Member, Organization, Policies, Role, User, World};
use serde_json::{Value, json};

/// Account A, which owns the keys.
pub const A: &str = "111111111111";
/// Account B, another member.
pub const B: &str = "222222222222";
/// The management account.
pub const M: &str = "000000000001";
/// A known account outside the organization.
pub const X: &str = "999999999999";

/// The cast with requests asked of it.
pub struct Cast {
    /// The world.
    pub world: World,
}

/// ARN of an IAM entity such as `user/u` or `root`.
pub fn iam(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{name}")
}

/// ARN of a role session.
pub fn session(account: &str, role: &str, name: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/{role}/{name}")
}

/// ARN of K or K2.
pub fn key_arn(id: &str) -> String {
    format!("arn:aws:kms:us-east-1:{A}:key/{id}")
}

/// Statement `ROOT(account)`.
pub fn root(account: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": iam(account, "root")}, "Action": "kms:*", "Resource": "*"})
}

/// Key policy Allow for an AWS principal.
pub fn let_in(principal: &str, action: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"})
}

/// Identity Allow on `*`.
pub fn may(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": "*"})
}

/// Identity, boundary or SCP Deny on `*`.
pub fn may_not(action: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": "*"})
}

/// Adds or replaces members of a statement.
pub fn with(mut statement: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        statement[name] = value.clone();
    }
    statement
}

fn document(statements: Value) -> Document {
    Document::read(json!({"Version": "2012-10-17", "Statement": statements}))
}

fn role(account: &str, name: &str) -> Role {
    let trust = json!({"Version": "2012-10-17", "Statement": []});
    Role { arn: iam(account, &format!("role/{name}")), path: "/".into(), name: name.into(), id: format!("AROA{name}"), trust, ..Role::default() }
}

fn user(name: &str) -> User {
    User { arn: iam(A, &format!("user/{name}")), path: "/".into(), name: name.into(), id: format!("AIDA{name}"), ..User::default() }
}

fn key(id: &str) -> Key {
    Key {
        id: id.into(),
        arn: key_arn(id),
        account: A.into(),
        region: "us-east-1".into(),
        state: "Enabled".into(),
        spec: "SYMMETRIC_DEFAULT".into(),
        usage: "ENCRYPT_DECRYPT".into(),
        origin: "AWS_KMS".into(),
        policies: vec![("default".into(), document(json!([])))],
        ..Key::default()
    }
}

/// The cast of S9: no policies yet.
pub fn cast() -> Cast {
    let full = |id: &str, statement: Value| Guardrail {
        id: id.into(),
        name: id.into(),
        aws_managed: true,
        document: document(json!([statement])),
        targets: ["r-1", M, A, B].map(str::to_owned).to_vec(),
    };
    let member = |account: &str| Member { account: account.into(), parent: "r-1".into() };
    let organization = Organization {
        id: "o-1".into(),
        root: "r-1".into(),
        management: M.into(),
        members: vec![member(M), member(A), member(B)],
        scps: vec![full("p-FullAWSAccess", may("*"))],
        rcps: vec![full("p-RCPFullAWSAccess", with(may("*"), json!({"Principal": "*"})))],
        rcps_enabled: true,
        ..Organization::default()
    };
    let account = |id: &str, roles: Vec<Role>| Account { id: id.into(), roles, ..Account::default() };
    let mut a = account(A, vec![role(A, "R"), role(A, "S")]);
    a.users = vec![user("u"), user("v")];
    a.groups = vec![Group { name: "g".into(), arn: iam(A, "group/g"), ..Group::default() }];
    let accounts = vec![account(M, vec![role(M, "RM")]), a, account(B, vec![role(B, "RB"), role(B, "RB2")]), account(X, vec![role(X, "RX")])];
    let world = World { partition: "aws".into(), organization: Some(organization), accounts, keys: vec![key("K"), key("K2")], endpoints: Vec::new() };
    Cast { world }
}

impl Cast {
    /// Sets the key policy of K.
    pub fn kp(self, statements: Value) -> Cast {
        self.key_policy("K", json!({"Version": "2012-10-17", "Statement": statements}))
    }

    /// Sets a whole key policy.
    pub fn key_policy(mut self, id: &str, policy: Value) -> Cast {
        self.key(id).policies[0].1 = Document::read(policy);
        self
    }

    /// A key to change.
    pub fn key(&mut self, id: &str) -> &mut Key {
        self.world.keys.iter_mut().find(|k| k.id == id).unwrap()
    }

    fn policies(&mut self, arn: &str) -> &mut Policies {
        let accounts = self.world.accounts.iter_mut();
        accounts
            .flat_map(|a| {
                let users = a.users.iter_mut().map(|u| (u.arn.clone(), &mut u.policies));
                let groups = a.groups.iter_mut().map(|g| (g.arn.clone(), &mut g.policies));
                let roles = a.roles.iter_mut().map(|r| (r.arn.clone(), &mut r.policies));
                users.chain(groups).chain(roles).collect::<Vec<_>>()
            })
            .find(|(a, _)| a == arn)
            .unwrap()
            .1
    }

    /// Adds an inline identity policy to a user, group or role.
    pub fn id(mut self, arn: &str, statements: Value) -> Cast {
        self.policies(arn).inline.push(("inline".into(), document(statements)));
        self
    }

    /// Sets a permissions boundary.
    pub fn pb(mut self, arn: &str, statements: Value) -> Cast {
        let boundary = format!("{arn}-boundary");
        for account in self.world.accounts.iter_mut() {
            let users = account.users.iter_mut().filter(|u| u.arn == arn).map(|u| &mut u.boundary);
            let roles = account.roles.iter_mut().filter(|r| r.arn == arn).map(|r| &mut r.boundary);
            for slot in users.chain(roles).collect::<Vec<_>>() {
                *slot = Some(boundary.clone());
                let document = document(statements.clone());
                account.managed.push(ManagedPolicy { arn: boundary.clone(), name: "b".into(), path: "/".into(), id: "ANPA".into(), document, old_version: None });
            }
        }
        self
    }

    /// Attaches an SCP; instead of FullAWSAccess if `instead`.
    pub fn scp(mut self, target: &str, statement: Value, instead: bool) -> Cast {
        let organization = self.world.organization.as_mut().unwrap();
        if instead {
            organization.scps[0].targets.retain(|t| t != target);
        }
        let document = document(json!([statement]));
        organization.scps.push(Guardrail { id: "p-1".into(), name: "p-1".into(), aws_managed: false, document, targets: vec![target.into()] });
        self
    }

    /// Attaches an RCP.
    pub fn rcp(mut self, target: &str, statement: Value) -> Cast {
        let document = document(json!([with(statement, json!({"Principal": "*"}))]));
        let organization = self.world.organization.as_mut().unwrap();
        organization.rcps.push(Guardrail { id: "p-2".into(), name: "p-2".into(), aws_managed: false, document, targets: vec![target.into()] });
        self
    }

    /// Puts a grant on K, issued by A unless it says otherwise.
    pub fn grant(mut self, json: Value) -> Cast {
        let grant = read_grant(&json);
        let issuing_account = if grant.issuing_account.is_empty() { A.into() } else { grant.issuing_account.clone() };
        self.key("K").grants.push(Grant { id: "g".into(), issuing_account, ..grant });
        self
    }

    /// Adds a KMS endpoint `vpce-1`.
    pub fn endpoint(mut self, statement: Value) -> Cast {
        let document = document(json!([statement]));
        self.world.endpoints.push(Endpoint { id: "vpce-1".into(), vpc: "vpc-1".into(), account: A.into(), region: "us-east-1".into(), document });
        self
    }

    /// Decides a request about K with that context.
    pub fn ask(&self, principal: &str, action: &str, context: Value) -> Decision {
        self.ask_more(principal, action, context, json!({}))
    }

    /// Decides a request with further members.
    pub fn ask_more(&self, principal: &str, action: &str, context: Value, members: Value) -> Decision {
        let resource = key_arn("K");
        let request = json!({"id": "w", "principal": principal, "action": format!("kms:{action}"), "resource": resource, "context": context});
        decide(&self.world, &with(request, members))
    }
}
