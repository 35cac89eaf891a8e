//! Condition keys, operators, values and variables (S2.5-S2.7, S6): pure functions over text.

pub mod block;
pub mod evaluate;
pub mod formula;
pub mod key;
pub mod known;
pub mod operator;
pub(crate) mod solve;
pub mod subject;
pub mod value;
pub mod variable;
pub mod words;
