//! A filter that is known to fit its rows: names are canonical, literals have the type of what they compare with.

mod coerce;
mod resolve;

use crate::error::{Error, short};
use crate::expr::{BinaryOp, Expr, Function, Literal, Path, Quantifier};
use crate::options::Direction;
use crate::order::Key;
use crate::schema::{Entity, Kind};
use crate::sql::Param;
use crate::text::fold;

pub(crate) use coerce::flag_bits;
use resolve::Scope;

/// A truth value about a row, in the three-valued logic of OData: true, false, or null where a text test meets null.
#[derive(Debug, Clone)]
pub enum Test {
    /// Always this.
    Constant(bool),
    /// All hold.
    And(Vec<Test>),
    /// One holds.
    Or(Vec<Test>),
    /// Does not hold; the opposite of null is null.
    Not(Box<Test>),
    /// Holds; null counts as false. From `contains(a, 'b') eq true`.
    Known(Box<Test>),
    /// A boolean property by itself.
    Flag(Property),
    /// The term is null.
    IsNull(Term),
    /// A term against a value. Never null: a null term equals no value and is neither greater nor less.
    Compare(Term, CompareOp, Param),
    /// A term against a term of the same kind; two nulls are equal.
    CompareTerms(Term, CompareOp, Term),
    /// The term is one of the values, or null if the flag says so. Never null.
    In(Term, Vec<Param>, bool),
    /// All these bits are set in a flag enum. Null for null.
    Has(Property, i64),
    /// A text test with the needle folded if the property ignores case. Null for null.
    Text(Property, Match, String),
    /// A test of the elements of a collection; null counts as empty, and a body that is null as false.
    Lambda {
        /// The collection.
        collection: Property,
        /// Any or all.
        quantifier: Quantifier,
        /// What must hold for the element, which is the innermost scope; nothing means that an element exists.
        body: Option<Box<Test>>,
    },
    /// `@odata.type` of the row or of a complex value is one of these names.
    IsOf(Property, &'static [&'static str]),
}

/// What is compared.
#[derive(Debug, Clone)]
pub enum Term {
    /// A property.
    Property(Property),
    /// The number of characters of a text.
    Length(Property),
    /// The number of elements of a collection.
    Count(Property),
}

/// A property found, from the row or from the element of a lambda.
#[derive(Debug, Clone)]
pub struct Property {
    /// 0 for the row, 1 for the element of the outermost lambda, and so on.
    pub scope: usize,
    /// Canonical names from there; empty for the row or element itself.
    pub path: Vec<&'static str>,
    /// Its kind.
    pub kind: Kind,
    /// Whether text compares without case: always, unless the property is exact and nothing like `tolower` is
    /// around it.
    pub ignore_case: bool,
    /// Casts on the way: after this many names of the path, the value is null unless its type is one of these.
    pub casts: Vec<(usize, &'static [&'static str])>,
}

impl Property {
    /// The canonical path with slashes.
    pub fn name(&self) -> String {
        self.path.join("/")
    }
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CompareOp {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
}

impl CompareOp {
    /// The operator with its sides exchanged.
    fn flipped(self) -> Self {
        match self {
            Self::Eq | Self::Ne => self,
            Self::Gt => Self::Lt,
            Self::Lt => Self::Gt,
            Self::Ge => Self::Le,
            Self::Le => Self::Ge,
        }
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }

    fn of(op: BinaryOp) -> Option<Self> {
        Some(match op {
            BinaryOp::Eq => Self::Eq,
            BinaryOp::Ne => Self::Ne,
            BinaryOp::Gt => Self::Gt,
            BinaryOp::Lt => Self::Lt,
            BinaryOp::Ge => Self::Ge,
            BinaryOp::Le => Self::Le,
            BinaryOp::Has => return None,
        })
    }
}

/// Where a text has another inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Anywhere.
    Contains,
    /// At the start.
    StartsWith,
    /// At the end.
    EndsWith,
}

/// Checks a filter against the description of the rows.
///
/// # Errors
/// [`Error::UnknownProperty`], [`Error::UnknownType`], [`Error::NotOffered`] or [`Error::Mismatch`].
pub fn check(filter: &Expr, entity: &dyn Entity) -> Result<Test, Error> {
    Checker { scope: Scope::new(entity) }.test(filter)
}

/// Checks `$select`. `None` selects everything, as an empty `$select` or one with `*` does.
///
/// # Errors
/// [`Error::UnknownProperty`], [`Error::UnknownType`] or [`Error::NotOffered`].
pub fn check_select(select: &[Path], entity: &dyn Entity) -> Result<Option<Vec<Property>>, Error> {
    let scope = Scope::new(entity);
    let mut all = select.is_empty();
    let mut properties = Vec::new();
    for path in select {
        if matches!(path.0.as_slice(), [star] if star == "*") {
            all = true;
        } else {
            properties.push(scope.resolve(path, "$select", |info| info.selectable)?);
        }
    }
    Ok((!all).then_some(properties))
}

/// Checks `$orderby`.
///
/// # Errors
/// [`Error::UnknownProperty`], [`Error::UnknownType`] or [`Error::NotOffered`].
pub fn check_order(order: &[(Path, Direction)], entity: &dyn Entity) -> Result<Vec<Key>, Error> {
    let scope = Scope::new(entity);
    order
        .iter()
        .map(|(path, direction)| {
            let property = scope.resolve(path, "$orderby", |info| info.sortable)?;
            if matches!(property.kind, Kind::Collection(_) | Kind::Complex(_) | Kind::Flags(_)) {
                return Err(Error::NotOffered { name: property.name(), option: "$orderby" });
            }
            Ok(Key { property, direction: *direction })
        })
        .collect()
}

struct Checker<'a> {
    scope: Scope<'a>,
}

/// An operand: a value that stands for itself or a term of the row.
enum Operand<'e> {
    Literal(Literal),
    Term(Term),
    Test(&'e Expr),
}

impl Checker<'_> {
    fn test(&mut self, expr: &Expr) -> Result<Test, Error> {
        match expr {
            Expr::And(parts) => Ok(Test::And(self.tests(parts)?)),
            Expr::Or(parts) => Ok(Test::Or(self.tests(parts)?)),
            Expr::Not(inner) => Ok(Test::Not(Box::new(self.test(inner)?))),
            Expr::Literal(Literal::Bool(value)) => Ok(Test::Constant(*value)),
            Expr::Literal(_) => Err(mismatch(expr, "is a value where something true or false is due")),
            Expr::Path(path) => self.flag(expr, path),
            Expr::Call(function, arguments) => self.call(expr, *function, arguments),
            Expr::Compare(left, BinaryOp::Has, right) => self.has(expr, left, right),
            Expr::Compare(left, op, right) => self.compare(expr, left, *op, right),
            Expr::In(left, list) => self.is_in(expr, left, list),
            Expr::Lambda { path, quantifier, body } => self.lambda(expr, path, *quantifier, body.as_ref()),
            Expr::IsOf(path, name) => self.scope.is_of(path.as_ref(), name),
        }
    }

    fn tests(&mut self, parts: &[Expr]) -> Result<Vec<Test>, Error> {
        parts.iter().map(|part| self.test(part)).collect()
    }

    fn property(&self, path: &Path) -> Result<Property, Error> {
        self.scope.resolve(path, "$filter", |info| info.filterable)
    }

    fn flag(&self, expr: &Expr, path: &Path) -> Result<Test, Error> {
        let property = self.property(path)?;
        match property.kind {
            Kind::Bool => Ok(Test::Flag(property)),
            _ => Err(mismatch(expr, "is not true or false by itself; compare it with a value")),
        }
    }

    fn operand<'e>(&self, expr: &'e Expr) -> Result<Operand<'e>, Error> {
        Ok(match expr {
            Expr::Literal(literal) => Operand::Literal(literal.clone()),
            Expr::Path(path) => Operand::Term(self.path_term(path)?),
            Expr::Call(Function::Length, arguments) => match self.argument(expr, arguments)? {
                Operand::Term(Term::Property(property)) if matches!(property.kind, Kind::String) => {
                    Operand::Term(Term::Length(property))
                }
                _ => return Err(mismatch(expr, "needs a text property")),
            },
            Expr::Call(function @ (Function::ToLower | Function::ToUpper), arguments) => {
                match self.argument(expr, arguments)? {
                    Operand::Term(Term::Property(property)) if matches!(property.kind, Kind::String) => {
                        Operand::Term(Term::Property(Property { ignore_case: true, ..property }))
                    }
                    Operand::Literal(Literal::Text(text)) => {
                        let lower = *function == Function::ToLower;
                        let text = if lower { text.to_lowercase() } else { text.to_uppercase() };
                        Operand::Literal(Literal::Text(text))
                    }
                    _ => return Err(mismatch(expr, "needs a text property or text in single quotes")),
                }
            }
            test => Operand::Test(test),
        })
    }

    fn argument<'e>(&self, expr: &Expr, arguments: &'e [Expr]) -> Result<Operand<'e>, Error> {
        let first = arguments.first().ok_or_else(|| mismatch(expr, "needs an argument"))?;
        self.operand(first)
    }

    fn path_term(&self, path: &Path) -> Result<Term, Error> {
        let Some((last, collection)) = path.0.split_last().filter(|(last, _)| last.as_str() == "$count")
        else {
            return Ok(Term::Property(self.property(path)?));
        };
        let property = self.property(&Path(collection.to_vec()))?;
        match property.kind {
            Kind::Collection(_) => Ok(Term::Count(property)),
            _ => Err(mismatch(last, "counts collections only")),
        }
    }

    fn call(&mut self, expr: &Expr, function: Function, arguments: &[Expr]) -> Result<Test, Error> {
        let how = match function {
            Function::Contains | Function::SubstringOf => Match::Contains,
            Function::StartsWith => Match::StartsWith,
            Function::EndsWith => Match::EndsWith,
            Function::ToLower | Function::ToUpper | Function::Length => {
                return Err(mismatch(expr, "is a value; compare it with another"));
            }
        };
        let (text, needle) = match (function, arguments) {
            (Function::SubstringOf, [needle, text]) | (_, [text, needle]) => (text, needle),
            _ => return Err(mismatch(expr, "needs two arguments")),
        };
        let Operand::Term(Term::Property(property)) = self.operand(text)? else {
            return Err(mismatch(expr, "needs a text property to look into"));
        };
        if !matches!(property.kind, Kind::String) {
            return Err(mismatch(expr, "looks into text; this property is not text"));
        }
        let needle = match self.operand(needle)? {
            Operand::Literal(Literal::Text(needle) | Literal::Guid(needle)) => needle,
            _ => return Err(mismatch(expr, "needs text in single quotes to look for")),
        };
        let needle = if property.ignore_case { fold(&needle) } else { needle };
        Ok(Test::Text(property, how, needle))
    }

    fn compare(&mut self, expr: &Expr, left: &Expr, op: BinaryOp, right: &Expr) -> Result<Test, Error> {
        let op = CompareOp::of(op).ok_or_else(|| mismatch(expr, "is not a comparison"))?;
        match (self.operand(left)?, self.operand(right)?) {
            (Operand::Term(term), Operand::Literal(literal)) => compare_value(expr, term, op, &literal),
            (Operand::Literal(literal), Operand::Term(term)) => {
                compare_value(expr, term, op.flipped(), &literal)
            }
            (Operand::Term(left), Operand::Term(right)) => compare_terms(expr, left, op, right),
            (Operand::Literal(left), Operand::Literal(right)) => constant(expr, &left, op, &right),
            (Operand::Test(test), Operand::Literal(Literal::Bool(value)))
            | (Operand::Literal(Literal::Bool(value)), Operand::Test(test)) => {
                let test = self.test(test)?;
                let wanted = if value { test } else { Test::Not(Box::new(test)) };
                let known = Test::Known(Box::new(wanted));
                match op {
                    CompareOp::Eq => Ok(known),
                    CompareOp::Ne => Ok(Test::Not(Box::new(known))),
                    _ => Err(mismatch(expr, "compares true and false by order; use eq or ne")),
                }
            }
            _ => Err(mismatch(expr, "compares something true or false with a value that is not")),
        }
    }

    fn has(&mut self, expr: &Expr, left: &Expr, right: &Expr) -> Result<Test, Error> {
        let (Operand::Term(Term::Property(property)), Operand::Literal(literal)) =
            (self.operand(left)?, self.operand(right)?)
        else {
            return Err(mismatch(expr, "needs a property and a value"));
        };
        match coerce::value(expr, &property, &literal)? {
            Some(Param::Int(bits)) if matches!(property.kind, Kind::Flags(_)) => {
                Ok(Test::Has(property, bits))
            }
            // An enum with one member at a time has that member only.
            Some(value) if matches!(property.kind, Kind::Enum(_)) => {
                Ok(Test::Compare(Term::Property(property), CompareOp::Eq, value))
            }
            _ => Err(mismatch(expr, "uses 'has', which is for enums")),
        }
    }

    fn is_in(&mut self, expr: &Expr, left: &Expr, list: &[Literal]) -> Result<Test, Error> {
        let Operand::Term(term) = self.operand(left)? else {
            return Err(mismatch(expr, "needs a property before 'in'"));
        };
        let mut values = Vec::with_capacity(list.len());
        let mut null = false;
        for literal in list {
            match coerce::term_value(expr, &term, literal)? {
                Some(value) => values.push(value),
                None => null = true,
            }
        }
        Ok(Test::In(term, values, null))
    }

    fn lambda(
        &mut self,
        expr: &Expr,
        path: &Path,
        quantifier: Quantifier,
        body: Option<&(String, Box<Expr>)>,
    ) -> Result<Test, Error> {
        let collection = self.property(path)?;
        let Kind::Collection(element) = collection.kind else {
            return Err(mismatch(expr, "asks for elements of what is not a collection"));
        };
        let body = match body {
            None => None,
            Some((variable, body)) => {
                self.scope.enter(variable, *element);
                let test = self.test(body);
                self.scope.leave();
                Some(Box::new(test?))
            }
        };
        Ok(Test::Lambda { collection, quantifier, body })
    }
}

fn compare_value(expr: &Expr, term: Term, op: CompareOp, literal: &Literal) -> Result<Test, Error> {
    let Some(value) = coerce::term_value(expr, &term, literal)? else {
        return Ok(match op {
            CompareOp::Eq => Test::IsNull(term),
            CompareOp::Ne => Test::Not(Box::new(Test::IsNull(term))),
            _ => Test::Constant(false),
        });
    };
    if op.is_order() && !coerce::is_ordered(&term) {
        return Err(mismatch(expr, "compares by order what has none; use eq, ne or in"));
    }
    Ok(Test::Compare(term, op, value))
}

fn compare_terms(expr: &Expr, left: Term, op: CompareOp, right: Term) -> Result<Test, Error> {
    if !coerce::same_kind(&left, &right) {
        return Err(mismatch(expr, "compares properties of different types"));
    }
    if op.is_order() && !coerce::is_ordered(&left) {
        return Err(mismatch(expr, "compares by order what has none; use eq, ne or in"));
    }
    let (mut left, mut right) = (left, right);
    if let (Term::Property(left), Term::Property(right)) = (&mut left, &mut right) {
        let ignore_case = left.ignore_case || right.ignore_case;
        (left.ignore_case, right.ignore_case) = (ignore_case, ignore_case);
    }
    Ok(Test::CompareTerms(left, op, right))
}

/// Two values, such as `1 eq 1`: scripts write it for "everything".
fn constant(expr: &Expr, left: &Literal, op: CompareOp, right: &Literal) -> Result<Test, Error> {
    match op {
        CompareOp::Eq => Ok(Test::Constant(left == right)),
        CompareOp::Ne => Ok(Test::Constant(left != right)),
        _ => Err(mismatch(expr, "compares two values by order; name a property")),
    }
}

pub(crate) fn mismatch(part: &impl std::fmt::Display, why: &str) -> Error {
    Error::Mismatch { part: short(&part.to_string()), why: why.to_owned() }
}
