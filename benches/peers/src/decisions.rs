//! Single decisions about random pairs of a role and a key.

use crate::cedar::Asked;
use crate::question::Question;
use crate::sides::{ROUNDS, Sides};
use crate::timing::{count, least, seconds};
use crate::who_can::{ROUNDS_WITH_ALL, WITH_ALL};
use crate::world::Random;
use crate::{Different, SEED};
use cedar_policy::PolicySet;
use keywho::{Outcome, Request};

/// A request, ready to be asked of both.
struct Pick<'q> {
    question: &'q Question,
    role: usize,
    key: usize,
    request: Request,
    asked: Asked,
    slice: PolicySet,
}

/// What a request takes, once all answers are found equal.
pub(crate) fn compare(sides: &Sides, questions: &[Question], number: usize) -> Result<String, Different> {
    let picks = picks(sides, questions, number);
    let decide = |pick: &Pick<'_>| {
        let decision = sides.engine.decide(&pick.request);
        let decision = decision.expect("the request is possible");
        assert_ne!(decision.outcome, Outcome::Undetermined, "{:?}", pick.request);
        decision.outcome == Outcome::Allowed
    };
    let ask = |policies: &PolicySet, pick: &Pick<'_>| {
        sides.cedar.allows(policies, &sides.roles[pick.role], &pick.asked)
    };
    let (first, decided) = seconds(|| picks.iter().map(decide).collect::<Vec<bool>>());
    for (pick, keywho) in picks.iter().zip(decided) {
        let cedar = ask(&pick.slice, pick);
        if cedar != keywho {
            return Err(sides.different(pick.question, pick.role, pick.key, cedar));
        }
    }
    let each = |rounds, picks: &[Pick<'_>], answer: &dyn Fn(&Pick<'_>) -> bool| {
        let all = picks.iter().map(|pick| least(rounds, || answer(pick)).0);
        1e6 * all.sum::<f64>() / count(picks.len())
    };
    let few = &picks[..picks.len().min(WITH_ALL)];
    let whole = each(ROUNDS_WITH_ALL, few, &|pick| ask(&sides.cedar.whole, pick));
    let sliced = each(ROUNDS, &picks, &|pick| ask(&pick.slice, pick));
    let again = each(ROUNDS, &picks, &decide);
    Ok(format!(
        "  {} single decisions, us each: Cedar {whole:.1} with all policies ({} of them), {sliced:.1} with slices made before; \
         keywho {:.2} at first, {again:.2} again: {:.0} and {:.1} times",
        picks.len(),
        few.len(),
        1e6 * first / count(picks.len()),
        whole / again,
        sliced / again
    ))
}

/// Random pairs, each question in turn.
fn picks<'q>(sides: &Sides, questions: &'q [Question], number: usize) -> Vec<Pick<'q>> {
    let mut random = Random(SEED);
    let turns = questions.iter().cycle().take(number);
    turns
        .map(|question| {
            let role = random.below(sides.roles.len());
            let key = random.below(sides.organization.keys.len());
            pick(sides, question, role, key)
        })
        .collect()
}

fn pick<'q>(sides: &Sides, question: &'q Question, role: usize, key: usize) -> Pick<'q> {
    let (by, on) = (&sides.organization.roles[role], &sides.organization.keys[key]);
    let stated = question.stated(on);
    let request = Request {
        principal: by.arn.clone(),
        action: question.action.to_string(),
        resource: on.arn.clone(),
        context: stated
            .map(|(key, values)| (key.clone(), values.clone()))
            .collect(),
        ..Request::default()
    };
    let reached = sides.cedar.reached(&sides.organization, by);
    Pick {
        question,
        role,
        key,
        request,
        asked: Asked::new(question, on),
        slice: sides.cedar.slice(&reached, &on.arn),
    }
}
