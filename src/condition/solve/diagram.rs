//! Decision diagrams over variables of a few values: functions of them, equal when their ids are.
//!
//! A node asks for one variable and has a function for each of its values; variables are asked for in order. The tables
//! only grow, up to a bound: beyond it nothing is decided.

use ahash::AHashMap;

/// A function in a table of diagrams.
pub(super) type Diagram = u32;

/// Never.
pub(super) const NEVER: Diagram = 0;
/// Always.
pub(super) const ALWAYS: Diagram = 1;

/// How many nodes a table may have.
const NODES: usize = 200_000;

/// The table is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    variable: u32,
    branches: Box<[Diagram]>,
}

/// A table of diagrams.
#[derive(Debug, Default)]
pub(super) struct Diagrams {
    /// Beyond the two constants.
    nodes: Vec<Node>,
    index: AHashMap<Node, Diagram>,
    ands: AHashMap<(Diagram, Diagram), Diagram>,
    nots: AHashMap<Diagram, Diagram>,
}

impl Diagrams {
    /// The function that is one of `branches`, by the value of a variable.
    pub(super) fn node(&mut self, variable: u32, branches: Vec<Diagram>) -> Result<Diagram, Full> {
        let first = branches.first().copied().unwrap_or(NEVER);
        if branches.iter().all(|&branch| branch == first) {
            return Ok(first);
        }
        let node = Node {
            variable,
            branches: branches.into(),
        };
        if let Some(&known) = self.index.get(&node) {
            return Ok(known);
        }
        if self.nodes.len() >= NODES {
            return Err(Full);
        }
        let id = u32::try_from(self.nodes.len() + 2).map_err(|_| Full)?;
        self.nodes.push(node.clone());
        self.index.insert(node, id);
        Ok(id)
    }

    fn get(&self, id: Diagram) -> Option<&Node> {
        self.nodes.get((id as usize).checked_sub(2)?)
    }

    /// Both hold.
    pub(super) fn and(&mut self, a: Diagram, b: Diagram) -> Result<Diagram, Full> {
        match (a, b) {
            (NEVER, _) | (_, NEVER) => return Ok(NEVER),
            (ALWAYS, x) | (x, ALWAYS) => return Ok(x),
            _ if a == b => return Ok(a),
            _ => {}
        }
        let key = (a.min(b), a.max(b));
        if let Some(&known) = self.ands.get(&key) {
            return Ok(known);
        }
        let (Some(x), Some(y)) = (self.get(a), self.get(b)) else {
            return Ok(NEVER);
        };
        let variable = x.variable.min(y.variable);
        let width = if x.variable == variable { x } else { y }.branches.len();
        let side = |id: Diagram, node: &Node| match node.variable == variable {
            true => node.branches.to_vec(),
            false => vec![id; width],
        };
        let (left, right) = (side(a, x), side(b, y));
        let mut branches = Vec::with_capacity(width);
        for (l, r) in left.into_iter().zip(right) {
            branches.push(self.and(l, r)?);
        }
        let made = self.node(variable, branches)?;
        self.ands.insert(key, made);
        Ok(made)
    }

    /// It does not hold.
    pub(super) fn not(&mut self, a: Diagram) -> Result<Diagram, Full> {
        match a {
            NEVER => return Ok(ALWAYS),
            ALWAYS => return Ok(NEVER),
            _ => {}
        }
        if let Some(&known) = self.nots.get(&a) {
            return Ok(known);
        }
        let Some(node) = self.get(a).cloned() else {
            return Ok(NEVER);
        };
        let mut branches = Vec::with_capacity(node.branches.len());
        for &branch in &node.branches {
            branches.push(self.not(branch)?);
        }
        let made = self.node(node.variable, branches)?;
        self.nots.insert(a, made);
        self.nots.insert(made, a);
        Ok(made)
    }

    /// One of them holds.
    pub(super) fn or(&mut self, a: Diagram, b: Diagram) -> Result<Diagram, Full> {
        let (a, b) = (self.not(a)?, self.not(b)?);
        let neither = self.and(a, b)?;
        self.not(neither)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_equal_when_they_agree() {
        let mut table = Diagrams::default();
        let x = table.node(0, vec![ALWAYS, NEVER, NEVER]).unwrap();
        let y = table.node(1, vec![ALWAYS, NEVER]).unwrap();
        let both = table.and(x, y).unwrap();
        let neither = {
            let (x, y) = (table.not(x).unwrap(), table.not(y).unwrap());
            table.or(x, y).unwrap()
        };
        assert_eq!(table.not(neither), Ok(both));
        let not_x = table.not(x).unwrap();
        assert_eq!(table.or(x, not_x), Ok(ALWAYS));
        assert_eq!(table.and(x, not_x), Ok(NEVER));
        assert_eq!(table.node(2, vec![x, x]), Ok(x));
    }

    #[test]
    fn a_full_table_says_so() {
        let mut table = Diagrams::default();
        // The order of these pairs is the worst there is.
        let mut all = NEVER;
        let result = (0..20).try_for_each(|n| {
            let a = table.node(n, vec![NEVER, ALWAYS])?;
            let b = table.node(n + 20, vec![NEVER, ALWAYS])?;
            let both = table.and(a, b)?;
            all = table.or(all, both)?;
            Ok(())
        });
        assert_eq!(result, Err(Full));
    }
}
