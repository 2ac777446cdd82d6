//! Typed reading of a dictionary, with limits.

use super::{Dictionary, Value};
use crate::Error;

/// A dictionary whose keys are read by type, each with a limit in bytes.
///
/// An empty text or data counts as absent: devices send both for "none".
#[derive(Clone, Copy)]
pub struct Fields<'a>(pub &'a Dictionary);

impl<'a> Fields<'a> {
    /// A text that must be there.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::WrongType`], [`Error::TooLong`].
    pub fn text(self, key: &'static str, max_bytes: usize) -> Result<String, Error> {
        self.opt_text(key, max_bytes)?.ok_or(Error::Missing(key))
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// [`Error::WrongType`], [`Error::TooLong`].
    pub fn opt_text(self, key: &'static str, max_bytes: usize) -> Result<Option<String>, Error> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() > max_bytes => {
                Err(Error::TooLong { key, limit: max_bytes })
            }
            Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
            Some(_) => Err(Error::WrongType(key)),
        }
    }

    /// Data that must be there.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::WrongType`], [`Error::TooLong`].
    pub fn data(self, key: &'static str, max_bytes: usize) -> Result<Vec<u8>, Error> {
        self.opt_data(key, max_bytes)?.ok_or(Error::Missing(key))
    }

    /// Data that may be absent.
    ///
    /// # Errors
    /// [`Error::WrongType`], [`Error::TooLong`].
    pub fn opt_data(self, key: &'static str, max_bytes: usize) -> Result<Option<Vec<u8>>, Error> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Data(data)) if data.len() > max_bytes => {
                Err(Error::TooLong { key, limit: max_bytes })
            }
            Some(Value::Data(data)) => Ok((!data.is_empty()).then(|| data.clone())),
            Some(_) => Err(Error::WrongType(key)),
        }
    }

    /// A switch, read leniently: a boolean, a number other than 0, or the text `true`, `yes` or `1`, which odd clients
    /// send. `None` if it is absent or says nothing of the kind.
    pub fn opt_flag(self, key: &str) -> Option<bool> {
        match self.0.get(key)? {
            Value::Boolean(flag) => Some(*flag),
            Value::Integer(number) => Some(number.as_signed() != Some(0)),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(true),
                "false" | "no" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A switch that is off unless it is on. See [`Fields::opt_flag`].
    pub fn flag(self, key: &str) -> bool {
        self.opt_flag(key).unwrap_or(false)
    }

    /// A whole number, also from a real or a text; `None` if it is absent or no such number.
    pub fn opt_int(self, key: &str) -> Option<i64> {
        match self.0.get(key)? {
            Value::Integer(number) => number.as_signed(),
            Value::Real(number) if number.fract() == 0.0 && number.abs() < 9e15 =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
                Some(*number as i64)
            }
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number, also from a whole one; `None` if it is absent or no number.
    pub fn opt_real(self, key: &str) -> Option<f64> {
        match self.0.get(key)? {
            Value::Real(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "capacities and levels are small")]
            Value::Integer(number) => number.as_signed().map(|n| n as f64),
            _ => None,
        }
    }

    /// The text under a key, whatever its length; `None` if it is absent, empty or no text.
    pub fn peek(self, key: &str) -> Option<&'a str> {
        self.0.get(key).and_then(Value::as_string).filter(|text| !text.is_empty())
    }

    /// The dictionary under a key.
    pub fn dictionary(self, key: &str) -> Option<&'a Dictionary> {
        self.0.get(key).and_then(Value::as_dictionary)
    }

    /// The items of the array under a key; empty if there is none.
    pub fn items(self, key: &str) -> &'a [Value] {
        self.0.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The dictionaries in the array under a key; other items are passed over.
    pub fn dictionaries(self, key: &str) -> impl Iterator<Item = Fields<'a>> {
        self.items(key).iter().filter_map(Value::as_dictionary).map(Fields)
    }
}
