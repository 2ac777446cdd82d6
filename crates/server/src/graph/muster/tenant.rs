//! The organisation, and what is still to be done before devices can enrol (R5).

use app::{tenant, token};
use domain::TokenId;
use domain::tenant::{Organization, Tenant};
use serde_json::{Value, json};

use super::object;
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::{CHECKLIST, TENANT};
use crate::graph::error::ApiError;
use crate::graph::list;

fn row(call: &Call, tenant: &Tenant) -> Value {
    let organization = &tenant.organization;
    let settings = &call.app.settings;
    TENANT.complete(object([
        ("id", json!(tenant.id)),
        ("organizationName", json!(organization.name)),
        ("organizationAddress", json!(organization.address)),
        ("organizationPhone", json!(organization.phone)),
        ("organizationEmail", json!(organization.email)),
        ("practice", json!(tenant.apple.practice)),
        ("apiUrl", json!(settings.api_url)),
        ("deviceUrl", json!(settings.device_url)),
        ("roles", call.caller.roles.iter().map(|role| role.as_str()).collect()),
    ]))
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let tenant = call.done(tenant::get(&call.app, &call.actor).await)?;
    let row = row(&call, &tenant);
    call.entity(&TENANT, row, &[])
}

pub(crate) async fn update(call: Call) -> Result<Answer, ApiError> {
    let body = call.properties(&TENANT)?;
    let before = call.done(tenant::get(&call.app, &call.actor).await)?.organization;
    let text = |name: &str, before: Option<String>| match body.get(name) {
        None => before,
        Some(value) => value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned),
    };
    let organization = Organization {
        name: text("organizationName", Some(before.name)).unwrap_or_default(),
        address: text("organizationAddress", before.address),
        phone: text("organizationPhone", before.phone),
        email: text("organizationEmail", before.email),
    };
    let tenant = call.done(tenant::update(&call.app, &call.actor, organization).await)?;
    let row = row(&call, &tenant);
    call.entity(&TENANT, row, &[])
}

/// Of the tenant, or of one token when the path names one.
pub(crate) async fn checklist(call: Call) -> Result<Answer, ApiError> {
    let token: Option<TokenId> = if call.ids.is_empty() { None } else { Some(call.id(0)?) };
    let items = call.done(token::checklist(&call.app, &call.actor, token.as_ref()).await)?;
    let rows = items.into_iter().map(|item| {
        CHECKLIST.complete(object([
            ("id", json!(item.item.as_str())),
            ("item", json!(item.item.as_str())),
            ("done", json!(item.done)),
            ("blocks", json!(item.blocks)),
            ("words", json!(item.words)),
        ]))
    });
    list::in_memory(&call, &CHECKLIST, rows.collect(), &[])
}
