//! Literals to the type of what they compare with.

use super::{Property, Term, mismatch};
use crate::error::{Error, short};
use crate::expr::{Expr, Literal};
use crate::schema::Kind;
use crate::sql::Param;
use crate::text::fold;
use crate::time;

/// The value of a literal beside a term; `None` is null.
pub(super) fn term_value(expr: &Expr, term: &Term, literal: &Literal) -> Result<Option<Param>, Error> {
    match (term, literal) {
        (Term::Property(property), _) => value(expr, property, literal),
        (_, Literal::Null) => Ok(None),
        (_, Literal::Int(count)) => Ok(Some(Param::Int(*count))),
        _ => Err(mismatch(expr, "compares a number with what is not a whole number")),
    }
}

/// The value of a literal beside a property; `None` is null.
pub(super) fn value(expr: &Expr, property: &Property, literal: &Literal) -> Result<Option<Param>, Error> {
    if *literal == Literal::Null {
        return Ok(None);
    }
    let value = match property.kind {
        Kind::String => text(literal)
            .map(|text| Param::Text(if property.ignore_case { fold(text) } else { text.to_owned() })),
        Kind::Guid => {
            text(literal).filter(|text| is_guid(text)).map(|text| Param::Text(text.to_ascii_lowercase()))
        }
        Kind::Bool => boolean(literal).map(Param::Bool),
        Kind::Int => match literal {
            Literal::Int(value) => Some(Param::Int(*value)),
            _ => None,
        },
        Kind::Real => real(literal).map(Param::Real),
        Kind::DateTime => match literal {
            Literal::Time(text) | Literal::Text(text) | Literal::Typed(_, text) => {
                time::micros(text).map(Param::Int)
            }
            _ => None,
        },
        Kind::Enum(members) => return member(expr, literal, members).map(Some),
        Kind::Flags(members) => return bits(expr, literal, members).map(Some),
        Kind::Complex(_) | Kind::Collection(_) => None,
    };
    match value {
        Some(value) => Ok(Some(value)),
        None => Err(mismatch(
            expr,
            &format!(
                "compares '{}' with {}; it takes {}",
                property.name(),
                short(&literal.to_string()),
                property.kind.called()
            ),
        )),
    }
}

fn text(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) | Literal::Guid(text) | Literal::Typed(_, text) => Some(text),
        _ => None,
    }
}

fn boolean(literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Bool(value) => Some(*value),
        // Scripts put every value in quotes.
        Literal::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Literal::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn real(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Int(value) => value.to_string().parse().ok(),
        Literal::Decimal(text) => text.parse().ok(),
        _ => None,
    }
}

fn member(expr: &Expr, literal: &Literal, members: &[&str]) -> Result<Param, Error> {
    text(literal)
        .and_then(|text| members.iter().find(|member| member.eq_ignore_ascii_case(text.trim())))
        .map(|member| Param::Text((*member).to_owned()))
        .ok_or_else(|| not_a_member(expr, literal, members))
}

fn bits(expr: &Expr, literal: &Literal, members: &[&str]) -> Result<Param, Error> {
    text(literal)
        .and_then(|text| flag_bits(text, members))
        .map(Param::Int)
        .ok_or_else(|| not_a_member(expr, literal, members))
}

/// The bits of flags written with commas; `None` if one is unknown.
pub(crate) fn flag_bits(text: &str, members: &[&str]) -> Option<i64> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.into_iter().try_fold(0_i64, |bits, name| {
        let index = members.iter().position(|member| member.eq_ignore_ascii_case(name))?;
        Some(bits | 1_i64.checked_shl(u32::try_from(index).ok()?)?)
    })
}

fn not_a_member(expr: &Expr, literal: &Literal, members: &[&str]) -> Error {
    let literal = short(&literal.to_string());
    mismatch(expr, &format!("names {literal}, which is none of {}", members.join(", ")))
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether one can be greater than another.
pub(super) fn is_ordered(term: &Term) -> bool {
    match term {
        Term::Property(property) => {
            matches!(property.kind, Kind::String | Kind::Guid | Kind::Int | Kind::Real | Kind::DateTime)
        }
        Term::Length(_) | Term::Count(_) => true,
    }
}

/// Whether two terms compare with each other.
pub(super) fn same_kind(left: &Term, right: &Term) -> bool {
    match (shape(left), shape(right)) {
        (Some(Kind::Enum(left)), Some(Kind::Enum(right)))
        | (Some(Kind::Flags(left)), Some(Kind::Flags(right))) => left == right,
        (Some(left), Some(right)) => std::mem::discriminant(&left) == std::mem::discriminant(&right),
        _ => false,
    }
}

/// The kind of a term that has values of its own.
fn shape(term: &Term) -> Option<Kind> {
    match term {
        Term::Property(property) => match property.kind {
            Kind::Complex(_) | Kind::Collection(_) => None,
            kind => Some(kind),
        },
        Term::Length(_) | Term::Count(_) => Some(Kind::Int),
    }
}
