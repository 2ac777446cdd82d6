use muster_practice::apple::{Place, PlannedAnswer};
use serde_json::json;

use crate::client::rehearsal;

#[tokio::test]
async fn planned_answers_come_in_order_and_then_the_honest_one() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    {
        let mut faults = rehearsal.practice.world().faults();
        faults.plan("GET /account", 2, PlannedAnswer::new(503, "").retry_after("7"));
        faults.plan("GET /account", 1, PlannedAnswer::new(403, "ACCESS_DENIED"));
    }
    for _ in 0..2 {
        let answer = session.get("/account").await;
        assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "7"));
    }
    assert_eq!(session.get("/account").await.words(), (403, "ACCESS_DENIED"));
    assert_eq!(session.get("/account").await.status, 200);
    assert_eq!(rehearsal.practice.world().calls("GET /account"), 4);
}

#[tokio::test]
async fn faults_are_planned_over_the_portal() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let plan =
        json!({"endpoint": "*", "calls": 1, "status": 429, "retryAfter": "Sat, 09 May 2026 03:00:00 GMT"});
    assert_eq!(rehearsal.portal("POST", "/faults", &plan).await.json()["id"], 1);
    let answer = session.get("/account").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.headers["retry-after"], "Sat, 09 May 2026 03:00:00 GMT");
    rehearsal.portal("POST", "/faults", &plan).await;
    rehearsal.portal("DELETE", "/faults", &json!(null)).await;
    assert_eq!(session.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_repeated_cursor_says_more_to_follow_for_ever() {
    let rehearsal = rehearsal().await;
    rehearsal.stock("iPad", 3).await;
    let session = rehearsal.session().await;
    rehearsal.portal("PUT", "/faults", &json!({"repeatCursor": true})).await;
    let first = session.post("/server/devices", json!({"limit": 1})).await.json();
    for _ in 0..3 {
        let body = json!({"cursor": first["cursor"], "limit": 1});
        let next = session.post("/server/devices", body).await.json();
        assert_eq!((&next["cursor"], &next["more_to_follow"]), (&first["cursor"], &json!(true)));
    }
}

#[tokio::test]
async fn an_exhausted_cursor_and_refused_serials_can_be_asked_for() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 3).await;
    let session = rehearsal.session().await;
    let uuid = session.define().await;
    rehearsal
        .portal(
            "PUT",
            "/faults",
            &json!({"exhausted": true, "throttled": [bought[0]], "failed": [bought[2]]}),
        )
        .await;
    assert_eq!(session.post("/server/devices", json!({})).await.words(), (400, "EXHAUSTED_CURSOR"));
    let body = json!({"profile_uuid": uuid, "devices": bought});
    let answer = session.call("PUT", "/profile/devices", body).await.json();
    assert_eq!(
        answer["devices"],
        json!({&bought[0]: "THROTTLED", &bought[1]: "SUCCESS", &bought[2]: "FAILED"})
    );
}

#[tokio::test]
async fn a_device_that_left_can_be_kept_from_sync_so_that_only_a_fetch_shows_it() {
    let rehearsal = rehearsal().await;
    let bought = rehearsal.stock("iPad", 1).await;
    let session = rehearsal.session().await;
    let cursor = session.post("/server/devices", json!({})).await.json()["cursor"].clone();
    rehearsal.portal("PUT", "/faults", &json!({"loseDeleted": true})).await;
    rehearsal.org("POST", "/assign", json!({"serials": bought, "server": null})).await;
    let synced = session.post("/devices/sync", json!({"cursor": cursor})).await.json();
    assert_eq!(synced["devices"], json!([]));
    let fetched = session.post("/server/devices", json!({})).await.json();
    assert_eq!(fetched["devices"], json!([]));
}

#[tokio::test]
async fn a_plan_that_could_never_happen_is_refused_with_what_fits() {
    let rehearsal = rehearsal().await;
    for (plan, words) in [
        (json!({"what": "wrongJson", "place": "push"}), "it fits *, ade, session"),
        (json!({"what": "repeatCursor", "place": "session"}), "it fits *, ade, fetch, sync"),
        (json!({"what": "go-away", "place": "ade"}), "it fits *, push"),
        (json!({"what": "serials", "result": "FAILED", "place": "sync"}), "it fits *, ade, define, assign"),
        (json!({"what": "noConnection", "place": "sync"}), "it fits *, ade, push"),
        (json!({"what": "noConnection", "place": "push", "times": 2}), "forSeconds"),
        (json!({"word": "BadDeviceToken", "place": "sync"}), "it fits *, push"),
        (json!({"word": "EXPIRED_CURSOR", "place": "push"}), "it fits *, ade"),
        (json!({"what": "slowly", "place": "sync"}), "slow, cutOff"),
        (json!({"what": "serials", "result": "LOST"}), "THROTTLED, FAILED, NOT_ACCESSIBLE"),
        (json!({"status": 500, "place": "/devices/synch"}), "fetch, sync"),
    ] {
        let answer = rehearsal.portal("POST", "/faults", &plan).await;
        assert!(
            (400..500).contains(&answer.status) && answer.text.contains(words),
            "{plan}: {}",
            answer.text
        );
    }
    assert_eq!(rehearsal.portal("GET", "/faults", &json!(null)).await.json(), json!([]));
}

/// A plan for a path is taken if a service has it.
#[tokio::test]
async fn every_path_that_can_be_planned_for_is_one_of_a_service() {
    let rehearsal = rehearsal().await;
    let session = rehearsal.session().await;
    let of_ade = Place::paths().filter(|path| !matches!(*path, "/3/device" | "/activation"));
    for path in of_ade {
        let answer = session.get(path).await;
        assert!(answer.status != 404 || !answer.text.is_empty(), "{path}: {:?}", answer.words());
    }
    assert_eq!(session.get("/nowhere").await.words(), (404, ""));
}

/// Whatever else this computer does meanwhile, the address is practice Apple's when the fault is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_shut_door_keeps_its_address_and_opens_again() {
    let rehearsal = rehearsal().await;
    let port = rehearsal.practice.ade_url.rsplit(':').next().unwrap().to_owned();
    let address = format!("127.0.0.1:{port}");
    let connects = async |wanted: bool| {
        let same = async {
            while std::net::TcpStream::connect(&address).is_ok() != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), same).await.unwrap();
    };
    connects(true).await;
    for _ in 0..2 {
        rehearsal.portal("POST", "/faults", &json!({"what": "noConnection", "place": "ade"})).await;
        connects(false).await;
        assert!(std::net::TcpListener::bind(&address).is_err(), "it is somebody else's");
        rehearsal.portal("DELETE", "/faults", &json!(null)).await;
        connects(true).await;
        assert_eq!(rehearsal.session().await.get("/account").await.status, 200);
    }
}
