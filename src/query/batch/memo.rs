//! What evaluations asked of requests, and what they came to: a tree of questions for each cell and action.
//!
//! An evaluation is determined by the cell, the action and the answers to what it asks about the request, in the order
//! in which it asks. So another request that gives the same answers to the same questions has the same ruling, whatever
//! else it states; nothing is shared that an evaluation did not ask for.

use crate::answer::Residual;
use crate::cache::{Ruling, Whose};
use crate::condition::formula::FormulaId;
use crate::facts::classes::Site;
use crate::facts::id::{AccountId, KeyId};
use crate::model::action::Action;
use ahash::AHashMap;

/// The label of a condition key that is not stated.
pub(super) const ABSENT: u32 = u32::MAX;

/// Where a tree begins: what it is about, for an action, and whether the context is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Root {
    /// Whom and which key it is about, as far as that matters.
    about: u64,
    /// In what way, and the rest.
    how: u32,
}

impl Root {
    /// What decides about a cell.
    pub(super) fn of_cell(whose: Whose, action: Action, open: bool) -> Root {
        match &whose {
            Whose::Listed(site) => Root::of_site(0, site, action, open),
            Whose::SessionOf(site) => Root::of_site(1, site, action, open),
            Whose::Refused(site) => Root::of_site(2, site, action, open),
            Whose::Other(number, key) => Root::new(3, 0, (*number, *key), action, open),
        }
    }

    /// What stands against somebody, or the session of somebody, whom no path leads to a key.
    pub(super) fn of_refused(site: &Site, session: bool, action: Action, open: bool) -> Root {
        Root::of_site(4 + u32::from(session), site, action, open)
    }

    fn of_site(tag: u32, site: &Site, action: Action, open: bool) -> Root {
        // INVARIANT: all that tells sites apart is in the root.
        let Site {
            layer,
            part,
            principal,
            key,
        } = *site;
        let part = u32::from(layer) << 2 | part as u32;
        Root::new(tag, part, (principal.0, key), action, open)
    }

    /// Which side lacks an allow: for somebody, or for all of an account.
    pub(super) fn of_missing(lacks: Lacks, key: KeyId, action: Action, open: bool) -> Root {
        match lacks {
            Lacks::One(who) => Root::new(6, 0, (who, key), action, open),
            Lacks::AllOf { account, root } => Root::new(7, u32::from(root), (account.0, key), action, open),
        }
    }

    fn new(tag: u32, part: u32, (who, key): (u32, KeyId), action: Action, open: bool) -> Root {
        Root {
            about: u64::from(who) << 32 | u64::from(key.0),
            how: tag << 19 | part << 9 | u32::from(open) << 8 | u32::from(action.index()),
        }
    }
}

/// For whom it is the same which side lacks an allow.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lacks {
    /// For somebody, by number.
    One(u32),
    /// For the principals of the key's account, or for its root user.
    AllOf { account: AccountId, root: bool },
}

/// Who asks, and for which key.
pub(super) type Pair = (u32, u32);

/// A question with the answer it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A condition key, and the label of its values.
    Key(u32, u32),
    /// Who asks and for which key.
    Own,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    /// Nothing was here yet.
    Unknown,
    /// A condition key is asked for.
    Key(u32),
    /// The pair has a tree of its own.
    Own,
    /// The answer.
    Leaf(u32),
}

/// An answer: what decides, and of undetermined ones on what it depends.
#[derive(Debug)]
pub(super) struct Leaf {
    /// None where nothing stands against it, and what decides is which side lacks an allow.
    pub(super) ruling: Option<Ruling>,
    pub(super) residual: Option<Residual>,
}

/// What identifies an answer.
type Said = (Option<Ruling>, Option<(usize, FormulaId)>);

/// All trees.
#[derive(Debug, Default)]
pub(super) struct Memo {
    roots: AHashMap<Root, u32>,
    own_roots: AHashMap<(Root, Pair), u32>,
    nodes: Vec<Node>,
    edges: AHashMap<(u32, u32), u32>,
    leaves: Vec<Leaf>,
    /// Leaves by what they say. Residuals are kept there: that is what makes their identities theirs.
    numbers: AHashMap<Said, u32>,
}

impl Memo {
    /// The answer for a request, if the same was asked before.
    pub(super) fn find(&self, root: &Root, pair: Pair, given: &[(u32, u32)]) -> Option<u32> {
        let mut at = *self.roots.get(root)?;
        loop {
            at = match *self.nodes.get(at as usize)? {
                Node::Leaf(leaf) => return Some(leaf),
                Node::Unknown => return None,
                Node::Own => *self.own_roots.get(&(*root, pair))?,
                Node::Key(name) => *self.edges.get(&(at, label(given, name)))?,
            };
        }
    }

    /// Remembers what was asked for a request, and what it came to.
    pub(super) fn insert(&mut self, root: Root, pair: Pair, steps: &[Step], leaf: u32) {
        let start = entry(&mut self.nodes, &mut self.roots, root);
        let own = steps.iter().position(|step| *step == Step::Own);
        let shared = steps.get(..own.unwrap_or(steps.len())).unwrap_or_default();
        let Some(mut end) = self.thread(start, shared) else {
            return;
        };
        if own.is_some() {
            if !self.settle(end, Node::Own) {
                return;
            }
            let start = entry(&mut self.nodes, &mut self.own_roots, (root, pair));
            match self.thread(start, steps) {
                Some(own) => end = own,
                None => return,
            }
        }
        self.settle(end, Node::Leaf(leaf));
    }

    /// Follows the answers from a node on, making what is not there.
    fn thread(&mut self, mut at: u32, steps: &[Step]) -> Option<u32> {
        for step in steps {
            if let Step::Key(name, label) = *step {
                if !self.settle(at, Node::Key(name)) {
                    return None;
                }
                at = entry(&mut self.nodes, &mut self.edges, (at, label));
            }
        }
        Some(at)
    }

    /// Says what a node is. An evaluation asks the same after the same answers, so it is that already or nothing yet.
    fn settle(&mut self, at: u32, node: Node) -> bool {
        match self.nodes.get_mut(at as usize) {
            Some(there) if *there == Node::Unknown => {
                *there = node;
                true
            }
            Some(there) => {
                debug_assert_eq!(
                    *there, node,
                    "an evaluation asked otherwise after the same answers"
                );
                *there == node
            }
            None => false,
        }
    }

    /// The number of an answer.
    pub(super) fn leaf(&mut self, ruling: Option<Ruling>, residual: Option<Residual>) -> u32 {
        let identity = residual.as_ref().map(Residual::identity);
        let leaves = &mut self.leaves;
        *self.numbers.entry((ruling, identity)).or_insert_with(|| {
            leaves.push(Leaf { ruling, residual });
            number(leaves.len() - 1)
        })
    }

    /// An answer by its number.
    pub(super) fn at(&self, leaf: u32) -> Option<&Leaf> {
        self.leaves.get(leaf as usize)
    }

    /// How much is remembered.
    pub(super) fn len(&self) -> usize {
        self.nodes.len() + self.leaves.len()
    }
}

/// The label of a condition key's values in a context.
fn label(given: &[(u32, u32)], name: u32) -> u32 {
    given
        .iter()
        .find(|(stated, _)| *stated == name)
        .map_or(ABSENT, |(_, label)| *label)
}

fn entry<K: Eq + std::hash::Hash>(nodes: &mut Vec<Node>, map: &mut AHashMap<K, u32>, at: K) -> u32 {
    *map.entry(at).or_insert_with(|| {
        nodes.push(Node::Unknown);
        number(nodes.len() - 1)
    })
}

pub(super) fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
