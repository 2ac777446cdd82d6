//! Serials that a complete list no longer holds.
//!
//! A full pass of a fleet in which nothing has changed writes no device: what it listed is noted by the page, in the
//! transaction that stores the page's cursor. At its end, what was neither written by the pass nor noted is gone.

use std::collections::HashSet;

use domain::{Serial, TenantId, Time, TokenId};

use crate::table::Shape::{Int, Text};
use crate::value::params;
use crate::{StoreError, Tx};

/// Rows looked at in one statement: few enough that the whole fleet is never in memory.
const ROWS: u32 = 5_000;

/// Notes serials that a page of the pass listed and that were not written.
///
/// # Errors
/// The engine's.
pub async fn note_seen(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    pass: i64,
    serials: &[Serial],
) -> Result<(), StoreError> {
    // Passes that never came to their end are nobody's any more.
    let sql = "delete from sync_seen where tenant_id = $1 and token_id = $2 and pass < $3";
    tx.execute(sql, params![tenant, token, pass]).await?;
    if serials.is_empty() {
        return Ok(());
    }
    // A serial is letters and digits.
    let serials = serials.iter().map(Serial::as_str).collect::<Vec<_>>().join(" ");
    let sql = "insert into sync_seen (tenant_id, token_id, pass, serials) values ($1, $2, $3, $4)";
    tx.execute(sql, params![tenant, token, pass, serials]).await.map(drop)
}

/// Marks as gone every present serial that the complete pass `pass` did not list; how many. What it had noted is
/// forgotten.
///
/// # Errors
/// The engine's.
pub async fn mark_gone_unseen(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token: &TokenId,
    pass: i64,
    now: Time,
) -> Result<u64, StoreError> {
    let sql = "select serials from sync_seen where tenant_id = $1 and token_id = $2 and pass = $3";
    let pages = tx.list(sql, params![tenant, token, pass]).await?;
    let pages = pages.into_iter().map(|mut row| row.text()).collect::<Result<Vec<String>, _>>()?;
    let seen: HashSet<&str> = pages.iter().flat_map(|page| page.split(' ')).collect();
    let (mut after, mut gone) = (String::new(), 0);
    loop {
        let sql = "select serial from device where tenant_id = $1 and token_id = $2 and serial > $3 \
            and present and seen_pass < $4 and source = 'deviceEnrollmentProgram' order by serial limit $5";
        let rows = tx.list(sql, params![tenant, token, &after, pass, ROWS]).await?;
        let serials = rows.into_iter().map(|mut row| row.text()).collect::<Result<Vec<String>, _>>()?;
        let Some(last) = serials.last().cloned() else { break };
        after = last;
        let unseen = serials.into_iter().filter(|serial| !seen.contains(serial.as_str()));
        let rows: Vec<_> = unseen.map(|serial| params![tenant, token, serial, now]).collect();
        let sql = "with v(tenant_id, token_id, serial, at) as ({rows}) \
            update device set present = (1 = 0), gone_at = v.at, version = version + 1 from v \
            where device.tenant_id = v.tenant_id and device.token_id = v.token_id and device.serial = v.serial";
        gone += tx.execute_rows(sql, &[Text, Text, Text, Int], rows).await?;
    }
    let sql = "delete from sync_seen where tenant_id = $1 and token_id = $2";
    tx.execute(sql, params![tenant, token]).await?;
    Ok(gone)
}
