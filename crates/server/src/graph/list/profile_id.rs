//! Clients filter serials by a profile's bare GUID, by `{token}_{profile}` or by `ECV2_{token}_{profile}` (intune.md
//! 4.3). What is stored is the bare one.

use query::{BinaryOp, Expr, Literal, Path};

/// Properties that hold a profile's id.
const HOLDERS: [&str; 2] = ["requestedEnrollmentProfileId", "requestedProfileId"];

/// The filter with every literal beside such a property made bare.
pub(super) fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::Compare(left, op @ (BinaryOp::Eq | BinaryOp::Ne), right) => {
            let (left, right) = match (*left, *right) {
                (Expr::Path(path), Expr::Literal(literal)) if holds(&path) => {
                    (Expr::Path(path), literal_of(literal))
                }
                (Expr::Literal(literal), Expr::Path(path)) if holds(&path) => {
                    (literal_of(literal), Expr::Path(path))
                }
                (left, right) => (bare(left), bare(right)),
            };
            Expr::Compare(Box::new(left), op, Box::new(right))
        }
        Expr::In(term, literals) => match *term {
            Expr::Path(path) if holds(&path) => {
                Expr::In(Box::new(Expr::Path(path)), literals.into_iter().map(stripped).collect())
            }
            term => Expr::In(Box::new(term), literals),
        },
        Expr::And(parts) => Expr::And(parts.into_iter().map(bare).collect()),
        Expr::Or(parts) => Expr::Or(parts.into_iter().map(bare).collect()),
        Expr::Not(part) => Expr::Not(Box::new(bare(*part))),
        other => other,
    }
}

fn holds(path: &Path) -> bool {
    matches!(path.0.as_slice(), [one] if HOLDERS.iter().any(|holder| query::same(holder, one)))
}

fn literal_of(literal: Literal) -> Expr {
    Expr::Literal(stripped(literal))
}

fn stripped(literal: Literal) -> Literal {
    match literal {
        Literal::Text(text) => Literal::Text(text.rsplit('_').next().unwrap_or_default().to_owned()),
        other => other,
    }
}
