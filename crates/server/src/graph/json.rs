//! JSON as Graph's clients send it: RFC 8259, and keys without quotes, which a Microsoft sample sends and Graph takes
//! (intune.md 4.5). A key given twice is refused, since readers disagree about which one counts.

use serde_json::{Map, Number, Value};

/// Nesting of objects and arrays. The deepest body that a client sends has six levels.
pub(crate) const DEPTH_MAX: usize = 32;
/// Values in one body: a list of 10,000 devices with eight properties each fits.
pub(crate) const VALUES_MAX: usize = 100_000;

/// Why a body is not JSON. The position counts characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the body: at line {line}, character {column}, {words}")]
pub(crate) struct JsonError {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) words: String,
}

/// Reads one JSON value. A byte order mark before it is passed over, as Windows PowerShell writes one.
pub(crate) fn parse(text: &str) -> Result<Value, JsonError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { text, at: 0, values: 0 };
    let value = parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.wrong("expected the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.space();
        let there = self.peek() == Some(wanted);
        if there {
            self.at += wanted.len_utf8();
        }
        there
    }

    fn wrong(&self, words: impl Into<String>) -> JsonError {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        JsonError { line, column, words: words.into() }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.space();
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return Err(self.wrong(format!(
                "it is nested deeper than {DEPTH_MAX} or has more than {VALUES_MAX} values"
            )));
        }
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string().map(Value::String),
            Some('-' | '0'..='9') => self.number(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut members = Map::new();
        self.at += 1;
        if self.take('}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let at = self.at;
            let key = self.key()?;
            if members.contains_key(&key) {
                self.at = at;
                return Err(self.wrong(format!("the property '{}' is given twice", short(&key))));
            }
            if !self.take(':') {
                return Err(self.wrong("expected ':'"));
            }
            let value = self.value(depth + 1)?;
            members.insert(key, value);
            if self.take(',') {
                continue;
            }
            return if self.take('}') {
                Ok(Value::Object(members))
            } else {
                Err(self.wrong("expected ',' or '}'"))
            };
        }
    }

    fn key(&mut self) -> Result<String, JsonError> {
        if self.peek() == Some('"') {
            return self.string();
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.' | '$' | '-');
        let length = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
        let name = self.rest().get(..length).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(self.wrong("expected a property name"));
        }
        self.at += length;
        Ok(name)
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        self.at += 1;
        if self.take(']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(',') {
                continue;
            }
            return if self.take(']') {
                Ok(Value::Array(items))
            } else {
                Err(self.wrong("expected ',' or ']'"))
            };
        }
    }

    /// Finds the closing quote; what is between is plain JSON, and serde_json reads it.
    fn string(&mut self) -> Result<String, JsonError> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let Some((end, _)) = end else { return Err(self.wrong("the text does not end with a quote")) };
        let raw = rest.get(..=end).unwrap_or_default();
        let text = serde_json::from_str(raw)
            .map_err(|_| self.wrong("the text has a bad escape or control character"))?;
        self.at += end + 1;
        Ok(text)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let length = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        let raw = self.rest().get(..length).unwrap_or_default();
        let number: Number = serde_json::from_str(raw).map_err(|_| self.wrong("expected a number"))?;
        self.at += length;
        Ok(Value::Number(number))
    }

    fn word(&mut self) -> Result<Value, JsonError> {
        for (word, value) in
            [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
        {
            let follows = self.rest().strip_prefix(word);
            if follows.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric())) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("expected a value"))
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
