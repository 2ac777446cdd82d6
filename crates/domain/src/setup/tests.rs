use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::profile::ProfileSettings;
use crate::{Limits, Platform};

const START: Time = Time::from_unix(1_000_000);

fn plan(holds: bool, settings: &ProfileSettings, platform: Platform) -> SetupPlan {
    let (tenant, device) = ("t".parse().unwrap(), "d".parse().unwrap());
    let wanted = Start {
        tenant: &tenant,
        device: &device,
        enrolment: 1,
        version: 0,
        platform,
        settings,
        named: true,
        supervised: true,
        holds,
    };
    start(wanted, START, &Limits::default())
}

/// A plan with a queue beside it, as the store keeps one.
struct Run {
    plan: SetupPlan,
    now: Time,
    made: u32,
    queue: Vec<(CommandId, bool)>,
    left_setup: u32,
}

impl Run {
    fn new(plan: SetupPlan) -> Self {
        Self { plan, now: START, made: 0, queue: Vec::new(), left_setup: 0 }
    }

    fn happens(&mut self, event: &Event) -> Vec<Effect> {
        self.made += 1;
        let fresh: CommandId = format!("c{}", self.made).parse().unwrap();
        let (next, effects) = advance(self.plan.clone(), event, self.now, &Limits::default(), &fresh);
        self.plan = next;
        for effect in &effects {
            match effect {
                Effect::Withdraw { command } => self.queue.retain(|(id, _)| id != command),
                Effect::QueueStep { command, .. } => self.queue.push((command.clone(), false)),
                Effect::QueueRelease { command } => self.queue.push((command.clone(), true)),
                Effect::LeftSetup => self.left_setup += 1,
                Effect::Wake => {}
            }
        }
        effects
    }

    /// The device answers the first command of the queue.
    fn answers(&mut self, answer: Answer) {
        if !self.queue.is_empty() {
            let (command, _) = self.queue.remove(0);
            self.happens(&Event::Answered { command, answer });
        }
    }

    fn later(&mut self, span: Duration) {
        self.now = self.now.plus(span);
        self.happens(&Event::Tick);
    }

    fn releases(&self) -> usize {
        self.queue.iter().filter(|(_, release)| *release).count()
    }

    fn because(&self) -> Option<ReleaseReason> {
        match self.plan.state {
            SetupState::Released { because, .. } => Some(because),
            _ => None,
        }
    }
}

fn begun(holds: bool) -> Run {
    let mut run = Run::new(plan(holds, &ProfileSettings::default(), Platform::Ios));
    run.happens(&Event::Tick);
    run
}

/// Shows: N9
#[test]
fn a_device_that_answers_everything_is_released_when_the_last_step_ends() {
    let mut run = begun(true);
    let steps = run.plan.steps.len();
    for done in 0..steps {
        assert_eq!(run.releases(), 0, "after {done} steps");
        run.answers(Answer::Acknowledged);
    }
    assert_eq!(run.releases(), 1);
    run.answers(Answer::Acknowledged);
    assert_eq!((run.because(), run.left_setup), (Some(ReleaseReason::Finished), 1));
    assert_eq!(run.plan.due_at, Time::NEVER);
}

#[test]
fn a_step_that_is_refused_does_not_hold_up_the_rest() {
    let mut run = begun(true);
    while run.releases() == 0 {
        run.answers(Answer::Refused("MCMDMErrorDomain 12021".into()));
    }
    assert!(run.plan.steps.iter().all(|step| matches!(step.state, StepState::Failed { .. })));
    run.answers(Answer::Acknowledged);
    assert_eq!(run.because(), Some(ReleaseReason::Finished));
}

#[test]
fn a_step_that_is_not_answered_ends_at_its_limit_and_leaves_the_queue() {
    let mut run = begun(true);
    let first = run.queue.first().cloned();
    run.later(Limits::default().setup_step);
    assert!(matches!(run.plan.steps.first().map(|s| &s.state), Some(StepState::TimedOut { .. })));
    assert!(!run.queue.iter().any(|entry| Some(entry) == first.as_ref()));
    assert_eq!(run.queue.len(), 1, "the next step begins");
}

/// Shows: N9
#[test]
fn at_the_deadline_a_silent_device_is_told_to_leave_setup_and_its_plan_says_why() {
    let mut run = begun(true);
    run.later(Limits::default().setup);
    assert_eq!((run.releases(), run.queue.len()), (1, 1), "nothing stands before the release");
    run.answers(Answer::Acknowledged);
    assert_eq!(run.because(), Some(ReleaseReason::Deadline));
}

/// Shows: N9
#[test]
fn a_profile_may_set_its_own_deadline() {
    let settings = ProfileSettings { await_deadline_minutes: Some(7), ..ProfileSettings::default() };
    let plan = plan(true, &settings, Platform::Ios);
    assert_eq!(plan.deadline, START.plus(Duration::from_secs(7 * 60)));
}

/// Lessons 39, 44: DeviceConfigured is sent again until the device acknowledges it.
#[test]
fn a_refused_release_is_queued_again_after_a_while() {
    let mut run = begun(true);
    run.happens(&Event::Release);
    assert_eq!(run.releases(), 1);
    for _ in 0..6 {
        run.answers(Answer::Refused("busy".into()));
        assert_eq!(run.releases(), 0);
        run.later(Duration::from_secs(15 * 60));
        assert_eq!(run.releases(), 1);
    }
    run.answers(Answer::Acknowledged);
    assert_eq!(run.because(), Some(ReleaseReason::Admin));
}

#[test]
fn a_release_that_was_lost_is_queued_again_at_once() {
    let mut run = begun(true);
    run.happens(&Event::Release);
    run.answers(Answer::Lost);
    assert_eq!(run.releases(), 1);
}

#[test]
fn a_release_without_an_answer_wakes_the_device_again_and_is_not_queued_twice() {
    let mut run = begun(true);
    run.happens(&Event::Release);
    run.now = run.now.plus(Limits::default().release_retry);
    assert_eq!(run.happens(&Event::Tick), [Effect::Wake]);
    assert_eq!(run.releases(), 1);
}

#[test]
fn a_device_that_does_not_wait_gets_the_same_steps_and_no_release() {
    let (mut run, held) = (begun(false), begun(true));
    let kinds = |run: &Run| run.plan.steps.iter().map(|step| step.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&run), kinds(&held));
    for _ in 0..run.plan.steps.len() {
        run.answers(Answer::Acknowledged);
    }
    assert!(matches!(run.plan.state, SetupState::Finished { .. }));
    assert!(run.queue.is_empty());
}

#[test]
fn a_device_that_left_setup_by_itself_is_not_told_to_leave() {
    let mut run = begun(true);
    run.happens(&Event::NotAwaiting);
    assert_eq!(run.left_setup, 1);
    while run.plan.is_active() {
        run.answers(Answer::Acknowledged);
    }
    assert!(matches!(run.plan.state, SetupState::Finished { .. }));
}

/// Shows: R45, R46
#[test]
fn a_shared_ipad_is_configured_only_while_it_waits() {
    let settings = ProfileSettings { enable_shared_ipad: true, ..ProfileSettings::default() };
    let step = |holds| {
        let steps = plan(holds, &settings, Platform::Ios).steps;
        steps.into_iter().find(|step| step.kind == StepKind::SharedDeviceConfiguration).unwrap().state
    };
    assert_eq!(step(true), StepState::Waiting);
    assert!(matches!(step(false), StepState::Skipped { .. }));
}

/// Shows: R12
#[test]
fn every_platform_learns_who_manages_it_and_those_that_have_one_leave_a_bypass_code() {
    for platform in Platform::ALL {
        let steps = plan(true, &ProfileSettings::default(), platform).steps;
        let has = |kind| steps.iter().any(|step| step.kind == kind);
        assert!(has(StepKind::OrganizationInfo), "{platform:?}");
        assert_eq!(has(StepKind::ActivationLockBypassCode), platform != Platform::TvOs, "{platform:?}");
    }
}

#[derive(Debug, Clone)]
enum Happening {
    Later(u64),
    Answers(Answer),
    StrangeAnswer(Answer),
    Admin,
    NotAwaiting,
    Ended,
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![Just(Answer::Acknowledged), Just(Answer::Refused("no".into())), Just(Answer::Lost)]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        5 => (0_u64..1_000).prop_map(Happening::Later),
        5 => answer().prop_map(Happening::Answers),
        1 => answer().prop_map(Happening::StrangeAnswer),
        1 => Just(Happening::Admin),
        1 => Just(Happening::NotAwaiting),
        1 => Just(Happening::Ended),
    ]
}

impl Run {
    fn take(&mut self, happening: &Happening) {
        match happening {
            Happening::Later(seconds) => self.later(Duration::from_secs(*seconds)),
            Happening::Answers(answer) => self.answers(answer.clone()),
            Happening::StrangeAnswer(answer) => {
                let event = Event::Answered { command: "stranger".parse().unwrap(), answer: answer.clone() };
                self.happens(&event);
            }
            Happening::Admin => drop(self.happens(&Event::Release)),
            Happening::NotAwaiting => drop(self.happens(&Event::NotAwaiting)),
            Happening::Ended => drop(self.happens(&Event::Ended)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Shows: N9
    ///
    /// Whatever happens, no device is stuck: at its deadline a plan no longer runs steps, and a device that then
    /// answers is out of Setup Assistant within as many attempts as it refuses.
    #[test]
    fn no_device_is_ever_stuck(
        holds: bool,
        happenings in proptest::collection::vec(happening(), 0..60),
        refusals in 0_usize..5,
    ) {
        let mut run = begun(holds);
        for happening in &happenings {
            run.take(happening);
            prop_assert!(run.releases() <= 1, "DeviceConfigured is queued twice");
            prop_assert!(run.plan.due_at > run.now || !run.plan.is_active(), "the loop would spin");
        }
        run.later(Limits::default().setup);
        let is_running = matches!(run.plan.state, SetupState::Running { .. });
        prop_assert!(!is_running, "steps go on after the deadline");
        for _ in 0..refusals {
            run.answers(Answer::Refused("no".into()));
            run.later(Duration::from_secs(15 * 60));
        }
        run.answers(Answer::Acknowledged);
        prop_assert!(!run.plan.is_active(), "{:?}", run.plan.state);
        prop_assert!(run.left_setup <= 1);
    }

    #[test]
    fn a_plan_that_has_ended_stays_as_it_is(happenings in proptest::collection::vec(happening(), 0..20)) {
        let mut run = begun(true);
        run.happens(&Event::Ended);
        let ended = run.plan.clone();
        prop_assert!(run.queue.is_empty(), "nothing waits for an enrolment that is over");
        for happening in &happenings {
            run.take(happening);
        }
        prop_assert_eq!(run.plan.state, ended.state);
    }
}
