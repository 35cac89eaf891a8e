//! Whether anybody is left who can change a key's policy (S5.4.3).

use crate::Error;
use crate::answer::Access;
use crate::engine::Engine;

/// Who can change the policy of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lockout {
    /// Nobody: KMS refuses such a policy, unless it is told not to check.
    Nobody,
    /// Somebody, but under conditions or if something holds that is not known. KMS accepts such a policy.
    Conditional,
    /// Somebody, always.
    Open,
}

impl Lockout {
    /// What is to be said about it; nothing if somebody can always change the policy.
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        match self {
            Lockout::Nobody => Some(
                "nobody could change the key policy again: KMS refuses it, unless it is told to bypass the lockout \
                 check (S5.4.3)",
            ),
            Lockout::Conditional => {
                Some("the key policy could be changed again under conditions only (S5.4.3)")
            }
            Lockout::Open => None,
        }
    }
}

impl Engine {
    /// Whether anybody can change the policy of a key.
    ///
    /// # Errors
    /// The key is not known, or the name means several keys.
    pub fn lockout(&self, key: &str) -> Result<Lockout, Error> {
        let mut found = Lockout::Nobody;
        for row in self.who_can("kms:PutKeyPolicy", key)? {
            match row.access {
                Access::Always => return Ok(Lockout::Open),
                Access::Conditional { .. } => found = Lockout::Conditional,
            }
        }
        Ok(found)
    }
}
