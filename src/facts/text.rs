//! Facts as text, and back: `in_account alice A` into a row of `in_account`, ids into the names they came from.
//!
//! Only tests read and write it, so that a case shows what rules see. A line is a relation's name and its columns, by
//! spaces; `#` begins a comment. Columns are names (`alice`, `key-a`), variants of enums, and actions: `Decrypt,Encrypt`,
//! `*` for all of them, `*-RetireGrant` for all but some, `IAM_ONLY` for those, `-` for none.

use super::id::{
    AccountId, Basis, Element, GrantId, GranteeKind, KeyId, Layer, LevelId, Mask, MatchKind, PolicyId,
    PrincipalId, Route, StatementId, TestId,
};
use super::relations::Facts;
use crate::model::action::{Action, ActionSet};

/// The names of one sort; the position of a name is its id.
#[derive(Debug, Default)]
pub(crate) struct Sort(Vec<String>);

impl Sort {
    fn id(&mut self, name: &str) -> usize {
        let known = self.0.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }

    fn name(&self, id: usize) -> String {
        let unnamed = || format!("#{id}");
        self.0.get(id).cloned().unwrap_or_else(unnamed)
    }
}

/// A column of a relation, in text.
pub(crate) trait Column: Sized {
    /// Reads it; `None` if it is not of this sort.
    fn parse(names: &mut Names, text: &str) -> Option<Self>;
    /// Writes it as [`Column::parse`] reads it.
    fn show(self, names: &Names) -> String;
}

macro_rules! named_ids {
    ($($sort:ident: $id:ident,)*) => {
        /// The names of all ids, each sort by itself: `A` may be an account and a policy.
        #[derive(Debug, Default)]
        pub(crate) struct Names {
            $($sort: Sort,)*
        }

        $(impl Column for $id {
            fn parse(names: &mut Names, text: &str) -> Option<Self> {
                Some($id::at(names.$sort.id(text)))
            }

            fn show(self, names: &Names) -> String {
                names.$sort.name(self.index())
            }
        })*
    };
}

named_ids! {
    principals: PrincipalId,
    accounts: AccountId,
    keys: KeyId,
    statements: StatementId,
    policies: PolicyId,
    grants: GrantId,
    levels: LevelId,
    tests: TestId,
}

macro_rules! named_variants {
    ($($name:ident { $($variant:ident)* })*) => {$(
        impl Column for $name {
            fn parse(_: &mut Names, text: &str) -> Option<Self> {
                Some(match text {
                    $(stringify!($variant) => $name::$variant,)*
                    _ => return None,
                })
            }

            fn show(self, _: &Names) -> String {
                let text = match self { $($name::$variant => stringify!($variant),)* };
                text.to_owned()
            }
        }

        impl $name {
            /// All variants, in order of declaration.
            pub(crate) const ALL: &'static [$name] = &[$($name::$variant,)*];
        }
    )*};
}

named_variants! {
    MatchKind { User Role Session UserOfSession Service Federated Root Account Anyone AnyoneByArn }
    GranteeKind { Named Role Service }
    Layer { KeyPolicy Rcp Scp Endpoint Identity Boundary Session }
    Route {
        User Role Session UserOfSession AnyoneByArn Anyone Root Federated Delegated CrossAccount CrossAccountRoot
        Service IamOnly IamOnlyRoot Grant GrantToRole GrantToAccount GrantUntrusted
        RetiringPrincipal RetiringGrantee RetiringGranteeMember RetiringRoot RetiringByIdentity
    }
}

impl Column for Element {
    fn parse(_: &mut Names, text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            Some(("Condition", at)) => Element::Condition(at.parse().ok()?),
            Some(_) => return None,
            None => match text {
                "Effect" => Element::Effect,
                "Principal" => Element::Principal,
                "Action" => Element::Action,
                "Resource" => Element::Resource,
                "Grantee" => Element::Grantee,
                "Operations" => Element::Operations,
                "Constraints" => Element::Constraints,
                _ => return None,
            },
        })
    }

    fn show(self, _: &Names) -> String {
        match self {
            Element::Condition(at) => format!("Condition:{at}"),
            other => format!("{other:?}"),
        }
    }
}

impl Column for Basis {
    fn parse(names: &mut Names, text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            None if text == "-" => Basis::Nothing,
            None => Basis::Statement(StatementId::parse(names, text)?),
            Some(("grant", grant)) => Basis::Grant(GrantId::parse(names, grant)?),
            Some(_) => return None,
        })
    }

    fn show(self, names: &Names) -> String {
        match self {
            Basis::Nothing => "-".to_owned(),
            Basis::Statement(statement) => statement.show(names),
            Basis::Grant(grant) => format!("grant:{}", grant.show(names)),
        }
    }
}

/// Up to so many actions that are missing are named, rather than all that are there.
const FEW: usize = 4;

impl Column for Mask {
    fn parse(_: &mut Names, text: &str) -> Option<Self> {
        let set = |names: &str| match names {
            "*" => Some(ActionSet::ALL),
            "IAM_ONLY" => Some(ActionSet::IAM_ONLY),
            "-" => Some(ActionSet::EMPTY),
            list => list.split(',').map(Action::parse).collect(),
        };
        match text.split_once('-') {
            Some((all, but)) if !all.is_empty() => Some(set(all)? - set(but)?),
            _ => set(text),
        }
    }

    fn show(self, _: &Names) -> String {
        let list = |set: ActionSet| {
            let names: Vec<&str> = set.iter().map(Action::name).collect();
            names.join(",")
        };
        let missing = self.complement();
        match self {
            ActionSet::ALL => "*".to_owned(),
            ActionSet::IAM_ONLY => "IAM_ONLY".to_owned(),
            ActionSet::EMPTY => "-".to_owned(),
            _ if missing.len() <= FEW => format!("*-{}", list(missing)),
            _ => list(self),
        }
    }
}

/// What a text states: facts, and the pairs of principal and key to look at.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) names: Names,
    pub(crate) facts: Facts,
    /// Lines `pair alice key-a`.
    pub(crate) pairs: Vec<(PrincipalId, KeyId)>,
}

impl World {
    /// Reads a text of facts; `Err` names the first line that is none.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut world = World::default();
        for (line, written) in (1_usize..).zip(text.lines()) {
            let fact = written.split('#').next().unwrap_or_default();
            let mut words = fact.split_whitespace();
            if let Some(relation) = words.next() {
                let columns: Vec<&str> = words.collect();
                world
                    .add(relation, &columns)
                    .ok_or_else(|| format!("line {line} is no fact: {written}"))?;
            }
        }
        Ok(world)
    }

    fn add(&mut self, relation: &str, columns: &[&str]) -> Option<()> {
        match (relation, columns) {
            ("pair", [principal, key]) => {
                let principal = PrincipalId::parse(&mut self.names, principal)?;
                let key = KeyId::parse(&mut self.names, key)?;
                self.pairs.push((principal, key));
                Some(())
            }
            _ => self.facts.add_text(&mut self.names, relation, columns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back<T: Column + Copy>(names: &mut Names, text: &str) {
        let read = T::parse(names, text).unwrap_or_else(|| panic!("`{text}` is read"));
        assert_eq!(read.show(names), text);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut names = Names::default();
        comes_back::<PrincipalId>(&mut names, "alice");
        comes_back::<PrincipalId>(&mut names, "bob");
        comes_back::<AccountId>(&mut names, "A");
        for basis in ["-", "root-statement", "grant:g"] {
            comes_back::<Basis>(&mut names, basis);
        }
        for mask in [
            "*",
            "-",
            "IAM_ONLY",
            "Decrypt",
            "Decrypt,Encrypt",
            "*-RetireGrant",
        ] {
            comes_back::<Mask>(&mut names, mask);
        }
        for route in Route::ALL {
            comes_back::<Route>(&mut names, &format!("{route:?}"));
        }
        for kind in MatchKind::ALL {
            comes_back::<MatchKind>(&mut names, &format!("{kind:?}"));
        }
        for kind in GranteeKind::ALL {
            comes_back::<GranteeKind>(&mut names, &format!("{kind:?}"));
        }
        for element in [
            "Effect",
            "Principal",
            "Action",
            "Resource",
            "Condition:2",
            "Grantee",
            "Operations",
            "Constraints",
        ] {
            comes_back::<Element>(&mut names, element);
        }
        for layer in Layer::ALL {
            comes_back::<Layer>(&mut names, &format!("{layer:?}"));
        }
    }

    #[test]
    fn sorts_are_apart() {
        let world = World::read("# who\nin_account A A # both\npair A A\n\n").unwrap();
        assert_eq!(world.facts.in_account, [(PrincipalId(0), AccountId(0))]);
        assert_eq!(world.pairs, [(PrincipalId(0), KeyId(0))]);
    }

    #[test]
    fn what_is_no_fact_is_said() {
        for wrong in [
            "no_relation a",
            "in_account a",
            "in_account a b c",
            "grant g k Decrypt,Nonsense",
            "grantee g p Somebody",
        ] {
            let error = World::read(&format!("\n{wrong}")).unwrap_err();
            assert_eq!(error, format!("line 2 is no fact: {wrong}"));
        }
    }
}
