//! Assignment of profiles at Apple: wanted, at Apple, difference (R29, R58, R59; apple.md 1.6).
