//! The small pools that policies and requests draw from alike, so that conditions meet values that match and values that just miss.

use super::super::operations::operations;
use super::super::rng::Rng;
use super::super::world::World;

/// Services that call KMS directly.
pub const SERVICES: [&str; 4] = [
    "cloudtrail.amazonaws.com",
    "s3.amazonaws.com",
    "logs.amazonaws.com",
    "delivery.logs.amazonaws.com",
];
/// Names of encryption context pairs.
pub const PAIR_NAMES: [&str; 5] = ["Dept", "app", "user", "team", "token"];
/// Names of tags on principals and keys.
pub const TAG_NAMES: [&str; 4] = ["team", "env", "project", "keyid"];
/// Names of role sessions.
pub const SESSIONS: [&str; 3] = ["s1", "deploy", "alice@example.com"];
/// Names of federated sessions.
pub const FEDERATED: [&str; 2] = ["fed1", "contractor"];

const PAIR_VALUES: [&str; 5] = ["IT", "HR", "payments", "alice", "bob"];
const TOKENS: [&str; 3] = ["dG9rZW4x", "dG9rZW4y", "AAECAw=="];
const TEAMS: [&str; 3] = ["payments", "analytics", "platform"];
const ENVIRONMENTS: [&str; 3] = ["prod", "test", "Prod"];
const TIMES: [&str; 4] = [
    "2026-03-01T00:00:00Z",
    "2026-07-15T12:00:00Z",
    "2026-11-24T08:30:00Z",
    "2027-02-01T00:00:00Z",
];
const ADDRESSES: [&str; 5] = [
    "203.0.113.10",
    "203.0.113.77",
    "198.51.100.7",
    "198.51.100.200",
    "2001:db8::5",
];
const INNER_ADDRESSES: [&str; 3] = ["10.0.1.4", "10.0.2.9", "172.16.5.5"];
const HASHES: [&str; 2] = ["9f2c4e", "A1B2C3"];

/// Facts of a world that texts are made from.
pub struct Vocabulary<'w> {
    /// The world.
    pub world: &'w World,
    /// Accounts whose IAM is in the world.
    pub accounts: Vec<String>,
    /// An account that is not.
    pub external: String,
    /// Regions in use.
    pub regions: Vec<String>,
    /// ARNs of users.
    pub users: Vec<String>,
    /// ARNs of roles.
    pub roles: Vec<String>,
    /// Alias names.
    pub aliases: Vec<String>,
}

impl<'w> Vocabulary<'w> {
    /// Collects the facts.
    pub fn of(world: &'w World) -> Vocabulary<'w> {
        let all = |f: &dyn Fn(&super::super::world::Account) -> Vec<String>| {
            world.accounts.iter().flat_map(f).collect::<Vec<String>>()
        };
        let mut regions: Vec<String> = world.keys.iter().map(|k| k.region.clone()).collect();
        regions.sort();
        regions.dedup();
        let mut aliases: Vec<String> = world.keys.iter().flat_map(|k| k.aliases.clone()).collect();
        aliases.push("alias/other".to_owned());
        Vocabulary {
            world,
            accounts: world.accounts.iter().map(|a| a.id.clone()).collect(),
            external: external_account(world),
            regions,
            users: all(&|a| a.users.iter().map(|u| u.arn.clone()).collect()),
            roles: all(&|a| a.roles.iter().map(|r| r.arn.clone()).collect()),
            aliases,
        }
    }

    /// Any account, rarely the unknown one.
    pub fn account(&self, rng: &mut Rng) -> String {
        if rng.percent(12) {
            self.external.clone()
        } else {
            rng.pick(&self.accounts).clone()
        }
    }

    /// ARN of a user or role, rarely of the unknown account.
    pub fn principal(&self, rng: &mut Rng) -> String {
        match rng.below(10) {
            0 => self.external_principal(rng),
            1..=3 => rng
                .pick_if_any(&self.users)
                .unwrap_or(rng.pick(&self.roles))
                .clone(),
            _ => rng.pick(&self.roles).clone(),
        }
    }

    /// A principal of the unknown account.
    pub fn external_principal(&self, rng: &mut Rng) -> String {
        let name = rng.pick(&["root", "user/partner", "role/partner", "role/vendor/reader"]);
        format!("arn:{}:iam::{}:{name}", self.world.partition, self.external)
    }

    /// ARN of a session of that role.
    pub fn session_of(&self, rng: &mut Rng, role: &str) -> String {
        let account = role.split(':').nth(4).unwrap_or_default();
        // Root users have no sessions.
        let Some((_, name)) = role.rsplit_once('/') else {
            return role.to_owned();
        };
        format!(
            "arn:{}:sts::{account}:assumed-role/{name}/{}",
            self.world.partition,
            rng.pick(&SESSIONS)
        )
    }

    /// ARN of a federated user of an account with users.
    pub fn federated(&self, rng: &mut Rng) -> Option<String> {
        let user = rng.pick_if_any(&self.users)?;
        let account = user.split(':').nth(4).unwrap_or_default();
        Some(format!(
            "arn:{}:sts::{account}:federated-user/{}",
            self.world.partition,
            rng.pick(&FEDERATED)
        ))
    }

    /// A service name, sometimes a regional one.
    pub fn service(&self, rng: &mut Rng) -> String {
        match rng.below(6) {
            0 => format!("logs.{}.amazonaws.com", self.regions[0]),
            _ => (*rng.pick(&SERVICES)).to_owned(),
        }
    }

    /// A concrete value of a condition key (lower-case name), likely to occur in requests and policies.
    pub fn sample(&self, rng: &mut Rng, key: &str) -> String {
        let fixed = |rng: &mut Rng, values: &[&str]| (*rng.pick(values)).to_owned();
        if let Some(tag) = key
            .strip_prefix("aws:principaltag/")
            .or(key.strip_prefix("aws:resourcetag/"))
            .or(key.strip_prefix("aws:requesttag/"))
        {
            return self.tag_value(rng, tag);
        }
        match key {
            "kms:viaservice" => {
                let service = *rng.pick(&["s3", "s3", "ec2", "secretsmanager"]);
                format!("{service}.{}.amazonaws.com", rng.pick(&self.regions))
            }
            "kms:calleraccount" | "aws:principalaccount" | "aws:sourceaccount" | "aws:resourceaccount" => {
                self.account(rng)
            }
            "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" if rng.percent(12) => {
                "o-other00001".to_owned()
            }
            "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" => self
                .world
                .organization
                .as_ref()
                .map_or(String::new(), |o| o.id.clone()),
            "aws:principalorgpaths" | "aws:resourceorgpaths" => {
                let paths: Vec<String> = self
                    .accounts
                    .iter()
                    .filter_map(|a| self.world.organization_path(a))
                    .map(|(_, path)| path)
                    .collect();
                rng.pick(&paths).clone()
            }
            "kms:encryptioncontext:token" | "example:token" => fixed(rng, &TOKENS),
            "kms:encryptioncontextkeys" => fixed(rng, &PAIR_NAMES),
            _ if key.starts_with("kms:encryptioncontext:") => fixed(rng, &PAIR_VALUES),
            "aws:tagkeys" => fixed(rng, &TAG_NAMES),
            "kms:resourcealiases" | "kms:requestalias" => rng.pick(&self.aliases).clone(),
            "aws:username" => rng.pick_if_any(&self.users).map_or("nobody".to_owned(), |u| {
                u.rsplit('/').next().unwrap_or_default().to_owned()
            }),
            "aws:userid" => self.user_id(rng),
            "aws:requestedregion" => rng.pick(&self.regions).clone(),
            "aws:sourcevpce" | "aws:sourcevpc" => {
                rng.pick_if_any(&self.world.endpoints)
                    .map_or("vpc-none".to_owned(), |e| {
                        if key == "aws:sourcevpc" {
                            e.vpc.clone()
                        } else {
                            e.id.clone()
                        }
                    })
            }
            "kms:grantoperations" => rng.pick(&grant_operations()).clone(),
            "kms:granteeprincipal" | "kms:retiringprincipal" | "aws:principalarn" => self.principal(rng),
            "kms:granteeserviceprincipal" | "kms:retiringserviceprincipal" | "aws:principalservicename" => {
                self.service(rng)
            }
            "aws:sourcearn" | "kms:grantconstraintsourcearn" => self.source_arn(rng),
            "aws:currenttime" | "kms:validto" | "aws:epochtime" => fixed(rng, &TIMES),
            "aws:sourceip" => fixed(rng, &ADDRESSES),
            "aws:vpcsourceip" => fixed(rng, &INNER_ADDRESSES),
            _ => fixed(rng, fixed_values(key)),
        }
    }

    fn tag_value(&self, rng: &mut Rng, tag: &str) -> String {
        match tag {
            "env" => (*rng.pick(&ENVIRONMENTS)).to_owned(),
            "keyid" => rng.pick(&self.world.keys).id.clone(),
            _ => (*rng.pick(&TEAMS)).to_owned(),
        }
    }

    fn user_id(&self, rng: &mut Rng) -> String {
        let account = rng.pick(&self.world.accounts);
        match (account.users.first(), rng.pick_if_any(&account.roles)) {
            (Some(user), _) if rng.percent(35) => user.id.clone(),
            (_, Some(role)) => format!("{}:{}", role.id, rng.pick(&SESSIONS)),
            _ => account.id.clone(),
        }
    }

    /// ARN of a resource on whose behalf a service calls.
    pub fn source_arn(&self, rng: &mut Rng) -> String {
        let partition = &self.world.partition;
        match rng.below(3) {
            0 => format!("arn:{partition}:s3:::bucket{}", rng.between(1, 2)),
            _ => format!(
                "arn:{partition}:cloudtrail:{}:{}:trail/finance",
                self.regions[0],
                rng.pick(&self.accounts)
            ),
        }
    }
}

/// The account named by partner principals; derived from the organization so that policies and requests agree.
pub fn external_account(world: &World) -> String {
    let digits: String = world.accounts[0].id.chars().rev().collect();
    format!("9{}", &digits[..11])
}

/// Grant operations (S5.2.1).
pub fn grant_operations() -> Vec<String> {
    operations()
        .iter()
        .filter(|o| o.grantable)
        .map(|o| o.name.to_owned())
        .collect()
}

/// Possible values of keys with few values.
fn fixed_values(key: &str) -> &'static [&'static str] {
    match key {
        "kms:keyspec" | "kms:customermasterkeyspec" => &[
            "SYMMETRIC_DEFAULT",
            "SYMMETRIC_DEFAULT",
            "RSA_2048",
            "ECC_NIST_P256",
            "HMAC_256",
        ],
        "kms:keyusage" | "kms:customermasterkeyusage" => &[
            "ENCRYPT_DECRYPT",
            "ENCRYPT_DECRYPT",
            "SIGN_VERIFY",
            "GENERATE_VERIFY_MAC",
        ],
        "kms:keyorigin" => &["AWS_KMS", "EXTERNAL"],
        "kms:multiregionkeytype" => &["PRIMARY", "REPLICA"],
        "kms:encryptionalgorithm" => &["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
        "kms:signingalgorithm" => &["RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256", "ECDSA_SHA_256"],
        "kms:macalgorithm" => &["HMAC_SHA_256", "HMAC_SHA_512"],
        "kms:messagetype" => &["RAW", "DIGEST"],
        "kms:datakeypairspec" => &["RSA_2048", "RSA_4096", "ECC_NIST_P256"],
        "kms:grantconstrainttype" => &["EncryptionContextEquals", "EncryptionContextSubset"],
        "kms:expirationmodel" => &["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"],
        "kms:wrappingalgorithm" => &["RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"],
        "kms:wrappingkeyspec" => &["RSA_2048", "RSA_4096"],
        "kms:policyname" => &["default"],
        "kms:recipientattestation:imagesha384" | "kms:recipientattestation:pcr0" => &HASHES,
        "aws:principaltype" => &["Account", "User", "AssumedRole", "FederatedUser"],
        "aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast" => {
            &["cloudformation.amazonaws.com", "athena.amazonaws.com"]
        }
        "aws:useragent" => &["aws-cli/2.1", "Boto3/1.3"],
        "aws:sourceidentity" => &["alice", "bob"],
        "aws:multifactorauthage" => &["60", "3600", "90000"],
        "kms:rotationperiodindays" => &["90", "365", "730"],
        "kms:schedulekeydeletionpendingwindowindays" => &["7", "14", "30"],
        "example:ticket" => &["T-1", "T-2", "X-1"],
        _ => &["true", "false"],
    }
}
