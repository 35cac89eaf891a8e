//! The same organization in Cedar and in another Datalog: answers checked equal, then times compared.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml` prints times; it ends with 1 and the first request
//! that differs if two answers do. Everything runs on one thread, save that keywho compiles on all.
//!
//! The organization is the one of the other benches, from the same files: keywho reads them, `organization` reads them
//! anew for the peers. Cedar (`cedar`) has all of it: key policies, identity policies, boundaries, service and resource
//! control policies, grants, conditions. A request is asked with a context that states everything, so that both sides say
//! yes or no; keywho's lists are narrowed to that context. Cedar is asked with all policies, and with slices: only the
//! policies of the key, of the role, and of everyone.
//!
//! Not asked: users and root users (keywho lists them nevertheless), CreateGrant and RetireGrant (they depend on the
//! grant asked for or retired). Not expressible in one Cedar decision, and not written by the generator: conditions on
//! statements that open the gate (the gate is a tag of the key), several aliases of a key (there is no `like` over a
//! set), what is not known of a request, and implicit denies that bind one path and not another (a `forbid` binds all).
//!
//! The other Datalog (`datalog`) has the rule core, without conditions.
#![forbid(unsafe_code)]

mod cedar;
mod datalog;
mod decisions;
mod organization;
mod question;
mod sides;
mod timing;
mod who_can;
#[path = "../../world/mod.rs"]
mod world;

use keywho::model::action::Action;
use question::{Call, Question};
use sides::Sides;
use std::process::ExitCode;
use world::Shape;

/// What two sides answered differently: the first such request.
pub(crate) struct Different(String);

/// Of the organizations, and of random requests.
pub(crate) const SEED: u64 = 7;

const ACTIONS: [Action; 8] = [
    Action::Decrypt,
    Action::Encrypt,
    Action::GenerateDataKey,
    Action::DescribeKey,
    Action::Sign,
    Action::GetKeyPolicy,
    Action::PutKeyPolicy,
    Action::ScheduleKeyDeletion,
];

fn main() -> ExitCode {
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Different(how)) => {
            eprintln!("the answers differ:\n{how}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<(), Different> {
    let each = [Call::Direct, Call::ViaEc2].map(|call| ACTIONS.map(|action| (action, call)));
    cedar_and_keywho(Shape::SMALL, each.as_flattened(), 20_000)?;
    cedar_and_keywho(Shape::MEDIUM, &[(Action::Decrypt, Call::Direct)], 5_000)?;
    println!("rule core, without conditions");
    datalog::compare(Shape::SMALL)?;
    datalog::compare(Shape::MEDIUM)
}

/// Nothing is printed before all answers are found equal.
fn cedar_and_keywho(shape: Shape, asked: &[(Action, Call)], decisions: usize) -> Result<(), Different> {
    let sides = Sides::prepare(shape);
    let questions: Vec<Question> = asked
        .iter()
        .map(|&(action, call)| Question::new(action, call, &sides.organization))
        .collect();
    let lines = questions
        .iter()
        .map(|question| who_can::compare(&sides, question));
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    let decisions = decisions::compare(&sides, &questions, decisions)?;
    println!("{}\n{}", sides.made, who_can::heading());
    println!("{}\n{decisions}\n", lines.join("\n"));
    Ok(())
}
