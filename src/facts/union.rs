//! Facts of several keys that have nothing to do with each other, for one run of the rules.
//!
//! A run costs more than the few facts of one key. Taken together as they are, facts of different keys would join: a
//! principal named on one key would be looked at on the next. So principals, and what they hold, get another id for each
//! key, and what is derived its own ids back. Accounts and guardrails keep theirs: they alone lead nobody to a key.

use super::id::{
    AccountId, Basis, Element, GrantId, GranteeKind, KeyId, LevelId, Mask, MatchKind, PolicyId, PrincipalId,
    StatementId, TestId,
};
use super::relations::Facts;
use ahash::{AHashMap, AHashSet};

/// Facts of several keys.
#[derive(Debug, Default)]
pub(crate) struct Union {
    pub(crate) facts: Facts,
    pub(crate) originals: Originals,
    /// How many policies somebody holds.
    held: usize,
}

impl Union {
    /// Adds the facts of a key.
    pub(crate) fn add(&mut self, facts: &Facts) {
        let of_levels = facts.scp_attached.iter().map(|&(_, policy)| policy);
        let of_accounts = facts.rcp_reaches.iter().map(|&(_, policy)| policy);
        let mut names = Names {
            originals: &mut self.originals,
            held: &mut self.held,
            new: News::default(),
            guardrails: of_levels.chain(of_accounts).collect(),
        };
        self.facts.add_renamed(facts, &mut names);
    }
}

/// A column of a relation that may get another id.
pub(crate) trait Rename: Copy {
    /// The column as it is in the union.
    fn renamed(self, _: &mut Names<'_>) -> Self {
        self
    }
}

impl Rename for AccountId {}
impl Rename for KeyId {}
impl Rename for LevelId {}
impl Rename for Mask {}
impl Rename for MatchKind {}
impl Rename for GranteeKind {}
impl Rename for Element {}

impl Rename for PolicyId {
    fn renamed(self, names: &mut Names<'_>) -> Self {
        match names.guardrails.contains(&self) {
            true => self,
            false => names.held(self),
        }
    }
}

/// An id of the union that stands for one of the world.
pub(crate) trait Original: Copy {
    /// The id it stands for.
    fn original(self, originals: &Originals) -> Self;
}

macro_rules! renamed {
    ($($sort:ident: $id:ident,)*) => {
        /// The ids that those of a union stand for, by position.
        #[derive(Debug, Default)]
        pub(crate) struct Originals {
            $($sort: Vec<$id>,)*
        }

        /// The ids that those of one key have in the union.
        #[derive(Default)]
        struct News {
            policies: AHashMap<PolicyId, PolicyId>,
            $($sort: AHashMap<$id, $id>,)*
        }

        $(impl Rename for $id {
            fn renamed(self, names: &mut Names<'_>) -> Self {
                let of = &mut names.originals.$sort;
                *names.new.$sort.entry(self).or_insert_with(|| {
                    of.push(self);
                    $id::at(of.len() - 1)
                })
            }
        }

        impl Original for $id {
            fn original(self, originals: &Originals) -> Self {
                originals.$sort.get(self.index()).copied().unwrap_or(self)
            }
        })*
    };
}

renamed! {
    principals: PrincipalId,
    statements: StatementId,
    grants: GrantId,
    tests: TestId,
}

/// Who is who while the facts of one key are added.
pub(crate) struct Names<'a> {
    originals: &'a mut Originals,
    held: &'a mut usize,
    new: News,
    guardrails: AHashSet<PolicyId>,
}

impl Names<'_> {
    /// The id of a policy that somebody holds. Nothing that is derived names it: its own is not needed again, and counted
    /// from the end it is none of a guardrail's.
    fn held(&mut self, policy: PolicyId) -> PolicyId {
        let held = &mut *self.held;
        *self.new.policies.entry(policy).or_insert_with(|| {
            *held += 1;
            PolicyId(u32::MAX - PolicyId::at(*held).0)
        })
    }
}

impl Original for Basis {
    fn original(self, originals: &Originals) -> Self {
        match self {
            Basis::Nothing => self,
            Basis::Statement(id) => Basis::Statement(id.original(originals)),
            Basis::Grant(id) => Basis::Grant(id.original(originals)),
        }
    }
}
