//! What a route takes and what it answers. Reading, the page of routes and the OpenAPI document all come from here.

use query::Kind;
use serde_json::{Value, json};

use crate::graph::entity::{EntityType, Property};

/// What a route takes and answers.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The arguments of a function, in the parentheses at the end of its path. None: not a function.
    pub(crate) arguments: Option<&'static [Parameter]>,
    /// The body.
    pub(crate) takes: Takes,
    /// The answer when all goes well.
    pub(crate) answers: Answers,
    /// What `$expand` may name.
    pub(crate) expands: &'static [&'static str],
    /// Whether `confirm`, in the query or the body, is read: for what goes further than one may think.
    pub(crate) confirmable: bool,
    /// A body that does something, as JSON.
    pub(crate) example: Option<&'static str>,
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(crate) enum Takes {
    /// None; one that comes is passed over.
    Nothing,
    /// An entity, or those of its properties that shall change.
    Entity(&'static EntityType),
    /// Requests.
    Batch,
    /// The parameters of an action.
    Parameters(&'static [Parameter]),
}

/// The answer of a request that went well.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// 200 with one entity.
    Entity(&'static EntityType),
    /// 201 with the entity that was made.
    Created(&'static EntityType),
    /// 204, or 200 with the entity under `Prefer: return=representation`.
    Changed(&'static EntityType),
    /// 200 with a page of entities.
    List(&'static EntityType),
    /// 200 with a bare number as text: how many there are of these.
    Number(&'static EntityType),
    /// 200 with `value`, of a simple type.
    Value(Simple),
    /// 200 with several values of a type, all at once.
    Values(&'static EntityType),
    /// 202 with the id of what was begun.
    Begun,
    /// 200 with what each request of a batch was answered.
    Batch,
    /// 204.
    Nothing,
    /// 403: Graph has it, and here is something else for it, which the answer says.
    Refused,
}

/// A simple type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Simple {
    /// `Edm.String`
    Text,
    /// `Edm.Int32`
    Int32,
}

impl Simple {
    /// Its name in `@odata.context`.
    pub(crate) const fn edm(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Int32 => "Edm.Int32",
        }
    }

    /// Its JSON schema.
    pub(crate) fn schema(self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Int32 => json!({ "type": "integer", "format": "int32" }),
        }
    }
}

/// One parameter of an action or argument of a function.
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) property: Property,
    /// Without it the request is refused.
    pub(crate) needed: bool,
    /// What it does, for who calls.
    pub(crate) words: &'static str,
}

impl Parameter {
    pub(crate) const fn new(property: Property, words: &'static str) -> Self {
        Self { property, needed: false, words }
    }

    pub(crate) const fn needed(property: Property, words: &'static str) -> Self {
        Self { property, needed: true, words }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.property.name()
    }

    /// Whether a text without a letter in it is as good as none.
    pub(crate) const fn is_text(&self) -> bool {
        matches!(self.property.info.kind, Kind::String)
    }
}

impl Shape {
    const fn new(takes: Takes, answers: Answers) -> Self {
        Self { arguments: None, takes, answers, expands: &[], confirmable: false, example: None }
    }

    /// Answers an entity.
    pub(crate) const fn entity(entity: &'static EntityType) -> Self {
        Self::new(Takes::Nothing, Answers::Entity(entity))
    }

    /// Answers a page of entities.
    pub(crate) const fn list(entity: &'static EntityType) -> Self {
        Self::new(Takes::Nothing, Answers::List(entity))
    }

    /// Answers how many there are.
    pub(crate) const fn number(entity: &'static EntityType) -> Self {
        Self::new(Takes::Nothing, Answers::Number(entity))
    }

    /// Takes an entity and makes it.
    pub(crate) const fn create(entity: &'static EntityType) -> Self {
        Self::new(Takes::Entity(entity), Answers::Created(entity))
    }

    /// Takes what shall change, and answers the entity.
    pub(crate) const fn update(entity: &'static EntityType) -> Self {
        Self::new(Takes::Entity(entity), Answers::Entity(entity))
    }

    /// Takes what shall change, and answers nothing unless asked.
    pub(crate) const fn change(entity: &'static EntityType) -> Self {
        Self::new(Takes::Entity(entity), Answers::Changed(entity))
    }

    /// Deletes.
    pub(crate) const fn delete() -> Self {
        Self::new(Takes::Nothing, Answers::Nothing)
    }

    /// Takes requests, and answers each.
    pub(crate) const fn batch() -> Self {
        Self::new(Takes::Batch, Answers::Batch)
    }

    /// An action, which answers nothing.
    pub(crate) const fn action(parameters: &'static [Parameter]) -> Self {
        Self::new(Takes::Parameters(parameters), Answers::Nothing)
    }

    /// A function with these arguments.
    pub(crate) const fn function(arguments: &'static [Parameter], answers: Answers) -> Self {
        Self { arguments: Some(arguments), ..Self::new(Takes::Nothing, answers) }
    }

    /// The same with another answer.
    pub(crate) const fn answering(self, answers: Answers) -> Self {
        Self { answers, ..self }
    }

    pub(crate) const fn expands(self, expands: &'static [&'static str]) -> Self {
        Self { expands, ..self }
    }

    pub(crate) const fn confirmable(self) -> Self {
        Self { confirmable: true, ..self }
    }

    pub(crate) const fn example(self, json: &'static str) -> Self {
        Self { example: Some(json), ..self }
    }
}
