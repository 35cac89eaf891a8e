//! What decides a request, for whoever explains it: each permission it needs, with its case and what the rules derived.

use super::decide::formulas_for;
use super::prepare::Place;
use super::request;
use crate::Error;
use crate::answer::Decision;
use crate::cells::{Cell, Layers, Values};
use crate::condition::formula::Formulas;
use crate::engine::Engine;
use crate::facts::id::PolicyId;
use crate::facts::residual::Case;
use crate::facts::world::Resource;
use crate::model::action::Action;
use crate::model::request::Request;
use std::sync::Arc;

/// One permission that a request needs, for one caller that it may come from.
pub(crate) struct Permission<'a> {
    pub(crate) case: &'a Case<'a>,
    pub(crate) action: Action,
    /// Policy of the VPC endpoint that the request comes through.
    pub(crate) endpoint: Option<PolicyId>,
    pub(crate) decision: Decision,
    cell: Arc<Cell>,
}

impl Permission<'_> {
    /// The value of every layer, and the table that they are of.
    pub(crate) fn layers(&self) -> (Layers, Formulas) {
        let mut formulas = formulas_for(self.case);
        let mut values = Values {
            formulas: &mut formulas,
        };
        (self.cell.layers(self.case, self.action, &mut values), formulas)
    }
}

impl Engine {
    /// Hands out every permission that a request needs, for every caller that it may come from.
    pub(crate) fn permissions(
        &self,
        request: &Request,
        mut each: impl FnMut(&Permission<'_>),
    ) -> Result<(), Error> {
        for need in &self.needs(request)? {
            let stated = self.stated(request, need)?;
            let endpoint = request.vpc_endpoint.as_ref();
            let endpoint = endpoint.and_then(|id| self.world.endpoints.get(id)?.policy);
            for (asker, place) in self.prepared(request, need)?.iter() {
                request::check(self, &asker.principal, &need.key, need.action, &stated)?;
                let case = Case {
                    view: asker.view(&self.world),
                    principal: &asker.principal,
                    key: &need.key,
                    stated: Some(&stated),
                    outcomes: None,
                };
                each(&Permission {
                    case: &case,
                    action: need.action,
                    // S5.4.1: the alias side knows identity policies and their limits only.
                    endpoint: endpoint.filter(|_| need.key.kind != Resource::Alias),
                    decision: self.ruled(&case, asker, place, need.action),
                    cell: match place {
                        Place::Tables(whose) => self.cell_of(asker, *whose),
                        Place::Own(cell) => Arc::new(cell.clone()),
                    },
                });
            }
        }
        Ok(())
    }
}
