//! The life of a device that is awake: set up, then wait for reasons to connect.

use std::time::Duration;

use super::fault::DeviceFault;
use super::screen::Stage;
use super::unit::VirtualDevice;
use crate::apns::PushLine;

/// After it answered `NotNow` last, the device connects again by itself. How soon, Apple does not say.
const NOT_NOW_AGAIN: Duration = Duration::from_secs(30);

/// What a device does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait for a push.
    Wait,
    /// Wait for a push, or until the time for another try has come.
    WaitOrTryAgain,
    /// Go through Setup Assistant, from the start.
    SetUp,
    /// Nothing: there is no management.
    Rest,
}

impl VirtualDevice {
    /// Lives until there is nothing to wait for. Cancelled when the power goes.
    pub(super) async fn live(self) {
        let mut next = self.first();
        loop {
            next = match next {
                Next::Rest => return,
                Next::SetUp => match Box::pin(self.set_up()).await {
                    Ok(next) => next,
                    Err(fault) => return self.give_up(&fault),
                },
                Next::Wait | Next::WaitOrTryAgain => {
                    if !self.reason_to_connect(next == Next::WaitOrTryAgain).await {
                        return;
                    }
                    Box::pin(self.connect()).await
                }
            };
        }
    }

    /// Where a device that was just turned on goes on. Half a set-up counts as none, up to where it is enrolled.
    fn first(&self) -> Next {
        let awaiting = self.memory(|memory| memory.enrolment.as_ref().map(|enrolment| enrolment.awaiting));
        let stage = self.unit.screen().stage;
        match (awaiting, stage) {
            (Some(_), Stage::Home | Stage::AwaitingConfiguration) => Next::Wait,
            (Some(awaiting), _) => {
                self.show_stage(if awaiting { Stage::AwaitingConfiguration } else { Stage::Home });
                Next::Wait
            }
            (None, Stage::Home) => Next::Rest,
            (None, _) => Next::SetUp,
        }
    }

    fn give_up(&self, fault: &DeviceFault) {
        let why = fault.words();
        self.show_stage(Stage::Failed { why });
    }

    /// Waits for a push that is meant for this enrolment, or for a person. `false` when there is no enrolment.
    async fn reason_to_connect(&self, again: bool) -> bool {
        let Some(enrolment) = self.memory(|memory| memory.enrolment.clone()) else { return false };
        let services = &self.shared.services;
        let (registry, clock) = (services.registry.clone(), self.shared.clock().clone());
        let Some(line) = PushLine::open(registry, clock, enrolment.token) else { return false };
        loop {
            tokio::select! {
                push = line.next() => if push.magic == enrolment.magic { return true },
                () = self.unit.bell.notified() => return true,
                () = self.shared.clock().sleep(NOT_NOW_AGAIN), if again => return true,
            }
        }
    }
}
