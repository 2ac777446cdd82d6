//! Copies of a database in the words of neither engine, so that what was copied from SQLite can be put into PostgreSQL,
//! and the reverse: a file for each table, a row a line. A copy is one moment of the database, also while it is in use.
//!
//! A file's first line names the columns, each further one is a row, as JSON arrays; truth values are 0 and 1, bytes
//! are `{"base64": "..."}`. Secrets are in it as they are in the database: sealed.

mod table;

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pki::digest::Sha256;
use serde::{Deserialize, Serialize};

use self::table::{Column, SourceTable};
use crate::sqlite::create_private;
use crate::value::{Value, params};
use crate::{Migrations, Schema, Store, StoreConfig, StoreError, Tx, migrate, secret};

/// Rows read or written at a time.
const PAGE: u32 = 1_000;
/// Longest line of a copy, in bytes: the largest row there may be is a profile of some hundred kilobytes.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A table of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCopy {
    /// The table.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of its file, in hexadecimal digits.
    pub sha256: String,
}

impl TableCopy {
    /// The name of its file.
    #[must_use]
    pub fn file(&self) -> String {
        file_name(&self.name)
    }
}

fn file_name(table: &str) -> String {
    format!("{table}.jsonl")
}

/// Writes every table into `folder`, as all were at one moment.
///
/// # Errors
/// The engine's; [`StoreError::Engine`] when a file cannot be written.
pub async fn write(store: &Store, folder: &Path) -> Result<(Schema, Vec<TableCopy>), StoreError> {
    let (folder, known) = (folder.to_owned(), store.known());
    if store.is_postgres() {
        // A transaction there sees one moment, which a read does not.
        let work = store.transact(move |tx| {
            let folder = folder.clone();
            Box::pin(async move { write_all(tx, &folder, known).await })
        });
        return work.await;
    }
    let work = store.read(move |tx| {
        let folder = folder.clone();
        Box::pin(async move { write_all(tx, &folder, known).await })
    });
    work.await
}

async fn write_all(
    tx: &mut Tx<'_>,
    folder: &Path,
    known: i64,
) -> Result<(Schema, Vec<TableCopy>), StoreError> {
    let schema = migrate::schema(tx, known).await?;
    let mut copies = Vec::new();
    for table in table::all(tx).await? {
        copies.push(write_table(tx, folder, table).await?);
    }
    Ok((schema, copies))
}

async fn write_table(tx: &mut Tx<'_>, folder: &Path, table: SourceTable) -> Result<TableCopy, StoreError> {
    let path = folder.join(file_name(&table.name));
    // Work may run again: then it begins anew.
    if path.exists() {
        std::fs::remove_file(&path).map_err(|e| file_error(&path, &e))?;
    }
    create_private(&path)?;
    let file = File::options().write(true).open(&path).map_err(|e| file_error(&path, &e))?;
    let mut out = Hashed { out: BufWriter::new(file), hash: Sha256::default(), path: path.clone() };
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    out.line(&serde_json::json!(names))?;
    let mut pages = table.pages(tx).await?;
    let mut rows = 0;
    loop {
        let page = pages.next(tx, PAGE).await?;
        for row in &page {
            out.line(&serde_json::Value::Array(row.iter().map(written).collect()))?;
        }
        rows += page.len() as u64;
        if page.len() < PAGE as usize {
            break;
        }
    }
    pages.end(tx).await?;
    Ok(TableCopy { rows, sha256: out.finish()?, name: table.name })
}

/// A file that is hashed while it is written.
struct Hashed {
    out: BufWriter<File>,
    hash: Sha256,
    path: PathBuf,
}

impl Hashed {
    fn line(&mut self, line: &serde_json::Value) -> Result<(), StoreError> {
        let text = format!("{line}\n");
        self.hash.update(text.as_bytes());
        self.out.write_all(text.as_bytes()).map_err(|e| file_error(&self.path, &e))
    }

    /// Has the file on disk; its hash.
    fn finish(self) -> Result<String, StoreError> {
        let file = self.out.into_inner().map_err(|e| file_error(&self.path, e.error()))?;
        file.sync_all().map_err(|e| file_error(&self.path, &e))?;
        Ok(self.hash.finish_hex())
    }
}

fn written(value: &Value) -> serde_json::Value {
    use base64::Engine as _;
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(v) => i64::from(*v).into(),
        Value::Int(v) => (*v).into(),
        Value::Text(v) => v.as_str().into(),
        Value::Bytes(v) => {
            serde_json::json!({ "base64": base64::engine::general_purpose::STANDARD.encode(v) })
        }
    }
}

/// Whether the files are what was written: each hash and each number of rows.
///
/// # Errors
/// [`StoreError::Corrupt`] names the first file that is not.
pub fn verify(folder: &Path, tables: &[TableCopy]) -> Result<(), StoreError> {
    for table in tables {
        let path = folder.join(table.file());
        let mut file = File::open(&path).map_err(|e| file_error(&path, &e))?;
        let (mut hash, mut lines, mut buffer) = (Sha256::default(), 0_u64, vec![0; 1 << 16]);
        loop {
            let read = file.read(&mut buffer).map_err(|e| file_error(&path, &e))?;
            let piece = buffer.get(..read).unwrap_or_default();
            if piece.is_empty() {
                break;
            }
            hash.update(piece);
            lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        if hash.finish_hex() != table.sha256 || lines != table.rows + 1 {
            return Err(StoreError::Corrupt {
                what: format!("{} is not as it was written: the copy is damaged", path.display()),
            });
        }
    }
    Ok(())
}

/// Opens the database that a copy is to fill, as the program that made the copy: its schema is made, but not in a database
/// that is in use.
///
/// # Errors
/// [`StoreError::Unstorable`] when it is in use; as [`Store::open_as`].
pub async fn target(config: StoreConfig, made_by: &Migrations) -> Result<Store, StoreError> {
    let StoreConfig { url, seal } = config;
    let seal = Arc::new(seal);
    // A file that is not there is nobody's, and is made below.
    if crate::sqlite::path(&url).is_none_or(|path| path.exists()) {
        let looking = Store::looking(&url, &seal)?;
        let in_use = looking.read(|tx| Box::pin(migrate::is_in_use(tx))).await;
        looking.close().await;
        if in_use? {
            return Err(in_use_already());
        }
    }
    Store::migrated(&url, seal, made_by).await
}

fn in_use_already() -> StoreError {
    StoreError::Unstorable { what: "a copy in a database that is in use: it needs an empty one".into() }
}

/// Fills an empty database with a copy, all of it or nothing, and holds each table to its number of rows. The database
/// is at the copy's schema. Answers how many secrets it holds, each of which was opened.
///
/// # Errors
/// [`StoreError::Sealed`] when the keys are not the copy's; [`StoreError::Unstorable`] when the database is not empty; [`StoreError::Corrupt`] for a file that is none of a
/// copy.
pub async fn fill(store: &Store, folder: &Path, tables: &[TableCopy]) -> Result<u64, StoreError> {
    let (folder, tables) = (folder.to_owned(), tables.to_vec());
    let work = store.transact(move |tx| {
        let (folder, tables) = (folder.clone(), tables.clone());
        Box::pin(async move {
            if migrate::is_in_use(tx).await? {
                return Err(in_use_already());
            }
            // It was sealed when the database was made, and comes with the copy.
            tx.execute("delete from seal_check", params![]).await?;
            let known = table::all(tx).await?;
            for copy in &tables {
                let target = known.iter().find(|table| table.name == copy.name);
                let target = target.ok_or_else(|| corrupt(&copy.name, "is a table of another program"))?;
                fill_table(tx, &folder, copy, target).await?;
            }
            secret::open_all(tx, PAGE).await
        })
    });
    work.await
}

async fn fill_table(
    tx: &mut Tx<'_>,
    folder: &Path,
    copy: &TableCopy,
    target: &SourceTable,
) -> Result<(), StoreError> {
    let path = folder.join(copy.file());
    let mut lines = BufReader::new(File::open(&path).map_err(|e| file_error(&path, &e))?);
    let mut line = || -> Result<Option<serde_json::Value>, StoreError> {
        let mut text = Vec::new();
        (&mut lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut text).map_err(|e| file_error(&path, &e))?;
        if text.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&text).map(Some).map_err(|_| corrupt(&copy.name, "has a line that is no JSON"))
    };
    let names: Vec<String> = line()?
        .and_then(|names| serde_json::from_value(names).ok())
        .ok_or_else(|| corrupt(&copy.name, "does not begin with its columns"))?;
    let columns = target.named(&names).ok_or_else(|| corrupt(&copy.name, "has other columns"))?;
    let (mut rows, mut written) = (Vec::new(), 0);
    loop {
        let next = line()?;
        let ended = next.is_none();
        if let Some(row) = next {
            rows.push(
                read_row(row, &columns).ok_or_else(|| corrupt(&copy.name, "has a row of another shape"))?,
            );
        }
        if ended || rows.len() >= PAGE as usize {
            written += target.insert(tx, &columns, std::mem::take(&mut rows)).await?;
        }
        if ended {
            break;
        }
    }
    match written == copy.rows {
        true => Ok(()),
        false => Err(corrupt(&copy.name, "has another number of rows than was written")),
    }
}

fn read_row(row: serde_json::Value, columns: &[&Column]) -> Option<Vec<Value>> {
    let serde_json::Value::Array(values) = row else { return None };
    if values.len() != columns.len() {
        return None;
    }
    values.into_iter().zip(columns).map(|(value, column)| column.read(value)).collect()
}

fn corrupt(table: &str, why: &str) -> StoreError {
    StoreError::Corrupt { what: format!("the copy of the table {table} {why}") }
}

fn file_error(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Engine(format!("{}: {error}", path.display()))
}
