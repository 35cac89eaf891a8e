//! The 58 KMS actions and what is fixed about each (S5.1).
