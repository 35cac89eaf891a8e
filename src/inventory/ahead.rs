//! Elements of long IAM lists -> entities, while the file around them is still being read.
//!
//! One account may fill a hundred megabytes. Its tree is never whole in memory: the reader hands out some elements at
//! a time, and another thread may make entities of them while the reader reads on.

use super::fields::Fields;
use super::hints::Hints;
use super::iam::{self, ManagedPolicy};
use crate::diag::Diagnostic;
use crate::json::{Elements, Node, Place, Text};
use crate::model::principal::{Group, Role, User};
use crate::source::FileId;

/// What was read of a page before the page was whole.
#[derive(Default)]
pub(super) struct Ahead {
    pub(super) users: Vec<Batch<User>>,
    pub(super) groups: Vec<Batch<Group>>,
    pub(super) roles: Vec<Batch<Role>>,
    pub(super) managed: Vec<Batch<ManagedPolicy>>,
}

/// Whether a list is read ahead: one that only account authorization details have.
pub(super) fn wanted(key: &Text<'_>, first: &Node<'_>) -> bool {
    if key.is("Policies") {
        let arn = first.member("Arn").and_then(Node::text).unwrap_or_default();
        let of_organization = first.member("Type").is_some() || arn.contains(":organizations:");
        return first.member("PolicyVersionList").is_some() && !of_organization;
    }
    ["UserDetailList", "GroupDetailList", "RoleDetailList"]
        .into_iter()
        .any(|name| key.is(name))
}

impl Ahead {
    /// Reads some elements of a list that is [`wanted`].
    pub(super) fn read(&mut self, file: FileId, hints: &Hints, elements: Elements<'_>) {
        let Elements { key, nodes, lines } = elements;
        let place = Place::File { file, lines: &lines };
        let (place, nodes) = (&place, nodes.iter());
        match &*key.text() {
            "UserDetailList" => self
                .users
                .push(batch(place, hints, nodes, "UserDetailList", iam::user)),
            "GroupDetailList" => self
                .groups
                .push(batch(place, hints, nodes, "GroupDetailList", iam::group)),
            "RoleDetailList" => self
                .roles
                .push(batch(place, hints, nodes, "RoleDetailList", iam::role)),
            _ => self
                .managed
                .push(batch(place, hints, nodes, "Policies", iam::managed)),
        }
    }
}

/// Entities of one kind that were read together.
pub(super) struct Batch<T> {
    pub(super) values: Vec<T>,
    /// Remarks about elements that are no objects, or have a key twice.
    pub(super) shape: Vec<Diagnostic>,
    /// Remarks about what is in them.
    pub(super) found: Vec<Diagnostic>,
    /// How many values could not be read.
    pub(super) lost: usize,
}

/// Reads some elements of a list of objects.
pub(super) fn batch<'n, 'a: 'n, T>(
    place: &Place<'_>,
    hints: &Hints,
    nodes: impl ExactSizeIterator<Item = &'n Node<'a>>,
    name: &str,
    read: fn(&mut Fields<'_>, &Node<'_>) -> Option<T>,
) -> Batch<T> {
    let (mut shape, mut fields) = (Fields::new(place, hints), Fields::new(place, hints));
    let mut values = Vec::with_capacity(nodes.len());
    for node in nodes {
        if shape.is_object(node, format_args!("an element of `{name}`")) {
            values.extend(read(&mut fields, node));
        }
    }
    Batch {
        values,
        lost: shape.lost + fields.lost,
        shape: shape.diagnostics,
        found: fields.diagnostics,
    }
}
