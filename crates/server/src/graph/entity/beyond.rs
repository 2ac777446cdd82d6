//! What Graph has no property for. Names follow Graph's: camel case, `Enabled`/`Disabled`/`Allowed` for truths, the
//! unit at the end of a number. Each is here with its reason, and nowhere else.

use super::{Property, flag, int, text};

/// On every platform.
pub(super) const PROFILE_ALL: &[Property] = &[
    // No device is to be stuck in Setup Assistant: after so many minutes it is released come what may. Graph has the
    // wait and no end to it.
    int("awaitDeadlineMinutes").or_null(),
    // Shown by Setup Assistant beside department and phone (Apple's `support_email_address`); Graph has only those two.
    text("supportEmailAddress"),
    // Supervised devices keep Activation Lock off unless an administrator allows it (R12); in Graph it is a setting of
    // a configuration policy, which this server does not have.
    flag("activationLockAllowed"),
];

/// On iPhone and iPad.
pub(super) const PROFILE_IOS: &[Property] = &[];

/// On Mac.
pub(super) const PROFILE_MAC_OS: &[Property] = &[
    // Graph calls it `waitForDeviceConfiguredConfirmation` on macOS; clients that know iOS send this name.
    flag("awaitDeviceConfiguredConfirmation"),
    // Auto-advance takes both from the profile (Apple's `language`, `region`).
    text("language"),
    text("region"),
];

/// On Apple TV: Graph's type has no property of its own.
pub(super) const PROFILE_TV_OS: &[Property] = &[
    flag("awaitDeviceConfiguredConfirmation"),
    flag("autoAdvanceSetupEnabled"),
    text("language"),
    text("region"),
];

/// On Apple Vision: Graph's type has no property of its own.
pub(super) const PROFILE_VISION_OS: &[Property] = &[flag("awaitDeviceConfiguredConfirmation")];
