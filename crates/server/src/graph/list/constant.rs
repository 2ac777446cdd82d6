//! Parts of a filter about properties that every row has the same value of: answered here, since the store has no
//! column for them. Scripts ask `managementAgent eq 'mdm' and …` as a matter of course.

use query::{Property, Term, Test};

use crate::graph::entity::EntityType;

/// The test with every such part put to what it comes to.
pub(super) fn fold(test: Test, entity: &EntityType) -> Test {
    let mut named = Vec::new();
    names(&test, &mut named);
    let constant = |name: &&str| entity.find(name).is_some_and(|property| property.constant);
    if !named.is_empty() && named.iter().all(|name| constant(&name.as_str())) {
        return Test::Constant(query::matches(&test, &entity.constants()));
    }
    match test {
        Test::And(parts) => {
            let parts = parts.into_iter().map(|part| fold(part, entity));
            let parts: Vec<_> = parts.filter(|part| !matches!(part, Test::Constant(true))).collect();
            let never = parts.iter().any(|part| matches!(part, Test::Constant(false)));
            joined(if never { vec![Test::Constant(false)] } else { parts }, true)
        }
        Test::Or(parts) => {
            let parts = parts.into_iter().map(|part| fold(part, entity));
            let parts: Vec<_> = parts.filter(|part| !matches!(part, Test::Constant(false))).collect();
            let always = parts.iter().any(|part| matches!(part, Test::Constant(true)));
            joined(if always { vec![Test::Constant(true)] } else { parts }, false)
        }
        Test::Not(part) => match fold(*part, entity) {
            Test::Constant(truth) => Test::Constant(!truth),
            part => Test::Not(Box::new(part)),
        },
        other => other,
    }
}

fn joined(mut parts: Vec<Test>, and: bool) -> Test {
    match parts.len() {
        0 => Test::Constant(and),
        1 => parts.pop().unwrap_or(Test::Constant(and)),
        _ if and => Test::And(parts),
        _ => Test::Or(parts),
    }
}

/// The properties of the row that a test looks at.
fn names(test: &Test, into: &mut Vec<String>) {
    let mut add = |property: &Property| into.push(property.name());
    match test {
        Test::Constant(_) => {}
        Test::And(parts) | Test::Or(parts) => parts.iter().for_each(|part| names(part, into)),
        Test::Not(part) | Test::Known(part) => names(part, into),
        Test::Flag(property)
        | Test::Has(property, _)
        | Test::Text(property, ..)
        | Test::IsOf(property, _) => {
            add(property);
        }
        Test::IsNull(term) | Test::Compare(term, ..) | Test::In(term, ..) => add(of(term)),
        Test::CompareTerms(left, _, right) => {
            add(of(left));
            add(of(right));
        }
        Test::Lambda { collection, .. } => add(collection),
    }
}

fn of(term: &Term) -> &Property {
    match term {
        Term::Property(property) | Term::Length(property) | Term::Count(property) => property,
    }
}
