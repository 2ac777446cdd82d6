//! Whose sync is due, and runs.

use domain::TenantId;
use store::{StoreError, sync, tenant};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{self, at, id};

on_both_engines!(due_tokens_come_longest_due_first, runs_come_newest_first_and_are_pruned,);

type Done = Result<(), StoreError>;

/// Shows: R57
async fn due_tokens_come_longest_due_first(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        for (tenant, due) in [("t", 30), ("u", 10), ("v", 20), ("w", 99)] {
            tenant::insert(tx, &sample::tenant(tenant)).await?;
            let token = sample::token(&id(tenant), "token-1");
            store::token::insert(tx, &token).await?;
            let mut state = sample::sync_state(&token.tenant, &token.id);
            state.next_due = at(due);
            sync::insert_state(tx, &state).await?;
        }
        let due = sync::due(tx, at(30), 10).await?;
        assert_eq!(due.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>(), ["u", "v", "t"]);
        assert_eq!(sync::next_due(tx).await?, Some(at(10)));
        assert_eq!(store::token::all_live(tx).await?.len(), 4);
        Ok(())
    });
    outcome.unwrap();
}

async fn runs_come_newest_first_and_are_pruned(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        for n in 0..5 {
            let mut run = sample::sync_run(&tenant, &id("token-1"), &format!("run-{n}"), n * 100);
            sync::run_insert(tx, &run).await?;
            run.pages = 99;
            sync::run_update(tx, &run).await?;
        }
        let runs = sync::runs(tx, &tenant, &id("token-1"), 2).await?;
        assert_eq!(
            runs.iter().map(|run| (run.id.as_str(), run.pages)).collect::<Vec<_>>(),
            [("run-4", 99), ("run-3", 99)]
        );
        assert_eq!(sync::runs_prune(tx, at(150), 1).await?, 1, "no more than asked for");
        assert_eq!(sync::runs_prune(tx, at(150), 10).await?, 1);
        assert_eq!(sync::runs(tx, &tenant, &id("token-1"), 10).await?.len(), 3);
        Ok(())
    });
    outcome.unwrap();
}
