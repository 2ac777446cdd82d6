//! The page of routes, `docs/graph.md`: made from the routes, so that it cannot say anything else than they do.

use std::fmt::Write as _;

use super::{Answers, LATER, Parameter, Route, Takes, all};

/// Where the tables begin in the page.
const TABLES: &str = "## What is served\n";

impl Route {
    fn line(&self) -> String {
        let version = if self.beta_only() { "beta" } else { "both" };
        let (takes, answers) = (self.takes(), self.answers());
        let role = self.role.map_or("any token".to_owned(), |role| format!("`{}`", role.as_str()));
        let (verb, path, summary) = (&self.method, self.path(), self.summary);
        format!("| {verb} | `/{path}` | {version} | {summary} | {role} | {takes} | {answers} |\n")
    }

    fn takes(&self) -> String {
        let mut takes = match self.shape.takes {
            Takes::Nothing => String::new(),
            Takes::Batch => "requests".to_owned(),
            Takes::Entity(entity) => entity.name.to_owned(),
            Takes::Parameters(table) => table.iter().map(named).collect::<Vec<_>>().join(", "),
        };
        if self.shape.confirmable {
            takes += if takes.is_empty() { "*`confirm`*" } else { ", *`confirm`*" };
        }
        if !self.shape.expands.is_empty() {
            takes = format!("`$expand`: {}", self.shape.expands.join(", "));
        }
        takes
    }

    fn answers(&self) -> String {
        match self.shape.answers {
            Answers::Entity(entity) => format!("200 {}", entity.name),
            Answers::Created(entity) => format!("201 {}", entity.name),
            Answers::Changed(entity) => format!("204, or 200 {} if preferred", entity.name),
            Answers::List(entity) => format!("200 page of {}", entity.name),
            Answers::Number(_) => "200 number, as text".to_owned(),
            Answers::Value(simple) => format!("200 {}", simple.edm()),
            Answers::Values(entity) => format!("200 Collection({})", entity.name),
            Answers::Begun => "202 id".to_owned(),
            Answers::Batch => "200 responses".to_owned(),
            Answers::Refused => "403, and what to do instead".to_owned(),
            Answers::Nothing => "204".to_owned(),
        }
    }
}

/// A parameter; one that may be left out is in italics.
fn named(parameter: &Parameter) -> String {
    let name = parameter.name();
    if parameter.needed { format!("`{name}`") } else { format!("*`{name}`*") }
}

/// The page, with everything before its tables as it is.
pub(crate) fn page(present: &str) -> String {
    let words = present.split_once(TABLES).map_or(present, |(words, _)| words);
    let mut page = format!("{words}{TABLES}\n");
    page += "| verb | path | version | what it does | permission | takes | answers |\n|---|---|---|---|---|---|---|\n";
    all().for_each(|route| page += &route.line());
    page += "\n## Later\n\nAnswered 501, under the versions that Graph has it in.\n\n| verbs | path | version |\n|---|---|---|\n";
    for later in LATER {
        let verbs = later.verbs.iter().map(http::Method::as_str).collect::<Vec<_>>().join(", ");
        let version = if later.beta_only { "beta" } else { "both" };
        let _ = writeln!(page, "| {verbs} | `/{}` | {version} |", later.template);
    }
    page
}
