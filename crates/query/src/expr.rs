//! A filter as written: the tree that the grammar yields, before any name is looked up.

use std::fmt::{self, Display, Formatter, Write};

/// A filter, or a part of one (OData 4.01 part 2, section 5.1.1).
///
/// `Display` prints canonical text, and reading that text yields an equal tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A literal value.
    Literal(Literal),
    /// A property path, such as `templateReference/templateId`.
    Path(Path),
    /// A call, such as `contains(deviceName, 'x')`.
    Call(Function, Vec<Expr>),
    /// `isof('type')` or `isof(path, 'type')`.
    IsOf(Option<Path>, String),
    /// A comparison.
    Compare(Box<Expr>, BinaryOp, Box<Expr>),
    /// `x in ('a', 'b')`.
    In(Box<Expr>, Vec<Literal>),
    /// `path/any(v: body)`; without a body, whether there is any element at all.
    Lambda {
        /// The collection.
        path: Path,
        /// `any` or `all`.
        quantifier: Quantifier,
        /// The variable and what must hold for it.
        body: Option<(String, Box<Expr>)>,
    },
    /// All hold; at least two.
    And(Vec<Expr>),
    /// At least one holds; at least two.
    Or(Vec<Expr>),
    /// Does not hold.
    Not(Box<Expr>),
}

/// Names separated by `/`. A name with a dot is a type that the path is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Path(pub Vec<String>);

/// A literal, as far as its spelling tells its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`, in any case.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or exponent, or beyond `i64`, as written.
    Decimal(String),
    /// Text in single quotes, with doubled quotes undone.
    Text(String),
    /// A GUID without quotes, as written.
    Guid(String),
    /// A date or date-time without quotes, as written.
    Time(String),
    /// `type'text'`, such as `microsoft.graph.platform'ios'` or the older `guid'...'`.
    Typed(String, String),
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$item])* $variant,)* }

        impl $name {
            /// Every member, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word as OData spells it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word in any case.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.word().eq_ignore_ascii_case(word))
            }
        }
    };
}

words! {
    /// An operator between two operands.
    BinaryOp {
        /// Equal; `null eq null` holds.
        Eq = "eq",
        /// Not equal.
        Ne = "ne",
        /// Greater; never holds for null.
        Gt = "gt",
        /// Less; never holds for null.
        Lt = "lt",
        /// Greater or equal; never holds for null.
        Ge = "ge",
        /// Less or equal; never holds for null.
        Le = "le",
        /// A flag enum includes the flags on the right.
        Has = "has",
    }
}

words! {
    /// A function that a filter may call.
    Function {
        /// Whether the first text contains the second.
        Contains = "contains",
        /// Whether the first text begins with the second.
        StartsWith = "startswith",
        /// Whether the first text ends with the second.
        EndsWith = "endswith",
        /// `contains` of OData 3, with its arguments the other way round.
        SubstringOf = "substringof",
        /// The text compared without case.
        ToLower = "tolower",
        /// The text compared without case.
        ToUpper = "toupper",
        /// The number of characters.
        Length = "length",
    }
}

words! {
    /// How many elements of a collection must pass.
    Quantifier {
        /// At least one.
        Any = "any",
        /// Every one.
        All = "all",
    }
}

impl Expr {
    /// Whether the printed form stands alone as an operand, without parentheses around it.
    fn is_primary(&self) -> bool {
        matches!(
            self,
            Self::Literal(_) | Self::Path(_) | Self::Call(..) | Self::IsOf(..) | Self::Lambda { .. }
        )
    }
}

/// Prints an operand, in parentheses unless it stands alone.
struct Operand<'a>(&'a Expr);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_primary() { write!(f, "{}", self.0) } else { write!(f, "({})", self.0) }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => write!(f, "{literal}"),
            Self::Path(path) => write!(f, "{path}"),
            Self::Call(function, arguments) => {
                write!(f, "{}(", function.word())?;
                joined(f, arguments, ",")?;
                f.write_char(')')
            }
            Self::IsOf(None, name) => write!(f, "isof({})", Quoted(name)),
            Self::IsOf(Some(path), name) => write!(f, "isof({path},{})", Quoted(name)),
            Self::Compare(left, op, right) => {
                write!(f, "{} {} {}", Operand(left), op.word(), Operand(right))
            }
            Self::In(left, list) => {
                write!(f, "{} in (", Operand(left))?;
                joined(f, list, ",")?;
                f.write_char(')')
            }
            Self::Lambda { path, quantifier, body: None } => write!(f, "{path}/{}()", quantifier.word()),
            Self::Lambda { path, quantifier, body: Some((variable, body)) } => {
                write!(f, "{path}/{}({variable}:{body})", quantifier.word())
            }
            Self::And(parts) => joined(f, &operands(parts), " and "),
            Self::Or(parts) => joined(f, &operands(parts), " or "),
            Self::Not(inner) => write!(f, "not {}", Operand(inner)),
        }
    }
}

/// The parts of `and` or `or`: comparisons need no parentheses, nested `and`, `or` and `not` get them.
fn operands(parts: &[Expr]) -> Vec<Part<'_>> {
    parts.iter().map(Part).collect()
}

struct Part<'a>(&'a Expr);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Expr::Compare(..) | Expr::In(..) => write!(f, "{}", self.0),
            other => write!(f, "{}", Operand(other)),
        }
    }
}

fn joined<T: Display>(f: &mut Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

/// Text in single quotes, inner quotes doubled.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Decimal(text) | Self::Guid(text) | Self::Time(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{}", Quoted(text)),
            Self::Typed(name, text) => write!(f, "{name}{}", Quoted(text)),
        }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}
