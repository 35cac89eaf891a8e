//! A snapshot whose every text is something else to a browser, a spreadsheet, a terminal or Markdown.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Text that is something in HTML, Markdown, XML, CSV or on a terminal.
pub(crate) const EVIL: &str =
    "=cmd()|<script>alert(1)</script>]]>&\"'`{{7*7}}[x](https://e.example)@team\u{1b}[31m\u{202e}";

const KEY: &str = "accounts/111122223333/us-east-1/keys/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A snapshot of `keys` keys whose names say the worst.
pub(crate) fn world(folder: &Path, keys: usize) {
    for number in 0..keys {
        let id = format!("1234abcd-12ab-34cd-56ef-{number:012}");
        let folder = folder.join(KEY).with_file_name(&id);
        fs::create_dir_all(&folder).unwrap();
        let policy = json!({"Version": "2012-10-17", "Id": EVIL, "Statement": [{
            "Sid": format!("{EVIL}{number}"), "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*",
            "Condition": {"StringLike": {format!("kms:EncryptionContext:{EVIL}"): format!("{EVIL}*")}}
        }, {
            "Sid": "root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"
        }]});
        let file = |name: &str, value: &Value| fs::write(folder.join(name), value.to_string()).unwrap();
        file("get-key-policy.json", &json!({"Policy": policy.to_string()}));
        file(
            "describe-key.json",
            &json!({"KeyMetadata": {
                "KeyId": id, "Arn": format!("arn:aws:kms:us-east-1:111122223333:key/{id}"), "AWSAccountId": "111122223333",
                "Description": EVIL, "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "MultiRegion": false
            }}),
        );
        file(
            "list-grants.json",
            &json!({"Grants": [{
                "GrantId": format!("{number:064}"), "KeyId": format!("arn:aws:kms:us-east-1:111122223333:key/{id}"), "Name": EVIL,
                "GranteePrincipal": "arn:aws:iam::999999999999:role/<img src=x onerror=alert(1)>", "Operations": ["Decrypt"],
                "IssuingAccount": "arn:aws:iam::111122223333:root"
            }]}),
        );
    }
}
