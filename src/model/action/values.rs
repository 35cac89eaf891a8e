//! What keys and request parameters can be (S5.5, S6.6): a key's spec and usage into possible algorithms.
//!
//! Each list is closed as far as the documentation goes. A spec that is not known gives `None`, never an empty list, so
//! that a newer spec is not taken for one that can do nothing.

/// `KeySpec`
pub const KEY_SPECS: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

/// `KeyUsage`
pub const KEY_USAGES: &[&str] = &[
    "SIGN_VERIFY",
    "ENCRYPT_DECRYPT",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
];

/// `KeyState`
pub const KEY_STATES: &[&str] = &[
    "Creating",
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
];

/// `Origin`
pub const ORIGINS: &[&str] = &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];

/// `KeyManager`
pub const KEY_MANAGERS: &[&str] = &["AWS", "CUSTOMER"];

/// `MultiRegionKeyType`
pub const MULTI_REGION_KEY_TYPES: &[&str] = &["PRIMARY", "REPLICA"];

/// `ExpirationModel`
pub const EXPIRATION_MODELS: &[&str] = &["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"];

/// `EncryptionAlgorithm`
pub const ENCRYPTION_ALGORITHMS: &[&str] = &[
    "SYMMETRIC_DEFAULT",
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "SM2PKE",
];

/// `SigningAlgorithm`
pub const SIGNING_ALGORITHMS: &[&str] = &[
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "ECDSA_SHA_256",
    "ECDSA_SHA_384",
    "ECDSA_SHA_512",
    "SM2DSA",
    "ML_DSA_SHAKE_256",
    "ED25519_SHA_512",
    "ED25519_PH_SHA_512",
];

/// `MacAlgorithm`
pub const MAC_ALGORITHMS: &[&str] = &["HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512"];

/// `KeyAgreementAlgorithm`
pub const KEY_AGREEMENT_ALGORITHMS: &[&str] = &["ECDH"];

/// `EncapsulationAlgorithm`
pub const ENCAPSULATION_ALGORITHMS: &[&str] = &["ML_KEM"];

/// `MessageType`
pub const MESSAGE_TYPES: &[&str] = &["RAW", "DIGEST", "EXTERNAL_MU"];

/// `KeyPairSpec` of GenerateDataKeyPair.
pub const DATA_KEY_PAIR_SPECS: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SM2",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

/// `WrappingAlgorithm` of GetParametersForImport.
pub const WRAPPING_ALGORITHMS: &[&str] = &[
    "RSAES_PKCS1_V1_5",
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "RSA_AES_KEY_WRAP_SHA_1",
    "RSA_AES_KEY_WRAP_SHA_256",
    "SM2PKE",
];

/// `WrappingKeySpec` of GetParametersForImport.
pub const WRAPPING_KEY_SPECS: &[&str] = &["RSA_2048", "RSA_3072", "RSA_4096", "SM2"];

/// The encryption context constraints of grants (S4.9.4), values of `kms:GrantConstraintType`.
pub const GRANT_CONSTRAINT_TYPES: &[&str] = &["EncryptionContextEquals", "EncryptionContextSubset"];

/// The operations a grant can hold (S5.2.1), values of `kms:GrantOperations`.
pub const GRANT_OPERATIONS: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
];

/// The kinds of principal, values of `aws:PrincipalType`.
pub const PRINCIPAL_TYPES: &[&str] = &["Account", "User", "FederatedUser", "AssumedRole", "Anonymous"];

/// The values of a Bool key.
pub const BOOLEANS: &[&str] = &["true", "false"];

/// The names a key policy can have (S2.1.8).
pub const POLICY_NAMES: &[&str] = &["default", "AWS_RAM"];

/// Usages a key of this spec can have (S5.5.1).
#[must_use]
pub fn usages(spec: &str) -> Option<&'static [&'static str]> {
    Some(match spec {
        "SYMMETRIC_DEFAULT" => &["ENCRYPT_DECRYPT"],
        "RSA_2048" | "RSA_3072" | "RSA_4096" => &["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
        "ECC_NIST_P256" | "ECC_NIST_P384" | "ECC_NIST_P521" => &["SIGN_VERIFY", "KEY_AGREEMENT"],
        "ECC_NIST_EDWARDS25519" | "ECC_SECG_P256K1" | "ML_DSA_44" | "ML_DSA_65" | "ML_DSA_87" => {
            &["SIGN_VERIFY"]
        }
        "ML_KEM_512" | "ML_KEM_768" | "ML_KEM_1024" => &["ENCAPSULATE_DECAPSULATE"],
        "HMAC_224" | "HMAC_256" | "HMAC_384" | "HMAC_512" => &["GENERATE_VERIFY_MAC"],
        "SM2" => &["ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"],
        _ => return None,
    })
}

/// Encryption algorithms a key of this spec can work with; empty if it does not encrypt.
#[must_use]
pub fn encryption_algorithms(spec: &str) -> Option<&'static [&'static str]> {
    Some(match spec {
        "SYMMETRIC_DEFAULT" => &["SYMMETRIC_DEFAULT"],
        "RSA_2048" | "RSA_3072" | "RSA_4096" => &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
        "SM2" => &["SM2PKE"],
        _ => return usages(spec).map(|_| [].as_slice()),
    })
}

/// Signing algorithms a key of this spec can work with; empty if it does not sign.
#[must_use]
pub fn signing_algorithms(spec: &str) -> Option<&'static [&'static str]> {
    Some(match spec {
        "RSA_2048" | "RSA_3072" | "RSA_4096" => &[
            "RSASSA_PSS_SHA_256",
            "RSASSA_PSS_SHA_384",
            "RSASSA_PSS_SHA_512",
            "RSASSA_PKCS1_V1_5_SHA_256",
            "RSASSA_PKCS1_V1_5_SHA_384",
            "RSASSA_PKCS1_V1_5_SHA_512",
        ],
        "ECC_NIST_P256" | "ECC_SECG_P256K1" => &["ECDSA_SHA_256"],
        "ECC_NIST_P384" => &["ECDSA_SHA_384"],
        "ECC_NIST_P521" => &["ECDSA_SHA_512"],
        "ECC_NIST_EDWARDS25519" => &["ED25519_SHA_512", "ED25519_PH_SHA_512"],
        "ML_DSA_44" | "ML_DSA_65" | "ML_DSA_87" => &["ML_DSA_SHAKE_256"],
        "SM2" => &["SM2DSA"],
        _ => return usages(spec).map(|_| [].as_slice()),
    })
}

/// The MAC algorithm of an HMAC key: one for each spec; empty for other keys.
#[must_use]
pub fn mac_algorithms(spec: &str) -> Option<&'static [&'static str]> {
    Some(match spec {
        "HMAC_224" => &["HMAC_SHA_224"],
        "HMAC_256" => &["HMAC_SHA_256"],
        "HMAC_384" => &["HMAC_SHA_384"],
        "HMAC_512" => &["HMAC_SHA_512"],
        _ => return usages(spec).map(|_| [].as_slice()),
    })
}

/// Key agreement algorithms of a key of this spec; empty if it does not agree on secrets.
#[must_use]
pub fn key_agreement_algorithms(spec: &str) -> Option<&'static [&'static str]> {
    let agrees = usages(spec)?.contains(&"KEY_AGREEMENT");
    Some(if agrees { KEY_AGREEMENT_ALGORITHMS } else { &[] })
}

/// Message types that Sign and Verify accept for a key of this spec: `EXTERNAL_MU` is for ML-DSA alone.
#[must_use]
pub fn message_types(spec: &str) -> Option<&'static [&'static str]> {
    let signs = usages(spec)?.contains(&"SIGN_VERIFY");
    Some(match spec {
        _ if !signs => &[],
        "ML_DSA_44" | "ML_DSA_65" | "ML_DSA_87" => MESSAGE_TYPES,
        _ => &["RAW", "DIGEST"],
    })
}
