//! Secrets: one table, each row sealed for its own place, so that a copy in another row does not open.

use domain::TenantId;
use domain::secret::SecretKind;
use zeroize::Zeroizing;

use crate::row::Row;
use crate::value::{Value, params};
use crate::{StoreError, Tx, command};

fn place(tenant: &str, kind: &str, owner: &str) -> Vec<u8> {
    format!("muster/secret/{tenant}/{kind}/{owner}").into_bytes()
}

/// Stores a secret in place of an earlier one.
///
/// # Errors
/// The engine's.
pub async fn put(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: SecretKind,
    owner: &str,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let sealed = tx.seal.seal(&place(tenant.as_str(), kind.as_str(), owner), bytes)?;
    let sql = "insert into secret (tenant_id, kind, owner, sealed) values ($1, $2, $3, $4) \
        on conflict (tenant_id, kind, owner) do update set sealed = excluded.sealed";
    tx.execute(sql, params![tenant, kind.as_str(), owner, sealed]).await.map(drop)
}

/// The secret of this kind and owner.
///
/// # Errors
/// [`StoreError::Sealed`] if it does not open.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: SecretKind,
    owner: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let sql = "select sealed from secret where tenant_id = $1 and kind = $2 and owner = $3";
    let Some(mut row) = tx.query_opt(sql, params![tenant, kind.as_str(), owner]).await? else {
        return Ok(None);
    };
    Ok(Some(tx.seal.open(&place(tenant.as_str(), kind.as_str(), owner), &row.bytes()?)?))
}

/// Deletes a secret; whether there was one.
///
/// # Errors
/// The engine's.
pub async fn delete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: SecretKind,
    owner: &str,
) -> Result<bool, StoreError> {
    let sql = "delete from secret where tenant_id = $1 and kind = $2 and owner = $3";
    Ok(tx.execute(sql, params![tenant, kind.as_str(), owner]).await? > 0)
}

/// Seals up to `batch` rows of each sealed table with the current key that an older one sealed: secrets, bodies of
/// pending commands, and the known text that tells wrong keys at the start. How many; call it, each time in a
/// transaction, until it is 0. Then the older keys can go.
///
/// # Errors
/// [`StoreError::Sealed`] if a row does not open with any key.
pub async fn reseal_all(tx: &mut Tx<'_>, batch: u32) -> Result<u64, StoreError> {
    let mut done = 0;
    for table in [&SECRETS, &COMMANDS, &CHECKS] {
        done += reseal(tx, table, batch).await?;
    }
    Ok(done)
}

/// How many rows are sealed, in every sealed table, all of which open. At most `page` of them are in memory at a time.
///
/// # Errors
/// [`StoreError::Sealed`] if one does not: the wrong keys, or a row that was changed.
pub async fn open_all(tx: &mut Tx<'_>, page: u32) -> Result<u64, StoreError> {
    let mut opened = 0;
    for table in [&SECRETS, &COMMANDS, &CHECKS] {
        // No name is empty: this comes before all of them.
        let mut after = (String::new(), String::new(), String::new());
        loop {
            let rows = tx
                .list(table.after, params![after.0.as_str(), after.1.as_str(), after.2.as_str(), page])
                .await?;
            let found = rows.len();
            for mut row in rows {
                after = (row.text()?, row.text()?, row.text()?);
                tx.seal.open(&(table.place)(&after.0, &after.1, &after.2), &row.bytes()?)?;
                opened += 1;
            }
            if found < page as usize {
                break;
            }
        }
    }
    Ok(opened)
}

/// A table with a sealed column: how to find what an older key sealed, and what each row is bound to.
struct SealedTable {
    /// Three names and the sealed bytes, of rows that do not begin with `$1`.
    stale: &'static str,
    /// The same of rows that come after the names `$1` to `$3`.
    after: &'static str,
    /// `$1` to `$3`: the names; `$4` and `$5`: sealed anew, and as it was.
    write: &'static str,
    place: fn(&str, &str, &str) -> Vec<u8>,
}

const SECRETS: SealedTable = SealedTable {
    stale: "select tenant_id, kind, owner, sealed from secret where substr(sealed, 1, 9) <> $1 \
        order by tenant_id, kind, owner limit $2",
    after: "select tenant_id, kind, owner, sealed from secret where (tenant_id, kind, owner) > ($1, $2, $3) \
        order by tenant_id, kind, owner limit $4",
    write: "update secret set sealed = $4 where tenant_id = $1 and kind = $2 and owner = $3 and sealed = $5",
    place,
};

const COMMANDS: SealedTable = SealedTable {
    stale: "select tenant_id, device_id, id, sealed from command where substr(sealed, 1, 9) <> $1 \
        order by tenant_id, device_id, id limit $2",
    after: "select tenant_id, device_id, id, sealed from command where (tenant_id, device_id, id) > ($1, $2, $3) \
        order by tenant_id, device_id, id limit $4",
    write: "update command set sealed = $4 where tenant_id = $1 and device_id = $2 and id = $3 and sealed = $5",
    place: command::place,
};

const CHECKS: SealedTable = SealedTable {
    stale: "select name, name, name, sealed from seal_check where substr(sealed, 1, 9) <> $1 order by name limit $2",
    after: "select name, name, name, sealed from seal_check where (name, name, name) > ($1, $2, $3) \
        order by name limit $4",
    write: "update seal_check set sealed = $4 where name = $1 and name = $2 and name = $3 and sealed = $5",
    place: |name, _, _| name.as_bytes().to_vec(),
};

/// Version byte and key id: what every sealed value begins with.
const HEADER: usize = 9;

async fn reseal(tx: &mut Tx<'_>, table: &SealedTable, batch: u32) -> Result<u64, StoreError> {
    let current: Vec<u8> = tx.seal.seal(b"", b"")?.into_iter().take(HEADER).collect();
    let rows = tx.query(table.stale, params![current, batch]).await?;
    let mut done = 0;
    for row in rows {
        if let Some(values) = resealed(tx, table, row)? {
            done += tx.execute(table.write, values).await?;
        }
    }
    Ok(done)
}

fn resealed(tx: &Tx<'_>, table: &SealedTable, mut row: Row) -> Result<Option<Vec<Value>>, StoreError> {
    let (a, b, c, sealed) = (row.text()?, row.text()?, row.text()?, row.bytes()?);
    let anew = tx.seal.reseal(&(table.place)(&a, &b, &c), &sealed)?;
    Ok(anew.map(|anew| params![a, b, c, anew, sealed]))
}

/// The name and the place of the known text.
const CHECK: &str = "muster/seal-check";

/// Stops a program with the wrong keys: opens a known text, or seals it into a new database.
pub(crate) async fn check_keys(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    match tx.query_opt("select sealed from seal_check where name = $1", params![CHECK]).await? {
        Some(mut row) => {
            let sealed = row.bytes()?;
            tx.seal.open(CHECK.as_bytes(), &sealed)?;
        }
        None => {
            let sealed = tx.seal.seal(CHECK.as_bytes(), CHECK.as_bytes())?;
            let sql = "insert into seal_check (name, sealed) values ($1, $2) on conflict (name) do nothing";
            tx.execute(sql, params![CHECK, sealed]).await?;
        }
    }
    Ok(())
}
