//! Rows as they come back, read column by column in the order of the select list.

use std::str::FromStr;

use domain::Time;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::value::Value;

/// One row. Each reader takes the next column.
pub(crate) struct Row {
    values: std::vec::IntoIter<Value>,
    taken: usize,
}

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self { values: values.into_iter(), taken: 0 }
    }

    /// What is left of it, as it is.
    pub(crate) fn rest(self) -> Vec<Value> {
        self.values.collect()
    }

    fn next(&mut self) -> Result<Value, StoreError> {
        self.taken += 1;
        self.values.next().ok_or_else(|| self.corrupt("is missing"))
    }

    /// Names the column by its place: texts of stored rows stay out of errors.
    fn corrupt(&self, why: &str) -> StoreError {
        StoreError::Corrupt { what: format!("column {} {why}", self.taken) }
    }

    pub(crate) fn value(&mut self) -> Result<Value, StoreError> {
        self.next()
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Text(v) => Ok(Some(v)),
            _ => Err(self.corrupt("is no text")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.opt_text()?.ok_or_else(|| self.corrupt("is null"))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Int(v) => Ok(Some(v)),
            _ => Err(self.corrupt("is no number")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        self.opt_int()?.ok_or_else(|| self.corrupt("is null"))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, StoreError> {
        let v = self.int()?;
        u32::try_from(v).map_err(|_| self.corrupt("is out of range"))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, StoreError> {
        let v = self.int()?;
        u64::try_from(v).map_err(|_| self.corrupt("is out of range"))
    }

    pub(crate) fn bool(&mut self) -> Result<bool, StoreError> {
        match self.next()? {
            Value::Bool(v) => Ok(v),
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => Err(self.corrupt("is no truth value")),
        }
    }

    pub(crate) fn opt_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Bytes(v) => Ok(Some(v)),
            _ => Err(self.corrupt("has no bytes")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.opt_bytes()?.ok_or_else(|| self.corrupt("is null"))
    }

    pub(crate) fn time(&mut self) -> Result<Time, StoreError> {
        self.int().map(Time::from_micros)
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Time>, StoreError> {
        Ok(self.opt_int()?.map(Time::from_micros))
    }

    /// An id, or another text that its type reads.
    pub(crate) fn id<T: FromStr>(&mut self) -> Result<T, StoreError> {
        let text = self.text()?;
        text.parse().map_err(|_| self.corrupt("is not such an id"))
    }

    pub(crate) fn opt_id<T: FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(text) = self.opt_text()? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.corrupt("is not such an id"))
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        self.opt_json()?.ok_or_else(|| self.corrupt("is null"))
    }

    pub(crate) fn opt_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(text) = self.opt_text()? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|_| self.corrupt("holds other nested data"))
    }

    /// The bare word of an enum that serializes as one.
    pub(crate) fn word<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let word = serde_json::Value::String(self.text()?);
        serde_json::from_value(word).map_err(|_| self.corrupt("holds an unknown word"))
    }

    pub(crate) fn opt_word<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(text) = self.opt_text()? else { return Ok(None) };
        let word = serde_json::Value::String(text);
        serde_json::from_value(word).map(Some).map_err(|_| self.corrupt("holds an unknown word"))
    }
}
