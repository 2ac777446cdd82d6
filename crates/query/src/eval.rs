//! A checked filter over rows in memory.

use std::cmp::Ordering;

use serde_json::Value;

use crate::check::{CompareOp, Match, Property, Term, Test, flag_bits};
use crate::expr::Quantifier;
use crate::schema::Kind;
use crate::sql::Param;
use crate::text::fold;
use crate::time;

/// Whether a row, a JSON object with canonical names, passes. A filter that comes to null does not pass.
pub fn matches(test: &Test, row: &Value) -> bool {
    Rows(vec![row]).test(test) == Some(true)
}

/// The row, and the elements of the lambdas around.
struct Rows<'a>(Vec<&'a Value>);

impl<'a> Rows<'a> {
    fn test(&mut self, test: &Test) -> Option<bool> {
        match test {
            Test::Constant(value) => Some(*value),
            Test::And(parts) => self.combine(parts, false),
            Test::Or(parts) => self.combine(parts, true),
            Test::Not(inner) => self.test(inner).map(|value| !value),
            Test::Known(inner) => Some(self.test(inner) == Some(true)),
            Test::Flag(property) => match self.value(property)? {
                Param::Bool(value) => Some(value),
                _ => None,
            },
            Test::IsNull(term) => Some(self.is_null(term)),
            Test::Compare(term, op, value) => Some(holds(self.term(term).as_ref(), *op, Some(value))),
            Test::CompareTerms(left, op, right) => {
                let (left, right) = (self.term(left), self.term(right));
                Some(holds(left.as_ref(), *op, right.as_ref()))
            }
            Test::In(term, values, null) => {
                Some(self.term(term).map_or(*null, |value| values.contains(&value)))
            }
            Test::Has(property, bits) => match self.value(property)? {
                Param::Int(value) => Some(value & bits == *bits),
                _ => None,
            },
            Test::Text(property, how, needle) => match self.value(property)? {
                Param::Text(text) => Some(has_inside(&text, *how, needle)),
                _ => None,
            },
            Test::Lambda { collection, quantifier, body } => {
                Some(self.lambda(collection, *quantifier, body.as_deref()))
            }
            Test::IsOf(property, types) => Some(is_of(self.json(property), types)),
        }
    }

    /// `or` with `decides` true, `and` with false: one part that decides is enough, then null, then the opposite.
    fn combine(&mut self, parts: &[Test], decides: bool) -> Option<bool> {
        let mut null = false;
        for part in parts {
            match self.test(part) {
                Some(value) if value == decides => return Some(decides),
                Some(_) => {}
                None => null = true,
            }
        }
        (!null).then_some(!decides)
    }

    fn lambda(&mut self, collection: &Property, quantifier: Quantifier, body: Option<&Test>) -> bool {
        let elements = self.json(collection).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let any = quantifier == Quantifier::Any;
        let Some(body) = body else { return any != elements.is_empty() };
        for element in elements {
            self.0.push(element);
            let passes = self.test(body) == Some(true);
            self.0.pop();
            if passes == any {
                return any;
            }
        }
        !any
    }

    fn is_null(&self, term: &Term) -> bool {
        match term {
            Term::Property(property) => self.json(property).is_none_or(Value::is_null),
            Term::Length(_) | Term::Count(_) => self.term(term).is_none(),
        }
    }

    fn term(&self, term: &Term) -> Option<Param> {
        match term {
            Term::Property(property) => self.value(property),
            Term::Length(property) => {
                let text = self.json(property)?.as_str()?;
                i64::try_from(text.chars().count()).ok().map(Param::Int)
            }
            Term::Count(property) => {
                let count = self.json(property).and_then(Value::as_array).map_or(0, Vec::len);
                i64::try_from(count).ok().map(Param::Int)
            }
        }
    }

    fn value(&self, property: &Property) -> Option<Param> {
        read(property, self.json(property)?)
    }

    fn json(&self, property: &Property) -> Option<&'a Value> {
        find(self.0.get(property.scope).copied()?, property)
    }
}

/// The JSON of a property inside its row or element; `None` if it is not there or a cast on the way fails.
pub(crate) fn find<'a>(from: &'a Value, property: &Property) -> Option<&'a Value> {
    let mut value = from;
    let mut casts = property.casts.iter().peekable();
    for depth in 0..=property.path.len() {
        while let Some((_, types)) = casts.next_if(|(at, _)| *at == depth) {
            if !is_of(Some(value), types) {
                return None;
            }
        }
        if let Some(name) = property.path.get(depth) {
            value = value.get(name)?;
        }
    }
    Some(value)
}

/// The value of a property as it compares; `None` for null and for JSON of another type.
pub(crate) fn read(property: &Property, json: &Value) -> Option<Param> {
    match property.kind {
        Kind::String => json
            .as_str()
            .map(|text| Param::Text(if property.ignore_case { fold(text) } else { text.to_owned() })),
        Kind::Guid => json.as_str().map(|text| Param::Text(text.to_ascii_lowercase())),
        Kind::Bool => json.as_bool().map(Param::Bool),
        Kind::Int => json.as_i64().map(Param::Int),
        Kind::Real => json.as_f64().map(Param::Real),
        Kind::DateTime => json.as_str().and_then(time::micros).map(Param::Int),
        Kind::Enum(members) => {
            let text = json.as_str()?;
            let member = members.iter().find(|member| member.eq_ignore_ascii_case(text));
            Some(Param::Text(member.map_or_else(|| text.to_owned(), |member| (*member).to_owned())))
        }
        Kind::Flags(members) => json.as_str().and_then(|text| flag_bits(text, members)).map(Param::Int),
        Kind::Complex(_) | Kind::Collection(_) => None,
    }
}

/// Two nulls are equal, and null is neither greater nor less than anything (OData 4.01 part 2, 5.1.1.1).
fn holds(left: Option<&Param>, op: CompareOp, right: Option<&Param>) -> bool {
    let order = match (left, right) {
        (Some(left), Some(right)) => left.order(right),
        (None, None) if !matches!(op, CompareOp::Ge | CompareOp::Le) => Some(Ordering::Equal),
        _ => None,
    };
    match op {
        CompareOp::Eq => order == Some(Ordering::Equal),
        CompareOp::Ne => order != Some(Ordering::Equal),
        CompareOp::Gt => order == Some(Ordering::Greater),
        CompareOp::Lt => order == Some(Ordering::Less),
        CompareOp::Ge => order.is_some_and(Ordering::is_ge),
        CompareOp::Le => order.is_some_and(Ordering::is_le),
    }
}

fn has_inside(text: &str, how: Match, needle: &str) -> bool {
    match how {
        Match::Contains => text.contains(needle),
        Match::StartsWith => text.starts_with(needle),
        Match::EndsWith => text.ends_with(needle),
    }
}

fn is_of(value: Option<&Value>, types: &[&str]) -> bool {
    let Some(name) = value.and_then(|value| value.get("@odata.type")).and_then(Value::as_str) else {
        return false;
    };
    let name = name.strip_prefix('#').unwrap_or(name);
    types.iter().any(|known| known.eq_ignore_ascii_case(name))
}
