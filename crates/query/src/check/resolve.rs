//! Names to properties.

use super::{Property, Test};
use crate::error::{Error, short};
use crate::expr::Path;
use crate::schema::{Entity, Kind, PropertyInfo};

/// What names mean at one place of a filter: the row, and the variables of the lambdas around.
pub(super) struct Scope<'a> {
    entity: &'a dyn Entity,
    variables: Vec<(String, Kind)>,
}

/// What the next name of a path is looked up in.
#[derive(Clone, Copy)]
enum Place<'a> {
    Entity(&'a dyn Entity),
    Value(Kind),
}

impl<'a> Scope<'a> {
    pub(super) fn new(entity: &'a dyn Entity) -> Self {
        Self { entity, variables: Vec::new() }
    }

    pub(super) fn enter(&mut self, variable: &str, element: Kind) {
        self.variables.push((variable.to_owned(), element));
    }

    pub(super) fn leave(&mut self) {
        self.variables.pop();
    }

    /// Finds the property of a path; `offered` tells for every property on the way whether it may be named here.
    pub(super) fn resolve(
        &self,
        path: &Path,
        option: &'static str,
        offered: impl Fn(&PropertyInfo) -> bool,
    ) -> Result<Property, Error> {
        let (mut walk, names) = self.begin(path);
        for name in names {
            walk.step(name, option, &offered)?;
        }
        walk.finish(path, self.entity)
    }

    /// `isof('type')` of the row, or of a complex value.
    pub(super) fn is_of(&self, path: Option<&Path>, name: &str) -> Result<Test, Error> {
        let empty = Path(Vec::new());
        let (mut walk, names) = self.begin(path.unwrap_or(&empty));
        for step in names {
            walk.step(step, "$filter", &|info: &PropertyInfo| info.filterable)?;
        }
        let entity = walk.entity(name)?;
        let cast = entity.cast(name).ok_or_else(|| unknown_type(name, entity))?;
        let kind = match walk.place {
            Place::Value(kind) => kind,
            // The row itself has no kind; nothing reads that of a type test.
            Place::Entity(_) => Kind::String,
        };
        Ok(Test::IsOf(walk.property(kind), cast.concrete))
    }

    /// Where a path begins, and the names that are left of it.
    fn begin<'p>(&self, path: &'p Path) -> (Walk<'a>, &'p [String]) {
        let mut walk = Walk {
            place: Place::Entity(self.entity),
            scope: 0,
            path: Vec::new(),
            casts: Vec::new(),
            exact: false,
        };
        let Some((first, rest)) = path.0.split_first() else { return (walk, &[]) };
        let variable = self.variables.iter().rposition(|(name, _)| name.eq_ignore_ascii_case(first));
        if let Some((index, (_, kind))) = variable.and_then(|at| self.variables.get(at).map(|it| (at, it))) {
            walk.place = Place::Value(*kind);
            walk.scope = index + 1;
            return (walk, rest);
        }
        if first == "$it" { (walk, rest) } else { (walk, &path.0) }
    }
}

/// A path as far as it is walked.
struct Walk<'a> {
    place: Place<'a>,
    scope: usize,
    path: Vec<&'static str>,
    casts: Vec<(usize, &'static [&'static str])>,
    exact: bool,
}

impl<'a> Walk<'a> {
    fn step(
        &mut self,
        name: &str,
        option: &'static str,
        offered: &impl Fn(&PropertyInfo) -> bool,
    ) -> Result<(), Error> {
        let entity = self.entity(name)?;
        if name.contains('.') && !name.starts_with('@') {
            let cast = entity.cast(name).ok_or_else(|| unknown_type(name, entity))?;
            self.casts.push((self.path.len(), cast.concrete));
            self.place = Place::Entity(cast.entity);
            return Ok(());
        }
        let info = entity.property(name).ok_or_else(|| unknown(name, entity))?;
        if !offered(&info) {
            return Err(Error::NotOffered { name: info.name.to_owned(), option });
        }
        self.path.push(info.name);
        self.exact = info.exact;
        self.place = Place::Value(info.kind);
        Ok(())
    }

    /// What `name` can be looked up in.
    fn entity(&self, name: &str) -> Result<&'a dyn Entity, Error> {
        match self.place {
            Place::Entity(entity) | Place::Value(Kind::Complex(entity)) => Ok(entity),
            Place::Value(_) => {
                let owner = match self.path.last() {
                    Some(last) => *last,
                    None => "the element of a collection of values",
                };
                Err(Error::UnknownProperty { name: short(name), entity: owner.to_owned() })
            }
        }
    }

    fn finish(self, path: &Path, root: &dyn Entity) -> Result<Property, Error> {
        match self.place {
            Place::Value(kind) => Ok(self.property(kind)),
            // A path that ends with a type, or the row itself, names no property.
            Place::Entity(_) => Err(unknown(&path.to_string(), root)),
        }
    }

    fn property(self, kind: Kind) -> Property {
        let text = matches!(kind, Kind::String);
        Property {
            scope: self.scope,
            path: self.path,
            kind,
            ignore_case: text && !self.exact,
            casts: self.casts,
        }
    }
}

fn unknown(name: &str, entity: &dyn Entity) -> Error {
    Error::UnknownProperty { name: short(name), entity: entity.type_name().to_owned() }
}

fn unknown_type(name: &str, entity: &dyn Entity) -> Error {
    Error::UnknownType { name: short(name), entity: entity.type_name().to_owned() }
}
