//! What a verdict rests on: statements and grants by name, and those that come near.

use super::findings::Findings;
use super::texts::{self, Text, quote, texts};
use super::{Leaf, NearMiss, Quote, words};
use crate::condition::formula::FormulaId;
use crate::facts::id::{Element, GrantId, Layer as Of, LevelId, StatementId};

/// How many near misses a layer lists.
const NEAR: usize = 12;

impl Findings<'_> {
    pub(super) fn grant_leaf(&self, id: GrantId, rule: &'static str, value: FormulaId) -> Option<Leaf> {
        let (source, location) = texts::grant(self.case(), id)?;
        Some(Leaf {
            source,
            rule,
            says: "it gives the operation".to_owned(),
            condition: self.residual(value),
            quote: Quote {
                location,
                ..Quote::default()
            },
        })
    }

    /// A statement as what a verdict rests on, in each text that it stands in.
    pub(super) fn leaves(
        &self,
        id: StatementId,
        rule: &'static str,
        says: &str,
        value: FormulaId,
    ) -> Vec<Leaf> {
        let case = self.case();
        let condition = self.residual(value);
        let leaf = |source, quote| Leaf {
            source,
            rule,
            says: says.to_owned(),
            condition: condition.clone(),
            quote,
        };
        let written = texts(case, id);
        let each = written.iter().filter_map(|text| {
            let quote = quote(text.statement(), None);
            Some(leaf(text.source(case.view)?, quote))
        });
        let found: Vec<Leaf> = each.collect();
        match found.is_empty() {
            true => texts::unwritten(case, id)
                .map(|source| leaf(source, Quote::default()))
                .into_iter()
                .collect(),
            false => found,
        }
    }

    /// The near misses of a layer that is silent in a request that is refused.
    pub(super) fn near_misses(&self, of: Of, level: Option<LevelId>, silent: bool) -> (Vec<NearMiss>, usize) {
        if !silent || !self.refused() {
            return (Vec::new(), 0);
        }
        let all: Vec<NearMiss> = self
            .near(of, level)
            .into_iter()
            .flat_map(|(id, element)| {
                let written = texts(self.case(), id);
                written
                    .iter()
                    .filter_map(|text| self.near_miss(text, element))
                    .collect::<Vec<_>>()
            })
            .collect();
        cut(all, 0)
    }

    fn near_miss(&self, text: &Text, element: Element) -> Option<NearMiss> {
        let case = self.case();
        let statement = text.statement()?;
        let element = texts::element(Some(statement), element)?;
        Some(NearMiss {
            source: text.source(case.view)?,
            says: words::says(statement, &element),
            has: words::has(case, self.permission.action, &element),
            hint: words::hint(
                case,
                self.permission.action,
                text.policy.kind,
                text.policy.document.variables,
                statement,
                &element,
            ),
            quote: quote(Some(statement), Some(&element)),
            element,
        })
    }

    pub(super) fn near_grant_misses(&self, silent: bool) -> (Vec<NearMiss>, usize) {
        if !silent || !self.refused() {
            return (Vec::new(), 0);
        }
        let case = self.case();
        let near = self.near_grants().into_iter().filter_map(|(id, element)| {
            let grant = case.view.world.grant(id)?;
            let (source, location) = texts::grant(case, id)?;
            let element = texts::element(None, element)?;
            Some(NearMiss {
                source,
                says: words::grant_says(case, self.permission.action, grant, &element),
                has: words::grant_has(case, self.permission.action, grant, &element),
                hint: None,
                quote: Quote {
                    location,
                    json: None,
                    path: vec![element.name().to_owned()],
                },
                element,
            })
        });
        cut(near.collect(), self.elements.left_out)
    }
}

/// The near misses that are listed, and how many more there are.
fn cut(mut all: Vec<NearMiss>, beyond: usize) -> (Vec<NearMiss>, usize) {
    let more = all.len().saturating_sub(NEAR);
    all.truncate(NEAR);
    (all, more.saturating_add(beyond))
}
