//! Random edits of worlds, with texts of another one.

use super::support::document::Document;
use super::support::rng::Rng;
use super::support::world::{Account, Policies, World};

/// Makes edits.
pub(crate) struct Edits<'w> {
    rng: Rng,
    other: &'w World,
}

impl Edits<'_> {
    /// The same seed makes the same edits.
    pub(crate) fn new(seed: u64, other: &World) -> Edits<'_> {
        Edits {
            rng: Rng::new(seed ^ 0xd1ff),
            other,
        }
    }

    /// Makes one edit and says what it was.
    pub(crate) fn edit(&mut self, world: &mut World) -> String {
        match self.rng.below(14) {
            0..=2 => self.key_policy(world),
            3 => self.grants(world),
            4 => self.tags_and_aliases(world),
            5..=7 => self.identity(world),
            8 => self.principal(world),
            9 => self.boundary(world),
            10 => self.membership(world),
            11 => self.place(world),
            _ => self.guardrail(world),
        }
    }

    /// Makes one edit of a text or a grant.
    pub(crate) fn edit_text(&mut self, world: &mut World) {
        match self.rng.below(5) {
            0 | 1 => drop(self.key_policy(world)),
            2 => drop(self.grants(world)),
            3 => drop(self.managed_text(world)),
            _ => drop(self.guardrail_text(world)),
        }
    }

    fn managed_text(&mut self, world: &mut World) -> Option<()> {
        let text = self.text(world)?;
        let at = self.rng.below(world.accounts.len());
        let managed = &mut world.accounts[at].managed;
        let at = (!managed.is_empty()).then(|| self.rng.below(managed.len()))?;
        // AWS keeps one text of its own policies for all accounts.
        if !managed[at].arn.contains(":iam::aws:") {
            managed[at].document = text;
        }
        Some(())
    }

    fn guardrail_text(&mut self, world: &mut World) -> Option<()> {
        let theirs = self.other.organization.as_ref()?;
        let organization = world.organization.as_mut()?;
        let scps = self.rng.percent(50);
        let (own, theirs) = match scps {
            true => (&mut organization.scps, &theirs.scps),
            false => (&mut organization.rcps, &theirs.rcps),
        };
        let text = self.rng.pick_if_any(theirs)?.document.clone();
        let at = (!own.is_empty()).then(|| self.rng.below(own.len()))?;
        own[at].document = text;
        Some(())
    }

    fn key_policy(&mut self, world: &mut World) -> String {
        let at = self.rng.below(world.keys.len());
        let from = match self.rng.percent(50) {
            true => self.rng.pick(&world.keys).policies[0].1.clone(),
            false => self.rng.pick(&self.other.keys).policies[0].1.clone(),
        };
        let key = &mut world.keys[at];
        let own = &mut key.policies[0].1;
        if self.rng.percent(40) {
            *own = from;
        } else if self.rng.percent(50) && own.json["Statement"].as_array().is_some_and(|all| all.len() > 1) {
            let statements = own.json["Statement"].as_array().unwrap();
            let gone = self.rng.below(statements.len());
            let mut json = own.json.clone();
            json["Statement"].as_array_mut().unwrap().remove(gone);
            own.json = json;
            own.statements.remove(gone);
        } else {
            self.without_condition(own);
        }
        format!("key policy of {}", key.arn)
    }

    /// Takes a condition off a statement, if there is one.
    fn without_condition(&mut self, document: &mut Document) {
        let with: Vec<usize> = (0..document.statements.len())
            .filter(|&at| !document.statements[at].conditions.is_empty())
            .collect();
        let Some(&at) = self.rng.pick_if_any(&with) else {
            return;
        };
        document.statements[at].conditions.clear();
        let statement = match &mut document.json["Statement"] {
            serde_json::Value::Array(all) => &mut all[at],
            one => one,
        };
        statement.as_object_mut().unwrap().remove("Condition");
    }

    fn grants(&mut self, world: &mut World) -> String {
        let at = self.rng.below(world.keys.len());
        let theirs = self.rng.pick(&self.other.keys).grants.clone();
        let own: Vec<_> = world.keys.iter().flat_map(|key| key.grants.clone()).collect();
        let from = if self.rng.percent(70) { &own } else { &theirs };
        let key = &mut world.keys[at];
        if !key.grants.is_empty() && self.rng.percent(50) {
            let gone = self.rng.below(key.grants.len());
            key.grants.remove(gone);
        } else if let Some(grant) = self.rng.pick_if_any(from) {
            let mut grant = grant.clone();
            grant.id.push_str("-new");
            key.grants.push(grant);
        }
        format!("grants of {}", key.arn)
    }

    fn tags_and_aliases(&mut self, world: &mut World) -> String {
        let at = self.rng.below(world.keys.len());
        let from = self.rng.pick(&self.other.keys).tags.clone();
        let key = &mut world.keys[at];
        if self.rng.percent(60) {
            key.tags = from;
        } else if key.aliases.len() > 1 {
            key.aliases.pop();
        }
        format!("tags or aliases of {}", key.arn)
    }

    fn text(&mut self, world: &World) -> Option<Document> {
        let accounts = match self.rng.percent(50) {
            true => &world.accounts,
            false => &self.other.accounts,
        };
        let texts: Vec<&Document> = accounts
            .iter()
            .flat_map(|account| account.managed.iter().map(|policy| &policy.document))
            .collect();
        self.rng.pick_if_any(&texts).map(|text| (*text).clone())
    }

    fn identity(&mut self, world: &mut World) -> String {
        let Some(text) = self.text(world) else {
            return "nothing".to_owned();
        };
        let at = self.rng.below(world.accounts.len());
        let account = &mut world.accounts[at];
        let arns: Vec<String> = account.managed.iter().map(|policy| policy.arn.clone()).collect();
        if self.rng.percent(30) && !account.managed.is_empty() {
            let at = self.rng.below(account.managed.len());
            account.managed[at].document = text;
            return format!("text of {}", account.managed[at].arn);
        }
        let attached = self.rng.pick_if_any(&arns).cloned();
        let Some((name, policies)) = holder(account, &mut self.rng) else {
            return "nothing".to_owned();
        };
        match (self.rng.below(4), attached) {
            (0, Some(arn)) if !policies.attached.contains(&arn) => policies.attached.push(arn),
            (1, _) if !policies.attached.is_empty() => drop(policies.attached.pop()),
            (2, _) if !policies.inline.is_empty() => drop(policies.inline.pop()),
            _ => policies.inline.push(("added".to_owned(), text)),
        }
        format!("policies of {name}")
    }

    fn principal(&mut self, world: &mut World) -> String {
        let at = self.rng.below(world.accounts.len());
        let account = &mut world.accounts[at];
        match self.rng.below(4) {
            0 if account.roles.len() > 1 => {
                let role = account.roles.pop().unwrap();
                format!("{} is gone", role.arn)
            }
            1 if !account.roles.is_empty() => {
                let at = self.rng.below(account.roles.len());
                account.roles[at].id = format!("AROA{}", self.rng.text(16, "ABCDEFGHIJKLMNOP"));
                format!("{} is another", account.roles[at].arn)
            }
            2 if !account.users.is_empty() => {
                let at = self.rng.below(account.users.len());
                let user = &mut account.users[at];
                let old = user.arn.clone();
                user.name.push_str("-2");
                user.arn.push_str("-2");
                format!("{old} is renamed")
            }
            _ => {
                let tags = self
                    .rng
                    .pick(&self.other.accounts)
                    .roles
                    .first()
                    .map(|role| role.tags.clone());
                match (account.roles.first_mut(), tags) {
                    (Some(role), Some(tags)) => {
                        role.tags = tags;
                        format!("tags of {}", role.arn)
                    }
                    _ => "nothing".to_owned(),
                }
            }
        }
    }

    fn boundary(&mut self, world: &mut World) -> String {
        let at = self.rng.below(world.accounts.len());
        let account = &mut world.accounts[at];
        let arns: Vec<String> = account.managed.iter().map(|policy| policy.arn.clone()).collect();
        let boundary = self
            .rng
            .pick_if_any(&arns)
            .cloned()
            .filter(|_| self.rng.percent(60));
        let roles = account.roles.iter_mut().filter(|role| !role.is_service_linked());
        let mut roles: Vec<_> = roles.collect();
        let Some(at) = (!roles.is_empty()).then(|| self.rng.below(roles.len())) else {
            return "nothing".to_owned();
        };
        roles[at].boundary = boundary;
        format!("boundary of {}", roles[at].arn)
    }

    fn membership(&mut self, world: &mut World) -> String {
        let at = self.rng.below(world.accounts.len());
        let account = &mut world.accounts[at];
        let groups: Vec<String> = account.groups.iter().map(|group| group.name.clone()).collect();
        let (Some(group), Some(user)) = (self.rng.pick_if_any(&groups), account.users.first_mut()) else {
            return "nothing".to_owned();
        };
        match user.groups.iter().position(|own| own == group) {
            Some(at) => drop(user.groups.remove(at)),
            None => user.groups.push(group.clone()),
        }
        format!("{} and group {group}", user.arn)
    }

    fn place(&mut self, world: &mut World) -> String {
        let Some(organization) = &mut world.organization else {
            return "nothing".to_owned();
        };
        let mut places: Vec<String> = organization.units.iter().map(|unit| unit.id.clone()).collect();
        places.push(organization.root.clone());
        let at = self.rng.below(organization.members.len());
        let member = &mut organization.members[at];
        if member.account != organization.management {
            member.parent.clone_from(self.rng.pick(&places));
        }
        format!("{} is in {}", member.account, member.parent)
    }

    fn guardrail(&mut self, world: &mut World) -> String {
        let (Some(organization), Some(other)) = (&mut world.organization, &self.other.organization) else {
            return "nothing".to_owned();
        };
        let scps = self.rng.percent(50);
        let (own, theirs) = match scps {
            true => (&mut organization.scps, &other.scps),
            false => (&mut organization.rcps, &other.rcps),
        };
        let Some(theirs) = self.rng.pick_if_any(theirs) else {
            return "nothing".to_owned();
        };
        if own.is_empty() {
            return "nothing".to_owned();
        }
        let at = self.rng.below(own.len());
        let policy = &mut own[at];
        let id = policy.id.clone();
        match self.rng.below(3) {
            0 if !policy.aws_managed => policy.document = theirs.document.clone(),
            1 if policy.targets.len() > 1 => drop(policy.targets.pop()),
            _ => {
                let members: Vec<String> = organization
                    .members
                    .iter()
                    .map(|one| one.account.clone())
                    .collect();
                let target = self.rng.pick(&members).clone();
                let policies = if scps {
                    &mut organization.scps
                } else {
                    &mut organization.rcps
                };
                if !policies[at].targets.contains(&target) {
                    policies[at].targets.push(target);
                }
            }
        }
        format!("organization policy {id}")
    }
}

/// Somebody with policies, and these.
fn holder<'a>(account: &'a mut Account, rng: &mut Rng) -> Option<(String, &'a mut Policies)> {
    let users = account
        .users
        .iter_mut()
        .map(|user| (user.arn.clone(), &mut user.policies));
    let groups = account.groups.iter_mut();
    let groups = groups.map(|group| (group.arn.clone(), &mut group.policies));
    let roles = account
        .roles
        .iter_mut()
        .map(|role| (role.arn.clone(), &mut role.policies));
    let mut all: Vec<_> = users.chain(groups).chain(roles).collect();
    if all.is_empty() {
        return None;
    }
    let at = rng.below(all.len());
    Some(all.swap_remove(at))
}
