//! A checked filter and order as SQL in the subset that SQLite and PostgreSQL share.
//!
//! The text holds the caller's column expressions, keywords and `$n` only: every value of the query is a parameter.
//! Case is ignored by columns that hold [`crate::fold`] of their neighbour, never by `lower()`, which knows ASCII only
//! in SQLite.

mod keyset;

use std::cmp::Ordering;

use crate::check::{CompareOp, Match, Property, Term, Test};
use crate::error::Error;
use crate::expr::Quantifier;

pub use keyset::{after, order_by, order_terms};

/// A value of a query, of the type that its column has.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `text`: text (folded where case is ignored), GUIDs in lower case, canonical enum members.
    Text(String),
    /// `bigint`: whole numbers, microseconds since 1970 (UTC), bits of flag enums.
    Int(i64),
    /// `double precision`.
    Real(f64),
    /// `boolean`.
    Bool(bool),
}

impl Param {
    /// The order of two values of one type; text by its bytes, as `collate "C"` has it.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(right)),
            (Self::Real(left), Self::Real(right)) => left.partial_cmp(right),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// A piece of SQL and what its `$n` stand for, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fragment {
    /// A boolean expression; stands alone between `and`s.
    pub sql: String,
    /// The value of the first `$n` and of those that follow.
    pub params: Vec<Param>,
}

/// Where a property is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// An expression of the type that [`Param`] tells for the property's kind.
    pub expr: String,
    /// For text: an expression of its [`crate::fold`]. Without it, the property cannot be asked without case.
    pub fold: Option<String>,
    /// Whether it can be null. A sort key that cannot may use an index.
    pub nullable: bool,
}

/// Where the elements of a collection are stored.
pub struct Rows {
    /// What follows `from`, with an alias of this depth, such as `device_tag t1`.
    pub from: String,
    /// What ties it to the row around it, such as `t1.device_id = d.id`.
    pub on: String,
    /// The columns of an element; the element itself, if it is a plain value, has the empty path.
    pub columns: Box<dyn Columns>,
}

/// The columns behind a description. Paths are canonical, with slashes.
pub trait Columns {
    /// The column of a property; `None` if SQL cannot tell.
    fn column(&self, path: &str) -> Option<Column>;

    /// The rows of a collection; `None` if SQL cannot tell. Lambdas nest, over one collection too, so the alias of
    /// the rows has to carry `depth`: 1 for the outermost, 2 inside it.
    fn rows(&self, path: &str, depth: usize) -> Option<Rows> {
        let _ = (path, depth);
        None
    }

    /// An expression, never null, of the row's `@odata.type` without `#`.
    fn type_column(&self) -> Option<String> {
        None
    }
}

impl<F: Fn(&str) -> Option<Column>> Columns for F {
    fn column(&self, path: &str) -> Option<Column> {
        self(path)
    }
}

/// Compiles a filter; its parameters are numbered from `first` (1 for a statement that has none before).
///
/// # Errors
/// [`Error::NotInSql`] if a column is missing. The filter can still be answered by [`crate::matches`].
pub fn compile(test: &Test, columns: &dyn Columns, first: usize) -> Result<Fragment, Error> {
    let mut compiler = Compiler { scopes: vec![Scope::Row(columns)], params: Vec::new(), first };
    let sql = compiler.test(test, false)?;
    Ok(Fragment { sql, params: compiler.params })
}

enum Scope<'a> {
    Row(&'a dyn Columns),
    Element(Box<dyn Columns>),
}

impl Scope<'_> {
    fn columns(&self) -> &dyn Columns {
        match self {
            Self::Row(columns) => *columns,
            Self::Element(columns) => columns.as_ref(),
        }
    }
}

struct Compiler<'a> {
    scopes: Vec<Scope<'a>>,
    params: Vec<Param>,
    first: usize,
}

/// An expression, and whether it can be null.
struct Value {
    sql: String,
    nullable: bool,
}

impl Compiler<'_> {
    /// `strict` asks for the very truth value, null included: under a `not`. Elsewhere null may stand for false,
    /// since neither passes, and the shorter text lets the engine use an index.
    fn test(&mut self, test: &Test, strict: bool) -> Result<String, Error> {
        Ok(match test {
            Test::Constant(value) => constant(*value),
            Test::And(parts) => self.join(parts, " and ", strict)?,
            Test::Or(parts) => self.join(parts, " or ", strict)?,
            Test::Not(inner) => format!("not ({})", self.test(inner, true)?),
            Test::Known(inner) => format!("(case when {} then 1 else 0 end = 1)", self.test(inner, false)?),
            Test::Flag(property) => {
                let value = self.property(property)?;
                format!("{} = {}", value.sql, self.param(Param::Bool(true)))
            }
            Test::IsNull(term) => format!("{} is null", self.term(term)?.sql),
            Test::Compare(term, op, value) => {
                let term = self.term(term)?;
                let value = self.param(value.clone());
                guarded(&term, *op, &value, strict)
            }
            Test::CompareTerms(left, op, right) => self.compare_terms(left, *op, right)?,
            Test::In(term, values, null) => self.is_in(term, values, *null, strict)?,
            Test::Has(property, bits) => {
                let value = self.property(property)?.sql;
                let bits = self.param(Param::Int(*bits));
                format!("({value} & {bits}) = {bits}")
            }
            Test::Text(property, how, needle) => self.text(property, *how, needle)?,
            Test::Lambda { collection, quantifier, body } => {
                self.lambda(collection, *quantifier, body.as_deref())?
            }
            Test::IsOf(property, types) => {
                if !property.path.is_empty() {
                    return Err(missing(property, "the type of a part is not a column"));
                }
                self.is_of(property, types)?
            }
        })
    }

    fn join(&mut self, parts: &[Test], word: &str, strict: bool) -> Result<String, Error> {
        let parts: Result<Vec<_>, _> = parts.iter().map(|part| self.test(part, strict)).collect();
        Ok(format!("({})", parts?.join(word)))
    }

    /// The placeholder of a value. The cast tells PostgreSQL the type where it would guess a narrower one.
    fn param(&mut self, value: Param) -> String {
        let placeholder = placeholder(&value, self.first + self.params.len());
        self.params.push(value);
        placeholder
    }

    fn columns(&self, property: &Property) -> Result<&dyn Columns, Error> {
        let scope = self.scopes.get(property.scope);
        scope.map(Scope::columns).ok_or_else(|| missing(property, "its scope is not a table"))
    }

    fn column(&self, property: &Property) -> Result<Column, Error> {
        let column = self.columns(property)?.column(&property.name());
        column.ok_or_else(|| missing(property, "it is not a column"))
    }

    fn property(&mut self, property: &Property) -> Result<Value, Error> {
        let column = self.column(property)?;
        let sql = compared(property, &column)?;
        self.narrowed(property, Value { sql, nullable: column.nullable })
    }

    /// The value, or null where the row is not of the type that the path was narrowed to.
    fn narrowed(&mut self, property: &Property, value: Value) -> Result<Value, Error> {
        let mut value = value;
        for (depth, types) in &property.casts {
            if *depth > 0 {
                return Err(missing(property, "the type of a part is not a column"));
            }
            let sql = format!("case when {} then {} end", self.is_of(property, types)?, value.sql);
            value = Value { sql, nullable: true };
        }
        Ok(value)
    }

    fn is_of(&mut self, property: &Property, types: &[&str]) -> Result<String, Error> {
        let column = self.columns(property)?.type_column();
        let column = column.ok_or_else(|| missing(property, "the type is not a column"))?;
        let types: Vec<_> = types.iter().map(|name| self.param(Param::Text((*name).to_owned()))).collect();
        Ok(one_of(&column, &types))
    }

    fn term(&mut self, term: &Term) -> Result<Value, Error> {
        match term {
            Term::Property(property) => self.property(property),
            Term::Length(property) => {
                let column = self.column(property)?;
                let sql = format!("length({})", column.expr);
                self.narrowed(property, Value { sql, nullable: column.nullable })
            }
            Term::Count(property) => {
                let rows = self.rows(property)?;
                let sql = format!("(select count(*) from {} where {})", rows.from, rows.on);
                Ok(Value { sql, nullable: false })
            }
        }
    }

    fn rows(&self, property: &Property) -> Result<Rows, Error> {
        if !property.casts.is_empty() {
            return Err(missing(property, "it belongs to a derived type"));
        }
        let rows = self.columns(property)?.rows(&property.name(), self.scopes.len());
        rows.ok_or_else(|| missing(property, "its elements are not rows"))
    }

    fn compare_terms(&mut self, left: &Term, op: CompareOp, right: &Term) -> Result<String, Error> {
        let (left, right) = (self.term(left)?.sql, self.term(right)?.sql);
        let equal = format!(
            "(case when {left} is null or {right} is null then {left} is null and {right} is null \
             else {left} = {right} end)"
        );
        Ok(match op {
            CompareOp::Eq => equal,
            CompareOp::Ne => format!("not {equal}"),
            _ => format!("({left} is not null and {right} is not null and {left} {} {right})", sign(op)),
        })
    }

    fn is_in(&mut self, term: &Term, values: &[Param], null: bool, strict: bool) -> Result<String, Error> {
        let term = self.term(term)?;
        let values: Vec<_> = values.iter().map(|value| self.param(value.clone())).collect();
        let found = one_of(&term.sql, &values);
        Ok(match (null, values.is_empty()) {
            (true, true) => format!("{} is null", term.sql),
            (true, false) => format!("({} is null or {found})", term.sql),
            (false, false) if strict && term.nullable => format!("({} is not null and {found})", term.sql),
            (false, _) => found,
        })
    }

    fn text(&mut self, property: &Property, how: Match, needle: &str) -> Result<String, Error> {
        let text = self.property(property)?.sql;
        if needle.is_empty() {
            return Ok(format!("{text} = {text}"));
        }
        if property.ignore_case {
            let pattern = self.param(Param::Text(pattern(how, needle)));
            return Ok(format!("{text} like {pattern} escape '\\'"));
        }
        // `like` ignores the case of ASCII letters in SQLite and not in PostgreSQL.
        let count = needle.chars().count();
        let needle = self.param(Param::Text(needle.to_owned()));
        Ok(match how {
            Match::Contains => format!("replace({text}, {needle}, '') <> {text}"),
            Match::StartsWith => format!("substr({text}, 1, {count}) = {needle}"),
            Match::EndsWith => format!(
                "(length({text}) >= {count} and substr({text}, length({text}) - {count} + 1) = {needle})"
            ),
        })
    }

    fn lambda(
        &mut self,
        collection: &Property,
        quantifier: Quantifier,
        body: Option<&Test>,
    ) -> Result<String, Error> {
        let Rows { from, on, columns } = self.rows(collection)?;
        let Some(body) = body else {
            let no = if quantifier == Quantifier::Any { "" } else { "not " };
            return Ok(format!("{no}exists (select 1 from {from} where {on})"));
        };
        self.scopes.push(Scope::Element(columns));
        let body = self.test(body, false);
        self.scopes.pop();
        let body = body?;
        Ok(match quantifier {
            Quantifier::Any => format!("exists (select 1 from {from} where {on} and ({body}))"),
            Quantifier::All => format!(
                "not exists (select 1 from {from} where {on} and case when {body} then 0 else 1 end = 1)"
            ),
        })
    }
}

/// The expression that a property compares by.
fn compared(property: &Property, column: &Column) -> Result<String, Error> {
    if !property.ignore_case {
        return Ok(column.expr.clone());
    }
    column.fold.clone().ok_or_else(|| missing(property, "it has no column for asking without case"))
}

fn missing(property: &Property, why: &'static str) -> Error {
    Error::NotInSql { part: property.name(), why }
}

fn constant(value: bool) -> String {
    if value { "1 = 1".to_owned() } else { "1 = 0".to_owned() }
}

fn placeholder(value: &Param, number: usize) -> String {
    match value {
        Param::Int(_) => format!("cast(${number} as bigint)"),
        Param::Real(_) => format!("cast(${number} as double precision)"),
        Param::Text(_) | Param::Bool(_) => format!("${number}"),
    }
}

fn one_of(value: &str, list: &[String]) -> String {
    if list.is_empty() { constant(false) } else { format!("{value} in ({})", list.join(", ")) }
}

/// A comparison with a value that is not null. OData says that null is unequal to it, SQL says null.
fn guarded(term: &Value, op: CompareOp, value: &str, strict: bool) -> String {
    let plain = format!("{} {} {value}", term.sql, sign(op));
    match op {
        _ if !term.nullable => plain,
        CompareOp::Ne => format!("({} is null or {plain})", term.sql),
        _ if strict => format!("({} is not null and {plain})", term.sql),
        _ => plain,
    }
}

fn sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::Ne => "<>",
        CompareOp::Gt => ">",
        CompareOp::Lt => "<",
        CompareOp::Ge => ">=",
        CompareOp::Le => "<=",
    }
}

/// The `like` pattern of a needle, for `escape '\'`.
fn pattern(how: Match, needle: &str) -> String {
    let mut pattern = String::with_capacity(needle.len() + 2);
    if how != Match::StartsWith {
        pattern.push('%');
    }
    for c in needle.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    if how != Match::EndsWith {
        pattern.push('%');
    }
    pattern
}
