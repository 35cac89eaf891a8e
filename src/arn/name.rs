//! Reading ARNs and the other names of AWS: ARN text into its parts, and into keys, aliases and principals (S1).
//!
//! Everything borrows from the text. Nothing is looked up: a role ARN is one whether or not the role exists.

use std::fmt;

/// An ARN taken apart (S1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, or another that starts with `aws`.
    pub partition: &'a str,
    /// `kms`, `iam`, `sts` and so on.
    pub service: &'a str,
    /// Region, empty for global services.
    pub region: &'a str,
    /// Account id; empty, or the word `aws`, for some services.
    pub account: &'a str,
    /// All the rest, colons included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits at the first five colons; `None` if the text is no ARN of a partition of AWS.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let arn = Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let whole = is_partition(arn.partition) && !arn.service.is_empty() && !arn.resource.is_empty();
        whole.then_some(arn)
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Arn {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

fn is_partition(text: &str) -> bool {
    text.strip_prefix("aws").is_some_and(|rest| {
        rest.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

/// The account part of an ARN, if it is an account id.
#[must_use]
pub fn account_of(arn: &str) -> Option<&str> {
    Arn::parse(arn)
        .map(|arn| arn.account)
        .filter(|account| is_account_id(account))
}

/// Whether a text is an account id: twelve digits.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text is a key id: a lower-case UUID, or `mrk-` and 32 hex digits (S1.2).
#[must_use]
pub fn is_key_id(text: &str) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if let Some(id) = text.strip_prefix("mrk-") {
        return id.len() == 32 && id.bytes().all(hex);
    }
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => hex(b),
        })
}

/// Whether a key id is that of a multi-Region key (S1.2).
#[must_use]
pub fn is_multi_region_id(id: &str) -> bool {
    id.starts_with("mrk-")
}

/// Whose unique id a text is (S1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UniqueId {
    /// `AIDA...`
    User,
    /// `AROA...`
    Role,
}

/// Tells a unique id of a user or role; `None` for every other text.
#[must_use]
pub fn unique_id(text: &str) -> Option<UniqueId> {
    let (kind, rest) = match (text.strip_prefix("AIDA"), text.strip_prefix("AROA")) {
        (Some(rest), _) => (UniqueId::User, rest),
        (_, Some(rest)) => (UniqueId::Role, rest),
        _ => return None,
    };
    let plain = rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (plain && !rest.is_empty()).then_some(kind)
}

/// A key ARN taken apart (S1.2). The id is not checked: [`is_key_id`] does that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyArn<'a> {
    /// Partition.
    pub partition: &'a str,
    /// Region.
    pub region: &'a str,
    /// Account that owns the key.
    pub account: &'a str,
    /// Key id.
    pub id: &'a str,
}

impl<'a> KeyArn<'a> {
    /// Reads `arn:P:kms:REGION:ACCOUNT:key/KEYID`.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let arn = Arn::parse(text).filter(|arn| arn.service == "kms")?;
        let id = arn.resource.strip_prefix("key/").filter(|id| !id.is_empty())?;
        Some(KeyArn {
            partition: arn.partition,
            region: arn.region,
            account: arn.account,
            id,
        })
    }
}

/// An alias ARN taken apart (S1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasArn<'a> {
    /// Partition.
    pub partition: &'a str,
    /// Region.
    pub region: &'a str,
    /// Account that owns the alias.
    pub account: &'a str,
    /// Alias name with its `alias/`, which is how conditions see it (S1.5).
    pub name: &'a str,
}

impl<'a> AliasArn<'a> {
    /// Reads `arn:P:kms:REGION:ACCOUNT:alias/NAME`.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let arn = Arn::parse(text).filter(|arn| arn.service == "kms")?;
        let bare = arn.resource.strip_prefix("alias/")?;
        (!bare.is_empty()).then_some(AliasArn {
            partition: arn.partition,
            region: arn.region,
            account: arn.account,
            name: arn.resource,
        })
    }
}

/// What kind of principal an ARN names (S1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalArn<'a> {
    /// `arn:P:iam::A:root`: the root user, or the account.
    Root {
        /// Partition.
        partition: &'a str,
        /// Account.
        account: &'a str,
    },
    /// `arn:P:iam::A:user/PATH/NAME`
    User {
        /// Partition.
        partition: &'a str,
        /// Account.
        account: &'a str,
        /// Path with both slashes, `/` if none.
        path: &'a str,
        /// Name without path.
        name: &'a str,
    },
    /// `arn:P:iam::A:role/PATH/NAME`
    Role {
        /// Partition.
        partition: &'a str,
        /// Account.
        account: &'a str,
        /// Path with both slashes, `/` if none.
        path: &'a str,
        /// Name without path.
        name: &'a str,
    },
    /// `arn:P:sts::A:assumed-role/NAME/SESSION`
    Session {
        /// Partition.
        partition: &'a str,
        /// Account.
        account: &'a str,
        /// Name of the role without path.
        role: &'a str,
        /// Session name.
        session: &'a str,
    },
    /// `arn:P:sts::A:federated-user/NAME`
    Federated {
        /// Partition.
        partition: &'a str,
        /// Account.
        account: &'a str,
        /// Name given at GetFederationToken.
        name: &'a str,
    },
    /// `arn:P:iam::A:group/PATH/NAME`: never a principal.
    Group {
        /// Partition.
        partition: &'a str,
        /// Account.
        account: &'a str,
        /// Name without path.
        name: &'a str,
    },
    /// An ARN of something else.
    Other(Arn<'a>),
}

impl<'a> PrincipalArn<'a> {
    /// Classifies an ARN; `None` if the text is no ARN.
    ///
    /// Wildcards are not looked for: `arn:aws:iam::111122223333:role/*` is read as a role called `*`, which exists
    /// nowhere (S2.2).
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        Some(Self::classify(arn).unwrap_or(PrincipalArn::Other(arn)))
    }

    fn classify(arn: Arn<'a>) -> Option<Self> {
        let Arn {
            partition, account, ..
        } = arn;
        if !arn.region.is_empty() || !is_account_id(account) {
            return None;
        }
        if (arn.service, arn.resource) == ("iam", "root") {
            return Some(PrincipalArn::Root { partition, account });
        }
        // WHY: the path keeps its leading slash, so the split is before it.
        let (kind, rest) = arn.resource.split_at_checked(arn.resource.find('/')?)?;
        let (path, name) = rest.split_at_checked(rest.rfind('/')? + 1)?;
        if name.is_empty() {
            return None;
        }
        let classified = match (arn.service, kind) {
            ("iam", "user") => PrincipalArn::User {
                partition,
                account,
                path,
                name,
            },
            ("iam", "role") => PrincipalArn::Role {
                partition,
                account,
                path,
                name,
            },
            ("iam", "group") => PrincipalArn::Group {
                partition,
                account,
                name,
            },
            ("sts", "assumed-role") => {
                let (role, session) = rest.strip_prefix('/')?.split_once('/')?;
                if role.is_empty() || session.contains('/') {
                    return None;
                }
                PrincipalArn::Session {
                    partition,
                    account,
                    role,
                    session,
                }
            }
            ("sts", "federated-user") if path == "/" => PrincipalArn::Federated {
                partition,
                account,
                name,
            },
            _ => return None,
        };
        Some(classified)
    }

    /// The account the principal belongs to; may be empty for [`PrincipalArn::Other`].
    #[must_use]
    pub fn account(&self) -> &'a str {
        match self {
            PrincipalArn::Root { account, .. }
            | PrincipalArn::User { account, .. }
            | PrincipalArn::Role { account, .. }
            | PrincipalArn::Session { account, .. }
            | PrincipalArn::Federated { account, .. }
            | PrincipalArn::Group { account, .. } => account,
            PrincipalArn::Other(arn) => arn.account,
        }
    }

    /// The partition the principal belongs to: principals and keys never cross partitions (S1.1).
    #[must_use]
    pub fn partition(&self) -> &'a str {
        match self {
            PrincipalArn::Root { partition, .. }
            | PrincipalArn::User { partition, .. }
            | PrincipalArn::Role { partition, .. }
            | PrincipalArn::Session { partition, .. }
            | PrincipalArn::Federated { partition, .. }
            | PrincipalArn::Group { partition, .. } => partition,
            PrincipalArn::Other(arn) => arn.partition,
        }
    }

    /// Name of the role, of a role or a role session.
    #[must_use]
    pub fn role_name(&self) -> Option<&'a str> {
        match self {
            PrincipalArn::Role { name, .. } => Some(name),
            PrincipalArn::Session { role, .. } => Some(role),
            _ => None,
        }
    }

    /// Session name of a role session.
    #[must_use]
    pub fn session_name(&self) -> Option<&'a str> {
        match self {
            PrincipalArn::Session { session, .. } => Some(session),
            _ => None,
        }
    }
}

/// Shorter ways to write the ARN of a principal or policy: `role/path/name`, `role/name`, `name`, and the account before
/// each of them.
pub(crate) fn short_names<'a>(arn: &'a str, account: &'a str) -> impl Iterator<Item = String> + 'a {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    let kind = resource.split('/').next().unwrap_or(resource);
    let last = resource.rsplit('/').next().unwrap_or(resource);
    let own = [resource.to_owned(), format!("{kind}/{last}"), last.to_owned()];
    let with_account: Vec<String> = own.iter().map(|name| format!("{account}:{name}")).collect();
    own.into_iter().chain(with_account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts_and_keeps_later_colons() {
        let arn = Arn::parse("arn:aws:kms:us-east-1:111122223333:alias/a:b").unwrap();
        assert_eq!(arn.resource, "alias/a:b");
        assert_eq!(arn.to_string(), "arn:aws:kms:us-east-1:111122223333:alias/a:b");
        assert_eq!(
            Arn::parse("arn:aws-us-gov:iam::111122223333:root")
                .unwrap()
                .region,
            ""
        );
        for wrong in [
            "",
            "arn",
            "arn:aws:kms:us-east-1:111122223333",
            "ARN:aws:kms::1:x",
            "arn:azure:kms::1:x",
            "arn:aws:::1:x",
            "arn:aws:kms::1:",
            "alias/app",
        ] {
            assert_eq!(Arn::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids() {
        assert!(is_account_id("111122223333"));
        assert!(!is_account_id("1111222233333"));
        assert!(!is_account_id("11112222333a"));
        assert!(is_key_id("1234abcd-12ab-34cd-56ef-1234567890ab"));
        assert!(!is_key_id("1234ABCD-12ab-34cd-56ef-1234567890ab"));
        assert!(!is_key_id("1234abcd012ab-34cd-56ef-1234567890ab"));
        assert!(is_key_id("mrk-1234abcd12ab34cd56ef1234567890ab"));
        assert!(!is_key_id("mrk-1234abcd"));
        assert_eq!(unique_id("AROAEXAMPLEID"), Some(UniqueId::Role));
        assert_eq!(unique_id("AIDACKCEVSQ6C2EXAMPLE"), Some(UniqueId::User));
        assert_eq!(unique_id("AROA"), None);
        assert_eq!(unique_id("AROAEXAMPLEID:session"), None);
        assert_eq!(unique_id("AGPAEXAMPLE"), None);
        assert_eq!(account_of("arn:aws:iam::aws:policy/x"), None);
        assert_eq!(account_of("arn:aws:iam::111122223333:root"), Some("111122223333"));
    }

    #[test]
    fn keys_and_aliases() {
        let key = KeyArn::parse("arn:aws:kms:us-east-1:111122223333:key/mrk-1").unwrap();
        assert_eq!(
            (key.region, key.account, key.id),
            ("us-east-1", "111122223333", "mrk-1")
        );
        assert_eq!(KeyArn::parse("arn:aws:kms:us-east-1:111122223333:alias/x"), None);
        assert_eq!(KeyArn::parse("arn:aws:s3:us-east-1:111122223333:key/x"), None);
        let alias = AliasArn::parse("arn:aws:kms:us-east-1:111122223333:alias/aws/s3").unwrap();
        assert_eq!(alias.name, "alias/aws/s3");
        assert_eq!(AliasArn::parse("arn:aws:kms:us-east-1:111122223333:alias/"), None);
    }

    #[test]
    fn principals() {
        let (partition, account) = ("aws", "111122223333");
        let parse =
            |rest: &str| PrincipalArn::parse(Box::leak(format!("arn:aws:{rest}").into_boxed_str())).unwrap();
        assert_eq!(
            parse("iam::111122223333:root"),
            PrincipalArn::Root { partition, account }
        );
        assert_eq!(
            parse("iam::111122223333:user/alice"),
            PrincipalArn::User {
                partition,
                account,
                path: "/",
                name: "alice"
            }
        );
        assert_eq!(
            parse("iam::111122223333:role/aws-service-role/x.amazonaws.com/R"),
            PrincipalArn::Role {
                partition,
                account,
                path: "/aws-service-role/x.amazonaws.com/",
                name: "R"
            }
        );
        let session = parse("sts::111122223333:assumed-role/R/s1");
        assert_eq!(
            session,
            PrincipalArn::Session {
                partition,
                account,
                role: "R",
                session: "s1"
            }
        );
        assert_eq!(session.role_name(), Some("R"));
        assert_eq!(session.session_name(), Some("s1"));
        assert_eq!(
            parse("sts::111122223333:federated-user/f"),
            PrincipalArn::Federated {
                partition,
                account,
                name: "f"
            }
        );
        assert_eq!(
            parse("iam::111122223333:group/ops/g"),
            PrincipalArn::Group {
                partition,
                account,
                name: "g"
            }
        );
        for other in [
            "iam::111122223333:user/",
            "iam::111122223333:saml-provider/x",
            "sts::111122223333:assumed-role/R",
            "sts::111122223333:assumed-role/R/a/b",
            "iam::*:role/R",
            "kms:us-east-1:111122223333:key/x",
        ] {
            assert!(matches!(parse(other), PrincipalArn::Other(_)), "{other}");
        }
        assert_eq!(PrincipalArn::parse("cloudtrail.amazonaws.com"), None);
    }
}
