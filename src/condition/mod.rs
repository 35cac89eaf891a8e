//! Condition keys, operators, values and variables (S2.5-S2.7, S6): pure functions over text.

pub mod key;
pub mod known;
pub mod operator;
pub mod value;
pub mod variable;
