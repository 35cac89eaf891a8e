//! What findings have in common (S8).

use super::{Clause, source};

clauses! {
    "S8.1" "Trust zone" OWN
        "It is the organization, unless the settings list more accounts."
        ["audits/a5c-trusted"];
    "S8.2" "Evaluated access" OWN
        "Findings rest on evaluated access: a statement that a deny or an RCP makes ineffective is for information only."
        ["audits/a1b-public-behind-rcp", "audits/a1c-public-behind-deny", "audits/a2h-weak-behind-rcp",
         "audits/a12b-denied", "audits/a22b-create-key-behind-scp", "audits/a26c-all-behind-boundary",
         "audits/a26e-all-behind-deny"];
}
