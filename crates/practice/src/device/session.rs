//! One connection to the management server: results go up, commands come down, until there is none (apple.md 3.5).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mdm::guard::{Dictionary, Value};

use super::command::{After, Order, Outcome, Performed};
use super::enrolment::{Channel, Enrolment};
use super::fault::DeviceFault;
use super::life::Next;
use super::screen::Stage;
use super::script::Quirk;
use super::setup::{Refusal, write_plist};
use super::unit::VirtualDevice;
use super::wire::Answer;
use super::{Result, command};

/// The most commands taken in one connection: a server that sends one for ever is left alone.
const COMMANDS_MAX: usize = 1_000;

/// How often a result is offered again while the server is busy or away, before the device waits for a push.
const TRIES_MAX: u32 = 6;

/// The wait before the second offer; it doubles with each.
const BACK_OFF: Duration = Duration::from_secs(1);

/// How a connection went on.
enum Step {
    /// The server's answer to the last message.
    Answered(Answer),
    /// The connection is over.
    Over(Next),
}

impl VirtualDevice {
    /// Connects, and does as it is told until there is nothing left.
    pub(super) async fn connect(&self) -> Next {
        let Some(enrolment) = self.memory(|memory| memory.enrolment.clone()) else { return Next::Rest };
        match Box::pin(self.converse(&enrolment)).await {
            Ok(next) => {
                self.clear_trouble();
                next
            }
            Err(fault) => {
                self.show_trouble(&fault);
                Next::Wait
            }
        }
    }

    async fn converse(&self, enrolment: &Arc<Enrolment>) -> Result<Next> {
        let mut channel = Channel::open(self, enrolment)?;
        let unsent = self.memory(|memory| memory.unsent.take());
        let first = match unsent {
            Some(body) => body,
            None => write_plist(self.status("Idle", None))?.into(),
        };
        let mut step = self.offer(&channel, first).await?;
        let mut not_now = false;
        for _ in 0..COMMANDS_MAX {
            let answer = match step {
                Step::Answered(answer) => answer,
                Step::Over(next) => return Ok(next),
            };
            if answer.body.is_empty() {
                return Ok(if not_now { Next::WaitOrTryAgain } else { Next::Wait });
            }
            let order = Order::read(&answer.body)?;
            let quirk = self.memory(|memory| memory.script.take(&order.request_type));
            if quirk == Some(Quirk::PowerCut) {
                self.show(|screen| screen.powered = false);
                return Ok(Next::Rest);
            }
            if quirk == Some(Quirk::Wiped) {
                let erased = After::Erased { returns: true, profile: None };
                return Ok(self.conclude(erased).await.unwrap_or(Next::Rest));
            }
            let Performed { outcome, after } = self.carry_out(&order, quirk.as_ref()).await;
            not_now = matches!(outcome, Outcome::NotNow);
            if !not_now {
                self.memory(|memory| memory.carried_out.note(&order.uuid, &order.request_type));
            }
            channel = self.reopened(channel)?;
            let body: Bytes = write_plist(self.result(&order, outcome))?.into();
            if quirk == Some(Quirk::Lost) {
                return Ok(self.conclude(after).await.unwrap_or(Next::Wait));
            }
            if quirk == Some(Quirk::Twice)
                && let Step::Over(next) = self.offer(&channel, body.clone()).await?
            {
                return Ok(next);
            }
            let offered = self.offer(&channel, body).await;
            if let Some(next) = self.conclude(after).await {
                return Ok(next);
            }
            step = offered?;
        }
        Err(DeviceFault::Endless)
    }

    /// The same channel, or one of the enrolment that a command put in its place.
    fn reopened(&self, channel: Channel) -> Result<Channel> {
        let now = self.memory(|memory| memory.enrolment.clone());
        match now.filter(|now| !Arc::ptr_eq(now, &channel.enrolment)) {
            Some(now) => Channel::open(self, &now),
            None => Ok(channel),
        }
    }

    async fn carry_out(&self, order: &Order, quirk: Option<&Quirk>) -> Performed {
        let outcome = match quirk {
            Some(Quirk::NotNow) => Outcome::NotNow,
            Some(Quirk::FormatError) => Outcome::format_error("the device was told to say so"),
            Some(Quirk::Error { code, domain, words }) => Outcome::error(*code, domain, words),
            _ => return Box::pin(self.perform(order)).await,
        };
        Performed { outcome, after: After::GoOn }
    }

    /// Sends a message until the server takes it. One that it does not take in time is kept for the next connection.
    async fn offer(&self, channel: &Channel, body: Bytes) -> Result<Step> {
        let mut wait = BACK_OFF;
        let mut last = None;
        for attempt in 0..TRIES_MAX {
            if attempt > 0 {
                self.shared.clock().sleep(wait).await;
                wait = wait.saturating_mul(2);
            }
            // Kept before it is sent: power may go while it is on its way.
            self.memory(|memory| memory.unsent = Some(body.clone()));
            match channel.connect(body.clone()).await {
                Ok(answer) if answer.is_good() => {
                    self.memory(|memory| memory.unsent = None);
                    return Ok(Step::Answered(answer));
                }
                Ok(answer) if self.is_dismissed(&answer) => {
                    self.dismissed();
                    return Ok(Step::Over(Next::Rest));
                }
                Ok(answer) => last = Some(answer.fault("talk to the management server")),
                Err(fault) => last = Some(fault),
            }
        }
        Err(last.unwrap_or(DeviceFault::Endless))
    }

    /// Whether the server says that it does not manage the device: 401; or, from iOS 17 and macOS 14 on, 403 with
    /// Apple's code (apple.md 3.3).
    fn is_dismissed(&self, answer: &Answer) -> bool {
        let code = Refusal::read(answer).code;
        let knows_code = command::knows_unrecognized(self.os());
        answer.status == 401 || (knows_code && code.as_deref() == Some("com.apple.unrecognized.device"))
    }

    /// The server does not want the device: management goes. One that waited to be released goes no further.
    pub(super) fn dismissed(&self) {
        let awaiting = self.unit.screen().stage == Stage::AwaitingConfiguration;
        self.forget_management();
        if awaiting {
            let why = DeviceFault::Dismissed.words();
            self.show_stage(Stage::Failed { why });
        }
    }

    fn status(&self, status: &str, order: Option<&Order>) -> Dictionary {
        let mut plist = Dictionary::new();
        plist.insert("Status".into(), status.into());
        plist.insert("UDID".into(), self.udid().into());
        if let Some(order) = order {
            plist.insert("CommandUUID".into(), order.uuid.clone().into());
        }
        plist
    }

    fn result(&self, order: &Order, outcome: Outcome) -> Dictionary {
        let mut plist = self.status(outcome.status(), Some(order));
        match outcome {
            Outcome::Acknowledged(result) => plist.extend(result),
            Outcome::Failed(chain) | Outcome::FormatError(chain) => {
                plist.insert("ErrorChain".into(), Value::Array(vec![Value::Dictionary(chain)]));
            }
            Outcome::NotNow => {}
        }
        plist
    }

    /// What comes after a command was acknowledged. `None`: the connection goes on.
    async fn conclude(&self, after: After) -> Option<Next> {
        match after {
            After::GoOn => None,
            After::Released => {
                self.release().await;
                None
            }
            After::Unenrolled => {
                let enrolment = self.memory(|memory| memory.enrolment.clone());
                if let Some(enrolment) = enrolment {
                    self.check_out(&enrolment).await;
                }
                self.forget_management();
                Some(Next::Rest)
            }
            After::Erased { returns, profile } => {
                self.forget_everything();
                if !returns {
                    self.show(|screen| screen.powered = true);
                    return Some(Next::Rest);
                }
                let now = self.shared.now();
                self.memory(|memory| memory.carried_profile = profile);
                self.show(|screen| {
                    screen.powered = true;
                    screen.began = Some(now);
                });
                Some(Next::SetUp)
            }
            After::Restarted => Some(Next::Wait),
            After::ShutDown => {
                self.show(|screen| screen.powered = false);
                Some(Next::Rest)
            }
        }
    }

    /// `DeviceConfigured` was acknowledged: Setup Assistant goes on to its end, and the server is told.
    async fn release(&self) {
        let enrolment = self.memory(|memory| {
            let released =
                memory.enrolment.as_ref().map(|old| Enrolment { awaiting: false, ..Enrolment::clone(old) });
            memory.enrolment = released.map(Arc::new);
            memory.enrolment.clone()
        });
        self.show_stage(Stage::Home);
        if let Some(enrolment) = enrolment
            && let Err(fault) = self.update_token(&enrolment).await
        {
            self.show_trouble(&fault);
        }
    }
}
