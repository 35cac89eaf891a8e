//! The organization without conditions, for the rule core: paths and denies that hold for every request.
//!
//! A statement that allows under a condition is left out, and so are constraints of grants. One that denies loses its
//! condition, so that denies take part; one that would then deny every KMS action is left out.

use serde_json::Value;

pub(crate) fn without_conditions(files: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let stripped = |(path, bytes): &(String, Vec<u8>)| {
        let mut value = serde_json::from_slice(bytes).expect("the generator writes JSON");
        strip(&mut value);
        (path.clone(), value.to_string().into_bytes())
    };
    files.iter().map(stripped).collect()
}

fn strip(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(strip),
        Value::Object(fields) => {
            fields.remove("Constraints");
            for (name, inside) in fields {
                match inside {
                    Value::Array(said) if name == "Statement" => said.retain_mut(holds_always),
                    // Key and organization policies are documents inside strings.
                    Value::String(text) if matches!(name.as_str(), "Policy" | "Content") => {
                        let mut document = serde_json::from_str(text).expect("a document is JSON");
                        strip(&mut document);
                        *text = document.to_string();
                    }
                    other => strip(other),
                }
            }
        }
        _ => {}
    }
}

fn holds_always(statement: &mut Value) -> bool {
    let said = statement.as_object_mut().expect("a statement is an object");
    let conditional = said.remove("Condition").is_some();
    let denies_some = said["Effect"] == "Deny" && said.contains_key("Action") && said["Action"] != "kms:*";
    !conditional || denies_some
}
