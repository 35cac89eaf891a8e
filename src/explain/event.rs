//! Requests from what AWS said of them: AccessDenied messages and CloudTrail events.

use super::Explanation;
use crate::Request;

/// A request that AWS was asked, with what it said.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The request, as far as it is known.
    pub request: Request,
}

impl Asked {
    /// A request of which AWS said nothing.
    #[must_use]
    pub fn of(request: Request) -> Self {
        Asked { request }
    }

    /// What there is to say about the event and its explanation.
    #[must_use]
    pub fn notes(&self, _: &Explanation) -> Vec<String> {
        Vec::new()
    }
}

/// Reads all requests of a text.
///
/// # Errors
/// It is no message and no event that this tool knows.
pub fn read(_: &str) -> Result<Vec<Asked>, String> {
    Err("no event".to_owned())
}
