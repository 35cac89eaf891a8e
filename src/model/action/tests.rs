//! Names, patterns, sets and usability of actions, case by case.

use super::*;
use MultiRegionType::{Member, Primary, Replica, Single};

fn names(pattern: &str) -> Vec<&'static str> {
    matching(pattern).set.iter().map(Action::name).collect()
}

#[test]
fn names_are_read_in_any_case_with_prefix_or_without() {
    for name in ["kms:Decrypt", "Decrypt", "KMS:decrypt", "kms:DECRYPT"] {
        assert_eq!(Action::parse(name), Some(Action::Decrypt), "{name}");
    }
    for name in [
        "kms:ReEncrypt",
        "s3:Decrypt",
        "",
        "kms:",
        "Decrypt ",
        "kms:kms:Decrypt",
    ] {
        assert_eq!(Action::parse(name), None, "{name}");
    }
    for action in Action::all() {
        assert_eq!(Action::parse(&action.to_string()), Some(action));
        assert_eq!(Action::from_index(action.index()), Some(action));
    }
    assert_eq!(Action::from_index(58), None);
    assert_eq!(Action::GenerateDataKey.to_string(), "kms:GenerateDataKey");
}

#[test]
fn patterns_of_names() {
    for all in ["*", "**", "*:*", "kms:*", "KMS:*", "kms:**"] {
        assert_eq!(
            matching(all),
            ActionPattern {
                set: ActionSet::ALL,
                doubt: false,
                valid: true
            },
            "{all}"
        );
    }
    assert_eq!(
        names("kms:Re*"),
        [
            "ReEncryptFrom",
            "ReEncryptTo",
            "ReplicateKey",
            "RetireGrant",
            "RevokeGrant"
        ]
    );
    assert_eq!(names("kms:reencrypt*"), ["ReEncryptFrom", "ReEncryptTo"]);
    assert_eq!(names("kms:?ecrypt"), ["Decrypt"]);
    assert_eq!(names("KMS:decrypt"), ["Decrypt"]);
    assert_eq!(
        names("kms:GenerateDataKey?ithoutPlaintext"),
        ["GenerateDataKeyWithoutPlaintext"]
    );
    for nothing in ["kms:ReEncrypt", "s3:*", "s3:Decrypt", "kms:", "kmsx:*"] {
        assert!(matching(nothing).set.is_empty(), "{nothing}");
        assert!(!matching(nothing).doubt, "{nothing}");
    }
    assert!(matching("kms:ReEncrypt").valid);
    assert!(matching("s3:GetObject").valid);
    assert!(!matching("kms:").valid);
    assert!(!matching("kms:De crypt").valid);
}

#[test]
fn a_wildcard_in_the_prefix_is_doubtful() {
    for doubtful in ["k*:Decrypt", "*:Decrypt", "?ms:decrypt", "K*:dec*", "*Decrypt"] {
        let matched = matching(doubtful);
        assert!(matched.doubt && !matched.valid, "{doubtful}");
        assert!(matched.set.contains(Action::Decrypt), "{doubtful}");
    }
    assert_eq!(
        matching("s*:Decrypt"),
        ActionPattern {
            set: ActionSet::EMPTY,
            doubt: false,
            valid: false
        }
    );
    assert_eq!(
        matching("Decrypt"),
        ActionPattern {
            set: ActionSet::EMPTY,
            doubt: false,
            valid: false
        }
    );
    assert_eq!(matching("k*:ReEncrypt").set, ActionSet::EMPTY);
}

#[test]
fn sets_are_masks() {
    let two = ActionSet::of(&[Action::Encrypt, Action::Decrypt]);
    assert_eq!(two.len(), 2);
    assert_eq!(two.to_string(), "kms:Decrypt, kms:Encrypt");
    assert_eq!(two.first(), Some(Action::Decrypt));
    assert_eq!(ActionSet::EMPTY.first(), None);
    assert_eq!(
        two | Action::Sign.into(),
        ActionSet::of(&[Action::Sign, Action::Encrypt, Action::Decrypt])
    );
    assert_eq!(two & Action::Encrypt.into(), ActionSet::from(Action::Encrypt));
    assert_eq!(two - Action::Encrypt.into(), ActionSet::from(Action::Decrypt));
    assert_eq!(two.complement().len(), 56);
    assert!(two.is_subset(ActionSet::ALL) && two.intersects(ActionSet::CRYPTOGRAPHIC));
    assert!(!two.intersects(two.complement()));
    assert_eq!(ActionSet::from_bits(u64::MAX), ActionSet::ALL);
    assert_eq!(ActionSet::from_bits(two.bits()), two);
    let mut set = ActionSet::EMPTY;
    set.extend([Action::Sign]);
    set.insert(Action::Verify);
    set.remove(Action::Sign);
    assert_eq!(set.iter().collect::<Vec<_>>(), [Action::Verify]);
    assert_eq!(ActionSet::ALL.iter().collect::<ActionSet>(), ActionSet::ALL);
    assert_eq!(ActionSet::ALL.iter().len(), 58);
}

#[test]
fn the_named_sets_have_the_sizes_of_the_documentation() {
    assert_eq!(ActionSet::GRANT_OPERATIONS.len(), 19);
    assert_eq!(ActionSet::IAM_ONLY.len(), 12);
    assert_eq!(ActionSet::KEY_POLICY_GATE.len(), 46);
    assert_eq!(ActionSet::CROSS_ACCOUNT.len(), 22);
    assert_eq!(ActionSet::ENCRYPTION_CONTEXT.len(), 8);
    assert_eq!(ActionSet::ALIAS.len(), 3);
    assert_eq!(ActionSet::WITHOUT_RESOURCE.len(), 11);
    assert_eq!(
        ActionSet::IAM_ONLY - ActionSet::WITHOUT_RESOURCE,
        ActionSet::RETIRE_GRANT
    );
    assert_eq!(ActionSet::KEY_STORE.len(), 6);
}

#[test]
fn near_names() {
    assert_eq!(Action::did_you_mean("kms:Decript"), Some(Action::Decrypt));
    assert_eq!(Action::did_you_mean("kms:ReEncrypt"), Some(Action::ReEncryptTo));
    assert_eq!(
        Action::did_you_mean("GenerateDatakeys"),
        Some(Action::GenerateDataKey)
    );
    assert_eq!(Action::did_you_mean("kms:Zebra"), None);
}

#[test]
fn keys_an_operation_works_on() {
    let on = |action: Action, spec, usage| action.usable_with(spec, usage, Some("AWS_KMS"), Some(Single));
    let (rsa, symmetric) = (Some("RSA_2048"), Some("SYMMETRIC_DEFAULT"));
    assert_eq!(
        on(Action::Decrypt, symmetric, Some("ENCRYPT_DECRYPT")),
        Some(true)
    );
    assert_eq!(on(Action::Decrypt, rsa, Some("SIGN_VERIFY")), Some(false));
    assert_eq!(on(Action::Decrypt, rsa, None), None);
    assert_eq!(on(Action::Decrypt, symmetric, None), Some(true));
    assert_eq!(on(Action::Sign, symmetric, None), Some(false));
    assert_eq!(on(Action::Sign, None, Some("ENCRYPT_DECRYPT")), Some(false));
    assert_eq!(on(Action::Sign, None, Some("SIGN_VERIFY")), None);
    assert_eq!(
        on(Action::Sign, Some("ECC_SECG_P256K1"), Some("SIGN_VERIFY")),
        Some(true)
    );
    assert_eq!(
        on(Action::DeriveSharedSecret, Some("ECC_SECG_P256K1"), None),
        Some(false)
    );
    assert_eq!(on(Action::DescribeKey, None, None), Some(true));
    assert_eq!(on(Action::GetPublicKey, symmetric, None), Some(false));
    assert_eq!(
        on(
            Action::Encapsulate,
            Some("ML_KEM_2048"),
            Some("ENCAPSULATE_DECAPSULATE")
        ),
        Some(true)
    );
    assert_eq!(on(Action::Encrypt, Some("NEWER"), None), None);
    assert_eq!(on(Action::ListGrants, Some("NEWER"), None), Some(true));

    let of_origin = |action: Action, origin| action.usable_with(symmetric, None, origin, Some(Single));
    assert_eq!(of_origin(Action::ImportKeyMaterial, Some("EXTERNAL")), Some(true));
    assert_eq!(of_origin(Action::ImportKeyMaterial, Some("AWS_KMS")), Some(false));
    assert_eq!(
        of_origin(Action::GenerateDataKeyPair, Some("AWS_CLOUDHSM")),
        Some(false)
    );
    assert_eq!(of_origin(Action::EnableKeyRotation, None), None);
    assert_eq!(of_origin(Action::Decrypt, None), Some(true));

    let member = |action: Action, which| action.usable_with(symmetric, None, None, which);
    assert_eq!(member(Action::ReplicateKey, Some(Single)), Some(false));
    assert_eq!(member(Action::ReplicateKey, Some(Primary)), Some(true));
    assert_eq!(member(Action::ReplicateKey, Some(Replica)), Some(false));
    assert_eq!(member(Action::ReplicateKey, Some(Member)), None);
    assert_eq!(member(Action::UpdatePrimaryRegion, Some(Replica)), Some(true));
    assert_eq!(member(Action::UpdatePrimaryRegion, None), None);
    assert_eq!(member(Action::DescribeKey, None), Some(true));
}

#[test]
fn states_an_operation_works_in() {
    let works = |action: Action, state| action.usable_in_state(state);
    assert_eq!(works(Action::Decrypt, "Enabled"), Some(true));
    assert_eq!(works(Action::Decrypt, "Disabled"), Some(false));
    assert_eq!(works(Action::Decrypt, "Newer"), None);
    assert_eq!(works(Action::CancelKeyDeletion, "PendingDeletion"), Some(true));
    assert_eq!(works(Action::PutKeyPolicy, "Newer"), Some(true));
    assert_eq!(works(Action::CreateGrant, "Unavailable"), Some(true));
}

#[test]
fn values_follow_the_spec() {
    assert_eq!(
        values::mac_algorithms("HMAC_224"),
        Some(["HMAC_SHA_224"].as_slice())
    );
    assert_eq!(values::mac_algorithms("RSA_2048"), Some([].as_slice()));
    assert_eq!(values::mac_algorithms("HMAC_999"), None);
    assert_eq!(
        values::signing_algorithms("ECC_NIST_P256"),
        Some(["ECDSA_SHA_256"].as_slice())
    );
    assert_eq!(values::encryption_algorithms("HMAC_224"), Some([].as_slice()));
    assert_eq!(values::key_agreement_algorithms("SM2"), Some(["ECDH"].as_slice()));
    for spec in values::KEY_SPECS {
        let usages = values::usages(spec).unwrap();
        assert!(usages.iter().all(|usage| values::KEY_USAGES.contains(usage)));
        let does = |usage: &str| usages.contains(&usage);
        assert_eq!(
            !values::encryption_algorithms(spec).unwrap().is_empty(),
            does("ENCRYPT_DECRYPT"),
            "{spec}"
        );
        assert_eq!(
            !values::signing_algorithms(spec).unwrap().is_empty(),
            does("SIGN_VERIFY"),
            "{spec}"
        );
        assert_eq!(
            !values::message_types(spec).unwrap().is_empty(),
            does("SIGN_VERIFY"),
            "{spec}"
        );
        assert_eq!(
            !values::mac_algorithms(spec).unwrap().is_empty(),
            does("GENERATE_VERIFY_MAC"),
            "{spec}"
        );
        assert_eq!(
            !values::key_agreement_algorithms(spec).unwrap().is_empty(),
            does("KEY_AGREEMENT"),
            "{spec}"
        );
        for usage in usages {
            assert!(Action::all().any(|a| a.key_usages().contains(usage)
                && a.usable_with(Some(spec), Some(usage), None, None) == Some(true)));
        }
    }
}
