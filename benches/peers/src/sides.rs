//! One organization in Cedar and in keywho, ready to be asked.

use crate::cedar::{self, Asked, Cedar};
use crate::organization::{Organization, parse};
use crate::question::Question;
use crate::timing::{least, seconds};
use crate::world::{Shape, generate};
use crate::{Different, SEED};
use cedar_policy::EntityUid;
use keywho::{Access, Engine, Narrowing, Snapshot};
use std::collections::BTreeMap;

/// How often each piece of work is timed; the shortest counts.
pub(crate) const ROUNDS: usize = 2;

pub(crate) struct Sides {
    pub(crate) organization: Organization,
    pub(crate) cedar: Cedar,
    pub(crate) engine: Engine,
    /// Cedar's names of the roles.
    pub(crate) roles: Vec<EntityUid>,
    /// Roles that have their slices in common, by what there are policies for.
    alike: BTreeMap<Vec<String>, Vec<usize>>,
    /// How large it is, and how long it took.
    pub(crate) made: String,
}

/// Seconds of Cedar's: making slices, and asking with them.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) slicing: f64,
    pub(crate) asking: f64,
}

impl Sides {
    pub(crate) fn prepare(shape: Shape) -> Sides {
        let world = generate(shape, SEED);
        let organization = Organization::read(&parse(&world.files));
        let texts = cedar::translate(&organization);
        let (parsing, cedar) = seconds(|| Cedar::compile(&organization, &texts));
        let (loading, snapshot) = seconds(|| Snapshot::from_files(world.files).0);
        let (compiling, engine) = seconds(|| Engine::compile(&snapshot));
        let made = format!(
            "{} roles x {} keys\n  Cedar: {} policies, parsed with the entities in {parsing:.3} s\n  \
             keywho: files read in {loading:.3} s, compiled in {compiling:.3} s",
            organization.roles.len(),
            organization.keys.len(),
            texts.len()
        );
        Sides {
            alike: alike(&cedar, &organization),
            roles: organization
                .roles
                .iter()
                .map(|role| cedar::role(&role.arn))
                .collect(),
            organization,
            cedar,
            engine,
            made,
        }
    }

    /// Cedar's answers for one key, one for each role, each asked with a slice.
    pub(crate) fn sliced(&self, key: usize, asked: &Asked, taken: &mut Taken) -> Vec<bool> {
        let mut answers = vec![false; self.roles.len()];
        for (reached, roles) in &self.alike {
            let arn = &self.organization.keys[key].arn;
            let (slicing, slice) = least(ROUNDS, || self.cedar.slice(reached, arn));
            let ask = |&role| self.cedar.allows(&slice, &self.roles[role], asked);
            let (asking, found) = least(ROUNDS, || roles.iter().map(ask).collect::<Vec<bool>>());
            taken.slicing += slicing;
            taken.asking += asking;
            roles
                .iter()
                .zip(found)
                .for_each(|(&role, yes)| answers[role] = yes);
        }
        answers
    }

    /// keywho's lists narrowed to the context of a question.
    pub(crate) fn narrowing(&self, question: &Question) -> Narrowing<'_> {
        let narrowing = self.engine.narrowing(&question.context);
        narrowing.expect("the context is possible")
    }

    /// keywho's list for one key: roles by name, and users and root users, whom Cedar is not asked about.
    pub(crate) fn listed(&self, key: usize, question: &Question, narrowing: &Narrowing<'_>) -> Vec<String> {
        let key = &self.organization.keys[key].arn;
        let rows = self.engine.who_can(&question.action.to_string(), key);
        let rows = rows.expect("the key is in the snapshot");
        rows.filter_map(|row| narrowing.row(row))
            .map(|row| {
                let certain = matches!(row.access, Access::Always);
                assert!(certain, "{} on {key} depends on nothing else", row.principal);
                row.principal
            })
            .collect()
    }

    /// Two answers to a request.
    pub(crate) fn different(&self, question: &Question, role: usize, key: usize, cedar: bool) -> Different {
        Different(format!(
            "{}\n{} on {}\nin {:?}\nallowed: Cedar {cedar}, keywho {}",
            self.organization.roles[role].arn,
            question.action,
            self.organization.keys[key].arn,
            question.context,
            !cedar
        ))
    }
}

fn alike(cedar: &Cedar, organization: &Organization) -> BTreeMap<Vec<String>, Vec<usize>> {
    let mut alike: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for (index, role) in organization.roles.iter().enumerate() {
        let reached = cedar.reached(organization, role);
        let reached = reached.into_iter().map(str::to_owned).collect();
        alike.entry(reached).or_default().push(index);
    }
    alike
}
