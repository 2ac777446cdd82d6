//! A printed filter reads back as the same tree.

use muster_query::{BinaryOp, Expr, Function, Literal, Path, Quantifier, parse_filter};
use proptest::prelude::*;

proptest! {
    #[test]
    fn printing_and_reading_are_inverse(expr in expr()) {
        let text = expr.to_string();
        prop_assert_eq!(parse_filter(&text), Ok(expr), "{}", text);
    }
}

#[test]
fn the_printed_text_is_canonical() {
    for (given, canonical) in [
        ("A EQ 'x'", "A eq 'x'"),
        ("( ( a  eq 1 ) )", "a eq 1"),
        ("STARTSWITH( a , 'O''Brien' )", "startswith(a,'O''Brien')"),
        ("a eq 1 AND b eq True or not c", "(a eq 1 and b eq true) or (not c)"),
        ("x/Any(a: a/b IN ( 1 , null ))", "x/any(a:a/b in (1,null))"),
        ("isof( t.u )", "isof('t.u')"),
    ] {
        assert_eq!(parse_filter(given).unwrap().to_string(), canonical, "{given}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_]{0,6}".prop_filter("is a keyword", |name| {
        let lower = name.to_lowercase();
        !["not", "null", "true", "false", "isof"].contains(&lower.as_str())
    })
}

fn path() -> impl Strategy<Value = Path> {
    let cast = prop::option::of(Just("microsoft.graph.x".to_owned()));
    (cast, prop::collection::vec(name(), 1..4))
        .prop_map(|(cast, names)| Path(cast.into_iter().chain(names).collect()))
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(Literal::Int),
        "-?[0-9]{1,5}\\.[0-9]{1,5}(e-?[0-9]{1,2})?".prop_map(Literal::Decimal),
        "[^\0]{0,8}".prop_map(Literal::Text),
        "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}".prop_map(Literal::Guid),
        "(0001|2026|9999)-(0[1-9]|1[0-2])-(0[1-9]|2[0-8])(T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?(Z|[+-]0[0-9]:00))?"
            .prop_map(Literal::Time),
        (name(), "[^\0]{0,8}").prop_map(|(name, text)| Literal::Typed(format!("a.{name}"), text)),
    ]
}

fn operand() -> impl Strategy<Value = Expr> {
    let function = prop::sample::select(vec![Function::ToLower, Function::ToUpper, Function::Length]);
    prop_oneof![
        literal().prop_map(Expr::Literal),
        path().prop_map(Expr::Path),
        (function, path()).prop_map(|(function, path)| Expr::Call(function, vec![Expr::Path(path)])),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let op = prop::sample::select(BinaryOp::ALL.to_vec());
    let function = prop::sample::select(vec![Function::Contains, Function::SubstringOf, Function::EndsWith]);
    let leaf = prop_oneof![
        operand(),
        (operand(), op, operand()).prop_map(|(left, op, right)| Expr::Compare(
            Box::new(left),
            op,
            Box::new(right)
        )),
        (operand(), prop::collection::vec(literal(), 0..4))
            .prop_map(|(left, list)| Expr::In(Box::new(left), list)),
        (function, operand(), operand())
            .prop_map(|(function, text, part)| Expr::Call(function, vec![text, part])),
        (prop::option::of(name().prop_map(|name| Path(vec![name]))), name())
            .prop_map(|(path, name)| Expr::IsOf(path, format!("a.{name}"))),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 2..4);
        let quantifier = prop::sample::select(Quantifier::ALL.to_vec());
        prop_oneof![
            some.clone().prop_map(Expr::And),
            some.prop_map(Expr::Or),
            inner.clone().prop_map(|inner| Expr::Not(Box::new(inner))),
            (path(), quantifier, prop::option::of((name(), inner.clone()))).prop_map(
                |(path, quantifier, body)| Expr::Lambda {
                    path,
                    quantifier,
                    body: body.map(|(variable, body)| (variable, Box::new(body))),
                }
            ),
            (inner, any::<bool>()).prop_map(|(test, value)| Expr::Compare(
                Box::new(test),
                BinaryOp::Eq,
                Box::new(Expr::Literal(Literal::Bool(value)))
            )),
        ]
    })
}
