//! Full syncs: practice Apple lists every serial, and all are stored. Then the same list again.

use std::time::{Duration, Instant};

use app::token::{NewToken, TokenUpload};
use domain::sync::FullReason;
use domain::{Time, TokenId};
use pki::x509::Certificate;
use practice::apple::catalogue::{Family, product};
use practice::apple::org::{OrgCard, OrgId, OrgKind};
use practice::apple::shop::{ORDER_DEVICES_MAX, Order, Selection};
use practice::{Practice, PracticeConfig};
use store::StoreError;

use super::{ADMIN, Measured, Plan, push_topic};
use crate::Result;
use crate::database::{Database, Engine};
use crate::house::House;
use crate::server::{Front, Server, Spent};

/// Between looks at whether the run has ended.
const LOOK: Duration = Duration::from_millis(20);
/// A run that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

/// Syncs a list into an empty database, and then again with nothing changed; both, once for each run.
pub(crate) async fn full_syncs(
    engine: Engine,
    plan: &Plan,
    runs: usize,
) -> Result<(Vec<Measured>, Vec<Measured>)> {
    let practice = Practice::start(PracticeConfig::default()).await?;
    let (org, serials) = buy(&practice, plan.known)?;
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let mut house = House::build(engine, &practice).await?;
        let token = connect(&house, &practice, org, &serials, run).await?;
        first.push(one(&house, plan, 1).await?);
        let before = house.database.device_writes().await?;
        house.come_back(&practice).await?;
        make_due(&house, &token).await?;
        again.push(one(&house, plan, 2).await?);
        let written = house.database.device_writes().await? - before;
        if written != 0 {
            return Err(format!("nothing had changed, and {written} rows were written").into());
        }
        if let Some(measured) = again.last_mut() {
            measured.note = "no row of a device written".into();
        }
    }
    practice.stop().await;
    Ok((first, again))
}

/// An organisation with so many devices.
fn buy(practice: &Practice, count: usize) -> Result<(OrgId, Vec<String>)> {
    let world = practice.world();
    let (now, mut model) = (world.now(), world.model());
    let card = OrgCard { name: "Works".into(), email: ADMIN.into(), ..OrgCard::default() };
    let org = model.add_org(OrgKind::Business, card)?;
    let product = product(Family::IPad, None).ok_or("Apple sells no iPad")?;
    let mut serials = Vec::new();
    while serials.len() < count {
        let count = (count - serials.len()).min(ORDER_DEVICES_MAX);
        let order = Order { product, count, number: "PO-1".into(), serials: Vec::new() };
        serials.extend(model.buy(org, &order, ADMIN, now)?);
    }
    Ok((org, serials))
}

/// A token of an MDM server at Apple that has all the devices.
async fn connect(
    house: &House,
    practice: &Practice,
    org: OrgId,
    serials: &[String],
    run: usize,
) -> Result<TokenId> {
    push_topic(house, practice).await?;
    let (app, actor) = (&house.app, &house.actor);
    let new = NewToken { name: "Works".into(), consent: true, ..NewToken::default() };
    let token = app::token::create(app, actor, new).await?.id;
    let key = app::token::generate_key(app, actor, &token).await?;
    let certificate = Certificate::from_pem(&key.certificate_pem)?;
    let server = {
        let world = practice.world();
        let (now, mut model) = (world.now(), world.model());
        let server = model.add_server(org, &format!("MDM {run}"), certificate.der().to_vec())?;
        model.assign_devices(org, &Selection::Serials(serials.to_vec()), Some(server), ADMIN, now)?;
        server
    };
    let file = practice.download_token(server, ADMIN)?;
    let upload = TokenUpload { file, apple_id: Some(ADMIN.into()), confirm_other_server: false };
    app::token::upload(app, actor, &token, upload).await?;
    Ok(token)
}

/// Starts the server, whose first deed is the run, and waits until it has ended.
async fn one(house: &House, plan: &Plan, run: i64) -> Result<Measured> {
    house.leave().await;
    let server = Server::start(&plan.program, house, Front::Tls).await?;
    let spent = ended(&house.database, &server, run).await?;
    let took = "select finished_at - started_at from sync_run where state like '%succeeded%' \
        order by started_at desc limit 1";
    let took = Duration::from_micros(u64::try_from(house.database.number(took).await?)?);
    let known = house.database.number("select count(*) from device where present").await?;
    let resident = server.resident_mb()?;
    server.stop().await?;
    if usize::try_from(known)? != plan.known {
        return Err(format!("Apple lists {} devices, and {known} are stored", plan.known).into());
    }
    Ok(Measured {
        value: took.as_secs_f64(),
        cpu_us: spent.per_item(plan.known as u64),
        p50_ms: None,
        p99_ms: None,
        note: format!("{resident:.0} MB resident"),
    })
}

async fn ended(database: &Database, server: &Server, runs: i64) -> Result<Spent> {
    let begun = Instant::now();
    let sql = "select count(*) from sync_run where state like '%succeeded%'";
    while begun.elapsed() < PATIENCE {
        if database.number(sql).await? >= runs {
            return server.spent();
        }
        tokio::time::sleep(LOOK).await;
    }
    Err("the sync has not ended".into())
}

/// The complete list is due once more.
async fn make_due(house: &House, token: &TokenId) -> Result<()> {
    let (tenant, token) = (house.actor.tenant.clone(), token.clone());
    house
        .app
        .store
        .transact(move |tx| {
            let (tenant, token) = (tenant.clone(), token.clone());
            Box::pin(async move {
                let state = store::sync::state(tx, &tenant, &token).await?;
                let Some(mut state) = state else { return Err(StoreError::Conflict) };
                state.cursor = None;
                state.needs_full = Some(FullReason::CursorRejected);
                state.next_due = Time::EPOCH;
                store::sync::update_state(tx, &state).await
            })
        })
        .await?;
    Ok(())
}
