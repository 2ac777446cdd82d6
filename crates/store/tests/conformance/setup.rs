//! Setup plans.

use domain::setup::{ReleaseReason, SetupState};
use domain::{TenantId, Time};
use store::{StoreError, setup};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(due_plans_are_the_active_ones_longest_due_first, a_new_enrolment_replaces_the_plan,);

type Done = Result<(), StoreError>;

async fn due_plans_are_the_active_ones_longest_due_first(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let because = ReleaseReason::Deadline;
        let states = [
            ("RUN1", SetupState::Running { holds: true }, 20),
            ("RUN2", SetupState::Running { holds: false }, 10),
            ("RLSG", SetupState::Releasing { command: None, since: at(1), because, attempts: 1 }, 15),
            ("DONE", SetupState::Finished { at: at(1) }, 5),
            ("RLSD", SetupState::Released { at: at(1), because }, 5),
            ("GONE", SetupState::Abandoned { at: at(1) }, 5),
            ("LATE", SetupState::Running { holds: true }, 99),
        ];
        for (serial, state, due) in states {
            let mut plan = sample::plan(&sample::managed(&tenant, serial));
            (plan.state, plan.due_at) = (state, at(due));
            setup::replace(tx, &plan).await?;
        }
        let names = |plans: Vec<domain::setup::SetupPlan>| {
            plans.into_iter().map(|plan| plan.device.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(setup::due(tx, at(20), 10).await?), ["m-RUN2", "m-RLSG", "m-RUN1"]);
        assert_eq!(names(setup::due(tx, at(20), 1).await?), ["m-RUN2"]);
        assert_eq!(setup::next_due(tx).await?, Some(at(10)));
        assert_eq!(names(setup::active(tx, &tenant, None, 2).await?), ["m-LATE", "m-RLSG"]);
        assert_eq!(names(setup::active(tx, &tenant, Some(&id("m-RLSG")), 9).await?), ["m-RUN1", "m-RUN2"]);
        assert_eq!(names(setup::released_at_deadline(tx, &tenant, 10).await?), ["m-RLSD"]);
        assert_eq!(names(setup::stuck(tx, &tenant, Time::NEVER, 10).await?), ["m-RLSG"]);
        Ok(())
    });
    outcome.unwrap();
}

async fn a_new_enrolment_replaces_the_plan(bench: Bench) {
    let device = sample::managed(&id("t"), "C01");
    let outcome: Done = tx!(bench.store, [device], |tx| {
        let mut plan = sample::plan(&device);
        setup::replace(tx, &plan).await?;
        setup::update(tx, &plan).await?;
        plan.enrolment = 2;
        setup::replace(tx, &plan).await?;
        assert_eq!(setup::get(tx, &device.tenant, &device.id).await?, Some(plan));
        Ok(())
    });
    outcome.unwrap();
}
