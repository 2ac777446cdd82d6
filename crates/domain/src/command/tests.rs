use rstest::rstest;

use super::*;

const NOW: Time = Time::from_unix(100);

fn command() -> Command {
    Command {
        tenant: "t".parse().unwrap(),
        device: "d".parse().unwrap(),
        enrolment: 2,
        id: "c".parse().unwrap(),
        request_type: "DeviceInformation".into(),
        body: vec![1],
        purpose: Purpose::Inventory,
        state: CommandState::Sent,
        seq: 1,
        queued_at: Time::from_unix(1),
        sent_at: None,
        expires_at: Time::NEVER,
    }
}

#[rstest]
#[case(Answered::Acknowledged, CommandOutcome::Acknowledged)]
#[case(Answered::Error("no".into()), CommandOutcome::Error { words: "no".into() })]
#[case(Answered::FormatError, CommandOutcome::FormatError)]
fn an_answer_ends_its_command(#[case] answered: Answered, #[case] outcome: CommandOutcome) {
    let Settled::Finished(finished) = settle(Some(&command()), 2, answered, NOW) else { panic!() };
    assert_eq!((finished.outcome, finished.finished_at), (outcome, NOW));
}

#[test]
fn not_now_keeps_the_command() {
    assert_eq!(settle(Some(&command()), 2, Answered::NotNow, NOW), Settled::NotNow);
}

#[test]
fn an_answer_given_twice_changes_nothing() {
    assert_eq!(settle(None, 2, Answered::Acknowledged, NOW), Settled::Nothing);
}

/// Lessons 50: results belong to the enrolment, not to the device.
#[test]
fn an_answer_from_an_earlier_enrolment_changes_nothing() {
    assert_eq!(settle(Some(&command()), 3, Answered::Acknowledged, NOW), Settled::Nothing);
}
