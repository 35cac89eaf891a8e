//! Users, groups and roles of one page of IAM data -> the same by name, as an account holds them.
//!
//! A page is read by one of many threads and accounts are put together by one alone, so what a page can settle for
//! itself is settled where it is read: pages that name nobody twice and nobody of another account are taken over whole.

use super::accounts::same_permissions;
use crate::arn::{Arn, account_of};
use crate::model::principal::{Account, Group, Role, User};
use crate::source::Location;
use std::collections::BTreeMap;

/// A user, group or role.
pub(super) trait Entity: Sized {
    /// What it is called in remarks.
    const NOUN: &'static str;

    fn arn(&self) -> &String;
    fn arn_mut(&mut self) -> &mut String;
    fn name(&self) -> &String;
    fn location(&self) -> Location;
    /// Whether two say the same, wherever they stand.
    fn same(a: &Self, b: &Self) -> bool;
    /// Those of an account.
    fn of(account: &mut Account) -> &mut BTreeMap<String, Self>;
}

macro_rules! entity {
    ($type:ident, $noun:literal, $list:ident, $same:expr) => {
        impl Entity for $type {
            const NOUN: &'static str = $noun;

            fn arn(&self) -> &String {
                &self.arn
            }

            fn arn_mut(&mut self) -> &mut String {
                &mut self.arn
            }

            fn name(&self) -> &String {
                &self.name
            }

            fn location(&self) -> Location {
                self.location
            }

            fn same(a: &Self, b: &Self) -> bool {
                let same: fn(&Self, &Self) -> bool = $same;
                a.arn == b.arn && same(a, b) && same_permissions(&a.permissions, &b.permissions)
            }

            fn of(account: &mut Account) -> &mut BTreeMap<String, Self> {
                &mut account.$list
            }
        }
    };
}

entity!(User, "user", users, |a, b| a.groups == b.groups);
entity!(Group, "group", groups, |_, _| true);
entity!(Role, "role", roles, |_, _| true);

/// The entities of one kind on one page.
pub(super) enum Entities<T> {
    /// All of the account that the page is about, by name.
    Named(BTreeMap<String, T>),
    /// As they were read: some have no whole ARN or one of another account, or a name comes twice.
    Listed(Vec<T>),
}

impl<T> Default for Entities<T> {
    fn default() -> Self {
        Entities::Listed(Vec::new())
    }
}

impl<T: Entity> Entities<T> {
    /// Sorts what was read by name, if it is all of the account that the page is about.
    pub(super) fn new(read: Vec<T>, owner: Option<&str>) -> Self {
        let owned = |entity: &T| {
            let arn = entity.arn();
            Arn::parse(arn).is_some() && account_of(arn).is_none_or(|account| owner == Some(account))
        };
        if owner.is_none() || !read.iter().all(owned) {
            return Entities::Listed(read);
        }
        // WHY: an entity is hundreds of bytes, so their places are sorted in their stead.
        let mut order: Vec<(&str, usize)> = read
            .iter()
            .enumerate()
            .map(|(i, entity)| (entity.name().as_str(), i))
            .collect();
        order.sort_unstable();
        if order.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Entities::Listed(read);
        }
        let order: Vec<usize> = order.into_iter().map(|(_, i)| i).collect();
        let mut slots: Vec<Option<T>> = read.into_iter().map(Some).collect();
        let sorted = order.into_iter().filter_map(|i| slots.get_mut(i)?.take());
        Entities::Named(sorted.map(|entity| (entity.name().clone(), entity)).collect())
    }
}
