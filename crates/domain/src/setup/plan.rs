//! Which steps a device gets.

use std::time::Duration;

use super::{SetupPlan, SetupState, Step, StepKind, StepState};
use crate::profile::{MacAccounts, ProfileSettings};
use crate::{Limits, ManagedDeviceId, Platform, TenantId, Time};

/// Shortest and longest deadline that a profile may ask for; N9 gives neither, so these are ours.
const DEADLINE_MIN: Duration = Duration::from_secs(60);
const DEADLINE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// Which device.
    pub device: &'a ManagedDeviceId,
    /// Which enrolment of it.
    pub enrolment: i64,
    /// The version of the plan that this one replaces, if there is one.
    pub version: i64,
    /// Its platform.
    pub platform: Platform,
    /// Settings of the profile it enrolled with.
    pub settings: &'a ProfileSettings,
    /// Whether a name is wanted for it: a template, or an override.
    pub named: bool,
    /// Whether it is supervised.
    pub supervised: bool,
    /// Whether Setup Assistant holds it.
    pub holds: bool,
}

/// Makes the plan. Its first step begins with the first [`super::advance`].
pub fn start(start: Start<'_>, now: Time, limits: &Limits) -> SetupPlan {
    let span = match start.settings.await_deadline_minutes {
        Some(minutes) => Duration::from_secs(u64::from(minutes) * 60).clamp(DEADLINE_MIN, DEADLINE_MAX),
        None => limits.setup,
    };
    let limit_seconds = u32::try_from(limits.setup_step.as_secs()).unwrap_or(u32::MAX);
    let steps = steps(&start)
        .into_iter()
        .map(|(kind, skip)| Step {
            kind,
            state: skip.map_or(StepState::Waiting, |why| StepState::Skipped { why: why.to_owned() }),
            limit_seconds,
        })
        .collect();
    SetupPlan {
        tenant: start.tenant.clone(),
        device: start.device.clone(),
        enrolment: start.enrolment,
        version: start.version,
        started_at: now,
        deadline: now.plus(span),
        steps,
        state: SetupState::Running { holds: start.holds },
        due_at: now,
    }
}

/// The steps in their order, each with the reason why this device does not get it (supportedOS in Apple's schema of
/// each command).
fn steps(start: &Start<'_>) -> Vec<(StepKind, Option<&'static str>)> {
    let mut steps = Vec::new();
    if start.named {
        steps.push((StepKind::Name, unless(start.supervised, "only supervised devices can be renamed")));
    }
    steps.push((StepKind::OrganizationInfo, None));
    if start.platform != Platform::TvOs {
        let skip = unless(start.supervised, "only supervised devices have a bypass code");
        steps.push((StepKind::ActivationLockBypassCode, skip));
    }
    steps.push((StepKind::DeviceInformation, None));
    steps.push((StepKind::SecurityInfo, None));
    if start.platform == Platform::Ios && start.settings.enable_shared_ipad {
        let skip = unless(start.holds, "takes effect only while the device waits in Setup Assistant");
        steps.push((StepKind::SharedDeviceConfiguration, skip));
    }
    if start.platform == Platform::MacOs && wants_accounts(&start.settings.accounts) {
        let skip = unless(start.holds, "a Mac refuses it when it does not wait in Setup Assistant");
        steps.push((StepKind::AccountConfiguration, skip));
    }
    steps
}

fn unless(fits: bool, why: &'static str) -> Option<&'static str> {
    (!fits).then_some(why)
}

/// Whether any account setting asks for `AccountConfiguration` (N33, N34).
fn wants_accounts(accounts: &MacAccounts) -> bool {
    accounts.admin_account_user_name.is_some()
        || accounts.primary_account_user_name.is_some()
        || accounts.primary_account_full_name.is_some()
        || accounts.skip_primary_setup_account_creation
        || accounts.set_primary_setup_account_as_regular_user
}
