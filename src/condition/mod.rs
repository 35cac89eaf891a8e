//! Condition keys and operators (S2.5, S6): pure functions over text.

pub mod key;
pub mod operator;
