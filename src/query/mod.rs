//! Questions: one request, or rows of the whole relation. Nothing here decides; it looks up and names.

pub(crate) mod batch;
pub(crate) mod blocks;
pub(crate) mod bulk;
pub(crate) mod decide;
pub(crate) mod lockout;
pub(crate) mod names;
pub(crate) mod narrow;
mod need;
mod prepare;
pub(crate) mod reasons;
pub(crate) mod request;
pub(crate) mod scan;
pub(crate) mod why;
