//! Values that go into statements, in the five shapes that both engines have.

use bytes::BytesMut;
use domain::{
    AuditEventId, CommandId, DeviceId, GroupId, KeyId, ManagedDeviceId, Platform, ProfileId,
    RoleAssignmentId, RoleDefinitionId, RunId, Serial, TenantId, Time, TokenId, UserId,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::Serialize;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::StoreError;

/// One value of a statement or a row. `Debug` shows its shape alone: it may be anything, and must not end in a log.
#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The parameters of a statement, each turned into a [`Value`].
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use params;

impl Value {
    /// Nested data as JSON text. The engines never look inside.
    pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, StoreError> {
        serde_json::to_string(value).map(Value::Text).map_err(|e| unstorable(&e))
    }

    /// As [`Value::json`]; nothing is null.
    pub(crate) fn opt_json<T: Serialize>(value: Option<&T>) -> Result<Self, StoreError> {
        value.map_or(Ok(Value::Null), Value::json)
    }

    /// The bare word of an enum that serializes as one.
    pub(crate) fn word<T: Serialize>(value: &T) -> Result<Self, StoreError> {
        match serde_json::to_value(value).map_err(|e| unstorable(&e))? {
            serde_json::Value::String(word) => Ok(Value::Text(word)),
            _ => Err(StoreError::Unstorable { what: "a word: it has parts".into() }),
        }
    }
}

/// Longest text from outside that an index holds, in bytes. PostgreSQL takes some 2,700; both engines take this.
pub(crate) const KEY_LEN_MAX: usize = 1_000;

impl Value {
    /// A text from outside that an index holds.
    pub(crate) fn key(text: &str) -> Result<Self, StoreError> {
        if text.len() > KEY_LEN_MAX {
            return Err(StoreError::Unstorable { what: format!("a name of more than {KEY_LEN_MAX} bytes") });
        }
        Ok(Value::from(text))
    }
}

fn unstorable(error: &serde_json::Error) -> StoreError {
    StoreError::Unstorable { what: format!("nested data: {error}") }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Value::Null => "Null",
            Value::Bool(_) => "Bool",
            Value::Int(_) => "Int",
            Value::Text(_) => "Text",
            Value::Bytes(_) => "Bytes",
        })
    }
}

macro_rules! from {
    ($($kind:ty => |$v:ident| $value:expr;)+) => {$(
        impl From<$kind> for Value {
            fn from($v: $kind) -> Self {
                $value
            }
        }
    )+};
}

from! {
    bool => |v| Value::Bool(v);
    i64 => |v| Value::Int(v);
    i32 => |v| Value::Int(v.into());
    u32 => |v| Value::Int(v.into());
    Time => |v| Value::Int(v.micros());
    &str => |v| Value::Text(v.to_owned());
    String => |v| Value::Text(v);
    &String => |v| Value::Text(v.clone());
    &[u8] => |v| Value::Bytes(v.to_vec());
    Vec<u8> => |v| Value::Bytes(v);
    Platform => |v| Value::Text(v.as_str().to_owned());
    &TenantId => |v| Value::Text(v.as_str().to_owned());
    &TokenId => |v| Value::Text(v.as_str().to_owned());
    &ProfileId => |v| Value::Text(v.as_str().to_owned());
    &DeviceId => |v| Value::Text(v.as_str().to_owned());
    &ManagedDeviceId => |v| Value::Text(v.as_str().to_owned());
    &RunId => |v| Value::Text(v.as_str().to_owned());
    &CommandId => |v| Value::Text(v.as_str().to_owned());
    &UserId => |v| Value::Text(v.as_str().to_owned());
    &KeyId => |v| Value::Text(v.as_str().to_owned());
    &GroupId => |v| Value::Text(v.as_str().to_owned());
    &RoleDefinitionId => |v| Value::Text(v.as_str().to_owned());
    &RoleAssignmentId => |v| Value::Text(v.as_str().to_owned());
    &AuditEventId => |v| Value::Text(v.as_str().to_owned());
    &Serial => |v| Value::Text(v.as_str().to_owned());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Bool(v) => ValueRef::Integer(i64::from(*v)),
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Bytes(v) => ValueRef::Blob(v),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Bool(v) => v.to_sql_checked(kind, out),
            Value::Int(v) => v.to_sql_checked(kind, out),
            Value::Text(v) => v.to_sql_checked(kind, out),
            Value::Bytes(v) => v.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // Each shape asks its own type above.
    }

    to_sql_checked!();
}
