//! Lists and maps of an answer, read record by record: one that is damaged must not cost all the others.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::AssignResult;
use crate::error::printable;

/// The most unreadable records of one answer: as many as a page has devices. With more it is no page at all.
const MAX_UNREADABLE: usize = 1000;

/// The longest pause believed, in seconds: a week. Apple's last about a day; one without end would keep a device from
/// its profile for ever.
const LONGEST_PAUSE: u64 = 7 * 24 * 3600;

/// The record of a device that could not be read. The others of the same answer were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableDevice {
    /// Its serial number, if that could be read: printable, at most 200 characters.
    pub serial_number: Option<String>,
    /// What is wrong with it, and with which key; printable, at most 200 characters.
    pub why: String,
}

/// What was read, and what was not.
#[derive(Debug)]
pub(super) struct Each<C> {
    pub(super) read: C,
    pub(super) unreadable: Vec<UnreadableDevice>,
}

impl<C: Default> Default for Each<C> {
    fn default() -> Self {
        Self { read: C::default(), unreadable: Vec::new() }
    }
}

impl<C> Each<C> {
    fn note<E: serde::de::Error>(&mut self, serial: Option<&str>, why: &str) -> Result<(), E> {
        if self.unreadable.len() == MAX_UNREADABLE {
            return Err(E::custom("too many unreadable records"));
        }
        let serial_number = serial.map(printable).filter(|serial| !serial.is_empty());
        self.unreadable.push(UnreadableDevice { serial_number, why: printable(why) });
        Ok(())
    }
}

/// A record as `T`, or why not.
fn record<T: DeserializeOwned>(raw: &RawValue) -> Result<T, (Option<String>, String)> {
    let text = raw.get();
    // A zero byte comes only escaped. What is plain is read at once; whatever is not, at leisure.
    if text.starts_with('{')
        && !text.contains("\\u0000")
        && let Ok(read) = serde_json::from_str(text)
    {
        return Ok(read);
    }
    damaged(serde_json::from_str(text).map_err(|error| (None, error.to_string()))?)
}

/// A record that may be damaged. The parser's words do not name the key, so that each is tried by itself.
fn damaged<T: DeserializeOwned>(value: Value) -> Result<T, (Option<String>, String)> {
    // Serde would take a list for the values of the keys in their order.
    let Value::Object(keys) = value else { return Err((None, "it is no object".to_owned())) };
    let serial = keys.get("serial_number").and_then(Value::as_str).map(str::to_owned);
    // No database takes it in text, and then the whole page would not be stored.
    if let Some((key, _)) = keys.iter().find(|(_, value)| has_nul(value)) {
        return Err((serial, format!("{key}: it has a NUL")));
    }
    let words = match T::deserialize(&keys) {
        Ok(read) => return Ok(read),
        Err(error) => error.to_string(),
    };
    let by_key = keys.into_iter().find_map(|(key, value)| {
        let alone = Value::Object(Map::from_iter([(key.clone(), value)]));
        serde_json::from_value::<T>(alone).err().map(|error| format!("{key}: {error}"))
    });
    Err((serial, by_key.unwrap_or(words)))
}

/// Whether a text, or one in a list, has a NUL. Deeper ones are not kept.
fn has_nul(value: &Value) -> bool {
    let nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
    nul(value) || value.as_array().is_some_and(|items| items.iter().any(nul))
}

/// Reads a list, or `null` for an empty one.
pub(super) fn list<'de, T, D>(from: D) -> Result<Each<Vec<T>>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    from.deserialize_option(List(PhantomData))
}

/// Reads a list of which only the readable part matters.
pub(super) fn readable<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    list(from).map(|each| each.read)
}

struct List<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for List<T> {
    type Value = Each<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Each::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut each = Each::<Vec<T>>::default();
        while let Some(value) = items.next_element::<Box<RawValue>>()? {
            match record(&value) {
                Ok(item) => each.read.push(item),
                Err((serial, why)) => each.note(serial.as_deref(), &why)?,
            }
        }
        Ok(each)
    }
}

/// Reads a map by serial number, or `null` for an empty one.
pub(super) fn map<'de, T, D>(from: D) -> Result<Each<BTreeMap<String, T>>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    from.deserialize_option(BySerial(PhantomData))
}

struct BySerial<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for BySerial<T> {
    type Value = Each<BTreeMap<String, T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Each::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut each = Each::<BTreeMap<String, T>>::default();
        while let Some((serial, value)) = entries.next_entry::<String, Box<RawValue>>()? {
            match record(&value) {
                Ok(item) => {
                    each.read.insert(serial, item);
                }
                Err((_, why)) => each.note(Some(&serial), &why)?,
            }
        }
        Ok(each)
    }
}

/// Reads what became of each device. A result that is no word counts as one that we do not know, under what it is in
/// JSON: who asked for a device must hear of it, and that it was done must not be believed.
pub(super) fn results<'de, D>(from: D) -> Result<BTreeMap<String, AssignResult>, D::Error>
where
    D: Deserializer<'de>,
{
    let values: Option<BTreeMap<String, Value>> = Option::deserialize(from)?;
    let result = |value: Value| match value.as_str() {
        Some(word) => AssignResult::from(word),
        None => AssignResult::Other(printable(&value.to_string())),
    };
    Ok(values.unwrap_or_default().into_iter().map(|(serial, value)| (serial, result(value))).collect())
}

/// Reads a pause in seconds, also one in a text, of at most a week; `None` for what is none.
pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let value = Value::deserialize(from)?;
    let seconds = match &value {
        Value::String(text) => text.trim().parse().ok(),
        // 1.5 s are waited out as 2; Rust's cast saturates, and a negative number is no wait that was asked for.
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64().filter(|number| *number >= 0.0)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates, not negative"
            )]
            Some(number.ceil() as u64)
        }),
        _ => None,
    };
    Ok(seconds.map(|seconds: u64| seconds.min(LONGEST_PAUSE)))
}
